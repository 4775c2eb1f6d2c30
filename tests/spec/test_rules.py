"""Every switch of ``spec.rules`` is alive, documented, and by default the RFC's choice."""

import ast
import dataclasses
import re
from enum import Enum
from pathlib import Path

import pytest

import spec
from checker.model.interned import Interned
from spec.rules import (
    SWITCHES,
    AckLimit,
    Congestion,
    CookieGuard,
    CookieHash,
    Cookies,
    EarlyClose,
    FinAgain,
    Growth,
    Isn,
    KeepAlive,
    Persist,
    ResetBelow,
    Restart,
    Row,
    Rules,
    Sacked,
    Scale,
    Silent,
    UnsentText,
)
from spec.tcp.inputs import Input
from spec.tcp.listener import Queue
from spec.tcp.tcb import State
from spec.tcp.transfer import Place
from spec.world.endpoint import Endpoint
from spec.world.records import key
from tests.helpers.build import (
    BOUNDS,
    PLANE,
    Result,
    arrive,
    endpoint,
    happen,
    listening,
    plane,
    seg,
)

DEFAULTS = {
    "three_way": True,
    "isn": Isn.FRESH,
    "syn_sent_ack_check": True,
    "syn_received_ack_check": True,
    "syn_received_seq_check": True,
    "ack_of_nothing": False,
    "bad_ack_reset": True,
    "syn_received_fin": True,
    "simultaneous_open": True,
    "syn_sent_resends": False,
    "syn_sent_any_reset": True,
    "syn_sent_bad_ack_reset": True,
    "syn_ack_exact": False,
    "syn_ack_retransmitted": True,
    "syn_retransmitted": True,
    "split_handshake": False,
    "data_on_syn": False,
    "close_waits": False,
    "early_close": EarlyClose.FIN,
    "fin_again": FinAgain.KEPT,
    "fin_acknowledged": True,
    "fin_in_order": True,
    "late_text_resets": False,
    "fin_ack_delayed": False,
    "abort_time_wait": False,
    "time_wait_cut": 0,
    "time_wait_restart": Restart.NEVER,
    "time_wait_ignores_reset": False,
    "time_wait_fin_answered": True,
    "time_wait_challenge": True,
    "time_wait_reopen": False,
    "reopen_seq_check": True,
    "time_wait_reuse": False,
    "reuse_above": True,
    "reuse_later": True,
    "reuse_fin_wait_2": False,
    "reopen_returns": True,
    "reopen_by_stamp": True,
    "reopen_row_missing": Row.NONE,
    "paws": True,
    "paws_resets": False,
    "time_wait_recycle": False,
    "fin_wait_2_timeout": False,
    "retransmission_bounded": True,
    "quiet_time": True,
    "lifetime_bounded": True,
    "lifetime_inclusive": False,
    "reset_discarded": True,
    "reset_unanswered": True,
    "reset_told": False,
    "covering_acceptable": False,
    "reset_exact": True,
    "syn_received_reset_exact": True,
    "reset_ignored": False,
    "reset_below": ResetBelow.NONE,
    "syn_challenge": True,
    "syn_silent": Silent.NONE,
    "edge_acceptable": False,
    "syn_received_challenge": False,
    "ack_floor": True,
    "ack_floor_at_iss": False,
    "bad_ack_answered": True,
    "gap_answered": True,
    "ack_needed": True,
    "syn_received_ack_range": False,
    "passive_time_wait": False,
    "syn_queue_check": True,
    "accept_queue_check": True,
    "requests_forgotten": True,
    "abort_on_overflow": False,
    "defer_accept": False,
    "fast_open": False,
    "syncookies": Cookies.NEVER,
    "cookie_hash": CookieHash.WHOLE,
    "cookie_check": True,
    "cookie_guard": CookieGuard.NONE,
    "cookie_gate": True,
    "fast_open_cookie": True,
    "listener_resets": True,
    "keep_alive": KeepAlive.OFF,
    "keep_alive_below": True,
    "keep_alive_gives_up": True,
    "ack_limit": AckLimit.NONE,
    "nagle": True,
    "sender_sws": True,
    "receiver_sws": True,
    "delayed_ack": True,
    "ack_timer": True,
    "reassembly": True,
    "persist": Persist.ON,
    "window_newer": True,
    "window_larger": False,
    "scale": Scale.AGREED,
    "peer_window": True,
    "nxt_kept": True,
    "shut_acceptable": True,
    "text_retransmitted": True,
    "karn": True,
    "sacked": Sacked.KEPT,
    "congestion": Congestion.NEWRENO,
    "growth": Growth.OCTETS,
    "limited_transmit": True,
    "recover_check": True,
    "restart_window": True,
    "cwnd_validated": False,
    "unsent_ack_refused": True,
    "unsent_text": UnsentText.DROPPED,
    "cwnd_floor": True,
}
"""The literal RFC 9293 with RFC 5961; where the RFC leaves a choice (MAY), what it describes."""


def seen(result: Result):
    """All that a step shows."""
    return result.possible, key(result.end), tuple(map(key, result.segments)), result.signals


def arriving(state: State, segment: str, **variables):
    """A demonstration: ``segment`` at an endpoint in ``state``."""
    return lambda **rules: seen(arrive(endpoint(state, **variables), segment, isn=500, **rules))


def doing(state: State, what: Input, **variables):
    """A demonstration: ``what`` at an endpoint in ``state``."""
    return lambda **rules: seen(happen(endpoint(state, **variables), what, **rules))


def offered(**rules):
    """The initial sequence numbers on offer to a first, a second and a third TCB."""
    ends = [endpoint(State.CLOSED) for _ in range(3)]
    for n, end in enumerate(ends):
        end.ghost.made = n
    return [Interned(Rules(**rules), BOUNDS).isns(end) for end in ends]


def ticks_in_flight(**rules):
    """How many ticks a SYN survives, up to 9."""
    system = Interned(Rules(**rules), BOUNDS)
    syn = happen(Endpoint(), Input.OPEN_ACTIVE, **rules).segments[0]
    world = system.initial()._replace(links=((system.segment(syn),), ()))
    for tick in range(9):
        if not world.links[0]:
            return tick
        world = system.tick(world)
    return 9


FIN_AGAIN = arriving(State.TIME_WAIT, "<SEQ=300><ACK=101><CTL=FIN,ACK>", time_wait=1)
ACK_AGAIN = arriving(State.TIME_WAIT, "<SEQ=300><ACK=101><CTL=ACK>", time_wait=1)
REOPENING = arriving(State.TIME_WAIT, "<SEQ=320><CTL=SYN>")


def old_syn_reopening(**rules):
    """A SYN below RCV.NXT where reopening is allowed."""
    end = endpoint(State.TIME_WAIT)
    return seen(arrive(end, "<SEQ=290><CTL=SYN>", isn=500, time_wait_reopen=True, **rules))


SYN = "<SEQ=299><CTL=SYN>"
THIRD = "<SEQ=300><ACK=100><CTL=ACK>"
OF_A_COOKIE = "<SEQ=300><ACK=906><CTL=ACK>"
"""The cookie is 8 + 3 * 299."""


def heard(segment: str, end: Endpoint, **fixed):
    """A demonstration: ``segment`` at a listener's ``end``."""
    return lambda **rules: seen(arrive(end, segment, isn=500, **fixed | rules))


def taken_before() -> Endpoint:
    """A listener that has taken the cookie of this IRS."""
    end = listening()
    (request,) = end.host.sockets[0].requests
    request.used, request.used_irs = True, 299
    return end


FULL = {"requests": BOUNDS.backlog, "ready": BOUNDS.backlog + 1}
COOKIES = {"syncookies": Cookies.ALWAYS}


def probed(**fixed):
    """A demonstration: the keep-alive timer of an idle connection runs out, after two probes."""
    idle = endpoint(State.ESTABLISHED, probes=2)
    return lambda **rules: seen(happen(idle, Input.KEEP_ALIVE_TIMEOUT, **fixed | rules))


def refused_when_throttled(**rules):
    """What is not acceptable arrives, and an ACK was sent for such a segment before."""
    end = endpoint(State.ESTABLISHED, throttled=True)
    return seen(arrive(end, "<SEQ=200><ACK=100><CTL=ACK>", **rules))


def others_answer(**rules):
    return happen(endpoint(State.ESTABLISHED), Input.LIMIT_SPENT, **rules).rules


ENDLESS = {"keep_alive_gives_up": False}
STAMPS = dataclasses.replace(BOUNDS, stamps=4)


def stamped(segment, tsval, state=State.ESTABLISHED, **variables):
    """A demonstration: a segment with TSval ``tsval`` arrives, after one with TSval 2."""
    end = endpoint(state, **{"stamped": True, "ts_recent": 2} | variables)
    return lambda **rules: seen(arrive(end, seg(segment, tsval=tsval), bounds=STAMPS, **rules))


def reusing(**rules):
    """An OPEN takes the sockets of a TIME-WAIT, with an ISS that is not above SND.NXT."""
    end = endpoint(State.TIME_WAIT)
    return seen(happen(end, Input.OPEN_ACTIVE, isn=50, **{"time_wait_reuse": True} | rules))


def reusing_at_once(**rules):
    """... that began in this tick."""
    end = endpoint(State.TIME_WAIT, stamped=True, ts_recent=2, since=1)
    return happen(
        end, Input.OPEN_ACTIVE, isn=900, bounds=STAMPS, **{"time_wait_reuse": True} | rules
    ).possible


def reset_after_reopening(**rules):
    end = endpoint(State.SYN_RECEIVED, reopened=True, left_snd=102, left_rcv=302)
    return seen(arrive(end, "<SEQ=300><CTL=RST>", **rules))


def meeting(row):
    """A SYN that a row of RFC 6191's table is for: SEQ=299 is not above what was received."""
    old = {"stamped": row not in (Row.NEW, Row.NEITHER)}
    seq = 299 if row in (Row.LATER, Row.NEW) else 900
    tsval = {Row.LATER: 3, Row.SAME: 2, Row.OLD: 0, Row.NEW: 1, Row.NEITHER: 0}[row]
    got = stamped(f"<SEQ={seq}><CTL=SYN>", tsval, State.TIME_WAIT, **old)
    return lambda **rules: got(isn=900, time_wait_reopen=True, **rules)


def recycled(**rules):
    """A SYN to a listener whose client's address has sent a later TSval."""
    return seen(arrive(listening(heard=3), seg(SYN, tsval=1), bounds=STAMPS, **rules))


DUPLICATE = "<SEQ=300><ACK=100><WND=100><CTL=ACK>"
UNSENT = "<SEQ=300><ACK=105><WND=100><TEXT=1><CTL=ACK>"


SCALED = dataclasses.replace(PLANE, shift=1)
REPORTS = dataclasses.replace(PLANE, sack=True, window=20)
TOLD = (Place(True), Place())


def told(segment, bounds=PLANE, **end):
    """A demonstration: ``segment`` at an end with a data plane."""
    return lambda **rules: seen(arrive(plane(**end), segment, bounds=bounds, **rules))


def made(what, bounds=PLANE, **end):
    """A demonstration: ``what`` at an end with a data plane."""
    return lambda **rules: seen(happen(plane(**end), what, bounds=bounds, **rules))


def told_twice(**rules):
    """A partial ACK in fast recovery, which ends it in all but NewReno; and in Tahoe, which has
    none, the third duplicate ACK."""
    partial = "<SEQ=300><ACK=120><WND=100><CTL=ACK>"
    return (
        told(partial, flight=50, recovering=True, recover=150, cwnd=55, ssthresh=25)(**rules),
        told(DUPLICATE, flight=50, duplicates=2)(**rules),
    )


DEMONSTRATIONS = {
    ("nagle", False): made(Input.SEND, dataclasses.replace(PLANE, write=5), flight=10),
    ("sender_sws", False): made(Input.SEND, snd_wnd=5),
    ("receiver_sws", False): made(
        Input.RECEIVE, dataclasses.replace(PLANE, read=1), unread=50, rcv_wnd=50
    ),
    ("delayed_ack", False): told("<SEQ=300><ACK=100><WND=100><TEXT=5><CTL=ACK>"),
    ("ack_timer", False): made(Input.ACK_TIMEOUT, due=5),
    ("reassembly", False): told("<SEQ=310><ACK=100><WND=100><TEXT=10><CTL=ACK>"),
    ("persist", Persist.OFF): made(Input.RETRANSMISSION_TIMEOUT, queued=10, snd_wnd=0),
    ("persist", Persist.NEW): made(Input.RETRANSMISSION_TIMEOUT, flight=1, queued=10, snd_wnd=0),
    ("window_newer", False): arriving(State.ESTABLISHED, DUPLICATE, snd_wl1=301),
    ("window_larger", True): arriving(State.ESTABLISHED, "<SEQ=300><ACK=100><WND=5><CTL=ACK>"),
    ("scale", Scale.UNHEARD): told(DUPLICATE, SCALED),
    ("scale", Scale.IMAGINED): made(Input.ACK_TIMEOUT, SCALED, due=5),
    ("peer_window", False): made(Input.SEND, flight=100),
    ("nxt_kept", False): made(Input.RETRANSMISSION_TIMEOUT, flight=30),
    ("shut_acceptable", False): arriving(
        State.ESTABLISHED, "<SEQ=300><ACK=100><CTL=RST,ACK>", rcv_wnd=0
    ),
    ("text_retransmitted", False): made(Input.RETRANSMISSION_TIMEOUT, flight=10),
    ("sacked", Sacked.MARKED): made(Input.RETRANSMISSION_TIMEOUT, REPORTS, flight=20, sacked=TOLD),
    ("sacked", Sacked.FREED): made(Input.RETRANSMISSION_TIMEOUT, REPORTS, flight=20, sacked=TOLD),
    ("karn", False): made(Input.RETRANSMISSION_TIMEOUT, flight=10, timing=True, timed=100),
    **{("congestion", kind): told_twice for kind in Congestion if kind != DEFAULTS["congestion"]},
    ("growth", Growth.SEGMENT): told("<SEQ=300><ACK=105><WND=100><CTL=ACK>", flight=10, cwnd=10),
    ("limited_transmit", False): told(DUPLICATE, flight=20, queued=10, cwnd=20),
    ("recover_check", False): told(DUPLICATE, flight=50, duplicates=2, recover=100),
    ("restart_window", False): made(Input.IDLE, dataclasses.replace(PLANE, idles=True), cwnd=30),
    ("cwnd_validated", True): told(
        "<SEQ=300><ACK=110><WND=100><CTL=ACK>", flight=10, cwnd=30, ssthresh=40
    ),
    ("unsent_ack_refused", False): arriving(
        State.ESTABLISHED, "<SEQ=300><ACK=105><WND=100><CTL=ACK>"
    ),
    ("unsent_text", UnsentText.TAKEN): arriving(State.ESTABLISHED, UNSENT),
    ("unsent_text", UnsentText.ANSWERED): arriving(State.FIN_WAIT_2, UNSENT),
    ("cwnd_floor", False): made(Input.RETRANSMISSION_TIMEOUT, flight=10),
    ("keep_alive", KeepAlive.EMPTY): probed(**ENDLESS),
    ("keep_alive", KeepAlive.OCTET): probed(**ENDLESS),
    ("keep_alive_below", False): probed(keep_alive=KeepAlive.EMPTY, **ENDLESS),
    ("keep_alive_gives_up", False): probed(keep_alive=KeepAlive.EMPTY),
    ("ack_limit", AckLimit.SOCKET): refused_when_throttled,
    ("ack_limit", AckLimit.HOST): refused_when_throttled,
    ("passive_time_wait", True): arriving(State.LAST_ACK, "<SEQ=301><ACK=101><CTL=ACK>"),
    ("syn_queue_check", False): heard(SYN, listening(requests=FULL["requests"])),
    ("accept_queue_check", False): heard(SYN, listening(ready=FULL["ready"])),
    ("requests_forgotten", False): lambda **rules: seen(
        happen(
            listening(State.SYN_RECEIVED, Queue.SYN, requests=1),
            Input.RETRANSMISSION_TIMEOUT,
            bounds=dataclasses.replace(BOUNDS, synack_retries=0),
            **rules,
        )
    ),
    ("abort_on_overflow", True): heard(
        THIRD, listening(State.SYN_RECEIVED, Queue.SYN, requests=1, ready=FULL["ready"])
    ),
    ("defer_accept", True): heard(THIRD, listening(State.SYN_RECEIVED, Queue.SYN, requests=1)),
    ("fast_open", True): heard("<SEQ=299><TEXT=1><CTL=SYN>", listening()),
    ("syncookies", Cookies.OVERFLOW): heard(SYN, listening(requests=FULL["requests"])),
    ("syncookies", Cookies.ALWAYS): heard(SYN, listening()),
    ("cookie_hash", CookieHash.SUM): heard(SYN, listening(), **COOKIES),
    ("cookie_check", False): heard(THIRD, listening(), **COOKIES),
    ("cookie_guard", CookieGuard.BARE): heard(
        "<SEQ=300><ACK=906><TEXT=1><CTL=ACK>", listening(), **COOKIES
    ),
    ("cookie_guard", CookieGuard.ONCE): heard(OF_A_COOKIE, taken_before(), **COOKIES),
    ("cookie_guard", CookieGuard.LATER): heard(OF_A_COOKIE, taken_before(), **COOKIES),
    ("cookie_gate", False): heard(OF_A_COOKIE, listening(overflowed=0), **COOKIES),
    ("fast_open_cookie", False): lambda **rules: seen(
        happen(listening(), Input.STRANGER_SYN, fast_open=True, **rules)
    ),
    ("listener_resets", False): lambda **rules: seen(
        happen(listening(State.ESTABLISHED, Queue.ACCEPT, ready=1), Input.LISTENER_CLOSED, **rules)
    ),
    ("syn_retransmitted", False): doing(State.SYN_SENT, Input.RETRANSMISSION_TIMEOUT),
    ("three_way", False): arriving(State.LISTEN, "<SEQ=299><CTL=SYN>"),
    ("isn", Isn.ANY): offered,
    ("isn", Isn.CONSTANT): offered,
    ("syn_sent_ack_check", False): arriving(State.SYN_SENT, "<SEQ=299><ACK=7><CTL=SYN,ACK>"),
    ("syn_received_ack_check", False): arriving(State.SYN_RECEIVED, "<SEQ=300><ACK=7><CTL=ACK>"),
    ("syn_received_seq_check", False): arriving(State.SYN_RECEIVED, "<SEQ=7><ACK=100><CTL=ACK>"),
    ("syn_ack_exact", True): arriving(State.SYN_RECEIVED, "<SEQ=301><ACK=100><CTL=ACK>"),
    ("syn_ack_retransmitted", False): doing(State.SYN_RECEIVED, Input.RETRANSMISSION_TIMEOUT),
    ("split_handshake", True): arriving(State.LISTEN, "<SEQ=299><CTL=SYN>"),
    ("reset_discarded", False): arriving(State.CLOSED, "<SEQ=299><CTL=RST>"),
    ("reset_unanswered", False): arriving(State.ESTABLISHED, "<SEQ=299><CTL=RST>"),
    ("covering_acceptable", True): arriving(
        State.ESTABLISHED, "<SEQ=299><ACK=100><TEXT=3><CTL=ACK>", rcv_wnd=1
    ),
    ("reset_told", True): arriving(State.CLOSING, "<SEQ=301><CTL=RST>"),
    ("data_on_syn", True): doing(State.LISTEN, Input.SEND),
    ("close_waits", True): doing(State.SYN_RECEIVED, Input.CLOSE),
    ("fin_ack_delayed", True): arriving(State.ESTABLISHED, "<SEQ=300><ACK=100><CTL=FIN,ACK>"),
    ("abort_time_wait", True): doing(State.ESTABLISHED, Input.ABORT),
    ("time_wait_cut", 1): arriving(State.FIN_WAIT_2, "<SEQ=300><ACK=101><CTL=FIN,ACK>"),
    ("time_wait_cut", -1): arriving(State.FIN_WAIT_2, "<SEQ=300><ACK=101><CTL=FIN,ACK>"),
    ("time_wait_restart", Restart.FIN): FIN_AGAIN,
    ("time_wait_restart", Restart.EMISSION): ACK_AGAIN,
    ("time_wait_ignores_reset", True): arriving(State.TIME_WAIT, "<SEQ=301><CTL=RST>"),
    ("time_wait_reopen", True): REOPENING,
    ("reopen_seq_check", False): old_syn_reopening,
    ("time_wait_reuse", True): doing(State.TIME_WAIT, Input.OPEN_ACTIVE),
    ("reuse_above", False): reusing,
    ("reuse_later", False): reusing_at_once,
    ("reuse_fin_wait_2", True): doing(State.FIN_WAIT_2, Input.OPEN_ACTIVE),
    ("reopen_returns", False): reset_after_reopening,
    ("reopen_by_stamp", False): lambda **rules: stamped(SYN, 3, State.TIME_WAIT)(
        isn=900, time_wait_reopen=True, **rules
    ),
    **{("reopen_row_missing", row): meeting(row) for row in Row if row != Row.NONE},
    ("paws", False): stamped("<SEQ=300><ACK=100><TEXT=1><CTL=ACK>", 1),
    ("paws_resets", True): stamped("<SEQ=300><CTL=RST>", 1),
    ("time_wait_recycle", True): recycled,
    ("fin_wait_2_timeout", True): doing(State.FIN_WAIT_2, Input.USER_TIMEOUT),
    ("retransmission_bounded", False): doing(State.SYN_SENT, Input.RETRANSMISSION_TIMEOUT, span=0),
    ("quiet_time", False): doing(State.CLOSED, Input.RESTART, up=False),
    ("lifetime_bounded", False): ticks_in_flight,
    ("lifetime_inclusive", True): ticks_in_flight,
    ("reset_exact", False): arriving(State.ESTABLISHED, "<SEQ=301><CTL=RST>"),
    ("syn_challenge", False): arriving(State.ESTABLISHED, "<SEQ=301><CTL=SYN>"),
    ("edge_acceptable", True): arriving(State.ESTABLISHED, "<SEQ=310><ACK=100><CTL=ACK>"),
    ("syn_received_challenge", True): arriving(State.SYN_RECEIVED, "<SEQ=301><CTL=SYN>"),
    ("ack_floor", False): arriving(State.ESTABLISHED, "<SEQ=300><ACK=7><TEXT=1><CTL=ACK>"),
    ("ack_floor_at_iss", True): arriving(State.ESTABLISHED, "<SEQ=300><ACK=98><TEXT=1><CTL=ACK>"),
    ("ack_needed", False): arriving(State.ESTABLISHED, "<SEQ=300><TEXT=1>"),
    ("bad_ack_answered", False): arriving(State.ESTABLISHED, "<SEQ=300><ACK=7><CTL=ACK>"),
    ("gap_answered", False): arriving(State.ESTABLISHED, "<SEQ=302><ACK=100><CTL=FIN,ACK>"),
    ("syn_received_reset_exact", False): arriving(State.SYN_RECEIVED, "<SEQ=301><CTL=RST>"),
    ("reset_below", ResetBelow.FIN): arriving(State.CLOSE_WAIT, "<SEQ=300><CTL=RST>"),
    ("reset_below", ResetBelow.ALL): arriving(State.ESTABLISHED, "<SEQ=290><CTL=RST>"),
    ("syn_silent", Silent.BELOW): arriving(State.ESTABLISHED, "<SEQ=290><CTL=SYN>"),
    ("syn_silent", Silent.ALL): arriving(State.ESTABLISHED, "<SEQ=301><CTL=SYN>"),
    ("time_wait_challenge", False): arriving(State.TIME_WAIT, "<SEQ=302><CTL=SYN>"),
    ("early_close", EarlyClose.SILENT): doing(State.SYN_RECEIVED, Input.CLOSE),
    ("early_close", EarlyClose.INSTEAD): doing(State.SYN_RECEIVED, Input.CLOSE),
    ("fin_again", FinAgain.CLOSING): doing(State.CLOSING, Input.RETRANSMISSION_TIMEOUT),
    ("fin_again", FinAgain.NEVER): doing(State.FIN_WAIT_1, Input.RETRANSMISSION_TIMEOUT),
    ("fin_again", FinAgain.ANEW): doing(State.LAST_ACK, Input.RETRANSMISSION_TIMEOUT),
    ("fin_acknowledged", False): arriving(State.FIN_WAIT_1, "<SEQ=300><ACK=100><CTL=ACK>"),
    ("late_text_resets", True): arriving(State.TIME_WAIT, "<SEQ=301><ACK=101><TEXT=1><CTL=ACK>"),
    ("ack_of_nothing", True): arriving(State.SYN_RECEIVED, "<SEQ=300><ACK=99><CTL=ACK>"),
    ("bad_ack_reset", False): arriving(State.SYN_RECEIVED, "<SEQ=300><ACK=7><CTL=ACK>"),
    ("syn_received_fin", False): arriving(State.SYN_RECEIVED, "<SEQ=300><ACK=100><CTL=FIN,ACK>"),
    ("simultaneous_open", False): arriving(State.SYN_SENT, "<SEQ=299><CTL=SYN>"),
    ("syn_sent_resends", True): arriving(State.SYN_SENT, "<SEQ=299><ACK=100><CTL=ACK>"),
    ("syn_sent_any_reset", False): arriving(State.SYN_SENT, "<SEQ=7><ACK=100><CTL=RST,ACK>"),
    ("syn_sent_bad_ack_reset", False): arriving(State.SYN_SENT, "<SEQ=299><ACK=7><CTL=ACK>"),
    ("fin_in_order", False): arriving(State.ESTABLISHED, "<SEQ=302><ACK=100><CTL=FIN,ACK>"),
    ("time_wait_fin_answered", False): arriving(State.TIME_WAIT, "<SEQ=300><ACK=101><CTL=FIN,ACK>"),
    ("reset_ignored", True): arriving(State.ESTABLISHED, "<SEQ=300><CTL=RST>"),
    ("syn_received_ack_range", True): arriving(State.SYN_RECEIVED, "<SEQ=300><ACK=101><CTL=ACK>"),
}


def test_defaults():
    rules = Rules()
    assert {name: getattr(rules, name) for name in SWITCHES} == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"), DEMONSTRATIONS, ids=lambda v: str(getattr(v, "value", v))
)
def test_switch_is_alive(name, value):
    demonstrate = DEMONSTRATIONS[name, value]
    assert demonstrate() == demonstrate(**{name: DEFAULTS[name]})
    assert demonstrate() != demonstrate(**{name: value})


def test_every_value_is_demonstrated():
    for name, default in DEFAULTS.items():
        shown = {value for known, value in DEMONSTRATIONS if known == name}
        if isinstance(default, Enum):
            assert shown == set(type(default)) - {default}, name
        elif isinstance(default, bool):
            assert shown == {not default}, name
        else:
            assert shown, name


def test_fin_and_emission_differ():
    """The two that are not the default do not only differ from it."""
    assert ACK_AGAIN(time_wait_restart=Restart.FIN) == ACK_AGAIN()
    assert FIN_AGAIN(time_wait_restart=Restart.FIN) == FIN_AGAIN(time_wait_restart=Restart.EMISSION)


def test_isns():
    """Fresh ones grow by the stride; any: all of them, once there was a TCB before."""
    stride = BOUNDS.stride
    assert offered() == [[0], [stride], [2 * stride]]
    assert offered(isn=Isn.CONSTANT) == [[0], [0], [0]]
    assert offered(isn=Isn.ANY) == [[0], [0, stride, 2 * stride], [0, stride, 2 * stride]]


def test_lifetimes():
    """Exclusive: gone at MSL; inclusive: one instant later; unbounded: never."""
    assert ticks_in_flight() == BOUNDS.msl
    assert ticks_in_flight(lifetime_inclusive=True) == BOUNDS.msl + 1
    assert ticks_in_flight(lifetime_bounded=False) == 9


@pytest.mark.parametrize("name", SWITCHES)
def test_switch_is_documented(name):
    """A section of a standard, or that there is none; one sentence, whole."""
    section, sentence = (SWITCHES[name].metadata[k] for k in ("section", "sentence"))
    assert re.match(r"(RFC \d+ \d|not in RFC 9293$)", section), section
    assert re.match(r"[A-Z]|\.\.\. ", sentence), sentence
    assert sentence.endswith("."), sentence
    assert len(sentence) > 20


def test_ablations_1_to_21_have_a_switch():
    """The numbers in brackets, each once but [7] and [102], which combine two, and [28], which is
    two."""
    text = " ".join(f.metadata["sentence"] for f in SWITCHES.values())
    found = [int(n) for group in re.findall(r"\[([\d, ]+)\]", text) for n in group.split(",")]
    assert set(range(1, 22)) <= set(found)
    assert [n for n in set(found) if found.count(n) > 1] == [7, 28, 102]


def test_rules_are_read_by_name():
    """Every switch is read somewhere in spec, and nothing that is not a switch."""
    read = set()
    for file in Path(spec.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Attribute):
                continue
            owner = node.value
            if getattr(owner, "attr", getattr(owner, "id", "")) == "rules":
                read.add(node.attr)
    read -= {"Rules", "Isn", "Restart"}  # names of the module spec.rules
    assert read == set(SWITCHES)


def test_unknown_switch_is_refused():
    with pytest.raises(TypeError):
        Rules(three_ways=False)
    with pytest.raises(AttributeError):
        Rules().three_way = False


def test_rules_do_not_leak_between_steps():
    """A step depends on the rules given to it, not on an earlier step's."""
    end = endpoint(State.LISTEN)
    syn = seg("<SEQ=299><CTL=SYN>")
    assert arrive(end, syn, three_way=False).state == State.ESTABLISHED
    assert arrive(end, syn).state == State.SYN_RECEIVED
