"""The native engine: that it finds what the reference finds."""

from collections import Counter as Bag
from typing import Any

import pytest

from checker.engines.explicit import native
from checker.engines.explicit.engine import Check
from checker.engines.explicit.native import search
from checker.engines.explicit.native.tables import Interner
from checker.engines.explicit.reference import explore
from tests.helpers.agree import SEEDS, agree, chance_agrees, checks_of, lengths, of_chance
from tests.helpers.systems import (
    COUNTED,
    AlternatingBit,
    Chance,
    Counter,
    Grid,
    Joint,
    Lease,
    LinkedBit,
    Peterson,
    TwoPhaseCommit,
    in_step,
)

SOLO: dict[str, tuple[Any, int, int]] = {
    **COUNTED,
    "long": (Counter(3000), 3001, 3000),
    "wide": (Grid(60), 3721, 120),
}


def some_checks() -> dict[str, Check]:
    """Checks of any states: by their text."""
    return {
        "always": Check("always", lambda s: "critical', 'critical" not in repr(s) and s != 5),
        "sometimes": Check("sometimes", lambda s: repr(s).endswith(("7", "3)", "1)", "'c'))"))),
        "never": Check("sometimes", lambda s: False),
        "rest": Check("rest", lambda s: False),
        "may rest": Check("rest", lambda s: False, frozenset({"down", "right", "give 0 up"})),
    }


@pytest.mark.parametrize("name", SOLO)
def test_a_system_as_one_end(name: str) -> None:
    system, states, depth = SOLO[name]
    one = explore(system, some_checks(), graph=False, stop_when_decided=False)
    two = native.explore(native.Solo(system), some_checks(), stop_when_decided=False)
    agree(one, two)
    assert (two.states, two.depth, two.complete, two.engine) == (states, depth, True, "native")


@pytest.mark.parametrize(
    ("system", "check", "length"),
    [
        (Peterson(flags=False), Check("always", lambda s: s.at != ("critical",) * 2), 6),
        (AlternatingBit(numbered=False), Check("always", lambda s: 0 <= s.ahead <= 1), 5),
        (TwoPhaseCommit(3, False), Check("always", lambda s: len({*s.told} & {*"ac"}) < 2), 6),
        (Counter(5), Check("always", lambda n: n < 5), 5),
        (Counter(5), Check("always", lambda n: n > 0), 0),
        (Counter(50), Check("sometimes", lambda n: n == 4), 4),
        (Peterson(turns=False), Check("rest", lambda s: False), 4),
        (TwoPhaseCommit(3), Check("rest", lambda s: False), 4),
        (Counter(0), Check("rest", lambda s: False), 0),
    ],
)  # fmt: skip
def test_the_search_ends_when_all_is_decided(system: Any, check: Check, length: int) -> None:
    one = explore(system, {"claim": check}, graph=False)
    two = native.explore(native.Solo(system), {"claim": check})
    assert lengths(two) == {"claim": length}
    assert two.decisive["claim"].steps == one.decisive["claim"].steps
    # The level is finished, and no more
    assert one.states <= two.states
    assert two.depth <= length + (check.kind == "rest")
    assert two.complete or two.why == "every claim is decided"


def test_what_has_no_checks_is_searched_to_the_end() -> None:
    assert native.explore(native.Solo(Grid(3)), {}).complete


BIT = {"in step": Check("always", in_step), "rest": Check("rest", lambda s: s.a.sent > 1)}


@pytest.mark.parametrize(
    ("parts", "states", "found"),
    [
        # By hand: before message n is taken (n = 0, 1, 2: 0 and 1 are sent) the bag for data has
        # nothing, n, or a copy of n - 1, that for ACKs nothing or n - 1; between taking and
        # seeing, data nothing or n, ACKs nothing, n or n - 1. 2 * 1, 3 * 2, 2 * 2; 2 * 2, 2 * 3
        (LinkedBit(2), 22, {}),
        (LinkedBit(3), 34, {}),
        (LinkedBit(2, duplex=True), 227, {}),
        # An old message overtaken by a new one is taken for the one after
        (LinkedBit(2, capacity=2), 144, {"in step": 6}),
        (LinkedBit(2, capacity=3), 410, {"in step": 6}),
    ],
)
def test_an_alternating_bit_bears_loss_and_copies_but_no_reordering(
    parts: LinkedBit, states: int, found: dict[str, int]
) -> None:
    one = explore(parts.system, BIT, graph=False, stop_when_decided=False)
    two = native.explore(parts, BIT, stop_when_decided=False)
    agree(one, two)
    assert (two.states, lengths(two)) == (states, found)


def overlap(state: Joint) -> bool:
    return state.a[0] != "free" or state.b[0] != "uses" or state.b[1] == 0


def test_time_passes_for_all_at_once_and_waits_for_who_must_act() -> None:
    """By hand: 1 before the grant; 3 as 2, 1, 0 ticks are left and nothing came of it; the grant
    in flight for two ticks: 2; taken with 3 or 2 left, down to 0: 4; one or both ends gave up: 3.
    """
    checks = {
        "no overlap": Check("always", overlap),
        "rest": Check("rest", lambda s: False),
        "rest but for time": Check("rest", lambda s: s.a == ("new", 0), frozenset({"tick"})),
    }
    right, wrong = Lease(), Lease(careless=True)
    for parts, states, short in ((right, 13, None), (wrong, 17, 6)):
        one = explore(parts.system, checks, graph=False, stop_when_decided=False)
        two = native.explore(parts, checks, stop_when_decided=False)
        agree(one, two)
        assert (two.states, lengths(two).get("no overlap")) == (states, short)
    # With nothing to end the wait there is no time after
    stuck = Lease()
    stuck.calls = lambda *at: (m for m in Lease.calls(stuck, *at) if m.action == "grant")
    found = native.explore(stuck, {"rest": Check("rest", lambda s: False)})
    assert found.decisive["rest"].steps[-1][1].a == ("holds", 0)


@pytest.mark.parametrize("options", [{}, {"keep": 0}, {"threads": 3}], ids=str)
def test_systems_of_chance(options: dict[str, Any]) -> None:
    for seed in SEEDS:
        chance_agrees(seed, **options)


def test_systems_of_chance_are_of_all_kinds() -> None:
    parts = [Chance(seed) for seed in SEEDS]
    for name in ("duplicate", "lose", "timed"):
        assert {getattr(p, name) for p in parts} == {False, True}
    assert {p.looks(end) for p in parts for end in range(p.ends)} == {0, 1, 2, 3}
    decided = Bag(name for seed in SEEDS for name in of_chance(seed).decisive)
    assert all(decided[name] > 2 for name in checks_of(parts[0])), decided
    assert all(decided[name] < len(SEEDS) for name in decided), decided
    assert max(of_chance(seed).states for seed in SEEDS) > 1000


RING = ((0, 1), (1, 2), (2, 0))
TRIANGLE = (*RING, (1, 0), (2, 1), (0, 2))
STARS = ((0, 1), (1, 0), (2, 3), (3, 2))
"""Two pairs that only time joins."""


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("links", [RING, TRIANGLE, STARS], ids=["ring", "triangle", "pairs"])
def test_more_components_of_chance(links: Any, threads: int) -> None:
    decided, most = Bag[str](), 0
    for seed in range(12):
        parts = Chance(seed, links=links)
        parts.capacity, parts.in_flight = min(parts.capacity, 2), min(parts.in_flight, 3)
        checks = checks_of(parts)
        one = explore(parts.system, checks, graph=False, stop_when_decided=False, max_states=5000)
        if one.complete:
            two = native.explore(parts, checks, stop_when_decided=False, threads=threads)
            agree(one, two)
            decided.update(list(one.decisive))
            most = max(most, one.states)
    assert most > 1000
    assert len(decided) >= 5, decided


class Blinder(Chance):
    """Takes the sight of both bags for the sight of the other end."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        looks = self.looks
        self.looks = lambda end: min(looks(end), 2)


class Ageless(Chance):
    def age(self, message: int) -> int:
        return message


class Reckless(Chance):
    def tick(self, end: int) -> int:
        later = super().tick(end)
        return end if later is None else later


@pytest.mark.parametrize("wrong", [Blinder, Ageless, Reckless])
def test_systems_of_chance_tell_wrong_parts(wrong: type[Chance]) -> None:
    with pytest.raises(AssertionError):
        for seed in SEEDS:
            chance_agrees(seed, wrong(seed))


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (Interner, "busy", lambda self, action: 0),  # every step is idle
        (Interner, "fired", lambda self, counts: Bag()),
        (Interner, "_verdict", lambda self, ends: (0, 0)),
        (search.Search, "_take", lambda self, worker, depth: worker.stat.fill(0)),
    ],
)
def test_systems_of_chance_tell_a_wrong_engine(
    where: Any, name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises(AssertionError):
        for seed in SEEDS:
            chance_agrees(seed)
