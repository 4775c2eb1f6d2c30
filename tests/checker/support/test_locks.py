"""One owner at a time, told by a lock that goes when its owner goes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.support import locks
from checker.support.errors import UsageProblem

HOLD = """
import sys, pathlib
from checker.support import locks
lock = locks.beside(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)


def test_the_second_is_told_who_is_the_first(tmp_path: Path, impatient: None) -> None:
    place = tmp_path / "report.json"
    lock = locks.beside(place)
    with pytest.raises(UsageProblem, match=rf"report.json' .* \(process {os.getpid()}\): wait"):
        locks.beside(place)
    lock.release()
    assert not list(tmp_path.iterdir())
    locks.beside(place).release()


def test_an_owner_that_is_killed_has_let_go(tmp_path: Path) -> None:
    place = tmp_path / "journal"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.MonkeyPatch.context() as patched, pytest.raises(UsageProblem) as refused:
        patched.setattr(locks, "PATIENCE", 0.0)
        locks.beside(place)
    assert f"(process {other.pid})" in str(refused.value)
    other.kill()
    lock = locks.beside(place)  # it waits until the other is gone
    assert [path.name for path in tmp_path.iterdir()] == [".journal.lock"]
    lock.release()
    other.wait()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_its_owner_has_removed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our opening it and our locking it, the first owner lets go, and a third comes."""
    first = locks.within(tmp_path)
    third: list[locks.Lock] = []
    lock = locks.fcntl.flock

    def late(file: int, how: int) -> None:
        monkeypatch.setattr(locks.fcntl, "flock", lock)
        first.release()
        third.append(locks.within(tmp_path))
        lock(file, how)

    monkeypatch.setattr(locks.fcntl, "flock", late)
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    with pytest.raises(UsageProblem):
        locks.within(tmp_path)
    third[0].release()
