"""Progress on stderr: bars on a terminal, and a line now and then in a log."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from checker.engines.explicit.engine import Exploration
    from checker.model.model import Found
    from checker.studies.explorations import Job
    from checker.studies.prove.prove import Proof

EVERY = 10.0
"""Seconds from one line of a log to the next."""


@contextmanager
def explorations() -> Iterator[tuple[Any, Any]]:
    """Two callbacks that tell on stderr how explorations go on, and how each ended.

    On a terminal the first draws a line for each exploration under way; elsewhere, in a log, one
    is written every ten seconds.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    began: dict[int, tuple[float, int]] = {}
    told: dict[int, float] = {}
    tasks: dict[int, Any] = {}
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(pulse_style="cyan"),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )

    def tell(job: "Job | str", states: int, transitions: int, level: int, waiting: int) -> None:
        now = time.monotonic()
        key = id(job)
        since, first = began.setdefault(key, (now, states))
        rate = (states - first) / max(now - since, 0.2)
        counts = (
            f"{states:,} states, level {level}, {waiting:,} waiting, {rate / 1000:,.0f} k/s, "
            f"{_memory() / 2**30:.1f} GiB"
        )
        name = job if isinstance(job, str) else job.short
        if console.is_terminal:
            if key not in tasks:
                tasks[key] = bar.add_task(name, total=None, counts="")
            bar.update(tasks[key], counts=counts)
        elif now - told.setdefault(key, now) > EVERY:
            told[key] = now
            console.print(f"{name}: {counts}")

    def done(job: "Job", found: "Found") -> None:
        if id(job) in tasks:
            bar.remove_task(tasks[id(job)])
        result = found.exploration
        counts = f"{result.states:,} states, {result.transitions:,} transitions"
        console.print(
            f"[dim]{job.name}: {counts}, depth {result.depth}, "
            f"{result.seconds:.1f} s ({result.engine}{resumed(result)})[/]"
        )
        if result.unsaved:
            console.print(escape(f"{job.name}: {result.unsaved}"))

    with bar if console.is_terminal else nullcontext():
        yield tell, done


@contextmanager
def proofs() -> Iterator[Any]:
    """A callback that tells on stderr how proofs go on: a bar for each theorem, or, in a log, a
    line every ten seconds and one for each theorem that is done."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    tasks: dict[str, Any] = {}
    told = time.monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} paths"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )

    def tell(proof: "Proof", done: int) -> None:
        nonlocal told
        now = time.monotonic()
        if console.is_terminal:
            if proof.id not in tasks:
                tasks[proof.id] = bar.add_task(proof.id, total=proof.paths)
            bar.update(tasks[proof.id], completed=done)
        elif now - told > EVERY:
            told = now
            console.print(f"{proof.id}: {done} of {proof.paths} paths")

    with bar if console.is_terminal else nullcontext():
        yield tell


@contextmanager
def counted(what: str = "") -> Iterator[Callable[..., None]]:
    """A callback that tells what is at hand and, if it can be said, how many of how many are done:
    ``tell("matrix", 3, 80)``."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    told = time.monotonic()
    bar = Progress(
        TextColumn("{task.fields[what]}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=None, what=what)

    def tell(name: str, done: int = 0, total: int = 0) -> None:
        nonlocal told
        said = escape(f"{done:,} of {total:,}: {name}" if total else name)
        if console.is_terminal:
            bar.update(task, completed=done, total=total or None, description=said)
        elif time.monotonic() - told > EVERY:
            told = time.monotonic()
            console.print(f"[dim]{f'{what}: ' if what else ''}{said}[/]")

    with bar if console.is_terminal else nullcontext():
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
