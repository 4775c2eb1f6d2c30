"""Liveness under fairness, on the graph of all reachable states: the reference, and lassos.

A run may stop only where nothing that must happen can: every state has, besides its steps, a step
to itself that does nothing (*stuttering*). What must happen is said by assumptions of *fairness*
on infinite runs, each about a set of steps, its *action*:

* ``weak``: an action that can be taken from some point on is taken infinitely often, or there are
  infinitely many states where it cannot be taken;
* ``strong``: an action that can be taken in infinitely many states is taken infinitely often;
* ``answered``: if steps of one set (``when``) are taken infinitely often, then so are those of
  another (``then``), whether these can be taken or not.

An assumption stands for one for each *key* of its steps, such as the host, or the message.

The states and steps that a run passes infinitely often lie in one strongly connected component of
the graph. So a fair run that avoids a set of states for ever exists if, and only if, without these
states a *fair component* can be reached: a strongly connected set of states and steps in which
every assumption is met. All of them are found by taking components apart (Emerson and Lei 1987):
an assumption that is not met in a component is not met in any part of it either, unless the
part does not call for it. Where ``strong`` fails, the states where its action can be taken go;
where ``answered`` fails, the steps that ask go; where ``weak`` fails, all of it goes. What is left
falls into components again.

A claim says: from every state where ``leads`` holds, each fair run comes to a state where ``goal``
holds. A counterexample is a lasso: a stem, which is the shortest, and a loop, which may be empty
(the run stops).

Assumptions can be too strong. ``weak`` and ``strong`` leave a fair run from every state (they are
*machine closed*). ``answered`` need not, since it may require something impossible. A claim about
states that no fair run passes would be true without meaning anything. So a claim is *infeasible* if
there is a state from which no run goes on fairly, and *vacuous* if no fair run passes a state where
``leads`` holds.

The graph may be that of a system within bounds, which refuse steps that the system has. A run of
the graph is a run of the system, and equally fair, as long as no weak or strong assumption is about
a step that is refused. So a lasso of the graph is a lasso of the system, whatever else is refused,
and every run of the graph is judged. But ``answered`` may require a step that is refused, and then
a fair run has to leave the bounds. States where a step that may be required is refused are ``cut``.
If no run goes on fairly from a state, but one goes on to such a state, the assumptions are not too
strong. Nothing is then known about the runs from there, and the number of such states is reported.

Here everything is done with networkx, and the steps of states are objects; ``streett`` does the
same on arrays. The same code finds stems and loops for both, so their lassos are the same.
"""

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import networkx as nx

from checker.engines.explicit.explore import Path, System
from checker.support.errors import Problem

Keys = Callable[[Any], Collection[Hashable]]
"""The keys of a label, none if the step is not of the action."""
Duty = tuple[int, Hashable]
"""One assumption: its place among those given, and its key."""

WEAK, STRONG, ANSWERED, ENDLESS = "weak", "strong", "answered", "endless"
"""``ENDLESS`` is no assumption but what a counterexample shows: an action that never ends."""

HOLDS, VIOLATED, VACUOUS, INFEASIBLE = "holds", "violated", "vacuous", "infeasible"
VERDICTS = (VIOLATED, INFEASIBLE, VACUOUS, HOLDS)
"""The worst first."""


def _nothing(_label: Any) -> Collection[Hashable]:
    return ()


@dataclass(frozen=True, slots=True)
class Fair:
    """Assumptions of fairness of one kind; ``when`` is for ``answered`` only."""

    kind: str
    then: Keys
    when: Keys = _nothing


@dataclass(frozen=True)
class Question:
    """A claim, as above. ``done`` are steps that count as the goal; if ``through`` is given, only
    runs that take such steps infinitely often are counterexamples."""

    fair: tuple[Fair, ...]
    leads: Callable[[Any], bool]
    goal: Callable[[Any], bool]
    cut: Callable[[Any], bool] = lambda _state: False
    done: Callable[[Any], bool] = lambda _label: False
    through: Callable[[Any], bool] | None = None

    @cached_property
    def demands(self) -> tuple[Fair, ...]:
        """What the loop of a counterexample meets."""
        through = self.through
        if through is None:
            return self.fair
        return (*self.fair, Fair(ENDLESS, lambda label: (None,) if through(label) else ()))


@dataclass(slots=True)
class Decision:
    """What was found. Of a violation: how far a state is from a fair component of the runs that
    avoid the goal (-1: none can be reached), before and after ``leads`` was met; which component it
    is in (-1: none); and the assumptions whose action is taken in each component."""

    verdict: str
    leading: int  # states where ``leads`` holds and ``goal`` does not
    cut: int  # states from which fair runs go on out of the bounds only
    stuck: int  # states from which no run goes on fairly at all
    far: Callable[[Any, bool], int] = lambda _state, _pending: -1
    component: Callable[[Any], int] = lambda _state: -1
    answered: Sequence[Collection[Duty]] = field(default_factory=list)


def verdict(bad: bool, stuck: int, led: bool) -> str:
    """A lasso is a lasso; without one, was there anything that could be one?"""
    if bad:
        return VIOLATED
    if stuck:
        return INFEASIBLE
    return HOLDS if led else VACUOUS


# The reference


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


# Lassos, for all engines


def lasso(system: System, question: Question, decision: Decision) -> Path:
    """A counterexample: a shortest stem, then a loop."""
    state = system.initial()
    start, path, owing = state, [], False
    left = decision.far(state, False)
    while True:
        owing = owing or (_leads(question, state) and decision.far(state, True) == left)
        if owing and not left:
            break
        left -= 1
        for label, after in system.steps(state):
            if decision.far(after, owing) == left and not (owing and question.done(label)):
                path.append((label, after))
                state = after
                break
        else:
            raise Problem("a stem that was found cannot be followed")
    loop = _Loop(system, question, decision, state).find()
    return Path(start, path + loop, loop=len(path))


def _leads(question: Question, state: Any) -> bool:
    return question.leads(state) and not question.goal(state)


EXACT = 20_000
"""Nodes up to which the shortest loop is looked for; beyond, one that is not much longer."""

_Met = frozenset[Duty]


class _Loop:
    """A loop through one state of a fair component."""

    def __init__(self, system: System, question: Question, decision: Decision, entry: Any) -> None:
        self.system, self.question, self.entry = system, question, entry
        self.demands = question.demands
        self.component = decision.component
        self.home = decision.component(entry)
        self.taken = decision.answered[self.home]
        self._steps: dict[Any, list[tuple[Any, Any]]] = {}
        self._enabled: dict[Any, tuple[_Met, _Met]] = {}

    def find(self) -> list[tuple[Any, Any]]:
        """The steps of a loop that meets every assumption."""
        return self._shortest() or self._greedy()

    def duties(self, label: Any, kinds: Collection[str], when: bool = False) -> set[Duty]:
        return {
            (i, key)
            for i, fair in enumerate(self.demands)
            if fair.kind in kinds
            for key in (fair.when if when else fair.then)(label)
        }

    def steps(self, state: Any) -> list[tuple[Any, Any]]:
        """The steps that stay in the component and ask for nothing that it does not have."""
        known = self._steps.get(state)
        if known is None:
            known = self._steps[state] = [
                (label, after)
                for label, after in self.system.steps(state)
                if self.component(after) == self.home
                and not self.question.done(label)
                and self.duties(label, (ANSWERED,), when=True) <= set(self.taken)
            ]
        return known

    def enabled(self, state: Any) -> tuple[_Met, _Met]:
        """The assumptions, weak and strong, whose action can be taken."""
        known = self._enabled.get(state)
        if known is None:
            labels = [label for label, _ in self.system.steps(state)]
            known = self._enabled[state] = (
                frozenset().union(*(self.duties(label, (WEAK,)) for label in labels)),
                frozenset().union(*(self.duties(label, (STRONG,)) for label in labels)),
            )
        return known

    def first(self) -> tuple[_Met, _Met]:
        """What the loop owes at its start, and what it has met."""
        weak, strong = self.enabled(self.entry)
        endless = {(i, None) for i, fair in enumerate(self.demands) if fair.kind == ENDLESS}
        return weak | strong | endless, frozenset()

    def after(self, label: Any, state: Any, owed: _Met, met: _Met) -> tuple[_Met, _Met]:
        """What is owed, and what has been met, after a step."""
        weak, strong = self.enabled(state)
        met = met | self.duties(label, (STRONG, ANSWERED))
        owed = owed - self.duties(label, (WEAK, ENDLESS))
        owed = frozenset(
            duty for duty in owed if self.demands[duty[0]].kind != WEAK or duty in weak
        )
        return (owed | strong | self.duties(label, (ANSWERED,), when=True)) - met, met

    def _shortest(self) -> list[tuple[Any, Any]]:
        """A shortest loop; none if there are too many ways, or if to stop is fair."""
        begin = (self.entry, *self.first())
        if not begin[1]:
            return []
        origin: dict[Any, Any] = {begin: None}
        todo = deque([begin])
        while todo and len(origin) < EXACT:
            here = todo.popleft()
            for label, state in self.steps(here[0]):
                there = (state, *self.after(label, state, *here[1:]))
                if there in origin:
                    continue
                origin[there] = (here, label, state)
                if state == self.entry and not there[1]:
                    return _walk(origin, there)
                todo.append(there)
        return []

    def _greedy(self) -> list[tuple[Any, Any]]:
        """Meet what is owed, the nearest first; then go back."""
        state, (owed, met) = self.entry, self.first()
        found: list[tuple[Any, Any]] = []
        while owed or state != self.entry:
            for label, after in self._nearest(state, owed, met):
                owed, met = self.after(label, after, owed, met)
                found.append((label, after))
                state = after
        return found

    def _nearest(self, start: Any, owed: _Met, met: _Met) -> list[tuple[Any, Any]]:
        """The shortest way to something owed, or to the start of the loop if nothing is."""
        origin: dict[Any, Any] = {start: None}
        todo = deque([start])
        while todo:
            here = todo.popleft()
            for label, state in self.steps(here):
                fits = state == self.entry
                if owed:
                    fits = not owed <= self.after(label, state, owed, met)[0]
                if fits:
                    return [*_walk(origin, here), (label, state)]
                if state not in origin:
                    origin[state] = (here, label, state)
                    todo.append(state)
        raise Problem("a fair component does not meet what it should")


def _walk(origin: dict[Any, Any], end: Any) -> list[tuple[Any, Any]]:
    """The steps from where a search began."""
    found = []
    while origin[end] is not None:
        end, *step = origin[end]
        found.append((step[0], step[1]))
    return found[::-1]


def confirm(system: System, question: Question, path: Path) -> None:
    """Raise ``Problem`` unless ``path``, a run of the system, refutes the claim as it stands.

    Knows of no components: it goes along the run and looks at what can be done in each state.
    """
    assert path.loop is not None
    states = [path.start, *(after for _, after in path.steps)]
    if states[path.loop] != states[-1]:
        raise Problem("the loop does not end where it begins")
    owing = False
    for at, state in enumerate(states):
        if question.goal(state) or (at and question.done(path.steps[at - 1][0])):
            owing = False
        if _leads(question, state):
            owing = True
        if at >= path.loop and (question.goal(state) or not owing):
            raise Problem("the loop comes to the goal, or owes nothing")
    loop = path.steps[path.loop :]
    around = states[path.loop : -1] if loop else [states[-1]]
    labels = [label for label, _ in loop]
    if any(map(question.done, labels)):
        raise Problem("a step of the loop counts as the goal")
    if question.through is not None and not any(map(question.through, labels)):
        raise Problem("the loop does not go on as it should")
    for fair in question.fair:
        taken = {key for label in labels for key in fair.then(label)}
        can = [{key for label, _ in system.steps(s) for key in fair.then(label)} for s in around]
        if fair.kind == WEAK:
            owed = set.intersection(*can)
        elif fair.kind == STRONG:
            owed = set.union(*can)
        else:
            owed = {key for label in labels for key in fair.when(label)}
        if not owed <= taken:
            raise Problem(f"the loop is not fair: {fair.kind} {sorted(map(str, owed - taken))}")
