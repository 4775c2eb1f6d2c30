"""What carries IP: link layers, tags and tunnels; the network that each is of; what is not read."""

import struct

import pytest

from checker.capture import Packet, Unread
from checker.capture.segments import ACK, socket
from tests.helpers.packets import A4, A6, B4, B6, ETHERNET, PORTS, ipv4, ipv6, one, tcp, udp

FRAME = ETHERNET + b"\x08\x00"
SEGMENT = ipv4(tcp(ACK, 5))
TUNNEL = "tunnel 10.0.0.1-10.0.0.2"
GRE = struct.pack(">HH", 0, 0x0800)
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
WIRELESS = b"\x08\x01" + bytes(22)
QOS = b"\x88\x03" + bytes(30)
RADIOTAP = b"\0\0\x0c\0" + bytes(8)


def via_udp(port: int, head: bytes, source: int = 5555) -> bytes:
    return ipv4(udp(port, head + SEGMENT, source), proto=17)


def via_gre(head: bytes, packet: bytes = SEGMENT) -> bytes:
    return ipv4(head + packet, proto=47)


READ = {
    # link layers
    "ethernet": (1, FRAME + SEGMENT, ""),
    "llc and snap": (1, ETHERNET + b"\0\x35" + SNAP + SEGMENT, ""),
    "llc of ip": (1, ETHERNET + b"\0\x30\6\6\3" + SEGMENT, ""),
    "jumbo llc": (1, ETHERNET + b"\x88\x70" + SNAP + SEGMENT, ""),
    "raw": (101, SEGMENT, ""),
    "raw ipv4": (228, SEGMENT, ""),
    "null, little-endian": (0, struct.pack("<I", 2) + SEGMENT, ""),
    "loop": (108, struct.pack(">I", 2) + SEGMENT, ""),
    "linux cooked": (113, bytes(14) + b"\x08\x00" + SEGMENT, ""),
    "linux cooked, vlan": (113, bytes(14) + b"\x81\x00\x00\x05\x08\x00" + SEGMENT, "VLAN 5"),
    "linux cooked, llc": (113, bytes(14) + b"\0\4" + SNAP + SEGMENT, ""),
    "linux cooked 2": (276, b"\x08\x00" + bytes(18) + SEGMENT, ""),
    "linux cooked 2, vlan": (276, b"\x81\x00" + bytes(18) + b"\0\5\x08\0" + SEGMENT, "VLAN 5"),
    "ppp": (9, b"\xff\3\0\x21" + SEGMENT, ""),
    "ppp, short": (9, b"\x21" + SEGMENT, ""),
    "ppp over a line": (50, b"\xff\3\0\x21" + SEGMENT, ""),
    "hdlc": (104, b"\x0f\0\x08\0" + SEGMENT, ""),
    "ppp with a direction": (204, b"\1\xff\3\0\x21" + SEGMENT, ""),
    "pppoe alone": (51, b"\x11\0\0\7\0\x2a\0\x21" + SEGMENT, "PPPoE 7"),
    "slip": (8, bytes(16) + SEGMENT, ""),
    "fddi": (10, bytes(13) + SNAP + SEGMENT, ""),
    "atm": (100, SNAP + SEGMENT, ""),
    "enc": (109, bytes(12) + SEGMENT, ""),
    "pflog": (117, b"\x3d" + bytes(63) + SEGMENT, ""),
    "1394": (138, bytes(16) + b"\x08\0" + SEGMENT, ""),
    "802.11": (105, WIRELESS + SNAP + SEGMENT, ""),
    "802.11, qos, four addresses": (105, QOS + SNAP + SEGMENT, ""),
    "radiotap": (127, RADIOTAP + WIRELESS + SNAP + SEGMENT, ""),
    "ppi": (192, b"\0\0\x08\0" + struct.pack("<I", 105) + WIRELESS + SNAP + SEGMENT, ""),
    "pktap": (258, struct.pack("<III96x", 108, 1, 1) + FRAME + SEGMENT, ""),
    "frame relay": (107, b"\x18\x41\3\xcc" + SEGMENT, ""),
    "frame relay, snap": (107, b"\x18\x41\3\0\x80\0\0\0\x08\0" + SEGMENT, ""),
    "frame relay, cisco": (107, b"\x18\x41\x08\0" + SEGMENT, ""),
    "nflog": (239, b"\2\0\0\0" + b"\5\0\x0a\0x\0\0\0" + b"\x31\0\x09\0" + SEGMENT, ""),
    # tags
    "vlan": (1, ETHERNET + b"\x81\x00\xe0\x05\x08\x00" + SEGMENT, "VLAN 5"),
    "a priority and no vlan": (1, ETHERNET + b"\x81\x00\xe0\x00\x08\x00" + SEGMENT, ""),
    "vlan, as 9200": (1, ETHERNET + b"\x92\x00\x00\x05\x08\x00" + SEGMENT, "VLAN 5"),
    "qinq": (1, ETHERNET + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00" + SEGMENT, "VLAN 5.6"),
    "vlan and snap": (1, ETHERNET + b"\x81\0\0\5\0\x35" + SNAP + SEGMENT, "VLAN 5"),
    "mac in mac": (
        1,
        ETHERNET + b"\x88\xe7\0\0\0\x09" + ETHERNET + b"\x81\0\0\5\x08\0" + SEGMENT,
        "service 9, VLAN 5",
    ),
    "mpls": (1, ETHERNET + b"\x88\x47\x00\x06\x40\x40\x00\x06\x41\x40" + SEGMENT, ""),
    "mpls with frames": (
        1, ETHERNET + b"\x88\x47\x00\x06\x41\x40" + bytes(4) + FRAME + SEGMENT, "",
    ),
    "pppoe": (1, ETHERNET + b"\x88\x64\x11\x00\x00\x07\x00\x2a\x00\x21" + SEGMENT, "PPPoE 7"),
    "pppoe on a vlan": (
        1,
        ETHERNET + b"\x81\0\0\5\x88\x64\x11\x00\x00\x07\x00\x2a\x00\x21" + SEGMENT,
        "VLAN 5, PPPoE 7",
    ),
    # tunnels
    "gre": (101, via_gre(GRE), TUNNEL),
    "gre with all fields": (
        101, via_gre(struct.pack(">HHIII", 0xB000, 0x0800, 0, 7, 1)), f"{TUNNEL}, key 7",
    ),
    "gre with frames": (101, via_gre(struct.pack(">HH", 0, 0x6558) + FRAME), TUNNEL),
    "gre with mpls": (101, via_gre(struct.pack(">HH", 0, 0x8847) + b"\0\6\x41\x40"), TUNNEL),
    "nvgre": (
        101, via_gre(struct.pack(">HHI", 0x2000, 0x6558, 0x500) + FRAME), f"{TUNNEL}, key 1280",
    ),
    "pptp": (
        101, via_gre(struct.pack(">HHHHII", 0x3081, 0x880B, 45, 1, 9, 9) + b"\xff\3\0\x21"), TUNNEL,
    ),
    "erspan": (101, via_gre(struct.pack(">HHI8x", 0x1000, 0x88BE, 1) + FRAME), TUNNEL),
    "erspan 3": (
        101, via_gre(struct.pack(">HHI11xB8x", 0x1000, 0x22EB, 1, 1) + FRAME), TUNNEL,
    ),
    "ip in ip": (101, ipv4(SEGMENT, proto=4), TUNNEL),
    "4 in 6": (101, ipv6(SEGMENT, kind=4), "tunnel ::1-::2"),
    "ip in ip in gre": (101, via_gre(GRE, ipv4(SEGMENT, proto=4)), f"{TUNNEL}, {TUNNEL}"),
    "etherip": (101, ipv4(b"\x30\0" + FRAME + SEGMENT, proto=97), TUNNEL),
    "frames in ip": (101, ipv4(FRAME + SEGMENT, proto=143), TUNNEL),
    "wccp": (101, via_gre(struct.pack(">HHI", 0, 0x883E, 0)), TUNNEL),
    "mpls in ip": (101, ipv4(b"\0\6\x41\x40" + SEGMENT, proto=137), TUNNEL),
    "authenticated": (101, ipv4(b"\6\4" + bytes(22) + tcp(ACK, 5), proto=51), ""),
    "vxlan": (101, via_udp(4789, b"\x08\0\0\0\0\0\7\0" + FRAME), f"{TUNNEL}, VNI 7"),
    "vxlan, linux's port": (101, via_udp(8472, b"\x08\0\0\0\0\0\7\0" + FRAME), f"{TUNNEL}, VNI 7"),
    "vxlan with a vlan": (
        101,
        via_udp(4789, b"\x08\0\0\0\0\0\7\0" + ETHERNET + b"\x81\0\0\5\x08\0"),
        f"{TUNNEL}, VNI 7, VLAN 5",
    ),
    "geneve with an option": (
        101, via_udp(6081, b"\1\0\x65\x58\0\0\7\0" + bytes(4) + FRAME), f"{TUNNEL}, VNI 7",
    ),
    "geneve with ip": (101, via_udp(6081, b"\0\0\x08\0\0\0\7\0"), f"{TUNNEL}, VNI 7"),
    "gtp": (101, via_udp(2152, b"\x30\xff\0\x2d\0\0\0\7"), TUNNEL),
    "gtp with an extension": (
        101, via_udp(2152, b"\x34\xff\0\x35\0\0\0\7\0\0\0\x85" + b"\1\0\0\0"), TUNNEL,
    ),
    "l2tp": (101, via_udp(1701, b"\x40\2\0\x33\0\1\0\2\xff\3\0\x21"), TUNNEL),
    "l2tp back": (101, via_udp(4711, b"\0\2\0\1\0\2\xff\3\0\x21", 1701), TUNNEL),
    "mpls in udp": (101, via_udp(6635, b"\0\6\x41\x40"), TUNNEL),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_carries_ip(name):
    link, data, scope = READ[name]
    p = one(link, data)
    assert isinstance(p, Packet), p
    assert (p.src, p.dst) == (A4 + PORTS[:2], B4 + PORTS[2:])
    assert (p.seq, p.ack, p.flags, p.wnd, p.text) == (7, 9, ACK, 100, 5)
    assert p.scope == scope


@pytest.mark.parametrize("name", READ)
def test_however_much_was_cut_off(name):
    """A segment, or a word that something is missing; never nothing, and never a wrong number."""
    link, data, _ = READ[name]
    for kept in range(len(data)):
        found = one(link, data[:kept], len(data))
        if isinstance(found, Packet):
            assert (found.seq, found.text) == (7, 5)
        elif name not in UNSAID or kept > UNSAID[name]:
            assert isinstance(found, Unread), kept


UNSAID = {name: len(data) - len(SEGMENT) for name, (_, data, _) in READ.items() if any(
    word in name for word in ("vxlan", "geneve", "gtp", "l2tp", "mpls in udp", "pptp")
)}  # fmt: skip
"""Up to where a datagram, or an acknowledgment of PPTP, says nothing of what it carries."""


@pytest.mark.parametrize(
    ("link", "head"),
    [(1, ETHERNET + b"\x86\xdd"), (101, b""), (229, b""), (276, b"\x86\xdd" + bytes(18)),
     (0, struct.pack("<I", 30)), (0, struct.pack("<I", 23)), (108, struct.pack(">I", 28)),
     (9, b"\xff\3\0\x57"),
     (101, ipv4(b"", proto=41, total=85)), (1, FRAME + ipv4(udp(3544, b""), proto=17, total=93))],
)  # fmt: skip
def test_ipv6(link, head):
    p = one(link, head + ipv6(tcp(ACK, 3)))
    assert isinstance(p, Packet)
    assert (p.src, p.text) == (A6 + PORTS[:2], 3)
    assert socket(p.src) == "[::1]:1024"


def test_a_tunnel_is_known_by_the_port_that_is_sent_to():
    """Else any client whose own port is 4789 would have one. And there is more on these ports."""
    assert one(101, via_udp(53, b"\x08\0\0\0\0\0\7\0" + FRAME, 4789)) is None
    assert one(101, via_udp(4789, bytes(8) + FRAME)) is None
    assert one(101, via_udp(2152, b"\x32\1\0\x2d\0\0\0\7")) is None  # an echo
    assert one(101, via_udp(1701, b"\xc8\2\0\x33\0\1\0\2")) is None  # control
    assert one(101, via_udp(4500, bytes(4))) is None  # an exchange of keys


@pytest.mark.parametrize(
    ("link", "data", "why"),
    [
        (1, ETHERNET + b"\x88\xe5" + bytes(40), "EtherType 0x88e5"),
        (101, ipv4(bytes(40), proto=50), "ESP: encrypted"),
        (101, ipv6(bytes(40), kind=50), "ESP: encrypted"),
        (101, via_udp(4500, b"\1\2\3\4"), "ESP: encrypted"),
        (101, ipv4(bytes(40), proto=115), "IP protocol 115"),
        (101, via_gre(struct.pack(">HH", 0, 0x894F)), "EtherType 0x894f"),
        (258, struct.pack("<III96x", 108, 1, 147), "link type 147"),
        (258, struct.pack("<III", 0, 1, 258) * 9, "link type 258"),
        (101, via_gre(struct.pack(">HH", 2, 0x0800)), "GRE of an unknown version"),
        (9, b"\xff\3\0\xfd" + bytes(20), "PPP protocol 0x00fd"),
        (105, b"\x08\x41" + bytes(60), "802.11: encrypted"),
        (105, b"\x88\x01" + bytes(22) + b"\x80\0" + bytes(60), "802.11: an aggregate"),
        (101, b"\x15" + bytes(40), "neither IPv4 nor IPv6"),
        (0, struct.pack("<I", 77) + bytes(40), "address family 77"),
        (0, struct.pack(">I", 77) + bytes(40), "address family 77"),
        (108, struct.pack(">I", 77) + bytes(40), "address family 77"),
    ],
)  # fmt: skip
def test_what_may_hold_tcp_of_another_network(link, data, why):
    found = one(link, data)
    assert isinstance(found, Unread)
    assert (found.why, found.apart) == (why, True)


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (1, ETHERNET + b"\x08\x06" + bytes(28)),  # ARP
        (1, ETHERNET + b"\x88\xcc" + bytes(28)),  # LLDP
        (1, ETHERNET + b"\0\x26\x42\x42\3" + bytes(35)),  # a spanning tree
        (1, ETHERNET + b"\0\x26\xaa\xaa\3\0\0\x0c\x20\0" + bytes(30)),  # CDP
        (1, ETHERNET + b"\x88\x63\x11\x09" + bytes(30)),  # PPPoE is being set up
        (9, b"\xff\3\xc0\x21" + bytes(20)),  # LCP
        (105, b"\x80\0" + bytes(40)),  # a beacon
        (105, b"\x48\1" + bytes(22)),  # 802.11 without data
        (101, ipv4(bytes(20), proto=1)),
        (101, ipv6(bytes(20), kind=58)),
        (101, ipv4(bytes(20), proto=17)),
        (101, ipv4(bytes(20), proto=17)[:12]),
    ],
)
def test_what_holds_no_tcp(link, data):
    assert one(link, data) is None


def test_what_may_be_of_a_connection_that_is_seen():
    hidden = [
        one(147, bytes(60)),
        one(101, SEGMENT[:12]),
        one(101, via_gre(GRE)[:36]),
        one(1, FRAME[:10]),
    ]
    assert [found.why for found in hidden] == [
        "link type 147 is not known", "IP header cut off", "IP header cut off",
        "header before IP cut off",
    ]  # fmt: skip
    deep = SEGMENT
    for _ in range(20):
        deep = ipv4(deep, proto=4)
    hidden.append(one(101, deep))
    many = b"".join(struct.pack(">BB6x", kind, 0) for kind in [0] * 16 + [6]) + tcp()
    hidden.append(one(101, ipv6(many, kind=0)))
    assert hidden[-2:] == [
        Unread(1, "too many headers"), Unread(1, "too many headers", A6, B6)
    ]  # fmt: skip
    assert not any(found.apart for found in hidden)
