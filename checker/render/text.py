"""Text that stays within a width and cannot harm what shows it.

Names and messages come from specifications, captures and solvers, so anything may be in them. On
its way to a terminal or into a picture every text passes `visible`: white space becomes a space,
and what a terminal or an XML parser would act on (controls, direction marks, halves of surrogate
pairs) becomes its escape. Nothing is dropped but the spaces at which a line is broken.

Columns are counted as terminals do, two for a wide East Asian character. A combining mark counts
as one, though it takes none: a line may then be shorter than counted, never longer.
"""

from __future__ import annotations

from unicodedata import east_asian_width

_BREAK_AFTER = "/._-,;:)]>=|"


def visible(text: str) -> str:
    """One line in which each character can be seen."""
    return "".join(
        " " if c.isspace() else c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in text
    )


def plural(count: int, word: str, ending: str = "s") -> str:
    """``frame``, ``frames``; ``address``, ``addresses``."""
    return word if count == 1 else word + ending


def counted(count: int, word: str, ending: str = "s") -> str:
    """``1 frame``, ``2,000 frames``."""
    return f"{count:,} {plural(count, word, ending)}"


def columns(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _prefix(word: str, width: int) -> int:
    """How many characters of a too long word go on one line: up to punctuation, if it can be."""
    room, end = width, 0
    while end < len(word) and (room := room - columns(word[end])) >= 0:
        end += 1
    end = max(end, 1)
    nice = max((i + 1 for i in range(end) if word[i] in _BREAK_AFTER), default=0)
    return nice if nice > end // 2 else end


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns (2 or more), broken at line ends and spaces, then in words.

    At least one line, if only an empty one.
    """
    if width < 2:
        raise ValueError(f"cannot wrap to {width} columns")
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in visible(paragraph).split(" "):
            if not word:
                continue
            if line and columns(line) + 1 + columns(word) <= width:
                line += " " + word
                continue
            if line:
                lines.append(line)
            while columns(word) > width:
                cut = _prefix(word, width)
                lines.append(word[:cut])
                word = word[cut:]
            line = word
        lines.append(line)
    return lines


def left(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def right(text: str, width: int) -> str:
    return " " * (width - columns(text)) + text


def centre(text: str, width: int) -> str:
    return left(" " * ((width - columns(text)) // 2) + text, width)
