"""``explore``: one profile explored, and what it took."""

import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import progress
from checker.cli.options import (
    MOST,
    BoundsOption,
    CheckpointOption,
    CompactOption,
    EveryOption,
    MaxStatesOption,
    MemoryOption,
    ProfileOption,
    ResumeOption,
    RulesOption,
    SpillOption,
    SymmetryOption,
    check_options,
    names_of,
    octets,
)
from checker.model.options import choose_profile, choose_rules, parse_bounds, parse_rules
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK
from checker.support.names import unknown
from checker.support.program import say


def _engines() -> Iterable[str]:
    from checker.model.search import ENGINES

    return ENGINES


def explore(
    profile: ProfileOption = "handshake",
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    engine: Annotated[
        str,
        typer.Option(
            help="explore, native, sets, sorted, distributed or auto.",
            autocompletion=names_of(_engines),
        ),
    ] = "auto",
    threads: Annotated[
        int,
        typer.Option(
            min=1, max=MOST, help="Threads of a native search, or workers of a distributed one."
        ),
    ] = 1,
    max_states: MaxStatesOption = None,
    max_memory: MemoryOption = None,
    expect: Annotated[
        int, typer.Option(min=0, help="Make room for this many states at once (native).")
    ] = 0,
    symmetry: SymmetryOption = False,
    compact: CompactOption = False,
    checkpoint: CheckpointOption = None,
    every: EveryOption = 60.0,
    resume: ResumeOption = False,
    spill: SpillOption = None,
    json: Annotated[Path | None, typer.Option(help="Write what was found here.")] = None,
) -> None:
    """Count the states and transitions of a profile; no claim is checked."""
    from checker.model.model import Model
    from checker.model.search import ENGINES, Options, summary

    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    options = Options(
        engine=engine,  # type: ignore[arg-type]
        max_states=max_states,
        max_memory=octets(max_memory),
        threads=threads,
        expect=expect,
        symmetric=symmetry,
        compact=compact,
        checkpoint=checkpoint,
        every=every,
        resume=resume,
        spill=spill,
    )
    check_options(options)
    if json is not None:
        files.writable(json)
    chosen_rules = choose_rules(parse_rules(rules or []))
    chosen = choose_profile(profile, parse_bounds(bounds or []))
    with progress.exploration(profile) as tell:
        model = Model(chosen_rules, *chosen)
        found = model.search({}, options, tell, False)
    if json is not None:
        files.write_json(json, summary(found))
    scope = "exhaustive" if found.complete else f"not complete: {found.why}"
    if found.missed and found.complete:
        scope = f"all states, unless one was missed (chance: about {found.missed:.1g})"
    if found.unsaved:
        say(found.unsaved)
    print(
        f"{found.states:,} states, {found.transitions:,} transitions, depth {found.depth}: "
        f"{scope}; {found.seconds:.1f} s, {found.states / max(found.seconds, 1e-3):,.0f} states/s, "
        f"{_peak() / 2**30:.2f} GiB ({found.engine}{progress.resumed(found)})"
    )
    for i, share in enumerate(found.shares):
        print(
            f"worker {i}: {share.states:,} states ({share.states / max(found.states, 1):.1%}), "
            f"visited set {share.table / 2**20:,.1f} MiB, process {share.resident / 2**30:.2f} GiB"
        )
    raise typer.Exit(OK if found.complete else INCONCLUSIVE)


def _peak() -> int:
    """The most memory that this process has had, in octets."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
