"""Departures are data: each has a number, a section and a place, and what it foretells."""

import re

import pytest

from checker.stacks import PROFILES
from checker.stacks.generate.machine import Edge, machine
from checker.stacks.profile import Departure, Outcome, Switched, ack, at, nothing
from spec.rules import SWITCHES, Rules
from spec.tcp.tcb import State

PLAYED = [p for p in PROFILES.values() if any(d.outcomes for d in p.departures)]


@pytest.mark.parametrize("profile", PLAYED, ids=lambda profile: profile.name)
def test_departures_are_complete(profile):
    numbers = [each.number for each in profile.departures]
    assert len(set(numbers)) == len(numbers)
    names = [each.name for each in profile.departures]
    assert len(set(names)) == len(names)
    for each in profile.departures:
        assert re.match(r"3\.\d", each.section)
        assert each.outcomes and each.where
        if each.switch is not None:
            assert each.switch.switch in SWITCHES


IGNORES = Outcome(at("TIME-WAIT", "rcv RST"), nothing, State.TIME_WAIT)
IGNORED = Switched("time_wait_ignores_reset", True)


def edge_of(rules: Rules, before: State, event: str) -> Edge:
    edges = (edge for found in machine(rules).edges.values() for edge in found)
    return next(e for e in edges if e.before.state == before and e.transition.event == event)


@pytest.mark.parametrize("switch", [IGNORED, IGNORED._replace(coarse=True), None])
def test_what_rules_do_themselves_is_no_departure(switch):
    """Where a switch makes the specification do just that; if it does so coarsely, it is one."""
    departure = Departure(1, "x", "3.1", (IGNORES,), switch=switch)
    plain, ignoring = Rules(), Rules(time_wait_ignores_reset=True)
    reset = edge_of(plain, State.TIME_WAIT, "rcv RST")
    assert departure.outcome(reset, False, plain) == IGNORES
    reset = edge_of(ignoring, State.TIME_WAIT, "rcv RST")
    found = departure.outcome(reset, False, ignoring)
    if switch is None:
        assert found == IGNORES
    else:
        assert found == (IGNORES._replace(elsewhere=True) if switch.coarse else None)


def test_what_a_switch_does_beyond_the_stack_is_said_of_the_departure():
    """The stack challenges a SYN, which the specification with the switch answers otherwise."""
    rest = Outcome(at("ESTABLISHED", "rcv SYN in the window"), ack(), State.ESTABLISHED)
    switch = Switched("syn_challenge", False)
    departure = Departure(1, "x", "3.1", (IGNORES,), switch=switch, rest=(rest,))
    plain, resetting = Rules(), Rules(syn_challenge=False)
    of = (State.ESTABLISHED, "rcv SYN in the window")
    assert departure.outcome(edge_of(plain, *of), False, plain) is None
    assert departure.outcome(edge_of(resetting, *of), False, resetting) == rest
