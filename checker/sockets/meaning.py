"""What sockets in one state mean: whose they are, what they wait for, and what to do.

A socket whose local port somebody listens on was accepted: it is of the service on that port.
Others this host opened: they are of the service that they lead to. Where a table has no LISTEN, of
two ports the one that more sockets have is the service's, or else the lower.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from checker.render.text import counted, wrap
from checker.sockets.table import Refused, Socket
from checker.stacks import PROFILES
from spec.observe.states import WAITS
from spec.tcp.tcb import State

SHOWN = 5
"""Of whom sockets are: the first, by number."""
VERSION = 1
"""Of the JSON."""
PORTS = 60_999 - 32_768 + 1
"""Local ports for connections that this host opens: Linux's net.ipv4.ip_local_port_range."""
_LINUX = (PROFILES["linux"].timers.time_wait or 0) // 1000
_RFC = 240

DO = {
    State.SYN_SENT: "Is the other host up, the port right, and is nothing on the way dropping it? "
    "A closed port would have refused at once.",
    State.SYN_RECEIVED: "A few are normal. Many, from many addresses, are a SYN flood: SYN cookies "
    "keep no state for them. From one address: the way back to it is broken.",
    State.ESTABLISHED: "Nothing, if they are in use. The RFC has no timer for an idle connection: "
    "a keep-alive (3.8.4) finds out that a peer is gone.",
    State.FIN_WAIT_1: "The peer, or the path to it, is gone or has shut its window; it is sent "
    "again until the stack gives up.",
    State.FIN_WAIT_2: "The other program does not close: there, the same connections are in "
    "CLOSE-WAIT. The RFC has no timer for it; Linux gives up once the program here has closed "
    "its socket (net.ipv4.tcp_fin_timeout, 60 s).",
    State.CLOSE_WAIT: "It is a fault of the program here: it was told of the end (read returned 0) "
    "and does not close its socket. No timer ends it, and no setting of the system helps. Find the "
    "program with `ss -tanp state close-wait`, and where it forgets to close; to restart it "
    "frees the sockets.",
    State.CLOSING: "Rare. The peer, or the path to it, is gone.",
    State.LAST_ACK: "The peer, or the path to it, is gone; it is sent again until the stack gives "
    "up.",
    State.TIME_WAIT: "Mostly nothing: it costs little memory, and no program. Who closes first has "
    "them. To have fewer, keep connections open and use them again, or let the other side close "
    "first. Do not cut TIME-WAIT short: old segments would get into new connections "
    "(docs/findings.md).",
}  # fmt: skip


@dataclass(slots=True)
class Group:
    """The sockets of one state."""

    state: State
    count: int = 0
    served: Counter[str] = field(default_factory=Counter)  # by the local port of a service
    opened: Counter[str] = field(default_factory=Counter)  # by where they lead
    programs: Counter[str] = field(default_factory=Counter)
    unread: int = 0  # sockets with octets that the program has not taken
    unsent: int = 0  # sockets with octets that are not acknowledged

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "state": self.state.value,
            "count": self.count,
            "served": dict(self.served.most_common()),
            "opened": dict(self.opened.most_common()),
            "programs": dict(self.programs.most_common()),
            "with_unread_octets": self.unread,
            "with_unacknowledged_octets": self.unsent,
        }


@dataclass(slots=True)
class Summary:
    """A whole table."""

    sockets: int
    groups: list[Group]
    full: list[str]  # listening sockets with no room for a connection more
    refused: list[Refused]

    def as_json(self) -> dict[str, Any]:
        """The report."""
        return {
            "version": VERSION,
            "sockets": self.sockets,
            "states": [group.as_json() for group in self.groups],
            "full_queues": self.full,
            "lines_not_understood": len(self.refused),
        }


def summary(items: Iterable[Socket | Refused]) -> Summary:
    """What is in a table."""
    sockets: list[Socket] = []
    refused: list[Refused] = []
    for item in items:
        if isinstance(item, Refused):
            refused.append(item)
        else:
            sockets.append(item)
    listening = {one.here[1] for one in sockets if one.state is State.LISTEN}
    often = Counter(port for one in sockets for port in (one.here[1], one.there[1]))
    groups: dict[State, Group] = {}
    full = []
    for one in sockets:
        group = groups.setdefault(one.state, Group(one.state))
        group.count += 1
        if one.program:
            group.programs[one.program] += 1
        if one.state is State.LISTEN:
            if one.received > one.unsent > 0:
                full.append(_named(one.here))
            continue
        # Linux counts the FIN that CLOSE-WAIT has received.
        group.unread += one.received > (one.state is State.CLOSE_WAIT)
        group.unsent += one.unsent > 0
        if _serves(one, listening, often):
            group.served[one.here[1]] += 1
        else:
            group.opened[_named(one.there)] += 1
    order = sorted(groups.values(), key=lambda group: -group.count)
    return Summary(len(sockets), order, full, refused)


def _named(end: tuple[str, str]) -> str:
    host, port = end
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _serves(one: Socket, listening: set[str], often: Counter[str]) -> bool:
    here, there = one.here[1], one.there[1]
    if listening:
        return here in listening
    if often[here] != often[there]:
        return often[here] > often[there]
    return here.isdigit() and there.isdigit() and int(here) < int(there)


def lines(of: Summary, width: int) -> Iterator[str]:
    """For the terminal."""
    yield counted(of.sockets, "TCP socket")
    for group in of.groups:
        yield f"  {group.count:>9,}  {group.state.value}"
    for name in of.full:
        yield ""
        yield from _item(f"LISTEN on {name}", "its queue is full: the program does not accept "
                         "connections as fast as they come", width)  # fmt: skip
    for group in of.groups:
        if group.state in DO:
            yield ""
            yield from _group(group, width)
    if of.refused:
        first = of.refused[0]
        yield ""
        yield from wrap(
            f"{counted(len(of.refused), 'line')} not understood; the first is line {first.number}: "
            f"{first.text[:60]}",
            width,
        )


def _group(group: Group, width: int) -> Iterator[str]:
    waits = WAITS[group.state]
    yield f"{group.state.value}: {group.count:,}"
    for what, of in (("accepted on port", group.served), ("opened to", group.opened)):
        for name, count in of.most_common(SHOWN):
            yield from _item("whose", f"{count:,} {what} {name}", width)
        if len(of) > SHOWN:
            rest = sum(of.values()) - sum(count for _, count in of.most_common(SHOWN))
            yield from _item("", f"{rest:,} {what} {len(of) - SHOWN:,} more", width)
    for name, count in group.programs.most_common(SHOWN):
        yield from _item("program", f"{count:,} of {name}", width)
    yield from _item("means", f"{waits.means} (RFC 9293, {waits.section})", width)
    timer = waits.timer or "no timer of the RFC"
    yield from _item("ended by", f"{waits.turn.value}; {timer}", width)
    for text in _observed(group):
        yield from _item("here", text, width)
    yield from _item("to do", DO[group.state], width)


def _observed(group: Group) -> Iterator[str]:
    """What the numbers say."""
    if group.state is State.TIME_WAIT and group.count >= _RFC:
        yield (
            f"about {group.count / _LINUX:,.0f} connections a second are closed here first, if "
            f"TIME-WAIT lasts {_LINUX} s as in Linux; {group.count / _RFC:,.0f} if it is the "
            f"RFC's {_RFC // 60} minutes"
        )
        for name, count in group.opened.most_common(1):
            if count * 2 > PORTS:
                yield (
                    f"{name} takes {count:,} of the {PORTS:,} local ports that Linux has by "
                    "default for each service: soon no connection to it can be opened"
                )
    if group.unread and group.state is not State.SYN_RECEIVED:
        yield f"in {group.unread:,}, the program has not read all that came (Recv-Q)"
    if group.unsent:
        yield f"in {group.unsent:,}, something sent is not acknowledged (Send-Q)"


def _item(head: str, text: str, width: int) -> Iterator[str]:
    indent = 12
    first, *more = wrap(text, max(20, width - indent))
    if len(head) >= indent - 2:
        yield head
        yield " " * indent + first
    else:
        yield f"  {head:<{indent - 2}}{first}"
    yield from (" " * indent + line for line in more)
