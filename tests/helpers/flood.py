"""A listener with a SYN queue, and who sends SYNs to it; with what it really kept, to compare."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from checker.capture import Packet
from checker.capture.segments import ACK, SYN

SERVER = bytes([10, 0, 0, 2, 0, 80])
SCALED = b"\2\4\5\xb4\3\3\7\0"
MSS = b"\2\4\5\xb4"


@dataclass
class Flood:
    """``places`` for requests, each SYN,ACK sent again ``retries`` times; cookies if it is full."""

    places: int
    retries: int = 5
    cookies: bool = False
    packets: list[Packet] = field(default_factory=list)
    waiting: set[bytes] = field(default_factory=set)
    most: int = 0
    dropped: int = 0
    baked: int = 0
    _events: list[tuple[float, int, bytes, int]] = field(default_factory=list)
    _number: int = 0

    def syns(self, count: int, gap: float, since: float = 0.0) -> "Flood":
        """SYNs of nobody, each from an address of its own."""
        for _ in range(count):
            self._number += 1
            client = bytes([192, 0]) + self._number.to_bytes(2, "big") + b"\x30\x39"
            heapq.heappush(self._events, (since, self._number, client, -1))
            since += gap
        return self

    def run(self, until: float) -> list[Packet]:
        """What a capture at the listener has; its last three segments are a client's handshake."""
        while self._events and self._events[0][0] <= until:
            time, _, client, expired = heapq.heappop(self._events)
            if expired < 0:
                self._seen(time, client, SERVER, SYN, SCALED)
                if len(self.waiting) < self.places:
                    self.waiting.add(client)
                    self.most = max(self.most, len(self.waiting))
                elif self.cookies:
                    self.baked += 1
                    self._seen(time, SERVER, client, SYN | ACK, MSS)
                    continue
                else:
                    self.dropped += 1
                    continue
            elif expired == self.retries:
                self.waiting.discard(client)
                continue
            self._seen(time, SERVER, client, SYN | ACK, SCALED)
            self._number += 1
            timeout = time + 2 ** (expired + 1)
            heapq.heappush(self._events, (timeout, self._number, client, expired + 1))
        return [*self.packets, *handshakes(1, until)]

    def _seen(self, time: float, src: bytes, dst: bytes, flags: int, options: bytes) -> None:
        isn = int.from_bytes((dst if flags & ACK else src)[2:4], "big") * 77
        seq, ack = (9 * isn + 5, isn + 1) if flags & ACK else (isn, 0)
        number = len(self.packets) + 1
        self.packets.append(Packet(number, time, src, dst, seq, ack, flags, 1000, 0, options))


def handshakes(count: int, since: float = 0.0, gap: float = 0.01) -> Iterator[Packet]:
    """Clients that complete theirs, one after the other."""
    for i in range(count):
        client, time = bytes([10, 0, 0, 1]) + (2000 + i).to_bytes(2, "big"), since + i * gap
        yield Packet(3 * i + 1, time, client, SERVER, i, 0, SYN, 1000, 0, SCALED)
        yield Packet(3 * i + 2, time, SERVER, client, 500, i + 1, SYN | ACK, 1000, 0, SCALED)
        yield Packet(3 * i + 3, time + gap / 4, client, SERVER, i + 1, 501, ACK, 1000, 0)
