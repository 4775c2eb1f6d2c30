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
from checker.engines.explicit.native.visited import most_places
from checker.engines.explicit.parts import Move, Parts, Solo
from checker.support import machine

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
    search = _searched(kind, parts, checks, options)
    found = search.found
    if paths and search.decided_at:
        find_paths(search, parts, options)
    return found


FIRST = 1 << 24
"""Places of the first set of fingerprints: 64 MiB."""
CHANCE = 0.01
"""That a state was missed, above which a larger set is worth beginning anew."""


def _searched(
    kind: Callable[..., Search],
    parts: Parts,
    checks: Mapping[str, Check],
    options: Mapping[str, Any],
) -> Search:
    """A search, at its end.

    A set of fingerprints cannot grow. So where nobody said how many states to expect, a compact
    search begins in a small one, and anew in one eight times as large when that is full or makes it
    too likely that a state is missed. In the largest that fits into memory it goes on to the end.
    """
    if not options.get("compact") or options.get("expect"):
        search = kind(parts, checks, **options)
        search.run()
        return search
    most = most_places(options.get("max_memory") or machine.spare())
    places, seconds = min(FIRST, most), 0.0
    while True:
        chance = CHANCE if places < most else 1.0
        search = kind(parts, checks, **options, places=places, chance=chance)
        search.seconds_before = seconds
        search.run()
        if not search.outgrown or places == most:
            return search
        places, seconds = min(8 * places, most), search.seconds()


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
        again |= {"places": search.visited.table.size} if search.compact else {}
        checks = {name: search.interner.checks[name] for name in search.decided_at}
        search = Search(parts, checks, **{**options, **again})
        search.run()
    for name in search.decided_at:
        found.decisive[name] = path_to(search, name)
