"""The transition system: hosts, their connections, and a channel.

From a state, every step of every component is possible in any order:

* each end of a connection: a user call, a timeout, a crash or restart of its host, a forged
  segment (``happen``);
* the channel: deliver a segment, deliver one and keep it, lose one;
* time: a tick, for all hosts and all segments at once. A TIME-WAIT timer that has run out
  expires before the next tick; what else happens at the same instant may come before or
  after it.

States are values: two are equal if all their scalars are. Everything is worked out anew each
time; ``checker.model.interned`` is the same system for those who ask the same often.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from spec.observe.sights import BLIND, NETWORK, NOTHING, Sight, look, looks
from spec.observe.watcher import Watcher
from spec.rules import Isn, Rules
from spec.seq import Space
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world import endpoint
from spec.world.bounds import Bounds
from spec.world.channel import Bag, add, remove
from spec.world.enabled import Event, ages, calls, enabled, overdue
from spec.world.endpoint import Endpoint
from spec.world.happen import Effects, happen
from spec.world.records import clone, key
from spec.world.topology import TWO_HOSTS, Topology

T = TypeVar("T")


class World(NamedTuple):
    """One state of the system. ``links[n]`` is what is in flight that end ``n`` sent."""

    hosts: tuple[Endpoint, ...]
    links: tuple[Bag[Segment], ...]
    topology: Topology = TWO_HOSTS

    def end(self, number: int) -> Endpoint:
        """One end: its host, with this one of its sockets."""
        host, socket = self.topology.ends[number]
        return self.hosts[host].only(socket)

    def peer(self, number: int) -> Endpoint:
        """The end that end ``number`` is connected to."""
        return self.end(self.topology.peers[number])

    def ends(self) -> list[Endpoint]:
        """All ends."""
        return [self.end(number) for number in range(len(self.links))]

    def pairs(self) -> list[tuple[Endpoint, Endpoint]]:
        """Each end and its peer."""
        return [(self.end(number), self.peer(number)) for number in range(len(self.links))]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and self.value() == other.value()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.value())

    def value(self) -> tuple[Any, ...]:
        """All its scalars."""
        return key((self.hosts, self.links))


class Step(NamedTuple):
    """One transition's label: who, what, with which segment, by which rules, to what effect."""

    host: int | None  # None: the channel or time
    action: str
    segment: Segment | None = None  # delivered, lost or forged
    link: int | None = None  # that ``segment`` was on
    isn: int | None = None  # the initial sequence number selected
    rules: tuple[Rule, ...] = ()
    sent: tuple[Segment, ...] = ()
    dropped: tuple[Segment, ...] = ()  # of those sent: lost at a full channel
    signals: tuple[str, ...] = ()
    end: int | None = None  # of ``host``, that it befell

    def words(self, names: Sequence[str] = TWO_HOSTS.names) -> str:
        """Who does what, with which segment: ``A: deliver <SYN SEQ=300 LEN=1>``."""
        who = "" if self.host is None else f"{names[self.host]}: "
        return f"{who}{self.action}{'' if self.segment is None else f' <{self.segment}>'}"


@dataclass(slots=True, eq=False)
class Outcome:
    """What a host becomes, the effects, and the initial sequence number if one was selected."""

    end: Endpoint
    effects: Effects
    isn: int | None


def _with(items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    """``items`` with another at ``place``."""
    return (*items[:place], item, *items[place + 1 :])


class System:
    """The transition system for one choice of rules and bounds; ``watchers`` look on."""

    def __init__(
        self,
        rules: Rules,
        bounds: Bounds,
        watchers: Sequence[Watcher] = (),
        topology: Topology = TWO_HOSTS,
    ) -> None:
        self.rules = rules
        self.bounds = bounds
        self.topology = topology
        self.seq = Space(bounds.width)
        made = range(bounds.incarnations)
        self.fresh = [self.seq.plus(bounds.base, n * bounds.stride) for n in made]
        self.watchers = tuple(watchers)
        self.reach = max((watcher.sees for watcher in watchers), default=NOTHING)
        self.looked_at = {state for watcher in watchers if watcher.sees for state in watcher.looks}
        self.calls = tuple(
            calls(bounds, rules, side, socket)
            for side, (_, socket) in zip(topology.sides, topology.ends, strict=True)
        )

    def initial(self) -> World:
        """All hosts CLOSED, nothing in flight."""
        hosts = [
            endpoint.initial(self.watchers, self.bounds, self.topology.sockets(host))
            for host in range(len(self.topology.names))
        ]
        return self.world(hosts, [()] * len(self.topology.ends))

    def steps(self, world: World) -> Iterator[tuple[Step, World]]:
        """Every transition from ``world``, in a fixed order."""
        for me in range(len(world.links)):
            for what, outcome in self.called(world, me):
                yield self.befall(world, me, what, None, outcome)
        for link, bag in enumerate(world.links):
            for seg in self.different(bag):
                receiver = self.topology.peers[link]
                for outcome in self.outcomes(world, receiver, Input.SEGMENT, seg):
                    yield self.befall(world, receiver, Input.SEGMENT, seg, outcome)
                    if self.bounds.duplicate:
                        yield self.befall(world, receiver, Input.SEGMENT, seg, outcome, kept=True)
                if self.bounds.lose:
                    links = _with(world.links, link, remove(bag, seg))
                    yield Step(None, "lose", seg, link), self.world(world.hosts, links)
        if self.bounds.timed:
            later = self.tick(world)
            if later is not None and later != world:
                yield Step(None, Input.TICK.value), later

    def called(self, world: World, me: int) -> list[tuple[Event, Outcome]]:
        """Everything that can happen to end ``me`` but a segment and a tick."""
        return [
            (what, outcome)
            for what in self.calls[me]
            for outcome in self.outcomes(world, me, what, None)
        ]

    def outcomes(self, world: World, me: int, what: Event, seg: Segment | None) -> list[Outcome]:
        """What ``what`` may do to end ``me``, whose observer looks round if that matters."""
        host, socket = self.topology.ends[me]
        sight = BLIND
        if self.reach != NOTHING and looks(world.end(me).tcb, what, self.looked_at):
            sight = self.sight(world, me)
        return self.react(world.hosts[host], socket, what, seg, sight)

    def sight(self, world: World, me: int) -> Sight:
        """What the observer of end ``me`` sees of the other end and of the network."""
        mine, peer = world.end(me), world.peer(me)
        counts = self.reach == NETWORK and mine.tcb.state == State.TIME_WAIT
        out, back = world.links[me], world.links[self.topology.peers[me]]
        return look(
            mine.ghost,
            peer.tcb,
            peer.ghost,
            [(True, seg) for seg in out] if counts else [],
            [(True, seg) for seg in back] if counts else [],
        )

    def react(
        self, end: Endpoint, socket: int, what: Event, seg: Segment | None, sight: Sight
    ) -> list[Outcome]:
        """The outcomes of one event at one socket: one for each ISN that is selected, and one
        if none is. Only TIME-WAIT asks which is on offer (section 3.6.1 (1))."""
        found: list[Outcome] = []
        if seg is None:
            tcp = Tcp(self.rules, self.bounds, 0)
            if not enabled(end.only(socket), what, tcp, self.bounds):
                return found  # before anything is copied: most calls may not be made
        unselected = False
        asks = end.host.sockets[socket].tcb.state == State.TIME_WAIT
        for isn in self.isns(end.only(socket)):
            after = self.copy(end)
            arriving = None if seg is None else self.copy(seg)
            effects = happen(
                after,
                what,
                arriving,
                isn,
                self.rules,
                self.bounds,
                self.watchers,
                sight,
                socket,
                was=end,
            )
            if not effects.possible:
                break
            if effects.drew_isn or not unselected:
                found.append(Outcome(after, effects, isn if effects.drew_isn else None))
            unselected = unselected or not effects.drew_isn
            if unselected and not asks:
                break
        return found

    def isns(self, end: Endpoint) -> list[int]:
        """The initial sequence numbers that an end may select next (section 3.4.1)."""
        fresh = self.fresh
        if self.rules.isn == Isn.CONSTANT:
            return fresh[:1]
        if end.ghost.made and (self.rules.isn == Isn.ANY or end.crashes):
            return fresh
        return fresh[end.ghost.made : end.ghost.made + 1] or fresh[:1]

    def befall(
        self,
        world: World,
        me: int,
        what: Event,
        seg: Segment | None,
        outcome: Outcome,
        kept: bool = False,
    ) -> tuple[Step, World]:
        """The step in which ``outcome`` befalls end ``me``, and the world after it. The segment
        that arrives leaves the channel, unless it is ``kept``."""
        host, _ = self.topology.ends[me]
        inbound = self.topology.peers[me]
        links = world.links
        if seg is not None and not kept:
            links = _with(links, inbound, remove(links[inbound], seg))
        dropped: tuple[Segment, ...] = ()
        if outcome.effects.sent:
            room = self.bounds.in_flight - sum(map(len, links)) + len(links[me])
            bag, dropped = self.send(links[me], outcome.effects.sent, room)
            links = _with(links, me, bag)
        hosts = _with(world.hosts, host, outcome.end)
        return self.label(me, what, seg, outcome, dropped, kept), self.world(hosts, links)

    def label(
        self,
        me: int,
        what: Event,
        seg: Segment | None,
        outcome: Outcome,
        dropped: tuple[Segment, ...],
        kept: bool,
    ) -> Step:
        """The label of that step."""
        effects = outcome.effects
        return Step(
            self.topology.ends[me][0],
            "duplicate" if kept else what.value,
            seg,
            None if seg is None else self.topology.peers[me],
            outcome.isn,
            effects.rules,
            effects.sent,
            dropped,
            effects.signals,
            me,
        )

    def send(
        self, bag: Bag[Segment], sent: tuple[Segment, ...], room: int
    ) -> tuple[Bag[Segment], tuple[Segment, ...]]:
        """``bag`` with ``sent`` in it, and what was dropped for want of room."""
        dropped = []
        for seg in sent:
            more = add(bag, seg, min(self.bounds.capacity, room), self.rank)
            if more is bag:
                dropped.append(seg)
            bag = more
        return bag, tuple(dropped)

    def tick(self, world: World) -> World | None:
        """One tick later; None while a timer that has run out must expire first."""
        if any(overdue(end, self.rules, self.bounds) for end in world.hosts):
            return None
        hosts = [self.later(end) for end in world.hosts]
        return self.world(hosts, [self.aged(bag) for bag in world.links])

    def later(self, end: Endpoint) -> Endpoint:
        """A host one tick later."""
        return self.react(end, 0, Input.TICK, None, BLIND)[0].end

    def aged(self, bag: Bag[Segment]) -> Bag[Segment]:
        """What is left of a bag a tick later."""
        older = (self.older(seg) for seg in bag)
        return tuple(sorted((seg for seg in older if seg is not None), key=self.rank))

    def older(self, seg: Segment) -> Segment | None:
        """A segment one tick later; None if it has lived its time."""
        if not ages(self.rules, self.bounds):
            return seg
        if seg.ttl <= 1:
            return None
        later = self.copy(seg)
        later.ttl = seg.ttl - 1
        return later

    # What a system that remembers does otherwise

    def world(self, hosts: Iterable[Endpoint], links: Iterable[Bag[Segment]]) -> World:
        """The state of these hosts and bags."""
        return World(tuple(hosts), tuple(links), self.topology)

    def copy(self, record: T) -> T:
        """A copy of a host or a segment that shares no mutable part with it."""
        return clone(record)

    def rank(self, seg: Segment) -> tuple[object, ...]:
        """The order of segments in a bag."""
        return key(seg)

    def different(self, bag: Bag[Segment]) -> Collection[Segment]:
        """The segments of a bag, each once."""
        return {key(seg): seg for seg in bag}.values()
