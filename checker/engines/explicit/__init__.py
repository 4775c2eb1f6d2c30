"""Explicit-state search: ``explore`` is the reference, ``native`` the fast one, same answers."""
