"""The command line: ``python -m checker COMMAND``.

Results go to stdout, progress and problems to stderr. Exit codes: 0 every claim met its
expected verdict; 1 a violation or an unexpected verdict; 2 usage; 3 inconclusive: a limit hit,
an unknown, nothing checked, interrupted; 4 internal error or missing tool.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from checker import tcp
from checker.core import files
from checker.core.errors import INCONCLUSIVE, INTERNAL, OK, VIOLATED, Problem, UsageProblem

if TYPE_CHECKING:
    from checker.verify import Report

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
    typer.Option("--bounds", metavar="NAME=VALUE ...", help="Bounds of spec/bounds.py to change."),
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
        str, typer.Option(help="explore, or symbolic: 32 bits, all ISNs at once.")
    ] = "explore",
    depth: Annotated[
        int | None, typer.Option(min=1, help="Where the symbolic engine stops; default: the end.")
    ] = None,
    max_states: StatesOption = 5_000_000,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
    pin: Annotated[
        bool, typer.Option("--pin", help="Rewrite proofs/expected.toml with what is found.")
    ] = False,
) -> None:
    """Check the claims: all, or those named (T1 stands for T1.lifecycle too)."""
    from checker import verify as v

    chosen_rules, chosen_bounds = tcp.parse_rules(rules or []), tcp.parse_bounds(bounds or [])
    if engine not in ("explore", "symbolic"):
        raise UsageProblem(f"no engine {engine!r}; the engines are explore and symbolic")
    if depth is not None and engine != "symbolic":
        raise UsageProblem("--depth is for --engine symbolic; the explorer goes to the end")
    for path in (json, junit):
        if path is not None:
            files.writable(path)
    if pin and (claims or chosen_rules or chosen_bounds or engine != "explore"):
        raise UsageProblem(
            "--pin takes no claims, rules, bounds or engine: it pins the explorer's whole table"
        )
    with _progress() as progress:
        result, seconds = v.verify(
            claims or [],
            chosen_rules,
            chosen_bounds,
            engine=engine,  # type: ignore[arg-type]
            depth=depth,
            max_states=max_states,
            workers=workers,
            progress=progress,  # type: ignore[arg-type]
            pinning=pin,
        )
    if json is not None:
        files.write(json, (result.model_dump_json(indent=1) + "\n").encode())
    if junit is not None:
        files.write(junit, v.junit(result).encode())
    if pin:
        v.pin(result)
    print_table(result, seconds)
    raise typer.Exit(v.exit_code(result))


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
    from checker import trace as t

    raise typer.Exit(
        t.trace(
            claim,
            tcp.parse_rules(rules or []),
            tcp.parse_bounds(bounds or []),
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
    from checker import simulate as s

    if list_:
        for name, title in s.listing():
            print(f"{name:24}{title}")
    elif scenario is None:
        raise UsageProblem("simulate needs --scenario NAME; --list lists them")
    else:
        s.simulate(scenario, out, tcp.parse_rules(rules or []))


@app.command()
def diagram(
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the files are up to date.")
    ] = False,
    directory: Annotated[Path, typer.Option(help="Where the pictures are.")] = Path("diagrams"),
) -> None:
    """Draw the state machines and handshakes of the documentation."""
    from checker import diagram as d

    if not check:
        d.write(directory)
        return
    stale = d.check(directory)
    if stale:
        print(f"stale: {', '.join(stale)}; run: python -m checker diagram", file=sys.stderr)
        raise typer.Exit(VIOLATED)
    print(f"{directory}: up to date")


@app.command()
def coverage() -> None:
    """List the rules and the branches of the specification that no claim's run reaches."""
    from checker import coverage as c

    found = c.coverage()
    never, unmet = found.never_fired(), found.never_answered()
    print(f"{len(found.rules) - len(never)} of {len(found.rules)} rules fired; never:")
    for rule in never:
        print(f"  {rule}")
    print(f"{len(found.answers) - len(unmet)} of {len(found.answers)} branch answers met; never:")
    for where, answer in unmet:
        print(f"  {where}: {'yes' if answer else 'no'}")


@app.command()
def rules() -> None:
    """List the switches: default, section, and what each one protects."""
    from spec.rules import SWITCHES, Rules

    table = Table("switch", "default", "section", "meaning", show_lines=True)
    for name, field in SWITCHES.items():
        default = tcp.show(getattr(Rules(), name))
        table.add_row(name, default, field.metadata["section"], field.metadata["sentence"])
    Console().print(table)


def print_table(result: "Report", seconds: float) -> None:
    """The report on stdout: two lines a claim, what it says and what was found."""
    console = Console(highlight=False, soft_wrap=True)
    shown = [c for c in result.claims if c.kind != "sometimes"] or result.claims
    console.print(
        f"[bold]{'claim':14}{'verdict':22}{'states':>10}{'transitions':>13}{'depth':>7}   scope[/]"
    )
    for c in shown:
        verdict = c.verdict if c.length is None else f"{c.verdict} in {c.length} steps"
        colour = "green" if c.ok else "bold red"
        if c.verdict == "inconclusive":
            colour = "yellow"
        scope = f"up to {c.profile}" if c.scope == "exhaustive" else f"to depth {c.depth}"
        console.print(
            f"[bold]{c.id:14}[/][{colour}]{verdict:22}[/]"
            f"{c.states:>10,}{c.transitions:>13,}{c.depth:>7}   {c.scope} {scope}"
        )
        seen = [
            f"{w} in {n} steps" if n is not None else f"{w} not seen" for w, n in c.witness.items()
        ]
        witness = f"; witness {', '.join(seen)}" if seen else ""
        expected = " (expected)" if c.expected == "violated" and c.ok else ""
        console.print(f"  [dim]{escape(c.title)}{expected}{witness}[/]")
    console.print()
    for c in result.claims:
        if c.note:
            console.print(f"[bold]{c.id}[/]: {c.note}")
        elif not c.ok:
            console.print(
                f"[bold]{c.id}[/]: {c.verdict}, expected {c.expected}; the trace: "
                f"python -m checker trace {c.id}{_as_options(c.rules)}"
            )
    explored = {(c.profile, tuple(sorted(c.rules.items()))): c for c in result.claims}
    states = sum(c.states for c in explored.values())
    met = sum(c.ok for c in result.claims)
    console.print(
        f"{met} of {len(result.claims)} claims and witnesses as expected; {states:,} states in "
        f"{len(explored)} explorations, {seconds:.0f} s"
    )


def _as_options(rules: dict[str, str]) -> str:
    """Rules as they were given, to give them again."""
    return "".join(f" --rules {name}={value}" for name, value in rules.items())


@contextmanager
def _progress() -> Iterator[object]:
    """Progress bars on stderr, one an exploration; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(pulse_style="cyan"),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[int, object] = {}
    with bar:

        def tell(job: object, states: int, transitions: int, level: int, waiting: int) -> None:
            key = id(job)
            if key not in tasks:
                name = f"{job.profile}: {' '.join(job.claims[:3])}"  # type: ignore[attr-defined]
                tasks[key] = bar.add_task(name, total=None, counts="")
            bar.update(
                tasks[key],  # type: ignore[arg-type]
                counts=f"{states:,} states, level {level}, {waiting:,} waiting",
            )

        yield tell


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
    print("checker: interrupted; nothing was written", file=sys.stderr)
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
