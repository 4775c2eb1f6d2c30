"""A claim that holds in whole ticks only, and what is said of it."""

import dataclasses

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules
from checker.studies import finer
from checker.studies.verify import verify
from checker.support.errors import INCONCLUSIVE
from proofs.claims.table import BY_ID
from proofs.theorems.families import FAMILIES, Family
from spec.rules import Restart


def refuted(id: str, bounds: dict[str, object] | None = None, **rules: object) -> str:
    claim = BY_ID[id]
    profile = choose_profile(claim.profile, bounds or {})
    return finer.refuted(claim, Model(choose_rules(claim.rules, rules), *profile))


@pytest.mark.parametrize(
    ("id", "cut", "said"),
    [
        ("T4", 1, "below 2 MSL;"),
        ("T4", 0, ""),
        ("T3", 1, "below 2 MSL;"),
        ("T3", 0, "below 2 MSL + R;"),  # with an octet
        ("T3", -1, "for every TIME-WAIT;"),  # with an octet that shuts the window
        ("T4.abort", 1, ""),  # of which no family is
    ],
)
def test_a_time_wait_that_is_too_short_for_finer_ticks(id: str, cut: int, said: str) -> None:
    found = refuted(id, time_wait_cut=cut)
    assert said in found
    assert bool(found) == bool(said)
    assert ("with octets=1" in found) == (id == "T3" and cut < 1)


def test_a_rule_that_no_time_wait_makes_up_for() -> None:
    found = refuted("T4", time_wait_restart=Restart.NEVER, time_wait_cut=-4)
    assert "for every TIME-WAIT;" in found


def test_what_stops_the_run_stops_the_warning() -> None:
    """The run of T4 has a TCB that is opened actively after TIME-WAIT."""
    assert refuted("T4", {"incarnations": 1}, time_wait_cut=1) == ""


def test_a_run_is_told_if_the_claim_excludes_none_of_its_events() -> None:
    """T4 is about users who do not give up, and T4.giveup is a run of users who do."""
    assert refuted("T4") == ""
    assert "users give up" in refuted("T4", {"user_timeout": True})
    assert refuted("T3") != ""
    assert refuted("T3", {"b_sends": False}) == ""  # its octet is B's


def test_without_time_there_is_nothing_finer() -> None:
    assert refuted("T4", {"msl": 0}, time_wait_cut=1) == ""


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_every_family_is_taken_in_finer_ticks(family: Family) -> None:
    """FINER is enough: at TIME-WAITs a whole tick below the bound, too."""
    claim = BY_ID[family.theorem]
    profile = choose_profile(claim.profile, {**family.bounds, "msl": 3, "span": 3})
    model = Model(choose_rules(claim.rules, family.rules), *profile)
    times = finer.Times(3, 3, 6)
    cut = 1 if family.below is None else 6 - (family.below(times) - 1)
    rules = dataclasses.replace(model.rules, time_wait_cut=cut)
    assert finer._violated(family, claim, Model(rules, *profile))


def test_the_row_says_so() -> None:
    some = [BY_ID["T4"], BY_ID["W4"]]
    report, _ = verify(some, {"time_wait_cut": 1}, {"in_flight": 1, "msl": 1}, scale="small")
    row = report.claims[0]
    assert (row.id, row.verdict, row.ok) == ("T4", "holds", True)
    assert "in finer ticks, it is violated" in row.finer


def test_trace_says_so() -> None:
    words = ["trace", "T4", "--rules", "time_wait_cut=1", "--bounds", "in_flight=1"]
    words += ["--bounds", "msl=1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == INCONCLUSIVE
    assert "holds in all" in done.stderr
    assert "But beyond these bounds, in finer ticks, it is violated" in done.stderr
