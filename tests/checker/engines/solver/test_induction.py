"""What the prover asks of two small statements, and what comes of it: ``asked.txt``.

The statements are those of ``tests/proofs/recheck/obligations.txt``, whose obligations another
program derived. A change here is written by python -m tests.checker.engines.solver.test_induction;
read the difference.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import z3

from checker.engines.solver import induction
from checker.engines.solver.induction import CONSTANT, NEVER, Obligation, Theory, steps_of
from checker.engines.solver.response import Lively, in_the_end, paths, prover_of
from checker.studies.prove import statements
from proofs.recheck import obligations, statement
from proofs.recheck.terms import script
from tests.helpers import restated
from tests.proofs.recheck.test_obligations import ENDING, SAFE

PLACE = Path(__file__).with_name("asked.txt")
TEXTS = {"safe": SAFE, "ending": ENDING}


def asked(theory: Theory, least: bool = False) -> Iterator[Obligation]:
    """All that there is to prove of a theory."""
    prover = prover_of(theory, 10.0, least)
    yield from in_the_end(prover)
    yield from prover.start()
    for kind in theory.kinds:
        for step in steps_of(kind):
            if step.leaf.static.possible:
                yield from prover.step(step)
            yield from in_the_end(prover, step)
    yield from prover.ticking()
    for action in theory.constancy.trees if theory.constancy is not None else ():
        yield from prover.constant(action)
    assert prover.taken == {
        at: "never" if at in NEVER_TAKEN[theory.name] else "enabled" for at in prover.taken
    }


NEVER_TAKEN = {"safe": [("NEVER", 0), ("OPEN", 1)], "ending": []}


COMMUTE = {"and", "or", "=", "distinct", "+", "bvadd"}


def said(term: Any) -> str:
    """A term; what commutes in the order of letters, since Z3's depends on what it made before."""
    args = [said(arg) for arg in term.children()]
    name = str(term.sexpr()) if not args else term.decl().name()
    if not args:
        return name
    if name in COMMUTE:
        args.sort()
    return f"({' '.join([name, *args])})"


class Heard:
    """What is asked: of the last question the goals, and the hypotheses at hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.supposed: dict[str, str] = {}
        self.goals: list[str] = []
        prove = induction._Asking.prove

        def noted(asking: Any, what: Obligation, goals: Sequence[Any]) -> Obligation:
            self.supposed = {name: said(term) for name, term in asking.all.items()}
            self.goals = [said(goal) for goal in goals if not induction.is_true(goal)]
            return prove(asking, what, goals)

        monkeypatch.setattr(induction._Asking, "prove", noted)


def told(heard: Heard) -> Iterator[str]:
    for name, text in TEXTS.items():
        yield f"# {name}, as it is printed"
        theory = restated.theory(text)
        yield from statements.written(restated.theorems(text), theory).splitlines()
        yield f"# {name}, what is asked"
        supposed: dict[str, str] = {}
        for what in asked(theory):
            rules = "".join(f" [{rule}]" for rule in what.rules)
            yield f"{what.name}{rules} {what.where}: {what.verdict}"
            yield from (
                f"    {name}: {term}"
                for name, term in heard.supposed.items()
                if supposed.get(name) != term
            )
            supposed |= heard.supposed
            yield f"    of {len(heard.supposed)}"
            yield from (f" => {goal}" for goal in sorted(heard.goals))
            if what.verdict == "proved":
                yield f"    used: {'; '.join(sorted(what.used))}"


def test_what_is_asked_and_what_comes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*told(Heard(monkeypatch))] == PLACE.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", TEXTS)
def test_what_another_program_derives_is_as_true(name: str) -> None:
    """Each obligation is proved if, and only if, that of ``proofs.recheck`` is."""
    theory = restated.theory(TEXTS[name])
    found = {what.name: what.verdict for what in asked(theory)}
    of = obligations.Theory(statement.statement(TEXTS[name]))
    derived = {one.name: script(one.supposed, one.goal) for one in of.all()}
    never = {f"{action}.{path}." for action, path in NEVER_TAKEN[name]}
    assert {n for n in found if not n.endswith(f".{NEVER}")} == {
        n for n in derived if n.endswith(CONSTANT) or not any(map(n.startswith, never))
    }
    for one, text in derived.items():
        solver = z3.Solver()
        solver.from_string(text)
        holds = solver.check() == z3.unsat
        verdict = found.get(one, found.get(f"{one.rpartition('.')[0]}.{NEVER}"))
        assert (verdict == "proved") == holds, one


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_printed_is_what_it_was_made_of(name: str) -> None:
    """... but for parentheses of ``and`` and ``or``, of two terms each when printed."""
    text = TEXTS[name]
    printed = statements.written(restated.theorems(text), restated.theory(text))
    again = restated.theory(printed)
    assert statements.written(restated.theorems(printed), again) == printed
    before = obligations.Theory(statement.statement(text)).all()
    after = obligations.Theory(statement.statement(printed)).all()
    for one, other in zip(before, after, strict=True):
        assert (one.name, len(one.supposed)) == (other.name, len(other.supposed))


def test_what_happens_in_the_end_has_names() -> None:
    theory = restated.theory(ENDING)
    assert isinstance(theory, Lively)
    assert theory.lively == ("closes", "quiet")
    names = [one.name for one in theory.parts]
    assert names == ["left", "quiet", "closes", "asks", "fin", "ack", "waits", "again"]


def test_a_theory_of_silence_alone() -> None:
    text = ENDING[: ENDING.index("(response")] + ENDING[ENDING.index("(silence") :]
    theory = restated.theory(text.replace("(claims closes quiet", "(claims quiet"))
    found = [what.name for what in asked(theory) if what.clause == "quiet"]
    assert found == ["deliver.0.quiet", "deliver.1.quiet"]


def test_actions_with_few_paths_come_first() -> None:
    names = [step.action for step in paths(restated.theory(SAFE))]
    assert list(dict.fromkeys(names)) == ["forged", "NEVER", "deliver", "FIN", "OPEN"]


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        PLACE.write_text("\n".join([*told(Heard(patch)), ""]), "utf-8")
