"""What one end's peer was seen to send: all that can have arrived at the end, by the time.

What passed the capture point may be on its way, lost, duplicated or reordered; so nothing here
is a state. It is kept as a summary of bounded size, one for each initial sequence number:

* ``top``: text was seen without a gap up to here, ``total`` octets; ``parts`` lie beyond a gap;
  ``fin``: where.
* ``ack``: the highest acknowledgment, and ``since``: from where on nothing was seen without it.
  Text and FIN beyond cannot have arrived without the acknowledgment. What came before can, also
  where the segment that brought the acknowledgment repeats it.
* ``edge``: the furthest that the peer ever let its partner send, ACK plus window.
* ``lost``: where the last gap in the capture ends, as long as the number before may be a FIN's.
* ``dropped``: what came in segments that the specification drops, as text without an ACK. It is no
  part of all else, and counts once an end is believed to take it (``believe``).
"""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from spec.seq import Space

SEQ = Space(32)
PARTS = 1 << 10
"""Gaps that are kept; what lies beyond more is forgotten, and said to be."""


DROPPED = 1 << 4
"""Segments that are kept of those that are dropped: the last."""


class Dropped(NamedTuple):
    """What the specification drops, and the switch by which it would not."""

    switch: str
    seq: int
    ack: int | None
    text: int
    fin: bool


class Inbound:
    """A summary of the segments of one TCB, by its ISN."""

    __slots__ = (
        "ack",
        "dropped",
        "edge",
        "fin",
        "full",
        "isn",
        "lost",
        "parts",
        "since",
        "top",
        "total",
    )

    def __init__(self, isn: int) -> None:
        self.isn = isn
        self.top = SEQ.plus(isn, 1)
        self.total = 0  # grows beyond the circle
        self.parts: list[tuple[int, int]] = []
        self.fin: int | None = None
        self.ack: int | None = None
        self.since = isn
        self.edge: int | None = None  # None: the window is not known
        self.lost: int | None = None
        self.full = False
        self.dropped: tuple[Dropped, ...] = ()

    def text(self, seq: int, octets: int) -> bool:
        """Take in a range; is any of it new?"""
        end = (seq + octets) & 0xFFFFFFFF
        ahead = (seq - self.top) & 0xFFFFFFFF
        if ahead == 0 or ahead >= 0x80000000:
            if not 0 < (end - self.top) & 0xFFFFFFFF < 0x80000000:
                return False
            old, self.top = self.top, end
            while self.parts:
                start, stop = self.parts[0]
                if SEQ.lt(self.top, start):
                    break
                self.parts.pop(0)
                if SEQ.lt(self.top, stop):
                    self.top = stop
            self.total += (self.top - old) & 0xFFFFFFFF
            return True
        return self._beyond(seq, end)

    def _beyond(self, seq: int, end: int) -> bool:
        """A range after a gap: parts are kept in order, and apart."""
        top, parts = self.top, self.parts
        low, high = SEQ.minus(seq, top), SEQ.minus(end, top)

        def starts(part: tuple[int, int]) -> int:
            return SEQ.minus(part[0], top)

        # Those before ``first`` end before the range, and those from ``after`` on begin behind it.
        first = after = len(parts)
        if parts and low <= starts(parts[-1]):  # mostly it extends the last, or comes after it
            first = bisect_left(parts, low, key=starts)
            after = bisect_right(parts, high, lo=first, key=starts)
        if first and low <= SEQ.minus(parts[first - 1][1], top):
            first -= 1
        met = parts[first:after]
        if met:
            low, high = min(low, starts(met[0])), max(high, SEQ.minus(met[-1][1], top))
            if len(met) == 1 and met[0] == (SEQ.plus(top, low), SEQ.plus(top, high)):
                return False
        parts[first:after] = [(SEQ.plus(top, low), SEQ.plus(top, high))]
        if len(parts) > PARTS:
            self.full = True
            del parts[PARTS:]
        return True

    def acknowledges(self, seq: int, ack: int) -> None:
        """An acknowledgment was seen, in a segment at ``seq`` that is not yet taken in."""
        if self.ack is None or 0 < (ack - self.ack) & 0xFFFFFFFF < 0x80000000:
            self.ack = ack
            end = (self.top + (self.fin == self.top)) & 0xFFFFFFFF
            self.since = end if 0 < (end - seq) & 0xFFFFFFFF < 0x80000000 else seq

    def opens(self, edge: int) -> None:
        """The right edge of the window was seen."""
        if self.edge is None or 0 < (edge - self.edge) & 0xFFFFFFFF < 0x80000000:
            self.edge = edge

    def drop(self, one: Dropped) -> None:
        """Keep it apart, unless it was seen otherwise: then nothing depends on it."""
        end = SEQ.plus(one.seq, one.text + one.fin)
        if one.ack is not None or not SEQ.le(end, self.end()):
            self.dropped = (*self.dropped, one)[-DROPPED:]

    def forget(self) -> None:
        """Leave out what was dropped and is seen otherwise."""
        kept, self.dropped = self.dropped, ()
        for one in kept:
            self.drop(one)

    def believe(self, switch: str = "") -> None:
        """Take in what was dropped by ``switch``, or all, as if it had never been."""
        for one in self.dropped:
            if switch in ("", one.switch):
                if one.ack is not None:
                    self.acknowledges(one.seq, one.ack)
                if one.text:
                    self.text(one.seq, one.text)
                if one.fin:
                    self.fin = SEQ.plus(one.seq, one.text)
        self.dropped = tuple([one for one in self.dropped if switch not in ("", one.switch)])

    def believing(self, switch: str = "") -> "Inbound":
        """What it would be then."""
        if not any(switch in ("", one.switch) for one in self.dropped):
            return self
        other = Inbound(self.isn)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.parts = [*self.parts]
        other.believe(switch)
        return other

    def end(self) -> int:
        """Behind what was seen without a gap, FIN included."""
        return SEQ.plus(self.top, 1) if self.fin == self.top else self.top

    def furthest(self) -> int:
        """Behind all that was seen, gaps or not."""
        end = self.parts[-1][1] if self.parts else self.end()
        return SEQ.plus(self.fin, 1) if self.fin is not None and SEQ.le(end, self.fin) else end

    def fill(self, stop: int) -> list[tuple[int, int]]:
        """Take all before ``stop``, which lies beyond ``top``, for sent; what was not seen?"""
        missing, at = [], self.top
        for low, high in self.parts:
            if SEQ.lt(low, stop):
                missing.append((at, low))
                at = high
        if SEQ.lt(at, stop):
            missing.append((at, stop))
        self.text(self.top, SEQ.minus(stop, self.top))
        return missing

    def covers(self, ack: int) -> bool:
        """Was everything before ``ack`` seen? SYN and FIN count."""
        if SEQ.le(ack, self.top):
            return SEQ.minus(self.top, ack) <= self.total
        return self.fin == self.top and ack == SEQ.plus(self.top, 1)
