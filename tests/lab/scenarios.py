"""What happens to connections, scenario by scenario: each drives sockets of A and B over the wire.

Most say what TCP_INFO or the table of connections must show on the way. ``unseen`` are changes of
state that no capture can show, ``hidden`` those that the kernel's trace does not.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.lab.lab import Edge, Lab, Policy, Seg, Wire

Ends = dict[str, list[Edge]]


@dataclass(frozen=True)
class Scenario:
    """What is done, over which wire."""

    run: Callable[[Lab], None]
    policy: Policy
    unseen: Ends = field(default_factory=dict)
    hidden: Ends = field(default_factory=dict)


SCENARIOS: dict[str, Scenario] = {}
GAVE_UP = ("SYN-SENT", "CLOSED")


def at_once(_seg: Seg, _wire: Wire) -> list[float]:
    """A perfect wire."""
    return [0]


def slowly(seconds: float) -> Policy:
    """A long one."""
    return lambda _seg, _wire: [seconds]


def losing(which: Callable[[Seg], bool], times: int = 1) -> Policy:
    """The first ones of a kind are lost."""
    return lambda seg, wire: [] if which(seg) and wire.count("lost") <= times else [0]


def doubling(which: Callable[[Seg], bool], later: float = 0.03) -> Policy:
    """A kind arrives twice."""
    return lambda seg, _wire: [0, later] if which(seg) else [0]


def delaying(which: Callable[[Seg], bool], seconds: float = 0.06) -> Policy:
    """The first of a kind arrives late."""
    return lambda seg, wire: [seconds] if which(seg) and wire.count("late") == 1 else [0]


def scenario(
    policy: Policy = at_once,
    unseen: Ends | None = None,
    hidden: Ends | None = None,
) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """Register a scenario under its name."""

    def register(run: Callable[[Lab], None]) -> Callable[[Lab], None]:
        SCENARIOS[run.__name__] = Scenario(run, policy, unseen or {}, hidden or {})
        return run

    return register


def syn(seg: Seg) -> bool:
    return seg.has("S") and not seg.has("A")


def syn_ack(seg: Seg) -> bool:
    return seg.has("SA")


def fin(seg: Seg) -> bool:
    return seg.has("F")


def text_of_a(seg: Seg) -> bool:
    return seg.sender == "A" and bool(seg.raw.text) and not seg.has("F")


def abort(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def orderly(lab: Lab, pause: float = 0) -> None:
    """Open, a word each way, close: A first.

    Copies must come before the end: a listener answers them, and kills TIME-WAIT (RFC 1337).
    """
    _, client, server = lab.pair()
    time.sleep(pause)
    client.sendall(b"hi")
    assert server.recv(9) == b"hi"
    server.sendall(b"yo")
    assert client.recv(9) == b"yo"
    client.shutdown(socket.SHUT_WR)
    assert server.recv(9) == b""
    lab.expect(server, "CLOSE-WAIT")
    time.sleep(pause)
    server.close()
    lab.expect(lab.a, "TIME-WAIT")
    lab.expect(lab.b)


# Opening


@scenario()
def handshake_and_close(lab: Lab) -> None:
    orderly(lab)


@scenario(slowly(0.03))
def simultaneous_open(lab: Lab) -> None:
    a, b = lab.a.open(), lab.b.open()
    a.bind((lab.a.address, 7000))
    b.bind((lab.b.address, 7001))
    for one, there in ((a, (lab.b.address, 7001)), (b, (lab.a.address, 7000))):
        one.setblocking(False)
        one.connect_ex(there)
    lab.expect(a, "SYN-RECEIVED")
    lab.expect(a, "ESTABLISHED")
    lab.expect(b, "ESTABLISHED")
    a.close()
    lab.expect(b, "CLOSE-WAIT")
    b.close()
    lab.expect(lab.a, "TIME-WAIT")


@scenario()
def refused(lab: Lab) -> None:
    with suppress(ConnectionRefusedError):
        lab.connect()


@scenario(losing(syn))
def syn_lost(lab: Lab) -> None:
    orderly(lab)


@scenario(losing(syn_ack))
def syn_ack_lost(lab: Lab) -> None:
    orderly(lab)


@scenario(losing(lambda seg: seg.sender == "A" and seg.bare))
def third_ack_lost(lab: Lab) -> None:
    orderly(lab)


@scenario(doubling(syn))
def syn_twice(lab: Lab) -> None:
    orderly(lab, pause=0.05)


@scenario(doubling(syn_ack))
def syn_ack_twice(lab: Lab) -> None:
    orderly(lab, pause=0.05)


@scenario(delaying(lambda seg: seg.sender == "A" and seg.bare))
def text_before_third_ack(lab: Lab) -> None:
    orderly(lab)


@scenario(unseen={"A": [GAVE_UP] * 3})
def backlog_full(lab: Lab) -> None:
    lab.b.listen(backlog=0)
    first = lab.connect()
    others = [lab.connect(wait=False) for _ in range(3)]
    time.sleep(0.1)
    for other in others:
        lab.expect(other, "SYN-SENT")
        other.close()
    abort(first)


@scenario(
    losing(syn_ack, times=9),
    hidden={"B": [("LISTEN", "SYN-RECEIVED"), ("SYN-RECEIVED", "LISTEN")]},
)
def given_up_in_syn_received(lab: Lab) -> None:
    lab.b.listen()
    client = lab.connect(wait=False)
    lab.expect(lab.b, "SYN-RECEIVED")
    client.close()
    time.sleep(1.2)  # the SYN,ACK again, which is lost too
    lab.wire.policy = at_once
    lab.expect(lab.b, within=2.5)


@scenario(unseen={"A": [GAVE_UP]})
def nobody_there(lab: Lab) -> None:
    lab.wire.policy = lambda _seg, _wire: []
    client = lab.connect(wait=False)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1)
    lab.expect(client, "CLOSED", within=2.5)


# Closing


@scenario(slowly(0.03))
def simultaneous_close(lab: Lab) -> None:
    _, client, server = lab.pair()
    time.sleep(0.1)
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    lab.expect(client, "CLOSING")
    lab.expect(lab.a, "TIME-WAIT")
    lab.expect(lab.b, "TIME-WAIT")


@scenario()
def server_closes_first(lab: Lab) -> None:
    _, client, server = lab.pair()
    server.close()
    assert client.recv(9) == b""
    client.close()
    lab.expect(lab.b, "TIME-WAIT")
    lab.expect(lab.a)


@scenario()
def half_close(lab: Lab) -> None:
    _, client, server = lab.pair()
    client.sendall(b"request")
    client.shutdown(socket.SHUT_WR)
    assert server.recv(9) == b"request"
    assert server.recv(9) == b""
    for _ in range(4):
        server.sendall(b"z" * 1000)
        time.sleep(0.01)
    lab.expect(client, "FIN-WAIT-2")
    server.close()
    lab.expect(lab.a, "TIME-WAIT")


@scenario(losing(fin))
def fin_lost(lab: Lab) -> None:
    orderly(lab)


@scenario(losing(lambda seg: seg.sender == "B" and fin(seg), times=2))
def second_fin_lost_twice(lab: Lab) -> None:
    orderly(lab)


@scenario(doubling(fin, later=0.3))
def fin_twice(lab: Lab) -> None:
    orderly(lab, pause=0.35)
    lab.wire.idle()


@scenario(delaying(text_of_a))
def fin_before_text(lab: Lab) -> None:
    _, client, server = lab.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(b"late")
    client.close()
    assert server.recv(9) == b"late"
    assert server.recv(9) == b""
    server.close()
    lab.expect(lab.a, "TIME-WAIT")


def _last_ack(seg: Seg, wire: Wire) -> list[float]:
    if seg.sender == "B" and fin(seg):
        wire.seen["fin"] += 1
    lost = seg.sender == "A" and seg.bare and wire.seen["fin"] > 0
    return [] if lost and wire.count("last") <= 1 else [0]


@scenario(_last_ack)
def last_ack_lost(lab: Lab) -> None:
    """TIME-WAIT answers the FIN that comes again."""
    orderly(lab)


@scenario()
def fin_wait_2_given_up(lab: Lab) -> None:
    _, client, server = lab.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 1)
    client.close()
    lab.expect(lab.a, "FIN-WAIT-2")
    lab.expect(lab.a, within=2.5)
    server.sendall(b"x")
    lab.expect(server, "CLOSED")


# Resets


@scenario()
def aborted(lab: Lab) -> None:
    _, client, server = lab.pair()
    abort(client)
    lab.expect(server, "CLOSED")


@scenario()
def server_aborts(lab: Lab) -> None:
    _, client, server = lab.pair()
    abort(server)
    lab.expect(client, "CLOSED")


@scenario()
def closed_with_text_unread(lab: Lab) -> None:
    _, client, server = lab.pair()
    server.sendall(b"unread")
    time.sleep(0.03)
    client.close()
    lab.expect(server, "CLOSED")


@scenario()
def written_after_the_peer_closed(lab: Lab) -> None:
    _, client, server = lab.pair()
    client.close()
    lab.expect(server, "CLOSE-WAIT")
    server.sendall(b"late")
    lab.expect(server, "CLOSED")


@scenario()
def aborted_in_close_wait(lab: Lab) -> None:
    _, client, server = lab.pair()
    client.shutdown(socket.SHUT_WR)
    lab.expect(server, "CLOSE-WAIT")
    abort(server)
    lab.expect(client, "CLOSED")


@scenario()
def half_open(lab: Lab) -> None:
    """B forgets the connection in silence (its reset is lost); A's text is answered with one."""
    _, client, server = lab.pair()
    lab.wire.policy = losing(lambda seg: seg.has("R"))
    abort(server)
    time.sleep(0.03)
    lab.expect(client, "ESTABLISHED")
    client.sendall(b"anybody?")
    lab.expect(client, "CLOSED")


@scenario()
def forged_reset_in_the_window(lab: Lab) -> None:
    _, client, server = lab.pair(6100)
    client.sendall(b"abc")
    assert server.recv(9) == b"abc"
    time.sleep(0.06)  # until it is acknowledged: an ACK may be delayed
    nxt = lab.wire.last["B"].ack
    lab.wire.inject("B", "R", seq=nxt + 1000)
    time.sleep(0.05)
    lab.expect(server, "ESTABLISHED")
    lab.wire.inject("B", "R", seq=nxt)
    lab.expect(server, "CLOSED")
    abort(client)


@scenario()
def forged_syn(lab: Lab) -> None:
    _, client, server = lab.pair(6101)
    time.sleep(0.03)
    lab.wire.inject("B", "S", seq=lab.wire.last["A"].seq + 5)
    time.sleep(0.05)
    lab.expect(server, "ESTABLISHED")
    client.close()
    server.close()
    time.sleep(0.05)


@scenario()
def time_wait_assassinated(lab: Lab) -> None:
    _, client, server = lab.pair(6200)
    client.close()
    assert server.recv(9) == b""
    server.close()
    lab.expect(lab.a, "TIME-WAIT")
    lab.wire.inject("A", "R", seq=lab.wire.last["A"].ack)
    lab.expect(lab.a)


# Text


def _bad_weather(seg: Seg, wire: Wire) -> list[float]:
    n = wire.count("all")
    if n * 7919 % 6 == 0:
        return []
    return [0.002, 0.02] if n % 7 == 0 else [0.002]


@scenario(_bad_weather)
def bulk_in_bad_weather(lab: Lab) -> None:
    """A sixth is lost, a seventh comes twice and out of order."""
    _, client, server = lab.pair()
    client.settimeout(9)
    server.settimeout(9)
    thread = threading.Thread(target=lambda: (client.sendall(b"q" * 30000), client.shutdown(1)))
    thread.start()
    got = 0
    while text := server.recv(65536):
        got += len(text)
    assert got == 30000
    thread.join()
    lab.wire.policy = at_once
    time.sleep(0.05)  # until the last copy has come: a listener would answer it with a reset
    server.close()
    lab.expect(lab.a, "TIME-WAIT", within=4)


@scenario(losing(text_of_a))
def text_lost(lab: Lab) -> None:
    orderly(lab)


@scenario(doubling(lambda seg: bool(seg.raw.text)))
def text_twice(lab: Lab) -> None:
    orderly(lab, pause=0.05)


@scenario()
def zero_window(lab: Lab) -> None:
    listener = lab.b.listen()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client = lab.connect()
    server, _ = listener.accept()
    lab.b.sockets.append(server)
    client.setblocking(False)
    sent = 0
    with suppress(BlockingIOError):
        while sent < 60_000:
            sent += client.send(b"w" * 2048)
    time.sleep(0.5)  # probes
    assert lab.wire.last["B"].window == 0
    server.settimeout(2.5)
    got = 0
    client.shutdown(socket.SHUT_WR)
    while text := server.recv(65536):
        got += len(text)
    assert got == sent
    server.close()
    lab.expect(lab.a, "TIME-WAIT", within=2.5)


@scenario()
def keepalive_unanswered(lab: Lab) -> None:
    _, client, _ = lab.pair()
    options = (socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 1)
    for option, value in options:
        client.setsockopt(socket.IPPROTO_TCP, option, value)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    lab.wire.policy = lambda _seg, _wire: []
    lab.expect(client, "CLOSED", within=3.5)


@scenario()
def keepalive_answered(lab: Lab) -> None:
    _, client, server = lab.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    time.sleep(1.2)
    lab.expect(client, "ESTABLISHED")
    client.close()
    lab.expect(server, "CLOSE-WAIT")
    server.close()
    lab.expect(lab.a, "TIME-WAIT")


@scenario(unseen={"A": [("ESTABLISHED", "CLOSED")]})
def user_timeout(lab: Lab) -> None:
    _, client, _ = lab.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    lab.wire.policy = lambda _seg, _wire: []
    client.sendall(b"x")
    lab.expect(client, "CLOSED", within=2.5)


# The same pair of sockets again


@scenario()
def reopened_from_time_wait(lab: Lab) -> None:
    """The server is in TIME-WAIT; a SYN from the same port reopens it."""
    listener, client, server = lab.pair(6000)
    server.close()
    assert client.recv(9) == b""
    client.close()
    lab.expect(lab.b, "TIME-WAIT")
    time.sleep(1.1)  # until the clock of ISNs has moved on
    again = lab.connect(6000)
    server, _ = listener.accept()
    lab.b.sockets.append(server)
    lab.expect(server, "ESTABLISHED")
    again.close()
    lab.expect(server, "CLOSE-WAIT")
    server.close()
    lab.expect(lab.a, "TIME-WAIT")


@scenario()
def reopened_after_abort(lab: Lab) -> None:
    listener, client, server = lab.pair(6001)
    abort(client)
    lab.expect(server, "CLOSED")
    again = lab.connect(6001)
    server, _ = listener.accept()
    lab.b.sockets.append(server)
    again.close()
    lab.expect(server, "CLOSE-WAIT")
    server.close()
    lab.expect(lab.a, "TIME-WAIT")
