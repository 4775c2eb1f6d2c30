"""``coverage``: which rules and which branches of the specification the claims' runs reach.

Every exploration that decides a claim works out each (endpoint, input) once. Each of these is
sent down the traced decision tree, and the answers met on the way are marked, by source
line. What no run reaches is listed: a rule that never fires, or an answer that never comes,
is either out of the bounds' reach or not needed, and is to be explained.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from checker.ir.interpret import branches, leaf_of, leaves
from checker.model.model import Model
from checker.studies.explorations import Job, jobs
from proofs.claims.table import CLAIMS
from spec.tcp.rule import Rule


@dataclass(slots=True)
class Coverage:
    """How often each rule fired; branch answers by source line."""

    rules: dict[Rule, int] = field(default_factory=dict)
    answers: dict[tuple[str, bool], int] = field(default_factory=dict)

    def never_fired(self) -> list[Rule]:
        """The rules that no run fired."""
        return sorted((rule for rule, times in self.rules.items() if not times), key=str)

    def never_answered(self) -> list[tuple[str, bool]]:
        """The source lines at which no run met an answer."""
        return sorted(where for where, times in self.answers.items() if not times)

    def add(self, model: Model) -> None:
        """Mark what the system of ``model`` has worked out."""
        system, traced = model.system, model.traced
        for what, outcomes in system.known.items():
            if not outcomes:
                continue
            tree = traced.tree(what)
            for branch in branches(tree):
                for answer in (True, False):
                    self.answers.setdefault((branch.where, answer), 0)
            for leaf in leaves(tree):
                for rule in leaf.static.rules:
                    self.rules.setdefault(rule, 0)
            for end, _, seg, sight in outcomes:
                for isn in system.isns(end):
                    leaf, way = leaf_of(tree, traced.values(end, seg, sight, isn))
                    for branch, answer in way:
                        self.answers[branch.where, answer] += 1
                    for rule in leaf.static.rules:
                        self.rules[rule] += 1


def coverage(
    todo: Iterable[Job] | None = None, told: Callable[[str, int, int], None] | None = None
) -> Coverage:
    """What the explorations of ``todo``, or of all claims, reach. ``told`` is called with each
    before it begins, how many are done, and of how many."""
    found = Coverage()
    todo = jobs(CLAIMS, {}, {}) if todo is None else list(todo)
    for done, job in enumerate(todo):
        if told is not None:
            told(job.short, done, len(todo))
        model = job.model.anew()
        model.search({}, job.options)
        found.add(model)
    return found
