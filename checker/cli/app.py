"""The application: the commands in the order in which ``--help`` lists them, and how a run ends."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from checker import __version__
from checker.cli import (
    bench,
    conform,
    coverage,
    crosscheck,
    diagram,
    explore,
    export,
    generate,
    listing,
    matrix,
    mutants,
    narrate,
    prove,
    simulate,
    sockets,
    time_wait,
    trace,
    verify,
)
from checker.support.errors import INCONCLUSIVE, INTERNAL, OK, Problem
from checker.support.program import INSTALLED, called, missing

EXAMPLES = {
    "trace": "trace T2 --rules three_way=off",
    "verify": "verify --small --rules time_wait_ignores_reset=off",
    "list": "list rules",
    "prove": "prove T4 --out build/certificates",
    "conform": "conform capture.pcap --rules linux",
    "narrate": "narrate capture.pcap --html told.html",
}
"""For ``--help``, by command."""

EXIT_CODES = (
    "Exit codes: 0 as expected; 1 a violation, or anything else than expected; 2 wrong usage; 3 "
    "inconclusive; 4 an internal error, or a tool is missing."
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"synproof {__version__}")
        raise typer.Exit


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=called() == INSTALLED,  # a shell completes for a program, not for a module
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\n\n".join(
        ("Examples:", *(f"{called()} {example}" for example in EXAMPLES.values()), EXIT_CODES)
    ),
)


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Show the version."),
    ] = False,
) -> None:
    """A model-checked specification of TCP's connection lifecycle (RFC 9293)."""


for command in (
    verify.verify,
    prove.prove,
    explore.explore,
    bench.bench,
    trace.trace,
    simulate.simulate,
    diagram.diagram,
    matrix.matrix,
    time_wait.time_wait,
    coverage.coverage,
    generate.generate,
    mutants.mutants,
    crosscheck.crosscheck,
    export.export,
    conform.conform,
    narrate.narrate,
    sockets.sockets,
    listing.list_,
):
    name = command.__name__.strip("_").replace("_", "-")
    example = f"Example: {called()} {EXAMPLES[name]}\n\n" if name in EXAMPLES else ""
    app.command(name, epilog=example + EXIT_CODES)(command)


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
        code = app(_spread(sys.argv[1:]), prog_name=called(), standalone_mode=False)
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
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "spec", "proofs", "checker"):
            raise
        print(f"checker: {missing(name)}", file=sys.stderr)
        sys.exit(INTERNAL)
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
