"""``conform``: captures followed through the specification."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.cli import given
from checker.cli.options import (
    AtOption,
    LeftOption,
    StackRulesOption,
    VerdictsOption,
    names_of,
    to_read,
)
from checker.support.errors import UsageProblem
from checker.support.paths import shown


def _assumptions() -> list[str]:
    from checker.conform.assumptions import WORDS

    return [word.removesuffix("SECONDS").removesuffix("STATE") for word in WORDS]


def conform(
    captures: Annotated[list[Path], typer.Argument(metavar="CAPTURE ...", callback=to_read)],
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report here.")] = None,
    rules: StackRulesOption = None,
    at: AtOption = "middle",
    arrived: Annotated[
        bool,
        typer.Option(
            "--arrived/--not-arrived",
            help="With --at: what the capture has on its way to that end has arrived.",
        ),
    ] = True,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="no-abort|fresh-isn|rate-limits|user-timeout>SECONDS|state=STATE",
            help="What the capture does not show; the verdict then rests on it.",
            autocompletion=names_of(_assumptions),
        ),
    ] = None,
    data: Annotated[
        bool,
        typer.Option("--data", help="Judge the data plane, too: windows, probes, timeouts."),
    ] = False,
    peer_capture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The same connections, captured at the other end.",
            callback=to_read,
        ),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw each deviation, in this folder.")
    ] = None,
    only: VerdictsOption = None,
    state: LeftOption = "",
    most: Annotated[
        int, typer.Option(min=0, help="Tell at most so many of each verdict; 0: all of them.")
    ] = 100,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the states of every connection.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            help="Processes, at most 8, that share the connections of a capture. The report is the "
            "same.",
        ),
    ] = 1,
    bench: Annotated[
        bool, typer.Option("--bench", help="Only measure, beside tshark and tcptrace.")
    ] = False,
) -> None:
    """Follow the TCP connections of captures (pcap, pcapng) through the specification.

    - is standard input. A table of sockets is explained as by the command sockets.
    """
    from checker.conform import behaviour, run, speed
    from checker.conform.data import timing
    from checker.sockets.table import is_table

    if any(map(is_table, captures)):
        from checker.sockets.run import explain

        given.only("a table of sockets", "captures", "json")
        if len(captures) > 1:
            raise UsageProblem("a table of sockets goes alone: name one file")
        print(f"{shown(captures[0])} is a table of sockets, and no capture", file=sys.stderr)
        raise typer.Exit(explain(captures[0], json))
    if bench:
        given.only("--bench", "captures")
        _read_again("--bench", captures)
        for line in speed.timed(captures):
            print(line)
        return
    if peer_capture is not None:
        given.without("--peer-capture", "at", "workers")
        _read_again("--peer-capture", [*captures, peer_capture])
    if at == "middle":
        given.needs("--at, and not the middle", "arrived")
    chosen = behaviour.choose(rules or [], assume or [], arrived)
    show = run.choose(only or [], state, most, verbose)
    judged = timing(rules or []) if data else None
    done = run.conform(captures, chosen, at, peer_capture, json, junit, svg, show, judged, workers)
    raise typer.Exit(done)


def _read_again(what: str, captures: list[Path]) -> None:
    """Raise UsageProblem if a capture can be read only once, as a pipe can."""
    for capture in captures:
        if capture.exists() and not capture.is_file():
            raise UsageProblem(f"{what} reads {shown(capture)} more than once: name a file")
