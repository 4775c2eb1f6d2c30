"""What is asked of which solver, and what becomes of the answers: of solvers that say what they are
told to, about the two statements whose obligations are written out."""

import dataclasses
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from proofs.recheck import check, objects, statement
from proofs.recheck.check import Checked, Found, Unit
from proofs.recheck.families import Script
from proofs.recheck.obligations import Theory
from proofs.recheck.terms import Bad, question, script
from tests.proofs.recheck.test_obligations import ENDING, SAFE

Answer = Callable[[str, str], str]


class Solvers:
    """Solvers; ``asked`` are (solver, name of the question, text, seconds)."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, float]] = []
        self.answer: Answer = lambda _solver, _name: "unsat"

    def ask(self, solver: str, text: str, path: Path, timeout: float) -> str:
        self.asked.append((solver, path.name, text, timeout))
        return self.answer(solver, path.name)

    @property
    def names(self) -> list[str]:
        """The names of the questions."""
        return [name for _, name, _, _ in self.asked]


@pytest.fixture
def solvers(monkeypatch: pytest.MonkeyPatch) -> Solvers:
    made = Solvers()
    monkeypatch.setattr(check, "ask", made.ask)
    monkeypatch.setattr(check, "_agreed", set())
    monkeypatch.setattr(check, "_theories", {})
    return made


def theory(text: str, hints: Any = None) -> Theory:
    made = Theory(statement.statement(text), hints)
    check._theories[made.made.id] = made
    return made


def checked(unit: Unit, *names: str) -> Checked:
    return check.check(Path("nowhere"), unit, names or ("cvc5",), 7.0)


# What there is to do


def test_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is impossible is asked of only where something is claimed to happen in the end."""
    monkeypatch.setattr(check, "CHUNK", 2)
    safe, ending = statement.statement(SAFE), statement.statement(ENDING)
    assert [(one.name, one.action, one.paths) for one in check.units(safe)] == [
        ("safe", "NEVER", (0, 1)),
        ("safe", "deliver", (0, 1)),
        ("safe", "forged", (0,)),
        ("safe", "OPEN", (1, 2)),
        ("safe", "FIN", (0,)),
        ("safe", "tick", ()),
        ("safe", "start", ()),
        ("safe", "whole", ()),
    ]
    assert [(one.action, one.paths) for one in check.units(ending)] == [
        ("NEVER", (1, 0)),
        ("deliver", (0, 1)),
        ("deliver", (2,)),
        ("FIN", (0, 1)),
        ("start", ()),
        ("whole", ()),
    ]


# What is asked


def test_what_is_proved_of_an_action(solvers: Solvers) -> None:
    made = theory(SAFE)
    done = checked(Unit("safe", "OPEN", (1, 2)))
    left = [one for one in made.all() if one.action == "OPEN" and not one.evident]
    assert solvers.asked == [
        ("cvc5", one.name, script(one.supposed, one.goal), 7.0)
        for one in left
        if one.what != "constants"
    ]
    assert (done.name, done.wrong, done.obligations, done.evident) == ("safe", [], 10, 6)
    assert (done.agreed, done.taken) == (Counter(cvc5=4), 2)
    solvers.asked.clear()
    done = checked(Unit("safe", "OPEN", (2,)))
    assert (done.obligations, done.evident, done.taken) == (5, 2, 1)
    assert done.agreed == Counter(cvc5=3)
    assert solvers.asked == [], "they agreed to that before"


def test_a_path_that_is_never_taken_counts_as_none(solvers: Solvers) -> None:
    theory(SAFE)
    assert checked(Unit("safe", "NEVER", (0,))).taken == 0
    assert checked(Unit("safe", "NEVER", (1,))).taken == 1
    assert checked(Unit("safe", "tick")).taken == 0
    theory(ENDING)
    assert checked(Unit("ending", "FIN", (0,))).taken == 1


def test_what_is_proved_of_the_rest(solvers: Solvers) -> None:
    theory(SAFE)
    assert checked(Unit("safe", "start")).obligations == 4
    assert solvers.names == ["start.0.numbered"]
    solvers.asked.clear()
    assert checked(Unit("safe", "tick")).obligations == 5
    assert solvers.names == ["tick.0.told", "tick.0.small_numbers", "tick.0.sorts"]


def test_what_must_be_possible(solvers: Solvers) -> None:
    """Of the whole: that nothing contradicts itself, and no claim is true of everything."""
    solvers.answer = lambda _solver, name: "sat" if name in ("safe", "ending") else "unsat"
    made = theory(SAFE)
    done = checked(Unit("safe", "whole"))
    assert (done.wrong, done.obligations, done.evident) == ([], 6, 3)
    assert [(name, text) for _, name, text, _ in solvers.asked[3:]] == [
        ("safe", question(made.assumed(["on"]))),
        ("safe", question(made.hollow("told"))),
    ]
    solvers.answer = lambda _solver, _name: "unsat"
    assert checked(Unit("safe", "whole")).wrong == [
        "safe: what S assumes contradicts itself (cvc5 says unsat)",
        "safe: told is true of every state, whatever it is (cvc5 says unsat)",
    ]
    theory(ENDING)
    solvers.answer = lambda _solver, _name: "unknown"
    done = checked(Unit("ending", "whole"))
    assert done.wrong[0] == "ending: states.0.closes: cvc5 says unknown"
    assert [one.split()[1] for one in done.wrong[1:]] == ["what", "closes", "quiet", "remembered"]


def test_who_says_no(solvers: Solvers) -> None:
    """With hints only what they name is supposed; then all is, if that is more."""
    hints = {("forged", 0, "told"): ["told x"], ("forged", 0, "remembered"): None}
    made = theory(SAFE, hints)
    solvers.answer = lambda _solver, name: "sat" if name == "forged.0.told" else "unsat"
    done = checked(Unit("safe", "forged", (0,)))
    assert done.wrong == ["safe: forged.0.told: cvc5 says sat"]
    assert done.agreed == Counter(cvc5=1)
    assert solvers.names == ["forged.0.told"] * 2 + ["forged.0.remembered"]
    whole = next(one for one in Theory(made.made).all() if one.name == "forged.0.told")
    few, all_ = (text for _, name, text, _ in solvers.asked if name == "forged.0.told")
    assert few != all_ == script(whole.supposed, whole.goal)
    solvers.asked.clear()
    assert checked(Unit("safe", "forged", (0,))).wrong, "no is not remembered"
    assert solvers.names == ["forged.0.told"] * 2
    theory(SAFE)
    solvers.asked.clear()
    assert checked(Unit("safe", "forged", (0,))).wrong
    assert solvers.names == ["forged.0.told"], "there is no more that can be supposed"


def test_a_second_chance_with_all_that_may_be_supposed(solvers: Solvers) -> None:
    theory(SAFE, {("forged", 0, "told"): ["told x"]})
    asked: list[str] = []

    def answer(_solver: str, name: str) -> str:
        asked.append(name)
        return "unknown" if asked == ["forged.0.told"] else "unsat"

    solvers.answer = answer
    done = checked(Unit("safe", "forged", (0,)))
    assert (done.wrong, done.agreed) == ([], Counter(cvc5=2))


def test_what_has_the_same_hints_is_asked_at_once(solvers: Solvers) -> None:
    names = ["path 1", "told x", "remembered x", "numbered x"]
    whats = ["told", "small_numbers", "remembered", "numbered", "sorts"]
    hints = {("OPEN", 2, what): names for what in whats}
    theory(SAFE, hints)
    done = checked(Unit("safe", "OPEN", (2,)))
    assert solvers.names == ["OPEN.2.all"]
    assert done.agreed["cvc5"] == done.obligations - done.evident > 1
    solvers.asked.clear()
    check._agreed.clear()
    solvers.answer = lambda _solver, name: "unknown" if name == "OPEN.2.all" else "unsat"
    again = checked(Unit("safe", "OPEN", (2,)))
    assert (again.wrong, again.agreed) == ([], done.agreed)
    assert solvers.names[0] == "OPEN.2.all" and len(solvers.names) == again.agreed["cvc5"] + 1


def test_each_solver_has_to_agree(solvers: Solvers) -> None:
    theory(SAFE)
    done = checked(Unit("safe", "OPEN", (1,)), "cvc5", "z3")
    assert done.agreed == Counter(cvc5=1, z3=1)
    solvers.answer = lambda solver, _name: "sat" if solver == "z3" else "unsat"
    check._agreed.clear()
    done = checked(Unit("safe", "OPEN", (1,)), "cvc5", "z3")
    assert done.wrong == ["safe: OPEN.1.remembered: z3 says sat"] and not done.agreed


def test_a_solver_is_asked_what_its_logic_has(solvers: Solvers) -> None:
    theory(SAFE)
    done = checked(Unit("safe", "OPEN", (1,)), "bitwuzla")
    assert done.wrong == ["safe: OPEN.1.remembered: it is not in a logic of bitwuzla"]
    done = checked(Unit("safe", "OPEN", (1,)), "bitwuzla", "cvc5")
    assert (done.wrong, done.agreed) == ([], Counter(cvc5=1))


HEADER = "; obligation: step.0.c\n; clause: c\n; line: 7\n(set-logic ALL)\n"
FALSE = "(assert false)\n"


def run_script(place: Path, asserts: str = FALSE) -> Script:
    """A script of a run, written down, and what a manifest says of it."""
    text = f"{HEADER}{asserts}(check-sat)\n"
    (place / "1.smt2").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Script("1.smt2", digest, "step", 0, "c", (), "7", ())


def test_how_long_the_slowest_took(
    solvers: Solvers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(check.time, "monotonic", lambda: now[0])

    def answer(_solver: str, name: str) -> str:
        now[0] += {"tick.0.small_numbers": 3.0}.get(name, 1.0)
        return "unsat"

    theory(SAFE)
    solvers.answer = answer
    assert checked(Unit("safe", "tick")).slowest == 3.0
    unit = Unit("family", scripts=(run_script(tmp_path),) * 2)
    assert check.check(tmp_path, unit, ("cvc5",), 7.0).slowest == 1.0


def test_what_makes_no_sense_is_wrong(solvers: Solvers, monkeypatch: pytest.MonkeyPatch) -> None:
    def bad() -> None:
        raise Bad("it makes no sense")

    monkeypatch.setattr(theory(SAFE), "ticking", bad)
    assert checked(Unit("safe", "tick")).wrong == ["safe: it makes no sense"]


# Scripts of runs


def test_scripts_of_runs(solvers: Solvers, tmp_path: Path) -> None:
    one = run_script(tmp_path)
    text = (tmp_path / "1.smt2").read_text()
    unit = Unit("family", scripts=(one,))
    done = check.check(tmp_path, unit, ("cvc5", "bitwuzla"), 7.0)
    assert (done.wrong, done.obligations) == ([], 1)
    assert done.agreed == Counter(cvc5=1, bitwuzla=1)
    assert solvers.asked[0] == ("cvc5", "1.smt2", text, 7.0)
    solvers.answer = lambda *_: "unknown"
    assert check.check(tmp_path, unit, ("cvc5",), 7.0).wrong == ["1.smt2: cvc5 says unknown"]
    (tmp_path / "1.smt2").write_text(text + "\n")
    said = check.check(tmp_path, unit, ("cvc5",), 7.0).wrong
    assert said == ["1.smt2: it is not what its digest says"]
    altered = dataclasses.replace(unit, scripts=(dataclasses.replace(one, line="8"),))
    (tmp_path / "1.smt2").write_text(text)
    (said_of,) = check.check(tmp_path, altered, ("cvc5",), 7.0).wrong
    assert said_of.startswith("1.smt2: its header disagrees with the manifest")
    (tmp_path / "1.smt2").unlink()
    assert check.check(tmp_path, unit, ("cvc5",), 7.0).wrong[0].startswith("1.smt2: [Errno")
    other = run_script(tmp_path, "(declare-fun |x| () Real)\n(assert (< 1.0 |x|))\n")
    said = check.check(tmp_path, Unit("f", scripts=(other,)), ("bitwuzla",), 7.0).wrong
    assert said == ["1.smt2: it is not in a logic of bitwuzla"]


# What is read


def test_hints_and_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps([["OPEN", 1, "told", ["a"]], ["OPEN", 1, "sorts", []]]))
    assert check.hints(path) == {("OPEN", 1, "told"): ["a"], ("OPEN", 1, "sorts"): []}
    good = {"format": check.FORMAT, "version": check.VERSION, "theories": [{}]}
    for change, said in (
        ({}, ""),
        ({"format": "words"}, "it is no manifest"),
        ({"version": check.VERSION - 1}, f"version {check.VERSION - 1}, not {check.VERSION}"),
        ({"theories": []}, "there is no theory in it"),
    ):
        path.write_text(json.dumps(good | change))
        if not said:
            assert check.read(tmp_path) == good
            continue
        with pytest.raises(Bad, match=said):
            check.read(tmp_path)
    path.write_text("[]")
    with pytest.raises(Bad, match="it is no manifest"):
        check.read(tmp_path)
    path.write_text(json.dumps(good))
    size = path.stat().st_size
    monkeypatch.setattr(check, "MOST", size)
    assert check.read(tmp_path) == good
    monkeypatch.setattr(check, "MOST", size - 1)
    with pytest.raises(Bad, match="it has more than"):
        check.read(tmp_path)


def found(obligations: int) -> Found:
    made = statement.statement(SAFE)
    one = Checked("safe", [], obligations, 1, Counter(cvc5=2), 1, 0.5)
    return Found([], [made], [one, Checked("other", [], 9), Checked("safe", [], 1, 1)])


def test_counts_are_pinned(tmp_path: Path) -> None:
    assert check.pinned(tmp_path) == {}
    assert [*check.counted(tmp_path, found(4))] == [], "nothing is pinned"
    (tmp_path / check.COUNTS).write_text('"zero" = 3\n"other" = 9\n')
    check.pin(tmp_path, found(4))
    assert check.pinned(tmp_path) == {"other": 9, "safe": 5, "zero": 3}
    names = re.findall(r'^"(\w+)"', (tmp_path / check.COUNTS).read_text(), re.MULTILINE)
    assert names == ["other", "safe", "zero"]
    assert [*check.counted(tmp_path, found(4))] == []
    assert [*check.counted(tmp_path, found(5))] == ["safe: 6 obligations, pinned are 5; --pin"]
    assert [*check.counted(tmp_path, Found([], found(4).statements))] == [], "nothing was checked"
    (tmp_path / check.COUNTS).write_text('"other" = 9\n')
    assert [*check.counted(tmp_path, found(4))] == ["safe: 5 obligations, pinned are none; --pin"]
    (tmp_path / check.COUNTS).write_text("=")
    with pytest.raises(Bad, match=r"obligations\.toml: "):
        check.pinned(tmp_path)


def test_numbers() -> None:
    total = found(4).of("safe")
    assert (total.obligations, total.evident, total.taken) == (5, 2, 1)
    said = "5 obligations: 2 word for word, 2 proved by cvc5, 0 proved by z3"
    assert check._numbers(total, ["cvc5", "z3"]) == said


@pytest.mark.parametrize("terminal", [True, False])
def test_how_much_is_done(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(check.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(check.sys.stderr, "isatty", lambda: terminal)
    tell = check.teller(3)
    for done, at in ((1, check.EVERY), (2, check.EVERY + 1), (3, check.EVERY + 2)):
        now[0] = at
        tell(done)
    told = {True: "1 of 3 parts\r2 of 3 parts\r3 of 3 parts\n", False: "2 of 3 parts\n"}
    assert capsys.readouterr().err == told[terminal]


# The command line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--minutes 0", "--minutes must be more than 0"),
        ("--minutes -1", "--minutes must be more than 0"),
        ("--sample 1 --record x", "--sample and --record exclude each other"),
        ("--sample 0", "--sample must be at least 1"),
        ("--jobs 0", "--jobs must be at least 1"),
        ("--timeout 0", "--timeout must be more than 0"),
    ],
)
def test_words_that_make_no_sense(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        check.main(words.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_how_the_command_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = str(tmp_path)
    words = [here, "--statements", here, "--solver", "cvc5", "--jobs", "1", "--timeout", "0.5"]
    asked: list[Any] = []
    answer: list[Any] = [found(4)]

    def recheck(*arguments: Any) -> Found:
        asked.append(arguments)
        if isinstance(answer[0], BaseException):
            raise answer[0]
        return answer[0]  # type: ignore[no-any-return]

    monkeypatch.setattr(check, "recheck", recheck)
    monkeypatch.setattr(check, "missing", lambda solver: False)
    assert check.main(words) == 0
    assert asked == [(tmp_path, ["cvc5"], 1, 0.5, tmp_path)]
    out = capsys.readouterr().out
    assert f"{here}: accepted; 14 obligations, 0 s, the slowest 0.5 s" in out
    assert "S: told; supposes window_is_sane, nothing_more, apart, nothing, on=on" in out
    assert "5 obligations: 2 word for word, 2 proved by cvc5" in out
    assert not (tmp_path / check.COUNTS).exists()
    assert check.main([*words, "--pin", "--solver", "cvc5"]) == 0
    assert asked[-1][1] == ["cvc5"]
    assert check.pinned(tmp_path) == {"safe": 5}
    answer[0] = found(5)
    capsys.readouterr()
    assert check.main(words) == 1
    told = capsys.readouterr()
    assert told.err == "recheck: safe: 6 obligations, pinned are 5; --pin\n"
    assert "NOT accepted" in told.out and "word for word" not in told.out
    answer[0].wrong.append("something is wrong")
    assert check.main([*words, "--pin"]) == 1
    assert check.pinned(tmp_path) == {"safe": 5}, "nothing is pinned of what is wrong"
    for error, code, said in (
        (BrokenProcessPool(), 1, "a solver's process died"),
        (KeyboardInterrupt(), 3, "interrupted"),
    ):
        answer[0] = error
        capsys.readouterr()
        assert check.main(words) == code
        assert said in capsys.readouterr().err


def test_solvers_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """bitwuzla may be missing, unless it is asked for; cvc5 may not."""
    asked: list[Any] = []
    monkeypatch.setattr(check, "recheck", lambda *of: asked.append(of[1]) or found(4))
    absent: set[str] = set()
    monkeypatch.setattr(check, "missing", lambda solver: solver in absent)
    words = [str(tmp_path), "--statements", str(tmp_path)]
    assert check.main(words) == 0
    absent.add("bitwuzla")
    assert check.main(words) == 0
    assert "bitwuzla is not installed, and was not asked" in capsys.readouterr().err
    assert asked == [["cvc5", "bitwuzla"], ["cvc5"]]
    assert check.main([*words, "--solver", "bitwuzla"]) == 4
    assert "recheck: bitwuzla is not installed\n" in capsys.readouterr().err
    absent.add("cvc5")
    assert check.main(words) == 4
    assert check.main([*words, "--solver", "z3"]) == 4, "it is asked whether a claim says something"


def test_without_what_checks_proofs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent: set[str] = {"cvc5"}
    monkeypatch.setattr(check, "missing", lambda solver: solver in absent)
    monkeypatch.setattr(check, "_prove_objects", lambda options: 7)
    monkeypatch.delenv("ETHOS", raising=False)
    monkeypatch.delenv("CPC_SIGNATURES", raising=False)
    words = [str(tmp_path), "--statements", str(tmp_path), "--proofs"]
    ethos, rules = ["--ethos", "sh"], ["--signatures", str(tmp_path)]
    for more, said in (
        ([*ethos, *rules], "cvc5 is not installed"),
        (ethos, "no proof was checked"),
        (rules, "no proof was checked"),
        (["--ethos", "nobody", *rules], "nobody: no such program"),
        ([*ethos, *rules], f"there is no {objects.SIGNATURE}"),
    ):
        capsys.readouterr()
        assert check.main([*words, *more]) == 4
        assert said in capsys.readouterr().err
        absent.clear()
    signature = tmp_path / objects.SIGNATURE
    signature.parent.mkdir(parents=True, exist_ok=True)
    signature.write_text("")
    assert check.main([*words, *ethos, *rules]) == 7


# Proofs


@pytest.fixture
def ethos(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was asked where proofs are checked; ``wrong`` says what is wrong with which."""
    at: dict[str, Any] = {"wrong": {}, "control": 0}

    def control(_ethos: objects.Ethos, timeout: float) -> None:
        at["control"] += 1
        if at.get("no control"):
            raise Bad("it accepts anything")

    def answers(
        _ethos: objects.Ethos, asked: Any, numbers: Any, jobs: int, until: float | None
    ) -> Iterator[objects.Proved]:
        at["numbers"], at["jobs"], at["until"] = dict(numbers), jobs, until
        for n in numbers:
            yield objects.Proved(n, at["wrong"].get(n, ""))

    texts = ["(a)", "(b)"]
    asked = [objects.Question(text, [("safe", f"OPEN.{n}.told")]) for n, text in enumerate(texts)]
    monkeypatch.setattr(check.objects, "control", control)
    monkeypatch.setattr(check.objects, "answers", answers)
    monkeypatch.setattr(check.objects, "questions", lambda _: ([*asked], {"safe": (3, 1)}))
    monkeypatch.setattr(check, "_prepared", lambda *_: ([], at.get("units", [])))
    monkeypatch.setattr(check, "missing", lambda _: False)
    monkeypatch.setattr(check.os, "cpu_count", lambda: 6)
    monkeypatch.setattr(check.time, "monotonic", lambda: 1000.0)
    return at


def proving(tmp_path: Path, *more: str) -> int:
    signature = tmp_path / objects.SIGNATURE
    signature.parent.mkdir(parents=True, exist_ok=True)
    signature.write_text("")
    here = str(tmp_path)
    words = [here, "--statements", here, "--proofs", "--ethos", "sh", "--signatures", here]
    return check.main([*words, *more])


def test_proofs_are_checked(
    tmp_path: Path, ethos: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert proving(tmp_path, "--timeout", "5", "--jobs", "3", "--minutes", "2") == 0
    assert (ethos["numbers"], ethos["jobs"]) == ({0: 5.0, 1: 5.0}, 3)
    assert (ethos["until"], ethos["control"]) == (1120.0, 1)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("safe: 3 of 3 obligations")
    assert told[-1] == f"{tmp_path}: proofs accepted; 0 s"
    assert proving(tmp_path) == 0
    assert (ethos["jobs"], ethos["until"]) == (6, None)


def test_proofs_that_are_not_accepted(
    tmp_path: Path, ethos: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """3: some were not found; 1: one was refused."""
    ethos["wrong"] = {1: "cvc5 says unknown"}
    assert proving(tmp_path) == 3
    assert capsys.readouterr().out.endswith(": NOT all proofs are accepted; 0 s\n")
    ethos["wrong"] = {1: "ethos refuses it"}
    assert proving(tmp_path) == 1
    assert capsys.readouterr().out.endswith(": NOT all proofs are accepted; 0 s\n")
    assert proving(tmp_path, "--sample", "1") in (0, 1)
    assert len(ethos["numbers"]) == 1
    ethos["wrong"] = {}
    assert proving(tmp_path, "--sample", "1") == 0, "a sample is not all"
    ethos["no control"] = True
    capsys.readouterr()
    assert proving(tmp_path) == 1
    assert capsys.readouterr().err == "recheck: it accepts anything\n"


def test_proofs_are_recorded(
    tmp_path: Path,
    ethos: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = tmp_path / "record.json"
    ethos["wrong"] = {1: "cvc5 says unknown"}
    assert proving(tmp_path, "--record", str(record), "--timeout", "5") == 3
    kept = json.loads(record.read_text())["theories"]["safe"]
    assert len(kept["found"]) == 2
    assert proving(tmp_path, "--record", str(record), "--timeout", "6") == 3
    assert ethos["numbers"] == {1: 10.0}, "what is checked is not asked again; the other for longer"
    monkeypatch.setattr(check.objects, "answers", lambda *_: iter([objects.Proved(0)]))
    assert proving(tmp_path, "--record", str(tmp_path / "new.json")) == 3, "not all were asked"
    capsys.readouterr()
    record.write_text("words")
    assert proving(tmp_path, "--record", str(record)) == 1
    assert "is no record of proofs" in capsys.readouterr().err


def test_scripts_of_runs_have_proofs_too(tmp_path: Path, ethos: dict[str, Any]) -> None:
    one = run_script(tmp_path)
    ethos["units"] = [Unit("safe", "tick"), Unit("family", scripts=(one,))]
    record = tmp_path / "record.json"
    assert proving(tmp_path, "--record", str(record)) == 0
    assert [*ethos["numbers"]] and len(ethos["numbers"]) == 3
    assert len(json.loads(record.read_text())["theories"]["family"]["found"]) == 1
    (tmp_path / "1.smt2").write_text("words")
    assert proving(tmp_path) == 1


def test_how_far_proofs_are(
    tmp_path: Path,
    ethos: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "EVERY", -1.0)
    assert proving(tmp_path) == 0
    assert capsys.readouterr().err == "1 of 2 parts\n2 of 2 parts\n"


# What there are certificates of


def folder(tmp_path: Path, *, ids: Sequence[str] = ("safe",), **more: Any) -> Path:
    (tmp_path / "safe.txt").write_text(SAFE)
    place = tmp_path / "certificates"
    place.mkdir(exist_ok=True)
    theories = [{"id": id, "hints": f"{id}.json"} for id in ids]
    for id in ids:
        (place / f"{id}.json").write_text('[["OPEN", 2, "told", ["told x"]]]')
    made = {"format": check.FORMAT, "version": check.VERSION, "theories": theories, "families": []}
    (place / "manifest.json").write_text(json.dumps(made | more))
    return place


def test_what_is_prepared(tmp_path: Path, solvers: Solvers) -> None:
    made, todo = check._prepared(folder(tmp_path), tmp_path)
    assert [one.id for one in made] == ["safe"]
    assert todo == [*check.units(made[0])]
    assert check._theories["safe"].hints == {("OPEN", 2, "told"): ["told x"]}
    check._theories["old"] = check._theories["safe"]
    check._prepared(folder(tmp_path), tmp_path)
    assert [*check._theories] == ["safe"]


def test_what_came_of_all(
    tmp_path: Path, solvers: Solvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[int] = []
    told: list[int] = []

    def here(do: Any, todo: Any, count: int) -> Any:
        jobs.append(count)
        return map(do, todo)

    monkeypatch.setattr(check, "side_by_side", here)
    monkeypatch.setattr(check.os, "cpu_count", lambda: 6)
    monkeypatch.setattr(check, "teller", lambda total: told.append(total) or told.append)
    solvers.answer = lambda _solver, name: "sat" if name in ("safe", "tick.0.told") else "unsat"
    place = folder(tmp_path)
    found = check.recheck(place, ["cvc5"], 2, 7.0, tmp_path)
    assert found.wrong == ["safe: tick.0.told: cvc5 says sat"]
    units = [*check.units(found.statements[0])]
    assert found.of("safe").obligations == 51
    assert (len(found.checked), told) == (len(units), [len(units), *range(1, len(units) + 1)])
    check.recheck(place, ["cvc5"], None, 7.0, tmp_path)
    assert jobs == [2, 6]
    monkeypatch.setattr(check.os, "cpu_count", lambda: None)
    check.recheck(place, ["cvc5"], None, 7.0, tmp_path)
    assert jobs[-1] == 1
    monkeypatch.setattr(check, "units", lambda _: [Unit("safe", "tick")])
    wrong = check.recheck(place, ["cvc5"], 2, 7.0, tmp_path).wrong
    assert wrong == ["safe: tick.0.told: cvc5 says sat", "safe: no path of it is ever taken"]
    (place / "manifest.json").write_text("[]")
    wrong = check.recheck(place, ["cvc5"], 2, 7.0, tmp_path).wrong
    assert wrong == ["manifest.json: it is no manifest of certificates"]
    folder(tmp_path, theories=[{}])
    wrong = check.recheck(place, ["cvc5"], 2, 7.0, tmp_path).wrong
    assert wrong == ["manifest.json: it is damaged: KeyError: 'id'"]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (("safe", "safe"), "manifest.json: safe is there twice"),
        (("safe", "other"), "other: there is no statement"),
        (("safe", "named"), "named.txt: it is of safe"),
    ],
)
def test_theories_that_are_not_prepared(
    tmp_path: Path, solvers: Solvers, ids: Sequence[str], said: str
) -> None:
    (tmp_path / "named.txt").write_text(SAFE)
    with pytest.raises(Bad, match=re.escape(said)):
        check._prepared(folder(tmp_path, ids=ids), tmp_path)


def test_files_that_nobody_knows(tmp_path: Path, solvers: Solvers) -> None:
    place = folder(tmp_path)
    (place / "more.json").write_text("")
    with pytest.raises(Bad, match=r"more\.json: not in the manifest"):
        check._prepared(place, tmp_path)


def test_families_are_prepared(
    tmp_path: Path, solvers: Solvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that ``families`` has against one is told, and what it supposes is looked at last."""
    row = {"file": "1.smt2", "sha256": "0", "action": "s", "path": 0, "clause": "c"}
    row |= {"rules": [], "line": "7", "hypotheses": []}
    family = {"id": "F", "obligations": [row]}
    told: dict[str, list[str]] = {}
    (one,) = check.runs.scripts(family)
    for name, given in (
        ("families_of", lambda manifest, theorems: (manifest["families"], theorems)),
        ("inventory", lambda place, found, others: (found, others)),
        ("run_coverage", lambda family, found: (family, found)),
        ("run_declared", lambda family, script: (family, script)),
        ("supposed", lambda place, some: some),
    ):

        def asked(*of: Any, name: str = name, given: Any = given) -> list[str]:
            seen[name] = given(*of)
            return told.get(name, [])

        monkeypatch.setattr(check.runs, name, asked)
    seen: dict[str, Any] = {}
    _, todo = check._prepared(folder(tmp_path, families=[family]), tmp_path)
    assert todo[-1] == Unit("F", scripts=(one,))
    assert seen == {
        "families_of": ([family], {"S"}),
        "inventory": ([one], {"manifest.json", "safe.json"}),
        "run_coverage": (family, [one]),
        "run_declared": (family, one),
        "supposed": [one],
    }
    for name, said in (
        ("families_of", "wrong"),
        ("inventory", "wrong"),
        ("run_coverage", "F: wrong"),
        ("run_declared", "1.smt2: wrong"),
        ("supposed", "wrong"),
    ):
        told[name] = ["wrong"]
        seen.clear()
        with pytest.raises(Bad, match=f"^{re.escape(said)}$"):
            check._prepared(folder(tmp_path, families=[family]), tmp_path)
        assert ("supposed" in seen) == (name == "supposed")
        told.clear()
    with pytest.raises(Bad, match=r"^manifest.json: safe is a family's name and a theory's$"):
        check._prepared(folder(tmp_path, families=[family | {"id": "safe"}]), tmp_path)


# The rest of the command


def test_folders_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere")
    for words in ([nowhere], [str(tmp_path), "--statements", nowhere]):
        assert check.main(words) == 2
        assert f"recheck: {nowhere}: no such directory" in capsys.readouterr().err


def test_the_page_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(check.page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(check.page, "of", lambda *of: asked.append(of) or "words")
    assert check.main(["--page", "--statements", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'page.md'} written\n"
    assert (tmp_path / "page.md").read_text() == "words"
    assert asked == [(tmp_path, {})]
    (tmp_path / check.COUNTS).write_text("=")
    assert check.main(["--page", "--statements", str(tmp_path)]) == 1
    assert "recheck: obligations.toml: " in capsys.readouterr().err
