"""What is said on stdout and stderr: that nobody listens must not change what a program finds.

A reader may leave early (``| head``): then the rest is said to nobody, and the program goes on to
its report and its exit code. On stderr a full disk is no reason to fail either. On stdout, where
the results go, it is a problem. A sign that a terminal does not have is written as one that it has;
a letter, as in a name, as its number.
"""

import codecs
import io
import os
import sys
from typing import Any, TextIO

from checker.support.errors import ToolProblem

_SIGNS = {
    **dict.fromkeys("\N{HYPHEN}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}", "-"),
    **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
    "\N{PILCROW SIGN}": "#",
    "\N{HORIZONTAL ELLIPSIS}": "~",
    "\N{RIGHTWARDS ARROW}": ">",
    "\N{LEFTWARDS ARROW}": "<",
    "\N{BULLET}": "*",
    "\N{MIDDLE DOT}": ".",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{NO-BREAK SPACE}": " ",
}
"""Each is as wide as what it stands for: tables keep their columns, and lines their length."""


def _plain(error: UnicodeError) -> tuple[str, int]:
    """The error handler of the standard streams."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(_SIGNS.get(c) or _drawn(c) or _escape(c) for c in text), error.end


def _drawn(c: str) -> str:
    """What stands for a part of a frame."""
    if not "\u2500" <= c <= "\u257f":
        return ""
    return "-" if c in "\u2500\u2501\u2550" else "|" if c in "\u2502\u2503\u2551" else "+"


def _escape(c: str) -> str:
    return c.encode("ascii", "backslashreplace").decode()


codecs.register_error("plain", _plain)


def protect() -> None:
    """Make this process's stdout and stderr such, unless somebody has replaced them."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        usual: TextIO | None = getattr(sys, name)
        if usual is None:  # it was closed before the program began
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (kept open)
        elif usual is getattr(sys, f"__{name}__"):
            usual.flush()
            stream = io.BufferedWriter(_Stream(number))
            patient = io.TextIOWrapper(
                stream,
                usual.encoding,
                "plain",
                line_buffering=usual.isatty() or name == "stderr",
                write_through=getattr(usual, "write_through", False),
            )
            setattr(sys, name, patient)


class _Stream(io.FileIO):
    """A standard stream."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "w", closefd=False)
        self._results = number == 1
        self._lost = False

    def write(self, content: Any) -> int:
        """Raises ToolProblem, once, if results cannot be written."""
        size = memoryview(content).nbytes
        if self._lost:
            return size
        try:
            return super().write(content)
        except OSError as error:
            self._lost = True
            if self._results and not isinstance(error, BrokenPipeError):
                raise ToolProblem(f"cannot write to stdout: {error.strerror}") from error
            return size
