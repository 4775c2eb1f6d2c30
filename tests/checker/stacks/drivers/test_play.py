"""Plans are played: what is as planned is taken, what is not is told, and goes on where it can."""

import dataclasses
import functools
from collections.abc import Iterator

import pytest

from checker.stacks.drivers import play
from checker.stacks.drivers.stack import HERE, THERE, Driver
from checker.stacks.drivers.wire import Raw, pack
from checker.stacks.generate.machine import Edge, Machine, machine
from checker.stacks.generate.plans import Plan, Planner, Step, controls
from checker.stacks.linux import LINUX
from checker.stacks.profile import Departure, Outcome
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.records import key
from tests.checker.stacks.drivers.faults import SEEN, TOLD, faulty
from tests.checker.stacks.drivers.itself import Itself, ItselfDriver, itself


@functools.cache
def whole() -> Machine:
    return machine(Rules())


@functools.cache
def measured() -> play.Measured:
    return play.measure(itself(), Planner(whole(), can=itself().can))


def test_the_specification_does_as_planned():
    """With another ISN, every transition that can be driven; states and numbers agree."""
    found = measured()
    assert found.good()
    assert len(found.taken) == len(found.plans.covered) == 371
    assert set(found.taken.values()) == {""}
    assert found.asked == found.steps
    assert found.numbers > 400
    assert found.controls == dict.fromkeys(
        ("negative-handshake", "negative-close", "negative-answer"), True
    )


@pytest.mark.parametrize("fault", [*SEEN, *TOLD], ids=lambda fault: fault.__name__)
def test_a_fault_is_noticed(fault):
    assert noticed(faulty(itself(), fault), Planner(whole(), can=itself().can))


def noticed(driver: Driver, planner: Planner) -> bool:
    """Is some step of some plan wrong?"""
    return any(not play.run(driver, plan).ok for plan in planner.plans().plans)


def test_a_switched_rule_is_noticed_and_nothing_else():
    """A stack that resets where the RFC challenges differs there, and nowhere else."""
    driver = itself(Rules(syn_challenge=False))
    found = play.measure(driver, Planner(whole(), can=driver.can))
    assert not found.good()
    assert {t.event for t in found.refused} == {
        "rcv SYN in the window",
        "rcv SYN,ACK in the window",
    }
    assert not found.left()
    assert play.measure(driver, Planner(machine(driver.rules), can=driver.can)).good()


def test_a_wrong_answer_ends_no_plan():
    """Where state and numbers are right the plan goes on, and each wrong answer is told."""
    plan = max(measured().plans.plans, key=lambda plan: len(plan.steps))
    silent = Departure(1, "silence", "-", (Outcome(lambda *_: True, lambda _: ()),))
    steps = [Step(step.edge, silent, silent.outcomes[0]) for step in plan.steps]
    ran = play.run(itself(), Plan("silent", steps))
    assert [bool(seen.wrong) for seen in ran.seen] == [bool(s.edge.sent) for s in steps]
    assert not any(seen.lost for seen in ran.seen)


def test_a_stack_that_is_elsewhere_ends_a_plan():
    plan = measured().plans.plans[0]
    nowhere = Outcome(lambda *_: True, after=State.CLOSED)
    steps = [plan.steps[0], Step(plan.steps[1].edge, None, nowhere), *plan.steps[2:]]
    ran = play.run(itself(), Plan("elsewhere", steps))
    assert [seen.lost for seen in ran.seen] == [False, True]
    assert "should be in CLOSED" in ran.seen[-1].wrong


def test_a_departure_is_taken_where_the_stack_does_so():
    """What is foretold is no difference, by its name; foretold wrongly it is one."""
    rules = Rules(syn_challenge=False)
    other = machine(rules)

    def instead(edge: Edge) -> Edge:
        edges = other.edges[key(edge.before)]
        return next(e for e in edges if e.transition.event == edge.transition.event)

    def applies(edge: Edge, _: bool) -> bool:
        return "in the window" in edge.transition.event and edge.before.state != State.SYN_RECEIVED

    for after, right in ((State.CLOSED, True), (State.LISTEN, False)):
        resets = Outcome(applies, lambda edge: instead(edge).sent, after)
        departure = Departure(1, "resets", "-", (resets,))
        driver = itself(rules)
        found = play.measure(driver, Planner(whole(), (departure,), driver.can))
        told = found.taken if right else found.refused
        about = [t for t in found.plans.covered if "in the window" in t.event]
        assert {told[t] for t in about if t.before == State.ESTABLISHED} == {"resets"} or not right
        assert all(
            t in told for t in about if t.before not in (State.SYN_RECEIVED, State.TIME_WAIT)
        )


# In real time


@pytest.mark.parametrize("late", [True, False], ids=["late", "wrong"])
def test_what_goes_wrong_is_played_alone_before_it_is_called_wrong(monkeypatch, late):
    """A plan may go wrong because the machine is busy; one that is wrong, is so alone too."""
    planner = Planner(whole(), LINUX.departures)
    culprit = planner.plans().plans[3]
    calls = []

    def run(_: Driver, plan: Plan, listening: bool, patience: float = 1.0) -> play.Ran:
        calls.append((plan.name, patience))
        seen = [play.Seen(step.edge.transition) for step in plan.steps]
        if plan.name == culprit.name and (not late or patience == 1.0):
            seen[-1].wrong, seen[-1].lost = "sends nothing in 0.300 s", True
        if plan.wrong is not None or plan.control:
            seen[-1].wrong = "a control fails"
        return play.Ran(plan, seen)

    class InRealTime(type(itself())):
        real_time = True

    monkeypatch.setattr(play, "run", run)
    values = {f.name: getattr(itself(), f.name) for f in dataclasses.fields(itself())}
    found = play.measure(InRealTime(**values), planner)
    assert calls.count((culprit.name, play.PATIENCE)) == 1
    assert found.again == ([culprit.name] if late else [])
    assert bool(found.refused) == (not late)
    assert all(found.controls.values())


# Controls


def test_controls_fail_and_only_at_their_end():
    for plan in controls(measured().plans):
        assert play.fails_at_end(play.run(itself(), plan))
        right = Plan("right", [*plan.steps[:-1], Step(plan.steps[-1].edge)])
        assert play.run(itself(), right).ok


def plans_with(what: Input) -> Iterator[Plan]:
    yield from (p for p in measured().plans.plans if any(s.edge.what == what for s in p.steps))


def test_timers_are_waited_for():
    """The stack's own timers make the plan's transitions."""
    for what in (Input.RETRANSMISSION_TIMEOUT, Input.TIME_WAIT_TIMEOUT, Input.USER_TIMEOUT):
        assert play.run(itself(), next(plans_with(what))).ok


@pytest.mark.parametrize("text", [b"\0", b"x"], ids=["keep-alive", "text"])
def test_a_keep_alive_is_no_answer_and_other_text_is(monkeypatch, text):
    """A plan that waits for long may hear one; its octet is none that a user has sent."""
    plan = next(plans_with(Input.RETRANSMISSION_TIMEOUT))
    advance = Itself.advance

    def speaks(stack: Itself, seconds: float) -> float:
        if stack.end.tcb.state == State.LAST_ACK:
            tcb = stack.end.tcb
            stack.out.append(pack(Raw(HERE, THERE, tcb.snd.nxt, tcb.rcv.nxt, "A", 9, text)))
        return advance(stack, seconds)

    monkeypatch.setattr(Itself, "advance", speaks)
    monkeypatch.setattr(ItselfDriver, "keep_alive", b"\0", raising=False)
    assert play.run(itself(), plan).ok == (text == b"\0")
