"""The two headers of a pcap file, for whoever writes one."""

import struct

MICROSECONDS = 0xA1B2C3D4


def header(link: int, order: str = "<", magic: int = MICROSECONDS) -> bytes:
    """What a file of that link type begins with."""
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 1 << 18, link)


def record(
    seconds: int, fraction: int, data: bytes, length: int | None = None, order: str = "<"
) -> bytes:
    """A packet; ``length`` is what it had before it was cut."""
    whole = len(data) if length is None else length
    return struct.pack(order + "IIII", seconds, fraction, len(data), whole) + data
