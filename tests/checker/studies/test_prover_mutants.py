"""Changes of the prover: which there are, how each is judged, and what is said of them."""

import os
import signal
import time
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.engines.solver.induction import Prover
from checker.ir.mutate import mutants
from checker.studies import prover_mutants as study
from checker.studies.prove import statements, theories
from checker.studies.prover_faults import FAULTS
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.journal import Journal
from proofs.theorems.table import BY_ID


def built(first: int, more: list[int], flag: bool) -> dict[str, object]:
    """What a program does that builds something."""
    found: dict[str, object] = {"a": first + 1, **{"b": more}}
    found["c"] = [first, *more]
    found |= {"d": [one for one in more if one == first]}
    if flag:
        found["e"] = {first, 2}
    return found


def generated(more: list[int]) -> Any:
    yield from more
    yield 0


def changed(function: FunctionType) -> set[tuple[str, str]]:
    """What is changed by which operator."""
    return {(one.operator, one.after) for one in mutants([function], study.DIALECT)}


def test_what_builds_something_is_changed_in_each_part() -> None:
    found = changed(built)  # type: ignore[arg-type]
    assert {after for operator, after in found if operator == "part"} >= {
        "{**{'b': more}}",
        "{'a': first + 1}",
        "[*more]",
        "[first]",
        "{2}",
        "[one for one in more]",
    }
    assert ("sign", "first - 1") in found
    assert ("negate", "not flag") in found and ("negate", "not one == first") in found
    dropped = [one for one in mutants([built], study.DIALECT) if one.operator == "drop"]  # type: ignore[list-item]
    assert [one.before for one in dropped] == [
        "found['c'] = [first, *more]",
        "found |= {'d': [one for one in more if one == first]}",
        "found['e'] = {first, 2}",
    ]
    assert len([one for one in changed(generated) if one[0] == "drop"]) == 1  # type: ignore[arg-type]


def test_there_are_changes_of_each_room_and_none_twice() -> None:
    found = study.changes()
    assert [one.says for one in found[: len(FAULTS)]] == [fault.says for fault in FAULTS]
    assert {one.file for one in found} == {*study.BY_FILE}
    assert len({one.key for one in found}) == len(found) > 1500
    for room in study.ROOMS:
        assert not {*room.leave} & {
            one.function for one in found if study.BY_FILE[one.file] is room
        }


def fault(says: str) -> study.Change:
    return next(one for one in study.changes() if says in one.says)


def test_a_change_is_what_runs_within_and_not_after() -> None:
    some, made = [BY_ID["S2.rate"]], theories.theory([BY_ID["S2.rate"]])
    with study.applied(fault("called impossible, in the statement")):
        assert "is not what the specification" in statements.stale(some, made)
    assert statements.stale(some, made) == ""


@pytest.mark.parametrize(
    ("says", "by"),
    [
        ("clauses are `p or not p`, in the statement", ("statement", "S2.rate")),
        ("what is assumed contradicts itself, in the statement", ("statement", "S2.rate")),
    ],
)
def test_a_fault_in_what_is_printed_is_noticed(
    says: str, by: study.Noticed, tmp_path: Path
) -> None:
    known = study.Ground(tmp_path)
    some = (BY_ID["S2.rate"],)
    known.small["S2.rate"] = some, theories.theory(some)
    with study.applied(fault(says)):
        assert study.noticed(fault(says), known) == by


def test_a_prover_that_proves_what_is_false_is_refused(tmp_path: Path) -> None:
    """Of a small system: who assumes less."""
    known = study.Ground(tmp_path)
    need = next(n for n in study.NEEDS if n.theorem == "S2.rate" and n.falls)
    theorem = study.varied(need, BY_ID)
    made = theories.theory([theorem])
    text = statements.written([theorem], made)
    asked = [
        *Prover(made).start(),
        *(
            w
            for k in made.kinds
            for s in study.steps_of(k)
            if s.leaf.static.possible
            for w in Prover(made).step(s)
        ),
    ]
    failed = next(what for what in asked if what.verdict == "failed")
    at = (failed.action, failed.path, failed.clause)
    known.wrong = [study.Wrong("who assumes less", made, text, *at)]
    assert study._false(known) is None, "the prover as it is does not prove it"
    assert study._refuses(known) is None, "and recheck does not accept it"
    with study.applied(fault("what is refuted counts as proved")):
        found = study._false(known)
    assert found is not None and found[0] == "recheck"
    assert found[1].startswith("proves what is false (who assumes less); S2.rate: ")


# Processes


def test_each_is_judged_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(study, "SECONDS", {False: 1, True: 1})
    first, second, third = study.changes()[:3]

    def judge(change: study.Change, known: study.Ground) -> study.Noticed | None:
        if change == second:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                pass
        if change == third:
            os.kill(os.getpid(), signal.SIGKILL)
        return None

    monkeypatch.setattr(study, "noticed", judge)
    told: list[str] = []
    for large in (False, True):
        with Journal(tmp_path / f"journal {large}", "test", False) as journal:
            known = study.Ground(tmp_path, large)
            left = study.run(
                [first, second, third], known, journal, 2, lambda *a: told.append(a[0])
            )
        assert left == [first]
        kept = {key: row["noticed"] for key, row in journal.known.items()}
        noticed = {second.key: "no end", third.key: "no end"}
        assert kept == noticed | ({first.key: ""} if large else {})
    assert len(told) == 6


def test_what_small_systems_do_not_notice_is_asked_of_more_or_not_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second, third = study.changes()[:3]

    def judge(change: study.Change, known: study.Ground) -> study.Noticed | None:
        by: dict[bool, study.Noticed] = {False: ("proof", "small"), True: ("test", "large")}
        return by[known.large] if change == (second if known.large else first) else None

    monkeypatch.setattr(study, "noticed", judge)
    monkeypatch.setattr(study, "ground", lambda place, _: study.Ground(place))
    monkeypatch.setattr(
        study, "enlarged", lambda known, rooms, _: study.Ground(known.place, large=True)
    )
    said = {}
    for quick in (True, False):
        with Journal(tmp_path / f"journal {quick}", "test", False) as journal:
            rows = study.judged([first, second, third], journal, 1, lambda *_: None, quick)
        said[quick] = [row.noticed for row in rows]
    assert said == {True: ["proof", study.UNJUDGED, study.UNJUDGED], False: ["proof", "test", ""]}


def test_what_breaks_is_noticed(tmp_path: Path) -> None:
    known = study.Ground(tmp_path)  # in which nothing is: what looks breaks
    change = fault("what is sent is not asked about")
    found = study.noticed(change, known)
    assert found is not None and found[0] == "proof"


# Reports


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[study.Row]:
    """A report in a folder of its own: one survivor, one not judged, the others noticed."""
    monkeypatch.setattr(study, "checkout", lambda name="": tmp_path / name)
    rows = [study._row(one, ("test", "tests/x.py::test_y")) for one in study.changes()]
    rows[-1] = study._row(study.changes()[-1], None)
    rows[-2] = study._row(study.changes()[-2], (study.UNJUDGED, ""))
    (tmp_path / study.DATA).parent.mkdir(parents=True)
    (tmp_path / study.PAGE).parent.mkdir(parents=True)
    (tmp_path / study.DATA).write_bytes(study.written(rows))
    monkeypatch.setattr(study, "reasons", lambda: {f"{rows[-1].function}: *": "It is no wonder."})
    (tmp_path / study.PAGE).write_text(study.page(rows))
    return rows


def test_a_report_is_read_as_it_was_written(kept: list[study.Row]) -> None:
    assert study.read() == kept
    assert study.check() == []
    assert [one.key for one in study.rest(kept)] == [kept[-2].key, kept[-1].key]
    assert study.joined(kept, []) == kept
    assert study.exit_code(kept) == INCONCLUSIVE, "one is not judged"
    assert study.exit_code(kept[:-2]) == OK
    *_, last = study.told(kept)
    assert last.startswith(f"{len(kept) - 1:,} changes judged, 1 not: noticed ")
    page = study.page(kept)
    assert "It is no wonder." in page and "*not judged* were not asked yet" in page


def test_what_is_stale_is_told(
    kept: list[study.Row], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / study.DATA).write_bytes(study.written(kept[1:]))
    assert study.check()[0].startswith(f"stale: {study.DATA}: {kept[0].key}; run: ")
    (tmp_path / study.DATA).write_bytes(study.written(kept))
    monkeypatch.setattr(study, "reasons", dict)
    said = study.check()
    assert said[0] == f"{kept[-1].key}: survives, and has no reason"
    assert said[1].startswith(f"stale: {study.PAGE}")
    assert study.exit_code(kept) == VIOLATED
    monkeypatch.setattr(
        study, "reasons", lambda: {"nothing: *": "Why?", f"{kept[-1].function}: *": ""}
    )
    assert "prover_survivors.toml: nothing survives of nothing: *" in study.check()


def test_command_refuses() -> None:
    for arguments in (["--every"], ["--only", "nothing of this kind"]):
        done = CliRunner().invoke(app, ["mutants", "--prover", *arguments])
        assert isinstance(done.exception, UsageProblem)


def test_what_is_kept_is_of_what_reads_the_same(
    kept: list[study.Row], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``--carry``: a change that is new is not judged; of one that is gone nothing is said."""
    gone = kept[5].model_copy(update={"function": "of old"})
    (tmp_path / study.DATA).write_bytes(study.written([*kept[:5], gone, *kept[6:]]))
    monkeypatch.setattr("checker.support.program.checkout", study.checkout)
    done = CliRunner().invoke(app, ["mutants", "--prover", "--carry"])
    assert done.exit_code == OK, done.output
    now = study.read()
    assert [row.key for row in now] == [row.key for row in kept]
    assert now[5].noticed == study.UNJUDGED and now[:5] + now[6:] == kept[:5] + kept[6:]
    assert study.check() == []


@pytest.mark.slow
def test_every_fault_is_noticed(tmp_path: Path) -> None:
    faults = [one for one in study.changes() if one.operator == "fault"]
    with Journal(tmp_path / "journal", "test", False) as journal:
        rows = study.judged(faults, journal, os.cpu_count() or 1, lambda *_: None)
    assert [row.says for row in study.survivors(rows)] == []
