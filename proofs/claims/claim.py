"""What a claim is.

A claim says what holds, of which states, under which rules and up to which bounds. ``rules``
are its *assumptions*, as departures from the RFC's defaults: a claim that needs one the RFC
does not make says so here, next to its literal form, which the checker refutes. Identifiers
with a dot belong to the claim before the dot.

An ``always`` claim names at least one ``sometimes`` claim, checked in the same run, which
shows that the states it speaks of are reached. An ``eventually`` claim needs none: that fair runs
pass the states it speaks of is a part of its verdict.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from spec.world.system import World

ALWAYS, SOMETIMES, REST, EVENTUALLY = "always", "sometimes", "rest", "eventually"


@dataclass(frozen=True, slots=True)
class Live:
    """What an ``eventually`` claim says: of each host, from every state where ``leads`` holds each
    fair run comes to one where ``goal`` does. ``weak`` and ``strong`` name the actions whose
    fairness is assumed (``checker/model/liveness.py``); ``lossy``: that of a fair-lossy channel."""

    leads: Callable[[World, int], bool]
    goal: Callable[[World, int], bool] | None = None  # none: ``leads`` does not hold any more
    weak: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    lossy: bool = True
    each: bool = True  # asked of each host; else it is of both at once
    acts: tuple[str, ...] = ()  # if given: ... or takes one of these, or sends no more

    def met(self, world: World, me: int) -> bool:
        """Is this a state to come to?"""
        return not self.leads(world, me) if self.goal is None else self.goal(world, me)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim; ``predicate`` is true of good states (always, rest) or of the witness."""

    id: str
    title: str
    kind: str
    predicate: Callable[[World], bool]
    profile: str
    cites: str
    rules: Mapping[str, object] = field(default_factory=dict)
    live: Live | None = None  # what an ``eventually`` claim says, instead of its predicate
    witnesses: tuple[str, ...] = ()
    idle: frozenset[str] = frozenset()  # actions that end no rest (kind rest)
    finding: str = ""


def seen(
    claims: Iterable[Claim],
    id: str,
    of: str,
    title: str,
    predicate: Callable[[World], bool],
    cites: str = "",
) -> Claim:
    """The witness ``id`` of the claim ``of``: in its profile, under its rules."""
    (claim,) = (claim for claim in claims if claim.id == of)
    return Claim(
        id, title, SOMETIMES, predicate, claim.profile, cites or claim.cites, rules=claim.rules
    )
