"""What drives a stack: one interface for all of them.

A ``Stack`` is one endpoint, fresh, with one connection at most. Its user calls; its peer's segments
are injected, and what it sends is taken, as IPv4 packets. Time is the stack's own: ``advance`` lets
some pass, and says how much did. Where time is virtual nothing else lets it pass, so that a run is
the same each time. Where it is real, a busy machine may be late on either side.

A ``Driver`` is how one comes by such endpoints: what is missing for it, how it is built, what it
can do and how long to wait for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from checker.stacks.generate.hindrance import SOCKETS, Can
from spec.tcp.inputs import Input

HERE, THERE = ("10.83.0.1", 7000), ("10.83.0.2", 7001)
"""The stack's socket, and the peer's."""

CALLS = ("listen", "unlisten", "connect", "accept", "send", "recv", "shutdown", "close", "abort",
         "user_timeout")  # fmt: skip
"""What a user calls. ``close`` and ``abort`` give up the listener, too. ``send`` sends an octet."""


class Refused(Exception):
    """The stack refuses a call, or is no more."""


class Told(NamedTuple):
    """The state that a stack says it is in."""

    state: str
    whole: bool = True  # of the connection itself, and not of a record that is left of it


class Numbers(NamedTuple):
    """What a stack says of its sequence numbers."""

    rcv_nxt: int
    snd_una: int


class Stack(ABC):
    """One endpoint of a real stack."""

    @abstractmethod
    def call(self, name: str) -> None:
        """Let the user make one of ``CALLS``. Raises Refused."""

    @abstractmethod
    def inject(self, packet: bytes) -> None:
        """Let a packet arrive."""

    @abstractmethod
    def advance(self, seconds: float) -> float:
        """Let so much time pass, or less if something was sent; how much did."""

    @abstractmethod
    def packets(self) -> list[bytes]:
        """What was sent since this was asked last."""

    @abstractmethod
    def state(self) -> Told | None:
        """What it says of its state; None if nobody can ask."""

    def numbers(self) -> Numbers | None:
        """What it says of its numbers; None if nobody can ask, or the connection has none."""
        return None


class Times(NamedTuple):
    """How long to wait for a stack, in seconds of its own time."""

    quiet: float  # how long nothing may come until it is taken for nothing
    answer: float  # how long an answer may take: ACKs of text may be delayed
    timer: float  # how long a retransmission or a user timeout may take
    time_wait: float = 300.0
    after: float = 0.0  # how long nothing may follow what was expected
    step: float = 0.25  # how often to look

    def of(self, what: Input) -> float | None:
        """How long the timer of an input may take; None if it is no timer."""
        timers: Mapping[Input, float] = {
            Input.RETRANSMISSION_TIMEOUT: self.timer,
            Input.USER_TIMEOUT: self.timer,
            Input.TIME_WAIT_TIMEOUT: self.time_wait,
        }
        return timers.get(what)


@dataclass(frozen=True)
class Driver(ABC):
    """How one comes by endpoints of a stack."""

    name: str
    """The stack's, as its profile has it."""
    needs: str
    """What must be there, for readers: packages."""
    times: Times
    can: Can = SOCKETS
    workers: int = 2
    """Plans at a time."""
    real_time: ClassVar[bool] = False
    """What goes wrong may have been late, and is played once more, alone and with patience."""
    asked: ClassVar[bool] = True
    """It tells its state."""
    keep_alive: ClassVar[bytes] = b""
    """The text of its keep-alives (RFC 9293 3.8.4), which no plan has; nothing: it sends none."""
    fetches: ClassVar[bool] = False
    """What is missing is fetched when it is built."""

    @abstractmethod
    def missing(self) -> str:
        """Why it cannot be driven here; empty if it can."""

    @abstractmethod
    def version(self) -> str:
        """Which version of the stack this is."""

    def build(self) -> None:  # noqa: B027 (most need nothing built)
        """Build what is needed, if it is not there. Raises ToolProblem."""

    @abstractmethod
    def start(self) -> AbstractContextManager[Stack]:
        """A fresh endpoint."""
