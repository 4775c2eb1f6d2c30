"""Verdicts that are neither conformance nor deviation."""

from checker.capture.segments import ACK, SYN
from checker.conform.connection import Verdict
from tests.helpers.wire import A, B, Wire, followed, verdicts


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
