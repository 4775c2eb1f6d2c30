"""What was measured in a story, over time: curves, on a ground in the colour of the phase."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

from .story import RenderError, Story
from .svg import CURVES, document, tag, text, ticks, title
from .text import wrap

WIDTH, HEIGHT = 980, 380
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 62, 58


def plot(story: Story) -> str:
    """The picture, as SVG."""
    if not any(one.values for one in story.measures):
        raise RenderError("nothing was measured: there is nothing to plot")
    return _Plot(story).svg()


class _Plot:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.measures = story.measures
        self.names = [*dict.fromkeys(name for one in self.measures for name in one.values)]
        self.phases = story.phases
        self.end = max(self.measures[-1].time, 1)
        self.high = 1.08 * max(value for one in self.measures for value in one.values.values())
        self.floor = HEIGHT - BOTTOM

    def x(self, time: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * time / self.end

    def y(self, value: float) -> float:
        return self.floor - (self.floor - TOP) * value / self.high

    def svg(self) -> str:
        verdict = wrap(self.story.verdict, WIDTH // 6)
        height = HEIGHT + 14 * (len(verdict) - 1)
        look = "bad" if self.story.violated else "good"
        body = [
            text(12, 22, self.story.title, "ink b", font_size=13),
            *self.bands(),
            *self.axes(),
            *self.events(),
        ]
        for n, name in enumerate(self.names):
            body.append(self.curve(n, name))
        body += self.legend()
        body += [
            text(12, HEIGHT - 10 + 14 * n, line, f"{look} b") for n, line in enumerate(verdict)
        ]
        return document(WIDTH, height, self.story.title, body)

    def bands(self) -> Iterator[str]:
        """A ground for each phase, as long as it lasts."""
        moments = [*self.measures, self.measures[-1]]
        stretches = groupby(pairwise(moments), key=lambda pair: pair[0].phase)
        for phase, pairs in stretches:
            known = [*pairs]
            start, end = self.x(known[0][0].time), self.x(known[-1][1].time)
            if phase and end > start:
                look = f"phase{self.phases.index(phase)} band"
                yield tag("rect", title(phase), x=start, y=TOP, width=end - start,
                          height=self.floor - TOP, class_=look)  # fmt: skip

    def axes(self) -> Iterator[str]:
        for mark in ticks(self.high, 8):
            y = self.y(mark)
            yield tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="faint-line")
            yield text(LEFT - 6, y + 3, f"{mark:,}", "grey s", text_anchor="end")
        yield text(LEFT - 6, TOP - 8, "octets", "grey s", text_anchor="end")
        yield text(WIDTH - RIGHT, self.floor + 27, "time \N{RIGHTWARDS ARROW}", "grey s",
                   text_anchor="end")  # fmt: skip

    def events(self) -> Iterator[str]:
        """What did not come with a message, and what was lost."""
        for one, line in zip(self.measures[1:], self.story.lines, strict=True):
            x = self.x(one.time)
            if line.lost:
                said = title("lost: " + ", ".join(message.text for message in line.lost))
                yield tag("text", said + "\N{MULTIPLICATION X}", x=x, y=self.floor + 13,
                          class_="lost b", text_anchor="middle")  # fmt: skip
            elif line.received is None:
                yield tag("line", x1=x, x2=x, y1=TOP, y2=self.floor + 6, class_="grey-line dash")
                yield text(0, 0, line.action.lower(), "grey s halo", text_anchor="end",
                           transform=f"translate({x - 4:.1f},{TOP + 4}) rotate(-90)")  # fmt: skip

    def curve(self, n: int, name: str) -> str:
        """Level from one moment to the next, in which it is another value."""
        points: list[str] = []
        for one, after in pairwise([*self.measures, self.measures[-1]]):
            if name in one.values:
                y = self.y(one.values[name])
                points += [f"{self.x(t):.1f},{y:.1f}" for t in (one.time, after.time)]
        line = " ".join(dict.fromkeys(points))
        return tag("polyline", points=line, stroke_linejoin="round", **_pen(n))

    def legend(self) -> Iterator[str]:
        x = float(LEFT)
        for n, name in enumerate(self.names):
            yield tag("line", x1=x, x2=x + 22, y1=42, y2=42, **_pen(n))
            yield text(x + 27, 45, name)
            x += 48 + 5.4 * len(name)
        x += 20
        shown = {one.phase for one in self.measures}
        for n, phase in enumerate(self.phases):
            if phase not in shown:
                continue
            yield tag("rect", x=x, y=36, width=14, height=11, class_=f"phase{n} band")
            yield text(x + 19, 45, phase)
            x += 38 + 5.4 * len(phase)


def _pen(n: int) -> dict[str, Any]:
    """How curve number ``n`` is drawn: the first is broad, so that others show on it."""
    look = f"curve{n % len(CURVES)}-line" + " dash" * (n == len(CURVES) - 1)
    return {"class_": look, "stroke_width": 3.4 if n == 0 else 1.5}
