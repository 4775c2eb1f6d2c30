"""Tunnels: what carries another packet, or a frame, in the payload of IP or UDP."""

import struct
from collections.abc import Callable

from checker.capture.links import Next, ethertype, ip, joined, mpls, ppp
from checker.capture.links import carried as by_ethertype

Reader = Callable[[bytes, int], Next | None]
"""From where the payload begins; None: it is no tunnel after all."""


def _named(found: Next, name: str) -> Next:
    return found._replace(scope=joined(name, found.scope))


def _gre(data: bytes, at: int) -> Next:
    """RFC 2784 and 2890: flags say which of checksum, key and sequence number there are."""
    flags, kind = struct.unpack_from(">HH", data, at)
    if flags & 7 == 1 and kind == 0x880B:  # PPTP (RFC 2637, 4.1)
        at += 8 + 4 * bool(flags & 0x1000) + 4 * bool(flags & 0x80)
        return ppp(data, at) if data[at:] else Next(0, at)
    if flags & 0x4007:  # routing, or another version
        return Next(0, at, why="GRE of an unknown version")
    at += 4 + 4 * bool(flags & 0x8000)
    key = ""
    if flags & 0x2000:
        key = f"key {struct.unpack_from('>I', data, at)[0]}"
        at += 4
    at += 4 * bool(flags & 0x1000)
    if kind == 0x6558:
        return _named(ethertype(data, at + 12), key)
    if kind == 0x88BE:  # a mirrored frame (ERSPAN), behind its own header if it is numbered
        return ethertype(data, at + 12 + 8 * bool(flags & 0x1000))
    if kind == 0x22EB:
        return ethertype(data, at + 12 + 12 + 8 * (data[at + 11] & 1))
    if kind == 0x883E:  # WCCP, perhaps behind a header of its own
        return _named(ip(data, at if data[at] >> 4 == 4 else at + 4), key)
    return _named(by_ethertype(kind, data, at), key)


def _vxlan(data: bytes, at: int) -> Next | None:
    """RFC 7348, 5."""
    if not data[at] & 0x08:
        return None
    vni = int.from_bytes(data[at + 4 : at + 7], "big")
    return _named(ethertype(data, at + 8 + 12), f"VNI {vni}")


def _geneve(data: bytes, at: int) -> Next | None:
    """RFC 8926, 3.4."""
    if data[at] >> 6:
        return None
    kind = struct.unpack_from(">H", data, at + 2)[0]
    vni = int.from_bytes(data[at + 4 : at + 7], "big")
    at += 8 + 4 * (data[at] & 0x3F)
    found = ethertype(data, at + 12) if kind == 0x6558 else by_ethertype(kind, data, at)
    return _named(found, f"VNI {vni}")


def _gtp(data: bytes, at: int) -> Next | None:
    """3GPP TS 29.281, 5: user data. Each direction has a tunnel of its own, so it is no scope."""
    flags, kind = data[at], data[at + 1]
    if flags & 0xF0 != 0x30 or kind != 0xFF:
        return None
    more = data[at + 11] if flags & 4 else 0
    at += 8 + 4 * bool(flags & 7)
    while more:
        size = 4 * data[at]
        if not size:
            return None
        at += size
        more = data[at - 1]
    return ip(data, at)


def _l2tp(data: bytes, at: int) -> Next | None:
    """RFC 2661, 3.1: messages with data. Each direction has other numbers: they are no scope."""
    flags = struct.unpack_from(">H", data, at)[0]
    if flags & 0x8000 or flags & 15 != 2:
        return None
    at += 6 + 2 * bool(flags & 0x4000) + 4 * bool(flags & 0x0800)
    if flags & 0x0200:
        at += 2 + struct.unpack_from(">H", data, at)[0]
    return ppp(data, at)


def _teredo(data: bytes, at: int) -> Next | None:
    """RFC 4380, 5.1.1: perhaps behind an origin."""
    if data[at : at + 2] == bytes(2):
        at += 8
    return Next(6, at) if data[at] >> 4 == 6 else None


def _sealed(data: bytes, at: int) -> Next | None:
    """RFC 3948: ESP, unless four zeros say that it is for the exchange of keys."""
    head = data[at : at + 4]
    return Next(0, at, why=ESP) if len(head) == 4 and any(head) else None


ESP = "ESP: encrypted"

TUNNELS: dict[int, Reader] = {
    4: lambda _, at: Next(4, at),  # RFC 2003
    41: lambda _, at: Next(6, at),  # RFC 4213, 2473
    47: _gre,
    97: lambda data, at: ethertype(data, at + 2 + 12),  # RFC 3378
    137: mpls,  # RFC 4023
    143: lambda data, at: ethertype(data, at + 12),  # RFC 8986
}
"""By protocol of IP."""

PORTS: dict[int, Reader] = {
    1701: _l2tp,
    2152: _gtp,
    3544: _teredo,
    4500: _sealed,
    4789: _vxlan,
    6081: _geneve,
    6635: mpls,  # RFC 7510
    8472: _vxlan,  # as Linux had it first
}
"""By the port of UDP that is sent to."""
FROM_TOO = (1701, 3544, 4500)
"""Ports at which answers come from: the others are only sent to."""


def in_udp(data: bytes, at: int) -> Next | None:
    """The tunnel in a datagram, if its ports say that there is one."""
    if len(data) < at + 8:
        return None
    to, source = data[at + 2] << 8 | data[at + 3], data[at] << 8 | data[at + 1]
    if to in PORTS:
        return PORTS[to](data, at + 8)
    return PORTS[source](data, at + 8) if source in FROM_TOO else None
