"""Obligations put to the solver one after the other, until one fails."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import z3

from checker.engines.solver.induction import Obligation, Prover, Step, Theory, steps_of
from checker.engines.solver.response import in_the_end, paths


class Found(Protocol):
    """What is written down: the verdict, what failed first, and how many were asked until then."""

    verdict: str
    first: Obligation | None
    asked: int


def until_one_fails(found: Found, obligations: Iterable[Obligation]) -> None:
    """Take obligations until one fails; of those that are unknown, the first is kept till then."""
    for what in obligations:
        found.asked += 1
        if what.verdict == "proved":
            continue
        if what.verdict == "failed" or found.first is None:
            what.counterexample = {name: plain(v) for name, v in what.counterexample.items()}
            found.first, found.verdict = what, what.verdict
        if what.verdict == "failed":
            return


def in_turn(prover: Prover, near: str) -> Iterator[Obligation]:
    """All obligations; those of paths with ``near`` in their rules first, and before them what
    happens in the end, actions with few paths first."""
    yield from in_the_end(prover)
    for step in paths(prover.theory):
        yield from in_the_end(prover, step)
    yield from prover.start()
    yield from prover.ticking()
    constancy = prover.theory.constancy
    for action in constancy.trees if constancy is not None else ():
        yield from prover.constant(action)
    for step in steps(prover.theory, near):
        yield from prover.step(step)


def steps(t: Theory, near: str = "") -> list[Step]:
    """All paths; those with ``near`` in their rules first, then those of small actions.

    Paths that differ little are next to each other, and go wrong together: every eighth is taken,
    and so on.
    """
    todo = []
    for kind in t.kinds:
        steps = list(steps_of(kind))
        for n, step in enumerate(steps):
            if step.leaf.static.possible:
                far = near not in " ".join(map(str, step.leaf.static.rules))
                todo.append(((far, len(steps), n % 8, n), step))
    return [step for _, step in sorted(todo, key=lambda item: item[0])]


def plain(term: Any) -> Any:
    """A solver's value as a plain one, which can be sent to another process."""
    if z3.is_bool(term):
        return bool(z3.is_true(term))
    if z3.is_bv_value(term) or z3.is_int_value(term):
        return term.as_long()
    return str(term)
