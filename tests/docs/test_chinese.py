"""The explanation in Chinese is in step with the English one.

A Chinese page is shorter, and has other sections. For each English section it says by a comment
where that one is told, and of which facts: ``<!-- en: ANCHOR FACTS -->``. Facts are the claims and
theorems that the section names, and its commands. Where they have changed, the Chinese text may be
wrong: read it, and write the new sign.
"""

import hashlib
import re

import pytest

from proofs.claims.table import BY_ID
from proofs.theorems.table import THEOREMS
from tests.docs.test_links import TOP
from tests.docs.test_links import _anchors as anchors

PAGES = sorted(page.name for page in TOP.glob("docs/explanation/*.md"))
IDS = {*BY_ID, *(theorem.id for theorem in THEOREMS)}

_ID = re.compile(r"\bW?[A-Z]{1,2}\d+[a-z]?(?:\.[a-z]+\d*)*\b")
_COMMAND = re.compile(r"^    (?:\./run|\.venv)[^#\n]*", re.MULTILINE)
_SECTION = re.compile(r"^##+ .*\n", re.MULTILINE)
_MARK = re.compile(r"^<!-- en: (\S+) (\w+) -->$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """What each section says, by its heading's anchor."""
    heads = [*_SECTION.finditer(text)]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return {anchor(head[0]): text[head.end() : end] for head, end in zip(heads, ends, strict=True)}


def anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")


def sign(text: str) -> str:
    """A sign of the facts of a section."""
    facts = sorted({*_ID.findall(text)} & IDS) + sorted(map(str.strip, _COMMAND.findall(text)))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:6]


@pytest.mark.parametrize("name", PAGES)
def test_each_section_is_told_of_the_facts_there_are(name):
    english = sections((TOP / "docs/explanation" / name).read_text("utf-8"))
    marks = _MARK.findall((TOP / "docs/zh" / name).read_text("utf-8"))
    assert {f"#{section}" for section in english} <= {*anchors(TOP / "docs/explanation" / name)}
    wanted = {f"<!-- en: {section} {sign(text)} -->" for section, text in english.items()}
    assert {f"<!-- en: {section} {facts} -->" for section, facts in marks} == wanted
    assert len(marks) == len(wanted)


@pytest.mark.parametrize("name", PAGES)
def test_chinese_pages_name_no_claim_that_is_none(name):
    found = {*_ID.findall((TOP / "docs/zh" / name).read_text("utf-8"))}
    assert found - IDS <= {"T1s", "F1", "Z3"}


def test_every_theorem_is_told_in_chinese():
    text = (TOP / "docs/zh/proofs.md").read_text("utf-8")
    assert {theorem.id for theorem in THEOREMS} <= {*_ID.findall(text)}


def test_a_claim_more_is_another_fact():
    before = "T1 holds.\n\n    ./run verify T1\n"
    assert sign(before) == sign(before.replace("holds", "is true"))
    assert sign(before) != sign(before + "So does T2.\n")
    assert sign(before) != sign(before.replace("verify", "trace"))
