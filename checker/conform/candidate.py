"""What an end may be: a TCB that explains all that it was seen to send, and how it came to be.

A candidate's TCB is the specification's own, with the numbers of the capture. Its *story* is the
changes of state that led to it; stories share their beginnings, as the candidates do.
"""

from dataclasses import dataclass
from typing import NamedTuple

from checker.conform.layout import NO_CONNECTION, values
from checker.model.records import clone
from spec.tcp.rule import Rule
from spec.tcp.tcb import State, Tcb

EVENT = 8
"""What it costs a candidate that something happened which the capture does not show: a segment was
lost or late, a timer expired, a user gave up. The likeliest candidate needs the fewest."""
BREACH = 1
"""... that a MUST or SHOULD was broken. Among as many events, none is likelier."""
LIFE = 200
"""How many changes of state of an end are shown: the newest."""


class Change:
    """A change of state, and the rule that it is by."""

    __slots__ = ("after", "before", "rule")

    def __init__(self, before: State, after: State, rule: Rule) -> None:
        self.before = before
        self.after = after
        self.rule = rule


class Edge(NamedTuple):
    """A change at a packet; a list that grows at its end."""

    rest: "Edge | None"
    number: int
    change: Change


def newest(story: Edge | None) -> Edge | None:
    """``story`` without what will not be shown: sockets may be used again without end."""
    kept: list[Edge] = []
    edge = story
    while edge is not None and len(kept) < LIFE:
        kept.append(edge)
        edge = edge.rest
    if edge is None:
        return story
    story = None
    for one in reversed(kept):
        story = one._replace(rest=story)
    return story


@dataclass(slots=True)
class Candidate:
    """One state that the end may be in."""

    tcb: Tcb
    cost: int = 0  # of what is presumed and was not seen (``EVENT``, ``BREACH``)
    used: frozenset[str] = frozenset()  # departures from the rules that it needed
    story: Edge | None = None
    clock: float = 0.0  # when its TIME-WAIT timer was last brought up to date
    last: Tcb | None = None  # what it was before it was deleted

    def key(self) -> tuple[object, ...]:
        """Equal for candidates with the same future."""
        gone = None if self.last is None else (self.last.iss, self.last.snd.nxt, self.last.rcv.nxt)
        return (values(self.tcb), gone, self.used)

    def costlier(self, by: int = EVENT) -> "Candidate":
        """The same by a less likely way."""
        last = self.last
        tcb = clone(self.tcb)
        return Candidate(tcb, self.cost + by, self.used, self.story, self.clock, last)


def described(tcb: Tcb) -> str:
    """A candidate's TCB, for the reader."""
    if tcb.state in NO_CONNECTION:
        return tcb.state.value
    received = "" if tcb.state == State.SYN_SENT else f" RCV.NXT={tcb.rcv.nxt}"
    return f"{tcb.state.value} (SND.UNA={tcb.snd.una} SND.NXT={tcb.snd.nxt}{received})"
