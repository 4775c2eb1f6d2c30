"""What a receiver holds, acknowledges and offers: RFC 9293 sections 3.8.6.2.2 and 3.8.6.3, SHLD-31.

Segments, and places of the receive window, have ten octets (``PLANE``); RCV.NXT is 300.
"""

import dataclasses

import pytest

from spec.rules import Scale
from spec.tcp import receiving
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.tcp.transfer import holds
from tests.helpers.build import PLANE, arrive, context, endpoint, happen, plane, seg

ACK = "<SEQ=100><ACK={}><CTL=ACK>"


def text(at: int, octets: int = 10, ctl: str = "ACK") -> str:
    return f"<SEQ={at}><ACK=100><WND=100><TEXT={octets}><CTL={ctl}>"


def held(result) -> list[int]:
    """The places that have their text."""
    return [n for n, place in enumerate(result.plane.places) if place.here]


# Reassembly (SHLD-31)


@pytest.mark.parametrize(
    ("at", "octets", "places"),
    [
        (310, 10, [1]),
        (320, 30, [2, 3, 4]),
        (305, 15, [1]),  # what fills no place is not held
        (305, 20, [1]),
        (311, 10, []),
        (310, 9, []),
        (390, 10, [9]),
        (390, 20, [9]),  # ... nor what is beyond the window
        (301, 99, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_text_beyond_rcv_nxt_is_held(at, octets, places):
    got = arrive(plane(), text(at, octets), bounds=PLANE)
    assert held(got) == places
    assert got.sent == [ACK.format(300)]  # at once (RFC 5681 4.2)
    assert (got.tcb.rcv.nxt, got.tcb.rcv.wnd, got.plane.unread) == (300, 100, 0)
    assert held(arrive(plane(), text(at, octets), bounds=PLANE, reassembly=False)) == []


def test_a_held_place_stays():
    got = arrive(plane(here=(1, 3)), text(330), bounds=PLANE)
    assert held(got) == [1, 3]


def test_nothing_is_held_beyond_a_smaller_window():
    assert held(arrive(plane(rcv_wnd=25), text(310, 20), bounds=PLANE)) == [1]
    assert held(arrive(plane(rcv_wnd=29), text(310, 20), bounds=PLANE)) == [1]
    assert held(arrive(plane(rcv_wnd=30), text(310, 20), bounds=PLANE)) == [1, 2]


def test_text_at_a_shut_window_is_answered_at_once():
    """Nothing of it is taken."""
    got = arrive(plane(rcv_wnd=0), text(300, 1), bounds=PLANE)
    assert (got.sent, got.tcb.rcv.nxt) == ([ACK.format(300)], 300)


def test_what_is_held_is_told():
    tcp = context(PLANE)
    end = plane()
    segment = seg(text(310))
    receiving.hold(end.tcb, segment, tcp)
    assert tcp.held == [segment]
    off = context(PLANE, reassembly=False)
    receiving.hold(end.tcb, segment, off)
    assert off.held == []
    assert end.tcb.transfers[0].due == 20


@pytest.mark.parametrize(
    ("here", "octets", "nxt", "left"),
    [
        ((), 10, 310, []),
        ((1,), 10, 320, []),
        ((1, 2), 10, 330, []),
        ((2,), 10, 310, [1]),
        ((1, 3), 10, 320, [1]),
        ((2,), 20, 330, []),
        ((2, 5), 20, 330, [2]),
        ((1, 2), 20, 330, []),  # it came again
        ((1, 2), 5, 305, []),  # RCV.NXT lies in a place: all is forgotten
        ((9,), 90, 400, []),
    ],
)
def test_what_fills_a_gap_takes_what_follows(here, octets, nxt, left):
    got = arrive(plane(here=here), text(300, octets), bounds=PLANE)
    assert (got.tcb.rcv.nxt, held(got)) == (nxt, left)
    assert got.tcb.rcv.wnd == 100 - (nxt - 300)
    assert got.plane.unread == nxt - 300
    if here:
        assert got.sent == [ACK.format(nxt)]


def test_old_text_is_skipped():
    """Only what is new is taken; what is not new is acknowledged at once."""
    got = arrive(plane(), text(295), bounds=PLANE)
    assert (got.tcb.rcv.nxt, got.plane.unread, got.sent) == (305, 5, [])
    got = arrive(plane(), text(290, 15), bounds=PLANE)
    assert (got.tcb.rcv.nxt, got.plane.due) == (305, 5)
    tcp = context(PLANE)
    end = plane(here=(1,))
    receiving.taken(end.tcb, seg(text(290, 20)), 10, 10, tcp)
    assert [(skip, octets) for _, skip, octets in tcp.taken] == [(10, 20)]


def test_a_fin_beyond_rcv_nxt_is_not_held():
    got = arrive(plane(), text(310, 10, "FIN,ACK"), bounds=PLANE)
    assert (got.state, held(got)) == (State.ESTABLISHED, [1])
    got = arrive(got.end, text(300), bounds=PLANE)
    assert (got.state, got.tcb.rcv.nxt) == (State.ESTABLISHED, 320)


# Delayed ACKs (3.8.6.3, SHLD-18, SHLD-19; RFC 5681 4.2)


def test_every_second_full_segment_is_acknowledged():
    first = arrive(plane(), text(300), bounds=PLANE)
    assert (first.sent, first.plane.due) == ([], 10)
    assert "3.8.6.3/delay" in first.cited
    second = arrive(first.end, text(310), bounds=PLANE)
    assert (second.sent, second.plane.due) == ([ACK.format(320)], 0)
    assert "3.8.6.3/delay" not in second.cited
    assert arrive(plane(), text(300), bounds=PLANE, delayed_ack=False).sent == [ACK.format(310)]


@pytest.mark.parametrize(("octets", "due"), [(1, 11), (9, 19), (10, None), (20, None)])
def test_two_full_segments_of_text_are(octets, due):
    got = arrive(plane(due=10), text(300, octets), bounds=PLANE)
    assert got.sent == ([] if due else [ACK.format(300 + octets)])
    assert got.plane.due == (due or 0)


def test_ack_timer():
    """MUST-40: half a second, at most."""
    waiting = plane(due=5)
    got = happen(waiting, Input.ACK_TIMEOUT, bounds=PLANE)
    assert (got.sent, got.plane.due, got.cited) == ([ACK.format(300)], 0, ["3.8.6.3/timer"])
    assert got.possible
    assert not happen(plane(), Input.ACK_TIMEOUT, bounds=PLANE).possible
    assert not happen(waiting, Input.ACK_TIMEOUT, bounds=PLANE, ack_timer=False).possible


def test_text_takes_the_ack_along():
    got = happen(plane(due=10), Input.SEND, bounds=PLANE)
    assert got.sent == ["<SEQ=100><ACK=300><TEXT=10><CTL=PSH,ACK>"]
    assert got.plane.due == 0


def test_nothing_with_an_ack_leaves_it_due():
    assert arrive(plane(due=10, flight=10), "<SEQ=300><ACK=110><WND=100><CTL=ACK>",
                  bounds=PLANE).plane.due == 10  # fmt: skip


@pytest.mark.parametrize("due", [0, 10])
def test_a_fin_is_acknowledged_at_once(due):
    got = arrive(plane(due=due), "<SEQ=300><ACK=100><WND=100><CTL=FIN,ACK>", bounds=PLANE)
    assert got.sent == [ACK.format(301)]
    assert got.state == State.CLOSE_WAIT
    got = arrive(plane(), text(300, 1, "FIN,ACK"), bounds=PLANE)
    assert got.sent == [ACK.format(302)]


# What the user reads opens the window (3.8.6.2.2, MUST-39)


@pytest.mark.parametrize(
    ("window", "mss", "offered", "unread", "opens"),
    [
        (100, 10, 50, 41, False),  # RCV.BUFF - RCV.USER - RCV.WND = 9
        (100, 10, 50, 40, True),  # 10, a segment
        (100, 60, 50, 11, False),  # 39
        (100, 60, 50, 1, False),  # 49
        (100, 60, 50, 0, True),  # 50, half the buffer
        (101, 60, 50, 1, False),  # 50 is not half of 101
        (101, 60, 50, 0, True),
        (1, 1, 0, 0, True),
        (3, 2, 2, 0, False),
        (3, 2, 1, 0, True),
    ],
)
def test_the_window_opens_by_a_segment_or_half_the_buffer(window, mss, offered, unread, opens):
    bounds = dataclasses.replace(PLANE, window=window, mss=mss, read=1)
    end = plane(rcv_wnd=offered, unread=unread + 1)
    got = happen(end, Input.RECEIVE, bounds=bounds)
    assert got.plane.unread == unread
    if opens:
        assert got.cited == ["3.8.6.2.2/open"]
        assert [one.wnd for one in got.segments] == [window - unread]
    else:
        assert got.cited == ["3.8.6.2.2/wait"]
        assert got.segments == ()
    assert got.tcb.rcv.wnd == (window - unread if opens else offered)
    at_once = happen(end, Input.RECEIVE, bounds=bounds, receiver_sws=False)
    assert at_once.tcb.rcv.wnd == window - unread
    assert at_once.cited == ["3.8.6.2.2/open"]


def test_nothing_read_opens_nothing():
    """Without avoidance an update still tells of more than the last."""
    bounds = dataclasses.replace(PLANE, read=1)
    got = happen(plane(rcv_wnd=98, unread=3), Input.RECEIVE, bounds=bounds, receiver_sws=False)
    assert (got.tcb.rcv.wnd, got.cited) == (98, ["3.8.6.2.2/wait"])


@pytest.mark.parametrize(("read", "left"), [(0, 0), (5, 25), (30, 0), (40, 0)])
def test_how_much_receive_takes(read, left):
    bounds = dataclasses.replace(PLANE, read=read)
    got = happen(plane(rcv_wnd=70, unread=30), Input.RECEIVE, bounds=bounds)
    assert got.plane.unread == left


@pytest.mark.parametrize(("read", "push"), [(0, False), (5, True), (29, True), (30, False)])
def test_push_is_over_once_all_is_read(read, push):
    bounds = dataclasses.replace(PLANE, read=read)
    end = plane(rcv_wnd=70, rcv_push=True, unread=30)
    assert happen(end, Input.RECEIVE, bounds=bounds).tcb.rcv.push == push
    assert not happen(plane(rcv_wnd=70, unread=30), Input.RECEIVE, bounds=bounds).tcb.rcv.push


def test_the_urgent_pointer_is_not_left_behind():
    end = plane(rcv_wnd=70, rcv_up=280, unread=30)
    assert happen(end, Input.RECEIVE, bounds=PLANE).tcb.rcv.up == 300


@pytest.mark.parametrize(("up", "told"), [(350, True), (300, True), (281, True), (280, False)])
def test_receive_tells_of_urgent_data_that_is_left(up, told):
    """MUST-33, section 3.10.3: the user has what is before 280 now."""
    bounds = dataclasses.replace(PLANE, read=10)
    got = happen(plane(rcv_wnd=70, rcv_up=up, unread=30), Input.RECEIVE, bounds=bounds)
    assert got.signals == (("urgent data",) if told else ())


@pytest.mark.parametrize("unread", [0, 5])
def test_fin_is_a_push_of_what_was_not_delivered(unread):
    end = plane(rcv_wnd=90, unread=unread)
    got = arrive(end, "<SEQ=300><ACK=100><WND=100><CTL=FIN,ACK>", bounds=PLANE)
    assert got.tcb.rcv.push == (unread != 0)


def test_the_right_edge_stays_while_text_waits():
    first = arrive(plane(), text(300), bounds=PLANE)
    assert first.tcb.rcv.nxt + first.tcb.rcv.wnd == 400
    assert first.plane.unread == 10


# Scaled windows (RFC 7323 2.2)


@pytest.mark.parametrize(
    ("shift", "scale", "sent", "read"),
    [
        (0, Scale.AGREED, 99, 40),
        (1, Scale.AGREED, 49, 80),  # what is left over of a unit is not offered
        (2, Scale.AGREED, 24, 160),
        (2, Scale.UNHEARD, 24, 40),
        (2, Scale.IMAGINED, 99, 160),
    ],
)
def test_scaled_windows(shift, scale, sent, read):
    bounds = dataclasses.replace(PLANE, shift=shift)
    got = happen(plane(due=5, rcv_wnd=99), Input.ACK_TIMEOUT, bounds=bounds, scale=scale)
    assert [one.wnd for one in got.segments] == [sent]
    segment = "<SEQ=300><ACK=100><WND=40><CTL=ACK>"
    assert arrive(plane(), segment, bounds=bounds, scale=scale).tcb.snd.wnd == read


def test_windows_of_syns_are_not_scaled():
    bounds = dataclasses.replace(PLANE, shift=2)
    end = plane(state=State.SYN_SENT, snd_nxt=100, snd_una=99)
    got = arrive(end, "<SEQ=299><ACK=100><WND=40><CTL=SYN,ACK>", bounds=bounds)
    assert got.tcb.snd.wnd == 40
    syn = happen(end, Input.RETRANSMISSION_TIMEOUT, bounds=bounds)
    assert [one.wnd for one in syn.segments] == [100]


def test_without_a_data_plane_windows_are_not_scaled():
    bounds = dataclasses.replace(PLANE, shift=2, transfer=False)
    end = endpoint(State.ESTABLISHED, rcv_wnd=99)
    got = arrive(end, "<SEQ=310><ACK=100><WND=40><TEXT=1><CTL=ACK>", bounds=bounds)
    assert (got.tcb.snd.wnd, [one.wnd for one in got.segments]) == (40, [99])


# A window that shrinks (3.8.6, SHLD-14)


def test_shrink():
    bounds = dataclasses.replace(PLANE, shrinks=True)
    end = plane(here=(1, 9))
    tcp = context(bounds)
    receiving.shrink(end.tcb, end.tcb.transfers[0], tcp)
    (now,) = end.tcb.transfers
    assert (end.tcb.rcv.wnd, now.unread) == (99, 1)
    assert [n for n, place in enumerate(now.places) if place.here] == [1]
    assert [(one.ack, one.wnd) for one in tcp.sent] == [(300, 99)]
    assert [rule.id for rule in tcp.cited] == ["3.8.6/shrink"]


def test_a_place_at_the_edge_is_kept():
    end = plane(here=(8,))
    for _ in range(10):
        receiving.shrink(end.tcb, end.tcb.transfers[0], context(PLANE))
    assert end.tcb.transfers[0].places[8].here
    receiving.shrink(end.tcb, end.tcb.transfers[0], context(PLANE))
    assert not holds(end.tcb.transfers[0])


# A receiver that cheats: it acknowledges what has not come

AHEAD = dataclasses.replace(PLANE, ahead=True, octets=15)


def test_a_segment_is_acknowledged_that_has_not_come():
    got = happen(plane(), Input.ACK_AHEAD, bounds=AHEAD)
    assert got.cited == ["against RFC 9293/3.4/ahead"]
    assert [(one.seq, one.ack, one.wnd) for one in got.segments] == [(100, 310, 100)]
    assert (got.tcb.rcv.nxt, got.tcb.rcv.wnd, got.plane.unread) == (310, 100, 0)


def test_what_was_held_behind_it_is_taken():
    got = happen(plane(here=(1, 3)), Input.ACK_AHEAD, bounds=AHEAD)
    assert (got.tcb.rcv.nxt, got.tcb.rcv.wnd, got.plane.unread) == (320, 90, 10)
    assert [n for n, place in enumerate(got.plane.places) if place.here] == [1]
    assert [one.ack for one in got.segments] == [320]


@pytest.mark.parametrize(("nxt", "state", "possible"), [
    (300, State.ESTABLISHED, True),
    (305, State.ESTABLISHED, True),
    (306, State.ESTABLISHED, False),
    (300, State.CLOSING, False),
])  # fmt: skip
def test_how_far_it_may_run_ahead(nxt, state, possible):
    """Up to the last octet that is ever written."""
    got = happen(plane(state=state, rcv_nxt=nxt), Input.ACK_AHEAD, bounds=AHEAD)
    assert got.possible == possible
