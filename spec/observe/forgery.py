"""Forgery: does a segment that neither end sent change a connection (RFC 5961)?

An off-path sender sees nothing and guesses. RFC 5961 has a TCP answer most guesses with a
challenge instead of believing them. The watcher records whether a forged segment was ever
accepted: it changed the state, moved RCV.NXT or SND.UNA, or delivered an octet.

It sees its own connection to the same host, however, and so whether that may still send an ACK that
answers what is refused, if all connections share a limit (RFC 5961, section 7). A segment in the
window uses it up, and one outside does not: that is how CVE-2016-5696 finds the window. So the
watcher records, too, whether a forged segment ever changed what is left of a shared limit.
"""

from spec.observe.ghosts import Ghost, accepted
from spec.observe.watcher import Moment, Watcher
from spec.rules import AckLimit


class Forgery(Watcher):
    """Records the effects of forged segments."""

    name = "forgery"

    def forged(self, ghost: Ghost, m: Moment) -> None:
        ghost.harmed = ghost.harmed | accepted(m.before, m.after)
        if m.tcp.rules.ack_limit == AckLimit.HOST:
            ghost.shown = ghost.shown | (m.before.throttled != m.after.throttled)
