"""The steps that a candidate can take: ``spec.world.happen``, and nothing else.

*Alternatives.* Rules that the RFC leaves open are alternatives at each step. One is tried only if
the step read the switch that it turns: a step that did not is the same with and without.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from checker.conform.behaviour import BOUNDS, WINDOW, Behaviour
from checker.conform.candidate import Candidate, Change, Edge
from checker.conform.layout import NO_CONNECTION, check_unused, moved_segment
from checker.model.records import clone, key
from spec.rules import SWITCHES, Rules
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment
from spec.tcp.tcb import State, Tcb
from spec.world.endpoint import with_tcb
from spec.world.happen import happen

DROPS = ("ack_needed", "ack_floor", "unsent_text", "syn_received_seq_check")
"""Switches by which a segment is dropped, with the text and the ACK that it has."""


class Outcome(NamedTuple):
    """What the specification makes of a TCB and an input."""

    tcb: Tcb
    sent: tuple[Segment, ...]
    drew_isn: bool
    path: tuple[Change, ...]
    rule: Rule | None = None  # the last that it is by

    def mark(self) -> tuple[Any, ...]:
        """Equal for outcomes that differ in nothing but the rules that they are by."""
        return key(self.tcb), tuple([key(seg) for seg in self.sent]), self.drew_isn


class Step:
    """What a step did: where it led, and what was sent."""

    __slots__ = ("drew_isn", "outcome", "to")

    def __init__(self, to: Candidate, outcome: Outcome) -> None:
        self.to = to
        self.drew_isn = outcome.drew_isn
        self.outcome = outcome

    @property
    def sent(self) -> tuple[Segment, ...]:
        """The segments, as a capture shows them."""
        return self.outcome.sent

    @property
    def sends_syn(self) -> bool:
        """Is a SYN among what is sent?"""
        return any(s.ctl.syn for s in self.outcome.sent)


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
        self.read: set[str] = set()  # switches that steps depended on, since ``watch``
        cuts = {behaviour.base.time_wait_cut, *(r.time_wait_cut for _, r in behaviour.alternatives)}
        self.timers = frozenset({0, *(2 * BOUNDS.msl - cut for cut in cuts)})  # what they begin at
        allowed = (behaviour.base, *(rules for _, rules in behaviour.alternatives))
        self.takes = frozenset(
            name
            for name in DROPS
            if any(getattr(rules, name) != SWITCHES[name].default for rules in allowed)
        )  # what is dropped by these switches in the RFC
        if not all(rules.unsent_ack_refused for rules in allowed):
            self.takes |= {"unsent_text"}  # what believes the ACK takes the text
        self.nothing = any(rules.ack_of_nothing for rules in allowed)  # is ISS an ACK of the SYN?
        self.zero = not all(rules.syn_sent_any_reset for rules in allowed)  # is SEQ = 0 another?

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
        return [
            Step(after(c, one, one.tcb, number, time), one)
            for one in self.outcomes(c.tcb, what, seg, isn or 0)
        ]

    def outcomes(self, tcb: Tcb, what: Input, seg: Segment | None, isn: int) -> tuple[Outcome, ...]:
        """The step by the base's rules, and by each alternative that can matter."""
        watched = _Watched(self.behaviour.base)
        found = [_run(tcb, what, seg, isn, cast(Rules, watched))]
        self.read |= watched.read
        for switches, rules in self.behaviour.alternatives:
            if switches & watched.read:
                found.append(_run(tcb, what, seg, isn, rules))
        distinct: dict[Any, Outcome] = {}
        for one in found:
            if one is not None:
                distinct.setdefault(one.mark(), one)
        return tuple(distinct.values())

    def watch(self) -> None:
        """Take note of the steps from here on."""
        self.read.clear()

    def matter(self, departed: Mapping[str, "Stepper"]) -> list[str]:
        """Which of ``departed`` may make another step of one of those that were noted."""
        return [name for name in departed if switch(name) in self.read]

    def age(self, c: Candidate, time: float) -> None:
        """Let the TIME-WAIT timer of ``c`` run, in place."""
        if c.tcb.state == State.TIME_WAIT and c.tcb.time_wait > 0:
            passed = int((time - c.clock) * 1000)
            if passed > 0:
                end = with_tcb(c.tcb)
                rules = self.behaviour.base
                happen(end, Input.TICK, None, 0, rules, BOUNDS, elapsed=passed)
                c.clock = time


def switch(name: str) -> str:
    """The switch that a departure turns: it is named as ``--rules`` takes it."""
    return name.partition("=")[0]


def _run(tcb: Tcb, what: Input, seg: Segment | None, isn: int, rules: Rules) -> Outcome | None:
    end = with_tcb(clone(tcb))
    effects = happen(end, what, seg, isn, rules, BOUNDS, was=with_tcb(tcb))
    if not effects.possible:
        return None
    if end.tcb.rcv.wnd != 0:
        end.tcb.rcv.wnd = WINDOW  # the user takes what arrives
        end.tcb.rcv.push = False
    end.tcb.rcv.up = end.tcb.rcv.nxt  # urgent data is not followed
    check_unused(end.tcb)
    path = _path(tcb.state, end.tcb.state, effects.rules)
    sent = tuple([moved_segment(s, 0, 0) for s in effects.sent])
    last = effects.rules[-1] if effects.rules else None
    return Outcome(end.tcb, sent, effects.drew_isn, path, last)


def after(c: Candidate, one: Outcome, tcb: Tcb, number: int, time: float) -> Candidate:
    """``c`` once it took a step to ``tcb``, at a packet of this number and time."""
    state = tcb.state
    d = Candidate(tcb, c.cost, c.used, c.story, c.clock, c.last)
    for change in one.path:
        d.story = Edge(d.story, number, change)
    if state == State.TIME_WAIT and c.tcb.state != State.TIME_WAIT:
        d.clock = time
    if one.drew_isn:
        d.last = None
    elif state in NO_CONNECTION and c.tcb.state not in NO_CONNECTION:
        d.last = c.tcb
    return d


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
