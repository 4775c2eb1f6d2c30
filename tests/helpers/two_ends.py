"""The statement of a system of two ends with text, held against the specification on values that
are near each other for the most part, and on each path; and its clauses against their functions."""

import inspect
import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from proofs.recheck.statement import Statement
from proofs.recheck.terms import evaluate
from proofs.theorems.table import Theorem
from proofs.theorems.text import AROUND, HALF, WINDOW
from tests.helpers import stated


class Held:
    """A statement, and the theorem that it is of. ``near``: where places may be."""

    def __init__(self, theorem: Theorem, made: Statement, near: Sequence[int]) -> None:
        self.made, self.near = made, near
        self.spec = stated.Ends(theorem, made)

    def drawn(self, chance: random.Random) -> tuple[stated.Values, stated.Functions]:
        """A state, a segment, and what is open, for the most part near each other; and memories."""
        made, near = self.made, chance.choice(self.near)
        kinds = {"me": made.end, "peer": made.end, "seg": made.message}
        sorts = {f"{row}.{f}": sort for row, fields in kinds.items() for f, sort in fields.items()}
        sorts |= made.parameters | made.seen
        found: stated.Values = {}
        for name, sort in sorts.items():
            if sort.kind == "real":
                found[name] = chance.choice((sort.lo, 1, 2, 3))
            elif sort.endless:
                small = chance.random() < 0.2
                few = (0, 1, 2, 3, 1000)
                value = chance.choice(few) if small else near + chance.randrange(-3, 9)
                found[name] = max(0, value)
            else:
                found[name] = stated.drawn(chance, sort, near)
        for row in ("me", "peer", "seg"):
            for f in ("rcv_wnd", "wnd", "buffer", "text"):
                if f"{row}.{f}" in found:
                    found[f"{row}.{f}"] = chance.choice((0, 1, 2, 5, 1000, WINDOW))
        una = found["me.una"] = max(1, found["me.nxt"] - chance.choice((0, 1, 2, 5)))
        found["me.wrote"] = max(una + 1, found["me.nxt"] + chance.choice((-1, 0, 1, 4)))
        found["me.iss"] = una - chance.choice((0, 1, 1, 7)) if una > 7 else 1
        found["octets"], found["part"] = chance.choice((0, 1, 5)), chance.choice((0, 1, 2))
        found["skip"] = chance.choice((0, 0, 1))
        found |= {"behind": AROUND - 1, "another": AROUND - WINDOW - 3, "ahead": HALF - 1}
        found["isn"] = found["me.nxt"] + chance.choice((0, 1, 7))
        found["room"] = chance.choice((0, 1, 5, WINDOW, WINDOW + 1))
        if "msl" in found:
            found |= {"msl": chance.choice((1, 2)), "seg.rst": chance.random() < 0.1}
        if chance.random() < 0.7:  # what is next, or near it
            got = found["me.taken"] + found["me.ended"]
            found |= {"seg.at": max(0, got + chance.choice((-2, -1, 0, 0, 0, 1)))}
            found |= {"seg.acks": max(0, found["me.nxt"] - chance.choice((-1, 0, 0, 1, 3)))}
            found |= {"seg.syn": False, "seg.ack": True, "seg.src": found["me.heard"]}
        functions: stated.Functions = {}
        for memory in made.memories:
            for whose in ("mine", "its"):
                name = f"{whose}.{memory.name}"
                if memory.name.endswith(("closed", "ended", "passive")):
                    functions[name] = partial(_flag, chance.randrange(2))
                else:
                    functions[name] = partial(_above, chance.choice((0, 1, 2, 9, 1 << 33)))
        return found, functions

    def taken(self, count: int, seed: int) -> set[tuple[str, int]]:
        """Hold the statement against the specification; the paths that were taken."""
        chance = random.Random(seed)
        return {
            (action.name, stated.same(self.spec, action, *self.drawn(chance)).number)
            for action in self.made.actions
            for _ in range(count)
        }

    def on_paths(self, every: int) -> float:
        """Hold the statement against the specification on every so many paths; the part of them
        that some input takes, though perhaps no state that is reached."""
        todo = [(action, way) for action in self.made.actions for way in action.paths]
        names = [f"{whose}.{one.name}" for one in self.made.memories for whose in ("mine", "its")]
        taken = 0
        for action, way in todo[::every]:
            at = stated.point(self.made, action, way, names)
            if at is not None:
                functions = {name: at.pop(name) for name in names}
                assert stated.same(self.spec, action, at, functions).number == way.number
                taken += 1
        return taken / len(todo[::every])

    def clauses(self, by_name: Mapping[str, Any], message: type) -> dict[str, set[bool]]:
        """Hold each clause against its function; what each came to."""
        chance = random.Random(7)
        found: dict[str, set[bool]] = {}
        for _ in range(300):
            at, functions = self.drawn(chance)
            at["n"] = chance.choice((0, at["me.iss"], at["me.iss"] + 1))
            w, seg = self.spec.sides(at, functions), self.spec.record(message, "seg.", at)
            for clause in self.made.clauses:
                function = by_name[clause.name]
                names = inspect.signature(function).parameters
                rest: list[Any] = [seg] if "seg" in names else [at["n"]] if "n" in names else []
                plain = bool(function(w, *rest))
                assert evaluate(clause.term, at, functions) == plain, (clause.name, at)
                found.setdefault(clause.name, set()).add(plain)
        return found


def _above(more: int, n: int) -> int:
    return n + more


def _flag(odd: int, n: int) -> bool:
    return n % 2 == odd
