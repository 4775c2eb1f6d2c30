"""The Promela export has the specification's states and steps: SPIN counts the same.

Where SPIN or gcc is missing, what needs them is reported as skipped. The checks are shown to fail
on exports with a bug.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit.engine import Check
from checker.engines.explicit.reference import explore
from checker.engines.peers import spin
from checker.engines.peers.peer import Measured, PeerRun, measure
from checker.exports.promela import name_of, promela
from checker.ir import interpret
from checker.ir.composition import Component, Composition, Draw, Kind, Port
from checker.ir.nodes import BOOL, enumeration, integer
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tracer, Tree
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.options import parse_bounds
from checker.studies import crosscheck
from checker.studies.export import stated
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, ToolProblem, UsageProblem
from spec.rules import Congestion, Isn, Rules
from spec.world.profiles import PROFILES, Profile
from tests.helpers.interpreted import Interpreted

MISSING = [program for program in ("spin", "gcc") if shutil.which(program) is None]
needs_spin = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def small(profile: str, **changes: Any) -> Profile:
    return PROFILES[profile].but(**{"in_flight": 1, **changes})


CASES = {
    "forgery": (Rules(), PROFILES["forgery"]),
    "crash": (Rules(), small("crash")),
    "two-way": (Rules(three_way=False), small("handshake", capacity=1, in_flight=2, lose=False)),
    "time, any ISN": (Rules(isn=Isn.ANY), small("time")),
    "no lifetime": (Rules(lifetime_bounded=False), small("time", incarnations=1)),
    "reopening": (Rules(time_wait_reopen=True, isn=Isn.ANY), small("time", msl=1)),
    "three slots": (Rules(), small("rest", capacity=3, in_flight=3, a_passive=False, abort=False)),
    "no duplicates": (Rules(), small("rest", duplicate=False, in_flight=4)),
    "stream": (Rules(), small("stream")),
    "text on SYN": (Rules(data_on_syn=True, fin_ack_delayed=True), small("stream", octets=2)),
    "timestamps": (Rules(time_wait_recycle=True), small("recycling")),
    "far": (Rules(syn_ack_exact=True), small("simultaneous-far")),
}
QUICK = ["crash"]


def counts(run: PeerRun) -> tuple[int | None, int | None]:
    assert run.complete, run
    return run.states, run.transitions


@needs_spin
@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CASES]
)
def test_spin_counts_what_the_explorer_counts(name: str) -> None:
    rules, profile = CASES[name]
    found = explore(Interned(rules, *profile), {}, graph=False)
    run = spin.run(promela(Model(rules, *profile).composition, {}), "bfs", optimise="-O0")
    assert counts(run) == (found.states, found.transitions)
    assert run.depth == found.depth


@needs_spin
@pytest.mark.slow
@pytest.mark.parametrize("mode", spin.MODES)
@pytest.mark.parametrize("profile", ["rest", "window", "crash"])
def test_profiles_in_every_mode(profile: str, mode: str) -> None:
    found = explore(Interned(Rules(), *PROFILES[profile]), {}, graph=False)
    text = promela(Model(Rules(), *PROFILES[profile]).composition, {})
    assert counts(spin.run(text, mode, optimise="-O1")) == (found.states, found.transitions)


# Toys: what the specification does not do


class Mood(Enum):
    """Two members and one more, so that two bits have a value too many."""

    CALM = "calm"
    KEEN = "keen"
    SPENT = "spent"


@dataclass(slots=True)
class Toy(Interpreted):
    """A composition made by hand, and its claims."""

    claims: dict[str, Tree] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Static:
    possible: bool = True
    drew: bool = False
    sent: int = 0


def toy(capacity: int = 2, in_flight: int = 2, bug: bool = False) -> Toy:
    """Values that turn in a circle, two messages at once, a number drawn from a choice."""
    tracer = Tracer()
    digit = integer(0, 1)
    layout = [
        Field("mood", enumeration(Mood)),
        Field("x", digit),
        Field("y", digit),
        Field("z", digit),
        Field("up", BOOL),
    ]
    paper = [Field("first", digit), Field("second", BOOL)]
    me = {f.path: tracer.var(f"me.{f.path}", f.sort) for f in layout}
    seg = {f.path: tracer.var(f"seg.{f.path}", f.sort) for f in paper}
    drawn = tracer.var("drawn", digit)

    def turn() -> tuple[Static, list[Any]]:
        if me["mood"] == Mood.SPENT:
            return Static(False), []
        return Static(), [me["mood"], me["y"], me["z"], me["x"], True]

    def throw() -> tuple[Static, list[Any]]:
        if not me["up"]:
            return Static(False), []
        kept = [Mood.KEEN, me["x"], me["y"], me["z"], me["up"]]
        if me["x"] == me["y"]:
            return Static(sent=1), [*kept, me["x"], bug]
        return Static(sent=2), [*kept, me["x"], True, me["y"], me["z"] == 0]

    def catch() -> tuple[Static, list[Any]]:
        if seg["second"]:
            if me["mood"] == Mood.KEEN:
                return Static(drew=True), [Mood.SPENT, drawn, me["y"], 0, False]
            return Static(False), []
        return Static(), [Mood.CALM, me["x"], seg["first"], me["z"], me["up"]]

    initial = {"mood": Mood.KEEN, "x": 1, "y": 0, "z": 0, "up": True}
    model = Composition(
        components=[Component(name=name, fields=layout, initial=initial) for name in "ab"],
        links=[(0, 1), (1, 0)],
        ports=[Port(0, 1, (0,)), Port(1, 0, (1,))],
        message_fields=paper,
        kinds=[
            Kind("turn", tracer.trace(turn), False, (0,)),
            Kind("throw", tracer.trace(throw), False, (0, 1)),
            Kind("catch", tracer.trace(catch), True, (0, 1)),
        ],
        draw=Draw(
            "drawn",
            "x",
            [(tracer.node(me["z"] == 0), (1,)), (tracer.node(me["z"] != 0), (0, 1))],
        ),
        capacity=capacity,
        in_flight=in_flight,
        duplicate=True,
        lose=True,
    )
    a, b = (tracer.var(f"{side}.mood", enumeration(Mood)) for side in "ab")
    up = tracer.var("a.up", BOOL)
    claims = {
        "spent": tracer.trace(lambda: (None, [not (a == Mood.SPENT and b == Mood.SPENT)])),
        "up": tracer.trace(lambda: (None, [(a != Mood.SPENT) | (up == False)])),  # noqa: E712
        "start": tracer.trace(lambda: (None, [a != Mood.KEEN])),
    }
    return Toy(model, claims)


@needs_spin
@pytest.mark.parametrize(("capacity", "in_flight"), [(1, 1), (2, 3), (3, 3)])
def test_toy(capacity: int, in_flight: int) -> None:
    made = toy(capacity, in_flight)
    found = explore(made, {}, graph=False)
    assert found.states > 50
    text = promela(made.model, made.claims)
    for mode in spin.MODES:
        run = spin.run(text, mode, [name_of("up")], optimise="-O0")
        assert counts(run) == (found.states, found.transitions)
        if mode != "dfs":
            assert run.depth == found.depth


@needs_spin
def test_lengths() -> None:
    made = toy()
    text = promela(made.model, made.claims)
    spent = Check("always", lambda s: not all(row[0] == Mood.SPENT for row in s[0]))
    shortest = len(explore(made, {"spent": spent}, graph=False).decisive["spent"].steps)
    run = spin.run(text, "bfs", [name_of("spent")], optimise="-O0")
    assert run.violated is not None and run.length == shortest > 0
    assert not run.complete
    assert spin.run(text, "bfs", [name_of("start")], optimise="-O0").length == 0


# Exports with a bug


def flipped(tree: Tree, where: str) -> Tree:
    """``tree`` with the answers of the decisions at one line exchanged."""
    if isinstance(tree, Leaf):
        return tree
    then, other = flipped(tree.then, where), flipped(tree.other, where)
    if tree.where == where:
        then, other = other, then
    return Branch(tree.test, then, other, tree.where)


@needs_spin
def test_a_decision_the_wrong_way_round_is_noticed() -> None:
    rules, profile = CASES["crash"]
    model = Model(rules, *profile).composition
    found = explore(Interned(rules, *profile), {}, graph=False)
    (deliver,) = (kind for kind in model.kinds if kind.delivers)
    lines = {b.where: None for b in interpret.branches(deliver.tree)}
    (where, *_) = [line for line in lines if line.startswith("spec/tcp/segment_arrives/")][3:]
    model.kinds = [
        replace(kind, tree=flipped(kind.tree, where)) if kind is deliver else kind
        for kind in model.kinds
    ]
    run = spin.run(promela(model, {}), "bfs", optimise="-O0")
    assert counts(run) != (found.states, found.transitions)


@needs_spin
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("IN_FLIGHT < 3", "IN_FLIGHT < 2"),
        ("x > bag[0]", "x < bag[0]"),
        ("inbox[SLOT] != inbox[SLOT - 1]", "true"),
        ("STAYS -> skip", "false -> skip"),
    ],
)
def test_a_channel_with_a_bug_is_noticed(good: str, bad: str) -> None:
    made = toy(2, 3)
    found = explore(made, {}, graph=False)
    text = promela(made.model, {})
    assert good in text
    run = spin.run(text.replace(good, bad), "bfs", optimise="-O0")
    assert counts(run) != (found.states, found.transitions)


@needs_spin
def test_a_wrong_constant_is_noticed() -> None:
    found = explore(toy(), {}, graph=False)
    run = spin.run(promela(toy(bug=True).model, {}), "bfs", optimise="-O0")
    assert counts(run) != (found.states, found.transitions)


# What cannot be exported, and searches that did not end


def test_messages_that_are_too_wide_are_refused() -> None:
    model = Model(Rules(), *small("rest", width=16)).composition
    with pytest.raises(UsageProblem, match="bits"):
        promela(model, {})


def test_the_text_is_reproducible() -> None:
    rules, profile = CASES["crash"]
    texts = {promela(Model(rules, *profile).composition, {}) for _ in range(2)}
    assert len(texts) == 1


@needs_spin
def test_a_search_that_is_cut_short_is_not_complete() -> None:
    text = promela(toy().model, {})
    with spin.Verifier(text, optimise="-O0") as verifier:
        assert verifier.run().complete
        cut = verifier.run(depth=3)
    assert not cut.complete and "depth" in cut.note
    with spin.Verifier(text, optimise="-O0", memory_mb=40) as verifier:
        assert not verifier.run().complete


COUNTS = """
State-vector 84 byte, depth reached 88, errors: {}
   344313 states, stored
  2525974 states, matched
  2870287 transitions (= stored+matched)
"""


def output(text: str, code: int = 0, timed_out: bool = False) -> PeerRun:
    return spin.read(Measured(text, code, 1.0, 1.0, 1, timed_out), "bfs")


def test_reading() -> None:
    run = output(COUNTS.format(0))
    assert counts(run) == (344313, 2870286) and run.depth == 88
    bad = output("pan:1: assertion violated 0 (at depth 8)\n" + COUNTS.format(1))
    assert (bad.violated, bad.length, bad.complete) == ("assertion", 8, False)
    for said in (
        "error: max search depth too small",
        "pan: reached -DMEMLIM bound",
        "Warning: Search not completed",
    ):
        run = output(said + COUNTS.format(0))
        assert not run.complete and run.note
    assert not output(COUNTS.format(0), timed_out=True).complete
    assert not output(COUNTS.format(0), code=-9).complete
    assert not output("").complete
    invalid = output("pan:1: invalid end state (at depth 2)\n" + COUNTS.format(1))
    assert not invalid.complete and invalid.violated is None and "invalid" in invalid.note


def test_a_model_that_spin_refuses_is_a_problem(tmp_path: Path) -> None:
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)}")
    with pytest.raises(ToolProblem, match="spin"):
        spin.run("active proctype p() { nonsense }")


def test_measuring(tmp_path: Path) -> None:
    done = measure(["sh", "-c", "echo out; echo err >&2; exit 3"], tmp_path)
    assert (done.stdout, done.code, done.timed_out) == ("out\nerr\n", 3, False)
    assert done.rss_bytes > 0
    late = measure(["sleep", "20"], tmp_path, timeout=0.2)
    assert late.timed_out and late.code < 0 and late.wall_s < 10
    with pytest.raises(ToolProblem):
        measure(["no-such-program"], tmp_path)


# The command


class Says:
    """A peer that says what it is told to; ``lie`` changes one answer."""

    lie: str = ""

    def __init__(self, source: crosscheck.Source) -> None:
        self.source = source

    def check(self, claims: Sequence[str], timeout: float | None) -> PeerRun:
        true = {"states": 759, "transitions": 4224, "depth": 13, "complete": True}
        if list(claims) == ["WD"]:
            length = 5 if self.lie == "length" else 4
            if self.lie == "verdict":
                return PeerRun(tool="says", mode="bfs", **true)  # type: ignore[arg-type]
            return PeerRun(tool="says", mode="bfs", violated="WD", length=length)
        if self.lie in true:
            true[self.lie] = 1 if self.lie != "complete" else False
        return PeerRun(tool="says", mode="bfs", **true)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ("", OK),
        ("states", VIOLATED),
        ("transitions", VIOLATED),
        ("depth", VIOLATED),
        ("length", VIOLATED),
        ("verdict", VIOLATED),
        ("complete", INCONCLUSIVE),
    ],
)
def test_who_agrees(lie: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Says, "lie", lie)
    monkeypatch.setitem(crosscheck.PEERS, "says", Says)  # type: ignore[arg-type]
    case = stated(None, ["D1", "WD"], {}, {"in_flight": 1})
    found = crosscheck.compare(case, ["says"])
    assert crosscheck.exit_code([found]) == code
    assert crosscheck.exit_code([crosscheck.compare(case, [])]) == INCONCLUSIVE
    limited = crosscheck.compare(case, ["says"], max_states=5)
    assert crosscheck.exit_code([limited]) == INCONCLUSIVE and limited.notes


def test_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageProblem):
        crosscheck.available(["spinn"])
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("TLA2TOOLS_JAR", raising=False)
    peers, skipped = crosscheck.available([])
    assert peers == [] and skipped.keys() == crosscheck.PEERS.keys()
    with pytest.raises(ToolProblem, match="not installed"):
        crosscheck.available(["spin"])


def test_cases() -> None:
    assert " ".join(case.profile for case in crosscheck.cases([], None, {}, {})) == (
        "forgery rest handshake time crash nat cookies-again listener-closes transfer-abort"
    )
    assert len(crosscheck.cases(["T1"], None, {}, {})) == 2
    (one,) = crosscheck.cases([], "rest", {}, parse_bounds(["in_flight=1"]))
    assert one.model.bounds.in_flight == 1 and {claim.id for claim in one.claims} == {"D1", "WD"}


@needs_spin
def test_spin_agrees() -> None:
    case = stated(None, ["D1", "WD"], {}, {"in_flight": 1})
    found = crosscheck.compare(case, ["spin"])
    assert crosscheck.exit_code([found]) == OK
    assert [row.what for row in found.rows] == ["states", "transitions", "depth", "D1", "WD"]


@needs_spin
@pytest.mark.slow
def test_spin_agrees_on_all_of_a_data_plane() -> None:
    """With congestion control, delayed ACKs and reassembly: 3,700 paths of SEGMENT ARRIVES."""
    model = stated(None, ["D8"], {}, {}).model
    found = explore(model.system, {}, graph=False)
    run = spin.run(promela(model.composition, {}), "bfs", optimise="-O0")
    assert counts(run) == (found.states, found.transitions)
    assert run.depth == found.depth


@needs_spin
@pytest.mark.slow
def test_spin_agrees_on_a_data_plane() -> None:
    """Probes of a shut window, without congestion control, delayed ACKs and reassembly: 1,400 paths
    of SEGMENT ARRIVES."""
    lean = {"congestion": Congestion.NONE, "delayed_ack": False, "reassembly": False}
    found = crosscheck.compare(stated(None, ["D4", "WD4"], lean, {}), ["spin"])
    assert crosscheck.exit_code([found]) == OK
    assert [row.what for row in found.rows] == ["states", "transitions", "depth", "D4", "WD4"]
