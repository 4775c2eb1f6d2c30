"""A story as a sequence diagram, laid out by Graphviz's `dot`, and written to a file.

`dot` is made for graphs, not for sequence diagrams, but it draws one exactly if it is left no
choice. Each row of the diagram is a rank. Flat edges hold its nodes in order, and their `minlen`,
counted in units of `nodesep`, is a distance; the lifelines are chains of points, so heavy that they
come out straight. The columns of a row are

    states and steps of A | A | messages of A | the channel | messages of B | B | and of B

With more lifelines there is a channel between each two neighbours. The states of one in the middle
stand on it, its steps among its messages on the right. A message that is for no neighbour crosses
the channel beside its sender, and goes on level, in a row of its own, past those in between.

Texts stand beside the channel and messages travel in it, so that no arrow meets a text or a box:
a message goes out level from its sender to the edge of the channel, on a slant for as long as it is
in flight, and level again to its receiver, where its name is repeated. One that is received in the
next step, with nothing in between, goes straight there, or to the edge of the channel where boxes
stand on the lifeline. Dashes: a copy arrived already or stays
behind (`dup`). A second colour: of an earlier connection (`old`). Red: marked as wrong; and the
step in which a claim falls, which is the last. A red cross: lost. The steps of a loop stand in a
box, on a ground of their own.

Messages have no part in the ranking (`constraint=false`), yet `dot` gives each a place in every
rank that it passes: with so small a `nodesep`, that moves a text by a hair and nothing else.

The DOT is a function of the story alone. SVG and PNG also depend on the version and the fonts of
Graphviz: compare DOT. All text is in HTML-like labels, so that there is but one escape.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import NamedTuple

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
CLIENT, SERVER = "#1f5f9e", "#a85400"
DARK = {
    "white": "#10161d", INK: "#e6ebf0", GREY: "#9aa6b2", FAINT: "#46525e", CHANGED: "#1d3a57",
    OLD: "#f0a050", LOST: "#ff7b72", LOOP: "#2a2618", CLIENT: "#6fb1f0",
    "#b3261e": "#ff8a80", "#fdeceb": "#3a1614", "#2e7d32": "#7ee08a", "#e9f5ea": "#12301a",
}  # fmt: skip
"""What each colour is on a dark ground, for who prefers one."""
STYLE = "".join(
    [
        "@media (prefers-color-scheme: dark) { ",
        f"svg text:not([fill]){{fill:{DARK[INK]}}} ",
        *(f'[fill="{c}"]{{fill:{d}}} [stroke="{c}"]{{stroke:{d}}} ' for c, d in DARK.items()),
        "}",
    ]
)
"""CSS of every drawing. In a page with several, once is enough."""


def dot(story: Story) -> str:
    """The diagram in the DOT language, ending with a newline. It has two lifelines or more."""
    if len(story.lifelines) < 2:
        raise RenderError("a picture has two lifelines or more: ask for .txt or .json")
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
    if path.suffix.lower() in PICTURES:
        require_dot(path.suffix.lower())


def require_dot(suffix: str) -> None:
    """Raise ``ToolProblem`` if pictures of this suffix could not be drawn."""
    if shutil.which("dot") is None:
        raise ToolProblem(
            f"no program 'dot' to draw {suffix} with: install graphviz, or ask for .dot or .txt"
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


PATIENCE = 60.0
"""Seconds in which ``dot`` must be done. The largest drawing of the documentation takes one."""


def draw(source: str, form: str) -> bytes:
    """The picture of a DOT source, as `svg` or `png`, by the program `dot`."""
    import graphviz
    from graphviz.backend.execute import run_check

    if form == "png":
        source = source.replace("{", "{ dpi=144", 1)
    instead = "install graphviz, or ask for .dot or .txt, which need no program"
    try:
        # From a file, not a pipe: what a failing `dot` says is then never lost.
        with tempfile.TemporaryDirectory() as folder:
            drawing = Path(folder, "drawing.dot")
            drawing.write_text(source, encoding="utf-8")
            # As ``graphviz.render``, which has no time limit.
            command = [graphviz.DOT_BINARY, f"-T{form}", drawing]
            done = run_check(command, capture_output=True, quiet=True, timeout=PATIENCE)
            found: bytes = done.stdout
    except graphviz.ExecutableNotFound:
        raise RenderError(f"no program 'dot' to draw .{form} with: {instead}") from None
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"the program 'dot' was ended after {PATIENCE:g} s: ask for .dot or .txt, which do not "
            "need it"
        ) from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").split("\n")[0].strip()
        why = said or f"exit code {error.returncode}"
        raise RenderError(f"the program 'dot' failed: {why}") from error
    except OSError as error:
        raise RenderError(f"cannot run the program 'dot' ({error.strerror}): {instead}") from error
    if form == "svg":
        element = re.search(rb"<svg[^>]*>", found)
        end = element.end() if element is not None else 0
        return found[:end] + f"<style>{STYLE}</style>".encode() + found[end:]
    return found


class _Style(NamedTuple):
    size: float
    colour: str
    tag: str = ""


_ACTION, _RULE, _NOTE = _Style(9, INK, "B"), _Style(8, GREY), _Style(8, INK, "I")
_FATAL = _Style(9, LOST, "B")
_SMALL, _HEAD, _TITLE = _Style(8, GREY), _Style(11, "white"), _Style(12, INK, "B")
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
        if c in "mwMW@%#":
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


class _Lane(NamedTuple):
    """One side of a lifeline: its messages, and the channel that they go to."""

    lifeline: str
    message: str
    edge: str
    """Of the channel, on this side of it."""
    opposite: str
    """The other edge."""
    middle: str
    """A place within the channel."""
    channel: int
    left: bool
    """The channel is on the left."""


class _Columns:
    """The names of the columns, from left to right: an `o` stands for what is outside, an `m` for
    messages, a `c` for the edge of a channel, `r` for the right of a lifeline in the middle."""

    def __init__(self, count: int) -> None:
        self.lifelines = [*"ab", *(f"c{n}_" for n in range(2, count))][:count]
        self.outside = {0: f"{self.lifelines[0]}o", count - 1: f"{self.lifelines[-1]}o"}
        self.middles = ["x", *(f"x{n}_" for n in range(1, count - 1))]
        self.channels = range(count - 1)
        rights = [name if n == 0 else f"{name}r" for n, name in enumerate(self.lifelines)]
        self.rights, self.lefts = {}, {}
        order = [self.outside[0]]
        for n, middle in enumerate(self.middles):
            one, other = self.lifelines[n : n + 2]
            edges = f"{rights[n]}c", f"{other}c"
            right = _Lane(one, f"{rights[n]}m", *edges, middle, n, left=False)
            left = _Lane(other, f"{other}m", *edges[::-1], middle, n, left=True)
            self.rights[n], self.lefts[n + 1] = right, left
            order += [one, right.message, right.edge, middle, left.edge, left.message]
        order += [self.lifelines[-1], self.outside[count - 1]]
        self.place = {name: place for place, name in enumerate(order)}

    def lane(self, one: int, other: int) -> _Lane:
        """The side of lifeline `one` that `other` is on."""
        return self.rights[one] if one < other else self.lefts[one]


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

    def __init__(self, number: int, gap: int, columns: _Columns) -> None:
        self.number, self.gap, self.place = number, gap, columns.place
        self.nodes = dict.fromkeys(columns.lifelines, _PIECE)
        self.lines: dict[tuple[str, str], str] = {}
        self.apart: dict[tuple[str, str], int] = {}

    def name(self, column: str) -> str:
        return f"{column}{self.number}"

    def present(self) -> list[str]:
        return sorted(self.nodes, key=self.place.__getitem__)

    def line(self, start: str, end: str, pen: str, arrow: bool = False) -> None:
        """Level, past all that stands in between, by edges from left to right: the order to keep.
        There may be an arrow at its end."""
        left, right = sorted((start, end), key=self.place.__getitem__)
        present = self.present()
        for u, v in pairwise(present[present.index(left) : present.index(right) + 1]):
            head = "none" if not arrow or end not in (u, v) else "forward" if v == end else "back"
            self.lines[u, v] = f"{pen} dir={head}"

    def keep(self, one: str, other: str, units: int) -> None:
        """Put `units` between two columns: no less, and hardly ever more."""
        left, right = sorted((one, other), key=self.place.__getitem__)
        self.apart[left, right] = units

    def dot(self) -> Iterator[str]:
        present = self.present()
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
    """Nothing and nobody is in between, and the receiver sees what the sender sent."""
    return (
        abs(flight.message.sender - flight.message.receiver) == 1
        and flight.departure is not None
        and flight.is_prompt(arrival)
        and not arrival.again
        and arrival.message.old == flight.departure.message.old
    )


class _Diagram:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.columns = _Columns(len(story.lifelines))
        self.rows: list[_Row] = []
        self.across: list[str] = []
        self.slants: list[tuple[_Lane, _Row, _Row]] = []
        """Through a channel: the sender's side, and the rows where it starts and ends."""
        self.left: dict[int, _Row] = {}
        """The row from which each message left, by uid."""
        lanes = (*self.columns.rights.values(), *self.columns.lefts.values())
        self.room = {lane.message: 0.0 for lane in lanes}
        """The width of the widest text in each message column, in points."""
        self.straight = [0.0 for _ in self.columns.channels]
        """The same of the messages that go straight through each channel."""
        shown = (*story.initial, *(state for line in story.lines for state in line.states))
        self.box = 10 + max(_points(_text(state, STATE, _CHANGED)) for state in shown)
        self.outside = self.box
        """The width of the widest node outside the lifelines, in points."""

        self.heads()
        self.top = self.row()
        self.states(self.apart(self.top), story.initial, story.initial)
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
        self.rows.append(_Row(len(self.rows), gap, self.columns))
        return self.rows[-1]

    def apart(self, row: _Row) -> _Row:
        """Where states and what is between lifelines do not meet: below `row`, or in it if no
        states stand on their lifelines."""
        return row if len(self.columns.lifelines) == 2 else self.row()

    def round(self) -> str:
        """How the loop goes on."""
        numbers = [line.number for line in self.story.lines[self.story.loop :]]
        return f"loop, for ever: {numbers[0]} to {numbers[-1]}, then {numbers[0]} again"

    def heads(self) -> None:
        row = self.row()
        for lifeline, name in zip(self.columns.lifelines, self.story.lifelines, strict=True):
            row.nodes[lifeline] = (
                f'shape=box style=filled fillcolor="{INK}" color="{INK}" width=0 height=0 '
                f'margin="0.12,0.04" label={_label(_text(name, STATE, _HEAD))}'
            )

    def states(self, row: _Row, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        for n, lifeline in enumerate(self.columns.lifelines):
            if not after[n]:
                continue  # of a host that is not modelled
            changed = before[n] != after[n]
            edge, fill = (INK, CHANGED) if changed else (FAINT, "white")
            text = _text(after[n], STATE, _CHANGED if changed else _SAME)
            column = self.columns.outside.get(n, lifeline)
            row.nodes[column] = (
                f'shape=box style=filled color="{edge}" fillcolor="{fill}" '
                f'width={self.box / 72:.3f} height=0.23 margin="0.04,0.03" label={_label(text)}'
            )
            if column != lifeline:
                row.keep(lifeline, column, 3)

    def step(self, index: int) -> None:
        """A row with the states and what arrives, then rows with what was done, lost and sent."""
        story, line = self.story, self.story.lines[index]
        row = self.row(3)
        self.states(row, story.before(index), line.states)
        row = self.apart(row)
        for flight, event in story.arrivals(index):
            if flight.passed(event):
                self.through(flight, event, row)
            else:
                self.arrive(flight, event, row)
        fatal = story.fatal == index
        done = _text(f"{line.number}  {line.action}", SIDE, _FATAL if fatal else _ACTION)
        done += _text(line.rule, SIDE, _RULE)
        for note in line.notes:
            done += _text(note, SIDE, _NOTE)
        outside = [_text(text, SIDE + 4, _SMALL) for text in story.fresh_details(index)]
        losses = [*story.losses(index)]
        if line.actor is not None:
            outside[line.actor] = done + outside[line.actor]
        elif losses:
            self.vanish(*losses.pop(0), row, done)
        else:
            self.say(row, self.columns.rights[0], done, at_channel=True)
            first, *_, last = self.columns.lifelines
            row.line(first, last, f'style=dotted color="{GREY}"')
        free = []
        if any(outside):
            told = self.row()
            for n, text in enumerate(outside):
                self.tell(told, n, text)
            if not any(outside[1:-1]):
                free.append(told)
        for flight, event in losses:
            self.vanish(flight, event, free.pop() if free else self.row())
        # What goes straight leaves last, so that nothing stands in its way.
        sent = [each for each in story.departures(index) if not line.passed]
        sent.sort(key=lambda each: any(_straight(each[0], event) for event in each[0].arrivals))
        for flight, event in sent:
            self.depart(flight, event, free.pop() if free else self.row())

    def tell(self, row: _Row, n: int, text: _Text) -> None:
        """A text outside a lifeline; of one in the middle, on its right."""
        if not text:
            return
        if self.boxed(n):
            self.say(row, self.columns.rights[n], text)
            return
        column = self.columns.outside[n]
        row.nodes[column] = _plain(text, ("LEFT", "RIGHT")[n == 0])
        row.keep(self.columns.lifelines[n], column, 2)
        self.outside = max(self.outside, _points(text) + 5)

    def say(self, row: _Row, lane: _Lane, text: _Text, at_channel: bool = False) -> None:
        """A text in a message column: it starts at the lifeline, or ends at the channel."""
        row.nodes[lane.message] = _plain(text, ("LEFT", "RIGHT")[at_channel != lane.left])
        self.room[lane.message] = max(self.room[lane.message], _points(text))
        if at_channel:
            row.nodes[lane.edge] = _POINT
            row.keep(lane.message, lane.edge, 1)
        else:
            row.keep(lane.lifeline, lane.message, STUB)

    def message(self, flight: Flight, event: Event, *remarks: str) -> _Text:
        """The text of a message, and under it in small print what else there is to say."""
        remarks = ("old",) * event.message.old + ("dup",) * event.again + remarks
        remarks = (event.message.mark, *remarks) if event.message.mark else remarks
        colour = _colour(event.message)
        text = _text(event.message.text or " ", MESSAGE, _Style(9, colour))
        return text + _text(" \N{MIDDLE DOT} ".join(remarks), MESSAGE, _Style(8, colour, "I"))

    def boxed(self, n: int) -> bool:
        """States stand on this lifeline: a slanted line to or from it ends beside their boxes."""
        return n not in self.columns.outside

    def lane(self, message: Message) -> _Lane:
        """Where it leaves."""
        return self.columns.lane(message.sender, message.receiver)

    def depart(self, flight: Flight, event: Event, row: _Row) -> None:
        lane = self.lane(event.message)
        straight = [_straight(flight, arrival) for arrival in flight.arrivals]
        text = self.message(flight, event, *["in flight already"] * (flight.departure is None))
        self.say(row, lane, text)
        self.left[event.message.uid] = row
        if flight.departure is not None:
            row.line(lane.lifeline, lane.message, _pen(event))
        if any(straight):
            self.straight[lane.channel] = max(self.straight[lane.channel], _points(text))
        if flight.lost_at_once:
            row.nodes[lane.middle] = _CROSS
            self.slants.append((lane, row, row))
            row.line(lane.message, lane.middle, _pen(event))
        elif (
            flight.loss or flight.in_flight or not all(straight) or self.boxed(event.message.sender)
        ):
            row.nodes[lane.edge] = _POINT
            row.line(lane.message, lane.edge, _pen(event))

    def through(self, flight: Flight, event: Event, row: _Row) -> None:
        """It goes level from one lifeline to the other."""
        lane = self.lane(event.message)
        there = self.columns.lane(event.message.receiver, event.message.sender)
        text = self.message(flight, event)
        self.say(row, lane, text)
        self.straight[lane.channel] = max(self.straight[lane.channel], _points(text))
        row.line(lane.lifeline, there.lifeline, _pen(event), arrow=True)

    def arrive(self, flight: Flight, event: Event, row: _Row) -> None:
        lane = self.lane(event.message)
        there = self.columns.lane(event.message.receiver, event.message.sender)
        left = self.left[event.message.uid]
        if _straight(flight, event):
            start, tail = left.name(lane.message), f"tailport={'ew'[lane.left]}"
            if self.boxed(event.message.sender):
                start, tail = left.name(lane.edge), "tailclip=false"
            if self.boxed(event.message.receiver):
                row.nodes[lane.opposite] = _POINT
                row.line(lane.opposite, there.lifeline, _pen(event), arrow=True)
                self.cross(start, row.name(lane.opposite), event, f"dir=none {tail}")
            else:
                style = f"dir=forward {tail} headclip=false"
                self.cross(start, row.name(there.lifeline), event, style)
            return
        self.say(row, there, self.message(flight, event, self.story.origin(flight)))
        row.nodes[lane.opposite] = _POINT
        row.line(lane.opposite, there.message, _pen(event))
        row.line(there.message, there.lifeline, _pen(event), arrow=True)
        self.slants.append((lane, left, row))
        style = "dir=none tailclip=false headclip=false"
        self.cross(left.name(lane.edge), row.name(lane.opposite), event, style)

    def vanish(self, flight: Flight, event: Event, row: _Row, why: _Text = ()) -> None:
        """It ends within the channel, and its name is repeated on the side it came from."""
        lane = self.lane(event.message)
        lost = event is flight.loss
        row.nodes[lane.middle] = _CROSS if lost else _DOTS
        end = "lost" if lost else "still in flight"
        text = self.message(flight, event, self.story.origin(flight), end)
        self.say(row, lane, why + text, at_channel=True)
        left = self.left[event.message.uid]
        self.slants.append((lane, left, row))
        self.cross(left.name(lane.edge), row.name(lane.middle), event, "dir=none tailclip=false")

    def cross(self, start: str, end: str, event: Event, style: str) -> None:
        self.across.append(f"  {start} -> {end} [{_pen(event)} {style} constraint=false weight=0]")

    def ends(self) -> dict[tuple[_Row, str], int]:
        """Where in its channel each message that never arrives ends: far from the other lines.

        As if all rows were of one height, which is near enough.
        """
        places: dict[tuple[_Row, str], int] = {}

        def reaches(lane: _Lane, left: _Row, end: _Row, row: _Row) -> float:
            start = (0, CHANNEL)[lane.left]
            stop = CHANNEL - start
            if lane.middle in end.nodes:
                stop = places.get((end, lane.middle), CHANNEL // 2)
            return start + (stop - start) * (row.number - left.number) / (end.number - left.number)

        for lane, _, row in self.slants:
            if lane.middle in row.nodes:
                others = [
                    reaches(that, left, end, row)
                    for that, left, end in self.slants
                    if that.channel == lane.channel and left.number < row.number < end.number
                ]
                places[row, lane.middle] = max(
                    sorted(range(4, CHANNEL - 3, 2), key=lambda place: abs(place - CHANNEL // 2)),
                    key=lambda place: min((abs(place - x) for x in others), default=0),
                )
        return places

    def widths(self) -> list[int]:
        """How far apart neighbours are, with all edges of channels in their places."""
        reach = {column: ceil(points / UNIT) + 2 * STUB for column, points in self.room.items()}
        boxes = [
            0 if n in self.columns.outside else ceil(self.box / UNIT / 2)
            for n in range(len(self.columns.lifelines))
        ]
        ends = self.ends()
        widths = []
        for n in self.columns.channels:
            right, left = self.columns.rights[n], self.columns.lefts[n + 1]
            # No channel meets a box on a lifeline.
            reach[right.message] = max(reach[right.message], boxes[n] + STUB)
            reach[left.message] = max(reach[left.message], boxes[n + 1] + STUB)
            width = ceil(self.straight[n] / UNIT) + STUB + SLANT + boxes[n] + boxes[n + 1]
            edges = {right.edge, left.edge, right.middle}
            if self.columns.middles[1:] or any(row.nodes.keys() & edges for row in self.rows):
                width = max(width, reach[right.message] + CHANNEL + reach[left.message])
            widths.append(width)
            for row in self.rows:
                if (row, right.middle) in ends:
                    place = ends[row, right.middle]
                    row.keep(right.lifeline, right.middle, reach[right.message] + place)
                if right.edge in row.nodes:
                    row.keep(right.lifeline, right.edge, reach[right.message])
                if left.edge in row.nodes:
                    row.keep(left.edge, left.lifeline, reach[left.message])
        return widths

    def dot(self) -> Iterator[str]:
        widths = self.widths()
        # A row at the top and the last row hold the whole width, and its middle.
        before, half = 0, sum(widths) // 2
        for n, width in enumerate(widths):
            one, other = self.columns.lifelines[n : n + 2]
            here = before < half <= before + width
            for row in (self.top, self.rows[-1]):
                if here:
                    middle = self.columns.middles[n]
                    left = min(half - before, width - 1)
                    row.nodes[middle] = _POINT
                    row.keep(one, middle, left)
                    row.keep(middle, other, width - left)
                else:
                    row.keep(one, other, width)
            before += width
        for n, column in self.columns.outside.items():
            size = f"width={self.outside / 72:.3f} height=0.01"
            self.rows[-1].nodes[column] = f'shape=box style=invis {size} label=""'
            self.rows[-1].keep(self.columns.lifelines[n], column, 2)
        points = 2 * self.outside + UNIT * (sum(widths) + 8) + (28 if self.loop else 0)
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
            for lifeline in self.columns.lifelines:
                ends = f"{above.name(lifeline)} -> {below.name(lifeline)}"
                boxes = [str(row.nodes[lifeline] != _PIECE).lower() for row in (above, below)]
                clip = "tailclip={} headclip={}".format(*boxes)
                yield f'  {ends} [dir=none color="{FAINT}" weight=1000 minlen={below.gap} {clip}]'
        heads = " ".join(map(self.rows[0].name, self.columns.lifelines))
        yield f"  title -> {{ {heads} }} [style=invis]"
        yield f"  title -> {self.top.name(middle)} [style=invis weight=100]"
        yield f"  {self.rows[-1].name(middle)} -> verdict [style=invis weight=100]"
        yield from self.across
        yield "}"


def _banner(name: str, content: str, points: float, style: _Style, box: str) -> str:
    """A text as wide as the diagram."""
    label = _label(_text(content, int(points / style.size / 0.58), style))
    return (
        f"  {name} [shape=box {box} width={points / 72:.3f} height=0 "
        f'margin="0.08,0.06" label={label}]'
    )
