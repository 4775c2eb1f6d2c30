"""One owner at a time for what a program writes: a folder, a journal, a report.

Two programs that write to one place mix their work, and nothing shows it afterwards. So who is
going to write takes a lock first. It is a file beside the place, which the system keeps locked
until its owner lets go or ends, in whatever way (``flock``). The file has the owner's number, which
is told to whoever comes second. What a process that was killed left behind locks nothing.
"""

import errno
import fcntl
import os
import time
from pathlib import Path

from checker.support.errors import UsageProblem

PATIENCE = 2.0
"""Seconds to wait for an owner: one that was killed takes a moment to let go."""
_NONE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What file systems say that have no locks. There nobody can be told apart, and all may write."""


class Lock:
    """The right to write to ``place``, by way of the file ``lock``, until ``release``."""

    def __init__(self, lock: Path, place: Path) -> None:
        """Raises UsageProblem if another process has it, and OSError if it cannot be had."""
        self._path = lock
        self._file = _locked(lock, place)
        try:
            os.truncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Let others write."""
        self._path.unlink(missing_ok=True)  # while it is ours: nobody can have locked it
        os.close(self._file)


def beside(place: Path) -> Lock:
    """The right to write the file or folder ``place``, which may be replaced by another."""
    return Lock(place.parent / f".{place.name}.lock", place)


def within(folder: Path) -> Lock:
    """The right to write to what is in ``folder``."""
    return Lock(folder / ".lock", folder)


def _locked(lock: Path, place: Path) -> int:
    """The file ``lock``, open and locked."""
    patience = time.monotonic() + PATIENCE
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _still(lock, file):
                return file
        except BlockingIOError:
            if time.monotonic() > patience:
                owner = os.pread(file, 20, 0).decode(errors="replace")
                os.close(file)
                raise UsageProblem(
                    f"{str(place)!r} is being written by another run (process {owner}): wait for "
                    "it, end it, or name another place"
                ) from None
            time.sleep(0.05)
        except OSError as error:
            if error.errno in _NONE:
                return file
            os.close(file)
            raise
        os.close(file)


def _still(lock: Path, file: int) -> bool:
    """Is ``file`` what the name stands for, and not one that its owner has just removed?"""
    try:
        return os.path.samestat(lock.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
