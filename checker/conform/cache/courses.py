"""Connections that take the same course: from SYN to the last ACK nothing is followed twice.

Most connections open, talk and close as others did before, in other numbers. What becomes of one
depends on the order of its numbers (``situations`` says why), so on its *course*: of each segment
its side, its flags, and where its numbers lie among those before. A ``Stage`` is where a course
has come to; stages make a tree. While a connection follows known stages, its monitors do nothing:
they are not needed, and what they would be is told by letting them see all segments (``replay``).

A stage is learnt from a connection whose segments the monitors saw one by one, and which

* is in order: each segment begins where the one before ended, and acknowledges no less;
* is explained at each segment, without a note, and by nothing that is more than the order of
  numbers (``Ends.measured``), nor by more candidates than are usual (``Patience``).

So a connection that is held on known stages is in order and explained, too. Whatever else comes, a
reset, a window of nothing, another order, lets it go: it is replayed, and followed as ever.

Text and ACKs of a connection in full flow are no part of its course: the stage says that they are
quiet (``quiet``). When they are over, how far they went is a stage: where the numbers that are left
lie among those before.

Time matters where a TIME-WAIT timer runs. The course then has how the milliseconds since each
segment of the close compare with each other and with none, and it goes no further than the shortest
timer. So it has one segment only of an end that may be in TIME-WAIT.
"""

from bisect import bisect_left
from itertools import pairwise
from typing import Any, NamedTuple

from checker.capture.segments import ACK, CONTROL, FIN, RST, SYN, URG, Packet
from checker.conform.cache.flowing import HALF
from checker.conform.cache.situations import NEAR, SPAN
from checker.conform.connection import Connection, Event, Flow, Verdict
from checker.conform.halves import Half, Phase, apart, joined, phase, tell, unpacked
from checker.conform.judge import NEEDLESS
from checker.conform.layout import MASK

STAGES = 1 << 14
"""Stages that are remembered; then memory is cleared."""
MOST = 32
"""Segments of a course."""

Lanes = tuple[tuple[bool, bool, bool], tuple[bool, bool, bool]]
"""Of each end: does it send text, send ACKs, take text, and all that is quiet?"""
Item = tuple[int, Packet, int | None] | tuple[Phase, Phase]
"""Side, segment and edge; or what was quiet, of each side."""


class Outcome(NamedTuple):
    """What came of a connection that ended at a stage: it conforms, and there is nothing to say."""

    states: tuple[str, str]
    life: tuple[tuple[int, Event], ...]  # by the place of the segment in the course
    edges: tuple[tuple[tuple[int, Any, Any], ...], ...]


class Stage:
    """Where a course has come to."""

    __slots__ = ("lanes", "next", "outcome", "over", "timed")

    def __init__(self, over: bool = False, timed: tuple[bool, bool] = (False, False)) -> None:
        self.next: dict[Any, Stage] = {}
        self.over = over  # has the connection ended?
        self.timed = timed  # may an end be in TIME-WAIT?
        self.lanes: Lanes | None = None  # what is quiet here
        self.outcome: Outcome | None = None


class Courses:
    """All that were learnt; ``timers``: what TIME-WAIT timers begin at, in milliseconds."""

    def __init__(self, timers: frozenset[int]) -> None:
        self.root = Stage()
        self.count = 0
        self.shortest = min(b - a for a, b in pairwise(sorted(timers)))

    def learn(self, at: Stage, code: Any, stage: Stage) -> Stage:
        """What comes after ``at``."""
        self.count += 1
        if self.count > STAGES:
            self.root, self.count = Stage(), 0  # who follows the old ones does so to their end
        at.next[code] = stage
        return stage


class Course:
    """That of one connection; its SYN is the first segment."""

    __slots__ = ("closing", "courses", "flow", "halves", "items", "numbers", "stage")

    def __init__(self, courses: Courses, flow: Flow) -> None:
        self.courses = courses
        self.flow = flow
        self.stage = courses.root
        self.halves = joined(Half(0), Half(1))
        self.items: list[Item] = []  # that the monitors have not seen
        self.numbers: list[int] = []  # of its segments
        self.closing: list[float] = []  # when those since the first FIN came

    # Segments

    def takes(self, side: int, p: Packet, edge: int | None) -> bool:
        """Does it go on with ``p`` as others did? If not, it is as it was."""
        return self._go(side, p, edge, None)

    def learns(self, side: int, p: Packet, edge: int | None, stage: Stage) -> bool:
        """The monitors have seen ``p``, and that led to ``stage``; False: it is no course."""
        return self._go(side, p, edge, stage)

    def _go(self, side: int, p: Packet, edge: int | None, learnt: Stage | None) -> bool:
        if p.flags & SYN:
            return self._opens(side, p, edge, learnt)
        half, at = self.halves[side], self.stage
        peer = half.peer
        flags, text, seq, ack = p.flags & CONTROL, p.text, p.seq, p.ack
        if (
            len(self.numbers) < 2
            or len(self.numbers) >= MOST
            or seq != half.nxt
            or flags & (ACK | RST | URG) != ACK
            or not p.wnd
            or edge is None
            or (at.lanes is not None and not flags & FIN)  # it would have been quiet
        ):
            return False
        nxt = (seq + text + (flags & FIN)) & MASK
        advance, flight = (ack - half.heard) & MASK, (peer.nxt - ack) & MASK
        if not advance or not flight:
            code: Any = 1 if advance else 0
        elif advance < HALF and flight < HALF:
            code = 2
        else:
            return False
        bound = peer.edge
        if bound is None:
            code |= 4
            bound = edge
        elif bound != edge:
            if (edge - bound) & MASK < HALF:
                code |= 8
                bound = edge
            else:
                code |= 12
        if half.edge is None:
            return False
        room, left = (half.edge - nxt) & MASK, (bound - peer.nxt) & MASK
        if room > SPAN or left > SPAN or (nxt - half.isn) & MASK > SPAN:
            return False
        code |= (
            flags << 4
            | (text if text < NEAR else NEAR) << 10
            | (room if room < NEAR else NEAR) << 12
            | (left if left < NEAR else NEAR) << 14
            | side << 16
        )
        place = -1
        if code & 3 == 2:
            place = (ack - peer.isn) & MASK
            code = code, *_place(peer.points, place)
        if at.timed[side]:
            passed = [int((p.time - time) * 1000) for time in self.closing]
            if half.aged or min(passed) < 0 or max(passed) >= self.courses.shortest:
                return False
            code = code, *_ranks(passed)
        to = at.next.get(code)
        if to is None:
            if learnt is None:
                return False
            to = self.courses.learn(at, code, learnt)
        half.aged |= at.timed[side]
        half.fin |= flags & FIN
        if nxt != seq:
            half.nxt = nxt
            half.points.append((nxt - half.isn) & MASK)
        if advance:
            half.heard, half.since = ack, seq
            if place >= 0:
                _insert(peer.points, place)
        peer.edge = bound
        if flags & FIN or self.closing:
            self.closing.append(p.time)
        self._went(half, p, edge, to)
        return True

    def _opens(self, side: int, p: Packet, edge: int | None, learnt: Stage | None) -> bool:
        """A SYN of the client, and one with ACK of the server: nothing else."""
        half, at, known = self.halves[side], self.stage, len(self.numbers)
        peer, code = half.peer, -1
        usual = side == known < 2 and not p.text and p.wnd
        if not usual or p.flags & CONTROL != (SYN | ACK if side else SYN):
            return False
        if side:
            if edge is None or p.ack != peer.nxt:
                return False
            room = (edge - peer.nxt) & MASK
            code -= 1 + (room if room < NEAR else NEAR)
            half.heard = peer.nxt
            peer.heard, peer.edge = p.seq, edge
        half.isn = p.seq
        half.nxt = half.since = (p.seq + 1) & MASK
        to = at.next.get(code)
        if to is None:
            if learnt is None:
                return False
            to = self.courses.learn(at, code, learnt)
        half.points = [0, 1]
        self._went(half, p, edge, to)
        return True

    def _went(self, half: Half, p: Packet, edge: int | None, to: Stage) -> None:
        half.before, half.last = half.last, (half.side, p.number, p.time)
        self.numbers.append(p.number)
        self.items.append((half.side, p, edge))
        self.stage = to

    # What is quiet

    def listens(self, connection: Connection) -> None:
        """From here on, what is quiet is noted in its halves."""
        lanes = self.stage.lanes
        for half in self.halves if lanes is not None else ():
            assert lanes is not None
            half.talks, half.acks, half.hears = lanes[half.side]
            half.una, half.shift = half.isn, connection.shift(half.side)
            half.room = SPAN - ((half.nxt - half.isn) & MASK)
            half.said = connection.said[half.side]
            apart(half)

    def settles(self, halves: tuple[Half, Half]) -> bool:
        """The monitors are as ``halves``, and what comes may be quiet: are they as was thought?"""
        lanes = [(half.talks, half.acks, half.hears) for half in halves]
        for one, mine in zip(halves, self.halves, strict=True):
            numbers = one.nxt, one.heard, one.since, one.edge
            if numbers != (mine.nxt, mine.heard, mine.since, mine.edge):
                return False
        if self.stage.lanes is None:
            self.stage.lanes = lanes[0], lanes[1]
        return self.stage.lanes == (lanes[0], lanes[1])

    def rests(self, halves: tuple[Half, Half]) -> bool:
        """What was quiet, as ``halves`` have it, is over: a stage. False: it is too long."""
        code: list[Any] = []
        for one, mine in zip(halves, self.halves, strict=True):
            written = one.free - one.room
            if one is not mine and ((mine.nxt - mine.isn) & MASK) + written > SPAN:
                return False
            mine.nxt, mine.heard, mine.since, mine.edge = one.nxt, one.heard, one.since, one.edge
            mine.before, mine.last = one.before, one.last
            mine.talks = mine.acks = mine.hears = False
        for mine, one in zip(self.halves, halves, strict=True):
            assert mine.edge is not None
            room = (mine.edge - mine.nxt) & MASK
            code += one.count > 0, room if room < NEAR else NEAR
            for number in (mine.peer.heard, mine.since, mine.nxt):
                place = (number - mine.isn) & MASK
                code += _place(mine.points, place)
                _insert(mine.points, place)
        at, mark = self.stage, tuple(code)
        self.stage = at.next.get(mark) or self.courses.learn(at, mark, Stage(at.over))
        return True

    def phase(self) -> None:
        """... which was noted in its own halves."""
        one, other = self.halves
        self.items.append((phase(one, apart=True), phase(other, apart=True)))
        self.rests(self.halves)
        one.count = other.count = 0

    # What came of it

    def replay(self) -> None:
        """Let the monitors see all that they have not."""
        flow, made = self.flow, dict[int, Packet]()
        unpacked(flow, made)
        for item in self.items:
            if len(item) == 3:
                side, p, edge = item
                explained = flow.ends.take(side, p, edge)
                assert explained and not flow.ends.note
                flow.ends.patience.left -= 1  # it was counted when it was seen
                continue
            flow.ends.passed(item[0].count + item[1].count)
            monitors = flow.ends.monitors
            for side in (0, 1):
                if item[side].count:
                    one, other = monitors[side], monitors[1 - side]
                    tell(flow, side, one, other, item[side], made)
        self.items.clear()

    def learn_outcome(self, c: Connection) -> None:
        """``c`` has come to its end here, and was judged."""
        places = {number: place for place, number in enumerate(self.numbers)}
        edges = [[(places.get(one[0], -1), *one[1:]) for one in side] for side in c.edges]
        life = [(places.get(one.packet, -1), one) for one in c.life]
        usual = (
            c.verdict is Verdict.CONFORMS
            and not (c.reason or c.notes or c.counts or c.more or c.silent or c.refused)
            and c.lacks == [0, 0]
            and c.octets == self.octets()
            and all(place >= 0 for place, *_ in (*life, *edges[0], *edges[1]))
        )
        if usual:
            one, other = c.states
            self.stage.outcome = Outcome(
                (one, other), tuple(life), (tuple(edges[0]), tuple(edges[1]))
            )

    def octets(self) -> list[int]:
        """Of text, from each side."""
        return [
            max(0, ((half.nxt - half.isn) & MASK) - 1 - half.fin) if half.points else 0
            for half in self.halves
        ]

    def ends(self, c: Connection) -> bool:
        """``c`` has come to its end: is it known what comes of it? Then it is said."""
        outcome = self.stage.outcome
        if outcome is None or c.notes or c.unread or max(c.needless) >= NEEDLESS:
            return False
        numbers = self.numbers
        c.verdict = Verdict.CONFORMS
        c.states[:] = outcome.states
        c.life = [Event(numbers[place], *event[1:]) for place, event in outcome.life]
        for side in (0, 1):
            c.edges[side].extend(
                (numbers[place], before, after) for place, before, after in outcome.edges[side]
            )
        c.octets = self.octets()
        return True


def _place(points: list[int], place: int) -> tuple[int, ...]:
    """Where a number lies among those before; distances from ``NEAR`` on are alike."""
    i = bisect_left(points, place)
    if i < len(points) and points[i] == place:
        return (~i,)
    below = place - points[i - 1] if i else NEAR
    above = points[i] - place if i < len(points) else NEAR
    return i, below if below < NEAR else NEAR, above if above < NEAR else NEAR


def _insert(points: list[int], place: int) -> None:
    i = bisect_left(points, place)
    if i == len(points) or points[i] != place:
        points.insert(i, place)


def _ranks(passed: list[int]) -> tuple[int, ...]:
    """In which order times are, and which are equal to each other or to none."""
    order = sorted({0, *passed})
    return tuple([order.index(one) for one in passed])
