"""Lines on stdout, no wider than the terminal; in a pipe each is whole."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from checker.support import terminal


class Page:
    """What a command prints, line by line."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.width = terminal.width()

    def line(self, text: str, style: str = "", cells: Sequence[tuple[str, str]] = ()) -> None:
        """A text behind ``cells``, which are pieces with their styles; it goes on below itself."""
        head = Text.assemble(*cells)
        columns = None if self.width is None else self.width - head.cell_len
        for part in terminal.broken(text, columns):
            self.console.print(head + Text(part, style))
            head = Text(" " * head.cell_len)

    def title(self, text: str) -> None:
        """The head of a section."""
        self.line(text, "bold")

    def gap(self) -> None:
        """An empty line."""
        self.console.print()
