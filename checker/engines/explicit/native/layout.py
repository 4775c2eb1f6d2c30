"""The layout of a key: the ends' numbers, then the bags', in one word of 64 bits.

All ends have fields of one width, and so have all bags. Widths are chosen for what is met: the
search begins with narrow fields and codes its keys anew when numbers grow out of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

WORD = 64
FEWEST = 24
"""Bits of a key at least, so that there are as many keys as a small visited set has buckets."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How many ends and links, and the widths of their fields."""

    ends: int
    links: int
    end_bits: int
    bag_bits: int

    @classmethod
    def of(cls, ends: int, links: int, for_ends: int, bits: int) -> "Layout":
        """A layout of at most so many ``bits``, of which ``for_ends`` are for the ends."""
        if not links:
            return cls(ends, 0, min(32, bits // ends), 0)
        end_bits = max(1, for_ends // ends)
        return cls(ends, links, end_bits, max(1, (bits - ends * end_bits) // links))

    def of_widths(self, end_bits: int, bag_bits: int) -> "Layout":
        """The same with other widths."""
        return replace(self, end_bits=end_bits, bag_bits=bag_bits if self.links else 0)

    @property
    def needs(self) -> int:
        """The bits of all fields."""
        return self.ends * self.end_bits + self.links * self.bag_bits

    @property
    def bits(self) -> int:
        """The width of a key."""
        return max(self.needs, FEWEST)

    def pack(self, ends: Sequence[int], bags: Sequence[int]) -> int:
        """The key of these numbers."""
        key = 0
        for end in ends:
            key = key << self.end_bits | end
        for bag in bags:
            key = key << self.bag_bits | bag
        return key

    def unpack(self, key: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The numbers of the ends and of the bags in a key."""
        bags = self._fields(key, self.links, self.bag_bits)
        return self._fields(key >> self.links * self.bag_bits, self.ends, self.end_bits), bags

    @staticmethod
    def _fields(word: int, count: int, bits: int) -> tuple[int, ...]:
        return tuple(word >> bits * i & (1 << bits) - 1 for i in reversed(range(count)))

    def __str__(self) -> str:
        bags = f" and {self.links} bags of {self.bag_bits} bits" if self.links else ""
        return f"{self.ends} ends of {self.end_bits} bits{bags}"


def field_of_ends(ends: int) -> int:
    """The width of each field in a word of all ends that does not depend on a layout."""
    return min(32, WORD // ends)


def split_ends(word: int, ends: int) -> tuple[int, ...]:
    """The ends in such a word."""
    bits = field_of_ends(ends)
    return tuple([word >> bits * i & (1 << bits) - 1 for i in range(ends - 1, -1, -1)])
