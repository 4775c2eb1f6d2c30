"""The clauses of the proofs, asked of runs of the plain specification.

A clause that is proved by induction is true of every state that can be reached. Here it is plain
Python on plain values, with what is remembered of each TCB written down along a random run: a
clause that says something else when traced than when run would be seen, and so would a mistake in
the prover.
"""

import dataclasses
import inspect
import random
from collections import Counter
from typing import Any

import pytest

from proofs import invariants
from proofs.invariants import Memory, View, remember
from proofs.theorems import BY_ID, THEOREMS, Theorem, alone
from spec.bounds import Bounds
from spec.ghosts import reached_established
from spec.rules import Rules
from spec.seq import Space
from spec.system import System, World

BASE, STRIDE, WINDOW = 0xFFFFF000, 1000, 500
RUNS, STEPS = 60, 60


class Run:
    """A random run, with what is remembered of each host's TCBs."""

    def __init__(self, theorem: Theorem, seed: int, **rules: Any) -> None:
        timed = "msl" in theorem.free
        changed = {"time_wait_cut": -1} if timed else {}
        self.rules = dataclasses.replace(Rules(), **(changed | dict(theorem.rules) | rules))
        free = {"window": WINDOW} | ({"msl": 2, "span": 1} if timed else {})
        self.stride, incarnations = STRIDE, 3
        if invariants.far in theorem.pairs:
            # Three that are far from each other would be too far from the first to be monotone
            self.stride, incarnations = (1 << 30) + 3, 2
        more = {"incarnations": incarnations, "base": BASE, "stride": self.stride}
        more |= {"in_flight": 6, "capacity": 4}
        self.bounds = dataclasses.replace(Bounds(), **(dict(theorem.bounds) | free | more))
        self.system = System(self.rules, self.bounds)
        self.random = random.Random(seed)
        self.world = self.system.initial()
        self.memories: list[dict[int, Memory]] = [{}, {}]

    def step(self) -> bool:
        """Take a random step; what is opened and delivered is preferred, so that there is more
        to see. False if there is none."""
        steps = list(self.system.steps(self.world))
        if not steps:
            return False
        weights = [
            {"deliver": 8, "lose": 1, "ABORT": 0.3, "USER TIMEOUT": 0.3}.get(label.action, 3)
            for label, _ in steps
        ]
        ((label, self.world),) = self.random.choices(steps, weights)
        if label.host is not None:
            end = self.world.end(label.host)
            memory = self.memories[label.host].setdefault(end.ghost.id, Memory())
            remember(memory, end, Space(self.bounds.width))
        return True

    def view(self, host: int) -> View:
        """The state as ``host`` sees it."""
        world: World = self.world

        def memory(of: int) -> Any:
            return lambda n: self.memories[of].get(n, Memory())

        def iss(n: int) -> int:
            return (BASE + (n - 1) * self.stride) % (1 << self.bounds.width)

        return View(
            world.end(host),
            world.end(1 - host),
            memory(host),
            memory(1 - host),
            iss,
            iss,
            self.rules,
            self.bounds,
            Space(self.bounds.width),
        )

    def false(self, function: Any) -> bool:
        """Is a clause false of this state, of whichever end, segment or number?"""
        names = list(inspect.signature(function).parameters)[1:]
        for host in (0, 1):
            view = self.view(host)
            if "seg" in names:
                found: list[Any] = [function(view, seg) for seg in self.world.bag(host)]
            elif "n" in names:
                found = [function(view, n) for n in range(view.me.ghost.id + 2)]
            else:
                found = [function(view)]
            if not all(found):
                return True
        return False


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.id)
def test_clauses_hold_of_runs(theorem: Theorem) -> None:
    seen: Counter[str] = Counter()
    for seed in range(RUNS):
        run = Run(theorem, seed)
        for _ in range(STEPS):
            if not run.step():
                break
            for function in alone(theorem).all:
                assert not run.false(function), (function.__name__, run.world)
            for end in (run.world.a, run.world.b):
                seen[end.tcb.state.value] += 1
                seen["established"] += reached_established(end.tcb)
                seen["again"] += end.ghost.id > 1
    # ... and the runs go where there is something to be said
    for what in ("established", "again", "SYN-RECEIVED", "FIN-WAIT-2", "LAST-ACK", "TIME-WAIT"):
        assert seen[what] > 0, what


@pytest.mark.parametrize(
    ("theorem", "clause", "rules"),
    [
        ("T1", invariants.agreement, {"three_way": False}),
        ("T1", invariants.stale_syn_stops, {"three_way": False}),
        ("T3", invariants.mine_die_first, {"lifetime_bounded": False}),
        ("T4", invariants.nothing_of_it_is_left, {"time_wait_cut": 3}),
    ],
)
def test_a_clause_is_seen_to_fall(theorem: str, clause: Any, rules: dict[str, Any]) -> None:
    for seed in range(600):
        run = Run(BY_ID[theorem], seed, **rules)
        for _ in range(STEPS):
            if not run.step():
                break
            if run.false(clause):
                return
    raise AssertionError("it was never false")
