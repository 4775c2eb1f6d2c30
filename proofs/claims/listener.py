"""S1 to S16: a listener's queues, its cookies, and what becomes of its clients."""

from functools import partial

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, EVENTUALLY, REST, Claim, Live, seen
from spec.rules import CookieGuard, CookieHash, Cookies
from spec.tcp.inputs import Input

_TIMERS = (Input.RETRANSMISSION_TIMEOUT.value, Input.STRANGER_FORGOTTEN.value)
_CALLS = frozenset(
    what.value
    for what in (
        Input.ABORT,
        Input.CLOSE,
        Input.SEND,
        Input.NEIGHBOUR_READY,
        Input.NEIGHBOUR_ACCEPTED,
    )
)
"""Nobody has to do these: a system where nothing else can be done is at rest."""

_OPENS = Live(p.client_in_syn_sent, weak=_TIMERS)
_SERVED = Live(p.client_waits_with_text, p.client_served, weak=_TIMERS)

_ALWAYS = {"syncookies": Cookies.ALWAYS}
_OVERFLOW = {"syncookies": Cookies.OVERFLOW}
_LINUX = {"syncookies": Cookies.ALWAYS, "cookie_hash": CookieHash.SUM}
_ENDLESS = {"requests_forgotten": False}
_ONE_SYN = {"syn_retransmitted": False}
"""So that a channel which loses nothing has room for what comes after it."""
_DRAINED = _CALLS - {Input.NEIGHBOUR_ACCEPTED.value}
_LISTENS_NO_MORE = _CALLS | {Input.LISTEN.value, Input.LISTENER_CLOSED.value}

CLAIMS = (
    Claim(
        "S1",
        "a listener's queues keep to their length",
        ALWAYS,
        p.queues_are_bounded,
        "backlog",
        "RFC 4987 2, 3.3",
        witnesses=("WS1", "WS1.ready"),
    ),
    Claim(
        "S1.agree",
        "no ESTABLISHED through a listener without three-way agreement",
        ALWAYS,
        p.server_agrees,
        "backlog",
        "RFC 9293 3.5",
        witnesses=("WS1.agree",),
    ),
    Claim(
        "S2",
        "an open gets through, whatever SYNs a flood sends",
        EVENTUALLY,
        p.everything,
        "flood",
        "RFC 4987 2",
        live=_OPENS,
        finding="Refuted, as it should be: whenever a request is forgotten, the flood takes the "
        "place before the client's SYN comes.",
    ),
    Claim(
        "S3",
        "an open gets through a flood if cookies are sent when the SYN queue is full",
        EVENTUALLY,
        p.everything,
        "flood",
        "RFC 4987 3.6",
        rules=_OVERFLOW,
        live=_OPENS,
    ),
    Claim(
        "S3.text",
        "... and a client that has text to send gets it to the server",
        EVENTUALLY,
        p.everything,
        "flood",
        "RFC 4987 3.6",
        rules=_OVERFLOW,
        live=_SERVED,
        finding="The client has nothing to send again but text: of one that waits for the server "
        "to speak first, see S10.",
    ),
    Claim(
        "S4",
        "with cookies a listener keeps nothing of a SYN",
        ALWAYS,
        p.nothing_is_kept,
        "backlog",
        "RFC 4987 3.6",
        rules=_ALWAYS,
        witnesses=("WS4",),
    ),
    Claim(
        "S5",
        "cookies: no ESTABLISHED at the server without a TCB of the client that agrees",
        ALWAYS,
        p.server_agrees,
        "cookies",
        "RFC 4987 3.6, A",
        rules=_ALWAYS,
        witnesses=("WS5",),
        finding="If the hash covers the IRS. The agreement is not injective (S5i).",
    ),
    Claim(
        "S5.sum",
        "... if the IRS is added to the hash, as Linux does",
        ALWAYS,
        p.server_agrees,
        "cookies",
        "RFC 4987 A",
        rules=_LINUX,
        witnesses=("WS5.sum",),
        finding="Refuted: SEG.ACK - SEG.SEQ is all that the check looks at. A later segment is "
        "taken for the ACK of a cookie if both sides have sent as much: so is the last ACK of a "
        "close, when it comes again.",
    ),
    Claim(
        "S5m",
        "cookies to which the IRS is added rise as the ISNs of the client do",
        ALWAYS,
        p.cookies_rise,
        "cookies-again",
        "RFC 4987 A; RFC 9293 3.4.1",
        rules=_LINUX,
        witnesses=("WS5m",),
        finding="That is what adding the IRS is for: T5 needs it. It is also what S5.sum falls by.",
    ),
    Claim(
        "S5i",
        "cookies: a TCB of the client has no more than one at the server",
        ALWAYS,
        p.server_agrees_once,
        "cookies",
        "RFC 4987 3.6",
        rules=_ALWAYS,
        witnesses=("WS5",),
        finding="Refuted: the same ACK of a cookie is taken again once the first TCB is gone.",
    ),
    Claim(
        "S5i.request",
        "... without cookies",
        ALWAYS,
        p.server_agrees_once,
        "cookies",
        "RFC 9293 3.5",
        witnesses=("WS5.request",),
    ),
    Claim(
        "S5i.once",
        "... if the last cookie that was taken is not taken again",
        ALWAYS,
        p.server_agrees_once,
        "cookies",
        "not in RFC 4987",
        rules={**_ALWAYS, "cookie_guard": CookieGuard.ONCE},
        witnesses=("WS5.once",),
    ),
    Claim(
        "S5d",
        "cookies: an octet is delivered at most once",
        ALWAYS,
        p.no_octet_again,
        "cookies",
        "RFC 9293 3.8; RFC 4987 3.6",
        rules=_ALWAYS,
        witnesses=("WS5d",),
        finding="Refuted: text that comes again when its connection is over is the ACK of a "
        "cookie, and makes another connection, which delivers it again.",
    ),
    Claim(
        "S5d.request",
        "... without cookies",
        ALWAYS,
        p.no_octet_again,
        "cookies",
        "RFC 9293 3.8",
        witnesses=("WS5d.request",),
    ),
    Claim(
        "S5d.overflow",
        "... if cookies are sent only when the SYN queue is full",
        ALWAYS,
        p.no_octet_again,
        "cookies-flood",
        "RFC 4987 3.6",
        rules=_OVERFLOW,
        witnesses=("WS5d.overflow",),
        finding="Refuted: one overflow, and ACKs are looked at as cookies.",
    ),
    Claim(
        "S5d.bare",
        "... if no text is taken with the ACK of a cookie",
        ALWAYS,
        p.no_octet_again,
        "cookies",
        "not in RFC 4987",
        rules={**_ALWAYS, "cookie_guard": CookieGuard.BARE},
        witnesses=("WS5d.bare",),
        finding="Refuted, by a longer run: the bare ACK comes again, makes a second TCB, and then "
        "the text comes again too.",
    ),
    Claim(
        "S5d.once",
        "... if the last cookie that was taken is not taken again",
        ALWAYS,
        p.no_octet_again,
        "cookies",
        "not in RFC 4987",
        rules={**_ALWAYS, "cookie_guard": CookieGuard.ONCE},
        witnesses=("WS5d.once",),
    ),
    Claim(
        "S5d.later",
        "... nor any of an earlier IRS",
        ALWAYS,
        p.no_octet_again,
        "cookies",
        "not in RFC 4987",
        rules={**_ALWAYS, "cookie_guard": CookieGuard.LATER},
        witnesses=("WS5d.later",),
    ),
    Claim(
        "S5t",
        "cookies that are good for two minutes: a TCB of the client has no more than one at the "
        "server, if a cookie that was taken is remembered for two minutes",
        ALWAYS,
        p.server_agrees_once,
        "cookies-time",
        "not in RFC 4987",
        rules={**_ALWAYS, "cookie_guard": CookieGuard.ONCE},
        witnesses=("WS5t",),
        finding="Exact: one minute less is not enough. TIME-WAIT at the passive end is no such "
        "memory, however long it is (S5t.wait).",
    ),
    Claim(
        "S5t.wait",
        "... by TIME-WAIT at the passive end, which resets do not end",
        ALWAYS,
        p.server_agrees_once,
        "cookies-time",
        "not in RFC 4987",
        rules={
            **_ALWAYS,
            "passive_time_wait": True,
            "time_wait_ignores_reset": True,
            "retransmission_bounded": False,
        },
        witnesses=("WS5t.wait",),
        finding="Refuted, with whatever length: a reset ends the connection at the server, from "
        "ESTABLISHED or CLOSE-WAIT, where there is no TIME-WAIT yet.",
    ),
    Claim(
        "S6",
        "at rest what a client sent was delivered, in order and once, though the accept queue was "
        "full, if the application drains it, and the SYN,ACK is sent again as long as that takes",
        REST,
        p.late_text_is_delivered,
        "accepting-lossless",
        "RFC 9293 3.8.1",
        rules={**_ENDLESS, **_ONE_SYN},
        witnesses=("WS6.endless",),
        idle=_DRAINED,
    ),
    Claim(
        "S7",
        "at rest no client is ESTABLISHED alone, though the accept queue was full",
        REST,
        p.client_not_alone,
        "accepting-lossless",
        "RFC 9293 3.5",
        rules=_ONE_SYN,
        witnesses=("WS6",),
        idle=_CALLS,
        finding="Refuted: the server ignores the third segment, sends its SYN,ACK again a few "
        "times, and forgets. The client never learns of it unless it sends. Without a full queue "
        "the server may forget while the third segment is on its way; then it answers with a "
        "reset.",
    ),
    Claim(
        "S8",
        "at rest no client is ESTABLISHED alone, if a third segment that finds the accept queue "
        "full is answered with a reset",
        REST,
        p.client_not_alone,
        "accepting-lossless",
        "not in RFC 9293",
        rules={**_ONE_SYN, "abort_on_overflow": True},
        witnesses=("WS8", "WS8.reset"),
        idle=_CALLS,
    ),
    Claim(
        "S8.lost",
        "... also if that reset may be lost",
        REST,
        p.client_not_alone,
        "accepting",
        "not in RFC 9293",
        rules={"abort_on_overflow": True},
        witnesses=("WS8.lost",),
        idle=_CALLS,
        finding="Refuted: so may the third segment itself.",
    ),
    Claim(
        "S9",
        "at rest no client is ESTABLISHED alone, with cookies and a full accept queue",
        REST,
        p.client_not_alone,
        "accepting-lossless",
        "RFC 4987 3.6",
        rules={**_ALWAYS, **_ONE_SYN},
        witnesses=("WS9",),
        idle=_CALLS,
        finding="Refuted: the third segment is dropped, and nothing is left that would send a "
        "SYN,ACK again.",
    ),
    Claim(
        "S10",
        "with cookies a client that waits for the server to speak first is not left alone",
        REST,
        p.client_not_alone,
        "server-first",
        "RFC 4987 3.6",
        rules=_ALWAYS,
        witnesses=("WS10",),
        idle=_CALLS,
        finding="Refuted: the third segment is lost, and neither end has anything to send again.",
    ),
    Claim(
        "S10.request",
        "... without cookies, if the SYN,ACK is sent again without end",
        REST,
        p.client_not_alone,
        "server-first",
        "RFC 9293 3.8.1",
        rules=_ENDLESS,
        witnesses=("WS10.request",),
        idle=_CALLS,
    ),
    Claim(
        "S11",
        "with cookies an open gets through a channel that loses SYN,ACKs",
        EVENTUALLY,
        p.everything,
        "server-first",
        "RFC 9293 3.8.1; RFC 4987 3.6",
        rules=_ALWAYS,
        live=_OPENS,
        finding="By the client's SYN alone: the server has no request whose SYN,ACK it would send "
        "again.",
    ),
    Claim(
        "S11b",
        "where no cookie was sent of late, no ACK is taken for one, even if an ISN happens to be "
        "one",
        ALWAYS,
        p.server_agrees_once,
        "cookies-chance",
        "not in RFC 4987",
        rules=_OVERFLOW,
        witnesses=("WS11b",),
        finding="That is all that the memory of the last overflow does: cookies that were sent "
        "have an age of their own.",
    ),
    Claim(
        "S14",
        "defer_accept: at rest no client is ESTABLISHED alone",
        REST,
        p.client_not_alone,
        "accepting-lossless",
        "not in RFC 9293",
        rules={**_ONE_SYN, "defer_accept": True},
        witnesses=("WS14",),
        idle=_CALLS,
        finding="Refuted: a client that sends nothing is forgotten, and not told.",
    ),
    Claim(
        "S15",
        "an off-path sender that misses RCV.NXT and SND.UNA removes no request",
        ALWAYS,
        p.blind_sender_harmless,
        "forgery-listener",
        "RFC 5961 3, 4; RFC 9293 3.10.7.4 second, fourth",
        rules={"syn_received_challenge": True},
        witnesses=("WS15",),
        finding="A SYN in the window is challenged here as RFC 5961 asks of the synchronized "
        "states; by the letter it returns the request to LISTEN.",
    ),
    Claim(
        "S16",
        "Fast Open: the text of a SYN is delivered at most once",
        ALWAYS,
        p.no_octet_again,
        "fast-open",
        "RFC 7413 2.1, 6.1",
        rules={"fast_open": True, "data_on_syn": True},
        witnesses=("WS16",),
        finding="Refuted, as RFC 7413 says: the SYN comes again when its connection is over.",
    ),
    Claim(
        "S16.agree",
        "Fast Open: once the third segment has come, three-way agreement holds",
        ALWAYS,
        p.server_agrees,
        "fast-open",
        "RFC 7413 4.2; RFC 9293 3.5",
        rules={"fast_open": True, "data_on_syn": True},
        witnesses=("WS16",),
    ),
    Claim(
        "S17",
        "Fast Open: nobody is answered whose address was not shown to be theirs",
        ALWAYS,
        p.nobody_is_answered,
        "fast-open-flood",
        "RFC 7413 4.1, 5.2",
        rules={"fast_open": True, "data_on_syn": True},
        witnesses=("WS17",),
    ),
    Claim(
        "S18",
        "at rest no client is ESTABLISHED alone, though the listener was closed",
        REST,
        p.client_not_alone,
        "listener-closes",
        "RFC 9293 3.5",
        rules=_ONE_SYN,
        witnesses=("WS18",),
        idle=_LISTENS_NO_MORE,
    ),
    Claim(
        "S18.full",
        "... while the accept queue was full",
        REST,
        p.client_not_alone,
        "listener-closes-full",
        "RFC 9293 3.5",
        rules=_ONE_SYN,
        witnesses=("WS18.full",),
        idle=_LISTENS_NO_MORE,
        finding="Refuted: the request whose third segment was ignored is forgotten, and its client "
        "not told.",
    ),
    Claim(
        "S16.off",
        "... and of a SYN whose text waits for the third segment",
        ALWAYS,
        p.no_octet_again,
        "fast-open",
        "RFC 9293 3.10.7.2",
        rules={"data_on_syn": True},
        witnesses=("WS16.off",),
    ),
)

_seen = partial(seen, CLAIMS)

_SERVED_TWICE = "the server has had two TCBs"
_DELIVERED = "an octet is delivered on the second TCB of the server"

WITNESSES = (
    _seen("WS1", "S1", "the SYN queue is full", p.syn_queue_full),
    _seen("WS1.ready", "S1", "the accept queue is full", p.accept_queue_full),
    _seen("WS1.agree", "S1.agree", "both ends are in ESTABLISHED", p.both_established),
    _seen("WS4", "S4", "both ends are in ESTABLISHED", p.both_established),
    _seen("WS5", "S5", _SERVED_TWICE, p.server_established_again),
    _seen("WS5.sum", "S5.sum", _SERVED_TWICE, p.server_established_again),
    _seen("WS5m", "S5m", _SERVED_TWICE, p.server_established_again),
    _seen("WS5.request", "S5i.request", _SERVED_TWICE, p.server_established_again),
    _seen("WS5.once", "S5i.once", _SERVED_TWICE, p.server_established_again),
    _seen("WS5d", "S5d", _DELIVERED, p.octet_on_second),
    _seen("WS5d.request", "S5d.request", _DELIVERED, p.octet_on_second),
    _seen("WS5d.overflow", "S5d.overflow", _DELIVERED, p.octet_on_second),
    _seen("WS5d.bare", "S5d.bare", _DELIVERED, p.octet_on_second),
    _seen("WS5d.once", "S5d.once", _DELIVERED, p.octet_on_second),
    _seen("WS5d.later", "S5d.later", _DELIVERED, p.octet_on_second),
    _seen(
        "WS6",
        "S7",
        "S6: a third segment found the accept queue full, and the connection was made all the "
        "same, with its octet delivered",
        p.recovered,
    ),
    _seen("WS5t", "S5t", "a cookie was forgotten after its connection", p.cookie_forgotten),
    _seen("WS5t.wait", "S5t.wait", _SERVED_TWICE, p.server_established_again),
    _seen(
        "WS6.endless",
        "S6",
        "a third segment found the accept queue full, and the octet was delivered all the same",
        p.recovered,
    ),
    _seen("WS11b", "S11b", _SERVED_TWICE, p.server_established_again),
    _seen("WS17", "S17", "both ends are in ESTABLISHED", p.both_established),
    _seen(
        "WS18", "S18", "the listener is closed, and the client in ESTABLISHED", p.listener_is_closed
    ),
    _seen(
        "WS18.full",
        "S18.full",
        "the listener is closed, and the client in ESTABLISHED",
        p.listener_is_closed,
    ),
    _seen("WS8", "S8", "the accept queue is full", p.accept_queue_full),
    _seen("WS8.reset", "S8", "a client was ESTABLISHED, and is reset", p.client_reset),
    _seen("WS8.lost", "S8.lost", "the accept queue is full", p.accept_queue_full),
    _seen("WS9", "S9", "an octet is delivered", p.octet_delivered),
    _seen("WS10", "S10", "both ends are in ESTABLISHED", p.both_established),
    _seen("WS10.request", "S10.request", "both ends are in ESTABLISHED", p.both_established),
    _seen("WS14", "S14", "the connection is made, with an octet delivered", p.octet_delivered),
    _seen("WS15", "S15", "both ends are in ESTABLISHED", p.both_established),
    _seen("WS16", "S16", _DELIVERED, p.octet_on_second),
    _seen("WS16.off", "S16.off", _DELIVERED, p.octet_on_second),
)
