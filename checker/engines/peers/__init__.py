"""Other model checkers, run as processes: ``spin``, ``tlc``, ``rumur``; all share ``peer``."""
