"""The machines of the page are the specification, under each of their switches."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit.reference import explore
from checker.exports.javascript import plain
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.traced import Traced
from checker.page import machines
from checker.page.machines import MACHINES
from spec.observe.pace import Samples
from spec.rules import Congestion, Rules
from spec.world.endpoint import Endpoint
from spec.world.records import key, paths
from tests.checker.exports.test_javascript import Rows, asked
from tests.helpers.node import compared, needs_node, watched

LIFECYCLE = MACHINES[0]
MOST = 4000
"""States of one choice of a switch."""


@pytest.fixture(scope="module")
def module() -> str:
    return machines.module(LIFECYCLE).text


def points(rules: Rules) -> Iterator[list[Any]]:
    """What the plain Python makes of every pair that a short exploration meets."""
    system = Interned(rules, LIFECYCLE.bounds, LIFECYCLE.watchers)
    explore(system, {}, graph=False, max_states=MOST)
    for end, what, seg, sight, outcomes in asked(system):
        rows = [None if seg is None else [plain(one) for one in key(seg)]]
        yield [
            what.value,
            [plain(one) for one in key(end)],
            *rows,
            [plain(one) for one in key(sight)],
            system.isns(end) if what.value != "tick" else [0],
            [
                [
                    one.isn,
                    [plain(value) for value in key(one.end)],
                    [[plain(value) for value in key(sent)] for sent in one.effects.sent],
                    [str(rule) for rule in one.effects.rules],
                    list(one.effects.signals),
                ]
                for one in outcomes
            ],
        ]


@needs_node
@pytest.mark.parametrize("number", [0, 1, 5])
def test_a_switch_is_the_specifications(module: str, number: int, tmp_path: Path) -> None:
    name = machines.switches(LIFECYCLE)[number]
    rules = Rules() if not number else replace(Rules(), **{name: not getattr(Rules(), name)})
    first = "export const settings = { departure: 0 };"
    assert first in module
    chosen = module.replace(first, first.replace("0 }", f"{number} }}"))
    found = compared(chosen, tmp_path, points(rules))
    assert found["pairs"] > 300
    assert found["wrong"] == []


@needs_node
def test_a_switch_that_is_not_set_is_noticed(module: str, tmp_path: Path) -> None:
    assert compared(module, tmp_path, points(replace(Rules(), three_way=False)))["wrong"]


def wander(system: Interned, by: random.Random) -> None:
    """Walks at random, which come to retransmissions, recovery and closed windows sooner than a
    search does."""
    for _ in range(WALKS):
        world = system.initial()
        for _ in range(LONG):
            offers = list(system.steps(world))
            if not offers:
                break
            _, world = by.choice(offers)


WALKS, LONG = 200, 60


@needs_node
@pytest.mark.parametrize(
    "machine",
    [
        one if one.id == "keep-alive" else pytest.param(one, marks=pytest.mark.slow)
        for one in MACHINES[2:]
    ],
    ids=lambda one: one.id,
)
def test_a_machine_is_the_specifications(machine: machines.Machine, tmp_path: Path) -> None:
    """Listeners, cookies, probes, applications and a data plane, on every pair that is met."""
    system = Interned(machine.rules, machine.bounds, machine.watchers)
    explore(system, {}, graph=False, max_states=MOST)
    wander(system, random.Random(1))
    rows = Rows(machines.trees(machine))
    made = machines.module(machine)
    found = compared(made.text, tmp_path, (rows.point(system, met) for met in asked(system)))
    assert found["pairs"] > 150
    assert found["wrong"] == []


def shown(system: Interned, own: Traced) -> Iterator[list[Any]]:
    """Steps as watchers that are apart are shown them, with all ghosts before and after."""
    rows = Rows(own)

    def ghosts(end: Endpoint) -> dict[str, int]:
        return {
            path: plain(value)
            for path, value in zip(paths(end), key(end), strict=True)
            if path.startswith("ghost.")
        }

    for end, what, seg, _, outcomes in asked(system):
        for one in outcomes:
            yield [
                what.value,
                *(rows.of(each, rows.end) for each in (end, one.end)),
                None if seg is None else rows.of(seg, rows.seg),
                [rows.of(sent, rows.seg) for sent in one.effects.sent],
                *(ghosts(each) for each in (end, one.end)),
            ]


@needs_node
@pytest.mark.parametrize(
    ("changed", "only", "moved"),
    [
        ({"karn": False}, {"apart": (Samples(),), "asked": ("CC6",)}, {"ghost.ambiguous"}),
        pytest.param({}, {}, {"ghost.lost_to"}, marks=pytest.mark.slow),
        pytest.param(
            {"karn": False, "congestion": Congestion.RENO, "cwnd_floor": False},
            {},
            {"ghost.ambiguous", "ghost.amiss", "ghost.lost_to"},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_watchers_apart_see_what_they_see_within(
    changed: dict[str, Any], only: dict[str, Any], moved: set[str], tmp_path: Path
) -> None:
    machine = next(one for one in MACHINES if one.apart)
    machine = replace(machine, rules=replace(machine.rules, **changed), **only)
    system = Interned(machine.rules, machine.bounds, (*machine.watchers, *machine.apart))
    explore(system, {}, graph=False, max_states=MOST)
    wander(system, random.Random(3))
    own = Traced(machine.rules, machine.bounds, machine.watchers)  # nothing need be traced of it
    most = {
        what: max((len(one.effects.sent) for all_ in known.values() for one in all_), default=0)
        for what, known in system.known.items()
    }
    names = [watcher.name for watcher in machine.apart]
    text = machines.watching(machine, own, most)
    found = watched(text, names, tmp_path, shown(system, own))
    assert found["steps"] > 1000
    assert found["wrong"] == []
    assert sorted(found["claims"]) == sorted(machine.asked)
    assert found["fallen"] == []
    assert moved | {"ghost.resent"} <= {*found["moved"]}


@pytest.mark.slow
def test_what_is_fixed_is_not_among_the_fields() -> None:
    """The data plane's module leaves out what never changes; the page is told its value."""
    machine = next(one for one in MACHINES if one.id == "transfer")
    own = machines.trees(machine)
    fixed = machines.module(machine).fixed
    assert not {field.path for field in own.kept} & {*fixed}
    assert {field.path for field in own.end_fields} == {field.path for field in own.kept} | {*fixed}
    # What its claims read is not fixed: they are not true of nothing.
    assert "ghost.garbled" not in fixed
    assert "tcb.transfer.ssthresh" not in fixed


def test_every_claim_is_asked_by_one_that_looks_on() -> None:
    for machine in MACHINES:
        assert machine.claims
        assert Model(machine.rules, machine.bounds, machine.watchers).callers
