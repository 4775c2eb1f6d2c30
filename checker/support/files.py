"""Files, written whole or not at all, to where the user pointed, and by one process at a time.

An ordinary file is written beside its place, and takes it when it is complete, so that nobody ever
sees half of it. Where a name is a link, that is the place that it leads to. What is no ordinary
file (a device, a pipe, the output of this process) is never replaced: it is written to.
"""

import errno
import json
import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from checker.support.errors import UsageProblem
from checker.support.locks import Lock, beside

_claimed: dict[Path, Lock] = {}
"""The ordinary files that this process is going to write."""


STDIN = Path("/dev/stdin")


class Whole:
    """A file that appears at ``path`` when it is complete.

    Whoever creates one must close it. What goes wrong is a UsageProblem; what was at ``path`` is
    then left as it was.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = Path(os.path.realpath(path))
        self._part: Path | None = None
        try:
            own = _descriptor(path)
            if own is not None:
                sys.stdout.flush()
                sys.stderr.flush()
                self._file = os.fdopen(os.dup(own), "wb")
            elif _special(self._place):
                self._file = self._place.open("wb")
            else:
                claim(self._place)
                self._part = self._place.with_name(f".{self._place.name}.part")
                self._file = self._part.open("wb")
        except OSError as error:
            self._give_up()
            raise _refused(path, error) from error

    def write(self, content: bytes) -> None:
        """Add to it."""
        try:
            self._file.write(content)
        except OSError as error:
            raise _refused(self.path, error) from error

    def close(self, keep: bool) -> None:
        """Let it appear, or leave no trace of it."""
        try:
            self._file.close()
            if keep and self._part is not None:
                os.replace(self._part, self._place)
        except OSError as error:
            if keep:
                raise _refused(self.path, error) from error
        finally:
            self._give_up()

    def _give_up(self) -> None:
        """Leave nothing beside the file."""
        if self._part is not None:
            self._part.unlink(missing_ok=True)
        release(self._place)


def write(path: Path, content: bytes) -> None:
    """Write a whole file. Raises UsageProblem, and leaves what was there, if it cannot."""
    whole, done = Whole(path), False
    try:
        whole.write(content)
        done = True
    finally:
        whole.close(done)


def write_json(path: Path, data: object) -> None:
    """``write`` data as JSON that a reader can look at."""
    write(path, (json.dumps(data, indent=1) + "\n").encode())


def to_read(path: Path) -> Path:
    """Where to read what a command line names ``path``: ``-`` is standard input.

    Where that is an ordinary file it is told by its own name, for it can be read more than once,
    and by other processes, whose standard input is none.
    """
    if str(path) != "-":
        return path
    behind = STDIN.resolve()
    return behind if behind.is_file() else STDIN


def folder(path: Path) -> None:
    """Say at once that nothing could be written in the folder ``path``; it is made if need be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise UsageProblem(f"cannot write to {str(path)!r}: {why}") from error


def writable(path: Path) -> None:
    """Say at once, before any work, that ``path`` could not be written.

    An ordinary file is this process's from now until it is written, or until ``release``.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if _descriptor(path) is not None:
            return
        place = Path(os.path.realpath(path))
        if not _special(place):
            claim(place)
        elif not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _refused(path, error) from error


def release(*places: Path) -> None:
    """Let other processes write ``places``; without any, all that this process had claimed."""
    for place in places or tuple(_claimed):
        if place in _claimed:
            _claimed.pop(place).release()


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


def claim(place: Path) -> None:
    """Have ``place``, where a file or folder is going to be, until ``release``.

    Raises UsageProblem if another process has it, and OSError if nothing can be written there.
    """
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if place not in _claimed:
        _claimed[place] = beside(place)


def special(path: Path) -> bool:
    """Is it written to but never replaced, being no ordinary file and no folder?"""
    return _descriptor(path) is not None or _special(Path(os.path.realpath(path)))


def _special(place: Path) -> bool:
    return place.exists() and not place.is_file() and not place.is_dir()


def _descriptor(path: Path) -> int | None:
    """The number of this process's own open file that ``path`` leads to, as /dev/stdout does.

    To open it anew would be another file: with a place of its own, and cut off at the beginning.
    """
    mine = Path("/dev/fd").resolve()
    for _ in range(40):  # links that lead nowhere
        if path.parent.resolve() == mine and path.name.isdigit():
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def _refused(path: Path, error: OSError) -> UsageProblem:
    return UsageProblem(f"cannot write {str(path)!r}: {error.strerror}")


def cached(*names: str) -> Path:
    """A folder of the user's cache, which may not be there yet."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().joinpath("synproof", *names)
