"""``generate``: plans written as scripts, and how many transitions they cover of all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from checker.stacks import PROFILES
from checker.stacks.generate import packetdrill
from checker.stacks.generate.machine import Transition, machine
from checker.stacks.generate.plans import Planner, Plans, controls
from checker.support import files
from checker.support.errors import OK, UsageProblem
from checker.support.names import unknown
from spec.rules import Rules

KINDS = ("packetdrill",)
NO_STACK = "none"
"""No departures are allowed for."""


def generate(kind: str, rules: Rules, out: Path, stack: str = "linux") -> int:
    """Make plans; write them; print what they cover. The exit code."""
    if kind not in KINDS:
        raise unknown("kind of test", kind, KINDS)
    if stack != NO_STACK and stack not in PROFILES:
        raise unknown("stack", stack, [*PROFILES, NO_STACK])
    files.folder(out)
    plans = planned(rules, stack)
    write(plans, rules, out)
    for line in coverage(plans):
        print(line)
    return OK


def planned(rules: Rules, stack: str = "linux") -> Plans:
    """The plans that scripts can tell."""
    departures = () if stack == NO_STACK else PROFILES[stack].departures
    return Planner(machine(rules), departures, hindrance=packetdrill.hindrance).plans()


def write(plans: Plans, rules: Rules, out: Path) -> None:
    """Write a script for each plan and each negative control, and nothing else of that suffix."""
    files.folder(out)
    try:
        for old in out.glob("*.pkt"):
            old.unlink()
    except OSError as error:
        raise UsageProblem(f"cannot write to {str(out)!r}: {error.strerror}") from error
    wrong = controls(plans)
    for plan in (*plans.plans, *wrong):
        text = packetdrill.script(plan, rules.time_wait_reopen)
        files.write(out / f"{plan.name}.pkt", text.encode())
    print(f"{len(plans.plans)} scripts and {len(wrong)} negative controls in {out}")


def coverage(plans: Plans, brief: bool = False) -> Iterator[str]:
    """What the plans cover, and why not the rest; if ``brief``, how much of it."""
    steps = sum(len(plan.steps) for plan in plans.plans)
    yield (
        f"{len(plans.covered)} of {plans.total} transitions in {len(plans.plans)} plans, "
        f"{steps} steps; a stack cannot be driven through the others:"
    )
    for why, transitions in grouped(plans.hindered):
        yield f"  {len(transitions)}: {why}"
        if not brief:
            yield from (f"       {transition}" for transition in transitions)


def grouped(reasons: dict[Transition, str]) -> Iterable[tuple[str, list[Transition]]]:
    """Transitions by reason, the most frequent first."""
    groups: dict[str, list[Transition]] = {}
    for transition, why in reasons.items():
        groups.setdefault(why, []).append(transition)
    return sorted(groups.items(), key=lambda item: -len(item[1]))
