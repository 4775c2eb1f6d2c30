"""Predicates, changed in one place at a time: does a verdict or the length of a run notice?

``python -m tests.programs.predicates`` makes the changes that ``python -m checker mutants`` makes
to rules, and some more, to the predicates of claims (``proofs/claims/properties.py``). Each change
is asked of every claim, witness, ablation and control that reads it, at the small scale: a claim
that holds notices a predicate that asks for too much, an ablation or a finding one that asks for
too little. What none of them notices is asked of tests of single states
(``tests/proofs/claims/test_properties.py``). With words it takes the places that contain one of
them, such as ``no_dead_open``.

A predicate changes no state. So one exploration decides a claim and all that its changes would make
of it.

The exit code is 1 if a change is not noticed and ``UNNOTICED`` does not say why.
"""

import argparse
import dataclasses
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any

from checker.engines.explicit import native
from checker.engines.explicit.engine import Check
from checker.ir.mutate import Mutant, mutants
from checker.model import liveness
from checker.model.search import Options, TcpParts
from checker.studies import pins
from checker.studies.explorations import Job, jobs
from checker.studies.mutants import DIALECT
from proofs.claims import properties
from proofs.claims.ablations import ABLATIONS, CONTROLS
from proofs.claims.claim import Claim
from proofs.claims.table import CLAIMS
from tests.programs import observers

AT_ONCE = 48
"""Checks of one exploration; the kernel has 64 bits for them."""
TESTS = ("tests/proofs/claims/test_properties.py",)
UNNOTICED: dict[str, str] = {}
"""Changes that nothing notices, and why."""

Question = tuple[str, Job, int | None]
"""What is asked, the exploration that answers, and how deep it goes."""
Variants = dict[str, tuple[Claim, Mutant | None]]
"""Claims by a name: as they are, and as changes make them."""


def functions() -> dict[str, FunctionType]:
    """The predicates, and the functions that they call."""
    return {
        name: value
        for name, value in vars(properties).items()
        if isinstance(value, FunctionType) and value.__module__ == properties.__name__
    }


def changes(*names: str) -> list[Mutant]:
    """The changes of functions of these names, or all."""
    dialect = dataclasses.replace(DIALECT, operands=True)
    return mutants([f for name, f in functions().items() if not names or name in names], dialect)


def reads(predicate: Callable[..., bool]) -> set[str]:
    """The names of the functions that take part in a predicate."""
    known, found, todo = functions(), set[str](), [predicate.__name__]
    while todo:
        name = todo.pop()
        if name in known and name not in found:
            found.add(name)
            todo += known[name].__code__.co_names
    return found


def changed(change: Mutant, predicate: Callable[..., bool]) -> Callable[..., bool]:
    """A predicate as a change of it, or of what it calls, makes it: a copy."""
    names = dict(vars(properties))
    for name, function in functions().items():
        code = change.code if function is change.original else function.__code__
        names[name] = FunctionType(code, names, name, function.__defaults__)
    copy: Callable[..., bool] = names[predicate.__name__]
    return copy


def questions() -> list[Question]:
    """Every claim, ablation and control, as deep as it takes to see what is pinned; first those of
    claims that have few states."""
    pinned = pins.expectations()
    how = Options(engine="native")
    found: list[Question] = [(job.ids, job, None) for job in jobs(CLAIMS, {}, {}, how)]
    for change in (*ABLATIONS, *CONTROLS):
        (job,) = jobs([change.claim], change.rules, change.bounds, how)
        length = pinned["ablations"].get(change.id, {}).get("length")
        found.append((change.id, job, None if job.live else length))

    def states(question: Question) -> int:
        return max(
            pinned["small"].get(claim.id, {}).get("states", 0) for claim in question[1].claims
        )

    return sorted(found, key=states)


def variants(claim: Claim, asked: Iterable[Mutant]) -> Iterator[tuple[Claim, Mutant]]:
    """A claim as each change makes it that it reads."""
    said = [claim.predicate] if claim.live is None else [claim.live.leads, claim.live.goal]
    read = {function: reads(function) for function in said if function is not None}
    for change in asked:
        new = {f: changed(change, f) for f, names in read.items() if change.function in names}
        if not new:
            continue
        if claim.live is None:
            yield dataclasses.replace(claim, predicate=new[claim.predicate]), change
        else:
            leads, goal = claim.live.leads, claim.live.goal
            live = dataclasses.replace(
                claim.live,
                leads=new.get(leads, leads),
                goal=None if goal is None else new.get(goal, goal),
            )
            yield dataclasses.replace(claim, live=live), change


def answers(job: Job, depth: int | None, asked: Mapping[str, Claim]) -> dict[str, object]:
    """What an exploration says of claims: of a state, after how many steps it is there; of
    liveness, the verdict and the length of the lasso."""
    model = job.model.anew()
    if job.live:
        lives = {name: claim.live for name, claim in asked.items() if claim.live is not None}
        _, found = liveness.search(model.system, lives, Options(engine="native"))
        return {
            name: (one.verdict, one.lasso and (len(one.lasso.steps), one.lasso.loop))
            for name, one in found.items()
        }
    checks = {
        name: Check(claim.kind, _safe(claim.predicate), claim.idle) for name, claim in asked.items()
    }
    options: Mapping[str, Any] = {"to_depth": depth, "stop_when_decided": False}
    lengths = native.explore(TcpParts(model.system), checks, paths=False, **options).lengths
    return {name: lengths.get(name) for name in asked}


def _safe(predicate: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A predicate that says of what breaks it that it is not so."""

    def ask(state: Any) -> bool:
        try:
            return predicate(state)
        except Exception:
            return False

    return ask


def ask(question: Question, asked: Iterable[Mutant]) -> Iterator[tuple[Mutant, str, bool]]:
    """Each change that a question reads, of which claim, and whether the answer is another."""
    _, job, depth = question
    todo = [(claim, *one) for claim in job.claims for one in variants(claim, asked)]
    room = AT_ONCE - len(job.claims)
    for first in range(0, len(todo), room):
        batch = todo[first : first + room]
        named = {claim.id: claim for claim in job.claims}
        named |= {str(number): claim for number, (_, claim, _) in enumerate(batch)}
        said = answers(job, depth, named)
        for number, (claim, _, change) in enumerate(batch):
            yield change, claim.id, said[str(number)] != said[claim.id]


def main() -> int:
    """Ask of each change; 1 if one is not noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only places that contain one of these")
    words = parser.parse_args().words
    chosen = [
        change
        for change in changes()
        if not words or any(word in f"{change.place} {change.function}" for word in words)
    ]
    noticed: dict[str, list[str]] = defaultdict(list)
    for question in questions():
        open_ = [change for change in chosen if not noticed[change.name]]
        for change, claim, other in ask(question, open_):
            if other:
                noticed[change.name].append(claim)
        print(f"{question[0]}: {len(open_)} are open", file=sys.stderr, flush=True)
    by_runs = sum(bool(noticed[change.name]) for change in chosen)
    missed = [
        change
        for change in chosen
        if not noticed[change.name] and not observers.noticed(change, TESTS)
    ]
    for change in missed:
        said = f"{change.function}: {change.before} -> {change.after}"
        print(f"{change.place}: {said}: {UNNOTICED.get(said, 'not noticed')}")
    left = [c for c in missed if f"{c.function}: {c.before} -> {c.after}" not in UNNOTICED]
    print(
        f"{len(chosen)} changes: {by_runs} noticed by explorations, "
        f"{len(chosen) - by_runs - len(missed)} by tests of states; {len(left)} not noticed"
    )
    return 1 if left or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
