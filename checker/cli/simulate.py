"""``simulate``: a textbook scenario, drawn."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli.options import RulesOption, ViewOption, names_of
from checker.model.options import parse_rules
from checker.support.errors import UsageProblem
from proofs.claims.scenarios import SCENARIOS


def simulate(
    scenario: Annotated[
        str | None,
        typer.Option(
            help="Which walk: see list scenarios.", autocompletion=names_of(lambda: SCENARIOS)
        ),
    ] = None,
    rules: RulesOption = None,
    out: Annotated[
        Path | None, typer.Option(help="FILE.svg, .png, .dot, .txt or .json (ITF).")
    ] = None,
    view: ViewOption = None,
) -> None:
    """Walk through one of the textbook's scenarios, step by step."""
    from checker.studies import simulate as study

    if scenario is None:
        raise UsageProblem("simulate needs --scenario NAME; list scenarios lists them")
    study.simulate(scenario, out, parse_rules(rules or []), view)
