"""One capture, followed by several processes: each follows the connections of some shards.

Each process reads the whole file, and passes over what is of others at a glance (``quiet``). What
comes of connections goes to the parent, with its place in the capture; and the parent tells all of
it in the order of these places, which is the order in which one process comes to them. It waits for
all that may come before. Nothing that one process finds depends on another (``shards``).
"""

import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from checker.conform.follow import Place
from checker.conform.quiet import ROUND
from checker.conform.report import Told
from checker.conform.shards import SHARDS
from checker.listeners.requests import Listener
from checker.support import workers
from checker.support.errors import UsageProblem
from checker.support.paths import shown

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

FIRST, LAST = 0, SHARDS - 1
"""Who follows the first shard looks at the listeners, too; who follows the last tells how far it
is, and looks for frames that are out of order."""
BATCH = 256
"""Connections that are told of at a time."""
AHEAD = 8 * ROUND
"""Frames by which a process may be ahead of the others: what it tells meanwhile is kept."""


@dataclass(slots=True)
class Share:
    """What one process has seen of a capture, apart from connections."""

    capture: str
    segments: int
    missed: int  # connections that are not judged
    unread: dict[str, int]
    damage: str
    moved: int  # by the one who looks for it
    left: int
    listeners: list[Listener] = field(default_factory=list)
    began: float = 0.0


Tell = Callable[[Place, Told], None]


class Follows(Protocol):
    """Follows the connections of some shards."""

    def __call__(
        self, mine: frozenset[int], tell: Tell, passed: Callable[[int], None], /
    ) -> Share: ...


def processes(capture: Path, asked: int) -> int:
    """How many follow a capture if so many are asked for: what can be read only once, one."""
    return min(asked, SHARDS) if capture.is_file() else 1


def followed(
    capture: Path, count: int, share: Follows, tell: Callable[[Told], None]
) -> list[Share]:
    """By ``count`` processes; the shares, that of ``FIRST`` first.

    Raises what a process raises, and ToolProblem if one is killed.
    """
    before = _state(capture)
    dealt = [frozenset(range(i, SHARDS, count)) for i in range(count)]
    works = [lambda pipe, mine=mine: _follow(share, mine, pipe) for mine in dealt]
    with workers.talking(works) as pipes:
        shares = list(_merged(pipes, tell))
    if _state(capture) != before:
        raise UsageProblem(
            f"{shown(capture)} changed while it was read: --workers 1 reads it only once"
        )
    return shares


def _state(capture: Path) -> tuple[int, int]:
    found = capture.stat()
    return found.st_size, found.st_mtime_ns


def _follow(share: Follows, mine: frozenset[int], pipe: "Pipe") -> None:
    """In a process: follow, and send what is found."""
    found: list[tuple[Place, Told]] = []

    def tell(place: Place, told: Told) -> None:
        found.append((place, told))
        if len(found) >= BATCH:
            send(None)

    def send(passed: Any) -> None:
        pipe.send((found, passed, None))
        found.clear()

    try:
        done = share(mine, tell, send)
    except BaseException as error:
        error.add_note(traceback.format_exc())
        pipe.send(([], None, error))
    else:
        send(done)


class _Process:
    """What the parent knows of a process."""

    def __init__(self, pipe: "Pipe") -> None:
        self.pipe = pipe
        self.passed = 0.0  # frames: all that comes is of later ones
        self.found: deque[tuple[Place, Told]] = deque()
        self.share: Share | None = None

    def takes(self) -> None:
        """Take what it has sent."""
        found, passed, error = workers.received(self.pipe)
        if error is not None:
            raise error
        self.found.extend(found)
        if found:
            # More of the same frame may come; and at the end of the capture, of the same end.
            self.passed = max(self.passed, min(found[-1][0][0], sys.maxsize) - 1)
        if isinstance(passed, Share):
            self.share, self.passed = passed, inf
        elif passed is not None:
            self.passed = passed - 1


def _merged(pipes: "list[Pipe]", tell: Callable[[Told], None]) -> Iterator[Share]:
    """Tell all that is found, in order; the shares."""
    from multiprocessing.connection import wait  # which one process need not wait for

    known = [_Process(pipe) for pipe in pipes]
    by_pipe = {one.pipe: one for one in known}
    while running := [one for one in known if one.share is None]:
        slowest = min(one.passed for one in running)
        for pipe in wait([one.pipe for one in running if one.passed <= slowest + AHEAD]):
            by_pipe[pipe].takes()  # type: ignore[index]
        until = min(one.passed for one in known)
        ready: list[tuple[Place, Told]] = []
        for one in known:
            while one.found and one.found[0][0][0] <= until:
                ready.append(one.found.popleft())
        for _, told in sorted(ready, key=_place):
            tell(told)
    for one in known:
        assert one.share is not None
        yield one.share


def _place(found: tuple[Place, Told]) -> Place:
    return found[0]
