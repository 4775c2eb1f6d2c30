"""What came of the connections of captures: for the terminal, as JSON and JUnit.

A report is written as connections end, so that no capture is too long for it. Each file appears
whole or not at all.
"""

import json
import tempfile
import xml.sax.saxutils as xml
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

from checker.capture.segments import ACK, flags, socket
from checker.conform.connection import Connection, Deviation, Event, Verdict
from checker.conform.totals import Totals, unusual
from checker.dataplane.judge import NOTE, UNJUDGED, VERDICTS, Check
from checker.render import Story, render
from checker.render.text import counted
from checker.stacks import costs
from checker.support import terminal
from checker.support.errors import Problem
from checker.support.files import Whole
from checker.support.paths import named, shown

VERSION = 1
"""Of the JSON. It changes when a member is taken away or means something else."""


@dataclass(slots=True)
class Result:
    """A connection as it is reported."""

    capture: str  # the name of the file, as it is shown
    connection: str
    verdict: Verdict
    reason: str
    sockets: tuple[str, str]
    packets: tuple[int, int]
    life: list[tuple[str, Event]]  # each with the name of the other capture, if there are two
    more: int  # events that are not in it
    segments: list[dict[str, Any]]  # those of the events, and what deviates; of one capture only
    left: tuple[str, str]  # "" of an end that is not judged
    octets: tuple[int, int]
    lacks: tuple[int, int]  # octets that the capture has not
    facts: dict[tuple[str, str], int]  # how often, by end
    unusual: list[str]
    deviation: Deviation | None
    silent: bool = False  # nothing that the judged end sent could be checked
    data: list[Check] = field(default_factory=list)  # of the data plane, if it is judged

    def as_json(self) -> dict[str, Any]:
        """One entry of ``connections``."""
        return {
            "capture": self.capture,
            "connection": self.connection,
            "client": self.sockets[0],
            "server": self.sockets[1],
            "verdict": self.verdict.value,
            "reason": self.reason,
            "packets": list(self.packets),
            "life": [
                ({"capture": name} if name else {}) | event.as_json() for name, event in self.life
            ],
            "more_events": self.more,
            "segments": self.segments,
            "octets": list(self.octets),
            "lacks": list(self.lacks),
            "left": list(self.left),
            "facts": [
                {"end": end, "fact": fact, "count": count}
                for (end, fact), count in self.facts.items()
            ],
            "unusual": self.unusual,
            "deviation": self.deviation.as_json() if self.deviation is not None else None,
            "data": [check.as_json() for check in self.data],
        }


def result(capture: str, connection: Connection, data: Sequence[Check] = ()) -> Result:
    """What is kept of a connection that has ended, and of which ``data`` was judged."""
    a, b = (socket(one) for one in connection.flow.sockets)
    one, other = (
        state if connection.flow.at in (None, side) else ""
        for side, state in enumerate(connection.states)
    )
    verdict, reason = joined(connection.verdict, connection.reason, data)
    return Result(
        capture,
        connection.name,
        verdict,
        reason,
        (a, b),
        (connection.first, connection.last),
        [("", event) for event in connection.life],
        connection.more,
        _segments(connection),
        (one, other),
        (connection.octets[0], connection.octets[1]),
        (connection.lacks[0], connection.lacks[1]),
        connection.counts,
        unusual(connection),
        connection.deviation,
        silent=connection.silent,
        data=list(data),
    )


def _segments(connection: Connection) -> list[dict[str, Any]]:
    """The segments at which something happened, as ``segments`` has them."""
    named = {event.packet for event in connection.life}
    if connection.deviation is not None:
        named |= {connection.deviation.segment, connection.deviation.refused}
    return [
        {
            "packet": p.number,
            "end": "AB"[p.side],
            "seconds": round(p.time - connection.began, 6),
            "flags": flags(p.flags),
            "seq": p.seq,
            "ack": p.ack if p.flags & ACK else None,
            "text": p.text,
            "window": p.wnd,
        }
        for p in connection.turns
        if p.number in named
    ]


def joined(verdict: Verdict, reason: str, data: Sequence[Check]) -> tuple[Verdict, str]:
    """The verdict of a connection together with that of its data plane."""
    bad = [
        (one.packet, f"packet {one.packet}: {one.section}: {one.text}")
        for check in data
        for one in check.found
        if one.level != NOTE
    ]
    if bad and verdict in (Verdict.CONFORMS, Verdict.INCONCLUSIVE):
        return Verdict.DEVIATES, min(bad)[1] + (f" ({reason})" if reason else "")
    unjudged = [f"{check.name}: {check.doubts[0]}" for check in data if check.verdict == UNJUDGED]
    if unjudged and verdict is Verdict.CONFORMS:
        more = f" (and {len(unjudged) - 1} more)" if unjudged[1:] else ""
        return Verdict.INCONCLUSIVE, f"data: {unjudged[0]}{more}" + (
            f"; {reason}" if reason else ""
        )
    return verdict, reason


@dataclass(frozen=True, slots=True)
class Show:
    """Which connections are told on the terminal; reports have them all."""

    verbose: bool = False
    only: frozenset[Verdict] = frozenset(Verdict)
    state: str = ""  # that an end is left in
    most: int = 100  # of each verdict; 0: no limit

    def wants(self, verdict: Verdict, left: tuple[str, str]) -> bool:
        """Apart from how many there are."""
        states = {state for side in left for state in side.split(" or ")}
        return verdict in self.only and (not self.state or self.state in states)


class Told(NamedTuple):
    """What is to be written of a connection."""

    capture: str
    connection: str
    verdict: Verdict
    left: tuple[str, str]
    unusual: list[str]
    sockets: tuple[str, str]
    checks: list[tuple[str, str]]  # of the data plane, with their verdicts
    json: str  # "" if nobody asks for it
    case: str  # of JUnit
    lines: list[str] | None  # for the terminal; None: it is not wanted, or there are too many
    segment: int  # that deviates
    story: Story | None


@dataclass(slots=True)
class Teller:
    """Says what is to be written; there may be one in each of several processes."""

    show: Show
    json: bool = False
    junit: bool = False
    told: Counter[Verdict] = field(default_factory=Counter)

    def tell(self, one: Result, story: Story | None) -> Told:
        """One connection has come to its end."""
        found, most = None, self.show.most
        if self.show.wants(one.verdict, one.left) and (not most or self.told[one.verdict] < most):
            self.told[one.verdict] += 1
            found = list(lines(one, self.show.verbose))
        return Told(
            one.capture,
            one.connection,
            one.verdict,
            one.left,
            one.unusual,
            one.sockets,
            [(check.name, check.verdict) for check in one.data],
            json.dumps(one.as_json()) if self.json else "",
            _case(one) if self.junit else "",
            found,
            one.deviation.segment if one.deviation is not None else 0,
            story,
        )


@dataclass(slots=True)
class Output:
    """Where results go, one by one."""

    json: Whole | None = None
    junit: Whole | None = None
    cases: IO[str] | None = None  # of ``junit``, in which their numbers come first
    svg: Path | None = None
    show: Show = field(default_factory=Show)
    counts: Counter[Verdict] = field(default_factory=Counter)
    told: Counter[Verdict] = field(default_factory=Counter)  # of those on the terminal
    untold: int = 0  # that there was no room for
    totals: Totals = field(default_factory=Totals)
    summary: list[dict[str, Any]] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)  # names of files
    troubles: list[str] = field(default_factory=list)  # of listeners
    data: dict[str, Counter[str]] = field(default_factory=dict)  # verdicts, by check
    problem: Problem | None = None  # the first picture that could not be drawn

    def start(self) -> None:
        """The beginnings of the files."""
        if self.json is not None:
            self.json.write(f'{{"version": {VERSION}, "connections": ['.encode())
        if self.junit is not None:
            self.cases = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (kept open)

    def teller(self) -> Teller:
        """Who says what is to be written here."""
        return Teller(self.show, self.json is not None, self.junit is not None)

    def tell(self, one: Told) -> None:
        """One connection has come to its end."""
        self.counts[one.verdict] += 1
        if self.json is not None:
            first = "\n" if sum(self.counts.values()) == 1 else ",\n"
            self.json.write((first + one.json).encode())
        if self.cases is not None:
            self.cases.write(one.case)
        self.totals.add(one.verdict, one.left, one.unusual, one.sockets)
        for name, verdict in one.checks:
            self.data.setdefault(name, Counter())[verdict] += 1
        if told := self._told(one):
            assert one.lines is not None
            for line in one.lines:
                print(line)
        if self.svg is not None and one.story is not None:
            words = [Path(one.capture).stem, one.connection, str(one.segment)]
            name = named(words, ".svg", self.drawn)
            self.drawn.add(name)
            try:
                render(one.story, self.svg / name)
            except Problem as problem:
                self.problem = self.problem or problem
                print("    not drawn")
            else:
                if told:
                    print(f"    drawn in {shown(self.svg / name)}")

    def _told(self, one: Told) -> bool:
        """Is this one told on the terminal?"""
        if not self.show.wants(one.verdict, one.left):
            return False
        if self.show.most and self.told[one.verdict] >= self.show.most:
            self.untold += 1
            return False
        self.told[one.verdict] += 1
        return True

    def finish(self) -> None:
        """The totals, and the ends of the files."""
        if self.untold:
            print(f"and {self.untold:,} connections more (--most 0 tells all)")
        for line in chain(self.totals.lines(terminal.room()), _data(self.data), self.troubles):
            print(line)
        if self.json is not None:
            last = {"captures": self.summary, "totals": self.totals.as_json()}
            self.json.write(("\n], " + json.dumps(last)[1:] + "\n").encode())
        if self.junit is not None and self.cases is not None:
            counts = self.counts
            lacking = [*filter(None, map(_lacking, self.summary))]
            errors = counts[Verdict.INCONCLUSIVE] + counts[Verdict.UNSUPPORTED] + len(lacking)
            head = (
                "<?xml version='1.0' encoding='utf-8'?>\n"
                f'<testsuite name="conform" tests="{sum(counts.values()) + len(lacking)}" '
                f'failures="{counts[Verdict.DEVIATES]}" errors="{errors}">\n'
            )
            self.cases.seek(0)
            for text in chain([head], self.cases, lacking, ["</testsuite>\n"]):
                self.junit.write(text.encode())

    def close(self, keep: bool) -> None:
        """Let the files appear, or leave no trace of them."""
        with ExitStack() as all_of_them:
            if self.cases is not None:
                all_of_them.callback(self.cases.close)
            for file in (self.json, self.junit):
                if file is not None:
                    all_of_them.callback(file.close, keep)


def _data(counts: dict[str, Counter[str]]) -> Iterator[str]:
    """How often each check of the data plane came to what, each direction counted."""
    if counts:
        yield "data plane, directions by verdict:"
    for name, found in counts.items():
        told = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS if found[verdict])
        yield f"    {name}: {told}"


def _case(one: Result) -> str:
    name = f"{one.connection} from packet {one.packets[0]}"
    said = f"{one.verdict.value}: {one.reason}"
    kind = "failure" if one.verdict is Verdict.DEVIATES else "error"
    return _testcase(one.capture, name, kind, "" if one.verdict is Verdict.CONFORMS else said)


def _lacking(summary: dict[str, Any]) -> str:
    """A case for what could not be read of a capture; "" if all could."""
    said = [f"{counted(n, 'frame')} not read: {why}" for why, n in summary["unread"].items()]
    if summary["damage"]:
        said.append(summary["damage"])
    return _testcase(summary["capture"], "all of it is read", "error", "; ".join(said)) * bool(said)


def _testcase(of: str, name: str, kind: str, message: str) -> str:
    head = f"  <testcase classname={xml.quoteattr(of)} name={xml.quoteattr(name)}"
    if not message:
        return head + " />\n"
    return f"{head}>\n    <{kind} message={xml.quoteattr(message)} />\n  </testcase>\n"


def lines(one: Result, verbose: bool) -> Iterator[str]:
    """A connection on the terminal."""
    what = f": {one.reason}" if one.reason else ""
    yield f"{one.capture}: {one.connection} (packets {one.packets[0]}-{one.packets[1]}): " + (
        f"{one.verdict.value}{what}"
    )
    if verbose or one.verdict is Verdict.DEVIATES:
        for name, event in one.life:
            yield f"    {name} {event}" if name else f"    {event}"
        if one.more:
            yield f"    and {one.more} more"
        for end, octets in zip("AB", one.octets, strict=True):
            if octets:
                yield f"    {end} sent {octets} octets of text"
        for (end, fact), count in one.facts.items():
            if count > 3:
                yield f"    {end}: {fact}: {count} times"
        for end, state in zip("AB", one.left, strict=True):
            if state:
                yield f"    {end} is left in {state}"
    for check in one.data:
        yield from (f"    {line}" for line in check.lines("AB"[check.side], verbose))
    if (found := one.deviation) is not None:
        yield f"    packet {found.segment}, sent by {found.sender}: {found.text}"
        for candidate in found.candidates:
            yield f"      a state before it:  {candidate}"
        yield f"      the rule against it: {found.rule}"
        if found.nearest:
            yield f"      nearest allowed:     {found.nearest}"
        for i, name in enumerate(found.departures):
            yield f"      {'or' if i else 'explained'} by:        --rules {name}"
            yield from (f"        {line}" for line in costs.told(name))
        for name in found.habits:
            yield f"      known:               {name}"
        others = [str(number) for number in found.culprits if number != found.segment]
        if others and not found.departures:
            yield f"      or not sent by it:   packet {', '.join(others)} alone"
        if found.forged and not found.departures:
            yield "      all that follows is explained if the sender did not send it (forged?)"
