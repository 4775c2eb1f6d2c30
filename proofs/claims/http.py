"""H1 to H7: HTTP over these connections, what it costs, and what it may lose.

The hosts are RFC 9293's. The applications are those of ``spec.world.http``.
"""

from functools import partial

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, REST, Claim, seen
from spec.rules import CookieGuard, Cookies
from spec.tcp.inputs import Input

_WAITS = {"close_waits": True}
"""T9's repair, where connections follow each other: CLOSE in SYN-RECEIVED is none of HTTP's."""
_KEPT = {"close_waits": True, "time_wait_ignores_reset": True}
"""... and RFC 1337's, where TIME-WAITs are counted: else a reset may end one."""
_ALWAYS = {"syncookies": Cookies.ALWAYS}
_POOLED = frozenset(what.value for what in (Input.OPEN_ACTIVE, Input.OPEN_PASSIVE, Input.SEND))
"""Nobody has to do these: a client may keep its connection for a request that never comes."""
_DRAINED = frozenset(
    what.value for what in (Input.ABORT, Input.CLOSE, Input.SEND, Input.NEIGHBOUR_READY)
)
"""Nor these, of a listener whose application takes what is ready."""

CLAIMS = (
    Claim(
        "H1",
        "HTTP/1.0: each request takes a connection, and a handshake, of its own",
        ALWAYS,
        p.connection_each,
        "http-1.0",
        "RFC 9112 9.3, C.2.2",
        rules=_WAITS,
        witnesses=("WH1",),
    ),
    Claim(
        "H1.kept",
        "keep-alive: all requests share one connection, and one handshake",
        ALWAYS,
        p.one_connection,
        "http-kept",
        "RFC 9112 9.3",
        rules=_WAITS,
        witnesses=("WH1.kept",),
    ),
    Claim(
        "H1.pipelined",
        "... also if none waits for the response to another (HTTP/2)",
        ALWAYS,
        p.one_connection,
        "http-pipelined",
        "RFC 9112 9.3.2; RFC 9113 5, 9.1",
        rules=_WAITS,
        witnesses=("WH1.pipelined", "WH1.together"),
    ),
    Claim(
        "H2",
        "HTTP/1.0: the server, who closes first, has a TIME-WAIT for each connection, and the "
        "client has none",
        ALWAYS,
        p.server_pays,
        "http-1.0",
        "RFC 9293 3.6; RFC 9112 9.6",
        rules=_KEPT,
        witnesses=("WH2",),
    ),
    Claim(
        "H2.kept",
        "keep-alive: if the client closes when it is done it has the only TIME-WAIT",
        ALWAYS,
        p.client_pays,
        "http-kept",
        "RFC 9293 3.6; RFC 9112 9.6",
        rules=_KEPT,
        witnesses=("WH2.kept",),
    ),
    Claim(
        "H2.both",
        "no connection leaves a TIME-WAIT at both ends",
        ALWAYS,
        p.one_of_them_pays,
        "http-idle-both",
        "RFC 9293 3.6, Figure 13",
        witnesses=("WH2.both",),
        finding="Refuted: both close when idle, and their FINs cross.",
    ),
    Claim(
        "H3",
        "no request comes to a server that has closed an idle connection, if the client uses it "
        "only within the server's idle limit less two delays, from when it has read the response",
        ALWAYS,
        p.no_request_too_late,
        "http-idle",
        "RFC 9112 9.3, 9.5",
        witnesses=("WH3",),
        finding="Exact: one tick more is too long. A delay is from SEND to arrival, with all "
        "retransmissions.",
    ),
    Claim(
        "H3.response",
        "no request comes to a server that has closed an idle connection, if the client uses it "
        "only within the server's idle limit less one delay, from when it has read the response",
        ALWAYS,
        p.no_request_too_late,
        "http-idle-response",
        "RFC 9112 9.3, 9.5",
        witnesses=("WH3.response",),
        finding="Refuted: the response was under way, too, and the server's time began when it was "
        "sent.",
    ),
    Claim(
        "H3.request",
        "... from when it sent its last request",
        ALWAYS,
        p.no_request_too_late,
        "http-idle-request",
        "RFC 9112 9.3, 9.5",
        witnesses=("WH3.request",),
        finding="Exact. The server's time begins after that of the client here, whatever the delay "
        "of the response.",
    ),
    Claim(
        "H3.lost",
        "no request comes to a server that has closed an idle connection, if the client uses it "
        "only within the server's idle limit less two delays of one segment, and what is lost is "
        "sent again",
        ALWAYS,
        p.no_request_too_late,
        "http-idle-lost",
        "RFC 9112 9.5; RFC 9293 3.8.1",
        witnesses=("WH3.lost",),
        finding="Refuted: each retransmission adds to the delay. A margin is no more than a bound "
        "on how late a request may be, and TCP's own, R, is minutes.",
    ),
    Claim(
        "H3.known",
        "a request whose connection ended before the response was not read by the server",
        ALWAYS,
        p.unanswered_is_unread,
        "http-restart",
        "RFC 9110 9.2.2; RFC 9112 9.3.1, 9.5",
        witnesses=("WH3.unread",),
        finding="Refuted, and the client cannot know: what it sees, a reset after its request, is "
        "the same where the server never read it (WH3.unread).",
    ),
    Claim(
        "H3.retry",
        "a client that asks again if the connection ended before the response has no request read "
        "twice",
        ALWAYS,
        p.read_once,
        "http-retry-restart",
        "RFC 9110 9.2.2; RFC 9112 9.3.1",
        rules=_WAITS,
        witnesses=("WH3.retry.restart",),
        finding="Refuted: the server's process ended after it had read the request. So only "
        "idempotent requests are sent again unasked.",
    ),
    Claim(
        "H3.retry.idle",
        "... and whose server ends no connection but idle ones, and no request is sent before the "
        "response to the last",
        ALWAYS,
        p.read_once,
        "http-retry",
        "RFC 9110 9.2.2; RFC 9112 9.3.1",
        rules=_WAITS,
        witnesses=("WH3.retry",),
        finding="Such a server resets what it has not read, and nothing else. A client assumes "
        "this that asks again, whatever the request, if a kept connection ends before the first "
        "octet of the response.",
    ),
    Claim(
        "H3.retry.pipelined",
        "... and whose server ends no connection but idle ones, if requests do not wait for "
        "responses",
        ALWAYS,
        p.read_once,
        "http-retry-pipelined",
        "RFC 9112 9.3.2; RFC 9113 6.8",
        rules=_WAITS,
        witnesses=("WH3.retry.pipelined",),
        finding="Refuted: the reset of the second request destroys the response to the first. "
        "HTTP/2 has GOAWAY, which says how far the server has read.",
    ),
    Claim(
        "H4",
        "a response that the server wrote before it closed is read by the client",
        ALWAYS,
        p.responses_are_read,
        "http-unread",
        "RFC 9293 3.6.1, MAY-1, SHLD-3; RFC 1122 4.2.2.13; RFC 9112 9.6",
        witnesses=("WH4",),
        finding="Refuted: the server closes while an octet is unread, or is to come; the reset "
        "that says so destroys the response.",
    ),
    Claim(
        "H4.came",
        "a response that the client's TCP acknowledged is read by the client",
        ALWAYS,
        p.what_came_is_read,
        "http-unread",
        "RFC 9293 3.10.7.4 second; RFC 9112 9.6",
        witnesses=("WH4",),
        finding="Refuted: by the letter a reset flushes what the user has not read. Stacks differ: "
        "Linux lets it be read first.",
    ),
    Claim(
        "H4.lingers",
        "a response that the server wrote before it closed is read by the client, if the server "
        "reads on until the client closes",
        ALWAYS,
        p.responses_are_read,
        "http-lingers",
        "RFC 9293 3.6; RFC 9112 9.6",
        witnesses=("WH4.lingers",),
    ),
    Claim(
        "H4.whole",
        "a response that the server wrote before it closed is read by the client, if the server "
        "answers when it has read all that the client sends",
        ALWAYS,
        p.responses_are_read,
        "http-whole",
        "RFC 9112 9.6",
        witnesses=("WH4.whole",),
    ),
    Claim(
        "H5",
        "SYN cookies: a server reads no request more often than its client sent it",
        ALWAYS,
        p.read_as_often_as_sent,
        "http-cookies",
        "RFC 9110 9.2.2; RFC 4987 3.6",
        rules=_ALWAYS,
        witnesses=("WH5",),
        finding="Refuted: S5d, as an application sees it. No client asked again, and a request is "
        "done twice, idempotent or not.",
    ),
    Claim(
        "H5.request",
        "a server reads no request more often than its client sent it",
        ALWAYS,
        p.read_as_often_as_sent,
        "http-cookies",
        "RFC 9110 9.2.2",
        witnesses=("WH5.request",),
    ),
    Claim(
        "H5.once",
        "SYN cookies: a server reads no request more often than its client sent it, if the last "
        "cookie that was taken is not taken again",
        ALWAYS,
        p.read_as_often_as_sent,
        "http-cookies",
        "RFC 9110 9.2.2",
        rules={**_ALWAYS, "cookie_guard": CookieGuard.ONCE},
        witnesses=("WH5.once",),
    ),
    Claim(
        "H6",
        "at rest no client is in CLOSE-WAIT whose server closes idle connections",
        REST,
        p.client_not_in_close_wait,
        "http-pool",
        "RFC 9293 3.6; RFC 9112 9.5",
        witnesses=("WH6",),
        idle=_POOLED,
        finding="Refuted: a client that keeps a connection in a pool, and looks at it only when it "
        "needs it, leaves it in CLOSE-WAIT for ever: L2.leak.",
    ),
    Claim(
        "H6.watched",
        "... if the client watches its idle connections",
        REST,
        p.client_not_in_close_wait,
        "http-pool-watched",
        "RFC 9293 3.6; RFC 9112 9.5",
        witnesses=("WH6.watched",),
        idle=_POOLED,
    ),
    Claim(
        "H6.idle",
        "... if the client closes them, too",
        REST,
        p.client_not_in_close_wait,
        "http-pool-idle",
        "RFC 9293 3.6; RFC 9112 9.5",
        witnesses=("WH6.idle",),
        idle=_POOLED,
    ),
    Claim(
        "H7",
        "at rest no client's SYN waits for an answer, though the accept queue was full, if a SYN "
        "is sent once, the channel loses nothing, and the application takes what is ready",
        REST,
        p.no_client_in_syn_sent,
        "accepting-lossless",
        "RFC 6298 5; RFC 9293 3.8.1",
        rules={"syn_retransmitted": False},
        witnesses=("WH7",),
        idle=_DRAINED,
        finding="Refuted: the listener drops it, and nobody sends it again. So what a full queue "
        "costs is the time until it is: 1, 3, 7 ... seconds (RFC 6298).",
    ),
    Claim(
        "H7.again",
        "at rest no client's SYN waits for an answer, though the accept queue was full, if the "
        "application takes what is ready",
        REST,
        p.no_client_in_syn_sent,
        "accepting",
        "RFC 6298 5; RFC 9293 3.8.1",
        witnesses=("WH7.again",),
        idle=_DRAINED,
    ),
)

_seen = partial(seen, CLAIMS)

_ALL_READ = "the client has read two responses, and both TCBs are gone"
_TWO = "the client has read two responses"
_ONE = "the client has read a response, and both TCBs are gone"
_AGAIN = "a request that was sent again is answered"
_FULL = "the accept queue is full, and the client's SYN waits"

WITNESSES = (
    _seen("WH1", "H1", _ALL_READ, p.all_is_read),
    _seen("WH1.kept", "H1.kept", _ALL_READ, p.all_is_read),
    _seen("WH1.pipelined", "H1.pipelined", _ALL_READ, p.all_is_read),
    _seen("WH1.together", "H1.pipelined", "two requests wait for responses", p.two_pending),
    _seen("WH2", "H2", _ALL_READ, p.all_is_read),
    _seen("WH2.kept", "H2.kept", _ALL_READ, p.all_is_read),
    _seen("WH2.both", "H2.both", "an end is in TIME-WAIT", p.an_end_in_time_wait),
    _seen("WH3", "H3", _TWO, p.two_read),
    _seen("WH3.response", "H3.response", _TWO, p.two_read),
    _seen("WH3.request", "H3.request", _TWO, p.two_read),
    _seen("WH3.lost", "H3.lost", _TWO, p.two_read),
    _seen(
        "WH3.unread",
        "H3.known",
        "the connection ended before the response, and the server never read the request",
        p.unanswered_and_unread,
    ),
    _seen(
        "WH3.retry.restart",
        "H3.retry",
        _AGAIN,
        p.answered_again,
    ),
    _seen("WH3.retry", "H3.retry.idle", _AGAIN, p.answered_again),
    _seen(
        "WH3.retry.pipelined",
        "H3.retry.pipelined",
        _AGAIN,
        p.answered_again,
    ),
    _seen("WH4", "H4", _ONE, p.one_is_read),
    _seen(
        "WH4.lingers",
        "H4.lingers",
        "the server closed, and the client sent more",
        p.more_after_the_close,
    ),
    _seen("WH4.whole", "H4.whole", _ONE, p.one_is_read),
    _seen("WH5", "H5", _ONE, p.one_is_read),
    _seen("WH5.request", "H5.request", _ONE, p.one_is_read),
    _seen("WH5.once", "H5.once", _ONE, p.one_is_read),
    _seen("WH6", "H6", "the server is in FIN-WAIT-2", p.server_in_fin_wait_2),
    _seen("WH6.watched", "H6.watched", "the server is in FIN-WAIT-2", p.server_in_fin_wait_2),
    _seen("WH6.idle", "H6.idle", "the server is in FIN-WAIT-2", p.server_in_fin_wait_2),
    _seen("WH7", "H7", _FULL, p.full_and_in_syn_sent),
    _seen("WH7.again", "H7.again", _FULL, p.full_and_in_syn_sent),
)
