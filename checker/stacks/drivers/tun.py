"""A network of our own: a namespace with one TUN device, at whose other end we are.

What the kernel sends to an address of the device's network is read here as an IPv4 packet; what
is written here arrives. The namespace has no name and goes away with the last that uses it, so
that nothing of the machine is touched. Needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN.
"""

import ctypes
import fcntl
import os
import select
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _TUN_WITHOUT_INFO = 0x400454CA, 0x1001
_SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCSIFFLAGS = 0x8916, 0x891C, 0x8914
_UP = 0x41
_IPV6 = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
_NAMES = {  # in the order of include/net/tcp_states.h, from 1
    1: "ESTABLISHED", 2: "SYN-SENT", 3: "SYN-RECEIVED", 4: "FIN-WAIT-1", 5: "FIN-WAIT-2",
    6: "TIME-WAIT", 7: "CLOSED", 8: "CLOSE-WAIT", 9: "LAST-ACK", 10: "LISTEN", 11: "CLOSING",
    12: "SYN-RECEIVED",
}  # fmt: skip


def missing() -> str:
    """Why there can be no such network here; empty if there can."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun"
    try:
        Namespace().close()
    except OSError as error:
        return f"no network namespace can be made: {error.strerror}"
    return ""


class Namespace:
    """A new network namespace; as a context, this thread is in it. One thread at a time."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._outer: list[int] = [_current()]
        self._call("unshare", _CLONE_NEWNET)
        self._own = _current()
        self.__exit__()

    def _call(self, name: str, *arguments: int) -> None:
        if getattr(self._libc, name)(*arguments):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def __enter__(self) -> "Namespace":
        self._outer.append(_current())
        self._call("setns", self._own, _CLONE_NEWNET)
        return self

    def __exit__(self, *_: object) -> None:
        outer = self._outer.pop()
        self._call("setns", outer, _CLONE_NEWNET)
        os.close(outer)

    def close(self) -> None:
        """Give it up; it goes with its last socket."""
        os.close(self._own)

    def configure(self, settings: Mapping[str, int | str]) -> None:
        """Set sysctls under net.ipv4, of this namespace alone."""
        with self:
            for name, value in settings.items():
                with open(f"/proc/sys/net/ipv4/{name}", "w") as file:
                    file.write(str(value))

    def connections(self) -> dict[tuple[tuple[str, int], tuple[str, int]], str]:
        """State by (local, remote) socket, TIME-WAIT and SYN-RECEIVED included."""
        with self, open("/proc/thread-self/net/tcp") as file:
            lines = file.read().splitlines()[1:]
        found = {}
        for line in lines:
            _, local, remote, state = line.split()[:4]
            found[_socket(local), _socket(remote)] = _NAMES[int(state, 16)]
        return found


def _current() -> int:
    """This thread's namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


def _socket(text: str) -> tuple[str, int]:
    address, port = text.split(":")
    return socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(port, 16)


class Info(NamedTuple):
    """What TCP_INFO tells of a connection: its state, and what was counted of its numbers."""

    state: str
    acknowledged: int  # of what was sent, by the peer
    received: int


def tcp_info(sock: socket.socket) -> Info:
    """Ask it (struct tcp_info of include/uapi/linux/tcp.h)."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
    return Info(_NAMES[info[0]], *struct.unpack("=QQ", info[120:136]))


def up(name: bytes) -> None:
    """Start an interface of this thread's namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", name, _UP))


class Tun:
    """The device: ``address``/24 is the kernel's."""

    def __init__(self, namespace: Namespace, address: str) -> None:
        with namespace:
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.fd, _TUNSETIFF, struct.pack("16sH22x", b"tun0", _TUN_WITHOUT_INFO))
            if os.path.exists(_IPV6):  # a kernel may be without
                with open(_IPV6, "w") as file:
                    file.write("1")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                for request, value in (
                    (_SIOCSIFADDR, address),
                    (_SIOCSIFNETMASK, "255.255.255.0"),
                ):
                    family = struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(value))
                    fcntl.ioctl(control, request, struct.pack("16s24s", b"tun0", family))
            up(b"tun0")
            up(b"lo")

    def read(self, timeout: float) -> bytes | None:
        """The next packet, or None if none comes in time."""
        if not select.select([self.fd], [], [], max(0.0, timeout))[0]:
            return None
        try:
            return os.read(self.fd, 65536)
        except BlockingIOError:
            return None

    def write(self, packet: bytes) -> None:
        """Let a packet arrive."""
        os.write(self.fd, packet)

    def close(self) -> None:
        """Take it away."""
        os.close(self.fd)


@contextmanager
def network(address: str, settings: Mapping[str, int | str]) -> Iterator[tuple[Namespace, Tun]]:
    """A namespace with one device, and this thread in it."""
    namespace = Namespace()
    try:
        tun = Tun(namespace, address)
        try:
            namespace.configure(settings)
            with namespace:
                yield namespace, tun
        finally:
            tun.close()
    finally:
        namespace.close()
