"""Endings: is a user told when the connection ends, other than by that user or by FINs?

Section 3.5.3 has the receiver of a reset advise its user, whatever the state, and MUST-12 (section
3.6) has the user know whether a connection was closed or aborted.
"""

from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.seq import not_
from spec.tcp.inputs import Input
from spec.tcp.tcb import State


class Endings(Watcher):
    """Records connections that ended without a word."""

    name = "endings"

    def ended(self, ghost: Ghost, m: Moment) -> None:
        mine = (Input.CLOSE, Input.ABORT, Input.CRASH, Input.TIME_WAIT_TIMEOUT)
        if m.what in mine or len(m.tcp.signals) != 0:
            return
        # To LISTEN a passive end returns without a word, which nobody asked for yet.
        gone = m.after.state == State.CLOSED
        if m.seg is not None:
            gone = gone & not_((m.before.state == State.LAST_ACK) & not_(m.seg.ctl.rst))
        ghost.untold = ghost.untold | gone
