"""Certificates are accepted as they were written, and not after any kind of tampering."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.engines.solver.induction import Theory
from checker.ir.tracing import Leaf
from checker.studies import proved
from checker.studies.prove import certificates, prove
from proofs.recheck import check as recheck
from proofs.theorems.table import Theorem
from tests.helpers import toys

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("written") / "certificates"
    certificates.write(prove.prove([toys.theorem()], 2, make=toys.theory), place)
    return place


@pytest.fixture
def place(written: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "certificates"
    shutil.copytree(written, copy)
    yield copy


def rewrite(place: Path, change: Callable[[Any], object]) -> None:
    """Change what the manifest says of the toy."""
    path = place / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest["theories"][0])
    path.write_text(json.dumps(manifest))


def obligation(toy: Manifest, action: str, clause: str) -> Any:
    return next(o for o in toy["obligations"] if (o["action"], o["clause"]) == (action, clause))


def edit(place: Path, change: Callable[[str], str], at: tuple[str, str]) -> None:
    """Change a script, and its digest."""

    def digested(toy: Manifest) -> None:
        entry = obligation(toy, *at)
        path = place / entry["file"]
        before = path.read_text()
        after = change(before)
        assert after != before
        path.write_text(after)
        entry["sha256"] = hashlib.sha256(after.encode()).hexdigest()

    rewrite(place, digested)


def wrong(place: Path, *solvers: str) -> list[str]:
    found, _ = recheck.recheck(place, solvers or ("cvc5",), 1)
    return found


@pytest.mark.parametrize("answer", ["unknown", "sat", "timeout", "", "unsat unsat"])
def test_only_unsat_agrees(place: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """A solver that gives up says nothing of a script."""
    monkeypatch.setattr(recheck, "ask", lambda *_: answer)
    found = wrong(place)
    assert found
    assert all(what.endswith(f": cvc5 says {answer}") for what in found)


TOLD = ("deliver", "told_of_the_past")


@pytest.mark.parametrize("solver", recheck.SOLVERS)
def test_what_was_written_is_accepted(written: Path, solver: str) -> None:
    if recheck.missing(solver):
        pytest.skip(f"{solver} is not installed")
    found, results = recheck.recheck(written, [solver], 2)
    assert found == []
    assert all(done.agreed == (solver,) for done in results)
    assert len(results) == len(list(written.rglob("*.smt2")))


# Files


def test_altered_file(place: Path) -> None:
    path = next(place.rglob("*.was_sent.smt2"))
    path.write_text(path.read_text() + "; more\n")
    assert wrong(place) == [f"{path.relative_to(place).as_posix()}: it is not what its digest says"]


def test_missing_file(place: Path) -> None:
    path = next(place.rglob("*.was_sent.smt2"))
    path.unlink()
    assert wrong(place) == [f"{path.relative_to(place).as_posix()}: missing"]


@pytest.mark.parametrize("name", ["more.smt2", "toy/deliver/9.was_sent.smt2", "toy/note.txt"])
def test_added_file(place: Path, name: str) -> None:
    (place / name).write_text("(check-sat)\n")
    assert wrong(place) == [f"{name}: not in the manifest"]


def test_one_file_for_two_obligations(place: Path) -> None:
    def share(toy: Manifest) -> None:
        one, two = (obligation(toy, "start", name) for name in ("was_sent", "numbered_from_one"))
        (place / two["file"]).unlink()
        two["file"], two["sha256"] = one["file"], one["sha256"]

    rewrite(place, share)
    assert any("stands for two obligations" in what for what in wrong(place))


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": "synproof certificates"}'])
def test_no_manifest(place: Path, text: str | None) -> None:
    (place / "manifest.json").unlink()
    if text is not None:
        (place / "manifest.json").write_text(text)
    (what,) = wrong(place)
    assert what.startswith("manifest.json: ")


def test_damaged_manifest(place: Path) -> None:
    rewrite(place, lambda toy: toy["obligations"][0].pop("line"))
    assert wrong(place) == ["manifest.json: it is damaged: KeyError: 'line'"]


def test_what_was_accepted_is_said_with_all_that_it_supposes() -> None:
    theory = {
        "rules": {"close_waits": "on"},
        "facts": [{"name": "window_is_sane", "when": []}],
        "pairs": [{"name": "fresh", "when": []}, {"name": "far", "when": [["given.far"]]}],
        "theorems": [
            {"id": "one", "claims": ["agreement"], "options": ["syn_ack_exact"]},
            {"id": "two", "claims": ["agreement", "partner"], "options": ["given.far"]},
        ],
    }
    assert list(recheck.statements(theory)) == [
        "one: agreement; supposes window_is_sane, fresh, close_waits=on, syn_ack_exact=on",
        "two: agreement, partner; supposes window_is_sane, fresh, far, close_waits=on",
    ]


# Coverage


def drop(place: Path, action: str, clause: str) -> None:
    """Take an obligation away, with its file."""

    def dropped(toy: Manifest) -> None:
        entry = obligation(toy, action, clause)
        (place / entry["file"]).unlink()
        toy["obligations"].remove(entry)

    rewrite(place, dropped)


@pytest.mark.parametrize(
    ("action", "clause"),
    [
        ("start", "was_sent"),
        ("deliver", "was_sent"),
        ("deliver", "cover"),
        ("deliver", "never"),
        ("SEND (next)", "told_of_the_past"),
        ("start", "constant"),
        ("SEND (next)", "constant"),
        ("deliver", "constant"),
        ("SEND (next)", "cover"),
    ],
)
def test_missing_obligation(place: Path, action: str, clause: str) -> None:
    drop(place, action, clause)
    (what,) = wrong(place)
    assert what.startswith(f"toy: {action}, path ")
    if clause == "never":
        assert "no obligation for" in what
    else:
        assert what.endswith(f"no obligation for {clause}")


def test_a_theorem_claims_what_is_proved_under_its_options(place: Path) -> None:
    def claim(*claims: str, when: object = (), options: object = ()) -> list[str]:
        def change(toy: Manifest) -> None:
            toy["free"] = ["a", "b", "c", "d"]
            toy["theorems"][0].update(claims=claims, options=options)
            for clause in toy["clauses"]:
                clause["when"] = when

        rewrite(place, change)
        return wrong(place)

    assert claim() == ["toy: toy claims nothing"]
    assert claim("more") == ["toy: toy claims more, which is no clause"]
    assert claim("was_sent", when=[["a", "b"]], options=["a"]) == [
        "toy: toy claims was_sent, which holds under other options only"
    ]
    assert claim("was_sent", when=[["a", "b"], ["c"]], options=["c", "d"]) == []
    assert claim("was_sent", when=[["e"]], options=["e"]) == [
        "toy: e is an option, but nothing that may vary"
    ]
    assert claim("was_sent") == []
    rewrite(place, lambda toy: toy["theorems"].append(toy["theorems"][0]))
    assert wrong(place) == ["manifest.json: theorem toy is there twice"]
    rewrite(place, lambda toy: toy["theorems"].clear())
    assert wrong(place) == ["toy: there is no theorem in it"]


def test_unproved_clause(place: Path) -> None:
    rewrite(place, lambda toy: toy["clauses"].append({**toy["clauses"][0], "name": "more"}))
    assert all("no obligation for more" in what for what in wrong(place))
    assert wrong(place)


def test_path_that_is_left_out(place: Path) -> None:
    def leave_out(toy: Manifest) -> None:
        action = next(a for a in toy["actions"] if a["name"] == "deliver")
        action["paths"] = action["paths"][:-1]

    rewrite(place, leave_out)
    (what,) = wrong(place)
    assert what.endswith("it has obligations, but is no path of an action")


def test_action_without_start(place: Path) -> None:
    def leave_out(toy: Manifest) -> None:
        toy["actions"] = [a for a in toy["actions"] if a["name"] != "start"]

    rewrite(place, leave_out)
    assert any("have no start" in what for what in wrong(place))


# Scripts


def test_satisfiable_script(place: Path) -> None:
    def without_goal(text: str) -> str:
        goal = text.rindex("(assert")
        return text[:goal] + "(assert (= x.sent x.sent))\n(check-sat)\n"

    edit(place, without_goal, TOLD)
    (what,) = wrong(place)
    assert what.endswith(": cvc5 says sat")


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
        ("; clause: told", "; clause: not_told", "header disagrees"),
        ("; rule: told", "; rule: not told", "header disagrees"),
        ("; obligation: ", "; obligation: my ", "header disagrees"),
        ("; line: ", "; line: elsewhere ", "header disagrees"),
        ("(set-logic ALL)", "\r(set-logic ALL)", "control characters"),
    ],
)
def test_script_that_is_not_as_it_should_be(place: Path, old: str, new: str, said: str) -> None:
    edit(place, lambda text: text.replace(old, new, 1), TOLD)
    (what,) = wrong(place)
    assert said in what


def falsify(text: str) -> str:
    at = text.index("(assert")
    return text[:at] + "(assert false)\n" + text[at:]


def test_bare_false_in_place_of_hypothesis_or_goal(place: Path) -> None:
    """A supposed ``false`` proves everything."""

    def suppose(toy: Manifest) -> None:
        obligation(toy, *TOLD)["hypotheses"].append("was_sent z")

    rewrite(place, suppose)
    edit(
        place,
        lambda text: falsify(text).replace("(set-logic", "; hypothesis: was_sent z\n(set-logic", 1),
        TOLD,
    )
    (what,) = wrong(place)
    assert "without saying anything of a state" in what


def test_goal_that_says_nothing(place: Path) -> None:
    """It is accepted of a clause that a path does not touch, but not with hypotheses."""

    def trivial(text: str) -> str:
        return text[: text.rindex("(assert")] + "(assert (not true))\n(check-sat)\n"

    edit(place, trivial, TOLD)
    (what,) = wrong(place)
    assert what.endswith("its goal says nothing, but it has hypotheses")


def test_never_must_say_never(place: Path) -> None:
    edit(
        place,
        lambda text: text.replace("(assert (not false))", "(assert (not true))"),
        ("deliver", "never"),
    )
    (what,) = wrong(place)
    assert what.endswith("its goal is not that the path is never taken")


def test_undeclared_hypothesis(place: Path) -> None:
    rewrite(place, lambda toy: obligation(toy, *TOLD)["hypotheses"].append("wishes x"))
    (what,) = wrong(place)
    assert what.endswith("it supposes 'wishes x', which is not declared")


@pytest.mark.parametrize("at", [("start", "was_sent"), ("deliver", "cover")])
def test_nothing_is_supposed_at_the_start_or_of_a_cover(place: Path, at: tuple[str, str]) -> None:
    rewrite(place, lambda toy: obligation(toy, *at)["hypotheses"].append("was_sent x"))
    (what,) = wrong(place)
    assert what.endswith("it supposes 'was_sent x', which is not declared")


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (("deliver", "constant"), "was_sent x"),
        (TOLD, "constant me"),
        (("start", "constant"), "constant me"),
    ],
)
def test_constants_and_clauses_are_not_mixed(place: Path, at: tuple[str, str], name: str) -> None:
    """That fields are constant is shown before anything is said that leaves them out."""
    rewrite(place, lambda toy: obligation(toy, *at)["hypotheses"].append(name))
    (what,) = wrong(place)
    assert what.endswith(f"it supposes {name!r}, which is not declared")


def test_constants_are_shown_to_be_constant_only_where_there_are_some(place: Path) -> None:
    rewrite(place, lambda toy: toy["constants"].clear())
    assert all("there should be none for constant" in what for what in wrong(place))
    assert wrong(place)


def test_constants_that_have_nothing_to_prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def empty(theorem: Theorem) -> Theory:
        made = toys.theory(theorem)
        assert made.constancy is not None
        trees = {action: Leaf(0, None, ()) for action in made.constancy.trees}
        return dataclasses.replace(made, constancy=dataclasses.replace(made.constancy, trees=trees))

    place = tmp_path / "certificates"
    certificates.write(prove.prove([toys.theorem()], 2, make=empty), place)
    assert wrong(place) == ["toy: its constants have nothing to prove anywhere"]


def test_clause_that_has_nothing_to_prove(tmp_path: Path) -> None:
    place = tmp_path / "certificates"
    theorem = toys.theorem(clauses=(*toys.TRUE, toys.says_nothing))
    certificates.write(prove.prove([theorem], 2, make=toys.theory), place)
    assert wrong(place) == ["toy: says_nothing has nothing to prove anywhere"]


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
    done = run(str(place), "--solver", "cvc5", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert f"{place}: accepted" in done.stdout
    path = next(place.rglob("*.was_sent.smt2"))
    path.unlink()
    done = run(str(place))
    assert done.returncode == 1
    assert f"{path.relative_to(place).as_posix()}: missing" in done.stderr
    assert "NOT accepted" in done.stdout
    assert run(str(place / "nowhere")).returncode == 2
    assert run(str(place), "--solver", "nobody").returncode == 2
    assert run(str(place), "--jobs", "0").returncode == 2


def test_a_log_is_told_how_far_it_is(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recheck, "EVERY", -1.0)
    assert wrong(place) == []
    lines = capsys.readouterr().err.splitlines()
    total = len(list(place.rglob("*.smt2")))
    assert lines == [f"{n} of {total} scripts" for n in range(1, total + 1)]
    assert not any(line.startswith(proved.WRONG) for line in lines), "nothing is wrong"


def test_it_imports_nothing_of_what_made_the_certificates() -> None:
    code = (
        "import sys, proofs.recheck.check\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('spec', 'checker', 'z3')])\n"
        "print([m for m in sys.modules if m.split('.')[0] == 'proofs'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = ["proofs", "proofs.recheck", "proofs.recheck.check"]
    assert done.stdout.split("\n")[:2] == ["[]", str(ours)]
