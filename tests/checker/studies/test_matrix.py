"""The matrix: all of the table has a row, drift is found, and what was found is not lost."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.cli.options import open_journal
from checker.ir.sources import digest
from checker.model import search as explorer
from checker.studies import matrix, pins
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED
from proofs.claims.ablations import ABLATIONS, CONTROLS
from proofs.claims.claim import SOMETIMES
from proofs.claims.table import CLAIMS
from tests.helpers import repository

TOP = Path(__file__).parents[3]
KEPT = json.loads((TOP / matrix.DATA).read_text("utf-8"))
QUICK = {"9 T1", "9 T2", "10 T1", "20 T10", "30 D1"}
"""Ablations and a control that take no time."""


def known(name: str) -> dict[str, Any]:
    """What a journal would know, as far as the checked-in data say."""
    (row,) = [row for row in KEPT["rows"] if f"{row['id']} {row['claim']}" == name]
    return row


# What is checked in


def test_every_number_has_a_row() -> None:
    ids = [row["id"] for row in KEPT["rows"]]
    assert set(ids) == {
        *range(1, 56),
        *range(60, 71),
        *range(80, 94),
        *range(100, 131),
        *range(140, 169),
    }
    assert ids == sorted(ids)
    explored = {(row["id"], row["claim"]) for row in KEPT["rows"]}
    rows = (*ABLATIONS, *CONTROLS, *matrix.ASSUMED_LESS)
    assert explored == {(a.number, a.claim.id) for a in rows}
    assert [row["id"] for row in KEPT["claims"]] == [claim.id for claim in CLAIMS]


@pytest.mark.parametrize("row", KEPT["rows"], ids=lambda row: f"{row['id']} {row['claim']}")
def test_rows_have_their_verdict_and_their_run(row: dict[str, Any]) -> None:
    assert {"id", "ablation", "claim", "verdict", "expected", "length"} <= set(row)
    assert row["verdict"] == row["expected"]
    assert (row["verdict"] == "violated") == (row["length"] is not None)
    if row["diagram"]:
        for suffix in (".svg", ".txt"):
            assert (TOP / matrix.PICTURES / f"{row['diagram']}{suffix}").stat().st_size > 0
    assert bool(row["diagram"]) == (row["verdict"] == "violated")


def test_what_is_checked_in_is_what_is_pinned() -> None:
    pinned = pins.expectations()
    for ablation in ABLATIONS:
        assert known(ablation.id)["length"] == pinned["ablations"][ablation.id]["length"]
    for control in CONTROLS:
        assert known(control.id)["states"] == pinned["controls"][control.id]["states"]
    for row in KEPT["claims"]:
        pin = pinned["small"][row["id"]]
        assert row["verdict"] == pin["verdict"]
        assert row["length"] == pin.get("length")


def test_the_page_is_what_the_data_say() -> None:
    assert matrix.text(TOP / matrix.PAGE) == matrix.page(KEPT)


def test_no_picture_is_left_over() -> None:
    named = {row["diagram"] for part in ("rows", "claims") for row in KEPT[part]} - {None}
    assert {place.stem for place in (TOP / matrix.PICTURES).iterdir()} == named


# Exploring


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[matrix.Task]:
    """A matrix of the quick ones alone, by the reference explorer, which needs no compiling."""
    options = explorer.Options(engine="explore")
    monkeypatch.setattr(matrix, "ABLATIONS", tuple(a for a in ABLATIONS if a.id in QUICK))
    monkeypatch.setattr(matrix, "CONTROLS", tuple(c for c in CONTROLS if c.id in QUICK))
    monkeypatch.setattr(matrix, "CLAIMS", tuple(c for c in CLAIMS if c.id in ("T10", "W10")))
    return [replace(task, job=replace(task.job, options=options)) for task in matrix.tasks()]


def explored(path: Path, todo: list[matrix.Task], resume: bool = False) -> dict[str, Any]:
    with open_journal("matrix", path, resume) as journal:
        matrix.explore(journal, todo, 1)
    return matrix.matrix(journal, todo)


def test_a_row_is_what_the_search_found(few: list[matrix.Task], tmp_path: Path) -> None:
    found = explored(tmp_path / "journal", few)
    assert matrix.exit_code(found) == OK
    for row in found["rows"]:
        assert row == known(f"{row['id']} {row['claim']}")


def test_a_claim_that_survives_its_ablation_is_wrong(
    few: list[matrix.Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded: ablation 20 that takes nothing away, and a control that breaks the claim."""
    harmless = [replace(a, rules={}) if a.id == "20 T10" else a for a in matrix.ABLATIONS]
    monkeypatch.setattr(matrix, "ABLATIONS", tuple(harmless))
    broken = [t for t in few if t.key == "without 20 T10"]
    job = broken[0].job
    right = replace(job.model.rules, syn_challenge=True)
    job = replace(job, model=replace(job.model, rules=right))
    todo = [replace(t, job=job) if t in broken else t for t in few]
    found = explored(tmp_path / "journal", todo)
    assert matrix.exit_code(found) == VIOLATED
    assert [line.partition(":")[0] for line in found["wrong"]] == ["ablation 20 T10"]


def test_another_length_than_pinned_is_wrong(
    few: list[matrix.Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = pins.expectations()
    pinned["ablations"]["9 T1"]["length"] += 1
    monkeypatch.setattr(matrix, "expectations", lambda: pinned)
    found = explored(tmp_path / "journal", few)
    assert matrix.exit_code(found) == VIOLATED
    assert found["wrong"] == ["ablation 9 T1: violated, expected violated: length 3 (pinned 4)"]


def test_a_limit_is_inconclusive_and_not_kept(few: list[matrix.Task], tmp_path: Path) -> None:
    limited = [
        replace(t, job=replace(t.job, options=replace(t.job.options, max_states=100)))
        if t.key == "without 30 D1"
        else t
        for t in few
    ]
    found = explored(tmp_path / "journal", limited)
    assert matrix.exit_code(found) == INCONCLUSIVE
    (row,) = [row for row in found["rows"] if row["id"] == 30]
    assert row["verdict"] == "inconclusive"
    assert matrix.exit_code(explored(tmp_path / "journal", few, resume=True)) == OK


# Resuming


class Killed(BaseException):
    pass


def test_after_a_kill_the_rest_gives_the_same_bytes(few: list[matrix.Task], tmp_path: Path) -> None:
    whole = matrix.document(explored(tmp_path / "whole", few))
    path, keys = tmp_path / "journal", []

    def kill(key: str, done: int, total: int) -> None:
        keys.append(key)
        if len(keys) == 3:
            raise Killed

    with pytest.raises(Killed), open_journal("matrix", path, False) as journal:
        matrix.explore(journal, few, 1, kill)
    with path.open("a") as file:
        file.write('{"key": "without 9 T2", "result": {"sta')  # cut short
    rest: list[str] = []
    with open_journal("matrix", path, True) as again:
        assert list(again.known) == keys
        matrix.explore(again, few, 1, lambda key, *_: rest.append(key))
    assert sorted(keys + rest) == sorted(task.key for task in few)
    assert matrix.document(matrix.matrix(again, few)) == whole
    assert matrix.runs(again, few) == matrix.runs(
        open_journal("matrix", tmp_path / "whole", True), few
    )


def test_the_digest_is_of_every_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_package"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "inner/module.py"):
        (package / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    first = digest(["some_package"])
    assert digest(["some_package"]) == first
    assert digest(["some_package"], "more") != first
    (package / "inner" / "module.py").write_text("x = 1")
    assert digest(["some_package"]) != first


# Drift


@pytest.fixture
def written(few: list[matrix.Task], tmp_path: Path) -> tuple[Any, Any, Path]:
    """A checkout with the quick matrix in it."""
    for folder in ("docs/reference", "proofs/results"):
        (tmp_path / folder).mkdir(parents=True)
    with open_journal("matrix", tmp_path / "journal", False) as journal:
        matrix.explore(journal, few, 1)
    found, told = matrix.matrix(journal, few), matrix.runs(journal, few)
    matrix.write(found, told, tmp_path)
    return found, told, tmp_path


def test_drift_of_a_length_is_found_and_named(written: tuple[Any, Any, Path]) -> None:
    found, told, top = written
    assert matrix.check(found, told, top) == []
    data = json.loads((top / matrix.DATA).read_text())
    (row,) = [row for row in data["rows"] if (row["id"], row["claim"]) == (9, "T2")]
    row["length"] += 1
    (top / matrix.DATA).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    assert matrix.check(found, told, top) == [f"{matrix.DATA}: row 9 T2: length 5, found 4"]


def test_drift_of_page_ladder_and_pictures_is_found(written: tuple[Any, Any, Path]) -> None:
    found, told, top = written
    pictures = top / matrix.PICTURES
    (top / matrix.PAGE).write_text("nothing")
    (pictures / "9-T1.txt").write_text("another run")
    (pictures / "9-T2.svg").unlink()
    (pictures / "99-T2.svg").write_text("")
    (top / matrix.PATHS).write_text("{}")
    assert matrix.check(found, told, top) == [
        f"{matrix.PATHS}: stale",
        f"{matrix.PAGE}: stale",
        f"{matrix.PICTURES}/9-T1.txt: stale",
        f"{matrix.PICTURES}/9-T2.svg: missing",
        f"{matrix.PICTURES}/99-T2.svg: of no row",
    ]
    matrix.write(found, told, top)
    assert matrix.check(found, told, top) == []


def test_a_row_too_many_or_too_few_is_found(written: tuple[Any, Any, Path]) -> None:
    found, told, top = written
    data = json.loads((top / matrix.DATA).read_text())
    data["rows"] = [row for row in data["rows"] if row["id"] != 20]
    data["rows"].append({"id": 32, "claim": "T0"})
    (top / matrix.DATA).write_text(json.dumps(data))
    assert matrix.check(found, told, top) == [
        f"{matrix.DATA}: row 32 T0 is not a row",
        f"{matrix.DATA}: row 20 T10 is missing",
    ]
    (top / matrix.DATA).write_text("no JSON")
    assert matrix.check(found, told, top) == [f"{matrix.DATA}: missing, or not a matrix"]


def test_runs_are_kept_as_choices(written: tuple[Any, Any, Path], few: list[matrix.Task]) -> None:
    """Those that are checked in are those that are found, witnesses' too."""
    found, _, top = written
    kept = json.loads((top / matrix.PATHS).read_text())
    assert kept == found["paths"]
    assert {"9-T1", "9-T2"} <= set(kept)
    pinned = json.loads((TOP / matrix.PATHS).read_text("utf-8"))
    assert kept == {name: pinned[name] for name in kept}


def test_every_run_of_a_row_is_checked_in() -> None:
    pinned = json.loads((TOP / matrix.PATHS).read_text("utf-8"))
    drawn = {row["diagram"] for part in ("rows", "claims") for row in KEPT[part] if row["diagram"]}
    seen = {row["id"] for row in KEPT["claims"] if row["kind"] == SOMETIMES}
    assert set(pinned) == drawn | seen
    for row in KEPT["claims"]:
        if row["id"] in pinned:
            assert len(pinned[row["id"]]["steps"]) == row["length"], row["id"]


# The command


def run(*words: str) -> Any:
    from checker.cli.app import app

    return CliRunner().invoke(app, ["matrix", *words])


def test_the_command_says_what_drifted(
    written: tuple[Any, Any, Path], few: list[matrix.Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, top = written
    repository.stand_in(top, monkeypatch)
    monkeypatch.setattr(matrix, "tasks", lambda: few)
    words = ["--journal", "journal", "--resume", "--workers", "1"]
    fresh = run(*words, "--check", "--json", "out.json")
    assert fresh.exit_code == OK, fresh.output
    assert (top / "out.json").read_bytes() == (top / matrix.DATA).read_bytes()
    text = (top / matrix.DATA).read_text()
    (top / matrix.DATA).write_text(text.replace('"length": 3', '"length": 2'))
    stale = run(*words, "--check")
    assert stale.exit_code == VIOLATED
    assert "row 9 T1: length 2, found 3" in stale.output
    assert run(*words, "--write").exit_code == OK
    assert (top / matrix.DATA).read_text() == text


@pytest.mark.slow
def test_all_of_it_is_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    result = run("--check", "--journal", str(tmp_path / "journal"))
    assert result.exit_code == OK, result.output
