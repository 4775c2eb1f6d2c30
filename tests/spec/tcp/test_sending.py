"""When text is sent, and how much: RFC 9293 sections 3.7.4 and 3.8.6.2.1, with a data plane.

Segments have ten octets, and windows a hundred (``PLANE``).
"""

import dataclasses

import pytest

from spec.tcp import sending
from spec.tcp.inputs import Input
from tests.helpers.build import PLANE, arrive, context, happen, plane

ACK_OF_ALL = "<SEQ=300><ACK=110><WND=100><CTL=ACK>"


def ready(end, override: bool = False, **rules) -> int:
    """How many octets the next segment has."""
    (transfer,) = end.tcb.transfers
    return sending.sendable(end.tcb, transfer, context(PLANE, **rules), override)


@pytest.mark.parametrize(
    ("flight", "queued", "wnd", "cwnd", "octets"),
    [
        (0, 0, 100, 100, 0),
        (0, 10, 100, 100, 10),  # (1) a full segment
        (0, 35, 100, 100, 10),
        (50, 35, 100, 100, 10),  # ... whatever is in flight
        (95, 35, 100, 100, 0),  # 5 of the window are left, which is silly
        (90, 35, 100, 100, 10),
        (91, 35, 100, 100, 0),
        (90, 35, 100, 99, 0),  # cwnd is a window too
        (100, 35, 100, 100, 0),
        (120, 35, 100, 100, 0),  # the window has shrunk (MUST-34)
        (0, 35, 0, 100, 0),
        (0, 5, 100, 100, 5),  # (2) all that is queued, nothing unacknowledged
        (1, 5, 100, 100, 0),  # Nagle
        (0, 5, 5, 100, 5),
        (0, 5, 4, 100, 0),  # a part of it
    ],
)
def test_sendable(flight, queued, wnd, cwnd, octets):
    assert ready(plane(flight=flight, queued=queued, snd_wnd=wnd, cwnd=cwnd)) == octets


@pytest.mark.parametrize(("largest", "octets"), [(17, 9), (18, 9), (19, 0)])
def test_half_the_largest_window(largest, octets):
    """(3): min(D,U) >= Max(SND.WND) / 2, and nothing unacknowledged."""
    assert ready(plane(queued=35, snd_wnd=9, largest=largest)) == octets
    assert ready(plane(queued=35, snd_wnd=9, largest=largest), sender_sws=False) == 9
    busy = plane(flight=2, queued=35, snd_wnd=11, largest=largest)
    assert ready(busy) == 0
    assert ready(busy, nagle=False) == octets


def test_nagle():
    """3.7.4: what does not fill a segment waits while anything is unacknowledged."""
    end = plane(flight=10, queued=4)
    assert ready(end) == 0
    assert ready(end, nagle=False) == 4
    got = arrive(end, ACK_OF_ALL, bounds=PLANE)
    assert got.sent == ["<SEQ=110><ACK=300><TEXT=4><CTL=PSH,ACK>"]


def test_without_avoidance_nagle_still_waits():
    assert ready(plane(flight=95, queued=35), sender_sws=False) == 0
    assert ready(plane(flight=95, queued=35), sender_sws=False, nagle=False) == 5


def test_the_override_timer():
    """(4): text that only the avoidance holds back goes, once it has run out."""
    end = plane(queued=35, snd_wnd=4)
    assert ready(end, override=True) == 4
    got = happen(end, Input.OVERRIDE_TIMEOUT, bounds=PLANE)
    assert got.possible
    assert got.sent == ["<SEQ=100><ACK=300><TEXT=4><CTL=PSH,ACK>"]
    assert got.cited == ["3.8.6.2.1/(4)/override"]
    assert ready(plane(snd_wnd=4), override=True) == 0


@pytest.mark.parametrize(
    ("flight", "queued", "wnd", "waits"),
    [(0, 35, 4, True), (0, 35, 0, False), (0, 0, 100, False), (5, 35, 9, False)],
)
def test_the_override_timer_runs(flight, queued, wnd, waits):
    """... only where text waits, the window is not shut, and no ACK is to come."""
    end = plane(flight=flight, queued=queued, snd_wnd=wnd)
    assert happen(end, Input.OVERRIDE_TIMEOUT, bounds=PLANE).possible == waits
    assert sending.waits(end.tcb, context(PLANE)) == waits


def test_what_is_sent_again_need_not_be_full():
    """Between SND.UNA and SND.NXT nothing is new: neither rule is about it."""
    end = plane(flight=14, snd_una=110, nxt=110)
    assert ready(end) == 4


def test_transmit_fills_the_window():
    got = happen(plane(queued=85, snd_wnd=75), Input.SEND, bounds=PLANE)
    assert [one.text for one in got.segments] == [10] * 7
    assert got.tcb.snd.nxt == got.plane.nxt == 170
    got = happen(plane(queued=85), Input.SEND, bounds=PLANE)
    assert [one.text for one in got.segments] == [10] * 9  # five octets wait for ACKs
    assert got.tcb.snd.nxt == 190


def test_transmit_begins_the_span_of_an_idle_connection():
    assert happen(plane(span=0), Input.SEND, bounds=PLANE).tcb.span == PLANE.span
    assert happen(plane(flight=10, span=1), Input.SEND, bounds=PLANE).tcb.span == 1


@pytest.mark.parametrize(("wnd", "largest"), [(70, 70), (50, 60), (60, 60)])
def test_the_largest_window_is_kept(wnd, largest):
    end = plane(largest=60)
    got = arrive(end, f"<SEQ=300><ACK=100><WND={wnd}><CTL=ACK>", bounds=PLANE)
    assert got.plane.largest == largest


def test_fin_follows_the_last_octet():
    got = happen(plane(flight=10), Input.CLOSE, bounds=PLANE)
    assert got.sent == ["<SEQ=110><ACK=300><CTL=FIN,ACK>"]
    assert (got.plane.nxt, got.tcb.snd.nxt) == (111, 111)
    got = happen(plane(flight=10, queued=5), Input.CLOSE, bounds=PLANE)
    assert got.sent == []
    got = arrive(got.end, ACK_OF_ALL, bounds=PLANE)
    assert got.sent == [
        "<SEQ=110><ACK=300><TEXT=5><CTL=PSH,ACK>",
        "<SEQ=115><ACK=300><CTL=FIN,ACK>",
    ]
    assert (got.plane.nxt, got.tcb.snd.nxt) == (116, 116)


def test_fin_of_what_is_sent_again():
    """The FIN goes, and what is next to be sent stays behind it."""
    end = plane(flight=30, nxt=110, cwnd=10)
    got = happen(end, Input.CLOSE, bounds=PLANE)
    assert got.sent == ["<SEQ=130><ACK=300><CTL=FIN,ACK>"]
    assert (got.plane.nxt, got.tcb.snd.nxt) == (110, 131)


def test_how_much_is_left():
    end = plane(flight=10, queued=15)
    tcp = context(PLANE)
    assert [sending.left_from(end.tcb, at, tcp) for at in (100, 110, 124, 125, 126)] == [
        25, 15, 1, 0, 0,
    ]  # fmt: skip


def test_windows_larger_than_the_text():
    bounds = dataclasses.replace(PLANE, write=25)
    got = happen(plane(), Input.SEND, bounds=bounds)
    assert [one.text for one in got.segments] == [10, 10]
    got = happen(plane(), Input.SEND, bounds=bounds, nagle=False)
    assert [one.text for one in got.segments] == [10, 10, 5]
