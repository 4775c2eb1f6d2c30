"""Random runs of a system of two ends: plain numbers, and a network that forgets nothing.

Segments that arrive are of all ages: what is too old, the system itself must refuse. So that this
is seen, streams are long, and go around the numbers: SENDs have sizes from one octet to 2^30.
"""

import dataclasses
import inspect
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from proofs.theorems.small import Pair, Sides, Turn
from proofs.theorems.table import Theorem
from proofs.theorems.text import BUFFER, WINDOW, Choice, End, Flying
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.context import Tcp
from spec.world.bounds import Bounds
from spec.world.records import clone

SIZES = (1, 1, 2, 3, 1000, 1 << 16, 1 << 29, WINDOW)


def turn(
    system: Pair, theorem: Theorem, me: End, peer: End, isses: tuple[int, int], open_: Choice
) -> Turn:
    """What an end that acts has."""
    switches = {name: getattr(open_, name, False) for name in theorem.free}
    rules = dataclasses.replace(Rules(), **theorem.rules, **switches)
    bounds = dataclasses.replace(Bounds(), **theorem.bounds)
    return Turn(me, open_, system.look(peer), *isses, rules, bounds, Tcp(rules, bounds, 0))


class Run:
    """One random run. ``moves`` are other actions, in the place of the system's."""

    def __init__(self, theorem: Theorem, seed: int, moves: Mapping[str, Any] | None = None) -> None:
        chance = self.chance = random.Random(seed)
        assert isinstance(theorem.system, Pair)
        self.theorem, self.system = theorem, theorem.system
        self.moves = {**self.system.moves, **(moves or {})}
        self.deliveries = {**self.system.deliveries, **(moves or {})}
        self.ends = [End(), End()]
        edge = chance.choice((0, (1 << 32) - 2, 1 << 31, chance.randrange(1 << 32)))
        self.isses = [edge, chance.randrange(1 << 32)]
        self.flying: list[list[Flying]] = [[], []]
        self.brisk = chance.random() < 0.4  # much is sent, and received
        self.rooms = [chance.choice((1, 2, 5, 1 << 16, WINDOW)) for _ in range(2)]
        if self.brisk:
            self.rooms = [chance.choice((WINDOW - 1, WINDOW)) for _ in range(2)]
        self.patient = chance.random() < 0.9  # nobody aborts or gives up
        self.closes = 0.02 if self.brisk else 0.3
        self.done: Counter[str] = Counter()

    def choice(self, me: int) -> Choice:
        """What is left open."""
        chance, end = self.chance, self.ends[me]
        room = self.rooms[me]
        if end.begun:
            more = end.buffer if self.brisk else chance.choice(SIZES)
            room = min(end.buffer, end.rcv_wnd + more)
        found = Choice(
            octets=chance.choice(SIZES),
            part=chance.choice((1, 2, 1 << 16, max(end.nxt - end.una, 1))),
            room=room,
            wnd=self.rooms[1 - me],
            greatest=chance.choice((0, WINDOW, 1 << 33)),
            wl1=chance.randrange(1 << 32),
            wl2=chance.randrange(1 << 32),
            up=chance.randrange(1 << 32),
            seq=chance.choice((0, chance.randrange(1 << 32))),
            ack=chance.randrange(1 << 32),
            has_ack=chance.random() < 0.5,
        )
        if self.patient:  # ... and no reset finds its place
            found.seq = (self.isses[1 - me] - (1 << 30) + end.got) % (1 << 32)
        text, syn = chance.choice((0, 1, 5)), chance.random() < 0.3
        fin = chance.random() < 0.3
        length = text + syn + fin
        at = length + chance.choice((0, 0, 1, 7))
        found.earlier = Flying(at, chance.choice((0, 1, 7)), 5, text, syn=syn, fin=fin)
        found.earlier.earlier = True
        return found

    def step(self) -> bool:
        """Let something happen, if it may."""
        chance, me = self.chance, self.chance.randrange(2)
        name = chance.choice((*self.moves, "SEND", "RECEIVE", *["deliver"] * 8))
        if name in ("ABORT", "USER TIMEOUT") and (self.patient or chance.random() < 0.9):
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
        end = clone(self.ends[me])
        isses = self.isses[me], self.isses[peer]
        s = turn(self.system, self.theorem, end, self.ends[peer], isses, self.choice(me))
        sent = move(s, message)
        if sent is None:
            return False
        self._told(name, self.ends[me], end, s)
        self.ends[me] = end
        self.flying[me] += sent
        return True

    def _told(self, name: str, before: End, after: End, s: Turn) -> None:
        self.done[name] += 1
        self.done[after.state.value] += 1
        self.done["graceful"] += after.graceful and not before.graceful
        self.done["around"] += after.delivered > 1 << 32
        self.done["full"] += after.written > after.una + BUFFER // 2
        for rule in s.tcp.cited:
            self.done[rule.id] += 1

    def broken(self) -> Iterator[str]:
        """Clauses that are false now."""
        for me in (0, 1):
            isses = self.isses[me], self.isses[1 - me]
            w = Sides(self.ends[me], self.ends[1 - me], *isses, Space(32))
            some = self.flying[me][-5:] + self.chance.sample(
                self.flying[me], min(5, len(self.flying[me]))
            )
            for clause in self.theorem.all:
                of_message = "seg" in inspect.signature(clause).parameters
                rows = [(seg,) for seg in some] if of_message else [()]
                if not all(clause(w, *row) for row in rows):
                    yield clause.__name__
