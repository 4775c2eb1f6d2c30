"""Liveness under fairness: ``components`` is the reference on networkx, ``streett`` on arrays."""
