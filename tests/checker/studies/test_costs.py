"""What real stacks cost: the pages are what the data say, and the data what is found."""

import subprocess
import sys
from pathlib import Path

import pytest

from checker.model.options import choose_rules
from checker.stacks import PROFILES
from checker.stacks.costs import choose, cost, departing, told
from checker.studies import costs, time_machine
from checker.studies.explorations import jobs, run_job
from checker.support.errors import UsageProblem
from proofs.claims.table import BY_ID
from spec.rules import SWITCHES, FinAgain

TOP = Path(__file__).parents[3]
KEPT = costs.kept(TOP)


def test_the_pages_are_what_the_data_say() -> None:
    assert costs.check(KEPT, TOP) == []
    assert time_machine.check(TOP) == []


def test_a_page_that_is_stale_is_told(tmp_path: Path) -> None:
    assert costs.check(KEPT, tmp_path) == [f"{costs.DATA}: stale", f"{costs.PAGE}: stale"]
    other = {stack: {**rows, "T10": 99} for stack, rows in KEPT.items()}
    assert costs.check(other, TOP) == [f"{costs.DATA}: stale", f"{costs.PAGE}: stale"]


def test_every_stack_and_every_claim_was_asked() -> None:
    asked = [claim.id for claim in costs.claims()]
    assert {"T1", "T10", "D1", "L1", "L2", "L3", "C1"} <= set(asked)
    assert {stack: list(rows) for stack, rows in KEPT.items()} == {
        stack: asked for stack in PROFILES
    }
    assert None not in {steps for rows in KEPT.values() for steps in rows.values()}


@pytest.mark.parametrize(
    ("stack", "claim"),
    [("lwip", "T10"), ("lwip", "L1"), ("libslirp", "T6"), ("smoltcp", "D1"), ("gvisor", "D1")],
)
def test_a_claim_falls_as_the_table_says(stack: str, claim: str) -> None:
    (job,) = jobs([BY_ID[claim]], PROFILES[stack].imitated, {})
    assert run_job(job).lengths == {claim: KEPT[stack][claim]}


@pytest.mark.parametrize(("stack", "claim"), [("lwip", "D1"), ("pytcp", "T10"), ("linux", "T10")])
def test_a_claim_holds_as_the_table_says(stack: str, claim: str) -> None:
    (job,) = jobs([BY_ID[claim]], PROFILES[stack].imitated, {})
    found = run_job(job)
    assert found.lengths == {} and found.exploration.complete
    assert KEPT[stack][claim] == 0


def test_rules_of_a_stack_are_rules() -> None:
    for profile in PROFILES.values():
        rules = choose_rules(profile.imitated)
        assert {name: getattr(rules, name) for name in profile.imitated} == profile.imitated


def test_a_name_stands_for_its_rules_and_what_is_beside_it_overrides() -> None:
    assert choose(["lwip"]) == PROFILES["lwip"].imitated
    assert choose(["lwip", "ack_needed=on"])["ack_needed"] is True
    assert choose(["three_way=off"]) == {"three_way": False}
    with pytest.raises(UsageProblem, match="no set of rules 'lwipp': did you mean lwip"):
        choose(["lwipp"])
    with pytest.raises(UsageProblem, match="one stack at a time, not of lwip and linux"):
        choose(["lwip", "linux"])


def test_conform_is_told_whose_departure_it_is_and_what_it_costs() -> None:
    known, costing = told("ack_needed=off")
    assert known.startswith("known of lwip: 2.1.3")
    assert known.endswith(f"; later: the same ({PROFILES['lwip'].later})")
    assert costing == "costs T10"
    assert told("three_way=off") == ["costs T1, T2, C1"]
    assert told("time_wait_cut=239893") == []


def test_every_departure_that_is_new_has_an_ablation_or_a_control() -> None:
    numbered = {s for s, f in SWITCHES.items() if "[14" in f.metadata["sentence"]}
    assert numbered
    for switch, value in departing():
        if switch in numbered:
            assert any(cost(switch, value)), (switch, value)
    assert cost("fin_again", FinAgain.ANEW).falls == ("149 L2", "149 D1")


def test_the_time_machine_goes_back_25_times() -> None:
    fixes = time_machine.fixes((TOP / time_machine.DATA).read_text("utf-8"))
    assert len({(fix.stack, fix.wrong) for fix in fixes}) == len(fixes) >= 25
    for fix in fixes:
        assert time_machine.ablation(fix).id == fix.ablation
        assert fix.source.startswith("http") or fix.note, fix


def test_verify_says_what_a_stack_loses() -> None:
    command = [sys.executable, "-m", "checker", "verify", "T10", "--small", "--rules", "lwip"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    lost, _ = done.stdout.split("As by default")
    assert "T10 " in lost and "violated in 5 steps" in lost
