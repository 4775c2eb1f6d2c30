"""How long ``conform`` takes, beside the programs that others read captures with.

Each is a process of its own, one after another on the same machine: ours, with a Python to start
and a report to print, ``tshark -z conv,tcp`` and ``tcptrace``, where they are installed. What they
do is not the same: theirs keep statistics.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from checker.capture import Packet, frames, read

PEERS = {
    "conform": (sys.executable, "-m", "checker", "conform"),
    "tshark": ("tshark", "-q", "-z", "conv,tcp", "-r"),
    "tcptrace": ("tcptrace", "-n"),
}


def timed(captures: list[Path]) -> Iterator[str]:
    """A line for each program and capture."""
    for capture in captures:
        segments = sum(isinstance(item, Packet) for item in read(frames(capture)))
        for name, command in PEERS.items():
            if shutil.which(command[0]) is None:
                yield f"{capture}: {name}: not installed"
                continue
            began = time.perf_counter()
            done = subprocess.run([*command, str(capture)], capture_output=True, check=False)
            seconds = time.perf_counter() - began
            failed = f" (exit code {done.returncode})" if done.returncode not in (0, 1, 3) else ""
            yield (
                f"{capture}: {name}: {seconds:.2f} s, {segments / seconds:,.0f} segments/s{failed}"
            )
