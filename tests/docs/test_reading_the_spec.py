"""``reading-the-spec.md`` shows the code as it is, and names what is there."""

import ast
import re
from pathlib import Path

import pytest

import spec
from tests.helpers.cited import cited

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/reading-the-spec.md").read_text("utf-8")
SOURCE = {
    " ".join(line.split())
    for file in Path(spec.__file__).parent.rglob("*.py")
    for line in file.read_text("utf-8").splitlines()
}
TITLES = (
    "First, check sequence number",
    "Second, check the RST bit",
    "Third, check security",
    "Fourth, check the SYN bit",
    "Fifth, check the ACK field",
    "Sixth, check the URG bit",
    "Seventh, process the segment text",
    "Eighth, check the FIN bit",
)
"""Those of section 3.10.7.4."""


@pytest.mark.parametrize("line", re.findall(r"^ {4}(.*)$", PAGE, re.MULTILINE))
def test_code_is_quoted_as_it_is(line: str) -> None:
    assert " ".join(line.split()) in SOURCE


def test_rules_that_are_named_are_cited() -> None:
    named = set(re.findall(r"`(3\.10[^` ]*/[^`]*)`", PAGE))
    assert named
    assert named <= set(cited())


def test_steps_have_the_titles_and_the_order_of_the_rfc() -> None:
    text = (ROOT / "spec/tcp/segment_arrives/others.py").read_text("utf-8")
    functions = [f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)]
    docs = [ast.get_docstring(f) or "" for f in functions]
    defined = [title for doc in docs for title in TITLES if doc.startswith(title)]
    assert defined == [title for title in TITLES if not title.startswith("Third")]
    steps = [text.lower().index(f"# {title.lower()}") for title in TITLES[:6]]
    assert steps == sorted(steps)
