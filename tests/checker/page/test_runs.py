"""Runs as data: what is told of them puts the ends together again."""

import json
from pathlib import Path as File
from typing import Any

import pytest

from checker.engines.explicit.engine import Path
from checker.exports.javascript import plain
from checker.page import runs
from checker.page.build import ROOT
from checker.render import ladder
from checker.studies import matrix, simulate
from checker.studies.trace import tell
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


def test_what_is_checked_in_is_found_again() -> None:
    """A counterexample that draws its ladder; a run that is none any more is stale."""
    task, claim, path = next(found for found in matrix.pinned(ROOT) if not _witness(found))
    assert isinstance(path, Path)
    told = tell(task.job.model, claim, path, task.job.profile)
    name = matrix.name(task, claim)
    assert ladder(told) + "\n" == (ROOT / matrix.PICTURES / f"{name}.txt").read_text("utf-8")


def test_a_run_of_another_ladder_is_stale(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads((ROOT / matrix.PATHS).read_text("utf-8"))
    todo = [task for task in matrix.tasks() if task.key == "without 9 T2"]
    monkeypatch.setattr(matrix, "tasks", lambda: todo)
    for folder in (matrix.PATHS.parent, matrix.PICTURES):
        (tmp_path / folder).mkdir(parents=True)
    data, drawn = tmp_path / matrix.PATHS, tmp_path / matrix.PICTURES / "9-T2.txt"
    data.write_text(json.dumps({"9-T2": kept["9-T2"]}))
    drawn.write_text((ROOT / matrix.PICTURES / "9-T2.txt").read_text("utf-8"))

    def shelf() -> runs.Shelf:
        found = runs.Shelf()
        runs.found(found, tmp_path, tmp_path)
        return found

    assert [run["id"] for run in shelf().runs] == ["9-T2"]
    assert shelf().stale == []
    drawn.write_text("another")
    assert shelf().stale == ["9-T2: its ladder is another"]
    data.write_text(json.dumps({"9-T2": {"steps": kept["9-T2"]["steps"][:-1]}}))
    (stale,) = shelf().stale
    assert stale.startswith("9-T2: T2: replayed, the run does not end")
    data.write_text(json.dumps({"9-T2": {"steps": [10_000]}}))
    assert shelf().stale == ["9-T2: step 1 is not possible any more"]


def _witness(found: tuple[Any, ...]) -> bool:
    return bool(found[1].kind == "sometimes")
