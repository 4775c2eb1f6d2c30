"""Crossing: does a TCB take a segment of an earlier TCB, whether or not that one is over?

This is stronger than ``confusion``: TIME-WAIT protects only connections that closed in order, and
after an ABORT or a crash nothing keeps old segments away. What does protect an established
connection is that its numbers were agreed upon. A segment is *earlier* if the TCB that sent it
came before the partner. What counts is acceptance by a TCB that had reached ESTABLISHED:
``crossed``, or ``crossed_simultaneous`` if it was opened simultaneously, which is the weaker
handshake. ``misled`` is the same of a reset that answers a segment of an earlier TCB of this
end. ``reopened`` tells that TIME-WAIT gave way to the SYN of this TCB (section 3.6.1, MAY-2), and
``cut`` that it ever did so to a SYN no later than that of its own connection.
"""

from spec.observe.ghosts import Ghost, accepted, reached_established
from spec.observe.watcher import Moment, Watcher
from spec.seq import not_
from spec.tcp.segment import Segment


class Crossing(Watcher):
    """Records the acceptance of an earlier TCB's segments, whether it is over or not."""

    name = "crossing"
    shares = ("partner", "heard", "simultaneous")
    labels = ("src", "about")

    def made(self, ghost: Ghost, m: Moment) -> None:
        ghost.reopened = m.reopened
        if m.reopened and m.seg is not None:
            ghost.cut = ghost.cut | (m.seg.origin.src <= ghost.heard)

    def ended(self, ghost: Ghost, m: Moment) -> None:
        ghost.reopened = False

    def arrived(self, ghost: Ghost, m: Moment, seg: Segment) -> None:
        origin = seg.origin
        moved = accepted(m.before, m.after) & reached_established(m.before)
        crossed = moved & (origin.src != 0) & (origin.src < ghost.partner)
        ghost.crossed = ghost.crossed | (crossed & not_(ghost.simultaneous))
        ghost.crossed_simultaneous = ghost.crossed_simultaneous | (crossed & ghost.simultaneous)
        ghost.misled = ghost.misled | (moved & (origin.about != 0) & (origin.about < ghost.id))
