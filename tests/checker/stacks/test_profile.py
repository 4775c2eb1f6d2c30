"""Departures are data: each has a number, a section and a place, and what it foretells."""

import re

import pytest

from checker.stacks import PROFILES
from checker.stacks.profile import Departure, Outcome, Switched, at, nothing
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
        assert each.outcomes
        if each.switch is not None:
            assert each.switch.switch in SWITCHES


def test_what_rules_do_themselves_is_no_departure():
    """Where a switch makes the specification depart likewise, it is left out."""
    outcome = Outcome(at("TIME-WAIT", "rcv RST"), nothing, State.TIME_WAIT)
    switched = Departure(1, "x", "3.1", (outcome,), switch=Switched("syn_challenge", False))
    profile = type(PLAYED[0])("x", "x", departures=(switched,))
    assert profile.left(Rules()) == (switched,)
    assert profile.left(Rules(syn_challenge=False)) == ()
