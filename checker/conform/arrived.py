"""What an end has to do, since a segment has arrived.

In the middle of a network, and by default, whatever was on its way may have been lost. At the end
where a capture was taken, what the capture has of the peer's has arrived (``--arrived``): a reset
that is exact has ended the connection, and so has the ACK of the last FIN; where the specification
answers a SYN or a reset, or answers with a reset before a connection is established, the answer
follows. Text and FINs have to be acknowledged, too, but that may wait (``DELAY``).

The capture point is a little before the end itself. So for ``TOLERANCE`` the end may still send
what it would have sent without the segment.
"""

from typing import NamedTuple

from checker.capture.segments import ACK, FIN, RST, SYN, Packet
from checker.conform.candidate import Candidate, described
from checker.conform.explain import Refusal
from checker.conform.layout import MASK, NO_CONNECTION
from spec.tcp.segment import Segment
from spec.tcp.tcb import SYNCHRONIZED, State

TOLERANCE = 0.2
"""Seconds."""
DELAY = 0.5
"""Seconds that an ACK may be delayed (3.8.6.3, MUST-40)."""
DELAYED = "3.8.6.3, MUST-40: an ACK is delayed by less than 0.5 s"


class Due(NamedTuple):
    """An answer that is due."""

    to: Packet
    answer: Segment
    rule: str
    before: list[Candidate]  # what the end may have been

    def is_in(self, p: Packet) -> bool:
        """Is ``p`` the answer? Text and FIN carry it only where they were sent at once."""
        if self.answer.ctl.rst:
            return bool(p.flags & RST)
        if self.answer.ctl.syn:
            return p.flags & (SYN | ACK) == SYN | ACK
        soon = p.time - self.to.time <= TOLERANCE
        return bool(p.flags & ACK) and not p.flags & RST and (soon or not p.length())

    def missing(self) -> Refusal:
        """What is against the end if it does not follow."""
        rule = f"{self.rule}: packet {self.to.number} arrived and was not answered"
        return Refusal(0, rule, self.answer)

    def states(self) -> list[str]:
        """What the end may have been, for the reader."""
        return [described(c.tcb) for c in self.before]


class Unacknowledged:
    """Text and FINs that arrived at an end, and that it has sent no ACK for."""

    __slots__ = ("first", "late")

    def __init__(self) -> None:
        self.first: Packet | None = None
        self.late: Packet | None = None  # what is acknowledged by now, or never

    def arrives(self, p: Packet) -> None:
        """``p`` was on its way to the end."""
        if self.first is None and (p.text or p.flags & FIN) and not p.flags & (SYN | RST):
            self.first = p

    def sends(self, p: Packet) -> None:
        """The end sends ``p``: an ACK alone says what has arrived, whatever its number is."""
        first = self.first
        if first is None or not p.flags & (ACK | RST):
            return
        self.late = self.overdue(p.time)
        new = (p.ack - first.seq) & MASK
        if not p.text or p.flags & RST or 0 < new < 1 << 31:
            self.first = None

    def overdue(self, now: float) -> Packet | None:
        """What was not acknowledged in time."""
        first = self.first
        late = first is not None and now - first.time > DELAY + TOLERANCE
        return first if late else None


class Arrived:
    """Of one end: the last SYN or reset that arrived, and what it asks for."""

    __slots__ = ("before", "due", "ended", "last")

    def __init__(self) -> None:
        self.last: Packet | None = None
        self.before: list[Candidate] = []  # what it was before, until it sends something later
        self.due: Due | None = None
        self.ended = ""  # the rule by which a reset ended the connection

    def pending(self) -> bool:
        """Is there anything to watch for?"""
        return bool(self.before) or self.due is not None

    def goes_by(self, p: Packet) -> bool:
        """The end sends ``p``: is it too late now for what is due?"""
        if self.last is not None and p.time - self.last.time > TOLERANCE:
            self.before = []
        if self.due is not None and self.due.is_in(p):
            self.due = None
        return self.overdue(p.time) is not None

    def overdue(self, now: float) -> Due | None:
        """What was not answered by then."""
        late = self.due is not None and now - self.due.to.time > TOLERANCE
        return self.due if late else None


def asks(p: Packet, candidates: list[Candidate]) -> bool:
    """Does ``p``, which arrives, change an end for certain?

    A SYN may open a connection, or open it again: whether it did, the answer tells.
    """
    states = [c.tcb.state for c in candidates]
    if p.flags & RST:
        return True
    if State.TIME_WAIT in states:
        return False
    known = SYNCHRONIZED if p.flags & ACK else (*SYNCHRONIZED, State.SYN_SENT)
    return all(state in known for state in states)


def alive(candidates: list[Candidate], number: int) -> bool:
    """Had every candidate a connection until it sent packet ``number``?"""
    return all(c.tcb.state not in NO_CONNECTION or _aborts(c, number) for c in candidates)


def _aborts(c: Candidate, number: int) -> bool:
    """Is the packet the reset of an ABORT?"""
    story = c.story
    return story is not None and story.number == number and story.change.rule.section == "3.10.5"
