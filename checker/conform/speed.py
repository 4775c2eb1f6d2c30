"""How long ``conform`` takes, beside the programs that others read captures with.

Each is a process of its own: ours, with a Python to start and a report to print; ``tshark -z
conv,tcp``, which dissects each frame, analyses sequence numbers, and prints a line for each
connection, as ``tcptrace`` does. What they do is not the same: theirs keep statistics.

They take turns, ``ROUNDS`` times, so that what else the machine does falls on all, and the medians
are told: of the time on the processor, and by the clock. Ours is run as one process, and as several
(``WORKERS``), of which the times add up, and the largest tells the memory.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from checker.capture import Packet, frames, read
from checker.support.paths import shown

_OURS = (sys.executable, "-m", "checker", "conform", "--workers")
WORKERS = 2
PEERS = {
    "conform": (*_OURS, "1"),
    f"conform, {WORKERS} processes": (*_OURS, str(WORKERS)),
    "tshark": ("tshark", "-n", "-q", "-z", "conv,tcp", "-r"),
    "tcptrace": ("tcptrace", "-n"),
}
FINE = (0, 1, 3)
"""Exit codes of ours that did its work; of the others, 0."""
ROUNDS = 5


class Run(NamedTuple):
    """One process: seconds on the processor, and by the clock; its memory in KiB."""

    processor: float
    clock: float
    memory: int
    code: int


def run(command: tuple[str, ...]) -> Run:
    """Run a program to its end, its output thrown away."""
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(usage.ru_utime + usage.ru_stime, clock, usage.ru_maxrss, process.returncode)


def timed(captures: list[Path]) -> Iterator[str]:
    """A line for each program and capture."""
    for capture in captures:
        segments = sum(isinstance(item, Packet) for item in read(frames(capture)))
        runs: dict[str, list[Run]] = {name: [] for name in PEERS}
        for i in range(ROUNDS):
            print(f"{shown(capture)}: round {i + 1} of {ROUNDS}", file=sys.stderr)
            for name, command in PEERS.items():
                if shutil.which(command[0]) is not None:
                    runs[name].append(run((*command, str(capture))))
        ours = runs["conform"]
        for name, found in runs.items():
            yield f"{shown(capture)}: {name}: {_told(name, found, segments, ours)}"


def _told(name: str, runs: list[Run], segments: int, ours: list[Run]) -> str:
    if not runs:
        return "not installed"
    failed = [one.code for one in runs if one.code not in (FINE if "conform" in name else (0,))]
    if failed:
        return f"failed with exit code {failed[0]}"
    seconds = median(one.processor for one in runs)
    clock = median(one.clock for one in runs)
    memory = max(one.memory for one in runs)
    ratio = ""
    if name != "conform":
        by_processor = seconds / median(one.processor for one in ours)
        by_clock = clock / median(one.clock for one in ours)
        ratio = f", {by_processor:.2f} of conform's time ({by_clock:.2f} by the clock)"
    return (
        f"{seconds:.2f} s of processor ({clock:.2f} s by the clock){ratio}, "
        f"{segments / seconds:,.0f} segments/s, {memory / 1024:,.0f} MiB"
    )
