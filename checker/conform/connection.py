"""A pair of sockets, and what is known of the connection that it has."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from checker.capture import Packet
from checker.capture.segments import ACK, CONTROL, FIN, RST, SYN, socket
from checker.conform.arrived import TOLERANCE
from checker.conform.candidate import LIFE
from checker.conform.culprit import Sight, Suspect
from checker.conform.ends import Ends, Way
from checker.conform.inbound import SEQ
from checker.conform.monitor import Monitor
from checker.conform.shards import Shard
from spec.tcp.rule import Rule
from spec.tcp.tcb import State

Edges = tuple[list[tuple[int, State, State]], list[tuple[int, State, State]]]
"""Of each end: the packets at which its state changed, with the state before and after."""


class Verdict(Enum):
    """What can be said of a connection."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"


class Event(NamedTuple):
    """Something in the life of a connection: a change of an end's state by a rule, or a fact."""

    packet: int  # 0: of no packet
    end: str  # A is the client, B the server; "": of both
    fact: str = ""
    before: str = ""
    after: str = ""
    rule: Rule | None = None
    inferred: bool = False  # is there an explanation of what was seen without it?

    def __str__(self) -> str:
        """For the reader."""
        packet = f"{self.packet}: " if self.packet else ""
        if self.rule is not None:
            inferred = " (inferred)" if self.inferred else ""
            return f"{packet}{self.end} {self.before} -> {self.after}: {self.rule}{inferred}"
        return packet + (f"{self.end}: " if self.end else "") + self.fact

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        if self.rule is None:
            return {"packet": self.packet, "end": self.end, "fact": self.fact}
        return {
            "packet": self.packet,
            "end": self.end,
            "before": self.before,
            "after": self.after,
            "section": self.rule.section,
            "rule": str(self.rule),
            "inferred": self.inferred,
        }


class Turn(NamedTuple):
    """A segment at which a state may have changed, or that is not explained."""

    side: int
    number: int
    time: float
    flags: int
    seq: int
    ack: int
    text: int
    wnd: int


@dataclass(slots=True)
class Deviation:
    """The first segment of a connection that no state explains."""

    segment: int
    sender: str
    text: str
    candidates: list[str]
    rule: str
    nearest: str
    departures: list[str]  # each of which explains it, as --rules takes them
    anywhere: bool = False  # does no state ever send it?
    habits: list[str] = field(default_factory=list)  # of known stacks, that explain it
    forged: bool = False  # all else is explained if the sender did not send it
    refused: int = 0  # the packet that was not explained, if another is named
    culprits: list[int] = field(default_factory=list)  # each of which may be the forged one
    taken: tuple[int, int] | None = None  # what it acknowledges, and came to be dropped only
    seen: list[Packet] = field(default_factory=list)  # segments before it, and itself
    sides: list[int] = field(default_factory=list)

    def comes_again(self, p: Packet) -> bool:
        """Has ``p``, which came at once, what was taken, so that it may have come before?"""
        if self.taken is None or socket(p.src) == self.sender or not p.flags & ACK:
            return False
        (start, stop), end = self.taken, SEQ.plus(p.seq, p.length())
        soon = p.time - self.seen[-1].time <= TOLERANCE
        return soon and SEQ.le(p.seq, start) and SEQ.le(stop, end)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "segment": self.segment,
            "sender": self.sender,
            "text": self.text,
            "candidates": self.candidates,
            "rule": self.rule,
            "nearest": self.nearest,
            "explained_by": self.departures,
            "forged": self.forged,
            "culprits": self.culprits,
            "habits": self.habits,
        }


@dataclass(slots=True)
class Connection:
    """One connection, as far as it was followed."""

    flow: "Flow"
    first: int
    began: float
    past: Edges  # of earlier connections of the same sockets, for what a picture shows of them
    isn: list[int | None] = field(default_factory=lambda: [None, None])
    opened: list[bool] = field(default_factory=lambda: [False, False])  # by a SYN without ACK
    scale: list[int | None] = field(default_factory=lambda: [None, None])
    sent: list[int] = field(default_factory=lambda: [0, 0])  # segments
    mid: str = ""  # what of its beginning is missing
    assumed: bool = False  # is that a SYN,ACK, which was taken for seen?
    unsupported: str = ""
    unread: str = ""  # why one of its segments could not be read
    given_up: bool = False  # was it not followed to its end?
    doubt: str = ""  # why its deviation may be none
    acknowledged: list[bool] = field(default_factory=lambda: [False, False])  # anything
    refused: bool = False  # was it reset before anything was acknowledged?
    notes: list[Event] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)  # of facts, by end
    spoke: list[int] = field(default_factory=lambda: [0, 0])  # the last packet of each end
    said: list[tuple[int, int, int] | None] = field(default_factory=lambda: [None, None])
    needless: list[int] = field(default_factory=lambda: [0, 0])  # ACKs that say nothing new
    unanswered: list[int] = field(default_factory=lambda: [0, 0])  # FINs of the peer
    deviation: Deviation | None = None
    suspects: list[Suspect] = field(default_factory=list)  # while it is followed
    options: list[dict[int, bytes]] = field(default_factory=lambda: [{}, {}])
    # What it came to
    last: int = 0
    verdict: Verdict = Verdict.INCONCLUSIVE
    reason: str = ""
    silent: bool = False  # nothing that the judged end sent could be checked
    life: list[Event] = field(default_factory=list)
    more: int = 0  # events that are not kept
    turns: list[Turn] = field(default_factory=list)
    octets: list[int] = field(default_factory=lambda: [0, 0])  # of text, seen to be sent
    lacks: list[int] = field(default_factory=lambda: [0, 0])  # sent, and not in the capture
    edges: Edges = field(default_factory=lambda: ([], []))  # its own
    states: list[str] = field(default_factory=lambda: ["", ""])

    def speaks(
        self, side: int, number: int, seq: int, ack: int, flags: int, wnd: int, text: int
    ) -> None:
        """Take note of what is acknowledged, what is said again, and what is not answered."""
        self.sent[side] += 1
        self.spoke[side] = number
        self.unanswered[side] = 0
        if flags & RST:
            self.refused |= not any(self.acknowledged)
        elif flags & ACK:
            self.acknowledged[side] = True
        if not text and flags & CONTROL == ACK:
            said = seq, ack, wnd
            if said == self.said[side]:
                self.needless[side] += 1
            self.said[side] = said
            return
        if flags & FIN:
            self.unanswered[1 - side] += 1
        self.said[side] = None
        if text or flags & (SYN | FIN | RST):
            self.said[1 - side] = None

    def note(self, number: int, end: str, fact: str) -> None:
        """Something worth telling."""
        count = self.counts[end, fact] = self.counts.get((end, fact), 0) + 1
        if count <= 3 and len(self.notes) < LIFE:
            self.notes.append(Event(number, end, fact))

    def turn(self, side: int, p: Packet) -> None:
        """At ``p`` a state may have changed, or it is not explained."""
        if len(self.turns) < LIFE:
            self.turns.append(Turn(side, p.number, p.time, p.flags, p.seq, p.ack, p.text, p.wnd))

    @property
    def packets(self) -> int:
        """How many there are."""
        return sum(self.sent)

    def shift(self, side: int) -> int:
        """By how many bits a window of ``side`` is scaled: both have to say that they do."""
        one, other = self.scale
        return 0 if one is None or other is None else self.scale[side] or 0

    @property
    def name(self) -> str:
        """``10.0.0.1:40508-10.0.0.2:5000 (VLAN 7)``, the client first."""
        sockets = "-".join(socket(s) for s in self.flow.sockets)
        return f"{sockets} ({self.flow.scope})" if self.flow.scope else sockets


class Flow:
    """A pair of sockets, the client's first, in one network."""

    __slots__ = (
        "_ends", "at", "connection", "first", "given_up", "joined", "keys", "last", "learner",
        "missed", "offered", "pair", "past", "patience", "refused", "scope", "seen", "sent",
        "shard", "sockets", "waited", "waits", "way",
    )  # fmt: skip

    def __init__(
        self,
        sockets: tuple[bytes, bytes],
        way: Way,
        at: int | None,
        first: int,
        scope: str,
        shard: Shard,
    ) -> None:
        self.sockets = sockets
        self.at = at
        self.first = first  # packet
        self.scope = scope
        self.keys: list[tuple[bytes, bytes, str]] = []  # by which segments are found to be its
        self.joined = False  # are its directions in two networks?
        self.missed = ""  # why it is not judged, if the capture is from the end of others
        self.way = way
        self.shard = shard
        self.patience = shard.patience
        self._ends: Ends | None = None
        self.connection: Connection | None = None
        self.last = 0.0
        self.sent = [False, False]  # was anything seen of either end?
        self.refused = False  # did it send what no state explains?
        self.given_up = False  # is it not followed any more?
        self.offered: Packet | None = None  # a SYN that the end of the capture has not answered
        self.seen: list[Sight] = []
        self.past: Edges = ([], [])  # of earlier connections: those at packets that are in seen
        self.pair: Any = None  # while it is quiet, or goes on as others did: ``quiet.Pair``
        self.learner: Any = None  # whoever others may go on as: ``courses.Course``
        self.waits = self.waited = 1  # segments until it may be taken for quiet; and at first

    @property
    def ends(self) -> Ends:
        """Both ends; made when somebody asks."""
        if self._ends is None:
            self._ends = self.way.ends(self.at, self.patience)
        return self._ends

    @property
    def monitors(self) -> tuple[Monitor, Monitor]:
        """Of its ends."""
        return self.ends.monitors

    def turned(self, at: int | None) -> "Flow":
        """The same, with the other's socket first; its connection was told of. Where ``at`` stays,
        another end is judged from here on, and both are as of new sockets."""
        one, other = self.sockets
        made = Flow((other, one), self.way, at, self.first, self.scope, self.shard)
        made.keys, made.joined, made.missed = self.keys, self.joined, self.missed
        made.last, made.sent = self.last, self.sent[::-1]
        made.refused, made.given_up, made.offered = self.refused, self.given_up, self.offered
        made.seen = [(1 - side, p, edge) for side, p, edge in self.seen]
        made.past = self.past[1], self.past[0]
        if self._ends is not None and (at is None or at != self.at):
            made._ends, self._ends = self._ends, None
            made._ends.swap()
        return made

    def over(self) -> bool:
        """Has the connection ended, as far as the capture shows?"""
        if self.pair is not None:
            return bool(self.pair.over())
        over = (State.CLOSED, State.TIME_WAIT)
        return self.ends.state(0) in over and self.ends.state(1) in over
