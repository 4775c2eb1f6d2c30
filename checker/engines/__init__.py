"""Engines: search and solve. None knows TCP.

==========  ========================================================================
explicit    every reachable state, one by one: the reference in Python, and ``native``
solver      with Z3: states of symbolic numbers, whole runs, inductive proofs
fairness    what happens in the end: loops that a fair run can stay in
peers       other people's model checkers: SPIN and TLC, run and read
==========  ========================================================================

Explicit engines answer one protocol: a system (``explicit.explore.System``, or taken apart,
``explicit.parts.Parts``) and checks go in, an ``Exploration`` comes out. ``checker.model.search``
chooses among them; a new one is added there and to ``--engine``. Engines that work on trees are
given a ``checker.ir.composition.Composition``.
"""
