"""Toy systems whose reachable states are known by hand, to check the explorer against."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from checker.engines.explicit.parts import CALLS_SEE, SEES_ALL, SEES_OTHERS, Move, Sight


@dataclass(frozen=True, slots=True)
class Label:
    """A step's label: what was done, and the rules that fired."""

    action: str
    rules: tuple[str, ...] = ()


def step(name: str, *rules: str) -> Label:
    return Label(name, rules or (name.split(maxsplit=1)[0],))


class Counter:
    """0, 1, ... n; ``back`` adds the step down. n+1 states, 0 to n are n steps apart."""

    def __init__(self, n: int, back: bool = True) -> None:
        self.n, self.back = n, back

    def initial(self) -> int:
        return 0

    def steps(self, state: int) -> Iterator[tuple[Label, int]]:
        if state < self.n:
            yield step("up"), state + 1
        if self.back and state > 0:
            yield step("down"), state - 1


class Grid:
    """(0, 0) to (n, n), going right or up: (n+1)^2 states, 2n(n+1) transitions, depth 2n."""

    def __init__(self, n: int) -> None:
        self.n = n

    def initial(self) -> tuple[int, int]:
        return 0, 0

    def steps(self, state: tuple[int, int]) -> Iterator[tuple[Label, tuple[int, int]]]:
        x, y = state
        if x < self.n:
            yield step("right"), (x + 1, y)
        if y < self.n:
            yield step("up"), (x, y + 1)


class Mutex(NamedTuple):
    """Of each process: where it is, and whether its flag is up; and whose turn it is."""

    at: tuple[str, str]
    flag: tuple[bool, bool]
    turn: int


class Peterson:
    """Peterson's mutual exclusion (1981) of two processes.

    Each goes idle -> (flag up) -> raised -> (turn to the other) -> waiting -> critical -> idle.
    ``turns`` off leaves out the turn: both may then wait for ever. ``flags`` off leaves out the
    look at the other's flag and turn: both may then be critical.
    """

    def __init__(self, turns: bool = True, flags: bool = True) -> None:
        self.turns, self.flags = turns, flags

    def initial(self) -> Mutex:
        return Mutex(("idle", "idle"), (False, False), 0)

    def steps(self, state: Mutex) -> Iterator[tuple[Label, Mutex]]:
        for i in (0, 1):
            other, at = 1 - i, state.at[i]
            if at == "idle":
                yield step(f"raise {i}"), self._put(state, i, "raised", True, state.turn)
            elif at == "raised":
                yield step(f"yield {i}"), self._put(state, i, "waiting", True, other)
            elif at == "waiting":
                free = not state.flag[other] or (self.turns and state.turn == i)
                if free or not self.flags:
                    yield step(f"enter {i}"), self._put(state, i, "critical", True, state.turn)
            else:
                yield step(f"leave {i}"), self._put(state, i, "idle", False, state.turn)

    def _put(self, state: Mutex, i: int, at: str, flag: bool, turn: int) -> Mutex:
        def put(pair: tuple[Any, Any], value: Any) -> tuple[Any, Any]:
            return (value, pair[1]) if i == 0 else (pair[0], value)

        return Mutex(put(state.at, at), put(state.flag, flag), turn)


class Semaphore:
    """Two processes, each idle, waiting or critical, and one semaphore, which has no queue.

    The semaphore is free again and again, so that who waits *can* enter again and again, but not
    all the time: it gets in under strong fairness of ``enter``, and may starve under weak.
    """

    def initial(self) -> tuple[str, str]:
        return "idle", "idle"

    def steps(self, state: tuple[str, str]) -> Iterator[tuple[Label, tuple[str, str]]]:
        for i in (0, 1):
            if state[i] == "idle":
                yield step(f"want {i}"), self._put(state, i, "waiting")
            elif state[i] == "critical":
                yield step(f"leave {i}"), self._put(state, i, "idle")
            elif state[1 - i] != "critical":
                yield step(f"enter {i}"), self._put(state, i, "critical")

    def _put(self, state: tuple[str, str], i: int, at: str) -> tuple[str, str]:
        return (at, state[1]) if i == 0 else (state[0], at)


class Courier:
    """One sends "ping" until it has arrived; the channel may lose it.

    States: "sending" (nothing under way), "under way", "arrived". Without the third state
    (``deaf``) what is sent can never be delivered.
    """

    def __init__(self, deaf: bool = False) -> None:
        self.deaf = deaf

    def initial(self) -> str:
        return "sending"

    def steps(self, state: str) -> Iterator[tuple[Label, str]]:
        if state == "sending":
            yield step("send"), "under way"
        if state == "under way":
            yield step("lose"), "sending"
            if not self.deaf:
                yield step("deliver"), "arrived"


class Digraph:
    """States 0, 1, ...; ``arrows`` are (from, action, to)."""

    def __init__(self, arrows: Sequence[tuple[int, str, int]]) -> None:
        self.arrows = arrows

    def initial(self) -> int:
        return 0

    def steps(self, state: int) -> Iterator[tuple[Label, int]]:
        for before, action, after in self.arrows:
            if before == state:
                yield step(action), after


class Line(NamedTuple):
    """The sender's bit, the bit that the receiver wants, and the one slot each way."""

    sends: int
    wants: int
    data: int | None
    ack: int | None
    ahead: int  # messages that were accepted but not yet seen to be: 0 or 1 if all is well


class AlternatingBit:
    """The alternating bit protocol (1969) over slots for one message that may be lost.

    ``numbered`` off: the receiver takes any message for a new one.
    """

    def __init__(self, numbered: bool = True, lossy: bool = True) -> None:
        self.numbered, self.lossy = numbered, lossy

    def initial(self) -> Line:
        return Line(0, 0, None, None, 0)

    def steps(self, s: Line) -> Iterator[tuple[Label, Line]]:
        if s.data is None:
            yield step("send"), s._replace(data=s.sends)
        elif s.ack is None:  # there is room for the answer
            if s.data == s.wants or not self.numbered:
                taken = s._replace(data=None, wants=1 - s.wants, ack=s.data, ahead=s.ahead + 1)
                if s.ahead < 2:
                    yield step("take"), taken
            else:
                yield step("repeat"), s._replace(data=None, ack=s.data)
        if s.ack is not None:
            if s.ack == s.sends:
                yield step("next"), s._replace(ack=None, sends=1 - s.sends, ahead=s.ahead - 1)
            else:
                yield step("ignore"), s._replace(ack=None)
        if self.lossy:
            if s.data is not None:
                yield step("lose data"), s._replace(data=None)
            if s.ack is not None:
                yield step("lose ack"), s._replace(ack=None)


class Commit(NamedTuple):
    """The coordinator, and each participant: "w"orking, "p"repared, "c"ommitted, "a"borted."""

    decision: str  # "", "c" or "a"
    told: tuple[str, ...]


class TwoPhaseCommit:
    """Two-phase commit (Gray 1978) of ``n`` participants with reliable, instant messages.

    The coordinator commits once all are prepared, and aborts at any time before; a working
    participant may abort by itself, a prepared one waits to be told. ``patient`` off: a
    prepared participant may abort by itself too.
    """

    def __init__(self, n: int = 3, patient: bool = True) -> None:
        self.n, self.patient = n, patient

    def initial(self) -> Commit:
        return Commit("", ("w",) * self.n)

    def steps(self, s: Commit) -> Iterator[tuple[Label, Commit]]:
        if s.decision == "":
            yield step("decide abort"), s._replace(decision="a")
            if s.told == ("p",) * self.n:
                yield step("decide commit"), s._replace(decision="c")
        for i, at in enumerate(s.told):
            if at == "w":
                yield step(f"prepare {i}"), self._put(s, i, "p")
            if at == "w" or (at == "p" and not self.patient):
                yield step(f"give {i} up", "give up"), self._put(s, i, "a")
            if at == "p" and s.decision:
                yield step(f"tell {i}"), self._put(s, i, s.decision)

    def _put(self, s: Commit, i: int, at: str) -> Commit:
        return s._replace(told=(*s.told[:i], at, *s.told[i + 1 :]))


COUNTED: dict[str, tuple[Any, int, int]] = {
    # name: (system, states, greatest distance)
    "counter": (Counter(7), 8, 7),
    "one way": (Counter(7, back=False), 8, 7),
    "nothing": (Counter(0), 1, 0),
    "grid": (Grid(3), 16, 6),
    # Neither past its first step but raised, whoever's turn: 4 * 2. One waiting or critical, the
    # other not: it gave the turn away last: 2 * 4. Both: waiting with either turn, or one
    # critical with the turn that the other gave it: 2 + 2.
    "Peterson": (Peterson(), 20, 6),
    # Every place of each process, either turn
    "no flags": (Peterson(flags=False), 32, 8),
    # By symmetry of the bit twice 9. Nothing under way: the slot for data empty, with the next
    # message, or with a copy of the last; the last ACK in its slot or not, but not with the
    # copy, whose answer it is: 5. A message taken and not yet seen to be: 2 * 2.
    "alternating bit": (AlternatingBit(), 18, 9),
    # Undecided: working, prepared or aborted each, 3^3. To be aborted: the same. To be
    # committed: prepared or committed each, 2^3.
    "two-phase commit": (TwoPhaseCommit(3), 62, 7),
    "impatient": (TwoPhaseCommit(3, patient=False), 81, 7),
    "two participants": (TwoPhaseCommit(2), 22, 5),
}
"""Systems whose states were counted by hand: every engine must count the same."""

# Components joined by links


class Joint(NamedTuple):
    """A state: each component's, and for each link the messages in flight, sorted."""

    ends: tuple[Any, ...]
    bags: tuple[tuple[Any, ...], ...]

    @property
    def a(self) -> Any:
        """The first of two components."""
        return self.ends[0]

    @property
    def b(self) -> Any:
        """The second."""
        return self.ends[1]


PAIR = ((0, 1), (1, 0))
"""The links of two components that talk to each other."""


class Linked:
    """Components joined by links, taken apart (``Parts``): two, unless told otherwise; by itself
    nothing happens. Messages can be compared."""

    links: tuple[tuple[int, int], ...] = PAIR
    roles: tuple[int, ...] = (0, 0)
    observer: Any = None
    capacity = in_flight = 2
    duplicate = lose = timed = False

    @property
    def system(self) -> "Network":
        return Network(self)

    def initial(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def calls(self, component: int, end: Any, sight: Sight | None) -> Iterator[Move]:
        return iter(())

    def arrivals(
        self, role: int, way: int, end: Any, message: Any, sight: Sight | None
    ) -> Iterator[Move]:
        return iter(())

    def tick(self, end: Any) -> Any | None:
        return end

    def age(self, message: Any) -> Any | None:
        return message

    def join(self, ends: tuple[Any, ...], bags: tuple[list[Any], ...]) -> Joint:
        return Joint(ends, tuple(tuple(sorted(bag)) for bag in bags))

    def split(self, state: Joint) -> tuple[tuple[Any, ...], tuple[list[Any], ...]]:
        return state.ends, tuple(list(bag) for bag in state.bags)

    def freeze(self, thing: Any) -> Any:
        return thing

    def thaw_end(self, frozen: Any) -> Any:
        return tuple(frozen) if isinstance(frozen, list) else frozen

    thaw_message = thaw_rule = thaw_end
    freeze_rule = freeze


class Network:
    """Parts as one system, in plain Python: what engines must agree with."""

    def __init__(self, parts: Linked) -> None:
        self.parts = parts
        ends = range(len(parts.roles))
        self._out = [[i for i, link in enumerate(parts.links) if link[0] == me] for me in ends]
        self._in = [[i for i, link in enumerate(parts.links) if link[1] == me] for me in ends]

    def initial(self) -> Joint:
        return Joint(self.parts.initial(), ((),) * len(self.parts.links))

    def steps(self, s: Joint) -> Iterator[tuple[Label, Joint]]:
        parts = self.parts
        for me, end in enumerate(s.ends):
            for move in parts.calls(me, end, self._sight(s, me, CALLS_SEE)):
                yield Label(move.action, move.rules), self._moved(s, me, move)
        for link, (_, me) in enumerate(parts.links):
            way = self._in[me].index(link)
            for message in sorted(set(s.bags[link])):
                less = list(s.bags[link])
                less.remove(message)
                gone = self._put(s, link, less)
                sight = self._sight(s, me, SEES_OTHERS)
                for move in parts.arrivals(parts.roles[me], way, s.ends[me], message, sight):
                    yield Label("deliver", move.rules), self._moved(gone, me, move)
                    if parts.duplicate:
                        yield Label("duplicate", move.rules), self._moved(s, me, move)
                if parts.lose:
                    yield Label("lose"), gone
        if parts.timed:
            ends = tuple(parts.tick(end) for end in s.ends)
            bags = tuple(self._aged(bag) for bag in s.bags)
            if None not in ends and Joint(ends, bags) != s:
                yield Label("tick"), Joint(ends, bags)

    def _sight(self, s: Joint, me: int, enough: int) -> Sight | None:
        """What a component sees if it looks so far."""
        observer, end = self.parts.observer, s.ends[me]
        if observer is None or observer.looks(end) < enough:
            return None
        others = tuple(observer.seen(other) for i, other in enumerate(s.ends) if i != me)
        if observer.looks(end) != SEES_ALL:
            return Sight(others)
        watch = observer.watch(end)
        noticed = [
            observer.notices(watch, message, outgoing)
            for ways, outgoing in ((self._out[me], True), (self._in[me], False))
            for link in ways
            for message in s.bags[link]
        ]
        return Sight(others, any(noticed))

    def _moved(self, s: Joint, me: int, move: Move) -> Joint:
        for place, message in move.sent:
            link = self._out[me][place]
            in_flight = sum(map(len, s.bags))
            if len(s.bags[link]) < self.parts.capacity and in_flight < self.parts.in_flight:
                s = self._put(s, link, [*s.bags[link], message])
        return s._replace(ends=(*s.ends[:me], move.end, *s.ends[me + 1 :]))

    def _put(self, s: Joint, link: int, bag: Sequence[Any]) -> Joint:
        return s._replace(bags=(*s.bags[:link], tuple(sorted(bag)), *s.bags[link + 1 :]))

    def _aged(self, bag: tuple[Any, ...]) -> tuple[Any, ...]:
        older = (self.parts.age(message) for message in bag)
        return tuple(sorted(message for message in older if message is not None))


class Numbers(NamedTuple):
    """Of one end: messages seen to be taken by the other, and taken from it."""

    sent: int = 0
    taken: int = 0


class LinkedBit(Linked):
    """The alternating bit protocol over bags: the channel may lose, duplicate and reorder.

    ``n`` messages go from the first end to the second; both ways if ``duplex``. The protocol
    bears loss and duplication, but not reordering: it is right if ``capacity`` is 1, and wrong
    if it is more.
    """

    duplicate = lose = True

    def __init__(self, n: int = 2, capacity: int = 1, duplex: bool = False) -> None:
        self.n, self.duplex = n, duplex
        self.capacity, self.in_flight = capacity, 2 * capacity

    def initial(self) -> tuple[Numbers, ...]:
        return Numbers(), Numbers()

    def calls(self, component: int, end: Numbers, sight: Sight | None) -> Iterator[Move]:
        if end.sent < self.n and (component == 0 or self.duplex):
            yield Move("send", end, ((0, ("data", end.sent % 2)),), ("send",))

    def arrivals(
        self, role: int, way: int, end: Numbers, message: tuple[str, int], sight: Sight | None
    ) -> Iterator[Move]:
        what, bit = message
        if what == "ack":
            if end.sent < self.n and bit == end.sent % 2:
                yield Move("deliver", end._replace(sent=end.sent + 1), (), ("next",))
            else:
                yield Move("deliver", end, (), ("ignore",))
        elif bit == end.taken % 2 and end.taken <= self.n:
            after = end._replace(taken=end.taken + 1)
            yield Move("deliver", after, ((0, ("ack", bit)),), ("take",))
        else:
            yield Move("deliver", end, ((0, ("ack", bit)),), ("repeat",))

    def thaw_end(self, frozen: Any) -> Numbers:
        return Numbers(*frozen)


def in_step(state: Joint) -> bool:
    """What is taken was sent, and not more than one message is taken and not seen to be."""
    return all(0 <= b.taken - a.sent <= 1 for a, b in ((state.a, state.b), (state.b, state.a)))


class Lease(Linked):
    """A lease that is granted once for ``span`` ticks, and ends by itself at both ends.

    The first end grants: it is ("holds", ticks left), then ("free", 0). The second end is asleep,
    ("off", 0), until the grant arrives, which takes less than ``ttl`` ticks if it arrives at all;
    it then uses the lease for what is left of ``span``, or all of it if it is ``careless``. Time
    must not go on before an end whose time is over gives up.
    """

    timed = True

    def __init__(self, span: int = 3, ttl: int = 2, careless: bool = False) -> None:
        self.span, self.ttl, self.careless = span, ttl, careless

    def initial(self) -> tuple[Any, ...]:
        return ("new", 0), ("off", 0)

    def calls(self, component: int, end: Any, sight: Sight | None) -> Iterator[Move]:
        if end == ("new", 0):
            yield Move("grant", ("holds", self.span), ((0, (self.ttl, self.span)),), ("grant",))
        if end in (("holds", 0), ("uses", 0)):
            yield Move("end", ("free", 0), (), ("end",))

    def arrivals(
        self, role: int, way: int, end: Any, message: Any, sight: Sight | None
    ) -> Iterator[Move]:
        left = self.span if self.careless else message[1]
        yield Move("deliver", ("uses", left), (), ("use",))

    def tick(self, end: Any) -> Any | None:
        at, left = end
        if at in ("holds", "uses"):
            return (at, left - 1) if left else None
        return end

    def age(self, message: Any) -> Any | None:
        ttl, left = message
        return (ttl - 1, left - 1) if ttl > 1 else None


class Chance(Linked):
    """Components that do what chance tells them, the same for the same ``seed``. All are of one
    role, so that each has as many links as the others."""

    def __init__(
        self, seed: int, alike: bool = False, links: tuple[tuple[int, int], ...] = PAIR
    ) -> None:
        chance = random.Random(seed)
        self.capacity = chance.choice((1, 2, 2, 3))
        self.in_flight = chance.randint(1, 2 * self.capacity)
        self.duplicate, self.lose, self.timed = (chance.random() < 0.5 for _ in range(3))
        self.ends, self.messages = chance.randint(2, 5), chance.randint(1, 3)
        self.alike = alike  # what one end can do, the other can
        self.links, self.observer = links, self
        self.roles = (0,) * len({me for link in links for me in link})
        self._ways = len(links) // len(self.roles)
        self._seed = seed
        self.looks = cache(lambda end: self._pick("looks", end).randrange(4))  # type: ignore
        self._moves = cache(self._chosen)
        for name in ("seen", "watch", "notices", "tick", "age"):
            setattr(self, name, cache(getattr(self, name)))

    def _pick(self, *what: Any) -> random.Random:
        return random.Random(repr((self._seed, what)))

    def initial(self) -> tuple[int, ...]:
        return (0,) * len(self.roles)

    def seen(self, end: int) -> int:
        return self._pick("seen", end).randrange(2)

    def watch(self, end: int) -> int:
        return self._pick("watch", end).randrange(2)

    def notices(self, watch: int, message: int, outgoing: bool) -> bool:
        return self._pick("notices", watch, message, outgoing).random() < 0.4

    def calls(self, component: int, end: int, sight: Sight | None) -> Iterator[Move]:
        yield from self._moves("call", 0 if self.alike else component, end, sight)

    def arrivals(
        self, role: int, way: int, end: int, message: int, sight: Sight | None
    ) -> Iterator[Move]:
        yield from self._moves("arrival", end, (way, message) if self._ways > 1 else message, sight)

    def tick(self, end: int) -> int | None:
        chance = self._pick("tick", end)
        return chance.randrange(self.ends) if chance.random() < 0.8 else None

    def age(self, message: int) -> int | None:
        chance = self._pick("age", message)
        return chance.randrange(self.messages) if chance.random() < 0.7 else None

    def _chosen(self, kind: str, *what: Any) -> list[Move]:
        *what, sight = what
        seen = (None, False) if sight is None else (*sight.others, sight.noticed)
        chance = self._pick(kind, *what, *seen)
        return [
            Move(
                chance.choice(("work", "play")) if kind == "call" else "deliver",
                chance.randrange(self.ends),
                tuple(self._letter(chance) for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))),
                tuple(chance.choices("pqr", k=chance.randrange(3))),
            )
            for _ in range(chance.choice((0, 1, 1, 2)))
        ]

    def _letter(self, chance: random.Random) -> tuple[int, int]:
        message = chance.randrange(self.messages)
        return (chance.randrange(self._ways) if self._ways > 1 else 0), message
