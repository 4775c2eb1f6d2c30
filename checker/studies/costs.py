"""``costs``: which claims the TCP of a real stack loses.

For each stack of ``checker/stacks`` all claims are searched that its switches may touch: those of
the lifecycle (no listener, timestamps or data plane) whose exploration has at most ``LIMIT`` states
at the small scale. A claim of RFC 9293 that holds is then either lost, with a shortest run, or it
holds of that stack's rules too. What each departure costs by itself the matrix knows: its ablations
and controls.

What was found is checked in as data (``proofs/results/costs.json``) and as a page. ``check`` finds
everything again and compares.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checker.model.options import show
from checker.model.search import Options
from checker.stacks import PROFILES
from checker.stacks.costs import cost, departing, stacks
from checker.studies.explorations import Job, jobs, run_job
from checker.studies.matrix import text
from checker.studies.pins import expectations
from checker.support import files
from checker.support.journal import Journal, Told
from proofs.claims.claim import SOMETIMES, Claim
from proofs.claims.table import BY_ID, SUBJECTS, full_title
from spec.rules import SWITCHES

DATA, PAGE = Path("proofs/results/costs.json"), Path("docs/reference/stacks-and-claims.md")
LIMIT = 300_000
"""States of a claim's exploration, with the RFC's rules, at the small scale."""
MOST = 2_000_000
"""... and with a stack's: beyond that it is not decided."""
ASKED = (
    "Opening",
    "TIME-WAIT",
    "Earlier connections",
    "Data",
    "Forged segments",
    "Coming to rest",
    "Liveness",
    "Conduct",
)
"""Subjects whose claims are asked."""
LEFT_OUT = ("alive", "edge", "packed", "probes", "reopened", "syn", "time")
"""Profiles of claims on conduct that say of others what is asked already."""


def claims() -> list[Claim]:
    """What is asked of each stack."""
    known = expectations()["small"]
    asked = (claim for subject in ASKED for claim in SUBJECTS[subject])
    left_out = tuple(f"conduct-{profile}" for profile in LEFT_OUT)
    return [
        claim
        for claim in asked
        if claim.profile not in left_out
        and claim.kind != SOMETIMES
        and known[claim.id]["verdict"] == "holds"
        and known[claim.id]["states"] <= LIMIT
    ]


def _jobs(stack: str) -> list[Job]:
    options = Options(engine="native", max_states=MOST)
    return jobs(claims(), PROFILES[stack].imitated, {}, options)


def explore(journal: Journal, told: Told | None = None) -> None:
    """Search what the journal does not know, and write it there."""
    todo = [(stack, job) for stack in PROFILES for job in _jobs(stack)]
    for done, (stack, job) in enumerate(todo):
        key = f"{stack} {job.ids}"
        if key not in journal.known:
            found = run_job(job)
            limited = found.exploration.limited
            journal.add(key, {"lengths": dict(found.lengths), "limited": limited})
        if told is not None:
            told(key, done + 1, len(todo))


def table(journal: Journal) -> dict[str, dict[str, Any]]:
    """Of each stack its claims: the steps of a shortest run, 0 if it holds, None if undecided."""
    found: dict[str, dict[str, Any]] = {}
    for stack in PROFILES:
        rows = found[stack] = {}
        for job in _jobs(stack):
            known = journal.known[f"{stack} {job.ids}"]
            for claim in job.claims:
                undecided = None if known["limited"] else 0
                rows[claim.id] = known["lengths"].get(claim.id, undecided)
        found[stack] = {claim.id: rows[claim.id] for claim in claims()}
    return found


def document(found: Mapping[str, Any]) -> str:
    """The table as JSON."""
    return json.dumps(found, indent=1) + "\n"


def lost(found: Mapping[str, Mapping[str, int | None]], stack: str) -> dict[str, int]:
    """The claims that a stack loses, with the steps of a shortest run."""
    return {claim: steps for claim, steps in found[stack].items() if steps}


def page(found: Mapping[str, Mapping[str, int | None]]) -> str:
    """``docs/reference/stacks-and-claims.md``."""
    names = [stack for stack in PROFILES if stack in found]
    lines = [_INTRODUCTION, "", "## Which claims a stack loses", ""]
    lines += [f"| claim | says | {' | '.join(names)} |", "| --- " * (len(names) + 2) + "|"]
    for claim in next(iter(found.values())):
        cells = [found[stack][claim] for stack in names]
        if any(cells) or None in cells:
            shown = ("?" if steps is None else "" if steps == 0 else str(steps) for steps in cells)
            title = full_title(BY_ID[claim])
            lines.append(f"| {claim} | {title} | {' | '.join(shown)} |")
    held = [c for c in next(iter(found.values())) if not any(found[s][c] for s in names)]
    decided = [claim for claim in held if all(found[s][claim] == 0 for s in names)]
    lines += ["", f"All of them keep {', '.join(decided)}.", ""]
    lines += ["## What makes the specification do as they do", "", "| stack | switches |"]
    lines += ["| --- | --- |"]
    for name in names:
        rules = PROFILES[name].imitated
        shown_rules = " ".join(f"`{switch}={show(value)}`" for switch, value in rules.items())
        lines.append(f"| {name}: {PROFILES[name].seen} | {shown_rules} |")
    lines += ["", "## What each departure costs by itself", "", _DEPARTURES, ""]
    lines += ["| switch | of | what it does | falls | holds |", "| --- | --- | --- | --- | --- |"]
    pins = expectations()
    for switch, value in departing():
        of = ", ".join(profile.name for profile in stacks(switch, value))
        costs = cost(switch, value)
        falls = ", ".join(
            f"{id.partition(' ')[2]} ({pins['ablations'][id]['length']})" for id in costs.falls
        )
        holds = ", ".join(id.partition(" ")[2] for id in costs.holds)
        says = SWITCHES[switch].metadata["sentence"]
        lines.append(f"| `{switch}={show(value)}` | {of} | {says} | {falls} | {holds} |")
    return "\n".join(lines) + "\n"


_INTRODUCTION = f"""\
# What real stacks cost

`python -m checker costs --write` generates this page; `costs --check` finds everything again.
A stack's TCP is imitated by switches of the specification, as far as there are switches for what it
does otherwise ([stacks](stacks.md) has what it does). Then the claims of its lifecycle are checked:
those that hold of RFC 9293, and whose exploration has at most {LIMIT:,} states. A number is the
length of a shortest run that violates the claim; an empty cell means that the claim holds of that
stack's rules too, exhaustively at the small bounds; ? that it was not decided within {MOST:,}
states. `python -m checker verify --rules lwip` checks all claims, and `trace T10 --rules lwip`
shows a run.

A claim that is lost is not always a fault: some claims say no more than what RFC 9293 answers to a
segment (C1 to C7), and some assume a choice that the RFC leaves open (RFC 1337's F1 in T3 and T4,
which Linux does not make). Nor is each number what an attacker needs: the network loses and repeats
as it likes in these runs.

Three imitations go further than the stack does. PyTCP's FIN in the place of its SYN is a SYN with
the number before, which counts as acknowledged: that T1, T2 and T9 fall there in 4 to 7 steps is
that, and nothing found out about PyTCP; and in ESTABLISHED it answers a bad ACK. gVisor resets late
text in CLOSING and LAST-ACK only. libslirp has a guest at the other end, which does not answer a
reset; here both ends do (L4)."""

_DEPARTURES = """\
*Falls* are [ablations](matrix.md) that turn this switch and nothing else, with the steps of a
shortest run; *holds* are controls: claims that hold with it. Where both are empty, the switch is
one that RFC 9293 or another standard allows, or it has an ablation under other rules."""


def write(found: Mapping[str, Any], top: Path) -> None:
    """Write what is checked in."""
    files.write(top / DATA, document(found).encode())
    files.write(top / PAGE, page(found).encode())


def check(found: Mapping[str, Any], top: Path) -> list[str]:
    """What is checked in and is not what was found, a line each."""
    stale = [] if text(top / DATA) == document(found) else [f"{DATA}: stale"]
    return stale + ([] if text(top / PAGE) == page(found) else [f"{PAGE}: stale"])


def kept(top: Path) -> dict[str, dict[str, int | None]]:
    """What is checked in."""
    known: dict[str, dict[str, int | None]] = json.loads(text(top / DATA) or "{}")
    return known
