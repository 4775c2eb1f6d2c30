"""What the specification deduces of the end that captured, as the kernel would trace it."""

from pathlib import Path

from checker.capture import frames, read
from checker.conform.behaviour import choose
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import Follower, Position
from tests.lab.lab import Edge


def life(capture: Path, address: bytes) -> list[Edge]:
    """The changes of state of the end with ``address``, under Linux's rules.

    The kernel shows TIME-WAIT as CLOSED, and a SYN that reopens it as taken by the listener.
    """
    connections: list[Connection] = []
    follower = Follower(choose(["linux"]), Position(frozenset({address})), connections.append)
    follower.feed(read(frames(capture)))
    follower.finish()
    found = []
    for connection in connections:
        assert connection.verdict != Verdict.DEVIATES, (connection.verdict, connection.reason)
        side = connection.flow.at
        for _, before, after in connection.edges[side] if side is not None else []:
            a, b = before.value, after.value
            if a == "TIME-WAIT":
                a = "LISTEN" if b == "SYN-RECEIVED" else "CLOSED"
            b = "CLOSED" if b == "TIME-WAIT" else b
            if a != b and (a, b) != ("CLOSED", "LISTEN"):
                found.append((a, b))
    return found
