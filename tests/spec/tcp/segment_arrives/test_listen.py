"""SEGMENT ARRIVES in LISTEN (RFC 9293 section 3.10.7.2), step by step."""

import pytest

from spec.world.records import key
from tests.helpers.build import (
    ESTABLISHED,
    LISTEN,
    SYN_RECEIVED,
    WINDOW,
    arrive,
    endpoint,
)


@pytest.mark.parametrize("ctl", ["RST", "RST,ACK", "SYN,RST", "SYN,RST,ACK"])
def test_listen_first_reset_is_ignored(ctl):
    """First RST, whatever else is set."""
    result = arrive(endpoint(LISTEN), f"<SEQ=300><ACK=77><CTL={ctl}>")
    assert (result.state, result.sent) == (LISTEN, [])


@pytest.mark.parametrize("ctl", ["ACK", "SYN,ACK", "FIN,ACK", "SYN,FIN,ACK"])
def test_listen_second_ack_is_reset(ctl):
    """Then ACK, before SYN."""
    result = arrive(endpoint(LISTEN), f"<SEQ=300><ACK=77><CTL={ctl}>")
    assert (result.state, result.sent) == (LISTEN, ["<SEQ=77><CTL=RST>"])


def test_listen_third_syn():
    result = arrive(endpoint(LISTEN), "<SEQ=299><CTL=SYN>")
    tcb = result.tcb
    assert result.state == SYN_RECEIVED
    assert result.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"]
    assert result.segments[0].wnd == WINDOW
    assert (tcb.irs, tcb.rcv.nxt, tcb.iss, tcb.snd.una, tcb.snd.nxt) == (299, 300, 99, 99, 100)
    assert tcb.passive


def test_listen_third_syn_wraps():
    result = arrive(endpoint(LISTEN), "<SEQ=4294967295><CTL=SYN>", isn=2**32 - 1)
    assert result.sent == ["<SEQ=4294967295><ACK=0><CTL=SYN,ACK>"]
    assert (result.tcb.rcv.nxt, result.tcb.snd.nxt) == (0, 0)


@pytest.mark.parametrize("ctl", ["FIN", "PSH", "URG"])
def test_listen_fourth_anything_else_is_dropped(ctl):
    result = arrive(endpoint(LISTEN), f"<SEQ=300><TEXT=1><CTL={ctl}>")
    assert (result.state, result.sent) == (LISTEN, [])


def test_listen_syn_with_text_and_fin_waits():
    """Third: other control or text is queued, and not acknowledged by the SYN,ACK."""
    result = arrive(endpoint(LISTEN), "<SEQ=299><TEXT=2><CTL=SYN,FIN>")
    assert result.state == SYN_RECEIVED
    assert result.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"]
    assert result.tcb.rcv.nxt == 300


def test_listen_syn_with_urgent_data_signals_once_established():
    """Third: *any* other control is queued; the sixth step then sees URG (3.8.5, MUST-32)."""
    waiting = arrive(endpoint(LISTEN), "<SEQ=299><UP=302><TEXT=2><CTL=SYN,URG>")
    result = arrive(waiting.end, "<SEQ=302><ACK=100><CTL=ACK>")
    assert result.tcb.rcv.nxt == 302
    assert (result.tcb.rcv.up, result.signals) == (302, ("urgent data",))


def test_listen_syn_with_pushed_text_is_marked_once_established():
    """Third and seventh: the PUSH that came with the SYN's text is seen."""
    waiting = arrive(endpoint(LISTEN), "<SEQ=299><TEXT=2><CTL=SYN,PSH>")
    result = arrive(waiting.end, "<SEQ=302><ACK=100><CTL=ACK>")
    assert (result.tcb.rcv.nxt, result.tcb.rcv.push) == (302, True)


def test_listen_syn_split_handshake():
    """Ablation 31: a bare ACK, which SYN-SENT drops, then a SYN, which opens simultaneously."""
    result = arrive(endpoint(LISTEN), "<SEQ=299><CTL=SYN>", split_handshake=True)
    assert result.state == SYN_RECEIVED
    assert result.sent == ["<SEQ=99><ACK=300><CTL=ACK>", "<SEQ=99><CTL=SYN>"]
    usual = arrive(endpoint(LISTEN), "<SEQ=299><CTL=SYN>")
    assert key(result.end) == key(usual.end)


def test_listen_syn_two_way_handshake():
    """Ablation 9: the SYN alone establishes."""
    result = arrive(endpoint(LISTEN), "<SEQ=299><TEXT=2><CTL=SYN>", three_way=False)
    assert result.state == ESTABLISHED
    assert result.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>", "<SEQ=100><ACK=302><CTL=ACK>"]
