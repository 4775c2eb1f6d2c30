"""``mutants --prover``: what if the prover were wrong, or what checks its proofs?

Each change is one place of the programs that the truth of a theorem rests on (``prover_changes``).
Who notices it is found out by ``prover_judge``, with the checks of ``prover_checks``. A change
that survives needs a test, or a reason in ``proofs/results/prover_survivors.toml``.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from checker.studies.mutants import given
from checker.studies.mutants import reasons as reasons_in
from checker.studies.prover_changes import BY_FILE, Change, changes
from checker.studies.prover_judge import Noticed, judging
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.journal import Journal, Told
from checker.support.program import called, checkout

_TOP = Path(__file__).parents[2]


class Row(BaseModel):
    """A change, and what noticed it."""

    file: str
    function: str
    operator: str
    before: str = ""
    after: str = ""
    says: str = ""
    number: int = 1
    noticed: str = ""  # statement, proof, recheck, test, no end; nothing: it survives
    by: str = ""

    @property
    def key(self) -> str:
        """As of the change."""
        return Change(**self.model_dump(exclude={"noticed", "by"})).key


def _row(change: Change, found: Noticed | None) -> Row:
    kind, by = found or ("", "")
    by = by.replace(f"{_TOP}/", "")
    shown = ("file", "function", "operator", "before", "after", "says", "number")
    return Row(**{name: getattr(change, name) for name in shown}, noticed=kind, by=by)


def judged(chosen: Sequence[Change], journal: Journal, workers: int, tell: Told) -> list[Row]:
    """Judge the changes that the journal has not."""
    todo = [change for change in chosen if change.key not in journal.known]
    count = 0

    def before(name: str) -> None:
        tell(f"without a change: {name}", 0, len(todo))

    def done(change: Change, found: Noticed | None) -> None:
        nonlocal count
        count += 1
        journal.add(change.key, _row(change, found).model_dump(mode="json"))
        tell(f"{change.key}: {found[0] if found else 'survives'}"[:150], count, len(todo))

    if todo:
        judging(todo, workers, before, done, journal)
    return [Row.model_validate(journal.known[change.key]) for change in chosen]


# Reports

DATA = Path("proofs/results/prover.json")
PAGE = Path("docs/reference/prover-mutants.md")
KINDS = ("statement", "proof", "recheck", "test", "no end")
UNJUDGED = "not judged"


def reasons() -> dict[str, str]:
    """``proofs/results/prover_survivors.toml``: why a change survives, by function and change."""
    return reasons_in("prover_survivors.toml")


def reason(row: Row, known: Mapping[str, str]) -> str:
    """The one that is given for a change, or for all of its function."""
    return given(row.function, row.says or f"{row.before} -> {row.after}", known)


def survivors(rows: Sequence[Row]) -> list[Row]:
    """The changes that nothing noticed."""
    return [row for row in rows if not row.noticed]


def told(rows: Sequence[Row]) -> Iterator[str]:
    """The report in lines: each survivor with its reason, then the numbers."""
    known = reasons()
    for row in survivors(rows):
        yield f"{row.key}: survives"
        yield f"    {reason(row, known) or 'no reason is given in prover_survivors.toml'}"
    count = Counter(row.noticed for row in rows)
    by = ", ".join(f"{count[kind]:,} by {kind}" for kind in KINDS[:-1] if count[kind])
    judged = len(rows) - count[UNJUDGED]
    yield (
        f"{judged:,} changes judged, {count[UNJUDGED]:,} not: noticed {by}, "
        f"{count['no end']} without end, {count['']} survive"
    )


def exit_code(rows: Sequence[Row]) -> int:
    """1 if a survivor has no reason, 3 if anything is not judged or there is nothing, else 0."""
    known = reasons()
    if any(not reason(row, known) for row in survivors(rows)):
        return VIOLATED
    whole = bool(rows) and all(row.noticed != UNJUDGED for row in rows)
    return OK if whole else INCONCLUSIVE


def read() -> list[Row]:
    """What was found."""
    if not (kept := checkout(DATA)).exists():
        raise UsageProblem(f"no {kept}: {called()} mutants --prover --json {kept} makes it")
    return [Row.model_validate(row) for row in json.loads(kept.read_text("utf-8"))["rows"]]


def written(rows: Sequence[Row]) -> bytes:
    """The report as it is kept: a row a line."""
    said = [json.dumps(row.model_dump(exclude_defaults=True)) for row in rows]
    return ('{"version": 1, "rows": [\n' + ",\n".join(said) + "\n]}\n").encode()


def rest(rows: Sequence[Row]) -> list[Change]:
    """The changes that are not judged in these rows, and those that survived."""
    kept = {row.key for row in rows if row.noticed not in ("", UNJUDGED)}
    return [change for change in changes() if change.key not in kept]


def joined(rows: Sequence[Row], more: Sequence[Row]) -> list[Row]:
    """The rows of all changes that there are; the later ones count. The others are not judged."""
    known = {row.key: row for row in (*rows, *more)}
    return [known.get(one.key) or _row(one, (UNJUDGED, "")) for one in changes()]


def check() -> list[str]:
    """What is not up to date; nothing is judged."""
    rows = read()
    stale: list[str] = []
    have, want = {row.key for row in rows}, {change.key for change in changes()}
    if have != want:
        some = sorted(have ^ want)
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        stale.append(f"stale: {DATA}: {some[0]}{more}; run: {called()} mutants --prover --carry")
    known = reasons()
    left = [row for row in survivors(rows) if not reason(row, known)]
    stale += [f"{row.key}: survives, and has no reason" for row in left]
    said = {
        f"{row.function}: {row.says or f'{row.before} -> {row.after}'}"
        for row in rows
        if row.noticed in ("", UNJUDGED)  # a reason may be there before the judge
    }
    functions = {f"{row.function}: *" for row in survivors(rows)}
    idle = [name for name in known if name not in said | functions]
    stale += [f"prover_survivors.toml: nothing survives of {name}" for name in idle]
    if not (shown := checkout(PAGE)).exists() or shown.read_text("utf-8") != page(rows):
        stale.append(f"stale: {PAGE}; run: {called()} mutants --prover --page")
    return stale


_HEAD = """# What notices a fault in the prover

What if the prover were wrong, or the program that checks its proofs? `python -m checker mutants
--prover` changes one place at a time and asks who notices; `mutants --prover --page` writes this
page from [prover.json](../../proofs/results/prover.json). Do not edit it.

A change is noticed by

- *statement*: what is printed of a theory is not the text in `proofs/statements/`, so that `prove`
  fails, and a reader of the difference sees what became of the theory;
- *proof*: a theorem is not proved any more, or something is not asked that was;
- *recheck*: `proofs.recheck`, which derives by itself what there is to prove, refuses what the
  prover says; of a change in recheck itself: it refuses what is true, or accepts what is false;
- *test*: a fast test fails;
- *no end*: a check takes ten times as long as without the change, and more.

First each check runs without a change, which tells which lines it runs. Of a change only those
checks are asked that run the place, until one notices: first those that noticed changes of the same
function, then of the same file, then the cheap ones. So others than the one that is named may
notice a change, too.

The prover gets theories that are false as well. That a change makes it prove one of them is no
surprise; what counts is that recheck does not accept that.
"""


def page(rows: Sequence[Row]) -> str:
    """The page of the rows."""
    known = reasons()
    lines = [_HEAD, "## Faults that prove what is false", ""]
    lines += ["| fault | in | noticed by |", "| --- | --- | --- |"]
    for row in rows:
        if row.operator == "fault":
            by = f"{row.noticed}: {_cell(row.by)}" if row.noticed else "nothing"
            lines.append(f"| {_cell(row.says)} | `{row.function}` | {by} |")
    lines += ["", "## All changes", ""]
    lines += [f"| file | changes | {' | '.join(KINDS)} | survive | not judged |"]
    lines += ["| --- " * (len(KINDS) + 4) + "|"]
    for file in [*dict.fromkeys(room for room in BY_FILE), ""]:
        of = [row for row in rows if file in ("", row.file)]
        count = Counter(row.noticed for row in of)
        numbers = " | ".join(str(count[kind]) for kind in (*KINDS, "", UNJUDGED))
        lines.append(f"| {f'`{file}`' if file else 'all'} | {len(of)} | {numbers} |")
    if any(row.noticed == UNJUDGED for row in rows):
        lines += [
            "",
            "Those that are *not judged* were not asked yet, or their place has changed since;",
        ]
        lines += ["`mutants --prover --rest` asks. Nothing is known of them."]
    left = survivors(rows)
    if left:
        lines += ["", "## Survivors", "", "| place | change | why |", "| --- | --- | --- |"]
        for row in left:
            change = _cell(row.says or f"`{row.before}` to `{row.after}`")
            lines.append(f"| `{row.function}` | {change} | {reason(row, known)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
