"""Selective acknowledgment: RFC 2018 sections 4, 5.1 and 8.

Segments, and places of a window, have ten octets; SND.UNA is 100, RCV.NXT 300.
"""

import dataclasses

import pytest

from spec.rules import Sacked
from spec.tcp.inputs import Input
from spec.tcp.transfer import Place
from tests.helpers.build import PLANE, arrive, happen, plane, seg

REPORTS = dataclasses.replace(PLANE, sack=True, window=40)
"""Four places of ten octets."""


def sender(*told: int, **variables):
    """An end that has sent four segments and may send no more; the peer has reported some."""
    more = {"snd_wnd": 40, "cwnd": 40, "flight": 40, **variables}
    return plane(sacked=tuple(Place(n in told) for n in range(4)), **more)


def told(result) -> list[int]:
    """The places that count as reported."""
    return [n for n, place in enumerate(result.plane.sacked) if place.here]


def ack(of: int, held: tuple[int, ...] = (), **rules):
    """An ACK with the SACK option."""

    def arrives(end):
        return arrive(end, told_by(of, held), bounds=REPORTS, **rules)

    return arrives


def told_by(of: int, held: tuple[int, ...]):
    one = seg(f"<SEQ=300><ACK={of}><WND=40><CTL=ACK>")
    one.sack = sum(1 << n for n in held)
    return one


# The receiver


def test_what_is_held_is_reported():
    text = "<SEQ=330><ACK=100><WND=40><TEXT=10><CTL=ACK>"
    got = arrive(plane(here=(1,), rcv_wnd=40), text, bounds=REPORTS)
    assert [one.sack for one in got.segments] == [0b1010]
    assert [one.sack for one in arrive(plane(here=(1,)), text, bounds=PLANE).segments] == [0]


def test_what_is_taken_is_reported_no_more():
    text = "<SEQ=300><ACK=100><WND=40><TEXT=10><CTL=ACK>"
    got = arrive(plane(here=(1, 3), rcv_wnd=40), text, bounds=REPORTS)
    assert [(one.ack, one.sack) for one in got.segments] == [(320, 0b10)]


def test_a_reset_reports_nothing():
    got = happen(plane(here=(1,)), Input.ABORT, bounds=REPORTS)
    assert [(one.ctl.rst, one.sack) for one in got.segments] == [(True, 0)]


def test_renege():
    got = happen(plane(here=(1, 3)), Input.RENEGE, bounds=REPORTS)
    assert (got.cited, got.sent) == (["RFC 2018/8/renege"], [])
    assert not any(place.here for place in got.plane.places)
    assert got.tcb.rcv.nxt == 300
    assert not happen(plane(), Input.RENEGE, bounds=REPORTS).possible


# The sender


@pytest.mark.parametrize(
    ("of", "held", "flight", "known", "places"),
    [
        (100, (1,), 40, (), [1]),
        (100, (1, 3), 40, (2,), [1, 2, 3]),  # what was reported stays
        (110, (1,), 40, (3,), [1, 2]),  # SND.UNA moves, and what was reported comes nearer
        (90, (2,), 40, (), []),  # of an older ACK
        (100, (3,), 30, (), []),  # of what was never sent
        (100, (2,), 30, (), [2]),
        (140, (1,), 40, (1, 2), []),  # nothing is in flight
    ],
)
def test_what_is_reported_is_remembered(of, held, flight, known, places):
    assert told(ack(of, held)(sender(*known, flight=flight))) == places


@pytest.mark.parametrize(
    ("known", "sent", "nxt"),
    [
        ((), [110, 120, 130], 140),
        ((2,), [110, 130], 140),
        ((1, 2), [130], 140),
        ((1, 2, 3), [], 140),
        ((3,), [110, 120], 130),
    ],
)
def test_what_was_reported_is_not_sent_again(known, sent, nxt):
    """After a timeout, from the second segment on."""
    end = sender(*known)
    end.tcb.transfers[0].nxt = 110
    got = ack(100)(end)
    assert [one.seq for one in got.segments] == sent
    assert {one.text for one in got.segments} <= {10}
    assert got.plane.nxt == (nxt if known != (3,) else 140)


def test_a_segment_ends_where_reported_text_begins():
    bounds = dataclasses.replace(REPORTS, mss=30)
    end = sender(2)
    end.tcb.transfers[0].nxt = 100
    got = arrive(end, told_by(100, ()), bounds=bounds)
    assert [(one.seq, one.text) for one in got.segments] == [(100, 20), (130, 10)]


@pytest.mark.parametrize(
    ("sacked", "known", "sent", "left"),
    [
        (Sacked.KEPT, (0, 1), [100], []),
        (Sacked.MARKED, (0, 1), [100], [0, 1]),
        (Sacked.FREED, (0, 1), [120], [0, 1]),
        (Sacked.FREED, (1,), [100], [1]),
    ],
)
def test_a_timeout(sacked, known, sent, left):
    """SND.UNA's segment is sent again, reported or not; but what is freed is gone."""
    got = happen(sender(*known), Input.RETRANSMISSION_TIMEOUT, bounds=REPORTS, sacked=sacked)
    assert [one.seq for one in got.segments] == sent
    assert told(got) == left


def test_nothing_is_left_to_send_again():
    every = sender(0, 1, 2, 3)
    timeout = Input.RETRANSMISSION_TIMEOUT
    assert not happen(every, timeout, bounds=REPORTS, sacked=Sacked.FREED).possible
    assert happen(every, timeout, bounds=REPORTS, sacked=Sacked.MARKED).possible
    assert happen(sender(0, 1, 2), timeout, bounds=REPORTS, sacked=Sacked.FREED).possible


def test_a_fast_retransmit_of_what_is_freed():
    """There is nothing to send."""
    end = sender(0, 1, 2, 3, duplicates=2)
    got = ack(100, sacked=Sacked.FREED)(end)
    assert "RFC 5681/3.2/(2)/fast-retransmit" in got.cited
    assert got.sent == []
