"""The clauses of theorems, held against random runs of the plain specification at 32 bits."""

from collections import Counter

import pytest

from checker.studies.prove.runs import Run
from proofs.theorems.table import BY_ID, OF_HOSTS
from spec.rules import Cookies, Restart


def states(id: str, runs: int, steps: int, seed: int = 0, **rules: object) -> Counter[str]:
    """How many states were looked at, and which clauses were false in how many."""
    found: Counter[str] = Counter()
    for n in range(runs):
        run = Run(BY_ID[id], seed + n, **rules)
        for _ in range(steps):
            if run.step():
                found["states"] += 1
                found.update(set(run.broken()))
    return found


@pytest.mark.parametrize("id", [theorem.id for theorem in OF_HOSTS])
def test_clauses_are_true(id: str) -> None:
    found = states(id, 6, 100)
    assert found.pop("states") > 100
    assert not found


@pytest.mark.slow
@pytest.mark.parametrize("id", [theorem.id for theorem in OF_HOSTS])
def test_clauses_are_true_of_many_states(id: str) -> None:
    found = states(id, 2000, 200, seed=1000)
    assert found.pop("states") > 100_000
    assert not found


@pytest.mark.parametrize(
    ("id", "rules"),
    [
        ("T1", {"three_way": False}),
        ("T4", {"time_wait_restart": Restart.NEVER}),
        ("S4", {"syncookies": Cookies.NEVER}),
    ],
)
def test_a_rule_less_makes_some_false(id: str, rules: dict[str, object]) -> None:
    found = states(id, 200, 150, **rules)
    del found["states"]
    assert found
