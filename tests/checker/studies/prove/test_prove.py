"""The prover on a toy, whose invariants are known, and its certificates; then the theorems."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import z3
from typer.testing import CliRunner

from checker.cli.app import app
from checker.cli.prove import print_proofs
from checker.engines.solver.induction import (
    CONSTANT,
    NEVER,
    SECOND,
    SORTS,
    TICK,
    Clause,
    Prover,
    _Lessons,
    steps_of,
)
from checker.engines.solver.response import Lively
from checker.engines.solver.smt import identity, is_false, is_true
from checker.model import traced
from checker.studies.prove import certificates, prove, report, statements, theories
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from proofs.claims.table import BY_ID as CLAIMS
from proofs.recheck import check as recheck
from proofs.theorems.invariants import View, reopened_by_rule
from proofs.theorems.needs import NEEDS, varied
from proofs.theorems.table import BY_ID, OF_HOSTS, THEOREMS, Theorem, alone
from tests.helpers import restated, toys
from tests.proofs.recheck.test_obligations import ENDING, SAFE


def proved(theorem: Theorem, **options: object) -> prove.Proof:
    (proof,) = prove.prove([theorem], 2, make=toys.theory, **options)  # type: ignore[arg-type]
    return proof


def test_a_true_invariant_is_proved() -> None:
    proof = proved(toys.theorem())
    assert (proof.verdict, proof.failed, proof.undecided) == ("proved", [], [])
    assert prove.exit_code([proof]) == OK
    clauses = [clause.name for clause in proof.theory.clauses]
    assert [what.clause for what in proof.obligations if what.action == "start"] == clauses
    for action in ("SEND (next)", "deliver"):
        asked = [what.clause for what in proof.obligations if what.action == action]
        assert asked.count(CONSTANT) == 1
        assert asked.count(SORTS) == asked.count("was_sent") > 0


def test_a_path_that_is_never_taken_stands_for_all_clauses() -> None:
    proof = proved(toys.theorem())
    (never,) = (what for what in proof.obligations if what.clause == NEVER)
    assert (never.action, never.rules) == ("deliver", ("number 0 ignored",))
    assert any(name.startswith("numbered_from_one") for name in never.used)
    others = [w for w in proof.obligations if (w.action, w.path) == ("deliver", never.path)]
    assert {what.clause for what in others} <= {NEVER, CONSTANT}


def test_without_the_clause_that_forbids_it_the_path_is_taken() -> None:
    clauses = [c for c in toys.TRUE if c is not toys.numbered_from_one]
    proof = proved(toys.theorem(clauses=clauses))
    assert proof.verdict == "proved"
    assert not any(what.clause == NEVER for what in proof.obligations)


def test_a_false_invariant_fails_with_a_step_that_leads_astray() -> None:
    proof = proved(toys.theorem(toys.up_to_date))
    assert proof.verdict == "not proved"
    assert prove.exit_code([proof]) == VIOLATED
    assert {what.clause for what in proof.failed} == {"up_to_date"}
    what = next(what for what in proof.failed if what.action == "SEND (next)")
    lines = report.counterexample(proof, what)
    assert lines[0] == "toy not proved: up_to_date fails after 'SEND (next)'"
    assert "False: all that was sent was told." in lines[1]
    assert any("send the next" in line for line in lines)
    (acts,) = (line.split() for line in lines if line.startswith("  x "))
    assert acts[0] == "x"
    assert not any("mode=ASLEEP" in line for line in lines)  # as at the start


def test_what_arrives_is_shown() -> None:
    clauses = [c for c in toys.TRUE if c is not toys.was_sent]
    proof = proved(toys.theorem(clauses=clauses))
    assert {what.clause for what in proof.failed} == {"told_of_the_past"}
    what = proof.failed[0]
    assert what.rules == ("told something new",)
    lines = report.counterexample(proof, what)
    assert any(line.split()[0] == "arrives" and "no=" in line for line in lines)


def test_a_counterexample_has_least_values_and_says_what_comes_then() -> None:
    """Without the clause about messages nothing is known of what arrives: it is the last, or else 1
    is the least."""
    clauses = [c for c in toys.TRUE if c is not toys.was_sent]
    proof = proved(toys.theorem(clauses=clauses))
    prove.shrink([proof], 1)
    last, other = proof.failed
    assert (last.counterexample["seg.no"], last.after["x.told"]) == (toys.LAST, toys.LAST)
    assert (other.counterexample["seg.no"], other.after["x.told"]) == (1, 1)
    assert "x.odd" not in other.counterexample, "neither the clause nor the path reads it"
    lines = [line.split() for line in report.counterexample(proof, other)]
    assert ["arrives", "no=1"] in lines
    assert ["x", "then", "sent=0", "told=1"] in lines
    (said,) = report.report([proof])["theories"]
    assert said["not_proved"][1]["after"]["x.told"] == 1


def test_what_fails_after_a_tick_is_shown_with_what_both_ends_become() -> None:
    need = next(n for n in NEEDS if (n.theorem, n.title) == ("T4", "lifetime not bounded"))
    theorem = varied(need, BY_ID)
    made = theories.theory([theorem])
    whole = [what for what in Prover(made).ticking() if what.verdict == "failed"]
    proof = prove.Proof((theorem,), made, [], whole[:1])
    prove.shrink([proof], 1)
    lines = report.counterexample(proof, whole[0])
    assert lines[0].startswith("T4 not proved: mine_die_first fails")
    assert any("x then" in line and "time_wait=1" in line for line in lines)
    assert any(line.split()[0] == "given" and "msl=1 " in line for line in lines)


def test_what_is_false_at_the_start_fails_there() -> None:
    proof = proved(toys.theorem(toys.never_odd))
    what = proof.failed[0]
    assert (what.action, what.clause) == ("start", "never_odd")
    assert report.counterexample(proof, what)[0] == "toy not proved: never_odd fails at the start"


def test_two_clauses_of_one_name_are_refused() -> None:
    """What is made of a clause is known by its name."""
    made = restated.theory(SAFE)
    prove._check(made)
    made.pairs[0] = dataclasses.replace(made.pairs[0], name="told", where="elsewhere:1")
    with pytest.raises(UsageProblem, match="safe: told is the name of two clauses"):
        prove._check(made)
    ending = restated.theory(ENDING)
    assert isinstance(ending, Lively)
    prove._check(ending)
    (one,) = ending.responses
    asks, waits = one.stages
    heard = dataclasses.replace(waits.heard[0], name="fin", where="elsewhere:1")
    ending.responses = (
        dataclasses.replace(one, stages=(asks, dataclasses.replace(waits, heard=(heard,)))),
    )
    with pytest.raises(UsageProblem, match="ending: fin is the name of two clauses"):
        prove._check(ending)


def test_a_name_that_is_taken_and_a_theory_without_claims_are_refused() -> None:
    def never(me: object, peer: object) -> bool:
        return True

    with pytest.raises(UsageProblem, match="different names"):
        proved(toys.theorem(never))
    with pytest.raises(UsageProblem, match="different names"):
        proved(toys.theorem(toys.was_sent, toys.was_sent))


def test_nothing_proved_is_no_pass() -> None:
    assert prove.exit_code([]) == INCONCLUSIVE
    proof = proved(toys.theorem())
    proof.obligations[0].verdict = "unknown"
    assert (proof.verdict, prove.exit_code([proof])) == ("unknown", INCONCLUSIVE)


def test_what_the_solver_gives_up_is_unknown() -> None:
    prover = Prover(toys.theory([toys.theorem()]), timeout=1 / SECOND)  # next to nothing
    found = [
        *prover.start(),
        *(
            w
            for kind in prover.theory.kinds
            for s in steps_of(kind)
            if s.leaf.static.possible
            for w in prover.step(s)
        ),
    ]
    verdicts = Counter(what.verdict for what in found)
    assert verdicts["unknown"] > 0 and not verdicts["failed"]
    assert all(not what.used for what in found if what.verdict == "unknown")


def test_a_lesson_is_recalled_only_where_its_hypotheses_are() -> None:
    p, q, goal = z3.Bools("p q goal")
    lessons = _Lessons()
    lessons.learn("clause", [goal], {"p": p, "q": q})
    assert lessons.recall(goal, {identity(q): "second", identity(p): "first"}) == [
        "first",
        "second",
    ]
    assert lessons.recall(goal, {identity(p): "first"}) is None
    assert lessons.recall(goal, {identity(goal): "itself"}) == ["itself"]
    assert lessons.recall(p, {identity(q): "second"}) is None


def test_a_term_is_known_by_what_it_is() -> None:
    p, q = z3.Bools("p q")
    assert identity(z3.And(p, q)) == identity(z3.And(z3.Bool("p"), q)) != identity(z3.And(q, p))
    assert is_true(z3.simplify(z3.Or(p, z3.Not(p)))) and not is_true(p)
    assert is_false(z3.simplify(z3.And(p, z3.Not(p)))) and not is_false(z3.BoolVal(True))


class Doubtful(Prover):
    """Makes each term anew that was made once of all that it reads, and compares."""

    compared = 0

    def _said(self, clause: Clause, *rows: Any, **more: Any) -> Any:
        outer, self._looked = self._looked, {}
        found = super()._said(clause, *rows, **more)
        looked, self._looked = self._looked, {}
        anew = self._holds(clause, self._terms(*rows, **more))
        assert (found.eq(anew), looked) == (True, self._looked)
        outer_ = {at: {**outer.get(at, {}), **looked.get(at, {})} for at in {**outer, **looked}}
        self._looked, self.compared = outer_, self.compared + 1
        return found


@pytest.mark.parametrize("id", ["toy", "T4"])
def test_what_is_made_once_is_what_would_be_made_each_time(id: str) -> None:
    theory = toys.theory([toys.theorem()]) if id == "toy" else theories.theory([BY_ID[id]])
    prover = Doubtful(theory)
    for kind in theory.kinds:
        for step in [step for step in steps_of(kind) if step.leaf.static.possible][:3]:
            assert all(what.verdict == "proved" for what in prover.step(step))
    assert prover.compared > 2 * len(prover._memo) > 0, "much of it is said more than once"


def test_a_path_looks_up_what_another_had_made() -> None:
    """Two provers, one of which has been at other paths: the same numbers are looked up."""
    theory = theories.theory([BY_ID["T1.text"]])
    kind = next(kind for kind in theory.kinds if kind.delivers)
    steps = [step for step in steps_of(kind) if step.leaf.static.possible]
    old = Prover(theory)
    for step in (steps[0], steps[-1]):
        old._step_terms(step)
    for step in steps[:: len(steps) // 6]:
        looked = []
        for prover in (old, Prover(theory)):
            prover._looked = {}
            terms = prover._step_terms(step)
            prover._outcome(step, terms)
            prover._look(terms, step.leaf.outputs)
            looked.append({at: {*map(str, ns.values())} for at, ns in prover._looked.items()})
        assert looked[0] == looked[1]


def test_certificates_are_the_same_on_any_number_of_cores() -> None:
    theorems = [toys.theorem(), dataclasses.replace(toys.theorem(), id="toy.other")]
    one, two = (prove.prove(theorems, count, make=toys.theory) for count in (1, 2))
    said = [
        [(w.name, w.verdict, w.used) for p in some for w in p.obligations] for some in (one, two)
    ]
    assert said[0] == said[1] != []
    assert [p.taken for p in one] == [p.taken for p in two]


# Clauses that are left out


def anything(w: View) -> bool:
    """Says nothing."""
    return True


def test_a_clause_about_a_switch_that_is_off_is_left_out_and_a_claim_is_not() -> None:
    theorem = BY_ID["T4"]
    theorem = dataclasses.replace(
        theorem,
        clauses=(*theorem.clauses, reopened_by_rule),
        claims=(*theorem.claims, anything),
    )
    made = theories.theory([theorem])
    assert [one.name for one in made.clauses] == [f.__name__ for f in (*BY_ID["T4"].all, anything)]


# Fields that are left out


@cache
def theory_of(id: str) -> theories.Theory:
    """As it is, for tests that only look."""
    return theories.theory([BY_ID[id]])


def obligations_of_constants(made: theories.Theory) -> dict[str, prove.Obligation]:
    assert made.constancy is not None
    prover = Prover(made)
    actions = [*made.constancy.trees]
    assert set(actions) == {TICK, *(kind.name for kind in made.kinds)}
    return {action: what for action in actions for what in prover.constant(action)}


def test_fields_that_are_left_out_are_proved_constant() -> None:
    found = obligations_of_constants(theory_of("T4"))
    assert {what.verdict for what in found.values()} == {"proved"}
    assert found["deliver"].used == ("constants me", "constants seg")
    assert found["tick"].used == ("constants me",)


@pytest.mark.parametrize(
    "id",
    [
        theorem.id if theorem.id == "T4" else pytest.param(theorem.id, marks=pytest.mark.slow)
        for theorem in OF_HOSTS
        if not theorem.upon
    ],
)
def test_a_host_that_never_crashes_keeps_its_health(id: str) -> None:
    """No theorem has crashes. Were ``quiet`` a variable, T4 could not be proved."""
    kept = {field.path for field in theory_of(id).fields}
    assert "tcb.state" in kept and not kept & {"up", "quiet", "crashes"}


@pytest.mark.parametrize(
    ("wrong", "value", "where"),
    [
        pytest.param("me.tcb.closing", False, "CLOSE", marks=pytest.mark.slow),
        ("seg.ctl.fin", False, "CLOSE"),
        pytest.param("me.tcb.time_wait", 0, "deliver", marks=pytest.mark.slow),
    ],
)
def test_a_field_that_changes_is_no_constant(
    monkeypatch: pytest.MonkeyPatch, wrong: str, value: object, where: str
) -> None:
    right = traced.constants
    monkeypatch.setattr(traced, "constants", lambda *a: {**right(*a), wrong: value})
    found = obligations_of_constants(theories.theory([BY_ID["T4"]]))
    assert found[where].verdict == "failed"


def test_a_constant_is_what_the_field_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    right = traced.constants
    monkeypatch.setattr(traced, "constants", lambda *a: {**right(*a), "me.up": False})
    with pytest.raises(UsageProblem, match="a field that is left out begins with another value"):
        prove.prove([BY_ID["T4"]])


def test_a_field_that_changes_is_told() -> None:
    proof = failed(toys.theorem(), CONSTANT)
    (what,) = proof.failed
    lines = report.counterexample(proof, what)
    assert lines[0] == "toy not proved: a field left out as constant changes in 'deliver'"


def test_systems_of_their_own_are_proved_and_fail_without_what_they_assume() -> None:
    for id in ("S2.rate", "S13"):
        (proof,) = prove.prove([BY_ID[id]], 1)
        assert proof.verdict == "proved" and not proof.count("unknown")
        (proof,) = prove.prove([dataclasses.replace(BY_ID[id], facts=())], 1)
        assert proof.verdict == "not proved"


# What really happens


def failed(theorem: Theorem, *clauses: str) -> prove.Proof:
    proof = prove.Proof((theorem,), toys.theory([toys.theorem()]), [])
    proof.obligations = [
        prove.Obligation("deliver", n, clause, verdict="failed") for n, clause in enumerate(clauses)
    ]
    return proof


def test_what_failed_is_looked_for_in_the_bounded_system(
    capsys: pytest.CaptureFixture[str],
) -> None:
    theorem = dataclasses.replace(alone(BY_ID["T2"]), rules={"three_way": False})
    proof = failed(theorem, SORTS, "agreement", "stale_syn_stops", "agreement")
    prove.explore([proved(toys.theorem()), proof], 1)
    assert [(one.clause, one.steps) for one in proof.reached] == [
        ("agreement", 3),
        ("stale_syn_stops", 4),
    ]
    (said,) = report.report([proof])["theories"]
    first, _ = said["reach"]
    assert (first["verdict"], first["steps"], len(first["run"])) == ("reached", 3, 3)
    assert "three_way=off" in first["limits"]
    print_proofs([proof], "0 s")
    shown = capsys.readouterr().out
    assert "reached: agreement is false after 3 steps" in shown
    assert "two-way handshake" in shown  # the run


def test_three_clauses_are_looked_for_at_most() -> None:
    names = [function.__name__ for function in BY_ID["T1"].all]
    assert len(names) > prove.CLAUSES
    proof = failed(BY_ID["T1"], *names)
    assert [f.__name__ for f in prove.failing(proof)] == names[: prove.CLAUSES]
    assert prove.failing(proved(toys.theorem())) == {}


def test_where_no_small_bounds_fit_it_is_told() -> None:
    theorem = dataclasses.replace(BY_ID["T1"], facts=(no_window_is_enough,))
    proof = failed(theorem, "agreement")
    prove.explore([proof], 1)
    (one,) = proof.reached
    assert one.verdict == "limit"
    assert "no small bounds meet what it assumes" in "".join(one.lines())


def no_window_is_enough(w: View) -> bool:
    return w.bounds.window > 1 << 20


def test_theorems_are_selected_by_claim() -> None:
    assert [t.id for t in prove.select(["T2"])] == ["T2", "T2.text"]
    assert [t.id for t in prove.select(["T1s"])] == [*("T1s.exact", "T1s.far", "T1s.exact.text")]
    with pytest.raises(UsageProblem, match=r"no theorem 'D1'; there are 47, such as T1, "):
        prove.select(["D1"])
    small = {"S2.rate", "S13", "R10", "R10.idle", "R11", "R12", "T9.pace", "CC3.take"}
    small |= {"CC7.rto", "H3.margin"}
    small |= {f"{id}.text" for id in (*map("T{}".format, range(1, 11)), "T9.pace")}
    small |= {f"{id}s.exact.text" for id in ("T1", "T5", "T8")}
    assert {*BY_ID} - {*CLAIMS} == small, "of small systems, that nothing explores"


# Certificates


def test_certificates_say_what_proves_what(tmp_path: Path) -> None:
    proof, place = proved(toys.theorem()), tmp_path / "certificates"
    written = certificates.write([proof], place)
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["theories"] == [{"id": "toy", "hints": "toy.json"}]
    hints = json.loads((place / "toy.json").read_text())
    assert written == len(hints) == len(proof.obligations)
    names = {name for *_, some in hints for name in some}
    assert {"was_sent y arriving", "path 0"} < names
    assert [path.name for path in tmp_path.iterdir()] == ["certificates"]


@pytest.mark.slow
def test_equal_runs_write_equal_certificates(tmp_path: Path) -> None:
    """Whichever worker is faster: what one has learned changes what it needs next."""
    written = []
    for name in ("one", "other"):
        done = CliRunner().invoke(app, ["prove", "T10", "--fresh", "--out", str(tmp_path / name)])
        assert done.exit_code == OK, done.output
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        written.append([(path.relative_to(tmp_path / name), path.read_bytes()) for path in files])
    assert len(written[0][0][1]) > 10_000 and written[0] == written[1]


def test_old_certificates_are_replaced_and_other_things_are_not(tmp_path: Path) -> None:
    proof, place = proved(toys.theorem()), tmp_path / "certificates"
    certificates.write([proof], place)
    other = proved(toys.theorem(id="other"))
    certificates.require_place(place)
    certificates.write([other], place)
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "other.json"]
    (place / "notes.txt").write_text("mine")
    with pytest.raises(UsageProblem, match="something else"):
        certificates.require_place(place)
    with pytest.raises(UsageProblem, match="something else"):
        certificates.write([proof], place)
    assert (place / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["certificates"]
    with pytest.raises(UsageProblem, match="no directory"):
        certificates.require_place(place / "manifest.json")
    empty = tmp_path / "empty"
    empty.mkdir()
    certificates.write([proof], empty)
    assert (empty / "manifest.json").is_file()


# The command


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In place of the theorems, two toys, of which one is false."""
    theorems = (toys.theorem(id="Y1"), toys.theorem(toys.up_to_date, id="Y2.false"))
    monkeypatch.setattr(statements, "PLACE", tmp_path)
    for one in theorems:
        statements.write([one], toys.theory([one]))
    monkeypatch.setattr(prove, "THEOREMS", theorems)
    monkeypatch.setattr(prove, "explore", lambda proofs, workers: None)  # a toy is no system
    toys.proved_instead(monkeypatch)


@pytest.mark.usefixtures("toy")
def test_command_proves_and_writes(tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    result = CliRunner().invoke(app, ["prove", "Y1", "--out", str(out), "--json", str(report)])
    assert result.exit_code == OK, result.output
    assert "1 of 1 theorems proved" in result.output
    assert "remembered" not in result.output
    (said,) = json.loads(report.read_text())["theorems"]
    assert (said["verdict"], said["scope"]) == ("proved", "unbounded")
    (theory,) = json.loads(report.read_text())["theories"]
    assert (theory["theorems"], theory["not_proved"]) == (["Y1"], [])
    assert (out / "manifest.json").is_file()
    again = CliRunner().invoke(app, ["prove", "Y1", "--out", str(out)])
    assert again.exit_code == OK
    assert "remembered, not asked again: proved" in again.output and " by Z3 " in again.output
    fresh = CliRunner().invoke(app, ["prove", "Y1", "--fresh", "--out", str(out)])
    assert fresh.exit_code == OK and "remembered" not in fresh.output


@pytest.mark.usefixtures("toy")
def test_command_shows_what_failed_and_leaves_no_certificates(tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    runner = CliRunner()
    assert runner.invoke(app, ["prove", "Y1", "--out", str(out)]).exit_code == OK
    result = runner.invoke(app, ["prove", "--out", str(out), "--json", str(report)])
    assert result.exit_code == VIOLATED
    assert "Y2.false not proved: up_to_date fails after" in result.output
    assert "1 of 2 theorems proved" in result.output
    assert not out.exists()
    said = {t["id"]: t for t in json.loads(report.read_text())["theories"]}
    assert said["Y1"]["not_proved"] == []
    assert said["Y2.false"]["not_proved"][0]["state"]
    assert [t.id for t in prove.select(["Y2"])] == ["Y2.false"]


@pytest.mark.usefixtures("toy")
def test_command_refuses_before_it_works(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    for arguments in (["Y3"], ["--out", str(tmp_path)]):
        assert isinstance(CliRunner().invoke(app, ["prove", *arguments]).exception, UsageProblem)


def test_interrupt_ends_the_workers(tmp_path: Path) -> None:
    code = (
        "import os, time\n"
        "from checker.studies.prove import prove\n"
        "from tests.helpers import toys\n"
        "def sleepy(unit):\n"
        "    os.write(1, b'begun\\n')\n"
        "    time.sleep(60)\n"
        "prove._work = sleepy\n"
        "prove.prove([toys.theorem()], 2, make=toys.theory)\n"
    )
    root = Path(__file__).parents[4]
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert said.rstrip().endswith(b"KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.slow
def test_the_theorems_are_proved(tmp_path: Path) -> None:
    proofs = prove.prove(THEOREMS)
    said = {t.id: proof.verdict for proof in proofs for t in proof.theorems}
    assert said == {t.id: "proved" for t in THEOREMS}
    certificates.write(proofs, tmp_path / "certificates")
    found = recheck.recheck(tmp_path / "certificates", ["cvc5"])
    assert found.wrong == []
    for proof in proofs:
        assert found.of(proof.id).obligations == len(proof.obligations)
        assert statements.stale(proof.theorems, proof.theory) == ""


@pytest.mark.slow
@pytest.mark.parametrize("id", BY_ID)
def test_each_theorem_is_proved_alone(id: str) -> None:
    assert {proof.verdict for proof in prove.prove([BY_ID[id]])} == {"proved"}
