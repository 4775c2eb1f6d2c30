"""Families of counterexamples: followed, proved, shown, and certified; and not after a change."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.engines.solver.timed_run import BEYOND, CHOICE, EXAMPLE, NO_MORE, Astray, Guide
from checker.ir.nodes import POSITIVE, REAL
from checker.ir.tracing import Tracer
from checker.render import ladder
from checker.studies.prove import certificates, prove, statements
from checker.studies.prove.families import (
    Followed,
    condition,
    exit_code,
    failures,
    follow,
    formula,
    heading,
    report,
    select,
)
from checker.support.errors import OK, VIOLATED, UsageProblem
from proofs.recheck import check as recheck
from proofs.theorems.families import FAMILIES, Do, Family, Get, Times, Wait, two_msls
from proofs.theorems.invariants import two_msl, window_is_sane
from proofs.theorems.table import BY_ID
from spec.rules import Restart
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.tcb import Tcb
from tests.helpers import toys

BY_NAME = {family.id: family for family in FAMILIES}


@cache
def followed(id: str) -> Followed:
    return follow(BY_NAME[id])


def changed(id: str, **changes: Any) -> Followed:
    return follow(dataclasses.replace(BY_NAME[id], **changes))


def failed(found: Followed) -> list[tuple[int, str]]:
    return [(w.path, w.clause) for w in found.obligations if w.verdict == "failed"]


# The families


@pytest.mark.parametrize("id", BY_NAME)
def test_a_family_is_proved(id: str) -> None:
    found = followed(id)
    assert (found.verdict, found.wrong, failures(found)) == ("proved", "", [])
    assert len(found.rows) == len(found.family.steps)
    asked = {(row.number, ask) for row in found.rows for ask in row.asks}
    assert asked == {(w.path, w.clause) for w in found.obligations if w.path}


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("T3.2msl", "TIME-WAIT < 2 MSL"),
        ("T3.msl-r", "0 < R, TIME-WAIT < MSL + R"),
        ("T3.data", "0 < R, TIME-WAIT < 2 MSL + R"),
        ("T3.probe", "any MSL, R, TIME-WAIT"),
        ("T4.2msl", "TIME-WAIT < 2 MSL"),
        ("T4.never", "any MSL, R, TIME-WAIT"),
    ],
)
def test_what_a_family_is_of(id: str, said: str) -> None:
    assert condition(followed(id)) == said


def test_only_t4_is_known_to_need_no_more() -> None:
    assert [id for id in BY_NAME if followed(id).complement] == ["T4.2msl"]
    assert followed("T4.2msl").says.endswith("and T4 is of all others")


def test_each_theorem_that_speaks_of_time_wait_has_a_family() -> None:
    """T4.text has T4's: users need not SEND."""
    for theorem in BY_ID.values():
        its = BY_ID.get(theorem.id.removesuffix(".text"), theorem)
        assert bool(select([its])) == ("time_wait" in theorem.free) or its.id == "T3"


# Seeded bugs


@pytest.mark.parametrize("id", ["T3.2msl", "T3.msl-r", "T3.data", "T4.2msl"])
def test_a_bound_that_is_too_high_fails(id: str) -> None:
    below = BY_NAME[id].below
    assert below is not None
    found = changed(id, below=lambda t: below(t) + t.msl)
    assert (found.verdict, failed(found)) == ("not proved", [(0, CHOICE)])
    assert exit_code([found]) == VIOLATED


@pytest.mark.parametrize("id", ["T3.2msl", "T3.msl-r", "T3.data", "T4.2msl"])
def test_a_bound_that_is_too_low_fails(id: str) -> None:
    below = BY_NAME[id].below
    assert below is not None
    found = changed(id, below=lambda t: below(t) - t.msl)
    assert found.verdict == "not proved"
    assert (0, NO_MORE) in failed(found)


def test_a_bound_is_not_reached_itself() -> None:
    at = {"msl": 30, "span": 100, "time_wait": 60, "d1": 30}
    assert failed(changed("T3.2msl", example=at)) == [(0, EXAMPLE)]


def test_without_r_there_is_nothing_to_retransmit() -> None:
    assert failed(changed("T3.msl-r", given=lambda _: ())) == [(0, CHOICE)]


def test_a_delay_of_which_too_little_is_asked_fails_where_it_matters() -> None:
    found = changed("T3.2msl", where=lambda t: (t.d1 <= t.time_wait, t.time_wait - t.d1 < t.msl))
    assert found.wrong == "step 9: segment 1 in flight is alive"
    assert failed(found) == [(9, "segment 1 in flight is alive")]
    assert any("not for MSL = " in line for line in failures(found))


def test_no_time_goes_backwards() -> None:
    found = changed("T3.2msl", where=lambda t: (t.d1 < t.msl, t.time_wait - t.d1 < t.msl))
    assert found.verdict == "not proved"
    assert failed(found) in (
        [(9, "TIME-WAIT of A may last as long")],
        [(11, "time goes on")],
    )


def test_nobody_waits_beyond_the_timer() -> None:
    steps = list(BY_NAME["T3.unbounded"].steps)
    at = next(i for i, step in enumerate(steps) if isinstance(step, Wait))
    steps[at] = Wait(lambda t: t.time_wait + t.msl)
    found = changed("T3.unbounded", steps=steps)
    assert failed(found) == [(at + 1, "TIME-WAIT of A may last as long")]


@pytest.mark.parametrize("id", ["T3.never", "T3.fin", "T4.never", "T4.fin"])
def test_a_restart_on_every_emission_mends_it(id: str) -> None:
    found = changed(id, rules={"time_wait_restart": Restart.EMISSION})
    assert found.verdict == "not proved"
    assert "decision" in found.wrong  # the timer has not run out


@pytest.mark.parametrize("id", ["T3.reset", "T4.reset"])
def test_ignoring_resets_mends_it(id: str) -> None:
    assert changed(id, rules={}).wrong


def test_bounded_retransmission_mends_it() -> None:
    """Step 10 retransmits: its first decision is whether R is over."""
    assert failed(changed("T3.unbounded", rules={})) == [(10, "decision 1")]


def test_another_timer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def longer(tcb: Tcb, tcp: Tcp) -> None:
        tcb.time_wait = tcp.bounds.msl + tcp.bounds.msl + tcp.bounds.msl - tcp.rules.time_wait_cut

    monkeypatch.setattr("spec.tcp.sending.start_time_wait", longer)
    found = changed("T4.2msl")
    assert (found.verdict, found.wrong) == (
        "not proved",
        "T4.2msl, step 14: A: TIME-WAIT TIMEOUT: not possible there",
    )


def test_the_theorem_s_assumptions_hold() -> None:
    steps = tuple(
        dataclasses.replace(step, isn=1) if isinstance(step, Do) and step.isn == 2 else step
        for step in BY_NAME["T3.never"].steps
    )
    assert changed("T3.never", steps=steps).wrong == "T3.never: fresh does not hold"
    assert changed("T3.never", without=two_msl).wrong.endswith("does not assume what is dropped")
    found = changed("T3.never", without=window_is_sane)
    assert found.wrong == "T3.never: msl_and_max depends on the times"


def test_users_may_do_no_more_than_in_the_theorem() -> None:
    steps = (*BY_NAME["T3.2msl"].steps[:-1], Do(1, Input.ABORT))
    assert "is not for users of this system" in changed("T3.2msl", steps=steps).wrong


def test_an_impossible_step_is_told() -> None:
    steps = (Do(0, Input.CLOSE),)
    assert (
        changed("T3.never", steps=steps).wrong == "T3.never, step 1: A: CLOSE: not possible there"
    )
    steps = (Do(0, Input.OPEN_ACTIVE),)
    assert "an ISN must be given" in changed("T3.never", steps=steps).wrong
    steps = (Do(0, Input.OPEN_ACTIVE, isn=0), Get(1, "ACK"))
    assert changed("T3.never", steps=steps).wrong.startswith("0 segments in flight have")


def test_a_run_that_ends_well_is_no_counterexample() -> None:
    steps = BY_NAME["T3.never"].steps[:-1]
    found = changed("T3.never", steps=steps)
    assert (found.verdict, "not violated at the end" in found.wrong) == ("not proved", True)


# The engine


def guide(supposed: Callable[[Any, Any], Any], given: Callable[[Any], Any]) -> tuple[Guide, Any]:
    tracer = Tracer()
    a, b = tracer.var("a", POSITIVE), tracer.var("b", REAL)
    made = Guide(
        "toy",
        {"a": POSITIVE, "b": REAL},
        ["b"],
        {"given 1": tracer.node(given(a))},
        {"chosen": tracer.node(supposed(a, b))},
    )

    def half() -> tuple[None, list[Any]]:
        return None, [1 if b + b < a else 2]

    return made, tracer.trace(half)


def test_a_guide_follows_what_is_supposed() -> None:
    for supposed, leaf in ((lambda a, b: b + b + b < a, 1), (lambda a, b: b > a, 2)):
        made, tree = guide(supposed, lambda a: a > 0)
        assert made.follow(tree).outputs[0].data == leaf
        assert [w.verdict for w in made.obligations] == ["proved"]


def test_a_guide_goes_no_further_than_what_is_supposed() -> None:
    made, tree = guide(lambda a, b: b < a, lambda a: a > 0)
    with pytest.raises(Astray, match="decision 1"):
        made.follow(tree)
    (what,) = made.obligations
    assert (what.verdict, set(what.counterexample)) == ("failed", {"a", "b"})
    assert what.where.startswith("tests/checker/studies/prove/test_families.py:")


def test_what_is_chosen_must_exist_and_the_condition_be_the_run_s() -> None:
    made, tree = guide(lambda a, b: (b + b < a) & (b > 2), lambda a: a > 4)
    made.follow(tree)
    made.conclude({"a": 9, "b": 3}, exact=True)
    verdicts = {what.clause: what.verdict for what in made.obligations}
    # The run itself is possible for less: a > 4 is what was chosen
    assert verdicts == {
        "decision 1": "proved",
        CHOICE: "proved",
        NO_MORE: "failed",
        EXAMPLE: "proved",
    }


def test_what_holds_beyond_is_an_obligation_only_if_it_does() -> None:
    for most, holds in ((5, True), (3, False)):
        made, _ = guide(lambda a, b: b < a, lambda a: a > 4)
        tracer = Tracer()
        assert made.beyond(tracer.node(tracer.var("a", POSITIVE) < most)) == holds
        assert [what.clause for what in made.obligations] == [BEYOND] * holds


def test_formulas_read_well() -> None:
    tracer = Tracer()
    msl, r, d = (tracer.var(name, REAL) for name in ("msl", "span", "d1"))
    shown = [
        (msl + msl + r, "2 MSL + R"),
        (msl - d - r, "MSL - d1 - R"),
        (0 - d, "-d1"),
        (msl - msl, "0"),
        (msl + 2, "MSL + 2"),
        (d < msl, "d1 < MSL"),
        (d >= msl, "MSL <= d1"),
        ((d < msl) == False, "MSL <= d1"),  # noqa: E712
    ]
    assert [formula(tracer.node(node)) for node, _ in shown] == [said for _, said in shown]


# What is shown


def test_a_run_is_shown_as_a_ladder_with_its_delays() -> None:
    found = followed("T3.data")
    lines = heading(found)
    assert lines[0] == (
        "T3.data: proved: no such TIME-WAIT is long enough, for 0 < R, TIME-WAIT < 2 MSL + R"
    )
    assert any("d1 < MSL, d2 < R" in line for line in lines)
    assert found.story is not None
    text = ladder(found.story)
    assert re.search(r"16\. TIME-WAIT +\| +wait TIME-WAIT - d1 - d2 \(29 ticks\)", text)
    assert "residue: left TIME-WAIT" in text
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, 18))


def test_report() -> None:
    (said,) = report([followed("T4.2msl")])
    assert (said["verdict"], said["scope"], said["complement"]) == ("proved", "unbounded", True)
    assert [step["number"] for step in said["steps"]] == list(range(1, 17))
    assert said["not_proved"] == []
    json.dumps(said)


def test_command_shows_families_only(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    result = CliRunner().invoke(app, ["prove", "T4", "--families", "--json", str(out)])
    assert result.exit_code == OK, result.output
    assert "7 of 7 families proved" in result.output
    assert "T4 violated" in result.output
    assert len(json.loads(out.read_text())["families"]) == 7
    for words in (["T1", "--families"], ["--families", "--needed"]):
        assert isinstance(CliRunner().invoke(app, ["prove", *words]).exception, UsageProblem)


def test_command_proves_them_with_the_theorems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    theorems = (toys.theorem(id="Y1"),)
    monkeypatch.setattr(prove, "THEOREMS", theorems)
    toys.proved_instead(monkeypatch)
    monkeypatch.setattr(statements, "PLACE", tmp_path)
    statements.write(theorems, toys.theory(theorems))
    out, place = tmp_path / "report.json", tmp_path / "certificates"
    words = ["prove", "--json", str(out), "--out", str(place)]

    def of_a_toy(family: Family) -> Callable[[object], list[Family]]:
        return lambda _: [family]

    monkeypatch.setattr("checker.studies.prove.families.select", of_a_toy(BY_NAME["T4.2msl"]))
    result = CliRunner().invoke(app, words)
    assert result.exit_code == OK, result.output
    assert "1 of 1 families proved" in result.output
    assert (place / "tight-T4.2msl").is_dir()
    bad = dataclasses.replace(BY_NAME["T4.2msl"], below=lambda t: two_msls(t) + t.msl)
    monkeypatch.setattr("checker.studies.prove.families.select", of_a_toy(bad))
    result = CliRunner().invoke(app, words)
    assert result.exit_code == VIOLATED
    assert "0 of 1 families proved" in result.output
    assert not place.exists()
    assert json.loads(out.read_text())["families"][0]["verdict"] == "not proved"


# Certificates


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Certificates of a toy theorem to which families are given."""
    families = [followed(id) for id in ("T3.data", "T4.2msl", "T4.never")]
    toy = [
        dataclasses.replace(f, family=dataclasses.replace(f.family, theorem="toy"))
        for f in families
    ]
    place = tmp_path / "certificates"
    (proof,) = prove.prove([toys.theorem()], 2, make=toys.theory)
    certificates.write([proof], place, toy)
    (tmp_path / "toy.txt").write_text(statements.written(proof.theorems, proof.theory))
    return place


def again(place: Path) -> list[str]:
    """What the checker says."""
    return recheck.recheck(place, ["cvc5"], 2, statements=place.parent).wrong


def rewrite(place: Path, change: Callable[[Any], object]) -> list[str]:
    """What the checker says when the manifest is changed."""
    path = place / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    return again(place)


def test_certificates_of_families_are_accepted(place: Path) -> None:
    found = recheck.recheck(place, ["cvc5"], 2, statements=place.parent)
    assert found.wrong == []
    scripts = len([*place.rglob("*.smt2")])
    ids = ("T3.data", "T4.2msl", "T4.never")
    assert sum(found.of(id).agreed["cvc5"] for id in ids) == scripts > 20
    certificates.require_place(place)


@pytest.mark.parametrize(
    ("step", "clause"),
    [
        (0, CHOICE),
        (0, NO_MORE),
        (0, EXAMPLE),
        (0, BEYOND),
        (12, "segment 1 in flight is alive"),
        (12, "time goes on"),
        (15, "decision 1"),
    ],
)
def test_a_missing_obligation_is_noticed(place: Path, step: int, clause: str) -> None:
    def drop(manifest: Any) -> None:
        family = next(
            f
            for f in manifest["families"]
            if any((o["path"], o["clause"]) == (step, clause) for o in f["obligations"])
        )
        entry = next(o for o in family["obligations"] if (o["path"], o["clause"]) == (step, clause))
        family["obligations"].remove(entry)
        (place / entry["file"]).unlink()

    assert any(f"step {step}: no obligation for {clause}" in what for what in rewrite(place, drop))


def test_a_family_of_a_theorem_that_is_not_there_is_noticed(place: Path) -> None:
    def invent(manifest: Any) -> None:
        manifest["families"][0]["theorem"] = "T9"

    assert "T3.data: its theorem T9 is not there" in rewrite(place, invent)[0]


def test_a_family_is_not_called_as_a_theory_is(place: Path) -> None:
    """Its obligations would be counted as the theory's."""

    def rename(manifest: Any) -> None:
        manifest["families"][0]["id"] = manifest["theories"][0]["id"]

    assert "toy is a family's name and a theory's" in rewrite(place, rename)[0]


def test_no_family_is_called_as_a_theorem_is() -> None:
    assert not BY_NAME.keys() & BY_ID.keys()


def test_a_wait_must_ask_that_time_goes_on(place: Path) -> None:
    def drop(manifest: Any) -> None:
        family = manifest["families"][0]
        family["steps"][11]["asks"].remove("time goes on")
        entry = next(o for o in family["obligations"] if o["clause"] == "time goes on")
        family["obligations"].remove(entry)
        (place / entry["file"]).unlink()

    assert any("does not ask that time goes on" in what for what in rewrite(place, drop))


def test_a_step_may_not_suppose_the_bound(place: Path) -> None:
    def suppose(manifest: Any) -> None:
        entry = next(o for o in manifest["families"][0]["obligations"] if o["path"] == 12)
        entry["hypotheses"][-1] = "given 1"

    assert any("supposes 'given 1'" in what for what in rewrite(place, suppose))


def test_a_supposition_means_the_same_in_each_step(place: Path) -> None:
    def stronger(manifest: Any) -> None:
        entry = next(o for o in manifest["families"][0]["obligations"] if o["path"] == 12)
        path = place / entry["file"]
        before = path.read_text()
        after = before.replace("(assert (< d1 msl))", "(assert (< d1 0.0))")
        assert after != before
        path.write_text(after)
        entry["sha256"] = hashlib.sha256(after.encode()).hexdigest()

    assert any("it supposes something else by 'delay 1'" in w for w in rewrite(place, stronger))


def test_a_claim_of_complement_needs_its_proof(place: Path) -> None:
    def claim(manifest: Any) -> None:
        manifest["families"][0]["complement"] = True

    assert rewrite(place, claim) == ["T3.data: step 0: no obligation for beyond"]


# Scripts


def edit(place: Path, change: Callable[[str], str]) -> list[str]:
    """What the checker says when a script is changed, with its digest."""

    def digested(manifest: Any) -> None:
        entry = next(o for o in manifest["families"][0]["obligations"] if o["path"] == 12)
        path = place / entry["file"]
        before = path.read_text()
        after = change(before)
        assert after != before
        path.write_text(after)
        entry["sha256"] = hashlib.sha256(after.encode()).hexdigest()

    return rewrite(place, digested)


def test_altered_missing_and_added_files(place: Path) -> None:
    path = next(place.rglob("*.smt2"))
    name, text = path.relative_to(place).as_posix(), path.read_text()
    path.write_text(text + "; more\n")
    assert again(place) == [f"{name}: it is not what its digest says"]
    path.unlink()
    assert again(place) == [f"{name}: missing"]
    path.write_text(text)
    path.with_name("more.smt2").write_text(text)
    (what,) = again(place)
    assert what.endswith("more.smt2: not in the manifest")


def test_one_file_for_two_obligations(place: Path) -> None:
    def share(manifest: Any) -> None:
        one, two = manifest["families"][0]["obligations"][:2]
        (place / two["file"]).unlink()
        two["file"], two["sha256"] = one["file"], one["sha256"]

    assert any("stands for two obligations" in what for what in rewrite(place, share))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(check-sat)", "(check-sat)\n(check-sat)", "only check-sat"),
        ("(check-sat)", "", "only check-sat"),
        ("(check-sat)", "; (check-sat)\n", "only check-sat"),
        ("(check-sat)", "(check-sat)\n(reset)", "only check-sat"),
        ("(check-sat)", '(echo "unsat")\n(check-sat)', "the command echo"),
        ("(check-sat)", "(push 1)\n(check-sat)", "the command push"),
        ("(check-sat)", "(reset)\n(check-sat)", "the command reset"),
        ("(check-sat)", "(check-sat-assuming (false))\n(check-sat)", "check-sat-assuming"),
        ("(check-sat)", "(set-option :timeout 1)\n(check-sat)", "the command set-option"),
        ("(check-sat)", "(assert false)\n(check-sat)", "assertions, of"),
        ("(check-sat)", "(check-sat", "does not end"),
        ("(check-sat)", ") (check-sat)", "a ) too many"),
        ("(check-sat)", "(define-fun x () Bool true)\n(check-sat)", "the command define-fun"),
        ("(check-sat)", "(declare-fun not (Bool) Bool)\n(check-sat)", "declares not"),
        ("(check-sat)", "sat (check-sat)", "outside of a command"),
        ("(set-logic ALL)", "(set-logic ALL)\n(set-logic QF_BV)", "begin with set-logic"),
        ("(set-logic ALL)", "", "begin with set-logic"),
        ("; clause: ", "; clause: not_", "header disagrees"),
        ("; obligation: ", "; obligation: my ", "header disagrees"),
        ("; line: ", "; line: elsewhere ", "header disagrees"),
        ("(set-logic ALL)", "\r(set-logic ALL)", "control characters"),
    ],
)
def test_script_that_is_not_as_it_should_be(place: Path, old: str, new: str, said: str) -> None:
    assert any(said in what for what in edit(place, lambda text: text.replace(old, new, 1)))


def test_satisfiable_script(place: Path) -> None:
    def without_goal(text: str) -> str:
        return text[: text.rindex("(assert")] + "(assert (= msl msl))\n(check-sat)\n"

    assert any(what.endswith(": cvc5 says sat") for what in edit(place, without_goal))


def test_goal_that_says_nothing(place: Path) -> None:
    def trivial(text: str) -> str:
        return text[: text.rindex("(assert")] + "(assert (not true))\n(check-sat)\n"

    assert any("its goal says nothing" in what for what in edit(place, trivial))


def test_bare_false_in_place_of_a_hypothesis(place: Path) -> None:
    """A supposed ``false`` proves everything."""

    def suppose(text: str) -> str:
        at = text.index("(assert")
        end = text.index("\n(assert", at)
        return text[:at] + "(assert false)" + text[end:]

    found = edit(place, suppose)
    assert any("without saying anything" in w or "supposes something else" in w for w in found)


def test_times_have_no_delays_by_themselves() -> None:
    assert two_msls(Times(2, 1, 4)) == 4
