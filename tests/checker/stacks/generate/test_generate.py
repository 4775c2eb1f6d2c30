"""``generate``: the machine is the specification's, plans cover it, scripts tell them."""

import dataclasses
import functools
from collections import Counter

import pytest

from checker.stacks.generate import packetdrill, plans, report
from checker.stacks.generate.hindrance import SOCKETS, Can, hindrance
from checker.stacks.generate.machine import Machine, machine
from checker.stacks.generate.plans import Plan, Planner, controls
from checker.stacks.linux import LINUX
from checker.support.errors import OK, UsageProblem
from spec.observe.figure_5 import FIGURE_5
from spec.rules import Rules
from spec.tcp.tcb import State
from spec.world.records import key


@functools.cache
def whole() -> Machine:
    return machine(Rules())


@functools.cache
def planned() -> plans.Plans:
    return Planner(whole(), LINUX.departures).plans()


# The machine


def test_the_machine_is_complete():
    """Every state, and every change of state of the RFC's figure."""
    changes = {(t.before, t.after) for t in whole().transitions()}
    assert {before for before, _ in changes} == set(State)
    assert {(edge.before, edge.after) for edge in FIGURE_5} <= changes
    assert len(whole().transitions()) == 404


def test_the_machine_follows_the_rules():
    """A switch changes the transitions that it is about."""
    off = set(machine(Rules(syn_challenge=False)).transitions())
    lost = {t for t in whole().transitions() if t not in off}
    assert {t.event for t in lost} == {"rcv SYN in the window", "rcv SYN,ACK in the window"}
    reopening = machine(Rules(time_wait_reopen=True)).transitions()
    assert any((t.before, t.after) == (State.TIME_WAIT, State.SYN_RECEIVED) for t in reopening)


def test_a_machine_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("checker.stacks.generate.machine.LIMIT", 20)
    with pytest.raises(UsageProblem, match="more than 20 TCBs"):
        machine(Rules())


def test_an_event_names_what_the_specification_tells_apart():
    """The same TCB and class never lead to two places."""
    for edges in whole().edges.values():
        events = Counter(edge.transition.event for edge in edges)
        assert set(events.values()) == {1}


# Plans


def test_plans_are_runs_of_the_machine():
    for plan in planned().plans:
        at = whole().start
        for step in plan.steps:
            assert step.edge in whole().edges[at]
            at = key(step.edge.after)


def test_plans_cover_everything_but_what_is_hindered():
    found = planned()
    taken = {step.edge.transition for plan in found.plans for step in plan.steps}
    assert taken == set(found.covered)
    assert taken | set(found.hindered) == set(whole().transitions())
    assert not taken & set(found.hindered)
    assert all(found.hindered.values())
    assert (len(taken), found.total) == (358, 404)


def test_no_plan_is_needless():
    """Each takes a transition that none before it did."""
    seen: set[object] = set()
    for plan in planned().plans:
        own = {step.edge.transition for step in plan.steps}
        assert own - seen
        seen |= own


def test_a_dropped_edge_is_missed():
    """A machine that lacks an edge is not covered: the other tests would notice."""
    gone = next(t for t in planned().covered if t.after == State.CLOSING)
    edges = {at: [e for e in found if e.transition != gone] for at, found in whole().edges.items()}
    less = Planner(dataclasses.replace(whole(), edges=edges), LINUX.departures).plans()
    assert gone not in less.covered
    assert less.total == planned().total - 1


def test_what_is_blocked_is_gone_round():
    """Without the handshake's usual way, ESTABLISHED is reached by another."""
    usual = next(
        t for t in planned().covered if (t.before, t.after) == (State.SYN_SENT, State.ESTABLISHED)
    )
    wanted = [t for t in planned().covered if t.before == State.FIN_WAIT_2]
    round_it = Planner(whole(), LINUX.departures, blocked=frozenset({usual})).plans(wanted)
    assert set(wanted) <= set(round_it.covered)
    assert usual not in round_it.covered


# What a stack can do


@pytest.mark.parametrize(
    "lacking", [field.name for field in dataclasses.fields(Can) if getattr(SOCKETS, field.name)]
)
def test_what_an_api_lacks_hinders(lacking):
    """Each thing that an API cannot do hinders some transition, and frees none."""
    less = dataclasses.replace(SOCKETS, **{lacking: False})
    edges = [edge for found in whole().edges.values() for edge in found]
    more = [edge for edge in edges if hindrance(edge, False, less)]
    usual = [edge for edge in edges if hindrance(edge)]
    assert len(more) > len(usual)
    assert {id(edge) for edge in usual} <= {id(edge) for edge in more}


def test_text_that_is_queued_early_frees():
    assert any(
        hindrance(edge) and not hindrance(edge, False, Can(early_send=True))
        for found in whole().edges.values()
        for edge in found
    )


# Negative controls


def test_controls_are_wrong_in_one_thing_at_their_end():
    """A state that is not the plan's, or an answer; all before is as planned."""
    for control in controls(planned()):
        *_, last = control.steps
        claims = (control.wrong, last.sent) != (None, last.edge.sent)
        assert claims
        assert any(
            plan.steps[: len(control.steps) - 1] == control.steps[:-1] for plan in planned().plans
        )


def test_controls_take_what_is_good():
    """Without the usual handshake they take another, and without any there are none."""
    usual = controls(planned())[0].steps[-1].edge.transition
    good = set(planned().covered) - {usual}
    assert all(
        step.edge.transition in good
        for plan in controls(planned(), good=good)
        for step in plan.steps
    )
    assert controls(planned(), good=()) == []


def test_controls_of_a_stack_that_nobody_can_ask():
    """They claim no state, and of a stack that is only opened passively there are some, too."""
    passive = Planner(whole(), can=Can(connect=False, abort=False)).plans()
    found = controls(passive, asked=False)
    assert [plan.wrong for plan in found] == [None]
    assert len(controls(passive)) == 3


# Scripts


def test_script():
    """Golden: a handshake, text, both closes."""
    edges = whole().edges
    steps, at = [], whole().start
    for event in (
        "OPEN (passive)", "rcv SYN", "rcv ACK of SYN", "rcv text,ACK", "SEND", "rcv ACK of text",
        "rcv FIN,ACK", "CLOSE", "rcv ACK of FIN",
    ):  # fmt: skip
        edge = next(e for e in edges[at] if e.transition.event == event)
        steps.append(plans.Step(edge))
        at = key(edge.after)
    text = packetdrill.script(Plan("golden", steps))
    lines = [line for line in text.splitlines() if line and line[:2] != "//" and line[0] in "+*"]
    assert lines == [
        "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
        "+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
        "+0 bind(3, ..., ...) = 0",
        "+0 listen(3, 4) = 0",
        "+0 %{ assert tcpi_state == TCP_LISTEN, tcpi_state }%",
        "+0 < S 0:0(0) win 1000",
        "* > S. 0:0(0) ack 1 <...>",
        "+0 < . 1:1(0) ack 1 win 1000",
        "+0 accept(3, ..., ...) = 4",
        "+0 close(3) = 0",
        "+0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%",
        "+0 < . 1:2(1) ack 1 win 1000",
        "* > . 1:1(0) ack 2 <...>",
        "+0 read(4, ..., 1000) = 1",
        "+0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%",
        "+0 write(4, ..., 1) = 1",
        "* > P. 1:2(1) ack 2 <...>",
        "+0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%",
        "+0 < . 2:2(0) ack 2 win 1000",
        "+0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%",
        "+0 < F. 2:2(0) ack 2 win 1000",
        "* > . 2:2(0) ack 3 <...>",
        "+0 %{ assert tcpi_state == TCP_CLOSE_WAIT, tcpi_state }%",
        "+0 shutdown(4, SHUT_WR) = 0",
        "* > F. 2:2(0) ack 3 <...>",
        "+0 %{ assert tcpi_state == TCP_LAST_ACK, tcpi_state }%",
        "+0 < . 3:3(0) ack 3 win 1000",
        "+0 %{ assert tcpi_state == TCP_CLOSE, tcpi_state }%",
    ]


def test_scripts_are_written(tmp_path):
    """One for each plan, controls that claim what is wrong, and none of an earlier run."""
    (tmp_path / "old.pkt").write_text("")
    assert report.generate("packetdrill", Rules(), out=tmp_path) == OK
    names = {path.stem for path in tmp_path.iterdir()}
    found = Planner(whole(), LINUX.departures, hindrance=packetdrill.hindrance).plans()
    assert names == {plan.name for plan in [*found.plans, *controls(found)]}
    for plan in controls(found):
        text = (tmp_path / f"{plan.name}.pkt").read_text()
        assert "It must fail." in text
        if plan.wrong is not None:
            assert plan.wrong != plan.steps[-1].after
            assert packetdrill.CONSTANTS[plan.wrong] in text.splitlines()[-1]


def test_usage(tmp_path):
    for arguments in ({"kind": "scapy"}, {"kind": "packetdrill", "stack": "plan9"}):
        with pytest.raises(UsageProblem):
            report.generate(rules=Rules(), out=tmp_path, **arguments)
