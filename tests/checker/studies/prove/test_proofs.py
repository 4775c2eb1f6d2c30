"""What is told of proofs, and who does which part of the work: of obligations that are made up."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from checker.engines.solver.induction import (
    CONSTANT,
    NEVER,
    SORTS,
    START,
    TICK,
    Obligation,
    steps_of,
)
from checker.studies.prove import prove
from checker.studies.prove.prove import Action, Proof, Unit
from checker.studies.prove.runs import Witness
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from proofs.theorems.table import BY_ID, THEOREMS
from tests.helpers import restated, toys
from tests.proofs.recheck.test_obligations import ENDING, SAFE


def proof(text: str = SAFE) -> Proof:
    """Of a small statement, of which nothing was asked yet."""
    made = restated.theory(text)
    actions = [Action(START), *(Action(kind.name, [*steps_of(kind)]) for kind in made.kinds)]
    actions += [Action(TICK)] if made.tick is not None else []
    return Proof((BY_ID["T1"],), made, actions)


def what(action: str, path: int, clause: str, verdict: str = "proved", **more: Any) -> Obligation:
    return Obligation(action, path, clause, verdict=verdict, **more)


# What came of it


def test_paths() -> None:
    one = proof()
    by_name = {action.name: action for action in one.actions}
    assert by_name["FIN"].paths == [0] and by_name["FIN"].impossible == [1]
    assert by_name["OPEN"].paths == [1, 2] and by_name["OPEN"].impossible == [0]
    assert by_name[START].paths == by_name[TICK].paths == [0]
    assert one.paths == 10
    assert one.id == "T1"


def test_what_is_remembered_of_paths() -> None:
    """Of each path that is a step; not what is shown of an action, or happens in the end."""
    one = proof(ENDING)
    one.obligations = [
        what(START, 0, "remembered"),
        what("FIN", 0, "remembered"),
        what("FIN", 0, SORTS),
        what("FIN", 0, CONSTANT),
        what("FIN", 0, "closes"),
        what("deliver", 2, "quiet"),
        what("deliver", 1, NEVER),
    ]
    one.taken = {("FIN", 0): "enabled"}
    found = [(s.action, s.path, [w.clause for w in of], taken) for s, of, taken in one.by_path()]
    assert found == [
        ("deliver", 1, [NEVER], ""),
        ("FIN", 0, ["remembered", SORTS], "enabled"),
    ]


def test_verdicts() -> None:
    """Failed before unknown before vacuous; nothing asked is nothing proved."""
    one = proof()
    assert one.verdict == "unknown"
    good = what("FIN", 0, "told")
    live = {(action.name, 0): "enabled" for action in one.actions}
    one.obligations, one.taken = [good], live
    assert (one.verdict, one.vacuous, prove.exit_code([one])) == ("proved", [], OK)
    one.runs = {"T1": Witness(3)}
    assert one.verdict == "proved"
    one.runs = {"T1": Witness(3), "T2": Witness(None)}
    assert one.verdict == "vacuous"
    one.runs = {}
    one.taken = live | {("FIN", 0): "unknown", (START, 0): "unknown"}
    assert (one.vacuous, one.verdict) == (["FIN"], "vacuous")
    assert prove.exit_code([one]) == INCONCLUSIVE
    one.obligations = [good, what("FIN", 0, SORTS, "unknown")]
    assert (one.verdict, [w.clause for w in one.undecided]) == ("unknown", [SORTS])
    assert prove.exit_code([one]) == INCONCLUSIVE
    one.obligations.append(what("OPEN", 1, "told", "failed"))
    assert (one.verdict, [w.action for w in one.failed]) == ("not proved", ["OPEN"])
    assert prove.exit_code([one]) == VIOLATED
    assert prove.exit_code([]) == INCONCLUSIVE


def test_how_many_paths_are_taken() -> None:
    one = proof()
    one.obligations = [what("OPEN", 1, NEVER), what("OPEN", 2, "told")]
    one.taken = {
        ("OPEN", 1): "never",
        ("OPEN", 2): "enabled",
        ("FIN", 0): "enabled",
        ("NEVER", 1): "unknown",
    }
    assert [one.count(how) for how in ("enabled", "never", "unknown")] == [2, 1, 1]


def test_on_which_days_it_was_proved() -> None:
    one = proof()
    days = ("2026-02-01", "", "2026-01-01", "2026-02-01")
    one.obligations = [what("FIN", 0, "told", remembered=day) for day in days]
    assert [*one.before.items()] == [("2026-01-01", 1), ("2026-02-01", 2)]


# Who does what


def test_theorems_by_name() -> None:
    assert [one.id for one in prove.named("R10")] == ["R10", "R10.idle"]
    chosen = prove.select(["S2.rate", "R10.idle"])
    assert [one.id for one in chosen] == [t.id for t in THEOREMS if t in chosen]
    assert {one.id for one in prove.select(["S2.rate"])} == {"S2.rate"}
    assert prove.select([]) == list(THEOREMS)
    with pytest.raises(UsageProblem, match="T99"):
        prove.named("T99")
    (theory,) = prove.theories([BY_ID["T5"]])
    assert BY_ID["T1"] in theory and BY_ID["T5"] in theory


def test_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions with many paths first, each with what is asked of it as a whole before."""
    monkeypatch.setattr(prove, "CHUNK", 1)
    one = proof()
    names = [action.name for action in one.actions]
    found = [(names[u.action], u.paths, u.whole) for u in prove.units(7, one)]
    assert found == [
        ("NEVER", (), True),
        ("NEVER", (0,), False),
        ("NEVER", (1,), False),
        ("deliver", (), True),
        ("deliver", (0,), False),
        ("deliver", (1,), False),
        ("OPEN", (), True),
        ("OPEN", (1,), False),
        ("OPEN", (2,), False),
        (START, (0,), False),
        ("forged", (), True),
        ("forged", (0,), False),
        ("FIN", (), True),
        ("FIN", (0,), False),
        (TICK, (0,), False),
    ]
    assert {unit.proof for unit in prove.units(7, one)} == {7}
    monkeypatch.setattr(prove, "CHUNK", 2)
    assert Unit(7, 1, (0, 1)) in prove.units(7, one)


class Asked:
    """A prover that says what it is asked."""

    def __init__(self, never: bool = False) -> None:
        self.taken: dict[tuple[str, int], str] = {}
        self.steps: list[Any] = []
        self.never = never

    def step(self, step: Any, only: Any = None) -> Any:
        self.steps.append((step.action, step.path, only))
        names = [NEVER] if self.never else only or ["told", SORTS]
        return iter([what(step.action, step.path, name, remembered="now") for name in names])

    def start(self) -> Any:
        return iter([what(START, 0, "told")])

    def ticking(self) -> Any:
        return iter([what(TICK, 0, "told")])

    def constant(self, action: str) -> Any:
        return iter([what(action, 0, CONSTANT)])


def test_what_a_unit_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        prove,
        "in_the_end",
        lambda _prover, step=None: iter([what("end", -1 if step is None else step.path, "e")]),
    )
    one = proof()
    names = [action.name for action in one.actions]

    def asked(action: str, *paths: int, whole: bool = False) -> list[str]:
        unit = Unit(0, names.index(action), paths, whole)
        return [w.name for w in prove._obligations(Asked(), one, unit)]  # type: ignore[arg-type]

    assert asked(START, 0) == ["start.0.told", "end.-1.e"]
    assert asked(TICK, 0) == ["tick.0.told", f"tick.0.{CONSTANT}"]
    assert asked("OPEN", whole=True) == [f"OPEN.0.{CONSTANT}", "end.0.e"]
    assert asked("OPEN", 2) == ["OPEN.2.told", f"OPEN.2.{SORTS}", "end.2.e"]
    assert asked("OPEN") == []


def memory(known: dict[str, Obligation], taken: str) -> Any:
    return SimpleNamespace(of=lambda _: (known, taken), wanted=lambda: ["told", "numbered", SORTS])


def test_what_is_known_of_a_path_is_not_asked() -> None:
    """Unless a part is missing, or nobody knows whether it is taken."""
    (step, *_) = steps_of(proof().theory.kinds[0])
    old = {n: what("NEVER", 0, n, remembered="then") for n in ("told", "numbered", SORTS)}

    def path(known: dict[str, Obligation] | None, taken: str, never: bool = False) -> Any:
        asked = Asked(never)
        of = None if known is None else memory(known, taken)
        found = [*prove._path(asked, of, step)]  # type: ignore[arg-type]
        said = [(w.clause, w.remembered) for w in found]
        return said, [only for _, _, only in asked.steps], asked.taken.get(("NEVER", 0))

    assert path(None, "") == ([("told", "now"), (SORTS, "now")], [None], None)
    assert path({}, "enabled") == ([("told", "now"), (SORTS, "now")], [None], None)
    all_ = [(name, "then") for name in ("told", "numbered", SORTS)]
    assert path(old, "enabled") == (all_, [], "enabled")
    assert path(old, "")[1] == [[]], "is it taken?"
    some = {"told": old["told"], SORTS: old[SORTS]}
    said = [("told", "then"), ("numbered", "now"), (SORTS, "then")]
    assert path(some, "enabled") == (said, [["numbered"]], None)
    gone = {NEVER: what("NEVER", 0, NEVER, remembered="then")}
    assert path(gone, "never") == ([(NEVER, "then")], [], "never")
    assert path(some, "enabled", never=True)[0] == [(NEVER, "now")]


def test_progress_tells_all_paths_in_the_end() -> None:
    told: list[int] = []
    (made,) = prove.prove([toys.theorem()], 1, lambda _, done: told.append(done), make=toys.theory)
    assert told[0] == 0 and told[-1] == made.paths
    assert told == sorted(told)
    order = [(w.action, w.path, w.clause == CONSTANT) for w in made.obligations]
    names = [action.name for action in made.actions]
    assert order == sorted(order, key=lambda at: (names.index(at[0]), not at[2], at[1]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claims": ()}, "claims must be some of the clauses"),
        ({"claims": ("nothing",)}, "claims must be some of the clauses"),
        ({"constants": {"me.mode": 1}}, "a field that is left out begins with another value"),
    ],
)
def test_theories_that_are_refused(change: dict[str, Any], said: str) -> None:
    made = restated.theory(SAFE)
    for name, value in change.items():
        setattr(made, name, value)
    with pytest.raises(UsageProblem, match=said):
        prove._check(made)


@pytest.mark.parametrize("name", [START, TICK, "OPEN"])
def test_an_action_of_a_name_that_is_taken(name: str) -> None:
    made = restated.theory(SAFE)
    made.kinds[0] = dataclasses.replace(made.kinds[0], name=name)
    with pytest.raises(UsageProblem, match="actions need different names"):
        prove._check(made)


@pytest.mark.parametrize("name", [NEVER, SORTS, CONSTANT, "numbered"])
def test_a_clause_of_a_name_that_is_taken(name: str) -> None:
    made = restated.theory(SAFE)
    made.clauses[0] = dataclasses.replace(made.clauses[0], name=name)
    with pytest.raises(UsageProblem, match="clauses need different names"):
        prove._check(made)


def test_claims_of_what_happens_in_the_end() -> None:
    made = restated.theory(ENDING)
    made.claims = ("closes",)
    prove._check(made)
