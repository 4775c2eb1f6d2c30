"""The projects whose scripts are read: which, for which stack, and what is wrong with some."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from checker.stacks.freebsd import SYN_FIN
from checker.stacks.profile import Departure


@dataclass(frozen=True, slots=True)
class Source:
    """A project's scripts."""

    name: str  # of its repository at GitHub
    profile: str  # of the stack that they are for
    under: tuple[str, ...] = ("",)  # the folders that are read
    standard: tuple[str, ...] = ()  # words of #ifdef under which the standard speaks, not the stack
    more: Mapping[str, Departure] = field(default_factory=dict)  # departures, by the setting

    def reads(self, path: str) -> bool:
        """Is a script read?"""
        return path.startswith(self.under)


FREEBSD = Source(
    "freebsd-net/tcp-testsuite",
    "freebsd",
    standard=("STANDARD",),
    more={"net.inet.tcp.drop_synfin=1": SYN_FIN},
)

SOURCES = {source.name: source for source in (FREEBSD,)}


class Said(Protocol):
    """What a fact says, as far as it may be wrong."""

    says: str
    event: str
    state: str
    wants: tuple[str, ...]


class Theirs(NamedTuple):
    """An error of scripts."""

    why: str
    applies: Callable[[Said], bool]


def _reset_at_snd_nxt(fact: Said) -> bool:
    resets = len(fact.wants) == 1 and fact.wants[0].startswith("RST,ACK seq=ISS+")
    return fact.says == "STANDARD" and fact.event.split(" ")[0].startswith("SYN") and resets


THEIRS = (
    Theirs(
        "STANDARD has the reset that answers a SYN at SND.NXT, as FreeBSD does; 3.5.2 has it at "
        "SEG.ACK, or 0",
        _reset_at_snd_nxt,
    ),
)
