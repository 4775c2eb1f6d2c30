"""The IP packet in a frame: below the link layer, VLAN tags, MPLS, PPPoE, and tunnels.

Tunnels are GRE (RFC 2784, 2890) and IP in IP (RFC 2003, 2473, 4213); what they carry is the packet,
not they. Nothing is put together and nothing is decrypted.

The same addresses may be in use in several networks at a time. Which network a packet was seen in,
its *scope* says: the VLANs, the session of PPPoE, and the ends of each tunnel. A router or a switch
may use another one for each direction, which is for who follows connections to know.
"""

import ipaddress
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

DEPTH = 16
"""Of headers in headers."""


class Ip(NamedTuple):
    """What is known of a packet: its protocol, and where its payload begins and how long it is."""

    protocol: int
    src: bytes
    dst: bytes
    at: int
    size: int  # as the header says; the capture may have less
    fragment: bool
    scope: str


class Hidden(NamedTuple):
    """A packet that cannot be read; its addresses, if they can."""

    why: str
    src: bytes = b""
    dst: bytes = b""
    scope: str = ""


class Next(NamedTuple):
    """What a header carries: version 4 or 6 of IP, or 0 for neither, from ``at`` on."""

    version: int
    at: int
    scope: str = ""


def packet(link: int, data: bytes, length: int) -> Ip | Hidden | None:
    """The innermost packet of a frame of ``length`` octets; None: there is none."""
    if link not in _LINKS:
        return Hidden("link type not known")
    version, at, scope = outermost(link, data)
    for _ in range(DEPTH):
        if version == 0:
            return None
        found = (_ipv4 if version == 4 else _ipv6)(data, at, length, scope)
        if not isinstance(found, Ip) or found.protocol not in _TUNNELS:
            return found
        if found.fragment:
            return Hidden("fragment", scope=scope)  # whose, its tunnel does not say
        inner = _TUNNELS[found.protocol](data, found.at)
        version, at = inner.version, inner.at
        ends = _tunnel(*sorted((found.src, found.dst)))
        scope = ", ".join(filter(None, (scope, ends, inner.scope)))
    return Hidden("too many headers")


def outermost(link: int, data: bytes) -> Next:
    """What a frame's own headers carry, before any tunnel."""
    return _LINKS[link](data) if link in _LINKS else Next(0, 0)


def _ipv4(data: bytes, at: int, length: int, scope: str) -> Ip | Hidden | None:
    protocol = data[at + 9] if len(data) >= at + 10 else TCP
    if protocol not in _READ:
        return None
    if len(data) < at + 20:
        return Hidden("IP header cut off", scope=scope) if protocol != UDP else None
    src, dst = data[at + 12 : at + 16], data[at + 16 : at + 20]
    header = (data[at] & 15) * 4
    if header < 20 or data[at] >> 4 != 4:
        return Hidden("IP header not valid", src, dst, scope)
    # A total of 0 is what the host leaves to its interface to segment.
    total = (data[at + 2] << 8 | data[at + 3]) or length - at
    fragment = bool((data[at + 6] << 8 | data[at + 7]) & 0x3FFF)
    return Ip(protocol, src, dst, at + header, total - header, fragment, scope)


def _ipv6(data: bytes, at: int, length: int, scope: str) -> Ip | Hidden | None:
    if len(data) < at + 40:
        return Hidden("IP header cut off", scope=scope)
    kind = data[at + 6]
    end = at + 40 + ((data[at + 4] << 8 | data[at + 5]) or length - at - 40)
    src, dst = data[at + 8 : at + 24], data[at + 24 : at + 40]
    at += 40
    fragment = False
    for _ in range(DEPTH):
        if kind in _READ:
            return Ip(kind, src, dst, at, end - at, fragment, scope)
        if kind not in _EXTENSIONS:
            return None
        if len(data) < at + 8:
            return Hidden("IP header cut off", src, dst, scope)
        if kind == _FRAGMENT:
            size = 8
            fragment = fragment or bool((data[at + 2] << 8 | data[at + 3]) & 0xFFF9)
        else:
            size = (data[at + 1] + 2) * 4 if kind == 51 else (data[at + 1] + 1) * 8
        kind = data[at]
        at += size
    return Hidden("too many headers", src, dst, scope)


_FRAGMENT = 44
_EXTENSIONS = (0, 43, _FRAGMENT, 51, 60)
"""Headers of IPv6 that another follows."""

# What carries IP


def _gre(data: bytes, at: int) -> Next:
    """Its flags say which of checksum, key and sequence number there are."""
    if len(data) < at + 4:
        return Next(0, at)
    flags, kind = struct.unpack_from(">HH", data, at)
    if flags & 0x4007:  # routing, or another version
        return Next(0, at)
    at += 4 + 4 * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))
    if kind == 0x6558:
        return _ethertype(data, at + 12)
    return _carried(kind, data, at, "")


def _ethertype(data: bytes, at: int) -> Next:
    """From an EtherType on; tags of VLANs are taken off."""
    vlans = []
    while len(data) >= at + 4 and (data[at] << 8 | data[at + 1]) in _TAGGED:
        vlan = (data[at + 2] << 8 | data[at + 3]) & 0xFFF
        if vlan:  # 0 is a priority, and no VLAN
            vlans.append(vlan)
        at += 4
    if len(data) < at + 2:
        return Next(0, at)
    return _carried(data[at] << 8 | data[at + 1], data, at + 2, _vlans(*vlans) if vlans else "")


_TAGGED = (0x8100, 0x88A8, 0x9100, 0x9200)


def _carried(kind: int, data: bytes, at: int, scope: str) -> Next:
    """What an EtherType says."""
    if kind == 0x0800:
        return Next(4, at, scope)
    if kind == 0x86DD:
        return Next(6, at, scope)
    if kind in (0x8847, 0x8848):  # MPLS: labels, of which the last has a bit set
        while len(data) >= at + 4:
            at += 4
            if data[at - 2] & 1:
                return Next(_nibble(data, at), at, scope)
    if kind == 0x8864 and len(data) >= at + 8:  # a session of PPPoE, and what PPP says
        session, protocol = data[at + 2] << 8 | data[at + 3], data[at + 6 : at + 8]
        version = {b"\x00\x21": 4, b"\x00\x57": 6}.get(protocol, 0)
        return Next(version, at + 8, ", ".join(filter(None, (scope, f"PPPoE {session}"))))
    return Next(0, at, scope)


def _nibble(data: bytes, at: int) -> int:
    """The version that a header of IP says it is of."""
    version = data[at] >> 4 if len(data) > at else 0
    return version if version in (4, 6) else 0


_TUNNELS: dict[int, Callable[[bytes, int], Next]] = {
    4: lambda _, at: Next(4, at),
    41: lambda _, at: Next(6, at),
    47: _gre,
}
TCP, UDP = 6, 17
_READ = {TCP, UDP, *_TUNNELS}


@lru_cache(1 << 10)
def _vlans(*numbers: int) -> str:
    return "VLAN " + ".".join(map(str, numbers))


@lru_cache(1 << 10)
def _tunnel(one: bytes, other: bytes) -> str:
    return f"tunnel {ipaddress.ip_address(one)}-{ipaddress.ip_address(other)}"


# Link layers


def _raw(data: bytes) -> Next:
    return Next(_nibble(data, 0), 0)


def _family(order: str) -> Callable[[bytes], Next]:
    """BSD loopback: an address family, which for IPv6 depends on the system."""

    def read(data: bytes) -> Next:
        if len(data) < 4:
            return Next(0, 4)
        family = struct.unpack_from(order + "I", data)[0]
        if order == "=" and family > 0xFFFF:
            family = int.from_bytes(data[:4], "big")
            if family > 0xFFFF:
                family = int.from_bytes(data[:4], "little")
        return Next(4 if family == 2 else 6 if family in (10, 24, 28, 30) else 0, 4)

    return read


def _cooked2(data: bytes) -> Next:
    """Linux cooked, second version: the EtherType comes first, what it is of after 20 octets."""
    if len(data) < 20:
        return Next(0, 20)
    version, at, scope = _ethertype(data[:2] + data[20:], 0)
    return Next(version, at + 18, scope)


_LINKS: dict[int, Callable[[bytes], Next]] = {
    0: _family("="),  # NULL
    1: lambda data: _ethertype(data, 12),
    12: _raw,  # as some systems number it
    14: _raw,
    101: _raw,
    108: _family(">"),  # LOOP
    113: lambda data: _ethertype(data, 14),  # Linux cooked
    228: _raw,
    229: _raw,
    276: _cooked2,
}
