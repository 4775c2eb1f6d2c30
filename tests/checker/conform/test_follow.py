"""Which segments are one connection's, where the capture was taken, and how much is kept."""

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.capture import Frame, Packet, Unread, read
from checker.capture.order import ordered
from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform.candidate import LIFE
from checker.conform.connection import Connection, Verdict
from checker.conform.explain import CANDIDATES
from checker.conform.follow import MIDDLE, Follower, Position
from checker.conform.shards import SHARDS
from checker.conform.steps import Stepper
from tests.helpers.wire import (
    RFC,
    A,
    B,
    Wire,
    as_frame,
    deviation,
    followed,
    verdicts,
)


def test_open_text_and_close():
    wire = Wire().opened()
    wire(A, ACK | PSH, 100, 300, 10)(B, ACK, 300, 110)(B, ACK | PSH, 300, 110, 500)
    wire(A, ACK, 110, 800)(A, ACK | FIN, 110, 800)(B, ACK, 800, 111)
    wire(B, ACK | FIN, 800, 111)(A, ACK, 111, 801)
    (found,) = followed(wire.packets)
    assert found.verdict is Verdict.CONFORMS
    assert found.octets == [10, 500]
    assert found.states == ["TIME-WAIT", "CLOSED"]


@pytest.mark.parametrize("a", [99, 2**32 - 60, 2**31 - 60])
def test_numbers_wrap(a):
    """A stream that goes round the circle, and one past half of it."""
    wire = Wire().opened(a, a + 7)
    for i in range(20):
        wire(A, ACK, a + 1 + 10 * i, a + 8, 10)(B, ACK, a + 8, a + 11 + 10 * i)
    assert verdicts(wire) == ["conforms"]


def test_a_story_has_no_more_than_is_told():
    """The same SYN and reset, for ever: edges are kept while they may be told, and no longer."""
    wire = Wire()
    for _ in range(1500):
        wire(A, SYN, 99)(B, RST | ACK, 0, 100)
    found: list[Connection] = []
    follower = Follower(RFC, MIDDLE, found.append)
    follower.feed(wire.packets)
    ((flow, _), *_) = follower.flows.values()
    lengths = []
    for monitor in flow.monitors:
        edge, length = monitor.candidates[0].story, 0
        while edge is not None:
            edge, length = edge.rest, length + 1
        lengths.append(length)
    assert LIFE <= max(lengths) <= 4 * LIFE
    follower.finish()
    assert len(found[0].life) == LIFE and found[0].more
    assert found[0].edges[0][-1][0] == 3000


def test_duplicates_do_not_split_a_connection():
    wire = Wire()(A, SYN, 99)(A, SYN, 99)(B, SYN | ACK, 299, 100)(B, SYN | ACK, 299, 100)
    wire(A, ACK, 100, 300)(A, ACK | FIN, 100, 300)(A, ACK | FIN, 100, 300)
    wire(B, ACK | FIN, 300, 101)(B, ACK | FIN, 300, 101)(A, ACK, 101, 301)(A, ACK, 101, 301)
    assert verdicts(wire) == ["conforms"]


def test_simultaneous_close_with_both_fins_sent_again():
    """Each FIN comes again with the ACK of the other: whoever sends it may be in CLOSING still."""
    wire = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK | FIN, 300, 100)
    wire(A, ACK | FIN, 100, 301)(B, ACK | FIN, 300, 101)
    (found,) = followed(wire.packets)
    assert found.verdict is Verdict.CONFORMS
    assert found.states[0] == "TIME-WAIT"
    assert verdicts(wire(A, ACK, 101, 301)(B, ACK, 301, 101)) == ["conforms"]
    # An ACK of text that came with the first of it cannot be outrun by that text.
    wire = Wire().opened()(A, ACK, 100, 300, 9)(B, ACK, 300, 109, 5)(A, ACK, 109, 305)
    assert verdicts(wire(A, ACK | FIN, 109, 304)) == ["deviates"]


def test_another_isn_is_another_connection():
    """Two SYN,ACKs with different ISNs are of two connections."""
    wire = Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100)(B, SYN | ACK, 5299, 100)
    wire(A, ACK, 100, 5300)
    assert len(followed(wire.packets)) == 2
    again = Wire().opened()(A, RST | ACK, 100, 300).opened(70099, 70299)
    found = followed(again.packets)
    assert [c.verdict.value for c in found] == ["conforms"] * 2
    assert "used before" in "".join(map(str, found[1].life))


def test_a_forged_syn_is_no_new_tcb_of_the_peer():
    """What the peer sends after it is the peer's still, and FIN too; at B, and however many."""
    at_b = Position(frozenset({B[:4]}))
    for forged in (1, 9):
        wire = Wire().opened()
        for i in range(forged):
            wire(A, SYN, 105 + i)(B, ACK, 300, 100)  # a challenge ACK for each
        wire(A, ACK, 100, 300, 10)(B, ACK, 300, 110)(A, ACK | FIN, 110, 300)
        wire(B, ACK, 300, 111)(B, ACK | FIN, 300, 111)(A, ACK, 111, 301)
        (found,) = followed(wire.packets, position=at_b)
        assert found.verdict is Verdict.CONFORMS, (forged, found.reason)
        assert found.states[1] == "CLOSED"
        assert verdicts(wire(B, ACK, 301, 130), position=at_b) == ["deviates"]


def test_loss_duplication_and_reordering_in_the_middle():
    """B acknowledges what came round another way; A's text comes twice, late, or not at all."""
    wire = Wire().opened()
    wire(A, ACK, 110, 300, 10)(A, ACK, 100, 300, 10)(B, ACK, 300, 120)  # reordered
    wire(A, ACK, 140, 300, 10)(B, ACK, 300, 120)  # 120 to 139 were lost before the capture
    wire(A, ACK, 120, 300, 20)(B, ACK, 300, 150)(A, ACK, 120, 300, 20)(B, ACK, 300, 150)
    assert verdicts(wire) == ["conforms"]


def test_what_a_strict_end_may_not_do():
    """At A, everything that A sent was seen."""
    at_a = Position(frozenset({A[:4]}))
    gap = Wire().opened()(A, ACK, 110, 300, 10)
    assert verdicts(gap) == ["conforms"]
    assert deviation(gap, position=at_a).nearest == "<SEQ=100><ACK=300>"
    back = Wire().opened()(B, ACK, 300, 100, 10)(A, ACK, 100, 310)(A, ACK, 100, 305)
    assert deviation(back, position=at_a).rule.endswith("never goes back")
    assert verdicts(back) == ["conforms"]
    # Nothing is asked of B there.
    assert verdicts(Wire().opened()(B, ACK, 300, 9999), position=at_a) == ["conforms"]


def test_at_an_address_of_neither_end_nobody_is_judged():
    """Neither a connection that conforms nor one that deviates."""
    elsewhere = Position(frozenset({bytes([10, 9, 9, 9])}))
    wire = Wire().opened()
    for _ in range(2):
        (found,) = followed(wire.packets, position=elsewhere)
        assert found.verdict is Verdict.INCONCLUSIVE and found.silent
        why = "not judged: the capture is from 10.9.9.9, which is neither of its ends"
        assert found.reason == why
        assert found.states == ["ESTABLISHED", "ESTABLISHED"]
        wire(B, ACK, 300, 9999)


def test_windows_are_scaled():
    def sends(octets: int, scale: int | None) -> list[str]:
        option = b"" if scale is None else bytes([3, 3, scale])
        wire = Wire()(A, SYN, 99, options=b"\3\3\0")
        wire(B, SYN | ACK, 299, 100, options=option, wnd=1)(A, ACK, 100, 300)
        wire(B, ACK, 300, 100, wnd=10)
        return verdicts(wire(A, ACK, 100, 300, octets))

    assert sends(10, None) == ["conforms"]
    assert sends(11, None) == ["deviates"]
    assert sends(1280, 7) == ["conforms"]
    assert sends(1281, 7) == ["deviates"]


RANDOM = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 63),
        st.sampled_from([0, 1, 2, 3, 5, 100, 2**31, 2**32 - 1]),
        st.sampled_from([0, 1, 2, 3, 5, 100, 2**31, 2**32 - 1]),
        st.sampled_from([0, 0, 1, 3, 1460, 60000]),
        st.sampled_from([0, 1, 1000, 65535]),
        st.sampled_from([b"", b"\3\3\7", b"\3", b"\x22\2", b"\3\2"]),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(RANDOM, st.booleans(), st.sampled_from(["", "client", "server"]))
def test_random_segments(segments, opened, role):
    """Any segments in any order: a verdict, and candidates within their bound."""
    wire = Wire().opened() if opened else Wire()
    for from_a, flags, seq, ack, text, wnd, options in segments:
        src = A if from_a else B
        base = (99, 299) if from_a else (299, 99)
        wire(src, flags, base[0] + seq, base[1] + ack, text, wnd, options if flags & SYN else b"")
    for connection in followed(wire.packets, position=Position(role=role)):
        assert connection.verdict in Verdict
        assert all(len(m.candidates) <= CANDIDATES for m in connection.flow.monitors)


def many(connections: int) -> Iterable[Packet]:
    """Connections that open, carry text and close, one after the other."""
    number = 0
    for i in range(connections):
        src = struct.pack(">IH", 0x0A000001 + i // 60000, 1024 + i % 60000)
        wire = Wire().opened()(A, ACK, 100, 300, 10)(B, ACK, 300, 110, 10)(A, ACK, 110, 310)
        wire(A, ACK | FIN, 110, 310)(B, ACK | FIN, 310, 111)(A, ACK, 111, 311)
        for p in wire.packets:
            number += 1
            p.number, p.time = number, p.time + i
            p.src, p.dst = (src, B) if p.src == A else (B, src)
            yield p


def test_connections_that_ended_are_forgotten():
    ended = 0
    most = 0

    def done(connection: Connection) -> None:
        nonlocal ended, most
        assert connection.verdict is Verdict.CONFORMS
        ended += 1
        most = max(most, len(follower.flows))

    follower = Follower(RFC, MIDDLE, done, flows=6 * SHARDS)
    follower.feed(many(1000))
    follower.finish()
    assert (ended, most) == (1000, 12 * SHARDS)


def tagged(wire: Wire, scope: str) -> list[Packet]:
    for p in wire.packets:
        p.scope = scope
    return wire.packets


def interleaved(*many: list[Packet]) -> list[Packet]:
    found = [p for each in zip(*many, strict=True) for p in each]
    for number, p in enumerate(found, 1):
        p.number = number
    return found


@pytest.mark.parametrize(
    "scopes",
    [("VLAN 1", "VLAN 2"), ("", "VLAN 2"), ("tunnel a-b, VNI 1", "tunnel a-b, VNI 2"),
     ("tunnel a-b, key 1", "tunnel a-b, key 2"), ("tunnel a-b", "tunnel a-c")],
)  # fmt: skip
def test_two_networks_may_use_the_same_sockets(scopes):
    one, other = Wire().opened(), Wire().opened(9_999, 77_777)
    found = followed(interleaved(*map(tagged, (one, other), scopes)))
    assert [c.verdict for c in found] == [Verdict.CONFORMS] * 2
    assert [c.name for c in found] == [
        "10.0.0.1:1024-10.0.0.2:80" + (f" ({scope})" if scope else "") for scope in scopes
    ]


def test_each_direction_may_have_a_network_of_its_own():
    wire = Wire().opened()(B, ACK, 300, 100, text=10)(A, ACK, 100, 310)
    for p in wire.packets:
        p.scope = "VLAN 1" if p.src == A else ""
    (found,) = followed(wire.packets)
    assert found.verdict is Verdict.CONFORMS
    wire(A, ACK, 100, 9999)  # nobody sent so much
    wire.packets[-1].scope = "VLAN 1"
    (found,) = followed(wire.packets)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "in another network" in found.reason


def test_after_a_frame_that_may_be_anybodys_a_deviation_is_inconclusive():
    wire = Wire().opened()
    unread = Unread(4, "IP header cut off")
    late = Packet(5, 1.0, B, A, 300, 9999, ACK, 1000, 0)  # of text that nobody sent
    (found,) = followed([*wire.packets, unread, late])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "frame 4 may be one of its segments: IP header cut off" in found.reason
    # What came before the connection, or after, is no excuse; and one that is explained conforms.
    first = Unread(0, "IP header cut off")
    (found,) = followed([first, *wire.packets, late, Unread(6, "IP header cut off")])
    assert found.verdict is Verdict.DEVIATES
    (found,) = followed([*wire.packets, unread])
    assert found.verdict is Verdict.CONFORMS
    # Nor is one of another network.
    (found,) = followed([*wire.packets, Unread(4, "ESP: encrypted", apart=True), late])
    assert found.verdict is Verdict.DEVIATES


def test_fragments_of_strangers_do_not_hide_ones_own():
    strangers = [Unread(4 + i, "fragment", bytes([9, 9, 9, i]), B[:-2]) for i in range(8)]
    ours = Unread(12, "fragment", A[:-2], B[:-2])
    late = Packet(13, 1.0, B, A, 300, 9999, ACK, 1000, 0)
    packets = [*Wire().opened().packets, *strangers, ours, late]
    (found,) = followed(packets, flows=4)
    assert found.verdict is Verdict.INCONCLUSIVE
    # A fragment is known to lack the rest only when the capture has ended.
    (found,) = followed([*packets[:-2], late, ours], flows=4)
    assert found.verdict is Verdict.INCONCLUSIVE
    # ... but one that came later explains nothing.
    after = [one._replace(number=one.number + 10) for one in (*strangers, ours)]
    (found,) = followed([*packets[:3], late, *after], flows=4)
    assert found.verdict is Verdict.DEVIATES


def placed(wire: Wire, *changes: tuple[int, float]) -> list[Packet]:
    """What is read of a capture in which the clock moved: by so much from a packet on."""
    frames = []
    for p in wire.packets:
        time = p.time + sum(by for number, by in changes if p.number >= number)
        data = as_frame(p)
        frames.append(Frame(101, time, data, len(data), p.number))
    return [*read(ordered(frames))]


def test_the_capture_has_an_answer_before_what_it_answers():
    """By the stamps, B's ACK came after A's text; in the file it stands before it."""
    wire = Wire().opened()(B, ACK, 300, 110)(A, ACK, 100, 300, 10)(A, ACK, 110, 300, 5)
    assert verdicts(wire) == ["inconclusive"]
    packets = placed(wire, (5, -0.015), (6, 0.015))
    assert [(p.number, p.frame) for p in packets[3:]] == [(4, 5), (5, 4), (6, 6)]
    assert [c.verdict for c in followed(packets)] == [Verdict.CONFORMS]


@pytest.mark.parametrize("back", [0.03, 3600.0])
def test_a_clock_that_was_set_back_accuses_nobody(back):
    """By less than is put in order, where the stamps contradict A's own order, and by more."""
    wire = Wire().opened()
    for i in range(8):
        wire(A, ACK, 100 + i, 300, 1)(B, ACK, 300, 101 + i)
    (found,) = followed(placed(wire, (10, -back)))
    assert (found.verdict, found.lacks) == (Verdict.CONFORMS, [0, 0])
    wire(B, ACK, 300, 9999)  # nobody sent so much, but is this to be trusted?
    (found,) = followed(placed(wire, (10, -back)))
    assert found.verdict is Verdict.INCONCLUSIVE
    if back > 1:
        assert "is older than packet 9 by its time stamp" in found.reason
    else:
        assert "of one sender are swapped" in found.reason


def test_a_reset_is_held_against_few_segments():
    """Of all that it may answer, the specification is asked about those with its SEQ."""
    wire = Wire().opened()
    for i in range(60):
        wire(B, ACK, 300 + i, 100, text=1)(A, ACK, 100, 301 + i)
    for i in range(20):
        wire(B, RST, 310 + i)
    follower = Follower(RFC, MIDDLE, lambda _: None, cached=False)
    asked = 0
    outcomes = Stepper.outcomes

    def counted(self, *words):
        nonlocal asked
        asked += 1
        return outcomes(self, *words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stepper, "outcomes", counted)
        follower.feed(wire.packets)
    assert asked < 500


def test_what_another_candidate_explains_is_not_late():
    """FIN again and again: A is likelier in FIN-WAIT-1. Its ACK from FIN-WAIT-2 is a usual one."""
    wire = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK, 300, 101)
    wire(A, ACK | FIN, 100, 300)(A, ACK | FIN, 100, 300)(A, ACK, 101, 300)
    (found,) = followed(wire.packets)
    assert [str(event) for event in found.life if "late" in str(event)] == []


def test_what_one_candidate_explains_is_not_late_for_what_it_may_become():
    """So many FINs again that A is in FIN-WAIT-1 for sure; only in FIN-WAIT-2 they were late."""
    wire = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK, 300, 101)
    for _ in range(9):
        wire(A, ACK | FIN, 100, 300)
    (found,) = followed(wire.packets)
    assert found.states[0] == "FIN-WAIT-1"
    assert found.counts["A", "retransmission"] >= 2


def server_first(closed: bool = True) -> Wire:
    """The end of a connection, its server's segment first, and the next one from its SYN on."""
    wire = Wire()(B, ACK, 9000, 8000, 2)
    if closed:
        wire(A, ACK, 8000, 9002)(B, ACK | FIN, 9002, 8000)(A, ACK | FIN, 8000, 9003)
        wire(B, ACK, 9003, 8001)
    wire.time += 300
    wire.opened(500_000, 700_000)(A, ACK, 500_001, 700_001, 3)(B, ACK, 700_001, 500_004)
    wire(B, ACK | FIN, 700_001, 500_004)(A, ACK | FIN, 500_004, 700_002)
    return wire(B, ACK, 700_002, 500_005)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(
    "position",
    [
        Position(),
        Position(role="client"),
        Position(role="server"),
        Position(frozenset({A[:-2]})),
        Position(frozenset({B[:-2]})),
    ],
)
def test_who_sends_the_syn_is_the_client(position, cached, closed):
    """Though a segment of the server was the first of the sockets."""
    first, second = followed(server_first(closed).packets, position=position, cached=cached)
    assert first.flow.sockets == (B, A) and second.flow.sockets == (A, B)
    assert first.verdict is Verdict.INCONCLUSIVE and second.verdict is Verdict.CONFORMS
    assert second.flow.at == (position.at((A, B)))
    assert second.states == ["CLOSED", "TIME-WAIT"] and second.octets == [3, 0]
    assert second.sent[1] == 4


def test_who_has_sent_a_syn_is_known():
    """Either end may open, later: of sockets of which a SYN was seen, the client stays."""
    wire = Wire().opened()(A, RST, 100)(B, SYN, 7000)(A, SYN | ACK, 8000, 7001)
    first, second = followed(wire(B, ACK, 7001, 8001).packets)
    assert first.flow is second.flow


def test_a_deviation_after_the_ends_have_turned():
    for role, verdict in (("", "deviates"), ("server", "deviates"), ("client", "conforms")):
        wire = server_first()(B, ACK, 1_000_000, 500_005, 9)
        found = followed(wire.packets, position=Position(role=role))
        assert found[-1].verdict.value == verdict


@pytest.mark.parametrize("cached", [True, False])
def test_a_reset_that_is_captured_twice(cached):
    """At its own end, too; but a second one, later, is not sent by a connection that is gone."""
    for clock, verdict in ((0.0005, "conforms"), (0.01, "deviates")):
        wire = Wire().opened()(A, ACK, 100, 300, 3)(B, RST | ACK, 300, 103)
        wire.clock = clock
        wire(B, RST | ACK, 300, 103)
        at_b = Position(role="server")
        for _ in range(2):  # the second time, it was met before
            assert verdicts(wire, position=at_b, cached=cached) == [verdict]
