"""Garbage: ``conform`` and ``narrate`` give verdicts or one clear line, in bounded time and space.

``python -m tests.programs.fuzz --inputs 100000 --seed 1`` makes capture files of five kinds and
gives each to both commands, with their reports and the page:

* ``octets``: a capture, real or staged, with octets changed, left out, put in or cut off;
* ``records``: its frames dropped, doubled, swapped, cut, or mixed with those of another capture;
* ``lengths``: its length fields and numbers, of file, IP, TCP and UDP, set to extremes;
* ``segments``: well-formed segments with random flags, numbers, windows and options;
* ``contents``: conversations in HTTP, DNS and TLS with their text changed, and cut anywhere.

An input is right if each command returns a documented exit code, or raises a ``Problem`` of one
line; if its reports can be parsed and print nothing but text; and if it took less than ``SECONDS``
and ``MEMORY``. Every other one is kept in ``--keep``, and told with where it failed. Input N of a
seed does not depend on those before it: ``--only N`` makes it again.
"""

import argparse
import io
import json
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from types import FrameType
from typing import NoReturn
from xml.etree import ElementTree

from checker.capture import Damage, Frame, frames
from checker.capture.links import outermost
from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform import follow, report
from checker.conform import run as conform_run
from checker.conform.behaviour import choose
from checker.conform.data import timing
from checker.dataplane.judge import RFC
from checker.narrate import page, run
from checker.render import dot, ladder
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, Problem, ToolProblem
from checker.support.workers import forked
from tests.helpers.pcap import header, record

CAPTURES = Path(__file__).parents[1] / "captures"
SECONDS = 5.0
"""On the processor, of one input, both commands. The slowest that was seen took one."""
MEMORY = 256 << 20
"""Octets by which one input may raise the peak."""
SMALL = 6_500
"""Octets of a capture that is changed: most of those checked in are as short."""
SPACE = 2 << 30
"""Octets of addresses that a process may use: beyond, it fails instead of taking the machine."""
BATCH = 250
EXTREMES = (0, 1, 2, 3, 19, 20, 21, 39, 40, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF,
            0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)  # fmt: skip
NEAR = (0, 1, 2, 3, 5, 10, 100, 1460, -1, -2, -5, -1460, 1 << 30, 1 << 31, (1 << 31) - 1)

# Captures


def pcap(found: list[Frame], order: str = "<") -> bytes:
    """A pcap file; its link type is the first frame's."""
    link = found[0].link if found else 1
    out = [header(link, order)]
    for _, at, data, length, _ in found:
        micros = max(0, int(at * 1e6))
        seconds = micros // 1_000_000 & 0xFFFFFFFF
        out.append(record(seconds, micros % 1_000_000, data, length, order))
    return b"".join(out)


def pcapng(found: list[Frame], order: str = "<") -> bytes:
    """A pcapng file, with an interface for each link type."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    links = list(dict.fromkeys(frame.link for frame in found))
    out += [block(1, struct.pack(order + "HHI", link & 0xFFFF, 0, 0)) for link in links]
    for link, at, data, length, _ in found:
        ticks = max(0, int(at * 1e6))
        head = (links.index(link), ticks >> 32 & 0xFFFFFFFF, ticks & 0xFFFFFFFF, len(data), length)
        out.append(block(6, struct.pack(order + "IIIII", *head) + data))
    return b"".join(out)


def written(rng: Random, found: list[Frame]) -> bytes:
    """In one of the formats, and byte orders."""
    return rng.choice((pcap, pcap, pcapng))(found, rng.choice("<<>"))


def real() -> list[list[Frame]]:
    """The frames of the captures that are checked in, but for long ones."""
    found = []
    for path in sorted(CAPTURES.glob("*/*.pcap*")):
        kept = []
        if path.stat().st_size <= SMALL:
            try:
                for frame in frames(path):
                    kept.append(frame)
            except Damage:
                pass
        if kept:
            found.append(kept)
    return found


def _ipv4(src: bytes, dst: bytes, protocol: int, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body) & 0xFFFF, 0, 0, 64, protocol, 0)
    return head + src + dst + body


def _ipv6(src: bytes, dst: bytes, protocol: int, body: bytes) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(body) & 0xFFFF, protocol, 64) + src + dst + body


def _tunnel(protocol: int, head: bytes) -> bytes:
    """Headers whose lengths say nothing: what they carry has its own."""
    return struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, 0, 64, protocol, 0) + b"\1" * 8 + head


_IP = {4: _ipv4, 16: _ipv6}
_WIRELESS = b"\x08\1" + bytes(22) + b"\xaa\xaa\3\0\0\0"
_PPPOE = bytes(12) + b"\x88\x64\x11\0\0\7\0\0"
_VXLAN = struct.pack(">HHHH", 9, 4789, 0, 0) + b"\x08\0\0\0\0\0\7\0" + bytes(12)
_LINK: tuple[tuple[int, dict[int, bytes]], ...] = (
    (101, {4: b"", 16: b""}),
    (1, {4: bytes(12) + b"\x08\x00", 16: bytes(12) + b"\x86\xdd"}),
    (1, {4: bytes(12) + b"\x81\x00\x00\x05\x08\x00", 16: bytes(12) + b"\x81\x00\x00\x05\x86\xdd"}),
    (113, {4: bytes(14) + b"\x08\x00", 16: bytes(14) + b"\x86\xdd"}),
    (276, {4: b"\x08\x00" + bytes(18), 16: b"\x86\xdd" + bytes(18)}),
    (0, {4: struct.pack("<I", 2), 16: struct.pack("<I", 30)}),
    (9, {4: b"\xff\3\0\x21", 16: b"\xff\3\0\x57"}),
    (105, {4: _WIRELESS + b"\x08\0", 16: _WIRELESS + b"\x86\xdd"}),
    (1, {4: _PPPOE + b"\0\x21", 16: _PPPOE + b"\0\x57"}),
    (101, {4: _tunnel(47, b"\0\0\x08\0"), 16: _tunnel(47, b"\x20\0\x86\xdd\0\0\0\7")}),
    (101, {4: _tunnel(17, _VXLAN + b"\x08\0"), 16: _tunnel(17, _VXLAN + b"\x86\xdd")}),
)
"""Link types, and the header before each family of addresses; some have tunnels in it."""


def fragments(rng: Random, packet: bytes) -> Iterator[bytes]:
    """A packet of IPv4 in two or three; sometimes one is left out, or begins in the one before."""
    head, body = bytearray(packet[:20]), packet[20:]
    ends = sorted({0, len(body), *(rng.randrange(len(body) + 1) & ~7 for _ in range(2))})
    for start, end in pairwise(ends):
        if rng.random() < 0.95:
            start -= 8 * (start > 0 and rng.random() < 0.05)
            field = start // 8 | (0x2000 if end < len(body) else 0)
            head[2:4] = (20 + end - start & 0xFFFF).to_bytes(2, "big")
            head[6:8] = field.to_bytes(2, "big")
            yield bytes(head) + body[start:end]


@dataclass(slots=True)
class Stage:
    """Where frames are made: a link layer, a clock, and what there is so far."""

    rng: Random
    link: tuple[int, dict[int, bytes]]
    clock: float
    time: float = 1000.0
    found: list[Frame] = field(default_factory=list)

    def ip(self, src: bytes, dst: bytes, protocol: int, body: bytes) -> None:
        """A packet; a socket's port is not looked at."""
        size = 4 if len(src) <= 6 else 16
        link, heads = self.link
        packets = [_IP[size](src[:size], dst[:size], protocol, body)]
        if size == 4 and self.rng.random() < 0.02:
            packets = [*fragments(self.rng, packets[0])]
        for packet in packets:
            data = heads[size] + packet
            self.time += self.clock * self.rng.random()
            self.found.append(Frame(link, self.time, data, len(data), len(self.found) + 1))

    def tcp(
        self, src: bytes, dst: bytes, seq: int, ack: int, flags: int, wnd: int,
        text: bytes = b"", options: bytes = b"",
    ) -> None:  # fmt: skip
        """A segment between two sockets."""
        options += bytes(-len(options) % 4)
        numbers = struct.pack(">II", seq % 2**32, ack % 2**32)
        head = struct.pack(">BBHHH", 80 + len(options) * 4 & 0xF0, flags, wnd, 0, 0)
        self.ip(src, dst, 6, src[-2:] + dst[-2:] + numbers + head + options + text)

    def udp(self, src: bytes, dst: bytes, text: bytes) -> None:
        """A datagram."""
        self.ip(src, dst, 17, src[-2:] + dst[-2:] + struct.pack(">HH", 8 + len(text), 0) + text)


def stage(rng: Random) -> Stage:
    """A new one."""
    return Stage(rng, rng.choice(_LINK), rng.choice((0.001, 0.001, 0.2, 100.0)))


def sockets(rng: Random) -> list[bytes]:
    """A few, of one family, some on one host; ports that mean something among them."""
    size = rng.choice((4, 4, 16))
    ports = rng.choices((80, 53, 443, 1024, 1025, 40000, 0), k=4)
    return [bytes(size - 1) + bytes([rng.choice((1, 2))]) + struct.pack(">H", p) for p in ports]


OPTIONS = (
    b"", b"", b"\2\4\5\xb4", b"\3\3\7", b"\3\3\xff\0", b"\2\4\5\xb4\1\3\3\16", b"\3\0", b"\x22\2",
    b"\x22\x0a12345678", b"\x1e\x0c" + bytes(10), b"\x0b\6\0\0\0\1", b"\xfe\4\xf9\x89", b"\2",
)  # fmt: skip
FLAGS = (ACK, ACK, ACK, ACK | PSH, ACK | FIN, ACK | FIN, SYN, SYN | ACK, RST, RST | ACK)


def segments(rng: Random) -> list[Frame]:
    """Well-formed segments: some continue what was said, and some are anything."""
    made, pool = stage(rng), sockets(rng)
    pairs = [(rng.choice(pool), rng.choice(pool)) for _ in range(rng.choice((1, 1, 2, 3)))]
    nxt = {end: rng.choice((99, 2**32 - 2, 2**31, rng.randrange(2**32))) for end in pool}
    if rng.random() < 0.7:
        (a, b), wnd = pairs[0], 1000
        scale = rng.choice((b"", b"\3\3\7"))
        for src, dst, flags in ((a, b, SYN), (b, a, SYN | ACK), (a, b, ACK)):
            ack = nxt[dst] if flags & ACK else 0
            made.tcp(src, dst, nxt[src], ack, flags, wnd, b"", scale if flags & SYN else b"")
            nxt[src] += bool(flags & SYN)
    for _ in range(rng.randint(1, 16)):
        src, dst = rng.choice(pairs)[:: rng.choice((1, -1))]
        flags = rng.choice(FLAGS) if rng.random() < 0.9 else rng.randrange(256)
        text = b"x" * rng.choice((0, 0, 0, 1, 5, 1460, 60_000))
        fits = rng.random() < 0.6
        seq = nxt[src] + (0 if fits else rng.choice(NEAR))
        ack = nxt[dst] + (0 if rng.random() < 0.7 else rng.choice(NEAR))
        made.tcp(src, dst, seq, ack, flags, rng.choice((0, 1, 1000, 65535)), text,
                 rng.choice(OPTIONS))  # fmt: skip
        if fits:
            nxt[src] += len(text) + bool(flags & SYN) + bool(flags & FIN)
    return made.found


def _name(*labels: bytes) -> bytes:
    return b"".join(bytes([len(one)]) + one for one in labels) + b"\0"


_ASKED = _name(b"www", b"example") + b"\0\1\0\1"
QUERY = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + _ASKED
ANSWER = (
    struct.pack(">6H", 7, 0x8180, 1, 2, 0, 0) + _ASKED
    + b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x10" + b"\xc0\x10\0\1\0\1\0\0\0\x3c\0\4\0\0\0\2"
)  # fmt: skip
_HELLO = bytes.fromhex(
    "010000490303" + 32 * "11" + "00" + "00021301" + "0100" + "001e"
    "0000000e000c0000097777772e786e2e78" + "0010000500030268" + "32" + "ffff0000"
)
HELLO = b"\x16\3\1" + struct.pack(">H", len(_HELLO)) + _HELLO
FRAMED = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"".join(
    struct.pack(">I", len(body))[1:] + bytes([kind, 4]) + struct.pack(">I", stream) + body
    for kind, stream, body in ((4, 0, b""), (1, 1, b"head"), (0, 1, b"body"), (1, 3, b"head"))
)
GET = b"GET /%d HTTP/1.1\r\nHost: www.example\r\n\r\n"
SAID = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nup to the end",
    b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
)


def _prefixed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def conversations(rng: Random) -> tuple[int, list[tuple[int, bytes]]]:
    """A server's port, and what client (0) and server (1) say."""
    kind = rng.randrange(5)
    if kind == 0:
        return 53, [(0, _prefixed(QUERY)), (1, _prefixed(ANSWER)), (0, _prefixed(QUERY))]
    if kind == 1:
        return 443, [(0, HELLO), (1, HELLO)]
    if kind == 2:
        return 80, [(0, FRAMED), (1, FRAMED[24:])]
    said: list[tuple[int, bytes]] = []
    for i in range(rng.randint(1, 4)):
        said += [(0, GET % i), (1, rng.choice(SAID))]
    return 80, said


def contents(rng: Random) -> list[Frame]:
    """Conversations, with their text changed; in segments of any size, in any order at times."""
    made = stage(rng)
    host = rng.choice((4, 16))
    a, b = bytes(host - 1) + b"\1", bytes(host - 1) + b"\2"
    for port in range(4000, 4000 + rng.randint(1, 3)):
        to, said = conversations(rng)
        ends = a + struct.pack(">H", port), b + struct.pack(">H", to)
        for src, dst, text in ((0, 1, QUERY), (1, 0, ANSWER)):
            dns = (ends[src][:-2] + (b"\0\5", b"\0\x35")[src],
                   ends[dst][:-2] + (b"\0\5", b"\0\x35")[dst])  # fmt: skip
            made.udp(*dns, changed(rng, text) if rng.random() < 0.5 else text)
        nxt = [rng.randrange(2**32), rng.randrange(2**32)]
        made.tcp(ends[0], ends[1], nxt[0], 0, SYN, 60000)
        made.tcp(ends[1], ends[0], nxt[1], nxt[0] + 1, SYN | ACK, 60000)
        made.tcp(ends[0], ends[1], nxt[0] + 1, nxt[1] + 1, ACK, 60000)
        nxt = [nxt[0] + 1, nxt[1] + 1]
        for side, text in said:
            text = changed(rng, text) if rng.random() < 0.4 else text
            size = rng.choice((1460, 1460, 1460, 20, 3)) if len(text) < 100 else 1460
            parts = [(at, text[at : at + size]) for at in range(0, len(text), size)]
            if rng.random() < 0.2:
                rng.shuffle(parts)
            for at, part in parts:
                if rng.random() < 0.97:
                    made.tcp(ends[side], ends[1 - side], nxt[side] + at, nxt[1 - side], ACK | PSH,
                             60000, part)  # fmt: skip
            nxt[side] += len(text)
        for side in rng.choice(((), (0,), (1,), (0, 1), (1, 0))):
            made.tcp(ends[side], ends[1 - side], nxt[side], nxt[1 - side], ACK | FIN, 60000)
            nxt[side] += 1
            made.tcp(ends[1 - side], ends[side], nxt[1 - side], nxt[side], ACK, 60000)
    return made.found


# Changes


def changed(rng: Random, octets: bytes) -> bytes:
    """With a few octets changed, left out, put in or cut off."""
    made = bytearray(octets or b"\0")
    for _ in range(rng.choice((1, 1, 2, 4, 12))):
        at, how = rng.randrange(len(made)), rng.random()
        if how < 0.3:
            made[at] ^= 1 << rng.randrange(8)
        elif how < 0.5:
            made[at] = rng.choice((0, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif how < 0.7:
            number = rng.choice((*EXTREMES, rng.randrange(2**32)))
            size = rng.choice((2, 4))
            word = (number & (1 << 8 * size) - 1).to_bytes(size, rng.choice(("little", "big")))
            made[at : at + size] = word
        elif how < 0.8:
            del made[at : at + rng.randint(1, 40)]
        elif how < 0.9:
            made[at:at] = rng.randbytes(rng.randint(1, 40))
        elif how < 0.95:
            made[at:at] = made[at : at + rng.randint(1, 400)]
        else:
            del made[at:]
        made = made or bytearray(b"\0")
    return bytes(made)


def shuffled(rng: Random, found: list[Frame], other: list[Frame]) -> list[Frame]:
    """Records dropped, doubled, swapped, cut, put elsewhere in time, or from another capture."""
    made = list(found)
    for _ in range(rng.randint(1, 6)):
        at, how = rng.randrange(len(made)), rng.randrange(7)
        frame = made[at]
        if how == 0 and len(made) > 1:
            del made[at]
        elif how == 1:
            made.insert(rng.randrange(len(made) + 1), made[at])
        elif how == 2:
            to = rng.randrange(len(made))
            made[at], made[to] = made[to], made[at]
        elif how == 3:
            made[at] = frame._replace(data=frame.data[: rng.randrange(len(frame.data) + 1)])
        elif how == 4:
            made[at] = frame._replace(time=frame.time + rng.choice((-1e9, -1.0, 1.0, 1e3, 4e9)))
        elif how == 5:
            made[at] = frame._replace(length=rng.choice(EXTREMES))
        else:
            to = rng.randrange(len(other))
            made[at:at] = other[to : to + rng.randint(1, 5)]
    return made


def extreme(rng: Random, found: list[Frame]) -> list[Frame]:
    """Numbers in headers set to extremes, where they stand."""
    made = list(found)
    for _ in range(rng.randint(1, 4)):
        i = rng.randrange(len(made))
        data = made[i].data
        try:
            version, at = outermost(made[i].link, data)[:2]
        except (IndexError, struct.error):
            continue  # it was cut off before
        behind = at + (40 if version == 6 else 4 * (data[at] & 15) if len(data) > at else 20)
        fields = [(at, 1), (at + 2, 2), (at + 6, 2), (at + 9, 1)] if version == 4 else [
            (at, 1), (at + 4, 2), (at + 6, 1)
        ]  # fmt: skip
        fields += [(behind + 4, 2), (behind + 4, 4), (behind + 8, 4), (behind + 12, 1),
                   (behind + 13, 1), (behind + 14, 2), (behind + 21, 1)]  # fmt: skip
        start, size = rng.choice(fields)
        number = rng.choice((*EXTREMES, rng.randrange(2**32))) & (1 << 8 * size) - 1
        data = data[:start] + number.to_bytes(size, "big") + data[start + size :]
        made[i] = made[i]._replace(data=data)
    return made


KINDS = ("octets", "records", "lengths", "segments", "contents")


class Maker:
    """Makes inputs by their number."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.real = real()

    def base(self, rng: Random) -> list[Frame]:
        """A capture to change: a real one, or a conversation."""
        return rng.choice(self.real) if rng.random() < 0.7 else contents(rng)

    def make(self, number: int) -> tuple[str, bytes, Random]:
        """The kind of an input, its file, and the generator for what else is to be chosen."""
        rng = Random(f"{self.seed}/{number}")
        kind = KINDS[number % len(KINDS)]
        if kind == "octets":
            return kind, changed(rng, written(rng, self.base(rng))), rng
        if kind == "records":
            made = shuffled(rng, self.base(rng), self.base(rng))
        elif kind == "lengths":
            made = extreme(rng, self.base(rng))
        else:
            made = segments(rng) if kind == "segments" else contents(rng)
        return kind, written(rng, made), rng


# What is asked of the commands


class TooLong(BaseException):
    """An input took more than its time; no handler of the checker's takes this one."""


def _alarm(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TooLong


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Within this time on the processor, or ``TooLong``: a busy machine is nobody's fault."""
    before = signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _no_drawing(_text: str, _form: str) -> NoReturn:
    raise ToolProblem("pictures are their text here: a process for each would take too long")


@contextmanager
def _undrawn() -> Iterator[None]:
    """Pictures are worked out, as text for Graphviz and as ladders, but not drawn."""
    usual = page.draw, report.render
    page.draw, report.render = _no_drawing, lambda story, _path: (dot(story), ladder(story))
    try:
        yield
    finally:
        page.draw, report.render = usual


class Tester:
    """Gives files to both commands."""

    def __init__(self, folder: Path) -> None:
        self.capture = folder / "capture"
        self.json, self.junit = folder / "report.json", folder / "report.xml"
        self.html = folder / "page.html"
        self.behaviours = (choose([]), choose(["linux"]))

    def conform(self, rng: Random) -> tuple[str, list[str]]:
        """The outcome, and the verdicts."""
        behaviour = rng.choice(self.behaviours)
        at = rng.choice(("middle", "middle", "client", "server", "10.88.0.1"))
        peer = self.capture if rng.random() < 0.03 else None
        svg = self.capture.parent if rng.random() < 0.08 else None
        data = rng.choice((None, RFC, timing(["linux"])))
        outcome, text = _outcome(
            lambda: conform_run.conform([self.capture], behaviour, at, peer, self.json,
                                        self.junit, svg, report.Show(verbose=rng.random() < 0.5),
                                        data)
        )  # fmt: skip
        _fit(text)
        if not outcome.startswith("exit"):
            return outcome, []
        whole = json.loads(self.json.read_text())
        told, captures = whole["connections"], whole["captures"]
        lacking = sum(bool(one["unread"] or one["damage"]) for one in captures)
        assert len(ElementTree.parse(self.junit).findall("testcase")) == len(told) + lacking
        verdicts = [one["verdict"] for one in told]
        assert ("deviates" in verdicts) == (outcome == f"exit {VIOLATED}"), outcome
        return outcome, verdicts

    def narrate(self, rng: Random) -> str:
        """The outcome."""
        behaviour = rng.choice(self.behaviours)
        paged = rng.random() < 0.08
        outcome, text = _outcome(
            lambda: run.narrate(self.capture, behaviour, follow.MIDDLE,
                                self.html if paged else None, self.json)
        )  # fmt: skip
        _fit(text)
        if outcome.startswith("exit"):
            json.loads(self.json.read_text())
            if paged:
                _fit(self.html.read_text())
        return outcome


def _outcome(command: Callable[[], int]) -> tuple[str, str]:
    """An exit code or a Problem's line; and all that was printed."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code = command()
        except Problem as problem:
            line = str(problem)
            assert line and "\n" not in line, repr(line)
            return f"one line: {type(problem).__name__}", line
    assert code in (OK, VIOLATED, INCONCLUSIVE), code
    return f"exit {code}", out.getvalue()


def _fit(text: str) -> None:
    """Nothing that a stranger could steer a terminal with."""
    odd = {c for c in text if not c.isprintable() and c != "\n"}
    assert not odd, f"not for a terminal: {odd!r}"


@dataclass(slots=True)
class Tally:
    """What came of inputs."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, -1)
    peak: int = 0  # KiB
    outcomes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in the tally of a batch."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.peak = max(self.peak, other.peak)
        self.outcomes += other.outcomes
        self.verdicts += other.verdicts
        self.failures += other.failures


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def fuzz(maker: Maker, numbers: range, keep: Path | None = None) -> Tally:
    """Inputs by their numbers, one after another in this process."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, _undrawn():
        tester = Tester(Path(folder))
        for number in numbers:
            _try(maker, tester, number, tally, keep)
    return tally


def _try(maker: Maker, tester: Tester, number: int, tally: Tally, keep: Path | None) -> None:
    kind, content, rng = maker.make(number)
    tester.capture.write_bytes(content)
    before, began = _peak(), time.perf_counter()
    wrong = ""
    try:
        with limited(SECONDS):
            outcome, verdicts = tester.conform(rng)
            tally.outcomes[f"conform {outcome}"] += 1
            tally.verdicts.update(verdicts)
            tally.outcomes[f"narrate {tester.narrate(rng)}"] += 1
    except TooLong:
        wrong = f"more than {SECONDS:g} s"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        wrong = f"{what} ({where.filename}:{where.lineno})"
    took, more = time.perf_counter() - began, _peak() - before
    if not wrong and more << 10 > MEMORY:
        wrong = f"{more >> 10} MiB more than before"
    tally.inputs += 1
    tally.seconds += took
    tally.slowest = max(tally.slowest, (took, number))
    tally.peak = max(tally.peak, _peak())
    if wrong:
        tally.failures.append((number, kind, wrong))
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{maker.seed}-{number}.capture").write_bytes(content)


def _begin() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _batch(seed: int, start: int, stop: int, keep: Path) -> Tally:
    return fuzz(Maker(seed), range(start, stop), keep)


def main(inputs: int, seed: int, processes: int, keep: Path) -> Tally:
    """Batches on several processes; a line now and then says how far they are."""
    tally, began = Tally(), time.monotonic()
    told = began
    starts = range(0, inputs, BATCH)
    with forked(processes, _begin) as pool:
        jobs = [pool.submit(_batch, seed, at, min(at + BATCH, inputs), keep) for at in starts]
        for job in jobs:
            done = job.result()
            tally.add(done)
            for number, kind, wrong in done.failures:
                print(f"input {number} ({kind}): {wrong}", flush=True)
            if time.monotonic() > told + 10:
                told = time.monotonic()
                rate = tally.inputs / (told - began)
                print(f"{tally.inputs:,} of {inputs:,} inputs, {rate:,.0f}/s, "
                      f"{len(tally.failures)} failures", file=sys.stderr, flush=True)  # fmt: skip
    seconds = time.monotonic() - began
    print(f"{tally.inputs:,} inputs of seed {seed} in {seconds:,.0f} s "
          f"({tally.inputs / seconds:,.0f}/s on {processes} processes)")  # fmt: skip
    for title, counts in (("outcomes", tally.outcomes), ("connections", tally.verdicts)):
        print(f"{title}: " + ", ".join(f"{n:,} {name}" for name, n in sorted(counts.items())))
    took, number = tally.slowest
    print(f"slowest: input {number}, {took:.2f} s; peak {tally.peak >> 10} MiB a process")
    print(f"{len(tally.failures)} failures" + (f", kept in {keep}" if tally.failures else ""))
    return tally


if __name__ == "__main__":
    words = argparse.ArgumentParser(description="Garbage for conform and narrate.")
    words.add_argument("--inputs", type=int, default=100_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--processes", type=int, default=2)
    words.add_argument("--keep", type=Path, default=Path("build/fuzz"))
    words.add_argument("--only", type=int, help="one input, kept, by its number")
    given = words.parse_args()
    if given.only is not None:
        this = Maker(given.seed).make(given.only)
        given.keep.mkdir(parents=True, exist_ok=True)
        path = given.keep / f"{given.seed}-{given.only}.capture"
        path.write_bytes(this[1])
        print(f"{this[0]}: {path}")
        found = fuzz(Maker(given.seed), range(given.only, given.only + 1))
        print(*(wrong for _, _, wrong in found.failures), sep="\n")
    else:
        found = main(given.inputs, given.seed, given.processes, given.keep)
    sys.exit(bool(found.failures))
