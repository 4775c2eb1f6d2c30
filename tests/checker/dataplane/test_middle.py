"""A capture from the middle of the path: made of both ends' captures, as if it lay half way.

What either end sent passes the middle a quarter of a round trip later. The wire of the lab loses at
the sender's end: so half of the losses are put before the middle, and half behind it.
"""

import pytest

from checker.capture import Packet, frames, read
from checker.capture.datagrams import carried
from checker.dataplane.facts import Kind
from checker.dataplane.judge import DEVIATES, Timing, judge
from checker.dataplane.phases import INITIAL, SLOW_START, phases
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Room
from tests.helpers.transfer import LOSSY, watched
from tests.lab.lossy import TRANSFERS, TRIP

Segment = tuple[float, int, Packet, bytes, int]


def sent(name: str, end: str, far: bool) -> list[Segment]:
    """What that end sent, as its own capture has it; or what of it came to the other end."""
    found: list[Segment] = []
    last: list = [None]
    client = None
    place = "BA"["AB".index(end)] if far else end
    for p in read(frames(LOSSY / f"{name}.{place}.pcap"), lambda n, f, ip: last.__setitem__(0, f)):
        assert isinstance(p, Packet)
        client = client or p.src
        if (p.src == client) == (end == "A"):
            text = carried(last[0], p) if p.length() else (b"", 0)
            time = p.time - TRIP / 2 if far else p.time
            found.append((time + TRIP / 4, int(end == "B"), p, *text))
    return found


def middle(name: str, before: bool) -> Plane:
    """``before``: what the wire lost, it lost before the middle."""
    plane, both = Plane(Room()), sent(name, "A", before) + sent(name, "B", before)
    for number, (time, side, p, text, ident) in enumerate(sorted(both, key=lambda one: one[0]), 1):
        p.time, p.number = time, number
        plane.take(side, p, text, ident)
    plane.finish()
    return plane


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("name", TRANSFERS)
def test_by_linux_own_timers_nothing_deviates(name: str, before: bool):
    found = judge(middle(name, before), Timing(0.2, 4))
    assert not [one for one in found if one.verdict == DEVIATES]


@pytest.mark.parametrize("before", [False, True])
def test_what_is_in_flight_is_what_the_sender_sees(before: bool):
    way, here = middle("clean", before).ways[0], watched(LOSSY / "clean.A.pcap").ways[0]
    assert way.flight.lag == pytest.approx(TRIP / 2, rel=0.2)
    assert way.flight.initial == here.flight.initial == 10
    assert [one.name for one in phases(way)][:2] == [INITIAL, SLOW_START]


def test_a_loss_behind_the_middle_is_a_retransmission():
    (one,) = middle("one_lost", False).ways[0].resends
    assert one.kind is Kind.FAST
    kinds = [one.kind for one in middle("silence", False).ways[0].resends]
    assert kinds[:3] == [Kind.TIMEOUT] * 3


def test_a_loss_before_the_middle_is_a_gap_that_is_filled():
    way = middle("one_lost", True).ways[0]
    assert not way.resends and [one.reordered for one in way.late] == [False]
    assert [one.kind for one in way.episodes] == [Kind.FAST]
