"""The levels of a search on disk: of each shard a file for each level, its new states.

The visited set of a shard is the union of these. So a worker that was killed is made again from
them, and the way back to a deciding state goes through them. A file appears whole or not at all.
Where workers are on several machines, the folder must be one that all of them see.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from checker.engines.explicit.native.layout import Layout
from checker.support import locks
from checker.support.errors import Problem, UsageProblem

U8 = np.uint64
Array = np.ndarray[Any, np.dtype[Any]]


@contextlib.contextmanager
def opened(folder: Path | None, elsewhere: bool) -> Iterator[Path]:
    """The folder of a search: the one that was named, or one that is gone afterwards."""
    if folder is None:
        if elsewhere:
            raise UsageProblem(
                "workers of a cluster need a folder that all machines see: --checkpoint FOLDER"
            )
        with tempfile.TemporaryDirectory(prefix="synproof-") as made:
            yield Path(made)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = locks.within(folder)
    except OSError as error:
        raise Problem(f"no levels can be written to {folder}: {error.strerror}") from None
    try:
        if any(folder.glob("shard-*")):
            raise UsageProblem(f"{folder} has the levels of another search: remove it")
        yield folder.absolute()
    finally:
        lock.release()


def _path(folder: Path, shard: int, level: int) -> Path:
    return folder / f"shard-{shard}" / f"level-{level}"


def write(folder: Path, shard: int, level: int, layout: Layout, keys: Array) -> None:
    """Write the new states of a level."""
    path = _path(folder, shard, level)
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(np.array([layout.end_bits, layout.bag_bits], U8).tobytes())
        file.write(keys.data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def read(folder: Path, shard: int, level: int, layout: Layout) -> tuple[Layout, Array]:
    """The states of a level, and the layout that their keys have."""
    words = np.fromfile(_path(folder, shard, level), U8)
    return layout.of_widths(int(words[0]), int(words[1])), words[2:].copy()
