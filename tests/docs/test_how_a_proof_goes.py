"""The counterexample to induction that docs/explanation/proofs shows is the one that is found."""

import dataclasses
from pathlib import Path

import pytest

from checker.studies.prove import prove
from checker.studies.prove.report import counterexample
from proofs.theorems.table import BY_ID

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "proofs.md"


@pytest.mark.slow
def test_t1_without_its_fourth_clause() -> None:
    theorem = BY_ID["T1"]
    rest = tuple(c for c in theorem.clauses if c.__name__ != "answers_its_caller")
    (found,) = prove.prove([dataclasses.replace(theorem, clauses=rest)])
    prove.shrink([found])
    said = counterexample(found, found.failed[0])
    shown = PAGE.read_text("utf-8").split("```\n")[1].splitlines()
    assert [line for line in said if not line.startswith(("  clause", "  action", "  before"))] == (
        shown
    )
