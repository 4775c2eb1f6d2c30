"""Rounds and phases: what is in flight tells them, wherever the capture was taken."""

import pytest

from checker.dataplane import flight as kept
from checker.dataplane import phases as of
from checker.dataplane import words
from checker.dataplane.flight import POINTS, Flight
from checker.dataplane.phases import phases
from tests.helpers.transfer import LOSSY, SIZE, Transfer, watched


def names(way) -> list[str]:
    return [one.name for one in phases(way)]


def grows(made: Transfer, *flights: int) -> Transfer:
    """A sends as many segments in each round; B acknowledges all of each when a round trip is
    over, one by one, and A answers each ACK with its share of the next round."""
    sent = acked = 0
    for i, flight in enumerate(flights):
        if i == 0:
            made.send(*range(1, flight + 1))
            sent = flight
            made.after(0.1)
            continue
        old = sent
        for k in range(acked + 1, old + 1):
            acked = k
            made.ack(k + 1).after(0.0001)
            before = flights[i - 1]
            share = (k - old + before) / before
            while sent < acked + round(before + (flight - before) * share):
                sent += 1
                made.send(sent)
        made.after(0.09)
    while acked < sent:
        acked += 1
        made.ack(acked + 1).after(0.0001)
    return made


def test_doubling_is_slow_start():
    way = grows(Transfer(wnd=500_000, trip=0.1), 4, 8, 16, 32).done()
    assert names(way)[:2] == [of.INITIAL, of.SLOW_START]
    first = phases(way)[0]
    assert (first.after, way.flight.initial, first.inferred) == (4 * SIZE, 4, False)
    assert phases(way)[1].inferred


def test_a_little_more_is_congestion_avoidance():
    way = grows(Transfer(wnd=500_000), 10, 11, 12, 13, 14).done()
    assert names(way)[:2] == [of.INITIAL, of.AVOIDANCE]


def test_as_much_as_before_cannot_be_told():
    way = grows(Transfer(wnd=500_000), 10, 10, 10, 10).done()
    assert names(way)[1] == of.OPEN and of.AVOIDANCE not in names(way)


def test_a_full_window_says_nothing_of_congestion():
    way = grows(Transfer(wnd=10 * SIZE), 10, 10, 10).done()
    assert names(way)[1] == of.WINDOW


def test_who_has_nothing_to_send_says_nothing():
    made = Transfer(wnd=500_000).send(1).after(0.1).ack(2).after(0.5)
    made.send(*range(2, 9)).after(0.1).ack(9).after(0.5).send(*range(9, 30)).after(0.1).ack(30)
    assert of.SLOW_START not in names(made.done())
    assert phases(made.plane.ways[0])[0].name == of.INITIAL


def steady(rounds: int) -> Transfer:
    """As much in each round, one after the other, and after the last one nothing more."""
    made = Transfer(wnd=500_000).send(1, 2).after(0.1)
    for i in range(1, rounds):
        made.ack(2 * i + 1).send(2 * i + 1, 2 * i + 2).after(0.1)
    return made.ack(2 * rounds + 1).after(1.0)


@pytest.mark.parametrize("more", [0, 1, 9])
def test_what_follows_the_rounds_that_are_kept_says_nothing_of_the_last_of_them(monkeypatch, more):
    monkeypatch.setattr(kept, "ROUNDS", 20)
    made = steady(20 + more)
    made.send(*range(2 * (20 + more) + 1, 2 * (20 + more) + 3)).after(0.1)
    made.ack(2 * (20 + more) + 3)
    way = made.done()
    more += 1
    assert (len(way.flight.rounds), way.flight.more) == (20, more)
    assert (names(way)[-1] == of.SENDER) == (more == 1)  # the pause came after the 20th
    plural = "" if more == 1 else "s"
    said = [line for line in words.lines(made.plane, 0, "A", 0.0) if f"and {more} round" in line]
    assert len(said) == 1 and f"and {more} round{plural} more after 2." in said[0]
    assert words.as_json(made.plane, 0, "A", 0.0)["more_rounds"] == more


def test_recoveries_timeouts_and_zero_windows_are_phases():
    made = Transfer(wnd=50 * SIZE).send(*range(1, 11)).after(0.1).ack(2).ack(2).ack(2).ack(2)
    made.send(2).after(0.1).ack(11).send(11, 12).after(1.2).send(11).after(0.1)
    made.ack(13, wnd=0).after(2).ack(13, wnd=9000)
    found = phases(made.done())
    assert [one.name for one in found if one.name in (of.FAST, of.TIMEOUT, of.PERSIST)] == [
        of.FAST, of.TIMEOUT, of.PERSIST
    ]  # fmt: skip
    timeout = next(one for one in found if one.name == of.TIMEOUT)
    assert (timeout.ended or 0) - timeout.began == pytest.approx(1.2)  # the silence


def test_the_capture_at_the_receiver_tells_the_same():
    """B acknowledges at once, so that nothing seems to be in flight there."""
    here, there = (watched(LOSSY / f"clean.{end}.pcap") for end in "AB")
    one, other = here.ways[0].flight, there.ways[0].flight
    assert one.lag == 0 and 0.03 < other.lag < 0.045
    assert (one.initial, other.initial) == (10, 10)
    assert one.rounds[0].flight == other.rounds[0].flight == 14_480
    for way in (here.ways[0], there.ways[0]):
        assert names(way)[:2] == [of.INITIAL, of.SLOW_START]


def test_reno_after_a_loss():
    """Eleven rounds, in each a segment more."""
    way = watched(LOSSY / "avoidance.A.pcap").ways[0]
    found = {one.name: one for one in phases(way)}
    assert list(found)[:3] == [of.INITIAL, of.SLOW_START, of.FAST]
    one = found[of.AVOIDANCE]
    grown = (one.after - one.before) / way.largest / one.rounds
    assert one.rounds >= 8 and grown == pytest.approx(1, abs=0.2)


def test_a_plot_has_so_many_points_at_most():
    flight = Flight(drawn=True)
    for i in range(10 * POINTS):
        flight.sent(i / 1000, 1 + i, 1, False)
    assert flight.points is not None and POINTS / 4 < len(flight.points) <= POINTS
    assert Flight(drawn=False).points is None


def test_acks_count_when_they_reach_the_sender():
    flight = Flight(drawn=False)
    flight.lag = 0.1
    flight.sent(0.0, 1001, 1000, False)
    flight.heard(0.01, 1001, 9000, False)
    assert flight.una == 1
    flight.sent(0.02, 2001, 1000, False)
    assert flight.most == 2000
    flight.advance(0.2)
    assert flight.una == 1001
