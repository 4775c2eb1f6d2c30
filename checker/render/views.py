"""Other pictures than the sequence diagram, of stories in which something was measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from checker.support import files
from checker.support.errors import UsageProblem
from checker.support.names import unknown

from . import sequence
from .curves import curves
from .story import Story
from .text import visible
from .windows import windows

LADDER = "ladder"
"""The sequence diagram, or the ladder."""
VIEWS: dict[str, Callable[[Story], str]] = {"windows": windows, "plot": curves}
"""What draws the others, as SVG."""


def chosen(view: str | None, path: Path | None, measured: bool) -> str:
    """The view to draw: the one that is asked for or, as SVG, windows where something is
    `measured`; else the ladder."""
    if view is None:
        drawn = path is not None and path.suffix.lower() == ".svg"
        return "windows" if measured and drawn else LADDER
    if view not in (LADDER, *VIEWS):
        raise unknown("view", view, (LADDER, *VIEWS))
    if view in VIEWS and not measured:
        raise UsageProblem(f"there is no data plane, and so no {view} to draw")
    if view in VIEWS and path is None:
        raise UsageProblem(f"--view {view} needs --out FILE.svg")
    return view


def writable(path: Path, view: str = LADDER) -> None:
    """Can a view of a story be written to `path`? To be asked before the work, not after."""
    if view not in VIEWS:
        return sequence.writable(path)
    if path.suffix.lower() != ".svg":
        raise UsageProblem(f"cannot write {visible(str(path))!r}: view {view} is SVG only")
    return files.writable(path)


def render(story: Story, path: str | os.PathLike[str], view: str = LADDER) -> None:
    """Write a view of a story in the format that the suffix of `path` asks for.

    The file appears whole or, with a `Problem`, not at all; one that was there is then left as it
    was.
    """
    if view not in VIEWS:
        return sequence.render(story, path)
    return files.write(Path(path), VIEWS[view](story).encode())
