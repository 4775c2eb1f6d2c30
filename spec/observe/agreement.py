"""Agreement: does ESTABLISHED at one end mean that the other agrees (RFC 9293 section 3.5)?

After the handshake each end knows two numbers, its own ISS and the peer's, IRS. Agreement is
injective (Lowe 1997): exactly one TCB of the peer ever held the same two, and only one of this
end's that reached ESTABLISHED. So it is not enough to look at the TCBs that are there now: the
peer's may be gone, or on its way to being another.

The watcher keeps a history: ``past[n-1]`` is what TCB n held, its ISS and IRS, and whether it
reached ESTABLISHED. Claims of simultaneous open differ from those of the three-way handshake,
so that it also reads how the TCB was opened. It sees one end only; the claim compares both.
"""

from spec.observe.ghosts import Ghost, Pair, reached_established
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose
from spec.tcp.tcb import State


class Agreement(Watcher):
    """Records the history of (ISS, IRS)."""

    name = "agreement"
    shares = ("simultaneous",)

    def begin(self, ghost: Ghost, incarnations: int) -> None:
        ghost.past = tuple(Pair() for _ in range(incarnations))

    def lives(self, ghost: Ghost, m: Moment) -> None:
        if m.after.state == State.SYN_SENT:
            return
        reached = reached_established(m.after)
        for i, pair in enumerate(ghost.past):
            mine = ghost.id == i + 1
            pair.known = pair.known | mine
            pair.reached = pair.reached | (mine & reached)
            pair.iss = choose(mine, m.after.iss, pair.iss)
            pair.irs = choose(mine, m.after.irs, pair.irs)
