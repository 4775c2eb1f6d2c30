"""This machine's kernel: its sockets on one side, our segments on the other.

Each endpoint has a network namespace of its own, with a TUN device. The state that the kernel says
a connection is in is told by TCP_INFO where a socket is left to ask, and by /proc/net/tcp where the
connection is only a small record of the kernel's (SYN-RECEIVED before accept(), TIME-WAIT).
TCP_INFO counts what was acknowledged and received, from which RCV.NXT and SND.UNA follow.
"""

import errno
import platform
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import ClassVar

from checker.stacks.drivers.stack import (
    HERE,
    THERE,
    Driver,
    Numbers,
    Refused,
    Stack,
    Times,
    Told,
)
from checker.stacks.drivers.tun import Namespace, Tun, missing, network, tcp_info
from checker.stacks.drivers.wire import unpack
from checker.stacks.generate.hindrance import IN_REAL_TIME
from checker.stacks.generate.machine import IRS, SEQ

SETTINGS = {
    "tcp_invalid_ratelimit": 0,  # challenge ACKs may be limited (RFC 5961 7); not here
    "tcp_ecn": 0,
    "tcp_syncookies": 0,
    "tcp_no_metrics_save": 1,
}


class Kernel(Stack):
    """An endpoint of the kernel."""

    def __init__(self, namespace: Namespace, tun: Tun) -> None:
        self.namespace = namespace
        self.tun = tun
        self.listener: socket.socket | None = None
        self.sock: socket.socket | None = None
        self.accepted = False
        self.iss: int | None = None
        self.out: list[bytes] = []

    def close(self) -> None:
        """Close its sockets."""
        for sock in (self.listener, self.sock):
            if sock is not None:
                sock.close()
        self.listener = self.sock = None

    def call(self, name: str) -> None:
        """Let the user make a call."""
        try:
            getattr(self, f"_{name}")()
        except OSError as error:
            raise Refused(error.strerror) from error

    def _listen(self) -> None:
        self.listener = self._socket()
        self.listener.listen(4)

    def _unlisten(self) -> None:
        assert self.listener is not None, "nobody listens"
        self.listener.close()
        self.listener = None

    def _connect(self) -> None:
        self.sock = self._socket()
        if (code := self.sock.connect_ex(THERE)) != errno.EINPROGRESS:
            raise OSError(code, errno.errorcode[code])

    def _accept(self) -> None:
        assert self.listener is not None, "nobody listens"
        self.sock, _ = self.listener.accept()
        self.sock.setblocking(False)
        self.accepted = True

    def _send(self) -> None:
        self._own().send(b"x")

    def _recv(self) -> None:
        # Text that is not read makes close() reset the connection.
        if self.sock is not None:
            with suppress(OSError):
                self.sock.recv(1000)

    def _shutdown(self) -> None:
        self._own().shutdown(socket.SHUT_WR)

    def _abort(self) -> None:
        self._own().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    _close = close

    def _user_timeout(self) -> None:
        self._own().setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1)

    def _socket(self) -> socket.socket:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(HERE)
        return sock

    def _own(self) -> socket.socket:
        sock = self.sock or self.listener
        assert sock is not None, "no socket"
        return sock

    def inject(self, packet: bytes) -> None:
        """Let a packet arrive."""
        self.tun.write(packet)

    def advance(self, seconds: float) -> float:
        """Wait for a packet."""
        begin = time.monotonic()
        packet = self.tun.read(seconds)
        if packet is not None:
            self.out.append(packet)
            seg = unpack(packet)
            if self.iss is None and seg is not None and seg.has("S"):
                self.iss = seg.seq
        return time.monotonic() - begin

    def packets(self) -> list[bytes]:
        """What was read meanwhile."""
        got, self.out = self.out, []
        return got

    def state(self) -> Told:
        """By TCP_INFO, or the table of connections."""
        table = self.namespace.connections()
        sock = self.sock or self.listener
        small = table.get((HERE, THERE))
        if small in ("TIME-WAIT", "SYN-RECEIVED", "FIN-WAIT-2") or sock is None:
            if sock is not None and sock is self.sock and tcp_info(sock).state == small:
                return Told(small)
            if small is not None:
                return Told(small, whole=False)
        if sock is None:
            return Told("CLOSED", whole=False)
        return Told(tcp_info(sock).state)

    def numbers(self) -> Numbers | None:
        """From what TCP_INFO counts; a passive OPEN's count begins after the SYN."""
        if self.sock is None or self.iss is None:
            return None
        info = tcp_info(self.sock)
        if info.state in ("CLOSED", "LISTEN", "TIME-WAIT"):
            return None
        return Numbers(
            SEQ.plus(IRS, 1 + info.received), SEQ.plus(self.iss, self.accepted + info.acknowledged)
        )


@dataclass(frozen=True)
class KernelDriver(Driver):
    """The kernel that runs this program."""

    real_time: ClassVar[bool] = True

    def missing(self) -> str:
        """It takes root and a TUN device."""
        return missing() if platform.system() == "Linux" else "needs Linux"

    def version(self) -> str:
        """As uname tells it."""
        return platform.release()

    @contextmanager
    def start(self) -> Iterator[Stack]:
        """An endpoint in a namespace of its own."""
        with network(HERE[0], SETTINGS) as (namespace, tun):
            kernel = Kernel(namespace, tun)
            try:
                yield kernel
            finally:
                kernel.close()


KERNEL = KernelDriver(
    name="linux",
    needs="root, /dev/net/tun: it is the kernel of this machine",
    can=IN_REAL_TIME,
    times=Times(quiet=0.004, answer=0.3, timer=4.0, time_wait=130.0, after=0.002, step=0.02),
    workers=4,
)
