"""Other model checkers, run as separate programs: how one is measured, and what one found.

A peer is given an export and asked to count. Its numbers mean something only if its search was
exhaustive: ``complete`` is False as soon as the peer said, or might have meant, that it stopped
short of that, and such a run agrees with nobody.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from checker.support.errors import ToolProblem
from checker.support.workers import end_with_parent


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRun:
    """One run of another checker on an export.

    ``states`` are distinct; ``transitions`` are those taken from them, each label once;
    ``depth`` is the deepest state's (in breadth-first modes the number of levels, as the
    explorer counts them). ``violated`` names the claim, if one is; ``length`` is the steps of
    its counterexample. What the peer does not tell is None.
    """

    tool: str
    mode: str
    states: int | None = None
    transitions: int | None = None
    depth: int | None = None
    violated: str | None = None
    length: int | None = None
    wall_s: float = 0.0
    compile_s: float = 0.0
    rss_bytes: int = 0
    complete: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A process that has ended: what it printed (errors among it), and what it took."""

    stdout: str
    code: int  # negative: the signal that ended it
    wall_s: float
    cpu_s: float  # of its children, too
    rss_bytes: int  # the peak of its largest process, itself or a child of it
    timed_out: bool


def found(program: str) -> str:
    """Where ``program`` is; a problem if it is not installed."""
    where = shutil.which(program)
    if where is None:
        raise ToolProblem(f"{program} is not installed, or not on the PATH")
    return where


def measure(
    command: Sequence[str | Path],
    cwd: Path,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> Measured:
    """Run ``command`` to its end and measure it; past ``timeout`` seconds it is killed.

    The process has its own group, so that its children end with it; where the system can see to
    it, it ends when this process does. Output goes to a file, so that no pipe can fill.
    """
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else {**os.environ, **env},
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 (one system call)
            )
        except OSError as error:
            raise ToolProblem(f"cannot run {command[0]}: {error.strerror}") from None
        late = threading.Event()

        def end() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(timeout or 0, end)
        if timeout is not None:
            timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            os.wait4(process.pid, 0)
            raise
        finally:
            timer.cancel()
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(text, process.returncode, wall, cpu, _rss(usage), late.is_set())


class Program:
    """What a peer makes of a model: a context manager, since it lives in a temporary directory."""

    def __init__(self, name: str, model: str) -> None:
        self._place = tempfile.TemporaryDirectory()
        self.directory = Path(self._place.name)
        self.directory.joinpath(name).write_text(model, "utf-8")
        self.compile_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._place.cleanup()

    @contextmanager
    def making(self) -> Iterator[None]:
        """Within, it is made; if that fails, nothing of it is left."""
        try:
            yield
        except BaseException:
            self._place.cleanup()
            raise

    def make(self, command: list[str], made: str, timeout: float | None) -> None:
        """A step of making it, which has to end with a file."""
        done = measure(command, self.directory, timeout)
        if done.code or not self.directory.joinpath(made).exists():
            why = f"took more than {timeout} s" if done.timed_out else last(done.stdout)
            raise ToolProblem(f"{Path(command[0]).name} did not make {made}: {why}")
        self.compile_s += done.wall_s


def last(text: str) -> str:
    """The last line that speaks of an error, or else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if re.search("error", line, re.IGNORECASE)]
    return (wrong or lines or ["it said nothing"])[-1][:300]


def _rss(usage: resource.struct_rusage) -> int:
    """Peak resident set in bytes; the kernel counts in kB, or in bytes on Darwin."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
