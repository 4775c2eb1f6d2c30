"""What is known of a real stack: a ``Profile``, which has a file of its own beside this one.

Everything that depends on which stack it is reads it from there: ``conform`` its switches and
timers, the plans of ``generate`` its departures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from checker.stacks.generate.machine import Edge
from spec.tcp.segment import Segment
from spec.tcp.tcb import State


class Departure(NamedTuple):
    """What a stack does in one step where the specification says otherwise."""

    name: str
    section: str  # of RFC 9293, which says otherwise or leaves it open
    applies: Callable[[Edge, bool], bool]  # given that the socket is closed
    sent: Callable[[Edge], tuple[Segment, ...]] | None = None  # instead; None: as specified
    after: State | None = None  # ... and entered; None: as specified


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a stack's timers run, in milliseconds; None if that is not known."""

    time_wait: int | None = None  # what it makes of 2 MSL
    fin_wait_2: int | None = None  # after which FIN-WAIT-2 is given up
    retransmission: int | None = None  # R2: how long a segment is sent again (RFC 9293 3.8.3)
    least: int | None = None  # what no retransmission timeout falls below (RFC 6298 2.4: 1,000)
    linear: int = 0  # timeouts of a SYN that are not backed off (RFC 6298 5.5)


@dataclass(frozen=True, slots=True)
class Profile:
    """One stack, by the name that options call it."""

    name: str
    seen: str  # the version with which it was seen, and how: the evidence
    switches: Mapping[str, Any]  # of ``spec.rules``: against its defaults, or within its MAYs
    timers: Timers
    departures: tuple[Departure, ...]  # what no switch says
