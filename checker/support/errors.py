"""Problems that a command reports in one clear line, with the exit code each one means.

0 every claim met its expected verdict; 1 a violation or an unexpected verdict; 2 usage;
3 inconclusive: a limit hit, an unknown, nothing checked; 4 internal error or missing tool.
3 never looks like 0.
"""

import errno

OK, VIOLATED, USAGE, INCONCLUSIVE, INTERNAL = range(5)


class Problem(Exception):
    """What is wrong, where, and what to do, in one line; ``code`` is the exit code."""

    code = INTERNAL


class UsageProblem(Problem):
    """The command was asked for something that does not exist or cannot be done."""

    code = USAGE


class ToolProblem(Problem):
    """A program or package that is needed is missing or failed."""

    code = INTERNAL


_REFUSALS = {
    errno.ENOSPC: "make room, or name a place on another disk",
    errno.EDQUOT: "make room, or name a place on another disk",
    errno.EMFILE: "allow more of them (ulimit -n)",
    errno.ENFILE: "end other programs",
    errno.ENOMEM: "allow more memory, or ask for less with --max-memory",
    errno.EAGAIN: "allow more processes (ulimit -u), or ask for fewer with --workers",
    errno.EIO: "the disk may be broken",
    errno.EROFS: "name a place that can be written",
    errno.EACCES: "name a place that may be written",
}
"""What a user can do about what the system says."""


def refusal(error: OSError) -> Problem | None:
    """What to tell of what the system refused; None if it may be the program's own mistake."""
    if error.errno not in _REFUSALS:
        return None
    where = f" of {str(error.filename)!r}" if error.filename else ""
    return Problem(f"the system says{where}: {error.strerror}; {_REFUSALS[error.errno]}")
