"""Every drawing tells the whole story and stays within its bounds.

The stories are made by hand, or by Hypothesis playing the channel: it sends, delivers, keeps
copies, loses and lets time pass, with anything in the texts. What a drawing must show is counted
from the lines of the story, since each message has a text of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checker.render import Line, Message, Story, dot, itf, ladder, render, sequence, show, writable
from checker.render.itf import expression
from checker.render.ladder import MIN_WIDTH
from checker.render.sequence import DARK, LOST, draw
from checker.render.text import columns, visible, wrap
from checker.support import files
from checker.support.errors import INTERNAL, Problem, ToolProblem, UsageProblem

# ---------------------------------------------------------------------------------------- stories


def line(number: int, actor: int | None, action: str, states: str, **more: Any) -> Line:
    a, b = states.split()
    blank = {"rule": "", "received": None, "kept": False, "lost": (), "sent": ()}
    return Line(number=number, actor=actor, action=action, states=(a, b), **blank | more)


SYN = Message(1, 0, 1, "SYN SEQ=0 LEN=0")
SYN_ACK = Message(2, 1, 0, "SYN,ACK SEQ=0 ACK=1 LEN=0")
ACK = Message(3, 0, 1, "ACK SEQ=1 ACK=1 LEN=0")

HANDSHAKE = Story(
    "Three-way handshake",
    ("A", "B"),
    ("CLOSED", "LISTEN"),
    (
        line(1, 0, "OPEN (active)", "SYN-SENT LISTEN", rule="3.10.1 active", sent=(SYN,)),
        line(2, 1, "deliver", "SYN-SENT SYN-RECEIVED", received=SYN, sent=(SYN_ACK,)),
        line(3, 0, "deliver", "ESTABLISHED SYN-RECEIVED", received=SYN_ACK, sent=(ACK,)),
        line(4, 1, "deliver", "ESTABLISHED ESTABLISHED", received=ACK),
    ),
    "T1 holds: both ends agree.",
    violated=False,
)

STALE, FRESH = Message(1, 0, 1, "SYN SEQ=0 LEN=0"), Message(2, 0, 1, "SYN SEQ=9 LEN=0")
OLD = replace(STALE, old=True)
ANSWER, REFUSED = (
    Message(3, 1, 0, "SYN,ACK SEQ=5 ACK=1"),
    Message(4, 1, 0, "SYN,ACK SEQ=5 ACK=1 again"),
)
BEFORE = Message(0, 0, 1, "ACK SEQ=1 ACK=6 LEN=0", old=True)

STALE_SYN = Story(
    "A stale SYN",
    ("A", "B"),
    ("CLOSED", "LISTEN"),
    (
        line(1, 0, "OPEN", "SYN-SENT LISTEN", sent=(STALE,), details=("iss=0", "")),
        line(2, 0, "ABORT", "CLOSED LISTEN"),
        line(3, 0, "OPEN", "SYN-SENT LISTEN", sent=(FRESH,), notes=("second incarnation",)),
        line(4, None, "lose", "SYN-SENT LISTEN", lost=(FRESH,)),
        line(5, 1, "duplicate", "SYN-SENT SYN-RECEIVED", received=OLD, kept=True, sent=(ANSWER,)),
        line(6, None, "tick", "SYN-SENT SYN-RECEIVED"),
        line(7, 1, "timeout", "SYN-SENT SYN-RECEIVED", sent=(REFUSED,), lost=(REFUSED,)),
        line(8, 1, "deliver", "SYN-SENT ESTABLISHED", received=BEFORE),
        line(9, 1, "deliver", "SYN-SENT ESTABLISHED", received=OLD),
    ),
    "T2 violated: a stale SYN got past the third handshake",
    violated=True,
)

PING, PONG, PING_2 = (
    Message(1, 0, 1, "ping 1"),
    Message(2, 1, 0, "pong 1"),
    Message(3, 0, 1, "ping 2"),
)
LOOP = Story(
    "For ever",
    ("A", "B"),
    ("UP", "UP"),
    (
        line(1, 0, "SEND", "UP UP", sent=(PING,)),
        line(2, 1, "deliver", "UP UP", received=PING, sent=(PONG,)),
        line(3, 0, "deliver", "UP UP", received=PONG, sent=(PING_2,)),
    ),
    "never ends",
    violated=True,
    loop=1,
)

EMPTY = Story("Nothing happened", ("A", "B"), ("CLOSED", "CLOSED"), (), "holds", violated=False)

PASSING, BACK = Message(1, 0, 2, "to C"), Message(2, 2, 1, "to B")
THREE = Story(
    "Past B",
    ("A", "B", "C"),
    ("UP", "UP", "UP"),
    (
        Line(1, 0, "SEND", "", None, False, (), (PASSING,), ("UP", "UP", "UP")),
        Line(2, None, "tick", "", None, False, (), (), ("UP", "UP", "UP")),
        Line(3, 2, "deliver", "", PASSING, False, (), (BACK,), ("UP", "UP", "ON")),
        Line(4, 1, "deliver", "", BACK, False, (), (), ("UP", "ON", "ON")),
    ),
    "arrives",
    violated=False,
)

SEEN = Story(
    "Seen in between",
    ("10.0.0.1:1024", "10.0.0.2:80"),
    ("CLOSED", "LISTEN"),
    (
        line(1, 0, "0.000 s", "SYN-SENT LISTEN", sent=(SYN,), passed=True, notes=("ISN 7",)),
        line(2, 1, "0.010 s", "ESTABLISHED SYN-RECEIVED", sent=(SYN_ACK,), passed=True),
        line(3, 0, "0.020 s", "ESTABLISHED ESTABLISHED", sent=(ACK,), passed=True),
    ),
    "conforms",
    violated=False,
)

BY_HAND = pytest.mark.parametrize("story", [HANDSHAKE, STALE_SYN, LOOP, EMPTY, THREE, SEEN])

ANYTHING = st.text(max_size=60) | st.text('abcXYZ<>&"\\\n\t{}|_./漢\u0301\x1b\u202e ', max_size=90)


@st.composite
def stories(draw: st.DrawFn, texts: st.SearchStrategy[str] = ANYTHING, ends: int = 2) -> Story:
    """Runs of a channel. The text of a message ends with `#uid#`, whatever comes before."""
    uids = iter(range(1000))
    anybody = st.integers(0, ends - 1)

    def message(sender: int) -> Message:
        uid, receiver = next(uids), (sender + draw(st.integers(1, ends - 1))) % ends
        return Message(uid, sender, receiver, f"{draw(texts)} #{uid}#", draw(st.booleans()))

    def for_each() -> tuple[str, ...]:
        return tuple(draw(texts) for _ in range(ends))

    air = [message(draw(anybody)) for _ in range(draw(st.integers(0, 2)))]
    lines = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        received, kept, lost, sent = None, False, [], []
        actor = draw(st.none() | anybody)
        if air and draw(st.booleans()):
            received = air.pop(draw(st.integers(0, len(air) - 1)))
            actor, kept = received.receiver, draw(st.booleans())
            air += [received] * kept
        while air and draw(st.integers(0, 4)) == 0:
            lost.append(air.pop())
        for _ in range(draw(st.integers(0, 2))):
            sent.append(message(draw(anybody) if actor is None else actor))
            (lost if draw(st.integers(0, 4)) == 0 else air).append(sent[-1])
        lines.append(
            Line(
                number * draw(st.sampled_from([1, 1, 1000])),
                actor,
                draw(texts),
                draw(texts),
                received,
                kept,
                tuple(lost),
                tuple(sent),
                for_each(),
                for_each(),
                tuple(draw(st.lists(texts, max_size=1))),
            )
        )
    return Story(
        draw(texts),
        for_each(),
        for_each(),
        tuple(lines),
        draw(texts),
        draw(st.booleans()),
        draw(st.integers(0, len(lines) - 1)) if lines and draw(st.booleans()) else None,
    )


PLAIN = st.text("abc ", max_size=30)


def times_shown(story: Story, together: bool) -> dict[int, int]:
    """How often each message is named: as it leaves, arrives, is lost, and if it is left over.

    `together`: a departure and an arrival in the next step are one arrow with one name.
    """
    shown: dict[int, int] = {}
    for flight in story.flights:
        count = len(flight.arrivals) + (flight.loss is not None) + flight.in_flight
        if flight.departure is not None and not flight.lost_at_once:
            prompt = bool(flight.arrivals) and flight.is_prompt(flight.arrivals[0])
            count += not (together and prompt)
        shown[flight.message.uid] = count
    return shown


# --------------------------------------------------------------------------------------- the story


def test_flights_tell_where_each_message_went() -> None:
    before, stale, fresh, _answer, refused = STALE_SYN.flights
    assert before.departure is None and [e.line for e in before.arrivals] == [7]
    assert [e.line for e in stale.arrivals] == [4, 8] and all(e.again for e in stale.arrivals)
    assert not stale.message.old and stale.arrivals[0].message.old
    assert fresh.loss is not None and fresh.loss.line == 3 and not fresh.lost_at_once
    assert refused.lost_at_once
    assert [f.in_flight for f in STALE_SYN.flights] == [False, False, False, True, False]
    assert all(f.is_prompt(f.arrivals[0]) for f in HANDSHAKE.flights)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([line(1, 0, "", "x y", sent=(SYN, SYN))], "sent or in flight before"),
        ([line(1, 0, "", "x y", received=SYN)], "not a step of the receiver"),
        ([line(1, None, "", "x y", received=SYN)], "not a step of the receiver"),
        ([line(i, 1, "", "x y", received=SYN) for i in (1, 2)], "no longer in flight"),
        ([line(i, None, "", "x y", lost=(SYN,)) for i in (1, 2)], "no longer in flight"),
    ],
)
def test_what_no_channel_does_is_refused(lines: list[Line], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Story("", ("A", "B"), ("x", "y"), tuple(lines), "", violated=False)


def test_a_loop_or_snapshots_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="loop"):
        replace(HANDSHAKE, loop=4)
    with pytest.raises(ValueError, match="2 snapshots for 4 lines"):
        replace(HANDSHAKE, snapshots=({}, {}))


# ---------------------------------------------------------------------------------------- the text


@given(st.text(), st.integers(2, 40))
def test_wrap_keeps_all_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(columns(row) <= width and row.isprintable() for row in lines)
    everything = "".join(map(visible, text.splitlines())).replace(" ", "")
    assert "".join(lines).replace(" ", "") == everything


@pytest.mark.parametrize(
    ("asked", "columns"), [("", 100), ("60", 60), ("20", 60), ("110", 110), ("300", 120)]
)
def test_a_ladder_is_printed_in_the_columns_that_there_are(
    asked: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", asked)
    show(HANDSHAKE)
    assert capsys.readouterr().out == ladder(HANDSHAKE, columns) + "\n"


def test_a_ladder_is_in_colour_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    show(HANDSHAKE)
    drawn = capsys.readouterr().out
    assert "\x1b[36m<SYN,ACK SEQ=0 ACK=1 LEN=0>\x1b[0m" in drawn
    assert "\x1b[1m1. SYN-SENT   " in drawn
    assert "\x1b[1;32mT1 holds: both ends agree." in drawn
    assert re.sub(r"\x1b\[[\d;]*m", "", drawn) == ladder(HANDSHAKE, 80) + "\n"


def test_the_ladder_of_a_handshake_reads_like_the_rfc() -> None:
    assert ladder(HANDSHAKE, 80).splitlines() == [
        "Three-way handshake",
        "",
        "   A                                                                B",
        "   CLOSED      |                                                  | LISTEN",
        "               |                                                  |",
        "1. SYN-SENT    | OPEN (active) [3.10.1 active]                    | LISTEN",
        "               |                                                  |",
        "2. SYN-SENT    |--------------- <SYN SEQ=0 LEN=0> --------------->| SYN-RECEIVED",
        "               |                                          deliver |",
        "               |                                                  |",
        "3. ESTABLISHED |<---------- <SYN,ACK SEQ=0 ACK=1 LEN=0> ----------| SYN-RECEIVED",
        "               | deliver                                          |",
        "               |                                                  |",
        "4. ESTABLISHED |------------ <ACK SEQ=1 ACK=1 LEN=0> ------------>| ESTABLISHED",
        "               |                                          deliver |",
        "",
        "=" * 80,
        "T1 holds: both ends agree.",
        "=" * 80,
    ]


def test_the_ladder_marks_what_is_old_double_delayed_or_lost() -> None:
    text = ladder(STALE_SYN)
    for arrow in (
        "|---- <SYN SEQ=0 LEN=0> ...  ",
        "... <SYN SEQ=9 LEN=0> (from 3) ---X  ",
        "... <SYN SEQ=0 LEN=0> (old) (dup) (from 1) ---->|",
        "  ... <SYN,ACK SEQ=5 ACK=1> ----|",
        "  X--- <SYN,ACK SEQ=5 ACK=1 again> ----|",
        "... <ACK SEQ=1 ACK=6 LEN=0> (old) (from before) ---->|",
        "\nStill in flight: <SYN,ACK SEQ=5 ACK=1> (from 5)\n",
    ):
        assert arrow in text
    assert text.count("X") - text.count("NXT") == 2
    assert "#" * 100 + "\nT2 violated: a stale SYN got past the third handshake\n" in text
    assert "* second incarnation" in text and "(iss=0)" in text


def test_the_ladder_boxes_a_loop() -> None:
    rows = ladder(LOOP).splitlines()
    top, bottom = (i for i, row in enumerate(rows) if row.startswith("+"))
    assert all(row[0] == row[-1] == "|" and len(row) == 100 for row in rows[top + 1 : bottom])
    assert "loop" in rows[top] and rows[top + 1].startswith("| 2.") and "from 2" in rows[bottom]


@given(stories(), st.sampled_from([MIN_WIDTH, 72, 100]))
def test_a_ladder_is_never_wider_than_it_may_be(story: Story, width: int) -> None:
    for row in ladder(story, width).split("\n"):
        assert columns(row) <= width and len(row) <= width and (row.isprintable() or not row)


def test_long_names_are_wrapped_and_kept() -> None:
    rule = "segment_arrives.syn_received.fifth_check_the_ACK_field." * 4
    detail = " ".join(f"variable_{i}={i * 10**6}" for i in range(20))
    lines = [replace(each, rule=rule, details=(detail, detail)) for each in HANDSHAKE.lines]
    rows = ladder(replace(HANDSHAKE, lines=tuple(lines))).splitlines()
    assert max(map(len, rows)) <= 100
    middle = re.sub(r"\s", "", "".join(row.split("|")[1] for row in rows if row.count("|") == 2))
    assert middle.count(rule) == 4
    left = "".join(re.findall(r"variable_\d+=\d+", "\n".join(row[:60] for row in rows)))
    assert left == detail.replace(" ", "")


@given(stories(PLAIN))
def test_a_ladder_names_every_message_as_it_leaves_and_as_it_arrives(story: Story) -> None:
    text = ladder(story)
    for uid, count in times_shown(story, together=True).items():
        assert text.count(f"#{uid}#>") == count


def test_a_ladder_that_is_too_narrow_is_refused() -> None:
    with pytest.raises(ValueError, match=f"needs {MIN_WIDTH} columns"):
        ladder(HANDSHAKE, MIN_WIDTH - 1)


# ------------------------------------------------------------------------------------- the picture


def graphviz(source: str, form: str) -> str:
    done = subprocess.run(
        ["dot", f"-T{form}"], input=source.encode(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


def labels(source: str) -> list[str]:
    """The texts of all nodes, their lines joined."""
    found = re.findall(r"label=<(.*?)>\]?$", source, re.MULTILINE)
    return ["".join(ET.fromstring(f"<x>{label}</x>").itertext()) for label in found]


@BY_HAND
def test_the_picture_is_dot_and_always_the_same(story: Story) -> None:
    graphviz(dot(story), "canon")
    graphviz(dot(story), "svg")
    assert dot(story) == dot(replace(story))


@settings(max_examples=25, deadline=None)
@given(stories())
def test_dot_takes_any_text(story: Story) -> None:
    graphviz(dot(story), "canon")


@given(stories(PLAIN))
def test_a_picture_names_every_message_as_it_leaves_and_as_it_arrives(story: Story) -> None:
    """Once if it goes straight, so that the name stands at its only arrow."""
    text = "\n".join(labels(dot(story)))
    for flight in story.flights:
        uid = flight.message.uid
        straight = [
            e
            for e in flight.arrivals
            if flight.is_prompt(e) and not e.again and e.message.old == flight.message.old
        ]
        count = 1 + len(flight.arrivals) - len(straight) + flight.in_flight
        count += flight.loss is not None and not flight.lost_at_once
        assert text.count(f"#{uid}#") == count


def test_a_message_for_no_neighbour_goes_level_past_who_is_in_between() -> None:
    boxes, edges = geometry(THREE)
    reached = {head for _, head, _ in edges if head.startswith("c2_m")}
    (arrival,) = (head for tail, head, _ in edges if tail in reached)
    row = arrival.removeprefix("c2_")
    way = [(tail, head) for tail, head, _ in edges if head.endswith(row) and tail.endswith(row)]
    assert way == [(f"bc{row}", f"b{row}"), (f"b{row}", f"c2_m{row}"), (f"c2_m{row}", arrival)]
    heights = {sum(boxes[name][1::2]) for pair in way for name in pair if name in boxes}
    assert len(heights) == 1
    # What is for a neighbour, in the next step, goes straight to the edge of the neighbour's boxes.
    assert any(tail[:4] == "c2_m" and re.fullmatch(r"b.?c\d+", head) for tail, head, _ in edges)


def test_a_picture_of_one_lifeline_is_refused() -> None:
    alone = Story("Alone", ("A",), ("UP",), (), "holds", violated=False)
    with pytest.raises(Problem, match="two lifelines or more"):
        dot(alone)


def test_the_picture_boxes_a_loop() -> None:
    source = dot(LOOP)
    before, _, inside = source.partition("subgraph cluster_loop")
    assert "loop, for ever: 2 to 3, then 2 again" in labels(inside)
    assert "1 SEND" in labels(before) and "2 deliver" in labels(inside)


def test_what_passes_in_one_step_is_told_once() -> None:
    assert ladder(SEEN, 70).count("SYN SEQ=0") == 1 and "..." not in ladder(SEEN, 70)
    assert [text for text in labels(dot(SEEN)) if "SEQ" in text] == [
        SYN.text, SYN_ACK.text, ACK.text
    ]  # fmt: skip
    assert all(flight.is_prompt(flight.arrivals[0]) for flight in SEEN.flights)
    states = json.loads(itf(SEEN))["states"]
    assert states[1]["in_flight"] == [] and len(states) == 4


def test_the_step_in_which_a_claim_falls_is_marked() -> None:
    broken = replace(HANDSHAKE, violated=True)
    assert (broken.fatal, HANDSHAKE.fatal, LOOP.fatal) == (3, None, None)
    fatal = f'COLOR="{LOST}"><B>4 deliver</B>'
    assert fatal in dot(broken).replace("  ", " ")
    assert fatal not in dot(HANDSHAKE).replace("  ", " ")


def test_a_drawing_is_for_light_and_dark_and_has_no_text_below_10_pixels() -> None:
    for story in (HANDSHAKE, STALE_SYN, LOOP, SEEN):
        source = dot(story)
        sizes = {float(size) for size in re.findall(r'POINT-SIZE="([\d.]+)"', source)}
        assert min(sizes) * 4 / 3 >= 10
        colours = set(re.findall(r'"(#[0-9a-f]{6})"', source))
        assert colours <= {*DARK}
    drawing = draw(dot(HANDSHAKE), "svg").decode()
    assert "prefers-color-scheme: dark" in drawing
    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawing.split("</style>")[1]))
    assert used <= {*DARK, "none", "transparent", "black"}  # black: the edge of what has none
    assert "text:not([fill])" in drawing
    assert ET.fromstring(drawing) is not None


def test_the_picture_marks_what_is_old_double_or_lost() -> None:
    source = dot(STALE_SYN)
    texts = labels(source)
    assert texts.count("SYN SEQ=0 LEN=0old · dup · from 1") == 2
    assert source.count("style=dashed") == 6  # of two arrivals: slant, level line and arrow
    assert texts.count("✗") == 2
    assert "4  loseSYN SEQ=9 LEN=0from 3 · lost".replace("  ", " ") in texts
    assert "SYN,ACK SEQ=5 ACK=1from 5 · still in flight" in texts
    assert "cluster_loop" not in source
    assert "#b3261e" in source and "#2e7d32" in dot(HANDSHAKE)
    assert labels(source)[-1] == STALE_SYN.verdict


def geometry(story: Story) -> tuple[dict[str, tuple[float, ...]], list[tuple[str, str, str]]]:
    """Boxes by name, in points; visible edges with their ends and positions."""
    graph = json.loads(graphviz(dot(story), "json"))
    boxes = {}
    for node in graph["objects"]:
        if "pos" in node and node.get("style") != "invis":
            x, y = map(float, node["pos"].split(","))
            w, h = float(node["width"]) * 36, float(node["height"]) * 36
            boxes[node["name"]] = (x - w, y - h, x + w, y + h)
    names = [node["name"] for node in graph["objects"]]
    edges = [
        (names[edge["tail"]], names[edge["head"]], edge["pos"])
        for edge in graph["edges"]
        if edge.get("style") != "invis"
    ]
    return boxes, edges


def meets(start: list[float], end: list[float], box: tuple[float, ...]) -> bool:
    """The straight line from `start` to `end` enters the box by more than a point and a half."""
    low, high = 0.0, 1.0
    for p, q, least, most in zip(start, end, box[:2], box[2:], strict=True):
        least, most = least + 1.5, most - 1.5
        if p == q:
            if not least < p < most:
                return False
            continue
        near, far = sorted(((least - p) / (q - p), (most - p) / (q - p)))
        low, high = max(low, near), min(high, far)
    return low < high


@BY_HAND
def test_the_verdict_is_as_wide_as_the_picture(story: Story) -> None:
    boxes, _ = geometry(story)
    left, _, right, _ = boxes["verdict"]
    others = [box for name, box in boxes.items() if name not in ("title", "verdict")]
    assert left <= min(box[0] for box in others) <= left + 60
    assert right >= max(box[2] for box in others) >= right - 60


def beside_a_wide_box() -> Story:
    """An arrow straight to a lifeline in the middle, where a wide box stands in the row above."""
    message = Message(0, 0, 1, " #0#")
    blank = ("",) * 4
    sent = Line(1, None, "", "", None, False, (), (message,), blank, blank)
    arrives = Line(2, 1, "", "", message, False, (), (), blank, blank)
    quiet = Line(3, None, "", "", None, False, (), (), blank, blank)
    initial = ("", "", "", "111111111")
    return Story("", blank, initial, (sent, arrives, quiet), "", violated=False)


# The same stories each time: where a text ends depends on the fonts of the machine.
@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(2, 4).flatmap(lambda ends: stories(st.text("aWm.,1 ", max_size=40), ends)))
@example(beside_a_wide_box())
def test_lifelines_are_straight_and_nothing_crosses_a_text(story: Story) -> None:
    boxes, edges = geometry(story)
    for column in ["a", "b", "c2_", "c3_"][: len(story.lifelines)]:
        lifeline = [box for name, box in boxes.items() if re.fullmatch(column + r"\d+", name)]
        xs = [sum(box[::2]) / 2 for box in lifeline]
        assert len(xs) > 2 and max(xs) - min(xs) < 1
    # Points of lifelines and channels are no texts; states on a lifeline are.
    texts = {name: box for name, box in boxes.items() if box[3] - box[1] > 8 and name[0] != "x"}
    for name, box in texts.items():
        for other, that in texts.items():
            apart = box[2] < that[0] + 1 or that[2] < box[0] + 1
            assert name == other or apart or box[3] < that[1] + 1 or that[3] < box[1] + 1
        for tail, head, position in edges:
            points = [p.split(",") for p in position.split() if p[0] not in "es"]
            start, end = ([float(c) for c in points[i]] for i in (0, -1))
            assert name in (tail, head) or not meets(start, end, box)


# ----------------------------------------------------------------------------- escapes, all formats

NASTY = """<b>&amp; "quoted" \\N \\l 'x'</b> {a|b} --> ]]>\nsecond\tline\x00\x1b[31m\ufffe\ud800"""


def nasty() -> Story:
    first = Message(1, 0, 1, "1" + NASTY)
    return Story(
        "t" + NASTY,
        ("A" + NASTY, "B"),
        (NASTY, NASTY),
        (
            Line(1, 0, NASTY, NASTY, None, False, (), (first,), (NASTY, NASTY), notes=(NASTY,)),
            Line(2, 1, "", "", first, True, (), (), ("", NASTY), details=(NASTY, "")),
        ),
        "v" + NASTY,
        violated=True,
        snapshots=({"x": NASTY},) * 3,
    )


def test_any_text_is_shown_and_none_is_obeyed(tmp_path: Path) -> None:
    text = ladder(nasty())
    assert "\x1b" not in text and "\\x1b[31m" in text and '<b>&amp; "quoted" \\N' in text
    source = dot(nasty())
    assert "&lt;b&gt;&amp;amp; &quot;quoted&quot; " in source
    for suffix in (".dot", ".json", ".png", ".svg", ".txt"):
        render(nasty(), tmp_path / f"nasty{suffix}")
    shown = "".join(ET.parse(tmp_path / "nasty.svg").getroot().itertext())
    shown = re.sub(r"[\s\N{WORD JOINER}]", "", shown)
    assert "1<b>&amp;\"quoted\"\\N\\l'x'</b>{a|b}-->]]>" in shown and "second" in shown
    assert json.loads((tmp_path / "nasty.json").read_text())["states"][0]["x"] == NASTY


# ----------------------------------------------------------------------------------- the ITF trace


class State(Enum):
    OPEN = 1


class Small(IntEnum):
    ONE = 1


@dataclass(frozen=True)
class Tcb:
    state: State
    iss: int


class Pair(NamedTuple):
    left: int
    right: int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        ("x", "x"),
        (2**53 - 1, 2**53 - 1),
        (1 - 2**53, 1 - 2**53),
        (2**53, {"#bigint": "9007199254740992"}),
        (-(2**64), {"#bigint": "-18446744073709551616"}),
        (State.OPEN, "OPEN"),
        (Small.ONE, "ONE"),
        ((1, (2,)), {"#tup": [1, {"#tup": [2]}]}),
        ([1, [2]], [1, [2]]),
        ({3, 1, 2}, {"#set": [1, 2, 3]}),
        (frozenset({(1, 2)}), {"#set": [{"#tup": [1, 2]}]}),
        ({"a": 1}, {"a": 1}),
        ({"#a": 1}, {"#map": [["#a", 1]]}),
        ({2: "b", 1: "a"}, {"#map": [[1, "a"], [2, "b"]]}),
        (Tcb(State.OPEN, 2**60), {"state": "OPEN", "iss": {"#bigint": str(2**60)}}),
        (Pair(1, 2), {"left": 1, "right": 2}),
        (None, {"tag": "None", "value": {"#tup": []}}),
        (Fraction(1, 2), {"#unserializable": "Fraction(1, 2)"}),
    ],
)
def test_expressions(value: object, expected: object) -> None:
    assert expression(value) == expected


def test_a_trace_has_all_states_and_where_its_loop_starts() -> None:
    snapshots = tuple({"a": State.OPEN, "n": n} for n in range(4))
    trace = json.loads(itf(replace(LOOP, snapshots=snapshots)))
    assert list(trace) == ["#meta", "vars", "loop", "states"]
    assert trace["vars"] == ["a", "n"] and trace["loop"] == 2
    assert trace["#meta"]["verdict"] == "never ends" and trace["#meta"]["status"] == "violation"
    assert [state["n"] for state in trace["states"]] == [0, 1, 2, 3]
    assert trace["states"][0]["#meta"] == {"index": 0}
    meta = trace["states"][2]["#meta"]
    assert meta == {"index": 2, "actor": "B", "action": "deliver", "rule": ""}
    assert "loop" not in json.loads(itf(HANDSHAKE))


def test_a_story_without_snapshots_still_has_a_trace() -> None:
    states = json.loads(itf(STALE_SYN))["states"]
    assert [len(state["in_flight"]) for state in states] == [1, 2, 2, 3, 2, 3, 3, 3, 2, 1]
    assert states[-1]["ends"] == {"#tup": ["SYN-SENT", "ESTABLISHED"]}
    assert states[-1]["in_flight"][0]["text"] == ANSWER.text


def test_every_state_must_give_every_variable() -> None:
    with pytest.raises(ValueError, match="snapshot 3 has other variables"):
        itf(replace(LOOP, snapshots=({"a": 1}, {"a": 1}, {"a": 1}, {"b": 1})))
    with pytest.raises(ValueError, match="not a name of a variable: #a"):
        itf(replace(EMPTY, snapshots=({"#a": 1},)))


# ------------------------------------------------------------------------------------------- files


@BY_HAND
def test_files_hold_what_the_functions_return(story: Story, tmp_path: Path) -> None:
    for name in ("s.dot", "s.txt", "s.json", "s.svg", "s.PNG"):
        render(story, tmp_path / name)
    assert (tmp_path / "s.dot").read_text() == dot(story)
    assert (tmp_path / "s.txt").read_text() == ladder(story) + "\n"
    assert (tmp_path / "s.json").read_text() == itf(story) + "\n"
    assert (tmp_path / "s.svg").read_text().rstrip().endswith("</svg>")
    assert (tmp_path / "s.PNG").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 5


def refusal(path: Path) -> str:
    with pytest.raises(Problem) as caught:
        render(HANDSHAKE, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["story.pdf", "story", "txt", ".dot"])
def test_an_unknown_suffix_is_refused(name: str, tmp_path: Path) -> None:
    assert "none of .dot, .json, .png, .svg or .txt" in refusal(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory" in refusal(tmp_path / "missing" / "s.txt")
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refusal(tmp_path / "file" / "s.txt")
    (tmp_path / "full.txt").mkdir()
    assert "s a directory" in refusal(tmp_path / "full.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full.txt"]


def test_without_dot_there_are_still_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("s.svg", "s.png"):
        (tmp_path / name).write_text("as it was")
        assert re.search("install graphviz, or ask for .dot or .txt", refusal(tmp_path / name))
        assert (tmp_path / name).read_text() == "as it was"
    render(HANDSHAKE, tmp_path / "s.dot")
    render(HANDSHAKE, tmp_path / "s.txt")
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    ("script", "complaint"),
    [("echo it broke >&2; exit 3", "'dot' failed: it broke"), ("exit 3", "failed: exit code 3")],
)
def test_a_dot_that_fails_is_reported(
    script: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "dot"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert complaint in refusal(tmp_path / "s.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["dot"]


def test_a_dot_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "dot"
    fake.write_text("#!/bin/sh\nsleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(sequence, "PATIENCE", 0.1)
    assert "'dot' was ended after 0.1 s: ask for .dot or .txt" in refusal(tmp_path / "s.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["dot"]


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "s.txt").write_text("as it was")
    monkeypatch.setattr("os.replace", full)
    assert "No space left on device" in refusal(tmp_path / "s.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["s.txt"]
    assert (tmp_path / "s.txt").read_text() == "as it was"


def test_where_a_story_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in ("txt", "json", "dot", "svg", "PNG"):
        writable(tmp_path / f"story.{suffix}")
    files.release()
    assert not list(tmp_path.iterdir())
    (tmp_path / "folder.svg").mkdir()
    for name, says in [
        ("story.pdf", "suffix"),
        ("story", "suffix"),
        ("folder.svg", "is a directory"),
        ("no/story.svg", "No such file or directory"),
    ]:
        with pytest.raises(UsageProblem, match=says):
            writable(tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    writable(tmp_path / "story.dot")
    with pytest.raises(ToolProblem, match="no program 'dot'") as caught:
        writable(tmp_path / "story.svg")
    assert caught.value.code == INTERNAL
