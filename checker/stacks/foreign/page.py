"""``docs/reference/foreign-scripts.md``: what other projects' tests say, and what we say."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.stacks.foreign.facts import (
    AGREES,
    DEPARTURE,
    SWITCHES,
    THEIR_ERROR,
    Fact,
    Table,
)
from checker.stacks.foreign.sources import SOURCES
from checker.stacks.profile import Departure
from spec.tcp.tcb import State

PAGE = Path("docs/reference/foreign-scripts.md")

_INTRODUCTION = """\
# Other projects' tests

What do the tests of other stacks' developers expect, and does the specification say the same?
Their scripts were read as facts: *in this state, on this event, this is the answer*. Each fact is
replayed against the specification in every run of the tests, first under RFC 9293's own rules, and
where these answer otherwise, under the profile of the stack that the script is for.
`{generate}` makes this page from the tables in `tests/foreign`, which
have the facts and no line of a script.

A fact that agrees shows that two independent readings of the RFC are the same. One that does not is
a known departure of the stack, an error of the script, or an error of ours. None is left
unexplained.

A script's calls and the segments that it injects are *events*. Its answer is a fact if the script
would fail without it: what is sent, that nothing is sent (if a later segment is expected, since
only then would it be noticed), which state a socket tells, whether a reset is reported, and how
many octets there are to read. Compared are control bits, SEG.SEQ, SEG.ACK, the length of the text
(as one stream, however it is cut) and what a SACK option reports; not windows, other options, and
when a segment is sent. Numbers count from the ISNs, and the right edge of the receive window is
`WND`, so that scripts which differ only there say one thing. The same fact in several scripts
counts once.
"""


def page(tables: Sequence[Table], command: str) -> str:
    """The page."""
    lines = [_INTRODUCTION.format(generate=command)]
    lines += _totals(tables)
    for table in tables:
        lines += _source(table)
    return "\n".join(lines) + "\n"


def _totals(tables: Sequence[Table]) -> Iterator[str]:
    yield "| project | scripts | read to end | facts | agree | by switches | departures | errors |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for table in tables:
        n = table.counts()
        yield (
            f"| [{table.source}](#{_anchor(table.source)}) | {table.scripts} | "
            f"{table.whole} of {table.walks} | {len(table.facts)} | {n[AGREES]} | {n[SWITCHES]} | "
            f"{n[DEPARTURE]} | {n[THEIR_ERROR]} |"
        )
    yield ""
    yield "A script with `#ifdef` is read once for each of its words. Of learned machines the"
    yield "scripts are the machines, and states are read. *By switches*: RFC 9293's own rules"
    yield "answer otherwise, those of the stack's profile do not. *Errors* are the scripts'."
    yield ""


def _anchor(title: str) -> str:
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c == "-")


def _source(table: Table) -> Iterator[str]:
    source = SOURCES[table.source]
    yield f"## {table.source}"
    yield ""
    profile = f"the stack's profile is `{source.profile}`" if source.profile else "no profile"
    yield f"At commit {table.commit[:12]}; {profile}."
    yield f"{table.scripts} scripts, {table.events} events with an answer that is known, and"
    if source.learned:
        yield f"{table.unseen} inputs that are no event of a host, such as an accept()."
    else:
        yield f"{table.unseen} of which a script would notice nothing."
    if source.note:
        yield source.note
    yield ""
    yield from _ended(table)
    yield from _states(table.facts)
    if source.learned:
        yield from _cells(table.facts)
    yield from _reasons(table, (*source.more.values(), *source.departures()))


def _ended(table: Table) -> Iterator[str]:
    if not table.ended:
        return
    yield "Not read to the end:"
    yield ""
    yield "| readings | because of |"
    yield "| ---: | --- |"
    for why, n in table.ended.items():
        yield f"| {n} | {why} |"
    yield ""


_KINDS = ("SYN", "SYN,ACK", "SYN,FIN", "ACK", "text", "FIN", "RST", "other", "user", "timer")


def kind(event: str) -> str:
    """What sort of event it is."""
    said = event.split(" seq=", maxsplit=1)[0]
    if "seq=" not in event:
        return "timer" if "TIMEOUT" in event else "user"
    bits = [bit for bit in said.split(",") if not bit.startswith("text")]
    if "RST" in bits:
        return "RST"
    if "SYN" in bits:
        return "SYN,FIN" if "FIN" in bits else "SYN,ACK" if "ACK" in bits else "SYN"
    if "FIN" in bits:
        return "FIN"
    return "text" if said.startswith("text") else "ACK" if "ACK" in bits else "other"


def _states(facts: Sequence[Fact]) -> Iterator[str]:
    counts = Counter((fact.state, kind(fact.event)) for fact in facts)
    kinds = [each for each in _KINDS if any(counts[state.value, each] for state in State)]
    yield "Facts by state and event:"
    yield ""
    yield "| state | " + " | ".join(kinds) + " |"
    yield "| --- |" + " ---: |" * len(kinds)
    for state in State:
        row = [counts[state.value, each] for each in kinds]
        if any(row):
            yield f"| {state.value} | " + " | ".join(str(n or "") for n in row) + " |"
    yield ""


def _cells(facts: Sequence[Fact]) -> Iterator[str]:
    """Where a machine and RFC 9293 differ, and the shortest way to see it."""
    cells: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        cell = (fact.state, _input(fact.event), " ".join(map(_input, fact.wants)))
        told = fact.verdict != AGREES and fact.ours != ("not reached",)
        if told and (cell not in cells or len(fact.drive) < len(cells[cell].drive)):
            cells[cell] = fact
    yield "By state and input, a shortest run that tells the machine from RFC 9293's own rules:"
    yield ""
    yield "| state | after | input | machine | RFC 9293 |"
    yield "| --- | --- | --- | --- | --- |"
    for (state, _, _), fact in sorted(
        cells.items(), key=lambda item: (_ORDER[item[0][0]], item[0])
    ):
        said = [
            state,
            ", ".join(map(_input, fact.drive)) or "nothing",
            _short(fact.event),
            _answers(fact.wants or ["nothing"]),
            _answers(fact.ours),
        ]
        yield "| " + " | ".join(said) + " |"
    yield ""


_ORDER = {state.value: n for n, state in enumerate(State)}


def _input(event: str) -> str:
    """An event or answer without its numbers."""
    return event.split(" seq=", maxsplit=1)[0].split(" ack=", maxsplit=1)[0]


def _reasons(table: Table, departures: Sequence[Departure]) -> Iterator[str]:
    by: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in table.facts:
        if fact.verdict != AGREES:
            by[fact.verdict, fact.reason].append(fact)
    sections = {departure.name: departure.section for departure in departures}
    titles = {
        SWITCHES: "Where the profile's switches are needed:",
        DEPARTURE: "Where the stack departs:",
        THEIR_ERROR: "Where the scripts are wrong:",
    }
    for verdict, title in titles.items():
        rows = [(reason, facts) for (v, reason), facts in by.items() if v == verdict]
        if not rows:
            continue
        yield title
        yield ""
        yield "| what | section | facts | for example | expected | RFC 9293 |"
        yield "| --- | --- | ---: | --- | --- | --- |"
        for reason, facts in sorted(rows, key=lambda row: (-len(row[1]), row[0])):
            first = facts[0]
            names = f"`{reason}`" if verdict == SWITCHES else reason
            wants = [*first.wants, *first.told]
            said = [
                names,
                sections.get(reason, ""),
                str(len(facts)),
                f"{first.state}: {_short(first.event)} ({first.script})",
                _answers(wants or ["nothing"]),
                _answers(first.ours),
            ]
            yield "| " + " | ".join(said) + " |"
        yield ""


def _answers(words: Sequence[str]) -> str:
    runs = [(word, len(list(same))) for word, same in itertools.groupby(map(_short, words))]
    shown = ", then ".join(f"{word} ({n} times)" if n > 1 else word for word, n in runs[:3])
    return shown + (", ..." if len(runs) > 3 else "")


def _short(text: str) -> str:
    if text == "?":
        return "(not known)"
    return text.replace(" seq=", " SEQ=").replace(" ack=", " ACK=")
