"""Changes of observers: all are noticed by tests of single steps."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from checker.ir.mutate import functions_of
from tests.programs import observers


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    """The program, in a process of its own: it runs pytest."""
    command = [sys.executable, "-m", "tests.programs.observers", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_changes_are_of_every_module_but_conduct() -> None:
    """... and but tables, which have no function."""
    rooms = sorted(Path(observers.watcher.__file__).parent.glob("*.py"))
    modules = [import_module(f"spec.observe.{room.stem}") for room in rooms]
    changed = {module for module in modules if [*functions_of(module)]}
    assert {*observers.MODULES} == changed - {import_module("spec.observe.conduct")}
    files = {change.file.rpartition("/")[2] for change in observers.changes()}
    assert files == {f"{module.__name__.rpartition('.')[2]}.py" for module in observers.MODULES}


def test_a_change_that_changes_nothing_is_told_with_its_reason() -> None:
    done = ask("_later")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "3 changes, 0 not noticed"
    assert "the later of two equal numbers is either" in done.stdout


def test_a_change_that_is_not_noticed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observers, "noticed", lambda change=None: False)
    monkeypatch.setattr(sys, "argv", ["observers", "Forgery"])
    assert observers.main() == 1


def test_nothing_to_change_is_no_pass() -> None:
    done = ask("no such", "place")
    assert (done.returncode, done.stderr) == (1, "there is no such place: no such place\n")


def test_changes_of_an_application_are_asked_of_its_tests() -> None:
    command = [sys.executable, "-m", "tests.programs.applications", "tick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1 changes, 0 not noticed\n")


@pytest.mark.slow
def test_every_change_of_an_application_is_noticed() -> None:
    command = [sys.executable, "-m", "tests.programs.applications"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_every_change_of_an_observer_is_noticed() -> None:
    done = ask()
    assert done.returncode == 0, done.stdout + done.stderr
