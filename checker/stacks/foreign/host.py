"""A host of the specification that does what a script says, and events as one line of text.

Numbers are given from the two ISNs: ``RST seq=IRS+17``, ``text 3,ACK seq=IRS+1 ack=ISS+1``. The
right edge of the receive window is ``IRS+1+WND`` and its neighbours, whatever the window is, so
that scripts that differ in the window only say one thing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from spec.rules import Rules
from spec.seq import Space
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import new_tcb, with_tcb
from spec.world.happen import happen
from spec.world.records import clone

ISS, IRS = 1 << 20, 1 << 28
"""The host's ISN and its peer's; far from each other and from the SEQ=0 of some resets."""
WINDOW = 65535
"""The receive window of connections without text."""
SEQ = Space(32)
_BITS = ("urg", "psh", "syn", "fin", "rst", "ack")
_TELLS = ("syn", "fin", "rst", "ack")  # PSH and URG are no part of an answer

SHUTDOWN = "SHUTDOWN"
CALLS = {
    "OPEN passive": Input.OPEN_PASSIVE,
    "OPEN active": Input.OPEN_ACTIVE,
    "SEND": Input.SEND,
    "RECEIVE": Input.RECEIVE,
    SHUTDOWN: Input.CLOSE,  # the socket is still there
    "CLOSE": Input.CLOSE,
    "ABORT": Input.ABORT,
    "ACK TIMEOUT": Input.ACK_TIMEOUT,
    "OVERRIDE TIMEOUT": Input.OVERRIDE_TIMEOUT,
    "RETRANSMISSION TIMEOUT": Input.RETRANSMISSION_TIMEOUT,
    "KEEP-ALIVE TIMEOUT": Input.KEEP_ALIVE_TIMEOUT,
    "USER TIMEOUT": Input.USER_TIMEOUT,
    "TIME-WAIT TIMEOUT": Input.TIME_WAIT_TIMEOUT,
}
TIMERS = ("ACK TIMEOUT", "OVERRIDE TIMEOUT", "RETRANSMISSION TIMEOUT", "KEEP-ALIVE TIMEOUT")
_ENDS = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)


class Setup(NamedTuple):
    """What a connection is set up with; a data plane where there is text."""

    window: int = WINDOW
    mss: int = 0  # 0: no data plane
    place: int = 0
    sack: bool = False  # both ends have said that they know SACK

    def bounds(self) -> Bounds:
        """The specification's bounds for it."""
        own = Bounds(
            width=32,
            window=self.window,
            base=ISS,
            incarnations=3,
            octets=1 << 20,
            packed=True,
            user_timeout=True,
        )
        if self.mss:
            own = replace(own, transfer=True, mss=self.mss, place=self.place, sack=self.sack)
            return replace(own, initial_window=10, clamp=1 << 20)
        return own


@dataclass(slots=True)
class Done:
    """What an event did."""

    possible: bool
    sent: tuple[Segment, ...]
    signals: tuple[str, ...]
    rules: tuple[Rule, ...]
    before: Tcb
    after: Tcb


@dataclass(slots=True)
class Host:
    """A host with one socket."""

    rules: Rules
    setup: Setup
    tcb: Tcb = field(init=False)
    gone: bool = False  # the user has closed the socket

    def __post_init__(self) -> None:
        # It reports what it holds. What its peer reports is not kept: that is of few places only.
        self.tcb = new_tcb(replace(self.setup.bounds(), sack=False))

    def copy(self) -> "Host":
        """Another one in the same state."""
        other = Host(self.rules, self.setup)
        other.tcb, other.gone = clone(self.tcb), self.gone
        return other

    def do(self, event: str) -> Done:
        """Let ``event`` happen."""
        what, seg, octets = read(event, self.setup)
        before = clone(self.tcb)
        again = what == Input.CLOSE and (self.tcb.closing or self.tcb.state in _ENDS)
        self.gone = self.gone or event in ("CLOSE", "ABORT")
        if again or (what == Input.CLOSE and self.tcb.state == State.CLOSED):
            return Done(True, (), (), (), before, self.tcb)
        bounds = self.setup.bounds()
        if what == Input.SEND:
            bounds = replace(bounds, write=octets)
        # After TIME-WAIT comes an ISN above the last.
        isn = SEQ.plus(ISS, (1 << 18) * (self.tcb.state == State.TIME_WAIT))
        end = with_tcb(self.tcb)
        effects = happen(end, what, seg, isn, self.rules, bounds)
        self.tcb = end.tcb if effects.possible else before
        if self.tcb.state in (State.CLOSED, State.LISTEN) and before.state == State.LISTEN:
            self.gone = self.gone and self.tcb.state == State.CLOSED
        return Done(
            effects.possible, effects.sent, effects.signals, effects.rules, before, clone(self.tcb)
        )

    def readable(self) -> int:
        """How many octets RECEIVE would give the user."""
        for transfer in self.tcb.transfers:
            return transfer.unread
        if self.tcb.state in (State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED):
            return 0
        return self.setup.window - self.tcb.rcv.wnd


# Events and answers as text

_NUMBER = re.compile(r"(?P<of>ISS|IRS|0)(?P<plus>\+\d+)?(?P<wnd>\+WND)?(?P<more>[+-]\d+)?$")


def read(event: str, setup: Setup) -> tuple[Input, Segment | None, int]:
    """What ``event`` is: an input, with its segment, or with the octets of a SEND."""
    words = event.split(" ")
    if words[0] == "SEND":
        return Input.SEND, None, int(words[1])
    if event in CALLS:
        return CALLS[event], None, 0
    return Input.SEGMENT, segment(event, setup), 0


def segment(text: str, setup: Setup) -> Segment:
    """The segment that ``text`` says."""
    said, _, rest = text.partition(" seq=")
    names = said.split(",")
    octets = next((int(n.split()[1]) for n in names if n.startswith("text ")), 0)
    parts = dict(part.split("=") for part in f"seq={rest}".split(" ")) if rest else {}
    return Segment(
        seq=_place(parts.get("seq", "0"), setup),
        ack=_place(parts["ack"], setup) if "ack" in parts else 0,
        wnd=int(parts.get("wnd", 32767)),
        text=octets,
        ctl=Control(**{bit: bit.upper() in names for bit in _BITS}),
    )


def _place(text: str, setup: Setup) -> int:
    match = _NUMBER.match(text)
    assert match is not None, text
    base = {"ISS": ISS, "IRS": IRS, "0": 0}[match["of"]]
    more = int(match["plus"] or 0) + int(match["more"] or 0)
    return SEQ.plus(base, more + (setup.window if match["wnd"] else 0))


def named(ctl: Control, octets: int) -> str:
    """``text 3,FIN,ACK``."""
    bits = [bit.upper() for bit in _TELLS if getattr(ctl, bit)]
    return ",".join([f"text {octets}"] * (octets > 0) + bits) or "-"


def place(number: int, base: str, setup: Setup) -> str:
    """A sequence number, from ``base``: ``IRS+1``; near the window's right edge, from that."""
    away = SEQ.minus(number, IRS if base == "IRS" else ISS)
    if away >= 1 << 31:
        return f"{base}-{(1 << 32) - away}"
    beyond = away - setup.window
    if base == "IRS" and not setup.mss and -2 <= beyond <= 4:
        return f"IRS+WND{beyond:+}"
    return f"{base}+{away}" if away else base


def answer(seg: Segment, setup: Setup) -> str:
    """What the host sent, in the same words."""
    ctl = seg.ctl
    zero = seg.seq == 0 and ctl.rst
    said = f"{named(ctl, seg.text)} seq={'0' if zero else place(seg.seq, 'ISS', setup)}"
    said += f" ack={place(seg.ack, 'IRS', setup)}" if ctl.ack else ""
    if not seg.sack:
        return said
    held = [n for n in range(seg.sack.bit_length()) if seg.sack >> n & 1]
    first = SEQ.minus(seg.ack, IRS)
    return said + blocks((first + n * setup.place, first + (n + 1) * setup.place) for n in held)


def blocks(spans: Iterable[tuple[int, int]]) -> str:
    """What a SACK option reports, from the ISN: ``sack=200-300,400-500``."""
    found: list[list[int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return " sack=" + ",".join(f"{start}-{end}" for start, end in found) if found else ""


def agrees(expected: str, seg: Segment, setup: Setup) -> bool:
    """Is ``seg`` what was expected? A number that is not expected may be any."""
    return agree(expected, answer(seg, setup))


def agree(expected: str, said: str) -> bool:
    """Do two answers agree, where both give a number?"""
    first, second = (dict(_parts(text)) for text in (expected, said))
    both = first.keys() & second.keys()
    return all(first[key] == second[key] for key in both)


def _parts(text: str) -> list[tuple[str, str]]:
    said, *numbers = re.split(r" (?=seq=|ack=|sack=)", text)
    parts = [("said", said)]
    for number in numbers:
        key, _, value = number.partition("=")
        parts.append((key, value))
    return parts
