"""How workers are called: all at once, in this process or on Ray.

A call goes to every worker, with arguments of its own, and gives what each answers. What one sends
to another does not pass through here: batches are handles, of Ray's object store.
"""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from checker.engines.explicit.distributed.shard import Expanded, Shard, Tables
from checker.support.errors import ToolProblem


class Lost(Exception):
    """Workers have died in the middle of a call; ``who`` they are."""

    def __init__(self, who: list[int]) -> None:
        super().__init__(f"workers {who}")
        self.who = who


class Crew(Protocol):
    """The workers of a search. Each method raises ``Lost`` if one is no longer there."""

    count: int
    folder: Path

    def share(self, array: Any, /) -> Any:
        """A handle of an array, for ``Tables``."""

    def call(self, name: str, /, *arguments: Any) -> list[Any]:
        """Call a method of each worker, with the same arguments."""

    def expand(self, most: int, /) -> tuple[list[Expanded], list[list[Any]]]:
        """Let all expand: the reports, and for each owner the handles of what is sent to it."""

    def admit(self, batches: list[list[Any]], /) -> list[Any]:
        """Let each owner enter its batches."""

    def replace(self, who: int, tables: Tables, level: int, /) -> None:
        """Put another in the place of a worker that is lost, at the beginning of a level."""

    def close(self) -> None:
        """They are not needed any more."""


class LocalCrew:
    """Workers in this process, one after the other: for tests, where there is no Ray.

    ``dies``: at this call, counted from 0, a worker dies: the others do what they are asked.
    """

    def __init__(
        self, count: int, folder: Path, memory: int | None = None, dies: tuple[int, int] = (-1, 0)
    ) -> None:
        self.count = count
        self.folder = folder
        self.memory = memory
        self.dies = dies
        self.calls = 0
        self.shards = [self._shard(i) for i in range(count)]

    def _shard(self, index: int) -> Shard:
        return Shard(index, self.count, str(self.folder), self.memory)

    def _all(self, ask: Callable[[int, Shard], Any]) -> list[Any]:
        call, who = self.dies
        self.calls += 1
        if self.calls - 1 != call:
            return [ask(i, shard) for i, shard in enumerate(self.shards)]
        for i, shard in enumerate(self.shards):
            if i != who:
                ask(i, shard)
        self.shards[who] = self._shard(who)
        raise Lost([who])

    def share(self, array: Any) -> Any:
        return array.copy()

    def call(self, name: str, *arguments: Any) -> list[Any]:
        return self._all(lambda _, shard: getattr(shard, name)(*arguments))

    def expand(self, most: int) -> tuple[list[Expanded], list[list[Any]]]:
        found = self._all(lambda _, shard: shard.expand(most))
        batches = [[one[1 + to] for one in found] for to in range(self.count)]
        return [one[0] for one in found], batches

    def admit(self, batches: list[list[Any]]) -> list[Any]:
        return self._all(lambda i, shard: shard.admit(*batches[i]))

    def replace(self, who: int, tables: Tables, level: int) -> None:
        self.shards[who].take(tables)
        self.shards[who].restore(level)

    def close(self) -> None:
        self.shards = []


class RayShard(Shard):
    """A worker whose tables come from Ray's object store."""

    def take(self, tables: Tables) -> None:
        import ray

        places = list(tables.arrays)
        arrays = dict(zip(places, ray.get([tables.arrays[at] for at in places]), strict=True))
        super().take(dataclasses.replace(tables, arrays=arrays))


class RayCrew:
    """Workers on Ray: actors, spread over the machines that there are."""

    def __init__(self, count: int, folder: Path, memory: int | None = None) -> None:
        try:
            import ray
        except ImportError:
            raise ToolProblem(
                "the distributed engine needs Ray: pip install synproof[distributed]"
            ) from None
        self.ray = ray
        self.count = count
        self.folder = folder
        self.memory = memory
        if not ray.is_initialized():  # until this process ends: it takes seconds
            _start(ray, count)
        self.actors = [self._actor(i) for i in range(count)]

    def _actor(self, index: int) -> Any:
        made = self.ray.remote(RayShard).options(
            num_cpus=1, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD"
        )
        return made.remote(index, self.count, str(self.folder), self.memory)

    def _all(self, ask: Callable[[int, Any], Any]) -> list[Any]:
        """Ask all, then wait for all, those of lost workers included: nothing is left running."""
        from ray.exceptions import RayError

        asked = [ask(i, actor) for i, actor in enumerate(self.actors)]
        answers, failed = [], None
        for one in asked:
            try:
                answers.append(self.ray.get(one))
            except RayError as error:
                failed = error
        if failed is None:
            return answers
        lost = self._dead()
        if lost:
            raise Lost(lost)
        raise failed

    def _dead(self) -> list[int]:
        from ray.exceptions import RayError

        found = []
        for i, actor in enumerate(self.actors):
            try:
                self.ray.get(actor.pid.remote())
            except RayError:
                found.append(i)
        return found

    def share(self, array: Any) -> Any:
        return self.ray.put(array.copy())

    def call(self, name: str, *arguments: Any) -> list[Any]:
        return self._all(lambda _, actor: getattr(actor, name).remote(*arguments))

    def expand(self, most: int) -> tuple[list[Expanded], list[list[Any]]]:
        batches: list[list[Any]] = [[] for _ in range(self.count)]

        def ask(_: int, actor: Any) -> Any:
            report, *sent = actor.expand.options(num_returns=1 + self.count).remote(most)
            for to, batch in zip(batches, sent, strict=True):
                to.append(batch)
            return report

        return self._all(ask), batches

    def admit(self, batches: list[list[Any]]) -> list[Any]:
        return self._all(lambda i, actor: actor.admit.remote(*batches[i]))

    def replace(self, who: int, tables: Tables, level: int) -> None:
        self.actors[who] = self._actor(who)
        self.ray.get(self.actors[who].take.remote(tables))
        self.ray.get(self.actors[who].restore.remote(level))

    def close(self) -> None:
        for actor in self.actors:
            self.ray.kill(actor)


def _start(ray: Any, count: int) -> None:
    """Join the cluster that ``RAY_ADDRESS`` names, or be one."""
    quiet = {"logging_level": "error", "log_to_driver": False}
    address = os.environ.get("RAY_ADDRESS")
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(num_cpus=count, include_dashboard=False, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"the cluster at {address}" if address else "Ray"
        raise ToolProblem(f"{where} does not start: {str(error).splitlines()[0]}") from None
