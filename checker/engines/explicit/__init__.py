"""Explicit-state search: ``engine`` is what is asked of ``reference`` and ``native``, which answer the
same."""
