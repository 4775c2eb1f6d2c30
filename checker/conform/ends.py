"""Both ends of a pair of sockets: a monitor for each.

A segment that one end sent is explained by its monitor, and is on its way to the other. This is all
that there is to following a connection; ``Plain`` makes such pairs. ``cache.situations.Cache``
makes pairs that answer the same and remember, and nothing above this file knows which it has.
"""

from collections import deque
from typing import Protocol

from checker.capture.segments import Packet
from checker.conform.behaviour import Behaviour
from checker.conform.candidate import LIFE, Edge, newest
from checker.conform.explain import RECENT
from checker.conform.monitor import Monitor
from checker.conform.steps import Stepper
from spec.tcp.tcb import State


class Ends:
    """Two monitors, and what is reported of them. ``side`` 0 is the client's."""

    __slots__ = ("_monitors", "_taken", "departs", "note")

    def __init__(self, monitors: tuple[Monitor, Monitor] | None) -> None:
        self._monitors = monitors
        self._taken = 0  # segments
        self.note = ""  # on the last segment
        self.departs = False  # does the likeliest explanation of it need other rules?

    @property
    def monitors(self) -> tuple[Monitor, Monitor]:
        """The monitors themselves."""
        assert self._monitors is not None
        return self._monitors

    def take(self, side: int, p: Packet, edge: int | None) -> bool:
        """``side`` was seen to send ``p``, which allows text up to ``edge``: is it explained?"""
        self._taken += 1
        if not self._taken % LIFE:
            self.shorten()
        return self.follow(side, p, edge)

    def follow(self, side: int, p: Packet, edge: int | None) -> bool:
        """Let the monitors see ``p``."""
        monitors = self.monitors
        one = monitors[side]
        one.note = ""
        explained = one.sent(p)
        self.note = one.note
        self.departs = bool(one.candidates[0].used)
        monitors[1 - side].on_its_way(p, edge)
        return explained

    def state(self, side: int) -> State:
        """The likeliest."""
        return self.monitors[side].candidates[0].tcb.state

    def left(self, side: int) -> str:
        """The states that are as likely as the likeliest, in words."""
        return likeliest(self.monitors[side])

    def story(self, side: int) -> Edge | None:
        """Of the likeliest candidate."""
        return self.monitors[side].candidates[0].story

    def octets(self, side: int, isn: int) -> int:
        """How much text ``side`` was seen to send from an ISN on."""
        inbound = self.monitors[1 - side].inbound.get(isn)
        return inbound.total if inbound is not None else 0

    def capped(self) -> bool:
        """Were there more possible states than are followed?"""
        return any(m.capped or any(one.full for one in m.inbound.values()) for m in self.monitors)

    def forget(self) -> None:
        """The connection is over, and what was told of it."""
        for monitor in self.monitors:
            for c in monitor.candidates:
                c.story = None
                c.used = frozenset()

    def shorten(self) -> None:
        """Leave out of the stories what will not be shown."""
        for monitor in self.monitors:
            for c in monitor.candidates:
                c.story = newest(c.story)


def likeliest(monitor: Monitor) -> str:
    """The states that are as likely as the likeliest, in words."""
    return " or ".join(sorted({c.tcb.state.value for c in monitor.candidates if c.cost == 0}))


class Way(Protocol):
    """Makes pairs of ends that have done nothing; ``at``: the side where the capture was taken."""

    def ends(self, at: int | None) -> Ends: ...


class Plain:
    """Every segment is explained by steps of the specification, worked out each time."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.stepper = Stepper(behaviour)
        self.departed = tuple(
            (name, Stepper(Behaviour(rules))) for name, rules in behaviour.departures
        )

    def ends(self, at: int | None) -> Ends:
        """Two ends, followed in full."""
        one, other = (
            Monitor(self.stepper, self.departed, at == side, deque(maxlen=RECENT))
            for side in (0, 1)
        )
        return Ends((one, other))
