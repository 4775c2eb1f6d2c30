"""The way back: a shortest path to the state that decides a check.

No state remembers its parent. The levels of a search are kept, or computed again. From the states
that decide, in the last level, the search goes back level by level, and picks the states from which
they are reached in as many steps. These are few. The reference's own search, limited to these
states, meets them in the order in which it would meet them among all others, and so finds the very
path that it would have found.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from checker.engines.explicit.engine import Path
from checker.engines.explicit.native import kernel as k
from checker.engines.explicit.native.search import Array, Search
from checker.engines.explicit.native.tables import Interner, Memo
from checker.engines.explicit.parts import Parts

U8 = np.uint64


class Numbered(Protocol):
    """A search, or whoever else gives states their keys."""

    parts: Parts
    interner: Interner

    def key_of(self, state: Any, /) -> int: ...


def _deciding(search: Search, name: str, depth: int) -> Array:
    """The states of level ``depth`` that decide the check ``name``."""
    assert search.levels is not None
    search.learn(depth)
    interner = search.interner
    rests = name in interner.resting
    names = interner.resting if rests else interner.deciding
    bit = U8(1 << names.index(name))
    p = search.parameters()
    found = []
    for part in search.levels[depth]:
        out = np.empty_like(part)
        n = k.deciding(p, part, bit, U8(rests), *search.workers[0].scratch(), out)
        found.append(out[:n])
    return np.concatenate(found)


def _before(search: Search, depth: int, wanted: Array) -> Array:
    """The states of level ``depth`` with a step to one of ``wanted``."""
    assert search.levels is not None
    search.learn(depth)
    memo = Memo()
    memo.set(wanted, [1] * wanted.size)
    p = search.parameters()
    found = []
    for part in search.levels[depth]:
        out = np.empty_like(part)
        n = k.select(p, part, *memo.at(), *search.workers[0].scratch(), out)
        found.append(out[:n])
    return np.concatenate(found)


def path_to(search: Search, name: str) -> Path:
    """A shortest path to a state that decides the check ``name``; the levels are kept."""
    depth = search.decided_at[name]
    corridor: list[set[int]] = []
    wanted = _deciding(search, name, depth)
    corridor.append(set(wanted.tolist()))
    for level in range(depth - 1, -1, -1):
        wanted = _before(search, level, wanted)
        corridor.append(set(wanted.tolist()))
    corridor.reverse()
    return along(search, name, corridor)


def along(search: Numbered, name: str, corridor: Sequence[set[int]]) -> Path:
    """The reference's path to a state that decides ``name``, among those of these keys.

    ``corridor`` has a set of keys for each level: of the states from which one is reached in time.
    """
    depth, check = len(corridor) - 1, search.interner.checks[name]
    system = search.parts.system
    start = system.initial()
    if depth == 0:
        return Path(start, [])
    parent: dict[Any, tuple[Any, Any]] = {start: (None, None)}
    level_states = [start]
    for level in range(1, depth + 1):
        following = []
        for state in level_states:
            for label, after in system.steps(state):
                if after not in parent and search.key_of(after) in corridor[level]:
                    parent[after] = (state, label)
                    following.append(after)
        level_states = following
    # With the hosts swapped for one another, a state of the corridor may stand for its mirror
    # image. Of a check of rest, the kernel has seen that the state has no step that counts.
    end = next(
        state for state in level_states if check.predicate(state) == (check.kind == "sometimes")
    )
    steps = []
    while end is not start:
        before, label = parent[end]
        steps.append((label, end))
        end = before
    return Path(start, steps[::-1])
