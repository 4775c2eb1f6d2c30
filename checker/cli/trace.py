"""``trace``: the run that decides a claim, drawn."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli import progress
from checker.cli.options import (
    BoundsOption,
    ClaimArgument,
    OwnOption,
    OwnProfileOption,
    StackRulesOption,
    StatesOption,
    ViewOption,
    chosen,
)
from checker.model.options import choose_claim, parse_bounds


def trace(
    claim: ClaimArgument,
    rules: StackRulesOption = None,
    bounds: BoundsOption = None,
    out: Annotated[
        Path | None, typer.Option(help="FILE.svg, .png, .dot, .txt or .json (ITF).")
    ] = None,
    profile: OwnProfileOption = None,
    max_states: StatesOption = 5_000_000,
    view: ViewOption = None,
    own: OwnOption = None,
) -> None:
    """Draw the shortest counterexample of a claim, or the run that shows a witness."""
    from checker.studies import trace as study

    raise typer.Exit(
        study.trace(
            choose_claim(claim),
            chosen(rules),
            parse_bounds(bounds or []),
            out,
            profile,
            max_states,
            progress.exploration,
            view,
        )
    )
