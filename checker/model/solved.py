"""What only the solver is given: the composition with any ISNs, and claims as terms of a state.

It stands apart from ``checker.model.traced`` so that whoever does without a solver needs none.
"""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import z3

from checker.engines.solver import smt
from checker.ir.composition import Composition
from checker.ir.nodes import integer
from checker.model.traced import Traced, predicate
from spec.rules import Isn, Rules
from spec.world.bounds import Bounds
from spec.world.system import World
from spec.world.topology import TWO_HOSTS


def open_composition(
    model: Composition, rules: Rules, bounds: Bounds, strides_as_explored: bool = False
) -> smt.OpenComposition:
    """The same for the solver; ISNs are variables of full width.

    ``isn.<host>.<n>`` is the ISS of a host's TCB n+1. Fresh ISNs go up from any first one, by at
    least ``bounds.stride`` and less than half the space (exactly half where the stride is). With
    ``strides_as_explored`` the first one is still any, and the others lie from it as in
    ``System.isns``: that is, at multiples of the stride.
    """
    shared = {f.name: getattr(model, f.name) for f in dataclasses.fields(model)}
    isns, assumptions = _isns(rules, bounds, strides_as_explored)
    return smt.OpenComposition(**shared, draws=isns, assumptions=assumptions)


def _isns(rules: Rules, bounds: Bounds, explored: bool) -> tuple[list[list[Any]], list[Any]]:
    """The ISNs of each host as solver variables, and what is assumed of them."""
    sort = integer(0, (1 << bounds.width) - 1)
    half = 1 << (bounds.width - 1)
    isns = [
        [smt.variable(f"isn.{name}.{n}", sort) for n in range(bounds.incarnations)]
        for name in TWO_HOSTS.names
    ]
    assumptions = []
    for mine in isns:
        if explored and rules.isn == Isn.ANY:
            steps = [n * bounds.stride for n in range(bounds.incarnations)]
            assumptions += [z3.Or([isn - mine[0] == n for n in steps]) for isn in mine[1:]]
        for one, next_ in itertools.pairwise(mine):
            if explored and rules.isn == Isn.FRESH:
                assumptions.append(next_ - one == bounds.stride)
            elif rules.isn == Isn.CONSTANT:
                assumptions.append(one == next_)
            elif rules.isn == Isn.FRESH:
                assumptions += [
                    z3.UGE(next_ - one, bounds.stride),
                    z3.ULE(next_ - one, half),
                ]
    return isns, assumptions


def formula(claim: Callable[[World], bool], traced: Traced, state: smt.State) -> Any:
    """The solver's term for ``claim`` of a state."""
    tree = predicate(claim, traced)
    terms = smt.Terms(
        {
            f"{name.lower()}.{path}": term
            for name, end in zip(TWO_HOSTS.names, state.ends, strict=True)
            for path, term in end.items()
        }
    )
    (term,) = smt.row_of(tree, terms, lambda leaf: [terms.of(leaf.outputs[0])])
    return term
