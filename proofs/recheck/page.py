"""The page of the theorems, ``docs/reference/theorems.md``: what each says, and of what.

It is written from the statements alone, and so says what ``recheck`` proves. From elsewhere it has
how many obligations there are (pinned), and why each clause is there (``results/why.toml``).
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from proofs.recheck.statement import (
    TICK,
    Claim,
    Clause,
    Stage,
    Statement,
    read,
)
from proofs.recheck.terms import Sort

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "theorems.md"
_WHY = Path(__file__).parents[1] / "results" / "why.toml"
_ABOUT = {
    "ends": "both ends",
    "message": "a segment in flight",
    "number": "a TCB that was made",
}
_HEAD = """\
# Theorems

Written by `python -m proofs.recheck --page` from `proofs/statements/`, which is all that is
claimed: what a statement does not name is not assumed. Rules and bounds that a theorem does not
name are those of `spec/`: RFC 9293's. What is proved holds of any number of segments in flight.

`prove` (Z3) finds the proofs. `proofs.recheck` derives every obligation from the statement alone,
and cvc5 proves each again, or finds it among what is supposed, word for word. In words, and what
one has to trust: [what is proved](../explanation/proofs.md).
"""


def of(place: Path, counts: dict[str, int]) -> str:
    """The page of the statements in ``place``; ``counts`` are the obligations of each theory."""
    statements = [read(one) for one in place.glob("*.txt")]
    why = tomllib.loads(_WHY.read_text("utf-8"))
    statements.sort(key=lambda one: _order(one.theorems[0].id))
    rows = [_row(one, theorem, counts) for one in statements for theorem in one.theorems]
    lines = [_HEAD, *_table(("theorem", "says", "assumes", "obligations"), rows)]
    for one in statements:
        lines += ["", *_section(one, counts.get(one.id, 0), why.get(one.id, {}))]
    return "\n".join(lines) + "\n"


def _order(id: str) -> tuple[int, int, str]:
    """Of connections first, then of listeners, reuse, keep-alive, congestion, HTTP; by number."""
    number, _, _ = id[1:].partition(".")
    return "TLSRKCH".index(id[0]), int("".join(filter(str.isdigit, number))), id


def _row(one: Statement, theorem: Claim, counts: dict[str, int]) -> list[str]:
    first = one.theorems[0]
    number = f"{counts.get(one.id, 0):,}" if theorem is first else f"with {first.id}"
    name = f"[{theorem.id}](#{_anchor(first.id)})"
    return [name, theorem.title, _code(one.assumed(theorem)) or "nothing", number]


def _section(one: Statement, count: int, why: dict[str, dict[str, str]]) -> Iterator[str]:
    yield f"## {one.theorems[0].id}"
    yield ""
    told = {part.name: part.says for part in one.clauses}
    told |= {part.name: part.says for part in one.responses}
    told |= {part.name: part.says for part in one.silences}
    for theorem in one.theorems:
        yield f"**{theorem.id}** ({theorem.cites}): {theorem.title}."
        yield ""
        for name in theorem.claims:
            yield f"- `{name}`: {told[name]}"
        options = _code(name if "." not in name else name.split(".")[1] for name in theorem.options)
        if options:
            yield f"- claimed with {options}"
        yield ""
    if one.facts or one.pairs:
        yield "Assumed:"
        yield ""
        yield from (f"- `{part.name}`: {part.says}" for part in one.facts)
        yield from (
            f"- `{part.name}`, of any two TCBs of a host{_given(part)}: {part.says}"
            for part in one.pairs
        )
        yield ""
    facts = [
        ("rules that are not RFC 9293's", _code(f"{n}={v}" for n, v in one.rules.items())),
        ("bounds", _code(f"{n}={v}" for n, v in one.bounds.items() if v != "0")),
        ("open", ", ".join(_free(one))),
        ("actions, with their paths", ", ".join(_actions(one))),
        ("obligations", f"{count:,}, proved by Z3 and by cvc5"),
    ]
    yield from _table(("", ""), ([name, said] for name, said in facts if said))
    yield ""
    rows = ([f"`{c.name}`", _ABOUT[c.about], c.says, _fails(c, one, why)] for c in one.clauses)
    yield from _table(("clause", "of", "says", "without it"), rows)
    for response in one.responses:
        yield ""
        stages = ([f"`{s.name}`", s.says, s.by, s.action, _heard(s)] for s in response.stages)
        head = (f"stage of `{response.name}`", "says", "who goes on", "to do", "what is heard")
        yield from _table(head, stages)


def _heard(stage: Stage) -> str:
    return ", then ".join(f"`{heard.name}`" for heard in stage.heard) or "nothing need be"


def _given(part: Clause) -> str:
    ways = [" and ".join(name.split(".")[-1] for name in way) for way in part.when]
    return f" (where it is chosen: {', or '.join(ways)})" if ways else ""


def _free(one: Statement) -> Iterator[str]:
    """Parameters that may have any value of their sort, but for the facts."""
    for name, sort in one.parameters.items():
        if not name.startswith("given."):
            yield f"`{name}` ({_sort(sort)})"


def _sort(sort: Sort) -> str:
    if sort.kind == "int":
        return f"{sort.lo} to {sort.hi}"
    above = " above 0" if sort.kind == "real" and sort.lo == 1 else ""
    return {"bool": "yes or no", "nat": "any natural number", "real": f"any real number{above}"}[
        sort.kind
    ]


def _actions(one: Statement) -> Iterator[str]:
    for action in (*one.actions, *filter(None, [one.tick])):
        name = action.name if action is not one.tick else TICK
        yield f"{name} ({len(action.possible)})"


def _fails(clause: Clause, one: Statement, why: dict[str, dict[str, str]]) -> str:
    found = why.get(clause.name)
    if found is None:
        return "a claim" if any(clause.name in t.claims for t in one.theorems) else ""
    return f"`{found['fails']}` fails after {found['after']}"


def _code(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _anchor(id: str) -> str:
    return id.lower().replace(".", "")
