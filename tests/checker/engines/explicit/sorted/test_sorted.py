"""The sorted engine: that it finds what the reference finds, in memory and on disk."""

import errno
import os
from collections import Counter as Bag
from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit import native
from checker.engines.explicit import sorted as ordered
from checker.engines.explicit.engine import Check, Options, engine_of
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.tables import Interner
from checker.engines.explicit.reference import explore
from checker.engines.explicit.sorted import coded, search
from checker.support.errors import Problem, UsageProblem
from spec.rules import Rules
from tests.helpers.agree import (
    SEEDS,
    agree,
    chance_agrees,
    checks_for,
    checks_of,
    lengths,
    little,
    same,
    shown_within_limits,
    symmetric_agrees,
)
from tests.helpers.systems import Chance, Counter, Grid

SOME = SEEDS[::2]


@pytest.fixture
def cramped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a few states, ranges of a few blocks, and fields that soon are too narrow."""
    monkeypatch.setattr(search, "BATCH", 50)
    monkeypatch.setattr(search, "RANGE", 2)
    monkeypatch.setattr(search, "EACH", 0)
    monkeypatch.setattr(search, "RECENT", 16)
    monkeypatch.setattr(coded, "SOME", 1)
    monkeypatch.setattr(native.search, "STRETCH", 7)
    monkeypatch.setattr(native.search, "ROUND", 2)
    narrow = classmethod(lambda cls, ends, links, *bits: Layout(ends, links, 1, min(links, 1)))
    monkeypatch.setattr(Layout, "of", narrow)


@pytest.mark.parametrize("options", [{}, {"keep": 0}, {"threads": 3}], ids=str)
def test_systems_of_chance(options: dict[str, Any]) -> None:
    for seed in SOME:
        chance_agrees(seed, explore=ordered.explore, **options)


def test_systems_of_chance_on_disk(tmp_path: Path) -> None:
    for seed in SOME:
        folder = tmp_path / str(seed)
        chance_agrees(seed, explore=ordered.explore, threads=1 + seed % 2, spill=folder)
        assert (folder / "levels").stat().st_size > 0


@pytest.mark.parametrize("spilling", [False, True])
def test_systems_of_chance_in_little_room(spilling: bool, cramped: None, tmp_path: Path) -> None:
    for seed in SOME:
        spill = tmp_path / str(seed) if spilling else None
        chance_agrees(seed, explore=ordered.explore, threads=1 + seed % 2, spill=spill)


def test_a_system_as_one_end() -> None:
    checks = {"claim": Check("always", lambda n: n < 150)}
    one = explore(Counter(200), checks, graph=False, stop_when_decided=False)
    agree(one, ordered.explore(native.Solo(Counter(200)), checks, stop_when_decided=False))


def test_symmetric_systems_of_chance() -> None:
    for seed in range(20):
        symmetric_agrees(seed, ordered.explore)


PROFILES = (
    *("handshake", "crossing", "time-over", "crash", "reuse", "rest", "half-open-stamps"),
    *("conduct-time", "backlog", "transfer-sack", "http-kept", "forgery"),
)


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(profile: str) -> None:
    found = same(Rules(), little(profile, "few"), checks_for(profile), ordered.explore, threads=2)
    assert found.complete


def test_what_is_decided_within_a_limit_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RANGE", 1)
    monkeypatch.setattr(search, "EACH", 0)
    decided = sum(shown_within_limits(seed, ordered.explore) for seed in SOME)
    assert decided > 40


def test_the_search_ends_when_all_is_decided() -> None:
    checks = {"claim": Check("always", lambda n: n < 5)}
    found = ordered.explore(native.Solo(Counter(200)), checks)
    assert (lengths(found), found.depth, found.why) == ({"claim": 5}, 5, "every claim is decided")


def test_a_limit_of_memory() -> None:
    found = ordered.explore(native.Solo(Grid(200)), {}, max_memory=1 << 20)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == "limit of 0.00 GiB of memory reached"
    assert 0 < found.states < 201 * 201


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (Interner, "busy", lambda self, action: 0),  # every step is idle
        (Interner, "fired", lambda self, counts: Bag()),
        (Interner, "_verdict", lambda self, ends: (0, 0)),
        (search.k, "strike", lambda keys, n, known: n if known.size < 50 else n - 1),
        (search.k, "once", lambda keys: min(keys.size, 3)),
        (search.Sorted, "_judge", lambda self, keys: 0),
        (coded, "recode", lambda keys, old, new: None),
    ],
)
def test_systems_of_chance_tell_a_wrong_engine(
    where: Any, name: str, wrong: Any, cramped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises((AssertionError, StopIteration, ValueError, IndexError)):
        for seed in SOME:
            chance_agrees(seed, explore=ordered.explore, to_depth=60)


def test_what_cannot_be_sorted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no --compact"):
        engine_of("sorted")(Chance(0), {}, Options(compact=True))
    with pytest.raises(UsageProblem, match="omit --checkpoint"):
        engine_of("sorted")(Chance(0), {}, Options(spill=tmp_path, checkpoint=tmp_path / "x"))
    with pytest.raises(UsageProblem, match="--spill is for the sorted engine"):
        engine_of("native")(Chance(0), {}, Options(spill=tmp_path))


# The disk


def full(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The disk has room for so many octets more, and some are written before it is full."""
    write, room = os.pwrite, [most]

    def pwrite(file: int, octets: Any, at: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(file, octets[: room[0]], at)
        room[0] -= done
        return done

    monkeypatch.setattr(coded.os, "pwrite", pwrite)


@pytest.mark.parametrize("most", [5, 500, 2000])
def test_a_full_disk(most: int, tmp_path: Path) -> None:
    """The search ends with a line that says so, and goes on when there is room."""
    parts = Chance(27)
    checks = checks_of(parts)
    options: dict[str, Any] = {"stop_when_decided": False, "spill": tmp_path}
    with pytest.MonkeyPatch.context() as patched:
        full(patched, most)
        found = ordered.explore(parts, checks, **options)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == f"{tmp_path} cannot be written: No space left on device"
    chance_agrees(27, explore=ordered.explore, spill=tmp_path, resume=True)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match="Not a directory"):
        ordered.explore(Chance(0), {}, spill=tmp_path / "file" / "folder")
