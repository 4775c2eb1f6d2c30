"""How many obligations a theory has: what the docs say is what recheck pins."""

import tomllib
from pathlib import Path

from checker.studies.prove import statements

ROOT = Path(__file__).parents[2]
PINS: dict[str, int] = tomllib.loads((statements.PLACE / "obligations.toml").read_text("utf-8"))


def test_each_statement_has_a_count() -> None:
    assert {path.stem for path in statements.PLACE.glob("*.txt")} == {*PINS}


def test_the_page_of_proofs_has_their_sum() -> None:
    page = (ROOT / "docs" / "explanation" / "proofs.md").read_text("utf-8")
    assert f"{sum(PINS.values()):,} obligations" in page


def test_the_readme_has_one() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"{PINS['T1']:,} obligations; z3, cvc5" in readme
