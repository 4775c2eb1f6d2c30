"""The specification, traced: what the engines that work on trees are given.

For each input that can befall an endpoint, one decision tree of ``spec.world.happen``; its
variables are the leaves of the endpoint (``me``), of the arriving segment (``seg``), of the
observer's ``sight``, and ``isn``; its outputs are the endpoint's leaves afterwards and those of
the segments sent. The rules cited, the user's signals and whether an ISN was drawn are
constants of each leaf.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from checker.ir.composition import Component, Composition, Draw, Kind, Port
from checker.ir.interpret import leaves
from checker.ir.nodes import BOOL, POSITIVE, Node, Sort, integer
from checker.ir.schema import Field, fields, symbols
from checker.ir.tracing import Branch, Leaf, Tracer, Tree
from checker.model.records import clone, key
from spec.observe.ghosts import Ghost
from spec.observe.sights import Sight, look
from spec.observe.silence import patience
from spec.observe.watcher import Watcher
from spec.rules import SWITCHES, Rules
from spec.seq import Space
from spec.tcp.congestion import DUPLICATES
from spec.tcp.inputs import Input
from spec.tcp.listener import MINUTES
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment
from spec.world.bounds import Bounds
from spec.world.enabled import Event, ages, overdue
from spec.world.endpoint import Endpoint, initial
from spec.world.forgery import Forgery
from spec.world.happen import happen
from spec.world.records import paths, rebuild
from spec.world.system import System, World
from spec.world.topology import TWO_HOSTS

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Static:
    """What is constant on one path."""

    possible: bool
    rules: tuple[Rule, ...] = ()
    signals: tuple[str, ...] = ()
    drew: bool = False  # a number: an ISN
    sent: int = 0  # how many segments are sent


def domains(rules: Rules, bounds: Bounds) -> dict[str, tuple[int, int]]:
    """The interval of each named domain of the specification's annotations."""
    ticks = max(
        2 * bounds.msl + max(0, -rules.time_wait_cut),
        bounds.msl + 1,
        bounds.span,
        patience(bounds),
        bounds.nat_timeout,
        bounds.stamps,
        bounds.recent_life,
        bounds.client_idle,
        bounds.server_idle,
        max(bounds.cookie_life, bounds.cookie_memory, MINUTES - 1) if bounds.listener else 0,
    )
    counts = (
        bounds.backlog + 2,
        bounds.synack_retries,
        bounds.keep_alive_probes,
        3,
        bounds.requests + bounds.octets * bounds.incarnations if bounds.requests else 0,
    )
    return {
        "seq": (0, (1 << bounds.width) - 1),
        "octets": (0, max(bounds.octets, 1)),
        "amount": (0, most_octets(bounds)),
        "ticks": (0, ticks),
        "id": (0, bounds.incarnations),
        "stamp": (0, max(bounds.stamps + 1, 1)),
        "crashes": (0, max(bounds.crashes, 1)),
        "count": (0, max(*counts)),
        "sack": (0, max((1 << bounds.window // bounds.place) - 1, 1) if bounds.sack else 1),
    }


def most_octets(bounds: Bounds) -> int:
    """The most that an ``Amount`` of a data plane can be."""
    return max(bounds.clamp, bounds.window, 2 * bounds.mss, DUPLICATES * bounds.mss)


class Traced:
    """The trees of one choice of rules, bounds and watchers, made when first asked for.

    ``constants`` are fields that have one value in all states of interest (``me.<path>``) or in
    all segments (``seg.<path>``): they are not variables, and decide what they can. ``free`` are
    bounds and switches that are variables, by name, and the length of TIME-WAIT; ``known`` are the
    sorts of the domains then.
    """

    def __init__(
        self,
        rules: Rules,
        bounds: Bounds,
        watchers: Sequence[Watcher] = (),
        constants: Mapping[str, Any] | None = None,
        free: Mapping[str, Sort] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.constants = dict(constants or {})
        self.tracer = Tracer()
        self.seq = Space(bounds.width)
        known = self.domains = known or domains(rules, bounds)
        chosen: dict[str, Any] = {
            name: self.tracer.var(name, sort) for name, sort in (free or {}).items()
        }
        if "time_wait" in chosen:
            time_wait = chosen.pop("time_wait")
            cut = chosen["msl"] + chosen["msl"] - time_wait
            rules = dataclasses.replace(rules, time_wait_cut=cut)
        self.elapsed = self.tracer.var("elapsed", POSITIVE) if "msl" in chosen else 1
        switches = {name: chosen.pop(name) for name in SWITCHES if name in chosen}
        self.rules = dataclasses.replace(rules, **switches)
        self.watchers = watchers
        self.bounds = dataclasses.replace(bounds, **chosen)
        self.end_fields: list[Field] = fields(self.blank(), known)
        self.seg_fields: list[Field] = fields(Segment(seq=0), known)
        self.sight_fields: list[Field] = fields(Sight(), known)
        self.isn_sort = integer(*known["seq"])
        self._trees: dict[Event, Tree] = {}
        self._known: dict[tuple[str, str], Any] = {}  # symbolic records: each path has a copy

    def blank(self) -> Endpoint:
        """A host that has done nothing yet."""
        return initial(self.watchers, self.bounds)

    @property
    def kept(self) -> list[Field]:
        """The fields of an endpoint that vary."""
        return [f for f in self.end_fields if f"me.{f.path}" not in self.constants]

    @property
    def carried(self) -> list[Field]:
        """The fields of a segment that vary."""
        return [f for f in self.seg_fields if f"seg.{f.path}" not in self.constants]

    def first(self) -> dict[str, Any]:
        """The initial values of the fields that vary."""
        start = self.blank()
        values = dict(zip(paths(start), key(start), strict=True))
        return {f.path: values[f.path] for f in self.kept}

    def narrow(self, tree: Tree) -> Tree:
        """A tree of an input with only the outputs that vary."""
        kept = [self.end_fields.index(f) for f in self.kept]
        carried = [self.seg_fields.index(f) for f in self.carried]
        ends, segs = len(self.end_fields), len(self.seg_fields)

        def cut(tree: Tree) -> Tree:
            if isinstance(tree, Branch):
                return Branch(tree.test, cut(tree.then), cut(tree.other), tree.where)
            if not tree.static.possible:
                return tree
            outputs = [tree.outputs[i] for i in kept]
            for n in range(tree.static.sent):
                outputs += [tree.outputs[ends + n * segs + i] for i in carried]
            return Leaf(tree.index, tree.static, tuple(outputs))

        return cut(tree)

    def constancy(self, what: Event, values: Mapping[str, Any]) -> Tree:
        """The tree of an input that tells of each field in ``values`` (``me.<path>``,
        ``seg.<path>``) whether it has its value afterwards, and in all that is sent."""
        ends = [f"me.{f.path}" for f in self.end_fields]
        segs = [f"seg.{f.path}" for f in self.seg_fields]
        build = self.tracer.build

        def told(tree: Tree) -> Tree:
            if isinstance(tree, Branch):
                return Branch(tree.test, told(tree.then), told(tree.other), tree.where)
            same = dict.fromkeys(values, build.true)
            if tree.static.possible:
                names = ends + segs * tree.static.sent
                for name, node in zip(names, tree.outputs, strict=True):
                    if name in values:
                        equal = build.eq(node, self.tracer.node(values[name]))
                        same[name] = build.and_(same[name], equal)
            return Leaf(tree.index, tree.static, tuple(same.values()))

        return told(self.tree(what))

    def seen(self, capacity: int) -> dict[str, Node]:
        """What the observer sees, over ``me.*``, ``peer.*`` and the ``capacity`` slots of each bag,
        ``out<i>.*`` and ``in<i>.*``, with ``.present``."""

        def slots(name: str) -> list[tuple[Any, Segment]]:
            return [
                (self.tracer.var(f"{name}{i}.present", BOOL), self.segment(f"{name}{i}"))
                for i in range(capacity)
            ]

        me, peer = self.endpoint("me"), self.endpoint("peer")
        sight = look(me.ghost, peer.tcb, peer.ghost, slots("out"), slots("in"))
        return {
            f"sight.{f.path}": self.tracer.node(v)
            for f, v in zip(self.sight_fields, key(sight), strict=True)
        }

    def tree(self, what: Event) -> Tree:
        """The decision tree of ``what`` befalling an endpoint."""
        if what not in self._trees:
            self._trees[what] = self.tracer.trace(lambda: self._step(what))
        return self._trees[what]

    def endpoint(self, name: str) -> Endpoint:
        """A symbolic endpoint, whose variables are called ``name.<path>``."""
        return self._record(self.blank(), self.end_fields, name, "me")

    def segment(self, name: str) -> Segment:
        """A symbolic segment, whose variables are called ``name.<path>``."""
        return self._record(Segment(seq=0), self.seg_fields, name, "seg")

    def sight(self) -> Sight:
        """What an observer sees, symbolic."""
        return self._record(Sight(), self.sight_fields, "sight", "sight")

    def _record(self, like: R, layout: list[Field], name: str, kind: str) -> R:
        known: R | None = self._known.get((name, kind))
        if known is None:
            values = (
                self.constants.get(f"{kind}.{f.path}", symbol)
                for f, symbol in zip(layout, symbols(self.tracer, layout, name), strict=True)
            )
            known = self._known[name, kind] = rebuild(like, values)
        return clone(known)

    def _step(self, what: Event) -> tuple[Static, list[Any]]:
        seg = self.segment("seg") if what in (Input.SEGMENT, Forgery.ANY) else None
        isn = self.tracer.var("isn", self.isn_sort)
        return self.outcome(self.endpoint("me"), what, seg, isn, self.sight(), self.elapsed)

    def outcome(
        self,
        end: Endpoint,
        what: Event,
        seg: Segment | None,
        isn: Any,
        sight: Sight,
        elapsed: Any,
    ) -> tuple[Static, list[Any]]:
        """What ``what`` makes of an endpoint, in place, as tracing has it."""
        effects = happen(
            end, what, seg, isn, self.rules, self.bounds, self.watchers, sight, elapsed=elapsed
        )
        if not effects.possible:
            return Static(False), []
        values = list(key(end))
        for sent in effects.sent:
            values.extend(key(sent))
        return (
            Static(True, effects.rules, effects.signals, effects.drew_isn, len(effects.sent)),
            values,
        )

    def values(self, end: Endpoint, seg: Segment | None, sight: Sight, isn: int) -> dict[str, Any]:
        """The variables' values for a concrete input."""
        named = {f"me.{f.path}": v for f, v in zip(self.end_fields, key(end), strict=True)}
        if seg is not None:
            named |= {f"seg.{f.path}": v for f, v in zip(self.seg_fields, key(seg), strict=True)}
        named |= {f"sight.{f.path}": v for f, v in zip(self.sight_fields, key(sight), strict=True)}
        named["isn"] = isn
        return named


def constants(
    rules: Rules,
    bounds: Bounds,
    watchers: Sequence[Watcher],
    inputs: Sequence[Event],
    free: Mapping[str, Sort] | None = None,
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The fields that never change: assume that none does, and drop what a step contradicts.

    Assume that every field of an endpoint keeps its first value and that segments differ only
    where those sent without one arriving do; trace; drop what some path contradicts; repeat.
    What is left is an inductive invariant of every reachable state and segment.
    """
    start = initial(watchers, bounds)
    guess = {f"me.{path}": v for path, v in zip(paths(start), key(start), strict=True)}
    sent: dict[str, set[Any]] = {}
    first = Traced(rules, bounds, watchers, guess, free, known)
    for what in inputs:
        if what != Input.SEGMENT:
            _collect(first, what, sent)
    for path, values in sent.items():
        (value, *others) = values
        if path.startswith("seg.") and not others and not isinstance(value, Node):
            guess[path] = value
    guess.pop("seg.ttl", None)  # the channel changes it, not the endpoints
    if "msl" not in (free or {}) and not bounds.msl:
        guess["seg.ttl"] = 0
    while True:
        traced = Traced(rules, bounds, watchers, guess, free, known)
        seen: dict[str, set[Any]] = {}
        for what in inputs:
            _collect(traced, what, seen)
        wrong = [path for path, value in guess.items() if seen.get(path, {value}) != {value}]
        if not wrong:
            return guess
        for path in wrong:
            del guess[path]


def _collect(traced: Traced, what: Event, seen: dict[str, set[Any]]) -> None:
    """Add to ``seen`` the values that each field takes on the paths of ``what``."""
    layout = [f"me.{f.path}" for f in traced.end_fields]
    message = [f"seg.{f.path}" for f in traced.seg_fields]
    for leaf in leaves(traced.tree(what)):
        if leaf.static.possible:
            names = layout + message * leaf.static.sent
            for name, node in zip(names, leaf.outputs, strict=True):
                seen.setdefault(name, set()).add(node.data if node.op == "const" else node)


def composition(
    system: System, callers: Mapping[Event, tuple[int, ...]], traced: Traced
) -> Composition:
    """Two hosts and a channel, just as ``system`` has them; ``callers`` are the hosts that an input
    can befall."""
    rules, bounds = system.rules, system.bounds
    tracer = traced.tracer
    me = traced.endpoint("me")

    def offers() -> Iterator[tuple[Node, tuple[int, ...]]]:
        for crashed in (False, True) if bounds.crashes else (False,):
            for n in range(bounds.incarnations + 1):
                like = Endpoint(crashes=int(crashed), ghosts=(Ghost(made=n),))
                guard = (me.ghost.made == n) & ((me.crashes != 0) == crashed)
                yield tracer.node(guard), tuple(system.isns(like))

    timed = bounds.timed
    tick = traced.narrow(traced.tree(Input.TICK)) if timed else None
    kept, first = traced.kept, traced.first()
    return Composition(
        components=[
            Component(
                name=name.lower(),
                fields=kept,
                initial=first,
                tick=tick,
                tick_blocked=tracer.node(overdue(me, rules, bounds)) if timed else None,
            )
            for name in TWO_HOSTS.names
        ],
        links=[(0, 1), (1, 0)],
        ports=[Port(0, 1, (0,)), Port(1, 0, (1,))],
        message_fields=traced.carried,
        kinds=[
            Kind(what.value, traced.narrow(traced.tree(what)), what == Input.SEGMENT, hosts)
            for what, hosts in callers.items()
        ],
        ttl="ttl" if ages(rules, bounds) else None,
        sight=traced.seen(bounds.capacity),
        draw=Draw("isn", "ghost.made", list(offers())),
        capacity=bounds.capacity,
        in_flight=bounds.in_flight,
        duplicate=bounds.duplicate,
        lose=bounds.lose,
    )


def predicate(claim: Callable[[World], bool], traced: Traced, wanted: bool = True) -> Tree:
    """The decision tree of ``claim`` being ``wanted``, over ``a.*`` and ``b.*`` of a state."""
    a, b = traced.endpoint("a"), traced.endpoint("b")
    return traced.tracer.trace(lambda: (None, [claim(unseen(World((a, b), ((), ())))) == wanted]))


def unseen(world: World) -> World:
    """The world with its segments in flight hidden: who looks at them gets a ``TypeError``."""
    return world._replace(links=(_UNSEEN,) * len(world.links))


class _Unseen:
    """A bag that nobody can look into."""

    def __iter__(self) -> Any:
        raise TypeError(
            "a predicate of a claim asks what is in flight; it is shown the hosts alone. Let a "
            "watcher record what it needs (spec/observe/)"
        )

    __len__ = __contains__ = __iter__


_UNSEEN: Any = _Unseen()
