"""What is told, in words and as JSON."""

import json

from checker.capture.segments import ACK, RST, SYN
from checker.conform.follow import MIDDLE
from checker.narrate import narration, page
from checker.narrate.run import gather
from tests.helpers.film import (
    NS,
    RFC,
    ZEEK,
    A,
    Film,
    Talk,
    ask,
    film,
    never_closes,
    one_zero,
    query,
    three,
)


def refused(made: Film) -> None:
    talk = Talk(made, 4002)
    talk.send(0, SYN)
    talk.send(1, RST | ACK)


def reset(made: Film) -> None:
    talk = Talk(made, 4003).open().say(0, b"GET /slow HTTP/1.1\r\n\r\n")
    talk.send(1, RST | ACK)


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
    assert broken.ends[0].words().startswith("10.0.0.2:80 sends a reset")
    assert broken.left == ("CLOSED", "CLOSED or TIME-WAIT")  # the RFC says both of who aborts
    assert forgotten.exchanges[0].status == 204
    assert forgotten.left == ("FIN-WAIT-2", "CLOSE-WAIT")

    text = "\n".join(narration.lines(found, 0, 100))
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
        for wait in (0, 1, 2):
            made.after(wait)
            Talk(made, 4005).send(0, SYN)

    no, silent = film(tmp_path, refused, lost).connections
    assert list(narration.chapter(no))[1] == (
        "handshake: refused with a reset (packet 2), SYN seen once"
    )
    assert no.ends == [(2, "10.0.0.2:80", "sends a reset")]
    assert silent.handshake == {"syns": 3}
    assert silent.left[0] == "SYN-SENT"


def test_every_capture_can_be_told():
    for path in sorted(ZEEK.parent.glob("*/*.pcap*")):
        found = gather(path, RFC, MIDDLE)
        assert list(narration.lines(found, 0, 100)) and json.dumps(found.as_json()), path


def test_strangers_write_nothing_on_the_terminal_or_the_page(tmp_path):
    evil = b"GET /\x1b[2J<script>&\xff HTTP/1.1\r\nHost: \x07\r\n\r\n"

    def scene(made: Film) -> None:
        Talk(made).open().say(0, evil)
        made.udp(A, 5000, NS, 53, query("\x1b]0;x\x07<b>"))

    found = film(tmp_path, scene)
    text = "\n".join(narration.lines(found, 0, 100))
    assert text.isprintable() or set(text) <= {*map(chr, range(32, 127)), "\n"}
    assert r"/\x1b[2J<script>&\xff" in text
    html = page.page(found)
    assert "<script" not in html and "&lt;script&gt;" in html and "<b>" not in html


def test_sockets_used_again_are_told(tmp_path):
    made = Film()
    three(made)
    again = Talk(made, 4001)
    again.nxt = [70_000, 90_000]
    again.open()
    *_, found = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE).connections
    assert (
        "the pair of sockets was used before (packet 1); 10.0.0.1:4001 was left in TIME-WAIT"
        in narration.chapter(found)
    )


def test_a_handshake_that_took_two_syns(tmp_path):
    def scene(made: Film) -> None:
        talk = Talk(made)
        talk.send(0, SYN)
        talk.nxt[0] -= 1
        made.after(1)
        talk.open()

    (found,) = film(tmp_path, scene).connections
    assert list(narration.chapter(found))[1] == (
        "handshake: 1 round trip, 2.0 ms (SYN,ACK after 1.0 ms), done 1003.0 ms after the first of "
        "2 SYNs"
    )


def test_frames_that_were_captured_twice_are_no_second_syn(tmp_path):
    """Also if the first SYN,ACK comes before the doubled SYN; but after a reset, a SYN is one."""
    one = Film()
    Talk(one).open()
    syn, answer, third = one.frames
    for order in ((syn, syn, answer, answer, third, third), (syn, answer, syn, answer, third)):
        made = Film()
        made.frames = list(order)
        (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE).connections
        assert list(narration.chapter(found))[1].startswith("handshake: 1 round trip, ")
        assert found.handshake["syns"] == 1
    made = Film()
    talk = Talk(made)
    talk.send(0, SYN)
    talk.send(1, ACK)
    talk.send(0, RST)
    talk.nxt[0] -= 1
    talk.open()
    assert gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE).connections[-1].handshake == {
        "syns": 2, "round_trips": 1, "seconds": 0.005, "round_trip_seconds": 0.002,
        "syn_ack_seconds": 0.001,
    }  # fmt: skip
