"""Stale SYNs: was a TCB made from a SYN whose sender had given up (RFC 9293 section 3.5)?

A listener cannot tell an old duplicate SYN from a live one: Figure 8 has it answer, and leaves
it to the SYN's sender to reset. A SYN is *stale* if, at the moment it makes a TCB, the TCB that
sent it is no longer in SYN-SENT. So the watcher must see the peer: whether its latest TCB is in
SYN-SENT, and whether that is the one that sent the SYN, which a label tells.
"""

from spec.observe.ghosts import Ghost
from spec.observe.sights import MADE_OR_LEFT, PEER
from spec.observe.watcher import Moment, Watcher
from spec.seq import not_
from spec.tcp.segment import Segment
from spec.tcp.tcb import State


class Stale(Watcher):
    """Records SYNs whose sender had given up."""

    name = "stale"
    sees = PEER
    labels = ("src",)

    def made(self, ghost: Ghost, m: Moment) -> None:
        ghost.stale = False
        if m.seg is not None and m.before.state != State.CLOSED:
            ghost.stale = not_(m.sight.syn_sent) | (m.seg.origin.src != m.sight.id)

    def ended(self, ghost: Ghost, m: Moment) -> None:
        ghost.stale = False


class StaleAnywhere(Stale):
    """The same, and stale SYNs that an active OPEN hears in SYN-SENT.

    Their sender need not be in SYN-SENT: it is in SYN-RECEIVED if it has heard our SYN. There a SYN
    is stale if the TCB that sent it is gone.
    """

    name = "stale anywhere"
    looks = (*MADE_OR_LEFT, State.SYN_SENT)

    def arrived(self, ghost: Ghost, m: Moment, seg: Segment) -> None:
        if m.before.state == State.SYN_SENT and m.after.state == State.SYN_RECEIVED:
            ghost.stale = not_(m.sight.exists) | (seg.origin.src != m.sight.id)
