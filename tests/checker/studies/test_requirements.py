"""Runs for sentences, what is never reached, and the page with what is checked in."""

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.engines.explicit.engine import Path as Way
from checker.studies import requirements as r
from checker.studies import requirements_page as p
from checker.support.errors import OK, Problem
from proofs.requirements import SENTENCES, When
from spec.tcp import sending, user_calls
from spec.world.system import System
from tests.helpers.rewrite import rewrite

TOP = Path(__file__).parents[3]
KEPT = tomllib.loads((TOP / p.DATA).read_text("utf-8"))


@cache
def found(*names: str) -> r.Found:
    return r.find([SENTENCES[name] for name in names])


def only(name: str) -> r.Run:
    (run,) = found(name).runs.values()
    return run


def system_of(run: r.Run) -> System:
    return r.model(run.arena, run.goal.switch).system


# What is checked in


def test_every_sentence_has_its_goals_and_each_goal_a_run_or_none() -> None:
    assert list(KEPT["sentence"]) == list(SENTENCES)
    for sentence in SENTENCES.values():
        kept = KEPT["sentence"][sentence.name]
        assert kept.get("goals", []) == [goal.name for goal in r.goals(sentence)]
        reached = KEPT["never" if sentence.never else "run"]
        assert set(kept.get("goals", [])) <= set(reached)


def test_a_run_is_as_long_as_its_steps() -> None:
    assert all(len(run["steps"]) == run["length"] for run in KEPT["run"].values())


@pytest.mark.slow
def test_all_is_found_again() -> None:
    """As ``requirements --check`` does, which the gate runs."""
    everything = r.find(SENTENCES.values())
    assert p.wrong(SENTENCES.values(), everything) == []
    assert p.check(everything) == []


# What is found


def test_the_run_ends_where_the_rule_fires() -> None:
    run = only("MUST-10")
    assert run.steps == [
        "A: OPEN (active)",
        "B: OPEN (active)",
        "B: deliver <SYN SEQ=0 LEN=1>",
    ]
    assert run.steps == KEPT["run"][run.goal.name]["steps"]


def test_a_call_that_is_refused_is_a_last_step() -> None:
    assert only("3.10.5 CLOSED").steps == ["A: ABORT"]
    assert only("3.10.4 FIN-WAIT-1, FIN-WAIT-2").steps[-1] == "A: CLOSE"


def test_a_switch_is_set_for_its_run() -> None:
    run = only("3.10.7.4 fifth, TIME-WAIT")
    assert run.goal.switch == "time_wait_restart=fin"
    assert run.steps[-1].startswith("A: deliver <FIN,ACK")


def test_what_is_never_reached_names_all_that_was_searched() -> None:
    both = found("3.10.7.2 fourth")
    assert not both.runs and not both.wrong(SENTENCES["3.10.7.2 fourth"])
    ((_, states),) = both.never.items()
    assert set(states) == set(r.ARENAS)


NEVER = (
    # A FIN without ACK
    ("3.10.7.2 fourth", sending, "send_fin", "ack=True, fin=True", "fin=True"),
    ("listener, dropped", sending, "send_fin", "ack=True, fin=True", "fin=True"),
    # A reset whose text alone is in the window
    (
        "SHLD-2",
        user_calls,
        "abort",
        "Segment(seq=tcb.snd.nxt,",
        "Segment(seq=tcp.seq.minus(tcb.snd.nxt, 1), text=2,",
    ),
    # A reset with an ACK and a SEG.SEQ that is not 0
    ("stacks, reset in SYN-SENT", sending, "reset", "seq=0, ack=", "seq=1, ack="),
    # A SYN,ACK with text
    (
        "3.10.7.3 fourth, other control or text",
        sending,
        "send_syn_ack",
        "wnd=tcb.rcv.wnd, ctl=Control(syn=True, ack=True)",
        "wnd=tcb.rcv.wnd, text=1, ctl=Control(syn=True, ack=True)",
    ),
)
"""Sentences whose rule no run reaches, and a fault that reaches it."""


@pytest.mark.parametrize("fault", NEVER, ids=lambda fault: fault[0])
def test_a_fault_reaches_what_is_never_reached(
    fault: tuple[str, ModuleType, str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *changed = fault
    rewrite(monkeypatch, *changed)
    sentence = SENTENCES[name]
    assert any(said.endswith("is reached") for said in r.find([sentence]).wrong(sentence))


def test_whatever_is_never_reached_has_such_a_fault() -> None:
    reached = {goal.name for name, *_ in NEVER for goal in r.goals(SENTENCES[name])}
    assert reached == set(KEPT["never"])


def test_what_is_reached_although_it_should_not_is_told() -> None:
    sentence = dataclasses.replace(SENTENCES["MUST-10"], never=True)
    assert found("MUST-10").wrong(sentence) == [
        "MUST-10: 3.10.7.3/SYN-SENT/fourth/simultaneous is reached"
    ]


def test_what_is_not_reached_although_it_should_is_told() -> None:
    sentence = dataclasses.replace(
        SENTENCES["MUST-10"], when=When(arrives="RST"), profile="conduct"
    )
    assert r.find([sentence]).wrong(sentence) == [
        "MUST-10: 3.10.7.3/SYN-SENT/fourth/simultaneous on <RST> (conduct) is not reached"
    ]


def test_a_run_that_does_not_reach_its_goal_is_refused() -> None:
    run = only("MUST-10")
    r.confirm(run)
    shorter = Way(run.path.start, run.path.steps[:-1])
    with pytest.raises(Problem, match="does not reach"):
        r.confirm(dataclasses.replace(run, path=shorter))


@pytest.mark.parametrize(
    "when",
    [
        When(state="LISTEN"),
        When(window=0),
        When(urgent=True),
        When(length=2),
        When(straddles=True),
        When(call="CLOSE"),
        When(arrives="SYN,ACK"),
        When(sends="RST"),
        When(silent=True),
        When(told="connection reset"),
    ],
)
def test_a_goal_looks_at_all_that_is_asked(when: When) -> None:
    run = only("MUST-10")
    world, step = run.path.steps[-2][1], run.path.steps[-1][0]
    fits = When(state="SYN-SENT", window=3, call="deliver", arrives="SYN", sends="SYN,ACK")
    assert r.Goal("", fits).fits(system_of(run), world, step)
    assert not r.Goal("", when).fits(system_of(run), world, step)


def test_who_has_sent_beyond_the_window_is_seen() -> None:
    run = only("MAY-7")
    worlds = [run.path.start, *(world for _, world in run.path.steps)]
    fits = [
        r.Goal("", When(beyond=True)).fits(system_of(run), world, step)
        for world, (step, _) in zip(worlds[:-1], run.path.steps, strict=True)
        if step.end is not None and world.end(step.end).tcb.snd.wnd
    ]
    assert fits[-1] and not fits[0]


# The command


def test_one_sentence_is_told_with_its_run() -> None:
    done = CliRunner().invoke(app, ["requirements", "MUST-10"])
    assert done.exit_code == OK
    assert "simultaneous open" in done.output
    assert "SYN-RECEIVED" in done.output
