"""Who notices a change of the prover: checks are asked that run what is changed, cheap ones first.

First each check runs without a change, in a process of its own, which tells which lines run, what
is to be said, and how long it takes. Then each change has a process of its own, forked where all
is imported and made that no change can alter: it asks the checks in turn that run a line that was
changed, those first that noticed the changes beside it, until one notices. What takes ten times as
long as without a change has no end.
"""

import base64
import contextlib
import gc
import io
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

from checker.studies.prover_changes import ROOMS, Change, applied
from checker.studies.prover_checks import (
    RECHECK,
    SKIPPED,
    TEST,
    Check,
    Ground,
    Kept,
    Made,
    folder_of_its_own,
    modules_of,
    with_tests,
)
from checker.support.errors import UsageProblem
from checker.support.journal import Journal
from checker.support.ran import Ran

T = TypeVar("T")
Noticed = tuple[str, str]
"""The kind of what noticed a change, and what it says."""
NO_END = "no end"
OCTETS = 6 << 30
"""Of memory, that a process may take."""
LONGEST = 600.0
"""Seconds of the processor that a process may take in all."""
TIMES, MORE = 10.0, 5
"""How many times as long as without a change a check may take, and how many seconds more."""
SLOW = 40.0
"""How many seconds a second of the processor may take, where others are busy as well."""
WORTH = 0.05
"""Seconds: what takes longer to make is made before processes are forked."""


# Processes


@dataclass(slots=True)
class _Running(Generic[T]):
    """A process at work."""

    task: T
    process: Any
    patience: float = LONGEST  # seconds of the processor
    waited: float = 0.0  # since it told something
    at: str = ""  # what it is at


End = tuple[str, Any]
"""How a process ended: ("done", its result), or ("no end", what it was at)."""


def forked(
    do: Callable[[T, Callable[[str, float], None]], Any], todo: Iterable[T], workers: int
) -> Iterator[tuple[T, End]]:
    """Do each task in a process of its own, some side by side. It gets a function with which it
    tells what it is at, and how many seconds of the processor that may take."""
    context = multiprocessing.get_context("fork")
    running: dict[Any, _Running[T]] = {}
    waiting = iter(todo)
    last = time.monotonic()
    gc.collect()
    gc.freeze()  # or else each process copies all objects as soon as it collects its own garbage
    try:
        while True:
            while len(running) < workers and (task := next(waiting, _NOTHING)) is not _NOTHING:
                mine, its = context.Pipe(duplex=False)
                process = context.Process(target=_child, args=(do, task, its))
                process.start()
                its.close()
                running[mine] = _Running(task, process)
            if not running:
                return
            ready = multiprocessing.connection.wait([*running], timeout=2)
            now = time.monotonic()
            passed, last = min(now - last, 4.0), now  # this process may have been asleep
            for pipe, one in [*running.items()]:
                one.waited += passed
                end: End | None = None
                if pipe in ready:
                    try:
                        what, *said = pipe.recv()
                        if what == "at":
                            one.at, one.patience = said
                            one.waited = 0.0
                        else:
                            end = what, said[0]
                    except EOFError:
                        end = NO_END, one.at
                elif one.waited > SLOW * one.patience:
                    end = NO_END, one.at
                if end is not None:
                    del running[pipe]
                    pipe.close()
                    _end(one.process)
                    yield one.task, end
    finally:
        gc.unfreeze()
        for one in running.values():
            _end(one.process)


_NOTHING: Any = object()


def _child(do: Callable[..., Any], task: Any, pipe: Any) -> None:
    """What a process does."""
    os.setpgrp()  # which is ended as a whole
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    resource.setrlimit(resource.RLIMIT_AS, (OCTETS, OCTETS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = int(LONGEST)

    def at(what: str, seconds: float) -> None:
        soft = min(hard, int(time.process_time() + seconds) + 1)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
        pipe.send(("at", what, seconds))

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        result = do(task, at)
    pipe.send(("done", result))
    pipe.close()
    os._exit(0)


def _end(process: Any) -> None:
    """End a process, and all that it has begun."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()


# Without a change


@dataclass(slots=True)
class Clean:
    """A check, as it is without a change: its value, as JSON, which lines run, how long it takes,
    and what was made for it. ``anew``: only with models that are made anew, since it changes the
    specification itself."""

    check: Check
    value: str
    ran: bytes
    watched: float  # seconds, with nothing made before
    seconds: float  # with all made that is kept
    anew: bool = False
    made: list[tuple[str, list[Any], Any, str, float]] = field(default_factory=list)

    @property
    def said(self) -> dict[str, Any]:
        """As a journal has it."""
        seconds = round(self.watched, 2)
        return {"value": self.value, "ran": _packed(self.ran), "watched": seconds} | (
            {"anew": self.anew, "made": self.made}
        )


def _heard(check: Check, said: Any) -> Clean:
    """As a journal had it."""
    seconds, made = said["watched"], [tuple(one) for one in said["made"]]
    return Clean(check, said["value"], _whole(said["ran"]), seconds, seconds, said["anew"], made)


def _packed(ran: bytes | None) -> str:
    return base64.b85encode(zlib.compress(ran or b"")).decode()


def _whole(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


def _clean(known: Ground, check: Check) -> Clean:
    """Run a check that is watched, with nothing made before."""
    began = _spent()
    pinned = {kept.name: {*kept.made} for kept in known.kept if kept.pinned}  # by another check
    with folder_of_its_own([check], known.place), known.ran.watched() as found:
        value = check.ask()
        if anew := bool(check.kind == TEST and value not in ("", SKIPPED)):
            known.models.clear()
            value = check.ask()
    made = [
        (kept.name, [*key], one.value if kept.sent else None, _packed(one.ran), one.seconds)
        for kept in known.kept
        for key, one in kept.made.items()
        if key not in pinned.get(kept.name, ())
    ]
    seconds = _spent() - began
    return Clean(check, json.dumps(value), found[0], seconds, seconds, anew, made)


def _spent() -> float:
    """Seconds of the processor, with those of processes that were begun here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def cleaned(
    known: Ground,
    checks: Sequence[Check],
    workers: int,
    tell: Callable[[str], None],
    journal: Journal,
) -> list[Clean]:
    """All checks without a change; what the journal has is not asked again."""

    def clean(check: Check, at: Callable[[str, float], None]) -> dict[str, Any]:
        at(check.name, LONGEST)
        return _clean(known, check).said

    todo = [check for check in checks if _key(check) not in journal.known]
    for check in checks:
        if check not in todo:
            _pinned(known.kept, journal.known[_key(check)]["made"])
    for check, (end, said) in forked(clean, todo, workers):
        tell(check.name)
        if end == NO_END:
            raise UsageProblem(f"without a change: {check.name} does not end")
        if wrong := _wrong_without(check, json.loads(said["value"])):
            raise UsageProblem(f"without a change: {wrong}")
        journal.add(_key(check), said)
        _pinned(known.kept, said["made"])
    found = [_heard(check, journal.known[_key(check)]) for check in checks]
    return [one for one in found if one.value != json.dumps(SKIPPED)]


def _pinned(kept: Sequence[Kept], made: Sequence[Any]) -> None:
    """What is pinned is made once for all checks."""
    by_name = {one.name: one for one in kept if one.sent and one.pinned}
    for name, key, value, _, seconds in made:
        if name in by_name:
            by_name[name].made.setdefault(tuple(key), Made(value, None, seconds))


def _key(check: Check) -> str:
    return f"without a change: {check.name}"


def _wrong_without(check: Check, value: Any) -> str:
    """What is wrong with a check though nothing was changed."""
    if check.kind == TEST:
        return f"{value} fails" if value not in ("", SKIPPED) else ""
    if isinstance(value, str):
        return value
    wrong = value is False or (check.kind == RECHECK and isinstance(value, list) and value[0])
    return check.says(value) if wrong else ""


def made_here(
    kept: Sequence[Kept], clean: Sequence[Clean], tell: Callable[[str], None] = lambda _: None
) -> None:
    """Make here what was made for checks, if it is worth it: processes that are forked have it."""
    by_name = {one.name: one for one in kept}
    for one in clean:
        for name, said, value, ran, seconds in one.made:
            its, key = by_name[name], tuple(said)
            if key in its.made:
                continue
            if its.sent:
                its.made[key] = Made(value, _whole(ran), seconds)
            elif seconds > WORTH:
                tell(f"{name} {' '.join(map(str, key))}")
                its(*key)
                its.made[key].ran = _whole(ran)


# With one


CONTROL = "without a change: all at once"
CHEAP = 1.0
"""Seconds: of all changes the checks that take less are asked first, then the others of those
that are left."""


class Judge:
    """Who notices changes."""

    def __init__(self, known: Ground, clean: list[Clean]) -> None:
        self.known, self.clean = known, clean
        self._count: Counter[tuple[str, str]] = Counter()  # of changes in a place, by check

    def _hit(self, change: Change) -> Callable[[bytes], bool]:
        """Do lines that ran belong to what is changed?"""
        path = change.codes[0][1].co_filename
        where = [self.known.ran.where(path, *lines) for lines in change.lines]
        return lambda ran: any(any(ran[one]) for one in where)

    def asked(self, change: Change, some: Sequence[Clean]) -> list[Clean]:
        """The checks of some that run what is changed, in the same order."""
        hit = self._hit(change)
        return [one for one in some if hit(one.ran)]

    def likely_first(self, change: Change, some: Sequence[Clean]) -> list[Clean]:
        """Those first that noticed most changes of the same function, then of the same file: what
        sees one sees its neighbour. The others remain in order."""

        def seen(one: Clean) -> tuple[int, ...]:
            return tuple(-self._count[at, one.check.name] for at in _places(change))

        return sorted(some, key=seen)

    def judge(
        self, change: Change, some: Sequence[Clean], at: Callable[[str, float], None]
    ) -> tuple[str, Noticed] | None:
        """Ask some until one notices, in this process, which has to end then: its name, and what
        it noticed."""
        hit = self._hit(change)
        for kept in self.known.kept:
            kept.forget(hit)
        with applied(change):
            return next(((one.check.name, found) for one, found in self._ask(some, at)), None)

    def _ask(
        self, some: Sequence[Clean], at: Callable[[str, float], None]
    ) -> Iterator[tuple[Clean, Noticed]]:
        """The checks that notice something, and what."""
        checks = [one.check for one in some]
        _in_turn(checks)
        with folder_of_its_own(checks, self.known.place):
            for one in some:
                at(one.check.name, TIMES * one.watched + MORE)
                if one.anew:
                    self.known.models.clear()
                began = _spent()
                found = _noticed(one)
                one.seconds = _spent() - began
                if found:
                    yield one, found

    def control(self, workers: int, journal: Journal, told: Callable[[str], None]) -> None:
        """Ask all in one process, without a change, and once more the other way round: what
        notices something even so depends on what was asked before it, and is left out. How long
        each check takes is known better then."""

        def ask(_: int, at: Callable[[str, float], None]) -> tuple[list[float], dict[str, Noticed]]:
            made_here(self.known.kept, self.clean)
            found = {one.check.name: noticed for one, noticed in self._ask(self.clean, at)}
            taken = [one.seconds for one in self.clean]
            for one, noticed in self._ask(self.clean[::-1], at):
                found.setdefault(one.check.name, noticed)
            return taken, found

        if CONTROL not in journal.known:
            ((_, (end, said)),) = forked(ask, [0], workers)
            if end == NO_END:
                raise UsageProblem(f"without a change: {said} does not end")
            journal.add(CONTROL, said)
        taken, wrong = journal.known[CONTROL]
        for one, seconds in zip(self.clean, taken, strict=True):
            one.seconds = seconds
        for name, noticed in wrong.items():
            told(f"all at once: left out: {name}: {noticed}")
        self.clean = [one for one in self.clean if one.check.name not in wrong]
        self.clean.sort(key=lambda one: (one.anew, one.seconds, one.check.name))

    def all(self, todo: Sequence[Change], workers: int) -> Iterator[tuple[Change, Noticed | None]]:
        """Each change, with what noticed it."""
        left = list(todo)
        for cheap in (True, False):
            if not left:
                return
            some = [one for one in self.clean if (one.seconds < CHEAP) == cheap]
            made_here(self.known.kept, some)
            asked = [(change, self.asked(change, some)) for change in left]
            left = [change for change, its in asked if not its]

            def ask(
                task: tuple[Change, list[Clean]], at: Callable[[str, float], None]
            ) -> tuple[str, Noticed] | None:
                change, its = task
                return self.judge(change, self.likely_first(change, its), at)

            for (change, _), (end, said) in forked(ask, [one for one in asked if one[1]], workers):
                if end != NO_END and said is None:
                    left.append(change)
                    continue
                name, found = (said, (NO_END, said)) if end == NO_END else said
                self._count.update((at, name) for at in _places(change))
                yield change, found
        yield from ((change, None) for change in left)


def _places(change: Change) -> tuple[str, str]:
    """Where a change is: its function, its file."""
    return f"{change.file}: {change.function}", change.file


def _in_turn(checks: Sequence[Check]) -> None:
    """Tell each test which one of its file comes next: it need not take down what both use."""
    for check, after in pairwise(checks):
        same = after.item is not None and check.module == after.module
        if check.item is not None:
            check.ask.following = [after.item] if same else []  # type: ignore[attr-defined]


def _noticed(one: Clean) -> Noticed | None:
    check = one.check
    try:
        value = check.ask()
    except Exception as error:
        return check.kind, f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
    return None if json.dumps(value) == one.value else (check.kind, check.says(value))


def judging(
    todo: Sequence[Change],
    workers: int,
    told: Callable[[str], None],
    done: Callable[[Change, Noticed | None], None],
    journal: Journal,
) -> None:
    """Judge changes: ``done`` is called with each, and with what noticed it. The journal gets what
    is so without a change."""
    with tempfile.TemporaryDirectory() as place:
        known = Ground(Ran([room.path for room in ROOMS]), Path(place))

        def work(tests: list[Check]) -> None:
            with known.kept_everywhere(modules_of(tests)):
                checks = [*known.checks(), *tests]
                judge = Judge(known, cleaned(known, checks, workers, told, journal))
                told("all at once")
                judge.control(workers, journal, told)
                for change, found in judge.all(todo, workers):
                    done(change, found)

        with_tests(work)
