"""``generate``: tests of a real stack, written or run."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli import progress
from checker.cli.options import RulesOption
from checker.model.options import choose_rules, parse_rules


def generate(
    kind: Annotated[str, typer.Argument(metavar="packetdrill|tun")],
    out: Annotated[Path | None, typer.Option(help="Write packetdrill scripts here.")] = None,
    run: Annotated[
        bool,
        typer.Option("--run", help="Run them on this machine's kernel (root), in namespaces."),
    ] = False,
    stack: Annotated[
        str, typer.Option(help="Whose known departures are allowed for: linux, or none.")
    ] = "linux",
    slow: Annotated[bool, typer.Option("--slow", help="Wait for TIME-WAIT to end.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write what was run here.")] = None,
    rules: RulesOption = None,
) -> None:
    """Tests of a real stack: runs that take every transition it can be driven through."""
    from checker.stacks.generate import report

    chosen = choose_rules(parse_rules(rules or []))
    with progress.counted(kind) as told:
        raise typer.Exit(report.generate(kind, chosen, stack, out, run, slow, json, told))
