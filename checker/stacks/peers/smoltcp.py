"""smoltcp as an endpoint that speaks lines (checker/stacks/drivers/lines.py), inside mitmproxy-rs.

mitmproxy-rs ends TCP connections that come to a TUN device with smoltcp; the other side of the
device is reached by a packet socket. It is in a network namespace of its own, and in real time; a
tick is a millisecond. It listens always, and does not tell its state.
"""

import asyncio
import ctypes
import fcntl
import socket
import struct
import sys
import time
import types
from contextlib import suppress
from typing import Any

import lines

CLONE_NEWNET, SIOCSIFFLAGS, UP, IPV4, OUTGOING = 0x40000000, 0x8914, 0x41, 0x0800, 4
DEVICE = "smol0"
QUIET = "/proc/sys/net/ipv6/conf/all/disable_ipv6"

sys.modules["mitmproxy_linux"] = types.ModuleType("mitmproxy_linux")  # is for redirection
from mitmproxy_rs import tun  # noqa: E402 (after what it imports)

streams: list[Any] = []


async def take(stream: Any) -> None:
    """A connection that smoltcp has accepted: keep it for ever."""
    streams.append(stream)
    await asyncio.Event().wait()


async def started() -> Any:
    return await tun.create_tun_interface(take, ignore, DEVICE)


async def ignore(_: Any) -> None:
    """UDP."""


def up(name: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), UP))


class User:
    """What the user holds, and the wire."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.interface = loop.run_until_complete(started())
        with suppress(OSError), open(QUIET, "w") as file:
            file.write("1")
        up(DEVICE)
        up("lo")
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.wire.bind((DEVICE, IPV4))
        self.wire.setblocking(False)
        self.out: list[bytes] = []

    def wait(self, seconds: float) -> None:
        """Let it work, for so long or until it sends."""
        end = time.monotonic() + seconds
        while not self.out and time.monotonic() < end:
            self.loop.run_until_complete(asyncio.sleep(0.002))
            self.read()

    def read(self) -> None:
        with suppress(BlockingIOError):
            while True:
                packet, address = self.wire.recvfrom(65536)
                if address[2] != OUTGOING and packet[0] >> 4 == 4 and packet[9] == 6:
                    self.out.append(packet)

    def sent(self) -> list[bytes]:
        """What it sent since this was asked last."""
        self.read()
        found, self.out = self.out, []
        return found

    async def make(self, call: str) -> None:
        own = streams[-1]
        if call == "send":
            own.write(b"x")
            await asyncio.wait_for(own.drain(), 1)
        elif call == "recv":
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(own.read(1000), 0.2)
        elif call == "shutdown":
            own.write_eof()
        else:
            own.close()

    def obey(self, word: str, argument: str) -> str:
        if word == "in":
            self.wire.sendto(bytes.fromhex(argument), (DEVICE, IPV4, 0, 0, b""))
        elif word == "tick":
            begin = time.monotonic()
            self.wait(int(argument) / 1000)
            return str(round(1000 * (time.monotonic() - begin)))
        elif word == "state":
            return "?"
        elif word == "accept":
            self.loop.run_until_complete(asyncio.sleep(0.05))
            if not streams:
                raise BlockingIOError("no connection")
        elif word not in ("listen", "unlisten", "tcb"):
            self.loop.run_until_complete(self.make(word))
        return ""


def main() -> None:
    if ctypes.CDLL(None).unshare(CLONE_NEWNET):
        raise OSError("no network namespace")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    user = User(loop)
    lines.serve(user.obey, user.sent)


main()
