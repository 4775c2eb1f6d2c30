"""The first step of each kind: the shortest runs to what some label, and not some state, shows."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from checker.engines.explicit.engine import Path
from checker.engines.explicit.parts import System

T = TypeVar("T", bound=Hashable)


def first(
    system: System, wanted: Iterable[T], shows: Callable[[Any, Any], Iterable[T]]
) -> dict[T, Path]:
    """A shortest run to each of ``wanted``; ``shows(state, label)`` says what a step shows.

    ``system`` is searched level by level, in the order of the reference engine, until all was shown
    or there is no more: what is missing then, no run shows.
    """
    found: dict[T, Path] = {}
    missing = set(wanted)
    start = system.initial()
    parent: dict[Hashable, tuple[Any, Any] | None] = {start: None}
    level = [start]
    while level and missing:
        following = []
        for state in level:
            for label, after in system.steps(state):
                for shown in shows(state, label):
                    if shown in missing:
                        missing.remove(shown)
                        found[shown] = Path(start, [*_steps(parent, state), (label, after)])
                if after not in parent:
                    parent[after] = (state, label)
                    following.append(after)
        level = following
    return found


def _steps(parent: dict[Hashable, tuple[Any, Any] | None], state: Any) -> list[tuple[Any, Any]]:
    """The way to a state."""
    steps = []
    while (before := parent[state]) is not None:
        steps.append((before[1], state))
        state = before[0]
    return steps[::-1]
