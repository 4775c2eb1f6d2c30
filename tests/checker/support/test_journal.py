"""Journals: what was damaged is told, and nothing else is lost; one owner; nothing overwritten."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from checker.support import locks
from checker.support.errors import UsageProblem
from checker.support.journal import Journal

RESULTS: dict[str, Any] = {
    "one": {"states": 3, "told": "é → \n", "rows": {"10": 1, "9": None}},
    "two": [1.5, True],
    "three": {},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Journal(tmp_path / "deep" / "journal", "x", False) as journal:
        for key, result in RESULTS.items():
            journal.add(key, result)
    return journal.path


def taken(path: Path, of: str = "x") -> tuple[dict[str, Any], list[int]]:
    with Journal(path, of, True) as journal:
        return journal.known, journal.damaged


def test_results_are_taken_up(path: Path) -> None:
    assert taken(path) == (RESULTS, [])
    with Journal(path, "x", True) as journal:
        journal.add("four", 4)
    assert taken(path) == ({**RESULTS, "four": 4}, [])
    assert [p.name for p in path.parent.iterdir()] == ["journal"]


def damages(line: bytes) -> dict[str, bytes]:
    """What may become of the line of the second result."""
    entry = json.loads(line)
    return {
        "cut": line[:20],
        "no UTF-8": line.replace(b"true", b"\xff\xfe"),
        "empty": b"",
        "a list": b"[1, 2]",
        "a number": b"7",
        "no result": json.dumps({"key": "two", "sha256": entry["sha256"]}).encode(),
        "no digest": json.dumps({"key": "two", "result": [1.5, True]}).encode(),
        "another result": line.replace(b"1.5", b"1.6"),
        "another key": line.replace(b'"two"', b'"six"'),
        "a key that is none": json.dumps({**entry, "key": [{}]}).encode(),
        "zeros": bytes(len(line)),
    }


@pytest.mark.parametrize("damage", damages(b'{"sha256": 1}'))
def test_a_damaged_line_is_told_and_loses_itself_alone(damage: str, path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[2] = damages(lines[2])[damage]
    path.write_bytes(b"\n".join(lines))
    assert taken(path) == ({k: RESULTS[k] for k in ("one", "three")}, [3])
    with Journal(path, "x", True) as journal:
        journal.add("two", RESULTS["two"])
    assert taken(path) == (RESULTS, [3])


def test_a_line_of_other_work_is_not_believed(path: Path, tmp_path: Path) -> None:
    with Journal(tmp_path / "other", "y", False) as other:
        other.add("six", 6)
    line = (tmp_path / "other").read_bytes().split(b"\n")[1]
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert taken(path) == (RESULTS, [5])


def test_a_last_line_that_was_cut_short_is_no_damage(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"key": "four", "res')
    assert taken(path) == (RESULTS, [])
    assert path.read_bytes() == whole


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    "text",
    ["[]\n", "nonsense\n", '{"of": "x"', '{"key": 1}\n', "the user's notes", '\xff\n', "\n\n"],
)  # fmt: skip
def test_what_is_no_journal_is_refused_and_stays(text: str, resume: bool, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text(text, "latin-1")
    with pytest.raises(UsageProblem, match="is no journal, or was damaged: name another") as said:
        Journal(path, "x", resume)
    assert "\n" not in str(said.value)
    assert path.read_text("latin-1") == text
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_begun(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("")
    with Journal(tmp_path / "journal", "x", False) as journal:
        journal.add("one", 1)
    assert taken(journal.path) == ({"one": 1}, [])


def test_results_are_not_thrown_away_unasked(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(UsageProblem, match="has 3 results of an earlier run: --resume goes on"):
        Journal(path, "x", False)
    with pytest.raises(UsageProblem, match="is the journal of other work"):
        Journal(path, "y", True)
    assert path.read_bytes() == before


def test_a_journal_of_an_earlier_version_is_of_other_work(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text('{"of": "x"}\n{"key": "one", "result": 1}\n')
    with pytest.raises(UsageProblem, match="is the journal of other work"):
        Journal(tmp_path / "journal", "x", True)


def test_a_second_owner_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    with Journal(path, "x", True) as first:
        with pytest.raises(UsageProblem, match=rf"another run \(process {os.getpid()}\)"):
            Journal(path, "x", True)
        first.add("four", 4)
    assert taken(path) == ({**RESULTS, "four": 4}, [])


def test_a_device_stays_one() -> None:
    with Journal(Path("/dev/null"), "x", False) as journal:
        journal.add("one", 1)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert not Path("/dev/.null.lock").exists()


def test_a_journal_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageProblem, match="cannot write"):
        Journal(tmp_path / "file" / "journal", "x", False)
    with (
        pytest.raises(UsageProblem, match="cannot write '/dev/full': No space left"),
        Journal(Path("/dev/full"), "x", False),
    ):
        pass
