"""``sockets``: what a table of a host's sockets means.

``table`` reads what ``ss``, ``netstat`` and ``/proc/net/tcp`` print; ``meaning`` says of each state
whose the sockets are, what they wait for (``spec.observe.states``), and what to do; ``run`` is the
command.
"""
