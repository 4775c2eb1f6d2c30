"""What is listed as needed is all there is, and is told from what does not matter."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.engines.solver.induction import NEVER, Obligation, Theory
from checker.model.options import choose_profile, choose_rules
from checker.studies.prove import needed, prove
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from proofs.claims.claim import ALWAYS, EVENTUALLY
from proofs.claims.table import BY_ID as CLAIMS
from proofs.theorems import needs
from proofs.theorems.needs import NEEDS, Need, Run, varied
from proofs.theorems.table import BY_ID, OF_HOSTS, THEOREMS, Theorem
from spec.rules import SWITCHES
from spec.world.bounds import LIMITS
from tests.helpers import toys

NAMES = [f"{need.theorem} {need.title}" for need in NEEDS]


def test_every_assumption_has_an_entry() -> None:
    for theorem in THEOREMS:
        assumed = {*theorem.rules, *(f.__name__ for f in (*theorem.facts, *theorem.pairs))}
        # One thing at a time: an entry that changes two says nothing of either
        alone = {
            name
            for need in NEEDS
            if need.theorem == theorem.id and len(need.dropped) == 1
            for name in need.dropped
        }
        assert assumed <= alone, theorem.id


def test_every_theorem_has_a_wrong_variant_that_fails_and_is_refuted() -> None:
    refuted = {need.theorem for need in NEEDS if need.falls and need.run is not None}
    assert {t.id for t in OF_HOSTS} <= refuted
    assert {need.theorem for need in NEEDS if need.falls} == set(BY_ID)


@pytest.mark.parametrize("need", NEEDS, ids=NAMES)
def test_entries_name_what_there_is(need: Need) -> None:
    theorem = BY_ID[need.theorem]
    assert need.dropped
    assert set(need.rules) <= set(SWITCHES)
    assert set(need.bounds) <= set(LIMITS)
    assert {*need.without} <= {*theorem.facts, *theorem.pairs}
    was = choose_rules(theorem.rules)
    for name, value in need.rules.items():
        assert getattr(was, name) != value, "it changes something"
    if need.run is None:
        assert need.note, "why it is there although no run is known"
        return
    claim = need.run.claim
    choose_rules(claim.rules, need.run.rules)
    choose_profile(claim.profile, need.run.bounds)
    assert claim.kind in (ALWAYS, EVENTUALLY)
    # What is dropped of the theorem is not there in the run either
    assert not set(need.rules) & (set(claim.rules) - set(need.run.rules)) or (
        {name: claim.rules[name] for name in need.rules if name in claim.rules} == need.rules
    )


def test_entries_are_there_once() -> None:
    keys = [(need.theorem, tuple(sorted(need.dropped)), str(need.rules)) for need in NEEDS]
    assert len({*keys}) == len(keys)


def test_a_varied_theorem_stands_on_its_own() -> None:
    need = next(need for need in NEEDS if BY_ID[need.theorem].upon)
    theorem = BY_ID[need.theorem]
    found = varied(need)
    below = BY_ID[theorem.upon]
    assert not found.upon
    assert {*found.clauses} >= {*below.all} - {*theorem.claims}
    assert found.claims == theorem.claims
    assert not {*found.clauses} & {*found.claims}


def test_entries_are_selected_by_theorem() -> None:
    assert needed.select([]) == list(NEEDS)
    assert {n.theorem for n in needed.select(["T1s"])} == {
        *("T1s.exact", "T1s.far", "T1s.exact.text")
    }
    with pytest.raises(UsageProblem, match="no theorem 'T99'"):
        needed.select(["T99"])


# On the toy


def assumed(me: object, peer: object) -> bool:
    """A stand-in: without it the toy's theory has not got the clause that carries it."""
    return True


def idle(me: object, peer: object) -> bool:
    """A stand-in for what does not matter."""
    return True


TOY = dataclasses.replace(toys.theorem(), facts=(assumed, idle))


def weakened(theorems: Sequence[Theorem]) -> Theory:
    """The toy; without ``assumed``, messages may bear any number."""
    (theorem,) = theorems
    made = toys.theory(theorems)
    if assumed not in theorem.facts:
        made.clauses = [clause for clause in made.clauses if clause.name != "was_sent"]
    return made


def toy_needs(*entries: Need) -> list[needed.Needed]:
    return needed.needed(entries, 2, make=weakened, theorems={"toy": TOY})


REFUTED = Run(CLAIMS["T1"], {"three_way": False})


def test_what_matters_fails_and_what_does_not_is_still_proved() -> None:
    matters, not_so = toy_needs(
        Need("toy", "matters", without=(assumed,), run=REFUTED),
        Need("toy", "does not", without=(idle,), falls=False, note="idle"),
    )
    assert matters.verdict == "failed"
    assert matters.first is not None
    assert (matters.first.action, matters.first.clause) == ("deliver", "told_of_the_past")
    assert matters.first.rules == ("told something new",)
    assert (matters.steps, matters.ok) == (3, True)
    assert (not_so.verdict, not_so.first, not_so.ok) == ("proved", None, True)
    assert not_so.asked > matters.asked
    assert needed.exit_code([matters, not_so]) == OK


def test_what_is_not_as_the_table_says_is_reported() -> None:
    proved, failed, held = toy_needs(
        Need("toy", "does not matter", without=(idle,), run=REFUTED),
        Need("toy", "matters", without=(assumed,), falls=False),
        Need("toy", "no such run", without=(assumed,), run=Run(CLAIMS["T2"])),
    )
    assert [(one.ok, one.undecided) for one in (proved, failed, held)] == [(False, False)] * 3
    assert (held.steps, held.searched) == (None, True)
    for one in (proved, failed, held):
        assert needed.exit_code([one]) == VIOLATED


def test_what_is_undecided_is_no_pass() -> None:
    (one,) = toy_needs(Need("toy", "does not", without=(idle,), falls=False))
    assert needed.exit_code([one]) == OK
    one.verdict = "unknown"
    assert needed.exit_code([one]) == INCONCLUSIVE
    assert needed.exit_code([]) == INCONCLUSIVE
    (one,) = toy_needs(Need("toy", "matters", without=(assumed,), run=REFUTED))
    one.steps, one.searched = None, False
    assert needed.exit_code([one]) == INCONCLUSIVE


def test_a_search_that_a_limit_ends_decides_nothing() -> None:
    assert needed._violated(Run(CLAIMS["T2"]), max_states=100) == (None, False)


def test_command_shows_what_was_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entries = (
        Need("toy", "matters", without=(assumed,), run=REFUTED),
        Need("toy", "does not", without=(idle,), falls=False, note="[idle]"),
    )
    monkeypatch.setattr(needed, "NEEDS", entries)
    monkeypatch.setattr(
        needed.needed, "__defaults__", (None, None, prove.TIMEOUT, weakened, {"toy": TOY})
    )
    report = tmp_path / "report.json"
    result = CliRunner().invoke(app, ["prove", "--needed", "--json", str(report)])
    assert result.exit_code == OK, result.output
    assert "failed: told_of_the_past after 'deliver'" in result.output
    assert "T1 --rules three_way=off: 3 steps" in result.output
    assert "still proved" in result.output
    assert "[idle]" in result.output
    assert "2 of 2 as expected" in result.output
    said = json.loads(report.read_text())["needs"]
    assert [(one["verdict"], one["steps"], one["ok"]) for one in said] == [
        ("failed", 3, True),
        ("proved", None, True),
    ]
    assert said[0]["dropped"] == "without assumed"
    assert said[0]["first"]["rules"] == ["told something new"]


# Vacuity


def test_an_action_that_is_never_taken_is_vacuous() -> None:
    (proof,) = prove.prove([toys.theorem()], 2, make=toys.theory)
    paths = {(a.name, path): "enabled" for a in proof.actions if a.steps for path in a.paths}
    (never,) = [(w.action, w.path) for w in proof.obligations if w.clause == NEVER]
    proof.taken = paths | {never: "never"}
    assert (proof.vacuous, proof.verdict) == ([], "proved")
    assert (proof.count("enabled"), proof.count("never"), proof.count("unknown")) == (5, 1, 0)
    proof.taken |= {path: "unknown" for path in paths if path[0] == "SEND (next)"}
    assert (proof.vacuous, proof.verdict) == (["SEND (next)"], "vacuous")
    assert (proof.count("enabled"), proof.count("unknown")) == (4, 1)
    assert prove.exit_code([proof]) == INCONCLUSIVE
    proof.obligations.append(Obligation("deliver", 0, "wrong", verdict="failed"))
    assert proof.verdict == "not proved"


def test_assumptions_that_contradict_each_other_prove_nothing() -> None:
    def no_state(me: object, peer: object) -> bool:
        """False in every state."""
        return me is None

    theorem = toys.theorem(clauses=(*toys.TRUE, no_state))
    (proof,) = prove.prove([theorem], 2, make=toys.theory)
    steps = [w for w in proof.obligations if w.action in ("SEND (next)", "deliver")]
    assert {w.clause for w in steps} == {NEVER, "constants"}
    assert proof.verdict != "proved"
    assert proof.count("enabled") == 0


@pytest.mark.slow
def test_the_whole_table() -> None:
    found = needed.needed(NEEDS)
    assert [
        f"{o.need.theorem} {o.need.title}: {o.verdict} {o.steps}" for o in found if not o.ok
    ] == []
    assert needed.exit_code(found) == OK
    assert len(found) == len(needs.NEEDS)
