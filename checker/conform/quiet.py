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
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, cast

from checker.capture import Frame, Packet
from checker.capture.fragments import Fragments
from checker.capture.segments import ACK, FIN, PSH, RST, SYN, URG
from checker.conform.behaviour import WINDOW
from checker.conform.cache.flowing import HALF, FlowingMonitor
from checker.conform.connection import Connection, Flow
from checker.conform.inbound import Inbound
from checker.conform.judge import LADDER
from checker.conform.layout import MASK
from checker.conform.patience import USUAL, Patience

ROUND = 0x10000
"""Segments after which the follower forgets what has rested: it must see the last of them."""
LEAST, MOST = 1, 64
"""Segments that take the long way before a connection is taken for quiet: more, each time that it
did not stay so for ``LEAST_KEPT``."""
LEAST_KEPT = 6

_USUAL = struct.Struct(">16xHxxHxB14xIIBBH").unpack_from
"""Of Ethernet, IPv4 and TCP what changes; addresses and ports are octets 26 to 38."""
_HEADERS = b"\x08\x00\x45"
"""Octets 12 to 15: IPv4, and no options in its header."""
_MIND = FIN | SYN | RST | URG | ACK
_NONE: frozenset[str] = frozenset()

Raw = tuple[int, int, float, int, int, int, int, int, bytes, int, int]
"""Side, number, time, SEQ, ACK, flags, window, text, options, frame, edge."""


class Watcher(Protocol):
    """Who looks at segments, too: it is told what time it is in the capture, and is asked whether
    it wants to see each segment between two sockets."""

    now: float

    def watches(self, one: bytes, other: bytes, /) -> bool: ...


class Half:
    """One direction of a quiet connection: what its sender has said."""

    __slots__ = (
        "acks", "before", "came", "count", "edge", "free", "heard", "hears", "last", "needless",
        "nxt", "pair", "peer", "room", "said", "seen", "shift", "side", "since", "talks", "text",
        "una", "wide",
    )  # fmt: skip

    peer: "Half"
    pair: "Pair"
    seen: list[Any]

    def __init__(
        self, side: int, connection: Connection, one: FlowingMonitor, other: FlowingMonitor
    ) -> None:
        """Of what ``one`` sends and ``other`` hears."""
        lane, tcb, inbound = one.lane, one.candidates[0].tcb, other.current
        assert lane is not None and inbound is not None
        self.side = side
        self.una, self.talks, self.acks, self.hears = lane[1:]
        self.nxt = tcb.snd.nxt  # what it sends next
        self.heard = tcb.rcv.nxt  # what it acknowledged
        self.since = inbound.since  # where it did so
        self.edge = cast(int, lane.inbound.edge)  # how far the peer lets it send
        self.shift = connection.shift(side)
        # Octets until it is rebased: at first, and now
        self.free = self.room = WINDOW - max(c.tcb.written for c in one.candidates)
        self.wide = 0  # the largest window
        self.count = self.needless = 0
        self.said = connection.said[side]
        self.before, self.last = _at(side, one.seen.before), _at(side, one.seen.last)
        self.text = one.seen.text
        self.came: Any = other.seen.came


class Pair:
    """Both directions."""

    __slots__ = ("flow", "halves", "keys", "seen")

    def __init__(self, flow: Flow, one: Half, other: Half) -> None:
        self.flow = flow
        self.halves = one, other
        self.seen: list[Any] = flow.seen
        one.pair = other.pair = self
        one.peer, other.peer = other, one
        one.seen = other.seen = self.seen
        a, b = flow.sockets
        self.keys = a[:4] + b[:4] + a[4:] + b[4:], b[:4] + a[:4] + b[4:] + a[4:]


class Quiet:
    """The quiet connections of a capture."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.halves: dict[bytes, Half] = {}
        self.segments = 0  # that were seen, of all connections
        self.watcher: Watcher | None = None  # without one, no connection is taken for quiet

    def over(
        self, frames: Iterable[Frame], fragments: Fragments, watcher: Watcher
    ) -> Iterator[tuple[int, Frame]]:
        """The frames that have to go the long way, with their numbers."""
        halves, unpack = self.halves, _USUAL
        self.watcher = watcher
        taken, now = 0, 0.0
        until = ROUND - 1 - self.segments % ROUND
        for number, frame in enumerate(frames, 1):
            link, time, data, _, place = frame
            half = halves.get(data[26:38])
            if half is not None and link == 1 and len(data) >= 54 and taken < until:
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
                    if text > 0:
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
                        if news:
                            half.heard, half.since = ack, seq
                            half.came.append(raw)
                        if edge != peer.edge and (edge - peer.edge) & MASK < HALF:
                            peer.edge = edge
                        if wnd > half.wide:  # noqa: PLR1730 (a call takes longer)
                            half.wide = wnd
                        half.before, half.last = half.last, raw
                        half.count += 1
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
            if taken:
                self._count(taken, now, watcher)
                taken = 0
            yield number, frame
            until = ROUND - 1 - self.segments % ROUND
        if taken:
            self._count(taken, now, watcher)

    def _count(self, taken: int, now: float, watcher: Watcher) -> None:
        """So many segments were taken, the last of them at that time."""
        self.segments += taken
        self.patience.left += taken
        watcher.now = now

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
            halves = Half(0, connection, one, other), Half(1, connection, other, one)
            flow.pair = pair = Pair(flow, *halves)
            self.halves[pair.keys[0]], self.halves[pair.keys[1]] = halves

    def times(self) -> None:
        """Tell the flows when something was last seen of them."""
        for half in self.halves.values():
            if half.count and half.last[1] > half.peer.last[1]:
                half.pair.flow.last = half.last[2]

    def wake(self, flow: Flow) -> None:
        """Let the monitors of ``flow`` have seen all that was taken."""
        pair = flow.pair
        connection, monitors, ends = flow.connection, flow.ends.known, flow.ends
        assert pair is not None and connection is not None and monitors is not None
        flow.pair = None
        for key in pair.keys:
            del self.halves[key]
        connection.said[:] = [half.said for half in pair.halves]
        kept = pair.halves[0].count + pair.halves[1].count
        flow.waits = LEAST if kept >= LEAST_KEPT else min(MOST, 2 * flow.waited)
        flow.waited = flow.waits
        if not kept:
            return
        flow.last = max(half.last[1:3] for half in pair.halves)[1]
        ends.passed(kept)
        made: dict[int, Packet] = {}
        for at in range(len(pair.seen) - 1, -1, -1):
            if len(pair.seen[at]) == 3:
                break
            raw: Raw = pair.seen[at]
            pair.seen[at] = raw[0], _packet(flow, raw, made), raw[-1]
        for half in pair.halves:
            if half.count:
                _tell(flow, connection, half, monitors)
                came = half.came
                for at in range(1, len(came) + 1):
                    if isinstance(came[-at], Packet):
                        break
                    came[-at] = _packet(flow, came[-at], made)


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


def _at(side: int, time: float) -> Raw:
    """A segment that went the long way: of it, the time is known here."""
    return side, 0, time, 0, 0, 0, 0, 0, b"", 0, 0


def _packet(flow: Flow, raw: Raw, made: dict[int, Packet]) -> Packet:
    """A segment that was taken; made once."""
    side, number, time, seq, ack, flags, wnd, text, options, place, _ = raw
    found = made.get(number)
    if found is None:
        src, dst = flow.sockets[side], flow.sockets[1 - side]
        found = made[number] = Packet(
            number, time, src, dst, seq, ack, flags, wnd, text, options, "", place
        )
    return found


def _tell(flow: Flow, connection: Connection, half: Half, monitors: tuple[Any, Any]) -> None:
    """Of one direction, what its segments did."""
    side = half.side
    one, other = monitors[side], monitors[1 - side]
    connection.sent[side] += half.count
    connection.spoke[side] = half.last[1]
    connection.unanswered[side] = 0
    connection.acknowledged[side] = True
    connection.needless[side] += half.needless
    flow.sent[side] = True
    one.seen.before, one.seen.last = half.before[2], half.last[2]
    other.seen.widest = max(other.seen.widest, half.wide << half.shift)
    one.acked = half.heard
    for c in one.candidates:
        tcb = c.tcb
        tcb.rcv.nxt = tcb.rcv.up = half.heard
        tcb.snd.nxt = half.nxt
        tcb.written += half.free - half.room
    inbound = other.current
    inbound.ack, inbound.since = half.heard, half.since
    inbound.edge = half.peer.edge
    inbound.top = half.nxt
    inbound.total += half.free - half.room
