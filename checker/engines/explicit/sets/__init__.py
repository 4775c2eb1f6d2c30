"""The engine of sets: exhaustive breadth-first search of sets of states instead of states.

Where two ends are joined by a link each way, and there are few bags compared with states, a word of
64 bits holds many states, and one step is done to all of them at once (``kernel``). It finds what
the native engine finds, whose tables it uses; ``search`` runs the levels.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from checker.engines.explicit.engine import Check, Exploration, Options
from checker.engines.explicit.native import find_paths
from checker.engines.explicit.parts import Parts
from checker.engines.explicit.sets.search import Sets, TooSparse

__all__ = ["Sets", "TooSparse", "engine", "explore"]


def engine(parts: Parts, checks: Mapping[str, Check], options: Options) -> Exploration:
    """Search ``parts`` (``engine.Engine``)."""
    asked = {option.name: getattr(options, option.name) for option in fields(Options)}
    return explore(parts, checks, **asked)


def explore(
    parts: Parts, checks: Mapping[str, Check], *, paths: bool = True, **options: Any
) -> Exploration:
    """Search ``parts``; the options are those of ``native.Search``."""
    search = Sets(parts, checks, **options)
    found = search.run()
    if paths and search.decided_at:
        find_paths(search, parts, options)
    return found
