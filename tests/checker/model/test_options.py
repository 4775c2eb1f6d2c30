"""Switches and bounds named as text: ``checker.model.options``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checker.model.options import (
    beyond,
    choose_profile,
    choose_rules,
    departures,
    parse_bounds,
    parse_rules,
)
from checker.support.errors import USAGE, UsageProblem
from proofs.claims.table import BY_ID
from spec.observe.agreement import Agreement
from spec.observe.confusion import Confusion
from spec.observe.stale import Stale
from spec.rules import SWITCHES, Isn, Restart, Rules
from spec.world.profiles import PROFILES


def test_rules_are_parsed() -> None:
    assert parse_rules(["three_way=off", "isn=any", "time_wait_cut=-2"]) == {
        "three_way": False,
        "isn": Isn.ANY,
        "time_wait_cut": -2,
    }
    assert parse_rules([" time_wait_restart = FIN "]) == {"time_wait_restart": Restart.FIN}
    assert parse_rules([]) == {}


@pytest.mark.parametrize("yes", ["on", "true", "1", "yes", "On", "TRUE"])
@pytest.mark.parametrize("no", ["off", "false", "0", "no", "OFF"])
def test_words_for_a_switch(yes: str, no: str) -> None:
    assert parse_rules([f"three_way={yes}", f"quiet_time={no}"]) == {
        "three_way": True,
        "quiet_time": False,
    }
    assert parse_bounds([f"lose={yes}", f"duplicate={no}"]) == {
        "lose": True,
        "duplicate": False,
    }


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("three_way", r"'three_way' is not of the form NAME=VALUE"),
        ("", r"'' is not of the form NAME=VALUE"),
        ("=off", r"no rule ''; there are 108, such as three_way, isn, "),
        ("three-way=off", r"no rule 'three-way': did you mean three_way"),
        ("threeway=off", r"no rule 'threeway': did you mean three_way"),
        ("xyzzy=off", r"no rule 'xyzzy'; there are 108, such as three_way, "),
        ("three_way=maybe", r"rule three_way is on or off, not 'maybe'"),
        ("three_way=", r"rule three_way is on or off, not ''"),
        ("isn=random", r"rule isn is one of fresh, any, constant, not 'random'"),
        ("time_wait_cut=two", r"rule time_wait_cut is a number, not 'two'"),
        ("time_wait_cut=1000", r"rule time_wait_cut is between -64 and 64, not 1000"),
    ],
)
def test_wrong_rules(item: str, says: str) -> None:
    with pytest.raises(UsageProblem, match=says) as caught:
        parse_rules([item])
    assert caught.value.code == USAGE
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("width=2", "bound width is between 3 and 32, not 2"),
        ("width=33", "bound width is between 3 and 32, not 33"),
        ("width=" + "9" * 5000, "bound width is a number"),
        ("msl=-1", "bound msl is between 0 and 8, not -1"),
        ("msl=1.5", "bound msl is a number, not '1.5'"),
        ("incarnation=2", "no bound 'incarnation': did you mean incarnations"),
        ("lose=2", "bound lose is on or off, not '2'"),
    ],
)
def test_wrong_bounds(item: str, says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        parse_bounds([item])


def test_an_option_is_given_once() -> None:
    with pytest.raises(UsageProblem, match="rule three_way is given twice"):
        parse_rules(["three_way=on", "three_way=off"])


def test_every_default_can_be_given() -> None:
    words = {True: "on", False: "off"}
    for name, field in SWITCHES.items():
        value = field.default
        text = words[value] if isinstance(value, bool) else str(getattr(value, "value", value))
        assert choose_rules(parse_rules([f"{name}={text}"])) == Rules()


def test_rules_come_in_layers() -> None:
    rules = choose_rules({"isn": Isn.ANY, "three_way": False}, {"three_way": True})
    assert rules == replace(Rules(), isn=Isn.ANY)
    with pytest.raises(UsageProblem, match="no rule 'three'"):
        choose_rules({"three": False})


def test_bounds_come_on_top_of_a_profile() -> None:
    assert choose_profile("time", {}) == PROFILES["time"]
    assert choose_profile("time", {"msl": 3}) == PROFILES["time"].but(msl=3)
    with pytest.raises(UsageProblem, match="no profile 'tme': did you mean time"):
        choose_profile("tme", {})


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_consistent(name: str) -> None:
    assert choose_profile(name, {}) == PROFILES[name]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"octets": 1}, "octets=1 and send_window=off: .* set send_window=on"),
        ({"width": 3}, "width=3 and window=3: .*four windows.* width=4 or more, or window=2"),
        ({"window": 5}, "width=4 and window=5: .* width=5 or more, or window=4"),
        ({"stride": 16}, "fresh initial sequence numbers would wrap"),
        ({"base": 16}, "base=16 and width=4: .*the last is 15"),
        ({"listener": True, "secret": 16}, "secret=16 and width=4: .*the last is 15"),
    ],
)
def test_bounds_that_contradict_each_other(chosen: dict[str, int], says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        choose_profile("handshake", chosen)


def test_what_a_claim_reads_is_recorded_under_another_profile_too() -> None:
    bounds, watchers = choose_profile("time", {"msl": 3}, "handshake", "time", "lifecycle")
    assert bounds == replace(PROFILES["time"].bounds, msl=3)
    assert watchers == (Confusion(), Agreement(), Stale())


def test_what_is_recorded_is_no_bound() -> None:
    with pytest.raises(UsageProblem, match="no bound 'watch_stale'"):
        parse_bounds(["watch_stale=on"])


@pytest.mark.parametrize(
    ("claim", "given"),
    [("T4", {}), ("T4", {"time_wait_ignores_reset": False}), ("T2", {"three_way": False})],
)
def test_switches_to_give_with_a_claim_to_see_what_was_found(
    claim: str, given: dict[str, object]
) -> None:
    """... those that it assumes are so without, and one that was set back to the RFC's is given."""
    rules = choose_rules(BY_ID[claim].rules, given)
    again = parse_rules([f"{n}={v}" for n, v in beyond(BY_ID[claim], departures(rules)).items()])
    assert again == given
    assert choose_rules(BY_ID[claim].rules, again) == rules
