"""The TCP segments in frames: link layer, VLAN tags, IPv4 or IPv6, TCP.

A segment's length is what the IP header says; text that the capture did not keep counts all the
same. Nothing is put together: a fragment, or a header that was cut off, is ``Unread``, and so is
what the link or network layer hides. Checksums are not verified, since captures of the sending
host have wrong ones where its interface computes them.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from checker.capture.files import Frame

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
CONTROL = 0x3F
"""The bits of ``Packet.flags`` that the lifecycle knows; above are those of ECN."""


class Packet:
    """One segment: ``src`` and ``dst`` are sockets, address and port as octets."""

    __slots__ = ("ack", "dst", "flags", "number", "options", "seq", "src", "text", "time", "wnd")

    def __init__(
        self,
        number: int,
        time: float,
        src: bytes,
        dst: bytes,
        seq: int,
        ack: int,
        flags: int,
        wnd: int,
        text: int,
        options: bytes = b"",
    ) -> None:
        self.number = number
        self.time = time
        self.src = src
        self.dst = dst
        self.seq = seq
        self.ack = ack
        self.flags = flags
        self.wnd = wnd
        self.text = text
        self.options = options  # of a SYN only

    def length(self) -> int:
        """SEG.LEN."""
        return self.text + (self.flags >> 1 & 1) + (self.flags & 1)


class Unread(NamedTuple):
    """A frame that may be of a TCP connection and cannot be read; ``src`` and ``dst`` where known.

    ``why`` is one of few texts, so that they can be counted.
    """

    number: int
    why: str
    src: bytes = b""
    dst: bytes = b""


_TCP_HEADER = struct.Struct(">IIBBH").unpack_from
_USUAL = struct.Struct(">12xHBxHxxHxBxx4s4s2s2sIIBBH").unpack_from
"""Ethernet, IPv4 without options, TCP."""


def read(frames: Iterable[Frame]) -> Iterator[Packet | Unread]:
    """What is TCP in ``frames``, which are numbered from 1; the rest is passed over."""
    for number, (link, time, data, length) in enumerate(frames, 1):
        usual = _usual(number, time, data) if link == 1 else None
        if usual is not None:
            yield usual
            continue
        version, at = network(link, data)
        found = _READ[version](number, time, data, at, length)
        if found is not None:
            yield found


def _usual(number: int, time: float, data: bytes) -> Packet | None:
    """A segment without options in the usual headers, read at once; else None: see below."""
    if len(data) < 54:
        return None
    kind, first, total, fragment, protocol, src, dst, source, to, seq, ack, offset, flags, wnd = (
        _USUAL(data)
    )
    text = total - 20 - (offset >> 4) * 4
    if (
        kind != 0x800 or first != 0x45 or protocol != 6 or fragment & 0x3FFF
        or offset < 0x50 or text < 0 or flags & SYN
    ):  # fmt: skip
        return None
    return Packet(number, time, src + source, dst + to, seq, ack, flags, wnd, text)


_TAGGED = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
"""EtherTypes of VLAN tags."""


def _ethernet(data: bytes, at: int) -> tuple[int, int]:
    """From an EtherType on; tags of VLANs are skipped."""
    while data[at : at + 2] in _TAGGED:
        at += 4
    if data[at : at + 2] == b"\x08\x00":
        return 4, at + 2
    return (6 if data[at : at + 2] == b"\x86\xdd" else 0), at + 2


def _raw(data: bytes, at: int) -> tuple[int, int]:
    version = data[at] >> 4 if len(data) > at else 0
    return (version if version in (4, 6) else 0), at


def _family(order: str) -> Callable[[bytes], tuple[int, int]]:
    """BSD loopback: an address family, which for IPv6 depends on the system."""

    def read(data: bytes) -> tuple[int, int]:
        if len(data) < 4:
            return 0, 4
        family = struct.unpack_from(order + "I", data)[0]
        if order == "=" and family > 0xFFFF:
            family = int.from_bytes(data[:4], "big")
            if family > 0xFFFF:
                family = int.from_bytes(data[:4], "little")
        return (4 if family == 2 else 6 if family in (10, 24, 28, 30) else 0), 4

    return read


_LINKS: dict[int, Callable[[bytes], tuple[int, int]]] = {
    0: _family("="),  # NULL
    1: lambda data: _ethernet(data, 12),
    12: lambda data: _raw(data, 0),  # RAW, as some systems number it
    14: lambda data: _raw(data, 0),
    101: lambda data: _raw(data, 0),
    108: _family(">"),  # LOOP
    113: lambda data: _ethernet(data, 14),  # Linux cooked
    228: lambda data: _raw(data, 0),
    229: lambda data: _raw(data, 0),
    276: lambda data: _ethernet(data[:2] + data[20:], 0) if data[:2] in _TAGGED else _cooked2(data),
}
LINK_UNKNOWN = -1


def _cooked2(data: bytes) -> tuple[int, int]:
    """Linux cooked, second version: the EtherType comes first, the packet after 20 octets."""
    return {b"\x08\x00": 4, b"\x86\xdd": 6}.get(data[:2], 0), 20


def network(link: int, data: bytes) -> tuple[int, int]:
    """The version of IP, and where its header begins; version 0: not IP."""
    return _LINKS[link](data) if link in _LINKS else (LINK_UNKNOWN, 0)


def _unknown(number: int, _time: float, _data: bytes, _at: int, _length: int) -> Unread:
    return Unread(number, "link type not known")


def _other(_number: int, _time: float, _data: bytes, _at: int, _length: int) -> None:
    return None


def _ipv4(number: int, time: float, data: bytes, at: int, length: int) -> Packet | Unread | None:
    if len(data) < at + 20:
        return Unread(number, "IP header cut off")
    if data[at + 9] != 6:
        return None
    header = (data[at] & 15) * 4
    if header < 20 or data[at] >> 4 != 4:
        return Unread(number, "IP header not valid")
    total = data[at + 2] << 8 | data[at + 3]
    if total == 0:
        total = length - at  # what the host leaves to its interface to segment
    src, dst = data[at + 12 : at + 16], data[at + 16 : at + 20]
    fragment = (data[at + 6] << 8 | data[at + 7]) & 0x3FFF
    return _tcp(number, time, data, at + header, total - header, src, dst, fragment)


def _ipv6(number: int, time: float, data: bytes, at: int, length: int) -> Packet | Unread | None:
    if len(data) < at + 40:
        return Unread(number, "IP header cut off")
    kind = data[at + 6]
    payload = data[at + 4] << 8 | data[at + 5] or length - at - 40
    src, dst = data[at + 8 : at + 24], data[at + 24 : at + 40]
    at += 40
    fragment = 0
    for _ in range(16):
        if kind == 6:
            return _tcp(number, time, data, at, payload, src, dst, fragment)
        if kind not in (0, 43, 44, 51, 60):
            return None
        if len(data) < at + 8:
            return Unread(number, "IP header cut off")
        if kind == 44:
            size = 8
            fragment = fragment or (data[at + 2] << 8 | data[at + 3]) & 0xFFF9
            # Bit 0 says that more follow; of IPv4 it is bit 13.
        else:
            size = (data[at + 1] + 2) * 4 if kind == 51 else (data[at + 1] + 1) * 8
        kind = data[at]
        at += size
        payload -= size
    return Unread(number, "IP header not valid")


def _tcp(
    number: int,
    time: float,
    data: bytes,
    at: int,
    length: int,
    src: bytes,
    dst: bytes,
    fragment: int,
) -> Packet | Unread | None:
    ports = data[at : at + 4] if len(data) >= at + 4 else b""
    if fragment:
        return Unread(number, "fragment", src, dst)
    if not ports:
        return Unread(number, "TCP header cut off", src, dst)
    src, dst = src + ports[:2], dst + ports[2:]
    if len(data) < at + 20:
        return Unread(number, "TCP header cut off", src, dst)
    seq, ack, offset, flags, wnd = _TCP_HEADER(data, at + 4)
    header = (offset >> 4) * 4
    if header < 20 or length < header:
        return Unread(number, "TCP header not valid", src, dst)
    options = b""
    if flags & SYN and header > 20:
        if len(data) < at + header:
            return Unread(number, "TCP header cut off", src, dst)
        options = data[at + 20 : at + header]
    return Packet(number, time, src, dst, seq, ack, flags, wnd, length - header, options)


_READ: dict[int, Callable[[int, float, bytes, int, int], Packet | Unread | None]] = {
    LINK_UNKNOWN: _unknown,
    0: _other,
    4: _ipv4,
    6: _ipv6,
}


def options(octets: bytes) -> dict[int, bytes]:
    """The options of a SYN, by kind; what follows a broken one is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(octets) and octets[at] != 0:
        if octets[at] == 1:
            at += 1
            continue
        size = octets[at + 1] if at + 1 < len(octets) else 0
        if size < 2 or at + size > len(octets):
            break
        found.setdefault(octets[at], octets[at + 2 : at + size])
        at += size
    return found


def socket(address: bytes) -> str:
    """``10.0.0.1:80`` or ``[2001:db8::1]:80``; without a port if there is none."""
    size = 16 if len(address) >= 16 else 4
    if size == 4:
        host = ".".join(map(str, address[:4]))
    else:
        import ipaddress

        host = str(ipaddress.ip_address(address[:16]))
    if len(address) == size:
        return host
    port = int.from_bytes(address[size:], "big")
    return f"[{host}]:{port}" if size == 16 else f"{host}:{port}"


def flags(bits: int) -> str:
    """The control bits, as in ``SYN,ACK``."""
    names = (("SYN", SYN), ("FIN", FIN), ("RST", RST), ("PSH", PSH), ("URG", URG), ("ACK", ACK))
    return ",".join(name for name, bit in names if bits & bit) or "none"
