"""Facts as a table: what a project's scripts expect of a stack, and what the specification says.

A fact is found again in every script that says the same; it stands once, with the first script and
their number. The table has what was derived from the scripts, and none of them: replaying it needs
no clone. It is a tree: a row is an event after that of another row, and is a fact if an answer to
it is known.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from checker.stacks.foreign import learned
from checker.stacks.foreign.answers import ANY, foretold, holds, joined, same, told_of
from checker.stacks.foreign.host import Done, Host, Setup, answer
from checker.stacks.foreign.script import variants
from checker.stacks.foreign.sources import THEIRS, Source
from checker.stacks.foreign.terms import settings, switches
from checker.stacks.foreign.walk import Seen, Walk, walk
from checker.stacks.profile import Departure
from spec.rules import Rules

AGREES = "agrees"  # with RFC 9293's own rules
SWITCHES = "switches"  # with those of the stack's profile
DEPARTURE = "departure"  # the stack's, known by name
THEIR_ERROR = "theirs"  # an error of the scripts, told
UNEXPLAINED = "unexplained"
VERDICTS = (AGREES, SWITCHES, DEPARTURE, THEIR_ERROR, UNEXPLAINED)


class Start(NamedTuple):
    """What a host is set up with before the first event, and settings that change an answer."""

    setup: Setup = Setup()
    settings: tuple[str, ...] = ()


@dataclass(slots=True)
class Fact:
    """In a state, to which ``drive`` leads, on this event, scripts expect this answer."""

    start: Start
    drive: tuple[str, ...]
    state: str  # under the rules of the stack
    event: str
    wants: tuple[str, ...]
    told: tuple[str, ...] = ()
    says: str = ""  # the word of #ifdef, if it stands under one
    verdict: str = ""
    reason: str = ""  # switches, or the departure's name, or what is wrong with the scripts
    ours: tuple[str, ...] = ()  # the answer of RFC 9293's own rules, where it is another
    script: str = ""  # the first that says so
    number: int = 0  # how many do

    def key(self) -> tuple[object, ...]:
        """What makes it the same fact."""
        return (self.start, self.drive, self.event, self.wants, self.told, self.says)


@dataclass(slots=True)
class Table:
    """The facts of one project, and what was not read of it."""

    source: str
    commit: str
    facts: list[Fact] = field(default_factory=list)
    scripts: int = 0
    walks: int = 0  # a script with #ifdef is walked through once for each word
    whole: int = 0  # ... to its end
    events: int = 0
    unseen: int = 0
    ended: dict[str, int] = field(default_factory=dict)  # walks, by why they ended early

    def counts(self) -> Counter[str]:
        """How many facts have each verdict."""
        return Counter(fact.verdict for fact in self.facts)


# Deriving


def derive(source: Source, folder: Path, commit: str) -> Table:
    """Read a clone's scripts."""
    table = Table(source.name, commit)
    found: dict[tuple[object, ...], Fact] = {}
    ended: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.pkt")):
        name = str(path.relative_to(folder))
        if not source.reads(name):
            continue
        table.scripts += 1
        if why := source.skipped(name):
            table.walks += 1
            ended[why] += 1
            continue
        for script in variants(path.read_text()):
            rules, departures = reference(source, script.defined, settings(script))
            seen = walk(script, rules, departures)
            table.walks += 1
            table.unseen += seen.unseen
            table.events += len(seen.facts)
            if seen.ended:
                ended[seen.ended] += 1
            else:
                table.whole += 1
            for each in seen.facts:
                fact = _fact(each, seen, script.defined, name)
                found.setdefault(fact.key(), fact).number += 1
    table.ended = dict(sorted(ended.items(), key=lambda item: (-item[1], item[0])))
    table.facts = list(found.values())
    judged = Judge(source)
    for fact in table.facts:
        judged.judge(fact)
    return table


def derive_by_hand(source: Source, path: Path) -> Table:
    """Take what was read by hand: of tests that are programs."""
    text = tomllib.loads(path.read_text())
    table = Table(source.name, text["commit"], scripts=text["scripts"], ended=text["skipped"])
    found: dict[tuple[object, ...], Fact] = {}
    for reading in text["reading"]:
        drive = tuple(reading.get("drive", ()))
        rows = [(drive, row) for row in reading.get("each", ())]
        for row in reading.get("steps", ()):
            rows.append((drive, row))
            drive = (*drive, row[0])
        for before, (event, *wants) in rows:
            name = text["folder"] + reading["script"]
            fact = Fact(Start(), before, "", event, tuple(wants), script=name)
            found.setdefault(fact.key(), fact).number += 1
            table.events += 1
    table.walks = table.scripts
    table.whole = table.scripts - sum(table.ended.values())
    table.facts = list(found.values())
    judged = Judge(source)
    for fact in table.facts:
        rules, _ = reference(source, "", ())
        fact.state = judged.host(fact.start, fact.drive, rules).tcb.state.value
        judged.judge(fact)
    return table


def derive_learned(source: Source, folder: Path, commit: str) -> Table:
    """Walk through learned machines."""
    table = Table(source.name, commit)
    found: dict[tuple[object, ...], Fact] = {}
    rules, departures = reference(source, "", ())
    ended: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.dot")):
        name = str(path.relative_to(folder))
        if not source.reads(name):
            continue
        machine = learned.parse(path.read_text())
        product = learned.walk(machine, rules, departures)
        table.scripts += 1
        table.walks += len(machine.arcs)
        table.whole += len(product.reached)
        table.events += len(product.cells)
        table.unseen += product.skipped
        if beyond := len(machine.arcs) - len(product.reached):
            ended["states beyond a departure, or of a second connection"] += beyond
        for cell in product.cells:
            said = (cell.drive, cell.state.value, cell.event, cell.wants)
            fact = Fact(Start(), *said, script=f"{name} {cell.at}")
            found.setdefault(fact.key(), fact).number += 1
    table.ended = dict(ended)
    table.facts = list(found.values())
    judged = Judge(source)
    for fact in table.facts:
        judged.judge(fact)
    return table


def _fact(seen: Seen, of: Walk, says: str, script: str) -> Fact:
    return Fact(
        Start(of.setup, of.settings),
        seen.drive,
        seen.state.value,
        seen.event,
        seen.wants,
        seen.told,
        says,
        script=script,
    )


def reference(
    source: Source, says: str, set_: tuple[str, ...]
) -> tuple[Rules, tuple[Departure, ...]]:
    """The rules and departures of the stack that a script is for."""
    own = switches(set_)
    if says in source.standard:
        return replace(Rules(), **own), ()
    more = tuple(source.more[each] for each in set_ if each in source.more)
    known = (*more, *source.departures())
    return replace(Rules(), **{**source.rules(says), **own}), known


@dataclass(slots=True)
class Judge:
    """Replays facts of one source, and says what becomes of them."""

    source: Source
    hosts: dict[tuple[object, ...], Host] = field(default_factory=dict)

    def host(self, start: Start, drive: tuple[str, ...], rules: Rules) -> Host:
        """A host that events have driven somewhere; not to be changed."""
        key = (start, drive, rules)
        if key not in self.hosts:
            if not drive:
                self.hosts[key] = Host(rules, start.setup)
            else:
                host = self.host(start, drive[:-1], rules).copy()
                host.do(drive[-1])
                self.hosts[key] = host
        return self.hosts[key]

    def replay(self, fact: Fact, rules: Rules) -> tuple[Host, Done, bool]:
        """Drive a host into the state, let the event happen; is the answer what is expected?"""
        host = self.host(fact.start, fact.drive, rules).copy()
        done = host.do(fact.event)
        said = [answer(seg, fact.start.setup) for seg in done.sent]
        of = told_of(done, host)
        agreed = done.possible and (fact.wants == ANY or same(fact.wants, said))
        return host, done, agreed and all(holds(told, of) for told in fact.told)

    def judge(self, fact: Fact) -> None:
        """Say of a fact what becomes of it under RFC 9293's own rules, and under the stack's."""
        plain = replace(Rules(), **switches(fact.start.settings))
        _, done, agreed = self.replay(fact, plain)
        reached = done.before.state.value == fact.state
        fact.reason, fact.ours = "", ()
        if agreed and reached:
            fact.verdict = AGREES
            return
        fact.ours = _said(done, fact) if reached else ("not reached",)
        profile = self.source.rules(fact.says)
        if self.replay(fact, replace(plain, **profile))[2]:
            fact.verdict = SWITCHES
            fact.reason = ", ".join(self._needed(fact, plain, profile))
        elif departure := self._departure(fact, replace(plain, **profile)):
            fact.verdict, fact.reason = DEPARTURE, departure
        else:
            fact.reason = next((each.why for each in THEIRS if each.applies(fact)), "")
            fact.verdict = THEIR_ERROR if fact.reason else UNEXPLAINED

    def _needed(self, fact: Fact, plain: Rules, profile: Mapping[str, Any]) -> Iterator[str]:
        """The switches without which the stack's rules do not give the answer."""
        for switch in profile:
            rest = {k: v for k, v in profile.items() if k != switch}
            _, done, agreed = self.replay(fact, replace(plain, **rest))
            if not agreed or done.before.state.value != fact.state:
                yield switch

    def _departure(self, fact: Fact, rules: Rules) -> str:
        """The departure that foretells the answer, if any."""
        _, departures = reference(self.source, fact.says, fact.start.settings)
        host, done, _ = self.replay(fact, rules)
        found = foretold(departures, host, done, fact.event, fact.wants, fact.told)
        return "" if found is None else found[0].name


def _said(done: Done, fact: Fact) -> tuple[str, ...]:
    if not done.possible:
        return ("not possible",)
    sent = joined([answer(seg, fact.start.setup) for seg in done.sent])
    said = tuple(sent) or ("nothing",)
    after = done.after.state.value
    return (*said, after) if after != done.before.state.value else said


# As text


def dump(table: Table) -> str:
    """The table as TOML, a row a line."""
    lines = [
        "# Derived by `python -m tests.programs.foreign`; do not edit.",
        *(f'{name} = "{getattr(table, name)}"' for name in ("source", "commit")),
        *(f"{name} = {getattr(table, name)}" for name in _NUMBERS),
        "",
        "[ended]",
        *(f'"{why}" = {n}' for why, n in table.ended.items()),
        "",
        "[rows]",
    ]
    rows: dict[tuple[Start, tuple[str, ...]], int] = {}
    facts: dict[int, list[Fact]] = {}
    for fact in table.facts:
        way = (*fact.drive, fact.event)
        for n in range(1, len(way) + 1):
            rows.setdefault((fact.start, way[:n]), len(rows) + 1)
        facts.setdefault(rows[fact.start, way], []).append(fact)
    for (start, way), row in rows.items():
        said = {"after": rows.get((start, way[:-1]), 0), "event": way[-1], **_start(start, way)}
        known = [_row(fact) for fact in facts.get(row, [])]
        lines.append(f"{row} = {_inline(said | ({'facts': known} if known else {}))}")
    return "\n".join(lines) + "\n"


_NUMBERS = ("scripts", "walks", "whole", "events", "unseen")


def _start(start: Start, way: tuple[str, ...]) -> dict[str, object]:
    if len(way) > 1:
        return {}
    said: dict[str, object] = {}
    if start.setup != Setup():
        said["setup"] = list(start.setup[: 4 if start.setup.sack else 3])
    if start.settings:
        said["settings"] = list(start.settings)
    return said


def _row(fact: Fact) -> dict[str, object]:
    said: dict[str, object] = {"state": fact.state, "wants": list(fact.wants)}
    more = {"told": list(fact.told), "says": fact.says, "ours": list(fact.ours)}
    said |= {name: value for name, value in more.items() if value}
    if fact.verdict != AGREES:
        said |= {"verdict": fact.verdict, "reason": fact.reason}
    return said | {"number": fact.number, "script": fact.script}


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def load(path: Path) -> Table:
    """Read a table."""
    text = tomllib.loads(path.read_text())
    table = Table(text["source"], text["commit"], ended=text["ended"])
    for name in _NUMBERS:
        setattr(table, name, text[name])
    ways: dict[int, tuple[Start, tuple[str, ...]]] = {}
    for name, row in text["rows"].items():
        if row["after"]:
            start, drive = ways[row["after"]]
        else:
            start = Start(Setup(*row.get("setup", ())), tuple(row.get("settings", ())))
            drive = ()
        ways[int(name)] = (start, (*drive, row["event"]))
        table.facts += [_load(start, drive, row["event"], fact) for fact in row.get("facts", ())]
    return table


def _load(start: Start, drive: tuple[str, ...], event: str, said: Mapping[str, Any]) -> Fact:
    return Fact(
        start,
        drive,
        said["state"],
        event,
        tuple(said["wants"]),
        tuple(said.get("told", ())),
        said.get("says", ""),
        said.get("verdict", AGREES),
        said.get("reason", ""),
        tuple(said.get("ours", ())),
        said["script"],
        said["number"],
    )
