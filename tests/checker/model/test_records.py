"""The functions that are written out for a class do what ``spec.world.records`` does."""

import dataclasses
from typing import Any

import pytest

from checker.model.records import clone, key
from spec.observe.ghosts import Ghost, Pair
from spec.tcp.host import Host, Socket
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world import records
from spec.world.endpoint import Endpoint

RECORDS = {
    "a segment": Segment(seq=7, ctl=Control(syn=True)),
    "a host": Endpoint(Host((Socket(Tcb(state=State.ESTABLISHED, iss=3)),)), 1, (Ghost(made=2),)),
    "a host of two sockets": Endpoint(
        Host((Socket(), Socket(Tcb(iss=5)))),
        ghosts=(Ghost(past=(Pair(), Pair(iss=5))), Ghost(simultaneous=True)),
    ),
}


def parts(record: Any) -> list[Any]:
    """A record and all records in it."""
    if isinstance(record, tuple):
        return [part for item in record for part in parts(item)]
    if not dataclasses.is_dataclass(record):
        return []
    inside = [getattr(record, f.name) for f in dataclasses.fields(record)]
    return [record, *parts(tuple(inside))]


@pytest.mark.parametrize("name", RECORDS)
def test_key(name):
    assert key(RECORDS[name]) == records.key(RECORDS[name])


@pytest.mark.parametrize("name", RECORDS)
def test_clone(name):
    """Equal, of the same classes, and nothing is shared."""
    record = RECORDS[name]
    copy = clone(record)
    assert records.key(copy) == records.key(record)
    assert [type(part) for part in parts(copy)] == [type(part) for part in parts(record)]
    assert not {*map(id, parts(copy))} & {*map(id, parts(record))}
