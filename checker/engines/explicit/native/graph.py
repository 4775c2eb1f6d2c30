"""The whole graph of a search: every state a number, every transition an edge with a label.

For what a search by levels cannot see: cycles, strongly connected components, liveness. Arrays,
not objects: eight octets for a state, and twelve for an edge.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.engines.explicit.native import kernel as k
from checker.engines.explicit.native.kernel import address
from checker.engines.explicit.native.search import Array, Search
from checker.engines.explicit.native.tables import Label


@dataclass(slots=True)
class Graph:
    """States are numbered level by level. The steps of state ``i`` are the edges from ``first[i]``
    up to ``first[i + 1]``: edge ``e`` goes to state ``targets[e]`` and is ``label(e)``.
    """

    search: Search
    keys: Array
    levels: Array  # number of the first state of each level
    first: Array
    targets: Array
    names: Array  # of each edge, an index into ``words``
    words: Array

    def label(self, edge: int) -> Label:
        """What an edge is."""
        return self.search.interner.label(int(self.words[self.names[edge]]))

    def state(self, number: int) -> Any:
        """The state of the whole system that has a number."""
        return self.search.state_of(int(self.keys[number]))


def graph(search: Search) -> Graph:
    """The graph of a search that is complete and has kept its levels (``keep=ALL``)."""
    if not search.found.complete or search.levels is None:
        raise ValueError("a graph needs a complete search with keep=ALL")
    search.interner.require_labels()
    keys = np.concatenate([part for level in search.levels for part in level])
    sizes = [sum(part.size for part in level) for level in search.levels]
    scratch, p = search.workers[0].scratch(), search.parameters()
    degrees = np.empty(keys.size, np.int64)
    k.degrees(p, keys, *scratch, degrees)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(degrees)])
    order = np.argsort(keys)
    targets = np.empty(first[-1], np.uint32 if keys.size < 1 << 32 else np.uint64)
    names = np.empty(first[-1], np.uint64)
    labels = np.zeros(search.workers[0].room, np.uint64)
    numbers = order.astype(targets.dtype)
    k.edges(p, keys, keys[order], numbers, *scratch, address(labels), first, targets, names)
    words = np.unique(names)  # few: to look them up is faster than to sort all of them
    short = np.searchsorted(words, names)
    return Graph(
        search,
        keys,
        np.cumsum([0, *sizes]),
        first,
        targets,
        short.astype(np.uint32),
        words,
    )
