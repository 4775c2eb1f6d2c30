"""Pages of the reference that are made from the code: commands, claims, rules, bounds and so on."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import typer.main

from checker.cli.app import EXIT_CODES, app
from checker.model.options import departing, limits, show, values
from proofs.claims.claim import SOMETIMES
from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import SUBJECTS, full_title, of_profile
from spec.rules import SWITCHES
from spec.world.bounds import LIMITS
from spec.world.profiles import PROFILES, PURPOSES


def _cell(text: str) -> str:
    """A text in a cell of a table."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _code(text: str) -> str:
    return f"`{' '.join(text.replace('|', chr(92) + '|').split())}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _head(*names: str) -> tuple[str, str]:
    return _row(*names), _row(*("---" for _ in names))


def _takes(field: dataclasses.Field[Any]) -> str:
    """The values of a switch or a bound, and its default."""
    low, high = limits(field)
    named = ", ".join(values(field)) or f"{low} to {high}"
    return f"{named} (default {show(field.default)})"


def commands() -> Iterator[str]:
    """Every command, with its options."""
    yield from ("# Commands", "")
    yield "`./run COMMAND` in a clone, `synproof COMMAND` where it is installed."
    yield EXIT_CODES
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        yield from (
            "",
            f"## {name}",
            "",
            _cell(command.help or ""),
            "",
            *_head("option", "what it does"),
        )
        for param in command.params:
            if param.param_type_name == "argument":
                yield _row(_code(param.metavar or param.name.upper()), "")
            else:
                takes = "" if param.is_flag else f" {param.metavar or 'VALUE'}"
                yield _row(_code(max(param.opts, key=len) + takes), _cell(param.help or ""))


def claims() -> Iterator[str]:
    """Every claim, by subject."""
    yield from ("# Claims", "")
    yield "What is claimed of TCP, by subject. `./run verify CLAIM` checks one;"
    yield "`./run trace CLAIM` draws its shortest counterexample, or the run that shows a witness."
    for subject, members in SUBJECTS.items():
        yield from (
            "",
            f"## {subject}",
            "",
            *_head("claim", "what it says", "profile, and assumptions"),
        )
        for claim in members:
            assumes = " ".join(_code(f"{name}={show(v)}") for name, v in claim.rules.items())
            what = "*witness:* " if claim.kind == SOMETIMES else ""
            finding = f"<br>*{_cell(claim.finding)}*" if claim.finding else ""
            yield _row(
                f"**{claim.id}**",
                f"{what}{_cell(full_title(claim))} ({_cell(claim.cites)}){finding}",
                f"{claim.profile}{'; ' + assumes if assumes else ''}",
            )


def rules() -> Iterator[str]:
    """Every switch."""
    yield from ("# Rules", "")
    yield "The switches of the specification. The defaults are RFC 9293's;"
    yield "`--rules NAME=VALUE` changes one."
    yield from ("", *_head("switch", "what it decides", "section", "values"))
    for name, field in SWITCHES.items():
        sentence, section = field.metadata["sentence"], field.metadata["section"]
        yield _row(_code(name), _cell(sentence), _cell(section), _cell(_takes(field)))


def bounds() -> Iterator[str]:
    """Every bound."""
    yield from ("# Bounds", "")
    yield "What an exploration says, it says up to these bounds. Profiles choose among them;"
    yield "`--bounds NAME=VALUE` changes one."
    yield from ("", *_head("bound", "its reason", "values"))
    for name, field in LIMITS.items():
        yield _row(_code(name), _cell(field.metadata["reason"]), _cell(_takes(field)))


def profiles() -> Iterator[str]:
    """Every profile."""
    yield from ("# Profiles", "")
    yield "Choices of bounds that claims name, at the small scale. `verify` takes larger ones."
    for name, profile in PROFILES.items():
        given = " ".join(_code(f"{n}={value}") for n, value in departing(profile.bounds).items())
        yield from ("", f"## {name}", "", f"{_cell(PURPOSES[name])}.", "")
        yield from (
            f"Bounds: {given or 'the defaults'}",
            "",
            f"Claims: {', '.join(of_profile(name))}",
        )


def walks() -> Iterator[str]:
    """Every scenario."""
    yield from ("# Walks", "")
    yield "`./run simulate --scenario NAME` plays one, step by step; `--out FILE.svg` draws it."
    yield from ("", *_head("name", "what happens", "what to see in it"))
    for name, scenario in SCENARIOS.items():
        yield _row(_code(name), _cell(scenario.title), _cell(scenario.verdict))


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    page.__name__: page for page in (commands, claims, rules, bounds, profiles, walks)
}
"""By the name of the page."""
