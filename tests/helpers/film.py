"""Captures written frame by frame: DNS, and connections that carry HTTP or TLS."""

import struct
from collections.abc import Callable
from pathlib import Path

from checker.capture.segments import ACK, FIN, PSH, SYN
from checker.conform.behaviour import choose
from checker.conform.follow import MIDDLE
from checker.narrate import http, narration
from checker.narrate.run import gather
from tests.helpers import pcap

ZEEK = Path(__file__).parents[1] / "captures" / "zeek"
A, B, NS = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), bytes([10, 0, 0, 53])
RFC = choose([])
OK = b"HTTP/1.1 200 OK\r\n"


class Film:
    """A capture, written frame by frame: raw IP, a millisecond from one to the next, or more."""

    def __init__(self, kept: int = 1 << 16) -> None:
        self.frames: list[bytes] = []
        self.waits: dict[int, int] = {}  # microseconds more before a frame
        self.kept = kept

    def after(self, seconds: float) -> None:
        """The next frame comes later, by so much."""
        self.waits[len(self.frames)] = round(seconds * 1e6)

    def ip(self, src: bytes, dst: bytes, protocol: int, body: bytes) -> None:
        if len(src) == 16:
            head = struct.pack(">IHBB", 6 << 28, len(body), protocol, 64) + src + dst
        else:
            head = struct.pack(">BBHHHBBH", 69, 0, 20 + len(body), 0, 0, 64, protocol, 0)
            head += src + dst
        self.frames.append(head + body)

    def udp(self, src: bytes, sport: int, dst: bytes, dport: int, body: bytes) -> None:
        self.ip(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(body), 0) + body)

    def write(self, path: Path) -> Path:
        out, waited = [pcap.header(101)], 0
        for i, frame in enumerate(self.frames):
            waited += self.waits.get(i, 0)
            seconds, rest = divmod(1000 * i + waited, 10**6)
            out.append(pcap.record(1000 + seconds, rest, frame[: self.kept], len(frame)))
        path.write_bytes(b"".join(out))
        return path


class Talk:
    """A connection in a film: 0 is the client, 1 the server."""

    def __init__(
        self, film: Film, port: int = 4000, to: int = 80, hosts: tuple[bytes, bytes] = (A, B)
    ) -> None:
        self.film, self.hosts = film, hosts
        self.ports, self.nxt = (port, to), [100 + port, 900 + port]

    def send(self, side: int, flags: int, text: bytes = b"", ahead: int = 0) -> None:
        seq = (self.nxt[side] + ahead) % 2**32
        ack = self.nxt[1 - side] if flags & ACK else 0
        ends = tuple(zip(self.hosts, self.ports, strict=True))
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 60000, 0, 0)
        self.film.ip(src, dst, 6, head + text)
        if not ahead:
            self.nxt[side] += len(text) + bool(flags & SYN) + bool(flags & FIN)
            self.nxt[side] %= 2**32

    def open(self) -> "Talk":
        self.send(0, SYN)
        self.send(1, SYN | ACK)
        self.send(0, ACK)
        return self

    def say(self, side: int, text: bytes) -> "Talk":
        self.send(side, ACK | PSH, text)
        self.send(1 - side, ACK)
        return self

    def close(self, *sides: int) -> "Talk":
        for side in sides:
            self.send(side, ACK | FIN)
            self.send(1 - side, ACK)
        return self


def name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def query(asked: str, kind: int = 1, ident: int = 7) -> bytes:
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + name(asked) + struct.pack(">HH", kind, 1)


def response(asked: str, *records: tuple[int, bytes], kind: int = 1, code: int = 0) -> bytes:
    head = struct.pack(">6H", 7, 0x8180 | code, 1, len(records), 0, 0) + name(asked)
    head += struct.pack(">HH", kind, 1)
    for one, data in records:
        head += b"\xc0\x0c" + struct.pack(">HHIH", one, 1, 60, len(data)) + data
    return head


def film(path: Path, *scenes: Callable[[Film], object]) -> narration.Narration:
    made = Film()
    for scene in scenes:
        scene(made)
    return gather(made.write(path / "film.pcap"), RFC, MIDDLE)


def heads(*pieces: bytes | int, methods: tuple[str, ...] = ()) -> http.Reader:
    """A direction, in pieces; a number is of octets that the capture does not have."""
    reader = http.Reader(lambda place: methods[place] if place < len(methods) else "")
    for piece in pieces:
        text, missing = (b"", piece) if isinstance(piece, int) else (piece, 0)
        reader.take(text, missing, 1, 0.0)
    return reader


def ask(made: Film) -> None:
    made.udp(A, 5000, NS, 53, query("www.example"))
    made.udp(NS, 53, A, 5000, response("www.example", (5, name("example")), (1, B)))


def one_zero(made: Film) -> None:
    talk = Talk(made).open().say(0, b"GET /old HTTP/1.0\r\n\r\n")
    talk.say(1, b"HTTP/1.0 200 OK\r\n\r\nthe text").close(1, 0)


def three(made: Film) -> None:
    talk = Talk(made, 4001).open()
    for target in (b"/", b"/a.css", b"/b.png"):
        talk.say(0, b"GET " + target + b" HTTP/1.1\r\nHost: www.example\r\n\r\n")
        talk.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 ")
    talk.close(0, 1)


def never_closes(made: Film) -> None:
    talk = Talk(made, 4004).open().say(0, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")
    talk.say(1, b"HTTP/1.1 204 No Content\r\n\r\n").close(0)
