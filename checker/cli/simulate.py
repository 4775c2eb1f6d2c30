"""``simulate``: a textbook scenario, drawn."""

from pathlib import Path
from typing import Annotated

import typer

from checker.cli.options import RulesOption
from checker.model.options import parse_rules
from checker.support.errors import UsageProblem


def simulate(
    scenario: Annotated[str | None, typer.Option(help="Which walk; see --list.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    rules: RulesOption = None,
    out: Annotated[
        Path | None, typer.Option(help="FILE.svg, .png, .dot, .txt or .json (ITF).")
    ] = None,
) -> None:
    """Walk through one of the textbook's scenarios, step by step."""
    from checker.studies import simulate as study

    if list_:
        for name, title in study.listing():
            print(f"{name:24}{title}")
    elif scenario is None:
        raise UsageProblem("simulate needs --scenario NAME; --list lists them")
    else:
        study.simulate(scenario, out, parse_rules(rules or []))
