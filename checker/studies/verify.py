"""``verify``: every claim, checked and compared with what is expected of it.

Claims that share a profile and rules share one exploration; the explorations run side by
side, one process each. The report is one versioned structure: the terminal's table, the
JSON and the JUnit file are views of it.

A verdict is ``holds`` only if every state within the bounds was visited and the claim's
witness was among them: a claim whose witness was not seen is vacuous, and inconclusive. What
is expected is pinned in ``proofs/results/expected.toml``: verdict, states, transitions, depth and
the length of the shortest trace. Where rules or bounds are overridden nothing is pinned, and a
claim is expected to hold; what is pinned without them tells which verdicts they changed.

A claim of liveness is decided on the graph of all steps (``checker.model.liveness``). It holds only
if there are fair runs from every state, and some that pass the states it speaks of; its
counterexample is a lasso, and ``length`` counts the steps of its stem and of its loop.

The symbolic engine checks the same claims at 32 bits, for all initial sequence numbers at once,
to a depth or to the end; of its runs only the verdicts are compared.

Theorems are rows of the report too. They stand beside the claims of the same name and not in their
place: their scope is ``unbounded``, and their rules and assumptions are their own.
"""

import dataclasses
import os
import time
import typing
from collections.abc import Mapping, Sequence
from typing import Literal

from checker.model import own
from checker.model.search import Options
from checker.studies.explorations import Done, Progress, jobs, run_jobs
from checker.studies.pins import expectations
from checker.studies.reports import Report, report
from checker.support import machine
from checker.support.errors import UsageProblem
from proofs.claims.claim import Claim
from proofs.claims.table import CLAIMS

Engine = Literal["auto", "explore", "native", "sets", "sorted", "distributed", "symbolic"]
ENGINES = typing.get_args(Engine)


def verify(
    claims: Sequence[Claim],
    rules: Mapping[str, object],
    bounds: Mapping[str, object],
    *,
    options: Options = Options(),  # noqa: B008 (frozen)
    scale: str | None = None,
    symbolic: bool = False,
    depth: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    done: Done | None = None,
    pinning: bool = False,
) -> tuple[Report, float]:
    """Check claims; the report, and the seconds it took.

    ``scale``, of ``spec.world.profiles.SCALES``, is by default usual, and small for the symbolic
    engine. ``pinning``: compare with nothing. ``options`` are for all explorations together: they
    share the memory, and threads where there are too few of them to keep all cores busy.
    """
    began = time.monotonic()
    scale = scale or ("small" if symbolic else "usual")
    todo = jobs(claims, rules, bounds, options, symbolic, depth, scale)
    if options.symmetric:
        for job in (job for job in todo if not job.live):
            job.model.require_symmetry()
    cores = workers or os.cpu_count() or 1
    beside = max(1, min(cores, len(todo)))
    shared = dataclasses.replace(
        options,
        # The reference explorer has one thread
        threads=1 if options.engine == "explore" else max(options.threads, cores // beside),
        max_memory=(options.max_memory or machine.spare()) // beside,
    )
    if options.engine == "distributed":  # one search at a time has all the workers
        beside, shared = 1, options
    todo = [dataclasses.replace(job, options=shared) for job in todo]
    # Pins of the same profiles, too: they say how long what falls may take
    profiles = {claim.profile for claim in claims}
    ids = {claim.id for claim in (*claims, *CLAIMS) if claim.profile in profiles}
    known = {**expectations(ids).get(scale, {}), **own.expectations()}
    results = run_jobs(todo, beside, progress, known, done)
    changed = bool(rules or bounds or own.REPLACED)
    pinned = None if changed or pinning else known
    if pinned is not None and (options.symmetric or options.compact):
        pinned = {
            id: {name: pins[name] for name in ("verdict", "length") if name in pins}
            for id, pins in pinned.items()
        }
    result = report(claims, todo, results, pinned, known if changed else None)
    if pinning:
        if any(claim.verdict == "inconclusive" for claim in result.claims):
            raise UsageProblem("nothing is pinned while a claim is inconclusive")
        for found in result.claims:
            found.expected, found.ok = found.verdict, True
    return result, time.monotonic() - began
