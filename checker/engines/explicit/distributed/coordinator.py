"""What the workers do together, level by level, and what came of it.

A level is expanded in *turns*. In each, every worker expands some states and sends what it found to
the owners, which enter it. What the tables lacked and ends without a verdict are then worked out
here, once for all, and the tables that changed are sent. When nothing is left to expand, each
writes what it found to the journal, and that is the next level.

**A worker that dies** takes nothing with it that is not in the journal. Another is made from it, as
the lost one was when the level began; all begin the level again, and count from there. What the
others have found of the next level they keep: it would be found again. So all numbers are those of
a search in which nobody died.
"""

import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from checker.engines.explicit.distributed.crew import Crew, Lost
from checker.engines.explicit.distributed.shard import (
    Admitted,
    Array,
    Share,
    Tables,
    divided,
    unique_pairs,
)
from checker.engines.explicit.engine import Check, Exploration, Options, Path, enough
from checker.engines.explicit.native.layout import WORD, Layout
from checker.engines.explicit.native.paths import along
from checker.engines.explicit.native.tables import Interner, grown
from checker.engines.explicit.parts import Parts
from checker.support.errors import Problem, UsageProblem

U8 = np.uint64
TURN = 1 << 19
"""States that a worker expands in a turn: their successors are in the object store at a time."""
TELL = 0.2
"""Seconds after which it is told how far the search is."""
DEATHS = 3
"""Deaths in one level after which a search gives up."""


class Coordinator:
    """One search. ``run`` may be called once."""

    def __init__(
        self, parts: Parts, checks: Mapping[str, Check], crew: Crew, options: Options
    ) -> None:
        if options.symmetric and parts.links != ((0, 1), (1, 0)):
            raise UsageProblem("only two components, with a link each way, can be symmetric")
        self.interner = Interner(parts, checks)
        self.parts = parts
        self.crew = crew
        self.options = options
        self.found = Exploration(engine="distributed")
        self.undecided = set(checks)
        self.decided_at: dict[str, int] = {}
        self.depth = 0
        self.shares: list[Share] = []
        self.layout = Layout(len(parts.roles), len(parts.links), 8, 8 if parts.links else 0)
        self.counts: Array = np.zeros(1024, U8)  # of records, up to this level
        self.last: dict[int, Array] = {}  # tables as they were sent
        self.handles: dict[int, Any] = {}
        self.whole: Tables  # as they were sent last, for a worker that has none
        self._began = self._told = 0.0

    def key(self, ends: list[int], bags: list[int]) -> int:
        """The key of a state."""
        key = self.layout.pack(ends, bags)
        return min(key, self.layout.pack(ends[::-1], bags[::-1])) if self.options.symmetric else key

    def key_of(self, state: Any) -> int:
        """The key of a state of the whole system."""
        ends, bags = self.parts.split(state)
        return self.key([*map(self.interner.end, ends)], [*map(self.interner.bag, bags)])

    def run(self) -> Exploration:
        """Search to the end, to a limit, or until every check is decided."""
        self._began = self._told = time.monotonic()
        found = self.found
        try:
            self._start()
        except Lost as lost:
            raise Problem(f"{lost} died before the search began: Ray's log tells why") from None
        while not (found.complete or found.limited or self._stop()):
            found.limited = not self._level()
        found.fired = self.interner.fired(self.counts[: self.interner.records])
        found.lengths = dict(self.decided_at)
        for name, at in self.decided_at.items():
            if at <= self.depth:  # at a limit, what is beyond is not in the journal
                found.decisive[name] = self._path(name)
        found.seconds = time.monotonic() - self._began
        found.shares = tuple(self.shares)
        return found

    # Tables

    def _tables(self) -> Tables:
        """All tables, by handles."""
        interner, arrays = self.interner, {}
        row = interner.parameters()
        for place, array in interner.arrays().items():
            last = self.last.get(place)
            if last is None or last.shape != array.shape or not np.array_equal(last, array):
                self.last[place] = array.copy()
                arrays[place] = self.handles[place] = self.crew.share(array)
        tables = Tables(row, self.layout, arrays, interner.records, self.options.symmetric)
        self.whole = dataclasses.replace(tables, arrays=dict(self.handles))
        return tables

    def _send(self) -> None:
        """Let all have the tables that changed."""
        self.crew.call("take", self._tables())

    def _fits(self) -> bool:
        """Have the fields of a key room for the numbers that there are now? Else widen them."""
        interner, layout = self.interner, self.layout
        ends, bags = len(interner.ends).bit_length(), interner.bag_count.bit_length()
        if ends > layout.end_bits or (bags > layout.bag_bits and layout.links):
            wide = layout.of_widths(
                layout.end_bits if ends <= layout.end_bits else ends + 1,
                layout.bag_bits if bags <= layout.bag_bits else bags + 1,
            )
            self.layout = wide if wide.needs <= WORD else layout.of_widths(ends, bags)
        if self.layout.needs > WORD:
            self.found.why = (
                f"a state needs {self.layout.needs} bits ({self.layout}) and a key has {WORD}: "
                "reduce the bounds, or use the reference engine"
            )
            return False
        return True

    # Levels

    def _start(self) -> None:
        """Enter the initial state."""
        start = [self.interner.end(end) for end in self.parts.initial()]
        self._fits()
        key = np.array([self.key(start, [0] * len(self.parts.links))], U8)
        self._send()
        admitted = self.crew.admit(
            [[batch] for batch in divided(key, self.layout, self.crew.count)]
        )
        self._judge(admitted, 0)
        self.found.why = next((one.full for one in admitted if one.full), "")
        self.found.limited = bool(self.found.why)
        if not self.found.limited:
            self._close(0, self.crew.call("save", 0))

    def _close(self, level: int, sizes: list[int]) -> None:
        """What was found, and is in the journal, is that level."""
        self.shares = self._ask(level, "advance", level)
        self.found.states += sum(sizes)
        self.found.complete = not sum(sizes)
        if sum(sizes):
            self.depth = self.found.depth = level
        self._note(level, sizes)

    def _ask(self, level: int, name: str, *arguments: Any) -> list[Any]:
        """Call a method that may be called again; a worker that is lost is replaced as it was when
        ``level`` began."""
        while True:
            try:
                return self.crew.call(name, *arguments)
            except Lost as lost:
                self._revive(lost, level)

    def _note(self, level: int, sizes: list[int]) -> None:
        """Write how large a level is, for who looks into the journal."""
        line = json.dumps({"level": level, "states": sizes, "layout": str(self.layout)})
        with (self.crew.folder / "levels").open("a") as file:
            file.write(line + "\n")

    def _level(self) -> bool:
        """Expand the level; false if a limit ended it."""
        deaths = 0
        while True:
            try:
                done = self._attempt()
                break
            except Lost as lost:
                deaths += 1
                if deaths > DEATHS:
                    raise Problem(
                        f"workers died {deaths} times in level {self.depth} ({lost}): is there "
                        "memory enough? Ray's log tells why"
                    ) from None
                self._revive(lost, self.depth)
        return done

    def _revive(self, lost: Lost, level: int) -> None:
        """Put others in the place of those who died, at the beginning of a level; they may die as
        well."""
        left = set(lost.who)
        for _ in range(DEATHS):
            try:
                for who in sorted(left):
                    self.crew.replace(who, self.whole, level)
                    left.discard(who)
                return
            except Lost as more:
                left |= set(more.who)
        raise Problem(f"worker {min(left)} cannot be replaced: Ray's log tells why")

    def _attempt(self) -> bool:
        """Expand the level from its beginning."""
        found, crew = self.found, self.crew
        transitions, states = 0, found.states
        counts: Array = np.zeros(self.counts.size, U8)
        self._send()
        crew.call("begin")
        left = 1
        while left:
            reports, batches = crew.expand(TURN)
            admitted = crew.admit(batches)
            left = sum(one.left for one in reports)
            transitions += sum(one.transitions for one in reports)
            for one in reports:
                counts = grown(counts, one.used.size)
                counts[: one.used.size] += one.used
                self._decide(one.rested, self.interner.resting, self.depth)
            self._judge(admitted, self.depth + 1)
            new = sum(one.new for one in admitted)
            misses = unique_pairs(np.concatenate([one.misses for one in reports]))
            if misses.size:
                self.interner.resolve(misses[:, 0].copy(), misses[:, 1].copy())
            why = next((one.full for one in admitted if one.full), "")
            most = self.options.max_states
            if most is not None and states + new >= most:
                why = f"limit of {most:,} states reached"
            if why or not self._fits():
                found.states, found.why = states + new, why or found.why
                found.transitions += transitions
                self._count(counts)
                return False
            if left:
                self._send()
            if time.monotonic() - self._told > TELL:
                self._tell(states + new, found.transitions + transitions, left + new)
        self._send()  # the verdicts, which the next level needs
        sizes = crew.call("save", self.depth + 1)  # if one dies up to here, the level begins again
        found.transitions += transitions
        self._count(counts)
        self._close(self.depth + 1, sizes)
        return True

    def _count(self, counts: Array) -> None:
        self.counts = grown(self.counts, counts.size)
        self.counts[: counts.size] += counts

    def _tell(self, states: int, transitions: int, waiting: int) -> None:
        self._told = time.monotonic()
        if self.options.progress is not None:
            self.options.progress(states, transitions, self.depth, waiting, "")

    def _judge(self, admitted: list[Admitted], depth: int) -> None:
        """What new states decide."""
        words = np.concatenate([one.unjudged for one in admitted])
        decided = self.interner.judge_ends(words, self.options.symmetric) if words.size else 0
        for one in admitted:
            decided |= one.decided
        self._decide(decided, self.interner.deciding, depth)

    def _decide(self, mask: int, names: list[str], depth: int) -> None:
        for i, name in enumerate(names):
            if mask >> i & 1 and name in self.undecided:
                self.undecided.discard(name)
                self.decided_at[name] = depth

    def _stop(self) -> bool:
        checks = self.interner.checks
        decided = not self.undecided or enough(checks, self.undecided)
        if self.options.stop_when_decided and checks and decided:
            self.found.why = "every claim is decided"
            return True
        return False

    # The way back

    def _path(self, name: str) -> Path:
        """A shortest run to a state that decides a check: each worker looks through its levels."""
        at, interner = self.decided_at[name], self.interner
        rests = name in interner.resting
        bit = 1 << (interner.resting if rests else interner.deciding).index(name)
        wanted = np.concatenate(self._ask(self.depth, "deciding", at, bit, rests))
        corridor = [set(wanted.tolist())]
        for level in range(at - 1, -1, -1):
            wanted = np.concatenate(self._ask(self.depth, "before", level, wanted))
            corridor.append(set(wanted.tolist()))
        corridor.reverse()
        return along(self, name, corridor)
