"""What tshark says of the segments of a capture, and what is said here, in words for both.

``python -m tests.helpers.tshark`` asks the tshark that is installed about all captures, and writes
``tests/captures/tshark.txt``: a line for each segment of which the two say different things, with
the reason (``REASONS``). What tshark said of every segment is in ``tshark-facts.txt``, so that the
comparison needs no tshark.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from checker.capture import frames
from checker.capture.segments import ACK, SYN, Packet
from checker.conform.behaviour import choose
from checker.conform.connection import Flow
from checker.conform.data import Watch
from checker.conform.follow import MIDDLE, Follower
from checker.dataplane.header import blocks
from checker.dataplane.judge import RFC
from checker.dataplane.plane import Plane
from tests.helpers.mutate import CAPTURES

FOLDER = CAPTURES.parent
FACTS, TABLE = FOLDER / "tshark-facts.txt", FOLDER / "tshark.txt"
RULES = choose([])
FOLDERS = ("linux", "lossy", "zeek", "cases")
FLAGS = {
    "retransmission": "again",
    "fast_retransmission": "fast",
    "spurious_retransmission": "needless",
    "out_of_order": "swapped",
    "duplicate_ack": "duplicate",
    "lost_segment": "gap",
    "ack_lost_segment": "unseen",
    "zero_window": "zero",
    "zero_window_probe": "probe",
    "window_update": "update",
    "window_full": "full",
    "keep_alive": "alive",
}
"""Of tcp.analysis, and the words for them."""
WORDS = {
    "fast retransmit": ("again", "fast"),
    "retransmit on SACK": ("again", "by SACK"),
    "in recovery": ("again", "recovery"),
    "timeout": ("again",),
    "timeout or tail loss probe": ("again", "tail"),
    "cannot be told": ("again",),
    "answer": ("again",),
    "sent again, first not seen": ("again", "first unseen"),
    "late": ("late",),
    "copy": ("copy",),
    "out of order": ("swapped",),
    "duplicate ACK": ("duplicate",),
    "gap before": ("gap",),
    "acknowledges the unseen": ("unseen",),
    "zero window": ("zero",),
    "zero-window probe": ("probe",),
    "probe answered": (),
    "window update": ("update",),
    "window full": ("full",),
    "keep-alive": ("alive",),
    "beyond the window": (),
    "acknowledged already": ("needless",),
    "of no octet here": ("older",),
}


class Seen(NamedTuple):
    """What was known when a segment came: of its own direction, and of the one that it answers."""

    again: bool  # were all of its octets seen before?
    nxt: int
    start: int
    end: int
    copied: bool  # was the same packet seen, by the identification in its IP header?
    older: bool  # is it older, by that, than one that came before?
    zero: bool  # may its sender send nothing?
    duplicates: int  # that its sender has got
    recovering: bool
    ack: int  # of the other direction
    una: int
    flight: int
    offered: bool  # was a window, before?
    sack: bool  # has it blocks of what is not acknowledged?
    dsack: bool  # says its first block that something came twice?
    since: float  # the same octets were sent
    acked: int  # of its own direction
    filled: bool  # does it acknowledge what is missing, as was seen before?
    shown: bool  # did an ACK show that what is before it is missing?


class Both(NamedTuple):
    """A segment, with the words of either."""

    capture: str
    frame: int
    p: Packet
    seen: Seen
    theirs: frozenset[str]
    ours: frozenset[str]

    def differ(self) -> bool:
        """Do the two say different things?"""
        return self.theirs != self.ours - FINER


FINER = frozenset({"by SACK", "recovery", "tail", "first unseen"})
"""Words that tshark has not."""


class Reason(NamedTuple):
    """Why the two differ: it holds of a segment, or does not explain it."""

    name: str
    text: str
    holds: Callable[[Both], bool]


def _again(one: Both) -> bool:
    return "again" in one.ours


REASONS = (
    Reason(
        "no-flight",
        "an ACK that says the same again while nothing is in flight is no duplicate ACK: RFC 5681, "
        "section 2, (a); tshark 4.0 asks for no text in flight",
        lambda b: "duplicate" in b.theirs - b.ours and b.seen.flight == 0,
    ),
    Reason(
        "dsack",
        "the ACK tells that something came twice (RFC 2883), and of no loss",
        lambda b: "duplicate" in b.theirs - b.ours and b.seen.dsack and b.seen.flight != 0,
    ),
    Reason(
        "sack",
        "the window differs from the last one, or the ACK before it came late; but SACK tells of "
        "something new, so it is a duplicate ACK (RFC 6675, section 2)",
        lambda b: "duplicate" in b.ours - b.theirs and b.seen.sack,
    ),
    Reason(
        "copy",
        "the same packet twice, by the identification in its IP header: nobody sent it again",
        lambda b: "copy" in b.ours and b.seen.copied,
    ),
    Reason(
        "soon",
        "the same segment in all numbers, sooner than anything could have asked for it: seen "
        "several times",
        lambda b: "copy" in b.ours and not b.seen.copied and b.seen.since < 0.01,
    ),
    Reason(
        "order",
        "the file is not in the order of time; frames are put in it here",
        lambda b: b.p.frame != b.p.number,
    ),
    Reason(
        "control",
        "tshark calls needless only what has text; here it is a SYN or FIN",
        lambda b: b.theirs ^ (b.ours - FINER) == {"needless"} and not b.p.text,
    ),
    Reason(
        "time",
        "tshark goes by the time since the segment before, and takes what comes soon for "
        "out of order; here its octets had been seen already, so it was sent again",
        lambda b: "swapped" in b.theirs and _again(b) and b.seen.again,
    ),
    Reason(
        "identification",
        "the first sending is not in the capture; the identification in the IP header says which "
        "of two segments was sent first",
        lambda b: (
            bool({"swapped"} & (b.theirs ^ b.ours))
            and not b.seen.again
            and b.seen.older == ("swapped" in b.ours)
        ),
    ),
    Reason(
        "recovery",
        "tshark calls fast what follows a few duplicate ACKs within 20 ms; here the first of a "
        "recovery is fast, after three of them, and what follows belongs to the recovery",
        lambda b: "fast" in b.theirs - b.ours and bool({"recovery", "by SACK"} & b.ours),
    ),
    Reason(
        "unseen",
        "tshark calls it fast; that it was sent again is said here, too, but since the capture has "
        "not the first sending, no more is said than that",
        lambda b: "fast" in b.theirs - b.ours and "first unseen" in b.ours,
    ),
    Reason(
        "three",
        "tshark calls it fast after two duplicate ACKs; three ask for it (RFC 5681, 3.2)",
        lambda b: "fast" in b.theirs - b.ours and b.seen.duplicates < 3,
    ),
    Reason(
        "probe",
        "Linux probes a zero window with the number before, without text; tshark takes that for a "
        "keep-alive",
        lambda b: "alive" in b.theirs and "probe" in b.ours and b.seen.zero,
    ),
    Reason(
        "told",
        "that it is missing was said here when the next segment showed it; tshark says it again",
        lambda b: b.theirs - b.ours == {"unseen"} and b.seen.filled,
    ),
    Reason(
        "told, by an ACK",
        "that it is missing was said here when an ACK showed it",
        lambda b: "gap" in b.theirs - b.ours and b.seen.shown,
    ),
    Reason(
        "length",
        "all that is acknowledged is in the capture, or was said to be missing before; lengths are "
        "those of the IP header, also where the frame is shorter",
        lambda b: (
            (b.theirs - b.ours == {"gap"} and 0 < b.seen.start == b.seen.nxt)
            or ("unseen" in b.theirs - b.ours and 1 < b.seen.ack <= b.seen.una + b.seen.flight)
        ),
    ),
    Reason(
        "part",
        "a part of it is sent again, and only of that is it said that it was acknowledged already",
        lambda b: "needless" in b.ours - b.theirs and b.seen.end > b.seen.nxt,
    ),
    Reason(
        "missing",
        "the ACK is of what the capture has not; tshark says so of the next segment, or, where a "
        "direction is missing, not at all",
        lambda b: "unseen" in b.ours - b.theirs and b.seen.ack > b.seen.una + b.seen.flight,
    ),
    Reason(
        "sockets used again",
        "a SYN begins another connection, before which nothing is missing",
        lambda b: (
            ("gap" in b.theirs - b.ours and b.seen.start == 0 == b.seen.nxt)
            or ("unseen" in b.theirs - b.ours and b.seen.ack == 1 == b.seen.una + b.seen.flight)
        ),
    ),
    Reason(
        "SYN after SYN,ACK",
        "an ACK of the SYN came before it",
        lambda b: "late" in b.ours and bool(b.p.flags & SYN),
    ),
    Reason(
        "SYN,ACK after SYN",
        "in a simultaneous open the SYN,ACK sends the SYN again",
        lambda b: "again" in b.ours and b.p.flags & (SYN | ACK) == SYN | ACK and b.seen.again,
    ),
    Reason(
        "first window",
        "no window was offered before: it is none that opens",
        lambda b: "update" in b.theirs - b.ours and not b.seen.offered,
    ),
    Reason(
        "nothing acknowledged",
        "tshark takes it for a keep-alive; but nothing that was sent is acknowledged",
        lambda b: "alive" in b.theirs - b.ours and b.seen.acked < 1,
    ),
    Reason(
        "older",
        "it lies before the ISN: of an older connection, or forged",
        lambda b: "older" in b.ours and b.seen.end <= 0,
    ),
)


def captures() -> list[Path]:
    """All that are compared."""
    return sorted(p for one in FOLDERS for p in (FOLDER / one).glob("*.pcap*"))


def name(path: Path) -> str:
    """As the tables call it."""
    return path.relative_to(FOLDER).as_posix()


@cache
def version() -> str:
    """Of the tshark that is installed; empty, if none is."""
    if shutil.which("tshark") is None:
        return ""
    said = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\d+\.\d+\.\d+", said.stdout)
    return found[0] if found else ""


def asked(path: Path) -> dict[int, frozenset[str]]:
    """What tshark says, by frame."""
    fields = [word for flag in FLAGS for word in ("-e", f"tcp.analysis.{flag}")]
    command = ["tshark", "-r", str(path), "-T", "fields", "-e", "frame.number", *fields]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for line in said.splitlines():
        number, *cells = line.split("\t")
        words = frozenset(w for w, cell in zip(FLAGS.values(), cells, strict=True) if cell)
        if words:
            found[int(number)] = words
    return found


def facts() -> tuple[str, dict[str, dict[int, frozenset[str]]]]:
    """The version of tshark, and what it said, as it was written down."""
    head, *lines = FACTS.read_text().splitlines()
    found: dict[str, dict[int, frozenset[str]]] = {}
    for line in lines:
        capture, number, words = line.split(" ", 2)
        found.setdefault(capture, {})[int(number)] = frozenset(words.split(", "))
    return head.removeprefix("tshark "), found


class Noting(Plane):
    """A plane that writes down what was known when each segment came."""

    seen: dict[int, Seen]

    def take(self, side: int, p: Packet, text: bytes = b"", ident: int = 0) -> None:
        """The next segment."""
        mine, theirs = self.ways[side], self.ways[1 - side]
        self.idents: dict[tuple[int, int, int], set[int]]
        self.times: dict[tuple[int, int, int], float]
        if not hasattr(self, "idents"):
            self.idents, self.newest, self.times = {}, [0, 0], {}
        key = side, p.seq, p.length()
        start = mine.place(p.seq) if mine.base is not None else 0
        end = start + p.length()
        ack = theirs.place(p.ack) if theirs.base is not None and p.flags & ACK else -1
        spans = [(theirs.place(a), theirs.place(b)) for a, b in blocks(p)] if ack >= 0 else []
        dsack = bool(spans) and (
            spans[0][1] <= ack
            or (len(spans) > 1 and spans[1][0] <= spans[0][0] and spans[0][1] <= spans[1][1])
        )
        holes = sum(max(0, min(end, h[1]) - max(start, h[0])) for h in mine.holes)
        newest = self.newest[side] or ident
        older = bool(ident) and 0 < (newest - ident) & 0xFFFF < 1 << 15
        self.seen[p.number] = Seen(
            mine.base is not None and end <= mine.nxt and not holes and start >= mine.first,
            mine.nxt, start, end,
            bool(ident) and ident in self.idents.get(key, ()),
            older, mine.zero is not None, len(mine.duplicates), mine.episode is not None,
            ack, theirs.una, theirs.nxt - theirs.una, theirs.wnd is not None,
            len(spans) > dsack, dsack,
            p.time - self.times.get(key, -1e9), mine.una,
            any(one[0] < ack for one in theirs.holes),
            bool(mine.gaps) and mine.gaps[-1].acknowledged and mine.gaps[-1].end == start,
        )  # fmt: skip
        if p.length():
            self.idents.setdefault(key, set()).add(ident)
            self.newest[side] = newest if older else ident
            self.times[key] = p.time
        super().take(side, p, text, ident)


def said(path: Path) -> dict[int, tuple[Packet, Seen, frozenset[str]]]:
    """What is said here, by frame."""
    words: dict[int, set[str]] = {}
    seen: dict[int, Seen] = {}
    packets: dict[int, Packet] = {}

    def tell(number: int, word: str) -> None:
        words.setdefault(number, set()).update(WORDS[word])

    class Listening(Watch):
        def plane(self, flow: Flow) -> Plane:
            made = Noting(self.rooms[flow.shard.number], flow.at, tell=tell)
            made.seen = seen
            return made

    watch = Listening(RFC)
    follower = Follower(RULES, MIDDLE, lambda one: watch.close(one) and None)

    def all_of_them() -> Iterator[object]:
        for item in watch.over(follower, frames(path)):
            if isinstance(item, Packet):
                packets[item.number] = item
            yield item

    follower.feed(all_of_them())  # type: ignore[arg-type]
    follower.finish()
    return {
        p.frame: (p, seen[number], frozenset(words.get(number, ())))
        for number, p in packets.items()
        if number in seen
    }


def compared(path: Path, theirs: dict[int, frozenset[str]]) -> list[Both]:
    """The segments of which either says anything."""
    none: frozenset[str] = frozenset()
    return [
        Both(name(path), frame, p, seen, theirs.get(frame, none), ours)
        for frame, (p, seen, ours) in said(path).items()
        if ours or frame in theirs
    ]


def reason(one: Both) -> str:
    """The name of the first that explains it; empty, if none does."""
    return next((each.name for each in REASONS if each.holds(one)), "")


def table(found: list[Both]) -> str:
    """Of segments of which the two say different things: a line for each."""
    lines = [
        f"{one.capture} {one.frame}: {', '.join(sorted(one.theirs)) or 'nothing'} | "
        f"{', '.join(sorted(one.ours)) or 'nothing'} | {reason(one) or 'UNEXPLAINED'}"
        for one in found
        if one.differ()
    ]
    return "capture, frame: tshark says | said here | reason\n" + "\n".join(lines) + "\n"


def page(found: list[Both]) -> str:
    """How often the two agree, and the reasons, as a table for the reference."""
    agree = sum(not one.differ() for one in found)
    counts = Counter(reason(one) for one in found if one.differ())
    rows = [
        f"Of {len(found):,} segments of which either says anything, both say the same of {agree:,}."
    ]
    rows += ["", "| segments | why the two differ |", "| --- | --- |"]
    texts = {one.name: one.text for one in REASONS}
    rows += [f"| {count} | *{name}*: {texts[name]} |" for name, count in counts.most_common()]
    return "\n".join(rows) + "\n"


BEGIN, END = "<!-- made by tests/helpers/tshark.py -->\n", "<!-- end -->\n"
PAGE = FOLDER.parents[1] / "docs/reference/captures.md"


def renewed(text: str, found: list[Both]) -> str:
    """The page with the table as it should be."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + "\n" + page(found) + "\n" + END + rest.split(END)[1]


def everything(theirs: dict[str, dict[int, frozenset[str]]]) -> list[Both]:
    """Of all captures."""
    return [one for path in captures() for one in compared(path, theirs.get(name(path), {}))]


if __name__ == "__main__":
    answers = {name(path): asked(path) for path in captures()}
    lines = [
        f"{capture} {number} {', '.join(sorted(words))}"
        for capture, found in answers.items()
        for number, words in found.items()
    ]
    FACTS.write_text(f"tshark {version()}\n" + "\n".join(lines) + "\n")
    both = everything(answers)
    TABLE.write_text(table(both))
    PAGE.write_text(renewed(PAGE.read_text("utf-8"), both), "utf-8")
