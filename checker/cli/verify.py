"""``verify``: the claims, or theorems with them, checked; a table of two lines a claim."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from checker.cli import progress
from checker.cli.options import (
    BoundsOption,
    CheckpointOption,
    CompactOption,
    EveryOption,
    MaxStatesOption,
    MemoryOption,
    ResumeOption,
    RulesOption,
    SymmetryOption,
    as_options,
    octets,
)
from checker.model.options import (
    choose_claims,
    choose_profile,
    grown,
    parse_bounds,
    parse_rules,
)
from checker.support import files
from checker.support.errors import UsageProblem
from checker.support.names import unknown
from checker.support.program import called

if TYPE_CHECKING:
    from checker.studies.reports import ClaimReport, Report


def verify(
    claims: Annotated[list[str] | None, typer.Argument(metavar="[CLAIM ...]")] = None,
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report here.")] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="explore (the reference), native, auto (native where there are many states), "
            "or symbolic: 32 bits, all ISNs at once."
        ),
    ] = "auto",
    small: Annotated[bool, typer.Option("--small", help="The least bounds; seconds.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Larger bounds; minutes.")] = False,
    depth: Annotated[
        int | None, typer.Option(min=1, help="Where the symbolic engine stops; default: the end.")
    ] = None,
    max_states: MaxStatesOption = None,
    max_memory: MemoryOption = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
    threads: Annotated[
        int, typer.Option(min=1, help="Threads of each native search; more if cores are idle.")
    ] = 1,
    symmetry: SymmetryOption = False,
    compact: CompactOption = False,
    checkpoint: CheckpointOption = None,
    every: EveryOption = 60.0,
    resume: ResumeOption = False,
    pin: Annotated[
        bool, typer.Option("--pin", help="Rewrite proofs/results/expected.toml with what is found.")
    ] = False,
    unbounded: Annotated[
        bool,
        typer.Option("--prove", help="Then prove the theorems of these claims, without bounds."),
    ] = False,
) -> None:
    """Check the claims: all, or those named (T1 stands for T1.lifecycle too)."""
    from checker.model.search import Options
    from checker.studies import pins, proved, reports
    from checker.studies import verify as study
    from proofs.claims.claim import ALWAYS, SOMETIMES

    chosen_rules, chosen_bounds = parse_rules(rules or []), parse_bounds(bounds or [])
    if engine not in study.ENGINES:
        raise unknown("engine", engine, study.ENGINES)
    symbolic = engine == "symbolic"
    if small and thorough:
        raise UsageProblem("--small and --thorough exclude each other")
    scale = "small" if small else "thorough" if thorough else None
    if depth is not None and not symbolic:
        raise UsageProblem("--depth is for --engine symbolic; the others go to the end")
    for path in (json, junit):
        if path is not None:
            files.writable(path)
    if pin and (claims or chosen_rules or chosen_bounds or engine != "auto" or symmetry or compact):
        raise UsageProblem(
            "--pin takes no claims, rules, bounds or engine: it pins the whole table"
        )
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
    )
    options.check()
    if symbolic and dataclasses.replace(options, max_states=None) != Options():
        raise UsageProblem("the symbolic engine takes --depth, --max-states and --workers only")
    if unbounded and (chosen_rules or chosen_bounds or pin):
        raise UsageProblem(
            "--prove takes no --rules, --bounds or --pin: a theorem has its own rules and no "
            "bounds, and no pins"
        )
    asked = choose_claims(claims or [])
    theorems = proved.theorems(asked) if unbounded else []
    if symbolic:  # it looks for no deadlocks and no cycles, and says so to who names one
        some = (ALWAYS, SOMETIMES)
        asked = [claim for claim in asked if claim.id in (claims or ()) or claim.kind in some]
    with progress.explorations() as (tell, done):
        result, seconds = study.verify(
            asked,
            chosen_rules,
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
    if theorems:
        with progress.proofs() as tell:
            result.claims += proved.prove_theorems(theorems, workers, tell)
    if json is not None:
        files.write(json, (result.model_dump_json(indent=1) + "\n").encode())
    if junit is not None:
        files.write(junit, reports.junit(result).encode())
    if pin:
        pins.pin(result, scale or "usual")
    unpinned = ""
    if chosen_rules or chosen_bounds:
        unpinned = (
            "; with --rules or --bounds every claim is expected to hold, and no number is compared"
        )
    elif symbolic or symmetry or compact:
        unpinned = "; verdicts and lengths were compared, counts were not"
    print_table(result, seconds, unpinned)
    raise typer.Exit(reports.exit_code(result))


def print_table(result: "Report", seconds: float, unpinned: str = "") -> None:
    """The report on stdout: two lines a claim, what it says and what was found.

    ``unpinned`` is what to say at the end where counts were not compared.
    """
    console = Console(highlight=False, soft_wrap=True)
    proved = [c for c in result.claims if c.scope == "unbounded"]
    claims = [c for c in result.claims if c.scope != "unbounded"]
    shown = [c for c in claims if c.kind != "sometimes"] or claims
    console.print(
        f"[bold]{'claim':17}{'verdict':23}{'states':>11}{'transitions':>15}{'depth':>7}   scope[/]"
    )
    for c in shown:
        verdict = c.verdict if c.length is None else f"{c.verdict} in {_steps_of(c)} steps"
        colour = "green" if c.ok else "bold red"
        if c.verdict == "inconclusive" or c.finer:
            colour = "yellow"
        scope = f"to depth {c.depth}" if c.scope == "bounded" else f"up to {c.profile}"
        scope += "" if c.scale == "usual" else f" ({c.scale})"
        console.print(
            f"[bold]{c.id:17}[/][{colour}]{verdict:23}[/]"
            f"{c.states:>11,}{c.transitions:>15,}{c.depth:>7}   {c.scope} {scope}"
        )
        seen = [
            f"{w} in {n} steps" if n is not None else f"{w} not seen" for w, n in c.witness.items()
        ]
        witness = f"; witness {', '.join(seen)}" if seen else ""
        expected = " (expected)" if c.expected == "violated" and c.ok else ""
        assumes = f"; assumes {'; '.join(c.assumptions)}" if c.assumptions else ""
        cut = (
            f"; says nothing of {c.cut:,} states, from which all fair runs leave the bounds"
            if c.cut
            else ""
        )
        console.print(f"  [dim]{escape(c.title)}{expected}{witness}{assumes}{cut}[/]")
        if c.finer:
            console.print(f"  [yellow]but {escape(c.finer)}[/]")
    for c in proved:
        console.print(_theorem(c))
    console.print()
    for c in result.claims:
        if c.note:
            console.print(f"[bold]{c.id}[/]: {escape(c.note)}")
        elif not c.ok:
            console.print(
                f"[bold]{c.id}[/]: {c.verdict}, expected {c.expected}; the trace: "
                f"{called()} trace {c.id}{as_options(c.rules)}{_bounds_of(c)}"
            )
    explored = {(c.profile, tuple(sorted(c.rules.items()))): c for c in claims}
    states = sum(c.states for c in explored.values())
    met = sum(c.ok for c in claims)
    unbounded = f"; {sum(c.ok for c in proved)} of {len(proved)} theorems proved" if proved else ""
    console.print(
        f"{met} of {len(claims)} claims and witnesses as expected; {states:,} states in "
        f"{len(explored)} explorations, {seconds:.0f} s{unpinned}{unbounded}"
    )


def _steps_of(c: "ClaimReport") -> str:
    """The steps of a run; of a lasso, those of its stem and those of its loop."""
    assert c.length is not None
    return str(c.length) if c.loop is None else f"{c.length - c.loop}+{c.loop}"


def _theorem(c: "ClaimReport") -> str:
    """The two lines of a theorem, the second with all that it assumes."""
    verdict, colour = ("proved", "green") if c.verdict == "holds" else (c.verdict, "bold red")
    if c.verdict == "inconclusive":
        verdict, colour = "unknown", "yellow"
    count = f"{c.obligations:,} obligations"
    solvers = ", ".join(c.solvers)
    rules = "".join(f" {name}={value}" for name, value in c.rules.items())
    assumes = [f"rules{rules}" if rules else "RFC 9293's rules", *c.assumptions]
    assumes = [what.rstrip(".") for what in assumes]
    return (
        f"[bold]{c.id:17}[/][{colour}]{verdict:23}[/]{count:19}{solvers:14}   unbounded\n"
        f"  [dim]{escape(c.title)}; assumes {escape('; '.join(assumes))}[/]"
    )


def _bounds_of(claim: "ClaimReport") -> str:
    """The bounds in which a claim was checked elsewhere than ``trace`` would look by itself."""
    usual = choose_profile(claim.profile, grown(claim.profile, "usual")).bounds
    return "".join(
        f" --bounds {name}={value}"
        for name, value in claim.bounds.items()
        if value != int(getattr(usual, name))
    )
