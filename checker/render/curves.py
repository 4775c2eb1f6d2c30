"""What was measured in a story, over time: curves, on a ground in the colour of the phase."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

from .plot import STYLE, Mark, Plot, Series, Span, svg
from .story import RenderError, Story


def curves(story: Story) -> str:
    """The picture, as SVG that stands alone."""
    if not any(one.values for one in story.measures):
        raise RenderError("nothing was measured: there is nothing to plot")
    drawn = svg(_plot(story))
    end = drawn.index(">") + 1
    ground = '<rect width="100%" height="100%" fill="white"/>'
    white = '@media (prefers-color-scheme: dark) { .plot [fill="white"]{fill:#10161d} }'
    return f"{drawn[:end]}<style>{STYLE}{white}</style>{ground}{drawn[end:]}"


def _plot(story: Story) -> Plot:
    """Lines, grounds and marks: what was lost, and what was done and brought by no message."""
    names = dict.fromkeys(name for one in story.measures for name in one.values)
    last = story.measures[-1]
    moments = [*story.measures, replace(last, time=last.time + last.time / 50)]  # to be seen, too
    series = [
        Series(name, [(one.time, one.values.get(name)) for one in moments], broad=n == 0)
        for n, name in enumerate(names)
    ]
    most = 1.05 * max(value for one in moments for value in one.values.values())
    spans = []
    for phase, pairs in groupby(pairwise(moments), key=lambda pair: pair[0].phase):
        known = [*pairs]
        if phase:
            spans.append(Span(phase, known[0][0].time, known[-1][1].time))
    lost, done = [], []
    for one, line in zip(story.measures[1:], story.lines, strict=True):
        if line.lost:
            lost.append(Mark("lost", one.time, 0, f"{line.number}: {line.lost[0].text}"))
        elif line.received is None:
            done.append(Mark(line.action.lower(), one.time, 0, f"{line.number}: {line.rule}"))
    return Plot(story.title, "octets", series, story.phases, spans, lost + done, most, clock="")
