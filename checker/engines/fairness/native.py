"""Liveness under fairness on all edges of a native search: what ``reference`` does, on arrays.

Steps are numbers, and what the assumptions say of a step is worked out once for each of the few
thousand labels. All components of a round are judged at once, in tables of components by
assumptions, which the edges fill in by their labels. The strongly connected components themselves
are scipy's (Pearce 2005).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from checker.engines.explicit.native.graph import Graph
from checker.engines.explicit.native.layout import split_ends
from checker.engines.explicit.native.search import Array
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


@dataclass(slots=True)
class _Duties:
    """The assumptions: of whose action (``then``) each label is, and which it calls for (``when``);
    where the action of a weak or strong one can be taken.

    A label has a row of places in ``names``, filled up with the place behind the last.
    """

    names: list[Duty]
    kinds: Array
    then: Array
    when: Array
    enabled: dict[int, Array]

    def marked(self, said: Array, size: int, of: Array, labels: Array) -> Array:
        """A table of ``size`` components by assumptions: what is ``said`` by one of the edges, of
        which the component and the label are given."""
        table = np.zeros((size, len(self.names) + 1), bool)
        for places in said.T:
            table[of, places[labels]] = True
        return table[:, :-1]

    def calls(self, table: Array, of: Array, labels: Array) -> Array:
        """Which of these edges call for something that the table has of their components."""
        table = np.pad(table, ((0, 0), (0, 1)))
        found = np.zeros(of.size, bool)
        for places in self.when.T:
            found |= table[of, places[labels]]
        return found


class Edges:
    """The edges of a graph, in two orders."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.count = graph.keys.size
        degrees = np.diff(graph.first)
        self.sources = np.repeat(np.arange(self.count, dtype=np.uint32), degrees)
        self.targets = graph.targets
        self.labels = [graph.search.interner.label(int(word)) for word in graph.words]
        self._back = np.argsort(self.targets, kind="stable")
        starts = np.zeros(self.count + 1, np.int64)
        np.cumsum(np.bincount(self.targets, minlength=self.count), out=starts[1:])
        self._into = starts
        order = np.argsort(graph.keys)
        self._sorted, self._places = graph.keys[order], order
        self._duties: dict[tuple[Fair, ...], _Duties] = {}
        self.fair: dict[Any, tuple[Array, int, int]] = {}  # fair states, numbers of cut and stuck

    def place(self, state: Any) -> int:
        """The number of a state."""
        key = self.graph.search.key_of(state)
        at = int(np.searchsorted(self._sorted, np.uint64(key)))
        return int(self._places[at])

    def judged(self, predicate: Any) -> Array:
        """Where a predicate holds. It is asked once for each combination of ends."""
        search = self.graph.search
        words, which = np.unique(search.ends_of(self.graph.keys), return_inverse=True)
        count, joined = len(search.parts.roles), search.interner.joined
        answers = [predicate(joined(split_ends(word, count))) for word in words.tolist()]
        return np.array(answers, bool)[which]

    def distances(self, seeds: Array, within: Array, edges: Array, forward: bool) -> Array:
        """How far states ``within`` are from the seeds, whose distances are given (-1: none); to
        the seeds, unless ``forward``; -1 where there is no way."""
        first = self.graph.first if forward else self._into
        found = np.full(self.count, -1, np.int32)
        level, last = 0, int(seeds.max(initial=-1))
        going = True
        while going or level <= last:
            found[(seeds == level) & (found < 0)] = level
            border = np.flatnonzero(found == level)
            begins, sizes = first[border], first[border + 1] - first[border]
            at = np.repeat(begins - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
            if not forward:
                at = self._back[at]
            after = (self.targets if forward else self.sources)[at[edges[at]]]
            after = after[within[after] & (found[after] < 0)]
            going = bool(after.size)
            level += 1
            found[after] = level
        return found

    def duties(self, demands: tuple[Fair, ...]) -> _Duties:
        """What the assumptions say of the labels."""
        known = self._duties.get(demands)
        if known is None:
            known = self._duties[demands] = self._all_duties(demands)
        return known

    def _all_duties(self, demands: tuple[Fair, ...]) -> _Duties:
        names: dict[Duty, int] = {}
        sides: tuple[list[list[int]], ...] = tuple([[] for _ in self.labels] for _ in range(2))
        for i, fair in enumerate(demands):
            for label, what in enumerate(self.labels):
                for said, keys in zip(sides, (fair.then(what), fair.when(what)), strict=True):
                    for key in keys:
                        duty: tuple[int, Hashable] = (i, key)
                        said[label].append(names.setdefault(duty, len(names)))
            if fair.kind == ENDLESS:
                names.setdefault((i, None), len(names))
        then, when = (_rows(said, len(names)) for said in sides)
        kinds = np.array([demands[i].kind for i, _ in names], dtype="U8")
        enabled: dict[int, Array] = {}
        for place in np.flatnonzero((kinds == WEAK) | (kinds == STRONG)).tolist():
            can = np.zeros(self.count, bool)
            can[self.sources[(then == place).any(axis=1)[self.graph.names]]] = True
            enabled[place] = can
        return _Duties(list(names), kinds, then, when, enabled)

    def components(self, duties: _Duties, states: Array, edges: Array) -> tuple[Array, Array]:
        """The fair components of some states and edges: which each state is in (-1: none), and
        which assumptions' actions are taken in each."""
        states, edges = states.copy(), edges.copy()
        found, count = np.full(self.count, -1, np.int64), 0
        answered = []
        held = np.zeros(self.count, bool)  # to stop here is not fair
        for mask in duties.enabled.values():
            held |= mask
        endless = bool((duties.kinds == ENDLESS).any())
        while states.any():
            at = np.flatnonzero(edges & states[self.sources] & states[self.targets])
            pairs = (self.sources[at], self.targets[at])
            shape = (self.count, self.count)
            # Made of pairs it has no edge twice: with such edges scipy need not come to an end
            arcs = csr_matrix((np.ones(at.size, bool), pairs), shape)
            _, component = connected_components(arcs, connection="strong")
            inner = at[component[pairs[0]] == component[pairs[1]]]
            busy = np.unique(component[self.sources[inner]])
            number = np.full(component.max() + 1, -1, np.int64)
            number[busy] = np.arange(busy.size)
            # States alone, without a step to themselves
            alone = states & (number[component] < 0)
            if not endless:
                still = np.flatnonzero(alone & ~held)
                found[still] = count + np.arange(still.size)
                count += still.size
                answered.append(np.zeros((still.size, len(duties.names)), bool))
            states &= ~alone
            if not busy.size:
                break
            good, edges_left = self._round(duties, states, inner, number[component], busy.size)
            edges[inner] = edges_left
            members = np.flatnonzero(good[0] & (number[component] >= 0))
            mine = number[component[members]]
            renumber, mine = np.unique(mine, return_inverse=True)
            found[members] = count + mine
            count += renumber.size
            answered.append(good[1][renumber])
            states &= good[2]
        none = np.zeros((0, len(duties.names)), bool)
        return found, np.concatenate([none, *answered])

    def goes_on(self, question: Question) -> tuple[Array, int, int]:
        """The states of fair components, and from how many states fair runs go on out of the
        bounds only, or not at all."""
        memo = question.fair, question.cut
        if memo not in self.fair:
            everything, every = np.ones(self.count, bool), np.ones(self.targets.size, bool)
            good = self.components(self.duties(question.fair), everything, every)[0] >= 0
            dead = self.distances(_seeds(good), everything, every, False) < 0
            cut = np.zeros(self.count, bool)
            for number in np.flatnonzero(dead).tolist():
                cut[number] = question.cut(self.graph.state(number))
            leaving = int((self.distances(_seeds(cut), dead, every, False) >= 0).sum())
            self.fair[memo] = good, leaving, int(dead.sum()) - leaving
        return self.fair[memo]

    def _round(
        self, duties: _Duties, states: Array, inner: Array, number: Array, size: int
    ) -> tuple[tuple[Array, Array, Array], Array]:
        """Judge components, of which each state has the ``number``: the states of the fair ones,
        the actions taken in each, the states to look at again; and the inner edges left."""
        mine, labels = number[self.sources[inner]], self.graph.names[inner]
        taken = duties.marked(duties.then, size, mine, labels)
        asked = duties.marked(duties.when, size, mine, labels)
        dead = (~taken[:, duties.kinds == ENDLESS]).any(axis=1)
        changed = np.zeros(size, bool)
        members = np.flatnonzero(states)
        keep = states.copy()
        for duty, mask in duties.enabled.items():
            can = mask[members]
            if duties.kinds[duty] == WEAK:
                free = np.zeros(size, bool)
                free[number[members[~can]]] = True
                dead |= ~(taken[:, duty] | free)
            else:
                away = members[can & ~taken[number[members], duty]]
                keep[away] = False
                changed[number[away]] = True
        unmet = asked & ~taken & (duties.kinds == ANSWERED)
        bad = duties.calls(unmet, mine, labels)
        changed[mine[bad]] = True
        fair = np.zeros(self.count, bool)
        fair[members] = ~(dead | changed)[number[members]]
        again = np.zeros(self.count, bool)
        again[members] = (changed & ~dead)[number[members]]
        return (fair, taken, again & keep), ~bad


def _rows(said: list[list[int]], none: int) -> Array:
    """Lists as the rows of one array, those that are shorter filled up with ``none``."""
    most = max(map(len, said), default=0)
    return np.array([[*one, *[none] * (most - len(one))] for one in said], np.int64)


def _seeds(mask: Array) -> Array:
    """Distance 0 in some states, in the others none."""
    return np.where(mask, 0, -1).astype(np.int32)


def decide(edges: Edges, question: Question) -> Decision:
    """Decide a claim; the parts judge ``leads`` and ``goal`` by their ends."""
    goal = edges.judged(question.goal)
    leading = ~goal & edges.judged(question.leads)
    everything, every = np.ones(edges.count, bool), np.ones(edges.targets.size, bool)
    good, cut, stuck = edges.goes_on(question)
    led = bool((leading & (edges.distances(_seeds(good), everything, every, False) >= 0)).any())

    on = ~np.array([question.done(label) for label in edges.labels], bool)[edges.graph.names]
    pending = edges.distances(_seeds(leading), ~goal, on, True) >= 0
    duties = edges.duties(question.demands)
    component, answered = edges.components(duties, pending, on)
    bad = component >= 0
    decision = Decision(
        verdict(bool(bad.any()), stuck, led),
        int(leading.sum()),
        cut,
        stuck,
    )
    if not bad.any():
        return decision
    late = edges.distances(_seeds(bad), pending, on, False)
    early = edges.distances(np.where(leading, late, -1), everything, every, False)
    decision.far = lambda state, owing: int((late if owing else early)[edges.place(state)])
    decision.component = lambda state: int(component[edges.place(state)])
    decision.answered = [
        frozenset(duties.names[duty] for duty in np.flatnonzero(row)) for row in answered
    ]
    return decision
