"""Progress in a log: a line every few seconds for whatever lasts."""

import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from checker.cli import progress
from checker.studies.explorations import Standing

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.02)


def waits_for(told: Callable[[], str], wanted: str) -> str:
    """All that is told until something wanted is."""
    end = time.monotonic() + PATIENCE
    said = ""
    while not re.search(wanted, said):
        assert time.monotonic() < end, said
        time.sleep(0.01)
        said += told()
    return said


def test_what_lasts_is_told_again_and_again(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.counted("coverage") as tell:
        waits_for(lambda: capsys.readouterr().err, "^coverage, 0 s")
        tell("crossing", 3, 31)
        said = waits_for(lambda: capsys.readouterr().err, r"(coverage: 3 of 31: crossing.*\n){3}")
    assert capsys.readouterr().out == ""
    assert "coverage: 3 of 31: crossing, 0 s" in said


def test_an_exploration_that_ended_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    job: Any = SimpleNamespace(short="time: T3", name="time: T3 W3")
    exploration = SimpleNamespace(
        states=9, transitions=20, depth=3, seconds=1.0, engine="explore", resumed=0, unsaved=""
    )
    found: Any = SimpleNamespace(exploration=exploration)
    with progress.explorations() as (tell, done):
        tell(job, 5, 9, 2, 4, "")
        said = waits_for(lambda: capsys.readouterr().err, "5 states")
        assert said.startswith("time: T3: 5 states, level 2, 4 waiting")
        done(job, found, Standing(7, 40, 0.5))
        time.sleep(0.1)  # a line may be under way
        capsys.readouterr()
        time.sleep(0.1)
        assert capsys.readouterr().err == "", "nothing more is told of it"
    with progress.explorations() as (_, done):
        done(job, found, Standing(7, 40, 0.5))
        done(job, found, Standing(40, 40, 1.0))
        done(job, found, Standing(1, 40, 1e-7))
    first, last, smallest = capsys.readouterr().err.splitlines()
    assert first.startswith("7 of 40: time: T3 W3: 9 states, 20 transitions, depth 3, 1.0 s")
    assert first.endswith("(explore); about 0 s left")
    assert last.endswith("(explore)")
    assert smallest.endswith("(explore)"), "from so little nothing can be told"


def test_a_checkpoint_that_fails_is_told_at_once_and_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job: Any = SimpleNamespace(short="time: T3", name="time: T3 W3")
    with progress.explorations() as (tell, _):
        for unsaved in ("", "the disk is full", "the disk is full", "", "the disk is full"):
            tell(job, 5, 9, 2, 4, unsaved)
        said = [line for line in capsys.readouterr().err.splitlines() if "T3 W3" in line]
    full, again = "time: T3 W3: the disk is full", "time: T3 W3: checkpoints can be written again"
    assert said == [full, again, full]


def test_a_search_for_a_run_is_told_in_a_log_too(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.exploration("T4") as tell:
        tell(5, 9, 2, 4, "")
        waits_for(lambda: capsys.readouterr().err, "T4: 5 states, level 2, 4 waiting")


def test_proofs_and_what_follows_them(capsys: pytest.CaptureFixture[str]) -> None:
    proof: Any = SimpleNamespace(id="T3", paths=8)
    with progress.proofs() as tell:
        tell(proof, 3)
        waits_for(lambda: capsys.readouterr().err, "T3: 3 of 8 paths")
        tell("cvc5 checks the certificates again")
        capsys.readouterr()
        said = waits_for(lambda: capsys.readouterr().err, "(cvc5 checks.*\n){2}")
    assert "T3" not in said
