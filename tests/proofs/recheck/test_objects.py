"""A proof counts only if ethos finds it correct, of this very question, without a trusted step.

Ethos itself is asked where the variables ``ETHOS`` and ``CPC_SIGNATURES`` name it and the rules.
"""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proofs.recheck import check as recheck
from proofs.recheck import objects
from proofs.recheck.objects import CORRECT, Ethos, Question
from proofs.recheck.obligations import Obligation, Theory
from proofs.recheck.terms import (
    BOOL,
    Bad,
    Sort,
    and_,
    compare,
    constant,
    not_,
    or_,
    script,
    variable,
)
from tests.helpers import toys

needs_ethos = pytest.mark.skipif(
    not (os.environ.get("ETHOS") and os.environ.get("CPC_SIGNATURES")),
    reason="ETHOS and CPC_SIGNATURES do not name ethos and the rules",
)

QUESTION = """\
(set-logic ALL)
(declare-fun |x.seq| () (_ BitVec 4))
(declare-fun |y.at| (Int) (_ BitVec 6))
(define-fun t!1 () (_ BitVec 6) (bvadd ((_ zero_extend 2) |x.seq|) (_ bv1 6)))
(assert (bvult (_ bv20 6) t!1))
(assert (= ((_ extract 3 0) (|y.at| 3)) |x.seq|))
(check-sat)
"""
PROOF = "(assume @p1 p)\n(step @p2 false :rule contra :premises (@p1 @p1))\n"


def ethos() -> Ethos:
    return Ethos(os.environ["ETHOS"], Path(os.environ["CPC_SIGNATURES"]))


def fake(place: Path, does: str) -> Ethos:
    """A program in place of ethos."""
    program = place / "ethos"
    program.write_text(f"#!{sys.executable}\nimport os, sys, time\n{does}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (place / objects.SIGNATURE).write_text("")
    return Ethos(str(program), place)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the toy, and its statement beside them."""
    return toys.written_to(tmp_path_factory.mktemp("written"))


def run(written: Path, ethos: Ethos, *more: str) -> int:
    names = ["--ethos", ethos.program, "--signatures", str(ethos.signatures)]
    where = [str(written / "certificates"), "--statements", str(written)]
    return recheck.main([*where, "--proofs", *names, *more])


# What is asked


def test_a_question_as_ethos_reads_it() -> None:
    text = objects.reference(QUESTION)
    assert "(bvadd (zero_extend 2 |x.seq|) #b000001)" in text
    assert "(= (extract 3 0 (|y.at| 3)) |x.seq|)" in text
    assert "(bvult #b010100 t!1)" in text
    assert "(_ BitVec 6)" in text


def test_each_question_is_asked_once(written: Path) -> None:
    recheck._prepared(written / "certificates", written)
    toy = recheck._theories["toy"]
    asked, counts = objects.questions([toy, toy])
    total, evident = counts["toy"]
    assert len({one.text for one in asked}) == len(asked) == total - evident > 3
    assert all(one.names == 2 * one.names[:1] for one in asked)
    checked = recheck.recheck(written / "certificates", ["cvc5"], 1, statements=written).of("toy")
    assert (total, evident) == (checked.obligations, checked.evident)


def test_what_has_the_same_hints_is_asked_at_once(written: Path) -> None:
    """... of a path, and counts for each obligation."""
    recheck._prepared(written / "certificates", written)
    made = recheck._theories["toy"].made
    every = Theory(made, {(one.action, one.path, one.what): ["n"] for one in Theory(made).all()})
    left = {one.name: one for one in every.all() if not one.evident}
    asked, counts = objects.questions([every])
    total, evident = counts["toy"]
    assert sorted(name for one in asked for _, name in one.names) == sorted(left)
    assert total - evident == len(left) > len(asked) + 3
    assert any(len({left[name].path for _, name in one.names}) > 1 for one in asked), "shared"
    for one in asked:
        assert one.obligation is not None
        shown = script(one.obligation.supposed, one.obligation.goal)
        for of in (left[name] for _, name in one.names):
            assert {*of.supposed} <= {*one.obligation.supposed} and one.text == shown
            goals = (one.obligation.goal, *one.obligation.goal.args)
            assert any(of.goal is goal for goal in goals)


def test_a_sample_is_the_same_each_time() -> None:
    assert objects.sampled(5, 9) == [0, 1, 2, 3, 4]
    assert objects.sampled(100, 7) == objects.sampled(100, 7)
    assert len(set(objects.sampled(100, 7))) == 7


# Proofs


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("(step @p1 false :rule trust :premises () :args (false))\n", "trusted"),
        (PROOF + "(step @p3 false :rule  trust_theory_rewrite :args (p))\n", "trusted"),
        (PROOF + "(step @p3 false :rule |trust| :args (p))\n", "trusted"),
        ("(declare-rule easy () :conclusion false)\n" + PROOF, "declare-rule"),
        (PROOF + "( include \"rules.eo\")\n", "include"),
        (PROOF + "(\n reset)\n", "reset"),
        (PROOF + "(;\nreset)\n", "a command that proofs do not need: ;"),
        ("(define-fun q () Bool true)\n" + PROOF, "define-fun"),
        ("(declare-const q Bool)\n" + PROOF, "declare-const"),
        ("(define p () true)\n" + PROOF, "the proof names what is not its own: p"),
        ("", "the proof is empty"),
        ("; trust me\n", "the proof is empty"),
    ],
)  # fmt: skip
def test_a_proof_that_does_more_than_to_prove(found: str, said: str) -> None:
    with pytest.raises(Bad, match=said):
        objects.inspect(found)


def test_proofs_of_cvc5_only_prove() -> None:
    for options in objects.WAYS:
        found = objects.apart(QUESTION, options, 20)
        objects.inspect(found)
        assert ":rule bv_bitblast_step" in found


def test_what_has_no_proof() -> None:
    with pytest.raises(Bad, match="cvc5 says sat"):
        objects.apart(QUESTION.replace("bv20", "bv3"), {}, 20)
    with pytest.raises(Bad, match="Expected"):
        objects.apart(QUESTION.replace("(set-logic", "(set-magic"), {}, 20)


def test_a_search_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(*_: Any) -> str:
        while True:
            pass

    monkeypatch.setattr(objects, "proof", search)
    with pytest.raises(Bad, match="cvc5 takes more than 0 s"):
        objects.apart(QUESTION, {}, 0.01)


def test_a_search_that_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "proof", lambda *_: os._exit(1))
    with pytest.raises(Bad, match="cvc5 crashes"):
        objects.apart(QUESTION, {}, 20)


# What ethos says


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("print('incomplete')", r"ethos says incomplete \(0\)"),
        ("pass", r"ethos says nothing \(0\)"),
        ("print('correct'); sys.exit(1)", r"ethos says correct \(1\)"),
        ("print('correct', flush=True); os.abort()", r"ethos says correct \(-6\)"),
        ("print('correct'); print('incomplete')", "ethos says correct incomplete"),
        ("print('incorrect')", "ethos says incorrect"),
        ("print('Error: no such rule', file=sys.stderr); sys.exit(1)", "Error: no such rule"),
        ("time.sleep(20)", "ethos takes more than 1 s"),
    ],
)
def test_anything_but_correct(tmp_path: Path, does: str, said: str) -> None:
    program = fake(tmp_path, does)
    with pytest.raises(Bad, match=said):
        raise Bad(objects.judged(program, QUESTION, PROOF, 1))


def test_ethos_has_the_question_and_the_proof(tmp_path: Path) -> None:
    """It is told to compare the two, and that the proof has to end in false."""
    does = """
(asked,) = [arg[12:] for arg in sys.argv if arg.startswith("--reference=")]
assert "(extract 3 0 (|y.at| 3))" in open(asked).read()
assert sys.stdin.read().startswith("(assume @p1 p)")
assert "--require-proof-of-false" in sys.argv
assert "--include=" + os.path.dirname(sys.argv[0]) + "/Cpc.eo" in sys.argv
print("correct")"""
    assert objects.judged(fake(tmp_path, does), QUESTION, PROOF, 20) == CORRECT


def test_a_question_that_ethos_does_not_agree_to(tmp_path: Path) -> None:
    asked = Question(QUESTION, [("toy", "a")])
    found = objects.Answer(fake(tmp_path, "print('incomplete')"), asked, 0, 20).done
    assert "ethos says incomplete" in found.wrong
    assert found.proofs == 0


# In parts and cases

X, Y = (variable(name, Sort("int", 0, 255)) for name in "xy")
P, Q = (variable(name, BOOL) for name in "pq")
HARD = Obligation(
    "act", 0, "clause", (or_(P, Q),), and_(or_(P, Q, compare("<", X, Y)), or_(Q, P, not_(P)))
)
"""Its parts, and their cases by p, are proved; all at once is too much for whoever pretends so."""


def pretend(monkeypatch: pytest.MonkeyPatch, able: Callable[[str], bool]) -> list[str]:
    """cvc5 proves what it is able to, and ethos agrees; what was proved."""
    shown: list[str] = []

    def apart(text: str, *_: object) -> str:
        if not able(text):
            raise Bad("cvc5 says unknown (TIMEOUT)")
        shown.append(text)
        return PROOF

    monkeypatch.setattr(objects, "apart", apart)
    monkeypatch.setattr(objects, "judged", lambda *_: CORRECT)
    return shown


def asserted(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("(assert ")]


def answered(one: Obligation = HARD) -> objects.Proved:
    asked = Question(script(one.supposed, one.goal), [("toy", "a")], one)
    return objects.Answer(Ethos("ethos", Path()), asked, 0, 20).done


def test_what_is_too_much_at_once_is_proved_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = script(HARD.supposed, HARD.goal)
    shown = pretend(monkeypatch, lambda text: text != whole)
    found = answered()
    assert (found.wrong, found.proofs) == ("", 2)
    assert shown == [script(HARD.supposed, part) for part in HARD.goal.args]


def test_what_is_too_much_in_parts_is_proved_in_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = pretend(monkeypatch, lambda text: len(asserted(text)) > 2)
    found = answered()
    assert (found.wrong, found.proofs) == ("", 4)
    for part in HARD.goal.args:
        mine = [text for text in shown if asserted(script((), part))[0] in text]
        assert len(mine) == 2, "a test, and its contrary"
        (one,), (other,) = ([line for line in asserted(t)[1:-1]] for t in mine)
        assert {f"(assert (not {one[8:-1]}))", one} & {other, f"(assert (not {other[8:-1]}))"}


def test_one_case_may_be_split_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, lambda text: "(assert (not |p|))" in text or len(asserted(text)) > 3)
    found = answered()
    assert found.wrong == ""
    assert found.proofs > 4


def test_every_part_and_every_case_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, last = script(HARD.supposed, HARD.goal), asserted(script((), HARD.goal.args[-1]))[0]
    pretend(monkeypatch, lambda text: text != whole and last not in text)
    assert "TIMEOUT" in answered().wrong
    pretend(monkeypatch, lambda text: "(assert (not |p|))" in text)
    assert "TIMEOUT" in answered().wrong


def test_cases_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "PATIENCE", 0)
    pretend(monkeypatch, lambda _: False)
    assert answered().wrong == "in cases, too: cvc5 says unknown (TIMEOUT)"


def test_numbers_that_may_be_equal_are_tried_first() -> None:
    equal = compare("=", X, Y)
    by = objects.tests([and_(P, or_(P, Q)), or_(equal, compare("=", X, constant(3)), P)])
    assert by[:2] == [equal, P]
    assert {*by} == {equal, P, Q, compare("=", X, constant(3))}


# All of it


def test_what_accepts_anything_is_not_ethos(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(written, fake(tmp_path, "print('correct')")) == 1
    assert "accepts a proof of" in capsys.readouterr().err
    assert run(written, fake(tmp_path, "pass")) == 1
    assert "does not accept a proof of two lines" in capsys.readouterr().err


def test_who_refuses_is_named(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the controls it accepts what is right, and of the rest nothing."""
    right = (objects._SUPPOSED + objects._PROVED).replace("\n", "\\n")
    program = fake(tmp_path, f"print('correct' if sys.stdin.read() == '{right}' else 'incomplete')")
    assert run(written, program, "--sample", "2", "--jobs", "1") == 1
    told = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("not covered: toy: ") for line in told) == 2
    assert all("ethos says incomplete" in line for line in told if "not covered:" in line)
    assert "NOT all proofs are accepted" in told[-1]


@pytest.mark.parametrize(
    ("wrong", "unfound"),
    [
        ("cvc5 says unknown (TIMEOUT)", True),
        ("in cases, too: cvc5 takes more than 80 s", True),
        ("one case of it is not proved", True),
        ("cvc5 says sat", False),
        ("ethos says incomplete (0): ", False),
        ("a step is trusted: the proof is incomplete", False),
        ("", False),
    ],
)
def test_what_is_not_found_is_told_from_what_is_refused(wrong: str, unfound: bool) -> None:
    assert objects.Proved(0, wrong).unfound == unfound


# What is remembered


def some_questions() -> list[Question]:
    texts = ("(assert |p|)\n", "(assert |p|)\n(assert |q|)\n", "(assert false)\n")
    names = ([("A", "1"), ("A", "2"), ("B", "1")], [("A", "3")], [("B", "2")])
    return [Question(text, [*name]) for text, name in zip(texts, names, strict=True)]


def test_a_record_says_what_came_of_a_question(tmp_path: Path) -> None:
    asked, place = some_questions(), tmp_path / "record.json"
    counts = {"A": (5, 2), "B": (2, 0)}
    record = objects.Record.read(place, "1.0")
    assert record.todo(asked, 8) == [0, 2, 1]
    done = [objects.Proved(0, "", 1, 70, 0.5, 0.25), objects.Proved(1, "too slow")]
    assert record.update(asked, counts, done, 8) == done
    record.write(place)
    again = objects.Record.read(place, "1.0")
    assert again.update(asked, counts, [], 8) == done
    assert again.theories["A"][0] == {
        "checked": 1,
        "questions": 2,
        "covered": 4,
        "obligations": 5,
    }
    assert again.theories["B"][0]["checked"] == 1
    assert again.todo(asked, 8) == [2, 1], "what failed is asked again, after what never was"
    assert [again.seconds(one, 8) for one in asked] == [8, 16, 8], "... with more time"
    assert again.seconds(asked[1], 20) == 20
    assert objects.Record.read(place, "2.0").todo(asked, 8) == [0, 2, 1], "of another cvc5"


def test_a_question_that_many_ask_comes_before_a_shorter_one() -> None:
    asked = some_questions()
    assert len(asked[0].text) < len(asked[2].text) < len(asked[1].text)
    asked[1].names *= 20
    assert objects.Record("1.0").todo(asked, 8) == [1, 2, 0], "and theories take turns"


def test_what_failed_is_asked_again_until_it_has_had_its_time() -> None:
    asked = some_questions()
    record, had = objects.Record("1.0"), []
    record.update(asked, {}, [objects.Proved(0), objects.Proved(2)], 8)
    while record.todo(asked, 100):
        (n,) = record.todo(asked, 100)
        had.append(record.seconds(asked[n], 100))
        record.update(asked, {}, [objects.Proved(n, "too slow")], had[-1])
    assert had == [100, 200, 400, objects.LONGEST]


def test_what_had_least_time_is_asked_first() -> None:
    asked, record = some_questions(), objects.Record("1.0")
    for n, limit in ((0, 32), (1, 8), (2, 16)):
        record.update(asked, {}, [objects.Proved(n, "too slow")], limit)
    assert record.todo(asked, 8) == [1, 2, 0]


def test_nothing_is_known_of_a_question_that_has_changed(tmp_path: Path) -> None:
    asked = some_questions()
    record = objects.Record("1.0")
    record.update(asked, {}, [objects.Proved(n) for n in range(3)], 8)
    asked[1] = Question(asked[1].text + ";\n", asked[1].names)
    assert record.todo(asked, 8) == [1]
    assert [one.number for one in record.update(asked, {}, [], 8)] == [0, 2]
    assert {*record.theories["A"][1]} == {asked[0].digest}, "no theory asks the old one any more"


def test_a_record_of_one_theory_leaves_the_others(tmp_path: Path) -> None:
    asked = some_questions()
    record = objects.Record("1.0")
    record.update(asked, {}, [objects.Proved(n) for n in range(3)], 8)
    before = record.theories["A"]
    record.update(asked[2:], {}, [objects.Proved(0, "too slow")], 8)
    assert record.theories["A"] == before
    assert record.theories["B"][0]["checked"] == 0


@pytest.mark.parametrize("text", ["", "[]", '{"cvc5": "1.0"}', '{"cvc5": "1.0", "theories": 3}'])
def test_what_is_no_record(tmp_path: Path, text: str) -> None:
    place = tmp_path / "record.json"
    place.write_text(text)
    with pytest.raises(Bad, match="is no record of proofs"):
        objects.Record.read(place, "1.0")


def test_what_is_recorded_is_not_asked_again(
    written: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(objects, "control", lambda *_: None)
    shown = pretend(monkeypatch, lambda _: True)
    program, record = fake(tmp_path, "pass"), str(tmp_path / "record.json")
    assert run(written, program, "--record", record, "--minutes", "1e-9") == 3
    assert "0 not covered" in capsys.readouterr().out, "of none that was not asked"
    assert run(written, program, "--record", record) == 0
    assert "0 not covered, 0 not asked" in capsys.readouterr().out
    monkeypatch.setattr(objects, "apart", None)
    assert run(written, program, "--record", record) == 0
    assert "0 not covered, 0 not asked" in capsys.readouterr().out
    assert shown == [], "workers asked, not this process"
    with pytest.raises(SystemExit):
        run(written, program, "--record", record, "--sample", "3")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no proof was checked: --ethos and --signatures"),
        (["--ethos", "no-such-program", "--signatures", "."], "no-such-program: no such program"),
        (["--ethos", sys.executable, "--signatures", "."], "there is no Cpc.eo"),
    ],
)
def test_without_ethos(
    written: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.delenv("ETHOS", raising=False)
    monkeypatch.delenv("CPC_SIGNATURES", raising=False)
    assert recheck.main([str(written / "certificates"), "--proofs", *arguments]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@needs_ethos
def test_ethos_finds_the_proofs_correct(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written, ethos()) == 0
    told = capsys.readouterr().out
    assert "0 not covered, 0 not asked" in told
    found = objects.Answer(ethos(), Question(QUESTION, [("toy", "a")]), 0, 20).done
    assert found.wrong == ""


@needs_ethos
@pytest.mark.parametrize("what", objects.CONTROLS)
def test_ethos_refuses_a_wrong_proof(what: str) -> None:
    objects.control(ethos(), 20)
    assert objects.judged(ethos(), objects._TRIVIAL, objects.CONTROLS[what], 20) != CORRECT


@needs_ethos
def test_ethos_refuses_a_proof_of_another_question() -> None:
    found = objects.apart(QUESTION, {}, 20)
    assert objects.judged(ethos(), QUESTION, found, 20) == CORRECT
    said = objects.judged(ethos(), QUESTION.replace("bv20", "bv21"), found, 20)
    assert "was not part of the referenced assertions" in said


@needs_ethos
def test_ethos_refuses_a_proof_that_lacks_a_step() -> None:
    lines = objects.apart(QUESTION, {}, 20).splitlines(keepends=True)
    steps = [n for n, line in enumerate(lines) if line.startswith("(step ")]
    less = "".join(line for n, line in enumerate(lines) if n != steps[len(steps) // 2])
    assert objects.judged(ethos(), QUESTION, less, 20) != CORRECT
