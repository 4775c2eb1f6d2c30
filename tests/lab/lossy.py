"""Transfers over a wire that loses, swaps, doubles and delays: captures of the data plane.

``python -m tests.lab.lossy FOLDER [NAME ...]`` makes both ends' captures of each. Those of
``tests/captures/lossy`` are of one run; what ``checker.dataplane`` and tshark say of them is
compared by ``tests/checker/dataplane``.
"""

import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers import pcap
from tests.lab.lab import Lab, Policy, Seg, Wire, lab, lacking

KEPT = 112
"""Octets of a packet in the captures: the headers, and some text."""
TRIP = 0.04
"""Seconds to the other end and back."""


@dataclass(frozen=True)
class Transfer:
    """Text from A to B over a wire; ``does`` says what is to be seen."""

    does: str
    policy: Policy
    octets: int = 120_000
    settings: dict[str, int | str] = field(default_factory=dict)
    run: "Callable[[Lab, Transfer], None] | None" = None


def _far(seg: Seg, wire: Wire) -> list[float]:
    return [TRIP / 2]


def _text(which: Callable[[int], bool], then: Callable[[int], list[float]]) -> Policy:
    """Segments of A with text are counted; those that ``which`` names fare as ``then`` says."""

    def policy(seg: Seg, wire: Wire) -> list[float]:
        if seg.sender == "A" and seg.raw.text:
            n = wire.count("text")
            if which(n):
                return then(n)
        return [TRIP / 2]

    return policy


def _losing(*numbers: int) -> Policy:
    return _text(lambda n: n in numbers, lambda _: [])


def _every(n: int, first: int = 0) -> Policy:
    return _text(lambda i: i > first and i % n == 0, lambda _: [])


def _place(number: int, times: int) -> Policy:
    """The octets of a segment are lost so often."""

    def policy(seg: Seg, wire: Wire) -> list[float]:
        if seg.sender == "A" and seg.raw.text:
            if wire.count("text") == number:
                wire.seen["place"] = seg.raw.seq
            if seg.raw.seq == wire.seen["place"] and wire.count("lost") <= times:
                return []
        return [TRIP / 2]

    return policy


def _silent(seg: Seg, wire: Wire) -> list[float]:
    """After 20 segments with text nothing passes for 1.5 seconds."""
    if seg.sender == "A" and seg.raw.text and wire.count("text") == 20:
        wire.dead = time.monotonic() + 1.5  # type: ignore[attr-defined]
    dead = getattr(wire, "dead", 0.0)
    return [] if time.monotonic() < dead else [TRIP / 2]


def _acks_lost(seg: Seg, wire: Wire) -> list[float]:
    """Every second ACK is lost."""
    lost = seg.sender == "B" and seg.bare and wire.count("acks") % 2
    return [] if lost else [TRIP / 2]


def _move(made: Lab, transfer: Transfer) -> None:
    """All of it, then the end."""
    _, client, server = made.pair()
    for one in (client, server):
        one.settimeout(20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    _through(client, server, transfer)


def _through(
    client: socket.socket, server: socket.socket, transfer: Transfer, unread: float = 0.0
) -> None:
    """All octets, one way, and both FINs; B reads nothing for the first seconds."""

    def sending() -> None:
        client.sendall(bytes(i * 7 & 0xFF for i in range(transfer.octets)))
        client.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=sending)
    thread.start()
    time.sleep(unread)
    got = 0
    while text := server.recv(1 << 16):
        got += len(text)
    assert got == transfer.octets
    thread.join()
    server.close()
    time.sleep(4 * TRIP)


def _stalls(made: Lab, transfer: Transfer) -> None:
    """B does not read for a while."""
    listener = made.b.listen()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client = made.connect()
    server, _ = listener.accept()
    made.b.sockets.append(server)
    client.settimeout(20)
    server.settimeout(20)

    _through(client, server, transfer, unread=3.5)


def _repacked(made: Lab, transfer: Transfer) -> None:
    """Several small writes, of which the first is lost."""
    _, client, server = made.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(6):
        client.sendall(bytes([65 + i]) * 100)
        time.sleep(0.005)
    got = 0
    server.settimeout(10)
    while got < 600:
        got += len(server.recv(1 << 16))
    client.close()
    server.close()
    time.sleep(4 * TRIP)


TRANSFERS = {
    "clean": Transfer("slow start, and nothing else", _far, 300_000),
    "one_lost": Transfer("fast retransmit and fast recovery", _losing(25)),
    "one_lost_reno": Transfer(
        "the same without SACK and timestamps, with Reno",
        _losing(25),
        settings={"tcp_sack": 0, "tcp_timestamps": 0},
    ),
    "avoidance": Transfer(
        "congestion avoidance after a loss, by Reno",
        _losing(25),
        500_000,
        settings={"tcp_congestion_control": "reno"},
    ),
    "three_lost_reno": Transfer(
        "partial ACKs (RFC 6582)", _losing(25, 27, 29), settings={"tcp_sack": 0}
    ),
    "lost_again": Transfer("a retransmission is lost, too", _place(25, 2)),
    "one_in_ten_lost": Transfer("many losses", _every(10)),
    "one_in_four_lost": Transfer("more, and timeouts", _every(4), 60_000),
    "tail_lost": Transfer("a tail loss probe, and a timeout", _place(21, 2), 30_000),
    "silence": Transfer("timeouts, backed off", _silent, 60_000),
    "acks_lost": Transfer("ACKs are lost, and nothing is sent again", _acks_lost),
    "swapped": Transfer(
        "reordering", _text(lambda n: n % 9 == 0, lambda _: [TRIP / 2 + 0.004]), 90_000
    ),
    "doubled": Transfer(
        "copies", _text(lambda n: n % 6 == 0, lambda _: [TRIP / 2, TRIP / 2 + 0.001]), 60_000
    ),
    "late": Transfer(
        "a segment that is later than a round trip: a needless retransmission",
        _text(lambda n: n == 20, lambda _: [TRIP * 3]),
        90_000,
    ),
    "stalls": Transfer("zero windows and their probes", _far, 60_000, run=_stalls),
    "repacked": Transfer("small segments, packed anew", _losing(1), 0, run=_repacked),
}


def capture(name: str, number: int, folder: Path) -> None:
    """One transfer; the captures are ``folder/NAME.A.pcap`` and ``B``."""
    transfer = TRANSFERS[name]
    with tempfile.TemporaryDirectory() as where:
        with lab(number, transfer.policy, Path(where)) as made:
            for host in (made.a, made.b):
                host.namespace.configure(transfer.settings)
            with suppress(TimeoutError):
                (transfer.run or _move)(made, transfer)
            time.sleep(0.05)
        for end in "AB":
            whole = (Path(where) / f"{end}.pcap").read_bytes()
            (folder / f"{name}.{end}.pcap").write_bytes(_cut(whole))


def _cut(capture: bytes) -> bytes:
    """With the first ``KEPT`` octets of each packet, as a capture with such a snaplen has them."""
    parts, at = [capture[:24]], 24
    while at < len(capture):
        seconds, fraction, kept, length = struct.unpack_from("<IIII", capture, at)
        packet = capture[at + 16 : at + 16 + kept]
        parts.append(pcap.record(seconds, fraction, packet[:KEPT], length))
        at += 16 + kept
    return b"".join(parts)


def main(folder: Path, names: list[str]) -> None:
    """Those named, or all."""
    if why := lacking():
        sys.exit(why)
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(TRANSFERS, 100):
        if not names or name in names:
            capture(name, number, folder)
            print(name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
