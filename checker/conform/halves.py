"""What is known of one direction of a connection in full flow, as numbers (``Half``).

Who holds a ``Half`` for each direction makes neither packets nor states; when these are asked for,
``tell`` brings the monitors up to date, as if they had seen each segment.
"""

from typing import Any, NamedTuple, Protocol, cast

from checker.capture import Packet
from checker.conform.behaviour import WINDOW
from checker.conform.cache.flowing import FlowingMonitor
from checker.conform.connection import Connection, Flow
from checker.conform.explain import RECENT
from checker.conform.patience import Patience

Raw = tuple[int, int, float, int, int, int, int, int, bytes, int, Any]
"""Side, number, time, SEQ, ACK, flags, window, text, options, frame, edge (None: of no ACK)."""


class Watcher(Protocol):
    """Who looks at segments, too: it is told what time it is in the capture, and is asked whether
    it wants to see each segment between two sockets. It sees each SYN, FIN and RST."""

    now: float

    def watches(self, one: bytes, other: bytes, /) -> bool: ...

    def take(self, p: Packet, /) -> None: ...


class Half:
    """One direction: what its sender has said."""

    __slots__ = (
        "acks", "aged", "before", "came", "count", "edge", "fin", "free", "heard", "hears", "isn",
        "last", "needless", "nxt", "pair", "patience", "peer", "points", "room", "said", "seen",
        "shift", "side", "since", "talks", "text", "una", "wide",
    )  # fmt: skip

    peer: "Half"
    pair: Any  # quiet.Pair
    patience: Patience
    seen: list[Any]
    una: int
    since: int  # where it did so
    free: int  # octets until it is rebased: at first, and now
    room: int
    text: Any
    came: Any

    def __init__(self, side: int) -> None:
        self.side = side
        self.talks = self.acks = self.hears = False  # which segments are quiet
        self.nxt = self.heard = -1  # what it sends next, and what it acknowledged; not yet known
        self.shift = 0
        self.wide = 0  # the largest window
        self.count = self.needless = 0
        self.said: tuple[int, int, int] | None = None
        self.edge: Any = None  # how far the peer lets it send; None: not known
        # Of its last segments: side, number, time, and more
        self.before: tuple[Any, ...] = side, 0, 0.0
        self.last: tuple[Any, ...] = self.before
        # Of a course alone: where its numbers begin; those that were met, counted from there, in
        # order; was its FIN seen; had its TIME-WAIT timer to tell the time?
        self.isn = 0
        self.points: list[int] = []
        self.fin, self.aged = 0, False


def joined(one: Half, other: Half) -> tuple[Half, Half]:
    """Of one connection."""
    one.peer, other.peer = other, one
    return one, other


def flowing(side: int, connection: Connection, one: FlowingMonitor, other: FlowingMonitor) -> Half:
    """Of what ``one`` sends and ``other`` hears."""
    half = Half(side)
    lane, tcb, inbound = one.lane, one.candidates[0].tcb, other.current
    assert lane is not None and inbound is not None
    half.una, half.talks, half.acks, half.hears = lane[1:]
    half.nxt = tcb.snd.nxt
    half.heard = tcb.rcv.nxt
    half.since = inbound.since
    half.edge = cast(int, lane.inbound.edge)
    half.shift = connection.shift(side)
    half.free = half.room = WINDOW - max(c.tcb.written for c in one.candidates)
    half.said = connection.said[side]
    half.before, half.last = (side, 0, one.seen.before), (side, 0, one.seen.last)
    half.text = one.seen.text
    half.came = other.seen.came
    return half


class Phase(NamedTuple):
    """What the quiet segments of one direction have done, until one that is not quiet."""

    segments: int
    needless: int
    number: int  # of the last
    said: tuple[int, int, int] | None
    before: float
    last: float
    widest: int
    nxt: int
    heard: int
    since: int
    edge: int | None
    written: int
    text: list[tuple[int, int]] | None  # the last; None: they are where they belong
    came: list[Any] | None


def phase(half: Half, apart: bool = False) -> Phase:
    """... which is over. ``apart``: its text and ACKs were noted here."""
    return Phase(
        half.count,
        half.needless,
        half.last[1],
        half.said,
        half.before[2],
        half.last[2],
        half.wide << half.shift,
        half.nxt,
        half.heard,
        half.since,
        half.peer.edge,
        half.free - half.room,
        half.text if apart else None,
        half.came if apart else None,
    )


def count(flow: Flow, connection: Connection, side: int, of: Phase) -> None:
    """Let ``connection`` have seen them."""
    connection.sent[side] += of.segments
    connection.spoke[side] = of.number
    connection.unanswered[side] = 0
    connection.acknowledged[side] = True
    connection.needless[side] += of.needless
    flow.sent[side] = True


def tell(flow: Flow, side: int, of: Phase, made: dict[int, Packet]) -> None:
    """Let the monitors have seen them: one sent them, and they were on their way to the other.

    ``made``: packets, by their numbers, each of which is made once.
    """
    one, other = flow.ends.monitors[side], flow.ends.monitors[1 - side]
    if of.text is not None:
        one.seen.text.extend(of.text)
    if of.came is not None:
        other.seen.came.extend(of.came)
    one.seen.before, one.seen.last = of.before, of.last
    other.seen.widest = max(other.seen.widest, of.widest)
    one.acked = of.heard
    for c in one.candidates:
        tcb = c.tcb
        tcb.rcv.nxt = tcb.rcv.up = of.heard
        tcb.snd.nxt = of.nxt
        tcb.written += of.written
    inbound = other.current
    assert inbound is not None
    inbound.ack, inbound.since = of.heard, of.since
    inbound.edge = of.edge
    inbound.top = of.nxt
    inbound.total += of.written
    came: Any = other.seen.came
    for at in range(1, len(came) + 1):
        if isinstance(came[-at], Packet):
            break
        came[-at] = once(flow, came[-at], made)


def packet(flow: Flow, raw: Raw) -> Packet:
    """A segment that was taken."""
    side, number, time, seq, ack, flags, wnd, text, options, place, _ = raw
    src, dst = flow.sockets[side], flow.sockets[1 - side]
    return Packet(number, time, src, dst, seq, ack, flags, wnd, text, options, "", place)


def once(flow: Flow, raw: Raw, made: dict[int, Packet]) -> Packet:
    """... which is made once."""
    found = made.get(raw[1])
    if found is None:
        found = made[raw[1]] = packet(flow, raw)
    return found


def unpacked(flow: Flow, made: dict[int, Packet]) -> None:
    """Make packets of the last segments that ``flow`` has seen."""
    seen = flow.seen
    for at in range(len(seen) - 1, -1, -1):
        if len(seen[at]) > 3:
            raw: Any = seen[at]
            seen[at] = raw[0], once(flow, raw, made), raw[-1]


def shorten(half: Half) -> None:
    """Of what was noted apart no more is kept than a monitor keeps."""
    for side in (half, half.peer):
        del side.text[:-RECENT]
        del side.came[:-RECENT]
