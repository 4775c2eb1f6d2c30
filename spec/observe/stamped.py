"""Stamped: does a connection that uses timestamps send each segment with one?

RFC 7323, section 3.2, has all segments but resets carry the option, once both SYNs did.
"""

from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.seq import not_


class Stamped(Watcher):
    """Records as a breach what is sent without a timestamp."""

    name = "stamped"

    def stepped(self, ghost: Ghost, m: Moment) -> None:
        for seg in m.tcp.sent:
            lacks = m.after.stamped & (seg.tsval == 0) & not_(seg.ctl.rst)
            ghost.conduct.sent = ghost.conduct.sent | lacks
