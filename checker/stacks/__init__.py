"""Real stacks: what is known of each, and tests of them that are made from the specification.

A stack has one file, its ``Profile``: ``linux``, ``lwip`` and so on. Another stack is another file
like them, and a name in ``PROFILES``.

In ``generate``, ``machine`` computes every transition of an endpoint, ``plans`` the runs that
together take them all, ``packetdrill`` writes these as scripts. In ``drivers`` is what drives a
stack through a plan: ``stack`` is the interface, ``play`` plays plans against it, the others are
behind it; programs that have a stack in them are in ``peers``. ``foreign`` reads other projects'
tests of stacks as facts, and says what the specification says of them.
"""

from checker.stacks.freebsd import FREEBSD
from checker.stacks.gvisor import GVISOR
from checker.stacks.libslirp import LIBSLIRP
from checker.stacks.linux import LINUX
from checker.stacks.linux_6_1 import LINUX_6_1
from checker.stacks.lwip import LWIP
from checker.stacks.pytcp import PYTCP
from checker.stacks.smoltcp import SMOLTCP

PROFILES = {
    profile.name: profile
    for profile in (LINUX, LINUX_6_1, LWIP, GVISOR, LIBSLIRP, PYTCP, SMOLTCP, FREEBSD)
}
"""The stacks of which something is known, by name."""
