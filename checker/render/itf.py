"""A story as a trace in the Informal Trace Format, for the tools of others.

The format is Apalache's ADR-015: a trace is a JSON object with its `vars` and its `states`, and a
state gives each variable an expression. JSON's own integers are safe only below 2**53, so larger
ones are written `{"#bigint": "..."}`; tuples, sets and maps have a form of their own each. There
is no form for `None`, which becomes a variant as Quint writes it, nor for arbitrary objects, whose
`repr` goes into Apalache's `#unserializable`. Enum members go by their names; dataclasses, named
tuples and dicts whose keys can be names of fields are records.

A set is written in the order of its elements' JSON, so that the trace is a function of the story.

A state's `#meta` quotes the step that led to it. The `loop` is the index of the state *after* the
step that starts the story's loop: the last state is the one before that step, come round again. A
story without snapshots has two variables: the states of the ends, and the messages in flight.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum

from .story import Message, Story

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def itf(story: Story) -> str:
    """One state per line of the text, no newline at its end."""
    snapshots = story.snapshots or tuple(_outline(story))
    names = list(snapshots[0])
    if wrong := [name for name in names if name.startswith("#")]:
        raise ValueError(f"not a name of a variable: {wrong[0]}")
    for index, snapshot in enumerate(snapshots):
        if snapshot.keys() != snapshots[0].keys():
            raise ValueError(f"snapshot {index} has other variables than the first")
    meta = {
        "format": "ITF",
        "format-description": FORMAT,
        "description": story.title,
        "verdict": story.verdict,
        "status": "violation" if story.violated else "ok",
    }
    loop = [] if story.loop is None else [f'"loop": {story.loop + 1}']
    states = [
        json.dumps({"#meta": _step(story, index)} | {n: expression(snapshot[n]) for n in names})
        for index, snapshot in enumerate(snapshots)
    ]
    parts = [
        f'"#meta": {json.dumps(meta)}',
        f'"vars": {json.dumps(names)}',
        *loop,
        '"states": [\n    ' + ",\n    ".join(states) + "\n  ]",
    ]
    return "{\n  " + ",\n  ".join(parts) + "\n}"


def _step(story: Story, index: int) -> dict[str, object]:
    if not index:
        return {"index": 0}
    line = story.lines[index - 1]
    actor = "" if line.actor is None else story.lifelines[line.actor]
    return {"index": index, "actor": actor, "action": line.action, "rule": line.rule}


def _outline(story: Story) -> Iterator[dict[str, object]]:
    """The states that the lines alone show."""
    flying = {f.message.uid: f.message for f in story.flights if f.departure is None}
    yield {"ends": story.initial, "in_flight": list(flying.values())}
    for line in story.lines:
        if line.received is not None and not line.kept:
            flying.pop(line.received.uid, None)
        if not line.passed:
            flying |= {message.uid: message for message in line.sent}
        for message in line.lost:
            flying.pop(message.uid, None)
        yield {"ends": line.states, "in_flight": list[Message](flying.values())}


def expression(value: object) -> object:
    """`value` as an ITF expression, made of what `json` can write."""
    match value:
        case None:
            return {"tag": "None", "value": {"#tup": []}}
        case Enum():
            return value.name
        case bool() | str():
            return value
        case int():
            return value if abs(value) < 2**53 else {"#bigint": str(value)}
        case Mapping():
            return _mapping(value)
        case Set():
            return {"#set": sorted(map(expression, value), key=json.dumps)}
        case list():
            return [expression(item) for item in value]
        case tuple() if hasattr(value, "_fields"):
            return _mapping(dict(zip(value._fields, value, strict=True)))
        case tuple():
            return {"#tup": [expression(item) for item in value]}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _mapping({field.name: getattr(value, field.name) for field in fields(value)})
        case _:
            return {"#unserializable": repr(value)}


def _mapping(value: Mapping[object, object] | Mapping[str, object]) -> object:
    """A record if it can be one, else a map."""
    if all(type(key) is str and not key.startswith("#") for key in value):
        return {str(key): expression(item) for key, item in value.items()}
    pairs = [[expression(key), expression(item)] for key, item in value.items()]
    return {"#map": sorted(pairs, key=json.dumps)}
