"""The projects whose scripts are read: which, for which stack, and what is wrong with some."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from checker.stacks import PROFILES
from checker.stacks.foreign.edges import PACKETIMPACT_EDGES
from checker.stacks.foreign.linux_data import LINUX_DATA
from checker.stacks.foreign.old import OLD_FREEBSD, OLD_LINUX, OLD_WINDOWS
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
    switches: Mapping[str, Any] = field(default_factory=dict)  # that the profile does not have
    note: str = ""  # what was read
    also: tuple[Departure, ...] = ()  # that plans of one endpoint do not meet
    learned: bool = False  # machines, and no scripts
    skips: Mapping[str, str] = field(default_factory=dict)  # why, by the path's beginning

    def skipped(self, path: str) -> str:
        """Why a script is not walked through, if it is not."""
        return next((why for part, why in self.skips.items() if part in path), "")

    def rules(self, says: str) -> dict[str, Any]:
        """The stack's switches, or none under a word of the standard."""
        if says in self.standard:
            return {}
        profile = PROFILES.get(self.profile)
        return {**(profile.switches if profile else {}), **self.switches}

    def departures(self) -> tuple[Departure, ...]:
        """What is known of the stack by name."""
        profile = PROFILES.get(self.profile)
        return (*self.also, *(profile.departures if profile else ()))

    def reads(self, path: str) -> bool:
        """Is a script read?"""
        return path.startswith(self.under)


FREEBSD = Source(
    "freebsd-net/tcp-testsuite",
    "freebsd",
    standard=("STANDARD",),
    more={"net.inet.tcp.drop_synfin=1": SYN_FIN},
)

PACKETDRILL = Source(
    "google/packetdrill",
    "linux",
    skips={
        "/psp/": "PSP",
        "/fastopen/": "Fast Open",
        "/cubic/": "CUBIC",
        "/fast_recovery/": "loss recovery by SACK",
        "/mtu_probe/": "probes of the path's MTU",
        "/slow-start-fq": "pacing",
        "/epoll_out_edge": "a send buffer that is full",
        "/notsent_lowat/": "a send buffer that is full",
        "/eor/no-coalesce-large": "MSG_EOR",
        "/zerocopy/maxfrags": "fragments of zero copy",
    },
    also=LINUX_DATA,
)

LINUX = Source(
    "torvalds/linux",
    "linux",
    also=LINUX_DATA,
    note="The repository is too large to be fetched here: of its 158 scripts nine were read that "
    "are not among Google's, each at the version that an index has of it.",
)

GVISOR = Source(
    "google/gvisor",
    "gvisor",
    under=("test/packetdrill/",),
    switches={"fin_wait_2_timeout": True},
)

PACKETIMPACT = Source(
    "google/gvisor packetimpact",
    "gvisor",
    switches={"fin_wait_2_timeout": True},
    note="Its tests are programs, and were read by hand (`tests/foreign/packetimpact.hand.toml`). "
    "They hold of gVisor and of Linux alike.",
    also=PACKETIMPACT_EDGES,
)

_LEARNED = "DES-Lab/AALpy"
_LEARNED_NOTE = (
    "Machines that were learned of real stacks, in folder DotModels/TCP; a *script* is a machine, "
    "a *reading* one of its states, and a fact a transition, after a shortest way to it."
)
LEARNED_LINUX = Source(
    f"{_LEARNED} Linux",
    "linux",
    under=("DotModels/TCP/TCP_Linux_Client", "DotModels/TCP/tcp_server_ubuntu"),
    note=_LEARNED_NOTE,
    also=OLD_LINUX,
    learned=True,
)
LEARNED_FREEBSD = Source(
    f"{_LEARNED} FreeBSD",
    "freebsd",
    under=("DotModels/TCP/tcp_server_bsd",),
    note=_LEARNED_NOTE,
    switches={"syn_challenge": False},
    also=OLD_FREEBSD,
    learned=True,
)
LEARNED_WINDOWS = Source(
    f"{_LEARNED} Windows",
    "",
    under=("DotModels/TCP/tcp_server_windows",),
    note=_LEARNED_NOTE,
    switches={"syn_challenge": False, "time_wait_reopen": True},
    also=OLD_WINDOWS,
    learned=True,
)

SOURCES = {
    source.name: source
    for source in (
        FREEBSD,
        PACKETDRILL,
        LINUX,
        GVISOR,
        PACKETIMPACT,
        LEARNED_LINUX,
        LEARNED_FREEBSD,
        LEARNED_WINDOWS,
    )
}


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
