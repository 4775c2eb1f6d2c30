"""Cells of RFC 9293's table: a state, and the segment that it hears.

What the RFC requires there is asked of the machine of one endpoint (``checker.stacks.generate``),
whose cases are the classes of segments that its checks tell apart. To each case come the errata
whose sentences it is about, what each known stack does otherwise, and what other projects' tests
expect.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.model.options import choose_rules, parse_rules
from checker.stacks import PROFILES
from checker.stacks.foreign import facts
from checker.stacks.generate.machine import Edge, machine, name
from checker.stacks.profile import Departure, Outcome
from proofs.requirements import SENTENCES, Sentence
from spec.rules import Rules
from spec.tcp.segment import Segment

ERRATA, FACTS = Path("docs/errata"), Path("tests/foreign")
"""Where they are checked in, from the top of the checkout."""

_BITS = ("SYN", "FIN", "RST", "ACK")


@dataclass(slots=True)
class _Known:
    """Texts that are said more than once, by number."""

    texts: dict[Any, int] = field(default_factory=dict)

    def number(self, text: Any) -> int:
        return self.texts.setdefault(text, len(self.texts))


def table(root: Path) -> dict[str, Any]:
    """All cells, by state and control bits, and what they share."""
    rules, departures = _Known(), _Known()
    found: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"cases": [], "errata": [], "stacks": {}, "facts": []}
    )
    told: dict[str, list[Edge]] = defaultdict(list)
    for edge in _edges(Rules()):
        if all(edge.transition != one.transition for one in told[_cell(edge)]):
            told[_cell(edge)].append(edge)
    for cell, edges in told.items():
        found[cell]["cases"] = [_case(edge, rules) for edge in edges]
        found[cell]["stacks"] = _stacks(edges, departures)
    for cell, page in _errata(told):
        found[cell]["errata"].append(page)
    for cell, row in _facts(root):
        found[cell]["facts"].append(row)
    return {
        "rules": list(rules.texts),
        "departures": list(departures.texts),
        "stacks": {one.name: one.seen for one in PROFILES.values()},
        "errata": {page: _title(root, page) for page in _pages()},
        "cells": found,
    }


def _edges(rules: Rules) -> Iterator[Edge]:
    """What segments make of one endpoint."""
    for edges in machine(rules).edges.values():
        yield from (edge for edge in edges if edge.segment is not None)


def bits(segment: Segment) -> str:
    """Control bits as the ladders have them."""
    there = [bit for bit in _BITS if getattr(segment.ctl, bit.lower())]
    return ",".join(there) or "no"


def _cell(edge: Edge) -> str:
    assert edge.segment is not None
    return f"{edge.before.state.value} {bits(edge.segment)}"


def _case(edge: Edge, rules: _Known) -> list[Any]:
    """What comes, what is answered, the state afterwards, the rules that say so."""
    before, event, answer, after, passive = edge.transition
    opened = "" if before.value != "SYN-RECEIVED" else "passive" if passive else "active"
    numbers = [rules.number(str(rule)) for rule in edge.rules]
    return [event.removeprefix("rcv "), opened, answer, after.value, numbers]


# What stacks do


def _stacks(edges: list[Edge], departures: _Known) -> dict[str, list[Any]]:
    """By stack what it does otherwise: in which case, by which departure, what is sent, where it
    is then."""
    found: dict[str, list[Any]] = {}
    for profile in PROFILES.values():
        rows: list[Any] = []
        for number, edge in enumerate(edges):
            for each in profile.departures:
                if (outcome := _outcome(each, edge)) is not None:
                    told = (each.name, each.section, each.evidence, each.upstream)
                    rows.append([number, departures.number(told), *_does(outcome, edge)])
        if rows:
            found[profile.name] = rows
    return found


def _outcome(departure: Departure, edge: Edge) -> Outcome | None:
    """What it says of a case, whether or not the user has closed the socket."""
    return departure.outcome(edge, False) or departure.outcome(edge, True)


def _does(outcome: Outcome, edge: Edge) -> tuple[str, str]:
    if outcome.dies:
        return "", "✝"
    sent = edge.sent if outcome.sent is None else outcome.sent(edge)
    after = outcome.after or edge.after.state
    return ", ".join(name(seg) for seg in sent), after.value


# Errata


def _pages() -> list[str]:
    return sorted({one.erratum for one in SENTENCES.values() if one.erratum})


def _title(root: Path, page: str) -> str:
    text = (root / ERRATA / f"{page}.md").read_text(encoding="utf-8")
    return text.partition("\n")[0].removeprefix("# ")


def _errata(told: Mapping[str, list[Edge]]) -> Iterator[tuple[str, list[str]]]:
    """The cells that a sentence with an erratum is about: one of its rules is taken there.

    What only a switch does is looked for under that switch.
    """
    for sentence in SENTENCES.values():
        if not sentence.erratum:
            continue
        cells = {cell for cell, edges in told.items() if any(map(_about(sentence), edges))}
        switches = [word for word in sentence.switch.split() if "=" in word]
        if not cells and switches:
            rules = choose_rules(parse_rules(switches))
            cells = {_cell(edge) for edge in _edges(rules) if _about(sentence)(edge)}
        for cell in sorted(cells):
            yield cell, [sentence.erratum, sentence.at, sentence.says]


def _about(sentence: Sentence) -> Callable[[Edge], bool]:
    wanted, state = set(sentence.rules), sentence.when.state

    def about(edge: Edge) -> bool:
        taken = any(rule.id in wanted for rule in edge.rules)
        return taken and state in (None, edge.before.state.value)

    return about


# Other projects' tests


def _facts(root: Path) -> Iterator[tuple[str, list[Any]]]:
    """What they expect, and how often: project, event, answer, our answer where it is another,
    verdict, reason."""
    for path in sorted((root / FACTS).glob("*.toml")):
        if path.name.endswith(".hand.toml"):
            continue
        counts: dict[tuple[Any, ...], int] = defaultdict(int)
        of = facts.load(path)
        for fact in of.facts:
            arrives = re.fullmatch(r"((?:text \d+,)?)((?:SYN|FIN|RST|ACK|,)*) seq=.*", fact.event)
            if arrives is None:
                continue
            there = arrives[2].split(",")
            cell = f"{fact.state} {','.join(bit for bit in _BITS if bit in there) or 'no'}"
            wants = ", ".join(fact.wants) or "nothing"
            ours = ", ".join(fact.ours)
            counts[cell, fact.event, wants, ours, fact.verdict, fact.reason] += fact.number
        for (cell, *row), number in counts.items():
            yield cell, [of.source, *row, number]
