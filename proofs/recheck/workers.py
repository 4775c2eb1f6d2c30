"""Processes side by side, which an interrupt ends."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(do: Callable[[T], R], todo: Sequence[T], jobs: int) -> Iterator[R]:
    """What ``do`` makes of each, in order. Workers are forked, so that they know what is known here
    already; an interrupt is for the parent, which ends them."""
    alone = (signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), signal.signal, alone)
    try:
        yield from pool.map(do, todo)
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
