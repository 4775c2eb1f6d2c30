"""Quiet connections are told of as if each of their segments had gone the long way."""

import contextlib
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.capture import Damage, Frame, Packet, Unread, frames, read
from checker.conform.behaviour import Behaviour, choose
from checker.conform.connection import Connection
from checker.conform.data import Watch
from checker.conform.follow import MIDDLE, Follower
from checker.conform.inbound import Inbound
from checker.conform.layout import values
from checker.conform.monitor import Monitor
from checker.listeners import findings
from checker.listeners.requests import Listeners
from tests.helpers import traffic

CAPTURES = Path(__file__).parents[2] / "captures"
ALL = sorted([*CAPTURES.rglob("*.pcap"), *CAPTURES.rglob("*.pcapng")])
RULES = choose([])
SHOWN = ("number", "frame", "time", "src", "dst", "seq", "ack", "flags", "wnd", "text", "options")


def kept(path: Path) -> list[Frame]:
    """The frames of a capture up to where it is damaged."""
    found: list[Frame] = []
    with contextlib.suppress(Damage):
        found.extend(frames(path))
    return found


def watched(follower: Follower, of: list[Frame]) -> Iterator[Packet | Unread]:
    """The segments that are not quiet, with somebody who looks at them."""
    return Watch(None).over(follower, of, Listeners())


def told(of: list[Frame], quiet: bool, rules: Behaviour = RULES) -> tuple[list, int]:
    """All that is known of each connection when it is told of; how many segments were quiet."""
    found = []
    follower = Follower(rules, MIDDLE, lambda c: found.append(_everything(c)))
    listeners, watch = Listeners(), Watch(None)
    long = 0

    def segments():
        nonlocal long
        for item in watch.over(follower, of, listeners if quiet else None):
            listeners.take(item)
            long += 1
            yield item

    follower.feed(segments())
    follower.finish()
    accounts = [shard.patience.left for shard in follower.shards]
    found.append((follower.segments, dict(follower.unread), accounts))
    found.append([findings.as_json(one, 0.0) for one in listeners.finish()])
    return found, follower.segments + follower.unread.total() - long


def _everything(c: Connection) -> tuple:
    if c.flow.learner is not None:
        turns = [*c.turns]
        c.turns.clear()
        c.flow.learner.replay(c)
        assert c.turns == turns  # it was known what they would be
    named = [
        (name, getattr(c, name))
        for name in Connection.__slots__
        if name not in ("flow", "deviation", "suspects")
    ]
    deviation = c.deviation
    if deviation is not None:
        before = [[getattr(p, name) for name in SHOWN] for p in deviation.seen]
        named.append(("deviation", (deviation.as_json(), before, deviation.sides)))
    seen = [(side, edge, [getattr(p, name) for name in SHOWN]) for side, p, edge in c.flow.seen]
    return c.name, repr(named), seen, [_known(one) for one in c.flow.ends.monitors]


def _known(one: Monitor) -> tuple:
    """What a monitor knows beside its candidates, some of which only a later reset would show."""
    inbound = [[getattr(of, name) for name in Inbound.__slots__] for of in one.inbound.values()]
    came = [[getattr(p, name) for name in SHOWN] for p in one.seen.came]
    tcbs = [values(c.tcb) for c in one.candidates]
    return inbound, one.acked, tcbs, came, list(one.seen.text), one.seen.before, one.seen.last


def made(each: int, count: int, seed: int, tmp_path: Path) -> list[Frame]:
    """Connections of ``each`` segments."""
    path = tmp_path / "made.pcap"
    traffic.write(path, each, count, seed)
    return kept(path)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_capture(path):
    of = kept(path)
    assert told(of, True)[0] == told(of, False)[0]


@pytest.mark.parametrize("each", [20, 100, 2_000])
def test_connections_that_nothing_disturbs_are_quiet(each, tmp_path):
    of = made(each, 6_000, each, tmp_path)
    (quick, taken), (slow, none) = told(of, True), told(of, False)
    assert quick == slow
    assert none == 0
    assert taken > (0.5 if each == 20 else 0.85) * len(of)


def test_what_rests_is_forgotten_at_the_same_segment(tmp_path):
    of = made(400, 140_000, 3, tmp_path)
    (quick, taken), (slow, _) = told(of, True), told(of, False)
    assert quick == slow
    assert taken > 120_000


def damaged(of: list[Frame], rng: random.Random, share: float) -> list[Frame]:
    """Frames of which a share is lost, doubled, late, or changed in one field."""
    found: list[Frame] = []
    for frame in of:
        if rng.random() > share or len(frame.data) < 54 or frame.data[12:14] != b"\x08\x00":
            found.append(frame)
            continue
        what = rng.randrange(8)
        data = bytearray(frame.data)
        if what == 1:
            found += [frame, frame]
            continue
        if what == 2 and found:
            found.insert(-rng.randrange(1, min(len(found), 9) + 1), frame)
            continue
        if what in (3, 4):
            at, by = rng.choice((38, 42)), rng.choice((1, -1, 2, 100, -100, 1460, -1460, 1 << 31))
            (number,) = struct.unpack_from(">I", data, at)
            struct.pack_into(">I", data, at, (number + by) & 0xFFFFFFFF)
        elif what == 5:
            data[47] ^= 1 << rng.randrange(8)
        elif what == 6:
            struct.pack_into(">H", data, 48, rng.choice((0, 0, 1, 100, 65535)))
        elif what == 7:
            data[rng.choice((12, 13, 14, 16, 17, 20, 21, 23, 46))] ^= 1 << rng.randrange(8)
        if what:
            found.append(frame._replace(data=bytes(data)))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_damaged_connections(seed, tmp_path):
    rng = random.Random(seed)
    of = damaged(made(rng.choice((20, 40, 300)), 4_000, seed, tmp_path), rng, (seed + 1) / 200)
    assert told(of, True)[0] == told(of, False)[0]


@pytest.mark.parametrize("seed", range(3))
def test_damaged_captures(seed):
    rng = random.Random(seed)
    for path in ALL:
        if path.stat().st_size < 60_000:
            of = damaged(kept(path), rng, 0.03)
            assert told(of, True)[0] == told(of, False)[0], path.name


def test_a_quiet_connection_is_told_of_where_the_capture_ends(tmp_path):
    of = made(2_000, 1_500, 1, tmp_path)
    quick, taken = told(of, True)
    assert taken
    assert quick == told(of, False)[0]
    assert any("ESTABLISHED" in one[1] for one in quick[:-2])


def test_read_alone_takes_nothing(tmp_path):
    of = made(20, 200, 1, tmp_path)
    assert len(list(read(of))) == len(of)
