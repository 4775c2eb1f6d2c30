"""``costs``: which claims the TCP of a real stack loses."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import given, progress
from checker.cli.options import CheckOption, GoOnOption, JournalOption, WriteOption, open_journal
from checker.support.errors import OK, VIOLATED, UsageProblem
from checker.support.program import called, checkout


def costs(
    check: CheckOption = False,
    page: Annotated[
        bool, typer.Option("--page", help="Only compare the pages with the data checked in.")
    ] = False,
    write: WriteOption = False,
    journal: JournalOption = None,
    resume: GoOnOption = False,
) -> None:
    """Check the claims under the rules of each real stack, and say which it loses."""
    from checker.studies import costs as study
    from checker.studies import time_machine

    if check + write + page > 1:
        raise UsageProblem("--check, --page and --write exclude each other")
    if page:
        given.only("--page")
    top = checkout() if check or page or write else Path()
    if page:
        stale = [*study.check(study.kept(top), top), *time_machine.check(top)]
    else:
        with open_journal("costs", journal, resume) as book, progress.counted("costs") as tell:
            study.explore(book, tell)
        found = study.table(book)
        if write:
            study.write(found, top)
            time_machine.write(top)
        for stack in found:
            shown = " ".join(f"{id}:{steps}" for id, steps in study.lost(found, stack).items())
            print(f"{stack:10} {shown}")
        stale = [*study.check(found, top), *time_machine.check(top)] if check else []
    for line in stale:
        print(line, file=sys.stderr)
    if stale:
        print(f"to rewrite them: {called()} costs --write", file=sys.stderr)
    raise typer.Exit(VIOLATED if stale else OK)
