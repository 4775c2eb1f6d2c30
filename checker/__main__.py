"""The command line: ``python -m checker COMMAND``.

Results go to stdout, progress and problems to stderr. Exit codes: 0 every claim met its
expected verdict; 1 a violation or an unexpected verdict; 2 usage; 3 inconclusive: a limit hit,
an unknown, nothing checked, interrupted; 4 internal error or missing tool.
"""

import gc
import sys

from checker.support.errors import INCONCLUSIVE, INTERNAL
from checker.support.program import missing, say

SELDOM = 100_000
"""New objects from one search for garbage to the next. By default it is 700: while all is imported,
which is no garbage, that would take a twelfth of a short command's time."""


def main() -> None:
    """Run the command line, if all that it needs can be imported."""
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
    try:
        from checker.cli import app
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(INCONCLUSIVE)
    except ModuleNotFoundError as error:
        say(missing(error.name or ""))
        sys.exit(INTERNAL)
    try:
        app.main()
    finally:
        gc.freeze()  # the end need not look for garbage among all that was imported


if __name__ == "__main__":
    main()
