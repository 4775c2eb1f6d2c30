"""Segments of a connection as a ladder, and the picture of a deviation."""

from collections.abc import Mapping, Sequence

from checker.capture import Packet
from checker.capture.segments import socket
from checker.conform.connection import Connection
from checker.conform.judge import describe
from checker.render import Line, Message, Story
from spec.tcp.tcb import State

DRAWN = 20
"""Segments in the picture of a deviation."""


def picture(connection: Connection) -> Story:
    """The segments before a deviation and itself, which is marked, as a ladder."""
    found = connection.deviation
    assert found is not None
    packets = list(zip(found.sides, found.seen, strict=True))[-DRAWN:]
    rule, nearest = found.rule, found.nearest
    return story(
        connection,
        packets,
        f"{connection.name}: packet {found.segment} deviates",
        f"packet {found.segment}, {found.text}: {rule}",
        {found.segment: ("no state sends this", f"nearest allowed: {nearest}" if nearest else "")},
    )


def story(
    connection: Connection,
    packets: Sequence[tuple[int, Packet]],
    title: str,
    verdict: str,
    said: Mapping[int, tuple[str, str]],
) -> Story:
    """Segments of a connection as a ladder, with the states of both ends beside them.

    The first ones may be of earlier connections of the same sockets. Lines have the numbers of
    their packets. ``said``: what else there is to say of a packet, and a note. The deviation is
    marked.
    """
    found = connection.deviation
    names = [socket(s) for s in connection.flow.sockets]
    told: list[Line] = []
    initial = _states(connection, packets[0][1].number - 1)
    for side, p in packets:
        # What it does at the other end, it does when it arrives.
        before, after = _states(connection, p.number - 1), _states(connection, p.number)
        states = (before[0], after[1]) if side else (after[0], before[1])
        wrong = found is not None and p.number == found.segment
        message = Message(p.number, side, 1 - side, describe(p), mark="deviates" if wrong else "")
        rule = found.rule if found is not None and wrong else ""
        words, note = said.get(p.number, ("", ""))
        notes = (note,) if note else ()
        told.append(
            Line(p.number, side, words or "sent", rule, None, False, (), (message,), states,
                 notes=notes)
        )  # fmt: skip
        told.append(Line(p.number, 1 - side, "arrives", "", message, False, (), (), after))
    return Story(title, (names[0], names[1]), initial, tuple(told), verdict, found is not None)


def _states(connection: Connection, number: int) -> tuple[str, str]:
    """What the ends were in after a packet, by the likeliest explanation."""
    found = []
    for past, own in zip(connection.past, connection.edges, strict=True):
        edges = [*past, *own]
        state = next((before for _, before, _ in edges), State.CLOSED)
        if edges and edges[0][1:] == (State.CLOSED, State.LISTEN):
            state = State.LISTEN  # it listened before anybody came
        for at, _, after in edges:
            if at <= number:
                state = after
        found.append(state.value)
    return found[0], found[1]
