"""The sorted engine: exhaustive breadth-first search that reads and writes in order, on disk too.

States are the native engine's keys, and its compiled loop, which asks plain Python once for each
pair, expands them. But they are in no table. A level is a list of ascending keys, each coded as its
difference from the one before (``coded``), and what was found before is struck out of the next
level when that is merged (``search``): delayed duplicate detection. So memory or disk is never
accessed at random, and with ``spill`` the states need not fit into memory.
"""

from functools import partial

from checker.engines.explicit import native
from checker.engines.explicit.sorted.search import Sorted

__all__ = ["Sorted", "engine", "explore"]

engine = partial(native.engine, kind=Sorted)
explore = partial(native.explore, kind=Sorted)
