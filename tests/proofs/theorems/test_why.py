"""Why each clause is there is computed, pinned, and of all clauses."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.engines.solver.induction import SORTS
from checker.studies.prove import prove, why
from checker.studies.prove.why import Why
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from proofs.theorems.table import THEOREMS, Theorem, together
from tests.helpers import toys

THEORIES = together(THEOREMS)


def supposed(theorems: Sequence[Theorem]) -> list[str]:
    """The clauses that a theory supposes, and that nobody claims."""
    clauses = dict.fromkeys(f.__name__ for theorem in theorems for f in theorem.all)
    claims = {f.__name__ for theorem in theorems for f in theorem.claims}
    return [name for name in clauses if name not in claims]


@pytest.mark.parametrize("theorems", THEORIES, ids=lambda some: some[0].id)
def test_what_is_pinned_is_of_all_clauses(theorems: Sequence[Theorem]) -> None:
    known = why.reasons().get(theorems[0].id, {})
    assert list(known) == supposed(theorems)
    clauses = {f.__name__ for theorem in theorems for f in (*theorem.all, *theorem.claimed)}
    for name, reason in known.items():
        assert set(reason) == {"fails", "after", "rule"}, name
        # What fails is something that is left when the clause is not, or that values fit
        assert reason["fails"] in {*clauses, SORTS} - {name}


def test_nothing_else_is_pinned() -> None:
    assert list(why.reasons()) == [base.id for base, *_ in THEORIES if base.clauses]


# On the toy


def reasons_of(*claims: object, clauses: object = toys.TRUE) -> dict[str, Why]:
    theorem = toys.theorem(*claims, clauses=clauses)  # type: ignore[arg-type]
    proofs = prove.prove([theorem], 2, make=toys.theory)
    assert prove.exit_code(proofs) == OK
    found = why.why(proofs, 2)
    assert [one.clause for one in found] == [f.__name__ for f in theorem.clauses]
    return {one.clause: one for one in found}


def test_what_fails_first_without_a_clause() -> None:
    found = reasons_of()
    one = found["was_sent"]
    assert (one.verdict, one.superfluous) == ("failed", False)
    assert one.reason == {
        "fails": "told_of_the_past",
        "after": "deliver",
        "rule": "told something new",
    }
    assert one.first is not None
    assert one.first.where.startswith("tests/helpers/toys.py:")
    assert "arrives: no=" in one.state
    assert "\n" not in one.state


def test_a_clause_that_nothing_needs_is_superfluous() -> None:
    one = reasons_of()["numbered_from_one"]
    assert (one.verdict, one.superfluous, one.reason) == ("proved", True, {})
    # It made a path impossible: all clauses of that path were asked again
    assert one.asked > 0
    assert why.exit_code([one]) == VIOLATED
    with pytest.raises(UsageProblem, match="superfluous"):
        why.pin([one])


def test_what_was_proved_without_it_is_not_asked_again() -> None:
    proofs = prove.prove([toys.theorem()], 2, make=toys.theory)
    for one in why.why(proofs, 1):
        assert one.asked < len(proofs[0].obligations)
    for what in proofs[0].obligations:
        what.used = ()
    assert [one.verdict for one in why.why(proofs, 1)] == ["proved"] * 3


def test_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    one = reasons_of()["was_sent"]
    monkeypatch.setattr(why, "reasons", lambda: {"toy": {"was_sent": one.reason}})
    assert why.exit_code([one]) == OK
    assert why.exit_code([]) == INCONCLUSIVE
    unknown = Why("toy", "was_sent", "unknown", one.first)
    assert why.exit_code([one, unknown]) == INCONCLUSIVE
    with pytest.raises(UsageProblem, match="unknown"):
        why.pin([unknown])
    monkeypatch.setattr(why, "reasons", dict)
    assert why.pinned_otherwise([one]) == [one]
    assert why.exit_code([one]) == VIOLATED


def test_the_file_is_rewritten_for_the_theorems_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "THEOREMS", (toys.theorem(id="Y"), toys.theorem(id="X.other")))
    one = Why("Y", "was_sent", "failed", prove.Obligation("deliver", 3, "more", ("a", "b")))
    known: dict[str, dict[str, why.Reason]] = {
        "X.other": {"kept": {"fails": "it", "after": 'a "tick"', "rule": ""}},
        "Y": {"gone": {"fails": "it"}},
        "old": {"gone": {"fails": "it"}},
    }
    text = why.toml([one], known)
    assert tomllib.loads(text) == {
        "Y": {"was_sent": {"fails": "more", "after": "deliver", "rule": "a; b"}},
        "X.other": known["X.other"],
    }
    assert text.startswith("# Why each clause is there")


# The command


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the theorems, two toys, of which one is false."""
    theorems = (toys.theorem(id="Y1"), toys.theorem(toys.up_to_date, id="Y2.false"))
    for module in (prove, why):
        monkeypatch.setattr(module, "THEOREMS", theorems)
    toys.proved_instead(monkeypatch)
    monkeypatch.setattr(why, "reasons", dict)


@pytest.mark.usefixtures("toy")
def test_command(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    arguments = ["prove", "--why", "Y1", "--json", str(report)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == VIOLATED
    assert "Y1 was_sent\n  told_of_the_past fails after 'deliver'" in result.output
    assert "superfluous: all the rest is proved without it" in result.output
    assert "not what is pinned in proofs/results/why.toml" in result.output
    clauses = {c["clause"]: c for c in json.loads(report.read_text())["clauses"]}
    assert clauses["was_sent"]["reason"]["rule"] == "told something new"
    assert clauses["numbered_from_one"]["verdict"] == "superfluous"
    result = CliRunner().invoke(app, ["prove", "--why", "Y2"])
    assert result.exit_code == VIOLATED
    assert "up_to_date fails after" in result.output


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    "arguments", [["--why", "--needed"], ["--pin"], ["--why", "Y3"], ["--why", "Y1", "--out", "x"]]
)
def test_command_refuses(arguments: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, ["prove", *arguments]).exception, UsageProblem)


@pytest.mark.slow
@pytest.mark.parametrize("theorems", THEORIES, ids=lambda some: some[0].id)
def test_what_is_pinned_is_found_again(theorems: Sequence[Theorem]) -> None:
    found = why.why(prove.prove(theorems))
    assert why.pinned_otherwise(found) == []
    assert why.exit_code(found) == OK
