"""Explorations: claims that share a profile and rules are decided in one, side by side with others.

A *job* is one exploration: a model, the claims that it decides, and how to search. Jobs run one
process each; what comes back is small. The symbolic engine decides the same claims at 32 bits, for
all initial sequence numbers at once, to a depth or to the end.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from checker.engines.explicit import engine
from checker.engines.explicit.engine import Exploration
from checker.model.model import Found, Model
from checker.model.options import choose_profile, choose_rules, grown
from checker.model.search import FEW, Options
from checker.model.traced import predicate
from checker.support.errors import UsageProblem
from checker.support.workers import forked
from proofs.claims.ablations import Ablation
from proofs.claims.claim import EVENTUALLY, REST, SOMETIMES, Claim
from proofs.claims.table import CLAIMS
from spec.rules import Rules


@dataclass(frozen=True, slots=True)
class Job:
    """One exploration and the claims it decides, which are all of liveness, or none is."""

    profile: str
    scale: str
    model: Model
    claims: tuple[Claim, ...]
    options: Options
    depth: int | None = None  # of the symbolic engine; None: to the end
    symbolic: bool = False

    @property
    def live(self) -> bool:
        """Is it the whole graph that is wanted?"""
        return self.claims[0].kind == EVENTUALLY

    @property
    def as_pinned(self) -> bool:
        """Are its rules and bounds its claims' own, so that their pins are of it?"""
        rules = choose_rules(self.claims[0].rules)
        bounds = choose_profile(self.profile, grown(self.profile, self.scale)).bounds
        return (self.model.rules, self.model.bounds) == (rules, bounds)

    @property
    def name(self) -> str:
        """Its profile and its claims, for a line of text."""
        return f"{self.profile}: {self.ids}"

    @property
    def short(self) -> str:
        """The same with no more than three claims."""
        return f"{self.profile}: {' '.join(claim.id for claim in self.claims[:3])}"

    @property
    def ids(self) -> str:
        """The claims' names in one line."""
        return " ".join(claim.id for claim in self.claims)


Progress = Callable[[Job, int, int, int, int, str], None]
"""Called with the job and what ``engine.Progress`` is called with."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run of jobs has come: ``done`` of ``total``, which is a ``share`` of the states."""

    done: int
    total: int
    share: float


Done = Callable[[Job, Found, Standing], None]
"""Called with a job, its result, and how far all have come with it."""


def jobs(
    claims: Iterable[Claim],
    rules: Mapping[str, object],
    bounds: Mapping[str, object],
    options: Options = Options(),  # noqa: B008 (frozen)
    symbolic: bool = False,
    depth: int | None = None,
    scale: str = "small",
) -> list[Job]:
    """The explorations that decide ``claims`` at a scale, under the overrides.

    Raises UsageProblem for a claim that the symbolic engine cannot decide.
    """
    if symbolic:
        bounds = {"width": 32, **bounds}
    groups: dict[tuple[str, Rules, bool], list[Claim]] = {}
    for claim in claims:
        if symbolic and claim.kind in (REST, EVENTUALLY):
            raise UsageProblem(
                f"{claim.id}: the symbolic engine looks for no deadlocks and no cycles"
            )
        chosen = choose_rules(claim.rules, rules)
        groups.setdefault((claim.profile, chosen, claim.kind == EVENTUALLY), []).append(claim)
    return [
        Job(
            profile,
            scale,
            Model(chosen, *choose_profile(profile, {**grown(profile, scale), **bounds})),
            tuple(together),
            options,
            depth,
            symbolic,
        )
        for (profile, chosen, _), together in groups.items()
    ]


def run_job(job: Job, progress: engine.Progress | None = None) -> Found:
    """Run one exploration."""
    if job.symbolic:
        return _run_symbolic(job)
    options = job.options
    for name in ("checkpoint", "spill"):
        if (folder := getattr(options, name)) is not None:
            options = dataclasses.replace(options, **{name: folder / _folder(job)})
    # What is worked out goes with the job: the next one has another system
    return job.model.anew().decide(job.claims, options, progress)


def _folder(job: Job) -> str:
    """A name for what is written about one job."""
    return "-".join([job.profile, *(claim.id for claim in job.claims)])


def _run_symbolic(job: Job) -> Found:
    """Explore the traced specification at 32 bits, for all ISNs at once."""
    from checker.engines.solver import symbolic

    model = job.model.anew()
    opened = model.open_composition()
    total = Exploration(complete=True, engine="symbolic")
    max_states = job.options.max_states or STATES
    for claim in job.claims:
        good = predicate(claim.predicate, model.reduced, wanted=claim.kind != SOMETIMES)
        result = symbolic.search(opened, model.reduced.tracer.build, good, job.depth, max_states)
        total.states = max(total.states, result.states)
        total.transitions = max(total.transitions, result.transitions)
        total.depth = max(total.depth, result.depth)
        total.seconds += result.seconds
        if result.length is not None:
            total.lengths[claim.id] = result.length
        elif not result.complete:
            total.complete = False
            total.limited = result.states >= max_states
            total.why = f"limit of {max_states:,} states reached" if total.limited else ""
    if any(c.id in total.lengths and c.kind != SOMETIMES for c in job.claims):
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


def _sizes(
    todo: Sequence[Job], known: Mapping[str, Any], others: Sequence[Claim] = ()
) -> list[int]:
    """The states of each job that are pinned. None are where a claim falls: then those of another
    job of its profile, or of ``others``, which differs in rules only; 1 if there is none."""

    def states(claim: Claim) -> int:
        return int(known.get(claim.id, {}).get("states", 0))

    likely: dict[str, int] = {}
    for claim in (*others, *(claim for job in todo for claim in job.claims)):
        likely[claim.profile] = max(states(claim), likely.get(claim.profile, 1))
    return [max(map(states, job.claims)) or likely[job.profile] for job in todo]


def _sized(job: Job, states: int) -> Job:
    """The same, told how many states there are likely to be; ``states`` are those of ``_sizes``."""
    if not job.as_pinned:
        return job
    return dataclasses.replace(job, options=dataclasses.replace(job.options, likely=states))


def _native(options: Options) -> bool:
    """Does a search begin with compiled code?"""
    return options.engine == "native" or (options.engine == "auto" and options.likely > FEW)


def in_order(sizes: Sequence[int]) -> list[int]:
    """The places of jobs of these sizes in the order to begin them.

    The smallest first, so that there is a first result soon, then the largest first, so that none
    is left running alone for long.
    """
    smallest, *others = sorted(range(len(sizes)), key=sizes.__getitem__)
    return [smallest, *reversed(others)]


def run_jobs(
    todo: Sequence[Job],
    workers: int,
    progress: Progress | None = None,
    known: Mapping[str, Any] | None = None,
    done: Done | None = None,
) -> list[Found]:
    """Run the jobs side by side; the results are in the order of ``todo``, whose jobs ``progress``
    and ``done`` are called with.

    ``known`` are pins of their claims, by whose states the order to begin them is chosen; what is
    known to be large is not begun by the reference explorer.
    """
    sizes = _sizes(todo, known or {})
    sized = [_sized(job, size) for job, size in zip(todo, sizes, strict=True)]
    # What is not to be done (``--within``) says even so how long what falls may take
    order = in_order(_sizes(todo, known, CLAIMS)) if known else range(len(todo))
    results: dict[int, Found] = {}

    def finish(place: int, found: Found) -> None:
        results[place] = found
        if done is not None:
            share = sum(sizes[one] for one in results) / sum(sizes)
            done(todo[place], found, Standing(len(results), len(todo), share))

    if workers <= 1 or len(todo) == 1:
        for place in order:
            job = todo[place]
            tell = (lambda *c, job=job: progress(job, *c)) if progress else None
            finish(place, run_job(sized[place], tell))
        return [results[place] for place in range(len(todo))]
    if any(_native(job.options) for job in sized):
        engine.engine_of("native")  # imported here, and not by each of the workers
    import multiprocessing  # which one process need not wait for

    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with forked(workers, _adopt, queue) as pool:
        running: dict[Future[Found], int] = {
            pool.submit(_work, place, sized[place]): place for place in order
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


def ablate(ablation: Ablation, max_states: int = 20_000_000) -> Found:
    """Explore a claim without the mechanism; the claim's path is there if it fell."""
    options = Options(max_states=max_states)
    (job,) = jobs([ablation.claim], ablation.rules, ablation.bounds, options)
    return run_job(job)
