"""``prove --why``: why is each clause there?

One clause at a time is left out of a theory that is proved: what fails first without it is why it
is there. That is pinned in ``proofs/results/why.toml``.
"""

import dataclasses
import json
import os
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from importlib import resources
from typing import Any

from checker.engines.solver.induction import (
    NEVER,
    TICK,
    Obligation,
    Prover,
    Theory,
)
from checker.engines.solver.response import STATES, in_the_end, paths, prover_of
from checker.studies.prove import TIMEOUT
from checker.studies.prove.asking import steps, until_one_fails
from checker.studies.prove.prove import Proof
from checker.studies.prove.report import VERSION, state_rows
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.workers import forked
from proofs.theorems.table import THEOREMS, together

_proofs: list[Proof] = []
_timeout = TIMEOUT
Reason = dict[str, str]
"""Of a clause: what ``fails`` without it, ``after`` which action, by which ``rule``."""


@dataclass(slots=True)
class Why:
    """What came of leaving a clause out: the first obligation that fails then."""

    theory: str
    clause: str
    verdict: str  # of the rest: "failed", "proved" or "unknown"
    first: Obligation | None = None  # that failed, or that was given up
    state: str = ""  # from which it fails, in one line
    asked: int = 0  # obligations until then
    seconds: float = 0.0

    @property
    def superfluous(self) -> bool:
        """Is all proved without it?"""
        return self.verdict == "proved"

    @property
    def reason(self) -> Reason:
        """What ``why.toml`` says of it: nothing that a change of lines would change."""
        what = self.first
        if what is None:
            return {}
        return {"fails": what.clause, "after": what.action, "rule": "; ".join(what.rules)}


def why(
    proofs: Sequence[Proof],
    workers: int | None = None,
    progress: Callable[[Why, int], None] | None = None,
    timeout: float = TIMEOUT,
) -> list[Why]:
    """Leave each clause out of proofs that are whole, one at a time, until an obligation fails.

    An obligation that was proved without the clause is proved still. So only the others are asked
    again, and which one of them fails first does not depend on the solver.
    """
    global _proofs, _timeout  # what the workers are forked with
    _proofs, _timeout = list(proofs), timeout
    todo = [(p, clause) for p, proof in enumerate(proofs) for clause in _supposed(proof)]
    results: dict[tuple[int, str], Why] = {}
    with forked(workers or os.cpu_count() or 1) as pool:
        running = {pool.submit(_why, *one): one for one in todo}
        for future in as_completed(running):
            found = results[running[future]] = future.result()
            if progress is not None:
                progress(found, len(todo))
    return [results[one] for one in todo]


def _supposed(proof: Proof) -> list[str]:
    """The clauses that a proof supposes and that nobody claims."""
    t = proof.theory
    return [clause.name for clause in t.clauses if clause.name not in t.claims]


def _why(number: int, name: str) -> Why:
    """Leave out one clause, in a worker."""
    began = time.monotonic()
    proof = _proofs[number]
    t = proof.theory
    rest = dataclasses.replace(t, clauses=[c for c in t.clauses if c.name != name])
    found = Why(proof.id, name, "proved")
    until_one_fails(found, _again(prover_of(rest, _timeout), _leaning(proof, name)))
    if found.first is not None and found.verdict == "failed":
        found.state = compact(t, found.first)
    found.seconds = time.monotonic() - began
    return found


Leaning = dict[tuple[str, int], set[str]]
"""Clauses whose proof needs another one, by action and path."""


def _leaning(proof: Proof, name: str) -> Leaning:
    """What the proof of which obligations needed a clause for."""
    found: Leaning = {}
    for what in proof.obligations:
        if any(used.split()[0] == name for used in what.used):
            found.setdefault((what.action, what.path), set()).add(what.clause)
    return found


def _again(prover: Prover, leaning: Leaning) -> Iterator[Obligation]:
    """Those obligations again, in order; all of a path that is not known any more to be none."""
    if (TICK, 0) in leaning:
        yield from prover.ticking()
    for step in steps(prover.theory):
        clauses = leaning.get((step.action, step.path))
        if clauses is not None:
            yield from prover.step(step, None if NEVER in clauses else clauses)
    if (STATES, 0) in leaning:
        yield from in_the_end(prover)
    for step in paths(prover.theory):
        if (step.action, step.path) in leaning:
            yield from in_the_end(prover, step)


def compact(t: Theory, what: Obligation) -> str:
    """The state of a counterexample in one line."""
    clause = next((c for c in t.clauses if c.name == what.clause), None)
    rows = [row for row in state_rows(t, clause, what) if row[0] != "before"]
    return "; ".join(f"{label}: {shown}" for label, shown in rows)


_WHY = """\
# Why each clause is there: what fails first without it, after which action, by which rule. Theorems
# that are proved together are one theory, which has the first one's name. `prove --why --pin`
# rewrites the theories that it is asked for.
"""


def reasons() -> dict[str, dict[str, Reason]]:
    """``proofs/results/why.toml``: reasons by theory and clause."""
    return tomllib.loads(resources.files("proofs").joinpath("results/why.toml").read_text("utf-8"))


def pinned_otherwise(found: Sequence[Why]) -> list[Why]:
    """Where the reason is not the one that is pinned."""
    known = reasons()
    return [one for one in found if known.get(one.theory, {}).get(one.clause) != one.reason]


def pin(found: Sequence[Why]) -> None:
    """Rewrite the theories in ``proofs/results/why.toml`` of which reasons were found."""
    if any(one.verdict != "failed" for one in found):
        raise UsageProblem("nothing is pinned while a clause is superfluous, or its reason unknown")
    with resources.as_file(resources.files("proofs").joinpath("results/why.toml")) as path:
        files.write(path, toml(found, reasons()).encode())


def toml(found: Sequence[Why], known: dict[str, dict[str, Reason]]) -> str:
    """The text of ``why.toml``: what was found, or of other theories what was known."""
    fresh: dict[str, dict[str, Reason]] = {}
    for one in found:
        fresh.setdefault(one.theory, {})[one.clause] = one.reason
    lines = [_WHY.rstrip("\n")]
    for base, *_ in together(THEOREMS):
        for clause, reason in fresh.get(base.id, known.get(base.id, {})).items():
            lines += ["", f"[{json.dumps(base.id)}.{clause}]"]
            lines += [f"{name} = {json.dumps(value)}" for name, value in reason.items()]
    return "\n".join([*lines, ""])


def exit_code(found: Sequence[Why]) -> int:
    """1 if a clause is superfluous or a reason is not what is pinned, else 3 if one is unknown."""
    known = [one for one in found if one.verdict != "unknown"]
    if any(one.superfluous for one in known) or pinned_otherwise(known):
        return VIOLATED
    return OK if found and len(known) == len(found) else INCONCLUSIVE


def report(found: Sequence[Why]) -> dict[str, Any]:
    """What was found, for the JSON."""
    return {
        "version": VERSION,
        "clauses": [
            {
                "theory": one.theory,
                "clause": one.clause,
                "verdict": "superfluous" if one.superfluous else one.verdict,
                "reason": one.reason,
                "obligation": None if one.first is None else one.first.name,
                "line": None if one.first is None else one.first.where,
                "state": one.state,
                "asked": one.asked,
                "seconds": round(one.seconds, 2),
            }
            for one in found
        ],
    }
