"""What a script's connection is set up with, what it sets, and whether it can be walked through."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from checker.stacks.foreign.host import WINDOW, Setup
from checker.stacks.foreign.script import Call, Packet, Script, Shell, Unread


class Skipped(Exception):
    """A script is not walked through, or not any further; the reason, by kind."""


SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "net.inet.tcp.insecure_rst=1": {"reset_exact": False},
    "net.inet.tcp.insecure_syn=1": {"syn_challenge": False},
    "net.inet.tcp.drop_synfin=1": {},
    "TCP_NODELAY=[1]": {"nagle": False},
}
"""What a script sets that changes an answer, as switches."""
PIECES = 128
"""Of a receive window, at most."""

_OPTIONS = (
    ("FO", "Fast Open"),
    ("exp", "an experimental option"),
    ("md5", "TCP MD5"),
    ("acc", "AccECN"),
    ("AccECN", "AccECN"),
    ("ECN", "AccECN"),
)
_SOCKOPTS = {
    "TCP_FASTOPEN": "Fast Open",
    "TCP_FASTOPEN_CONNECT": "Fast Open",
    "TCP_FASTOPEN_KEY": "Fast Open",
    "TCP_MD5SIG": "TCP MD5",
    "TCP_CONGESTION": "a congestion control of its own",
    "TCP_CORK": "TCP_CORK",
    "TCP_DEFER_ACCEPT": "deferred accept()",
    "TCP_REPAIR": "TCP_REPAIR",
    "TCP_USER_TIMEOUT": "a user timeout",
    "TCP_MAXSEG": "a segment size of its own",
    "TCP_LINGER2": "",
    "TCP_ULP": "upper layer protocols",
    "TCP_REMOTE_UDP_ENCAPS_PORT": "",
}


def settings(script: Script) -> tuple[str, ...]:
    """What the script sets that changes an answer."""
    found: dict[str, str] = {}
    for statement in script.statements:
        if isinstance(statement.what, Shell):
            for name, value in re.findall(r"sysctl (?:-w )?([\w.]+)=(\S+)", statement.what.text):
                found[name] = value
        if isinstance(statement.what, Packet):
            break  # what is set after the first segment undoes it
    said = {f"{name}={value}" for name, value in found.items()}
    for statement in script.statements:
        if isinstance(statement.what, Call) and statement.what.name == "setsockopt":
            said |= {f"{option}={statement.what.args[3]}" for option in statement.what.args[2:3]}
    return tuple(sorted(said & SETTINGS.keys()))


def switches(of: tuple[str, ...]) -> dict[str, Any]:
    """The switches that settings are."""
    return {k: v for each in of for k, v in SETTINGS[each].items()}


def setup(script: Script) -> tuple[Setup, int]:
    """What its connection is set up with, and how large its receive window is in the script."""
    packets = [s.what for s in script.statements if isinstance(s.what, Packet)]
    texts = [p for p in packets if p.text]
    window = _window(script, packets)
    heard = [p for p in texts if not p.out and p.seq is not None and not p.ctl.syn]
    if not texts:
        return Setup(), window
    mss = _mss(packets)
    size = _pieces(heard)
    if size == 0:
        return Setup(window, mss, window), window
    # Beyond the window nothing is held.
    if any(p.seq is not None and p.seq + p.text - 1 > window for p in heard):
        return Setup(window, mss, window), window
    furthest = max(p.seq + p.text for p in heard if p.seq is not None)
    fits = 2 * (furthest // size + 1)  # so that no window opens that would not in the stack
    if fits > PIECES:
        if len(heard) > 1:
            raise Skipped("text in more pieces than a host holds here")
        return Setup(), window
    return Setup(fits * size, mss, size, _sack(packets)), window


def _sack(packets: list[Packet]) -> bool:
    """Have both ends said that they know SACK?"""
    said = {p.out for p in packets if p.ctl.syn and "sackOK" in p.options}
    return len(said) == 2


def _pieces(heard: list[Packet]) -> int:
    """The size of the pieces in which text beyond a gap comes; 0 if there is no gap."""
    nxt, base, size = 1, 0, 0
    for p in heard:
        assert p.seq is not None
        end = p.seq + p.text
        if not base and p.seq <= nxt:
            nxt = max(nxt, end)
            continue
        base = base or nxt
        size = math.gcd(size, max(p.seq - base, 0), max(end - base, 0))
    return size


def _window(script: Script, packets: list[Packet]) -> int:
    """The receive buffer, if the script tells; else the largest window that is offered."""
    calls = [s.what for s in script.statements if isinstance(s.what, Call)]
    listeners = {call.args[0] for call in calls if call.name == "listen"}
    told = [
        int(call.args[3].strip("[]"))
        for call in calls
        if call.name == "getsockopt"
        and call.args[2] == "SO_RCVBUF"
        and call.args[0] not in listeners
        and call.args[3].strip("[]").isdigit()
    ]
    if told:
        return told[-1]
    shift = shift_of(packets, ours=True)
    wins = [
        (p.ack or 1, p.win << (shift * (not p.ctl.syn)))
        for p in packets
        if p.out and p.win is not None and not p.ctl.rst
    ]
    first = [win for ack, win in wins if ack == 1]
    later = [ack - 1 + win for ack, win in wins]
    came = max((p.seq + p.text for p in packets if not p.out and p.seq is not None), default=0)
    untold = came if came > WINDOW else WINDOW  # large enough
    return max(first, default=0) or next(iter(later), 0) or untold


def _mss(packets: list[Packet]) -> int:
    for p in packets:
        if not p.out and p.ctl.syn and (match := re.search(r"mss (\d+)", p.options)):
            return int(match[1]) - 12 * ("TS val" in p.options)
    return 536


def _scale(p: Packet) -> int | None:
    match = re.search(r"wscale (\d+)", p.options)
    return int(match[1]) if match else None


def shift_of(packets: list[Packet], ours: bool = False) -> int:
    """By how many bits the peer's windows, or ours, are scaled. Options that are not told have a
    scale, which is not known."""
    syns = [p for p in packets if p.ctl.syn]
    both = [[_scale(p) for p in syns if p.out == out] for out in (True, False)]
    untold = any(p.options == "..." for p in syns if p.out)
    if not (any(n is not None for n in both[0]) or untold):
        return 0
    if all(n is None for n in both[1]):
        return 0
    return next((n for n in both[0 if ours else 1] if n is not None), 0)


def unfit(script: Script) -> None:
    """Refuse what the specification does not have."""
    for reason in _unfit(script):
        raise Skipped(reason)


def _unfit(script: Script) -> Iterator[str]:
    for statement in script.statements:
        what = statement.what
        if isinstance(what, Unread):
            yield what.kind
        if isinstance(what, Packet):
            if what.marked:
                yield "ECN"
            for mark, reason in _OPTIONS:
                if re.search(rf"\b{mark}\b", what.options):
                    yield reason
        if isinstance(what, Call) and what.name in ("setsockopt", "getsockopt"):
            option = what.args[2] if len(what.args) > 2 else ""
            if _SOCKOPTS.get(option):
                yield _SOCKOPTS[option]
        if isinstance(what, Call) and what.name in ("psp_rx_assoc", "psp_tx_assoc", "splice"):
            yield f"{what.name}()"
