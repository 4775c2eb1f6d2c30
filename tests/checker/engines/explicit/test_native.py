"""The native engine: that it finds what the reference finds, whatever befalls it."""

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter as Bag
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.cli.app import main
from checker.engines.explicit import native
from checker.engines.explicit.explore import Check, Exploration, explore
from checker.engines.explicit.native import checkpoint, kernel, search
from checker.engines.explicit.native.tables import Interner, Memo
from checker.engines.explicit.native.visited import Visited
from checker.model import search as explorer
from checker.model.interned import Interned
from checker.model.model import check_of
from checker.model.options import choose_claims
from checker.model.search import Options, TcpParts
from checker.studies import explorations, reports, verify
from checker.support.errors import INCONCLUSIVE, Problem, UsageProblem
from proofs.claims.ablations import ABLATIONS
from proofs.claims.claim import EVENTUALLY
from proofs.claims.table import BY_ID, CLAIMS
from spec.rules import Isn, Restart, Rules
from spec.world.bounds import PROFILES, Bounds
from spec.world.records import key
from spec.world.system import World
from tests.helpers.systems import (
    AlternatingBit,
    Chance,
    Counter,
    Grid,
    Lease,
    LinkedBit,
    Pair,
    Peterson,
    TwoPhaseCommit,
    in_step,
)

COUNTS = ("states", "transitions", "depth", "complete", "fired")
U8 = np.uint64


def counts(found: Exploration) -> dict[str, Any]:
    return {name: getattr(found, name) for name in COUNTS}


def lengths(found: Exploration) -> dict[str, int]:
    return {name: len(path.steps) for name, path in found.decisive.items()}


def agree(one: Exploration, two: Exploration) -> None:
    """The same counts and verdicts, by the very same paths."""
    assert counts(two) == counts(one)
    assert set(two.decisive) == set(one.decisive)
    for name, path in one.decisive.items():
        assert (two.decisive[name].start, two.decisive[name].steps) == (path.start, path.steps)


def is_shown(system: Any, check: Check, path: Any) -> None:
    """``path`` is a run of ``system``, and its end decides ``check``."""
    state = path.start
    assert state == system.initial()
    for label, after in path.steps:
        assert (label, after) in list(system.steps(state))
        state = after
    assert check.predicate(state) == (check.kind == "sometimes")
    if check.kind == "rest":
        assert {label.action for label, _ in system.steps(state)} <= check.idle


@pytest.fixture
def cramped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short rounds, and a visited set that starts with hardly any room."""
    monkeypatch.setattr(search, "STRETCH", 7)
    monkeypatch.setattr(search, "ROUND", 2)
    monkeypatch.setattr(Visited, "planned", lambda expected: Visited(1, 1, 128))


# Systems as one end

SOLO: dict[str, tuple[Any, int, int]] = {
    # name: (system, states, depth), by hand (test_explore.py)
    "counter": (Counter(7), 8, 7),
    "one way": (Counter(7, back=False), 8, 7),
    "nothing": (Counter(0), 1, 0),
    "grid": (Grid(3), 16, 6),
    "Peterson": (Peterson(), 20, 6),
    "no flags": (Peterson(flags=False), 32, 8),
    "alternating bit": (AlternatingBit(), 18, 9),
    "two-phase commit": (TwoPhaseCommit(3), 62, 7),
    "impatient": (TwoPhaseCommit(3, patient=False), 81, 7),
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


# Two ends and two bags

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


def overlap(state: Pair) -> bool:
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


def checks_of(parts: Chance) -> dict[str, Check]:
    """Checks of every kind, of the ends."""
    chance = random.Random(parts.ends)
    good = {(i, j): chance.random() < 0.3 for i in range(5) for j in range(5)}
    still = frozenset({"deliver", "duplicate", "lose", "tick"})
    return {
        "always": Check("always", lambda s: (s.a, s.b) != (1, 0)),
        "sometimes": Check("sometimes", lambda s: s.a == s.b == parts.ends - 1),
        "rest": Check("rest", lambda s: good[s.a, s.b]),
        "but for work": Check("rest", lambda s: good[s.b, s.a], frozenset({"work", "lose"})),
        "but for the channel": Check("rest", lambda s: s.a != s.b, still),
        "but for calls": Check("rest", lambda s: s.a < s.b, frozenset({"work", "play"})),
    }


SEEDS = range(30)


@cache
def of_chance(seed: int) -> Exploration:
    parts = Chance(seed)
    return explore(parts.system, checks_of(parts), graph=False, stop_when_decided=False)


def chance_agrees(seed: int, parts: Chance | None = None, **options: Any) -> None:
    parts = parts or Chance(seed)
    checks = checks_of(parts)
    found = native.explore(parts, checks, stop_when_decided=False, **options)
    agree(of_chance(seed), found)


@pytest.mark.parametrize("options", [{}, {"keep": 0}, {"threads": 3}], ids=str)
def test_systems_of_chance(options: dict[str, Any]) -> None:
    for seed in SEEDS:
        chance_agrees(seed, **options)


def test_fingerprints_of_few_states_differ() -> None:
    for seed in SEEDS:
        chance_agrees(seed, compact=True, expect=1 << 20)


def test_a_full_set_of_fingerprints_ends_the_search() -> None:
    found = native.explore(native.Solo(Counter(20_000)), {}, compact=True, expect=1000)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == "a set of 4,096 fingerprints is full"


def test_systems_of_chance_in_little_room(cramped: None) -> None:
    for seed in SEEDS:
        chance_agrees(seed, threads=1 + seed % 2)


def test_systems_of_chance_are_of_all_kinds() -> None:
    parts = [Chance(seed) for seed in SEEDS]
    for name in ("duplicate", "lose", "timed"):
        assert {getattr(p, name) for p in parts} == {False, True}
    assert {p.looks(end) for p in parts for end in range(p.ends)} == {0, 1, 2, 3}
    decided = Bag(name for seed in SEEDS for name in of_chance(seed).decisive)
    assert all(decided[name] > 2 for name in checks_of(parts[0])), decided
    assert all(decided[name] < len(SEEDS) for name in decided), decided
    assert max(of_chance(seed).states for seed in SEEDS) > 1000


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
        (Interner, "_verdict", lambda self, a, b: (0, 0)),
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


def test_a_set_that_forgets_as_it_grows_is_noticed(
    cramped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild = Visited.rebuild

    def forgetting(self: Visited, *sizes: int) -> None:
        rebuild(self, *sizes)
        self.table[:] = 0

    monkeypatch.setattr(Visited, "rebuild", forgetting)
    assert native.explore(native.Solo(Counter(300)), {}).states > 301


def test_many_messages_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one state lacks at most is less than there is room for."""

    class Burst(LinkedBit):
        def calls(self, host: int, end: Any, seen: Any, noticed: bool) -> Iterator[native.Move]:
            for i in range(40):
                sent = [("data", (i >> bit & 1) + 2 * bit) for bit in range(5)]
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


# The specification

LITTLE: dict[str, dict[str, Any]] = {
    # Two incarnations, one segment in flight; or one incarnation, two segments
    "few": {"in_flight": 1, "capacity": 1},
    "one": {"incarnations": 1, "in_flight": 2, "capacity": 2, "octets": 0, "stride": 2},
}


def little(profile: str, which: str) -> Bounds:
    return replace(PROFILES[profile], **LITTLE[which])


def checks_for(profile: str) -> dict[str, Check]:
    """All the claims of a profile, and what rests by other measures."""
    checks = {
        claim.id: check_of(claim)
        for claim in CLAIMS
        if claim.profile == profile and claim.kind != EVENTUALLY
    }
    may_rest = BY_ID["D1"].predicate
    checks["may rest"] = Check("rest", may_rest)
    checks["nobody calls"] = Check("rest", may_rest, frozenset({"ABORT", "CLOSE", "OPEN active"}))
    checks["no loss"] = Check("rest", may_rest, frozenset({"lose", "duplicate"}))
    return checks


def told(found: Exploration) -> Any:
    """What was found, without the identity of ends and segments."""

    def record(label: Any) -> Any:
        segments = [label.segment] if label.segment else []
        return (
            *(label.host, label.action, label.link, label.isn, label.rules, label.signals),
            [key(seg) for seg in (*segments, *label.sent, *label.dropped)],
        )

    def state(world: World) -> Any:
        return (
            *map(key, world.hosts),
            *([*map(key, bag)] for bag in world.links),
        )

    return counts(found), {
        name: [(record(label), state(world)) for label, world in path.steps]
        for name, path in found.decisive.items()
    }


def same(rules: Rules, bounds: Bounds, checks: dict[str, Check], **options: Any) -> Exploration:
    one = explore(Interned(rules, bounds), checks, graph=False, stop_when_decided=False)
    parts = TcpParts(Interned(rules, bounds))
    two = native.explore(parts, checks, stop_when_decided=False, **options)
    assert told(two) == told(one)
    return two


@pytest.mark.parametrize("which", LITTLE)
@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(profile: str, which: str) -> None:
    bounds = little(profile, which)
    if profile in ("stream", "reuse") and which == "few":
        bounds = replace(bounds, incarnations=1, b_sends=False, abort=False)
    found = same(Rules(), bounds, checks_for(profile))
    assert found.complete


RULES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("time", {"isn": Isn.ANY}, LITTLE["few"]),
    ("time", {"isn": Isn.CONSTANT}, LITTLE["few"]),
    ("time", {"lifetime_inclusive": True}, LITTLE["few"]),
    ("time", {"lifetime_bounded": False}, LITTLE["few"]),
    ("time", {"lifetime_bounded": False, "time_wait_ignores_reset": True}, LITTLE["one"]),
    ("time", {"time_wait_restart": Restart.EMISSION, "time_wait_cut": 2}, LITTLE["one"]),
    ("time", {"isn": Isn.ANY, "time_wait_restart": Restart.FIN}, LITTLE["one"]),
    ("abort", {"isn": Isn.ANY, "abort_time_wait": True}, LITTLE["few"]),
    ("crash", {"quiet_time": False, "isn": Isn.ANY}, LITTLE["few"]),
    ("handshake", {"isn": Isn.ANY}, {**LITTLE["few"], "abort": False}),
    ("simultaneous", {"syn_ack_exact": True}, LITTLE["few"]),
    ("rest", {"three_way": False}, {"duplicate": False}),
    ("rest", {"close_waits": True}, {"lose": False, "abort": False}),
    ("rest", {}, {"duplicate": False, "lose": False, "in_flight": 3, "abort": False}),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "rules", "bounds"), RULES, ids=str)
def test_rules(profile: str, rules: dict[str, Any], bounds: dict[str, Any]) -> None:
    limits = replace(PROFILES[profile], **bounds)
    assert same(replace(Rules(), **rules), limits, checks_for(profile)).complete


QUICK = {"8 T1", "9 T2", "10 T1", "11 T2", "12 T1s.far", "14 T1", "16 T4.abort", "17 T7", "20 T10"}


@pytest.mark.parametrize(
    "ablation",
    [
        pytest.param(a, id=a.id, marks=[] if a.id in QUICK else [pytest.mark.slow])
        for a in ABLATIONS
        if a.claim.kind != EVENTUALLY
    ],
)
def test_ablations_are_refuted_by_the_same_trace(ablation: Any) -> None:
    claim = ablation.claim
    (job,) = explorations.jobs([claim], ablation.rules, ablation.bounds)
    checks = {claim.id: check_of(claim)}
    one = explore(job.model.anew().system, checks, graph=False)
    two = native.explore(TcpParts(job.model.anew().system), checks)
    assert told(two)[1] == told(one)[1]
    assert set(two.decisive) == {claim.id}


def test_claims_speak_of_the_ends_only() -> None:
    """The native engine judges pairs of ends; what is in flight it does not show."""
    for profile in ("time", "rest", "stream"):
        found = explore(Interned(Rules(), little(profile, "one")), {}, max_states=1500)
        for _, world in found.graph.nodes(data="state"):
            bare = world._replace(links=(None, None))
            for check in checks_for(profile).values():
                assert check.predicate(bare) == check.predicate(world)


@pytest.mark.parametrize("wrong", ["looks", "notices", "watch", "seen", "age", "tick"])
def test_wrong_parts_of_the_specification_are_told(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(TcpParts, wrong)
    parts = TcpParts(Interned(Rules(), PROFILES["time"]))
    sight = parts.seen(parts.initial()[0])
    monkeypatch.setattr(
        TcpParts,
        wrong,
        {
            "looks": lambda self, end: 0,
            "notices": lambda self, watch, message, outgoing: False,
            "watch": lambda self, end: 0,
            "seen": lambda self, end: sight,
            "age": lambda self, message: message,
            "tick": lambda self, end: right(self, end) or end,
        }[wrong],
    )
    with pytest.raises((AssertionError, StopIteration)):  # or there is no such path at all
        for which in LITTLE:
            rules = Rules(lifetime_bounded=wrong != "watch")
            same(rules, little("time", which), checks_for("time"))


def test_the_engine_that_suits_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = little("rest", "few"), little("time", "one")
    assert explorer.search(Interned(Rules(), small), {}, Options()).engine == "explore"
    assert (
        explorer.search(Interned(Rules(), small), {}, Options(engine="native")).engine == "native"
    )
    monkeypatch.setattr(explorer, "FEW", 1000)
    found = explorer.search(Interned(Rules(), large), {}, Options())
    assert (found.engine, found.complete) == ("native", True)
    # What is decided early, the reference decides
    near = {"near": Check("sometimes", lambda world: True)}
    assert explorer.search(Interned(Rules(), large), near, Options()).engine == "explore"
    limited = explorer.search(Interned(Rules(), large), {}, Options(max_states=500))
    assert (limited.engine, limited.limited) == ("explore", True)


# Threads


@pytest.mark.parametrize("profile", ["time", "handshake", "rest"])
def test_threads_change_nothing(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "STRETCH", 64)
    monkeypatch.setattr(search, "ROUND", 8)
    same(Rules(), little(profile, "few"), checks_for(profile), threads=2)


# Symmetry


def orbits(found: Exploration, mirrored: Any) -> int:
    """The number of states but for the names of the hosts."""
    states = {state for _, state in found.graph.nodes(data="state")}
    assert all(mirrored(state) in states for state in states)
    alike = sum(mirrored(state) == state for state in states)
    return (len(states) + alike) // 2


def swapped(world: World) -> World:
    return world._replace(hosts=world.hosts[::-1], links=world.links[::-1])


@pytest.mark.parametrize("profile", ["handshake", "simultaneous", "simultaneous-far", "rest"])
def test_symmetric_states_are_one(profile: str) -> None:
    bounds, checks = little(profile, "few"), checks_for(profile)
    one = explore(Interned(Rules(), bounds), checks, stop_when_decided=False)
    two = explorer.search(
        Interned(Rules(), bounds),
        checks,
        Options(engine="native", symmetric=True),
        stop_when_decided=False,
    )
    assert two.states == orbits(one, swapped) < one.states
    assert (two.depth, lengths(two)) == (one.depth, lengths(one))
    for name, path in two.decisive.items():
        assert checks[name].predicate(path.steps[-1][1]) == (checks[name].kind == "sometimes")


def test_symmetric_systems_of_chance() -> None:
    """Also where a check does not treat the ends alike."""
    for seed in range(60):
        parts = Chance(seed, alike=True)
        checks = checks_of(parts)
        one = explore(parts.system, checks, stop_when_decided=False)
        two = native.explore(parts, checks, stop_when_decided=False, symmetric=True)
        assert two.states == orbits(one, lambda s: Pair(s.b, s.a, s.b_to_a, s.a_to_b))
        assert (two.depth, lengths(two)) == (one.depth, lengths(one))
        for name, path in two.decisive.items():
            is_shown(parts.system, checks[name], path)


def test_what_is_not_alike_has_other_orbits() -> None:
    with pytest.raises(AssertionError):
        for seed in range(20):
            parts = Chance(seed)
            one = explore(parts.system, {})
            orbits(one, lambda s: Pair(s.b, s.a, s.b_to_a, s.a_to_b))


@pytest.mark.parametrize(
    ("profile", "name"), [("lifecycle", "OPEN"), ("crash", "crash"), ("forgery", "forged")]
)
def test_symmetry_is_refused_where_one_host_can_do_more(profile: str, name: str) -> None:
    with pytest.raises(UsageProblem, match=f"--symmetry needs .* alike.*{name}"):
        explorer.search(
            Interned(Rules(), PROFILES[profile]), {}, Options(engine="native", symmetric=True)
        )


# Limits


def test_a_limit_of_states() -> None:
    system = Interned(Rules(), little("time", "one"))
    found = native.explore(TcpParts(system), {}, max_states=1000)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == "limit of 1,000 states reached"
    assert 1000 <= found.states < 6368


@pytest.mark.parametrize("keep", [search.KEPT, 0])
def test_what_is_decided_within_a_limit_is_shown(keep: int) -> None:
    decided = 0
    for seed in SEEDS:
        parts, whole = Chance(seed), of_chance(seed)
        checks = checks_of(parts)
        for limit in range(1, whole.states, max(1, whole.states // 5)):
            found = native.explore(
                parts, checks, max_states=limit, keep=keep, stop_when_decided=False
            )
            assert found.complete != found.limited
            decided += len(found.decisive)
            for name, path in found.decisive.items():
                assert len(path.steps) == len(whole.decisive[name].steps)
                is_shown(parts.system, checks[name], path)
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
    monkeypatch.setattr(Visited, "planned", lambda expected: Visited(1, 1, 128))
    check = Check("always", lambda n: n < 2000)
    found = native.explore(native.Solo(Counter(3000)), {"claim": check}, keep=0)
    assert (found.decisive, found.lengths) == ({}, {"claim": 2000})
    assert (found.complete, found.limited) == (False, False)


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ({"max_states": 2000}, "limit of 2,000 states reached"),
        ({"max_memory": 1 << 20}, "limit of 0.00 GiB of memory reached"),
    ],
    ids=["states", "memory"],
)
def test_verify_says_what_the_limit_was(limit: dict[str, int], why: str) -> None:
    options = Options(engine="native", **limit)
    result, _ = verify.verify(
        choose_claims(["T1s.far"]), {}, {"in_flight": 2}, options=options, workers=1
    )
    assert reports.exit_code(result) == INCONCLUSIVE == 3
    (claim,) = (claim for claim in result.claims if claim.id == "T1s.far")
    assert (claim.verdict, claim.note[: len(why)], claim.scope) == ("inconclusive", why, "bounded")


# The visited set


@given(st.integers(2, 64), st.data())
def test_scrambling_is_a_bijection(bits: int, data: Any) -> None:
    word = data.draw(st.integers(0, 2**bits - 1))
    scrambled = int(kernel.scramble(U8(word), U8(bits)))
    assert 0 <= scrambled < 2**bits
    assert int(kernel.unscramble(U8(scrambled), U8(bits))) == word


@pytest.mark.parametrize("bits", range(2, 13))
def test_scrambling_reaches_every_word(bits: int) -> None:
    assert {int(kernel.scramble(U8(n), U8(bits))) for n in range(1 << bits)} == {*range(1 << bits)}


def enter(visited: Visited, keys: list[int]) -> list[int]:
    """Enter keys: for each 1 if it was new, 0 if not, 2 if there was no room."""
    p = np.zeros(kernel.PARAMETERS, U8)
    visited.describe(p)
    scrambled = [U8(kernel.scramble(U8(n), U8(visited.bits))) for n in keys]
    at = p[kernel.TABLE], p[kernel.WIDE] != 0, p[kernel.LAST_BUCKET], p[kernel.REST_BITS]
    return [int(kernel.enter(*at, word)) for word in scrambled]


def held(visited: Visited) -> list[int]:
    """The keys in the set, ascending, each as often as it is there."""
    p = np.zeros(kernel.PARAMETERS, U8)
    visited.describe(p)
    places = [int(kernel.key_at(p, U8(at))) for at in range(visited.table.size)]
    bits = U8(visited.bits)
    return sorted(int(kernel.unscramble(U8(n - 1), bits)) for n in places if n)


def recoded(n: int, widths: tuple[int, int], new: tuple[int, int]) -> int:
    """A key with other widths, field by field."""
    (e, q), (e2, q2) = widths, new
    fields = n >> (e + 2 * q), n >> 2 * q & (1 << e) - 1, n >> q & (1 << q) - 1, n & (1 << q) - 1
    a, b, c, d = fields
    return ((a << e2 | b) << q2 | c) << q2 | d


@pytest.mark.parametrize(
    ("widths", "grown", "places", "more"),
    [
        ((3, 3), (3, 3), 128, 256),  # 32 bits, more places
        ((3, 3), (3, 5), 128, 128),  # wider bags
        ((5, 3), (6, 3), 256, 512),  # wider ends
        ((8, 8), (9, 9), 128, 512),  # from 32 bits to 64: 36 - 5 and 3 are more
        ((8, 8), (16, 16), 128, 256),  # all of 64 bits
        ((10, 10), (10, 10), 128, 1 << 16),  # from 64 bits to 32
        ((16, 16), (16, 16), 256, 1024),
    ],
)
def test_what_is_entered_survives_growth(
    widths: tuple[int, int], grown: tuple[int, int], places: int, more: int
) -> None:
    chance = random.Random(1)
    visited = Visited(*widths, places)
    keys = chance.sample(range(1 << min(62, visited.bits)), 70)
    entered = enter(visited, keys)
    assert set(entered) <= {1, 2}
    inside = sorted(n for n, result in zip(keys, entered, strict=True) if result == 1)
    assert len(inside) > 60
    assert enter(visited, inside) == [0] * len(inside)
    assert held(visited) == inside
    visited.rebuild(*grown, more)
    inside = sorted(recoded(n, widths, grown) for n in inside)
    assert held(visited) == inside
    assert enter(visited, inside) == [0] * len(inside)
    words = np.array(keys, U8)
    kernel.recode_all(words, *map(U8, (*widths, *grown)))
    assert words.tolist() == [recoded(n, widths, grown) for n in keys]


def test_entries_are_as_narrow_as_the_key_allows() -> None:
    assert Visited(8, 8, 1 << 14).table.itemsize == 4
    assert Visited(10, 10, 128).table.itemsize == 8
    assert Visited(10, 10, 1 << 17).table.itemsize == 4


@settings(max_examples=40)
@given(st.lists(st.integers(0, 1023), max_size=300))
def test_the_set_is_a_set(keys: list[int]) -> None:
    visited, known = Visited(3, 2, 128), set()
    for n in keys:
        (result,) = enter(visited, [n])
        if result == 2:
            visited.rebuild(3, 2, 2 * visited.table.size)
            (result,) = enter(visited, [n])
        assert result == (n not in known)
        known.add(n)
    assert held(visited) == sorted(known)


def test_a_full_set_says_so_and_keys_without_room_are_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visited = Visited(5, 5, 128)
    results = enter(visited, list(range(400)))
    inside = [n for n, result in enumerate(results) if result == 1]
    assert held(visited) == inside
    assert results.count(2) == 400 - len(inside) >= 400 - 128
    assert enter(visited, inside) == [0] * len(inside)
    # A level much wider than the set has room
    monkeypatch.setattr(Visited, "planned", lambda expected: Visited(1, 1, 128))
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


# Memos and bags


@given(st.dictionaries(st.integers(0, 2**63), st.integers(1, 2**64 - 1), max_size=2000))
@settings(max_examples=20)
def test_a_memo_is_a_dictionary(known: dict[int, int]) -> None:
    memo = Memo()
    for word, value in known.items():
        memo.set(word, value)
    assert memo.count == len(known)
    assert all(int(kernel.find(*memo.at(), U8(word))) == known[word] for word in known)
    assert int(kernel.find(*memo.at(), U8(2**63 + 1))) == 0
    for word in known:  # again, to another value
        memo.set(word, 1)
    assert memo.count == len(known)
    assert {int(kernel.find(*memo.at(), U8(word))) for word in known} <= {1}


class Letters(LinkedBit):
    """Messages are numbers; they live for as many ticks, multiples of 3 for ever."""

    timed = True

    def age(self, message: int) -> int | None:
        return message if message % 3 == 0 else message - 1 if message > 1 else None


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 7)), max_size=40),
)
def test_bags_are_multisets(capacity: int, deeds: list[tuple[int, int, int]]) -> None:
    """Bags made by adding, taking away and ageing, against plain counting."""
    tables = Interner(Letters(capacity=capacity), {})
    width = 2 * capacity + 1
    plain: dict[int, Bag[int]] = {0: Bag()}
    for deed, which, message in deeds:
        bag = sorted(plain)[which % len(plain)]
        content, row = plain[bag], tables.bags[bag * width : (bag + 1) * width].tolist()
        n = content.total()
        assert (row[0], Bag(tables.messages_of(bag))) == (n, content)
        assert tables.bag([*content.elements()]) == bag
        if deed == 0 and n < capacity:
            ask = bag << 32 | tables.message(message)
            tables.resolve(np.array([kernel.PUSH]), np.array([ask], U8))
            after = int(kernel.find(*tables.push.at(), U8(ask))) - 1
            content = content + Bag([message])
        elif deed == 1 and n:
            place = 1 + which % n
            after = row[capacity + place]
            content = content - Bag([tables.messages.things[row[place]]])
        else:
            tables.resolve(np.array([kernel.AGE]), np.array([bag], U8))
            after = int(tables.age[bag]) - 1
            older = (tables.parts.age(letter) for letter in content.elements())
            content = Bag(letter for letter in older if letter is not None)
        assert plain.setdefault(after, content) == content
    assert len({frozenset(bag.items()) for bag in plain.values()}) == len(plain)


# Checkpoints


LARGE = [seed for seed in SEEDS if seed % 3 == 0]


class Killed(Exception):
    pass


@pytest.fixture
def mortal(cramped: None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Searches end, by chance, before or after a checkpoint; how often."""
    chance, save, deaths = random.Random(7), checkpoint.save, [0]

    def killing(*what: Any) -> None:
        for act in (lambda: None, lambda: save(*what)):
            if chance.random() < 0.1:
                deaths[0] += 1
                raise Killed
            act()

    monkeypatch.setattr(checkpoint, "save", killing)
    return deaths


def through_deaths(parts: Any, checks: Any, folder: Path, **options: Any) -> Exploration:
    while True:
        with contextlib.suppress(Killed):
            return native.explore(
                parts, checks, checkpoint=folder, every=-1.0, resume=True, identity="x",
                stop_when_decided=False, **options,
            )  # fmt: skip


def test_a_search_survives_its_deaths(mortal: list[int], tmp_path: Path) -> None:
    for seed in LARGE:
        parts = Chance(seed)
        found = through_deaths(parts, checks_of(parts), tmp_path / str(seed), threads=1 + seed % 2)
        agree(of_chance(seed), found)
        # When it is over it stays so
        again = through_deaths(parts, checks_of(parts), tmp_path / str(seed))
        agree(of_chance(seed), again)
    assert mortal[0] > 5
    assert max(of_chance(seed).states for seed in LARGE) > 1000


def test_a_symmetric_search_survives_its_deaths(mortal: list[int], tmp_path: Path) -> None:
    bounds, checks = little("rest", "few"), checks_for("rest")
    one = native.explore(
        TcpParts(Interned(Rules(), bounds)), checks, symmetric=True, stop_when_decided=False
    )
    two = through_deaths(TcpParts(Interned(Rules(), bounds)), checks, tmp_path, symmetric=True)
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


@pytest.mark.parametrize("every", [13, 100])
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
    system = Interned(rules or Rules(), little("time", "one"))
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
    for name in ("notes", "2024", "checkpoint-99"):
        (tmp_path / name).mkdir()
    two = checkpointed(tmp_path, resume=True)
    assert told(two) == told(one)
    assert set(two.decisive) == {"W3", "T3"}
    assert not list(tmp_path.glob("*.part"))
    assert {"notes", "2024", "checkpoint-99"} < {path.name for path in tmp_path.iterdir()}


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
