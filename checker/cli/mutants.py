"""``mutants``: the specification changed in one place at a time."""

import os
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import given, progress
from checker.cli.options import GoOnOption, JournalOption, WorkersOption, open_journal
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
    workers: WorkersOption = None,
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
    prover: Annotated[
        bool,
        typer.Option(
            "--prover", help="Change the prover, and what checks its proofs, instead of the rules."
        ),
    ] = False,
) -> None:
    """Change the specification in one place at a time: which claim notices?"""
    if check:
        given.only("--check", "prover")
    if page:
        given.only("--page", "prover", "carry")
    if carry and not rest:
        given.only("--carry", "prover", "page")
    if prover:
        given.without("--prover", "every")
        if carry:
            _carry_prover()
        raise typer.Exit(
            _prover(
                only or [],
                json,
                journal,
                resume,
                workers,
                (page or carry) and not rest,
                rest,
                check,
            )
        )
    from checker.studies import mutants as study
    from checker.studies import mutants_page

    if carry:
        mutants_page.carry()
    if (page or carry) and not rest:
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
        before = (
            []
            if known
            else study.arenas(chosen, told=lambda name: tell(f"without a change: {name}"))
        )
        judged = study.run(chosen, before, book, every, workers or os.cpu_count() or 1, tell)
    found = study.report(judged, every) if kept is None else study.completed(kept, judged)
    for line in study.told(found):
        print(line)
    if json is not None:
        files.write(json, (found.model_dump_json(indent=1) + "\n").encode())
    raise typer.Exit(study.exit_code(found))


def _carry_prover() -> None:
    """Keep what is known of the changes of the prover that read the same."""
    from checker.studies import prover_mutants as study
    from checker.support.program import checkout

    files.write(checkout(study.DATA), study.written(study.joined(study.read(), [])))


def _prover(
    only: list[str],
    json: Path | None,
    journal: Path | None,
    resume: bool,
    workers: int | None,
    page: bool,
    rest: bool,
    check: bool,
) -> int:
    """The prover changed, and what checks its proofs."""
    from checker.studies import prover_mutants as study
    from checker.studies.prover_changes import select
    from checker.support.program import checkout

    if page:
        files.write(checkout(study.PAGE), study.page(study.read()).encode())
        return OK
    if check:
        stale = study.check()
        print("\n".join(stale) or f"{study.PAGE}: up to date")
        return VIOLATED if stale else OK
    if json is not None:
        files.writable(json)
    kept = study.read() if rest else []
    chosen = select(only)
    if rest:
        left = {change.key for change in study.rest(kept)}
        chosen = [change for change in chosen if change.key in left]
    with (
        open_journal("prover", journal, resume) as book,
        progress.counted("changes") as tell,
    ):
        rows = study.judged(chosen, book, workers or os.cpu_count() or 1, tell)
    if not only or rest:
        rows = study.joined(kept, rows)
    for line in study.told(rows):
        print(line)
    if json is not None:
        files.write(json, study.written(rows))
    return study.exit_code(rows)
