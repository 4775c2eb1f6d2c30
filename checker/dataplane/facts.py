"""What is noted of one direction. Times are of the capture point; places are octets from the ISN,
so that the SYN has place 0 and the text begins at 1."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from spec.tcp.retransmission import LEAST, Estimate, first, later


class Kind(Enum):
    """Why octets were sent again, as far as it can be inferred."""

    FAST = "fast retransmit"  # three duplicate ACKs were seen (RFC 5681 3.2)
    SACK = "retransmit on SACK"  # what was sent later had arrived (RFC 6675, RFC 8985)
    RECOVERY = "in recovery"  # follows a retransmission that has a reason
    TIMEOUT = "timeout"  # nothing came that asked for it (RFC 6298)
    TAIL = "timeout or tail loss probe"  # ... and it is the last of what was sent (RFC 8985 7)
    PROBE = "zero-window probe"  # RFC 9293 3.8.6.1
    ANSWER = "answer"  # a SYN, its text or a FIN again, when something came from the peer
    COPY = "copy"  # the same packet, twice in the network or in the capture
    UNKNOWN = "cannot be told"


@dataclass(slots=True)
class Resend:
    """Octets that were seen before, or that lie below such, in one more segment."""

    packet: int
    time: float
    start: int
    end: int
    kind: Kind
    before: int = 0  # the packet that had them last; 0: the capture has none
    waited: float | None = None  # since then
    duplicates: tuple[int, ...] = ()  # packets of the duplicate ACKs that were seen
    sacked: int = 0  # octets above it that had arrived, as SACK says
    acked: bool = False  # were all of it acknowledged already, as seen from here?
    needless: bool = False  # does the receiver say that it got it twice (RFC 2883)?
    alone: bool = False  # was nothing else in flight?
    first: bool = False  # of its recovery
    control: bool = False  # a SYN or FIN alone
    since_ack: float | None = None  # since the last ACK of something new


class Late(NamedTuple):
    """Octets below the newest, of which the capture has no earlier sending."""

    packet: int
    start: int
    end: int
    waited: float  # since the gap was seen
    reordered: bool | None  # else sent again; None: cannot be told


class Gap(NamedTuple):
    """Octets that the capture lacks, as what came next shows."""

    packet: int
    start: int
    end: int
    acknowledged: bool  # an ACK showed it, not the next segment


class Beyond(NamedTuple):
    """Text beyond the right edge that was offered."""

    packet: int
    octets: int
    edge: int
    packet_of_edge: int
    excuse: str  # why it may be right all the same


class Shrink(NamedTuple):
    """The right edge moved to the left."""

    packet: int
    octets: int


class Probe(NamedTuple):
    """What was sent into a zero window."""

    packet: int
    time: float
    octets: int


@dataclass(slots=True)
class Zero:
    """A time in which the receiver offered nothing."""

    packet: int
    began: float
    probes: list[Probe] = field(default_factory=list)
    more: int = 0  # probes that are not listed
    answered: int = 0
    opened: int = 0  # the packet
    ended: float | None = None
    outstanding: bool = False  # was something unacknowledged when it began?
    waiting: float | None = None  # how soon after it something new was sent
    reset: int = 0  # the packet with which the sender gave up
    rto: float = 1.0  # by RFC 6298 from what was measured until then


class Ignored(NamedTuple):
    """Three duplicate ACKs, and no retransmission until something else ended the matter."""

    packet: int  # the third
    what: str


class Differs(NamedTuple):
    """A place that had another octet before."""

    packet: int
    before: int
    place: int


class Silly(NamedTuple):
    """A small window that was offered after a smaller one."""

    packet: int
    octets: int


class Round(NamedTuple):
    """What was in flight from one moment until all of it was acknowledged."""

    began: float
    ended: float
    flight: int  # the most
    limited: bool  # did it reach the window?
    drained: bool  # was nothing in flight for a while: had the sender nothing to send?
    recovering: bool


class Episode(NamedTuple):
    """A recovery from a loss."""

    kind: Kind
    packet: int
    began: float
    ended: float | None
    silent: float  # when the silence before a timeout began


@dataclass(slots=True)
class Trip:
    """Round trips, of segments that were sent once (Karn's algorithm), with RFC 6298's numbers."""

    count: int = 0
    least: float = 0.0
    most: float = 0.0
    total: float = 0.0
    estimate: Estimate | None = None
    excluded: int = 0  # ACKs that tell nothing since a segment was sent again

    def add(self, seconds: float) -> None:
        """One more sample."""
        if self.estimate is None:
            self.least = self.most = seconds
            self.estimate = first(seconds, float(LEAST))
        else:
            self.estimate = later(self.estimate, seconds)
            self.least = min(self.least, seconds)
            self.most = max(self.most, seconds)
        self.count += 1
        self.total += seconds

    @property
    def smooth(self) -> float:
        """SRTT; 0 without a sample."""
        return float(self.estimate.srtt) if self.estimate is not None else 0.0

    @property
    def rto(self) -> float:
        """What a sender would wait that has measured the same (RFC 6298 2)."""
        return float(self.estimate.rto if self.estimate is not None else LEAST)


def duration(seconds: float) -> str:
    """As text: a round trip may be less than a millisecond, a silence many seconds."""
    if seconds < 0.1:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"
