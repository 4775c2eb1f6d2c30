"""Changes of predicates: what notices one, and what does not."""

import sys

import pytest

from checker.ir.mutate import Mutant
from proofs.claims import properties as p
from tests.programs import predicates


def of(function: str, after: str = "") -> list[Mutant]:
    """The changes of a function, or those after which it has this text."""
    return [c for c in predicates.changes(function) if after in c.after]


def question(name: str) -> predicates.Question:
    (found,) = [asked for asked in predicates.questions() if asked[0] == name]
    return found


@pytest.mark.slow
def test_every_predicate_is_changed_that_says_something_of_a_state() -> None:
    changed = {change.function for change in predicates.changes()}
    assert {*predicates.functions()} - changed == {"everything", "anywhere", "nowhere"}


def test_a_copy_is_changed_and_the_predicate_is_not() -> None:
    (change,) = of("_exchanges", "not tcb.state in SYNCHRONIZED")
    copy = predicates.changed(change, p.no_disagreement)
    assert copy is not p.no_disagreement
    used = copy.__globals__["_expects_another"].__globals__["_exchanges"]  # type: ignore[attr-defined]
    assert used.__code__ is change.code
    assert p._exchanges.__code__ is not change.code


def test_what_a_predicate_reads_is_changed_with_it() -> None:
    (claim,) = [c for c in predicates.CLAIMS if c.id == "K3.next"]
    read = {"expects_what_was_sent", "_expects_another", "_exchanges"}
    asked = predicates.changes("not_late", *read)
    assert {change.function for _, change in predicates.variants(claim, asked)} == read


@pytest.mark.parametrize(
    ("name", "function", "after"),
    [
        ("K1.time K2 K2.time WK1.time WK2", "peer_is_gone", "not me.ghost.given_up"),
        ("41 K2.time", "not_hasty", "b.ghost.hasty"),  # A's too, which is the one that falls
    ],
)
def test_a_change_is_noticed(name: str, function: str, after: str) -> None:
    (change,) = [c for c in of(function) if c.after == after]
    assert any(other for _, _, other in predicates.ask(question(name), [change]))


def test_a_change_that_nobody_asks_about_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicates, "questions", list)
    monkeypatch.setattr(predicates.observers, "noticed", lambda change, tests: False)
    found = of("not_hasty")
    monkeypatch.setattr(predicates, "changes", lambda: found)
    monkeypatch.setattr(sys, "argv", ["predicates", "not_hasty"])
    assert predicates.main() == 1


@pytest.mark.slow
def test_every_change_of_a_predicate_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["predicates"])
    assert predicates.main() == 0
