"""``flood``: how many SYNs a second keep a client out of a listener for ever (S2.rate).

Time goes by in seconds. At each, SYN,ACKs whose timer has run out are sent again, or their requests
forgotten; then SYNs of the flood arrive, as many as it likes; then the client's. The listener is
the specification's own, and so is all that becomes of a SYN. The client is kept out if its SYN is
answered at no second.

What is sought is the least number of SYNs a second for that. All states are visited, those in which
the client is still silent too; of the seconds in which its SYN is not answered, the cycle with the
fewest SYNs for its length is found by Karp's algorithm.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.host import Host, Socket, step
from spec.tcp.inputs import Input
from spec.tcp.listener import Listener, Queue, Request, syn_ack_interval
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds

BACKLOGS, RETRIES = (1, 2, 3), (0, 1, 2)
"""What the page has."""

N = TypeVar("N", bound=Hashable)

Waiting = tuple[int, int]
"""A request: how often its SYN,ACK was sent again, and the seconds until the next time."""
Places = tuple[Waiting, ...]
"""The requests of a flood, in order."""
Edge = tuple[int, Places]
"""What a second takes to: SYNs of the flood, and what is waiting a second later."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What came of one listener. ``least`` is None where no flood keeps the client out."""

    backlog: int
    retries: int
    states: int
    least: Fraction | None

    @property
    def formula(self) -> Fraction:
        """What S2.rate says."""
        return Fraction(self.backlog, (1 << (self.retries + 1)) - 1)


def least(backlog: int, retries: int, rules: Rules = Rules()) -> Rate:  # noqa: B008 (frozen)
    """The least rate of a flood that keeps a client out for ever."""
    flood = _Flood(rules, replace(Bounds(), backlog=backlog, synack_retries=retries))
    graph: dict[Places, list[Edge]] = {}
    todo: list[Places] = [()]
    while todo:
        places = todo.pop()
        if places not in graph:
            seconds = list(flood.second(places))
            graph[places] = [edge for edge, answered in seconds if not answered]
            todo += [after for (_, after), _ in seconds]
    return Rate(backlog, retries, len(graph), least_mean(graph))


def rates(rules: Rules = Rules()) -> list[Rate]:  # noqa: B008 (frozen)
    """Those of the page."""
    return [least(backlog, retries, rules) for backlog in BACKLOGS for retries in RETRIES]


def table(rates: Sequence[Rate]) -> str:
    """The rates as a table in Markdown: a row for each backlog, a column for each retries."""
    retries = dict.fromkeys(rate.retries for rate in rates)
    lines = ["| backlog | " + " | ".join(f"r = {r}" for r in retries) + " |"]
    lines.append("| --- |" + " --- |" * len(retries))
    for backlog in dict.fromkeys(rate.backlog for rate in rates):
        row = [rate for rate in rates if rate.backlog == backlog]
        shown = ("never" if rate.least is None else str(rate.least) for rate in row)
        lines.append(f"| {backlog} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


class _Flood:
    """A listener under a flood, one second after the other."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.rules, self.bounds = rules, bounds

    def second(self, places: Places) -> Iterator[tuple[Edge, bool]]:
        """What a second may come to; and would a SYN of the client's be answered?"""
        places = self._timers(places)
        for syns in range(self.bounds.backlog + 1):
            now = self._flooded(places, syns)
            after = tuple(sorted((retries, left - 1) for retries, left in now))
            yield (syns, after), self._answered(now)

    def _host(self, places: Places) -> Host:
        """A listening host with these requests, and a socket for one more connection."""
        sockets = [Socket(requests=(Request(),)) for _ in range(len(places) + 1)]
        for (retries, _), socket in zip(places, sockets, strict=False):
            socket.tcb = Tcb(state=State.SYN_RECEIVED, passive=True)
            socket.requests = (Request(queue=Queue.SYN, retries=retries),)
        return Host(tuple(sockets), listeners=(Listener(listening=True, requests=len(places)),))

    def _step(self, host: Host, socket: int, what: Input, seg: Segment | None = None) -> Tcp:
        tcp = Tcp(self.rules, self.bounds, 0)
        step(host, host.sockets[socket], what, seg, tcp)
        return tcp

    def _timers(self, places: Places) -> Places:
        """What waits after timers that have run out."""
        found = []
        host = self._host(places)
        for number, (retries, left) in enumerate(places):
            if left == 0:
                self._step(host, number, Input.RETRANSMISSION_TIMEOUT)
                (request,) = host.sockets[number].requests
                if request.queue != Queue.SYN:
                    continue
                retries = request.retries
                left = syn_ack_interval(retries)
            found.append((retries, left))
        return tuple(found)

    def _flooded(self, places: Places, syns: int) -> Places:
        """What waits after SYNs of the flood, each from another address."""
        for _ in range(syns):
            host = self._host(places)
            self._step(host, -1, Input.SEGMENT, _SYN)
            (request,) = host.sockets[-1].requests
            if request.queue == Queue.SYN:
                places = (*places, (0, syn_ack_interval(0)))
        return places

    def _answered(self, places: Places) -> bool:
        """Is the client's SYN answered?"""
        return bool(self._step(self._host(places), -1, Input.SEGMENT, _SYN).sent)


_SYN = Segment(seq=0, ctl=Control(syn=True))


def least_mean(graph: Mapping[N, Sequence[tuple[int, N]]]) -> Fraction | None:
    """The least mean of a cycle, by edge: Karp's algorithm. None: there is no cycle."""
    count = len(graph)
    best: list[dict[N, int]] = [dict.fromkeys(graph, 0)]
    for _ in range(count):
        further: dict[N, int] = {}
        for node, cost in best[-1].items():
            for weight, after in graph[node]:
                further[after] = min(further.get(after, cost + weight), cost + weight)
        best.append(further)
    means = [
        max(
            Fraction(cost - before[node], count - length)
            for length, before in enumerate(best[:-1])
            if node in before
        )
        for node, cost in best[-1].items()
    ]
    return min(means, default=None)
