"""``docs/reference/rules-that-matter.md``: which claims depend on each line of SEGMENT ARRIVES.

A claim depends on a line if a mutant of that line makes it fail. The page is made from
``proofs/results/mutants.json``, which ``mutants --json`` writes; both are checked against the
specification: the same mutants, of the same text.
"""

import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from checker.studies.mutants import (
    ARRIVALS,
    ORDER,
    Judged,
    Report,
    all_mutants,
    carried,
    reason,
    reasons,
)
from checker.support import files
from checker.support.errors import UsageProblem
from checker.support.program import called, checkout

DATA = Path("proofs/results/mutants.json")
PAGE = Path("docs/reference/rules-that-matter.md")
FOLDER = "spec/tcp/segment_arrives"

_HEAD = f"""# Rules that matter

For each line of `{FOLDER}/` (RFC 9293 section 3.10.7): which claims fail when
that line is wrong? `python -m checker mutants --page` generates this page from
[mutants.json](../../proofs/results/mutants.json); do not edit it.

A *mutant* is the specification with one small change in one place. `python -m checker mutants`
makes every change that it knows, one at a time, and checks every claim at the small scale. A mutant
is *killed* if some verdict changes. It is *equivalent* if, within the bounds, it behaves as the
original does. Here only rules are changed;
[DESIGN](../../DESIGN.md#mutation-of-the-specification) says who is asked of observers.

- *mutants*: how many mutants of this line were killed, of those that are not equivalent.
- *claims*: the claims that fail for some mutant of this line. One name stands for all variants of a
  claim: T4 also for T4.octet. Where no claim fails, a name in brackets says what is no longer
  found: a witness (its name begins with W), or the run that refutes a claim about the RFC's letter.
  A dash means that no claim depends on the line.
"""

_ASKED = {
    True: "Every exploration was run for every mutant. An exploration ends with the first claim\n"
    "that fails in it, so a claim may depend on more lines than it stands beside.",
    False: "For each mutant only the first claim to fail is named; others may depend on it too.",
}


def write() -> None:
    """Write the page."""
    files.write(checkout(PAGE), page(read()).encode())


def check() -> list[str]:
    """What is not up to date."""
    found = read()
    stale = []
    written = {(j.name, j.before, j.after) for j in found.all}
    if written != {(m.name, m.before, m.after) for m in all_mutants()}:
        stale.append(f"stale: {DATA}; run: {called()} mutants --every --json {DATA}")
    known = reasons()
    for judged in found.all:
        if judged.name in found.survivors and judged.reason != reason(judged, known):
            stale.append(f"stale: {DATA}: the reason of {judged.name}")
    if not (shown := checkout(PAGE)).exists() or shown.read_text("utf-8") != page(found):
        stale.append(f"stale: {PAGE}; run: {called()} mutants --page")
    return stale


def read() -> Report:
    """What ``mutants --json`` wrote."""
    if not (kept := checkout(DATA)).exists():
        raise UsageProblem(f"no {kept}: {called()} mutants --every --json {kept} makes it")
    return Report.model_validate_json(kept.read_text("utf-8"))


def carry() -> None:
    """Write the report again for the specification as it is: see ``mutants.carried``."""
    found = carried(read())
    files.write(checkout(DATA), (found.model_dump_json(indent=1) + "\n").encode())


def page(data: Report) -> str:
    """The page of a report."""
    return "\n".join([_HEAD, *_summary(data), *_lines(data), *_rest(data)]) + "\n"


def _summary(data: Report) -> Iterator[str]:
    yield _ASKED[data.every]
    if data.every and (first := sum(judged.first for judged in data.all)):
        yield f"Of {first} mutants, judged later, only the first claim to fail is named."
    yield ""
    yield (
        f"Of the whole specification: {data.mutants} mutants, {data.killed} killed, "
        f"{data.equivalent} equivalent up to the bounds, "
        f"{len(data.survivors) - data.not_reached} survived, {data.not_reached} not reached: "
        f"{data.score:.1%}."
    )
    if data.unjudged:
        yield ""
        yield (
            f"**The specification has changed since.** {data.unjudged} more mutants are *not "
            "judged*, and do not count. The others were judged before the change: a claim that is "
            "new is not beside them. `python -m checker mutants --every` judges all."
        )


def _lines(data: Report) -> Iterator[str]:
    for module in ARRIVALS:
        yield from _lines_of(module, data)


def _lines_of(module: ModuleType, data: Report) -> Iterator[str]:
    source = inspect.getsource(module).split("\n")
    name = f"{FOLDER}/{Path(module.__file__ or '').name}"
    by_line: dict[int, list[Judged]] = defaultdict(list)
    for judged in data.all:
        file, line = judged.place.split(":")
        if file == name and judged.verdict != "outside":
            by_line[int(line)].append(judged)
    function = ""
    for number, here in sorted(by_line.items()):
        if here[0].function != function:
            function = here[0].function
            yield ""
            yield f"## {function}"
            yield ""
            yield "| line | | rule | mutants | claims |"
            yield "| --- | --- | --- | --- | --- |"
        if all(j.verdict == "not judged" for j in here):
            yield f"| {number} | `{_cell(source[number - 1])}` | {_rule(here[0])} | not judged | |"
            continue
        differ = [j for j in here if j.verdict not in ("equivalent", "not judged")]
        killed = [j for j in here if j.verdict == "killed"]
        yield (
            f"| {number} | `{_cell(source[number - 1])}` | {_rule(here[0])} | "
            f"{len(killed)} of {len(differ)} | {_noticed(killed)} |"
        )


def _cell(text: str) -> str:
    """Source as a cell of a table shows it."""
    return text.strip().replace("|", "\\|")


def _rule(judged: Judged) -> str:
    return _cell(judged.rule).replace("`", "")


def _noticed(killed: list[Judged]) -> str:
    """The claims that fail; if none does, what is not found any more."""
    killers = [killer for judged in killed for killer in judged.killers]
    failing = families(k.claim for k in killers if k.steps is not None)
    gone = families(k.claim for k in killers)
    return ", ".join(failing) or (f"({', '.join(gone)})" if gone else "-")


def families(claims: Iterable[str]) -> list[str]:
    """The names of claims without their variants, in the order of the table."""
    found = {id.partition(".")[0] for id in claims}
    return [name for name in dict.fromkeys(id.partition(".")[0] for id in ORDER) if name in found]


def _rest(data: Report) -> Iterator[str]:
    for verdict, title, says in (
        ("survived", "Survivors", "No claim notices these changes."),
        ("not reached", "Not reached", "No run within the bounds comes to these places."),
    ):
        found = [j for j in data.all if j.verdict == verdict]
        if not found:
            continue
        yield ""
        yield f"## {title}"
        yield ""
        yield f"{says} This table is of the whole specification, not of SEGMENT ARRIVES alone."
        yield ""
        yield "| place | change | why |"
        yield "| --- | --- | --- |"
        for j in found:
            change = f"`{j.before}` to `{j.after}`".replace("|", "\\|")
            yield f"| {j.place} | {change} | {j.reason} |"
    outside = sorted({need for j in data.all if j.verdict == "outside" for need in j.needs})
    if outside:
        yield ""
        yield "## Behind switches and bounds"
        yield ""
        yield "No claim makes these conditions true, so the lines behind them are not explored:"
        yield ", ".join(f"`{need}`" for need in outside) + "."
