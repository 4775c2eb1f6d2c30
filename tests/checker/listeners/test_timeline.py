"""Counts over time, beside a list of all that happened."""

from itertools import pairwise
from random import Random

import pytest

from checker.listeners.timeline import FINEST, STEPS, Timeline


@pytest.mark.parametrize("seed", range(8))
def test_what_lasts_is_exact_at_each_moment_of_the_grid(seed):
    rng = Random(seed)
    made, spans = Timeline(100.0), []
    for _ in range(200):
        ends = [100 + 10 ** rng.uniform(-2, 3)]
        ends += [ends[-1] + 10 ** rng.uniform(-2, 2) for _ in range(rng.randrange(1, 4))]
        for i, (so_far, until) in enumerate(pairwise(ends)):
            made.lasts(ends[0], so_far if i else None, until)
        spans.append((ends[0], ends[-1]))
    assert made.step > FINEST  # it got coarser on the way
    moments = [100 + i * made.step for i in range(STEPS)]
    counts = [sum(one <= moment <= other for one, other in spans) for moment in moments]
    assert [made.at(moment) for moment in moments] == counts
    most, when = made.most()
    assert most == max(counts) and when == moments[counts.index(most)]
    assert max(span.most for span in made.spans(7)) == most


def test_no_event_is_lost_where_the_grid_gets_coarser():
    made = Timeline(0.0)
    for i in range(5000):
        made.event(i * 0.3)
    spans = made.spans(10)
    assert sum(span.events for span in spans) == 5000 and len(spans) <= 10
    assert [one.end for one in spans[:-1]] == [one.begin for one in spans[1:]]


def test_the_busiest_second():
    made = Timeline(0.0)
    for time in (0.1, 0.9, 5.0, 5.2, 5.9, 7.0):
        made.event(time)
    assert made.busiest()[:3] == (5.0, 6.0, 3)
