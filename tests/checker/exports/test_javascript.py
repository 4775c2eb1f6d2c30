"""The ES module is the specification: Node gives what the plain Python gives, on every pair.

Skipped where Node is missing. The checks are shown to fail on a module with a bug.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit.engine import Check
from checker.engines.explicit.reference import explore
from checker.exports.javascript import _Module, javascript, plain
from checker.ir.nodes import integer
from checker.ir.tracing import Tracer
from checker.model import traced
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.search import Options
from checker.studies import simulate
from checker.studies.export import text
from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import BY_ID
from spec.observe.sights import BLIND, Sight
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.world.enabled import Event
from spec.world.endpoint import Endpoint
from spec.world.profiles import PROFILES
from spec.world.records import key, paths
from spec.world.system import Outcome
from tests.helpers.node import compared, explored, needs_node

pytestmark = needs_node

HUGE = {name for name, (bounds, _) in PROFILES.items() if bounds.transfer}
"""Data planes, whose trees are too large."""
QUICK = ["draining", "half-open", "idle"]
FEW = {"keep-alive-wait": 60}
"""Profiles with no more than 100 pairs, and how many they have at least."""


Met = tuple[Endpoint, Event, Segment | None, Sight, list[Outcome]]


def asked(system: Interned) -> Iterator[Met]:
    """Every pair of an endpoint and an input that was asked of a system, with its outcomes."""
    for what, known in system.known.items():
        for (end, _, seg, sight), outcomes in known.items():
            yield end, what, seg, sight, outcomes


class Rows:
    """Endpoints, segments and sights as the rows of integers that a module takes."""

    def __init__(self, trees: traced.Traced) -> None:
        blank = trees.blank()
        places = {path: i for i, path in enumerate(paths(blank))}
        self.end = [places[f.path] for f in trees.kept]
        places = {path: i for i, path in enumerate(paths(Segment(seq=0)))}
        self.seg = [places[f.path] for f in trees.carried]

    def of(self, record: Any, places: list[int]) -> list[int]:
        values = key(record)
        return [plain(values[i]) for i in places]

    def point(self, system: Any, met: Met) -> list[Any]:
        end, what, seg, sight, outcomes = met
        return [
            what.value,
            self.of(end, self.end),
            None if seg is None else self.of(seg, self.seg),
            [plain(value) for value in key(sight)],
            system.isns(end) if what != Input.TICK else [0],
            [
                [
                    one.isn,
                    self.of(one.end, self.end),
                    [self.of(sent, self.seg) for sent in one.effects.sent],
                    [str(rule) for rule in one.effects.rules],
                    list(one.effects.signals),
                ]
                for one in outcomes
            ],
        ]


def pairs(model: Model) -> Iterator[list[Any]]:
    """Every pair of an endpoint and an input that was asked of the model's system."""
    rows = Rows(model.reduced)
    for met in asked(model.system):
        yield rows.point(model.system, met)


def module(model: Model) -> str:
    return javascript(model.composition, {}, "A test.")


@pytest.mark.parametrize("profile", QUICK)
def test_pairs_of_a_profile(profile: str, tmp_path: Path) -> None:
    model = Model(Rules(), *PROFILES[profile])
    explore(model.system, {}, graph=False, max_states=3000)
    found = compared(module(model), tmp_path, pairs(model))
    assert found["pairs"] > 300
    assert found["wrong"] == []


@pytest.mark.slow
@pytest.mark.parametrize("profile", sorted({*PROFILES} - HUGE))
def test_all_pairs_of_a_profile(profile: str, tmp_path: Path) -> None:
    """The native engine asks about each pair once, however many states it is in."""
    model = Model(Rules(), *PROFILES[profile])
    assert model.search({}, Options(engine="native")).complete
    found = compared(module(model), tmp_path, pairs(model))
    assert found["pairs"] > FEW.get(profile, 100)
    assert found["wrong"] == []


def test_a_wrong_module_is_noticed(tmp_path: Path) -> None:
    model = Model(Rules(), *PROFILES["draining"])
    explore(model.system, {}, graph=False, max_states=3000)
    good = module(model)
    wrong = good.replace("(seg[SEG_SEQ] + ", "(1 + seg[SEG_SEQ] + ")
    assert wrong != good
    assert compared(wrong, tmp_path, pairs(model))["wrong"]


LIGHT = [name for name, one in SCENARIOS.items() if not one.bounds.get("transfer")]
FIRST = ("three-way-handshake", "lost-syn-ack")


@pytest.mark.parametrize(
    "name",
    [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in LIGHT],
)
def test_walks_of_scenarios(name: str, tmp_path: Path) -> None:
    walk, path = simulate.walk(SCENARIOS[name])
    model = Model(walk.rules, walk.bounds, walk.watchers)
    composition = traced.composition(model.system, model.callers, model.traced)
    rows = Rows(model.traced)

    def points() -> Iterator[list[Any]]:
        world = path.start
        for step, after in path.steps:
            if step.end is not None:
                what = Input.SEGMENT if step.action == "duplicate" else None
                what = what or next(e for e in model.callers if e.value == step.action)
                end, seg = world.end(step.end), step.segment
                outcomes = walk.react(world.hosts[step.end], 0, what, seg, BLIND)
                assert after.end(step.end) in [one.end for one in outcomes]
                yield rows.point(walk, (end, what, seg, BLIND, outcomes))
            elif step.action == "tick":
                for end in world.ends():
                    outcomes = walk.react(end, 0, Input.TICK, None, BLIND)
                    yield rows.point(walk, (end, Input.TICK, None, BLIND, outcomes))
            world = after

    found = compared(javascript(composition, {}, "A walk."), tmp_path, points())
    assert found["pairs"] > 0
    assert found["wrong"] == []


def counted(model: Model, ids: list[str]) -> dict[str, Any]:
    """What the reference explorer finds: its numbers, and the depth of each claim's first fall."""
    checks = {id: Check(BY_ID[id].kind, BY_ID[id].predicate) for id in ids}
    found = explore(model.system, checks, graph=False, stop_when_decided=False)
    return {
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "at": {id: len(path.steps) for id, path in found.decisive.items()},
    }


@pytest.mark.parametrize(
    ("profile", "rules"),
    [
        ("draining", {}),
        ("handshake", {"three_way": False}),
    ],
)
def test_a_module_explores_as_the_specification_does(
    profile: str, rules: dict[str, Any], tmp_path: Path
) -> None:
    """Bags, losses, copies and ticks, too: states, transitions, depth, and where claims fall."""
    bounds = {"in_flight": 1} if profile == "handshake" else {}
    model = Model(replace(Rules(), **rules), *PROFILES[profile].but(**bounds))
    found = explored(text("javascript", profile, (), rules, bounds), tmp_path)
    ids = [*found["bad"]]
    known = counted(model, ids)
    assert (found["states"], found["transitions"]) == (known["states"], known["transitions"])
    assert found["depth"] == known["depth"]
    falls = {id: at[0] for id, at in found["at"].items() if at is not None}
    always = {id: n for id, n in falls.items() if BY_ID[id].kind == "always"}
    assert always == {id: n for id, n in known["at"].items() if BY_ID[id].kind == "always"}


def test_what_a_module_does_not_say() -> None:
    """Numbers wider than 32 bits wrap otherwise in JavaScript: refused."""
    tracer = Tracer()
    wide = tracer.build.wrap(tracer.build.var("me.n", integer(0, 1 << 40)), 33)
    empty: Any = object.__new__(_Module)
    with pytest.raises(ValueError, match="no wrap"):
        empty._write(wide, ["me[N]"])
