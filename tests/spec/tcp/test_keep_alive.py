"""Keep-alive (RFC 9293 section 3.8.4), and the limit on ACKs that answer what is refused."""

import dataclasses

import pytest

from spec.rules import AckLimit, KeepAlive
from spec.tcp.inputs import Input
from spec.tcp.listener import Queue
from spec.tcp.tcb import State
from spec.world.enabled import overdue
from spec.world.records import clone
from tests.helpers.build import (
    BOUNDS,
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_2,
    IRS,
    SYN_SENT,
    TIME_WAIT,
    WINDOW,
    arrive,
    context,
    endpoint,
    expected,
    happen,
    listening,
    nxt,
    unchanged,
)

EXPIRE = Input.KEEP_ALIVE_TIMEOUT
ON = {"keep_alive": KeepAlive.EMPTY}
TIMED = dataclasses.replace(BOUNDS, keep_alive_idle=4, keep_alive_interval=3)
IDLE = (ESTABLISHED, FIN_WAIT_2, CLOSE_WAIT)
PROBE = f"<SEQ=99><ACK={IRS + 1}><CTL=ACK>"
"""SND.NXT is 100."""


@pytest.mark.parametrize("state", State)
def test_keep_alive_timeout(state):
    """A segment just below the peer's window, from an end that has nothing outstanding."""
    end = endpoint(state)
    assert not happen(end, EXPIRE).possible, "off by default (MUST-25)"
    got = happen(end, EXPIRE, **ON)
    assert got.possible == (state in IDLE)
    if got.possible:
        assert got.sent == [f"<SEQ={nxt(state) - 1}><ACK={expected(state)}><CTL=ACK>"]
        assert (got.state, got.tcb.snd.nxt, got.tcb.probes) == (state, nxt(state), 1)


def test_established_keep_alive_with_an_octet():
    """MAY-6: an octet of garbage, which is none of the stream."""
    (probe,) = happen(endpoint(ESTABLISHED), EXPIRE, keep_alive=KeepAlive.OCTET).segments
    assert (probe.seq, probe.text, probe.wnd) == (99, 1, WINDOW)


@pytest.mark.parametrize(
    "busy",
    [{"snd_nxt": 101}, {"written": 1, "snd_wnd": 0}, {"closing": True}, {"keep_alive": 1}],
    ids=str,
)
def test_established_keep_alive_waits(busy):
    """MUST-26: while something is outstanding or queued, and while the timer runs."""
    assert not happen(endpoint(ESTABLISHED, **busy), EXPIRE, **ON).possible


def test_established_gives_up_after_so_many_probes():
    """... and tells the user and the peer; never after a single probe (MUST-29)."""
    end = endpoint(ESTABLISHED)
    for n in range(BOUNDS.keep_alive_probes):
        got = happen(end, EXPIRE, **ON)
        assert got.sent == [PROBE] and got.tcb.probes == n + 1
        end = got.end
    got = happen(end, EXPIRE, **ON)
    assert (got.state, got.sent) == (CLOSED, ["<SEQ=100><CTL=RST>"])
    assert got.signals == ("error: connection timed out",)
    assert happen(end, EXPIRE, **ON, keep_alive_gives_up=False).sent == [PROBE]


@pytest.mark.parametrize(
    ("segment", "heard"),
    [
        ("<SEQ=300><ACK=100><CTL=ACK>", True),
        ("<SEQ=300><ACK=100><TEXT=1><CTL=ACK>", True),
        ("<SEQ=299><ACK=100><CTL=ACK>", False),
        ("<SEQ=300><ACK=200><CTL=ACK>", False),
        ("<SEQ=301><CTL=RST>", False),
    ],
)
def test_established_hears_its_peer(segment, heard):
    """What is accepted starts the timer anew, and answers all probes; what is refused does not."""
    end = endpoint(ESTABLISHED, keep_alive=1, probes=2)
    got = arrive(end, segment, bounds=TIMED, **ON)
    assert (got.tcb.keep_alive, got.tcb.probes) == ((4, 0) if heard else (1, 2))
    off = arrive(endpoint(ESTABLISHED), segment, bounds=TIMED)
    assert (off.tcb.keep_alive, off.tcb.probes) == (0, 0)


def test_syn_sent_starts_the_timer_and_time_wait_stops_it():
    got = arrive(endpoint(SYN_SENT), "<SEQ=299><ACK=100><CTL=SYN,ACK>", bounds=TIMED, **ON)
    assert (got.state, got.tcb.keep_alive) == (ESTABLISHED, 4)
    idle = endpoint(FIN_WAIT_2, keep_alive=2, probes=1)
    got = arrive(idle, "<SEQ=300><ACK=101><CTL=FIN,ACK>", bounds=TIMED, **ON)
    assert (got.state, got.tcb.keep_alive, got.tcb.probes) == (TIME_WAIT, 0, 0)


def test_established_keep_alive_in_time():
    """After the first probe, one each interval; and time does not go on before it is sent."""
    rules, due = context(**ON).rules, endpoint(ESTABLISHED)
    assert overdue(due, rules, TIMED)
    assert not overdue(due, rules, BOUNDS), "without time it is sent whenever it likes"
    assert not overdue(endpoint(ESTABLISHED, snd_nxt=101), rules, TIMED)
    got = happen(due, EXPIRE, bounds=TIMED, **ON)
    assert got.tcb.keep_alive == 3 and not overdue(got.end, rules, TIMED)


@pytest.mark.parametrize("text", [0, 1])
@pytest.mark.parametrize("state", IDLE)
def test_peer_answers_a_keep_alive_and_takes_nothing(state, text):
    probe = f"<SEQ={expected(state) - 1}><ACK={nxt(state)}><TEXT={text}><CTL=ACK>"
    got = arrive(endpoint(state), probe.replace("<TEXT=0>", ""))
    assert got.sent == [f"<SEQ={nxt(state)}><ACK={expected(state)}><CTL=ACK>"]
    assert unchanged(endpoint(state), got)


def test_closed_answers_a_keep_alive_with_a_reset_that_is_believed():
    (probe,) = happen(endpoint(ESTABLISHED), EXPIRE, **ON).segments
    (answer,) = arrive(endpoint(CLOSED), probe).segments
    got = arrive(endpoint(ESTABLISHED), answer)
    assert got.state == CLOSED and got.signals == ("error: connection reset",)


def test_a_listener_forgets_who_is_given_up():
    """... before the application has taken the connection, too."""
    waits = listening(ESTABLISHED, Queue.ACCEPT, ready=1)
    waits.tcb.probes = BOUNDS.keep_alive_probes
    got = happen(waits, EXPIRE, **ON)
    assert got.state == CLOSED and got.end.host.listeners[0].ready == 0


# The limit on ACKs that answer what is refused

REFUSED = {
    "not acceptable": "<SEQ=200><ACK=100><CTL=ACK>",
    "reset not at RCV.NXT": "<SEQ=301><CTL=RST>",
    "SYN": "<SEQ=301><CTL=SYN>",
    "ACK of something not yet sent": "<SEQ=300><ACK=200><CTL=ACK>",
}


@pytest.mark.parametrize("limit", [AckLimit.SOCKET, AckLimit.HOST])
@pytest.mark.parametrize("what", REFUSED)
def test_established_answers_once_in_an_interval(what, limit):
    first = arrive(endpoint(ESTABLISHED), REFUSED[what], ack_limit=limit)
    assert len(first.sent) == 1 and first.tcb.throttled
    again = arrive(first.end, REFUSED[what], ack_limit=limit)
    assert not again.sent and again.state == ESTABLISHED
    assert again.rules[0].id == "RFC 5961/7/throttle"
    free = happen(again.end, Input.LIMIT_TIMEOUT, ack_limit=limit)
    assert not free.tcb.throttled
    assert not happen(free.end, Input.LIMIT_TIMEOUT, ack_limit=limit).possible
    assert arrive(first.end, REFUSED[what]).sent == first.sent, "by default there is no limit"


def test_established_acknowledges_text_beyond_the_limit():
    end = endpoint(ESTABLISHED, throttled=True)
    got = arrive(end, "<SEQ=300><ACK=100><TEXT=1><CTL=ACK>", ack_limit=AckLimit.SOCKET)
    assert got.sent == ["<SEQ=100><ACK=301><CTL=ACK>"]


@pytest.mark.parametrize("state", State)
def test_others_use_up_the_limit(state):
    """... of a connection that is there, if it is not used up already."""
    got = happen(endpoint(state), Input.LIMIT_SPENT, ack_limit=AckLimit.HOST)
    assert got.possible == (endpoint(state).tcb.snd.una >= 100)
    if got.possible:
        assert got.tcb.throttled and not got.sent
        spent = clone(got.end)
        assert not happen(spent, Input.LIMIT_SPENT, ack_limit=AckLimit.HOST).possible
