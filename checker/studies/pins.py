"""What is pinned: ``proofs/results/expected.toml``, read and rewritten.

Verdict, states, transitions, depth and the length of the shortest trace of each claim, by scale;
the lengths of the ablations' counterexamples, and what the controls survive.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from importlib import resources
from typing import Any

from checker.engines.explicit.engine import Path
from checker.studies.explorations import ablate
from checker.studies.reports import ClaimReport, Report
from checker.support import files
from checker.support.errors import UsageProblem
from proofs.claims.ablations import ABLATIONS, CONTROLS, Ablation
from spec.world.profiles import SCALES


def expectations(ids: Collection[str] | None = None) -> dict[str, Any]:
    """``proofs/results/expected.toml``; with ``ids`` only what it has of these: to parse all of it
    takes longer than a small command."""
    text = resources.files("proofs").joinpath("results/expected.toml").read_text("utf-8")
    if ids is not None:
        tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
        wanted = {f'."{id}"]' for id in ids}
        text = "".join(one for one in tables if one[one.find(".") : one.find("]") + 1] in wanted)
    return tomllib.loads(text)


def beyond(states: int, known: Mapping[str, Any]) -> frozenset[str]:
    """The claims whose exploration has more states than so many; ``known`` are pins of a scale."""
    return frozenset(id for id, pins in known.items() if pins.get("states", 0) > states)


def ended(known: Mapping[str, Any]) -> frozenset[str]:
    """The claims of which no states are pinned: the exploration ends where the shortest
    counterexample or witness does, and engines differ in how many states that takes."""
    return frozenset(id for id, pins in known.items() if "states" not in pins)


def pin(result: Report, scale: str) -> None:
    """Rewrite the part of ``expected.toml`` that is of ``scale`` with what was found.

    The small scale takes the ablations and controls along, which are explored for it.
    """
    parts = {**expectations(), scale: {claim.id: _pins(claim) for claim in result.claims}}
    if scale == "small":
        parts["ablations"] = {
            ablation.id: _lengths(ablate(ablation).paths[ablation.claim.id])
            for ablation in ABLATIONS
        }
        parts["controls"] = {control.id: _pins_of_control(control) for control in CONTROLS}
    lines = [
        "# What the checker found, pinned, by scale (spec/world/profiles.py). `verify --pin`",
        "# rewrites the part of its scale, and `verify --small --pin` [ablations] and [controls]",
        "# too; a commit that changes a number says why. Counts are of complete explorations;",
        "# lengths are of shortest traces.",
    ]
    titles = {one.id: f"  # {one.title}" for one in (*ABLATIONS, *CONTROLS)}
    for part in (*SCALES, "ablations", "controls"):
        for id, values in parts.get(part, {}).items():
            title = titles.get(id, "")  # none: a claim, or an ablation that is no more
            lines += ["", f'[{part}."{id}"]{title}']
            lines += [f"{name} = {_toml(value)}" for name, value in values.items()]
    with resources.as_file(resources.files("proofs").joinpath("results/expected.toml")) as path:
        files.write(path, ("\n".join(lines) + "\n").encode())


def _pins(claim: ClaimReport) -> dict[str, Any]:
    """What is pinned of a claim."""
    pins: dict[str, Any] = {"verdict": claim.verdict}
    if claim.scope == "exhaustive":
        pins |= {"states": claim.states, "transitions": claim.transitions, "depth": claim.depth}
    if claim.length is not None:
        pins["length"] = claim.length
    if claim.loop is not None:
        pins["loop"] = claim.loop
    return pins


def _lengths(path: Path) -> dict[str, int]:
    """The steps of a counterexample, and how many of them are a loop."""
    loop = {} if path.loop is None else {"loop": len(path.steps) - path.loop}
    return {"length": len(path.steps), **loop}


def _pins_of_control(control: Ablation) -> dict[str, Any]:
    """What is pinned of what a claim survives."""
    result = ablate(control).exploration
    if not result.complete or control.claim.id in result.decisive:
        raise UsageProblem(f"control {control.id} does not hold: nothing is pinned")
    return {
        "verdict": "holds",
        "states": result.states,
        "transitions": result.transitions,
        "depth": result.depth,
    }


def _toml(value: str | int) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
