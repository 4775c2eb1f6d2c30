"""Steps of the specification that come again with other sequence numbers.

Sequence numbers mean something only by their distances: add a constant to all numbers of one
direction, and a step does the same, but for the constant 0 in SEQ of a reset that answers a segment
without ACK. So a step is worked out from RCV.NXT = 0 and ISS = 0, and remembered: the handshakes of
a million connections are one. Which numbers there are, ``checker.conform.layout`` says.
"""

from collections.abc import Mapping
from typing import Any

from checker.conform.behaviour import Behaviour
from checker.conform.candidate import Candidate
from checker.conform.layout import (
    MASK,
    NO_CONNECTION,
    PEER_UNKNOWN,
    UNUSED_IN_SEGMENT,
    UNUSED_IN_TCB,
    Layout,
    moved,
    moved_segment,
)
from checker.conform.steps import Outcome, Step, Stepper, after, switch
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import Tcb

REMEMBERED = 1 << 14
"""Steps that are remembered; then memory is cleared."""

_mark_tcb = Layout(Tcb, UNUSED_IN_TCB, apart=("irs",)).mark()
_mark_segment = Layout(Segment, UNUSED_IN_SEGMENT).mark()


class RememberedStepper(Stepper):
    """The same steps as ``Stepper``'s, each worked out once for all numbers."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(behaviour)
        self.memory: dict[tuple[Any, ...], _Remembered] = {}
        self.asked: list[_Remembered] = []  # since ``watch``

    def steps(
        self,
        c: Candidate,
        what: Input,
        number: int,
        time: float,
        seg: Segment | None = None,
        isn: int | None = None,
    ) -> list[Step]:
        """All that may come of ``what``; nothing if it is not possible."""
        tcb = c.tcb
        state = tcb.state
        mine = (isn or 0) if state in NO_CONNECTION else tcb.iss
        theirs = tcb.rcv.nxt
        if state in PEER_UNKNOWN:
            # A reset with SEQ = 0 is another than one without, to some (``syn_sent_any_reset``).
            theirs = seg.seq if seg is not None and not seg.ctl.rst else 0
        isn0 = 0 if isn is None else (isn - mine) & MASK
        known = (what._value_, isn0, mark(tcb, mine, theirs), mark_segment(seg, mine, theirs))
        found = self.memory.get(known)
        if found is None:
            if len(self.memory) >= REMEMBERED:
                self.memory.clear()
            tcb0 = moved(tcb, -mine, -theirs)
            if _irs_is_done_with(tcb):
                tcb0.irs = 0
            seg0 = moved_segment(seg, -theirs, -mine) if seg is not None else None
            self.read = set()
            outcomes = self.outcomes(tcb0, what, seg0, isn0)
            found = _Remembered((tcb0, what, seg0, isn0), outcomes, self.read)
            self.memory[known] = found
        self.asked.append(found)
        return [_step(c, one, mine, theirs, number, time) for one in found.outcomes]

    def watch(self) -> None:
        """Take note of the steps from here on."""
        self.asked.clear()

    def matter(self, departed: Mapping[str, Stepper]) -> list[str]:
        """Which of ``departed`` make another step of one of those that were noted."""
        if not departed:
            return []
        found = set().union(*(one.turned_by(departed) for one in {*self.asked}))
        return [name for name in departed if name in found]


class _Remembered:
    """A step, and what comes of it."""

    __slots__ = ("_turned_by", "asked", "outcomes", "read")

    def __init__(
        self,
        asked: tuple[Tcb, Input, Segment | None, int],
        outcomes: tuple[Outcome, ...],
        read: set[str],
    ) -> None:
        self.asked = asked
        self.outcomes = outcomes
        self.read = read  # the switches that it depends on
        self._turned_by: frozenset[str] | None = None

    def turned_by(self, departed: Mapping[str, Stepper]) -> frozenset[str]:
        """Under which of ``departed``, always the same, it is another step."""
        if self._turned_by is None:
            usual = [one.mark() for one in self.outcomes]
            self._turned_by = frozenset(
                name
                for name, stepper in departed.items()
                if switch(name) in self.read
                and [one.mark() for one in stepper.outcomes(*self.asked)] != usual
            )
        return self._turned_by


class _MovedStep(Step):
    """A step whose segments are moved when they are asked for: mostly only the state matters."""

    __slots__ = ("mine", "theirs")

    def __init__(self, to: Candidate, outcome: Outcome, mine: int, theirs: int) -> None:
        super().__init__(to, outcome)
        self.mine = mine
        self.theirs = theirs

    @property
    def sent(self) -> tuple[Segment, ...]:
        """The segments, in the numbers of the candidate."""
        return tuple([_sent(seg, self.mine, self.theirs) for seg in self.outcome.sent])


def _sent(seg: Segment, mine: int, theirs: int) -> Segment:
    copy = moved_segment(seg, mine, theirs)
    if seg.ctl.rst and seg.ctl.ack:
        copy.seq = 0  # it answers what had no ACK: a constant
    return copy


def _step(c: Candidate, one: Outcome, mine: int, theirs: int, number: int, time: float) -> Step:
    """An outcome, moved back to the numbers of ``c``."""
    tcb = moved(one.tcb, mine, theirs)
    if _irs_is_done_with(c.tcb) and not one.drew_isn and tcb.state not in NO_CONNECTION:
        tcb.irs = c.tcb.irs
    return _MovedStep(after(c, one, tcb, number, time), one, mine, theirs)


def _irs_is_done_with(tcb: Tcb) -> bool:
    """IRS says where text that came with the SYN has its place, and nothing else."""
    return tcb.state not in PEER_UNKNOWN and not tcb.held_text and not tcb.held_fin


def mark(tcb: Tcb, mine: int, theirs: int) -> tuple[Any, ...]:
    """What is left of a TCB once it is moved: the same for all that moving makes equal."""
    state = tcb.state
    if state in PEER_UNKNOWN:
        return (tcb.irs, *_mark_tcb(tcb, 0 if state in NO_CONNECTION else mine, 0))
    place = None if _irs_is_done_with(tcb) else (tcb.irs - theirs) & MASK
    return (place, *_mark_tcb(tcb, mine, theirs))


def mark_segment(seg: Segment | None, mine: int, theirs: int) -> tuple[Any, ...] | None:
    """What is left of a segment that arrives. Without an ACK bit, SEG.ACK means nothing."""
    if seg is None:
        return None
    return _mark_segment(seg, theirs, mine if seg.ctl.ack else seg.ack)
