"""UDP datagrams in frames, and the octets that a TCP segment carried, where somebody reads them.

``segments`` looks at lengths only, since the lifecycle does not depend on contents. Datagrams in
fragments or behind extension headers of IPv6 are passed over.
"""

from typing import NamedTuple

from checker.capture.files import Frame
from checker.capture.segments import Packet, network


class Datagram(NamedTuple):
    """One datagram, as far as the capture kept it; ``src`` and ``dst`` are sockets."""

    number: int
    time: float
    src: bytes
    dst: bytes
    octets: bytes


def datagram(number: int, frame: Frame) -> Datagram | None:
    """The UDP datagram in a frame, if there is one."""
    data = frame.data
    version, at = network(frame.link, data)
    if version == 4 and len(data) >= at + 20:
        if data[at + 9] != 17 or (data[at + 6] << 8 | data[at + 7]) & 0x3FFF:
            return None
        src, dst = data[at + 12 : at + 16], data[at + 16 : at + 20]
        at += (data[at] & 15) * 4
    elif version == 6 and len(data) >= at + 40:
        if data[at + 6] != 17:
            return None
        src, dst = data[at + 8 : at + 24], data[at + 24 : at + 40]
        at += 40
    else:
        return None
    if len(data) < at + 8:
        return None
    length = data[at + 4] << 8 | data[at + 5]
    src, dst = src + data[at : at + 2], dst + data[at + 2 : at + 4]
    return Datagram(number, frame.time, src, dst, data[at + 8 : at + length])


def octets(frame: Frame, p: Packet) -> bytes:
    """The text of ``p``, which was read from ``frame``: as much of it as the capture kept."""
    data = frame.data
    version, at = network(frame.link, data)
    if version == 4:
        end = at + ((data[at + 2] << 8 | data[at + 3]) or frame.length - at)
    else:
        end = at + 40 + ((data[at + 4] << 8 | data[at + 5]) or frame.length - at - 40)
    return data[end - p.text : end]
