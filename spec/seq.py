"""Sequence numbers: arithmetic and order modulo 2^w (RFC 9293 section 3.4).

Numbers on a circle have no order of their own. Two notions serve in its place:

* *intervals*, which are exact: ``a =< b < c`` means that going up from ``a`` one meets ``b``
  before ``c``. All window and acknowledgment tests of the RFC are of this form, and hold
  for any placement of the three numbers on the circle.
* *pairs*: ``a < b`` means that ``b`` is less than half the circle ahead of ``a``. Two
  numbers exactly half a circle apart are ambiguous: neither is less than the other here.
  The RFC compares such pairs only when it looks for "an ACK of something not yet sent",
  an out-of-order segment, an urgent pointer and a window update, always of numbers that
  honest peers keep within a window of each other; 2^w is at least four windows in every
  profile of ``spec.world.bounds``, so that honest numbers never reach half.

The width is 3 or 4 bits where states are enumerated and 32 where they are proved; the code
is the same.
"""

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


def choose(test: bool, yes: T, no: T) -> T:
    """``yes if test else no``, as a computation rather than a decision of the rules.

    A symbolic ``test`` answers with an expression of its own instead of a fork.
    """
    pick = getattr(test, "choose", None)
    return pick(yes, no) if pick is not None else (yes if test else no)


def not_(test: bool) -> bool:
    """``not test``, as a computation; ``not`` itself would be a decision."""
    return test == False  # noqa: E712


def least(a: int, b: int) -> int:
    """The smaller of two numbers, as a computation."""
    return choose(a < b, a, b)


def most(a: int, b: int) -> int:
    """The larger of two numbers, as a computation."""
    return choose(a < b, b, a)


def half(n: int, bound: int) -> int:
    """Half of ``n``, rounded down, as a computation; ``n`` is ``bound`` at most, or counts as it.

    What is traced has no division: so many twos are in ``n`` as it is not below.
    """
    halves = 0
    for twos in range(1, bound // 2 + 1):
        halves = halves + (n >= 2 * twos)
    return halves


def times(n: int, amount: int) -> int:
    """So many times an amount, which may be symbolic: what is traced has no multiplication."""
    total = 0
    for _ in range(n):
        total = total + amount
    return total


def implies(if_: bool, then: bool) -> bool:
    """``then``, unless not ``if_``, as a computation."""
    return not_(if_) | then


@dataclass(frozen=True, slots=True)
class Space:
    """The circle of 2^width sequence numbers; every argument and result is in [0, 2^width)."""

    width: int

    @property
    def size(self) -> int:
        """The modulus, 2^width."""
        return 1 << self.width

    def plus(self, a: int, n: int) -> int:
        """The number ``n`` places above ``a``."""
        return (a + n) & (self.size - 1)

    def minus(self, a: int, b: int) -> int:
        """How far ``a`` lies above ``b``, going up."""
        return (a - b) & (self.size - 1)

    def lt(self, a: int, b: int) -> bool:
        """``a < b`` for a pair: false in both directions at exactly half the circle."""
        ahead = self.minus(b, a)
        return (ahead != 0) & (ahead < self.size // 2)

    def le(self, a: int, b: int) -> bool:
        """``a =< b`` for a pair."""
        return self.minus(b, a) < self.size // 2

    def le_lt(self, a: int, b: int, c: int) -> bool:
        """``a =< b < c``, exact; empty when ``a = c``."""
        return self.minus(b, a) < self.minus(c, a)

    def lt_le(self, a: int, b: int, c: int) -> bool:
        """``a < b =< c``, exact; empty when ``a = c``."""
        return (b != a) & (self.minus(b, a) <= self.minus(c, a))

    def le_le(self, a: int, b: int, c: int) -> bool:
        """``a =< b =< c``, exact; just ``a`` when ``a = c``."""
        return self.minus(b, a) <= self.minus(c, a)
