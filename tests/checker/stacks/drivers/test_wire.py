"""Segments are packed and read."""

from checker.stacks.drivers import wire
from checker.stacks.drivers.wire import Raw, pack, unpack


def test_segments_are_packed_and_read():
    seg = Raw(("10.0.0.1", 1), ("10.0.0.2", 65535), 2**32 - 1, 7, "FA", 512, b"abc", b"\2\4\5\xb4")
    packet = pack(seg)
    assert unpack(packet) == seg
    assert wire._checksum(packet[:20]) == 0
    assert unpack(b"\x60" + packet[1:]) is None
