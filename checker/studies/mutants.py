"""``mutants``: what would the claims notice if a rule of the specification were wrong?

Each mutant is the specification with one place changed (``checker.ir.mutate``). The claims are
checked on it, one *arena* at a time: an exploration of one profile under one choice of rules, with
the claims that it decides. A claim *kills* a mutant if its verdict changes: an ``always``, ``rest``
or ``eventually`` claim is violated, a witness is not reached any more, or a finding is gone.

An arena knows every *question* that its exploration asks of the specification, an input to an
endpoint, and the answer. A mutant that answers each of them as the specification does reaches the
same states by the same transitions, step by step from the first: it need not be explored. So the
verdicts are

* *killed*, with the claim and the length of the shortest run that shows it;
* *survived*: some answer differs, and no claim notices;
* *equivalent*: the place is reached, and no answer of any arena differs;
* *not reached*: no question of any arena comes to the place.

A place behind a switch or a bound that no arena sets is in no traced tree of an arena. It does not
count, and is listed apart. Score = killed / (all - equivalent).

Judging all takes an hour. Where the specification has changed, ``carried`` keeps what was found of
the places that read as before, and says of the others that they are *not judged*. They do not
count. ``completed`` puts in what is found of these.
"""

import dataclasses
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from enum import EnumType
from functools import cache
from importlib import resources
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Literal

from pydantic import BaseModel

from checker.engines.explicit.engine import Exploration
from checker.ir.mutate import Dialect, Mutant, applied, calls, mutants, watched
from checker.model.model import Model, check_of
from checker.model.search import Options
from checker.studies.explorations import Job, jobs
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.journal import Journal, Told
from checker.support.workers import forked
from proofs.claims.claim import SOMETIMES, Claim
from proofs.claims.table import CLAIMS
from spec import rules as switches
from spec.tcp import (
    congestion,
    host,
    listener,
    receiving,
    retransmission,
    sack,
    segment,
    segment_arrives,
    tcb,
    timeouts,
    timestamps,
    transfer,
    user_calls,
)
from spec.tcp import sending as output
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment_arrives import closed, listen, others, syn, syn_sent
from spec.world import enabled, happen, http
from spec.world.enabled import Event, overdue
from spec.world.records import key
from spec.world.system import Outcome, System

Verdict = Literal["killed", "survived", "equivalent", "not reached", "outside", "not judged"]
SURVIVING = ("survived", "not reached")

# What is mutated


def _functions(module: ModuleType, *but: str) -> list[FunctionType]:
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
        if name not in but
    ]


ARRIVALS = (segment_arrives, closed, listen, syn_sent, others, syn)
"""Section 3.10.7, in the RFC's order."""

FUNCTIONS = [
    *(function for module in ARRIVALS for function in _functions(module)),
    *_functions(output),
    *_functions(user_calls, "status"),
    *_functions(timeouts),
    *_functions(tcb),
    *_functions(segment),
    *(
        getattr(tcb.Tcb, name)
        for name in ("unsent_text", "unacknowledged_text", "unsent_fin", "fin_acknowledged")
    ),
    segment.Segment.length,
    *_functions(host),
    *_functions(listener),
    *_functions(timestamps),
    *_functions(congestion, "phase"),
    *_functions(receiving, "acknowledge_ahead", "may_run_ahead"),
    *_functions(retransmission, "first", "later", "expired"),
    *_functions(transfer),
    *_functions(sack),
    *_functions(http),
]
"""The rules of TCP, of a listener, and of a host's clocks and health; and an application's, since
claims are of it. Ghosts, forgeries, a receiver that cheats and what else may happen
(``spec.world.enabled``) are the observer's and the environment's, not rules; and which phase a
sender is in is what it shows. Nor is RFC 6298's arithmetic here: no exploration runs it, and tests
with exact numbers judge it (``tests/spec/tcp/test_retransmission.py``)."""

_CHOICES = {
    name: value
    for name, value in vars(switches).items()
    if isinstance(value, EnumType) and value.__module__ == switches.__name__
}
"""The values of the switches that are not on or off."""

_FIXED = ["rules", "bounds", "what", "Input", *_CHOICES]
_SILENT = ["rule", "signal", "take", "segment_arrives"]  # what arrives is the network's

DIALECT = Dialect(
    states=tcb.State,
    fixed=frozenset(_FIXED),
    silent=frozenset(_SILENT),
    flagged="Control",
    made="Segment",
    numbers=("seq", "ack"),
    intervals=frozenset({"le_lt", "lt_le", "le_le"}),
    pairs=frozenset({"lt", "le"}),
    circles=("tcp.seq", "seq"),
    rule=Rule,
)


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """The mutants of the specification."""
    return tuple(mutants(FUNCTIONS, DIALECT))


# Arenas

Lines = frozenset[tuple[str, int]]
"""Files and lines that an answer runs through."""
Answer = Any


@dataclass(slots=True)
class Arena:
    """An exploration of the specification, all questions that it asks, and what it found.

    ``ask`` answers a question as the specification stands now, mutated or not; ``explore`` finds
    the verdicts: for each claim that is decided, the steps to the state that decides it.
    """

    name: str
    questions: dict[Lines, list[tuple[Any, Answer]]]
    decided: Mapping[str, int]
    kinds: Mapping[str, str]
    ask: Callable[[Any], Answer]
    explore: Callable[[], Exploration]
    contains: Callable[[Mutant], bool]  # is its place in the traced tree at all?

    def cost(self) -> int:
        """How much it takes to put a mutant into it, roughly."""
        return sum(map(len, self.questions.values()))

    @property
    def judges_conduct(self) -> bool:
        """Is one of its claims a relation on single steps (C1, C2 ...)?"""
        return any(claim[0] == "C" and claim[1].isdigit() for claim in self.kinds)

    def reached(self, mutant: Mutant) -> bool:
        """Does any question come to the place itself?"""
        return any((mutant.file, mutant.line) in lines for lines in self.questions)

    def differs(self, mutant: Mutant) -> bool:
        """Is any question answered otherwise? The mutant must be applied."""
        around = {(mutant.file, n) for n in range(mutant.first, mutant.last + 1)}
        return any(
            self.ask(question) != answer
            for lines, asked in self.questions.items()
            if not around.isdisjoint(lines)
            for question, answer in asked
        )

    def killers(self) -> tuple[dict[str, int | None], str]:
        """The claims that fall first under the mutant that is applied, each with the steps that
        show it; and what kept the search from its end."""
        found = self.explore()
        killed: dict[str, int | None] = {}
        for claim, kind in self.kinds.items():
            steps = found.lengths.get(claim)
            if kind != SOMETIMES and steps is not None and claim not in self.decided:
                killed[claim] = steps
            elif found.complete and steps is None and claim in self.decided:
                killed[claim] = None
        return killed, found.why if found.limited else ""


def asked_all(
    questions: Iterable[Any], ask: Callable[[Any], Answer], functions: Sequence[FunctionType]
) -> dict[Lines, list[tuple[Any, Answer]]]:
    """Each question with its answer, by the lines of ``functions`` that the answer runs through."""
    found: dict[Lines, list[tuple[Any, Answer]]] = defaultdict(list)
    with watched(functions) as lines:
        for question in questions:
            lines.clear()
            answer = ask(question)
            found[frozenset(lines)].append((question, answer))
    return dict(found)


def arena(job: Job) -> Arena:
    """The arena of an exploration of the specification."""
    model = job.model.anew()
    options = Options(engine="native")
    found = _search(job, model, options)
    limit = dataclasses.replace(options, max_states=2 * found.states + 300_000)
    asked = job.model.anew().system

    def ask(question: Any) -> Answer:
        end, socket, what, seg, sight = question
        late = overdue(end, job.model.rules, job.model.bounds)
        outcomes = System.react(asked, end, socket, what, seg, sight)
        return late, [_plain(outcome) for outcome in outcomes]

    def explore() -> Exploration:
        return _search(job, job.model.anew(), limit, found.lengths)

    questions = (
        (end, socket, what, seg, sight)
        for what, outcomes in model.system.known.items()
        for end, socket, seg, sight in outcomes
    )
    return Arena(
        f"{job.profile} {job.ids}",
        asked_all(questions, ask, FUNCTIONS),
        found.lengths,
        {claim.id: claim.kind for claim in job.claims},
        ask,
        explore,
        _tree(job),
    )


def _search(
    job: Job,
    model: Model,
    options: Options,
    decided: Mapping[str, int] | None = None,
) -> Exploration:
    """Explore, to the end; or, if it is known what the specification ``decided``, until a claim
    falls that it does not refute. What is said in the end is decided on the whole graph."""
    if job.live:
        return model.decide(job.claims, options).exploration
    checks = {claim.id: check_of(claim) for claim in job.claims}
    if decided is None:
        return model.search(checks, options, stop_when_decided=False)
    ending = {
        id: dataclasses.replace(check, ends=check.kind != SOMETIMES and id not in decided)
        for id, check in checks.items()
    }
    return model.search(ending, options)


def _plain(outcome: Outcome) -> Any:
    return outcome.isn, key(outcome.end), [key(seg) for seg in outcome.effects.sent]


def _tree(job: Job) -> Callable[[Mutant], bool]:
    """Which places are in the traced trees of a job: those that its switches and bounds let in."""
    inputs = set(job.model.callers)
    rules, bounds = job.model.rules, job.model.bounds
    if bounds.timed:
        inputs.add(Input.TICK)
    context = SimpleNamespace(rules=rules, bounds=bounds)
    known = {"tcp": context, "rules": rules, "bounds": bounds, "Input": Input}
    known |= _CHOICES

    def true(test: str, what: Event) -> bool:
        try:
            return bool(eval(test, {**known, "what": what}))
        except (NameError, AttributeError):  # of the exploration, such as how many TCBs there are
            return True

    def lets_in(needs: Sequence[str]) -> bool:
        return any(all(true(test, what) for test in needs) for what in inputs)

    open_calls = [call for call in CALLS if lets_in(call.needs)]
    begins = (host.step, enabled.enabled, happen.happen)
    inside = {overdue.__qualname__, *(function.__qualname__ for function in begins)}
    while more := {c.callee for c in open_calls if c.caller in inside} - inside:
        inside |= more
    return lambda mutant: mutant.function in inside and lets_in(mutant.needs)


CALLS = calls([*FUNCTIONS, *_functions(enabled), *_functions(happen)], DIALECT)
"""Who calls whom, behind which switches and bounds."""


def arenas(
    of: Sequence[Mutant],
    claims: Sequence[Claim] = CLAIMS,
    told: Callable[[str], None] | None = None,
) -> list[Arena]:
    """The arenas of claims at the small scale that contain any of these mutants: those of conduct
    first, which notice most, then those with the fewest questions."""
    found = []
    for job in jobs(claims, {}, {}):
        if not any(map(_tree(job), of)):
            continue
        if told is not None:
            told(f"{job.profile} {job.ids}")
        found.append(arena(job))
    return sorted(found, key=lambda arena: (not arena.judges_conduct, arena.cost()))


ORDER = {claim.id: i for i, claim in enumerate(CLAIMS)}
"""The place of each claim in the table."""

# Verdicts


class Killer(BaseModel):
    """A claim that sees a mutant; ``steps`` is None if a state is not reached any more."""

    claim: str
    steps: int | None


class Judged(BaseModel):
    """A mutant and what became of it; ``needs`` are the switches and bounds it stands behind."""

    name: str
    place: str
    function: str
    operator: str
    before: str
    after: str
    rule: str
    verdict: Verdict
    killers: list[Killer] = []
    note: str = ""
    needs: list[str] = []
    reason: str = ""  # why it is no wonder that it survives
    first: bool = False  # only the first claim that killed it is named, not all that do


class Report(BaseModel):
    """What ``mutants`` found; ``all`` has the survivors and those not reached as well."""

    version: int = 1
    every: bool  # every exploration was asked which claims fall first in it, but of ``first``
    mutants: int
    killed: int
    equivalent: int
    not_reached: int
    score: float
    survivors: list[str]
    outside: int
    unjudged: int = 0  # ... since the specification changed; then the others are of before, too
    all: list[Judged]


def carried(found: Report) -> Report:
    """What was found of the places that still read the same, and of those that no run came to only
    where they stand behind the same switches; the others are not judged."""
    kept: dict[tuple[str, ...], list[Judged]] = defaultdict(list)
    for judged in found.all:
        kept[_reads(judged)].append(judged)
    judged_now = []
    for mutant in all_mutants():
        shown = {name: getattr(mutant, name) for name in _SHOWN}
        same = kept[_reads(mutant)]
        before = same.pop(0) if same else None
        elsewhere = (
            before is not None
            and before.verdict in ("outside", "not reached")
            and before.needs != _needs(mutant)
        )
        if before is None or elsewhere:
            judged_now.append(Judged(**shown, verdict="not judged"))
        else:
            judged_now.append(before.model_copy(update=shown))
    return report(judged_now, found.every)


def completed(found: Report, judged: Iterable[Judged]) -> Report:
    """The report with what was found of mutants that it had not judged."""
    known = {one.name: one for one in judged}
    return report([known.get(one.name, one) for one in found.all], found.every)


def unjudged(found: Report) -> list[Mutant]:
    """The mutants that a report has not judged."""
    names = {one.name for one in found.all if one.verdict == "not judged"}
    return [mutant for mutant in all_mutants() if mutant.name in names]


def _reads(what: Judged | Mutant) -> tuple[str, ...]:
    """A place by what it says, not by where it is."""
    file = what.place.partition(":")[0]
    return file, what.function, what.operator, what.before, what.after, what.rule


def judge(mutant: Mutant, before: Sequence[Arena], every: bool) -> Judged:
    """Put a mutant before the claims."""
    verdict: Verdict = "outside"
    killers: list[Killer] = []
    notes: list[str] = []
    inside = [arena for arena in before if arena.contains(mutant)]
    if inside:
        reached = [arena for arena in inside if arena.reached(mutant)]
        verdict = "equivalent" if reached else "not reached"
        with applied(mutant):
            for arena in reached:
                try:
                    if not arena.differs(mutant):
                        continue
                    verdict = "survived" if verdict == "equivalent" else verdict
                    killed, limit = arena.killers()
                except Exception as error:
                    killed, limit = {}, f"{type(error).__name__}: {error}"
                if limit:
                    notes.append(f"{arena.name}: {limit}")
                if killed:
                    verdict = "killed"
                    killers += [Killer(claim=c, steps=n) for c, n in killed.items()]
                    if not every:
                        killers = sorted(killers, key=_soonest)[:1]
                        break
    return Judged(
        **{name: getattr(mutant, name) for name in _SHOWN},
        verdict=verdict,
        killers=sorted(killers, key=lambda k: ORDER[k.claim]) if every else killers,
        note="; ".join(notes),
        first=verdict == "killed" and not every,
        needs=_needs(mutant) if verdict in ("outside", "not reached") else [],
    )


def _needs(mutant: Mutant) -> list[str]:
    """The fixed tests that a place stands behind, or else those of the calls of its function."""
    called = {test for call in CALLS if call.callee == mutant.function for test in call.needs}
    return list(mutant.needs) or sorted(called)


def _soonest(killer: Killer) -> tuple[bool, int]:
    return killer.steps is None, killer.steps or 0


_SHOWN = ("name", "place", "function", "operator", "before", "after", "rule")


def report(found: Sequence[Judged], every: bool) -> Report:
    """The report of all that was judged."""
    known = reasons()
    for judged in found:
        if judged.verdict in SURVIVING:
            judged.reason = reason(judged, known)
    count = Counter(judged.verdict for judged in found)
    mutants = len(found) - count["outside"] - count["not judged"]
    asked = mutants - count["equivalent"]
    return Report(
        every=every,
        mutants=mutants,
        killed=count["killed"],
        equivalent=count["equivalent"],
        not_reached=count["not reached"],
        score=round(count["killed"] / asked, 4) if asked else 1.0,
        survivors=[j.name for j in found if j.verdict in SURVIVING],
        outside=count["outside"],
        unjudged=count["not judged"],
        all=list(found),
    )


def told(found: Report) -> Iterator[str]:
    """The report in lines: each survivor with its rule and reason, then the score."""
    for judged in found.all:
        if judged.verdict in SURVIVING:
            yield f"{judged.name}: {judged.verdict}: {judged.before} -> {judged.after}"
            yield f"    {judged.rule}"
            for needs in judged.needs:
                yield f"    needs {needs}"
            yield f"    {judged.reason or 'no reason is given in proofs/results/survivors.toml'}"
            if judged.note:
                yield f"    {judged.note}"
    yield (
        f"{found.mutants} mutants: {found.killed} killed, {found.equivalent} equivalent, "
        f"{found.not_reached} not reached, {len(found.survivors) - found.not_reached} survived; "
        f"{found.outside} more stand behind switches and bounds that no claim sets"
    )
    if found.unjudged:
        yield f"{found.unjudged} are not judged since the specification changed"
    yield f"score {found.score:.2%} = killed / (all - equivalent)"


def exit_code(found: Report) -> int:
    """1 if a survivor has no reason, 3 if there was nothing to judge, else 0."""
    if not found.mutants:
        return INCONCLUSIVE
    unexplained = [j for j in found.all if j.name in found.survivors and not j.reason]
    return VIOLATED if unexplained else OK


def reasons(name: str = "survivors.toml") -> dict[str, str]:
    """``proofs/results/survivors.toml``: why a mutant survives, by function and what is changed."""
    text = resources.files("proofs").joinpath(f"results/{name}").read_text("utf-8")
    return {
        f"{function}: {change}": why
        for function, table in tomllib.loads(text).items()
        for change, why in table.items()
    }


def reason(judged: Judged, known: Mapping[str, str]) -> str:
    """The one of ``reasons`` that is given for a mutant."""
    return given(judged.function, f"{judged.before} -> {judged.after}", known)


def given(function: str, change: str, known: Mapping[str, str]) -> str:
    """The one of ``reasons`` for a change, or for all of its function."""
    return known.get(f"{function}: {change}", known.get(f"{function}: *", ""))


# Runs that may be interrupted


_before: Sequence[Arena] = ()
_all: Mapping[str, Mutant] = {}


def _work(name: str, every: bool) -> Judged:
    return judge(_all[name], _before, every)


def run(
    chosen: Sequence[Mutant],
    before: Sequence[Arena],
    journal: Journal,
    every: bool = False,
    workers: int = 1,
    told: Told | None = None,
) -> list[Judged]:
    """Judge the mutants that the journal has not; the results are in the order of ``chosen``."""
    global _before, _all
    todo = [mutant for mutant in chosen if mutant.name not in journal.known]
    done = len(chosen) - len(todo)

    def finish(judged: Judged) -> None:
        nonlocal done
        done += 1
        journal.add(judged.name, judged.model_dump(mode="json"))
        if told is not None:
            told(f"{judged.name}: {judged.verdict}", done, len(chosen))

    if workers <= 1 or len(todo) <= 1:
        for mutant in todo:
            finish(judge(mutant, before, every))
    else:
        _before, _all = before, {mutant.name: mutant for mutant in todo}
        with forked(workers) as pool:
            for future in as_completed([pool.submit(_work, m.name, every) for m in todo]):
                finish(future.result())
    return [Judged.model_validate(journal.known[mutant.name]) for mutant in chosen]


def select(chosen: Sequence[str]) -> list[Mutant]:
    """The mutants of a file, of a line, of an operator, or of a name; without any, all."""
    everything = all_mutants()
    for word in chosen:
        if not any(_named(mutant, word) for mutant in everything):
            raise UsageProblem(
                f"no mutant of {word!r}: name a file (spec/tcp/sending.py), a line "
                f"(spec/tcp/sending.py:59), "
                f"an operator ({', '.join(sorted({m.operator for m in everything}))}) or a mutant"
            )
    return [m for m in everything if not chosen or any(_named(m, word) for word in chosen)]


def _named(mutant: Mutant, word: str) -> bool:
    return word in (mutant.file, mutant.place, mutant.operator, mutant.name, mutant.function)
