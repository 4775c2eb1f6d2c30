"""Statements say of the specification what they seem to say.

A statement is read by a program that knows nothing of the specification, and evaluated as it
stands: for random inputs, and for one on each path that any input takes, it and the specification
itself must agree on what is possible, which rules are cited, what an end becomes and what it sends.
"""

import inspect
import random
from functools import cache
from typing import Any

import pytest

from checker.studies.prove import statements
from checker.studies.prove.theories import theory
from proofs.recheck import statement
from proofs.recheck.statement import Action, Statement
from proofs.recheck.terms import evaluate
from proofs.theorems.invariants import remember
from proofs.theorems.table import BY_ID, THEOREMS, together
from spec.observe.sights import look
from spec.world.records import key, paths
from tests.helpers import stated

HOSTS = [some for some in together(THEOREMS) if some[0].system is None]
SOME = 150
"""Random inputs of each action; a million with --slow."""


@cache
def read(id: str) -> Statement:
    return statement.read(statements.PLACE / f"{id}.txt")


@cache
def spec_of(id: str) -> stated.Spec:
    return stated.Spec(BY_ID[id], read(id))


def actions(made: Statement) -> list[Action]:
    return [*made.actions, *([made.tick] if made.tick is not None else [])]


def values(chance: random.Random, made: Statement, action: Action) -> stated.Values:
    near = chance.choice((0, 1, 1 << 31, (1 << 32) - 1, chance.randrange(1 << 32)))
    found = {
        name: stated.drawn(chance, sort, near) for name, sort in stated.sorts(made, action).items()
    }
    if "time_wait" in found:
        found["time_wait"] = chance.choice((0, found["msl"], 2 * found["msl"], 7))
    return found


def random_inputs(id: str, count: int, seed: int) -> set[tuple[str, int]]:
    """Hold the readings against each other; the paths that were taken."""
    chance, made, spec = random.Random(seed), read(id), spec_of(id)
    taken = set()
    for action in actions(made):
        for _ in range(count):
            way = stated.same(spec, action, values(chance, made, action))
            taken.add((action.name, way.number))
    return taken


@pytest.mark.parametrize("id", ["T1", "T4", "T10"])
def test_random_inputs(id: str) -> None:
    taken = random_inputs(id, SOME, 1)
    assert len(taken) > 60, "too few paths to tell"


@pytest.mark.slow
@pytest.mark.parametrize("id", [some[0].id for some in HOSTS])
def test_a_million_inputs(id: str) -> None:
    count = 1_000_000 // (len(HOSTS) * len(actions(read(id))))
    assert len(random_inputs(id, count, 2)) > 100


def on_paths(id: str, every: int) -> float:
    """Hold the readings against each other on every so many paths; the part that can be taken."""
    made, spec = read(id), spec_of(id)
    todo = [(action, way) for action in actions(made) for way in action.paths]
    taken = 0
    for action, way in todo[::every]:
        at = stated.point(made, action, way)
        if at is not None:
            assert stated.same(spec, action, at).number == way.number
            taken += 1
    return taken / len(todo[::every])


def test_some_paths() -> None:
    assert on_paths("T4", 8) > 0.8, "the rest is taken by nothing"


@pytest.mark.slow
@pytest.mark.parametrize("id", [some[0].id for some in HOSTS])
def test_every_path(id: str) -> None:
    assert on_paths(id, 1) > 0.8


def state(chance: random.Random, made: Statement) -> tuple[stated.Values, stated.Functions]:
    """Two ends, messages and numbers, and what is remembered."""
    near = chance.choice((0, 1 << 31, chance.randrange(1 << 32)))
    kinds = {"me": made.end, "peer": made.end}
    kinds |= dict.fromkeys(("seg", "out0", "in0"), made.message)
    sorts = {f"{row}.{f}": sort for row, fields in kinds.items() for f, sort in fields.items()}
    sorts |= made.parameters
    at = {name: stated.drawn(chance, sort, near) for name, sort in sorts.items()}
    at |= {"m": chance.choice((1, 2, 3)), "n": chance.choice((1, 2, 3))}
    at |= {f"{row}.present": chance.random() < 0.7 for row in ("out0", "in0")}
    return at, stated.functions(chance, made, near)


def clauses(id: str, count: int) -> dict[str, set[bool]]:
    """Hold clauses, what is assumed, sights and memories against the functions that they are
    of; what came of each."""
    made, spec, chance = read(id), spec_of(id), random.Random(4)
    (some,) = (some for some in HOSTS if some[0].id == id)
    parts = [f for t in some for f in (*t.all, *t.facts, *t.pairs)]
    by_name: dict[str, Any] = {f.__name__: f for f in parts}
    found: dict[str, set[bool]] = {}
    for _ in range(count):
        at, functions = state(chance, made)
        view = spec.view(at, functions)
        more = {"seg": spec.segment("seg.", at), "m": at["m"], "n": at["n"]}
        for part in (*made.clauses, *made.facts, *made.pairs):
            function = by_name[part.name]
            wanted = [*inspect.signature(function).parameters][1:]
            plain = bool(function(view, *(more[name] for name in wanted)))
            assert evaluate(part.term, at, functions) == plain, (part.name, at)
            found.setdefault(part.name, set()).add(plain)
        seen = [[(at[f"{row}.present"], spec.segment(f"{row}.", at))] for row in ("out0", "in0")]
        sight = look(view.me.ghost, view.peer.tcb, view.peer.ghost, *seen)
        sights = dict(zip((f"sight.{path}" for path in paths(sight)), key(sight), strict=True))
        for name, term in made.sight.items():
            assert evaluate(term, at, functions) == sights[name], (name, at)
            found.setdefault(name, set()).add(bool(sights[name]))
        memory = view.mine(at["n"])
        if view.me.ghost.id == at["n"]:
            remember(memory, view.me, view.seq)
        for one in made.memories:
            if one.update is not None:
                after = evaluate(one.update, at, functions)
                assert after == getattr(memory, one.name), (one.name, at)
                found.setdefault(one.name, set()).add(bool(after))
    return found


@pytest.mark.parametrize("id", ["T1", "T4", "T10"])
def test_clauses(id: str) -> None:
    found = clauses(id, 200)
    told = [name for name, came in found.items() if len(came) == 2]
    assert len(told) > len(found) * 0.8, "each way often enough to tell"


@pytest.mark.slow
@pytest.mark.parametrize("id", [some[0].id for some in HOSTS])
def test_clauses_of_each_theory(id: str) -> None:
    assert clauses(id, 10_000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(set tcb.state State.FIN_WAIT_2)", "(set tcb.state State.CLOSING)"),
        ("(set tcb.rcv.nxt (wrap (+ seg.seq 1) 32))", "(set tcb.rcv.nxt seg.seq)"),
        ("(seq seg.ack) (ctl.rst true)", "(seq seg.ack) (ctl.rst true) (ctl.fin true)"),
        ("(if seg.ctl.rst", "(if (not seg.ctl.rst)"),
        ("(set ghost.made (+ me.ghost.made 1))", ""),
        ("3.10.7.2/LISTEN/third/syn", "3.10.7.2/LISTEN/fourth/other"),
        ("   impossible\n", '   (do "3.10.4/closing")\n'),
    ],
)
def test_a_fault_in_a_statement_is_noticed(old: str, new: str) -> None:
    text = (statements.PLACE / "T4.txt").read_text("utf-8")
    assert old in text
    made, right = statement.statement(text.replace(old, new, 1)), read("T4")
    spec = stated.Spec(BY_ID["T4"], made)
    faulty = [
        (action, way)
        for action, other in zip(made.actions, right.actions, strict=True)
        for way, like in zip(action.paths, other.paths, strict=True)
        if (way.tests, way.leaf) != (like.tests, like.leaf)
    ]
    points = [(action, stated.point(made, action, way)) for action, way in faulty[:8]]
    with pytest.raises(AssertionError):
        for action, at in points:
            assert at is not None
            stated.same(spec, action, at)


SMALL = [some for some in together(THEOREMS) if some[0].system is not None]


@pytest.mark.parametrize("some", SMALL, ids=lambda some: some[0].id)
def test_statements_are_what_is_traced(some: Any) -> None:
    """Of the small systems here; ``prove`` itself compares the others with what it traces."""
    assert statements.stale(some, theory(some)) == ""


def test_a_statement_that_is_stale_is_told(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "PLACE", tmp_path)
    made = theory(SMALL[0])
    assert "is not there" in statements.stale(SMALL[0], made)
    assert statements.write(SMALL[0], made)
    assert statements.stale(SMALL[0], made) == ""
    assert not statements.write(SMALL[0], made)
    place = tmp_path / f"{made.name}.txt"
    place.write_text(place.read_text().replace("(fact", ";(fact"))
    assert "is not what the specification" in statements.stale(SMALL[0], made)
