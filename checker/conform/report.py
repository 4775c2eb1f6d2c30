"""What came of the connections of captures: for the terminal, as JSON and JUnit, and drawn.

A report is written as connections end, so that no capture is too long for it. Each file appears
whole or not at all.
"""

import gc
import json
import os
import re
import secrets
import sys
import time
import xml.sax.saxutils as xml
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from checker.capture import Damage, Frame, Packet, Unread, frames, read
from checker.capture.segments import CONTROL, socket
from checker.conform.behaviour import Behaviour
from checker.conform.connection import Connection, Deviation, Verdict
from checker.conform.follow import MIDDLE, Follower, Position
from checker.conform.judge import describe
from checker.render import Line, Message, Story, render
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.files import apart
from spec.tcp.tcb import State

_WORST = [Verdict.DEVIATES, Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE, Verdict.CONFORMS]
MATCHED = 5_000
"""Segments of two captures that are compared to learn which was taken where."""
COLLECTED = 1_000_000
"""Objects more than before, at which Python looks for cycles. What is followed has few."""
DRAWN = 20
"""Segments in the picture of a deviation."""


@dataclass(slots=True)
class Result:
    """A connection as it is reported."""

    capture: str
    connection: str
    verdict: Verdict
    reason: str
    packets: tuple[int, int]
    life: list[str]
    deviation: Deviation | None
    title: str = ""

    def as_json(self) -> dict[str, Any]:
        """One entry of ``connections``."""
        return {
            "capture": self.capture,
            "connection": self.connection,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "packets": list(self.packets),
            "life": self.life,
            "deviation": self.deviation.as_json() if self.deviation is not None else None,
        }


def result(capture: str, connection: Connection) -> Result:
    """What is kept of a connection that has ended."""
    return Result(
        capture,
        connection.name,
        connection.verdict,
        connection.reason,
        (connection.first, connection.last),
        connection.life,
        connection.deviation,
    )


class _Whole:
    """A file that appears when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.beside = path.parent / f".{secrets.token_hex(8)}.tmp"
        self.file: IO[str] = self.beside.open("x", encoding="utf-8")

    def close(self, keep: bool) -> None:
        self.file.close()
        if keep:
            os.replace(self.beside, self.path)
        else:
            self.beside.unlink(missing_ok=True)


@dataclass(slots=True)
class Output:
    """Where results go, one by one."""

    json: _Whole | None = None
    junit: _Whole | None = None
    svg: Path | None = None
    verbose: bool = False
    counts: Counter[Verdict] = field(default_factory=Counter)
    summary: list[dict[str, Any]] = field(default_factory=list)
    drawn: int = 0

    def start(self) -> None:
        """The beginnings of the files."""
        if self.json is not None:
            self.json.file.write('{"connections": [')

    def tell(self, one: Result, story: Story | None) -> None:
        """One connection has come to its end."""
        self.counts[one.verdict] += 1
        if self.json is not None:
            first = "\n" if sum(self.counts.values()) == 1 else ",\n"
            self.json.file.write(first + json.dumps(one.as_json()))
        if self.junit is not None:
            self.junit.file.write(_case(one))
        for line in lines(one, self.verbose):
            print(line)
        if self.svg is not None and story is not None:
            self.drawn += 1
            name = re.sub(r"[^A-Za-z0-9.]+", "_", f"{Path(one.capture).stem}_{one.connection}")
            assert one.deviation is not None
            path = self.svg / f"{name}_{one.deviation.segment}.svg"
            render(story, path)
            print(f"    drawn in {path}")

    def finish(self) -> None:
        """The ends of the files."""
        if self.json is not None:
            self.json.file.write('\n], "captures": ' + json.dumps(self.summary) + "}\n")
        if self.junit is not None:
            self._junit()

    def _junit(self) -> None:
        """The cases are written; the counts come before them."""
        assert self.junit is not None
        body = self.junit
        body.file.close()
        whole = _Whole(body.path)
        counts = self.counts
        errors = counts[Verdict.INCONCLUSIVE] + counts[Verdict.UNSUPPORTED]
        whole.file.write(
            "<?xml version='1.0' encoding='utf-8'?>\n"
            f'<testsuite name="conform" tests="{sum(counts.values())}" '
            f'failures="{counts[Verdict.DEVIATES]}" errors="{errors}">\n'
        )
        with body.beside.open(encoding="utf-8") as cases:
            for line in cases:
                whole.file.write(line)
        whole.file.write("</testsuite>\n")
        body.beside.unlink()
        self.junit = whole

    def close(self, keep: bool) -> None:
        """Let the files appear, or leave no trace of them."""
        for file in (self.json, self.junit):
            if file is not None:
                file.close(keep)


def _case(one: Result) -> str:
    name = f"{one.connection} from packet {one.packets[0]}"
    head = f"  <testcase classname={xml.quoteattr(one.capture)} name={xml.quoteattr(name)}"
    if one.verdict is Verdict.CONFORMS:
        return head + " />\n"
    kind = "failure" if one.verdict is Verdict.DEVIATES else "error"
    said = xml.quoteattr(f"{one.verdict.value}: {one.reason}")
    return f"{head}>\n    <{kind} message={said} />\n  </testcase>\n"


def lines(one: Result, verbose: bool) -> Iterator[str]:
    """A connection on the terminal."""
    what = f": {one.reason}" if one.reason else ""
    yield f"{one.capture}: {one.connection} (packets {one.packets[0]}-{one.packets[1]}): " + (
        f"{one.verdict.value}{what}"
    )
    if verbose or one.verdict is Verdict.DEVIATES:
        yield from (f"    {line}" for line in one.life)
    if (found := one.deviation) is not None:
        yield f"    packet {found.segment}, sent by {found.sender}: {found.text}"
        for candidate in found.candidates:
            yield f"      a state before it:  {candidate}"
        yield f"      the rule against it: {found.rule}"
        if found.nearest:
            yield f"      nearest allowed:     {found.nearest}"
        if found.departures:
            names = " ".join(f"{name}=on" for name in found.departures)
            yield f"      explained by:        --rules {names}"
        elif found.forged:
            yield "      all that follows is explained if the sender did not send it (forged?)"


def conform(
    captures: Sequence[Path],
    behaviour: Behaviour,
    at: str = "",
    peer: Path | None = None,
    out_json: Path | None = None,
    out_junit: Path | None = None,
    svg: Path | None = None,
    verbose: bool = False,
) -> int:
    """Follow captures; the exit code."""
    apart((out_json, out_junit), [*captures, *([peer] if peer is not None else [])])
    if svg is not None:
        try:
            svg.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
            raise UsageProblem(f"cannot write to {str(svg)!r}: {why}") from error
    output = Output(svg=svg, verbose=verbose)
    done = False
    try:
        output.json = _Whole(out_json) if out_json is not None else None
        output.junit = _Whole(out_junit) if out_junit is not None else None
        output.start()
        if peer is not None:
            if len(captures) != 1:
                raise UsageProblem("--peer-capture goes with one capture")
            _both(captures[0], peer, behaviour, output)
        else:
            for capture in captures:
                _one(capture, behaviour, position(at), output)
        output.finish()
        done = True
    finally:
        output.close(done)
    counts = output.counts
    print(
        ", ".join(f"{counts[v]} {v.value}" for v in Verdict if counts[v]) or "no connections",
        file=sys.stderr,
    )
    if counts[Verdict.DEVIATES]:
        return VIOLATED
    damaged = any(s["damage"] for s in output.summary)
    whole = counts[Verdict.CONFORMS] == sum(counts.values()) > 0 and not damaged
    return OK if whole else INCONCLUSIVE


def position(words: str) -> Position:
    """From ``--at``: an address, ``client``, ``server`` or ``middle``."""
    import ipaddress

    if words in ("", "middle"):
        return MIDDLE
    if words in ("client", "server"):
        return Position(role=words)
    try:
        return Position(frozenset({ipaddress.ip_address(words).packed}))
    except ValueError:
        raise UsageProblem(f"--at {words!r} is not an address, client, server or middle") from None


def _one(capture: Path, behaviour: Behaviour, where: Position, output: Output) -> None:
    def done(connection: Connection) -> None:
        drawing = output.svg is not None and connection.deviation is not None
        output.tell(result(str(capture), connection), picture(connection) if drawing else None)

    follow(capture, behaviour, where, done, output)


def follow(
    capture: Path,
    behaviour: Behaviour,
    where: Position,
    done: Callable[[Connection], None],
    output: Output,
    reader: Callable[[Follower, Iterable[Frame]], Iterable[Packet | Unread]] | None = None,
) -> None:
    """One capture, from its beginning to its end or to where it is damaged.

    ``reader`` is who reads the frames, if more is to be seen of them than the segments.
    """
    follower = Follower(behaviour, where, done)
    began = time.monotonic()
    damage = ""
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED, *usual[1:])
    try:
        watched = _watched(frames(capture), str(capture), began)
        follower.feed(read(watched) if reader is None else reader(follower, watched))
    except Damage as error:
        damage = str(error)
    finally:
        gc.set_threshold(*usual)
    follower.finish()
    if damage:
        print(f"{capture}: {damage}; what came before was followed", file=sys.stderr)
    for why, count in follower.unread.items():
        print(f"{capture}: {count} frames not read: {why}", file=sys.stderr)
    output.summary.append(
        {
            "capture": str(capture),
            "segments": follower.segments,
            "unread": dict(follower.unread),
            "damage": damage,
        }
    )


def _watched(items: Iterable[Frame], name: str, began: float) -> Iterator[Frame]:
    """Tell now and then how far it is."""
    told = began + 2
    for number, frame in enumerate(items):
        if not number & 0x3FFF and time.monotonic() > told:
            told = time.monotonic() + 10
            seconds = time.monotonic() - began
            print(f"{name}: {number:,} frames, {number / seconds:,.0f}/s", file=sys.stderr)
        yield frame


# Two captures of the same connections


def _both(capture: Path, peer: Path, behaviour: Behaviour, output: Output) -> None:
    """Each end is judged by the capture that was taken there.

    All results are kept until both captures were followed; the connections are not.
    """
    here, there = _places(capture, peer)
    found: list[dict[str, list[tuple[Result, Story | None]]]] = []
    for path, where in ((capture, here), (peer, there)):
        results: dict[str, list[tuple[Result, Story | None]]] = {}

        def done(
            connection: Connection,
            results: dict[str, list[tuple[Result, Story | None]]] = results,
            path: Path = path,
        ) -> None:
            key = "-".join(sorted(connection.name.split("-")))
            drawing = output.svg is not None and connection.deviation is not None
            drawn = picture(connection) if drawing else None
            results.setdefault(key, []).append((result(str(path), connection), drawn))

        follow(path, behaviour, where, done, output)
        found.append(results)
    for key in dict.fromkeys([*found[0], *found[1]]):
        mine, theirs = found[0].get(key, []), found[1].get(key, [])
        for i in range(max(len(mine), len(theirs))):
            pair = [side[i] for side in (mine, theirs) if i < len(side)]
            worst = min((one for one, _ in pair), key=lambda one: _WORST.index(one.verdict))
            silent = [one for one, _ in pair if one.reason.startswith("nothing to check")]
            if worst in silent and len(silent) < len(pair):
                worst = next(one for one, _ in pair if one not in silent)
            drawn = next(story for one, story in pair if one is worst)
            joined = Result(
                str(capture), pair[0][0].connection, worst.verdict, worst.reason,
                pair[0][0].packets,
                [f"{Path(one.capture).name} {line}" for one, _ in pair for line in one.life],
                worst.deviation,
            )  # fmt: skip
            output.tell(joined, drawn)


def _places(capture: Path, peer: Path) -> tuple[Position, Position]:
    """Which ends the two captures were taken at.

    A segment takes its time from its sender's end to the other. The clocks of the two may differ,
    but by the same amount for both directions: so the end whose segments are later in the peer
    capture is the one of the first capture.
    """
    seen: dict[tuple[object, ...], float] = {}
    for key, at in _marks(capture):
        seen.setdefault(key, at)
    sums: dict[tuple[bytes, bytes], list[float]] = {}
    for key, at in _marks(peer):
        if key in seen:
            src, dst = key[0][:-2], key[1][:-2]  # type: ignore[index]
            sums.setdefault((src, dst), []).append(at - seen.pop(key))
    here: set[bytes] = set()
    there: set[bytes] = set()
    for (src, dst), later in sums.items():
        back = sums.get((dst, src))
        if back and min(later) > min(back):
            here.add(src)
            there.add(dst)
    if not here and not seen and not sums:
        return MIDDLE, MIDDLE  # both are empty
    if not here:
        raise UsageProblem(
            f"cannot tell which ends {str(capture)!r} and {str(peer)!r} were taken at: they have "
            "no connection in common that was seen in both directions"
        )
    return Position(frozenset(here)), Position(frozenset(there))


def _marks(path: Path) -> Iterator[tuple[tuple[object, ...], float]]:
    number = 0
    try:
        for item in read(frames(path)):
            if isinstance(item, Packet):
                number += 1
                if number > MATCHED:
                    return
                key = (item.src, item.dst, item.seq, item.ack, item.flags & CONTROL, item.text)
                yield key, item.time
    except Damage:
        return


# The picture of a deviation


def picture(connection: Connection) -> Story:
    """The segments before a deviation and itself, which is marked, as a ladder."""
    found = connection.deviation
    assert found is not None
    packets = list(zip(found.sides, found.seen, strict=True))[-DRAWN:]
    rule, nearest = found.rule, found.nearest
    return story(
        connection,
        packets,
        f"{connection.name}: packet {found.segment} deviates",
        f"packet {found.segment}, {found.text}: {rule}",
        {found.segment: ("no state sends this", f"nearest allowed: {nearest}" if nearest else "")},
    )


def story(
    connection: Connection,
    packets: Sequence[tuple[int, Packet]],
    title: str,
    verdict: str,
    said: Mapping[int, tuple[str, str]],
) -> Story:
    """Segments of a connection as a ladder, with the states of both ends beside them.

    Lines have the numbers of their packets. ``said``: what else there is to say of a packet, and a
    note. The deviation is marked.
    """
    found = connection.deviation
    names = [socket(s) for s in connection.flow.sockets]
    told: list[Line] = []
    initial = _states(connection, packets[0][1].number - 1)
    for side, p in packets:
        # What it does at the other end, it does when it arrives.
        before, after = _states(connection, p.number - 1), _states(connection, p.number)
        states = (before[0], after[1]) if side else (after[0], before[1])
        wrong = found is not None and p.number == found.segment
        message = Message(p.number, side, describe(p), mark="deviates" if wrong else "")
        rule = found.rule if found is not None and wrong else ""
        words, note = said.get(p.number, ("", ""))
        notes = (note,) if note else ()
        told.append(
            Line(p.number, side, words or "sent", rule, None, False, (), (message,), states,
                 notes=notes)
        )  # fmt: skip
        told.append(Line(p.number, 1 - side, "arrives", "", message, False, (), (), after))
    return Story(title, (names[0], names[1]), initial, tuple(told), verdict, found is not None)


def _states(connection: Connection, number: int) -> tuple[str, str]:
    """What the ends were in after a packet, by the likeliest explanation."""
    found = []
    for edges in connection.edges:
        state = next((before for _, before, _ in edges), State.CLOSED)
        if edges and edges[0][1:] == (State.CLOSED, State.LISTEN):
            state = State.LISTEN  # it listened before anybody came
        for at, _, after in edges:
            if at <= number:
                state = after
        found.append(state.value)
    return found[0], found[1]
