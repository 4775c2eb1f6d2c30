"""Changes of the prover: which there are, and what is said of those that were judged."""

import os
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.ir.mutate import mutants
from checker.studies import prover_changes
from checker.studies import prover_mutants as study
from checker.studies.prove import statements, theories
from checker.studies.prover_changes import applied
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
    return {(one.operator, one.after) for one in mutants([function], prover_changes.DIALECT)}


def test_no_annotation_is_changed() -> None:
    """It does nothing, so that no check could notice."""
    assert not [one.key for one in prover_changes.changes() if one.before.endswith(" | None")]


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
    dropped = [one for one in mutants([built], prover_changes.DIALECT) if one.operator == "drop"]  # type: ignore[list-item]
    assert [one.before for one in dropped] == [
        "found['c'] = [first, *more]",
        "found |= {'d': [one for one in more if one == first]}",
        "found['e'] = {first, 2}",
    ]
    assert len([one for one in changed(generated) if one[0] == "drop"]) == 1  # type: ignore[arg-type]


def test_there_are_changes_of_each_room_and_none_twice() -> None:
    found = prover_changes.changes()
    assert [one.says for one in found[: len(FAULTS)]] == [fault.says for fault in FAULTS]
    assert {one.file for one in found} == {*prover_changes.BY_FILE}
    assert len({one.key for one in found}) == len(found) > 1500
    for room in prover_changes.ROOMS:
        assert not {*room.leave} & {
            one.function for one in found if prover_changes.BY_FILE[one.file] is room
        }


def fault(says: str) -> prover_changes.Change:
    return next(one for one in prover_changes.changes() if says in one.says)


def test_a_change_is_what_runs_within_and_not_after() -> None:
    some, made = [BY_ID["S2.rate"]], theories.theory([BY_ID["S2.rate"]])
    with applied(fault("called impossible, in the statement")):
        assert "is not what the specification" in statements.stale(some, made)
    assert statements.stale(some, made) == ""


def test_a_place_is_known_by_its_lines() -> None:
    """Of a mutant those of its statement, of a fault those of its functions."""
    for one in prover_changes.changes():
        assert one.lines
        for (function, _), (first, last) in zip(one.codes, one.lines, strict=True):
            lines = [line for _, _, line in function.__code__.co_lines() if line]
            assert first <= last and max(lines) >= first >= function.__code__.co_firstlineno


def test_what_is_judged_is_kept_in_the_journal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second, third = prover_changes.changes()[:3]
    asked = []

    def judging(todo: Any, _workers: int, told: Any, done: Any, _journal: Journal) -> None:
        asked.append([*todo])
        told("a check")
        done(todo[0], ("proof", "S5: other counts"))
        for one in todo[1:]:
            done(one, None)

    monkeypatch.setattr(study, "judging", judging)
    told: list[str] = []
    with Journal(tmp_path / "journal", "test", False) as journal:
        study.judged([second], journal, 1, lambda *a: told.append(a[0]))
        rows = study.judged([first, second, third], journal, 1, lambda *_: None)
    assert asked == [[second], [first, third]]
    assert [row.noticed for row in rows] == ["proof", "proof", ""]
    assert told[0] == "without a change: a check" and told[1].endswith(": proof")


# Reports


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[study.Row]:
    """A report in a folder of its own: one survivor, one not judged, the others noticed."""
    monkeypatch.setattr(study, "checkout", lambda name="": tmp_path / name)
    rows = [study._row(one, ("test", "tests/x.py::test_y")) for one in prover_changes.changes()]
    rows[-1] = study._row(prover_changes.changes()[-1], None)
    rows[-2] = study._row(prover_changes.changes()[-2], (study.UNJUDGED, ""))
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
    row = kept[0]
    said = f"{row.function}: {row.says or f'{row.before} -> {row.after}'}"
    monkeypatch.setattr(study, "reasons", lambda: {said: "Why", f"{kept[-1].function}: *": "Why"})
    assert any("nothing survives of" in line for line in study.check()), "it is noticed"
    rows = [row.model_copy(update={"noticed": study.UNJUDGED}), *kept[1:]]
    (tmp_path / study.DATA).write_bytes(study.written(rows))
    assert not any("nothing survives of" in line for line in study.check())


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
    monkeypatch.setattr("checker.support.program.checkout", lambda name="": tmp_path / name)
    done = CliRunner().invoke(app, ["mutants", "--prover", "--carry"])
    assert done.exit_code == OK, done.output
    now = study.read()
    assert [row.key for row in now] == [row.key for row in kept]
    assert now[5].noticed == study.UNJUDGED and now[:5] + now[6:] == kept[:5] + kept[6:]
    assert study.check() == []


@pytest.mark.slow
def test_every_fault_is_noticed(tmp_path: Path) -> None:
    faults = [one for one in prover_changes.changes() if one.operator == "fault"]
    with Journal(tmp_path / "journal", "test", False) as journal:
        rows = study.judged(faults, journal, os.cpu_count() or 1, lambda *_: None)
    assert [row.says for row in study.survivors(rows)] == []
