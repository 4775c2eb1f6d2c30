"""Records taken apart and copied, fast: ``spec.world.records`` for those who do little else.

A host is copied for every event, and its scalars are asked for with every outcome. So what these
functions do with the records of one class is written out as one expression, when the first of
them is met: ``(r.state, *leaves_snd(r.snd), ...)``.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple, TypeVar

R = TypeVar("R")


class _Written(NamedTuple):
    """The functions of one class."""

    leaves: Callable[[Any], Iterable[Any]]
    clone: Callable[[Any], Any]


def _write(kind: Any) -> _Written:
    """Write out the functions of a class of records; those of ``tuple`` go through its items."""
    if not dataclasses.is_dataclass(kind):
        return _ITEMS
    hints = typing.get_type_hints(kind)
    known: dict[str, Any] = {"kind": kind}
    leaves, clones = [], []
    for f in dataclasses.fields(kind):
        hint, value = hints[f.name], f"r.{f.name}"
        nested = typing.get_origin(hint) or hint
        if nested is tuple or dataclasses.is_dataclass(nested):
            inner = _written(nested)
            known |= {f"leaves_{f.name}": inner.leaves, f"clone_{f.name}": inner.clone}
            leaves.append(f"*leaves_{f.name}({value})")
            clones.append(f"clone_{f.name}({value})")
        else:
            leaves.append(value)
            clones.append(value)
    return _Written(
        eval(f"lambda r: ({', '.join(leaves)},)", known),
        eval(f"lambda r: kind({', '.join(clones)})", known),
    )


_written: Callable[[Any], _Written] = cache(_write)

_ITEMS = _Written(
    lambda items: [leaf for item in items for leaf in _written(type(item)).leaves(item)],
    lambda items: tuple([_written(type(item)).clone(item) for item in items]),
)


def key(record: Any) -> tuple[Any, ...]:
    """The scalars of a record (``spec.world.records.key``)."""
    return tuple(_written(type(record)).leaves(record))


def clone(record: R) -> R:
    """A copy of a record (``spec.world.records.clone``)."""
    return _written(type(record)).clone(record)  # type: ignore[no-any-return]
