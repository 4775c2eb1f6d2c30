"""The channel: a bag for each direction, as the network may treat it.

A bag holds segments in no order, each perhaps several times. The adversary may deliver any
of them (reordering), deliver one and keep it (duplication), lose one, and let time pass:
a segment sent at time t may arrive while less than MSL has gone by (or exactly MSL, where
lifetimes are inclusive), and is gone after. A bag has a capacity; what is sent into a full
one is lost. Nothing here knows what a segment means.

A bag is a tuple sorted by the segments' ``rank``, so that equal bags are equal tuples.
"""

from collections.abc import Callable
from typing import Any, TypeVar

S = TypeVar("S")
Bag = tuple[S, ...]


def add(bag: Bag[S], item: S, capacity: int, rank: Callable[[S], Any]) -> Bag[S]:
    """``bag`` with one more ``item``, or ``bag`` itself if it is full."""
    if len(bag) >= capacity:
        return bag
    return tuple(sorted((*bag, item), key=rank))


def remove(bag: Bag[S], item: S) -> Bag[S]:
    """``bag`` with one ``item`` less."""
    i = bag.index(item)
    return bag[:i] + bag[i + 1 :]
