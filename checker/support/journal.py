"""A journal: the results of a long piece of work, written one by one as they are found.

Each is a line of JSON in a file that begins with a digest of what is worked on. A later run gets
the earlier results only if the digest is still the same, since results of another specification are
worthless. A line that was cut short when the process ended is ignored.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checker.support import files
from checker.support.errors import UsageProblem

Told = Callable[[str, int, int], None]
"""Called with (what is done, how many are, of how many)."""


class Journal:
    """The results in ``path``, by key; a new journal unless ``resume``."""

    def __init__(self, path: Path, of: str, resume: bool) -> None:
        self.path = path
        self.known: dict[str, Any] = self._read(of) if resume else {}
        lines = [{"of": of}, *({"key": key, "result": self.known[key]} for key in self.known)]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write(path, "".join(f"{json.dumps(line)}\n" for line in lines).encode())
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise UsageProblem(f"cannot write {str(path)!r}: {error.strerror}") from error

    def _read(self, of: str) -> dict[str, Any]:
        try:
            lines = self.path.read_text("utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return {}
        found = []
        for line in lines[:-1]:  # what follows the last end of a line was cut short
            try:
                found.append(json.loads(line))
            except ValueError:
                break
        if not found or found[0] != {"of": of}:
            return {}
        return {entry["key"]: entry["result"] for entry in found[1:]}

    def add(self, key: str, result: Any) -> None:
        """Write a result; once this returns, an end of the process does not lose it."""
        self.known[key] = result
        self._file.write(json.dumps({"key": key, "result": result}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more results come."""
        self._file.close()
