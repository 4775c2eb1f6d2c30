"""The phases of congestion control are what was reached, and each rule of it is there."""

import ast
from pathlib import Path

import pytest

from checker.studies import diagram, phases
from checker.studies.simulate import walk
from proofs.claims.scenarios import DATA_PLANE
from spec.rules import Congestion
from spec.tcp import congestion
from spec.tcp.congestion import Phase

NONE, SLOW, AVOID, FAST = Phase.NONE, Phase.SLOW_START, Phase.AVOIDANCE, Phase.RECOVERY


def ways() -> dict[tuple[Phase, Phase], set[str]]:
    found: dict[tuple[Phase, Phase], set[str]] = {}
    for edge in phases.machine():
        found.setdefault((edge.before, edge.after), set()).add(edge.rule.id)
    return found


def test_phases_change_as_rfc_5681_and_6582_say() -> None:
    assert ways() == {
        (NONE, SLOW): {
            "3.10.7.3/SYN-SENT/fourth/our-syn",
            "3.10.7.4/fifth/SYN-RECEIVED/our-syn",
        },
        (SLOW, SLOW): {
            "RFC 5681/3.1/(2)/slow-start",
            "RFC 5681/3.1/(4)/timeout",
            "RFC 5681/4.1/idle",
            "RFC 6582/3.2/(2)/known",
        },
        (SLOW, AVOID): {"RFC 5681/3.1/(2)/slow-start"},
        (SLOW, FAST): {"RFC 5681/3.2/(2)/fast-retransmit"},
        (AVOID, SLOW): {"RFC 5681/3.1/(4)/timeout", "RFC 5681/4.1/idle"},
        (AVOID, AVOID): {"RFC 5681/3.1/avoidance", "RFC 6582/3.2/(2)/known"},
        (AVOID, FAST): {"RFC 5681/3.2/(2)/fast-retransmit"},
        # With little in flight when all is mended, cwnd is below ssthresh (RFC 6582 3.2 (3)).
        (FAST, SLOW): {"RFC 5681/3.1/(4)/timeout", "RFC 5681/3.2/(6)/recovered"},
        (FAST, AVOID): {"RFC 5681/3.2/(6)/recovered"},
        (FAST, FAST): {"RFC 5681/3.2/(4)/inflate", "RFC 6582/3.2/partial"},
    }


def test_every_rule_of_congestion_control_is_reached() -> None:
    tree = ast.parse(Path(congestion.__file__).read_text())
    cited = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "rule"
        and isinstance(call.args[0], ast.Constant)
    }
    reached = {edge.rule.id for edge in phases.machine()}
    assert {rule for rule in cited if str(rule).startswith(("RFC 5681", "RFC 6582"))} <= reached


def test_events_are_acks_and_timers() -> None:
    events = {edge.event for edge in phases.machine()}
    assert events == {"rcv ACK", "retransmission timeout", "idle for RTO"}


@pytest.mark.parametrize("name", DATA_PLANE)
def test_walks_of_newreno_take_these_ways_only(name: str) -> None:
    """At 32 bits and with segments of 1000 octets, too."""
    scenario = DATA_PLANE[name]
    if scenario.rules.get("congestion", Congestion.NEWRENO) is not Congestion.NEWRENO:
        return
    _, path = walk(scenario)
    before = path.start
    taken: set[tuple[Phase, Phase]] = set()
    for step, after in path.steps:
        if step.end is not None:
            (one,), (other,) = (world.end(step.end).tcb.transfers for world in (before, after))
            if any(rule.id.startswith(("RFC 5681", "RFC 6582")) for rule in step.rules):
                taken.add((congestion.phase(one), congestion.phase(other)))
        before = after
    assert taken <= set(ways())


def test_the_diagram_has_every_edge() -> None:
    source = diagram.diagrams()["phases"]
    for edge in phases.machine():
        start = "none" if edge.before is NONE else edge.before.name
        (row,) = [row for row in source.splitlines() if f" {start} -> {edge.after.name} " in row]
        assert f">{edge.event}<" in row
        assert f">{edge.rule.section} {edge.rule.step}".rstrip() in row
    assert source.count("->") == len(ways())
