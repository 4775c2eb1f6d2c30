"""Obligations, one after the other."""

from types import SimpleNamespace
from typing import Any

import z3

from checker.engines.solver.induction import Obligation
from checker.engines.solver.response import prover_of
from checker.studies.prove import asking
from tests.checker.engines.solver.test_induction import asked
from tests.helpers import restated
from tests.proofs.recheck.test_obligations import ENDING, SAFE


def found(*verdicts: str) -> Any:
    """What is written down of obligations with these verdicts."""
    made = [Obligation("do", n, "c", verdict=verdict) for n, verdict in enumerate(verdicts)]
    for what in made:
        what.counterexample = {"n": z3.IntVal(7)}
    told = SimpleNamespace(verdict="proved", first=None, asked=0)
    asking.until_one_fails(told, iter(made))
    first = None if told.first is None else told.first.path
    if told.first is not None:
        assert repr(told.first.counterexample) == "{'n': 7}"
        assert type(told.first.counterexample["n"]) is int, "it can be sent to another process"
    return told.verdict, first, told.asked


def test_the_first_that_fails_ends_it() -> None:
    assert found("proved", "proved") == ("proved", None, 2)
    assert found("proved", "failed", "proved") == ("failed", 1, 2)
    assert found("unknown", "proved", "unknown") == ("unknown", 0, 3), "the first is kept"
    assert found("unknown", "failed", "failed") == ("failed", 1, 2), "but for one that fails"


def test_all_is_asked_once() -> None:
    for text in (SAFE, ENDING):
        theory = restated.theory(text)
        names = [what.name for what in asking.in_turn(prover_of(theory, 10.0), "3.10.4")]
        assert sorted(names) == sorted(what.name for what in asked(restated.theory(text)))


def test_paths_that_are_near_come_first() -> None:
    theory = restated.theory(SAFE)
    order = [(step.action, step.path) for step in asking.steps(theory, "3.10.4")]
    assert order[0] == ("FIN", 0)
    assert order[1:] == [
        ("forged", 0),
        ("NEVER", 0),
        ("deliver", 0),
        ("NEVER", 1),
        ("deliver", 1),
        ("OPEN", 1),
        ("OPEN", 2),
    ]


def test_values_are_plain() -> None:
    x = z3.Int("x")
    plain = [asking.plain(term) for term in (z3.BoolVal(True), z3.BoolVal(False), z3.IntVal(3))]
    assert plain == [True, False, 3] and plain[0] is True
    assert asking.plain(z3.BitVecVal(5, 4)) == 5
    assert asking.plain(x) == "x"
    assert asking.plain(z3.RealVal("1/2")) == "1/2"
