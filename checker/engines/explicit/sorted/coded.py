"""Ascending keys, coded in one to a few octets each, in memory or in a file.

A *piece* is coded once and never changed. A level is a list of pieces, one after the other. Heads,
the first keys of blocks, are kept as they are, so that a part of a piece is found without reading
the rest.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from checker.engines.explicit.native import kernel as native
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.visited import describe
from checker.engines.explicit.sorted import kernel as k

U8 = np.uint64
Array = np.ndarray[Any, np.dtype[Any]]
BLOCK = int(k.BLOCK)
SOME = 2048
"""Blocks that are decoded at a time."""
LAST = ~U8(0)
"""No key is all ones (``Search._grow``)."""


def recode(keys: Array, old: Layout, new: Layout) -> None:
    """Code keys anew, in place. Their order stays: fields are compared in the same order."""
    if old != new:
        before, after = np.zeros((2, native.PARAMETERS), U8)
        describe(old, before)
        describe(new, after)
        native.recode_all(keys, before, after)


class File:
    """A file that is written at its end only."""

    def __init__(self, path: Path, size: int = 0) -> None:
        """Take what there is of it, up to ``size``."""
        self.path, self._file = path, -1
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self.digest = hashlib.sha256()
        self.size = 0
        while self.size < size:
            octets = os.pread(self._file, min(1 << 20, size - self.size), self.size)
            if not octets:
                break
            self.digest.update(octets)
            self.size += len(octets)
        os.ftruncate(self._file, self.size)

    def write(self, octets: Array) -> int:
        """Where what was written begins."""
        at, view = self.size, octets.data
        self.digest.update(view)
        while view:
            written = os.pwrite(self._file, view, self.size)
            self.size += written
            view = view[written:]
        return at

    def read(self, at: int, size: int) -> Array:
        """A part of it."""
        octets = os.pread(self._file, size, at)
        return np.frombuffer(octets, np.uint8)

    def sync(self) -> None:
        """Have it on the disk."""
        os.fsync(self._file)

    def empty(self) -> None:
        """Throw away what is in it."""
        os.ftruncate(self._file, 0)
        self.size = 0

    def close(self, keep: bool = True) -> None:
        """Close it, and remove it unless it is to stay."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            if not keep:
                self.path.unlink()

    def __del__(self) -> None:
        self.close()


@dataclass(slots=True)
class Piece:
    """Ascending keys: their octets, or where these begin in a file."""

    layout: Layout  # in which they are coded
    size: int
    heads: Array  # the first key of each block, and the last of all, in the layout of today
    at: Array  # where each block begins, and the end
    octets: Array | None
    file: File | None = None
    offset: int = 0

    @classmethod
    def of(cls, keys: Array, layout: Layout) -> "Piece":
        """Ascending keys, at least one, coded."""
        blocks = -(-keys.size // BLOCK)
        heads, at = np.empty(blocks + 1, U8), np.empty(blocks + 1, U8)
        octets = np.empty(10 * keys.size, np.uint8)  # what is not written takes no memory
        at[-1] = size = k.encode(keys, octets, heads, at)
        heads[-1] = keys[-1]
        return cls(layout, keys.size, heads, at, octets[: int(size)].copy())

    def move(self, file: File | None) -> None:
        """Put the octets into a file, if there is one."""
        if file is not None and self.octets is not None:
            self.offset = file.write(self.octets)
            self.file, self.octets = file, None

    def blocks(self, first: int, last: int, layout: Layout) -> Array:
        """The keys of some blocks, in the layout of today."""
        begin, end = int(self.at[first]), int(self.at[last])
        if self.octets is not None:
            octets = self.octets[begin:end]
        else:
            assert self.file is not None
            octets = self.file.read(self.offset + begin, end - begin)
        keys = np.empty(min(self.size, last * BLOCK) - first * BLOCK, U8)
        k.decode(octets, keys)
        recode(keys, self.layout, layout)
        return keys

    def between(self, lo: np.uint64, hi: np.uint64, layout: Layout) -> Array:
        """The keys from ``lo`` on that are less than ``hi``, of which there is one or more."""
        first, last = np.searchsorted(self.heads[:-1], (lo, hi)).tolist()
        keys = self.blocks(max(0, first - 1), last, layout)
        begin, end = np.searchsorted(keys, (lo, hi)).tolist()
        return keys[begin:end]


class Pieces:
    """Some pieces. ``layout`` is that of today, in which keys are asked for."""

    def __init__(self, layout: Layout, pieces: Sequence[Piece] = ()) -> None:
        self.layout = layout
        self.pieces = list(pieces)
        self.size = sum(piece.size for piece in pieces)
        self._spans: Array | None = None

    def add(self, piece: Piece) -> None:
        """Have one more."""
        self.pieces.append(piece)
        self.size += piece.size
        self._spans = None

    @property
    def spans(self) -> Array:
        """The first key of each piece, and the last."""
        if self._spans is None:
            ends = [(piece.heads[0], piece.heads[-1]) for piece in self.pieces]
            self._spans = np.array(ends, U8).reshape(-1, 2)
        return self._spans

    def between(self, lo: np.uint64, hi: np.uint64) -> Array:
        """The keys from ``lo`` on that are less than ``hi``, piece by piece."""
        spans = self.spans
        some = np.flatnonzero((spans[:, 0] < hi) & (spans[:, 1] >= lo)).tolist()
        found = [self.pieces[i].between(lo, hi, self.layout) for i in some]
        return found[0] if len(found) == 1 else np.concatenate([np.zeros(0, U8), *found])

    def cuts(self, blocks: int) -> Array:
        """Keys between which there are the beginnings of so many blocks."""
        heads = np.concatenate([piece.heads[:-1] for piece in self.pieces])
        heads.sort()
        return np.array([0, *heads[blocks::blocks], LAST], U8)

    def recode(self, layout: Layout) -> None:
        """Have another layout from today on."""
        for piece in self.pieces:
            recode(piece.heads, self.layout, layout)
        self.layout, self._spans = layout, None

    def __iter__(self) -> Iterator[Array]:
        """All keys, piece by piece, some at a time."""
        for piece in self.pieces:
            blocks = piece.at.size - 1
            for first in range(0, blocks, SOME):
                yield piece.blocks(first, min(first + SOME, blocks), self.layout)
