"""Timestamps by address: clocks, TIME-WAIT that they open, and tcp_tw_recycle."""

import struct

import pytest

from checker.capture import Packet
from checker.capture.segments import ACK, FIN, SYN
from checker.listeners import findings
from checker.listeners.requests import Listener, listeners
from tests.helpers.flood import SERVER

CLIENT = bytes([10, 0, 0, 1])


def stamped(value: int | None) -> bytes:
    return b"" if value is None else b"\1\1\x08\x0a" + struct.pack(">II", value % 2**32, 0)


class Visits:
    """Connections of one client, which may be several hosts."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def send(
        self, time: float, port: int, flags: int, seq: int, ack: int, value: int | None, out: bool
    ) -> None:
        ends = CLIENT + port.to_bytes(2, "big"), SERVER
        src, dst = ends[::-1] if out else ends
        self.packets.append(
            Packet(len(self.packets) + 1, time, src, dst, seq, ack, flags, 1000, 0, stamped(value))
        )

    def visit(
        self, time: float, port: int, value: int | None, isn: int = 0, iss: int = 500,
        first: str = "listener", answered: bool = True,
    ) -> "Visits":  # fmt: skip
        """Opened and closed within 30 ms."""
        mine = None if value is None else 7_000_000
        self.send(time, port, SYN, isn, 0, value, False)
        if not answered:
            return self
        self.send(time, port, SYN | ACK, iss, isn + 1, mine, True)
        after = None if value is None else value + 10
        self.send(time + 0.01, port, ACK, isn + 1, iss + 1, after, False)
        ends = [(True, iss + 1, isn + 1, mine), (False, isn + 1, iss + 1, after)]
        for out, seq, ack, tsval in ends if first == "listener" else ends[::-1]:
            self.send(time + 0.02, port, ACK | FIN, seq, ack + (out != (first == "listener")),
                      tsval, out)  # fmt: skip
        return self

    def elsewhere(self) -> "Visits":
        """What there is so far was at another port of the server."""
        for p in self.packets:
            p.src, p.dst = (end[:4] + b"\1\1" if end == SERVER else end for end in (p.src, p.dst))
        return self

    def told(self) -> Listener:
        (found,) = listeners(self.packets)
        return found


def test_one_clock_wraps():
    visits = Visits()
    for i in range(5):
        visits.visit(i * 10, 2000 + i, 2**32 - 20_000 + i * 10_000)
    clocks = visits.told().clocks
    assert (clocks.single(), clocks.several(), clocks.apart()) == (1, [], 0)


def test_two_hosts_behind_an_address():
    visits = Visits()
    for i in range(8):
        visits.visit(i * 10, 2000 + i, i * 10_000 + (3_000_000 if i % 2 else 9_000_000))
    told = visits.told()
    ((_, address),) = told.clocks.several()
    assert (address.count, address.stamped) == (2, 8)
    what = [one.what for one in findings.findings(told, 0.0)]
    assert what[0] == "several hosts behind one address (a NAT or a proxy)"


def test_an_offset_for_each_port():
    """As of Linux 6.18, where the same port has the same offset again."""
    visits = Visits()
    for i in range(12):
        visits.visit(i, 2000 + i // 3, i // 3 * 600_000_000 + i * 1000)
    clocks = visits.told().clocks
    assert (clocks.single(), clocks.several(), clocks.apart()) == (0, [], 1)


def test_an_offset_for_each_connection():
    visits = Visits()
    for i in range(6):
        visits.visit(i, 2000 + i, i * 600_000_000)
    clocks = visits.told().clocks
    assert (clocks.single(), clocks.several(), clocks.apart()) == (0, [], 1)


@pytest.mark.parametrize(
    ("value", "after", "first", "dropped"),
    [
        (5_000, 20, "listener", 1),
        (9_009, 20, "listener", 0),  # a tick earlier than the FIN's
        (9_008, 20, "listener", 1),
        (5_000, 61, "listener", 0),
        (5_000, 20, "client", 0),  # no TIME-WAIT here
        (None, 20, "listener", 1),
    ],
)
def test_what_recycle_would_drop(value, after, first, dropped):
    visits = Visits().visit(0, 2000, 9_000, first=first)
    visits.visit(after, 3000, value, answered=False)
    clocks = visits.told().clocks
    assert (clocks.recycled, clocks.dropped) == (dropped, dropped)
    assert clocks.plain == (value is None and dropped)
    assert clocks.first == ([(6, "10.0.0.1:3000")] if dropped else [])
    assert findings.troubled(visits.told()) == bool(dropped)


@pytest.mark.parametrize(
    ("before", "after", "isn", "why"),
    [
        (9_000, 9_500, 0, "newer timestamp"),
        (9_000, 9_010, 50, "same timestamp, higher SEQ"),
        (9_000, None, 50, "higher SEQ, no timestamp any more"),
        (None, 9_000, 0, "timestamps only now"),
        (None, None, 50, "higher SEQ, no timestamps"),
        (9_000, 8_000, 50, "against RFC 6191"),
        (None, None, 0, "against RFC 6191"),
    ],
)
def test_by_what_time_wait_is_opened(before, after, isn, why):
    visits = Visits().visit(0, 2000, before, isn=7).visit(1, 2000, after, isn=isn, iss=70_000)
    told = visits.told()
    assert dict(told.clocks.reopened) == {why: 1}
    assert any(why in line for line in findings.lines(told, 0.0, 100))


def test_recycle_goes_by_what_another_port_has_heard():
    """Linux kept TSvals by address."""
    visits = Visits().visit(0, 2000, 9_000).elsewhere().visit(20, 3000, 5_000, answered=False)
    other, here = sorted(listeners(visits.packets), key=lambda one: one.packet)
    assert (other.clocks.recycled, here.clocks.recycled, here.clocks.dropped) == (0, 1, 1)
    far = Visits().visit(0, 2000, 9_000).elsewhere()
    for p in far.packets:
        p.src, p.dst = (end[:3] + b"\x09" + end[4:] if end[4:] == b"\1\1" else end
                        for end in (p.src, p.dst))  # fmt: skip
    far.visit(20, 3000, 5_000, answered=False)
    assert [one.clocks.recycled for one in listeners(far.packets)] == [0, 0], "another host"
