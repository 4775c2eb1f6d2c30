"""What the prover and ``proofs.recheck`` find that there is to prove is the same.

Each derives it by itself, the one from what is traced, the other from the statement. Here Z3 says
of each obligation that both goals mean the same, and of what both suppose by the same name.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import pytest
import z3

from checker.engines.solver.induction import (
    CONSTANT,
    NEVER,
    NUMBER,
    SORTS,
    START,
    TICK,
    Obligation,
    Prover,
    Step,
    Theory,
    _Asking,
    steps_of,
)
from checker.studies.prove import certificates, runs, statements, theories
from proofs.recheck import obligations, statement
from proofs.recheck.statement import Action, Way
from proofs.recheck.terms import Term, evaluate, question, variables_of
from proofs.theorems.invariants import Memory
from proofs.theorems.table import BY_ID, THEOREMS, together
from spec.tcp.segment import Segment
from spec.world import records
from spec.world.records import clone
from tests.helpers import stated, toys

SMALL = [
    some[0].id
    for some in together(THEOREMS)
    # Those that take a minute are left out
    if some[0].system is not None and some[0].id not in ("T1.text", "T3.text", "T9.pace.text")
]
Asked = dict[tuple[str, int, str], tuple[Any, dict[str, list[Any]]]]
"""Goals, and what is supposed, by the names that hints have."""


@cache
def theory_of(id: str) -> Theory:
    if id == "toy":
        return toys.theory([toys.theorem()])
    (some,) = (some for some in together(THEOREMS) if some[0].id == id)
    return theories.theory(some)


def statement_of(id: str) -> statement.Statement:
    if id == "toy":
        return statement.statement(statements.written([toys.theorem()], theory_of(id)))
    return statement.read(statements.PLACE / f"{id}.txt")


def steps(id: str, every: int) -> list[tuple[Any, Step]]:
    """Every so many paths of each action."""
    return [
        (kind, step)
        for kind in theory_of(id).kinds
        for step in [s for s in steps_of(kind) if s.leaf.static.possible][::every]
    ]


def by_prover(id: str, monkeypatch: pytest.MonkeyPatch, every: int) -> Asked:
    """What the prover would put to Z3. Of no path it is told that it is never taken."""
    found: Asked = {}
    made = theory_of(id)
    about = {clause.name: clause.about for clause in made.clauses}

    def noted(self: Any, what: Obligation, goals: Any) -> Obligation:
        what.verdict = "failed" if what.clause == NEVER else "proved"
        named = defaultdict(list)
        for name, term in self.all.items():
            for said in certificates._hints(Obligation("", 0, "", used=(name,)), about):
                named[said].append(term)
        found[what.action, what.path, what.clause] = z3.And(*goals), dict(named)
        return what

    monkeypatch.setattr(_Asking, "prove", noted)
    monkeypatch.setattr(_Asking, "prove_all", lambda self, asked: None)  # one by one, all
    prover = Prover(made)
    todo = [prover.start(), prover.ticking()]
    todo += [prover.constant(action) for action in (made.constancy.trees if made.constancy else ())]
    todo += [prover.step(step) for _, step in steps(id, every)]
    for some in todo:
        for _ in some:
            pass
    return {key: value for key, value in found.items() if key[2] != NEVER}


class Naming(dict[Any, Any]):
    """Hints by which every obligation has hypotheses of the same names."""

    def __init__(self, names: list[str]) -> None:
        super().__init__({(): ()})  # no hints at all are another thing
        self.names = names

    def get(self, key: object, default: object = None) -> list[str]:
        return self.names


def by_recheck(
    made: statement.Statement, action: str, path: int, names: list[str] | None
) -> dict[tuple[str, int, str], obligations.Obligation]:
    """What ``proofs.recheck`` asks of a path, with hypotheses of these names, or all."""
    of = obligations.Theory(made, None if names is None else Naming(names))
    if action == START:
        some = of.start()
    elif action == TICK:
        some = of.ticking()
    else:
        (one,) = (a for a in made.actions if a.name == action)
        some = of.path(one, one.paths[path])
    return {(one.action, one.path, one.what): one for one in some}


def as_z3(terms: Sequence[Term]) -> tuple[list[Any], Any]:
    """What sorts say of the variables of terms, and the terms, as Z3 reads what is printed."""
    solver = z3.Solver()
    solver.from_string(question(terms))
    read = list(solver.assertions())
    return read[: len(read) - len(terms)], z3.And(*read[len(read) - len(terms) :])


def follows(supposed: Sequence[Any], goal: Any) -> bool:
    # Of a context of its own: where thousands were asked before, Z3 may find no end of an easy one.
    # What is equal is put in its place first: else it takes a tenth of a second, or minutes.
    context = z3.Context()
    solver = z3.Then("simplify", "propagate-values", "solve-eqs", "smt", ctx=context).solver()
    solver.set("rlimit", 20_000_000)
    solver.add(*[term.translate(context) for term in (*supposed, z3.Not(goal))])
    return bool(solver.check() == z3.unsat)


@pytest.mark.parametrize(
    ("id", "every"),
    [
        ("toy", 1),
        *[(id, 1) for id in SMALL if id != "CC3"],
        ("CC3", 10),
        ("T4", 20),
        pytest.param("T1", 60, marks=pytest.mark.slow),
        *[
            pytest.param(some[0].id, 1, marks=pytest.mark.slow)
            for some in together(THEOREMS)
            if some[0].id not in SMALL or some[0].id == "CC3"
        ],
    ],
)
def test_goals(id: str, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, made = by_prover(id, monkeypatch, every), statement_of(id)
    paths = dict.fromkeys(key[:2] for key in asked if key[2] != CONSTANT)
    for action, path in paths:
        derived = by_recheck(made, action, path, [])
        assert {*derived} == {k for k in asked if k[:2] == (action, path) and k[2] != CONSTANT}
        fits = derived.pop((action, path, SORTS), None)
        typed = [] if fits is None else [*as_z3([fits.goal])[0], as_z3([fits.goal])[1]]
        for name, one in derived.items():
            sorts, goal = as_z3([one.goal])
            assert follows([*sorts, *typed], asked[name][0] == goal), name
        if fits is not None:  # of what is sent nothing is asked that cannot be otherwise
            goal = asked[action, path, SORTS][0]
            assert follows(typed, goal) and follows([*typed[:-1], goal], typed[-1]), fits.name


@pytest.mark.parametrize(("id", "every"), [("toy", 1), ("R11", 1), ("T4", 300)])
def test_what_is_supposed(id: str, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """... has the same names, and means the same. What is supposed of numbers is held against runs,
    below: each of the two looks some up that the other does not."""
    asked, made = by_prover(id, monkeypatch, every), statement_of(id)
    about = {one.name: one.about for one in made.clauses}
    pairs = {one.name for one in made.pairs}
    paths = dict.fromkeys(key[:2] for key in asked if key[2] != CONSTANT and key[0] != START)
    for action, path in [*paths][-6:]:
        for at, (_, named) in asked.items():
            if at != (action, path, made.clauses[0].name):
                continue
            for name, terms in named.items():
                first = name.split()[0]
                if about.get(first) == NUMBER or first in pairs:
                    continue
                (supposed,) = {
                    one.supposed for one in by_recheck(made, action, path, [name]).values()
                }
                typed, other = as_z3(supposed)
                assert follows(typed, z3.And(*terms) == other), name


PATHS, STEPS = 5, 12
"""Of how many paths all is derived, to be held against how many steps of runs each."""


def recorded(
    run: runs.Run, made: statement.Statement, chance: random.Random
) -> tuple[Action, Way, stated.Values, stated.Functions] | None:
    """A step of a random run: its path, and the values of all variables before it; none of a tick,
    nor of a step that depends on what is seen of all that is in flight."""
    memories = {host: {n: clone(one) for n, one in host.memory.items()} for host in run.hosts}
    flying = {host: [clone(seg) for seg in host.sent] for host in run.hosts}
    run.step()
    step = run.last
    if step is None:
        return None
    values: stated.Values = {name: False for name in made.parameters}
    values |= {n: getattr(run.rules, n) for n in made.parameters if hasattr(run.rules, n)}
    values |= {n: getattr(run.bounds, n) for n in made.parameters if hasattr(run.bounds, n)}
    values |= {"elapsed": 1, "time_wait": 2 * run.bounds.msl - run.rules.time_wait_cut}
    functions: stated.Functions = {}
    for h, host, end in (("x", step.me, step.before), ("y", step.peer, step.peer.end)):
        values |= row(f"{h}.", end)
        there = bool(flying[host]) and chance.random() < 0.9
        values |= row(f"{h}.other.", chance.choice(flying[host]) if there else Segment(seq=0))
        values[f"{h}.other.present"] = there
        functions[f"{h}.iss"] = partial(selected, host)
        for memory in made.memories[1:]:
            functions[f"{h}.{memory.name}"] = partial(remembered, memories[host], memory.name)
    values |= row("me.", step.before) | row("sight.", step.sight)
    values |= row("seg.", step.seg if step.seg is not None else Segment(seq=0))
    values |= {"isn": step.isn, "n": chance.randrange(step.before.ghost.made + 2)}
    (action,) = (one for one in made.actions if one.name == step.what.value)
    way = stated.way_of(action, values)
    assert way.leaf is not None
    read = [*way.tests, *way.leaf.after.values()]
    if any(name in made.sight for name in variables_of(read)):
        return None
    return action, way, values, functions


def row(prefix: str, record: Any) -> stated.Values:
    """The fields of a record, as variables."""
    plain = (stated._plain(value) for value in records.key(record))
    return {
        f"{prefix}{path}": value for path, value in zip(records.paths(record), plain, strict=True)
    }


def selected(host: runs.Host, n: int) -> int:
    """The ISS of TCB ``n``; that of none, 0, is another, too: so it is assumed."""
    return host.isn(n) if n else (host.isn(1) - (1 << 29)) % (1 << 32)


def remembered(memories: dict[int, Memory], name: str, n: int) -> Any:
    return getattr(memories.get(n, Memory()), name)


@pytest.mark.parametrize("id", ["T4.fresh", pytest.param("T1", marks=pytest.mark.slow)])
def test_what_is_supposed_is_true_of_runs(id: str) -> None:
    """All that is supposed of a step, and all that is to be proved of it, is true of steps of
    random runs: else a theory would be of another system, or of none."""
    made = statement_of(id)
    chance = random.Random(1)
    taken: Counter[tuple[str, int]] = Counter()
    derived: dict[tuple[str, int], list[obligations.Obligation]] = {}
    for seed in range(20):
        run = runs.Run(BY_ID[id], seed)
        for _ in range(30):
            step = recorded(run, made, chance)
            if step is None:
                continue
            action, way, values, functions = step
            at = action.name, way.number
            if at not in derived:
                if len(derived) == PATHS:
                    continue
                derived[at] = [*by_recheck(made, *at, None).values()]
            taken[at] += 1
            known: dict[Term, Any] = {}
            for one in derived[at]:
                for term in one.supposed:
                    assert evaluate(term, values, functions, known), (one.name, term)
                assert evaluate(one.goal, values, functions, known), one.name
    assert len(derived) == PATHS and sum(taken.values()) > 2 * STEPS
