"""Toy systems whose reachable states are known by hand, to check the explorer against."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple


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
