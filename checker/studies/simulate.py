"""``simulate``: walks through the specification, told step by step.

A scenario is data: which host does what next, and with which segment. Each of its moves is
looked up among ``System.steps``, so that a walk can only be one that the specification takes;
what is sent, with which numbers, and what becomes of the ends is the specification's answer and
nowhere written here (``tests/checker/studies/test_simulate.py`` pins it). Sequence numbers are of
32 bits.
"""

import dataclasses
import sys
from collections.abc import Collection, Mapping
from pathlib import Path as File
from typing import Any

from checker.engines.explicit.engine import Path
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.options import choose_rules
from checker.model.options import show as shown
from checker.model.words import text
from checker.render import Story, chosen, render, show, writable
from checker.support.errors import Problem, UsageProblem
from checker.support.names import unknown
from proofs.claims.scenarios import SCENARIOS, WALK, Move, Scenario, Train
from spec.rules import Rules
from spec.tcp import congestion
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.bounds import Bounds
from spec.world.channel import Bag
from spec.world.conversation import Numbered
from spec.world.enabled import Event
from spec.world.endpoint import Endpoint, new_tcb, with_tcb
from spec.world.system import Outcome, Step, World
from spec.world.topology import TWO_HOSTS


class Walk(Numbered, Interned):
    """The transition system, with the initial sequence numbers of a scenario on offer."""

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        super().__init__(rules, dataclasses.replace(WALK, **scenario.bounds))
        self.numbers = scenario.numbers
        self.wanted: Move | None = None  # other steps than these are not worked out
        self.notes: dict[int, str] = {}  # remarks on the steps that were taken, numbered from 1
        self.times: list[float] = []  # when they were, if each entry of the scenario takes as long

    def called(self, world: World, me: int) -> list[tuple[Event, Outcome]]:
        if self.wanted is None:
            return super().called(world, me)
        return [
            (what, outcome)
            for what in self.calls[me]
            if (me, what.value) == (self.wanted.host, self.wanted.action)
            for outcome in self.outcomes(world, me, what, None)
        ]

    def different(self, bag: Bag[Segment]) -> Collection[Segment]:
        found = super().different(bag)
        if self.wanted is None:
            return found
        return [seg for seg in found if _means(seg, self.wanted)]

    def take(self, world: World, move: Move, segment: Segment | None = None) -> tuple[Step, World]:
        """The step that ``move`` means, with this ``segment`` if there is one."""
        self.wanted = move
        found = [
            (step, after)
            for step, after in self.steps(world)
            if (step.host, step.action) == (move.host, move.action)
            and _means(step.segment, move)
            and segment in (None, step.segment)
            and self.selects(world, step)
        ]
        self.wanted = None
        if not found:
            raise UsageProblem(f"{_words(move)} is not possible there under these rules")
        if len({step.segment for step, _ in found}) > 1:
            raise Problem(f"{_words(move)} may be any of several segments: say which")
        return found[0]


def _means(segment: Segment | None, move: Move) -> bool:
    if segment is None:
        return not move.segment
    words, wanted = text(segment).split(), move.segment.split()
    return bool(wanted) and words[: len(wanted)] == wanted


def _words(move: Move) -> str:
    who = "" if move.host is None else f"{TWO_HOSTS.names[move.host]}: "
    return f"{who}{move.action}{f' <{move.segment}>' if move.segment else ''}"


def established(a_seq: int, b_seq: int, bounds: Bounds) -> World:
    """Both ends ESTABLISHED, as a handshake with the ISNs ``a_seq - 1`` and ``b_seq - 1`` leaves
    them: A will send ``a_seq`` next and expects ``b_seq``. A opened actively."""
    tcp = Tcp(Rules(), bounds, 0)
    seq = tcp.seq

    def end(mine: int, theirs: int, passive: bool) -> Endpoint:
        iss, irs = seq.minus(mine, 1), seq.minus(theirs, 1)
        heard = theirs if passive else irs  # the SYN,ACK, or the ACK of ours, told the window
        tcb = Tcb(
            state=State.ESTABLISHED,
            passive=passive,
            iss=iss,
            irs=irs,
            snd=Send(una=mine, nxt=mine, wnd=bounds.window, wl1=heard, wl2=mine),
            rcv=Receive(nxt=theirs, wnd=bounds.window, up=theirs),
            span=bounds.span,
            transfers=new_tcb(bounds).transfers,
        )
        congestion.begin(tcb, tcp)
        fresh = with_tcb(tcb)
        fresh.ghost.made = 1
        return fresh

    return World((end(a_seq, b_seq, False), end(b_seq, a_seq, True)), ((), ()))


def walk(scenario: Scenario, rules: Mapping[str, Any] | None = None) -> tuple[Walk, Path]:
    """Take the moves of ``scenario``, with ``rules`` on top of its own."""
    system = Walk(scenario, choose_rules(scenario.rules, rules or {}))
    world = system.initial()
    if scenario.connected:
        a, b = (system.seq.plus(numbers[0], 1) for numbers in scenario.numbers)
        start = established(a, b, system.bounds)
        world = system.world(map(system.host, start.hosts), start.links)
    path = Path(world, [])
    flying = Flying(system)
    for number, entry in enumerate(scenario.moves, 1):
        if entry.note:
            at = entry.at if isinstance(entry, Train) else 1
            system.notes[len(path.steps) + at] = entry.note
        try:
            moves = flying.moves(entry)
            for n, (move, segment) in enumerate(moves, 1):
                step, world = system.take(world, move, segment)
                flying.follow(step)
                path.steps.append((step, world))
                system.times.append(number - 1 + n / len(moves))
        except Problem as problem:
            where = f"step {number} of {len(scenario.moves)}"
            raise type(problem)(f"{where}, {problem}") from None
    return system, path


class Flying:
    """What is in flight from each host, in the order in which it was sent: a bag has none."""

    def __init__(self, system: Walk) -> None:
        self.system = system
        self.sent: tuple[list[Segment], list[Segment]] = ([], [])

    def moves(self, entry: Move | Train) -> list[tuple[Move, Segment | None]]:
        """The steps of an entry of a scenario, and which segment each has if that is known."""
        if isinstance(entry, Move):
            return [(entry, None)]
        segments = enumerate(map(text, self.sent[1 - entry.to]), 1)
        moves = [entry.move(number, seg) for number, seg in segments]
        if not moves:
            raise UsageProblem(f"nothing is in flight to {TWO_HOSTS.names[entry.to]}")
        return [*zip(moves, self.sent[1 - entry.to], strict=True)]

    def follow(self, step: Step) -> None:
        """A step was taken."""
        if step.action == Input.TICK.value:
            for link in self.sent:
                link[:] = filter(None, map(self.system.older, link))
        if step.segment is not None and step.link is not None and step.action != "duplicate":
            self.sent[step.link].remove(step.segment)
        if step.end is not None:
            self.sent[step.end].extend(step.sent[: len(step.sent) - len(step.dropped)])


def tell(scenario: Scenario, rules: Mapping[str, Any] | None = None) -> Story:
    """``scenario`` as a story; what it is to show is said of its own rules only."""
    system, path = walk(scenario, rules)
    model = Model(system.rules, system.bounds, system.watchers)
    verdict, harm = scenario.verdict, scenario.harm
    if changed := {k: v for k, v in (rules or {}).items() if v != _own(scenario, k)}:
        others = " ".join(f"{name}={shown(value)}" for name, value in changed.items())
        verdict, harm = f"The same moves under other rules: {others}.", False
    return model.story(path, scenario.title, verdict, harm, system.notes, system.times)


def _own(scenario: Scenario, rule: str) -> Any:
    """What the scenario says of a switch, or the RFC."""
    return scenario.rules.get(rule, getattr(Rules(), rule))


def simulate(
    name: str,
    out: File | str | None = None,
    rules: Mapping[str, Any] | None = None,
    view: str | None = None,
) -> None:
    """Draw the scenario called ``name`` to ``out``, or as a ladder to stdout.

    As SVG, one with a data plane is drawn with its windows, if no other ``view`` is asked for.
    """
    if name not in SCENARIOS:
        raise unknown("scenario", name, SCENARIOS)
    out = None if out is None else File(out)
    view = chosen(view, out, bool(SCENARIOS[name].bounds.get("transfer")))
    if out is not None:
        writable(out, view)
    story = tell(SCENARIOS[name], rules)
    if out is None:
        show(story)
        return
    render(story, out, view)
    print(f"{out}: {name}, {len(story.lines)} steps", file=sys.stderr)
