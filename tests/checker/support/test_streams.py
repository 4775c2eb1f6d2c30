"""What is found does not depend on who listens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import checker.support.streams  # noqa: F401 (it makes the error handler known)

PROGRAM = """
import sys
from checker.support import streams
from checker.support.errors import ToolProblem
streams.protect()
try:
    print("\\N{RIGHTWARDS ARROW} " + "x" * 100_000)
    print("told", file=sys.stderr)
    sys.stdout.flush()
except ToolProblem as problem:
    print(problem, file=sys.stderr)
    sys.exit(4)
sys.exit(7)
"""
COMMAND = [sys.executable, "-c", PROGRAM]


def test_a_reader_that_leaves_changes_nothing() -> None:
    for which in ("stdout", "stderr"):
        reading, writing = os.pipe()
        os.close(reading)
        other = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, which: writing}
        assert subprocess.run(COMMAND, **other, check=False).returncode == 7
        os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_results_that_cannot_be_written_are_a_problem_and_words_are_not() -> None:
    with open("/dev/full", "wb") as full:
        lost = subprocess.run(COMMAND, stdout=full, stderr=subprocess.PIPE, check=False)
        assert (lost.returncode, lost.stderr) == (
            4, b"cannot write to stdout: No space left on device\n",
        )  # fmt: skip
        told = subprocess.run(COMMAND, stderr=full, stdout=subprocess.PIPE, check=False)
        assert (told.returncode, len(told.stdout)) == (7, len("→ ".encode()) + 100_001)


def test_what_a_terminal_does_not_have_has_a_plain_stand_in() -> None:
    """A sign as wide as itself; a letter is of a name, and must not become another."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(COMMAND, env=env, capture_output=True, check=False)
    assert (told.returncode, told.stdout[:8]) == (7, b"> xxxxxx")
    assert "3.5 \xb61\u2026 \u250c\u2500\u2510\u2502 \xe9\u4e2d\udcff".encode("ascii", "plain") == (
        b"3.5 #1~ +-+| \\xe9\\u4e2d\\udcff"
    )
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    words = [sys.executable, "-m", "checker", "requirements", "MUST-37"]
    for having, sign in ((env, b"3.8.6.1 #3"), (latin, b"3.8.6.1 \xb63")):
        told = subprocess.run(words, env=having, capture_output=True, check=False)
        assert sign in told.stdout and b"\\x" not in told.stdout


def test_streams_that_were_closed_are_none() -> None:
    closed = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" >&- 2>&-', *COMMAND], capture_output=True, check=False
    )
    assert (closed.returncode, closed.stdout, closed.stderr) == (7, b"", b"")
