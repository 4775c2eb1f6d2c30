"""The narration as one page of HTML that needs nothing else: pictures are in it, as SVG.

The pictures are ladders, drawn by ``checker.render``; without Graphviz they are its text.
"""

import re
from collections.abc import Iterator
from html import escape

from checker.narrate.narration import Narration, Told, chapter, lookup, port, troubles
from checker.render import dot, ladder, plot
from checker.render.sequence import STYLE, draw
from checker.support.errors import Problem

DRAWN = 12
"""Connections with a picture."""
WIDTH = 100
"""Columns of what is told of a listener."""

_STYLE = """
body { font: 15px/1.45 sans-serif; color: #1f2933; max-width: 75em; margin: 2em auto }
table { border-collapse: collapse } th, td { text-align: left; padding: .2em 1em .2em 0 }
th { border-bottom: 1px solid #c3cad1 } code, pre { font-size: 13px } .grey { color: #6b7682 }
@media (prefers-color-scheme: dark) {
  body { color: #e6ebf0; background: #10161d } a { color: #6fb1f0 }
}
li.in { list-style: none } svg { max-width: 100%; height: auto } details { margin: 1em 0 }
"""


def page(of: Narration) -> str:
    """The whole page."""
    title = f"What happened in {of.summary['capture']}"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>{_STYLE}{STYLE}{plot.STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *_names(of),
            *_overview(of),
            *_listeners(of),
            *(line for i, one in enumerate(of.connections) for line in _connection(i, one)),
            "</body></html>",
            "",
        ]
    )


def _names(of: Narration) -> Iterator[str]:
    if not of.lookups:
        return
    yield "<h2>Names</h2>"
    yield "<ol>"
    for one in of.lookups:
        yield (
            f'<li><span class="grey">{one.time - of.began:.3f} s</span> '
            f"{escape(lookup(one).removeprefix('DNS: '))}</li>"
        )
    yield "</ol>"
    if of.more_lookups:
        yield f"<p>And {of.more_lookups} DNS messages more.</p>"


def _overview(of: Narration) -> Iterator[str]:
    yield "<h2>Connections</h2>"
    if not of.connections:
        yield "<p>None.</p>" if of.port is None else "<p>Not followed.</p>"
        return
    yield "<table><tr><th>began</th><th>connection</th><th>protocol</th><th>requests</th>"
    yield "<th>left in (client / server)</th><th>verdict</th></tr>"
    for i, one in enumerate(of.connections):
        cells = [
            f"{one.began:.3f} s",
            "",
            escape(one.protocol),
            str(one.requests or ""),
            escape(" / ".join(one.left)),
            one.verdict.value,
        ]
        cells[1] = f'<a href="#c{i}">{escape(one.name)}</a> {escape(one.known_as)}'
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</table>"
    yield (
        '<p class="grey">Times are from the first frame. Conforms: some run of RFC 9293 explains '
        "every segment. States are those that such a run ends in.</p>"
    )
    if of.more_connections:
        yield f"<p>And {of.more_connections} connections more.</p>"


def _listeners(of: Narration) -> Iterator[str]:
    told = [*port(of, 0, WIDTH)] if of.port is not None else [*troubles(of, WIDTH)][1:]
    if told:
        yield "<h2>Listeners</h2>"
        yield f"<pre>{escape(chr(10).join(told))}</pre>"


def _connection(i: int, one: Told) -> Iterator[str]:
    head, *rest = chapter(one)
    yield f'<h3 id="c{i}">{escape(head.removeprefix("TCP: "))}</h3>'
    yield "<ul>"
    inner = False
    for line in rest:
        # What is indented in the text is a list of its own: the requests of a connection.
        if line.startswith("  ") != inner:
            inner = not inner
            yield '<li class="in"><ul>' if inner else "</ul></li>"
        yield f"<li>{escape(line.strip())}</li>"
    yield "</ul></li></ul>" if inner else "</ul>"
    if one.plots:
        yield f"<details{'' if i else ' open'}><summary>What was in flight</summary>"
        yield from map(plot.svg, one.plots)
        yield "</details>"
    if one.story is not None:
        yield f"<details{'' if i else ' open'}><summary>Segment by segment</summary>"
        yield (
            '<p class="grey">Steps have the numbers of packets, and the time since the first. SEQ '
            "and ACK count from the ISNs.</p>"
        )
        yield _picture(one)
        yield "</details>"


def _picture(one: Told) -> str:
    assert one.story is not None
    try:
        drawing = draw(dot(one.story), "svg").decode()
    except Problem:
        return f"<pre>{escape(ladder(one.story))}</pre>"
    # From the element on; names of its parts would be there twice on a page with two pictures.
    drawing = re.sub(r' id="[^"]*"', "", drawing[drawing.index("<svg") :])
    return re.sub(r"<style>.*?</style>", "", drawing)
