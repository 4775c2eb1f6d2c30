"""``narrate``: what is told of captures made here and of real ones; and anything can be read."""

import json
import re
import ssl
import struct
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform.behaviour import choose
from checker.conform.follow import MIDDLE
from checker.narrate import dns, http, page, seen, tell, tls
from checker.narrate.run import gather
from checker.support.errors import INCONCLUSIVE
from tests.helpers import pcap

ZEEK = Path(__file__).parents[2] / "captures" / "zeek"
A, B, NS = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), bytes([10, 0, 0, 53])
RFC = choose([])


class Film:
    """A capture, written frame by frame: raw IP, a millisecond from one to the next."""

    def __init__(self, kept: int = 1 << 16) -> None:
        self.frames: list[bytes] = []
        self.kept = kept

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
        out = [pcap.header(101)]
        for i, frame in enumerate(self.frames):
            out.append(pcap.record(1000, 1000 * i, frame[: self.kept], len(frame)))
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


def film(path: Path, *scenes: Callable[[Film], object]) -> tell.Narration:
    made = Film()
    for scene in scenes:
        scene(made)
    return gather(made.write(path / "film.pcap"), RFC, MIDDLE)


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


def refused(made: Film) -> None:
    talk = Talk(made, 4002)
    talk.send(0, SYN)
    talk.send(1, RST | ACK)


def reset(made: Film) -> None:
    talk = Talk(made, 4003).open().say(0, b"GET /slow HTTP/1.1\r\n\r\n")
    talk.send(1, RST | ACK)


def never_closes(made: Film) -> None:
    talk = Talk(made, 4004).open().say(0, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")
    talk.say(1, b"HTTP/1.1 204 No Content\r\n\r\n").close(0)


def test_the_whole_story(tmp_path):
    found = film(tmp_path, ask, one_zero, three, reset, never_closes)
    (asked,) = found.lookups
    assert (asked.name, asked.type, asked.answers) == (
        "www.example", "A", [("CNAME", "example"), ("A", "10.0.0.2")]
    )  # fmt: skip
    assert asked.answered is not None and round(asked.answered - asked.time, 6) == 0.001
    old, new, broken, forgotten = found.connections
    assert {one.verdict.value for one in found.connections} == {"conforms"}
    assert {one.known_as for one in found.connections} == {"www.example"}
    assert old.handshake == {
        "syns": 1, "round_trips": 1, "seconds": 0.002, "round_trip_seconds": 0.002,
        "syn_ack_seconds": 0.001,
    }  # fmt: skip

    assert (old.protocol, old.requests, old.kept) == ("HTTP/1.0", 1, False)
    assert old.left == ("CLOSED", "TIME-WAIT")  # the server closed first
    assert [one.words() for one in new.exchanges] == [
        "GET / -> 200, 2.0 ms", "GET /a.css -> 200, 2.0 ms", "GET /b.png -> 200, 2.0 ms"
    ]  # fmt: skip
    assert (new.protocol, new.requests, new.kept) == ("HTTP/1.1", 3, True)
    assert new.exchanges[0].host == "www.example"
    assert new.left == ("TIME-WAIT", "CLOSED")
    assert broken.exchanges[0].status is None
    assert broken.ends[0].startswith("10.0.0.2:80 sends a reset")
    assert broken.left == ("CLOSED", "CLOSED or TIME-WAIT")  # the RFC says both of who aborts
    assert forgotten.exchanges[0].status == 204
    assert forgotten.left == ("FIN-WAIT-2", "CLOSE-WAIT")

    text = "\n".join(tell.lines(found))
    assert text.startswith(f"{tmp_path}/film.pcap: 1 DNS question, 4 TCP connections, 6 HTTP requ")
    for said in (
        "for www.example A: CNAME example, A 10.0.0.2, 1.0 ms",
        "handshake: 1 round trip, 2.0 ms (SYN,ACK after 1.0 ms)",
        "HTTP/1.1: 3 requests share one connection",
        "GET /slow -> no response seen",
        "left: 10.0.0.2:80 in CLOSE-WAIT: its peer closed, its own program has not",
        "first response 5.0 ms after the SYN: 2.5 round trips",
    ):
        assert said in text, said


def test_a_connection_that_is_not_opened(tmp_path):
    def lost(made: Film) -> None:
        for _ in range(3):
            Talk(made, 4005).send(0, SYN)

    no, silent = film(tmp_path, refused, lost).connections
    assert list(tell.chapter(no))[1] == (
        "handshake: refused with a reset (packet 2), SYN seen once"
    )
    assert no.ends == ["10.0.0.2:80 sends a reset (packet 2)"]
    assert silent.handshake == {"syns": 3}
    assert silent.left[0] == "SYN-SENT"


def test_names_that_are_not_found(tmp_path):
    ours, theirs = bytes(15) + b"\1", bytes(15) + b"\2"

    def scene(made: Film) -> None:
        made.udp(ours, 5, theirs, 53, query("no.example", 28))
        made.udp(theirs, 53, ours, 5, response("no.example", kind=28, code=3))
        made.udp(A, 6, NS, 53, query("silent.example"))
        made.udp(A, 6, NS, 53, query("silent.example"))
        made.udp(A, 53, NS, 53, b"\xff" * 40)
        made.udp(A, 6, NS, 80, query("elsewhere.example"))

    said = [tell.lookup(one) for one in film(tmp_path, scene).lookups]
    assert said == [
        "DNS: [::1]:5 asks [::2]:53 for no.example AAAA: NXDOMAIN, 1.0 ms",
        "DNS: 10.0.0.1:6 asks 10.0.0.53:53 for silent.example A (2 times): no answer",
    ]


def prefixed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(one)) + one for one in messages)


def test_names_asked_by_tcp(tmp_path):
    """Two questions on one connection, cut anywhere; the name is known to the connection after."""
    cut = bytearray(response("www.example"))
    cut[2] |= 2  # TC

    def scene(made: Film) -> None:
        made.udp(A, 5000, NS, 53, query("www.example"))
        made.udp(NS, 53, A, 5000, bytes(cut))
        talk = Talk(made, 4000, 53, hosts=(A, NS)).open()
        asked = prefixed(query("www.example"), query("www.example", 28))
        talk.say(0, asked[:1]).say(0, asked[1:40]).say(0, asked[40:])
        said = prefixed(response("www.example", (1, B)), response("www.example", kind=28))
        talk.say(1, said[:50]).say(1, said[50:]).close(0, 1)

    found = film(tmp_path, scene, one_zero)
    assert [tell.lookup(one) for one in found.lookups] == [
        "DNS: 10.0.0.1:5000 asks 10.0.0.53:53 for www.example A: cut short "
        "(to be asked again by TCP), 1.0 ms",
        "DNS: 10.0.0.1:4000 asks 10.0.0.53:53 by TCP for www.example A: A 10.0.0.2, 4.0 ms",
        "DNS: 10.0.0.1:4000 asks 10.0.0.53:53 by TCP for www.example AAAA: no such record, 4.0 ms",
    ]
    asking, web = found.connections
    assert (asking.protocol, asking.requests, asking.missing) == ("DNS", 2, False)
    assert "DNS: 2 questions, told where asked" in list(tell.chapter(asking))
    assert web.known_as == "www.example"
    first, *_ = tell.lines(found)
    assert first.endswith("3 DNS questions, 2 TCP connections, 1 HTTP request")


def test_what_is_no_dns_on_its_port(tmp_path):
    def scene(made: Film) -> None:
        Talk(made, 4000, 53).open().say(0, b"GET / HTTP/1.1\r\n\r\n" + bytes(20_000)).close(0, 1)
        late = prefixed(query("a.example"))
        talk = Talk(made, 4001, 53).open().say(0, late)
        talk.nxt[0] += 5  # the capture lacks these
        talk.say(0, late).close(0, 1)

    other, torn = film(tmp_path, scene).connections
    assert (other.protocol, other.requests) == ("not HTTP", 0)
    assert (torn.protocol, torn.requests, torn.missing) == ("DNS", 1, True)


def heads(*pieces: bytes | int, methods: tuple[str, ...] = ()) -> http.Reader:
    """A direction, in pieces; a number is of octets that the capture does not have."""
    reader = http.Reader(lambda place: methods[place] if place < len(methods) else "")
    for piece in pieces:
        text, missing = (b"", piece) if isinstance(piece, int) else (piece, 0)
        reader.take(text, missing, 1, 0.0)
    return reader


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKS = (
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n4;x=y\r\nHTTP\r\n2\r\n\r\n\r\n0\r\nA: b\r\n\r\n"
)
RESPONSES = (
    OK + b"content-length: 99\r\n\r\n"  # of HEAD: no body
    + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    + CHUNKS
    + b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
    + OK + b"Content-Length: 5\r\nConnection: x, Close\r\n\r\n12\n\n5"
    + b"HTTP/1.1 404 Not\xff\r\n\r\n" + OK
)  # fmt: skip


@given(st.lists(st.integers(0, len(RESPONSES)), max_size=9))
def test_bodies_are_passed_over_however_text_is_cut(cuts):
    places = [0, *sorted(cuts), len(RESPONSES)]
    pieces = [RESPONSES[a:b] for a, b in pairwise(places)]
    reader = heads(*pieces, methods=("HEAD",))
    assert [one.status for one in reader.heads] == [200, 200, 304, 200, 404]
    assert [one.kept for one in reader.heads] == [True, True, True, False, False]
    assert not reader.missing


def test_keep_alive_of_each_version():
    def kept(version: bytes, connection: bytes) -> bool:
        line = b"Connection: " + connection + b"\r\n" if connection else b""
        return heads(b"GET / HTTP/" + version + b"\r\n" + line + b"\r\n").heads[0].kept

    assert [kept(b"1.0", b""), kept(b"1.0", b"Keep-Alive")] == [False, True]
    assert [kept(b"1.1", b""), kept(b"1.1", b"close")] == [True, False]


def test_text_that_the_capture_lacks():
    begun = OK + b"Content-Length: 10\r\n\r\n12"
    inside = heads(begun, 5, b"890", OK, b"Content-Length: 0\r\n\r\n")
    assert (inside.count, inside.missing) == (2, False)
    to_the_end = heads(begun, 8, OK + b"Content-Length: 0\r\n\r\n")
    assert (to_the_end.count, to_the_end.missing) == (2, False)
    assert heads(begun, 9, OK).missing
    assert heads(OK[:5], 3, OK[8:]).missing


def test_segments_out_of_order_and_cut_short(tmp_path):
    """The second half comes first; of the body, the capture kept the beginning of each segment."""
    made = Film(kept=120)
    talk = Talk(made).open()
    first, second = b"GET /one HTTP/1.1\r\n", b"Host: x\r\n\r\nGET /two HTTP/1.1\r\n\r\n"
    talk.send(0, ACK, second, ahead=len(first))
    talk.send(0, ACK, first)
    talk.nxt[0] += len(second)
    talk.send(1, ACK)
    talk.say(1, OK + b"Content-Length: 1000\r\n\r\n").say(1, b"x" * 1000)
    talk.say(1, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE).connections
    assert [(one.target, one.status) for one in found.exchanges] == [("/one", 200), ("/two", 500)]
    assert not found.missing


def test_text_that_comes_again_is_read_once(tmp_path):
    """The end first; whole, and with more behind it; around the highest number, over IPv6."""
    whole = b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % i for i in range(3))

    def scene(made: Film) -> None:
        talk = Talk(made, hosts=(bytes(15) + b"\1", bytes(15) + b"\2"))
        talk.nxt[0] = 2**32 - 30
        start = talk.open().nxt[0]
        for a, b in ((40, 57), (0, 20), (0, 20), (10, 30), (0, 45), (20, 57)):
            talk.nxt[0] = (start + a) % 2**32
            talk.send(0, ACK, whole[a:b])

    (found,) = film(tmp_path, scene).connections
    assert [one.target for one in found.exchanges] == ["/0", "/1", "/2"]
    assert not found.missing
    assert found.name == "[::1]:4000-[::2]:80"


def client_hello(server: str, *protocols: str) -> bytes:
    """By a real client."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(list(protocols))
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=server).do_handshake()
    return out.read()


def server_hello(version: int, *extensions: tuple[int, bytes]) -> bytes:
    more = b"".join(struct.pack(">HH", kind, len(data)) + data for kind, data in extensions)
    body = struct.pack(">H", version) + bytes(35) + b"\0" + struct.pack(">H", len(more)) + more
    message = b"\2" + len(body).to_bytes(3, "big") + body
    # In two records: a message may be cut anywhere.
    parts = (message[:5], message[5:])
    return b"".join(struct.pack(">BHH", 22, 0x303, len(one)) + one for one in parts)


def test_tls_is_named_and_not_read(tmp_path):
    hello = client_hello("www.example", "h2", "http/1.1")
    alpn = (16, b"\0\3\2h2")

    def scene(made: Film) -> None:
        newer = Talk(made, 4000, 443).open().say(0, hello[:30]).say(0, hello[30:])
        newer.say(1, server_hello(0x303, (43, b"\3\4"))).close(0, 1)
        older = Talk(made, 4001, 443).open().say(0, hello)
        older.say(1, server_hello(0x303, alpn)).close(0, 1)

    newer, older = film(tmp_path, scene).connections
    assert (newer.protocol, older.protocol) == ("TLS 1.3", "TLS 1.2")
    assert newer.tls == {"server_name": "www.example", "offers": ["h2", "http/1.1"]}
    assert older.tls["protocol"] == "h2"
    said = "\n".join(tell.chapter(newer))
    assert "TLS 1.3 for www.example: encrypted, its contents are not read" in said
    assert "the client offers h2, http/1.1" in said
    assert "it carries h2" in "\n".join(tell.chapter(older))


def test_a_hello_in_crumbs_is_given_up(whole):
    """A record for each octet: what is read again with each segment is bounded."""
    message = whole[5:]
    crumbs = [b"\x16\3\1\0\1" + message[i : i + 1] for i in range(len(message))]
    assert heads(*crumbs[: tls.RECORDS - 1]).kind == ""
    assert heads(*crumbs).kind == "other"
    halves = (message[:60], message[60:])
    assert heads(*[b"\x16\3\1" + struct.pack(">H", len(p)) + p for p in halves]).kind == "TLS"


def test_http_2_in_the_open(tmp_path):
    def frame(kind: int, stream: int, body: bytes) -> bytes:
        return len(body).to_bytes(3, "big") + bytes([kind, 4]) + struct.pack(">I", stream) + body

    text = http.PREFACE + frame(4, 0, b"") + frame(1, 1, b"x" * 9) + frame(0, 1, bytes(300))
    text += frame(1, 1, b"trailers") + frame(1, 3, b"x") + frame(1, 5, b"x")

    def scene(made: Film) -> None:
        talk = Talk(made).open().say(0, text[:20]).say(0, text[20:40]).say(0, text[40:])
        talk.say(1, frame(4, 0, b"")).close(0, 1)

    (found,) = film(tmp_path, scene).connections
    assert (found.protocol, found.requests) == ("HTTP/2", 3)


REAL = {
    "http__get.pcap": [("GET", 200)],
    "http__get-gzip.pcap": [("GET", 200)],
    "http__get-without-fins.pcap": [("GET", 200)],
    "http__post.pcap": [("POST", 200)],
    "http__ctu-62604-80.pcap": [("POST", 200)],
    "http__get_nosyn.pcap": [("GET", 200)],
}


@pytest.mark.parametrize("capture", REAL)
def test_real_requests(capture):
    (found,) = gather(ZEEK / capture, RFC, MIDDLE).connections
    assert [(one.method, one.status) for one in found.exchanges] == REAL[capture]
    assert not found.missing


def test_every_capture_can_be_told():
    for path in sorted(ZEEK.parent.glob("*/*.pcap*")):
        found = gather(path, RFC, MIDDLE)
        assert list(tell.lines(found)) and json.dumps(found.as_json()), path


# Whatever comes


def test_a_name_that_points_to_itself():
    head = struct.pack(">6H", 7, 0x8180, 1, 1, 0, 0)
    for loop in (b"\xc0\x0c", b"\1a\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\xc0\xff", b"\xc0"):
        assert dns.read(head + loop + bytes(40)) is None
    long = b"".join(b"\x3f" + bytes(63) for _ in range(9))
    assert dns.read(head + long + bytes(40)) is None


def test_answers_are_read_as_far_as_they_go():
    whole = response("a.example", (1, B), (16, b"text"), (28, bytes(16)))
    assert dns.read(whole).answers == [("A", "10.0.0.2"), ("TXT", ""), ("AAAA", "::")]
    assert dns.read(whole[:-1]).answers == [("A", "10.0.0.2"), ("TXT", "")]


@given(st.binary(max_size=600))
def test_dns_reads_anything(octets):
    dns.read(octets)
    dns.read(struct.pack(">6H", 7, 0x8180, 1, 60000, 0, 0) + octets)


@settings(max_examples=300)
@given(
    st.sampled_from([b"", OK, b"GET / HTTP/1.1\r\n", CHUNKS[:50], http.PREFACE, b"\x16\3\1\0\4\1"]),
    st.lists(st.one_of(st.binary(max_size=80), st.integers(0, 99)), max_size=12),
)
def test_http_reads_anything(start, pieces):
    reader = heads(start, *pieces)
    assert len(reader.held) <= http.HEAD


@pytest.fixture(scope="module")
def whole() -> bytes:
    return client_hello("www.example", "h2")


@given(at=st.integers(0, 700), junk=st.binary(min_size=1, max_size=4))
def test_tls_reads_anything(whole, at, junk):
    at %= len(whole)
    tls.hello(whole[:at] + junk + whole[at + len(junk) :])
    assert tls.hello(whole[: min(at, len(whole) - 1)]) is True


@pytest.mark.parametrize(
    "start", [b"GET /", OK, OK + b"a: b", CHUNKS[:52] + b"1;", b"\x16\3\1\xff\xff\1"]
)
def test_a_head_without_an_end_is_not_kept(start):
    reader = heads(start, *[b"x" * 1400] * 100)
    assert len(reader.held) <= http.HEAD
    reader = heads(start + b"x" * 500_000)
    assert len(reader.held) <= http.HEAD


def test_many_heads_are_counted():
    reader = heads(*[b"GET / HTTP/1.1\r\n\r\n" * 10] * 150)
    assert (len(reader.heads), reader.count) == (http.HEADS, 1500)


def test_room_is_bounded(tmp_path, monkeypatch):
    """Where no more may be held, text is passed over, and what was held is given back."""
    rooms = []
    monkeypatch.setattr(seen, "ROOM", 4000)
    make = seen.Room.__init__
    monkeypatch.setattr(seen.Room, "__init__", lambda self: (make(self), rooms.append(self))[0])

    def scene(made: Film) -> None:
        for port in range(4000, 4008):
            talk = Talk(made, port).open()
            talk.send(0, ACK, b"y" * 900, ahead=2000)
            talk.say(0, b"GET /" + b"x" * 900)
            talk.say(1, OK)

    found = film(tmp_path, scene)
    assert any(one.missing for one in found.connections)
    assert {room.left for room in rooms} == {4000}


def test_heads_are_bounded_in_all(tmp_path, monkeypatch):
    """Beyond the bound they are counted; and nothing false is said of those that were kept."""
    rooms = []
    monkeypatch.setattr(seen, "ROOM", 20_000)
    make = seen.Room.__init__
    monkeypatch.setattr(seen.Room, "__init__", lambda self: (make(self), rooms.append(self))[0])

    def scene(made: Film) -> None:
        for port in range(4000, 4010):
            talk = Talk(made, port).open().say(0, b"GET /" + b"x" * 90 + b" HTTP/1.1\r\n\r\n")
            talk.say(0, b"GET / HTTP/1.1\r\n\r\n" * 4)
            talk.say(1, (OK + b"Content-Length: 0\r\n\r\n") * 5).close(0, 1)

    found = film(tmp_path, scene)
    assert {one.requests for one in found.connections} == {5}
    kept = sum(len(one.exchanges) for one in found.connections)
    assert 20 < kept < 35 and len(found.connections[-1].exchanges) == 1
    said = "\n".join(tell.lines(found))
    assert "no response seen" not in said and "4 requests more" in said
    monkeypatch.setattr("checker.narrate.tell.TOLD", 1)
    film(tmp_path, scene)
    assert 14_000 < rooms[-1].heads < 15_000  # without the ten of one connection


def test_strangers_write_nothing_on_the_terminal_or_the_page(tmp_path):
    evil = b"GET /\x1b[2J<script>&\xff HTTP/1.1\r\nHost: \x07\r\n\r\n"

    def scene(made: Film) -> None:
        Talk(made).open().say(0, evil)
        made.udp(A, 5000, NS, 53, query("\x1b]0;x\x07<b>"))

    found = film(tmp_path, scene)
    text = "\n".join(tell.lines(found))
    assert text.isprintable() or set(text) <= {*map(chr, range(32, 127)), "\n"}
    assert r"/\x1b[2J<script>&\xff" in text
    html = page.page(found)
    assert "<script" not in html and "&lt;script&gt;" in html and "<b>" not in html


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_capture_with_noise_in_it_is_told(tmp_path_factory, data):
    made = Film()
    for scene in (ask, one_zero, three, never_closes):
        scene(made)
    for _ in range(data.draw(st.integers(1, 20))):
        i = data.draw(st.integers(0, len(made.frames) - 1))
        frame = bytearray(made.frames[i])
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
        made.frames[i] = bytes(frame[: data.draw(st.integers(1, 2 * len(frame)))])
    path = made.write(tmp_path_factory.mktemp("noise") / "x.pcap")
    found = gather(path, RFC, MIDDLE)
    assert list(tell.lines(found)) and page.page(found)


# The command


def command(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "narrate", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_page_and_report(tmp_path):
    made = Film()
    for scene in (ask, three, never_closes):
        scene(made)
    path = made.write(tmp_path / "film.pcap")
    outputs = []
    for i in (1, 2):
        html, report = tmp_path / f"{i}.html", tmp_path / f"{i}.json"
        code, out = command(path, "--html", html, "--json", report)
        assert code == 0
        outputs.append((out, html.read_text(), report.read_text()))
    assert outputs[0] == outputs[1]
    text, html, report = outputs[0]
    assert "3 requests share one connection" in text and "3 requests share one connection" in html
    assert html.count("<svg") == 2 or html.count("<pre>") == 2
    assert "GET /a.css" in html and "CLOSE-WAIT" in html
    # Nothing is fetched from elsewhere.
    outside = [one for one in re.findall(r"(?:src|href)=\"([^\"]*)", html) if one[0] != "#"]
    assert not outside, outside
    told = json.loads(report)
    assert [one["requests"] for one in told["connections"]] == [3, 1]
    assert told["connections"][1]["left"] == ["FIN-WAIT-2", "CLOSE-WAIT"]
    assert told["lookups"][0]["answers"] == [["CNAME", "example"], ["A", "10.0.0.2"]]


def test_sockets_used_again_are_told(tmp_path):
    made = Film()
    three(made)
    again = Talk(made, 4001)
    again.nxt = [70_000, 90_000]
    again.open()
    *_, found = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE).connections
    assert (
        "the pair of sockets was used before (packet 1); 10.0.0.1:4001 was left in TIME-WAIT"
        in tell.chapter(found)
    )


def test_a_handshake_that_took_two_syns(tmp_path):
    def scene(made: Film) -> None:
        talk = Talk(made)
        talk.send(0, SYN)
        talk.nxt[0] -= 1
        talk.open()

    (found,) = film(tmp_path, scene).connections
    assert list(tell.chapter(found))[1] == (
        "handshake: 1 round trip, 2.0 ms (SYN,ACK after 1.0 ms), done 3.0 ms after the first of 2 "
        "SYNs"
    )


def test_a_ladder_leaves_out_the_middle(tmp_path):
    def scene(made: Film) -> None:
        talk = Talk(made).open()
        for _ in range(40):
            talk.say(0, b"GET / HTTP/1.1\r\n\r\n")
        talk.close(0, 1)

    made = Film()
    scene(made)
    (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE, drawn=1).connections
    assert found.story is not None
    notes = [note for line in found.story.lines for note in line.notes]
    assert notes == [f"{87 - seen.FIRST - seen.LAST} segments before this one are not drawn"]


def test_states_change_where_a_segment_arrives(tmp_path):
    made = Film()
    never_closes(made)
    (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE, drawn=1).connections
    assert found.story is not None
    assert found.story.initial == ("CLOSED", "LISTEN")
    sent, received = [line.states for line in found.story.lines if line.number == 8]
    assert sent == ("FIN-WAIT-1", "ESTABLISHED")
    assert received == ("FIN-WAIT-1", "CLOSE-WAIT")


def test_exit_codes(tmp_path):
    empty = Film().write(tmp_path / "empty.pcap")
    assert command(empty)[0] == INCONCLUSIVE
    torn = tmp_path / "torn.pcap"
    torn.write_bytes((ZEEK / "http__get.pcap").read_bytes()[:-9])
    code, out = command(torn)
    assert code == INCONCLUSIVE and "GET" in out
    assert command(tmp_path / "nothing.pcap")[0] == 2
    assert command(empty, "--html", tmp_path)[0] == 2
