"""What makes no sense must not take much longer than what does: segments of each kind, measured.

``python -m tests.programs.hostile`` follows flows of each of ``KINDS`` beside a clean transfer of
as many segments, and says how many times as long a segment of the kind takes. They take turns, in
one process, so that what else the machine does falls on all; the median of ``--rounds`` ratios is
told. No file is read or written.

``--only NAME`` measures one kind; ``--profile`` says where its time goes.
"""

import argparse
import cProfile
import gc
import pstats
import time
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from statistics import median

from checker.capture import Packet
from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform.behaviour import choose
from checker.conform.follow import MIDDLE, Follower
from tests.helpers import traffic

RFC = choose([])
A, B = b"\x0a\0\0\1\x9c\x40", b"\x0a\0\0\2\0\x50"
WINDOW = 65_535
SCALE = b"\3\3\7\0"
WHOLE = 1 << 32

Line = tuple[bytes, bytes, int, int, int, int]
"""Source, destination, flags, SEQ, ACK and octets of text."""


def packets(lines: Iterator[Line], count: int, clock: float = 0.00002) -> list[Packet]:
    """The first segments, at equal distances in time."""
    found = []
    for i, (src, dst, flags, seq, ack, text) in enumerate(islice(lines, count)):
        options = SCALE if flags & SYN else b""
        found.append(Packet(i + 1, 1000 + i * clock, src, dst, seq % WHOLE, ack % WHOLE, flags,
                            WINDOW, text, options))  # fmt: skip
    return found


def clean(count: int, each: int = 20_000) -> list[Packet]:
    """Transfers in connections of ``each`` segments, 50 at a time."""
    lines = (
        (server, client, s.flags, s.seq, s.ack, s.text)
        if s.side
        else (client, server, s.flags, s.seq, s.ack, s.text)
        for client, server, s in traffic.segments(each, 1)
    )
    return packets(lines, count)


def short(count: int) -> list[Packet]:
    """Clean connections of 20 segments."""
    return clean(count, 20)


def lossy(share: float) -> Callable[[int], list[Packet]]:
    """A clean transfer, of which the capture lacks a share of the servers' segments."""

    def made(count: int) -> list[Packet]:
        rng = Random(2)
        whole = clean(count + int(count * share) + 100)
        return [p for p in whole if p.dst[4:] != b"\1\xbb" or rng.random() >= share][:count]

    return made


def _again(close: Callable[[int, int], list[Line]]) -> Callable[[int], list[Packet]]:
    """One pair of sockets, used again and again with the same initial sequence numbers."""

    def lines() -> Iterator[Line]:
        while True:
            yield from close(100, 300)

    return lambda count: packets(lines(), count, 0.01)


def _opened(a: int, b: int) -> list[Line]:
    return [(A, B, SYN, a - 1, 0, 0), (B, A, SYN | ACK, b - 1, a, 0), (A, B, ACK, a, b, 0)]


def _closed(a: int, b: int) -> list[Line]:
    end: list[Line] = [(A, B, FIN | ACK, a, b, 0), (B, A, FIN | ACK, b, a + 1, 0)]
    return [*_opened(a, b), *end, (A, B, ACK, a + 1, b + 1, 0)]


def _reset(a: int, b: int) -> list[Line]:
    return [*_opened(a, b), (A, B, ACK | PSH, a, b, 10), (B, A, RST | ACK, b, a + 10, 0)]


def _refused(a: int, _: int) -> list[Line]:
    return [(A, B, SYN, a - 1, 0, 0), (B, A, RST | ACK, 0, a, 0)]


FLAGS = (ACK, ACK, ACK, ACK | PSH, ACK | FIN, SYN, SYN | ACK, RST, RST | ACK)


def random_segments(pairs: int, near: bool = False) -> Callable[[int], list[Packet]]:
    """Random flags and numbers, among some pairs of sockets; ``near``: of a few numbers only."""
    numbers = [100, 101, 103, 5000, 1 << 31, WHOLE - 2, 90_000]

    def lines() -> Iterator[Line]:
        rng = Random(3)
        while True:
            pair = rng.randrange(pairs)
            one = b"\x0a\0\0\1" + (1024 + pair).to_bytes(2, "big")
            src, dst = rng.choice(((one, B), (B, one)))
            if near:
                seq, ack = (rng.choice(numbers) + rng.choice((0, 0, 1, 2, 3, 11)) for _ in "ab")
            else:
                seq, ack = rng.randrange(WHOLE), rng.randrange(WHOLE)
            flags = rng.choice(FLAGS)
            yield src, dst, flags, seq, ack if flags & ACK else 0, rng.choice((0, 0, 1, 1000))

    return lambda count: packets(lines(), count, 0.001)


def worst(count: int) -> list[Packet]:
    """40 segments that a search found to be dear, nearly all SYNs and resets, over and over."""
    rng = Random(11)
    numbers = [100, 101, 103, 5000, 1 << 31, WHOLE - 2, 90_000]
    some: list[Line] = []
    for _ in range(40):
        flags = rng.choice((*[SYN] * 3, *[SYN | ACK] * 2, ACK, FIN | ACK, RST, RST, RST | ACK))
        src, dst = rng.choice(((A, B), (B, A)))
        seq, ack = (rng.choice(numbers) + rng.choice((0, 0, 1, 2, 3, 11)) for _ in "ab")
        some.append((src, dst, flags, seq, ack if flags & ACK else 0, rng.choice((0, 0, 0, 1, 10))))
    return packets((line for _ in iter(int, 1) for line in some), count, 0.3)


def flood(answered: bool) -> Callable[[int], list[Packet]]:
    """SYNs, each from an address of its own, and SYN,ACKs that nobody acknowledges."""

    def lines() -> Iterator[Line]:
        rng = Random(4)
        while True:
            client, isn, iss = rng.randbytes(6), rng.randrange(WHOLE), rng.randrange(WHOLE)
            yield client, B, SYN, isn, 0, 0
            if answered:
                yield B, client, SYN | ACK, iss, isn + 1, 0

    return lambda count: packets(lines(), count)


KINDS: dict[str, tuple[int, Callable[[int], list[Packet]]]] = {
    "clean, 20 segments each": (8_000, short),
    "1% of one direction lost": (20_000, lossy(0.01)),
    "10% of one direction lost": (20_000, lossy(0.1)),
    "same ISNs again, closed": (8_000, _again(_closed)),
    "same ISNs again, reset": (8_000, _again(_reset)),
    "same ISNs again, refused": (8_000, _again(_refused)),
    "random, one pair": (30_000, random_segments(1)),
    "random, 500 pairs": (8_000, random_segments(500)),
    "random, 500 pairs, few numbers": (8_000, random_segments(500, near=True)),
    "SYNs and resets, few numbers": (2_000, worst),
    "SYN flood, answered": (8_000, flood(True)),
    "SYN flood, not answered": (20_000, flood(False)),
}
"""How many segments, and who makes them."""


def follow(found: list[Packet]) -> float:
    """Seconds on the processor for a segment."""
    gc.collect()
    gc.disable()
    follower = Follower(RFC, MIDDLE, lambda _: None)
    began = time.process_time()
    follower.feed(found)
    follower.finish()
    took = time.process_time() - began
    gc.enable()
    return took / len(found)


def main(names: list[str], rounds: int) -> None:
    """A line for each kind."""
    measured = {name: KINDS[name][1](KINDS[name][0]) for name in names}
    base = clean(20_000)
    times: dict[str, list[float]] = {name: [] for name in ("clean, 20,000 segments", *names)}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, found in measured.items():
            usual, took = follow(base), follow(found)
            times["clean, 20,000 segments"].append(usual)
            times[name].append(took)
            ratios[name].append(took / usual)
    for name, took_each in times.items():
        ratio = f", {median(ratios[name]):.1f} times as long" if name in ratios else ""
        print(f"{name}: {median(took_each) * 1e6:.0f} us a segment{ratio}")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--only", choices=KINDS, action="append")
    words.add_argument("--profile", action="store_true")
    given = words.parse_args()
    chosen = given.only or [*KINDS]
    if given.profile:
        count, maker = KINDS[chosen[0]]
        made = maker(count)
        with cProfile.Profile() as profile:
            follow(made)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    else:
        main(chosen, given.rounds)
