"""libslirp, in a child process, in a network namespace of its own."""

from dataclasses import dataclass

from checker.stacks.drivers import peers
from checker.stacks.drivers.lines import LinesDriver
from checker.stacks.drivers.stack import Times
from checker.stacks.generate.hindrance import Can

HEADER = "/usr/include/slirp/libslirp.h"


@dataclass(frozen=True)
class SlirpDriver(LinesDriver):
    """Its user is a socket of the host. Time is virtual."""

    def missing(self) -> str:
        """The header and a compiler."""
        lacking = peers.lacking(HEADER, "cc")
        return f"needs {' and '.join(lacking)}: apt-get install libslirp-dev gcc" * bool(lacking)

    def version(self) -> str:
        """The package's."""
        return peers.package_version("libslirp-dev")

    def build(self) -> None:
        """A second."""
        self.command()

    def command(self) -> list[str]:
        """The program, built if it is not there."""
        command = ["cc", "-O1", "-Wall", "-Wextra", "-o", "OUT", "SOURCE", "-lslirp"]
        return [str(peers.built("slirp.c", command, self.version()))]


SLIRP = SlirpDriver(
    name="libslirp",
    needs="Debian's libslirp-dev, a C compiler, and the right to make a network namespace",
    can=Can(user_timeout=False, early_close=False),
    times=Times(quiet=0.25, answer=1.0, timer=16.0),
)
