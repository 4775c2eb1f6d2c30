"""A story as a sequence diagram, laid out by Graphviz's `dot`, and written to a file.

`dot` is made for graphs, not for sequence diagrams, but it draws one exactly if it is left no
choice. Each row of the diagram is a rank. Flat edges hold its nodes in order, and their `minlen`,
counted in units of `nodesep`, is a distance; the lifelines are two chains of points, so heavy that
they come out straight. The columns of a row are

    states and steps of A | A | messages of A | the channel | messages of B | B | and of B

Texts stand beside the channel and messages travel in it, so that no arrow meets a text or a box:
a message goes out level from its sender to the edge of the channel, on a slant for as long as it is
in flight, and level again to its receiver, where its name is repeated. One that is received in the
next step, with nothing in between, goes straight there. Dashes: a copy arrived already or stays
behind (`dup`). A second colour: of an earlier connection (`old`). Red: marked as wrong.
A red cross: lost. The steps of a loop stand in a box, on a ground of their own.

Messages have no part in the ranking (`constraint=false`), yet `dot` gives each a place in every
rank that it passes: with so small a `nodesep`, that moves a text by a hair and nothing else.

The DOT is a function of the story alone. SVG and PNG also depend on the version and the fonts of
Graphviz: compare DOT. All text is in HTML-like labels, so that there is but one escape.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import NamedTuple

import graphviz

from checker.support import files
from checker.support.errors import ToolProblem, UsageProblem

from .itf import itf
from .ladder import ladder
from .story import Event, Flight, Message, RenderError, Story
from .text import columns, visible, wrap

UNIT = 2
"""All distances along a row are in units of two points."""
STUB = 6
"""From a lifeline to the text of a message."""
CHANNEL = 36
"""From edge to edge."""
SLANT = 60
"""The least that is left to an arrow that goes straight."""
MESSAGE, SIDE, STATE = 34, 36, 18
"""Columns at which the texts of messages, of steps and of states are broken."""

INK, GREY, FAINT = "#1f2933", "#6b7682", "#c3cad1"
CHANGED, OLD, LOST = "#d9e7f7", "#a85400", "#c62828"
LOOP = "#faf6ea"
VERDICT = {True: ("#b3261e", "#fdeceb"), False: ("#2e7d32", "#e9f5ea")}


def dot(story: Story) -> str:
    """The diagram in the DOT language, ending with a newline. It has two lifelines."""
    if len(story.lifelines) != 2:
        count = len(story.lifelines)
        raise RenderError(f"a picture has two lifelines, not {count}: ask for .txt or .json")
    return "\n".join(_Diagram(story).dot()) + "\n"


PICTURES = (".svg", ".png")
"""Suffixes of what the program ``dot`` draws."""
SUFFIXES = (".dot", ".json", *PICTURES, ".txt")
"""Suffixes of the formats that a story can be written in."""


def writable(path: Path) -> None:
    """Can a story be written to `path`? To be asked before the work, not after."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageProblem(
            f"cannot write {visible(str(path))!r}: its suffix is none of {' '.join(SUFFIXES)}"
        )
    files.writable(path)
    if path.suffix.lower() in PICTURES and shutil.which("dot") is None:
        raise ToolProblem(
            f"no program 'dot' to draw {path.suffix.lower()} with: install graphviz, "
            "or ask for .dot or .txt"
        )


def render(story: Story, path: str | os.PathLike[str]) -> None:
    """Write the story in the format that the suffix of `path` asks for.

    `.txt` is the ladder, `.json` the trace for other tools, `.dot` the source of the diagram;
    `.svg` and `.png` are drawn by the program `dot`. The file appears whole or, with a
    `Problem`, not at all; one that was there is then left as it was.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".txt":
            content = (ladder(story) + "\n").encode()
        case ".json":
            content = (itf(story) + "\n").encode()
        case ".dot":
            content = dot(story).encode()
        case ".svg" | ".png":
            content = draw(dot(story), path.suffix[1:].lower())
        case suffix:
            known = ".dot, .json, .png, .svg or .txt"
            raise UsageProblem(
                f"cannot write {visible(str(path))}: suffix {suffix!r} is none of {known}"
            )
    files.write(path, content)


def draw(source: str, form: str) -> bytes:
    """The picture of a DOT source, as `svg` or `png`, by the program `dot`."""
    if form == "png":
        source = source.replace("{", "{ dpi=144", 1)
    instead = "install graphviz, or ask for .dot or .txt, which need no program"
    try:
        # From a file, not a pipe: what a failing `dot` says is then never lost.
        with tempfile.TemporaryDirectory() as folder:
            drawing = Path(folder, "drawing.dot")
            drawing.write_text(source, encoding="utf-8")
            return Path(graphviz.render("dot", form, drawing, quiet=True)).read_bytes()
    except graphviz.ExecutableNotFound:
        raise RenderError(f"no program 'dot' to draw .{form} with: {instead}") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").split("\n")[0].strip()
        why = said or f"exit code {error.returncode}"
        raise RenderError(f"the program 'dot' failed: {why}") from error
    except OSError as error:
        raise RenderError(f"cannot run the program 'dot' ({error.strerror}): {instead}") from error


class _Style(NamedTuple):
    size: float
    colour: str
    tag: str = ""


_ACTION, _RULE, _NOTE = _Style(9, INK, "B"), _Style(8, GREY), _Style(8, INK, "I")
_SMALL, _HEAD, _TITLE = _Style(7, GREY), _Style(11, "white"), _Style(12, INK, "B")
_CHANGED, _SAME = _Style(9, INK), _Style(9, GREY)
# Bold text does not sit in the middle of its box.

_Text = tuple[tuple[str, _Style], ...]
"""Lines of text, each in its style."""


def _text(text: str, width: int, style: _Style) -> _Text:
    return tuple((line, style) for line in wrap(text, width)) if text else ()


def _points(text: _Text) -> float:
    """About how wide it comes out in Helvetica, rather too wide than too narrow."""

    def ems(c: str) -> float:
        if columns(c) > 1:
            return 1.1
        if c in " .,:;'|!()[]/ijlft":
            return 0.34
        if c in "mwMW@%":
            return 0.95
        return 0.72 if c.isupper() else 0.58

    return max((style.size * sum(map(ems, line)) for line, style in text), default=0.0)


def _label(text: _Text, align: str = "CENTER") -> str:
    """The value of a label attribute, with the angle brackets of an HTML-like one."""
    lines = []
    for line, (size, colour, tag) in text or ((" ", _SAME),):
        # `dot` stumbles over a last "]", and obeys \N here too unless something comes between.
        safe = html.escape(line).replace("]", "&#93;").replace("\\", "\\\N{WORD JOINER}")
        inner = safe or " "
        if tag:
            inner = f"<{tag}>{inner}</{tag}>"
        lines.append(f'<FONT POINT-SIZE="{size:g}" COLOR="{colour}">{inner}</FONT>')
    end = f'<BR ALIGN="{align}"/>'
    return f"<{end.join(lines)}{end if align != 'CENTER' else ''}>"


def _plain(text: _Text, align: str = "CENTER") -> str:
    return f'shape=plaintext width=0 height=0 margin="0.03,0.01" label={_label(text, align)}'


_ORDER = ("ao", "a", "am", "ac", "x", "bc", "bm", "b", "bo")
"""The columns: outside a lifeline, the lifeline, its messages, the edge of the channel on its side;
in the middle of the channel; and the same of B in the other direction."""
_OUTSIDE, _LIFELINE, _MESSAGE, _EDGE = ("ao", "bo"), ("a", "b"), ("am", "bm"), ("ac", "bc")

_POINT = "shape=point width=0.01 style=invis"
_PIECE = (
    "shape=box style=filled fixedsize=true width=0.0125 height=0.03 penwidth=0 "
    f'fillcolor="{FAINT}" label=""'
)
"""Of a lifeline: `dot` leaves a small gap where two short edges meet."""
_CROSS = _plain((("\N{BALLOT X}", _Style(13, LOST, "B")),))
_DOTS = _plain((("\N{MIDLINE HORIZONTAL ELLIPSIS}", _Style(13, GREY, "B")),))


class _Row:
    """One rank: its nodes by column, and the lines between them."""

    def __init__(self, number: int, gap: int) -> None:
        self.number, self.gap = number, gap
        self.nodes = {"a": _PIECE, "b": _PIECE}
        self.lines: dict[tuple[str, str], str] = {}
        self.apart: dict[tuple[str, str], int] = {}

    def name(self, column: str) -> str:
        return f"{column}{self.number}"

    def line(self, start: str, end: str, pen: str, arrow: bool = False) -> None:
        """As an edge always from left to right, which is the order to keep."""
        if _ORDER.index(start) < _ORDER.index(end):
            self.lines[start, end] = f"{pen} dir={'forward' if arrow else 'none'}"
        else:
            self.lines[end, start] = f"{pen} dir={'back' if arrow else 'none'}"

    def keep(self, one: str, other: str, units: int) -> None:
        """Put `units` between two columns: no less, and hardly ever more."""
        left, right = sorted((one, other), key=_ORDER.index)
        self.apart[left, right] = units

    def dot(self) -> Iterator[str]:
        present = [column for column in _ORDER if column in self.nodes]
        yield "  { rank=same"
        for column in present:
            yield f"    {self.name(column)} [{self.nodes[column]}]"
        for u, v in dict.fromkeys([*pairwise(present), *self.apart]):
            pen = self.lines.get((u, v), "style=invis")
            near = f" minlen={self.apart[u, v]} weight=50" if (u, v) in self.apart else ""
            yield f"    {self.name(u)} -> {self.name(v)} [{pen}{near}]"
        yield "  }"


def _pen(event: Event) -> str:
    style = " style=dashed" if event.again else ""
    return f'color="{_colour(event.message)}"{style}'


def _colour(message: Message) -> str:
    return LOST if message.mark else OLD if message.old else INK


def _straight(flight: Flight, arrival: Event) -> bool:
    """Nothing came in between, and the receiver sees what the sender sent."""
    return (
        flight.departure is not None
        and flight.is_prompt(arrival)
        and not arrival.again
        and arrival.message.old == flight.departure.message.old
    )


class _Diagram:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.rows: list[_Row] = []
        self.across: list[str] = []
        self.slants: list[tuple[int, _Row, _Row]] = []
        """Through the channel: the sender, and the rows where it starts and ends."""
        self.left: dict[int, _Row] = {}
        """The row from which each message left, by uid."""
        self.room = [0.0, 0.0]
        """The width of the widest text in each message column, in points."""
        self.straight = 0.0
        """The same of the messages that go straight."""
        shown = (*story.initial, *(state for line in story.lines for state in line.states))
        self.box = 10 + max(_points(_text(state, STATE, _CHANGED)) for state in shown)
        self.outside = self.box
        """The width of the widest node outside the lifelines, in points."""

        self.heads()
        self.states(self.row(), story.initial, story.initial)
        for flight in story.flights:
            if flight.departure is None:
                self.depart(flight, Event(-1, flight.message), self.row())
        self.loop = range(0)
        for index in range(len(story.lines)):
            first = len(self.rows)
            self.step(index)
            if story.loop is not None and index >= story.loop:
                self.loop = range(self.loop.start or first, len(self.rows))
        for flight in story.flights:
            if flight.in_flight:
                self.vanish(flight, flight.events[-1], self.row())
        self.row()

    def row(self, gap: int = 1) -> _Row:
        self.rows.append(_Row(len(self.rows), gap))
        return self.rows[-1]

    def round(self) -> str:
        """How the loop goes on."""
        numbers = [line.number for line in self.story.lines[self.story.loop :]]
        return f"loop, for ever: {numbers[0]} to {numbers[-1]}, then {numbers[0]} again"

    def heads(self) -> None:
        row = self.row()
        for lifeline, name in zip(_LIFELINE, self.story.lifelines, strict=True):
            row.nodes[lifeline] = (
                f'shape=box style=filled fillcolor="{INK}" color="{INK}" width=0 height=0 '
                f'margin="0.12,0.04" label={_label(_text(name, STATE, _HEAD))}'
            )

    def states(self, row: _Row, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        for side in (0, 1):
            changed = before[side] != after[side]
            edge, fill = (INK, CHANGED) if changed else (FAINT, "white")
            text = _text(after[side], STATE, _CHANGED if changed else _SAME)
            row.nodes[_OUTSIDE[side]] = (
                f'shape=box style=filled color="{edge}" fillcolor="{fill}" '
                f'width={self.box / 72:.3f} height=0.23 margin="0.04,0.03" label={_label(text)}'
            )
            row.keep(_LIFELINE[side], _OUTSIDE[side], 3)

    def step(self, index: int) -> None:
        """A row with the states and what arrives, then rows with what was done, lost and sent."""
        story, line = self.story, self.story.lines[index]
        row = self.row(3)
        self.states(row, story.before(index), line.states)
        for flight, event in story.arrivals(index):
            self.arrive(flight, event, row)
        done = _text(f"{line.number}  {line.action}", SIDE, _ACTION) + _text(line.rule, SIDE, _RULE)
        for note in line.notes:
            done += _text(note, SIDE, _NOTE)
        outside = [_text(text, SIDE + 4, _SMALL) for text in story.fresh_details(index)]
        losses = [*story.losses(index)]
        if line.actor is not None:
            outside[line.actor] = done + outside[line.actor]
        elif losses:
            self.vanish(*losses.pop(0), row, done)
        else:
            self.say(row, 0, done, at_channel=True)
            for start, end in pairwise(("a", "am", "ac", "b")):
                row.line(start, end, f'style=dotted color="{GREY}"')
        free = []
        if any(outside):
            free.append(self.row())
            for side in (0, 1):
                self.tell(free[0], side, outside[side])
        for flight, event in losses:
            self.vanish(flight, event, free.pop() if free else self.row())
        # What goes straight leaves last, so that nothing stands in its way.
        sent = [*story.departures(index)]
        sent.sort(key=lambda each: any(_straight(each[0], event) for event in each[0].arrivals))
        for flight, event in sent:
            self.depart(flight, event, free.pop() if free else self.row())

    def tell(self, row: _Row, side: int, text: _Text) -> None:
        """A text outside a lifeline."""
        if text:
            row.nodes[_OUTSIDE[side]] = _plain(text, ("RIGHT", "LEFT")[side])
            row.keep(_LIFELINE[side], _OUTSIDE[side], 2)
            self.outside = max(self.outside, _points(text) + 5)

    def say(self, row: _Row, side: int, text: _Text, at_channel: bool = False) -> None:
        """A text in a message column: it starts at the lifeline, or ends at the channel."""
        row.nodes[_MESSAGE[side]] = _plain(text, ("LEFT", "RIGHT")[at_channel != (side == 1)])
        self.room[side] = max(self.room[side], _points(text))
        if at_channel:
            row.nodes[_EDGE[side]] = _POINT
            row.keep(_MESSAGE[side], _EDGE[side], 1)
        else:
            row.keep(_LIFELINE[side], _MESSAGE[side], STUB)

    def message(self, flight: Flight, event: Event, *remarks: str) -> _Text:
        """The text of a message, and under it in small print what else there is to say."""
        remarks = ("old",) * event.message.old + ("dup",) * event.again + remarks
        remarks = (event.message.mark, *remarks) if event.message.mark else remarks
        colour = _colour(event.message)
        text = _text(event.message.text or " ", MESSAGE, _Style(9, colour))
        return text + _text(" \N{MIDDLE DOT} ".join(remarks), MESSAGE, _Style(7, colour, "I"))

    def depart(self, flight: Flight, event: Event, row: _Row) -> None:
        side = event.message.sender
        straight = [_straight(flight, arrival) for arrival in flight.arrivals]
        text = self.message(flight, event, *["in flight already"] * (flight.departure is None))
        self.say(row, side, text)
        self.left[event.message.uid] = row
        if flight.departure is not None:
            row.line(_LIFELINE[side], _MESSAGE[side], _pen(event))
        if any(straight):
            self.straight = max(self.straight, _points(text))
        if flight.lost_at_once:
            row.nodes["x"] = _CROSS
            self.slants.append((side, row, row))
            row.line(_MESSAGE[side], "x", _pen(event))
        elif flight.loss or flight.in_flight or not all(straight):
            row.nodes[_EDGE[side]] = _POINT
            row.line(_MESSAGE[side], _EDGE[side], _pen(event))

    def arrive(self, flight: Flight, event: Event, row: _Row) -> None:
        side, there = event.message.sender, 1 - event.message.sender
        left = self.left[event.message.uid]
        if _straight(flight, event):
            port = "we"[side == 0]
            style = f"dir=forward tailport={port} headclip=false"
            self.cross(left.name(_MESSAGE[side]), row.name(_LIFELINE[there]), event, style)
            return
        self.say(row, there, self.message(flight, event, self.story.origin(flight)))
        row.nodes[_EDGE[there]] = _POINT
        row.line(_EDGE[there], _MESSAGE[there], _pen(event))
        row.line(_MESSAGE[there], _LIFELINE[there], _pen(event), arrow=True)
        self.slants.append((side, left, row))
        style = "dir=none tailclip=false headclip=false"
        self.cross(left.name(_EDGE[side]), row.name(_EDGE[there]), event, style)

    def vanish(self, flight: Flight, event: Event, row: _Row, why: _Text = ()) -> None:
        """It ends within the channel, and its name is repeated on the side it came from."""
        side = event.message.sender
        lost = event is flight.loss
        row.nodes["x"] = _CROSS if lost else _DOTS
        end = "lost" if lost else "still in flight"
        text = self.message(flight, event, self.story.origin(flight), end)
        self.say(row, side, why + text, at_channel=True)
        left = self.left[event.message.uid]
        self.slants.append((side, left, row))
        self.cross(left.name(_EDGE[side]), row.name("x"), event, "dir=none tailclip=false")

    def cross(self, start: str, end: str, event: Event, style: str) -> None:
        self.across.append(f"  {start} -> {end} [{_pen(event)} {style} constraint=false weight=0]")

    def ends(self) -> dict[_Row, int]:
        """Where in the channel each message that never arrives ends: far from the other lines.

        As if all rows were of one height, which is near enough.
        """
        places: dict[_Row, int] = {}

        def reaches(side: int, left: _Row, end: _Row, row: _Row) -> float:
            start = (0, CHANNEL)[side]
            stop = places.get(end, CHANNEL // 2) if "x" in end.nodes else CHANNEL - start
            return start + (stop - start) * (row.number - left.number) / (end.number - left.number)

        for _, _, row in self.slants:
            if "x" in row.nodes:
                others = [
                    reaches(side, left, end, row)
                    for side, left, end in self.slants
                    if left.number < row.number < end.number
                ]
                places[row] = max(
                    sorted(range(4, CHANNEL - 3, 2), key=lambda place: abs(place - CHANNEL // 2)),
                    key=lambda place: min((abs(place - x) for x in others), default=0),
                )
        return places

    def dot(self) -> Iterator[str]:
        reach = [ceil(points / UNIT) + 2 * STUB for points in self.room]
        gap = ceil(self.straight / UNIT) + STUB + SLANT
        for row, place in self.ends().items():
            row.keep("a", "x", reach[0] + place)
        if any(row.nodes.keys() & {"ac", "bc", "x"} for row in self.rows):
            gap = max(gap, sum(reach) + CHANNEL)
        for row in self.rows:
            if "ac" in row.nodes:
                row.keep("a", "ac", reach[0])
            if "bc" in row.nodes:
                row.keep("bc", "b", reach[1])
        # The first row of states and the last row hold the whole width, and its middle.
        for row in (self.rows[1], self.rows[-1]):
            row.nodes["x"] = _POINT
            row.keep("a", "x", gap // 2)
            row.keep("x", "b", gap - gap // 2)
        for side in (0, 1):
            width = f"width={self.outside / 72:.3f} height=0.01"
            self.rows[-1].nodes[_OUTSIDE[side]] = f'shape=box style=invis {width} label=""'
            self.rows[-1].keep(_LIFELINE[side], _OUTSIDE[side], 2)
        points = 2 * self.outside + UNIT * (gap + 8) + (28 if self.loop else 0)
        yield "digraph story {"
        yield '  graph [splines=line nodesep=0.0278 ranksep=0.04 margin="0.1,0.1" charset="UTF-8"'
        yield '    fontname="Helvetica,Arial,sans-serif"]'
        yield '  node [fontname="Helvetica,Arial,sans-serif" fontsize=9]'
        yield "  edge [penwidth=0.9 arrowsize=0.6]"
        yield _banner("title", self.story.title, points, _TITLE, "color=white")
        for row in self.rows:
            if self.loop and row.number == self.loop.start:
                label = _label(_text(self.round(), 2 * SIDE, _Style(8, INK, "B")))
                yield f"  subgraph cluster_loop {{ labeljust=l margin=14 label={label}"
                yield f'    style=filled color="{INK}" fillcolor="{LOOP}" penwidth=1.2'
            yield from row.dot()
            if self.loop and row.number == self.loop.stop - 1:
                yield "  }"
        ink, fill = VERDICT[self.story.violated]
        style = f'style=filled color="{ink}" fillcolor="{fill}"'
        yield _banner("verdict", self.story.verdict, points, _Style(10, ink), style)
        for above, below in pairwise(self.rows):
            for lifeline in _LIFELINE:
                ends = f"{above.name(lifeline)} -> {below.name(lifeline)}"
                clip = f"tailclip={'false' if above.number else 'true'} headclip=false"
                yield f'  {ends} [dir=none color="{FAINT}" weight=1000 minlen={below.gap} {clip}]'
        yield f"  title -> {{ {self.rows[0].name('a')} {self.rows[0].name('b')} }} [style=invis]"
        yield f"  title -> {self.rows[1].name('x')} [style=invis weight=100]"
        yield f"  {self.rows[-1].name('x')} -> verdict [style=invis weight=100]"
        yield from self.across
        yield "}"


def _banner(name: str, content: str, points: float, style: _Style, box: str) -> str:
    """A text as wide as the diagram."""
    label = _label(_text(content, int(points / style.size / 0.58), style))
    return (
        f"  {name} [shape=box {box} width={points / 72:.3f} height=0 "
        f'margin="0.08,0.06" label={label}]'
    )
