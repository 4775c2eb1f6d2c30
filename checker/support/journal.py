"""A journal: the results of a long piece of work, written one by one as they are found.

Each is a line of JSON. The first line names what is worked on, by a digest: results of another
specification are worthless. Each later line has a digest of itself and of that name. A line whose
digest is another was damaged, or comes from elsewhere: it is not believed, it is told, and only its
own result is found again. A last line that was cut short when the process ended is taken away.

A journal that has results is never begun anew: whoever wants that removes it.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from checker.support import files, locks
from checker.support.errors import UsageProblem

Told = Callable[[str, int, int], None]
"""Called with (what is done, how many are, of how many)."""
VERSION = 2


class Journal:
    """The results in ``path``, by key: those that are there, if ``resume``, and those added.

    Nobody else can open it before ``close``. ``damaged`` has the numbers of the lines that are not
    believed. Raises UsageProblem if it is another's, of other work or no journal, or if it has
    results and ``resume`` is false.
    """

    def __init__(self, path: Path, of: str, resume: bool) -> None:
        self.path = path
        self.known: dict[str, Any] = {}
        self.damaged: list[int] = []
        self._of = of
        self._lock: locks.Lock | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not files.special(path):
                self._lock = locks.beside(Path(os.path.realpath(path)))
            self._open(resume)
        except BaseException as error:
            if self._lock is not None:
                self._lock.release()
            if isinstance(error, OSError):
                why = f"cannot write {str(path)!r}: {error.strerror}"
                raise UsageProblem(why) from error
            raise

    def _open(self, resume: bool) -> None:
        content = self.path.read_bytes() if self.path.is_file() else b""
        lines = content.split(b"\n")
        whole = len(content) - len(lines.pop())  # what follows the last end of a line was cut short
        head = {"journal": VERSION, "of": self._of}
        if content:
            self._read(lines, head, resume)
        self._file = self.path.open("r+b" if content else "wb", buffering=0)
        if content:
            self._file.truncate(whole)
            self._file.seek(whole)
        else:
            self._write(head)

    def _read(self, lines: list[bytes], head: dict[str, Any], resume: bool) -> None:
        first = _decoded(lines[0]) if lines else None
        if first is None or not {"journal", "of"} >= first.keys() or "of" not in first:
            raise UsageProblem(
                f"{str(self.path)!r} is no journal, or was damaged: name another, or remove it"
            )
        if len(lines) > 1 and not resume:
            raise UsageProblem(
                f"{str(self.path)!r} has {len(lines) - 1} results of an earlier run: --resume goes "
                "on from them; to start anew, remove it"
            )
        if first != head:
            raise UsageProblem(
                f"{str(self.path)!r} is the journal of other work (another specification, version "
                "or options): name another, or remove it"
            )
        for number, line in enumerate(lines[1:], 2):
            entry = _decoded(line)
            if entry is None or entry != self._entry(entry.get("key"), entry.get("result")):
                self.damaged.append(number)
            else:
                self.known[entry["key"]] = entry["result"]

    def _entry(self, key: Any, result: Any) -> dict[str, Any]:
        """What stands in a line."""
        text = json.dumps([self._of, key, result])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"key": key, "result": result, "sha256": digest}

    def add(self, key: str, result: Any) -> None:
        """Write a result; once this returns, an end of the process does not lose it."""
        self.known[key] = result
        self._write(self._entry(key, result))

    def _write(self, entry: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(entry).encode() + b"\n")
            if not files.special(self.path):
                os.fsync(self._file.fileno())
        except OSError as error:
            raise UsageProblem(f"cannot write {str(self.path)!r}: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """No more results come."""
        self._file.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _decoded(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
