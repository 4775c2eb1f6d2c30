"""``prove --needed``: is everything needed that a theorem assumes?

What ``proofs.theorems.needs`` lists is taken away from the theorems, one thing at a time: the proof
should fail, and the explorer should find a run to the violation.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Any

from checker.engines.solver.induction import (
    Obligation,
    Theory,
)
from checker.engines.solver.response import prover_of
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules, grown, show
from checker.model.search import Options
from checker.studies.prove import TIMEOUT
from checker.studies.prove.asking import in_turn, until_one_fails
from checker.studies.prove.prove import named
from checker.studies.prove.report import VERSION
from checker.studies.prove.theories import theory
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED
from checker.support.workers import forked
from proofs.claims.ablations import Ablation
from proofs.theorems.needs import NEEDS, Need, Run, varied
from proofs.theorems.table import BY_ID, Theorem


@dataclass(slots=True)
class Needed:
    """What came of an entry: how the proof went, and how long the run to a violation is."""

    need: Need
    verdict: str  # of the proof: "failed", "proved" or "unknown"
    first: Obligation | None = None  # that failed, or that was given up
    asked: int = 0  # obligations until then
    steps: int | None = None
    searched: bool = False  # all states, or up to a violation
    seconds: float = 0.0

    @property
    def undecided(self) -> bool:
        """Does it say neither that all is as expected, nor that it is not?"""
        looked = self.need.run is None or self.searched
        return self.verdict == "unknown" or not looked

    @property
    def ok(self) -> bool:
        """Is it as the entry says?"""
        found = self.need.run is None or self.steps is not None
        return (self.verdict == "failed") == self.need.falls and found and not self.undecided


def select(ids: Sequence[str]) -> list[Need]:
    """The entries of the theorems named, or all."""
    if not ids:
        return list(NEEDS)
    chosen = {theorem.id for id in ids for theorem in named(id)}
    return [need for need in NEEDS if need.theorem in chosen]


def needed(
    needs: Sequence[Need],
    workers: int | None = None,
    progress: Callable[[Needed, int], None] | None = None,
    timeout: float = TIMEOUT,
    make: Callable[[Sequence[Theorem]], Theory] = theory,
    theorems: Mapping[str, Theorem] = BY_ID,
) -> list[Needed]:
    """Try to prove each theorem with one thing less, one variant for each worker at a time."""
    results: dict[int, Needed] = {}
    # Those that are expected to be proved take longest
    order = sorted(range(len(needs)), key=lambda number: needs[number].falls)
    with forked(workers or os.cpu_count() or 1) as pool:
        running = {
            pool.submit(_vary, needs[number], timeout, make, theorems): number for number in order
        }
        for future in as_completed(running):
            number = running[future]
            results[number] = future.result()
            if progress is not None:
                progress(results[number], len(needs))
    return [results[number] for number in range(len(needs))]


def _vary(
    need: Need,
    timeout: float,
    make: Callable[[Sequence[Theorem]], Theory],
    theorems: Mapping[str, Theorem],
) -> Needed:
    """Work through one entry, in a worker."""
    began = time.monotonic()
    found = _disprove(need, make([varied(need, theorems)]), timeout)
    if need.run is not None:
        found.steps, found.searched = _violated(need.run)
    found.seconds = time.monotonic() - began
    return found


def _disprove(need: Need, made: Theory, timeout: float) -> Needed:
    """Prove a theory until an obligation fails."""
    prover = prover_of(made, timeout)
    found = Needed(need, "proved")
    until_one_fails(found, in_turn(prover, need.near))
    if not found.asked:
        found.verdict = "unknown"
    return found


def _violated(run: Run | Ablation, max_states: int = 5_000_000) -> tuple[int | None, bool]:
    """How many steps there are to a violation at the small scale, and whether that is certain."""
    claim = run.claim
    bounds = {**grown(claim.profile, "small"), **run.bounds}
    model = Model(choose_rules(claim.rules, run.rules), *choose_profile(claim.profile, bounds))
    found = model.decide([claim], Options(max_states=max_states))
    steps = found.lengths.get(claim.id)
    return steps, steps is not None or found.exploration.complete


def exit_code(found: Sequence[Needed]) -> int:
    """1 if anything is not as the table says, else 3 if anything is undecided, else 0."""
    if any(not one.ok and not one.undecided for one in found):
        return VIOLATED
    return INCONCLUSIVE if not found or any(one.undecided for one in found) else OK


def report(found: Sequence[Needed]) -> dict[str, Any]:
    """What was found, for the JSON."""
    return {
        "version": VERSION,
        "needs": [
            {
                "theorem": one.need.theorem,
                "title": one.need.title,
                "dropped": drops(one.need),
                "expected": "failed" if one.need.falls else "proved",
                "verdict": one.verdict,
                "first": None
                if one.first is None
                else {
                    "obligation": one.first.name,
                    "verdict": one.first.verdict,
                    "rules": list(one.first.rules),
                    "line": one.first.where,
                },
                "asked": one.asked,
                "run": None if one.need.run is None else command(one.need.run),
                "steps": one.steps,
                "ok": one.ok,
                "undecided": one.undecided,
                "note": one.need.note,
                "seconds": round(one.seconds, 2),
            }
            for one in found
        ],
    }


def drops(need: Need) -> str:
    """What an entry changes, in names."""
    changed = [f"{name}={show(v)}" for name, v in (*need.rules.items(), *need.bounds.items())]
    return ", ".join([*changed, *(f"without {f.__name__}" for f in need.without)])


def command(run: Run | Ablation) -> str:
    """Where a run is found, as ``trace`` takes it."""
    rules = "".join(f" --rules {name}={show(value)}" for name, value in run.rules.items())
    return (
        run.claim.id
        + rules
        + "".join(f" --bounds {name}={show(value)}" for name, value in run.bounds.items())
    )
