"""``sockets``: a table of sockets explained."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli.options import to_read


def sockets(
    table: Annotated[Path, typer.Argument(metavar="TABLE", callback=to_read)],
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
) -> None:
    """Say what the states in a table of sockets mean: of ss -tan, netstat -tan, /proc/net/tcp.

    - is standard input.
    """
    from checker.sockets.run import explain

    raise typer.Exit(explain(table, json))
