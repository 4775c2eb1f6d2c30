"""Requests: SYNs, what the listener answered, and how it ended; counted by port.

A *request* is a SYN of one pair of sockets, with its ISN; SYNs that come again are of the same.
What is counted was seen. What it says of the listener's queues is ``findings``.

A SYN,ACK comes again because its SYN did, or because the listener's timer expired. The second shows
that the listener kept the request from the first SYN,ACK to that moment.

Memory is bounded. If more than ``FOLLOWED`` requests are open at a time, one in two is followed,
chosen by a hash of the sockets; then one in four, and so on. So those that are told stand for all,
and none is left out because of how it ended. Ports with the fewest SYNs are forgotten first.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from zlib import crc32

from checker.capture import Packet, Unread
from checker.capture.segments import ACK, FIN, RST, SYN, options
from checker.listeners.clocks import RECYCLED, Clocks, Heard, Left, opens
from checker.listeners.cookies import Signs
from checker.listeners.timeline import Timeline

FOLLOWED = 1 << 16
"""Requests that are followed at a time."""
PORTS = 1 << 10
"""Listeners that are remembered."""
ADDRESSES = 1 << 18
"""Addresses that are told apart, of all listeners."""
ALIKE = 0.1
"""Seconds: a SYN or SYN,ACK that comes again sooner is the same frame, captured twice."""
PATIENCE = 3.5
"""Seconds after which a SYN,ACK is sent again at the latest, if at all: the first timeout is 1 s
(RFC 6298, 2), and was 3 s (RFC 1122)."""
RESTED = 10.0
"""Seconds after which a request is over of which nothing more is seen."""

Key = tuple[bytes, bytes, str]


class Request:
    """One SYN, and what came of it."""

    __slots__ = (
        "answered", "asked", "before", "closed", "first", "irs", "iss", "last", "left", "listener",
        "offered", "opens", "over", "overflow", "recycled", "seen", "sent", "syns", "texts",
        "third", "timeouts", "wait",
    )  # fmt: skip

    def __init__(self, listener: "Listener", p: Packet, before: tuple[int, int] | None):
        self.listener = listener
        self.first = self.last = p.time  # of the SYN, of the last segment before text
        self.irs = p.seq
        self.offered = p.options
        self.before = before  # IRS and ISS of the request of these sockets before
        self.syns = 1
        self.seen: float | None = p.time  # the last SYN; None: its client sent a reset after it
        self.asked = True  # has a SYN come since the last SYN,ACK?
        self.iss: int | None = None
        self.answered = self.sent = 0.0  # when the SYN,ACK was sent first, and last
        self.timeouts = 0  # SYN,ACKs that were sent again by the listener's timer
        self.wait = 0.0  # seconds before the last of them
        self.third: float | None = None  # when the third segment came
        self.texts = 0  # segments with text after it, before the listener said anything
        self.overflow = False  # did the SYN,ACK come again after it?
        self.over = False  # reset
        self.closed = ""  # who closed first
        self.left: Left | None = None  # the listener's TIME-WAIT
        self.opens = ""  # why it opens the TIME-WAIT of the request before
        self.recycled = False  # would tcp_tw_recycle have dropped it?


@dataclass(slots=True)
class Listener:
    """What one port of one address got, and what it answered."""

    address: bytes  # with the port
    scope: str
    packet: int
    timeline: Timeline
    syns: int = 0
    addresses: set[bytes] = field(default_factory=set)
    more_addresses: bool = False
    requests: int = 0  # that were followed; all counts below are of these
    left_out: int = 0  # SYNs that were not
    share: int = 1  # of so many requests one is followed, at the end
    unfollowed: int = 0  # requests that were not followed to their end
    repeated: int = 0  # SYNs that came again
    unanswered: int = 0
    unanswered_at: tuple[float, float] | None = None
    refused: int = 0  # by a reset
    answered: int = 0
    late: int = 0  # answered only when the SYN came again
    made: int = 0  # whose third segment came
    reset: int = 0  # before that
    reset_after: int = 0  # by the listener, at once after it
    silent: int = 0  # no third segment, and the SYN,ACK never again
    silent_at: tuple[float, float] | None = None
    early: int = 0  # the same, where the capture ends too soon to tell
    ended: Counter[int] = field(default_factory=Counter)  # no third segment: by timeouts
    running: int = 0  # ... whose next timeout may come after the end
    waits: dict[int, list[float]] = field(default_factory=dict)  # before each timeout: least, most
    again: int = 0  # requests whose SYN,ACK was sent again
    overflow: int = 0  # ... after the third segment
    overflow_text: int = 0  # ... and after text
    overflow_at: tuple[float, float] | None = None
    ignored: int = 0  # third segment and text came, text again, and the listener is silent
    ignored_at: tuple[float, float] | None = None
    signs: Signs = field(default_factory=Signs)
    clocks: Clocks = field(default_factory=Clocks)
    unasked: int = 0  # SYN,ACKs to sockets of which no SYN was seen
    unasked_at: tuple[float, float] | None = None
    unasked_reset: int = 0  # ... that were answered with a reset
    kept: Timeline = field(init=False)  # requests, with a timeout after the last SYN,ACK

    def __post_init__(self) -> None:
        self.kept = Timeline(self.timeline.began)


def doubled(time: float, last: float | None) -> bool:
    """Is a SYN the frame of ``last``, captured twice? After a reset of its sender it is not: Linux
    sends its SYN again a few milliseconds after it has refused an ACK."""
    return last is not None and abs(time - last) < ALIKE


def _widened(span: tuple[float, float] | None, time: float) -> tuple[float, float]:
    return (time, time) if span is None else (min(span[0], time), max(span[1], time))


class Listeners:
    """All listeners of a capture; ``port``: only those at that port."""

    def __init__(self, port: int | None = None, followed: int = FOLLOWED) -> None:
        self.port = None if port is None else port.to_bytes(2, "big")
        self.limit = followed
        self.share = 1  # of so many requests one is followed
        self.found: dict[tuple[bytes, str], Listener] = {}
        self.forgotten = 0  # listeners, with few SYNs
        self.now = 0.0
        self._requests: dict[Key, Request] = {}
        self._open: dict[Key, Request] = {}  # that the listener has not been seen to take
        self._room = ADDRESSES
        self._heard: dict[
            tuple[bytes, str], Heard
        ] = {}  # by a listener's address, of all its ports
        self._unasked: dict[Key, tuple[Listener, int]] = {}  # SYN,ACKs, and what they acknowledge

    def take(self, p: Packet | Unread) -> None:
        """A segment was captured."""
        if isinstance(p, Unread):
            return
        flags, self.now = p.flags, p.time
        if not flags & (SYN | RST):
            if (request := self._open.get((p.src, p.dst, p.scope))) is not None:
                self._segment(request, p)
            elif (request := self._open.get((p.dst, p.src, p.scope))) is not None:
                self._taken(request, p)
            if flags & FIN:
                self._fin(p)
            return
        if flags & RST:
            self._reset(p)
        elif flags & FIN:
            return
        elif flags & ACK:
            request = self._requests.get((p.dst, p.src, p.scope))
            if request is not None and p.ack == (request.irs + 1) & 0xFFFFFFFF:
                self._answer(request, p)
            elif request is None and (self.port is None or p.src[-2:] == self.port):
                self._not_asked(p)
        elif self.port is None or p.dst[-2:] == self.port:
            self._syn(p)

    def watches(self, one: bytes, other: bytes) -> bool:
        """Does a segment between two sockets matter, be it neither SYN, FIN nor RST?"""
        known = self._open
        return bool(known) and ((one, other, "") in known or (other, one, "") in known)

    def finish(self) -> list[Listener]:
        """The capture has ended: the listeners, those with most SYNs first."""
        for key, request in self._requests.items():
            self._settle(key, request)
        for one in self.found.values():
            one.share = self.share if one.left_out else 1
        self._requests.clear()
        self._open.clear()
        return sorted(self.found.values(), key=lambda one: (-one.syns, one.packet))

    # Segments

    def _syn(self, p: Packet) -> None:
        key = p.src, p.dst, p.scope
        request = self._requests.get(key)
        same = request if request is not None and request.irs == p.seq else None
        if same is not None and doubled(p.time, same.seen):
            return
        listener = self._listener(p.dst, p)
        listener.syns += 1
        listener.timeline.event(p.time)
        self._address(listener, p.src[:-2])
        if same is not None and same.third is None:
            listener.repeated += 1
            same.syns += 1
            same.asked, same.last, same.seen = True, p.time, p.time
            return
        before, opened = None, ""
        if request is not None:
            if request.iss is not None:
                before = request.irs, request.iss
            if request.left is not None and p.time - request.left.time < RECYCLED:
                opened = opens(request.left, p)
            self._drop(key, request)
        if len(self._requests) >= self.limit:
            self._make_room()
        if not self._chosen(key):
            listener.left_out += 1
            return
        listener.requests += 1
        request = self._requests[key] = self._open[key] = Request(listener, p, before)
        request.recycled, request.opens = listener.clocks.syn(p), opened

    def _answer(self, request: Request, p: Packet) -> None:
        listener, now = request.listener, p.time
        if request.iss is None:
            listener.answered += 1
            listener.late += request.syns > 1
            if request.opens:
                listener.clocks.reopened[request.opens] += 1
            listener.signs.options(options(request.offered), options(p.options))
            if request.before is not None:
                listener.signs.again(*request.before, request.irs, p.seq)
            request.answered = now
        elif request.iss != p.seq:
            listener.signs.again(request.irs, request.iss, request.irs, p.seq)
            request.answered = now
        elif not request.asked and now - request.sent >= ALIKE:
            self._timeout(request, p)
        request.iss, request.asked = p.seq, False
        request.sent = request.last = now

    def _not_asked(self, p: Packet) -> None:
        """A SYN,ACK, and nobody was seen to ask for it."""
        listener, key = self._listener(p.src, p), (p.dst, p.src, p.scope)
        listener.timeline.latest = max(listener.timeline.latest, p.time)
        if key in self._unasked or len(self._unasked) >= self.limit:
            return
        self._unasked[key] = listener, p.ack
        listener.unasked += 1
        listener.unasked_at = _widened(listener.unasked_at, p.time)

    def _timeout(self, request: Request, p: Packet) -> None:
        """The listener sent its SYN,ACK again, unasked: it has kept the request until now."""
        listener, now = request.listener, p.time
        listener.again += not request.timeouts
        so_far = request.sent if request.timeouts else None
        listener.timeline.lasts(request.answered, so_far, now)
        request.timeouts += 1
        request.wait = now - request.sent
        least, most = listener.waits.get(request.timeouts, [request.wait] * 2)
        listener.waits[request.timeouts] = [min(least, request.wait), max(most, request.wait)]
        # What is sent before the third segment arrives may pass the capture after it.
        passed = request.answered - request.first
        if request.third is not None and now - request.third > passed and not request.overflow:
            request.overflow = True
            listener.overflow += 1
            listener.overflow_text += request.texts > 0
            listener.overflow_at = _widened(listener.overflow_at, now)

    def _segment(self, request: Request, p: Packet) -> None:
        """The client sends what is no SYN."""
        if request.iss is None:
            return
        if request.third is None and p.flags & ACK and p.ack == (request.iss + 1) & 0xFFFFFFFF:
            request.third = p.time
            request.listener.made += 1
        request.texts += request.third is not None and p.text > 0
        request.last = p.time

    def _taken(self, request: Request, p: Packet) -> None:
        """The listener sends what is no SYN: if the third segment came, it has the connection."""
        if request.third is not None:
            del self._open[p.dst, p.src, p.scope]

    def _fin(self, p: Packet) -> None:
        """Who closes first has TIME-WAIT."""
        if (request := self._requests.get((p.src, p.dst, p.scope))) is not None:
            request.closed = request.closed or "client"
            if request.closed == "listener":
                request.left = request.listener.clocks.left(p)
        elif (request := self._requests.get((p.dst, p.src, p.scope))) is not None:
            request.closed = request.closed or "listener"

    def _reset(self, p: Packet) -> None:
        request = self._requests.get((p.src, p.dst, p.scope))
        unasked = self._unasked.get((p.src, p.dst, p.scope))
        if unasked is not None and p.seq == unasked[1]:
            unasked[0].unasked_reset += 1
            self._unasked[p.src, p.dst, p.scope] = unasked[0], -1  # once
        if request is not None:  # by the client
            request.seen = None
            if request.iss is not None and request.third is None and not request.over:
                request.over = True
                request.listener.reset += 1
                self._keeps(request, p.time)
            return
        key = p.dst, p.src, p.scope
        request = self._requests.get(key)
        if request is None or request.over:
            return
        if request.iss is None:
            request.over = True
            request.listener.refused += 1
        elif key in self._open and request.third is not None and not p.flags & ACK:
            # It answers the ACK of a connection that it does not have.
            request.over = True
            request.listener.reset_after += 1

    # What is kept

    def _listener(self, address: bytes, p: Packet) -> Listener:
        key = address, p.scope
        listener = self.found.get(key)
        if listener is None:
            if len(self.found) >= PORTS:
                self._forget()
            listener = self.found[key] = Listener(address, p.scope, p.number, Timeline(p.time))
            listener.clocks.heard = self._heard.setdefault((address[:-2], p.scope), {})
        return listener

    def _forget(self) -> None:
        """Half of the listeners are forgotten: those with fewest SYNs."""
        few = sorted(self.found.items(), key=lambda one: (one[1].syns, -one[1].packet))
        gone = {key for key, _ in few[: len(few) // 2]}
        for key in gone:
            self._room += len(self.found.pop(key).addresses)
        self.forgotten += len(gone)
        hosts = {(address[:-2], scope) for address, scope in self.found}
        self._heard = {host: heard for host, heard in self._heard.items() if host in hosts}
        for of in (self._requests, self._open, self._unasked):
            for where in [k for k in of if (k[1], k[2]) in gone]:
                del of[where]

    def _address(self, listener: Listener, address: bytes) -> None:
        if address not in listener.addresses:
            if self._room:
                self._room -= 1
                listener.addresses.add(address)
            else:
                listener.more_addresses = True

    def _chosen(self, key: Key) -> bool:
        return self.share == 1 or crc32(key[0] + key[1]) % self.share == 0

    def _make_room(self) -> None:
        """What is over is counted and dropped; if that is not enough, fewer are followed."""
        for key, request in [*self._requests.items()]:
            idle = self.now - request.last
            if idle > max(RESTED, 2.5 * request.wait):
                self._drop(key, request)
        if len(self._requests) <= self.limit // 2:
            return
        self.share *= 2
        for key, request in [*self._requests.items()]:
            if not self._chosen(key):
                del self._requests[key]
                self._open.pop(key, None)
                request.listener.unfollowed += not request.over and request.third is None

    def _drop(self, key: Key, request: Request) -> None:
        self._settle(key, request)
        del self._requests[key]
        self._open.pop(key, None)

    def _keeps(self, request: Request, until: float) -> None:
        """A request was kept until then, as its SYN,ACK that came again shows."""
        if request.timeouts:
            request.listener.kept.lasts(request.answered, None, max(until, request.answered))

    def _settle(self, key: Key, request: Request) -> None:
        """Nothing more is seen of it."""
        listener, idle = request.listener, self.now - request.last
        if request.over:
            return
        expires = min(request.sent + 2 * request.wait, self.now)
        self._keeps(request, expires if request.third is None else request.sent)
        if request.third is not None:
            if key in self._open and request.texts > 1 and not request.overflow:
                listener.ignored += 1
                listener.ignored_at = _widened(listener.ignored_at, request.third)
            return
        if request.iss is None:
            listener.unanswered += 1
            listener.clocks.dropped += request.recycled
            listener.unanswered_at = _widened(listener.unanswered_at, request.first)
        elif not request.timeouts:
            if idle < PATIENCE:
                listener.early += 1
            else:
                listener.silent += 1
                listener.silent_at = _widened(listener.silent_at, request.answered)
        elif idle < 2.5 * request.wait:
            listener.running += 1
        else:
            listener.ended[request.timeouts] += 1


def listeners(items: Iterable[Packet | Unread], port: int | None = None) -> list[Listener]:
    """The listeners of a whole capture."""
    found = Listeners(port)
    for item in items:
        found.take(item)
    return found.finish()
