"""What the data plane reads of a segment beside its numbers."""

from typing import NamedTuple

from checker.capture.segments import Packet, options

MSS, SCALE, PERMITTED, SACK, TIMESTAMPS = 2, 3, 4, 5, 8
MASK = 0xFFFFFFFF
_HALF = 1 << 31


def near(place: int, number: int) -> int:
    """The place next to ``place`` whose last 32 bits are ``number``: numbers that do not wrap."""
    ahead = (number - place) & MASK
    return place + (ahead if ahead < _HALF else ahead - MASK - 1)


class Opening(NamedTuple):
    """What a SYN offers."""

    mss: int
    scale: int | None
    sack: bool


def opening(p: Packet) -> Opening:
    """The options of a SYN; without one, an MSS of 536 (RFC 9293 3.7.1), or 1220 with IPv6."""
    found = options(p.options)
    mss = int.from_bytes(found.get(MSS, b"")[:2], "big") or (536 if len(p.src) < 16 else 1220)
    scale = found.get(SCALE)
    return Opening(mss, min(scale[0], 14) if scale else None, PERMITTED in found)


def blocks(p: Packet) -> list[tuple[int, int]]:
    """The blocks of its SACK option, in sequence numbers (RFC 2018)."""
    if len(p.options) < 10 or SACK not in p.options:
        return []
    found = options(p.options).get(SACK, b"")
    return [
        (int.from_bytes(found[i : i + 4], "big"), int.from_bytes(found[i + 4 : i + 8], "big"))
        for i in range(0, len(found) - 7, 8)
    ]
