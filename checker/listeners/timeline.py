"""Counts over time, on a grid that gets coarser, so that it never has more than ``STEPS`` steps."""

from collections import Counter
from collections.abc import Iterator
from math import ceil, floor
from typing import NamedTuple

FINEST = 1 / 16
"""Seconds."""
STEPS = 1024


class Span(NamedTuple):
    """Part of a timeline."""

    begin: float
    end: float
    events: int
    most: int  # things that lasted, at one moment of the span


class Timeline:
    """How many events there were, and how many things lasted at a time.

    A thing that lasts is counted at the moments of the grid that are within its time: so what is
    said of a moment is exact, and the most of all moments is a lower bound.
    """

    __slots__ = ("_edges", "_events", "began", "latest", "step")

    def __init__(self, began: float) -> None:
        self.began = self.latest = began
        self.step = FINEST
        self._events: Counter[int] = Counter()
        self._edges: Counter[int] = Counter()  # by how many more last than a moment before

    def event(self, time: float) -> None:
        """Something happened."""
        self.latest = max(self.latest, time)
        place = floor(self._place(time))  # which may change the grid
        self._events[place] += 1

    def lasts(self, since: float, so_far: float | None, until: float) -> None:
        """A thing that was said to last from ``since`` to ``so_far`` (None: nothing was said yet)
        lasts until ``until``."""
        self.latest = max(self.latest, until)
        end = floor(self._place(until)) + 1
        if so_far is None:
            self._edges[ceil(self._place(since))] += 1
        else:
            self._edges[floor(self._place(so_far)) + 1] += 1
        self._edges[end] -= 1

    def _place(self, time: float) -> float:
        while (place := (time - self.began) / self.step) >= STEPS:
            self._coarser()
        return max(0.0, place)

    def _coarser(self) -> None:
        """Every second moment is left out."""
        self.step *= 2
        events, edges = self._events, self._edges
        self._events, self._edges = Counter(), Counter()
        for place, count in events.items():
            self._events[place // 2] += count
        for place, count in edges.items():
            self._edges[(place + 1) // 2] += count

    def _moments(self) -> Iterator[tuple[int, int]]:
        """How many things last, from one moment to before the next that is told."""
        lasting = 0
        for place in sorted(self._edges):
            lasting += self._edges[place]
            yield place, lasting

    def at(self, time: float) -> int:
        """How many things last at the last moment up to ``time``."""
        place = floor(self._place(time))
        return sum(change for moment, change in self._edges.items() if moment <= place)

    def most(self) -> tuple[int, float]:
        """The most things that lasted at one moment, and the first such moment."""
        place, count = max(self._moments(), key=lambda one: (one[1], -one[0]), default=(0, 0))
        return count, self.began + place * self.step

    def busiest(self) -> Span:
        """The second with most events, or the step if that is longer."""
        size = max(1, round(1 / self.step))
        sums: Counter[int] = Counter()
        for place, count in self._events.items():
            sums[place // size] += count
        place, count = max(sums.items(), key=lambda one: (one[1], -one[0]), default=(0, 0))
        begin = self.began + place * size * self.step
        return Span(begin, begin + size * self.step, count, 0)

    def spans(self, count: int) -> list[Span]:
        """The whole time in at most ``count`` equal parts."""
        steps = floor((self.latest - self.began) / self.step) + 1
        size = max(1, ceil(steps / count))
        events: Counter[int] = Counter()
        for place, number in self._events.items():
            events[place // size] += number
        most, lasting, moments = [], 0, dict(self._moments())
        for place in range(steps):
            lasting = moments.get(place, lasting)
            if place % size == 0:
                most.append(lasting)
            most[-1] = max(most[-1], lasting)
        wide = size * self.step
        return [
            Span(self.began + i * wide, self.began + (i + 1) * wide, events[i], most[i])
            for i in range(len(most))
        ]
