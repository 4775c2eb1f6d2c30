"""Scenarios: the textbook's walks, as data: which host does what next, and with which segment.

The walks are those of the two Chinese articles of which this project is the formal reading
(quoted where their words matter), and the figures of RFC 9293. ``numbers`` are the initial
sequence numbers that the hosts select, one for each TCB they make: a packet dissector counts
from 0, as the articles' captures do; the RFC's figures start at 100 and 300. Where time
matters, MSL is a tick or two and TIME-WAIT twice that.

What is sent, with which numbers, and what becomes of the ends is the specification's answer and
nowhere written here (``checker.studies.simulate``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spec.rules import Congestion, Cookies, Isn, KeepAlive, Restart
from spec.tcp.inputs import Input
from spec.world.bounds import Bounds

A, B, NET = 0, 1, None
"""Who moves: a host, or the channel and time."""


class Move(NamedTuple):
    """One step to take. ``segment`` is the start of its text (``words.text``): its flags, if
    that says enough; ``note`` is a remark for the reader."""

    host: int | None
    action: str
    segment: str = ""
    note: str = ""


class Train(NamedTuple):
    """All segments that are in flight to a host arrive, in the order in which they were sent, but
    for those that are ``lost``: the first is number 1. What is sent in answer is not among them."""

    to: int
    lost: Collection[int] = ()
    note: str = ""
    at: int = 1  # of which segment the note is

    def move(self, number: int, segment: str) -> Move:
        """What becomes of one of them."""
        if number in self.lost:
            return Move(NET, "lose", segment)
        return Move(self.to, Input.SEGMENT.value, segment)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One walk, from both ends CLOSED or, if ``connected``, from an established connection."""

    title: str
    verdict: str  # what to see in it
    moves: tuple[Move | Train, ...]
    numbers: tuple[tuple[int, ...], tuple[int, ...]] = ((0, 1000), (0, 1000))
    connected: bool = False
    rules: Mapping[str, Any] = field(default_factory=dict)
    bounds: Mapping[str, Any] = field(default_factory=dict)
    harm: bool = False  # it shows what goes wrong without a rule


WALK = Bounds(
    width=32,
    window=256,
    incarnations=3,
    capacity=8,
    in_flight=16,
    user_timeout=True,
    crashes=1,
)
"""Everything may happen; the scenario says what does."""
TIMED = {"msl": 1, "span": 1}
"""MSL is one tick: TIME-WAIT lasts two."""
LONGER = {"msl": 2, "span": 2}
"""MSL is two ticks: TIME-WAIT lasts four, and a FIN may be retransmitted in between."""
DATA = {"octets": 1}


def _do(host: int | None, what: Input, note: str = "") -> Move:
    return Move(host, what.value, "", note)


def _hear(host: int, segment: str, note: str = "") -> Move:
    return Move(host, Input.SEGMENT.value, segment, note)


def _lose(segment: str, note: str = "") -> Move:
    return Move(NET, "lose", segment, note)


def _wait(ticks: int) -> tuple[Move, ...]:
    return (_do(NET, Input.TICK),) * ticks


_LISTEN = _do(B, Input.OPEN_PASSIVE)
_EAR = _do(B, Input.LISTEN)
_LISTENER = {"listener": True, "backlog": 1}
_CONNECT = _do(A, Input.OPEN_ACTIVE)
_HANDSHAKE = (_LISTEN, _CONNECT, _hear(B, "SYN"), _hear(A, "SYN,ACK"), _hear(B, "ACK"))
_CLOSE_A, _CLOSE_B = _do(A, Input.CLOSE), _do(B, Input.CLOSE)
_END = _do(A, Input.TIME_WAIT_TIMEOUT)
_OPENING, _CLOSING = ((100,), (300,)), ((99,), (299,))
"""The numbers of RFC 9293's figures: SYNs at 100 and 300, or FINs there."""
_CAPTURE = ((2444,), (557,))
"""Those of the articles' capture of a close: A's next octet is 2445, B's 558."""
_HALF_CLOSE = (
    _CLOSE_A,
    _hear(B, "FIN,ACK", "B's user may go on sending"),
    _hear(A, "ACK"),
)
_FOUR_WAY = (*_HALF_CLOSE, _CLOSE_B, _hear(A, "FIN,ACK"), _hear(B, "ACK"))
_LAST_ACK_LOST = (
    *_HALF_CLOSE,
    _CLOSE_B,
    _hear(A, "FIN,ACK"),
    _lose("ACK", "the last ACK"),
    *_wait(1),
    _do(B, Input.RETRANSMISSION_TIMEOUT),
)
_REQUEST = (_do(A, Input.SEND, "a request"),)

LIFECYCLE: dict[str, Scenario] = {
    "three-way-handshake": Scenario(
        "Three-way handshake, with the relative numbers of a capture",
        "Both ends are ESTABLISHED, and each has acknowledged the other's SYN: SEQ 0, 0, 1.",
        _HANDSHAKE,
    ),
    "lost-syn-ack": Scenario(
        "Three-way handshake whose second segment is lost",
        "Either SYN is retransmitted until it is acknowledged: a lost segment delays the "
        "handshake, and does not end it.",
        (
            _LISTEN,
            _CONNECT,
            _hear(B, "SYN"),
            _lose("SYN,ACK"),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
        ),
    ),
    "simultaneous-open": Scenario(
        "Simultaneous open, as section 3.10.7.4 has it (not Figure 7)",
        "Both SYN,ACKs lie below the window, since SYN was received already: each is answered "
        "with an ACK, and that ACK establishes. Figure 7 has the SYN,ACKs do it.",
        (
            _CONNECT,
            _do(B, Input.OPEN_ACTIVE),
            _hear(A, "SYN"),
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK", "SEQ=300 is below RCV.NXT=301: not acceptable"),
            _hear(B, "SYN,ACK"),
            _hear(B, "ACK"),
            _hear(A, "ACK"),
        ),
        _OPENING,
    ),
    "four-way-close": Scenario(
        "Four-way close, with the numbers of the articles' capture",
        "B is gone with the ACK of its FIN; A, which closed first, only 2 MSL after its own.",
        (*_FOUR_WAY, *_wait(2), _END),
        _CAPTURE,
        True,
        bounds=TIMED,
    ),
    "three-segment-close": Scenario(
        "Close in three segments: B's FIN carries the ACK of A's",
        "From FIN-WAIT-1 straight to TIME-WAIT: one segment acknowledges A's FIN and is B's.",
        (_CLOSE_A, _hear(B, "FIN,ACK"), _CLOSE_B, _hear(A, "FIN,ACK"), _hear(B, "ACK")),
        _CLOSING,
        True,
        rules={"fin_ack_delayed": True},
    ),
    "simultaneous-close": Scenario(
        "Simultaneous close: both users call CLOSE before either FIN arrives (Figure 13)",
        "Both ends go by way of CLOSING and both wait 2 MSL.",
        (
            _CLOSE_A,
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _hear(B, "FIN,ACK"),
            _hear(A, "ACK"),
            _hear(B, "ACK"),
            *_wait(2),
            _END,
            _do(B, Input.TIME_WAIT_TIMEOUT),
        ),
        _CLOSING,
        True,
        bounds=TIMED,
    ),
    "half-close": Scenario(
        "Half-close: A has no more to send, B has, and A takes it",
        "B's octet arrived in FIN-WAIT-2, after A's FIN; only then does B close.",
        (
            *_HALF_CLOSE,
            _do(B, Input.SEND),
            _hear(A, "PSH,ACK"),
            _hear(B, "ACK"),
            _do(A, Input.RECEIVE),
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _hear(B, "ACK"),
        ),
        _CLOSING,
        True,
        bounds=DATA,
    ),
    "close-wait-leak": Scenario(
        "B's user never calls CLOSE, and A's gives up",
        "B stays in CLOSE-WAIT until its own user calls CLOSE: nothing is in flight, and no timer "
        "runs.",
        (
            *_HALF_CLOSE,
            _do(A, Input.ABORT),
            _lose("RST"),
        ),
        _CLOSING,
        True,
        harm=True,
    ),
    "lost-last-ack": Scenario(
        "The last ACK is lost: TIME-WAIT answers B's FIN again",
        "B is gone, since A was still there to answer. By the letter of 3.10.7.4 the FIN is "
        "below the window and does not restart the timer: A left 4 ticks after its first ACK.",
        (*_LAST_ACK_LOST, _hear(A, "FIN,ACK"), _hear(B, "ACK"), *_wait(3), _END),
        _CLOSING,
        True,
        bounds=LONGER,
    ),
    "lost-last-ack-restarted": Scenario(
        "The last ACK is lost, and B's FIN restarts the timer of TIME-WAIT",
        "With time_wait_restart=fin, what the text of 3.10.7.4 intends (and the articles say): A "
        "leaves 4 ticks after its second ACK.",
        (*_LAST_ACK_LOST, _hear(A, "FIN,ACK"), _hear(B, "ACK"), *_wait(4), _END),
        _CLOSING,
        True,
        {"time_wait_restart": Restart.FIN},
        LONGER,
    ),
    "time-wait-skipped": Scenario(
        "The last ACK is lost, and A has not waited",
        "A answers B's FIN with a reset: B cannot tell whether its last octets arrived. (RFC 9293 "
        "has LAST-ACK enter CLOSED without a word; the articles have it report an error.)",
        (
            *_HALF_CLOSE,
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _END,
            _lose("ACK", "the last ACK"),
            *_wait(1),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _hear(A, "FIN,ACK"),
            _hear(B, "RST"),
        ),
        _CLOSING,
        True,
        {"time_wait_cut": 4},
        LONGER,
        True,
    ),
    "refused": Scenario(
        "Refused: a SYN for a port that nobody listens on",
        "CLOSED answers with a reset that acknowledges the SYN, and A's OPEN fails.",
        (_CONNECT, _hear(B, "SYN"), _hear(A, "RST,ACK")),
    ),
    "stale-syn": Scenario(
        "Recovery from an old duplicate SYN (Figure 8)",
        "B cannot tell that the first SYN is old; A can, by its ACK, and resets it. The live one "
        "then gets through.",
        (
            _LISTEN,
            _do(A, Input.OPEN_ACTIVE, "A's first attempt"),
            _do(A, Input.ABORT),
            _do(A, Input.OPEN_ACTIVE, "A's second attempt"),
            _hear(B, "SYN SEQ=90"),
            _hear(A, "SYN,ACK", "ACK=91 is not of A's SYN: bad ACK"),
            _hear(B, "RST"),
            _hear(B, "SYN SEQ=100"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
        ),
        ((90, 100), (300, 400)),
    ),
    "two-way-handshake": Scenario(
        "What the third segment is for: a handshake of two",
        "With three_way=off, B is ESTABLISHED and its user may send, though A has given up: B took "
        "the SYN's word for it.",
        (
            _LISTEN,
            _CONNECT,
            _hear(B, "SYN"),
            _lose("SYN,ACK"),
            _do(A, Input.USER_TIMEOUT, "A gives up"),
        ),
        rules={"three_way": False},
        harm=True,
    ),
    "half-open-discovery": Scenario(
        "Half-open connection, discovered by a SYN (Figure 9)",
        "A's memory is gone; B's ACK, A's reset and a new handshake put both right.",
        (
            _do(A, Input.CRASH),
            _do(A, Input.RESTART),
            _CONNECT,
            _hear(B, "SYN", "SEQ=400 is outside the window"),
            _hear(A, "ACK", "ACK=100 is of nothing that this TCB sent"),
            _hear(B, "RST", "(Abort!!)"),
            _LISTEN,
            _do(A, Input.RETRANSMISSION_TIMEOUT),
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
        ),
        ((99, 400), (299, 700)),
        True,
    ),
    "half-open-data": Scenario(
        "Half-open connection, discovered by data (Figure 10)",
        "A has no TCB and answers with a reset that B believes.",
        (
            _do(A, Input.CRASH),
            _do(A, Input.RESTART),
            _do(B, Input.SEND),
            _hear(A, "PSH,ACK"),
            _hear(B, "RST", "(Abort!!)"),
        ),
        ((99,), (299,)),
        True,
        bounds=DATA,
    ),
    "two-listeners": Scenario(
        "An old duplicate SYN between two passive sockets (Figure 11)",
        "A's listener answers the SYN,ACK with a reset, and B returns to LISTEN.",
        (
            _do(A, Input.OPEN_ACTIVE, "A's first attempt"),
            _do(A, Input.ABORT),
            _do(A, Input.OPEN_PASSIVE),
            _LISTEN,
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "RST", "(return to LISTEN!)"),
        ),
        ((90,), (300,)),
    ),
    "syn-flood": Scenario(
        "One connection of a SYN flood: nobody answers the SYN,ACK",
        "B stays in SYN-RECEIVED, sending again, until its user timeout. A flood is many of these.",
        (
            _LISTEN,
            _CONNECT,
            _do(A, Input.CRASH, "from here on A is silent, as a forged address is"),
            _hear(B, "SYN"),
            _lose("SYN,ACK"),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _lose("SYN,ACK"),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _lose("SYN,ACK"),
            _do(B, Input.USER_TIMEOUT),
        ),
        harm=True,
    ),
    "accept-queue-full": Scenario(
        "A full accept queue: the third segment is ignored, and the connection made later",
        "The client is ESTABLISHED long before the server is. Its text completes the handshake "
        "once there is room, and arrives once.",
        (
            _EAR,
            _do(B, Input.NEIGHBOUR_READY),
            _CONNECT,
            _hear(B, "SYN"),
            _do(B, Input.NEIGHBOUR_READY, "two wait, one more than the backlog of one"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK", "no room: the listener ignores it"),
            _do(A, Input.SEND, "the client knows nothing of it"),
            _lose("PSH,ACK", "or the server drops it, as it did the ACK"),
            _do(B, Input.NEIGHBOUR_ACCEPTED),
            _do(A, Input.RETRANSMISSION_TIMEOUT),
            _hear(B, "PSH,ACK", "now it completes the handshake, and is read"),
            _do(B, Input.ACCEPT),
        ),
        bounds={**_LISTENER, "neighbours": True, "octets": 1},
    ),
    "keep-alive-race": Scenario(
        "Keep-alive: the server closes when it is idle, and a request crosses its FIN",
        "The request was on its way before the FIN came. The server's application is gone, so that "
        "a reset answers. The client sees one that would look the same had the request been done.",
        (
            *_REQUEST,
            _hear(B, "PSH,ACK"),
            _do(B, Input.RECEIVE),
            _do(B, Input.SEND, "the response; the server's idle time begins"),
            _lose("ACK", "the ACK of the request; the response acknowledges it, too"),
            _hear(A, "PSH,ACK"),
            _do(A, Input.RECEIVE, "and that of the client, a delay later"),
            _hear(B, "ACK"),
            _do(A, Input.SEND, "the next request, on the same connection"),
            _do(B, Input.CLOSE, "idle for its limit: close()"),
            _hear(B, "PSH,ACK", "too late"),
            _do(B, Input.ABORT, "nobody will read it: RFC 9293 3.6.1, SHLD-3"),
            _hear(A, "FIN,ACK"),
            _hear(A, "RST", "was the request done?"),
        ),
        connected=True,
        bounds={"octets": 2},
        harm=True,
    ),
    "reset-destroys-response": Scenario(
        "The server closes with unread input, and the reset destroys its response",
        "The response had come, and was acknowledged. By the letter of 3.10.7.4 a reset flushes "
        "what the user has not read; Linux lets it be read. If it had been lost on its way, no "
        "stack would send it again.",
        (
            *_REQUEST,
            _do(A, Input.SEND, "more: the rest of a body, or a second request"),
            _hear(B, "PSH,ACK SEQ=1"),
            _do(B, Input.RECEIVE, "enough to answer"),
            _do(B, Input.SEND, "the response"),
            _hear(B, "PSH,ACK SEQ=2", "and this is never read"),
            _hear(A, "PSH,ACK", "the response is there, and the application busy sending"),
            _do(B, Input.ABORT, "close() with unread input"),
            _hear(A, "RST", "... and the response is gone"),
        ),
        connected=True,
        bounds={"octets": 2},
        harm=True,
    ),
    "lingering-close": Scenario(
        "A lingering close: the server reads on until the client closes",
        "shutdown() is CLOSE: it sends FIN after the response, and takes what comes. So no reset "
        "is due, and the client reads the response.",
        (
            *_REQUEST,
            _do(A, Input.SEND, "more: the rest of a body, or a second request"),
            _hear(B, "PSH,ACK SEQ=1"),
            _do(B, Input.RECEIVE, "enough to answer"),
            _do(B, Input.SEND, "the response"),
            _do(B, Input.CLOSE, "shutdown()"),
            _hear(B, "PSH,ACK SEQ=2"),
            _do(B, Input.RECEIVE, "read, and thrown away"),
            _hear(A, "PSH,ACK"),
            _do(A, Input.RECEIVE, "the response"),
            _hear(A, "FIN,ACK"),
            _do(A, Input.CLOSE),
            _hear(B, "FIN,ACK", "the client's FIN: now close()"),
        ),
        connected=True,
        bounds={"octets": 2},
    ),
    "syn-cookie": Scenario(
        "A SYN cookie: the listener keeps nothing until the third segment",
        "The SYN queue is full of SYNs from nobody. The SYN,ACK says all that the listener will "
        "have to know, and its ACK brings that back.",
        (
            _EAR,
            _do(B, Input.STRANGER_SYN),
            _CONNECT,
            _hear(B, "SYN", "no room: the answer is a cookie"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK", "SEG.ACK - 1 is the cookie of SEG.SEQ - 1"),
            _do(B, Input.ACCEPT),
        ),
        rules={"syncookies": Cookies.OVERFLOW},
        bounds={**_LISTENER, "strangers": True, "secret": 4000},
    ),
    "cookie-twice": Scenario(
        "A SYN cookie used twice: a request arrives again when its connection is over",
        "Both ends have closed. A late copy of the client's first text is the ACK of a cookie "
        "that is still valid: the server makes a second connection, and reads the request again.",
        (
            _EAR,
            _CONNECT,
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
            _do(B, Input.ACCEPT),
            _do(A, Input.SEND, "POST /pay"),
            Move(B, "duplicate", "PSH,ACK", "the network has a copy"),
            _hear(A, "ACK"),
            _CLOSE_A,
            _hear(B, "FIN,ACK"),
            _hear(A, "ACK"),
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _hear(B, "ACK", "the connection is over at the server"),
            _hear(B, "PSH,ACK", "POST /pay, again"),
            _do(B, Input.ACCEPT),
        ),
        rules={"syncookies": Cookies.ALWAYS},
        bounds={**_LISTENER, "octets": 1, "secret": 4000},
        harm=True,
    ),
    "keep-alive": Scenario(
        "Keep-alive finds a half-open connection",
        "B has lost its connection, and neither end has anything to send. A probe is answered with "
        "a reset. Had B not answered, A would have given up after two probes.",
        (
            *_HANDSHAKE,
            _do(B, Input.ABORT),
            _lose("RST", "A knows nothing of it"),
            *_wait(4),
            _do(A, Input.KEEP_ALIVE_TIMEOUT, "nothing was heard for four ticks"),
            _hear(B, "ACK", "SEQ=SND.NXT-1: B has no such connection"),
            _hear(A, "RST", "at RCV.NXT, and believed"),
        ),
        _OPENING,
        rules={"keep_alive": KeepAlive.EMPTY},
        bounds={**TIMED, "keep_alive_idle": 4, "keep_alive_interval": 1},
    ),
    "reuse": Scenario(
        "Reuse from TIME-WAIT: the peer's PAWS refuses an old octet",
        "The second connection has the numbers of the first. A copy of the first one's octet has "
        "an earlier TSval than the SYN that opened the second: it is answered and dropped.",
        (
            *_HANDSHAKE,
            _do(A, Input.SEND),
            Move(B, "duplicate", "PSH,ACK", "the network has a copy"),
            _do(B, Input.RECEIVE),
            _hear(A, "ACK"),
            *_FOUR_WAY,
            *_wait(1),
            _LISTEN,
            _do(A, Input.OPEN_ACTIVE, "out of TIME-WAIT: the clock has ticked"),
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
            _hear(B, "PSH,ACK", "the copy: in the window, and earlier than TS.Recent"),
        ),
        ((0, 0), (1000, 1000)),
        rules={"time_wait_reuse": True, "reuse_above": False, "isn": Isn.ANY},
        bounds={**DATA, "stamps": 4},
    ),
    "recycle": Scenario(
        "TIME-WAIT recycled: a client behind a NAT is shut out",
        "B keeps the latest TSval of an address, for all that have it. Another host behind A's NAT "
        "has a clock that is ahead, so that B drops A's SYN without a word.",
        (
            _EAR,
            _do(B, Input.NAT_OPEN, "from A's address"),
            _CONNECT,
            _hear(B, "SYN", "earlier than what the other host sent"),
            _do(B, Input.ADDRESS_FORGOTTEN, "after 60 seconds"),
            _do(B, Input.NAT_OPEN, "the other host opens again, before A's SYN comes"),
            _do(A, Input.RETRANSMISSION_TIMEOUT),
            _hear(B, "SYN"),
        ),
        rules={"time_wait_recycle": True},
        bounds={**_LISTENER, "stamps": 4, "nat": True},
        harm=True,
    ),
    "data-on-syn": Scenario(
        "Data on the SYN: legal, and held back until the handshake is complete",
        "B takes the octet in ESTABLISHED, not before (3.10.7.2, third).",
        (
            _LISTEN,
            _do(A, Input.OPEN_PASSIVE),
            _do(A, Input.SEND, "SEND in LISTEN opens actively"),
            _hear(B, "SYN,PSH"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
            _hear(A, "ACK"),
        ),
        _OPENING,
        rules={"data_on_syn": True},
        bounds=DATA,
    ),
}
"""Those of the lifecycle, by their names."""


# The data plane: A sends to B, segments of 1000 octets where nothing else is said

_TRANSFER = {
    "transfer": True,
    "window": 64_000,
    "octets": 1 << 20,
    "write": 32_000,
    "mss": 1000,
    "place": 1000,
    "clamp": 64_000,
    "capacity": 64,
    "in_flight": 128,
}
_FIRST = ((0,), (0,))
"""SYNs at 0: octets are counted from 1."""
_SEND = _do(A, Input.SEND)
_READ = _do(B, Input.RECEIVE)
_TIMEOUT = _do(A, Input.RETRANSMISSION_TIMEOUT)
_ACK_TIMER = _do(B, Input.ACK_TIMEOUT)
_ALL = range(1, 65)
"""Of a train: it is lost as a whole."""


def _rounds(count: int) -> tuple[Train, ...]:
    """So many round trips: all text arrives, and then all ACKs."""
    return (Train(B), Train(A)) * count


def _data(
    title: str,
    verdict: str,
    moves: tuple[Move | Train, ...],
    rules: Mapping[str, Any] | None = None,
    harm: bool = False,
    **bounds: Any,
) -> Scenario:
    """A walk over an established connection that has a data plane."""
    return Scenario(title, verdict, moves, _FIRST, True, rules or {}, {**_TRANSFER, **bounds}, harm)


_NO_DELAY = {"delayed_ack": False}
_FROM_TEN: dict[str, Any] = {"initial_window": 10, "write": 20_000, "window": 24_000}
DATA_PLANE: dict[str, Scenario] = {
    "sliding-window": _data(
        "A sliding window of four segments",
        "The window slides as B's user reads: what is acknowledged leaves it on the left, what is "
        "read opens it on the right.",
        (
            _SEND,
            _hear(B, "PSH,ACK SEQ=1 "),
            _hear(B, "PSH,ACK SEQ=1001"),
            _hear(A, "ACK", "two segments are acknowledged; the right edge stays where it is"),
            _READ,
            _hear(A, "ACK", "the right edge moves on, and two segments go"),
            Train(B),
            _READ,
            Train(A),
            Train(B),
            _READ,
            Train(A),
        ),
        window=4000,
        write=8000,
        initial_window=4,
    ),
    "slow-start": _data(
        "Slow start, a timeout, slow start again, and congestion avoidance",
        "In slow start cwnd doubles with each round trip: 1, 2, 4, 8 segments. After the timeout "
        "it does so up to ssthresh, half of what was in flight, and grows by a segment from there.",
        (
            _SEND,
            *_rounds(3),
            Train(B, _ALL, "all eight are lost, and no ACK comes that could tell"),
            _TIMEOUT,
            *_rounds(5),
        ),
        _NO_DELAY,
        window=32_000,
    ),
    "fast-retransmit": _data(
        "Fast retransmit and fast recovery: one segment of ten is lost",
        "Three duplicate ACKs send it again, without a timeout. cwnd comes down to half, and no "
        "further: congestion avoidance goes on from there.",
        (
            _SEND,
            Train(B, (1,), "each segment after the gap is answered with the same ACK"),
            Train(A, (), "the third duplicate ACK: sent again", 3),
            *_rounds(3),
        ),
        _NO_DELAY,
        **_FROM_TEN,
    ),
    "newreno": _data(
        "Two segments of ten are lost: NewReno",
        "The first ACK of something new is of a part only. It says that the next segment is lost "
        "too, which is sent again at once: one recovery mends both (RFC 6582).",
        (
            _SEND,
            Train(B, (1, 4)),
            Train(A),
            Train(B),
            Train(A, (), "a partial ACK", 3),
            Train(B),
            Train(A),
        ),
        _NO_DELAY,
        **_FROM_TEN,
    ),
    "reno": _data(
        "Two segments of ten are lost: Reno, before RFC 6582",
        "The first ACK of something new ends the recovery, though a second segment is missing. "
        "cwnd lets nothing new go, so that no third duplicate ACK comes: a timeout has to mend it.",
        (
            _SEND,
            Train(B, (1, 4)),
            Train(A),
            Train(B),
            Train(A, (), "something new: the recovery ends", 3),
            _TIMEOUT,
            Train(B),
            Train(A),
        ),
        {**_NO_DELAY, "congestion": Congestion.RENO},
        True,
        **_FROM_TEN,
    ),
    "congestion": _data(
        "All that congestion control does, in one transfer",
        "Slow start; a loss that duplicate ACKs tell, fast recovery, congestion avoidance; then a "
        "loss that only the timer tells, and slow start again.",
        (
            _SEND,
            *_rounds(2),
            Train(B, (3,), "one of eight is lost"),
            Train(A),
            *_rounds(4),
            Train(B, _ALL, "all are lost"),
            _TIMEOUT,
            *_rounds(4),
        ),
        _NO_DELAY,
        write=64_000,
        initial_window=2,
    ),
    "zero-window": _data(
        "Zero window: the update that opens it is lost, and the persist timer mends it",
        "A sends an octet beyond the window to ask. Without the persist timer both ends would wait "
        "for each other for ever.",
        (
            _SEND,
            Train(B),
            Train(A),
            _do(B, Input.RECEIVE, "A has heard WND=0, with text queued"),
            Train(A, _ALL, "the window update"),
            _do(A, Input.RETRANSMISSION_TIMEOUT, "the persist timer: a probe of one octet"),
            Train(B, (), "its answer tells the window"),
            Train(A),
            Train(B),
            Train(A),
        ),
        _NO_DELAY,
        window=4000,
        write=6000,
        initial_window=4,
    ),
    "silly-window": _data(
        "The silly window syndrome: both ends without what RFC 9293 asks of them",
        "B's user reads 100 octets at a time, B offers them, and A sends them, with 40 octets of "
        "headers each time, for ever. With MUST-38 and MUST-39 neither end would.",
        (
            _SEND,
            *_rounds(1),
            *(_READ, Train(A), Train(B), Train(A)) * 5,
        ),
        {**_NO_DELAY, "sender_sws": False, "receiver_sws": False},
        True,
        window=2000,
        write=8000,
        initial_window=4,
        read=100,
    ),
    "silly-window-avoided": _data(
        "The same reads, with silly-window avoidance",
        "B keeps silent until a segment fits (MUST-39), and A would not send less (MUST-38).",
        (_SEND, *_rounds(1), *(_READ,) * 10, Train(A), Train(B), Train(A)),
        _NO_DELAY,
        window=2000,
        write=8000,
        initial_window=4,
        read=100,
    ),
    "nagle": _data(
        "Nagle's algorithm, and a delayed ACK: five keys are pressed",
        "The first goes at once. The others wait for its ACK, which waits for B's timer; then one "
        "segment has them all.",
        (
            _SEND,
            *(_SEND,) * 4,
            Train(B),
            _do(B, Input.ACK_TIMEOUT, "up to half a second later"),
            Train(A),
            Train(B),
            _ACK_TIMER,
            Train(A),
        ),
        write=1,
        window=4000,
    ),
    "nagle-off": _data(
        "The same five keys without Nagle's algorithm",
        "Five segments of an octet, and 40 octets of headers with each.",
        ((_SEND,) * 5 + (Train(B), _ACK_TIMER, Train(A))),
        {"nagle": False, "sender_sws": False},
        write=1,
        window=4000,
    ),
    "delayed-ack": _data(
        "Delayed ACKs: one for two segments, and a timer for the last",
        "Three segments take two ACKs. The third's waits for a fourth segment that never comes.",
        (
            _SEND,
            Train(B),
            Train(A),
            _do(B, Input.ACK_TIMEOUT, "half a second at most (MUST-40)"),
            Train(A),
        ),
        write=3000,
        initial_window=4,
    ),
    "karn": _data(
        "Karn's rule: no sample of the round trip from a segment that was sent twice",
        "The ACK that comes is of the first copy, and nobody can tell: it would look like a very "
        "short round trip.",
        (
            _SEND,
            Train(B),
            _do(A, Input.RETRANSMISSION_TIMEOUT, "too early: the ACK is on its way"),
            Train(A, (), "of the first copy, or of the second?"),
            Train(B),
            Train(A),
        ),
        _NO_DELAY,
        write=1000,
    ),
}
"""Those of the data plane, by their names."""
SCENARIOS: dict[str, Scenario] = {**LIFECYCLE, **DATA_PLANE}
"""Every scenario by its name."""
