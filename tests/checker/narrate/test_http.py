"""Requests and responses, however the text is cut."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.conform.follow import MIDDLE
from checker.narrate import http
from checker.narrate.run import gather
from tests.helpers.film import OK, RFC, ZEEK, Film, Talk, film, heads

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


@pytest.mark.parametrize("body", [b"1\r\nx\r\n" * 9_000, b"0\r\n" + b"A: b\r\n" * 9_000])
def test_what_was_read_is_not_copied_again(monkeypatch, body):
    """Chunks of one octet, and trailers, in a large segment."""
    copied = 0

    def counted(octets: bytearray) -> bytes:
        nonlocal copied
        copied += len(octets)
        return bytes(octets)

    monkeypatch.setattr(http, "bytes", counted, raising=False)
    end = b"\r\n" if body.startswith(b"0") else b"0\r\n\r\n"
    reader = heads(OK + b"Transfer-Encoding: chunked\r\n\r\n" + body + end + OK + b"\r\n")
    assert len(reader.heads) == 2
    assert copied < 2 * len(body)


def test_keep_alive_of_each_version():
    def kept(version: bytes, connection: bytes) -> bool:
        line = b"Connection: " + connection + b"\r\n" if connection else b""
        return heads(b"GET / HTTP/" + version + b"\r\n" + line + b"\r\n").heads[0].kept

    assert [kept(b"1.0", b""), kept(b"1.0", b"Keep-Alive")] == [False, True]
    assert [kept(b"1.1", b""), kept(b"1.1", b"close")] == [True, False]


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


@settings(max_examples=300)
@given(
    st.sampled_from([b"", OK, b"GET / HTTP/1.1\r\n", CHUNKS[:50], http.PREFACE, b"\x16\3\1\0\4\1"]),
    st.lists(st.one_of(st.binary(max_size=80), st.integers(0, 99)), max_size=12),
)
def test_http_reads_anything(start, pieces):
    reader = heads(start, *pieces)
    assert len(reader.held) <= http.HEAD


@pytest.mark.parametrize(
    "start", [b"GET /", OK, OK + b"a: b", CHUNKS[:52] + b"1;", b"\x16\3\1\xff\xff\1"]
)
def test_a_head_without_an_end_is_not_kept(start):
    reader = heads(start, *[b"x" * 1400] * 100)
    assert len(reader.held) <= http.HEAD
    reader = heads(start + b"x" * 500_000)
    assert len(reader.held) <= http.HEAD
