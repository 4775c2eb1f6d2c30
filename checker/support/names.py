"""Names that nobody knows: which was meant?

Whoever takes a name from the command line asks here, so that a slip of the finger gets the same
answer everywhere: the names like it, or, where nothing is, all of a short list. A long list would
bury the answer: only its length and a few of its names are shown.
"""

import difflib
from collections.abc import Iterable

from checker.support.errors import UsageProblem

SHORT = 12
"""Names in a list that is still told whole."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageProblem:
    """There is no such ``kind`` of thing; ``known`` are the names that there are."""
    names = list(known)
    close = _like(name, names)
    if close:
        return UsageProblem(f"no {kind} {name!r}: did you mean {' or '.join(close)}?")
    if len(names) > SHORT:
        return UsageProblem(
            f"no {kind} {name!r}; there are {len(names)}, such as {', '.join(names[:3])}"
        )
    return UsageProblem(f"no {kind} {name!r}; there are: {', '.join(names)}")


def _like(name: str, names: Iterable[str]) -> list[str]:
    """The name that is all but spelled like ``name``, or else up to three that are much like it;
    capitals do not count."""
    spelled: dict[str, str] = {}
    for one in names:
        spelled.setdefault(one.lower(), one)
    close = difflib.get_close_matches(name.lower(), spelled, 1, 0.9)
    close = close or difflib.get_close_matches(name.lower(), spelled, 3, 0.6)
    return [spelled[one] for one in close]
