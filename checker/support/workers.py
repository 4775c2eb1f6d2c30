"""Worker processes, forked, which do not outlive what they were started for.

Interrupts are for the parent, which ends its workers. A parent that is killed can end nothing: so
the system tells each worker when its parent is gone. Linux kills it at once. Elsewhere it notices
that a pipe has closed, of which the parent alone holds the other end.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from checker.support.errors import ToolProblem

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.connection import Connection

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a program to end: the user, the system, a terminal that is closed."""
_KILLED = "a worker process was killed, perhaps for want of memory: try fewer --workers"
_PR_SET_PDEATHSIG = 1
_prctl: Any = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None


@contextmanager
def forked(
    count: int, begin: Callable[..., None] | None = None, *arguments: Any
) -> "Iterator[ProcessPoolExecutor]":
    """A pool of ``count`` processes, each begun with ``begin`` before the block is entered.

    Whatever ends the block before its time, an interrupt or the parent's death included, ends them
    as well.
    """
    import multiprocessing  # which most commands need not wait for
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    alive, mine = os.pipe()
    pool = ProcessPoolExecutor(
        count,
        multiprocessing.get_context("fork"),
        _begin,
        (os.getpid(), alive, mine, begin, arguments),
    )
    try:
        with _uninterrupted():
            pool.submit(int)  # which starts all workers, and the thread that waits for them
        yield pool
        pool.shutdown()
    except BaseException as error:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise ToolProblem(_KILLED) from error
        raise
    finally:
        os.close(alive)
        os.close(mine)


@contextmanager
def talking(works: "Sequence[Callable[[Connection], None]]") -> "Iterator[list[Connection]]":
    """A process for each of ``works``, which sends what it finds; where each can be ``received``.

    Whatever ends the block ends them as well.
    """
    import multiprocessing

    context = multiprocessing.get_context("fork")
    alive, mine = os.pipe()
    processes, pipes = [], []
    try:
        with _uninterrupted():
            for work in works:
                here, there = context.Pipe(duplex=False)
                pipes.append(here)
                arguments = os.getpid(), alive, mine, work, there
                processes.append(context.Process(target=_talk, args=arguments))
                processes[-1].start()
                there.close()  # so that the pipe closes when the process ends
        yield pipes
    finally:
        for process in processes:
            if process.pid is not None:
                process.kill()
                process.join()
        for pipe in pipes:
            pipe.close()
        os.close(alive)
        os.close(mine)


def _talk(
    parent: int, alive: int, others: int, work: "Callable[[Connection], None]", pipe: "Connection"
) -> None:
    _begin(parent, alive, others, None, ())
    work(pipe)


def received(pipe: "Connection") -> Any:
    """What a process has sent; it has something to send yet. Raises ToolProblem if it is gone."""
    try:
        return pipe.recv()
    except (EOFError, OSError) as error:
        raise ToolProblem(_KILLED) from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put interrupts off until the block is done: of half a pool nobody knows what to end.

    It works in the main thread only, which is where interrupts are taken.
    """
    came: list[int] = []
    usual = {one: signal.getsignal(one) for one in INTERRUPTS}
    for one in INTERRUPTS:
        signal.signal(one, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for one, handler in usual.items():
            signal.signal(one, handler)
    for number in came:
        signal.raise_signal(number)


def end_with_parent() -> None:
    """In a new process: end when the parent does, where the system can see to it (Linux)."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _begin(
    parent: int, alive: int, others: int, begin: Callable[..., None] | None, arguments: Any
) -> None:
    """In a worker: see that it ends in time, then begin."""
    for one in INTERRUPTS:
        signal.signal(one, signal.SIG_IGN)
    os.close(others)  # or the pipe would not close while a worker lives
    threading.Thread(target=_watch, args=(alive,), daemon=True).start()
    end_with_parent()
    if os.getppid() != parent:  # it ended before the system was told
        os._exit(1)
    if begin is not None:
        begin(*arguments)


def _watch(alive: int) -> None:
    """End this process when nobody holds the other end of the pipe any more."""
    with contextlib.suppress(OSError):
        os.read(alive, 1)
    os._exit(1)
