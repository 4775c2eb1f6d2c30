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
    if not args:
        return str(term.sexpr())
    name = term.decl().name()
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


# What else may be asked for


def test_all_at_once_is_as_true(monkeypatch: pytest.MonkeyPatch) -> None:
    """One question for all of a path first, with all hypotheses; then one for each that is left."""
    theory = restated.theory(SAFE)
    known = {what.name: what.verdict for what in asked(theory)}
    theory.at_once = True
    questions: list[tuple[str, int]] = []
    ask = induction._Asking._ask

    def noted(asking: Any, what: Obligation, goals: Sequence[Any]) -> list[str]:
        questions.append((what.name, len(goals)))
        return ask(asking, what, goals)

    monkeypatch.setattr(induction._Asking, "_ask", noted)
    found = {what.name: what for what in asked(theory)}
    assert {name: what.verdict for name, what in found.items()} == known
    at = questions.index(("OPEN.2.never", 1))
    assert questions[at + 1][0] == ".0.", "several, which are of no clause"
    told = found["forged.0.numbered"]
    assert (told.verdict, told.used) == ("proved", ("numbered x n", "numbered y n"))


def test_what_is_proved_at_once_used_all_that_was_there() -> None:
    asking = induction._Asking({"one": A, "two": B}, 10**6, induction._Lessons(), at_once=True)
    whats = [Obligation("do", 0, name) for name in ("c", "d", "e")]
    goals = [[z3.And(A, B)], [z3.Or(A, C)], [A, z3.BoolVal(True)]]
    asking.prove_all([*zip(whats, goals, strict=True)])
    assert [(what.verdict, what.used) for what in whats] == [
        ("proved", ("one", "two")),
        ("proved", ("one", "two")),
        ("", ()),
    ], "the last is a hypothesis, and is not asked"
    assert all(what.seconds >= 0 for what in whats) and whats[0].seconds < 60
    more = Obligation("do", 0, "f")
    asking.prove_all([(more, [C])])
    assert more.verdict == "", "nothing is said of what fails"
    asking.prove_all([(more, [A])])
    asking.prove_all([(more, [z3.BoolVal(True)])])
    assert more.verdict == ""


A, B, C = z3.Bools("a b c")


def test_what_was_learnt() -> None:
    lessons = induction._Lessons()
    assert lessons.recall(C, {}) is None
    assert lessons.recall(C, {induction.identity(C): "it"}) == ["it"]
    lessons.learn("clause", [C], {"path 0: x": A, "first": B})
    lessons.learn("clause", [z3.And(A, B)], {"second": A})
    ids = {induction.identity(A): "a", induction.identity(B): "b"}
    assert lessons.recall(C, ids) == ["a", "b"]
    assert lessons.recall(C, {induction.identity(A): "a"}) is None
    assert lessons.useful["clause"] == ["second", "first"], "the last first, and no test of a path"
    lessons.learn("clause", [C], {"first": B})
    assert lessons.useful["clause"] == ["first", "second"]
    kept = {induction.identity(term) for term in lessons.kept.values()}
    assert {induction.identity(term) for term in (A, B, C)} <= kept


def test_what_is_needed_of_many_hypotheses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver gets what the clause needed before, and then what is false in its states."""
    lessons = induction._Lessons()
    names = [f"h{n}" for n in range(20)]
    known = {name: z3.Bool(f"p{n}") for n, name in enumerate(names)}
    asking = induction._Asking(known, 10**6, lessons)
    what = asking.prove(Obligation("do", 0, "c"), [z3.Bool("p7"), z3.BoolVal(True)])
    assert (what.verdict, what.used) == ("proved", ("h7",))
    assert 0 <= what.seconds < 60
    both = z3.And(z3.Bool("p3"), z3.Bool("p5"))
    what = asking.prove(Obligation("do", 0, "c"), [both])
    assert (what.verdict, sorted(what.used)) == ("proved", ["h3", "h5"])
    again = induction._Asking(known, 10**6, lessons)
    told: list[list[str]] = []
    tell = induction._Asking._tell
    monkeypatch.setattr(
        induction._Asking, "_tell", lambda self, some: told.append([*some]) or tell(self, some)
    )
    what = again.prove(Obligation("do", 1, "c"), [z3.Or(both, z3.Bool("q"))])
    assert what.verdict == "proved"
    assert [sorted(some) for some in told] == [["h3", "h5"]], "what was needed before is enough"
    failed = again.prove(Obligation("do", 1, "d"), [z3.Bool("q")])
    assert failed.verdict == "failed" and failed.used == ()
    less = induction._Asking({"h0": known["h0"]}, 10**6, lessons)
    told.clear()
    assert less.prove(Obligation("do", 2, "c"), [both]).verdict == "failed"
    assert told[0] == [], "what is not at hand is not told"


def test_limits() -> None:
    asking = induction._Asking({}, 12_345, induction._Lessons())
    assert asking.limit == 12_345


def test_some_clauses_of_a_path() -> None:
    theory = restated.theory(SAFE)
    prover = prover_of(theory, 10.0)
    (forged,) = (kind for kind in theory.kinds if kind.name == "forged")
    (step,) = steps_of(forged)
    assert [what.clause for what in prover.step(step, ["numbered"])] == ["numbered"]
    assert [what.clause for what in prover.step(step, ["told", "sorts"])] == ["told", "sorts"]
    assert [what.clause for what in prover.step(step, ["sorts"])] == ["sorts"]


def plain(values: Any) -> dict[str, Any]:
    return {name: str(value) for name, value in values.items()}


def test_states_of_least_values() -> None:
    """What fails is shown by what the clause and the path read, as low as may be, and by what the
    ends become, and what is sent."""
    shown = {what.name: what for what in asked(restated.theory(SAFE), least=True)}
    assert not any(what.after for what in shown.values() if what.verdict == "proved")
    failed = [
        what for what in shown.values() if what.verdict == "failed" and what.action != "start"
    ]
    assert len(failed) == 13 and all(what.after for what in failed)
    what = shown["deliver.0.small_numbers"]
    assert plain(what.counterexample) == {
        "y.other.present": "True",
        "y.other.no": "6",
        "seg.no": "4",
        "y.open": "False",
    }
    after = plain(what.after)
    assert {name: after[name] for name in ("x.open", "sent0.no", "sent0.life")} == {
        "x.open": "False",
        "sent0.no": "5",
        "sent0.life": "0",
    }
    ticked = shown["tick.0.told"]
    assert plain(ticked.counterexample) == {
        "on": "True",
        "x.count": "0",
        "y.count": "0",
        "x.open": "True",
        "x.age": "3",
        "y.open": "False",
        "y.age": "0",
    }
    assert plain(ticked.after)["x.age"] == "2"
    fields = {f"{h}.{name}" for h in "xy" for name in ("open", "count", "id", "age")}
    assert {*ticked.after} == fields
    assert {*what.after} == fields | {"sent0.no", "sent0.life"}


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
