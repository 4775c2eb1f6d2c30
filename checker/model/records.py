"""Records taken apart and copied, fast: ``spec.world.records`` for those who do little else.

A host is copied for every event, and its scalars are asked for with every outcome. So what these
functions do with the records of one class, those within them too, is written out when the first of
them is met: the scalars as one expression, ``(r.state, r1.una, r1.nxt, ...)``, and a copy as one
assignment for each field. That takes half the time in which the classes make a record.
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


class _Writer:
    """Writes the functions of a class of records."""

    def __init__(self, kind: Any) -> None:
        self.known: dict[str, Any] = {"new": object.__new__}
        self.found: list[str] = []  # what is in a record that is no scalar
        self.leaves: list[str] = []
        self.copies: list[str] = []
        self._record(kind, "")

    def written(self) -> _Written:
        """The functions."""
        leaves = [*self.found, f"return ({', '.join(self.leaves)},)"]
        clone = [*self.found, *self.copies, "return c"]
        exec(f"def leaves(r): {'; '.join(leaves)}", self.known)
        exec(f"def clone(r): {'; '.join(clone)}", self.known)
        return _Written(self.known["leaves"], self.known["clone"])

    def _record(self, kind: Any, at: str) -> None:
        """Write what is done with the record ``r`` and a number, ``at``, and its copy ``c``."""
        self.known[f"kind{at}"] = kind
        self.copies.append(f"c{at} = new(kind{at})")
        hints = typing.get_type_hints(kind)
        for f in dataclasses.fields(kind):
            hint, old, new = hints[f.name], f"r{at}.{f.name}", f"c{at}.{f.name}"
            items = typing.get_origin(hint) is tuple
            if not items and not dataclasses.is_dataclass(hint):
                self.leaves.append(old)
                self.copies.append(f"{new} = {old}")
                continue
            inner = str(len(self.found) + 1)
            self.found.append(f"r{inner} = {old}")
            if items:
                one = _written(typing.get_args(hint)[0])
                self.known |= {f"leaves{inner}": one.leaves, f"clone{inner}": one.clone}
                self.leaves.append(
                    f"*(r{inner} and [x for r in r{inner} for x in leaves{inner}(r)])"
                )
                self.copies.append(
                    f"{new} = r{inner} and tuple([clone{inner}(r) for r in r{inner}])"
                )
            else:
                self._record(hint, inner)
                self.copies.append(f"{new} = c{inner}")


def _write(kind: Any) -> _Written:
    """The functions of a class; those of ``tuple`` go through its items."""
    return _Writer(kind).written() if dataclasses.is_dataclass(kind) else _ITEMS


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
