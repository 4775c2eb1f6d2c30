"""Random runs of a system of two ends: plain numbers, and a network that forgets nothing.

Segments that arrive are of all ages: what is too old, the system itself must refuse. So that this
is seen, streams are long, and go around the numbers: SENDs have sizes from one octet to 2^30. How
far the places of a TCB go is chosen when it is made. Where there is time, what is too old is gone,
and ``times`` are what a run has of MSL and so on.
"""

import dataclasses
import inspect
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from proofs.theorems.small import Pair, Sides, Turn
from proofs.theorems.table import Theorem
from proofs.theorems.text import BUFFER, WINDOW, Choice, End, Flying, Life
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.records import clone

SIZES = (1, 1, 2, 3, 1000, 1 << 16, 1 << 29, WINDOW)
EXTENTS = (3, 5, 1000, 1 << 31, 1 << 34, 1 << 34)
"""How many places a TCB has."""


def turn(
    system: Pair,
    theorem: Theorem,
    me: End,
    peer: End,
    open_: Choice,
    my_end: Callable[[int], int],
) -> Turn:
    """What an end that acts has."""
    switches = {name: getattr(open_, name, False) for name in theorem.free}
    rules = dataclasses.replace(Rules(), **theorem.rules, **switches)
    bounds = dataclasses.replace(Bounds(), **theorem.bounds)
    return Turn(me, open_, system.look(peer), rules, bounds, Tcp(rules, bounds, 0), my_end)


def life(end: End) -> Life:
    """What is remembered of the last TCB of an end."""
    names = [f.name for f in dataclasses.fields(Life)]
    return Life(**{name: getattr(end, name) for name in names})


class Run:
    """One random run. ``moves`` are other actions, in the place of the system's."""

    def __init__(
        self,
        theorem: Theorem,
        seed: int,
        moves: Mapping[str, Any] | None = None,
        **times: int,
    ) -> None:
        chance = self.chance = random.Random(seed)
        assert isinstance(theorem.system, Pair)
        self.theorem, self.system = theorem, theorem.system
        self.moves = {**self.system.moves, **(moves or {})}
        self.deliveries = {**self.system.deliveries, **(moves or {})}
        self.times = times
        self.ends = [self.system.end(), self.system.end()]
        self.lives: list[dict[int, Life]] = [{}, {}]
        self.limits: list[dict[int, int]] = [{}, {}]
        self.flying: list[list[Flying]] = [[], []]
        self.brisk = chance.random() < 0.4  # much is sent, and received
        self.rooms = [chance.choice((1, 2, 5, 1 << 16, WINDOW)) for _ in range(2)]
        if self.brisk:
            self.rooms = [chance.choice((WINDOW - 1, WINDOW)) for _ in range(2)]
        self.patient = chance.random() < 0.7  # nobody aborts or gives up
        self.closes = 0.02 if self.brisk else 0.3
        self.done: Counter[str] = Counter()

    def choice(self, me: int) -> Choice:
        """What is left open."""
        chance, end = self.chance, self.ends[me]
        room, limits = self.rooms[me], self.limits[me]
        if end.state not in (State.CLOSED, State.LISTEN):
            more = end.buffer if self.brisk else chance.choice(SIZES)
            room = min(end.buffer, end.rcv_wnd + more)
        isn = limits.get(end.made, chance.choice((1, (1 << 32) - 2, chance.randrange(1, 1 << 32))))
        isn += chance.choice((0, 0, 1, 7, 1 << 20))
        if isn not in limits:
            limits[isn] = isn + (1 << 34 if self.brisk else chance.choice(EXTENTS))
        found: Choice = self.system.open(
            **self.times,
            isn=isn,
            octets=chance.choice(SIZES),
            part=chance.choice((1, 2, 1 << 16, max(end.nxt - end.una, 1))),
            skip=chance.choice((0, 0, 0, 1, 1 << 16)),
            room=room,
            greatest=chance.choice((0, WINDOW, 1 << 33)),
            wl1=chance.randrange(1 << 32),
            wl2=chance.randrange(1 << 32),
            up=chance.randrange(1 << 32),
            seq=chance.choice((end.got % (1 << 32), chance.randrange(1 << 32))),
            ack=chance.choice((end.nxt % (1 << 32), chance.randrange(1 << 32))),
            has_ack=chance.random() < 0.5,
        )
        if self.patient:  # ... and no reset finds its place
            found.seq = (end.got - (1 << 30)) % (1 << 32)
            found.has_ack = False
        return found

    def end_of(self, me: int) -> Callable[[int], int]:
        """How far the places of a TCB of this end go: of one that was made."""
        made, limits = self.lives[me], self.limits[me]
        return lambda n: limits[n] if n in made else 0

    def step(self) -> bool:
        """Let something happen, if it may."""
        chance, me = self.chance, self.chance.randrange(2)
        name = chance.choice((*self.moves, *self.deliveries, "SEND", "RECEIVE", *["deliver"] * 12))
        if self.system.tick is not None and chance.random() < 0.15:
            return self._tick()
        hard = ("ABORT", "USER TIMEOUT", "crash")
        if name in hard and (self.patient or chance.random() < 0.7):
            return False
        if name == "CLOSE" and chance.random() > self.closes:
            return False
        peer, message = 1 - me, None
        if name in self.deliveries:
            if not self.flying[peer]:
                return False
            newest = self.flying[peer][-2 if self.brisk else -4 :]
            old = chance.random() < (0.1 if self.brisk else 0.3)
            message = clone(chance.choice(self.flying[peer] if old else newest))
        move = self.deliveries.get(name) or self.moves[name]
        end, open_ = clone(self.ends[me]), self.choice(me)
        limits = self.limits[me]
        s = turn(self.system, self.theorem, end, self.ends[peer], open_, lambda n: limits.get(n, 0))
        sent = move(s, message)
        if sent is None:
            return False
        self._told(name, self.ends[me], end, s)
        self.ends[me] = end
        if end.iss:
            self.lives[me][end.iss] = life(end)
        self.flying[me] += sent
        return True

    def _tick(self) -> bool:
        """Time goes by, for everybody."""
        assert self.system.tick is not None
        for me in (0, 1):
            self.ends[me] = clone(self.ends[me])
            self.system.tick(self.ends[me], 1)
            aged: list[Any] = [clone(flying) for flying in self.flying[me]]
            for flying in aged:
                flying.ttl -= 1
            self.flying[me] = [flying for flying in aged if flying.ttl > 0]
        self.done["tick"] += 1
        return True

    def _told(self, name: str, before: End, after: End, s: Turn) -> None:
        self.done[name] += 1
        self.done[after.state.value] += 1
        self.done["graceful"] += after.graceful and not before.graceful
        self.done["around"] += after.taken > after.heard + (1 << 32)
        self.done["full"] += after.wrote > after.una + BUFFER // 2
        self.done["again"] += before.iss not in (0, after.iss)
        self.done["stale"] += after.stale
        self.done["returned"] += after.iss < after.made
        for rule in s.tcp.cited:
            self.done[rule.id] += 1

    def sides(self, me: int) -> Sides:
        """The state as clauses see it from an end."""
        mine, its = self.lives[me], self.lives[1 - me]
        return Sides(
            self.ends[me],
            self.ends[1 - me],
            lambda n: mine.get(n, Life()),
            lambda n: its.get(n, Life()),
            self.end_of(me),
            self.end_of(1 - me),
            self.system.open(**self.times),
            dataclasses.replace(Rules(), **self.theorem.rules),
        )

    def broken(self) -> Iterator[str]:
        """Clauses that are false now."""
        for me in (0, 1):
            w = self.sides(me)
            some = self.flying[me][-5:] + self.chance.sample(
                self.flying[me], min(5, len(self.flying[me]))
            )
            for clause in self.theorem.all:
                names = inspect.signature(clause).parameters
                rows: list[tuple[Any, ...]] = [()]
                if "seg" in names:
                    rows = [(seg,) for seg in some]
                elif "n" in names:
                    rows = [(n,) for n in (0, *self.lives[me])]
                if not all(clause(w, *row) for row in rows):
                    yield clause.__name__
            for pair in self.theorem.pairs:
                numbers = self.chance.choices([*self.limits[me], 0], k=2)
                if not pair(w, *numbers):
                    yield pair.__name__


def seen(
    theorem: Theorem,
    runs: int,
    steps: int,
    seed: int = 0,
    times: Callable[[random.Random], Mapping[str, int]] = lambda _: {},
) -> tuple[Counter[str], Counter[str]]:
    """What happened on random runs, and which clauses were false."""
    done: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for n in range(seed, seed + runs):
        run = Run(theorem, n, **times(random.Random(n)))
        for _ in range(steps):
            if run.step():
                false.update(run.broken())
        done += run.done
    return done, false
