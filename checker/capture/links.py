"""What a frame carries, before any tunnel: link layers, EtherTypes, LLC, PPP, VLAN tags, MPLS.

A reader takes the octets of a frame, and may look beyond their end: IndexError and struct.error
mean that a header was cut off.
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple


class Next(NamedTuple):
    """What a header carries: version 4 or 6 of IP, or 0 for neither, from ``at`` on.

    ``scope``: the network that it names. ``why``: what else it carries, if there may be TCP in it.
    """

    version: int
    at: int
    scope: str = ""
    why: str = ""


def outermost(link: int, data: bytes) -> Next:
    """What a frame of a link type in ``LINKS`` carries."""
    return LINKS[link](data)


def joined(*scopes: str) -> str:
    """Networks in networks, the outer ones first."""
    return ", ".join(filter(None, scopes))


def ip(data: bytes, at: int) -> Next:
    """IP, of the version that its header says."""
    version = data[at] >> 4
    return Next(version, at) if version in (4, 6) else Next(0, at, why="neither IPv4 nor IPv6")


# EtherTypes

_TAGGED = (0x8100, 0x88A8, 0x9100, 0x9200)
_NO_TCP = {
    0x0806, 0x0842, 0x0BAD, 0x2000, 0x2001, 0x22EA, 0x22F0, 0x6000, 0x6001, 0x6002, 0x6003, 0x6004,
    0x6007, 0x8035, 0x8038, 0x80D5, 0x809B, 0x80F3, 0x8137, 0x8808, 0x8809, 0x8863, 0x886F, 0x887B,
    0x888E, 0x8892, 0x8899, 0x88A2, 0x88A4, 0x88B8, 0x88BA, 0x88C7, 0x88CA, 0x88CC, 0x88D9, 0x88E1,
    0x88E3, 0x88F5, 0x88F7, 0x88F8, 0x8902, 0x8906, 0x890D, 0x8912, 0x8914, 0x8915, 0x893A, 0x8940,
    0x9000, 0xFEFE,
}  # fmt: skip
"""ARP, LLDP, EAPOL, Wake-on-LAN, MAC control, PTP, IPX and others that carry no IP."""


def ethertype(data: bytes, at: int) -> Next:
    """From an EtherType, or a length, on; tags of VLANs are taken off."""
    vlans = []
    while (kind := data[at] << 8 | data[at + 1]) in _TAGGED:
        vlan = (data[at + 2] << 8 | data[at + 3]) & 0xFFF
        if vlan:  # 0 is a priority, and no VLAN
            vlans.append(vlan)
        at += 4
    found = llc(data, at + 2) if kind <= 1500 else carried(kind, data, at + 2)
    return found._replace(scope=joined(_vlans(*vlans), found.scope)) if vlans else found


@lru_cache(1 << 10)
def _vlans(*numbers: int) -> str:
    return "VLAN " + ".".join(map(str, numbers))


def carried(kind: int, data: bytes, at: int) -> Next:
    """What an EtherType says."""
    if kind == 0x0800:
        return Next(4, at)
    if kind == 0x86DD:
        return Next(6, at)
    if kind in (0x8847, 0x8848):
        return mpls(data, at)
    if kind == 0x8864:
        return _pppoe(data, at)
    if kind == 0x8870:  # LLC in a jumbo frame
        return llc(data, at)
    if kind == 0x88E7:  # a frame in a frame (802.1ah), behind its service
        service = int.from_bytes(data[at + 1 : at + 4], "big")
        found = ethertype(data, at + 16)
        return found._replace(scope=joined(f"service {service}", found.scope))
    return Next(0, at, why="" if kind in _NO_TCP else f"EtherType 0x{kind:04x}")


def llc(data: bytes, at: int) -> Next:
    """IEEE 802.2: IP by its own number, or behind SNAP; the others carry none."""
    head = data[at], data[at + 1], data[at + 2]
    if head == (0xAA, 0xAA, 3):
        organization, kind = data[at + 3 : at + 6], data[at + 6] << 8 | data[at + 7]
        if organization in (bytes(3), b"\0\0\xf8"):
            return carried(kind, data, at + 8)
    elif head == (6, 6, 3):
        return ip(data, at + 3)
    return Next(0, at)


def mpls(data: bytes, at: int) -> Next:
    """Labels, of which the last has a bit set; then IP, or a control word and a frame (RFC 4448).

    Labels are no scope: they change on the way, and are other ones in each direction.
    """
    while not data[at + 2] & 1:
        at += 4
    at += 4
    return ethertype(data, at + 16) if data[at] >> 4 == 0 else ip(data, at)


def _pppoe(data: bytes, at: int) -> Next:
    session = data[at + 2] << 8 | data[at + 3]
    return ppp(data, at + 6)._replace(scope=f"PPPoE {session}")


def ppp(data: bytes, at: int) -> Next:
    """RFC 1661, 2 and 6.5, and RFC 1662, 3.1: address, control and a zero octet may be left out."""
    if data[at : at + 2] == b"\xff\3":
        at += 2
    kind = data[at]
    at += 1
    if not kind & 1:
        kind = kind << 8 | data[at]
        at += 1
    if kind in (0x21, 0x57):
        return Next(4 if kind == 0x21 else 6, at)
    if kind in (0x281, 0x283):
        return mpls(data, at)
    if kind >= 0x4000:  # protocols of PPP's own
        return Next(0, at)
    return Next(0, at, why=f"PPP protocol 0x{kind:04x}")


# Link layers


def _raw(data: bytes) -> Next:
    return ip(data, 0)


_IPV6 = (10, 23, 24, 28, 30)
"""Of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS."""


def _family(order: str) -> Callable[[bytes], Next]:
    """BSD loopback: an address family, which for IPv6 depends on the system."""

    def read(data: bytes) -> Next:
        family = struct.unpack_from(order + "I", data)[0]
        if order == "=" and family > 0xFFFF:
            family = int.from_bytes(data[:4], "big")
            if family > 0xFFFF:
                family = int.from_bytes(data[:4], "little")
        if family == 2:
            return Next(4, 4)
        return Next(6, 4) if family in _IPV6 else Next(0, 4, why=f"address family {family}")

    return read


def _serial(data: bytes) -> Next:
    """PPP, or what Cisco's routers have instead of it."""
    return ethertype(data, 2) if data[0] in (0x0F, 0x8F) else ppp(data, 0)


def _cooked2(data: bytes) -> Next:
    """Linux cooked, second version: the EtherType comes first, what it is of after 20 octets."""
    found = ethertype(data[:2] + data[20:], 0)
    return found._replace(at=found.at + 18)


def _wireless(data: bytes) -> Next:
    """IEEE 802.11: frames with data, behind addresses and QoS, as LLC."""
    kind, flags = data[0], data[1]
    if kind & 0x4C != 0x08:  # no frame of data, or one without any
        return Next(0, 0)
    at = 24 + 6 * (flags & 3 == 3)
    aggregate = False
    if kind & 0x80:
        aggregate = bool(data[at] & 0x80)
        at += 2 + 4 * bool(flags & 0x80)
    if flags & 0x40 or aggregate:
        return Next(0, at, why="802.11: encrypted" if flags & 0x40 else "802.11: an aggregate")
    return llc(data, at)


def _behind(size: int, link: int, data: bytes) -> Next:
    """A header of ``size`` octets, and a frame of another link type behind it."""
    if link not in LINKS or link in _HEADED:
        return Next(0, size, why=f"link type {link}")
    found = LINKS[link](data[size:])
    return found._replace(at=found.at + size)


_HEADED = (192, 258)
"""Link types of which another follows; they are not put into each other."""


def _behind_radio(data: bytes) -> Next:
    """Radiotap says how long it is."""
    return _behind(data[2] | data[3] << 8, 105, data)


def _behind_information(data: bytes) -> Next:
    """PPI says how long it is, and what comes."""
    size, link = struct.unpack_from("<2xHI", data)
    return _behind(size, link, data)


def _behind_interface(data: bytes) -> Next:
    """PKTAP of macOS too."""
    size, link = struct.unpack_from("<I4xI", data)
    return _behind(size, link, data)


def _frame_relay(data: bytes) -> Next:
    """RFC 2427, 3 and 4.1: an address of two octets, and what there is by its NLPID."""
    kind = data[3]
    if data[2] != 3:
        return ethertype(data, 2)  # as Cisco's routers have it
    if kind in (0xCC, 0x8E):
        return Next(4 if kind == 0xCC else 6, 4)
    at = 4 if kind == 0x80 else 5 if kind == 0 and data[4] == 0x80 else 0
    if at and (data[at], data[at + 1], data[at + 2]) == (0, 0, 0):
        return ethertype(data, at + 3)
    return Next(0, 4)


def _log(data: bytes) -> Next:
    """Linux's NFLOG: attributes, of which one is the packet."""
    at = 4
    while True:
        size, kind = struct.unpack_from("<HH", data, at)
        if kind & 0x7FFF == 9:
            return ip(data, at + 4)
        at += max(4, (size + 3) & ~3)


def _packet_filter(data: bytes) -> Next:
    """The log of BSD's pf: its length comes first, the packet at a multiple of four."""
    return ip(data, (data[0] + 3) // 4 * 4)


LINKS: dict[int, Callable[[bytes], Next]] = {
    0: _family("="),  # NULL
    1: lambda data: ethertype(data, 12),
    8: lambda data: ip(data, 16),  # SLIP
    9: _serial,
    10: lambda data: llc(data, 13),  # FDDI
    11: lambda data: llc(data, 0),  # ATM
    12: _raw,  # as some systems number it
    14: _raw,
    50: _serial,
    51: lambda data: _pppoe(data, 0),
    100: lambda data: llc(data, 0),
    101: _raw,
    104: _serial,
    105: _wireless,
    107: _frame_relay,
    108: _family(">"),  # LOOP
    109: lambda data: ip(data, 12),  # OpenBSD's IPsec, decrypted
    113: lambda data: ethertype(data, 14),  # Linux cooked
    117: _packet_filter,
    127: _behind_radio,
    138: lambda data: ethertype(data, 16),  # IP over IEEE 1394
    192: _behind_information,
    204: lambda data: ppp(data, 1),  # with a direction
    228: _raw,
    229: _raw,
    239: _log,
    258: _behind_interface,
    276: _cooked2,
}
"""By the numbers of tcpdump.org/linktypes.html."""
