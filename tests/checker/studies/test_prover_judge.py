"""Who notices a change of the prover: what checks say, and which are asked in which processes."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.studies import prover_checks, prover_judge
from checker.studies.prove import prove
from checker.studies.prover_changes import ROOMS, Change, applied, changes
from checker.studies.prover_checks import PROOF, RECHECK, TEST, Check, Ground, Kept
from checker.studies.prover_judge import NO_END, Clean, Judge, cleaned, forked
from checker.support.errors import UsageProblem
from checker.support.journal import Journal
from checker.support.ran import Ran
from proofs.recheck import check as check_of_recheck
from proofs.theorems.needs import NEEDS
from tests.helpers import toys

LESS = next(n.title for n in NEEDS if n.theorem == "S2.rate" and n.falls)


@pytest.fixture
def known(tmp_path: Path) -> Ground:
    return Ground(Ran([room.path for room in ROOMS]), tmp_path)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", "test", False) as made:
        yield made


def fault(says: str) -> Change:
    return next(one for one in changes() if says in one.says)


# Checks


@pytest.mark.parametrize(
    "says",
    [
        "clauses are `p or not p`, in the statement",
        "what is assumed contradicts itself, in the statement",
    ],
)
def test_a_fault_in_what_is_printed_is_noticed(says: str, known: Ground) -> None:
    assert known._stale("S2.rate") == ""
    with applied(fault(says)):
        assert "is not what the specification" in known._stale("S2.rate")


def test_a_prover_that_proves_what_is_false_is_refused(known: Ground) -> None:
    """Of a small system: who assumes less."""
    at = "S2.rate", LESS
    assert known._proves(*at) == "", "the prover as it is does not prove it"
    assert known._refuses(*at), "and recheck does not accept it"
    with applied(fault("what is refuted counts as proved")):
        found = known._proves(*at)
    assert found.startswith(f"proves what is false (S2.rate: {LESS}); S2.rate: ")


def test_a_theorem_is_proved_and_accepted_in_this_process(known: Ground) -> None:
    (proof,) = known._proved("S2.rate")
    assert proof[:2] == ("S2.rate", "proved")
    wrong, said, lines = known._accepted("S2.rate")
    assert not wrong and said[0][0] == "S2.rate" and lines
    with applied(fault("all paths but one are left out by the prover")):
        known.proofs.cache_clear()
        assert known._proved("S2.rate") != [proof]


def test_a_pool_without_processes_does_what_prove_asks_of_one() -> None:
    clauses = [clause for clause in toys.TRUE if clause is not toys.was_sent]
    with prover_checks._alone():
        (proof,) = prove.prove([toys.theorem(clauses=clauses)], 1, make=toys.theory)
        before = proof.failed[0].after
        prove.shrink([proof], 1)
    assert proof.failed[0].after != before


def test_what_was_asked_of_a_host_is_accepted(
    known: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of S5, which takes a moment; less is not."""
    assert known._agreed("S5") == ""
    less = [row for row in known.asked("S5") if row[2] != "start"][1:]
    monkeypatch.setattr(known, "asked", lambda _: less)
    assert known._agreed("S5") == "S5: other obligations"


def test_what_is_kept_is_dropped_if_what_made_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    file.write_text("def double(n):\n    return 2 * n\n\n\ndef idle():\n    return 1\n")
    made: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), made)
    ran = Ran([str(file)])
    kept = Kept("double", made["double"], ran)
    with ran.watched() as found:
        assert kept(2) == kept(2) == 4
    line, other = ran.where(str(file), 2, 2), ran.where(str(file), 6, 6)
    assert any(found[0][line]) and not any(found[0][other])
    kept.forget(lambda seen: any(seen[other]))
    assert (2,) in kept.made
    kept.forget(lambda seen: any(seen[line]))
    assert kept.made == {}
    kept(2)  # and this was not watched: nobody knows what made it
    kept.forget(lambda _: False)
    assert kept.made == {}


# Processes


def test_each_is_done_in_a_process_of_its_own() -> None:
    def work(what: str, at: Callable[[str, float], None]) -> str:
        at(f"work on {what}", 1)
        if what == "loop":
            end = time.monotonic() + 60
            while time.monotonic() < end:
                pass
        if what == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{what} is done"

    done = {task: end for task, end in forked(work, ["loop", "killed", "first", "second"], 2)}
    assert done == {
        "first": ("done", "first is done"),
        "second": ("done", "second is done"),
        "loop": (NO_END, "work on loop"),
        "killed": (NO_END, "work on killed"),
    }


def test_what_waits_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prover_judge, "SLOW", 0.1)

    def wait(_: int, at: Callable[[str, float], None]) -> None:
        at("waiting", 1)
        time.sleep(60)

    assert [*forked(wait, [1], 1)] == [(1, (NO_END, "waiting"))]


def check(name: str, value: object, kind: str = PROOF) -> Check:
    return Check(name, kind, lambda: value, lambda said: f"says {said}")


def test_what_is_wrong_without_a_change_is_told(known: Ground, journal: Journal) -> None:
    refused = check("c", [["sat"], 1], RECHECK)
    for one in (check("a", "stale"), check("b", False), refused):
        with pytest.raises(UsageProblem, match="without a change"):
            cleaned(known, [one], 1, lambda _: None, journal)
    assert not journal.known


def test_what_is_so_without_a_change_is_asked_once(known: Ground, journal: Journal) -> None:
    """... and the journal has what was made, too: here, what a solver answered."""

    def asks(said: list[str]) -> Check:
        def ask() -> str:
            with known.kept_everywhere([]):
                said.append(vars(check_of_recheck)["ask"]("cvc5", "(check-sat)", Path("x"), 1.0))
            return ""

        return Check("asks", RECHECK, ask, str)

    (first,) = cleaned(known, [asks([])], 1, lambda _: None, journal)
    said: list[str] = []
    (second,) = cleaned(known, [asks(said)], 1, lambda _: None, journal)
    assert not said and (first.ran, first.made) == (second.ran, second.made)
    prover_judge.made_here(known.kept, [second])
    ((key, made),) = known.answer.made.items()
    assert (
        key[0] == "cvc5"
        and made.value == "sat"
        and made.ran == prover_judge._whole(first.made[0][3])
    )


def test_what_is_pinned_is_made_by_one_check_for_all(known: Ground, journal: Journal) -> None:
    first = Check("first", PROOF, lambda: known.wrong("S2.rate", LESS) and "", str)
    second = check("second", "")
    cleaned(known, [first], 1, lambda _: None, journal)
    (one,) = known.wrong.made.values()
    assert one.value[0] == f"S2.rate: {LESS}" and one.ran is None
    known.wrong.cache_clear()
    cleaned(known, [first, second], 1, lambda _: None, journal)
    assert list(known.wrong.made) == [("S2.rate", LESS)], "the journal has it, too"
    known.wrong.forget(lambda _: True)
    assert known.wrong.made, "and no change drops it"


def test_a_test_that_changes_the_specification_is_run_with_models_made_anew(
    known: Ground, journal: Journal
) -> None:
    known.models = {None: None}  # type: ignore[dict-item]
    one = Check("t", TEST, lambda: "t" if known.models else "", str)
    (found,) = cleaned(known, [one], 1, lambda _: None, journal)
    assert found.anew and found.value == '""'
    never = Check("never", TEST, lambda: "t", str)
    with pytest.raises(UsageProblem, match="t fails"):
        cleaned(known, [never], 1, lambda _: None, journal)


def clean(known: Ground, one: Check, change: Change | None, seconds: float) -> Clean:
    """A check that runs what is changed, or else nothing."""
    ran = bytearray(10_000)
    if change is not None:
        ran[known.ran.where(change.codes[0][1].co_filename, *change.lines[0])] = b"\1" * (
            change.lines[0][1] - change.lines[0][0] + 1
        )
    return Clean(one, json.dumps(one.ask()), bytes(ran), seconds, seconds)


def test_only_what_runs_a_change_is_asked_of_it_the_cheap_first(known: Ground) -> None:
    first, last = changes()[0], changes()[-1]
    before = first.codes[0][0].__code__

    def sees() -> bool:
        return first.codes[0][0].__code__ is before

    def fails() -> None:
        if not sees():
            raise ValueError("it breaks")

    checks = [
        clean(known, check("blind", 1), first, 0.1),
        clean(known, Check("breaks", PROOF, fails, str), first, 5.0),
        clean(known, Check("sees", PROOF, sees, lambda _: "seen"), first, 2.0),
        clean(known, Check("not asked", PROOF, sees, str), None, 0.0),
    ]
    judge = Judge(known, sorted(checks, key=lambda one: one.seconds))
    assert [one.check.name for one in judge.asked(first, judge.clean)] == [
        "blind",
        "sees",
        "breaks",
    ]
    assert {*judge.all([first, last], 1)} == {(first, (PROOF, "seen")), (last, None)}
    judge.clean = checks[:2]
    assert [*judge.all([first], 1)] == [(first, (PROOF, "ValueError: it breaks"))]
    assert first.codes[0][0].__code__ is before


def test_what_saw_one_change_is_asked_of_its_neighbour_first(known: Ground) -> None:
    """... a neighbour in the same function, or else in the same file."""
    one = next(c for c in changes() if c.operator != "fault")
    other = next(
        c for c in changes() if c is not one and (c.file, c.function) == (one.file, one.function)
    )
    beside = next(c for c in changes() if c.file == one.file and c.function != one.function)
    far = next(c for c in changes() if c.file != one.file)
    before = one.codes[0][0].__code__

    def sees() -> bool:
        return one.codes[0][0].__code__ is before

    blind = clean(known, check("blind", 1), one, 0.1)
    seeing = clean(known, Check("sees", PROOF, sees, str), one, 0.2)
    judge = Judge(known, [blind, seeing])

    def order(change: Change) -> list[str]:
        return [its.check.name for its in judge.likely_first(change, judge.clean)]

    assert [order(it) for it in (other, beside, far)] == [["blind", "sees"]] * 3
    assert [*judge.all([one], 1)] == [(one, (PROOF, "False"))]
    assert [order(it) for it in (other, beside)] == [["sees", "blind"]] * 2
    assert order(far) == ["blind", "sees"]


def test_what_is_noticed_without_a_change_in_one_process_is_left_out(
    known: Ground, journal: Journal
) -> None:
    count = iter(range(9))
    good, bad = check("good", 1), Check("bad", PROOF, lambda: next(count), str)
    for _ in range(2):  # the journal knows it then
        some = [clean(known, good, None, 9.0), clean(known, bad, None, 9.0)]
        judge, told = Judge(known, some), list[str]()
        judge.control(1, journal, told.append)
        assert [one.check.name for one in judge.clean] == ["good"]
        assert "left out: bad" in told[0] and len(told) == 1
        assert judge.clean[0].seconds < 1, "how long it takes is known then"


def test_tests_are_checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "test_some.py"
    file.write_text("import pytest\ndef test_a(): pass\n@pytest.mark.skip\ndef test_b(): pass\n")
    monkeypatch.setattr(prover_checks, "TESTS", (str(file),))
    found: list[tuple[str, str]] = []

    def do(checks: list[Check]) -> None:
        found.extend((one.name.split("::")[1], one.ask()) for one in checks)

    prover_checks.with_tests(do)
    assert found == [("test_a", ""), ("test_b", prover_checks.SKIPPED)]

    def breaks(_: list[Check]) -> None:
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        prover_checks.with_tests(breaks)
    damaged = tmp_path / "test_damaged.py"
    damaged.write_text("import nothing_of_this_name\n")
    monkeypatch.setattr(prover_checks, "TESTS", (str(damaged),))
    with pytest.raises(UsageProblem, match="pytest ends with"):
        prover_checks.with_tests(do)
