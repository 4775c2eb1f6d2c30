"""HTTP's applications, changed in one place at a time: does a test of single calls notice?

``python -m tests.programs.applications`` changes the functions of ``spec/world/http.py`` as
``tests.programs.observers`` does those of ``spec/observe``, and operands and what is returned, too;
it runs the tests that say which calls are made in which state. With words it takes the places that
contain one of them, such as ``_server_closes``.

The exit code is 1 if a change is not noticed and ``THE_SAME`` does not say why.
"""

import sys
from dataclasses import replace
from functools import partial

from checker.ir.mutate import Mutant, functions_of, mutants
from checker.studies.mutants import DIALECT
from spec.world import http
from tests.programs import observers

TESTS = ("tests/spec/world/test_http.py",)
THE_SAME: dict[str, str] = {}
"""Changes that change nothing, and why."""


def changes() -> list[Mutant]:
    """All changes."""
    return [*mutants([*functions_of(http)], replace(DIALECT, operands=True))]


def main() -> int:
    """Ask of each change; 1 if one is not noticed."""
    noticed = partial(observers.noticed, tests=TESTS)
    return observers.judged(changes(), noticed, THE_SAME, __doc__)


if __name__ == "__main__":
    sys.exit(main())
