"""Tables of sockets: ``ss -tan``, ``netstat -an`` (Linux, BSDs, Windows), ``/proc/net/tcp``.

A line is known by what is in it, not by its heading: the name of a state, and two sockets. So the
columns may be any that these programs print. A line that has neither is passed over if it can be a
heading, and counted if not.
"""

import ipaddress
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from spec.tcp.tcb import State

STATES = {
    **{state.value: state for state in State},
    "ESTAB": State.ESTABLISHED,
    "SYN-RECV": State.SYN_RECEIVED,
    "SYN-RCVD": State.SYN_RECEIVED,
    "FIN-WAIT1": State.FIN_WAIT_1,
    "FIN-WAIT2": State.FIN_WAIT_2,
    "CLOSE": State.CLOSED,
    "UNCONN": State.CLOSED,
    "LISTENING": State.LISTEN,  # Windows
}
"""As programs call them; ``_`` stands for ``-``."""
_KERNEL = (
    None, State.ESTABLISHED, State.SYN_SENT, State.SYN_RECEIVED, State.FIN_WAIT_1,
    State.FIN_WAIT_2, State.TIME_WAIT, State.CLOSED, State.CLOSE_WAIT, State.LAST_ACK,
    State.LISTEN, State.CLOSING, State.SYN_RECEIVED,
)  # fmt: skip
"""By the numbers of Linux (include/net/tcp_states.h); the last is a request without a socket."""
_PROC = re.compile(r"\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) "
                   r"([0-9A-F]{8}):([0-9A-F]{8}) ")  # fmt: skip
_HEADING = re.compile(
    r"\s*(State|Netid|Recv-Q|Proto|Active|sl|Address +Type|Registered kernel|id +(flags|name))\b"
    r"|\s*$"
)
_NO_SOCKET = re.compile(
    r"(0x)?[0-9a-f]+ +(stream|dgram|raw|rdm|seqpac)\w* +\d+ +\d+ "  # UNIX domain, of BSD and macOS
    r"|\s*\d+( +\w+)* +com\.\S+\s*$"  # a module of macOS's kernel
)
_DETAIL = re.compile(r"\s(?!\s*tcp\d*\s).*\b[a-z]\w*:[^\s:]", re.IGNORECASE)
"""What ``ss -i`` and ``-m`` print below a socket: ``rto:204``, ``skmem:(r0,...``."""
_OTHERS = ("udp", "u_", "unix", "raw", "nl", "p_", "icm", "sctp", "dccp", "v_", "kctl", "kevt")
_IPV6 = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%\S+)?")
_PROGRAM = re.compile(r'users:\(\("([^"]*)",pid=(\d+)|(?<=\s)(\d+)/(\S+)')


BEGINNING = 1 << 16
"""Octets of a file by which a table is known."""


class Socket(NamedTuple):
    """One line. A port is a number, or a name where the program printed one."""

    state: State
    here: tuple[str, str]  # address and port
    there: tuple[str, str]
    received: int  # octets that the program has not taken; in LISTEN, connections
    unsent: int  # octets that are not acknowledged; in LISTEN, how many connections may wait
    program: str  # "" where it is not told


class Refused(NamedTuple):
    """A line that was not understood."""

    number: int
    text: str


def is_table(path: Path) -> bool:
    """Does a file begin with text in which there is a socket?"""
    try:
        if not path.is_file():
            return False  # of a pipe, what was looked at would be gone
        with path.open("rb") as file:
            head = file.read(BEGINNING)
    except OSError:
        return False
    if b"\0" in head:
        return False
    lines = head.decode("utf-8", "backslashreplace").splitlines()
    return any(isinstance(one, Socket) for one in read(lines))


def read(lines: Iterable[str]) -> Iterator[Socket | Refused]:
    """The TCP sockets of a table; other sockets and headings are passed over."""
    below = False  # a socket
    for number, line in enumerate(lines, 1):
        if (found := _PROC.match(line)) is not None:
            yield _of_proc(*found.groups())
            continue
        one = _of_words(line)
        if one is not None:
            below = True
            yield one
        elif _HEADING.match(line):
            below = False
        elif _other(line):
            below = True
        elif not _NO_SOCKET.match(line) and not (below and _DETAIL.match(line)):
            below = False
            yield Refused(number, line.rstrip("\n"))


def _other(line: str) -> bool:
    """Is it of another protocol?"""
    first = line.split(maxsplit=1)[0].lower()
    return first.startswith(_OTHERS)


def _of_proc(
    here: str, port: str, there: str, to: str, state: str, unsent: str, received: str
) -> Socket | Refused:
    number = int(state, 16)
    known = _KERNEL[number] if number < len(_KERNEL) else None
    if known is None:
        return Refused(0, f"state {state}")
    ends = [(_address(host), str(int(one, 16))) for host, one in ((here, port), (there, to))]
    return Socket(known, ends[0], ends[1], int(received, 16), int(unsent, 16), "")


def _address(words: str) -> str:
    """Four octets at a time, in the order of the machine that printed them: as of this one."""
    order = sys.byteorder
    octets = b"".join(
        int(words[i : i + 8], 16).to_bytes(4, order) for i in range(0, len(words) - 7, 8)
    )
    return _plain(str(ipaddress.ip_address(octets))) if len(octets) in (4, 16) else words


def _of_words(line: str) -> Socket | None:
    if _other(line + " x"):
        return None
    words = line.split()
    states = [STATES.get(word.upper().replace("_", "-")) for word in words]
    ends = [end for end in map(_end, words) if end is not None]
    state = next((one for one in states if one is not None), None)
    if state is None or len(ends) < 2:
        return None
    queues = [int(word) for word in words if word.isascii() and word.isdigit()][:2]
    received, unsent = queues if len(queues) == 2 else (0, 0)
    found = _PROGRAM.search(line)
    program = ""
    if found is not None:
        program = f"{found[1]} ({found[2]})" if found[1] is not None else f"{found[4]} ({found[3]})"
    return Socket(state, ends[0], ends[1], received, unsent, program)


def _end(word: str) -> tuple[str, str] | None:
    """``10.0.0.1:80``, ``[::1]:80``, ``:::80``, ``*:80``; the BSDs have ``10.0.0.1.80``."""
    if word.startswith("users:") or word[0] == "-":
        return None
    host, separator, port = word.rpartition(":")
    if not separator or "." in port:
        host, separator, port = word.rpartition(".")
        known = _IPV6.fullmatch(host) if ":" in host else host == "*" or host.count(".") == 3
        if not known:
            return None
    if not host or not (port == "*" or re.fullmatch(r"[\w-]+", port)):
        return None
    return _plain(host.split("%")[0].strip("[]") if host != "::" else host), port


def _plain(host: str) -> str:
    """An address of IPv4 that is told as one of IPv6 is the same address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host  # "*", a name, or one that was cut
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
