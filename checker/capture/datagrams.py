"""UDP datagrams in frames, and the octets that a TCP segment carried, where somebody reads them.

``segments`` looks at lengths only, since the lifecycle does not depend on contents.
"""

from typing import NamedTuple

from checker.capture.files import Frame
from checker.capture.networks import UDP, Ip, packet
from checker.capture.segments import Packet

_USUAL = b"\x08\x00\x45"
"""From the EtherType on."""


class Datagram(NamedTuple):
    """One datagram, as far as the capture kept it; ``src`` and ``dst`` are sockets."""

    number: int
    time: float
    src: bytes
    dst: bytes
    octets: bytes


def datagram(number: int, frame: Frame, ip: Ip) -> Datagram | None:
    """The UDP datagram in a frame, if there is one."""
    if ip.protocol != UDP:
        return None
    data, at = frame.data, ip.at
    if len(data) < at + 8:
        return None
    length = data[at + 4] << 8 | data[at + 5]
    src, dst = ip.src + data[at : at + 2], ip.dst + data[at + 2 : at + 4]
    return Datagram(number, frame.time, src, dst, data[at + 8 : at + length])


def octets(frame: Frame, p: Packet) -> bytes:
    """The text of ``p``, which was read from ``frame``: as much of it as the capture kept."""
    return carried(frame, p)[0]


def carried(frame: Frame, p: Packet) -> tuple[bytes, int]:
    """The text of ``p``, and the identification of its packet, in which two sendings differ.

    0 where it is not known: of IPv6, and of IPv4 with options in the header.
    """
    data = frame.data
    if frame.link == 1 and len(data) > 46 and data[12:15] == _USUAL and not p.scope:
        # IPv4 without options in Ethernet; what was put together of fragments looks like that, too.
        at = 34 + (data[46] >> 4) * 4
        return data[at : at + p.text], data[18] << 8 | data[19]
    ip = packet(frame.link, data, frame.length)
    assert isinstance(ip, Ip)
    end, start = ip.at + ip.size, ip.at - 20
    plain = len(ip.src) == 4 and start >= 0 and data[start] == 0x45
    ident = data[start + 4] << 8 | data[start + 5] if plain else 0
    return data[end - p.text : end], ident
