"""One direction: windows, gaps, duplicate ACKs, round trips, zero windows, keep-alives."""

import pytest

from checker.capture.segments import ACK, FIN, SYN
from checker.dataplane.facts import Kind
from checker.dataplane.header import blocks, near, opening
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Room
from tests.helpers.transfer import PERMITTED, SIZE, Transfer, sack
from tests.helpers.wire import A, B, Wire


def test_numbers_go_on_where_they_wrap():
    assert near(2**32 - 1, 5) == 2**32 + 5
    assert near(2**32 + 5, 2**32 - 1) == 2**32 - 1
    assert near(7 * 2**32 + 9, 9) == 7 * 2**32 + 9


def test_options_are_read():
    wire = Wire()(A, SYN, 1, options=b"\x02\x04\x05\xb4\x03\x03\x0f\x04\x02")
    assert opening(wire.packets[0]) == (1460, 14, True)  # RFC 7323 2.3
    assert opening(Wire()(A, SYN, 1).packets[0]) == (536, None, False)
    one = Wire()(B, ACK, 1, 1, options=sack(1001, 2001, 3001, 4001)).packets[0]
    assert blocks(one) == [(1100, 2100), (3100, 4100)]
    assert blocks(Wire()(B, ACK, 1, 1, options=b"\x05\x0a\x00").packets[0]) == []


def test_octets_segments_and_round_trips_are_counted():
    way = Transfer().send(1, 2).after(0.1).ack(2).after(0.02).ack(3).done()
    assert (way.octets, way.segments, way.largest, way.lacks) == (2000, 2, 1000, 0)
    assert way.trip.count == 3  # the SYN's, too
    assert round(way.trip.most, 6) == 0.12 and way.trip.excluded == 0


def test_an_ack_of_what_was_sent_twice_is_no_sample():
    way = Transfer().send(1).after(1.0).send(1).after(0.1).ack(2).done()
    assert way.trip.count == 1 and way.trip.excluded == 1


def test_numbers_wrap_in_a_transfer():
    wire = Transfer()
    plane = wire.plane
    for way in plane.ways:
        way.base = None
        way.una = way.nxt = 0
    wire(A, SYN, 2**32 - 1500)(B, SYN | ACK, 7, 2**32 - 1499, wnd=9000)
    for i in range(4):
        wire(A, ACK, (2**32 - 1499 + i * SIZE) % 2**32, 8, text=SIZE)
    wire(B, ACK, 8, (2**32 - 1499 + 4 * SIZE) % 2**32, wnd=9000)
    way = wire.done()
    assert (way.octets, way.una, way.nxt) == (4000, 4001, 4001)
    assert not way.gaps and not way.resends and not way.beyond


def test_text_beyond_the_right_edge():
    way = Transfer(wnd=2000).send(1, 2, 3).done()
    (one,) = way.beyond
    assert (one.packet, one.octets, one.edge, one.packet_of_edge) == (6, 1000, 2001, 2)
    assert way.full == 1


def test_the_next_ack_may_excuse_it():
    made = Transfer(wnd=2000).send(1, 2, 3).ack(2, wnd=4000)
    assert "lack an ACK" in made.done().beyond[0].excuse
    made = Transfer(wnd=2000).send(1, 2, 3).ack(2, wnd=1000)
    assert made.done().beyond[0].excuse == ""


def test_windows_are_scaled_when_both_say_so():
    scale = b"\x03\x03\x02\x00"
    made = Transfer(wnd=2000, options=scale).ack(1, wnd=2000).send(1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert [one.packet for one in made.done().beyond] == [13]  # 8,000 octets
    assert made.plane.ways[0].granularity == 4


def test_without_a_syn_the_scale_is_not_known():
    plane = Plane(Room())
    for side, p in enumerate(Wire()(A, ACK, 100, 300, text=5)(B, ACK, 300, 105).packets):
        plane.take(side, p)
    assert [way.scaled for way in plane.ways] == [False, False]
    assert plane.ways[0].judged == 0 and not plane.placed


def test_the_capture_lacks_what_is_between():
    way = Transfer().send(1, 3).done()
    assert [(one.start, one.end, one.acknowledged) for one in way.gaps] == [(1001, 2001, False)]
    assert way.lacks == 1000
    way = Transfer().send(1).ack(4).done()
    assert [(one.start, one.end, one.acknowledged) for one in way.gaps] == [(1001, 3001, True)]
    assert way.lacks == 2000


def test_a_duplicate_ack_is_what_rfc_5681_says():
    made = Transfer().send(1, 2, 3).ack(2)
    made.ack(2)  # one
    made.ack(2, wnd=40_000)  # another window
    made.ack(2, wnd=40_000, text=10)  # text
    made(B, ACK | FIN, 310, 1100, wnd=40_000)
    assert made.plane.ways[0].all_duplicates == 1
    made = Transfer().send(1).ack(2).ack(2)  # nothing is in flight
    assert made.plane.ways[0].all_duplicates == 0


def test_new_sack_makes_an_ack_a_duplicate_and_dsack_does_not():
    made = Transfer(options=PERMITTED).send(1, 2, 3, 4).ack(2)
    made.ack(2, wnd=40_000, options=sack(2001, 3001))
    assert made.plane.ways[0].all_duplicates == 1
    made.ack(2, wnd=40_000, options=sack(1, 1001))
    assert made.plane.ways[0].all_duplicates == 1
    assert [one.sacked for one in made.plane.ways[0].chunks] == [False, True, False]


def test_a_window_that_shrinks():
    way = Transfer().send(1).ack(1, wnd=30_000).done()
    assert [tuple(one) for one in way.shrinks] == [(5, 20_000)]
    way = Transfer().send(1, 2).ack(3, wnd=50_000).ack(2, wnd=51_000).done()
    assert not way.shrinks  # an old ACK tells nothing
    way = Transfer(wnd=500, options=b"\x03\x03\x07\x00").ack(1).ack(1, wnd=499).done()
    assert not [one for one in way.shrinks if one.octets < 128]


def test_a_zero_window_and_its_probes():
    made = Transfer(wnd=2000).send(1, 2).ack(3, wnd=0)
    made.after(1.2)(A, ACK, 2099, 300)  # as Linux probes
    made.ack(3, wnd=0)
    made.after(2.4).send(3, octets=b"x").ack(3, wnd=0)  # with one octet
    made.after(1.0).ack(4, wnd=3000).after(0.01).send(4)
    way = made.done()
    (zero,) = way.zeros
    assert [(one.packet, one.octets) for one in zero.probes] == [(7, 0), (9, 1)]
    assert (zero.packet, zero.answered, zero.opened) == (6, 2, 11)
    assert zero.waiting == pytest.approx(0.01)
    assert not way.beyond and not way.resends
    assert [word for _, word in made.words if "probe" in word] == [
        "zero-window probe", "probe answered", "zero-window probe", "probe answered"
    ]  # fmt: skip


def test_octets_that_are_sent_again_into_a_zero_window_are_probes():
    made = Transfer(wnd=2000).send(1, 2).ack(2, wnd=0).after(1.0).send(2).after(2.0).send(2)
    way = made.done()
    assert [one.kind for one in way.resends] == [Kind.PROBE, Kind.PROBE]
    assert len(way.zeros[0].probes) == 2 and not way.episodes


def test_more_than_an_octet_may_be_a_probe_if_it_waited():
    made = Transfer(wnd=1000).send(1).ack(2, wnd=0).after(1.0).send(2)
    assert "probe" in made.done().beyond[0].excuse
    made = Transfer(wnd=1000).send(1).ack(2, wnd=0).after(0.05).send(2)
    assert made.done().beyond[0].excuse == ""


def test_keep_alives_are_no_retransmissions():
    made = Transfer().send(1).after(0.1).ack(2)
    made.after(60)(A, ACK, 1099, 300).after(0.1).ack(2)
    made.after(60)(A, ACK, 1099, 300, octets=b"\0").after(0.1).ack(2)
    way = made.done()
    assert way.keep_alives == 2 and not way.resends and way.octets == 1000


def test_silly_windows():
    made = Transfer(wnd=20_000).send(1).ack(2, wnd=100)
    assert not made.plane.ways[0].silly  # it closes
    made.ack(2, wnd=150).ack(2, wnd=20_000)
    assert [tuple(one) for one in made.done().silly] == [(6, 150)]


def test_octets_are_compared_as_long_as_there_is_room():
    for room, compared in ((Room(), 3), (Room(2), 0)):
        made = Transfer(room=room)(A, ACK, 100, 300, octets=b"abc").after(1.0)
        made(A, ACK, 100, 300, octets=b"abX")
        way = made.done()
        assert way.compared == compared
        assert [tuple(one) for one in way.contradicted] == ([(5, 4, 3)] if compared else [])
        assert room.left == (1 << 26 if compared else 2)


def test_what_is_packed_anew_is_compared_octet_by_octet():
    made = Transfer()(A, ACK, 100, 300, octets=b"ab")(A, ACK, 102, 300, octets=b"cd").after(1.0)
    made(A, ACK, 101, 300, octets=b"bcdef")
    way = made.done()
    assert way.compared == 3 and not way.contradicted and way.octets == 6


def opened_with_text(wait: float) -> Transfer:
    """A SYN with text, of which B acknowledges the SYN; A sends the text again after ``wait``."""
    made = Transfer()
    for way in made.plane.ways:
        way.base = None
        way.una = way.nxt = 0
    made(A, SYN, 99, octets=b"GET").after(0.02)(B, SYN | ACK, 299, 100, wnd=9000)
    return made(A, ACK, 100, 300).after(wait)


def test_text_of_a_syn_that_was_not_taken_is_the_same_when_it_comes_again():
    made = opened_with_text(0.02)(A, ACK, 100, 300, octets=b"GET")
    way = made.done()
    assert way.compared == 3 and not way.contradicted
    assert [one.kind for one in way.resends] == [Kind.ANSWER] and not way.episodes
    way = opened_with_text(0.02)(A, ACK, 100, 300, octets=b"GXT").done()
    assert [one.place for one in way.contradicted] == [2]
    way = opened_with_text(0.02)(A, ACK, 101, 300, octets=b"ETx").done()
    assert (way.compared, way.contradicted, way.octets) == (2, [], 4)


def test_text_of_a_syn_that_comes_again_long_after_its_answer_is_a_timeout():
    way = opened_with_text(1.0)(A, ACK, 100, 300, octets=b"GET").done()
    assert [one.kind for one in way.resends] == [Kind.TIMEOUT]


def test_a_syn_with_text_that_comes_again_is_compared_whole():
    made = Transfer()
    way = made.plane.ways[0]
    way.base, way.una, way.nxt = None, 0, 0
    made(A, SYN, 99, octets=b"GET").after(1.0)(A, SYN, 99, octets=b"GEX")
    assert way.compared == 3 and [one.place for one in way.contradicted] == [3]
    assert [one.kind for one in way.resends] == [Kind.TIMEOUT]


def test_segments_in_flight_that_are_told_apart_are_bounded():
    room = Room(chunks=6)
    one, other = (Transfer(room=room).send(1, 2, 3) for _ in range(2))
    assert room.chunks == 0 and not other.plane.ways[0].overrun
    other.send(4, 5)
    assert other.plane.ways[0].overrun and len(other.plane.ways[0].chunks) == 3
    other.after(1.0).send(4).ack(6)
    for made in (one, other):
        made.done()
    assert room.chunks == 6  # nothing is lost, split or not


def test_what_is_far_away_is_of_no_connection():
    made = Transfer()(A, ACK, 99 + 2**31 - 5, 300, text=10)(B, ACK, 300, 2**31 - 9)
    way = made.done()
    assert way.nxt == 1 and way.una == 1 and not way.gaps
