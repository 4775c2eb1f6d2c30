"""Which single segment need not be its sender's, so that all others are explained?

Anybody may inject a segment in the name of an end. What is refused then is often the next genuine
one: after a forged reset, whatever its sender goes on with. So when a segment is refused, each of
the last that bear its sender's name is left out in turn: what follows from the others is followed
by a monitor of its own, a *suspect*. Those that explain all to the end of the connection are
culprits. That is no proof: a stack may err, too.
"""

from collections.abc import Sequence
from typing import NamedTuple

from checker.capture import Packet
from checker.capture.segments import RST, SYN
from checker.conform.explain import Seen
from checker.conform.monitor import Monitor

Sight = tuple[int, Packet, int | None]
"""Who sent a segment, the segment, and how far it lets the peer send."""
SUSPECTS = 6
"""Segments that are left out in turn, the last that bear the sender's name; resets and SYNs
count extra."""


class Suspect(NamedTuple):
    """A segment, and an end that has not sent it."""

    packet: Packet
    side: int
    monitor: Monitor
    since: int  # the packet from which on it is followed

    def explains(self, sight: Sight) -> bool:
        """Does all still fit, with one segment more?"""
        side, p, edge = sight
        monitor = self.monitor
        if p is self.packet:
            return True
        if side != self.side:
            monitor.on_its_way(p, edge)
            return True
        return monitor.follows(p) and not monitor.gaps


def suspects(monitor: Monitor, side: int, seen: Sequence[Sight]) -> list[Suspect]:
    """Of ``side``, whose ``monitor`` refused the last of ``seen``."""
    own = [p for one, p, _ in seen if one == side]
    last = len(own) - 1
    chosen = [
        p
        for i, p in enumerate(own)
        # Without the first, nothing would be known of the end.
        if (i or not last) and (p.flags & (RST | SYN) or last - i < SUSPECTS)
    ]
    found = []
    for p in chosen[-2 * SUSPECTS :]:
        end = type(monitor)(monitor.usual, {}, monitor.strict, Seen())
        one = Suspect(p, side, end, seen[0][1].number)
        if all(one.explains(sight) for sight in seen):
            found.append(one)
    return found


def likeliest(culprits: Sequence[Suspect], refused: int) -> Suspect:
    """Which is named: a reset or SYN, which would end what goes on; or what was refused."""
    blind = [c for c in culprits if c.packet.flags & (RST | SYN) and c.packet.number != refused]
    if len(blind) == 1:
        return blind[0]
    return next((c for c in culprits if c.packet.number == refused), culprits[0])
