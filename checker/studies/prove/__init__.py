"""Theorems without bounds: proved, and what their proofs need."""

TIMEOUT = 40.0
"""Seconds for one question to the solver, unless told otherwise."""
