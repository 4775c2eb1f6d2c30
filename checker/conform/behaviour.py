"""What is permitted to a stack: the RFC's rules, its MAYs, and what a named stack does otherwise.

Each alternative may be taken or not at any step; a stack does not have to be known, nor to be of
one mind. What a known stack does, but is not permitted here, gives a deviation its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from checker.conform.assumptions import Assumptions, assume
from checker.model.options import parse_rules, show
from checker.stacks import PROFILES
from checker.support.names import unknown
from spec.rules import SWITCHES, Restart, Rules
from spec.world.bounds import Bounds

WINDOW = 1 << 30
"""The largest window (RFC 7323)."""
BOUNDS = Bounds(
    width=32,
    window=WINDOW,
    incarnations=0,
    octets=0,
    send_window=False,
    user_timeout=True,
    msl=120_000,
)
"""Time is in milliseconds. ``octets`` bounds a loop: text is sent by leaps, the last octet by SEND
(``explain``)."""

MAY: tuple[dict[str, Any], ...] = (
    {"time_wait_reopen": True},  # MAY-2
    {"abort_time_wait": True},  # 3.5.2 against 3.10.5
    {"time_wait_restart": Restart.FIN},  # 3.10.7.4, fifth and eighth against first
)
"""What the RFC leaves open or says in two ways. (Text on a SYN is taken too: 3.10.2.)"""

KNOWN = {name for profile in PROFILES.values() for name in profile.imitated}
"""Switches of known stacks."""

_BASE = {"retransmission_bounded": False}
"""R has no upper bound in the RFC; the switch is for proofs."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The rules that a stack follows: ``base``, or at any step one of ``alternatives``.

    Each alternative is the base with the switches named turned. ``departures`` are not permitted:
    a segment that only they explain is a deviation, and its name is what one has to give to
    ``--rules`` to permit it.
    """

    base: Rules
    alternatives: tuple[tuple[frozenset[str], Rules], ...] = ()
    assumed: Assumptions = field(default_factory=Assumptions)
    departures: "Mapping[str, Behaviour]" = field(default_factory=dict)


def choose(items: Iterable[str], assumed: Iterable[str] = (), arrived: bool = True) -> Behaviour:
    """From the words after ``--rules``: names of stacks, and NAME=VALUE; and after ``--assume``."""
    stacks = [item for item in items if "=" not in item]
    for name in stacks:
        if name not in PROFILES:
            raise unknown("set of rules", name, PROFILES)
    changed = parse_rules([item for item in items if "=" in item], ticks=2 * BOUNDS.msl)
    own = [{k: v} for name in stacks for k, v in PROFILES[name].imitated.items()]
    for name in stacks:
        # A cut, and no switch of the profile's: it depends on the tick.
        if (time_wait := PROFILES[name].timers.time_wait) is not None:
            own.append({"time_wait_cut": 2 * BOUNDS.msl - time_wait})
    # Every stack of a name limits its challenge ACKs.
    supposed = assume(assumed, arrived, rate_limits=bool(stacks))
    behaviour = replace(_permitted(changed, own), assumed=supposed)
    allowed = {behaviour.base, *(rules for _, rules in behaviour.alternatives)}
    departures = {
        f"{name}={show(value)}": replace(
            _permitted({**changed, name: value}, own), assumed=supposed
        )
        for name, value in _turned()
        if name not in changed and replace(behaviour.base, **{name: value}) not in allowed
    }
    return replace(behaviour, departures=departures)


def _turned() -> Iterable[tuple[str, Any]]:
    """Each switch with each other value; those of known stacks come first.

    Of numbers there are too many: what ``time_wait_cut`` would have to be, the timer tells.
    """
    for name in sorted(SWITCHES, key=lambda name: name not in KNOWN):
        usual = SWITCHES[name].default
        if isinstance(usual, bool):
            yield name, not usual
        elif isinstance(usual, Enum):
            yield from ((name, value) for value in type(usual) if value is not usual)


def _permitted(changed: Mapping[str, Any], own: list[dict[str, Any]]) -> Behaviour:
    base = replace(Rules(), **{**_BASE, **changed})
    alternatives = {
        replace(base, **other): frozenset(other)
        for other in (*MAY, *own)
        if not set(other) & set(changed) and replace(base, **other) != base
    }
    return Behaviour(base, tuple((switches, rules) for rules, switches in alternatives.items()))
