"""A NAT, or a firewall that keeps state, before a host: it forgets a connection in silence.

It learns a connection from a SYN, whichever way that goes, and knows it until nothing of it has
passed for ``nat_timeout`` ticks. What it does not know it drops, without a word to anybody. (RFC
5382, REQ-5, wants two hours and four minutes at least.)
"""

from dataclasses import dataclass

from spec.tcp.context import Tcp
from spec.tcp.segment import Segment, Ticks, left
from spec.world.bounds import Bounds


@dataclass(slots=True, eq=False)
class Nat:
    """What it knows of the connection."""

    left: Ticks = 0  # how long it still knows it; 0: it does not


def passes(nat: Nat, seg: Segment, tcp: Tcp, bounds: Bounds) -> bool:
    """Does it let a segment pass? Then it knows the connection."""
    if nat.left == 0 and not seg.ctl.syn:
        tcp.rule("RFC 5382/REQ-5/forgotten", "the NAT has forgotten the connection: dropped")
        return False
    nat.left = bounds.nat_timeout
    return True


def later(nat: Nat, elapsed: Ticks) -> None:
    """Time goes by."""
    nat.left = left(nat.left, elapsed)
