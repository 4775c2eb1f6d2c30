"""Checkpoints: a search written to disk, whole, so that it survives being killed.

A checkpoint is a directory, ``FOLDER/checkpoint-<number>``: it is written under another name and
renamed when everything in it is on the disk, so that there is always one that is complete. What
can be worked out again is not stored: the tables of outcomes, verdicts, the levels behind.
"""

import json
import os
import shutil
import tempfile
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from checker.core.errors import Problem, UsageProblem
from checker.engines.native import kernel as k
from checker.engines.native.visited import Visited

if TYPE_CHECKING:
    from checker.engines.native.search import Search

U8, U4 = np.uint64, np.uint32
VERSION = 1


def _saved(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the oldest first."""
    found = [path for path in folder.glob("checkpoint-*") if _number(path) is not None]
    return sorted(found, key=lambda path: _number(path) or 0)


def _number(path: Path) -> int | None:
    digits = path.name.removeprefix("checkpoint-")
    return int(digits) if digits.isdigit() and (path / "search.json").exists() else None


def prepare(folder: Path, resume: bool) -> None:
    """See that checkpoints can be written, and that none is overwritten unasked."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Problem(f"no checkpoint can be written to {folder}: {error.strerror}") from None
    if not resume and _saved(folder):
        raise UsageProblem(
            f"{folder} holds a checkpoint: --resume goes on from it; to start anew, remove it"
        )


def save(search: "Search", folder: Path) -> None:
    """Write a checkpoint of ``search`` between two rounds. Raises ``Problem`` if it cannot."""
    try:
        _save(search, folder)
    except OSError as error:
        raise Problem(
            f"a checkpoint could not be written to {folder}: {error.strerror}; the one before it, "
            "if there is one, is still there for --resume"
        ) from None


def _save(search: "Search", folder: Path) -> None:
    old = _saved(folder)
    number = (_number(old[-1]) or 0) + 1 if old else 1
    part = folder / f"checkpoint-{number}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    found, interner, visited = search.found, search.interner, search.visited
    parts = search.parts
    following = [array for w in search.workers for array in (*w.outs, w.out[: w.new])]
    width = 2 * parts.capacity + 1
    done = not search.level and not any(array.size for array in following)
    arrays = {
        "table": visited.table[: 0 if done else None],
        "level": np.concatenate([*search.level, np.zeros(0, U8)]),
        "following": np.concatenate([*following, np.zeros(0, U8)]),
        "bags": interner.bags[: interner.bag_count * width],
        "ages": interner.age[: interner.bag_count],
    }
    for name, array in arrays.items():
        with (part / f"{name}.npy").open("wb") as file:
            np.save(file, array)
            file.flush()
            os.fsync(file.fileno())
    meta = {
        "version": VERSION,
        "identity": search.identity,
        "symmetric": search.symmetric,
        "states": found.states,
        "transitions": found.transitions,
        "depth": search.depth,
        "complete": found.complete,
        "why": found.why,
        "fired": search.fired(),
        "decided_at": search.decided_at,
        "seconds": search.seconds(),
        "end_bits": visited.end_bits,
        "bag_bits": visited.bag_bits,
        "places": visited.table.size,
        "ends": [parts.freeze(end) for end in interner.ends.things],
        "messages": [parts.freeze(message) for message in interner.messages.things[1:]],
    }
    with (part / "search.json").open("w") as text:
        json.dump(meta, text)
        text.flush()
        os.fsync(text.fileno())
    part.rename(folder / f"checkpoint-{number}")
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    for path in old:
        shutil.rmtree(path, ignore_errors=True)


def load(search: "Search", folder: Path) -> bool:
    """Take up the last checkpoint; false if there is none. Raises ``Problem`` if it is not ours."""
    saved = _saved(folder)
    if not saved:
        return False
    path = saved[-1]
    meta: dict[str, Any] = json.loads((path / "search.json").read_text())
    known = meta["version"], meta["identity"], meta["symmetric"]
    if known != (VERSION, search.identity, search.symmetric):
        raise Problem(
            f"{path} is the checkpoint of another search (other rules, bounds, claims or "
            f"specification, or --symmetry); remove {folder} to start anew"
        )
    found, interner, parts = search.found, search.interner, search.parts
    for values in meta["ends"]:
        interner.end(parts.thaw_end(values))
    for values in meta["messages"]:
        interner.message(parts.thaw_message(values))
    interner.restore_bags(np.load(path / "bags.npy"), np.load(path / "ages.npy"))
    table = np.load(path / "table.npy", mmap_mode="r")
    visited = search.visited = Visited(meta["end_bits"], meta["bag_bits"], meta["places"])
    visited.table[: table.size] = table
    found.states, found.transitions = meta["states"], meta["transitions"]
    found.depth = search.depth = meta["depth"]
    found.complete, found.why = meta["complete"], meta["why"]
    search.fired_before = Counter(meta["fired"])
    search.decided_at = meta["decided_at"]
    search.undecided -= set(search.decided_at)
    search.seconds_before = meta["seconds"]
    search.levels = None
    level, following = np.load(path / "level.npy"), np.load(path / "following.npy")
    search.level = deque([level] if level.size else [])
    worker = search.workers[0]
    if following.size:
        worker.outs.append(following)
    # Rest is looked up when a state is expanded: its ends must have been judged
    p = search.parameters()
    for array in (level, following):
        pairs = np.empty_like(array)
        k.pairs_of(p, array, pairs)
        search.judge(pairs)
    return True
