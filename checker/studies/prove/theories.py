"""From theorems of ``proofs.theorems.table`` to what the prover is given: all of it traced.

Bounds that a theorem leaves free become variables: the window, and with time MSL, R (``span``),
TIME-WAIT's length and how long a tick is, which are reals. Numbers of TCBs are natural numbers.
ISNs are a function of the TCB's number that no step changes: what a host will select is a matter of
the assumptions alone.

A clause may be about a switch that none of the theorems proved together has on. It is true by
itself then, has nothing to prove, and is left out. A claim never is.
"""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from checker.engines.solver import induction, response
from checker.engines.solver.induction import ENDS, MESSAGE, NUMBER, Clause, Constancy, Theory
from checker.engines.solver.response import Lively
from checker.ir.composition import Kind
from checker.ir.nodes import BOOL, NAT, POSITIVE, REAL, Node, Sort
from checker.ir.schema import Field, fields
from checker.ir.tracing import Branch, Leaf, Tracer, Tree
from checker.model.model import Model
from checker.model.traced import Static, Traced
from proofs.theorems import response as theorems_response
from proofs.theorems.invariants import Function, Memory, View, remember
from proofs.theorems.small import Act, Move, Pair, Scene, Sides, Small, Turn
from proofs.theorems.table import Theorem
from spec.rules import Rules
from spec.seq import choose
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.world.bounds import Bounds
from spec.world.enabled import CALLS, Event
from spec.world.forgery import Forgery
from spec.world.records import key, paths, rebuild

FREE = {
    "window": None,
    "write": None,
    "secret": None,
    "msl": POSITIVE,
    "span": REAL,
    "time_wait": REAL,
    "backlog": NAT,
    "crashes": NAT,
    "recent_life": NAT,
}
"""What may be left free; None: of the domain that its annotation names."""

END, LIFE = "end", "life"
"""The function that tells how far a life of an end goes, and how the names of others begin, which
tell what is remembered of it."""


def theory(theorems: Sequence[Theorem]) -> Theory:
    """The theory of a theorem, the first, and of others that are built upon it."""
    base, *others = theorems
    _check(base, others)
    if isinstance(base.system, Pair):
        return _pair(theorems, base.system)
    if base.system is not None:
        return _small(base, base.system)
    rules = dataclasses.replace(Rules(), **base.rules)
    bounds = dataclasses.replace(Bounds(), **base.bounds)
    timed = "msl" in base.free
    seq = (0, (1 << bounds.width) - 1)
    octets = (0, (1 << max(bounds.octets, 1).bit_length()) - 1)  # all that so many bits hold
    domains: dict[str, Any] = {
        "seq": seq,
        "octets": octets,
        "ticks": REAL if timed else (0, 1),
        "id": NAT,
        "stamp": NAT,
        "sack": (0, 1),  # only data planes send it
        "crashes": NAT,
        "count": NAT,
    }
    free = {name: FREE[name] or Sort("int", *seq) for name in base.free}
    free |= {name: BOOL for theorem in others for name in theorem.switches(base)}
    model = Model(rules, bounds, base.watchers, free, domains)
    inputs = [what for what in (*CALLS, Forgery.ANY, Input.SEGMENT) if what in model.inputs]
    known, traced = model.constants, model.reduced
    tracer = traced.tracer
    me = traced.endpoint("me")
    looking = _Looking(traced)
    next_iss = looking.function("mine.iss", traced.isn_sort)(me.ghost.made + 1)
    pairs = dict.fromkeys(f for theorem in theorems for f in theorem.pairs)
    clauses = dict.fromkeys(f for theorem in theorems for f in theorem.all)
    claims = dict.fromkeys(f.__name__ for theorem in theorems for f in theorem.claimed)
    optional = {_given(f): BOOL for f in pairs if f not in base.pairs}
    stated = [looking.clause(f, _when(f, base, others)) for f in clauses]
    made = Theory(
        name=base.id,
        fields=traced.kept,
        message_fields=traced.carried,
        initial=traced.first(),
        constants=known,
        kinds=[
            Kind(
                what.value,
                traced.narrow(traced.tree(what)),
                delivers=what == Input.SEGMENT,
                injects=what == Forgery.ANY,
            )
            for what in inputs
        ],
        tick=traced.narrow(traced.tree(Input.TICK)) if timed else None,
        ttl="ttl" if timed and rules.lifetime_bounded else None,
        elapsed="elapsed" if timed else None,
        sight=traced.seen(1),
        drawn={"isn": tracer.node(next_iss)},
        memories=looking.memories(),
        told="iss",
        number=NAT,
        parameters=free | optional | ({"elapsed": POSITIVE} if timed else {}),
        facts=[looking.clause(f) for f in base.facts],
        pairs=[looking.clause(f, [(_given(f),)] if _given(f) in optional else []) for f in pairs],
        clauses=[one for one in stated if one.name in claims or not _true_by_itself(one.tree)],
        claims=tuple(claims),
        constancy=_constancy(model.traced, known, [*inputs, *([Input.TICK] if timed else [])]),
    )
    return _lively(made, theorems, looking) if base.ends else made


def _lively(made: Theory, theorems: Sequence[Theorem], looking: "_Looking") -> Lively:
    """... of which something is claimed that happens in the end."""
    base = theorems[0]
    if made.tick is not None or any(options(theorem, base) for theorem in theorems):
        raise ValueError(f"{base.id}: what happens in the end is claimed without time and options")
    assert base.left is not None
    responses, silences = [], []
    for one in dict.fromkeys(one for theorem in theorems for one in theorem.ends):
        if isinstance(one, theorems_response.Silence):
            silences.append(response.Silence(looking.clause(one.weight)))
            continue
        stages = tuple(
            response.Stage(
                looking.clause(stage.holds),
                stage.by,
                stage.what.value,
                tuple(map(looking.clause, stage.heard)),
            )
            for stage in one.stages
        )
        responses.append(response.Response(looking.clause(one.leads), stages))
    parts = {f.name: getattr(made, f.name) for f in dataclasses.fields(made)}
    return Lively(
        **parts,
        left=looking.clause(base.left),
        responses=tuple(responses),
        silences=tuple(silences),
    )


def _constancy(traced: Traced, values: dict[str, Any], inputs: Sequence[Event]) -> Constancy:
    """What there is to show of the fields that are left out, by trees in which they are not."""
    start = traced.blank()
    rows = {"me": traced.end_fields, "seg": traced.seg_fields, "sight": traced.sight_fields}
    sorts = {f"{name}.{f.path}": f.sort for name, row in rows.items() for f in row}
    return Constancy(
        first={f"me.{p}": value for p, value in zip(paths(start), key(start), strict=True)},
        variables=sorts | {"isn": traced.isn_sort},
        trees={what.value: traced.constancy(what, values) for what in inputs},
    )


def _check(base: Theorem, others: Sequence[Theorem]) -> None:
    """Refuse theorems that cannot be proved together."""
    if base.upon:
        raise ValueError(f"{base.id} is built upon {base.upon}, which is not given first")
    for theorem in others:
        same = (theorem.bounds, theorem.free) == (base.bounds, base.free)
        rules = {name: theorem.rules.get(name) for name in base.rules} == base.rules
        on = all(theorem.rules[name] is True for name in theorem.switches(base))
        facts = {*theorem.facts} == {*base.facts}
        pairs = {*base.pairs} <= {*theorem.pairs}
        if theorem.upon != base.id or not (same and rules and on and facts and pairs):
            raise ValueError(
                f"{theorem.id} cannot be built upon {base.id}: it is of another system, or "
                "assumes other facts, or has another option than a switch that is on or a pair"
            )


def _given(pair: Function) -> str:
    """The parameter that tells whether a pair is assumed."""
    return f"given.{pair.__name__}"


def options(theorem: Theorem, base: Theorem) -> tuple[str, ...]:
    """The parameters that are true where the theorem is claimed, beside its base."""
    return (*theorem.switches(base), *map(_given, theorem.further(base)))


def _when(
    clause: Function, base: Theorem, others: Sequence[Theorem]
) -> tuple[tuple[str, ...], ...]:
    """The options under which a clause is claimed, in each theorem that has it; none: always."""
    ways = tuple(options(theorem, base) for theorem in others if clause in theorem.all)
    return () if clause in base.all or () in ways else ways


def _true_by_itself(tree: Tree) -> bool:
    """Is a clause true of every state, whatever its fields are?"""
    if not isinstance(tree, Leaf):
        return False
    (node,) = tree.outputs
    return node.op == "const" and bool(node.data)


def _clause(
    function: Function, about: str, tree: Tree, when: Sequence[tuple[str, ...]] = ()
) -> Clause:
    """A clause that was traced, with its source line and its words."""
    where = f"{function.__module__.replace('.', '/')}.py:{function.__code__.co_firstlineno}"
    doc = inspect.getdoc(function) or ""
    return Clause(function.__name__, about, tree, where, doc, tuple(when))


def _small(theorem: Theorem, system: Small) -> Theory:
    """The theory of a system of its own: one end acts, and what it is given comes as a message."""
    tracer = Tracer()
    bounds = dataclasses.replace(Bounds(), **theorem.bounds)
    seq = (0, (1 << bounds.width) - 1)
    domains: dict[str, Any] = {"seq": seq, "count": NAT, "ticks": NAT, "stamp": NAT}
    domains["time"] = REAL
    free = {name: FREE[name] or Sort("int", *seq) for name in theorem.free}
    rules = dataclasses.replace(Rules(), **theorem.rules)
    bounds = dataclasses.replace(bounds, **{n: tracer.var(n, sort) for n, sort in free.items()})

    def layout(kind: type | None) -> list[Field]:
        return [] if kind is None else fields(kind(), domains)

    def record(kind: type | None, name: str) -> Any:
        variables = (tracer.var(f"{name}{f.path}", f.sort) for f in layout(kind))
        return None if kind is None else rebuild(kind(), variables)

    def scene() -> Scene:
        me, open_ = record(system.state, "me."), record(system.open, "")
        return Scene(me, open_, Tcp(rules, bounds, 0))

    def step(act: Act) -> tuple[Static, list[Any]]:
        s = scene()
        if not act(s, record(system.given, "seg.")):
            return Static(False), []
        return Static(True, tuple(s.tcp.cited)), list(key(s.me))

    def clause(function: Function) -> Clause:
        return _clause(function, ENDS, tracer.trace(lambda: (None, [function(scene())])))

    start = system.state()
    return Theory(
        name=theorem.id,
        fields=layout(system.state),
        message_fields=layout(system.given),
        initial=dict(zip(paths(start), key(start), strict=True)),
        constants={},
        kinds=[
            Kind(name, tracer.trace(partial(step, act)), delivers=system.given is not None)
            for name, act in system.actions.items()
        ],
        tick=None,
        ttl=None,
        elapsed=None,
        sight={},
        drawn={},
        memories=[],
        told="",
        number=NAT,
        parameters=free | {f.path: f.sort for f in layout(system.open)},
        facts=[clause(f) for f in theorem.facts],
        pairs=[],
        clauses=[clause(f) for f in theorem.all],
        claims=tuple(f.__name__ for f in theorem.claims),
    )


def _pair(theorems: Sequence[Theorem], system: Pair) -> Theory:
    """The theory of a system of two ends: numbers are whole numbers, and wrapped where the
    specification wraps them."""
    theorem, *others = theorems
    tracer = Tracer()
    clauses = dict.fromkeys(f for one in theorems for f in one.all)
    pairs = dict.fromkeys(f for one in theorems for f in one.pairs)
    optional = {_given(f): BOOL for f in pairs if f not in theorem.pairs}
    bounds = dataclasses.replace(Bounds(), **theorem.bounds)
    options = dict.fromkeys(name for one in others for name in one.switches(theorem))
    switches = {name: tracer.var(name, BOOL) for name in (*theorem.free, *options)}
    rules = dataclasses.replace(Rules(), **theorem.rules, **switches)
    domains: dict[str, Any] = {"seq": NAT, "count": NAT, "ticks": REAL}

    def layout(kind: type) -> list[Field]:
        return fields(kind(), domains)

    def record(kind: type, prefix: str) -> Any:
        return rebuild(kind(), (tracer.var(f"{prefix}{f.path}", f.sort) for f in layout(kind)))

    lives = layout(system.memory)

    def look_up(name: str, n: Any, sort: Sort) -> Any:
        return tracer.value(tracer.build.apply(name, tracer.node(n), NAT, sort))

    def known(whose: str) -> Callable[[int], Any]:
        """What is remembered of a life, by its number."""
        names = [(f"{whose}.{LIFE}.{f.path}", f.sort) for f in lives]
        return lambda n: rebuild(system.memory(), (look_up(name, n, s) for name, s in names))

    def end(whose: str) -> Callable[[int], int]:
        return lambda n: look_up(f"{whose}.{END}", n, NAT)

    def memory(f: Field) -> induction.Memory:
        """Of the last life it is remembered what the end is."""
        n, now = tracer.var("n", NAT), tracer.var(f"me.{f.path}", f.sort)
        last = tracer.var(f"me.{system.life}", NAT) == n
        value = choose(last, now, look_up(f"mine.{LIFE}.{f.path}", n, f.sort))
        return induction.Memory(f"{LIFE}.{f.path}", f.sort, tracer.node(value), start[f.path])

    def step(move: Move, delivers: bool) -> tuple[Static, list[Any]]:
        me, open_, seen = (
            record(kind, prefix)
            for kind, prefix in ((system.end, "me."), (system.open, ""), (system.seen, "sight."))
        )
        tcp = Tcp(rules, bounds, 0)
        s = Turn(me, open_, seen, rules, bounds, tcp, end("mine"))
        sent = move(s, record(system.message, "seg.") if delivers else None)
        if sent is None:
            return Static(False), []
        outputs = [*key(me), *(value for message in sent for value in key(message))]
        return Static(True, tuple(s.tcp.cited), sent=len(sent)), outputs

    def clause(function: Function, when: Sequence[tuple[str, ...]] = ()) -> Clause:
        names = list(inspect.signature(function).parameters)[1:]

        def decided() -> tuple[None, list[Any]]:
            ends = record(system.end, "me."), record(system.end, "peer.")
            w = Sides(*ends, known("mine"), known("its"), end("mine"), end("its"))
            w = dataclasses.replace(w, open=record(system.open, ""), rules=rules)
            about = [
                record(system.message, "seg.") if name == "seg" else tracer.var(name, NAT)
                for name in names
            ]
            return None, [function(w, *about)]

        about = MESSAGE if "seg" in names else NUMBER if "n" in names else ENDS
        return _clause(function, about, tracer.trace(decided), when)

    def fact(function: Function) -> Clause:
        s = Scene(None, record(system.open, ""), Tcp(rules, bounds, 0))
        return _clause(function, ENDS, tracer.trace(lambda: (None, [function(s)])))

    def later(pass_by: Callable[[Any, Any], None]) -> Tree:
        def passed() -> tuple[Static, list[Any]]:
            me = record(system.end, "me.")
            pass_by(me, tracer.var("elapsed", POSITIVE))
            return Static(True), [*key(me)]

        return tracer.trace(passed)

    timed = system.tick is not None
    moves = [*((m, False) for m in system.moves.items())]
    moves += [*((m, True) for m in system.deliveries.items())]
    seen = system.look(record(system.end, "peer."))
    sight = zip(layout(system.seen), key(seen), strict=True)
    blank = system.end()
    start = dict(zip(paths(blank), key(blank), strict=True))
    return Theory(
        name=theorem.id,
        fields=layout(system.end),
        message_fields=layout(system.message),
        initial=start,
        constants={},
        kinds=[
            Kind(name, tracer.trace(partial(step, move, delivers)), delivers)
            for (name, move), delivers in moves
        ],
        tick=None if system.tick is None else later(system.tick),
        ttl="ttl" if timed else None,
        elapsed="elapsed" if timed else None,
        sight={f"sight.{f.path}": tracer.node(value) for f, value in sight},
        drawn={},
        memories=[induction.Memory(END, NAT, None), *map(memory, lives)],
        told=END,
        number=NAT,
        parameters=dict.fromkeys(switches, BOOL)
        | optional
        | {f.path: f.sort for f in layout(system.open)}
        | ({"elapsed": POSITIVE} if timed else {}),
        facts=[fact(f) for f in theorem.facts],
        pairs=[clause(f, [(_given(f),)] if _given(f) in optional else []) for f in pairs],
        clauses=[clause(f, _when(f, theorem, others)) for f in clauses],
        claims=tuple(f.__name__ for one in theorems for f in one.claims),
        at_once=True,
    )


class _Looking:
    """Traces clauses: functions of a view of which every part is symbolic."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.fields = fields(Memory(), traced.domains)
        self.view = View(
            traced.endpoint("me"),
            traced.endpoint("peer"),
            lambda n: self.memory("mine", n),
            lambda n: self.memory("its", n),
            self.function("mine.iss", traced.isn_sort),
            self.function("its.iss", traced.isn_sort),
            traced.rules,
            traced.bounds,
            traced.seq,
        )

    def function(self, name: str, sort: Sort) -> Callable[[Any], Any]:
        """The function ``name``, to be applied to a symbolic number."""
        tracer = self.traced.tracer
        return lambda n: tracer.value(tracer.build.apply(name, tracer.node(n), NAT, sort))

    def memory(self, whose: str, n: Any) -> Memory:
        """What is remembered of TCB ``n``."""
        return Memory(*[self.function(f"{whose}.{f.path}", f.sort)(n) for f in self.fields])

    def memories(self) -> list[induction.Memory]:
        """What is remembered, and how a step changes it."""
        tracer = self.traced.tracer
        n = tracer.var("n", NAT)
        found = [induction.Memory("iss", self.traced.isn_sort, None)]

        def updated() -> tuple[None, list[Any]]:
            before, after = self.memory("mine", n), self.memory("mine", n)
            end = self.traced.endpoint("me")
            if end.ghost.id == n:
                remember(after, end, self.traced.seq)
                return None, list(key(after))
            return None, list(key(before))

        tree = tracer.trace(updated)
        for i, f in enumerate(self.fields):
            node = _folded(tree, self.traced, i)
            found.append(induction.Memory(f.path, f.sort, node, key(Memory())[i]))
        return found

    def clause(self, function: Callable[..., Any], when: Sequence[tuple[str, ...]] = ()) -> Clause:
        """One clause, traced; it is claimed if all parameters of an entry of ``when`` are true."""
        tracer = self.traced.tracer
        names = list(inspect.signature(function).parameters)[1:]
        numbers = {name: tracer.var(name, NAT) for name in names if name != "seg"}

        def decided() -> tuple[None, list[Any]]:
            arguments = [
                self.traced.segment("seg") if name == "seg" else numbers[name] for name in names
            ]
            return None, [function(self.view, *arguments)]

        about = MESSAGE if "seg" in names else NUMBER if "n" in names else ENDS
        return _clause(function, about, tracer.trace(decided), when)


def _folded(tree: Tree, traced: Traced, output: int) -> Node:
    """One output of a tree as an expression."""
    if isinstance(tree, Leaf):
        return tree.outputs[output]
    assert isinstance(tree, Branch)
    return traced.tracer.build.ite(
        tree.test, _folded(tree.then, traced, output), _folded(tree.other, traced, output)
    )
