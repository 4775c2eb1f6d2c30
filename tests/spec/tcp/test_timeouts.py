"""The timeouts (RFC 9293 section 3.10.8) in every state, and the zero-window probe (3.8.6.1)."""

import dataclasses

import pytest

from spec.rules import Persist
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.records import key
from tests.helpers.build import BOUNDS, PLANE, SYNCHRONIZED, arrive, endpoint, happen, plane

RETRANSMIT, GIVE_UP, EXPIRE = (
    Input.RETRANSMISSION_TIMEOUT,
    Input.USER_TIMEOUT,
    Input.TIME_WAIT_TIMEOUT,
)
CLOSED = key(endpoint(State.CLOSED).tcb)

FRONT = {
    State.SYN_SENT: "<SEQ=99><CTL=SYN>",
    State.SYN_RECEIVED: "<SEQ=99><ACK=300><CTL=SYN,ACK>",
    State.FIN_WAIT_1: "<SEQ=100><ACK=300><CTL=FIN,ACK>",
    State.CLOSING: "<SEQ=100><ACK=301><CTL=FIN,ACK>",
    State.LAST_ACK: "<SEQ=100><ACK=301><CTL=FIN,ACK>",
}
"""The front of the retransmission queue of ``endpoint(state)``; elsewhere it is empty."""


@pytest.mark.parametrize("state", State)
def test_retransmission_timeout(state):
    """Send the segment at the front of the retransmission queue again; nothing else changes."""
    before = endpoint(state)
    result = happen(before, RETRANSMIT)
    assert result.possible == (state in FRONT)
    if result.possible:
        assert result.sent == [FRONT[state]]
        assert key(result.tcb) == key(before.tcb)


@pytest.mark.parametrize(
    ("state", "una", "nxt", "closing", "sent"),
    [
        (State.ESTABLISHED, 100, 102, False, "<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>"),
        (State.ESTABLISHED, 101, 102, False, "<SEQ=101><ACK=300><TEXT=1><CTL=PSH,ACK>"),
        (State.CLOSE_WAIT, 101, 102, False, "<SEQ=101><ACK=301><TEXT=1><CTL=PSH,ACK>"),
        (State.FIN_WAIT_1, 101, 103, True, "<SEQ=101><ACK=300><TEXT=1><CTL=PSH,ACK>"),
        (State.FIN_WAIT_1, 102, 103, True, "<SEQ=102><ACK=300><CTL=FIN,ACK>"),
        (State.LAST_ACK, 102, 103, True, "<SEQ=102><ACK=301><CTL=FIN,ACK>"),
    ],
)
def test_retransmission_timeout_takes_the_front(state, una, nxt, closing, sent):
    """Two octets written: what is oldest goes first, whatever the window."""
    end = endpoint(state, written=2, snd_una=una, snd_nxt=nxt, snd_wnd=0, closing=closing)
    assert happen(end, RETRANSMIT).sent == [sent]


def test_retransmission_timeout_syn_with_data():
    end = happen(endpoint(State.LISTEN), Input.SEND, data_on_syn=True).end
    assert happen(end, RETRANSMIT).sent == ["<SEQ=99><TEXT=1><CTL=SYN,PSH>"]


def test_retransmission_timeout_fin_wait_1_before_our_syn_is_acknowledged():
    """CLOSE in SYN-RECEIVED: the SYN is still at the front of the queue, then the FIN."""
    closed = happen(endpoint(State.SYN_RECEIVED), Input.CLOSE).end
    assert happen(closed, RETRANSMIT).sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"]
    heard = arrive(closed, "<SEQ=300><ACK=100><CTL=ACK>")
    assert heard.state == State.FIN_WAIT_1
    assert happen(heard.end, RETRANSMIT).sent == ["<SEQ=100><ACK=300><CTL=FIN,ACK>"]


@pytest.mark.parametrize("irs", [299, 3 << 30])
def test_fin_wait_1_the_first_window_is_taken_whatever_irs_is(irs):
    """SND.WL1 is not set where a CLOSE has left SYN-RECEIVED: it is not compared with. Else the
    window stayed shut for an IRS of the upper half, and R had no end: each ACK answered a probe."""
    end = endpoint(State.SYN_RECEIVED, irs=irs, rcv_nxt=irs + 1, rcv_up=irs + 1)
    closed = happen(end, Input.CLOSE).end
    old = arrive(closed, f"<SEQ={irs + 1}><ACK=99><WND=7><CTL=ACK>")
    assert (old.tcb.snd.wnd, old.tcb.snd.wl1) == (0, 0), "it acknowledges nothing"
    heard = arrive(old.end, f"<SEQ={irs + 1}><ACK=100><WND=7><CTL=ACK>")
    snd = heard.tcb.snd
    assert (heard.state, snd.una, snd.wnd, snd.wl1, snd.wl2) == (
        *(State.FIN_WAIT_1, 100, 7, irs + 1, 100),
    )
    heard.tcb.span = 0
    again = arrive(heard.end, f"<SEQ={irs + 1}><ACK=100><WND=7><CTL=ACK>")
    assert happen(again.end, RETRANSMIT).state == State.CLOSED, "no probe was answered"


@pytest.mark.parametrize("state", [State.SYN_SENT, State.SYN_RECEIVED, State.FIN_WAIT_1])
def test_once_r_is_used_up_the_connection_is_closed(state):
    """3.8.3, MUST-20 (c), MUST-22: R runs while a segment is at the front, and then TCP gives up.
    Without time it has no end."""
    spent = endpoint(state, span=0)
    closed = happen(spent, RETRANSMIT)
    assert (closed.state, closed.sent) == (State.CLOSED, [])
    assert closed.signals == ("error: connection aborted due to user timeout",)
    for still in (
        happen(spent, RETRANSMIT, retransmission_bounded=False),
        happen(spent, RETRANSMIT, bounds=dataclasses.replace(BOUNDS, msl=0)),
    ):
        assert still.state == state
        assert len(still.sent) == 1


def test_r_runs_down():
    ticking = endpoint(State.SYN_SENT)
    for left in (2, 1, 0, 0):
        ticking = happen(ticking, Input.TICK).end
        assert ticking.tcb.span == left


def test_retransmission_r_begins_anew_at_the_front():
    """The acknowledgment of the SYN, and of one segment of several, brings another to the front."""
    end = endpoint(State.ESTABLISHED, written=2, snd_nxt=102, span=0)
    assert arrive(end, "<SEQ=300><ACK=101><CTL=ACK>").tcb.span == BOUNDS.span
    assert arrive(end, "<SEQ=300><ACK=100><CTL=ACK>").tcb.span == 0
    assert happen(endpoint(State.ESTABLISHED, span=0), Input.SEND).tcb.span == BOUNDS.span
    assert happen(end, Input.CLOSE).tcb.span == 0  # the FIN is not at the front


@pytest.mark.parametrize("state", [State.ESTABLISHED, State.CLOSE_WAIT])
def test_zero_window_probe(state):
    """At least one octet of new data, even if the send window is zero (MUST-36)."""
    end = endpoint(state, written=2, snd_wnd=0)
    probe = happen(end, RETRANSMIT)
    ack = end.tcb.rcv.nxt
    text = f"<SEQ=100><ACK={ack}><TEXT=1><CTL=PSH,ACK>"
    assert (probe.sent, probe.tcb.snd.nxt) == ([text], 101)
    refused = arrive(probe.end, f"<SEQ={ack}><ACK=100><WND=0><CTL=ACK>")
    assert refused.sent == []
    assert happen(refused.end, RETRANSMIT).sent == [text]  # the same octet again
    opened = arrive(refused.end, f"<SEQ={ack}><ACK=101><WND=1><CTL=ACK>")
    assert opened.sent == [f"<SEQ=101><ACK={ack}><TEXT=1><CTL=PSH,ACK>"]


@pytest.mark.parametrize("state", [State.FIN_WAIT_1, State.LAST_ACK])
def test_zero_window_probe_before_a_queued_fin(state):
    end = endpoint(state, written=1, snd_nxt=100, snd_wnd=0)
    probe = happen(end, RETRANSMIT)
    assert [seg.text for seg in probe.segments] == [1]
    done = arrive(probe.end, f"<SEQ={end.tcb.rcv.nxt}><ACK=101><WND=0><CTL=ACK>")
    assert [seg.ctl.fin for seg in done.segments] == [True]


def test_zero_window_probes_go_on():
    """MUST-37: while the peer acknowledges probes the connection stays open, whatever R."""
    end = endpoint(State.ESTABLISHED, written=1, snd_wnd=0, span=0)
    for _ in range(2):
        probe = happen(end, RETRANSMIT)
        assert probe.sent == ["<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>"]
        end = arrive(probe.end, "<SEQ=300><ACK=100><WND=0><CTL=ACK>").end


def test_r_is_the_time_that_a_probe_waits():
    """... and not that since the answer before: then nothing was asked (MUST-37)."""
    tick = Input.TICK
    text, ack = "<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>", "<SEQ=300><ACK=100><WND=0><CTL=ACK>"
    end = happen(endpoint(State.ESTABLISHED, written=1, snd_wnd=0), RETRANSMIT).end
    end = arrive(end, ack).end
    for _ in range(BOUNDS.span + 1):
        end = happen(end, tick).end
    again = happen(end, RETRANSMIT)
    assert (again.sent, again.tcb.span) == ([text], BOUNDS.span)
    end = again.end
    for _ in range(BOUNDS.span):
        end = happen(end, tick).end
    assert happen(end, RETRANSMIT).tcb.state == State.CLOSED  # this one was not answered
    assert happen(arrive(end, ack).end, RETRANSMIT).sent == [text]


def test_r_goes_on_while_our_syn_is_not_acknowledged():
    """A CLOSE has left SYN-RECEIVED: the peer has announced no window, and our SYN is no probe."""
    waiting = endpoint(State.SYN_RECEIVED, snd_wnd=0, span=1)
    closed = happen(waiting, Input.CLOSE).end
    heard = arrive(closed, "<SEQ=300><ACK=99><CTL=ACK>")
    assert heard.state == State.FIN_WAIT_1
    assert (heard.tcb.span, heard.tcb.answered) == (1, False)
    spent = happen(heard.end, Input.TICK).end
    assert happen(spent, RETRANSMIT).state == State.CLOSED


@pytest.mark.parametrize("persist", Persist)
def test_our_syn_is_sent_again_after_a_close_whatever_a_persist_timer_does(persist):
    """... with a data plane: SND.WND is 0 as long as nothing was announced."""
    waiting = plane(state=State.SYN_RECEIVED, snd_wnd=0, cwnd=0)
    closed = happen(waiting, Input.CLOSE, bounds=PLANE).end
    again = happen(closed, RETRANSMIT, bounds=PLANE, persist=persist)
    assert (again.possible, again.sent) == (True, ["<SEQ=99><ACK=300><CTL=SYN,ACK>"])


@pytest.mark.parametrize("state", [State.SYN_SENT, State.SYN_RECEIVED, State.FIN_WAIT_2])
def test_no_probe_where_nothing_may_be_sent(state):
    """Queued data before ESTABLISHED is no reason to probe: the SYN is outstanding."""
    assert not any("TEXT" in sent for sent in happen(endpoint(state), RETRANSMIT).sent)


@pytest.mark.parametrize("state", [s for s in State if s not in (State.CLOSED, State.LISTEN)])
def test_user_timeout(state):
    """For any state in which it runs: signal, delete the TCB, and send nothing."""
    waiting = {} if state in FRONT else {"snd_nxt": 101, "written": 1}
    result = happen(endpoint(state, **waiting), GIVE_UP)
    assert result.possible == (state not in (State.TIME_WAIT, State.FIN_WAIT_2))
    if result.possible:
        assert result.signals == ("error: connection aborted due to user timeout",)
        assert (result.sent, key(result.tcb)) == ([], CLOSED)


@pytest.mark.parametrize("state", State)
def test_user_timeout_times_an_open_and_what_is_outstanding(state):
    """... an OPEN, passive or active (3.10.8: in any state), and what waits for an ACK."""
    timed = state in FRONT or state == State.LISTEN
    assert happen(endpoint(state), GIVE_UP).possible == timed


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("left", [0, 1])
def test_time_wait_timeout(state, left):
    """In TIME-WAIT, once 2 MSL have gone by."""
    result = happen(endpoint(state, time_wait=left), EXPIRE)
    assert result.possible == (state == State.TIME_WAIT and left == 0)
    if result.possible:
        assert (result.sent, result.signals, key(result.tcb)) == ([], (), CLOSED)


@pytest.mark.parametrize("state", State)
def test_only_active_closers_wait(state):
    """The timer runs in TIME-WAIT only; ticks count it down and stop at zero."""
    end = endpoint(state)
    assert (end.tcb.time_wait != 0) == (state == State.TIME_WAIT)
    for _ in range(2 * BOUNDS.msl + 1):
        end = happen(end, Input.TICK).end
    assert end.tcb.time_wait == 0
    assert end.tcb.state == state


@pytest.mark.parametrize("what", [RETRANSMIT, GIVE_UP, EXPIRE])
@pytest.mark.parametrize("state", SYNCHRONIZED)
@pytest.mark.parametrize("health", [{"up": False}, {"quiet": 1}])
def test_nothing_happens_on_a_host_that_is_down_or_quiet(what, state, health):
    assert not happen(endpoint(state, **health), what).possible
