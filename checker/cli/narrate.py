"""``narrate``: a capture told in words."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli import given
from checker.cli.options import AtOption, LeftOption, StackRulesOption, VerdictsOption, to_read


def narrate(
    capture: Annotated[Path, typer.Argument(metavar="CAPTURE", callback=to_read)],
    html: Annotated[Path | None, typer.Option(help="Write a page here, with pictures.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    rules: StackRulesOption = None,
    at: AtOption = "middle",
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Tell only what became of the SYNs to this port: queues, cookies, floods.",
        ),
    ] = None,
    only: VerdictsOption = None,
    state: LeftOption = "",
    most: Annotated[
        int,
        typer.Option(min=0, help="Tell at most so many connections or listeners; 0: all."),
    ] = 100,
) -> None:
    """Tell what happened in a capture: names, handshakes, HTTP requests, and who is left where.

    - is standard input.
    """
    from checker.conform import behaviour, run
    from checker.narrate.run import narrate

    if port is not None:  # of which no connection is followed
        given.only("--port", "capture", "html", "json", "most")
    show = run.choose(only or [], state, most, verbose=False)
    chosen = behaviour.choose(rules or [])
    raise typer.Exit(narrate(capture, chosen, run.position(at), html, json, show, port))
