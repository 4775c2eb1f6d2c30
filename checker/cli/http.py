"""``http``: what requests cost, when ports run out, how long a kept connection is safe."""

from fractions import Fraction
from typing import Annotated

import typer

from checker.cli import given
from checker.support.errors import OK, VIOLATED, UsageProblem


def http(
    requests: Annotated[
        int, typer.Option(min=1, help="Requests of one client to one server.")
    ] = 10,
    rate: Annotated[
        str | None, typer.Option(metavar="N", help="Connections a second that a client opens.")
    ] = None,
    ports: Annotated[int, typer.Option(min=1, help="Ports that a client has.")] = 28232,
    time_wait: Annotated[
        str, typer.Option(metavar="SECONDS", help="How long TIME-WAIT is.")
    ] = "60",
    hold: Annotated[
        str, typer.Option(metavar="SECONDS", help="How long a connection is open.")
    ] = "0",
    server_idle: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="The idle limit of a server.")
    ] = None,
    delay: Annotated[
        str,
        typer.Option(metavar="SECONDS", help="From SEND to arrival at most, sent again or not."),
    ] = "0.5",
    backlog: Annotated[
        int | None, typer.Option(min=1, max=1000, help="The backlog of a listener.")
    ] = None,
    clients: Annotated[
        int, typer.Option(min=1, max=2000, help="Clients that all connect at once.")
    ] = 100,
    accepts: Annotated[
        int, typer.Option(min=0, help="Connections that the application accepts in a second.")
    ] = 10,
    search: Annotated[
        bool, typer.Option("--search", help="Search for the idle limits that are safe, in ticks.")
    ] = False,
) -> None:
    """Say what requests cost: connections, TIME-WAITs, ports, and how long to keep one open."""
    from checker.studies import http as study

    if search:
        given.only("--search")
        rows = study.margins()
        print(study.margin_table(rows), end="")
        raise typer.Exit(OK if all(row.longest == row.formula for row in rows) else VIOLATED)
    if server_idle is None:
        given.needs("--server-idle SECONDS", "delay")
    if backlog is None:
        given.needs("--backlog N", "clients", "accepts")
    wait, held = _seconds("--time-wait", time_wait), _seconds("--hold", hold)
    idle = None if server_idle is None else _seconds("--server-idle", server_idle)
    late = _seconds("--delay", delay)
    if wait + held == 0:
        raise UsageProblem("--time-wait and --hold are both 0: ports never run out")
    wanted = None if rate is None else _seconds("--rate", rate)
    if wanted == 0:
        raise UsageProblem("--rate: 0 connections a second need no port")
    print(study.cost_table(requests))
    print(study.ports_text(ports, wait, held, wanted), end="")
    if idle is not None:
        print()
        print(study.idle_text(idle, late), end="")
    if backlog is not None:
        print()
        print(study.connected_table(backlog, clients, accepts), end="")


def _seconds(option: str, text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageProblem(f"{option}: {text!r} is no number") from None
    if value < 0:
        raise UsageProblem(f"{option}: {text!r} is negative")
    return value
