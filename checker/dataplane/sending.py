"""One direction: what an end sends, and what its peer acknowledges and offers.

Everything is noted as it passes the capture point. Whatever the peer said, and the sender may know,
has passed it before: what was lost on the way to it never reached the sender, unless the capture
itself lost it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from copy import copy

from checker.capture.segments import ACK, FIN, RST, SYN, Packet
from checker.dataplane import again
from checker.dataplane.facts import (
    Beyond,
    Differs,
    Episode,
    Gap,
    Ignored,
    Kind,
    Late,
    Probe,
    Resend,
    Shrink,
    Silly,
    Trip,
    Zero,
)
from checker.dataplane.flight import Flight
from checker.dataplane.header import MASK, near
from spec.tcp.congestion import DUPLICATES

KEPT = 1_000
"""Facts of a kind that are kept of a direction; more are counted."""
CHUNKS = 1 << 14
"""Segments in flight that are told apart."""
FAR = 1 << 30
"""The largest window (RFC 7323 2.3): what is further away is not of this connection."""
DONE = 64
PROBES = 64


class Chunk:
    """Octets in flight that were sent together."""

    __slots__ = (
        "at", "end", "first", "ident", "last", "octets", "packet", "probe", "sacked", "says",
        "sent", "start",
    )  # fmt: skip

    def __init__(
        self, start: int, end: int, time: float, p: Packet, ident: int, at: int, octets: bytes
    ) -> None:
        self.start, self.end = start, end
        self.first = self.last = time
        self.probe = False  # of a zero window, which had no room for it
        self.seen(p, ident)
        self.at, self.octets = at, octets  # from place ``at`` on; none, if they are not compared
        self.sent = 1
        self.sacked = False

    def seen(self, p: Packet, ident: int) -> None:
        """It was sent in ``p``."""
        self.last, self.packet, self.ident = p.time, p.number, ident
        self.says = p.flags, p.ack, p.wnd

    def split(self, place: int) -> "Chunk":
        """Cut it there; the second part."""
        rest = copy(self)
        rest.start = place
        rest.at = max(place, self.at)
        rest.octets = self.octets[rest.at - self.at :]
        self.octets = self.octets[: rest.at - self.at]
        self.end = place
        return rest


class Room:
    """Of all connections: octets of text in flight that may be kept yet, and segments in flight."""

    def __init__(self, left: int = 1 << 26, chunks: int = 1 << 18) -> None:
        self.left = left
        self.chunks = chunks


def nobody(_packet: int, _word: str) -> None:
    pass


class Sending:
    """What ``conform`` and ``narrate`` need to know of one direction."""

    def __init__(
        self,
        room: Room,
        drawn: bool = False,
        tell: Callable[[int, str], None] = nobody,
    ) -> None:
        self.room = room
        self.tell = tell
        self.base: int | None = None  # the ISN, or what stands for it
        self.una = self.nxt = 0
        self.first = 0  # place that was seen or acknowledged
        self.flight = Flight(drawn)
        self.mss = 0  # as the peer announced it; 0: not known
        self.sack = False  # do both ends use it?
        self.scaled = True  # is it known by how much windows are scaled?
        self.granularity = 1  # of windows
        self.chunks: list[Chunk] = []
        self.done: list[Chunk] = []  # of those acknowledged, the last
        self.holes: list[tuple[int, int, int, float]] = []  # not seen: places, packet, and when
        # Counts
        self.began: float | None = None  # the first text
        self.ended = self.over = 0.0
        self.segments = self.octets = self.largest = 0
        self.came: float | None = None  # anything of the peer, but a reset
        self.last_heard: float | None = None  # an ACK
        self.last_ack: float | None = None  # of something new
        # The window
        self.wnd: int | None = None
        self.edge: int | None = None
        self.furthest: int | None = None
        self.furthest_packet = 0
        self.widest = 0
        self.offers = 0  # windows that were held against the one before
        self.judged = 0  # segments with text that were held against the window
        self.full = self.updates = 0
        self.beyond: list[Beyond] = []
        self.shrinks: list[Shrink] = []
        self.shrunk: tuple[int, float] | None = None  # where the edge is since then
        self.over_shrunk: list[tuple[Beyond, float]] = []
        self.silly: list[Silly] = []
        self.zero: Zero | None = None
        self.zeros: list[Zero] = []
        # Losses
        self.gaps: list[Gap] = []
        self.lacks = 0  # octets
        self.late: list[Late] = []
        self.resends: list[Resend] = []
        self.copies = 0
        self.resent = 0  # octets
        self.contradicted: list[Differs] = []
        self.compared = 0  # octets
        self.keep_alives = 0
        self.duplicates: list[int] = []  # ACKs: their packets
        self.all_duplicates = 0
        self.trigger = 0  # the third of them, as long as nothing came of it
        self.triggers = 0
        self.ignored: list[Ignored] = []
        self.episode: Episode | None = None
        self.recover = 0
        self.episodes: list[Episode] = []
        self.trip = Trip()
        self.overrun = False  # was there too much to tell all of it apart?
        self.more = 0  # facts that are not kept
        self._wl1: int | None = None
        self._suspects = 0  # of ``beyond``, of which the next ACK will tell

    # What the sender does

    def place(self, number: int) -> int:
        """Of a sequence number."""
        assert self.base is not None
        return near(self.base + self.nxt, number) - self.base

    def keep(self, found: list, fact: object) -> None:  # type: ignore[type-arg]
        """Put a fact to others, if there is room."""
        if len(found) < KEPT:
            found.append(fact)
        else:
            self.more += 1

    def sends(self, p: Packet, text: bytes, ident: int) -> None:
        """A segment of the sender."""
        if p.flags & RST:
            if self.zero is not None:
                self.zero.reset = p.number
            return
        syn, length = p.flags & SYN, p.length()
        if self.base is None:
            self.base = p.seq if syn else p.seq - 1
            self.una = self.nxt = self.first = 0 if syn else 1
        start = self.place(p.seq)
        if abs(start - self.nxt) > FAR:
            return
        end, at = start + length, start + bool(syn)  # ``at``: of the text
        if not length:
            self._bare(p, start)
            return
        if self._keeps_alive(p, start, end):
            return
        if p.text:
            self._text(p, at, end - (p.flags & FIN))
        probe, before = self.zero is not None and p.text > 0, self.nxt
        if start > before:
            self._gap(p, before, start, False)
        if start < before:
            self._old(p, start, min(end, before), at, text, ident)
        if end > before:
            low = max(start, before)
            place = max(low, at)
            self._new(p, low, end, place, text[place - at :], ident)
            if probe:
                self._probe(p, p.text)
        if p.text:
            last = end - (p.flags & FIN)
            self.flight.sent(p.time, last, p.text, self.episode is not None)
        self.ended = p.time

    def _text(self, p: Packet, start: int, end: int) -> None:
        """It has text: is it within the window?"""
        if self.began is None:
            self.began = p.time
        self.segments += 1
        self.largest = max(self.largest, p.text)
        if self.furthest is None or not self.scaled:
            return
        self.judged += 1
        if self.edge is not None and end == self.edge and self.wnd:
            self.full += 1
            self.tell(p.number, "window full")
        over = 0 if end <= self.furthest else end - max(self.furthest, start)
        if over > 0:
            excuse = ""
            if self.zero is not None:
                waited = p.time - max(
                    self.zero.began, self.zero.probes[-1].time if self.zero.probes else 0.0
                )
                if over == 1:
                    return  # a probe
                if waited >= again.QUICKEST * again.SLACK:
                    excuse = "it may be a probe of the zero window, which may be longer"
            found = Beyond(p.number, over, self.furthest, self.furthest_packet, excuse)
            if not excuse:
                self._suspects += len(self.beyond) < KEPT
            self.keep(self.beyond, found)
            self.tell(p.number, "beyond the window")
        elif self.shrunk is not None and end > self.nxt and end > self.shrunk[0]:
            over = end - max(self.shrunk[0], start)
            if not (self.zero is not None and over == 1):
                found = Beyond(p.number, over, self.shrunk[0], self.shrinks[-1].packet, "")
                self.keep(self.over_shrunk, (found, p.time - self.shrunk[1]))

    def _bare(self, p: Packet, start: int) -> None:
        """An ACK alone: is it a probe, or a keep-alive without text?"""
        if start not in (self.una - 1, self.nxt - 1) or start < 0:
            return
        if self.zero is not None:
            self._probe(p, 0)
        elif self.una == self.nxt:
            self.keep_alives += 1
            self.tell(p.number, "keep-alive")

    def _keeps_alive(self, p: Packet, start: int, end: int) -> bool:
        """One octet that was acknowledged already, with nothing in flight (RFC 9293 3.8.4)?"""
        if p.text != 1 or end != self.nxt or self.una != self.nxt or p.flags & (SYN | FIN):
            return False
        if self.zero is not None:
            self._probe(p, 1)
            return True
        if self.last_heard is None or p.time - max(self.ended, self.last_heard) < again.QUICKEST:
            return False  # a retransmission, of which the ACK was seen
        self.keep_alives += 1
        self.tell(p.number, "keep-alive")
        return True

    def _probe(self, p: Packet, octets: int) -> None:
        assert self.zero is not None
        if len(self.zero.probes) < PROBES:
            self.zero.probes.append(Probe(p.number, p.time, octets))
        else:
            self.zero.more += 1
        self.tell(p.number, "zero-window probe")

    def _gap(self, p: Packet, start: int, end: int, acknowledged: bool) -> None:
        """The capture has not what is between."""
        self.keep(self.gaps, Gap(p.number, start, end, acknowledged))
        self.lacks += end - start
        if not acknowledged and len(self.holes) < KEPT:
            self.holes.append((start, end, p.number, p.time))
        self.tell(p.number, "acknowledges the unseen" if acknowledged else "gap before")

    def _new(self, p: Packet, start: int, end: int, at: int, text: bytes, ident: int) -> None:
        last = self.zeros[-1] if self.zeros and p.text else None
        if last is not None and last.waiting is None and last.ended is not None:
            last.waiting = p.time - last.ended
        octets = self._held(text)
        self.chunks.append(Chunk(start, end, p.time, p, ident, at, octets))
        self.chunks[-1].probe = self.zero is not None
        self.room.chunks -= 1
        if len(self.chunks) > CHUNKS or self.room.chunks < 0:
            self.overrun = True
            self._drop(self.chunks.pop(0))
        self.octets += min(p.text, end - start)
        self.nxt = end

    def _held(self, text: bytes) -> bytes:
        if self.room.left < len(text):
            return b""
        self.room.left -= len(text)
        return text

    def _drop(self, chunk: Chunk) -> None:
        self.room.chunks += 1
        self.room.left += len(chunk.octets)
        chunk.octets = b""

    def _old(self, p: Packet, start: int, end: int, at: int, text: bytes, ident: int) -> None:
        """Octets below the newest."""
        if end <= 0 and self.first == 0:
            self.tell(p.number, "of no octet here")  # it lies before the ISN
            return
        if end <= self.first:
            again.late(self, p, start, end, p.time, ident)
            return
        missing = self._unseen(p, start, end)
        if missing is None:
            self._compare(p, at, text)
            again.resent(self, p, start, end, ident)
            return
        low, high, since = missing
        again.late(self, p, low, high, since, ident)
        known = (start, low) if start < low else (high, end)
        if known[0] < known[1]:  # sent again together with what was not seen
            place = max(known[0], at)
            self._compare(p, place, text[place - at : known[1] - at])
            again.resent(self, p, *known, ident)

    def _unseen(self, p: Packet, start: int, end: int) -> tuple[int, int, float] | None:
        """What of it the capture lacked until now, and since when; it is seen from now on."""
        found = None
        for i, (low, high, number, time) in enumerate(self.holes):
            if start < high and end > low:
                one, other = max(start, low), min(end, high)
                found = one, other, time
                self.lacks -= other - one
                self.octets += other - one
                rest = [(low, one), (other, high)]
                self.holes[i : i + 1] = [
                    (*each, number, time) for each in rest if each[0] < each[1]
                ]
                break
        if found is not None and end > self.una:
            chunk = Chunk(found[0], found[1], p.time, p, 0, found[0], b"")
            self.room.chunks -= 1
            self.chunks.insert(bisect_left(self.chunks, chunk.start, key=_start), chunk)
        return found

    def _compare(self, p: Packet, start: int, text: bytes) -> None:
        """Are the octets those that were sent before?"""
        if not text:
            return
        for chunk in self.within(start, start + len(text)):
            if not chunk.octets:
                continue
            low = max(start, chunk.at)
            high = min(start + len(text), chunk.at + len(chunk.octets))
            if low >= high:
                continue
            mine, theirs = text[low - start : high - start], chunk.octets[low - chunk.at :]
            theirs = theirs[: high - low]
            self.compared += high - low
            if mine != theirs:
                place = low + next(i for i in range(high - low) if mine[i] != theirs[i])
                self.keep(self.contradicted, Differs(p.number, chunk.packet, place))
                return

    def within(self, start: int, end: int) -> list[Chunk]:
        """The chunks in flight that have places from ``start`` to ``end``."""
        first = max(0, bisect_right(self.chunks, start, key=_start) - 1)
        found = []
        for chunk in self.chunks[first:]:
            if chunk.start >= end:
                break
            if chunk.end > start:
                found.append(chunk)
        return found

    def took(self, start: int, end: int, p: Packet, ident: int) -> None:
        """The chunks there were sent once more."""
        for edge in (start, end):
            i = bisect_right(self.chunks, edge, key=_start) - 1
            if 0 <= i < len(self.chunks) and self.chunks[i].start < edge < self.chunks[i].end:
                self.room.chunks -= 1
                self.chunks.insert(i + 1, self.chunks[i].split(edge))
        for chunk in self.within(start, end):
            chunk.seen(p, ident)
            chunk.sent += 1

    # What its peer says

    def hears(self, p: Packet, shift: int, sack: list[tuple[int, int]]) -> None:
        """A segment of its peer, whose window is scaled by ``shift``."""
        if not p.flags & RST:
            self.came = p.time
        if p.flags & RST or not p.flags & ACK:
            return
        if self.base is None:
            self.base = p.ack - 1
            self.una = self.nxt = self.first = 1
        ack = self.place(p.ack)
        if ack - self.nxt > FAR or self.una - ack > FAR:
            return
        if ack > self.nxt:
            self._gap(p, self.nxt, ack, True)
            self.nxt = ack
        self.last_heard = p.time
        wnd = p.wnd << shift
        same = wnd == self.wnd
        dsack, fresh = self._sacked(ack, sack)
        bare = not p.text and not p.flags & (SYN | FIN)
        if ack < self.una:
            return  # it came late
        news = ack > self.una
        if news:
            self._acked(p, ack)
        elif self._repeats(wnd, fresh or (bare and same and not dsack)):
            self._duplicate(p)
        if self._wl1 is None or ((p.seq - self._wl1) & MASK) < 1 << 31:
            self._wl1 = p.seq
            self._offered(p, ack, wnd, shift, bare and not fresh and not news)
        self.flight.heard(p.time, self.una, self._room(), self.episode is not None)

    def _repeats(self, wnd: int, says: bool) -> bool:
        """Does it ask for the oldest in flight; and is it no answer to a probe?"""
        return says and self.nxt > self.una > 0 and (self.zero is None or wnd > 0)

    def _room(self) -> int | None:
        return self.edge if self.scaled else None

    def _acked(self, p: Packet, ack: int) -> None:
        count, sample, doubt = 0, None, False
        for chunk in self.chunks:
            if chunk.start >= ack:
                break
            if chunk.end > ack:
                rest = chunk.split(ack)
                self.room.chunks -= 1
                self.chunks.insert(count + 1, rest)
            doubt |= chunk.sent > 1 or chunk.sacked
            sample = chunk
            count += 1
        if sample is not None and not doubt:
            self.trip.add(p.time - sample.first)
        elif doubt:
            self.trip.excluded += 1
        for chunk in self.chunks[:count]:
            self._drop(chunk)
            self.done.append(chunk)
        del self.chunks[:count]
        if len(self.done) > 2 * DONE:
            del self.done[:-DONE]
        while self.holes and self.holes[0][0] < ack:
            _, end, number, time = self.holes.pop(0)
            if end > ack:
                self.holes.insert(0, (ack, end, number, time))
                break
        if self.trigger:
            self._ignored("what was missing was acknowledged without it")
        self.duplicates = []
        self.una = ack
        self.last_ack = p.time
        if self.episode is not None and ack >= self.recover:
            self._recovered(p.time)

    def _recovered(self, time: float | None) -> None:
        assert self.episode is not None
        self.keep(self.episodes, self.episode._replace(ended=time))
        self.episode = None

    def recovers(self, kind: Kind, p: Packet, silent: float) -> None:
        """A loss is being repaired from here on."""
        if self.episode is not None:
            self._recovered(p.time)
        self.episode = Episode(kind, p.number, p.time, None, silent)
        self.recover = self.nxt

    def _ignored(self, what: str) -> None:
        self.keep(self.ignored, Ignored(self.trigger, what))
        self.trigger = 0

    def answered(self, kind: Kind) -> None:
        """The oldest octets in flight were sent again: three duplicate ACKs were heeded, or not."""
        if self.trigger and kind is Kind.TIMEOUT:
            self._ignored("a timeout sent it again")
        self.trigger = 0

    def _duplicate(self, p: Packet) -> None:
        self.all_duplicates += 1
        if len(self.duplicates) < KEPT:
            self.duplicates.append(p.number)
        self.tell(p.number, "duplicate ACK")
        if len(self.duplicates) == DUPLICATES and self.episode is None:
            oldest = self.chunks[0] if self.chunks else None
            if oldest is not None and oldest.start <= self.una and oldest.sent == 1:
                self.trigger = p.number
                self.triggers += 1

    def _sacked(self, ack: int, sack: list[tuple[int, int]]) -> tuple[bool, bool]:
        """Is it a duplicate SACK; and does it tell of something new?"""
        if not sack:
            return False, False
        spans = [(self.place(low), self.place(high)) for low, high in sack]
        (low, high), fresh = spans[0], False
        inside = len(spans) > 1 and spans[1][0] <= low and high <= spans[1][1]
        dsack = high <= ack or inside
        if dsack:
            again.twice(self, low, high)
            spans = spans[1:]
        for low, high in spans:
            if not self.una <= low < high <= self.nxt:
                continue
            for chunk in self.within(low, high):
                if not chunk.sacked and low <= chunk.start and chunk.end <= high:
                    chunk.sacked = fresh = True
        return dsack, fresh

    def _offered(self, p: Packet, ack: int, wnd: int, shift: int, bare: bool) -> None:
        """The window is now so wide."""
        before, edge = self.wnd, ack + wnd
        if shift and self.granularity == 1:
            self.granularity = 1 << shift
        if self.edge is not None and self.scaled:
            self.offers += 1
            lost = self.edge - edge
            if lost >= self.granularity:
                self.keep(self.shrinks, Shrink(p.number, lost))
                self.shrunk = edge, p.time
            elif self.shrunk is not None and edge >= (self.furthest or 0):
                self.shrunk = None
            elif self.shrunk is not None:
                self.shrunk = max(edge, self.shrunk[0]), self.shrunk[1]
            self._small(p, wnd, -lost)
        if self._suspects:
            self._excuse(edge)
        self.wnd, self.edge = wnd, edge
        self.widest = max(self.widest, wnd)
        if self.furthest is None or edge > self.furthest:
            self.furthest, self.furthest_packet = edge, p.number
        if wnd == 0:
            self.tell(p.number, "zero window")
            if self.zero is None:
                self.zero = Zero(
                    p.number, p.time, outstanding=self.nxt > self.una, rto=self.trip.rto
                )
                self.keep(self.zeros, self.zero)
            elif self.zero.probes:
                self.zero.answered += 1
                self.tell(p.number, "probe answered")
            return
        if self.zero is not None:
            self.zero.opened, self.zero.ended = p.number, p.time
            self.zero = None
        opens = bare and before is not None and wnd > before
        if opens and self.duplicates[-1:] != [p.number]:
            self.updates += 1
            self.tell(p.number, "window update")

    def _excuse(self, edge: int) -> None:
        """Does the next ACK allow what was beyond the window?"""
        for i in range(len(self.beyond) - self._suspects, len(self.beyond)):
            one = self.beyond[i]
            if edge >= one.edge + one.octets:
                excuse = "the capture may lack an ACK before it, since the next one allows it"
                self.beyond[i] = one._replace(excuse=excuse)
        self._suspects = 0

    def _small(self, p: Packet, wnd: int, more: int) -> None:
        """Is it a silly window: a small one, opened by less than the receiver should wait for?"""
        if more <= 0 or wnd >= (self.mss or 536):
            return
        least = min(self.mss or 536, max(self.widest // 2, 1))
        if 0 < wnd < least and 0 < more < least:
            self.keep(self.silly, Silly(p.number, wnd))

    def finish(self, last: float) -> None:
        """The capture has no more of it; ``last``: when it had anything of the connection."""
        self.over = last
        if self.trigger:
            self._ignored("the capture ends before anything else")
        if self.episode is not None:
            self._recovered(None)
        for chunk in self.chunks:
            self._drop(chunk)
        self.chunks = []
        self.flight.finish()


def _start(chunk: Chunk) -> int:
    return chunk.start


__all__ = ["Chunk", "Resend", "Room", "Sending", "Late"]
