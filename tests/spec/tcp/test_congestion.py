"""Congestion control: RFC 5681 section 3, RFC 6582 section 3.2, RFC 3042 section 2.

Segments have ten octets (``PLANE``). This end sends from 100 on, and its peer acknowledges.
"""

import dataclasses

import pytest

from spec.rules import Congestion, Growth
from spec.tcp import congestion
from spec.tcp.congestion import Phase, phase
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.tcp.transfer import Transfer
from tests.helpers.build import PLANE, Result, arrive, context, endpoint, happen, plane, seg

RENO, TAHOE, NONE = Congestion.RENO, Congestion.TAHOE, Congestion.NONE
EXPIRES = Input.RETRANSMISSION_TIMEOUT


def ack(end, number: int, wnd: int = 100, **rules) -> Result:
    """The peer acknowledges all before ``number``."""
    return arrive(end, f"<SEQ=300><ACK={number}><WND={wnd}><CTL=ACK>", bounds=PLANE, **rules)


def duplicates(end, count: int, number: int = 100, **rules) -> Result:
    """The peer acknowledges all before ``number`` again, so often."""
    result = None
    for _ in range(count):
        result = ack(end, number, **rules)
        end = result.end
    assert result is not None
    return result


def text(*at: int) -> list[str]:
    """Full segments from these numbers on, as they are shown."""
    return [f"<SEQ={n}><ACK=300><TEXT=10><CTL=PSH,ACK>" for n in at]


# Phases


@pytest.mark.parametrize(
    ("cwnd", "ssthresh", "recovering", "expected"),
    [
        (0, 0, False, Phase.NONE),
        (10, 20, False, Phase.SLOW_START),
        (19, 20, False, Phase.SLOW_START),
        (20, 20, False, Phase.AVOIDANCE),
        (30, 20, False, Phase.AVOIDANCE),
        (10, 20, True, Phase.RECOVERY),
        (50, 20, True, Phase.RECOVERY),
    ],
)
def test_phase(cwnd, ssthresh, recovering, expected):
    """RFC 5681 3.1: where the two are equal, either algorithm may be used."""
    assert phase(Transfer(cwnd=cwnd, ssthresh=ssthresh, recovering=recovering)) == expected


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("state", [State.SYN_RECEIVED, State.SYN_SENT])
def test_initial_window(segments, state):
    """RFC 5681 3.1: ssthresh begins as high as it can, and what was queued goes as far as cwnd."""
    bounds = dataclasses.replace(PLANE, initial_window=segments)
    end = plane(
        state=state, queued=100, snd_nxt=100, snd_una=99, cwnd=0, ssthresh=0, nxt=0, recover=5
    )
    third = "<SEQ=300><ACK=100><WND=70><CTL=ACK>"
    answer = "<SEQ=299><ACK=100><WND=70><CTL=SYN,ACK>"
    got = arrive(end, answer if state == State.SYN_SENT else third, bounds=bounds)
    now = got.plane
    assert (now.cwnd, now.ssthresh, now.recover, now.largest) == (10 * segments, 1000, 99, 70)
    assert got.sent == text(*range(100, 100 + 10 * segments, 10))
    assert now.nxt == got.tcb.snd.nxt == 100 + 10 * segments


# Slow start and congestion avoidance (RFC 5681 3.1)


@pytest.mark.parametrize(
    ("acked", "octets", "by_segments"), [(1, 1, 10), (9, 9, 10), (10, 10, 10), (25, 10, 10)]
)
def test_slow_start(acked, octets, by_segments):
    """(2): cwnd += min(N, SMSS); RFC 2581 adds a segment for each ACK, whatever it acknowledges."""
    end = plane(flight=30, cwnd=30, ssthresh=100)
    got = ack(end, 100 + acked)
    assert got.plane.cwnd == 30 + octets
    assert got.cited[0] == "RFC 5681/3.1/(2)/slow-start"
    assert ack(end, 100 + acked, growth=Growth.SEGMENT).plane.cwnd == 30 + by_segments
    assert got.plane.ssthresh == 100
    assert got.plane.acked == 0


def test_slow_start_doubles_cwnd_in_a_round_trip():
    end = plane(flight=40, cwnd=40)
    for number in (110, 120, 130, 140):
        end = ack(end, number).end
    assert end.tcb.transfers[0].cwnd == 80


def test_slow_start_ends_at_ssthresh():
    end = ack(plane(flight=30, cwnd=25, ssthresh=30), 110).end
    (now,) = end.tcb.transfers
    assert (now.cwnd, phase(now)) == (35, Phase.AVOIDANCE)
    (now,) = ack(end, 120).end.tcb.transfers
    assert (now.cwnd, now.acked) == (35, 10)


def test_avoidance_adds_a_segment_once_a_window_is_acknowledged():
    """3.1 recommends to count what is acknowledged: SMSS for each cwnd of it."""
    end = plane(flight=90, cwnd=30, ssthresh=20)
    seen = []
    for number in range(110, 200, 10):
        got = ack(end, number)
        end, now = got.end, got.plane
        seen.append((now.cwnd, now.acked, "RFC 5681/3.1/avoidance" in got.cited))
    assert seen == [
        (30, 10, False), (30, 20, False), (40, 0, True),
        (40, 10, False), (40, 20, False), (40, 30, False), (50, 0, True),
        (50, 10, False), (50, 20, False),
    ]  # fmt: skip


def test_one_octet_less():
    """... than ssthresh is slow start; ... than cwnd adds nothing."""
    assert "RFC 5681/3.1/(2)/slow-start" in ack(plane(flight=30, cwnd=29, ssthresh=30), 110).cited
    got = ack(plane(flight=50, cwnd=30, ssthresh=20, acked=19), 110)
    assert (got.plane.cwnd, got.plane.acked) == (30, 29)


def test_avoidance_keeps_what_is_over():
    got = ack(plane(flight=50, cwnd=30, ssthresh=20, acked=25), 120)
    assert (got.plane.cwnd, got.plane.acked) == (40, 15)


def test_cwnd_and_what_is_counted_have_a_clamp():
    assert ack(plane(flight=30, cwnd=995, ssthresh=1000), 110).plane.cwnd == 1000
    assert ack(plane(flight=30, cwnd=995, ssthresh=10, acked=990), 110).plane.cwnd == 1000
    small = dataclasses.replace(PLANE, clamp=20)
    got = arrive(
        plane(flight=90, cwnd=20, ssthresh=10), seg("<SEQ=300><ACK=190><CTL=ACK>"), bounds=small
    )
    assert (got.plane.cwnd, got.plane.acked) == (20, 20)


def test_an_ack_of_all_is_no_duplicate_of_later_ones():
    end = plane(flight=30, cwnd=30, duplicates=2, timed_out=True)
    got = ack(end, 110)
    assert (got.plane.duplicates, got.plane.timed_out) == (0, False)


# Duplicate ACKs (RFC 5681 section 2)


@pytest.mark.parametrize(
    ("segment", "counts"),
    [
        ("<SEQ=300><ACK=100><WND=100><CTL=ACK>", True),
        ("<SEQ=300><ACK=100><WND=99><CTL=ACK>", False),  # (e) the window has changed
        ("<SEQ=300><ACK=100><WND=100><TEXT=1><CTL=ACK>", False),  # (b) it has text
        ("<SEQ=300><ACK=100><WND=100><CTL=FIN,ACK>", False),  # (c)
        ("<SEQ=300><ACK=99><WND=100><CTL=ACK>", False),  # (d) not the greatest
    ],
)
def test_duplicate_ack(segment, counts):
    got = arrive(plane(flight=30), segment, bounds=PLANE)
    assert got.plane.duplicates == counts


def test_no_duplicate_ack_where_nothing_is_outstanding():
    assert ack(plane(flight=0), 100).plane.duplicates == 0  # (a)


def test_no_duplicate_ack_of_our_syn():
    """A CLOSE has left SYN-RECEIVED: the SYN is outstanding, and is no data (section 2, (a))."""
    waiting = plane(state=State.SYN_RECEIVED, cwnd=0)
    closed = happen(waiting, Input.CLOSE, bounds=PLANE).end
    heard = duplicates(closed, 3, 99)
    assert (heard.state, heard.sent) == (State.FIN_WAIT_1, [])
    assert heard.plane.duplicates == 0


def test_without_congestion_control_duplicate_acks_are_not_counted():
    assert duplicates(plane(flight=50), 4, congestion=NONE).plane.duplicates == 0


# Limited transmit (RFC 3042 section 2)


def test_limited_transmit():
    """A new segment for each of the first two duplicate ACKs; cwnd stays as it is."""
    end = plane(flight=40, queued=60, cwnd=40)
    first = duplicates(end, 1)
    assert first.sent == text(140)
    second = ack(first.end, 100)
    assert second.sent == text(150)
    assert second.plane.cwnd == 40
    third = ack(second.end, 100)
    assert third.sent == text(100)
    assert duplicates(end, 1, limited_transmit=False).sent == []


def test_limited_transmit_has_the_receivers_window():
    end = plane(flight=40, queued=60, cwnd=40, snd_wnd=45)
    got = arrive(end, "<SEQ=300><ACK=100><WND=45><CTL=ACK>", bounds=PLANE)
    assert got.plane.duplicates == 1
    assert got.sent == []


def test_limited_transmit_sends_nothing_again():
    """It is of text that was never sent: after a timeout SND.NXT is ahead of what is sent next."""
    end = plane(flight=40, queued=60, cwnd=10, nxt=110, ssthresh=20)
    assert duplicates(end, 1).sent == []


@pytest.mark.parametrize(
    ("count", "new", "rules", "limit"),
    [
        (0, True, {}, 40),
        (1, True, {}, 50),
        (2, True, {}, 60),
        (3, True, {}, 40),
        (2, False, {}, 40),
        (2, True, {"limited_transmit": False}, 40),
        (2, True, {"congestion": NONE}, 1000),
    ],
)
def test_limit(count, new, rules, limit):
    end = plane(flight=40, cwnd=40, duplicates=count, nxt=140 if new else 130)
    (transfer,) = end.tcb.transfers
    assert congestion.limit(end.tcb, transfer, context(PLANE, **rules)) == limit


# Fast retransmit and fast recovery (RFC 5681 3.2)


def test_third_duplicate():
    """(2), (3): ssthresh = max(FlightSize/2, 2*SMSS), the segment again, cwnd = ssthresh + 3."""
    for rules in ({}, {"congestion": RENO}):
        got = duplicates(plane(flight=70, cwnd=70), 3, **rules)
        now = got.plane
        assert got.sent == text(100)
        assert (now.ssthresh, now.cwnd, now.recovering, now.recover) == (35, 65, True, 170)
        assert got.cited[0] == "RFC 5681/3.2/(2)/fast-retransmit"
        assert (now.nxt, got.tcb.snd.nxt) == (170, 170)
        assert got.tcb.snd.una == 100


@pytest.mark.parametrize(
    ("flight", "floor", "ssthresh"), [(30, True, 20), (40, True, 20), (50, True, 25),
                                      (30, False, 15), (31, False, 15)]
)  # fmt: skip
def test_ssthresh_has_a_floor(flight, floor, ssthresh):
    got = duplicates(plane(flight=flight, cwnd=50), 3, cwnd_floor=floor)
    assert got.plane.ssthresh == ssthresh


@pytest.mark.parametrize(
    ("flight", "cwnd", "limited", "ssthresh"),
    [
        (60, 40, True, 20),  # two segments of limited transmit are no part of FlightSize
        (50, 40, True, 20),  # one
        (40, 40, True, 20),  # none was at hand
        (80, 40, True, 30),  # no more than two are its
        (60, 40, False, 30),
        (80, 60, True, 30),
        (62, 61, True, 30),
    ],
)
def test_flight_size_without_limited_transmit(flight, cwnd, limited, ssthresh):
    got = duplicates(plane(flight=flight, cwnd=cwnd), 3, limited_transmit=limited)
    assert got.plane.ssthresh == ssthresh


def test_further_duplicates_inflate():
    """(4), (5): each has left the network, and lets a segment out."""
    end = plane(flight=70, queued=100, cwnd=70, snd_wnd=100, duplicates=2)
    got = ack(end, 100)
    assert (got.plane.cwnd, got.sent) == (65, text(100))
    got = ack(got.end, 100)
    assert (got.plane.cwnd, got.sent) == (75, text(170)[:0])
    assert got.cited[0] == "RFC 5681/3.2/(4)/inflate"
    got = ack(got.end, 100)
    assert (got.plane.cwnd, got.sent) == (85, text(170))
    assert got.plane.duplicates == 3
    assert ack(plane(flight=30, recovering=True, cwnd=995), 100).plane.cwnd == 1000


def test_reno_leaves_recovery_at_the_next_ack():
    """(6): cwnd deflates to ssthresh, whatever is acknowledged."""
    end = plane(flight=70, cwnd=75, ssthresh=35, recovering=True, recover=170, acked=7)
    got = ack(end, 120, congestion=RENO)
    now = got.plane
    assert (now.cwnd, now.recovering, now.acked, now.duplicates) == (35, False, 0, 0)
    assert "RFC 5681/3.2/(6)/recovered" in got.cited
    assert got.sent == []


def test_tahoe_starts_slowly_instead():
    """What was in flight is sent again from the front on, and the front but once."""
    got = duplicates(plane(flight=70, cwnd=70, acked=5), 3, congestion=TAHOE)
    now = got.plane
    assert got.sent == text(100)
    assert (now.cwnd, now.ssthresh, now.recovering, now.acked) == (10, 35, False, 0)
    assert (now.nxt, got.tcb.snd.nxt) == (110, 170)
    assert ack(got.end, 100, congestion=TAHOE).sent == []
    assert ack(got.end, 110, congestion=TAHOE).sent == text(110, 120)


# NewReno (RFC 6582 3.2)


@pytest.mark.parametrize(
    ("number", "cwnd"),
    [
        (110, 75),  # deflates by what is acknowledged, and a segment is added
        (130, 55),
        (105, 70),  # less than a segment: none is added
        (165, 20),
        (109, 66),
        (169, 16),
    ],
)
def test_partial_ack(number, cwnd):
    """(3): what follows is sent again at once; the recovery goes on."""
    end = plane(flight=70, cwnd=75, ssthresh=35, recovering=True, recover=170)
    got = ack(end, number)
    now = got.plane
    assert got.sent[0].startswith(f"<SEQ={number}>")
    assert "RFC 6582/3.2/partial" in got.cited
    assert (now.cwnd, now.recovering, now.ssthresh, now.recover) == (cwnd, True, 35, 170)


def test_a_partial_ack_of_nearly_all_of_cwnd():
    end = plane(flight=70, cwnd=31, ssthresh=35, recovering=True, recover=170)
    assert ack(end, 130).plane.cwnd == 11


def test_partial_acks_leave_a_segment():
    end = plane(flight=70, cwnd=12, ssthresh=35, recovering=True, recover=170)
    assert ack(end, 105).plane.cwnd == 10
    assert ack(end, 150).plane.cwnd == 10


@pytest.mark.parametrize(
    ("flight", "cwnd"),
    [(70, 20), (75, 20), (90, 30), (100, 35)],
)
def test_full_ack(flight, cwnd):
    """(3), first way: cwnd = min(ssthresh, max(FlightSize, SMSS) + SMSS)."""
    end = plane(flight=flight, cwnd=75, ssthresh=35, recovering=True, recover=170, acked=7)
    got = ack(end, 170)
    now = got.plane
    assert (now.cwnd, now.recovering, now.acked) == (cwnd, False, 0)
    assert "RFC 5681/3.2/(6)/recovered" in got.cited
    assert got.sent == []


def test_duplicates_of_what_was_lost_before():
    """(2): the ACK must cover more than recover. An ACK of just that much does not."""
    for recover, again in ((99, True), (100, False), (150, False)):
        end = plane(flight=50, cwnd=50, recover=recover, duplicates=2)
        got = ack(end, 100)
        assert got.plane.recovering == again
        assert ("RFC 6582/3.2/(2)/known" in got.cited) != again
        if not again:
            assert (got.plane.ssthresh, got.plane.recover, got.sent) == (1000, recover, [])
            assert got.plane.duplicates == 3
            assert ack(got.end, 100).plane.duplicates == 3
        assert ack(end, 100, recover_check=False).plane.recovering
        assert ack(end, 100, congestion=RENO).plane.recovering


@pytest.mark.parametrize(("ahead", "again"), [(1 << 31, False), ((1 << 31) - 1, True)])
def test_recover_comes_again_half_the_sequence_space_later(ahead, again):
    """The letter of RFC 6582: nothing moves recover on where nothing is lost. After 2 GiB it is
    ahead of SND.UNA, and duplicate ACKs seem to be of what was lost before."""
    una = 99 + ahead
    end = plane(iss=una - 1, snd_una=una, snd_nxt=una + 50, written=50, recover=99, duplicates=2)
    got = ack(end, una)
    assert got.plane.recovering == again
    assert ("RFC 6582/3.2/(2)/known" in got.cited) != again


def test_answers_of_probes_are_duplicate_acks():
    """The letter of RFC 5681 2: an octet is outstanding, and neither ACK nor window has changed."""
    end = plane(flight=1, queued=30, snd_wnd=0)
    for answered in range(1, 4):
        got = arrive(end, "<SEQ=300><ACK=100><WND=0><CTL=ACK>", bounds=PLANE)
        end = got.end
        assert got.plane.duplicates == answered
    assert got.plane.recovering
    assert (got.plane.ssthresh, got.plane.cwnd) == (20, 50)


# Timeouts (RFC 5681 3.1, RFC 6582 3.2 (4))


def test_timeout():
    """(4): ssthresh is half of what is in flight, cwnd one segment; recovery is over."""
    end = plane(flight=70, cwnd=75, recovering=True, duplicates=3, acked=4)
    got = happen(end, EXPIRES, bounds=PLANE)
    now = got.plane
    assert got.sent == text(100)
    assert (now.cwnd, now.ssthresh, now.recovering, now.recover) == (10, 35, False, 170)
    assert (now.duplicates, now.acked, now.timed_out) == (0, 0, True)
    assert (now.nxt, got.tcb.snd.nxt) == (110, 170)
    assert got.cited == ["RFC 5681/3.1/(4)/timeout", "3.10.8/RETRANSMISSION TIMEOUT/front"]
    assert phase(now) == Phase.SLOW_START


def test_second_timeout_leaves_ssthresh():
    """3.1: it is held constant if the timer has sent the segment before; recover is not."""
    end = plane(flight=50, cwnd=10, ssthresh=35, timed_out=True, recover=120, nxt=110)
    got = happen(end, EXPIRES, bounds=PLANE)
    now = got.plane
    assert (now.ssthresh, now.cwnd, now.recover, now.nxt) == (35, 10, 150, 110)


def test_timeout_without_congestion_control():
    end = plane(flight=50, cwnd=70, ssthresh=90, duplicates=1)
    got = happen(end, EXPIRES, bounds=PLANE, congestion=NONE)
    now = got.plane
    assert (now.cwnd, now.ssthresh, now.recover, now.nxt) == (70, 90, 99, 110)
    assert (now.timed_out, now.duplicates) == (False, 0)
    assert got.cited == ["3.10.8/RETRANSMISSION TIMEOUT/front"]


def test_slow_start_sends_the_rest_again():
    """After a timeout what was in flight goes again, two segments for each ACK, and then new
    text."""
    end = happen(plane(flight=30, queued=30, cwnd=30), EXPIRES, bounds=PLANE).end
    got = ack(end, 110)
    assert (got.sent, got.plane.nxt, got.tcb.snd.nxt) == (text(110, 120), 130, 130)
    got = ack(got.end, 120)
    assert got.sent == text(130)
    assert got.plane.cwnd == 20


def test_an_ack_beyond_what_is_sent_again():
    """The first ACK after a timeout is of all: nothing of it is sent again."""
    end = happen(plane(flight=30, queued=30, cwnd=30), EXPIRES, bounds=PLANE).end
    got = ack(end, 130)
    assert got.plane.nxt == 150
    assert got.sent == text(130, 140)


def test_an_ack_one_octet_beyond_what_is_sent_again():
    assert ack(plane(flight=20, nxt=109, cwnd=10), 110).sent == text(110)


def test_an_end_without_a_data_plane_has_no_phase():
    assert endpoint(State.ESTABLISHED).tcb.transfers == ()


# Idle senders (RFC 5681 4.1), and those that send little (RFC 7661)

IDLE = dataclasses.replace(PLANE, idles=True, initial_window=2)


@pytest.mark.parametrize(
    ("cwnd", "flight", "possible"),
    [(21, 0, True), (20, 0, False), (30, 10, False)],
)
def test_when_a_sender_is_idle(cwnd, flight, possible):
    """Nothing is in flight; and cwnd is more than the initial window, else nothing changes."""
    end = plane(flight=flight, cwnd=cwnd)
    assert happen(end, Input.IDLE, bounds=IDLE).possible == possible
    assert not happen(end, Input.IDLE, bounds=IDLE, congestion=NONE).possible


def test_restart_window():
    got = happen(plane(cwnd=50, ssthresh=40, acked=5), Input.IDLE, bounds=IDLE)
    assert (got.plane.cwnd, got.plane.ssthresh, got.plane.acked) == (20, 40, 5)
    assert (got.cited, got.sent) == (["RFC 5681/4.1/idle"], [])
    kept = happen(plane(cwnd=50), Input.IDLE, bounds=IDLE, restart_window=False)
    assert (kept.plane.cwnd, kept.cited) == (50, ["against RFC 5681/4.1/idle"])


@pytest.mark.parametrize(
    ("flight", "cwnd", "ssthresh", "grown"),
    [
        (20, 40, 100, 50),  # half of it
        (20, 41, 100, 41),
        (20, 40, 40, 40),  # avoidance counts what is acknowledged
        (20, 41, 40, 41),
    ],
)
def test_cwnd_that_is_not_used_does_not_grow(flight, cwnd, ssthresh, grown):
    got = ack(plane(flight=flight, cwnd=cwnd, ssthresh=ssthresh), 110, cwnd_validated=True)
    assert got.plane.cwnd == grown
    assert ("RFC 7661/4.3/not-validated" in got.cited) == (cwnd == 41)
    assert got.plane.acked == (10 if (cwnd, ssthresh) == (40, 40) else 0)


# What was not sent


@pytest.mark.parametrize("floor", [False, True])
@pytest.mark.parametrize(
    ("acked", "una", "nxt", "cwnd"),
    [(115, 115, 115, 30), (106, 106, 106, 26), (105, 105, 105, 25), (103, 103, 105, 23)],
)
def test_an_ack_of_what_was_not_sent(floor, acked, una, nxt, cwnd):
    """It is answered; without that rule it is believed, and cwnd grows by it."""
    end = plane(flight=5, cwnd=20)
    sent = "<SEQ=105><ACK=300><CTL=ACK>"
    believed = ack(end, acked, ack_floor=floor, unsent_ack_refused=False)
    got = (believed.tcb.snd.una, believed.tcb.snd.nxt, believed.plane.nxt, believed.plane.cwnd)
    assert (*got, believed.sent) == (una, nxt, nxt, cwnd, [])
    refused = ack(end, acked, ack_floor=floor)
    if acked > 105:
        got = (refused.tcb.snd.una, refused.tcb.snd.nxt, refused.plane.cwnd)
        assert (*got, refused.sent) == (100, 105, 20, [sent])
    else:
        assert refused.tcb.snd.una == acked
