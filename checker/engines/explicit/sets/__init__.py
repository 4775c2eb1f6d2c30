"""The engine of sets: exhaustive breadth-first search of sets of states instead of states.

Where two ends are joined by a link each way, and there are few bags compared with states, a word of
64 bits holds many states, and one step is done to all of them at once (``kernel``). It finds what
the native engine finds, whose tables it uses; ``search`` runs the levels.
"""

from functools import partial

from checker.engines.explicit import native
from checker.engines.explicit.sets.search import Sets

__all__ = ["Sets", "engine", "explore"]

engine = partial(native.engine, kind=Sets)
explore = partial(native.explore, kind=Sets)
