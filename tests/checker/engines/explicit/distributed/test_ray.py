"""The distributed engine on Ray: processes, the object store, and kill -9."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit import native
from checker.engines.explicit.distributed import Coordinator, RayCrew, coordinator
from checker.engines.explicit.engine import Options, engine_of
from checker.model.interned import Interned
from checker.model.search import TcpParts
from spec.rules import Rules
from spec.world.profiles import PROFILES
from tests.helpers.agree import agree, checks_for, checks_of, counts, of_chance, told
from tests.helpers.systems import Chance

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install synproof[distributed]")

PROFILE = "handshake"


def parts() -> TcpParts:
    return TcpParts(Interned(Rules(), *PROFILES[PROFILE]))


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One for all tests: to start Ray takes seconds."""
    quiet: dict[str, Any] = {"logging_level": "error", "log_to_driver": False}
    ray.init(num_cpus=4, include_dashboard=False, object_store_memory=400 << 20, **quiet)
    yield
    ray.shutdown()


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_find_what_one_finds(workers, tmp_path):
    checks = checks_for(PROFILE)
    one = native.explore(parts(), checks, stop_when_decided=False)
    options = Options(threads=workers, stop_when_decided=False)
    two = engine_of("distributed")(parts(), checks, options)
    assert told(two) == told(one)
    assert sum(share.states for share in two.shares) == one.states
    assert max(share.states for share in two.shares) < 1.1 * one.states / workers


def test_a_toy_has_the_reference_paths():
    toy = Chance(0)
    options = Options(threads=2, stop_when_decided=False)
    agree(of_chance(0), engine_of("distributed")(toy, checks_of(toy), options))


@pytest.mark.parametrize("workers", [2, 4])
def test_a_worker_killed_in_the_middle_is_replaced(workers, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(coordinator, "TURN", 500)
    checks = checks_for(PROFILE)
    one = native.explore(parts(), checks, stop_when_decided=False)
    crew = RayCrew(workers, tmp_path)
    killed: list[int] = []

    def kill(states: int, *_: Any) -> None:
        due = (one.states // 4, one.states // 2)
        if len(killed) < len(due) and states > due[len(killed)]:
            victim = ray.get(crew.actors[len(killed)].pid.remote())
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    try:
        search = Coordinator(parts(), checks, crew, Options(progress=kill, stop_when_decided=False))
        monkeypatch.setattr(search, "_told", 0.0)
        monkeypatch.setattr(coordinator, "TELL", 0.0)
        two = search.run()
    finally:
        crew.close()
    assert len(killed) == 2
    assert counts(two) == counts(one)
    assert told(two) == told(one)
