"""A direction as a plot: what is in flight and what the window allows, with phases and losses."""

from checker.dataplane.facts import Kind
from checker.dataplane.phases import AVOIDANCE, FAST, INITIAL, PERSIST, SLOW_START, TIMEOUT, WINDOW
from checker.dataplane.phases import phases as told
from checker.dataplane.plane import Plane
from checker.render.plot import Mark, Plot, Series, Span

COLOURED = (INITIAL, SLOW_START, AVOIDANCE, FAST, TIMEOUT, PERSIST, WINDOW)
MARKS = 200
"""Of a kind, in a picture."""


def picture(plane: Plane, side: int, who: str, zero: float) -> Plot | None:
    """Of what ``side`` sends; None, if there is nothing to see. Times are from ``zero``."""
    way = plane.ways[side]
    points = way.flight.points
    if not points or way.segments < 3:
        return None
    end = max(way.ended, points[-1].time)
    flight = Series("in flight", [(one.time - zero, one.flight) for one in points])
    window = Series("window", [(one.time - zero, one.room) for one in points])
    spans = [
        Span(one.name, one.began - zero, (end if one.ended is None else one.ended) - zero)
        for one in told(way)
    ]
    marks = []
    at, i = 0, 0
    for made in way.resends[:MARKS]:
        while i < len(points) and points[i].time <= made.time:
            at, i = points[i].flight, i + 1
        if made.kind in (Kind.PROBE, Kind.COPY):
            continue
        title = f"packet {made.packet}: {made.kind.value}"
        marks.append(Mark("sent again", made.time - zero, at, title))
    for zero_window in way.zeros:
        for probe in zero_window.probes[: MARKS - len(marks)]:
            marks.append(Mark("probe", probe.time - zero, 0, f"packet {probe.packet}: probe"))
    most = float(max(way.flight.most, 1))
    widest = max((one.room for one in points if one.room is not None), default=0)
    shown = most * 1.1 if widest > 3 * most else max(widest, most) * 1.05
    beyond = f"; the window, {widest:,} at most, is beyond the picture" if widest > shown else ""
    how = "as its sender sees it" if way.flight.lag else "as captured"
    title = f"{who} sends: octets in flight, {how}{beyond}"
    return Plot(
        title, "octets", [flight, window], COLOURED, spans, marks, shown, cross="sent again"
    )
