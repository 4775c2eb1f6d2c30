"""Records: nested dataclasses of scalars, as flat tuples and back.

A state of the model is a tree of dataclasses whose leaves are ints, bools and Enums.
Flattened, it is a key for a set of visited states, a row of a table, a list of symbolic
variables: whatever a checker needs. Only the shape is known here, from the annotations: a field
holds a record, a tuple of records, or else a scalar.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

R = TypeVar("R")
_Values: TypeAlias = Callable[[Any], Sequence[Any]]


@cache
def _fields(kind: type) -> tuple[_Values, tuple[int, ...]] | None:
    """What reads the fields of a dataclass, and which of them are no scalars; None for a scalar."""
    if not dataclasses.is_dataclass(kind):
        return None
    hints = typing.get_type_hints(kind)
    names = [f.name for f in dataclasses.fields(kind)]
    return _reader(names), tuple(i for i, name in enumerate(names) if _is_nested(hints[name]))


@cache
def _scalars(kind: type) -> tuple[_Values, tuple[int, ...]] | None:
    """What reads the scalars of a dataclass, those of the records in it too, and the tuples in it.

    With the places of the tuples; None for a scalar.
    """
    if not dataclasses.is_dataclass(kind):
        return None
    names = dict(_below(kind))
    return _reader(list(names)), tuple(i for i, many in enumerate(names.values()) if many)


def _below(kind: Any) -> Iterator[tuple[str, bool]]:
    """The dotted names of the scalars and tuples of a dataclass, and is it a tuple?"""
    hints = typing.get_type_hints(kind)
    for f in dataclasses.fields(kind):
        if dataclasses.is_dataclass(hints[f.name]):
            yield from ((f"{f.name}.{name}", many) for name, many in _below(hints[f.name]))
        else:
            yield f.name, _is_nested(hints[f.name])


def _reader(names: Sequence[str]) -> _Values:
    """What reads attributes of these names."""
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda record: (one(record),)
    return attrgetter(*names)


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


def _leaves(record: Any) -> Sequence[Any]:
    if isinstance(record, tuple):
        return [leaf for item in record for leaf in _leaves(item)]
    kind: Any = type(record)
    scalars = _scalars(kind)
    if scalars is None:
        return (record,)
    read, tuples = scalars
    values = read(record)
    if not tuples:
        return values
    leaves = list(values)
    for i in reversed(tuples):
        leaves[i : i + 1] = _leaves(values[i])
    return leaves


def clone(record: R) -> R:
    """A copy that shares no mutable part with ``record``."""
    kind: Any = type(record)
    if isinstance(record, tuple):
        return kind(map(clone, record)) if record else record
    fields = _fields(kind)
    if fields is None:
        return record
    read, nested = fields
    values = list(read(record))
    for i in nested:
        values[i] = clone(values[i])
    copy: R = kind(*values)
    return copy


def rebuild(like: R, values: Iterator[Any]) -> R:
    """A record of the shape of ``like`` with its leaves taken from ``values`` in order."""
    kind: Any = type(like)
    if isinstance(like, tuple):
        return kind(rebuild(item, values) for item in like)  # type: ignore[no-any-return]
    fields = _fields(kind)
    if fields is None:
        return next(values)  # type: ignore[no-any-return]
    read, _ = fields
    record: R = kind(*[rebuild(item, values) for item in read(like)])
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
