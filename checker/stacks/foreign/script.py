"""packetdrill's language, as far as scripts of TCP's lifecycle use it.

A script is a list of statements: a time, and a segment that is injected (``<``) or expected
(``>``), a socket call with its result, a shell command, or an assertion in Python. ``#ifdef``
chooses among statements. What is not read is an ``Unread``, with the kind of thing that it is:
nothing is skipped without a word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from spec.tcp.segment import Control


class Packet(NamedTuple):
    """A segment, with numbers relative to the ISNs; None: any, or none."""

    out: bool
    ctl: Control
    seq: int | None
    text: int
    ack: int | None
    win: int | None
    options: str
    marked: bool = False  # a bit of ECN, in IP's header or TCP's


class Call(NamedTuple):
    """A socket call and what it returns, as texts."""

    name: str
    args: tuple[str, ...]
    result: str


class Shell(NamedTuple):
    """A shell command."""

    text: str


class Assertion(NamedTuple):
    """Python, mostly about TCP_INFO."""

    text: str


class Unread(NamedTuple):
    """What the parser does not read, by kind."""

    kind: str
    text: str


What = Packet | Call | Shell | Assertion | Unread


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; ``wait`` is how long after the last one it stands, or may stand, in seconds;
    None: any time (``*``)."""

    wait: float | None
    what: What


@dataclass(frozen=True, slots=True)
class Script:
    """What a script says if ``defined`` is, of ``#ifdef``; empty if it has none."""

    defined: str
    options: tuple[str, ...]
    statements: tuple[Statement, ...]


_TIME = re.compile(
    r"(?P<first>\*|[+]?\s*\d*\.?\d+)(?:\s*~\s*(?P<last>[+]?\d*\.?\d+))?(?:\.\.\.[+]?\d*\.?\d+)?\s*"
)
_STARTS = re.compile(r"\s*(?:\*\s|[+]?\s*\d*\.?\d+|`|--|%\{)")
_PACKET = re.compile(
    r"(?P<way>[<>])\s*(?P<before>(?:\[[^\]]*\]|\([^)]*\))?)\s*"
    r"(?P<flags>[-SFRPUEWACN.]+[0-7]?)\s+"
    r"(?:(?P<seq>\d+):\d+|\.\.\.)\((?P<text>\d+)\)!?"
    r"(?:\s*ack\s+(?P<ack>\d+|\.\.\.))?(?:\s*win\s+(?P<win>\d+|\.\.\.))?"
    r"(?:\s*urg\s+\d+)?\s*(?P<options><.*>)?\s*$",
    re.DOTALL,
)
_CALL = re.compile(r"(?P<name>\w+)\s*\((?P<args>.*)\)\s*=\s*(?P<result>.*)$", re.DOTALL)
_KINDS = {"icmp": "ICMP", "/udp(": "TCP in UDP, and not in UDP", "encap": "PSP", " udp": "UDP"}
_IFDEF = re.compile(r"#ifdef\s+(\w+)")


def variants(text: str) -> list[Script]:
    """The scripts that ``text`` is, one for each word that an ``#ifdef`` asks for."""
    text = _without_comments(text)
    words = list(dict.fromkeys(_IFDEF.findall(text)))
    return [_script(text, word) for word in words or [""]]


def _without_comments(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"(?m)(?:^|(?<=\s))//.*$", "", text)


def _script(text: str, defined: str) -> Script:
    options: list[str] = []
    statements: list[Statement] = []
    for piece in _pieces(text, defined):
        if piece.startswith("--"):
            options.append(piece)
        else:
            statements.append(_statement(piece))
    return Script(defined, tuple(options), tuple(statements))


def _pieces(text: str, defined: str) -> Iterator[str]:
    """The statements' texts: a statement ends where brackets and quotes do, before the next one."""
    kept: list[str] = []
    chosen = True
    for line in text.splitlines():
        if line.startswith("#"):
            if match := _IFDEF.match(line):
                chosen = match[1] == defined
            elif line.startswith("#endif"):
                chosen = True
            elif line.startswith("#else"):
                chosen = not chosen
            continue
        if not chosen or not line.strip():
            continue
        if kept and _STARTS.match(line) and _closed("\n".join(kept)):
            yield "\n".join(kept).strip()
            kept = []
        kept.append(line)
    if kept:
        yield "\n".join(kept).strip()


def _closed(text: str) -> bool:
    if text.count("`") % 2 or text.count("%{") > text.count("}%"):
        return False
    bare = re.sub(r'`[^`]*`|%\{.*?\}%|"[^"]*"', "", text, flags=re.DOTALL)
    return all(bare.count(a) <= bare.count(b) for a, b in ("()", "{}", "[]"))


def _statement(piece: str) -> Statement:
    wait: float | None = 0.0
    match = _TIME.match(piece)
    if match:
        first, last = match["first"], match["last"] or match["first"]
        wait = None if first == "*" else float(last.lstrip("+ "))
        piece = piece[match.end() :]
    return Statement(wait, _what(piece.strip()))


def _what(piece: str) -> What:
    if piece.startswith("`"):
        return Shell(piece.strip("` \n"))
    if piece.startswith("%{"):
        return Assertion(piece.removeprefix("%{").removesuffix("}%").strip())
    if piece[:1] in ("<", ">"):
        if match := _PACKET.match(piece):
            return _packet(match)
        kind = next((_KINDS[mark] for mark in _KINDS if mark in piece), "a segment's form")
        return Unread(kind, piece)
    if match := _CALL.match(piece):
        return Call(match["name"], tuple(_arguments(match["args"])), match["result"].strip())
    return Unread("a statement's form", piece)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _packet(match: re.Match[str]) -> Packet:
    flags = match["flags"]
    ctl = Control(
        urg="U" in flags,
        ack="." in flags,
        psh="P" in flags,
        rst="R" in flags,
        syn="S" in flags,
        fin="F" in flags,
    )
    ecn = any(mark in flags for mark in "EWACN") or flags[-1].isdigit()
    marked = ecn or match["before"].lower() in ("[ce]", "[ect0]", "[ect1]", "[ect01]")
    options = (match["options"] or "").strip("<>")
    ack, win = _number(match["ack"]), _number(match["win"])
    text = int(match["text"])
    return Packet(match["way"] == ">", ctl, _number(match["seq"]), text, ack, win, options, marked)


def _arguments(text: str) -> Iterator[str]:
    """Arguments are parted by commas, but for those within brackets or quotes."""
    depth, start, quoted = 0, 0, False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text[start:].strip():
        yield text[start:].strip()
