"""Forgery: does a segment that neither end sent change a connection (RFC 5961)?

An off-path sender sees nothing and guesses. RFC 5961 has a TCP answer most guesses with a
challenge instead of believing them. The watcher records whether a forged segment was ever
accepted: it changed the state, moved RCV.NXT or SND.UNA, or delivered an octet.
"""

from spec.observe.ghosts import Ghost, accepted
from spec.observe.watcher import Moment, Watcher


class Forgery(Watcher):
    """Records the effects of forged segments."""

    name = "forgery"

    def forged(self, ghost: Ghost, m: Moment) -> None:
        ghost.harmed = ghost.harmed | accepted(m.before, m.after)
