"""``matrix``: every claim and every ablation; a table."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from checker.cli import progress
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
from checker.support.program import called, checkout


def matrix(
    json: Annotated[Path | None, typer.Option(help="Write the matrix here.")] = None,
    check: CheckOption = False,
    write: WriteOption = False,
    journal: JournalOption = None,
    resume: GoOnOption = False,
    workers: WorkersOption = None,
) -> None:
    """Explore every claim with its witness and every ablation, and say which claim falls."""
    from checker.studies import matrix as study

    if check and write:
        raise UsageProblem("--check and --write exclude each other")
    top = checkout() if check or write else Path()
    if json is not None:
        files.writable(json)
    todo = study.tasks()
    cores = workers or os.cpu_count() or 1
    with open_journal("matrix", journal, resume) as book, progress.counted("matrix") as tell:
        study.explore(book, todo, cores, tell)
    found, told = study.matrix(book, todo), study.runs(book, todo)
    if json is not None:
        files.write(json, study.document(found).encode())
    if write:
        study.write(found, told, top)
    print_matrix(found)
    code = study.exit_code(found)
    stale = study.check(found, told, top) if check else []
    for line in [*found["wrong"], *stale]:
        print(line, file=sys.stderr)
    if stale:
        print(f"to rewrite them: {called()} matrix --write", file=sys.stderr)
        code = VIOLATED if code == OK else code
    raise typer.Exit(code)


def print_matrix(found: dict[str, Any]) -> None:
    """The rows on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{'no.':5}{'claim':11}{'verdict':14}{'steps':>6}   changed[/]")
    for row in found["rows"]:
        known = row["verdict"] == row["expected"]
        colour = "green" if known and row["claim"] else "dim" if known else "bold red"
        steps = "" if row["length"] is None else row["length"]
        title = row["ablation"] + (" (control)" if row["control"] else "")
        console.print(
            f"[bold]{row['id']:<5}[/]{row['claim'] or '':11}[{colour}]{row['verdict']:14}[/]"
            f"{steps:>6}   {escape(title)}"
        )
    rows = [row for row in found["rows"] if row["claim"]]
    claims = found["claims"]
    met = sum(row["verdict"] == row["expected"] for row in rows)
    console.print()
    console.print(
        f"{met} of {len(rows)} ablations and controls as expected; "
        f"{sum(c['verdict'] == c['expected'] for c in claims)} of {len(claims)} claims and "
        f"witnesses; {len(found['wrong'])} not as pinned"
    )
