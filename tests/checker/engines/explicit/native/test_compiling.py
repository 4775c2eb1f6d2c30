"""The compiled kernel is kept where it can be; where it cannot, it is compiled again."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from numba.core.caching import FunctionCache

from checker.engines.explicit.native import compiling


def three(number: Any) -> Any:
    return number * 3


def full(*_: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def damaged(*_: Any) -> NoReturn:
    raise EOFError("Ran out of input")


def nowhere(*_: Any) -> NoReturn:
    raise RuntimeError("cannot cache function 'three': no locator available")


@pytest.mark.parametrize(
    ("what", "fails"),
    [("_save_overload", full), ("_load_overload", damaged), ("__init__", nowhere)],
)
def test_a_cache_that_fails_costs_time_alone(
    what: str, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FunctionCache, what, fails)
    assert compiling.compiled(three)(4) == 12


def test_what_was_compiled_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.config, "CACHE_DIR", str(tmp_path))
    compiling.compiled(three)(4)
    assert list(tmp_path.rglob("*.nbc"))
    again = compiling.compiled(three)
    assert again(4) == 12
    assert sum(again._cache_hits.values()) == 1


def test_without_a_compiler_one_line_says_so() -> None:
    command = [
        sys.executable,
        "-m",
        "checker",
        "explore",
        "--profile",
        "rest",
        "--engine",
        "native",
    ]
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (4, "", 1)
    assert "NUMBA_DISABLE_JIT forbids it: unset it, or use --engine explore" in told.stderr
