"""What a search in whole ticks does not see: runs that need finer time.

A search of a profile with time counts whole ticks, and a lifetime of 2 ticks lets a segment be one
tick late at most. A run for any times (``proofs.theorems.families``) may lie between two ticks. It
is taken here by the explorer's own system, in ticks a quarter as long, under the rules and bounds
of the search. If the claim is violated where it ends, *holds* is true of the search's ticks alone.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checker.engines.explicit.engine import Path
from checker.model.model import Model
from checker.support.errors import Problem
from proofs.claims.claim import Claim
from proofs.theorems.families import FAMILIES, Do, Family, Get, Times, Wait
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.world.bounds import Bounds
from spec.world.enabled import calls
from spec.world.system import Step, System, World
from spec.world.topology import TWO_HOSTS

FINER = 4
"""Ticks for one tick of the search: enough for two delays and what is left of TIME-WAIT, each
shorter than a lifetime, to add up to all but one tick of the search."""


def refuted(claim: Claim, model: Model) -> str:
    """By which run in finer ticks a claim that holds in a model is violated, in words; or ''."""
    for family in FAMILIES:
        if family.theorem == claim.id and _violated(family, claim, model):
            return _said(family)
    return ""


def _violated(family: Family, claim: Claim, model: Model) -> bool:
    """Does a run of the family, in finer ticks, violate the claim under the model's rules?"""
    rules, bounds = model.rules, model.bounds
    if any(getattr(rules, name) != value for name, value in family.rules.items()):
        return False
    if _excluded(family, rules, bounds):
        return False
    cut = FINER * rules.time_wait_cut
    msl, span = FINER * bounds.msl, FINER * bounds.span
    times = _times(family, Times(msl, span, 2 * msl - cut))
    if times is None:
        return False
    given: dict[str, Any] = {**family.bounds, "msl": msl, "span": span}
    limits = roomy(family, dataclasses.replace(bounds, **given))
    finer = Model(dataclasses.replace(rules, time_wait_cut=cut), limits, model.watchers)
    try:
        path, _ = take(finer.system, family.steps, times)
    except Problem:
        return False
    return not claim.predicate(last(path))


def _excluded(family: Family, rules: Rules, bounds: Bounds) -> bool:
    """Does the run need an event that the claim's bounds do not let happen, however many TCBs and
    octets there may be?"""
    amounts: dict[str, Any] = dict(_shown(family.bounds))
    more = dataclasses.replace(bounds, **amounts)
    return any(
        isinstance(step, Do) and step.what not in calls(more, rules, step.host, 0)
        for step in family.steps
    )


def _times(family: Family, times: Times) -> Times | None:
    """The times with delays for a run of the family; None if it has no such run."""
    if times.msl == 0 or times.time_wait < 0 or not all(family.given(times)):
        return None
    if family.below is not None and times.time_wait >= family.below(times):
        return None
    for delays in itertools.product(range(times.time_wait + 1), repeat=len(family.delays)):
        some = dataclasses.replace(times, **dict(zip(family.delays, delays, strict=True)))
        if all(family.where(some)):
            return some
    return None


def _said(family: Family) -> str:
    """What is known of a family's claim."""
    given = "".join(f" and with {name}={value}" for name, value in _shown(family.bounds))
    below = "" if family.below is None else f" below {(family.below.__doc__ or '').rstrip('.')}"
    return (
        f"beyond these bounds, in finer ticks{given}, it is violated: {family.title}. So it is "
        f"for every TIME-WAIT{below}; to see it: prove --families {family.theorem}"
    )


def _shown(bounds: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """The bounds to name: not the flags that have to be set with them."""
    for name, value in bounds.items():
        if isinstance(value, int) and not isinstance(value, bool):
            yield name, value


# Taking a family's run


def roomy(family: Family, bounds: Bounds) -> Bounds:
    """The bounds, with the ISNs of the family's run on offer, and with room for all that it keeps
    in flight."""
    drawn = [
        step.isn for step in family.steps if not isinstance(step, Wait) and step.isn is not None
    ]
    return dataclasses.replace(
        bounds,
        width=max(bounds.width, max(drawn).bit_length()),
        base=min(drawn),
        stride=max(drawn) - min(drawn) or bounds.stride,
        capacity=8,
        in_flight=16,
    )


def take(system: System, steps: Sequence[Do | Get | Wait], times: Times) -> tuple[Path, list[int]]:
    """The run of a family at whole times, and how many of its steps there are after each of the
    family's. ``Problem`` if the system does not offer a step."""
    path = Path(system.initial(), [])
    ends = []
    for step in steps:
        if isinstance(step, Wait):
            _extend(system, path, [Step(None, Input.TICK.value)] * int(step.how_long(times)))
        else:
            _extend(system, path, [_label(path, step)])
            if step.lost:
                sent = path.steps[-1][0].sent
                _extend(system, path, [Step(None, "lose", seg, step.host) for seg in sent])
        ends.append(len(path.steps))
    return path, ends


def last(path: Path) -> World:
    """The state where a path ends."""
    world: World = path.steps[-1][1] if path.steps else path.start
    return world


def _extend(system: System, path: Path, wanted: Sequence[Step]) -> None:
    """Take steps that are on offer."""
    for want in wanted:
        for label, after in system.steps(last(path)):
            if label[:5] == want[:5]:
                path.steps.append((label, after))
                break
        else:
            raise Problem(f"the run cannot take the step {want.words()}")


def _label(path: Path, step: Do | Get) -> Step:
    """A step of a family as the system has it on offer."""
    if isinstance(step, Do):
        return Step(step.host, step.what.value, isn=step.isn, end=step.host)
    link = TWO_HOSTS.peers[step.host]
    found = [seg for seg in dict.fromkeys(last(path).links[link]) if str(seg.ctl) == step.flags]
    if len(found) != 1:
        raise Problem(f"{len(found)} segments in flight have the control bits {step.flags}")
    action = "duplicate" if step.kept else Input.SEGMENT.value
    return Step(step.host, action, found[0], link, step.isn, end=step.host)
