"""gVisor's netstack, in a child process."""

from dataclasses import dataclass

from checker.stacks.drivers import peers
from checker.stacks.drivers.lines import LinesDriver
from checker.stacks.drivers.stack import Times

SOURCES = "/usr/share/gocode/src/gvisor.dev/gvisor/pkg/tcpip/stack"
PACKAGE = "golang-gvisor-gvisor-dev"


@dataclass(frozen=True)
class GvisorDriver(LinesDriver):
    """A channel for a device, a clock that is moved by hand, no root."""

    def missing(self) -> str:
        """The sources and a compiler of Go."""
        lacking = peers.lacking(SOURCES, "go")
        return f"needs {' and '.join(lacking)}: apt-get install {PACKAGE} golang-go" * bool(lacking)

    def version(self) -> str:
        """The package's."""
        return peers.package_version(PACKAGE)

    def build(self) -> None:
        """A minute."""
        self.command()

    def command(self) -> list[str]:
        """The program, built if it is not there."""
        where = {
            "GO111MODULE": "off",
            "GOFLAGS": "",
            "GOPATH": "/usr/share/gocode",
            "GOCACHE": str(peers.place() / "go"),
        }
        command = ["go", "build", "-o", "OUT", "SOURCE"]
        return [str(peers.built("gvisor.go", command, self.version(), where))]


GVISOR = GvisorDriver(
    name="gvisor",
    needs=f"Debian's {PACKAGE} and golang-go; a minute to build",
    times=Times(quiet=0.0, answer=0.75, timer=80.0),  # no ACK is delayed
)
