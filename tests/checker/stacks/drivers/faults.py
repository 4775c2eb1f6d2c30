"""Faults that are sown into any stack, between it and what plays plans against it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from checker.stacks.drivers.stack import Driver, Numbers, Stack, Told
from checker.stacks.drivers.wire import Raw, pack, unpack

Fault = Callable[[Stack], Stack]


class _Through(Stack):
    """Hands all on."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def call(self, name: str) -> None:
        self.stack.call(name)

    def inject(self, packet: bytes) -> None:
        self.stack.inject(packet)

    def advance(self, seconds: float) -> float:
        return self.stack.advance(seconds)

    def packets(self) -> list[bytes]:
        return self.stack.packets()

    def state(self) -> Told | None:
        return self.stack.state()

    def numbers(self) -> Numbers | None:
        return self.stack.numbers()


class _Sent(_Through):
    """Changes each segment that is sent; None is one that is not."""

    def change(self, seg: Raw) -> Raw | None:
        raise NotImplementedError

    def packets(self) -> list[bytes]:
        segments = (unpack(packet) for packet in self.stack.packets())
        changed = (self.change(seg) for seg in segments if seg is not None)
        return [pack(seg) for seg in changed if seg is not None]


class NoFin(_Sent):
    """Never sends a FIN."""

    def change(self, seg: Raw) -> Raw | None:
        return None if seg.has("F") else seg


class NoReset(_Sent):
    """Never sends a reset."""

    def change(self, seg: Raw) -> Raw | None:
        return None if seg.has("R") else seg


class AckTooFar(_Sent):
    """Acknowledges one more than came."""

    def change(self, seg: Raw) -> Raw | None:
        return seg._replace(ack=(seg.ack + 1) % 2**32) if seg.has("A") else seg


class SeqTooFar(_Sent):
    """Numbers its FINs one too far."""

    def change(self, seg: Raw) -> Raw | None:
        return seg._replace(seq=(seg.seq + 1) % 2**32) if seg.has("F") else seg


class Deaf(_Through):
    """Takes no text: such a segment is lost on the way to it."""

    def inject(self, packet: bytes) -> None:
        seg = unpack(packet)
        if seg is None or not seg.text:
            self.stack.inject(packet)


class NoCloseWait(_Through):
    """Says ESTABLISHED in CLOSE-WAIT."""

    def state(self) -> Told | None:
        told = self.stack.state()
        return told and told._replace(state=told.state.replace("CLOSE-WAIT", "ESTABLISHED"))


class TakesMore(_Through):
    """Says that one more came: nobody sees it in what is sent."""

    def numbers(self) -> Numbers | None:
        told = self.stack.numbers()
        return told and told._replace(rcv_nxt=(told.rcv_nxt + 1) % 2**32)


SEEN = (NoFin, NoReset, AckTooFar, SeqTooFar, Deaf)
"""Faults that segments show."""
TOLD = (NoCloseWait, TakesMore)
"""Faults in what is told: a stack that tells nothing has them not."""


def faulty(driver: Driver, fault: Fault) -> Driver:
    """The same stack, with a fault."""

    @dataclass(frozen=True)
    class Faulty(type(driver)):  # type: ignore[misc]
        @contextmanager
        def start(self) -> Iterator[Stack]:
            with driver.start() as stack:
                yield fault(stack)

    values: dict[str, Any] = {f.name: getattr(driver, f.name) for f in fields(driver)}
    return replace(Faulty(**values), name=driver.name)
