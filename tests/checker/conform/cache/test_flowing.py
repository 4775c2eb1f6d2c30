"""Text and ACKs in full flow, moved without being explained."""

import pytest

from checker.capture.segments import ACK, FIN, SYN
from checker.conform.cache.flowing import FlowingMonitor
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import Position
from tests.helpers.mutate import CAPTURES
from tests.helpers.wire import LINUX, ZEEK, A, B, Wire, captured, followed, verdicts


@pytest.mark.parametrize("quick", [True, False])
def test_a_stream_longer_than_the_circle(monkeypatch, quick):
    """6 GiB: every number is used again; retransmissions, late ACKs and FIN fit all the same."""
    if not quick:
        monkeypatch.setattr(FlowingMonitor, "_flows", lambda _self, _p: False)
    scale, much = b"\3\3\16", 1 << 24
    wire = Wire()(A, SYN, 99, options=scale)(B, SYN | ACK, 299, 100, options=scale)
    wire(A, ACK, 100, 300)(B, ACK, 300, 100, wnd=65535)
    for i in range(400):
        at = 100 + i * much
        wire(A, ACK, at, 300, much, wnd=65535)(A, ACK, at, 300, much, wnd=65535)
        wire(B, ACK, 300, at + much, wnd=65535)(B, ACK, 300, at, wnd=65535)
    end = 100 + 400 * much
    wire(A, ACK | FIN, end, 300)(B, ACK | FIN, 300, end + 1)(A, ACK, end + 1, 301)
    (found,) = followed(wire.packets)
    assert found.verdict is Verdict.CONFORMS, found.reason
    assert found.octets[0] == 400 * much
    assert verdicts(wire(A, ACK, end + 2, 301)) == ["deviates"]


def states(connections: list[Connection]) -> list[object]:
    return [
        (c.verdict, c.reason, c.edges, c.states, c.deviation and c.deviation.rule)
        for c in connections
    ]


@pytest.mark.parametrize("path", [*sorted(CAPTURES.glob("*.pcap")), *sorted(ZEEK.iterdir())],
                         ids=lambda p: p.name)  # fmt: skip
def test_the_plain_way_is_the_long_way(path, monkeypatch):
    quick = states(captured(path, LINUX))
    monkeypatch.setattr(FlowingMonitor, "_flows", lambda _self, _p: False)
    assert states(captured(path, LINUX)) == quick


def test_the_last_number_that_the_capture_lacks_may_be_a_fins():
    """B acknowledges it, goes back behind it, and comes again: it flows, but for that."""
    wire = Wire()(A, ACK, 100, 300)(B, ACK, 500, 300)(B, ACK, 302, 200, 198)(B, ACK, 500, 300)
    (found,) = followed(wire.packets, position=Position(role="server"))
    assert found.states[1] == "CLOSE-WAIT or ESTABLISHED"
    assert (
        found.states
        == followed(wire.packets, position=Position(role="server"), cached=False)[0].states
    )
