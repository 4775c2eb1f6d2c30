"""``report``: reports that were written as JSON, for other readers."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli.options import names_of, to_read
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED
from checker.support.names import unknown


def report(
    files: Annotated[list[Path], typer.Argument(metavar="REPORT.json ...", callback=to_read)],
    format: Annotated[
        str,
        typer.Option(
            metavar="markdown|github|sarif",
            help="For the summary of a CI run, as GitHub's annotations, or for code scanning.",
            autocompletion=names_of(lambda: ("markdown", "github", "sarif")),
        ),
    ] = "markdown",
) -> None:
    """Tell reports of verify, matrix, prove and conform to other readers.

    - is standard input. The exit code is 1 if a report has anything else than expected, or a
    deviation; 3 if something is not decided, or a report has nothing or was not written.
    """
    from checker.studies.formats import ERROR, FORMATS, WARNING, read

    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    found = [read(file) for file in files]
    for line in FORMATS[format](found):
        print(line)
    levels = {finding.level for one in found for finding in one.findings}
    raise typer.Exit(VIOLATED if ERROR in levels else INCONCLUSIVE if WARNING in levels else OK)
