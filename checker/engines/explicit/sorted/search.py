"""Breadth-first search whose levels are sorted: all is read and written in order.

A level is expanded by the native engine's loop, which is given no visited set: what it comes to,
but for what it has met a moment ago, is sorted, coded, and put on a *pile*. When all of the level
is expanded, the pile is read again, a range of keys at a time, and what is in an earlier level is
struck out (delayed duplicate detection). The rest is the next level. So the visited set is the
levels, and no key is looked up in it.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.native import kernel as native
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.search import ALL, STRETCH, Search, Worker
from checker.engines.explicit.native.visited import Visited
from checker.engines.explicit.parts import Parts
from checker.engines.explicit.sorted import kernel as k
from checker.engines.explicit.sorted.coded import BLOCK, File, Piece, Pieces
from checker.support.errors import Problem, UsageProblem
from checker.support.machine import resident

U8 = np.uint64
Array = np.ndarray[Any, np.dtype[Any]]

BATCH = 1 << 22
"""Keys that are sorted at a time."""
RANGE = 512
"""Blocks of the pile that are read at a time: few enough for a processor's own cache ..."""
EACH = 4
"""... but so many of each piece, if there are many: to find a piece's part takes time, too."""
LONG = 8
"""How many times as many keys of the levels that are known may be read at a time."""
RECENT = 1 << 16
"""The latest keys that a thread remembers."""


class Sorted(Search):
    """One search. ``run`` may be called once. ``spill``: a folder for the levels and the pile.

    A checkpoint is of the beginning of a level. Where levels are in a folder, it has their digest,
    and where they are in it.
    """

    ARRAYS = ("pieces", "heads", "at", "octets")

    def __init__(
        self,
        parts: Parts,
        checks: Mapping[str, Check],
        *,
        spill: Path | None = None,
        **options: Any,
    ) -> None:
        if options.get("compact"):
            raise UsageProblem("the sorted engine has no --compact")
        if spill is not None:
            if options.get("checkpoint") not in (None, spill):
                raise UsageProblem("--spill FOLDER has the checkpoints, too: omit --checkpoint")
            options["checkpoint"] = spill
        super().__init__(parts, checks, **options)
        self.found.engine = "sorted"
        self.spill = spill
        self.known: list[Pieces] = []  # the levels, which are the visited set
        for worker in self.workers:
            worker.recent = np.full(RECENT, ~U8(0))
        self.file: File | None = None
        self.pile_file: File | None = None
        self.left = 0  # states of the level that are not expanded
        self._begun: dict[str, Any] = {}  # what was counted when the level began
        self._fired: Counter[Hashable] = Counter()
        self._asked = 0  # before this level, all was asked before a checkpoint
        self._kept = -1  # the level of the last checkpoint

    # What the kernel reads

    def parameters(self) -> Array:
        p = super().parameters()
        p[native.TABLE] = 0  # there is none to look keys up in
        p[native.JUDGING] = 0  # what is new is known later
        return p

    def _start(self) -> None:
        start = [self.interner.end(end) for end in self.parts.initial()]
        links = len(self.parts.links)
        self._lay_out(Layout.of(len(start), links, 20, 42))
        self._open(())
        self.known = self.levels = [Pieces(self.visited.layout)]
        self._pile()
        self.depth = -1
        self._enter(self.known[0], np.array([self.key(start, [0] * links)], U8))
        self._next()

    def _lay_out(self, layout: Layout) -> None:
        """Have keys of that layout. The native visited set has no use but to know it; how large it
        is tells how many states a thread takes at a time."""
        self.visited = Visited(layout, 64 * STRETCH)

    def _open(self, written: Sequence[Any]) -> None:
        """Have files, if any are wanted; so much of the levels is there, with that digest."""
        if self.spill is None:
            return
        self.file = File(self.spill / "levels", *written[:1])
        if written and [*written] != self._written():
            raise Problem(
                f"{self.file.path} is not as it was written: remove {self.spill} to start anew"
            )
        self.pile_file = File(self.spill / "pile")

    def _written(self) -> list[Any] | None:
        """How much of the levels is in a file, and its digest."""
        return None if self.file is None else [self.file.size, self.file.digest.hexdigest()]

    def _pile(self) -> None:
        """Begin a new pile."""
        self.pile = Pieces(self.visited.layout)
        if self.pile_file is not None:
            self.pile_file.empty()

    def run(self) -> Exploration:
        try:
            return super().run()
        finally:
            if self.pile_file is not None:
                self.pile_file.close(keep=False)

    def learn(self, depth: int) -> None:
        """What was asked before a checkpoint is asked again."""
        if depth >= self._asked:
            return
        transitions, self.found.transitions = self.found.transitions, 0
        self._pool = self.checkpoint = self.max_states = self.max_memory = None
        self.level.clear()
        for part in self.known[depth]:
            self._judge(part)
            self.level.append(part)
            while self.level:
                self._visit(0, ALL)
                self._collect()
                self._settle()
        self.found.transitions = transitions

    # A level

    def waiting(self) -> int:
        return self.left + sum(part.size for part in self.level)

    def _expand_level(self) -> bool:
        self.amid = True
        try:
            going = self._expand() and self._sift()
        except OSError as error:
            if self.spill is None:
                raise
            going = self._out_of(f"{self.spill} cannot be written: {error.strerror}")
        self._pile()
        if going:
            self._next()
        return going

    def _expand(self) -> bool:
        """Put what comes of the level on the pile; false at a limit."""
        self._pile()
        for part in self.known[self.depth]:
            self.left -= part.size
            self.level.append(part)
            while self.level:
                self._visit(0, ALL)
                if not self._settle():
                    return False
                if sum(part.size for part in self.following()) > BATCH:
                    self._put()
        self._put()
        return True

    def _put(self) -> None:
        """Sort what the workers found, and put it on the pile."""
        layout = self.visited.layout

        def piece(worker: Worker) -> Piece | None:
            keys = np.concatenate([*worker.outs, worker.out[: worker.new]])
            worker.outs, worker.new, worker.stat[native.NEW] = [], 0, 0
            keys.sort()
            return Piece.of(keys[: int(k.once(keys))], layout) if keys.size else None

        for found in self._all(piece, self.workers):
            if found is not None:
                found.move(self.pile_file)
                self.pile.add(found)

    def _all(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        """What comes of each task, in order; the threads share them."""
        return map(work, tasks) if self._pool is None else self._pool.map(work, tasks)

    def _sift(self) -> bool:
        """Let what is on the pile, and in no level, be the next level; false at a limit."""
        older = [*self.known]
        level = Pieces(self.visited.layout)
        self.known.append(level)

        def new(span: tuple[np.uint64, np.uint64]) -> Array:
            keys = self.pile.between(*span)
            keys.sort()
            n = k.once(keys)
            if n == 0:
                return keys
            span = keys[0], keys[int(n) - 1] + U8(1)
            known = [level.between(*span) for level in older]
            # What is much shorter than the keys is not worth a way through them of its own
            few = np.concatenate([one for one in known if LONG * one.size < n] or [keys[:0]])
            few.sort()
            for one in (few, *(one for one in known if LONG * one.size >= n)):
                n = k.strike(keys, U8(n), one)
            return keys[: int(n)]

        if not self.pile.size:
            return True
        visited = Pieces(self.visited.layout, [one for some in older for one in some.pieces])
        blocks = max(RANGE, EACH * len(self.pile.pieces))
        cuts = np.unique([*self.pile.cuts(blocks), *visited.cuts(LONG * blocks)])
        spans = [*pairwise(cuts)]
        for first in range(0, len(spans), len(self.workers)):
            for keys in self._all(new, spans[first : first + len(self.workers)]):
                self._enter(level, keys)
            if self.max_states is not None and self.found.states >= self.max_states:
                return self._out_of(f"limit of {self.max_states:,} states reached")
            if self.max_memory is not None and resident() > self.max_memory:
                return self._out_of(f"limit of {self.max_memory / 2**30:.2f} GiB of memory reached")
        return True

    def _enter(self, level: Pieces, keys: Array) -> None:
        """Append new states to a level, and judge them."""
        if not keys.size:
            return
        piece = Piece.of(keys, self.visited.layout)
        piece.move(self.file)
        level.add(piece)
        self.found.states += keys.size
        self._decide(self._judge(keys), self.interner.deciding, self.depth + 1)

    def _judge(self, keys: Array) -> int:
        """The checks that some ascending keys decide; their ends are judged then."""
        layout = self.visited.layout
        ends = keys >> U8(layout.links * layout.bag_bits)
        others = keys[np.append(True, ends[1:] != ends[:-1])]
        return self.interner.judge_ends(self.ends_of(others), self.symmetric)

    def _next(self) -> None:
        """Go to the next level, if there is one."""
        found = self.found
        if self.known[-1].size:
            self.depth = found.depth = self.depth + 1
            self.left = self.known[-1].size
        else:
            self.known.pop()
            self.left = 0
        self.amid = False
        self._begun = {
            "states": found.states,
            "transitions": found.transitions,
            "complete": not self.left,
            "file": self._written(),
        }
        self._fired = self.fired()
        now = time.monotonic()
        if now - self._told > 0.2:
            self._tell()
        if now - self._saved > self.every:
            self._save()

    def _resize(self, layout: Layout, places: int) -> bool:
        if layout == self.visited.layout:
            return True
        if not self._fits(layout):
            return False
        self._put()  # it is in the layout of before
        before = self.parameters()
        self._lay_out(layout)
        self._recode([*self.level], before)
        for pieces in (*self.known, self.pile):
            pieces.recode(layout)
        return True

    # Checkpoints

    def _save(self) -> None:
        if self.amid and self._kept == self.depth:
            return  # nothing has changed of what is written
        super()._save()
        self._kept = self.depth

    def stored(self) -> tuple[dict[str, list[Array]], dict[str, Any]]:
        levels = self.known[: self.depth + 1]  # another is not finished
        pieces = [(depth, piece) for depth, level in enumerate(levels) for piece in level.pieces]
        numbers = [
            (depth, one.size, one.at[-1], one.offset, one.layout.end_bits, one.layout.bag_bits)
            for depth, one in pieces
        ]
        arrays = {
            "pieces": [np.array(numbers, U8).reshape(-1)],
            "heads": [piece.heads for _, piece in pieces],
            "at": [piece.at for _, piece in pieces],
            "octets": [np.zeros(0, np.uint8)],
        }
        arrays["octets"] += [one.octets for _, one in pieces if one.octets is not None]
        more = self._begun | {
            "amid": False,
            "fired": [(self.parts.freeze_rule(rule), n) for rule, n in self._fired.items()],
            "decided_at": {name: at for name, at in self.decided_at.items() if at <= self.depth},
            "layout": asdict(self.visited.layout),
        }
        if self.file is not None:
            self.file.sync()
        return arrays, more

    def restore(self, array: Callable[[str], Array], meta: Mapping[str, Any]) -> None:
        if (meta["file"] is None) != (self.spill is None):
            raise Problem(
                f"{self.checkpoint} was written {'without' if self.spill else 'with'} --spill: "
                "go on as it was begun"
            )
        self._lay_out(Layout(**meta["layout"]))
        layout = self.visited.layout
        self._open(meta["file"])
        self.known = self.levels = [Pieces(layout) for _ in range(meta["depth"] + 1)]
        heads, at, octets = (array(name) for name in self.ARRAYS[1:])
        index = begin = 0
        for depth, size, taken, offset, *bits in array("pieces").reshape(-1, 6).tolist():
            end, begun = index - (-size // BLOCK) + 1, begin
            part = None
            if self.file is None:
                begin += taken
                part = np.array(octets[begun:begin])
            piece = Piece(
                layout.of_widths(*bits), size, np.array(heads[index:end]), np.array(at[index:end]),
                part, self.file, offset,
            )  # fmt: skip
            self.known[depth].add(piece)
            index = end
        self._begun = {name: meta[name] for name in ("states", "transitions", "complete", "file")}
        self._fired = self.fired()
        self._asked = self.depth + self.found.complete
        self.left = 0 if self.found.complete else self.known[-1].size
        self._pile()
        # Rest is looked up when a state is expanded: its ends must have been judged
        for part in self.known[-1]:
            self._judge(part)
