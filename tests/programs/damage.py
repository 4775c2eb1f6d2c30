"""Damage: no checkpoint that was changed is believed, and no misuse looks like a result.

``python -m tests.programs.damage --seed 1`` does two things.

* It changes a checkpoint of a toy in a hundred and more ways, and goes on from each, in a process
  of its own. Right is the whole search's numbers, or a refusal in one line.
* It runs commands in bad surroundings: a pipe that nobody reads, a full disk, no memory, a killed
  parent. Each has an exit code and a line that are right.

What is not right is told, and the exit code is then 1.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from checker.engines.explicit import native
from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.native import checkpoint
from checker.support.errors import Problem
from checker.support.workers import INTERRUPTS
from tests.helpers.agree import checks_of, counts
from tests.helpers.systems import Chance

SEED = 27
"""Of a toy of 6,351 states."""
LIMIT = 400
"""States after which the search is ended, and goes on later."""
ARRAYS = *native.Search.ARRAYS, *checkpoint.COMMON
NAMES = [*(f"{name}.npy" for name in ARRAYS), checkpoint.SEARCH, checkpoint.DIGESTS]

Change = Callable[[Path], None]
"""Given the directory of a checkpoint."""


def searched(folder: Path, limit: int | None = None) -> Exploration:
    """The toy's search, from the last checkpoint if there is one."""
    parts = Chance(SEED)
    return native.explore(
        parts, checks_of(parts), checkpoint=folder, resume=True, every=1e9, max_states=limit,
        paths=False, stop_when_decided=False, identity="a toy",
    )  # fmt: skip


# Checkpoints


def _rewritten(name: str, change: Callable[[bytes], bytes]) -> Change:
    def do(where: Path) -> None:
        (where / name).write_bytes(change((where / name).read_bytes()))

    return do


def _flipped(name: str, bit: float) -> Change:
    def change(content: bytes) -> bytes:
        octets, at = bytearray(content), int(bit * 8 * len(content))
        octets[at // 8] ^= 1 << at % 8
        return bytes(octets)

    return _rewritten(name, change)


def _said(**members: Any) -> Change:
    def change(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **members}).encode()

    return _rewritten(checkpoint.SEARCH, change)


def _swapped(one: str, other: str) -> Change:
    def do(where: Path) -> None:
        first, second = (where / one).read_bytes(), (where / other).read_bytes()
        (where / one).write_bytes(second)
        (where / other).write_bytes(first)

    return do


def _directory(name: str) -> Change:
    def do(where: Path) -> None:
        (where / name).unlink()
        (where / name).mkdir()

    return do


def _array(name: str, change: Callable[[Any], Any]) -> Change:
    def do(where: Path) -> None:
        np.save(where / name, change(np.load(where / name)))

    return do


def _emptied(where: Path) -> None:
    for path in where.iterdir():
        path.unlink()


def changes(chance: random.Random, flips: int) -> Iterator[tuple[str, Change]]:
    """All ways to change a checkpoint, with ``flips`` single bits of each file."""
    for name in NAMES:
        yield f"without {name}", lambda where, name=name: (where / name).unlink()
        yield f"a directory for {name}", _directory(name)
        yield f"empty {name}", _rewritten(name, lambda _: b"")
        yield f"half of {name}", _rewritten(name, lambda content: content[: len(content) // 2])
        yield f"{name} cut short", _rewritten(name, lambda content: content[:-8])
        yield f"more of {name}", _rewritten(name, lambda content: content + bytes(8))
        yield f"zeros for {name}", _rewritten(name, lambda content: bytes(len(content)))
        for _ in range(flips):
            bit = chance.random()
            yield f"bit {bit:.4f} of {name}", _flipped(name, bit)
    for one, other in pairwise(NAMES):
        yield f"{one} and {other} swapped", _swapped(one, other)
    for members in (
        {"states": 5}, {"states": "many"}, {"transitions": 1}, {"depth": 3}, {"complete": True},
        {"amid": False}, {"places": 0}, {"places": 1 << 44}, {"places": -5}, {"fired": []},
        {"version": 1}, {"identity": "other"}, {"symmetric": True}, {"ends": []},
        {"messages": []}, {"decided_at": {"always": 1}}, {"seconds": "long"},
        {"layout": {"ends": 2, "links": 2, "end_bits": 40, "bag_bits": 40}},
    ):  # fmt: skip
        yield f"search.json says {members}", _said(**members)
    yield "numbers as fractions", _array("level.npy", lambda level: level.astype("f8"))
    yield "numbers the other way round", _array("level.npy", lambda level: level.astype(">u8"))
    yield "two dimensions", _array("table.npy", lambda table: table.reshape(2, -1))
    yield "nothing in it", _emptied


def survived(where: Path) -> str:
    """What came of going on from a checkpoint; in this process."""
    try:
        found = searched(where.parent)
    except Problem as problem:
        return "several lines" if "\n" in str(problem) else "refused"
    return json.dumps([counts(found), found.lengths], default=str, sort_keys=True)


def _child(where: Path, to: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    try:
        to.send(survived(where))
    except BaseException as error:
        to.send(f"{type(error).__name__}: {error}")


def alone(where: Path) -> str:
    """``survived`` in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(where, theirs))
    process.start()
    theirs.close()
    said = "no end"
    if ours.poll(60):
        try:
            said = str(ours.recv())
        except EOFError:
            said = "no answer"
    process.join(1)
    if process.exitcode is None:
        process.kill()
    return f"signal {-process.exitcode}" if (process.exitcode or 0) < 0 else said


def checkpoints(seed: int, flips: int) -> tuple[Counter[str], list[str]]:
    """How often each thing came of a changed checkpoint, and the changes that were believed."""
    tally: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "whole")
        assert searched(folder, LIMIT).limited
        (kept,) = folder.glob("checkpoint-*")
        right = survived(shutil.copytree(kept, Path(place, "right", kept.name)))
        assert right.startswith("[")
        for what, change in changes(random.Random(seed), flips):
            where = shutil.copytree(kept, Path(place, "changed", kept.name))
            change(where)
            came = alone(where)
            tally["the right numbers" if came == right else came] += 1
            if came not in ("refused", right):
                wrong.append(f"{what}: {came}")
            shutil.rmtree(where.parent)
    return tally, wrong


# Misuses


@dataclass
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass
class Misuse:
    """A command in bad surroundings, the exit code that is right, and what stderr must say."""

    name: str
    words: list[str]
    code: int = 0
    says: str = ""
    env: dict[str, str] = field(default_factory=dict)
    out: str = ""  # where stdout goes: a path, or "closed": a pipe that nobody reads
    err: str = ""
    limit: tuple[int, int] | None = None  # a resource, and how much of it there is


HOLDS = ["verify", "T2", "--small"]
EXPLORE = ["explore", "--profile", "rest", "--engine", "explore"]
NATIVE = ["explore", "--profile", "handshake", "--engine", "native"]
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
MISUSES = [
    Misuse("stdout that nobody reads", HOLDS, out="closed"),
    Misuse("stdout that nobody reads, unbuffered", EXPLORE, out="closed", env=UNBUFFERED),
    Misuse("stderr that nobody reads", HOLDS, err="closed"),
    Misuse("a violation that nobody reads",
           ["conform", "tests/captures/linux/timewait_port_reuse_client.A.pcap"], 1, out="closed"),
    Misuse("stdout on a full disk", EXPLORE, 4, "cannot write to stdout: No space left",
           out="/dev/full"),
    Misuse("stderr on a full disk", HOLDS, err="/dev/full"),
    Misuse("wrong usage, stderr on a full disk", ["explore", "--profile", "no"], 2,
           err="/dev/full"),
    Misuse("a report on a full disk", [*EXPLORE, "--json", "/dev/full"], 2, "No space left"),
    Misuse("a terminal without Unicode", ["trace", "T2", "--rules", "three_way=off"],
           env={"PYTHONIOENCODING": "ascii"}),
    Misuse("few files", ["verify", "T1", "T2", "--small"], 4, "Too many open files; allow",
           limit=(resource.RLIMIT_NOFILE, 12)),
    Misuse("no compiler", NATIVE, 4, "NUMBA_DISABLE_JIT forbids it",
           env={"NUMBA_DISABLE_JIT": "1", "XDG_CACHE_HOME": "nothing"}),
    Misuse("no assertions", ["verify", "T1s", "--engine", "symbolic", "--depth", "8"],
           env={"PYTHONOPTIMIZE": "1"}),
    Misuse("more states than memory", [*NATIVE, "--expect", "900000000", "--max-memory", "2"], 2,
           "room for 900,000,000 states needs"),
    Misuse("memory that is refused",
           [*NATIVE, "--bounds", "in_flight=4", "close=on", "--max-memory", "3",
            "--checkpoint", "checkpoints", "--every", "1000"], 3,
           limit=(resource.RLIMIT_AS, 700_000 << 10)),
]  # fmt: skip


def ran(misuse: Misuse, folder: Path) -> Ran:
    """Run it; its files go to ``folder``."""
    reading, closed = os.pipe()
    os.close(reading)

    def limited() -> None:
        if misuse.limit is not None:
            which, most = misuse.limit
            resource.setrlimit(which, (most, most))

    with contextlib.ExitStack() as opened:
        opened.callback(os.close, closed)

        def stream(where: str) -> Any:
            if where == "closed":
                return closed
            return opened.enter_context(open(where, "wb")) if where else subprocess.PIPE

        words = [str(folder / word) if word == "checkpoints" else word for word in misuse.words]
        done = subprocess.run(
            [sys.executable, "-m", "checker", *words],
            stdout=stream(misuse.out),
            stderr=stream(misuse.err),
            stdin=subprocess.DEVNULL,
            env={**os.environ, **misuse.env},
            preexec_fn=limited,
            timeout=300,
            check=False,
        )
    texts = [(text or b"").decode(errors="replace") for text in (done.stdout, done.stderr)]
    return Ran(done.returncode, *texts)


def judged(misuse: Misuse, folder: Path) -> str:
    """What is wrong with how it ended; nothing if nothing is."""
    had = ran(misuse, folder)
    problems = [line for line in had.err.splitlines() if line.startswith("checker: ")]
    if had.code != misuse.code:
        return f"exit code {had.code}, not {misuse.code}: {had.err[-200:]}"
    if "Traceback" in had.err or "internal error" in had.err or len(problems) > 1:
        return f"no one line: {had.err[-300:]}"
    if not re.search(re.escape(misuse.says), had.err):
        return f"it does not say {misuse.says!r}: {had.err[-200:]}"
    if misuse.name == "memory that is refused":
        if "the system refused" not in had.out:
            return f"not for want of memory: {had.out}"
        if not list((folder / "checkpoints").glob("checkpoint-*")):
            return "no last checkpoint"
    return ""


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A long run with workers, which has written its first checkpoint."""
    words = ["verify", "T1", "--checkpoint", str(folder), "--every", "0.2", "--engine", "native"]
    running = subprocess.Popen(
        [sys.executable, "-m", "checker", *words, "--workers", "2", *more],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    patience = time.monotonic() + 120
    while not list(folder.glob("*/checkpoint-*")) and time.monotonic() < patience:
        time.sleep(0.05)
    return running


def _children(pid: int) -> list[int]:
    return [
        int(word)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for word in (task / "children").read_text().split()
    ]


def ended(how: signal.Signals, folder: Path) -> str:
    """What is wrong with how a run with workers ends by a signal, and with who goes on from it."""
    first = started(folder)
    workers = _children(first.pid)
    if not workers:
        return "it had no workers"
    second = subprocess.run(
        [*first.args, "--resume"], capture_output=True, text=True, check=False, timeout=100
    )  # type: ignore[misc]
    if second.returncode != 2 or "is being written by another run (process" not in second.stderr:
        return f"a second run was not refused: {second.returncode} {second.stderr[-200:]}"
    first.send_signal(how)
    _, said = first.communicate(timeout=60)
    patience = time.monotonic() + 30
    while any(map(_lives, workers)):
        if time.monotonic() > patience:
            return "workers outlive their parent"
        time.sleep(0.05)
    if how != signal.SIGKILL and (first.returncode != 3 or "interrupted" not in said):
        return f"exit code {first.returncode}: {said[-200:]}"
    return ""


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def misuses(told: Callable[[str, str], None]) -> list[str]:
    """Those that did not end as is right."""
    wrong = []
    with tempfile.TemporaryDirectory() as place:
        for number, misuse in enumerate(MISUSES):
            folder = Path(place, str(number))
            folder.mkdir()
            said = judged(misuse, folder)
            told(misuse.name, said)
            wrong += [f"{misuse.name}: {said}"] * bool(said)
        for how in (signal.SIGKILL, *INTERRUPTS):
            said = ended(how, Path(place, how.name))
            told(how.name, said)
            wrong += [f"{how.name}: {said}"] * bool(said)
    if not stat.S_ISCHR(os.stat("/dev/full").st_mode):
        wrong.append("/dev/full is no device any more")
    return wrong


def main(seed: int, flips: int) -> int:
    """Both; the exit code."""
    tally, wrong = checkpoints(seed, flips)
    print(f"{sum(tally.values())} changes of a checkpoint")
    for what, count in tally.most_common():
        print(f"{count:6} {what[:80]}")
    wrong += misuses(lambda name, said: print(f"{name}: {said or 'right'}", flush=True))
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flips", type=int, default=20, help="bits of each file")
    arguments = parser.parse_args()
    sys.exit(main(arguments.seed, arguments.flips))
