"""What a capture shows beside the states: names asked, handshakes, streams, by connection.

A segment goes to ``conform``'s follower first; what it carried is then put to the connection that
the follower gave it to. So both agree on what a connection is.

Memory is bounded: ``ROOM`` octets, in all, of text that waits for a gap before it to be filled and
of heads that are not complete; what does not fit is passed over as if the capture lacked it. As
much again is kept of heads that are complete, and the first of each direction; more are counted.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from checker.capture import Frame, Packet, Unread, read
from checker.capture.datagrams import Datagram, carried, datagram
from checker.capture.networks import Ip
from checker.capture.segments import ACK, RST, SYN
from checker.conform.connection import Connection
from checker.conform.follow import Follower
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Room as Kept
from checker.listeners.requests import Listeners, doubled
from checker.narrate import dns
from checker.narrate.http import Reader

DNS = (53).to_bytes(2, "big")
LOOKUPS = 1_000
"""Names asked that are kept; more are counted."""
FIRST, LAST = 20, 12
"""Segments of a connection that are kept for its picture."""
WAITING = 256
"""Segments of a direction that wait for a gap to be filled."""
SYNS, RESETS = 64, 8
ROOM = 1 << 26
_MASK = 0xFFFFFFFF


@dataclass(slots=True)
class Lookup:
    """A question, how often it was asked, and the answer, if one came."""

    number: int
    time: float
    client: bytes
    server: bytes
    name: str
    type: str
    transport: str = "UDP"
    asked: int = 1
    answered: float | None = None
    code: str = ""
    truncated: bool = False
    answers: list[tuple[str, str]] = field(default_factory=list)


class Names:
    """DNS, by UDP or TCP."""

    def __init__(self) -> None:
        self.lookups: list[Lookup] = []
        self.more = 0
        self.open: dict[tuple[bytes, bytes, str, int, str, str], Lookup] = {}
        self.of: dict[str, str] = {}  # the name that was asked, by an address of its answer

    def take(self, seen: Datagram, transport: str = "UDP") -> bool:
        """A datagram, or a message of a stream: is it DNS?"""
        if DNS not in (seen.src[-2:], seen.dst[-2:]):
            return False
        message = dns.read(seen.octets)
        if message is None:
            return False
        self._take(seen, transport, message)
        return True

    def _take(self, seen: Datagram, transport: str, message: dns.Message) -> None:
        client, server = (seen.dst, seen.src) if message.response else (seen.src, seen.dst)
        key = (client, server, transport, message.ident, message.name.lower(), message.type)
        found = self.open.get(key)
        if found is None:
            if len(self.lookups) >= LOOKUPS:
                self.more += 1
                return
            if message.response:
                return  # nobody was seen to ask
            found = Lookup(seen.number, seen.time, client, server, message.name, message.type,
                           transport)  # fmt: skip
            self.lookups.append(found)
            self.open[key] = found
        elif not message.response:
            found.asked += 1
        if message.response and found.answered is None:
            found.answered = seen.time
            found.code, found.truncated = message.code, message.truncated
            found.answers = message.answers
            for kind, data in message.answers:
                if kind in ("A", "AAAA"):
                    self.of[data] = message.name
            del self.open[key]


def _ahead(seq: int, nxt: int) -> bool:
    """Is there a gap before ``seq``?"""
    return 0 < (seq - nxt) & _MASK < 1 << 30


class Room:
    """Octets that may be held yet: of text, and of heads."""

    def __init__(self) -> None:
        self.left = ROOM
        self.heads = ROOM


class Stream:
    """The text of one direction, in order, for a reader."""

    __slots__ = ("held", "nxt", "reader", "room")

    def __init__(self, reader: Reader, room: Room) -> None:
        self.reader = reader
        self.room = room
        self.nxt: int | None = None
        self.held: list[tuple[int, bytes, int, int, float]] = []

    def add(self, seq: int, text: bytes, length: int, number: int, time: float) -> None:
        """A segment's text, of which the capture may have less than its ``length``."""
        if self.nxt is None:
            self.nxt = seq
        if _ahead(seq, self.nxt):
            if len(self.held) < WAITING and self.room.left >= len(text):
                self.room.left -= len(text)
                self.held.append((seq, text, length, number, time))
            else:
                self.finish()
                self._take(seq, text, length, number, time)
            return
        self._take(seq, text, length, number, time)
        while self.held:
            ready = [
                one for one in self.held if (one[0] - self.nxt) & _MASK not in range(1, 1 << 30)
            ]
            if not ready:
                return
            self._drop(ready[0])
            self._take(*ready[0])

    def _drop(self, one: tuple[int, bytes, int, int, float]) -> None:
        self.held.remove(one)
        self.room.left += len(one[1])

    def _take(self, seq: int, text: bytes, length: int, number: int, time: float) -> None:
        """Text at or before ``nxt``; or behind a gap that is not going to be filled."""
        assert self.nxt is not None
        ahead = (seq - self.nxt) & _MASK
        if ahead >= 1 << 30:
            old = -ahead & _MASK
            if old >= length:
                return
            text, length, seq, ahead = text[old:], length - old, self.nxt, 0
        text, reader = text[:length], self.reader
        before, known = len(reader.held), len(reader.heads)
        if self.room.heads <= 0:
            reader.most = max(1, known)
        if ahead:
            reader.take(b"", ahead, number, time)
        reader.take(text, length - len(text), number, time)
        self.room.left -= len(reader.held) - before
        if self.room.left < 0:
            self.room.left += len(reader.held)
            reader.stop(missing=True)
        self.room.heads -= sum(head.size() for head in reader.heads[known:])
        self.nxt = (seq + length) & _MASK

    def finish(self) -> None:
        """What is held is taken, gaps or not."""
        base = self.nxt or 0
        for one in sorted(self.held, key=lambda one: (one[0] - base) & _MASK):
            self._drop(one)
            self._take(*one)

    def close(self) -> None:
        """Nothing more comes."""
        self.finish()
        self.room.left += len(self.reader.held)
        self.reader.held.clear()

    def forget(self) -> None:
        """Nobody is told of its heads."""
        self.room.heads += sum(head.size() for head in self.reader.heads)


class Contents:
    """What is kept of one connection."""

    __slots__ = (
        "ack",
        "asks",
        "ended",
        "first",
        "last",
        "opener",
        "packets",
        "plane",
        "resets",
        "streams",
        "syn_ack",
        "syns",
    )

    def __init__(
        self, room: Room, names: Names, sockets: tuple[bytes, bytes], plane: Plane
    ) -> None:
        self.plane = plane
        self.streams: list[Stream] = []
        asks = any(one[-2:] == DNS for one in sockets)
        for side in (0, 1):
            heard = _messages(names, sockets[side], sockets[1 - side]) if asks else None
            self.streams.append(Stream(Reader(self._asks(side), heard), room))
        self.syns: list[float] = []  # times of the opener's SYNs
        self.asks: tuple[int, float | None] = 0, None  # ISN and time of its last SYN
        self.opener: int | None = None
        self.syn_ack: float | None = None
        self.ack: float | None = None
        self.resets: list[tuple[int, int]] = []  # number and side
        self.first: list[tuple[int, Packet]] = []
        self.last: deque[tuple[int, Packet]] = deque(maxlen=LAST)
        self.packets = 0
        self.ended = 0.0

    def _asks(self, side: int) -> Callable[[int], str]:
        def asked(place: int) -> str:
            heads = self.streams[1 - side].reader.heads
            return heads[place].method if place < len(heads) else ""

        return asked

    def take(self, side: int, p: Packet, text: bytes, ident: int, isn: int | None) -> None:
        """A segment of this connection."""
        self.plane.take(side, p, b"", ident)
        self.packets += 1
        self.ended = p.time
        if len(self.first) < FIRST:
            self.first.append((side, p))
        else:
            self.last.append((side, p))
        flags = p.flags
        if flags & RST:
            if side == self.opener:
                self.asks = 0, None
            if len(self.resets) < RESETS:
                self.resets.append((p.number, side))
            return
        if flags & SYN and flags & ACK:
            if self.syn_ack is None:
                self.syn_ack = p.time
        elif flags & SYN:
            if self.opener is None:
                self.opener = side
            if self.opener == side and self.syn_ack is None:
                self._asked(p)
        elif side == self.opener and self.syn_ack is not None and self.ack is None:
            self.ack = p.time
        if p.text:
            stream = self.streams[side]
            if stream.nxt is None and isn is not None:
                stream.nxt = (isn + 1) & _MASK
            seq = (p.seq + 1) & _MASK if flags & SYN else p.seq
            stream.add(seq, text, p.text, p.number, p.time)

    def _asked(self, p: Packet) -> None:
        """A SYN of the opener that has no answer yet."""
        isn, last = self.asks
        if isn == p.seq and doubled(p.time, last):
            return
        self.asks = p.seq, p.time
        if len(self.syns) < SYNS:
            self.syns.append(p.time)


def _messages(names: Names, src: bytes, dst: bytes) -> Callable[[bytes, int, float], bool]:
    def take(octets: bytes, number: int, time: float) -> bool:
        return names.take(Datagram(number, time, src, dst, octets), "TCP")

    return take


class Tap:
    """Reads the frames of one capture, for the follower and for us.

    ``port``: only listeners at that port are looked at, and nothing is followed. ``drawn``: what is
    in flight is kept for plots.
    """

    def __init__(self, port: int | None = None, drawn: bool = False) -> None:
        self.drawn = drawn
        self.kept = Kept()
        self.listeners = Listeners(port)
        self.names = Names()
        self.room = Room()
        self.open: dict[int, Contents] = {}  # by the identity of a connection that is followed
        self.began: float | None = None
        self.frame: Frame | None = None  # the latest

    def read(self, follower: Follower, frames: Iterable[Frame]) -> Iterator[Packet | Unread]:
        """The segments; each is looked at when the follower has seen it."""
        for item in read(follower.rounds(frames), self._seen):
            if isinstance(item, Unread):
                yield item
                continue
            self.listeners.take(item)
            if self.listeners.port is not None:
                follower.quiet.segments += 1
                continue
            yield item
            flow, side = follower.flows.get((item.src, item.dst, item.scope), (None, 0))
            connection = flow.connection if flow is not None else None
            if connection is not None:
                contents = self.open.get(id(connection))
                if contents is None:
                    contents = self.open[id(connection)] = self._contents(connection)
                assert self.frame is not None
                text, ident = carried(self.frame, item) if item.length() else (b"", 0)
                contents.take(side, item, text, ident, connection.isn[side])

    def _seen(self, number: int, frame: Frame, ip: Ip | None) -> None:
        self.frame = frame
        if self.began is None:
            self.began = frame.time
        if self.listeners.port is not None:
            return
        found = datagram(number, frame, ip) if ip is not None else None
        if found is not None:
            self.names.take(found)

    def _contents(self, connection: Connection) -> Contents:
        flow = connection.flow
        plane = Plane(self.kept, flow.at, self.drawn)
        return Contents(self.room, self.names, flow.sockets, plane)

    def close(self, connection: Connection) -> Contents:
        """``connection`` has come to its end."""
        contents = self.open.pop(id(connection), None) or self._contents(connection)
        contents.plane.finish()
        for stream in contents.streams:
            stream.close()
        return contents
