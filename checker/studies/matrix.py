"""``matrix``: every claim with its witness, and every ablation, in one table.

All are explored at the small scale by the native engine: the least bounds at which every ablation
shows. A row is an ablation of ``proofs/claims/ablations.py``, which its claim must not survive, or
a control, which it must. What is expected is pinned in ``proofs/results/expected.toml``, as for
``verify``. Numbers of the table the project started from that nothing is explored for have rows
that say so.

What was found is checked in, all of it generated: as data (``proofs/results/matrix.json``), as a
page (``docs/reference/matrix.md``), each counterexample as a picture and as a ladder
(``diagrams/matrix/``), and each run, of witnesses too, as the choices that it takes
(``proofs/results/paths.json``): which of all steps each step is, so that a run is found again
without a search. ``check`` finds everything again and compares.
Two versions of Graphviz may draw the same run differently, so ``check`` compares the ladders, and
of the pictures only whether they exist. Nothing that is written holds a time, or anything else that
changes from run to run.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.engine import Path as Run
from checker.model.model import Found
from checker.model.options import show
from checker.model.replay import choices, chosen
from checker.model.search import Options
from checker.render import Story, ladder
from checker.render.sequence import dot, draw
from checker.studies.explorations import Job, Standing, jobs, run_jobs
from checker.studies.pins import expectations
from checker.studies.reports import ClaimReport
from checker.studies.reports import report as report_on
from checker.studies.trace import tell
from checker.support import files, machine
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, Problem, UsageProblem
from checker.support.journal import Journal, Told
from proofs.claims.ablations import ABLATIONS, ASSUMED_LESS, CONTROLS, Ablation
from proofs.claims.claim import SOMETIMES, Claim
from proofs.claims.table import BY_ID, CLAIMS, full_title, witnesses

DATA, PATHS, PAGE, PICTURES = (
    Path("proofs/results/matrix.json"),
    Path("proofs/results/paths.json"),
    Path("docs/reference/matrix.md"),
    Path("diagrams/matrix"),
)
"""Where the matrix is checked in, from the top of the checkout."""


@dataclass(frozen=True, slots=True)
class Task:
    """One exploration, by the key of its result."""

    key: str
    job: Job
    draws: tuple[Claim, ...]  # claims whose counterexample is shown
    number: str = ""  # of the ablation or control; empty where the rules are the claim's own


def tasks() -> list[Task]:
    """Every exploration of the matrix: the claims', then the ablations'."""
    options = Options(engine="native")
    found = []
    for job in jobs(CLAIMS, {}, {}, options):
        draws = tuple(claim for claim in job.claims if claim.kind != SOMETIMES)
        found.append(Task(job.ids, job, draws))
    for ablation in (*ABLATIONS, *CONTROLS):
        claim = ablation.claim
        (job,) = jobs([claim], ablation.rules, ablation.bounds, options)
        if ablation in CONTROLS:  # what holds must not be vacuous
            job = dataclasses.replace(job, claims=(claim, *witnesses(claim)))
        key = f"without {ablation.id}"
        found.append(Task(key, job, (claim,), str(ablation.number)))
    return found


# What is found


def explore(
    journal: Journal,
    todo: Sequence[Task],
    workers: int,
    told: Told | None = None,
) -> None:
    """Explore what the journal does not know, and write it there."""
    memory = machine.spare() // max(1, workers)
    by_job: dict[int, Task] = {}
    jobs = []
    for task in todo:
        if task.key not in journal.known:
            shared = dataclasses.replace(task.job.options, max_memory=memory)
            jobs.append(dataclasses.replace(task.job, options=shared))
            by_job[id(jobs[-1])] = task

    done = len(todo) - len(jobs)

    def keep(job: Job, found: Found, _: Standing) -> None:
        nonlocal done
        task = by_job[id(job)]
        if not found.exploration.limited:
            journal.add(task.key, _record(task, found))
        done += 1
        if told is not None:
            told(task.key, done, len(todo))

    if jobs:
        run_jobs(jobs, workers, done=keep)


def _record(task: Task, found: Found) -> dict[str, Any]:
    """What is kept of a search: what does not depend on the day, and its counterexamples."""
    result = found.exploration
    ladders, sources = {}, {}
    paths: dict[str, dict[str, Any]] = {}
    for id, path in found.paths.items():
        paths[id] = {"steps": choices(task.job.model.system, path)}
        if path.loop is not None:
            paths[id]["loop"] = path.loop
    for claim in task.draws:
        if claim.id in found.paths:
            story = _story(task.job, claim, found.paths[claim.id])
            ladders[claim.id], sources[claim.id] = ladder(story) + "\n", dot(story)
    return {
        "states": result.states,
        "transitions": result.transitions,
        "depth": result.depth,
        "complete": result.complete,
        "lengths": found.lengths,
        "ladders": ladders,
        "dot": sources,
        "paths": paths,
    }


def _story(job: Job, claim: Claim, path: Run) -> Story:
    """A counterexample, replayed before it is shown."""
    job.model.confirm(claim, path)
    return tell(job.model, claim, path, job.profile)


def _found(record: Mapping[str, Any] | None) -> Found:
    """What the journal knows of a search, as ``verify`` judges it."""
    if record is None:
        return Found(Exploration(limited=True, why="not explored to its end"))
    known = ("states", "transitions", "depth", "complete", "lengths")
    return Found(Exploration(engine="native", **{name: record[name] for name in known}))


# The matrix


def matrix(journal: Journal, todo: Sequence[Task]) -> dict[str, Any]:
    """The matrix as data, of what the journal knows; ``wrong`` says what is not as pinned."""
    pins = expectations()
    claims = todo[: len(todo) - len(ABLATIONS) - len(CONTROLS)]
    rest = todo[len(claims) :]
    searched = [_found(journal.known.get(task.key)) for task in claims]
    report = report_on(CLAIMS, [task.job for task in claims], searched, pins.get("small", {}))
    wrong = [_said(one.id, one) for one in report.claims if not one.ok]
    rows = []
    for ablation, task in zip((*ABLATIONS, *CONTROLS), rest, strict=True):
        claim = ablation.claim
        control = ablation in CONTROLS
        expected = pins.get("controls" if control else "ablations", {}).get(ablation.id)
        pinned = {}
        if expected is not None:
            pinned = {claim.id: {"verdict": "holds" if control else "violated"} | expected}
        searched = [_found(journal.known.get(task.key))]
        (one,) = report_on([claim], [task.job], searched, pinned).claims
        if not one.ok:
            wrong.append(_said(f"ablation {ablation.id}", one))
        rows.append(_row(ablation, one, "holds" if control else "violated"))
    for less, one in itertools.product(ASSUMED_LESS, report.claims):
        if one.id == less.claim.id:
            rows.append(_row(less, one, "violated", diagram=one.id))
    rows.sort(key=lambda row: row["id"])  # stable: as in the table of ablations
    return {
        "rows": rows,
        "claims": [_claim_row(*pair) for pair in zip(CLAIMS, report.claims, strict=True)],
        "wrong": wrong,
        "paths": {
            name(task, claim): journal.known[task.key]["paths"][claim.id]
            for task in todo
            for claim in shown(task)
            if claim.id in journal.known.get(task.key, {"paths": {}})["paths"]
        },
    }


def name(task: Task, claim: Claim) -> str:
    """That of a run, by which it is known everywhere."""
    return f"{task.number}-{claim.id}" if task.number else claim.id


def shown(task: Task) -> tuple[Claim, ...]:
    """The claims of which a run is kept: of a change of rules or bounds, those that it is about."""
    return task.draws if task.number else task.job.claims


def _said(what: str, one: ClaimReport) -> str:
    said = f"{one.verdict}, expected {one.expected}"
    return f"{what}: {said}{f': {one.note}' if one.note else ''}"


def _row(ablation: Ablation, one: ClaimReport, expected: str, diagram: str = "") -> dict[str, Any]:
    """A row; ``diagram`` is the name of its picture, if not its own."""
    falls = one.verdict == "violated"
    return {
        "id": ablation.number,
        "ablation": ablation.title,
        "claim": ablation.claim.id,
        "verdict": one.verdict,
        "expected": expected,
        "length": one.length if falls else None,
        "control": expected == "holds",
        "rules": {name: show(value) for name, value in ablation.rules.items()},
        "bounds": {name: int(value) for name, value in ablation.bounds.items()},
        "states": one.states if one.scope == "exhaustive" else None,
        "diagram": (diagram or f"{ablation.number}-{ablation.claim.id}") if falls else None,
        "note": ablation.note,
    }


def _claim_row(claim: Claim, one: ClaimReport) -> dict[str, Any]:
    falls = one.verdict == "violated" and one.kind != SOMETIMES
    exhaustive = one.scope == "exhaustive"
    return {
        "id": one.id,
        "title": one.title,
        "kind": one.kind,
        "verdict": one.verdict,
        "expected": one.expected,
        "length": one.length,
        "profile": one.profile,
        "rules": one.rules,
        "witness": one.witness,
        "states": one.states if exhaustive else None,
        "transitions": one.transitions if exhaustive else None,
        "diagram": one.id if falls else None,
        "finding": claim.finding,
    }


def exit_code(found: Mapping[str, Any]) -> int:
    """1 if a verdict or a number is other than pinned, else 3 if one is not known, else 0."""
    rows = [*found["rows"], *found["claims"]]
    unknown = sum(row["verdict"] == "inconclusive" for row in rows)
    if len(found["wrong"]) > unknown:
        return VIOLATED
    return INCONCLUSIVE if unknown else OK


# As files


VERSION = 1
"""Of the matrix as JSON."""


def document(found: Mapping[str, Any]) -> str:
    """The matrix as JSON."""
    kept = {"version": VERSION} | {name: found[name] for name in ("rows", "claims")}
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def written(paths: Mapping[str, Any]) -> str:
    """The runs as JSON, a line for each."""
    lines = ",\n".join(f" {json.dumps(id)}: {json.dumps(path)}" for id, path in paths.items())
    return f"{{\n{lines}\n}}\n"


def pinned(top: Path) -> Iterator[tuple[Task, Claim, Run | Problem]]:
    """The runs that are checked in, each found again; a ``Problem`` is of one that is none now."""
    known = json.loads(text(top / PATHS))
    for task in tasks():
        for claim in shown(task):
            if name(task, claim) in known:
                yield task, claim, _again(task, claim, known[name(task, claim)])


def _again(task: Task, claim: Claim, path: Mapping[str, Any]) -> Run | Problem:
    model = task.job.model
    try:
        run = chosen(model.system, path["steps"], path.get("loop"))
        model.confirm(claim, run)
    except Problem as problem:
        return Problem(f"{name(task, claim)}: {problem}")
    return run


def runs(journal: Journal, todo: Sequence[Task]) -> dict[str, tuple[str, str]]:
    """Every counterexample by the name of its files: its ladder, and its picture in DOT."""
    found = {}
    for task in todo:
        record = journal.known.get(task.key, {"ladders": {}, "dot": {}})
        for claim, text in record["ladders"].items():
            found[name(task, BY_ID[claim])] = (text, record["dot"][claim])
    return found


def page(found: Mapping[str, Any]) -> str:
    """``docs/reference/matrix.md``."""
    lines = _INTRODUCTION.splitlines()
    lines += ["", "## Ablations and controls", ""]
    lines += ["| no. | changed | claim | by | verdict | steps | states | run |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    notes: dict[str, None] = {}
    for row in found["rows"]:
        switches = " ".join(
            [f"`{name}={value}`" for name, value in (row["rules"] | row["bounds"]).items()]
        )
        title = row["ablation"] + (" (control)" if row["control"] else "")
        cells = [row["id"], title, row["claim"], switches, row["verdict"], row["length"]]
        lines.append(_cells(*cells, _count(row["states"]), _links(row["diagram"])))
        if row["note"]:
            notes[f"* {row['id']}, {row['claim']}: {row['note']}"] = None
    lines += ["", *notes] if notes else []
    lines += ["", "## Claims", ""]
    lines += ["| claim | says | assumes | verdict | steps | states | witness | run |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in found["claims"]:
        if row["kind"] == SOMETIMES:
            continue
        rules = " ".join(f"`{name}={value}`" for name, value in row["rules"].items())
        seen = ", ".join(f"{id}: {_steps(n)}" for id, n in row["witness"].items())
        title = full_title(BY_ID[row["id"]])
        cells = [row["id"], title, rules, row["verdict"], row["length"], _count(row["states"])]
        lines.append(_cells(*cells, seen, _links(row["diagram"])))
    return "\n".join(lines) + "\n"


_INTRODUCTION = """\
# The matrix: which claim needs which rule

`python -m checker matrix --write` generates this page from `proofs/claims/`. `matrix --check`
explores everything again and compares. The same as data:
[matrix.json](../../proofs/results/matrix.json).

- An *ablation* takes one mechanism away, by a switch (`NAME=VALUE` of `./run list rules`) or by a
  bound. Its claim must then be violated.
- A *control* also changes something, but its claim must still hold.
- A *witness* is a state that must be reached. It shows that the claim beside it is not true merely
  because nothing happens.

*Holds* means that every state within the small bounds of `spec/world/profiles.py` was visited and
is good, and that the witness was reached. *Violated* comes with the shortest run that violates the
claim. *Steps* counts that run's user calls, timeouts, clock ticks, and segments that the network
delivers, duplicates or loses. *States* is given only where every state was visited.

`./run verify` checks the same claims at larger bounds, and `./run prove` proves some of them
without bounds. Words that are used in a special sense are in the [glossary](glossary.md)."""


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _steps(number: int | None) -> str:
    return "not seen" if number is None else f"{number} steps"


def _cells(*cells: object) -> str:
    return f"| {' | '.join('' if cell is None else str(cell) for cell in cells)} |"


def _links(name: str | None) -> str:
    place = f"{'../' * len(PAGE.parent.parts)}{PICTURES.as_posix()}/{name}"
    return f"[picture]({place}.svg), [text]({place}.txt)" if name else ""


def write(found: Mapping[str, Any], told: Mapping[str, tuple[str, str]], top: Path) -> None:
    """Write what is checked in: all of it or, if a picture cannot be drawn, nothing."""
    drawn = {name: draw(source, "svg") for name, (_, source) in told.items()}
    folder = top / PICTURES
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageProblem(f"cannot make {str(folder)!r}: {error.strerror}") from error
    for place in _written(folder):
        if place.stem not in told:
            place.unlink()
    for name, (text, _) in told.items():
        files.write(folder / f"{name}.svg", drawn[name])
        files.write(folder / f"{name}.txt", text.encode())
    files.write(top / DATA, document(found).encode())
    files.write(top / PATHS, written(found["paths"]).encode())
    files.write(top / PAGE, page(found).encode())


def _written(folder: Path) -> list[Path]:
    """The files that ``write`` may have left in ``folder``."""
    if not folder.is_dir():
        return []
    return sorted(place for place in folder.iterdir() if place.suffix in (".svg", ".txt"))


def check(found: Mapping[str, Any], told: Mapping[str, tuple[str, str]], top: Path) -> list[str]:
    """What is checked in and is not what was found, a line each."""
    stale = differences(found, text(top / DATA), DATA)
    if text(top / PATHS) != written(found["paths"]):
        stale.append(f"{PATHS}: stale")
    if text(top / PAGE) != page(found):
        stale.append(f"{PAGE}: stale")
    folder = top / PICTURES
    for name, (run, _) in told.items():
        if text(folder / f"{name}.txt") != run:
            stale.append(f"{PICTURES / name}.txt: stale")
        if not (folder / f"{name}.svg").is_file():
            stale.append(f"{PICTURES / name}.svg: missing")
    stale += [f"{PICTURES / p.name}: of no row" for p in _written(folder) if p.stem not in told]
    return stale


def differences(found: Mapping[str, Any], kept: str, where: Path) -> list[str]:
    """Where checked-in data differ from what was found, row by row."""
    if kept == document(found):
        return []
    try:
        old = json.loads(kept)
        rows = {
            part: {name(row): row for row in old[part]}
            for part, name in (("rows", _name), ("claims", _claim_name))
        }
    except (ValueError, KeyError, TypeError):
        return [f"{where}: missing, or not a matrix"]
    said = []
    for part, name in (("rows", _name), ("claims", _claim_name)):
        new = {name(row): row for row in found[part]}
        said += [f"{where}: {key} is not a row" for key in rows[part] if key not in new]
        for key, row in new.items():
            was = rows[part].get(key)
            if was is None:
                said.append(f"{where}: {key} is missing")
            elif was != row:
                changed = [f for f in sorted({*row, *was}) if row.get(f) != was.get(f)]
                values = (f"{f} {was.get(f)!r}, found {row.get(f)!r}" for f in changed)
                said.append(f"{where}: {key}: {'; '.join(values)}")
    return said or [f"{where}: not written as it would be now"]


def _name(row: Mapping[str, Any]) -> str:
    return f"row {row['id']} {row['claim']}"


def _claim_name(row: Mapping[str, Any]) -> str:
    return f"claim {row['id']}"


def text(path: Path) -> str:
    """What is in a file; nothing if it is not there."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
