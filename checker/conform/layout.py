"""The fields of a TCB and of a segment by what they hold, derived from ``spec.tcp``'s annotations.

Sequence numbers mean something only by their distances. So whoever compares two TCBs, or moves one
to other numbers, has to know of each field whether it is a number of our stream (``Ours``), of the
peer's (``Theirs``), or none of a stream: a count, a time, a flag, the state. Nothing here names the
fields one by one: a field that is added to ``Tcb`` or ``Segment`` is compared and moved from then
on, and one whose annotation does not say what it holds is an error.

What is named are the exceptions: the fields that ``conform`` does not follow, with the reason. A
TCB's are blank always, which ``check_unused`` makes sure of after each step of the specification.
"""

import dataclasses
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any, NamedTuple

from spec.tcp.segment import Segment
from spec.tcp.tcb import State, Tcb

MASK = 0xFFFFFFFF
"""Sequence numbers of captures have 32 bits."""
NO_CONNECTION = (State.CLOSED, State.LISTEN)
"""States without numbers of any connection."""
PEER_UNKNOWN = (*NO_CONNECTION, State.SYN_SENT)
"""States that know no number of the peer."""

UNUSED_IN_TCB = {
    "snd.wnd": "the window is known by its right edge (``Inbound.edge``)",
    "snd.wl1": "... so that updates of it are not ordered",
    "snd.wl2": "... so that updates of it are not ordered",
    "snd.up": "urgent data is not followed",
    "snd.urgent": "urgent data is not followed",
    "held_urgent": "urgent data is not followed",
    "held_up": "urgent data is not followed",
    "span": "R has no upper bound here",
}
ONLY_IF = {"left_snd": "reopened", "left_rcv": "reopened"}
"""Numbers of a TCB that are none, but blank, unless a flag of it is set."""
UNUSED_IN_SEGMENT = {
    "wnd": "the window is known by its right edge (``Inbound.edge``)",
    "up": "urgent data is not followed",
    "sack": "it is advice to a data plane",
    "ttl": "a capture does not show how long a segment may live",
    "origin.src": "a capture does not show which TCB sent it",
    "origin.about": "a capture does not show which TCB sent it",
    "origin.first": "a capture does not show which TCB sent it",
    "origin.garbage": "a capture does not show what an octet is",
    "ctl.urg": "urgent data is not followed",
    "ctl.psh": "PSH changes no state",
}


class Holds(Enum):
    """What a field holds."""

    OURS = ("seq", "ours")
    THEIRS = ("seq", "theirs")
    NUMBER_OF_SEQUENCE_NUMBERS = ("seq", "window")
    OCTETS = ("octets",)
    TICKS = ("ticks",)
    COUNT = ("count",)
    IDENTITY = ("id",)
    STAMP = ("stamp",)
    REPORT = ("sack",)  # which places of the window are held
    CHOICE = ()  # a flag or an enumeration


class Leaf(NamedTuple):
    """A field that is no record itself, by its dotted path."""

    path: str
    holds: Holds
    plain: str  # ... to a number or text, which an enumeration is not


def leaves(kind: type, prefix: str = "") -> Iterator[Leaf]:
    """The fields of a dataclass, depth first, in order."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        path, hint = prefix + field.name, hints[field.name]
        if typing.get_origin(hint) is tuple:
            continue  # what a TCB of a capture has none of, such as a data plane
        if dataclasses.is_dataclass(hint):
            yield from leaves(typing.cast(type, hint), f"{path}.")
        elif isinstance(hint, type) and (hint is bool or issubclass(hint, Enum)):
            yield Leaf(path, Holds.CHOICE, f"{path}._value_" if hint is not bool else path)
        else:
            try:
                yield Leaf(path, Holds(getattr(hint, "__metadata__", None)), path)
            except ValueError:
                raise TypeError(
                    f"{kind.__name__}.{field.name}: {hint} does not say what it holds; a sequence "
                    "number is Ours or Theirs, others are Window, Octets, Ticks, Count, Stamp or Id"
                ) from None


class Layout:
    """The fields of one kind of record that are followed, and what is made from them.

    ``ours``, ``theirs`` and ``rest`` give the values of a record, as tuples in the order of fields.
    """

    def __init__(self, kind: type, unused: Collection[str], apart: Collection[str] = ()) -> None:
        every = list(leaves(kind))
        unknown = {*unused, *apart} - {leaf.path for leaf in every}
        if unknown:
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        self.kind = kind
        self.leaves = [leaf for leaf in every if leaf.path not in {*unused, *apart}]
        self.ours = _values(self.paths(Holds.OURS))
        self.theirs = _values(self.paths(Holds.THEIRS))
        self.rest = _values(self.paths(*set(Holds) - {Holds.OURS, Holds.THEIRS}))

    def paths(self, *holds: Holds) -> list[str]:
        """Of the fields that hold one of these."""
        return [leaf.path for leaf in self.leaves if leaf.holds in holds]

    def moved(self) -> Callable[[Any, int, int], Any]:
        """Makes a copy with one number added to all of ours, and another to all of theirs."""
        return self._function("r, ours, theirs", self._shifted("+"))

    def joined(self) -> Callable[[Any, Any, Any], Any]:
        """Makes a record from what ``ours``, ``theirs`` and ``rest`` give."""
        code: dict[str, str] = {}
        counts = {"ours": 0, "theirs": 0, "rest": 0}
        for leaf in self.leaves:
            name = leaf.holds.name.lower()
            name = name if name in counts else "rest"
            code[leaf.path] = f"{name}[{counts[name]}]"
            counts[name] += 1
        return self._function("ours, theirs, rest", code)

    def mark(self) -> Callable[[Any, int, int], tuple[Any, ...]]:
        """Makes all values, numbers as distances from one of ours and one of theirs."""
        code = {leaf.path: f"r.{leaf.plain}" for leaf in self.leaves}
        code |= {path: one for path, one in self._shifted("-").items() if one != f"r.{path}"}
        return typing.cast(
            "Callable[[Any, int, int], tuple[Any, ...]]",
            eval(f"lambda r, ours, theirs: ({', '.join(code.values())},)"),
        )

    def all(self) -> Callable[[Any], tuple[Any, ...]]:
        """Gives all values, each enumeration as a text: that is hashed sooner."""
        return _values([leaf.plain for leaf in self.leaves])

    def _shifted(self, by: str) -> dict[str, str]:
        """Code for each field of ``r``, with ``ours`` and ``theirs`` added or subtracted."""
        code = {}
        for path, holds, _ in self.leaves:
            code[path] = value = f"r.{path}"
            if holds in (Holds.OURS, Holds.THEIRS):
                code[path] = f"({value} {by} {holds.name.lower()}) & {MASK}"
                if self.kind is Tcb and path in ONLY_IF:
                    code[path] = f"({code[path]} if r.{ONLY_IF[path]} else {value})"
        return code

    def _function(self, parameters: str, code: Mapping[str, str]) -> Callable[[Any, Any, Any], Any]:
        known: dict[str, Any] = {}
        body = _construction(self.kind, code, "", known)
        made = eval(f"lambda {parameters}: {body}", known)
        return typing.cast("Callable[[Any, Any, Any], Any]", made)


def _values(paths: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(paths) > 1:
        return attrgetter(*paths)
    return lambda record: tuple([attrgetter(path)(record) for path in paths])


def _construction(kind: type, code: Mapping[str, str], prefix: str, known: dict[str, Any]) -> str:
    """``Tcb(state=..., snd=Send(una=..., ...), ...)``; what has no code keeps its default."""
    known[kind.__name__] = kind
    hints = typing.get_type_hints(kind)
    parts = []
    for field in dataclasses.fields(kind):
        path, hint = prefix + field.name, hints[field.name]
        if dataclasses.is_dataclass(hint):
            inner = _construction(typing.cast(type, hint), code, f"{path}.", known)
            parts.append(f"{field.name}={inner}")
        elif path in code:
            parts.append(f"{field.name}={code[path]}")
    return f"{kind.__name__}({', '.join(parts)})"


_TCB = Layout(Tcb, UNUSED_IN_TCB)
_SEGMENT = Layout(Segment, UNUSED_IN_SEGMENT)
values = _TCB.all()
"""All of a TCB that is followed."""
_moved_tcb = _TCB.moved()
_moved_segment = _SEGMENT.moved()
_unused = _values([*UNUSED_IN_TCB])
_BLANK = _unused(Tcb())


def check_unused(tcb: Tcb) -> None:
    """Make sure that a step left blank what is not followed."""
    if (found := _unused(tcb)) != _BLANK:
        wrong = [
            f"{path}={value}"
            for path, value, blank in zip(UNUSED_IN_TCB, found, _BLANK, strict=True)
            if value != blank
        ]
        raise AssertionError(f"a step sets what is not followed: {', '.join(wrong)}")


def moved(tcb: Tcb, ours: int, theirs: int) -> Tcb:
    """A copy with ``ours`` added to our numbers and ``theirs`` to the peer's.

    Numbers that its state does not know are not moved.
    """
    state = tcb.state
    if state in PEER_UNKNOWN:
        theirs = 0
        if state in NO_CONNECTION:
            ours = 0
    return typing.cast(Tcb, _moved_tcb(tcb, ours, theirs))


def moved_segment(seg: Segment, ours: int, theirs: int) -> Segment:
    """A copy as a capture shows it, moved; the sender's numbers are ``ours``.

    Without an ACK bit, SEG.ACK means nothing.
    """
    copy = typing.cast(Segment, _moved_segment(seg, ours, theirs))
    if not copy.ctl.ack:
        copy.ack = 0
    return copy
