"""Which lines of some files run, in this process and in those that it forks.

What is seen is kept in memory that all of them share. A function of which all lines were seen runs
on as fast as ever.
"""

import mmap
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any


class Ran:
    """The lines of ``files`` that run; of each, ``seen`` has an octet."""

    def __init__(self, files: Sequence[str]) -> None:
        self._first: dict[str, int] = {}  # octets before those of a file
        self._size = 0
        for file in files:
            self._first[file] = self._size
            self._size += len(Path(file).read_bytes().splitlines()) + 2
        self._seen: Any = None
        self._left: dict[int, set[int]] = {}  # lines of codes that were not seen yet

    def where(self, file: str, first: int, last: int) -> slice:
        """Some lines of a file, in what is seen."""
        return slice(self._first[file] + first, self._first[file] + last + 1)

    @contextmanager
    def watched(self) -> Iterator[list[bytes]]:
        """The lines that run within, known at the end. What is watched may be watched in parts,
        too."""
        found: list[bytes] = []
        outer, tracing = (self._seen, self._left), sys.gettrace()
        with mmap.mmap(-1, self._size) as seen:
            self._seen, self._left = seen, {}
            sys.settrace(self._call)
            try:
                yield found
            finally:
                sys.settrace(tracing)
                found.append(seen[:])
                self._seen, self._left = outer
                if self._seen is not None:
                    both = (a | b for a, b in zip(self._seen[:], found[0], strict=True))
                    self._seen[:] = bytes(both)

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """What runs within is not seen."""
        seen, tracing = self._seen, sys.gettrace()
        self._seen = None
        sys.settrace(None)
        try:
            yield
        finally:
            sys.settrace(tracing)
            self._seen = seen

    @property
    def watching(self) -> bool:
        """Is anything watched now?"""
        return self._seen is not None

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in self._first:
            return None
        if (known := self._left.get(id(code))) is None:
            known = {line for _, _, line in code.co_lines() if line is not None}
            self._left[id(code)] = known
        return self._line if known else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line" and self._seen is not None:
            code = frame.f_code
            self._seen[self._first[code.co_filename] + frame.f_lineno] = 1
            left = self._left.setdefault(id(code), set())
            left.discard(frame.f_lineno)
            if not left:
                frame.f_trace_lines = False
        return self._line
