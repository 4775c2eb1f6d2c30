"""``simulate``: walks through the specification, told step by step.

A scenario is data: which host does what next, and with which segment. Each of its moves is
looked up among ``System.steps``, so that a walk can only be one that the specification takes;
what is sent, with which numbers, and what becomes of the ends is the specification's answer and
nowhere written here (``tests/checker/studies/test_simulate.py`` pins it). Sequence numbers are of
32 bits.
"""

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from checker.engines.explicit.engine import Path
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.options import choose_rules
from checker.model.words import text
from checker.render import Story, render, show, writable
from checker.support.errors import Problem, UsageProblem
from checker.support.names import unknown
from proofs.claims.scenarios import SCENARIOS, WALK, Move, Scenario
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint, with_tcb
from spec.world.system import Step, World
from spec.world.topology import TWO_HOSTS


class Walk(Interned):
    """The transition system, with the initial sequence numbers of a scenario on offer."""

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        super().__init__(rules, dataclasses.replace(WALK, **scenario.bounds))
        self.numbers = scenario.numbers

    def isns(self, end: Endpoint) -> list[int]:
        """What either host may select; ``take`` knows which does."""
        return list(dict.fromkeys(number for numbers in self.numbers for number in numbers))

    def take(self, world: World, move: Move) -> tuple[Step, World]:
        """The step that ``move`` means."""
        found = [
            (step, after)
            for step, after in self.steps(world)
            if (step.host, step.action) == (move.host, move.action)
            and _means(step, move)
            and step.isn in (None, self.isn(world, step))
        ]
        if not found:
            raise UsageProblem(f"{_words(move)} is not possible there under these rules")
        if len({step.segment for step, _ in found}) > 1:
            raise Problem(f"{_words(move)} may be any of several segments: say which")
        return found[0]

    def isn(self, world: World, step: Step) -> int | None:
        """The number that the next TCB of whoever takes ``step`` is to have."""
        if step.host is None:
            return None
        made = world.end(step.host).ghost.made
        return self.numbers[step.host][made] if made < len(self.numbers[step.host]) else None


def _means(step: Step, move: Move) -> bool:
    if step.segment is None:
        return not move.segment
    words, wanted = text(step.segment).split(), move.segment.split()
    return bool(wanted) and words[: len(wanted)] == wanted


def _words(move: Move) -> str:
    who = "" if move.host is None else f"{TWO_HOSTS.names[move.host]}: "
    return f"{who}{move.action}{f' <{move.segment}>' if move.segment else ''}"


def established(a_seq: int, b_seq: int, bounds: Bounds) -> World:
    """Both ends ESTABLISHED, as a handshake with the ISNs ``a_seq - 1`` and ``b_seq - 1`` leaves
    them: A will send ``a_seq`` next and expects ``b_seq``. A opened actively."""
    seq = Space(bounds.width)

    def end(mine: int, theirs: int, passive: bool) -> Endpoint:
        iss, irs = seq.minus(mine, 1), seq.minus(theirs, 1)
        heard = theirs if passive else irs  # the SYN,ACK, or the ACK of ours, told the window
        fresh = with_tcb(
            Tcb(
                state=State.ESTABLISHED,
                passive=passive,
                iss=iss,
                irs=irs,
                snd=Send(una=mine, nxt=mine, wnd=bounds.window, wl1=heard, wl2=mine),
                rcv=Receive(nxt=theirs, wnd=bounds.window, up=theirs),
                span=bounds.span,
            )
        )
        fresh.ghost.made = 1
        return fresh

    return World((end(a_seq, b_seq, False), end(b_seq, a_seq, True)), ((), ()))


def walk(scenario: Scenario, rules: Mapping[str, Any] | None = None) -> tuple[Walk, Path]:
    """Take the moves of ``scenario``, with ``rules`` on top of its own."""
    system = Walk(scenario, choose_rules(scenario.rules, rules or {}))
    world = system.initial()
    if scenario.connected:
        (a, *_), (b, *_) = scenario.numbers
        start = established(system.seq.plus(a, 1), system.seq.plus(b, 1), system.bounds)
        world = system.world(map(system.host, start.hosts), start.links)
    path = Path(world, [])
    for number, move in enumerate(scenario.moves, 1):
        try:
            step, world = system.take(world, move)
        except Problem as problem:
            at = f"step {number} of {len(scenario.moves)}"
            raise type(problem)(f"{at}, {problem}") from None
        path.steps.append((step, world))
    return system, path


def tell(scenario: Scenario, rules: Mapping[str, Any] | None = None) -> Story:
    """``scenario`` as a story."""
    system, path = walk(scenario, rules)
    notes = {n: move.note for n, move in enumerate(scenario.moves, 1) if move.note}
    model = Model(system.rules, system.bounds, system.watchers)
    return model.story(path, scenario.title, scenario.verdict, scenario.harm, notes)


def simulate(
    name: str, out: File | str | None = None, rules: Mapping[str, Any] | None = None
) -> None:
    """Draw the scenario called ``name`` to ``out``, or as a ladder to stdout."""
    if name not in SCENARIOS:
        raise unknown("scenario", name, SCENARIOS)
    out = None if out is None else File(out)
    if out is not None:
        writable(out)
    story = tell(SCENARIOS[name], rules)
    if out is None:
        show(story)
        return
    render(story, out)
    print(f"{out}: {name}, {len(story.lines)} steps", file=sys.stderr)
