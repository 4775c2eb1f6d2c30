"""Which lines run: here, in processes that are forked, and in parts."""

import os
from pathlib import Path
from typing import Any

import pytest

from checker.support.ran import Ran

TEXT = """
def first(flag):
    if flag:
        return 1
    return 2


def second():
    return [first(n) for n in (1, 0)]
"""


@pytest.fixture
def program(tmp_path: Path) -> tuple[str, dict[str, Any]]:
    file = tmp_path / "program.py"
    names: dict[str, Any] = {}
    file.write_text(TEXT)
    exec(compile(TEXT, str(file), "exec"), names)
    return str(file), names


def lines(ran: Ran, file: str, seen: bytes) -> list[int]:
    return [line for line in range(1, 10) if any(seen[ran.where(file, line, line)])]


def test_lines_that_run_are_seen(program: tuple[str, dict[str, Any]]) -> None:
    file, names = program
    ran = Ran([__file__, file])
    with ran.watched() as found:
        names["first"](True)
    assert lines(ran, file, found[0]) == [3, 4]
    with ran.watched() as found:
        names["second"]()
    assert lines(ran, file, found[0]) == [3, 4, 5, 9]
    names["first"](False)
    assert not ran.watching


def test_what_a_part_runs_the_whole_runs(program: tuple[str, dict[str, Any]]) -> None:
    file, names = program
    ran = Ran([file])
    with ran.watched() as whole:
        names["first"](True)
        with ran.watched() as part:
            names["first"](False)
    assert lines(ran, file, part[0]) == [3, 5]
    assert lines(ran, file, whole[0]) == [3, 4, 5]


def test_what_a_forked_process_runs_is_seen(program: tuple[str, dict[str, Any]]) -> None:
    file, names = program
    ran = Ran([file])
    with ran.watched() as found:
        if (child := os.fork()) == 0:
            names["first"](False)
            os._exit(0)
        os.waitpid(child, 0)
    assert lines(ran, file, found[0]) == [3, 5]
