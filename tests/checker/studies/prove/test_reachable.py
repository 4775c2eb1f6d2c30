"""Whether a clause is really false: seeded bugs are reached, and what is true is not."""

import dataclasses
from typing import Any

import pytest

from checker.engines.explicit.engine import Path
from checker.model.model import Model
from checker.render import ladder
from checker.studies.prove import reachable as reach
from checker.studies.prove.reachable import Recorder, confirm, model_of
from checker.support.errors import Problem, UsageProblem
from proofs.theorems import invariants as i
from proofs.theorems.invariants import Memory, View
from proofs.theorems.table import BY_ID, OF_HOSTS, Theorem
from spec.rules import Isn
from spec.seq import implies


def wrong(theorem: str, **rules: Any) -> Theorem:
    return dataclasses.replace(BY_ID[theorem], rules={**BY_ID[theorem].rules, **rules})


ONE = ({"in_flight": 1, "incarnations": 1},)


def test_a_broken_rule_is_reached() -> None:
    theorem = wrong("T1", three_way=False)
    (found, stale) = reach.reach(theorem, [i.agreement, i.stale_syn_stops], stages=ONE)
    assert (found.verdict, found.steps) == ("reached", 3)
    assert found.run == (
        "A: OPEN (passive)",
        "B: OPEN (active)",
        "A: deliver <SYN SEQ=0 LEN=1>",
    )
    (said,) = found.lines()
    assert said.startswith("reached: agreement is false after 3 steps (three_way=off ")
    assert found.story is not None
    assert "agreement of T1 is false" in ladder(found.story)
    assert (stale.verdict, stale.steps) == ("reached", 4)


def knows_nobody(w: View) -> bool:
    """True of all states, and not inductive: T1's structure carries it."""
    memory = w.mine(w.me.ghost.id)
    return implies(memory.known, (memory.heard >= 1) & (memory.heard <= w.peer.ghost.id))


def test_what_is_true_is_not_reached() -> None:
    (found,) = reach.reach(BY_ID["T1"], [knows_nobody], stages=ONE)
    assert (found.verdict, found.steps) == ("exhausted", None)
    (search,) = found.searches
    assert search.complete
    lines = list(found.lines())
    assert lines[0] == "not reached: knows_nobody is true in"
    assert f"{search.states:,} states, exhaustive up to these bounds: " in lines[1]
    assert "in_flight=1" in lines[1]
    assert "a clause is missing, or the bounds are too small" in lines[2]


def test_a_limit_is_told() -> None:
    (found,) = reach.reach(BY_ID["T1"], [knows_nobody], stages=ONE, states=50)
    assert found.verdict == "limit"
    (search,) = found.searches
    assert not search.complete
    assert "limit of 50 states reached" in str(search)
    assert not any("exhaustive" in line for line in found.lines())
    (found,) = reach.reach(BY_ID["T1"], [knows_nobody], stages=ONE, seconds=0.0)
    assert "limit of" in found.searches[0].why
    assert found.searches[0].states < 1000


def never_reset(w: View, seg: Any) -> bool:
    """False: a reset is in flight at times."""
    return i.not_(seg.ctl.rst)


def second(w: View, n: int) -> bool:
    """False: hosts have a second TCB."""
    return i.not_(w.mine(n).known & (n == 2))


def test_clauses_of_segments_and_numbers_are_asked() -> None:
    reset, again = reach.reach(
        BY_ID["T1"], [never_reset, second], stages=({"in_flight": 1}, {"in_flight": 2})
    )
    assert reset.run[-1].endswith("LEN=1>")
    assert (reset.verdict, again.verdict) == ("reached", "reached")


def test_the_next_bounds_are_searched_for_what_is_left() -> None:
    found, again = reach.reach(BY_ID["T1"], [never_reset, second], stages=(*ONE, {"in_flight": 1}))
    assert (found.searches, len(again.searches)) == ([], 1)
    assert "incarnations=1" in again.searches[0].limits
    assert "incarnations=2" in again.limits


def test_the_past_is_recorded() -> None:
    """What a host's TCBs were is known when they are gone; two hosts, each its own."""
    recorder = Recorder(model_of(BY_ID["T1"], {"in_flight": 1}).system)
    state = recorder.initial()
    for wanted in (
        "A: OPEN (passive)",
        "B: OPEN (active)",
        "A: deliver <SYN SEQ=0 LEN=1>",
        "A: ABORT",
        "A: OPEN (active)",
    ):
        steps = {label.words(): after for label, after in recorder.steps(state)}
        state = steps[wanted]
    view = recorder.view(state, 0)
    first, second = view.mine(1), view.mine(2)
    assert (first.known, first.passive, first.heard) == (True, True, 1)
    assert (second.known, view.its(1).known, view.mine(0).known) == (False, False, False)
    assert (view.my_iss(1), view.my_iss(2), view.my_iss(3)) == (0, 2, 4)
    assert Memory().known is False


def test_a_run_is_confirmed() -> None:
    model = model_of(BY_ID["T1"], {"in_flight": 1})
    start = Recorder(model.system).initial()
    with pytest.raises(Problem, match="does not end where it is false"):
        confirm(i.agreement, model, Path(start, []))


@pytest.mark.parametrize("theorem", OF_HOSTS, ids=lambda t: t.id)
def test_bounds_meet_what_a_theorem_assumes(theorem: Theorem) -> None:
    model = model_of(theorem)
    assert reach.assumed(theorem, model)
    for name, value in theorem.rules.items():
        assert getattr(model.rules, name) == value
    assert (model.rules.isn == Isn.ANY) == (not theorem.pairs)
    if "time_wait" in theorem.free:
        # A tick less would be too short
        rules = dataclasses.replace(model.rules, time_wait_cut=model.rules.time_wait_cut + 1)
        assert not reach.assumed(theorem, Model(rules, model.bounds, model.watchers))


def test_assumptions_that_nothing_meets_are_told() -> None:
    def impossible(w: View) -> bool:
        return w.bounds.window > 1 << 20

    theorem = dataclasses.replace(BY_ID["T1"], facts=(impossible,))
    with pytest.raises(UsageProblem, match="no small bounds"):
        model_of(theorem)
