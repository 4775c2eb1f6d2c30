"""``time-wait``: the least TIME-WAIT that is safe, found or compared."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import given, progress
from checker.cli.options import (
    CheckOption,
    GoOnOption,
    JournalOption,
    WorkersOption,
    WriteOption,
    open_journal,
)
from checker.support import files
from checker.support.errors import OK, VIOLATED, UsageProblem
from checker.support.program import checkout


def time_wait(
    json: Annotated[Path | None, typer.Option(help="Write the table here.")] = None,
    check: CheckOption = False,
    page: Annotated[
        bool, typer.Option("--page", help="Only compare the page with the data checked in.")
    ] = False,
    write: WriteOption = False,
    journal: JournalOption = None,
    resume: GoOnOption = False,
    workers: WorkersOption = None,
) -> None:
    """Search for the least TIME-WAIT that is safe, for several MSL and R."""
    from checker.studies import least_time_wait as study
    from checker.studies import matrix

    if check + write + page > 1:
        raise UsageProblem("--check, --page and --write exclude each other")
    if page:
        given.only("--page")
    top = checkout() if check or page or write else Path()
    kept, shown = matrix.text(top / study.DATA), matrix.text(top / study.PAGE)
    if page:
        for line in (stale := study.check_page(kept, shown)):
            print(line, file=sys.stderr)
        raise typer.Exit(VIOLATED if stale else OK)
    if json is not None:
        files.writable(json)
    cores = workers or os.cpu_count() or 1
    with open_journal("time-wait", journal, resume) as book, progress.counted("time-wait") as tell:
        study.explore(book, cores, tell)
    rows = study.table(book)
    if json is not None:
        files.write(json, study.document(rows).encode())
    if write:
        study.write(rows, top)
    print(study.page(rows), end="")
    code = study.exit_code(rows)
    stale = study.check(rows, kept, shown) if check else []
    for line in stale:
        print(line, file=sys.stderr)
    raise typer.Exit(VIOLATED if stale and code == OK else code)
