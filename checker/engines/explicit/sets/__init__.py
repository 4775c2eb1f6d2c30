"""The engine of sets: exhaustive breadth-first search of sets of states instead of states.

Where two ends are joined by a link each way, and there are few bags compared with states, a word of
64 bits holds many states, and one step is done to all of them at once (``kernel``). It finds what
the native engine finds, whose tables it uses; ``search`` runs the levels.
"""

from functools import partial

from checker.engines.explicit import native
from checker.engines.explicit.sets.search import Sets, TooSparse

__all__ = ["Sets", "TooSparse", "engine", "explore", "where_dense"]

engine = partial(native.engine, kind=Sets)
explore = partial(native.explore, kind=Sets)
where_dense = partial(native.engine, kind=partial(Sets, dense=False))
"""The same engine; it raises ``TooSparse`` where a word holds few states, or takes much memory."""
