"""Problems that a command reports in one clear line, with the exit code each one means.

0 every claim met its expected verdict; 1 a violation or an unexpected verdict; 2 usage;
3 inconclusive: a limit hit, an unknown, nothing checked; 4 internal error or missing tool.
3 never looks like 0.
"""

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
