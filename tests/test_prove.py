"""The prover on a toy, whose invariants are known, and its certificates; then the theorems."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import toys
import z3
from typer.testing import CliRunner

from checker import prove
from checker.__main__ import app
from checker.core.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.engines.induction import COVER, NEVER, _Lessons
from proofs import recheck
from proofs.theorems import THEOREMS, Theorem


def proved(theorem: Theorem, **options: object) -> prove.Proof:
    (proof,) = prove.prove([theorem], 2, make=toys.theory, **options)  # type: ignore[arg-type]
    return proof


def test_a_true_invariant_is_proved() -> None:
    proof = proved(toys.theorem())
    assert (proof.verdict, proof.failed, proof.undecided) == ("proved", [], [])
    assert prove.exit_code([proof]) == OK
    assert all(what.script.rstrip().endswith("(check-sat)") for what in proof.obligations)
    clauses = [clause.name for clause in proof.theory.clauses]
    assert [what.clause for what in proof.obligations if what.action == "start"] == clauses
    for action in ("SEND (next)", "deliver"):
        assert sum(w.clause == COVER for w in proof.obligations if w.action == action) == 1


def test_a_path_that_is_never_taken_stands_for_all_clauses() -> None:
    proof = proved(toys.theorem())
    (never,) = (what for what in proof.obligations if what.clause == NEVER)
    assert (never.action, never.rules) == ("deliver", ("number 0 ignored",))
    assert any(name.startswith("numbered_from_one") for name in never.used)
    others = [w for w in proof.obligations if (w.action, w.path) == ("deliver", never.path)]
    assert {what.clause for what in others} <= {NEVER, COVER}


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
    lines = prove.counterexample(proof, what)
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
    lines = prove.counterexample(proof, what)
    assert any(line.split()[0] == "arrives" and "no=" in line for line in lines)


def test_what_is_false_at_the_start_fails_there() -> None:
    proof = proved(toys.theorem(toys.never_odd))
    what = proof.failed[0]
    assert (what.action, what.clause) == ("start", "never_odd")
    assert prove.counterexample(proof, what)[0] == "toy not proved: never_odd fails at the start"


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


def test_a_lesson_is_recalled_only_where_its_hypotheses_are() -> None:
    p, q, goal = z3.Bools("p q goal")
    lessons = _Lessons()
    lessons.learn("clause", [goal], {"p": p, "q": q})
    assert lessons.recall(goal, {q.get_id(): "second", p.get_id(): "first"}) == ["first", "second"]
    assert lessons.recall(goal, {p.get_id(): "first"}) is None
    assert lessons.recall(goal, {goal.get_id(): "itself"}) == ["itself"]
    assert lessons.recall(p, {q.get_id(): "second"}) is None


# Certificates


def test_certificates_say_what_they_are_of(tmp_path: Path) -> None:
    proof, place = proved(toys.theorem()), tmp_path / "certificates"
    written = prove.write([proof], place)
    manifest = json.loads((place / "manifest.json").read_text())
    (said,) = manifest["theories"]
    assert written == len(said["obligations"]) == len(list(place.rglob("*.smt2")))
    assert said["id"] == "toy"
    by_name = {clause["name"]: clause for clause in said["clauses"]}
    (theorem,) = said["theorems"]
    assert theorem["claims"] == ["told_of_the_past"]
    assert by_name["was_sent"]["doc"] == "A message's number is one that was reached."
    send = next(action for action in said["actions"] if action["name"] == "SEND (next)")
    assert sorted(send["paths"] + send["impossible"]) == [0, 1, 2]
    assert len(send["paths"]) == 1
    assert (place / "toy" / "SEND-next").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["certificates"]


def test_old_certificates_are_replaced_and_other_things_are_not(tmp_path: Path) -> None:
    proof, place = proved(toys.theorem()), tmp_path / "certificates"
    prove.write([proof], place)
    other = proved(toys.theorem(id="other"))
    prove.require_place(place)
    prove.write([other], place)
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "other"]
    (place / "other" / "notes.txt").write_text("mine")
    with pytest.raises(UsageProblem, match="something else"):
        prove.require_place(place)
    with pytest.raises(UsageProblem, match="something else"):
        prove.write([proof], place)
    assert (place / "other" / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["certificates"]
    with pytest.raises(UsageProblem, match="no directory"):
        prove.require_place(place / "manifest.json")
    empty = tmp_path / "empty"
    empty.mkdir()
    prove.write([proof], empty)
    assert (empty / "manifest.json").is_file()


# The command


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the theorems, two toys, of which one is false."""
    theorems = (toys.theorem(id="Y1"), toys.theorem(toys.up_to_date, id="Y2.false"))
    monkeypatch.setattr(prove, "THEOREMS", theorems)
    monkeypatch.setattr(prove.prove, "__defaults__", (None, None, prove.TIMEOUT, toys.theory))


@pytest.mark.usefixtures("toy")
def test_command_proves_and_writes(tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    result = CliRunner().invoke(app, ["prove", "Y1", "--out", str(out), "--json", str(report)])
    assert result.exit_code == OK, result.output
    assert "1 of 1 theorems proved" in result.output
    (said,) = json.loads(report.read_text())["theorems"]
    assert (said["verdict"], said["scope"]) == ("proved", "unbounded")
    (theory,) = json.loads(report.read_text())["theories"]
    assert (theory["theorems"], theory["not_proved"]) == (["Y1"], [])
    assert (out / "manifest.json").is_file()


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
        "import os, sys, time\n"
        "sys.path[:0] = ['tests', '.']; import toys; from checker import prove\n"
        "def sleepy(unit):\n"
        "    os.write(1, b'begun\\n')\n"
        "    time.sleep(60)\n"
        "prove._work = sleepy\n"
        "prove.prove([toys.theorem()], 2, make=toys.theory)\n"
    )
    root = Path(__file__).parent.parent
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
    _, said = process.communicate(timeout=10)
    assert said.rstrip().endswith(b"KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.slow
def test_the_theorems_are_proved(tmp_path: Path) -> None:
    proofs = prove.prove(THEOREMS)
    said = {t.id: proof.verdict for proof in proofs for t in proof.theorems}
    assert said == {t.id: "proved" for t in THEOREMS}
    prove.write(proofs, tmp_path / "certificates")
    wrong, results = recheck.recheck(tmp_path / "certificates", ["cvc5"])
    assert wrong == []
    assert len(results) == sum(len(proof.obligations) for proof in proofs)
