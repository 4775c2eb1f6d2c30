"""Which hidden inputs lead a candidate to send a segment that was seen.

**What is run.** A segment is *explained* by a candidate if some user calls, timeouts and arrivals,
none of which a capture shows, lead to a step of the specification that sends it. Which state sends
what, and what an arrival does, is always the specification's answer: no state machine is here.

**What arrived** is bounded by what was seen of the peer (``inbound``). The ACK of a segment tells
which text and FIN had arrived before it was sent: they are delivered to the candidate as one
segment from RCV.NXT on, with no news of acknowledgment or with the highest that was seen.

**What is put together.** The specification sends octets singly; implementations send segments of
many, with FIN on the last. Of n octets, n-1 are taken in one leap (``written`` and SND.NXT grow
by n-1, which is what n-1 SENDs do: ``tests/checker/conform/test_explain.py``), and the last is a
SEND of the specification. A segment that repeats old octets and carries new ones, or FIN, is
explained part by part.

**What is abstracted.**

* The receive window of an end is the largest there is: whether the end shrinks it is not judged.
  Against the peer's window its text is checked: SND.WND reaches to the furthest right edge seen,
  scaled as the SYNs said.
* An ACK may be sent at any time that a duplicate may have arrived; that one is missing, delayed
  or rate-limited is never a deviation.
* A retransmission may begin anywhere in the retransmission queue (SACK, fast retransmit).
* A keep-alive (3.8.4, MAY-5), and a probe without text at SND.NXT-1, is no input of the
  specification: it is taken where a connection is idle.
* RST of ABORT may carry an ACK, as 3.1 says of all segments of a connection.
* Urgent data, PSH, options other than window scale, and the contents of segments are not read.
* ABORT in TIME-WAIT is not assumed: it would explain any TIME-WAIT that is cut short.

Time is in milliseconds, with MSL = 2 minutes: it counts only in TIME-WAIT.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from checker.capture.segments import ACK, FIN, RST, SYN, Packet
from checker.conform.behaviour import BOUNDS, WINDOW
from checker.conform.candidate import BREACH, EVENT, Candidate, Change, Edge
from checker.conform.inbound import SEQ, Inbound
from checker.conform.layout import NO_CONNECTION
from checker.conform.patience import Patience
from checker.conform.steps import Step, Stepper
from checker.model.records import clone
from spec.rules import ResetBelow
from spec.tcp import user_calls
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb

CANDIDATES = 24
"""More are not followed; a verdict that would need them is inconclusive."""
SLACK = 5 * EVENT
"""A candidate that presumes so much more than the likeliest is not followed."""

WINDOW_RULE = "3.8.6: text beyond SND.UNA+SND.WND is not sent"

KEPT = 8
"""Of SYNs and of resets that may still arrive, the last."""
RECENT = 64

_ONE = replace(BOUNDS, octets=1)
TALKING = (State.ESTABLISHED, State.CLOSE_WAIT)
"""States in which SEND sends."""
WAITING = (
    State.SYN_SENT,
    State.SYN_RECEIVED,
    State.FIN_WAIT_1,
    State.CLOSING,
    State.LAST_ACK,
)
"""States that an acknowledgment may end."""
CLOSING = (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
"""States with a FIN that is not known to be acknowledged."""
_RESETS = (
    State.SYN_RECEIVED,
    State.ESTABLISHED,
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.CLOSE_WAIT,
)
"""States in which ABORT sends a reset."""


class Refusal(NamedTuple):
    """Why no candidate explains a segment, and what it would have sent; ``far``: in how much."""

    far: int
    rule: str
    nearest: str | Segment


class Seen:
    """What is known of an end beside its candidates, and is no part of any summary."""

    __slots__ = (
        "accused", "before", "came", "capped", "lacks", "last", "lost", "patience", "text",
        "widest",
    )  # fmt: skip

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.came: deque[Packet] = deque(maxlen=RECENT)  # the last that may have provoked a reset
        self.text: deque[tuple[int, int]] = deque(maxlen=RECENT)  # the last sent: SEQ, and octets
        self.before = self.last = 0.0  # when it sent the last two
        self.accused = False  # did it send what no state explains, in this connection?
        self.lacks = 0  # numbers that its peer sent, and that the capture does not have
        self.lost: deque[tuple[int, int]] = deque(maxlen=KEPT)  # the last of them
        self.widest = 0  # the largest window that its peer was seen to have
        self.capped = 0  # the first packet at which there were more candidates than are followed

    def splits(self, seq: int) -> bool:
        """Was ``seq`` in the midst of a segment, and never where one began or ended?"""
        places = [(SEQ.minus(seq, start), octets) for start, octets in self.text]
        inside = any(0 < place < octets for place, octets in places)
        return inside and not any(place in (0, octets) for place, octets in places)


class Came(NamedTuple):
    """What is kept of a packet, as long as it may matter."""

    seq: int
    ack: int
    flags: int
    text: int


def segment(p: Packet | Came) -> Segment:
    """A packet as the specification's segment."""
    f = p.flags
    return Segment(
        seq=p.seq,
        ack=p.ack if f & ACK else 0,
        text=p.text,
        ctl=Control(ack=bool(f & ACK), rst=bool(f & RST), syn=bool(f & SYN), fin=bool(f & FIN)),
    )


def unlawful(flags: int) -> str:
    """What forbids these flags in whatever state; "" if nothing does."""
    if flags & RST and flags & (SYN | FIN):
        return "3.5.2: a reset carries neither SYN nor FIN"
    if flags & SYN and flags & FIN:
        return "3.10.1, 3.10.7.2: no SYN is sent with a FIN"
    if not flags & (SYN | RST | ACK):
        return (
            "3.1: once a connection is established, ACK is always sent; before, only SYN and RST "
            "are"
        )
    return ""


def shown(seg: Segment) -> str:
    """A segment of the specification, for the reader."""
    names = [n for n in ("syn", "fin", "rst", "ack") if getattr(seg.ctl, n)]
    ack = f"<ACK={seg.ack}>" if seg.ctl.ack else ""
    text = f"<{seg.text} octets>" if seg.text else ""
    return f"<SEQ={seg.seq}>{ack}{text}<CTL={','.join(names).upper()}>"


class Met:
    """Candidates that were met while one segment is explained, and what came of them.

    Others come the same way to the same state; what follows from there is not looked at again.
    """

    def __init__(self) -> None:
        self.costs: dict[tuple[object, ...], int] = {}
        self.arrivals: dict[tuple[object, ...], list[tuple[tuple[object, ...], Candidate]]] = {}
        self.explained: dict[tuple[object, ...], bool] = {}

    def first(self, c: Candidate, what: object = None) -> bool:
        """Was none like ``c`` met, in connection with ``what``, that is as likely?"""
        mark = (what, c.key())
        if self.costs.get(mark, c.cost + 1) <= c.cost:
            return False
        self.costs[mark] = c.cost
        return True


class Explainer:
    """What is known of one end, and how it explains what the end sends.

    ``strict``: the capture was taken at this end, so that all that it sent was seen, in order;
    else it may have been lost, duplicated or reordered before it was seen.
    """

    def __init__(self, stepper: Stepper, strict: bool, seen: Seen) -> None:
        self.stepper = stepper
        self.strict = strict
        self.inbound: dict[int, Inbound] = {}
        self.syns: tuple[Came, ...] = ()
        self.resets: tuple[Came, ...] = ()
        self.seen = seen
        self.edge: int | None = None  # how far it let the peer send
        self.acked: int | None = None  # the highest ACK that its TCB was seen to send
        self.refusals: list[Refusal] = []
        self.met = Met()
        self.measured = False  # did more than the order of numbers count? Then it cannot be cached
        self.splits: bool | None = None  # ... but for this, which is asked of the segment's SEQ
        self.number = 0
        self.time = 0.0
        self.note = ""

    def explain(self, candidates: Iterable[Candidate], p: Packet) -> Iterator[Candidate]:
        """What they may have become by sending ``p``; the likeliest come first."""
        if wrong := unlawful(p.flags):
            nearest = "the same without" if p.flags & (SYN | RST) else "the same with ACK"
            self._refuse(-1, wrong, nearest)
            return
        self.met = Met()
        if p.flags & RST:
            came = provoking(self.seen.came, p)
            for c in candidates:
                yield from self._reset(c, p, came)
            return
        explain = self._other
        if p.flags & SYN:
            explain = self._syn_ack if p.flags & ACK else self._open
        for c in candidates:
            yield from explain(c, p)

    def steps(
        self, c: Candidate, what: Input, seg: Segment | None = None, isn: int | None = None
    ) -> list[Step]:
        """The steps of the specification, at this packet."""
        return self.stepper.steps(c, what, self.number, self.time, seg, isn)

    def _refuse(self, far: int, rule: str, nearest: str | Segment = "none") -> None:
        self.refusals.append(Refusal(far, rule, nearest))

    def _cap(self) -> None:
        """There are more candidates than are followed."""
        self.seen.capped = self.seen.capped or self.number
        self.measured = True

    # Arrivals

    def settle(
        self, c: Candidate, upto: int | None, resets: bool = False, lost: int = 0
    ) -> list[Candidate]:
        """``c``, and what it becomes by arrivals that the capture allows.

        Text and FIN arrive up to ``upto``, or all that were seen; ``lost`` is what it costs that
        they did not.
        """
        if not self._deliver(c, upto, resets):
            return [c]
        found, marks = [c], [c.key()]
        seen = set(marks)
        waits: set[int] = set()  # of those in ``found``, for which something is still to arrive
        for i, one in enumerate(found):
            if len(found) > CANDIDATES:
                self._cap()
                break
            for mark, to in self._deliver(one, upto, resets):
                if mark != marks[i]:
                    waits.add(i)
                if mark not in seen:
                    seen.add(mark)
                    marks.append(mark)
                    found.append(to)
        return [one.costlier(lost) if i in waits else one for i, one in enumerate(found)]

    def _deliver(
        self, c: Candidate, upto: int | None, resets: bool
    ) -> list[tuple[tuple[object, ...], Candidate]]:
        """What ``c`` becomes by a single arrival."""
        mark = (upto, resets, c.key())
        found = self.met.arrivals.get(mark)
        if found is None:
            found = self.met.arrivals[mark] = [
                (step.to.key(), step.to)
                for seg in self._arrivals(c, upto, resets)
                for step in self.steps(c, Input.SEGMENT, seg)
                # A SYN is answered when the answer is seen.
                if not (step.drew_isn or (self.strict and step.sends_syn))
            ]
        return found

    def _arrivals(self, c: Candidate, upto: int | None, resets: bool) -> Iterator[Segment]:
        """Segments that may arrive at ``c`` and change it."""
        state = c.tcb.state
        if state in NO_CONNECTION:
            return
        if resets:
            # Elsewhere a reset changes no state (3.10.7.4 second).
            base = self.stepper.behaviour.base
            exact = base.reset_exact and base.syn_received_reset_exact
            exact = exact and base.reset_below == ResetBelow.NONE and state != State.SYN_SENT
            for reset in self.resets:
                if not exact or reset.seq == c.tcb.rcv.nxt:
                    yield segment(reset)
        if state == State.SYN_SENT:
            yield from map(segment, self.syns)
            return
        if state == State.SYN_RECEIVED:
            # Where both ends opened, the peer's SYN,ACK may arrive too.
            yield from (segment(syn) for syn in self.syns if syn.flags & ACK)
        inbound = self.inbound.get(c.tcb.irs)
        if inbound is not None and state != State.TIME_WAIT:
            yield from self._stream(c.tcb, inbound, upto)

    def _stream(self, tcb: Tcb, inbound: Inbound, upto: int | None) -> Iterator[Segment]:
        """Text, FIN and acknowledgments, put together in one segment.

        An acknowledgment that changes no state is never delivered: where SND.UNA stays behind,
        more may be retransmitted, and nothing else is different.
        """
        if upto == tcb.rcv.nxt and tcb.state not in WAITING:
            return
        goal, fin = inbound.top, inbound.fin == inbound.top
        if upto is not None and upto != SEQ.plus(goal, 1):
            goal, fin = upto, False
        if not inbound.covers(SEQ.plus(goal, fin)) or not SEQ.le(tcb.rcv.nxt, goal):
            goal, fin = tcb.rcv.nxt, False
        text = SEQ.minus(goal, tcb.rcv.nxt)
        una, ack = tcb.snd.una, inbound.ack
        news = tcb.state in WAITING and ack is not None and SEQ.lt_le(una, ack, tcb.snd.nxt)
        news |= self.stepper.nothing and tcb.state == State.SYN_RECEIVED and ack == una
        ways = [(text, fin)]
        if text and goal == inbound.lost:
            ways.append((text - 1, True))  # the last that the capture lacks may be a FIN
        for octets, last in ways:
            if (octets or last) and not (news and SEQ.lt(inbound.since, SEQ.plus(goal, fin))):
                yield Segment(tcb.rcv.nxt, una, text=octets, ctl=Control(ack=True, fin=last))
            elif ack is not None and news:
                yield Segment(tcb.rcv.nxt, ack, text=octets, ctl=Control(ack=True, fin=last))

    # SYN

    def _ended(self, c: Candidate) -> Iterator[Candidate]:
        """``c`` if it is CLOSED or LISTEN, else how it may have come there unseen."""
        for one in self.settle(c, None, resets=True):
            state = one.tcb.state
            if state in NO_CONNECTION:
                yield one
                continue
            ways = {Input.USER_TIMEOUT: EVENT + 2 * BREACH, Input.TIME_WAIT_TIMEOUT: 0}
            if state == State.FIN_WAIT_2:
                ways[Input.USER_TIMEOUT] = EVENT  # where rules of a stack have a timer for it
            elif self._all_acknowledged(one.tcb):
                ways[Input.USER_TIMEOUT] += EVENT  # the acknowledgment was lost, too
            assumed = self.stepper.behaviour.assumed
            timeout = not (self.strict and assumed.arrived and self.has_no_reason_to_end(one))
            if assumed.user_timeout:
                self.measured = True
                timeout &= self.time - self.seen.before >= assumed.user_timeout
            if not timeout:
                del ways[Input.USER_TIMEOUT]
            silent = (State.CLOSING, State.LAST_ACK)
            if state == State.SYN_RECEIVED:
                ways[Input.CLOSE] = EVENT  # where rules of a stack end it so
            if state == State.SYN_SENT or (state in silent and not assumed.no_abort):
                ways[Input.ABORT] = EVENT  # which sends nothing there
            elif (
                state not in (State.TIME_WAIT, *silent) and not self.strict and not assumed.no_abort
            ):
                ways[Input.ABORT] = 2 * EVENT  # the reset was lost before the capture, too
            for what, cost in ways.items():
                for step in self.steps(one, what):
                    if step.to.tcb.state in NO_CONNECTION:
                        yield step.to.costlier(cost)

    def has_no_reason_to_end(self, c: Candidate) -> bool:
        """Can no timer of it expire, and does it have a connection?"""
        return c.tcb.state in TALKING and self._all_acknowledged(c.tcb)

    def _all_acknowledged(self, tcb: Tcb) -> bool:
        """Was the peer seen to acknowledge all that was sent? Then no USER TIMEOUT is due."""
        inbound = self.inbound.get(tcb.irs)
        return tcb.state != State.SYN_SENT and inbound is not None and inbound.ack == tcb.snd.nxt

    def _fresh(self, c: Candidate, isn: int) -> Candidate | None:
        """``c``, which is about to use ``isn``; not the one that it used last (MUST-8)."""
        if c.last is None or c.last.iss != isn:
            return c
        if not self.strict and not self.stepper.behaviour.assumed.fresh_isn:
            return c.costlier(BREACH)
        self._refuse(1, "3.4.1, MUST-8: a new connection has a new ISN", "another ISN")
        return None

    def _listening(self, c: Candidate) -> Iterator[Candidate]:
        """``c``, which is CLOSED or LISTEN, in LISTEN."""
        if c.tcb.state == State.LISTEN:
            yield c
        else:
            yield from (step.to for step in self.steps(c, Input.OPEN_PASSIVE))

    def _open(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        """A SYN: an active OPEN, or a retransmission."""
        state = c.tcb.state
        if state == State.SYN_SENT:
            for step in self.steps(c, Input.RETRANSMISSION_TIMEOUT):
                seg = step.sent[0]
                if seg.seq == p.seq and (not p.text or seg.text == p.text):
                    self.note = "SYN retransmitted"
                    yield step.to
                    return
                self._refuse(1, "3.10.8: in SYN-SENT, the SYN is sent again as it was", seg)
        elif state == State.SYN_RECEIVED:
            for step in self.steps(c, Input.RETRANSMISSION_TIMEOUT):
                # A listener that answers in parts sends its SYN by itself.
                if any(s.ctl.syn and not s.ctl.ack and s.seq == p.seq for s in step.sent):
                    yield step.to
        elif state == State.TIME_WAIT:
            for step in self.steps(c, Input.OPEN_ACTIVE, isn=p.seq):
                if step.drew_isn:
                    yield step.to
        for ended in self._ended(c):
            one = self._fresh(ended, p.seq) if self.met.first(ended) else None
            if one is not None:
                yield from self._opened(one, p)
        if state == State.TIME_WAIT:
            self._refuse(
                1,
                "3.6.1, MUST-13: TIME-WAIT lasts 2 MSL; until then the pair of sockets is taken "
                "(3.10.1: connection already exists)",
                "none: SYN is not sent in TIME-WAIT",
            )
        else:
            self._refuse(3, "3.10.1: connection already exists", f"none: no SYN in {state.value}")

    def _opened(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        if not p.text:
            for step in self.steps(c, Input.OPEN_ACTIVE, isn=p.seq):
                if step.drew_isn:
                    yield step.to
            return
        # Text on a SYN is that of SENDs in LISTEN (3.10.2).
        for listening in self._listening(c):
            tcb = clone(listening.tcb)
            tcp = Tcp(replace(self.stepper.behaviour.base, data_on_syn=True), _ONE, p.seq)
            user_calls.send(tcb, tcp, False)
            tcb.written += p.text - 1
            tcb.snd.nxt = SEQ.plus(tcb.snd.nxt, p.text - 1)
            d = replace(listening, tcb=tcb, last=None)
            opened = Change(State.LISTEN, tcb.state, tcp.cited[-1])
            d.story = Edge(d.story, self.number, opened)
            yield d

    def _syn_ack(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        """A SYN,ACK: LISTEN's answer to a SYN, or SYN-RECEIVED's retransmission."""
        if p.text:
            self._refuse(
                1,
                "3.10.2: text is queued in SYN-RECEIVED; SYN,ACK carries none",
                f"<SEQ={p.seq}><ACK={p.ack}><CTL=SYN,ACK>",
            )
            return
        for one in self.settle(c, c.tcb.rcv.nxt):
            if one.tcb.state == State.SYN_RECEIVED:
                for step in self.steps(one, Input.RETRANSMISSION_TIMEOUT):
                    seg = step.sent[0]
                    if seg.ctl.syn and (seg.seq, seg.ack) == (p.seq, p.ack):
                        self.note = "SYN,ACK again" if one.tcb.passive else ""
                        yield step.to
                    else:
                        self._refuse(2, "3.10.8: SYN,ACK is sent again as it was", seg)
        for syn in self.syns:
            if not syn.flags & ACK:
                yield from self._both(c, segment(syn), p)
        answered = [s for s in self.syns if not s.flags & ACK and p.ack == SEQ.plus(s.seq, 1)]
        for syn in answered:
            yield from self._answer(c, segment(syn), p)
        if self.syns and not answered:
            latest = SEQ.plus(self.syns[-1].seq, 1)
            self._refuse(
                1,
                "3.10.7.2 third: SYN,ACK acknowledges the SYN; text that came with it waits",
                f"<SEQ={p.seq}><ACK={latest}><CTL=SYN,ACK>",
            )
        if not self.syns:
            self._refuse(1, "3.10.7.2 third: SYN,ACK answers a SYN that arrived")
        elif c.tcb.state not in NO_CONNECTION:
            self._refuse(
                3,
                "3.10.7: SYN,ACK is sent in LISTEN and SYN-SENT when a SYN arrives, and again in "
                "SYN-RECEIVED",
                f"none: no SYN,ACK in {c.tcb.state.value}",
            )

    def _both(self, c: Candidate, syn: Segment, p: Packet) -> Iterator[Candidate]:
        """``syn`` arrives in SYN-SENT: both ends open."""
        if c.tcb.state == State.SYN_SENT:
            for step in self.steps(c, Input.SEGMENT, syn):
                if step.sent and (step.sent[0].seq, step.sent[0].ack) == (p.seq, p.ack):
                    yield step.to

    def _answer(self, c: Candidate, syn: Segment, p: Packet) -> Iterator[Candidate]:
        """``syn`` arrives in LISTEN, or in TIME-WAIT where that reopens."""
        ended = [one for one in self._ended(c) if self.met.first(one, (syn.seq, syn.text))]
        for listening in (ready for one in ended for ready in self._listening(one)):
            one = self._fresh(listening, p.seq)
            for step in self.steps(one, Input.SEGMENT, syn, p.seq) if one is not None else ():
                if step.drew_isn:
                    yield step.to
        if c.tcb.state == State.TIME_WAIT:
            for step in self.steps(c, Input.SEGMENT, syn, p.seq):
                if step.drew_isn:
                    yield step.to
                elif step.sent:
                    self._refuse(
                        0,
                        "3.6.1, MAY-2 and RFC 6191 2: TIME-WAIT is reopened by a SYN above "
                        "RCV.NXT, and answers another with an ACK",
                        step.sent[0],
                    )

    # RST

    def _reset(self, c: Candidate, p: Packet, came: list[Packet]) -> Iterator[Candidate]:
        """A reset: ABORT, or the answer to a segment that has no business there."""
        acks = bool(p.flags & ACK)
        for one in self.settle(c, p.ack if acks else None):
            if one.tcb.state in _RESETS:
                for leapt in self._missed(one, p.seq):
                    yield from self._abort(leapt, p, acks)
        # If it answers nothing, the last that came tells what an answer is.
        ended = self._ended(c) if came else [Candidate(Tcb())]
        for one in (c, *ended):
            answers = one.tcb.state in (*NO_CONNECTION, State.SYN_SENT, State.SYN_RECEIVED)
            # In other states only rules of a stack have an answer.
            if (answers or came) and self.met.first(one):
                yield from self._answer_reset(one, p, came or [*self.seen.came][-1:])
        tcb = c.tcb
        if tcb.state == State.SYN_SENT:
            self._refuse(3, "3.10.5 SYN-SENT: ABORT deletes the TCB and sends nothing")
        elif tcb.state in NO_CONNECTION:
            self._refuse(3, "3.10.7.1: only a segment is answered with a reset")
        elif tcb.state in (State.CLOSING, State.LAST_ACK) and p.seq == tcb.snd.nxt:
            self._refuse(
                0, f"3.10.5 {tcb.state.value}: ABORT deletes the TCB and sends nothing", "none"
            )
        elif tcb.state == State.TIME_WAIT:
            self._refuse(
                0,
                "3.6.1, MUST-13 and 3.10.7.4 first: TIME-WAIT lasts 2 MSL, and answers a FIN with "
                "an ACK",
                Segment(tcb.snd.nxt, tcb.rcv.nxt, ctl=Control(ack=True)),
            )

    def _abort(self, c: Candidate, p: Packet, acks: bool) -> Iterator[Candidate]:
        for step in self.steps(c, Input.ABORT):
            if not step.sent:
                continue
            seg = step.sent[0]
            if seg.seq == p.seq and (not acks or c.tcb.rcv.nxt == p.ack):
                self.note = "reset"
                # Most stacks acknowledge in it: without, it is rather an answer.
                yield step.to if acks else step.to.costlier(EVENT + BREACH)
            else:
                seg.ctl.ack, seg.ack = acks, c.tcb.rcv.nxt
                self._refuse(_differs(seg, p), "3.10.5: ABORT sends <SEQ=SND.NXT><CTL=RST>", seg)

    def _answer_reset(self, c: Candidate, p: Packet, came: list[Packet]) -> Iterator[Candidate]:
        acks = bool(p.flags & ACK)
        for q in came:
            for step in self.steps(c, Input.SEGMENT, segment(q), p.seq):
                if not step.sent or not step.sent[0].ctl.rst:
                    continue
                answer = step.sent[0]
                if (answer.seq, answer.ctl.ack) == (p.seq, acks) and (
                    not acks or answer.ack == p.ack
                ):
                    self.note = "reset"
                    if q.flags & (SYN | FIN) and c.cost >= EVENT:
                        step.to.cost -= EVENT  # it was not late, since it is answered
                    yield step.to
                    return
                self._refuse(
                    _differs(answer, p),
                    "3.5.2: a reset answers with <SEQ=SEG.ACK>, or without ACK with "
                    "<SEQ=0><ACK=SEG.SEQ+SEG.LEN>",
                    answer,
                )

    # ACK, text and FIN

    def _other(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        found = False
        settled = self.settle(c, p.ack)
        fits = any(one.tcb.rcv.nxt == p.ack for one in settled)
        for one in settled:
            state = one.tcb.state
            if state in NO_CONNECTION or state == State.SYN_SENT:
                for d in self._in_parts(one, p):
                    found = True
                    yield d
                self._refuse(4, f"3.10: {state.value} sends neither ACK nor text nor FIN")
            elif one.tcb.rcv.nxt != p.ack:
                # From SYN-SENT, only an old SYN leads here: what may have been answered was
                # delivered when it was seen. What SYN-SENT does not send is told instead.
                if not fits and c.tcb.state != State.SYN_SENT:
                    self._wrong_ack(one.tcb, p)
            else:
                if self.met.first(one, p):
                    parts = list(self._parts(one, p))
                    self.met.explained[one.key()] = bool(parts)
                    yield from parts
                found = found or self.met.explained[one.key()]
        late = c.last if c.tcb.state in NO_CONNECTION else c.tcb
        if not self.strict and late is not None and not found:
            # What was sent before has no later ACK than what was seen since.
            acked = late.rcv.nxt if late is c.last or self.acked is None else self.acked
            inbound = self.inbound.get(late.irs)
            back = SEQ.minus(acked, p.ack)
            self.measured |= inbound is not None and not _by_order(inbound, acked, p.ack)
            if (
                inbound is not None
                and back <= min(inbound.total + 1, WINDOW)
                and p.ack != inbound.isn
                and _is_late(late, p)
                and not _is_too_late(inbound, p)
                and not self._splits(late, p)
            ):
                self.note = "late or duplicate"
                yield c.costlier()

    def _in_parts(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        """Is ``p`` the first of several segments with which a listener answers a SYN?"""
        if p.text or p.flags & FIN or c.tcb.state not in NO_CONNECTION:
            return
        for syn in self.syns:
            if not syn.flags & ACK and p.ack == SEQ.plus(syn.seq, 1):
                for one in self._listening(c):
                    for step in self.steps(one, Input.SEGMENT, segment(syn), p.seq):
                        first = step.sent[0] if step.drew_isn else segment(syn)
                        if not first.ctl.syn and (first.seq, first.ack) == (p.seq, p.ack):
                            yield step.to

    def _splits(self, tcb: Tcb, p: Packet) -> bool:
        """Is ``p`` an ACK alone whose SEQ was never SND.NXT, since a segment goes across it?"""
        if p.text or p.flags & FIN or p.seq == tcb.snd.nxt:
            return False
        self.splits = self.seen.splits(p.seq)
        if not self.splits:
            return False
        usual = Segment(tcb.snd.nxt, p.ack, ctl=Control(ack=True))
        self._refuse(1, "3.10.7.4: an ACK has <SEQ=SND.NXT>", usual)
        return True

    def _wrong_ack(self, tcb: Tcb, p: Packet) -> None:
        nearest = f"<SEQ={p.seq}><ACK={tcb.rcv.nxt}>"
        if SEQ.lt(p.ack, tcb.rcv.nxt):
            self._refuse(2, "3.10.7.4 seventh: RCV.NXT, and so the ACK, never goes back", nearest)
        else:
            self._refuse(
                2,
                "3.10.7.4 seventh, eighth: RCV.NXT moves only over what arrived; this "
                "acknowledges what the peer was not seen to send",
                nearest,
            )

    def _parts(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        """Explain ``p``, whose ACK fits: what is sent again, then what is new, then FIN."""
        seq, text, fin = p.seq, p.text, bool(p.flags & FIN)
        for one in self._missed(c, seq, over=not text and not fin):
            behind = SEQ.minus(one.tcb.snd.nxt, seq)
            if behind >= 1 << 31:
                self._refuse(
                    1,
                    "3.4: what is sent begins at SND.NXT, or is sent again",
                    f"<SEQ={one.tcb.snd.nxt}><ACK={one.tcb.rcv.nxt}>",
                )
            elif text == 0 and not fin:
                yield from self._ack(one, p)
            elif behind == 1 and text <= 1 and not fin and self._idle(one, p):
                self.note = "keep-alive"
                yield one
            elif fin and behind == 1 and one.tcb.state == State.SYN_RECEIVED:
                yield from self._closes_instead(one, seq)
            else:
                for again in self._again(one, seq, behind, text, fin) if behind else [one]:
                    fresh = text - behind
                    d: Candidate | None = again
                    if fresh > 0:
                        d = self._write(again, fresh) or self._probe(again, fresh)
                    if d is not None and fin and SEQ.plus(seq, text) == d.tcb.snd.nxt:
                        yield from self._finish(d)
                    elif d is not None:
                        yield d

    def _missed(self, c: Candidate, seq: int, over: bool = True) -> Iterator[Candidate]:
        """``c``, or what it is after sending up to ``seq`` what the capture does not have.

        Text, or where it may be ``over``, a FIN after it.
        """
        yield c
        tcb = c.tcb
        ahead = SEQ.minus(seq, tcb.snd.nxt)
        inbound = self.inbound.get(tcb.irs)
        if self.strict or not 0 < ahead < 1 << 31 or tcb.state not in TALKING or inbound is None:
            return
        if inbound.edge is None or SEQ.le(seq, SEQ.plus(inbound.edge, 1)):
            whole = self._write(c, ahead)
            if whole is not None:
                yield whole.costlier(EVENT + (ahead == 1))  # a single one is likelier a FIN
            short = (self._write(c, ahead - 1) if ahead > 1 else c) if over else None
            if short is not None:
                for step in self.steps(short, Input.CLOSE):
                    yield step.to.costlier(EVENT + (ahead > 1))

    def _write(self, c: Candidate, octets: int) -> Candidate | None:
        """SEND, ``octets`` times, each sent at once; None if the specification does not send."""
        tcb = clone(c.tcb)
        inbound = self.inbound.get(tcb.irs)
        edge = inbound.edge if inbound is not None else None
        tcb.written += octets - 1
        tcb.snd.nxt = last = SEQ.plus(tcb.snd.nxt, octets - 1)
        tcb.snd.wnd = 2 * WINDOW - 1 if edge is None else SEQ.minus(edge, tcb.snd.una)
        if tcb.snd.wnd >= 2 * WINDOW:
            tcb.snd.wnd = 0
        tcp = Tcp(self.stepper.behaviour.base, _ONE, 0)
        user_calls.send(tcb, tcp, False)
        tcb.snd.wnd = 0
        if not tcp.sent:
            if c.tcb.state in TALKING and not c.tcb.closing:
                self._refuse(1, WINDOW_RULE, f"text up to {edge}")
            else:
                self._refuse(3, str(tcp.cited[-1]), f"none: no text in {c.tcb.state.value}")
            return None
        assert tcp.sent[0].seq == last
        if tcb.written > WINDOW:
            rebase(tcb)
        return replace(c, tcb=tcb)

    def _finish(self, c: Candidate) -> Iterator[Candidate]:
        """FIN, after all text."""
        closed = [
            step.to for step in self.steps(c, Input.CLOSE) if any(s.ctl.fin for s in step.sent)
        ]
        yield from closed
        if not closed:
            self._refuse(
                2,
                "3.10.4: CLOSE sends FIN once, after the last octet",
                f"none: no FIN in {c.tcb.state.value}",
            )

    def _closes_instead(self, c: Candidate, seq: int) -> Iterator[Candidate]:
        """A FIN in the place of the SYN, where rules of a stack have it there."""
        for step in self.steps(c, Input.CLOSE):
            if any(s.ctl.fin and s.seq == seq for s in step.sent):
                yield step.to
        self._refuse(1, "3.10.4: FIN has its place after the last octet", f"FIN at {c.tcb.snd.nxt}")

    def _ack(self, c: Candidate, p: Packet) -> Iterator[Candidate]:
        """An ACK alone: what a duplicate that arrives is answered with."""
        tcb = c.tcb
        duplicate = Segment(seq=SEQ.minus(tcb.rcv.nxt, 1), ack=tcb.snd.una, ctl=Control(ack=True))
        for step in self.steps(c, Input.SEGMENT, duplicate):
            if not step.sent:
                continue
            answer = step.sent[0]
            if answer.seq == p.seq:
                yield step.to
            elif SEQ.plus(p.seq, 1) == answer.seq and self._idle(c, p):
                self.note = "keep-alive"
                yield c
            else:
                self._refuse(1, "3.10.7.4: an ACK has <SEQ=SND.NXT>", answer)

    def _idle(self, c: Candidate, p: Packet) -> bool:
        """May ``p`` be a keep-alive? It acknowledges nothing new: that would not have waited."""
        inbound = self.inbound.get(c.tcb.irs)
        return (
            c.tcb.state not in (State.SYN_RECEIVED, State.TIME_WAIT)
            and inbound is not None
            and inbound.ack == c.tcb.snd.nxt
            and self.acked in (None, p.ack)
        )

    def _again(self, c: Candidate, seq: int, behind: int, text: int, fin: bool) -> list[Candidate]:
        """``c``, if the part before SND.NXT is in the retransmission queue, as text or FIN.

        Or what it becomes, where rules of a stack have another state then.
        """
        tcb = clone(c.tcb)
        if not SEQ.le_lt(SEQ.plus(tcb.iss, 1), seq, tcb.snd.nxt):
            self._refuse(1, "3.4: what is sent lies above ISS", f"<SEQ={tcb.snd.nxt}>")
            return []
        if SEQ.lt(tcb.snd.una, seq) or tcb.snd.una == tcb.iss:
            tcb.snd.una = seq  # it may begin anywhere in the queue
        steps = self.steps(replace(c, tcb=tcb), Input.RETRANSMISSION_TIMEOUT)
        ways = [step.to for step in steps if step.sent]
        if not ways:
            self._refuse(
                2, f"3.10.8: {tcb.state.value} retransmits nothing", f"<SEQ={tcb.snd.nxt}>"
            )
            return []
        end = SEQ.plus(tcb.iss, 1 + tcb.written)
        if tcb.closing and not SEQ.le(SEQ.plus(seq, text), end):
            self._refuse(2, "3.10.2: connection closing", f"text up to {end}")
            return []
        if fin and text < behind and not (tcb.closing and SEQ.plus(seq, text) == end):
            self._refuse(
                1,
                "3.10.4: FIN has its place after the last octet",
                f"FIN at {end}" if tcb.closing else "the same without FIN",
            )
            return []
        self.note = "retransmission"
        for way in ways:
            way.tcb.snd.una = c.tcb.snd.una
        return [c if way.tcb.state == c.tcb.state else way for way in ways]

    def _probe(self, c: Candidate, octets: int) -> Candidate | None:
        """A zero-window probe: one octet that the window does not allow."""
        inbound = self.inbound.get(c.tcb.irs)
        if octets != 1 or inbound is None or inbound.ack != c.tcb.snd.nxt:
            return None
        ready = replace(c, tcb=clone(c.tcb))
        ready.tcb.snd.una = c.tcb.snd.nxt
        ready.tcb.written += 1
        for step in self.steps(ready, Input.RETRANSMISSION_TIMEOUT):
            if step.sent:
                self.note = "zero-window probe"
                return step.to
        return None


def provoking(came: Iterable[Packet], p: Packet) -> list[Packet]:
    """Those of the segments that came which the reset ``p`` may answer, each once."""
    return list({(q.seq, q.ack, q.flags, q.text): q for q in came if may_answer(p, q)}.values())


def may_answer(p: Packet, provoking: Packet) -> bool:
    """Has the reset ``p`` the SEQ of an answer to a segment?

    A sieve, so that the specification is asked about few segments: no reset of it answers with
    another SEQ than SEG.ACK, or 0 where there is no ACK (3.5.2).
    """
    return p.seq == (provoking.ack if provoking.flags & ACK else 0)


def _differs(seg: Segment, p: Packet) -> int:
    """In how many fields."""
    return (
        (seg.seq != p.seq)
        + (seg.ctl.ack != bool(p.flags & ACK))
        + (seg.ctl.ack and seg.ack != p.ack)
        + (seg.text != p.text)
    )


def _by_order(inbound: Inbound, acked: int, ack: int) -> bool:
    """Is it plain that ``ack`` is, or is not, within ``inbound`` below ``acked``?"""
    inside = SEQ.lt(inbound.isn, ack) and SEQ.le(acked, SEQ.plus(inbound.top, 1))
    return inside or SEQ.lt(acked, ack)


def _is_late(tcb: Tcb, p: Packet) -> bool:
    """Was ``p`` sent before, as far as its numbers tell?"""
    end = SEQ.plus(p.seq, p.length())
    place = SEQ.plus(tcb.iss, 1 + tcb.written)  # of FIN
    if tcb.state == State.SYN_SENT or not SEQ.le(SEQ.plus(tcb.iss, 1), p.seq):
        return False
    if p.flags & FIN:
        return tcb.closing and end == SEQ.plus(place, 1)
    return SEQ.le(end, place) or (not p.text and SEQ.le(end, tcb.snd.nxt))


def _is_too_late(inbound: Inbound, p: Packet) -> bool:
    """Does an ACK alone acknowledge text that cannot have arrived while SND.NXT was its SEQ?

    The peer sent that text with, or after, an acknowledgment of more: so more had been sent. A
    keep-alive is one below SND.NXT.
    """
    if p.text or p.flags & FIN or inbound.ack is None:
        return False
    return SEQ.lt(inbound.since, p.ack) and SEQ.lt(SEQ.plus(p.seq, 1), inbound.ack)


def rebase(tcb: Tcb) -> None:
    """Count from a later octet on, so that a long stream does not go round the circle."""
    gone = tcb.written // 2
    tcb.iss = SEQ.plus(tcb.iss, gone)
    tcb.written -= gone
    if SEQ.le(tcb.snd.una, tcb.iss):
        tcb.snd.una = SEQ.plus(tcb.iss, 1)
