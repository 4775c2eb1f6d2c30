"""What the specification deduces from a capture, as the kernel would trace it."""

import socket
from importlib.util import find_spec
from pathlib import Path

from tests.lab.lab import Edge


def life(capture: Path, address: str) -> list[Edge] | None:
    """The changes of state of the end that captured; None where no ``conform`` deduces them.

    The kernel shows TIME-WAIT as CLOSED, and a SYN that reopens it as taken by the listener.
    """
    if find_spec("checker.conform") is None:
        return None
    from checker.capture import frames, read
    from checker.conform.behaviour import choose
    from checker.conform.follow import Connection, Follower, Position, Verdict

    connections: list[Connection] = []
    position = Position(frozenset({socket.inet_aton(address)}))
    follower = Follower(choose(["linux"]), position, connections.append)
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
