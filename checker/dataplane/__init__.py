"""The data plane of one connection, as far as a capture shows it: windows, losses, timers, phases.

``sending`` watches what one end sends and what its peer says of it; ``plane`` has one for each
direction. What they note is *seen*: octets, times, duplicate ACKs, windows. What is *inferred* says
so: why something was sent again (``again``), and which phase a round was of (``phases``). ``judge``
holds the facts against RFC 9293, 6298 and 5681, ``words`` says them.

Nothing here follows states; ``conform`` does. A segment is given with the side that sent it, and
that is all: a connection in the middle of which the capture begins is watched, too.
"""
