"""``docs/reference/requirements.md``: RFC 9293 sentence by sentence, with the runs that were found.

The page and ``proofs/results/requirements.toml``, which has the same as data and the steps of each
run, are made from ``proofs/requirements.toml``, from what ``requirements`` finds, and from what
``mutants`` has found of the lines that a rule is about.
"""

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from checker.studies import mutants_page, since_793
from checker.studies.mutants import Report
from checker.studies.requirements import Found, Goal, goals
from checker.support import files
from checker.support.program import called, checkout
from proofs.requirements import SENTENCES, STATUSES, Sentence

DATA = Path("proofs/results/requirements.toml")
PAGE = Path("docs/reference/requirements.md")

_TITLES = {
    "3.1": "Header",
    "3.2": "Options",
    "3.4": "Sequence numbers",
    "3.5": "Establishing a connection",
    "3.6": "Closing a connection",
    "3.7": "Segmentation",
    "3.8": "Data communication",
    "3.9": "Interfaces",
    "3.10": "Event processing",
    "3.10.1": "OPEN",
    "3.10.2": "SEND",
    "3.10.3": "RECEIVE",
    "3.10.4": "CLOSE",
    "3.10.5": "ABORT",
    "3.10.6": "STATUS",
    "3.10.7.1": "SEGMENT ARRIVES in CLOSED",
    "3.10.7.2": "SEGMENT ARRIVES in LISTEN",
    "3.10.7.3": "SEGMENT ARRIVES in SYN-SENT",
    "3.10.7.4": "SEGMENT ARRIVES in other states",
    "3.10.8": "Timeouts",
}
_BESIDES = "What the specification has besides"


def falls(data: Report) -> dict[str, list[str]]:
    """The claims that fail when a line is wrong, by the rule that the line is about, as told."""
    failing: dict[str, set[str]] = defaultdict(set)
    for judged in data.all:
        if judged.verdict == "killed":
            failing[judged.rule] |= {k.claim for k in judged.killers if k.steps is not None}
    return {rule: mutants_page.families(claims) for rule, claims in failing.items()}


def outcome(sentence: Sentence) -> str:
    """How it was decided."""
    if not sentence.rules:
        return ""
    if sentence.never:
        return "never reached"
    return "contradiction" if sentence.against else "run"


# As data


def document(found: Found, told: Mapping[str, str], fallen: Mapping[str, list[str]]) -> str:
    """The data: each sentence with its goals, then the run of each goal, and those that no run
    reaches. ``told`` has the rules as readers see them, by id."""
    lines = ["# What `python -m checker requirements --write` found; do not edit it."]
    for sentence in SENTENCES.values():
        lines += ["", f"[sentence.{_text(sentence.name)}]", f"status = {_text(sentence.status)}"]
        if sentence.rules:
            names = ", ".join(_text(goal.name) for goal in goals(sentence))
            lines += [f"decided = {_text(outcome(sentence))}", f"goals = [{names}]"]
            if claims := claims_of(sentence, told, fallen):
                lines.append(f"claims = [{', '.join(map(_text, claims))}]")
    for goal, run in sorted(found.runs.items(), key=lambda item: item[0].name):
        lines += ["", f"[run.{_text(goal.name)}]", f"profile = {_text(run.arena)}"]
        lines += [f"length = {run.length}", "steps = ["]
        lines += [f"    {_text(step)}," for step in run.steps]
        lines.append("]")
    for goal, states in sorted(found.never.items(), key=lambda item: item[0].name):
        lines += ["", f"[never.{_text(goal.name)}]"]
        lines += [f"{_text(arena)} = {count}" for arena, count in states.items()]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def claims_of(
    sentence: Sentence, told: Mapping[str, str], fallen: Mapping[str, list[str]]
) -> list[str]:
    """The claims that fall without what a sentence asks, as far as its rules have lines alone."""
    some = {claim for rule in sentence.rules for claim in fallen.get(told.get(rule, ""), [])}
    return mutants_page.families(some)


def as_told(found: Found) -> dict[str, str]:
    """Each rule of the runs as readers see it."""
    last = (run.path.steps[-1][0].rules for run in found.runs.values())
    return {rule.id: str(rule) for rule in itertools.chain.from_iterable(last)}


# As a page


def page(found: Found, told: Mapping[str, str], fallen: Mapping[str, list[str]]) -> str:
    """The page."""
    lines = [_introduction(found), *_counts()]
    lines += ["", "## Where the text contradicts itself", "", *_contradictions(found)]
    for section, some in itertools.groupby(SENTENCES.values(), _section):
        title = f"{section} {_TITLES[section]}" if section in _TITLES else section
        lines += ["", f"## {title}", "", "| sentence | what it asks | | how | claims |"]
        lines.append("| --- | --- | --- | --- | --- |")
        lines += [_row(one, found, claims_of(one, told, fallen)) for one in some]
    return "\n".join(lines) + "\n"


def _introduction(found: Found) -> str:
    searched = max(found.never.values(), key=len)
    arenas = ", ".join(f"`{arena}` ({count:,} states)" for arena, count in searched.items())
    statuses = "\n".join(f"- *{status}*: {what}." for status, what in STATUSES.items())
    return f"""\
# RFC 9293, sentence by sentence

Each numbered requirement of Appendix B, and each sentence of sections 3.5, 3.6, 3.8 and 3.10 that
prescribes something, in words of our own; and what became of it.
`python -m checker requirements --write` makes this page from `proofs/requirements.toml`, and
`requirements --check` finds everything again and compares. `requirements MUST-37` tells one
sentence, with its runs. The same as data, with the steps of every run:
[requirements.toml](../../proofs/results/requirements.toml).

A sentence is named by its number, or by section and paragraph (¶), of which those of lists count
and figures do not; in 3.10 by state or step. It is

{statuses}

**How** names the rules that do what a sentence asks, and the *switch* that decides whether they do
(`./run list rules`). Behind each rule is the length of a shortest run in which it fires, as the
profile beside it has it, else `conduct`; each run was replayed through a fresh system. *Never*: no
run reaches it, exhaustive up to the small bounds of the profile beside it, else of all of these:
{arenas}.

**Claims** are those that fail when a line about one of these rules is wrong, as
[mutants](rules-that-matter.md) show; one name stands for all variants of a claim. Some rules have
no line of their own.
"""


def _counts() -> Iterator[str]:
    """How many there are of each."""
    numbered = Counter(one.status for one in SENTENCES.values() if one.id)
    others = Counter(one.status for one in SENTENCES.values() if not one.id)
    yield "| | numbered requirements | other sentences |"
    yield "| --- | --- | --- |"
    for status in STATUSES:
        yield f"| {status} | {numbered[status]} | {others[status]} |"
    yield f"| all | {numbered.total()} | {others.total()} |"


def _contradictions(found: Found) -> Iterator[str]:
    """Runs on which two sentences ask for different things."""
    yield "On each of these runs two sentences ask for different things."
    yield ""
    yield "| sentence | against | what | run |"
    yield "| --- | --- | --- | --- |"
    for one in SENTENCES.values():
        if one.against and _section(one) != _BESIDES:
            runs = ", ".join(_goal(goal, found) for goal in goals(one))
            yield f"| {one.name} | {one.against} | {one.why} {_erratum(one)} | {runs} |"


def _erratum(sentence: Sentence) -> str:
    """What is ready to be filed about it."""
    return f"[erratum](../errata/{sentence.erratum}.md)" if sentence.erratum else ""


def _section(sentence: Sentence) -> str:
    """The section whose table has it."""
    where = re.match(r"3\.10\.\d(\.\d)?|3\.\d+", sentence.at)
    return _BESIDES if where is None else where.group()


def _row(sentence: Sentence, found: Found, claims: list[str]) -> str:
    says = sentence.says
    if sentence.why:
        says += f"<br>*{sentence.why}*"
    how = [_goal(goal, found) for goal in goals(sentence)]
    if sentence.switch:
        how.append(f"switch `{sentence.switch}`")
    if sentence.against:
        how.append(f"against {sentence.against}")
    if sentence.erratum:
        how.append(_erratum(sentence))
    where = f"{sentence.id}<br>{sentence.at}" if sentence.id else sentence.at
    return f"| {where} | {says} | {sentence.status} | {'<br>'.join(how)} | {', '.join(claims)} |"


def _goal(goal: Goal, found: Found) -> str:
    """A goal with its run's length."""
    run = found.runs.get(goal)
    place = goal.profile if run is None else run.arena
    beside = f", `{place}`" if place not in ("", "conduct") else ""
    how = goal.how.replace("<", "&lt;")  # else Markdown takes <RST> for a tag
    return f"`{goal.rule}`{how}: {_steps(run.length) if run else 'never'}{beside}"


def _steps(length: int) -> str:
    return f"{length} step{'s' * (length != 1)}"


# Checked in


def _made(found: Found) -> dict[Path, str]:
    told, fallen = as_told(found), falls(mutants_page.read())
    return {
        DATA: document(found, told, fallen),
        PAGE: page(found, told, fallen),
        since_793.PAGE: since_793.page(),
    }


def write(found: Found) -> None:
    """Write them, and what changed since RFC 793."""
    for path, text in _made(found).items():
        files.write(checkout(path), text.encode())


def check(found: Found) -> list[str]:
    """What is not up to date."""
    return [
        f"stale: {path}; run: {called()} requirements --write"
        for path, text in _made(found).items()
        if not checkout(path).exists() or checkout(path).read_text("utf-8") != text
    ]


def wrong(sentences: Iterable[Sentence], found: Found) -> list[str]:
    """What is not as the sentences say."""
    return [line for sentence in sentences for line in found.wrong(sentence)]
