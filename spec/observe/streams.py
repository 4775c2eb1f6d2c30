"""Streams: is what one user reads what the other wrote (RFC 9293 sections 1 and 3.8)?

Octets themselves are not modelled. Each is known by its place in the stream of the TCB that sent
it, which a label on the segment tells. An octet counts as delivered once it is taken into the
receive buffer, whether or not a RECEIVE follows. It is right if it is the next one of the partner's
stream; else the stream is ``garbled``. ``Octets`` records no more. With ``Streams``, when a TCB
ends, ``last`` remembers how it ended, whether it had reached ESTABLISHED, how much it had been
given to send and how much it had delivered, so that a claim can compare the two ends of a close
after both are gone.
"""

from spec.observe.ghosts import End, Ghost, Last, reached_established
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose
from spec.tcp.inputs import Input
from spec.tcp.tcb import State


class Octets(Watcher):
    """Records octets delivered, and whether they were the right ones."""

    name = "octets"
    shares = ("partner", "heard")
    labels = ("src", "first")

    def made(self, ghost: Ghost, m: Moment) -> None:
        ghost.delivered = 0

    def took(self, ghost: Ghost, m: Moment) -> None:
        seq = m.tcp.seq
        for text, skip, octets in m.tcp.taken:
            # Text that waited with a SYN bears no label; it is the SYN's sender's.
            src = choose(text.origin.src != 0, text.origin.src, ghost.heard)
            first = seq.plus(text.origin.first, skip)
            wrong = (src != ghost.partner) | (first != ghost.delivered) | text.origin.garbage
            ghost.garbled = ghost.garbled | ((octets != 0) & wrong)
            ghost.delivered = seq.plus(ghost.delivered, octets)

    def lives(self, ghost: Ghost, m: Moment) -> None:
        if m.what == Input.ACK_AHEAD:
            # What was held, beyond what has not come, is taken.
            for _, _, octets in m.tcp.taken:
                ghost.garbled = ghost.garbled | (octets != 0)
                ghost.delivered = m.tcp.seq.plus(ghost.delivered, octets)

    def ended(self, ghost: Ghost, m: Moment) -> None:
        ghost.delivered = 0


class Streams(Octets):
    """Records octets delivered, and how TCBs ended."""

    name = "streams"

    def ended(self, ghost: Ghost, m: Moment) -> None:
        reached = reached_established(m.before)
        ghost.last = Last(End.OTHER, reached, m.before.written, ghost.delivered)
        if m.what == Input.TIME_WAIT_TIMEOUT:
            ghost.last.end = End.TIMER
        elif m.before.state == State.LAST_ACK and m.seg is not None and not m.seg.ctl.rst:
            ghost.last.end = End.ACKED
        super().ended(ghost, m)
