"""A toy to mutate: a traffic lamp that changes with the clock, and a switch that is never set."""

from dataclasses import dataclass
from enum import Enum


class Light(Enum):
    RED = "red"
    GREEN = "green"
    AMBER = "amber"


@dataclass(frozen=True)
class Rules:
    blinks: bool = False


@dataclass(slots=True)
class Lamp:
    state: Light = Light.RED
    left: int = 2
    dust: int = 0


def tick(lamp: Lamp, rules: Rules) -> None:
    """One second goes by."""
    if lamp.left > 0:
        lamp.left = lamp.left - 1
        return
    if lamp.left == 0 and lamp.state == Light.RED:
        lamp.state = Light.GREEN
        lamp.left = 1
        return
    if lamp.state == Light.GREEN:
        lamp.state = Light.AMBER
        if rules.blinks:
            lamp.left = 2
        return
    if lamp.left > 3:
        lamp.dust = 3
    lamp.dust = 1 - lamp.dust
    lamp.state = Light.RED
    lamp.left = 2


def shines(lamp: Lamp, rules: Rules) -> bool:
    """Is it lit, and seen?"""
    return (lamp.dust < 2) & (rules.blinks | (lamp.state != Light.RED and lamp.left != 0))
