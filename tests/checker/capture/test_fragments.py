"""Fragments put together: in any order, twice, over tunnels; and those that lack something."""

import struct
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.capture import Frame, Packet, Unread, fragments, read
from checker.capture.datagrams import octets
from checker.capture.networks import packet
from checker.capture.segments import ACK
from tests.helpers.packets import A4, A6, B4, B6, ETHERNET, ipv4, ipv6, tcp, udp

SEGMENT = tcp(ACK, 60)


def pieces(payload: bytes, *cuts: int, proto: int = 6, head: bytes = b"", link: int = 101):
    """Frames with the fragments of an IPv4 packet."""
    ends = (0, *cuts, len(payload))
    made = []
    for number, (a, b) in enumerate(pairwise(ends), 1):
        more = 0 if b == len(payload) else 0x2000
        data = head + ipv4(payload[a:b], fragment=a // 8 | more, proto=proto)
        made.append(Frame(link, float(number), data, len(data), number))
    return made


def pieces6(payload: bytes, *cuts: int):
    """The same of IPv6."""
    ends = (0, *cuts, len(payload))
    made = []
    for number, (a, b) in enumerate(pairwise(ends), 1):
        field = struct.pack(">BBHI", 6, 0, a | (b < len(payload)), 77)
        data = ipv6(field + payload[a:b], kind=44)
        made.append(Frame(101, float(number), data, len(data), number))
    return made


@pytest.mark.parametrize("order", [*permutations(range(3))])
@pytest.mark.parametrize("make", [pieces, pieces6])
def test_in_any_order(make, order):
    parts = make(SEGMENT, 16, 40)
    (found,) = read([parts[i] for i in order])
    assert isinstance(found, Packet)
    assert (found.seq, found.text, found.number) == (7, 60, 3)
    assert found.frame == order[2] + 1


def test_the_whole_is_a_frame():
    """Whoever reads contents gets it; what the capture did not keep is not made up."""
    parts = pieces(SEGMENT, 32, 64, head=ETHERNET + b"\x81\0\0\5\x08\0", link=1)
    frames: list[Frame] = []
    (found,) = read(parts, lambda _, frame, __: frames.append(frame))
    assert (found.scope, octets(frames[0], found)) == ("VLAN 5", b"x" * 60)
    cut = parts[1]._replace(data=parts[1].data[:-10])
    (found,) = read([parts[0], cut, parts[2]], lambda _, frame, __: frames.append(frame))
    assert (found.text, octets(frames[1], found)) == (60, b"x" * 34)


def test_twice():
    parts = pieces(SEGMENT, 16, 40)
    (found,) = read([parts[0], parts[0], parts[1], parts[2]])
    assert isinstance(found, Packet)


@pytest.mark.parametrize("make", [pieces, pieces6])
@pytest.mark.parametrize(
    "order", [(0, 0, 1, 1, 2, 2), (2, 2, 1, 1, 0, 0), (0, 0, 0, 1, 1, 1, 2, 2, 2)]
)
def test_each_twice_in_a_row(make, order):
    """A copy of the last comes when the packet is whole, and waits for nothing."""
    parts = make(SEGMENT, 16, 40)
    (found,) = read([parts[i] for i in order])
    assert isinstance(found, Packet)


def test_all_twice_is_two_packets():
    parts = pieces(SEGMENT, 16, 40)
    assert [type(one) for one in read([*parts, *parts])] == [Packet] * 2


def again(payload: bytes, first: int = 4, later: float = 0.0):
    """Another packet with the same identification, soon."""
    made = pieces(payload, 16, 40)
    return [one._replace(number=n, time=3 + later) for n, one in enumerate(made, first)]


def test_an_identification_that_is_used_again_is_of_another_packet():
    """Some of its fragments have what those of the first had."""
    parts = pieces(SEGMENT, 16, 40)
    other = again(b"\4\1" + SEGMENT[2:])
    for both in ([*parts, *other], [p for one in (*parts, *other) for p in (one, one)]):
        found = [*read(both)]
        assert [type(one) for one in found] == [Packet] * 2
        assert [one.src[-2:] for one in found] == [b"\4\0", b"\4\1"]
    # The copy of the last is not taken for one of the other packet.
    other = again(b"\4\1" + SEGMENT[2:-1] + b"y")
    frames: list[Frame] = []
    found = [*read([*parts, parts[2], *other], lambda _, frame, __: frames.append(frame))]
    assert [frame.data[-1:] for frame in frames] == [b"x", b"y"]


def test_a_copy_is_known_for_as_long_as_fragments_wait():
    parts = pieces(SEGMENT, 16, 40)
    late = parts[2]._replace(time=parts[2].time + fragments.WAIT + 1)
    for copy, expected in (
        (parts[2], [Packet]),
        (late, [Packet, Unread]),
        (again(SEGMENT[:-1] + b"y")[2], [Packet, Unread]),
        (again(SEGMENT + b"x")[2], [Packet, Unread]),
    ):
        assert [type(one) for one in read([*parts, copy])] == expected


@pytest.mark.parametrize(("limit", "value", "most"), [("HELD", 4, 4), ("ROOM", 300, 2)])
def test_memory_of_what_was_joined_is_bounded(monkeypatch, limit, value, most):
    """By packets, and by octets; and it takes none from what waits."""
    monkeypatch.setattr(fragments, limit, value)
    made = fragments.Fragments()
    for number in range(1, 20):
        for part in pieces(SEGMENT, 16):
            data = bytearray(part.data)
            data[4:6] = struct.pack(">H", number)
            frame = Frame(101, 1.0, bytes(data), len(data), number)
            ip = packet(frame.link, frame.data, frame.length)
            made.take(number, frame, ip, ip.fragment)
            held = [*made.waiting.values(), *made.joined.values()]
            assert made.octets == sum(one.octets() for one in held)
    assert (len(made.waiting), len(made.joined)) == (0, most)


def test_in_a_tunnel_and_around_one():
    gre = struct.pack(">HH", 0, 0x0800)
    (found,) = read(pieces(gre + ipv4(SEGMENT), 32, 64, proto=47))
    assert (found.text, found.scope) == (60, "tunnel 10.0.0.1-10.0.0.2")
    vxlan = b"\x08\0\0\0\0\0\7\0" + ETHERNET + b"\x08\0" + ipv4(SEGMENT)
    (found,) = read(pieces(udp(4789, vxlan), 48, proto=17))
    assert (found.text, found.scope) == (60, "tunnel 10.0.0.1-10.0.0.2, VNI 7")
    inside = [frame._replace(data=ipv4(frame.data, proto=4)) for frame in pieces(SEGMENT, 16, 40)]
    (found,) = read(inside)
    assert found.text == 60


def test_what_lacks_something():
    lost = [Unread(1, "fragment", A4, B4), Unread(2, "fragment", A4, B4)]
    parts = pieces(SEGMENT, 16, 40)
    assert list(read([parts[0], parts[2]])) == lost
    assert [*read([pieces6(SEGMENT, 16)[0]])] == [Unread(1, "fragment", A6, B6)]
    later = parts[1]._replace(time=parts[0].time + fragments.WAIT + 1)
    assert [type(one) for one in read([parts[0], parts[2], later])] == [Unread] * 3
    assert list(read(pieces(b"\0" * 40, 16, proto=47)[:1])) == [Unread(1, "fragment")]
    assert list(read(pieces(udp(53, bytes(40)), 16, proto=17)[:1])) == []


def test_overlapping_fragments_are_not_put_together():
    parts = pieces(SEGMENT, 16, 40)
    wide = ipv4(SEGMENT[16:48], fragment=2 | 0x2000)
    parts[1] = parts[1]._replace(data=wide, length=len(wide))
    assert list(read(parts)) == [Unread(n, "fragment", A4, B4) for n in (1, 2, 3)]
    # As much twice as is missing elsewhere.
    hole = [*pieces(SEGMENT, 16, 40)[:1], *pieces(SEGMENT, 8, 24, 32)[1::2]]
    assert len(list(read(hole))) == 3 and not any(isinstance(p, Packet) for p in read(hole))
    other = [parts[0], parts[0]._replace(data=ipv4(SEGMENT[:24], fragment=0x2000), number=2)]
    assert list(read(other)) == [Unread(n, "fragment", A4, B4) for n in (1, 2)]


@pytest.mark.parametrize(("limit", "value", "most"), [("HELD", 4, 4), ("ROOM", 100, 2)])
def test_memory_is_bounded(monkeypatch, limit, value, most):
    """By packets, and by octets; the oldest are given up."""
    monkeypatch.setattr(fragments, limit, value)
    made, given_up = fragments.Fragments(), []
    for number in range(1, 50):
        data = bytearray(ipv4(SEGMENT[:16], fragment=0x2000))
        data[4:6] = struct.pack(">H", number)
        frame = Frame(101, 1.0, bytes(data), len(data), number)
        ip = packet(frame.link, frame.data, frame.length)
        given_up += [one.number for one in made.take(number, frame, ip, ip.fragment)]
        assert made.octets == sum(one.octets() for one in made.waiting.values())
    assert given_up == list(range(1, 50 - most))
    assert [one.number for one in made.rest()] == list(range(50 - most, 50))


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 40), st.booleans()), max_size=12))
def test_any_fragments(drawn):
    """Segments or words; and nothing is held that is not counted."""
    frames = []
    for number, (offset, size, more) in enumerate(drawn, 1):
        data = ipv4(bytes(size), fragment=offset | (0x2000 if more else 0))
        frames.append(Frame(101, 0.0, data, len(data), number))
    for item in read(frames):
        assert 1 <= item.number <= len(frames)
