"""``narrate``: a capture is followed, told on the terminal, and written as JSON and HTML."""

import sys
from pathlib import Path

from checker.conform.behaviour import Behaviour
from checker.conform.connection import Connection
from checker.conform.follow import Position
from checker.conform.ladder import story
from checker.conform.report import Output, Show, result
from checker.conform.run import follow
from checker.narrate import narration, page
from checker.narrate.contents import Contents, Tap
from checker.render import Story
from checker.render.text import counted
from checker.support import terminal
from checker.support.errors import INCONCLUSIVE, OK
from checker.support.files import apart, write, write_json
from checker.support.paths import shown


def narrate(
    capture: Path,
    behaviour: Behaviour,
    position: Position,
    out_html: Path | None = None,
    out_json: Path | None = None,
    show: Show | None = None,
    port: int | None = None,
) -> int:
    """Tell what happened; the exit code."""
    apart((out_html, out_json), [capture])
    show = show or Show()
    drawn = page.DRAWN if out_html is not None else 0
    found = gather(capture, behaviour, position, drawn, show, port)
    for line in narration.lines(found, show.most, terminal.room()):
        print(line)
    if out_json is not None:
        write_json(out_json, found.as_json())
    if out_html is not None:
        drawn = sum(one.story is not None for one in found.connections)
        if drawn:
            print(f"drawing {drawn} connections", file=sys.stderr)
        write(out_html, page.page(found).encode())
    something = found.lookups or found.connections or (port is not None and found.listeners)
    if not something and port is None:  # of a port that is told already
        print(f"{shown(capture)}: nothing to tell: {_nothing(found)}", file=sys.stderr)
    whole = not found.summary["damage"] and not found.summary["unread"]
    return OK if something and whole else INCONCLUSIVE


def _nothing(found: narration.Narration) -> str:
    """Why there is nothing to tell of a capture."""
    if count := found.totals.connections:
        return f"--only and --state leave none of {counted(count, 'connection')}"
    return "no DNS question and no TCP connection"


def gather(
    capture: Path,
    behaviour: Behaviour,
    position: Position,
    drawn: int = 0,
    show: Show | None = None,
    port: int | None = None,
) -> narration.Narration:
    """All that there is to tell; with the pictures of the first ``drawn`` connections to end.

    Of connections that are not to be shown, there are only the totals. ``port``: only what became
    of the SYNs to that port.
    """
    tap, output = Tap(port, drawn > 0), Output()
    connections: list[narration.Told] = []
    more = 0

    def done(connection: Connection) -> None:
        nonlocal more
        contents = tap.close(connection)
        one = result("", connection)
        output.totals.add(one.verdict, one.left, one.unusual, one.sockets)
        wanted = show is None or show.wants(one.verdict, one.left)
        if not wanted or len(connections) >= narration.TOLD:
            more += wanted
            for stream in contents.streams:
                stream.forget()
            return
        told = narration.of_connection(connection, contents, tap.names.of, tap.began or 0.0)
        if len(connections) < drawn and contents.first:
            told.story = _ladder(connection, contents, told)
            told.plots = narration.plots(told, contents, tap.began or 0.0)
        connections.append(told)

    follow(capture, behaviour, position, done, output, tap.read)
    connections.sort(key=lambda one: one.first)
    (summary,) = output.summary
    return narration.Narration(
        tap.names.lookups, tap.names.more, connections, more, tap.began or 0.0, summary,
        output.totals, tap.listeners.finish(), port,
    )  # fmt: skip


def _ladder(connection: Connection, contents: Contents, one: narration.Told) -> Story:
    packets = [*contents.first, *contents.last]
    said: dict[int, tuple[str, str]] = {}
    for exchange in one.exchanges:
        if exchange.packet is not None:
            said[exchange.packet] = (f"{exchange.method} {exchange.target}", "")
        if exchange.answer is not None:
            said[exchange.answer] = (f"status {exchange.status}", "")
    left_out = contents.packets - len(packets)
    if left_out:
        number = contents.last[0][1].number
        words = said.get(number, ("", ""))[0]
        said[number] = (words, f"{left_out} segments before this one are not drawn")
    ends = "; ".join(f"{who} {state}" for who, state in zip("AB", one.left, strict=True) if state)
    return story(connection, packets, one.name, f"{one.verdict.value}: {ends}", said)
