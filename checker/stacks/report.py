"""``stack``: plans played against a stack, and what it did, told."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checker.stacks import PROFILES
from checker.stacks.drivers import DRIVERS
from checker.stacks.drivers.play import Measured, measure
from checker.stacks.drivers.stack import Driver
from checker.stacks.generate.machine import machine
from checker.stacks.generate.plans import Planner
from checker.stacks.generate.report import coverage, grouped
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, ToolProblem
from checker.support.names import unknown
from spec.rules import Rules

Told = Callable[[str], None]


@dataclass(slots=True)
class Played:
    """What came of a stack's plans."""

    stack: str
    version: str
    found: Measured
    seconds: float

    @property
    def departed(self) -> int:
        """Transitions that were taken by a known departure."""
        return sum(1 for name in self.found.taken.values() if name)


def driver(name: str) -> Driver:
    """What drives the stack of that name."""
    if name not in DRIVERS:
        raise unknown("stack", name, DRIVERS)
    return DRIVERS[name]


def listed() -> Iterator[str]:
    """Each stack, and whether it can be had here."""
    width = max(map(len, DRIVERS))
    for name, each in DRIVERS.items():
        why = each.missing()
        here = f"{each.version() or 'version unknown'}, here" if not why else f"not here: {why}"
        yield f"{name:{width}}  {here}"
        yield f"{'':{width}}  needs {each.needs}"


def build(name: str) -> int:
    """Build what the stack needs. The exit code."""
    chosen = driver(name)
    if not chosen.fetches and (why := chosen.missing()):
        print(f"not built: {name} {why}", file=sys.stderr)
        return INCONCLUSIVE
    chosen.build()
    print(f"{name} {chosen.version()}: built")
    return OK


def stack(
    name: str,
    rules: Rules,
    departures: bool = True,
    slow: bool = False,
    json_file: Path | None = None,
    told: Told = lambda _: None,
    keep: Callable[[Played], None] = lambda _: None,
) -> int:
    """Play plans against a stack; print what it did, and keep it. The exit code."""
    if json_file is not None:
        files.writable(json_file)
    chosen = driver(name)
    if why := chosen.missing():
        print(f"not played: {name} {why}", file=sys.stderr)
        return INCONCLUSIVE
    found = play(chosen, rules, departures, slow, told)
    for line in report(found):
        print(line)
    if json_file is not None:
        files.write_json(json_file, as_json(found))
    keep(found)
    return OK if found.found.good() else VIOLATED


def play(
    chosen: Driver, rules: Rules, departures: bool = True, slow: bool = False, told: Told = print
) -> Played:
    """Play all plans against a stack that can be had here."""
    chosen.build()
    known = PROFILES[chosen.name].departures if departures else ()
    can = replace(chosen.can, time_wait=chosen.can.time_wait or slow)
    planner = Planner(machine(rules), known, can)
    begin = time.monotonic()
    found = measure(chosen, planner, lambda ran: told(ran.plan.name))
    if not any(ran.seen[0].transition in found.taken for ran in found.ran):
        raise ToolProblem(f"{chosen.name} takes no plan's first step: {found.ran[0].seen[0].wrong}")
    return Played(chosen.name, chosen.version(), found, time.monotonic() - begin)


# What is told


def report(played: Played) -> Iterator[str]:
    """What the plans cover, and what the stack did."""
    found = played.found
    yield from coverage(found.plans, brief=True)
    yield from measured(played)
    departed = {t: name for t, name in found.taken.items() if name}
    for name, transitions in grouped(departed):
        yield f"  departs {len(transitions)} times: {name}"
    for name in found.again:
        yield f"  {name}: right when played alone, with more time"
    for transition, wrong in found.refused.items():
        yield f"  UNEXPLAINED: {transition}: {wrong}"
    for transition in found.plans.covered:
        if transition not in found.taken and transition not in found.refused:
            yield f"  not reached: {transition}"
    for name, failed in found.controls.items():
        yield f"  {name}: " + ("fails, as it must" if failed else "PASSED, AND MUST FAIL")
    if not found.controls:
        yield "  NO CONTROL: nothing shows that a difference would be noticed"


def measured(played: Played) -> Iterator[str]:
    """The counts, in three lines."""
    found = played.found
    planned, taken = len(found.plans.covered), len(found.taken)
    names = len({name for name in found.taken.values() if name})
    yield (
        f"{played.stack} {played.version}: {taken} of {planned} as planned "
        f"({100 * taken // max(planned, 1)}%): {taken - played.departed} as specified, "
        f"{played.departed} by {names} known departures; {len(found.refused)} unexplained, "
        f"{len(found.left())} not reached"
    )
    yield (
        f"  {found.steps} steps in {len(found.ran)} runs, {played.seconds:.1f} s; the connection "
        f"told its state {found.asked} times and its numbers {found.numbers} times, and agreed"
    )


def as_json(played: Played) -> dict[str, Any]:
    """The same for machines."""
    found = played.found
    return {
        "stack": played.stack,
        "version": played.version,
        "transitions": found.plans.total,
        "planned": len(found.plans.covered),
        "taken": {str(t): name for t, name in found.taken.items()},
        "unexplained": {str(t): why for t, why in found.refused.items()},
        "not_reached": [str(t) for t in found.plans.covered if t in found.left()],
        "hindered": {str(t): why for t, why in found.plans.hindered.items()},
        "controls": found.controls,
        "again": found.again,
        "plans": len(found.plans.plans),
        "runs": len(found.ran),
        "steps": found.steps,
        "states_told": found.asked,
        "numbers_told": found.numbers,
        "seconds": round(played.seconds, 1),
    }
