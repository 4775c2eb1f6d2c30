"""What came of proofs: for the JSON, and counterexamples to induction for a reader."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from checker.engines.solver.induction import (
    CONSTANT,
    MESSAGE,
    NUMBER,
    SORTS,
    START,
    TICK,
    Clause,
    Obligation,
    Theory,
    nodes_of,
)
from checker.ir.nodes import Sort, variables
from checker.model.options import show
from checker.studies.prove.prove import Proof
from proofs.theorems.table import Theorem

VERSION = 3


def report(proofs: Sequence[Proof]) -> dict[str, Any]:
    """What was found, for the JSON."""
    return {
        "version": VERSION,
        "theorems": [_said_of(theorem, proof) for proof in proofs for theorem in proof.theorems],
        "theories": [
            {
                "id": proof.id,
                "theorems": [theorem.id for theorem in proof.theorems],
                "verdict": proof.verdict,
                "obligations": len(proof.obligations),
                "remembered": proof.before,
                "paths": {how: proof.count(how) for how in ("enabled", "never", "unknown")},
                "vacuous": proof.vacuous,
                "slowest": max((what.seconds for what in proof.obligations), default=0.0),
                "seconds": round(proof.seconds, 2),
                "not_proved": [
                    {
                        "obligation": what.name,
                        "verdict": what.verdict,
                        "rules": list(what.rules),
                        "line": what.where,
                        "state": what.counterexample,
                        "after": what.after,
                    }
                    for what in (*proof.failed, *proof.undecided)
                ],
                "reach": [
                    {
                        "clause": one.clause,
                        "verdict": one.verdict,
                        "steps": one.steps,
                        "limits": one.limits,
                        "run": list(one.run),
                        "searches": [dataclasses.asdict(search) for search in one.searches],
                    }
                    for one in proof.reached
                ],
            }
            for proof in proofs
        ],
    }


def _said_of(theorem: Theorem, proof: Proof) -> dict[str, Any]:
    return {
        "id": theorem.id,
        "title": theorem.title,
        "theory": proof.id,
        "verdict": proof.verdict,
        "scope": "unbounded",
        "rules": rules_of(theorem),
        "assumptions": assumptions(theorem),
        "obligations": len(proof.obligations),
        **({"run": str(proof.runs[theorem.id])} if theorem.id in proof.runs else {}),
    }


def assumptions(theorem: Theorem) -> list[str]:
    """What a theorem assumes, by name."""
    return [f.__name__ for f in (*theorem.facts, *theorem.pairs)]


def rules_of(theorem: Theorem) -> dict[str, str]:
    """The switches that a theorem sets, as the command line takes them."""
    return {name: show(value) for name, value in theorem.rules.items()}


def counterexample(proof: Proof, what: Obligation) -> list[str]:
    """A failed obligation as a step: the lines say from where, by which rule, to which clause."""
    t = proof.theory
    clause = next((c for c in t.clauses if c.name == what.clause), None)
    lines = [f"{proof.id} not proved: {what.clause} fails after {what.action!r}"]
    if what.action == START:
        lines = [f"{proof.id} not proved: {what.clause} fails at the start"]
    if what.clause == CONSTANT:
        lines = [f"{proof.id} not proved: a field left out as constant changes in {what.action!r}"]
    if what.clause == SORTS:
        lines = [f"{proof.id} not proved: a value is none of its sort after {what.action!r}"]
    if clause is not None:
        doc = " ".join(clause.doc.split())
        lines.append(f"  clause   {clause.name} ({clause.where}): {doc}")
    if what.action != START:
        at = f" ({what.where})" if what.where else ""
        lines.append(f"  action   {what.action}, path {what.path}{at}")
        lines += [f"  rule     {rule}" for rule in what.rules]
    for label, shown in state_rows(t, clause, what):
        lines.append(f"  {label:8} {shown}")
    return lines


def state_rows(t: Theory, clause: Clause | None, what: Obligation) -> Iterator[tuple[str, str]]:
    """The state before, in the names of the fields; what is not told may be anything. Then, if it
    is known, what the clause reads of the state after."""
    sorts = {f.path: f.sort for f in t.fields}
    plain = {path: _index(value, sorts[path]) for path, value in t.initial.items()}
    if what.action not in (START, TICK):
        yield "before", "x acts, y is its peer; what is not shown is as at the start, or anything"
    for h in "xy" if what.action != START else "":
        yield h, _row(what.counterexample, h, sorts, plain) or "as at the start"
    carried = {f.path: f.sort for f in t.message_fields}
    about = clause.about if clause else ""
    for label, prefix in (
        ("arrives", "seg"),
        *((f"from {h}", f"{h}.other") for h in "xy" if about == MESSAGE),
    ):
        row = _row(what.counterexample, prefix, carried, {})
        if row and what.counterexample.get(f"{prefix}.present", True):
            yield label, row
    if about == NUMBER and "n" in what.counterexample:
        yield "n", str(what.counterexample["n"])
    given = _row({f".{k}": v for k, v in what.counterexample.items()}, "", dict(t.parameters), {})
    if given:
        yield "given", given
    looked = [f"{n}={plain_of(v)}" for n, v in what.counterexample.items() if n.endswith(")")]
    if looked:
        yield "known", " ".join(looked)
    yield from _after(clause, what, sorts, carried)


def _after(
    clause: Clause | None, what: Obligation, sorts: dict[str, Sort], carried: dict[str, Sort]
) -> Iterator[tuple[str, str]]:
    """What became of the ends, and what was sent, as far as a clause reads it."""
    if not what.after or clause is None:
        return
    reads = {name.partition(".")[2] for name in variables(nodes_of(clause.tree))}
    for h in "xy" if what.action == TICK else "x":  # the other end stays as it was
        row = _row(what.after, h, {p: sort for p, sort in sorts.items() if p in reads}, {})
        if row:
            yield f"{h} then", row
    count = len({name.partition(".")[0] for name in what.after if name.startswith("sent")})
    for n in range(count if clause.about == MESSAGE else 0):
        row = _row(what.after, f"sent{n}", {p: s for p, s in carried.items() if p in reads}, {})
        if row:
            yield "sent", row


def plain_of(value: Any) -> str:
    """A value as it is read."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _row(values: dict[str, Any], prefix: str, sorts: dict[str, Sort], plain: dict[str, Any]) -> str:
    """Fields and their values, those that are ``plain`` left out."""
    return " ".join(
        f"{path}={_named(values[f'{prefix}.{path}'], sort)}"
        for path, sort in sorts.items()
        if f"{prefix}.{path}" in values
        and (path not in plain or str(plain[path]) != str(values[f"{prefix}.{path}"]))
    )


def _index(value: Any, sort: Sort) -> Any:
    """A plain value as the solver has it."""
    return value if sort.members is None else list(sort.members).index(value)


def _named(value: Any, sort: Sort) -> str:
    """A solver's value as it is read."""
    if sort.members is not None:
        members = list(sort.members)
        if value < len(members):
            return str(members[value].value)
    return plain_of(value)
