"""What is remembered of a situation is what comes of it."""

import random
from collections.abc import Iterable

import pytest

from checker.capture import Packet, frames, read
from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform import patience
from checker.conform.cache import situations
from checker.conform.cache.situations import Cache
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import MIDDLE, Follower, Position
from tests.helpers import traffic
from tests.helpers.mutate import CAPTURES
from tests.helpers.wire import LINUX, RFC, ZEEK, A, B, Wire
from tests.programs import hostile


def all_told(
    packets: Iterable[Packet], memory: Cache | None, behaviour, position: Position
) -> list:
    """All that is told of connections; without a memory, the long way."""
    found: list[Connection] = []
    follower = Follower(behaviour, position, found.append, cached=False)
    if memory is not None:
        follower.way = memory
    follower.feed(packets)
    follower.finish()
    return [
        (c.verdict, c.reason, c.life, c.edges, c.states, c.deviation and c.deviation.as_json())
        for c in found
    ]


def disturbed(rng: random.Random, number: int) -> list[Packet]:
    """A connection with segments lost, doubled, late or changed; or none of it."""
    each = rng.choice((8, 9, 10, 12, 20))
    sent = list(traffic.connection(rng, each))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
        i = rng.randrange(len(sent))
        what = rng.randrange(6)
        one = sent[i]
        if what == 0:
            del sent[i]
        elif what == 1:
            sent.insert(rng.randrange(len(sent) + 1), one)
        elif what == 2:
            sent.insert(i + 1, sent.pop(i))
        elif what == 3:
            sent[i] = one._replace(flags=one.flags ^ rng.choice((ACK, FIN, RST, SYN, PSH)))
        else:
            by = rng.choice((1, 2, 3, -1, -2, -3, 100, -100, 1460, 2**31))
            field = rng.choice(("seq", "ack", "text"))
            value = (getattr(one, field) + by) % (2**32 if field != "text" else 1500)
            sent[i] = one._replace(**{field: value})
        if len(sent) < 3:
            break
    time, packets, wnd = 0.0, [], rng.choice((65535, 65535, 2000, 1))
    for i, one in enumerate(sent):
        time += rng.choice((0.0, 0.0001, 0.01, 0.5, 1.0, rng.choice((0.01, 61.0, 241.0))))
        src, dst = (B, A) if one.side else (A, B)
        packets.append(
            Packet(number + i, time, src, dst, one.seq, one.ack, one.flags, wnd, one.text,
                   traffic.OPTIONS if one.flags & SYN else b"")
        )  # fmt: skip
    return packets


SLOW = [(150, 7), (150, 8), (10_000, 3)]
"""Connections, and seeds, that take longer."""


@pytest.mark.parametrize(
    ("count", "seed"), [(60, 2), *(pytest.param(*at, marks=pytest.mark.slow) for at in SLOW)]
)
def test_what_is_remembered_is_the_long_way(count, seed):
    """A memory that grows from connection to connection, against none."""
    rng = random.Random(seed)
    places = (MIDDLE, Position(role="client"), Position(role="server"))
    for behaviour in (RFC, LINUX):
        memory = Cache(behaviour)
        for i in range(count):
            packets = disturbed(rng, rng.randrange(1, 9))
            if i % 4 == 0:  # the pair of sockets is used again
                packets += disturbed(rng, packets[-1].number + 1)
            where = rng.choice(places)
            quick = all_told(packets, memory, behaviour, where)
            assert quick == all_told(packets, None, behaviour, where), (i, where)
        assert memory.recalled > memory.learnt > 100


@pytest.mark.parametrize("path", [*sorted(CAPTURES.glob("*.pcap")), *sorted(ZEEK.iterdir())],
                         ids=lambda p: p.name)  # fmt: skip
def test_captures_are_remembered_as_they_were(path):
    """The second time, everything that can be is remembered."""
    for where in (MIDDLE, Position(role="client"), Position(role="server")):
        packets = [p for p in read(frames(path)) if isinstance(p, Packet)]
        memory = Cache(LINUX)
        first, second = (all_told(packets, memory, LINUX, where) for _ in range(2))
        assert first == second == all_told(packets, None, LINUX, where)


@pytest.mark.parametrize("each", [8, 20, 100])
def test_traffic_conforms_and_is_remembered(tmp_path, each):
    """What the speed is measured on: whole connections, each of as many segments, and all right."""
    path = tmp_path / "traffic.pcap"
    traffic.write(path, each, 60 * each)
    found: list[Connection] = []
    follower = Follower(RFC, MIDDLE, found.append)
    follower.feed(read(frames(path)))
    follower.finish()
    whole = [c for c in found if c.packets > 1]
    assert {c.verdict for c in whole} == {Verdict.CONFORMS}
    assert max(c.packets for c in found) == each
    assert follower.way.learnt < 80 < follower.way.recalled


def test_memory_is_bounded(monkeypatch):
    """It is cleared when it is full, and what is followed at that time is followed on."""
    monkeypatch.setattr(situations, "REMEMBERED", 12)
    rng = random.Random(1)
    memory = Cache(RFC)
    for i in range(50):
        packets = disturbed(rng, 1)
        assert all_told(packets, memory, RFC, MIDDLE) == all_told(packets, None, RFC, MIDDLE), i
        assert memory.learnt + len(memory._situations) <= 13


def test_which_numbers_are_next_to_each_other_is_looked_at(monkeypatch):
    """A keep-alive is one behind SND.NXT; five behind is in the midst of a segment, and wrong."""

    def idle(seq: int) -> list[Packet]:
        wire = Wire().opened()(B, ACK, 300, 100, 50)(A, ACK, 100, 350)(A, ACK | FIN, 100, 350)
        return wire(B, ACK, 350, 101)(B, ACK, seq, 101).packets

    def verdicts() -> list[Verdict]:
        memory = Cache(RFC)
        return [all_told(idle(seq), memory, RFC, MIDDLE)[0][0] for seq in (349, 345)]

    assert verdicts() == [Verdict.CONFORMS, Verdict.DEVIATES]
    monkeypatch.setattr(situations, "NEAR", 1)  # the seeded bug
    assert verdicts() == [Verdict.CONFORMS, Verdict.CONFORMS]


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_nonsense_is_remembered_as_it_was(monkeypatch, kind):
    """... and paid for alike, until it is not followed any more."""
    monkeypatch.setattr(patience, "BEGIN", 20 * patience.REFUSED)
    _, make = hostile.KINDS[kind]
    packets = make(150)
    assert all_told(packets, Cache(RFC), RFC, MIDDLE) == all_told(packets, None, RFC, MIDDLE)


def test_what_is_remembered_is_paid_for(monkeypatch):
    """Many candidates, each time that a reset comes again; then nothing is left for nonsense."""
    monkeypatch.setattr(patience, "BEGIN", 20 * patience.REFUSED)
    (_, many), (_, nonsense) = (
        hostile.KINDS[kind] for kind in ("same ISNs again, reset", "random, 500 pairs")
    )
    packets = many(300) + nonsense(60)
    told = all_told(packets, Cache(RFC), RFC, MIDDLE)
    assert told == all_told(packets, None, RFC, MIDDLE)


def test_where_segments_began_is_asked_each_time():
    """A late ACK alone has the SEQ of a segment's beginning; with all else alike, one's midst."""

    def closing(*texts: int) -> list[Packet]:
        wire, at = Wire().opened()(B, ACK, 300, 100, 9), 100
        for text in texts:
            wire(A, ACK, at, 309, text)
            at += text
        wire(A, ACK | FIN, at, 309)(A, ACK, 120, 309)
        return wire(B, ACK | FIN, 309, at + 1)(A, ACK, at + 1, 310).packets

    memory = Cache(RFC)
    for texts, verdict in (((20, 30), Verdict.CONFORMS), ((50,), Verdict.DEVIATES)):
        for _ in range(2):
            ((found, *rest),) = all_told(closing(*texts), memory, RFC, MIDDLE)
            assert found is verdict
            assert [(found, *rest)] == all_told(closing(*texts), None, RFC, MIDDLE)


def test_a_reset_is_remembered_with_what_it_answers():
    """From CLOSED, of an ACK long ago; both ends are in the same states as without it."""

    def ended(*acks: int) -> list[Packet]:
        wire = Wire().opened()(B, ACK, 300, 100, 50)(B, ACK, 350, 100, 50)
        for ack in acks:
            wire(A, ACK, 100, ack)
        wire(A, ACK, 100, 400, 50)(A, ACK, 150, 400)
        return wire(B, RST | ACK, 400, 150)(B, RST, 350).packets

    memory = Cache(RFC)
    for acks, verdict in (((350, 400), Verdict.CONFORMS), ((400,), Verdict.DEVIATES)):
        for _ in range(2):
            ((found, *rest),) = all_told(ended(*acks), memory, RFC, MIDDLE)
            assert found is verdict
            assert [(found, *rest)] == all_told(ended(*acks), None, RFC, MIDDLE)
    assert memory.recalled > memory.learnt
