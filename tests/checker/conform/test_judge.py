"""Verdicts that are neither conformance nor deviation."""

from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform.connection import Connection, Verdict
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


def test_time_stamps_are_not_judged():
    """By RFC 6191 they may open TIME-WAIT again: whether these do is not looked at."""

    def again(stamps: bytes) -> str:
        wire = Wire()(A, SYN, 99, options=stamps)(B, SYN | ACK, 299, 100, options=stamps)
        wire(A, ACK, 100, 300)(B, ACK | FIN, 300, 100)(A, ACK | FIN, 100, 301)(B, ACK, 301, 101)
        wire(A, SYN, 50, options=stamps)(B, SYN | ACK, 7000, 51, options=stamps)
        found = followed(wire.packets)[-1]
        return f"{found.verdict.value}: {found.reason}"

    assert again(b"").startswith("deviates: packet 8: 3.6.1")
    told = again(b"\x08\x0a" + bytes(8))
    assert told.startswith("inconclusive") and "they are not judged" in told


def test_habits_of_stacks_have_names():
    wire = Wire().opened()(B, ACK | FIN, 300, 100)(A, ACK | FIN, 100, 301)(A, RST | ACK, 101, 301)
    assert "Windows" in deviation(wire).habits[0]
    closed = Wire().opened()(A, RST | ACK, 100, 300)(B, ACK, 300, 100, 5)(A, RST | ACK, 100, 305)
    assert "lwIP" in deviation(closed).habits[0]
    assert deviation(Wire().opened()(A, RST | ACK, 90, 300)).habits == []
