"""Records: nested dataclasses of scalars, as flat tuples and back.

A state of the model is a tree of dataclasses whose leaves are ints, bools and Enums.
Flattened, it is a key for a set of visited states, a row of a table, a list of symbolic
variables: whatever a checker needs. Only the shape is known here.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeVar

R = TypeVar("R")


def _names(kind: type) -> tuple[str, ...] | None:
    """The field names of a dataclass; None for anything else."""
    if dataclasses.is_dataclass(kind):
        return tuple(f.name for f in dataclasses.fields(kind))
    return None


_NAMES: dict[type, tuple[str, ...] | None] = {}


def _collect(record: Any, into: list[Any]) -> None:
    kind = type(record)
    if kind not in _NAMES:
        _NAMES[kind] = _names(kind)
    names = _NAMES[kind]
    if names is not None:
        for name in names:
            _collect(getattr(record, name), into)
    elif kind is tuple:
        for item in record:
            _collect(item, into)
    else:
        into.append(record)


def key(record: Any) -> tuple[Any, ...]:
    """The scalars of ``record``, depth first, in field order: equal for equal records."""
    into: list[Any] = []
    _collect(record, into)
    return tuple(into)


def rebuild(like: R, values: Iterator[Any]) -> R:
    """A record of the shape of ``like`` with its leaves taken from ``values`` in order."""
    kind = type(like)
    if kind not in _NAMES:
        _NAMES[kind] = _names(kind)
    names = _NAMES[kind]
    if names is not None:
        return kind(*[rebuild(getattr(like, name), values) for name in names])
    if isinstance(like, tuple):
        return kind(rebuild(item, values) for item in like)  # type: ignore[call-arg]
    return next(values)  # type: ignore[no-any-return]


def clone(record: R) -> R:
    """A copy that shares no mutable part with ``record``."""
    return rebuild(record, iter(key(record)))


def paths(record: Any, prefix: str = "") -> Iterator[str]:
    """The dotted names of the leaves: ``tcb.snd.una``, ``ghost.past.0.iss``."""
    if dataclasses.is_dataclass(record):
        for f in dataclasses.fields(record):
            yield from paths(getattr(record, f.name), f"{prefix}.{f.name}" if prefix else f.name)
    elif isinstance(record, tuple):
        for i, item in enumerate(record):
            yield from paths(item, f"{prefix}.{i}")
    else:
        yield prefix
