"""Records: nested dataclasses of scalars, as flat tuples and back.

A state of the model is a tree of dataclasses whose leaves are ints, bools and Enums.
Flattened, it is a key for a set of visited states, a row of a table, a list of symbolic
variables: whatever a checker needs. Only the shape is known here, from the annotations: a field
holds a record, a tuple of records, or else a scalar.
"""

import dataclasses
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

R = TypeVar("R")


@cache
def _fields(kind: type) -> tuple[tuple[str, bool], ...]:
    """The fields of a dataclass, in order: name, and is it more than a scalar? Else nothing."""
    if not dataclasses.is_dataclass(kind):
        return ()
    hints = typing.get_type_hints(kind)
    return tuple((f.name, _is_nested(hints[f.name])) for f in dataclasses.fields(kind))


def _is_nested(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint) or typing.get_origin(hint) is tuple


def key(record: Any) -> tuple[Any, ...]:
    """The scalars of ``record``, depth first, in field order: equal for equal records.

    Tuples in a record are flattened too, since each has its fixed length. A tuple itself may be of
    any length: its key is the tuple of its items' keys.
    """
    if isinstance(record, tuple):
        return tuple(map(key, record))
    return tuple(_leaves(record))


def _leaves(record: Any) -> list[Any]:
    if isinstance(record, tuple):
        return [leaf for item in record for leaf in _leaves(item)]
    kind: Any = type(record)
    fields = _fields(kind)
    if not fields:
        return [record]
    leaves: list[Any] = []
    for name, nested in fields:
        if nested:
            leaves += _leaves(getattr(record, name))
        else:
            leaves.append(getattr(record, name))
    return leaves


def clone(record: R) -> R:
    """A copy that shares no mutable part with ``record``."""
    kind: Any = type(record)
    if isinstance(record, tuple):
        return kind(map(clone, record))  # type: ignore[no-any-return]
    fields = _fields(kind)
    if not fields:
        return record
    values = ((getattr(record, name), nested) for name, nested in fields)
    copy: R = kind(*[clone(value) if nested else value for value, nested in values])
    return copy


def rebuild(like: R, values: Iterator[Any]) -> R:
    """A record of the shape of ``like`` with its leaves taken from ``values`` in order."""
    kind: Any = type(like)
    if isinstance(like, tuple):
        return kind(rebuild(item, values) for item in like)  # type: ignore[no-any-return]
    fields = _fields(kind)
    if not fields:
        return next(values)  # type: ignore[no-any-return]
    record: R = kind(*[rebuild(getattr(like, name), values) for name, _ in fields])
    return record


def paths(record: Any, prefix: str = "") -> Iterator[str]:
    """The dotted names of the leaves: ``tcb.snd.una``, ``ghost.past.0.iss``.

    A field may have metadata ``inline``, which takes the place of its name where there is one
    record in it and not a tuple of several; empty, the leaves are named as if they were fields of
    ``record`` itself.
    """
    if dataclasses.is_dataclass(record):
        for f in dataclasses.fields(record):
            value, name = getattr(record, f.name), f.name
            if "inline" in f.metadata and not (isinstance(value, tuple) and len(value) != 1):
                name = f.metadata["inline"]
                value = value[0] if isinstance(value, tuple) else value
            yield from paths(value, ".".join(part for part in (prefix, name) if part))
    elif isinstance(record, tuple):
        for i, item in enumerate(record):
            yield from paths(item, f"{prefix}.{i}")
    else:
        yield prefix
