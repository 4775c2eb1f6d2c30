"""``sockets``: a table of sockets explained."""

from pathlib import Path
from typing import Annotated

import typer


def sockets(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A file; - is standard input.")],
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
) -> None:
    """Say what the states in a table of sockets mean: of ss -tan, netstat -tan, /proc/net/tcp."""
    from checker.sockets.run import explain

    raise typer.Exit(explain(table, json))
