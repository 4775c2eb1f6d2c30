"""Retransmission with a data plane: timers (RFC 9293 3.8.1, 3.8.6.1) and RFC 6298."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.rules import Persist
from spec.tcp.inputs import Input
from spec.tcp.retransmission import (
    GREATEST,
    LEAST,
    Estimate,
    doubled,
    expired,
    first,
    follow,
    later,
)
from spec.tcp.tcb import State
from tests.helpers.build import PLANE, arrive, happen, plane

EXPIRES = Input.RETRANSMISSION_TIMEOUT


def expire(end, **rules):
    return happen(end, EXPIRES, bounds=PLANE, **rules)


# What the timer sends


@pytest.mark.parametrize(
    ("flight", "queued", "una", "text"),
    [(30, 0, 100, 10), (30, 0, 125, 5), (4, 0, 100, 4), (4, 50, 100, 4), (30, 50, 121, 9)],
)
def test_front(flight, queued, una, text):
    """A segment, and no more than what was sent."""
    got = expire(plane(flight=flight, queued=queued, snd_una=una))
    assert got.sent == [f"<SEQ={una}><ACK=300><TEXT={text}><CTL=PSH,ACK>"]
    assert got.plane.nxt == una + text
    assert got.tcb.snd.nxt == 100 + flight


def test_fin_at_the_front():
    end = plane(flight=10, state=State.FIN_WAIT_1, snd_nxt=111, snd_una=110, written=10)
    got = expire(end)
    assert got.sent == ["<SEQ=110><ACK=300><CTL=FIN,ACK>"]
    assert (got.plane.nxt, got.tcb.snd.nxt) == (111, 111)


def test_text_before_a_fin_comes_first():
    end = plane(state=State.FIN_WAIT_1, snd_nxt=121, written=20)
    assert expire(end).sent == ["<SEQ=100><ACK=300><TEXT=10><CTL=PSH,ACK>"]
    got = arrive(expire(end).end, "<SEQ=300><ACK=110><WND=100><CTL=ACK>", bounds=PLANE)
    assert got.sent == ["<SEQ=110><ACK=300><TEXT=10><CTL=PSH,ACK>"]


# When it runs


@pytest.mark.parametrize(
    ("flight", "queued", "wnd", "persist", "runs"),
    [
        (0, 0, 100, Persist.ON, False),
        (0, 10, 100, Persist.ON, False),  # what is queued waits for the override timer
        (0, 10, 0, Persist.ON, True),
        (0, 0, 0, Persist.ON, False),
        (0, 10, 0, Persist.NEW, True),
        (0, 10, 0, Persist.OFF, False),
        (10, 0, 100, Persist.ON, True),
        (10, 0, 0, Persist.ON, True),
        (10, 0, 0, Persist.OFF, True),
        (10, 0, 0, Persist.NEW, False),  # what was sent is not sent again
        (10, 10, 0, Persist.NEW, True),
        (10, 0, 100, Persist.NEW, True),
    ],
)
def test_timer_runs(flight, queued, wnd, persist, runs):
    end = plane(flight=flight, queued=queued, snd_wnd=wnd)
    assert expire(end, persist=persist).possible == runs


def test_text_that_is_not_retransmitted():
    assert not expire(plane(flight=10), text_retransmitted=False).possible
    assert expire(plane(queued=10, snd_wnd=0), text_retransmitted=False).possible


# Zero-window probes (3.8.6.1, MUST-35, MUST-36)


def test_probe():
    """An octet that was never sent; cwnd and ssthresh have nothing to do with it."""
    got = expire(plane(queued=30, snd_wnd=0, cwnd=30, span=1))
    assert got.sent == ["<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>"]
    assert got.cited == ["3.8.6.1/zero-window probe/send"]
    assert (got.tcb.snd.nxt, got.plane.nxt) == (101, 101)
    assert (got.plane.cwnd, got.plane.ssthresh, got.tcb.span) == (30, 1000, PLANE.span)


@pytest.mark.parametrize("persist", [Persist.ON, Persist.NEW])
def test_second_probe(persist):
    """The same octet again; or, which is an ablation, the next one."""
    got = expire(plane(flight=1, queued=30, snd_wnd=0), persist=persist)
    at = 100 if persist == Persist.ON else 101
    assert got.sent == [f"<SEQ={at}><ACK=300><TEXT=1><CTL=PSH,ACK>"]


def test_an_open_window_is_no_matter_for_probes():
    got = expire(plane(flight=10, queued=30, snd_wnd=100), persist=Persist.NEW)
    assert "3.8.6.1/zero-window probe/send" not in got.cited


def test_snd_nxt_stays():
    """It goes back only in an ablation."""
    assert expire(plane(flight=30)).tcb.snd.nxt == 130
    assert expire(plane(flight=30), nxt_kept=False).tcb.snd.nxt == 110


# Samples of the round trip (RFC 6298 section 3)


def send(end, **rules):
    return happen(end, Input.SEND, bounds=PLANE, **rules)


def test_new_text_is_timed():
    """One segment at a time."""
    got = send(plane())
    assert (got.plane.timing, got.plane.timed) == (True, 100)
    got = send(got.end)
    assert (got.plane.timing, got.plane.timed) == (True, 100)


@pytest.mark.parametrize(("number", "sample"), [(105, True), (110, True), (120, True)])
def test_sample(number, sample):
    end = plane(flight=20, timing=True, timed=100)
    got = arrive(end, f"<SEQ=300><ACK={number}><WND=100><CTL=ACK>", bounds=PLANE)
    assert ("RFC 6298/3/sample" in got.cited) == sample
    assert (got.plane.timing, got.plane.timed) == (False, 0)


def test_no_sample_of_what_is_before():
    end = plane(flight=20, timing=True, timed=110)
    got = arrive(end, "<SEQ=300><ACK=110><WND=100><CTL=ACK>", bounds=PLANE)
    assert "RFC 6298/3/sample" not in got.cited
    assert (got.plane.timing, got.plane.timed) == (True, 110)
    untimed = plane(flight=20, timed=0)
    got = arrive(untimed, "<SEQ=300><ACK=110><WND=100><CTL=ACK>", bounds=PLANE)
    assert "RFC 6298/3/sample" not in got.cited


@pytest.mark.parametrize(("timed", "stops"), [(100, True), (109, True), (110, False)])
def test_karn(timed, stops):
    """What is sent again is timed no more, and nothing else is concerned."""
    end = plane(flight=30, timing=True, timed=timed)
    got = expire(end)
    assert (got.plane.timing, got.plane.timed) == ((False, 0) if stops else (True, timed))
    assert expire(end, karn=False).plane.timing


def test_karn_after_a_timeout():
    """Slow start sends the rest again: of that too none is timed."""
    end = expire(plane(flight=30, timing=True, timed=110)).end
    got = arrive(end, "<SEQ=300><ACK=110><WND=100><CTL=ACK>", bounds=PLANE)
    assert got.sent[0].startswith("<SEQ=110>")
    assert not got.plane.timing


def test_fast_retransmit_is_no_sample_either():
    end = plane(flight=50, duplicates=2, timing=True, timed=100)
    got = arrive(end, "<SEQ=300><ACK=100><WND=100><CTL=ACK>", bounds=PLANE)
    assert got.sent and not got.plane.timing


# RFC 6298 section 2


def seconds(low: int = 0, high: int = 100) -> st.SearchStrategy[Fraction]:
    return st.fractions(low, high, max_denominator=1000)


SAMPLES = st.lists(seconds(), min_size=1, max_size=8)


def after(samples, least=LEAST) -> Estimate:
    was = first(samples[0], least)
    for sample in samples[1:]:
        was = later(was, sample)
    return was


def test_first_sample():
    """(2.2): SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 * RTTVAR."""
    one = first(Fraction(2))
    assert (one.srtt, one.rttvar, one.rto) == (2, 1, 6)
    assert (one.granularity, one.doublings, one.least) == (0, 0, 1)


def test_later_sample():
    """(2.3): RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R'|, then SRTT = 7/8 SRTT + 1/8 R'."""
    two = later(first(Fraction(2)), Fraction(4))
    assert (two.rttvar, two.srtt) == (Fraction(5, 4), Fraction(9, 4))
    assert two.rto == Fraction(9, 4) + 5
    below = later(first(Fraction(2)), Fraction(1))
    assert (below.rttvar, below.srtt) == (1, Fraction(15, 8))


def test_granularity():
    """RTO = SRTT + max(G, 4 * RTTVAR); later samples keep the clock's granularity."""
    coarse = Estimate(Fraction(2), Fraction(1, 100), granularity=Fraction(1, 2))
    assert coarse.rto == Fraction(5, 2)
    assert Estimate(Fraction(2), Fraction(1), granularity=Fraction(1, 2)).rto == 6
    assert later(coarse, Fraction(2)).granularity == expired(coarse).granularity == Fraction(1, 2)


@given(SAMPLES, seconds(0, 3), st.integers(0, 9))
def test_floor_and_ceiling(samples, least, times):
    """(2.4), (2.5): never below the floor; at most a minute, or what the round trip asks for."""
    was = after(samples, least)
    for _ in range(times):
        was = expired(was)
    assert was.least == least
    base = max(least, was.srtt + 4 * was.rttvar)
    assert least <= was.rto
    assert was.rto <= max(GREATEST, base)


@given(SAMPLES, st.integers(1, 12))
def test_doubling(samples, times):
    """(5.5): each expiry doubles RTO, until it is at the ceiling; the next sample ends that."""
    steps = [after(samples)]
    for _ in range(times):
        steps.append(expired(steps[-1]))
    for was, now in pairwise(steps):
        assert now.rto == min(2 * was.rto, max(GREATEST, steps[0].rto))
        assert (now.srtt, now.rttvar) == (was.srtt, was.rttvar)
    assert later(steps[-1], Fraction(1)).doublings == 0


@given(seconds(), st.integers(1, 30))
def test_a_steady_round_trip(trip, times):
    """RTO comes down to it, and is above it all the while."""
    steps = [after([trip] * n) for n in range(1, times + 1)]
    assert all(one.srtt == trip for one in steps)
    assert [one.rttvar for one in steps] == [trip / 2 * Fraction(3, 4) ** n for n in range(times)]
    assert all(one.rto >= max(trip, LEAST) for one in steps)


@given(SAMPLES, seconds())
def test_srtt_is_between(samples, sample):
    was = after(samples)
    now = later(was, sample)
    assert min(was.srtt, sample) <= now.srtt <= max(was.srtt, sample)
    assert now.rttvar >= 0


# What Karn's rule is for

TRIP = Fraction(10)
"""A round trip that is longer than RTO has come to be, from here on."""


def life(karn: bool, rounds: int) -> list[Fraction]:
    """RTO in each of so many rounds. In each a segment is sent, its timer runs out as long as the
    ACK is away, and the ACK of the first copy comes after ``TRIP``.

    Without Karn's rule its time is counted from the last copy. With it there is no sample, and RTO
    stays doubled (RFC 6298 5.5, 5.7) until a segment is acknowledged that was sent once.
    """
    was = first(Fraction(1, 10))
    seen = []
    for _ in range(rounds):
        sent, last = Fraction(0), Fraction(0)
        seen.append(was.rto)
        while sent + was.rto < TRIP:
            sent += was.rto
            last = sent
            was = expired(was)
        if last == 0 or not karn:
            was = later(was, TRIP - last)
    return seen


def test_without_karn_rto_stays_below_the_round_trip():
    """Each segment is sent again, for ever: the time from the last copy is what is left of the
    round trip, which tells nothing of its length. All numbers are exact."""
    rounds = life(karn=False, rounds=200)
    assert rounds[0] == LEAST
    assert max(rounds) < TRIP


def test_without_karn_it_may_do_so_for_ever():
    """A fixed point: RTO is 1, the timer runs out after 1, 3 and 7 seconds, and the ACK comes 1/2
    after the last copy: SRTT is 1/2, RTTVAR 0, and RTO 1 again. So it is after each round."""
    trip, copies = Fraction(15, 2), (1, 3, 7)
    steady = Estimate(Fraction(1, 2), Fraction(0))
    was, at = steady, Fraction(0)
    for copy in copies:
        at += was.rto
        assert at == copy < trip
        was = expired(was)
    assert at + was.rto > trip
    assert later(was, trip - at) == steady
    assert steady.rto < trip


def test_with_karn_rto_comes_above_the_round_trip():
    """It stays doubled, so that in the end a segment is acknowledged before its timer runs out."""
    rounds = life(karn=True, rounds=50)
    assert rounds[:3] == [1, 8, 16]
    assert all(rto > TRIP for rto in rounds[2:])


@given(SAMPLES, seconds(0, 9), seconds(0, 9))
def test_what_follows_is_what_is_computed(samples, srtt, rttvar):
    """Proofs have no division: they are given what follows, and it is what (2.3) computes."""
    was = after(samples)
    now = later(was, samples[-1])
    assert follow(was.srtt, was.rttvar, samples[-1], now.srtt, now.rttvar)
    same = (srtt, rttvar) == (now.srtt, now.rttvar)
    assert follow(was.srtt, was.rttvar, samples[-1], srtt, rttvar) == same


@given(SAMPLES, st.integers(0, 12))
def test_doubling_step_by_step(samples, times):
    was = after(samples)
    rto, first_rto = was.rto, was.rto
    for _ in range(times):
        was, rto = expired(was), doubled(rto, first_rto)
        assert was.rto == rto
