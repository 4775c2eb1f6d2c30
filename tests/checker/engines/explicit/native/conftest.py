"""Searches in hardly any room."""

import pytest

from checker.engines.explicit.native import search
from checker.engines.explicit.native.visited import Visited
from tests.helpers.agree import tiny


@pytest.fixture
def cramped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short rounds, and a visited set that starts with hardly any room."""
    monkeypatch.setattr(search, "STRETCH", 7)
    monkeypatch.setattr(search, "ROUND", 2)
    monkeypatch.setattr(Visited, "planned", tiny)
