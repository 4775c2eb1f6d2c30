"""What is drawn: a run of several ends and a channel, told step by step.

A story is the whole interface between the code that finds runs (explorers, solvers, replayed
captures) and the code that draws them (`ladder`, `sequence`, `itf`). It knows no protocol: a state
is a string, and a message is a string that somebody sent.

What a drawing needs and a list of steps does not say at a glance is the *flight* of each
message: in which step it left, in which it arrived (more than once, if the channel kept a
copy), in which it was lost, or that it is still in flight. `Story.flights` computes it
once, so that the text ladder and the picture cannot disagree. A flight keeps each event's own
`Message`, since a message may be present when sent and `old` when it arrives.

A story that no channel can have told (a message leaves twice, is received by its own sender, or
after it was lost) is refused when it is built. Whether the run is one of the system that it claims
to be is not decided here: whoever builds the story has replayed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from checker.support.errors import Problem


class RenderError(Problem):
    """A picture could not be made; the one line of its message says why and what to do."""


@dataclass(frozen=True)
class Message:
    """One physical message: a retransmission of the same text is another message."""

    uid: int
    """Unique within a story; sends count up."""
    sender: int
    """An index into the story's lifelines."""
    receiver: int
    """The same, of whom it is for."""
    text: str
    old: bool = False
    """Of an earlier connection than the present one."""
    mark: str = ""
    """What is wrong with it, in a word."""
    short: str = ""
    """What is worth telling of it where there is little room; blank: all."""


@dataclass(frozen=True)
class Line:
    """One step of the run; `states` and `details` are those after it."""

    number: int
    actor: int | None
    """Whose step it is; None: the channel's, or time's."""
    action: str
    rule: str
    received: Message | None
    """Delivered to `actor` in this step; it was sent in an earlier one, or before the first."""
    kept: bool
    """The delivery was a duplicate: a copy stays in flight and may be received again."""
    lost: tuple[Message, ...]
    """Lost by the channel, expired, or refused by a full channel (then it is in `sent` too)."""
    sent: tuple[Message, ...]
    states: tuple[str, ...]
    details: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    passed: bool = False
    """What is sent arrives in the same step: it is told as somebody saw it who was in between."""


class Kind(Enum):
    """How a part of a bar looks; its glyph in text."""

    PAST = "="
    BUSY = "#"
    LOST = "!"
    KEPT = "%"
    READY = "+"
    LATER = "-"


class Part(NamedTuple):
    """What numbers of a stretch have in common."""

    name: str
    kind: Kind


class Bar(NamedTuple):
    """A stretch of numbers, from 0, in parts of some length; beyond the last there is nothing."""

    name: str
    parts: tuple[tuple[Part, int], ...]

    @property
    def length(self) -> int:
        """Where it ends."""
        return sum(length for _, length in self.parts)

    @property
    def used(self) -> int:
        """Where what is more than room ends."""
        ends = accumulate(length for _, length in self.parts)
        room = (Kind.READY, Kind.LATER)
        return max(
            (end for end, (part, _) in zip(ends, self.parts, strict=True) if part.kind not in room),
            default=0,
        )


@dataclass(frozen=True)
class Measure:
    """What was measured at one moment of a run."""

    time: float
    """Where it stands in a plot."""
    bars: tuple[tuple[Bar, ...], ...]
    """Those of each lifeline. All of a story have one scale."""
    values: Mapping[str, int]
    phase: str
    """In which all is; blank: in none."""


@dataclass(frozen=True)
class Event:
    """A departure, an arrival or a loss. `line` is an index, not a number."""

    line: int
    message: Message
    again: bool = False
    """An arrival of a message that arrives more than once, or leaves a copy behind."""


@dataclass(frozen=True)
class Flight:
    """The life of one message on the wire."""

    departure: Event | None
    """None: it was in flight before the first line."""
    arrivals: tuple[Event, ...]
    """Several, if the channel kept copies."""
    loss: Event | None
    """Of the message, or of the copy that was left."""
    in_flight: bool
    """It, or a copy of it, is in flight after the last line."""

    @property
    def message(self) -> Message:
        """As it was when first seen."""
        return self.events[0].message

    @property
    def events(self) -> tuple[Event, ...]:
        """In the order of time."""
        return tuple(e for e in (self.departure, *self.arrivals, self.loss) if e is not None)

    @property
    def lost_at_once(self) -> bool:
        """Lost in the step that sent it."""
        return bool(self.departure and self.loss and self.departure.line == self.loss.line)

    def is_prompt(self, arrival: Event) -> bool:
        """It arrived in the step that sent it or in the next: nothing came in between."""
        return self.departure is not None and arrival.line <= self.departure.line + 1

    def passed(self, arrival: Event) -> bool:
        """It was sent and received in one step."""
        return self.departure is not None and arrival.line == self.departure.line


@dataclass(frozen=True)
class Story:
    title: str
    lifelines: tuple[str, ...]
    initial: tuple[str, ...]
    """The states before the first line."""
    lines: tuple[Line, ...]
    verdict: str
    violated: bool
    loop: int | None = None
    """The index of the line that starts the loop of a lasso, which ends with the last line."""
    snapshots: tuple[dict[str, object], ...] = ()
    """All state variables, before the first line and after each; none, or one more than lines."""
    measures: tuple[Measure, ...] = ()
    """What was measured at the same moments, if anything was."""
    phases: tuple[str, ...] = ()
    """All phases that a measure may have, in the order of their colours."""

    def __post_init__(self) -> None:
        if self.loop is not None and not 0 <= self.loop < len(self.lines):
            raise ValueError(f"loop starts at line index {self.loop} of {len(self.lines)} lines")
        if self.snapshots and len(self.snapshots) != len(self.lines) + 1:
            raise ValueError(f"{len(self.snapshots)} snapshots for {len(self.lines)} lines")
        if self.measures and len(self.measures) != len(self.lines) + 1:
            raise ValueError(f"{len(self.measures)} measures for {len(self.lines)} lines")
        ends = len(self.lifelines)
        if {ends} != {len(each) for each in (self.initial, *(line.states for line in self.lines))}:
            raise ValueError(f"not a state for each of {ends} lifelines")
        known: set[int] = set()
        gone: set[int] = set()
        for line in self.lines:
            at = f"line {line.number}"
            if (message := line.received) is not None:
                if line.actor != message.receiver:
                    raise ValueError(f"{at}: not a step of the receiver of {message}")
                if message.uid in gone:
                    raise ValueError(f"{at}: no longer in flight: {message}")
                known.add(message.uid)
                if not line.kept:
                    gone.add(message.uid)
            for message in line.sent:
                if message.uid in known:
                    raise ValueError(f"{at}: sent or in flight before: {message}")
                known.add(message.uid)
                if line.passed:
                    gone.add(message.uid)
            for message in line.lost:
                if message.uid in gone:
                    raise ValueError(f"{at}: no longer in flight: {message}")
                known.add(message.uid)
                gone.add(message.uid)

    def arranged(self, order: Sequence[int]) -> Story:
        """The same, with its lifelines in another order: of each place, which stands there."""
        places = {end: place for place, end in enumerate(order)}

        def chosen(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(texts[end] for end in order) if texts else ()

        def moved(message: Message) -> Message:
            sender, receiver = places[message.sender], places[message.receiver]
            return replace(message, sender=sender, receiver=receiver)

        lines = (
            replace(
                line,
                actor=None if line.actor is None else places[line.actor],
                received=None if line.received is None else moved(line.received),
                lost=tuple(map(moved, line.lost)),
                sent=tuple(map(moved, line.sent)),
                states=chosen(line.states),
                details=chosen(line.details),
            )
            for line in self.lines
        )
        measures = (
            replace(one, bars=tuple(one.bars[end] for end in order if end < len(one.bars)))
            for one in self.measures
        )
        return replace(
            self,
            lifelines=chosen(self.lifelines),
            initial=chosen(self.initial),
            lines=tuple(lines),
            measures=tuple(measures),
        )

    @property
    def fatal(self) -> int | None:
        """The index of the line in which what is claimed falls: the last, of a run that ends there
        and has no message that is marked."""
        marked = any(message.mark for line in self.lines for message in line.sent)
        ends = self.violated and self.loop is None and not marked
        return len(self.lines) - 1 if ends else None

    def fresh_bars(self, index: int) -> tuple[tuple[Bar, ...], ...]:
        """The bars of each lifeline after line `index`, where one differs from the line before."""
        if not self.measures:
            return ()
        before, after = (self.measures[n].bars for n in (index, index + 1))
        return tuple(new if new != old else () for old, new in zip(before, after, strict=True))

    def drawn(self, bar: Bar) -> list[tuple[Part, int]]:
        """The parts of a bar that begin within the scale."""
        starts = accumulate((length for _, length in bar.parts), initial=0)
        return [one for start, one in zip(starts, bar.parts, strict=False) if start < self.scale]

    @property
    def parts(self) -> dict[str, dict[Part, None]]:
        """What is drawn of the bars of each name, in the order of the kinds."""
        found: dict[str, dict[Part, None]] = {}
        for bar in (bar for one in self.measures for bars in one.bars for bar in bars):
            drawn = (part for part, _ in self.drawn(bar))
            found.setdefault(bar.name, {}).update(dict.fromkeys(drawn))
        kinds = list(Kind)
        return {
            name: dict.fromkeys(sorted(parts, key=lambda part: kinds.index(part.kind)))
            for name, parts in found.items()
        }

    @cached_property
    def scale(self) -> int:
        """Up to where bars are drawn: as far as there is anything in them but room, and a bit."""
        bars = [bar for one in self.measures for each in one.bars for bar in each]
        used = max((bar.used for bar in bars), default=0)
        return min(used + used // 4 + 1, max((bar.length for bar in bars), default=1))

    def before(self, index: int) -> tuple[str, ...]:
        """The states before line `index`."""
        return self.lines[index - 1].states if index else self.initial

    def fresh_details(self, index: int) -> tuple[str, ...]:
        """The small print of line `index` where it differs from the line before, else blank."""
        blank = ("",) * len(self.lifelines)
        new = self.lines[index].details or blank
        old = (self.lines[index - 1].details if index else ()) or blank
        return tuple("" if one == other else one for one, other in zip(new, old, strict=True))

    @cached_property
    def flights(self) -> tuple[Flight, ...]:
        """One per message: those in flight from the start first, then in the order of sending."""
        departures: dict[int, Event] = {}
        arrivals: dict[int, list[Event]] = {}
        losses: dict[int, Event] = {}
        in_flight: dict[int, bool] = {}
        for index, line in enumerate(self.lines):
            if (message := line.received) is not None:
                again = line.kept or message.uid in arrivals
                arrivals.setdefault(message.uid, []).append(Event(index, message, again))
                in_flight[message.uid] = line.kept
            for message in line.sent:
                departures[message.uid] = Event(index, message)
                in_flight[message.uid] = True
                if line.passed:
                    arrivals[message.uid] = [Event(index, message)]
                    in_flight[message.uid] = False
            for message in line.lost:
                losses[message.uid] = Event(index, message)
                in_flight[message.uid] = False
        first = [uid for uid in in_flight if uid not in departures]
        return tuple(
            Flight(
                departures.get(uid),
                tuple(arrivals.get(uid, ())),
                losses.get(uid),
                in_flight[uid],
            )
            for uid in first + list(departures)
        )

    def arrivals(self, index: int) -> Iterator[tuple[Flight, Event]]:
        """What line `index` receives: one message at most, or what passed in it."""
        for flight in self.flights:
            yield from ((flight, event) for event in flight.arrivals if event.line == index)

    def departures(self, index: int) -> Iterator[tuple[Flight, Event]]:
        """What line `index` sends, in its order."""
        for flight in self.flights:
            if flight.departure is not None and flight.departure.line == index:
                yield flight, flight.departure

    def losses(self, index: int) -> Iterator[tuple[Flight, Event]]:
        """What is lost in line `index`, except what it has just sent."""
        for flight in self.flights:
            if flight.loss is not None and flight.loss.line == index and not flight.lost_at_once:
                yield flight, flight.loss

    def origin(self, flight: Flight) -> str:
        """Where a message that arrives comes from, in words."""
        if flight.departure is None:
            return "from before"
        return f"from {self.lines[flight.departure.line].number}"
