"""Options that several commands have, and what is made of them."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli import given
from checker.ir.sources import digest
from checker.model import own
from checker.model.options import parse_rules, values
from checker.support import files
from checker.support.journal import Journal
from checker.support.program import say
from proofs.claims.table import BY_ID
from spec.rules import SWITCHES
from spec.tcp.tcb import State
from spec.world.bounds import LIMITS
from spec.world.profiles import PROFILES

if TYPE_CHECKING:
    from checker.model.search import Options


def names_of(known: Callable[[], Iterable[str]], many: bool = False) -> Callable[[str], list[str]]:
    """What a shell offers for a name that is begun; for the last of ``many`` between commas."""

    def offered(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",") if many else ("", "", incomplete)
        return [before + comma + name for name in known() if name.startswith(begun)]

    return offered


def _stacks() -> Iterable[str]:
    from checker.stacks import PROFILES  # with all that is known of all stacks

    return PROFILES


def _verdicts() -> list[str]:
    from checker.conform.connection import Verdict

    return [verdict.value for verdict in Verdict]


stacks = names_of(_stacks)


def _settings(fields: Mapping[str, dataclasses.Field[Any]]) -> list[str]:
    """``NAME=VALUE`` for all values; ``NAME=`` where they are numbers."""
    return [f"{name}={v}" for name, field in fields.items() for v in values(field) or [""]]


def to_read(named: Any) -> Any:
    """The callback of whatever names one file to read, or several: ``-`` is standard input."""
    if isinstance(named, Path):
        return files.to_read(named)
    return named and [*map(files.to_read, named)]


ClaimsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CLAIM ...]", autocompletion=names_of(lambda: BY_ID)),
]
OwnOption = Annotated[
    Path | None,
    typer.Option(
        "--claims",
        metavar="FILE.py",
        help="Take claims, profiles and rules of your own from this file, too.",
        callback=lambda path: path and (own.load(path), path)[1],
        is_eager=True,
    ),
]
ClaimArgument = Annotated[
    str, typer.Argument(metavar="CLAIM", autocompletion=names_of(lambda: BY_ID))
]
_Profile = typer.Option(
    help="Bounds profile: see list profiles.", autocompletion=names_of(lambda: PROFILES)
)
ProfileOption = Annotated[str, _Profile]
OwnProfileOption = Annotated[str | None, _Profile]
"""A profile instead of the one that a claim names."""
RulesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        metavar="NAME=VALUE ...",
        help="Switches to change: see list rules.",
        autocompletion=names_of(lambda: _settings(SWITCHES)),
    ),
]
StackRulesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        metavar="NAME|SWITCH=VALUE ...",
        help="A stack's rules (lwip ...), or switches to change: see list rules.",
        autocompletion=names_of(lambda: [*_stacks(), *_settings(SWITCHES)]),
    ),
]
BoundsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--bounds",
        metavar="NAME=VALUE ...",
        help="Bounds to change: see list bounds.",
        autocompletion=names_of(lambda: _settings(LIMITS)),
    ),
]
ViewOption = Annotated[
    str | None,
    typer.Option(
        metavar="ladder|windows|plot",
        help="Of a run with a data plane: its windows (usual for .svg), or cwnd over time.",
        autocompletion=names_of(lambda: ("ladder", "windows", "plot")),
    ),
]
VerdictsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="VERDICT",
        help="Tell only connections with this verdict.",
        autocompletion=names_of(_verdicts),
    ),
]
LeftOption = Annotated[
    str,
    typer.Option(
        metavar="STATE",
        help="Tell only connections left in it: CLOSE-WAIT.",
        autocompletion=names_of(lambda: [state.value for state in State]),
    ),
]
AtOption = Annotated[
    str,
    typer.Option(
        metavar="WHERE",
        help="Where the captures were taken: the address of an end, client, server or middle. "
        "At an end, that end is judged alone, and strictly.",
        autocompletion=names_of(lambda: ("client", "server", "middle")),
    ),
]
MaxStatesOption = Annotated[
    int | None,
    typer.Option("--max-states", min=1, help="Give up (exit code 3) beyond this many states."),
]
MemoryOption = Annotated[
    float | None,
    typer.Option(
        "--max-memory",
        min=0.01,
        metavar="GIB",
        help="Give up (exit code 3) beyond this much; default: four fifths of what is free.",
    ),
]
SymmetryOption = Annotated[
    bool, typer.Option("--symmetry", help="Count two states that swap A and B as one (native).")
]
CompactOption = Annotated[
    bool,
    typer.Option(
        "--compact",
        help="Keep hashes of states: less memory, not exact (native). The set begins with 64 MiB, "
        "and is made anew, larger, where it gets full or a state may well have been missed.",
    ),
]
CheckpointOption = Annotated[
    Path | None, typer.Option(help="Write checkpoints of native searches to this folder.")
]
EveryOption = Annotated[
    float, typer.Option(min=0.0, help="Seconds from one checkpoint to the next.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on from the checkpoints in that folder.")
]
SpillOption = Annotated[
    Path | None,
    typer.Option(help="Have states in this folder, and not in memory (sorted); it can be resumed."),
]
MOST = 256
"""Processes or threads that may be asked for: more than a machine has cores."""
WorkersOption = Annotated[
    int | None, typer.Option(min=1, max=MOST, help="Processes; default: cores.")
]
StatesOption = Annotated[
    int, typer.Option("--max-states", min=1, help="Give up (exit code 3) beyond this many states.")
]
WriteOption = Annotated[
    bool, typer.Option("--write", help="Rewrite what is checked in with what is found.")
]
CheckOption = Annotated[
    bool, typer.Option("--check", help="Compare what is checked in with what is found.")
]
JournalOption = Annotated[
    Path | None, typer.Option(help="Where results are kept as they are found; default: build/.")
]
GoOnOption = Annotated[
    bool, typer.Option("--resume", help="Take the results that the journal already has.")
]


def check_options(options: "Options") -> None:
    """Raise UsageProblem if these ways to search do not go together."""
    options.check()
    if options.checkpoint is None and options.spill is None:
        given.needs("--checkpoint FOLDER or --spill FOLDER", "every")


def open_journal(kind: str, path: Path | None, resume: bool, *options: object) -> Journal:
    """The journal of long work of that kind: of no other program, nor of other options.

    What was damaged in it is told on stderr.
    """
    of = digest(("spec", "proofs", "checker"), kind, options)
    journal = Journal(path or Path("build") / f"{kind}.jsonl", of, resume)
    if journal.damaged:
        lines = ", ".join(map(str, journal.damaged))
        say(f"{journal.path}: found again, since they are not as they were written: lines {lines}")
    given.goes_on_from(journal.path)
    return journal


def chosen(rules: Sequence[str] | None) -> dict[str, Any]:
    """The rules of ``--rules``, where a stack may stand for its own."""
    if not rules or all("=" in one for one in rules):
        return parse_rules(rules or [])
    from checker.stacks import costs  # with all that is known of all stacks

    return costs.choose(rules)


def octets(gib: float | None) -> int | None:
    """GiB in octets."""
    return None if gib is None else int(gib * 2**30)


def as_options(rules: dict[str, str]) -> str:
    """Rules as they were given, to give them again."""
    return "".join(f" --rules {name}={value}" for name, value in rules.items())
