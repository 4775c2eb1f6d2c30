"""Records: nested dataclasses of scalars, as flat tuples and back.

A state of the model is a tree of dataclasses whose leaves are ints, bools and Enums.
Flattened, it is a key for a set of visited states, a row of a table, a list of symbolic
variables: whatever a checker needs. Only the shape is known here.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

R = TypeVar("R")


class _Shape(NamedTuple):
    """What is done with the records of one class, worked out once."""

    names: tuple[str, ...]
    key: Callable[[Any], tuple[Any, ...]]
    clone: Callable[[Any], Any]


_SHAPES: dict[type, _Shape | None] = {}


def _shape(kind: type) -> _Shape | None:
    """The shape of a dataclass; None for anything else.

    A state is taken apart and copied for every step that is worked out, so that this is written
    out as one expression for each class: ``(r.a, *key(r.b), ...)``.
    """
    if kind in _SHAPES:
        return _SHAPES[kind]
    shape = None
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = tuple(f.name for f in dataclasses.fields(kind))
        known: dict[str, Any] = {"key": key, "clone": clone, "kind": kind}
        keys, clones = [], []
        for name in names:
            inner = _shape(hints[name]) if isinstance(hints[name], type) else None
            if inner is not None:
                known |= {f"key_{name}": inner.key, f"clone_{name}": inner.clone}
                keys.append(f"*key_{name}(r.{name})")
                clones.append(f"clone_{name}(r.{name})")
            elif typing.get_origin(hints[name]) is tuple:
                keys.append(f"*[x for item in r.{name} for x in key(item)]")
                clones.append(f"tuple([clone(item) for item in r.{name}])")
            else:
                keys.append(f"r.{name}")
                clones.append(f"r.{name}")
        shape = _Shape(
            names,
            eval(f"lambda r: ({', '.join(keys)},)", known),
            eval(f"lambda r: kind({', '.join(clones)})", known),
        )
    _SHAPES[kind] = shape
    return shape


def key(record: Any) -> tuple[Any, ...]:
    """The scalars of ``record``, depth first, in field order: equal for equal records."""
    shape = _shape(type(record))
    if shape is not None:
        return shape.key(record)
    if isinstance(record, tuple):
        return tuple(value for item in record for value in key(item))
    return (record,)


def clone(record: R) -> R:
    """A copy that shares no mutable part with ``record``."""
    shape = _shape(type(record))
    if shape is not None:
        return shape.clone(record)  # type: ignore[no-any-return]
    if isinstance(record, tuple):
        return type(record)(clone(item) for item in record)
    return record


def rebuild(like: R, values: Iterator[Any]) -> R:
    """A record of the shape of ``like`` with its leaves taken from ``values`` in order."""
    kind = type(like)
    shape = _shape(kind)
    if shape is not None:
        return kind(*[rebuild(getattr(like, name), values) for name in shape.names])
    if isinstance(like, tuple):
        return kind(rebuild(item, values) for item in like)  # type: ignore[call-arg]
    return next(values)  # type: ignore[no-any-return]


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
