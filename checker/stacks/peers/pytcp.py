"""PyTCP as an endpoint that speaks lines (checker/stacks/drivers/lines.py).

One end of a pair of sockets is its device. It runs on an event loop whose clock only `tick` moves,
by a quarter of a second, from one timer to the next.
"""

# ruff: noqa: E402 (the clock has to stand before PyTCP is imported)
import asyncio
import logging
import socket
import time
import warnings
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

UNIT = 0.25
BOOT = 15.0
"""Seconds in which it tries whether its address is free."""
TURNS = 12
"""Turns of the loop after which all that is to do at once is done."""
_now = 1000.0


def _clock() -> float:
    return _now


time.monotonic = _clock
time.monotonic_ns = lambda: int(_now * 1e9)
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

import lines
import pmd_pytcp.socket as pytcp
from pmd_net_addr import Ip4IfAddr
from pmd_pytcp import stack
from pmd_pytcp.lib.interface_layer import InterfaceLayer
from pmd_pytcp.protocols.tcp import tcp__constants
from pmd_pytcp.protocols.tcp.session import tcp__session__tx
from pmd_pytcp.stack import lifecycle

HERE, THERE = ("10.83.0.1", 7000), ("10.83.0.2", 7001)


def without_limit() -> None:
    """Challenge ACKs may be limited (RFC 5961 7); not here."""
    tcp__constants.TCP__CHALLENGE_ACK__RATE_LIMIT_MS = 0
    for each in vars(tcp__session__tx).values():
        if isinstance(each, type) and hasattr(each, "emit_challenge_ack"):
            each.emit_challenge_ack = lambda self: self.transmit_packet(flag_ack=True)


class Loop(asyncio.SelectorEventLoop):
    """Its time is ours."""

    def time(self) -> float:
        return _now

    def settle(self, turns: int = TURNS) -> None:
        """Do all that is to do now."""
        for _ in range(turns):
            self.call_soon(self.stop)
            self.run_forever()

    def pass_time(self, seconds: float) -> None:
        """From timer to timer."""
        global _now  # noqa: PLW0603 (the clock)
        end = _now + seconds
        while self._scheduled and self._scheduled[0].when() <= end:
            _now = max(_now, self._scheduled[0].when())
            self.settle(3)
        _now = end
        self.settle(3)


class User:
    """What the user holds."""

    def __init__(self, loop: Loop, device: socket.socket) -> None:
        self.loop = loop
        self.device = device
        self.listener: Any = None
        self.own: Any = None
        self.connecting: Any = None

    def do(self, call: Coroutine[Any, Any, Any]) -> Any:
        """The result of a call that ends at once."""
        task = self.loop.create_task(call)
        self.loop.settle()
        if not task.done():
            task.cancel()
            self.loop.settle()
            raise BlockingIOError("it waits")
        return task.result()

    def socket(self) -> Any:
        made = pytcp.socket(pytcp.AF_INET4, pytcp.SOCK_STREAM)
        with suppress(Exception):
            made.setsockopt(pytcp.SOL_SOCKET, pytcp.SO_REUSEADDR, 1)
        made.bind(HERE)
        return made

    def listen(self) -> None:
        self.listener = self.socket()
        self.listener.listen(backlog=4)

    def unlisten(self) -> None:
        if self.listener is not None:
            self.listener.close()
        self.listener = None

    def connect(self) -> None:
        self.own = self.socket()
        self.connecting = self.loop.create_task(self.own.connect(THERE))

    def accept(self) -> None:
        self.own = self.do(self.listener.accept(timeout=0.0))[0]

    def send(self) -> None:
        self.do(self.own.send(b"x"))

    def recv(self) -> None:
        with suppress(Exception):
            self.do(self.own.recv(1000, 0.0))

    def shutdown(self) -> None:
        self.own.shutdown(pytcp.SHUT_WR)

    def close(self) -> None:
        if self.own is not None:
            self.own.close()
        self.own = None
        self.unlisten()

    def abort(self) -> None:
        if self.own is not None:
            self.own.abort()
        self.own = None
        self.unlisten()

    def user_timeout(self) -> None:
        self.own.setsockopt(pytcp.IPPROTO_TCP, pytcp.TCP_USER_TIMEOUT, 1)

    def session(self) -> Any:
        """The connection's, whoever holds it."""
        for each in stack.sockets.values():
            session = getattr(each, "_tcp_session", None)
            if session is not None and getattr(each, "remote_port", 0) == THERE[1]:
                return session
        return None

    def state(self) -> str:
        session = self.session()
        if session is None:
            return "LISTEN" if self.listener is not None else "CLOSED"
        name = str(session.state.name).replace("_", "-")
        return "SYN-RECEIVED" if name == "SYN-RCVD" else name

    def tcb(self) -> str:
        session = self.session()
        if session is None or session.state.name in ("LISTEN", "CLOSED", "SYN_SENT"):
            return ""
        return f"rcv.nxt={session._rcv_seq.nxt} snd.una={session._snd_seq.una}"

    def obey(self, word: str, argument: str) -> str:
        if word == "in":
            self.device.send(b"\0\0\x08\0" + bytes.fromhex(argument))
        elif word == "tick":
            for _ in range(int(argument)):
                self.loop.pass_time(UNIT)
        elif word in ("state", "tcb"):
            return str(getattr(self, word)())
        else:
            getattr(self, word)()
        return ""

    def sent(self) -> list[bytes]:
        """TCP packets that came out of the device, without what says their protocol."""
        self.loop.settle()
        found = []
        with suppress(BlockingIOError):
            while True:
                packet = self.device.recv(65536)
                packet = packet[4:] if packet[:1] == b"\0" else packet
                if packet[0] >> 4 == 4 and packet[9] == 6:
                    found.append(packet)
        return found


def endpoint() -> None:
    without_limit()
    loop = Loop()
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(lambda *_: None)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    lifecycle.init(
        fd=theirs.fileno(),
        layer=InterfaceLayer.L3,
        mtu=1500,
        ip4_host=Ip4IfAddr(f"{HERE[0]}/24"),
        ip4_dhcp=False,
        ip6_support=False,
    )
    starting = loop.create_task(lifecycle.start())
    loop.settle()
    loop.pass_time(BOOT)
    assert starting.done(), "it has booted"
    user = User(loop, ours)
    user.sent()
    lines.serve(user.obey, user.sent)


lines.one_after_the_other(endpoint)
