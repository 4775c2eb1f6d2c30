"""``generate``: the machine is the specification's, plans cover it, scripts and kernels run it."""

import dataclasses
import functools
import json
from collections import Counter

import pytest

from checker.stacks.drivers import kernel, tun
from checker.stacks.drivers.tun import Raw, pack, unpack
from checker.stacks.generate import packetdrill, plans, report
from checker.stacks.generate.machine import Edge, Machine, machine
from checker.stacks.generate.plans import Plan, Planner, controls
from checker.stacks.linux import LINUX
from checker.support.errors import INCONCLUSIVE, OK, UsageProblem
from spec.observe.figure_5 import FIGURE_5
from spec.rules import Rules
from spec.tcp.inputs import Input
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
    """One for each plan, two controls that claim a wrong state, and none of an earlier run."""
    (tmp_path / "old.pkt").write_text("")
    assert report.generate("packetdrill", Rules(), out=tmp_path) == OK
    names = {path.stem for path in tmp_path.iterdir()}
    found = Planner(whole(), LINUX.departures, hindrance=packetdrill.hindrance).plans()
    assert names == {plan.name for plan in [*found.plans, *controls(found)]}
    for plan in controls(found):
        assert plan.wrong is not None
        assert plan.wrong != plan.steps[-1].after
        last = (tmp_path / f"{plan.name}.pkt").read_text().splitlines()[-1]
        assert packetdrill.CONSTANTS[plan.wrong] in last


def test_usage(tmp_path):
    for arguments in (
        {"kind": "scapy"},
        {"kind": "tun"},
        {"kind": "tun", "out": tmp_path, "run": True},
        {"kind": "packetdrill"},
        {"kind": "packetdrill", "stack": "plan9", "out": tmp_path},
    ):
        with pytest.raises(UsageProblem):
            report.generate(rules=Rules(), **arguments)


def test_without_root_nothing_is_passed(monkeypatch, capsys):
    monkeypatch.setattr(tun.os, "geteuid", lambda: 1000)
    assert report.generate("tun", Rules(), run=True) == INCONCLUSIVE
    assert "needs root" in capsys.readouterr().err


# Segments


def test_segments_are_packed_and_read():
    seg = Raw(("10.0.0.1", 1), ("10.0.0.2", 65535), 2**32 - 1, 7, "FA", 512, b"abc", b"\2\4\5\xb4")
    packet = pack(seg)
    assert unpack(packet) == seg
    assert tun._checksum(packet[:20]) == 0
    assert unpack(b"\x60" + packet[1:]) is None


# This machine's kernel

needs_kernel = pytest.mark.skipif(bool(tun.missing()), reason=tun.missing() or "-")


def plan_to(before: State, what: Input) -> Plan:
    """The beginning of a plan up to an input in a state."""
    for plan in planned().plans:
        for i, step in enumerate(plan.steps):
            if (step.edge.before.state, step.edge.what) == (before, what):
                return Plan("part", plan.steps[: i + 1])
    raise AssertionError


@needs_kernel
@pytest.mark.lab
def test_the_kernel_does_as_planned():
    ran = kernel.run(plan_to(State.CLOSE_WAIT, Input.CLOSE))
    assert ran.ok
    assert ran.seen[-1].asked


@needs_kernel
@pytest.mark.lab
def test_controls_fail():
    """A wrong state is told, at the step that claims it and nowhere else."""
    for plan in controls(planned()):
        ran = kernel.run(plan)
        assert kernel.fails_at_end(ran)
        assert plan.wrong is not None
        assert f"should be in {plan.wrong.value}" in ran.seen[-1].wrong


@needs_kernel
@pytest.mark.lab
def test_a_wrong_answer_is_told():
    """The kernel sends what the plan does not expect, and the other way round."""
    plan = plan_to(State.ESTABLISHED, Input.CLOSE)
    last: Edge = plan.steps[-1].edge
    for sent, told in (((), "sends FIN,ACK"), ((*last.sent, *last.sent), "should send FIN,ACK")):
        wrong = plans.Step(dataclasses.replace(last, sent=sent))
        ran = kernel.run(Plan("wrong", [*plan.steps[:-1], wrong]))
        assert told in ran.seen[-1].wrong


@needs_kernel
@pytest.mark.lab
def test_a_departure_that_is_not_known_is_refused():
    """The kernel's reset after ABORT has an ACK, which the RFC's has not."""
    aborts = [t for t in planned().covered if t.event == "ABORT" and t.answer]
    strict = Planner(whole()).plans(aborts[:1])
    ran = kernel.run(strict.plans[0])
    assert "sends RST,ACK" in ran.seen[-1].wrong


@pytest.mark.parametrize("late", [True, False], ids=["late", "wrong"])
def test_what_goes_wrong_is_run_alone_before_it_is_called_wrong(monkeypatch, late):
    """A plan may go wrong because the machine is busy; one that is wrong, is so alone too."""
    culprit = planned().plans[3]
    calls = []

    def run(plan: Plan, listening: bool, patience: float = 1.0) -> kernel.Ran:
        calls.append((plan.name, patience))
        seen = [kernel.Seen(step.edge.transition) for step in plan.steps]
        if plan.name == culprit.name and (not late or patience == 1.0):
            seen[-1].wrong = "sends nothing in 0.300 s"
        if plan.wrong is not None:
            seen[-1].wrong = "a control fails"
        return kernel.Ran(plan, seen)

    monkeypatch.setattr(kernel, "run", run)
    found = kernel.measure(Planner(whole(), LINUX.departures))
    assert calls.count((culprit.name, kernel.PATIENCE)) == 1
    assert found.again == ([culprit.name] if late else [])
    assert bool(found.refused) == (not late)
    assert any("right when run alone" in line for line in report.measured(found, "TUN")) == late
    assert all(found.controls.values())


@needs_kernel
@pytest.mark.lab
@pytest.mark.slow
def test_everything_is_measured(tmp_path):
    """All that can be driven is as specified, or departs as known."""
    out = tmp_path / "measured.json"
    assert report.generate("tun", Rules(), run=True, json_file=out) == OK
    found = json.loads(out.read_text())
    assert len(found["taken"]) == found["planned"] == 358
    assert not found["refused"]
