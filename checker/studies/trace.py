"""``trace``: the shortest run that refutes a claim, or that shows what a witness claims.

The claim's profile is explored level by level until a state decides the claim; the path to it
is then shortest. It is replayed through a fresh system, and the claim asked again of the state
where the replay ends, before anything is drawn.

Exit codes: 0, a run was found and drawn; 3, there is none to draw, because the claim holds in every
state up to the bounds, or because a limit ended the search. Nothing is written then.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path as File
from typing import Any

from checker.engines.explicit.engine import Exploration, Path, Progress
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules, grown
from checker.model.options import show as value_of
from checker.model.search import Options
from checker.render import Story, render, show, writable
from checker.render import chosen as views
from checker.support.errors import INCONCLUSIVE, OK
from proofs.claims.claim import SOMETIMES, Claim
from proofs.claims.failures import failure
from proofs.claims.table import full_title

FURTHER = "; --max-states N goes further"
"""Where that limit ended a search, which nobody may have asked for."""
Following = Callable[[str], AbstractContextManager[Progress | None]]
"""What follows a search: given its name, a context with a callback for its progress."""


def trace(
    claim: Claim,
    rules: Mapping[str, Any] | None = None,
    bounds: Mapping[str, Any] | None = None,
    out: File | str | None = None,
    profile: str | None = None,
    max_states: int | None = None,
    following: Following = lambda _: nullcontext(),
    view: str | None = None,
) -> int:
    """Draw the run that decides a claim to ``out``, or as a ladder to stdout; see above.

    ``rules`` and ``bounds`` come on top of the claim's own, at the usual scale; ``profile``
    replaces its profile.
    ``following`` is entered with the claim's name while the search goes on. As SVG a run of ends
    with a data plane is drawn with its windows, if no other ``view`` is asked for.
    """
    chosen = dict(rules or {})
    profile = profile or claim.profile
    limits = {**grown(profile, "usual"), **(bounds or {})}
    model = Model(
        choose_rules(claim.rules, chosen), *choose_profile(profile, limits, claim.profile)
    )
    out = None if out is None else File(out)
    view = views(view, out, model.bounds.transfer)
    if out is not None:
        writable(out, view)
    with following(claim.id) as progress:
        found = _search(model, claim, max_states, progress)
    if claim.id not in found.decisive:
        more = max_states is not None and found.limited and found.states >= max_states
        print(_nothing(claim, found, model, profile) + FURTHER * more, file=sys.stderr)
        return INCONCLUSIVE
    path = found.decisive[claim.id]
    model.confirm(claim, path)
    story = tell(model, claim, path, profile, bounds)
    if out is None:
        show(story)
        return OK
    render(story, out, view)
    print(f"{out}: {_steps(path)}, {story.verdict}", file=sys.stderr)
    return OK


def _search(
    model: Model, claim: Claim, max_states: int | None, progress: Progress | None
) -> Exploration:
    found = model.decide([claim], Options(max_states=max_states), progress)
    decided = found.live.get(claim.id)
    if decided is not None and decided.note:
        found.exploration.complete, found.exploration.why = False, decided.note
    return found.exploration


def tell(
    model: Model, claim: Claim, path: Path, profile: str, bounds: Mapping[str, Any] | None = None
) -> Story:
    """The run that decides ``claim``; ``bounds`` are those that somebody asked for."""
    violated = claim.kind != SOMETIMES
    what = "shortest counterexample" if violated else "shortest witness"
    asked = {name: value_of(value) for name, value in (bounds or {}).items()}
    others = ", ".join(f"{k}={v}" for k, v in {**model.departures, **asked}.items())
    title = f"{claim.id}, {what}: {_steps(path)}, profile {profile}"
    happened = (violated and failure(claim.id)) or full_title(claim)
    verdict = f"{claim.id} {'violated' if violated else 'witnessed'}: {happened}"
    if path.loop == len(path.steps):
        verdict += "; the run stops here, where nothing has to happen any more"
    return model.story(path, f"{title}, {others}" if others else title, verdict, violated)


def _steps(path: Path) -> str:
    stem = len(path.steps) if path.loop is None else path.loop
    loop = len(path.steps) - stem
    steps = f"{stem} step{'s' * (stem != 1)}"
    return f"{steps}, then {loop} for ever" if loop else steps


def _nothing(claim: Claim, found: Exploration, model: Model, profile: str) -> str:
    """Why there is nothing to draw, in one line."""
    states = f"{found.states:,} states"
    what = "witness" if claim.kind == SOMETIMES else "counterexample"
    if not found.complete:
        return f"{claim.id}: no {what} in {states}, then {found.why}: undecided, nothing to draw"
    if claim.kind == SOMETIMES:
        return (
            f"{claim.id}: none of all {states} of profile {profile} is a witness: nothing to draw"
        )
    from checker.studies import finer

    known = finer.refuted(claim, model)
    return (
        f"{claim.id} holds in all {states} up to the bounds of profile {profile}: "
        f"no counterexample to draw{f'. But {known}' if known else ''}"
    )
