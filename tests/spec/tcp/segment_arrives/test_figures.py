"""The RFC's figures, end to end, one segment after the other."""

from spec.tcp.inputs import Input
from tests.helpers.build import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_SENT,
    TIME_WAIT,
    arrive,
    endpoint,
    happen,
    is_deleted,
)


def test_figure_12_normal_close():
    a = endpoint(ESTABLISHED)
    b = endpoint(ESTABLISHED, iss=299, irs=99, snd_una=300, snd_nxt=300, rcv_nxt=100)
    one = happen(a, Input.CLOSE)
    two = arrive(b, one.segments[0])
    three = arrive(one.end, two.segments[0])
    four = happen(two.end, Input.CLOSE)
    five = arrive(three.end, four.segments[0])
    six = arrive(four.end, five.segments[0])
    assert [r.sent for r in (one, two, three, four, five, six)] == [
        ["<SEQ=100><ACK=300><CTL=FIN,ACK>"],
        ["<SEQ=300><ACK=101><CTL=ACK>"],
        [],
        ["<SEQ=300><ACK=101><CTL=FIN,ACK>"],
        ["<SEQ=101><ACK=301><CTL=ACK>"],
        [],
    ]
    states = [r.state for r in (one, two, three, four, five, six)]
    assert states == [FIN_WAIT_1, CLOSE_WAIT, FIN_WAIT_2, LAST_ACK, TIME_WAIT, CLOSED]


def test_figure_13_simultaneous_close():
    a = happen(endpoint(ESTABLISHED), Input.CLOSE)
    b = happen(
        endpoint(ESTABLISHED, iss=299, irs=99, snd_una=300, snd_nxt=300, rcv_nxt=100), Input.CLOSE
    )
    a2, b2 = arrive(a.end, b.segments[0]), arrive(b.end, a.segments[0])
    assert (a2.state, a2.sent) == (CLOSING, ["<SEQ=101><ACK=301><CTL=ACK>"])
    assert (b2.state, b2.sent) == (CLOSING, ["<SEQ=301><ACK=101><CTL=ACK>"])
    a3, b3 = arrive(a2.end, b2.segments[0]), arrive(b2.end, a2.segments[0])
    assert (a3.state, b3.state) == (TIME_WAIT, TIME_WAIT)


def test_figure_6_handshake_with_an_urgent_octet():
    """An octet SENT urgent puts the receiving user into urgent mode (3.8.5, MUST-32, MUST-62)."""
    syn = happen(endpoint(CLOSED), Input.OPEN_ACTIVE)
    syn_ack = arrive(endpoint(LISTEN), syn.segments[0], isn=299)
    ack = arrive(syn.end, syn_ack.segments[0])
    b = arrive(syn_ack.end, ack.segments[0])
    assert (ack.state, b.state) == (ESTABLISHED, ESTABLISHED)
    octet = happen(ack.end, Input.SEND_URGENT)
    result = arrive(b.end, octet.segments[0])
    assert result.tcb.rcv.nxt == 101
    assert result.signals == ("urgent data",)


def test_figure_10_half_open_discovery():
    """A lost its memory; B's text is refused by a reset that B believes."""
    b = endpoint(ESTABLISHED)
    text = happen(b, Input.SEND)
    reset = arrive(endpoint(CLOSED), text.segments[0])
    assert reset.sent == ["<SEQ=300><CTL=RST>"]
    assert is_deleted(arrive(text.end, reset.segments[0]))


def test_figure_9_half_open_old_syn():
    """SYN at an ESTABLISHED end: ACK, which SYN-SENT resets, which resets the end."""
    a = happen(endpoint(CLOSED), Input.OPEN_ACTIVE, isn=400)
    b = endpoint(ESTABLISHED, iss=299, irs=99, snd_una=300, snd_nxt=300, rcv_nxt=100)
    challenge = arrive(b, a.segments[0])
    assert challenge.sent == ["<SEQ=300><ACK=100><CTL=ACK>"]
    reset = arrive(a.end, challenge.segments[0])
    assert (reset.state, reset.sent) == (SYN_SENT, ["<SEQ=100><CTL=RST>"])
    assert is_deleted(arrive(challenge.end, reset.segments[0]))
