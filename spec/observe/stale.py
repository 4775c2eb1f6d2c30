"""Stale SYNs: was a TCB made from a SYN whose sender had given up (RFC 9293 section 3.5)?

A listener cannot tell an old duplicate SYN from a live one: Figure 8 has it answer, and leaves
it to the SYN's sender to reset. A SYN is *stale* if, at the moment it makes a TCB, the TCB that
sent it is no longer in SYN-SENT. So the watcher must see the peer: whether its latest TCB is in
SYN-SENT, and whether that is the one that sent the SYN, which a label tells.
"""

from spec.observe.ghosts import Ghost
from spec.observe.sights import PEER
from spec.observe.watcher import Moment, Watcher
from spec.seq import not_
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
