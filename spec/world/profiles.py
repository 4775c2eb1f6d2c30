"""The profiles that claims name: bounds, and what is recorded of a run within them.

A profile keeps what a family of claims can depend on and drops the rest: time where no claim
speaks of time (segments then live for ever, which is the stronger adversary), data where none
speaks of data. It has the watchers whose ghosts its claims read, and no others. That cannot hide
behaviour, since no rule reads any ghost (``tests/spec/observe/test_ghosts.py``).
"""

from dataclasses import replace
from typing import Any, NamedTuple

from spec.observe.agreement import Agreement
from spec.observe.conduct import Conduct
from spec.observe.confusion import Confusion, LateConfusion
from spec.observe.course import Course
from spec.observe.crossing import Crossing
from spec.observe.endings import Endings
from spec.observe.flow import Flow
from spec.observe.forgery import Forgery
from spec.observe.once import Once
from spec.observe.pace import Bursts, Losses, Pace, Samples
from spec.observe.refinement import Refinement
from spec.observe.silence import Silence
from spec.observe.stale import Stale, StaleAnywhere
from spec.observe.stamped import Stamped
from spec.observe.streams import Octets, Streams
from spec.observe.watcher import Watcher
from spec.world.bounds import Bounds


class Profile(NamedTuple):
    """Bounds, and the watchers that the claims of a profile read."""

    bounds: Bounds
    watchers: tuple[Watcher, ...] = ()

    def but(self, **bounds: Any) -> "Profile":
        """The same with these bounds instead."""
        return Profile(replace(self.bounds, **bounds), self.watchers)

    def watched(self, *more: Watcher) -> "Profile":
        """The same with these watchers too, each once."""
        return Profile(self.bounds, tuple(dict.fromkeys((*self.watchers, *more))))


_SMALL = Bounds(width=4, window=3, in_flight=2, send_window=False)
"""16 sequence numbers hold four windows of three; ISNs two apart are within one window."""

_CLIENT_SERVER = replace(_SMALL, a_passive=False, b_active=False)
"""A opens actively, B passively (and may turn its LISTEN into an active open by SEND)."""

_SIMULTANEOUS = replace(_SMALL, a_passive=False, b_passive=False, abort=False)
_TIMED = replace(_CLIENT_SERVER, msl=2, span=1)
_TEXT = replace(_CLIENT_SERVER, abort=False, incarnations=1, capacity=1, octets=1, send_window=True)
"""Octets over one connection, to its end."""
_LISTENER = replace(
    _CLIENT_SERVER, abort=False, listen_open=False, b_passive=False, listener=True, send_window=True
)
"""A opens actively, to a listening socket of B."""
_LOSSLESS: dict[str, Any] = {"duplicate": False, "lose": False}
_RELIABLE: dict[str, Any] = {"in_flight": 4, **_LOSSLESS}
"""A channel that neither loses nor duplicates, with room for all that is sent."""
_ACCEPTING = replace(
    _LISTENER, close=False, incarnations=1, neighbours=True, octets=1, b_sends=False
)
_COOKIES = replace(_LISTENER, window=1, stride=3)
"""Connections one after the other, with room for their fresh ISNs."""
_CLOSES = replace(_LISTENER, close=False, send_window=False, listener_closes=True, **_RELIABLE)
_FAST_OPEN = replace(_LISTENER, a_active=False, a_passive=True, window=1, octets=1, b_sends=False)
"""A SENDs in LISTEN, so that its octet is on a SYN."""
_HALF_OPEN = replace(
    _CLIENT_SERVER, close=False, stride=8, octets=1, b_sends=False, send_window=True
)
_REUSE = replace(_CLIENT_SERVER, capacity=1, stride=3, octets=1, b_sends=False, send_window=True)
"""Octets of two connections, one after the other."""
_ALIVE = replace(
    _CLIENT_SERVER,
    listen_open=False,
    close=False,
    incarnations=1,
    msl=1,
    keep_alive_idle=2,
    keep_alive_interval=1,
)
"""A client and a server that open, and may then have nothing to say."""
_REUSED = replace(_REUSE, capacity=2, abort=False, listen_open=False, lose=False, window=1)
"""Octets of one connection, while segments of the one before are still about."""
_TEXT_ON_SYN = replace(
    _SMALL,
    a_active=False,
    b_active=False,
    abort=False,
    incarnations=1,
    capacity=1,
    octets=1,
    b_sends=False,
    send_window=True,
)
_HTTP = replace(
    _CLIENT_SERVER,
    abort=False,
    listen_open=False,
    stride=4,
    incarnations=1,
    octets=2,
    send_window=True,
    requests=2,
)
"""A client with two requests, and a server (``spec.world.http``). SYN, two octets and FIN take four
numbers."""
_HTTP_1_0 = replace(_HTTP, stride=3, incarnations=2, octets=1, kept=False)
_HTTP_UNREAD = replace(_HTTP, kept=False, pipelined=True)
_HTTP_IDLE = replace(_HTTP, msl=2, span=1, client_idle=2, server_idle=4, **_LOSSLESS)
"""A segment is under way for a tick at most, and not sent again later."""
_HTTP_AGAIN = replace(_HTTP, incarnations=2, server_idle=1, retries=True)
_HTTP_POOL = replace(_HTTP, octets=1, requests=1, server_idle=1, watches=False)

_TRANSFER = replace(
    _TEXT,
    width=5,
    window=4,
    capacity=2,
    listen_open=False,
    octets=4,
    write=4,
    b_sends=False,
    close=False,
    transfer=True,
)
"""Octets one way over one connection whose ends have a data plane."""
_REPORTS = replace(
    _TRANSFER, width=4, window=3, octets=3, write=3, initial_window=3, clamp=3, sack=True
)
"""Three octets, sent at once, and a receiver that reports what it holds and may forget it."""
_AT_ONCE: dict[str, Any] = {"capacity": 8, "in_flight": 12, **_LOSSLESS}
"""A channel that neither loses nor duplicates, with room for all that a data plane sends."""

PROFILES = {
    "handshake": Profile(replace(_SMALL, close=False), (Agreement(), Stale())),
    "lifecycle": Profile(_CLIENT_SERVER, (Agreement(), Stale())),
    "stale": Profile(replace(_SMALL, abort=False), (StaleAnywhere(),)),
    "stale-far": Profile(replace(_SMALL, abort=False, stride=8), (StaleAnywhere(),)),
    "simultaneous": Profile(_SIMULTANEOUS, (Agreement(), Stale())),
    "simultaneous-far": Profile(replace(_SIMULTANEOUS, stride=8), (Agreement(), Stale())),
    "crossing": Profile(_SMALL, (Crossing(),)),
    "crossing-far": Profile(replace(_SMALL, stride=8), (Crossing(),)),
    "reopening": Profile(replace(_CLIENT_SERVER, stride=3), (Crossing(),)),
    "time": Profile(replace(_TIMED, abort=False), (Confusion(),)),
    "time-over": Profile(replace(_TIMED, abort=False), (LateConfusion(),)),
    "time-giving-up": Profile(
        replace(_TIMED, abort=False, user_timeout=True, span=4), (Confusion(),)
    ),
    "time-giving-up-soon": Profile(
        replace(_TIMED, abort=False, user_timeout=True, span=3), (Confusion(),)
    ),
    "hazard": Profile(
        replace(
            _TIMED,
            abort=False,
            listen_open=False,
            window=1,
            msl=1,
            span=0,
            stride=3,
            octets=1,
            b_sends=False,
            send_window=True,
        ),
        (Confusion(), Octets()),
    ),
    "abort": Profile(replace(_TIMED, close=False), (Confusion(),)),
    "crash": Profile(
        replace(_TIMED, close=False, abort=False, user_timeout=True, crashes=1), (Confusion(),)
    ),
    "stream": Profile(_TEXT, (Streams(),)),
    "stream-syn": Profile(_TEXT_ON_SYN, (Streams(),)),
    "stream-packed": Profile(replace(_TEXT, octets=2, packed=True, b_sends=False), (Streams(),)),
    "reuse": Profile(_REUSE, (Octets(),)),
    "garbage": Profile(_REUSE, (Octets(),)),
    "window": Profile(replace(_TEXT, window=1, octets=2, b_sends=False)),
    "rest": Profile(replace(_SMALL, incarnations=1)),
    "once": Profile(replace(_SMALL, incarnations=1), (Stale(),)),
    "closing": Profile(replace(_SMALL, incarnations=1, abort=False)),
    "closing-text": Profile(replace(_TEXT, octets=2, b_sends=False)),
    "delivering": Profile(
        replace(_TEXT, octets=2, window=1, a_sends=False),
        (Streams(),),
    ),
    "closing-giving-up": Profile(replace(_SMALL, incarnations=1, abort=False, user_timeout=True)),
    "opening": Profile(replace(_SMALL, close=False, stride=8), (Stale(),)),
    "giving-up": Profile(replace(_SMALL, close=False, stride=8, user_timeout=True)),
    "packet-war": Profile(replace(_TEXT, window=1)),
    "waiting": Profile(replace(_CLIENT_SERVER, stride=8, msl=1, abort=False)),
    "draining": Profile(replace(_CLIENT_SERVER, incarnations=1, msl=2, span=1, abort=False)),
    "draining-again": Profile(replace(_CLIENT_SERVER, stride=8, msl=2, span=1, abort=False)),
    "half-open": Profile(_HALF_OPEN),
    "half-open-stamps": Profile(replace(_HALF_OPEN, stamps=2)),
    "half-open-crash": Profile(replace(_HALF_OPEN, abort=False, crashes=1)),
    "conduct": Profile(replace(_SMALL, incarnations=1, user_timeout=True), (Conduct(),)),
    "conduct-text": Profile(
        replace(_TEXT, window=1, octets=2, a_sends=False, urgent=True),
        (Conduct(),),
    ),
    "conduct-time": Profile(
        replace(
            _CLIENT_SERVER,
            incarnations=1,
            msl=2,
            span=2,
            user_timeout=True,
            crashes=1,
        ),
        (Conduct(),),
    ),
    "conduct-alive": Profile(replace(_ALIVE, close=True, keep_alive_idle=1), (Conduct(),)),
    "conduct-probes": Profile(
        replace(_TEXT, octets=2, window=1, b_sends=False, in_flight=1, msl=1, span=1), (Conduct(),)
    ),
    "conduct-syn": Profile(_TEXT_ON_SYN, (Conduct(),)),
    "conduct-packed": Profile(
        replace(
            _CLIENT_SERVER,
            incarnations=1,
            capacity=1,
            window=2,
            octets=2,
            packed=True,
            a_sends=False,
            send_window=True,
        ),
        (Conduct(),),
    ),
    "conduct-reopened": Profile(
        replace(_CLIENT_SERVER, capacity=1, stride=3, msl=1, span=1), (Conduct(),)
    ),
    "conduct-old": Profile(replace(_CLIENT_SERVER, window=2, stride=1), (Conduct(),)),
    "conduct-edge": Profile(replace(_CLIENT_SERVER, window=1, stride=1), (Conduct(),)),
    "backlog": Profile(
        replace(_LISTENER, incarnations=1, strangers=True, neighbours=True), (Agreement(),)
    ),
    "accepting": Profile(_ACCEPTING, (Streams(),)),
    "accepting-lossless": Profile(replace(_ACCEPTING, **_RELIABLE), (Streams(),)),
    "server-first": Profile(
        replace(_LISTENER, close=False, incarnations=1, octets=1, a_sends=False)
    ),
    "flood": Profile(
        replace(_LISTENER, close=False, incarnations=1, strangers=True, octets=1, b_sends=False)
    ),
    "cookies": Profile(replace(_COOKIES, octets=1, b_sends=False), (Agreement(), Once())),
    "cookies-again": Profile(replace(_COOKIES, send_window=False), (Agreement(),)),
    "cookies-chance": Profile(replace(_COOKIES, send_window=False, secret=0), (Agreement(),)),
    "cookies-time": Profile(
        replace(
            _COOKIES,
            in_flight=1,
            send_window=False,
            close=False,
            abort=True,
            msl=2,
            cookie_life=2,
            cookie_memory=2,
        ),
        (Agreement(),),
    ),
    "cookies-flood": Profile(replace(_COOKIES, octets=1, b_sends=False, strangers=True), (Once(),)),
    "listener-closes": Profile(_CLOSES),
    "listener-closes-full": Profile(replace(_CLOSES, neighbours=True)),
    "fast-open-flood": Profile(replace(_FAST_OPEN, incarnations=1, in_flight=1, strangers=True)),
    "fast-open": Profile(replace(_FAST_OPEN, stride=3), (Agreement(), Once())),
    "forgery-listener": Profile(
        replace(_LISTENER, incarnations=1, in_flight=1, forged=True, forged_opening=True),
        (Forgery(),),
    ),
    "keep-alive": Profile(_ALIVE, (Silence(),)),
    "keep-alive-text": Profile(replace(_TEXT, b_sends=False), (Streams(),)),
    "keep-alive-wait": Profile(replace(_ALIVE, keep_alive_idle=1)),
    "nat": Profile(replace(_ALIVE, keep_alive_idle=1, nat_timeout=2)),
    "reused": Profile(replace(_REUSED, stamps=2), (Once(),)),
    "reused-early": Profile(
        replace(
            _LISTENER,
            capacity=1,
            in_flight=1,
            stride=3,
            octets=1,
            a_sends=False,
            **_LOSSLESS,
        ),
        (Once(), Streams()),
    ),
    "reused-plain": Profile(_REUSED, (Once(),)),
    "reused-resets": Profile(
        replace(_REUSED, abort=True, octets=0, send_window=False, stamps=2), (Crossing(),)
    ),
    "idle": Profile(
        replace(
            _CLIENT_SERVER,
            abort=False,
            close=False,
            listen_open=False,
            incarnations=1,
            capacity=1,
            window=1,
            octets=1,
            b_sends=False,
            send_window=True,
            msl=1,
            stamps=4,
            stamps_wrap=True,
            recent_life=2,
        ),
        (Streams(), Stamped()),
    ),
    "recycling": Profile(replace(_LISTENER, close=False, incarnations=1, stamps=2, nat=True)),
    "transfer": Profile(_TRANSFER, (Octets(), Pace(), Course(), Flow())),
    "transfer-losses": Profile(_TRANSFER, (Losses(),)),
    "transfer-samples": Profile(_TRANSFER, (Samples(),)),
    "transfer-segments": Profile(replace(_TRANSFER, mss=2, write=1), (Pace(), Course(), Flow())),
    "transfer-wide": Profile(
        replace(_TRANSFER, window=6, octets=6, write=6, initial_window=6, capacity=1),
        (Pace(), Course(), Flow()),
    ),
    "transfer-shut": Profile(replace(_TRANSFER, width=4, window=2, mss=2)),
    "transfer-silly": Profile(
        replace(_TRANSFER, mss=2, octets=6, write=6, read=1, capacity=1), (Pace(), Flow())
    ),
    "transfer-endless": Profile(
        replace(
            _TRANSFER,
            width=4,
            mss=2,
            octets=2,
            write=2,
            read=1,
            capacity=1,
            duplicate=False,
            endless=True,
        )
    ),
    "transfer-shrinks": Profile(
        replace(_TRANSFER, width=4, window=2, octets=2, write=2, shrinks=True), (Octets(),)
    ),
    "transfer-sack": Profile(_REPORTS, (Octets(),)),
    "transfer-idle": Profile(
        replace(
            _TRANSFER, width=4, octets=7, write=1, clamp=4, capacity=1, idles=True, **_LOSSLESS
        ),
        (Bursts(), Pace(), Course()),
    ),
    "transfer-ahead": Profile(
        replace(
            _TRANSFER,
            width=4,
            window=3,
            octets=3,
            write=3,
            clamp=4,
            capacity=1,
            duplicate=False,
            ahead=True,
        ),
        (Octets(), Pace()),
    ),
    "transfer-urgent": Profile(
        replace(_TRANSFER, width=4, window=2, octets=2, write=1, urgent=True, capacity=1),
        (Octets(),),
    ),
    "transfer-close": Profile(
        replace(_TRANSFER, width=4, window=2, mss=2, octets=2, write=2, close=True, capacity=1),
        (Streams(), Flow()),
    ),
    "transfer-abort": Profile(
        replace(_TRANSFER, width=4, window=1, octets=1, write=1, clamp=2, abort=True, **_LOSSLESS)
    ),
    "transfer-gone": Profile(
        replace(_TRANSFER, width=4, window=1, octets=2, write=2, clamp=2, capacity=1, abort=True)
    ),
    "transfer-lossless": Profile(replace(_TRANSFER, **_AT_ONCE, width=4, window=2, clamp=4)),
    "transfer-prompt": Profile(replace(_TRANSFER, **_AT_ONCE, mss=2, write=1)),
    "transfer-scaled": Profile(
        replace(_TRANSFER, **_AT_ONCE, mss=2, octets=6, write=6, shift=2), (Flow(),)
    ),
    "transfer-rescaled": Profile(
        replace(_TRANSFER, width=4, mss=2, octets=6, write=6, clamp=4, shift=2, capacity=1)
    ),
    "transfer-overtaken": Profile(replace(_TRANSFER, **_AT_ONCE, initial_window=4)),
    "flow-shut": Profile(replace(_TRANSFER, width=4, base=13, window=2, mss=2), (Flow(),)),
    "flow-shrinks": Profile(
        replace(_TRANSFER, width=4, base=13, window=2, octets=2, write=2, shrinks=True), (Flow(),)
    ),
    "flow-sack": Profile(_REPORTS, (Flow(),)),
    "flow-odd": Profile(replace(_TRANSFER, width=4, window=3, mss=2), (Flow(),)),
    "flow-again": Profile(
        replace(
            _TRANSFER,
            **_LOSSLESS,
            width=4,
            stride=3,
            window=1,
            octets=1,
            write=1,
            clamp=2,
            capacity=1,
            abort=True,
            incarnations=2,
        ),
        (Flow(),),
    ),
    "refined": Profile(_TRANSFER, (Refinement(),)),
    "refined-segments": Profile(replace(_TRANSFER, mss=2, write=1), (Refinement(),)),
    "refined-shut": Profile(replace(_TRANSFER, window=2), (Refinement(),)),
    "refined-sack": Profile(_REPORTS, (Refinement(),)),
    "refined-closing": Profile(
        replace(_TRANSFER, window=2, octets=2, write=2, clamp=2, capacity=1, close=True),
        (Refinement(),),
    ),
    "http-1.0": Profile(_HTTP_1_0, (Agreement(), Streams())),
    "http-kept": Profile(replace(_HTTP, incarnations=2), (Agreement(), Streams())),
    "http-pipelined": Profile(replace(_HTTP, incarnations=2, pipelined=True), (Agreement(),)),
    "http-idle-both": Profile(replace(_HTTP, client_idle=1, server_idle=1)),
    "http-idle": Profile(_HTTP_IDLE),
    "http-idle-response": Profile(replace(_HTTP_IDLE, client_idle=3)),
    "http-idle-request": Profile(replace(_HTTP_IDLE, client_idle=3, idle_from_request=True)),
    "http-idle-lost": Profile(replace(_HTTP_IDLE, span=2, lose=True)),
    "http-restart": Profile(replace(_HTTP, octets=1, requests=1, server_idle=1, abort=True)),
    "http-retry": Profile(_HTTP_AGAIN),
    "http-retry-pipelined": Profile(replace(_HTTP_AGAIN, pipelined=True)),
    "http-retry-restart": Profile(replace(_HTTP_AGAIN, abort=True)),
    "http-unread": Profile(_HTTP_UNREAD, (Streams(),)),
    "http-lingers": Profile(replace(_HTTP_UNREAD, lingers=True), (Streams(),)),
    "http-whole": Profile(replace(_HTTP_UNREAD, pipelined=False)),
    "http-cookies": Profile(replace(_COOKIES, octets=1, requests=1, kept=False)),
    "http-pool": Profile(_HTTP_POOL),
    "http-pool-watched": Profile(replace(_HTTP_POOL, watches=True)),
    "http-pool-idle": Profile(replace(_HTTP_POOL, client_idle=1)),
    "endings": Profile(replace(_SMALL, incarnations=1, user_timeout=True), (Endings(),)),
    "forgery": Profile(replace(_SMALL, incarnations=1, in_flight=1, forged=True), (Forgery(),)),
    "forgery-opening": Profile(
        replace(_SMALL, incarnations=1, in_flight=1, forged=True, forged_opening=True),
        (Forgery(),),
    ),
    "forgery-calling": Profile(
        replace(_SMALL, incarnations=1, in_flight=1, forged=True, forged_calling=True),
        (Forgery(),),
    ),
}
"""The profiles, by the name that a claim gives."""

PURPOSES = {
    "handshake": "who agrees with whom, from any mix of opens. No time: segments live for ever. "
    "No CLOSE: ABORT ends a connection in any state, and the closing states are in lifecycle",
    "lifecycle": "the same from client and server through the whole lifecycle, with CLOSE and "
    "ABORT",
    "stale": "stale SYNs, whoever hears them, from any mix of opens. No ABORT: an end that aborts "
    "once it has heard its peer's SYN leaves a stale one behind that both had agreed upon",
    "stale-far": "the same with ISNs half the sequence space apart",
    "simultaneous": "active opens only: simultaneous open, with ISNs within one window of each "
    "other",
    "simultaneous-far": "the same with ISNs half the sequence space apart",
    "crossing": "segments of an earlier TCB that are still about when the next one is "
    "established, from any mix of opens, closes and aborts",
    "crossing-far": "the same with ISNs half the sequence space apart",
    "reopening": "a SYN reopens from TIME-WAIT if it is above what was received. SYN and FIN "
    "take two numbers, so that a fresh ISN that is to be above both is three above the last",
    "time": "TIME-WAIT. Graceful closes only, and nobody gives up: both are assumptions of T3 "
    "and T4. MSL = 2 is the least at which a segment can be delayed at all (lifetimes are "
    "exclusive)",
    "time-over": "the same, and a connection is over if the peer went later than TIME-WAIT, too",
    "time-giving-up": "TIME-WAIT where users may give up, after R = 2 MSL at the earliest",
    "time-giving-up-soon": "the same where users may give up, after R = 2 MSL less one tick",
    "hazard": "RFC 1337's hazards, with an octet that an assassinated TIME-WAIT leaves behind. "
    "They take no time, so that MSL = 1 shows them, and no retransmission",
    "abort": "TIME-WAIT after ABORT",
    "crash": "a crash of the client, and what it sent before. Users only open: CLOSE and ABORT "
    "would free the sequence numbers too, which is another claim",
    "stream": "octets both ways over one connection, to its end",
    "stream-syn": "an octet that comes with a SYN. A passive end that is given one to SEND opens",
    "stream-packed": "two octets in a segment, and FIN with them: what is sent again may be in "
    "part known",
    "reuse": "octets of one connection while another's are still about. SYN, octet and FIN take "
    "three numbers, so that fresh ISNs are three apart",
    "garbage": "the same with keep-alives, which are many more segments",
    "window": "a receive buffer of one octet and two to send: zero windows and their probes",
    "rest": "every way to open and to end one connection: where can it come to rest?",
    "once": "liveness: one TCB at each host, opened and ended in every way, so that whatever "
    "goes wrong is of its own making. The graph of all steps is held, so that this stays small",
    "closing": "the same without ABORT, as a close should be",
    "closing-text": "the same with two octets from the client, and room for both",
    "delivering": "two octets from the server, and room for one: a shut window, its probes, and "
    "what was delivered",
    "closing-giving-up": "closing where users may give up",
    "opening": "liveness: two TCBs at each host, with ISNs far apart, as most are. Near ones "
    "hide what goes wrong: what is of another connection is then in the window",
    "giving-up": "the same where users may give up",
    "packet-war": "a window of one and an octet each way: either end may stand beyond the "
    "other's window",
    "waiting": "TIME-WAIT with the least time that there is: MSL = 1, so that nothing outlives a "
    "tick",
    "draining": "TIME-WAIT with MSL = 2, so that an exchange can go on from one tick to the "
    "next: of one connection",
    "draining-again": "the same while the peer opens another",
    "half-open": "a client with an octet to send, and a peer that aborts",
    "half-open-stamps": "the same with timestamps",
    "half-open-crash": "a client with an octet to send that crashes",
    "conduct": "how a TCB behaves at each step, through every way to open and to end a connection",
    "conduct-text": "the same with two octets from a passive end, some urgent, and a window of one",
    "conduct-time": "the same with time, and R two ticks long, so that it is seen to run",
    "conduct-alive": "the same with keep-alives, which begin after a tick",
    "conduct-probes": "the same with two octets, room for one, and time: R of the probes of a shut "
    "window",
    "conduct-syn": "the same with an octet on a SYN",
    "conduct-packed": "the same with two octets in a segment, and FIN with them: what is sent "
    "again may be in part known, and reach beyond the window",
    "conduct-reopened": "the same with time and a second connection, which reopens the first",
    "conduct-old": "the same with segments of an earlier connection, whose ISNs come again or "
    "are next to them: at the left edge of a window, and just outside",
    "conduct-edge": "the same where the window is one number wide: at both of its edges",
    "backlog": "a client, and a listener whose queues others fill: SYNs of a flood the one, other "
    "clients' connections the other",
    "accepting": "a client with an octet to send, and an accept queue that other clients fill",
    "accepting-lossless": "the same where the channel neither loses nor duplicates, with room for "
    "all that is sent, if a SYN is sent once",
    "server-first": "a client that waits for the server to speak first, and a listener",
    "flood": "a client with an octet to send, and a listener under a flood of SYNs",
    "cookies": "octets of one connection through a listener, while segments of another are still "
    "about. Fresh ISNs are three apart, as in reuse; a window of one keeps it small",
    "cookies-again": "connections without data through a listener, one after the other",
    "cookies-chance": "the same, where the first ISN of the server happens to be what a cookie "
    "would be",
    "cookies-time": "a client that aborts, with time: a cookie is good for two minutes, which are "
    "ticks here, and segments live as long",
    "cookies-flood": "the same with a flood, which a listener needs that sends cookies only when "
    "its SYN queue is full",
    "listener-closes": "a listener that is closed, and a channel that neither loses nor "
    "duplicates, with room for all that is sent",
    "listener-closes-full": "the same, and an accept queue that other clients fill",
    "fast-open-flood": "an octet on a SYN to a listener, and SYNs from nobody",
    "fast-open": "an octet on a SYN to a listener, and a second connection",
    "forgery-listener": "an off-path sender that guesses, but misses, and a listener's request",
    "keep-alive": "an idle connection with keep-alive: two ticks of silence, then two probes, one "
    "tick apart. MSL = 1, so that nothing outlives a tick",
    "keep-alive-text": "an octet and keep-alives that may have one",
    "keep-alive-wait": "the same with a tick of silence before the first probe, which is less than "
    "TIME-WAIT",
    "nat": "the same with NATs that forget a connection after two ticks of silence, one more than "
    "there are before and between probes",
    "reused": "octets of a client's connection and of one that takes its sockets from TIME-WAIT. "
    "The channel loses nothing, segments live for ever, and the timestamp clocks tick once: what "
    "takes no tick and what takes one can both be told",
    "reused-early": "a client that closes and opens again, and a server that has an octet to send",
    "reused-plain": "the same as reused without timestamps",
    "reused-resets": "the same as reused with ABORT, and nothing to send",
    "idle": "a client with an octet to send after a long silence, and timestamp clocks that begin "
    "again. TS.Recent is valid for half of their values. MSL = 1, so that nothing outlives a tick",
    "recycling": "a client that opens, a listener, and other hosts behind the client's NAT, any "
    "number of them, whose timestamp clocks are ahead",
    "transfer": "octets over one connection whose ends have a data plane: a window of four "
    "segments, so that three ACKs can be duplicates. B reads, and sends nothing",
    "transfer-losses": "the same, to see which losses are of one flight",
    "transfer-samples": "the same, to see what the round trip is measured by",
    "transfer-segments": "the same with segments of two octets, written one at a time",
    "transfer-wide": "six segments in a window, all sent at first (RFC 6928 allows ten)",
    "transfer-shut": "a window of one segment, and two to send: it is shut, and probed",
    "transfer-silly": "segments of two octets, a window of two segments, and a user that reads an "
    "octet at a time",
    "transfer-endless": "segments of two octets without end, a window of two segments, and a user "
    "that reads an octet at a time",
    "transfer-shrinks": "a window that may shrink",
    "transfer-sack": "three octets sent at once, and a receiver that reports what it holds, and "
    "may forget it",
    "transfer-idle": "octets written one at a time, with as much time between them as you like, "
    "over a channel that loses only what is too much for it",
    "transfer-ahead": "three octets, and a receiver that acknowledges what has not come",
    "transfer-urgent": "octets that may be urgent",
    "transfer-close": "a segment of two octets, and closes",
    "transfer-abort": "a window of one, and aborts, where nothing is lost",
    "transfer-gone": "a window of one, two octets to send, and aborts, over any channel",
    "transfer-lossless": "a window of two segments where the channel neither loses nor duplicates, "
    "with room for all that is sent",
    "transfer-prompt": "segments of two octets, written one at a time, over such a channel",
    "transfer-scaled": "the same with a window of two segments, which is scaled by its own size: "
    "it is offered whole, or not at all",
    "transfer-rescaled": "the same over any channel",
    "transfer-overtaken": "four segments sent at once over such a channel, which may overtake",
    "flow-shut": "the same as transfer-shut, to see whether all is sent and acknowledged that is "
    "due. Numbers begin just below the wrap",
    "flow-shrinks": "the same as transfer-shrinks, to see that",
    "flow-sack": "the same as transfer-sack, to see that",
    "flow-odd": "a window of a segment and a half",
    "flow-again": "an octet of each of two connections, one after the other, where nothing is lost",
    "refined": "the same as transfer, to see whether each step is one of the lifecycle",
    "refined-segments": "the same with segments of two octets, written one at a time",
    "refined-shut": "the same as refined with a window of two segments, which shuts",
    "refined-sack": "the same as transfer-sack, to see whether each step is one of the lifecycle",
    "refined-closing": "the same with two segments, and the connection closes",
    "http-1.0": "a client with two requests, and a server that closes after each response",
    "http-kept": "two requests on one connection, which the client closes",
    "http-pipelined": "the same, and no request waits for the response to another",
    "http-idle-both": "two requests on one connection, which either end closes when it is idle. No "
    "time: whenever it likes",
    "http-idle": "the same with time: a delay of a tick, and idle limits of two ticks at the "
    "client and four at the server. A segment is sent again in the tick that it was sent in, or "
    "never",
    "http-idle-response": "the same with an idle limit of three ticks at the client",
    "http-idle-request": "the same, counted from the client's last request",
    "http-idle-lost": "http-idle with a tick for retransmissions",
    "http-restart": "a request to a server that closes when it is idle, or whose process ends at "
    "any time",
    "http-retry": "two requests to a server that closes when it is idle, from a client that asks "
    "again what was not answered",
    "http-retry-pipelined": "the same, and no request waits for the response to another",
    "http-retry-restart": "http-retry, and the server's process may end at any time",
    "http-unread": "two requests, of which neither waits for a response, to a server that answers "
    "the first and closes: the second may also be the rest of the first, which nobody reads",
    "http-lingers": "the same, and the server reads on until the client closes",
    "http-whole": "the same as http-unread, and the client waits for the response",
    "http-cookies": "a request to a server that answers and closes, through a listener, twice as "
    "many TCBs, and room for their ISNs. See cookies",
    "http-pool": "a client that may keep a connection for a request that never comes, and does not "
    "watch it, and a server that closes it when it is idle",
    "http-pool-watched": "the same, and the client watches it",
    "http-pool-idle": "the same as http-pool, and the client closes what is idle, too",
    "endings": "who learns that a connection has ended, through every way to end it",
    "forgery": "an off-path sender that guesses, but misses",
    "forgery-opening": "the same with forged segments already in SYN-RECEIVED",
    "forgery-calling": "the same with forged segments already in SYN-SENT, but not in SYN-RECEIVED",
}
"""What each profile is for."""

_LIVE = (
    "opening",
    "giving-up",
    "waiting",
    "draining-again",
    "half-open",
    "half-open-stamps",
    "half-open-crash",
    "packet-war",
)
"""Profiles of liveness that have two segments in flight at the usual scale too."""

_LONG = (
    "hazard",
    "reuse",
    "garbage",
    "stale",
    "stale-far",
    "time-over",
    "time-giving-up",
    "time-giving-up-soon",
    "cookies",
    "cookies-again",
    "cookies-chance",
    "cookies-time",
    "cookies-flood",
    "fast-open-flood",
    "fast-open",
    "reused",
    "reused-early",
    "reused-plain",
    "reused-resets",
    "idle",
    "conduct-alive",
    "conduct-probes",
    "http-retry-pipelined",
)
"""Those that stay small at the usual scale: they have many pairs of ends."""

_TRANSFERS = tuple(
    profile for profile in PROFILES if profile.startswith(("transfer", "flow-", "refined"))
)
"""Those with a data plane, whose bounds are as large as they are by design; so do they."""

_LIVE_ONCE = (
    "once",
    "closing",
    "closing-text",
    "closing-giving-up",
    "delivering",
    "draining",
    "flood",
    "recycling",
)
"""Those that have three there, since they are of one connection."""

_WIDE = (
    "lifecycle",
    "simultaneous",
    "simultaneous-far",
    "crossing",
    "crossing-far",
    "reopening",
    "abort",
    "conduct-old",
    "conduct-edge",
    "http-retry",
    "http-retry-restart",
)
"""Others that have three there: they begin or follow each other in many ways. Four are thorough."""

SCALES: dict[str, dict[str, dict[str, Any]]] = {
    # As above: the least at which every ablation shows. For diagrams, symbolic search, other
    # people's checkers, and the reference explorer.
    "small": {},
    # Four segments in flight, or three where there are many ways to begin; of liveness, three or
    # two; and two of what takes long: octets of a connection that follows another, users who give
    # up, and all ways to open and end at once. "stream" has an octet each way, and three.
    "usual": {
        **{profile: {"in_flight": 4} for profile in PROFILES},
        **{profile: {} for profile in _LIVE},
        **{profile: {"in_flight": 3} for profile in (*_LIVE_ONCE, *_WIDE)},
        "stream": {"in_flight": 3, "capacity": 2},
        "window": {"in_flight": 4, "capacity": 2},
        "once": {},
        **{profile: {} for profile in (*_LONG, *_TRANSFERS)},
    },
    # What takes minutes, beside what is usual: closes after every mix of opens, octets each way
    # before TIME-WAIT (with two segments in flight), two octets each way (with three), a window for
    # both, four segments in flight of connections that follow each other; of liveness, four of one
    # connection and three of two.
    "thorough": {
        **{profile: {"in_flight": 4} for profile in PROFILES},
        **{profile: {"in_flight": 3} for profile in _LIVE},
        "handshake": {"in_flight": 4, "close": True},
        "stream": {"in_flight": 3, "capacity": 2, "octets": 2},
        "window": {"in_flight": 4, "capacity": 2, "b_sends": True},
        "reuse": {"in_flight": 4, "capacity": 2},
        "time": {"in_flight": 2, "octets": 1, "send_window": True, "stride": 3},
        "hazard": {},
        "garbage": {},
        "cookies": {"in_flight": 3},
        "cookies-chance": {"in_flight": 3},
        "cookies-time": {"in_flight": 2},
        "fast-open-flood": {"in_flight": 3},
        "cookies-flood": {},
        "fast-open": {"in_flight": 3},
        "reused": {"in_flight": 3},
        **{profile: {} for profile in _TRANSFERS},
        "transfer": {"in_flight": 3},
        "transfer-shut": {"in_flight": 4},
        "transfer-silly": {"in_flight": 3, "capacity": 2},
        "transfer-shrinks": {"in_flight": 3},
        "transfer-sack": {"in_flight": 3},
        "http-retry": {"in_flight": 3},
        "http-retry-restart": {"in_flight": 3},
        "http-retry-pipelined": {},
        **{profile: {} for profile in ("time-over", "time-giving-up", "time-giving-up-soon")},
    },
}
"""What is larger in each profile, by the scale at which claims are checked."""
