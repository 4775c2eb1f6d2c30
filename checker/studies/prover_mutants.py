"""``mutants --prover``: what if the prover were wrong, or what checks it?

Each change is one place of the programs that the truth of a theorem rests on: ``ROOMS``. The
first ones are faults that once proved what is false (``prover_faults``), the others are made as
mutants of rules are. What may notice a change is asked in turn, the cheap first:

* *statement*: what is printed of a theory is not what is checked in;
* *proof*: a theorem is not proved any more, or another number of things is proved of it;
* *recheck*: the other program does not accept what was proved, or accepts what is false;
* *test*: a test of those named in ``ROOMS`` fails.

The prover also gets theories that are false (``WRONG``). A change by which it proves one of them
is noticed if ``proofs.recheck`` refuses that proof, which is what it is there for.

Every change is judged in a process of its own, which a limit ends. A change that survives needs a
test, or a reason in ``proofs/results/prover_survivors.toml``.
"""

import contextlib
import io
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from pydantic import BaseModel

from checker.engines.solver.induction import (
    CONSTANT,
    START,
    TICK,
    Obligation,
    Prover,
    Theory,
    steps_of,
)
from checker.ir.mutate import Dialect, functions_of, mutants
from checker.studies.mutants import given
from checker.studies.mutants import reasons as reasons_in
from checker.studies.prove import TIMEOUT, certificates, prove, statements, theories
from checker.studies.prove.asking import in_turn, until_one_fails
from checker.studies.prove.needed import Needed
from checker.studies.prover_faults import FAULTS, Fault
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.journal import Journal, Told
from checker.support.program import called, checkout
from proofs.recheck import check as recheck
from proofs.recheck import obligations, statement
from proofs.theorems.needs import NEEDS, Need, varied
from proofs.theorems.table import BY_ID, THEOREMS, Theorem, together


class _None(Enum):
    """No Enum is assigned in a prover."""

    NONE = "none"


DIALECT = Dialect(states=_None, operands=True, building=True)
PROVER, PRINTER, CHECKER = "prover", "printer", "checker"
_TESTS_OF_PROVER = (
    "tests/checker/studies/prove/test_prove.py",
    "tests/proofs/recheck/test_recheck.py",
    "tests/proofs/recheck/test_derived.py",
)
_TESTS_OF_CHECKER = (
    "tests/proofs/recheck/test_terms.py",
    "tests/proofs/recheck/test_recheck.py",
    "tests/proofs/recheck/test_derived.py",
    "tests/proofs/recheck/test_statements.py",
)
APART = "not test_command and not test_interrupt and not test_it_imports"
"""Tests that start a program, in which nothing is changed, are left out."""


@dataclass(frozen=True, slots=True)
class Room:
    """A module, what it does, and the tests that are asked. ``leave`` are functions of which no
    proof depends: they tell a reader something, or take options."""

    name: str
    does: str
    tests: tuple[str, ...]
    leave: tuple[str, ...] = ()


_TESTS_OF_PRINTER = (
    *_TESTS_OF_PROVER,
    "tests/checker/studies/prove/test_theories.py",
    "tests/proofs/recheck/test_statements.py",
)

ROOMS = (
    Room("checker.studies.prove.theories", PRINTER, _TESTS_OF_PRINTER),
    Room("checker.studies.prove.statements", PRINTER, _TESTS_OF_PRINTER),
    Room(
        "checker.engines.solver.induction",
        PROVER,
        _TESTS_OF_PROVER,
        ("Prover._least", "_Asking.least", "_read", "_lower", "_called", "plain"),
    ),
    Room(
        "checker.studies.prove.prove",
        PROVER,
        _TESTS_OF_PROVER,
        ("explore", "failing", "_reach", "shrink", "_shrunk", "named", "select"),
    ),
    Room(
        "checker.studies.prove.remembered",
        PROVER,
        ("tests/checker/studies/prove/test_remembered.py",),
    ),
    Room("checker.studies.prove.runs", PROVER, ("tests/checker/studies/prove/test_runs.py",)),
    Room("checker.studies.prove.asking", PROVER, _TESTS_OF_PROVER),
    Room("checker.studies.prove.certificates", PROVER, _TESTS_OF_PROVER),
    Room("proofs.recheck.obligations", CHECKER, _TESTS_OF_CHECKER),
    Room("proofs.recheck.statement", CHECKER, _TESTS_OF_CHECKER, ("Statement.lines",)),
    Room("proofs.recheck.terms", CHECKER, _TESTS_OF_CHECKER),
    Room("proofs.recheck.check", CHECKER, _TESTS_OF_CHECKER, ("main", "teller", "pin")),
    Room("proofs.recheck.solvers", CHECKER, _TESTS_OF_CHECKER, ("missing",)),
)
_TOP = Path(__file__).parents[2]
BY_FILE = {f"{room.name.replace('.', '/')}.py": room for room in ROOMS}


@dataclass(frozen=True, slots=True)
class Change:
    """One place changed: other code for some functions."""

    file: str
    function: str
    operator: str  # of a mutant; "fault" else
    before: str
    after: str
    says: str = ""  # of a fault
    number: int = 1  # of those that read the same
    codes: tuple[tuple[FunctionType, CodeType], ...] = field(default=(), repr=False, compare=False)

    @property
    def key(self) -> str:
        """What it is, wherever it stands."""
        more = f" ({self.number})" if self.number > 1 else ""
        return f"{self.file}: {self.function}: {self.operator}: {self.change}{more}"

    @property
    def change(self) -> str:
        """Of a fault what it says, of a mutant what it does."""
        return self.says or f"{self.before} -> {self.after}"


@contextmanager
def applied(change: Change) -> Iterator[None]:
    """Within, the change is what runs, in this process."""
    kept = [(function, function.__code__) for function, _ in change.codes]
    try:
        for function, code in change.codes:
            function.__code__ = code
        yield
    finally:
        for function, code in kept:
            function.__code__ = code


def changes() -> tuple[Change, ...]:
    """The faults, then the mutants, in order."""
    mutated = [one for room in ROOMS for one in mutants_of(room)]
    return (*faults(), *mutated)


def select(words: Sequence[str]) -> list[Change]:
    """The changes with one of these words in their keys; without any, all."""
    if words and all(any(word in file for file in BY_FILE) for word in words):
        rooms = [room for file, room in BY_FILE.items() if any(word in file for word in words)]
        some = [*faults(), *(one for room in rooms for one in mutants_of(room))]
    else:
        some = list(changes())
    found = [one for one in some if not words or any(word in one.key for word in words)]
    if not found:
        raise UsageProblem(f"no change of {' or '.join(map(repr, words))}: name a part of its key")
    return found


@cache
def faults() -> tuple[Change, ...]:
    """The faults, in order."""
    return tuple(_fault(fault) for fault in FAULTS)


@cache
def mutants_of(room: Room) -> tuple[Change, ...]:
    """The mutants of a room, in order."""
    found = []
    count: Counter[tuple[str, ...]] = Counter()
    functions = dict.fromkeys(functions_of(import_module(room.name)))
    kept = [function for function in functions if function.__qualname__ not in room.leave]
    for one in mutants(kept, DIALECT):
        if one.code.co_freevars != one.original.__code__.co_freevars:
            continue  # Python cannot exchange the code then
        shown = (one.file, one.function, one.operator, one.before, one.after)
        count[shown] += 1
        found.append(Change(*shown, number=count[shown], codes=((one.original, one.code),)))
    return tuple(found)


def _fault(fault: Fault) -> Change:
    """A fault: the functions of the file whose code its edit changes."""
    room = BY_FILE[fault.file]
    module = import_module(room.name)
    path = str(module.__file__)
    text = Path(path).read_text("utf-8")
    if text.count(fault.old) != 1:
        raise UsageProblem(f"{fault.file} has {text.count(fault.old)} times, not once: {fault.old}")
    before, after = (_codes(one, path) for one in (text, text.replace(fault.old, fault.new)))
    codes = tuple(
        (function, after[function.__qualname__])
        for function in dict.fromkeys(functions_of(module))
        if _same_code(function.__code__, before[function.__qualname__])
        and not _same_code(before[function.__qualname__], after[function.__qualname__])
    )
    if not codes:
        raise UsageProblem(f"{fault.file}: nothing is changed by: {fault.says}")
    named = codes[0][0].__qualname__
    return Change(fault.file, named, "fault", "", "", says=fault.says, codes=codes)


def _codes(text: str, path: str) -> dict[str, CodeType]:
    """The code of all functions of a file, by name."""
    found: dict[str, CodeType] = {}
    todo = [compile(text, path, "exec")]
    while todo:
        code = todo.pop()
        found[code.co_qualname] = code
        todo += [const for const in code.co_consts if isinstance(const, CodeType)]
    return found


def _same_code(one: CodeType, other: CodeType) -> bool:
    """Do two codes do the same, wherever they stand?"""
    if (one.co_code, one.co_names, one.co_varnames) != (
        other.co_code,
        other.co_names,
        other.co_varnames,
    ) or len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same_code(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else a == b
        for a, b in zip(one.co_consts, other.co_consts, strict=True)
    )


# What is asked

WRONG = (
    ("T4", "timer never restarted"),
    ("T4", "TIME-WAIT may be shorter than 2 MSL"),
    ("T4", "lifetime not bounded"),
    ("T1", "two-way handshake"),
)
"""What needs of which theorems are taken away, besides those of small systems."""
HOSTS = ("T4", "T1")
"""The theories of hosts whose statements are compared; of the first some paths are asked."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A theory that is false, and an obligation of it that fails."""

    title: str
    theory: Theory
    text: str  # its statement
    action: str
    path: int
    clause: str


Verdicts = list[tuple[str, str]]
"""Obligations by name, with what came of each."""


@dataclass(slots=True)
class Ground:
    """What is known without any change: of small systems, and when ``large`` of hosts as well."""

    place: Path  # of files
    large: bool = False
    small: dict[str, tuple[tuple[Theorem, ...], Theory]] = field(default_factory=dict)
    hosts: dict[str, tuple[tuple[Theorem, ...], Theory]] = field(default_factory=dict)
    proved: Any = None  # of the small ones
    asked: dict[str, list[Obligation]] = field(default_factory=dict)  # of hosts
    accepted: Any = None
    wrong: list[Wrong] = field(default_factory=list)


def ground(place: Path, told: Callable[[str], None]) -> Ground:
    """Ask small systems without a change, which takes seconds; ``place`` is for files."""
    known = Ground(place)
    for some in together(THEOREMS):
        if some[0].system is not None:
            made = theories.theory(some)
            if not made.at_once:  # those are no small work
                known.small[some[0].id] = some, made
    _not_stale(known.small)
    proofs = _proofs(known)
    known.proved = _numbers(proofs)
    certificates.write(proofs, place / "certificates")
    known.accepted = _accepted(place / "certificates")
    if known.accepted[0]:
        raise UsageProblem(f"without a change: {known.accepted[0][0]}")
    known.wrong = _wrong([n for n in NEEDS if n.falls and n.theorem in known.small], told)
    return known


def enlarged(known: Ground, rooms: Sequence[Room], told: Callable[[str], None]) -> Ground:
    """... and hosts, and the tests of some rooms, which takes a minute or two."""
    for some in together(THEOREMS):
        if some[0].id in HOSTS:
            told(some[0].id)
            known.hosts[some[0].id] = some, theories.theory(some)
    _not_stale(known.hosts)
    known.large = True
    if any(room.does != PRINTER for room in rooms):
        known.asked = {id: _sampled(known.hosts[id][1]) for id in HOSTS[:1]}
        known.wrong += _wrong([n for n in NEEDS if (n.theorem, n.title) in WRONG], told)
    for tests in dict.fromkeys(room.tests for room in rooms):
        told("tests")
        with contextlib.redirect_stdout(io.StringIO()):
            found = _test(next(room for room in rooms if room.tests == tests))
        if found is not None:
            raise UsageProblem(f"without a change: {found[1]} fails")
    return known


def _not_stale(some: Mapping[str, tuple[tuple[Theorem, ...], Theory]]) -> None:
    for theorems, made in some.values():
        if stale := statements.stale(theorems, made):
            raise UsageProblem(stale)


def _wrong(needs: Sequence[Need], told: Callable[[str], None]) -> list[Wrong]:
    """Theories that are false, with what fails first."""
    wrong = []
    for need in needs:
        told(f"{need.theorem}: {need.title}")
        theorem = varied(need, BY_ID)
        made = theories.theory([theorem])
        found = Needed(need, "proved")
        until_one_fails(found, in_turn(Prover(made, TIMEOUT), need.near))
        assert found.verdict == "failed" and found.first is not None
        text, first = statements.written([theorem], made), found.first
        title = f"{need.theorem}: {need.title}"
        wrong.append(Wrong(title, made, text, first.action, first.path, first.clause))
    return wrong


def _proofs(known: Ground) -> list[prove.Proof]:
    theorems = [theorem for some, _ in known.small.values() for theorem in some]
    return prove.prove(theorems, 1, make=lambda some: known.small[some[0].id][1])


def _numbers(proofs: Sequence[prove.Proof]) -> Any:
    return [
        (
            proof.id,
            proof.verdict,
            proof.paths,
            [proof.count(how) for how in ("enabled", "never", "unknown")],
            proof.vacuous,
            sorted((what.name, what.verdict) for what in proof.obligations),
        )
        for proof in proofs
    ]


def _accepted(place: Path) -> Any:
    """What the other program says: what is wrong, and how much it was that it checked."""
    found = recheck.recheck(place, ["cvc5"], 1)
    numbers = [(made.id, found.of(made.id)) for made in found.statements]
    said = [(id, n.obligations, n.evident, n.taken, n.agreed["cvc5"]) for id, n in numbers]
    return found.wrong, said, [line for made in found.statements for line in made.lines()]


def _of(prover: Prover, action: str, path: int, only: str) -> list[Obligation]:
    """What is asked of a path about one clause."""
    if action == START:
        found = list(prover.start())
    elif action == TICK:
        found = [*prover.ticking(), *prover.constant(TICK)]
    elif only == CONSTANT:
        return list(prover.constant(action))
    else:
        (kind,) = (kind for kind in prover.theory.kinds if kind.name == action)
        steps = [step for step in steps_of(kind) if step.path == path]
        return [what for step in steps for what in prover.step(step, [only])]
    return [what for what in found if what.clause in (only, "never")]


def _sampled(made: Theory) -> list[Obligation]:
    """Some of what is asked of a theory: the start, a tick, the constants, and a path of each
    action."""
    prover = Prover(made, TIMEOUT)
    found = [*prover.start(), *prover.ticking()]
    shown = made.constancy
    for action in shown.trees if shown is not None else ():
        found += prover.constant(action)
    for kind in made.kinds:
        steps = [step for step in steps_of(kind) if step.leaf.static.possible]
        found += prover.step(steps[len(steps) * 2 // 3])
    return found


# Each returns what noticed the change: (kind, by whom), or nothing


Noticed = tuple[str, str]


def _statement(known: Ground, anew: bool) -> Noticed | None:
    for id, (some, made) in (*known.small.items(), *known.hosts.items()):
        if statements.stale(some, theories.theory(some) if anew else made):
            return "statement", id
    return None


def _proof(known: Ground) -> Noticed | None:
    proofs = _proofs(known)
    now = _numbers(proofs)
    for before, after in zip(known.proved, now, strict=True):
        if before != after:
            return "proof", f"{before[0]}: {after[1] if after[1] != before[1] else 'other counts'}"
    place = known.place / f"{os.getpid()}"
    try:
        certificates.write(proofs, place)
        wrong, *said = _accepted(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if wrong:
        return "recheck", str(wrong[0])[:100]
    return ("recheck", "other counts") if said != list(known.accepted[1:]) else None


def _host(known: Ground) -> Noticed | None:
    for id, asked in known.asked.items():
        before = [(what.name, what.verdict) for what in asked]
        if before != [(what.name, what.verdict) for what in _sampled(known.hosts[id][1])]:
            return "proof", f"{id}: some paths"
    return None


def _false(known: Ground) -> Noticed | None:
    """Theories that are false: what if one is proved?"""
    for one in known.wrong:
        found = _of(Prover(one.theory, TIMEOUT), one.action, one.path, one.clause)
        if any(what.verdict != "proved" for what in found):
            continue
        about = {clause.name: clause.about for clause in one.theory.clauses}
        hints = {(w.action, w.path, w.clause): certificates._hints(w, about) for w in found}
        if refused := _refused(one, hints):
            return "recheck", f"proves what is false ({one.title}); {refused}"
    return None


def _refused(one: Wrong, hints: obligations.Hints) -> str:
    """What the other program says against an obligation that is false."""
    made = statement.statement(one.text)
    of = obligations.Theory(made, hints)
    unit = recheck.Unit(made.id, one.action, (one.path,))
    if one.clause == CONSTANT:
        unit = recheck.Unit(made.id, recheck.WHOLE)
    done = recheck.Checked(made.id)
    for what in recheck._obligations(of, unit):
        if what.what in (one.clause, "never") and what.action == one.action:
            recheck._prove(done, of, what, ["cvc5"], recheck.TIMEOUT)
    return done.wrong[0] if done.wrong else ""


def _accepts(known: Ground) -> Noticed | None:
    wrong, *said = _accepted(known.place / "certificates")
    if wrong:
        return "recheck", str(wrong[0])[:100]
    return ("recheck", "other counts") if said != list(known.accepted[1:]) else None


def _refuses(known: Ground) -> Noticed | None:
    for one in known.wrong:
        if not _refused(one, {}):
            return "recheck", f"accepts what is false ({one.title})"
    return None


def _accepts_hosts(known: Ground) -> Noticed | None:
    """What was asked of hosts, in the same order, is accepted."""
    for id, before in known.asked.items():
        made = statement.read(statements.PLACE / f"{id}.txt")
        about = {clause.name: clause.about for clause in known.hosts[id][1].clauses}
        asked = {(w.action, w.path, w.clause): w for w in before}
        of = obligations.Theory(made, {k: certificates._hints(w, about) for k, w in asked.items()})
        done, found = recheck.Checked(id), []
        for unit in dict.fromkeys((action, path) for action, path, _ in asked):
            for what in recheck._obligations(of, recheck.Unit(id, unit[0], (unit[1],))):
                found.append((what.action, what.path, what.what))
                recheck._prove(done, of, what, ["cvc5"], recheck.TIMEOUT)
        if done.wrong:
            return "recheck", done.wrong[0][:100]
        if {*found} != {key for key in asked if key[2] != CONSTANT}:
            return "recheck", f"{id}: other obligations"
    return None


READ_ANEW = ("proofs.recheck.statement", "proofs.recheck.terms")
"""What changes in these is seen only where tests read statements again."""


class _First:
    """Tells pytest's first failure."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.failed:
            self.failed = str(report.nodeid)


def _test(room: Room) -> Noticed | None:
    """Does a test fail?"""
    import pytest

    files = [str(path) for path in map(checkout, room.tests) if path.exists()]
    if room.name in READ_ANEW:
        for module in [one for name, one in sys.modules.items() if name.startswith("tests.")]:
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    first = _First()
    words = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", APART, *files]
    code = pytest.main(words, plugins=[first])
    if code == pytest.ExitCode.OK:
        return None
    return "test", first.failed or f"pytest ends with {int(code)}"


def noticed(change: Change, known: Ground) -> Noticed | None:
    """Who notices a change? It must be applied. What small systems do not notice is asked of hosts
    and tests, if the ground is large."""
    room = BY_FILE[change.file]
    small: list[Callable[[], Noticed | None]]
    if room.does == PRINTER:
        small = [lambda: _statement(known, room is ROOMS[0])]
    elif room.does == PROVER:
        small = [lambda: _false(known), lambda: _proof(known)]
    else:
        small = [lambda: _refuses(known), lambda: _accepts(known)]
    large: list[Callable[[], Noticed | None]] = {
        PRINTER: [*small],
        PROVER: [lambda: _false(known), lambda: _host(known)],
        CHECKER: [lambda: _refuses(known), lambda: _accepts_hosts(known)],
    }[room.does]
    kind = {PRINTER: "statement", PROVER: "proof", CHECKER: "recheck"}[room.does]
    large.append(lambda: _test(room))
    for ask in large if known.large else small:
        try:
            found = ask()
        except Exception as error:
            return kind, f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
        if found is not None:
            return found
    return None


# Processes

SECONDS = {False: 20, True: 240}
"""Of the processor, that a change may take: what takes more has no end. Without a change small
systems take 5, and what is asked where the ground is large 60."""
OCTETS = 6 << 30
"""Of memory, likewise."""


def _judge(change: Change, known: Ground, pipe: Any) -> None:
    """Judge a change, in a process of its own."""
    os.setsid()
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS[known.large],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (OCTETS, OCTETS))
    said = io.StringIO()
    with applied(change), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        found = noticed(change, known)
    pipe.send(found)
    pipe.close()
    os._exit(0)


class Row(BaseModel):
    """A change, and what noticed it."""

    file: str
    function: str
    operator: str
    before: str = ""
    after: str = ""
    says: str = ""
    number: int = 1
    noticed: str = ""  # statement, proof, recheck, test, no end; nothing: it survives
    by: str = ""

    @property
    def key(self) -> str:
        """As of the change."""
        return Change(**self.model_dump(exclude={"noticed", "by"})).key


def run(
    todo: Sequence[Change], known: Ground, journal: Journal, workers: int, tell: Told
) -> list[Change]:
    """Judge changes, side by side; those that nobody notices. If the ground is small they are not
    judged yet, and the journal hears nothing of them."""
    done, late_after = 0, 8 * SECONDS[known.large]
    left = []
    context = multiprocessing.get_context("fork")
    running: dict[Any, tuple[Change, Any, float]] = {}
    waiting = iter(todo)
    try:
        while True:
            while len(running) < workers and (change := next(waiting, None)) is not None:
                mine, its = context.Pipe(duplex=False)
                process = context.Process(target=_judge, args=(change, known, its))
                process.start()
                its.close()
                running[mine] = change, process, time.monotonic()
            if not running:
                break
            ready = multiprocessing.connection.wait([*running], timeout=5)
            late = [p for p, (_, _, at) in running.items() if time.monotonic() - at > late_after]
            for pipe in {*ready, *late}:
                change, process, _ = running.pop(pipe)
                try:
                    found = pipe.recv() if pipe in ready else ("no end", "")
                except EOFError:
                    found = "no end", ""
                _end(process)
                if found is None:
                    left.append(change)
                if found is not None or known.large:
                    journal.add(change.key, _row(change, found).model_dump(mode="json"))
                done += 1
                tell(f"{change.key}: {found[0] if found else 'not noticed'}"[:150], done, len(todo))
    finally:
        for _, process, _ in running.values():
            _end(process)
    return left


def _end(process: Any) -> None:
    """End a process, and all that it has begun."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()


def _row(change: Change, found: Noticed | None) -> Row:
    kind, by = found or ("", "")
    by = by.replace(f"{_TOP}/", "")
    shown = ("file", "function", "operator", "before", "after", "says", "number")
    return Row(**{name: getattr(change, name) for name in shown}, noticed=kind, by=by)


def judged(
    chosen: Sequence[Change], journal: Journal, workers: int, tell: Told, quick: bool = False
) -> list[Row]:
    """Judge the changes that the journal has not: first by small systems, then, unless it is to be
    ``quick``, those that are left by hosts and tests."""
    todo = [change for change in chosen if change.key not in journal.known]

    def before(name: str) -> None:
        tell(f"without a change: {name}", 0, len(todo))

    if todo:
        with tempfile.TemporaryDirectory() as place:
            known = ground(Path(place), before)
            left = run(todo, known, journal, workers, tell)
            if left and not quick:
                rooms = [room for room in ROOMS if any(BY_FILE[c.file] is room for c in left)]
                run(left, enlarged(known, rooms, before), journal, workers, tell)
    return [
        Row.model_validate(journal.known[change.key])
        if change.key in journal.known
        else _row(change, (UNJUDGED, ""))
        for change in chosen
    ]


# Reports

DATA = Path("proofs/results/prover.json")
PAGE = Path("docs/reference/prover-mutants.md")
KINDS = ("statement", "proof", "recheck", "test", "no end")
UNJUDGED = "not judged"


def reasons() -> dict[str, str]:
    """``proofs/results/prover_survivors.toml``: why a change survives, by function and change."""
    return reasons_in("prover_survivors.toml")


def reason(row: Row, known: Mapping[str, str]) -> str:
    """The one that is given for a change, or for all of its function."""
    return given(row.function, row.says or f"{row.before} -> {row.after}", known)


def survivors(rows: Sequence[Row]) -> list[Row]:
    """The changes that nothing noticed."""
    return [row for row in rows if not row.noticed]


def told(rows: Sequence[Row]) -> Iterator[str]:
    """The report in lines: each survivor with its reason, then the numbers."""
    known = reasons()
    for row in survivors(rows):
        yield f"{row.key}: survives"
        yield f"    {reason(row, known) or 'no reason is given in prover_survivors.toml'}"
    count = Counter(row.noticed for row in rows)
    by = ", ".join(f"{count[kind]:,} by {kind}" for kind in KINDS[:-1] if count[kind])
    judged = len(rows) - count[UNJUDGED]
    yield (
        f"{judged:,} changes judged, {count[UNJUDGED]:,} not: noticed {by}, "
        f"{count['no end']} without end, {count['']} survive"
    )


def exit_code(rows: Sequence[Row]) -> int:
    """1 if a survivor has no reason, 3 if anything is not judged or there is nothing, else 0."""
    known = reasons()
    if any(not reason(row, known) for row in survivors(rows)):
        return VIOLATED
    whole = bool(rows) and all(row.noticed != UNJUDGED for row in rows)
    return OK if whole else INCONCLUSIVE


def read() -> list[Row]:
    """What was found."""
    if not (kept := checkout(DATA)).exists():
        raise UsageProblem(f"no {kept}: {called()} mutants --prover --json {kept} makes it")
    return [Row.model_validate(row) for row in json.loads(kept.read_text("utf-8"))["rows"]]


def written(rows: Sequence[Row]) -> bytes:
    """The report as it is kept: a row a line."""
    said = [json.dumps(row.model_dump(exclude_defaults=True)) for row in rows]
    return ('{"version": 1, "rows": [\n' + ",\n".join(said) + "\n]}\n").encode()


def rest(rows: Sequence[Row]) -> list[Change]:
    """The changes that are not judged in these rows, and those that survived."""
    kept = {row.key for row in rows if row.noticed not in ("", UNJUDGED)}
    return [change for change in changes() if change.key not in kept]


def joined(rows: Sequence[Row], more: Sequence[Row]) -> list[Row]:
    """The rows of all changes that there are; the later ones count. The others are not judged."""
    known = {row.key: row for row in (*rows, *more)}
    return [known.get(one.key) or _row(one, (UNJUDGED, "")) for one in changes()]


def check() -> list[str]:
    """What is not up to date; nothing is judged."""
    rows = read()
    stale: list[str] = []
    have, want = {row.key for row in rows}, {change.key for change in changes()}
    if have != want:
        some = sorted(have ^ want)
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        stale.append(f"stale: {DATA}: {some[0]}{more}; run: {called()} mutants --prover --carry")
    known = reasons()
    left = [row for row in survivors(rows) if not reason(row, known)]
    stale += [f"{row.key}: survives, and has no reason" for row in left]
    said = {
        f"{row.function}: {row.says or f'{row.before} -> {row.after}'}"
        for row in rows
        if not row.noticed
    }
    functions = {f"{row.function}: *" for row in survivors(rows)}
    idle = [name for name in known if name not in said | functions]
    stale += [f"prover_survivors.toml: nothing survives of {name}" for name in idle]
    if not (shown := checkout(PAGE)).exists() or shown.read_text("utf-8") != page(rows):
        stale.append(f"stale: {PAGE}; run: {called()} mutants --prover --page")
    return stale


_HEAD = """# What notices a fault in the prover

What if the prover were wrong, or the program that checks its proofs? `python -m checker mutants
--prover` changes one place at a time and asks who notices; `mutants --prover --page` writes this
page from [prover.json](../../proofs/results/prover.json). Do not edit it.

A change is noticed by

- *statement*: what is printed of a theory is not the text in `proofs/statements/`, so that `prove`
  fails, and a reader of the difference sees what became of the theory;
- *proof*: a theorem is not proved any more, or something is not asked that was;
- *recheck*: `proofs.recheck`, which derives by itself what there is to prove, refuses what the
  prover says; of a change in recheck itself: it refuses what is true, or accepts what is false;
- *test*: a fast test fails;
- *no end*: it takes more than a few minutes of the processor.

The prover gets theories that are false as well. That a change makes it prove one of them is no
surprise; what counts is that recheck does not accept that.
"""


def page(rows: Sequence[Row]) -> str:
    """The page of the rows."""
    known = reasons()
    lines = [_HEAD, "## Faults that prove what is false", ""]
    lines += ["| fault | in | noticed by |", "| --- | --- | --- |"]
    for row in rows:
        if row.operator == "fault":
            by = f"{row.noticed}: {_cell(row.by)}" if row.noticed else "nothing"
            lines.append(f"| {_cell(row.says)} | `{row.function}` | {by} |")
    lines += ["", "## All changes", ""]
    lines += [f"| file | changes | {' | '.join(KINDS)} | survive | not judged |"]
    lines += ["| --- " * (len(KINDS) + 4) + "|"]
    for file in [*dict.fromkeys(room for room in BY_FILE), ""]:
        of = [row for row in rows if file in ("", row.file)]
        count = Counter(row.noticed for row in of)
        numbers = " | ".join(str(count[kind]) for kind in (*KINDS, "", UNJUDGED))
        lines.append(f"| {f'`{file}`' if file else 'all'} | {len(of)} | {numbers} |")
    if any(row.noticed == UNJUDGED for row in rows):
        lines += [
            "",
            "Those that are *not judged* were not asked yet, or their place has changed since;",
        ]
        lines += ["`mutants --prover --rest` asks. Nothing is known of them."]
    left = survivors(rows)
    if left:
        lines += ["", "## Survivors", "", "| place | change | why |", "| --- | --- | --- |"]
        for row in left:
            change = _cell(row.says or f"`{row.before}` to `{row.after}`")
            lines.append(f"| `{row.function}` | {change} | {reason(row, known)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
