"""What known stacks do that no rule allows and no switch of the specification says.

A habit gives a deviation a name; it excuses nothing. What a stack was seen to do in a single step
of the specification, ``checker.stacks`` has.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from checker.capture.segments import ACK, RST, Packet
from checker.conform.candidate import Candidate
from checker.conform.layout import MASK, NO_CONNECTION
from spec.tcp.tcb import State


class Habit(NamedTuple):
    """What is sent, and by whom."""

    name: str
    applies: Callable[[Candidate, Packet, Sequence[Packet]], bool]
    """Of an end, what it sends, and what was on its way to it."""


def _abort(c: Candidate, p: Packet, _: Sequence[Packet]) -> bool:
    tcb = c.tcb
    fits = p.seq == tcb.snd.nxt and (not p.flags & ACK or p.ack == tcb.rcv.nxt)
    return tcb.state in (State.LAST_ACK, State.CLOSING) and bool(p.flags & RST) and fits


def _answer(c: Candidate, p: Packet, came: Sequence[Packet]) -> bool:
    both = p.flags & (RST | ACK) == RST | ACK
    return (
        both
        and c.tcb.state in (*NO_CONNECTION, State.SYN_SENT, State.SYN_RECEIVED)
        and any(
            q.flags & ACK and p.seq == q.ack and p.ack == (q.seq + q.length()) & MASK for q in came
        )
    )


HABITS = (
    Habit("a reset from LAST-ACK or CLOSING, as Windows sends", _abort),
    Habit("RST,ACK in answer to a segment that has an ACK, as lwIP sends", _answer),
)


def named(candidates: Iterable[Candidate], p: Packet, came: Sequence[Packet]) -> list[str]:
    """The habits by which one of ``candidates`` sends ``p``."""
    ends = list(candidates)
    return [habit.name for habit in HABITS if any(habit.applies(c, p, came) for c in ends)]
