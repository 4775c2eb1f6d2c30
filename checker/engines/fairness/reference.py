"""Claims of liveness decided on a networkx graph, whose steps are objects: the reference."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from checker.engines.fairness.question import (
    ANSWERED,
    ENDLESS,
    STRONG,
    WEAK,
    Decision,
    Duty,
    Fair,
    Question,
    verdict,
)


class _Said(NamedTuple):
    """What the assumptions say of a step."""

    taken: frozenset[Duty]  # of whose action it is
    asked: frozenset[Duty]  # which it calls for
    weak: frozenset[Duty]  # of those taken, the weak ones, and the strong ones
    strong: frozenset[Duty]


class _Sayings:
    """What some assumptions say of a graph's steps and states, worked out once."""

    def __init__(self, net: Any, demands: Sequence[Fair]) -> None:
        self.net, self.demands = net, demands
        self._of: dict[int, _Said] = {}  # by the label's identity: the graph keeps them
        self._enabled: dict[int, tuple[frozenset[Duty], frozenset[Duty]]] = {}

    def of(self, label: Any) -> _Said:
        said = self._of.get(id(label))
        if said is None:
            by_kind: dict[str, set[Duty]] = {}
            asked: set[Duty] = set()
            for i, fair in enumerate(self.demands):
                by_kind.setdefault(fair.kind, set()).update((i, key) for key in fair.then(label))
                if fair.kind == ANSWERED:
                    asked.update((i, key) for key in fair.when(label))
            said = self._of[id(label)] = _Said(
                frozenset().union(*by_kind.values()),
                frozenset(asked),
                frozenset(by_kind.get(WEAK, ())),
                frozenset(by_kind.get(STRONG, ())),
            )
        return said

    def enabled(self, node: int) -> tuple[frozenset[Duty], frozenset[Duty]]:
        """The assumptions, weak and strong, whose action can be taken."""
        known = self._enabled.get(node)
        if known is None:
            said = [
                self.of(label)
                for _, _, labels in self.net.out_edges(node, "steps")
                for label in labels
            ]
            known = self._enabled[node] = (
                frozenset().union(*{one.weak for one in said}),
                frozenset().union(*{one.strong for one in said}),
            )
        return known

    def components(
        self, within: set[int], allowed: Callable[[Any], bool]
    ) -> list[tuple[set[int], set[Duty]]]:
        """The fair components of the states ``within`` and the steps ``allowed``, with the
        assumptions whose action is taken in each."""
        import networkx as nx  # which a search without liveness need not wait for

        todo: list[tuple[set[int], frozenset[Duty]]] = [(within, frozenset())]
        found = []
        while todo:
            states, barred = todo.pop()
            part: dict[int, dict[int, list[Any]]] = {node: {} for node in states}
            for node, arrows in part.items():
                for after, data in self.net.adj[node].items():
                    if after in part:
                        kept = [
                            label
                            for label in data["steps"]
                            if allowed(label) and barred.isdisjoint(self.of(label).asked)
                        ]
                        if kept:
                            arrows[after] = kept
            arcs = nx.DiGraph({node: list(arrows) for node, arrows in part.items()})
            for component in nx.strongly_connected_components(arcs):
                said = {
                    self.of(label)
                    for node in component
                    for after, labels in part[node].items()
                    if after in component
                    for label in labels
                }
                taken = set().union(*(one.taken for one in said))
                asked = set().union(*(one.asked for one in said))
                rest = self._without(component, taken, barred | (asked - taken))
                if rest is None:
                    continue
                if rest == (component, barred):
                    found.append((component, taken))
                else:
                    todo.append(rest)
        return found

    def _without(
        self, component: set[int], taken: set[Duty], barred: frozenset[Duty]
    ) -> tuple[set[int], frozenset[Duty]] | None:
        """What of a component may be fair, given what is taken in it."""
        for i, fair in enumerate(self.demands):
            if fair.kind == ENDLESS and (i, None) not in taken:
                return None
        held = frozenset.intersection(*{self.enabled(node)[0] for node in component})
        if not held <= taken:
            return None
        rest = {node for node in component if self.enabled(node)[1] <= taken}
        return (rest, barred) if rest else None


def _reached(
    starts: Iterable[int], after: Callable[[int], Iterable[int]], within: set[int]
) -> set[int]:
    seen = set(starts) & within
    todo = list(seen)
    while todo:
        for node in after(todo.pop()):
            if node in within and node not in seen:
                seen.add(node)
                todo.append(node)
    return seen


def _distances(
    seeds: dict[int, int], before: Callable[[int], Iterable[int]], within: set[int]
) -> dict[int, int]:
    """How far each state is from the seeds, which have distances already."""
    found: dict[int, int] = {}
    level = 0
    border: set[int] = set()
    while border or any(far >= level for far in seeds.values()):
        border |= {node for node, far in seeds.items() if far == level}
        border = {node for node in border if node not in found}
        found.update(dict.fromkeys(border, level))
        border = {node for at in border for node in before(at) if node in within}
        level += 1
    return found


class Reference:
    """A complete graph of ``explore``, for questions about it."""

    def __init__(self, net: Any) -> None:
        self.net = net
        self.states = dict(net.nodes(data="state"))
        self._sayings: dict[tuple[Fair, ...], _Sayings] = {}
        self._fair: dict[Any, tuple[set[int], int, int]] = {}

    def sayings(self, demands: tuple[Fair, ...]) -> _Sayings:
        return self._sayings.setdefault(demands, _Sayings(self.net, demands))

    def fair(self, question: Question) -> tuple[set[int], int, int]:
        """The states of fair components, and from how many states fair runs go on out of the
        bounds only, or not at all."""
        memo = question.fair, question.cut
        if memo not in self._fair:
            everything = set(self.states)
            sayings = self.sayings(question.fair)
            parts = sayings.components(everything, lambda _label: True)
            good = {node for component, _ in parts for node in component}
            dead = everything - _reached(good, self.net.predecessors, everything)
            cut = {node for node in dead if question.cut(self.states[node])}
            leaving = _reached(cut, self.net.predecessors, dead)
            self._fair[memo] = good, len(leaving), len(dead) - len(leaving)
        return self._fair[memo]


def decide(reference: Reference, question: Question) -> Decision:
    """Decide a claim."""
    net, states = reference.net, reference.states
    everything = set(states)
    goal = {node for node, state in states.items() if question.goal(state)}
    leading = {node for node in everything - goal if question.leads(states[node])}
    good, cut, stuck = reference.fair(question)
    led = bool(leading & _reached(good, net.predecessors, everything))

    def steps(node: int, forward: bool) -> list[int]:
        """The steps of a run that avoids the goal."""
        edges = net.out_edges(node, "steps") if forward else net.in_edges(node, "steps")
        return [
            after if forward else before
            for before, after, labels in edges
            if not all(map(question.done, labels))
        ]

    pending = _reached(leading, lambda node: steps(node, True), everything - goal)
    sayings = reference.sayings(question.demands)
    bad = sayings.components(pending, lambda label: not question.done(label))
    decision = Decision(verdict(bool(bad), stuck, led), len(leading), cut, stuck)
    if not bad:
        return decision
    place = {state: node for node, state in states.items()}
    component = {node: i for i, (nodes, _) in enumerate(bad) for node in nodes}
    late = _distances(dict.fromkeys(component, 0), lambda node: steps(node, False), pending)
    seeds = {node: late[node] for node in leading if node in late}
    early = _distances(seeds, net.predecessors, everything)
    decision.far = lambda state, owing: (late if owing else early).get(place[state], -1)
    decision.component = lambda state: component.get(place[state], -1)
    decision.answered = [taken for _, taken in bad]
    return decision
