"""Timestamps of captured segments (RFC 7323), as ``spec.tcp.timestamps`` has them: 1 is TSval 0."""

from checker.capture.segments import Packet, options
from spec.tcp.segment import Stamp
from spec.world.bounds import Bounds

TIMESTAMPS = 8
"""The kind of the option."""
VALUES = 1 << 32
"""How many a clock has."""
WIRE = Bounds(width=32, stamps=VALUES, stamps_wrap=True)
"""Numbers and timestamps as segments have them."""


def stamp(p: Packet) -> Stamp:
    """TSval; 0: without the option."""
    if not p.options:
        return 0
    value = options(p.options).get(TIMESTAMPS, b"")
    return 1 + int.from_bytes(value[:4], "big") if len(value) == 8 else 0
