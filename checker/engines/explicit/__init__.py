"""Explicit-state search: ``engine`` is the protocol, ``reference`` and ``native`` keep to it."""
