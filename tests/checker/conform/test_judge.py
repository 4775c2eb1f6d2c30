"""Verdicts that are neither conformance nor deviation."""

import struct

import pytest

from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import Position
from tests.helpers.wire import A, B, Wire, deviation, followed, verdicts


def test_inconclusive():
    middle = Wire()(A, ACK, 100, 300, 5)(B, ACK, 300, 105)
    assert followed(middle.packets)[0].reason.startswith("mid-stream")
    only_a = Wire()(A, SYN, 99)(A, ACK, 100, 300)(A, ACK, 100, 300, 5)
    assert followed(only_a.packets)[0].reason.startswith("one-sided")
    only_b = Wire()(B, SYN | ACK, 299, 100)(B, ACK, 300, 100, 5)
    assert followed(only_b.packets)[0].verdict is Verdict.INCONCLUSIVE
    assert verdicts(Wire()(B, ACK, 300, 9)) == ["inconclusive"]


def test_unsupported_is_named():
    def first(options: bytes, answer: bytes = b"", text: int = 0) -> str:
        wire = Wire()(A, SYN, 99, text=text, options=options)
        wire(B, SYN | ACK, 299, 100 + text, options=answer)
        (found,) = followed(wire.packets)
        return f"{found.verdict.value}: {found.reason}"

    cookie = b"\x22\x0aabcdefgh"
    assert first(cookie, text=5) == "unsupported: TCP Fast Open"
    assert first(b"\xfe\x0c\xf9\x89abcdefgh", text=5) == "unsupported: TCP Fast Open"
    assert first(cookie) == "conforms: "  # without text it is a handshake like any
    multi = b"\x1e\x0c\x00\x81abcdefgh"
    assert first(multi, multi) == "unsupported: Multipath TCP"
    assert first(multi) == "conforms: "
    assert first(b"\x0b\x06\0\0\0\1") == "unsupported: T/TCP"


def inferred(found: Connection) -> list[str]:
    """The changes that are."""
    return [str(event).split(": ")[1] for event in found.life if event.inferred]


def test_evidence_and_inference():
    """What all explanations have is told as it is; what others do without, as inferred."""
    wire = Wire(clock=1.0).opened()
    (found,) = followed(wire.packets)
    assert inferred(found) == ["B SYN-RECEIVED -> ESTABLISHED"]
    (found,) = followed(wire(B, ACK, 300, 100).packets)  # SYN-RECEIVED sends it, too
    assert inferred(found) == ["B SYN-RECEIVED -> ESTABLISHED"]
    (found,) = followed(wire(B, ACK, 300, 100, 5).packets)
    assert inferred(found) == []


def test_a_reset_is_evidence_that_a_connection_ended():
    """From which state, and whether by way of TIME-WAIT, is not: both are told."""
    wire = Wire().opened()(B, ACK, 300, 100, 5)(B, RST | ACK, 305, 100)
    (found,) = followed(wire.packets)
    assert found.states[1] == "CLOSED or TIME-WAIT"
    assert inferred(found) == ["A ESTABLISHED -> CLOSED"]


def test_fins_that_are_not_answered():
    """Nobody is known to be in TIME-WAIT who leaves seven FINs without an answer."""
    wire = Wire(clock=1.0).opened()(A, ACK | FIN, 100, 300)(B, ACK, 300, 101)
    for _ in range(7):
        wire(B, ACK | FIN, 300, 101)
    (found,) = followed(wire.packets)
    assert inferred(found) == ["A FIN-WAIT-1 -> FIN-WAIT-2", "A FIN-WAIT-2 -> TIME-WAIT"]
    assert found.states == ["FIN-WAIT-2 or TIME-WAIT", "LAST-ACK"]
    (found,) = followed(wire(A, ACK, 101, 301).packets)
    assert found.states[0] == "TIME-WAIT"
    assert inferred(found) == ["B LAST-ACK -> CLOSED"]
    for _ in range(3):
        wire(B, ACK | FIN, 300, 101)
    (found,) = followed(wire.packets)  # it was there, and may be done with it
    assert found.states[0] == "CLOSED or TIME-WAIT"
    assert inferred(found) == []


def test_needless_acks_are_counted():
    wire = Wire().opened()
    for _ in range(20):
        wire(A, ACK, 100, 300)
    (found,) = followed(wire.packets)
    assert "A: needless ACKs: 20" in map(str, found.life)
    for i in range(20):  # each tells of a gap
        wire(B, ACK, 310 + i, 100, 1)(A, ACK, 100, 300)
    (found,) = followed(wire.packets)
    assert "A: needless ACKs: 20" in map(str, found.life)


def stamped(value: int | None) -> bytes:
    """The Timestamps option."""
    return b"" if value is None else b"\1\1\x08\x0a" + struct.pack(">II", value, 0)


def reopening(before: int | None, after: int | None, first: bool = True) -> Wire:
    """B closes first. Then a SYN of a lower ISN comes, and B answers."""
    old, new, wire = stamped(before), stamped(after), Wire()
    if first:
        wire(A, SYN, 99, options=old)(B, SYN | ACK, 299, 100, options=old)
        wire(A, ACK, 100, 300, options=old)
    wire(B, ACK | FIN, 300, 100, options=old)(A, ACK | FIN, 100, 301, options=old)
    wire(B, ACK, 301, 101, options=old)
    return wire(A, SYN, 50, options=new)(B, SYN | ACK, 7000, 51, options=new)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (10, 11, "its timestamp is newer"),
        (2**32 - 2, 3, "its timestamp is newer"),
        (None, 3, "the connection before had no timestamps"),
        (10, 10, ""),
        (3, 2**32 - 2, ""),
        (10, None, ""),
        (None, None, ""),
    ],
)
def test_time_wait_is_opened_by_a_newer_timestamp(before, after, why):
    """RFC 6191, section 2; the numbers alone do not open it."""
    found = followed(reopening(before, after).packets)[-1]
    told = [str(event) for event in found.life if "opens TIME-WAIT" in str(event)]
    if why:
        assert found.verdict is Verdict.CONFORMS, found.reason
        assert told == [f"8: B: the SYN opens TIME-WAIT: {why} (RFC 6191, 2)"]
    else:
        assert found.reason.startswith("packet 8: 3.6.1") and not told
        assert found.verdict is Verdict.DEVIATES


def test_what_paws_refuses_may_be_answered_with_an_ack():
    """At B, where what is seen has arrived: text and a FIN with an earlier TSval are not taken."""
    wire = Wire()(A, SYN, 99, options=stamped(100))(B, SYN | ACK, 299, 100, options=stamped(7))
    wire(A, ACK, 100, 300, options=stamped(101))(A, ACK, 100, 300, 10, options=stamped(110))
    wire(B, ACK, 300, 110, options=stamped(8))
    for flags, text in ((ACK, 5), (ACK | FIN, 0)):
        wire(A, flags, 110, 300, text, options=stamped(50))(B, ACK, 300, 110, options=stamped(9))
    assert verdicts(wire, position=Position(role="server")) == ["conforms"]


@pytest.mark.parametrize("stamps", [(11, 9), (9, 11)])
def test_what_is_remembered_of_time_wait_is_not_of_its_timestamps(stamps):
    packets = []
    for i, after in enumerate(stamps * 2):
        for p in reopening(10, after).packets:
            p.src, p.dst = (q[:5] + bytes([q[5] + i]) if q == A else q for q in (p.src, p.dst))
            p.number = len(packets) + 1
            packets.append(p)
    found = [one.verdict for one in followed(packets) if one.first % 8 == 7]
    right = [Verdict.CONFORMS if after == 11 else Verdict.DEVIATES for after in stamps * 2]
    assert found == right


def test_habits_of_stacks_have_names():
    wire = Wire().opened()(B, ACK | FIN, 300, 100)(A, ACK | FIN, 100, 301)(A, RST | ACK, 101, 301)
    assert "Windows" in deviation(wire).habits[0]
    closed = Wire().opened()(A, RST | ACK, 100, 300)(B, ACK, 300, 100, 5)(A, RST | ACK, 100, 305)
    assert "lwIP" in deviation(closed).habits[0]
    assert deviation(Wire().opened()(A, RST | ACK, 90, 300)).habits == []
