"""Once: is an octet delivered at most once, whatever connections there are?

``streams`` asks whether what a TCB delivers is the next octet of its partner's stream. That is
enough where a TCB has one partner and is the only one that has it. With SYN cookies two TCBs of a
listener may have the same partner, one after the other: each delivers the stream in order, and the
application reads it twice.

So this watcher remembers of each TCB of the peer how many of its octets were delivered here, by
whichever TCB.
"""

from spec.observe.ghosts import Ghost, Reading
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose


class Once(Watcher):
    """Records what was delivered of each TCB of the peer."""

    name = "once"
    shares = ("heard",)
    labels = ("src", "first")

    def begin(self, ghost: Ghost, incarnations: int) -> None:
        ghost.read = tuple(Reading() for _ in range(incarnations))

    def took(self, ghost: Ghost, m: Moment) -> None:
        seq = m.tcp.seq
        for text, skip, octets in m.tcp.taken:
            src = choose(text.origin.src != 0, text.origin.src, ghost.heard)
            first = seq.plus(text.origin.first, skip)
            for i, reading in enumerate(ghost.read):
                its = (src == i + 1) & (octets != 0)
                ghost.again = ghost.again | (its & (first < reading.octets))
                more = its & (first >= reading.octets)
                reading.octets = choose(more, seq.plus(first, octets), reading.octets)
