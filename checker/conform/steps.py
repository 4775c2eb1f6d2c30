"""Candidates, and the steps of the specification that they take.

A candidate is a ``Tcb`` of the specification with 32-bit numbers, and how it came to be. It
changes by steps of ``spec.world.host.step``; what is here makes that quick, and adds nothing to it.

* *Alternatives.* Rules that the RFC leaves open are alternatives at each step. One is tried only
  if the step read the switch that it turns: a step that did not is the same with and without.
* *Translation.* Sequence numbers mean something only by their distances: add a constant to all
  numbers of one direction, and a step does the same, but for the constant 0 in SEQ of a reset that
  answers a segment without ACK. So a step is worked out from RCV.NXT = 0 and ISS = 0, and
  remembered: the handshakes of a million connections are one.
  ``tests/checker/conform/test_conform.py`` compares.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from spec.observe.ghosts import Sight
from spec.rules import Rules
from spec.tcp.rule import Rule
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world import host
from spec.world.bounds import Bounds
from spec.world.host import Endpoint
from spec.world.inputs import Input
from spec.world.records import clone, key

MASK = 0xFFFFFFFF
HALF = 1 << 31
WINDOW = 1 << 30
"""The largest window (RFC 7323)."""
BOUNDS = Bounds(
    width=32,
    window=WINDOW,
    incarnations=0,
    octets=0,
    send_window=False,
    user_timeout=True,
    msl=120_000,
)
"""``octets`` bounds a loop of the specification: text is sent by leaps, one SEND at the end."""
REMEMBERED = 1 << 14
"""Steps that are remembered; then memory is cleared."""

_SIGHT = Sight()
NONE = (State.CLOSED, State.LISTEN)
BLANK = (*NONE, State.SYN_SENT)
"""States that know no number of the peer."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The rules that a stack follows: ``base``, or at any step one of ``alternatives``.

    ``departures`` are known rules that are not permitted: a segment that only they explain is
    a deviation with a name. Each of both is the base with the switches named turned.
    """

    base: Rules
    alternatives: tuple[tuple[frozenset[str], Rules], ...] = ()
    departures: tuple[tuple[str, Rules], ...] = ()


class Change:
    """A change of state, and the rule that it is by."""

    __slots__ = ("after", "before", "rule", "text")

    def __init__(self, before: State, after: State, rule: Rule) -> None:
        self.before = before
        self.after = after
        self.rule = rule
        self.text = f"{before.value} -> {after.value}: {rule}"


class Edge(NamedTuple):
    """A change at a packet; a list that grows at its end."""

    rest: "Edge | None"
    number: int
    change: Change


LIFE = 200
"""Changes of state of an end that are told: the newest."""


def newest(story: Edge | None) -> Edge | None:
    """``story`` without what nobody will be told: sockets may be used again without end."""
    kept: list[Edge] = []
    edge = story
    while edge is not None and len(kept) < LIFE:
        kept.append(edge)
        edge = edge.rest
    if edge is None:
        return story
    story = None
    for one in reversed(kept):
        story = one._replace(rest=story)
    return story


@dataclass(slots=True)
class Candidate:
    """One state that the end may be in."""

    tcb: Tcb
    cost: int = 0  # arrivals and departures that are presumed lost or late
    used: frozenset[str] = frozenset()  # departures from the rules that it needed
    story: Edge | None = None
    clock: float = 0.0  # when its TIME-WAIT timer was last brought up to date
    last: Tcb | None = None  # what it was before it was deleted

    def key(self) -> tuple[object, ...]:
        """Equal for candidates with the same future."""
        gone = None if self.last is None else (self.last.iss, self.last.snd.nxt, self.last.rcv.nxt)
        return (key(self.tcb), gone, self.used)

    def costlier(self) -> "Candidate":
        """The same by a less likely way."""
        last = self.last
        tcb = clone(self.tcb)
        return Candidate(tcb, self.cost + 1, self.used, self.story, self.clock, last)


class Step:
    """What a step did: where it led, and what was sent."""

    __slots__ = ("_mine", "_outcome", "_theirs", "drew_isn", "to")

    def __init__(self, to: Candidate, outcome: "_Outcome", mine: int, theirs: int) -> None:
        self.to = to
        self.drew_isn = outcome.drew_isn
        self._outcome = outcome
        self._mine = mine
        self._theirs = theirs

    @property
    def sent(self) -> tuple[Segment, ...]:
        """Worked out when it is asked for: of most steps only the state matters."""
        mine, theirs = self._mine, self._theirs
        return tuple(
            [_shift_segment(s, mine, theirs, _answers_no_ack(s)) for s in self._outcome.sent]
        )

    @property
    def sends_syn(self) -> bool:
        """Is a SYN among what is sent?"""
        return any(s.ctl.syn for s in self._outcome.sent)


class _Outcome(NamedTuple):
    """A step, translated: from ISS = 0 and RCV.NXT = 0."""

    tcb: Tcb
    sent: tuple[Segment, ...]
    drew_isn: bool
    path: tuple[Change, ...]


class _Watched:
    """Rules that note which switches are read."""

    __slots__ = ("read", "rules")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self.rules, name)


class Stepper:
    """The specification under one behaviour, for one end."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.memory: dict[tuple[Any, ...], tuple[_Outcome, ...]] = {}
        cuts = {behaviour.base.time_wait_cut, *(r.time_wait_cut for _, r in behaviour.alternatives)}
        self.timers = frozenset({0, *(2 * BOUNDS.msl - cut for cut in cuts)})  # what they begin at

    def steps(
        self,
        c: Candidate,
        what: Input,
        number: int,
        time: float,
        seg: Segment | None = None,
        isn: int | None = None,
    ) -> list[Step]:
        """All that may come of ``what``; nothing if it is not possible."""
        tcb = c.tcb
        state = tcb.state
        mine = (isn or 0) if state in NONE else tcb.iss
        theirs = tcb.rcv.nxt
        if state in BLANK:
            theirs = seg.seq if seg is not None else 0
        isn0 = 0 if isn is None else (isn - mine) & MASK
        known = (what, isn0, _mark(tcb, mine, theirs), _mark_segment(seg, mine, theirs))
        outcomes = self.memory.get(known)
        if outcomes is None:
            if len(self.memory) >= REMEMBERED:
                self.memory.clear()
            tcb0 = _shift(tcb, -mine, -theirs)
            if _irs_is_done_with(tcb):
                tcb0.irs = 0
            seg0 = _shift_segment(seg, -theirs, -mine) if seg is not None else None
            outcomes = self.memory[known] = self._outcomes(tcb0, what, seg0, isn0)
        return [_step(c, one, mine, theirs, number, time) for one in outcomes]

    def _outcomes(
        self, tcb: Tcb, what: Input, seg: Segment | None, isn: int
    ) -> tuple[_Outcome, ...]:
        """The step by the base's rules, and by each alternative that can matter."""
        watched = _Watched(self.behaviour.base)
        found = [_run(tcb, what, seg, isn, cast(Rules, watched))]
        for switches, rules in self.behaviour.alternatives:
            if switches & watched.read:
                found.append(_run(tcb, what, seg, isn, rules))
        distinct: dict[Any, _Outcome] = {}
        for one in found:
            if one is not None:
                mark = (key(one.tcb), tuple(key(s) for s in one.sent), one.drew_isn)
                distinct.setdefault(mark, one)
        return tuple(distinct.values())

    def age(self, c: Candidate, time: float) -> None:
        """Let the TIME-WAIT timer of ``c`` run, in place."""
        if c.tcb.state == State.TIME_WAIT and c.tcb.time_wait > 0:
            passed = int((time - c.clock) * 1000)
            if passed > 0:
                end = Endpoint(tcb=c.tcb)
                rules = self.behaviour.base
                host.step(end, Input.TICK, None, 0, _SIGHT, rules, BOUNDS, passed)
                c.clock = time


def _run(tcb: Tcb, what: Input, seg: Segment | None, isn: int, rules: Rules) -> _Outcome | None:
    end = Endpoint(tcb=clone(tcb))
    effects = host.step(end, what, seg, isn, _SIGHT, rules, BOUNDS)
    if not effects.possible:
        return None
    if end.tcb.rcv.wnd != 0:
        end.tcb.rcv.wnd = WINDOW  # the user takes what arrives
        end.tcb.rcv.push = False
    end.tcb.rcv.up = end.tcb.rcv.nxt  # urgent data is not followed
    path = _path(tcb.state, end.tcb.state, effects.rules)
    return _Outcome(end.tcb, effects.sent, effects.drew_isn, path)


def _step(c: Candidate, one: _Outcome, mine: int, theirs: int, number: int, time: float) -> Step:
    """An outcome, translated back to the numbers of ``c``."""
    tcb = _shift(one.tcb, mine, theirs)
    if _irs_is_done_with(c.tcb) and not one.drew_isn and tcb.state not in NONE:
        tcb.irs = c.tcb.irs
    after = tcb.state
    d = Candidate(tcb, c.cost, c.used, c.story, c.clock, c.last)
    for change in one.path:
        d.story = Edge(d.story, number, change)
    if after == State.TIME_WAIT and c.tcb.state != State.TIME_WAIT:
        d.clock = time
    if one.drew_isn:
        d.last = None
    elif after in NONE and c.tcb.state not in NONE:
        d.last = c.tcb
    return Step(d, one, mine, theirs)


def _shift(tcb: Tcb, mine: int, theirs: int) -> Tcb:
    """A copy with ``mine`` added to our numbers and ``theirs`` to the peer's."""
    moved = clone(tcb)
    if tcb.state in NONE:
        return moved
    snd, rcv = moved.snd, moved.rcv
    moved.iss = (moved.iss + mine) & MASK
    snd.una = (snd.una + mine) & MASK
    snd.nxt = (snd.nxt + mine) & MASK
    if tcb.state != State.SYN_SENT:
        moved.irs = (moved.irs + theirs) & MASK
        rcv.nxt = (rcv.nxt + theirs) & MASK
        rcv.up = rcv.nxt
    return moved


def _irs_is_done_with(tcb: Tcb) -> bool:
    """IRS says where text that came with the SYN has its place, and nothing else."""
    return tcb.state not in BLANK and not tcb.held_text and not tcb.held_fin


def _answers_no_ack(seg: Segment) -> bool:
    """Is ``seg``, which the specification sends, a reset with the constant SEQ=0?"""
    return seg.ctl.rst and seg.ctl.ack


def _mark(tcb: Tcb, mine: int, theirs: int) -> tuple[object, ...]:
    """What is left of a TCB once it is translated: the same for all that translation makes equal.

    Of RCV nothing is left but the window, since RCV.NXT is where it is translated from.
    """
    state, snd = tcb.state, tcb.snd
    if state in NONE:
        return (state,)
    held = (tcb.held_text, tcb.held_fin, tcb.held_push, tcb.irs - theirs) if (
        tcb.held_text or tcb.held_fin
    ) else None  # fmt: skip
    return (
        state,
        (snd.una - mine) & MASK,
        (snd.nxt - mine) & MASK,
        tcb.written,
        tcb.closing,
        tcb.passive,
        tcb.reopened,
        tcb.rcv.wnd,
        tcb.rcv.push,
        tcb.time_wait,
        held,
    )


def _mark_segment(seg: Segment | None, mine: int, theirs: int) -> tuple[object, ...] | None:
    if seg is None:
        return None
    ctl = seg.ctl
    return (
        (seg.seq - theirs) & MASK,
        (seg.ack - mine) & MASK if ctl.ack else 0,
        seg.text,
        ctl.ack,
        ctl.syn,
        ctl.fin,
        ctl.rst,
    )


def _shift_segment(seg: Segment, seq: int, ack: int, constant: bool = False) -> Segment:
    ctl = seg.ctl
    return Segment(
        seq=0 if constant else (seg.seq + seq) & MASK,
        ack=(seg.ack + ack) & MASK if ctl.ack else 0,
        text=seg.text,
        ctl=Control(ack=ctl.ack, rst=ctl.rst, syn=ctl.syn, fin=ctl.fin),
    )


def _path(before: State, after: State, rules: tuple[Rule, ...]) -> tuple[Change, ...]:
    """The states that a step goes through: those that its rules enter, then ``after``."""
    if before == after:
        return ()
    at, found = before, []
    for rule in rules:
        if rule.enters is not None and rule.enters != at:
            found.append(Change(at, rule.enters, rule))
            at = rule.enters
    if at != after:
        found.append(Change(at, after, rules[-1]))
    return tuple(found)
