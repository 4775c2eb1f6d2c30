"""Names of files: as a reader sees them, and as they are made.

The system lets a file be called by any octets but two: by what a terminal obeys, what XML cannot
hold, and what is not UTF-8. So no name is told as it is. And a name that is made from others may
be no longer than a file system takes, nor the same as one that was made before.
"""

import re
from collections.abc import Container
from pathlib import Path

LONGEST = 240
"""Octets of a name that is made. A file system takes 255."""


def shown(path: Path) -> str:
    """A name for terminals, pages and reports: what cannot be printed is told by its escape."""
    return "".join(c if c.isprintable() else _escape(c) for c in str(path))


def _escape(c: str) -> str:
    if "\udc80" <= c <= "\udcff":  # an octet that is no UTF-8, as Python keeps it
        return f"\\x{ord(c) - 0xDC00:02x}"
    return c.encode("unicode_escape").decode()


def named(words: list[str], suffix: str, taken: Container[str]) -> str:
    """A file's name that tells ``words``, in plain characters, and is none of ``taken``.

    Where it would be too long, the first word is shortened.
    """
    first, *rest = (re.sub(r"[^A-Za-z0-9.]+", "_", word) for word in words)
    for count in range(1, 1 << 30):
        more = [*rest, *([str(count)] if count > 1 else [])]
        tail = "".join(f"_{word}" for word in more) + suffix
        name = first[: LONGEST - len(tail)] + tail
        if name not in taken:
            return name
    raise AssertionError("never so many")
