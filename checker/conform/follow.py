"""Connections: which segments are one's, where one ends and the next begins, and what came of it.

A *flow* is a pair of sockets with a monitor for each end; the monitors live on from one connection
of the pair to the next, since what the last one left (TIME-WAIT, old segments) matters for the
next. A *connection* begins with a SYN of a new ISN, or with a SYN,ACK of another ISN than the one
before. A duplicate SYN, SYN,ACK or FIN begins nothing.

Where the capture was taken decides what is asked of whom (``Position``). In the middle, both ends
are judged; what either sent may have been lost, duplicated or reordered before it was seen. At one
end, that end is judged alone, and strictly: all that it sent was seen, in order; and nothing is
asked of what arrived, which may be forged.

Memory is bounded: a flow keeps summaries only, the flows kept are at most ``FLOWS``, and those
whose connections ended go first.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from checker.capture import Packet, Unread
from checker.capture.segments import ACK, RST, SYN, flags, options, socket
from checker.conform.explain import Refusal
from checker.conform.heard import SEQ, Heard
from checker.conform.monitor import Monitor
from checker.conform.recall import Memory, Pair
from checker.conform.steps import BOUNDS, LIFE, WINDOW, Behaviour, Candidate, Edge
from spec.tcp.tcb import State, Tcb

FLOWS = 8_192
"""Pairs of sockets that are followed at a time."""
LADDER = 24
"""Segments before a deviation that are kept for its picture."""
RESTED = 2 * BOUNDS.msl / 1000


class Verdict(Enum):
    """What can be said of a connection."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a capture was taken: at the end with one of ``addresses``; if none, in the middle.

    ``role`` says the same by who opens: the client sends the SYN.
    """

    addresses: frozenset[bytes] = frozenset()
    role: str = ""

    def at(self, sockets: tuple[bytes, bytes]) -> int | None:
        """Which of a flow's ends it is, the first being the client's; None: neither."""
        if self.role:
            return 0 if self.role == "client" else 1
        for side, one in enumerate(sockets):
            if one[:-2] in self.addresses:
                return side
        return None


MIDDLE = Position()
BACKWARDS = "it begins with SYN,ACK"
USED = "the pair of sockets was used before"


@dataclass(slots=True)
class Deviation:
    """The first segment of a connection that no state explains."""

    segment: int
    sender: str
    text: str
    candidates: list[str]
    rule: str
    nearest: str
    departures: list[str]  # switches that explain it
    forged: bool = False  # all that follows is explained if the sender did not send it
    seen: list[Packet] = field(default_factory=list)  # segments before it, and itself
    sides: list[int] = field(default_factory=list)

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
        }


@dataclass(slots=True)
class Connection:
    """One connection, as far as it was followed."""

    flow: "Flow"
    first: int
    began: float
    packets: int = 0
    isn: list[int | None] = field(default_factory=lambda: [None, None])
    scale: list[int | None] = field(default_factory=lambda: [None, None])
    sent: list[int] = field(default_factory=lambda: [0, 0])  # segments
    mid: str = ""
    unsupported: str = ""
    unread: str = ""
    notes: list[tuple[int, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    deviation: Deviation | None = None
    options: list[dict[int, bytes]] = field(default_factory=lambda: [{}, {}])
    # What it came to
    last: int = 0
    verdict: Verdict = Verdict.INCONCLUSIVE
    reason: str = ""
    life: list[str] = field(default_factory=list)
    edges: list[list[tuple[int, State, State]]] = field(default_factory=lambda: [[], []])
    states: list[str] = field(default_factory=lambda: ["", ""])

    def note(self, number: int, text: str) -> None:
        """Something worth telling."""
        count = self.counts[text] = self.counts.get(text, 0) + 1
        if count <= 3 and len(self.notes) < LIFE:
            self.notes.append((number, text))

    @property
    def name(self) -> str:
        """``10.0.0.1:40508-10.0.0.2:5000``, the client first."""
        return "-".join(socket(s) for s in self.flow.sockets)


class Flow:
    """A pair of sockets, the client's first."""

    __slots__ = ("at", "connection", "last", "offered", "pair", "seen", "sent", "sockets")

    def __init__(self, sockets: tuple[bytes, bytes], memory: Memory, at: int | None) -> None:
        self.sockets = sockets
        self.at = at
        self.pair = Pair(memory, at)
        self.connection: Connection | None = None
        self.last = 0.0
        self.sent = [False, False]  # was anything seen of either end?
        self.offered: Packet | None = None  # a SYN that the end of the capture has not answered
        self.seen: list[tuple[int, Packet]] = []

    @property
    def monitors(self) -> tuple[Monitor, Monitor]:
        """Of its ends."""
        return self.pair.monitors

    def over(self) -> bool:
        """Has the connection ended, as far as can be told?"""
        over = (State.CLOSED, State.TIME_WAIT)
        return self.pair.state(0) in over and self.pair.state(1) in over


class Follower:
    """All connections of one capture; ``done`` is told of each when it has come to its end."""

    def __init__(
        self,
        behaviour: Behaviour,
        position: Position,
        done: Callable[[Connection], None],
        flows: int = FLOWS,
    ) -> None:
        self.memory = Memory(behaviour)
        self.position = position
        self.done = done
        self.limit = flows
        self.flows: dict[tuple[bytes, bytes], tuple[Flow, int]] = {}
        self.unread: Counter[str] = Counter()
        self.hidden: dict[
            tuple[bytes, bytes], str
        ] = {}  # of addresses, or of sockets not yet known
        self.segments = 0

    def feed(self, items: Iterable[Packet | Unread]) -> None:
        """Follow what was captured, in order."""
        flows = self.flows
        for item in items:
            if item.__class__ is Unread:
                self._unread(item)
                continue
            p: Packet = item  # type: ignore[assignment]
            self.segments += 1
            found = flows.get((p.src, p.dst))
            if found is None:
                found = self._flow(p)
            flow, side = found
            flow.last = p.time
            if not self.segments & 0xFFFF:
                self._rest(p.time)
            self._packet(flow, side, p)

    def finish(self) -> None:
        """The capture has ended."""
        left = {id(flow): flow for flow, _ in self.flows.values()}.values()
        for flow in sorted(left, key=lambda f: f.connection.first if f.connection else 0):
            self._close(flow)
        self.flows.clear()

    def _unread(self, item: Unread) -> None:
        self.unread[item.why] += 1
        flow = self.flows.get((item.src, item.dst))
        if flow is not None and flow[0].connection is not None:
            flow[0].connection.unread = item.why
        elif item.src and len(self.hidden) < self.limit:
            self.hidden[item.src, item.dst] = item.why

    def _flow(self, p: Packet) -> tuple[Flow, int]:
        """A new pair of sockets; whose segment looks like the client's is put first."""
        if len(self.flows) >= 2 * self.limit:
            self._forget(p.time)
        replies = p.flags & (SYN | ACK) == SYN | ACK
        sockets = (p.dst, p.src) if replies else (p.src, p.dst)
        flow = Flow(sockets, self.memory, self.position.at(sockets))
        side = int(replies)
        self.flows[p.src, p.dst] = flow, side
        if p.src != p.dst:
            self.flows[p.dst, p.src] = flow, 1 - side
        return flow, side

    def _rest(self, now: float) -> None:
        """Forget what ended, and has rested for 2 MSL: its sockets may be anybody's."""
        for flow in {id(f): f for f, _ in self.flows.values()}.values():
            if now - flow.last > RESTED and flow.over():
                self._drop(flow)

    def _drop(self, flow: Flow) -> None:
        self._close(flow)
        a, b = flow.sockets
        del self.flows[a, b]
        if a != b:
            del self.flows[b, a]

    def _forget(self, now: float) -> None:
        """Make room: first what ended and has rested for 2 MSL, then what ended, then the idle."""

        def use(flow: Flow) -> tuple[int, float]:
            if not flow.over():
                return 2, flow.last
            return (0 if now - flow.last > RESTED else 1), flow.last

        flows = sorted({id(flow): flow for flow, _ in self.flows.values()}.values(), key=use)
        for flow in flows[: max(1, self.limit // 4)]:
            if flow.connection is not None and not flow.over():
                flow.connection.note(0, "forgotten: too many connections at a time")
            self._drop(flow)

    def _packet(self, flow: Flow, side: int, p: Packet) -> None:
        connection = flow.connection
        if connection is None or p.flags & (SYN | RST) == SYN:
            connection = self._begin(flow, side, p)
        connection.packets += 1
        connection.sent[side] += 1
        flow.sent[side] = True
        seen = flow.seen
        seen.append((side, p))
        if len(seen) > 2 * LADDER:
            del seen[:-LADDER]
        edge = None
        if p.flags & ACK and not connection.mid:
            scale = connection.scale
            shift = scale[side] if not p.flags & SYN and None not in scale else 0
            edge = (p.ack + (p.wnd << (shift or 0))) & 0xFFFFFFFF
        pair = flow.pair
        explained = pair.take(side, p, edge)
        if flow.at is None or flow.at == side:
            if not explained:
                self._refused(flow, connection, side, p)
            elif pair.departs and connection.deviation is None:
                self._departed(flow, connection, side, p)
            if pair.note:
                connection.note(p.number, f"{_who(side)}: {pair.note}")
        if p.wnd == 0 and not p.flags & RST:
            connection.note(p.number, f"{_who(side)}: zero window")

    def _begin(self, flow: Flow, side: int, p: Packet) -> Connection:
        """The connection that ``p`` is of: the present one, unless it begins another."""
        old = flow.connection
        if p.flags & (SYN | RST) != SYN:
            if old is not None:
                return old
            new = self._new(flow, p)
            self._take_up(flow, new, side, p)
            return new
        known = old.isn[side] if old is not None else None
        if old is not None and (known == p.seq or (known is None and not old.mid)):
            if old.mid == BACKWARDS and not p.flags & ACK:
                old.mid = ""
                old.note(p.number, "the capture has the SYN after its SYN,ACK")
            self._opening(old, side, p)
            return old
        if old is not None and flow.at == 1 - side and _alive(flow.pair.state(1 - side)):
            # Whatever it is, the end where the capture was taken has not begun another.
            flow.offered = p
            return old
        if old is not None:
            used = flow.pair.state(side)
            self._close(flow)
            new = self._new(flow, p)
            new.note(p.number, f"{USED} (packet {old.first})"
                     + (f"; {_who(side)} was left in {used.value}"
                        if used not in (State.CLOSED, State.LISTEN) else ""))  # fmt: skip
            if p.flags & ACK:
                new.isn[1 - side], new.scale[1 - side] = old.isn[1 - side], old.scale[1 - side]
                new.options[1 - side] = old.options[1 - side]
                if flow.offered is not None:
                    self._opening(new, 1 - side, flow.offered)
            flow.offered = None
            if old.mid or (old.deviation is not None and not old.deviation.departures):
                self._afresh(flow)
        else:
            new = self._new(flow, p)
        if p.flags & ACK and new.isn[1 - side] is None:
            # The SYN was not seen: what it was, the SYN,ACK says.
            new.mid = BACKWARDS
            new.isn[1 - side] = SEQ.minus(p.ack, 1)
            self._assume_syn(flow, side, p)
        self._opening(new, side, p)
        return new

    def _new(self, flow: Flow, p: Packet) -> Connection:
        flow.connection = Connection(flow, p.number, p.time)
        return flow.connection

    def _afresh(self, flow: Flow) -> None:
        """After what was not understood, a new connection is followed from the start."""
        for monitor in flow.monitors:
            monitor.candidates = [Candidate(Tcb())]
            monitor.calm = False

    def _opening(self, connection: Connection, side: int, p: Packet) -> None:
        """What a SYN tells: the ISN, and options."""
        connection.isn[side] = p.seq
        found = options(p.options)
        connection.options[side] = found
        shift = found.get(3)
        connection.scale[side] = min(shift[0], 14) if shift else None  # RFC 7323 2.3
        fast = 34 in found or found.get(254, b"")[:2] == b"\xf9\x89"
        if fast and p.text:
            connection.unsupported = "TCP Fast Open"
        if all(30 in o for o in connection.options):
            connection.unsupported = "Multipath TCP"
        if any(kind in found for kind in (11, 12, 13)):
            connection.unsupported = "T/TCP"

    def _assume_syn(self, flow: Flow, side: int, p: Packet) -> None:
        syn = Packet(p.number, p.time, p.dst, p.src, SEQ.minus(p.ack, 1), 0, SYN, 0, 0)
        flow.monitors[1 - side].sent(syn)
        flow.monitors[side].hears(syn, None)

    def _take_up(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        """Both ends are taken for ESTABLISHED, with the numbers that the first segment gives."""
        connection.mid = "its beginning was not captured"
        if p.flags & RST or not p.flags & ACK:
            return
        mine, theirs = SEQ.minus(p.seq, 1), SEQ.minus(p.ack, 1)
        for one, iss, irs in ((side, mine, theirs), (1 - side, theirs, mine)):
            monitor = flow.monitors[one]
            tcb = Tcb(state=State.ESTABLISHED, iss=iss, irs=irs)
            tcb.snd.una = tcb.snd.nxt = SEQ.plus(iss, 1)
            tcb.rcv.nxt = tcb.rcv.up = SEQ.plus(irs, 1)
            tcb.rcv.wnd = WINDOW
            monitor.newest = monitor.heard[irs] = Heard(irs)
            monitor.keep([Candidate(tcb)])

    def _refused(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        """No state explains ``p``."""
        if connection.deviation is not None:
            connection.deviation.forged = False
            return
        monitor = flow.monitors[side]
        connection.deviation = _deviation(flow, side, p, monitor, [])
        connection.deviation.forged = True

    def _departed(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        monitor = flow.monitors[side]
        names = sorted(monitor.candidates[0].used)
        connection.deviation = _deviation(flow, side, p, monitor, names)

    def _close(self, flow: Flow) -> None:
        """Its present connection has come to its end: say what it was."""
        connection = flow.connection
        if connection is None:
            return
        flow.connection = None
        connection.last = flow.seen[-1][1].number if flow.seen else connection.first
        _judge(connection, flow, self.hidden)
        flow.pair.forget()
        self.done(connection)


def _alive(state: State) -> bool:
    return state not in (State.CLOSED, State.LISTEN, State.TIME_WAIT)


def _who(side: int) -> str:
    return "AB"[side]


def _deviation(
    flow: Flow, side: int, p: Packet, monitor: Monitor, departures: list[str]
) -> Deviation:
    best = min(monitor.refusals, default=Refusal(9, "no rule sends it", ""), key=lambda r: r.far)
    seen = flow.seen[-LADDER:]
    return Deviation(
        segment=p.number,
        sender=socket(p.src),
        text=describe(p),
        candidates=monitor.before[:6],
        rule=best.rule,
        nearest=best.nearest,
        departures=departures,
        seen=[q for _, q in seen],
        sides=[s for s, _ in seen],
    )


def describe(p: Packet) -> str:
    """A packet, for the reader."""
    ack = f"<ACK={p.ack}>" if p.flags & ACK else ""
    text = f"<{p.text} octets>" if p.text else ""
    return f"<SEQ={p.seq}>{ack}{text}<CTL={flags(p.flags)}>"


def _edges(edge: Edge | None, first: int) -> list[Edge]:
    """The states that the likeliest candidate went through."""
    found: list[Edge] = []
    while edge is not None and len(found) < LIFE:
        if edge.number >= first:
            found.append(edge)
        edge = edge.rest
    return found[::-1]


def _judge(connection: Connection, flow: Flow, hidden: dict[tuple[bytes, bytes], str]) -> None:
    """The verdict, and the life."""
    lines: list[tuple[int, int, str]] = []
    pair = flow.pair
    for side in (0, 1):
        for i, edge in enumerate(_edges(pair.story(side), connection.first)):
            change = edge.change
            connection.edges[side].append((edge.number, change.before, change.after))
            if flow.at is None or flow.at == side:
                # What happens at the far end is told by its own capture.
                lines.append((edge.number, i, f"{_who(side)} {change.text}"))
        connection.states[side] = pair.left(side)
        isn = connection.isn[side]
        if isn is not None and (octets := pair.octets(side, isn)):
            lines.append((1 << 40, 0, f"{_who(side)} sent {octets} octets of text"))
    for number, text in connection.notes:
        lines.append((number, 99, text))
    for text, count in connection.counts.items():
        if count > 3:
            lines.append((1 << 40, 1, f"{text}: {count} times"))
    lines.sort()
    connection.life = [
        (f"{number}: " if 0 < number < 1 << 40 else "") + text for number, _, text in lines[:LIFE]
    ]
    if len(lines) > LIFE:
        connection.life.append(f"and {len(lines) - LIFE} more")
    for side in (0, 1):
        if flow.at in (None, side) and connection.states[side]:
            connection.life.append(f"{_who(side)} is left in {connection.states[side]}")
    connection.verdict, connection.reason = _verdict(connection, flow, hidden)
    if connection.verdict is not Verdict.DEVIATES:
        connection.deviation = None


def _verdict(
    connection: Connection, flow: Flow, hidden: dict[tuple[bytes, bytes], str]
) -> tuple[Verdict, str]:
    a, b = flow.sockets
    unread = connection.unread
    if hidden and not unread:
        pairs = ((a, b), (b, a), (a[:-2], b[:-2]), (b[:-2], a[:-2]))
        unread = next((hidden[pair] for pair in pairs if pair in hidden), "")
    deviation = connection.deviation
    if connection.unsupported:
        return Verdict.UNSUPPORTED, connection.unsupported
    if unread:
        return Verdict.INCONCLUSIVE, f"not all segments can be read: {unread}"
    if connection.mid:
        return Verdict.INCONCLUSIVE, f"mid-stream: {connection.mid}" + (
            f" (taken up from there, packet {deviation.segment} is not explained)"
            if deviation is not None
            else ""
        )
    if deviation is not None and not all(flow.sent) and flow.at is None:
        return Verdict.INCONCLUSIVE, "one-sided: the capture has segments of one end only"
    if flow.pair.capped():
        return Verdict.INCONCLUSIVE, "more possible states than are followed"
    if deviation is not None:
        return Verdict.DEVIATES, f"packet {deviation.segment}: {deviation.rule}"
    if flow.at is not None and not connection.sent[flow.at]:
        return Verdict.INCONCLUSIVE, "nothing to check: the end that is judged sent nothing"
    if connection.packets == 1:
        return Verdict.INCONCLUSIVE, "nothing to check: a single segment"
    return Verdict.CONFORMS, ""
