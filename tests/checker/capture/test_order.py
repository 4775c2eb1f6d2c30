"""Frames in the order of their time stamps: within bounds, and as the file has them beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.capture import Damage, Frame, order
from checker.capture.order import SPAN, ordered


def made(*times: float, octets: int = 1) -> list[Frame]:
    return [Frame(1, time, bytes(octets), octets, n) for n, time in enumerate(times, 1)]


def numbers(frames) -> list[int]:
    return [frame.number for frame in ordered(frames)]


def test_older_frames_are_put_in_their_place():
    assert numbers(made(1, 2, 4, 3, 5)) == [1, 2, 4, 3, 5]
    assert numbers(made(1, 1, 1)) == [1, 2, 3]
    assert numbers(made(2, 1, 2, 1)) == [2, 4, 1, 3]
    assert numbers([]) == []


def test_a_clock_that_was_set_back_changes_nothing():
    late = 100 - SPAN - 1
    assert numbers(made(99, 100, late, late + 2, late + 1, late + 3)) == [1, 2, 3, 5, 4, 6]
    assert numbers(made(1, 2, 1e9, 3, 4)) == [1, 2, 3, 4, 5]  # one that nobody believes


@given(
    st.lists(st.floats(0, SPAN / 2), max_size=60),
    st.integers(1, 5), st.integers(2, 8), st.integers(0, 200),
)  # fmt: skip
def test_within_the_bounds_all_are_in_order(delays, taken, waiting, room):
    """Each comes up to ``waiting`` frames too late; whatever the bounds, none gets lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "TAKEN", taken)
        patch.setattr(order, "FRAMES", 2 * (taken + waiting))
        times = [i / 10 for i in range(len(delays))]
        by_arrival = sorted(range(len(times)), key=lambda i: i + delays[i] % waiting)
        found = list(ordered(made(*(times[i] for i in by_arrival))))
        assert [frame.time for frame in found] == times
        patch.setattr(order, "ROOM", room)
        assert sorted(numbers(made(*delays))) == list(range(1, len(delays) + 1))


def test_no_more_is_held_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(order, "ROOM", 10_000)
    monkeypatch.setattr(order, "TAKEN", 4)
    taken = 0

    def source():
        nonlocal taken
        for frame in made(*map(float, range(100)), octets=1_000):
            taken += 1
            yield frame

    for count, _ in enumerate(ordered(source())):
        assert taken - count <= 10 + 2 * 4


def test_what_came_before_damage_is_in_order():
    def source():
        yield from made(2, 1, 3)
        raise Damage("here")

    found = []
    with pytest.raises(Damage, match="here"):
        for frame in ordered(source()):
            found.append(frame.number)
    assert found == [2, 1, 3]
