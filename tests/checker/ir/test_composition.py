"""A composition of three components on four links means the same to every engine and export.

The measure is the toy in plain Python, which knows no trees. It is composed in two ways: of
components of the same fields, and of components of different ones.
"""

import importlib.util
import os
import shutil
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import z3

from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.reference import explore
from checker.engines.peers import spin, tlc
from checker.engines.solver import smt, symbolic
from checker.exports.promela import name_of, promela
from checker.exports.smtlib import smtlib
from checker.exports.tlaplus import tlaplus
from checker.ir.composition import Kind, Port
from tests.helpers import relay
from tests.helpers.interpreted import Interpreted
from tests.helpers.relay import VIOLATION, WITNESS, Relay
from tests.helpers.relay_trees import NAMES, Traced

MISSING = [program for program in ("spin", "gcc") if shutil.which(program) is None]
needs_spin = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
needs_tlc = pytest.mark.skipif(
    not Path(os.environ.get(tlc.JAR, "")).is_file() or shutil.which("java") is None,
    reason=f"no Java, or {tlc.JAR} does not name tla2tools.jar: the TLA+ text is not run",
)
needs_tree_sitter = pytest.mark.skipif(
    importlib.util.find_spec("tree_sitter_tlaplus") is None,
    reason="tree-sitter-tlaplus is not installed: the TLA+ text's syntax is not checked by it",
)
alike = pytest.mark.parametrize("alike", [True, False], ids=["alike", "different"])

CHECKS = {
    "true": Check("always", lambda s: relay.nobody_is_told_what_was_not_said(s.ends)),
    "witness": Check("sometimes", lambda s: relay.is_answered(s.ends)),
    "false": Check("always", lambda s: relay.the_last_request_is_answered(s.ends)),
}
LENGTHS = {"true": None, "witness": WITNESS, "false": VIOLATION}


@cache
def reference() -> Exploration:
    found = explore(Relay().system, CHECKS, graph=False, stop_when_decided=False)
    assert found.complete and found.lengths == {"witness": WITNESS, "false": VIOLATION}
    return found


@cache
def traced(alike: bool) -> Traced:
    return Traced(alike)


def goods(alike: bool) -> dict[str, Any]:
    """What ought to be true of every state: a witness as that it is none."""
    toy = traced(alike)
    return {
        "true": toy.claim(relay.nobody_is_told_what_was_not_said),
        "witness": toy.claim(relay.is_answered, wanted=False),
        "false": toy.claim(relay.the_last_request_is_answered),
    }


def counts(found: Any) -> tuple[int, int, int]:
    return found.states, found.transitions, found.depth


@alike
def test_the_plain_interpreter_agrees(alike: bool) -> None:
    found = explore(Interpreted(traced(alike).model), {}, graph=False)
    assert counts(found) == counts(reference())


@alike
def test_symbolic_exploration_agrees(alike: bool) -> None:
    toy = traced(alike)
    model = opened(toy)
    for name, good in goods(alike).items():
        result = symbolic.search(model, toy.tracer.build, good)
        assert result.length == LENGTHS[name]
        if result.length is None:
            # a level more, to find it empty
            assert counts(result) == (*counts(reference())[:2], reference().depth + 1)


def opened(toy: Traced) -> smt.OpenComposition:
    """The composition for the solver; nothing is drawn."""
    shared = {f.name: getattr(toy.model, f.name) for f in fields(toy.model)}
    return smt.OpenComposition(**shared, draws=[[]] * 3, assumptions=[])


@alike
@pytest.mark.parametrize("name", ["witness", "false"])
def test_bounded_model_checking_agrees(alike: bool, name: str) -> None:
    tree = goods(alike)[name]
    unrolling = smt.Unrolling(opened(traced(alike)))

    def bad(state: smt.State) -> Any:
        values = {
            f"{component}.{path}": term
            for component, end in zip(NAMES, state.ends, strict=True)
            for path, term in end.items()
        }
        terms = smt.Terms(values)
        (term,) = smt.row_of(tree, terms, lambda leaf: [terms.of(leaf.outputs[0])])
        return z3.Not(term)

    length = LENGTHS[name]
    assert length is not None
    assert smt.bmc(unrolling, bad, length - 1).status == "unsat"
    assert smt.bmc(unrolling, bad, length).status == "sat"


@pytest.mark.parametrize("wrong", ["outlives its time", "is there twice"])
def test_in_bounded_model_checking_no_message(wrong: str) -> None:
    """In four steps two requests are made, and the first is lost or grows old."""

    def bad(state: smt.State) -> Any:
        if wrong == "outlives its time":
            return z3.Or([z3.And(m["present"], m["ttl"] == 0) for bag in state.bags for m in bag])
        first, second = state.bags[0]
        return z3.And(second["present"], first["no"] == second["no"])

    unrolling = smt.Unrolling(opened(traced(True)))
    assert smt.bmc(unrolling, bad, 4).status == "unsat"


@needs_spin
@alike
def test_spin_agrees(alike: bool) -> None:
    text = promela(traced(alike).model, goods(alike))
    run = spin.run(text, "bfs", [name_of("true")], optimise="-O0")
    assert run.complete and counts(run) == counts(reference())
    for name in ("witness", "false"):
        run = spin.run(text, "bfs", [name_of(name)], optimise="-O0")
        assert run.violated is not None and run.length == LENGTHS[name]


@needs_spin
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("SEND(relay_to_client, sent1)", "SEND(outbox, sent1)"),
        ("AGE(relay_to_server)", "skip"),
        ("#define me side[(PORT == 0 -> 0", "#define me side[(PORT == 0 -> 1"),
    ],
)
def test_spin_notices_a_wrong_link(good: str, bad: str) -> None:
    text = promela(traced(True).model, {})
    assert good in text
    run = spin.run(text.replace(good, bad), "bfs", optimise="-O0")
    assert not run.complete or counts(run) != counts(reference())


@alike
def test_the_script_agrees(alike: bool) -> None:
    for name in ("witness", "false"):
        length = LENGTHS[name]
        assert length is not None
        for depth, answer in ((length - 1, z3.unsat), (length, z3.sat)):
            solver = z3.SolverFor("QF_BV")
            text = smtlib(traced(alike).model, {name: goods(alike)[name]}, depth)
            solver.from_string(text.replace("(check-sat)", ""))
            assert solver.check() == answer


@needs_tree_sitter
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@alike
def test_the_grammar_of_tla_accepts_the_module(alike: bool) -> None:
    import tree_sitter
    import tree_sitter_tlaplus

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_tlaplus.language()))
    text, _ = tlaplus(traced(alike).model, goods(alike))
    assert not parser.parse(text.encode()).root_node.has_error
    assert 'Links == {"client_to_relay", "relay_to_client", "relay_to_server", ' in text


@needs_tlc
@alike
def test_tlc_agrees(alike: bool) -> None:
    good = goods(alike)
    run = tlc.run(*tlaplus(traced(alike).model, {"true": good["true"]}))
    assert run.complete and counts(run) == counts(reference())
    for name in ("witness", "false"):
        assert tlc.run(*tlaplus(traced(alike).model, {name: good[name]})).length == LENGTHS[name]


# Compositions that make no sense


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ports": [Port(0, 0, (0,))]}, "links of another component"),
        ({"ports": [Port(0, 1, (0,))]}, "no port takes from"),
        ({"kinds": "idle"}, "no link for it"),
        ({"kinds": "mixed"}, "different fields"),
    ],
)
def test_nonsense_is_refused(change: dict[str, Any], message: str) -> None:
    model = traced(False).model
    ask = model.kinds[0].tree
    if change.get("kinds") == "idle":
        ports = [*model.ports, Port(0, None, ())]
        change = {"ports": ports, "kinds": [Kind("ask", ask, False, (len(model.ports),))]}
    elif change.get("kinds") == "mixed":
        change = {"kinds": [Kind("ask", ask, False, (0, 1))]}
    else:
        change = {**change, "kinds": []}
    with pytest.raises(ValueError, match=message):
        replace(model, **change)


def test_links_are_named_after_their_ends() -> None:
    model = replace(
        traced(True).model,
        links=[(0, 1), (1, 0), (0, 1), (1, 0)],
        ports=[Port(0, 1, (0,)), Port(1, 0, (1,)), Port(0, 3, (2,)), Port(1, 2, (3,))],
        kinds=[],
    )
    assert [model.link(n) for n in range(4)] == [
        "client_to_relay_1",
        "relay_to_client_1",
        "client_to_relay_2",
        "relay_to_client_2",
    ]
