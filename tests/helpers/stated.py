"""Statements held against the specification: one input, read by both.

A statement's relation is evaluated by ``proofs.recheck.terms``, which knows nothing of how it was
written; the specification is run as it is, on plain values.
"""

import dataclasses
import random
from collections.abc import Mapping
from enum import Enum
from typing import Any

from proofs.recheck.statement import Action, Statement, Way
from proofs.recheck.terms import Sort, Term, evaluate
from proofs.theorems.table import Theorem
from spec.observe.sights import Sight
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.world.bounds import Bounds
from spec.world.enabled import CALLS, Event
from spec.world.endpoint import initial
from spec.world.happen import happen
from spec.world.records import key, paths, rebuild

EVENTS: dict[str, Event] = {what.value: what for what in (*CALLS, Input.SEGMENT, Input.TICK)}
Values = dict[str, Any]
"""Of the variables of an action; of an enum, the number of the member."""


class Spec:
    """The specification, as a theorem has it."""

    def __init__(self, theorem: Theorem, made: Statement) -> None:
        self.theorem, self.made = theorem, made
        self.rules = dataclasses.replace(Rules(), **theorem.rules)
        self.bounds = dataclasses.replace(Bounds(), **theorem.bounds)
        self.blank = initial(theorem.watchers, self.bounds)
        self.names = [*paths(self.blank)]

    def run(self, action: str, values: Values) -> tuple[bool, list[str], Values, list[Values]]:
        """Is it possible, which rules it cites, what the end becomes, and what is sent."""
        rules, bounds = self.rules, self.bounds
        chosen = {n: v for n, v in values.items() if n in self.made.parameters}
        elapsed = chosen.pop("elapsed", 1)
        if "time_wait" in chosen:
            cut = 2 * chosen["msl"] - chosen.pop("time_wait")
            rules = dataclasses.replace(rules, time_wait_cut=cut)
        switches = {n: v for n, v in chosen.items() if hasattr(rules, n)}
        rules = dataclasses.replace(rules, **switches)
        limits = {n: v for n, v in chosen.items() if hasattr(bounds, n) and n not in switches}
        bounds = dataclasses.replace(bounds, **limits)
        end = rebuild(self.blank, iter(self._row("me.", self.names, key(self.blank), values)))
        what = EVENTS[action]
        seg, first = None, Segment(seq=0)
        if what == Input.SEGMENT:
            seg = rebuild(first, iter(self._row("seg.", [*paths(first)], key(first), values)))
        sight = Sight()
        sight = rebuild(sight, iter(self._row("sight.", [*paths(sight)], key(sight), values)))
        isn = values.get("isn", 0)
        effects = happen(
            end, what, seg, isn, rules, bounds, self.theorem.watchers, sight, elapsed=elapsed
        )
        if not effects.possible:
            return False, [], {}, []
        after = dict(zip(self.names, map(_plain, key(end)), strict=True))
        sent = [dict(zip(paths(s), map(_plain, key(s)), strict=True)) for s in effects.sent]
        return True, [rule.id for rule in effects.rules], after, sent

    def _row(self, prefix: str, names: list[str], first: Any, values: Values) -> list[Any]:
        """The values of a record: as given, constant, or as at first."""
        found = []
        for name, value in zip(names, first, strict=True):
            full = f"{prefix}{name}"
            if full in values:
                given = values[full]
                value = [*type(value)][given] if isinstance(value, Enum) else given
            elif full in self.made.constants:
                given = self.made.constants[full].data
                value = [*type(value)][given] if isinstance(value, Enum) else given
            found.append(value)
        return found


def _plain(value: Any) -> Any:
    return [*type(value)].index(value) if isinstance(value, Enum) else value


def way_of(action: Action, values: Mapping[str, Any]) -> Way:
    """The path that values lead to."""
    known: dict[Term, Any] = {}
    (way,) = (
        way
        for way in action.paths
        if all(evaluate(test, values, known=known) for test in way.tests)
    )
    return way


def same(spec: Spec, action: Action, values: Values) -> Way:
    """Hold both readings of an action against each other; the path that was taken."""
    way = way_of(action, values)
    possible, rules, after, sent = spec.run(action.name, values)
    assert possible == (way.leaf is not None), (action.name, way.number, values)
    if way.leaf is not None:
        at = f"{action.name}, path {way.number}: {values}"
        assert [*way.leaf.rules] == rules, at
        _equal(way.leaf.after, after, values, at)
        assert len(way.leaf.sent) == len(sent), at
        for row, segment in zip(way.leaf.sent, sent, strict=True):
            _equal(row, segment, values, at)
        for name, value in spec.made.constants.items():
            kind, _, field = name.partition(".")
            for record in [after] if kind == "me" else sent:
                assert record[field] == value.data, f"{name} is not constant: {at}"
    return way


def _equal(row: Mapping[str, Term], record: Values, values: Values, at: str) -> None:
    for name, term in row.items():
        assert evaluate(term, values) == record[name], f"{name}: {at}"


def sorts(made: Statement, action: Action) -> dict[str, Sort]:
    """The variables of an action."""
    found = dict(made.parameters) | {f"me.{f}": sort for f, sort in made.end.items()}
    if action.delivers:
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
