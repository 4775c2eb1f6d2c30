"""Two kernels' worth of TCP on one: namespaces A and B, and between them a wire in user space.

Each end is a network namespace with a TUN device (``checker.stacks.drivers.tun``). The wire reads
what either sends and asks a policy for the delays of its copies: one per copy, none for a loss. It
writes down both ends' traffic, as they would have captured it. The kernel's own account of its
states comes from tracefs (``sock:inet_sock_set_state``), in an instance of our own.
"""

import ctypes
import heapq
import os
import re
import select
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from checker.stacks.drivers.tun import Namespace, Tun, missing, tcp_info
from checker.stacks.drivers.wire import Raw, pack, unpack
from tests.helpers import pcap

Policy = Callable[["Seg", "Wire"], list[float]]
SETTINGS: dict[str, int | str] = {"tcp_ecn": 0, "tcp_no_metrics_save": 1, "tcp_tw_reuse": 0}
PORT = 5000


@dataclass(frozen=True)
class Seg:
    """A segment on the wire: which end sent it, and what it is."""

    sender: str
    raw: Raw

    def has(self, flags: str) -> bool:
        """Are all of ``flags`` set?"""
        return self.raw.has(flags)

    @property
    def bare(self) -> bool:
        """An ACK and nothing else."""
        return self.raw.flags == "A" and not self.raw.text


class Sent(NamedTuple):
    """A segment that the wire took, when, and how many copies of it were let through."""

    time: float
    sender: str
    raw: Raw
    packet: bytes
    copies: int


class Host:
    """One end."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
        self.namespace = Namespace()
        self.tun = Tun(self.namespace, address)
        self.namespace.configure(SETTINGS)
        self.sockets: list[socket.socket] = []

    def open(self) -> socket.socket:
        """A new TCP socket of this end."""
        with self.namespace:
            new = socket.socket()
        new.settimeout(2.5)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sockets.append(new)
        return new

    def listen(self, port: int = PORT, backlog: int = 8) -> socket.socket:
        """A passive OPEN."""
        new = self.open()
        new.bind((self.address, port))
        new.listen(backlog)
        return new

    def states(self) -> list[str]:
        """The states of all connections, as ``ss`` shows them, but for LISTEN."""
        found = self.namespace.connections().values()
        return sorted(state for state in found if state != "LISTEN")

    def close(self) -> None:
        """Close everything."""
        for each in self.sockets:
            each.close()
        self.tun.close()
        self.namespace.close()


class Pcap:
    """A capture file of raw IP."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")
        self.file.write(pcap.header(101))

    def add(self, packet: bytes) -> None:
        """It was seen now."""
        now = time.time_ns() // 1000
        self.file.write(pcap.record(*divmod(now, 10**6), packet))


class Wire(threading.Thread):
    """What lies between A and B."""

    def __init__(self, hosts: dict[str, Host], policy: Policy, captures: dict[str, Path]) -> None:
        super().__init__(daemon=True)
        self.hosts, self.policy = hosts, policy
        self.captures = {name: Pcap(path) for name, path in captures.items()}
        self.queue: list[tuple[float, int, str, bytes]] = []
        self.seen: Counter[str] = Counter()  # for policies
        self.last: dict[str, Raw] = {}
        self.log: list[Sent] = []
        self.grown = threading.Condition()  # the log has
        self.number = 0
        self.stopped = False

    def count(self, what: str) -> int:
        """How often this was asked of ``what``."""
        self.seen[what] += 1
        return self.seen[what]

    def run(self) -> None:
        """Carry segments until told to stop."""
        files = {host.tun.fd: name for name, host in self.hosts.items()}
        while not self.stopped:
            wait = self.queue[0][0] - time.monotonic() if self.queue else 0.02
            for fd in select.select(list(files), [], [], min(max(wait, 0), 0.02))[0]:
                self._take(files[fd])
            while self.queue and self.queue[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(self.queue)
                self._take(target)  # what it sent before this arrives
                self.captures[target].add(packet)
                self.hosts[target].tun.write(packet)
        for capture in self.captures.values():
            capture.file.close()

    def _take(self, sender: str) -> None:
        while (packet := self.hosts[sender].tun.read(0)) is not None:
            raw = unpack(packet)
            if raw is None:
                continue
            self.captures[sender].add(packet)
            peer = "B" if sender == "A" else "A"
            delays: list[float] = []
            if raw.target[0] == self.hosts[peer].address:  # else nobody is there
                self.last[sender] = raw
                delays = self.policy(Seg(sender, raw), self)
            for delay in delays:
                self.carry(peer, packet, delay)
            with self.grown:
                self.log.append(Sent(time.monotonic(), sender, raw, packet, len(delays)))
                self.grown.notify_all()

    def carry(self, target: str, packet: bytes, delay: float = 0) -> None:
        """Let a packet arrive."""
        self.number += 1
        heapq.heappush(self.queue, (time.monotonic() + delay, self.number, target, packet))

    def idle(self) -> None:
        """Wait until everything has arrived."""
        while self.queue:
            time.sleep(0.004)

    def wait(self, which: Callable[[Sent], bool], within: float, since: int = 0) -> Sent | None:
        """The first segment of a kind from number ``since`` on; None if none comes in time."""
        end = time.monotonic() + within
        with self.grown:
            while True:
                for sent in self.log[since:]:
                    if which(sent):
                        return sent
                since = len(self.log)
                if not self.grown.wait(max(0.0, end - time.monotonic())):
                    return None

    def inject(self, target: str, flags: str, **changed: int) -> None:
        """A segment that nobody sent: like the peer's last one, but for what is ``changed``."""
        sender = "B" if target == "A" else "A"
        like = self.last[sender]
        seg = like._replace(flags=flags, text=b"", options=b"", **changed)
        self.carry(target, pack(seg))


Edge = tuple[str, str]
_KERNEL = {
    "CLOSE": "CLOSED",
    "SYN_RECV": "SYN-RECEIVED",
    "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2",
}
_EVENT = re.compile(
    r"inet_sock_set_state:.* dport=(\d+) saddr=(\S+) .*oldstate=TCP_(\w+) newstate=TCP_(\w+)"
)


class Tracer:
    """An instance of tracefs that writes down every change of a socket's state."""

    def __init__(self) -> None:
        self.mounted = Path(tempfile.mkdtemp())
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"none", str(self.mounted).encode(), b"tracefs", 0, None):
            self.mounted.rmdir()
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), "tracefs")
        self.instance = self.mounted / "instances" / f"lab-{os.getpid()}-{threading.get_ident()}"
        self.instance.mkdir()
        event = self.instance / "events/sock/inet_sock_set_state"
        (event / "filter").write_text("protocol == 6")
        (event / "enable").write_text("1")

    def edges(self, address: str) -> list[Edge]:
        """Every change of the states of connections at ``address``, in order."""
        found = []
        for line in (self.instance / "trace").read_text().splitlines():
            m = _EVENT.search(line)
            if m and m[2] == address and m[1] != "0":  # 0: the listening socket itself
                a, b = (_KERNEL.get(s, s.replace("_", "-")) for s in (m[3], m[4]))
                found.append((a, b))
        return found

    def close(self) -> None:
        """Take it away."""
        (self.instance / "events/enable").write_text("0")
        with suppress(OSError):
            self.instance.rmdir()
        ctypes.CDLL(None).umount2(str(self.mounted).encode(), 2)
        with suppress(OSError):
            self.mounted.rmdir()


def lacking() -> str:
    """Why there can be no lab here; empty if there can."""
    why = missing()
    if not why:
        try:
            Tracer().close()
        except OSError as error:
            why = f"no tracefs: {error.strerror}"
    return why


@dataclass
class Lab:
    """A, B and the wire, for one scenario."""

    a: Host
    b: Host
    wire: Wire
    observed: list[str] = field(default_factory=list)

    def pair(self, port: int = 0) -> tuple[socket.socket, socket.socket, socket.socket]:
        """A connection: the listener, the client's end and the server's."""
        listener = self.b.listen()
        client = self.connect(port)
        server, _ = listener.accept()
        server.settimeout(2.5)
        self.b.sockets.append(server)
        return listener, client, server

    def connect(self, port: int = 0, wait: bool = True) -> socket.socket:
        """An active OPEN by A."""
        client = self.a.open()
        if port:
            client.bind((self.a.address, port))
        client.setblocking(wait)
        if wait:
            client.settimeout(2.5)
            client.connect((self.b.address, PORT))
        else:
            client.connect_ex((self.b.address, PORT))
        return client

    def expect(self, what: socket.socket | Host, *states: str, within: float = 1.5) -> None:
        """Wait until TCP_INFO, or for a host its table of connections, says so."""
        end = time.monotonic() + within
        while True:
            now = what.states() if isinstance(what, Host) else [tcp_info(what).state]
            if now == sorted(states):
                self.observed += now
                return
            assert time.monotonic() < end, f"{now}, not {sorted(states)}"
            time.sleep(0.004)


@contextmanager
def lab(number: int, policy: Policy, folder: Path) -> Iterator[Lab]:
    """A lab with addresses of its own; the captures are ``folder``/A.pcap and B.pcap."""
    hosts = {
        "A": Host("A", f"10.84.{number}.1"),
        "B": Host("B", f"10.84.{number}.2"),
    }
    wire = Wire(hosts, policy, {name: folder / f"{name}.pcap" for name in hosts})
    wire.start()
    made = Lab(hosts["A"], hosts["B"], wire)
    try:
        yield made
    finally:
        wire.stopped = True
        wire.join()
        for host in hosts.values():
            host.close()
