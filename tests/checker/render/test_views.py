"""Bars and measures of any story: in the ladder, as windows, and as curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from checker.render import (
    Bar,
    Kind,
    Line,
    Measure,
    Message,
    Part,
    RenderError,
    Story,
    chosen,
    curves,
    ladder,
    render,
    windows,
    writable,
)
from checker.support.errors import UsageProblem

SVG = "{http://www.w3.org/2000/svg}"
DONE, OUT, ROOM = Part("done", Kind.PAST), Part("out", Kind.BUSY), Part("room", Kind.READY)


def line(number: int, actor: int | None, **more: Any) -> Line:
    blank = {"rule": "", "received": None, "kept": False, "lost": (), "sent": ()}
    return Line(number, actor, **{"action": "act", "states": ("x", "y"), **blank, **more})


def measure(time: float, *parts: tuple[Part, int], phase: str = "", **values: int) -> Measure:
    return Measure(time, ((Bar("load", parts),), ()), values, phase)


ODD = 'a <b> & "c" \x07'
ONE, TWO, THREE = Message(1, 0, 1, ODD), Message(2, 0, 1, "two", old=True), Message(3, 1, 0, "3")
STORY = Story(
    "A <title> & more",
    ("here", "there"),
    ("x", "y"),
    (
        line(1, 0, sent=(ONE, TWO), action="send"),
        line(2, 1, received=ONE, kept=True, notes=("a note that is longer than any text is",)),
        line(3, 1, received=TWO, sent=(THREE,)),
        line(4, None, lost=(THREE,), action="lose"),
        line(5, 1, received=ONE),
    ),
    "over & out",
    True,
    measures=(
        measure(0, (ROOM, 8), phase="calm", speed=1),
        measure(1, (OUT, 4), (ROOM, 4), phase="calm", speed=2),
        measure(1.5, (OUT, 4), (ROOM, 4), phase="calm", speed=2, limit=5),
        measure(2, (DONE, 2), (OUT, 2), (ROOM, 4), phase="storm", speed=9, limit=5),
        measure(3, (DONE, 2), (OUT, 2), (ROOM, 4), phase="storm", speed=1, limit=5),
        measure(4, (DONE, 4), (ROOM, 1000), speed=1, limit=5),
    ),
    phases=("calm", "storm"),
)


def texts(picture: str) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def classes(picture: str, tag: str) -> list[str]:
    found = ElementTree.fromstring(picture).iter(f"{SVG}{tag}")
    return [one.get("class") or "" for one in found]


def test_a_story_has_a_measure_of_each_moment_or_none() -> None:
    with pytest.raises(ValueError, match="5 measures for 5 lines"):
        replace(STORY, measures=STORY.measures[1:])
    assert replace(STORY, measures=()).scale == 1


def test_bars_are_drawn_as_far_as_there_is_more_than_room() -> None:
    assert STORY.scale == 4 + 1 + 1
    full = replace(STORY, measures=(measure(0, (DONE, 10), (ROOM, 1)),) * 6)
    assert full.scale == 11


def test_parts_are_told_by_bar_in_the_order_of_their_kinds() -> None:
    assert {name: [*parts] for name, parts in STORY.parts.items()} == {"load": [DONE, OUT, ROOM]}


def test_bars_change_places_with_their_ends() -> None:
    other = STORY.arranged((1, 0))
    assert [one.bars for one in other.measures] == [one.bars[::-1] for one in STORY.measures]


def test_a_ladder_has_a_bar_where_it_changed() -> None:
    rows = ladder(STORY).splitlines()
    bars = [row.split("[")[1].split("]")[0] for row in rows if " load     [" in row]
    assert len(bars) == 3 and len({*map(len, bars)}) == 1
    assert [{*bar} for bar in bars] == [{*"#+"}, {*"=#+"}, {*"=+"}]
    first, second, _ = bars
    assert first.count("#") == second.rindex("#") + 1 == round(len(first) * 4 / 6)
    assert "load: = done, # out, + room" in rows


def test_what_is_small_is_seen_all_the_same() -> None:
    tiny = (measure(0, (DONE, 10_000)),) + (measure(1, (DONE, 10_000), (OUT, 1), (DONE, 9)),) * 5
    rows = ladder(replace(STORY, measures=tiny)).splitlines()
    (bar,) = [row for row in rows if " load     [" in row]
    assert bar.count("#") == 1


def test_windows_have_each_message_and_each_bar() -> None:
    picture = windows(STORY)
    said = texts(picture)
    assert said.count('a <b> & "c" \\x07') == 2 and "two (old)" in said
    assert "A <title> & more" in said and "over & out" in said and "send" in said
    assert "\N{MULTIPLICATION X} 3" in said
    assert {"here", "there", "load", "phase", "calm", "storm", "done", "out", "room"} <= {*said}
    rects = classes(picture, "rect")
    assert rects.count(Kind.BUSY.name) == 4 + 1  # and one in the legend
    assert rects.count("phase0") == 3 + 1 and rects.count("phase1") == 2 + 1
    lines = classes(picture, "line")
    assert "old-line" in lines and lines.count("lost-line") == 1
    assert lines.count("ink-line dash") == 2  # both arrivals of a message that comes twice


def test_windows_stay_in_the_picture() -> None:
    root = ElementTree.fromstring(windows(STORY))
    width = float(root.get("width", ""))
    for one in root.iter(f"{SVG}rect"):
        if one.get("x"):
            assert float(one.get("x", "")) + float(one.get("width", "")) <= width


def test_what_is_in_flight_at_the_end_is_left_open() -> None:
    flying = replace(STORY, lines=STORY.lines[:3], measures=STORY.measures[:4])
    assert classes(windows(flying), "line").count("grey-line dash") == 2


def test_curves_have_each_value_and_phase() -> None:
    said = texts(curves(STORY))
    assert {"A <title> & more", "speed", "limit", "calm", "storm", "lost", "send"} <= {*said}
    assert "prefers-color-scheme" in curves(STORY)


def test_there_is_nothing_to_draw_where_nothing_was_measured() -> None:
    bare = replace(STORY, measures=())
    with pytest.raises(RenderError, match="nothing was measured"):
        windows(bare)
    with pytest.raises(RenderError, match="nothing was measured"):
        curves(bare)
    assert " load " not in ladder(bare)


def test_views_are_svg(tmp_path: Path) -> None:
    writable(tmp_path / "x.svg", "windows")
    with pytest.raises(UsageProblem, match="view windows is SVG only"):
        writable(tmp_path / "x.txt", "windows")
    for view, picture in (("windows", windows(STORY)), ("plot", curves(STORY))):
        render(STORY, tmp_path / "x.svg", view)
        assert (tmp_path / "x.svg").read_text() == picture


def test_what_is_lost_in_one_step_is_told_one_by_one() -> None:
    three = tuple(Message(n, 0, 1, f"number {n}") for n in (1, 2, 3))
    lost = Line(1, 0, "send", "", None, False, three, three, ("x", "y"), notes=("no room",))
    story = replace(STORY, lines=(lost,), measures=STORY.measures[:2])
    root = ElementTree.fromstring(windows(story))
    places = {one.text: float(one.get("y", "")) for one in root.iter(f"{SVG}text")}
    mine = [places[f"\N{MULTIPLICATION X} number {n}"] for n in (1, 2, 3)] + [places["no room"]]
    assert mine == sorted({*mine})


def test_what_is_repeated_for_ever_is_said() -> None:
    assert "over & out (steps 2 to 5 for ever)" in texts(windows(replace(STORY, loop=1)))


@pytest.mark.parametrize(
    ("view", "out", "measured", "drawn"),
    [
        (None, None, True, "ladder"),
        (None, "x.svg", True, "windows"),
        (None, "x.svg", False, "ladder"),
        (None, "x.png", True, "ladder"),
        ("ladder", "x.svg", True, "ladder"),
        ("plot", "x.svg", True, "plot"),
    ],
)
def test_the_view_that_is_drawn(
    view: str | None, out: str | None, measured: bool, drawn: str
) -> None:
    assert chosen(view, None if out is None else Path(out), measured) == drawn
