"""``page``: one HTML file that plays the specification."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.support import files
from checker.support.errors import OK, VIOLATED


def page(
    out: Annotated[Path, typer.Option(help="Write here.")] = Path("tcp.html"),
) -> None:
    """Write one HTML file that runs the specification in a browser, without a network."""
    from checker.page import build

    files.writable(out)
    made = build.page()
    files.write(out, made.text.encode())
    for stale in made.stale:
        print(f"left out, for it is stale: {stale}", file=sys.stderr)
    counts = made.counts
    print(
        f"{out}: {counts['machines']} machines, {counts['runs']} runs, "
        f"{counts['bytes'] / 1e6:.1f} MB; open it in a browser",
        file=sys.stderr,
    )
    raise typer.Exit(VIOLATED if made.stale else OK)
