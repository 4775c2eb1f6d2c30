"""The application: the commands in the order in which ``--help`` lists them, and how a run ends.

A command's module is imported when the command is asked for, and with it what it needs: no solver,
compiler or browser's page is waited for that is not used. ``app`` has all commands.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Collection
from functools import cache
from typing import Annotated, Any

import typer

from checker import __version__
from checker.cli.given import Command
from checker.model.own import load_installed
from checker.support import files, streams
from checker.support.errors import INCONCLUSIVE, INTERNAL, OK, Problem, refusal
from checker.support.program import INSTALLED, called, missing, say
from checker.support.workers import INTERRUPTS

EXAMPLES = {
    "trace": "trace T2 --rules three_way=off",
    "verify": "verify --small --rules time_wait_ignores_reset=off",
    "list": "list rules",
    "prove": "prove T4 --out build/certificates",
    "conform": "conform capture.pcap --rules linux",
    "stack": "stack lwip",
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


COMMANDS = (
    *("verify", "prove", "explore", "bench", "trace", "simulate", "diagram", "matrix"),
    *("time-wait", "flood", "http", "coverage", "requirements", "generate", "stack", "costs"),
    *("mutants", "crosscheck", "export", "page", "conform", "narrate", "sockets", "report", "list"),
)
"""In the order of ``--help``."""
_ELSEWHERE = {"page": ("play", "page"), "list": ("listing", "list_")}
"""The module and the function of a command, where they have not its name."""


def _command(name: str) -> Callable[..., Any]:
    module, function = _ELSEWHERE.get(name, (plain := name.replace("-", "_"), plain))
    found: Callable[..., Any] = getattr(importlib.import_module(f"checker.cli.{module}"), function)
    return found


def application(names: Collection[str] = COMMANDS) -> typer.Typer:
    """The application with these commands."""
    made = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=called() == INSTALLED,  # a shell completes for a program, not for a module
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="\n\n".join(
            ("Examples:", *(f"{called()} {example}" for example in EXAMPLES.values()), EXIT_CODES)
        ),
        callback=options,
    )
    for name in names:
        example = f"Example: {called()} {EXAMPLES[name]}\n\n" if name in EXAMPLES else ""
        made.command(name, cls=Command, epilog=example + EXIT_CODES)(_command(name))
    return made


def options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Show the version."),
    ] = False,
) -> None:
    """A model-checked specification of TCP's connection lifecycle (RFC 9293)."""
    load_installed()


@cache
def _whole() -> typer.Typer:
    return application()


def __getattr__(name: str) -> typer.Typer:
    """``app``, made when it is first wanted."""
    if name == "app":
        return _whole()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _spread(argv: list[str]) -> list[str]:
    """Let ``--rules a=b c=d`` stand for ``--rules a=b --rules c=d``, and the same for bounds; and
    ``--rules=a=b c=d``."""
    spread: list[str] = []
    option = ""
    for word in argv:
        if option and spread[-1] != option and "=" in word and not word.startswith("-"):
            spread += [option, word]
            continue
        if word.startswith(("--rules=", "--bounds=")):
            name, _, value = word.partition("=")
            spread += [option := name, value]
            continue
        if word in ("--rules", "--bounds"):
            option = word
        elif not option or spread[-1] != option:
            option = ""
        spread.append(word)
    return spread


_INTERRUPTED = 130  # what typer makes of a KeyboardInterrupt


def main() -> None:
    """Run the command line; every problem is one line and an exit code, never a traceback."""
    streams.protect()
    for asked in INTERRUPTS:
        if signal.getsignal(asked) != signal.SIG_IGN:  # as nohup wants it
            signal.signal(asked, signal.default_int_handler)
    try:
        code = _run()
        sys.stdout.flush()
    except Problem as problem:  # the last of the output could not be written
        code = _told(str(problem), problem.code)
    finally:
        files.release()
    sys.exit(code)


def _run() -> int:
    """The exit code of the command, its problem told if it has one."""
    try:
        words = _spread(sys.argv[1:])
        app = application(words[:1] if words and words[0] in COMMANDS else COMMANDS)
        code = app(words, prog_name=called(), standalone_mode=False)
        if code == _INTERRUPTED:
            return _told("interrupted", INCONCLUSIVE)
        return code if isinstance(code, int) else OK
    except Problem as problem:
        return _told(str(problem), problem.code)
    except typer.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", INCONCLUSIVE)
    except MemoryError:
        return _told(
            "there is no more memory; smaller bounds or fewer --workers need less", INCONCLUSIVE
        )
    except ModuleNotFoundError as error:
        return _told(missing((error.name or "").partition(".")[0]), INTERNAL)
    except Exception as error:
        code = getattr(error, "exit_code", None)  # click's own, for wrong usage
        if isinstance(code, int) and hasattr(error, "format_message"):
            return _told(error.format_message(), code)
        refused = refusal(error) if isinstance(error, OSError) else None
        if refused is not None:
            return _told(str(refused), refused.code)
        if os.environ.get("CHECKER_DEBUG"):
            raise
        return _told(
            f"internal error: {type(error).__name__}: {error} (CHECKER_DEBUG=1 shows where)",
            INTERNAL,
        )


def _told(what: str, code: int) -> int:
    if what:  # without any arguments, all that is to be said is the help
        say(what)
    return code
