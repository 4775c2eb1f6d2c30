"""Engines: search and solve. None knows TCP.

==========  ========================================================================
explicit    every reachable state, one by one: the reference in Python, ``native``, and
            ``distributed`` over many machines
solver      with Z3: states of symbolic numbers, whole runs, inductive proofs
fairness    what happens in the end: loops that a fair run can stay in
peers       other people's model checkers: SPIN and TLC, run and read
==========  ========================================================================

Explicit engines answer one protocol, ``explicit.engine.Engine``: a system taken apart, checks and
options go in, an ``Exploration`` comes out. A new one is a name in ``explicit.engine.ENGINES``, and
``checker.model.search`` chooses among them. Engines that work on trees are given a
``checker.ir.composition.Composition``.
"""
