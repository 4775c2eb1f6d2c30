"""Progress on stderr: bars on a terminal, and a line now and then in a log."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from checker.engines.explicit.engine import Exploration
    from checker.model.model import Found
    from checker.studies.explorations import Job, Standing
    from checker.studies.prove.prove import Proof

EVERY = 5.0
"""Seconds from one line of a log to the next."""
TELLING_SHARE = 0.02
"""The share of all states from which the time that the others take can be told."""


class _Said:
    """What is at hand, told on stderr: beside a bar on a terminal, and elsewhere, in a log, in a
    line every few seconds for as long as it lasts, also where nothing new is told of it."""

    def __init__(self, bar: Progress) -> None:
        self.console = bar.console
        self.bar = bar
        self._ended = threading.Event()
        self._now: dict[object, tuple[str, float]] = {}  # and since when
        self._lines = threading.Thread(target=self._log, daemon=True)

    def __enter__(self) -> "_Said":
        if self.console.is_terminal:
            self.bar.start()
        else:
            self._lines.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self.bar.stop()
        else:
            self._ended.set()
            self._lines.join()

    def now(self, key: object, text: str) -> None:
        """What to tell of ``key`` in the next line of the log."""
        _, since = self._now.get(key, ("", time.monotonic()))
        self._now[key] = text, since

    def only(self, key: object, text: str) -> None:
        """Tell of ``key`` and of nothing else."""
        self._now.clear()
        self.now(key, text)

    def over(self, key: object) -> None:
        """There is nothing more to tell of ``key``."""
        self._now.pop(key, None)

    def _log(self) -> None:
        while not self._ended.wait(EVERY):
            for text, since in list(self._now.values()):
                seconds = time.monotonic() - since
                if seconds >= EVERY:
                    self.console.print(f"[dim]{escape(text)}, {seconds:.0f} s[/]")


def _bar(*columns: ProgressColumn) -> Progress:
    """A bar on stderr, which is gone when all is done."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    return Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # results stay where they belong
    )


@contextmanager
def explorations() -> Iterator[tuple[Any, Any]]:
    """Two callbacks that tell how explorations go on, and how each ended: one of how many, and in
    how long the rest will be done if they go on like this. The first also tells that a checkpoint
    could not be written."""
    failed: dict[int, str] = {}
    began: dict[int, tuple[float, int]] = {}
    tasks: dict[int, Any] = {}
    at_first = time.monotonic()
    bar = _bar(
        TextColumn("{task.description}"),
        BarColumn(pulse_style="cyan"),
        TextColumn("{task.fields[counts]}"),
    )

    def tell(
        job: "Job | str", states: int, transitions: int, level: int, waiting: int, unsaved: str
    ) -> None:
        now = time.monotonic()
        key = id(job)
        if unsaved != failed.get(key, ""):
            failed[key] = unsaved
            what = unsaved or "checkpoints can be written again"
            said.console.print(escape(f"{job if isinstance(job, str) else job.name}: {what}"))
        since, first = began.setdefault(key, (now, states))
        rate = max(states - first, 0) / max(now - since, 0.2)  # another engine begins anew
        counts = (
            f"{states:,} states, level {level}, {waiting:,} waiting, {rate / 1000:,.0f} k/s, "
            f"{_memory() / 2**30:.1f} GiB"
        )
        name = job if isinstance(job, str) else job.short
        said.now(key, f"{name}: {counts}")
        if said.console.is_terminal:
            if key not in tasks:
                tasks[key] = bar.add_task(name, total=None, counts="")
            bar.update(tasks[key], counts=counts)

    def done(job: "Job", found: "Found", at: "Standing") -> None:
        said.over(id(job))
        if id(job) in tasks:
            bar.remove_task(tasks[id(job)])
        result = found.exploration
        counts = f"{result.states:,} states, {result.transitions:,} transitions"
        rest = ""
        if at.done < at.total and at.share >= TELLING_SHARE:
            left = (time.monotonic() - at_first) * (1 - at.share) / at.share
            rest = f"; about {left:.0f} s left"
        said.console.print(
            f"[dim]{at.done} of {at.total}: {job.name}: {counts}, depth {result.depth}, "
            f"{result.seconds:.1f} s ({result.engine}{resumed(result)}){rest}[/]"
        )
        if result.unsaved:
            said.console.print(escape(f"{job.name}: {result.unsaved}"))

    with _Said(bar) as said:
        yield tell, done


@contextmanager
def exploration(name: str) -> Iterator[Callable[..., None]]:
    """A callback that tells how one exploration goes on."""
    with explorations() as (tell, _):
        yield lambda *counts: tell(name, *counts)


@contextmanager
def proofs() -> Iterator[Any]:
    """A callback that tells how proofs go on: ``tell(proof, done)``, done being so many of its
    paths; or ``tell(text)``, what is done now instead."""
    tasks: dict[str, Any] = {}
    bar = _bar(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[paths]}"))

    def tell(proof: "Proof | str", done: int = 0) -> None:
        if isinstance(proof, str):
            name, total, paths = proof, None, ""
            said.only(name, name)
        else:
            name, total, paths = proof.id, proof.paths, f"{done} of {proof.paths} paths"
            said.now(name, f"{name}: {paths}")
            if done == total:
                said.over(name)
        if said.console.is_terminal:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total, paths="")
            bar.update(tasks[name], completed=done, paths=paths)

    with _Said(bar) as said:
        yield tell


@contextmanager
def counted(what: str = "") -> Iterator[Callable[..., None]]:
    """A callback that tells what is at hand and, if it can be said, how many of how many are done:
    ``tell("matrix", 3, 80)``."""
    bar = _bar(TextColumn("{task.fields[what]}"), BarColumn(), TextColumn("{task.description}"))
    task = bar.add_task("", total=None, what=what)

    def tell(name: str, done: int = 0, total: int = 0) -> None:
        text = f"{done:,} of {total:,}: {name}" if total else name
        said.now(what, f"{what}: {text}" if what else text)
        bar.update(task, completed=done, total=total or None, description=escape(text))

    with _Said(bar) as said:
        said.now(what, what)
        yield tell


def each(name: Callable[[Any], str]) -> Callable[[Any, int], None]:
    """A callback that writes a line for each long piece of work that is done: ``tell(one, 9)``,
    where ``one`` has ``seconds`` and is one of 9."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    done = 0

    def tell(one: Any, total: int) -> None:
        nonlocal done
        done += 1
        console.print(f"[dim]{done} of {total}: {escape(name(one))}, {one.seconds:.1f} s[/]")

    return tell


def resumed(found: "Exploration") -> str:
    """From where a search went on, if it was not from the beginning."""
    return f", resumed from {found.resumed:,} states" if found.resumed else ""


def _memory() -> int:
    """Resident memory of this process and its children, in octets; 0 where it is not told."""
    pids = [os.getpid()]
    try:
        tasks = Path(f"/proc/{pids[0]}/task")
        pids += [int(p) for t in tasks.iterdir() for p in (t / "children").read_text().split()]
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
