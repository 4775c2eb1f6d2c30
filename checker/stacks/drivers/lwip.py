"""lwIP, in a child process, by its raw API."""

from dataclasses import dataclass

from checker.stacks.drivers import peers
from checker.stacks.drivers.lines import LinesDriver
from checker.stacks.drivers.stack import Times
from checker.stacks.generate.hindrance import Can

HEADER = "/usr/include/lwip/lwip/init.h"


@dataclass(frozen=True)
class LwipDriver(LinesDriver):
    """A device of our own, virtual time, no root."""

    def missing(self) -> str:
        """The headers and a compiler."""
        lacking = peers.lacking(HEADER, "cc")
        return f"needs {' and '.join(lacking)}: apt-get install liblwip-dev gcc" if lacking else ""

    def version(self) -> str:
        """The package's."""
        return peers.package_version("liblwip-dev")

    def build(self) -> None:
        """A second."""
        self.command()

    def command(self) -> list[str]:
        """The program, built if it is not there."""
        flags = ["-O1", "-Wall", "-Wextra", "-I/usr/include/lwip"]
        program = peers.built(
            "lwip.c", ["cc", *flags, "-o", "OUT", "SOURCE", "-llwip"], self.version()
        )
        return [str(program)]


LWIP = LwipDriver(
    name="lwip",
    needs="Debian's liblwip-dev, and a C compiler",
    can=Can(user_timeout=False, early_send=True, embryo=True),
    times=Times(quiet=0.25, answer=0.75, timer=8.0),  # an ACK may be delayed by a tick
)
