"""HTTP in one direction of a connection: heads, as they come by; bodies are passed over.

HTTP/1.x is RFC 9112: section 6.3 says how long a body is, 9.3 whether the connection is kept. Of
HTTP/2 in the open (RFC 9113) the requests are counted, by their streams. Of TLS, the hello is read.
To and from the port of DNS, messages behind their length (RFC 7766, section 8) are handed on.

What is held at a time is a head that is not complete, ``HEAD`` octets at most. Any octets do.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from checker.narrate.printable import printable
from checker.narrate.tls import Hello, hello

HEAD = 1 << 16
"""Octets of a head that are waited for."""
HEADS = 1_000
"""Heads of a direction that are kept; more are counted."""
FIRST = 1 << 14
"""Octets of a first line, or of a hello, by which a protocol is recognized."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_REQUEST = re.compile(rb"(" + _TOKEN + rb"{1,32}) ([^ \r\n]+) HTTP/(\d)\.(\d)\r?$", re.A)
_STATUS = re.compile(rb"HTTP/(\d)\.(\d) (\d\d\d)(?: .*)?\r?$", re.A)
_END = re.compile(rb"\n\r?\n")
_CHUNK = re.compile(rb"\s*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


@dataclass(slots=True)
class Head:
    """Of a request (``method``, ``target``) or a response (``status``)."""

    number: int  # of the packet with its last octet
    began: float  # when its first octet came
    version: str
    method: str = ""
    target: str = ""
    status: int = 0
    host: str = ""
    kept: bool = False  # may the connection be used again?
    length: int | None = None  # of the body; None: not said
    chunked: bool = False

    def size(self) -> int:
        """About as many octets of memory."""
        return 500 + len(self.target) + len(self.host)


@dataclass(slots=True)
class Reader:
    """One direction. ``asked``: the method of the request that a response answers, by its place.

    ``names``: who takes the messages of DNS, with packet and time, and says whether they are some.
    """

    asked: Callable[[int], str]
    names: Callable[[bytes, int, float], bool] | None = None
    kind: str = ""  # HTTP/1, HTTP/2, TLS, DNS or other, once that is known
    heads: list[Head] = field(default_factory=list)
    count: int = 0  # of requests, or of final responses
    most: int = HEADS  # heads that may be kept
    hello: Hello | None = None
    missing: bool = False  # the capture lacks octets that would have to be read
    held: bytearray = field(default_factory=bytearray)
    _step: Callable[[], bool] | None = None
    _left: int = 0  # octets to pass over
    _after: Callable[[], bool] | None = None  # what comes behind them
    _began: float = 0.0
    _looked: int = 0
    _stream: int = 0
    _number: int = 0
    _time: float = 0.0

    def take(self, octets: bytes, missing: int, number: int, time: float) -> None:
        """The next octets of the stream, and then some that the capture does not have."""
        self._number, self._time = number, time
        if self.kind == "":
            self._step = self._recognize if self.names is None else self._message
        self._feed(octets)
        if missing and self._step is not None:
            passed = min(missing, self._left)
            self._left -= passed
            if passed < missing or (self._left == 0 and self.held):
                self.stop(missing=True)
            elif self._left == 0:
                self._step = self._after

    def _feed(self, octets: bytes) -> None:
        view = memoryview(octets)
        while view and self._step is not None:
            if self._left:
                passed = min(self._left, len(view))
                self._left -= passed
                view = view[passed:]
                if self._left == 0:
                    self._step = self._after
                continue
            if not self.held:
                self._began = self._time
            # Not more at once than a head, so that no more is ever held.
            some = view[:HEAD]
            view = view[len(some) :]
            self.held += some
            self._steps()
            if len(self.held) > HEAD:
                self.stop()

    def _steps(self) -> None:
        """Read what is held as far as it goes. Nothing is copied: what was read is cut off."""
        while self.held and self._step is not None:
            if self._left:
                passed = min(self._left, len(self.held))
                del self.held[:passed]
                self._left -= passed
                self._began = self._time
                if self._left == 0:
                    self._step = self._after
            elif not self._step():
                return

    def stop(self, missing: bool = False) -> None:
        """The rest is not read."""
        self.missing = self.missing or missing
        self.held.clear()
        self._step, self._left = None, 0

    def _pass(self, count: int, after: Callable[[], bool]) -> None:
        self._left, self._after = count, after
        self._step = after

    def _recognize(self) -> bool:
        held = self.held
        if held.startswith((b"\r\n", b"\n")):
            del held[: 2 if held[0] == 13 else 1]
            return True
        if PREFACE.startswith(held[: len(PREFACE)]):
            if len(held) < len(PREFACE):
                return False
            self.kind = "HTTP/2"
            del held[: len(PREFACE)]
            self._step = self._frame
            return True
        if held[0] == 22 and (len(held) == 1 or held[1] == 3):
            found = hello(bytes(held))
            if found is True and len(held) < FIRST:
                return False
            self.kind = "TLS" if isinstance(found, Hello) else "other"
            self.hello = found if isinstance(found, Hello) else None
            self.stop()
            return False
        line, end, _ = bytes(held[:FIRST]).partition(b"\n")
        if end and (_REQUEST.match(line) or _STATUS.match(line)):
            self.kind = "HTTP/1"
            self._step = self._head
            return True
        if end or len(held) > FIRST or not re.match(_TOKEN + rb"{1,32}(?: |$)|HTTP(?:/|$)", line):
            self.kind = "other"
            self.stop()
        return False

    # DNS

    def _message(self) -> bool:
        """Two octets of length, and a message."""
        held = self.held
        size = 2 + int.from_bytes(held[:2], "big")
        if len(held) < 2 or len(held) < size:
            return False
        assert self.names is not None
        if not self.names(bytes(held[2:size]), self._number, self._time):
            self.kind = self.kind or "other"
            self.stop()
            return False
        self.kind = "DNS"
        self.count += 1
        del held[:size]
        return True

    # HTTP/1.x

    def _head(self) -> bool:
        held = self.held
        while held.startswith((b"\r\n", b"\n")):
            del held[: 2 if held[0] == 13 else 1]
        end = _END.search(held, max(0, self._looked - 2))
        if end is None:
            self._looked = len(held)
            return False
        lines = bytes(held[: end.start() + 1]).split(b"\n")
        del held[: end.end()]
        self._looked = 0
        head = self._start(lines[0])
        if head is None:
            self.stop()
            return False
        _fields(head, lines[1:])
        self._body(head)
        if not 100 <= head.status < 200 or head.status == 101:
            self.count += 1
            if len(self.heads) < self.most:
                self.heads.append(head)
        self._began = self._time
        return True

    def _start(self, line: bytes) -> Head | None:
        if found := _REQUEST.match(line):
            method, target, major, minor = found.groups()
            return Head(self._number, self._began, f"{int(major)}.{int(minor)}", printable(method),
                        printable(target))  # fmt: skip
        if found := _STATUS.match(line):
            major, minor, status = found.groups()
            return Head(self._number, self._began, f"{int(major)}.{int(minor)}", status=int(status))
        return None

    def _body(self, head: Head) -> None:
        """RFC 9112, 6.3."""
        method = self.asked(self.count) if head.status else ""
        if head.status == 101 or (method == "CONNECT" and 200 <= head.status < 300):
            self.stop()  # another protocol from here on
        elif method == "HEAD" or 100 <= head.status < 200 or head.status in (204, 304):
            self._step = self._head
        elif head.chunked:
            self._step = self._size
        elif head.length:
            self._pass(head.length, self._head)
        elif head.length == 0 or not head.status:
            self._step = self._head
        else:
            head.kept = False
            self.stop()  # up to the end of the connection

    def _size(self) -> bool:
        """The size of a chunk (RFC 9112, 7.1)."""
        found = _CHUNK.match(self.held)
        if found is None:
            if len(self.held) > 4096 or b"\n" in self.held.lstrip():
                self.stop(missing=True)
            return False
        size = int(found[1], 16)
        del self.held[: found.end()]
        if size:
            self._pass(size, self._size)
        else:
            self._step = self._trailer
        return True

    def _trailer(self) -> bool:
        """Lines up to one that is empty."""
        end = self.held.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.held[:end])
        del self.held[: end + 1]
        if line in (b"", b"\r"):
            self._step = self._head
        return True

    # HTTP/2

    def _frame(self) -> bool:
        """A frame's header (RFC 9113, 4.1): HEADERS of a new stream is a request."""
        held = self.held
        if len(held) < 9:
            return False
        size = int.from_bytes(held[:3], "big")
        stream = int.from_bytes(held[5:9], "big") & 0x7FFFFFFF
        if held[3] == 1 and stream > self._stream:
            self._stream = stream
            self.count += 1
        del held[:9]
        if size:
            self._pass(size, self._frame)
        return True


def _fields(head: Head, lines: list[bytes]) -> None:
    """The header fields that matter here."""
    connection = b""
    for line in lines:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        if name == b"host":
            head.host = printable(value)
        elif name == b"connection":
            connection += b"," + value.lower()
        elif name == b"transfer-encoding":
            head.chunked = value.lower().endswith(b"chunked")
        elif name == b"content-length" and re.fullmatch(rb"[0-9]{1,18}", value):
            head.length = int(value)
    options = {one.strip() for one in connection.split(b",")}
    asks = b"keep-alive" in options
    head.kept = b"close" not in options and (head.version >= "1.1" or asks)
