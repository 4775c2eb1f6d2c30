"""Sentences, the report and the plot of a direction."""

import json

from checker.dataplane import picture, words
from checker.render import plot
from tests.helpers.transfer import LOSSY, Transfer, watched


def said(name: str, side: int = 0) -> str:
    plane = watched(LOSSY / f"{name}.pcap")
    zero = plane.ways[0].began or 0.0
    return "\n".join(words.lines(plane, side, "10.0.0.1:5", zero))


def test_a_transfer_in_sentences():
    told = said("avoidance.A")
    for text in (
        "data: 10.0.0.1:5 sends 500,000 octets in 347 segments in ",
        "ms, at most 1,448 in one",
        "captured at its sender",
        "initial window: 10 segments, 14,480 octets before the first ACK\n",
        "slow start: 14,480 to 28,960 octets in flight in 1 round (inferred)",
        "fast recovery: packet 90 is a fast retransmit of 1,448 octets, ",
        ": duplicate ACKs 85, 86, 89",
        "slower than slow start (inferred)",
        "sent again: 1 fast retransmit; 1,448 octets in all",
    ):
        assert text in told, told


def test_where_it_was_captured_is_said():
    assert "from its sender and back, which are not in it" in said("avoidance.B")
    assert "octets before the first ACK (estimated)" in said("clean.B")
    assert "1 segment sent again; the first was lost before the capture" in said("one_lost.B")


def test_timeouts_probes_and_copies():
    told = said("silence.A")
    assert told.count(" timeout: packet ") >= 2 and "nothing asked for it (inferred)" in told
    told = said("stalls.A")
    assert " persist: the window is zero from packet " in told and "probes with no text" in told
    assert "the network or the capture doubled them" in said("doubled.B")
    assert "out of order: the network swapped them" in said("swapped.B")
    assert "timeout or tail loss probe" in said("tail_lost.A")
    assert "needless: the receiver says that it had them" in said("late.A")


def test_little_is_not_told():
    made = Transfer().send(1).after(0.1).ack(2)
    made.plane.finish()
    assert not list(words.lines(made.plane, 0, "A", 0.0))
    assert not list(words.lines(made.plane, 1, "B", 0.0))


def test_more_phases_than_are_told_are_counted():
    made = Transfer(wnd=2000)
    for i in range(1, 60):
        made.send(i).after(0.1).ack(i + 1, wnd=0).after(1).ack(i + 1, wnd=2000).after(1)
    made.plane.finish()
    told = list(words.lines(made.plane, 0, "A", 0.0))
    assert len(told) < 40 and any("phases more" in line for line in told)


def test_the_report():
    plane = watched(LOSSY / "tail_lost.A.pcap")
    found = words.as_json(plane, 0, "A", plane.ways[0].began or 0.0)
    assert json.loads(json.dumps(found)) == found
    assert (found["octets"], found["segments"], found["lacks"]) == (30_000, 23, 0)
    assert found["initial_window"] == {"segments": 10, "octets": 14_480, "all_there_was": False}
    assert [one["why"] for one in found["sent_again"]] == ["timeout or tail loss probe", "timeout"]
    assert found["round_trip"]["sender_and_back"] == 0.0


def test_the_plot():
    plane = watched(LOSSY / "avoidance.A.pcap", drawn=True)
    made = picture.picture(plane, 0, "A", plane.ways[0].began or 0.0)
    assert made is not None and len(made.series) == 2
    assert {one.name for one in made.spans} >= {"slow start", "congestion avoidance"}
    assert [one.what for one in made.marks] == ["sent again"]
    drawn = plot.svg(made)
    assert drawn.startswith("<svg") and len(drawn) < 60_000
    assert picture.picture(watched(LOSSY / "avoidance.A.pcap"), 0, "A", 0.0) is None


def test_a_window_that_is_far_away_is_not_drawn():
    made = Transfer(wnd=60_000).send(1, 2, 3).after(0.1).ack(4)
    made.plane.finish()
    drawn = picture.picture(made.plane, 0, "A", 0.0)
    assert drawn is not None and round(drawn.most) == 3300 and "beyond the picture" in drawn.title
