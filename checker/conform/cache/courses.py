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

from checker.capture.segments import ACK, CONTROL, FIN, PSH, RST, SYN, URG, Packet
from checker.conform.cache.flowing import HALF
from checker.conform.cache.situations import NEAR, SPAN
from checker.conform.connection import Connection, Event, Flow, Turn, Verdict
from checker.conform.halves import (
    Half,
    Raw,
    Watcher,
    count,
    joined,
    once,
    packet,
    phase,
    tell,
    unpacked,
)
from checker.conform.judge import LADDER, NEEDLESS
from checker.conform.layout import MASK

STAGES = 1 << 14
"""Stages that are remembered; then memory is cleared."""
MOST = 32
"""Segments of a course."""

_event = tuple.__new__

Lanes = tuple[tuple[bool, bool, bool], tuple[bool, bool, bool]]
"""Of each end: does it send text, send ACKs, take text, and all that is quiet?"""


class Outcome(NamedTuple):
    """What came of a connection that ended at a stage: it conforms, and there is nothing to say."""

    states: tuple[str, str]
    life: tuple[tuple[int, tuple[Any, ...]], ...]  # by the place of the segment in the course
    edges: tuple[tuple[tuple[int, Any, Any], ...], ...]
    turns: tuple[int, ...]


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

    __slots__ = (
        "again", "closing", "courses", "flow", "halves", "items", "stage", "told", "watched",
    )  # fmt: skip

    def __init__(self, courses: Courses, flow: Flow) -> None:
        self.courses = courses
        self.flow = flow
        self.stage = courses.root
        self.halves = joined(Half(0), Half(1))
        # What it is made of: segments (``Raw``); and what was quiet, a ``Phase`` of each side, or
        # () where the monitors have seen it
        self.items: list[Any] = []
        self.told = 0  # so many of them the monitors have seen
        self.closing: list[float] = []  # when the segments since the first FIN came
        self.again = [0, 0]  # ACKs that say nothing new
        self.watched = True  # does somebody else want to see each segment?

    # Segments

    def opens(self, p: Packet, raw: Raw) -> bool:
        """Does it go on with ``p``, a SYN, as others did? If not, it is as it was."""
        to = self._opens(raw, None)
        if to is None:
            return False
        self.stage = to
        self.flow.sent[raw[0]] = True
        return True

    def takes(self, half: Half, raw: Raw, watcher: Watcher) -> bool:
        """Does it go on with a segment that is no SYN as others did? If not, it is as it was."""
        one, other = self.halves
        if self.stage.lanes is not None:
            one.talks = one.acks = one.hears = other.talks = other.acks = other.hears = False
            if one.count or other.count:
                self.rests()
        to = self._goes(half, raw, None)
        if to is None:
            return False
        self.stage = to
        flow = self.flow
        flow.last = raw[2]
        seen: list[Any] = flow.seen
        seen.append(raw)
        if len(seen) > 2 * LADDER:
            del seen[:-LADDER]
        if self.watched:
            watcher.take(packet(flow, raw))
            self.watched = watcher.watches(*flow.sockets)
        elif raw[5] & FIN:
            watcher.take(packet(flow, raw))
        if to.lanes is not None and not self.watched:
            for each in self.halves:
                each.talks, each.acks, each.hears = to.lanes[each.side]
                each.una = each.isn
                each.free = each.room = SPAN - ((each.nxt - each.isn) & MASK)
                each.needless = each.wide = 0
                each.text, each.came = [], []
        return True

    def learns(self, raw: Raw, stage: Stage) -> bool:
        """The monitors have seen a segment, and that led to ``stage``; False: it is no course."""
        side, _, _, _, _, flags, wnd, *_ = raw
        if flags & SYN:
            to = self._opens(raw, stage)
        elif flags & (ACK | RST | URG) == ACK and wnd:
            to = self._goes(self.halves[side], raw, stage)
        else:
            return False
        if to is None:
            return False
        self.stage = to
        self.told = len(self.items)
        return True

    def _goes(self, half: Half, raw: Raw, learnt: Stage | None) -> Stage | None:
        """The stage after a segment with ACK, and without SYN, RST and URG; its window is open."""
        side, _, time, seq, ack, flags, wnd, text, _, _, edge = raw
        at, peer, fin = self.stage, half.peer, flags & FIN
        if (
            seq != half.nxt
            or half.edge is None
            or len(self.items) >= MOST
            or (at.lanes is not None and not fin)  # it would have been quiet
        ):
            return None
        nxt = (seq + text + fin) & MASK
        advance, flight = (ack - half.heard) & MASK, (peer.nxt - ack) & MASK
        if not advance:
            code: Any = 0
        elif not flight:
            code = 1
        elif advance < HALF and flight < HALF:
            code = 2
        else:
            return None
        bound = peer.edge
        if bound != edge:
            if bound is None:
                code |= 4
                bound = edge
            elif (edge - bound) & MASK < HALF:
                code |= 8
                bound = edge
            else:
                code |= 12
        room, left = (half.edge - nxt) & MASK, (bound - peer.nxt) & MASK
        if room > SPAN or left > SPAN or (nxt - half.isn) & MASK > SPAN:
            return None
        code |= (
            (flags & CONTROL) << 4
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
            passed = [int((time - since) * 1000) for since in self.closing]
            if half.aged or min(passed) < 0 or max(passed) >= self.courses.shortest:
                return None
            code = code, *_ranks(passed)
        to = at.next.get(code)
        if to is None:
            if learnt is None:
                return None
            to = self.courses.learn(at, code, learnt)
        half.aged |= at.timed[side]
        if nxt != seq:
            half.nxt = nxt
            half.points.append((nxt - half.isn) & MASK)
            half.fin |= fin
            half.said = peer.said = None
        elif flags & PSH:
            half.said = None
        else:
            said = seq, ack, wnd
            self.again[side] += said == half.said
            half.said = said
        if advance:
            half.heard, half.since = ack, seq
            if place >= 0:
                _insert(peer.points, place)
        peer.edge = bound
        if fin or self.closing:
            self.closing.append(time)
        half.before, half.last = half.last, raw
        self.items.append(raw)
        return to

    def _opens(self, raw: Raw, learnt: Stage | None) -> Stage | None:
        """The stage after a SYN of the client, or after one with ACK of the server."""
        side, _, _, seq, ack, flags, wnd, text, _, _, edge = raw
        half, at, known = self.halves[side], self.stage, len(self.items)
        peer, code = half.peer, -1
        usual = side == known < 2 and not text and wnd
        if not usual or flags & CONTROL != (SYN | ACK if side else SYN):
            return None
        if side:
            if ack != peer.nxt:
                return None
            room = (edge - peer.nxt) & MASK
            code -= 1 + (room if room < NEAR else NEAR)
        to = at.next.get(code)
        if to is None:
            if learnt is None:
                return None
            to = self.courses.learn(at, code, learnt)
        if side:
            half.heard = ack
            peer.heard, peer.edge = seq, edge
        half.isn = seq
        half.nxt = half.since = (seq + 1) & MASK
        half.points = [0, 1]
        half.before, half.last = half.last, raw
        self.items.append(raw)
        return to

    # What is quiet

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

    def learns_rest(self, halves: tuple[Half, Half]) -> bool:
        """What was quiet, as ``halves`` have it, is over: a stage. False: it is too long."""
        for one, mine in zip(halves, self.halves, strict=True):
            if ((mine.nxt - mine.isn) & MASK) + one.free - one.room > SPAN:
                return False
            mine.nxt, mine.heard, mine.since, mine.edge = one.nxt, one.heard, one.since, one.edge
            mine.before, mine.last, mine.said = one.before, one.last, one.said
            mine.count = one.count
        self._rests()
        self.items.append(())
        self.told = len(self.items)
        return True

    def rests(self) -> None:
        """... which was noted here."""
        one, other = self.halves
        self.items.append((phase(one, apart=True), phase(other, apart=True)))
        self.flow.last = max(one.last[1:3], other.last[1:3])[1]
        self.again[0] += one.needless
        self.again[1] += other.needless
        self._rests()

    def _rests(self) -> None:
        code: list[Any] = []
        for half in self.halves:
            assert half.edge is not None
            room, isn, points = (half.edge - half.nxt) & MASK, half.isn, half.points
            code += half.count > 0, room if room < NEAR else NEAR
            for number in (half.peer.heard, half.since, half.nxt):
                place = (number - isn) & MASK
                code += _place(points, place)
                _insert(points, place)
        for half in self.halves:
            half.count = 0
        at, mark = self.stage, tuple(code)
        self.stage = at.next.get(mark) or self.courses.learn(at, mark, Stage(at.over))

    # What came of it

    def replay(self, connection: Connection) -> None:
        """Let the monitors, and ``connection``, see all that they have not."""
        flow, made = self.flow, dict[int, Packet]()
        unpacked(flow, made)
        for at in range(self.told, len(self.items)):
            item = self.items[at]
            if len(item) != 2:
                side, number, _, seq, ack, flags, wnd, text, _, _, edge = item
                if at:  # which was seen of the first
                    connection.speaks(side, number, seq, ack, flags, wnd, text)
                explained = flow.ends.take(side, once(flow, item, made), edge)
                assert explained and flow.ends.plain()
                if flow.ends.turned(number):
                    connection.turn(side, once(flow, item, made))
                flow.ends.patience.left -= 1  # it was counted when it was seen
                continue
            flow.ends.passed(item[0].segments + item[1].segments)
            for side in (0, 1):
                connection.said[side] = item[side].said
                if item[side].segments:
                    count(flow, connection, side, item[side])
                    tell(flow, side, item[side], made)
        self.told = len(self.items)

    def lets_go(self) -> None:
        """It is over, or nothing is held any more: nothing refers to each other in a circle."""
        for half in self.halves:
            half.pair, half.seen = None, []

    def forget(self) -> None:
        """Its connection has been told of."""
        self.lets_go()
        for half in self.halves:
            del half.peer
        self.items.clear()

    def learn_outcome(self, c: Connection) -> None:
        """``c`` has come to its end here, and was judged."""
        places = {item[1]: place for place, item in enumerate(self.items) if len(item) > 2}
        edges = [
            [(places.get(number, -1), before, after) for number, before, after in side]
            for side in c.edges
        ]
        life = [(places.get(one.packet, -1), tuple(one)[1:]) for one in c.life]
        turns = [places.get(one.number, -1) for one in c.turns]
        usual = (
            c.verdict is Verdict.CONFORMS
            and not (c.reason or c.notes or c.counts or c.more or c.silent or c.refused)
            and c.lacks == [0, 0]
            and c.octets == self.octets()
            and all(place >= 0 for place, _ in life)
            and all(place >= 0 for place in turns)
            and all(place >= 0 for side in edges for place, _, _ in side)
        )
        if usual:
            one, other = c.states
            self.stage.outcome = Outcome(
                (one, other), tuple(life), (tuple(edges[0]), tuple(edges[1])), tuple(turns)
            )

    def octets(self) -> list[int]:
        """Of text, from each side."""
        return [
            max(0, ((half.nxt - half.isn) & MASK) - 1 - half.fin) if half.points else 0
            for half in self.halves
        ]

    def ends(self, c: Connection) -> bool:
        """``c`` has come to its end: is it known what comes of it? Then it is said."""
        one, other = self.halves
        if one.count or other.count:
            self.rests()
        outcome = self.stage.outcome
        if outcome is None or c.notes or c.unread or max(self.again) >= NEEDLESS:
            return False
        items = self.items
        c.verdict, c.last = Verdict.CONFORMS, max(one.last[1], other.last[1])
        c.states[:] = outcome.states
        c.life = [_event(Event, (items[place][1], *rest)) for place, rest in outcome.life]
        for side in (0, 1):
            c.edges[side].extend(
                [(items[place][1], before, after) for place, before, after in outcome.edges[side]]
            )
        for place in outcome.turns:
            side, number, time, seq, ack, flags, wnd, text, _, _, _ = items[place]
            c.turns.append(Turn(side, number, time, flags, seq, ack, text, wnd))
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
