"""Breadth-first search on packed states: the same as ``explore``, for hundreds of millions.

The levels are those of the reference explorer, and so are states, transitions, depth, verdicts
and the length of a shortest trace; a violation ends the search at the end of its level, so that
these do not depend on the number of threads. Threads share the visited set and take stretches
of the level in turn; between their rounds, one thread fills in what the tables lacked and lets
the visited set grow.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from checker.engines.explicit.engine import Check, Exploration, Progress, enough
from checker.engines.explicit.native import checkpoint as checkpoints
from checker.engines.explicit.native import kernel as k
from checker.engines.explicit.native.kernel import address
from checker.engines.explicit.native.layout import WORD, Layout
from checker.engines.explicit.native.tables import Interner, grown
from checker.engines.explicit.native.visited import Visited, compact_places
from checker.engines.explicit.parts import Parts
from checker.support.errors import Problem, UsageProblem
from checker.support.machine import resident

U8, U4 = np.uint64, np.uint32
Array = np.ndarray[Any, np.dtype[Any]]

STRETCH = 8192
"""States that a thread takes at a time."""
ROUND = 128
"""Stretches in a round, after which progress is reported and checkpoints are made."""
KEPT = 1 << 22
"""States of the levels that are kept in case a trace is wanted; more, and they are found again."""
ALL = 1 << 62
"""To keep all levels."""


@dataclass
class Worker:
    """The buffers of one thread."""

    room: int
    outs: list[Array] = field(default_factory=list)
    out: Array = field(default_factory=lambda: np.zeros(0, U8))
    new: int = 0  # in ``out``
    stat: Array = field(default_factory=lambda: np.zeros(k.STATS, U8))
    recent: Array = field(default_factory=lambda: np.full(4096, ~U8(0)))
    used: Array = field(default_factory=lambda: np.zeros(1024, U8))
    counts: Array = field(default_factory=lambda: np.zeros(1024, U8))

    def __post_init__(self) -> None:
        self.fit(self.room)

    def fit(self, room: int) -> None:
        """Make the buffers of a batch at least so large."""
        self.room = room
        self.buf, self.keys = np.zeros(room, U8), np.zeros(room, U8)
        self.unjudged, self.aside = np.zeros(8 * room, U8), np.zeros(8 * room, U8)
        self.miss = np.zeros(max(1 << 15, 2 * room), U8)

    def scratch(self) -> tuple[np.uint64, ...]:
        """Where the successors of one state, its records and misses go."""
        return address(self.buf), address(self.used), address(self.miss), address(self.stat)

    def fresh_out(self, size: int) -> None:
        """Put what is in ``out`` away and take an empty one."""
        if self.new:
            self.outs.append(self.out[: self.new])
        self.out = np.empty(max(size, 2 * self.room), U8)
        self.new = 0
        self.stat[k.NEW] = 0


def _width(bits: int, needed: int) -> int:
    """The width of a field: ``bits`` if that is enough for what is needed, else one to spare."""
    return bits if needed <= bits else needed + 1


LARGE = 1 << 24
"""Places from which on the size of an entry is worth some trouble."""


class Search:
    """One search. ``run`` may be called once."""

    ARRAYS: tuple[str, ...] = ("table", "level", "following", "spilled")
    """What a checkpoint has of it, beside what is known of the parts."""

    def __init__(
        self,
        parts: Parts,
        checks: Mapping[str, Check],
        *,
        threads: int = 1,
        symmetric: bool = False,
        compact: bool = False,
        expect: int = 0,
        max_states: int | None = None,
        max_memory: int | None = None,
        progress: Progress | None = None,
        stop_when_decided: bool = True,
        to_depth: int | None = None,
        keep: int = KEPT,
        checkpoint: Path | None = None,
        every: float = 60.0,
        identity: str = "",
        resume: bool = False,
        spill: Path | None = None,
        places: int = 0,
        chance: float = 1.0,
    ) -> None:
        """``places`` and ``chance`` are of a compact search: how large its set is, and that it ends
        where a state was missed with a greater chance."""
        if spill is not None:
            raise UsageProblem("--spill is for the sorted engine")
        if symmetric and parts.links != ((0, 1), (1, 0)):
            raise UsageProblem("only two components, with a link each way, can be symmetric")
        self.interner = Interner(parts, checks)
        self.parts = parts
        self.symmetric = symmetric
        self.compact = compact
        self.places = places
        self.chance = chance
        self.outgrown = False  # for want of a larger set
        self.expect = expect
        self.max_states = max_states
        self.max_memory = max_memory
        self.progress = progress
        self.stop_when_decided = stop_when_decided
        self.to_depth = to_depth
        self.keep = keep
        self.checkpoint = checkpoint
        self.every = every
        self.identity = identity
        self.resume = resume
        self.fired_before: Counter[Hashable] = Counter()
        self.seconds_before = 0.0
        self.level: deque[Array] = deque()
        self.spilled: list[Array] = []  # of the next level, but not in the visited set yet
        self.depth = 0
        self.amid = False  # a level, which is finished whatever is decided
        self.workers = [Worker(2048) for _ in range(threads)]
        self.found = Exploration(engine="native")
        self.undecided = set(checks)
        self.decided_at: dict[str, int] = {}  # depth of the first deciding state
        self.levels: list[Any] | None = []  # of each, its states in some arrays
        self.kept = 0
        self._began = self._told = self._saved = 0.0
        self._pool: ThreadPoolExecutor | None = None

    # Parameters

    def parameters(self) -> Array:
        p = self.interner.parameters()
        self.visited.describe(p)
        p[k.MIRROR] = self.symmetric
        return p

    def key(self, ends: Sequence[int], bags: Sequence[int]) -> int:
        """The key of a state."""
        key = self.visited.layout.pack(ends, bags)
        if self.symmetric:
            return min(key, self.visited.layout.pack(ends[::-1], bags[::-1]))
        return key

    def key_of(self, state: Any) -> int:
        """The key of a state of the whole system."""
        ends, bags = self.parts.split(state)
        return self.key([*map(self.interner.end, ends)], [*map(self.interner.bag, bags)])

    def state_of(self, key: int) -> Any:
        """The state of the whole system that has a key."""
        return self.interner.joined(*self.visited.layout.unpack(key))

    def ends_of(self, keys: Array) -> Array:
        """The ends of states: a word for each (``layout.split_ends``)."""
        found = np.empty_like(keys)
        k.all_ends_of(self.parameters(), keys, found)
        return found

    def learn(self, depth: int) -> None:
        """Know all that the kernel needs to expand a level that is kept, before a path through it
        is looked for. It was expanded, so all is known."""

    # The search

    def run(self) -> Exploration:
        """Search to the end, to a limit, or until every check is decided."""
        self._began = self._told = self._saved = time.monotonic()
        if self.checkpoint is None:
            self._start()
            return self._run()
        with checkpoints.owned(self.checkpoint, self.resume):
            if not (self.resume and checkpoints.load(self, self.checkpoint)):
                self._start()
            return self._run()

    def _run(self) -> Exploration:
        found = self.found
        if len(self.workers) > 1:
            self._pool = ThreadPoolExecutor(len(self.workers))
        try:
            # What a limit kept from growing must do so first; if it cannot, all is as it was
            going = begun = not (found.resumed and self.waiting()) or self._grow()
            while going and not found.complete and (self.amid or not self._stop()):
                going = self._expand_level()
                found.complete = going and not self.waiting()
        finally:
            if self._pool is not None:
                self._pool.shutdown()
        if self.compact:
            found.missed = self._missed()
        found.fired = self.fired()
        found.lengths = dict(self.decided_at)
        found.seconds = self.seconds()
        if begun:
            self._save()
        return found

    def _missed(self) -> float:
        """How likely it is that a state was missed by a compact search: two states are taken for
        one if their fingerprints are equal (Stern and Dill 1995)."""
        pairs = self.found.states * (self.found.states - 1) / 2
        return min(1.0, float(pairs / 2.0**self.visited.fingerprint_bits))

    def _start(self) -> None:
        """Enter the initial state."""
        start = [self.interner.end(end) for end in self.parts.initial()]
        links = len(self.parts.links)
        if self.compact:
            places = self.places or compact_places(self.expect)
            self.visited = Visited(Layout.of(len(start), links, 24, WORD), places, compact=True)
        else:
            self.visited = Visited.planned(len(start), links, self.expect)
        need = self.visited.table.nbytes + resident()
        if self.max_memory is not None and self.expect and need > self.max_memory:
            raise UsageProblem(
                f"room for {self.expect:,} states needs {need / 2**30:.2f} GiB, and the limit is "
                f"{self.max_memory / 2**30:.2f} GiB: expect fewer, or allow more memory"
            )
        self._admit(np.array([self.key(start, [0] * links)], U8), 0)
        self.level = self._collect()
        self._keep(list(self.level), 0)

    def fired(self) -> Counter[Hashable]:
        """The rules that fired so far, and how often."""
        counts = np.zeros(self.interner.records, U8)
        for worker in self.workers:
            counts[: worker.counts.size] += worker.counts[: counts.size]
        return self.interner.fired(counts) + self.fired_before

    def seconds(self) -> float:
        """The time that the search took so far, that before a checkpoint included."""
        return self.seconds_before + time.monotonic() - self._began

    def following(self) -> list[Array]:
        """What the workers found of the next level so far."""
        return [part for w in self.workers for part in (*w.outs, w.out[: w.new])]

    def waiting(self) -> int:
        """How many states were found and not expanded, roughly."""
        return sum(part.size for part in (*self.level, *self.following(), *self.spilled))

    def stored(self) -> tuple[dict[str, list[Array]], dict[str, Any]]:
        """What a checkpoint has of it: ``ARRAYS``, in pieces, and numbers."""
        visited, nothing = self.visited, np.zeros(0, U8)
        arrays = {
            "table": [visited.table[: None if self.waiting() else 0]],
            "level": [nothing, *self.level],
            "following": [nothing, *self.following()],
            "spilled": [nothing, *self.spilled],
        }
        return arrays, {"layout": asdict(visited.layout), "places": visited.table.size}

    def restore(self, array: Callable[[str], Array], meta: Mapping[str, Any]) -> None:
        """Take up what was stored."""
        table = array("table")
        visited = self.visited = Visited(Layout(**meta["layout"]), meta["places"])
        visited.table[: table.size] = table
        level, following, spilled = (np.array(array(name)) for name in self.ARRAYS[1:])
        self.level = deque([level] if level.size else [])
        worker = self.workers[0]
        if following.size:
            worker.outs.append(following)
        self.spilled = [spilled[i : i + worker.room] for i in range(0, spilled.size, worker.room)]
        # Rest is looked up when a state is expanded: its ends must have been judged
        for keys in (level, following):
            self.interner.judge_ends(self.ends_of(keys), self.symmetric)

    def _save(self) -> None:
        """Write a checkpoint, if any are wanted; a search goes on without, and says so."""
        if self.checkpoint is None:
            return
        self.found.unsaved = ""
        try:
            checkpoints.save(self, self.checkpoint)
        except Problem as problem:
            self.found.unsaved = str(problem)
            self._tell()
        self._saved = time.monotonic()

    def _tell(self) -> None:
        """Tell how far the search is, and whether it would survive."""
        self._told = time.monotonic()
        if self.progress is not None:
            found = self.found
            self.progress(
                found.states, found.transitions, self.depth, self.waiting(), found.unsaved
            )

    def _stop(self) -> bool:
        checks = self.interner.checks
        if (
            self.stop_when_decided
            and checks
            and (not self.undecided or enough(checks, self.undecided))
        ):
            self.found.why = "every claim is decided"
            return True
        if self.to_depth is not None and self.depth >= self.to_depth:
            self.found.why = f"depth {self.to_depth} reached"
            return True
        return False

    def _keep(self, level: list[Array], depth: int) -> None:
        if self.levels is None:
            return
        self.kept += sum(part.size for part in level)
        if self.kept > self.keep:
            self.levels = None
            return
        while len(self.levels) <= depth:
            self.levels.append([])
        self.levels[depth] = [part.copy() for part in level]

    def _expand_level(self) -> bool:
        """Expand the level; false if a limit ended it."""
        self.amid = True
        while self.level:
            if not self._round():
                # What was found of the next level may decide a check
                self._keep(self.following(), self.depth + 1)
                return False
        self.amid = False
        self.level = self._collect()
        if self.level:
            self.depth += 1
            self.found.depth = self.depth
            self._keep(list(self.level), self.depth)
        return True

    def _collect(self) -> deque[Array]:
        """Take what the workers found."""
        parts: deque[Array] = deque()
        for worker in self.workers:
            worker.fresh_out(0)
            parts += worker.outs
            worker.outs = []
        return parts

    def _round(self) -> bool:
        limit = self.visited.room
        if self.max_states is not None:
            limit = min(limit, self.max_states)
        self.found.states = self._visit(self.found.states, limit)
        return self._settle()

    def _visit(self, known: int, limit: int) -> int:
        """Let the workers expand what is next of the level, until so many states are known; how
        many are."""
        p = self.parameters()
        records = self.interner.records
        size = max(64, min(STRETCH, self.visited.table.size // 64))
        lock = threading.Lock()
        todo: deque[Array] = deque()
        while self.level and len(todo) < ROUND:
            part = self.level.popleft()
            if part.size > size:
                self.level.appendleft(part[size:])
                part = part[:size]
            todo.append(part)
        states = [known]
        rest: list[Array] = []
        room = 1 << max(12, int(p[k.FAN] * U8(4)).bit_length())

        def work(worker: Worker) -> None:
            if worker.room < room:
                worker.fit(room)
            worker.counts = grown(worker.counts, records)
            stat = worker.stat
            out_size = 1 << 20 if self.found.states > 1 << 20 else 1 << 14
            while True:
                with lock:
                    if not todo or states[0] >= limit:
                        return
                    part = todo.popleft()
                lo = 0
                while lo < part.size:
                    if worker.new + worker.room > worker.out.size:
                        worker.fresh_out(out_size)
                    before = worker.new
                    k.visit(
                        p,
                        part,
                        lo,
                        worker.out,
                        address(worker.buf),
                        address(worker.keys),
                        U8(worker.room),
                        worker.recent,
                        address(worker.used),
                        worker.counts,
                        worker.miss,
                        worker.unjudged,
                        worker.aside,
                        stat,
                        address(stat),
                    )
                    worker.new = int(stat[k.NEW])
                    with lock:
                        states[0] += worker.new - before
                    lo = int(stat[k.AT])
                    if worker.new + worker.room <= worker.out.size and lo < part.size:
                        # A buffer other than ``out`` is full
                        with lock:
                            rest.append(part[lo:])
                        return

        if self._pool is None:
            work(self.workers[0])
        else:
            list(self._pool.map(work, self.workers))
        self.level.extendleft([*todo, *rest])
        return states[0]

    def _settle(self) -> bool:
        """After a round: fill in what was missing, judge, grow; false at a limit."""
        interner, found = self.interner, self.found
        misses = []
        for worker in self.workers:
            stat = worker.stat
            found.transitions += int(stat[k.TRANSITIONS])
            misses.append(worker.miss[: int(stat[k.MISSES])].reshape(-1, 2).copy())
            if stat[k.ASIDE]:
                self.level.appendleft(worker.aside[: int(stat[k.ASIDE])].copy())
            if stat[k.SPILLED]:
                self.spilled.append(worker.buf[: int(stat[k.SPILLED])].copy())
            self._take(worker, self.depth + 1)
        missing = np.concatenate(misses)
        if missing.size:
            # Each once, in order; ``np.unique`` of rows takes five times as long
            missing = missing[np.lexsort((missing[:, 1], missing[:, 0]))]
            missing = missing[np.append(True, (missing[1:] != missing[:-1]).any(axis=1))]
            interner.resolve(missing[:, 0].copy(), missing[:, 1].copy())
        if not self._grow():
            return False
        if self.max_states is not None and found.states >= self.max_states:
            return self._out_of(f"limit of {self.max_states:,} states reached")
        now = time.monotonic()
        if now - self._told > 0.2:
            self._tell()
        if now - self._saved > self.every:
            self._save()
        return True

    def _grow(self) -> bool:
        """Make room for all that was found, and enter it; false if there is no memory."""
        interner = self.interner
        if self.compact and self._missed() > self.chance:
            self.outgrown = True
            return self._out_of(f"a state was missed with a chance above {self.chance:g}")
        places = self.visited.table.size
        if self.found.states >= self.visited.room or self.spilled:
            places *= 2
        # The greatest number of each is left free, so that no key is all ones
        layout = self.visited.layout
        ends, bags = len(interner.ends).bit_length(), interner.bag_count.bit_length()
        exact = layout.of_widths(ends, bags)
        layout = layout.of_widths(_width(layout.end_bits, ends), _width(layout.bag_bits, bags))
        if places > max(self.visited.table.size, LARGE) and self.visited.narrower(exact, places):
            layout = exact  # a smaller entry is worth coding the keys anew
        elif layout.needs > WORD:
            layout = exact
        if not self._resize(layout, places):
            return False
        if self.max_memory is not None and resident() > self.max_memory:
            return self._out_of(f"limit of {self.max_memory / 2**30:.2f} GiB of memory reached")
        for keys in self.spilled:
            self._admit(keys, self.depth + 1)
        self.spilled = []
        return True

    def _resize(self, layout: Layout, places: int) -> bool:
        """Give the visited set other sizes, if they are other; false if there is no memory."""
        visited = self.visited
        same = layout == visited.layout
        if same and places == visited.table.size:
            return True
        if self.compact and not same:
            return self._out_of("there are too many ends or bags for a compact search")
        if self.compact:
            self.outgrown = True
            return self._out_of(
                f"a set of {visited.table.size:,} fingerprints is full: expect more states, or "
                "allow more memory"
            )
        if not self._fits(layout):
            return False
        need = visited.bytes_after(layout, places) + resident()
        if self.max_memory is not None and need > self.max_memory:
            return self._out_of(
                f"limit of {self.max_memory / 2**30:.2f} GiB of memory reached: "
                f"the visited set would need {need / 2**30:.2f} GiB to grow"
            )
        before = self.parameters()
        try:
            visited.rebuild(layout, places, self._pool)
        except MemoryError:
            return self._out_of(
                f"the system refused {visited.bytes_after(layout, places) / 2**30:.2f} GiB of "
                "memory for the visited set to grow"
            )
        if not same:
            levels = [part for level in self.levels or [] for part in level]
            self._recode([*self.level, *self.following(), *self.spilled, *levels], before)
        return True

    def _fits(self, layout: Layout) -> bool:
        """Is a word enough for such keys?"""
        return layout.needs <= WORD or self._out_of(
            f"a state needs {layout.needs} bits ({layout}) and the native engine has {WORD}: "
            "reduce the bounds, or use the reference engine"
        )

    def _recode(self, keys: Sequence[Array], before: Array) -> None:
        """Code keys anew, from the layout in the parameters ``before`` to today's."""
        for worker in self.workers:
            worker.recent[:] = ~U8(0)
        after = self.parameters()
        for part in keys:
            k.recode_all(part, before, after)

    def _out_of(self, why: str) -> bool:
        self.found.limited = True
        self.found.why = why
        return False

    def _admit(self, keys: Array, depth: int) -> None:
        """Enter keys of ``depth`` outside of a round."""
        worker = self.workers[0]
        while keys.size:
            if worker.new + worker.room > worker.out.size:
                worker.fresh_out(1 << 14)
            worker.buf[: keys.size] = keys
            before = worker.new
            k.admit(
                self.parameters(),
                address(worker.buf),
                address(worker.keys),
                U8(keys.size),
                worker.out,
                worker.unjudged,
                worker.stat,
            )
            worker.new = int(worker.stat[k.NEW])
            self.found.states += worker.new - before
            keys = worker.buf[: int(worker.stat[k.SPILLED])].copy()
            self._take(worker, depth)
            if keys.size:
                visited = self.visited
                visited.rebuild(visited.layout, 2 * visited.table.size)

    def _take(self, worker: Worker, depth: int) -> None:
        """Take the verdicts on states of ``depth`` that a worker met, and clear its results."""
        stat, interner = worker.stat, self.interner
        unjudged = worker.unjudged[: int(stat[k.UNJUDGED])]
        stat[k.DECIDED] |= U8(interner.judge_ends(unjudged, self.symmetric))
        self._decide(int(stat[k.DECIDED]), interner.deciding, depth)
        self._decide(int(stat[k.RESTED]), interner.resting, depth - 1)
        new = stat[k.NEW]
        stat[:] = 0
        stat[k.NEW] = new

    def _decide(self, mask: int, names: list[str], depth: int) -> None:
        for i, name in enumerate(names):
            if mask >> i & 1 and name in self.undecided:
                self.undecided.discard(name)
                self.decided_at[name] = depth
