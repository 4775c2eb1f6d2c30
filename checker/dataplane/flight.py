"""What is in flight, as its sender sees it, and in which rounds.

An ACK that passes the capture point has not reached the sender yet. ``lag`` is how long it takes
from there to the sender and back again, as the handshake tells; ACKs count that much later, so that
what is in flight is estimated wherever the capture was taken. At the sender's end it is nothing.
"""

from collections import deque
from typing import NamedTuple

from checker.dataplane.facts import Round

ROUNDS = 2_000
"""Of a direction, that are kept."""
POINTS = 1_500
"""Of a plot; when there are more, every second one is left out."""
PROMPT = 0.002
"""Seconds within which whoever may send something does."""


class Point(NamedTuple):
    """A moment: what is in flight, and what the window allows."""

    time: float
    flight: int
    room: int | None


class Flight:
    """Of one direction."""

    __slots__ = (
        "_began", "_drained_at", "_due", "_every", "_first_ack", "_limited", "_peak",
        "_recovering", "_refined", "_skipped", "_target", "edge", "initial", "lag", "largest",
        "last_new", "more", "most", "nxt", "points", "rounds", "una",
    )  # fmt: skip

    def __init__(self, drawn: bool) -> None:
        self.lag = 0.0
        self.una = self.nxt = 1
        self.edge: int | None = None
        self.most = 0  # octets in flight
        self.largest = 0  # segment
        self.initial = 0  # segments that were sent before the first ACK of text
        self.rounds: list[Round] = []
        self.more = 0  # rounds after these
        self.points: list[Point] | None = [] if drawn else None
        self._due: deque[tuple[float, int, int | None, bool]] | None = None  # on their way
        self._every, self._skipped = 1, 0
        self._target: int | None = None
        self._began = 0.0
        self._peak = 0
        self._limited = self._recovering = False
        self._drained_at: float | None = None
        self.last_new = 0.0  # when something new was sent, last
        self._first_ack: float | None = None
        self._refined = False

    def sent(self, time: float, end: int, size: int, recovering: bool) -> None:
        """Text up to ``end`` was sent, ``size`` octets; new, if that is more than before."""
        self.advance(time)
        self.largest = max(self.largest, size)
        if end > self.nxt:
            if self.lag and self._first_ack is not None and not self._refined:
                self._refine(time)
            self.last_new = time
            if self._target is None:
                self._begin(time, self.nxt)
            self.nxt = end
            self.initial += not self.rounds
        flight = self.nxt - self.una
        if flight > self._peak:
            self._peak = flight
            self.most = max(self.most, flight)
        if recovering:
            self._recovering = True
        if self.edge is not None and self.edge - self.nxt < self.largest:
            self._limited = True
        if self.points is not None:
            self._point(time)

    def heard(self, time: float, una: int, edge: int | None, recovering: bool) -> None:
        """Everything before ``una`` was acknowledged, and up to ``edge`` may be sent."""
        if self._first_ack is None and una > 1:
            self._first_ack = time
        if self.lag:
            if self._due is None:
                self._due = deque()
            self._due.append((time + self.lag, una, edge, recovering))
            self.advance(time)
        else:
            self._apply(time, una, edge, recovering)

    def advance(self, time: float) -> None:
        """What has reached the sender by now, counts."""
        while self._due and self._due[0][0] <= time:
            self._apply(*self._due.popleft())

    def _refine(self, time: float) -> None:
        """New text after a pause was asked for by the first ACK of text: so long is the way."""
        assert self._first_ack is not None
        if time - self.last_new < self.lag / 2:
            return
        self._refined = True
        less = self.lag - (time - self._first_ack)
        if less > 0:
            self.lag -= less
            self._due = deque((at - less, *rest) for at, *rest in self._due or ())  # type: ignore[misc]
            self.advance(time)

    def finish(self) -> None:
        """Nothing more comes."""
        while self._due:
            self._apply(*self._due.popleft())
        if self._target is None or self.una >= self.nxt:
            self._drains()

    def _begin(self, time: float, target: int) -> None:
        at = self._drained_at
        if at is not None and time - at > PROMPT:
            self._drains()
        self._drained_at = None
        self._target, self._began = target, time
        self._peak, self._limited, self._recovering = self.nxt - self.una, False, False

    def _drains(self) -> None:
        """Nothing was left to send after the latest round; it may be one that is not kept."""
        if self.rounds and not self.more:
            self.rounds[-1] = self.rounds[-1]._replace(drained=True)

    def _apply(self, time: float, una: int, edge: int | None, recovering: bool) -> None:
        self.edge = edge
        if una > self.una:
            self.una = una
            self.nxt = max(self.nxt, una)  # the capture lacks what was acknowledged
        if recovering:
            self._recovering = True
        if self._target is not None and self.una > self._target:
            if len(self.rounds) < ROUNDS:
                one = Round(self._began, time, self._peak, self._limited, False, self._recovering)
                self.rounds.append(one)
            else:
                self.more += 1
            self._begin(time, self.nxt)
            if self.una >= self.nxt:
                self._target, self._drained_at = None, time
        if self.points is not None:
            self._point(time)

    def _point(self, time: float) -> None:
        assert self.points is not None
        self._skipped += 1
        if self._skipped % self._every:
            return
        room = None if self.edge is None else max(0, self.edge - self.una)
        self.points.append(Point(time, self.nxt - self.una, room))
        if len(self.points) >= POINTS:
            del self.points[1::2]
            self._every *= 2
