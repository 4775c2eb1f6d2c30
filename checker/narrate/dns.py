"""DNS messages (RFC 1035, section 4): what was asked, and what was answered.

Whatever the octets, reading ends: a name's pointers must each point before the last (4.1.4 lets
them point only to a prior occurrence), and counts of records are bounded by the octets there are.
"""

import ipaddress
from dataclasses import dataclass, field

from checker.narrate.printable import printable

TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
    64: "SVCB", 65: "HTTPS", 255: "ANY",
}  # fmt: skip
CODES = {0: "", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
ANSWERS = 64
"""Answers of one message that are kept."""
HEADER = 12
"""Octets before the first name; no name points there."""
NAME = 255
"""Octets of a name (RFC 1035, 3.1)."""


@dataclass(slots=True)
class Message:
    """A query or a response; ``answers``: type and data, in the order of the message."""

    ident: int
    response: bool
    code: str
    truncated: bool
    name: str
    type: str
    answers: list[tuple[str, str]] = field(default_factory=list)


def read(octets: bytes) -> Message | None:
    """The message, if it is one with a question; answers as far as they can be read."""
    if len(octets) < 12:
        return None
    ident, flags, questions, count = (_number(octets, at) for at in (0, 2, 4, 6))
    if questions != 1 or flags >> 11 & 15:
        return None  # 0 is a standard query
    question = _name(octets, 12)
    if question is None or len(octets) < question[1] + 4:
        return None
    name, at = question
    code = CODES.get(flags & 15, f"error {flags & 15}")
    kind = _type(_number(octets, at))
    found = Message(ident, bool(flags >> 15), code, bool(flags >> 9 & 1), name, kind)
    at += 4
    for _ in range(min(count, ANSWERS) if found.response else 0):
        owner = _name(octets, at)
        if owner is None or len(octets) < owner[1] + 10:
            break
        at = owner[1] + 10
        size = _number(octets, at - 2)
        if len(octets) < at + size:
            break
        found.answers.append(_data(octets, _number(octets, at - 10), at, size))
        at += size
    return found


def _number(octets: bytes, at: int) -> int:
    return octets[at] << 8 | octets[at + 1]


def _type(number: int) -> str:
    return TYPES.get(number, f"TYPE{number}")


def _data(octets: bytes, kind: int, at: int, size: int) -> tuple[str, str]:
    data = octets[at : at + size]
    if (kind, size) in ((1, 4), (28, 16)):
        return _type(kind), str(ipaddress.ip_address(data))
    if kind in (2, 5, 12):
        name = _name(octets, at)
        return _type(kind), name[0] if name is not None else "?"
    return _type(kind), ""


def _name(octets: bytes, at: int) -> tuple[str, int] | None:
    """A name, and where what comes after it begins."""
    labels: list[str] = []
    length, end, limit = 0, 0, at
    while at < len(octets):
        size = octets[at]
        if size == 0:
            return ".".join(labels) or ".", end or at + 1
        if size < 64:
            label = octets[at + 1 : at + 1 + size]
            length += size + 1
            if len(label) < size or length > NAME:
                return None
            labels.append(printable(label))
            at += size + 1
        elif size >= 192 and at + 1 < len(octets):
            end = end or at + 2
            at = _number(octets, at) & 0x3FFF
            if not HEADER <= at < limit:
                return None
            limit = at
        else:
            return None
    return None
