"""Other solvers: how each is asked, and what it answers; that their silence is no answer."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proofs.recheck import solvers
from proofs.recheck.terms import Bad

NEVER, ONCE, REAL = (
    f"(set-logic ALL)\n(declare-fun |x| () {sort})\n(assert {term})\n(check-sat)\n"
    for sort, term in (
        ("(_ BitVec 4)", "(bvult |x| (_ bv0 4))"),
        ("(_ BitVec 4)", "(bvult |x| (_ bv1 4))"),
        ("Real", "(< |x| |x|)"),
    )
)
HERE = Path("here")


@pytest.mark.parametrize("solver", ["cvc5", "bitwuzla"])
def test_what_they_answer(solver: str) -> None:
    assert not solvers.missing(solver)
    assert solvers.ask(solver, NEVER, HERE, 20) == "unsat"
    assert solvers.ask(solver, ONCE, HERE, 20) == "sat"


def test_what_is_no_script_is_no_answer() -> None:
    assert solvers.ask("cvc5", "(assert", HERE, 20).startswith("error: ")
    assert solvers.ask("bitwuzla", "(assert", HERE, 20).startswith("error: ")
    assert solvers.ask("nobody", NEVER, HERE, 20) == "error: 'nobody'"
    assert "x" * 100 in solvers.ask("cvc5", f"({'x' * 500})", HERE, 20)
    assert len(solvers.ask("cvc5", f"({'x' * 500})", HERE, 20)) == len("error: ") + 200


def test_what_is_not_told_is_told_with_the_answer() -> None:
    """A script that prints something more says something else than ``unsat``."""
    assert solvers.ask("cvc5", f'(echo "unsat")\n{ONCE}', HERE, 20) != "unsat"
    assert solvers.ask("cvc5", f"{NEVER}(check-sat)", HERE, 20) == "unsat unsat"
    assert solvers.ask("cvc5", "(set-logic ALL)", HERE, 20) == ""


def test_which_logics() -> None:
    assert [solvers.decides(one, REAL) for one in solvers.SOLVERS] == [True, False, True]
    assert solvers.decides("bitwuzla", NEVER)
    assert solvers.decides("bitwuzla", f"; Real\n{NEVER}"), "a comment says nothing"
    assert not solvers.decides("bitwuzla", NEVER.replace("(_ BitVec 4)", "Int"))


def test_how_cvc5_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice for an eighth of the time, then for all of it; what is known is not asked again."""
    asked: list[tuple[float, Mapping[str, str]]] = []
    answers = ["unknown", "unknown (TIMEOUT)", "unsat"]

    def once(text: str, path: Path, timeout: float, options: Mapping[str, str]) -> str:
        asked.append((timeout, options))
        return answers[len(asked) - 1]

    monkeypatch.setattr(solvers, "_once", once)
    assert solvers.ask("cvc5", NEVER, HERE, 16) == "unsat"
    assert asked == [(2.0, {}), (2.0, {"decision": "internal"}), (16.0, {})]
    asked.clear()
    answers[0] = "sat"
    assert solvers.ask("cvc5", NEVER, HERE, 16) == "sat"
    assert len(asked) == 1


def test_how_long_cvc5_may_take() -> None:
    made = solvers._solver(1.5, {"decision": "internal"})
    assert made.getOption("tlimit-per") == "1500"
    assert made.getOption("decision") == "internal"


def test_how_long_bitwuzla_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told when it is over: not before, and then."""
    import bitwuzla

    now = [100.0]
    ends: list[Any] = []

    class Watched:
        def configure_terminator(self, end: Any) -> None:
            ends.append(end)

        def check_sat(self) -> str:
            return "UNKNOWN"

    class Parser:
        def __init__(self, *_: object) -> None:
            self.parsed: tuple[object, ...] = ()

        def parse(self, *given: object) -> None:
            assert given == (NEVER, True, False)

        def bitwuzla(self) -> Watched:
            return Watched()

    monkeypatch.setattr(bitwuzla, "Parser", Parser)
    monkeypatch.setattr(solvers.time, "monotonic", lambda: now[0])
    assert solvers.ask("bitwuzla", NEVER, HERE, 5) == "unknown"
    over = []
    for now[0] in (104.0, 105.0, 105.5):
        over.append(ends[0]())
    assert over == [False, False, True]


def test_how_z3_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def ran(words: list[str], **how: Any) -> SimpleNamespace:
        asked.append((words, how))
        return SimpleNamespace(stdout=" unsat\n")

    monkeypatch.setattr(subprocess, "run", ran)
    assert solvers.ask("z3", NEVER, HERE, 5.5) == "unsat"
    ((words, how),) = asked
    assert words == ["z3", "-T:5", "-in"]
    assert how == {
        "input": NEVER,
        "capture_output": True,
        "text": True,
        "timeout": 15.5,
        "check": False,
    }
    solvers.ask("z3", NEVER, HERE, 0.25)
    assert asked[1][0][1] == "-T:1", "0 were no limit"


def test_who_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers.shutil, "which", {"z3": "/bin/z3"}.get)
    monkeypatch.setattr(solvers.importlib.util, "find_spec", {"cvc5": 1}.get)
    assert [solvers.missing(one) for one in solvers.SOLVERS] == [False, True, False]
    monkeypatch.setattr(solvers.shutil, "which", lambda _: None)
    assert solvers.missing("z3")


# Proofs


def test_a_proof_is_of_cpc_and_refers_to_the_question() -> None:
    found = solvers.proof(NEVER, {}, 20)
    assert ":rule" in found and "declare" not in found, "the question declares what there is"
    assert not found.startswith("(\n(") and found.count("(") == found.count(")")
    assert "trust" not in found
    with pytest.raises(Bad, match="cvc5 says sat"):
        solvers.proof(ONCE, {}, 20)
    with pytest.raises(Bad, match=r"cvc5 says $"):
        solvers.proof("(set-logic ALL)", {}, 20)


@pytest.mark.parametrize("written", ["()", b"()", "(step @p1)", "step", "(step", "step)"])
def test_what_cvc5_writes_is_a_list(written: str | bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    options: list[Mapping[str, str]] = []

    def solver(timeout: float, given: Mapping[str, str]) -> Any:
        options.append(dict(given))
        return SimpleNamespace(getProof=lambda: [1], proofToString=lambda _: written)

    monkeypatch.setattr(solvers, "_solver", solver)
    answers = [("check-sat", "unsat"), ("exit", "")]
    monkeypatch.setattr(solvers, "_invoked", lambda *_: iter(answers))
    text = written.decode() if isinstance(written, bytes) else written
    if text[0] == "(" and text[-1] == ")":
        assert solvers.proof(NEVER, {"decision": "internal"}, 20) == text[1:-1]
        assert options == [
            {
                "produce-proofs": "true",
                "proof-format-mode": "cpc",
                "proof-granularity": "dsl-rewrite",
                "proof-print-reference": "true",
                "decision": "internal",
            }
        ]
    else:
        with pytest.raises(Bad, match="something that is no proof"):
            solvers.proof(NEVER, {}, 20)
