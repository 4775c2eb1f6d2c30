"""``explore`` and ``bench``: counts, exit codes, the JSON. No test asserts a time."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.model.interned import Interned
from checker.model.search import Options, search
from checker.studies import bench
from checker.studies.pins import expectations
from checker.support.errors import INCONCLUSIVE, OK, USAGE, VIOLATED, ToolProblem
from spec.rules import Rules
from spec.world.profiles import PROFILES

ROOT = Path(__file__).parents[3]
PINNED = expectations(["T10"])["small"]["T10"]
FORGERY = (PINNED["states"], PINNED["transitions"], PINNED["depth"])
"""Of the profile ``forgery``, as the gate finds them again."""
KEYS = {"tool", "threads", "states", "transitions", "wall_s", "compile_s", "rss_bytes"}
KEYS |= {"states_per_s", "bytes_per_state"}


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "checker", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def row(**changes: Any) -> bench.Row:
    like = bench.Row(
        tool="native",
        threads=1,
        states=10,
        transitions=20,
        depth=3,
        wall_s=2.0,
        compile_s=1.0,
        rss_bytes=1000,
        complete=True,
        runs=1,
    )
    return replace(like, **changes)


# starts


@pytest.mark.slow
def test_starts_are_measured_beside_python(tmp_path: Path) -> None:
    answer = tmp_path / "starts.json"
    done = command("bench", "--starts", "--repeat", "1", "--json", str(answer))
    assert done.returncode == OK, done.stderr
    found = json.loads(answer.read_text())
    first, *others = found["starts"]
    assert (first["command"], first["ratio"]) == ("python -c pass", 1.0)
    assert [one["command"] for one in others] == list(bench.STARTS)
    for one in others:
        assert one["ratio"] > 1 and one["cpu_s"] > first["cpu_s"] and one["runs"] == 1
        assert one["command"] in done.stdout


def test_starts_take_no_case() -> None:
    done = command("bench", "--starts", "--bounds", "capacity=1")
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "--starts takes no --bounds: omit it" in done.stderr


# explore


@pytest.mark.parametrize("engine", ["explore", "native", "sets", "sorted", "auto"])
def test_explore_counts(engine: str, tmp_path: Path) -> None:
    answer = tmp_path / "found.json"
    done = command("explore", "--profile", "forgery", "--engine", engine, "--json", str(answer))
    assert done.returncode == OK, done.stderr
    states, transitions, depth = FORGERY
    told = f"{states:,} states, {transitions:,} transitions, depth {depth}: exhaustive"
    assert told in done.stdout
    found = json.loads(answer.read_text())
    assert (found["states"], found["transitions"], found["depth"]) == FORGERY
    assert found["complete"]
    assert found["engine"] == ("explore" if engine == "auto" else engine)


def test_explore_stops_at_a_limit() -> None:
    words = ("explore", "--profile", "rest", "--engine", "native", "--max-states", "100")
    done = command(*words)
    assert done.returncode == INCONCLUSIVE
    assert "not complete: limit of 100 states reached" in done.stdout


def test_explore_says_what_a_compact_search_may_have_missed() -> None:
    done = command("explore", "--profile", "rest", "--compact", "--expect", "9000")
    assert done.returncode == OK
    assert (
        "8,023 states, 64,340 transitions, depth 16: all states, unless one was missed"
        in done.stdout
    )
    assert "exhaustive" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engine", "symbolic"), "no engine 'symbolic'; there are: auto, explore, native, sets"),
        (("--engine", "explore", "--symmetry"), "--symmetry is for --engine native"),
        (("--engine", "sets", "--compact"), "--compact is for --engine native"),
        (("--engine", "sorted", "--compact"), "--compact is for --engine native"),
        (("--spill", "x"), "--spill is for --engine sorted"),
        (("--engine", "sorted", "--spill", "x", "--checkpoint", "y"), "omit --checkpoint"),
        (("--engine", "sorted", "--spill", "README.md"), "'README.md' is a file"),
        (("--resume",), "--resume needs --checkpoint"),
        (("--profile", "lifecycle", "--symmetry"), "treat both hosts alike"),
        (("--profile", "nowhere"), "no profile 'nowhere'"),
        (("--compact", "--checkpoint", "x"), "no checkpoints of a compact search"),
    ],
)
def test_explore_refuses(words: tuple[str, ...], said: str) -> None:
    done = command("explore", *words)
    assert done.returncode == USAGE
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_engine_changes_where_there_are_many_states() -> None:
    few, many = (
        search(Interned(Rules(), *PROFILES[name]), {}, Options()) for name in ("rest", "window")
    )
    assert (few.engine, many.engine) == ("explore", "native")
    assert many.states == 20_155, "from the start, so that nothing is missing"


# bench


@pytest.mark.slow
def test_rows_of_our_engines(tmp_path: Path) -> None:
    answer = tmp_path / "rows.json"
    words = ("--with", "explore,native,native-2", "--repeat", "1", "--json", str(answer))
    done = command("bench", "--profile", "forgery", *words)
    assert done.returncode == OK, done.stderr
    read = json.loads(answer.read_text())
    assert [(r["tool"], r["threads"]) for r in read["rows"]] == [
        ("explore", 1),
        ("native", 1),
        ("native", 2),
    ]
    for found in read["rows"]:
        assert found.keys() >= KEYS
        assert (found["states"], found["transitions"], found["depth"]) == FORGERY
        assert found["states_per_s"] == pytest.approx(807 / found["wall_s"], rel=0.01)
        assert found["bytes_per_state"] == pytest.approx(found["rss_bytes"] / 807, rel=0.01)
        assert found["wall_s"] > 0
        assert found["rss_bytes"] > 1 << 20
    assert read["machine"]["cores"]
    first = [line.split()[0] for line in done.stdout.splitlines()]
    assert first == ["tool", "explore", "native", "native"]


@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="no spin or gcc")
@pytest.mark.slow
def test_rows_of_spin(tmp_path: Path) -> None:
    answer = tmp_path / "rows.json"
    words = ("--with", "explore,spin-dfs", "--repeat", "1", "--json", str(answer))
    done = command("bench", "--profile", "forgery", *words)
    assert done.returncode == OK, done.stderr
    rows = json.loads(answer.read_text())["rows"]
    assert [(r["states"], r["transitions"]) for r in rows] == [FORGERY[:2]] * 2


def test_a_run_that_is_too_slow_is_no_result() -> None:
    rows = bench.bench("time", {}, {}, ["explore"], repeat=3, timeout=1.0)
    (slow,) = rows
    assert (slow.complete, slow.runs, slow.note) == (False, 1, "more than 1 s")
    assert bench.exit_code(rows) == INCONCLUSIVE


def test_medians() -> None:
    runs = [row(wall_s=3.0), row(wall_s=1.0), row(wall_s=9.0, rss_bytes=5000)]
    middle = bench.median("native", runs)
    assert (middle.wall_s, middle.rss_bytes, middle.runs, middle.complete) == (3.0, 1000, 3, True)
    assert not bench.median("native", [*runs, row(complete=False)]).complete


def test_exit_codes() -> None:
    same = [row(), row(tool="spin-dfs", wall_s=30.0)]
    assert bench.exit_code(same) == OK
    assert bench.exit_code([*same, row(tool="tlc", complete=False, states=3)]) == OK
    assert bench.exit_code([*same, row(tool="tlc", transitions=21)]) == VIOLATED
    assert bench.exit_code([]) == INCONCLUSIVE


def test_who_is_not_installed_is_skipped_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "missing", lambda peer: "not installed: spin")
    said: list[str] = []
    monkeypatch.setattr(bench, "TOOLS", ("spin-dfs", "tlc"))
    assert bench.bench("forgery", {}, {}, said=said.append) == []
    assert said == [f"{tool}: skipped: not installed: spin" for tool in bench.TOOLS]
    with pytest.raises(ToolProblem, match="spin-dfs: not installed: spin"):
        bench.bench("forgery", {}, {}, ["spin-dfs"])


def test_runs_that_count_differently_are_told() -> None:
    shaky = bench.median("native", [row(), row(states=11)])
    assert not shaky.steady
    assert bench.exit_code([shaky]) == VIOLATED
