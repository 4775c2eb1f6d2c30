"""TCP's connection lifecycle as RFC 9293 section 3.10 states it, in ordinary Python.

Read the files in this order:

==========================  =============================================================
seq                         3.4: sequence numbers, and what "less than" means modulo 2^w
rules                       every switch: the RFC's choice, and what happens without it
tcp/segment                 3.1: what travels between two TCP endpoints
tcp/tcb                     3.3.1, 3.3.2: the variables of a connection, the eleven states
tcp/user_calls              3.10.1 to 3.10.6: OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS
tcp/segment_arrives/        3.10.7: SEGMENT ARRIVES, a file for each subsection
tcp/timeouts                3.10.8: user, retransmission and TIME-WAIT timeouts
tcp/sending                 3.8: what is sent when, and its format
tcp/listener                listening sockets: SYN queue, accept queue, cookies, Fast Open
tcp/host                    one host: its sockets, clock and memory; one event at a time
observe/                    watchers: what must be known of a run to state a claim
world/bounds                every finite bound of an exploration, with its reason
world/profiles              the choices that claims name: bounds, and the watchers they read
world/topology              which hosts there are, and which links join their sockets
world/enabled               which calls, timeouts and mishaps may happen, and where
world/happen                one event at one host, with the watchers looking on
world/channel               a bag that loses, duplicates, reorders, delays and expires
world/system                hosts, links and time: the transition system
world/conversation          two hosts by hand: call, deliver, lose, look
==========================  =============================================================

The code runs on plain ints. It also runs on symbolic ones (``checker.ir``), which is
how every other reading of the specification is made; for that it keeps to a dialect:
helpers compute with ``&`` and ``|``, rules decide with ``if``; no ``is``, ``isinstance``,
look-ups or string formatting of state values. ``tests/spec/test_dialect.py`` enforces it.
"""
