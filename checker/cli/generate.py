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
    out: Annotated[Path, typer.Option(help="Write packetdrill scripts here.")],
    stack: Annotated[
        str,
        typer.Option(
            help="Whose known departures are allowed for: linux, or none.", autocompletion=stacks
        ),
    ] = "linux",
    rules: RulesOption = None,
) -> None:
    """Scripts for a real stack: runs that take every transition it can be driven through."""
    from checker.stacks.generate import report

    chosen = choose_rules(parse_rules(rules or []))
    raise typer.Exit(report.generate(kind, chosen, out, stack))
