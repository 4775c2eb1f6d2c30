"""``export``: the specification as a text for another tool."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import progress
from checker.cli.options import BoundsOption, OwnProfileOption, RulesOption, names_of
from checker.model.options import parse_bounds, parse_rules
from checker.support import files
from proofs.claims.table import BY_ID


def _kinds() -> Iterable[str]:
    from checker.studies.export import KINDS

    return KINDS


def export(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="promela|tlaplus|murphi|smtlib|javascript|itf", autocompletion=names_of(_kinds)
        ),
    ],
    profile: OwnProfileOption = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="A claim to state; may be repeated.",
            autocompletion=names_of(lambda: BY_ID),
        ),
    ] = None,
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    depth: Annotated[
        int | None, typer.Option(min=0, help="smtlib: the steps of the runs asked about.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="smtlib: any ISNs, of 32 bits.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write here; default: stdout.")] = None,
) -> None:
    """Write the specification, traced, for another tool; or a claim's run as ITF.

    Other tools are given the small bounds; a run is that of trace, at the usual ones.
    """
    from checker.studies import export as study

    if out is not None:
        files.writable(out)
    choice = (kind, profile, claim or [], parse_rules(rules or []))
    limits = parse_bounds(bounds or [])
    if out is None or kind == "itf":
        with progress.counted("export"):
            text = study.text(*choice, limits, depth, free)
        if out is None:
            print(text, end="" if text.endswith("\n") else "\n")
        else:
            files.write(out, text.encode())
        return
    module = out.stem if kind == "tlaplus" else None
    with progress.counted("export"):
        first, *others = study.texts(*choice, limits, depth, free, module).items()
    files.write(out, first[1].encode())
    for name, text in others:  # what goes with the first file stands beside it
        files.write(out.with_suffix(Path(name).suffix), text.encode())
