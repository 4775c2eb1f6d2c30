"""Pairs of sockets by shard: what crosses connections stays within a shard.

A pair of sockets is of the shard that a hash of both says, whatever network it is seen in. What
connections share, the account of what is not explained (``patience``), the number of pairs that are
followed at a time, and frames that cannot be read and are of known sockets, is shared within a
shard only. So several processes, each with shards of its own, come to what one process comes to.
"""

from bisect import bisect_left, insort
from typing import TYPE_CHECKING
from zlib import crc32

from checker.capture import Unread
from checker.conform.patience import Patience

if TYPE_CHECKING:
    from checker.conform.connection import Flow

SHARDS = 8
"""How many there are. (Each process reads all: more would read more than they follow.)"""
ALL = frozenset(range(SHARDS))
BLIND = 1 << 16
"""Frames that may be of any connection: the last are kept."""


def shard_of(one: bytes, other: bytes) -> int:
    """Of a pair of sockets, in either order."""
    return crc32(one + other if one < other else other + one) % SHARDS


class Hidden:
    """Frames that could not be read: by the addresses or sockets that they are of, if these are
    known and there are fewer than ``limit``; else they may be of any connection."""

    __slots__ = ("blind", "limit", "pairs")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.pairs: dict[tuple[bytes, bytes], str] = {}
        self.blind: list[tuple[int, str]] = []  # numbers of frames, and why

    def take(self, item: Unread) -> None:
        """One more."""
        if item.src and len(self.pairs) < self.limit:
            self.pairs[item.src, item.dst] = item.why
        else:
            insort(self.blind, (item.number, item.why))  # a fragment waited for the rest
            del self.blind[:-BLIND]

    def before(self, segment: int) -> tuple[int, str]:
        """The last frame before a segment that may be of any connection; 0: none."""
        place = bisect_left(self.blind, (segment, "")) - 1
        return self.blind[place] if place >= 0 else (0, "")


class Shard:
    """What its pairs of sockets share; ``limit``: how many are followed at a time."""

    __slots__ = ("flows", "hidden", "limit", "number", "patience")

    def __init__(self, number: int, limit: int) -> None:
        self.number = number
        self.limit = limit
        self.flows: dict[int, Flow] = {}  # by their identity, in the order of their first packets
        self.patience = Patience()
        self.hidden = Hidden(limit)
