"""A pinned ladder read back: the run that it is of.

What the matrix found is checked in as ladders (``diagrams/matrix``). Here a run is found again
without a search: of all steps those are tried that the ladder's next rows can be of, and the run
counts only if it decides the claim and draws the very same ladder.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from checker.engines.explicit.engine import Path
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.words import state, text
from checker.render import ladder
from checker.studies.trace import tell
from checker.support.errors import Problem
from proofs.claims.claim import Claim
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.world.channel import Bag
from spec.world.enabled import Event
from spec.world.system import Outcome, Step, World


@dataclass(frozen=True, slots=True)
class Rows:
    """What a ladder says of one step, without white space."""

    middle: str
    sides: str


def rows(drawn: str) -> tuple[list[Rows], int | None]:
    """The steps of a ladder, and the index of the first in its loop, if it is a lasso."""
    lines = drawn.split("\n")
    edge = 2 if any(line.startswith("+-- loop") for line in lines) else 0
    first = next(n for n, line in enumerate(lines) if "|" in line)
    left, right = lines[first].index("|"), lines[first].rindex("|")
    found: list[Rows] = []
    loop = None
    for line in lines[first:]:
        if line.startswith("+-- loop"):
            loop = len(found)
        if len(line) <= right or line[left] != "|" or line[right] != "|":
            continue
        if re.match(r"\d+\.", line[edge:]):
            found.append(Rows("", ""))
        if found:
            between = re.sub(r"\||<-{3,}|-{3,}[>X]?|\.\.\.", " ", line[left + 1 : right])
            sides = line[edge:left] + line[right + 1 :]
            found[-1] = Rows(
                found[-1].middle + _squashed(between), found[-1].sides + _squashed(sides)
            )
    return found, len(found) if _STOPS in " ".join(lines) else loop


MOST = 500
"""Runs that are followed at once."""

_STOPS = "the run stops here"
"""Said of a lasso whose loop is its last state."""


def _squashed(words: str) -> str:
    return "".join(words.split())


def stands(world: World, one: Rows) -> bool:
    """Are both ends in the states that a ladder has at its sides, or between them?"""
    return all(_squashed(state(end)) in one.sides + one.middle for end in world.ends())


class Guided(Interned):
    """A system that works out only what the rows of a ladder can be of."""

    wanted = ""

    def called(self, world: World, me: int) -> list[tuple[Event, Outcome]]:
        return [
            (what, outcome)
            for what in self.calls[me]
            if _squashed(what.value) in self.wanted
            for outcome in self.outcomes(world, me, what, None)
        ]

    def different(self, bag: Bag[Segment]) -> Collection[Segment]:
        return [seg for seg in super().different(bag) if self._told(seg)]

    def _told(self, seg: Segment) -> bool:
        return f"<{_squashed(text(seg, self.bounds.transfer))}>" in self.wanted

    def fits(self, step: Step) -> bool:
        """Can the rows be of this step?"""
        told = "; ".join(map(str, step.rules))
        if step.action == Input.TICK.value and not self.wanted.startswith("tick"):
            return False
        if step.action == "lose":
            return "lose" in self.wanted
        return _squashed(step.action + (f" [{told}]" if told else "")) in self.wanted


def run_of(model: Model, claim: Claim, profile: str, drawn: str) -> Path:
    """The run that ``drawn`` is the ladder of; ``Problem`` if there is none."""
    system = Guided(model.rules, model.bounds, model.watchers)
    told, loop = rows(drawn)
    start = system.initial()
    paths: list[list[tuple[Step, World]]] = [[]]
    for number, one in enumerate(told, 1):
        system.wanted = one.middle
        paths = [
            [*steps, (step, after)]
            for steps in paths
            for step, after in system.steps(steps[-1][1] if steps else start)
            if system.fits(step) and stands(after, one)
        ][:MOST]
        if not paths:
            raise Problem(f"{claim.id}: step {number} of its ladder is not possible")
    for steps in paths:
        path = Path(start, steps, loop)
        if _draws(model, claim, path, profile, drawn):
            return path
    raise Problem(f"{claim.id}: no run draws its ladder")


def _draws(model: Model, claim: Claim, path: Path, profile: str, drawn: str) -> bool:
    try:
        model.confirm(claim, path)
    except Problem:
        return False
    return ladder(tell(model, claim, path, profile)) + "\n" == drawn
