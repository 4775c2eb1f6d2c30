"""Timestamps of SYNs, by address: how many clocks there are behind it, and who goes by them.

``tcp_tw_recycle`` (Linux until 4.12) is looked at as it was: when the listener's end had closed
first, it kept the last TSval of the peer's address. For 60 s it dropped each SYN from there with an
earlier one, by more than one tick, and (a26552afe894) each without.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from checker.capture import Packet
from checker.capture.segments import socket
from checker.capture.stamps import VALUES, WIRE, stamp
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment, Stamp
from spec.tcp.segment_arrives.others import above_all_received
from spec.tcp.tcb import Tcb
from spec.tcp.timestamps import later, reopened_by, too_old_for_address

ADDRESSES = 1 << 12
"""Of each listener, whose clocks are remembered."""
CLOCKS = 8
"""Of each address."""
FASTEST = 1050
"""Ticks a second: a clock's is 1 ms at least (RFC 7323, 5.4), and clocks differ."""
TICKS = 5
"""By which a SYN may be late on its way."""
ENOUGH = 3
"""Ports of an address from which on its clocks say something."""
PORTS = 64
"""Of each address, that are looked at."""
RECYCLED = 60.0
"""Seconds for which a TSval counted (TCP_PAWS_MSL)."""
SHOWN = 3

_TCP = Tcp(replace(Rules(), time_wait_recycle=True), WIRE, 0)


class Left(NamedTuple):
    """A connection that the listener's end closed first: what its TIME-WAIT knows of the peer."""

    time: float
    rcv_nxt: int
    recent: Stamp


Heard = dict[bytes, tuple[Stamp, float]]
"""What a host keeps of each client's address: the last TSval, and when that was. It is kept of the
address alone: what one port has heard another goes by."""


class Address:
    """What is known of one client's address."""

    __slots__ = ("clocks", "more", "ports")

    def __init__(self) -> None:
        self.ports: set[bytes] = set()  # of SYNs with timestamps
        self.clocks: list[tuple[Stamp, float]] = []  # the last of each
        self.more = 0  # SYNs of further clocks

    def tick(self, value: Stamp, port: bytes, time: float) -> None:
        """A SYN with a timestamp; of each port the first, since an offset may be a port's own."""
        if port in self.ports or len(self.ports) >= PORTS:
            return
        self.ports.add(port)
        for i, (last, then) in enumerate(self.clocks):
            if (value - last) % VALUES <= max(0.0, time - then) * FASTEST + TICKS:
                self.clocks[i] = value, time
                return
        if len(self.clocks) < CLOCKS:
            self.clocks.append((value, time))
        else:
            self.more += 1

    @property
    def count(self) -> int:
        """Of clocks, at least."""
        return len(self.clocks) + self.more

    @property
    def stamped(self) -> int:
        """Connections with timestamps, each from another port."""
        return len(self.ports)

    @property
    def apart(self) -> bool:
        """Has nearly each port a clock of its own?"""
        return self.count > 1 and self.count * 5 >= self.stamped * 4


@dataclass(slots=True)
class Clocks:
    """Of all clients of a listener."""

    addresses: dict[bytes, Address] = field(default_factory=dict)
    heard: Heard = field(default_factory=dict)  # of all ports of the host
    recycled: int = 0  # SYNs that tcp_tw_recycle would have dropped
    plain: int = 0  # ... since they have no timestamp
    dropped: int = 0  # ... and that were not answered
    first: list[tuple[int, str]] = field(default_factory=list)  # packets, and from where
    reopened: Counter[str] = field(default_factory=Counter)  # SYNs that opened TIME-WAIT, by why

    def syn(self, p: Packet) -> bool:
        """A SYN of a new connection: would tcp_tw_recycle drop it?"""
        name, value = p.src[:-2], stamp(p)
        address = self.addresses.get(name)
        if address is None and value and len(self.addresses) < ADDRESSES:
            address = self.addresses[name] = Address()
        if address is not None and value:
            address.tick(value, p.src[-2:], p.time)
        heard, at = self.heard.get(name, (0, 0.0))
        if not heard or p.time - at >= RECYCLED:
            return False
        before = (heard - 2) % VALUES + 1  # a tick earlier
        if value and not too_old_for_address(before, Segment(seq=p.seq, tsval=value), _TCP):
            return False
        self.recycled += 1
        self.plain += not value
        if len(self.first) < SHOWN:
            self.first.append((p.number, socket(p.src)))
        return True

    def left(self, p: Packet) -> Left:
        """The client's FIN, after the listener's own."""
        value, name = stamp(p), p.src[:-2]
        if value and (name in self.heard or len(self.heard) < ADDRESSES):
            heard, at = self.heard.get(name, (0, 0.0))
            if not heard or p.time - at >= RECYCLED or not later(heard, value, WIRE):
                self.heard[name] = value, p.time
        return Left(p.time, (p.seq + p.length()) & 0xFFFFFFFF, value)

    def several(self) -> list[tuple[bytes, Address]]:
        """Addresses with several clocks, and fewer than connections; those with most first."""
        found = [
            (name, one)
            for name, one in self.addresses.items()
            if one.stamped >= ENOUGH and one.count > 1 and not one.apart
        ]
        return sorted(found, key=lambda one: -one[1].count)

    def apart(self) -> int:
        """Addresses with a clock for each port."""
        return sum(one.stamped >= ENOUGH and one.apart for one in self.addresses.values())

    def single(self) -> int:
        """Addresses with one clock."""
        return sum(one.stamped >= ENOUGH and one.count == 1 for one in self.addresses.values())

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "one": self.single(),
            "several": [[socket(name), one.count, one.stamped] for name, one in self.several()],
            "each": self.apart(),
            "recycled": self.recycled,
            "recycled_without_timestamp": self.plain,
            "recycled_unanswered": self.dropped,
            "reopened": dict(self.reopened.most_common()),
        }


def opens(left: Left, syn: Packet) -> str:
    """By which row of RFC 6191, section 2, a SYN opens the TIME-WAIT that was ``left``."""
    seg = Segment(seq=syn.seq, tsval=stamp(syn))
    tcb = Tcb(stamped=left.recent != 0, ts_recent=left.recent)
    tcb.rcv.nxt = left.rcv_nxt
    if not reopened_by(tcb, seg, above_all_received(tcb, seg, _TCP), _TCP):
        return "against RFC 6191"
    if not tcb.stamped:
        return "timestamps only now" if seg.tsval else "higher SEQ, no timestamps"
    if not seg.tsval:
        return "higher SEQ, no timestamp any more"
    same = seg.tsval == tcb.ts_recent
    return "same timestamp, higher SEQ" if same else "newer timestamp"
