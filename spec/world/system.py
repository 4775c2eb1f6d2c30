"""The transition system: two hosts, A and B, one pair of sockets, and a channel.

From a state, every step of every component is possible in any order:

* each host: a user call, a timeout, a crash or restart, a forged segment (``happen``);
* the channel: deliver a segment, deliver one and keep it, lose one;
* time: a tick, for both hosts and all segments at once. A TIME-WAIT timer that has run out
  expires before the next tick; what else happens at the same instant may come before or
  after it.

Endpoints and segments are interned: equal ones are the same object, so that states compare
and hash by identity, and each (endpoint, input) is worked out once. That is a matter of
speed only; ``tests/checker/engines/explicit/test_explore.py`` compares with a run that remembers
nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from spec.observe.sights import BLIND, NETWORK, NOTHING, Sight, look, looks
from spec.rules import Isn, Rules
from spec.seq import Space
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world import channel, endpoint
from spec.world.bounds import Bounds, watchers
from spec.world.enabled import Event, calls, overdue
from spec.world.endpoint import Endpoint
from spec.world.happen import Effects, happen
from spec.world.records import clone, key

NAMES = ("A", "B")
"""The two hosts."""


class World(NamedTuple):
    """One state of the system. ``a_to_b`` and ``b_to_a`` are the segments in flight."""

    a: Endpoint
    b: Endpoint
    a_to_b: tuple[Segment, ...]
    b_to_a: tuple[Segment, ...]

    def end(self, host: int) -> Endpoint:
        """The endpoint of ``host``."""
        return self.a if host == 0 else self.b

    def bag(self, sender: int) -> tuple[Segment, ...]:
        """The segments in flight that host ``sender`` sent."""
        return self.a_to_b if sender == 0 else self.b_to_a


class Step(NamedTuple):
    """One transition's label: who, what, with which segment, by which rules, to what effect."""

    host: int | None  # 0: A, 1: B, None: the channel or time
    action: str
    segment: Segment | None = None  # delivered, lost or forged
    direction: int | None = None  # of ``segment``: 0 from A to B, 1 from B to A
    isn: int | None = None  # the initial sequence number selected
    rules: tuple[Rule, ...] = ()
    sent: tuple[Segment, ...] = ()
    dropped: tuple[Segment, ...] = ()  # of those sent: lost at a full channel
    signals: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Outcome:
    """What an endpoint becomes, and the effects."""

    end: Endpoint
    effects: Effects


class System:
    """The transition system for one choice of rules and bounds."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.rules = rules
        self.bounds = bounds
        self.seq = Space(bounds.width)
        self._endpoints: dict[tuple[Any, ...], Endpoint] = {}
        self._segments: dict[tuple[Any, ...], Segment] = {}
        self._rank: dict[Segment, tuple[Any, ...]] = {}
        self.watchers = watchers(bounds)
        self.reach = max((watcher.sees for watcher in self.watchers), default=NOTHING)
        self.outcomes: dict[Event, dict[tuple[Any, ...], list[tuple[int | None, Outcome]]]] = (
            defaultdict(dict)
        )
        self._sights: dict[tuple[Any, ...], Sight] = {}
        self._labels: dict[tuple[Any, ...], Step] = {}
        self._sends: dict[tuple[Any, ...], tuple[tuple[Segment, ...], tuple[Segment, ...]]] = {}
        self.calls = tuple(calls(bounds, host) for host in range(len(NAMES)))

    # States

    def initial(self) -> World:
        """Both hosts CLOSED, nothing in flight."""
        end = self.endpoint(endpoint.initial(self.watchers, self.bounds.incarnations))
        return World(end, end, (), ())

    def endpoint(self, end: Endpoint) -> Endpoint:
        """The interned endpoint equal to ``end``."""
        return self._endpoints.setdefault(key(end), end)

    def segment(self, seg: Segment) -> Segment:
        """The interned segment equal to ``seg``."""
        k = key(seg)
        known = self._segments.get(k)
        if known is None:
            known = self._segments[k] = seg
            self._rank[seg] = k
        return known

    def bag(self, segments: Iterable[Segment]) -> tuple[Segment, ...]:
        """The bag of ``segments``, which are interned."""
        return tuple(sorted(segments, key=self._rank.__getitem__))

    # Steps

    def steps(self, world: World) -> Iterator[tuple[Step, World]]:
        """Every transition from ``world``, in a fixed order."""
        for me in (0, 1):
            for what in self.calls[me]:
                for isn, outcome in self._outcomes_in(world, me, what, None):
                    yield self._move(world, me, what, None, False, isn, outcome)
        for direction in (0, 1):
            bag = world.bag(direction)
            for i, seg in enumerate(bag):
                if i and bag[i - 1] is seg:
                    continue
                yield from self._channel_steps(world, direction, seg)
        if self.bounds.msl:
            later = self.tick(world)
            if later is not None and later != world:
                yield Step(None, Input.TICK.value), later

    def _channel_steps(
        self, world: World, direction: int, seg: Segment
    ) -> Iterator[tuple[Step, World]]:
        """Deliver ``seg``, deliver and keep it, lose it."""
        receiver = 1 - direction
        for isn, outcome in self._outcomes_in(world, receiver, Input.SEGMENT, seg):
            yield self._move(world, receiver, Input.SEGMENT, seg, False, isn, outcome)
            if self.bounds.duplicate:
                yield self._move(world, receiver, Input.SEGMENT, seg, True, isn, outcome)
        if self.bounds.lose:
            rest = channel.remove(world.bag(direction), seg)
            step = Step(None, "lose", seg, direction)
            yield (
                step,
                (world._replace(a_to_b=rest) if direction == 0 else world._replace(b_to_a=rest)),
            )

    def _move(
        self,
        world: World,
        me: int,
        what: Event,
        seg: Segment | None,
        kept: bool,
        isn: int | None,
        outcome: Outcome,
    ) -> tuple[Step, World]:
        """The step in which ``outcome`` befalls host ``me``, and the world after it."""
        inbox, outbox = world.bag(1 - me), world.bag(me)
        if seg is not None and not kept:
            inbox = channel.remove(inbox, seg)
        dropped: tuple[Segment, ...] = ()
        if outcome.effects.sent:
            outbox, dropped = self._send(
                outbox, outcome.effects.sent, self.bounds.in_flight - len(inbox)
            )
        memo = (me, outcome, seg, kept, dropped)
        step = self._labels.get(memo)
        if step is None:
            effects = outcome.effects
            step = self._labels[memo] = Step(
                me,
                "duplicate" if kept else what.value,
                seg,
                None if seg is None else 1 - me,
                isn,
                effects.rules,
                effects.sent,
                dropped,
                effects.signals,
            )
        if me == 0:
            return step, World(outcome.end, world.b, outbox, inbox)
        return step, World(world.a, outcome.end, inbox, outbox)

    def _send(
        self, outbox: tuple[Segment, ...], sent: tuple[Segment, ...], room: int
    ) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
        """``outbox`` with ``sent`` in it, and what was dropped for want of room."""
        memo = (outbox, sent, room)
        known = self._sends.get(memo)
        if known is None:
            dropped = []
            for new in sent:
                more = channel.add(outbox, new, min(self.bounds.capacity, room), self._rank)
                if more is outbox:
                    dropped.append(new)
                outbox = more
            known = self._sends[memo] = (outbox, tuple(dropped))
        return known

    def tick(self, world: World) -> World | None:
        """One tick later; None while a TIME-WAIT timer that has run out has not expired."""
        a, b = self.later(world.a), self.later(world.b)
        if a is None or b is None:
            return None
        return World(a, b, self._age(world.a_to_b), self._age(world.b_to_a))

    def later(self, end: Endpoint) -> Endpoint | None:
        """An endpoint one tick later; None while its TIME-WAIT timer must expire first."""
        if overdue(end):
            return None
        return self.outcomes_of(end, Input.TICK, None, BLIND)[0][1].end

    def older(self, seg: Segment) -> Segment | None:
        """A segment one tick later; None if it has lived its time."""
        if not self.rules.lifetime_bounded:
            return seg
        if seg.ttl <= 1:
            return None
        copy = clone(seg)
        copy.ttl = seg.ttl - 1
        return self.segment(copy)

    def _age(self, bag: tuple[Segment, ...]) -> tuple[Segment, ...]:
        if not bag or not self.rules.lifetime_bounded:
            return bag
        return self.bag([older for seg in bag if (older := self.older(seg)) is not None])

    # Components

    def isns(self, end: Endpoint) -> list[int]:
        """The initial sequence numbers that ``end`` may select next (section 3.4.1)."""
        bounds = self.bounds
        fresh = [self.seq.plus(bounds.base, n * bounds.stride) for n in range(bounds.incarnations)]
        if self.rules.isn == Isn.CONSTANT:
            return fresh[:1]
        if end.ghost.id and (self.rules.isn == Isn.ANY or end.crashes):
            return fresh
        return fresh[end.ghost.id : end.ghost.id + 1] or fresh[:1]

    def sight(self, world: World, me: int) -> Sight:
        """What the observer of host ``me`` sees of the other end and of the network."""
        mine, peer = world.end(me), world.end(1 - me)
        counts = self.reach == NETWORK and mine.tcb.state == State.TIME_WAIT
        seen = look(
            mine.ghost,
            peer.tcb,
            peer.ghost,
            [(True, seg) for seg in world.bag(me)] if counts else [],
            [(True, seg) for seg in world.bag(1 - me)] if counts else [],
        )
        return self.same_sight(seen)

    def same_sight(self, sight: Sight) -> Sight:
        """The interned sight equal to ``sight``."""
        return self._sights.setdefault(key(sight), sight)

    def _outcomes_in(
        self, world: World, me: int, what: Event, seg: Segment | None
    ) -> list[tuple[int | None, Outcome]]:
        """What ``what`` may do to host ``me``, who looks round if it matters what is seen."""
        end = world.a if me == 0 else world.b
        sight = BLIND
        if self.reach != NOTHING and looks(end.tcb, what):
            sight = self.sight(world, me)
        return self.outcomes_of(end, what, seg, sight)

    def outcomes_of(
        self, end: Endpoint, what: Event, seg: Segment | None, sight: Sight
    ) -> list[tuple[int | None, Outcome]]:
        """What ``what`` may do to an endpoint that sees ``sight``; worked out once."""
        memo = (end, seg, sight)
        outcomes = self.outcomes[what]
        known = outcomes.get(memo)
        if known is None:
            known = outcomes[memo] = self.react(end, what, seg, sight)
        return known

    def react(
        self, end: Endpoint, what: Event, seg: Segment | None, sight: Sight
    ) -> list[tuple[int | None, Outcome]]:
        """The outcomes of one input on one endpoint: one for each ISN, if one is selected."""
        found: list[tuple[int | None, Outcome]] = []
        for isn in self.isns(end):
            after = clone(end)
            arriving = None if seg is None else clone(seg)
            effects = happen(
                after, what, arriving, isn, self.rules, self.bounds, self.watchers, sight
            )
            if not effects.possible:
                break
            effects.sent = tuple(self.segment(sent) for sent in effects.sent)
            drawn = isn if effects.drew_isn else None
            found.append((drawn, Outcome(self.endpoint(after), effects)))
            if not effects.drew_isn:
                break
        return found
