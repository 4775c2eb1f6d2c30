"""Transfers of text from A to B, written segment by segment, and what is known of them."""

import struct

from checker.capture import frames, read
from checker.capture.datagrams import carried
from checker.capture.segments import ACK, SYN, Packet
from checker.dataplane.judge import RFC, Check, Timing, judge
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Room, Sending
from tests.helpers.mutate import CAPTURES
from tests.helpers.wire import A, B, Wire

LOSSY = CAPTURES.parent / "lossy"
SIZE = 1000
PERMITTED = b"\x04\x02\x01\x01"


def sack(*places: int) -> bytes:
    """The option, with blocks from place to place."""
    blocks = b"".join(struct.pack(">I", 99 + one) for one in places)
    return b"\x01\x01\x05" + bytes([2 + len(blocks)]) + blocks


class Transfer:
    """A sends segments of ``SIZE`` octets, which have numbers from 1 on; B acknowledges them.

    The capture is at A, if ``back`` is nothing; else it takes A so long to answer what passes.
    """

    def __init__(
        self, wnd: int = 50_000, trip: float = 0.1, back: float = 0.0, options: bytes = b"",
        at: int | None = None, room: Room | None = None,
    ) -> None:  # fmt: skip
        self.wire, self.wnd = Wire(0.0), wnd
        self.words: list[tuple[int, str]] = []
        self.plane = Plane(
            room or Room(), at, drawn=True, tell=lambda n, w: self.words.append((n, w))
        )
        self.texts: dict[int, tuple[bytes, int]] = {}
        self(A, SYN, 99, options=options).after(trip)
        self(B, SYN | ACK, 299, 100, wnd=min(wnd, 65535), options=options).after(back)
        self(A, ACK, 100, 300)

    def __call__(
        self, src: bytes, flags: int, seq: int, ack: int = 0, octets: bytes = b"", ident: int = 0,
        text: int | None = None, **how,
    ) -> "Transfer":  # fmt: skip
        self.wire(src, flags, seq, ack, text=len(octets) if text is None else text, **how)
        p = self.wire.packets[-1]
        self.plane.take(int(src == B), p, octets, ident)
        return self

    def after(self, seconds: float) -> "Transfer":
        self.wire.time += seconds
        return self

    def send(self, *numbers: int, ident: int = 0, octets: bytes = b"") -> "Transfer":
        """Segments of A."""
        for number in numbers:
            seq = 100 + SIZE * (number - 1)
            self(A, ACK, seq, 300, octets=octets, ident=ident, text=len(octets) or SIZE)
        return self

    def ack(self, number: int, wnd: int | None = None, **how) -> "Transfer":
        """B has everything before segment ``number``."""
        wnd = self.wnd if wnd is None else wnd
        return self(B, ACK, 300, 100 + SIZE * (number - 1), wnd=wnd, **how)

    @property
    def packet(self) -> int:
        """The last."""
        return len(self.wire.packets)

    def done(self) -> Sending:
        """The direction from A to B, when all is over."""
        self.plane.finish()
        return self.plane.ways[0]

    def judged(self, name: str, timing: Timing = RFC, side: int | None = None) -> Check:
        """A check, of A's sending or of B's windows."""
        self.plane.finish()
        found = [one for one in judge(self.plane, timing) if one.name == name]
        wanted = side if side is not None else int(name in ("shrinking", "silly windows"))
        return next(one for one in found if one.side == wanted)


def watched(path, at: int | None = None, drawn: bool = False, tell=None) -> Plane:
    """The one connection of a capture."""
    last: list = [None]

    def seen(_number, frame, _ip) -> None:
        last[0] = frame

    plane, client = Plane(Room(), at, drawn, **({"tell": tell} if tell else {})), None
    for p in read(frames(path), seen):
        assert isinstance(p, Packet)
        client = client or p.src
        plane.take(int(p.src != client), p, *(carried(last[0], p) if p.length() else (b"", 0)))
    plane.finish()
    return plane
