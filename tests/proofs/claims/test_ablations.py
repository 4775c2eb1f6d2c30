"""Every ablation refutes the claim it should, by a shortest run of the pinned length.

That the claims hold without the ablation is pinned too, and checked by ``verify``: here only
that the pins say so.
"""

import dataclasses
from dataclasses import replace

import pytest

from checker.engines.explicit.engine import Path
from checker.model.interned import Interned
from checker.model.model import Model
from checker.studies import explorations, pins
from checker.support.errors import Problem, UsageProblem
from proofs.claims.ablations import ABLATIONS, CONTROLS, Ablation
from proofs.claims.claim import ALWAYS, EVENTUALLY, REST
from proofs.claims.table import BY_ID
from spec.rules import Rules
from spec.tcp.segment_arrives import others
from spec.tcp.tcb import State
from tests.helpers.rewrite import rewrite

PINS = pins.expectations()
LENGTHS = {id: pins["length"] for id, pins in PINS["ablations"].items()}
REQUIRED = {1, 4, 6, 8, 9, 10, 11, 12, 14, 16, 17, 18, 19, 20}
"""Issue 2 asks for these."""
QUICK = 15
"""Steps of the longest counterexample that is looked for without --slow."""


def job(ablation: Ablation) -> explorations.Job:
    claim = ablation.claim
    (only,) = explorations.jobs([claim], ablation.rules, ablation.bounds)
    return only


def refute(ablation: Ablation) -> Path:
    return explorations.ablate(ablation).paths[ablation.claim.id]


@pytest.mark.parametrize(
    "ablation",
    [
        pytest.param(a, id=a.id, marks=[pytest.mark.slow] if LENGTHS[a.id] > QUICK else [])
        for a in ABLATIONS
    ],
)
def test_ablation_refutes_its_claim_in_the_pinned_length(ablation: Ablation) -> None:
    path = refute(ablation)
    assert pins._lengths(path) == PINS["ablations"][ablation.id]
    chosen = job(ablation)
    claim = ablation.claim
    chosen.model.confirm(claim, path)
    if claim.kind == ALWAYS:  # shortest: good until the last step
        assert all(claim.predicate(state) for _, state in path.steps[:-1])


def test_ablations_and_pins_are_the_same() -> None:
    assert [a.id for a in ABLATIONS] == list(PINS["ablations"])
    assert {a.number for a in ABLATIONS} >= REQUIRED


def test_controls_and_pins_are_the_same() -> None:
    assert [c.id for c in CONTROLS] == list(PINS["controls"])
    assert {c.number for c in CONTROLS} == {
        *(30, 31, 35, 54, 55, 65, 69, 92, 93, *range(113, 119)),
        *(126, 130, 154, *range(156, 161), 166),
    }
    assert not {c.id for c in CONTROLS} & {a.id for a in ABLATIONS}


@pytest.mark.slow
@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: c.id)
def test_claim_survives_its_control(control: Ablation) -> None:
    found = explorations.ablate(control).exploration
    assert found.complete
    assert control.claim.id not in found.decisive
    counts = {"states": found.states, "transitions": found.transitions, "depth": found.depth}
    assert PINS["controls"][control.id] == {"verdict": "holds"} | counts


def test_what_falls_is_not_pinned_as_a_control() -> None:
    for id in ("27 L1", "1 T3"):  # the one by a lasso, the other by a run to a state
        (falls,) = [a for a in ABLATIONS if a.id == id]
        with pytest.raises(UsageProblem, match="does not hold: nothing is pinned"):
            pins._pins_of_control(falls)


def test_split_handshake_needs_the_exact_check() -> None:
    """The control of T1 is none without it: ablation 13."""
    (control,) = [c for c in CONTROLS if c.id == "31 T1"]
    (ablation,) = [a for a in ABLATIONS if a.id == "13 T1"]
    assert {**ablation.rules, "syn_ack_exact": True} == control.rules


def test_disagreement_is_an_endless_exchange_of_acks() -> None:
    """RFC 1337's H2: from the end of the run, each end's ACK draws an ACK, and that for ever."""
    (ablation,) = [a for a in ABLATIONS if a.id == "7 T4.sync"]
    chosen = job(ablation)
    system = Interned(chosen.model.rules, chosen.model.bounds, chosen.model.watchers)
    last = refute(ablation).steps[-1][1]
    bags = [system.bag(map(system.segment, bag)) for bag in last.links]
    world = system.world(map(system.host, last.hosts), bags)
    # B's ACK is delivered to A, A's answer to B, and so on; nothing else is in flight.
    world, seen = world._replace(links=((), world.links[1])), []
    while world not in seen:
        seen.append(world)
        answers = [
            (step, after)
            for step, after in system.steps(world)
            if step.action == "deliver" and str(step.segment.ctl) == "ACK"
        ]
        ((step, world),) = answers
        assert [str(sent.ctl) for sent in step.sent] == ["ACK"]
    assert len(seen) > 1


def test_most_ablations_are_quick() -> None:
    assert sum(length <= QUICK for length in LENGTHS.values()) > len(LENGTHS) // 2


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda a: a.id)
def test_the_claim_holds_without_the_ablation(ablation: Ablation) -> None:
    claim = ablation.claim
    assert PINS["small"][claim.id]["verdict"] == "holds"
    assert claim.kind in (ALWAYS, EVENTUALLY, REST)
    chosen = job(ablation)
    own = replace(Rules(), **claim.rules)
    changed = {
        f.name
        for f in dataclasses.fields(Rules)
        if getattr(chosen.model.rules, f.name) != getattr(own, f.name)
    }
    assert changed == set(ablation.rules), "an ablation changes what it names, and no more"


def test_stale_syn_alone_establishes_in_a_two_way_handshake() -> None:
    (ablation,) = [a for a in ABLATIONS if a.id == "9 T2"]
    steps = refute(ablation).steps
    (established,) = [label for label, _ in steps if label.action in ("deliver", "duplicate")]
    assert established.segment.ctl.syn
    assert not established.segment.ctl.ack
    assert established.rules[-1].id == "two-way handshake/syn"
    assert established is steps[-1][0]


# Seeded bugs: a run that does not refute is not confirmed


def two_way() -> tuple[Model, Path]:
    (ablation,) = [a for a in ABLATIONS if a.id == "9 T1"]
    return job(ablation).model, refute(ablation)


def test_a_run_that_stops_short_is_not_confirmed() -> None:
    model, path = two_way()
    with pytest.raises(Problem, match="does not end where the claim is decided"):
        model.confirm(BY_ID["T1"], Path(path.start, path.steps[:-1]))


def test_a_run_is_not_confirmed_under_the_right_rules() -> None:
    model, path = two_way()
    with pytest.raises(Problem, match=r"replay: step \d"):
        Model(Rules(), model.bounds, model.watchers).confirm(BY_ID["T1"], path)


def test_a_run_with_a_step_left_out_is_not_confirmed() -> None:
    model, path = two_way()
    with pytest.raises(Problem, match=r"replay: step 1"):
        model.confirm(BY_ID["T1"], Path(path.start, path.steps[1:]))


def test_an_ack_of_nothing_defeats_the_exact_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux, after an active open: SEG.ACK = SND.UNA counts as an ACK of our SYN. No switch."""
    strict = "tcp.rules.ack_of_nothing & (seg.ack == snd.una)"
    lax = "(seg.ack == snd.una) & (not tcb.passive)"
    unchanged = Ablation(0, "", BY_ID["T1s.exact"], {"syn_ack_exact": True})
    assert "T1s.exact" not in explorations.ablate(unchanged).paths
    rewrite(monkeypatch, others, "check_ack_field", strict, lax)
    path = refute(unchanged)
    assert len(path.steps) == 14
    (_, before), (last, _) = path.steps[-2:]
    assert last.host is not None and last.segment is not None
    tcb = before.end(last.host).tcb
    assert (tcb.state, last.segment.ack) == (State.SYN_RECEIVED, tcb.snd.una)
