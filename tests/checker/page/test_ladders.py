"""Ladders that are checked in are read back, each as a run that decides its claim."""

import dataclasses

import pytest

from checker.page import ladders, runs
from checker.page.build import ROOT
from checker.support.errors import Problem

PINNED = {name: (task, claim, ladder) for task, claim, name, ladder in runs.pinned(ROOT)}


def test_there_are_ladders() -> None:
    assert len(PINNED) > 200


@pytest.mark.parametrize("name", ["9-T1", "26-L1.reopen", "38-S8", "42-K4"])
def test_a_ladder_is_read_back(name: str) -> None:
    task, claim, ladder = PINNED[name]
    told = ladder.read_text(encoding="utf-8")
    path = ladders.run_of(task.job.model, claim, task.job.profile, told)
    steps, loop = ladders.rows(told)
    assert (len(path.steps), path.loop) == (len(steps), loop)
    task.job.model.confirm(claim, path)


def test_another_ladder_is_refused() -> None:
    task, claim, ladder = PINNED["9-T1"]
    told = ladder.read_text(encoding="utf-8")
    wrong = told.replace("OPEN (active)", "OPEN (passive)")
    with pytest.raises(Problem, match="is not possible"):
        ladders.run_of(task.job.model, claim, task.job.profile, wrong)
    other = dataclasses.replace(claim, predicate=lambda world: True)
    with pytest.raises(Problem, match="no run draws its ladder"):
        ladders.run_of(task.job.model, other, task.job.profile, told)
