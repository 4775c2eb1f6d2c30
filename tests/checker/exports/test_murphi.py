"""The Murphi export has the specification's states and steps: Rumur counts the same.

Where Rumur or gcc is missing, what needs them is reported as skipped. The checks are shown to fail
on exports with a bug.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.reference import explore
from checker.engines.peers import rumur
from checker.engines.peers.peer import Measured, PeerRun
from checker.exports.murphi import murphi
from checker.ir.composition import Port
from checker.model.interned import Interned
from checker.model.model import Model
from checker.studies import crosscheck, export
from checker.studies.export import stated
from checker.support.errors import INCONCLUSIVE, OK, ToolProblem, UsageProblem
from spec.rules import Rules
from tests.checker.exports.test_promela import CASES, Mood, Toy, small, toy

MISSING = [program for program in ("rumur", "gcc") if shutil.which(program) is None]
needs_rumur = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def counts(run: PeerRun | Exploration) -> tuple[int | None, int | None]:
    assert run.complete, run
    return run.states, run.transitions


def ran(text: str, threads: int = 1) -> PeerRun:
    return rumur.run(text, threads, optimise="-O0")


def of(made: Toy, *claims: str) -> str:
    return murphi(made.model, {name: made.claims[name] for name in claims})


@needs_rumur
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("capacity", "in_flight"), [(1, 1), (2, 3), (3, 3)])
def test_toy(capacity: int, in_flight: int, threads: int) -> None:
    made = toy(capacity, in_flight)
    found = explore(made, {}, graph=False)
    assert found.states > 50
    assert counts(ran(of(made, "up"), threads)) == counts(found)


@needs_rumur
def test_two_messages_that_take_a_link_each() -> None:
    """At alike components, whose links differ."""
    made = toy()
    links, ways = [(0, 1), (1, 0)] * 2, [(1, (0, 2)), (0, (1, 3)), (3, (2,)), (2, (3,))]
    ports = [Port(n % 2, takes, sends) for n, (takes, sends) in enumerate(ways)]
    turn, throw, catch = made.model.kinds
    kinds = [turn, throw, replace(catch, ports=(0, 1, 2, 3))]
    made.model = replace(made.model, links=links, ports=ports, kinds=kinds)
    assert counts(ran(of(made))) == counts(explore(made, {}, graph=False))


@needs_rumur
@pytest.mark.slow
@pytest.mark.parametrize("name", ["forgery", "crash", "no lifetime", "three slots"])
def test_rumur_counts_what_the_explorer_counts(name: str) -> None:
    rules, profile = CASES[name]
    found = explore(Interned(rules, *profile), {}, graph=False)
    assert counts(ran(murphi(Model(rules, *profile).composition, {}))) == counts(found)


@needs_rumur
def test_lengths() -> None:
    made = toy()
    spent = Check("always", lambda s: not all(row[0] == Mood.SPENT for row in s[0]))
    shortest = len(explore(made, {"spent": spent}, graph=False).decisive["spent"].steps)
    run = ran(of(made, "up", "spent"))
    assert (run.violated, run.length, run.complete) == ("spent", shortest, False)
    assert shortest > 0
    at_once = ran(of(made, "start"))
    assert (at_once.violated, at_once.length) == ("start", 0)


# Exports with a bug


@needs_rumur
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("in_flight() < 3", "in_flight() < 2"),
        ("x > box[i]", "x < box[i]"),
        ("link[1 - port][slot] != link[1 - port][slot - 1]", "true"),
        ("if !stays then", "if true then"),
        ("i >= slot", "i > slot"),
        ("remove(link[1 - port], slot)", "remove(link[port], slot)"),
    ],
)
def test_a_channel_with_a_bug_is_noticed(good: str, bad: str) -> None:
    made = toy(2, 3)
    text = of(made)
    assert good in text
    run = ran(text.replace(good, bad))
    assert not run.complete or counts(run) != counts(explore(made, {}, graph=False))


@needs_rumur
def test_a_wrong_constant_is_noticed() -> None:
    found = explore(toy(), {}, graph=False)
    assert counts(ran(of(toy(bug=True)))) != counts(found)


@needs_rumur
def test_a_value_outside_its_range_is_an_error() -> None:
    text = of(toy())
    good = "mood: 0..2;"
    assert good in text
    run = ran(text.replace(good, "mood: 0..1;"))
    assert not run.complete and run.violated is None and run.note


# What cannot be exported, and what is no result


def test_messages_that_are_too_wide_are_refused() -> None:
    model = Model(Rules(), *small("rest", width=16)).composition
    with pytest.raises(UsageProblem, match="the Murphi export"):
        murphi(model, {})


def test_the_text_is_reproducible_and_has_the_claims() -> None:
    texts = {export.text("murphi", None, ["D1", "WD"], {}, {"in_flight": 1}) for _ in range(2)}
    (text,) = texts
    assert 'invariant "D1"' in text and 'invariant "WD"' in text


@needs_rumur
def test_a_model_that_rumur_refuses_is_a_problem() -> None:
    with pytest.raises(ToolProblem, match="rumur"):
        rumur.run("nonsense")


SUMMARY = '<rumur_run><summary states="9" rules_fired="20" errors="{}"/></rumur_run>'
FAILED = (
    '<rumur_run><error includes_trace="true"><message>{}</message>'
    "<transition>Startstate</transition><state/><transition>Rule</transition><state/></error>"
    '<summary states="9" rules_fired="20" errors="1" duration_seconds="0"/></rumur_run>'
)


def output(text: str, code: int = 0, **changed: Any) -> PeerRun:
    more: Mapping[str, Any] = {"timed_out": False, **changed}
    return rumur.read(Measured(text, code, 1.0, 1.0, 1, more["timed_out"]), more.get("threads", 1))


def test_reading() -> None:
    run = output(SUMMARY.format(0))
    assert counts(run) == (9, 20) and run.violated is None and run.depth is None
    bad = output(FAILED.format("invariant &quot;T7.self&quot; failed"), 1)
    assert (bad.violated, bad.length, bad.complete) == ("T7.self", 1, False)
    assert output(FAILED.format("invariant &quot;a&quot; failed"), 1, threads=2).length is None
    wrong = output(FAILED.format("value out of range"), 1)
    assert not wrong.complete and wrong.violated is None and wrong.note == "value out of range"
    for run in (
        output(SUMMARY.format(0), timed_out=True),
        output(SUMMARY.format(0), code=-9),
        output(SUMMARY.format(1)),
        output("<rumur_run>\nout of memory", 1),
        output(""),
    ):
        assert not run.complete and run.violated is None and run.note


# The command


class Says:
    """A peer that does not tell the depth."""

    tool = "rumur"

    def __init__(self, source: crosscheck.Source) -> None:
        pass

    def check(self, claims: Any, timeout: float | None) -> PeerRun:
        if list(claims) == ["WD"]:
            return PeerRun(tool=self.tool, mode="bfs", violated="WD", length=4)
        return PeerRun(tool=self.tool, mode="bfs", states=759, transitions=4224, complete=True)


@pytest.mark.parametrize(("tool", "code"), [("rumur", OK), ("spin", 1)])
def test_rumur_alone_may_keep_the_depth_to_itself(
    tool: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Says, "tool", tool)
    monkeypatch.setitem(crosscheck.PEERS, "says", Says)
    case = stated(None, ["D1", "WD"], {}, {"in_flight": 1})
    assert crosscheck.exit_code([crosscheck.compare(case, ["says"])]) == code


def test_who_has_no_rumur_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "rumur" else name)
    assert crosscheck.missing("rumur") == "not installed: rumur"
    with pytest.raises(ToolProblem, match="rumur: not installed"):
        crosscheck.available(["rumur"])


@needs_rumur
@pytest.mark.slow
def test_verdicts_and_lengths() -> None:
    case = stated(None, ["K5", "WK5"], {}, {"in_flight": 1})
    found = crosscheck.compare(case, ["rumur"])
    assert found.rows and crosscheck.exit_code([found]) not in (1, INCONCLUSIVE), found
