"""Quantities over time as a picture; it knows no TCP."""

import re
from xml.etree import ElementTree

from checker.render.plot import GROUNDS, HEIGHT, STYLE, WIDTH, Mark, Plot, Series, Span, svg

NAMES = ("morning", "noon")


def example() -> Plot:
    heat = Series("heat", [(0.0, 1.0), (1.0, 3.0), (2.0, None), (3.0, 2.0)])
    spans = [Span("morning", 0, 1), Span("noon", 1, 2), Span("dusk", 2, 3)]
    return Plot("A <b> day", "degrees", [heat], NAMES, spans, [Mark("rain", 1.5, 2, "at one")])


def test_it_is_well_formed_and_says_what_it_shows():
    root = ElementTree.fromstring(svg(example()))
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "A <b> day" in texts
    assert {"heat", "morning", "noon", "rain"} <= {*texts} and "dusk" not in texts
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"


def test_times_have_the_colours_of_their_names():
    drawn = svg(example())
    assert drawn.count(f'fill="{GROUNDS[0]}"') == drawn.count(f'fill="{GROUNDS[1]}"') == 2
    assert all(colour in STYLE for colour in GROUNDS)


def test_a_line_is_broken_where_nothing_is_known():
    (path,) = re.findall(r'<path d="(M[^"]*)" stroke="#1f5f9e" fill="none"', svg(example()))
    assert path.count("M") == 2


def test_many_points_of_a_column_are_four():
    points = [(i / 100_000, float(i % 7)) for i in range(100_000)]
    drawn = svg(Plot("", "", [Series("x", [*points, (2.0, 0.0)])]))
    assert len(drawn) < 60_000
    assert drawn.count("V") > 500  # and yet each column is there


def test_what_is_beyond_is_drawn_at_the_edge():
    drawn = svg(Plot("", "", [Series("x", [(0, 1), (1, 1000)])], most=10))
    values = [float(y) for y in re.findall(r"V([\d.]+)", drawn)]
    assert min(values) >= 26


def test_nothing_is_no_picture():
    assert svg(Plot("", "", [])) == ""


def test_one_moment_is_drawn():
    ElementTree.fromstring(svg(Plot("", "", [Series("x", [(5.0, 0.0)])])))


def test_a_cross_is_what_was_lost_and_nothing_else():
    marks = [Mark(what, n, 0) for n, what in enumerate(["lost", "send", "timeout", "read", "ack"])]
    drawn = svg(Plot("", "", [Series("x", [(0, 1), (4, 1)])], marks=marks))
    shapes = re.findall(
        r'<path d="M[\d.]+ [\d.]+(\D[^"]*)" stroke="(#\w+)" fill="none" stroke-width="1.4"', drawn
    )
    assert len({shape for shape, _ in shapes}) == len(marks)
    assert shapes[0] == ("l7 7m0 -7l-7 7", "#c62828")
    assert [colour == "#c62828" for _, colour in shapes] == [True, *[False] * 4] * 2
    alone = svg(Plot("", "", [Series("x", [(0, 1)])], marks=[Mark("send", 0, 0)]))
    assert "l7 7m0 -7l-7 7" not in alone
