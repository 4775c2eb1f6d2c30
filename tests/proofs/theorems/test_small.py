"""The clauses of small systems, asked of random runs of plain numbers."""

import dataclasses
import random
from typing import Any

import pytest

from proofs.theorems import small
from proofs.theorems.small import Scene
from proofs.theorems.table import BY_ID, THEOREMS, Theorem
from spec.rules import CookieHash, Rules
from spec.tcp.sending import Tcp
from spec.world.bounds import Bounds

SMALL = [theorem for theorem in THEOREMS if theorem.system is not None]
OPEN: dict[str, dict[str, Any]] = {
    "S2.rate": {"life": 7, "forgotten": True},
    "S5m": {"key": 0xFEDCBA98, "rises": True, "one_mss": True},
    "S13": {"stamped": True, "at_least": True},
}


def any_syn(last: small.Syn, chance: random.Random) -> small.Syn:
    """A SYN that may well be the next one of a client."""
    later = chance.choice([0, 0, 1, 63])
    return small.Syn(
        irs=(last.irs + chance.choice([1, 1 << 24, small.FAR])) % 2**32,
        minute=(last.minute + (later << small.BITS)) % 2**32,
        hashed=chance.choice([0, small.LOW - 1, small.LOW]) if later else last.hashed,
        mss=chance.choice([0, 3]) if later else chance.choice([last.mss, 3]),
    )


def any_given(system: small.Small, state: Any, chance: random.Random) -> Any:
    """What an action is given: what an honest client sends, for the most part."""
    if system.given is small.Syn:
        return any_syn(state.last, chance)
    if system.given is small.Options:
        yes_or_no = [chance.random() < 0.5 for _ in range(3)]
        return small.Options(chance.choice([0, 535, 536, 1299, 1460, 65535]), *yes_or_no)
    return None


def taken(theorem: Theorem, seed: int, steps: int = 60, **more: Any) -> tuple[int, list[str]]:
    """How many steps of a random run were possible, and the clauses that were false on it."""
    system, chance = theorem.system, random.Random(seed)
    assert system is not None
    state, open_ = system.state(), system.open(**{**OPEN[theorem.id], **more})
    bounds = dataclasses.replace(Bounds(), **{"backlog": 3, **theorem.bounds})
    scene = Scene(state, open_, Tcp(dataclasses.replace(Rules(), **theorem.rules), bounds, 0))
    assert all(fact(scene) for fact in theorem.facts) == (not more)
    count, false = 0, []
    for _ in range(steps):
        given = any_given(system, state, chance)
        count += chance.choice([*system.actions.values()])(scene, given)
        false += [f.__name__ for f in theorem.all if not f(scene)]
    return count, false


@pytest.mark.parametrize("theorem", SMALL, ids=lambda theorem: theorem.id)
def test_clauses_hold_of_runs(theorem: Theorem) -> None:
    for seed in range(20):
        count, false = taken(theorem, seed)
        assert count > 10 and not false


@pytest.mark.parametrize(
    ("rules", "more"), [({}, {"one_mss": False}), ({"cookie_hash": CookieHash.WHOLE}, {})]
)
def test_cookies_are_seen_to_fall(rules: dict[str, Any], more: dict[str, Any]) -> None:
    theorem = dataclasses.replace(BY_ID["S5m"], rules={**BY_ID["S5m"].rules, **rules})
    assert any("cookies_rise" in taken(theorem, seed, **more)[1] for seed in range(20))


@pytest.mark.parametrize("less", ["stamped", "at_least"])
def test_options_are_seen_to_fall(less: str) -> None:
    claim = {"stamped": "no_end_alone", "at_least": "as_announced"}[less]
    for seed in range(20):
        false = set(taken(BY_ID["S13"], seed, **{less: False})[1])
        assert false <= {claim}
        if false:
            return
    raise AssertionError("it was never false")


def test_a_full_queue_is_paid_for_exactly() -> None:
    system, life, backlog = small.FLOOD, 3, 2
    bounds = dataclasses.replace(Bounds(), backlog=backlog)
    life_of = small.Life(life, True)
    scene = Scene(small.Flood(), life_of, Tcp(Rules(), bounds, 0))
    for _ in range(5):
        moves = ["SYN"] * backlog + ["time goes by"] * life
        assert all(system.actions[move](scene, None) for move in moves)
        assert not system.actions["time goes by"](scene, None)
        assert all(system.actions["forgotten"](scene, None) for _ in range(backlog))
    assert scene.me.paid == scene.me.full == 5 * life * backlog
    life_of.forgotten = False
    assert system.actions["SYN"](scene, None) and system.actions["SYN"](scene, None)
    assert all(system.actions["time goes by"](scene, None) for _ in range(life + 1))
    assert not small.full_is_paid(scene)
