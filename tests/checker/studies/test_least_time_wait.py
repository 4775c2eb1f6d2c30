"""The table of the least TIME-WAIT: cells, the order of search, and what is checked in."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.studies import least_time_wait as t
from checker.studies import matrix
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED
from checker.support.journal import Journal
from proofs.claims.table import BY_ID
from spec.rules import Restart
from tests.helpers import repository

TOP = Path(__file__).parents[3]
KEPT = matrix.text(TOP / t.DATA)
ROWS = t.read(KEPT)
ASKED = [claim.id for claim in t.ASKED_OF]
ONE = t.Cell(BY_ID["T3"], t.GRACEFUL, Restart.EMISSION, 1, 1)


def cells(claim: str, closes: str, restart: str, lifetimes: str = "exclusive") -> list[Any]:
    asked = {"claim": claim, "closes": closes, "restart": restart, "lifetimes": lifetimes}
    return [row for row in ROWS if asked.items() <= row.items()]


# What is checked in


def test_every_cell_is_there_and_decided() -> None:
    assert len(ROWS) == len(t.cells()) == 2 * 2 * 3 * 2 * 3 + 2 * 2 * 3
    assert {row["verdict"] for row in ROWS} == {"safe", "none"}
    assert t.exit_code(ROWS) == OK
    for row in ROWS:
        shorter = row["limit"] + 1 if row["least"] is None else row["least"]
        assert len(row["lengths"]) == shorter, "every shorter length was refuted"
        assert (row["states"] is None) == (row["least"] is None)


@pytest.mark.parametrize("lifetimes", ["exclusive", "inclusive"])
def test_with_graceful_closes_the_least_is_as_the_formulas_say(lifetimes: str) -> None:
    """MSL + max(MSL, R) for T3 and 2 MSL for T4, less the tick that an exclusive lifetime lacks."""
    for claim in ASKED:
        for row in cells(claim, t.GRACEFUL, "emission", lifetimes):
            msl = row["msl"] + (lifetimes == "inclusive")
            other = max(msl, row["span"]) if claim == "T3" else msl
            assert row["least"] == msl + other - 1, row


@pytest.mark.parametrize("restart", ["fin", "never"])
@pytest.mark.parametrize("closes", [t.GRACEFUL, t.EVERY])
@pytest.mark.parametrize("claim", ASKED)
def test_without_the_restart_none_is_safe(claim: str, closes: str, restart: str) -> None:
    assert {row["least"] for row in cells(claim, closes, restart)} == {None}


def test_the_page_is_what_the_data_say() -> None:
    assert t.check_page(KEPT, matrix.text(TOP / t.PAGE)) == []


# The search


def test_a_cell_is_searched_until_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MSL 1, R 1: no ticks are too few, one is enough; as it is checked in."""
    monkeypatch.setattr(t, "cells", lambda: [ONE])
    journal = Journal(tmp_path / "journal", "one", False)
    t.explore(journal, 1)
    assert list(journal.known) == [ONE.key(0), ONE.key(1)]
    (row,) = t.table(journal)
    assert row == cells("T3", t.GRACEFUL, "emission")[0]
    # A seeded bug: in the checked-in data that length is one too short
    at = ROWS.index(row)
    wrong = t.document([*ROWS[:at], row | {"least": 0}, *ROWS[at + 1 :]])
    line, *_ = t.check(ROWS, wrong, t.page(ROWS))
    assert line == f"{t.DATA}: T3 graceful emission 1 1 exclusive: differs"


def stub(cell: t.Cell, ticks: int, memory: int | None) -> dict[str, Any] | None:
    """A search that takes no time: 3 ticks are enough, but one cell meets a limit at 2."""
    if ticks == 3:
        return {"holds": True, "states": 7, "transitions": 9}
    limited = (cell.closes, cell.msl, cell.span, ticks) == (t.EVERY, 2, 3, 2)
    return None if limited else {"holds": False, "length": ticks + 5}


def test_a_limit_leaves_a_cell_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(t, "search", stub)
    journal = Journal(tmp_path / "journal", "one", False)
    told: list[int] = []
    t.explore(journal, 2, lambda cell, done, total: told.append(done))
    rows = t.table(journal)
    assert told[-1] == len(rows)
    assert {row["least"] for row in rows if row["verdict"] == "safe"} == {3}
    undecided = [row for row in rows if row["verdict"] == "inconclusive"]
    assert {(row["closes"], row["msl"], row["span"]) for row in undecided} == {(t.EVERY, 2, 3)}
    assert t.exit_code(rows) == INCONCLUSIVE
    assert "inconclusive" in t.page(rows)


def test_after_a_kill_the_rest_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(t, "search", stub)
    whole = Journal(tmp_path / "whole", "one", False)
    t.explore(whole, 1)

    def kill(cell: str, done: int, total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "part", "one", False) as killed:
        t.explore(killed, 1, kill)
    part = Journal(tmp_path / "part", "one", True)
    assert 9 <= len(part.known) < len(whole.known)
    t.explore(part, 1)
    assert t.document(t.table(part)) == t.document(t.table(whole))


# The command


def run(*words: str) -> Any:
    from checker.cli.app import app

    return CliRunner().invoke(app, ["time-wait", *words])


def test_the_command_compares_the_page_with_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.stand_in(tmp_path, monkeypatch)
    assert run("--page").exit_code == VIOLATED
    for folder in ("docs/reference", "proofs/results"):
        (tmp_path / folder).mkdir(parents=True)
    t.write(ROWS, tmp_path)
    assert run("--page").exit_code == OK
    data = json.loads(KEPT)
    data["cells"][0]["least"] = 9
    (tmp_path / t.DATA).write_text(json.dumps(data))
    stale = run("--page")
    assert stale.exit_code == VIOLATED
    assert f"{t.PAGE} is not what {t.DATA} says" in stale.output
    assert run("--page", "--check").exception is not None
