"""Witnesses' runs, found once and checked in: ``proofs/results/witnesses.json``.

Of each step of a run stands there which of all steps from its state it is, in the order in which
``System.steps`` has them. So a run is found again without a search; and whether it still shows
what it is to show is asked of the claim, each time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as File

from checker.engines.explicit.engine import Path
from checker.model.model import Model
from checker.model.search import Options
from checker.studies.explorations import Job, jobs
from checker.support.errors import Problem
from proofs.claims.claim import SOMETIMES, Claim
from proofs.claims.table import CLAIMS
from spec.world.records import key

DATA = File("proofs/results/witnesses.json")
"""Where they are, from the top of the checkout."""


def wanted() -> list[Claim]:
    """The claims that something is seen."""
    return [claim for claim in CLAIMS if claim.kind == SOMETIMES]


def tasks() -> list[Job]:
    """Their explorations, at the small scale."""
    return jobs(wanted(), {}, {}, Options(engine="native"))


def choices(model: Model, path: Path) -> list[int]:
    """Which of all steps each is."""
    world, found = model.system.initial(), []
    for step, after in path.steps:
        for number, (label, then) in enumerate(model.system.steps(world)):
            if key(then) == key(after) and key(label) == key(step):
                found.append(number)
                world = then
                break
        else:
            raise Problem("a step of a witness is not on offer")
    return found


def run_of(model: Model, claim: Claim, numbers: Iterable[int]) -> Path:
    """The run of these choices; ``Problem`` if it is none, or no witness any more."""
    world = model.system.initial()
    path = Path(world, [])
    for number in numbers:
        offers = list(model.system.steps(world))
        if number >= len(offers):
            raise Problem(f"{claim.id}: its witness is not a run any more")
        path.steps.append(offers[number])
        world = offers[number][1]
    model.confirm(claim, path)
    return path


def found() -> dict[str, list[int]]:
    """The shortest run of each witness, searched for."""
    told = {}
    for job in tasks():
        decided = job.model.decide(job.claims, job.options)
        for claim in job.claims:
            if claim.id in decided.paths:
                told[claim.id] = choices(job.model, decided.paths[claim.id])
    return told


def kept(root: File) -> Iterator[tuple[Job, Claim, list[int]]]:
    """Those that are checked in."""
    known: Mapping[str, list[int]] = json.loads((root / DATA).read_text(encoding="utf-8"))
    for job in tasks():
        for claim in job.claims:
            if claim.id in known:
                yield job, claim, known[claim.id]


def written(told: Mapping[str, list[int]]) -> str:
    """The text of the file: a line for each."""
    lines = ",\n".join(f" {json.dumps(id)}: {json.dumps(run)}" for id, run in told.items())
    return f"{{\n{lines}\n}}\n"
