"""The narration: facts of a capture as data, and in words.

States are those that ``conform`` deduces; what is said of them is ``spec.observe.states``. Times
are of the capture point: a round trip is from the opener's last SYN to its ACK of the SYN,ACK,
which is one wherever the capture was taken, if the opener answers at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any, NamedTuple

from checker.capture.segments import socket
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import USED
from checker.conform.totals import Totals
from checker.dataplane import picture, words
from checker.listeners import findings
from checker.listeners.requests import Listener
from checker.narrate.contents import Contents, Lookup
from checker.narrate.http import Head
from checker.render import Story
from checker.render.plot import Plot
from spec.observe.states import WAITS

VERSION = 1
"""Of the JSON. It changes when a member is taken away or means something else; its schema is
``docs/reference/narrate.schema.json``."""
TOLD = 1_000
"""Connections that are listed; further ones are only counted."""

_MEANS = {state.value: waits.means for state, waits in WAITS.items()}
_MEANS["SYN-SENT or ESTABLISHED"] = "it was never seen to acknowledge the SYN,ACK"
LACKS = "the capture lacks text: what came after it is not read"


@dataclass(slots=True)
class Exchange:
    """A request and its response, as far as there is one."""

    method: str = ""
    target: str = ""
    host: str = ""
    version: str = ""
    asked: float | None = None
    packet: int | None = None
    status: int | None = None
    answered: float | None = None
    answer: int | None = None  # the packet

    def words(self) -> str:
        """In a line."""
        head = f"{self.method} {self.target}" if self.method else "(request not seen)"
        if self.status is None:
            return f"{head} -> no response seen"
        took = ""
        if self.asked is not None and self.answered is not None:
            took = f", {_ms(self.answered - self.asked)}"
        return f"{head} -> {self.status}{took}"


class End(NamedTuple):
    """What an end did towards the end of its connection."""

    packet: int
    who: str
    what: str

    def words(self) -> str:
        """In a line."""
        return f"{self.who} {self.what} (packet {self.packet})"


@dataclass(slots=True)
class Told:
    """A connection, for the reader."""

    name: str
    sockets: tuple[str, str]
    first: int
    last: int
    began: float
    ended: float
    verdict: Verdict
    reason: str
    known_as: str  # the name that DNS gave for the server's address
    handshake: dict[str, Any] = field(default_factory=dict)
    protocol: str = ""
    tls: dict[str, Any] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    requests: int = 0
    kept: bool = False
    missing: bool = False
    ends: list[End] = field(default_factory=list)
    left: tuple[str, str] = ("", "")
    again: str = ""  # what is known of the connection before, between the same sockets
    data: list[dict[str, Any]] = field(default_factory=list)  # of each direction with text
    said: list[str] = field(default_factory=list)  # of them, in words
    story: Story | None = None
    plots: list[Plot] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """One entry of ``connections``."""
        return {
            "connection": self.name,
            "packets": [self.first, self.last],
            "began": self.began,
            "ended": self.ended,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "server_name": self.known_as,
            "handshake": self.handshake,
            "protocol": self.protocol,
            "tls": self.tls,
            "requests": self.requests,
            "kept_alive": self.kept,
            "exchanges": [
                {name: getattr(one, name) for name in Exchange.__slots__} for one in self.exchanges
            ],
            "text_missing": self.missing,
            "ends": [one._asdict() for one in self.ends],
            "left": list(self.left),
            "used_before": self.again,
            "data": self.data,
        }


@dataclass(slots=True)
class Narration:
    """The facts of one capture; times in seconds from its first frame."""

    lookups: list[Lookup]
    more_lookups: int
    connections: list[Told]
    more_connections: int
    began: float
    summary: dict[str, Any]  # of the capture, as conform has it
    totals: Totals
    listeners: list[Listener]
    port: int | None  # to which the SYNs went that are told, and nothing else

    def as_json(self) -> dict[str, Any]:
        """The report."""
        return {
            "version": VERSION,
            **self.summary,
            "lookups": [
                {
                    "packet": one.number,
                    "time": _round(one.time - self.began),
                    "client": socket(one.client),
                    "server": socket(one.server),
                    "name": one.name,
                    "type": one.type,
                    "transport": one.transport,
                    "asked": one.asked,
                    "seconds": None if one.answered is None else _round(one.answered - one.time),
                    "error": one.code,
                    "truncated": one.truncated,
                    "answers": [list(answer) for answer in one.answers],
                }
                for one in self.lookups
            ],
            "more_lookups": self.more_lookups,
            "connections": [one.as_json() for one in self.connections],
            "more_connections": self.more_connections,
            "totals": self.totals.as_json(),
            "listeners": [findings.as_json(one, self.began) for one in self.listeners[:TOLD]],
        }


def of_connection(
    connection: Connection, contents: Contents, names: dict[str, str], zero: float
) -> Told:
    """What there is to say of a connection that has come to its end."""
    a, b = (socket(s) for s in connection.flow.sockets)
    host = socket(connection.flow.sockets[1][:-2])
    found = Told(
        connection.name, (a, b), connection.first, connection.last,
        _round(connection.began - zero), _round(contents.ended - zero),
        connection.verdict, connection.reason, names.get(host, ""),
        left=(connection.states[0], connection.states[1]),
    )  # fmt: skip
    found.handshake = _handshake(connection, contents)
    found.again = next((one.fact for one in connection.notes if one.fact.startswith(USED)), "")
    for letter, who in zip("AB", (a, b), strict=True):
        found.again = found.again.replace(f"; {letter} was", f"; {who} was")
    _contents(found, contents, zero)
    found.ends = list(_ends(connection, contents))
    plane = contents.plane
    for side, who in enumerate((a, b)):
        way = plane.ways[side]
        if way.segments or way.resends:
            found.data.append(words.as_json(plane, side, who, zero))
        found.said += words.lines(plane, side, who, zero)
    return found


def plots(of: Told, contents: Contents, zero: float) -> list[Plot]:
    """Of each direction of which there is something to see."""
    found = (picture.picture(contents.plane, i, who, zero) for i, who in enumerate(of.sockets))
    return [one for one in found if one is not None]


def _handshake(connection: Connection, contents: Contents) -> dict[str, Any]:
    """Its cost. Nothing, where its beginning was not captured."""
    if connection.mid or not contents.syns:
        return {}
    found: dict[str, Any] = {"syns": len(contents.syns)}
    if contents.syn_ack is None or contents.ack is None:
        resets = (number for number, side in contents.resets if side != contents.opener)
        refused = next(resets, None) if contents.syn_ack is None else None
        return found if refused is None else found | {"refused": refused}
    trip = contents.ack - contents.syns[-1]
    return found | {
        "round_trips": 1,
        "seconds": _round(contents.ack - contents.syns[0]),
        "round_trip_seconds": _round(trip),
        "syn_ack_seconds": _round(contents.syn_ack - contents.syns[-1]),
    }


def _contents(found: Told, contents: Contents, zero: float) -> None:
    """The protocol, and its messages."""
    readers = [stream.reader for stream in contents.streams]
    found.missing = any(reader.missing for reader in readers)
    for side, reader in enumerate(readers):
        if reader.kind == "HTTP/2":
            found.protocol, found.requests = "HTTP/2", reader.count
            found.kept = True
            return
        if reader.kind == "DNS":
            found.protocol = "DNS"
            found.requests = max(one.count for one in readers)
            return
        if reader.kind == "TLS" and reader.hello is not None and reader.hello.client:
            _tls(found, reader.hello, readers[1 - side].hello)
            return
    asking = next((r for r in readers if r.heads and not r.heads[0].status), None)
    saying = next((r for r in readers if r.heads and r.heads[0].status), None)
    if asking is None and saying is None:
        if any(reader.kind for reader in readers):
            found.protocol = "not HTTP"
        return
    requests = asking.heads if asking is not None else []
    responses = saying.heads if saying is not None else []
    # Where heads of one end were no longer kept, nothing is said of the other's.
    kept = [len(r.heads) for r in (asking, saying) if r is not None and r.count > len(r.heads)]
    pairs = islice(zip_longest(requests, responses), min(kept, default=None))
    found.exchanges = [_exchange(q, r, zero) for q, r in pairs]
    found.requests = max(r.count for r in (asking, saying) if r is not None)
    found.protocol = "HTTP/" + (requests or responses)[0].version
    # Kept, if both ends say so: of a connection with one request, too.
    found.kept = all(heads[0].kept for heads in (requests, responses) if heads)


def _tls(found: Told, client: Any, server: Any) -> None:
    found.protocol = "TLS"
    found.tls = {"server_name": client.server, "offers": list(client.protocols)}
    if server is not None:
        found.protocol = server.version
        chosen = server.protocols[0] if server.protocols else ""
        if chosen:
            found.tls["protocol"] = chosen


def _exchange(request: Head | None, response: Head | None, zero: float) -> Exchange:
    found = Exchange()
    if request is not None:
        found.method, found.target, found.host = request.method, request.target, request.host
        found.version, found.packet = request.version, request.number
        found.asked = _round(request.began - zero)
    if response is not None:
        found.status, found.answer = response.status, response.number
        found.version = found.version or response.version
        found.answered = _round(response.began - zero)
    return found


def _ends(connection: Connection, contents: Contents) -> Iterator[End]:
    """Who closed, as the states tell; and resets."""
    into = [{after.value: number for number, _, after in edges} for edges in connection.edges]
    who = [socket(s) for s in connection.flow.sockets]
    active = [side for side in (0, 1) if "FIN-WAIT-1" in into[side]]
    for side in active:
        both = ", at once with its peer" if len(active) == 2 else " first"
        yield End(into[side]["FIN-WAIT-1"], who[side], f"closes{both}")
    for side in (0, 1):
        if "LAST-ACK" in into[side]:
            yield End(into[side]["LAST-ACK"], who[side], "closes after its peer")
    for number, side in contents.resets:
        yield End(number, who[side], "sends a reset")


# In words


def lines(of: Narration, most: int, width: int) -> Iterator[str]:
    """The narration on the terminal; of connections, at most so many (0: all)."""
    if of.port is not None:
        yield from port(of, most, width)
        return
    requests = sum(one.requests for one in of.connections if one.protocol.startswith("HTTP"))
    yield f"{of.summary['capture']}: " + ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in (
            (len(of.lookups) + of.more_lookups, "DNS question"),
            (of.totals.connections, "TCP connection"),
            (requests, "HTTP request"),
        )
    )
    events: list[tuple[float, int, list[str]]] = [
        (one.time - of.began, one.number, [lookup(one)]) for one in of.lookups
    ]
    told = of.connections[: most or None]
    events += [(one.began, one.first, list(chapter(one))) for one in told]
    for time, _, text in sorted(events, key=lambda event: event[:2]):
        yield f"{time:10.3f} s  {text[0]}"
        yield from (f"              {line}" for line in text[1:])
    if of.more_lookups:
        yield f"and {of.more_lookups} DNS messages more"
    if more := of.more_connections + len(of.connections) - len(told):
        yield f"and {more} connections more"
    yield from of.totals.lines(width)
    yield from troubles(of, width)


def troubles(of: Narration, width: int) -> Iterator[str]:
    """Listeners at which something went wrong."""
    return findings.troubles(of.listeners, of.began, "--port N", width)


def port(of: Narration, most: int, width: int) -> Iterator[str]:
    """All of the listeners at one port."""
    told = of.listeners[: most or None]
    if not told:
        yield f"{of.summary['capture']}: no SYN to port {of.port}"
    for one in told:
        yield from findings.lines(one, of.began, width)
    if len(of.listeners) > len(told):
        yield f"and {len(of.listeners) - len(told)} listeners more"


def lookup(one: Lookup) -> str:
    """A question and its answer."""
    again = f" ({one.asked} times)" if one.asked > 1 else ""
    way = " by TCP" if one.transport == "TCP" else ""
    asks = f"DNS: {socket(one.client)} asks {socket(one.server)}{way} for {one.name} {one.type}"
    if one.answered is None:
        return f"{asks}{again}: no answer"
    said = one.code or ", ".join(f"{kind} {data}".strip() for kind, data in one.answers)
    if one.truncated:
        said += f"{', ' if said else ''}cut short (to be asked again by TCP)"
    return f"{asks}{again}: {said or 'no such record'}, {_ms(one.answered - one.time)}"


def chapter(one: Told) -> Iterator[str]:
    """A connection: its opening, what it carried, its end."""
    a, b = one.sockets
    name = f" ({one.known_as})" if one.known_as else ""
    yield f"TCP: {a} to {b}{name}, packets {one.first}-{one.last}"
    if one.again:
        yield one.again
    yield "handshake: " + _opening(one)
    if one.verdict is not Verdict.CONFORMS:
        yield f"{one.verdict.value}: {one.reason}; the states below are the likeliest"
    yield from _carried(one)
    yield from one.said
    for end in one.ends:
        yield f"end: {end.words()}"
    for who, state in zip(one.sockets, one.left, strict=True):
        if state and state not in ("CLOSED", "LISTEN"):
            why = _MEANS.get(state, "")
            yield f"left: {who} in {state}" + (f": {why}" if why else "")


def _opening(one: Told) -> str:
    found = one.handshake
    if not found:
        return "not in the capture"
    tries = found["syns"]
    sent = f"SYN seen {tries} times" if tries > 1 else "SYN seen once"
    if "refused" in found:
        return f"refused with a reset (packet {found['refused']}), {sent}"
    if "round_trips" not in found:
        return f"not completed, {sent}"
    trip = f"1 round trip, {_ms(found['round_trip_seconds'])}"
    late = f", done {_ms(found['seconds'])} after the first of {tries} SYNs" if tries > 1 else ""
    return f"{trip} (SYN,ACK after {_ms(found['syn_ack_seconds'])}){late}"


def _carried(one: Told) -> Iterator[str]:
    if one.tls:
        name = f" for {one.tls['server_name']}" if one.tls["server_name"] else ""
        yield f"{one.protocol}{name}: encrypted, its contents are not read" + _alpn(one.tls)
        return
    if one.protocol == "HTTP/2":
        yield f"HTTP/2: {one.requests} requests, each a stream of this one connection"
        return
    if one.protocol == "DNS":
        yield f"DNS: {one.requests} question{'' if one.requests == 1 else 's'}, told where asked"
        if one.missing:
            yield LACKS
        return
    if not one.exchanges:
        if one.protocol:
            yield f"carries text that is {one.protocol}"
        return
    plural = "" if one.requests == 1 else "s"
    reuse = (
        f"{one.requests} requests share one connection"
        if one.requests > 1
        else "1 request, the connection could have been kept for more"
        if one.kept
        else "1 request, not kept for more"
    )
    yield f"{one.protocol}: {reuse}"
    for exchange in one.exchanges:
        yield "  " + exchange.words()
    if one.requests > len(one.exchanges):
        yield f"  and {one.requests - len(one.exchanges)} request{plural} more"
    trips = _trips(one)
    if trips:
        yield trips
    if one.missing:
        yield LACKS


def _alpn(tls: dict[str, Any]) -> str:
    if tls.get("protocol"):
        return f"; it carries {tls['protocol']}"
    if tls["offers"]:
        return f"; the client offers {', '.join(tls['offers'])}"
    return ""


def _trips(one: Told) -> str:
    """From the first SYN to the first response, measured in round trips."""
    trip = one.handshake.get("round_trip_seconds", 0)
    first = one.exchanges[0]
    if not trip or first.answered is None:
        return ""
    waited = first.answered - one.began
    return f"first response {_ms(waited)} after the SYN: {waited / trip:.1f} round trips"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _round(seconds: float) -> float:
    """To the microsecond, which is what captures have."""
    return round(seconds, 6)
