"""``generate``: scripts written, plans run, and how many transitions that covers of all."""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from checker.stacks import PROFILES
from checker.stacks.drivers import kernel, tun
from checker.stacks.drivers.kernel import Measured, Ran, Seen
from checker.stacks.generate import packetdrill
from checker.stacks.generate.machine import Transition, machine
from checker.stacks.generate.plans import Plan, Planner, Plans, controls
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.names import unknown
from spec.rules import Rules

KINDS = ("packetdrill", "tun")
NO_STACK = "none"
"""No departures are allowed for."""
Told = Callable[[str], None]


def generate(
    kind: str,
    rules: Rules,
    stack: str = "linux",
    out: Path | None = None,
    run: bool = False,
    slow: bool = False,
    json_file: Path | None = None,
    told: Told = lambda _: None,
) -> int:
    """Make plans; write or run them; print what they cover. The exit code."""
    if kind not in KINDS:
        raise unknown("kind of test", kind, KINDS)
    if stack != NO_STACK and stack not in PROFILES:
        raise unknown("stack", stack, [*PROFILES, NO_STACK])
    if out is not None and kind == "tun":
        raise UsageProblem("--out is for packetdrill; tun writes no scripts, it runs the plans")
    if not run and kind == "tun":
        raise UsageProblem("tun does nothing without --run")
    if not run and out is None:
        raise UsageProblem("packetdrill wants --out DIR, --run, or both")
    if json_file is not None:
        files.writable(json_file)
    departures = () if stack == NO_STACK else PROFILES[stack].departures
    planner = Planner(machine(rules), departures, slow)
    if kind == "packetdrill":
        planner = replace(planner, hindrance=packetdrill.hindrance)
    plans = planner.plans()
    if out is not None:
        write(plans, rules, out)
    if not run:
        _print(coverage(plans))
        return OK
    lacking = tun.missing()
    if lacking:
        _print(coverage(plans))
        print(f"not run: {lacking}", file=sys.stderr)
        return INCONCLUSIVE
    program = shutil.which("packetdrill") if kind == "packetdrill" else None
    if program is not None:
        found, by = scripts(plans, rules, program, told), "packetdrill"
    else:
        if kind == "packetdrill":
            print("no packetdrill on PATH: the plans are run over TUN", file=sys.stderr)
        planner = replace(planner, hindrance=lambda _: "")
        found, by = kernel.measure(planner, lambda ran: told(ran.plan.name)), "TUN"
    _print(coverage(found.plans))
    _print(measured(found, by))
    if json_file is not None:
        files.write_json(json_file, as_json(found, by))
    good = found.taken and not found.refused and all(found.controls.values())
    return OK if good else VIOLATED


def write(plans: Plans, rules: Rules, out: Path) -> None:
    """Write a script for each plan and each negative control, and nothing else of that suffix."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for old in out.glob("*.pkt"):
            old.unlink()
    except OSError as error:
        raise UsageProblem(f"cannot write to {str(out)!r}: {error.strerror}") from error
    for plan in _all(plans):
        text = packetdrill.script(plan, rules.time_wait_reopen)
        files.write(out / f"{plan.name}.pkt", text.encode())
    print(f"{len(plans.plans)} scripts and {len(controls(plans))} negative controls in {out}")


def _all(plans: Plans) -> list[Plan]:
    return [*plans.plans, *controls(plans)]


def scripts(plans: Plans, rules: Rules, program: str, told: Told) -> Measured:
    """Run every script with packetdrill, each in a namespace of its own."""
    found = Measured(plans)
    for plan in _all(plans):
        told(plan.name)
        text = packetdrill.script(plan, rules.time_wait_reopen)
        wrong = _packetdrill(program, plan.name, text)
        if plan.wrong is not None:
            found.controls[plan.name] = "AssertionError" in wrong
            continue
        ran = Ran(plan, [Seen(s.edge.transition, departure=_departure(s)) for s in plan.steps])
        if wrong:
            ran.seen[-1].wrong = wrong.strip().splitlines()[0]
            ran.seen = ran.seen[-1:]
        found.add(ran)
        found.asked += text.count("assert tcpi_state") if not wrong else 0
    return found


def _departure(step: Any) -> str:
    return step.departure.name if step.departure is not None else ""


def _packetdrill(program: str, name: str, text: str) -> str:
    """What packetdrill complains of; nothing if the script passes."""
    namespace = tun.Namespace()
    try:
        with namespace, tempfile.TemporaryDirectory() as folder:
            tun.up(b"lo")
            path = Path(folder) / f"{name}.pkt"
            path.write_text(text)
            command = [program, str(path)]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=200, check=False
                )
            except subprocess.TimeoutExpired:
                return "no end in 200 s"
            return done.stderr.replace(f"{folder}/", "") or "failed" if done.returncode else ""
    finally:
        namespace.close()


# What is told


def coverage(plans: Plans) -> Iterator[str]:
    """What the plans cover, and why not the rest."""
    steps = sum(len(plan.steps) for plan in plans.plans)
    yield (
        f"{len(plans.covered)} of {plans.total} transitions in {len(plans.plans)} plans, "
        f"{steps} steps; a stack cannot be driven through the others:"
    )
    for why, transitions in _grouped(plans.hindered):
        yield f"  {len(transitions)}: {why}"
        yield from (f"       {transition}" for transition in transitions)


def measured(found: Measured, by: str) -> Iterator[str]:
    """What the stack did."""
    counts = Counter(found.taken.values())
    yield (
        f"run by {by}: {len(found.taken)} of {len(found.plans.covered)} as planned, "
        f"{counts['']} as specified and {len(found.taken) - counts['']} by a known departure; "
        f"{found.steps} steps in {len(found.ran)} runs, TCP_INFO agreed {found.asked} times"
    )
    departed = {t: name for t, name in found.taken.items() if name}
    for name, transitions in _grouped(departed):
        yield f"  departs: {name}"
        yield from (f"       {transition}" for transition in transitions)
    for name in found.again:
        yield f"  {name}: right when run alone, with more time"
    for transition, wrong in found.refused.items():
        yield f"  WRONG: {transition}: {wrong}"
    for transition in found.plans.covered:
        if transition not in found.taken and transition not in found.refused:
            yield f"  not reached: {transition}"
    for name, failed in found.controls.items():
        yield f"  {name}: " + ("fails, as it must" if failed else "PASSED, AND MUST FAIL")


def as_json(found: Measured, by: str) -> dict[str, Any]:
    """The same for machines."""
    return {
        "by": by,
        "transitions": found.plans.total,
        "planned": len(found.plans.covered),
        "taken": {str(t): name for t, name in found.taken.items()},
        "refused": {str(t): why for t, why in found.refused.items()},
        "hindered": {str(t): why for t, why in found.plans.hindered.items()},
        "controls": found.controls,
        "again": found.again,
        "steps": found.steps,
        "tcp_info": found.asked,
    }


def _grouped(reasons: dict[Transition, str]) -> list[tuple[str, list[Transition]]]:
    groups: dict[str, list[Transition]] = {}
    for transition, why in reasons.items():
        groups.setdefault(why, []).append(transition)
    return sorted(groups.items(), key=lambda item: -len(item[1]))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
