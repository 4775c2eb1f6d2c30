"""``verify``: every claim, checked and compared with what is expected of it.

Claims that share a profile and rules share one exploration; the explorations run side by
side, one process each. The report is one versioned structure: the terminal's table, the
JSON and the JUnit file are views of it.

A verdict is ``holds`` only if every state within the bounds was visited and the claim's
witness was among them: a claim whose witness was not seen is vacuous, and inconclusive. What
is expected is pinned in ``proofs/results/expected.toml``: verdict, states, transitions, depth and
the length of the shortest trace. Where rules or bounds are overridden nothing is pinned, and a
claim is expected to hold.

A claim of liveness is decided on the graph of all steps (``checker.model.liveness``). It holds only
if there are fair runs from every state, and some that pass the states it speaks of; its
counterexample is a lasso, and ``length`` counts the steps of its stem and of its loop.

The symbolic engine checks the same claims at 32 bits, for all initial sequence numbers at once,
to a depth or to the end; of its runs only the verdicts are compared.

Theorems are rows of the report too. They stand beside the claims of the same name and not in their
place: their scope is ``unbounded``, and their rules and assumptions are their own.
"""

import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import typing
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from importlib import resources
from pathlib import Path as FilePath
from typing import Any, Literal

from pydantic import BaseModel

from checker.engines.explicit.explore import Exploration, Path
from checker.engines.solver import symbolic
from checker.model import liveness
from checker.model.model import Found, Model
from checker.model.options import choose_bounds, choose_rules, departures, grown
from checker.model.search import Options
from checker.model.traced import predicate
from checker.studies.prove import certificates, prove
from checker.support import files, machine
from checker.support.errors import INCONCLUSIVE, INTERNAL, OK, VIOLATED, UsageProblem
from checker.support.names import unknown
from checker.support.workers import forked
from proofs.claims.ablations import ABLATIONS, CONTROLS, Ablation
from proofs.claims.table import BY_ID, CLAIMS, EVENTUALLY, REST, SOMETIMES, Claim
from proofs.theorems.table import Theorem
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.world.bounds import SCALES
from spec.world.forgery import FORGERIES

Verdict = Literal["holds", "violated", "not proved", "inconclusive"]
"""Only a theorem is ``not proved``: a step leads astray from a state that may be out of reach."""
Engine = Literal["auto", "explore", "native", "symbolic"]
ENGINES = typing.get_args(Engine)


class ClaimReport(BaseModel):
    """What was found of one claim, or of one theorem (``kind`` theorem, ``scope`` unbounded)."""

    id: str
    title: str
    kind: str
    verdict: Verdict
    expected: Verdict
    ok: bool  # verdict and pinned numbers are as expected
    scope: Literal["exhaustive", "compacted", "bounded", "unbounded"]
    engine: str
    profile: str
    scale: str
    rules: dict[str, str]
    bounds: dict[str, int]
    states: int
    transitions: int
    depth: int  # levels searched
    length: int | None  # steps of the shortest counterexample or witness
    witness: dict[str, int | None]
    seconds: float
    note: str
    trace: list[dict[str, Any]] | None
    loop: int | None = None  # of a lasso: how many of its last steps are repeated for ever
    cut: int = 0  # states from which fair runs leave the bounds: an eventually claim is silent
    obligations: int = 0  # of a theorem, as the rest
    solvers: list[str] = []  # which found all of them to follow
    assumptions: list[str] = []


class Report(BaseModel):
    """What ``verify`` found; ``version`` is that of this structure."""

    version: int = 1
    claims: list[ClaimReport]


@dataclass(frozen=True, slots=True)
class Job:
    """One exploration and the claims it decides, which are all of liveness, or none is."""

    profile: str
    scale: str
    model: Model
    claims: tuple[str, ...]
    options: Options
    depth: int | None = None  # of the symbolic engine; None: to the end
    symbolic: bool = False

    @property
    def live(self) -> bool:
        """Is it the whole graph that is wanted?"""
        return BY_ID[self.claims[0]].kind == EVENTUALLY


Progress = Callable[[Job, int, int, int, int], None]
"""Called with (job, states, transitions, level, waiting)."""
Done = Callable[[Job, Found], None]
"""Called with a job and its result."""


def select(ids: Sequence[str]) -> list[Claim]:
    """The claims named: each id itself, and with it the claims behind a dot (``T1`` -> ``T1.x``).

    Without ids, all of them.
    """
    if not ids:
        return list(CLAIMS)
    chosen: dict[str, Claim] = {}
    for id in ids:
        if id not in BY_ID:
            raise unknown("claim", id, BY_ID)
        for claim in CLAIMS:
            if claim.id == id or claim.id.startswith(f"{id}."):
                chosen[claim.id] = claim
                chosen.update((w, BY_ID[w]) for w in claim.witnesses)
    return [claim for claim in CLAIMS if claim.id in chosen]


def jobs(
    claims: Iterable[Claim],
    rules: Mapping[str, object],
    bounds: Mapping[str, object],
    options: Options = Options(),  # noqa: B008 (frozen)
    symbolic: bool = False,
    depth: int | None = None,
    scale: str = "small",
) -> list[Job]:
    """The explorations that decide ``claims`` at a scale, under the overrides."""
    if symbolic:
        bounds = {"width": 32, **bounds}
    groups: dict[tuple[str, Rules, bool], list[str]] = {}
    for claim in claims:
        chosen = choose_rules(claim.rules, rules)
        groups.setdefault((claim.profile, chosen, claim.kind == EVENTUALLY), []).append(claim.id)
    return [
        Job(
            profile,
            scale,
            Model(chosen, choose_bounds(profile, {**grown(profile, scale), **bounds}, profile)),
            tuple(ids),
            options,
            depth,
            symbolic,
        )
        for (profile, chosen, _), ids in groups.items()
    ]


def run_job(job: Job, progress: Callable[[int, int, int, int], None] | None = None) -> Found:
    """Run one exploration."""
    if job.symbolic:
        return _run_symbolic(job)
    options = job.options
    if options.checkpoint is not None:
        options = dataclasses.replace(options, checkpoint=options.checkpoint / _folder(job))
    # What is worked out goes with the job: the next one has another system
    return job.model.anew().decide([BY_ID[id] for id in job.claims], options, progress)


def _folder(job: Job) -> str:
    """A name for what is written about one job."""
    return "-".join([job.profile, *job.claims])


def _run_symbolic(job: Job) -> Found:
    """Explore the traced specification at 32 bits, for all ISNs at once."""
    model = job.model.anew()
    opened = model.open_composition()
    total = Exploration(complete=True, engine="symbolic")
    max_states = job.options.max_states or STATES
    for id in job.claims:
        claim = BY_ID[id]
        if claim.kind in (REST, EVENTUALLY):
            raise UsageProblem(f"{id}: the symbolic engine looks for no deadlocks and no cycles")
        good = predicate(claim.predicate, model.reduced, wanted=claim.kind != SOMETIMES)
        result = symbolic.search(opened, model.reduced.tracer.build, good, job.depth, max_states)
        total.states = max(total.states, result.states)
        total.transitions = max(total.transitions, result.transitions)
        total.depth = max(total.depth, result.depth)
        total.seconds += result.seconds
        if result.length is not None:
            total.lengths[id] = result.length
        elif not result.complete:
            total.complete = False
            total.limited = result.states >= max_states
            total.why = f"limit of {max_states:,} states reached" if total.limited else ""
    if any(BY_ID[id].kind != SOMETIMES for id in total.lengths):
        total.complete = False
    return Found(total)


STATES = 5_000_000
"""Where the symbolic engine gives up, unless told otherwise."""

_queue: Any = None


def _adopt(queue: Any) -> None:
    """In a worker: where to tell progress."""
    global _queue  # noqa: PLW0603 (a worker process has one queue)
    _queue = queue


def _work(number: int, job: Job) -> Found:
    return run_job(job, lambda *counts: _queue.put((number, *counts)))


def in_order(todo: Sequence[Job], known: Mapping[str, Any]) -> list[int]:
    """The places of the jobs in the order to begin them, by the states that are pinned.

    The smallest first, so that there is a first result soon, then the largest first, so that none
    is left running alone for long.
    """

    def size(place: int) -> int:
        return max(int(known.get(id, {}).get("states", 0)) for id in todo[place].claims)

    smallest, *others = sorted(range(len(todo)), key=size)
    return [smallest, *reversed(others)]


def run_jobs(
    todo: Sequence[Job],
    workers: int,
    progress: Progress | None = None,
    order: Sequence[int] | None = None,
    done: Done | None = None,
) -> list[Found]:
    """Run the jobs side by side, begun in ``order``; the results are in the order of ``todo``."""
    order = order or range(len(todo))
    results: dict[int, Found] = {}

    def finish(place: int, found: Found) -> None:
        results[place] = found
        if done is not None:
            done(todo[place], found)

    if workers <= 1 or len(todo) == 1:
        for place in order:
            job = todo[place]
            finish(
                place, run_job(job, (lambda *c, job=job: progress(job, *c)) if progress else None)
            )
        return [results[place] for place in range(len(todo))]
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with forked(workers, _adopt, queue) as pool:
        running: dict[Future[Found], int] = {
            pool.submit(_work, place, todo[place]): place for place in order
        }
        while running:
            ended, _ = wait(running, 0.1, FIRST_COMPLETED)
            while not queue.empty():
                i, *counts = queue.get()
                if progress is not None:
                    progress(todo[i], *counts)
            for future in ended:
                finish(running.pop(future), future.result())
    return [results[i] for i in range(len(todo))]


# Reports


def expectations() -> dict[str, Any]:
    """``proofs/results/expected.toml``."""
    pins = resources.files("proofs").joinpath("results/expected.toml")
    return tomllib.loads(pins.read_text("utf-8"))


def _step(label: Any, world: Any) -> dict[str, Any]:
    """One step of a trace, for the JSON."""
    return {
        "host": None if label.host is None else "AB"[label.host],
        "action": label.action,
        "rules": list(map(str, label.rules)),
        "states": [world.a.tcb.state.value, world.b.tcb.state.value],
    }


def report(
    claims: Sequence[Claim],
    todo: Sequence[Job],
    results: Sequence[Found],
    pinned: Mapping[str, Any] | None,
) -> Report:
    """Compare what was found with what is expected; ``pinned`` is None under overrides."""
    by_claim = {
        id: (job, found) for job, found in zip(todo, results, strict=True) for id in job.claims
    }
    return Report(claims=[_judge(claim, *by_claim[claim.id], pinned) for claim in claims])


def _judge(claim: Claim, job: Job, found: Found, pinned: Mapping[str, Any] | None) -> ClaimReport:
    result = found.exploration
    path = found.paths.get(claim.id)
    length = found.lengths.get(claim.id)
    decided, live = length is not None, found.live.get(claim.id)
    loop = None if path is None or path.loop is None else len(path.steps) - path.loop
    witness = {w: found.lengths.get(w) for w in claim.witnesses if w in job.claims}
    note = ""
    verdict: Verdict
    if claim.kind == SOMETIMES:
        verdict = "holds" if decided else ("violated" if result.complete else "inconclusive")
    elif decided:
        verdict = "violated"
    elif result.limited:
        verdict, note = "inconclusive", result.why
    elif live is not None and live.verdict != "holds":
        verdict, note = "inconclusive", live.note
    elif None in witness.values():
        verdict, note = "inconclusive", "vacuous so far: its witness was not reached"
    else:
        verdict = "holds"
    expected: Verdict = "holds"
    ok = True
    pins = {} if pinned is None else pinned.get(claim.id)
    if pins is None:
        ok, note = False, "not in proofs/results/expected.toml: verify --pin writes it"
    elif pins:
        expected = pins["verdict"]
        seen = {"length": length, "loop": loop}
        if result.complete:
            seen |= {
                "states": result.states,
                "transitions": result.transitions,
                "depth": result.depth,
            }
        wrong = [
            f"{name} {value:,} (pinned {pins[name]:,})"
            for name, value in seen.items()
            if value is not None and name in pins and pins[name] != value
        ]
        if wrong and verdict == expected and not job.symbolic:
            ok, note = False, "; ".join(wrong)
    ok = ok and verdict == expected
    if decided and path is None and not job.symbolic and not note:
        note = "there was no memory to find the trace again"
    if result.missed and not note:
        note = f"unless a state was missed (chance: about {result.missed:.1g})"
    return ClaimReport(
        id=claim.id,
        title=claim.title,
        kind=claim.kind,
        verdict=verdict,
        expected=expected,
        ok=ok,
        scope=_scope(result),
        engine=result.engine,
        profile=claim.profile,
        scale=job.scale,
        rules=job.model.departures,
        bounds={k: int(v) for k, v in dataclasses.asdict(job.model.bounds).items()},
        states=result.states,
        transitions=result.transitions,
        depth=result.depth,
        length=length,
        witness=witness,
        seconds=round(result.seconds, 2),
        note=note,
        trace=[_step(*step) for step in path.steps] if path else None,
        loop=loop,
        cut=live.cut if live else 0,
        assumptions=liveness.assumptions(claim.live) if claim.live else [],
    )


def _scope(found: Exploration) -> Literal["exhaustive", "compacted", "bounded"]:
    """What a search says: of all states, of all but for a small chance, or of some levels."""
    if not found.complete:
        return "bounded"
    return "compacted" if found.missed else "exhaustive"


def exit_code(result: Report) -> int:
    """1 if anything is other than expected, else 3 if anything is inconclusive, else 0."""
    if not result.claims:
        return INCONCLUSIVE
    if any(c.verdict != "inconclusive" and not c.ok for c in result.claims):
        return VIOLATED
    if any(c.verdict == "inconclusive" for c in result.claims):
        return INCONCLUSIVE
    return OK


def junit(result: Report) -> str:
    """The report as JUnit XML: one test case for each claim."""
    suite = ET.Element("testsuite", name="synproof", tests=str(len(result.claims)))
    failures = errors = 0
    for claim in result.claims:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=claim.profile or claim.scope,
            name=claim.id,
            time=str(claim.seconds),
        )
        said = f"{claim.verdict}, expected {claim.expected}. {claim.title}. {claim.note}"
        if claim.verdict == "inconclusive":
            errors += 1
            ET.SubElement(case, "error", message=said)
        elif not claim.ok:
            failures += 1
            ET.SubElement(case, "failure", message=said)
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def pin(result: Report, scale: str) -> None:
    """Rewrite the part of ``expected.toml`` that is of ``scale`` with what was found.

    The small scale takes the ablations and controls along, which are explored for it.
    """
    parts = {**expectations(), scale: {claim.id: _pins(claim) for claim in result.claims}}
    if scale == "small":
        parts["ablations"] = {
            ablation.id: _lengths(ablate(ablation).paths[ablation.claim]) for ablation in ABLATIONS
        }
        parts["controls"] = {control.id: _pins_of_control(control) for control in CONTROLS}
    lines = [
        "# What the checker found, pinned, by scale (spec/world/bounds.py). `verify --pin`",
        "# rewrites the part of its scale, and `verify --small --pin` [ablations] and [controls]",
        "# too; a commit that changes a number says why. Counts are of complete explorations;",
        "# lengths are of shortest traces.",
    ]
    titles = {one.id: f"  # {one.title}" for one in (*ABLATIONS, *CONTROLS)}
    for part in (*SCALES, "ablations", "controls"):
        for id, values in parts.get(part, {}).items():
            title = "" if part in SCALES else titles[id]
            lines += ["", f'[{part}."{id}"]{title}']
            lines += [f"{name} = {_toml(value)}" for name, value in values.items()]
    with resources.as_file(resources.files("proofs").joinpath("results/expected.toml")) as path:
        files.write(path, ("\n".join(lines) + "\n").encode())


def _pins(claim: ClaimReport) -> dict[str, Any]:
    """What is pinned of a claim."""
    pins: dict[str, Any] = {"verdict": claim.verdict}
    if claim.scope == "exhaustive":
        pins |= {"states": claim.states, "transitions": claim.transitions, "depth": claim.depth}
    if claim.length is not None:
        pins["length"] = claim.length
    if claim.loop is not None:
        pins["loop"] = claim.loop
    return pins


def _lengths(path: Path) -> dict[str, int]:
    """The steps of a counterexample, and how many of them are a loop."""
    loop = {} if path.loop is None else {"loop": len(path.steps) - path.loop}
    return {"length": len(path.steps), **loop}


def _pins_of_control(control: Ablation) -> dict[str, Any]:
    """What is pinned of what a claim survives."""
    result = ablate(control).exploration
    if not result.complete or control.claim in result.decisive:
        raise UsageProblem(f"control {control.id} does not hold: nothing is pinned")
    return {
        "verdict": "holds",
        "states": result.states,
        "transitions": result.transitions,
        "depth": result.depth,
    }


def _toml(value: str | int) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def ablate(ablation: Ablation, max_states: int = 20_000_000) -> Found:
    """Explore a claim without the mechanism; the claim's path is there if it fell."""
    options = Options(max_states=max_states)
    (job,) = jobs([BY_ID[ablation.claim]], ablation.rules, ablation.bounds, options)
    return run_job(job)


def verify(
    ids: Sequence[str],
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

    ``scale``, of ``spec.world.bounds.SCALES``, is by default usual, and small for the symbolic
    engine. ``pinning``: compare with nothing. ``options`` are for all explorations together: they
    share the memory, and threads where there are too few of them to keep all cores busy.
    """
    began = time.monotonic()
    claims = select(ids)
    if symbolic:
        unasked = (REST, EVENTUALLY)
        claims = [claim for claim in claims if claim.id in ids or claim.kind not in unasked]
    scale = scale or ("small" if symbolic else "usual")
    todo = jobs(claims, rules, bounds, options, symbolic, depth, scale)
    if options.symmetric:
        for job in (job for job in todo if not job.live):
            job.model.require_symmetry()
    cores = workers or os.cpu_count() or 1
    beside = max(1, min(cores, len(todo)))
    shared = dataclasses.replace(
        options,
        threads=max(options.threads, cores // beside),
        max_memory=(options.max_memory or machine.spare()) // beside,
    )
    todo = [dataclasses.replace(job, options=shared) for job in todo]
    known = expectations().get(scale, {})
    results = run_jobs(todo, beside, progress, in_order(todo, known), done)
    pinned = None if rules or bounds or pinning else known
    if pinned is not None and (options.symmetric or options.compact):
        pinned = {
            id: {name: pins[name] for name in ("verdict", "length") if name in pins}
            for id, pins in pinned.items()
        }
    result = report(claims, todo, results, pinned)
    if pinning:
        if any(claim.verdict == "inconclusive" for claim in result.claims):
            raise UsageProblem("nothing is pinned while a claim is inconclusive")
        for found in result.claims:
            found.expected, found.ok = found.verdict, True
    return result, time.monotonic() - began


# Theorems

RECHECKED = "cvc5"
"""The solver that checks certificates again."""


def theorems(ids: Sequence[str]) -> list[Theorem]:
    """The theorems of the claims named, or of all."""
    chosen = {claim.id for claim in select(ids)}
    known = prove.select([])
    found = [theorem for theorem in known if theorem.id in chosen]
    if not found:
        raise UsageProblem(
            f"no theorem belongs to {', '.join(ids)}; the theorems are "
            f"{', '.join(theorem.id for theorem in known)}"
        )
    return found


def prove_theorems(
    todo: Sequence[Theorem], workers: int | None = None, progress: prove.Progress | None = None
) -> list[ClaimReport]:
    """Prove theorems, and have another solver check the certificates: a row for each."""
    proofs = prove.prove(todo, workers, progress)
    rows = [_row(theorem, proof) for proof in proofs for theorem in proof.theorems]
    if all(row.ok for row in rows):
        code, said = _recheck(proofs, workers)
        for row in rows:
            if code == OK:
                row.solvers.append(RECHECKED)
            elif code == INTERNAL:
                row.note = f"not checked by a second solver: {said}"
            else:
                row.verdict = "not proved" if code == VIOLATED else "inconclusive"
                row.ok, row.note = False, f"{RECHECKED} did not accept the certificates: {said}"
        return rows
    for row in rows:
        if row.ok:
            row.note = "not checked by a second solver, since not all theorems were proved"
    return rows


def _row(theorem: Theorem, proof: prove.Proof) -> ClaimReport:
    """What came of a theorem."""
    theory = proof.theory
    verdict: Verdict = "inconclusive" if proof.verdict == "unknown" else "not proved"
    note = ""
    if proof.verdict == "proved":
        verdict = "holds"
    else:
        open_ = [what.name for what in (*proof.failed, *proof.undecided)] or ["all of them"]
        note = f"{proof.verdict}: {len(open_):,} of {len(proof.obligations):,} obligations are "
        note += f"open, first {open_[0]}; to see them: python -m checker prove {theorem.id}"
    possible = {Input.TICK.value, *(kind.name for kind in theory.kinds)}
    never = [what.value for what in (*Input, *FORGERIES) if what.value not in possible]
    assumed = [
        f"{f.__name__}: {' '.join((f.__doc__ or '').split())}"
        for f in (*theorem.pairs, *theorem.facts)
    ]
    return ClaimReport(
        id=theorem.id,
        title=theorem.title,
        kind="theorem",
        verdict=verdict,
        expected="holds",
        ok=verdict == "holds",
        scope="unbounded",
        engine="induction",
        profile="",
        scale="",
        rules=departures(choose_rules(theorem.rules)),
        bounds={k: int(v) for k, v in theorem.bounds.items()},
        states=0,
        transitions=0,
        depth=0,
        length=None,
        witness={},
        seconds=round(proof.seconds, 2),
        note=note,
        trace=None,
        obligations=len(proof.obligations),
        solvers=["z3"] if verdict == "holds" else [],
        assumptions=[*assumed, f"never: {', '.join(never)}"],
    )


def _recheck(proofs: Sequence[prove.Proof], workers: int | None) -> tuple[int, str]:
    """Have certificates checked by a program that knows nothing of us: its exit code, and what is
    wrong."""
    words = [sys.executable, "-m", "proofs.recheck", "--solver", RECHECKED]
    words += ["--jobs", str(workers)] if workers else []
    with tempfile.TemporaryDirectory(prefix="synproof-") as folder:
        place = FilePath(folder) / "certificates"
        certificates.write(proofs, place)
        # In a session of its own, so that an interrupt comes to it once, from here
        run = subprocess.Popen(
            [*words, str(place)],
            cwd=FilePath(str(resources.files("proofs"))).parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            _, said = run.communicate()
        except BaseException:
            run.send_signal(signal.SIGINT)
            run.wait()
            raise
    lines = [line.removeprefix("recheck: ") for line in said.splitlines()]
    return run.returncode, lines[0] if lines else f"exit code {run.returncode}"
