"""``sockets``: a table of sockets explained."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.support import files, terminal
from checker.support.errors import INCONCLUSIVE, OK, UsageProblem


def sockets(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A file; - is standard input.")],
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
) -> None:
    """Say what the states in a table of sockets mean: of ss -tan, netstat -tan, /proc/net/tcp."""
    from checker.sockets import meaning
    from checker.sockets.table import read

    if json is not None:
        files.writable(json)
    try:
        if str(table) == "-":
            found = meaning.summary(read(sys.stdin))
        else:
            with table.open(encoding="utf-8", errors="backslashreplace") as file:
                found = meaning.summary(read(file))
    except OSError as error:
        raise UsageProblem(f"cannot read {str(table)!r}: {error.strerror}") from error
    if not found.sockets:
        raise UsageProblem(
            f"{str(table)!r} has no line with a state and two sockets: is it of `ss -tan`, "
            "`netstat -tan` or /proc/net/tcp? (ss leaves the state out where it is chosen)"
        )
    for line in meaning.lines(found, terminal.room()):
        print(line)
    if json is not None:
        files.write_json(json, found.as_json())
    raise typer.Exit(INCONCLUSIVE if found.refused else OK)
