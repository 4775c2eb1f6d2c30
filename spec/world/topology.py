"""Topologies: which hosts there are, and which of their sockets are connected.

A connection joins two sockets, one of each of two hosts; an *end* is such a socket. Ends are
numbered host by host. What an end sends goes over the link of its number, to its peer, so that a
link is one direction of a connection. Sockets that are not connected are not modelled.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """Hosts by name, ends as (host, socket of the host), and the peer of each end.

    An end is on ``side`` 0 or 1 of its connection: where it opens, or where it is waited for.
    """

    names: tuple[str, ...]
    ends: tuple[tuple[int, int], ...]
    peers: tuple[int, ...]
    sides: tuple[int, ...]

    def sockets(self, host: int) -> int:
        """How many sockets a host has."""
        return sum(owner == host for owner, _ in self.ends)

    def named(self, end: int) -> str:
        """An end, for readers: its host, and which socket where there are several."""
        host, socket = self.ends[end]
        return self.names[host] + (f".{socket}" if self.sockets(host) > 1 else "")


def connected(*connections: tuple[str, str]) -> Topology:
    """The topology of these connections, each from one host to another, by name."""
    names = tuple(dict.fromkeys(name for pair in connections for name in pair))
    sockets: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
    for number, pair in enumerate(connections):
        for side, name in enumerate(pair):
            sockets[name].append((number, side))
    ends = [place for name in names for place in sockets[name]]
    return Topology(
        names,
        tuple((host, n) for host, name in enumerate(names) for n in range(len(sockets[name]))),
        tuple(ends.index((number, 1 - side)) for number, side in ends),
        tuple(side for _, side in ends),
    )


TWO_HOSTS = connected(("A", "B"))
"""Hosts A and B, with one connection. Every profile is of these."""
