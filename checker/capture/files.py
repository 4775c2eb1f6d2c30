"""pcap and pcapng files, frame by frame.

The readers that are about either take the lengths in a file at their word, and so read as much
memory as a damaged file says, or know one interface only. This one streams, refuses a length
that no capture has, and keeps each interface's link type and clock.

A file that ends or breaks in the middle gives its frames up to there, and then ``Damage``.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from checker.support.errors import UsageProblem


class Frame(NamedTuple):
    """One frame: its link type, its time in seconds, what was kept of it, its whole length, and
    its number in the file, from 1 on."""

    link: int
    time: float
    data: bytes
    length: int
    number: int


class Damage(Exception):
    """The file cannot be read on; one line that says where and why."""


LONGEST = 1 << 18
"""Octets of one frame: as much as any capture program keeps."""
BLOCK = LONGEST + (1 << 16)
"""Octets of one pcapng block that is read: a frame and its options."""
INTERFACES = 1 << 12
BUFFER = 1 << 18

_PCAP = {
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_PACKED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"\x28\xb5": "zstd"}


def in_file_order(path: Path) -> Iterator[Frame]:
    """The frames of a capture file. Raises UsageProblem if it is none, Damage if it breaks."""
    try:
        file = path.open("rb", buffering=BUFFER)
    except OSError as error:
        raise UsageProblem(f"cannot read {str(path)!r}: {error.strerror}") from error
    with file:
        try:
            magic = file.read(4)
            if magic in _PCAP:
                yield from _pcap(file, *_PCAP[magic])
            elif magic == _SECTION:
                yield from _pcapng(file)
            else:
                raise UsageProblem(f"{str(path)!r} is {_other(magic)}")
        except OSError as error:
            raise UsageProblem(f"cannot read {str(path)!r}: {error.strerror}") from error


def _other(magic: bytes) -> str:
    if not magic:
        return "empty"
    if magic[:2] in _PACKED:
        return f"compressed by {_PACKED[magic[:2]]}: unpack it first"
    return "neither pcap nor pcapng (a table of sockets is for the command sockets)"


def _pcap(file: IO[bytes], order: str, unit: float) -> Iterator[Frame]:
    header = file.read(20)
    if len(header) < 20:
        raise Damage("the file ends within its header")
    link = struct.unpack(order + "HHiIII", header)[5] & 0xFFFF  # above it are FCS flags
    unpack = struct.Struct(order + "IIII").unpack_from
    read, new = file.read, tuple.__new__
    number, at, buffer = 0, 0, b""
    while True:
        number += 1
        if len(buffer) - at < 16:
            buffer, at = buffer[at:] + read(BUFFER), 0
            if not buffer:
                return
            if len(buffer) < 16:
                raise Damage(f"the file ends within frame {number}")
        seconds, fraction, kept, length = unpack(buffer, at)
        if kept > LONGEST:
            raise Damage(f"frame {number} claims {kept} octets: the file is damaged")
        at += 16
        end = at + kept
        if end > len(buffer):
            buffer, at, end = buffer[at:] + read(BUFFER + kept), 0, kept
            if len(buffer) < kept:
                raise Damage(f"the file ends within frame {number}")
        data = buffer[at:end]
        at = end
        yield new(Frame, (link, seconds + fraction * unit, data, length, number))


@dataclass(slots=True)
class _Interface:
    link: int
    snap: int
    unit: float = 1e-6
    offset: int = 0


def _pcapng(file: IO[bytes]) -> Iterator[Frame]:
    """Blocks: section header, interface description, and three kinds that hold a frame."""
    kind: bytes = _SECTION
    order, number, frame = "<", 0, _NONE
    interfaces: list[_Interface] = []
    while kind:
        number += 1
        where = f"block {number}"
        if len(kind) < 4:
            raise Damage(f"the file ends within {where}")
        size = _exactly(file, 4, where)
        if kind == _SECTION:
            start = _exactly(file, 4, where)
            orders = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
            if start not in orders:
                raise Damage(f"{where} has no byte order")
            order, interfaces = orders[start], []
        length = int(struct.unpack(order + "I", size)[0])
        done = 12 if kind == _SECTION else 8
        name = struct.unpack(order + "I", kind)[0]
        wanted = kind == _SECTION or name == 1 or name in _FRAMES
        if length < done + 4 or length % 4 or (wanted and length > BLOCK):
            raise Damage(f"{where} claims {length} octets: the file is damaged")
        if not wanted:
            _pass_over(file, length - done - 4, where)
            again = struct.unpack(order + "I", _exactly(file, 4, where))[0]
            if again != length:
                raise Damage(f"{where} has two lengths, {length} and {again}: the file is damaged")
            kind = file.read(4)
            continue
        body = _exactly(file, length - done, where)[:-4]
        if name == 1:
            if len(interfaces) >= INTERFACES:
                raise Damage(f"{where}: more than {INTERFACES} interfaces")
            interfaces.append(_interface(body, order, where))
        elif name in _FRAMES:
            try:
                frame = _FRAMES[name](body, order, interfaces, frame)
            except (struct.error, IndexError):
                raise Damage(
                    f"{where} is cut short, or of an interface that is not there"
                ) from None
            yield frame
        kind = file.read(4)


def _pass_over(file: IO[bytes], count: int, where: str) -> None:
    """In pieces, since a pipe knows no other way."""
    while count:
        count -= len(_exactly(file, min(count, BUFFER), where))


def _exactly(file: IO[bytes], count: int, where: str) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise Damage(f"the file ends within {where}")
    return data


def _interface(body: bytes, order: str, where: str) -> _Interface:
    if len(body) < 8:
        raise Damage(f"{where} is cut short")
    link, _, snap = struct.unpack_from(order + "HHI", body)
    found = _Interface(link, snap)
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == 0 or len(value) < size:
            break
        if code == 9 and size >= 1:  # if_tsresol
            found.unit = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        elif code == 14 and size == 8:  # if_tsoffset
            found.offset = struct.unpack(order + "q", value)[0]
        at += 4 + (size + 3) // 4 * 4
    return found


def _frame(
    of: _Interface, high: int, low: int, kept: int, length: int, body: bytes, last: Frame
) -> Frame:
    data = body[20 : 20 + kept]
    if len(data) < kept:
        raise IndexError
    time = ((high << 32) | low) * of.unit + of.offset
    return Frame(of.link, time, data, length, last.number + 1)


def _enhanced(body: bytes, order: str, interfaces: list[_Interface], last: Frame) -> Frame:
    of, high, low, kept, length = struct.unpack_from(order + "IIIII", body)
    return _frame(interfaces[of], high, low, kept, length, body, last)


def _old(body: bytes, order: str, interfaces: list[_Interface], last: Frame) -> Frame:
    of, _, high, low, kept, length = struct.unpack_from(order + "HHIIII", body)
    return _frame(interfaces[of], high, low, kept, length, body, last)


def _simple(body: bytes, order: str, interfaces: list[_Interface], last: Frame) -> Frame:
    """It has no time: it is as late as the frame before it."""
    (length,) = struct.unpack_from(order + "I", body)
    of = interfaces[0]
    kept = min(length, len(body) - 4, of.snap or LONGEST)
    return Frame(of.link, last.time, body[4 : 4 + kept], length, last.number + 1)


_FRAMES: dict[int, Callable[[bytes, str, list[_Interface], Frame], Frame]] = {
    2: _old,
    3: _simple,
    6: _enhanced,
}
_NONE = Frame(0, 0.0, b"", 0, 0)
