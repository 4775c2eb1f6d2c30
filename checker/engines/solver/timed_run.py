"""Timed runs: one path through a sequence of trees, for all values of some parameters.

A *guide* walks along decision trees in which everything is known except some parameters, about
which something is assumed. The assumptions must decide each test on the way. That is an obligation:
*whatever the parameters are, if they fulfil the assumptions, the test is true* (or false). If
neither follows, the run depends on more than was assumed, and the obligation fails with values of
the parameters.

Some of the parameters may be *chosen*: the run has to exist for some value of them, and the
assumptions are conditions under which it does. Three more obligations, about the whole run, say so:

* ``choice``: whatever the others are, if they are as given, there are values to choose;
* ``no more``: where the run is possible, the others are as given. So they are the condition of this
  run exactly, and no weaker one was missed;
* ``example``: there are values at all, for here are some.

A fourth is optional: ``beyond``, that something else holds for all values that are not as given.
The first has a quantifier. All are linear, and other solvers decide them, too.
"""

from collections.abc import Mapping, Sequence

import z3

from checker.engines.solver import smt
from checker.engines.solver.induction import VERDICTS, Obligation, plain, script
from checker.engines.solver.smt import Term
from checker.ir.nodes import Node, Sort
from checker.ir.tracing import Branch, Leaf, Tree

CHOICE, NO_MORE, EXAMPLE, BEYOND = "choice", "no more", "example", "beyond"


class Astray(Exception):
    """The run cannot be followed further."""


class Guide:
    """Follows one run; ``obligations`` is what came of it so far."""

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, Sort],
        chosen: Sequence[str],
        given: Mapping[str, Node],
        supposed: Mapping[str, Node],
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self.timeout = int(timeout * 1000)
        self.obligations: list[Obligation] = []
        self.at = 0  # the number of the step
        self.terms = smt.Terms({n: smt.variable(n, sort) for n, sort in parameters.items()})
        self.chosen = chosen
        self.sorts = {f"sort of {n}": self._typed(n, sort) for n, sort in parameters.items()}
        self.given = {label: self.terms.of(node) for label, node in given.items()}
        self.supposed = {label: self.terms.of(node) for label, node in supposed.items()}
        self.path: dict[str, Term] = {}

    def _typed(self, name: str, sort: Sort) -> Term:
        term = self.terms.variables[name]
        return term > 0 if sort.lo else term >= 0

    # Steps

    def follow(self, tree: Tree) -> Leaf:
        """The leaf of ``tree`` that the run comes to."""
        while isinstance(tree, Branch):
            term = self.terms.of(tree.test)
            yes = self._answer(term)
            number = sum(what.path == self.at for what in self.obligations) + 1
            self._prove(f"decision {number}", term if yes else z3.Not(term), tree.where)
            tree = tree.then if yes else tree.other
        assert isinstance(tree, Leaf)
        return tree

    def _answer(self, term: Term) -> bool:
        """Which way to go: where the supposition leaves it open, the way that fails is as good."""
        solver = self._solver({**self.sorts, **self.supposed})
        return bool(solver.check(term) != z3.unsat)

    def require(self, label: str, node: Node) -> None:
        """Something without which the run would be none."""
        self._prove(label, self.terms.of(node))

    def _prove(self, label: str, goal: Term, where: str = "") -> None:
        what = Obligation(self.name, self.at, label, where=where)
        self._ask(what, {**self.sorts, **self.supposed}, goal)
        self.path[f"step {self.at}: {label}"] = goal
        if what.verdict != "proved":
            raise Astray(f"step {self.at}: {label}")

    # The whole run

    def conclude(self, example: Mapping[str, int], exact: bool) -> None:
        """The obligations of the whole; ``exact``: the condition is all that the run needs."""
        free = {n: t for n, t in self.sorts.items() if n[len("sort of ") :] not in self.chosen}
        self.at = 0
        if self.chosen:
            variables = [self.terms.variables[name] for name in self.chosen]
            typed = [t for n, t in self.sorts.items() if n not in free]
            body = z3.And(*typed, *self.supposed.values())
            choice = Obligation(self.name, 0, CHOICE)
            self._ask(choice, {**free, **self.given}, z3.Exists(variables, body))
        if exact:
            goal = _all([*self.given.values()])
            self._ask(Obligation(self.name, 0, NO_MORE), {**self.sorts, **self.path}, goal)
        values = {f"value of {n}": self.terms.variables[n] == v for n, v in example.items()}
        said = [*self.sorts.values(), *self.given.values(), *self.supposed.values()]
        self._ask(Obligation(self.name, 0, EXAMPLE), values, _all(said))

    def beyond(self, node: Node) -> bool:
        """Does ``node`` hold wherever the run is not given? Only then it becomes an obligation."""
        what = Obligation(self.name, 0, BEYOND)
        goal = z3.Or(self.terms.of(node), _all([*self.given.values()]))
        self._ask(what, self.sorts, goal)
        if what.verdict != "proved":
            self.obligations.remove(what)
        return what.verdict == "proved"

    # The solver

    def _solver(self, known: Mapping[str, Term]) -> z3.Solver:
        solver = z3.Solver()
        solver.set("timeout", self.timeout)
        solver.add(*known.values())
        return solver

    def _ask(self, what: Obligation, known: Mapping[str, Term], goal: Term) -> None:
        """Does ``goal`` follow from what is known?"""
        solver = self._solver(known)
        solver.add(z3.Not(goal))
        what.verdict = VERDICTS[str(solver.check())]
        what.used = tuple(known)
        if what.verdict == "proved":
            what.script = script(what, [*known.values()], goal)
        elif what.verdict == "failed":
            said = plain(solver.model())
            what.counterexample = {n: str(said[n]) for n in self.terms.variables if n in said}
        self.obligations.append(what)


def _all(terms: Sequence[Term]) -> Term:
    return terms[0] if len(terms) == 1 else z3.And(*terms)
