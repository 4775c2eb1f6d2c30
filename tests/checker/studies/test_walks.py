"""The walks of the data plane, pinned: what is sent, and how cwnd goes.

The articles in ``seeds/`` name what is walked here: "以字节为单位的滑动窗口机制", and
"慢启动机制、拥塞避免机制、加速递减机制、快重传和快恢复机制"; they tell none of it. The numbers are
RFC 9293's, RFC 5681's and RFC 6582's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path as File
from typing import Any
from xml.etree import ElementTree

import pytest

from checker.render import Kind, Story
from checker.studies.simulate import established, simulate, tell, walk
from checker.support.errors import UsageProblem
from proofs.claims.scenarios import (
    DATA_PLANE,
    LIFECYCLE,
    SCENARIOS,
    Move,
    Scenario,
    Train,
)
from spec.rules import Congestion, Persist
from spec.tcp.inputs import Input

A, B = 0, 1


def told(name: str, rules: Mapping[str, Any] | None = None, **changes: Any) -> Story:
    return tell(replace(SCENARIOS[name], **changes), rules)


def sent(story: Story, end: int = A) -> list[tuple[int, int]]:
    """SEQ and LEN of what an end sent."""
    found = []
    for message in (m for line in story.lines for m in line.sent if m.sender == end):
        words = dict(word.split("=") for word in message.text.split() if "=" in word)
        found.append((int(words["SEQ"]), int(words["LEN"])))
    return found


def windows(story: Story) -> list[int]:
    """WND of what B sent."""
    texts = [m.text for line in story.lines for m in line.sent if m.sender == B]
    return [int(text.rpartition("WND=")[2]) for text in texts]


def over_time(story: Story, name: str) -> list[int | None]:
    """A value in segments, each time that it is another."""
    values = [one.values.get(name) for one in story.measures]
    return [v if v is None else v // 1000 for v, _ in groupby(values)]


def phases(story: Story) -> list[str]:
    return [phase for phase, _ in groupby(one.phase for one in story.measures)]


# Congestion control


def test_slow_start_doubles_with_each_round_trip() -> None:
    """RFC 5681 3.1. After the timeout ssthresh is half of the eight that were in flight."""
    story = told("slow-start")
    assert over_time(story, "cwnd") == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7]
    assert over_time(story, "ssthresh") == [None, 4]
    assert phases(story) == ["slow start", "congestion avoidance"]
    at_ends_of_rounds = [story.measures[n].values["cwnd"] for n in (1, 3, 7, 15)]
    assert at_ends_of_rounds == [1000, 2000, 4000, 8000]


def test_congestion_avoidance_grows_by_a_segment_in_a_round_trip() -> None:
    """What the ACKs of cwnd let go is cwnd and one segment more (RFC 5681 3.1)."""
    story = told("slow-start")
    since = [n for n, one in enumerate(story.measures) if one.phase == "congestion avoidance"]
    cwnd = [story.measures[n].values["cwnd"] // 1000 for n in since]
    assert [(value, len([*run])) for value, run in groupby(cwnd)] == [
        (4, 8),
        (5, 10),
        (6, 12),
        (7, 1),
    ]


def test_after_a_timeout_all_is_sent_again_in_slow_start() -> None:
    story = told("slow-start")
    (timeout,) = [line for line in story.lines if line.action == "RETRANSMISSION TIMEOUT"]
    assert [text.split()[1] for text in (m.text for m in timeout.sent)] == ["SEQ=7001"]
    again = [seq for seq, _ in sent(story) if seq >= 7001]
    assert again[:8] == again[8:16] == [7001 + 1000 * n for n in range(8)]


def test_the_third_duplicate_ack_is_a_fast_retransmit() -> None:
    """RFC 5681 3.2; of the twelve in flight two are limited transmit's, and do not count."""
    story = told("fast-retransmit")
    numbers = [seq for seq, _ in sent(story)]
    assert numbers[:10] == [1 + 1000 * n for n in range(10)]
    assert numbers[10:13] == [10001, 11001, 1]
    assert numbers.count(1) == 2 and len({*numbers}) == len(numbers) - 1
    assert phases(story) == ["slow start", "fast recovery", "congestion avoidance"]
    assert over_time(story, "ssthresh") == [None, 5]
    assert over_time(story, "cwnd") == [10, 8, 9, 10, 11, 12, 13, 14, 15, 16, 5, 6]


def test_without_limited_transmit_it_waits_for_the_third() -> None:
    story = told("fast-retransmit", {"limited_transmit": False})
    assert [seq for seq, _ in sent(story)][10] == 1
    assert over_time(story, "ssthresh") == [None, 5]


def test_newreno_mends_both_losses_in_one_recovery() -> None:
    story = told("newreno")
    numbers = [seq for seq, _ in sent(story)]
    assert [seq for seq in numbers if numbers.count(seq) == 2] == [1, 3001, 1, 3001]
    assert phases(story).count("fast recovery") == 1
    assert all(line.action != "RETRANSMISSION TIMEOUT" for line in story.lines)


def test_reno_needs_the_timer_for_the_second_loss() -> None:
    story = told("reno")
    assert phases(story)[:4] == [
        "slow start", "fast recovery", "congestion avoidance", "slow start",
    ]  # fmt: skip
    index = [line.action for line in story.lines].index("RETRANSMISSION TIMEOUT")
    assert [m.text.split()[1] for m in story.lines[index].sent] == ["SEQ=3001"]
    assert not any(m.sender == A for line in story.lines[index - 2 : index] for m in line.sent)


def test_after_a_timeout_duplicate_acks_send_nothing_again() -> None:
    """Limited transmit is of text that was never sent (RFC 3042 2)."""
    story = told("reno")
    index = [line.action for line in story.lines].index("RETRANSMISSION TIMEOUT")
    duplicates = [
        line for line in story.lines[index:] if line.received and " ACK=3001 " in line.received.text
    ]
    assert len(duplicates) == 2 and all(line.sent == () for line in duplicates)


def test_tahoe_goes_back_to_slow_start() -> None:
    story = told("fast-retransmit", {"congestion": Congestion.TAHOE})
    assert "fast recovery" not in phases(story)
    third = next(n for n, one in enumerate(story.measures) if one.values["cwnd"] == 1000)
    assert story.lines[third - 1].notes == ("the third duplicate ACK: sent again",)


def test_one_transfer_has_all_phases() -> None:
    assert phases(told("congestion")) == [
        "slow start",
        "fast recovery",
        "congestion avoidance",
        "slow start",
        "congestion avoidance",
    ]


# Windows


def test_a_window_slides_as_the_user_reads() -> None:
    story = told("sliding-window")
    edges = [bars[B][-1].length for bars in (one.bars for one in story.measures)]
    assert [edge for edge, _ in groupby(edges)] == [4000, 6000, 10000, 12000]
    for one in story.measures:
        ((sends,), (receives,)) = one.bars
        assert sends.length <= receives.length  # A never knows of more room than there is


def test_a_shut_window_is_probed() -> None:
    """3.8.6.1: an octet beyond the window asks, since the update is lost."""
    story = told("zero-window")
    assert sent(story)[4:] == [(4001, 1), (4002, 1000), (5002, 999)]
    assert windows(story) == [3000, 2000, 1000, 0, 4000, 3999, 2999]


@pytest.mark.parametrize(("persist", "timers"), [(Persist.ON, 1), (Persist.OFF, 0)])
def test_without_the_probe_both_ends_would_wait(persist: Persist, timers: int) -> None:
    scenario = SCENARIOS["zero-window"]
    lost = replace(scenario, moves=scenario.moves[:5])
    system, path = walk(lost, {"persist": persist})
    steps = [step for step, _ in system.steps(path.steps[-1][1])]
    assert [step.action for step in steps].count("RETRANSMISSION TIMEOUT") == timers


def test_silly_windows_are_sent_only_without_what_avoids_them() -> None:
    story = told("silly-window")
    assert {length for _, length in sent(story)[2:]} == {100}
    assert windows(story)[2:] == [100, 0] * 5
    avoided = told("silly-window-avoided")
    assert {length for _, length in sent(avoided)} == {1000}
    assert windows(avoided)[2:] == [1000, 0]


@pytest.mark.parametrize("rule", ["sender_sws", "receiver_sws"])
def test_either_end_alone_avoids_silly_windows(rule: str) -> None:
    with pytest.raises(UsageProblem, match="nothing is in flight"):
        told("silly-window", {rule: True})


def test_nagle_holds_back_what_does_not_fill_a_segment() -> None:
    assert sent(told("nagle")) == [(1, 1), (2, 4)]
    assert sent(told("nagle-off")) == [(n, 1) for n in range(1, 6)]
    held = [one.bars[A][0].parts[1] for one in told("nagle").measures[2:6]]
    assert [(part.name, length) for part, length in held] == [
        ("queued, held back", n) for n in range(1, 5)
    ]


def test_acks_are_delayed_until_a_second_segment_comes() -> None:
    assert len(sent(told("delayed-ack"), B)) == 2
    assert len(sent(told("delayed-ack", {"delayed_ack": False}, moves=_PROMPT), B)) == 3


_PROMPT = (Move(A, Input.SEND.value), Train(B), Train(A))


def test_what_was_sent_twice_is_no_sample() -> None:
    def samples(rules: Mapping[str, Any] | None = None) -> int:
        return sum("a sample of the round trip" in line.rule for line in told("karn", rules).lines)

    assert samples() == 0
    assert samples({"karn": False}) == 1


# What is measured and drawn


@pytest.mark.parametrize("name", DATA_PLANE)
def test_windows_agree_with_each_other(name: str) -> None:
    """What A has acknowledged B has taken, and what B takes A has sent."""
    for one in told(name).measures:
        first, second = one.bars
        if len(first) == 1 and first[0].name == "sends":
            ends = {part.name: 0 for part, _ in (*first[0].parts, *second[0].parts)}
            for bar in (first[0], second[0]):
                at = 0
                for part, length in bar.parts:
                    at += length
                    ends[part.name] = at
            taken = max(ends.get("taken, unread", 0), ends.get("passed to the user", 0))
            out = max(ends.get("in flight", 0), ends.get("to be sent again", 0))
            assert ends.get("acknowledged", 0) <= taken <= max(out, ends.get("acknowledged", 0))


def test_walks_of_the_lifecycle_measure_nothing() -> None:
    assert all(tell(scenario).measures == () for scenario in LIFECYCLE.values())


def test_a_story_measures_each_moment_once() -> None:
    story = told("fast-retransmit")
    assert len(story.measures) == len(story.lines) + 1
    times = [one.time for one in story.measures]
    assert times == sorted({*times}) and times[-1] == len(SCENARIOS["fast-retransmit"].moves)


def test_established_is_what_a_handshake_leaves() -> None:
    """... with a data plane, too."""
    scenario = replace(
        SCENARIOS["three-way-handshake"],
        numbers=((2444,), (557,)),
        bounds=SCENARIOS["fast-retransmit"].bounds,
    )
    system, path = walk(scenario)
    by_handshake, by_hand = path.steps[-1][1], established(2445, 558, system.bounds)
    for n in (A, B):
        assert system.host(by_hand.hosts[n]) is by_handshake.hosts[n]


def test_a_train_has_something_to_bring() -> None:
    with pytest.raises(UsageProblem, match="step 1 of 1, nothing is in flight to B"):
        walk(replace(SCENARIOS["slow-start"], moves=(Train(B),)))


def test_trains_follow_segments_as_they_age() -> None:
    timed = Scenario(
        "",
        "",
        (Move(B, "OPEN (passive)"), Move(A, "OPEN (active)"), Move(None, "tick"), Train(B)),
        bounds={"msl": 2, "span": 2},
    )
    _, path = walk(timed)
    assert path.steps[-1][0].segment is not None


def test_the_ladder_has_a_bar_where_a_window_changed(capsys: pytest.CaptureFixture[str]) -> None:
    simulate("nagle")
    drawn = capsys.readouterr().out
    bars = [
        row.split("[")[1].split("]")[0].rstrip() for row in drawn.splitlines() if "s    [" in row
    ]
    assert not any("-" in bar for bar in bars)  # that is beyond what is drawn
    assert [bar.count("%") > 0 for bar in bars[:6]] == [False, True, True, True, True, False]
    assert "sends: = acknowledged, # in flight, % queued, held back, + may be sent" in drawn
    assert len({len(row) for row in drawn.splitlines() if " [#" in row}) == 1


@pytest.mark.parametrize("name", DATA_PLANE)
@pytest.mark.parametrize("view", ["windows", "plot"])
def test_every_walk_has_its_pictures(name: str, view: str, tmp_path: File) -> None:
    simulate(name, tmp_path / "walk.svg", view=view)
    root = ElementTree.parse(tmp_path / "walk.svg").getroot()
    texts = {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert SCENARIOS[name].title in texts
    if view == "windows":
        story = tell(SCENARIOS[name])
        arrivals = {m.short for line in story.lines if (m := line.received)}
        assert arrivals <= texts
        kinds = {part.kind.name for parts in story.parts.values() for part in parts}
        assert {kind.name for kind in Kind} >= kinds
        drawn = {one.get("class") for one in root.iter("{http://www.w3.org/2000/svg}rect")}
        assert kinds <= drawn


def test_the_usual_svg_of_a_data_plane_has_its_windows(tmp_path: File) -> None:
    for view in (None, "windows", "ladder"):
        simulate("delayed-ack", tmp_path / f"{view}.svg", view=view)
    assert (tmp_path / "None.svg").read_text() == (tmp_path / "windows.svg").read_text()
    assert "digraph" not in (tmp_path / "windows.svg").read_text()
    assert "DTD SVG" in (tmp_path / "ladder.svg").read_text()  # Graphviz drew it


def test_what_cannot_be_viewed(tmp_path: File) -> None:
    with pytest.raises(UsageProblem, match="there is no data plane, and so no plot"):
        simulate("refused", tmp_path / "walk.svg", view="plot")
    with pytest.raises(UsageProblem, match=r"--view plot needs --out FILE\.svg"):
        simulate("nagle", view="plot")
    with pytest.raises(UsageProblem, match="view plot is SVG only"):
        simulate("nagle", tmp_path / "walk.png", view="plot")
    with pytest.raises(UsageProblem, match="did you mean plot"):
        simulate("nagle", tmp_path / "walk.svg", view="plott")
    assert list(tmp_path.iterdir()) == []


def test_what_a_walk_shows_is_said_of_its_own_rules() -> None:
    own = told("fast-retransmit", {"congestion": Congestion.NEWRENO})
    assert own.verdict == SCENARIOS["fast-retransmit"].verdict
    other = told("reno", {"congestion": Congestion.TAHOE})
    assert other.verdict == "The same moves under other rules: congestion=tahoe."
    assert told("reno").violated and not other.violated
