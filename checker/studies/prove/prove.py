"""``prove``: theorems without bounds, proved on all cores, and their certificates.

Theorems of one system are proved together: they are one theory, which is traced once, here; the
workers are forked after that and have its trees. Each takes
some paths of one action at a time and sends back the obligations, with the scripts that a
certificate is made of. *Proved* means that every obligation was found to follow; one that fails
comes with a state from which a step leads astray, and one that the solver gave up is unknown. A
theorem with an action of which no path is known to be taken says nothing of it: it is vacuous.

A counterexample to induction may be out of reach: what failed is looked for in the bounded system
(``checker.studies.prove.reachable``).

``needed`` takes what ``proofs.theorems.needs`` lists away from the theorems, one thing at a time:
the proof should fail, and the explorer should find a run to the violation.

``why`` leaves out one clause at a time: what fails first without it is why it is there. That is
pinned in ``proofs/results/why.toml``.

A certificate directory holds each obligation as a standalone SMT-LIB 2 script and, in its manifest,
what they are obligations of. ``proofs.recheck.check`` reads it and needs nothing else. It is
written beside its place and put there whole. What is there already is replaced only if it is of
this kind.
"""

import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import z3

from checker.engines.solver.induction import (
    CONSTANT,
    COVER,
    MESSAGE,
    NEVER,
    NUMBER,
    START,
    TICK,
    Clause,
    Obligation,
    Prover,
    Step,
    Theory,
    steps_of,
)
from checker.ir.nodes import Sort
from checker.model.model import Model
from checker.model.options import choose_bounds, choose_rules, grown, show
from checker.model.search import Options
from checker.studies.prove.reachable import SECONDS, Reached, Search, reach
from checker.studies.prove.shorter import Tight, said
from checker.studies.prove.statement import options, theory
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.names import unknown
from checker.support.workers import forked, leave_interrupts
from proofs.claims import table as c
from proofs.claims.ablations import Ablation
from proofs.theorems.invariants import Function
from proofs.theorems.needs import NEEDS, Need, Run, varied
from proofs.theorems.table import BY_ID, THEOREMS, Theorem, together

CHUNK = 6
"""How many paths a worker takes at a time."""
TIMEOUT = 10.0
"""Seconds for one question to the solver."""
FORMAT, VERSION = "synproof certificates", 2
MANIFEST = "manifest.json"


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

    @property
    def id(self) -> str:
        """The first theorem's, upon which the others are built."""
        return self.theorems[0].id

    @property
    def paths(self) -> int:
        """The paths of all its actions."""
        return sum(len(action.paths) for action in self.actions)

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
        return "vacuous" if self.vacuous else "proved"


Progress = Callable[[Proof, int], None]
"""Called with a proof under way and how many of its paths are done."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Work for one worker: paths of an action, and whether they are all there are."""

    proof: int
    action: int
    paths: tuple[int, ...]
    cover: bool = False


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


def units(proofs: Sequence[Proof]) -> list[Unit]:
    """The work, theorem by theorem, actions with many paths first, so that none is left alone."""
    found = []
    for p, proof in enumerate(proofs):
        order = sorted(range(len(proof.actions)), key=lambda a: -len(proof.actions[a].paths))
        for a in order:
            action = proof.actions[a]
            if action.steps:
                found.append(Unit(p, a, (), cover=True))
            paths = action.paths
            found += [Unit(p, a, tuple(paths[i : i + CHUNK])) for i in range(0, len(paths), CHUNK)]
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
        _prover = unit.proof, Prover(_proofs[unit.proof].theory, _timeout)
    found = list(_obligations(_prover[1], _proofs[unit.proof], unit))
    for what in found:
        what.counterexample = {name: _value(v) for name, v in what.counterexample.items()}
    taken, _prover[1].taken = _prover[1].taken, {}
    return found, taken, time.process_time() - began


def _obligations(prover: Prover, proof: Proof, unit: Unit) -> Iterator[Obligation]:
    action = proof.actions[unit.action]
    if action.name == START:
        yield from prover.start()
        yield from prover.constant(START)
    elif action.name == TICK:
        yield from prover.ticking()
        yield from prover.constant(TICK)
    elif unit.cover:
        (kind,) = (kind for kind in proof.theory.kinds if kind.name == action.name)
        yield prover.cover(kind)
        yield from prover.constant(kind.name)
    else:
        for step in action.steps:
            if step.path in unit.paths:
                yield from prover.step(step)


def _value(term: Any) -> Any:
    """A solver's value as a plain one, which can be sent to another process."""
    if z3.is_bool(term):
        return bool(z3.is_true(term))
    if z3.is_bv_value(term) or z3.is_int_value(term):
        return term.as_long()
    return str(term)


def prove(
    theorems: Sequence[Theorem],
    workers: int | None = None,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
    make: Callable[[Sequence[Theorem]], Theory] = theory,
) -> list[Proof]:
    """Try to prove theorems; ``make`` traces those that are proved together."""
    global _proofs, _timeout, _prover  # what the workers are forked with
    proofs = []
    for some in together(theorems):
        began = time.process_time()
        made = make(some)
        _check(made)
        actions = [Action(kind.name, list(steps_of(kind))) for kind in made.kinds]
        actions.insert(0, Action(START))
        if made.tick is not None:
            actions.append(Action(TICK))
        proofs.append(Proof(some, made, actions, seconds=time.process_time() - began))
        if progress is not None:
            progress(proofs[-1], 0)
    _proofs, _timeout, _prover = proofs, timeout, None
    todo = units(proofs)
    results: dict[Unit, list[Obligation]] = {}
    done = [0] * len(proofs)
    with forked(workers or os.cpu_count() or 1, leave_interrupts) as pool:
        running = {pool.submit(_work, unit): unit for unit in todo}
        for future in as_completed(running):
            unit = running[future]
            results[unit], taken, seconds = future.result()
            proofs[unit.proof].seconds += seconds
            proofs[unit.proof].taken |= taken
            done[unit.proof] += len(unit.paths)
            if progress is not None:
                progress(proofs[unit.proof], done[unit.proof])
    for unit in sorted(
        todo, key=lambda unit: (unit.proof, unit.action, not unit.cover, unit.paths)
    ):
        proofs[unit.proof].obligations += results[unit]
    return proofs


def _check(made: Theory) -> None:
    """Refuse names that would be taken for something else, and claims of nothing."""
    names = [clause.name for clause in made.clauses]
    actions = [kind.name for kind in made.kinds]
    if len({*names, NEVER, COVER, CONSTANT}) < len(names) + 3:
        raise UsageProblem(
            f"{made.name}: clauses need different names, not 'never', 'cover' or 'constant'"
        )
    if len({*actions, START, TICK}) < len(actions) + 2:
        raise UsageProblem(f"{made.name}: actions need different names, not 'start' or 'tick'")
    if not made.claims or not set(made.claims) <= set(names):
        raise UsageProblem(f"{made.name}: claims must be some of the clauses")


def exit_code(proofs: Sequence[Proof]) -> int:
    """1 if anything failed, else 3 if anything is undecided or nothing was asked, else 0."""
    if any(proof.failed for proof in proofs):
        return VIOLATED
    proved = proofs and all(proof.verdict == "proved" for proof in proofs)
    return OK if proved else INCONCLUSIVE


# What really happens

CLAUSES = 3
"""How many clauses of a theorem are asked of the bounded system."""
TELLING = 2.0
"""Seconds from one word on stderr to the next."""


def failing(proof: Proof) -> dict[Function, Theorem]:
    """The first clauses that fail, each with the first theorem that has it."""
    has = {f.__name__: (f, t) for t in reversed(proof.theorems) for f in t.all}
    found = dict.fromkeys(what.clause for what in proof.failed if what.clause in has)
    return dict([has[name] for name in found][:CLAUSES])


def explore(proofs: Sequence[Proof], workers: int | None = None) -> None:
    """Look, theorem by theorem, whether the clauses that failed are false of the bounded system."""
    global _proofs  # noqa: PLW0603 (what the workers are forked with)
    _proofs = [proof for proof in proofs if failing(proof)]
    with forked(workers or os.cpu_count() or 1, leave_interrupts) as pool:
        for proof, found in zip(_proofs, pool.map(_reach, range(len(_proofs))), strict=True):
            proof.reached = found


def _reach(number: int) -> list[Reached]:
    """What a worker does with one theorem."""
    proof = _proofs[number]
    clauses = failing(proof)
    told = time.monotonic()

    def tell(states: int, _transitions: int, level: int, _waiting: int) -> None:
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


# What is needed


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


def select_needs(ids: Sequence[str]) -> list[Need]:
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
    with forked(workers or os.cpu_count() or 1, leave_interrupts) as pool:
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
    prover = Prover(made, timeout)
    found = Needed(need, "proved")
    _until_one_fails(found, _in_turn(prover, need.near))
    if not found.asked:
        found.verdict = "unknown"
    return found


def _until_one_fails(found: "Needed | Why", obligations: Iterable[Obligation]) -> None:
    """Take obligations until one fails; of those that are unknown, the first is kept till then."""
    for what in obligations:
        found.asked += 1
        if what.verdict == "proved":
            continue
        if what.verdict == "failed" or found.first is None:
            what.counterexample = {name: _value(v) for name, v in what.counterexample.items()}
            found.first, found.verdict = what, what.verdict
        if what.verdict == "failed":
            return


def _in_turn(prover: Prover, near: str) -> Iterator[Obligation]:
    """All obligations; those of paths with ``near`` in their rules first."""
    yield from prover.start()
    yield from prover.ticking()
    for kind in prover.theory.kinds:
        yield prover.cover(kind)
    constancy = prover.theory.constancy
    for action in (START, *constancy.trees) if constancy is not None else ():
        yield from prover.constant(action)
    for step in _steps(prover.theory, near):
        yield from prover.step(step)


def _steps(t: Theory, near: str = "") -> list[Step]:
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


def _violated(run: Run | Ablation, max_states: int = 5_000_000) -> tuple[int | None, bool]:
    """How many steps there are to a violation at the small scale, and whether that is certain."""
    claim = c.BY_ID[run.claim]
    bounds = {**grown(claim.profile, "small"), **run.bounds}
    model = Model(
        choose_rules(claim.rules, run.rules), choose_bounds(claim.profile, bounds, claim.profile)
    )
    found = model.decide([claim], Options(max_states=max_states))
    steps = found.lengths.get(claim.id)
    return steps, steps is not None or found.exploration.complete


# Why each clause is there

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
    with forked(workers or os.cpu_count() or 1, leave_interrupts) as pool:
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
    _until_one_fails(found, _again(Prover(rest, _timeout), _leaning(proof, name)))
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
    for step in _steps(prover.theory):
        clauses = leaning.get((step.action, step.path))
        if clauses is not None:
            yield from prover.step(step, None if NEVER in clauses else clauses)


def compact(t: Theory, what: Obligation) -> str:
    """The state of a counterexample in one line."""
    clause = next((c for c in t.clauses if c.name == what.clause), None)
    rows = [row for row in _shown(t, clause, what) if row[0] != "before"]
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


def pin_why(found: Sequence[Why]) -> None:
    """Rewrite the theories in ``proofs/results/why.toml`` of which reasons were found."""
    if any(one.verdict != "failed" for one in found):
        raise UsageProblem("nothing is pinned while a clause is superfluous, or its reason unknown")
    with resources.as_file(resources.files("proofs").joinpath("results/why.toml")) as path:
        files.write(path, why_toml(found, reasons()).encode())


def why_toml(found: Sequence[Why], known: dict[str, dict[str, Reason]]) -> str:
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


def why_code(found: Sequence[Why]) -> int:
    """1 if a clause is superfluous or a reason is not what is pinned, else 3 if one is unknown."""
    known = [one for one in found if one.verdict != "unknown"]
    if any(one.superfluous for one in known) or pinned_otherwise(known):
        return VIOLATED
    return OK if found and len(known) == len(found) else INCONCLUSIVE


def why_report(found: Sequence[Why]) -> dict[str, Any]:
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


def needed_code(found: Sequence[Needed]) -> int:
    """1 if anything is not as the table says, else 3 if anything is undecided, else 0."""
    if any(not one.ok and not one.undecided for one in found):
        return VIOLATED
    return INCONCLUSIVE if not found or any(one.undecided for one in found) else OK


def needed_report(found: Sequence[Needed]) -> dict[str, Any]:
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
                "run": None if one.need.run is None else runs(one.need.run),
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


def runs(run: Run | Ablation) -> str:
    """Where a run is found, as ``trace`` takes it."""
    rules = "".join(f" --rules {name}={show(value)}" for name, value in run.rules.items())
    return (
        run.claim
        + rules
        + "".join(f" --bounds {name}={show(value)}" for name, value in run.bounds.items())
    )


# Reports


def report(proofs: Sequence[Proof]) -> dict[str, Any]:
    """What was found, for the JSON."""
    return {
        "version": VERSION,
        "theorems": [_said_of(theorem, proof) for proof in proofs for theorem in proof.theorems],
        "theories": [
            {
                "id": proof.id,
                "theorems": [theorem.id for theorem in proof.theorems],
                "verdict": proof.verdict,
                "obligations": len(proof.obligations),
                "paths": {how: proof.count(how) for how in ("enabled", "never", "unknown")},
                "vacuous": proof.vacuous,
                "slowest": max((what.seconds for what in proof.obligations), default=0.0),
                "seconds": round(proof.seconds, 2),
                "not_proved": [
                    {
                        "obligation": what.name,
                        "verdict": what.verdict,
                        "rules": list(what.rules),
                        "line": what.where,
                        "state": what.counterexample,
                    }
                    for what in (*proof.failed, *proof.undecided)
                ],
                "reach": [
                    {
                        "clause": one.clause,
                        "verdict": one.verdict,
                        "steps": one.steps,
                        "limits": one.limits,
                        "run": list(one.run),
                        "searches": [dataclasses.asdict(search) for search in one.searches],
                    }
                    for one in proof.reached
                ],
            }
            for proof in proofs
        ],
    }


def _said_of(theorem: Theorem, proof: Proof) -> dict[str, Any]:
    return {
        "id": theorem.id,
        "title": theorem.title,
        "theory": proof.id,
        "verdict": proof.verdict,
        "scope": "unbounded",
        "rules": _rules(theorem),
        "assumptions": assumptions(theorem),
        "obligations": len(proof.obligations),
    }


def assumptions(theorem: Theorem) -> list[str]:
    """What a theorem assumes, by name."""
    return [f.__name__ for f in (*theorem.facts, *theorem.pairs)]


def _rules(theorem: Theorem) -> dict[str, str]:
    return {name: show(value) for name, value in theorem.rules.items()}


def counterexample(proof: Proof, what: Obligation) -> list[str]:
    """A failed obligation as a step: the lines say from where, by which rule, to which clause."""
    t = proof.theory
    clause = next((c for c in t.clauses if c.name == what.clause), None)
    lines = [f"{proof.id} not proved: {what.clause} fails after {what.action!r}"]
    if what.action == START:
        lines = [f"{proof.id} not proved: {what.clause} fails at the start"]
    if what.clause == COVER:
        lines = [f"{proof.id} not proved: the paths of {what.action!r} are not all there are"]
    if what.clause == CONSTANT:
        lines = [f"{proof.id} not proved: a field left out as constant changes in {what.action!r}"]
    if clause is not None:
        doc = " ".join(clause.doc.split())
        lines.append(f"  clause   {clause.name} ({clause.where}): {doc}")
    if what.action != START:
        at = f" ({what.where})" if what.where else ""
        lines.append(f"  action   {what.action}, path {what.path}{at}")
        lines += [f"  rule     {rule}" for rule in what.rules]
    for label, shown in _shown(t, clause, what):
        lines.append(f"  {label:8} {shown}")
    return lines


def _shown(t: Theory, clause: Clause | None, what: Obligation) -> Iterator[tuple[str, str]]:
    """The state before, in the names of the fields; what is not told may be anything."""
    sorts = {f.path: f.sort for f in t.fields}
    plain = {path: _index(value, sorts[path]) for path, value in t.initial.items()}
    if what.action not in (START, TICK):
        yield "before", "x acts, y is its peer; what is not shown is as at the start, or anything"
    for h in "xy" if what.action != START else "":
        yield h, _row(what.counterexample, h, sorts, plain) or "as at the start"
    carried = {f.path: f.sort for f in t.message_fields}
    about = clause.about if clause else ""
    for label, prefix in (
        ("arrives", "seg"),
        *((f"from {h}", f"{h}.other") for h in "xy" if about == MESSAGE),
    ):
        row = _row(what.counterexample, prefix, carried, {})
        if row and what.counterexample.get(f"{prefix}.present", True):
            yield label, row
    if about == NUMBER and "n" in what.counterexample:
        yield "n", str(what.counterexample["n"])
    given = _row({f".{k}": v for k, v in what.counterexample.items()}, "", dict(t.parameters), {})
    if given:
        yield "given", given


def _row(values: dict[str, Any], prefix: str, sorts: dict[str, Sort], plain: dict[str, Any]) -> str:
    """Fields and their values, those that are ``plain`` left out."""
    return " ".join(
        f"{path}={_named(values[f'{prefix}.{path}'], sort)}"
        for path, sort in sorts.items()
        if f"{prefix}.{path}" in values
        and (path not in plain or plain[path] != values[f"{prefix}.{path}"])
    )


def _index(value: Any, sort: Sort) -> Any:
    """A plain value as the solver has it."""
    return value if sort.members is None else list(sort.members).index(value)


def _named(value: Any, sort: Sort) -> str:
    """A solver's value as it is read."""
    if sort.members is not None:
        members = list(sort.members)
        if value < len(members):
            return str(members[value].value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


# Certificates


def require_place(place: Path) -> None:
    """Say at once that certificates could not be written at ``place``."""
    try:
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise UsageProblem(f"{place}: it is no directory")
        if place.exists() and any(place.iterdir()) and not _ours(place):
            raise UsageProblem(f"{place}: it holds something else than certificates")
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageProblem(f"cannot write {str(place)!r}: {error.strerror}") from error
    files.writable(place.parent / f".{secrets.token_hex(8)}.tmp")


def _ours(place: Path) -> bool:
    """Is it a certificate directory, with nothing in it that the manifest knows nothing of?"""
    try:
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT:
            return False
        parts = (*manifest["theories"], *manifest["families"])
        folders = {part["folder"] for part in parts}
        if not {path.name for path in place.iterdir()} <= {MANIFEST, *folders}:
            return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    held = (path for folder in folders for path in (place / folder).rglob("*"))
    return all(path.is_dir() or path.suffix == ".smt2" for path in held)


def discard(place: Path) -> None:
    """Take away certificates of an earlier run, which must not pass for those of this one."""
    require_place(place)
    if place.exists():
        aside = place.parent / f".{secrets.token_hex(8)}.tmp"
        place.rename(aside)
        shutil.rmtree(aside)


def write(proofs: Sequence[Proof], place: Path, families: Sequence[Tight] = ()) -> int:
    """Write the certificates of proofs, all of which must be whole; the number of files."""
    assert exit_code(proofs) == OK
    assert all(family.verdict == "proved" for family in families)
    beside = place.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        beside.mkdir()
        ids = [*(proof.id for proof in proofs), *(f"tight {one.family.id}" for one in families)]
        folders = _safe_names(ids)
        theories = [_write(proof, folders[proof.id], beside, families) for proof in proofs]
        tight = [_write_family(one, folders[f"tight {one.family.id}"], beside) for one in families]
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "theories": theories,
            "families": tight,
        }
        files.write_json(beside / MANIFEST, manifest)
        discard(place)
        beside.rename(place)
    except OSError as error:
        raise UsageProblem(f"cannot write {str(place)!r}: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return sum(len(part["obligations"]) for part in (*theories, *tight))


def _write_script(what: Obligation, name: str, place: Path) -> dict[str, Any]:
    """Write one script; what the manifest says of it."""
    content = what.script.encode()
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "action": what.action,
        "path": what.path,
        "clause": what.clause,
        "rules": list(what.rules),
        "line": what.where,
        "hypotheses": list(what.used),
    }


def _write_family(one: Tight, folder: str, place: Path) -> dict[str, Any]:
    """Write one family's scripts; what the manifest says of it."""
    names = _safe_names([what.clause for what in one.obligations])
    written = [
        _write_script(what, f"{folder}/{what.path}.{names[what.clause]}.smt2", place)
        for what in one.obligations
    ]
    return said(one) | {"folder": folder, "obligations": written}


def _write(
    proof: Proof, folder: str, place: Path, families: Sequence[Tight] = ()
) -> dict[str, Any]:
    """Write one theory's scripts; what the manifest says of it."""
    base, t = proof.theorems[0], proof.theory
    folders = _safe_names([action.name for action in proof.actions])
    clauses = _safe_names([NEVER, COVER, CONSTANT, *(clause.name for clause in t.clauses)])
    written = [
        _write_script(
            what, f"{folder}/{folders[what.action]}/{what.path}.{clauses[what.clause]}.smt2", place
        )
        for what in proof.obligations
    ]
    known = reasons().get(proof.id, {})
    return {
        "id": proof.id,
        "folder": folder,
        "rules": _rules(base),
        "bounds": dict(base.bounds),
        "free": list(t.parameters),
        "constants": {name: show(value) for name, value in sorted(t.constants.items())}
        if t.constancy is not None
        else {},
        "facts": [_said(clause) for clause in t.facts],
        "pairs": [_said(clause) for clause in t.pairs],
        "theorems": [
            {
                "id": theorem.id,
                "title": theorem.title,
                "cites": theorem.cites,
                "claims": [f.__name__ for f in theorem.claims],
                "options": list(options(theorem, base)),
                "families": [one.family.id for one in families if one.family.theorem == theorem.id],
            }
            for theorem in proof.theorems
        ],
        "clauses": [
            _said(clause) | {"about": clause.about, "why": known.get(clause.name)}
            for clause in t.clauses
        ],
        "actions": [
            {"name": a.name, "paths": a.paths, "impossible": a.impossible} for a in proof.actions
        ],
        "obligations": written,
    }


def _said(clause: Clause) -> dict[str, Any]:
    said = {"name": clause.name, "doc": clause.doc, "line": clause.where}
    return said | {"when": [list(options) for options in clause.when]}


def _safe_names(names: Sequence[str]) -> dict[str, str]:
    """Different names for files, also where the case of letters does not count."""
    safe: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        made = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.") or "unnamed"
        while made.lower() in taken:
            made += "-"
        taken.add(made.lower())
        safe[name] = made
    return safe
