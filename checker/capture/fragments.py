"""Fragments of packets, put together (RFC 791, 3.2; RFC 8200, 4.5).

The whole is a frame again: the headers before the first fragment, with the length and without the
mark of a fragment, and all that was carried. So whoever reads it, tunnels included, needs to know
nothing of this. Where the capture kept less than all of a fragment, what comes behind counts as
not kept.

A capture may have each fragment twice. The copy of the last comes when its packet is joined, which
is therefore remembered for a while: copies of its fragments are not missed if they stay alone.

Memory is bounded: of packets that are not whole yet, and of those that were joined, by their
number, by octets, and in time.
"""

from collections.abc import Iterator
from typing import NamedTuple

from checker.capture.files import Frame
from checker.capture.networks import Fragment, Ip

WAIT = 15.0
"""Seconds: as long as RFC 791, 3.2 waits for the rest."""
HELD = 1 << 10
ROOM = 1 << 24
"""Octets of fragments that are held."""
LONGEST = 0xFFFF


class Piece(NamedTuple):
    """One fragment: what it carries, as much as was kept of it, and how long that is."""

    number: int  # in the order of time
    octets: bytes
    size: int
    frame: Frame
    ip: Ip


class Packet:
    """The fragments of one packet, by their offsets."""

    __slots__ = ("began", "copy", "end", "pieces")

    def __init__(self, began: float, copy: bool) -> None:
        self.began = began
        self.copy = copy  # all of it is also in one that was joined
        self.end: int | None = None  # of what it carries, once the last fragment was seen
        self.pieces: dict[int, Piece] = {}

    def octets(self) -> int:
        """How much is held of it."""
        return sum(len(one.frame.data) for one in self.pieces.values())

    def has(self, fragment: Fragment, octets: bytes, size: int) -> bool:
        """Is this a copy of one of its fragments? (The packet is whole.)"""
        known = self.pieces.get(fragment.offset)
        return (
            known is not None
            and (known.octets, known.size) == (octets, size)
            and fragment.more == (fragment.offset + size != self.end)
        )

    def whole(self) -> bool | None:
        """Is everything there? None: fragments overlap, or go on behind the last."""
        at = 0
        for offset, piece in sorted(self.pieces.items()):
            if offset < at:
                return None
            if offset > at:
                return False
            at += piece.size
        if self.end is None:
            return False
        return True if at == self.end else None


class Fragments:
    """What waits for the rest of it, and what was joined of late, the first of each first."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[bytes, bytes, bytes, str], Packet] = {}
        self.joined: dict[tuple[bytes, bytes, bytes, str], Packet] = {}
        self.octets = 0

    def take(self, number: int, frame: Frame, ip: Ip, fragment: Fragment) -> Frame | list[Piece]:
        """The frame that is whole now, or else those fragments that are given up."""
        key = (ip.src, ip.dst, fragment.ident, ip.scope)
        octets = frame.data[ip.at : ip.at + ip.size]
        self._forget(frame.time)
        before = self.joined.get(key)
        copy = before is not None and before.has(fragment, octets, ip.size)
        packet = self.waiting.pop(key, None)
        if packet is not None and packet.copy and not copy:  # the identification is used again
            self.octets -= packet.octets()
            packet = None
        packet = packet or Packet(frame.time, copy)
        known = packet.pieces.get(fragment.offset)
        if known is None or known.size != ip.size:
            piece = Piece(number, octets, ip.size, frame, ip)
            if known is not None or fragment.offset + ip.size > LONGEST or ip.size <= 0:
                self.octets -= packet.octets()
                return [*packet.pieces.values(), piece]
            packet.pieces[fragment.offset] = piece
            self.octets += len(frame.data)
            if not fragment.more:
                packet.end = fragment.offset + ip.size
        whole = packet.whole()
        if whole is False:
            self.waiting[key] = packet
            self._forget(frame.time)
            if len(self.waiting) > HELD or self.octets > ROOM:
                return self._give_up()
            return []
        if whole is None:
            self.octets -= packet.octets()
            return list(packet.pieces.values())
        self._remember(key, packet, frame.time)
        return _joined(packet, frame)

    def _remember(self, key: tuple[bytes, bytes, bytes, str], packet: Packet, now: float) -> None:
        before = self.joined.pop(key, None)
        if before is not None:
            self.octets -= before.octets()
        packet.began = now
        self.joined[key] = packet
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Of what was joined, as much as has to go."""
        while self.joined:
            key, oldest = next(iter(self.joined.items()))
            if now - oldest.began <= WAIT and len(self.joined) <= HELD and self.octets <= ROOM:
                return
            self.octets -= self.joined.pop(key).octets()

    def expired(self, now: float) -> Iterator[Piece]:
        """What has waited too long is given up. The first to wait are the first here."""
        while self.waiting:
            oldest = next(iter(self.waiting.values()))
            if now - oldest.began <= WAIT:
                return
            yield from self._give_up()

    def rest(self) -> Iterator[Piece]:
        """Nothing more comes."""
        while self.waiting:
            yield from self._give_up()

    def _give_up(self) -> list[Piece]:
        packet = self.waiting.pop(next(iter(self.waiting)))
        self.octets -= packet.octets()
        return [] if packet.copy else list(packet.pieces.values())


def _joined(packet: Packet, last: Frame) -> Frame:
    pieces = [piece for _, piece in sorted(packet.pieces.items())]
    first = pieces[0]
    start, at = first.ip.fragment.start, first.ip.at  # type: ignore[union-attr]
    size = sum(piece.size for piece in pieces)
    head = bytearray(first.frame.data[:at])
    if head[start] >> 4 == 4:
        head[start + 2 : start + 4] = (at - start + size).to_bytes(2, "big")
        head[start + 6 : start + 8] = bytes(2)
    else:
        head[start + 4 : start + 6] = (at - start - 40 + size).to_bytes(2, "big")
        head[at - 6 : at - 4] = bytes(2)
    kept = b""
    for piece in pieces:
        kept += piece.octets
        if len(piece.octets) < piece.size:
            break
    return Frame(last.link, last.time, bytes(head) + kept, at + size, last.number)
