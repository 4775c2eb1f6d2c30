"""K1 to K7: keep-alive, what it does to whom, and limits on ACKs."""

from functools import partial

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, EVENTUALLY, REST, Claim, Live, seen
from proofs.claims.liveness import CLOCK, CLOSES, NOBODY_ACTS, TIMERS
from proofs.claims.time_wait import DRAIN
from spec.rules import AckLimit, Cookies, KeepAlive
from spec.tcp.inputs import Input
from spec.world.enabled import CALLS

_PROBES, _LIMIT = Input.KEEP_ALIVE_TIMEOUT.value, Input.LIMIT_TIMEOUT.value
_ON = {"keep_alive": KeepAlive.EMPTY}
_ENDLESS = {**_ON, "keep_alive_gives_up": False}
_OCTET = {"keep_alive": KeepAlive.OCTET, "keep_alive_gives_up": False, "close_waits": True}
_SOCKET, _HOST = {"ack_limit": AckLimit.SOCKET}, {"ack_limit": AckLimit.HOST}

_HALF_OPEN = Live(p.half_open, weak=(*TIMERS, _PROBES))
_HALF_OPEN_AND_SENDS = Live(p.half_open_and_sends, weak=(*TIMERS, _LIMIT))

_LEFT = Live(p.left_to_time_wait, weak=(*CLOCK, _PROBES))
_SILENT = frozenset(what.value for what in (Input.CLOSE, Input.SEND))

CLAIMS = (
    Claim(
        "K1",
        "with keep-alive no half-open connection lasts, though neither end has anything to send",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 9293 3.8.4, 3.5.1",
        rules=_ON,
        live=_HALF_OPEN,
    ),
    Claim(
        "K1.close",
        "with keep-alive every close ends once both applications close, even if the peer aborts",
        EVENTUALLY,
        p.everything,
        "once",
        "RFC 9293 3.8.4, 3.6",
        rules=_ON,
        live=Live(CLOSES.leads, weak=(*CLOSES.weak, _PROBES)),
    ),
    Claim(
        "K1.client",
        "with keep-alive and cookies a client that waits for the server to speak first is not left "
        "alone",
        REST,
        p.client_not_alone,
        "server-first",
        "RFC 9293 3.8.4; RFC 4987 3.6",
        rules={**_ON, "syncookies": Cookies.ALWAYS},
        witnesses=("WK1.client",),
        idle=_SILENT,
        finding="S10 with keep-alive: it has a timer to send something, and a reset answers that.",
    ),
    Claim(
        "K1.time",
        "with keep-alive an end that hears nothing is gone once the idle time and an interval for "
        "each probe have gone by",
        ALWAYS,
        p.not_late,
        "keep-alive",
        "RFC 9293 3.8.4",
        rules=_ON,
        witnesses=("WK1.time",),
    ),
    Claim(
        "K2",
        "keep-alive ends no connection whose peer is there",
        ALWAYS,
        p.peer_is_gone,
        "keep-alive",
        "RFC 9293 3.8.4, MUST-29",
        rules=_ON,
        witnesses=("WK2",),
        finding="Refuted, as it should be: the network loses all probes, and the peer is well. The "
        "end that gives up is gone, and the reset that tells the peer may be lost too.",
    ),
    Claim(
        "K2.endless",
        "... if it never gives up",
        ALWAYS,
        p.peer_is_gone,
        "keep-alive",
        "RFC 9293 3.8.4, MUST-29",
        rules=_ENDLESS,
        witnesses=("WK2.endless",),
    ),
    Claim(
        "K2.time",
        "keep-alive gives no connection up sooner, nor after a single probe",
        ALWAYS,
        p.not_hasty,
        "keep-alive",
        "RFC 9293 3.8.4, MUST-29",
        rules=_ON,
        witnesses=("WK1.time",),
    ),
    Claim(
        "K3",
        "no octet of garbage is delivered: T9 with keep-alive",
        ALWAYS,
        p.no_octet_garbled,
        "garbage",
        "RFC 9293 3.8.4, MAY-6",
        rules=_OCTET,
        witnesses=("WK3",),
    ),
    Claim(
        "K3.next",
        "... nor does it move what the peer expects",
        ALWAYS,
        p.expects_what_was_sent,
        "keep-alive-text",
        "RFC 9293 3.8.4, MAY-6",
        rules=_OCTET,
        witnesses=("WK3.next",),
    ),
    Claim(
        "K3.below",
        "a synchronized end takes nothing of a segment below its window",
        ALWAYS,
        p.nothing_below_is_taken,
        "keep-alive",
        "RFC 9293 3.8.4, 3.10.7.4 first",
        rules={"keep_alive": KeepAlive.OCTET},
        witnesses=("WK3.below",),
        finding="A keep-alive is such a segment: all that its sender ever sent is acknowledged.",
    ),
    Claim(
        "K4",
        "a reset that answers a keep-alive is believed: half-open connections end by it alone",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 9293 3.5.2, 3.8.4, 3.10.7.1",
        rules=_ENDLESS,
        live=_HALF_OPEN,
        finding="The probes have no end here: nothing but a reset can end the connection.",
    ),
    Claim(
        "K4.wait",
        "with keep-alive an end is not kept by a peer that has aborted and waits in TIME-WAIT",
        EVENTUALLY,
        p.everything,
        "keep-alive-wait",
        "RFC 9293 3.5.2, 3.8.4",
        rules={**_ON, "abort_time_wait": True},
        live=_LEFT,
    ),
    Claim(
        "K4.wait.restart",
        "with keep-alive an end is not kept by a peer that has aborted and waits in TIME-WAIT, if "
        "that ignores resets and all that it sends restarts its timer",
        EVENTUALLY,
        p.everything,
        "keep-alive-wait",
        "RFC 9293 3.5.2, 3.8.4; RFC 1337",
        rules={**_ON, **DRAIN, "abort_time_wait": True},
        live=_LEFT,
        finding="Refuted: TIME-WAIT answers each probe, and is restarted by its own answer. "
        "T4.abort assumes both. An idle time longer than TIME-WAIT, as two hours are, is the way "
        "out.",
    ),
    Claim(
        "K5",
        "with keep-alive a NAT forgets no connection, if its timeout is longer than the idle time "
        "and the interval",
        ALWAYS,
        p.nat_remembers,
        "nat",
        "RFC 9293 3.8.4; RFC 5382 REQ-5",
        rules=_ON,
        witnesses=("WK5",),
        finding="The interval counts, too: where answers are lost, the next probe has to come in "
        "time.",
    ),
    Claim(
        "K6",
        "L3 if each connection may send one ACK in an interval to answer what is refused",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 5961 7; RFC 9293 3.5.1",
        rules=_SOCKET,
        live=_HALF_OPEN_AND_SENDS,
    ),
    Claim(
        "K6.host",
        "... if all connections of a host may send one",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 5961 7; RFC 9293 3.5.1",
        rules=_HOST,
        live=_HALF_OPEN_AND_SENDS,
        finding="Refuted: others use up what is allowed in each interval, and the SYN that would "
        "find out is never answered. Nobody has to know a number of the connection for it.",
    ),
    Claim(
        "K6.channel",
        "a forged segment that misses changes nothing that other connections of the host see",
        ALWAYS,
        p.nothing_is_shown,
        "forgery",
        "RFC 5961 7",
        rules=_SOCKET,
        witnesses=("WK6.channel",),
    ),
    Claim(
        "K6.channel.host",
        "a forged segment that misses changes nothing that other connections of the host see, if "
        "they share a limit on ACKs that answer what is refused",
        ALWAYS,
        p.nothing_is_shown,
        "forgery",
        "RFC 5961 7",
        rules=_HOST,
        witnesses=("WK6.channel.host",),
        finding="Refuted, as CVE-2016-5696 has it: a forged reset in the window uses up what is "
        "allowed, and one outside does not. The off-path sender sees which, on a connection of "
        "its own.",
    ),
    Claim(
        "K7",
        "where nobody acts the network falls silent, whatever was there before, if each connection "
        "may send one ACK in an interval to answer what is refused",
        EVENTUALLY,
        p.everything,
        "opening",
        "RFC 5961 7; RFC 9293 3.10.7.4 first",
        rules=_SOCKET,
        live=NOBODY_ACTS,
        finding="Compare L4.literal: each end answers once in an interval, and an ACK that is not "
        "answered ends the exchange until then.",
    ),
    Claim(
        "K7.rate",
        "... and as intervals go by",
        EVENTUALLY,
        p.everything,
        "opening",
        "RFC 5961 7; RFC 9293 3.10.7.4 first",
        rules=_SOCKET,
        live=Live(
            p.anywhere,
            p.nowhere,
            each=False,
            weak=(_LIMIT,),
            acts=tuple(what.value for what in CALLS if what != Input.LIMIT_TIMEOUT),
        ),
        finding="Refuted: a limit slows an exchange of ACKs down, and does not end it. One loop "
        "takes an interval.",
    ),
)

_seen = partial(seen, CLAIMS)

_BOTH = "both ends are in ESTABLISHED"
_SECOND = "an octet is delivered on the second TCB of the server"

WITNESSES = (
    _seen("WK1.client", "K1.client", _BOTH, p.both_established),
    _seen("WK1.time", "K1.time", "an end is given up by keep-alive", p.keep_alive_gave_up),
    _seen("WK2", "K2", _BOTH, p.both_established),
    _seen("WK2.endless", "K2.endless", _BOTH, p.both_established),
    _seen("WK3", "K3", _SECOND, p.octet_of_second_incarnation),
    _seen("WK3.next", "K3.next", "an octet is delivered", p.octet_delivered),
    _seen("WK3.below", "K3.below", _BOTH, p.both_established),
    _seen("WK6.channel", "K6.channel", _BOTH, p.both_established),
    _seen("WK6.channel.host", "K6.channel.host", _BOTH, p.both_established),
    _seen("WK5", "K5", _BOTH, p.both_established),
)
