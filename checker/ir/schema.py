"""Schemas: a record, which is a tree of dataclasses, laid out as a row of typed variables.

The sorts come from the annotations: ``bool``, an ``Enum``, or ``Annotated[int, name]``, where
``name`` is a domain that the caller gives an interval for. Plain ``int`` is refused: a
variable without bounds has no encoding.
"""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from checker.ir.nodes import BOOL, Sort, enumeration, integer
from checker.ir.tracing import Tracer


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf: its dotted path in the record and its sort."""

    path: str
    sort: Sort


def fields(
    record: Any, domains: Mapping[str, tuple[int, int] | Sort], prefix: str = ""
) -> list[Field]:
    """The leaves of ``record``, in order; ``domains`` has (least, greatest) or a sort by name."""
    return list(_fields(record, domains, prefix))


def _fields(
    record: Any, domains: Mapping[str, tuple[int, int] | Sort], prefix: str
) -> Iterator[Field]:
    hints = typing.get_type_hints(type(record), include_extras=True)
    for f in dataclasses.fields(record):
        value, hint, name = getattr(record, f.name), hints[f.name], f.name
        if "inline" in f.metadata and not (isinstance(value, tuple) and len(value) != 1):
            name = f.metadata["inline"]  # in place of a name, of one record
            value = value[0] if isinstance(value, tuple) else value
        path = ".".join(part for part in (prefix, name) if part)
        if dataclasses.is_dataclass(value):
            yield from _fields(value, domains, path)
        elif isinstance(value, tuple):
            for i, item in enumerate(value):
                yield from _fields(item, domains, f"{path}.{i}")
        elif hint is bool:
            yield Field(path, BOOL)
        elif isinstance(hint, type) and issubclass(hint, Enum):
            yield Field(path, enumeration(hint))
        elif typing.get_origin(hint) is typing.Annotated:
            domain = domains[hint.__metadata__[0]]
            yield Field(path, domain if isinstance(domain, Sort) else integer(*domain))
        else:
            raise TypeError(f"{path}: {hint!r} has no finite domain; use Annotated[int, name]")


def symbols(tracer: Tracer, layout: list[Field], prefix: str) -> Iterator[Any]:
    """A symbolic value for each field, named ``prefix.path``."""
    for f in layout:
        yield tracer.var(f"{prefix}.{f.path}", f.sort)
