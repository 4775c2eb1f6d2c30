"""The program that damages checkpoints and misuses commands: a sample, and that it tells faults."""

from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit.native import checkpoint
from tests.programs import damage

QUICK = (
    "stdout that nobody reads, unbuffered",
    "wrong usage, stderr on a full disk",
    "stdout on a full disk",
    "few files",
)


def test_no_checkpoint_that_was_changed_is_believed() -> None:
    tally, wrong = damage.checkpoints(seed=1, flips=1)
    assert wrong == []
    assert tally["refused"] == sum(tally.values()) > 90


def test_what_is_believed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without digests there are wrong numbers, tracebacks, and more."""
    some = ("search.json says {'complete'", "search.json says {'places': -5", "half of table")
    kept = [(what, change) for what, change in damage.changes(damage.random.Random(1), 0)]
    few = [(what, change) for what, change in kept if what.startswith(some)]
    monkeypatch.setattr(damage, "changes", lambda *_: iter(few))
    monkeypatch.setattr(checkpoint, "_damage", lambda *_: "")
    tally, wrong = damage.checkpoints(seed=1, flips=0)
    assert len(wrong) == len(few) == 3
    assert not tally["refused"]


@pytest.mark.parametrize("name", QUICK)
def test_a_misuse_ends_in_one_line(name: str, tmp_path: Path) -> None:
    (misuse,) = (one for one in damage.MISUSES if one.name == name)
    assert damage.judged(misuse, tmp_path) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "misuse", [one for one in damage.MISUSES if one.name not in QUICK], ids=lambda one: one.name
)
def test_every_misuse_ends_in_one_line(misuse: Any, tmp_path: Path) -> None:
    assert damage.judged(misuse, tmp_path) == ""


@pytest.mark.slow
@pytest.mark.parametrize("how", [damage.signal.SIGKILL, *damage.INTERRUPTS])
def test_a_run_that_is_ended_leaves_nobody_behind(how: Any, tmp_path: Path) -> None:
    assert damage.ended(how, tmp_path / "checkpoints") == ""
