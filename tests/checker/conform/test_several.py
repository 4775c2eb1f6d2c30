"""Several processes say what one says, byte for byte.

All captures are compared, and captures that are made so that what crosses connections matters:
sockets that are used again, more pairs of sockets than are followed, nonsense that is not followed
on, frames that cannot be read. Bugs that are put in are noticed by that comparison.
"""

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from zlib import crc32

import pytest

from checker.capture import Frame
from checker.conform import follow, patience, quiet, run, several
from checker.conform.behaviour import choose
from checker.conform.data import timing
from checker.conform.follow import Follower
from checker.conform.report import Show
from checker.conform.shards import SHARDS, shard_of
from checker.support.errors import ToolProblem, UsageProblem
from tests.checker.conform.cache.test_courses import made
from tests.checker.conform.test_quiet import ALL
from tests.checker.support.test_workers import alive
from tests.helpers import traffic
from tests.helpers.mutate import CAPTURES
from tests.helpers.pcap import header, record
from tests.helpers.wire import as_frame
from tests.programs.hostile import random_segments

ROOT = Path(__file__).parents[3]
EVERYTHING = Show(verbose=True, most=0)


def said(
    captures: list[Path], workers: int, folder: Path, show: Show = EVERYTHING, **how: object
) -> tuple:
    """All that is written: text, notes, reports, pictures, and the exit code."""
    folder = folder / f"of-{workers}"
    folder.mkdir()
    files = [folder / "report.json", folder / "report.xml"]
    out, notes = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(notes):
        code = run.conform(
            captures, choose([]), out_json=files[0], out_junit=files[1],
            svg=folder / "svg", show=show, workers=workers, **how,  # type: ignore[arg-type]
        )  # fmt: skip
    drawn = {path.name: path.read_bytes() for path in (folder / "svg").iterdir()}
    # How far it is depends on how fast the machine is.
    told = [line for line in notes.getvalue().splitlines() if not line.endswith("/s")]
    text = out.getvalue().replace(folder.name, "of")
    return code, text, told, [file.read_bytes() for file in files], drawn


def same(captures: list[Path], tmp_path: Path, **how: object) -> tuple:
    """What one process says, which two and three say, too."""
    one = said(captures, 1, tmp_path, **how)  # type: ignore[arg-type]
    for workers in (2, 3):
        assert said(captures, workers, tmp_path, **how) == one  # type: ignore[arg-type]
    return one


def written(path: Path, of: list[Frame]) -> Path:
    """A capture of frames on Ethernet."""
    with path.open("wb") as file:
        file.write(header(1))
        for frame in of:
            seconds, part = divmod(round(frame.time * 1_000_000), 1_000_000)
            file.write(record(seconds, part, frame.data, frame.length))
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly any room: few pairs of sockets are followed, and what rests is soon forgotten."""
    monkeypatch.setattr(run, "Follower", partial(Follower, flows=3 * SHARDS))
    monkeypatch.setattr(quiet, "_LAST", 0x3F)
    monkeypatch.setattr(follow, "ROUND", 0x40)
    monkeypatch.setattr(quiet, "STRANGERS", 5)
    monkeypatch.setattr(several, "BATCH", 3)
    monkeypatch.setattr(several, "AHEAD", 0x80)


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nonsense is not followed for long."""
    monkeypatch.setattr(patience, "BEGIN", 8 * patience.REFUSED)


def talk(path: Path, seed: int, count: int, hidden: float = 0.0) -> Path:
    """Connections of all kinds, and a share of frames that cannot be read or are not usual: of a
    pair of sockets, of addresses only, of nobody knows what, of another network."""
    rng, found = random.Random(seed), []
    for frame in made(seed, count):
        found.append(frame)
        if rng.random() < hidden:
            data = rng.choice(
                (
                    frame.data[:44],  # the TCP header is cut off
                    frame.data[:20] + b"\x20\x00" + frame.data[22:],  # a fragment
                    frame.data[:12] + b"\x08\x00\x46" + bytes(8),
                    frame.data[:12] + b"\x81\x00\x00\x07" + frame.data[12:],  # of a VLAN
                )
            )
            found.append(Frame(1, frame.time, data, len(data), 0))
    return written(path, found)


def nonsense(path: Path, pairs: int, count: int) -> Path:
    """Random segments, with connections of some sense between."""
    found = []
    for p in random_segments(pairs)(count):
        data = bytes(12) + b"\x08\x00" + as_frame(p)
        found.append(Frame(1, p.time, data, len(data), 0))
    return written(path, found)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_every_capture(every, tmp_path):
    _, text, notes, _, drawn = same(ALL[::every], tmp_path)
    assert text.count(": conforms") > 100 / every
    assert notes
    assert drawn


def test_every_capture_of_a_stack_where_few_are_told(tmp_path):
    """At one end, with the data plane."""
    show = Show(most=2)
    chosen = [path for path in ALL if "linux" in path.parts][::3]
    told = same(chosen, tmp_path, show=show, at="client", data=timing(["linux"]))
    assert "connections more (--most 0 tells all)" in told[1]


@pytest.mark.parametrize("at_once", [True, False])
def test_many_connections(tmp_path, at_once, monkeypatch):
    """More than are followed at a time: the same are forgotten, in the same order."""
    monkeypatch.setattr(run, "QUIET", at_once)
    monkeypatch.setattr(run, "Follower", partial(Follower, flows=3 * SHARDS))
    monkeypatch.setattr(several, "BATCH", 3)
    path = tmp_path / "traffic.pcap"
    traffic.write(path, 12, 1_500)
    assert "forgotten: too many connections at a time" in same([path], tmp_path)[1]


@pytest.mark.parametrize("hidden", [0.0, 0.02])
def test_sockets_that_are_used_again(tmp_path, hidden, small):
    text = same([talk(tmp_path / "talk.pcap", 1, 80, hidden)], tmp_path)[1]
    assert "the pair of sockets was used before" in text
    assert ("deviates" if not hidden else "not all segments can be read") in text


def test_what_makes_no_sense(tmp_path, little_patience):
    text = same([nonsense(tmp_path / "nonsense.pcap", 40, 300)], tmp_path)[1]
    assert "not followed on" in text


def _one_account(self: Follower, *words: object, **more: object) -> None:
    """A follower whose shards share an account."""
    _begun(self, *words, **more)  # type: ignore[arg-type]
    for shard in self.shards:
        shard.patience = self.shards[0].patience


_begun = Follower.__init__
BUGS: dict[str, tuple[object, str, object]] = {
    "the order": (several, "_place", lambda _: (0, 0)),
    "who waits": (several._Process, "passed", property(lambda _: inf, lambda *_: None)),
    "the shard": (follow, "shard_of", lambda one, other: crc32(one + other) % SHARDS),
    "who is a stranger": (
        quiet.Quiet,
        "_stranger",
        lambda self, key: (key, key) if key[-1] % 4 else (),
    ),
    "what is shared": (Follower, "__init__", _one_account),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_noticed(tmp_path, bug, small, little_patience, monkeypatch):
    place, name, wrong = BUGS[bug]
    monkeypatch.setattr(place, name, wrong, raising=False)
    if bug == "what is shared":
        paths = [nonsense(tmp_path / "nonsense.pcap", 40, 300)]
    else:
        paths = [talk(tmp_path / "talk.pcap", 1, 40)]
    assert said(paths, 1, tmp_path) != said(paths, 2, tmp_path)


def test_a_shard_is_of_both_directions():
    rng = random.Random(1)
    found = set()
    for _ in range(100):
        one, other = rng.randbytes(6), rng.randbytes(6)
        assert shard_of(one, other) == shard_of(other, one)
        found.add(shard_of(one, other))
    assert found == {*range(SHARDS)}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.pcap"
    traffic.write(path, 12, 1_500)
    return path


def test_a_process_that_is_killed_is_an_error(tmp_path, large, monkeypatch):
    """In the middle: some connections were told by then. No report appears."""
    monkeypatch.setattr(several, "BATCH", 10)
    real = several._follow

    def follows(share: Callable, mine: frozenset[int], pipe: "several.Pipe") -> None:
        class Killed:
            sent = 0

            def send(self, what: object) -> None:
                pipe.send(what)
                self.sent += 1
                if self.sent == 3 and 1 in mine:
                    os.kill(os.getpid(), signal.SIGKILL)

        real(share, mine, Killed())  # type: ignore[arg-type]

    monkeypatch.setattr(several, "_follow", follows)
    with pytest.raises(ToolProblem, match="a worker process was killed"):
        run.conform([large], choose([]), out_json=tmp_path / "report.json", workers=2)
    assert not (tmp_path / "report.json").exists()


def test_what_goes_wrong_in_a_process_is_told(large, monkeypatch):
    real = Follower.finish

    def fails(self: Follower) -> None:
        if 1 in self.mine:
            raise ArithmeticError("of the second")
        real(self)

    monkeypatch.setattr(Follower, "finish", fails)
    with pytest.raises(ArithmeticError, match="of the second") as found:
        run.conform([large], choose([]), workers=2)
    assert "in fails" in found.value.__notes__[0]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_capture_is_told_in_one_line(tmp_path, workers):
    (tmp_path / "no.pcap").write_text("nothing of the kind")
    with pytest.raises(UsageProblem, match="neither pcap nor pcapng"):
        run.conform([tmp_path / "no.pcap"], choose([]), workers=workers)
    with pytest.raises(UsageProblem, match="cannot read"):
        run.conform([tmp_path / "none.pcap"], choose([]), workers=workers)


def test_a_capture_that_grows_meanwhile_is_an_error(large, monkeypatch):
    """Each process may have read another part of it."""
    real = several._merged

    def grows(*words: object) -> object:
        yield from real(*words)  # type: ignore[arg-type]
        with large.open("ab") as file:
            file.write(record(1_700_000_100, 0, bytes(60)))

    monkeypatch.setattr(several, "_merged", grows)
    with pytest.raises(UsageProblem, match="changed while it was read"):
        run.conform([large], choose([]), workers=2)


def test_what_can_be_read_once_is_read_by_one(tmp_path, large):
    os.mkfifo(tmp_path / "pipe")
    assert several.processes(tmp_path / "pipe", 3) == 1
    assert several.processes(large, 3) == 3
    assert several.processes(large, 100) == SHARDS


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs /proc")
def test_an_interrupt_ends_all(tmp_path):
    path = tmp_path / "long.pcap"
    traffic.write(path, 12, 60_000)
    words = [sys.executable, "-m", "checker", "conform", str(path), "--workers", "2", "--most", "0"]
    report = tmp_path / "report.json"
    parent = subprocess.Popen(
        [*words, "--json", str(report)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    children: list[int] = []
    tasks = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while len(children) < 2 and parent.poll() is None:
        children = [*map(int, tasks.read_text().split())]
        time.sleep(0.01)
    parent.send_signal(signal.SIGINT)
    _, notes = parent.communicate(timeout=60)
    assert parent.returncode == 3, notes
    assert "interrupted; no report was written" in notes
    assert not any(map(alive, children))
    assert not report.exists()


def test_the_command():
    told = []
    paths = [str(CAPTURES / f"{name}.pcap") for name in ("lwip", "timewait_port_reuse_client.A")]
    for workers in ("1", "3"):
        words = [sys.executable, "-m", "checker", "conform", "--workers", workers, *paths]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        told.append((done.returncode, done.stdout, done.stderr))
    assert told[0] == told[1]
    assert "8 connections" in told[0][1]
