"""Every transition of one endpoint: its state, what comes in, what it answers, its next state.

The endpoint runs ``spec.world.happen``, the specification itself; user and peer are its
environment. The user calls what can be called. The peer sends one segment of each *class*: its
control bits, the place of SEG.SEQ (at RCV.NXT, beyond a gap, old, beyond the window) and what
SEG.ACK acknowledges (our SYN, text or FIN, nothing new, what was never sent). The classes are those
that the checks of section 3.10.7 tell apart; at most one of SEQ and ACK is out of order in a
segment, since the first check that fails hides the rest. One octet of text each way is enough for
every state.

A *transition* is what remains when numbers are left out: several TCBs of one state take the same
one. Which a stack's user and peer can make it take, says ``hindrance.py``.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from checker.support.errors import UsageProblem
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import with_tcb
from spec.world.happen import happen
from spec.world.records import clone, key

ISS, IRS = 1 << 20, 1 << 28
"""The endpoint's ISN and the peer's; far from each other and from the SEQ=0 of some resets."""
FAR = 1 << 18
"""Outside any window of either side."""
GAP = 500
"""Inside the window, and never reached: a stack may hold what is beyond a gap, or not."""
BOUNDS = Bounds(
    width=32,
    window=1000,
    base=ISS,
    incarnations=3,
    octets=1,
    user_timeout=True,
    crashes=1,
)
SEQ = Space(BOUNDS.width)
LIMIT = 2000
"""TCBs of one endpoint. Rules that let a peer send for ever have no end of them."""

USER = (
    Input.OPEN_PASSIVE,
    Input.OPEN_ACTIVE,
    Input.SEND,
    Input.CLOSE,
    Input.ABORT,
    Input.RETRANSMISSION_TIMEOUT,
    Input.USER_TIMEOUT,
    Input.TIME_WAIT_TIMEOUT,
    Input.CRASH,
)
"""What happens to an endpoint besides segments. RECEIVE changes no state."""

_FIN_CAME = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)


class Transition(NamedTuple):
    """What the endpoint's state machine does, without numbers."""

    before: State
    event: str
    answer: str
    after: State
    passive: bool = False  # SYN-RECEIVED, from a passive OPEN: the RFC tells the two apart

    def __str__(self) -> str:
        answer = f" / {self.answer}" if self.answer else ""
        opened = " (passive)" if self.passive else ""
        return f"{self.before.value}{opened} + {self.event}{answer} -> {self.after.value}"


class Arrival(NamedTuple):
    """A segment of a class."""

    name: str
    segment: Segment


@dataclass(slots=True, eq=False)
class Edge:
    """A transition, with numbers: of one TCB, to another."""

    transition: Transition
    what: Input
    segment: Segment | None
    sent: tuple[Segment, ...]
    before: Tcb
    after: Tcb
    rules: tuple[Rule, ...]


@dataclass(slots=True)
class Machine:
    """All TCBs of one endpoint, and what leads from one to another."""

    rules: Rules
    start: tuple[Any, ...] = ()
    edges: dict[tuple[Any, ...], list[Edge]] = field(default_factory=dict)

    def transitions(self) -> list[Transition]:
        """Every transition, in the order of discovery."""
        return list(dict.fromkeys(e.transition for edges in self.edges.values() for e in edges))


def machine(rules: Rules) -> Machine:
    """Explore one endpoint under ``rules`` to the end."""
    start = Tcb()
    found = Machine(rules, key(start))
    todo = deque([start])
    while todo:
        tcb = todo.popleft()
        if key(tcb) in found.edges:
            continue
        if len(found.edges) == LIMIT:
            raise UsageProblem(
                f"under these rules one end has more than {LIMIT} TCBs, and no plans"
            )
        edges = found.edges[key(tcb)] = list(_edges(tcb, rules))
        todo.extend(edge.after for edge in edges)
    return found


def _edges(tcb: Tcb, rules: Rules) -> Iterator[Edge]:
    inputs: list[tuple[Input, str, Segment | None]] = [(what, what.value, None) for what in USER]
    inputs += [(Input.SEGMENT, f"rcv {a.name}", a.segment) for a in arrivals(tcb)]
    for what, event, seg in inputs:
        end = with_tcb(clone(tcb))
        # From TIME-WAIT an ISN above the last; once is enough.
        isn = SEQ.plus(ISS, FAR) if tcb.state == State.TIME_WAIT and tcb.iss == ISS else ISS
        arriving = clone(seg) if seg is not None else None
        effects = happen(end, what, arriving, isn, rules, BOUNDS)
        if effects.possible:
            answer = ", ".join(name(each) for each in effects.sent)
            passive = tcb.state == State.SYN_RECEIVED and tcb.passive
            transition = Transition(tcb.state, event, answer, end.tcb.state, passive)
            yield Edge(transition, what, seg, effects.sent, tcb, end.tcb, effects.rules)


def name(seg: Segment) -> str:
    """A segment's control bits, and whether it has text: ``text,FIN,ACK``."""
    ctl = seg.ctl
    bits = (
        ("text", seg.text),
        ("SYN", ctl.syn),
        ("FIN", ctl.fin),
        ("RST", ctl.rst),
        ("ACK", ctl.ack),
    )
    return ",".join(word for word, there in bits if there)


# What the peer sends


def _segment(words: str, seq: int, ack: int = 0) -> Segment:
    there = words.split(",")
    return Segment(
        seq=seq,
        ack=ack if "ACK" in there else 0,
        wnd=BOUNDS.window,
        text=int("text" in there),
        ctl=Control(ack="ACK" in there, rst="RST" in there, syn="SYN" in there, fin="FIN" in there),
    )


def arrivals(tcb: Tcb) -> Iterator[Arrival]:
    """One segment of each class that an endpoint with ``tcb`` tells apart."""
    if tcb.state in (State.CLOSED, State.LISTEN):
        yield from _without_tcb()
    elif tcb.state == State.SYN_SENT:
        yield from _in_syn_sent(tcb)
    else:
        yield from _in_order(tcb)
        yield from _bad_ack(tcb)
        yield from _out_of_order(tcb)


def _without_tcb() -> Iterator[Arrival]:
    first = SEQ.plus(IRS, 1)
    yield Arrival("SYN", _segment("SYN", IRS))
    yield Arrival("SYN,ACK", _segment("SYN,ACK", IRS, SEQ.plus(ISS, 1)))
    for words in ("ACK", "FIN,ACK", "RST,ACK", "RST", "FIN"):
        yield Arrival(words, _segment(words, first, SEQ.plus(ISS, 1)))


def _in_syn_sent(tcb: Tcb) -> Iterator[Arrival]:
    yield Arrival("SYN", _segment("SYN", IRS))
    yield Arrival("RST", _segment("RST", IRS))
    yield Arrival("FIN", _segment("FIN", IRS))
    acks = (
        (" of SYN", tcb.snd.nxt),
        (" of nothing new", tcb.iss),
        (" of what was not sent", SEQ.plus(tcb.snd.nxt, 1)),
    )
    for words in ("SYN,ACK", "ACK", "RST,ACK"):
        for of, ack in acks:
            yield Arrival(words + of, _segment(words, IRS, ack))
    yield Arrival("FIN,ACK of SYN", _segment("FIN,ACK", IRS, tcb.snd.nxt))


def _in_order(tcb: Tcb) -> Iterator[Arrival]:
    """What an honest peer may send next."""
    nxt, una = tcb.rcv.nxt, tcb.snd.una
    words_left = [w for w in ("ACK", "text,ACK", "FIN,ACK", "text,FIN,ACK") if _fits(tcb, w)]
    for ack in (SEQ.plus(una, i) for i in range(SEQ.minus(tcb.snd.nxt, una) + 1)):
        of = acknowledged(tcb, ack)
        for words in words_left:
            yield Arrival(words + of, _segment(words, nxt, ack))
    yield Arrival("RST", _segment("RST", nxt))
    yield Arrival("RST,ACK", _segment("RST,ACK", nxt, tcb.snd.nxt))


def _fits(tcb: Tcb, words: str) -> bool:
    """May the peer send this next? (After its FIN, it must not, and may all the same.)

    By the RFC it has an octet and a FIN, and RCV.NXT no more after it. Under rules that take more
    it says one thing too much, and then nothing: else it would go on for ever.
    """
    came = SEQ.minus(tcb.rcv.nxt, tcb.irs)
    if "text" in words and "ACK" in words and came - (tcb.state in _FIN_CAME) > 1:
        return False
    return came <= 3 or not ("text" in words or "FIN" in words)


def acknowledged(tcb: Tcb, ack: int) -> str:
    """What is acknowledged for the first time: `` of SYN and text``."""
    octets = SEQ.plus(tcb.iss, 1 + tcb.written)
    parts = (
        ("SYN", tcb.snd.una == tcb.iss),
        ("text", tcb.unacknowledged_text(SEQ) and SEQ.lt(SEQ.plus(tcb.iss, 1), ack)),
        ("FIN", tcb.closing and ack == SEQ.plus(octets, 1)),
    )
    if ack == tcb.snd.una:
        return " of nothing new" if ack == tcb.iss else ""
    return " of " + " and ".join(word for word, there in parts if there)


def _bad_ack(tcb: Tcb) -> Iterator[Arrival]:
    nxt = tcb.rcv.nxt
    unsent = SEQ.plus(tcb.snd.nxt, 1)
    yield Arrival("ACK of what was not sent", _segment("ACK", nxt, unsent))
    yield Arrival("ACK of long ago", _segment("ACK", nxt, SEQ.minus(tcb.snd.una, FAR)))
    for words in ("text", "FIN"):
        if _fits(tcb, words):
            yield Arrival(f"{words} without ACK", _segment(words, nxt))


def _out_of_order(tcb: Tcb) -> Iterator[Arrival]:
    nxt = tcb.rcv.nxt
    ack = tcb.snd.nxt if tcb.snd.una == tcb.iss else tcb.snd.una  # above ISS: a good one
    gap, old, far = SEQ.plus(nxt, GAP), SEQ.minus(nxt, 1), SEQ.plus(nxt, FAR)
    yield Arrival("SYN again", _segment("SYN", tcb.irs))
    yield Arrival("SYN,ACK again", _segment("SYN,ACK", tcb.irs, SEQ.plus(tcb.iss, 1)))
    for words in ("ACK", "text,ACK", "RST"):
        yield Arrival(f"old {words}", _segment(words, old, ack))
    if tcb.state in _FIN_CAME:
        yield Arrival("FIN,ACK again", _segment("FIN,ACK", old, ack))
    yield Arrival("SYN in the window", _segment("SYN", nxt))
    yield Arrival("SYN,ACK in the window", _segment("SYN,ACK", nxt, ack))
    yield Arrival("RST beyond RCV.NXT", _segment("RST", gap))
    if tcb.state not in _FIN_CAME and tcb.snd.una != tcb.iss:
        yield Arrival("text,ACK beyond a gap", _segment("text,ACK", gap, ack))
        yield Arrival("FIN,ACK beyond a gap", _segment("FIN,ACK", gap, ack))
    for words in ("ACK", "text,ACK", "FIN,ACK", "RST", "SYN"):
        yield Arrival(f"{words} beyond the window", _segment(words, far, ack))


def takes_text(edge: Edge) -> bool:
    """Has the user something to read after it?"""
    over = edge.after.state in (State.CLOSED, State.LISTEN)
    return edge.after.rcv.wnd < edge.before.rcv.wnd and not over


def closes_socket(edge: Edge) -> bool:
    """Is CLOSE called as close()? Elsewhere shutdown() leaves the socket to be asked."""
    return edge.what == Input.CLOSE and edge.before.state == State.SYN_RECEIVED
