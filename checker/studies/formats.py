"""A report that was written as JSON, for other readers: Markdown, GitHub's annotations, SARIF.

Reports of ``verify``, ``matrix``, ``prove`` and ``conform`` are taken. What is to be seen of one is
a list of *findings*: an error is what is otherwise than expected, or departs; a warning is what is
not decided; a note is a claim that is known to be violated. Nothing is judged anew.
"""

import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker import __version__
from checker.support.errors import UsageProblem
from checker.support.paths import shown
from proofs.claims.table import BY_ID, titled

ERROR, WARNING, NOTE = "error", "warning", "note"
HOME = "https://www.rfc-editor.org/rfc/rfc9293"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be seen, and where it is: a claim's predicate, or a capture."""

    level: str
    rule: str  # the claim, ablation or theorem; of a capture its verdict
    title: str
    said: str
    file: str
    line: int = 0  # 0: of the whole file


@dataclass(frozen=True, slots=True)
class Read:
    """What a report says: how many rows, by what came of them; and what is to be seen."""

    file: str
    of: str
    counts: Mapping[str, int]
    findings: list[Finding]

    @property
    def checked(self) -> int:
        """How many rows there are of what was checked."""
        return sum(count for verdict, count in self.counts.items() if verdict != LEFT_OUT)


LEFT_OUT = "left out"
Told = tuple[str, Mapping[str, int], list[Finding]]


def read(path: Path) -> Read:
    """What the report in a file says; of a file that is not there, that it was not written.

    Raises ``UsageProblem`` if it is not one of those that can be read, or of another version.
    """
    try:
        report = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        said = "there is no such file: what writes it did not get so far"
        found = Finding(WARNING, "missing", "a report", said, shown(path))
        return Read(found.file, "not written", {}, [found])
    except OSError as error:
        raise UsageProblem(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageProblem(f"{path} is no JSON: {error}") from error
    for member, (reader, version) in READERS.items():
        if isinstance(report, dict) and isinstance(report.get(member), list):
            if report.get("version") != version:
                has = f"has version {report['version']!r}" if "version" in report else "has none"
                raise UsageProblem(
                    f"{path} {has}, and version {version} is what can be read: write it anew"
                )
            try:
                one = Read(shown(path), *reader(report[member], report))
            except (KeyError, TypeError, AttributeError) as error:
                lacks = f"{path} is no report of {OF}: a row lacks something: {error!r}"
                raise UsageProblem(lacks) from error
            if not one.checked:
                said = "nothing was checked"
                one.findings.append(Finding(WARNING, "empty", "a report", said, one.file))
            return one
    raise UsageProblem(f"{path} is no report of {OF}")


OF = "verify, matrix, prove or conform"


def _connections(rows: list[dict[str, Any]], report: dict[str, Any]) -> Told:
    levels = {"deviates": ERROR, "conforms": ""}
    found = [
        Finding(level, row["verdict"], row["connection"], row["reason"], row["capture"])
        for row in rows
        if (level := levels.get(row["verdict"], WARNING))
    ]
    found += [
        Finding(WARNING, "damaged", one["capture"], one["damage"], one["capture"])
        for one in report["captures"]
        if one["damage"]
    ]
    return ("captures", Counter(row["verdict"] for row in rows), found)


def _rows(rows: list[dict[str, Any]], report: dict[str, Any]) -> Told:
    both = [*rows, *report["claims"]]
    found = [
        Finding(
            WARNING if row["verdict"] == "inconclusive" else ERROR,
            f"{row['claim']} under {row['id']}" if "ablation" in row else row["id"],
            row.get("ablation") or titled(row["id"], row["title"]),
            f"{row['verdict']}, expected {row['expected']}. {row.get('note') or ''}".strip(),
            *_place(row.get("claim") or row["id"]),
        )
        for row in both
        if row["verdict"] != row["expected"]
    ]
    return ("claims and ablations", Counter(row["verdict"] for row in both), found)


def _claims(rows: list[dict[str, Any]], report: dict[str, Any]) -> Told:
    found = []
    for row in rows:
        steps = "" if row["length"] is None else f" in {row['length']} steps"
        said = f"{row['verdict']}{steps}, expected {row['expected']}. {row['note']}".strip()
        level = WARNING if row["verdict"] == "inconclusive" else ERROR
        if row["ok"] and row["verdict"] == "violated":
            level, said = NOTE, f"known finding: violated{steps}"
        if level == NOTE or not row["ok"] or row["verdict"] == "inconclusive":
            found.append(
                Finding(level, row["id"], titled(row["id"], row["title"]), said, *_place(row["id"]))
            )
    counts = Counter(row["verdict"] for row in rows)
    counts[LEFT_OUT] = len(report.get("skipped", ()))
    return ("claims", +counts, found)


def _theorems(rows: list[dict[str, Any]], _: dict[str, Any]) -> Told:
    found = [
        Finding(ERROR, row["id"], row["title"], row["verdict"], "proofs/theorems/table.py")
        for row in rows
        if row["verdict"] != "proved"
    ]
    return ("theorems", Counter(row["verdict"] for row in rows), found)


READERS: Mapping[str, tuple[Callable[[list[dict[str, Any]], dict[str, Any]], Told], int]] = {
    "connections": (_connections, 1),
    "rows": (_rows, 1),
    "claims": (_claims, 1),
    "theorems": (_theorems, 3),
}
"""By the member that a report of its kind has: who reads it, and the version that can be read."""


def _place(id: str) -> tuple[str, int]:
    """Where what a claim says is written down."""
    predicate = getattr(BY_ID.get(id), "predicate", None)
    try:
        file = Path(inspect.getsourcefile(predicate) or "")  # type: ignore[arg-type]
        line = inspect.getsourcelines(predicate)[1]  # type: ignore[arg-type]
    except (TypeError, OSError):
        return "proofs/claims/table.py", 0
    top = Path(__file__).parents[2]
    return (str(file.relative_to(top)) if file.is_relative_to(top) else str(file)), line


def markdown(reports: Sequence[Read]) -> Iterator[str]:
    """A line for each report, and a table of what is to be seen, for the summary of a CI run."""
    for one in reports:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in one.counts.items())
        known = sum(finding.level == NOTE for finding in one.findings)
        known_ones = f"; {known} of them {'is' if known == 1 else 'are'} known" if known else ""
        yield f"- {one.file}: {one.of}{': ' * bool(counts)}{counts}{known_ones}"
    yield ""
    shown = [finding for one in reports for finding in one.findings if finding.level != NOTE]
    if shown:
        yield "| | | what came of it |"
        yield "| --- | --- | --- |"
    for finding in shown:
        cells = (finding.level, f"**{finding.rule}** {finding.title}", finding.said)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    if not shown:
        yield "Nothing in these reports is otherwise than expected."


def github(reports: Sequence[Read]) -> Iterator[str]:
    """Workflow commands: GitHub shows them beside the lines that they name. What is known is left
    out, since it shows ten of each kind."""
    for finding in (finding for one in reports for finding in one.findings):
        if finding.level == NOTE:
            continue
        line = f",line={finding.line}" if finding.line else ""
        title = _escaped(f"{finding.rule}: {finding.title}", True)
        where = f"file={_escaped(finding.file, True)}{line}"
        yield f"::{finding.level} {where},title={title}::{_escaped(finding.said)}"


def _escaped(text: str, value: bool = False) -> str:
    """As workflow commands want it: no line ends, and in a value no colon or comma."""
    for sign in "%\r\n" + (":," if value else ""):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def sarif(reports: Sequence[Read]) -> Iterator[str]:
    """SARIF 2.1.0, for code scanning: a run for each report."""
    yield json.dumps(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [_run(one.findings) for one in reports],
        },
        indent=1,
    )


def _run(findings: Sequence[Finding]) -> dict[str, Any]:
    rules = {one.rule: one.title for one in findings}
    driver = {
        "name": "synproof",
        "version": __version__,
        "informationUri": HOME,
        "rules": [{"id": id, "shortDescription": {"text": text}} for id, text in rules.items()],
    }
    return {"tool": {"driver": driver}, "results": [_result(one) for one in findings]}


def _result(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": finding.file}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
    return {
        "ruleId": finding.rule,
        "level": finding.level,
        "message": {"text": finding.said or finding.title},
        "locations": [{"physicalLocation": place}],
    }


FORMATS: Mapping[str, Callable[[Sequence[Read]], Iterator[str]]] = {
    "markdown": markdown,
    "github": github,
    "sarif": sarif,
}
