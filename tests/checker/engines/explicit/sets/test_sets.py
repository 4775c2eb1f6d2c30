"""The engine of sets: that it finds what the reference finds."""

from collections import Counter as Bag
from typing import Any

import numpy as np
import pytest

from checker.engines.explicit import native, sets
from checker.engines.explicit.engine import Options, engine_of
from checker.engines.explicit.native.tables import Interner
from checker.engines.explicit.parts import Solo
from checker.engines.explicit.sets import search
from checker.model.interned import Interned
from checker.model.search import TcpParts
from checker.support.errors import UsageProblem
from spec.rules import Rules
from spec.world.profiles import PROFILES as PROFILES_OF_TCP
from spec.world.profiles import SCALES
from tests.helpers.agree import (
    SEEDS,
    chance_agrees,
    checks_for,
    counts,
    little,
    same,
    shown_within_limits,
)
from tests.helpers.systems import Chance, Counter

SOME = SEEDS[::2]


@pytest.mark.parametrize("options", [{}, {"keep": 0}, {"threads": 3}], ids=str)
def test_systems_of_chance(options: dict[str, Any]) -> None:
    for seed in SOME:
        chance_agrees(seed, explore=sets.explore, **options)


def test_systems_of_chance_in_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buffers that are full after each target."""
    monkeypatch.setattr(search, "SLAB", 1)
    monkeypatch.setattr(search, "CHUNK_WORDS", 1)
    for seed in SOME:
        chance_agrees(seed, explore=sets.explore, threads=1 + seed % 2)


def test_many_bags() -> None:
    """Rows get more words while the search goes on."""
    chosen = little("rest", "one")
    found = sets.Sets(TcpParts(Interned(Rules(), *chosen)), {})
    one, two = native.explore(TcpParts(Interned(Rules(), *chosen)), {}), found.run()
    assert counts(two) == counts(one)
    assert found.words > 1


PROFILES = (
    *("handshake", "simultaneous", "crossing", "time-over", "abort", "crash", "reuse", "window"),
    *("rest", "closing-text", "half-open-stamps", "conduct-time", "backlog", "cookies-time"),
    *("transfer-sack", "flow-odd", "http-kept", "forgery", "nat", "endings"),
)


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(profile: str) -> None:
    found = same(Rules(), little(profile, "few"), checks_for(profile), sets.explore, threads=2)
    assert found.complete


@pytest.mark.parametrize("keep", [search.Search.__init__.__kwdefaults__["keep"], 0])
def test_what_is_decided_within_a_limit_is_shown(keep: int) -> None:
    decided = sum(shown_within_limits(seed, sets.explore, keep=keep) for seed in SOME)
    assert decided > 40


def test_a_limit_of_memory() -> None:
    found = sets.explore(Chance(27), {}, max_memory=1 << 20)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == "limit of 0.00 GiB of memory reached"
    assert found.states == 1


def test_tables_that_memory_has_no_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = search.Hand.fit

    def limited(self: Any, words: int, *more: int) -> None:
        if self.used.any():  # something was expanded
            raise MemoryError
        fit(self, words, *more)

    monkeypatch.setattr(search.Hand, "fit", limited)
    found = sets.explore(Chance(27), {})
    assert (found.complete, found.limited) == (False, True)
    assert "bags need more memory than there is: use the native engine" in found.why
    with pytest.raises(sets.TooSparse):
        sets.where_dense(Chance(27), {}, Options())


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (Interner, "busy", lambda self, action: 0),  # every step is idle
        (Interner, "fired", lambda self, counts: Bag()),
        (Interner, "_verdict", lambda self, ends: (0, 0)),
        (search.Sets, "_rest", lambda self: None),
        (search.k, "tick", lambda *what: None),
    ],
)
def test_systems_of_chance_tell_a_wrong_engine(
    where: Any, name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises((AssertionError, StopIteration, ValueError)):
        for seed in SOME:
            chance_agrees(seed, explore=sets.explore)


def test_what_is_no_set_is_refused() -> None:
    with pytest.raises(UsageProblem, match="two components, with a link each way"):
        engine_of("sets")(Solo(Counter(3)), {}, Options())
    for option in ({"symmetric": True}, {"compact": True}):
        with pytest.raises(UsageProblem, match="neither --symmetry nor --compact"):
            engine_of("sets")(Chance(0), {}, Options(**option))


def test_what_is_too_sparse_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FREE", 0)
    with pytest.raises(sets.TooSparse):
        sets.explore(Chance(27), {}, dense=False)
    assert sets.explore(Chance(27), {}).complete
    monkeypatch.setattr(search, "FIELDS", 1)
    with pytest.raises(UsageProblem, match="too many ends and bags for sets"):
        sets.explore(Chance(27), {})


@pytest.mark.slow
def test_the_largest_model_that_gains_from_sets_is_not_too_sparse_on_its_way() -> None:
    """That of D1.window at the thorough scale, whose set has most octets a state at level 16."""
    chosen = PROFILES_OF_TCP["window"].but(**SCALES["thorough"]["window"])
    parts = TcpParts(Interned(Rules(), *chosen))
    found = sets.where_dense(parts, {}, Options(max_states=20_000_000))
    assert found.limited and found.depth == 16


def test_words_of_a_row_stay_in_place_when_it_is_wider() -> None:
    table = np.arange(6, dtype=np.uint64)
    assert search._wider(table, 2, 3, 4).reshape(4, 3).tolist() == [
        [0, 1, 0], [2, 3, 0], [4, 5, 0], [0, 0, 0],
    ]  # fmt: skip
