"""The user calls (RFC 9293 sections 3.10.1 to 3.10.6): every call in every state, as tables.

A table gives, for each state, the state after, the segments sent and what the user is told. "-" is
no segment, "" nothing said. The endpoints are those of ``tests/helpers/build.py``. Each call is
made on the section's function, which knows every error, and through the host, which offers only
calls that the RFC does not answer with an error.
"""

import pytest

from spec.tcp import user_calls
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.records import clone, key
from tests.helpers.build import (
    BOUNDS,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    MSL,
    PLANE,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
    WINDOW,
    arrive,
    context,
    endpoint,
    happen,
    plane,
    show,
)

NONE = "error: connection does not exist"
EXISTS = "error: connection already exists"
GONE = "error: connection closing"

CALLS = {
    Input.OPEN_PASSIVE: user_calls.open_passive,
    Input.OPEN_ACTIVE: user_calls.open_active,
    Input.SEND: lambda tcb, tcp: user_calls.send(tcb, tcp, False),
    Input.SEND_URGENT: lambda tcb, tcp: user_calls.send(tcb, tcp, True),
    Input.RECEIVE: user_calls.receive,
    Input.CLOSE: user_calls.close,
    Input.ABORT: user_calls.abort,
}

SAME = "same"

TABLES = {
    Input.OPEN_PASSIVE: """
        CLOSED         LISTEN        -                                        |
        LISTEN         same          -                                        | exists
        SYN-SENT       same          -                                        | exists
        SYN-RECEIVED   same          -                                        | exists
        ESTABLISHED    same          -                                        | exists
        FIN-WAIT-1     same          -                                        | exists
        FIN-WAIT-2     same          -                                        | exists
        CLOSE-WAIT     same          -                                        | exists
        CLOSING        same          -                                        | exists
        LAST-ACK       same          -                                        | exists
        TIME-WAIT      same          -                                        | exists
    """,  # (of LISTEN the RFC speaks only of an active OPEN)
    Input.OPEN_ACTIVE: """
        CLOSED         SYN-SENT      <SEQ=99><CTL=SYN>                        |
        LISTEN         SYN-SENT      <SEQ=99><CTL=SYN>                        |
        SYN-SENT       same          -                                        | exists
        SYN-RECEIVED   same          -                                        | exists
        ESTABLISHED    same          -                                        | exists
        FIN-WAIT-1     same          -                                        | exists
        FIN-WAIT-2     same          -                                        | exists
        CLOSE-WAIT     same          -                                        | exists
        CLOSING        same          -                                        | exists
        LAST-ACK       same          -                                        | exists
        TIME-WAIT      same          -                                        | exists
    """,
    Input.SEND: """
        CLOSED         same          -                                        | none
        LISTEN         SYN-SENT      <SEQ=99><CTL=SYN>                        |
        SYN-SENT       same          -                                        |
        SYN-RECEIVED   same          -                                        |
        ESTABLISHED    same          <SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>  |
        FIN-WAIT-1     same          -                                        | gone
        FIN-WAIT-2     same          -                                        | gone
        CLOSE-WAIT     same          <SEQ=100><ACK=301><TEXT=1><CTL=PSH,ACK>  |
        CLOSING        same          -                                        | gone
        LAST-ACK       same          -                                        | gone
        TIME-WAIT      same          -                                        | gone
    """,
    Input.RECEIVE: """
        CLOSED         same          -                                        | none
        LISTEN         same          -                                        |
        SYN-SENT       same          -                                        |
        SYN-RECEIVED   same          -                                        |
        ESTABLISHED    same          -                                        |
        FIN-WAIT-1     same          -                                        |
        FIN-WAIT-2     same          -                                        |
        CLOSE-WAIT     same          -                                        | gone
        CLOSING        same          -                                        | gone
        LAST-ACK       same          -                                        | gone
        TIME-WAIT      same          -                                        | gone
    """,
    Input.CLOSE: """
        CLOSED         same          -                                        | none
        LISTEN         CLOSED        -                                        |
        SYN-SENT       CLOSED        -                                        |
        SYN-RECEIVED   FIN-WAIT-1    <SEQ=100><ACK=300><CTL=FIN,ACK>          |
        ESTABLISHED    FIN-WAIT-1    <SEQ=100><ACK=300><CTL=FIN,ACK>          |
        FIN-WAIT-1     same          -                                        | gone
        FIN-WAIT-2     same          -                                        | gone
        CLOSE-WAIT     LAST-ACK      <SEQ=100><ACK=301><CTL=FIN,ACK>          |
        CLOSING        same          -                                        | gone
        LAST-ACK       same          -                                        | gone
        TIME-WAIT      same          -                                        | gone
    """,
    Input.ABORT: """
        CLOSED         same          -                                        | none
        LISTEN         CLOSED        -                                        |
        SYN-SENT       CLOSED        -                                        |
        SYN-RECEIVED   CLOSED        <SEQ=100><CTL=RST>                       |
        ESTABLISHED    CLOSED        <SEQ=100><CTL=RST>                       |
        FIN-WAIT-1     CLOSED        <SEQ=101><CTL=RST>                       |
        FIN-WAIT-2     CLOSED        <SEQ=101><CTL=RST>                       |
        CLOSE-WAIT     CLOSED        <SEQ=100><CTL=RST>                       |
        CLOSING        CLOSED        -                                        |
        LAST-ACK       CLOSED        -                                        |
        TIME-WAIT      CLOSED        -                                        |
    """,
}
SAYINGS = {"none": (NONE,), "exists": (EXISTS,), "gone": (GONE,), "": ()}


def rows():
    for what, table in TABLES.items():
        lines = table.strip().splitlines()
        assert [line.split()[0] for line in lines] == [state.value for state in State]
        for line in lines:
            before, after, sent, *_ = line.split()
            said = SAYINGS[line.split("|")[1].strip()]
            after = before if after == SAME else after
            yield pytest.param(
                what, State(before), State(after), [] if sent == "-" else [sent], said,
                id=f"{what.name}-{before}",
            )  # fmt: skip


def call(what, before, **rules):
    """The section's own function: (TCB after, sent, signals)."""
    tcb, tcp = clone(before.tcb), context(**rules)
    CALLS[what](tcb, tcp)
    assert tcp.cited, "every call cites a rule"
    return tcb, [show(seg) for seg in tcp.sent], tuple(tcp.signals)


@pytest.mark.parametrize(("what", "before", "after", "sent", "said"), list(rows()))
def test_call(what, before, after, sent, said):
    end = endpoint(before)
    tcb, out, signals = call(what, end)
    assert (tcb.state, out, signals) == (after, sent, said)
    if said:  # an error changes nothing
        assert key(tcb) == key(end.tcb)
    if after == CLOSED:  # and a deleted TCB leaves nothing
        assert key(tcb) == key(endpoint(CLOSED).tcb)
    through_host = happen(end, what)
    idle = what == Input.RECEIVE  # nothing is at hand: it would wait
    assert through_host.possible == (not said and not idle)
    if through_host.possible:
        assert (through_host.state, through_host.sent) == (after, sent)
        assert key(through_host.tcb) == key(tcb)


# ------------------------------------------------------------------------------------ 3.10.1 OPEN


@pytest.mark.parametrize("state", [CLOSED, LISTEN])
def test_open_active_variables(state):
    """SND.UNA to ISS, SND.NXT to ISS+1; the ISS is the one on offer."""
    tcb = happen(endpoint(state), Input.OPEN_ACTIVE, isn=2**32 - 1).tcb
    assert (tcb.iss, tcb.snd.una, tcb.snd.nxt) == (2**32 - 1, 2**32 - 1, 0)
    assert (tcb.rcv.wnd, tcb.passive) == (WINDOW, False)


# ------------------------------------------------------------------------------------ 3.10.2 SEND


def test_send_listen_queues_its_data():
    tcb = happen(endpoint(LISTEN), Input.SEND).tcb
    assert (tcb.iss, tcb.snd.una, tcb.snd.nxt, tcb.written) == (99, 99, 100, 1)


def test_send_listen_data_on_syn():
    """Data associated with SEND may be sent with the SYN segment."""
    result = happen(endpoint(LISTEN), Input.SEND, data_on_syn=True)
    assert result.sent == ["<SEQ=99><TEXT=1><CTL=SYN,PSH>"]
    assert (result.state, result.tcb.snd.una, result.tcb.snd.nxt) == (SYN_SENT, 99, 101)


def test_send_listen_urgent_data_on_syn():
    """*The urgent bit must be sent with the data segments sent as a result of this command.*"""
    result = happen(endpoint(LISTEN), Input.SEND_URGENT, data_on_syn=True)
    assert result.segments[0].text == 1
    assert result.segments[0].ctl.urg


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED])
def test_send_before_established_queues(state):
    tcb = happen(happen(endpoint(state), Input.SEND).end, Input.SEND).tcb
    assert (tcb.written, tcb.snd.nxt) == (2, 100)


def test_send_is_held_back_by_the_window():
    result = happen(endpoint(ESTABLISHED, snd_wnd=1, snd_nxt=101, written=1), Input.SEND)
    assert (result.sent, result.tcb.written, result.tcb.snd.nxt) == ([], 2, 101)


@pytest.mark.parametrize(("state", "said"), [(ESTABLISHED, ()), (CLOSE_WAIT, (GONE,))])
def test_receive_with_nothing_at_hand(state, said):
    """... of a data plane that offers less than it has room for."""
    tcb, sent, signals = call(Input.RECEIVE, plane(state=state, rcv_wnd=95), bounds=PLANE)
    assert (tcb.rcv.wnd, sent, signals) == (95, [], said)


def test_send_after_a_queued_close():
    """SYN-RECEIVED with CLOSE queued: no SEND follows a CLOSE."""
    end = happen(endpoint(SYN_RECEIVED), Input.CLOSE, close_waits=True).end
    assert call(Input.SEND, end)[1:] == ([], (GONE,))
    assert not happen(end, Input.SEND).possible


@pytest.mark.parametrize(("state", "ack"), [(ESTABLISHED, 300), (CLOSE_WAIT, 301)])
def test_send_urgent(state, ack):
    """URG, and the urgent pointer at the octet following the urgent data (3.8.5, MUST-62)."""
    result = happen(endpoint(state), Input.SEND_URGENT)
    assert result.sent == [f"<SEQ=100><ACK={ack}><UP=101><TEXT=1><CTL=URG,PSH,ACK>"]


def test_send_urgent_of_many_octets():
    """... which is behind the last of them."""
    result = happen(plane(), Input.SEND_URGENT, bounds=PLANE)
    assert result.sent == ["<SEQ=100><ACK=300><UP=110><TEXT=10><CTL=URG,PSH,ACK>"]


def test_send_after_urgent_data_is_not_urgent():
    """3.8.5: without URG no urgent data is outstanding; 3.1: its offset is positive."""
    urgent = happen(endpoint(ESTABLISHED), Input.SEND_URGENT)
    result = happen(urgent.end, Input.SEND)
    assert result.sent == ["<SEQ=101><ACK=300><TEXT=1><CTL=PSH,ACK>"]


@pytest.mark.parametrize("state", [s for s in State if s not in (ESTABLISHED, CLOSE_WAIT)])
def test_send_urgent_elsewhere_is_as_send(state):
    plain, urgent = (call(what, endpoint(state)) for what in (Input.SEND, Input.SEND_URGENT))
    assert plain[1:] == urgent[1:]
    assert (plain[0].state, plain[0].written) == (urgent[0].state, urgent[0].written)


def test_send_octets_are_bounded():
    end = endpoint(ESTABLISHED)
    for _ in range(BOUNDS.octets):
        end = happen(end, Input.SEND).end
    assert not happen(end, Input.SEND).possible


# --------------------------------------------------------------------------------- 3.10.3 RECEIVE


@pytest.mark.parametrize(
    ("state", "wnd", "sent"),
    [
        (ESTABLISHED, 4, []),
        (ESTABLISHED, 0, ["<SEQ=100><ACK=300><CTL=ACK>"]),
        (FIN_WAIT_1, 0, ["<SEQ=101><ACK=300><CTL=ACK>"]),
        (FIN_WAIT_2, 0, ["<SEQ=101><ACK=300><CTL=ACK>"]),
        (CLOSE_WAIT, 4, []),  # satisfied by data already on hand
    ],
)
def test_receive_text_at_hand(state, wnd, sent):
    """Text to the user; a shut window reopens with an acknowledgment (3.8.6.1)."""
    result = happen(endpoint(state, rcv_wnd=wnd, rcv_push=True), Input.RECEIVE)
    assert (result.state, result.sent, result.signals) == (state, sent, ())
    assert (result.tcb.rcv.wnd, result.tcb.rcv.push) == (WINDOW, False)
    assert [seg.wnd for seg in result.segments] == [WINDOW] * len(sent)


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK, TIME_WAIT])
def test_receive_after_both_fins_is_an_error_even_with_text_at_hand(state):
    end = endpoint(state, rcv_wnd=4)
    assert call(Input.RECEIVE, end)[1:] == ([], (GONE,))
    assert not happen(end, Input.RECEIVE).possible


# ----------------------------------------------------------------------------------- 3.10.4 CLOSE


def test_close_syn_received_with_data_queued_waits():
    """FIN at once only if no SENDs have been issued and there is no pending data to send."""
    result = happen(endpoint(SYN_RECEIVED, written=1), Input.CLOSE)
    assert (result.state, result.sent, result.tcb.closing) == (SYN_RECEIVED, [], True)
    assert call(Input.CLOSE, result.end)[1:] == ([], (GONE,))
    assert not happen(result.end, Input.CLOSE).possible


def test_close_syn_received_close_waits():
    result = happen(endpoint(SYN_RECEIVED), Input.CLOSE, close_waits=True)
    assert (result.state, result.sent, result.tcb.closing) == (SYN_RECEIVED, [], True)


@pytest.mark.parametrize(
    ("state", "waits", "after"),
    [(ESTABLISHED, FIN_WAIT_1, FIN_WAIT_1), (CLOSE_WAIT, CLOSE_WAIT, LAST_ACK)],
)
def test_close_queues_until_all_is_segmentized(state, waits, after):
    """FIN-WAIT-1 is entered in any case, LAST-ACK with the FIN; that comes after the last octet."""
    result = happen(endpoint(state, written=2, snd_nxt=101, snd_wnd=1), Input.CLOSE)
    assert (result.state, result.sent) == (waits, [])
    seq = result.tcb.rcv.nxt
    opened = arrive(result.end, f"<SEQ={seq}><ACK=101><WND=9><CTL=ACK>")
    assert opened.state == after
    assert [seg.ctl.fin for seg in opened.segments] == [False, True]


@pytest.mark.parametrize("state", [ESTABLISHED, CLOSE_WAIT])
def test_close_fin_needs_no_window(state):
    """Section 3.10.4 sets no condition."""
    result = happen(endpoint(state, snd_wnd=0), Input.CLOSE)
    assert [seg.ctl.fin for seg in result.segments] == [True]


# ----------------------------------------------------------------------------------- 3.10.5 ABORT

DELETED_IN_SILENCE = (LISTEN, SYN_SENT)
RESET = "error: connection reset"


@pytest.mark.parametrize(
    ("what", "state", "una", "said"),
    [
        (Input.CLOSE, SYN_SENT, 99, ("error: closing",)),
        (Input.ABORT, SYN_SENT, 99, (RESET,)),
        (Input.ABORT, SYN_RECEIVED, 99, (RESET,)),
        (Input.ABORT, ESTABLISHED, 100, (RESET,)),
        (Input.ABORT, ESTABLISHED, 101, ()),  # all its text is acknowledged: SEND had its "ok"
        (Input.ABORT, FIN_WAIT_1, 100, (RESET,)),
        (Input.ABORT, LAST_ACK, 100, ()),
    ],
)
def test_sends_that_wait_end_in_an_error(what, state, una, said):
    end = endpoint(state, written=1, snd_una=una, snd_nxt=una if state == SYN_SENT else 101)
    assert call(what, end)[2] == said


@pytest.mark.parametrize("state", [SYN_RECEIVED, *SYNCHRONIZED])
def test_abort_by_way_of_time_wait(state):
    """Section 3.5.2 and Figure 5, note 3: the side issuing a reset should enter TIME-WAIT."""
    before = endpoint(state)
    tcb, sent, signals = call(Input.ABORT, before, abort_time_wait=True)
    assert (tcb.state, signals) == (TIME_WAIT, ())
    assert sent == call(Input.ABORT, before)[1]
    assert tcb.time_wait == 2 * MSL
    assert happen(before, Input.ABORT, abort_time_wait=True).possible == (state != TIME_WAIT)


@pytest.mark.parametrize("state", DELETED_IN_SILENCE)
def test_abort_without_a_reset_needs_no_time_wait(state):
    assert happen(endpoint(state), Input.ABORT, abort_time_wait=True).state == CLOSED


# ---------------------------------------------------------------------------------- 3.10.6 STATUS


@pytest.mark.parametrize("state", State)
def test_status(state):
    end = endpoint(state)
    before = key(end)
    want = NONE if state == CLOSED else f"state = {state.value}"
    assert user_calls.status(end.tcb) == want
    assert key(end) == before
