"""From a theorem of ``proofs.invariants`` to what the prover is given: all of it traced.

Bounds that a theorem leaves free become variables: the window, and with time MSL, R (``span``),
TIME-WAIT's length and how long a tick is, which are reals. Numbers of TCBs are natural numbers.
ISNs are a function of the TCB's number that no step changes: what a host will select is a matter of
the assumptions alone.
"""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from checker.core.composition import Kind
from checker.core.ir import NAT, POSITIVE, REAL, Node, Sort
from checker.core.schema import Field, fields
from checker.core.trace import Branch, Leaf, Tree
from checker.engines import induction
from checker.engines.induction import ENDS, MESSAGE, NUMBER, Clause, Theory
from checker.model import Traced, constants
from proofs.invariants import BY_ID, Function, Memory, Theorem, View, remember
from spec import host
from spec.bounds import Bounds
from spec.ghosts import Sight, look
from spec.host import Endpoint
from spec.inputs import FORGERIES, Input
from spec.record import key, paths, rebuild
from spec.rules import Rules
from spec.segment import Segment
from spec.system import CALLS

_FREE = {"window": None, "msl": POSITIVE, "span": REAL, "time_wait": REAL}
"""What may be left free; None: of the domain that its annotation names."""


def inputs_of(rules: Rules, bounds: Bounds) -> list[Input]:
    """What can befall an end: every input that the bounds let happen, to either host."""
    sends = bounds.octets > 0
    never = {
        *FORGERIES,
        Input.CRASH,
        Input.RESTART,
        *(() if sends else (Input.SEND, Input.RECEIVE)),
        *(() if sends and bounds.urgent else (Input.SEND_URGENT,)),
        *(() if bounds.close else (Input.CLOSE,)),
        *(() if bounds.abort else (Input.ABORT,)),
        *(() if bounds.user_timeout else (Input.USER_TIMEOUT,)),
        *(() if bounds.a_active else (Input.OPEN_ACTIVE,)),
    }
    return [what for what in (*CALLS, Input.SEGMENT) if what not in never]


def theory(theorem: Theorem) -> Theory:
    """The theory of a theorem."""
    rules = dataclasses.replace(Rules(), **theorem.rules)
    bounds = dataclasses.replace(Bounds(), **theorem.bounds)
    timed = "msl" in theorem.free
    number = NAT
    seq = (0, (1 << bounds.width) - 1)
    octets = (0, max(bounds.octets, 1))
    domains: dict[str, Any] = {
        "seq": seq,
        "octets": octets,
        "ticks": REAL if timed else (0, 1),
        "id": number if number.unbounded else (number.lo, number.hi),
        "crashes": (0, 1),
    }
    free = {name: _FREE[name] or Sort("int", *seq) for name in theorem.free}
    inputs = inputs_of(rules, bounds)
    known = constants(rules, bounds, [*inputs, *([Input.TICK] if timed else [])], free, domains)
    traced = Traced(rules, bounds, known, free, domains)
    tracer = traced.tracer
    kept = [f for f in traced.end_fields if f"me.{f.path}" not in known]
    carried = [f for f in traced.seg_fields if f"seg.{f.path}" not in known]

    def narrow(tree: Tree) -> Tree:
        return _narrow(tree, traced, kept, carried)

    me, peer = traced.endpoint("me"), traced.endpoint("peer")
    slots = {
        name: [(tracer.var(f"{name}0.present", Sort("bool")), traced.segment(f"{name}0"))]
        for name in ("out", "in")
    }
    sight = look(me.ghost, peer.tcb, peer.ghost, slots["out"], slots["in"])
    looking = _Looking(traced, number)
    start = host.initial(bounds)
    first = dict(zip(paths(start), key(start), strict=True))
    used = (*theorem.clauses, *theorem.claims)
    lemmas = [f for f in _lemmas(theorem) if f not in used]
    return Theory(
        name=theorem.id,
        fields=kept,
        message_fields=carried,
        initial={f.path: first[f.path] for f in kept},
        constants=known,
        kinds=[
            Kind(what.value, narrow(traced.tree(what)), (0, 1), what == Input.SEGMENT)
            for what in inputs
        ],
        tick=narrow(traced.tree(Input.TICK)) if timed else None,
        ttl="ttl" if timed and rules.lifetime_bounded else None,
        elapsed="elapsed" if timed else None,
        sight={
            f"sight.{f.path}": tracer.node(v)
            for f, v in zip(traced.sight_fields, key(sight), strict=True)
        },
        drawn=tracer.node(looking.function("mine.iss", traced.isn_sort)(me.ghost.id + 1)),
        memories=looking.memories(),
        told="iss",
        number=number,
        parameters=free | ({"elapsed": POSITIVE} if timed else {}),
        facts=[looking.clause(f) for f in theorem.facts],
        pairs=[looking.clause(f) for f in theorem.pairs],
        clauses=[looking.clause(f) for f in used],
        lemmas=[looking.clause(f) for f in lemmas],
        claims=tuple(f.__name__ for f in theorem.claims),
    )


def _lemmas(theorem: Theorem) -> tuple[Function, ...]:
    """The clauses of the theorem that this one is built upon."""
    if not theorem.upon:
        return ()
    other = BY_ID[theorem.upon]
    same = (theorem.rules, theorem.bounds, theorem.free) == (other.rules, other.bounds, other.free)
    fewer = {*other.facts} <= {*theorem.facts} and {*other.pairs} <= {*theorem.pairs}
    if not same or not fewer or other.upon:
        raise ValueError(
            f"{theorem.id} cannot be built upon {other.id}: it is of another system, assumes "
            "more, or is built upon a third"
        )
    return (*other.clauses, *other.claims)


def _narrow(tree: Tree, traced: Traced, kept: Sequence[Field], carried: Sequence[Field]) -> Tree:
    """``tree`` with only the outputs that vary."""
    if isinstance(tree, Branch):
        return Branch(
            tree.test,
            _narrow(tree.then, traced, kept, carried),
            _narrow(tree.other, traced, kept, carried),
            tree.where,
        )
    assert isinstance(tree, Leaf)
    if not tree.static.possible:
        return tree
    ends, segs = len(traced.end_fields), len(traced.seg_fields)
    outputs = [tree.outputs[traced.end_fields.index(f)] for f in kept]
    for n in range(tree.static.sent):
        outputs += [tree.outputs[ends + n * segs + traced.seg_fields.index(f)] for f in carried]
    return Leaf(tree.index, tree.static, tuple(outputs))


class _Looking:
    """Traces clauses: functions of a view of which every part is symbolic."""

    def __init__(self, traced: Traced, number: Sort) -> None:
        self.traced = traced
        self.number = number
        self.fields = fields(Memory(), traced.domains)
        self.view = View(
            traced.endpoint("me"),
            traced.endpoint("peer"),
            lambda n: self.memory("mine", n),
            lambda n: self.memory("its", n),
            self.function("mine.iss", traced.isn_sort),
            self.function("its.iss", traced.isn_sort),
            traced.rules,
            traced.bounds,
            traced.seq,
        )

    def function(self, name: str, sort: Sort) -> Callable[[Any], Any]:
        """The function ``name``, to be applied to a symbolic number."""
        tracer = self.traced.tracer
        number = self.number
        return lambda n: tracer.value(tracer.build.apply(name, tracer.node(n), number, sort))

    def memory(self, whose: str, n: Any) -> Memory:
        """What is remembered of TCB ``n``."""
        return Memory(*[self.function(f"{whose}.{f.path}", f.sort)(n) for f in self.fields])

    def memories(self) -> list[induction.Memory]:
        """What is remembered, and how a step changes it."""
        tracer = self.traced.tracer
        n = tracer.var("n", self.number)
        found = [induction.Memory("iss", self.traced.isn_sort, None)]

        def updated() -> tuple[None, list[Any]]:
            before, after = self.memory("mine", n), self.memory("mine", n)
            end = self.traced.endpoint("me")
            if end.ghost.id == n:
                remember(after, end, self.traced.seq)
                return None, list(key(after))
            return None, list(key(before))

        tree = tracer.trace(updated)
        for i, f in enumerate(self.fields):
            node = _folded(tree, self.traced, i)
            found.append(induction.Memory(f.path, f.sort, node, key(Memory())[i]))
        return found

    def clause(self, function: Callable[..., bool]) -> Clause:
        """One clause, traced."""
        tracer = self.traced.tracer
        names = list(inspect.signature(function).parameters)[1:]
        numbers = {name: tracer.var(name, self.number) for name in names if name != "seg"}

        def decided() -> tuple[None, list[Any]]:
            arguments = [
                self.traced.segment("seg") if name == "seg" else numbers[name] for name in names
            ]
            return None, [function(self.view, *arguments)]

        code = function.__code__
        where = f"proofs/invariants.py:{code.co_firstlineno}"
        about = MESSAGE if "seg" in names else NUMBER if "n" in names else ENDS
        doc = inspect.getdoc(function) or ""
        return Clause(function.__name__, about, tracer.trace(decided), where, doc)


def _folded(tree: Tree, traced: Traced, output: int) -> Node:
    """One output of a tree as an expression."""
    if isinstance(tree, Leaf):
        return tree.outputs[output]
    assert isinstance(tree, Branch)
    return traced.tracer.build.ite(
        tree.test, _folded(tree.then, traced, output), _folded(tree.other, traced, output)
    )


__all__ = ["Endpoint", "Sight", "Segment", "inputs_of", "rebuild", "theory"]
