"""TCP's connection lifecycle as RFC 9293 section 3.10 states it, in ordinary Python.

Read the files in the order of the RFC:

==================  =====================================================================
seq                 3.4: sequence numbers, and what "less than" means modulo 2^w
segment             3.1: what travels between two TCP endpoints
tcb                 3.3.1, 3.3.2: the variables of a connection, and the eleven states
rules               every switch: the RFC's choice, and what happens without it
bounds              every finite bound of an exploration, with its reason
user_calls          3.10.1 to 3.10.6: OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS
segment_arrives/    3.10.7: SEGMENT ARRIVES, step by step, a file for each subsection
timeouts            3.10.8: user, retransmission and TIME-WAIT timeouts
output              3.8: what is sent when, from what SEND and CLOSE have queued
host                one endpoint: a TCB, its host's health, and one input at a time
ghosts              what only the observer knows, so that claims can be stated
conduct             ... and what no single step may do (3.3 to 3.8)
channel             a bag that loses, duplicates, reorders, delays and expires
system              two hosts and a channel: the transition system
==================  =====================================================================

The code runs on plain ints. It also runs on symbolic ones (``checker.ir``), which is
how every other reading of the specification is made; for that it keeps to a dialect:
helpers compute with ``&`` and ``|``, rules decide with ``if``; no ``is``, ``isinstance``,
look-ups or string formatting of state values. ``tests/spec/test_dialect.py`` enforces it.
"""
