"""The distributed engine finds what the reference finds, whoever dies; here without Ray."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from checker.engines.explicit.distributed import Coordinator, LocalCrew, coordinator, journal
from checker.engines.explicit.distributed import shard as shards
from checker.engines.explicit.engine import Exploration, Options
from checker.engines.explicit.native.layout import Layout
from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from checker.model.search import TcpParts
from checker.support.errors import Problem, UsageProblem
from spec.rules import Rules
from tests.checker.engines.explicit.test_three import CHECKS, LENGTHS
from tests.helpers.agree import agree, checks_for, checks_of, little, of_chance, told
from tests.helpers.relay import Relay
from tests.helpers.systems import Chance

SEED = 0
"""Of a toy of 622 states."""


@pytest.fixture(autouse=True)
def small_turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Levels take several turns, and filters are full soon."""
    monkeypatch.setattr(coordinator, "TURN", 40)
    monkeypatch.setattr(shards, "SMALL", 128)
    monkeypatch.setattr(shards, "LARGE", 256)
    yield


def searched(parts, checks, crew, **options) -> Exploration:
    options = {"stop_when_decided": False, **options}
    return Coordinator(parts, checks, crew, Options(**options)).run()


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_toys(seed, workers, tmp_path):
    parts = Chance(seed)
    found = searched(parts, checks_of(parts), LocalCrew(workers, tmp_path))
    agree(of_chance(seed), found)


@pytest.mark.parametrize("profile", ["handshake", "lifecycle", "reuse"])
@pytest.mark.parametrize("which", ["few", "one"])
def test_the_specification(profile, which, tmp_path):
    chosen, checks = little(profile, which), checks_for(profile)
    one = explore(Interned(Rules(), *chosen), checks, graph=False, stop_when_decided=False)
    two = searched(TcpParts(Interned(Rules(), *chosen)), checks, LocalCrew(3, tmp_path))
    assert told(two) == told(one)
    assert sum(share.states for share in two.shares) == one.states


def test_three_components(tmp_path):
    found = searched(Relay(1, 2), CHECKS, LocalCrew(2, tmp_path))
    assert (found.engine, found.complete) == ("distributed", True)
    assert (found.states, found.transitions, found.lengths) == (801, 4610, LENGTHS)
    assert {path.steps[-1][0].action for path in found.decisive.values()} == {"deliver"}


def test_a_search_ends_when_every_check_is_decided(tmp_path):
    parts = Chance(SEED)
    checks = {"always": checks_of(parts)["always"]}
    found = searched(parts, checks, LocalCrew(2, tmp_path), stop_when_decided=True)
    assert found.why == "every claim is decided"
    assert found.lengths == {"always": len(of_chance(SEED).decisive["always"].steps)}


def calls_of(tmp_path: Path) -> int:
    parts = Chance(SEED)
    crew = LocalCrew(2, tmp_path / "whole")
    crew.folder.mkdir()
    searched(parts, checks_of(parts), crew)
    return crew.calls


def test_whenever_a_worker_dies_the_numbers_are_the_same(tmp_path):
    parts, calls = Chance(SEED), calls_of(tmp_path)
    first = 4  # before that, there is no level to go back to
    died = 0
    for call in range(first, calls, 3):
        folder = tmp_path / str(call)
        folder.mkdir()
        crew = LocalCrew(2, folder, dies=(call, call % 2))
        found = searched(parts, checks_of(parts), crew)
        agree(of_chance(SEED), found)
        died += crew.calls > call
    assert died > 20


def test_who_dies_again_and_again_ends_the_search(tmp_path, monkeypatch):
    class Mortal(LocalCrew):
        def expand(self, most):
            if self.calls > 60:
                self.dies = self.calls, 0
            return super().expand(most)

    parts = Chance(SEED)
    with pytest.raises(Problem, match="workers died"):
        searched(parts, checks_of(parts), Mortal(2, tmp_path))


def test_limits_are_kept_and_told(tmp_path):
    parts = Chance(SEED)
    found = searched(parts, {}, LocalCrew(2, tmp_path), max_states=300)
    assert found.limited and not found.complete
    assert 300 <= found.states < 622
    assert found.why == "limit of 300 states reached"


def test_a_share_of_memory_is_kept(tmp_path):
    parts = TcpParts(Interned(Rules(), *little("lifecycle", "few")))
    found = searched(parts, {}, LocalCrew(2, tmp_path, memory=1))
    assert found.limited
    assert "GiB of memory reached: worker" in found.why


def test_every_worker_has_its_share_whatever_the_layout_is():
    chance = np.random.default_rng(1)
    for layout in (Layout(2, 2, 9, 11), Layout(2, 2, 14, 18), Layout(3, 4, 7, 10)):
        keys = np.unique(chance.integers(0, 1 << layout.needs, 60_000, np.uint64))
        for count in (2, 3, 4, 7):
            sizes = [part.size for part in shards.divided(keys, layout, count)]
            assert sum(sizes) == keys.size
            assert max(sizes) < 1.03 * keys.size / count
    narrow, wide = Layout(2, 2, 5, 5), Layout(2, 2, 9, 12)
    numbers = [((i % 31, i % 7), (i % 17, i % 29)) for i in range(500)]
    both = [
        shards.owners(np.array([of.pack(*one) for one in numbers], np.uint64), of, 3).tolist()
        for of in (narrow, wide)
    ]
    assert both[0] == both[1]
    assert len(set(both[0])) == 3


def test_the_folder_of_another_search_is_not_taken(tmp_path):
    (tmp_path / "shard-0").mkdir()
    with (
        pytest.raises(UsageProblem, match="the levels of another search"),
        journal.opened(tmp_path, False),
    ):
        pass
    with (
        pytest.raises(UsageProblem, match="a folder that all machines see"),
        journal.opened(None, True),
    ):
        pass
    with journal.opened(None, False) as folder:
        assert folder.is_dir()
    assert not folder.exists()
