"""SEGMENT ARRIVES in SYN-SENT (RFC 9293 section 3.10.7.3), step by step."""

import pytest

from tests.helpers.build import (
    BOUNDS,
    CLOSE_WAIT,
    ESTABLISHED,
    SYN_RECEIVED,
    SYN_SENT,
    arrive,
    endpoint,
    is_deleted,
    unchanged,
)


@pytest.mark.parametrize("ack", [98, 99, 101, 99 + 2**31])
@pytest.mark.parametrize("ctl", ["ACK", "SYN,ACK", "FIN,ACK"])
def test_syn_sent_first_bad_ack_is_reset(ack, ctl):
    """SEG.ACK =< ISS or SEG.ACK > SND.NXT, before SYN is looked at."""
    before = endpoint(SYN_SENT)
    result = arrive(before, f"<SEQ=299><ACK={ack}><CTL={ctl}>")
    assert result.sent == [f"<SEQ={ack}><CTL=RST>"]
    assert unchanged(before, result)


@pytest.mark.parametrize("ack", [98, 99, 101])
@pytest.mark.parametrize("ctl", ["RST,ACK", "SYN,RST,ACK"])
def test_syn_sent_first_bad_ack_with_reset_is_dropped(ack, ctl):
    before = endpoint(SYN_SENT)
    result = arrive(before, f"<SEQ=0><ACK={ack}><CTL={ctl}>")
    assert (result.sent, result.signals) == ([], ())
    assert unchanged(before, result)


@pytest.mark.parametrize("seq", [0, 1, 300, 2**31])
@pytest.mark.parametrize("ctl", ["RST,ACK", "SYN,RST,ACK"])
def test_syn_sent_second_reset_with_good_ack(seq, ctl):
    """Whatever its SEQ: erratum 8167 deletes RFC 5961's check here."""
    result = arrive(endpoint(SYN_SENT), f"<SEQ={seq}><ACK=100><CTL={ctl}>")
    assert result.signals == ("error: connection reset",)
    assert result.sent == []
    assert is_deleted(result)


@pytest.mark.parametrize("ctl", ["RST", "SYN,RST"])
def test_syn_sent_second_reset_without_ack_is_dropped(ctl):
    before = endpoint(SYN_SENT)
    result = arrive(before, f"<SEQ=299><CTL={ctl}>")
    assert (result.sent, result.signals) == ([], ())
    assert unchanged(before, result)


def test_syn_sent_fourth_syn_ack():
    result = arrive(endpoint(SYN_SENT), "<SEQ=299><ACK=100><WND=7><CTL=SYN,ACK>")
    tcb = result.tcb
    assert result.state == ESTABLISHED
    assert result.sent == ["<SEQ=100><ACK=300><CTL=ACK>"]
    assert (tcb.irs, tcb.rcv.nxt, tcb.snd.una) == (299, 300, 100)
    assert (tcb.snd.wnd, tcb.snd.wl1, tcb.snd.wl2) == (7, 299, 100)


def test_syn_sent_fourth_syn_ack_lets_queued_data_out():
    """Queued data MAY be included; it carries the acknowledgment."""
    result = arrive(endpoint(SYN_SENT, written=2), "<SEQ=299><ACK=100><CTL=SYN,ACK>")
    assert result.sent == [
        "<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>",
        "<SEQ=101><ACK=300><TEXT=1><CTL=PSH,ACK>",
    ]
    assert result.tcb.snd.nxt == 102


def test_syn_sent_fourth_syn_ack_with_text_and_fin():
    """... continue at the sixth step: one segment acknowledges all of it."""
    result = arrive(endpoint(SYN_SENT), "<SEQ=299><ACK=100><TEXT=2><CTL=SYN,FIN,ACK>")
    assert result.state == CLOSE_WAIT
    assert result.sent == ["<SEQ=100><ACK=303><CTL=ACK>"]
    assert result.signals == ("connection closing",)


def test_syn_sent_fourth_syn_ack_with_urgent_data():
    """... continue at the sixth step, *where the URG bit is checked*."""
    result = arrive(endpoint(SYN_SENT), "<SEQ=299><ACK=100><UP=302><TEXT=2><CTL=SYN,URG,ACK>")
    assert result.tcb.rcv.nxt == 302
    assert (result.tcb.rcv.up, result.signals) == (302, ("urgent data",))


def test_syn_sent_fourth_syn_ack_acknowledges_part_of_data_on_syn():
    """The peer may not take the data on the SYN: the check is =<, not ==."""
    result = arrive(endpoint(SYN_SENT, snd_nxt=102, written=2), "<SEQ=299><ACK=101><CTL=SYN,ACK>")
    assert (result.state, result.tcb.snd.una, result.tcb.snd.nxt) == (ESTABLISHED, 101, 102)


def test_syn_sent_fourth_r_begins_with_the_text_that_is_left():
    """3.8.3: R is of one segment. The text that the peer did not take is at the front now."""
    end = endpoint(SYN_SENT, snd_nxt=101, written=1, span=1)
    heard = arrive(end, "<SEQ=299><ACK=100><CTL=SYN,ACK>", data_on_syn=True)
    assert (heard.tcb.snd.una, heard.tcb.snd.nxt, heard.tcb.span) == (100, 101, BOUNDS.span)


def test_syn_sent_fourth_simultaneous_open():
    result = arrive(endpoint(SYN_SENT), "<SEQ=299><WND=7><CTL=SYN>")
    tcb = result.tcb
    assert result.state == SYN_RECEIVED
    assert result.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"]
    assert (tcb.snd.una, tcb.snd.nxt, tcb.rcv.nxt, tcb.irs) == (99, 100, 300, 299)
    assert (tcb.snd.wnd, tcb.snd.wl1) == (7, 299)
    assert not tcb.passive


def test_syn_sent_fourth_simultaneous_open_holds_text_and_fin():
    waiting = arrive(endpoint(SYN_SENT), "<SEQ=299><TEXT=1><CTL=SYN,FIN>")
    assert (waiting.state, waiting.sent) == (SYN_RECEIVED, ["<SEQ=99><ACK=300><CTL=SYN,ACK>"])
    result = arrive(waiting.end, "<SEQ=302><ACK=100><CTL=ACK>")
    assert (result.state, result.sent) == (CLOSE_WAIT, ["<SEQ=100><ACK=302><CTL=ACK>"])


@pytest.mark.parametrize("ctl", ["ACK", "FIN,ACK", "FIN", "PSH"])
def test_syn_sent_fifth_neither_syn_nor_rst_is_dropped(ctl):
    before = endpoint(SYN_SENT)
    result = arrive(before, f"<SEQ=300><ACK=100><TEXT=1><CTL={ctl}>")
    assert result.sent == []
    assert unchanged(before, result)


@pytest.mark.parametrize("ack", [98, 99, 101])
def test_syn_sent_without_ack_check(ack):
    """Ablation 10: any ACK counts as one of our SYN."""
    result = arrive(
        endpoint(SYN_SENT), f"<SEQ=299><ACK={ack}><CTL=SYN,ACK>", syn_sent_ack_check=False
    )
    assert (result.state, result.tcb.snd.una) == (ESTABLISHED, 100)
