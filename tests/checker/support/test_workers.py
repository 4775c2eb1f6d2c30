"""Workers end with their parent, however it ends; and the parent is told if one is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checker.support import workers
from checker.support.errors import ToolProblem

PARENT = """
import os, sys, time
from checker.support import workers
if sys.argv[1] == "pipe":
    workers._prctl = None
with workers.forked(2) as pool:
    print(*sorted({one.result() for one in [pool.submit(os.getpid) for _ in range(9)]}), flush=True)
    pool.submit(time.sleep, 600).result()
"""


OTHER_PROGRAM = """
import subprocess, time
from checker.support import workers
other = subprocess.Popen(["sleep", "600"], preexec_fn=workers.end_with_parent)
print(other.pid, flush=True)
time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Is the process there, and no zombie?"""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("way", ["system", "pipe"])
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
def test_workers_of_a_parent_that_is_killed_end(way: str) -> None:
    all_end_with(PARENT, way)


@pytest.mark.skipif(sys.platform != "linux", reason="the system cannot be asked")
def test_other_programs_of_a_parent_that_is_killed_end() -> None:
    all_end_with(OTHER_PROGRAM)


def all_end_with(program: str, *words: str) -> None:
    """Kill a program that printed the processes that it has begun."""
    parent = subprocess.Popen(
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert pids
    assert all(map(alive, pids))
    parent.kill()
    parent.wait()
    patience = time.monotonic() + 30
    while any(map(alive, pids)) and time.monotonic() < patience:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def test_an_interrupt_is_for_the_parent() -> None:
    with workers.forked(1) as pool:
        pid = pool.submit(os.getpid).result()
        for one in workers.INTERRUPTS:
            os.kill(pid, one)
        assert pool.submit(os.getpid).result() == pid


def test_a_worker_that_is_killed_is_told_in_one_line() -> None:
    with pytest.raises(ToolProblem, match="a worker process was killed"), workers.forked(1) as pool:
        pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL).result()


def test_what_ends_the_block_ends_the_workers() -> None:
    with pytest.raises(KeyboardInterrupt), workers.forked(1) as pool:
        pid = pool.submit(os.getpid).result()
        pool.submit(time.sleep, 600)
        raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


STARTING = """
import os, signal, sys
from checker.support import workers
def begin():
    try:
        os.close(os.open(sys.argv[1], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getppid(), signal.SIGINT)
with workers.forked(8, begin) as pool:
    pool.submit(int).result()
    signal.pause()
"""


def test_an_interrupt_while_workers_start_ends_all_of_them(tmp_path: Path) -> None:
    """The first worker interrupts its parent, which is starting the others."""
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTING, str(tmp_path / "once")],
        cwd=Path(__file__).parents[3],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _, said = parent.communicate(timeout=60)
    assert said.rstrip().endswith(b"KeyboardInterrupt"), said.decode()
    with pytest.raises(ProcessLookupError):
        os.killpg(parent.pid, 0)
