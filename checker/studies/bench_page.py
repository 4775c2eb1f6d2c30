"""The tables of a bench in the documentation: made from what was measured last of each case.

``bench --page`` measures a case, keeps what came of it in ``proofs/results/bench.json``, and renews
the part of the page between its two marks. That part is made from the data alone, so that a test
can hold one against the other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checker.model.options import show, values
from checker.support import files
from checker.support.errors import UsageProblem
from spec.world.bounds import LIMITS

DATA = Path("proofs/results/bench.json")
PAGE = Path("docs/reference/speed.md")
BEGIN = "<!-- what follows is made by: bench --page -->"
END = "<!-- until here -->"

Measured = Mapping[str, Any]
"""What ``bench.document`` says of one case."""


def read(top: Path) -> list[Measured]:
    """What is kept: a document for each case."""
    path = top / DATA
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def renew(top: Path, measured: Measured) -> None:
    """Keep what was measured of a case in the place of what was known of it, and renew the page."""
    kept = read(top)
    cases = [_case(one) for one in kept]
    if _case(measured) in cases:
        kept[cases.index(_case(measured))] = measured
    else:
        kept.append(measured)
    files.write_json(top / DATA, kept)
    page = (top / PAGE).read_text(encoding="utf-8")
    files.write(top / PAGE, renewed(page, kept).encode())


def renewed(page: str, kept: Sequence[Measured]) -> str:
    """The page with its part made anew. Raises UsageProblem if it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageProblem(f"{PAGE} has no part between {BEGIN!r} and {END!r}")
    return "\n".join([before + begin, *_part(kept), end + after])


def _case(measured: Measured) -> tuple[Any, ...]:
    return measured["profile"], measured["rules"], measured["bounds"]


def _part(kept: Sequence[Measured]) -> Iterator[str]:
    for one in kept:
        yield ""
        yield from _table(one)
    yield ""


def _table(one: Measured) -> Iterator[str]:
    machine, rows = one["machine"], one["rows"]
    runs = max((row["runs"] for row in rows), default=0)
    how = "once each" if runs == 1 else f"the median of {runs} runs of each"
    yield f"`{_words(one)}`, {how}:"
    yield ""
    yield (
        "| tool | threads | states | transitions | wall s | compile s | GiB | B/state "
        "| times as long as native |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    first = next((row for row in rows if row["tool"] == "native" and row["threads"] == 1), None)
    for row in rows:
        ratio = ""
        if first and first["complete"] and row["complete"]:
            ratio = f"{row['wall_s'] / first['wall_s']:.2f}"
        yield (
            f"| {row['tool']} | {row['threads']} | {_count(row['states'])} "
            f"| {_count(row['transitions'])} | {row['wall_s']:.1f} | {row['compile_s']:.1f} "
            f"| {row['rss_bytes'] / 2**30:.2f} | {row['bytes_per_state']:.1f} "
            f"| {ratio or 'not complete: ' + row['note']} |"
        )
    yield ""
    yield (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}, "
        f"Python {machine['python']}."
    )


def _words(one: Measured) -> str:
    """The case, as one asks for it."""
    rules = "".join(f" --rules {name}={value}" for name, value in one["rules"].items())
    bounds = "".join(f" {name}={_bound(name, value)}" for name, value in one["bounds"].items())
    return f"--profile {one['profile']}{rules}" + (f" --bounds{bounds}" if bounds else "")


def _bound(name: str, value: int) -> str:
    """A bound as it is given: one that is on or off is a number in the data."""
    return show(bool(value) if "on" in values(LIMITS[name]) else value)


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
