"""What a peer was seen to send, kept as a summary."""

from random import Random
from time import process_time

import pytest

from checker.conform.inbound import PARTS, Inbound


def test_gaps_are_bounded():
    inbound = Inbound(0)
    for i in range(3000):
        inbound.text(10 + 10 * i, 5)
    assert len(inbound.parts) <= 1 << 10
    assert inbound.full


def test_inbound_puts_parts_together():
    inbound = Inbound(2**32 - 5)
    assert inbound.text(10, 5) and inbound.text(20, 5) and not inbound.text(11, 2)
    assert inbound.top == 2**32 - 4
    assert inbound.text(15, 5) and inbound.parts == [(10, 25)]
    assert inbound.text(2**32 - 4, 20) and inbound.top == 25 and not inbound.parts


def plainly(top: int, parts: list[tuple[int, int]], seq: int, end: int) -> list[tuple[int, int]]:
    """The parts beyond ``top`` with one more, from the octets that they have."""
    ranges = [((start - top) % 2**32, (stop - top) % 2**32) for start, stop in (*parts, (seq, end))]
    have = {at for start, stop in ranges for at in range(start, stop)}
    starts = sorted(at for at in have if at - 1 not in have)
    stops = sorted(at + 1 for at in have if at + 1 not in have)
    found = zip(starts, stops, strict=True)
    return [((top + start) % 2**32, (top + stop) % 2**32) for start, stop in found]


@pytest.mark.parametrize("span", [60, 400])
def test_parts_are_what_was_seen(span):
    random = Random(span)
    for _ in range(40):
        inbound = Inbound(random.choice([0, 2**32 - 9, 2**32 - span]))
        for _ in range(60):
            seq = (inbound.top + random.randrange(1, span)) % 2**32
            end = (seq + random.randrange(1, 9)) % 2**32
            old = [*inbound.parts]
            expected = plainly(inbound.top, old, seq, end)
            assert inbound.text(seq, (end - seq) % 2**32) == (expected != old)
            assert inbound.parts == expected


def test_what_lies_beyond_many_gaps_is_taken_in_at_once():
    inbound = Inbound(0)
    for i in range(PARTS):
        inbound.text(10 + 10 * i, 5)
    began = process_time()
    for i in range(20_000):
        inbound.text(10 * PARTS + 5 + i, 1)
    assert process_time() - began < 4  # it was 16
    assert len(inbound.parts) == PARTS and inbound.furthest() == 10 * PARTS + 20_005
