"""What many connections have in common: by verdict, by the states that they were left in, by what
is unusual of them, and by who has most.

A capture may have a million connections, each with an address that somebody made up. So no more
than ``KEPT`` names are counted of each kind; what comes after is counted together.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from checker.conform.connection import Connection, Verdict
from checker.render.text import columns, wrap
from spec.tcp.tcb import State

KEPT = 1 << 16
SHOWN = 10
"""Lines of each kind."""
OTHERS = "others"

_COUNT = re.compile(r": \d+$")
UNANSWERED = "SYN never answered"
REFUSED = "SYN refused by a reset"
UNACKNOWLEDGED = "SYN,ACK never acknowledged"
SAYS = {
    UNANSWERED: "nobody is there, or something on the way drops it",
    REFUSED: "nobody listens on the port",
    UNACKNOWLEDGED: "a scan, a flood with forged addresses, or a path that works one way only "
    "(narrate --port N tells more)",
}


def unusual(connection: Connection) -> list[str]:
    """What is worth counting of a connection, in a few words each."""
    found = []
    client = connection.states[0]
    if connection.refused:
        found.append(REFUSED)
    elif client == State.SYN_SENT.value and not connection.acknowledged[1]:
        found.append(UNANSWERED)
    elif client.startswith(f"{State.SYN_SENT.value} or"):
        found.append(UNACKNOWLEDGED)
    facts = {_COUNT.sub("", fact.split(" (")[0]) for _, fact in connection.counts}
    if connection.refused:
        facts.discard("reset")
    return found + sorted(facts)


@dataclass(slots=True)
class Totals:
    """Of all connections that were told of, and of the frames that could not be read."""

    connections: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    unusual: Counter[str] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)  # by the reason

    def add(
        self, verdict: Verdict, left: tuple[str, str], signs: list[str], sockets: tuple[str, str]
    ) -> None:
        """One connection more. Of the client, only the address is counted."""
        client, server = sockets[0].rpartition(":")[0].strip("[]"), sockets[1]
        self.connections += 1
        self.verdicts[verdict.value] += 1
        self.left[" / ".join(state or "?" for state in left)] += 1
        for sign in signs:
            self.unusual[sign] += 1
        for of, name in ((self.servers, server), (self.clients, client)):
            of[name if name in of or len(of) < KEPT else OTHERS] += 1

    def as_json(self) -> dict[str, Any]:
        """For the report; of hosts, those that have most."""
        return {
            "connections": self.connections,
            "verdicts": dict(self.verdicts),
            "left": dict(self.left.most_common()),
            "unusual": dict(self.unusual.most_common()),
            "servers": dict(self.servers.most_common(SHOWN)),
            "clients": dict(self.clients.most_common(SHOWN)),
            "unread": dict(self.unread.most_common()),
        }

    def lines(self, width: int) -> Iterator[str]:
        """For the terminal; of a single connection, no more than was told of it."""
        if self.connections > 1:
            yield f"In all: {self.connections:,} connections"
            yield from _table("verdict", self.verdicts, width)
            yield from _table("left in (client / server)", self.left, width)
            yield from _table("unusual", self.unusual, width, SAYS)
            yield from _table("servers with most", self.servers, width, least=2)
            yield from _table("clients with most", self.clients, width, least=2)
        yield from _table("frames not read, in which there may be TCP", self.unread, width)


def _table(
    head: str, of: Counter[str], width: int, says: dict[str, str] | None = None, least: int = 1
) -> Iterator[str]:
    names = [(name, count) for name, count in of.most_common(SHOWN) if count >= least]
    if not names:
        return
    yield f"  {head}"
    for name, count in names:
        said = (says or {}).get(name, "")
        start = f"    {count:>9,}  "
        first, *more = wrap(f"{name}: {said}" if said else name, width - columns(start))
        yield start + first
        yield from (" " * columns(start) + line for line in more)
    if len(of) > len(names):
        rest = sum(of.values()) - sum(count for _, count in names)
        yield f"    {rest:>9,}  in {len(of) - len(names):,} more"
