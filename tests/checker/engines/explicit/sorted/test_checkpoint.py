"""Checkpoints of the sorted engine: that a search survives being killed, and limits."""

import json
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.engines.explicit import sets
from checker.engines.explicit import sorted as ordered
from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.native import checkpoint
from checker.engines.explicit.sorted import search
from checker.support.errors import Problem
from tests.helpers import deaths
from tests.helpers.agree import agree, checks_of, counts, lengths, of_chance
from tests.helpers.systems import Chance

LARGE = (0, 6, 16, 24)


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return deaths.killing(monkeypatch)


def where(folder: Path, spilling: bool) -> dict[str, Any]:
    return {"spill" if spilling else "checkpoint": folder}


def through_deaths(seed: int, **options: Any) -> Exploration:
    parts = Chance(seed)
    return deaths.through_deaths(ordered.explore, parts, checks_of(parts), **options)


@pytest.mark.parametrize("spilling", [False, True])
def test_a_search_survives_its_deaths(spilling: bool, mortal: list[int], tmp_path: Path) -> None:
    for seed in LARGE:
        place = where(tmp_path / str(seed), spilling)
        agree(of_chance(seed), through_deaths(seed, threads=1 + seed % 2, **place))
        # When it is over it stays so
        agree(of_chance(seed), through_deaths(seed, **place))
    assert mortal[0] > 5


def goes_on(folder: Path, most: Any, spilling: bool) -> int:
    """Limits change nothing; how many there were."""
    limits = 0
    for seed in LARGE:
        parts, whole = Chance(seed), of_chance(seed)
        for ended, limit in enumerate(islice(most(), 500)):
            found = ordered.explore(
                parts, checks_of(parts), every=1e9, resume=True, max_states=limit,
                stop_when_decided=False, **where(folder / str(seed), spilling),
            )  # fmt: skip
            assert (found.resumed > 0) == (ended > 0)
            assert found.limited == found.why.startswith("limit of")
            if not found.limited:
                break
        assert (counts(found), lengths(found), found.why) == (counts(whole), lengths(whole), "")
        limits += ended
    return limits


@pytest.mark.parametrize("spilling", [False, True])
def test_limits_of_states_change_nothing_in_the_end(
    spilling: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "RANGE", 1)
    monkeypatch.setattr(search, "EACH", 0)
    assert goes_on(tmp_path, lambda: count(60, 150), spilling) > 5


@pytest.mark.parametrize("lost", ["octets", "pieces"])
def test_what_a_checkpoint_lacks_is_missed(
    lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = np.load

    def without(path: Path, **how: Any) -> Any:
        array = load(path, **how)
        return np.zeros_like(array) if path.name == f"{lost}.npy" else array

    monkeypatch.setattr(checkpoint.np, "load", without)
    with pytest.raises((AssertionError, IndexError, ValueError, StopIteration)):
        goes_on(tmp_path, lambda: islice(count(60, 150), 40), False)


def limited(folder: Path, **options: Any) -> None:
    parts = Chance(16)
    found = ordered.explore(parts, checks_of(parts), max_states=150, identity="x", **options)
    assert found.limited
    assert json.loads(next(folder.glob("checkpoint-*/search.json")).read_text())["depth"] > 1


@pytest.mark.parametrize("change", ["a bit", "shorter", "gone"])
def test_levels_that_were_changed_are_not_believed(change: str, tmp_path: Path) -> None:
    limited(tmp_path, spill=tmp_path)
    levels = tmp_path / "levels"
    octets = bytearray(levels.read_bytes())
    octets[5] ^= 1
    if change == "gone":
        levels.unlink()
    else:
        levels.write_bytes(octets if change == "a bit" else octets[:6])
    with pytest.raises(Problem, match="is not as it was written: remove"):
        ordered.explore(Chance(16), {}, spill=tmp_path, resume=True, identity="x")


def test_a_search_goes_on_where_its_states_are(tmp_path: Path) -> None:
    limited(tmp_path / "1", spill=tmp_path / "1")
    with pytest.raises(Problem, match="was written with --spill: go on as it was begun"):
        ordered.explore(Chance(16), {}, checkpoint=tmp_path / "1", resume=True, identity="x")
    limited(tmp_path / "2", checkpoint=tmp_path / "2")
    with pytest.raises(Problem, match="was written without --spill: go on as it was begun"):
        ordered.explore(Chance(16), {}, spill=tmp_path / "2", resume=True, identity="x")


def test_the_checkpoint_of_another_engine_is_refused(tmp_path: Path) -> None:
    parts = Chance(3)
    sets.explore(parts, {}, checkpoint=tmp_path, identity="x")
    with pytest.raises(Problem, match="another version or engine wrote it"):
        ordered.explore(parts, {}, checkpoint=tmp_path, resume=True, identity="x")
