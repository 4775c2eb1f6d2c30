"""Changes of the prover, and of what checks its proofs: one place each.

The first ones are faults that once proved what is false (``prover_faults``), the others are made
as mutants of rules are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType

from checker.ir.mutate import Dialect, functions_of, mutants
from checker.studies.prover_faults import FAULTS, Fault
from checker.support.errors import UsageProblem


class _None(Enum):
    """No Enum is assigned in a prover."""

    NONE = "none"


DIALECT = Dialect(states=_None, operands=True, building=True)


@dataclass(frozen=True, slots=True)
class Room:
    """A module that the truth of theorems rests on. ``leave`` are functions of which no proof
    depends: they tell a reader something, or take options."""

    name: str
    leave: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where its file is."""
        return str(import_module(self.name).__file__)


ROOMS = (
    Room("checker.studies.prove.theories"),
    Room("checker.studies.prove.statements"),
    Room(
        "checker.engines.solver.induction",
        ("Prover._least", "_Asking.least", "_read", "_lower", "_called", "plain"),
    ),
    Room("checker.engines.solver.response"),
    Room(
        "checker.studies.prove.prove",
        ("explore", "failing", "_reach", "shrink", "_shrunk", "named", "select"),
    ),
    Room("checker.studies.prove.remembered"),
    Room("checker.studies.prove.runs"),
    Room("checker.studies.prove.asking"),
    Room("checker.studies.prove.certificates"),
    Room("proofs.recheck.obligations"),
    Room("proofs.recheck.response"),
    Room("proofs.recheck.statement", ("Statement.lines",)),
    Room("proofs.recheck.terms"),
    Room("proofs.recheck.check", ("main", "teller", "pin")),
    Room("proofs.recheck.solvers", ("missing",)),
)
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
    lines: tuple[tuple[int, int], ...] = field(default=(), repr=False, compare=False)  # first, last
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
        lines, codes = ((one.first, one.last),), ((one.original, one.code),)
        found.append(Change(*shown, number=count[shown], lines=lines, codes=codes))
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
    lines = tuple(_extent(function.__code__) for function, _ in codes)
    return Change(fault.file, named, "fault", "", "", says=fault.says, lines=lines, codes=codes)


def _extent(code: CodeType) -> tuple[int, int]:
    """The first and the last line of a function."""
    found = [line for _, _, line in code.co_lines() if line is not None]
    inner = [_extent(const) for const in code.co_consts if isinstance(const, CodeType)]
    return code.co_firstlineno, max([*found, *(last for _, last in inner)])


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
