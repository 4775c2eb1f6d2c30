"""Confusion: is a segment of a connection that is over taken for one of the next?

TIME-WAIT (RFC 9293 section 3.6.1) and the quiet time (3.4.3) are there so that no segment of an
earlier connection is about when its sequence numbers are used again. RFC 1337 tells what goes
wrong otherwise.

* A connection is *over* when one end's TCB leaves TIME-WAIT, or is deleted by ABORT, and the
  other end's is gone already: from then on its sequence numbers are free to be used again. What
  a host sent before a crash is over when the host ceases to be quiet. ``over_me`` and
  ``over_peer`` number the latest TCBs of either end that are over.
* A segment is *old* for a TCB if it is of a connection that was over when the TCB was made, or is
  a reset provoked by such a segment. ``old_me`` and ``old_peer`` are the latest TCBs that were.
* A TCB is ``confused`` once it accepts an old segment; ``residue`` tells that TIME-WAIT was left
  while a segment of the connection was in flight.

The watcher must see the peer, whose TCB may be gone and who may know better what is over, and
the network, for residue.
"""

from typing import ClassVar

from spec.observe.ghosts import Ghost, accepted
from spec.observe.sights import NETWORK
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose, not_
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import SYNCHRONIZED, State


def old(ghost: Ghost, seg: Segment) -> bool:
    """Is ``seg`` of a connection that was over when the TCB of this end was made?"""
    origin = seg.origin
    return ((origin.src != 0) & (origin.src <= ghost.old_peer)) | (
        (origin.about != 0) & (origin.about <= ghost.old_me)
    )


class Restarts(Watcher):
    """Records in ``over_me`` the latest TCB from before a crash, once the host has been quiet."""

    name = "restarts"
    labels: ClassVar[tuple[str, ...]] = ("src",)

    def woke(self, ghost: Ghost) -> None:
        ghost.over_me = ghost.id


class Confusion(Restarts):
    """Records the acceptance of segments of an earlier incarnation."""

    name = "confusion"
    sees = NETWORK
    shares: ClassVar[tuple[str, ...]] = ("partner",)
    labels = ("src", "about")

    def made(self, ghost: Ghost, m: Moment) -> None:
        ghost.old_me = _later(ghost.over_me, m.sight.over_peer)
        ghost.old_peer = _later(ghost.over_peer, m.sight.over_me)

    def arrived(self, ghost: Ghost, m: Moment, seg: Segment) -> None:
        ghost.confused = ghost.confused | (accepted(m.before, m.after) & old(ghost, seg))

    def ended(self, ghost: Ghost, m: Moment) -> None:
        if m.before.state == State.TIME_WAIT:
            ghost.residue = ghost.residue | m.sight.residue
        if m.before.state == State.TIME_WAIT or (
            m.what == Input.ABORT and m.before.state in SYNCHRONIZED
        ):
            partner = ghost.partner
            gone = (m.sight.id != partner) & (partner != 0) | not_(m.sight.exists)
            ghost.over_me = choose(gone, ghost.id, ghost.over_me)
            ghost.over_peer = choose(gone, partner, ghost.over_peer)
        ghost.old_me = 0
        ghost.old_peer = 0


class LastingConfusion(Confusion):
    """The same where text may be so long that SND.UNA comes around to the ISS: the partner is the
    TCB that acknowledged it first."""

    name = "lasting confusion"
    shares = ("partner", "first")


class LateConfusion(Confusion):
    """The same, and a connection is over, too, if TIME-WAIT ran out at one end and the other end
    went later, in whatever way, before the next TCB was made."""

    name = "late confusion"

    def made(self, ghost: Ghost, m: Moment) -> None:
        super().made(ghost, m)
        gone = (m.sight.id != ghost.left_peer) & (ghost.left_peer != 0) | not_(m.sight.exists)
        mine = choose(gone, ghost.left_me, 0)
        its = choose(gone, ghost.left_peer, 0)
        # What TIME-WAIT left at the peer was a connection of the TCB before this one.
        ghost.old_me = _later(ghost.old_me, _later(mine, m.sight.left_peer))
        ghost.old_peer = _later(ghost.old_peer, _later(its, m.sight.left_me))

    def ended(self, ghost: Ghost, m: Moment) -> None:
        super().ended(ghost, m)
        if m.what == Input.TIME_WAIT_TIMEOUT:
            ghost.left_me = ghost.id
            ghost.left_peer = ghost.partner


def _later(a: int, b: int) -> int:
    return choose(a > b, a, b)
