"""Theorems that are proved together are of one system, and assume the same of it."""

import dataclasses
from typing import Any

import pytest

from checker.studies.prove import statements, theories
from proofs.theorems.invariants import View
from proofs.theorems.small import Pair
from proofs.theorems.table import BY_ID, THEOREMS, Theorem, together


def other(w: View) -> bool:
    """A fact that the base does not assume."""
    return w.bounds.window > 1


def test_a_theorem_that_is_built_upon_another_needs_it() -> None:
    with pytest.raises(ValueError, match=r"T2 is built upon T1, which is not given first"):
        theories.theory([BY_ID["T2"]])


@pytest.mark.parametrize(
    "change",
    [
        {"upon": "T3"},
        {"bounds": {"width": 16}},
        {"free": ()},
        {"rules": {"three_way": False}},
        {"rules": {"syn_ack_exact": False}},
        {"facts": (other,)},
        {"pairs": ()},
    ],
    ids=", ".join,
)
def test_what_is_not_of_the_same_system_is_refused(change: dict[str, Any]) -> None:
    base, theorem = BY_ID["T1"], BY_ID["T1s.exact"]
    if "three_way" in change.get("rules", {}):
        base = dataclasses.replace(base, rules={**base.rules, "three_way": True})
    wrong = dataclasses.replace(theorem, **change)
    with pytest.raises(ValueError, match=r"T1s\.exact cannot be built upon T1: it is of another"):
        theories.theory([base, wrong])


def test_what_is_of_the_same_system_is_not() -> None:
    theories._check(BY_ID["T1"], [t for t in BY_ID.values() if t.upon == "T1"])


OF_THEIR_OWN = [some for some in together(THEOREMS) if some[0].system is not None]
QUICK = [some for some in OF_THEIR_OWN if not isinstance(some[0].system, Pair)]


@pytest.mark.parametrize(
    "some",
    [*QUICK, *(some for some in OF_THEIR_OWN if some[0].id == "T9.pace.text")],
    ids=lambda some: some[0].id,
)
def test_the_statement_of_a_system_of_its_own_is_up_to_date(some: tuple[Theorem, ...]) -> None:
    assert statements.stale(some, theories.theory(some)) == ""
