"""How two engines are compared, on the systems of ``systems`` and on the specification."""

import random
from functools import cache
from typing import Any

import numpy as np

from checker.engines.explicit import native
from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.visited import Visited
from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from checker.model.model import check_of
from checker.model.search import TcpParts
from proofs.claims.claim import EVENTUALLY
from proofs.claims.table import BY_ID, CLAIMS
from spec.rules import Rules
from spec.world.profiles import PROFILES, Profile
from spec.world.records import key
from spec.world.system import World
from tests.helpers.systems import Chance, Joint

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


def tiny(ends: int, links: int, expected: int) -> Visited:
    """A set with hardly any room."""
    return Visited(Layout(ends, links, 1, min(links, 1)), 128)


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


def chance_agrees(
    seed: int, parts: Chance | None = None, explore: Any = native.explore, **options: Any
) -> None:
    parts = parts or Chance(seed)
    checks = checks_of(parts)
    found = explore(parts, checks, stop_when_decided=False, **options)
    agree(of_chance(seed), found)


def shown_within_limits(seed: int, explore: Any, **options: Any) -> int:
    """Whatever a search decides within a limit is shown by a path as short as without; how often
    something is decided."""
    decided = 0
    parts, whole = Chance(seed), of_chance(seed)
    checks = checks_of(parts)
    for limit in range(1, whole.states, max(1, whole.states // 5)):
        found = explore(parts, checks, max_states=limit, stop_when_decided=False, **options)
        assert found.complete != found.limited
        decided += len(found.decisive)
        for name, path in found.decisive.items():
            assert len(path.steps) == len(whole.decisive[name].steps)
            is_shown(parts.system, checks[name], path)
    return decided


LITTLE: dict[str, dict[str, Any]] = {
    # Two incarnations, one segment in flight; or one incarnation, two segments
    "few": {"in_flight": 1, "capacity": 1},
    "one": {"incarnations": 1, "in_flight": 2, "capacity": 2, "octets": 0, "stride": 2},
}


def little(profile: str, which: str) -> Profile:
    return PROFILES[profile].but(**LITTLE[which])


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


def same(
    rules: Rules,
    profile: Profile,
    checks: dict[str, Check],
    engine: Any = native.explore,
    **options: Any,
) -> Exploration:
    one = explore(Interned(rules, *profile), checks, graph=False, stop_when_decided=False)
    parts = TcpParts(Interned(rules, *profile))
    two = engine(parts, checks, stop_when_decided=False, **options)
    assert told(two) == told(one)
    return two


def mirror(state: Any) -> Joint:
    """A joint state with its ends exchanged."""
    return Joint(state.ends[::-1], state.bags[::-1])


def symmetric_agrees(seed: int, explore_: Any) -> None:
    """A symmetric search has a state for each orbit, also where a check does not treat the ends
    alike."""
    parts = Chance(seed, alike=True)
    checks = checks_of(parts)
    one = explore(parts.system, checks, stop_when_decided=False)
    two = explore_(parts, checks, stop_when_decided=False, symmetric=True)
    assert two.states == orbits(one, mirror)
    assert (two.depth, lengths(two)) == (one.depth, lengths(one))
    for name, path in two.decisive.items():
        is_shown(parts.system, checks[name], path)


def orbits(found: Exploration, mirrored: Any) -> int:
    """The number of states but for the names of the hosts."""
    states = {state for _, state in found.graph.nodes(data="state")}
    assert all(mirrored(state) in states for state in states)
    alike = sum(mirrored(state) == state for state in states)
    return (len(states) + alike) // 2
