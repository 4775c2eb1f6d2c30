"""Lassos: a shortest stem and a loop that refute a claim.

They are found the same way whatever engine decided, and checked by code that knows nothing of
components.
"""

from collections import deque
from collections.abc import Collection
from typing import Any

from checker.engines.explicit.engine import Path
from checker.engines.explicit.parts import System
from checker.engines.fairness.question import (
    ANSWERED,
    ENDLESS,
    STRONG,
    WEAK,
    Decision,
    Duty,
    Question,
)
from checker.support.errors import Problem


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
