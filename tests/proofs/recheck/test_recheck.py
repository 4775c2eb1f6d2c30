"""Theorems are accepted as they were proved, and not after any kind of tampering."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import z3

from checker.engines.solver import induction
from checker.studies import proved
from checker.studies.prove import certificates, prove, statements, theories
from proofs.recheck import check as recheck
from proofs.recheck import statement
from proofs.recheck.obligations import Obligation
from proofs.recheck.terms import DEEPEST, MOST, NAT, Bad, compare, constant, sum_, variable
from proofs.theorems.table import BY_ID
from tests.helpers import toys


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the toy, and its statement beside them."""
    return toys.written_to(tmp_path_factory.mktemp("written"))


@pytest.fixture
def place(written: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "copy"
    shutil.copytree(written, copy)
    yield copy


def wrong(place: Path, *solvers: str) -> list[str]:
    return recheck.recheck(place / "certificates", solvers or ("cvc5",), 1, statements=place).wrong


def edit(place: Path, old: str, new: str) -> None:
    """Change the statement."""
    path = place / "toy.txt"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def rehint(place: Path, change: Callable[[list[Any]], object]) -> None:
    """Change the hints."""
    path = place / "certificates" / "toy.json"
    hints = json.loads(path.read_text())
    change(hints)
    path.write_text(json.dumps(hints))


@pytest.mark.parametrize("solver", recheck.SOLVERS)
def test_what_was_proved_is_accepted(written: Path, solver: str) -> None:
    if recheck.missing(solver):
        pytest.skip(f"{solver} is not installed")
    found = recheck.recheck(written / "certificates", [solver], 2, statements=written)
    assert found.wrong == []
    total = found.of("toy")
    assert total.evident + total.agreed[solver] == total.obligations > 20
    assert total.agreed[solver] > 3
    (proof,) = prove.prove([toys.theorem()], 2, make=toys.theory)
    assert total.obligations == len(proof.obligations), "both find that there is as much to prove"


@pytest.mark.parametrize(
    "answer",
    ["unknown", "sat", "timeout", "", "unsat unsat", "error: it crashed", "unknown (TIMEOUT)"],
)
def test_only_unsat_agrees(place: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """A solver that gives up, or crashes, says nothing of an obligation."""
    monkeypatch.setattr(recheck, "ask", lambda *_: answer)
    found = wrong(place)
    assert len(found) > 3
    assert all(f"cvc5 says {answer}" in what for what in found if "sat)" not in what)


# What a statement says


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(claims told_of_the_past)", "(claims)", "claims nothing"),
        ("(claims told_of_the_past)", "(claims more)", "claims more, which is no clause"),
        ("(options)", "(options x)", "x is an option, but nothing that may vary"),
        ("(clause was_sent", "(clause told_of_the_past", "told_of_the_past is there twice"),
        ("(theory toy)", "", "does not begin with (theory ID)"),
        ("(theory toy)", "(theory toy) (theory toy)", "of one theory"),
        ("(theory toy)", "(theory other)", "it is of other"),
        ("(theorem toy", "(theorm toy", "no part (theorm ...)"),
        ("me.told", "me.tolled", "me.tolled is not known"),
        ("(when)", "(when (x))", "x is an option, but nothing that may vary"),
        ("(when)", "(when ())", "no list of options"),
        ("message", "massage", "no part (massage ...)"),
        ('(delivery "deliver" 5', '(delivery "deliver" 3', "it has 5 paths, not '3'"),
        ('(delivery "deliver" 5', '(action "deliver" 5', "seg.no is not known"),
        ('(keeps "deliver"', '(keeps "other"', "not say of each action that it keeps"),
        ("(set told seg.no)", "(set told seg.no) (set told 1)", "set twice"),
        ("(set told seg.no)", "(set telled seg.no)", "telled is no field"),
        ("(set told seg.no)", "(set told true)", "is a bool, not a int"),
        ("(set mode Mode.ENDED)", "(set mode Mode.OVER)", "Mode.OVER is not known"),
        ("impossible", "possible", "is no leaf"),
        ("(<= seg.no me.sent)", "seg.no", "neither true nor false"),
        ("(<= seg.no me.sent)", "(< seg.no me.odd)", "< of seg.no, a int"),
        ("(<= seg.no me.sent)", "(<= (- seg.no 1) me.sent)", "which may be negative"),
        ("(<= seg.no me.sent)", "(<= seg.no me.sent", "is not closed"),
        ("(<= seg.no me.sent)", "(<= seg.no me.sent))", "a ) too many"),
        ("(<= seg.no me.sent)", "(<= seg.no)", "<= of 1 means nothing"),
    ],
)
def test_a_statement_that_makes_no_sense(place: Path, old: str, new: str, said: str) -> None:
    edit(place, old, new)
    (what,) = wrong(place)
    assert said in what
    assert "\n" not in what and len(what) < 500


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # a claim that is not so, or not inductive any more; an end that does something else
        ("(<= me.told peer.sent)", "(< me.told peer.sent)", "cvc5 says sat"),
        ("(<= seg.no me.sent)", "(<= seg.no 200)", "cvc5 says sat"),
        ("(set sent (wrap (+ me.sent 1) 8))", "(set sent 0)", "cvc5 says sat"),
        ("(set sent (wrap (+ me.sent 1) 8))", "(set sent (+ me.sent 250))", "sorts: cvc5 says sat"),
        ("(sent 0..255 0)", "(sent 0..255 0) (more nat 0)", ""),
        ("(told 0..255 0)", "(told 0..255 1)", "start.0.told_of_the_past: cvc5 says sat"),
        ('(keeps "deliver"\n true', '(keeps "deliver"\n (= seg.no 0)', "constants: cvc5 says sat"),
        # what would be true of nothing
        ("(<= me.told peer.sent)", "(or me.odd (not me.odd))", "true of every state"),
        ("(enum Mode", '(fact no "" false) (enum Mode', "what toy assumes contradicts itself"),
    ],
)
def test_a_statement_that_is_not_so(place: Path, old: str, new: str, said: str) -> None:
    edit(place, old, new)
    found = wrong(place)
    assert bool(found) == bool(said)
    assert any(said in what for what in found) or not said


def test_assumptions_of_tcbs_must_not_contradict_each_other(place: Path) -> None:
    """... for three TCBs of one end: of two alone they may be possible."""
    more = """(memory iss 0..3 any same) (told iss)
(pair apart "" (when) (and (not (= (mine.iss m) (mine.iss n))) (< (mine.iss m) 2)))
(clause was_sent"""
    edit(place, "(clause was_sent", more)
    assert wrong(place) == ["toy: what toy assumes contradicts itself (cvc5 says unsat)"]


def test_a_theory_that_never_does_anything(place: Path) -> None:
    (place / "toy.txt").write_text(
        """(theory toy) (theorem toy "" "" (claims off) (options))
(end (on bool false)) (clause off ends "" (when) (not me.on))
(action "ON" 2 (if (= 0 1) (do (set on true)) impossible))"""
    )
    assert wrong(place) == ["toy: no path of it is ever taken"]


def test_what_was_accepted_is_said_with_all_that_it_supposes() -> None:
    text = """(theory one)
(theorem one "" "" (claims agreement) (options syn_ack_exact))
(theorem two "" "" (claims agreement partner) (options given.far))
(rule close_waits on) (bound width 32)
(parameter syn_ack_exact bool) (parameter given.far bool) (parameter window nat)
(end (state nat 0)) (memory iss nat any same)
(fact window_is_sane "" (< 0 window))
(pair fresh "" (when) true) (pair far "" (when (given.far)) true)
(clause agreement ends "" (when) true) (clause partner ends "" (when (given.far)) true)
(action "OPEN" 2 (if (= me.state 0) (do "3.10.1" (set state 1)) impossible))"""
    assert [*statement.statement(text).lines()] == [
        "one: agreement; supposes window_is_sane, fresh, close_waits=on, syn_ack_exact=on",
        "two: agreement, partner; supposes window_is_sane, fresh, far, close_waits=on",
        "  bounds: width=32",
        "  actions, with their paths: OPEN (1)",
    ]
    other = text.replace("(claims agreement) (options syn", "(claims partner) (options syn")
    with pytest.raises(Bad, match="one claims partner, which holds under other options only"):
        statement.statement(other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("; " + "x" * MOST, "characters"),
        ("(" * 200_000, "within each other"),
        ("(theory " + "(not " * (DEEPEST + 1), "within each other"),
        ('(theory "', "a string does not end"),
        ("", "it has no theorem"),
        ("\x00", "no part of a statement"),
    ],
)
def test_a_statement_without_end(place: Path, text: str, said: str) -> None:
    (place / "toy.txt").write_text(text)
    (what,) = wrong(place)
    assert said in what


# What hints say


def test_a_hint_cannot_make_a_proof(place: Path) -> None:
    """Names that mean nothing are not looked at; with too few, all hypotheses are tried."""

    def forget(hints: list[Any]) -> None:
        for hint in hints:
            hint[3] = ["sorts of the moon"]

    rehint(place, forget)
    assert wrong(place) == []
    rehint(place, lambda hints: hints.clear())
    found = wrong(place)
    assert all("cvc5 says sat" in what for what in found), "a path that is never taken, at most"


def test_what_is_asked_at_once_is_proved_of_each() -> None:
    """... and not at all, if one of it does not follow, or hints are not the same, or none."""
    x, n = variable("x", NAT), "nat"
    supposed = (compare("<=", constant(1, NAT), x),)

    def above(least: int) -> Obligation:
        goal = compare("<=", constant(least, NAT), sum_("+", x, constant(1, NAT)))
        return Obligation("act", 0, str(least), supposed, goal)

    def agreed(path: list[Obligation], *hints: list[str]) -> list[str]:
        of: Any = SimpleNamespace(
            hints={("act", 0, one.what): hint for one, hint in zip(path, hints, strict=False)}
        )
        return recheck._together(of, path, ["cvc5"], 60.0)

    assert agreed([above(1), above(2)], [n], [n]) == ["cvc5"]
    assert agreed([above(1), above(3)], [n], [n]) == []
    assert agreed([above(1), above(2)], [n], ["other"]) == []
    assert agreed([above(1), above(2)]) == agreed([above(1)], [n]) == []


def test_a_path_that_is_said_to_be_never_taken(place: Path) -> None:
    rehint(place, lambda hints: hints.append(["SEND (next)", 2, "never", []]))
    assert wrong(place) == ["toy: SEND (next).2.never: cvc5 says sat"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "toy.json: "),
        ("[" * 100_000, "toy.json: "),
        ("{}", ""),
        ("[1]", "damaged"),
        ('[["deliver"]]', "damaged"),
    ],
)
def test_hints_that_are_none(place: Path, text: str, said: str) -> None:
    (place / "certificates" / "toy.json").write_text(text)
    found = wrong(place)
    assert said in found[0] if said else True
    assert all("\n" not in what for what in found)


# A prover that errs


def never_two(me: Any, peer: Any, seg: Any) -> bool:
    """No message has the number 2. (It is false.)"""
    return seg.no != 2  # type: ignore[no-any-return]


def never_ended(me: Any, peer: Any) -> bool:
    """No end is told to go to sleep. (It is false.)"""
    return me.mode != toys.Mode.ENDED  # type: ignore[no-any-return]


def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent is not asked about."""
    right = induction.Prover._goal
    monkeypatch.setattr(
        induction.Prover, "_goal", lambda self, c, e, m, there: right(self, c, e, m, there[:2])
    )


def what_is_sent_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is supposed to have been sent by the end that it comes to."""
    right = induction.Prover._instance

    def instance(
        self: Any, clause: Any, h: str, label: str = "", message: Any = None, **n: Any
    ) -> Any:
        if label == "arriving":
            return z3.And(right(self, clause, h, label, message, **n), message["no"] == 1)
        return right(self, clause, h, label, message, **n)

    monkeypatch.setattr(induction.Prover, "_instance", instance)


@pytest.mark.parametrize(
    ("fault", "claim"),
    [
        (nothing_is_sent, never_two),
        (what_is_sent_is_old, never_ended),
    ],
)
def test_a_fault_of_the_prover_makes_no_theorem(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], None],
    claim: Callable[..., bool],
) -> None:
    """It may prove what is false. Nothing of what it says is believed."""
    fault(monkeypatch)
    theorem = toys.theorem(claim)
    (proof,) = prove.prove([theorem], 1, make=toys.theory)
    assert proof.verdict == "proved", "the fault is one"
    certificates.write([proof], tmp_path / "certificates")
    (tmp_path / "toy.txt").write_text(statements.written(proof.theorems, proof.theory))
    found = wrong(tmp_path)
    assert any("cvc5 says sat" in what for what in found)


@pytest.mark.parametrize("left_out", ["kinds", "facts", "clauses"])
def test_a_theory_without_what_it_should_have_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    """An action, an assumption or a clause that is left out: its statement is not the one there."""
    theorem = BY_ID["S2.rate"]
    made = theories.theory([theorem])
    assert statements.stale([theorem], made) == ""
    setattr(made, left_out, getattr(made, left_out)[1:])
    assert "is not what the specification" in statements.stale([theorem], made)


# Files


@pytest.mark.parametrize("name", ["more.smt2", "toy/1.smt2", "note.txt"])
def test_added_file(place: Path, name: str) -> None:
    path = place / "certificates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("(check-sat)\n")
    assert wrong(place) == [f"{name}: not in the manifest"]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": "synproof certificates"}'])
def test_no_manifest(place: Path, text: str | None) -> None:
    path = place / "certificates" / "manifest.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    (what,) = wrong(place)
    assert what.startswith("manifest.json: ")


def test_a_theory_without_a_statement(place: Path) -> None:
    """An invented theorem has none."""
    path = place / "certificates" / "manifest.json"
    path.write_text(path.read_text().replace('"id": "toy"', '"id": "T9"'))
    (what,) = wrong(place)
    assert what.startswith("T9: there is no statement")
    path.write_text(path.read_text().replace('"id": "T9"', '"ID": "T9"'))
    assert wrong(place) == ["manifest.json: it is damaged: KeyError: 'id'"]


# The command


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proofs.recheck", *arguments],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )


def test_command(place: Path) -> None:
    there = str(place / "certificates")
    stated = ("--statements", str(place))
    done = run(there, "--solver", "cvc5", "--jobs", "2", *stated)
    assert done.returncode == 0, done.stderr
    assert f"{there}: accepted" in done.stdout
    assert "toy: told_of_the_past; supposes nothing\n  bounds: none\n  actions" in done.stdout
    assert run(there, "--solver", "cvc5", "--pin", *stated).returncode == 0
    pins = place / "obligations.toml"
    assert '"toy" = ' in pins.read_text()
    pins.write_text('"toy" = 1\n')
    done = run(there, "--solver", "cvc5", *stated)
    assert done.returncode == 1
    assert "obligations, pinned are 1; --pin" in done.stderr
    edit(place, "(<= me.told peer.sent)", "(< me.told peer.sent)")
    done = run(there, *stated)
    assert done.returncode == 1
    assert "recheck: toy: start.0.told_of_the_past: cvc5 says sat" in done.stderr
    assert "NOT accepted" in done.stdout
    assert run(str(place / "nowhere")).returncode == 2
    assert run(there, "--statements", str(place / "nowhere")).returncode == 2
    assert run(there, "--solver", "nobody").returncode == 2
    assert run(there, "--jobs", "0").returncode == 2


def test_a_log_is_told_how_far_it_is(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recheck, "EVERY", -1.0)
    assert wrong(place) == []
    lines = capsys.readouterr().err.splitlines()
    total = len(lines)
    assert lines == [f"{n} of {total} parts" for n in range(1, total + 1)]
    assert not any(line.startswith(proved.WRONG) for line in lines), "nothing is wrong"


def test_it_imports_nothing_of_what_proved() -> None:
    code = (
        "import sys, proofs.recheck.check\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('spec', 'checker', 'z3')])\n"
        "print([m for m in sys.modules if m.startswith('proofs.') and 'recheck' not in m])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
