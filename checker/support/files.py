"""Files, written whole or not at all."""

import json
import os
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path

from checker.support.errors import UsageProblem


def write(path: Path, content: bytes) -> None:
    """Write by way of a file beside it, so that nobody ever sees half of it.

    Raises UsageProblem, and leaves what was there, if it cannot be written.
    """
    beside = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        try:
            with beside.open("xb") as file:
                file.write(content)
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refused(path, error) from error


def write_json(path: Path, data: object) -> None:
    """``write`` data as JSON that a reader can look at."""
    write(path, (json.dumps(data, indent=1) + "\n").encode())


def writable(path: Path) -> None:
    """Say at once, before any work, that ``path`` could not be written."""
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a directory")
        if path.exists() and not path.is_file():
            raise OSError(22, "it is no ordinary file")  # a device would be replaced by one
        beside = path.parent / f".{secrets.token_hex(8)}.tmp"
        beside.open("xb").close()
        beside.unlink()
    except OSError as error:
        raise _refused(path, error) from error


def apart(outputs: Collection[Path | None], inputs: Iterable[Path]) -> None:
    """Say at once that a file would be written twice, or over what is read; or cannot be read.

    And, of each of ``outputs``, that it could not be written.
    """
    taken: set[Path] = set()
    for path in inputs:
        try:
            path.stat()
        except OSError as error:
            raise UsageProblem(f"cannot read {str(path)!r}: {error.strerror}") from error
        taken.add(path.resolve())
    for one in outputs:
        if one is not None:
            if one.resolve() in taken:
                raise UsageProblem(f"{str(one)!r} is named twice, and would be overwritten")
            taken.add(one.resolve())
    for one in outputs:
        if one is not None:
            writable(one)


def _refused(path: Path, error: OSError) -> UsageProblem:
    return UsageProblem(f"cannot write {str(path)!r}: {error.strerror}")
