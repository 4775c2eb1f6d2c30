"""The visited set: its size, its growth, its memory."""

import contextlib
import itertools
import mmap
from concurrent.futures import Executor
from typing import Any

import numpy as np

from checker.engines.explicit.native import kernel as k
from checker.engines.explicit.native.kernel import address
from checker.engines.explicit.native.layout import Layout, field_of_ends

U8, U4 = np.uint64, np.uint32
Array = np.ndarray[Any, np.dtype[Any]]

FULL = 0.85
"""The load at which the set is doubled; a bucket is a cache line of 8 or 16 places."""


def _zeros(places: int, kind: Any) -> Array:
    """A zeroed array of its own pages, large ones if the kernel has them: look-ups are random.

    Raises MemoryError if the system refuses them.
    """
    size = places * np.dtype(kind).itemsize
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    try:
        memory = mmap.mmap(-1, max(size, mmap.PAGESIZE), flags=private)
    except OSError as error:
        raise MemoryError(error.strerror) from error
    if size >= 1 << 22 and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, kind, places)


def compact_places(expected: int) -> int:
    """Places for the fingerprints of so many states."""
    return max(1 << 12, 1 << int(expected / FULL).bit_length())


def most_places(memory: int) -> int:
    """Places for fingerprints in up to three quarters of the memory."""
    return max(1 << 12, 1 << (memory // 4 * 3 // 4).bit_length() - 1)


def describe(layout: Layout, p: Array) -> None:
    """Write to the kernel's parameters how keys are laid out."""
    p[k.ENDS], p[k.LINKS] = layout.ends, layout.links
    p[k.END_BITS], p[k.BAG_BITS] = layout.end_bits, layout.bag_bits


class Visited:
    """A set of keys of one layout (see ``kernel``)."""

    def __init__(self, layout: Layout, places: int = 1 << 14, compact: bool = False) -> None:
        self.compact = compact
        self.layout = layout
        self._make(places)

    @classmethod
    def planned(cls, ends: int, links: int, expected: int) -> "Visited":
        """An empty set for so many states: one that is large need not grow, nor its keys."""
        places = 1 << 14
        while places * FULL < expected:
            places *= 2
        if places <= 1 << 24:
            return cls(Layout.of(ends, links, 20, 42))
        bits = 32 - int(k.DISTANCE_BITS) + (places // 16).bit_length() - 1
        return cls(Layout.of(ends, links, 24, bits), places)

    def _make(self, places: int) -> None:
        if self.compact:
            kind, self.rest_bits = U4, 32 - int(k.DISTANCE_BITS)
        else:
            kind, self.rest_bits = self._plan(self.layout.bits, places)
        self.table = _zeros(places, kind)

    @property
    def fingerprint_bits(self) -> int:
        """The bits that are compared if the set is compact; 0 if it is exact."""
        return self.rest_bits + (self.table.nbytes // 64).bit_length() - 1 if self.compact else 0

    def describe(self, p: Array) -> None:
        """Write to the kernel's parameters what it is."""
        layout = self.layout
        describe(layout, p)
        p[k.KEY_BITS], p[k.FIELD] = layout.bits, field_of_ends(layout.ends)
        p[k.TABLE], p[k.REST_BITS] = address(self.table), self.rest_bits
        p[k.WIDE] = self.table.itemsize == 8
        p[k.COMPACT] = self.fingerprint_bits
        p[k.LAST_BUCKET] = self.table.nbytes // 64 - 1

    @staticmethod
    def _plan(bits: int, places: int) -> tuple[Any, int]:
        """The type of an entry, and how many bits of a key it keeps."""
        rest = bits - (places // 16).bit_length() + 1
        if rest + int(k.DISTANCE_BITS) <= 32:
            return U4, rest
        rest = bits - (places // 8).bit_length() + 1
        if rest + int(k.DISTANCE_BITS) > 64:
            raise ValueError(f"keys of {bits} bits need more than {places} places")
        return U8, rest

    @property
    def room(self) -> int:
        """How many states fit before it should grow."""
        return int(self.table.size * FULL)

    def narrower(self, layout: Layout, places: int) -> bool:
        """Would entries be half as large with keys of this layout than with those of today?"""
        return not self.compact and (
            self._plan(self.layout.bits, places)[0] is U8
            and self._plan(layout.bits, places)[0] is U4
        )

    def bytes_after(self, layout: Layout, places: int) -> int:
        """The memory of a set of other sizes."""
        kind, _ = self._plan(layout.bits, places)
        return places * int(np.dtype(kind).itemsize)

    def _spread(self, old: Array, new: Array, pool: Executor | None) -> int:
        """Fill a larger set, in two threads if there is a ``pool``."""
        counts = np.zeros(self.table.nbytes // 64, np.uint8)
        end = int(old[k.LAST_BUCKET]) + 1
        if pool is None or end < 8 * k.APART:
            return int(k.spread(old, new, counts, 0, end))
        cuts = (0, end // 2, end)
        halves = [
            pool.submit(k.spread, old, new, counts, lo + k.APART, hi)
            for lo, hi in itertools.pairwise(cuts)
        ]
        failed = sum(half.result() for half in halves)
        failed += sum(k.spread(old, new, counts, lo, lo + k.APART) for lo in cuts[:2])
        return int(failed)

    def rebuild(self, layout: Layout, places: int, pool: Executor | None = None) -> None:
        """Take other sizes, keeping the keys. Raises MemoryError, and is as it was, if there is
        no room for both."""
        kept, old = self.table, np.zeros(k.PARAMETERS, U8)
        self.describe(old)
        before, bits = self.layout, self.rest_bits
        self.layout = layout
        try:
            while True:
                self._make(places)
                new = np.zeros(k.PARAMETERS, U8)
                self.describe(new)
                failed = self._spread(old, new, pool) if layout == before else k.move(old, new)
                if not failed:
                    break
                places *= 2
        except MemoryError:
            self.table, self.layout, self.rest_bits = kept, before, bits
            raise
