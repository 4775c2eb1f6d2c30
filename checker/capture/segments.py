"""The TCP segments in frames.

A segment's length is what the IP header says; text that the capture did not keep counts all the
same. Fragments are put together, and make a segment when the last of them comes; those that never
become whole, and headers that were cut off, are ``Unread``. Checksums are not verified, since
captures of the sending host have wrong ones where its interface computes them.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from checker.capture.files import Damage, Frame
from checker.capture.fragments import Fragments, Piece
from checker.capture.networks import TCP, UDP, Hidden, Ip, packet
from checker.capture.tunnels import TUNNELS

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
CONTROL = 0x3F
"""The bits of ``Packet.flags`` that the lifecycle knows; above are those of ECN."""


class Packet:
    """One segment: ``src`` and ``dst`` are sockets, address and port as octets.

    ``number`` is its place in the order of time, ``frame`` its number in the file. ``scope`` says
    in which network (``networks``); "" where nothing says so.
    """

    __slots__ = (
        "ack", "dst", "flags", "frame", "number", "options", "scope", "seq", "src", "text", "time",
        "wnd",
    )  # fmt: skip

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
        scope: str = "",
        frame: int = 0,
    ) -> None:
        self.number = number
        self.frame = frame or number
        self.time = time
        self.src = src
        self.dst = dst
        self.seq = seq
        self.ack = ack
        self.flags = flags
        self.wnd = wnd
        self.text = text
        self.options = options
        self.scope = scope

    def length(self) -> int:
        """SEG.LEN."""
        return self.text + (self.flags >> 1 & 1) + (self.flags & 1)


class Unread(NamedTuple):
    """A frame that may be of a TCP connection and cannot be read; ``src`` and ``dst`` where known.

    ``why`` is one of few texts, so that they can be counted. ``apart``: it is of none of those
    that are seen (``networks.Hidden``).
    """

    number: int
    why: str
    src: bytes = b""
    dst: bytes = b""
    scope: str = ""
    apart: bool = False


_TCP_HEADER = struct.Struct(">IIBBH").unpack_from
_USUAL = struct.Struct(">12xHBxHxxHxBxx4s4s2s2sIIBBH").unpack_from
"""Ethernet, IPv4 without options, TCP."""


Seen = Callable[[int, Frame, Ip | None], None]
"""Who looks at each frame before its segment is handed on; of usual frames the packet is not
known."""


def read(frames: Iterable[Frame], seen: Seen | None = None) -> Iterator[Packet | Unread]:
    """What is TCP in ``frames``; the rest is passed over."""
    yield from read_numbered(enumerate(frames, 1), Fragments(), seen)


def read_numbered(
    frames: Iterable[tuple[int, Frame]], fragments: Fragments, seen: Seen | None = None
) -> Iterator[Packet | Unread]:
    """What is TCP in frames that have numbers; others may have been read by somebody else."""
    try:
        for number, frame in frames:
            if fragments.waiting:
                yield from _given_up(fragments.expired(frame.time))
            usual = _usual(number, frame) if frame.link == 1 else None
            if usual is not None:
                if seen is not None:
                    seen(number, frame, None)
                yield usual
            else:
                yield from _unusual(number, frame, fragments, seen)
    except Damage:
        yield from _given_up(fragments.rest())
        raise
    yield from _given_up(fragments.rest())


def _unusual(
    number: int, frame: Frame, fragments: Fragments, seen: Seen | None
) -> Iterator[Packet | Unread]:
    ip = packet(frame.link, frame.data, frame.length)
    while isinstance(ip, Ip) and ip.fragment is not None:
        found = fragments.take(number, frame, ip, ip.fragment)
        if not isinstance(found, Frame):
            yield from _given_up(found)
            return
        frame = found
        ip = packet(frame.link, frame.data, frame.length)
    if seen is not None:
        seen(number, frame, ip if isinstance(ip, Ip) else None)
    if isinstance(ip, Hidden):
        yield Unread(number, *ip)
    elif ip is not None and ip.protocol == TCP:
        yield _segment(number, frame, ip)


def _given_up(pieces: Iterable[Piece]) -> Iterator[Unread]:
    """Fragments without the rest of their packet. Whose is in a tunnel, its fragment does not say;
    and UDP is passed over."""
    for number, _, _, _, ip in pieces:
        if ip.protocol in TUNNELS:
            yield Unread(number, "fragment", scope=ip.scope)
        elif ip.protocol != UDP:
            yield Unread(number, "fragment", ip.src, ip.dst, ip.scope)


def _usual(number: int, frame: Frame) -> Packet | None:
    """A segment without options in the usual headers, read at once; else None: see below."""
    _, time, data, _, place = frame
    if len(data) < 54:
        return None
    kind, first, total, fragment, protocol, src, dst, source, to, seq, ack, offset, flags, wnd = (
        _USUAL(data)
    )
    end = 34 + (offset >> 4) * 4
    text = total + 14 - end
    if (
        kind != 0x800 or first != 0x45 or protocol != 6 or fragment & 0x3FFF
        or offset < 0x50 or text < 0 or (flags & SYN and len(data) < end)
    ):  # fmt: skip
        return None
    found = data[54:end] if offset >= 0x60 else b""
    return Packet(
        number, time, src + source, dst + to, seq, ack, flags, wnd, text, found, "", place
    )


def _segment(number: int, frame: Frame, ip: Ip) -> Packet | Unread:
    _, time, data, _, place = frame
    src, dst, at, scope = ip.src, ip.dst, ip.at, ip.scope
    if len(data) < at + 4:
        return Unread(number, "TCP header cut off", src, dst, scope)
    src, dst = src + data[at : at + 2], dst + data[at + 2 : at + 4]
    if len(data) < at + 20:
        return Unread(number, "TCP header cut off", src, dst, scope)
    seq, ack, offset, flags, wnd = _TCP_HEADER(data, at + 4)
    header = (offset >> 4) * 4
    if header < 20 or ip.size < header:
        return Unread(number, "TCP header not valid", src, dst, scope)
    if flags & SYN and len(data) < at + header:
        return Unread(number, "TCP header cut off", src, dst, scope)
    options = data[at + 20 : at + header]
    text = ip.size - header
    return Packet(number, time, src, dst, seq, ack, flags, wnd, text, options, scope, place)


def options(octets: bytes) -> dict[int, bytes]:
    """Options by kind; what follows a broken one is left out."""
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
