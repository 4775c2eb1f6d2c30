"""``verify``: the claims, or theorems with them, checked, and what rules change about them."""

import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli import given, progress
from checker.cli.options import (
    MOST,
    BoundsOption,
    CheckpointOption,
    ClaimsArgument,
    CompactOption,
    EveryOption,
    MaxStatesOption,
    MemoryOption,
    OwnOption,
    ResumeOption,
    SpillOption,
    StackRulesOption,
    SymmetryOption,
    WorkersOption,
    check_options,
    chosen,
    names_of,
    octets,
)
from checker.cli.table import print_report
from checker.model import own
from checker.model.options import choose_claims, parse_bounds, show
from checker.support import files
from checker.support.errors import UsageProblem
from checker.support.names import unknown
from checker.support.program import say

if TYPE_CHECKING:
    from checker.studies.reports import Report

DEFAULTS = "defaults"
"""What ``--compare`` calls the RFC's own rules."""


def _engines() -> Iterable[str]:
    from checker.studies.verify import ENGINES

    return ENGINES


def verify(
    claims: ClaimsArgument = None,
    own_claims: OwnOption = None,
    rules: StackRulesOption = None,
    bounds: BoundsOption = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report here.")] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="explore (the reference), native, sets (of states at once), sorted (the least "
            "memory), auto (native where there are many states, sets where these are dense), or "
            "symbolic: 32 bits, all ISNs at once.",
            autocompletion=names_of(_engines),
        ),
    ] = "auto",
    small: Annotated[bool, typer.Option("--small", help="The least bounds; seconds.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Larger bounds; minutes.")] = False,
    within: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="STATES",
            help="Leave out, and name, claims that take more states than this: those known to, and "
            "those whose counterexample or witness is not among so many.",
        ),
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=1, help="Where the symbolic engine stops; default: the end.")
    ] = None,
    max_states: MaxStatesOption = None,
    max_memory: MemoryOption = None,
    workers: WorkersOption = None,
    threads: Annotated[
        int,
        typer.Option(
            min=1, max=MOST, help="Threads of each native search; more if cores are idle."
        ),
    ] = 1,
    symmetry: SymmetryOption = False,
    compact: CompactOption = False,
    checkpoint: CheckpointOption = None,
    every: EveryOption = 60.0,
    resume: ResumeOption = False,
    spill: SpillOption = None,
    pin: Annotated[
        bool, typer.Option("--pin", help="Rewrite proofs/results/expected.toml with what is found.")
    ] = False,
    unbounded: Annotated[
        bool,
        typer.Option("--prove", help="Then prove the theorems of these claims, without bounds."),
    ] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="RULES RULES",
            help="Check under the first rules, then under the second, and tell what changed: "
            f"{DEFAULTS}, or NAME=VALUE,...",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show each claim with its numbers.")
    ] = False,
) -> None:
    """Check the claims: all, or those named (T1 stands for T1.lifecycle too).

    With --rules or --bounds, what they change comes first. With --claims and no CLAIM, those of
    that file are checked; all, if it only replaces rules.
    """
    from checker.model.search import Options
    from checker.studies import pins, reports
    from checker.studies import verify as study
    from proofs.claims.claim import ALWAYS, SOMETIMES

    chosen_rules, chosen_bounds = chosen(rules), parse_bounds(bounds or [])
    if compare:  # two reports, of rules of which nothing is pinned, and of two searches each
        given.without("--compare", "rules", "pin", "unbounded", "within")
        given.without("--compare", "checkpoint", "spill", "every", "resume")
    if pin:  # the whole table
        given.without("--pin", "claims", "own_claims", "within", "rules", "bounds", "engine")
        given.without("--pin", "symmetry", "compact")
    first, second = map(_rules_of, compare) if compare else ({}, chosen_rules)
    if engine not in study.ENGINES:
        raise unknown("engine", engine, study.ENGINES)
    if symbolic := engine == "symbolic":
        given.without("--engine symbolic", "max_memory", "threads", "symmetry", "compact")
        given.without("--engine symbolic", "checkpoint", "spill", "every", "resume")
    if engine == "distributed":
        given.without("--engine distributed, whose --threads are its workers,", "workers")
    if engine == "auto" and importlib.util.find_spec("numba") is None:
        engine = "explore"
        say(
            "without numba (install synproof[native]) the reference explorer does all, "
            "which takes much longer; --small needs the least"
        )
    if small and thorough:
        raise UsageProblem("--small and --thorough exclude each other")
    scale = "small" if small else "thorough" if thorough else None
    if depth is not None and not symbolic:
        raise UsageProblem("--depth is for --engine symbolic; the others go to the end")
    files.apart((json, junit), [own_claims] if own_claims is not None else [])
    if within is not None and (chosen_rules or chosen_bounds or own.REPLACED):
        raise UsageProblem("--within goes by what is pinned, which is without --rules and --bounds")
    if within is not None:  # one more: exactly so many are within it
        max_states = min(max_states or within + 1, within + 1)
    options = Options(
        engine="auto" if symbolic else engine,  # type: ignore[arg-type]
        max_states=max_states,
        max_memory=octets(max_memory),
        threads=threads,
        symmetric=symmetry,
        compact=compact,
        checkpoint=checkpoint,
        every=every,
        resume=resume,
        spill=spill,
    )
    check_options(options)
    if unbounded and (chosen_rules or chosen_bounds or pin or own.REPLACED):
        raise UsageProblem(
            "--prove takes no --rules, --bounds or --pin, nor rules of a file: a theorem has its "
            "own rules and no bounds, and no pins"
        )
    mine = own.FILES[own_claims] if own_claims else []
    if own_claims and not (claims or mine or own.REPLACED):
        raise UsageProblem(
            f"{own_claims} has no claim: put some into CLAIMS there, or name a CLAIM to check"
        )
    asked = choose_claims(claims or mine)
    theorems = []
    if unbounded:  # which needs a solver; nothing else here does
        from checker.studies import proved

        theorems = proved.theorems(asked)
    left = {}
    pinned = pins.expectations()[scale or "usual"] if within is not None else {}
    if within is not None:
        large = pins.beyond(within, pinned)
        known = f"known to take more than {within:,} states"
        left[known] = [claim for claim in asked if claim.id in large]
    if symbolic:
        left["the symbolic engine looks for no deadlocks and no cycles"] = [
            claim
            for claim in asked  # whoever names one is told so
            if claim.kind not in (ALWAYS, SOMETIMES) and claim.id not in (claims or ())
        ]
    asked = [claim for claim in asked if not any(claim in some for some in left.values())]

    def check(under: Mapping[str, Any]) -> "tuple[Report, float]":
        with progress.explorations() as (tell, done):
            return study.verify(
                asked,
                under,
                chosen_bounds,
                options=options,
                scale=scale,
                symbolic=symbolic,
                depth=depth,
                workers=workers,
                progress=tell,
                done=done,
                pinning=pin,
            )

    seconds, changed = 0.0, _shown(second, chosen_bounds)
    if compare:
        other, seconds = check(first)
        changed = _shown(second, {}) or DEFAULTS
    result, more = check(second)
    if compare:
        reports.compare(result, other)
    if theorems:
        with progress.proofs() as tell:
            result.claims += proved.prove_theorems(theorems, workers, tell, tell)
    for why, some in left.items():
        reports.skip(result, some, why)
    if within is not None:
        reports.give_up(result, pins.ended(pinned), within)
    if json is not None:
        files.write(json, (result.model_dump_json(indent=1) + "\n").encode())
    if junit is not None:
        files.write(junit, reports.junit(result).encode())
    if pin:
        pins.pin(result, scale or "usual")
    full = verbose or bool(claims or mine)
    ending = f", {seconds + more:.0f} s"
    ending += "" if full else "; --verbose shows each claim with its numbers"
    if result.skipped:
        ending += f"; left out: {' '.join(one.id for one in result.skipped)}"
    if compare:
        print_report(
            result,
            ending,
            full=full,
            because=changed,
            otherwise=f"with {_shown(first, {}) or DEFAULTS}",
        )
        raise typer.Exit(reports.change_code(result))
    if chosen_rules or chosen_bounds or own.REPLACED:
        ending += "; counts were not compared, and whatever is violated makes the exit code 1"
    elif symbolic or symmetry or compact:
        ending += "; verdicts and lengths were compared, counts were not"
    print_report(result, ending, full=full, because=changed)
    raise typer.Exit(reports.exit_code(result))


def _rules_of(text: str) -> dict[str, Any]:
    """Rules as ``--compare`` takes them."""
    if text == DEFAULTS:
        return {}
    if "=" not in text:
        from checker.stacks import PROFILES as STACKS

        if text not in STACKS:
            raise unknown("set of rules", text, [DEFAULTS, *STACKS])
    return chosen(text.split(","))


def _shown(rules: Mapping[str, Any], bounds: Mapping[str, Any]) -> str:
    """What is chosen, in words of the command line."""
    settings = [f"{name}={show(value)}" for name, value in {**rules, **bounds}.items()]
    return " ".join([*settings, own.replaced()]).strip()
