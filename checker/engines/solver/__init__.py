"""Engines that ask Z3.

``smt`` prints trees as terms and searches runs of one length in one formula; ``symbolic`` explores
states whose sequence numbers are symbolic; ``induction`` proves invariants without bounds;
``timed_run`` follows one run whose delays are left open.
"""
