"""Explorations side by side: in which order, and by which engine."""

from typing import Any

import pytest

from checker.studies import explorations
from proofs.claims.table import BY_ID


@pytest.fixture
def likely(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many states each job is said to have; none is run."""
    told: list[int] = []

    def run(job: explorations.Job, progress: object = None) -> object:
        told.append(job.options.likely)
        return object()

    monkeypatch.setattr(explorations, "run_job", run)
    return told


@pytest.mark.parametrize(
    ("rules", "bounds", "known", "tells"),
    [
        ({}, {}, {"T10": {"states": 1234}}, 1234),
        ({}, {}, {}, 1),
        ({"ack_floor": False}, {}, {"T10": {"states": 1234}}, 0),
        ({}, {"window": 2}, {"T10": {"states": 1234}}, 0),
    ],
)
def test_a_pin_tells_how_many_states_there_are_but_not_under_other_rules_or_bounds(
    likely: list[int],
    rules: dict[str, Any],
    bounds: dict[str, Any],
    known: dict[str, Any],
    tells: int,
) -> None:
    todo = explorations.jobs([BY_ID["T10"]], rules, bounds)
    explorations.run_jobs(todo, 1, known=known)
    assert likely == [tells]


def test_where_a_claim_falls_the_states_of_another_job_of_its_profile_are_likely(likely) -> None:
    todo = explorations.jobs([BY_ID["T9"], BY_ID["T9.literal"], BY_ID["T10"]], {}, {})
    explorations.run_jobs(todo, 1, known={"T9": {"states": 1234}})
    assert sorted(likely) == [1, 1234, 1234]


def test_a_claim_that_falls_is_begun_as_early_as_what_is_known_of_its_profile_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """... of a claim that is left out, too: else the search that falls late runs alone at last."""
    begun: list[str] = []
    monkeypatch.setattr(explorations, "run_job", lambda job, _: begun.append(job.claims[0].id))
    todo = explorations.jobs([BY_ID["T9.literal"], BY_ID["T10"]], {}, {})
    explorations.run_jobs(todo, 1, known={"T9": {"states": 5678}, "T10": {"states": 1234}})
    assert begun == ["T10", "T9.literal"]


def test_the_smallest_is_first_and_then_the_largest() -> None:
    assert explorations.in_order([20, 5, 90, 40]) == [1, 2, 3, 0]
