"""Observers, changed in one place at a time: does a test of single steps notice?

``python -m tests.programs.observers`` makes the changes that ``python -m checker mutants`` makes to
rules, one at a time, to the functions of ``spec/observe``, and runs the tests of
``tests/spec/observe`` that say what is to be seen of one step. With words it takes the places that
contain one of them, such as ``stale.py`` or ``Crossing.made``.

A claim that holds is no judge of an observer that sees less: there is nothing to see. Conduct is
left out, whose conditions are about rules: mutants of rules ask for them.

The exit code is 1 if a change is not noticed and ``THE_SAME`` does not say why.
"""

import argparse
import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Mapping

import pytest

from checker.ir.mutate import Mutant, applied, functions_of, mutants
from checker.studies.mutants import DIALECT
from spec.observe import (
    agreement,
    confusion,
    course,
    crossing,
    endings,
    flow,
    forgery,
    ghosts,
    once,
    pace,
    refinement,
    sights,
    silence,
    stale,
    stamped,
    streams,
    watcher,
)

MODULES = (
    agreement,
    confusion,
    course,
    crossing,
    endings,
    flow,
    forgery,
    ghosts,
    once,
    pace,
    refinement,
    sights,
    silence,
    stale,
    stamped,
    streams,
    watcher,
)
TESTS = tuple(
    f"tests/spec/observe/test_{name}.py"
    for name in (
        "course",
        "flow",
        "observe",
        "once",
        "pace",
        "refinement",
        "silence",
        "stamped",
        "streams",
        "watchers",
    )
)
THE_SAME = {
    "a > b -> a >= b": "the later of two equal numbers is either",
    "seq.lt(at, after.snd.una) -> seq.lt(at + -1, after.snd.una)": "as above",
    "seq.lt(m.before.snd.nxt, at) -> seq.lt(m.before.snd.nxt + -1, at)": "as above",
    "seq.lt(m.before.snd.nxt, at) -> seq.lt(m.before.snd.nxt + 1, at)": "no sender goes on one "
    "beyond SND.NXT: where it goes on is far from the SND.NXT of a TCB that was not, or no further",
    "flight < allowed -> flight <= allowed": "if they are equal there is no room either way",
    "flight <= n -> flight < n": "what the peer holds there was skipped before",
    "flight <= n -> flight <= n + 1": "a place that was passed is the whole sequence space ahead, "
    "and takes nothing away",
    "left <= tcb.written -> left <= tcb.written + 1": "no text is sent from the number of SYN on",
    "rcv.wnd < free -> rcv.wnd <= free": "if they are equal nothing more is free either way",
    "snd.wnd < seg.wnd -> snd.wnd <= seg.wnd": "of two equal windows either is taken",
}
"""Changes that change nothing, and why."""


def changes() -> list[Mutant]:
    """All changes, but those that take ``super()`` away from a method: Python cannot exchange the
    code then."""
    every = dict.fromkeys(function for module in MODULES for function in functions_of(module))
    return [
        change
        for change in mutants([*every], DIALECT)
        if change.code.co_freevars == change.original.__code__.co_freevars
    ]


def noticed(change: Mutant | None = None, tests: tuple[str, ...] = TESTS) -> bool:
    """Does a test fail with a change?"""
    quiet = io.StringIO()
    with (
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
        applied(change) if change is not None else contextlib.nullcontext(),
    ):
        code = pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the tests did not run: {quiet.getvalue()}")
    return code == pytest.ExitCode.TESTS_FAILED


def judged(
    every: Iterable[Mutant],
    ask: Callable[..., bool],
    the_same: Mapping[str, str],
    about: str | None,
) -> int:
    """Ask of each change, or of those that the command line names; 1 if one is not noticed."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only places that contain one of these")
    words = parser.parse_args().words
    chosen = [
        change
        for change in every
        if not words or any(w in f"{change.place} {change.function}" for w in words)
    ]
    if not chosen:
        print(f"there is no such place: {' '.join(words)}", file=sys.stderr)
        return 1
    if ask():
        print("a test fails without any change", file=sys.stderr)
        return 1
    missed = [change for change in chosen if not ask(change)]
    for change in missed:
        said = f"{change.before} -> {change.after}"
        print(f"{change.place}: {change.function}: {said}: {the_same.get(said, 'not noticed')}")
    left = [c for c in missed if f"{c.before} -> {c.after}" not in the_same]
    print(f"{len(chosen)} changes, {len(left)} not noticed")
    return 1 if left else 0


def main() -> int:
    """Ask of each change; 1 if one is not noticed."""
    return judged(changes(), noticed, THE_SAME, __doc__)


if __name__ == "__main__":
    sys.exit(main())
