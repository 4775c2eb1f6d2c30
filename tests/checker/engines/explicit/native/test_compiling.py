"""The compiled kernel is kept where it can be; where it cannot, it is compiled again."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from checker.engines.explicit.native import code
from checker.engines.explicit.native.compiling import Compiled

EXPLORE = ("explore", "--profile", "rest", "--engine", "native")
PROGRAM = """
import runpy, sys
sys.argv[0] = "checker"
try:
    runpy.run_module("checker", run_name="__main__", alter_sys=True)
finally:
    print("imported" if "numba" in sys.modules else "not imported")
"""


def three(number: Any) -> Any:
    return number * 3


def total(words: Any, more: Any) -> Any:
    found = more
    for word in words:
        found += word
    return found, words.size


def nothing(words: Any) -> None:
    words[0] = 7


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nothing is kept yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def kept(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def full(*_: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_words_arrays_and_what_is_returned() -> None:
    words = np.arange(5, dtype=np.uint64)
    assert Compiled(total)(words, np.uint64(2**63)) == (2**63 + 10, 5)
    assert Compiled(three)(-4) == -12
    assert Compiled(three)(np.uint64(4)) == 12
    assert Compiled(nothing)(words) is None
    assert words[0] == 7


def test_what_is_not_contiguous_is_refused() -> None:
    with pytest.raises(AssertionError):
        Compiled(nothing)(np.arange(6, dtype=np.uint64)[::2])


def test_what_needs_python_is_refused() -> None:
    """It would have to be found again where the compiler is not there."""
    with pytest.raises(ValueError, match="is to need nothing"):
        Compiled(lambda size: np.zeros(size, np.uint64).size)(4)


def test_what_was_compiled_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Compiled(three)(4) == 12
    (file,) = kept(place)
    assert file.name == "three-i"
    monkeypatch.setattr(Compiled, "_compile", None)
    assert Compiled(three)(5) == 15


def test_another_text_is_compiled_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Compiled(three)(4)
    monkeypatch.setattr(code, "_source", lambda _: "another")
    Compiled(three)(4)
    assert {file.parent.name for file in kept(place)} > {"another"}


@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "folder"])
def test_a_damaged_file_costs_time_alone(
    harm: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Compiled(three)(4)
    (file,) = kept(place)
    whole = file.read_bytes()
    if harm == "folder":
        file.unlink()
        file.mkdir()
    else:
        changed = whole[:-1] + bytes([whole[-1] ^ 1])
        file.write_bytes({"cut": whole[:-9], "changed": changed, "empty": b""}[harm])
    assert Compiled(three)(4) == 12
    if harm != "folder":  # it was written again
        monkeypatch.setattr(Compiled, "_compile", None)
        assert Compiled(three)(4) == 12


def test_where_nothing_can_be_kept_it_works(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_bytes", full)
    assert Compiled(three)(4) == 12
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path(__file__)))
    assert Compiled(three)(4) == 12
    assert kept(place) == []


@pytest.mark.slow
def test_a_second_search_imports_no_compiler(place: Path) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, *EXPLORE], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert [lines[-1] for lines in told] == ["imported", "not imported"]
    assert len({lines[0].partition(" states")[0] for lines in told}) == 1


def test_without_a_compiler_one_line_says_so() -> None:
    command = [sys.executable, "-m", "checker", *EXPLORE]
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (4, "", 1)
    assert "NUMBA_DISABLE_JIT forbids it: unset it, or use --engine explore" in told.stderr
