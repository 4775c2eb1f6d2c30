"""A connection that takes a known course is told of as if the monitors had seen each segment.

Connections are drawn that differ in little, so that many take the course of others, and that go
wrong in many ways. All that is told of them, and what the monitors know in the end, is compared to
the long way. Bugs that are put into the courses are noticed by that comparison.
"""

import inspect
import random
import struct
import types
from collections.abc import Iterator
from functools import cache

import pytest

from checker.capture import Frame
from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform import quiet
from checker.conform.behaviour import choose
from checker.conform.cache import courses
from checker.conform.connection import Verdict
from checker.conform.follow import MIDDLE, Follower
from tests.checker.conform.test_quiet import told, watched
from tests.helpers.traffic import OPTIONS

WRAP = 1 << 32
COUNT = 200
"""Connections that are compared at a time."""


class Talk:
    """One connection: what its ends send, one by one, as (time to wait, side, frame)."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng = rng
        near = rng.random() < 0.3  # numbers that go round the circle
        self.nxt = [(WRAP - rng.randrange(1, 900) if near else rng.randrange(WRAP)) for _ in "AB"]
        self.wnd = [rng.choice((65535, 65535, 8, 3)), rng.choice((65535, 65535, 65535, 10))]
        self.sockets = (
            struct.pack(">IH", 0x0A000000 + number // 50_000, 1024 + number % 50_000),
            struct.pack(">IH", 0xC0A80001, 443),
        )
        self.scaled = rng.random() < 0.7

    def frame(self, side: int, flags: int, seq: int, ack: int, text: int) -> bytes:
        src, dst = self.sockets[side], self.sockets[1 - side]
        options = (OPTIONS if self.scaled else OPTIONS[:4]) if flags & SYN else b""
        offset = (20 + len(options)) << 2
        tcp = struct.pack(
            ">IIBBHHH", seq % WRAP, ack % WRAP, offset, flags, self.wnd[side], 0, 0
        ) + options  # fmt: skip
        total = 24 + len(tcp) + text
        ip = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, 0x4000, 64, 6, 0) + src[:4] + dst[:4]
        return bytes(12) + b"\x08\x00" + ip + src[4:] + dst[4:] + tcp + bytes(text)

    def sends(self, side: int, flags: int, text: int = 0, behind: int = 0) -> bytes:
        """``behind``: octets that it does not acknowledge."""
        ack = self.nxt[1 - side] - behind if flags & ACK else 0
        made = self.frame(side, flags, self.nxt[side], ack, text)
        self.nxt[side] += text + bool(flags & (SYN | FIN))
        return made

    def run(self) -> Iterator[bytes]:
        """A usual life, in which a little may go wrong anywhere."""
        rng = self.rng
        yield self.sends(0, SYN)
        yield self.sends(1, SYN | ACK)
        if rng.random() < 0.95:
            yield self.sends(0, ACK)
        for _ in range(rng.choice((0, 1, 2, 2, 3, 3, 12))):
            side = rng.choice((0, 1, 1))
            yield self.sends(side, ACK | PSH, rng.choice((1, 2, 4, 500)))
            if rng.random() < 0.7:
                yield self.sends(1 - side, ACK, behind=rng.choice((0, 0, 0, 1)))
            if rng.random() < 0.02:
                yield self.wrong()
        if rng.random() < 0.05:  # ACKs that say nothing new
            for _ in range(rng.choice((2, 12))):
                yield self.sends(0, ACK)
        closer = rng.randrange(2)
        yield self.sends(closer, FIN | ACK, rng.choice((0, 0, 5)))
        if rng.random() < 0.7:
            yield self.sends(1 - closer, ACK, behind=rng.choice((0, 0, 1)))
        if rng.random() < 0.2:  # half-closed
            yield self.sends(1 - closer, ACK | PSH, rng.choice((1, 4)))
        if rng.random() < 0.1:
            yield self.wrong()
        yield self.sends(1 - closer, FIN | ACK, behind=rng.choice((0, 0, 0, 1)))
        for _ in range(rng.choice((1, 1, 1, 2))):
            yield self.sends(closer, ACK, behind=rng.choice((0, 0, 0, 1)))
        if rng.random() < 0.1:
            yield self.wrong()

    def wrong(self) -> bytes:
        """Something that a usual life does not have."""
        side, what = self.rng.randrange(2), self.rng.randrange(7)
        nxt, heard = self.nxt[side], self.nxt[1 - side]
        by = self.rng.choice((1, 2, 3, 100, -1, -2, -3, -100, 1 << 31))
        if what == 0:
            return self.frame(side, ACK, nxt + by, heard, 0)
        if what == 1:
            return self.frame(side, ACK, nxt, heard + by, 0)
        if what == 2:
            return self.frame(side, ACK | PSH, nxt + by, heard, 4)
        if what == 3:
            return self.frame(side, RST | ACK, nxt, heard, 0)
        if what == 4:
            return self.frame(side, SYN, nxt + by, 0, 0)
        if what == 5:
            return self.sends(side, FIN | ACK)
        return self.sends(side, ACK | PSH, 40_000)


def made(seed: int, count: int) -> list[Frame]:
    """``count`` connections, some at a time; sockets are used again now and then."""
    rng = random.Random(seed)
    open_now: list[Iterator[bytes]] = []
    found: list[Frame] = []
    time, number = 1_700_000_000.0, 0
    while number < count or open_now:
        while number < count and len(open_now) < 8:
            again = rng.random() < 0.05
            open_now.append(Talk(rng, number - rng.randrange(1, 30) if again else number).run())
            number += 1
        place = rng.randrange(len(open_now))
        data = next(open_now[place], None)
        if data is None:
            open_now.pop(place)
            continue
        time += rng.choice((0.0, 0.0, 0.0002, 0.0004, 0.01, 0.3))
        if rng.random() < 0.001:
            time += 130.0
        found.append(Frame(1, time, data, len(data), len(found) + 1))
    return found


@cache
def long_way(seed: int, count: int) -> tuple[list[Frame], list]:
    """What is made, and all that is told of it if nobody remembers a course."""
    of = made(seed, count)
    return of, told(of, False)[0]


def test_talk_is_of_all_kinds():
    verdicts: dict[Verdict, int] = {}
    follower = Follower(
        choose([]), MIDDLE, lambda c: verdicts.update({c.verdict: verdicts.get(c.verdict, 0) + 1})
    )
    follower.feed(watched(follower, made(1, 300)))
    follower.finish()
    assert verdicts[Verdict.CONFORMS] > 100
    assert verdicts[Verdict.DEVIATES] > 25
    assert verdicts[Verdict.INCONCLUSIVE] > 5


@pytest.mark.parametrize("seed", range(6))
def test_a_course_that_was_taken_before_leads_to_the_same(seed):
    of, slow = long_way(seed, COUNT)
    assert told(of, True)[0] == slow


@pytest.mark.parametrize("rules", [["linux"], ["time_wait_cut=239990"], ["reset_exact=no"]])
def test_whatever_the_rules(rules):
    of, behaviour = made(7, COUNT), choose(rules)
    assert told(of, True, behaviour)[0] == told(of, False, behaviour)[0]


def test_most_connections_need_no_monitors(monkeypatch):
    waked = 0
    real = courses.Course.replay

    def replay(self, connection):
        nonlocal waked
        waked += 1
        real(self, connection)

    monkeypatch.setattr(courses.Course, "replay", replay)
    rng = random.Random(1)
    of: list[Frame] = []
    for number in range(400):
        talk = Talk(rng, number)
        talk.wnd = [65535, 65535]
        life = [
            talk.sends(0, SYN), talk.sends(1, SYN | ACK), talk.sends(0, ACK),
            talk.sends(0, ACK | PSH, 300), talk.sends(1, ACK | PSH, rng.randrange(3, 1000)),
            talk.sends(0, ACK), talk.sends(1, FIN | ACK), talk.sends(0, ACK),
            talk.sends(0, FIN | ACK), talk.sends(1, ACK),
        ]  # fmt: skip
        of += [Frame(1, 1e9 + number, data, len(data), 1) for data in life]
    found = []
    follower = Follower(choose([]), MIDDLE, found.append)
    follower.feed(watched(follower, of))
    follower.finish()
    assert [c.verdict for c in found] == [Verdict.CONFORMS] * 400
    assert waked < 5


def test_memory_of_courses_is_bounded(monkeypatch):
    monkeypatch.setattr(courses, "STAGES", 40)
    of = made(3, COUNT)
    assert told(of, True)[0] == told(of, False)[0]


BUGS = {
    "flags": ("(flags & CONTROL) << 4", "(flags & ACK) << 4"),
    "whether all is acknowledged": ("code = 1\n", "code = 0\n"),
    "the window": ("room > SPAN or left", "left"),
    "which segments are told of": ("(items[place][1], *rest)", "(items[place - 1][1], *rest)"),
    "turns": ("for place in outcome.turns:", "for place in outcome.turns[1:]:"),
    "what was quiet": ("tell(flow, side, item[side], made)", "item"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_course_without_it_is_noticed(bug, monkeypatch):
    right, wrong = BUGS[bug]
    source = inspect.getsource(courses)
    assert right in source
    module = types.ModuleType("courses_with_a_bug")
    exec(compile(source.replace(right, wrong), "courses_with_a_bug", "exec"), module.__dict__)
    for name in ("Course", "Stage"):
        monkeypatch.setattr(quiet, name, getattr(module, name))
    for seed in range(6):
        of, slow = long_way(seed, COUNT)
        try:
            if told(of, True)[0] != slow:
                return
        except (AssertionError, TypeError, AttributeError):
            return
    pytest.fail("nothing differs")
