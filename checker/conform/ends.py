"""Both ends of a pair of sockets: a monitor for each.

A segment that one end sent is explained by its monitor, and is on its way to the other. This is all
that there is to following a connection; ``Plain`` makes such pairs. ``cache.situations.Cache``
makes pairs that answer the same and remember, and nothing above this file knows which it has.
"""

from typing import Protocol

from checker.capture.segments import Packet
from checker.conform.arrived import DELAYED, Arrived, Due, Unacknowledged
from checker.conform.behaviour import Behaviour
from checker.conform.candidate import LIFE, Edge, newest
from checker.conform.explain import Seen, segment
from checker.conform.inbound import SEQ
from checker.conform.layout import MASK
from checker.conform.monitor import Gap, Monitor
from checker.conform.patience import USUAL, Patience
from checker.conform.steps import Stepper
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State

_NONE: frozenset[str] = frozenset()


class Ends:
    """Two monitors, and what is reported of them. ``side`` 0 is the client's."""

    __slots__ = (
        "_monitors", "_seen", "_taken", "breach", "departs", "measured", "note", "obliged", "owes",
        "patience",
    )  # fmt: skip

    def __init__(
        self,
        monitors: tuple[Monitor, Monitor] | None,
        seen: tuple[Seen, Seen],
        obliged: int | None = None,
    ) -> None:
        self._monitors = monitors
        self._seen = seen
        self._taken = 0  # segments
        self.patience = seen[0].patience
        self.obliged = obliged  # the end at which what was seen to arrive has arrived
        self.owes = Unacknowledged()
        self.note = ""  # on the last segment
        self.breach: Due | None = None  # an answer that did not follow
        self.departs = False  # does the likeliest explanation of it need other rules?
        self.measured = False  # did more count, at the last segment, than the order of numbers?

    @property
    def monitors(self) -> tuple[Monitor, Monitor]:
        """The monitors themselves."""
        assert self._monitors is not None
        return self._monitors

    @property
    def known(self) -> tuple[Monitor, Monitor] | None:
        """The monitors, unless something else stands for them."""
        return self._monitors

    def passed(self, segments: int) -> None:
        """So many were seen that changed nothing but numbers."""
        if (self._taken % LIFE) + segments >= LIFE:
            self.shorten()
        self._taken += segments
        self.note, self.breach, self.departs = "", None, False

    def take(self, side: int, p: Packet, edge: int | None) -> bool:
        """``side`` was seen to send ``p``, which allows text up to ``edge``: is it explained?"""
        self.breach, self.measured = None, False
        due = self.count(side, p, edge)
        explained = self.see(side, p, edge)
        self.breach = self.breach or due
        return explained

    def count(self, side: int, p: Packet, edge: int | None) -> Due | None:
        """What is done at each segment; an ACK that did not come in time."""
        self._taken += 1
        self.patience.left += 1
        if not self._taken % LIFE:
            self.shorten()
        seen = self._seen[side]
        seen.before, seen.last = seen.last, p.time
        if p.text > 1:
            seen.text.append((p.seq, p.text))
        if edge is not None:
            room, peer = (edge - p.ack) & MASK, self._seen[1 - side]
            peer.widest = max(peer.widest, room)
        if self.obliged is None:
            return None
        if side != self.obliged:
            self.owes.arrives(p)
            return None
        self.owes.late = None
        self.owes.sends(p)
        return self._late(side, self.owes.late)

    def _late(self, side: int, p: Packet | None) -> Due | None:
        """What was due for ``p``, if every state that ``side`` may be in acknowledges it."""
        if p is None:
            return None
        one = self.monitors[side]
        one.number, one.time = p.number, p.time
        answers: list[Segment] = []
        for c in one.candidates:
            sent = [step.sent[:1] for step in one.steps(c, Input.SEGMENT, segment(p))]
            if not sent or not all(seg and not seg[0].ctl.rst for seg in sent):
                return None
            answers += sent[0]
        return Due(p, answers[0], DELAYED, [c.costlier(0) for c in one.candidates])

    def see(self, side: int, p: Packet, edge: int | None) -> bool:
        """Go the long way."""
        return self.follow(side, p, edge)

    def follow(self, side: int, p: Packet, edge: int | None) -> bool:
        """Let the monitors see ``p``."""
        one, other = self.monitors
        if side:
            one, other = other, one
        sight = other.current
        one.edge = None if sight is None else sight.edge
        one.note = ""
        explained = one.sent(p)
        self.note = one.note
        if one.breach is not None:
            self.breach, one.breach = one.breach, None
        self.departs = one.candidates[0].used != _NONE
        other.on_its_way(p, edge)
        self.measured = one.measured or other.measured or one.splits is not None
        candidates = len(one.candidates) + len(other.candidates)
        if candidates > USUAL:
            self.patience.pay(candidates)
        return explained

    def plain(self) -> bool:
        """Was the last segment explained by the order of its numbers, and is nothing to be said?"""
        return not (self.note or self.measured or self.departs or self.breach is not None)

    def waits(self) -> tuple[bool, bool]:
        """Which of them may be in TIME-WAIT, where time matters?"""
        one, other = (
            any(c.tcb.state is State.TIME_WAIT for c in m.candidates) for m in self.monitors
        )
        return one, other

    def state(self, side: int) -> State:
        """The likeliest."""
        return self.monitors[side].candidates[0].tcb.state

    def left(self, side: int) -> str:
        """The states that are as likely as the likeliest, in words."""
        return likeliest(self.monitors[side])

    def stories(self, side: int) -> list[Edge | None]:
        """Of all candidates; the likeliest comes first."""
        return [c.story for c in self.monitors[side].candidates]

    def turned(self, number: int) -> bool:
        """May a state have changed at the packet ``number``, which was seen just now?"""
        stories = (c.story for one in self.monitors for c in one.candidates)
        return any(story is not None and story.number == number for story in stories)

    def octets(self, side: int, isn: int) -> int:
        """How much text ``side`` was seen to send from an ISN on, each octet once."""
        inbound = self.monitors[1 - side].inbound.get(isn)
        if inbound is None:
            return 0
        beyond = sum(SEQ.minus(stop, start) for start, stop in inbound.parts)
        return max(0, inbound.total - self.lacks(side)) + beyond

    def capped(self) -> int:
        """From which packet on there were more possible states than are followed; 0: never."""
        return min((one.capped for one in self._seen if one.capped), default=0)

    def gaps(self, side: int) -> list[Gap]:
        """What ``side`` acknowledged and the peer may not have sent."""
        return self.monitors[side].gaps

    def overdue(self, side: int, now: float) -> Due | None:
        """The answer that ``side`` owed at the end, and had nothing that keeps it from sending."""
        one = self.monitors[side]
        if one.arrived is None or not all(one.has_no_reason_to_end(c) for c in one.candidates):
            return None
        return one.arrived.overdue(now) or self._late(side, self.owes.overdue(now))

    def spares(self, side: int, due: Due, p: Packet | None) -> list[str]:
        """The departures by which nothing is due, and ``p`` is explained."""
        return self.monitors[side].spares(due, p)

    def lacks(self, side: int) -> int:
        """How many numbers the capture does not have of what ``side`` sent."""
        return self._seen[1 - side].lacks

    def forget(self) -> None:
        """The connection is over, and what was told of it."""
        self.start_anew()
        for monitor in self.monitors:
            monitor.gaps, monitor.unopened = [], None
            if monitor.arrived is not None:
                monitor.arrived, monitor.pending = Arrived(), False
            monitor.stepper = monitor.usual
            for c in monitor.candidates:
                c.story = None
                c.used = frozenset()

    def start_anew(self) -> None:
        """... of all that is counted, and of what is due."""
        self.owes = Unacknowledged()
        for one in self._seen:
            one.lacks = one.capped = one.widest = 0
            one.accused = False
            one.lost.clear()

    def swap(self) -> None:
        """Who was taken for the server is the client."""
        one, other = self.monitors
        self._monitors = other, one
        self._seen = self._seen[1], self._seen[0]
        if self.obliged is not None:
            self.obliged = 1 - self.obliged

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

    def ends(self, at: int | None, patience: Patience) -> Ends: ...


class Plain:
    """Every segment is explained by steps of the specification, worked out each time."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.stepper = Stepper(behaviour)
        self.departed = {
            name: Stepper(departing) for name, departing in behaviour.departures.items()
        }

    def ends(self, at: int | None, patience: Patience) -> Ends:
        """Two ends, followed in full."""
        seen = Seen(patience), Seen(patience)
        one, other = (
            Monitor(self.stepper, self.departed, at == side, seen[side]) for side in (0, 1)
        )
        obliged = at if self.stepper.behaviour.assumed.arrived else None
        return Ends((one, other), seen, obliged)
