"""``crosscheck``: other model checkers on the same cases; a table of each."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from checker.cli import progress
from checker.cli.options import (
    BoundsOption,
    ClaimsArgument,
    OwnProfileOption,
    RulesOption,
    StatesOption,
    as_options,
    names_of,
)
from checker.model.options import parse_bounds, parse_rules
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED

if TYPE_CHECKING:
    from checker.studies.crosscheck import Compared


def _peers() -> Iterable[str]:
    from checker.studies.crosscheck import PEERS

    return PEERS


def crosscheck(
    claims: ClaimsArgument = None,
    with_: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="TOOL,...",
            help="spin, tlc, rumur; default: those that are installed.",
            autocompletion=names_of(_peers, many=True),
        ),
    ] = "",
    profile: OwnProfileOption = None,
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one run of a tool.")] = 600,
    max_states: StatesOption = 5_000_000,
) -> None:
    """Compare the explorer with other model checkers: states, transitions, verdicts, lengths."""
    from checker.studies import crosscheck as study

    asked = [name.strip() for name in with_.split(",") if name.strip()]
    peers, skipped = study.available(asked)
    todo = study.cases(claims or [], profile, parse_rules(rules or []), parse_bounds(bounds or []))
    for name, why in skipped.items():
        print(f"{name}: skipped: {why}")
    results: list[Compared] = []
    with progress.counted("crosscheck") as tell:
        for case in todo if peers else []:
            tell(case.profile, len(results), len(todo))
            results.append(study.compare(case, peers, max_states, timeout))
            print_comparison(results[-1], peers)
    code = study.exit_code(results)
    said = {OK: "all agree", VIOLATED: "they do not agree", INCONCLUSIVE: "inconclusive"}
    print(said[code] if peers else "nothing was compared: no other model checker is installed")
    raise typer.Exit(code)


def print_comparison(result: "Compared", peers: Sequence[str]) -> None:
    """What was compared in one case: a line each, with who says what."""
    console = Console(highlight=False, soft_wrap=True)
    case = result.case
    changed = as_options(case.model.departures)
    in_flight = case.model.bounds.in_flight
    console.print(f"\n[bold]{case.profile}[/]{changed}, up to {in_flight} in flight")
    console.print("  " + "".join(f"{head:18}" for head in ("", "explore", *peers)))
    for row in result.rows:
        colour = {True: "green", False: "bold red", None: "yellow"}[row.agreed]
        said = "".join(f"{row.peers[name]:18}" for name in peers)
        verdict = {True: "agree", False: "DIFFER", None: "inconclusive"}[row.agreed]
        console.print(f"  {row.what:18}{row.reference:18}{said}[{colour}]{verdict}[/]")
    for note in result.notes:
        console.print(f"  {escape(note)}")
