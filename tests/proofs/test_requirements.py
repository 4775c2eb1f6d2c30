"""The sentences of RFC 9293: all are there, and what they name is there."""

import re
import tomllib
from pathlib import Path

import pytest

import proofs
from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import BY_ID
from proofs.requirements import SENTENCES, STATUSES, Sentence
from spec.rules import SWITCHES
from spec.tcp.tcb import State
from tests.helpers.cited import cited

NUMBERS = {"MUST": 69, "SHLD": 31, "MAY": 18, "REC": 1}
"""How many there are of each kind in Appendix B."""
TOP = Path(__file__).parents[2]
ALL = list(SENTENCES.values())
EACH = pytest.mark.parametrize("sentence", ALL, ids=lambda sentence: sentence.name)


def test_all_119_numbers_are_there_once() -> None:
    wanted = {f"{kind}-{n}" for kind, last in NUMBERS.items() for n in range(1, last + 1)}
    assert sorted(one.id for one in ALL if one.id) == sorted(wanted)
    assert len(wanted) == 119


def test_no_name_is_given_twice() -> None:
    text = (Path(proofs.__file__).parent / "requirements.toml").read_text("utf-8")
    assert len(tomllib.loads(text)["sentence"]) == len(SENTENCES)


@EACH
def test_a_status_has_what_belongs_to_it(sentence: Sentence) -> None:
    assert sentence.status in STATUSES
    decided = sentence.status in ("implemented", "alternative", "not followed")
    assert bool(sentence.rules) == decided
    assert sentence.why or (decided and not sentence.against)
    assert sentence.against or sentence.status != "not followed"
    assert ("=" in sentence.switch) or sentence.status != "alternative"
    assert not (sentence.never and sentence.against)


def test_every_rule_is_named_and_every_name_is_a_rule() -> None:
    assert {rule for one in ALL for rule in one.rules} == set(cited())


def test_every_switch_is_named_and_every_name_is_a_switch() -> None:
    named = {part.split("=")[0] for one in ALL for part in one.switch.split()}
    assert named <= set(SWITCHES)
    told = " ".join(one.why for one in ALL)
    assert {name for name in SWITCHES if name not in named and name not in told} == set()


def test_every_erratum_is_named() -> None:
    pages = {page.stem for page in (TOP / "docs/errata").glob("*.md")} - {"README"}
    assert {one.erratum for one in ALL} - {""} == pages


@EACH
def test_what_is_named_is_there(sentence: Sentence) -> None:
    assert sentence.against == "" or sentence.against in {one.at for one in ALL}
    assert sentence.when.state is None or sentence.when.state in {state.value for state in State}
    claims = set(re.findall(r"\b[A-Z]\d+s?(?:\.[a-z]+)*\b", sentence.why)) - {"R1", "R2", "F1"}
    assert claims <= set(BY_ID)
    assert set(re.findall(r"[Ss]cenario (\S+)\.", sentence.why)) <= set(SCENARIOS)
