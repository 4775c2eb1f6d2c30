"""The visited set: that it is a set, whatever its size, and survives growth."""

import errno
import os
import random
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.engines.explicit import native
from checker.engines.explicit.native import kernel, search
from checker.engines.explicit.native import visited as visited_set
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.visited import Visited
from checker.support.errors import UsageProblem
from tests.helpers.agree import SEEDS, U8, chance_agrees, tiny
from tests.helpers.systems import Chance, Counter


def test_fingerprints_of_few_states_differ() -> None:
    for seed in SEEDS:
        chance_agrees(seed, compact=True, expect=1 << 20)


def test_a_full_set_of_fingerprints_ends_the_search() -> None:
    found = native.explore(native.Solo(Counter(20_000)), {}, compact=True, expect=1000)
    assert (found.complete, found.limited) == (False, True)
    assert found.why.startswith("a set of 4,096 fingerprints is full: expect more states")


def test_a_compact_search_begins_small_and_anew_where_it_needs_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    make = Visited._make

    def noted(self: Visited, places: int) -> None:
        sizes.append(places)
        make(self, places)

    monkeypatch.setattr(Visited, "_make", noted)
    monkeypatch.setattr(native, "FIRST", 1 << 12)
    found = native.explore(native.Solo(Counter(20_000)), {}, compact=True, max_memory=1 << 32)
    assert (found.complete, found.states) == (True, 20_001)
    assert sizes == [1 << 12, 1 << 15]
    assert 0 < found.missed < native.CHANCE
    sizes.clear()
    monkeypatch.setattr(native, "CHANCE", 1e-9)
    monkeypatch.setattr(native, "most_places", lambda _: 1 << 18)
    found = native.explore(native.Solo(Counter(20_000)), {}, compact=True)
    assert sizes == [1 << 12, 1 << 15, 1 << 18]
    assert found.complete and found.missed > native.CHANCE, "the largest that fits has to do"


def test_a_set_that_forgets_as_it_grows_is_noticed(
    cramped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild = Visited.rebuild

    def forgetting(self: Visited, *sizes: int) -> None:
        rebuild(self, *sizes)
        self.table[:] = 0

    monkeypatch.setattr(Visited, "rebuild", forgetting)
    assert native.explore(native.Solo(Counter(300)), {}).states > 301


def parameters(visited: Visited) -> Any:
    """What the kernel is told of a set."""
    p = np.zeros(kernel.PARAMETERS, U8)
    visited.describe(p)
    return p


def enter(visited: Visited, keys: list[int]) -> list[int]:
    """Enter keys: for each 1 if it was new, 0 if not, 2 if there was no room."""
    p = parameters(visited)
    scrambled = [U8(kernel.scramble(U8(n), U8(visited.layout.bits))) for n in keys]
    at = p[kernel.TABLE], p[kernel.WIDE] != 0, p[kernel.LAST_BUCKET], p[kernel.REST_BITS]
    return [int(kernel.enter(*at, word)) for word in scrambled]


def held(visited: Visited) -> list[int]:
    """The keys in the set, ascending, each as often as it is there."""
    p = parameters(visited)
    places = [int(kernel.key_at(p, U8(at))) for at in range(visited.table.size)]
    bits = U8(visited.layout.bits)
    return sorted(int(kernel.unscramble(U8(n - 1), bits)) for n in places if n)


def recoded(n: int, old: Layout, new: Layout) -> int:
    """A key of another layout."""
    return new.pack(*old.unpack(n))


@pytest.mark.parametrize(
    ("old", "new", "places", "more"),
    [
        (Layout(2, 2, 3, 3), Layout(2, 2, 3, 3), 128, 256),  # more places
        (Layout(2, 2, 3, 3), Layout(2, 2, 3, 5), 128, 128),  # wider bags
        (Layout(2, 2, 5, 3), Layout(2, 2, 6, 3), 256, 512),  # wider ends
        (Layout(2, 2, 8, 8), Layout(2, 2, 9, 9), 128, 512),  # 32 bits to 64: 36 - 5 and 3 more
        (Layout(2, 2, 8, 8), Layout(2, 2, 16, 16), 128, 256),  # all of 64 bits
        (Layout(2, 2, 10, 10), Layout(2, 2, 10, 10), 128, 1 << 16),  # from 64 bits to 32
        (Layout(2, 2, 16, 16), Layout(2, 2, 16, 16), 256, 1024),
        (Layout(1, 0, 9, 0), Layout(1, 0, 30, 0), 128, 256),  # a system taken whole
        (Layout(3, 4, 3, 2), Layout(3, 4, 4, 5), 128, 256),
        (Layout(3, 4, 4, 5), Layout(3, 4, 12, 7), 256, 512),
        (Layout(5, 3, 7, 7), Layout(5, 3, 6, 8), 256, 512),
    ],
)
def test_what_is_entered_survives_growth(old: Layout, new: Layout, places: int, more: int) -> None:
    chance = random.Random(1)
    visited = Visited(old, places)
    most = [
        (1 << min(bits, new_bits))
        for bits, new_bits in ((old.end_bits, new.end_bits), (old.bag_bits, new.bag_bits))
    ]
    keys = list(
        {
            old.pack(
                [chance.randrange(most[0]) for _ in range(old.ends)],
                [chance.randrange(most[1]) for _ in range(old.links)],
            )
            for _ in range(70)
        }
    )
    entered = enter(visited, keys)
    assert set(entered) <= {1, 2}
    inside = sorted(n for n, result in zip(keys, entered, strict=True) if result == 1)
    assert len(inside) > 60
    assert enter(visited, inside) == [0] * len(inside)
    assert held(visited) == inside
    visited.rebuild(new, more)
    inside = sorted(recoded(n, old, new) for n in inside)
    assert held(visited) == inside
    assert enter(visited, inside) == [0] * len(inside)
    words = np.array(keys, U8)
    kernel.recode_all(words, parameters(Visited(old, places)), parameters(visited))
    assert words.tolist() == [recoded(n, old, new) for n in keys]


def test_entries_are_as_narrow_as_the_key_allows() -> None:
    assert Visited(Layout(2, 2, 8, 8), 1 << 14).table.itemsize == 4
    assert Visited(Layout(2, 2, 10, 10), 128).table.itemsize == 8
    assert Visited(Layout(2, 2, 10, 10), 1 << 17).table.itemsize == 4


@settings(max_examples=40, deadline=None)  # the first call loads what numba compiled
@given(st.lists(st.integers(0, 1023), max_size=300))
def test_the_set_is_a_set(keys: list[int]) -> None:
    visited, known = Visited(Layout(2, 2, 3, 2), 128), set()
    for n in keys:
        (result,) = enter(visited, [n])
        if result == 2:
            visited.rebuild(visited.layout, 2 * visited.table.size)
            (result,) = enter(visited, [n])
        assert result == (n not in known)
        known.add(n)
    assert held(visited) == sorted(known)


def test_a_full_set_says_so_and_keys_without_room_are_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visited = Visited(Layout(2, 2, 5, 5), 128)
    results = enter(visited, list(range(400)))
    inside = [n for n, result in enumerate(results) if result == 1]
    assert held(visited) == inside
    assert results.count(2) == 400 - len(inside) >= 400 - 128
    assert enter(visited, inside) == [0] * len(inside)
    # A level much wider than the set has room
    monkeypatch.setattr(Visited, "planned", tiny)
    admitted: list[int] = []
    admit = search.Search._admit

    def counting(self: search.Search, keys: Any, depth: int) -> None:
        admitted.append(keys.size)
        admit(self, keys, depth)

    monkeypatch.setattr(search.Search, "_admit", counting)

    class Star:
        def initial(self) -> int:
            return -1

        def steps(self, state: int) -> Iterator[tuple[Any, int]]:
            label = next(Counter(1).steps(0))[0]
            return iter([(label, n) for n in range(1000)] if state == -1 else [])

    found = native.explore(native.Solo(Star()), {})
    assert (found.states, found.transitions, found.depth, found.complete) == (1001, 1000, 1, True)
    assert sum(admitted) > 500, "spilled, and entered after"


def test_a_set_that_is_refused_memory_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search then ends as at a limit."""
    parts = Chance(27)

    def refused(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    walk = native.Search(parts, {}, stop_when_decided=False, max_states=400)
    walk.run()
    visited = walk.visited
    before = visited.table, visited.layout, visited.rest_bits
    with monkeypatch.context() as patched:
        patched.setattr(visited_set.mmap, "mmap", refused)
        assert not walk._resize(visited.layout, 2 * visited.table.size)
        assert walk.found.limited
        assert walk.found.why.startswith("the system refused 0.00 GiB of memory")
    assert (visited.table is before[0], visited.layout, visited.rest_bits) == (True, *before[1:])


def test_no_more_is_expected_than_there_is_memory() -> None:
    with pytest.raises(UsageProblem, match=r"room for 900,000,000 states needs .* 2\.00 GiB"):
        native.explore(Chance(27), {}, expect=900_000_000, max_memory=2 << 30)
