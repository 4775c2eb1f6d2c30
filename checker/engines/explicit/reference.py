"""The reference engine: breadth-first search in plain Python, on the system as it is.

It decides what is right: other engines must find the same. States are visited level by level, so
that the first state found to violate a claim is at the end of a shortest trace. What it finds is
exhaustive for the system given to it: no state is hashed away or skipped; the bounds are in the
system. The reachable states are, if asked for, a networkx graph.
"""

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from checker.engines.explicit.engine import Check, Exploration, Options, Path, Progress, enough
from checker.engines.explicit.parts import Parts, System
from checker.support.errors import UsageProblem
from checker.support.machine import resident


def engine(parts: Parts, checks: Mapping[str, Check], options: Options) -> Exploration:
    """Search the system that ``parts`` are of (``engine.Engine``)."""
    if options.special:
        raise UsageProblem(f"only the native engine can do this: {', '.join(options.special)}")
    return explore(
        parts.system,
        checks,
        graph=False,
        max_states=options.max_states,
        max_memory=options.max_memory,
        progress=options.progress,
        stop_when_decided=options.stop_when_decided,
    )


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
    net = _digraph() if graph else None
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
            progress(len(order), found.transitions, depths[at], len(order) - at, "")
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


def _digraph() -> Any:
    import networkx  # which a search without a graph need not wait for

    return networkx.DiGraph()


def quotient(graph: Any, view: Callable[[Any], Hashable]) -> Any:
    """The graph whose nodes are the values of ``view``; an edge collects the steps behind it.

    Steps that leave the view unchanged are dropped.
    """
    result = _digraph()
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
