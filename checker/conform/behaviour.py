"""What is permitted to a stack: the RFC's rules, its MAYs, and the departures of a named stack.

Each alternative may be taken or not at any step; a stack does not have to be known, nor to be of
one mind. A departure that is known but not permitted gives a deviation its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checker.conform.steps import BOUNDS, Behaviour
from checker.model.options import parse_rules
from checker.support.names import unknown
from spec.rules import STACKS, Restart, Rules

MAY: tuple[dict[str, Any], ...] = (
    {"time_wait_reopen": True},  # MAY-2
    {"abort_time_wait": True},  # 3.5.2 against 3.10.5
    {"time_wait_restart": Restart.FIN},  # 3.10.7.4, fifth and eighth against first
)
"""What the RFC leaves open or says in two ways. (Text on a SYN is taken too: 3.10.2.)"""

TIME_WAIT = {"linux": 60_000}
"""What a stack makes of 2 MSL, in ticks; not a switch of its own, since it depends on the tick."""

_BASE = {"retransmission_bounded": False}
"""R has no upper bound in the RFC; the switch is for proofs."""


def choose(items: Iterable[str]) -> Behaviour:
    """From the words after ``--rules``: names of stacks, and NAME=VALUE."""
    stacks = [item for item in items if "=" not in item]
    for name in stacks:
        if name not in STACKS:
            raise unknown("set of rules", name, STACKS)
    changed = parse_rules([item for item in items if "=" in item])
    own = [{k: v} for name in stacks for k, v in STACKS[name].items()]
    for name in TIME_WAIT.keys() & stacks:
        own.append({"time_wait_cut": 2 * BOUNDS.msl - TIME_WAIT[name]})
    return _behaviour(changed, own)


def _behaviour(changed: Mapping[str, Any], own: list[dict[str, Any]]) -> Behaviour:
    base = replace(Rules(), **{**_BASE, **changed})
    alternatives = {
        replace(base, **other): frozenset(other)
        for other in (*MAY, *own)
        if not set(other) & set(changed) and replace(base, **other) != base
    }
    known = {k: v for departures in STACKS.values() for k, v in departures.items()}
    departures = [(name, replace(base, **{name: value})) for name, value in known.items()]
    return Behaviour(
        base,
        tuple((switches, rules) for rules, switches in alternatives.items()),
        tuple((n, rules) for n, rules in departures if rules != base and rules not in alternatives),
    )
