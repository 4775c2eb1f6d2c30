"""The native engine: exhaustive breadth-first search of hundreds of millions of states.

It is the reference's search on packed states. What the parts of a system do is asked
of plain Python once for each (part, input) and kept in tables (``tables``); a compiled loop that
knows nothing but numbers combines them (``kernel``), so that it is compiled once for every
specification. The visited set is exact (``visited``). ``search`` runs the levels, ``paths`` finds
the shortest trace, ``graph`` all edges; ``checkpoint`` lets a search survive being killed.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from checker.engines.explicit.engine import Check, Exploration, Options
from checker.engines.explicit.native.graph import Graph, graph
from checker.engines.explicit.native.paths import path_to
from checker.engines.explicit.native.search import ALL, Search
from checker.engines.explicit.parts import Move, Parts, Solo

__all__ = ["ALL", "Graph", "Move", "Parts", "Search", "Solo", "engine", "explore", "graph"]


def engine(
    parts: Parts,
    checks: Mapping[str, Check],
    options: Options,
    kind: Callable[..., Search] = Search,
) -> Exploration:
    """Search ``parts`` (``engine.Engine``), by a search of that kind."""
    asked = {option.name: getattr(options, option.name) for option in fields(Options)}
    return explore(parts, checks, kind=kind, **asked)


def explore(
    parts: Parts,
    checks: Mapping[str, Check],
    *,
    paths: bool = True,
    kind: Callable[..., Search] = Search,
    **options: Any,
) -> Exploration:
    """Search ``parts``; the options are those of ``Search``. ``paths``: find the decisive paths."""
    search = kind(parts, checks, **options)
    found = search.run()
    if paths and search.decided_at:
        find_paths(search, parts, options)
    return found


def find_paths(search: Search, parts: Parts, options: Mapping[str, Any]) -> None:
    """Find the decisive paths, searching again if the levels were not kept.

    For want of memory that may fail; what was decided stays decided, without a path.
    """
    found = search.found
    if search.levels is None:
        # That a state rests is seen when it is expanded
        resting = search.interner.resting
        deepest = max(at + (name in resting) for name, at in search.decided_at.items())
        again = {"to_depth": deepest, "keep": ALL, "checkpoint": None, "max_states": None}
        checks = {name: search.interner.checks[name] for name in search.decided_at}
        search = Search(parts, checks, **{**options, **again})
        search.run()
    for name in search.decided_at:
        found.decisive[name] = path_to(search, name)
