"""Other model checkers as processes: ``spin`` and ``tlc``, with what they share in ``peer``."""
