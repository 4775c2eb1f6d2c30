"""What was proved before is not asked again; what a change touches is."""

import json
from pathlib import Path
from typing import Any

import pytest

from checker.engines.solver import induction
from checker.engines.solver.induction import CONSTANT, NEVER, START, Obligation
from checker.ir.nodes import REAL
from checker.studies.prove import prove, remembered
from proofs.theorems.table import Theorem
from tests.helpers import toys


def proved(theorem: Theorem) -> prove.Proof:
    (proof,) = prove.prove([theorem], 1, make=toys.theory, remember=True)
    return proof


def of_paths(proof: prove.Proof) -> list[Obligation]:
    return [w for w in proof.obligations if w.action != START and w.clause != CONSTANT]


def asked(proof: prove.Proof) -> set[str]:
    """The clauses, and ``never``, that were asked of some path."""
    return {what.clause for what in of_paths(proof) if not what.remembered}


def sleepers_are_silent(me: Any, peer: Any) -> bool:
    """The same in other words."""
    return (me.mode != toys.Mode.ASLEEP) | (me.sent < 1)


def told_of_the_past(me: Any, peer: Any) -> bool:
    """What is false: that every message is told at once."""
    return me.told == peer.sent


def test_what_has_not_changed_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = proved(toys.theorem())
    assert first.before == {}
    monkeypatch.setattr(induction.Prover, "step", lambda *_: pytest.fail("it is asked"))
    again = proved(toys.theorem())
    assert again.verdict == "proved" and asked(again) == set()
    assert sum(again.before.values()) == len(of_paths(first)) > 15
    assert again.taken == first.taken
    assert [(w.name, w.verdict, w.used) for w in again.obligations] == [
        (w.name, w.verdict, w.used) for w in first.obligations
    ]


def test_a_changed_clause_asks_what_it_touches_and_nothing_else() -> None:
    first = proved(toys.theorem())
    changed = (*toys.TRUE[:-1], sleepers_are_silent)
    again = proved(toys.theorem(clauses=changed))
    assert again.verdict == "proved"
    needed = {w.clause for w in of_paths(first) if any("sleepers" in name for name in w.used)}
    assert asked(again) == {"sleepers_are_silent"} | needed
    assert sum(again.before.values()) > 10
    (never,) = (what for what in again.obligations if what.clause == NEVER)
    assert never.remembered, "its proof did not need the clause"


def test_a_clause_that_is_false_now_fails_and_is_not_remembered() -> None:
    proved(toys.theorem())
    for _ in range(2):
        claims = (told_of_the_past,)
        clauses = [c for c in toys.TRUE if c is not toys.told_of_the_past]
        again = proved(toys.theorem(*claims, clauses=clauses))
        assert again.verdict == "not proved"
        assert {what.clause for what in again.failed} == {"told_of_the_past"}
        assert not any(what.remembered for what in again.failed)


def test_what_else_a_proof_is_a_matter_of() -> None:
    """Sorts, memories and the like; a path by its tests, by what becomes of an end and what is
    sent."""
    made = toys.theory([toys.theorem()])
    base = remembered.Memory(made).base
    other = toys.theory([toys.theorem()])
    other.parameters = {"more": REAL}
    assert remembered.Memory(other).base != base
    steps = [step for kind in made.kinds for step in induction.steps_of(kind)]
    digests = [remembered.Memory(made)._step(step) for step in steps]
    assert len({*digests}) == len(digests)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "paths": {"deliver.1": {}}}'])
def test_a_damaged_file_is_as_none(text: str) -> None:
    proved(toys.theorem())
    (path,) = remembered.place().iterdir()
    assert path.name == "toy.json" and json.loads(path.read_text())["paths"]
    path.write_text(text)
    assert proved(toys.theorem()).before == {}
    assert proved(toys.theorem()).before


def test_another_solver_or_prover_asks_all(monkeypatch: pytest.MonkeyPatch) -> None:
    proved(toys.theorem())
    monkeypatch.setattr(remembered.z3, "get_full_version", lambda: "Z3 another")
    assert proved(toys.theorem()).before == {}


def test_where_it_cannot_be_written_nothing_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    for _ in range(2):
        assert proved(toys.theorem()).before == {}
