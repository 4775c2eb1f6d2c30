"""Requests of a port, as a capture shows them; beside a listener whose queue is known."""

import pytest

from checker.capture import Packet, frames, read
from checker.capture.segments import ACK, RST, SYN
from checker.listeners import findings
from checker.listeners.requests import Listener, Listeners, listeners
from tests.helpers.flood import SCALED, SERVER, Flood, handshakes

CLIENT = bytes([10, 0, 0, 1, 7, 0])


def one(packets) -> Listener:
    (found,) = listeners(packets)
    return found


def accounted(found: Listener) -> int:
    """Requests, by what came of them."""
    ends = (
        found.unanswered, found.refused, found.made, found.reset, findings.unfinished(found),
        found.unfollowed,
    )  # fmt: skip
    return sum(ends)


@pytest.mark.parametrize("places", [5, 40])
@pytest.mark.parametrize("retries", [1, 3])
def test_the_queue_is_seen_to_be_as_long_as_it_was(places, retries):
    flood = Flood(places, retries).syns(200, 0.01)
    found = one(flood.run(60))
    assert found.timeline.most()[0] == flood.most == places
    assert found.unanswered == flood.dropped > 0 and found.silent == 0
    assert findings.retries(found) == retries
    assert findings.life(found) == 2 ** (retries + 1) - 1
    assert found.requests == 201 == accounted(found)


@pytest.mark.parametrize("gap", [0.02, 0.1, 0.5])
def test_the_queue_was_never_shorter_than_is_told(gap):
    """A place is taken for one timeout after the last SYN,ACK, which no segment shows."""
    flood = Flood(100, 2).syns(300, gap)
    found = one(flood.run(300))
    assert flood.most / 4 <= found.timeline.most()[0] <= flood.most


def test_what_is_never_sent_again_is_told_apart_from_what_is_kept():
    flood = Flood(8, cookies=True).syns(100, 0.02)
    found = one(flood.run(80))
    assert (found.silent, sum(found.ended.values()), found.unanswered) == (flood.baked, 8, 0)
    assert found.signs.stripped == flood.baked and found.signs.granted == 8 + 1
    what = [finding.what for finding in findings.findings(found, 0.0)]
    assert what[0] == "a flood with forged addresses"
    assert any(text.startswith("SYN cookies, but not for all: 8 requests kept") for text in what)


def test_a_capture_that_ends_too_soon_says_nothing_of_cookies():
    found = one(Flood(8, cookies=True).syns(100, 0.001).run(0.5))
    assert found.early == 100 and found.silent == 0
    assert not any("cookies" in one.what for one in findings.findings(found, 0.0))


def test_a_life_is_not_told_before_it_is_over():
    found = one(Flood(40).syns(40, 0.01).run(20))  # five times again; the capture has four
    assert found.running == 40 and not found.ended
    assert findings.retries(found) == 0
    assert found.timeline.most()[0] == 40


def test_a_frame_that_was_captured_twice_is_no_timeout():
    packets = [
        Packet(2 * p.number + i, p.time + i * 1e-5, p.src, p.dst, p.seq, p.ack, p.flags, p.wnd, 0,
               p.options)
        for p in handshakes(20) for i in (0, 1)
    ]  # fmt: skip
    swapped = list(packets)
    swapped[1], swapped[2] = swapped[2], swapped[1]  # a SYN, its answer, and the SYN again
    for order in (packets, swapped):
        found = one(order)
        assert (found.requests, found.made, found.again, found.overflow) == (20, 20, 0, 0)
        assert (found.syns, found.repeated, found.late) == (20, 0, 0)


def test_a_syn_at_once_after_a_reset_of_its_client_came_again():
    """Linux refuses the ACK of an older connection, and tries again."""
    packets = [
        segment(0.0, CLIENT, SYN, 9), segment(0.01, SERVER, ACK, 70, 60),
        segment(0.02, CLIENT, RST, 60), segment(0.03, CLIENT, SYN, 9),
        segment(0.03001, CLIENT, SYN, 9), segment(0.04, SERVER, SYN | ACK, 4, 10),
    ]  # fmt: skip
    found = one(packets)
    assert (found.syns, found.repeated, found.late, found.again) == (2, 1, 1, 0)


def segment(time: float, src: bytes, flags: int, seq: int, ack: int = 0, text: int = 0) -> Packet:
    dst = CLIENT if src == SERVER else SERVER
    options = SCALED if flags & SYN else b""
    return Packet(int(time * 1000), time, src, dst, seq, ack, flags, 1000, text, options)


def opened(third: float = 0.2) -> list[Packet]:
    return [
        segment(0.0, CLIENT, SYN, 9), segment(0.1, SERVER, SYN | ACK, 4, 10),
        segment(third, CLIENT, ACK, 10, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(("again", "overflow"), [(1.12, 0), (1.25, 1)])
def test_a_syn_ack_that_the_third_segment_may_have_passed_is_no_overflow(again, overflow):
    """The way to the listener and back takes 0.1 s."""
    found = one([*opened(third=1.1), segment(again, SERVER, SYN | ACK, 4, 10)])
    assert found.overflow == overflow


def test_timeouts_are_counted_from_the_syn_ack():
    asks = [segment(t, CLIENT, ACK, 10, 5, 20) for t in (0.5, 0.9)]
    found = one([*opened(), *asks, segment(1.1, SERVER, SYN | ACK, 4, 10)])
    assert found.waits == {1: [1.0, 1.0]} and found.overflow_text == 1


def test_options_say_nothing_of_cookies_where_there_are_timestamps():
    """A listener may have no window scale, and there is room for one."""
    syn, answer, third = opened()
    answer.options = b"\x08\x0a" + bytes(8)
    found = one([syn, answer, third])
    assert (found.signs.stripped, found.signs.granted) == (0, 0)


def test_a_syn_ack_that_was_asked_for_is_no_timeout():
    packets = [
        *opened()[:2],
        segment(1.0, CLIENT, SYN, 9), segment(1.1, SERVER, SYN | ACK, 4, 10),
        segment(1.2, CLIENT, ACK, 10, 5),
    ]  # fmt: skip
    found = one(packets)
    assert (found.requests, found.repeated, found.made, found.again) == (1, 1, 1, 0)


def test_a_flood_that_nobody_answers_is_told_by_syns_that_never_come_again():
    packets = Flood(0).syns(100, 0.01).run(20)[:-3]
    again = [Packet(500 + p.number, p.time + 3, p.src, p.dst, p.seq, 0, SYN, 1000, 0)
             for p in packets]  # fmt: skip
    told = [finding.what for finding in findings.findings(one(packets), 0.0)]
    assert told[0] == "a flood with forged addresses"
    told = [finding.what for finding in findings.findings(one([*packets, *again]), 0.0)]
    assert len(told) == 1 and told[0].startswith("SYNs were dropped: nobody is there")


def test_checks_that_leave_the_handshake_half_open():
    packets = []
    for i, p in enumerate(handshakes(60)):
        p.flags = RST if p.flags == ACK else p.flags
        packets.append(p)
        p.number = i + 1
    (finding,) = findings.findings(one(packets), 0.0)
    assert finding.what.startswith("checks that leave the handshake half open")


def test_who_resets():
    by_client = one([*opened()[:2], segment(0.2, CLIENT, RST, 10)])
    assert (by_client.reset, by_client.made) == (1, 0)
    refused = one([segment(0.0, CLIENT, SYN, 9), segment(0.1, SERVER, RST | ACK, 0, 10)])
    assert (refused.refused, refused.unanswered) == (1, 0)
    unknown = one([*opened(), segment(0.3, SERVER, RST, 5)])
    assert unknown.reset_after == 1
    taken = [*opened(), segment(0.3, SERVER, ACK, 5, 10), segment(0.4, SERVER, RST, 5)]
    assert one(taken).reset_after == 0


def test_text_that_nobody_takes():
    asks = [segment(t, CLIENT, ACK, 10, 5, 20) for t in (0.3, 0.6, 1.2)]
    assert one([*opened(), *asks]).ignored == 1
    assert one([*opened(), *asks, segment(1.3, SERVER, ACK, 5, 30)]).ignored == 0


def test_what_is_followed_is_bounded_and_stands_for_all():
    flood = Flood(200, retries=1).syns(6000, 0.004)
    of = Listeners(followed=500)
    for p in flood.run(40):
        of.take(p)
        assert len(of._requests) <= 500
    (found,) = of.finish()
    assert found.share > 1 and found.syns == 6001 == found.requests + found.left_out
    assert accounted(found) == found.requests
    told = found.unanswered + sum(found.ended.values())
    assert abs(found.unanswered / told - flood.dropped / 6000) < 0.05
    assert found.timeline.most()[0] <= flood.most


def test_ports_with_few_syns_are_forgotten_first(monkeypatch):
    monkeypatch.setattr("checker.listeners.requests.PORTS", 16)
    of = Listeners()
    packets = [p for i in range(5) for p in handshakes(1, i, 0.01)]
    for port in range(100):
        to = SERVER[:4] + (1000 + port).to_bytes(2, "big")
        packets.append(Packet(99, 9 + port, CLIENT, to, 5, 0, SYN, 1000, 0))
    for p in packets:
        of.take(p)
    first, *others = of.finish()
    assert first.syns == 5 and len(others) < 16 and of.forgotten + len(others) == 100


def test_of_one_port():
    other = [segment(0.0, CLIENT, SYN, 9)]
    other[0].dst = SERVER[:4] + b"\1\1"
    assert [one.syns for one in listeners([*handshakes(3), *other], 80)] == [3]
    assert len(listeners([*handshakes(3), *other])) == 2


def test_the_wild_is_mostly_innocent(request):
    """Of all captures but those of a listener in trouble, none is told of unasked."""
    folder = request.config.rootpath / "tests" / "captures"
    for path in sorted(folder.glob("*/*.pcap*")):
        if path.parent.name != "listener":
            troubled = filter(findings.troubled, listeners(read(frames(path))))
            told = [findings.summary(listener) for listener in troubled]
            assert not told, (path, told)


def reflected(count: int, resets: bool = True) -> list[Packet]:
    """SYN,ACKs to sockets that asked for nothing."""
    found = []
    for i in range(count):
        client = CLIENT[:4] + (5000 + i).to_bytes(2, "big")
        for _ in range(2):
            number = len(found) + 1
            found.append(Packet(number, i / 10, SERVER, client, 7, 10, SYN | ACK, 1000, 0, SCALED))
            if resets:
                found.append(Packet(number + 1, i / 10, client, SERVER, 10, 0, RST, 0, 0))
    return found


@pytest.mark.parametrize("resets", [True, False])
def test_a_listener_that_is_made_to_answer_others(resets):
    found = one(reflected(12, resets))
    assert (found.syns, found.unasked, found.unasked_reset) == (0, 12, 12 * resets)
    (finding,) = findings.findings(found, 0.0)
    assert finding.what.startswith("reflection") and findings.troubled(found)
    assert ("12 were answered with a reset" in finding.because) == resets
    assert any("SYN,ACKs of which no SYN was seen" in line for line in findings.lines(found, 0, 80))
    assert listeners(reflected(12), 81) == []


def test_a_capture_that_begins_late_is_no_reflection():
    packets = [p for p in handshakes(9) if p.flags != SYN]
    found = one(packets)
    assert found.unasked == 9 and not findings.findings(found, 0.0)
    assert not findings.troubled(found)


def test_a_syn_that_was_seen_is_no_reflection():
    assert one(handshakes(30)).unasked == 0


@pytest.mark.parametrize("gap", [0.02, 0.1, 0.5])
def test_with_a_timeout_more_the_queue_is_told_exactly(gap):
    flood = Flood(100, 2).syns(300, gap)
    found = one(flood.run(300))
    shown, whole = found.timeline.most()[0], found.kept.most()[0]
    assert shown <= whole <= flood.most and whole >= flood.most * 0.95
    (told,) = [f for f in findings.findings(found, 0.0) if f.what.startswith("the SYN queue")]
    assert (f", and {whole:,} with a timeout more" in told.what) == (whole > shown)


def test_a_timeout_more_ends_with_the_request():
    """By the third segment, or a reset."""
    ends = [segment(1.5, CLIENT, ACK, 10, 5)], [segment(1.5, CLIENT, RST, 10)]
    for end in ends:
        syn, answer, _ = opened()
        found = one([syn, answer, segment(1.1, SERVER, SYN | ACK, 4, 10), *end])
        assert found.kept.at(1.1) == 1 and found.kept.at(3.0) == 0
