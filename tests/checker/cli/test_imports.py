"""What a command imports: nothing heavy that it does not use. Times are measured by ``bench``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.cli.app import COMMANDS

ROOT = Path(__file__).parents[3]
COMPILER = frozenset({"numba"})
NATIVE = frozenset({"numpy", "llvmlite"})
HEAVY = frozenset(
    {
        *COMPILER,
        *NATIVE,
        *("scipy", "z3", "cvc5", "bitwuzla", "networkx", "graphviz", "mkdocs"),
        *("multiprocessing", "concurrent.futures.process", "asyncio"),
    }
)
TOLD = """
import atexit, runpy, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
sys.argv[0] = "checker"
runpy.run_module("checker", run_name="__main__", alter_sys=True)
"""
CAPTURE = "tests/captures/linux/close_4way.A.pcap"


def imported(*command: str) -> set[str]:
    """The modules that a command has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *command],
        cwd=ROOT,
        env={**os.environ, "CHECKER_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {*done.stderr.splitlines()}


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("--version", frozenset()),
        ("list rules", frozenset()),
        ("trace T2 --rules three_way=off", frozenset()),
        ("simulate --scenario three-way-handshake", frozenset()),
        (f"conform {CAPTURE}", frozenset()),
        (f"narrate {CAPTURE}", frozenset()),
        ("explore --profile forgery", frozenset()),
        ("explore --profile forgery --engine native", NATIVE),
        ("verify S15 --small", frozenset()),
    ],
)
def test_nothing_heavy_is_imported_that_is_not_used(command: str, needed: frozenset[str]) -> None:
    if needed:
        imported(*command.split())  # machine code may have to be made once
    assert imported(*command.split()) & HEAVY == needed


def test_a_command_imports_no_other_command() -> None:
    modules = {"list": "listing", "page": "play"}
    others = {f"checker.cli.{modules.get(n, n.replace('-', '_'))}" for n in COMMANDS if n != "list"}
    assert imported("list", "rules") & others == set()
