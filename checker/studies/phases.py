"""The phases of congestion control, as far as the explorer reached them.

A step's *edge* is the phase of the sender before it, the event, the rule of congestion control that
fired, and the phase after it. Nothing else is told: an edge says that some run takes it. The runs
are those of ``RUNS``, within small bounds, by RFC 5681 and RFC 6582 (``congestion=newreno``).
"""

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from spec.rules import Rules
from spec.tcp import congestion
from spec.tcp.congestion import Phase
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.world.bounds import Bounds
from spec.world.enabled import Event
from spec.world.endpoint import Endpoint
from spec.world.profiles import PROFILES
from spec.world.system import Outcome

_TRANSFER = replace(PROFILES["transfer"].bounds, capacity=1)

RUNS: tuple[Bounds, ...] = (
    # Four segments, one at a time on each link: what finds no room is lost.
    _TRANSFER,
    # Six at once: ssthresh is three then, which cwnd may be less than when all is mended.
    replace(_TRANSFER, lose=False, width=6, window=6, octets=6, write=6, initial_window=6),
    PROFILES["transfer-idle"].bounds,
)
"""What is explored."""

_RULES = ("RFC 5681/", "RFC 6582/")
"""What the ids of congestion control's rules begin with."""


class Edge(NamedTuple):
    """One step of a sender, as far as congestion control goes."""

    before: Phase
    event: str
    rule: Rule
    after: Phase


@functools.cache
def machine() -> dict[Edge, None]:
    """Every edge of ``RUNS``, in the order of the phases."""
    found: dict[Edge, None] = {}
    for bounds in RUNS:
        system = Interned(Rules(), bounds)
        explore(system, {}, graph=False)
        for what, known in system.known.items():
            for (end, *_), outcomes in known.items():
                for outcome in outcomes:
                    found.update(dict.fromkeys(edges(end, what, outcome)))
    return dict.fromkeys(sorted(found, key=_order))


def edges(before: Endpoint, what: Event, outcome: Outcome) -> Iterator[Edge]:
    """Those of one step of an end. Where the first phase begins our SYN is acknowledged."""
    was, now = (end.tcb.transfers for end in (before, outcome.end))
    for one, other in zip(was, now, strict=True):
        start, end = congestion.phase(one), congestion.phase(other)
        begins = (start == Phase.NONE) & (end != Phase.NONE)
        for rule in outcome.effects.rules:
            if rule.id.startswith(_RULES) or (begins and rule.id.endswith("/our-syn")):
                yield Edge(start, _EVENTS.get(what, what.value), rule, end)


_EVENTS: dict[Event, str] = {
    Input.SEGMENT: "rcv ACK",
    Input.RETRANSMISSION_TIMEOUT: "retransmission timeout",
    Input.IDLE: "idle for RTO",
}


def _order(edge: Edge) -> tuple[int, int, str]:
    phases = list(Phase)
    return phases.index(edge.before), phases.index(edge.after), edge.rule.id
