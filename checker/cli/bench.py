"""``bench``: engines and other tools measured on one case; a table."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checker.cli import given
from checker.cli.options import (
    BoundsOption,
    MemoryOption,
    ProfileOption,
    RulesOption,
    names_of,
    octets,
)
from checker.model.options import parse_bounds, parse_rules
from checker.support import files
from checker.support.program import checkout

if TYPE_CHECKING:
    from checker.studies.bench import Row, Start


def _tools() -> Iterable[str]:
    from checker.studies.bench import TOOLS

    return TOOLS


def bench(
    profile: ProfileOption = "handshake",
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="TOOL,...",
            help="Whom to measure.",
            autocompletion=names_of(_tools, many=True),
        ),
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that a run may take.")] = 1800.0,
    max_memory: MemoryOption = None,
    json: Annotated[Path | None, typer.Option(help="Write the rows here.")] = None,
    page: Annotated[
        bool,
        typer.Option("--page", help="Renew the table of this case in docs/reference/speed.md."),
    ] = False,
    starts: Annotated[
        bool,
        typer.Option("--starts", help="Measure instead how soon short commands have a result."),
    ] = False,
) -> None:
    """Measure our engines and other people's on one case, whole processes side by side."""
    from checker.studies import bench as study
    from checker.studies import bench_page

    if starts:
        given.only("--starts", "repeat", "json")
        _starts(repeat, json)
        return
    chosen_rules, chosen_bounds = parse_rules(rules or []), parse_bounds(bounds or [])
    if json is not None:
        files.writable(json)
    top = checkout() if page else None
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    rows = study.bench(
        profile,
        chosen_rules,
        chosen_bounds,
        [tool.strip() for tool in with_.split(",")] if with_ else None,
        repeat=repeat,
        timeout=timeout,
        memory=octets(max_memory),
        said=lambda line: console.print(f"[dim]{escape(line)}[/]"),
    )
    found = study.document(rows, profile, chosen_rules, chosen_bounds)
    if json is not None:
        files.write_json(json, found)
    if top is not None:
        bench_page.renew(top, found)
    print_bench(rows)
    raise typer.Exit(study.exit_code(rows))


def _starts(repeat: int, json: Path | None) -> None:
    from checker.studies import bench as study

    if json is not None:
        files.writable(json)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    rows = study.starts(repeat, lambda line: console.print(f"[dim]{line}[/]"))
    if json is not None:
        files.write_json(json, study.document_of_starts(rows))
    print_starts(rows)


def print_starts(rows: "Sequence[Start]") -> None:
    """Starts as a table; a ratio is how many times as long as Python's own start it took."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("command", "wall s", "cpu s", "ratio"):
        table.add_column(heading, justify="left" if heading == "command" else "right")
    for row in rows:
        table.add_row(row.command, f"{row.wall_s:.2f}", f"{row.cpu_s:.2f}", f"{row.ratio:.1f}")
    Console(soft_wrap=True, highlight=False, width=140).print(table)


def print_bench(rows: "Sequence[Row]") -> None:
    """The rows of a bench as a table; a ratio is how many times as long as native's it took."""
    from checker.studies.bench import baseline

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("tool", "threads", "states", "transitions", "wall s", "compile s", "GiB"):
        table.add_column(heading, justify="left" if heading == "tool" else "right")
    for heading in ("states/s", "B/state", "ratio", ""):
        table.add_column(heading, justify="right" if heading else "left")
    first = baseline(rows)
    for row in rows:
        ratio = row.wall_s / first.wall_s if first and row.complete and first.complete else None
        table.add_row(
            row.tool,
            str(row.threads),
            "?" if row.states is None else f"{row.states:,}",
            "?" if row.transitions is None else f"{row.transitions:,}",
            f"{row.wall_s:.1f}",
            f"{row.compile_s:.1f}",
            f"{row.rss_bytes / 2**30:.2f}",
            f"{row.states_per_s:,.0f}",
            f"{row.bytes_per_state:.1f}",
            "" if ratio is None else f"{ratio:.2f}",
            "" if row.complete else f"not complete: {row.note}",
        )
    Console(soft_wrap=True, highlight=False, width=140).print(table)
