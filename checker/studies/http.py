"""``http``: what requests cost, when ports run out, how long a kept connection is safe, and how
long a full queue keeps clients waiting (H1, H2, H3, H7).

What is told of numbers of one's own is arithmetic. For small numbers the specification shows that
it is right: ``run`` runs a connection, ``sustained`` explores a host with a few ports, ``margin``
searches the profile ``http-idle``, and ``connected`` runs the listener. The tests compare.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from checker.engines.explicit.engine import Check
from checker.model.model import Model
from checker.model.search import Options
from checker.studies.flood import least_mean
from proofs.claims import properties
from spec.rules import Rules
from spec.tcp.host import Host, Socket
from spec.tcp.inputs import Input
from spec.tcp.listener import Listener, Queue, Request
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint, initial
from spec.world.happen import happen
from spec.world.profiles import PROFILES

# What requests cost

VERSIONS: Mapping[str, Mapping[str, bool]] = {
    "HTTP/1.0": {"kept": False},
    "keep-alive": {},
    "HTTP/2": {"pipelined": True},
}
"""The ways to send requests, and the bounds of ``spec.world.http`` that are theirs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What requests cost where nothing is lost, and each segment is delayed by the same time."""

    connections: int  # each with a handshake
    delays: int  # until the last response is there, in delays of a segment
    segments: int
    clients: int  # TIME-WAITs at the client
    servers: int  # ... and at the server

    def times(self, n: int) -> "Cost":
        """What as many of these cost, one after the other."""
        return Cost(*(n * value for value in self._values()))

    def more(self, other: "Cost", n: int) -> "Cost":
        """What it costs if it is ``n`` times as much more than ``other``."""
        pairs = zip(self._values(), other._values(), strict=True)
        return Cost(*(mine + n * (mine - its) for mine, its in pairs))

    def _values(self) -> tuple[int, ...]:
        return self.connections, self.delays, self.segments, self.clients, self.servers


def cost(version: str, requests: int) -> Cost:
    """What so many requests of one client to one server cost, from runs of one and of two."""
    one = run(version, 1)
    if not VERSIONS[version].get("kept", True):
        return one.times(requests)
    return one if requests == 1 else run(version, 2).more(one, requests - 2)


def run(version: str, requests: int) -> Cost:
    """A connection with so many requests, run: both applications act as soon as they may, and all
    that is in flight arrives at once."""
    wide = Bounds(width=32, window=1 << 16, packed=True, incarnations=1, octets=max(1, requests))
    bounds = replace(wide, requests=requests, **VERSIONS[version])
    client, server = ends = [initial((), bounds), initial((), bounds)]
    flight: list[list[Segment]] = [[], []]
    segments = rounds = delays = 0
    begun = False
    while not begun or any(flight):
        arrived, flight = flight, [[], []]
        for me, end in enumerate(ends):
            for seg in arrived[1 - me]:
                flight[me] += happen(end, Input.SEGMENT, seg, 0, Rules(), bounds).sent
            flight[me] += _acts(end, server=me == 1, begun=begun, bounds=bounds)
        begun = True
        (user,) = client.users
        delays = delays or rounds * (user.answered == requests)
        segments += sum(map(len, flight))
        rounds += 1
    waits = [end.tcb.state == State.TIME_WAIT for end in (client, server)]
    return Cost(1, delays, segments, *waits)


def _acts(end: Endpoint, server: bool, begun: bool, bounds: Bounds) -> Iterator[Segment]:
    """An application does all that it may, and its segments."""
    opens = (Input.OPEN_PASSIVE if server else Input.OPEN_ACTIVE,)
    calls = [Input.RECEIVE, Input.SEND, Input.CLOSE]
    acted = True
    while acted:
        acted = False
        for what in calls if begun else opens:
            effects = happen(end, what, None, 0, Rules(), bounds)
            if effects.possible:
                yield from effects.sent
                acted = begun
                break


def cost_table(requests: int) -> str:
    """What requests cost by each version, in Markdown."""
    lines = [
        f"| {requests} request{'s' * (requests != 1)} | connections, handshakes | round trips | "
        "segments | TIME-WAITs |",
        "| --- | --- | --- | --- | --- |",
    ]
    for version in VERSIONS:
        found = cost(version, requests)
        waits = [
            f"{count} at the {who}"
            for who, count in (("client", found.clients), ("server", found.servers))
            if count
        ]
        lines.append(
            f"| {version} | {found.connections} | {_short(Fraction(found.delays, 2))} | "
            f"{found.segments} | {', '.join(waits)} |"
        )
    return "\n".join(lines) + "\n"


def _short(number: Fraction) -> str:
    """A number in decimals, cut off after the second, which is said by dots."""
    cut = int(number * 100)
    text = f"{cut // 100}.{cut % 100:02}".rstrip("0").rstrip(".")
    return text if number * 100 == cut else f"{cut // 100}.{cut % 100:02}..."


# When ports run out


def highest(ports: int, wait: Fraction, hold: Fraction = Fraction()) -> Fraction:
    """How many connections a second a client may open for ever, to one address and port, if each
    takes ``hold`` seconds and it closes them all: this many, and no more."""
    return Fraction(ports) / (wait + hold)


@dataclass(frozen=True, slots=True)
class Out:
    """At which request there is no port left, and when."""

    request: int
    at: Fraction


def runs_out(rate: Fraction, ports: int, wait: Fraction, hold: Fraction = Fraction()) -> Out | None:
    """When ports run out at a steady rate, from a first request at 0. None: never.

    All ports have been used when the first of them is to be used again. If its TIME-WAIT is over
    then, so is that of each later one in time. If it runs out at that very instant, the port is
    free.
    """
    return None if rate <= highest(ports, wait, hold) else Out(ports + 1, ports / rate)


def ports_text(ports: int, wait: Fraction, hold: Fraction, rate: Fraction | None) -> str:
    """What is to be told of ports."""
    most = highest(ports, wait, hold)
    held = f" + {_short(hold)} s open" if hold else ""
    lines = [
        f"{ports} ports, {_short(wait)} s in TIME-WAIT{held}: a client that closes first may open "
        f"{ports}/{_short(wait + hold)} = {_short(most)} connections",
        "a second for ever, to one address and port, and no more.",
    ]
    if rate is not None:
        out = runs_out(rate, ports, wait, hold)
        if out is None:
            lines.append(f"At {_short(rate)} a second ports never run out.")
        else:
            lines.append(
                f"At {_short(rate)} a second there is none for request {out.request}, after "
                f"{_short(out.at)} s."
            )
    return "\n".join(lines) + "\n"


Waits = tuple[int, ...]
"""How long the TIME-WAIT of each port still runs, in ticks; 0: its timer has run out."""
FREE = -1
"""... of a port that is in no TIME-WAIT."""


def sustained(ports: int, wait: int) -> Fraction:
    """The highest rate by exploration of a host with so many ports, in connections a tick."""
    clients = _Clients(ports, wait)
    graph: dict[Waits, list[tuple[int, Waits]]] = {}
    todo = [(FREE,) * ports]
    while todo:
        waits = todo.pop()
        if waits not in graph:
            graph[waits] = [(-opened, after) for opened, after in clients.second(waits)]
            todo += [after for _, after in graph[waits]]
    least = least_mean(graph)
    assert least is not None, "there is a cycle: nothing may be opened for ever"
    return -least


def first_refused(rate: int, ports: int, wait: int) -> int | None:
    """The request that finds no port, at so many a tick, by a run of the same host; None: none
    does within three times the TIME-WAIT."""
    clients = _Clients(ports, wait)
    waits: Waits = (FREE,) * ports
    for tick in range(3 * wait + 1):
        found = dict(clients.second(waits))
        if rate not in found:
            return tick * rate + max(found) + 1
        waits = found[rate]
    return None


class _Clients:
    """A host that opens and closes connections of all its ports, one tick after the other."""

    def __init__(self, ports: int, wait: int) -> None:
        msl = (wait + 1) // 2
        self.rules = Rules(time_wait_cut=2 * msl - wait)
        self.bounds = Bounds(width=32, msl=msl, span=1)
        self.ports = ports

    def second(self, waits: Waits) -> Iterator[tuple[int, Waits]]:
        """How many connections may be opened in a tick, and what is waiting at the next."""
        host = self._host(waits)
        for at, socket in enumerate(host.host.sockets):
            if socket.tcb.state == State.TIME_WAIT:
                self._call(host, at, Input.TIME_WAIT_TIMEOUT)
        for opened in range(self.ports + 1):
            later = self._host(self._waits(host))
            self._call(later, 0, Input.TICK)
            yield opened, self._waits(later)
            free = [n for n, one in enumerate(host.host.sockets) if one.tcb.state == State.CLOSED]
            if not free or not self._connection(host, free[0]):
                return

    def _host(self, waits: Waits) -> Endpoint:
        host = initial((), replace(self.bounds, incarnations=0), self.ports)
        for left, socket in zip(waits, host.host.sockets, strict=True):
            if left != FREE:
                socket.tcb = Tcb(state=State.TIME_WAIT, time_wait=left, closing=True)
        return host

    def _waits(self, host: Endpoint) -> Waits:
        tcbs = [socket.tcb for socket in host.host.sockets]
        return tuple(sorted(FREE if t.state == State.CLOSED else t.time_wait for t in tcbs))

    def _call(
        self, end: Endpoint, at: int, what: Input, seg: Segment | None = None
    ) -> list[Segment]:
        bounds = replace(self.bounds, incarnations=0)
        effects = happen(end, what, seg, 0, self.rules, bounds, at=at)
        self.possible = effects.possible
        return [*effects.sent]

    def _connection(self, client: Endpoint, at: int) -> bool:
        """A connection of this port to a server of its own, in no time, which the client closes."""
        server = initial((), replace(self.bounds, incarnations=0))
        self._call(server, 0, Input.OPEN_PASSIVE)
        sent = self._call(client, at, Input.OPEN_ACTIVE)
        if not self.possible:
            return False
        for end, place in ((None, 0), (client, at), (server, 0)):
            if end is not None:
                sent = self._call(end, place, Input.CLOSE)
            to_server = end is not server
            while sent:
                answers: list[Segment] = []
                for seg in sent:
                    answers += self._call(
                        server if to_server else client, 0 if to_server else at, Input.SEGMENT, seg
                    )
                sent, to_server = answers, not to_server
        return client.host.sockets[at].tcb.state == State.TIME_WAIT


# How long a kept connection is safe

DELAYS, LIMITS = ((0, 1), (1, 1), (2, 1), (0, 2), (1, 2)), (2, 3, 4, 5, 6)
"""What the page has: the delay of a segment and for how long it is sent again, and idle limits of a
server."""


@dataclass(frozen=True, slots=True)
class Margin:
    """The longest idle limit of a client that is safe, as searched; None: none is."""

    delay: int
    span: int
    limit: int
    from_request: bool
    longest: int | None
    states: int  # of the searches together

    @property
    def whole(self) -> int:
        """From SEND to arrival, with the last retransmission, at most."""
        return self.delay + self.span - 1

    @property
    def formula(self) -> int | None:
        """What H3 and H3.request say."""
        longest = safe(Fraction(self.limit), Fraction(self.whole), self.from_request)
        return int(longest) if longest >= 1 else None


def safe(limit: Fraction, delay: Fraction, from_request: bool) -> Fraction:
    """For how long a client may use an idle connection: before this much time has gone by, and not
    any more when it has. Not positive: not at all."""
    return limit - delay * (1 if from_request else 2)


def idle_text(limit: Fraction, delay: Fraction) -> str:
    """What is to be told of idle limits."""
    lines = [
        f"A server that closes after {_short(limit)} s of idle time, and no request or response "
        f"later than {_short(delay)} s:"
    ]
    for from_request, since in ((False, "it read the response"), (True, "its last request")):
        left = safe(limit, delay, from_request)
        until = f"before {_short(left)} s have gone by" if left > 0 else "never again"
        lines.append(f"a client may use the connection {until} since {since}.")
    return "\n".join(lines) + "\n"


def margin(delay: int, span: int, limit: int, from_request: bool) -> Margin:
    """Search for the longest idle limit of a client that is safe, up to the server's and one."""
    longest, states = None, 0
    for client_idle in range(1, limit + 2):
        profile = PROFILES["http-idle"].but(
            msl=delay + 1,
            span=span,
            client_idle=client_idle,
            server_idle=limit,
            idle_from_request=from_request,
        )
        check = {"H3": Check("always", properties.no_request_too_late)}
        found = Model(Rules(), *profile).search(check, Options(engine="native"))
        states += found.states
        if not found.complete:
            break
        longest = client_idle
    return Margin(delay, span, limit, from_request, longest, states)


def margins() -> list[Margin]:
    """Those of the page."""
    return [
        margin(delay, span, limit, from_request)
        for from_request in (False, True)
        for delay, span in DELAYS
        for limit in LIMITS
    ]


def margin_table(rows: Sequence[Margin]) -> str:
    """Margins in Markdown: a row for each delay and way to count, a column for each limit."""
    limits = list(dict.fromkeys(row.limit for row in rows))
    lines = ["| counted from | delay | " + " | ".join(f"S = {s}" for s in limits) + " |"]
    lines.append("| --- | --- |" + " --- |" * len(limits))
    cells: dict[tuple[bool, int, int], dict[int, Margin]] = {}
    for row in rows:
        cells.setdefault((row.from_request, row.delay, row.span), {})[row.limit] = row
    for (from_request, delay, span), found in cells.items():
        name = "request" if from_request else "response"
        again = f" + {span - 1} for a retransmission" if span > 1 else ""
        shown = " | ".join(
            "none" if one.longest is None else f"{one.longest}" for one in found.values()
        )
        lines.append(f"| {name} | {delay}{again} | {shown} |")
    return "\n".join(lines) + "\n"


# How long a full queue keeps clients waiting

RETRIES = 6
"""How often a client sends its SYN again (Linux's tcp_syn_retries)."""


def syn_times(first: int = 1) -> list[int]:
    """When a client sends its SYN, in seconds: RFC 6298 2.1 and 5.5, a timeout of one second, twice
    as long each time."""
    times = [0]
    for n in range(RETRIES):
        times.append(times[-1] + (first << n))
    return times


def connected(backlog: int, clients: int, accepts: int) -> list[int | None]:
    """When each of some clients is connected that all call connect() at 0, in seconds, if the
    application accepts so many connections each second; None: it gave up.

    The listener is the specification's. Nothing is lost, and nothing takes time but waiting. In
    each second the application accepts first.
    """
    bounds = Bounds(width=32, backlog=backlog, incarnations=0, listener=True)
    host = Host(
        tuple(Socket(requests=(Request(),)) for _ in range(clients)),
        listeners=(Listener(listening=True),),
    )
    end = Endpoint(host, ghosts=initial((), bounds, clients).ghosts)
    times: list[int | None] = [None] * clients
    for now in range(syn_times()[-1] + 1):
        ready = [n for n, one in enumerate(host.sockets) if one.requests[0].queue == Queue.ACCEPT]
        for at in ready[:accepts] if now else []:
            happen(end, Input.ACCEPT, None, 0, Rules(), bounds, at=at)
        if now in syn_times():
            for at in range(clients):
                if times[at] is None and _connects(end, at, bounds):
                    times[at] = now
    return times


def _connects(end: Endpoint, at: int, bounds: Bounds) -> bool:
    """A client sends a SYN; is it answered? Then it sends the third segment, too."""
    syn = Segment(seq=0, wnd=bounds.window, ctl=Control(syn=True))
    sent = happen(end, Input.SEGMENT, syn, 0, Rules(), bounds, at=at).sent
    for answer in sent:
        third = Segment(seq=1, ack=answer.seq + 1, wnd=bounds.window, ctl=Control(ack=True))
        happen(end, Input.SEGMENT, third, 0, Rules(), bounds, at=at)
    return bool(sent)


def connected_table(backlog: int, clients: int, accepts: int) -> str:
    """How many clients are connected when, in Markdown."""
    counts = Counter(connected(backlog, clients, accepts))
    lines = ["| after | clients |", "| --- | --- |"]
    for when in [one for one in (*syn_times(), None) if one in counts]:
        lines.append(f"| {'never' if when is None else f'{when} s'} | {counts[when]} |")
    return "\n".join(lines) + "\n"
