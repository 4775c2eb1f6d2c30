"""What was proved before, so that a change asks only what it touches.

An obligation of a path is a matter of the path, of the clause that is to be shown, of the
hypotheses that its proof needed, and of what a theory is besides: sorts, memories, sights. Where
the digests of all these are what they were when it was proved, and those of the prover's source and
of the solver's version, it is not asked again. A clause that is changed is asked on every path, and
with it all whose proofs needed it, and no other. Whether a path is taken at all is a matter of all
clauses: that is asked again after any change of them.

Nobody has to believe the file in the user's cache that this is kept in: whether a theorem is proved
``proofs.recheck`` finds out by itself, and the gate of CI proves all anew (``prove --fresh``).
"""

import contextlib
import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import z3

from checker.engines.solver import induction, smt
from checker.engines.solver.induction import NEVER, PATH, SORTS, Clause, Obligation, Step, Theory
from checker.ir.nodes import Node, Sort
from checker.ir.tracing import Leaf, Tree
from checker.support import files

VERSION = 1
Record = dict[str, Any]
"""Of a path: its digest, whether it is taken, and of each clause with what it was proved, and when.
"""


def place() -> Path:
    """The folder in which it is kept."""
    return files.cached("proved")


class Memory:
    """What is remembered of a theory."""

    def __init__(self, theory: Theory, records: Mapping[str, Record] | None = None) -> None:
        self.theory = theory
        self.records = records or {}
        self._known: dict[Node, str] = {}
        parts = (*theory.facts, *theory.pairs, *theory.clauses)
        self.parts = {one.name: self._clause(one) for one in parts}
        self.whole = _digest(sorted(self.parts.items()))
        sources = [Path(str(module.__file__)).read_bytes() for module in (induction, smt)]
        self.base = _digest(
            [
                VERSION,
                z3.get_full_version(),
                [hashlib.sha256(source).hexdigest() for source in sources],
                [(f.path, f.sort) for f in (*theory.fields, *theory.message_fields)],
                sorted(theory.parameters.items()),
                [
                    (n, self._node(node))
                    for one in (theory.sight, theory.drawn)
                    for n, node in one.items()
                ],
                [(m.name, m.sort, m.update and self._node(m.update)) for m in theory.memories],
                (theory.told, theory.number, theory.ttl, theory.elapsed),
            ]
        )

    # Digests

    def _node(self, node: Node) -> str:
        """Of an expression."""
        found = self._known.get(node)
        if found is None:
            of = (node.op, node.sort, node.data, [self._node(arg) for arg in node.args])
            found = self._known[node] = _digest(of)
        return found

    def _tree(self, tree: Tree) -> object:
        if isinstance(tree, Leaf):
            return [self._node(node) for node in tree.outputs]
        return (self._node(tree.test), self._tree(tree.then), self._tree(tree.other))

    def _clause(self, clause: Clause) -> str:
        return _digest((clause.name, clause.about, clause.when, self._tree(clause.tree)))

    def _step(self, step: Step) -> str:
        tests = [(self._node(test), answer) for test, answer, _ in step.tests]
        leaf = [self._node(node) for node in step.leaf.outputs]
        return _digest((self.base, tests, leaf, step.leaf.static.sent, step.delivers, step.injects))

    # What is known of a path

    def of(self, step: Step) -> tuple[dict[str, Obligation], str]:
        """What need not be asked, by clause, and whether the path is taken, if that is known."""
        record = self.records.get(_name(step))
        if record is None or record["step"] != self._step(step):
            return {}, ""
        rules = tuple(map(str, step.leaf.static.rules))
        found = {}
        for clause, (needed, used, on) in record["proved"].items():
            if all(self.parts.get(name) == digest for name, digest in needed.items()):
                found[clause] = Obligation(
                    step.action,
                    step.path,
                    clause,
                    rules,
                    step.where,
                    "proved",
                    used=tuple(used),
                    remembered=on,
                )
        return found, record["taken"] if record["whole"] == self.whole else ""

    def wanted(self) -> list[str]:
        """What is asked of a path that is taken, in order."""
        return [*(clause.name for clause in self.theory.clauses), SORTS]

    def record(self, step: Step, proved: Sequence[Obligation], taken: str) -> Record:
        """What is to be remembered of a path."""
        today = f"{datetime.date.today()}"
        return {
            "step": self._step(step),
            "whole": self.whole,
            "taken": taken,
            "proved": {
                what.clause: [self._needed(what), what.used, what.remembered or today]
                for what in proved
                if what.verdict == "proved"
            },
        }

    def _needed(self, what: Obligation) -> dict[str, str]:
        """The parts of the theory that a proof is a matter of, with their digests."""
        names = {what.clause} - {NEVER, SORTS}
        for used in what.used:
            first, *rest = used.split()
            if not used.startswith(PATH):
                names.add(rest[0] if first in ("assumed", "fact") else first)
        return {name: self.parts[name] for name in sorted(names) if name in self.parts}


def _name(step: Step) -> str:
    return f"{step.action}.{step.path}"


def _digest(of: object) -> str:
    return hashlib.sha256(repr(_plain(of)).encode()).hexdigest()


def _plain(of: object) -> object:
    """What is told from all others by its text."""
    if isinstance(of, Sort):
        members = None if of.members is None else [of.members.__name__, *of.members.__members__]
        return ("sort", of.kind, of.lo, of.hi, members)
    if isinstance(of, Enum):
        return ("enum", type(of).__name__, of.name)
    if isinstance(of, tuple | list):
        return [_plain(one) for one in of]
    assert of is None or isinstance(of, str | int)
    return of


# The file


def read(theory: Theory) -> Memory:
    """What is remembered of a theory; nothing, if there is no file or it is damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((place() / f"{theory.name}.json").read_text("utf-8"))
        if kept["version"] == VERSION:
            return Memory(theory, {name: _checked(row) for name, row in kept["paths"].items()})
    return Memory(theory)


def _checked(row: Any) -> Record:
    """A record, if it is one."""
    proved = {
        str(clause): [dict(needed), [*map(str, used)], str(on)]
        for clause, (needed, used, on) in row["proved"].items()
    }
    texts = {name: str(row[name]) for name in ("step", "whole", "taken")}
    return texts | {"proved": proved}


def write(memory: Memory, paths: Iterable[tuple[Step, Sequence[Obligation], str]]) -> None:
    """Remember what was proved of paths; where it cannot be written, nothing is."""
    records = {_name(step): memory.record(step, proved, taken) for step, proved, taken in paths}
    with contextlib.suppress(OSError):
        place().mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": VERSION, "paths": records})
        files.write(place() / f"{memory.theory.name}.json", text.encode())
