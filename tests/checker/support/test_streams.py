"""What is found does not depend on who listens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_what_a_terminal_does_not_have_is_written_as_its_number() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(COMMAND, env=env, capture_output=True, check=False)
    assert (told.returncode, told.stdout[:8]) == (7, b"\\u2192 x")


def test_streams_that_were_closed_are_none() -> None:
    closed = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" >&- 2>&-', *COMMAND], capture_output=True, check=False
    )
    assert (closed.returncode, closed.stdout, closed.stderr) == (7, b"", b"")
