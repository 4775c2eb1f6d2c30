"""Breadth-first search of sets of states, level by level (see ``kernel``).

A level is expanded in four passes. First everything is looked up that its states need, and what is
missing is asked of plain Python, until nothing is. Then A acts, for each end of B on its own; time
goes by; and B acts, for each end of A on its own, whereby all that was found is entered. So no two
threads ever write to the same row.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from checker.engines.explicit.engine import Check
from checker.engines.explicit.native import kernel as native
from checker.engines.explicit.native.kernel import address
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.search import Search
from checker.engines.explicit.native.tables import Memo, grown
from checker.engines.explicit.native.visited import Visited
from checker.engines.explicit.parts import Parts
from checker.engines.explicit.sets import kernel as k
from checker.support.errors import UsageProblem
from checker.support.machine import resident

U8, U4 = np.uint64, np.uint32
Array = np.ndarray[Any, np.dtype[Any]]

FIELDS = 16
"""Bits of an end and of a bag in a key."""
SLAB = 1 << 19
"""Octets of rows that a thread takes at a time, at least."""
MOST_SLABS = 1 << 16
CHUNK_WORDS = 1 << 17
"""Words in a buffer of chunks, at least."""

FREE, SPARSE = 1 << 27, 20
"""Octets that the visited set may have whatever is in it; and octets a state beyond that. It has
more while states are few and right after it has grown than at the end: the largest model that gains
from sets has 16 after 13 million states, and less than 6 after 400 million."""
SURE, FULL = 500_000, 3.0
"""After so many states it is clear whether words hold many of them. With fewer than three of 64 the
native engine is as fast. Later levels are thinner, also where sets win."""


class TooSparse(UsageProblem):
    """These states are too few among the combinations of their parts to be held as sets."""

    def __init__(self) -> None:
        super().__init__("there are too many ends and bags for sets: use --engine native")


NONE = np.zeros((0, 4), U8)


@dataclass
class Chunks:
    """Sets of states: of each a pair, two addresses and how many words; and what must be kept."""

    rows: Array
    kept: list[Any] = field(default_factory=list)

    def groups(self, ends: Array) -> list[Array]:
        """The chunks of each end, the largest first; ``ends`` are of each chunk."""
        if not self.rows.shape[0]:
            return []
        order = np.argsort(ends, kind="stable")
        cuts = np.flatnonzero(np.diff(ends[order])) + 1
        groups = np.split(self.rows[order], cuts)
        return sorted(groups, key=lambda group: -int(group[:, 3].sum()))


class Hand:
    """The buffers of one thread."""

    def __init__(self) -> None:
        self.own = np.zeros(k.OWN, U8)
        self.miss = np.zeros(1 << 19, U8)
        self.used = np.zeros(1024, U8)
        self._sizes = (0, 0, 0, 0)
        self.made: list[Array] = []
        self.kept: list[Any] = []

    def fit(self, words: int, targets: int, ends: int, messages: int, records: int) -> None:
        """Have room for rows of so many words, for so many targets of a group."""
        bags, own = 64 * words, self.own
        self.used = grown(self.used, records)
        sizes = (words, targets, ends, messages)
        if any(need > have for need, have in zip(sizes, self._sizes, strict=True)):
            _, targets, ends, messages = (2 * need for need in sizes)
            self._sizes = (words, targets, ends, messages)
            rows = targets * bags
            self._arrays: dict[int, Array] = {
                k.TURNED: np.empty(bags * words, U8),
                k.TURNED_AT: np.zeros(bags, U4),
                k.TURNED_OF: np.empty(bags, U4),
                k.MADE: np.empty(rows * words, U8),
                k.MADE_AT: np.zeros(rows, U4),
                k.MADE_OF: np.empty(rows, U4),
                k.MADE_NEXT: np.empty(rows, U4),
                k.TARGET_OF: np.zeros(ends, U4),
                k.TARGETS: np.empty(3 * targets, U8),
                k.MOVED: np.empty(2 * messages * words, U8),
                k.MOVED_AT: np.zeros(2 * messages, U8),
                k.ROW: np.empty(k.SPARE_ROWS * words, U8),
            }
            self.chunks = np.zeros(4 * targets, U8)
            for place, array in self._arrays.items():
                own[place] = address(array)
            own[k.OUT_ROOM] = 0
        own[k.USED] = address(self.used)
        own[k.MISS], own[k.MISS_ROOM] = address(self.miss), self.miss.size
        if not own[k.OUT_ROOM]:
            self.fresh_out(bags * words)

    def fresh_out(self, most: int) -> None:
        """Take an empty buffer of chunks; ``most`` words may come at once."""
        own = self.own
        size = max(CHUNK_WORDS, 2 * most)
        at, bits = np.empty(size, U4), np.empty(size, U8)
        self.kept += at, bits
        own[k.OUT_AT], own[k.OUT] = address(at), address(bits)
        own[k.OUT_ROOM], own[k.OUT_COUNT] = size, 0

    def take(self) -> tuple[list[Array], list[Any]]:
        """What was made, and what must be kept for it."""
        made, kept = self.made, self.kept
        self.made, self.kept = [], []
        self.own[k.OUT_ROOM] = 0
        return made, kept


class Sets(Search):
    """One search. ``run`` may be called once. ``dense``: whether or not the states are.

    What a limit left of a level is begun anew when the search goes on: what was entered of the next
    level is there already, and is kept (``entered``); steps are counted once the level is finished.
    """

    ARRAYS = (
        *("pairs", "index", "rows"),
        *("level", "level_at", "level_bits", "entered", "entered_at", "entered_bits"),
    )

    def __init__(
        self, parts: Parts, checks: Mapping[str, Check], *, dense: bool = True, **options: Any
    ) -> None:
        if parts.links != ((0, 1), (1, 0)):
            raise UsageProblem("sets are of two components, with a link each way")
        if options.get("symmetric") or options.get("compact"):
            raise UsageProblem("the engine of sets has neither --symmetry nor --compact")
        super().__init__(parts, checks, **options)
        self.found.engine = "sets"
        self.dense = dense
        self.visited = Visited(Layout(2, 2, FIELDS, FIELDS))
        self.hands = [Hand() for _ in self.workers]
        self.pairs = Memo()
        self.pair_ends = np.zeros(64, U8)
        self.alive = np.zeros(64, np.bool_)
        self.words = 1
        self.index = np.zeros(64 * 64, U4)
        self.slabs: list[Array] = []
        self.slab_at = np.zeros(MOST_SLABS, U8)
        self.after = np.zeros(64, U4)
        self.known = np.zeros(1, U8)
        self.used = np.zeros(0, U8)
        self.short = np.zeros((parts.capacity + 1, 1), U8)
        self._bags_seen = 0
        self.sets, self.entered = Chunks(NONE), Chunks(NONE)
        self._held = 0  # words that held the levels so far
        self._sure = dense  # that a word holds enough states
        self._going = True
        self._lock = threading.Lock()

    # What the kernel reads

    @property
    def slab_rows(self) -> int:
        """Rows in a slab: a power of two, and no fewer than a pair may have."""
        return 1 << max(64 * self.words - 1, SLAB // (8 * self.words)).bit_length()

    def shared(self) -> Array:
        """The row of parameters that all threads share."""
        s = np.zeros(k.SHARED, U8)
        s[k.WORDS], s[k.BAG_COUNT] = self.words, self._bags_seen
        s[k.PAIRS : k.PAIRS + 2] = self.pairs.at()
        s[k.ENDS_OF], s[k.INDEX] = address(self.pair_ends), address(self.index)
        s[k.SLABS], s[k.SLAB_BITS] = address(self.slab_at), self.slab_rows.bit_length() - 1
        s[k.AFTER], s[k.KNOWN] = address(self.after), address(self.known)
        s[k.SHORT] = address(self.short)
        s[k.MESSAGES] = self.known.size // self.words
        return s

    def _widen(self) -> None:
        """Let rows have a bit for each bag that there is, and tables a row for each message."""
        interner = self.interner
        bags = interner.bag_count
        words, before = self.words, self.words
        if bags > 64 * words:
            words = -(-bags // 64)
            words += words // 16
        if 64 * words > 1 << FIELDS or len(interner.ends) > 1 << FIELDS:
            raise TooSparse
        messages, had = self.known.size // before, self.known.size // before
        if len(interner.messages) > messages:
            messages = 2 * len(interner.messages)
        if words != before:
            rows_before = self.slab_rows
            self.words = words
            self.index = _wider(self.index, 64 * before, 64 * words)
            self._repack(before, rows_before)
        if words != before or messages != had:
            self.after = _wider(self.after, 64 * before, 64 * words, messages)
            self.known = _wider(self.known, before, words, messages)
        if words != before or bags != self._bags_seen:
            width = 2 * self.parts.capacity + 1
            length = interner.bags[: bags * width : width]
            self.short = np.zeros((self.parts.capacity + 1, words), U8)
            for limit in range(self.parts.capacity + 1):
                bits = np.zeros(64 * words, np.uint8)
                bits[:bags] = length < limit
                self.short[limit] = np.packbits(bits, bitorder="little").view(U8)
            self._bags_seen = bags

    def _repack(self, before: int, rows_before: int) -> None:
        """Let the rows of the visited set have more words."""
        rows = self.slab_rows
        old, self.slabs = self.slabs, []
        if not old:
            return
        for hand in self.hands:
            hand.own[k.NEXT_ROW] = hand.own[k.LAST_ROW] = 0
        if rows == rows_before:
            for slab in old:
                new = np.zeros((rows, self.words), U8)
                new[:, :before] = slab.reshape(rows, before)
                self.slabs.append(new.reshape(-1))
        else:
            whole = np.concatenate(old).reshape(-1, before)
            for first in range(0, whole.shape[0], rows):
                part = whole[first : first + rows]
                new = np.zeros((rows, self.words), U8)
                new[: part.shape[0], :before] = part
                self.slabs.append(new.reshape(-1))
        self.slab_at[: len(self.slabs)] = [address(slab) for slab in self.slabs]

    def _slab(self, hand: Hand) -> bool:
        """Let a thread have a slab of empty rows; false if there is no memory for it."""
        with self._lock:
            number = len(self.slabs)
            if number == MOST_SLABS:
                return self._out_of("the engine of sets has no more rows")
            if not self._affords(8 * self.words * self.slab_rows):
                return False
            slab = np.zeros(self.words * self.slab_rows, U8)
            self.slabs.append(slab)
            self.slab_at[number] = address(slab)
            hand.own[k.NEXT_ROW] = number * self.slab_rows
            hand.own[k.LAST_ROW] = (number + 1) * self.slab_rows
            return True

    def _room(self, hand: Hand, most: int) -> bool:
        """Let a thread have a buffer of chunks; false if there is no memory for it."""
        with self._lock:
            if not self._affords(12 * max(CHUNK_WORDS, 2 * most)):
                return False
            hand.fresh_out(most)
            return True

    def _affords(self, size: int) -> bool:
        """Is there memory for so many octets more?"""
        if self.max_memory is not None and resident() + size > self.max_memory:
            return self._out_of(f"limit of {self.max_memory / 2**30:.2f} GiB of memory reached")
        return True

    def _out_of(self, why: str) -> bool:
        self._going = False
        return super()._out_of(why)

    # The search

    def _start(self) -> None:
        a, b = (self.interner.end(end) for end in self.parts.initial())
        self._register(np.array([a << 32 | b], U8))
        self._widen()
        at, bits = np.zeros(1, U4), np.ones(1, U8)
        chunk = np.array([[0, address(at), address(bits), 1]], U8)
        self._fit()
        self.depth, most = -1, self.max_memory
        self.max_memory = None  # the initial state is entered whatever it takes
        self._enter_all([chunk], [])
        self.max_memory = most
        self._finish_level()

    def _register(self, words: Array) -> None:
        """Give numbers to pairs of ends."""
        first = self.pairs.count
        count = first + words.size
        self.pair_ends = grown(self.pair_ends, count)
        self.pair_ends[first:count] = words
        self.alive = grown(self.alive, count)
        self.index = grown(self.index, count, 64 * self.words)
        self.pairs.set(words, [*range(first + 1, count + 1)])

    def _prepare(self) -> None:
        """Ask plain Python for all that is needed to expand the level."""
        interner, rows = self.interner, self.sets.rows
        ready = np.zeros(rows.shape[0], np.uint8)
        hand = self.hands[0]
        while True:
            self._widen()
            self._fit()
            own = hand.own
            own[k.MISS_COUNT] = 0
            least = np.full(len(interner.messages), native.LOW, U8)
            k.prepare(self.parameters(), self.shared(), own, rows.reshape(-1), ready, least)
            count = min(int(own[k.MISS_COUNT]), hand.miss.size)
            if not count:
                return
            missing = hand.miss[:count].reshape(-1, 2)
            missing = missing[np.lexsort((missing[:, 1], missing[:, 0]))]
            missing = missing[np.append(True, (missing[1:] != missing[:-1]).any(axis=1))]
            kinds, asks = missing[:, 0].copy(), missing[:, 1].copy()
            pairs = kinds == k.PAIR
            if pairs.any():
                self._register(asks[pairs])
            if not pairs.all():
                interner.resolve(kinds[~pairs], asks[~pairs])
            self._widen()
            learned = asks[kinds == native.PUSH]
            if learned.size:
                k.learn(self.parameters(), self.shared(), learned)

    def _fit(self) -> None:
        interner = self.interner
        ends = self.pair_ends[: self.pairs.count]
        low = np.uint64(0xFFFFFFFF)
        targets = max(
            int(np.bincount((ends >> U8(32)).astype(np.int64)).max()),
            int(np.bincount((ends & low).astype(np.int64)).max()),
        )
        for hand in self.hands:
            hand.fit(
                self.words,
                targets,
                len(interner.ends),
                self.known.size // self.words,
                interner.records,
            )

    def _expand_level(self) -> bool:
        """Expand the level; false if a limit ended it."""
        try:
            return self._expand()
        except MemoryError as error:  # tables are laid out for all bags, however few are used
            if not self.dense:
                raise TooSparse from error
            self.checkpoint = None  # the one before stays: tables may be half made
            return self._out_of(
                f"tables of {self.interner.bag_count:,} bags need more memory than there is: "
                "use the native engine"
            )

    def _expand(self) -> bool:
        self._prepare()
        self._rest()
        self.amid = True
        p, s, level = self.parameters(), self.shared(), self.sets
        ends = self.pair_ends[level.rows[:, 0].astype(np.int64)]
        words = self.words
        bags = 64 * words

        def close(hand: Hand, other: np.uint64) -> None:
            done = 0
            while True:
                done, made = k.turn_back(s, hand.own, other, done, hand.chunks)
                if made:
                    hand.made.append(hand.chunks[: 4 * made].reshape(-1, 4).copy())
                if not hand.own[k.TARGET_COUNT]:
                    return
                if not self._room(hand, bags * words):
                    return

        def act(hand: Hand, group: Array) -> None:
            k.forward(p, s, hand.own, group.reshape(-1), 0)
            close(hand, self.pair_ends[group[0, 0]] & native.LOW)

        def tick(hand: Hand, chunk: Array) -> None:
            k.tick(p, s, hand.own, chunk)
            if hand.own[k.TARGET_COUNT]:
                later = self.interner.tick[self.pair_ends[chunk[0]] & native.LOW]
                close(hand, U8(later - 2))

        self._share(act, level.groups(ends & native.LOW))
        if self.parts.timed:
            self._share(tick, [*level.rows])
        streams, kept = self._made()
        going = self._going and self._enter_all(level.groups(ends >> U8(32)), streams)
        del kept  # the streams have no more than addresses
        return going and self._finish_level()

    def _share(self, work: Callable[[Hand, Any], None], tasks: Sequence[Any]) -> None:
        """Let the threads do tasks in turn."""
        todo = deque(tasks)

        def some(hand: Hand) -> None:
            while self._going:
                try:
                    task = todo.popleft()
                except IndexError:
                    return
                work(hand, task)

        if self._pool is None or len(todo) < 2:
            some(self.hands[0])
        else:
            list(self._pool.map(some, self.hands))

    def _made(self) -> tuple[list[Array], list[Any]]:
        made, kept = [], []
        for hand in self.hands:
            more, buffers = hand.take()
            made += more
            kept += buffers
        return made, kept

    def _enter_all(self, groups: list[Array], streams: list[Array]) -> bool:
        """Let B act on the level, in ``groups``, and enter what it and A came to."""
        p, s = self.parameters(), self.shared()
        start = self.depth < 0
        arrived: dict[int, Array] = {}
        if streams:
            came = Chunks(np.concatenate(streams))
            of = self.pair_ends[came.rows[:, 0].astype(np.int64)] >> U8(32)
            for group in came.groups(of):
                arrived[int(self.pair_ends[group[0, 0]] >> U8(32))] = group
        tasks: list[tuple[int, Array | None, Array | None]] = []
        for group in groups:
            end = int(self.pair_ends[group[0, 0]] >> U8(32))
            tasks.append((end, group, arrived.pop(end, None)))
        tasks += [(end, None, group) for end, group in arrived.items()]
        most = 64 * self.words * self.words

        def enter(hand: Hand, task: tuple[int, Array | None, Array | None]) -> None:
            end, group, come = task
            if come is not None:
                k.gather(s, hand.own, come.reshape(-1))
            if group is not None:
                if start:
                    k.gather(s, hand.own, group.reshape(-1))
                else:
                    k.forward(p, s, hand.own, group.reshape(-1), 1)
            done = 0
            while True:
                done, made = k.enter(s, hand.own, U8(end), done, hand.chunks)
                if made:
                    hand.made.append(hand.chunks[: 4 * made].reshape(-1, 4).copy())
                if not hand.own[k.TARGET_COUNT]:
                    if self.max_states is not None and self._count() >= self.max_states:
                        self._out_of(f"limit of {self.max_states:,} states reached")
                    return
                if hand.own[k.OUT_COUNT] + U8(most) > hand.own[k.OUT_ROOM]:
                    room = self._room(hand, most)
                else:
                    room = self._slab(hand)
                if not room:
                    return

        for hand in self.hands:
            hand.fit(
                self.words,
                1,
                len(self.interner.ends),
                self.known.size // self.words,
                self.interner.records,
            )
        self._share(enter, tasks)
        for hand in self.hands:
            self.found.states += int(hand.own[k.FOUND])
            hand.own[k.FOUND] = 0
        made, kept = self._made()
        rows = np.concatenate([self.entered.rows, *made])
        self.entered = Chunks(rows, [*self.entered.kept, *kept])
        new = np.unique(rows[:, 0].astype(np.int64))
        new = new[~self.alive[new]]
        self.alive[new] = True
        decided = self.interner.judge_ends(self.pair_ends[new], False)
        self._decide(decided, self.interner.deciding, self.depth + 1)
        if not self._going:
            self._keep_sets(self.depth + 1)  # they may decide a check
        return self._going

    def _finish_level(self) -> bool:
        """Count the steps of a level, and go to the next; false at a limit."""
        found = self.found
        for hand in self.hands:
            found.transitions += int(hand.own[k.STEPS])
            self.used = grown(self.used, hand.used.size)
            self.used[: hand.used.size] += hand.used
            hand.own[k.STEPS] = 0
            hand.used[:] = 0
        self.workers[0].counts = self.used
        self.amid = False
        self.sets, self.entered = self.entered, Chunks(NONE)
        self._held += int(self.sets.rows[:, 3].sum())
        self.level = deque([self.sets.rows] if self.sets.rows.size else [])
        if self.level:
            self.depth = found.depth = self.depth + 1
            self._keep_sets(self.depth)
        size = sum(slab.nbytes for slab in self.slabs) + self.index.nbytes
        if not self._sure and found.states >= SURE:
            if found.states < FULL * self._held:
                raise TooSparse
            self._sure = True
        if not self.dense and size > max(FREE, SPARSE * found.states):
            raise TooSparse
        if self.max_states is not None and found.states >= self.max_states:
            return self._out_of(f"limit of {self.max_states:,} states reached")
        if self.level and not self._affords(0):
            return False
        now = time.monotonic()
        if now - self._told > 0.2:
            self._tell()
        if now - self._saved > self.every:
            self._save()
        return True

    def _count(self) -> int:
        """The states found so far."""
        return self.found.states + sum(int(hand.own[k.FOUND]) for hand in self.hands)

    def waiting(self) -> int:
        return int(k.count(self.sets.rows.reshape(-1)) + k.count(self.entered.rows.reshape(-1)))

    def stored(self) -> tuple[dict[str, list[Array]], dict[str, Any]]:
        pairs = self.pairs.count
        arrays: dict[str, list[Array]] = {
            "pairs": [self.pair_ends[:pairs]],
            "index": [self.index[: pairs * 64 * self.words]],
            "rows": [np.zeros(0, U8), *self.slabs],
        }
        for name, chunks in (("level", self.sets), ("entered", self.entered)):
            words = int(chunks.rows[:, 3].sum())
            at, bits = np.empty(words, U4), np.empty(words, U8)
            k.copy(chunks.rows.reshape(-1), address(at), address(bits))
            arrays[name] = [chunks.rows[:, ::3].flatten()]  # pairs, and how many words
            arrays[f"{name}_at"], arrays[f"{name}_bits"] = [at], [bits]
        return arrays, {"words": self.words, "slab_rows": self.slab_rows}

    def restore(self, array: Callable[[str], Array], meta: Mapping[str, Any]) -> None:
        self.words = meta["words"]
        self.known, self.after = np.zeros(self.words, U8), np.zeros(64 * self.words, U4)
        self.short = np.zeros((self.parts.capacity + 1, self.words), U8)
        self._register(np.array(array("pairs")))
        index, pairs = array("index"), self.pairs.count
        self.index[: index.size] = index
        self.alive[:pairs] = index.reshape(pairs, -1).any(axis=1)
        rows = array("rows")
        size = meta["slab_rows"] * self.words
        self.slabs = [np.array(rows[i : i + size]) for i in range(0, rows.size, size)]
        self.slab_at[: len(self.slabs)] = [address(slab) for slab in self.slabs]
        found = []
        for name in ("level", "entered"):
            chunks = np.zeros((array(name).size // 2, 4), U8)
            chunks[:, ::3] = array(name).reshape(-1, 2)
            at, bits = np.array(array(f"{name}_at")), np.array(array(f"{name}_bits"))
            before = np.cumsum(chunks[:, 3]) - chunks[:, 3]
            chunks[:, 1] = address(at) + before * U8(at.itemsize)
            chunks[:, 2] = address(bits) + before * U8(bits.itemsize)
            found.append(Chunks(chunks, [at, bits]))
        self.sets, self.entered = found
        self.level = deque([self.sets.rows] if self.sets.rows.size else [])
        # Rest is looked up when a state is expanded: its ends must have been judged
        self.interner.judge_ends(self.pair_ends[:pairs][self.alive[:pairs]], False)

    def _grow(self) -> bool:
        return True

    def _states(self, rows: Array) -> Array:
        """The keys of the states of chunks."""
        keys = np.empty(int(k.count(rows.reshape(-1))), U8)
        bits = U8(FIELDS)
        k.states_of(rows.reshape(-1), address(self.pair_ends), bits, bits, keys)
        return keys

    def _keep_sets(self, depth: int) -> None:
        """Keep the level that is waiting if it is small enough, in case a trace is wanted."""
        rows = (self.entered if depth > self.depth else self.sets).rows
        if self.levels is None:
            return
        if self.kept + int(k.count(rows.reshape(-1))) > self.keep:
            self.levels = None
        else:
            self._keep([self._states(rows)], depth)

    def _rest(self) -> None:
        """Decide checks of rest: by the native engine's loop, of the few states that may be so."""
        interner = self.interner
        names = [name for name in interner.resting if name in self.undecided]
        if not names:
            return
        undecided = sum(1 << interner.resting.index(name) for name in names)
        p, rows = self.parameters(), self.sets.rows
        which = np.zeros(rows.shape[0], np.uint8)
        k.may_rest(p, self.shared(), rows.reshape(-1), U8(undecided), which)
        keys = self._states(rows[which == 2])
        empty = self._states(rows[which == 1])
        keys = np.concatenate([keys, empty[empty & U8((1 << 2 * FIELDS) - 1) == 0]])
        if not keys.size:
            return
        out = np.empty_like(keys)
        scratch = self._scratch(p)
        for name in names:
            bit = U8(1 << interner.resting.index(name))
            if native.deciding(p, keys, bit, U8(1), *scratch, out):
                self._decide(int(bit), interner.resting, self.depth)

    def _scratch(self, p: Array) -> tuple[np.uint64, ...]:
        """Buffers for the native engine's loop, which goes from state to state."""
        worker, fan = self.workers[0], int(p[native.FAN])
        if worker.room < fan:
            worker.fit(2 * fan)
        return worker.scratch()


def _wider(table: Array, before: int, width: int, rows: int = 0) -> Array:
    """A table with rows of another width, and more of them."""
    old = table.reshape(-1, before)
    new = np.zeros((max(rows, old.shape[0]), width), table.dtype)
    new[: old.shape[0], :before] = old
    return new.reshape(-1)
