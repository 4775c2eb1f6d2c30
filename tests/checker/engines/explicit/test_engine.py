"""What is asked of every engine: one call, and the same answer."""

from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit.engine import ENGINES, Options, engine_of
from checker.support.errors import UsageProblem
from tests.checker.engines.explicit.test_three import CHECKS, LENGTHS
from tests.helpers.relay import Relay

HERE = [name for name in ENGINES if name not in ("sets", "distributed")]
"""Sets are of two components. The distributed engine is asked the same in ``distributed``: it needs
Ray, or a crew of tests."""


@pytest.mark.parametrize("name", HERE)
def test_every_engine_answers(name: str) -> None:
    told: list[int] = []
    options = Options(stop_when_decided=False, progress=lambda *counts: told.append(counts[0]))
    found = engine_of(name)(Relay(1, 2), CHECKS, options)
    assert (found.engine, found.complete) == (name, True)
    assert (found.states, found.transitions, found.lengths) == (801, 4610, LENGTHS)
    assert {path.steps[-1][0].action for path in found.decisive.values()} == {"deliver"}


@pytest.mark.parametrize("name", HERE)
def test_every_engine_keeps_to_a_limit(name: str) -> None:
    found = engine_of(name)(Relay(2, 3), CHECKS, Options(max_states=500, stop_when_decided=False))
    assert (found.complete, found.limited, found.why) == (
        False,
        True,
        "limit of 500 states reached",
    )


@pytest.mark.parametrize(
    "more", [{"threads": 2}, {"symmetric": True}, {"compact": True}, {"checkpoint": Path("x")}]
)
def test_the_reference_refuses_what_it_cannot_do(more: dict[str, Any]) -> None:
    (what,) = more
    with pytest.raises(UsageProblem, match=f"only the native engine can do this: {what}"):
        engine_of("explore")(Relay(), {}, Options(**more))


def test_sets_are_of_two_components() -> None:
    with pytest.raises(UsageProblem, match="sets are of two components, with a link each way"):
        engine_of("sets")(Relay(), {}, Options())
