"""A listener: its two queues, its requests, its cookies."""

import dataclasses
from typing import Any

import pytest

from spec.rules import CookieGuard, CookieHash, Cookies
from spec.tcp.inputs import Input
from spec.tcp.listener import (
    MINUTES,
    Listener,
    Queue,
    Request,
    cookie,
    forget_cookie,
    syn_ack_interval,
    tick,
)
from spec.world.endpoint import Endpoint
from tests.helpers.build import (
    BOUNDS,
    CLOSED,
    ESTABLISHED,
    LAST_ACK,
    SYN_RECEIVED,
    Result,
    arrive,
    context,
    happen,
    is_deleted,
    listening,
)

SYN = "<SEQ=299><CTL=SYN>"
THIRD = "<SEQ=300><ACK=100><CTL=ACK>"
TEXT = "<SEQ=300><ACK=100><TEXT=2><CTL=ACK>"
BACKLOG = BOUNDS.backlog
ALWAYS: dict[str, Any] = {"syncookies": Cookies.ALWAYS}
OVERFLOW: dict[str, Any] = {"syncookies": Cookies.OVERFLOW}


def listener(of: Result | Endpoint) -> Listener:
    (found,) = (of.end if isinstance(of, Result) else of).host.listeners
    return found


def request(of: Result) -> Request:
    (found,) = of.end.host.sockets[0].requests
    return found


def counts(of: Result) -> tuple[int, int]:
    return listener(of).requests, listener(of).ready


def requested(**fields: Any) -> Endpoint:
    """A request of a peer is in the SYN queue."""
    return listening(SYN_RECEIVED, Queue.SYN, requests=1, **fields)


def of_a_cookie(irs: int = 299, minute: int = 0, text: str = "", **rules: Any) -> str:
    """The ACK of a cookie."""
    iss = cookie(irs, minute, context(**rules))
    return f"<SEQ={irs + 1}><ACK={iss + 1}>{text}<CTL=ACK>"


def test_listen_and_close_to_all_else():
    deaf = listening()
    listener(deaf).listening = False
    assert arrive(deaf, SYN).sent == ["<SEQ=0><ACK=300><CTL=RST,ACK>"]
    heard = happen(deaf, Input.LISTEN)
    assert listener(heard).listening and heard.state == CLOSED
    assert not happen(heard.end, Input.LISTEN).possible


# The SYN queue


def test_syn_is_kept_as_a_request():
    got = arrive(listening(), SYN)
    assert got.state == SYN_RECEIVED and got.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"]
    assert request(got).queue == Queue.SYN and counts(got) == (1, 0)


@pytest.mark.parametrize("full", [{"requests": BACKLOG}, {"ready": BACKLOG + 1}])
def test_syn_that_finds_a_queue_full_is_dropped(full):
    got = arrive(listening(**full), SYN)
    assert not got.sent and got.state == CLOSED and request(got).queue == Queue.NONE


def test_one_less_than_full_is_not_full():
    assert arrive(listening(requests=BACKLOG - 1, ready=BACKLOG), SYN).state == SYN_RECEIVED


def test_reset_is_ignored_and_ack_reset_without_a_request():
    assert not arrive(listening(), "<SEQ=300><CTL=RST>").sent
    assert arrive(listening(), THIRD).sent == ["<SEQ=100><CTL=RST>"]
    assert not arrive(listening(), "<SEQ=300><TEXT=1>").sent


def test_third_segment_moves_to_the_accept_queue_with_its_text():
    got = arrive(requested(), TEXT)
    assert got.state == ESTABLISHED and got.tcb.rcv.nxt == 302
    assert request(got).queue == Queue.ACCEPT and counts(got) == (0, 1)
    taken = happen(got.end, Input.ACCEPT)
    assert request(taken).queue == Queue.NONE and counts(taken) == (0, 0)
    assert taken.state == ESTABLISHED


@pytest.mark.parametrize("what", [Input.SEND, Input.CLOSE, Input.ABORT, Input.RECEIVE])
def test_nobody_has_a_connection_before_accept(what):
    got = arrive(requested(), TEXT)
    assert not happen(got.end, what).possible
    assert happen(happen(got.end, Input.ACCEPT).end, what).possible


@pytest.mark.parametrize("segment", ["<SEQ=300><CTL=RST>", "<SEQ=301><CTL=SYN>"])
def test_what_returns_a_request_to_listen_removes_it(segment):
    got = arrive(requested(), segment)
    assert is_deleted(got) and request(got).queue == Queue.NONE and counts(got) == (0, 0)


def test_reset_before_accept_leaves_the_accept_queue():
    got = arrive(listening(ESTABLISHED, Queue.ACCEPT, ready=1), "<SEQ=300><CTL=RST>")
    assert is_deleted(got) and counts(got) == (0, 0)


def test_syn_ack_again_until_the_request_is_forgotten():
    end = requested()
    for retries in range(1, BOUNDS.synack_retries + 1):
        again = happen(end, Input.RETRANSMISSION_TIMEOUT)
        assert again.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"]
        assert request(again).retries == retries
        end = again.end
    gone = happen(end, Input.RETRANSMISSION_TIMEOUT)
    assert is_deleted(gone) and not gone.sent and not gone.signals and counts(gone) == (0, 0)


def test_each_syn_ack_is_waited_for_twice_as_long():
    assert [syn_ack_interval(retries) for retries in range(4)] == [1, 2, 4, 8]


def test_established_connections_retransmit_as_ever():
    end = listening(LAST_ACK)
    assert happen(end, Input.RETRANSMISSION_TIMEOUT).sent == ["<SEQ=100><ACK=301><CTL=FIN,ACK>"]


# A full accept queue


def test_third_segment_too_many_is_left_aside():
    got = arrive(requested(ready=BACKLOG + 1), TEXT)
    assert not got.sent and got.state == SYN_RECEIVED and got.tcb.rcv.nxt == 300
    assert request(got).acked and counts(got) == (1, BACKLOG + 1)
    later = happen(got.end, Input.NEIGHBOUR_ACCEPTED)
    assert not later.possible, "none of these is a neighbour's"


def test_or_answered_with_a_reset():
    got = arrive(requested(ready=BACKLOG + 1), THIRD, abort_on_overflow=True)
    assert got.sent == ["<SEQ=100><CTL=RST>"] and is_deleted(got)
    assert counts(got) == (0, BACKLOG + 1)


@pytest.mark.parametrize(
    "segment", ["<SEQ=300><ACK=99><CTL=ACK>", "<SEQ=400><ACK=100><CTL=ACK>", SYN]
)
def test_but_not_what_is_no_third_segment(segment):
    got = arrive(requested(ready=BACKLOG + 1), segment)
    assert got.sent and not request(got).acked


def test_defer_accept_waits_for_text():
    got = arrive(requested(), THIRD, defer_accept=True)
    assert got.state == SYN_RECEIVED and request(got).acked and not got.sent
    assert arrive(got.end, TEXT, defer_accept=True).state == ESTABLISHED


# Those whose other end is not modelled


def test_strangers_and_neighbours_are_counted():
    end, bounds = listening(), dataclasses.replace(BOUNDS, backlog=1)
    for come, go, room in (
        (Input.STRANGER_SYN, Input.STRANGER_FORGOTTEN, 1),
        (Input.NEIGHBOUR_READY, Input.NEIGHBOUR_ACCEPTED, 2),
    ):
        assert not happen(end, go, bounds=bounds).possible
        full = end
        for _ in range(room):
            full = happen(full, come, bounds=bounds).end
        assert not happen(full, come, bounds=bounds).possible
        assert happen(full, go, bounds=bounds).possible
    assert not happen(listening(), Input.STRANGER_SYN, bounds=bounds).sent


def test_crash_forgets_the_listener():
    end = requested()
    end.host.listeners[0].strangers = 1
    gone = happen(end, Input.CRASH)
    assert not listener(gone).listening and counts(gone) == (0, 0)
    assert request(gone).queue == Queue.NONE


# Closing the listener


@pytest.mark.parametrize(
    ("end", "sent"),
    [
        (listening(SYN_RECEIVED, Queue.SYN, requests=1), []),
        (listening(ESTABLISHED, Queue.ACCEPT, ready=1), ["<SEQ=100><CTL=RST>"]),
    ],
)
def test_closing_resets_who_is_ready_and_forgets_requests(end, sent):
    it = listener(end)
    it.strangers = it.neighbours = 1
    it.requests, it.ready = it.requests + 1, it.ready + 1
    closed = happen(end, Input.LISTENER_CLOSED)
    assert closed.sent == sent and is_deleted(closed) and request(closed).queue == Queue.NONE
    assert counts(closed) == (0, 0) and not listener(closed).listening
    assert not listener(closed).strangers and not listener(closed).neighbours
    assert not happen(closed.end, Input.LISTENER_CLOSED).possible
    assert arrive(closed.end, SYN).sent == ["<SEQ=0><ACK=300><CTL=RST,ACK>"]


def test_closing_leaves_what_was_accepted():
    closed = happen(listening(ESTABLISHED), Input.LISTENER_CLOSED)
    assert closed.state == ESTABLISHED and not closed.sent
    silent = listening(ESTABLISHED, Queue.ACCEPT, ready=1)
    forgotten = happen(silent, Input.LISTENER_CLOSED, listener_resets=False)
    assert is_deleted(forgotten) and not forgotten.sent


# Cookies


@pytest.mark.parametrize("hash", CookieHash)
def test_cookie_keeps_nothing_and_its_ack_brings_all_back(hash):
    rules = {**ALWAYS, "cookie_hash": hash}
    asked = arrive(listening(), SYN, **rules)
    iss = cookie(299, 0, context(**rules))
    assert asked.sent == [f"<SEQ={iss}><ACK=300><CTL=SYN,ACK>"]
    assert is_deleted(asked) and counts(asked) == (0, 0) and request(asked).queue == Queue.NONE
    got = arrive(asked.end, of_a_cookie(text="<TEXT=2>", **rules), **rules)
    assert got.state == ESTABLISHED and got.tcb.rcv.nxt == 302
    assert (got.tcb.irs, got.tcb.iss, got.tcb.snd.una) == (299, iss, iss + 1)
    assert counts(got) == (0, 1) and got.end.ghost.id == 1


def test_cookies_only_when_the_queue_is_full():
    assert request(arrive(listening(), SYN, **OVERFLOW)).queue == Queue.SYN
    full = arrive(listening(requests=BACKLOG), SYN, **OVERFLOW)
    assert full.sent and request(full).queue == Queue.NONE


def test_or_all_are_looked_at():
    got = arrive(listening(overflowed=0), of_a_cookie(), **ALWAYS, cookie_gate=False)
    assert got.state == ESTABLISHED
    assert arrive(listening(), of_a_cookie(), cookie_gate=False).state == CLOSED


def test_no_ack_is_looked_at_unless_cookies_were_sent_of_late():
    for rules, end in ((ALWAYS, listening(overflowed=0)), ({}, listening())):
        assert arrive(end, of_a_cookie(), **rules).sent[0].endswith("<CTL=RST>")


def test_accept_queue_full_drops_the_ack_of_a_cookie():
    got = arrive(listening(ready=BACKLOG + 1), of_a_cookie(), **ALWAYS)
    assert not got.sent and is_deleted(got)


@pytest.mark.parametrize("wrong", ["<SEQ=301><ACK=906><CTL=ACK>", "<SEQ=300><ACK=907><CTL=ACK>"])
def test_what_is_no_cookie_is_reset(wrong):
    assert of_a_cookie() == "<SEQ=300><ACK=906><CTL=ACK>"
    assert arrive(listening(), wrong, **ALWAYS).state == CLOSED
    assert arrive(listening(), wrong, **ALWAYS, cookie_check=False).state == ESTABLISHED


@pytest.mark.parametrize("x", [1, 2, 9, 1000])
def test_added_irs_makes_later_segments_cookies_too(x):
    """... of a connection on which both ends have sent as much."""
    iss = cookie(299, 0, context(cookie_hash=CookieHash.SUM))
    later = f"<SEQ={300 + x}><ACK={iss + 1 + x}><CTL=ACK>"
    sum_ = arrive(listening(), later, **ALWAYS, cookie_hash=CookieHash.SUM)
    assert sum_.state == ESTABLISHED and sum_.tcb.irs == 299 + x
    iss = cookie(299, 0, context())
    whole = arrive(listening(), f"<SEQ={300 + x}><ACK={iss + 1 + x}><CTL=ACK>", **ALWAYS)
    assert whole.state == CLOSED


def test_cookies_grow_old():
    bounds = dataclasses.replace(BOUNDS, cookie_life=2)
    for age in range(MINUTES):
        end = listening(minute=(1 + age) % MINUTES)
        got = arrive(end, of_a_cookie(minute=1), bounds=bounds, **ALWAYS)
        assert (got.state == ESTABLISHED) == (age < 2), age


def test_clock_goes_round():
    it = Listener()
    for minute in (1, 2, 3, 0):
        tick(it, 0)
        assert it.minute == minute


@pytest.mark.parametrize(
    ("guard", "irs", "taken"),
    [
        (CookieGuard.NONE, 299, True),
        (CookieGuard.ONCE, 299, False),
        (CookieGuard.ONCE, 298, True),
        (CookieGuard.LATER, 299, False),
        (CookieGuard.LATER, 298, False),
        (CookieGuard.LATER, 300, True),
    ],
)
def test_guard_against_a_second_use(guard, irs, taken):
    rules = {**ALWAYS, "cookie_guard": guard}
    used = happen(arrive(listening(), of_a_cookie(), **rules).end, Input.ACCEPT).end
    used.host.sockets[0].tcb = listening().tcb
    assert (arrive(used, of_a_cookie(irs), **rules).state == ESTABLISHED) == taken


@pytest.mark.parametrize("memory", [0, 1, 2])
def test_a_cookie_is_remembered_for_so_long_or_for_ever(memory):
    rules = {**ALWAYS, "cookie_guard": CookieGuard.ONCE}
    bounds = dataclasses.replace(BOUNDS, cookie_memory=memory)
    (it,) = arrive(listening(), of_a_cookie(), bounds=bounds, **rules).end.host.sockets[0].requests
    for age in range(3):
        assert it.used == (memory == 0 or age < memory)
        assert it.used_irs == (299 if it.used else 0)
        forget_cookie(it, max(0, it.remembered - 1))


@pytest.mark.parametrize("text", ["<TEXT=1>", ""])
def test_bare_guard_refuses_text(text):
    got = arrive(listening(), of_a_cookie(text=text), **ALWAYS, cookie_guard=CookieGuard.BARE)
    assert (got.state == ESTABLISHED) == (text == "")


def test_syn_ack_is_no_ack_of_a_cookie():
    """... though its numbers are right: SYN-RECEIVED would go back to LISTEN. The prover's find."""
    got = arrive(listening(), of_a_cookie().replace("CTL=ACK", "CTL=SYN,ACK"), **ALWAYS)
    assert got.state == CLOSED and counts(got) == (0, 0) and got.sent == ["<SEQ=906><CTL=RST>"]


# Fast Open


def test_fast_open_takes_text_before_the_third_segment():
    got = arrive(listening(), "<SEQ=299><TEXT=2><CTL=SYN>", fast_open=True)
    assert got.sent == ["<SEQ=99><ACK=302><CTL=SYN,ACK>"] and got.state == SYN_RECEIVED
    assert request(got).queue == Queue.ACCEPT and got.tcb.rcv.wnd == BOUNDS.window - 2
    plain = arrive(listening(), "<SEQ=299><TEXT=2><CTL=SYN>")
    assert plain.sent == ["<SEQ=99><ACK=300><CTL=SYN,ACK>"] and plain.tcb.held_text == 2


def test_text_of_nobody_is_taken_without_a_fast_open_cookie():
    rules: dict[str, Any] = {"fast_open": True, "fast_open_cookie": False}
    asked = happen(listening(), Input.STRANGER_SYN, **rules)
    assert counts(asked) == (0, 1) and listener(asked).unshown == 1
    full = happen(listening(ready=BACKLOG + 1), Input.STRANGER_SYN, **rules)
    assert counts(full) == (1, BACKLOG + 1) and listener(full).unshown == 0
    assert listener(happen(listening(), Input.STRANGER_SYN, fast_open=True)).unshown == 0
