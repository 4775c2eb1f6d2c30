"""What opens and closes comes to an end: what that needs, and what each stage is for."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import pytest

from checker.engines.solver.induction import Obligation, Step
from checker.engines.solver.response import Lively, LivelyProver, paths
from checker.studies.prove.theories import theory
from proofs.theorems import invariants as i
from proofs.theorems import response
from proofs.theorems.table import BY_ID
from spec.rules import FinAgain
from spec.tcp.tcb import State

AGAIN, TIMER = "RETRANSMISSION TIMEOUT", "TIME-WAIT TIMEOUT"


@functools.cache
def whole(id: str) -> Lively:
    """As it is proved, traced once."""
    return of(id)


def of(id: str, **changes: Any) -> Lively:
    made = theory([dataclasses.replace(BY_ID[id], **changes)])
    assert isinstance(made, Lively)
    return made


def asked(made: Lively, action: str, near: str = "") -> Iterator[Obligation]:
    """What is shown of all states, and of the paths of an action with ``near`` in their rules."""
    prover = LivelyProver(made, 20)
    yield from prover.stages()
    for step in paths(made):
        if step.action == action and near in " ".join(map(str, step.leaf.static.rules)):
            yield from prover.ending(step)


def failing(found: Iterator[Obligation]) -> set[tuple[str, str]]:
    return {(what.action, what.clause) for what in found if what.verdict != "proved"}


@pytest.mark.parametrize("id", ["L1", "L2"])
def test_timers_do_what_is_needed_of_them(id: str) -> None:
    made = whole(id)
    found = [*asked(made, AGAIN), *asked(made, TIMER)]
    assert failing(iter(found)) == set()
    possible = {step.path for step in paths(made) if step.action == AGAIN and _may(step)}
    shown = {what.path for what in found if what.action == AGAIN}
    assert possible < shown, "those that are impossible are asked about, too"


def _may(step: Step) -> bool:
    return bool(step.leaf.static.possible)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("id", "changes", "claim"),
    [
        ("L1", {"syn_retransmitted": False}, "open_ends"),
        ("L1", {"syn_ack_retransmitted": False}, "open_ends"),
        ("L2", {"syn_ack_retransmitted": False}, "close_ends"),
        ("L2", {"fin_again": FinAgain.NEVER}, "close_ends"),
        ("L2", {"fin_again": FinAgain.CLOSING}, "close_ends"),
    ],
)
def test_what_is_not_sent_again(id: str, changes: dict[str, Any], claim: str) -> None:
    assert failing(asked(of(id, rules=changes), AGAIN)) == {(AGAIN, claim)}


def test_a_time_wait_that_never_ends() -> None:
    made = dataclasses.replace(whole("L2"))
    static = dataclasses.replace(next(paths(made)).leaf.static, possible=False, rules=(), sent=0)
    kinds = []
    for kind in made.kinds:
        if kind.name == TIMER:
            leaf = dataclasses.replace(next(_leaves(kind.tree)), static=static, outputs=())
            kind = dataclasses.replace(kind, tree=leaf)
        kinds.append(kind)
    made.kinds = kinds
    assert failing(asked(made, TIMER)) == {(TIMER, "close_ends")}


def _leaves(tree: Any) -> Iterator[Any]:
    if hasattr(tree, "test"):
        yield from _leaves(tree.then)
        yield from _leaves(tree.other)
    else:
        yield tree


@pytest.mark.slow
@pytest.mark.parametrize(
    ("id", "changes", "near"),
    [
        # An ACK that is beyond the window is answered by another, and so on
        ("L4", {"facts": (i.window_is_sane,)}, "not acceptable"),
        ("L2", {"facts": (i.window_is_sane,)}, "not acceptable"),
        ("L4", {"rules": {"reset_unanswered": False}}, "not acceptable"),
    ],
)
def test_exchanges_that_feed_themselves(id: str, changes: dict[str, Any], near: str) -> None:
    assert failing(asked(whole(id), "deliver", near)) == set()
    assert {action for action, _ in failing(asked(of(id, **changes), "deliver", near))} == {
        "deliver"
    }


def closing(w: i.View) -> bool:
    """L2 without its exception."""
    return w.me.tcb.state == State.FIN_WAIT_2


def test_a_reset_from_before_that_is_at_0() -> None:
    all_ = response.Response(closing, response.CLOSES.stages)
    assert failing(asked(of("L2", ends=(all_,)), "none")) == {("states", "closing")}


@pytest.mark.parametrize("id", ["L1", "L2"])
def test_each_stage_is_needed(id: str) -> None:
    """Without one of them there is a state in which none is under way."""
    made = whole(id)
    (one,) = made.responses
    for n, stage in enumerate(one.stages):
        rest = dataclasses.replace(one, stages=(*one.stages[:n], *one.stages[n + 1 :]))
        less = dataclasses.replace(made, responses=(rest,))
        assert failing(asked(less, "none")) == {("states", one.name)}, stage.holds.name
