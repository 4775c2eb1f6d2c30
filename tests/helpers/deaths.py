"""Searches that are killed by chance, and go on from their checkpoints until they are over."""

import contextlib
import random
from collections.abc import Callable
from typing import Any

import pytest

from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.native import checkpoint


class Killed(Exception):
    pass


def killing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From now on searches end, by chance, before or after a checkpoint; how often."""
    chance, save, deaths = random.Random(7), checkpoint.save, [0]

    def saving(*what: Any) -> None:
        for act in (lambda: None, lambda: save(*what)):
            if chance.random() < 0.1:
                deaths[0] += 1
                raise Killed
            act()

    monkeypatch.setattr(checkpoint, "save", saving)
    return deaths


def through_deaths(
    explore: Callable[..., Exploration], parts: Any, checks: Any, **options: Any
) -> Exploration:
    """What a search finds in the end that writes a checkpoint whenever it may."""
    while True:
        with contextlib.suppress(Killed):
            return explore(
                parts, checks, every=-1.0, resume=True, identity="x", stop_when_decided=False,
                **options,
            )  # fmt: skip
