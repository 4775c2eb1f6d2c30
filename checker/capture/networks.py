"""The IP packet in a frame: the innermost, behind link layers (``links``) and ``tunnels``.

The same addresses may be in use in several networks at a time. Which network a packet was seen in,
its *scope* says: the VLANs, the session of PPPoE, and of each tunnel its ends and its number. A
router or a switch may use another one for each direction, which is for who follows connections to
know.

What cannot be read is ``Hidden``. Nothing is decrypted, and fragments are put together elsewhere
(``fragments``).

No library does it. Those that dissect packets want whole packets and say nothing of networks; dpkt
looks into no tunnel in UDP, and scapy, besides its licence, is slower by far than all that is done
here with a segment.
"""

import ipaddress
import struct
from functools import lru_cache
from typing import NamedTuple

from checker.capture.links import LINKS, Next, joined, outermost
from checker.capture.tunnels import ESP, TUNNELS, in_udp

DEPTH = 16
"""Of headers in headers."""
TCP, UDP = 6, 17


class Fragment(NamedTuple):
    """Which piece of a packet this is; its IP header begins at ``start``."""

    start: int
    ident: bytes
    offset: int
    more: bool


class Ip(NamedTuple):
    """What is known of a packet: its protocol, and where its payload begins and how long it is."""

    protocol: int
    src: bytes
    dst: bytes
    at: int
    size: int  # as the header says; the capture may have less
    fragment: Fragment | None
    scope: str


class Hidden(NamedTuple):
    """A packet that cannot be read; its addresses, if they can.

    ``apart``: there may be TCP in it, but of another network than any that is seen.
    """

    why: str
    src: bytes = b""
    dst: bytes = b""
    scope: str = ""
    apart: bool = False


def packet(link: int, data: bytes, length: int) -> Ip | Hidden | None:
    """The innermost packet of a frame of ``length`` octets; None: there is none with TCP or UDP."""
    if link not in LINKS:
        return Hidden(f"link type {link} is not known")
    try:
        return _innermost(outermost(link, data), data, length)
    except (IndexError, struct.error):
        return Hidden("header before IP cut off")


def _innermost(carried: Next, data: bytes, length: int) -> Ip | Hidden | None:
    version, at, scope, why = carried
    for _ in range(DEPTH):
        if version == 0:
            return Hidden(why, scope=scope, apart=True) if why else None
        found = (_ipv4 if version == 4 else _ipv6)(data, at, length, scope)
        if not isinstance(found, Ip) or found.protocol == TCP or found.fragment is not None:
            return found
        if found.protocol == UDP:
            inner = in_udp(data, found.at)
        else:
            inner = TUNNELS[found.protocol](data, found.at)
        if inner is None:
            return found
        version, at, why = inner.version, inner.at, inner.why
        scope = joined(scope, _tunnel(*sorted((found.src, found.dst))), inner.scope)
    return Hidden("too many headers")


@lru_cache(1 << 10)
def _tunnel(one: bytes, other: bytes) -> str:
    return f"tunnel {ipaddress.ip_address(one)}-{ipaddress.ip_address(other)}"


_FRAGMENT, _AUTHENTICATION, _SEALED = 44, 51, 50
_EXTENSIONS = {0, 43, _FRAGMENT, _AUTHENTICATION, 60, 135, 139, 140}
"""Headers of IPv6 that another follows. IPv4 has one of them, the authentication header."""
_READ = {TCP, UDP, *TUNNELS}
_NO_TCP = {1, 2, 33, 46, 58, 59, 88, 89, 103, 112, 113, 132, 136}
"""ICMP, IGMP, DCCP, RSVP, EIGRP, OSPF, PIM, VRRP, PGM, SCTP, UDP-Lite; 59 is no protocol."""


def _ipv4(data: bytes, at: int, length: int, scope: str) -> Ip | Hidden | None:
    protocol = data[at + 9] if len(data) >= at + 10 else TCP
    if protocol in _NO_TCP:
        return None
    if len(data) < at + 20:
        return Hidden("IP header cut off", scope=scope) if protocol != UDP else None
    src, dst = data[at + 12 : at + 16], data[at + 16 : at + 20]
    header = (data[at] & 15) * 4
    if header < 20 or data[at] >> 4 != 4:
        return Hidden("IP header not valid", src, dst, scope)
    # A total of 0 is what the host leaves to its interface to segment.
    total = (data[at + 2] << 8 | data[at + 3]) or length - at
    flags = data[at + 6] << 8 | data[at + 7]
    fragment = None
    if flags & 0x3FFF:
        ident = data[at + 4 : at + 6] + bytes((protocol,))
        fragment = Fragment(at, ident, (flags & 0x1FFF) * 8, bool(flags & 0x2000))
    end = at + total
    at += header
    if protocol == _AUTHENTICATION and fragment is None:
        if len(data) < at + 2:
            return Hidden("IP header cut off", src, dst, scope)
        protocol, at = data[at], at + (data[at + 1] + 2) * 4
    return _found(Ip(protocol, src, dst, at, end - at, fragment, scope))


def _ipv6(data: bytes, at: int, length: int, scope: str) -> Ip | Hidden | None:
    if len(data) < at + 40:
        return Hidden("IP header cut off", scope=scope)
    start, protocol = at, data[at + 6]
    end = at + 40 + ((data[at + 4] << 8 | data[at + 5]) or length - at - 40)
    src, dst = data[at + 8 : at + 24], data[at + 24 : at + 40]
    at += 40
    for _ in range(DEPTH):
        if protocol not in _EXTENSIONS:
            return _found(Ip(protocol, src, dst, at, end - at, None, scope))
        if len(data) < at + 8:
            return Hidden("IP header cut off", src, dst, scope)
        header, kind, size = at, protocol, data[at + 1]
        protocol = data[at]
        at += 8 if kind == _FRAGMENT else (size + 2) * 4 if kind == _AUTHENTICATION else (
            size + 1
        ) * 8  # fmt: skip
        if kind == _FRAGMENT:
            place = data[header + 2] << 8 | data[header + 3]
            if place & 0xFFF9:
                piece = Fragment(start, data[header + 4 : at], place & 0xFFF8, bool(place & 1))
                return Ip(protocol, src, dst, at, end - at, piece, scope)
    return Hidden("too many headers", src, dst, scope)


def _found(ip: Ip) -> Ip | Hidden | None:
    """``ip``, if its protocol is one that is read."""
    if ip.protocol in _READ or ip.fragment is not None:
        return ip
    if ip.protocol in _NO_TCP:
        return None
    why = ESP if ip.protocol == _SEALED else f"IP protocol {ip.protocol}"
    return Hidden(why, ip.src, ip.dst, ip.scope, apart=True)
