"""Segments of a connection as a ladder, and the picture of a deviation."""

from collections.abc import Mapping, Sequence

from checker.capture import Packet
from checker.capture.segments import ACK, SYN, flags, socket
from checker.conform.connection import Connection
from checker.conform.inbound import SEQ
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
    their packets, and the time since the first; sequence numbers count from the ISN of who has
    them. ``said``: what else there is to say of a packet, and a note. The deviation is marked.
    """
    found = connection.deviation
    names = [socket(s) for s in connection.flow.sockets]
    told: list[Line] = []
    began = packets[0][1].time
    initial = _states(connection, packets[0][1].number - 1)
    numbers = Numbers(connection if packets[0][1].number >= connection.first else None)
    for side, p in packets:
        wrong = found is not None and p.number == found.segment
        relative = numbers.take(side, p)
        message = Message(p.number, side, 1 - side, relative, mark="deviates" if wrong else "")
        rule = found.rule if found is not None and wrong else ""
        words, note = said.get(p.number, ("", ""))
        notes = [note] if note else []
        if p.number == connection.first and told:
            notes.append("another connection of the same sockets begins")
        if p.flags & SYN:
            notes.append(f"ISN {p.seq}")
        action = f"{p.time - began:.3f} s" + (f": {words}" if words else "")
        states = _states(connection, p.number)
        told.append(
            Line(p.number, side, action, rule, None, False, (), (message,), states,
                 notes=tuple(notes), passed=True)
        )  # fmt: skip
    return Story(title, (names[0], names[1]), initial, tuple(told), verdict, found is not None)


class Numbers:
    """Sequence numbers as distances from the ISNs; from the first that is seen, where there is none
    of a connection that is taken up in the middle."""

    def __init__(self, connection: Connection | None) -> None:
        self.base: list[int | None] = [None, None]
        if connection is not None:
            self.base = [*connection.isn]

    def take(self, side: int, p: Packet) -> str:
        """A packet, for the reader."""
        acks = bool(p.flags & ACK)
        if p.flags & SYN or self.base[side] is None:
            self.base[side] = p.seq
        if acks and self.base[1 - side] is None:
            self.base[1 - side] = p.ack
        ack = f" ACK={_relative(p.ack, self.base[1 - side])}" if acks else ""
        seq = _relative(p.seq, self.base[side])
        return f"{flags(p.flags)} SEQ={seq}{ack}" + (f" LEN={p.text}" if p.text else "")


def _relative(number: int, base: int | None) -> int:
    ahead = SEQ.minus(number, base or 0)
    return ahead if ahead < 1 << 31 else ahead - (1 << 32)


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
