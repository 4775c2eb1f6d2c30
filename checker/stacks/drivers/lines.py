"""A stack in a child process that speaks lines.

A line to the child is a call of ``stack.CALLS``, or one of

    in HEX      a packet arrives
    tick N      N times the child's unit of time pass, or as many as the answer says
    state       in which state the connection is; "record" after it: a record is all that is left
    tcb         rcv.nxt=N snd.una=N, if there is a connection that has them

It answers with ``out HEX`` for each packet that was sent, and then with ``ok WORDS`` or
``no WORDS``. So nothing is ever waited for. Each endpoint is a child of its own.
"""

import atexit
import os
import queue
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from checker.stacks.drivers.stack import Driver, Numbers, Refused, Stack, Told
from checker.support.errors import ToolProblem

_IDLE: dict[str, "queue.SimpleQueue[Lines]"] = {}
"""Of each stack, children that are there and serve no endpoint."""


class Lines(Stack):
    """The endpoint of a child."""

    def __init__(self, to: IO[str], of: IO[str], unit: float) -> None:
        self.to = to
        self.of = of
        self.unit = unit
        self.out: list[bytes] = []

    def ask(self, line: str) -> str:
        """Say a line; what is answered. Raises Refused."""
        try:
            self.to.write(line + "\n")
            self.to.flush()
        except BrokenPipeError:
            raise Refused("the stack died") from None
        for answer in self.of:
            word, _, rest = answer.strip().partition(" ")
            if word == "out":
                self.out.append(bytes.fromhex(rest))
            elif word == "ok":
                return rest
            else:
                raise Refused(rest if word == "no" else f"not understood: {answer.strip()!r}")
        raise Refused("the stack died")

    def call(self, name: str) -> None:
        """Let the user make a call."""
        self.ask(name)

    def inject(self, packet: bytes) -> None:
        """Let a packet arrive."""
        self.ask(f"in {packet.hex()}")

    def advance(self, seconds: float) -> float:
        """Let time pass, in units of the child."""
        ticks = max(1, round(seconds / self.unit))
        passed = self.ask(f"tick {ticks}")
        return int(passed or ticks) * self.unit

    def packets(self) -> list[bytes]:
        """What was told to be sent."""
        got, self.out = self.out, []
        return got

    def state(self) -> Told | None:
        """What it tells; "?" is what nobody knows."""
        state, _, record = self.ask("state").partition(" ")
        return Told(state, whole=not record) if state != "?" else None

    def numbers(self) -> Numbers | None:
        """What it tells."""
        told = dict(word.split("=") for word in self.ask("tcb").split())
        return Numbers(int(told["rcv.nxt"]), int(told["snd.una"])) if told else None


@dataclass(frozen=True)
class LinesDriver(Driver):
    """A stack whose endpoints are children that speak lines."""

    unit: float = 0.25
    """Seconds of a tick."""
    speaks: ClassVar[type[Lines]] = Lines

    def command(self) -> Sequence[str]:
        """What starts a child."""
        raise NotImplementedError

    def born(self, **more: Any) -> tuple["subprocess.Popen[str]", IO[str], IO[str]]:
        """A child, and the pipes to it and from it."""
        child: subprocess.Popen[str] = subprocess.Popen(
            self.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            **more,
        )
        assert child.stdin is not None, "it is a pipe"
        assert child.stdout is not None, "it is a pipe"
        return child, child.stdin, child.stdout

    @contextmanager
    def start(self) -> Iterator[Stack]:
        """A child of its own."""
        child, to, of = self.born()
        try:
            yield self.speaks(to, of, self.unit)
        finally:
            child.kill()
            child.wait()
            for pipe in (to, of):
                pipe.close()


@dataclass(frozen=True)
class Lasting(LinesDriver):
    """... whose children serve one endpoint after the other: ``fresh`` begins another.

    A child says ``ready`` once it can.
    """

    @contextmanager
    def start(self) -> Iterator[Stack]:
        """An endpoint of a child that serves no other. One that fails is not used again."""
        idle = _IDLE.setdefault(self.name, queue.SimpleQueue())
        try:
            child = idle.get_nowait()
            child.ask("fresh")
        except (queue.Empty, Refused):
            child = self._boot()
            child.ask("fresh")
        yield child
        child.packets()
        idle.put(child)

    def _boot(self) -> Lines:
        top = str(Path(__file__).parents[3])
        child, to, of = self.born(env={**os.environ, "PYTHONPATH": top}, process_group=0)
        atexit.register(_kill, child)
        told = ""
        for line in of:
            if line.strip() == "ready":
                return self.speaks(to, of, self.unit)
            told = line.strip() or told
        raise ToolProblem(f"{self.name} does not start: {told or 'it says nothing'}")


def _kill(child: "subprocess.Popen[str]") -> None:
    """End it, and the processes that are its own."""
    if child.poll() is None:
        os.killpg(child.pid, 9)
        child.wait()
