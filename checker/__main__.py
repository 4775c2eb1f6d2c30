"""The command line: ``python -m checker COMMAND``.

Results go to stdout, progress and problems to stderr. Exit codes: 0 every claim met its
expected verdict; 1 a violation or an unexpected verdict; 2 usage; 3 inconclusive: a limit hit,
an unknown, nothing checked, interrupted; 4 internal error or missing tool.
"""

import dataclasses
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checker.cli import progress, tables
from checker.ir.sources import digest
from checker.model.options import choose_bounds, choose_rules, parse_bounds, parse_rules, show
from checker.support import files
from checker.support.errors import INCONCLUSIVE, INTERNAL, OK, VIOLATED, Problem, UsageProblem
from checker.support.journal import Journal

if TYPE_CHECKING:
    from checker.studies.prove.prove import Why
    from checker.studies.prove.shorter import Tight
    from proofs.theorems.families import Family
    from proofs.theorems.table import Theorem

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A model-checked specification of TCP's connection lifecycle (RFC 9293).",
)

RulesOption = Annotated[
    list[str] | None,
    typer.Option("--rules", metavar="NAME=VALUE ...", help="Switches of spec/rules.py to change."),
]
BoundsOption = Annotated[
    list[str] | None,
    typer.Option("--bounds", metavar="NAME=VALUE ...", help="Bounds to change."),
]
MaxStatesOption = Annotated[
    int | None,
    typer.Option("--max-states", min=1, help="Give up (exit code 3) beyond so many states."),
]
MemoryOption = Annotated[
    float | None,
    typer.Option(
        "--max-memory",
        min=0.01,
        metavar="GIB",
        help="Give up (exit code 3) beyond so much; default: four fifths of what is free.",
    ),
]
SymmetryOption = Annotated[
    bool, typer.Option("--symmetry", help="Take states that swap A and B for one (native).")
]
CompactOption = Annotated[
    bool,
    typer.Option("--compact", help="Keep hashes of states: less memory, not exact (native)."),
]
CheckpointOption = Annotated[
    Path | None, typer.Option(help="Write checkpoints of native searches to this folder.")
]
EveryOption = Annotated[
    float, typer.Option(min=0.0, help="Seconds from one checkpoint to the next.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on from the checkpoints in that folder.")
]
StatesOption = Annotated[
    int, typer.Option("--max-states", min=1, help="Give up (exit code 3) beyond so many states.")
]


@app.command()
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
    from checker.studies import verify as v

    chosen_rules, chosen_bounds = parse_rules(rules or []), parse_bounds(bounds or [])
    if engine not in v.ENGINES:
        raise UsageProblem(f"no engine {engine!r}; the engines are {', '.join(v.ENGINES)}")
    symbolic = engine == "symbolic"
    if small and thorough:
        raise UsageProblem("--small and --thorough are two scales; take one")
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
        max_memory=_octets(max_memory),
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
            "bounds, and nothing of it is pinned"
        )
    theorems = v.theorems(claims or []) if unbounded else []
    with progress.explorations() as (tell, done):
        result, seconds = v.verify(
            claims or [],
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
            result.claims += v.prove_theorems(theorems, workers, tell)
    if json is not None:
        files.write(json, (result.model_dump_json(indent=1) + "\n").encode())
    if junit is not None:
        files.write(junit, v.junit(result).encode())
    if pin:
        v.pin(result, scale or "usual")
    unpinned = ""
    if chosen_rules or chosen_bounds:
        unpinned = "; every claim is expected to hold, and nothing is pinned, under overrides"
    elif symbolic or symmetry or compact:
        unpinned = "; verdicts and lengths were compared, counts were not"
    tables.print_table(result, seconds, unpinned)
    raise typer.Exit(v.exit_code(result))


@app.command()
def prove(
    claims: Annotated[list[str] | None, typer.Argument(metavar="[CLAIM ...]")] = None,
    out: Annotated[
        Path, typer.Option(help="Where the certificates go; what is there goes.")
    ] = Path("build/certificates"),
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for one question to the solver.")
    ] = 10.0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
    needed: Annotated[
        bool,
        typer.Option(
            "--needed", help="Instead, drop each assumption: the proof fails, and a run is found."
        ),
    ] = False,
    families: Annotated[
        bool,
        typer.Option(
            "--families", help="Instead, only show the runs for every TIME-WAIT that is too short."
        ),
    ] = False,
    why: Annotated[
        bool,
        typer.Option("--why", help="Instead, leave out each clause: what fails first without it?"),
    ] = False,
    pin: Annotated[
        bool, typer.Option("--pin", help="With --why: rewrite why.toml with what is found.")
    ] = False,
) -> None:
    """Prove claims without bounds, all or those named, and write the certificates."""
    from checker.studies.prove import prove as p
    from checker.studies.prove import shorter as t

    if needed + families + why > 1:
        raise UsageProblem("--needed, --families and --why are different things to do; take one")

    theorems = p.select(claims or [])
    if pin and not why:
        raise UsageProblem("--pin is for --why: of a proof itself nothing is pinned")
    if not needed and not families and not why:
        p.require_place(out)
    if json is not None:
        files.writable(json)
    began = time.monotonic()
    if needed:
        todo = p.select_needs(claims or [])
        tell = progress.each(lambda one: f"{one.need.theorem}: {one.need.title}: {one.verdict}")
        found = p.needed(todo, workers, tell, timeout)
        if json is not None:
            files.write_json(json, p.needed_report(found))
        tables.print_needed(found, time.monotonic() - began)
        raise typer.Exit(p.needed_code(found))
    if families:
        if not t.select(theorems):
            raise UsageProblem(f"there are no families of {', '.join(x.id for x in theorems)}")
        runs = _follow(t.select(theorems), timeout)
        if json is not None:
            files.write_json(json, {"version": p.VERSION, "families": t.report(runs)})
        for one in runs:
            print("\n".join(t.ladder_of(one)))
        tables.print_families(runs)
        raise typer.Exit(t.code(runs))
    if why:
        reasons = _reasons(theorems, workers, timeout, pin)
        if json is not None:
            files.write_json(json, p.why_report(reasons))
        tables.print_why(reasons, time.monotonic() - began)
        raise typer.Exit(p.why_code(reasons))
    with progress.proofs() as tell:
        proofs = p.prove(theorems, workers, tell, timeout)
    if any(proof.failed for proof in proofs):
        told = Console(stderr=True, soft_wrap=True, highlight=False)
        told.print("[dim]looking for real runs to what failed: half a minute at most each[/]")
        p.explore(proofs, workers)
    runs = _follow(t.select(theorems), timeout)
    seconds = time.monotonic() - began
    if json is not None:
        files.write_json(json, p.report(proofs) | {"families": t.report(runs)})
    code = max(p.exit_code(proofs), t.code(runs), key=(OK, INCONCLUSIVE, VIOLATED).index)
    said = f"certificates are in {out}"
    if code == OK:
        p.write(proofs, out, runs)
    else:
        p.discard(out)
        said = "no certificates were written"
    tables.print_families(runs)
    tables.print_proofs(proofs, f"{seconds:.0f} s; {said}")
    raise typer.Exit(code)


@app.command()
def explore(
    profile: Annotated[str, typer.Option(help="Bounds profile.")] = "handshake",
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    engine: Annotated[str, typer.Option(help="explore, native or auto.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of a native search.")] = 1,
    max_states: MaxStatesOption = None,
    max_memory: MemoryOption = None,
    expect: Annotated[
        int, typer.Option(min=0, help="States to make room for at once (native).")
    ] = 0,
    symmetry: SymmetryOption = False,
    compact: CompactOption = False,
    checkpoint: CheckpointOption = None,
    every: EveryOption = 60.0,
    resume: ResumeOption = False,
    json: Annotated[Path | None, typer.Option(help="Write what was found here.")] = None,
) -> None:
    """Count the states and transitions of a profile; no claim is checked."""
    from checker.model.model import Model
    from checker.model.search import Options, summary

    if engine not in ("auto", "explore", "native"):
        raise UsageProblem(f"no engine {engine!r} here; there are auto, explore and native")
    options = Options(
        engine=engine,  # type: ignore[arg-type]
        max_states=max_states,
        max_memory=_octets(max_memory),
        threads=threads,
        expect=expect,
        symmetric=symmetry,
        compact=compact,
        checkpoint=checkpoint,
        every=every,
        resume=resume,
    )
    options.check()
    if json is not None:
        files.writable(json)
    chosen_rules = choose_rules(parse_rules(rules or []))
    chosen_bounds = choose_bounds(profile, parse_bounds(bounds or []))
    with progress.explorations() as (tell, _):
        model = Model(chosen_rules, chosen_bounds)
        found = model.search({}, options, lambda *counts: tell(profile, *counts), False)
    if json is not None:
        files.write_json(json, summary(found))
    scope = "exhaustive" if found.complete else f"not complete: {found.why}"
    if found.missed and found.complete:
        scope = f"all states but for a chance of about {found.missed:.1g} that one was missed"
    if found.unsaved:
        print(f"checker: {found.unsaved}", file=sys.stderr)
    print(
        f"{found.states:,} states, {found.transitions:,} transitions, depth {found.depth}: "
        f"{scope}; {found.seconds:.1f} s, {found.states / max(found.seconds, 1e-3):,.0f} states/s, "
        f"{_peak() / 2**30:.2f} GiB ({found.engine}{progress.resumed(found)})"
    )
    raise typer.Exit(OK if found.complete else INCONCLUSIVE)


@app.command()
def bench(
    profile: Annotated[str, typer.Option(help="Bounds profile.")] = "handshake",
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    with_: Annotated[
        str | None, typer.Option("--with", metavar="TOOL,...", help="Whom to measure.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that a run may take.")] = 1800.0,
    max_memory: MemoryOption = None,
    json: Annotated[Path | None, typer.Option(help="Write the rows here.")] = None,
) -> None:
    """Measure our engines and other people's on one case, whole processes side by side."""
    from checker.studies import bench as b

    chosen_rules, chosen_bounds = parse_rules(rules or []), parse_bounds(bounds or [])
    if json is not None:
        files.writable(json)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    rows = b.bench(
        profile,
        chosen_rules,
        chosen_bounds,
        [tool.strip() for tool in with_.split(",")] if with_ else None,
        repeat=repeat,
        timeout=timeout,
        memory=_octets(max_memory),
        said=lambda line: console.print(f"[dim]{escape(line)}[/]"),
    )
    if json is not None:
        files.write_json(json, b.document(rows, profile, chosen_rules, chosen_bounds))
    tables.print_bench(rows)
    raise typer.Exit(b.exit_code(rows))


@app.command()
def trace(
    claim: str,
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    out: Annotated[
        Path | None, typer.Option(help="FILE.svg, .png, .dot, .txt or .json (ITF).")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Bounds profile, instead of its own.")] = None,
    max_states: StatesOption = 5_000_000,
) -> None:
    """Draw the shortest counterexample of a claim, or the run that shows a witness."""
    from checker.studies import trace as t

    raise typer.Exit(
        t.trace(
            claim,
            parse_rules(rules or []),
            parse_bounds(bounds or []),
            out,
            profile,
            max_states,
        )
    )


@app.command()
def simulate(
    scenario: Annotated[str | None, typer.Option(help="Which walk; see --list.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    rules: RulesOption = None,
    out: Annotated[
        Path | None, typer.Option(help="FILE.svg, .png, .dot, .txt or .json (ITF).")
    ] = None,
) -> None:
    """Walk through one of the textbook's scenarios, step by step."""
    from checker.studies import simulate as s

    if list_:
        for name, title in s.listing():
            print(f"{name:24}{title}")
    elif scenario is None:
        raise UsageProblem("simulate needs --scenario NAME; --list lists them")
    else:
        s.simulate(scenario, out, parse_rules(rules or []))


@app.command()
def diagram(
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the files are up to date.")
    ] = False,
    directory: Annotated[Path, typer.Option(help="Where the pictures are.")] = Path("diagrams"),
) -> None:
    """Draw the state machines and handshakes of the documentation."""
    from checker.studies import diagram as d

    if not check:
        d.write(directory)
        return
    stale = d.check(directory)
    if stale:
        print(f"stale: {', '.join(stale)}; run: python -m checker diagram", file=sys.stderr)
        raise typer.Exit(VIOLATED)
    print(f"{directory}: up to date")


WriteOption = Annotated[
    bool, typer.Option("--write", help="Rewrite what is checked in with what is found.")
]
CheckOption = Annotated[
    bool, typer.Option("--check", help="Compare what is checked in with what is found.")
]
JournalOption = Annotated[
    Path | None, typer.Option(help="Where results are kept as they are found; default: build/.")
]
GoOnOption = Annotated[
    bool, typer.Option("--resume", help="Take the results that the journal already has.")
]


@app.command()
def matrix(
    json: Annotated[Path | None, typer.Option(help="Write the matrix here.")] = None,
    check: CheckOption = False,
    write: WriteOption = False,
    journal: JournalOption = None,
    resume: GoOnOption = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
) -> None:
    """Explore every claim with its witness and every ablation, and say which claim falls."""
    from checker.studies import matrix as m

    if check and write:
        raise UsageProblem("--check and --write are two things to do; take one")
    if json is not None:
        files.writable(json)
    todo = m.tasks()
    cores = workers or os.cpu_count() or 1
    book = open_journal("matrix", journal, resume)
    with progress.counted("matrix") as tell:
        m.explore(book, todo, cores, tell)
    book.close()
    found, told = m.matrix(book, todo), m.runs(book, todo)
    if json is not None:
        files.write(json, m.document(found).encode())
    if write:
        m.write(found, told, Path())
    tables.print_matrix(found)
    code = m.exit_code(found)
    stale = m.check(found, told, Path()) if check else []
    for line in [*found["wrong"], *stale]:
        print(line, file=sys.stderr)
    if stale:
        print("to rewrite them: python -m checker matrix --write", file=sys.stderr)
        code = VIOLATED if code == OK else code
    raise typer.Exit(code)


@app.command("time-wait")
def time_wait(
    json: Annotated[Path | None, typer.Option(help="Write the table here.")] = None,
    check: CheckOption = False,
    page: Annotated[
        bool, typer.Option("--page", help="Only compare the page with the data checked in.")
    ] = False,
    write: WriteOption = False,
    journal: JournalOption = None,
    resume: GoOnOption = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
) -> None:
    """Search for the least TIME-WAIT that is safe, for several MSL and R."""
    from checker.studies import least_time_wait as t
    from checker.studies import matrix as m

    if check + write + page > 1:
        raise UsageProblem("--check, --page and --write are three things to do; take one")
    kept, shown = m.text(t.DATA), m.text(t.PAGE)
    if page:
        for line in (stale := t.check_page(kept, shown)):
            print(line, file=sys.stderr)
        raise typer.Exit(VIOLATED if stale else OK)
    if json is not None:
        files.writable(json)
    cores = workers or os.cpu_count() or 1
    book = open_journal("time-wait", journal, resume)
    with progress.counted("time-wait") as tell:
        t.explore(book, cores, tell)
    book.close()
    rows = t.table(book)
    if json is not None:
        files.write(json, t.document(rows).encode())
    if write:
        t.write(rows, Path())
    print(t.page(rows), end="")
    code = t.exit_code(rows)
    stale = t.check(rows, kept, shown) if check else []
    for line in stale:
        print(line, file=sys.stderr)
    raise typer.Exit(VIOLATED if stale and code == OK else code)


@app.command()
def coverage() -> None:
    """List the rules and the branches of the specification that no claim's run reaches."""
    from checker.studies import coverage as c

    found = c.coverage()
    never, unmet = found.never_fired(), found.never_answered()
    print(f"{len(found.rules) - len(never)} of {len(found.rules)} rules fired; never:")
    for rule in never:
        print(f"  {rule}")
    print(f"{len(found.answers) - len(unmet)} of {len(found.answers)} branch answers met; never:")
    for where, answer in unmet:
        print(f"  {where}: {'yes' if answer else 'no'}")


@app.command()
def generate(
    kind: Annotated[str, typer.Argument(metavar="packetdrill|tun")],
    out: Annotated[Path | None, typer.Option(help="Write packetdrill scripts here.")] = None,
    run: Annotated[
        bool,
        typer.Option("--run", help="Run them on this machine's kernel (root), in namespaces."),
    ] = False,
    stack: Annotated[
        str, typer.Option(help="Whose known departures are allowed for: linux, or none.")
    ] = "linux",
    slow: Annotated[bool, typer.Option("--slow", help="Wait for TIME-WAIT to end.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write what was run here.")] = None,
    rules: RulesOption = None,
) -> None:
    """Tests of a real stack: runs that take every transition it can be driven through."""
    from checker.stacks import report

    chosen = choose_rules(parse_rules(rules or []))
    with progress.counted(kind) as told:
        raise typer.Exit(report.generate(kind, chosen, stack, out, run, slow, json, told))


@app.command()
def mutants(
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="WHICH", help="A file, line, function, operator or mutant; again."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    journal: JournalOption = None,
    resume: GoOnOption = False,
    every: Annotated[
        bool,
        typer.Option("--every", help="Ask every exploration, not only up to the first killer."),
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
    page: Annotated[
        bool, typer.Option("--page", help="Only write the page from the report.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the page and the report against spec/.")
    ] = False,
) -> None:
    """Change the specification in one place at a time: which claim notices?"""
    from checker.studies import mutants as m
    from checker.studies import mutants_page

    if page:
        mutants_page.write()
        return
    if check:
        stale = mutants_page.check()
        print("\n".join(stale) or f"{mutants_page.PAGE}: up to date")
        raise typer.Exit(VIOLATED if stale else OK)
    if json is not None:
        files.writable(json)
    chosen = m.select(only or [])
    book = open_journal("mutants", journal, resume, every)
    with progress.counted("mutants") as tell:
        known = all(mutant.name in book.known for mutant in chosen)
        before = [] if known else m.arenas(told=lambda name: tell(f"without a change: {name}"))
        judged = m.run(chosen, before, book, every, workers or os.cpu_count() or 1, tell)
    book.close()
    found = m.report(judged, every)
    for line in m.told(found):
        print(line)
    if json is not None:
        files.write(json, (found.model_dump_json(indent=1) + "\n").encode())
    raise typer.Exit(m.exit_code(found))


@app.command()
def crosscheck(
    claims: Annotated[list[str] | None, typer.Argument(metavar="[CLAIM ...]")] = None,
    with_: Annotated[
        str, typer.Option("--with", metavar="TOOL,...", help="spin, tlc; default: the installed.")
    ] = "",
    profile: Annotated[str | None, typer.Option(help="Bounds profile, instead of theirs.")] = None,
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one run of a tool.")] = 600,
    max_states: StatesOption = 5_000_000,
) -> None:
    """Compare the explorer with other model checkers: states, transitions, verdicts, lengths."""
    from checker.studies import crosscheck as c

    asked = [name.strip() for name in with_.split(",") if name.strip()]
    peers, skipped = c.available(asked)
    todo = c.cases(claims or [], profile, parse_rules(rules or []), parse_bounds(bounds or []))
    for name, why in skipped.items():
        print(f"{name}: skipped: {why}")
    results = []
    for case in todo if peers else []:
        results.append(c.compare(case, peers, max_states, timeout))
        tables.print_comparison(results[-1], peers)
    code = c.exit_code(results)
    said = {OK: "all agree", VIOLATED: "they do not agree", INCONCLUSIVE: "inconclusive"}
    print(said[code] if peers else "nothing was compared: no other model checker is installed")
    raise typer.Exit(code)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(metavar="promela|tlaplus|smtlib|itf")],
    profile: Annotated[
        str | None, typer.Option(help="Bounds profile; default: the claims'.")
    ] = None,
    claim: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A claim to state; may be repeated.")
    ] = None,
    rules: RulesOption = None,
    bounds: BoundsOption = None,
    depth: Annotated[
        int | None, typer.Option(min=0, help="smtlib: the steps of the runs asked about.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="smtlib: any ISNs, of 32 bits.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write here; default: stdout.")] = None,
) -> None:
    """Write the specification, traced, for another tool; or a claim's run as ITF."""
    from checker.studies import export as e

    if out is not None:
        files.writable(out)
    choice = (kind, profile, claim or [], parse_rules(rules or []))
    limits = parse_bounds(bounds or [])
    if out is None or kind == "itf":
        text = e.text(*choice, limits, depth, free)
        if out is None:
            print(text, end="" if text.endswith("\n") else "\n")
        else:
            files.write(out, text.encode())
        return
    module = out.stem if kind == "tlaplus" else None
    for name, text in e.texts(*choice, limits, depth, free, module).items():
        # What goes with the first file stands beside it.
        place = out if name.endswith((".pml", ".tla", ".smt2")) else out.with_suffix(".cfg")
        files.write(place, text.encode())


@app.command()
def conform(
    captures: Annotated[list[Path], typer.Argument(metavar="CAPTURE ...")],
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report here.")] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--rules",
            metavar="NAME|SWITCH=VALUE ...",
            help="A stack's rules (linux), or switches of spec/rules.py.",
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="Where the captures were taken: the address of an end, client, server or middle. "
            "At an end, that end is judged alone, and strictly.",
        ),
    ] = "middle",
    peer_capture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The same connections, captured at the other end."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw each deviation, in this folder.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Tell every connection's life.")
    ] = False,
    bench: Annotated[
        bool, typer.Option("--bench", help="Only measure, beside tshark and tcptrace.")
    ] = False,
) -> None:
    """Follow the TCP connections of captures (pcap, pcapng) through the specification."""
    from checker.conform import behaviour, report, speed

    if bench:
        for line in speed.timed(captures):
            print(line)
        return
    chosen = behaviour.choose(rules or [])
    raise typer.Exit(report.conform(captures, chosen, at, peer_capture, json, junit, svg, verbose))


@app.command()
def narrate(
    capture: Annotated[Path, typer.Argument(metavar="CAPTURE")],
    html: Annotated[Path | None, typer.Option(help="Write a page here, with pictures.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rules", metavar="NAME|SWITCH=VALUE ...", help="As of conform."),
    ] = None,
    at: Annotated[
        str, typer.Option(metavar="WHERE", help="Where the capture was taken, as of conform.")
    ] = "middle",
) -> None:
    """Tell what happened in a capture: names, handshakes, HTTP requests, and who is left where."""
    from checker.conform import behaviour, report
    from checker.narrate.run import narrate

    raise typer.Exit(
        narrate(capture, behaviour.choose(rules or []), report.position(at), html, json)
    )


@app.command()
def rules() -> None:
    """List the switches: default, section, and what each one protects."""
    from spec.rules import SWITCHES, Rules

    table = Table("switch", "default", "section", "meaning", show_lines=True)
    for name, field in SWITCHES.items():
        default = show(getattr(Rules(), name))
        table.add_row(name, default, field.metadata["section"], field.metadata["sentence"])
    Console().print(table)


def _follow(families: "Sequence[Family]", timeout: float) -> "list[Tight]":
    """Follow the runs of families, one after the other."""
    from checker.studies.prove.shorter import tight

    console = Console(stderr=True)
    found = []
    for family in families:
        with console.status(f"{family.id}: a run for each TIME-WAIT that is too short"):
            found.append(tight(family, timeout))
    return found


def _reasons(
    theorems: "Sequence[Theorem]", workers: int | None, timeout: float, pin: bool
) -> "list[Why]":
    """Why each clause is there, theory by theory: what is pinned of one stays if the next is
    interrupted. One that is not proved is shown, and ends it."""
    from checker.studies.prove import prove as p

    found = []
    for some in p.theories(theorems):
        with progress.proofs() as tell:
            proofs = p.prove(some, workers, tell, timeout)
        if p.exit_code(proofs) != OK:
            tables.print_proofs(proofs, "and why a clause is there is asked of what is proved")
            raise typer.Exit(p.exit_code(proofs))
        tell = progress.each(lambda one: f"{one.theory} without {one.clause}: {one.verdict}")
        found += p.why(proofs, workers, tell, timeout)
        if pin:
            p.pin_why([one for one in found if one.theory == some[0].id])
    return found


def open_journal(kind: str, path: Path | None, resume: bool, *options: object) -> Journal:
    """The journal of long work of that kind: of no other program, nor of other options."""
    of = digest(("spec", "proofs", "checker"), kind, options)
    return Journal(path or Path("build") / f"{kind}.jsonl", of, resume)


def _octets(gib: float | None) -> int | None:
    return None if gib is None else int(gib * 2**30)


def _peak() -> int:
    """The most memory that this process has had, in octets."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _spread(argv: list[str]) -> list[str]:
    """Let ``--rules a=b c=d`` stand for ``--rules a=b --rules c=d``, and the same for bounds."""
    spread: list[str] = []
    option = ""
    for word in argv:
        if option and spread[-1] != option and "=" in word and not word.startswith("-"):
            spread += [option, word]
            continue
        if word in ("--rules", "--bounds"):
            option = word
        elif not option or spread[-1] != option:
            option = ""
        spread.append(word)
    return spread


_INTERRUPTED = 130  # what typer makes of a KeyboardInterrupt


def _interrupted() -> NoReturn:
    print(
        "checker: interrupted; no report was written (--resume goes on from a journal, or, with "
        "--checkpoint, from there)",
        file=sys.stderr,
    )
    sys.exit(INCONCLUSIVE)


def main() -> None:
    """Run the command line; every problem is one line and an exit code, never a traceback."""
    try:
        code = app(_spread(sys.argv[1:]), standalone_mode=False)
        if code == _INTERRUPTED:
            _interrupted()
        sys.exit(code if isinstance(code, int) else OK)
    except Problem as problem:
        print(f"checker: {problem}", file=sys.stderr)
        sys.exit(problem.code)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    except Exception as error:
        code = getattr(error, "exit_code", None)  # click's own, for wrong usage
        if isinstance(code, int) and hasattr(error, "format_message"):
            print(f"checker: {error.format_message()}", file=sys.stderr)
            sys.exit(code)
        if os.environ.get("CHECKER_DEBUG"):
            raise
        print(
            f"checker: internal error: {type(error).__name__}: {error} "
            "(CHECKER_DEBUG=1 shows where)",
            file=sys.stderr,
        )
        sys.exit(INTERNAL)


if __name__ == "__main__":
    main()
