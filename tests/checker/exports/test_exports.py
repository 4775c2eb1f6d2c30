"""What is exported says the same as the specification: other tools count the same states.

The TLA+ text is checked by TLC where there is Java and ``TLA2TOOLS_JAR`` names the jar, and its
syntax by tree-sitter where that is installed; the SMT-LIB text by z3, and by cvc5 where that is.
What cannot be checked is reported as skipped, with the reason. Each check is shown to fail on a
text with a bug.
"""

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import z3

from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.reference import explore
from checker.engines.peers import tlc
from checker.engines.peers.peer import Measured, PeerRun
from checker.exports.pieces import Writer, cut, merged, subtrees
from checker.exports.smtlib import smtlib
from checker.exports.tlaplus import identifier, record, select, tlaplus
from checker.ir.interpret import evaluate, leaf_of, leaves
from checker.ir.nodes import Builder, Node, integer
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.traced import predicate as stated
from checker.studies import export
from checker.support.errors import INCONCLUSIVE, ToolProblem, UsageProblem
from proofs.claims.table import BY_ID
from spec.observe.watcher import Watcher
from spec.rules import Isn, Rules
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.forgery import Forgery
from spec.world.profiles import PROFILES
from spec.world.system import World

JAR = os.environ.get(tlc.JAR, "")
needs_tlc = pytest.mark.skipif(
    not Path(JAR).is_file() or shutil.which("java") is None,
    reason=f"no Java, or {tlc.JAR} does not name tla2tools.jar: the TLA+ text is not run",
)
needs_tree_sitter = pytest.mark.skipif(
    importlib.util.find_spec("tree_sitter_tlaplus") is None,
    reason="tree-sitter-tlaplus is not installed: the TLA+ text's syntax is not checked by it",
)
needs_cvc5 = pytest.mark.skipif(
    importlib.util.find_spec("cvc5") is None,
    reason="cvc5 is not installed: the SMT-LIB text is checked by z3 alone",
)


@dataclass(frozen=True)
class Case:
    """A profile with smaller bounds, so that a run takes seconds."""

    profile: str
    rules: tuple[tuple[str, Any], ...] = ()
    bounds: tuple[tuple[str, Any], ...] = ()

    def chosen(self) -> tuple[Rules, Bounds, tuple[Watcher, ...]]:
        profile = PROFILES[self.profile].but(**dict(self.bounds))
        return replace(Rules(), **dict(self.rules)), *profile


def case(profile: str, rules: Mapping[str, Any] | None = None, **bounds: Any) -> Case:
    return Case(profile, tuple((rules or {}).items()), tuple(bounds.items()))


FORGERY = case("forgery")
TIMED = case("time", incarnations=1, in_flight=1)
CROWDED = case("abort", incarnations=1, in_flight=3, duplicate=False)
CRASH = case("crash", {"isn": Isn.ANY}, in_flight=1)
FAST = {
    "forgery": FORGERY,
    "time": TIMED,
    "abort, nothing twice, three in flight": CROWDED,
}
SLOW = {
    "stream, never closed": case("stream", close=False),
    "crash, any ISN: several numbers are offered": CRASH,
    "rest, bags that hold one message twice": case("rest", in_flight=3, close=False),
    "time, segments without end": case(
        "time", {"lifetime_bounded": False}, incarnations=1, in_flight=1
    ),
    "window, three segments sent at once": case("window", in_flight=1),
    "handshake, with what an observer sees": case("handshake", in_flight=1),
    "handshake, no loss": case(
        "handshake", incarnations=1, in_flight=4, duplicate=False, lose=False
    ),
}
CASES = [
    *(pytest.param(c, id=name) for name, c in FAST.items()),
    *(pytest.param(c, id=name, marks=pytest.mark.slow) for name, c in SLOW.items()),
]


@cache
def counted(chosen: Case) -> Exploration:
    return explore(Interned(*chosen.chosen()), {}, graph=False)


@cache
def module(chosen: Case) -> tuple[str, str]:
    return tlaplus(Model(*chosen.chosen()).composition, {})


def agrees(chosen: Case, run: PeerRun) -> bool:
    ours = counted(chosen)
    return run.complete and (run.states, run.transitions, run.depth) == (
        ours.states,
        ours.transitions,
        ours.depth,
    )


# TLA+: states, steps, depth


@needs_tlc
@pytest.mark.parametrize("chosen", CASES)
def test_tlc_counts_the_same_states_steps_and_levels(chosen: Case) -> None:
    run = tlc.run(*module(chosen))
    assert run.complete, run.note
    assert agrees(chosen, run), run
    assert (run.violated, run.length, run.note) == (None, None, "")
    assert run.wall_s > 0
    assert run.rss_bytes > 1 << 20


BUGS = {
    "a bag holds one more": (CROWDED, "CAPACITY == 2", "CAPACITY == 3"),
    "all bags hold one more": (FORGERY, "Total(bags) < IN_FLIGHT", "Total(bags) <= IN_FLIGHT"),
    "no duplicates": (FORGERY, "{FALSE, TRUE}", "{FALSE}"),
    "time goes on where it must not": (TIMED, "~Blocked(end[c])", "TRUE"),
    "messages live a tick longer": (TIMED, ".ttl > 1", ".ttl > 0"),
    "a tick that changes nothing is a step": (TIMED, "<<later, aged>> # <<end, bag>>", "TRUE"),
    "one window more": (FORGERY, ".rcv.wnd = 3", ".rcv.wnd = 4"),
    "a number counts that is not drawn": (CRASH, "n > 1 => out.draws", "TRUE"),
    "TLC takes a disjunction for two choices": (
        FORGERY,
        "n > 1 => out.draws",
        "(n = 1 \\/ out.draws)",
    ),
}


@needs_tlc
@pytest.mark.parametrize(
    "bug", [pytest.param(b, marks=[pytest.mark.slow] if i else []) for i, b in enumerate(BUGS)]
)
def test_tlc_counts_otherwise_where_the_text_has_a_bug(bug: str) -> None:
    chosen, right, wrong = BUGS[bug]
    text, configuration = module(chosen)
    assert right in text
    run = tlc.run(text.replace(right, wrong), configuration, timeout=60)
    assert not agrees(chosen, run)


def violation(
    id: str, rules: Mapping[str, Any], name: str = "Checked", **bounds: Any
) -> tuple[str, str]:
    claim = BY_ID[id]
    model = Model(
        replace(Rules(), **{**claim.rules, **rules}),
        *PROFILES[claim.profile].but(**bounds),
    )
    good = stated(claim.predicate, model.reduced, claim.kind != "sometimes")
    return tlaplus(model.composition, {id: good}, name=name)


@needs_tlc
@pytest.mark.parametrize(
    ("id", "rules", "length"),
    [
        ("T2", {"three_way": False}, 4),
        pytest.param("T10", {"reset_exact": False}, 5, marks=pytest.mark.slow),
        pytest.param("W10", {}, 5, marks=pytest.mark.slow),
        pytest.param("T3.literal", {}, 12, marks=pytest.mark.slow),
    ],
)
def test_tlc_finds_the_shortest_counterexample(id: str, rules: Any, length: int) -> None:
    run = tlc.run(*violation(id, rules))
    assert (run.violated, run.length, run.complete) == (identifier(id), length, False)


@needs_tlc
@pytest.mark.slow
def test_tlc_finds_nothing_with_the_mechanism_in_place() -> None:
    run = tlc.run(*violation("T2", {}, incarnations=1))
    assert (run.violated, run.complete) == (None, True)


def both_open(world: World) -> bool:
    return world.hosts[0].tcb.state != State.CLOSED or world.hosts[1].tcb.state != State.CLOSED


@needs_tlc
@pytest.mark.slow
@pytest.mark.parametrize("idle", [frozenset({"ABORT"}), frozenset({"lose", "duplicate"})])
def test_tlc_knows_where_the_system_may_rest(idle: frozenset[str]) -> None:
    """Deadlock, as a claim of states with no step but idle ones, is decided alike."""
    model = Model(*case("rest", close=False).chosen())
    composed, traced = model.composition, model.reduced
    claim = BY_ID["D1"].predicate
    for predicate in (claim, both_open):
        checks = {"D": Check("rest", predicate, idle)}
        path = explore(model.system, checks, graph=False).decisive.get("D")
        run = tlc.run(*tlaplus(composed, {}, {"D": (stated(predicate, traced), idle)}))
        assert run.length == (None if path is None else len(path.steps))
        assert run.complete == (path is None)


# TLA+: what TLC says, and does not


SUCCESS = """\
@!@!@STARTMSG 2193:0 @!@!@
Model checking completed. No error has been found.
@!@!@ENDMSG 2193 @!@!@
@!@!@STARTMSG 2199:0 @!@!@
6,076 states generated, 807 distinct states found, 0 states left on queue.
@!@!@ENDMSG 2199 @!@!@
@!@!@STARTMSG 2194:0 @!@!@
The depth of the complete state graph search is 14.
@!@!@ENDMSG 2194 @!@!@
"""


def said(text: str, code: int = 0, timed_out: bool = False) -> PeerRun:
    return tlc.read(Measured(text, code, 1.0, 1.0, 1, timed_out))


def test_a_complete_run_is_read() -> None:
    run = said(SUCCESS)
    assert (run.states, run.transitions, run.depth, run.complete) == (807, 6075, 13, True)


@pytest.mark.parametrize(
    ("text", "code", "late"),
    [
        (SUCCESS, 1, False),
        (SUCCESS, 0, True),
        (SUCCESS.replace("0 states left", "3 states left"), 0, False),
        (SUCCESS.replace("2193", "1000"), 0, False),
        (SUCCESS.replace("2199", "2200"), 0, False),
        ("Error: out of memory\n", 0, False),
        ("", -9, False),
    ],
)
def test_any_other_run_is_incomplete_and_says_why(text: str, code: int, late: bool) -> None:
    run = said(text, code, late)
    assert not run.complete
    assert run.note


def test_missing_tools_are_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(tlc.JAR, raising=False)
    with pytest.raises(ToolProblem, match=f"set {tlc.JAR}"):
        tlc.tools()
    monkeypatch.setenv(tlc.JAR, str(tmp_path / "none.jar"))
    with pytest.raises(ToolProblem, match="is no file"):
        tlc.tools()
    jar = tmp_path / "some.jar"
    jar.touch()
    monkeypatch.setenv(tlc.JAR, str(jar))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolProblem, match="java"):
        tlc.tools()


@needs_tlc
def test_a_run_that_is_cut_short_or_fails_is_incomplete() -> None:
    text, configuration = module(FORGERY)
    assert "killed" in tlc.run(text, configuration, timeout=0.3).note
    wrong = text.replace("IF me.ghost.made = 0 THEN", "IF me.ghost.made = 7 THEN")
    run = tlc.run(wrong, configuration, timeout=60)
    assert (run.complete, run.violated) == (False, None)
    assert "nothing to draw" in run.note


@needs_tlc
def test_sany_accepts_the_text_and_no_other() -> None:
    text, _ = module(TIMED)
    tlc.parse(text)
    with pytest.raises(ToolProblem, match="SANY"):
        tlc.parse(text.replace("DOMAIN b", "DOMAIN", 1))
    with pytest.raises(ToolProblem, match="SANY"):
        tlc.parse(text.replace("Without(b, m) ==", "Away(b, m) ==", 1))


@needs_tree_sitter
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("chosen", FAST.values(), ids=FAST)
def test_the_grammar_of_tla_accepts_the_text(chosen: Case) -> None:
    import tree_sitter
    import tree_sitter_tlaplus

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_tlaplus.language()))

    def wrong(text: str) -> bool:
        return bool(parser.parse(text.encode()).root_node.has_error)

    text, _ = module(chosen)
    assert not wrong(text)
    for right, broken in (("DOMAIN b", "DOMAIN"), ("  THEN\n", "\n"), ("EXCEPT ", ""), ("==", "")):
        assert wrong(text.replace(right, broken, 1)), right


# TLA+: the text


def test_the_text_can_be_read() -> None:
    for chosen in FAST.values():
        text, configuration = module(chosen)
        lines = text.splitlines()
        assert max(map(len, lines)) < 130
        assert lines[0].startswith("-------------------- MODULE Composition ")
        assert "\\* 3.10.7.4 first: " in text, "rules are cited"
        assert "\\* spec/tcp/segment_arrives/" in text, "decisions have their line"
        assert configuration.endswith("SPECIFICATION Spec\n")
        assert text == module.__wrapped__(chosen)[0], "the text is a function of the model"


def test_an_input_is_an_action_of_its_name() -> None:
    text, _ = module(FORGERY)
    for what in (Input.OPEN_ACTIVE, Input.SEGMENT, Forgery.RST):
        name = identifier(what.value)
        assert re.search(rf"^{name}\(p", text, re.M), name
    assert "OPEN_active(p)" in text
    assert "    \\/ forged_RST(Port_b)" in text, "what befalls one component alone"


@pytest.mark.parametrize(
    ("name", "tla"),
    [
        ("T1.lifecycle", "T1_lifecycle"),
        ("OPEN (active)", "OPEN_active"),
        ("CASE", "x_CASE"),
        ("Sent", "x_Sent"),
        ("v12", "x_v12"),
        ("12", "x_12"),
    ],
)
def test_names_are_those_of_tla(name: str, tla: str) -> None:
    assert identifier(name) == tla


def test_paths_are_nested_records() -> None:
    assert select("ghost.past.0.iss") == ".ghost.past[0].iss"
    assert record({"up": "1", "p.0.x": "2", "p.1.x": "3"}) == (
        "[up |-> 1, p |-> (0 :> [x |-> 2] @@ 1 :> [x |-> 3])]"
    )


# Pieces


def test_merging_and_cutting_keep_the_meaning() -> None:
    """Every leaf is found where it was, and no smaller tree is written twice."""
    model = Model(*TIMED.chosen())
    composed, traced = model.composition, model.reduced
    (kind,) = (k for k in composed.kinds if k.delivers)
    one = merged(kind.tree)
    order = subtrees(one)
    assert len(order) < 2 * len(leaves(kind.tree)) - 1
    assert one is order[-1]
    named = cut(one)
    assert named[-1][1] is one
    assert len({name for name, _ in named}) == len(named)
    start = {f"me.{path}": value for path, value in composed.components[0].initial.items()}
    for state in State:
        values = {
            **{f"seg.{f.path}": _least(f.sort) for f in composed.message_fields},
            **start,
            **{f"sight.{f.path}": _least(f.sort) for f in traced.sight_fields},
            "me.tcb.state": state,
            "isn": 0,
        }
        first, second = leaf_of(kind.tree, values)[0], leaf_of(one, values)[0]
        assert first.outputs == second.outputs
        assert first.static == second.static


def _least(sort: Any) -> Any:
    if sort.kind == "bool":
        return False
    return next(iter(sort.members)) if sort.kind == "enum" else sort.lo


def test_what_is_shared_or_long_gets_a_name() -> None:
    build = Builder()
    x, y = build.var("x", integer(0, 9)), build.var("y", integer(0, 9))
    total = build.add(build.add(x, y), build.add(x, x))
    test = build.and_(build.lt(total, y), build.le(total, x))

    def write(node: Node, texts: Any) -> str:
        return f"{node.op}({', '.join(texts)})" if texts else repr(node)

    writer = Writer([test], lambda n: n.args, write, least=10, width=30)
    text = writer.of(test)
    names = {d.name: d.text for d in writer.definitions}
    assert len(text) <= 30
    assert any(d.key is total for d in writer.definitions)
    assert re.findall(r"v\d+", text)
    assert set(re.findall(r"v\d+", " ".join([text, *names.values()]))) == set(names)
    assert evaluate(test, {"x": 1, "y": 9}) is False


# SMT-LIB


def z3_says(text: str) -> list[str]:
    """What z3 prints for a script, run as one."""
    context = z3.Z3_mk_context(z3.Z3_mk_config())
    try:
        return str(z3.Z3_eval_smtlib2_string(context, text)).split()
    finally:
        z3.Z3_del_context(context)


def cvc5_says(text: str) -> list[str]:
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "export")
    symbols = parser.getSymbolManager()
    answers = []
    while not (command := parser.nextCommand()).isNull():
        answers.append(str(command.invoke(solver, symbols)).strip())
    return [answer for answer in answers if answer]


@cache
def two_way(depth: int, free: bool = False) -> str:
    """Ablation 9, whose counterexample to T1 has three steps."""
    return export.text("smtlib", None, ("T1",), {"three_way": False}, {}, depth, free)


@pytest.mark.parametrize("free", [False, True])
def test_z3_finds_the_shortest_counterexample_of_the_script(free: bool) -> None:
    assert z3_says(two_way(2, free)) == ["unsat"]
    assert z3_says(two_way(3, free)) == ["sat"]
    holds = export.text("smtlib", None, ("T1",), {}, {}, 3, free)
    assert z3_says(holds) == ["unsat"]


def test_z3_parses_the_script_as_assertions() -> None:
    solver = z3.SolverFor("QF_BV")
    solver.from_string(two_way(3))
    assert solver.check() == z3.sat
    assert len(z3.parse_smt2_string(two_way(3))) == len(solver.assertions())


@needs_cvc5
@pytest.mark.parametrize(
    ("depth", "free", "answer"),
    [
        (2, False, "unsat"),
        pytest.param(3, False, "sat", marks=pytest.mark.slow),
        pytest.param(2, True, "unsat", marks=pytest.mark.slow),
        pytest.param(3, True, "sat", marks=pytest.mark.slow),
    ],
)
def test_cvc5_agrees(depth: int, free: bool, answer: str) -> None:
    assert cvc5_says(two_way(depth, free)) == [answer]


SCRIPT_BUGS = {
    "no input is possible": ("(concat #b1 (concat e", "(concat #b0 (concat e", 3, "unsat"),
    "what is sent is nothing": ("Slot (concat #b1 m)", "Slot (concat #b0 m)", 3, "unsat"),
    "runs begin anywhere": ("(assert (init s0))", "", 2, "sat"),
    "steps lead anywhere": ("(= t (next s c))", "true", 2, "sat"),
}


@pytest.mark.parametrize("bug", SCRIPT_BUGS)
def test_a_bug_in_the_script_changes_the_verdict(bug: str) -> None:
    right, wrong, depth, answer = SCRIPT_BUGS[bug]
    text = two_way(depth)
    assert right in text
    assert z3_says(text) != [answer]
    assert z3_says(text.replace(right, wrong)) == [answer]


def quiet_is_over(world: World) -> bool:
    return world.hosts[0].crashes > 0 and world.hosts[0].up and world.hosts[0].quiet == 0


def a_wrote(world: World) -> bool:
    return world.hosts[0].tcb.written == 1 and world.hosts[0].tcb.state == State.SYN_SENT


def b_answered(world: World) -> bool:
    return world.hosts[1].tcb.state == State.SYN_RECEIVED


def b_is_left_behind(world: World) -> bool:
    return (
        world.hosts[1].tcb.state == State.SYN_RECEIVED and world.hosts[0].tcb.state == State.CLOSED
    )


@pytest.mark.parametrize(
    ("profile", "goal"),
    [
        ("crash", quiet_is_over),
        pytest.param("stream", a_wrote, marks=pytest.mark.slow),
        ("forgery", b_answered),
        ("forgery", b_is_left_behind),
        ("handshake", b_is_left_behind),
        ("simultaneous-far", b_answered),
    ],
)
def test_scripts_and_explorer_agree_on_how_far_a_goal_is(
    profile: str, goal: Callable[[World], bool]
) -> None:
    model = Model(*case(profile).chosen())
    found = explore(model.system, {"goal": Check("sometimes", goal)}, graph=False)
    length = len(found.decisive["goal"].steps)
    composed, traced = model.composition, model.reduced
    claims = {"goal": stated(goal, traced, wanted=False)}
    assert z3_says(smtlib(composed, claims, length - 1)) == ["unsat"]
    assert z3_says(smtlib(composed, claims, length)) == ["sat"]


@pytest.mark.parametrize("capacity", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_script_takes_what_is_delivered_out_of_its_bag(capacity: int) -> None:
    """One SYN that is not sent again makes two TCBs only where it can be duplicated."""

    def again(world: World) -> bool:
        return world.hosts[0].ghost.id == 1 and world.hosts[1].ghost.id == 2

    for duplicate, answer in ((True, "sat"), (False, "unsat")):
        one_way = {"a_passive": False, "b_active": False, "listen_open": False}
        chosen = case("handshake", duplicate=duplicate, capacity=capacity, in_flight=3, **one_way)
        model = Model(*chosen.chosen())
        composed, traced = model.composition, model.reduced
        resend = Input.RETRANSMISSION_TIMEOUT.value
        composed = replace(composed, kinds=[k for k in composed.kinds if k.name != resend])
        claims = {"again": stated(again, traced, wanted=False)}
        assert z3_says(smtlib(composed, claims, 6)) == [answer]


def test_a_script_asks_of_each_claim_by_itself() -> None:
    text = export.text("smtlib", "handshake", ("T1", "T2"), {"three_way": False}, {}, 3)
    assert z3_says(text) == ["sat", "unsat"]


def test_the_script_can_be_read() -> None:
    text = two_way(3, free=True)
    assert max(map(len, text.splitlines())) < 200
    assert "(set-logic QF_BV)" in text
    assert "; spec/tcp/segment_arrives/" in text
    assert "State.SYN_SENT" in text
    assert "(declare-const isn.A.0 (_ BitVec 32))" in text


# Runs


def test_runs_are_exported_as_itf() -> None:
    files = export.texts("itf", None, ("T2", "W2"), {"three_way": False})
    assert list(files) == ["T2.itf.json", "W2.itf.json"]
    trace = json.loads(files["T2.itf.json"])
    assert trace["#meta"]["format"] == "ITF"
    assert trace["#meta"]["status"] == "violation"
    assert len(trace["states"]) == 4 + 1
    assert set(trace["vars"]) <= set(trace["states"][-1])
    with pytest.raises(UsageProblem, match="one run is one text"):
        export.text("itf", None, ("T2", "W2"), {"three_way": False})
    with pytest.raises(export.NoRun, match="T10: no run decides this in") as none:
        export.text("itf", None, ("T10",))
    assert none.value.code == INCONCLUSIVE


# What is asked for


def test_the_claims_of_a_profile_are_those_whose_rules_are_in_force() -> None:
    assert [c.id for c in export.stated("time", (), {}, {}).claims] == ["T3.literal", "W3.literal"]
    files = export.texts("tlaplus", "rest")
    assert list(files) == ["rest.tla", "rest.cfg"]
    assert re.findall(r"INVARIANT (\w+)", files["rest.cfg"]) == ["WD", "D1"]
    assert list(export.texts("promela", None, ("T10",))) == ["T10.pml"]
    named = export.texts("tlaplus", "simultaneous-far")
    assert "MODULE simultaneous_far " in named["simultaneous_far.tla"]


def test_what_a_claim_reads_is_recorded() -> None:
    what = export.stated("rest", ("T1",), {}, {})
    assert (what.profile, what.model.watchers) == ("rest", PROFILES["handshake"].watchers)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"kind": "dafny"}, "dafny"),
        ({"kind": "tlaplus"}, "one profile"),
        ({"kind": "tlaplus", "claims": ("T1", "T3")}, "handshake, time"),
        ({"kind": "tlaplus", "claims": ("T3", "T3.literal")}, "different rules"),
        ({"kind": "tlaplus", "claims": ("T99",)}, "T99"),
        ({"kind": "tlaplus", "profile": "rest", "depth": 3}, "smtlib"),
        ({"kind": "promela", "profile": "rest", "free": True}, "smtlib"),
        ({"kind": "smtlib", "claims": ("D1",)}, "deadlocks"),
    ],
)
def test_wrong_usage_is_one_line(words: Any, message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        export.texts(**words)


def test_a_module_is_named_after_its_file() -> None:
    files = export.texts("tlaplus", "forgery", module="Mine")
    assert list(files) == ["Mine.tla", "Mine.cfg"]
    assert "MODULE Mine" in files["Mine.tla"].splitlines()[0]
    with pytest.raises(UsageProblem, match="no name of a TLA\\+ module"):
        export.texts("tlaplus", "forgery", module="my-model")
