"""Connections written packet by packet, and captures, followed by ``conform``."""

import struct
from collections.abc import Iterable
from pathlib import Path

from checker.capture import Packet, frames, read
from checker.capture.segments import ACK, SYN
from checker.conform.behaviour import choose
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import MIDDLE, Follower, Position
from tests.helpers.mutate import CAPTURES, ENDS

ZEEK = CAPTURES.parent / "zeek"
LIVES = CAPTURES.parent / "lives.txt"
LINUX = choose(["linux"])
RFC = choose([])


def followed(
    packets: Iterable[Packet], behaviour=RFC, position: Position = MIDDLE, **limits: int
) -> list[Connection]:
    found: list[Connection] = []
    follower = Follower(behaviour, position, found.append, **limits)
    follower.feed(packets)
    follower.finish()
    return found


def captured(path: Path, behaviour=RFC, position: Position = MIDDLE) -> list[Connection]:
    return followed(read(frames(path)), behaviour, position)


def end(path: Path) -> Position:
    """Where a capture of the lab was taken."""
    return Position(frozenset({ENDS[path.suffixes[0][1]]}))


A, B = bytes([10, 0, 0, 1, 4, 0]), bytes([10, 0, 0, 2, 0, 80])


class Wire:
    """Writes packets in the numbers of Figure 12: A's ISN is 99, B's is 299."""

    def __init__(self, clock: float = 0.01) -> None:
        self.packets: list[Packet] = []
        self.clock = clock
        self.time = 0.0

    def __call__(
        self, src: bytes, flags: int, seq: int, ack: int = 0, text: int = 0, wnd: int = 1000,
        options: bytes = b"",
    ) -> "Wire":  # fmt: skip
        self.time += self.clock
        number = len(self.packets) + 1
        dst = B if src == A else A
        seq, ack = seq % 2**32, ack % 2**32
        self.packets.append(
            Packet(number, self.time, src, dst, seq, ack, flags, wnd, text, options)
        )
        return self

    def opened(self, a: int = 99, b: int = 299) -> "Wire":
        self(A, SYN, a)(B, SYN | ACK, b, a + 1)
        return self(A, ACK, a + 1, b + 1)


def as_frame(p: Packet) -> bytes:
    """A packet of IPv4, as a frame of a raw link has it."""
    tcp = struct.pack(">IIBBHHH", p.seq, p.ack, (20 + len(p.options)) << 2, p.flags, p.wnd, 0, 0)
    total = 40 + len(p.options) + p.text
    head = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, 0, 64, 6, 0) + p.src[:4] + p.dst[:4]
    return head + p.src[4:] + p.dst[4:] + tcp + p.options + bytes(p.text)


def verdicts(wire: Wire, **how) -> list[str]:
    return [c.verdict.value for c in followed(wire.packets, **how)]


def deviation(wire: Wire, **how):
    """The first, of the last connection."""
    found = followed(wire.packets, **how)[-1]
    assert found.verdict is Verdict.DEVIATES, found.life
    return found.deviation
