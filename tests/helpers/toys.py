"""A toy for the prover: two ends that send each other numbered messages.

An end that is asked wakes up, and what it sends then bears the number of its messages so far. The
other keeps the greatest number that it was told, and goes to sleep when told ``LAST``. A field
``spare`` of ends and messages is left out, since nobody writes it.
"""

import inspect
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checker.engines.solver.induction import ENDS, MESSAGE, Clause, Constancy, Theory
from checker.ir.composition import Kind
from checker.ir.nodes import BOOL, NAT, enumeration, integer
from checker.ir.schema import Field
from checker.ir.tracing import Tracer
from checker.studies.prove import certificates, prove, statements
from proofs.theorems.table import Theorem


class Mode(Enum):
    ASLEEP = "ASLEEP"
    AWAKE = "AWAKE"
    ENDED = "ENDED"


LAST = 9
SENT = integer(0, 255)
END = [
    Field("mode", enumeration(Mode)),
    Field("sent", SENT),
    Field("told", SENT),
    Field("odd", BOOL),
]
NOTE = [Field("no", SENT)]


def record(tracer: Tracer, name: str, layout: list[Field]) -> SimpleNamespace:
    return SimpleNamespace(**{f.path: tracer.var(f"{name}.{f.path}", f.sort) for f in layout})


# Clauses: true ones, then some that are not


def numbered_from_one(me: Any, peer: Any, seg: Any) -> bool:
    """Messages are numbered from one on."""
    return seg.no >= 1


def was_sent(me: Any, peer: Any, seg: Any) -> bool:
    """A message's number is one that was reached."""
    return seg.no <= me.sent


def told_of_the_past(me: Any, peer: Any) -> bool:
    """Nobody is told more than was sent."""
    return me.told <= peer.sent


def sleepers_are_silent(me: Any, peer: Any) -> bool:
    """Who never woke up sent nothing."""
    return (me.mode != Mode.ASLEEP) | (me.sent == 0)


def up_to_date(me: Any, peer: Any) -> bool:
    """False: all that was sent was told."""
    return me.told == peer.sent


def never_odd(me: Any, peer: Any) -> bool:
    """False at the start, for the flag is set there."""
    return me.odd == (me.sent != me.sent)


def says_nothing(me: Any, peer: Any) -> bool:
    """A tautology."""
    return True


TRUE = (numbered_from_one, was_sent, told_of_the_past, sleepers_are_silent)


def theorem(*claims: Callable[..., bool], clauses: Any = TRUE, id: str = "toy") -> Theorem:
    return Theorem(
        id=id,
        title="nobody is told more than was sent",
        cites="",
        claims=claims or (told_of_the_past,),
        clauses=tuple(c for c in clauses if c not in (claims or (told_of_the_past,))),
        rules={},
        bounds={},
        free=(),
    )


def proved_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``prove`` make the toy of whatever it is asked for."""
    given = inspect.signature(prove.prove).parameters.values()
    defaults = {one.name: one.default for one in given if one.default is not one.empty}
    monkeypatch.setattr(prove.prove, "__defaults__", (*(defaults | {"make": theory}).values(),))


def written_to(place: Path) -> Path:
    """Certificates of the toy, and its statement beside them."""
    (proof,) = prove.prove([theorem()], 2, make=theory)
    certificates.write([proof], place / "certificates")
    (place / "toy.txt").write_text(statements.written(proof.theorems, proof.theory))
    return place


def theory(theorems: Sequence[Theorem]) -> Theory:
    """The toy, and the clauses of a theorem."""
    (theorem,) = theorems
    tracer = Tracer()

    def leaf(end: Any, *rules: str, sent: Any = None) -> tuple[Any, list[Any]]:
        values = [getattr(end, f.path) for f in END] + ([] if sent is None else [sent])
        return SimpleNamespace(possible=True, sent=len(values) - len(END), rules=rules), values

    def refused() -> tuple[Any, list[Any]]:
        return SimpleNamespace(possible=False, sent=0, rules=()), []

    def send() -> tuple[Any, list[Any]]:
        me = record(tracer, "me", END)
        if me.mode == Mode.ENDED:
            return refused()
        if me.sent >= LAST:
            return refused()
        me.mode = Mode.AWAKE
        me.sent = (me.sent + 1) & 255
        return leaf(me, "send the next", sent=me.sent)

    def deliver() -> tuple[Any, list[Any]]:
        me, seg = record(tracer, "me", END), record(tracer, "seg", NOTE)
        if seg.no == 0:
            return leaf(me, "number 0 ignored")
        if seg.no == LAST:
            me.mode = Mode.ENDED
        if me.told < seg.no:
            me.told = seg.no
            return leaf(me, "told something new")
        return leaf(me, "told again")

    def spared() -> tuple[Any, list[Any]]:
        me, seg = tracer.var("me.spare", SENT), tracer.var("seg.spare", SENT)
        return None, [me == 0, seg == 0]

    def clause(function: Callable[..., bool]) -> Clause:
        ends = [record(tracer, name, END) for name in ("me", "peer")]
        about = MESSAGE if "seg" in inspect.signature(function).parameters else ENDS
        more = [record(tracer, "seg", NOTE)] if about == MESSAGE else []
        tree = tracer.trace(lambda: (None, [function(*ends, *more)]))
        where = f"tests/helpers/toys.py:{function.__code__.co_firstlineno}"
        return Clause(function.__name__, about, tree, where, inspect.getdoc(function) or "")

    return Theory(
        name=theorem.id,
        fields=END,
        message_fields=NOTE,
        initial={"mode": Mode.ASLEEP, "sent": 0, "told": 0, "odd": True},
        constants={"me.spare": 0, "seg.spare": 0},
        kinds=[
            Kind("SEND (next)", tracer.trace(send), False),
            Kind("deliver", tracer.trace(deliver), True),
        ],
        tick=None,
        ttl=None,
        elapsed=None,
        sight={},
        drawn={},
        memories=[],
        told="",
        number=NAT,
        parameters={},
        facts=[],
        pairs=[],
        clauses=[clause(f) for f in (*theorem.clauses, *theorem.claims)],
        claims=tuple(f.__name__ for f in theorem.claims),
        constancy=Constancy(
            first={"me.spare": 0},
            variables={"me.spare": SENT, "seg.spare": SENT},
            trees=dict.fromkeys(("SEND (next)", "deliver"), tracer.trace(spared)),
        ),
    )
