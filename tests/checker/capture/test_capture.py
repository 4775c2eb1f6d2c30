"""Capture files and the segments in them: every format, and garbage."""

import bz2
import gzip
import lzma
import os
import struct
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.capture import Damage, Frame, Packet, Unread, datagrams, frames, read, segments
from checker.capture.files import BUFFER, LONGEST
from checker.capture.links import LINKS
from checker.capture.segments import ACK, SYN, options
from checker.support.errors import UsageProblem
from tests.helpers.packets import A4, A6, B4, B6, ETHERNET, PORTS, ipv4, ipv6, one, tcp
from tests.helpers.pcap import MICROSECONDS, header, record

CAPTURES = Path(__file__).parents[2] / "captures"


def pcap(link: int, *packets: bytes, order: str = "<", magic: int = MICROSECONDS) -> bytes:
    records = (record(5, 250_000, data, order=order) for data in packets)
    return header(link, order, magic) + b"".join(records)


def block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def pcapng(*blocks: bytes) -> bytes:
    start = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    return start + b"".join(blocks)


def interface(link: int, extra: bytes = b"") -> bytes:
    return block(1, struct.pack("<HHI", link, 0, 0) + extra)


def enhanced(of: int, data: bytes, ticks: int = 0) -> bytes:
    head = struct.pack("<IIIII", of, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    return block(6, head + data)


def parsed(tmp_path: Path, content: bytes) -> list[Packet | Unread]:
    path = tmp_path / "capture"
    path.write_bytes(content)
    return list(read(frames(path)))


def test_ipv6_extension_headers():
    hop = struct.pack(">BB", 6, 0) + bytes(6)
    p = one(101, ipv6(hop + tcp(ACK, 3), kind=0))
    assert isinstance(p, Packet) and p.text == 3
    whole = struct.pack(">BBHI", 6, 0, 0, 1)
    assert isinstance(one(101, ipv6(whole + tcp(), kind=44)), Packet)
    later = struct.pack(">BBHI", 6, 0, 8, 1)
    assert one(101, ipv6(later + tcp(), kind=44)) == Unread(1, "fragment", A6, B6)
    first = struct.pack(">BBHI", 6, 0, 1, 1)
    assert one(101, ipv6(first + tcp(), kind=44)) == Unread(1, "fragment", A6, B6)


def test_what_cannot_be_read_is_told():
    assert one(101, ipv4(tcp(), fragment=0x2000)) == Unread(1, "fragment", A4, B4)
    assert one(101, ipv4(tcp(), fragment=5)) == Unread(1, "fragment", A4, B4)
    assert one(101, ipv4(tcp())[:30]).why == "TCP header cut off"
    assert one(101, ipv4(tcp(extra=b"\2\4\5\xb4"))[:42]).why == "TCP header cut off"
    assert one(101, ipv4(tcp())[:12]).why == "IP header cut off"
    assert one(101, ipv4(PORTS + bytes(16))).why == "TCP header not valid"
    assert one(147, bytes(60)).why == "link type 147 is not known"
    assert one(101, ipv4(bytes(20), proto=17)) is None
    assert one(1, ETHERNET + b"\x08\x06" + bytes(28)) is None


def test_text_counts_whether_kept_or_not():
    """A short snap length; an interface that segments (total length 0); Ethernet's padding."""
    data = ipv4(tcp(ACK, 400))
    assert one(101, data[:60]).text == 400
    big = ipv4(tcp(ACK, 400), total=0)
    assert next(read([Frame(101, 0.0, big[:60], len(big), 1)])).text == 400
    assert one(1, ETHERNET + b"\x08\x00" + ipv4(tcp(ACK)) + bytes(6)).text == 0


def test_options():
    mss, scale = b"\2\4\5\xb4", b"\3\3\7"
    assert options(mss + b"\1" + scale + b"\0" + b"junk") == {2: b"\5\xb4", 3: b"\7"}
    assert options(mss + b"\3\0") == {2: b"\5\xb4"}
    assert options(b"\3") == {}
    assert one(101, ipv4(tcp(SYN, extra=mss + scale + b"\0"))).options == mss + scale + b"\0"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "time"), [(0xA1B2C3D4, 5.25), (0xA1B23C4D, 5.00025)])
def test_pcap(tmp_path, order, magic, time):
    found = parsed(tmp_path, pcap(101, ipv4(tcp()), ipv4(tcp()), order=order, magic=magic))
    assert [p.number for p in found] == [1, 2]
    assert found[0].time == pytest.approx(time)


def test_pcapng(tmp_path):
    """Two interfaces with link types and clocks of their own; blocks of other kinds between."""
    nanoseconds = struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HH", 0, 0)
    content = pcapng(
        interface(101),
        interface(1, nanoseconds),
        block(5, bytes(8)),
        enhanced(0, ipv4(tcp()), 1_500_000),
        enhanced(1, ETHERNET + b"\x08\x00" + ipv4(tcp()), 2_500_000_000),
        block(3, struct.pack("<I", 40) + ipv4(tcp())),
    )
    assert [p.time for p in parsed(tmp_path, content)] == [1.5, 2.5, 2.5]


@pytest.mark.parametrize("size", [0, 4, BUFFER, 400_000])
@pytest.mark.parametrize("piped", [False, True])
def test_pcapng_block_that_is_passed_over_may_have_any_length(tmp_path, size, piped):
    """Secrets of TLS, for one."""
    content = pcapng(interface(101), block(10, bytes(size)), enhanced(0, ipv4(tcp())))
    if not piped:
        assert [p.number for p in parsed(tmp_path, content)] == [1]
        return
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(content,))
    writer.start()
    assert len(list(frames(path))) == 1
    writer.join()


def test_damage_is_told_after_what_came_before(tmp_path):
    def damage(content: bytes) -> tuple[int, str]:
        path = tmp_path / "capture"
        path.write_bytes(content)
        found = []
        with pytest.raises(Damage) as told:
            for frame in frames(path):
                found.append(frame)
        return len(found), str(told.value)

    good = pcap(101, ipv4(tcp()))
    assert damage(good + b"12345") == (1, "the file ends within frame 2")
    assert damage(good[:-3]) == (0, "the file ends within frame 1")
    assert damage(good[:10]) == (0, "the file ends within its header")
    huge = good + struct.pack("<IIII", 0, 0, LONGEST + 1, 0)
    assert damage(huge)[1].startswith(f"frame 2 claims {LONGEST + 1} octets")
    fine = pcapng(interface(101), enhanced(0, ipv4(tcp())))
    assert damage(fine[:-2]) == (0, "the file ends within block 3")
    assert "not there" in damage(fine + enhanced(7, b""))[1]
    for kind in (1, 2, 3, 6):
        assert "claims" in damage(fine + struct.pack("<II", kind, 1 << 30))[1]
    for size in (8, 401):
        assert "claims" in damage(fine + struct.pack("<II", 10, size) + bytes(size))[1]
    large = fine + block(10, bytes(400_000))
    for cut in (1, 4, 200_000, 400_004):
        assert damage(large[:-cut]) == (1, "the file ends within block 4")
    other = large[:-4] + struct.pack("<I", 12) + enhanced(0, b"")
    assert damage(other) == (1, "block 4 has two lengths, 400012 and 12: the file is damaged")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (gzip.compress(b"hello"), "is compressed by gzip"),
        (lzma.compress(b"hello"), "is compressed by xz"),
        (bz2.compress(b"hello"), "is compressed by bzip2"),
    ],
    ids=["empty", "gzip", "xz", "bzip2"],
)
def test_no_capture_but_nearly(tmp_path, content, why):
    path = tmp_path / "capture"
    path.write_bytes(content)
    with pytest.raises(UsageProblem, match=why):
        list(frames(path))


def test_no_capture(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(UsageProblem, match="neither pcap nor pcapng"):
        list(frames(path))
    with pytest.raises(UsageProblem, match="cannot read"):
        list(frames(tmp_path / "missing"))
    with pytest.raises(UsageProblem, match="cannot read"):
        list(frames(tmp_path))


@settings(max_examples=300)
@given(
    st.binary(max_size=400),
    st.sampled_from(["", "pcap", "pcapng"]),
    st.sampled_from(sorted(LINKS)),
    st.sampled_from([b"", ETHERNET + b"\x08\x00", ipv4(b"", proto=47, total=400)]),
)
def test_garbage(tmp_path_factory, content, form, link, head):
    """Any octets: packets, or one clear line."""
    if form == "pcap":
        content = pcap(link, head + content)
    elif form == "pcapng":
        content = pcapng(interface(link), enhanced(0, head + content)) + content
    path = tmp_path_factory.mktemp("garbage") / "capture"
    path.write_bytes(content)
    try:
        for item in read(frames(path)):
            assert item.number >= 1
    except (Damage, UsageProblem) as told:
        assert "\n" not in str(told)


@pytest.mark.parametrize("path", sorted(CAPTURES.rglob("*.pcap")), ids=lambda p: p.name)
def test_usual_headers_are_read_as_others_are(path, monkeypatch):
    def fields(items):
        names = [*Packet.__slots__]
        return [tuple(getattr(p, n) for n in names) if isinstance(p, Packet) else p for p in items]

    quick = fields(read(frames(path)))
    monkeypatch.setattr(segments, "_usual", lambda *_: None)
    assert fields(read(frames(path))) == quick


def test_text_and_identification_are_those_of_the_long_way():
    """The usual headers are read at once; the same octets with another link, not."""
    packet = bytearray(ipv4(tcp(text=9)))
    packet[4:6] = b"\x12\x34"
    for link, head in ((1, ETHERNET + b"\x08\x00"), (101, b"")):
        data = head + bytes(packet)
        frame = Frame(link, 0.0, data, len(data), 1)
        (p,) = read([frame])
        assert isinstance(p, Packet)
        assert datagrams.carried(frame, p) == (b"x" * 9, 0x1234)
        cut = Frame(link, 0.0, data[:-4], len(data), 1)
        assert datagrams.carried(cut, p) == (b"x" * 5, 0x1234)
        assert datagrams.octets(frame, p) == b"x" * 9
