"""Checkpoints of the engine of sets: that a search survives being killed, and limits."""

import random
from itertools import count, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.engines.explicit import native, sets
from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.native import checkpoint
from checker.engines.explicit.sets import search
from checker.support.errors import Problem
from tests.helpers import deaths
from tests.helpers.agree import agree, checks_of, counts, lengths, of_chance
from tests.helpers.systems import Chance

LARGE = (0, 6, 16, 24)


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return deaths.killing(monkeypatch)


def through_deaths(seed: int, folder: Path, **options: Any) -> Exploration:
    parts = Chance(seed)
    return deaths.through_deaths(
        sets.explore, parts, checks_of(parts), checkpoint=folder, **options
    )


@pytest.mark.parametrize(
    "seeds", [LARGE[::3], *(pytest.param(LARGE[n::3], marks=pytest.mark.slow) for n in (1, 2))]
)
def test_a_search_survives_its_deaths(seeds: list[int], mortal: list[int], tmp_path: Path) -> None:
    for seed in seeds:
        found = through_deaths(seed, tmp_path / str(seed), threads=1 + seed % 2)
        agree(of_chance(seed), found)
        # When it is over it stays so
        agree(of_chance(seed), through_deaths(seed, tmp_path / str(seed)))
    assert mortal[0] > 5


def goes_on(folder: Path, most: Any, **options: Any) -> int:
    """Limits change nothing; how many there were."""
    limits = 0
    for seed in LARGE:
        parts, whole = Chance(seed), of_chance(seed)
        for ended, limit in enumerate(islice(most(), 500)):
            found = sets.explore(
                parts, checks_of(parts), checkpoint=folder / str(seed), every=1e9, resume=True,
                paths=False, max_states=limit, max_memory=1 << 30, stop_when_decided=False,
                **options,
            )  # fmt: skip
            assert (found.resumed > 0) == (ended > 0)
            assert found.limited == found.why.startswith("limit of")
            if not found.limited:
                break
        assert (counts(found), found.lengths, found.why) == (counts(whole), lengths(whole), "")
        limits += ended
    return limits


@pytest.mark.parametrize("threads", [1, 3])
def test_limits_of_states_change_nothing_in_the_end(threads: int, tmp_path: Path) -> None:
    assert goes_on(tmp_path, lambda: count(60, 150), threads=threads) > 5


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches run out of memory by chance, whenever they look how much they have."""
    chance = random.Random(11)
    monkeypatch.setattr(search, "resident", lambda: (chance.random() < 0.2) << 40)
    monkeypatch.setattr(search, "SLAB", 1)
    monkeypatch.setattr(search, "CHUNK_WORDS", 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_limits_of_memory_change_nothing_in_the_end(
    threads: int, poor: None, tmp_path: Path
) -> None:
    assert goes_on(tmp_path, lambda: repeat(None), threads=threads) > 5


@pytest.mark.parametrize("lost", ["level_bits", "entered_bits", "rows"])
def test_what_a_checkpoint_lacks_is_missed(
    lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = np.load

    def without(path: Path, **how: Any) -> Any:
        array = load(path, **how)
        return np.zeros_like(array) if path.name == f"{lost}.npy" else array

    monkeypatch.setattr(checkpoint.np, "load", without)
    with pytest.raises((AssertionError, IndexError)):
        goes_on(tmp_path, lambda: islice(count(60, 150), 40))


def test_the_checkpoint_of_another_engine_is_refused(tmp_path: Path) -> None:
    parts = Chance(3)
    sets.explore(parts, {}, checkpoint=tmp_path, identity="x")
    with pytest.raises(Problem, match="another version or engine wrote it"):
        native.explore(parts, {}, checkpoint=tmp_path, resume=True, identity="x")
