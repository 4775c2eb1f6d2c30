"""PyTCP, in a child process, from PyPI: ``--build`` fetches it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from checker.stacks.drivers import peers
from checker.stacks.drivers.lines import LinesDriver
from checker.stacks.drivers.stack import Times
from checker.support.errors import ToolProblem

PACKAGE, VERSION = "pmd-pytcp", "0.3.8"


@dataclass(frozen=True)
class PytcpDriver(LinesDriver):
    """A pair of sockets for a device, virtual time, no root."""

    fetches: ClassVar[bool] = True

    def folder(self) -> Path:
        """Where the package is kept."""
        return peers.place() / f"pytcp-{VERSION}"

    def missing(self) -> str:
        """Whether it was fetched."""
        here = self.folder().is_dir()
        return "" if here else f"needs PyPI's {PACKAGE}: ./run stack {self.name} --build fetches it"

    def version(self) -> str:
        """The one that its driver is made for."""
        return VERSION

    def build(self) -> None:
        """Fetch it, if it is not there; by the digests in ``peers/pytcp.txt``."""
        if self.folder().is_dir():
            return
        part = self.folder().with_name(f"{self.folder().name}.part")
        shutil.rmtree(part, ignore_errors=True)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        where = ["--target", str(part), "--requirement", str(peers.SOURCES / "pytcp.txt")]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", *options, *where],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            told = done.stderr.strip().splitlines() or ["no reason given"]
            raise ToolProblem(f"{PACKAGE} cannot be fetched: {told[-1]}")
        part.rename(self.folder())

    def command(self) -> list[str]:
        """This Python, with the package on its path."""
        code = f"import sys; sys.path.insert(0, {str(self.folder())!r})"
        run = f"import runpy; runpy.run_path({str(peers.SOURCES / 'pytcp.py')!r})"
        return [sys.executable, "-c", f"{code}; {run}"]


PYTCP = PytcpDriver(
    name="pytcp",
    needs=f"PyPI's {PACKAGE}, which --build fetches",
    times=Times(quiet=0.25, answer=0.75, timer=8.0),
)
