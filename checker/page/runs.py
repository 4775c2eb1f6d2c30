"""Runs as the page steps through them: what happened, and every variable of both ends.

A run is a story (``checker.model.story``) with the ends' fields, of each step only those that
changed. Runs of one shape share a *layout*: the names of the fields, and the claims that judge
them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path as File
from typing import Any

from checker.engines.explicit.engine import Path
from checker.exports.javascript import kinds_of, plain
from checker.ir.tracing import Branch, Tree
from checker.model.model import Model
from checker.model.traced import Traced, predicate
from checker.page.machines import judge
from checker.render import Message, Story, ladder
from checker.studies import matrix, simulate
from checker.studies.matrix import PICTURES
from checker.studies.trace import tell
from checker.support.errors import Problem
from proofs.claims.claim import ALWAYS, EVENTUALLY, REST, SOMETIMES, Claim
from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import CLAIMS
from spec.world.records import key


@dataclass(slots=True)
class Shelf:
    """All runs, and what they share."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    layouts: list[dict[str, Any]] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)  # what is checked in and is no run any more
    places: set[str] = field(default_factory=set)  # lines that claims decide at
    _known: dict[Any, int] = field(default_factory=dict)

    def layout(self, model: Model, claims: Sequence[Claim]) -> int:
        """The number of a model's layout, with what judges its states."""
        ids = tuple(claim.id for claim in claims)
        name = (model.bounds, model.watchers, ids)
        if name not in self._known:
            own = Traced(model.rules, model.bounds, model.watchers)
            trees = {claim.id: tree for claim in claims if (tree := judged(claim, own)) is not None}
            for tree in trees.values():
                self.places |= set(where(tree))
            self._known[name] = len(self.layouts)
            self.layouts.append(
                {
                    "fields": [f.path for f in own.end_fields],
                    "meanings": kinds_of(own.end_fields),
                    "claims": [*trees],
                    "width": model.bounds.width,
                    "window": model.bounds.window,
                    "timed": model.bounds.timed,
                    "octets": model.bounds.octets,
                }
            )
            self.modules.append(judge(own, trees, "Claims.") if trees else "")
        return self._known[name]

    def add(
        self, story: Story, path: Path, model: Model, claims: Sequence[Claim], **more: Any
    ) -> None:
        """One more run."""
        run = more | told(story, path) | {"layout": self.layout(model, claims)}
        traced = self.layouts[run["layout"]]["claims"]
        run["judged"] = {claim.id: along(claim, path) for claim in claims if claim.id not in traced}
        self.runs.append(run)


def where(tree: Tree) -> Iterator[str]:
    """The lines that a tree decides at."""
    if isinstance(tree, Branch):
        yield tree.where
        yield from where(tree.then)
        yield from where(tree.other)


def judged(claim: Claim, own: Traced) -> Tree | None:
    """What a claim says of a state; None of one of runs without end, and if it has no tree."""
    if claim.live is not None:
        return None
    try:
        return predicate(claim.predicate, own)
    except TypeError:  # it multiplies, or asks what is in flight: what is recorded is judged here
        return None


def along(claim: Claim, path: Path) -> list[int]:
    """Of each state of a run: is it as the claim wants it, or is nothing awaited any more?"""
    worlds = [path.start, *(after for _, after in path.steps)]
    live = claim.live
    if live is None:
        return [int(claim.predicate(world)) for world in worlds]
    awaited: set[int] = set()
    found = []
    for world, action in zip(worlds, ("", *(step.action for step, _ in path.steps)), strict=True):
        for me in range(2) if live.each else (0,):
            if live.leads(world, me):
                awaited.add(me)
            if live.met(world, me) or action in live.acts:
                awaited.discard(me)
        found.append(int(not awaited))
    return found


def told(story: Story, path: Path) -> dict[str, Any]:
    """A run as data. Of two ends, the first is the specification's A, wherever it is drawn."""
    worlds = [path.start, *(after for _, after in path.steps)]
    rows = [[[plain(value) for value in key(end)] for end in world.ends()] for world in worlds]
    changes = [
        [
            [place for i, value in enumerate(now) if value != was[i] for place in (i, value)]
            for was, now in zip(before, after, strict=True)
        ]
        for before, after in pairwise(rows)
    ]
    messages: dict[int, list[Any]] = {}

    def known(message: Message) -> int:
        messages[message.uid] = [message.sender, message.receiver, message.text]
        return message.uid

    steps = []
    for line, change, (step, _) in zip(story.lines, changes, path.steps, strict=True):
        one: dict[str, Any] = {
            "end": step.end,
            "actor": line.actor,
            "action": line.action,
            "rules": [str(rule) for rule in step.rules],
            "got": None if line.received is None else known(line.received),
            "old": bool(line.received and line.received.old),
            "kept": line.kept,
            "sent": [known(message) for message in line.sent],
            "lost": [known(message) for message in line.lost],
            "states": list(line.states),
            "notes": list(line.notes),
            "set": change,
        }
        steps.append({name: value for name, value in one.items() if _said(value)})
    return {
        "title": story.title,
        "verdict": story.verdict,
        "violated": story.violated,
        "names": list(story.lifelines),
        "initial": list(story.initial),
        "first": rows[0],
        "loop": story.loop if story.loop is not None else path.loop,
        "steps": steps,
        "messages": messages,
    }


def _said(value: Any) -> bool:
    """Is it worth a place? A number is, 0 too."""
    return value is not None and value is not False and value != []


def found(shelf: Shelf, root: File, drawn: File) -> None:
    """Those that the matrix found, each taken again before it is kept: counterexamples, which have
    to draw the ladder that is checked in, and what witnesses claim, seen. ``root`` has the results,
    and ``drawn`` the drawings."""
    for task, claim, path in matrix.pinned(root):
        model, profile, name = task.job.model, task.job.profile, matrix.name(task, claim)
        if isinstance(path, Problem):
            shelf.stale.append(str(path))
            continue
        story = tell(model, claim, path, profile)
        seen = claim.kind == SOMETIMES
        if not seen and ladder(story) + "\n" != matrix.text(drawn / PICTURES / f"{name}.txt"):
            shelf.stale.append(f"{name}: its ladder is another")
            continue
        shelf.add(
            story,
            path,
            model,
            _alike(claim),
            id=name,
            kind="witness" if seen else "counterexample" if path.loop is None else "lasso",
            claim=claim.id,
            profile=profile,
            departures=model.departures,
        )


def _alike(claim: Claim) -> list[Claim]:
    """The claims that are judged along its run: those of its profile, of the same kind; of a
    witness all that are of states. A live one is alone."""
    if claim.kind == EVENTUALLY:
        return [claim]
    kinds = (claim.kind,) if claim.kind != SOMETIMES else (ALWAYS, REST, SOMETIMES)
    return [one for one in CLAIMS if one.profile == claim.profile and one.kind in kinds]


def scenarios(shelf: Shelf) -> None:
    """The textbook's walks."""
    for name, scenario in SCENARIOS.items():
        try:
            walk, path = simulate.walk(scenario)
        except Problem as problem:
            raise type(problem)(f"{name}: {problem}") from None
        model = Model(walk.rules, walk.bounds, walk.watchers)
        story = simulate.tell(scenario)
        shelf.add(story, path, model, (), id=name, kind="scenario", departures=model.departures)
