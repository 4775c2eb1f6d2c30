"""Interning: ends, messages and bags become numbers, and what they do becomes tables.

Everything is worked out when it is first asked for, and then once. Ends and messages are
numbered in the order in which they are met; number 0 is a message that does not exist, and the
empty bag. Checks are judged of all ends together, once for each combination: they speak of the
components, not of what is in flight.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.engines.explicit.engine import Check
from checker.engines.explicit.native import kernel as k
from checker.engines.explicit.native.kernel import address
from checker.engines.explicit.native.layout import WORD, split_ends
from checker.engines.explicit.parts import (
    BLIND,
    SEES_ALL,
    SEES_OTHERS,
    Move,
    Observer,
    Parts,
    Sight,
)
from checker.support.errors import UsageProblem

U8, U4 = np.uint64, np.uint32
Array = np.ndarray[Any, np.dtype[Any]]


def grown(array: Array, size: int, row: int = 1) -> Array:
    """``array`` with room for ``size`` rows: itself, or a copy of at least twice its size."""
    if array.size >= size * row:
        return array
    bigger = np.zeros(max(size * row, 2 * array.size), array.dtype)
    bigger[: array.size] = array
    return bigger


class Memo:
    """A hash table from words to words, at most a quarter full: most look-ups end at once."""

    def __init__(self) -> None:
        self.count = 0
        self._take(np.zeros(2 * 1024, U8))

    def _take(self, pairs: Array) -> None:
        self.pairs = pairs
        self._at = address(pairs), U8(pairs.size // 2 - 1)  # asked for with each entry

    def at(self) -> tuple[np.uint64, np.uint64]:
        """What the kernel is given: its address and the greatest index of a pair."""
        return self._at

    def reserve(self, more: int) -> None:
        """Make room for ``more`` entries."""
        need = 4 * (self.count + more)
        size = self.pairs.size // 2
        if size < need:
            while size < need:
                size *= 2
            old = self.pairs
            self._take(np.zeros(2 * size, U8))
            k.rehash(old, *self.at())

    def set(self, keys: Sequence[int] | Array, values: Sequence[int]) -> None:
        """Add entries."""
        self.reserve(len(keys))
        self.count += k.put_all(*self.at(), np.array(keys, U8), np.array(values, U8))


class Rows:
    """Records of arrivals: a hash table for each row, at most half full."""

    def __init__(self) -> None:
        self.rows = np.zeros(64, U8)
        self.places = np.zeros(1024, U8)
        self._counts = np.zeros(64, U4)
        self._taken = 1  # the first place stays empty: that of a row without entries

    def set(self, asks: Sequence[int], records: Sequence[int]) -> None:
        """Add entries; an ask is the number of a row and, in the lower half, what arrives."""
        for row, more in Counter(int(ask) >> 32 for ask in asks).items():
            self._reserve(row, more)
        self._put(np.array(asks, U8), np.array(records, U8))

    def _put(self, asks: Array, records: Array) -> None:
        k.put_in(address(self.places), address(self.rows), asks, records)

    def _reserve(self, row: int, more: int) -> None:
        """Make room for ``more`` entries of a row; a table that grows is put at the end."""
        self.rows, self._counts = grown(self.rows, row + 1), grown(self._counts, row + 1)
        self._counts[row] += more
        need, (first, last) = 2 * int(self._counts[row]), self._where(row)
        if need <= last + 1:
            return
        kept = self.places[first : first + last + 1]
        kept = kept[kept != 0]
        size = 1 << (need - 1).bit_length()
        self.places = grown(self.places, self._taken + size)
        self.rows[row] = size - 1 << 32 | self._taken
        self._taken += size
        self._put(U8(row << 32) | kept >> U8(32), kept & k.LOW)

    def _where(self, row: int) -> tuple[int, int]:
        """The first place of a row, and the number of the last."""
        word = int(self.rows[row])
        return word & 0xFFFFFFFF, word >> 32


class Numbering:
    """Things, numbered from ``first`` on in the order in which they are met."""

    def __init__(self, first: int = 0) -> None:
        self.things: list[Any] = [None] * first
        self._number: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self.things)

    def of(self, thing: Hashable) -> int:
        """The number of ``thing``, a new one if it is new."""
        number = self._number.get(thing)
        if number is None:
            number = self._number[thing] = len(self.things)
            self.things.append(thing)
        return number


@dataclass(frozen=True, slots=True)
class Label:
    """What a transition is; ``host`` is the component that acts, None for the channel and time."""

    host: int | None
    action: str
    rules: tuple[Hashable, ...]
    message: Any = None  # that arrives or is lost
    link: int | None = None  # by which it came
    sent: tuple[Any, ...] = ()
    links: tuple[int, ...] = ()  # of each message sent


def routes(count: int, links: Sequence[tuple[int, int]]) -> Array:
    """The links of each of ``count`` components, for the kernel: how many leave it, and where they
    are in a key, counted from the lowest; then the same of those that lead to it."""
    last = len(links) - 1
    found: list[int] = []
    for component in range(count):
        for side in (0, 1):
            mine = [last - i for i, link in enumerate(links) if link[side] == component]
            found += [len(mine), *mine]
    return np.array(found, U4)


def require_room(parts: Parts) -> None:
    """Raise ``UsageProblem`` for more parts than a key has fields for."""
    count, links = len(parts.roles), parts.links
    if count + len(links) > WORD // 2 or count > 1 << k.WHO_BITS:
        raise UsageProblem(
            f"the native engine takes up to {1 << k.WHO_BITS} components and {WORD // 2} "
            f"components and links together; there are {count} and {len(links)}"
        )
    if len(parts.initial()) != count or any(a == b or max(a, b) >= count for a, b in links):
        raise ValueError("a link joins two different components, and each component has a role")


class Interner:
    """The tables of one system of parts, and the misses resolved."""

    def __init__(self, parts: Parts, checks: Mapping[str, Check]) -> None:
        require_room(parts)
        self.parts = parts
        self.checks = dict(checks)
        self._routes = routes(len(parts.roles), parts.links)
        self._out = [
            [i for i, (sender, _) in enumerate(parts.links) if sender == me]
            for me in range(len(parts.roles))
        ]
        self._sight_field = (k.SIGHT_BITS - 1) // max(1, len(parts.roles) - 1)
        self.ends = Numbering()
        self.messages = Numbering(1)
        self._seen = Numbering()
        self._watches = Numbering()
        self._rows = Numbering()  # (role, end, sight) -> where arrivals are looked up
        self.look = np.zeros(64, np.uint8)
        self.seen = np.zeros(64, U4)
        self.watch = np.zeros(64, U4)
        self.tick = np.zeros(64, U4)
        self.aged = np.zeros(64, U4)  # per message: 0: gone; n + 1: message n
        self.marks = np.zeros(64, np.uint8)
        self.mark_row = 64
        self.actor, self.push, self.judge, self.arrive = Memo(), Memo(), Memo(), Rows()
        self.cons = Memo()
        width = 2 * parts.capacity + 1
        self.bags = np.zeros(width * 256, U4)
        self.age = np.zeros(256, U4)
        self.age[0] = 1
        self.bag_count = 1
        self._stack = np.zeros((parts.capacity + 2) * (parts.capacity + 1), U4)
        self.flat: list[int] = [0]  # the records
        self._flat = np.zeros(1024, U4)
        self._flat_done = 0
        self._used: list[tuple[list[Move], int]] = []  # of each record: moves, and each how often
        self._same: dict[Hashable, int] = {}  # of moves, and how they count: the record
        self._most_calls = self._most_arrivals = 1
        self.verdicts = Numbering()
        self.verdicts.of(None)  # 0: not judged
        self.verdicts.of((0, 0))
        self.resting = [name for name, check in checks.items() if check.kind == "rest"]
        self.deciding = [name for name in checks if name not in self.resting]
        self.judged: dict[int, int] = {}  # of a word of all ends: its verdict
        if len(self.resting) > 30 or len(self.deciding) > 60:
            raise ValueError("at most 30 checks of rest and 60 others in one search")
        if parts.capacity > 16:
            raise ValueError("at most 16 messages in a bag")

    # What is known

    @property
    def records(self) -> int:
        """How many there are: they are numbered, so that uses of each can be counted closely."""
        return len(self._used)

    @property
    def fan(self) -> int:
        """The most successors that a state can have."""
        per_message = 1 + 2 * self._most_arrivals
        calls = len(self.parts.roles) * self._most_calls
        return calls + len(self.parts.links) * self.parts.capacity * per_message + 1

    def parameters(self) -> Array:
        """The row that the kernel reads, all but what is the visited set's. It is good until more
        is worked out."""
        parts = self.parts
        self._flat = grown(self._flat, len(self.flat))
        self._flat[self._flat_done : len(self.flat)] = self.flat[self._flat_done :]
        self._flat_done = len(self.flat)
        self._verdicts = np.array(
            [mask for pair in self.verdicts.things for mask in (pair or (0, 0))], U8
        )
        p = np.zeros(k.PARAMETERS, U8)
        p[k.CAPACITY], p[k.IN_FLIGHT] = parts.capacity, parts.in_flight
        p[k.DUPLICATE], p[k.LOSE], p[k.TIMED] = parts.duplicate, parts.lose, parts.timed
        p[k.BUSY_DELIVER], p[k.BUSY_DUPLICATE] = self.busy("deliver"), self.busy("duplicate")
        p[k.BUSY_LOSE], p[k.BUSY_TICK] = self.busy("lose"), self.busy("tick")
        p[k.JUDGING] = bool(self.checks)
        p[k.ALL_BUSY] = (1 << len(self.resting)) - 1
        p[k.FAN], p[k.MARK_ROW] = self.fan, self.mark_row
        p[k.SIGHT_FIELD] = self._sight_field
        for place, array in self.arrays().items():
            p[place] = address(array)
        for place, memo in self._memos.items():
            p[place : place + 2] = memo.at()
        return p

    def arrays(self) -> dict[int, Array]:
        """The tables that the row has the addresses of, by their places in it: as they were when
        it was made."""
        tables = {
            k.ROUTES: self._routes,
            k.LOOKS: self.look,
            k.SEEN: self.seen,
            k.WATCHES: self.watch,
            k.TICKS: self.tick,
            k.MARKS: self.marks,
            k.RECORDS: self._flat,
            k.ROWS: self.arrive.rows,
            k.ARRIVALS: self.arrive.places,
            k.BAGS: self.bags,
            k.AGES: self.age,
            k.VERDICTS: self._verdicts,
        }
        return tables | {place: memo.pairs for place, memo in self._memos.items()}

    @property
    def _memos(self) -> dict[int, Memo]:
        """Those that the kernel reads, by their places."""
        return {k.ACTORS: self.actor, k.PUSHES: self.push, k.JUDGED: self.judge}

    def busy(self, action: str) -> int:
        """A bit for each check of rest in which ``action`` is a step that counts."""
        return sum(
            1 << i for i, name in enumerate(self.resting) if action not in self.checks[name].idle
        )

    # Numbers

    def end(self, end: Any) -> int:
        """The number of an end."""
        known = len(self.ends)
        number = self.ends.of(end)
        if number == known:
            for name in ("look", "seen", "watch", "tick"):
                setattr(self, name, grown(getattr(self, name), number + 1))
            if self.parts.observer is not None:
                self._observe(self.parts.observer, number, end)
        return number

    def _observe(self, observer: Observer, number: int, end: Any) -> None:
        """Note what a new end sees, and what is seen of it."""
        self.look[number] = look = observer.looks(end)
        self.seen[number] = seen = self._seen.of(observer.seen(end))
        if seen >> self._sight_field:
            raise UsageProblem(
                f"the native engine has {self._sight_field} bits for what is seen of a component "
                f"where there are {len(self.parts.roles)}; use the reference engine"
            )
        if look == SEES_ALL:
            known = len(self._watches)
            self.watch[number] = watch = self._watches.of(observer.watch(end))
            if watch == known:
                self.marks = grown(self.marks, watch + 1, self.mark_row)
                for message in range(1, len(self.messages)):
                    self._mark(observer, watch, message)

    def message(self, message: Any) -> int:
        """The number of a message."""
        known = len(self.messages)
        number = self.messages.of(message)
        if number == known:
            self.aged = grown(self.aged, number + 1)
            if number >= self.mark_row:
                wide = np.zeros((max(1, len(self._watches)), 2 * self.mark_row), np.uint8)
                narrow = self.marks[: max(1, len(self._watches)) * self.mark_row]
                wide[:, : self.mark_row] = narrow.reshape(-1, self.mark_row)
                self.mark_row *= 2
                self.marks = wide.reshape(-1)
            if number > k.MESSAGE:
                raise UsageProblem("there are too many messages for the native engine")
            for watch in range(len(self._watches)):
                self._mark(self.parts.observer, watch, number)
            if self.parts.timed:
                later = self.parts.age(message)
                self.aged[number] = 0 if later is None else self.message(later) + 1
        return number

    def _mark(self, observer: Any, watch: int, message: int) -> None:
        what, thing = self._watches.things[watch], self.messages.things[message]
        marks = observer.notices(what, thing, True) + 2 * observer.notices(what, thing, False)
        self.marks[watch * self.mark_row + message] = marks

    def bag(self, messages: Sequence[Any]) -> int:
        """The number of a bag."""
        numbers = sorted(map(self.message, messages))
        self._stack[0] = len(numbers)
        self._stack[1 : 1 + len(numbers)] = numbers
        self._reserve_bags(1 << self.parts.capacity)
        bag, count = k.intern_bag(
            *self.cons.at(),
            address(self.bags),
            U8(self.parts.capacity),
            U8(self.bag_count),
            address(self._stack),
            address(self._stack),
        )
        self.bag_count = self.cons.count = int(count)
        return int(bag)

    def restore_bags(self, bags: Array, ages: Array) -> None:
        """Take the bags of a checkpoint."""
        width = 2 * self.parts.capacity + 1
        self.bags, self.age, self.bag_count = bags, ages, ages.size
        self.cons.reserve(self.bag_count)
        known: dict[int, int] = {}
        for bag, row in enumerate(bags.reshape(-1, width).tolist()):
            n = row[0]
            if n:
                known[row[self.parts.capacity + n] << 32 | row[n]] = bag
        self.cons.set(list(known), list(known.values()))

    def messages_of(self, bag: int) -> list[Any]:
        """The messages in a bag."""
        if not bag:
            return []
        base = bag * (2 * self.parts.capacity + 1)
        n = int(self.bags[base])
        return [self.messages.things[i] for i in self.bags[base + 1 : base + 1 + n].tolist()]

    def _reserve_bags(self, more: int) -> None:
        size = self.bag_count + more
        self.bags = grown(self.bags, size, 2 * self.parts.capacity + 1)
        self.age = grown(self.age, size)
        self.cons.reserve(more)

    # Misses

    def resolve(self, kinds: Array, asks: Array) -> None:
        """Work out everything that was missing."""
        bags = (kinds == k.PUSH) | (kinds == k.AGE)
        actors: dict[int, int] = {}
        arrivals: dict[int, int] = {}
        for kind, ask in zip(kinds[~bags].tolist(), asks[~bags].tolist(), strict=True):
            if kind == k.ACTOR:
                actors[ask] = self._resolve_actor(ask)
            elif kind == k.ARRIVAL:
                arrivals[ask] = self._resolve_arrival(ask)
            else:
                later = self.parts.tick(self.ends.things[ask])
                number = k.BLOCKED if later is None else self.end(later) + 2
                self.tick[ask] = number
        self.actor.set(list(actors), list(actors.values()))
        self.arrive.set(list(arrivals), list(arrivals.values()))
        todo, which = asks[bags], kinds[bags]
        self.push.reserve(todo.size)
        done = 0
        while done < todo.size:
            self._reserve_bags(2 << self.parts.capacity)
            room = self.bags.size // (2 * self.parts.capacity + 1)
            room = min(room, self.age.size, self.cons.pairs.size // 8)
            count, done = k.grow_bags(
                *self.cons.at(),
                address(self.bags),
                U8(self.parts.capacity),
                U8(self.bag_count),
                *self.push.at(),
                address(self.age),
                address(self.aged),
                which,
                todo,
                done,
                U8(room),
                address(self._stack),
            )
            self.bag_count = self.cons.count = int(count)
        self.push.count += int((which == k.PUSH).sum())

    def _resolve_actor(self, ask: int) -> int:
        """What a component can do of itself: the number of its row, and the record."""
        end, rest = ask & 0xFFFFFFFF, ask >> 32
        who, seen = rest & (1 << k.WHO_BITS) - 1, rest >> k.WHO_BITS
        look = int(self.look[end])
        row = self._rows.of((self.parts.roles[who], end, seen if look >= SEES_OTHERS else None))
        sight = None if look == BLIND else self._sight(seen)
        moves = list(self.parts.calls(who, self.ends.things[end], sight))
        self._most_calls = max(self._most_calls, len(moves))
        self.arrive.rows = grown(self.arrive.rows, row + 1)
        return row << 32 | self._record(moves, [self.busy(move.action) for move in moves], 1)

    def _sight(self, seen: int) -> Sight:
        """What the kernel's word for it says is seen."""
        field, others = self._sight_field, len(self.parts.roles) - 1
        words = [seen >> 1 + field * i & (1 << field) - 1 for i in reversed(range(others))]
        return Sight(tuple(self._seen.things[word] for word in words), bool(seen & 1))

    def _resolve_arrival(self, ask: int) -> int:
        """The record of what the arrival of a message does."""
        row, word = ask >> 32, ask & 0xFFFFFFFF
        way, message = word >> k.MESSAGE_BITS, word & (1 << k.MESSAGE_BITS) - 1
        role, end, seen = self._rows.things[row]
        sight = None if seen is None else self._sight(seen)
        ends, messages = self.ends.things, self.messages.things
        moves = list(self.parts.arrivals(role, way, ends[end], messages[message], sight))
        self._most_arrivals = max(self._most_arrivals, len(moves))
        return self._record(moves, [0] * len(moves), 2 if self.parts.duplicate else 1)

    def _record(self, moves: list[Move], busy: list[int], times: int) -> int:
        """The record of moves, each of which is made so many times: its number, how many moves, and
        of each the end, in which checks of rest it counts, and what is sent. Most messages that
        arrive at an end do the same to it: the same moves have one record."""
        made = (times, *busy, *moves)
        record = self._same.get(made)
        if record is None:
            record = self._same[made] = len(self.flat)
            words = [len(self._used), len(moves)]
            for move, counts in zip(moves, busy, strict=True):
                sent = [way << k.MESSAGE_BITS | self.message(message) for way, message in move.sent]
                words += [self.end(move.end), counts, len(sent), *sent]
            self.flat += words
            self._used.append((moves, times))
        return record

    def require_labels(self) -> None:
        """Raise ``UsageProblem`` if a label is too small for what there is."""
        most = max(self._most_calls, self._most_arrivals)
        if max(len(self._used), len(self.messages)) >> k.NAME_BITS or most >> k.MOVE_BITS:
            raise UsageProblem("there are too many messages or moves for a graph of all steps")

    def label(self, word: int) -> "Label":
        """What a transition is, from the kernel's word for it."""
        kind, word = word & 7, word >> 3
        place, word = word & (1 << k.PLACE_BITS) - 1, word >> k.PLACE_BITS
        move, word = word & (1 << k.MOVE_BITS) - 1, word >> k.MOVE_BITS
        number, name = word >> k.NAME_BITS, word & (1 << k.NAME_BITS) - 1
        if kind == k.CLOCK:
            return Label(None, "tick", ())
        message = None if kind == k.CALL else self.messages.things[name]
        link = None if kind == k.CALL else len(self.parts.links) - 1 - place
        if kind == k.LOSS:
            return Label(None, "lose", (), message, link)
        host = place if link is None else self.parts.links[link][1]
        made = self._used[number][0][move - 1]
        action = "duplicate" if kind == k.DUPLICATE_DELIVERY else made.action
        sent = tuple(one for _, one in made.sent)
        links = tuple(self._out[host][way] for way, _ in made.sent)
        return Label(host, action, made.rules, message, link, sent, links)

    def fired(self, counts: Array) -> Counter[Hashable]:
        """The rules that fired, from how often each record was used."""
        total: Counter[Hashable] = Counter()
        for count, (moves, times) in zip(counts.tolist(), self._used, strict=False):
            if count:
                for move in moves:
                    for rule in move.rules:
                        total[rule] += count * times
        return total

    # Checks

    def judge_ends(self, words: Array, mirror: bool) -> int:
        """Judge states by words of their ends; the checks that one of them decides. ``mirror``: or
        with the ends swapped."""
        decided, count = 0, len(self.parts.roles)
        new: dict[int, int] = {}
        for word in sorted({*words.tolist()}):
            known = self.judged.get(word)
            if known is None:
                ends = split_ends(word, count)
                verdict = self._verdict(ends)
                if mirror:
                    other = self._verdict(ends[::-1])
                    verdict = verdict[0] | other[0], verdict[1] | other[1]
                known = new[word] = self.verdicts.of(verdict)
            decided |= self.verdicts.things[known][0]
        self.judged |= new
        self.judge.set(list(new), list(new.values()))
        return decided

    def joined(self, ends: Sequence[int], bags: Sequence[int] = ()) -> Any:
        """The state of these ends and bags; of empty ones if none are given."""
        bags = bags or [0] * len(self.parts.links)
        things = tuple(self.ends.things[end] for end in ends)
        return self.parts.join(things, tuple(map(self.messages_of, bags)))

    def _verdict(self, ends: tuple[int, ...]) -> tuple[int, int]:
        state = self.joined(ends)
        decided = rested = 0
        for i, name in enumerate(self.deciding):
            check = self.checks[name]
            if bool(check.predicate(state)) == (check.kind == "sometimes"):
                decided |= 1 << i
        for i, name in enumerate(self.resting):
            if not self.checks[name].predicate(state):
                rested |= 1 << i
        return decided, rested
