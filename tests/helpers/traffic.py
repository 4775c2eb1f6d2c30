"""Captures of many connections, to measure on.

``python -m tests.helpers.traffic FILE EACH SEGMENTS``

Writes connections of EACH segments, until SEGMENTS are written: handshake, text both ways, close.
Addresses, ports, initial sequence numbers and the sizes of text are drawn, and so is how a
connection ends (who closes first; FIN alone or on the last text; acknowledged apart or together).
ACKs come after each or every second segment of text. 50 connections go on at a time. Nothing is
lost or reordered.
"""

import random
import struct
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from checker.capture.segments import ACK, FIN, PSH, SYN
from tests.helpers.pcap import header, record

AT_A_TIME = 50
OPTIONS = b"\x02\x04\x05\xb4\x01\x03\x03\x07"
"""Of a SYN: MSS 1460, window scale 7."""


class Sent(NamedTuple):
    """A segment: ``side`` 0 is the client."""

    side: int
    flags: int
    seq: int
    ack: int
    text: int


def connection(rng: random.Random, each: int) -> Iterator[Sent]:
    """The ``each`` segments of one connection; at least 8."""
    nxt = [rng.randrange(1 << 32), rng.randrange(1 << 32)]

    def send(side: int, flags: int, text: int = 0) -> Sent:
        ack = nxt[1 - side] if flags & ACK else 0
        sent = Sent(side, flags, nxt[side], ack, text)
        nxt[side] = (nxt[side] + text + bool(flags & (SYN | FIN))) % (1 << 32)
        return sent

    yield send(0, SYN)
    yield send(1, SYN | ACK)
    yield send(0, ACK)
    together, riding = rng.random() < 0.5, rng.random() < 0.3
    closer = rng.randrange(2)
    left = each - 3 - (3 if together else 4)
    if left:
        yield send(0, ACK | PSH, rng.randrange(20, 1000))  # the request
        left -= 1
    unanswered = 0
    every = rng.choice((1, 2))
    while left:
        if unanswered == every or (left == 1 and unanswered):
            yield send(0, ACK)
            unanswered = 0
        else:
            yield send(1, ACK | PSH, rng.choice((1460, 1460, rng.randrange(1, 1460))))
            unanswered += 1
        left -= 1
    yield send(closer, FIN | ACK, rng.randrange(1, 1460) if riding else 0)
    if not together:
        yield send(1 - closer, ACK)
    yield send(1 - closer, FIN | ACK)
    yield send(closer, ACK)


def segments(each: int, seed: int) -> Iterator[tuple[bytes, bytes, Sent]]:
    """Addresses with ports, client and server, and what is sent; without end."""
    rng = random.Random(seed)
    open_now: list[tuple[bytes, bytes, Iterator[Sent]]] = []
    number = 0
    while True:
        while len(open_now) < AT_A_TIME:
            # No pair of sockets comes again.
            client = struct.pack(">IH", 0x0A000000 + number // 60_000, 1024 + number % 60_000)
            server = struct.pack(">IH", 0xC0A80000 + rng.randrange(256), 443)
            open_now.append((client, server, connection(rng, each)))
            number += 1
        place = rng.randrange(AT_A_TIME)
        client, server, rest = open_now[place]
        sent = next(rest, None)
        if sent is None:
            open_now.pop(place)
        else:
            yield client, server, sent


def write(path: Path, each: int, count: int, seed: int = 1) -> None:
    """A pcap file of ``count`` segments on Ethernet."""
    with path.open("wb") as file:
        file.write(header(1))
        for number, (client, server, sent) in enumerate(islice(segments(each, seed), count)):
            src, dst = (server, client) if sent.side else (client, server)
            options = OPTIONS if sent.flags & SYN else b""
            offset = (20 + len(options)) << 2
            tcp = struct.pack(
                ">IIBBHHH", sent.seq, sent.ack, offset, sent.flags, 65535, 0, 0
            ) + options  # fmt: skip
            total = 24 + len(tcp) + sent.text
            ip = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, 0x4000, 64, 6, 0) + src[:4] + dst[:4]
            frame = bytes(12) + b"\x08\x00" + ip + src[4:] + dst[4:] + tcp + bytes(sent.text)
            seconds, micros = divmod(number * 20, 1_000_000)
            file.write(record(1_700_000_000 + seconds, micros, frame))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
