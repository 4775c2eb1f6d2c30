"""Is a clause really false of some state? The bounded system is explored for one.

A counterexample to induction need not be reachable. So the plain specification is explored, breadth
first, under bounds as small as the theorem's assumptions allow, together with what a proof
remembers of each TCB; and the clause is asked of every state: both ways round, of each segment in
flight, of each number. It is not traced: what runs is the Python of the clause and of ``spec``.

Small bounds come first: they are searched deeply, the larger ones as far as time allows. There are
three answers. *Reached*: the clause is false, and here is the shortest run under the bounds that
showed it. *Not reached*, exhaustive up to bounds: a clause is missing that excludes the state, or
the bounds are too small. *Not reached*, and a limit ended the search: nothing is known beyond its
depth.
"""

import dataclasses
import inspect
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from checker.engines.explicit.engine import Check, Exploration, Path, Progress
from checker.engines.explicit.reference import explore
from checker.model.model import Model
from checker.model.options import show
from checker.render import Story
from checker.support.errors import Problem, UsageProblem
from proofs.claims.claim import ALWAYS
from proofs.theorems.invariants import Function, Memory, View, remember
from proofs.theorems.table import Theorem
from spec.rules import Isn, Rules
from spec.tcp.segment import Seq
from spec.world.bounds import LIMITS, Bounds
from spec.world.records import clone, key
from spec.world.system import Step, System, World

SECONDS, STATES = 30.0, 1_000_000
"""Where a search ends at the latest: seconds for all bounds together, states for each."""

SMALL = {"incarnations": 2, "capacity": 2, "in_flight": 2, "window": 3}
TIMED = {"msl": 2, "span": 1}
"""Bounds that a theorem has not, and values of those that it leaves free."""
STAGES: tuple[Mapping[str, Any], ...] = (
    {"in_flight": 1},
    {"a_passive": False, "b_active": False},
    {},
)
"""What is searched, one after the other: one segment in flight, client and server, everything."""


class Known(NamedTuple):
    """What is known of one TCB that a host has had: its ISS, and what a proof remembers."""

    iss: Seq
    memory: Memory


Past = tuple[Known, ...]
"""A host's TCBs, by number from 1 on."""


class Recorded(NamedTuple):
    """A state, with the past of both hosts."""

    world: World
    past: tuple[Past, Past]


class Recorder:
    """A system and what a proof remembers: the product is explored like any system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._memories: dict[tuple[Any, ...], Memory] = {}
        self._pasts: dict[tuple[Any, ...], Past] = {}
        self._names: dict[Function, set[str]] = {}
        self._true: set[tuple[Any, ...]] = set()

    def initial(self) -> Recorded:
        """Nothing has happened."""
        return Recorded(self.system.initial(), ((), ()))

    def steps(self, state: Recorded) -> Iterator[tuple[Step, Recorded]]:
        """The steps of the system; who acts is remembered."""
        for label, world in self.system.steps(state.world):
            yield label, self.after(state, label, world)

    def after(self, state: Recorded, label: Step, world: World) -> Recorded:
        """A step to ``world`` recorded."""
        a, b = state.past
        if label.host == 0:
            a = self._remembered(a, world, 0, label.isn)
        elif label.host == 1:
            b = self._remembered(b, world, 1, label.isn)
        return Recorded(world, (a, b))

    def _remembered(self, past: Past, world: World, host: int, isn: int | None) -> Past:
        """The past of a host that has acted; equal ones are the same, and worked out once."""
        end = world.end(host)
        memo = (past, end, isn)
        found = self._pasts.get(memo)
        if found is None:
            number = end.ghost.id
            found = past
            if end.ghost.made > len(past):
                iss = end.tcb.iss if isn is None else isn  # none selected: the ACK of a cookie
                found = (*past, Known(iss, self._same(Memory())))
            if number:
                known = found[number - 1]
                memory = clone(known.memory)
                remember(memory, end, self.system.seq)
                now = Known(known.iss, self._same(memory))
                found = (*found[: number - 1], now, *found[number:])
            self._pasts[memo] = found
        return found

    def _same(self, memory: Memory) -> Memory:
        return self._memories.setdefault(key(memory), memory)

    def view(self, state: Recorded, host: int) -> View:
        """The state as ``host`` sees it."""
        system, world = self.system, state.world
        bounds, seq, peers = system.bounds, system.seq, system.topology.peers
        nothing = Memory()

        def memory(past: Past) -> Any:
            return lambda n: past[n - 1].memory if 1 <= n <= len(past) else nothing

        def iss(past: Past) -> Any:
            # Of those that are yet to come, what a host that draws fresh ones will take
            def of(n: int) -> int:
                if 1 <= n <= len(past):
                    return past[n - 1].iss
                return seq.plus(bounds.base, (n - 1) * bounds.stride)

            return of

        mine, its = state.past[host], state.past[peers[host]]
        return View(
            world.end(host),
            world.peer(host),
            memory(mine),
            memory(its),
            iss(mine),
            iss(its),
            system.rules,
            bounds,
            seq,
        )

    def holds(self, function: Function, state: Recorded) -> bool:
        """Is a clause true of a state: of both ends, each segment in flight and each number?

        Where it was found true, it is not asked again: many states differ in what is in flight.
        """
        names = self._names.get(function)
        if names is None:
            names = self._names[function] = {*inspect.signature(function).parameters}
        for host in range(len(state.world.hosts)):
            world, past = state.world, state.past
            ends = world.end(host), world.peer(host), past[host], past[world.topology.peers[host]]
            of: Sequence[Any] = (None,)
            if "seg" in names:
                of = world.links[host]
            elif "n" in names:
                of = range(ends[0].ghost.made + 2)
            for one in of:
                if (function, ends, one) in self._true:
                    continue
                arguments = () if one is None else (one,)
                if not function(self.view(state, host), *arguments):
                    return False
                self._true.add((function, ends, one))
        return True


# Bounds


def model_of(theorem: Theorem, bounds: Mapping[str, Any] | None = None) -> Model:
    """The bounded model of a theorem, under its assumptions; ``bounds`` on top.

    Where the theorem leaves a choice, it is the one that most can go wrong with: the nearest ISNs
    that the pairs allow, any if there are none, and the shortest TIME-WAIT that the facts allow.
    """
    timed = "msl" in theorem.free
    fixed = {**theorem.bounds, **SMALL, **(TIMED if timed else {}), **(bounds or {})}
    fixed["octets"] = min(fixed.get("octets", 0), 1)
    chosen = {**({} if theorem.pairs else {"isn": Isn.ANY}), **theorem.rules}
    strides = [fixed["stride"]] if "stride" in fixed else [2, (1 << fixed["width"]) // 3]
    cuts = [chosen.get("time_wait_cut", 0)]
    if "time_wait" in theorem.free:  # then the proof leaves the switch aside
        cuts = [*range(2 * fixed["msl"] - 1, -fixed["span"] - 1, -1)]
    for stride, cut in itertools.product(strides, cuts):
        model = Model(
            dataclasses.replace(Rules(), **{**chosen, "time_wait_cut": cut}),
            dataclasses.replace(Bounds(), **{**fixed, "stride": stride}),
            theorem.watchers,
        )
        if assumed(theorem, model):
            return model
    raise UsageProblem(f"{theorem.id}: no small bounds meet what it assumes")


def assumed(theorem: Theorem, model: Model) -> bool:
    """Does a bounded model meet what a theorem assumes, if its ISNs are fresh?"""
    recorder = Recorder(model.system)
    view = recorder.view(recorder.initial(), 0)
    numbers = range(1, model.bounds.incarnations + 1)
    return all(fact(view) for fact in theorem.facts) and all(
        pair(view, m, n) for pair in theorem.pairs for m, n in itertools.permutations(numbers, 2)
    )


def limits(model: Model) -> str:
    """Rules and bounds that differ from the defaults, as the command line takes them."""
    rules = [f"{name}={value}" for name, value in model.departures.items()]
    bounds = [
        f"{name}={show(getattr(model.bounds, name))}"
        for name, field in LIMITS.items()
        if name in SMALL or getattr(model.bounds, name) != field.default
    ]
    return " ".join([*rules, *bounds])


# The search


@dataclass(frozen=True, slots=True)
class Search:
    """One search in which the clause was not false: as far as it went."""

    limits: str
    states: int
    depth: int  # every state within so many steps was asked
    complete: bool
    why: str  # it is not complete

    def __str__(self) -> str:
        if self.complete:
            return f"{self.states:,} states, exhaustive up to these bounds: {self.limits}"
        return f"{self.states:,} states, all within {self.depth} steps, {self.why}: {self.limits}"


@dataclass(slots=True)
class Reached:
    """What came of the search for a state in which a clause is false."""

    clause: str
    searches: list[Search] = field(default_factory=list)  # that did not find one
    limits: str = ""  # of the one that did
    run: tuple[str, ...] = ()  # its steps in words
    story: Story | None = None

    @property
    def steps(self) -> int | None:
        """How many steps there are to such a state; None: none was found."""
        return len(self.run) if self.story is not None else None

    @property
    def verdict(self) -> str:
        """In a word or two, for the JSON: *exhausted* is up to some of the bounds at least."""
        if self.story is not None:
            return "reached"
        return "exhausted" if any(one.complete for one in self.searches) else "limit"

    def lines(self) -> Iterator[str]:
        """In sentences."""
        if self.story is not None:
            steps = f"{len(self.run)} step{'s' * (len(self.run) != 1)}"
            yield f"reached: {self.clause} is false after {steps} ({self.limits})"
            return
        yield f"not reached: {self.clause} is true in"
        yield from (f"  {search}" for search in self.searches)
        if self.verdict == "exhausted":
            yield "  a clause is missing, or the bounds are too small"


def reach(
    theorem: Theorem,
    clauses: Sequence[Function],
    *,
    stages: Sequence[Mapping[str, Any]] = STAGES,
    seconds: float = SECONDS,
    states: int = STATES,
    progress: Progress | None = None,
) -> list[Reached]:
    """Look for states in which clauses of a theorem are false, in the same searches."""
    found = {function: Reached(function.__name__) for function in clauses}
    end = time.monotonic() + seconds
    for number, bounds in enumerate(stages):
        todo = [function for function, result in found.items() if result.story is None]
        if not todo:
            break
        model = model_of(theorem, bounds)
        share = round((end - time.monotonic()) / (len(stages) - number), 1)
        searched = _search(model, todo, share, states, progress)
        for function in todo:
            _note(found[function], theorem, function, model, searched)
    return [*found.values()]


def _search(
    model: Model,
    clauses: Sequence[Function],
    seconds: float,
    states: int,
    progress: Progress | None,
) -> Exploration:
    recorder = Recorder(model.system)

    def check(function: Function) -> Check:
        return Check(ALWAYS, lambda state: recorder.holds(function, state))

    return explore(
        recorder,
        {function.__name__: check(function) for function in clauses},
        graph=False,
        max_states=states,
        max_seconds=seconds,
        progress=progress,
    )


def _note(
    result: Reached, theorem: Theorem, function: Function, model: Model, found: Exploration
) -> None:
    """Write down what a search says of one clause."""
    name, said = function.__name__, limits(model)
    if name not in found.decisive:
        search = Search(said, found.states, found.depth, found.complete, found.why)
        result.searches.append(search)
        return
    path = found.decisive[name]
    confirm(function, model, path)
    result.limits = said
    result.run = tuple(label.words() for label, _ in path.steps)
    title = f"{theorem.id}, {name}, shortest run: {len(path.steps)} steps, {said}"
    result.story = model.story(_plain(path), title, f"{name} of {theorem.id} is false", True)


def _plain(path: Path) -> Path:
    """A run without what is remembered."""
    return Path(path.start.world, [(label, state.world) for label, state in path.steps])


def confirm(function: Function, model: Model, path: Path) -> None:
    """Replay a run through a fresh system, with a fresh memory: is the clause false at its end?"""
    model.replay(_plain(path))
    recorder = Recorder(model.anew().system)
    state = recorder.initial()
    for label, after in path.steps:
        state = recorder.after(state, label, after.world)
    if recorder.holds(function, state):
        raise Problem(f"{function.__name__}: replayed, the run does not end where it is false")
