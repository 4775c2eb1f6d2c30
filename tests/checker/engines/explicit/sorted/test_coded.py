"""Keys, coded: that they come back, all of them and those of a range."""

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.sorted import kernel as k
from checker.engines.explicit.sorted.coded import BLOCK, LAST, File, Piece, Pieces, recode

U8 = np.uint64
LAYOUT = Layout(2, 2, 16, 16)
NARROW = Layout(2, 2, 4, 4)


def keys_of(seed: int, size: int) -> np.ndarray:
    """Ascending keys, near to each other and far apart."""
    chance = random.Random(seed)
    steps = [1 << chance.choice([0, 0, 0, 6, 7, 8, 13, 14, 21, 35, 49]) for _ in range(size)]
    return np.cumsum(np.array(steps, U8)) - U8(chance.randrange(2) and 1)


@pytest.mark.parametrize("size", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7])
@pytest.mark.parametrize("in_file", [False, True])
def test_keys_come_back(size: int, in_file: bool, tmp_path: Path) -> None:
    file = File(tmp_path / "keys") if in_file else None
    for seed in range(5):
        keys = keys_of(seed, size)
        piece = Piece.of(keys, LAYOUT)
        piece.move(file)
        assert (piece.octets is None) == in_file
        whole = Pieces(LAYOUT, [piece])
        assert np.concatenate([*whole]).tolist() == keys.tolist()
        chance = random.Random(seed)
        for _ in range(20):
            lo, hi = sorted(U8(chance.choice(keys.tolist()) + chance.randrange(2)) for _ in "12")
            wanted = keys[(keys >= lo) & (keys < hi)]
            assert whole.between(lo, hi).tolist() == wanted.tolist()
        assert whole.between(U8(0), LAST).size == size
    if file is not None:
        file.close()


def test_near_keys_take_an_octet() -> None:
    keys = np.arange(1 << 40, (1 << 40) + 3 * BLOCK * 100, 100, dtype=U8)
    piece = Piece.of(keys, LAYOUT)
    blocks = keys.size // BLOCK
    assert piece.at[-1] == keys.size - blocks + 6 * blocks


def test_a_greatest_key_comes_back() -> None:
    keys = np.array([0, 1, 127, 128, (1 << 63) + 5, (1 << 64) - 2], U8)
    assert next(iter(Pieces(LAYOUT, [Piece.of(keys, LAYOUT)]))).tolist() == keys.tolist()


def test_pieces_that_overlap_are_read_piece_by_piece() -> None:
    one, two = keys_of(1, 2000), keys_of(2, 3000)
    pile = Pieces(LAYOUT, [Piece.of(one, LAYOUT), Piece.of(two, LAYOUT)])
    cuts = pile.cuts(2)
    assert (cuts[0], cuts[-1]) == (0, LAST) and cuts.size > 3
    found = np.concatenate([pile.between(*span) for span in pairwise(cuts)])
    assert sorted(found.tolist()) == sorted([*one.tolist(), *two.tolist()])


def test_keys_are_coded_anew_when_they_are_read() -> None:
    chance = random.Random(3)
    states = sorted({tuple(chance.randrange(15) for _ in range(4)) for _ in range(3000)})
    keys = np.array([NARROW.pack(one[:2], one[2:]) for one in states], U8)
    pieces = Pieces(NARROW, [Piece.of(keys, NARROW)])
    pieces.recode(LAYOUT)
    wide = [LAYOUT.pack(one[:2], one[2:]) for one in states]
    assert np.concatenate([*pieces]).tolist() == wide
    assert pieces.between(U8(wide[100]), U8(wide[2000])).tolist() == wide[100:2000]
    recode(keys, NARROW, LAYOUT)
    assert keys.tolist() == wide


def test_each_once() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        keys = np.sort(np.array([chance.randrange(40) for _ in range(seed)], U8))
        wanted = sorted({*keys.tolist()})
        assert keys[: int(k.once(keys))].tolist() == wanted


def test_what_is_known_is_struck_out() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        one, two = (sorted(chance.sample(range(60), chance.randrange(50))) for _ in "12")
        keys = np.array([*one, 7, 7], U8)
        n = int(k.strike(keys, U8(len(one)), np.array(two, U8)))
        assert keys[:n].tolist() == [key for key in one if key not in two]


def test_a_file_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    file = File(path)
    assert file.write(np.frombuffer(b"first", np.uint8)) == 0
    size, digest = file.size, file.digest.hexdigest()
    assert file.write(np.frombuffer(b"second", np.uint8)) == size
    file.close()
    file = File(path, size)
    assert (file.size, file.digest.hexdigest()) == (size, digest)
    file.write(np.frombuffer(b"2nd", np.uint8))
    file.close()
    assert path.read_bytes() == b"first2nd"
    assert File(path, 100).size == 8, "no more than there is"
