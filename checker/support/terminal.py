"""How wide lines may be, and how they are broken.

On a terminal lines are as wide as it is. In a pipe or a file nobody knows, and programs read along:
there a line is as long as it is. COLUMNS, if it is set, is believed before either.
"""

import os
import sys
import textwrap
from typing import TextIO

PLAIN = 80
"""The columns of a text of which nobody knows where it will be read."""


def width(stream: TextIO | None = None) -> int | None:
    """How many columns lines for a stream may have; None: as many as they like. By default it is
    standard output."""
    said = os.environ.get("COLUMNS", "")
    if said.isdigit() and int(said) > 0:
        return int(said)
    stream = sys.stdout if stream is None else stream
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # no terminal, or no file at all
        return None


def room() -> int:
    """The columns for what is broken into lines in a pipe too."""
    return width() or PLAIN


def broken(text: str, columns: int | None) -> list[str]:
    """A text in lines of so many columns; words stay whole."""
    if columns is None:
        return [text]
    lines = textwrap.wrap(text, max(columns, 1), break_long_words=False, break_on_hyphens=False)
    return lines or [""]
