"""What was found of claims, compared with what is expected of them.

The report is one versioned structure: the terminal's table, the JSON and the JUnit file are views
of it.

A verdict is ``holds`` only if every state within the bounds was visited and the claim's witness was
among them: a claim whose witness was not seen is vacuous, and inconclusive. Where rules or bounds
are overridden nothing is pinned, and a claim is expected to hold. A claim that holds in whole
ticks, and is known not to in finer ones, says so in the same row (``checker.studies.finer``).
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from checker.engines.explicit.engine import Exploration
from checker.model import liveness
from checker.model.model import Found, Model
from checker.studies.explorations import Job
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED
from proofs.claims.claim import SOMETIMES, Claim

Verdict = Literal["holds", "violated", "not proved", "inconclusive"]
"""Only a theorem is ``not proved``: a step leads astray from a state that may be out of reach."""


class Against(BaseModel):
    """What a claim is compared with under other rules or bounds: what came of it there."""

    verdict: Verdict
    length: int | None = None
    loop: int | None = None


class ClaimReport(BaseModel):
    """What was found of one claim, or of one theorem (``kind`` theorem, ``scope`` unbounded)."""

    id: str
    title: str
    kind: str
    verdict: Verdict
    expected: Verdict
    ok: bool  # verdict and pinned numbers are as expected
    scope: Literal["exhaustive", "compacted", "bounded", "unbounded"]
    engine: str
    profile: str
    scale: str
    rules: dict[str, str]
    bounds: dict[str, int]
    watchers: list[str]  # what is recorded of a run
    states: int
    transitions: int
    depth: int  # levels searched
    length: int | None  # steps of the shortest counterexample or witness
    witness: dict[str, int | None]
    seconds: float
    note: str
    against: Against | None = None  # what other rules or bounds than the defaults are compared with
    finer: str = ""  # where it holds in whole ticks only: what is known of finer ones
    trace: list[dict[str, Any]] | None
    loop: int | None = None  # of a lasso: how many of its last steps are repeated for ever
    cut: int = 0  # states from which fair runs leave the bounds: an eventually claim is silent
    obligations: int = 0  # of a theorem, as the rest
    solvers: list[str] = []  # which found all of them to follow
    assumptions: list[str] = []


class Skipped(BaseModel):
    """A claim that was asked for and left out."""

    id: str
    title: str
    profile: str
    why: str


class Report(BaseModel):
    """What ``verify`` found; ``version`` is that of this structure."""

    version: int = 1
    claims: list[ClaimReport]
    skipped: list[Skipped] = []


def _step(label: Any, world: Any) -> dict[str, Any]:
    """One step of a trace, for the JSON."""
    return {
        "host": None if label.host is None else "AB"[label.host],
        "action": label.action,
        "rules": list(map(str, label.rules)),
        "states": [end.tcb.state.value for end in world.ends()],
    }


def report(
    claims: Sequence[Claim],
    todo: Sequence[Job],
    results: Sequence[Found],
    pinned: Mapping[str, Any] | None,
    against: Mapping[str, Any] | None = None,
) -> Report:
    """Compare what was found with what is expected; ``pinned`` is None under overrides, which are
    compared with what is pinned without them: ``against``."""
    by_claim = {
        claim.id: (job, found)
        for job, found in zip(todo, results, strict=True)
        for claim in job.claims
    }
    result = Report(claims=[_judge(claim, *by_claim[claim.id], pinned) for claim in claims])
    for found in result.claims:
        if against is not None and found.id in against:
            found.against = Against.model_validate(against[found.id])
    return result


def skip(result: Report, claims: Sequence[Claim | ClaimReport], why: str) -> None:
    """Note claims that were left out."""
    result.skipped += [
        Skipped(id=claim.id, title=claim.title, profile=claim.profile, why=why) for claim in claims
    ]


def give_up(result: Report, ids: Collection[str], states: int) -> None:
    """Leave out, and note, those of the claims ``ids`` that so many states did not decide."""
    left = [
        found
        for found in result.claims
        if found.id in ids and found.verdict == "inconclusive" and found.states > states
    ]
    late = {found.id for found in left}
    result.claims = [found for found in result.claims if found.id not in late]
    skip(result, left, f"not decided by {states:,} states")


def compare(result: Report, other: Report) -> None:
    """Compare a report with another one of the same claims."""
    by_id = {found.id: found for found in other.claims}
    for found in result.claims:
        one = by_id[found.id]
        found.against = Against(verdict=one.verdict, length=one.length, loop=one.loop)


def _judge(claim: Claim, job: Job, found: Found, pinned: Mapping[str, Any] | None) -> ClaimReport:
    result = found.exploration
    path = found.paths.get(claim.id)
    length = found.lengths.get(claim.id)
    decided, live = length is not None, found.live.get(claim.id)
    loop = None if path is None or path.loop is None else len(path.steps) - path.loop
    asked = {one.id for one in job.claims}
    witness = {w: found.lengths.get(w) for w in claim.witnesses if w in asked}
    note = ""
    verdict: Verdict
    if claim.kind == SOMETIMES:
        verdict = "holds" if decided else ("violated" if result.complete else "inconclusive")
    elif decided:
        verdict = "violated"
    elif result.limited:
        verdict, note = "inconclusive", result.why
    elif live is not None and live.verdict != "holds":
        verdict, note = "inconclusive", live.note
    elif None in witness.values():
        verdict, note = "inconclusive", "vacuous so far: its witness was not reached"
    else:
        verdict = "holds"
    expected: Verdict = "holds"
    ok = True
    pins = {} if pinned is None else pinned.get(claim.id)
    if pins is None:
        ok, note = False, "not in proofs/results/expected.toml: verify --pin writes it"
    elif pins:
        expected = pins["verdict"]
        seen = {"length": length, "loop": loop}
        if result.complete:
            seen |= {
                "states": result.states,
                "transitions": result.transitions,
                "depth": result.depth,
            }
        wrong = [
            f"{name} {value:,} (pinned {pins[name]:,})"
            for name, value in seen.items()
            if value is not None and name in pins and pins[name] != value
        ]
        if wrong and verdict == expected and not job.symbolic:
            ok, note = False, "; ".join(wrong)
    ok = ok and verdict == expected
    if decided and path is None and not job.symbolic and not note:
        note = "there was no memory to find the trace again"
    if result.missed and not note:
        note = f"unless a state was missed (chance: about {result.missed:.1g})"
    return ClaimReport(
        id=claim.id,
        title=claim.title,
        kind=claim.kind,
        verdict=verdict,
        expected=expected,
        ok=ok,
        scope=_scope(result),
        engine=result.engine,
        profile=claim.profile,
        scale=job.scale,
        rules=job.model.departures,
        bounds={k: int(v) for k, v in dataclasses.asdict(job.model.bounds).items()},
        watchers=[watcher.name for watcher in job.model.watchers],
        states=result.states,
        transitions=result.transitions,
        depth=result.depth,
        length=length,
        witness=witness,
        seconds=round(result.seconds, 2),
        note=note,
        finer=_in_finer_ticks(claim, job.model) if verdict == "holds" else "",
        trace=[_step(*step) for step in path.steps] if path else None,
        loop=loop,
        cut=live.cut if live else 0,
        assumptions=liveness.assumptions(claim.live) if claim.live else [],
    )


def _in_finer_ticks(claim: Claim, model: Model) -> str:
    """What is known of a claim that holds, of which only time is a reason to ask."""
    if not model.timed:
        return ""
    from checker.studies import finer

    return finer.refuted(claim, model)


def _scope(found: Exploration) -> Literal["exhaustive", "compacted", "bounded"]:
    """What a search says: of all states, of all but for a small chance, or of some levels."""
    if not found.complete:
        return "bounded"
    return "compacted" if found.missed else "exhaustive"


def exit_code(result: Report) -> int:
    """1 if anything is other than expected, else 3 if anything is inconclusive, else 0."""
    if not result.claims:
        return INCONCLUSIVE
    if any(c.verdict != "inconclusive" and not c.ok for c in result.claims):
        return VIOLATED
    if any(c.verdict == "inconclusive" for c in result.claims):
        return INCONCLUSIVE
    return OK


def change_code(result: Report) -> int:
    """Of a report that is compared with another: 1 if a verdict differs, else 3 if one is not
    known, else 0."""
    both = [(c.verdict, c.against.verdict) for c in result.claims if c.against is not None]
    known = [pair for pair in both if "inconclusive" not in pair]
    if any(one != other for one, other in known):
        return VIOLATED
    return OK if both and len(known) == len(both) else INCONCLUSIVE


def junit(result: Report) -> str:
    """The report as JUnit XML: one test case for each claim, also for those left out."""
    import xml.etree.ElementTree as ET

    tests = str(len(result.claims) + len(result.skipped))
    suite = ET.Element("testsuite", name="synproof", tests=tests)
    failures = errors = 0
    for claim in result.claims:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=claim.profile or claim.scope,
            name=claim.id,
            time=str(claim.seconds),
        )
        said = f"{claim.verdict}, expected {claim.expected}. {claim.title}. {claim.note}"
        if claim.verdict == "inconclusive":
            errors += 1
            ET.SubElement(case, "error", message=said)
        elif not claim.ok:
            failures += 1
            ET.SubElement(case, "failure", message=said)
    for one in result.skipped:
        case = ET.SubElement(suite, "testcase", classname=one.profile, name=one.id)
        ET.SubElement(case, "skipped", message=f"left out: {one.why}. {one.title}")
    suite.set("skipped", str(len(result.skipped)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
