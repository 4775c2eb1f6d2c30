"""Names that are asked, by UDP and TCP."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from checker.narrate import dns, narration
from tests.helpers.film import (
    NS,
    A,
    B,
    Film,
    Talk,
    film,
    one_zero,
    query,
    response,
)


def test_names_that_are_not_found(tmp_path):
    ours, theirs = bytes(15) + b"\1", bytes(15) + b"\2"

    def scene(made: Film) -> None:
        made.udp(ours, 5, theirs, 53, query("no.example", 28))
        made.udp(theirs, 53, ours, 5, response("no.example", kind=28, code=3))
        made.udp(A, 6, NS, 53, query("silent.example"))
        made.udp(A, 6, NS, 53, query("silent.example"))
        made.udp(A, 53, NS, 53, b"\xff" * 40)
        made.udp(A, 6, NS, 80, query("elsewhere.example"))

    said = [narration.lookup(one) for one in film(tmp_path, scene).lookups]
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
    assert [narration.lookup(one) for one in found.lookups] == [
        "DNS: 10.0.0.1:5000 asks 10.0.0.53:53 for www.example A: cut short "
        "(to be asked again by TCP), 1.0 ms",
        "DNS: 10.0.0.1:4000 asks 10.0.0.53:53 by TCP for www.example A: A 10.0.0.2, 4.0 ms",
        "DNS: 10.0.0.1:4000 asks 10.0.0.53:53 by TCP for www.example AAAA: no such record, 4.0 ms",
    ]
    asking, web = found.connections
    assert (asking.protocol, asking.requests, asking.missing) == ("DNS", 2, False)
    assert "DNS: 2 questions, told where asked" in list(narration.chapter(asking))
    assert web.known_as == "www.example"
    first, *_ = narration.lines(found, 0, 100)
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
