"""Stacks in packages of PyPI, in child processes: ``--build`` fetches them."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from checker.stacks.drivers import peers
from checker.stacks.drivers.lines import Lasting, Lines, LinesDriver
from checker.stacks.drivers.stack import Times
from checker.stacks.drivers.wire import unpack
from checker.stacks.generate.hindrance import Can
from checker.support.errors import ToolProblem


@dataclass(frozen=True)
class PackageDriver(LinesDriver):
    """A package whose peer is ``peers/NAME.py``; ``peers/NAME.txt`` has its files' digests."""

    package: str = ""
    number: str = ""
    """Its version."""

    fetches: ClassVar[bool] = True

    def folder(self) -> Path:
        """Where the package is kept."""
        return peers.place() / f"{self.name}-{self.number}"

    def missing(self) -> str:
        """Whether it was fetched."""
        here = self.folder().is_dir()
        fetch = f"./run stack {self.name} --build fetches it"
        return "" if here else f"needs PyPI's {self.package}: {fetch}"

    def version(self) -> str:
        """The one that its peer is made for."""
        return self.number

    def build(self) -> None:
        """Fetch it, if it is not there."""
        if self.folder().is_dir():
            return
        part = self.folder().with_name(f"{self.folder().name}.part")
        shutil.rmtree(part, ignore_errors=True)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        where = ["--target", str(part), "--requirement", str(peers.SOURCES / f"{self.name}.txt")]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", *options, *where],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            told = done.stderr.strip().splitlines() or ["no reason given"]
            raise ToolProblem(f"{self.package} cannot be fetched: {told[-1]}")
        part.rename(self.folder())

    def command(self) -> list[str]:
        """This Python, with the package on its path."""
        code = f"import sys; sys.path[:0] = {[str(peers.SOURCES), str(self.folder())]!r}"
        run = f"import runpy; runpy.run_path({str(peers.SOURCES / f'{self.name}.py')!r})"
        return [sys.executable, "-c", f"{code}; {run}"]


@dataclass(frozen=True)
class PytcpDriver(Lasting, PackageDriver):
    """A pair of sockets for a device, virtual time. To import it takes longer than to play."""


PYTCP = PytcpDriver(
    name="pytcp",
    needs="PyPI's pmd-pytcp, which --build fetches",
    times=Times(quiet=0.25, answer=0.75, timer=8.0),
    package="pmd-pytcp",
    number="0.3.8",
)


class Seldom(Lines):
    """Sends one challenge ACK a second: a packet arrives no sooner after the last ACK."""

    rest: ClassVar[float] = 1.05
    spoke: float = 0.0
    """When it last sent an ACK, and nothing else."""

    def ask(self, line: str) -> str:
        """Say a line; what is answered."""
        before = len(self.out)
        answer = super().ask(line)
        if any((seg := unpack(packet)) and seg.flags == "A" for packet in self.out[before:]):
            self.spoke = time.monotonic()
        return answer

    def inject(self, packet: bytes) -> None:
        """Let a packet arrive, when it would be answered."""
        while (left := self.spoke + self.rest - time.monotonic()) > 0:
            self.advance(left)
        super().inject(packet)


@dataclass(frozen=True)
class SmoltcpDriver(PackageDriver):
    """A TUN device in a network namespace, in real time."""

    real_time: ClassVar[bool] = True
    asked: ClassVar[bool] = False
    keep_alive: ClassVar[bytes] = b"\0"  # mitmproxy-rs has it send one after 28 seconds
    speaks: ClassVar[type[Lines]] = Seldom

    def missing(self) -> str:
        """It takes root, too."""
        return super().missing() or ("" if os.geteuid() == 0 else "needs root")

    def version(self) -> str:
        """Its own, and that of the package that it is in."""
        return f"0.12.0, in {self.package} {self.number}"


SMOLTCP = SmoltcpDriver(
    name="smoltcp",
    needs="root, and PyPI's mitmproxy-rs, in which it is, which --build fetches",
    can=Can(connect=False, abort=False, user_timeout=False, unlisten=False, time_wait=False),
    times=Times(quiet=0.05, answer=0.5, timer=8.0, after=0.02, step=0.05),
    workers=10,
    unit=0.001,
    package="mitmproxy-rs",
    number="0.11.5",
)
