"""Sequence numbers (RFC 9293 section 3.4) against an oracle that walks round the circle.

Exhaustive at widths 3 and 4; at 32 the oracle would walk too long, so there the distances are
drawn first and the numbers made from them.
"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.seq import Space, choose

WIDTHS = (3, 4)


def up(width: int, a: int) -> int:
    """The next number on the circle."""
    return 0 if a == 2**width - 1 else a + 1


def walk(width: int, start: int, steps: int) -> list[int]:
    """``start`` and the numbers met in ``steps`` steps up."""
    met = [start]
    for _ in range(steps):
        met.append(up(width, met[-1]))
    return met


def path(width: int, a: int, c: int) -> list[int]:
    """From ``a`` up to the first ``c``, both included."""
    met = [a]
    while met[-1] != c:
        met.append(up(width, met[-1]))
    return met


@pytest.mark.parametrize("width", WIDTHS)
def test_plus_and_minus_walk(width):
    space = Space(width)
    assert space.size == len(set(walk(width, 0, 100)))
    for a, n in itertools.product(range(2**width), range(2**width)):
        there = walk(width, a, n)[-1]
        assert space.plus(a, n) == there
        assert space.minus(there, a) == n


@pytest.mark.parametrize("width", WIDTHS)
def test_intervals_walk(width):
    """Exact for every placement of three numbers."""
    space = Space(width)
    for a, b, c in itertools.product(range(2**width), repeat=3):
        way = path(width, a, c)
        assert space.le_le(a, b, c) == (b in way)
        assert space.le_lt(a, b, c) == (b in way[:-1])
        assert space.lt_le(a, b, c) == (b in way[1:])


@pytest.mark.parametrize("width", WIDTHS)
def test_pairs_walk(width):
    """Less: met in fewer steps than half the circle."""
    space = Space(width)
    for a, b in itertools.product(range(2**width), repeat=2):
        ahead = walk(width, a, 2 ** (width - 1) - 1)
        assert space.le(a, b) == (b in ahead)
        assert space.lt(a, b) == (b in ahead[1:])


@pytest.mark.parametrize("width", [*WIDTHS, 32])
def test_exactly_half_is_ambiguous(width):
    """Neither is less than the other; one step to either side decides."""
    space, half = Space(width), 2 ** (width - 1)
    for a in (0, 1, half - 1, half, 2**width - 1):
        b = space.plus(a, half)
        for less in (space.lt, space.le):
            assert not less(a, b)
            assert not less(b, a)
            assert less(a, space.plus(b, 2**width - 1))
            assert less(space.plus(b, 1), a)


numbers = st.integers(0, 2**32 - 1)
distances = numbers | st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1])


@given(numbers, distances, distances)
def test_width_32(a, n, m):
    space = Space(32)
    b, c = (a + n) % 2**32, (a + m) % 2**32
    assert (space.plus(a, n), space.minus(b, a)) == (b, n)
    assert space.le_lt(a, b, c) == (n < m)
    assert space.lt_le(a, b, c) == (0 < n <= m)
    assert space.le_le(a, b, c) == (n <= m)
    assert space.lt(a, b) == (0 < n < 2**31)
    assert space.le(a, b) == (n < 2**31)


@given(numbers, distances)
def test_width_32_order(a, n):
    """Antisymmetric; total but for the one number opposite."""
    space = Space(32)
    b = (a + n) % 2**32
    assert space.lt(a, b) + space.lt(b, a) == (n not in (0, 2**31))
    assert (space.le(a, b) and space.le(b, a)) == (a == b)


@given(numbers, numbers, distances, distances)
def test_width_32_turns(a, turn, n, m):
    """The circle has no beginning: turning all numbers changes nothing."""
    space = Space(32)
    here = [a, space.plus(a, n), space.plus(a, m)]
    there = [space.plus(x, turn) for x in here]
    for holds in (space.le_lt, space.lt_le, space.le_le):
        assert holds(*here) == holds(*there)
    for less in (space.lt, space.le):
        assert less(*here[:2]) == less(*there[:2])


class Carrier:
    """A symbolic truth: answers by itself."""

    def choose(self, yes, no):
        return ("either", yes, no)

    def __bool__(self):
        raise AssertionError("decided")


def test_choose():
    assert choose(True, 1, 2) == 1
    assert choose(False, 1, 2) == 2
    assert choose(Carrier(), 1, 2) == ("either", 1, 2)
