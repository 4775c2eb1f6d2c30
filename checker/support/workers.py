"""Worker processes, forked, which do not outlive what they were started for."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


def leave_interrupts() -> None:
    """In a worker: an interrupt is for the parent, which ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def forked(
    count: int, begin: Callable[..., None], *arguments: Any
) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``count`` processes, each begun with ``begin``; whatever ends the block before its
    time, an interrupt included, ends them as well."""
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), begin, arguments)
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
