"""``stack``: the specification's plans, played against a real stack."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import given, progress
from checker.cli.options import RulesOption, stacks
from checker.model.options import choose_rules
from checker.stacks import costs
from checker.support.errors import OK, VIOLATED, UsageProblem
from checker.support.program import checkout


def stack(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="Which; without: what there is.", autocompletion=stacks
        ),
    ] = None,
    build: Annotated[
        bool, typer.Option("--build", help="Only build the program with the stack in it.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Allow for no known departures of the stack.")
    ] = False,
    slow: Annotated[
        bool, typer.Option("--slow", help="Wait for TIME-WAIT to end, in real time too.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write what was played here.")] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Renew the page of stacks with what was played.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare the page with the data checked in.")
    ] = False,
    rules: RulesOption = None,
) -> None:
    """Play runs that take every transition a real stack can be driven through, and compare."""
    from checker.stacks import page, report

    if write and (plain or rules):
        raise UsageProblem("the page is of the RFC's rules and with all departures")
    if check:
        given.only("--check")
        for line in (stale := page.check(checkout())):
            print(line, file=sys.stderr)
        raise typer.Exit(VIOLATED if stale else OK)
    if name is None:
        if build or plain or slow or json or rules:
            raise UsageProblem("which stack? Without a name, the stacks are listed")
        if write:
            page.write(checkout())
            raise typer.Exit(OK)
        for line in report.listed():
            print(line)
        raise typer.Exit(OK)
    if build:
        given.only("--build", "name")
        raise typer.Exit(report.build(name))
    # What a MAY allows, as the reuse of TIME-WAIT, asks for timestamps, and for minutes.
    chosen = choose_rules(costs.choose(rules or [], allowed=False))
    with progress.counted(name) as told:
        keep = partial(page.write, checkout()) if write else lambda _: None
        raise typer.Exit(report.stack(name, chosen, not plain, slow, json, told, keep))
