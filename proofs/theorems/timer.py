"""How long the retransmission timer runs, over real numbers (RFC 6298 section 2).

One sender takes samples of the round trip, which lie between two bounds, in any order; now and then
its timer runs out. What the new SRTT and RTTVAR are is given, and has to ``follow`` from the old:
that is the arithmetic of ``spec.tcp.retransmission`` without its divisions, which what is traced
does not have.
"""

from dataclasses import dataclass
from typing import Annotated

from proofs.theorems.small import Scene, Small
from spec.seq import choose, implies, most, not_, times
from spec.tcp import retransmission

Time = Annotated[int, "time"]
"""A real number of seconds, 0 or more."""


@dataclass(slots=True, eq=False)
class Timer:
    """The variables of section 2."""

    sampled: bool = False
    srtt: Time = 0
    rttvar: Time = 0
    base: Time = 0  # RTO after the last sample
    rto: Time = 0
    hasty: bool = False  # a timeout has not doubled it, though it may be longer


@dataclass(slots=True, eq=False)
class Sample:
    """A sample, and what SRTT and RTTVAR are after it."""

    rtt: Time = 0
    srtt: Time = 0
    rttvar: Time = 0


@dataclass(slots=True, eq=False)
class Path:
    """The least and the greatest round trip; the clock's granularity, and bounds of RTO."""

    shortest: Time = 0
    longest: Time = 0
    granularity: Time = 0
    least: Time = 0
    greatest: Time = 0


def _take(s: Scene, sample: Sample) -> bool:
    me, path = s.me, s.open
    if not ((path.shortest <= sample.rtt) & (sample.rtt <= path.longest)):
        return False
    me.srtt, me.rttvar, me.sampled = sample.srtt, sample.rttvar, True
    me.base = retransmission.base(me.srtt, me.rttvar, path.granularity, path.least)
    me.rto = me.base
    return True


def _first(s: Scene, sample: Sample) -> bool:
    """(2.2)"""
    halved = (sample.srtt == sample.rtt) & (times(2, sample.rttvar) == sample.rtt)
    if s.me.sampled or not halved:
        return False
    return _take(s, sample)


def _later(s: Scene, sample: Sample) -> bool:
    """(2.3)"""
    me = s.me
    follow = retransmission.follow(me.srtt, me.rttvar, sample.rtt, sample.srtt, sample.rttvar)
    if not me.sampled or not follow:
        return False
    return _take(s, sample)


def _timeout(s: Scene, _: Sample) -> bool:
    """(5.5)"""
    me = s.me
    if not me.sampled:
        return False
    before = me.rto
    me.rto = retransmission.doubled(before, me.base, s.open.greatest)
    twice = me.rto == before + before
    most_that_may_be = (me.rto >= s.open.greatest) & (me.rto >= before)
    me.hasty = me.hasty | not_(twice | most_that_may_be)
    return True


TIMER = Small(Timer, Sample, Path, {"first sample": _first, "sample": _later, "timeout": _timeout})


def average_is_between(s: Scene) -> bool:
    """SRTT is between the shortest and the longest round trip."""
    me, path = s.me, s.open
    return implies(me.sampled, (path.shortest <= me.srtt) & (me.srtt <= path.longest))


def _spread(path: Path) -> int:
    """Twice the most that RTTVAR can be: the first sample is, or two of them apart."""
    apart = choose(path.longest > path.shortest, path.longest - path.shortest, 0)
    return most(path.longest, apart + apart)


def variation_is_bounded(s: Scene) -> bool:
    """RTTVAR is at most half the longest round trip, or what the longest and the shortest differ
    by, whichever is more."""
    return implies(s.me.sampled, times(2, s.me.rttvar) <= _spread(s.open))


def timeouts_lengthen(s: Scene) -> bool:
    """RTO is not less than after the last sample, nor more than its upper bound."""
    me = s.me
    kept: bool = (me.base <= me.rto) & (me.rto <= most(s.open.greatest, me.base))
    return implies(me.sampled, kept)


def long_enough(s: Scene) -> bool:
    """RTO is at least its lower bound, and more than SRTT by the granularity of the clock."""
    me, path = s.me, s.open
    kept: bool = (me.rto >= path.least) & (me.rto >= me.srtt + path.granularity)
    return implies(me.sampled, kept)


def short_enough(s: Scene) -> bool:
    """RTO is at most its upper bound, or the longest round trip and what four RTTVAR can be."""
    path = s.open
    varies = path.longest + most(path.granularity, times(2, _spread(path)))
    bound = most(path.greatest, most(path.least, varies))
    return implies(s.me.sampled, s.me.rto <= bound)


def steady_trips_are_waited_for(s: Scene) -> bool:
    """If all round trips take as long, the timer runs longer than that, by its granularity."""
    path = s.open
    steady = s.me.sampled & (path.shortest == path.longest)
    return implies(steady, s.me.rto >= path.longest + path.granularity)


def has_a_lower_bound(s: Scene) -> bool:
    """RTO has a lower bound above 0."""
    bound: bool = s.open.least != 0
    return bound


def takes_time(s: Scene) -> bool:
    """RTO is above 0."""
    return implies(s.me.sampled, s.me.rto != 0)


def timeouts_double(s: Scene) -> bool:
    """A timeout doubles RTO, up to its upper bound."""
    return not_(s.me.hasty)
