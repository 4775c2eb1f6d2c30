"""What a picture of a data plane shows: both windows on the sequence space, and the sender's state.

Numbers are octets of one stream, counted from its first, so that the sender's window and the
receiver's stand on one scale.
"""

from collections.abc import Collection, Iterable, Iterator

from checker.render import Bar, Kind, Measure, Part
from spec.rules import Rules
from spec.seq import Space
from spec.tcp import congestion
from spec.tcp.congestion import Phase
from spec.tcp.context import Tcp
from spec.tcp.tcb import Tcb
from spec.tcp.transfer import Transfer
from spec.world.bounds import Bounds
from spec.world.system import World

ACKNOWLEDGED = Part("acknowledged", Kind.PAST)
IN_FLIGHT = Part("in flight", Kind.BUSY)
AGAIN = Part("to be sent again", Kind.LOST)
WAITS = Part("queued, held back", Kind.KEPT)
USABLE = Part("may be sent", Kind.READY)
CONGESTED = Part("in the peer's window, beyond cwnd", Kind.LATER)
UNREAD = Part("taken, unread", Kind.KEPT)
READ = Part("passed to the user", Kind.PAST)
HELD = Part("held, with a gap before it", Kind.BUSY)
OPEN = Part("window", Kind.READY)

PHASES = ("", *(each.value for each in Phase if each is not Phase.NONE))
"""In the order of their colours, which are those of captures: the first is that of what only a
capture has, an initial window (``checker.dataplane.phases``)."""


def senders(worlds: Iterable[World]) -> frozenset[int]:
    """The ends that are given something to send in a run."""
    return frozenset(n for world in worlds for n, end in enumerate(world.ends()) if end.tcb.written)


def measure(
    rules: Rules, bounds: Bounds, world: World, time: float, sending: Collection[int]
) -> Measure:
    """What there is to see in ``world``, of a run in which the ends ``sending`` send. ``time`` is
    where it stands in a plot."""
    tcp = Tcp(rules, bounds, 0)
    ends = [end.tcb for end in world.ends()]
    bars = tuple(
        tuple(_bars(tcb, n in sending, world.topology.peers[n] in sending, tcp))
        for n, tcb in enumerate(ends)
    )
    sender = ends[min(sending, default=0)]
    for transfer in sender.transfers:
        if (phase := congestion.phase(transfer)) is not Phase.NONE:
            values = {
                "cwnd": transfer.cwnd,
                "in flight": tcp.seq.minus(sender.snd.nxt, sender.snd.una),
            }
            if transfer.ssthresh < bounds.clamp:  # until the first loss it is as high as it goes
                values["ssthresh"] = transfer.ssthresh
            return Measure(time, bars, values, phase.value)
    return Measure(time, bars, {}, "")


def _bars(tcb: Tcb, sends: bool, receives: bool, tcp: Tcp) -> Iterator[Bar]:
    """The window of what an end sends, if it does, and of what it receives."""
    for transfer in tcb.transfers:
        if congestion.phase(transfer) is Phase.NONE:
            return
        if sends:
            yield Bar("sends", _sends(tcb, transfer, tcp))
        if receives:
            yield Bar("receives", _receives(tcb, transfer, tcp))


def _parts(*edges: tuple[int, Part]) -> tuple[tuple[Part, int], ...]:
    """Parts by their right edges; one that is behind the edge before is empty."""
    at = 0
    found: list[tuple[Part, int]] = []
    for edge, part in edges:
        if edge > at:
            before = found.pop()[1] if found and found[-1][0] == part else 0
            found.append((part, before + edge - at))
            at = edge
    return tuple(found)


def _sends(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> tuple[tuple[Part, int], ...]:
    places = (tcb.snd.una, tcb.snd.nxt, transfer.nxt)
    una, nxt, again = (_place(tcp.seq, place, tcb.iss) for place in places)
    window = una + tcb.snd.wnd
    allowed = min(una + congestion.limit(tcb, transfer, tcp), window)
    return _parts(
        (una, ACKNOWLEDGED),
        (again, IN_FLIGHT),
        (nxt, AGAIN),
        (min(tcb.written, allowed), WAITS),
        (allowed, USABLE),
        (window, CONGESTED),
    )


def _receives(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> tuple[tuple[Part, int], ...]:
    nxt = _place(tcp.seq, tcb.rcv.nxt, tcb.irs)
    right, size = nxt + tcb.rcv.wnd, tcp.bounds.place
    edges: list[tuple[int, Part]] = [(nxt - transfer.unread, READ), (nxt, UNREAD)]
    for n, place in enumerate(transfer.places):
        if place.here:
            edges += [(nxt + n * size, OPEN), (nxt + (n + 1) * size, HELD)]
    return _parts(*edges, (right, OPEN))


def _place(seq: Space, number: int, iss: int) -> int:
    """How many octets of the stream are before ``number``: SYN is none."""
    return max(seq.minus(number, iss) - 1, 0)
