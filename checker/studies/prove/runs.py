"""Random runs at 32 bits: two hosts, and a network that forgets nothing before its time.

ISNs are near each other, at the wrap, or 0, as far as the theorem's assumptions allow. Tests hold
the theorem's clauses, in plain Python, against every state.

A theorem says nothing if no run meets what it assumes. So ``witness`` looks for a run that does,
with its rules and options, in which both ends make three TCBs, one is in TIME-WAIT, a reset ends
one, and two SYNs cross. ``proofs/results/runs.toml`` pins which run it was.
"""

import dataclasses
import itertools
import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from checker.model.model import Model
from checker.support import files
from proofs.theorems.invariants import Memory, View, remember
from proofs.theorems.table import Theorem
from spec.observe.sights import Sight, look
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.enabled import CALLS, Event
from spec.world.endpoint import Endpoint, initial
from spec.world.happen import happen
from spec.world.records import clone

MOST = 24
"""Segments of which a clause is asked, and TCBs that a host makes at most."""


class Host:
    """One end, what is remembered of its TCBs, their ISNs, and what it has sent."""

    def __init__(self, end: Endpoint, isns: Iterator[int]) -> None:
        self.end, self.isns = end, isns
        self.memory: dict[int, Memory] = {}
        self.iss: dict[int, int] = {}
        self.sent: list[Segment] = []

    def of(self, n: int) -> Memory:
        return self.memory.setdefault(n, Memory())

    def isn(self, n: int) -> int:
        while n > 0 and n not in self.iss:
            self.iss[len(self.iss) + 1] = next(self.isns)
        return self.iss.get(n, 0)


def isns(chance: random.Random, pairs: set[str]) -> Iterator[int]:
    """ISNs that meet assumptions about pairs."""
    at = chance.choice((0, (1 << 32) - 2, 1 << 31, chance.randrange(1 << 32)))
    while True:
        yield at
        if "far" in pairs:
            at += (1 << 30) + 3 + chance.randrange(3)
        elif pairs:
            at += chance.choice((2, 2, 3, 4, 1000))
        else:
            at += chance.choice((0, 0, 1, 1, 2, -1, -2, 1 << 31))
        at %= 1 << 32


@dataclass(frozen=True, slots=True)
class Happened:
    """A step of an end: what it was, who acted and who did not, what arrived, and what was seen."""

    what: Event
    me: Host
    peer: Host
    before: Endpoint
    seg: Segment | None
    isn: int
    sight: Sight


class Run:
    """One random run of a theorem's system."""

    last: Happened | None = None
    """The last step, if it was one of an end."""

    def __init__(self, theorem: Theorem, seed: int, **rules: Any) -> None:
        chance = self.chance = random.Random(seed)
        self.theorem = theorem
        self.window = chance.choice((1, 2, 5, 1 << 16, 1 << 30))
        free: dict[str, Any] = {"window": self.window, "backlog": chance.choice((0, 1, 2))}
        msl, span = chance.choice((1, 2, 5)), chance.choice((0, 1, 3))
        timed = "msl" in theorem.free
        if timed:
            free |= {"msl": msl, "span": span}
            length = max(2 * msl, msl + span) + chance.choice((0, 0, 1))
            rules = {"time_wait_cut": 2 * msl - length} | rules
        if "write" in theorem.free:
            free |= {"write": chance.choice((1, 2, 1 << 16, 1 << 30))}
        if "crashes" in theorem.free:
            free |= {"crashes": chance.choice((1, 2, 3))}
        free = {name: free[name] for name in free if name in theorem.free}
        self.rules = dataclasses.replace(Rules(), **(theorem.rules | rules))
        self.bounds = dataclasses.replace(Bounds(), **(theorem.bounds | free))
        model = Model(Rules(**theorem.rules), Bounds(**theorem.bounds), theorem.watchers)
        calls = [what for what in CALLS if what in model.callers]
        self.events: list[Event] = [*calls, *[Input.SEGMENT] * (1 + len(calls))]
        self.events += [Input.TICK] if timed else []
        self.rare = {Input.CRASH}
        if theorem.bounds.get("incarnations") == 1:
            self.rare |= {Input.ABORT, Input.USER_TIMEOUT}
        pairs = {f.__name__ for f in theorem.pairs}
        blank = initial(theorem.watchers, self.bounds)
        self.hosts = [Host(clone(blank), isns(chance, pairs)) for _ in range(2)]

    def step(self) -> bool:
        """Let something happen, if it may."""
        chance, what = self.chance, self.chance.choice(self.events)
        self.last = None
        if what in self.rare and chance.random() < 0.9:
            return False  # else hardly a connection would be made between two, or come to its end
        if what == Input.TICK:
            return self._tick()
        me, peer = chance.sample(self.hosts, 2)
        seg = None
        if what == Input.SEGMENT:
            if not peer.sent:
                return False
            seg = clone(chance.choice(peer.sent[-6:] if chance.random() < 0.8 else peer.sent))
        made = me.end.ghost.made
        if made >= MOST:
            return False
        end = clone(me.end)
        seen = [[(True, s) for s in host.sent] for host in (me, peer)]
        sight = look(end.ghost, peer.end.tcb, peer.end.ghost, *seen)
        isn = me.isn(made + 1)
        effects = happen(end, what, seg, isn, self.rules, self.bounds, self.theorem.watchers, sight)
        if not effects.possible:
            return False
        self.last = Happened(what, me, peer, me.end, seg, isn, sight)
        me.end = end
        me.sent += effects.sent
        if end.ghost.id:
            remember(me.of(end.ghost.id), end, Space(32))
        return True

    def _tick(self) -> bool:
        for host in self.hosts:
            end = clone(host.end)
            happen(end, Input.TICK, None, 0, self.rules, self.bounds, self.theorem.watchers)
            host.end = end
            for seg in host.sent:
                seg.ttl -= 1
            if self.rules.lifetime_bounded:
                host.sent = [seg for seg in host.sent if seg.ttl > 0]
        return True

    def views(self) -> Iterator[tuple[Host, View]]:
        """The state, as each host sees it."""
        for me, peer in (self.hosts, self.hosts[::-1]):
            yield (
                me,
                View(
                    me.end,
                    peer.end,
                    me.of,
                    peer.of,
                    me.isn,
                    peer.isn,
                    self.rules,
                    self.bounds,
                    Space(32),
                ),
            )

    def assumed(self) -> bool:
        """Is all so that the theorem assumes: of the bounds, and of any two of the TCBs that there
        have been?"""
        for me, view in self.views():
            numbers = range(1, me.end.ghost.made + 1)
            if not all(fact(view) for fact in self.theorem.facts):
                return False
            for pair in self.theorem.pairs:
                if not all(pair(view, m, n) for m, n in itertools.permutations(numbers, 2)):
                    return False
        return True

    def seen(self) -> Iterator[str]:
        """What of ``SIGHTS`` there is now, after a step."""
        made = min(host.end.ghost.made for host in self.hosts)
        if made >= 1:
            yield "one"
        if made >= 3:
            yield "three"
        step = self.last
        if step is None:
            return
        before, after = step.before.tcb.state, step.me.end.tcb.state
        if after == State.TIME_WAIT:
            yield "time_wait"
        ended = after in (State.CLOSED, State.LISTEN) and before not in (State.CLOSED, State.LISTEN)
        if ended and step.seg is not None and step.seg.ctl.rst:
            yield "reset"
        if before == State.SYN_SENT and after == State.SYN_RECEIVED:
            yield "crossing"
        if step.what == Input.RESTART and step.me.end.ghost.made:
            yield "restart"

    def broken(self) -> Iterator[str]:
        """Clauses that are false now."""
        for me, view in self.views():
            segments = me.sent if len(me.sent) <= MOST else self.chance.sample(me.sent, MOST)
            for clause in self.theorem.all:
                names = clause.__code__.co_varnames[1 : clause.__code__.co_argcount]
                rows: list[tuple[Any, ...]] = [()]
                if names == ("seg",):
                    rows = [(seg,) for seg in segments]
                elif names:
                    rows = [(n,) for n in range(1, me.end.ghost.made + 2)]
                for row in rows:
                    if not clause(view, *row):
                        yield clause.__name__


# Witnesses

SIGHTS = {
    "one": "a TCB each",
    "three": "three TCBs each",
    "time_wait": "TIME-WAIT",
    "reset": "a reset that ends one",
    "crossing": "a simultaneous open",
    "restart": "a restart after a crash",
}
"""What a witness has; the last only where hosts may crash, and three TCBs where there are more than
one."""
SEEDS, STEPS = 1000, 400
"""How many runs are tried, and how long each is."""
PINS = Path(str(resources.files("proofs"))) / "results" / "runs.toml"


@dataclass(frozen=True, slots=True)
class Witness:
    """A run that meets what a theorem assumes, and after how many steps what is seen in it; without
    one, what was never seen in a run that does."""

    seed: int | None
    at: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.seed is None:
            some = ", ".join(SIGHTS[name] for name in self.missing)
            return f"no run of {SEEDS} meets what it assumes and has all of: {some}"
        seen = ", ".join(f"{SIGHTS[name]} ({self.at[name]})" for name in SIGHTS if name in self.at)
        return f"run {self.seed} meets all that it assumes, with (after steps): {seen}"


def wanted(theorem: Theorem) -> list[str]:
    """What of ``SIGHTS`` a witness of a theorem has."""
    single = theorem.bounds.get("incarnations") == 1
    never = {"three" if single else "one", *(() if "crashes" in theorem.free else ("restart",))}
    return [name for name in SIGHTS if name not in never]


def followed(theorem: Theorem, seed: int) -> dict[str, int] | None:
    """What is seen in a run, and after how many steps, until all is; None if it does not meet what
    the theorem assumes."""
    run = Run(theorem, seed)
    found: dict[str, int] = {}
    names = wanted(theorem)
    if not run.assumed():
        return None
    for n in range(1, STEPS + 1):
        if run.step():
            for name in run.seen():
                if name in names:
                    found.setdefault(name, n)
        if len(found) == len(names):
            break
    return found if run.assumed() else None


def witness(theorem: Theorem, first: int | None = None) -> Witness:
    """A run in which all is seen; one of this seed is tried first."""
    seen: set[str] = set()
    names = wanted(theorem)
    for seed in [*([first] if first is not None else []), *range(SEEDS)]:
        found = followed(theorem, seed)
        if found is not None and len(found) == len(names):
            return Witness(seed, found)
        seen |= {*(found or ())}
    left = tuple(name for name in names if name not in seen)
    return Witness(None, missing=left or tuple(names))


def pinned() -> dict[str, Witness]:
    """The witnesses that are pinned, by theorem."""
    try:
        known = tomllib.loads(PINS.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {
        id: Witness(row["seed"], {name: row[name] for name in SIGHTS if name in row})
        for id, row in known.items()
    }


def witnesses(theorems: Sequence[Theorem]) -> dict[str, Witness]:
    """Of theorems of hosts, a witness each."""
    pins = pinned()
    return {
        theorem.id: witness(theorem, pins[theorem.id].seed if theorem.id in pins else None)
        for theorem in theorems
        if theorem.system is None
    }


def stale(found: dict[str, Witness]) -> list[str]:
    """Theorems whose witness is not the one that is pinned."""
    pins = pinned()
    return [
        f"{id}: its run is not what {PINS.name} has; prove --statements writes it"
        for id, one in found.items()
        if one.seed is not None and pins.get(id) != one
    ]


def pin(found: dict[str, Witness]) -> None:
    """Pin witnesses."""
    pins = pinned() | {id: one for id, one in found.items() if one.seed is not None}
    lines = [
        "# Of each theorem a run that meets all it assumes, by its seed, and after how many steps",
        "# there is what checker/studies/prove/runs.py asks for. prove --statements writes this.",
    ]
    for id, one in sorted(pins.items()):
        lines += ["", f'["{id}"]', f"seed = {one.seed}"]
        lines += [f"{name} = {one.at[name]}" for name in SIGHTS if name in one.at]
    files.write(PINS, ("\n".join(lines) + "\n").encode())
