"""What was proved before is not asked again; what a change touches is."""

import json
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from checker.engines.solver import induction, smt
from checker.engines.solver.induction import CONSTANT, NEVER, SORTS, START, Obligation, steps_of
from checker.ir.nodes import REAL, enumeration
from checker.studies.prove import prove, remembered
from proofs.theorems.table import Theorem
from tests.helpers import restated, toys
from tests.proofs.recheck.test_obligations import SAFE


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


# What a proof is a matter of, part by part


def memory(text: str = SAFE) -> remembered.Memory:
    return remembered.Memory(restated.theory(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(age 0..3 0)", "(age 0..7 0)"),
        ("(message (no 0..7)", "(message (no 0..15)"),
        ("(parameter window nat)", "(parameter window real)"),
        ("(and (not peer.open) (or", "(and peer.open (or"),
        ("(+ (mine.iss me.id) 1)", "(+ (mine.iss me.id) 2)"),
        ("(drawn never bool false)", "(drawn never bool true)"),
        ("(memory last 0..3", "(memory last 0..7"),
        ("me.count (mine.last n)))", "(mine.last n) me.count))"),
        ("(memory iss nat any same)", "(memory iss nat any (mine.iss n))"),
        ("(told iss)", "(told last)"),
        ("(time life passed)", "(time - passed)"),
    ],
)
def test_what_a_theory_is_besides_its_clauses(old: str, new: str) -> None:
    """Its fields, parameters, memories, sights: any of them changed, all is asked anew."""
    assert old in SAFE
    one, other = memory(), memory(SAFE.replace(old, new))
    assert one.base != other.base
    assert one.base == memory().base


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("(< 0 window)) (fact", "(< 1 window)) (fact", "window_is_sane"),
        ("(not (= (mine.iss m)", "(not (< (mine.iss m)", "apart"),
        ("(< 2 me.age)", "(< 1 me.age)", "told"),
        ("(when (on)) (or (not", "(when) (or (not", "told"),
    ],
)
def test_what_is_said_in_a_theory(old: str, new: str, part: str) -> None:
    assert old in SAFE
    one, other = memory(), memory(SAFE.replace(old, new))
    assert one.base == other.base and one.whole != other.whole
    assert {name for name in one.parts if one.parts[name] != other.parts[name]} == {part}


def test_who_proved_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The version of what is written, the solver, and the prover's own source."""
    before = memory().base
    with monkeypatch.context() as patch:
        patch.setattr(remembered, "VERSION", remembered.VERSION + 1)
        assert memory().base != before
    with monkeypatch.context() as patch:
        patch.setattr(remembered.z3, "get_full_version", lambda: "Z3 9.9")
        assert memory().base != before
    for module in (induction, smt):
        source = tmp_path / "source.py"
        source.write_bytes(Path(str(module.__file__)).read_bytes() + b"#")
        with monkeypatch.context() as patch:
            patch.setattr(module, "__file__", str(source))
            assert memory().base != before
    assert memory().base == before


def test_what_a_proof_needed() -> None:
    made = memory()
    used = (
        "path 0: somewhere",
        "fact window_is_sane",
        "assumed apart x n x.id",
        "small_numbers x other",
        "sorts of state x",
        "sort of window",
    )
    what = Obligation("OPEN", 1, "told", verdict="proved", used=used)
    names = ("apart", "small_numbers", "told", "window_is_sane")
    assert made._needed(what) == {name: made.parts[name] for name in names}
    for clause in (NEVER, SORTS):
        assert made._needed(Obligation("OPEN", 1, clause, used=used[:2])) == {
            "window_is_sane": made.parts["window_is_sane"]
        }
    assert made._needed(Obligation("OPEN", 1, "path", used=("path 0: told x",))) == {}


def test_the_day_is_that_of_the_proof() -> None:
    made = memory()
    step = next(steps_of(made.theory.kinds[0]))
    new, old = (
        Obligation("NEVER", 0, clause, verdict="proved", remembered=on)
        for clause, on in (("told", ""), ("numbered", "2026-01-01"))
    )
    failed = Obligation("NEVER", 0, "remembered", verdict="failed")
    proved = made.record(step, [new, old, failed], "enabled")["proved"]
    assert [*proved] == ["told", "numbered"]
    assert proved["numbered"][2] == "2026-01-01"
    assert proved["told"][2] > "2026-01-01"


def test_names_with_other_members_are_other_sorts() -> None:
    first = enumeration(Enum("Way", ["A", "B"]))  # type: ignore[arg-type]
    for other in (Enum("Way", ["A", "C"]), Enum("Road", ["A", "B"])):
        assert remembered._digest(first) != remembered._digest(enumeration(other))  # type: ignore[arg-type]
