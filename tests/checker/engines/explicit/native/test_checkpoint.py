"""Checkpoints: that a search survives being killed, and limits of any kind."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.cli.app import main
from checker.engines.explicit import native
from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.native import checkpoint, search
from checker.model import search as explorer
from checker.model.interned import Interned
from checker.model.model import check_of
from checker.model.search import Options, TcpParts
from checker.support.errors import INCONCLUSIVE, Problem, UsageProblem
from proofs.claims.table import BY_ID
from spec.rules import Rules
from tests.helpers import deaths
from tests.helpers.agree import (
    SEEDS,
    agree,
    checks_for,
    checks_of,
    counts,
    lengths,
    little,
    of_chance,
    told,
)
from tests.helpers.systems import (
    Chance,
)

LARGE = [seed for seed in SEEDS if seed % 3 == 0]


@pytest.fixture
def mortal(cramped: None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return deaths.killing(monkeypatch)


def through_deaths(parts: Any, checks: Any, folder: Path, **options: Any) -> Exploration:
    return deaths.through_deaths(native.explore, parts, checks, checkpoint=folder, **options)


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_search_survives_its_deaths(every: int, mortal: list[int], tmp_path: Path) -> None:
    for seed in LARGE[::every]:
        parts = Chance(seed)
        found = through_deaths(parts, checks_of(parts), tmp_path / str(seed), threads=1 + seed % 2)
        agree(of_chance(seed), found)
        # When it is over it stays so
        again = through_deaths(parts, checks_of(parts), tmp_path / str(seed))
        agree(of_chance(seed), again)
    assert mortal[0] > 5
    assert max(of_chance(seed).states for seed in LARGE[::every]) > 1000


def test_a_symmetric_search_survives_its_deaths(mortal: list[int], tmp_path: Path) -> None:
    chosen, checks = little("rest", "few"), checks_for("rest")
    one = native.explore(
        TcpParts(Interned(Rules(), *chosen)), checks, symmetric=True, stop_when_decided=False
    )
    two = through_deaths(TcpParts(Interned(Rules(), *chosen)), checks, tmp_path, symmetric=True)
    assert (counts(two), lengths(two)) == (counts(one), lengths(one))
    assert mortal[0] > 0


def lose(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let half of one array of every checkpoint be lost."""
    load = np.load

    def without(path: Path, **how: Any) -> Any:
        array = load(path, **how)
        return array[: array.size // 2] if path.name == f"{lost}.npy" else array

    monkeypatch.setattr(checkpoint.np, "load", without)


@pytest.mark.parametrize("lost", ["following", "level", "table"])
def test_what_a_checkpoint_lacks_is_missed(
    lost: str, mortal: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(lost, monkeypatch)
    with pytest.raises(AssertionError):
        for seed in LARGE:
            parts = Chance(seed)
            agree(of_chance(seed), through_deaths(parts, checks_of(parts), tmp_path / str(seed)))


@pytest.fixture
def poor(cramped: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches run out of memory by chance, whenever they look how much they have."""
    chance = random.Random(11)
    monkeypatch.setattr(search, "resident", lambda: (chance.random() < 0.1) << 40)


def through_limits(
    parts: Any, checks: Any, folder: Path, most: Iterator[int | None], **options: Any
) -> tuple[Exploration, int]:
    """What is found in the end, and how many limits ended the search before that."""
    for ended, limit in enumerate(most):
        found = native.explore(
            parts, checks, checkpoint=folder, every=1e9, resume=True, paths=False,
            max_states=limit, max_memory=1 << 30, **options,
        )  # fmt: skip
        assert (found.resumed > 0) == (ended > 0)
        assert found.limited == found.why.startswith("limit of")
        if not found.limited:
            break
    return found, ended


def goes_on(folder: Path, most: Any, **options: Any) -> int:
    """Limits change nothing; how many there were."""
    limits = 0
    for seed in LARGE:
        parts, whole = Chance(seed), of_chance(seed)
        found, ended = through_limits(
            parts, checks_of(parts), folder / str(seed), most(), stop_when_decided=False, **options
        )
        assert (counts(found), found.lengths, found.why) == (counts(whole), lengths(whole), "")
        limits += ended
    return limits


@pytest.mark.parametrize("threads", [1, 3])
def test_limits_of_memory_change_nothing_in_the_end(
    threads: int, poor: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, spilled = checkpoint.load, []

    def cramping(search: search.Search, folder: Path) -> bool:
        search.workers[0].fit(2)
        loaded = load(search, folder)
        spilled.append(sum(part.size for part in search.spilled))
        return loaded

    monkeypatch.setattr(checkpoint, "load", cramping)
    assert goes_on(tmp_path, lambda: repeat(None), threads=threads) > 20
    assert threads > 1 or max(spilled) > 2


@pytest.mark.parametrize("every", [pytest.param(13, marks=pytest.mark.slow), 100])
def test_limits_of_states_change_nothing_in_the_end(
    every: int, cramped: None, tmp_path: Path
) -> None:
    limits = goes_on(tmp_path, lambda: count(every, every))
    assert limits > 20


@pytest.mark.parametrize("lost", ["following", "level", "spilled", "table"])
def test_what_the_checkpoint_of_a_limit_lacks_is_missed(
    lost: str, poor: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(lost, monkeypatch)
    with pytest.raises(AssertionError):
        goes_on(tmp_path, lambda: repeat(None))


@pytest.mark.slow
def test_a_level_is_finished_whatever_was_decided(cramped: None, tmp_path: Path) -> None:
    """What is decided amid a level, before a limit, ends no search before the end of it."""
    limits = 0
    for seed in LARGE:
        parts = Chance(seed)
        for name, check in checks_of(parts).items():
            one = native.explore(parts, {name: check}, paths=False)
            two, ended = through_limits(
                parts, {name: check}, tmp_path / f"{seed}-{name}", count(9, 23)
            )
            assert (counts(two), two.lengths, two.why) == (counts(one), one.lengths, one.why)
            limits += ended
    assert limits > 20


def checkpointed(folder: Path, rules: Rules | None = None, **options: Any) -> Exploration:
    system = Interned(rules or Rules(), *little("time", "one"))
    return explorer.search(
        system,
        {"W3": check_of(BY_ID["W3"]), "T3": check_of(BY_ID["T3"])},
        Options(engine="native", checkpoint=folder, **{"every": 0.0, **options}),
        stop_when_decided=False,
    )


def test_a_finished_search_is_not_done_again(tmp_path: Path) -> None:
    one = checkpointed(tmp_path)
    (last,) = tmp_path.iterdir()
    # Half of another, that was being written, and a folder of somebody else's
    torn = tmp_path / f"checkpoint-{int(last.name.partition('-')[2]) + 1}.part"
    shutil.copytree(last, torn)
    (torn / "search.json").write_text('{"vers')
    for name in ("notes", "2024", "checkpoint-new"):
        (tmp_path / name).mkdir()
    two = checkpointed(tmp_path, resume=True)
    assert told(two) == told(one)
    assert set(two.decisive) == {"W3", "T3"}
    assert not list(tmp_path.glob("*.part"))
    assert {"notes", "2024", "checkpoint-new"} < {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("limit", ["states", "memory"])
def test_a_search_ended_by_a_limit_goes_on_under_another(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = checkpointed(tmp_path / "whole")
    looks, most = count(), {"states": {"max_states": 2000}, "memory": {"max_memory": 1 << 30}}
    with monkeypatch.context() as patched:
        if limit == "memory":
            patched.setattr(search, "resident", lambda: (next(looks) > 8) << 40)
        two = checkpointed(tmp_path / "limited", every=1e9, **most[limit])
    assert (two.limited, 1 < two.states < one.states) == (True, True)
    three = checkpointed(tmp_path / "limited", resume=True)
    assert told(three) == told(one)
    assert (three.limited, three.why, three.lengths) == (False, "", one.lengths)
    assert (one.resumed, two.resumed, three.resumed) == (0, 0, two.states)


def test_a_limit_that_is_still_too_low_changes_nothing_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gigabytes are not written again for nothing."""
    one = checkpointed(tmp_path, max_states=2000)
    before = list(tmp_path.iterdir())
    monkeypatch.setattr(search, "resident", lambda: 1 << 40)
    two = checkpointed(tmp_path, resume=True, max_memory=1 << 30)
    assert two.why.startswith("limit of 1.00 GiB of memory reached")
    assert (two.states, two.transitions, two.fired) == (one.states, one.transitions, one.fired)
    assert list(tmp_path.iterdir()) == before


def full(number: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def exhausted(number: int) -> None:
    raise MemoryError


@pytest.mark.parametrize("limit", [None, 2000])
@pytest.mark.parametrize(("fail", "why"), [(full, "No space left"), (exhausted, "no memory")])
def test_what_was_found_is_told_though_no_checkpoint_can_be_written(
    fail: Any, why: str, limit: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = checkpointed(tmp_path / "written", max_states=limit)
    monkeypatch.setattr(checkpoint.os, "fsync", fail)
    two = checkpointed(tmp_path / "not", max_states=limit)
    assert (told(two), two.why, two.limited) == (told(one), one.why, limit is not None)
    assert one.unsaved == ""
    assert f"could not be written to {tmp_path / 'not'}: {why}" in two.unsaved
    assert not list((tmp_path / "not").iterdir())


def test_the_commands_say_what_was_resumed_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def said(*command: str) -> str:
        with pytest.raises(SystemExit) as ended, monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["checker", *command, "--checkpoint", str(tmp_path)])
            main()
        code = INCONCLUSIVE if "--max-states" in command else 0
        out, err = capfd.readouterr()
        assert ended.value.code == code, err
        return out + err

    search = ("explore", "--profile", "rest")
    begun = said(*search, "--max-states", "3000")
    assert "limit of 3,000 states" in begun
    assert "resumed" not in begun
    assert "(native, resumed from 3," in said(*search, "--resume")
    claims = ("verify", "D1", "--small", "--workers", "1")
    assert "limit of 3,000 states" in said(*claims, "--max-states", "3000")
    monkeypatch.setattr(checkpoint.os, "fsync", full)
    again = said(*claims, "--resume")
    assert "(native, resumed from 3," in again
    assert "a checkpoint could not be written" in again


def test_without_resume_no_checkpoint_is_overwritten(tmp_path: Path) -> None:
    checkpointed(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageProblem, match="holds a checkpoint: --resume goes on from it"):
        checkpointed(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match="no checkpoint can be written to"):
        checkpointed(tmp_path / "file")


@pytest.mark.parametrize(
    "other", [{"rules": Rules(reset_exact=False)}, {"symmetric": True}], ids=["rules", "symmetry"]
)
def test_the_checkpoint_of_another_search_is_refused(
    other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpointed(tmp_path)
    monkeypatch.setattr(explorer, "require_symmetry", lambda system: None)
    with pytest.raises(Problem, match="is the checkpoint of another search") as problem:
        checkpointed(tmp_path, resume=True, **other)
    assert "\n" not in str(problem.value)
    assert problem.value.code != 0


def run_verify(folder: Path, report: Path, *more: str) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "checker", "verify", "T3", "T3.literal", "--engine", "native",
        "--bounds", "in_flight=3", "--checkpoint", str(folder), "--every", "0.05",
        "--workers", "1", "--json", str(report), *more,
    ]  # fmt: skip
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def numbers(report: Path) -> Any:
    names = ("id", "verdict", "states", "transitions", "depth", "length", "scope", "witness")
    claims = json.loads(report.read_text())["claims"]
    return [[claim[name] for name in names] + [claim["trace"]] for claim in claims]


@pytest.mark.slow
def test_a_killed_search_goes_on(tmp_path: Path) -> None:
    began = time.monotonic()
    whole = run_verify(tmp_path / "whole", tmp_path / "whole.json")
    out, err = whole.communicate(timeout=300)
    took = time.monotonic() - began
    assert "T3.literal" in out, err
    chance, kills, patience = random.Random(3), 0, 0.4
    while True:
        running = run_verify(tmp_path / "killed", tmp_path / "killed.json", "--resume")
        try:
            running.wait(took * patience * (1 + chance.random()))
            break
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            kills += 1
            patience += 0.05
    out, err = running.communicate()
    assert running.returncode == whole.returncode, err
    assert numbers(tmp_path / "killed.json") == numbers(tmp_path / "whole.json")
    assert kills > 1
    # Of other rules: one line
    other = run_verify(tmp_path / "killed", tmp_path / "x.json", "--resume", "--rules", "isn=any")
    _, err = other.communicate(timeout=60)
    problems = [line for line in err.splitlines() if line.startswith("checker: ")]
    assert len(problems) == 1
    assert "is the checkpoint of another search" in problems[0]
    assert (other.returncode, "Traceback" in err) == (Problem("").code, False)
