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
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.native.visited import Visited
from checker.support.errors import Problem, UsageProblem

if TYPE_CHECKING:
    from checker.engines.explicit.native.search import Search

U8 = np.uint64
Array = np.ndarray[Any, np.dtype[Any]]
VERSION = 3


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
    old = _saved(folder)
    number = (_number(old[-1]) or 0) + 1 if old else 1
    part = folder / f"checkpoint-{number}.part"
    try:
        shutil.rmtree(part, ignore_errors=True)
        _write(search, part)
        part.rename(folder / f"checkpoint-{number}")
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    except (OSError, MemoryError) as error:
        shutil.rmtree(part, ignore_errors=True)  # the disk may be full of it
        why = error.strerror if isinstance(error, OSError) else "no memory"
        raise Problem(
            f"a checkpoint could not be written to {folder}: {why}; the one before it, "
            "if there is one, is still there for --resume"
        ) from None
    for path in old:
        shutil.rmtree(path, ignore_errors=True)


def _store(path: Path, parts: Sequence[Array]) -> None:
    """Write arrays as one. At a limit of memory there is no room to join them first."""
    with path.open("wb") as file:
        shape = (sum(part.size for part in parts),)
        header = {"descr": parts[0].dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(part.data)
        file.flush()
        os.fsync(file.fileno())


def _write(search: "Search", part: Path) -> None:
    part.mkdir()
    found, interner, visited = search.found, search.interner, search.visited
    parts = search.parts
    width, nothing = 2 * parts.capacity + 1, np.zeros(0, U8)
    arrays = {
        "table": [visited.table[: None if search.waiting() else 0]],
        "level": [nothing, *search.level],
        "following": [nothing, *search.following()],
        "spilled": [nothing, *search.spilled],
        "bags": [interner.bags[: interner.bag_count * width]],
        "ages": [interner.age[: interner.bag_count]],
    }
    for name, array in arrays.items():
        _store(part / f"{name}.npy", array)
    meta = {
        "version": VERSION,
        "identity": search.identity,
        "symmetric": search.symmetric,
        "states": found.states,
        "transitions": found.transitions,
        "depth": search.depth,
        "amid": search.amid,
        "complete": found.complete,
        "fired": [(parts.freeze_rule(rule), times) for rule, times in search.fired().items()],
        "decided_at": search.decided_at,
        "seconds": search.seconds(),
        "layout": asdict(visited.layout),
        "places": visited.table.size,
        "ends": [parts.freeze(end) for end in interner.ends.things],
        "messages": [parts.freeze(message) for message in interner.messages.things[1:]],
    }
    with (part / "search.json").open("w") as text:
        json.dump(meta, text)
        text.flush()
        os.fsync(text.fileno())


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
    visited = search.visited = Visited(Layout(**meta["layout"]), meta["places"])
    visited.table[: table.size] = table
    found.states, found.transitions = meta["states"], meta["transitions"]
    found.depth = search.depth = meta["depth"]
    found.resumed, found.complete, search.amid = meta["states"], meta["complete"], meta["amid"]
    search.fired_before = Counter({parts.thaw_rule(rule): times for rule, times in meta["fired"]})
    search.decided_at = meta["decided_at"]
    search.undecided -= set(search.decided_at)
    search.seconds_before = meta["seconds"]
    search.levels = None
    level, following = np.load(path / "level.npy"), np.load(path / "following.npy")
    search.level = deque([level] if level.size else [])
    worker, spilled = search.workers[0], np.load(path / "spilled.npy")
    if following.size:
        worker.outs.append(following)
    search.spilled = [spilled[i : i + worker.room] for i in range(0, spilled.size, worker.room)]
    # Rest is looked up when a state is expanded: its ends must have been judged
    for array in (level, following):
        search.judge(search.ends_of(array))
    return True
