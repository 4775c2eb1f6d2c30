"""Quantities over time as one SVG picture: lines that step, times in colour, and marks.

It needs no other program. Where more points fall on one column of the picture than it can show, the
first, the least, the most and the last are drawn. Colours turn with the reader's choice of a dark
ground, as in `sequence`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor, log10

from .sequence import DARK, FAINT, GREY, INK
from .text import visible

WIDTH, HEIGHT = 860, 300
LEFT, RIGHT, TOP, BOTTOM = 74, 12, 26, 62
LOST = "#c62828"
LINES = ("#1f5f9e", "#a85400", "#2e7d32")
"""Colours of lines, in their order."""
GROUNDS = ("#d3e5f7", "#cfe9d3", "#f1ebc4", "#fbdcc4", "#f5c9c9", "#e3d6ef", "#e6e9ec", "#ffffff")
"""Of times, in the order of their names; the last is of all others."""
_DARK_GROUNDS = (
    "#17324d",
    "#173a22",
    "#3b3714",
    "#4a2c16",
    "#4a1d1d",
    "#342447",
    "#252c34",
    "#10161d",
)
STYLE = "".join(
    [
        "@media (prefers-color-scheme: dark) { ",
        *(f'.plot [fill="{c}"]{{fill:{d}}} ' for c, d in zip(GROUNDS, _DARK_GROUNDS, strict=True)),
        *(
            f'.plot [fill="{c}"]{{fill:{d}}} .plot [stroke="{c}"]{{stroke:{d}}} '
            for c, d in [*DARK.items(), ("#2e7d32", "#7ee08a")]
            if c != "white"
        ),
        "}",
    ]
)
"""CSS of every plot. In a page with several, once is enough."""


@dataclass(frozen=True, slots=True)
class Series:
    """A quantity; each value holds until the next point. None: not known."""

    name: str
    points: Sequence[tuple[float, float | None]]
    broad: bool = False
    """So that others show on it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time with a name. Those with one name have one colour."""

    name: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a moment; ``what`` is one of few texts."""

    what: str
    x: float
    y: float
    title: str = ""


@dataclass(slots=True)
class Plot:
    """What is drawn. ``names`` are those of spans, in the order of their colours."""

    title: str
    unit: str
    series: list[Series]
    names: Sequence[str] = ()
    spans: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    most: float = 0.0  # of what is shown; 0: everything
    clock: str = " s"  # the unit of time; blank: time has none
    cross: str = "lost"  # the marks that are crosses, in red: these and no others


def svg(plot: Plot) -> str:
    """The picture; the text in it cannot harm what shows it."""
    xs = [x for one in plot.series for x, _ in one.points]
    xs += [x for one in plot.spans for x in (one.began, one.ended)] + [m.x for m in plot.marks]
    if not xs:
        return ""
    low, high = min(xs), max(xs)
    high = high if high > low else low + 1e-3
    ys = [y for one in plot.series for _, y in one.points if y is not None]
    top = plot.most or max(ys, default=1.0) or 1.0
    return "\n".join(_Drawing(plot, low, high, top).lines()) + "\n"


class _Drawing:
    def __init__(self, plot: Plot, low: float, high: float, top: float) -> None:
        self.plot = plot
        self.low, self.high, self.top = low, high, top

    def x(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        return LEFT + (value - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        value = min(max(value, 0.0), self.top)
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)

    def lines(self) -> Iterable[str]:
        yield (
            f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11" '
            f'role="img" aria-label="{_safe(self.plot.title)}">'
        )
        yield f'<text x="{LEFT}" y="14" fill="{INK}" font-size="12">{_safe(self.plot.title)}</text>'
        yield from self._spans()
        yield from self._axes()
        for one, colour in zip(self.plot.series, LINES, strict=False):
            yield from self._series(one, colour)
        yield from self._marks()
        yield from self._legend()
        yield "</svg>"

    def _colour(self, name: str) -> str:
        place = self.plot.names.index(name) if name in self.plot.names else len(GROUNDS)
        return GROUNDS[min(place, len(GROUNDS) - 1)]

    def _spans(self) -> Iterable[str]:
        for one in self.plot.spans:
            left, right = self.x(one.began), self.x(one.ended)
            colour = self._colour(one.name)
            if colour == GROUNDS[-1]:
                continue
            yield (
                f'<rect x="{left:.1f}" y="{TOP}" width="{max(right - left, 1):.1f}" '
                f'height="{HEIGHT - TOP - BOTTOM}" fill="{colour}"><title>{_safe(one.name)}</title>'
                "</rect>"
            )

    def _axes(self) -> Iterable[str]:
        for value in _ticks(self.top):
            y = self.y(value)
            yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}" stroke-width=".6"/>'
            yield (
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" fill="{GREY}" text-anchor="end">'
                f"{value:,.0f}</text>"
            )
        floor_ = HEIGHT - BOTTOM
        for value in _ticks(self.high - self.low) if self.plot.clock else ():
            x = self.x(self.low + value)
            yield f'<path d="M{x:.1f} {floor_}v4" stroke="{GREY}"/>'
            yield (
                f'<text x="{x:.1f}" y="{floor_ + 15}" fill="{GREY}" text-anchor="middle">'
                f"{_number(value)}{self.plot.clock}</text>"
            )
        yield f'<path d="M{LEFT} {TOP}V{floor_}H{WIDTH - RIGHT}" stroke="{GREY}" fill="none"/>'
        yield f'<text x="{LEFT - 6}" y="{TOP - 6}" fill="{GREY}" text-anchor="end">'
        yield f"{_safe(self.plot.unit)}</text>"

    def _series(self, one: Series, colour: str) -> Iterable[str]:
        parts: list[str] = []
        drawn = False
        for x, y in self._thin(one.points):
            if y is None:
                drawn = False
            elif drawn:
                parts.append(f"H{x:g}V{y:g}")
            else:
                parts.append(f"M{x:g} {y:g}")
                drawn = True
        if drawn:
            parts.append(f"H{WIDTH - RIGHT}")
        if parts:
            path = "".join(parts)
            width = "3.6" if one.broad else "1.3"
            yield f'<path d="{path}" stroke="{colour}" fill="none" stroke-width="{width}"/>'

    def _thin(
        self, points: Sequence[tuple[float, float | None]]
    ) -> Iterable[tuple[float, float | None]]:
        """At most four points of each column, in order."""
        column: list[tuple[float, float | None]] = []
        at = None
        for x, y in points:
            place = round(self.x(x), 1)
            if at is not None and int(place) != int(at):
                yield from _few(column)
                column = []
            at = place
            column.append((place, None if y is None else round(self.y(y), 1)))
        yield from _few(column)

    def _marks(self) -> Iterable[str]:
        for one in self.plot.marks:
            x, y = self.x(one.x), self.y(one.y)
            shape = _shape(self.plot, one.what, x, y)
            colour = _ink(self.plot, one.what)
            yield f'<path d="{shape}" stroke="{colour}" fill="none" stroke-width="1.4">'
            yield f"<title>{_safe(one.title or one.what)}</title></path>"

    def _legend(self) -> Iterable[str]:
        x, y = float(LEFT), HEIGHT - 28
        entries: list[tuple[str, str, str]] = []
        for series, colour in zip(self.plot.series, LINES, strict=False):
            entries.append(("line", colour, series.name))
        names = list(dict.fromkeys(one.name for one in self.plot.spans))
        entries += [
            ("ground", self._colour(name), name)
            for name in self.plot.names
            if name in names and self._colour(name) != GROUNDS[-1]
        ]
        entries += [
            ("mark", _ink(self.plot, what), what)
            for what in dict.fromkeys(m.what for m in self.plot.marks)
        ]
        for kind, colour, name in entries:
            width = 34 + 6.1 * len(name)
            if x + width > WIDTH - RIGHT and x > LEFT:
                x, y = float(LEFT), y + 16
            if kind == "line":
                yield f'<path d="M{x:.0f} {y - 4}h14" stroke="{colour}" stroke-width="2"/>'
            elif kind == "ground":
                yield (
                    f'<rect x="{x:.0f}" y="{y - 9}" width="14" height="10" fill="{colour}" '
                    f'stroke="{FAINT}"/>'
                )
            else:
                shape = _shape(self.plot, name, x + 7, y - 4)
                yield f'<path d="{shape}" stroke="{colour}" fill="none" stroke-width="1.4"/>'
            yield f'<text x="{x + 19:.0f}" y="{y}" fill="{INK}">{_safe(name)}</text>'
            x += width


def _few(column: list[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    if len(column) <= 4:
        return column
    known = [point for point in column if point[1] is not None]
    if not known:
        return column[:1]
    least = min(known, key=lambda point: point[1] or 0.0)
    most = max(known, key=lambda point: point[1] or 0.0)
    chosen = {id(point) for point in (column[0], least, most, column[-1])}
    return [point for point in column if id(point) in chosen]


def _ink(plot: Plot, what: str) -> str:
    return LOST if what == plot.cross else INK


def _shape(plot: Plot, what: str, x: float, y: float) -> str:
    """A cross, or a shape of its own for each of the first four others."""
    if what == plot.cross:
        return f"M{x - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7"
    others = [name for name in dict.fromkeys(m.what for m in plot.marks) if name != plot.cross]
    shapes = (
        f"M{x - 4:.1f} {y + 3:.1f}h8l-4 -7z",
        f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z",
        f"M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z",
        f"M{x - 4:.1f} {y:.1f}h8m-4 -4v8",
    )
    return shapes[min(others.index(what), len(shapes) - 1)]


def _ticks(most: float) -> list[float]:
    """Round values from 0 to ``most``, at most seven."""
    rough = most / 5
    unit = 10 ** floor(log10(rough)) if rough > 0 else 1.0
    step = next(k * unit for k in (1, 2, 5, 10) if k * unit >= rough)
    return [i * step for i in range(int(most / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


def _safe(text: str) -> str:
    return html.escape(visible(text))
