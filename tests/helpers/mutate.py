"""Captures with one change, and which changes ``conform`` notices.

``python -m tests.helpers.mutate [SEED]`` changes one segment of a capture, 1,000 times: it is
dropped, its SEQ or ACK is shifted, one of its flags is turned, or it is given a FIN. Only segments
of the end where the capture was taken are changed. A change is *told* if another verdict comes out,
of that end alone or, as in the middle, of both.

Not every change is wrong. Whether one is itself legal is decided here without the specification, by
what the rest of the capture says of the numbers (``legal``); the rest must be told in 95 of 100.
"""

import random
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from checker.capture import Packet, frames, read
from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform.behaviour import Behaviour, choose
from checker.conform.connection import Connection
from checker.conform.follow import MIDDLE, Follower, Position

CAPTURES = Path(__file__).parents[1] / "captures" / "linux"
ENDS = {"A": bytes([10, 88, 0, 1]), "B": bytes([10, 88, 0, 2])}
KINDS = ("drop", "seq", "ack", "flag", "fin")


class Capture(NamedTuple):
    """A capture, and the end where it was taken."""

    name: str
    end: bytes
    packets: list[Packet]


class Change(NamedTuple):
    """What became of one packet."""

    kind: str
    text: str
    index: int
    packet: Packet | None


def captures() -> list[Capture]:
    """Those with something to change, and nothing forged in them."""
    found = []
    for path in sorted(CAPTURES.glob("*.[AB].pcap")):
        end = ENDS[path.suffixes[0][1]]
        packets = [p for p in read(frames(path)) if isinstance(p, Packet)]
        if any(p.src[:4] == end for p in packets):
            found.append(Capture(path.name, end, packets))
    return found


def verdicts(packets: list[Packet], end: bytes, behaviour: Behaviour) -> list[str]:
    """The verdict on each connection: at the end of the capture, then in the middle."""
    told: list[Connection] = []
    for position in (Position(frozenset({end})), MIDDLE):
        follower = Follower(behaviour, position, told.append)
        follower.feed(packets)
        follower.finish()
    return [c.verdict.value for c in told]


def copy(p: Packet, **changes: int) -> Packet:
    """A packet with other numbers."""
    names = ("number", "time", "src", "dst", "seq", "ack", "flags", "wnd", "text", "options")
    return Packet(**{name: changes.get(name, getattr(p, name)) for name in names})


def change(capture: Capture, kind: str, rng: random.Random) -> Change:
    """One change of one segment that the end of the capture sent."""
    index = rng.choice([i for i, p in enumerate(capture.packets) if p.src[:4] == capture.end])
    p = capture.packets[index]
    by = rng.choice((-100_000, -1460, -100, -2, 2, 100, 1460, 100_000))
    if kind == "drop":
        return Change(kind, "dropped", index, None)
    if kind == "seq":
        return Change(kind, f"SEQ{by:+}", index, copy(p, seq=(p.seq + by) % 2**32))
    if kind == "ack":
        return Change(kind, f"ACK{by:+}", index, copy(p, ack=(p.ack + by) % 2**32))
    bit = FIN if kind == "fin" else rng.choice((FIN, SYN, RST, ACK))
    if kind == "fin" and p.flags & FIN:
        return Change("flag", "without FIN", index, copy(p, flags=p.flags & ~FIN))
    return Change(kind, f"flag {bit} turned", index, copy(p, flags=p.flags ^ bit))


def _ahead(a: int, b: int) -> int:
    """How far ``b`` is above ``a``; negative if it is below."""
    return (b - a + 2**31) % 2**32 - 2**31


def legal(capture: Capture, made: Change) -> bool:
    """Does nothing else in the capture contradict the changed segment?"""
    before = capture.packets[: made.index]
    after = capture.packets[made.index + 1 :]
    old = capture.packets[made.index]
    mine = [p for p in before if p.src == old.src and p.dst == old.dst]
    later = [p for p in after if p.src == old.src and p.dst == old.dst]
    theirs = [p for p in before if p.src == old.dst and p.dst == old.src]
    answers = [p for p in after if p.src == old.dst and p.dst == old.src]
    p = made.packet
    if p is None or (made.kind in ("flag", "fin") and old.length() and not p.length()):
        return _may_be_missing(old, mine, later, answers)
    if made.kind == "ack":
        return _ack_is_right(p, mine, theirs)
    if made.kind == "seq":
        return _seq_is_right(p, old, mine, later, answers, theirs)
    return _flag_is_right(p, old, mine, later, answers, theirs)


def _carried(p: Packet, seq: int, end: int) -> bool:
    """Does ``p`` carry all numbers from ``seq`` up to ``end``?"""
    return _ahead(p.seq, seq) >= 0 and _ahead(end, p.seq + p.length()) >= 0


def _may_be_missing(
    old: Packet, mine: list[Packet], later: list[Packet], answers: list[Packet]
) -> bool:
    """An ACK may; numbers may if nobody speaks of them, or another segment carries them first."""
    if not old.length() or old.flags & RST:
        return True
    end = old.seq + old.length()
    if any(_carried(p, old.seq, end) for p in mine):
        return True
    for p in sorted([*later, *answers], key=lambda p: p.number):
        if p in answers and p.flags & ACK and _ahead(old.seq, p.ack) > 0:
            return False
        if p in later:
            if _carried(p, old.seq, end):
                return True
            if _ahead(old.seq, p.seq) > 0 and not p.flags & SYN:
                return False
    return True


def _ack_is_right(p: Packet, mine: list[Packet], theirs: list[Packet]) -> bool:
    """Not below what was acknowledged before, nor above what can have arrived."""
    if not p.flags & ACK:
        return True
    acked = [q.ack for q in mine if q.flags & ACK]
    sent = [q.seq + q.length() for q in theirs]
    if acked and any(_ahead(a, p.ack) < 0 for a in acked):
        return False
    return any(_ahead(p.ack, s) >= 0 and _ahead(q.seq, p.ack) >= 0
               for s, q in zip(sent, theirs, strict=True))  # fmt: skip


def _seq_is_right(
    p: Packet, old: Packet, mine: list[Packet], later: list[Packet], answers: list[Packet],
    theirs: list[Packet],
) -> bool:  # fmt: skip
    """The numbers it carries now were sent before, and the others may be missing."""
    if p.flags & SYN or p.flags & RST:
        return not [*later, *answers]  # another ISN; a reset for another place
    if not p.length():
        nxt = max((_ahead(old.seq, q.seq + q.length()) for q in mine), default=0)
        return _ahead(old.seq, p.seq) == nxt
    if not _may_be_missing(old, mine, later, answers):
        return False
    return not p.flags & FIN and any(_carried(q, p.seq, p.seq + p.length()) for q in mine)


def _flag_is_right(
    p: Packet, old: Packet, mine: list[Packet], later: list[Packet], answers: list[Packet],
    theirs: list[Packet],
) -> bool:  # fmt: skip
    """A flag more: nothing later may speak against it."""
    turned = p.flags ^ old.flags
    if turned == ACK:
        if p.flags & SYN:
            return False
        return bool(p.flags & RST)  # with ACK or without
    if turned == SYN:
        return False
    if turned == RST:
        if old.flags & RST:
            return True  # what is left is an ACK
        # It ends the connection: nothing may come from it any more.
        return not [q for q in later if not q.flags & RST] and not p.flags & (SYN | FIN)
    if old.flags & (SYN | RST | FIN):
        return False
    # FIN: only where nothing follows, but the same FIN again, or what was sent before.
    place = p.seq + p.text
    return all(
        _ahead(q.seq + q.text, place) >= (not q.flags & FIN and not q.text)
        or _ahead(place + 1, q.seq) == 0
        for q in later
        if not q.flags & RST
    )


def main(seed: int = 1, count: int = 1000) -> tuple[int, int, list[str]]:
    """How many of the changes that are not legal were told, of how many; and which were not."""
    rng = random.Random(seed)
    behaviour = choose(["linux"])
    pool = captures()
    usual = {c.name: verdicts(c.packets, c.end, behaviour) for c in pool}
    told: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: list[str] = []
    for i in range(count):
        capture = rng.choice(pool)
        made = change(capture, KINDS[i % len(KINDS)], rng)
        if legal(capture, made):
            continue
        packets = list(capture.packets)
        packets[made.index : made.index + 1] = [made.packet] if made.packet is not None else []
        wrong[made.kind] += 1
        if verdicts(packets, capture.end, behaviour) != usual[capture.name]:
            told[made.kind] += 1
        else:
            number = capture.packets[made.index].number
            missed.append(f"{capture.name} packet {number}: {made.text}")
    for kind in KINDS:
        print(f"{kind:5} {told[kind]:4} told of {wrong[kind]:4}")
    return sum(told.values()), sum(wrong.values()), missed


if __name__ == "__main__":
    told_of, wrong_ones, left = main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(*left, sep="\n")
    print(f"{told_of} of {wrong_ones} told: {told_of / wrong_ones:.1%}")
    sys.exit(told_of < 0.95 * wrong_ones)
