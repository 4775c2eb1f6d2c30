"""Explorations side by side: in which order, and by which engine."""

import dataclasses
from typing import Any

import pytest

from checker.model.search import FEW
from checker.studies import explorations
from proofs.claims.table import BY_ID


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
    monkeypatch: pytest.MonkeyPatch, chosen: Any, states: int | None, begins: str
) -> None:
    began = []

    def run(job: explorations.Job, progress: object = None) -> object:
        began.append(job.options.engine)
        return object()

    monkeypatch.setattr(explorations, "run_job", run)
    (job,) = explorations.jobs([BY_ID["T10"]], {}, {})
    options = dataclasses.replace(job.options, engine=chosen)
    known = {} if states is None else {"T10": {"states": states}}
    explorations.run_jobs([dataclasses.replace(job, options=options)], 1, known=known)
    assert began == [begins]


def test_the_smallest_is_first_and_then_the_largest() -> None:
    assert explorations.in_order([20, 5, 90, 40]) == [1, 2, 3, 0]
