"""The clauses of the proofs, asked of runs of the plain specification.

A clause that is proved by induction is true of every state that can be reached. Here it is plain
Python on plain values, with what is remembered of each TCB written down along a random run: a
clause that says something else when traced than when run would be seen, and so would a mistake in
the prover.
"""

import dataclasses
import random
from collections import Counter
from typing import Any

import pytest

from checker.studies.prove.reachable import Recorder, model_of
from proofs.theorems import invariants
from proofs.theorems.table import BY_ID, OF_HOSTS, Theorem, alone
from spec.observe.ghosts import reached_established

LARGER = {"incarnations": 3, "base": 0xFFFFFFFD, "window": 500, "in_flight": 6, "capacity": 4}
RUNS, STEPS = 60, 60


class Run:
    """A random run, with what is remembered of each host's TCBs."""

    def __init__(self, theorem: Theorem, seed: int) -> None:
        self.recorder = Recorder(model_of(theorem, LARGER).system)
        self.random = random.Random(seed)
        self.state = self.recorder.initial()

    def step(self) -> bool:
        """Take a random step; what is opened and delivered is preferred, so that there is more
        to see. False if there is none."""
        steps = list(self.recorder.steps(self.state))
        if not steps:
            return False
        weights = [
            {"deliver": 8, "lose": 1, "ABORT": 0.3, "USER TIMEOUT": 0.3}.get(label.action, 3)
            for label, _ in steps
        ]
        ((_, self.state),) = self.random.choices(steps, weights)
        return True

    def false(self, function: Any) -> bool:
        """Is a clause false of this state, of whichever end, segment or number?"""
        return not self.recorder.holds(function, self.state)


QUICK = ("T4", "T6", "T10")
"""One of time, one of connections that are reopened, one of none of these."""


@pytest.mark.parametrize(
    "theorem",
    [
        pytest.param(one, id=one.id, marks=[] if one.id in QUICK else [pytest.mark.slow])
        for one in OF_HOSTS
    ],
)
def test_clauses_hold_of_runs(theorem: Theorem) -> None:
    seen: Counter[str] = Counter()
    for seed in range(RUNS):
        run = Run(theorem, seed)
        for _ in range(STEPS):
            if not run.step():
                break
            for function in alone(theorem).all:
                assert not run.false(function), (function.__name__, run.state)
            for end in (run.state.world.hosts[0], run.state.world.hosts[1]):
                seen[end.tcb.state.value] += 1
                seen["established"] += reached_established(end.tcb)
                seen["again"] += end.ghost.id > 1
    # ... and the runs go where there is something to be said
    for what in ("established", "again", "SYN-RECEIVED", "FIN-WAIT-2", "LAST-ACK", "TIME-WAIT"):
        assert seen[what] > 0, what


@pytest.mark.parametrize(
    ("theorem", "clause", "rules", "without"),
    [
        ("T1", invariants.agreement, {"three_way": False}, ()),
        ("T1", invariants.stale_syn_stops, {"three_way": False}, ()),
        ("T3", invariants.mine_die_first, {"lifetime_bounded": False}, ()),
        ("T4", invariants.nothing_of_it_is_left, {}, (invariants.two_msl,)),
    ],
)
def test_a_clause_is_seen_to_fall(
    theorem: str, clause: Any, rules: dict[str, Any], without: tuple[Any, ...]
) -> None:
    worse = without_something(BY_ID[theorem], rules, without)
    for seed in range(600):
        run = Run(worse, seed)
        for _ in range(STEPS):
            if not run.step():
                break
            if run.false(clause):
                return
    raise AssertionError("it was never false")


def without_something(theorem: Theorem, rules: dict[str, Any], facts: tuple[Any, ...]) -> Theorem:
    return dataclasses.replace(
        theorem,
        rules={**theorem.rules, **rules},
        facts=tuple(fact for fact in theorem.facts if fact not in facts),
    )
