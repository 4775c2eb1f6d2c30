"""What a departure is known of, and what it costs: of switches, what ``checker/stacks`` and the
ablations say of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from checker.model.options import parse_rules, show
from checker.stacks import PROFILES
from checker.stacks.profile import Profile
from checker.support.errors import UsageProblem
from checker.support.names import unknown
from proofs.claims.ablations import ABLATIONS, CONTROLS
from spec.rules import SWITCHES


def choose(items: Sequence[str], allowed: bool = True) -> dict[str, Any]:
    """From the words after ``--rules``: NAME=VALUE, and at most one name of a stack, whose switches
    those named beside it override. Without those that are ``allowed``, as a MAY, unless asked."""
    names = [item for item in items if "=" not in item]
    for name in names:
        if name not in PROFILES and name not in SWITCHES:  # which parse_rules refuses
            raise unknown("set of rules", name, PROFILES)
    if len(names) > 1 and set(names) <= set(PROFILES):
        raise UsageProblem(f"rules of one stack at a time, not of {' and '.join(names)}")
    stacks = [PROFILES[name] for name in names if name in PROFILES]
    own = [stack.imitated if allowed else stack.rules for stack in stacks]
    given = parse_rules([item for item in items if item not in PROFILES])
    return {**(own[0] if own else {}), **given}


def stacks(switch: str, value: Any) -> list[Profile]:
    """The stacks that do as a switch says with this value."""
    return [p for p in PROFILES.values() if p.imitated.get(switch, _NOTHING) == value]


_TICKS = 1 << 31
"""More than any timer of a stack has, in milliseconds."""


_NOTHING = object()


class Cost(NamedTuple):
    """What one switch with one value costs, as the matrix has it."""

    falls: tuple[str, ...]  # claims, by their ablations' names in the pins
    holds: tuple[str, ...]  # ... by their controls'


def cost(switch: str, value: Any) -> Cost:
    """The ablations and controls that change nothing but this."""
    changed: Mapping[str, Any] = {switch: value}
    falls = [a.id for a in ABLATIONS if a.rules == changed and not a.bounds]
    holds = [a.id for a in CONTROLS if a.rules == changed and not a.bounds]
    return Cost(tuple(falls), tuple(holds))


def told(words: str) -> list[str]:
    """Of ``NAME=VALUE``, for readers: of which stacks it is known, and which claims it costs."""
    ((switch, value),) = parse_rules([words], ticks=_TICKS).items()
    known = stacks(switch, value)
    falls = dict.fromkeys(id.partition(" ")[2] for id in cost(switch, value).falls)
    lines = [
        f"known of {stack.name}: {stack.seen}{_later(stack, switch, value)}" for stack in known
    ]
    return lines + ([f"costs {', '.join(falls)}"] if falls else [])


def _later(stack: Profile, switch: str, value: Any) -> str:
    """What became of a departure in the later source that was read, where its profile says so."""
    of = [one for one in stack.departures if one.switch and one.switch[:2] == (switch, value)]
    became = dict.fromkeys(filter(None, map(stack.became, of)))
    return f"; later: {', '.join(became)} ({stack.later})" if became else ""


def departing() -> list[tuple[str, Any]]:
    """Each switch with each value that some stack has, in the order of ``spec.rules``."""
    values: dict[str, dict[str, Any]] = {}
    for profile in PROFILES.values():
        for switch, value in profile.imitated.items():
            values.setdefault(switch, {})[show(value)] = value
    return [(s, v) for s in SWITCHES if s in values for v in values[s].values()]
