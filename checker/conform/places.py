"""Which ends two captures of the same connections were taken at."""

from collections.abc import Iterator
from pathlib import Path

from checker.capture import Damage, Packet, frames, read
from checker.capture.segments import CONTROL
from checker.conform.follow import MIDDLE, Position
from checker.support.errors import UsageProblem

MATCHED = 5_000
"""Segments of two captures that are compared to learn which was taken where."""


def places(capture: Path, peer: Path) -> tuple[Position, Position]:
    """Which ends the two captures were taken at.

    A segment takes its time from its sender's end to the other. The clocks of the two may differ,
    but by the same amount for both directions: so the end whose segments are later in the peer
    capture is the one of the first capture.
    """
    seen: dict[tuple[object, ...], float] = {}
    for key, at in _marks(capture):
        seen.setdefault(key, at)
    sums: dict[tuple[bytes, bytes], list[float]] = {}
    for key, at in _marks(peer):
        if key in seen:
            src, dst = key[0][:-2], key[1][:-2]  # type: ignore[index]
            sums.setdefault((src, dst), []).append(at - seen.pop(key))
    here: set[bytes] = set()
    there: set[bytes] = set()
    for (src, dst), later in sums.items():
        back = sums.get((dst, src))
        if back and min(later) > min(back):
            here.add(src)
            there.add(dst)
    if not here and not seen and not sums:
        return MIDDLE, MIDDLE  # both are empty
    if not here:
        raise UsageProblem(
            f"cannot tell which ends {str(capture)!r} and {str(peer)!r} were taken at: they have "
            "no connection in common that was seen in both directions"
        )
    return Position(frozenset(here)), Position(frozenset(there))


def _marks(path: Path) -> Iterator[tuple[tuple[object, ...], float]]:
    number = 0
    try:
        for item in read(frames(path)):
            if isinstance(item, Packet):
                number += 1
                if number > MATCHED:
                    return
                key = (item.src, item.dst, item.seq, item.ack, item.flags & CONTROL, item.text)
                yield key, item.time
    except Damage:
        return
