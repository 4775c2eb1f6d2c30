"""The hellos of TLS (RFC 8446, 4.1): all of it that is readable without keys.

A client names the server that it wants (SNI, RFC 6066) and the protocols that it speaks (ALPN,
RFC 7301). Which of these is taken, a server says in the open up to TLS 1.2 only.
"""

from dataclasses import dataclass

from checker.narrate.printable import printable

VERSIONS = {0x301: "TLS 1.0", 0x302: "TLS 1.1", 0x303: "TLS 1.2", 0x304: "TLS 1.3"}

RECORDS = 64
"""Of one hello; with more, who reads it again with each segment would take too long."""


@dataclass(slots=True)
class Hello:
    """ClientHello or ServerHello."""

    client: bool
    version: str  # of a client: the highest that it offers
    server: str = ""
    protocols: tuple[str, ...] = ()


class _Short(Exception):
    """The octets end too soon."""


class _Octets:
    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def take(self, count: int) -> bytes:
        found = self.octets[self.at : self.at + count]
        if len(found) < count:
            raise _Short
        self.at += count
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> "_Octets":
        return _Octets(self.take(self.number(size)))

    def __bool__(self) -> bool:
        return self.at < len(self.octets)


def hello(octets: bytes) -> Hello | bool:
    """The hello that a direction begins with; True: there is more to come; False: it is none."""
    message = b""
    records, count = _Octets(octets), 0
    try:
        while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
            count += 1
            if count > RECORDS:
                return False
            kind, version = records.number(1), records.number(2)
            if kind != 22 or version >> 8 != 3:
                return False
            size = records.number(2)
            if size == 0:
                return False
            message += records.octets[records.at : records.at + size]
            records.take(size)
            if message[0] not in (1, 2):
                return False
    except _Short:
        return True
    try:
        return _hello(message[0] == 1, _Octets(message[4:]))
    except _Short:
        return False


def _hello(client: bool, body: _Octets) -> Hello:
    version = body.number(2)
    body.take(32)
    body.vector(1)  # session
    if client:
        body.vector(2)  # suites
        body.vector(1)  # compression
    else:
        body.take(3)
    found = Hello(client, "")
    extensions = body.vector(2) if body else _Octets(b"")
    while extensions:
        kind, data = extensions.number(2), extensions.vector(2)
        if kind == 0 and client and data:
            names = data.vector(2)
            while names:
                sort, name = names.number(1), names.vector(2)
                if sort == 0:
                    found.server = printable(name.octets)
        elif kind == 16:
            protocols = data.vector(2)
            while protocols and len(found.protocols) < 16:
                found.protocols += (printable(protocols.vector(1).octets),)
        elif kind == 43:
            offered = data.vector(1) if client else data
            while offered:
                one = offered.number(2)
                version = max(version, one) if one in VERSIONS else version
    found.version = VERSIONS.get(version, "TLS")
    return found
