"""Real stacks: what is known of each, and tests of them that are made from the specification.

A stack has one file, its ``Profile``: ``linux``. Another stack is another file like it, and a name
in ``PROFILES``.

In ``generate``, ``machine`` computes every transition of an endpoint, ``plans`` the runs that
together take them all, ``packetdrill`` writes these as scripts, and ``report`` is the command. In
``drivers``, ``kernel`` runs plans against this machine's kernel, over ``tun``; what drives another
stack goes beside it.
"""

from checker.stacks.linux import LINUX

PROFILES = {profile.name: profile for profile in (LINUX,)}
"""The stacks of which something is known, by name."""
