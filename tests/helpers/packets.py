"""Packets and frames, octet by octet, and what is read of one."""

import struct

from checker.capture import Frame, Packet, Unread, read
from checker.capture.segments import SYN

A4, B4 = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
A6, B6 = bytes(15) + b"\1", bytes(15) + b"\2"
PORTS = struct.pack(">HH", 1024, 80)


def tcp(flags: int = SYN, text: int = 0, extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBHHH", 7, 9, (20 + len(extra)) << 2, flags, 100, 0, 0)
    return PORTS + head + extra + b"x" * text


def ipv4(payload: bytes, fragment: int = 0, total: int | None = None, proto: int = 6) -> bytes:
    total = 20 + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, fragment, 64, proto, 0)
    return head + A4 + B4 + payload


def ipv6(payload: bytes, kind: int = 6) -> bytes:
    return struct.pack(">IHBB", 0x60000000, len(payload), kind, 64) + A6 + B6 + payload


def udp(port: int, payload: bytes, source: int = 5555) -> bytes:
    """A datagram."""
    return struct.pack(">HHHH", source, port, 8 + len(payload), 0) + payload


ETHERNET = bytes(12)
"""The addresses of a frame; its EtherType follows."""


def one(link: int, data: bytes, length: int | None = None) -> Packet | Unread | None:
    """What is read of one frame, that had ``length`` octets before it was cut."""
    whole = len(data) if length is None else length
    found = list(read([Frame(link, 0.0, data, whole, 1)]))
    return found[0] if found else None
