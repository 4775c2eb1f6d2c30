"""Checkpoints: a search written to disk, whole, so that it survives being killed.

A checkpoint is a directory, ``FOLDER/checkpoint-<number>``: it is written under another name and
renamed when everything in it is on the disk, so that there is always one that is complete. What
can be worked out again is not stored: the tables of outcomes, verdicts, the levels behind.

A search believes what it goes on from, so none of it may be other than it was written. ``sha256``
in the directory has the digest of each file, in the form that ``sha256sum -c`` reads. One process
at a time has the folder (``support.locks``). ``identity`` says what the search is of.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from checker.support import locks
from checker.support.errors import Problem, UsageProblem

if TYPE_CHECKING:
    from checker.engines.explicit.native.search import Search

Array = np.ndarray[Any, np.dtype[Any]]
VERSION = 5
DIGESTS = "sha256"
COMMON = ("bags", "ages")
SEARCH = "search.json"


def _saved(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the oldest first."""
    found = [path for path in folder.glob("checkpoint-*") if _number(path) is not None]
    return sorted(found, key=lambda path: _number(path) or 0)


def _number(path: Path) -> int | None:
    digits = path.name.removeprefix("checkpoint-")
    return int(digits) if digits.isdecimal() else None


@contextlib.contextmanager
def owned(folder: Path, resume: bool) -> Iterator[None]:
    """Have a folder to write checkpoints to; none that is there is overwritten unasked."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = locks.within(folder)
    except OSError as error:
        raise Problem(f"no checkpoint can be written to {folder}: {error.strerror}") from None
    try:
        if not resume and _saved(folder):
            raise UsageProblem(
                f"{folder} holds a checkpoint: --resume goes on from it; to start anew, remove it"
            )
        for half in folder.glob("checkpoint-*.part"):  # of a search that was killed
            shutil.rmtree(half, ignore_errors=True)
        yield
    finally:
        lock.release()


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


def _store(path: Path, contents: Iterable[memoryview | bytes]) -> str:
    """Write a file to the disk; its digest."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for content in contents:
            file.write(content)
            digest.update(content)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _array(parts: Sequence[Array]) -> Iterator[memoryview | bytes]:
    """Arrays as one, as ``numpy.load`` reads it. At a limit there is no memory to join them."""
    header = io.BytesIO()
    shape = (sum(part.size for part in parts),)
    described = {"descr": parts[0].dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, described)
    yield header.getvalue()
    yield from (part.data for part in parts)


def _write(search: "Search", part: Path) -> None:
    part.mkdir()
    found, interner, parts = search.found, search.interner, search.parts
    own, more = search.stored()
    width = 2 * parts.capacity + 1
    arrays = own | {
        "bags": [interner.bags[: interner.bag_count * width]],
        "ages": [interner.age[: interner.bag_count]],
    }
    digests = {
        f"{name}.npy": _store(part / f"{name}.npy", _array(arrays[name])) for name in _names(search)
    }
    meta = {
        "version": VERSION,
        "engine": found.engine,
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
        "ends": [parts.freeze(end) for end in interner.ends.things],
        "messages": [parts.freeze(message) for message in interner.messages.things[1:]],
    } | more
    digests[SEARCH] = _store(part / SEARCH, [json.dumps(meta).encode()])
    _store(part / DIGESTS, [_listed(digests)])


def _names(search: "Search") -> tuple[str, ...]:
    """The arrays of a checkpoint."""
    return *search.ARRAYS, *COMMON


def _listed(digests: Mapping[str, str]) -> bytes:
    """Digests as ``sha256sum`` writes them."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


def _damage(path: Path, names: Iterable[str]) -> str:
    """What in a checkpoint is not as it was written; nothing if all is."""
    digests = {}
    try:
        listed = (path / DIGESTS).read_bytes()
        for name in (*(f"{name}.npy" for name in names), SEARCH):
            with (path / name).open("rb") as file:
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
            if not listed.startswith(_listed(digests)):
                return f"{name} is not as it was written"
        if listed != _listed(digests):
            return f"{DIGESTS} is not as it was written"
    except OSError as error:
        return f"{Path(error.filename or path).name}: {error.strerror}"
    return ""


def load(search: "Search", folder: Path) -> bool:
    """Take up the last checkpoint; false if there is none. Raises ``Problem`` if it is not ours."""
    saved = _saved(folder)
    if not saved:
        return False
    path = saved[-1]
    damage = _damage(path, _names(search))
    if damage:
        other = f"{path} to go on from the one before, or " if len(saved) > 1 else ""
        raise Problem(
            f"{path} was damaged, or another version or engine wrote it ({damage}): remove "
            f"{other}{folder} to start anew"
        )
    meta: dict[str, Any] = json.loads((path / SEARCH).read_bytes())
    known = meta["version"], meta["engine"], meta["identity"], meta["symmetric"]
    if known != (VERSION, search.found.engine, search.identity, search.symmetric):
        raise Problem(
            f"{path} is the checkpoint of another search (other rules, bounds, claims or "
            f"specification, another engine, or --symmetry); remove {folder} to start anew"
        )
    found, interner, parts = search.found, search.interner, search.parts
    for values in meta["ends"]:
        interner.end(parts.thaw_end(values))
    for values in meta["messages"]:
        interner.message(parts.thaw_message(values))
    interner.restore_bags(np.load(path / "bags.npy"), np.load(path / "ages.npy"))
    found.states, found.transitions = meta["states"], meta["transitions"]
    found.depth = search.depth = meta["depth"]
    found.resumed, found.complete, search.amid = meta["states"], meta["complete"], meta["amid"]
    search.fired_before = Counter({parts.thaw_rule(rule): times for rule, times in meta["fired"]})
    search.decided_at = meta["decided_at"]
    search.undecided -= set(search.decided_at)
    search.seconds_before = meta["seconds"]
    search.levels = None
    search.restore(lambda name: np.load(path / f"{name}.npy", mmap_mode="r"), meta)
    return True
