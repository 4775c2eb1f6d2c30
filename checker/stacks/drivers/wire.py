"""TCP segments over IPv4, packed and read."""

import socket
import struct
from typing import NamedTuple


class Raw(NamedTuple):
    """A TCP segment as it is on the wire."""

    source: tuple[str, int]
    target: tuple[str, int]
    seq: int
    ack: int
    flags: str  # of "FSRPAUEC", in this order
    window: int
    text: bytes = b""
    options: bytes = b""

    def has(self, flags: str) -> bool:
        """Are all of ``flags`` set?"""
        return all(flag in self.flags for flag in flags)


_FLAGS = "FSRPAUEC"


def pack(seg: Raw) -> bytes:
    """An IPv4 packet with right checksums."""
    options = seg.options + bytes(-len(seg.options) % 4)
    bits = sum(1 << i for i, flag in enumerate(_FLAGS) if flag in seg.flags)
    words = (20 + len(options)) // 4
    ends = [socket.inet_aton(address) for address, _ in (seg.source, seg.target)]
    head = struct.pack(
        "!HHIIBBH", seg.source[1], seg.target[1], seg.seq, seg.ack, words << 4, bits, seg.window
    )
    rest = bytes(2) + options + seg.text
    pseudo = b"".join(ends) + struct.pack("!HH", 6, len(head) + 2 + len(rest))
    tcp = head + struct.pack("!H", _checksum(pseudo + head + bytes(2) + rest)) + rest
    ip = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6)
    total = _checksum(ip + bytes(2) + b"".join(ends))
    return ip + struct.pack("!H", total) + b"".join(ends) + tcp


def unpack(packet: bytes) -> Raw | None:
    """The TCP segment in an IPv4 packet, if there is one."""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != 6:
        return None
    start, end = (packet[0] & 15) * 4, struct.unpack("!H", packet[2:4])[0]
    ports = struct.unpack("!HH", packet[start : start + 4])
    seq, ack, words, bits, window = struct.unpack("!IIBBH", packet[start + 4 : start + 16])
    head = start + (words >> 4) * 4
    return Raw(
        (socket.inet_ntoa(packet[12:16]), ports[0]),
        (socket.inet_ntoa(packet[16:20]), ports[1]),
        seq,
        ack,
        "".join(flag for i, flag in enumerate(_FLAGS) if bits >> i & 1),
        window,
        packet[head:end],
        packet[start + 20 : head],
    )


def _checksum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
