"""The compiler of the kernel. What it keeps on the disk saves time, and is never needed.

It is known by the source of the function's own file, and by that of ``kernel``, which is inlined
elsewhere, too. So a disk that is full, a folder that cannot be written or a file of it that was
damaged costs the seconds in which the kernel is compiled again, and nothing else.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config

from checker.support.errors import ToolProblem

if config.DISABLE_JIT:  # type: ignore[attr-defined] # numba sets it when it is imported
    raise ToolProblem(
        "the native engine must be compiled, and NUMBA_DISABLE_JIT forbids it: unset it, or use "
        "--engine explore"
    )


KERNEL = Path(__file__).with_name("kernel.py")


def _tolerant(cache: Any) -> Any:
    """A cache of numba's that does without its files."""
    kernel = KERNEL.stat()
    file = cache._cache_file
    file._source_stamp = (file._source_stamp, kernel.st_mtime, kernel.st_size)
    load, save = cache.load_overload, cache.save_overload

    def loaded(*what: Any) -> Any:
        try:
            return load(*what)
        except Exception:  # what a damaged pickle raises can be anything
            return None

    def saved(*what: Any) -> None:
        with contextlib.suppress(OSError):
            save(*what)

    cache.load_overload, cache.save_overload = loaded, saved
    return cache


def _compiler(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles a function when it is first called."""
    make = njit(boundscheck=False, nogil=True, **options)

    def compiled(function: Callable[..., Any]) -> Any:
        made = make(function)
        with contextlib.suppress(RuntimeError):  # there is no place that can be written
            made.enable_caching()
            made._cache = _tolerant(made._cache)
        return made

    return compiled


compiled = _compiler()
inlined = _compiler(forceinline=True)
