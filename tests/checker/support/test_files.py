"""Files appear whole, where the user pointed, and nothing but ordinary files is replaced."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from checker.support import files, locks
from checker.support.errors import UsageProblem

WRITE = """
import pathlib, sys
from checker.support import files
place = pathlib.Path(sys.argv[1])
files.writable(place)
print("before")
files.write(place, b"the report\\n")
print("after")
"""


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    whole = files.Whole(path)
    whole.write(b"half")
    assert path.read_text() == "old"
    whole.close(False)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report"]
    files.write(path, b"new")
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_half_a_file_of_one_that_was_killed_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".report.part").write_text("half")
    (tmp_path / ".report.lock").write_text("1")
    files.write(tmp_path / "report", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    whole = files.Whole(path)
    whole._file.close()
    whole._file = open("/dev/full", "wb")  # noqa: SIM115 (closed by ``close``)
    with pytest.raises(UsageProblem, match="No space left"):
        whole.write(bytes(1 << 20))
    whole.close(False)
    assert not list(tmp_path.iterdir())


def test_a_report_is_anothers_until_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    path = tmp_path / "report"
    held = locks.beside(path)
    with pytest.raises(UsageProblem, match="is being written by another run"):
        files.writable(path)
    held.release()
    files.writable(path)
    with pytest.raises(UsageProblem, match="is being written by another run"):
        locks.beside(path)
    files.write(path, b"x")
    locks.beside(path).release()
    files.writable(path)
    files.release()
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    for name in ("there", "not yet"):
        link, target = tmp_path / f"link {name}", tmp_path / "far" / name
        link.symlink_to(target)
        files.write(link, b"new")
        assert link.is_symlink()
        assert target.read_bytes() == b"new"
    (tmp_path / "there").write_text("")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for act in (files.writable, lambda path: files.write(path, b"")):
        with pytest.raises(UsageProblem, match="symbolic links"):
            act(loop)
    assert loop.is_symlink()


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    files.writable(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    files.write(pipe, b"new")
    assert reader.communicate()[0] == b"new"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


def test_a_device_is_written_to_and_stays() -> None:
    files.writable(Path("/dev/null"))
    files.write(Path("/dev/null"), b"new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(UsageProblem, match="No space left"):
        files.write(Path("/dev/full"), b"new")


@pytest.mark.parametrize("to", ["file", "pipe"])
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_what_goes_to_stdout_stands_among_what_is_printed(
    name: str, to: str, tmp_path: Path
) -> None:
    place = Path(name)
    if name == "link":
        place = tmp_path / "link"
        place.symlink_to("/dev/stdout")
    elif not place.parent.exists():
        pytest.skip(f"there is no {place.parent} here")
    command = [sys.executable, "-c", WRITE, str(place)]
    if to == "pipe":
        said = subprocess.run(command, capture_output=True, check=True).stdout
    else:
        with (tmp_path / "out").open("wb") as out:
            subprocess.run(command, stdout=out, check=True)
        said = (tmp_path / "out").read_bytes()
    assert said == b"before\nthe report\nafter\n"
    assert {p.name for p in tmp_path.iterdir()} <= {"out", "link"}
