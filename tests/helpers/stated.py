"""Statements held against the specification: one input, read by both.

A statement's relation is evaluated by ``proofs.recheck.terms``, which knows nothing of how it was
written; the specification is run as it is, on plain values.
"""

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any

import z3

from checker.studies.prove.theories import END, LIFE
from proofs.recheck.statement import Action, Statement, Way
from proofs.recheck.terms import Sort, Term, evaluate, question
from proofs.theorems.invariants import Memory, View
from proofs.theorems.small import Pair, Sides, Turn
from proofs.theorems.table import Theorem
from spec.observe.sights import Sight
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.world.bounds import Bounds
from spec.world.enabled import CALLS, Event
from spec.world.endpoint import Endpoint, initial
from spec.world.forgery import Forgery
from spec.world.happen import happen
from spec.world.records import key, paths, rebuild

INJECTED = (Input.SEGMENT, Forgery.ANY)
EVENTS: dict[str, Event] = {what.value: what for what in (*CALLS, *INJECTED, Input.TICK)}
Values = dict[str, Any]
"""Of the variables of an action; of an enum, the number of the member."""
Functions = dict[str, Callable[[int], Any]]
"""What is remembered of TCBs, by number."""


class Spec:
    """The specification, as a theorem has it."""

    def __init__(self, theorem: Theorem, made: Statement) -> None:
        self.theorem, self.made = theorem, made
        self.rules = dataclasses.replace(Rules(), **theorem.rules)
        self.bounds = dataclasses.replace(Bounds(), **theorem.bounds)
        self.blank = initial(theorem.watchers, self.bounds)
        self.names = [*paths(self.blank)]

    def chosen(self, values: Values) -> tuple[Rules, Bounds]:
        """The switches and bounds, with what a theorem leaves free as given."""
        rules, bounds = self.rules, self.bounds
        chosen = {n: v for n, v in values.items() if n in self.made.parameters}
        if "time_wait" in chosen:
            cut = 2 * chosen["msl"] - chosen.pop("time_wait")
            rules = dataclasses.replace(rules, time_wait_cut=cut)
        switches = {n: v for n, v in chosen.items() if hasattr(rules, n)}
        limits = {n: v for n, v in chosen.items() if hasattr(bounds, n) and n not in switches}
        return dataclasses.replace(rules, **switches), dataclasses.replace(bounds, **limits)

    def end(self, prefix: str, values: Values) -> Endpoint:
        """An end, whose fields have the values of the variables that begin so."""
        return rebuild(
            self.blank, iter(self._row(prefix, "me.", self.names, key(self.blank), values))
        )

    def segment(self, prefix: str, values: Values) -> Segment:
        """A segment, likewise."""
        first = Segment(seq=0)
        return rebuild(first, iter(self._row(prefix, "seg.", [*paths(first)], key(first), values)))

    def run(self, action: str, values: Values) -> tuple[bool, list[str], Values, list[Values]]:
        """Is it possible, which rules it cites, what the end becomes, and what is sent."""
        rules, bounds = self.chosen(values)
        end, what = self.end("me.", values), EVENTS[action]
        seg = self.segment("seg.", values) if what in INJECTED else None
        sight = Sight()
        row = self._row("sight.", "", [*paths(sight)], key(sight), values)
        sight = rebuild(sight, iter(row))
        effects = happen(
            end,
            what,
            seg,
            values.get("isn", 0),
            rules,
            bounds,
            self.theorem.watchers,
            sight,
            elapsed=values.get("elapsed", 1),
        )
        if not effects.possible:
            return False, [], {}, []
        after = dict(zip(self.names, map(_plain, key(end)), strict=True))
        sent = [dict(zip(paths(s), map(_plain, key(s)), strict=True)) for s in effects.sent]
        return True, [rule.id for rule in effects.rules], after, sent

    def view(self, values: Values, functions: Functions) -> View:
        """A state as clauses see it."""
        rules, bounds = self.chosen(values)

        def memories(whose: str) -> Callable[[int], Memory]:
            def of(n: int) -> Memory:
                names = [f.name for f in dataclasses.fields(Memory)]
                return Memory(**{name: functions[f"{whose}.{name}"](n) for name in names})

            return of

        return View(
            self.end("me.", values),
            self.end("peer.", values),
            memories("mine"),
            memories("its"),
            functions["mine.iss"],
            functions["its.iss"],
            rules,
            bounds,
            Space(bounds.width),
        )

    def _row(
        self, prefix: str, kind: str, names: list[str], first: Any, values: Values
    ) -> list[Any]:
        """The values of a record: as given, constant, or as at first."""
        found = []
        for name, value in zip(names, first, strict=True):
            constant = self.made.constants.get(f"{kind}{name}")
            given = values.get(f"{prefix}{name}", None if constant is None else constant.data)
            if given is not None:
                value = [*type(value)][given] if isinstance(value, Enum) else given
            found.append(value)
        return found


def _plain(value: Any) -> Any:
    return [*type(value)].index(value) if isinstance(value, Enum) else value


class Ends:
    """A system of two ends, as a theorem has it."""

    def __init__(self, theorem: Theorem, made: Statement) -> None:
        assert isinstance(theorem.system, Pair)
        self.theorem, self.system, self.made = theorem, theorem.system, made
        self.rules = dataclasses.replace(Rules(), **theorem.rules)
        self.bounds = dataclasses.replace(Bounds(), **theorem.bounds)

    def record(self, kind: type, prefix: str, values: Values) -> Any:
        """A record, whose fields have the values of the variables that begin so."""
        blank = kind()
        found = []
        for name, first in zip(paths(blank), key(blank), strict=True):
            value = values.get(f"{prefix}{name}", _plain(first))
            found.append([*type(first)][value] if isinstance(first, Enum) else value)
        return rebuild(blank, iter(found))

    def chosen(self, values: Values) -> Rules:
        """The switches, with those that are open as given."""
        named = {f.name for f in dataclasses.fields(self.rules)}
        return dataclasses.replace(self.rules, **{n: v for n, v in values.items() if n in named})

    def run(
        self, action: str, values: Values, functions: Functions
    ) -> tuple[bool, list[str], Values, list[Values]]:
        """What the specification makes of an action."""
        system = self.system
        me, open_ = self.record(system.end, "me.", values), self.record(system.open, "", values)
        seen = self.record(system.seen, "sight.", values)
        rules = self.chosen(values)
        tcp = Tcp(rules, self.bounds, 0)
        s = Turn(me, open_, seen, rules, self.bounds, tcp, functions["mine.end"])
        message = None
        if action in system.deliveries:
            message = self.record(system.message, "seg.", values)
        sent = {**system.moves, **system.deliveries}[action](s, message)
        if sent is None:
            return False, [], {}, []
        rows = [dict(zip(paths(r), map(_plain, key(r)), strict=True)) for r in (me, *sent)]
        return True, [rule.id for rule in s.tcp.cited], rows[0], rows[1:]

    def sides(self, values: Values, functions: Functions) -> Sides:
        """A state as clauses see it."""
        me, peer = (self.record(self.system.end, row, values) for row in ("me.", "peer."))

        def lives(whose: str) -> Callable[[int], Any]:
            names = [f"{whose}.{LIFE}.{path}" for path in paths(self.system.memory())]
            return lambda n: rebuild(self.system.memory(), (functions[f](n) for f in names))

        ends = functions[f"mine.{END}"], functions[f"its.{END}"]
        open_ = self.record(self.system.open, "", values)
        return Sides(me, peer, lives("mine"), lives("its"), *ends, open_, self.chosen(values))


def way_of(action: Action, values: Mapping[str, Any], functions: Functions | None = None) -> Way:
    """The path that values lead to."""
    known: dict[Term, Any] = {}
    (way,) = (
        way
        for way in action.paths
        if all(evaluate(test, values, functions, known) for test in way.tests)
    )
    return way


def same(
    spec: Spec | Ends, action: Action, values: Values, functions: Functions | None = None
) -> Way:
    """Hold both readings of an action against each other; the path that was taken."""
    way = way_of(action, values, functions)
    if isinstance(spec, Ends):
        possible, rules, after, sent = spec.run(action.name, values, functions or {})
    else:
        possible, rules, after, sent = spec.run(action.name, values)
    assert possible == (way.leaf is not None), (action.name, way.number, values)
    if way.leaf is not None:
        at = f"{action.name}, path {way.number}: {values}"
        assert [*way.leaf.rules] == rules, at
        _equal(way.leaf.after, after, values, at, functions)
        assert len(way.leaf.sent) == len(sent), at
        for row, segment in zip(way.leaf.sent, sent, strict=True):
            _equal(row, segment, values, at, functions)
        for name, value in spec.made.constants.items():
            kind, _, field = name.partition(".")
            for record in [after] if kind == "me" else sent:
                assert record[field] == value.data, f"{name} is not constant: {at}"
    return way


def _equal(
    row: Mapping[str, Term], record: Values, values: Values, at: str, functions: Functions | None
) -> None:
    for name, term in row.items():
        assert evaluate(term, values, functions) == record[name], f"{name}: {at}"


def functions(chance: random.Random, made: Statement, near: int) -> Functions:
    """Random memories, the same when asked again."""
    known: dict[tuple[str, int], Any] = {}

    def of(name: str, sort: Sort) -> Callable[[int], Any]:
        def look(n: int) -> Any:
            if (name, n) not in known:
                known[name, n] = drawn(chance, sort, near)
            return known[name, n]

        return look

    return {
        f"{whose}.{memory.name}": of(f"{whose}.{memory.name}", memory.sort)
        for memory in made.memories
        for whose in ("mine", "its")
    }


def sorts(made: Statement, action: Action) -> dict[str, Sort]:
    """The variables of an action."""
    found = dict(made.parameters) | {f"me.{f}": sort for f, sort in made.end.items()}
    if action.delivers or action.injects:
        found |= {f"seg.{f}": sort for f, sort in made.message.items()}
    return found | made.seen


def drawn(chance: random.Random, sort: Sort, near: int) -> Any:
    """A value of a sort, often one at a boundary, or near another."""
    if sort.kind == "bool":
        return chance.random() < 0.5
    if sort.kind == "enum":
        return chance.randrange(len(sort.members))
    if sort.endless:
        return chance.choice((sort.lo, 1, 2, 3, 5))
    if sort.hi < 256:
        return chance.randint(sort.lo, sort.hi)
    choice = chance.random()
    if choice < 0.6:
        return (near + chance.choice((-1, 0, 0, 1, 1, 2, 3, 1 << 30, 1 << 31))) % (sort.hi + 1)
    if choice < 0.9:
        return chance.choice((0, 1, 2, sort.hi, sort.hi - 1, sort.hi // 2, sort.hi // 2 + 1))
    return chance.randint(sort.lo, sort.hi)


def point(
    made: Statement, action: Action, way: Way, functions: Sequence[str] = ()
) -> Values | None:
    """An input that takes a path, if there is one, with the ``functions`` of numbers by name."""
    solver = z3.Solver()
    solver.set("rlimit", 2_000_000)
    solver.from_string(question(way.tests))
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    declared = {one.name(): one for one in model.decls()}
    # Z3 may add functions of its own
    known = {name: model[one] for name, one in declared.items() if one.arity() == 0}
    found: Values = {}
    for name, sort in sorts(made, action).items():
        value = known.get(name)
        if value is None:
            found[name] = False if sort.kind == "bool" else sort.lo
        elif sort.kind == "bool":
            found[name] = z3.is_true(value)
        elif sort.kind == "real":
            found[name] = value.as_fraction()
        else:
            found[name] = value.as_long()
    for name in functions:
        found[name] = partial(_applied, model, declared.get(name))
    return found


def _applied(model: Any, function: Any, n: int) -> int:
    """What a solver's state says of a function at a number."""
    if function is None:
        return 0
    value: int = model.eval(function(n), model_completion=True).as_long()
    return value
