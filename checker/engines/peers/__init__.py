"""Other model checkers as processes: ``spin``, ``tlc`` and ``rumur``; ``peer`` is what they share."""
