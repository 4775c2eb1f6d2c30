"""Real stacks, each where it can be had: what is played is as planned, and a fault is noticed."""

import dataclasses
import functools

import pytest

from checker.model.options import choose_rules
from checker.stacks import PROFILES, costs, page
from checker.stacks.drivers import DRIVERS, peers, play
from checker.stacks.drivers.kernel import KERNEL
from checker.stacks.drivers.lwip import LWIP
from checker.stacks.drivers.packages import SMOLTCP
from checker.stacks.drivers.stack import Driver
from checker.stacks.generate.machine import Edge, machine
from checker.stacks.generate.plans import DEPARTS, Plan, Planner, Plans, Step, controls
from checker.stacks.linux import LINUX
from checker.stacks.profile import Outcome, nothing
from checker.support.program import checkout
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from tests.checker.stacks.drivers.faults import SEEN, TOLD, Fault, TakesMore, faulty

QUICK = (LWIP,)
"""Played whole in seconds; of the others a part, and the whole with --slow."""


BUILT = peers.place()
"""Where programs are that were built or fetched before the tests."""


@pytest.fixture(autouse=True)
def _built_once(monkeypatch):
    """A test's own cache has no peers, and to build one for each test takes long."""
    monkeypatch.setattr(peers, "place", lambda: BUILT)


def planner(driver: Driver, known: bool = True, rules: Rules | None = None) -> Planner:
    departures = PROFILES[driver.name].departures if known else ()
    return Planner(machine(rules or Rules()), departures, driver.can)


@functools.cache
def planned(name: str) -> Plans:
    return planner(DRIVERS[name]).plans()


def here(*marks: pytest.MarkDecorator) -> list[object]:
    """Each stack; skipped, with the reason, where it cannot be had."""
    return [
        pytest.param(
            driver,
            id=name,
            marks=[
                pytest.mark.skipif(bool(why := driver.missing()), reason=f"{name} {why}"),
                *([] if driver in QUICK else marks),
            ],
        )
        for name, driver in DRIVERS.items()
    ]


def test_each_stack_has_a_profile_and_a_driver():
    assert set(DRIVERS) <= set(PROFILES)
    assert all(driver.name == name for name, driver in DRIVERS.items())


@pytest.mark.parametrize("driver", here(pytest.mark.slow))
def test_all_is_as_specified_or_a_known_departure(driver):
    found = play.measure(driver, planner(driver))
    kept = page.kept((checkout() / page.DATA).read_text())[driver.name]["unexplained"]
    assert {str(transition) for transition in found.refused} <= set(kept)
    assert found.good() == (not found.refused)
    # No departure is kept that is never seen, nor gone round.
    seen = set(found.taken.values()) - {""}
    known = {each.name for each in PROFILES[driver.name].departures}
    assert seen <= known
    assert all(DEPARTS + name in found.plans.hindered.values() for name in known - seen)


@pytest.mark.parametrize("driver", here(pytest.mark.slow))
def test_the_specification_that_does_as_the_stack_does(driver):
    """With the stack's own switches all is explained, and less of it by departures."""
    rules = choose_rules(costs.choose([driver.name], allowed=False))
    found = play.measure(driver, planner(driver, rules=rules))
    assert found.good(), found.refused
    kept = page.kept((checkout() / page.DATA).read_text())[driver.name]
    as_specified = sum(1 for departure in found.taken.values() if not departure)
    assert as_specified / len(found.taken) > kept["as_specified"] / kept["planned"]


@pytest.mark.slow
@pytest.mark.skipif(bool(SMOLTCP.missing()), reason=SMOLTCP.missing() or "-")
def test_smoltcp_forgets_its_fin_after_an_ack():
    """Departure 11: after an ACK of text alone, the FIN of LAST-ACK is not sent again."""
    (departure,) = (d for d in PROFILES["smoltcp"].departures if d.number == 11)
    again = Input.RETRANSMISSION_TIMEOUT
    right = plan_to("smoltcp", State.LAST_ACK, again)
    assert play.run(SMOLTCP, right).ok
    silent = Step(right.steps[-1].edge, departure, Outcome(lambda *_: True, nothing))
    steps = next(
        steps
        for plan in planned("smoltcp").plans
        if (steps := plan.steps)[-1].departure == departure
        and steps[-1].edge.after.state == State.LAST_ACK
    )
    assert play.run(SMOLTCP, Plan("forgotten", [*steps, silent])).ok
    assert not play.run(SMOLTCP, Plan("forgotten", [*right.steps[:-1], silent])).ok


@pytest.mark.parametrize("fault", [*SEEN, *TOLD], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("driver", here(pytest.mark.lab, pytest.mark.slow))
def test_a_fault_is_noticed(driver, fault):
    """Something that is as planned without the fault is not with it."""
    if fault in TOLD and not tells(driver, fault):
        pytest.skip(f"{driver.name} does not tell what the fault changes")
    whole = faulty(driver, fault)
    for plan in planned(driver.name).plans:
        if not play.run(whole, plan).ok:
            assert play.run(driver, plan, patience=play.PATIENCE if driver.real_time else 1).ok
            return
    raise AssertionError("not noticed")


def tells(driver: Driver, fault: Fault) -> bool:
    """Does the stack tell its state, and its numbers?"""
    seen = play.run(driver, plan_to(driver.name, State.CLOSE_WAIT, Input.CLOSE)).seen
    return any(one.numbers if fault is TakesMore else one.asked for one in seen)


def plan_to(name: str, before: State, what: Input) -> Plan:
    """The beginning of a plan up to an input in a state."""
    for plan in planned(name).plans:
        for i, step in enumerate(plan.steps):
            if (step.edge.before.state, step.edge.what) == (before, what):
                return Plan("part", plan.steps[: i + 1])
    raise AssertionError


@pytest.mark.lab
@pytest.mark.parametrize("driver", here())
def test_a_part_is_as_planned(driver):
    ran = play.run(driver, plan_to(driver.name, State.CLOSE_WAIT, Input.CLOSE))
    assert ran.ok
    assert all(seen.asked for seen in ran.seen[-1:]) or not driver.asked


@pytest.mark.lab
@pytest.mark.parametrize("driver", here())
def test_controls_fail(driver):
    """What they claim is told, at the step that claims it and nowhere else."""
    for plan in controls(planned(driver.name), driver.asked):
        ran = play.run(driver, plan)
        assert play.fails_at_end(ran)
        if plan.wrong is not None:
            assert f"should be in {plan.wrong.value}" in ran.seen[-1].wrong


# This machine's kernel

needs_kernel = pytest.mark.skipif(bool(KERNEL.missing()), reason=KERNEL.missing() or "-")


@needs_kernel
@pytest.mark.lab
def test_a_wrong_answer_is_told():
    """The kernel sends what the plan does not expect, and the other way round."""
    plan = plan_to("linux", State.ESTABLISHED, Input.CLOSE)
    last: Edge = plan.steps[-1].edge
    for sent, told in (((), "sends FIN,ACK"), ((*last.sent, *last.sent), "should send FIN,ACK")):
        wrong = Step(dataclasses.replace(last, sent=sent))
        ran = play.run(KERNEL, Plan("wrong", [*plan.steps[:-1], wrong]))
        assert told in ran.seen[-1].wrong


@needs_kernel
@pytest.mark.lab
def test_a_departure_that_is_not_known_is_refused():
    """The kernel's reset after ABORT has an ACK, which the RFC's has not."""
    aborts = [t for t in planned(LINUX.name).covered if t.event == "ABORT" and t.answer]
    strict = planner(KERNEL, known=False).plans(aborts[:1])
    ran = play.run(KERNEL, strict.plans[0])
    assert "sends RST,ACK" in ran.seen[-1].wrong
