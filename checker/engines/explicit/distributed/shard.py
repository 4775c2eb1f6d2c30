"""One worker: a shard of the states, which it has visited and expands.

It knows numbers only. What they do is in tables that the coordinator sends (``Tables``): arrays,
which the compiled loop of the native engine reads where they are. A successor is put into a
*filter* of what this worker has sent before, and goes to its owner if it is new there; the owner's
visited set decides. The filter only saves traffic: it is emptied when it is full, or when a level
is done again.
"""

import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from checker.engines.explicit.distributed import journal
from checker.engines.explicit.native import kernel as k
from checker.engines.explicit.native.kernel import address
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.search import Worker
from checker.engines.explicit.native.tables import Memo, grown
from checker.engines.explicit.native.visited import Visited
from checker.support.machine import resident

U8 = np.uint64
Array = np.ndarray[Any, np.dtype[Any]]
SMALL, LARGE = 1 << 14, 1 << 20
"""Places of a filter, at first and at most."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What the kernel reads: its row of parameters, and of some the array whose address they are.

    Arrays may be of Ray's store; only what changed since the last time is sent.
    """

    row: Array
    layout: Layout
    arrays: Mapping[int, Any]
    records: int
    symmetric: bool


class Expanded(NamedTuple):
    """What came of some states."""

    left: int  # states of the level that are not expanded yet
    transitions: int
    rested: int  # checks of rest that one of them decides
    used: Array  # how often each record was
    misses: Array  # pairs: kind, and what


class Admitted(NamedTuple):
    """What came of some keys."""

    new: int  # states of the next level so far
    decided: int
    unjudged: Array  # ends on which there is no verdict
    full: str  # why no more can be admitted


class Share(NamedTuple):
    """What a worker has."""

    states: int
    table: int  # octets of its visited set
    resident: int  # octets of its process


def owners(keys: Array, layout: Layout, count: int) -> Array:
    """Which worker owns each key: by a hash of its numbers, whatever the layout is."""
    hashed = np.zeros(keys.size, U8)
    at = layout.needs
    for i in range(layout.ends + layout.links):
        bits = layout.end_bits if i < layout.ends else layout.bag_bits
        at -= bits
        hashed += (keys >> U8(at)) & U8((1 << bits) - 1)
        hashed *= U8(0x9E3779B97F4A7C15)
        hashed ^= hashed >> U8(32)
    return ((hashed & U8(0xFFFFFFFF)) * U8(count)) >> U8(32)


def divided(keys: Array, layout: Layout, count: int) -> list[Array]:
    """The keys of each owner."""
    if count == 1:
        return [keys]
    whose = owners(keys, layout, count).astype(np.uint16)
    order = np.argsort(whose, kind="stable")
    cuts = np.searchsorted(whose[order], np.arange(1, count))
    return np.split(keys[order], cuts)


class Shard:
    """The worker itself. The coordinator calls it, one call at a time."""

    def __init__(self, index: int, count: int, folder: str, memory: int | None = None) -> None:
        self.index = index
        self.count = count
        self.folder = Path(folder)
        self.memory = memory
        self.worker = Worker(1 << 14)  # of what is admitted
        self.hand = Worker(2048)  # of what is expanded
        self.held = 0  # in the filter
        self.tables: Tables | None = None
        self.depth = -1  # the level that is there
        self.states = 0  # up to this level
        self.level: list[Array] = []
        self.todo: deque[Array] = deque()
        self.arrays: dict[int, Array] = {}

    # Tables

    def take(self, tables: Tables) -> None:
        """Have these tables from now on, and their layout."""
        layout = tables.layout
        self.arrays |= tables.arrays
        if self.tables is None:
            self.tables = tables
            self.visited, self.sent = Visited(layout), Visited(layout, SMALL)
            return
        self.tables = tables
        if layout != self.visited.layout:
            before = self._row(self.visited)
            self.visited.rebuild(layout, self.visited.table.size)
            self._empty(self.sent.table.size)
            after = self._row(self.visited)
            for part in (*self.level, *self.todo, *self._next()):
                k.recode_all(part, before, after)

    def _row(self, visited: Visited) -> Array:
        """The kernel's parameters, with a set."""
        assert self.tables is not None
        p = self.tables.row.copy()
        for place, array in self.arrays.items():
            p[place] = address(array)
        visited.describe(p)
        p[k.MIRROR] = self.tables.symmetric
        return p

    def _empty(self, places: int) -> None:
        """Forget what was sent."""
        self.sent = Visited(self.visited.layout, places)
        self.held = 0
        self.hand.recent[:] = ~U8(0)

    @property
    def records(self) -> int:
        """How many there are."""
        assert self.tables is not None
        return self.tables.records

    def _next(self) -> list[Array]:
        """What was found of the next level."""
        return [*self.worker.outs, self.worker.out[: self.worker.new]]

    # A level

    def begin(self) -> None:
        """Expand the level from its beginning, whatever was done of it."""
        self.todo = deque(part.copy() for part in self.level)
        self._empty(self.sent.table.size)

    def expand(self, most: int) -> tuple[Any, ...]:
        """Expand about so many states: what came of it, and for each owner what is sent to it."""
        p = self._row(self.sent)
        p[k.JUDGING] = 0  # the owner does
        w, layout = self.hand, self.visited.layout
        self._fit()
        w.counts = grown(w.counts, self.records)
        w.counts[:] = 0
        stat, spilled = w.stat, list[Array]()
        misses, aside = list[Array](), list[Array]()
        transitions = rested = done = 0
        stat[:] = 0
        while self.todo and done < most and sum(part.size for part in misses) < w.miss.size:
            part = self.todo.popleft()
            if part.size > most:
                self.todo.appendleft(part[most:])
                part = part[:most]
            if w.new + w.room > w.out.size:
                w.fresh_out(1 << 18 if self.states > 1 << 18 else 1 << 13)
            k.visit(
                p, part, 0, w.out, address(w.buf), address(w.keys), U8(w.room), w.recent,
                address(w.used), w.counts, w.miss, w.unjudged, w.aside, stat, address(stat),
            )  # fmt: skip
            self.held += int(stat[k.NEW]) - w.new
            w.new = int(stat[k.NEW])
            at = int(stat[k.AT])
            done += at
            if at < part.size:
                self.todo.appendleft(part[at:])
            transitions += int(stat[k.TRANSITIONS])
            rested |= int(stat[k.RESTED])
            misses.append(w.miss[: int(stat[k.MISSES])].copy())
            aside.append(w.aside[: int(stat[k.ASIDE])].copy())
            spilled.append(w.buf[: int(stat[k.SPILLED])].copy())
            stat[:] = 0
            stat[k.NEW] = w.new
            if spilled[-1].size or self.held > self.sent.room:
                self._empty(min(LARGE, 2 * self.sent.table.size))
                p = self._row(self.sent)
                p[k.JUDGING] = 0
        found = np.concatenate([*w.outs, w.out[: w.new], *spilled])
        w.outs, w.new = [], 0
        put_aside = np.concatenate([np.zeros(0, U8), *aside])
        if put_aside.size:
            self.todo.append(put_aside)
        left = sum(part.size for part in self.todo)
        pairs = np.concatenate([np.zeros(0, U8), *misses]).reshape(-1, 2)
        report = Expanded(left, transitions, rested, w.counts.copy(), unique_pairs(pairs))
        return (report, *divided(found, layout, self.count))

    def admit(self, *batches: Array) -> Admitted:
        """Enter keys that others, or this one, have found."""
        w, unjudged, decided = self.worker, [], 0
        full = self._over(resident())
        for batch in batches:
            for at in range(0, batch.size, w.room):
                keys = batch[at : at + w.room]
                while keys.size and not full:
                    if self.states + self.found() + keys.size > self.visited.room:
                        full = self._grow()
                    if not full:
                        keys, words, mask = self._enter(keys)
                        unjudged.append(words)
                        decided |= mask
        words = np.unique(np.concatenate([np.zeros(0, U8), *unjudged]))
        return Admitted(self.found(), decided, words, full)

    def _enter(self, keys: Array) -> tuple[Array, Array, int]:
        """Enter a few keys: which found no room, ends without a verdict, and what is decided."""
        w = self.worker
        if w.new + w.room > w.out.size:
            w.fresh_out(1 << 18 if self.states > 1 << 18 else 1 << 13)
        w.buf[: keys.size] = keys
        k.admit(
            self._row(self.visited), address(w.buf), address(w.keys), U8(keys.size), w.out,
            w.unjudged, w.stat,
        )  # fmt: skip
        stat = w.stat
        w.new = int(stat[k.NEW])
        rest = w.buf[: int(stat[k.SPILLED])].copy()
        words, decided = w.unjudged[: int(stat[k.UNJUDGED])].copy(), int(stat[k.DECIDED])
        stat[:] = 0
        stat[k.NEW] = w.new
        if rest.size:
            self.visited.rebuild(self.visited.layout, 2 * self.visited.table.size)
        return rest, words, decided

    def found(self) -> int:
        """How many states of the next level there are."""
        return sum(part.size for part in self._next())

    def _grow(self) -> str:
        """Make room; why there is none."""
        visited = self.visited
        places = 2 * visited.table.size
        full = self._over(visited.bytes_after(visited.layout, places) + resident())
        if full:
            return full
        try:
            visited.rebuild(visited.layout, places)
        except MemoryError:
            return f"the system refused worker {self.index} the memory to grow"
        return ""

    def _over(self, need: int) -> str:
        """Is that more memory than the worker may have?"""
        if self.memory is None or need <= self.memory:
            return ""
        return (
            f"limit of {self.memory / 2**30:.2f} GiB of memory reached: worker {self.index} needs "
            f"{need / 2**30:.2f} GiB"
        )

    # Between levels

    def save(self, level: int) -> int:
        """Write what was found to the disk, as that level; how much it is."""
        found = np.concatenate(self._next())
        journal.write(self.folder, self.index, level, self.visited.layout, found)
        return int(found.size)

    def advance(self, level: int) -> Share:
        """What was found is that level now, if it is not yet."""
        if self.depth == level:
            return self.share()
        self.depth, w = level, self.worker
        found = np.concatenate(self._next())
        w.outs, w.new = [], 0
        w.stat[:] = 0
        w.out = np.empty(0, U8)
        self.level = [found] if found.size else []
        self.states += int(found.size)
        return self.share()

    def share(self) -> Share:
        """What it has."""
        return Share(self.states, self.visited.table.nbytes, resident())

    def restore(self, level: int) -> Share:
        """Be what the worker was before this one, at the beginning of a level."""
        for depth in range(level + 1):
            keys = self._level(depth)
            for at in range(0, keys.size, self.worker.room):
                rest = keys[at : at + self.worker.room]
                while rest.size:
                    if self.states + self.found() + rest.size > self.visited.room:
                        full = self._grow()
                        if full:
                            raise MemoryError(full)
                    rest, _, _ = self._enter(rest)
            self.advance(depth)
        return self.share()

    def _level(self, depth: int) -> Array:
        """The states of a level, from the disk."""
        layout = self.visited.layout
        was, keys = journal.read(self.folder, self.index, depth, layout)
        if was != layout:
            old, new = np.zeros(k.PARAMETERS, U8), self._row(self.visited)
            Visited(was, SMALL).describe(old)
            k.recode_all(keys, old, new)
        return keys

    # The way back

    def deciding(self, depth: int, bit: int, rests: bool) -> Array:
        """The states of a level that decide a check."""
        keys, p = self._level(depth), self._row(self.visited)
        out = np.empty_like(keys)
        n = k.deciding(p, keys, U8(bit), U8(rests), *self._scratch(), out)
        return out[:n].copy()

    def before(self, depth: int, wanted: Array) -> Array:
        """The states of a level with a step to one of ``wanted``."""
        memo, keys, p = Memo(), self._level(depth), self._row(self.visited)
        memo.set(wanted, [1] * wanted.size)
        out = np.empty_like(keys)
        n = k.select(p, keys, *memo.at(), *self._scratch(), out)
        return out[:n].copy()

    def _fit(self) -> None:
        """Have room for the successors of any state."""
        assert self.tables is not None
        room = 1 << max(12, int(self.tables.row[k.FAN] * U8(4)).bit_length())
        if self.hand.room < room:
            self.hand.fit(room)

    def _scratch(self) -> Sequence[Any]:
        self._fit()
        self.hand.stat[:] = 0
        return self.hand.scratch()

    def pid(self) -> int:
        """Of its process."""
        return os.getpid()


def unique_pairs(pairs: Array) -> Array:
    """Each once, in order; ``np.unique`` of rows takes five times as long."""
    if not pairs.size:
        return pairs
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    first: Array = np.append(True, (pairs[1:] != pairs[:-1]).any(axis=1))
    found: Array = pairs[first]
    return found
