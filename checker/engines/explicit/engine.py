"""What is asked of an engine that goes from state to state, and what it answers.

An engine is given a system in parts, checks, and how to search. A system is anything with an
initial state and, for each state, labelled steps; its states can be hashed. Three kinds of check
are made on the way:

* ``always``: a predicate of every reachable state;
* ``sometimes``: a predicate of some reachable state (a witness);
* ``rest``: a predicate of every reachable state that has no step to take but idle ones (a
  deadlock is such a state in which the system may not rest).

A new engine is a function ``Engine``, and a name in ``ENGINES``.
"""

import dataclasses
import importlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as Folder
from typing import Any, Protocol

from checker.engines.explicit.parts import Parts


@dataclass(frozen=True, slots=True)
class Check:
    """A claim as an engine sees it."""

    kind: str  # "always", "sometimes" or "rest"
    predicate: Callable[[Any], bool]
    idle: frozenset[str] = frozenset()  # actions of steps that do not count (rest)
    ends: bool = False  # once it is decided, nothing else is asked of the search


@dataclass(slots=True)
class Path:
    """A run: the initial state, then (label, state) for each step.

    A lasso has a ``loop``: the steps from that index on are repeated for ever; if there are none,
    the run stops.
    """

    start: Any
    steps: list[tuple[Any, Any]]
    loop: int | None = None


@dataclass(slots=True)
class Exploration:
    """What a search found.

    ``complete`` tells whether every reachable state was visited; if not, ``why`` says what
    ended the search. ``decisive[name]`` is the shortest path to the state that decided a check:
    the violation of an ``always`` or ``rest``, the witness of a ``sometimes``. Every state within
    ``depth`` steps was visited. A search taken up from a checkpoint had ``resumed`` states then; if
    it could not write its last one, ``unsaved`` says why.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    limited: bool = False  # ended by a limit
    why: str = ""
    seconds: float = 0.0
    lengths: dict[str, int] = field(default_factory=dict)  # steps to the state that decides
    decisive: dict[str, Path] = field(default_factory=dict)
    fired: Counter[Hashable] = field(default_factory=Counter)
    graph: Any = None  # networkx.DiGraph, if asked for
    engine: str = "explore"
    missed: float = 0.0  # at most this likely is it that a state was missed (hash compaction)
    resumed: int = 0
    unsaved: str = ""
    shares: tuple[Any, ...] = ()  # of a distributed search: what each worker had at the end


Progress = Callable[[int, int, int, int, str], None]
"""Called with (states, transitions, level, states waiting, why the last checkpoint could not be
written or nothing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to search; an engine refuses what it cannot do with ``UsageProblem``."""

    max_states: int | None = None
    max_memory: int | None = None  # octets in this process
    stop_when_decided: bool = True  # once every check is; one that holds is decided by the end only
    progress: Progress | None = None
    threads: int = 1
    expect: int = 0  # states to make room for at once, which is faster than to grow
    symmetric: bool = False  # states that differ in the names of the components are one
    compact: bool = False  # keep fingerprints of states, not states: less memory, not exact
    checkpoint: Folder | None = None  # where to write checkpoints ...
    every: float = 60.0  # ... every so many seconds
    resume: bool = False  # from the last one, if there is one
    spill: Folder | None = None  # where to have states that do not fit into memory
    identity: str = ""  # of what is searched: no other search takes up its checkpoints

    @property
    def special(self) -> list[str]:
        """What is asked for beyond the limits that every engine keeps to."""
        every = ("max_states", "max_memory", "stop_when_decided", "progress", "identity")
        return [
            option.name
            for option in dataclasses.fields(Options)
            if option.name not in every and getattr(self, option.name) != option.default
        ]


class Engine(Protocol):
    """Searches a system level by level; what it finds is what the reference finds."""

    def __call__(
        self, parts: Parts, checks: Mapping[str, Check], options: Options, /
    ) -> Exploration:
        """Search until every check is decided, to the end, or to a limit."""


def engine_of(name: str) -> Engine:
    """The engine of a name. What it needs is imported when it is asked for."""
    module = importlib.import_module(ENGINES[name])
    found: Engine = module.engine
    return found


ENGINES = {
    "explore": "checker.engines.explicit.reference",
    "native": "checker.engines.explicit.native",
    "sets": "checker.engines.explicit.sets",
    "sorted": "checker.engines.explicit.sorted",
    "distributed": "checker.engines.explicit.distributed",
}
"""The engines by the names that the commands and the reports have for them."""


def enough(checks: Mapping[str, Check], undecided: Collection[str]) -> bool:
    """Is a check decided that ends the search?"""
    return any(check.ends for name, check in checks.items() if name not in undecided)
