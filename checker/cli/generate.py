"""``generate``: tests of a real stack, written."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from checker.cli.options import RulesOption, names_of, stacks
from checker.model.options import choose_rules, parse_rules


def _kinds() -> Iterable[str]:
    from checker.stacks.generate.report import KINDS

    return KINDS


def generate(
    kind: Annotated[
        str,
        typer.Argument(metavar="packetdrill", autocompletion=names_of(_kinds)),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Write scripts in this folder; older ones there are replaced."
        ),
    ],
    stack: Annotated[
        str,
        typer.Option(
            metavar="NAME|none",
            help="Allow for what this stack is known to do otherwise than the RFC (the command "
            "stack lists the names); none: for nothing.",
            autocompletion=stacks,
        ),
    ] = "linux",
    rules: RulesOption = None,
) -> None:
    """Scripts for a real stack: runs that take every transition it can be driven through."""
    from checker.stacks.generate import report

    chosen = choose_rules(parse_rules(rules or []))
    raise typer.Exit(report.generate(kind, chosen, out, stack))
