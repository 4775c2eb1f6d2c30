"""The search: threads, symmetry, limits, and states that lack much at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from checker.engines.explicit import native
from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.native import search
from checker.engines.explicit.native.visited import Visited
from checker.engines.explicit.reference import explore
from tests.helpers.agree import (
    SEEDS,
    U8,
    agree,
    chance_agrees,
    mirror,
    orbits,
    shown_within_limits,
    symmetric_agrees,
    tiny,
)
from tests.helpers.systems import (
    Chance,
    Counter,
    Grid,
    LinkedBit,
)


def test_systems_of_chance_in_little_room(cramped: None) -> None:
    for seed in SEEDS:
        chance_agrees(seed, threads=1 + seed % 2)


def test_many_messages_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one state lacks at most is less than there is room for."""

    class Burst(LinkedBit):
        def calls(self, component: int, end: Any, sight: Any) -> Iterator[native.Move]:
            for i in range(40):
                sent = tuple((0, ("data", (i >> bit & 1) + 2 * bit)) for bit in range(5))
                yield native.Move("send", end, sent)

        def arrivals(self, *what: Any) -> Iterator[native.Move]:
            return iter(())

    behind: list[Any] = []

    class Guarded(search.Worker):
        def fit(self, room: int) -> None:
            super().fit(room)
            words = np.zeros(4096, U8)
            self.miss = words[:600]
            behind.append(words[600:])

    monkeypatch.setattr(search, "Worker", Guarded)
    parts = Burst(capacity=3)
    agree(explore(parts.system, {}, graph=False), native.explore(parts, {}))
    assert behind
    assert not any(words.any() for words in behind)


def test_symmetric_systems_of_chance() -> None:
    for seed in range(60):
        symmetric_agrees(seed, native.explore)


def test_what_is_not_alike_has_other_orbits() -> None:
    with pytest.raises(AssertionError):
        for seed in range(20):
            parts = Chance(seed)
            one = explore(parts.system, {})
            orbits(one, mirror)


@pytest.mark.parametrize("keep", [search.KEPT, 0])
def test_what_is_decided_within_a_limit_is_shown(keep: int) -> None:
    decided = sum(shown_within_limits(seed, native.explore, keep=keep) for seed in SEEDS)
    assert decided > 100


def test_a_limit_of_memory() -> None:
    found = native.explore(native.Solo(Grid(200)), {}, max_memory=1 << 20)
    assert (found.complete, found.limited) == (False, True)
    assert found.why.startswith("limit of 0.00 GiB of memory reached")
    assert 0 < found.states < 201 * 201


def test_a_violation_whose_trace_cannot_be_found_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It must not read as if the claim held."""
    run = search.Search.run

    def poor(self: search.Search) -> Exploration:
        if self.to_depth is not None:
            self.max_memory = 1
        return run(self)

    monkeypatch.setattr(search.Search, "run", poor)
    monkeypatch.setattr(Visited, "planned", tiny)
    check = Check("always", lambda n: n < 2000)
    found = native.explore(native.Solo(Counter(3000)), {"claim": check}, keep=0)
    assert (found.decisive, found.lengths) == ({}, {"claim": 2000})
    assert (found.complete, found.limited) == (False, False)
