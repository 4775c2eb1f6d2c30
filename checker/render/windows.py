"""A story whose ends have bars, as a picture: what is in flight, and a film of each end's bars.

Time runs downwards. At the left and at the right are the bars of the two ends after each step, all
on one scale, so that a window can be seen to slide; between them the messages, each from the step
in which it left to the one in which it arrived. The stripe at the very left has the colour of the
phase. Who points at a row reads the rule that fired.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .story import Bar, Event, Flight, RenderError, Story
from .svg import document, tag, text, ticks, title
from .text import wrap

WIDTH = 830
"""That of a page: what is wider comes out smaller, and so do its letters."""
NUMBER, STRIPE, LANE = 26, 8, 130
"""Widths: numbers of steps, phases, and what is in flight."""
LETTER = 6.3
"""That of a letter of the texts in between, rather too wide than too narrow."""
ROW, NOTE = 17, 11
TOP = 66
LEFT = NUMBER + STRIPE + 6


def windows(story: Story) -> str:
    """The picture, as SVG."""
    if not story.measures or len(story.lifelines) != 2:
        raise RenderError("nothing was measured of two ends: there are no windows to draw")
    return _Windows(story).svg()


class _Windows:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.phases = story.phases
        texts = [_told(event) for flight in story.flights for event in flight.events]
        texts += [line.action for line in story.lines if line.received is None]
        self.columns = min(max(map(len, texts), default=0) + 2, 48)
        aside = 16 + LETTER * self.columns
        self.bar_width = max((WIDTH - LEFT - LANE - 2 * aside - 24) / 2, 100)
        self.a = LEFT + self.bar_width + aside
        self.b = self.a + LANE
        self.right = self.b + aside
        self.width = self.right + self.bar_width + 24
        self.scale = self.bar_width / max(story.scale, 1)
        self.rows = [float(TOP)]
        below = 0
        for line in story.lines:
            self.rows.append(self.rows[-1] + ROW + NOTE * below)
            below = len(self.notes(line.notes)) + max(len(line.lost) - 1, 0)
        self.bottom = self.rows[-1] + ROW + NOTE * below

    def notes(self, notes: tuple[str, ...]) -> list[str]:
        """The notes of a step, in lines that fit beside a lifeline."""
        return [line for note in notes for line in wrap(note, self.columns)]

    def svg(self) -> str:
        legend = [*self.legend()]
        verdict = wrap(self.story.verdict + self.round(), int(self.width / 6))
        height = self.bottom + 18 + 16 * len(self.story.parts) + 16 + 14 * len(verdict) + 12
        body = [text(12, 22, self.story.title, "ink b", font_size=13)]
        body += [*self.heads(), *self.stripe()]
        for index in range(len(self.rows)):
            body += self.bars(index)
        body += [
            tag("line", x1=x, x2=x, y1=TOP - 8, y2=self.bottom, class_="faint-line")
            for x in (self.a, self.b)
        ]
        for flight in self.story.flights:
            body += self.flight(flight)
        for index in range(len(self.story.lines)):
            body += self.step(index)
        body += legend
        look = "bad" if self.story.violated else "good"
        below = height - 14 * len(verdict) - 4
        body += [text(12, below + 14 * n, line, f"{look} b") for n, line in enumerate(verdict)]
        return document(self.width, height, self.story.title, body)

    def round(self) -> str:
        """Which steps are repeated for ever."""
        if self.story.loop is None:
            return ""
        first, last = (self.story.lines[n].number for n in (self.story.loop, -1))
        return f" (steps {first} to {last} for ever)"

    def heads(self) -> Iterator[str]:
        """The names of the ends, and the scale of their bars."""
        for x, name in zip((self.a, self.b), self.story.lifelines, strict=True):
            yield text(x, TOP - 14, name, "ink b", font_size=12, text_anchor="middle")
        marks = ticks(self.story.scale, int(self.bar_width / 38))
        for left in (LEFT, self.right):
            for mark in marks:
                x = left + mark * self.scale
                yield text(x, TOP - 14, f"{mark:,}", "grey", text_anchor="middle")
                yield tag("line", x1=x, x2=x, y1=TOP - 10, y2=self.bottom, class_="faint-line")

    def stripe(self) -> Iterator[str]:
        """The phases, each as long as it lasts."""
        edges = [*(y - ROW / 2 for y in self.rows), self.bottom - ROW / 2]
        for one, (start, end) in zip(self.story.measures, pairwise(edges), strict=True):
            if one.phase:
                look = f"phase{self.phases.index(one.phase)}"
                said = title(", ".join([one.phase, *(f"{k} {v:,}" for k, v in one.values.items())]))
                yield tag(
                    "rect", said, x=NUMBER, y=start, width=STRIPE, height=end - start, class_=look
                )

    def bars(self, index: int) -> Iterator[str]:
        """The bars of both ends after so many steps."""
        top = self.rows[index] - ROW / 2 + 1
        end = (*self.rows, self.bottom)[index + 1] - ROW / 2 - 1
        for left, bars in zip((LEFT, self.right), self.story.measures[index].bars, strict=True):
            high = (end - top) / max(len(bars), 1)
            for n, bar in enumerate(bars):
                yield from self.bar(bar, left, top + n * high, high)

    def bar(self, bar: Bar, left: float, top: float, high: float) -> Iterator[str]:
        at = 0
        for part, length in bar.parts:
            said = title(f"{bar.name}: {part.name}, {at:,} to {at + length:,}")
            x, room = left + at * self.scale, self.bar_width - at * self.scale
            width = min(max(length * self.scale, 0.8), room)
            if width > 0:
                yield tag("rect", said, x=x, y=top, width=width, height=high, class_=part.kind.name)
            at += length

    def row(self, event: Event) -> float:
        return self.rows[event.line + 1]

    def flight(self, flight: Flight) -> Iterator[str]:
        """The ways of a message through the picture."""
        message = flight.message
        start, end = (self.a, self.b) if message.sender == 0 else (self.b, self.a)
        depart = self.row(flight.departure) if flight.departure is not None else TOP - 8.0
        for event in flight.arrivals:
            look = "old" if event.message.old else "ink"
            dash = " dash" if event.again else ""
            yield from self.arrow(start, depart, end, self.row(event), look + "-line" + dash, look)
            yield self.label(event, look)
        middle = (start + end) / 2
        if flight.loss is not None:
            y = self.row(flight.loss) + NOTE * self.turn(flight.loss)
            # It gets as far as half way in the step in which it is lost.
            if flight.lost_at_once:
                y += ROW / 2
            yield tag("line", x1=start, y1=depart, x2=middle, y2=y, class_="lost-line")
            yield text(middle, y + 4, "\N{MULTIPLICATION X}", "lost b", text_anchor="middle",
                       font_size=13)  # fmt: skip
            yield self.label(flight.loss, "lost", "\N{MULTIPLICATION X} ")
        if flight.in_flight:
            yield tag(
                "line", x1=start, y1=depart, x2=middle, y2=self.bottom, class_="grey-line dash"
            )

    def arrow(
        self, x1: float, y1: float, x2: float, y2: float, line: str, head: str
    ) -> Iterator[str]:
        yield tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=line)
        back = -6 if x2 > x1 else 6
        slope = (y2 - y1) / (x2 - x1) * back
        points = f"{x2},{y2:.1f} {x2 + back},{y2 + slope - 3:.1f} {x2 + back},{y2 + slope + 3:.1f}"
        yield tag("polygon", points=points, class_=head)

    def beside(self, end: int, y: float, content: str, look: str) -> str:
        """A text at the lifeline of an end, on the outer side."""
        x, anchor = (self.a - 8, "end") if end == 0 else (self.b + 8, "start")
        return text(x, y + 3, content, look, text_anchor=anchor)

    def label(self, event: Event, look: str, what: str = "") -> str:
        """The text of a message, where it arrives or would have."""
        y = self.row(event) + (NOTE * self.turn(event) if look == "lost" else 0)
        return self.beside(event.message.receiver, y, what + _told(event), look)

    def turn(self, event: Event) -> int:
        """How many were lost in the same step before it."""
        return [one.uid for one in self.story.lines[event.line].lost].index(event.message.uid)

    def step(self, index: int) -> Iterator[str]:
        """The number of a step, what was done, and the notes."""
        line, y = self.story.lines[index], self.rows[index + 1]
        said = title(f"{line.action}: {line.rule}" if line.rule else line.action)
        yield tag("text", said + str(line.number), x=NUMBER - 6.0, y=y + 3, class_="grey",
                  text_anchor="end")  # fmt: skip
        end = line.lost[0].receiver if line.lost else line.actor or 0
        if line.received is None and not line.lost:
            yield self.beside(end, y, line.action, "ink b")
        for n, note in enumerate(self.notes(line.notes), max(len(line.lost), 1)):
            yield self.beside(end, y + NOTE * n, note, "ink i")

    def legend(self) -> Iterator[str]:
        """What the colours mean."""
        y = self.bottom + 18
        lines = [
            (name, [(part.kind.name, part.name) for part in parts])
            for name, parts in self.story.parts.items()
        ]
        if self.phases:
            shown = {one.phase for one in self.story.measures}
            marks = [
                (f"phase{n}", phase)
                for n, phase in enumerate(self.phases)
                if phase and phase in shown
            ]
            lines.append(("phase", marks))
        for name, marks in lines:
            yield text(12, y + 8, name, "ink b")
            x = 70.0
            for look, meaning in marks:
                yield tag("rect", x=x, y=y, width=12, height=10, class_=look)
                yield text(x + 17, y + 9, meaning)
                x += 34 + 5.3 * len(meaning)
            y += 16


def _told(event: Event) -> str:
    """A message's text, and what else is to be said of it."""
    message = event.message
    marks = "".join(f" ({mark})" for mark in ("old" * message.old, message.mark) if mark)
    return (message.short or message.text) + marks
