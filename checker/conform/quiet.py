"""Text and ACKs of connections in full flow, as numbers: of these no packet is made, and no state.

Most segments of a capture are the next text of a connection, or an ACK of what came. Such a segment
changes nothing but numbers: how far an end has sent, how far it has heard, how far it lets its peer
send. While a connection is *quiet*, these numbers are kept in a ``Half`` for each direction, and a
frame is a look into a table and a few comparisons. ``Quiet.over`` stands before ``read`` and takes
such frames out of the stream; all others go on, in their order.

Whatever is not like that (SYN, FIN, RST, URG; a number that is not the next; an ACK of what was not
seen; a window of nothing, or one that the text does not fit into; another header than the usual)
*wakes* the connection: the numbers go back to the monitors, which then are as if they had seen each
segment, and the segment takes the long way. So nothing here decides anything. Both ways are
compared in ``tests/checker/conform/test_quiet.py``.

A connection that goes on as others did is *held*: no monitor has seen any of it. Its ``Course``
says which of its segments are quiet, takes all others but its SYN and SYN,ACK from here, and, when
it is woken, lets the monitors see them all.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from checker.capture import Frame, Packet
from checker.capture.fragments import Fragments
from checker.capture.segments import ACK, FIN, PSH, RST, SYN, URG
from checker.conform.cache.courses import Course, Courses, Stage
from checker.conform.cache.flowing import HALF, FlowingMonitor
from checker.conform.connection import Connection, Flow
from checker.conform.halves import (
    Half,
    Raw,
    Watcher,
    count,
    flowing,
    joined,
    phase,
    shorten,
    tell,
    unpacked,
)
from checker.conform.inbound import Inbound
from checker.conform.judge import LADDER
from checker.conform.layout import MASK
from checker.conform.patience import USUAL
from checker.conform.shards import shard_of

ROUND = 0x10000
"""Frames after which the follower forgets what has rested."""
STRANGERS = 1 << 16
"""Pairs of sockets of other processes that are known at sight."""
LEAST, MOST = 1, 64
"""Segments that take the long way before a connection is taken for quiet: more, each time that it
did not stay so for ``LEAST_KEPT``."""
LEAST_KEPT = 6

_USUAL = struct.Struct(">16xHxxHxB14xIIBBH").unpack_from
"""Of Ethernet, IPv4 and TCP what changes; addresses and ports are octets 26 to 38."""
_HEADERS = b"\x08\x00\x45"
"""Octets 12 to 15: IPv4, and no options in its header."""
_LAST = ROUND - 1
_MIND = SYN | RST | URG | ACK
_CONTROL = SYN | FIN | RST
_NONE: frozenset[str] = frozenset()


class Nobody:
    """Nobody else looks at segments."""

    now = 0.0

    def watches(self, one: bytes, other: bytes, /) -> bool:
        """Never."""
        return False

    def take(self, p: Packet, /) -> None:
        """It does not matter."""


NOBODY = Nobody()


class Pair:
    """Both directions. ``held``: the monitors have seen nothing of it, and ``course`` stands for
    them; else they have seen it up to here, and ``course`` learns what comes of it."""

    __slots__ = ("course", "flow", "halves", "held", "keys", "seen")

    def __init__(
        self, flow: Flow, halves: tuple[Half, Half], course: Course | None, held: bool
    ) -> None:
        self.flow = flow
        self.halves = halves
        self.course = course
        self.held = held
        self.seen: list[Any] = flow.seen
        for half in halves:
            half.pair, half.seen, half.patience = self, self.seen, flow.patience
        a, b = flow.sockets
        self.keys = a[:4] + b[:4] + a[4:] + b[4:], b[:4] + a[:4] + b[4:] + a[4:]

    def over(self) -> bool:
        """Has the connection ended, as far as the capture shows? What is in flow has not."""
        return self.held and self.course is not None and self.course.stage.over


class Quiet:
    """The quiet connections of a capture, and those that go on as others did (``courses``)."""

    def __init__(
        self,
        courses: Courses | None,
        rest: Callable[[int, float], None],
        mine: frozenset[int] | None = None,
    ) -> None:
        """``rest`` is called before each ``ROUND``th frame; ``mine``: shards, if not all are
        followed here."""
        self.courses = courses
        self.rest = rest
        self.mine = mine
        # Pairs of sockets by addresses and ports, in that order; () of those that are followed here
        self.strange: dict[bytes, tuple[bytes, ...]] = {}
        self.halves: dict[bytes, Half] = {}
        self.segments = 0  # that were seen, of all connections
        self.watcher: Watcher | None = None  # without one, no connection is taken for quiet

    def over(
        self, frames: Iterable[Frame], fragments: Fragments, watcher: Watcher
    ) -> Iterator[tuple[int, Frame]]:
        """The frames that have to go the long way, with their numbers."""
        halves, unpack = self.halves, _USUAL
        self.watcher = watcher
        strange, unwatched = self.strange, watcher is NOBODY
        alone = self.mine is None
        taken, passed, now = 0, False, 0.0
        for number, frame in enumerate(frames, 1):
            link, time, data, _, place = frame
            if not number & _LAST:
                self.rest(number, time)
            half = halves.get(data[26:38])
            if half is None:
                if not alone and link == 1 and len(data) >= 54 and not fragments.waiting:
                    ends = strange.get(data[26:38])
                    if ends is None:
                        ends = self._stranger(data[26:38])
                    if ends:
                        total, fragment, protocol, _, _, offset, flags, _ = unpack(data)
                        # Whatever is not usual goes the long way, to its end or to its connection.
                        if (
                            data[12:15] == _HEADERS
                            and protocol == 6
                            and not fragment & 0x3FFF
                            and offset >= 0x50
                            and total >= 20 + (offset >> 4) * 4
                            and (not flags & SYN or len(data) >= 34 + (offset >> 4) * 4)
                            and (unwatched or not (flags & _CONTROL or watcher.watches(*ends)))
                        ):
                            passed, now = True, time
                            continue
            elif link == 1 and len(data) >= 54:
                total, fragment, protocol, seq, ack, offset, flags, wnd = unpack(data)
                text = total - 20 - (offset >> 4) * 4
                if (
                    seq == half.nxt
                    and flags & _MIND == ACK
                    and data[12:15] == _HEADERS
                    and protocol == 6
                    and not fragment & 0x3FFF
                    and offset >= 0x50
                    and wnd
                    and not fragments.waiting
                ):
                    peer = half.peer
                    if ack == half.heard:
                        news = False
                    else:
                        news = (
                            half.hears
                            and (ack - half.heard) & MASK < HALF
                            and (peer.nxt - ack) & MASK < HALF
                        )
                    if flags & FIN:
                        fits = False
                    elif text > 0:
                        fits = (
                            half.talks
                            and text < half.room
                            and (half.edge - seq - text) & MASK < HALF
                            and (half.edge - half.una) & MASK < HALF
                        )
                    else:
                        fits = text == 0 and half.acks
                    if fits and (news or ack == half.heard):
                        edge = (ack + (wnd << half.shift)) & MASK
                        found = data[54 : 34 + (offset >> 4) * 4] if offset >= 0x60 else b""
                        side = half.side
                        raw = side, number, time, seq, ack, flags, wnd, text, found, place, edge
                        seen = half.seen
                        seen.append(raw)
                        if len(seen) > 2 * LADDER:
                            del seen[:-LADDER]
                            if half.pair.held:
                                shorten(half)
                        if news:
                            half.heard, half.since = ack, seq
                            half.came.append(raw)
                        if edge != peer.edge and (edge - peer.edge) & MASK < HALF:
                            peer.edge = edge
                        if wnd > half.wide:  # noqa: PLR1730 (a call takes longer)
                            half.wide = wnd
                        half.before, half.last = half.last, raw
                        half.count += 1
                        half.patience.left += 1
                        now = time
                        if text:
                            half.nxt = (seq + text) & MASK
                            half.room -= text
                            if text > 1:
                                half.text.append((seq, text))
                            half.said = peer.said = None
                        elif flags & PSH:
                            half.said = None
                        else:
                            said = seq, ack, wnd
                            if said == half.said:
                                half.needless += 1
                            half.said = said
                        taken += 1
                        continue
                    if half.pair.held and text >= 0:
                        found = data[54 : 34 + (offset >> 4) * 4] if offset >= 0x60 else b""
                        edge = (ack + (wnd << half.shift)) & MASK
                        raw = (
                            half.side,
                            number,
                            time,
                            seq,
                            ack,
                            flags,
                            wnd,
                            text,
                            found,
                            place,
                            edge,
                        )
                        if half.pair.course.takes(half, raw, watcher):
                            half.patience.left += 1
                            now = time
                            taken += 1
                            continue
            if taken or passed:
                self.segments += taken
                watcher.now = now
                taken, passed = 0, False
            yield number, frame
        if taken or passed:
            self.segments += taken
            watcher.now = now

    def _stranger(self, key: bytes) -> tuple[bytes, ...]:
        """Of addresses and ports: the sockets, if they are of another process; else ()."""
        assert self.mine is not None
        if len(self.strange) >= STRANGERS:
            self.strange.clear()
        one, other = key[:4] + key[8:10], key[4:8] + key[10:]
        found = () if shard_of(one, other) in self.mine else (one, other)
        self.strange[key] = found
        return found

    def look(self, flow: Flow) -> None:
        """A segment of ``flow`` took the long way, and was text or an ACK: is the flow quiet?"""
        flow.waits -= 1
        connection, monitors = flow.connection, flow.ends.known
        if flow.waits > 0 or connection is None or monitors is None or self.watcher is None:
            return
        a, b = flow.sockets
        usual = len(a) == 6 and len(flow.keys) == 2 and not (flow.keys[0][2] or flow.keys[1][2])
        if not usual or self.watcher.watches(a, b) or not _usual(flow, connection):
            return
        one, other = monitors
        if not isinstance(one, FlowingMonitor) or not isinstance(other, FlowingMonitor):
            return
        if _calm(one, other) and _calm(other, one):
            if len(one.candidates) + len(other.candidates) > USUAL:
                return
            halves = joined(flowing(0, connection, one, other), flowing(1, connection, other, one))
            if flow.learner is not None and not flow.learner.settles(halves):
                flow.learner = None
            self._takes(Pair(flow, halves, flow.learner, False))

    def _takes(self, pair: Pair) -> None:
        """From here on, its quiet segments are taken."""
        pair.flow.pair = pair
        self.halves[pair.keys[0]], self.halves[pair.keys[1]] = pair.halves

    def begins(self, flow: Flow, connection: Connection, side: int, p: Packet) -> bool:
        """Is ``p`` the SYN of new sockets, as others had? Then their monitors need not see it."""
        usual = (
            self.courses is not None
            and self.watcher is not None
            and flow.at is None
            and not flow.missed
            and flow.first == p.number
            and len(p.src) == 6
            and len(flow.keys) == 2
            and not p.scope
            and not connection.unsupported
        )
        if not usual or self.courses is None:
            return False
        course = Course(self.courses, flow)
        if not course.opens(p, _raw(side, p, None)):
            flow.learner = course
            return False
        flow.patience.left += 1
        self._takes(Pair(flow, course.halves, course, True))
        return True

    def answers(self, flow: Flow, side: int, p: Packet, edge: int) -> bool:
        """``p`` is a SYN,ACK: does its connection go on as others did? Else it is to be woken."""
        pair, connection = flow.pair, flow.connection
        assert connection is not None
        if p.scope or not pair.course.opens(p, _raw(side, p, edge)):
            return False
        for half in pair.halves:
            half.shift = connection.shift(half.side)
        flow.seen.append((side, p, edge))
        flow.patience.left += 1
        return True

    def learn(self, flow: Flow, side: int, p: Packet, edge: int | None) -> None:
        """The monitors have seen ``p``, and made of it what the order of its numbers says."""
        course: Course = flow.learner
        if not course.learns(_raw(side, p, edge), Stage(flow.over(), flow.ends.waits())):
            flow.learner = None

    def ends(self, flow: Flow, connection: Connection) -> bool:
        """The connection has come to its end: is it known what comes of it?"""
        pair = flow.pair
        if not (pair.held and pair.course.ends(connection)):
            return False
        self._lets_go(pair)
        flow.learner = pair.course  # which can tell the monitors what they have not seen
        return True

    def _lets_go(self, pair: Pair) -> None:
        pair.flow.pair = None
        for key in pair.keys:
            del self.halves[key]

    def times(self, flows: Iterable[Flow]) -> None:
        """Tell flows when something was last seen of them."""
        for flow in flows:
            if flow.pair is not None:
                one, other = flow.pair.halves
                half = one if one.last[1] > other.last[1] else other
                if half.count:
                    flow.last = half.last[2]

    def wake(self, flow: Flow) -> None:
        """Let the monitors of ``flow`` have seen all that was taken."""
        pair, connection, ends = flow.pair, flow.connection, flow.ends
        assert pair is not None and connection is not None
        self._lets_go(pair)
        one, other = pair.halves
        kept = one.count + other.count
        if pair.held:
            course = flow.learner = pair.course
            if kept:
                course.rests()
            course.lets_go()
            course.replay(connection)
            return
        flow.waits = LEAST if kept >= LEAST_KEPT else min(MOST, 2 * flow.waited)
        flow.waited = flow.waits
        if not kept:
            return
        flow.last = max(one.last[1:3], other.last[1:3])[1]
        ends.passed(kept)
        made: dict[int, Packet] = {}
        unpacked(flow, made)
        connection.said[:] = one.said, other.said
        for half in pair.halves:
            if half.count:
                of = phase(half)
                count(flow, connection, half.side, of)
                tell(flow, half.side, of, made)
        if pair.course is not None and not pair.course.learns_rest(pair.halves):
            flow.learner = None


def _raw(side: int, p: Packet, edge: int | None) -> Raw:
    return (
        side, p.number, p.time, p.seq, p.ack, p.flags, p.wnd, p.text, p.options, p.frame, edge,
    )  # fmt: skip


def _usual(flow: Flow, connection: Connection) -> bool:
    """Is there nothing about a connection that each of its segments has to be held against?"""
    return (
        flow.at is None
        and flow.ends.obliged is None
        and not flow.refused
        and not flow.given_up
        and not connection.given_up
        and not connection.mid
        and connection.deviation is None
        and None not in connection.isn
    )


def _calm(one: FlowingMonitor, other: FlowingMonitor) -> bool:
    """Does text that ``one`` hears, or an ACK that it sends, change nothing but numbers? ``other``
    is its peer."""
    inbound, lane = one.current, one.lane
    if lane is None or inbound is None or one.partners != [inbound]:
        return False
    quiet = one.calm and not (one.challenged or one.pending or one.gaps or one.seen.lost)
    if not quiet or one.unopened is not None or any(c.used != _NONE for c in one.candidates):
        return False
    tcb = other.candidates[0].tcb
    return (
        _plain(inbound)
        and inbound.top == tcb.snd.nxt
        and inbound.ack == tcb.rcv.nxt == other.acked
        and inbound.edge is not None
    )


def _plain(inbound: Inbound) -> bool:
    """Was all text seen, and no FIN?"""
    return (
        not (inbound.parts or inbound.full or inbound.dropped)
        and inbound.fin is None
        and inbound.lost is None
    )
