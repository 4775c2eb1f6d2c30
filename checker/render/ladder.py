"""A story as plain text, in the manner of RFC 9293's figures.

Time runs downwards between two lifelines, or more: then those in the middle have two edges and
their states between them. Each step starts with a numbered row that has the state
of each end after it. A message that was sent in one step and received in the next is one arrow in
the row of its arrival; any other is drawn twice, with `...` for the channel that holds it:

    |-------- <SYN SEQ=0> ------->|  sent in the step before, received in this one
    |---- <SYN SEQ=0> ...         |  sent; it is in flight for more than a step
    | ... <SYN SEQ=0> (from 2) -->|  received; it was sent in step 2
    |---- <SYN SEQ=0> ---X        |  lost as it was sent
    | ... <SYN SEQ=0> (from 2) -X |  lost later

`(old)` marks a message of an earlier connection, `(dup)` an arrival of which a copy arrived
already or stays in flight. Under the arrival, at the side of whoever acted, stand the action, the
rule that fired, notes, and the small print of an end where it changed; then what was sent. The
loop of a lasso is boxed. What is in flight at the end is listed above the verdict. A text that
does not fit is wrapped, never shortened. A bar has a row of its own where it changed, and each
bar of a ladder the same scale, so that equal numbers stand below each other:

    | sends    [======####++++----      ] |  what the glyphs mean is told above the verdict

On a terminal a ladder fits it, and is in colour: the states at the sides stand out, and so
do messages, what is lost, what is old, and the verdict. Elsewhere it has 100 columns, or COLUMNS.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from checker.support import terminal

from .story import Bar, Event, Story
from .text import centre, columns, left, right, wrap

MIN_WIDTH = 60
"""Two lifelines with their states and a message do not fit in much less."""
WIDTH = 100
"""Columns where nobody says how many there are."""
BARS = 8
"""Columns for the name of a bar."""
MAX_WIDTH = 120
"""In a wider ladder what belongs together is too far apart."""


def ladder(story: Story, width: int = WIDTH) -> str:
    """Rows of at most `width` columns, without a newline after the last."""
    if width < MIN_WIDTH:
        raise ValueError(f"a ladder needs {MIN_WIDTH} columns, not {width}")
    return "\n".join(row.rstrip() for row in _Ladder(story, width).rows())


def show(story: Story) -> None:
    """Print a story on standard output."""
    drawn = _Ladder(story, min(max(terminal.width() or WIDTH, MIN_WIDTH), MAX_WIDTH))
    console = Console(highlight=False, soft_wrap=True)
    for row in drawn.rows():
        console.print(drawn.painted(row.rstrip()))


_PAINT = {
    r"<[^<>]*>": "cyan",
    r"\((old|dup)\)": "magenta",
    r"-+X|X-+": "bold red",
    r"(?<= \[)[=#!%+.-]+(?= *\])": "blue",
}
"""What stands out in a row, and how."""


class _Ladder:
    def __init__(self, story: Story, width: int) -> None:
        self.story, self.width = story, width
        self.number = max((len(str(line.number)) for line in story.lines), default=1) + 2
        self.margin = 2 if story.loop is not None else 0
        shown = [story.lifelines, story.initial, *(line.states for line in story.lines)]
        most = (width - self.number) // 5
        sides = range(len(story.lifelines))
        self.ends = [max(2, min(most, max(columns(s[side]) for s in shown))) for side in sides]
        self.middle = width - 2 * self.margin - self.number - self.ends[0] - self.ends[-1] - 4
        inner = self.ends[1:-1]
        gaps = len(inner) + 1
        spare = self.middle - sum(inner) - 4 * len(inner)
        self.lanes = [(-1, -1)]  # where in the middle the two edges of each end stand
        for n, room in enumerate(inner, 1):
            start = self.lanes[-1][1] + 1 + (spare * n // gaps - spare * (n - 1) // gaps)
            self.lanes.append((start, start + room + 3))
        self.lanes.append((self.middle, self.middle))

    def painted(self, row: str) -> Text:
        """A row in colour."""
        text = Text(row)
        if row in (self.story.title, *wrap(self.story.title, self.width)):
            text.stylize("bold")
        elif row[:2] in ("##", "==") or row in wrap(self.story.verdict, self.width):
            text.stylize("bold red" if self.story.violated else "bold green")
        elif " |" in row or row[:3] == "   ":
            text.stylize("bold", 0, self.margin + self.number + self.ends[0])
            text.stylize("bold", self.width - self.margin - self.ends[-1])
        for pattern, style in _PAINT.items():
            text.highlight_regex(pattern, style)
        return text

    def rows(self) -> Iterator[str]:
        story = self.story
        yield from wrap(story.title, self.width)
        yield ""
        yield from self.block("", story.lifelines, lifeline=" ")
        yield from self.block("", story.initial)
        for index, line in enumerate(story.lines):
            looped = story.loop is not None and index >= story.loop
            yield from self.block(box=looped and index != story.loop)
            if index == story.loop:
                yield self.edge("loop")
            yield from self.block(f"{line.number}.", line.states, [*self.step(index)], looped)
        if story.loop is not None:
            yield self.edge(f"for ever, from {story.lines[story.loop].number}")
        yield ""
        for name, parts in story.parts.items():
            meanings = ", ".join(f"{part.kind.value} {part.name}" for part in parts)
            yield from wrap(f"{name}: {meanings}", self.width)
        for flight in story.flights:
            if flight.in_flight:
                last = flight.events[-1].message
                text = f"<{last.text}>{' (old)' * last.old} ({story.origin(flight)})"
                yield from wrap(f"Still in flight: {text}", self.width)
        bar = ("#" if story.violated else "=") * self.width
        yield from (bar, *wrap(story.verdict, self.width), bar)

    def block(
        self,
        number: str = "",
        states: tuple[str, ...] = (),
        middle: list[str] | None = None,
        box: bool = False,
        lifeline: str = "|",
    ) -> Iterator[str]:
        """As many rows as the longest of its columns needs."""
        texts = states or ("",) * len(self.ends)
        a, *inner, b = (wrap(state, room) for state, room in zip(texts, self.ends, strict=True))
        # Between the first lifeline and the last the states of the others have rows of their own.
        between = list(self.inner(inner, lifeline)) if any(texts[1:-1]) else []
        between += [self.lined(text, lifeline) for text in middle or []]
        edge = ("| " if box else "  ")[: self.margin]
        for n, at_a, text, at_b in zip_longest([number], a, between, b):
            yield "".join(
                (
                    edge,
                    left(n or "", self.number),
                    left(at_a or "", self.ends[0]),
                    " " + lifeline,
                    self.lined("", lifeline) if text is None else text,
                    lifeline + " ",
                    left(at_b or "", self.ends[-1]),
                    edge[::-1],
                )
            )

    def inner(self, states: list[list[str]], lifeline: str) -> Iterator[str]:
        """The states of all ends but the first and the last, each between its edges."""
        for row in zip_longest(*states, fillvalue=""):
            text = ""
            for (start, _), state in zip(self.lanes[1:-1], row, strict=True):
                text = left(text, start + 2) + state
            yield self.lined(text, lifeline)

    def lined(self, text: str, lifeline: str) -> str:
        """A row of the middle, with the lifelines that pass behind it."""
        row = left(text, self.middle)
        for place in (edge for lane in self.lanes[1:-1] for edge in lane):
            # ... but not through a message: a blank between two words is the message's own.
            blank = row[place] == " " and " " in row[place - 1 : place + 2 : 2]
            if columns(row) == len(row) and blank:
                row = row[:place] + lifeline + row[place + 1 :]
        return row

    def edge(self, text: str) -> str:
        """The upper or the lower edge of the loop's box."""
        return f"+-- {text} ".ljust(self.width - 1, "-") + "+"

    def step(self, index: int) -> Iterator[str]:
        """The middle of one step, from its arrival to what it sends and what is lost."""
        story, line = self.story, self.story.lines[index]
        for flight, event in story.arrivals(index):
            origin = "" if flight.is_prompt(event) else story.origin(flight)
            yield from self.arrow(event, origin, ">")
        rule = f" [{line.rule}]" if line.rule else ""
        for text in (line.action + rule, *(f"* {note}" for note in line.notes)):
            yield from self.beside(line.actor, text)
        yield from self.small_print(story.fresh_details(index))
        for bars in story.fresh_bars(index):
            yield from (f" {self.bar(bar)}" for bar in bars)
        for flight, event in story.departures(index):
            if flight.lost_at_once:
                yield from self.arrow(event, "", "X")
            elif not (flight.arrivals and flight.is_prompt(flight.arrivals[0])):
                yield from self.arrow(event, "", ".")
        for flight, event in story.losses(index):
            yield from self.arrow(event, story.origin(flight), "X")

    def arrow(self, event: Event, origin: str, end: str) -> Iterator[str]:
        """From the sender's lifeline if it has no `origin`, to an `end` of `>`, `X` or `.`."""
        message = event.message
        marks = (
            [message.mark] * bool(message.mark)
            + ["old"] * message.old
            + ["dup"] * event.again
            + [origin] * bool(origin)
        )
        text = " ".join([f"<{message.text}>", *(f"({mark})" for mark in marks)])
        start, room = self.between(message.sender, message.receiver)
        texts = wrap(text, room - 12)
        length = max(map(columns, texts))
        tail = "..." if origin else "----"
        head = {">": "---->", "X": "---X", ".": "..."}[end]
        spare = room - length - len(tail) - len(head) - 2
        before, after = 0, 0
        if not origin and end == ">":
            tail, head = tail + "-" * (spare // 2), "-" * (spare - spare // 2) + head
        elif end == ">":
            before = spare
        elif origin:
            before, after = spare // 2, spare - spare // 2
        else:
            after = spare
        tail, head = " " * before + tail + " ", " " + head + " " * after
        if message.sender > message.receiver:
            tail, head = head[::-1].replace(">", "<"), tail[::-1]
        indent = " " * start
        yield indent + tail + left(texts[0], length) + head
        for more in texts[1:]:
            yield indent + " " * len(tail) + more

    def bar(self, bar: Bar) -> str:
        """A glyph for each column; what is there at all has one at least."""
        width, at, end = self.middle - BARS - 5, 0, 0
        glyphs = ""
        drawn = self.story.drawn(bar)
        for n, (part, length) in enumerate(drawn, 1):
            end += length
            edge = max(at + 1, round(end * width / self.story.scale))
            edge = max(at, min(edge, width - len(drawn) + n))
            glyphs += part.kind.value * (edge - at)
            at = edge
        return f"{left(bar.name, BARS)} [{left(glyphs, width)}]"

    def between(self, one: int, other: int) -> tuple[int, int]:
        """Where in the middle what is between two ends starts, and how wide it is."""
        first, last = sorted((one, other))
        start = self.lanes[first][1] + 1
        return start, self.lanes[last][0] - start

    def beside(self, side: int | None, text: str) -> Iterator[str]:
        """At the side of `side`; what the channel and time do stands in the middle."""
        last = len(self.ends) - 1
        start, room = (0, self.middle) if side is None else self.between(*self.gap(side))
        for row in wrap(text, room - 2):
            if side is None:
                yield centre(row, room)
            elif side == last:
                yield " " * start + right(row + " ", room)
            else:
                yield " " * start + " " + row

    def gap(self, side: int) -> tuple[int, int]:
        """An end and its neighbour: where there is room for what it does."""
        return (side - 1, side) if side == len(self.ends) - 1 else (side, side + 1)

    def small_print(self, texts: tuple[str, ...]) -> Iterator[str]:
        """Of two ends, side by side; else one after the other."""
        if len(texts) > 2 or not all(texts):
            for side, text in enumerate(texts):
                if text:
                    yield from self.beside(side, f"({text})")
            return
        half = (self.middle - 4) // 2
        rows = (wrap(f"({text})", half) for text in texts)
        for at_a, at_b in zip_longest(*rows, fillvalue=""):
            yield " " + left(at_a, self.middle - half - 2) + right(at_b, half) + " "
