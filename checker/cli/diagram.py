"""``diagram``: the pictures of the documentation, drawn or compared."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import progress
from checker.support import files
from checker.support.errors import VIOLATED, UsageProblem
from checker.support.program import called, checkout, shipped


def diagram(
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the files are up to date.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option(help="Where the pictures are; default: the repository's."),
    ] = None,
) -> None:
    """Draw the state machines and handshakes of the documentation."""
    from checker.studies import diagram as study

    directory = directory or (shipped if check else checkout)("diagrams")
    if check and not directory.is_dir():
        raise UsageProblem(f"no folder {str(directory)!r}: there are no pictures to compare")
    if not check:
        files.folder(directory)
    with progress.counted("diagram"):
        if not check:
            study.write(directory)
            return
        stale = study.check(directory)
    if stale:
        print(f"stale: {', '.join(stale)}; run: {called()} diagram", file=sys.stderr)
        raise typer.Exit(VIOLATED)
    print(f"{directory}: up to date")
