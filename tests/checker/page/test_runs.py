"""Runs as data: what is told of them puts the ends together again."""

import pytest

from checker.exports.javascript import plain
from checker.page import runs, witnesses
from checker.page.build import ROOT
from checker.studies import simulate
from checker.support.errors import Problem
from proofs.claims.scenarios import SCENARIOS
from spec.world.records import key


def test_changes_lead_to_the_last_state() -> None:
    _, path = simulate.walk(SCENARIOS["lost-syn-ack"])
    told = runs.told(simulate.tell(SCENARIOS["lost-syn-ack"]), path)
    rows = [list(row) for row in told["first"]]
    for step in told["steps"]:
        for row, changes in zip(rows, step.get("set", [[], []]), strict=True):
            for at in range(0, len(changes), 2):
                row[changes[at]] = changes[at + 1]
    last = path.steps[-1][1]
    assert rows == [[plain(value) for value in key(end)] for end in last.ends()]


def test_host_a_is_told_too() -> None:
    """It has the number 0, which is no nothing."""
    told = runs.told(
        simulate.tell(SCENARIOS["three-way-handshake"]),
        simulate.walk(SCENARIOS["three-way-handshake"])[1],
    )
    assert {step.get("actor") for step in told["steps"]} == {0, 1}


def test_a_witness_is_found_again() -> None:
    job, claim, numbers = next(iter(witnesses.kept(ROOT)))
    path = witnesses.run_of(job.model, claim, numbers)
    assert witnesses.choices(job.model, path) == numbers
    with pytest.raises(Problem):
        witnesses.run_of(job.model, claim, numbers[:-1])
    with pytest.raises(Problem, match="not a run"):
        witnesses.run_of(job.model, claim, [*numbers, 10_000])
