"""Every bound has limits and a reason, and every profile is a choice of its own."""

import ast
import dataclasses
from pathlib import Path

import pytest

import spec
from checker.model.interned import Interned
from proofs.claims.table import CLAIMS
from spec.rules import Rules
from spec.world.bounds import LIMITS, Bounds
from spec.world.profiles import PROFILES, SCALES

NAMES = ("handshake", "lifecycle", "simultaneous", "time", "stream", "reuse", "rest", "forgery")
"""Profiles that THEOREMS.md's claims cannot do without."""


@pytest.mark.parametrize("name", LIMITS)
def test_bound_has_limits_and_a_reason(name):
    bound = LIMITS[name]
    low, high, reason = (bound.metadata[k] for k in ("low", "high", "reason"))
    assert low < high
    assert low <= bound.default <= high
    assert len(reason) >= 12
    if isinstance(bound.default, bool):
        assert (low, high) == (0, 1)


def test_every_bound_is_listed():
    assert list(LIMITS) == [f.name for f in dataclasses.fields(Bounds)]


def test_bounds_are_read_by_name():
    """Every bound is read somewhere in spec outside its own file."""
    read = set()
    for file in Path(spec.__file__).parent.rglob("*.py"):
        if file.name != "bounds.py":
            tree = ast.parse(file.read_text())
            read |= {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute)
                and getattr(node.value, "attr", getattr(node.value, "id", "")) == "bounds"
            }
    assert set(LIMITS) - read == set()


def test_profiles_exist():
    assert set(NAMES) <= set(PROFILES)


@pytest.mark.parametrize("name", PROFILES)
def test_profile_is_within_the_limits(name):
    for bound, value in dataclasses.asdict(PROFILES[name].bounds).items():
        meta = LIMITS[bound].metadata
        assert meta["low"] <= value <= meta["high"], bound


@pytest.mark.parametrize("name", PROFILES)
def test_profile_keeps_honest_numbers_apart(name):
    """Four windows fit in the sequence space (spec.seq), and a connection between two ISNs."""
    bounds = PROFILES[name].bounds
    assert 2**bounds.width >= 4 * bounds.window
    if name in ("conduct-old", "conduct-edge"):
        return  # they are looked at with any ISNs, those next to each other too
    assert bounds.stride >= 2 + bounds.octets * (bounds.incarnations > 1)


@pytest.mark.parametrize("name", PROFILES)
def test_profile_keeps_the_send_window_if_anybody_sends(name):
    """``send_window`` is off only where nobody may SEND."""
    bounds = PROFILES[name].bounds
    assert bounds.send_window or bounds.octets == 0


@pytest.mark.parametrize("name", PROFILES)
def test_profile_changes_something(name):
    """... the default's bounds, and every other profile's, at some scale."""

    def at_every_scale(name):
        return PROFILES[name], [scale.get(name) for scale in SCALES.values()]

    assert PROFILES[name].bounds != Bounds()
    assert [n for n in PROFILES if at_every_scale(n) == at_every_scale(name)] == [name]


def first_steps(bounds: Bounds, levels: int = 3) -> set[tuple[int | None, str]]:
    """The actions that change something within a few steps: (the host they changed, action)."""
    system = Interned(Rules(), bounds)
    frontier, actions = [system.initial()], set()
    for _ in range(levels):
        following = {}
        for world in frontier:
            for step, after in system.steps(world):
                changed = [host for host in (0, 1) if after.end(host) is not world.end(host)]
                actions.add((changed[0] if len(changed) == 1 else None, step.action))
                following[after] = None
        frontier = list(following)
    return actions


@pytest.mark.parametrize(
    ("name", "host", "action"),
    [
        ("a_active", 0, "OPEN (active)"),
        ("a_passive", 0, "OPEN (passive)"),
        ("b_active", 1, "OPEN (active)"),
        ("b_passive", 1, "OPEN (passive)"),
        ("a_sends", 0, "SEND"),
        ("b_sends", 1, "SEND"),
        ("close", 0, "CLOSE"),
        ("abort", 1, "ABORT"),
        ("urgent", 0, "SEND (urgent)"),
        ("user_timeout", 0, "USER TIMEOUT"),
        ("duplicate", 1, "duplicate"),
        ("lose", None, "lose"),
    ],
)
def test_flag_allows_its_action(name, host, action):
    base = Bounds(octets=1, urgent=True, user_timeout=True)
    on, off = (first_steps(dataclasses.replace(base, **{name: value})) for value in (True, False))
    assert (host, action) in on
    assert (host, action) not in off
    assert off <= on


@pytest.mark.parametrize(
    ("change", "host", "action"),
    [
        ({"octets": 1}, 0, "SEND"),
        ({"msl": 2, "span": 2}, 0, "tick"),
        ({"crashes": 1}, 0, "crash"),
    ],
)
def test_number_allows_its_action(change, host, action):
    assert (host, action) not in first_steps(Bounds())
    assert (host, action) in first_steps(Bounds(**change))


def test_profiles_are_used():
    """Each is named by a claim, and claims name only these."""
    assert {claim.profile for claim in CLAIMS} == set(PROFILES)
