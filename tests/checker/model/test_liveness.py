"""Claims of liveness: what is assumed of the channel, both engines, reports, lassos drawn."""

import json
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest

from checker.engines.explicit.engine import Path
from checker.engines.explicit.native.tables import Label
from checker.model import liveness
from checker.model.interned import Interned
from checker.model.options import choose_claims, choose_rules, parse_rules
from checker.model.search import Options
from checker.studies import explorations, pins, reports, trace, verify
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, Problem, UsageProblem
from proofs.claims import properties as p
from proofs.claims.ablations import ABLATIONS
from proofs.claims.claim import EVENTUALLY, Live
from proofs.claims.table import BY_ID, CLAIMS
from spec.rules import Restart, Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State
from spec.world import system
from spec.world.enabled import calls
from spec.world.profiles import PROFILES
from spec.world.records import clone
from spec.world.system import Step

LIVE = [claim for claim in CLAIMS if claim.kind == EVENTUALLY]
PINS = pins.expectations()
LEAK = [BY_ID["L2.leak"]]
REFUSED = {"OPEN (passive)", "OPEN (active)", "SEND", "SEND (urgent)", "deliver"}
TIMERS = ("RETRANSMISSION TIMEOUT", "TIME-WAIT TIMEOUT")


def decide(
    live: Live, profile: str = "closing", engine: str = "native", **changes: Any
) -> tuple[liveness.Found, Interned]:
    """One claim on a profile with one segment each way, which is enough here."""
    rules = changes.pop("rules", {})
    system = Interned(Rules(**rules), *PROFILES[profile].but(capacity=1, **changes))
    options = Options(engine=engine)  # type: ignore[arg-type]
    _, found = liveness.search(system, {"it": live}, options)
    return found["it"], system


# The claims


def test_every_claim_of_liveness_says_what() -> None:
    for claim in CLAIMS:
        assert (claim.live is not None) == (claim.kind == EVENTUALLY)
        if claim.live is not None:
            names = {name.rpartition(": ")[2] for name in claim.live.weak + claim.live.strong}
            assert names <= {what.value for what in Input}
            assert not names & REFUSED, "what a bound may refuse is fair of no claim"
            assert not claim.witnesses, "that it is not vacuous is part of its verdict"


LARGE = (
    *("packet-war", "draining-again", "opening", "once", "half-open", "half-open-crash", "closing"),
    *("transfer-wide", "transfer-close"),
)
"""Ten seconds or more each: only with ``--slow``."""


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else [])
        for name in sorted({claim.profile for claim in LIVE})
    ],
)
def test_engines_agree(profile: str) -> None:
    """Verdicts, the states where a bound ends runs, and the very lassos."""
    claims = {c.id: c.live for c in LIVE if c.profile == profile and c.live is not None}
    # Text makes many states: one segment at a time
    fewer = {"in_flight": 1} if PROFILES[profile].bounds.octets else {}
    small = PROFILES[profile].but(capacity=1, **fewer)
    for rules in {choose_rules(BY_ID[id].rules) for id in claims}:
        results = [
            liveness.search(Interned(rules, *small), claims, Options(engine=engine))  # type: ignore[arg-type]
            for engine in ("explore", "native")
        ]
        (first, one), (second, two) = results
        assert (first.states, first.transitions) == (second.states, second.transitions)
        for id in claims:
            assert (one[id].verdict, one[id].cut) == (two[id].verdict, two[id].cut)
            paths = one[id].lasso, two[id].lasso
            assert told(paths[0]) == told(paths[1])


def told(path: Path | None) -> Any:
    if path is None:
        return None
    return path.loop, [(step.words(), step.rules) for step, _ in path.steps]


@pytest.mark.parametrize(
    "claim", [c for c in LIVE if "length" in PINS["small"][c.id]], ids=lambda claim: claim.id
)
def test_a_refuted_claim_has_a_lasso_of_the_pinned_length(claim: Any) -> None:
    (job,) = explorations.jobs([claim], {}, {})
    path = explorations.run_job(job).paths[claim.id]
    pinned = PINS["small"][claim.id]
    assert pins._lengths(path) == {name: pinned[name] for name in ("length", "loop")}
    job.model.confirm(claim, path)


# Fairness


def seg(**variables: Any) -> Segment:
    return Segment(seq=1, ctl=Control(syn=True), **variables)


def test_segments_are_told_apart_by_what_a_receiver_sees() -> None:
    """Neither age nor origin, which only the observer knows."""
    fair = liveness.Fairness(Interned(Rules(), *PROFILES["closing"]))
    late = seg(ttl=1)
    late.origin.src = 2
    assert fair.plain(seg(ttl=2)) == fair.plain(late) != fair.plain(seg(wnd=1))
    step = Step(1, "duplicate", seg(), 0, None, (), (seg(wnd=2),), (seg(wnd=2),), (), 1)
    assert fair.delivered(step) == ((0, fair.plain(seg())),)
    assert fair.sent(step) == [(1, fair.plain(seg(wnd=2)))], "dropped, but sent"
    assert fair.delivered(Step(None, "lose", seg(), 0)) == ()


def test_segments_of_two_connections_of_a_host_are_told_apart() -> None:
    """By the link, which the native engine has of each."""
    fair = liveness.Fairness(Interned(Rules(), *PROFILES["closing"]))
    one, other = (fair.sent(Step(0, "CLOSE", sent=(seg(),), end=end)) for end in (0, 1))
    assert one != other
    label = Label(0, "CLOSE", (), None, None, (seg(),), (1,))
    assert fair.sent(label) == other
    assert fair.delivered(Label(0, "deliver", (), seg(), 3)) == ((3, fair.plain(seg())),)


def test_an_action_is_fair_to_each_host_or_to_one() -> None:
    both, only = liveness._action("CLOSE"), liveness._action("B: CLOSE")
    steps = [Step(host, "CLOSE") for host in (0, 1)]
    assert [tuple(both(step)) for step in steps] == [(0,), (1,)]
    assert [tuple(only(step)) for step in steps] == [(), (1,)]


CLOSES = Live(p.closing, weak=(*TIMERS, "CLOSE"))


@pytest.mark.parametrize(
    ("live", "verdict"),
    [
        (CLOSES, "holds"),
        (replace(CLOSES, lossy=False), "violated"),
        (replace(CLOSES, weak=TIMERS), "violated"),
        (replace(CLOSES, weak=("CLOSE", "TIME-WAIT TIMEOUT")), "violated"),
        (replace(CLOSES, weak=("CLOSE", "RETRANSMISSION TIMEOUT")), "violated"),
        (replace(CLOSES, weak=(*TIMERS, "B: CLOSE")), "violated"),
        (replace(CLOSES, weak=("CLOSE",), strong=TIMERS), "holds"),
    ],
)
def test_every_assumption_is_needed(live: Live, verdict: str) -> None:
    """Of L2: timers, applications that close, and a channel that is not dead."""
    assert decide(live)[0].verdict == verdict


def test_a_claim_of_no_state_is_vacuous() -> None:
    found, _ = decide(replace(CLOSES, leads=p.in_syn_sent), a_active=False, b_active=False)
    assert (found.verdict, found.lasso) == ("vacuous", None)
    assert found.note.startswith("vacuous")


def test_fairness_that_is_too_strong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that stays down takes nothing: what is sent to it for ever cannot arrive."""
    stays = Live(p.in_close_wait, weak=TIMERS)
    assert decide(stays, "half-open-crash")[0].verdict == "vacuous", "it may restart; nobody closes"
    monkeypatch.setattr(
        system,
        "calls",
        lambda *of: tuple(what for what in calls(*of) if what is not Input.RESTART),
    )
    found, _ = decide(stays, "half-open-crash")
    assert found.verdict == "infeasible"
    assert "too strong" in found.note


@pytest.mark.parametrize("engine", ["explore", "native"])
def test_runs_that_have_to_leave_the_bounds(engine: str) -> None:
    """A SYN is sent again and again, to a LISTEN that has used its TCBs; if users may abort, a fair
    run goes on within the bounds."""
    opens = Live(p.opening, weak=TIMERS)
    assert decide(opens, "opening", engine)[0].cut == 0
    found, _ = decide(opens, "opening", engine, abort=False)
    assert (found.verdict, found.cut) == ("holds", 132)


def test_a_state_is_cut_where_a_bound_refuses_a_delivery() -> None:
    """Not where a LISTEN could be refused a SYN that nobody has sent, nor where a rule does."""
    made = Interned(Rules(), *PROFILES["once"])
    fair = liveness.Fairness(made)
    syn = (made.segment(seg()),)
    for used, bag, up, cut in (
        (0, syn, True, False),
        (1, (), True, False),
        (1, syn, True, True),
        (1, syn, False, False),
    ):
        a, b = made.initial().hosts
        end = clone(b)
        end.tcb.state, end.ghost.made, end.host.up = State.LISTEN, used, up
        world = made.world((a, made.host(end)), (bag, ()))
        assert fair.cut(world) == cut


@pytest.mark.slow
def test_no_claim_that_holds_is_silent_of_a_state() -> None:
    """A fair run goes on within the bounds, but where users may neither close nor abort, and where
    a client that was reset would have to open again."""
    result, _ = verify.verify(LIVE, {}, {}, workers=1, scale="small")
    cuts = {claim.id: claim.cut for claim in result.claims}
    assert {id: cut for id, cut in cuts.items() if cut} == {
        "L3.crash": 130,
        "S3": 18,
        "S3.text": 18,
    }


# Mechanisms


def test_ablations_of_liveness() -> None:
    assert {a.number for a in ABLATIONS if a.claim.kind == EVENTUALLY} == {
        25, 26, 27, 28, 36, 42, 46, 47, 48, 60, 67, 100, 101, 102, 118, 121, 125, 140,
        146, 147, 148, 149, 150, 155, 163, 164,
    }  # fmt: skip


def test_f1_alone_only_waits_for_the_timer() -> None:
    """26: it takes both, F1 and a timer that all emissions restart."""
    claim = BY_ID["L1.reopen"]
    for restart, verdict in (("never", "holds"), ("fin", "holds"), ("emission", "violated")):
        rules = parse_rules([f"time_wait_restart={restart}", "time_wait_ignores_reset=on"])
        (job,) = explorations.jobs([claim], rules, {})
        assert explorations.run_job(job).live[claim.id].verdict == verdict


def test_an_answer_to_a_reset_is_answered_for_ever() -> None:
    found, _ = decide(BY_ID["L4"].live, "once", rules={"reset_discarded": False})  # type: ignore[arg-type]
    assert found.lasso is not None
    loop = found.lasso.steps[found.lasso.loop :]
    assert [str(step.segment.ctl) for step, _ in loop] == ["RST,ACK", "RST"]
    assert {end.tcb.state for _, world in loop for end in world.hosts} == {State.CLOSED}


def loop_of(found: liveness.Found) -> list[tuple[str, set[str]]]:
    """What is said in the loop of a lasso, and in which states."""
    assert found.lasso is not None and found.lasso.loop is not None
    return [
        (
            step.action if step.segment is None else str(step.segment.ctl),
            {end.tcb.state.value for end in world.hosts},
        )
        for step, world in found.lasso.steps[found.lasso.loop :]
    ]


def test_a_reset_that_is_ignored_and_answered_is_answered_for_ever() -> None:
    """28: TIME-WAIT ignores the reset, but sends an ACK; CLOSED answers that with a reset."""
    live, states = BY_ID["L4.ignored"].live, {"TIME-WAIT", "CLOSED"}
    assert live is not None
    f1 = {"time_wait_ignores_reset": True}
    assert decide(live, "once", rules=f1)[0].verdict == "holds"
    found, _ = decide(live, "once", rules=f1 | {"reset_unanswered": False})
    assert sorted(loop_of(found)) == [("ACK", states), ("RST", states)]


def test_a_reset_that_is_answered_and_believed_ends_the_exchange() -> None:
    """Without F1, 28 is no loop: the reset that answers the ACK is at RCV.NXT, and believed."""
    live = BY_ID["L4"].live
    assert live is not None
    assert decide(live, "once", rules={"reset_unanswered": False})[0].verdict == "holds"


def test_time_wait_is_kept_by_resets_that_it_answers() -> None:
    """28: each ACK restarts the timer, and time goes by in the loop."""
    claim = BY_ID["L2.timer"]
    assert claim.live is not None
    assert decide(claim.live, "draining", rules=dict(claim.rules))[0].verdict == "holds"
    found, _ = decide(claim.live, "draining", rules={**claim.rules, "reset_unanswered": False})
    states = {"TIME-WAIT", "CLOSED"}
    assert sorted(loop_of(found)) == [("ACK", states), ("RST", states), ("tick", states)]


def test_time_wait_is_kept_by_the_next_connection() -> None:
    """L2.timer.again: it needs the restart on emissions, and a SYN that is sent again for ever."""
    claim = BY_ID["L2.timer.again"]
    for rules, bounds, verdict in (
        ({}, {}, "violated"),
        ({"time_wait_ignores_reset": False}, {}, "violated"),
        ({"time_wait_restart": Restart.FIN}, {}, "holds"),
        ({}, {"stride": 2}, "violated"),
        ({"retransmission_bounded": True}, {}, "holds"),
    ):
        (job,) = explorations.jobs([claim], rules, bounds)
        assert explorations.run_job(job).live[claim.id].verdict == verdict
    assert claim.live is not None
    gives_up = replace(claim.live, weak=(*claim.live.weak, "USER TIMEOUT"))
    (job,) = explorations.jobs([claim], {}, {"user_timeout": True})
    _, found = liveness.search(job.model.system, {"it": gives_up}, Options(engine="native"))
    assert found["it"].verdict == "holds"


def test_one_timer_ends_each_state_that_waits_for_the_peer() -> None:
    """FIN-WAIT-2 and LAST-ACK: without the timer that is named the claim falls."""
    for id, others in (("L2.timeout", TIMERS), ("L2.silent.timer", TIMERS)):
        claim = BY_ID[id]
        assert claim.live is not None
        rules = dict(claim.rules)
        assert decide(claim.live, claim.profile, rules=rules)[0].verdict == "holds"
        without = replace(claim.live, weak=others)
        assert decide(without, claim.profile, rules=rules)[0].verdict == "violated"
    silent = BY_ID["L2.silent.timer"].live
    assert silent is not None
    assert decide(silent, "closing-giving-up")[0].verdict == "violated", (
        "RFC 9293 has no such timer"
    )


# Seeded bugs


def test_a_lasso_is_not_confirmed_of_another_claim() -> None:
    leak = BY_ID["L2.leak"]
    (job,) = explorations.jobs([leak], {}, {})
    path = explorations.run_job(job).paths[leak.id]
    with pytest.raises(Problem, match="not fair: weak"):
        job.model.confirm(replace(leak, live=replace(leak.live, weak=("CLOSE",))), path)  # type: ignore[type-var]
    with pytest.raises(Problem, match="owes nothing"):
        job.model.confirm(BY_ID["L1"], path)
    with pytest.raises(Problem, match="replay: step"):
        job.model.confirm(leak, Path(path.start, path.steps[1:], path.loop))


def test_an_end_that_never_answers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the specification: TIME-WAIT never ends."""
    from spec.tcp import timeouts

    monkeypatch.setattr(timeouts, "delete", lambda tcb: None)
    found, _ = decide(CLOSES)
    assert found.verdict == "violated"
    assert found.lasso is not None
    assert "TIME-WAIT" in {end.tcb.state.value for end in found.lasso.steps[-1][1].hosts}


def test_a_timer_that_ends_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that no claim about states sees (proofs/results/survivors.toml): FIN-WAIT-2 stays."""
    from spec.tcp import timeouts

    claim = BY_ID["L2.silent.timer"]
    assert claim.live is not None
    monkeypatch.setattr(timeouts, "delete", lambda tcb: None)
    found, _ = decide(claim.live, claim.profile, rules=dict(claim.rules))
    assert loop_of(found) == [("USER TIMEOUT", {"FIN-WAIT-2", "CLOSE-WAIT"})]


# Reports and drawings


def test_a_lasso_in_the_report() -> None:
    result, _ = verify.verify(
        choose_claims(["L2.unanswered", "L2.leak"]), {}, {}, workers=1, scale="small"
    )
    assert reports.exit_code(result) == OK
    by_id = {claim.id: claim for claim in result.claims}
    lasso, stop = by_id["L2.unanswered"], by_id["L2.leak"]
    assert (lasso.kind, lasso.verdict, lasso.scope) == ("eventually", "violated", "exhaustive")
    assert lasso.loop and lasso.trace and lasso.length == len(lasso.trace) > lasso.loop
    assert lasso.trace[-1]["states"] == lasso.trace[lasso.length - lasso.loop - 1]["states"]
    assert stop.loop == 0
    assert lasso.assumptions == [
        "weak fairness of RETRANSMISSION TIMEOUT, TIME-WAIT TIMEOUT, CLOSE"
    ]
    assert stop.assumptions[-1] == "a fair-lossy channel"
    assert reports.Report.model_validate(json.loads(result.model_dump_json())) == result


def test_another_loop_than_pinned_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pins = {"small": PINS["small"] | {"L2.leak": PINS["small"]["L2.leak"] | {"loop": 7}}}
    monkeypatch.setattr(verify, "expectations", lambda ids: pins)
    result, _ = verify.verify(LEAK, {}, {}, workers=1, scale="small")
    assert reports.exit_code(result) == VIOLATED
    assert result.claims[0].note == "loop 0 (pinned 7)"


def test_what_decides_nothing_is_inconclusive() -> None:
    limited, _ = verify.verify(LEAK, {}, {}, workers=1, options=Options(max_states=100))
    assert (limited.claims[0].verdict, limited.claims[0].scope) == ("inconclusive", "bounded")
    nobody = {"a_active": False, "b_active": False}
    result, _ = verify.verify(choose_claims(["L2"]), {}, nobody, workers=1, scale="small")
    assert reports.exit_code(result) == INCONCLUSIVE
    assert all(claim.note.startswith("vacuous") for claim in result.claims)


def test_the_symbolic_engine_and_exports_refuse() -> None:
    from checker.studies import export

    with pytest.raises(UsageProblem, match="no cycles"):
        verify.verify(LEAK, {}, {}, symbolic=True, workers=1)
    with pytest.raises(UsageProblem, match="runs without end"):
        export.texts("promela", None, ["L2"], {}, {})


def test_the_loop_is_boxed(tmp_path: File, capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.trace(BY_ID["L1"], {"syn_ack_retransmitted": False}) == OK
    drawn = capsys.readouterr().out
    assert drawn.splitlines()[0].startswith("L1, shortest counterexample: 3 steps, then 3 for ever")
    assert "+-- loop ---" in drawn
    assert "+-- for ever, from 4 ---" in drawn
    out = tmp_path / "l1.json"
    assert trace.trace(BY_ID["L1"], {"syn_ack_retransmitted": False}, out=out) == OK
    assert json.loads(out.read_text())["loop"] == 4


def test_a_run_that_stops_has_no_box(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.trace(BY_ID["L2.leak"]) == OK
    drawn = " ".join(capsys.readouterr().out.split())
    assert "loop" not in drawn
    assert "the run stops here, where nothing has to happen any more" in drawn


def test_a_claim_that_holds_has_nothing_to_draw(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.trace(BY_ID["L2"]) == INCONCLUSIVE
    assert "no counterexample to draw" in capsys.readouterr().err
