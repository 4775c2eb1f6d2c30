"""Experiments with one listener and many connections: how they are done, and what is seen.

B listens, and its application reads one request of each connection, answers and closes. A is a
kernel too. Others exist in name only: SYNs come from their addresses, and what is sent to these
is lost.
"""

import itertools
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from checker.stacks.drivers.tun import tcp_info
from checker.stacks.drivers.wire import Raw, pack
from tests.lab.lab import PORT, Lab, Sent

NOBODY = 100
"""The last octet of the first address that nobody has."""
SHUT = 9
"""A port at which nobody listens."""
HERE = 6000
"""A's port, where there is one connection."""
REQUEST, ANSWER = b"POST /pay", b"200 OK"
SILENT = 1.5
"""Seconds after which nothing more is waited for: longer than the first timeout of a SYN,ACK."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen at the end; None is what the experiment does not look at."""

    client: str | None = None
    """The state of A's end of the connection."""
    server: str | None = None
    """The state of B's end of the same connection."""
    read: tuple[str, ...] | None = None
    """What B's application read, of each connection that it accepted."""
    heard: str | None = None
    """What A's application read."""
    answer: tuple[str, ...] | None = None
    """What B sent to A last, by control bits."""
    counts: tuple[tuple[str, int], ...] = ()
    """What was counted or measured."""

    def __str__(self) -> str:
        """As a cell of a table."""
        parts = [f"A {self.client}"] if self.client else []
        parts += [f"B {self.server}"] if self.server else []
        if self.read is not None:
            texts = ", ".join(f"`{text}`" if text else "nothing" for text in self.read)
            parts.append(f"B reads {texts}" if texts else "B accepts nothing")
        if self.heard is not None:
            parts.append(f"A reads {f'`{self.heard}`' if self.heard else 'nothing'}")
        if self.answer is not None:
            parts.append(f"B answers {' '.join(self.answer) or 'nothing'}")
        parts += [f"{what}: {number}" for what, number in self.counts]
        return "; ".join(parts)


class Bench:
    """A lab with a listener at B, and what experiments do there."""

    def __init__(self, lab: Lab, settings: Mapping[str, int | str]) -> None:
        self.lab, self.wire = lab, lab.wire
        for host in (lab.a, lab.b):
            host.namespace.configure({"tcp_congestion_control": "reno", **settings})
        self.listeners: list[socket.socket] = []
        self.reads: list[str] = []
        self.numbers = itertools.count(1)

    def listen(self, backlog: int = 8, port: int = PORT) -> socket.socket:
        """B listens."""
        made = self.lab.b.listen(port, backlog)
        made.setblocking(False)
        self.listeners.append(made)
        return made

    # What arrives

    def nobody(self, number: int) -> str:
        """An address that nobody has."""
        return f"{self.lab.a.address.rpartition('.')[0]}.{NOBODY + number}"

    def syn(self, number: int, port: int = PORT) -> None:
        """A SYN from nobody arrives."""
        made = Raw((self.nobody(number), 7000), (self.lab.b.address, port), 1000, 0, "S", 65535)
        self.wire.carry("B", pack(made))

    def flood(self, count: int) -> None:
        """SYNs from so many addresses that nobody has."""
        for number in range(count):
            self.syn(number)
        self.settle()

    def again(self, sent: Sent, copies: int = 1) -> int:
        """Copies of a segment of A arrive, one after the other; how long the log was before."""
        before = 0
        for _ in range(copies):
            before = len(self.wire.log)
            self.wire.carry("B", sent.packet)
            self.settle()
        return before

    def settle(self) -> None:
        """Wait until both ends have done what they do at once about all that has arrived.

        A segment to a port at which nobody listens is answered with a reset, after whatever came
        before it. When that has gone round without anything else being sent, nothing is left.
        """
        while True:
            before = len(self.wire.log)
            for target in self.wire.hosts:
                self._ask(target)
            if len(self.wire.log) == before + 2:
                return

    def _ask(self, target: str) -> None:
        shut, number = (self.wire.hosts[target].address, SHUT), next(self.numbers)
        since = len(self.wire.log)
        self.wire.carry(target, pack(Raw((self.nobody(90), 7000), shut, 0, number, "A", 0)))
        reset = self.wire.wait(lambda s: (s.raw.source, s.raw.seq) == (shut, number), 2.5, since)
        assert reset, f"{target} does not answer"

    # What was sent

    def between(self, sender: str, since: int = 0) -> list[Sent]:
        """What an end sent to the other."""
        peer = self.wire.hosts["B" if sender == "A" else "A"].address
        log = self.wire.log[since:]
        return [s for s in log if (s.sender, s.raw.target[0]) == (sender, peer)]

    def sent(self, sender: str, flags: str, text: bytes = b"") -> Sent:
        """The first segment of a kind that an end sent to the other."""
        return next(s for s in self.between(sender) if (s.raw.flags, s.raw.text) == (flags, text))

    def answer(self, since: int) -> tuple[str, ...]:
        """The control bits of what B sent to A."""
        return tuple(sent.raw.flags for sent in self.between("B", since))

    # What the ends do

    def client(
        self, port: int = HERE, wait: bool = True, to: int = PORT, mss: int = 0
    ) -> socket.socket:
        """A opens a connection; it is ESTABLISHED, unless nobody waits for that."""
        made = self.lab.a.open()
        if mss:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
        if port:
            made.bind((self.lab.a.address, port))
        made.setblocking(False)
        made.connect_ex((self.lab.b.address, to))
        if wait:
            self.until(lambda: tcp_info(made).state == "ESTABLISHED")
        self.settle()
        made.settimeout(2.5)
        return made

    def hear(self, since: int | None = None) -> None:
        """Wait until B sends something to A's port, or for a while."""
        since = len(self.wire.log) if since is None else since
        here = self.lab.a.address, HERE
        self.wire.wait(lambda sent: sent.raw.target == here, SILENT, since)

    def accept(self) -> socket.socket | None:
        """The next connection, if there is one."""
        for listener in self.listeners:
            with suppress(BlockingIOError):
                server, _ = listener.accept()
                server.setblocking(False)
                self.lab.b.sockets.append(server)
                return server
        return None

    def read(self, server: socket.socket) -> None:
        """The application reads what is there."""
        try:
            self.reads.append(server.recv(99).decode())
        except BlockingIOError:
            self.reads.append("")

    def serve(self) -> None:
        """Accept all there is; read of each, answer a request, close."""
        self.settle()
        while server := self.accept():
            self.read(server)
            with suppress(ConnectionResetError):
                if self.reads[-1]:
                    server.sendall(ANSWER)
            server.close()
            self.settle()

    def state(self, host: str, port: int = HERE) -> str:
        """Of the connection with this port of A, as ``ss`` shows it; CLOSED if it does not."""
        ends = (self.lab.a.address, port), (self.lab.b.address, PORT)
        key = ends if host == "A" else ends[::-1]
        return self.wire.hosts[host].namespace.connections().get((key[0], key[1]), "CLOSED")

    def until(self, true: Callable[[], object], within: float = 2.5) -> None:
        """Wait for it."""
        end = time.monotonic() + within
        while not true():
            assert time.monotonic() < end, "it does not happen"
            time.sleep(0.008)

    def comes_to(self, host: str, state: str, port: int = HERE, within: float = 2.5) -> None:
        """Wait for a state."""
        self.until(lambda: self.state(host, port) == state, within)

    def seen(self, **more: object) -> Seen:
        """Both ends of the connection, what was read, and more."""
        self.settle()
        ends = {"client": self.state("A"), "server": self.state("B"), "read": tuple(self.reads)}
        return Seen(**{**ends, **more})  # type: ignore[arg-type]  # names and types are Seen's


@dataclass(frozen=True)
class Case:
    """A setting, and what is expected in it."""

    setting: str
    seen: Seen
    sysctls: Mapping[str, int | str] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    control: bool = False
    slow: bool = False

    def label(self) -> str:
        """As a cell of a table."""
        named = [f"`{name}={value}`" for name, value in self.sysctls.items()]
        return ", ".join([*named, *([self.setting] if self.setting else [])])


@dataclass(frozen=True)
class Experiment:
    """What is done, and in which settings."""

    claim: str
    does: str
    run: Callable[..., Seen]
    cases: tuple[Case, ...]


def case(
    sysctls: Mapping[str, int | str],
    setting: str,
    seen: Seen,
    *,
    control: bool = False,
    slow: bool = False,
    **given: object,
) -> Case:
    """A setting."""
    return Case(setting, seen, sysctls, given, control, slow)
