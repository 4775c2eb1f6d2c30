"""What is known of a real stack: a ``Profile``, which has a file of its own beside this one.

Everything that depends on which stack it is reads it from there: ``conform`` its switches and
timers, plans its departures.

A *departure* is a known difference between a stack and RFC 9293. It is known only if its
``outcomes`` foretell what the stack does: in which states and at which inputs, what it sends, and
where it is then. A difference that no departure foretells is *unexplained*.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from checker.stacks.generate.machine import SEQ, Edge
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

Applies = Callable[[Edge, bool], bool]
"""Is it about this step? Given that the user has closed the socket."""
Sends = Callable[[Edge], tuple[Segment, ...]]
"""What is sent in this step."""


RFC = Rules()


class Outcome(NamedTuple):
    """What a stack does in some steps where the specification says otherwise."""

    applies: Applies
    sent: Sends | None = None  # instead; None: as specified
    after: State | None = None  # ... and entered; None: as specified
    elsewhere: bool = False  # RCV.NXT, SND.UNA or what else is not as specified afterwards
    dies: bool = False  # the stack is no more
    anything: bool = False  # what is sent has a number that nobody foretells, as a new ISN


class Switched(NamedTuple):
    """A value of a switch of ``spec.rules``: the specification with it departs likewise."""

    switch: str
    value: Any
    coarse: bool = False  # what follows of it in the stack, does not follow in the specification

    def made(self, rules: Rules) -> bool:
        """Is the switch on?"""
        return bool(getattr(rules, self.switch) == self.value)


@dataclass(frozen=True, slots=True)
class Departure:
    """What a stack does otherwise than RFC 9293 says, or where the RFC leaves it open."""

    number: int  # of this stack
    name: str
    section: str  # of RFC 9293, which says otherwise or leaves it open
    outcomes: tuple[Outcome, ...] = ()
    where: str = ""  # states and input, for readers
    evidence: str = "played"  # how it is known
    upstream: str = ""  # what became of it in the later source that the profile names; "": the same
    switch: Switched | None = None
    rest: tuple[Outcome, ...] = ()
    """What the stack does as the RFC says, where the specification with the switch does not."""

    def outcome(self, edge: Edge, gone: bool, rules: Rules = RFC) -> Outcome | None:
        """What it says of a step of the specification under ``rules``, if it says otherwise."""
        made = self.switch is not None and self.switch.made(rules)
        known = (*self.outcomes, *self.rest) if made else self.outcomes
        found = next((each for each in known if each.applies(edge, gone)), None)
        if found is None or self.switch is None or not made:
            return found
        if self.switch.coarse:
            return found._replace(elsewhere=True)
        same = found.after in (None, edge.after.state) and not found.dies and not found.anything
        alike = found.sent is None or _alike(found.sent(edge), edge.sent)
        return None if same and alike else found


def _alike(some: tuple[Segment, ...], others: tuple[Segment, ...]) -> bool:
    return [_item(seg) for seg in some] == [_item(seg) for seg in others]


def _item(seg: Segment) -> tuple[Any, ...]:
    ctl = seg.ctl
    return ctl.fin, ctl.syn, ctl.rst, ctl.ack, seg.seq, seg.ack if ctl.ack else 0, seg.text


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a stack's timers run, in milliseconds; None if that is not known."""

    time_wait: int | None = None  # what it makes of 2 MSL
    fin_wait_2: int | None = None  # after which FIN-WAIT-2 is given up
    retransmission: int | None = None  # R2: how long a segment is sent again (RFC 9293 3.8.3)
    least: int | None = None  # what no retransmission timeout falls below (RFC 6298 2.4: 1,000)
    linear: int = 0  # timeouts of a SYN that are not backed off (RFC 6298 5.5)


@dataclass(frozen=True, slots=True)
class Profile:
    """One stack, by the name that options call it."""

    name: str
    seen: str  # the version with which it was seen, and how: the evidence
    later: str = ""
    """Which later version was read, or played, to see what became of each departure."""
    switches: Mapping[str, Any] = field(default_factory=dict)
    """Of ``spec.rules``: against its defaults, or within its MAYs."""
    timers: Timers = Timers()
    departures: tuple[Departure, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Further switches: with these and ``switches`` the specification departs as the stack does, as
    far as switches say it. ``verify`` tells what that costs."""

    @property
    def imitated(self) -> dict[str, Any]:
        """All switches by which the specification does as the stack does."""
        return {**self.switches, **self.rules}

    def became(self, departure: Departure) -> str:
        """What became of one in the later version; nothing, where none was at hand."""
        return departure.upstream or ("the same" if self.later else "")


# Where


def at(states: str, *events: str, opened: str = "") -> Applies:
    """In ``states``, named with blanks between, at ``events``, as the machine names them.

    An event that ends with * is any that begins so. ``opened``: "passive" or "active", for
    SYN-RECEIVED.
    """
    wanted = {State(name) for name in states.split()}
    exact = {name for name in events if not name.endswith("*")}
    begins = tuple(name[:-1] for name in events if name.endswith("*"))

    def applies(edge: Edge, _: bool) -> bool:
        event = edge.transition.event
        if edge.before.state not in wanted or not (event in exact or event.startswith(begins)):
            return False
        return not opened or (opened == "passive") == edge.before.passive

    return applies


def stays(states: str, *events: str, sent: Sends | None = None) -> tuple[Outcome, ...]:
    """In each of ``states`` at ``events`` it stays, where the specification goes on."""
    return tuple(Outcome(at(name, *events), sent, State(name)) for name in states.split())


def packs(edge: Edge, _: bool) -> bool:
    """Is it a retransmission of text that a FIN follows?"""
    again = edge.what == Input.RETRANSMISSION_TIMEOUT
    return again and edge.before.closing and edge.sent[0].text > 0


# What is sent


def nothing(_: Edge) -> tuple[Segment, ...]:
    """Silence."""
    return ()


def ack(octets: int = 0) -> Sends:
    """An ACK, which acknowledges so much more than RCV.NXT was."""

    def sends(edge: Edge) -> tuple[Segment, ...]:
        return (_ack(edge, octets),)

    return sends


def _ack(edge: Edge, octets: int = 0) -> Segment:
    before = edge.before
    return Segment(seq=before.snd.nxt, ack=SEQ.plus(before.rcv.nxt, octets), ctl=Control(ack=True))


def syn_ack(edge: Edge) -> tuple[Segment, ...]:
    """The SYN,ACK of SYN-RECEIVED again."""
    before = edge.before
    return (Segment(seq=before.iss, ack=before.rcv.nxt, ctl=Control(ack=True, syn=True)),)


def abort_with_ack(edge: Edge) -> tuple[Segment, ...]:
    """A reset at SND.NXT that has an ACK of all that came."""
    reset = _ack(edge)
    reset.ctl.rst = True
    return (reset,)


def reset_with_ack(edge: Edge) -> tuple[Segment, ...]:
    """A reset at SEG.ACK, where RFC 9293 leaves out the ACK bit, with an ACK of the segment."""
    seg = _came(edge)
    end = SEQ.plus(seg.seq, seg.length())
    return (Segment(seq=seg.ack, ack=end, ctl=Control(ack=True, rst=True)),)


def reset(edge: Edge) -> tuple[Segment, ...]:
    """The reset that answers what no connection is there for (3.10.7.1)."""
    seg = _came(edge)
    if seg.ctl.ack:
        return (Segment(seq=seg.ack, ctl=Control(rst=True)),)
    end = SEQ.plus(seg.seq, seg.length())
    return (Segment(seq=0, ack=end, ctl=Control(ack=True, rst=True)),)


def _came(edge: Edge) -> Segment:
    assert edge.segment is not None
    return edge.segment


def text_and_fin(edge: Edge) -> tuple[Segment, ...]:
    """An octet and the FIN in one segment."""
    text = edge.sent[0]
    return (Segment(seq=text.seq, ack=text.ack, text=1, ctl=Control(ack=True, fin=True)),)


def aborts(edge: Edge, _: bool) -> bool:
    """Is it an ABORT that RFC 9293 answers with a reset?"""
    return edge.what == Input.ABORT and bool(edge.sent)
