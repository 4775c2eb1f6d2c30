"""``mutants``: the specification changed in one place at a time."""

import os
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import progress
from checker.cli.options import GoOnOption, JournalOption, open_journal
from checker.support import files
from checker.support.errors import OK, VIOLATED, UsageProblem


def mutants(
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHICH", help="A file, line, function, operator or mutant; may be repeated."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    journal: JournalOption = None,
    resume: GoOnOption = False,
    every: Annotated[
        bool,
        typer.Option(
            "--every",
            help="Run every exploration for each mutant, not only until a claim kills it.",
        ),
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
    page: Annotated[
        bool, typer.Option("--page", help="Only write the page from the report.")
    ] = False,
    carry: Annotated[
        bool,
        typer.Option(
            "--carry",
            help="Only keep what the report has of places that read the same; the others are not "
            "judged.",
        ),
    ] = False,
    rest: Annotated[
        bool,
        typer.Option(
            "--rest",
            help="Only judge what the report has not judged yet, and keep what it has of the "
            "others.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the page and the report against spec/.")
    ] = False,
) -> None:
    """Change the specification in one place at a time: which claim notices?"""
    from checker.studies import mutants as study
    from checker.studies import mutants_page

    if carry:
        mutants_page.carry()
    if page or carry:
        mutants_page.write()
        return
    if check:
        stale = mutants_page.check()
        print("\n".join(stale) or f"{mutants_page.PAGE}: up to date")
        raise typer.Exit(VIOLATED if stale else OK)
    if json is not None:
        files.writable(json)
    if rest and only:
        raise UsageProblem("--rest and --only exclude each other")
    kept = mutants_page.read() if rest else None
    chosen = study.select(only or []) if kept is None else study.unjudged(kept)
    with (
        open_journal("mutants", journal, resume, every, rest) as book,
        progress.counted("mutants") as tell,
    ):
        known = all(mutant.name in book.known for mutant in chosen)
        before = [] if known else study.arenas(told=lambda name: tell(f"without a change: {name}"))
        judged = study.run(chosen, before, book, every, workers or os.cpu_count() or 1, tell)
    found = study.report(judged, every) if kept is None else study.completed(kept, judged)
    for line in study.told(found):
        print(line)
    if json is not None:
        files.write(json, (found.model_dump_json(indent=1) + "\n").encode())
    raise typer.Exit(study.exit_code(found))
