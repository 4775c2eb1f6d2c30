"""Every finite bound of an exploration, with its reason, and the profiles that claims name.

What an exploration says, it says *up to these bounds*. A profile keeps what a family of
claims can depend on and drops the rest: time where no claim speaks of time (segments then
live for ever, which is the stronger adversary), data where none speaks of data. A ghost
that no claim of the profile reads is not recorded; this cannot hide behaviour, since no
rule reads any ghost (``tests/spec/observe/test_ghosts.py``).
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from spec.observe.agreement import Agreement
from spec.observe.conduct import Conduct
from spec.observe.confusion import Confusion
from spec.observe.crossing import Crossing
from spec.observe.forgery import Forgery
from spec.observe.stale import Stale
from spec.observe.streams import Streams
from spec.observe.watcher import Watcher


def _bound(default: Any, low: int, high: int, reason: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "reason": reason})


def _flag(default: bool, reason: str) -> Any:
    return field(default=default, metadata={"low": 0, "high": 1, "reason": reason})


@dataclass(frozen=True, slots=True)
class Bounds:
    """One choice for every bound. Times are in ticks, windows and strides in octets."""

    # Sequence space
    width: int = _bound(3, 3, 32, "bits of a sequence number; 8 numbers hold four windows of two")
    window: int = _bound(
        2,
        1,
        1 << 16,
        "receive buffer; two is the least in which 'in the window' and 'at its left edge' differ",
    )
    base: int = _bound(
        0,
        0,
        1 << 31,
        "each host's first ISN; only its distance from the constant SEQ=0 of some "
        "resets can matter",
    )
    stride: int = _bound(
        2,
        1,
        1 << 31,
        "from one fresh ISN to the next; two is the least that leaves room for SYN "
        "and FIN, and is within one window of the last (near); half the space is far",
    )
    # Connections
    incarnations: int = _bound(
        2,
        1,
        3,
        "TCBs that each host may make of the same pair of sockets; two, so that one "
        "can be mistaken for the other. Proofs put 0: no bound",
    )
    capacity: int = _bound(
        2, 1, 8, "segments in flight in each direction; two, so that one can overtake another"
    )
    in_flight: int = _bound(4, 1, 16, "segments in flight in both directions together")
    octets: int = _bound(0, 0, 2, "octets that SEND may be given on each connection")
    send_window: bool = _flag(
        True,
        "SND.WND, SND.WL1 and SND.WL2 are kept; off only where nobody may SEND, since only "
        "the sending of text reads them",
    )
    # Users
    a_active: bool = _flag(True, "A may call active OPEN")
    a_passive: bool = _flag(True, "A may call passive OPEN")
    b_active: bool = _flag(True, "B may call active OPEN")
    b_passive: bool = _flag(True, "B may call passive OPEN")
    a_sends: bool = _flag(True, "A may call SEND")
    b_sends: bool = _flag(True, "B may call SEND")
    listen_open: bool = _flag(True, "a LISTEN may be turned into an active open")
    close: bool = _flag(True, "users may call CLOSE")
    abort: bool = _flag(True, "users may call ABORT")
    urgent: bool = _flag(False, "SEND may be URGENT")
    user_timeout: bool = _flag(False, "the user timeout may expire; off, nobody gives up")
    # Time
    msl: int = _bound(
        0, 0, 8, "maximum segment lifetime; 0: no time at all, segments live for ever"
    )
    span: int = _bound(0, 0, 8, "R: ticks for which a segment is retransmitted (with time only)")
    # Faults
    duplicate: bool = _flag(True, "the channel may duplicate")
    lose: bool = _flag(True, "the channel may lose")
    crashes: int = _bound(0, 0, 2, "crashes of host A")
    forged: bool = _flag(False, "an off-path sender injects segments at B")
    # Ghosts that are recorded
    watch_agreement: bool = _flag(False, "history of (ISS, IRS)")
    watch_stale: bool = _flag(False, "SYNs whose sender had given up")
    watch_confusion: bool = _flag(False, "acceptance of segments of an earlier incarnation")
    watch_streams: bool = _flag(False, "octets delivered, and how TCBs ended")
    watch_forgery: bool = _flag(False, "effects of forged segments")
    watch_crossing: bool = _flag(
        False, "acceptance of an earlier TCB's segments, whether it is over or not"
    )
    watch_conduct: bool = _flag(False, "steps that do what the RFC's overviews rule out")


LIMITS = {f.name: f for f in dataclasses.fields(Bounds)}
"""Field of each bound by name; ``.metadata`` has ``low``, ``high`` and ``reason``."""


_SMALL = Bounds(width=4, window=3, in_flight=2, send_window=False)
"""16 sequence numbers hold four windows of three; ISNs two apart are within one window."""

_CLIENT_SERVER = dataclasses.replace(_SMALL, a_passive=False, b_active=False)
"""A opens actively, B passively (and may turn its LISTEN into an active open by SEND)."""

_SIMULTANEOUS = dataclasses.replace(
    _SMALL, a_passive=False, b_passive=False, abort=False, watch_agreement=True, watch_stale=True
)
_TIMED = dataclasses.replace(_CLIENT_SERVER, msl=2, span=1, watch_confusion=True)

PROFILES = {
    # Who agrees with whom, from any mix of opens. No time: segments live for ever. No CLOSE:
    # ABORT ends a connection in any state, and the closing states are in "lifecycle".
    "handshake": dataclasses.replace(_SMALL, close=False, watch_agreement=True, watch_stale=True),
    # The same from client and server through the whole lifecycle, with CLOSE and ABORT.
    "lifecycle": dataclasses.replace(_CLIENT_SERVER, watch_agreement=True, watch_stale=True),
    # Active opens only: simultaneous open, with ISNs within one window of each other ...
    "simultaneous": _SIMULTANEOUS,
    # ... and half the sequence space apart.
    "simultaneous-far": dataclasses.replace(_SIMULTANEOUS, stride=8),
    # Segments of an earlier TCB that are still about when the next one is established, from any mix
    # of opens, closes and aborts ...
    "crossing": dataclasses.replace(_SMALL, watch_crossing=True),
    # ... and with ISNs half the sequence space apart.
    "crossing-far": dataclasses.replace(_SMALL, watch_crossing=True, stride=8),
    # A SYN reopens from TIME-WAIT if it is above what was received: SYN and FIN take two numbers,
    # so that a fresh ISN that is to be above both is three above the last.
    "reopening": dataclasses.replace(_CLIENT_SERVER, watch_crossing=True, stride=3),
    # TIME-WAIT. Graceful closes only, and nobody gives up: both are assumptions of T3 and T4.
    # MSL = 2 is the least at which a segment can be delayed at all (lifetimes are exclusive).
    "time": dataclasses.replace(_TIMED, abort=False),
    # RFC 1337's hazards, with an octet that an assassinated TIME-WAIT leaves behind. They take no
    # time, so that MSL = 1 shows them, and no retransmission.
    "hazard": dataclasses.replace(
        _TIMED,
        abort=False,
        listen_open=False,
        msl=1,
        span=0,
        stride=3,
        octets=1,
        b_sends=False,
        send_window=True,
        watch_streams=True,
    ),
    # TIME-WAIT after ABORT.
    "abort": dataclasses.replace(_TIMED, close=False),
    # A crash of the client, and what it sent before. Users only open: CLOSE and ABORT would
    # free the sequence numbers too, which is another claim.
    "crash": dataclasses.replace(_TIMED, close=False, abort=False, user_timeout=True, crashes=1),
    # Octets both ways over one connection, to its end.
    "stream": dataclasses.replace(
        _CLIENT_SERVER,
        abort=False,
        incarnations=1,
        capacity=1,
        octets=1,
        send_window=True,
        watch_streams=True,
    ),
    # Octets of one connection while another's are still about: SYN, octet and FIN take three
    # numbers, so that fresh ISNs are three apart.
    "reuse": dataclasses.replace(
        _CLIENT_SERVER,
        capacity=1,
        stride=3,
        octets=1,
        b_sends=False,
        send_window=True,
        watch_streams=True,
    ),
    # A receive buffer of one octet and two to send: zero windows and their probes.
    "window": dataclasses.replace(
        _CLIENT_SERVER,
        abort=False,
        incarnations=1,
        capacity=1,
        window=1,
        octets=2,
        b_sends=False,
        send_window=True,
    ),
    # Every way to open and to end one connection: where can it come to rest?
    "rest": dataclasses.replace(_SMALL, incarnations=1),
    # Liveness. The graph of all steps is held, so that these stay small at every scale. One TCB at
    # each host, opened and ended in every way: whatever goes wrong is of its own making ...
    "once": dataclasses.replace(_SMALL, incarnations=1, watch_stale=True),
    # ... the same without ABORT, as a close should be.
    "closing": dataclasses.replace(_SMALL, incarnations=1, abort=False),
    # ... and the same where users may give up.
    "closing-giving-up": dataclasses.replace(
        _SMALL, incarnations=1, abort=False, user_timeout=True
    ),
    # Two TCBs at each host, with ISNs far apart, as most are. Near ones hide what goes wrong: what
    # is of another connection is then in the window.
    "opening": dataclasses.replace(_SMALL, close=False, stride=8, watch_stale=True),
    # The same where users may give up.
    "giving-up": dataclasses.replace(_SMALL, close=False, stride=8, user_timeout=True),
    # TIME-WAIT with the least time that there is: MSL = 1, so that nothing outlives a tick.
    "waiting": dataclasses.replace(_CLIENT_SERVER, stride=8, msl=1, abort=False),
    # TIME-WAIT with MSL = 2, so that an exchange can go on from one tick to the next: of one
    # connection, and while the peer opens another.
    "draining": dataclasses.replace(_CLIENT_SERVER, incarnations=1, msl=2, span=1, abort=False),
    "draining-again": dataclasses.replace(_CLIENT_SERVER, stride=8, msl=2, span=1, abort=False),
    # A client with an octet to send, and a peer that aborts ...
    "half-open": dataclasses.replace(
        _CLIENT_SERVER, close=False, stride=8, octets=1, b_sends=False, send_window=True
    ),
    # ... or a client that crashes.
    "half-open-crash": dataclasses.replace(
        _CLIENT_SERVER,
        close=False,
        abort=False,
        stride=8,
        octets=1,
        b_sends=False,
        send_window=True,
        crashes=1,
    ),
    # How a TCB behaves at each step: through every way to open and to end a connection, ...
    "conduct": dataclasses.replace(_SMALL, incarnations=1, user_timeout=True, watch_conduct=True),
    # ... with two octets from a passive end, some urgent, and a window of one, ...
    "conduct-text": dataclasses.replace(
        _CLIENT_SERVER,
        abort=False,
        incarnations=1,
        capacity=1,
        window=1,
        octets=2,
        a_sends=False,
        urgent=True,
        send_window=True,
        watch_conduct=True,
    ),
    # ... and with time.
    "conduct-time": dataclasses.replace(
        _CLIENT_SERVER,
        incarnations=1,
        msl=2,
        span=1,
        user_timeout=True,
        crashes=1,
        watch_conduct=True,
    ),
    # ... and with segments of an earlier connection, whose ISNs come again or are next to them:
    # at the left edge of a window, just outside, and, where the window is one number wide, at
    # both edges.
    "conduct-old": dataclasses.replace(_CLIENT_SERVER, window=2, stride=1, watch_conduct=True),
    "conduct-edge": dataclasses.replace(_CLIENT_SERVER, window=1, stride=1, watch_conduct=True),
    # An off-path sender that guesses, but misses.
    "forgery": dataclasses.replace(
        _SMALL, incarnations=1, in_flight=1, forged=True, watch_forgery=True
    ),
}
"""The profiles, by the name that a claim gives."""

_LIVE = ("opening", "giving-up", "waiting", "draining-again", "half-open", "half-open-crash")
"""Profiles of liveness that have two segments in flight at the usual scale too."""

_LIVE_ONCE = ("once", "closing", "closing-giving-up", "draining")
"""Those that have three there, since they are of one connection."""

SCALES: dict[str, dict[str, dict[str, Any]]] = {
    # As above: the least at which every ablation shows. For diagrams, symbolic search, other
    # people's checkers, and the reference explorer.
    "small": {},
    # Four segments in flight; of liveness, three or two. "stream" and "reuse" carry an octet each
    # way, "reuse" with one segment each way in flight.
    "usual": {
        **{profile: {"in_flight": 4} for profile in PROFILES},
        **{profile: {} for profile in _LIVE},
        **{profile: {"in_flight": 3} for profile in _LIVE_ONCE},
        "stream": {"in_flight": 4, "capacity": 2},
        "window": {"in_flight": 4, "capacity": 2},
        "reuse": {"b_sends": True},
        "hazard": {},
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
        "hazard": {"msl": 2, "span": 1},
    },
}
"""What is larger in each profile, by the scale at which claims are checked."""


WATCHERS: dict[str, Watcher] = {
    "watch_agreement": Agreement(),
    "watch_stale": Stale(),
    "watch_confusion": Confusion(),
    "watch_streams": Streams(),
    "watch_forgery": Forgery(),
    "watch_crossing": Crossing(),
    "watch_conduct": Conduct(),
}


def watchers(bounds: Bounds) -> tuple[Watcher, ...]:
    """Those that are on."""
    return tuple(watcher for name, watcher in WATCHERS.items() if getattr(bounds, name))
