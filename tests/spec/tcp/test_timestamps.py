"""Timestamps (RFC 7323): which segments have one, PAWS, and what RFC 6191 and Linux do with it."""

import dataclasses

import pytest

from spec.rules import AckLimit, Rules
from spec.tcp import timestamps
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import Tcb
from spec.world.enabled import overdue
from tests.helpers.build import (
    BOUNDS,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_2,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    ack_of,
    arrive,
    context,
    endpoint,
    happen,
    listening,
    seg,
    unchanged,
)

STAMPS = dataclasses.replace(BOUNDS, stamps=8)
SYN = "<SEQ=299><CTL=SYN>"
TEXT = "<SEQ=300><ACK=100><TEXT=1><CTL=ACK>"
R1 = "RFC 7323/5.3/R1"


def stamped(state, **variables):
    """An end whose connection uses timestamps; it heard TSval 4 last, and its own clock says 6."""
    return endpoint(state, **{"stamped": True, "ts_recent": 4, "clock": 5} | variables)


def get(end, text, tsval, **rules):
    return arrive(end, seg(text, tsval=tsval), bounds=STAMPS, **rules)


def values(result):
    return [sent.tsval for sent in result.segments]


def ids(result):
    return [rule.id for rule in result.rules]


# The option (section 3.2)


def test_a_syn_offers_the_option():
    end = endpoint(CLOSED, clock=5)
    assert values(happen(end, Input.OPEN_ACTIVE, bounds=STAMPS)) == [6]
    plain = happen(end, Input.OPEN_PLAIN, bounds=STAMPS)
    assert (plain.state, values(plain)) == (SYN_SENT, [0])
    assert values(happen(end, Input.OPEN_ACTIVE)) == [0], "hosts without timestamps"


@pytest.mark.parametrize("tsval", [3, 0])
def test_it_is_used_if_both_syns_carry_it(tsval):
    passive = get(endpoint(LISTEN, clock=5), SYN, tsval)
    assert (passive.tcb.stamped, passive.tcb.ts_recent) == (tsval != 0, tsval)
    assert values(passive) == [6 if tsval else 0]
    syn_ack = "<SEQ=299><ACK=100><CTL=SYN,ACK>"
    active = get(endpoint(SYN_SENT, stamped=True, clock=5), syn_ack, tsval)
    assert (active.tcb.stamped, active.tcb.ts_recent) == (tsval != 0, tsval)
    assert values(active) == [6 if tsval else 0]
    plain = get(endpoint(SYN_SENT, clock=5), syn_ack, tsval)
    assert not plain.tcb.stamped, "it was not offered"


def test_a_segment_without_it_is_dropped():
    """Once it is used; a reset may lack it."""
    got = get(stamped(ESTABLISHED), TEXT, 0)
    assert (ids(got), got.sent) == (["RFC 7323/3.2/missing"], [])
    assert get(stamped(ESTABLISHED), "<SEQ=300><CTL=RST>", 0).state == CLOSED
    assert get(endpoint(ESTABLISHED), TEXT, 0).tcb.rcv.nxt == 301, "not used"


# PAWS (section 5.3)


@pytest.mark.parametrize("tsval", range(1, 8))
def test_what_is_earlier_than_ts_recent_is_answered_and_dropped(tsval):
    end = stamped(ESTABLISHED)
    got = get(end, TEXT, tsval)
    if tsval < 4:
        assert unchanged(end, got)
        assert (ids(got)[-1], got.sent, values(got)) == (R1, [ack_of(ESTABLISHED)], [6])
        assert get(end, TEXT, tsval, paws=False).tcb.rcv.nxt == 301
    else:
        assert (got.tcb.rcv.nxt, got.tcb.ts_recent) == (301, tsval)


def test_paws_spares_resets():
    assert get(stamped(ESTABLISHED), "<SEQ=300><CTL=RST>", 1).state == CLOSED
    assert get(stamped(ESTABLISHED), "<SEQ=300><CTL=RST>", 1, paws_resets=True).state == ESTABLISHED


def test_a_reset_without_a_timestamp_is_spared_all_the_same():
    """CLOSED answers without one (section 3.2)."""
    assert get(stamped(ESTABLISHED), "<SEQ=300><CTL=RST>", 0, paws_resets=True).state == CLOSED


def test_ts_recent_follows_what_comes_in_order():
    """Section 4.3 (2): not what begins behind RCV.NXT, nor what is not acceptable."""
    assert get(stamped(ESTABLISHED), "<SEQ=301><ACK=100><TEXT=1><CTL=ACK>", 7).tcb.ts_recent == 4
    assert get(stamped(ESTABLISHED), "<SEQ=200><ACK=100><CTL=ACK>", 7).tcb.ts_recent == 4


@pytest.mark.parametrize("one", range(1, 9))
@pytest.mark.parametrize("other", range(1, 9))
def test_later_on_a_circle(one, other):
    """Section 5.2: less than half the circle ahead; not both ways, and half of it is neither."""
    wraps = dataclasses.replace(STAMPS, stamps_wrap=True)
    ahead = (one - other) % 8
    assert timestamps.later(one, other, wraps) == (0 < ahead < 4)
    assert timestamps.later(one, other, STAMPS) == (one > other)


def test_the_clock_stops_or_begins_again():
    wraps = dataclasses.replace(STAMPS, stamps_wrap=True)
    assert [timestamps.advance(clock, STAMPS) for clock in (0, 6, 7)] == [1, 7, 7]
    assert [timestamps.advance(clock, wraps) for clock in (0, 6, 7)] == [1, 7, 0]


IDLE = dataclasses.replace(STAMPS, stamps_wrap=True, recent_life=3)
"""TS.Recent is valid for three ticks."""


def test_ts_recent_is_valid_for_some_time():
    """Section 5.5: then what looks earlier passes, and TS.Recent begins anew."""
    end = stamped(ESTABLISHED, recent_for=1)
    refused = arrive(end, seg(TEXT, tsval=3), bounds=IDLE)
    assert (ids(refused)[-1], refused.tcb.recent_for) == (R1, 1)
    late = happen(end, Input.TICK, bounds=IDLE).end
    assert late.tcb.recent_for == 0
    got = arrive(late, seg(TEXT, tsval=3), bounds=IDLE)
    assert (got.tcb.rcv.nxt, got.tcb.ts_recent, got.tcb.recent_for) == (301, 3, 3)
    assert ids(arrive(late, seg(TEXT, tsval=3), bounds=STAMPS))[-1] == R1, "valid for ever"


def test_ts_recent_is_valid_anew_where_it_is_set():
    syn = arrive(endpoint(LISTEN, clock=5), seg(SYN, tsval=3), bounds=IDLE)
    assert (syn.tcb.ts_recent, syn.tcb.recent_for) == (3, 3)
    plain = arrive(endpoint(LISTEN, clock=5), seg(SYN, tsval=0), bounds=IDLE)
    assert (plain.tcb.ts_recent, plain.tcb.recent_for) == (0, 0)
    moved = arrive(stamped(ESTABLISHED, recent_for=1), seg(TEXT, tsval=4), bounds=IDLE)
    assert (moved.tcb.ts_recent, moved.tcb.recent_for) == (4, 3)
    behind = "<SEQ=301><ACK=100><TEXT=1><CTL=ACK>"
    kept = arrive(stamped(ESTABLISHED, recent_for=1), seg(behind, tsval=5), bounds=IDLE)
    assert (kept.tcb.ts_recent, kept.tcb.recent_for) == (4, 1)
    reopened = endpoint(SYN_RECEIVED, reopened=True, left_snd=102, left_rcv=302, left_recent=2)
    back = arrive(reopened, seg("<SEQ=300><CTL=RST>", tsval=0), bounds=IDLE)
    assert (back.state, back.tcb.ts_recent, back.tcb.recent_for) == (TIME_WAIT, 2, 3)


def test_without_an_msl_only_timestamp_clocks_tick():
    endless = dataclasses.replace(STAMPS, msl=0, span=0)
    got = happen(stamped(TIME_WAIT, time_wait=3), Input.TICK, bounds=endless)
    assert (got.end.host.clock, got.tcb.time_wait) == (6, 3)
    over = endpoint(TIME_WAIT, time_wait=0)
    assert overdue(over, Rules(), STAMPS)
    assert not overdue(over, Rules(), endless)


# RFC 6191, section 2


@pytest.mark.parametrize("old", [4, 0], ids=["stamped", "plain"])
@pytest.mark.parametrize("new", [3, 4, 5, 0])
@pytest.mark.parametrize("above", [True, False])
def test_the_table(old, new, above):
    """Which SYN opens a new connection: rows in the RFC's order."""
    tcb = Tcb(state=TIME_WAIT, stamped=old != 0, ts_recent=old)
    got = timestamps.reopened_by(tcb, Segment(0, tsval=new), above, context(STAMPS))
    expected = (new > old or (new in (0, old) and above)) if old else (new != 0 or above)
    assert got == expected


def test_a_later_syn_need_not_be_above():
    """... and may return to TIME-WAIT with all that was known."""
    end = stamped(TIME_WAIT)
    low = "<SEQ=200><CTL=SYN>"
    old = get(end, low, 4, time_wait_reopen=True, isn=900)
    assert (old.state, old.sent) == (TIME_WAIT, [ack_of(TIME_WAIT)])
    got = get(end, low, 5, time_wait_reopen=True, isn=900)
    assert (got.state, got.tcb.ts_recent) == (SYN_RECEIVED, 5)
    assert ids(got)[0] == "RFC 6191/2/later"
    back = get(got.end, "<SEQ=201><CTL=RST>", 0)
    assert (back.state, back.tcb.ts_recent, back.tcb.stamped) == (TIME_WAIT, 4, True)
    ended = get(got.end, "<SEQ=201><CTL=RST>", 0, reopen_returns=False)
    assert ended.state == LISTEN


# Linux: tcp_tw_reuse, tcp_tw_recycle


@pytest.mark.parametrize("since", [5, 6])
def test_reuse_waits_for_a_tick(since):
    end = stamped(TIME_WAIT, since=since)
    reuse = {"time_wait_reuse": True, "bounds": STAMPS, "isn": 900}
    got = happen(end, Input.OPEN_ACTIVE, **reuse)
    assert got.possible == (since < 6)
    assert happen(end, Input.OPEN_ACTIVE, reuse_later=False, **reuse).state == SYN_SENT
    plain = endpoint(TIME_WAIT)
    assert not happen(plain, Input.OPEN_ACTIVE, **reuse).possible, "it used no timestamps"


def test_reuse_takes_an_iss_above():
    end = endpoint(TIME_WAIT)
    assert happen(end, Input.OPEN_ACTIVE, isn=101, time_wait_reuse=True).state == SYN_SENT
    low = happen(end, Input.OPEN_ACTIVE, isn=100, time_wait_reuse=True)
    assert (low.state, low.signals) == (TIME_WAIT, ("error: connection already exists",))
    assert (
        happen(end, Input.OPEN_ACTIVE, isn=100, time_wait_reuse=True, reuse_above=False).state
        == SYN_SENT
    )


def test_a_reset_does_not_move_ts_recent():
    """Section 5.2: the timestamp of a reset updates nothing. So RFC 6191 has the last of the peer's
    segments to compare a SYN with, and not a reset that TIME-WAIT ignores."""
    end = stamped(TIME_WAIT)
    got = get(end, "<SEQ=301><CTL=RST>", 7, time_wait_ignores_reset=True)
    assert (got.state, got.tcb.ts_recent) == (TIME_WAIT, 4)
    assert get(end, "<SEQ=301><ACK=101><CTL=ACK>", 7).tcb.ts_recent == 7


def test_the_limit_on_acks_is_on_those_of_paws_too():
    first = get(stamped(ESTABLISHED), TEXT, 3, ack_limit=AckLimit.SOCKET)
    assert (len(first.sent), ids(first)) == (1, [R1])
    again = get(first.end, TEXT, 3, ack_limit=AckLimit.SOCKET)
    assert again.sent == [] and R1 in ids(again)


def test_reuse_of_fin_wait_2():
    reuse = {"time_wait_reuse": True, "isn": 900}
    assert not happen(endpoint(FIN_WAIT_2), Input.OPEN_ACTIVE, **reuse).possible
    got = happen(endpoint(FIN_WAIT_2), Input.OPEN_ACTIVE, reuse_fin_wait_2=True, **reuse)
    assert got.state == SYN_SENT


@pytest.mark.parametrize("tsval", [0, 4, 5, 6])
def test_recycling_drops_what_is_earlier_than_its_address(tsval):
    end = listening(heard=5)
    got = get(end, SYN, tsval, time_wait_recycle=True)
    assert (got.state == CLOSED) == (tsval < 5)
    assert get(end, SYN, tsval).state == SYN_RECEIVED


def test_another_host_behind_the_nat():
    behind = dataclasses.replace(STAMPS, nat=True, listener=True)
    got = happen(listening(), Input.NAT_OPEN, bounds=behind)
    (one,) = got.end.host.listeners
    assert one.heard == 9, "ahead of any value of the client's clock"
    (one,) = happen(got.end, Input.ADDRESS_FORGOTTEN, bounds=behind).end.host.listeners
    assert one.heard == 0
