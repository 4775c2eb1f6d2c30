"""``list``: what there is to name, with the values that it takes and what it is for."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli import given
from checker.cli.options import OwnOption, names_of
from checker.cli.page import Page
from checker.model.options import choose_rules, departing, departures, limits, show, values
from checker.render.text import counted
from checker.support.names import unknown
from proofs.claims.claim import SOMETIMES
from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import SUBJECTS, full_title, of_profile
from spec.rules import SWITCHES
from spec.world.bounds import LIMITS
from spec.world.profiles import PROFILES, PURPOSES

if TYPE_CHECKING:
    from proofs.theorems.table import Theorem


def list_(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="claims|theorems|profiles|bounds|rules|scenarios",
            autocompletion=names_of(lambda: KINDS),
        ),
    ],
    own: OwnOption = None,
) -> None:
    """List claims, theorems, profiles, bounds, rules or scenarios: names, and what each is for."""
    if kind not in KINDS:
        raise unknown("list", kind, KINDS)
    if kind not in OWN:
        given.without(f"list {kind}", "own")
    KINDS[kind](Page())


def _entry(page: Page, name: str, values: str, *says: str) -> None:
    """One thing: its name, the values that it takes, and what it is for."""
    page.line(values, "cyan", [(name, "bold"), ("  " if values else "", "")])
    for text in says:
        page.line(text, cells=[("    ", "")])


def _claims(page: Page) -> None:
    for subject, members in SUBJECTS.items():
        page.title(subject)
        room = max(len(claim.id) for claim in members)
        for claim in members:
            assumes = " ".join(f"{name}={show(v)}" for name, v in claim.rules.items())
            more = f"profile {claim.profile}" + (f", assumes {assumes}" if assumes else "")
            what = "witness: " if claim.kind == SOMETIMES else ""
            page.line(
                f"{what}{full_title(claim)} ({more})", cells=[(f"  {claim.id:{room}}  ", "bold")]
            )
        page.gap()
    page.line("verify CLAIM ... checks some, trace CLAIM shows a run.")


def _theorems(page: Page) -> None:
    from proofs.theorems.table import THEOREMS  # takes time, and is seldom needed

    for theorem in THEOREMS:
        switches = departures(choose_rules(theorem.rules))
        assumed = [f.__name__ for f in (*theorem.facts, *theorem.pairs)]
        assumed += [f"{name}={value}" for name, value in switches.items()]
        _entry(
            page, theorem.id, "", f"{theorem.title}.",
            f"proved {_how(theorem)}; assumes {', '.join(assumed) or 'nothing'}",
        )  # fmt: skip
    page.gap()
    page.line("prove THEOREM ... proves some; python -m proofs.recheck has cvc5 prove them again.")


def _how(theorem: "Theorem") -> str:
    """How a theorem is proved, and of what system."""
    from proofs.theorems.small import Pair, Small

    clauses = counted(len(theorem.all), "clause")
    if theorem.upon:
        return f"with {theorem.upon}, by {clauses} more"
    of = "two hosts and a network"
    if isinstance(theorem.system, Small):
        of = "a small system of its own"
    elif isinstance(theorem.system, Pair):
        of = "two ends, and text in flight"
    falls = "a number that only falls, and " if theorem.ends else ""
    return f"by {falls}an invariant of {clauses}, of {of}"


def _profiles(page: Page) -> None:
    for name, profile in PROFILES.items():
        given = departing(profile.bounds)
        _entry(
            page,
            name,
            " ".join(f"{bound}={value}" for bound, value in given.items()),
            f"{PURPOSES[name]}.",
            f"Claims: {', '.join(of_profile(name))}",
        )
    page.gap()
    page.line(
        "All other bounds have their defaults. verify takes larger ones, unless --small is given."
    )


def _bounds(page: Page) -> None:
    for name, field in LIMITS.items():
        _entry(
            page, name, f"{_values(field)}  (default {show(field.default)})",
            f"{field.metadata['reason']}.",
        )  # fmt: skip
    page.gap()
    page.line("Profiles choose among them: list profiles. --bounds NAME=VALUE changes one.")


def _rules(page: Page) -> None:
    for name, field in SWITCHES.items():
        _entry(
            page, name, f"{_values(field)}  (default {show(field.default)})",
            field.metadata["sentence"], field.metadata["section"],
        )  # fmt: skip
    page.gap()
    page.line("The defaults are RFC 9293's. --rules NAME=VALUE changes one.")


def _scenarios(page: Page) -> None:
    for name, scenario in SCENARIOS.items():
        _entry(page, name, "", f"{scenario.title}.", scenario.verdict)
    page.gap()
    page.line("simulate --scenario NAME plays one.")


def _values(field: dataclasses.Field[Any]) -> str:
    """The values that a switch or a bound takes."""
    low, high = limits(field)
    return "|".join(values(field)) or f"{low}..{high}"


KINDS: dict[str, Callable[[Page], None]] = {
    "claims": _claims,
    "theorems": _theorems,
    "profiles": _profiles,
    "bounds": _bounds,
    "rules": _rules,
    "scenarios": _scenarios,
}
"""What can be listed."""
OWN = ("claims", "profiles")
"""Of what a file may have more."""
