"""Every finite bound of an exploration, with its reason.

What an exploration says, it says *up to these bounds*. ``spec.world.profiles`` has the choices
that claims name.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


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
        2, 1, 64, "segments in flight in each direction; two, so that one can overtake another"
    )
    in_flight: int = _bound(4, 1, 128, "segments in flight in both directions together")
    octets: int = _bound(0, 0, 1 << 20, "octets that SEND may be given on each connection")
    endless: bool = _flag(
        False,
        "what is acknowledged counts no longer, so that SEND goes on for ever (with a data plane)",
    )
    write: int = _bound(1, 1, 1 << 20, "octets that SEND is given at once")
    packed: bool = _flag(
        False,
        "a segment takes all the text that is queued and fits, and FIN with it; off, it takes one "
        "octet, and FIN goes alone",
    )
    send_window: bool = _flag(
        True,
        "SND.WND, SND.WL1 and SND.WL2 are kept; off only where nobody may SEND, since only "
        "the sending of text reads them",
    )
    transfer: bool = _flag(
        False,
        "connections have a data plane, which decides when text is sent; off, it is sent at once",
    )
    mss: int = _bound(
        1,
        1,
        1 << 16,
        "octets of a segment, at most (with a data plane); two, so that one may be silly",
    )
    place: int = _bound(
        1,
        1,
        1 << 16,
        "octets of text ahead of what is expected that are held together or not at all (with a "
        "data plane); more than one only where segments are of that size",
    )
    read: int = _bound(0, 0, 1 << 16, "octets that RECEIVE takes (with a data plane); 0: all")
    initial_window: int = _bound(1, 1, 10, "segments of the initial congestion window")
    clamp: int = _bound(8, 1, 1 << 20, "octets of cwnd, at most")
    shift: int = _bound(
        0, 0, 14, "bits by which windows are scaled (with a data plane); 0: they are not"
    )
    shrinks: bool = _flag(False, "B's receive window may shrink (with a data plane)")
    sack: bool = _flag(
        False, "ends report text beyond RCV.NXT, which B may forget (with a data plane)"
    )
    ahead: bool = _flag(False, "B may acknowledge what has not come (with a data plane)")
    idles: bool = _flag(False, "RTO may go by while A sends nothing (with a data plane)")
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
    # HTTP (``spec.world.http``)
    requests: int = _bound(
        0, 0, 4, "requests that a client's application has in all; 0: users call what they like"
    )
    kept: bool = _flag(
        True, "a connection is kept for the next request; off, the server closes after a response"
    )
    pipelined: bool = _flag(
        False, "a client sends its next request before it has read the response to the last"
    )
    client_closes: bool = _flag(False, "a client closes when it has read a response")
    client_idle: int = _bound(
        0,
        0,
        8,
        "ticks after which a client no longer uses an idle connection, and closes it (without "
        "time: sooner or later); 0: never",
    )
    server_idle: int = _bound(0, 0, 8, "... and after which a server closes it")
    idle_from_request: bool = _flag(
        False, "a client's idle time begins with its request; off, when it has read the response"
    )
    lingers: bool = _flag(
        False,
        "a server that closed reads on till the client closes; off, it resets what is unread",
    )
    watches: bool = _flag(
        True, "a client sees at once that the server closed; off, when it next uses the connection"
    )
    looks: bool = _flag(
        True, "a server whose client was idle looks whether a request has come before it closes"
    )
    retries: bool = _flag(
        False, "a client asks again if the connection ended before the response; off, it gives up"
    )
    # Time
    msl: int = _bound(
        0, 0, 8, "maximum segment lifetime; 0: no time at all, segments live for ever"
    )
    span: int = _bound(
        0, 0, 8, "R: ticks after which a connection is closed, not retransmitted (with time only)"
    )
    keep_alive_idle: int = _bound(
        0, 0, 8, "ticks of silence before the first probe (with time only); 0: probes at any time"
    )
    keep_alive_interval: int = _bound(0, 0, 8, "ticks from one probe to the next")
    keep_alive_probes: int = _bound(
        2,
        1,
        9,
        "probes without an answer after which a connection is given up; two is the least that "
        "MUST-29 allows",
    )
    nat_timeout: int = _bound(
        0, 0, 8, "ticks of silence after which NATs forget the connection; 0: there are none"
    )
    stamps: int = _bound(
        0,
        0,
        8,
        "values of a timestamp clock, which ticks with time; 0: hosts do not use timestamps",
    )
    stamps_wrap: bool = _flag(
        False, "that clock begins again after its last value; off, it stops there"
    )
    recent_life: int = _bound(
        0,
        0,
        8,
        "ticks for which TS.Recent is valid if nothing moves it; 0: for ever. It can only matter "
        "where clocks begin again",
    )
    plain: bool = _flag(False, "an active OPEN may do without timestamps, where there are any")
    # A listener
    listener: bool = _flag(
        False, "B has a listening socket, with queues; off, it opens passively, as RFC 9293 has it"
    )
    backlog: int = _bound(
        1, 1, 8, "requests that a listener keeps; it keeps one more connection for accept()"
    )
    synack_retries: int = _bound(
        1, 0, 5, "how often a listener sends a SYN,ACK again before it forgets the request"
    )
    strangers: bool = _flag(False, "SYNs come to the listener from addresses where nobody answers")
    neighbours: bool = _flag(False, "other clients' connections come to the accept queue, and go")
    nat: bool = _flag(
        False, "another host opens connections from the client's address, its clock ahead"
    )
    secret: int = _bound(
        8,
        0,
        1 << 31,
        "what SYN cookies are before the IRS goes in; with 8, those of 16 numbers are far from "
        "the ISNs of requests",
    )
    cookie_life: int = _bound(
        1, 1, 3, "values of its clock for which a SYN cookie is valid; the clock has four"
    )
    cookie_memory: int = _bound(
        0,
        0,
        4,
        "ticks for which a cookie that was taken is remembered (with time only); 0: for ever",
    )
    listener_closes: bool = _flag(False, "the listener may be closed")
    # Faults
    duplicate: bool = _flag(True, "the channel may duplicate")
    lose: bool = _flag(True, "the channel may lose")
    crashes: int = _bound(0, 0, 2, "crashes of host A")
    forged: bool = _flag(False, "an off-path sender injects segments at B")
    forged_opening: bool = _flag(False, "... in SYN-RECEIVED too, not only once it is synchronized")
    forged_calling: bool = _flag(False, "... in SYN-SENT too")

    @property
    def timed(self) -> bool:
        """Are there ticks? Segments age only if they have a lifetime."""
        return self.msl != 0 or self.stamps != 0


LIMITS = {f.name: f for f in dataclasses.fields(Bounds)}
"""Field of each bound by name; ``.metadata`` has ``low``, ``high`` and ``reason``."""
