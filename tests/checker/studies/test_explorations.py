"""Explorations side by side: in which order, and by which engine."""

import dataclasses
from typing import Any

import pytest

from checker.model.search import FEW
from checker.studies import explorations
from proofs.claims.table import BY_ID


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """By which engine each job is begun; none is run."""
    engines: list[str] = []

    def run(job: explorations.Job, progress: object = None) -> object:
        engines.append(job.options.engine)
        return object()

    monkeypatch.setattr(explorations, "run_job", run)
    return engines


@pytest.mark.parametrize(
    ("chosen", "states", "begins"),
    [
        ("auto", FEW, "auto"),
        ("auto", FEW + 1, "native"),
        ("explore", FEW + 1, "explore"),
        ("auto", None, "auto"),
    ],
)
def test_what_is_pinned_to_be_large_begins_with_the_native_engine(
    began: list[str], chosen: Any, states: int | None, begins: str
) -> None:
    (job,) = explorations.jobs([BY_ID["T10"]], {}, {})
    options = dataclasses.replace(job.options, engine=chosen)
    known = {} if states is None else {"T10": {"states": states}}
    explorations.run_jobs([dataclasses.replace(job, options=options)], 1, known=known)
    assert began == [begins]


@pytest.mark.parametrize(
    ("rules", "bounds", "limit", "begins"),
    [
        ({}, {}, FEW + 1, "native"),
        ({}, {}, FEW, "auto"),
        ({"ack_floor": False}, {}, None, "auto"),
        ({}, {"window": 2}, None, "auto"),
    ],
)
def test_a_pin_says_nothing_of_other_rules_and_bounds_nor_of_a_search_that_is_cut_short(
    began: list[str],
    rules: dict[str, Any],
    bounds: dict[str, Any],
    limit: int | None,
    begins: str,
) -> None:
    options = explorations.Options(max_states=limit)
    todo = explorations.jobs([BY_ID["T10"]], rules, bounds, options)
    explorations.run_jobs(todo, 1, known={"T10": {"states": FEW + 1}})
    assert began == [begins]


def test_where_a_claim_falls_the_states_of_another_job_of_its_profile_are_likely(began) -> None:
    todo = explorations.jobs([BY_ID["T9"], BY_ID["T9.literal"], BY_ID["T10"]], {}, {})
    explorations.run_jobs(todo, 1, known={"T9": {"states": FEW + 1}})
    assert sorted(began) == ["auto", "native", "native"]


def test_the_smallest_is_first_and_then_the_largest() -> None:
    assert explorations.in_order([20, 5, 90, 40]) == [1, 2, 3, 0]
