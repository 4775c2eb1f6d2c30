"""The transition system, for those who ask the same question often.

It is ``spec.world.system.System``, and remembers: equal hosts and segments are one object, so that
states compare and hash by identity, and each event at a host, each label and each sending is worked
out once. That is a matter of speed only; ``tests/spec/world/test_system.py`` compares the two.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar, cast

from checker.model.records import clone, key
from spec.observe.sights import NOTHING, PEER, Sight
from spec.observe.watcher import Watcher
from spec.rules import Rules
from spec.tcp.segment import Segment
from spec.tcp.tcb import State as TcpState
from spec.world.bounds import Bounds
from spec.world.channel import Bag
from spec.world.enabled import Event
from spec.world.endpoint import Endpoint
from spec.world.system import Outcome, Step, System, World
from spec.world.topology import TWO_HOSTS, Topology

R = TypeVar("R")


class State(World):
    """A state whose hosts and segments are interned."""

    __slots__ = ()
    __eq__ = tuple.__eq__
    __ne__ = tuple.__ne__
    __hash__ = tuple.__hash__


class Glance:
    """A sight that tells whether anybody looked."""

    __slots__ = ("looked", "sight")

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self.looked = False

    def __getattr__(self, name: str) -> Any:
        self.looked = True
        return getattr(self.sight, name)


class Interned(System):
    """A system that remembers. ``known[what]`` has the outcomes of an event by (host, socket,
    segment, sight)."""

    def __init__(
        self,
        rules: Rules,
        bounds: Bounds,
        watchers: Sequence[Watcher] = (),
        topology: Topology = TWO_HOSTS,
    ) -> None:
        super().__init__(rules, bounds, watchers, topology)
        self.known: dict[Event, dict[tuple[Any, ...], list[Outcome]]] = defaultdict(dict)
        self._unseen: dict[tuple[Any, ...], list[Outcome]] = {}  # the same whatever the sight
        self._called: dict[tuple[Any, ...], list[tuple[Event, Outcome]]] = {}
        self._arrived: dict[tuple[Any, ...], list[Outcome]] = {}
        self._hosts: dict[tuple[Any, ...], Endpoint] = {}
        self._segments: dict[tuple[Any, ...], Segment] = {}
        self._ranks: dict[Segment, tuple[Any, ...]] = {}
        self._sights: dict[tuple[Any, ...], Sight] = {}
        self._labels: dict[tuple[Any, ...], Step] = {}
        self._sends: dict[tuple[Any, ...], tuple[Bag[Segment], tuple[Segment, ...]]] = {}

    def host(self, end: Endpoint) -> Endpoint:
        """The interned host equal to ``end``."""
        return self._hosts.setdefault(key(end), end)

    def segment(self, seg: Segment) -> Segment:
        """The interned segment equal to ``seg``."""
        values = key(seg)
        known = self._segments.get(values)
        if known is None:
            known = self._segments[values] = seg
            self._ranks[seg] = values
        return known

    def same_sight(self, sight: Sight) -> Sight:
        """The interned sight equal to ``sight``."""
        return self._sights.setdefault(key(sight), sight)

    def bag(self, segments: Iterable[Segment]) -> Bag[Segment]:
        """The bag of interned segments."""
        return tuple(sorted(segments, key=self.rank))

    def world(self, hosts: Iterable[Endpoint], links: Iterable[Bag[Segment]]) -> World:
        return tuple.__new__(State, (tuple(hosts), tuple(links), self.topology))

    def initial(self) -> World:
        start = super().initial()
        return self.world(map(self.host, start.hosts), start.links)

    def copy(self, record: R) -> R:
        return clone(record)

    def rank(self, seg: Segment) -> tuple[object, ...]:
        return self._ranks[seg]

    def different(self, bag: Bag[Segment]) -> Collection[Segment]:
        return bag if len(bag) < 2 else dict.fromkeys(bag)

    def sight(self, world: World, me: int) -> Sight:
        return self.same_sight(super().sight(world, me))

    def _view(self, world: World, me: int) -> tuple[Any, ...]:
        """All of a state that what happens to end ``me`` can depend on."""
        host, socket = self.topology.ends[me]
        end = world.hosts[host]
        if self.reach == NOTHING:
            return me, end
        peer = self.topology.peers[me]
        other = world.hosts[self.topology.ends[peer][0]]
        if self.reach == PEER or end.host.sockets[socket].tcb.state != TcpState.TIME_WAIT:
            return me, end, other
        return me, end, other, world.links[me], world.links[peer]

    def called(self, world: World, me: int) -> list[tuple[Event, Outcome]]:
        view = self._view(world, me)
        known = self._called.get(view)
        if known is None:
            known = self._called[view] = super().called(world, me)
        return known

    def outcomes(self, world: World, me: int, what: Event, seg: Segment | None) -> list[Outcome]:
        if seg is None:
            return super().outcomes(world, me, what, seg)  # once for each ``called``
        memo = (self._view(world, me), seg)
        known = self._arrived.get(memo)
        if known is None:
            known = self._arrived[memo] = super().outcomes(world, me, what, seg)
        return known

    def react(
        self, end: Endpoint, socket: int, what: Event, seg: Segment | None, sight: Sight
    ) -> list[Outcome]:
        memo = (end, socket, seg, sight)
        outcomes = self.known[what]
        known = outcomes.get(memo)
        if known is None:
            known = outcomes[memo] = self._react(end, socket, what, seg, sight)
        return known

    def _react(
        self, end: Endpoint, socket: int, what: Event, seg: Segment | None, sight: Sight
    ) -> list[Outcome]:
        """The same, worked out; once for all sights, if nobody looks."""
        memo = (end, socket, what, seg)
        known = self._unseen.get(memo)
        if known is None:
            glance = Glance(sight)
            known = super().react(end, socket, what, seg, cast(Sight, glance))
            for outcome in known:
                outcome.end = self.host(outcome.end)
                outcome.effects.sent = tuple(map(self.segment, outcome.effects.sent))
            if not glance.looked:
                self._unseen[memo] = known
        return known

    def older(self, seg: Segment) -> Segment | None:
        older = super().older(seg)
        return None if older is None else self.segment(older)

    def label(
        self,
        me: int,
        what: Event,
        seg: Segment | None,
        outcome: Outcome,
        dropped: tuple[Segment, ...],
        kept: bool,
    ) -> Step:
        memo = (me, outcome, seg, kept, dropped)
        known = self._labels.get(memo)
        if known is None:
            known = self._labels[memo] = super().label(me, what, seg, outcome, dropped, kept)
        return known

    def send(
        self, bag: Bag[Segment], sent: tuple[Segment, ...], room: int
    ) -> tuple[Bag[Segment], tuple[Segment, ...]]:
        memo = (bag, sent, room)
        known = self._sends.get(memo)
        if known is None:
            known = self._sends[memo] = super().send(bag, sent, room)
        return known
