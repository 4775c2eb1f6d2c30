"""Replay: a run taken once more, from the initial state.

Before a run is shown as a finding, a system that remembers nothing must offer each of its steps,
with the same effects, and arrive at the same states. Neither what the search remembered nor the
run itself is trusted.
"""

from collections.abc import Iterable
from typing import Any

from checker.engines.explicit.engine import Path
from checker.support.errors import Problem
from spec.world.records import key
from spec.world.system import Step, System


def _subject(step: Step) -> tuple[Any, ...]:
    """What a step is, apart from its effects."""
    return key((step.host, step.action, step.segment, step.link, step.isn, step.end))


def replay(system: System, path: Path) -> Path:
    """``path``, taken once more through ``system``, from the initial state.

    Each step must be on offer, with the rules, segments and signals it is labelled with, and lead
    to the state that the path says. So must the last one, of a lasso, to where its loop begins.
    """
    world = system.initial()
    taken = Path(world, [], path.loop)
    if key(path.start) != key(world):
        raise Problem("replay: the path does not start in the initial state")
    for number, (step, after) in enumerate(path.steps, 1):
        at = f"replay: step {number} ({step.words(system.topology.names)})"
        offers = [offer for offer in system.steps(world) if _subject(offer[0]) == _subject(step)]
        if not offers:
            raise Problem(f"{at} is not possible there")
        for label, then in offers:
            if key(label) == key(step) and key(then) == key(after):
                world = then
                taken.steps.append((label, then))
                break
        else:
            raise Problem(f"{at} has another effect than the path says")
    return taken


def choices(system: System, path: Path) -> list[int]:
    """Which of all steps each step of ``path`` is, in the order in which ``system`` offers them."""
    world, found = system.initial(), []
    for step, after in path.steps:
        for number, (label, then) in enumerate(system.steps(world)):
            if key(then) == key(after) and key(label) == key(step):
                found.append(number)
                world = then
                break
        else:
            raise Problem(f"a step is not on offer: {step.words(system.topology.names)}")
    return found


def chosen(system: System, numbers: Iterable[int], loop: int | None = None) -> Path:
    """The run of these choices: found again, without a search."""
    world = system.initial()
    path = Path(world, [], loop)
    for number in numbers:
        offers = list(system.steps(world))
        if number >= len(offers):
            raise Problem(f"step {len(path.steps) + 1} is not possible any more")
        path.steps.append(offers[number])
        world = offers[number][1]
    return path
