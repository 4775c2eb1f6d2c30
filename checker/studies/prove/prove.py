"""``prove``: theorems without bounds, proved on all cores, and their certificates.

Theorems of one system are proved together: they are one theory, which is traced once, here. After
that a worker is forked for it, which has its trees, and others are traced meanwhile. A theory is
one worker's: what it learns from one path saves questions on the next, and two who shared a theory
would learn, and ask, most of it twice. It takes
some paths of one action at a time and sends back the obligations, with the names of the hypotheses
that each needed. *Proved* means that every obligation was found to follow. One that fails
comes with a state and a step that violates it, and one on which the solver gave up is unknown. A
theorem is vacuous if it has an action of which no path is known to be taken.

A counterexample to induction may be out of reach: what failed is looked for in the bounded system
(``checker.studies.prove.reachable``). A theorem of hosts is vacuous, too, if no run is found that
meets what it assumes and in which enough happens (``checker.studies.prove.runs``).
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field

from checker.engines.solver.induction import (
    CONSTANT,
    NEVER,
    SORTS,
    START,
    TICK,
    Obligation,
    Prover,
    Step,
    Theory,
    steps_of,
)
from checker.engines.solver.response import Lively, in_the_end, prover_of
from checker.studies.prove import TIMEOUT, remembered
from checker.studies.prove.asking import plain
from checker.studies.prove.reachable import SECONDS, Reached, Search, reach
from checker.studies.prove.remembered import Memory
from checker.studies.prove.runs import Witness, witnesses
from checker.studies.prove.theories import theory
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.names import unknown
from checker.support.workers import forked
from proofs.theorems.invariants import Function
from proofs.theorems.table import THEOREMS, Theorem, together

CHUNK = 6
"""How many paths a worker takes at a time."""


@dataclass(slots=True)
class Action:
    """An action and its paths by number; at the impossible ones it is refused, and no step."""

    name: str
    steps: list[Step] = field(default_factory=list)

    @property
    def paths(self) -> list[int]:
        """The paths that are steps; time and the start have one."""
        if self.name in (START, TICK):
            return [0]
        return [step.path for step in self.steps if step.leaf.static.possible]

    @property
    def impossible(self) -> list[int]:
        """The other paths."""
        return [step.path for step in self.steps if not step.leaf.static.possible]


@dataclass(slots=True)
class Proof:
    """What came of theorems proved together; ``seconds`` are the processor's, of all workers."""

    theorems: tuple[Theorem, ...]
    theory: Theory
    actions: list[Action]
    obligations: list[Obligation] = field(default_factory=list)
    seconds: float = 0.0
    taken: dict[tuple[str, int], str] = field(default_factory=dict)  # by action and path
    reached: list[Reached] = field(default_factory=list)  # whether what failed really happens
    runs: dict[str, Witness] = field(default_factory=dict)  # by theorem; none of small systems
    memory: Memory | None = None  # what was proved before

    @property
    def id(self) -> str:
        """The first theorem's, upon which the others are built."""
        return self.theorems[0].id

    @property
    def paths(self) -> int:
        """The paths of all its actions."""
        return sum(len(action.paths) for action in self.actions)

    def by_path(self) -> Iterator[tuple[Step, list[Obligation], str]]:
        """Of each path that is a step, its obligations, and whether it is taken."""
        found: dict[tuple[str, int], list[Obligation]] = {}
        ends = self.theory.lively if isinstance(self.theory, Lively) else ()
        for what in self.obligations:
            if what.clause not in (CONSTANT, *ends):
                found.setdefault((what.action, what.path), []).append(what)
        for action in self.actions:
            for step in action.steps:
                if (at := (step.action, step.path)) in found:
                    yield step, found[at], self.taken.get(at, "")

    @property
    def before(self) -> dict[str, int]:
        """How many obligations were not asked again, by the day on which they were proved."""
        return dict(sorted(Counter(w.remembered for w in self.obligations if w.remembered).items()))

    @property
    def failed(self) -> list[Obligation]:
        """What has a counterexample to induction."""
        return [what for what in self.obligations if what.verdict == "failed"]

    @property
    def undecided(self) -> list[Obligation]:
        """What is neither proved nor refuted."""
        return [what for what in self.obligations if what.verdict not in ("proved", "failed")]

    def count(self, how: str) -> int:
        """How many paths some state takes (enabled), none does (never), or it is unknown."""
        never = {(w.action, w.path) for w in self.obligations if w.clause == NEVER}
        asked = {path: said for path, said in self.taken.items() if path not in never}
        if how == "never":
            return len(never)
        return sum((said == "enabled") == (how == "enabled") for said in asked.values())

    @property
    def vacuous(self) -> list[str]:
        """The actions of which no path is known to be taken."""
        live = {action for (action, _), said in self.taken.items() if said == "enabled"}
        return [a.name for a in self.actions if a.name != START and a.name not in live]

    @property
    def verdict(self) -> str:
        """In the words of the report."""
        if self.failed:
            return "not proved"
        if self.undecided or not self.obligations:
            return "unknown"
        idle = any(one.seed is None for one in self.runs.values())
        return "vacuous" if self.vacuous or idle else "proved"


Progress = Callable[[Proof, int], None]
"""Called with a proof under way and how many of its paths are done."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Work for one worker: paths of an action, or what is asked of the action as a whole."""

    proof: int
    action: int
    paths: tuple[int, ...]
    whole: bool = False


def named(id: str) -> list[Theorem]:
    """The theorems of a claim: of its name, and behind its dot."""
    found = [t for t in THEOREMS if t.id == id or t.id.startswith(f"{id}.")]
    if not found:
        raise unknown("theorem", id, [t.id for t in THEOREMS])
    return found


def select(ids: Sequence[str]) -> list[Theorem]:
    """The theorems of the claims named; without ids, all."""
    chosen = [theorem for id in ids for theorem in named(id)]
    return [t for t in THEOREMS if t in chosen or not ids]


def theories(theorems: Sequence[Theorem]) -> list[tuple[Theorem, ...]]:
    """The theories that prove these theorems, whole."""
    return [some for some in together(THEOREMS) if any(t in some for t in theorems)]


def units(number: int, proof: Proof) -> list[Unit]:
    """The work of a theory, actions with many paths first."""
    found = []
    for a in sorted(range(len(proof.actions)), key=lambda a: -len(proof.actions[a].paths)):
        action = proof.actions[a]
        if action.steps:
            found.append(Unit(number, a, (), whole=True))
        paths = action.paths
        found += [Unit(number, a, tuple(paths[i : i + CHUNK])) for i in range(0, len(paths), CHUNK)]
    return found


_proofs: list[Proof] = []
_timeout = TIMEOUT
_prover: tuple[int, Prover] | None = None  # a worker's, of the theorem that it is at
Result = tuple[list[Obligation], dict[tuple[str, int], str], float]
"""Of a unit: obligations, which paths are taken, seconds of the processor."""


def _work(unit: Unit) -> Result:
    """What a worker does with a unit."""
    global _prover  # noqa: PLW0603 (a worker is at one theorem)
    began = time.process_time()
    if _prover is None or _prover[0] != unit.proof:
        _prover = unit.proof, prover_of(_proofs[unit.proof].theory, _timeout)
    found = list(_obligations(_prover[1], _proofs[unit.proof], unit))
    for what in found:
        what.counterexample = {name: plain(v) for name, v in what.counterexample.items()}
    taken, _prover[1].taken = _prover[1].taken, {}
    return found, taken, time.process_time() - began


def _obligations(prover: Prover, proof: Proof, unit: Unit) -> Iterator[Obligation]:
    action = proof.actions[unit.action]
    if action.name == START:
        yield from prover.start()
        yield from in_the_end(prover)
    elif action.name == TICK:
        yield from prover.ticking()
        yield from prover.constant(TICK)
    elif unit.whole:
        yield from prover.constant(action.name)
        for step in action.steps:
            if not step.leaf.static.possible:
                yield from in_the_end(prover, step)
    else:
        for step in action.steps:
            if step.path in unit.paths:
                yield from _path(prover, proof.memory, step)
                yield from in_the_end(prover, step)


def _path(prover: Prover, memory: Memory | None, step: Step) -> Iterator[Obligation]:
    """The obligations of a path; what is remembered is not asked again."""
    known, taken = ({}, "") if memory is None else memory.of(step)
    if memory is None or not known:
        yield from prover.step(step)
        return
    if NEVER in known:
        prover.taken[step.action, step.path] = "never"
        yield known[NEVER]
        return
    wanted = memory.wanted()
    missing = [name for name in wanted if name not in known]
    if not missing and taken:
        prover.taken[step.action, step.path] = taken
        yield from (known[name] for name in wanted)
        return
    asked = {what.clause: what for what in prover.step(step, missing)}
    if NEVER in asked:
        yield asked[NEVER]
        return
    yield from ((asked if name in asked else known)[name] for name in wanted)


def prove(
    theorems: Sequence[Theorem],
    workers: int | None = None,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
    make: Callable[[Sequence[Theorem]], Theory] = theory,
    remember: bool = False,
) -> list[Proof]:
    """Try to prove theorems; ``make`` traces those that are proved together. With ``remember``,
    what was proved before is not asked again."""
    global _proofs, _timeout, _prover  # what the workers are forked with
    proofs: list[Proof] = []
    _proofs, _timeout, _prover = proofs, timeout, None
    with ExitStack() as stack:
        work = _Work(proofs, stack, workers or os.cpu_count() or 1, progress)
        for some in together(theorems):
            proofs.append(_traced(some, make, remember))
            work.add(len(proofs) - 1)
        work.finish()
    for proof in proofs:
        if proof.memory is not None:
            remembered.write(proof.memory, proof.by_path())
    return proofs


def _traced(
    some: tuple[Theorem, ...], make: Callable[[Sequence[Theorem]], Theory], remember: bool
) -> Proof:
    """A theory of which nothing is proved yet."""
    began = time.process_time()
    made = make(some)
    _check(made)
    runs = witnesses(some) if make is theory else {}  # a toy is no system of hosts
    actions = [Action(kind.name, list(steps_of(kind))) for kind in made.kinds]
    actions.insert(0, Action(START))
    if made.tick is not None:
        actions.append(Action(TICK))
    known = remembered.read(made) if remember else None
    return Proof(some, made, actions, seconds=time.process_time() - began, runs=runs, memory=known)


class _Work:
    """The theories that workers are at, or that wait for one; those with most to ask go first.

    Each gets a worker of its own, so that equal runs write equal certificates, on any number of
    cores.
    """

    def __init__(
        self, proofs: list[Proof], stack: ExitStack, count: int, progress: Progress | None
    ) -> None:
        self.proofs, self.stack, self.count, self.progress = proofs, stack, count, progress
        self.waiting: list[int] = []
        self.pools: dict[int, ProcessPoolExecutor] = {}
        self.running: dict[Future[Result], Unit] = {}
        self.results: dict[int, dict[Unit, list[Obligation]]] = {}
        self.left: Counter[int] = Counter()  # units, by theory
        self.done: Counter[int] = Counter()  # paths

    def add(self, number: int) -> None:
        """A theory was traced, and may be begun."""
        self.waiting.append(number)
        self._collect(0)
        self._begin()

    def finish(self) -> None:
        """Until all are done."""
        while self.running:
            self._collect(None)
            self._begin()

    def _begin(self) -> None:
        """Fork workers for what waits, as many as there may be."""
        self.waiting.sort(key=lambda n: self.proofs[n].paths * len(self.proofs[n].theory.clauses))
        while self.waiting and len(self.pools) < self.count:
            number = self.waiting.pop()
            pool = self.pools[number] = self.stack.enter_context(forked(1))
            if self.progress is not None:
                self.progress(self.proofs[number], 0)
            self.results[number] = {}
            todo = units(number, self.proofs[number])
            self.left[number] = len(todo)
            self.running |= {pool.submit(_work, unit): unit for unit in todo}

    def _collect(self, patience: float | None) -> None:
        """Take what is done; wait for it, without ``patience``."""
        for future in wait(self.running, patience, FIRST_COMPLETED).done:
            unit = self.running.pop(future)
            number, proof = unit.proof, self.proofs[unit.proof]
            self.results[number][unit], taken, seconds = future.result()
            proof.seconds += seconds
            proof.taken |= taken
            self.left[number] -= 1
            self.done[number] += len(unit.paths)
            if self.progress is not None:
                self.progress(proof, self.done[number])
            if not self.left[number]:
                self.pools.pop(number).shutdown()
                found = self.results.pop(number)
                for one in sorted(found, key=lambda u: (u.action, not u.whole, u.paths)):
                    proof.obligations += found[one]


def _check(made: Theory) -> None:
    """Refuse names that would be taken for something else, and claims of nothing."""
    names = [clause.name for clause in made.clauses]
    actions = [kind.name for kind in made.kinds]
    if len({*names, NEVER, SORTS, CONSTANT}) < len(names) + 3:
        raise UsageProblem(
            f"{made.name}: clauses need different names, not {NEVER!r}, {SORTS!r} or {CONSTANT!r}"
        )
    parts = made.parts if isinstance(made, Lively) else []
    where: dict[str, str] = {}
    for one in (*made.clauses, *made.pairs, *parts):  # what is made of one is known by its name
        if where.setdefault(one.name, one.where) != one.where:
            raise UsageProblem(f"{made.name}: {one.name} is the name of two clauses")
    shown = made.constancy
    first = {} if shown is None else {n: v for n, v in shown.first.items() if n in made.constants}
    if any(made.constants[name] != value for name, value in first.items()):
        raise UsageProblem(f"{made.name}: a field that is left out begins with another value")
    if len({*actions, START, TICK}) < len(actions) + 2:
        raise UsageProblem(f"{made.name}: actions need different names, not 'start' or 'tick'")
    ends = made.lively if isinstance(made, Lively) else ()
    if not made.claims or not set(made.claims) <= {*names, *ends}:
        raise UsageProblem(f"{made.name}: claims must be some of the clauses")


def exit_code(proofs: Sequence[Proof]) -> int:
    """1 if anything failed, else 3 if anything is undecided or nothing was asked, else 0."""
    if any(proof.failed for proof in proofs):
        return VIOLATED
    proved = proofs and all(proof.verdict == "proved" for proof in proofs)
    return OK if proved else INCONCLUSIVE


CLAUSES = 3
"""How many clauses of a theorem are asked of the bounded system."""
TELLING = 2.0
"""Seconds from one word on stderr to the next."""


def failing(proof: Proof) -> dict[Function, Theorem]:
    """The first clauses that fail, each with the first theorem that has it; of hosts, which alone
    can be explored."""
    hosts = [t for t in reversed(proof.theorems) if t.system is None]
    has = {f.__name__: (f, t) for t in hosts for f in t.all}
    found = dict.fromkeys(what.clause for what in proof.failed if what.clause in has)
    return dict([has[name] for name in found][:CLAUSES])


def explore(proofs: Sequence[Proof], workers: int | None = None) -> None:
    """Look, theorem by theorem, whether the clauses that failed are false of the bounded system."""
    global _proofs  # noqa: PLW0603 (what the workers are forked with)
    _proofs = [proof for proof in proofs if failing(proof)]
    with forked(workers or os.cpu_count() or 1) as pool:
        for proof, found in zip(_proofs, pool.map(_reach, range(len(_proofs))), strict=True):
            proof.reached = found


SHOWN = 3
"""How many failed obligations of a theory are shown in full."""


def shrink(proofs: Sequence[Proof], workers: int | None = None, timeout: float = TIMEOUT) -> None:
    """Put states of least values, with what they become, in the place of what was found first: of
    the failures that are shown."""
    global _proofs, _timeout  # what the workers are forked with
    _proofs, _timeout = [proof for proof in proofs if proof.failed], timeout
    with forked(workers or os.cpu_count() or 1) as pool:
        for proof, found in zip(_proofs, pool.map(_shrunk, range(len(_proofs))), strict=True):
            for what, (state, after) in zip(proof.failed, found, strict=False):
                what.counterexample, what.after = state or what.counterexample, after


def _shrunk(number: int) -> list[tuple[dict[str, object], dict[str, object]]]:
    """What a worker does with the failures of one theory: the states before and after."""
    proof = _proofs[number]
    found = []
    for what in proof.failed[:SHOWN]:
        prover = Prover(proof.theory, _timeout, least=True)
        again = []
        if what.action == TICK:
            again = list(prover.ticking())
        for action in proof.actions:
            if action.name == what.action and what.clause != CONSTANT:
                steps = [step for step in action.steps if step.path == what.path]
                again += [one for step in steps for one in prover.step(step, [what.clause])]
        same = [one for one in again if (one.clause, one.verdict) == (what.clause, "failed")]
        found.append(
            (
                {name: plain(v) for one in same for name, v in one.counterexample.items()},
                {name: plain(v) for one in same for name, v in one.after.items()},
            )
        )
    return found


def _reach(number: int) -> list[Reached]:
    """What a worker does with one theorem."""
    proof = _proofs[number]
    clauses = failing(proof)
    told = time.monotonic()

    def tell(states: int, _transitions: int, level: int, *_: object) -> None:
        nonlocal told
        if time.monotonic() - told > TELLING:
            told = time.monotonic()
            print(f"{proof.id}: {states:,} states, depth {level}", file=sys.stderr, flush=True)

    found = []
    for theorem in proof.theorems:
        its = [function for function in clauses if clauses[function] is theorem]
        if not its:
            continue
        try:
            found += reach(theorem, its, seconds=SECONDS / len(clauses) * len(its), progress=tell)
        except UsageProblem as none:  # of bounds that meet the assumptions
            found += [Reached(f.__name__, [Search("", 0, 0, False, str(none))]) for f in its]
    return found
