"""The reference explorer: breadth-first search, the reachable states as a networkx graph.

A *system* is anything with an initial state and, for each state, labelled steps. States are
hashable. The search visits states level by level, so that the first state found to violate
a claim is at the end of a shortest trace. What it finds is exhaustive for the system given
to it: no state is hashed away or skipped; the bounds are in the system.

Three kinds of claim are checked on the way:

* ``always``: a predicate of every reachable state;
* ``sometimes``: a predicate of some reachable state (a witness);
* ``rest``: a predicate of every reachable state that has no step to take but idle ones (a
  deadlock is such a state in which the system may not rest).
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import networkx as nx

from checker.support.machine import resident


class System(Protocol):
    """What can be explored."""

    def initial(self) -> Any:
        """The initial state."""

    def steps(self, state: Any, /) -> Iterator[tuple[Any, Any]]:
        """Every (label, next state); a label has ``action`` and ``rules``, what fired."""


@dataclass(frozen=True, slots=True)
class Check:
    """A claim as the explorer sees it."""

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


Progress = Callable[[int, int, int, int], None]
"""Called with (states, transitions, level, states waiting)."""


def explore(
    system: System,
    checks: Mapping[str, Check],
    *,
    graph: bool = True,
    max_states: int | None = None,
    max_memory: int | None = None,
    max_seconds: float | None = None,
    progress: Progress | None = None,
    stop_when_decided: bool = True,
) -> Exploration:
    """Search ``system``.

    With ``stop_when_decided`` the search ends once every check is decided; an ``always`` or
    ``rest`` that holds is decided only by the end of the search. Reaching ``max_states``,
    ``max_memory`` octets in this process, or ``max_seconds`` leaves the result incomplete. Nodes of
    the graph are numbers in the order of discovery, with attribute ``state``; an edge's ``steps``
    are its labels.
    """
    began = time.monotonic()
    found = Exploration()
    start = system.initial()
    number: dict[Hashable, int] = {start: 0}
    order: list[Any] = [start]
    parent: list[tuple[int, Any]] = [(-1, None)]
    depths: list[int] = [0]
    net = nx.DiGraph() if graph else None
    if net is not None:
        net.add_node(0, state=start)
    open_checks = dict(checks)
    resters = any(check.kind == "rest" for check in checks.values())
    fired: dict[tuple[Hashable, ...], int] = {}

    def path_to(i: int) -> Path:
        steps = []
        while i:
            before, label = parent[i]
            steps.append((label, order[i]))
            i = before
        return Path(start, steps[::-1])

    def look(i: int, actions: set[str] | None) -> None:
        """Look at a state when it is found, and again when its ``actions`` are known."""
        for name, check in list(open_checks.items()):
            if (actions is None) == (check.kind == "rest"):
                continue
            if actions is not None and not actions <= check.idle:
                continue
            if check.predicate(order[i]) == (check.kind == "sometimes"):
                found.decisive[name] = path = path_to(i)
                found.lengths[name] = len(path.steps)
                del open_checks[name]

    look(0, None)
    at = 0
    told = began
    while at < len(order):
        if stop_when_decided and checks and (not open_checks or enough(checks, open_checks)):
            found.why = "every claim is decided"
            break
        if max_states is not None and len(order) >= max_states:
            found.limited = True
            found.why = f"limit of {max_states:,} states reached"
            break
        if max_memory is not None and not at & 4095 and resident() > max_memory:
            found.limited = True
            found.why = f"limit of {max_memory / 2**30:.2f} GiB of memory reached"
            break
        if max_seconds is not None and not at & 255 and time.monotonic() - began > max_seconds:
            found.limited = True
            found.why = f"limit of {max_seconds:g} s reached"
            break
        if progress is not None and not at & 1023 and time.monotonic() - told > 0.2:
            told = time.monotonic()
            progress(len(order), found.transitions, depths[at], len(order) - at)
        successors: dict[int, list[Any]] = {}
        for label, after in system.steps(order[at]):
            found.transitions += 1
            fired[label.rules] = fired.get(label.rules, 0) + 1
            i = number.get(after)
            if i is None:
                i = number[after] = len(order)
                order.append(after)
                parent.append((at, label))
                depths.append(depths[at] + 1)
                if net is not None:
                    net.add_node(i, state=after)
                look(i, None)
            successors.setdefault(i, []).append(label)
        if resters:
            look(at, {label.action for labels in successors.values() for label in labels})
        if net is not None:
            net.add_edges_from((at, i, {"steps": labels}) for i, labels in successors.items())
        at += 1
    else:
        found.complete = True
    for rules, times in fired.items():
        for rule in rules:
            found.fired[rule] += times
    found.states = len(order)
    found.depth = depths[-1] if found.complete else depths[at]
    found.graph = net
    found.seconds = time.monotonic() - began
    return found


def enough(checks: Mapping[str, Check], undecided: Collection[str]) -> bool:
    """Is a check decided that ends the search?"""
    return any(check.ends for name, check in checks.items() if name not in undecided)


def quotient(graph: Any, view: Callable[[Any], Hashable]) -> Any:
    """The graph whose nodes are the values of ``view``; an edge collects the steps behind it.

    Steps that leave the view unchanged are dropped.
    """
    result = nx.DiGraph()
    seen = {node: view(data["state"]) for node, data in graph.nodes(data=True)}
    result.add_nodes_from(dict.fromkeys(seen.values()))
    for before, after, data in graph.edges(data=True):
        here, there = seen[before], seen[after]
        if here == there:
            continue
        if result.has_edge(here, there):
            result.edges[here, there]["steps"].extend(data["steps"])
        else:
            result.add_edge(here, there, steps=list(data["steps"]))
    return result
