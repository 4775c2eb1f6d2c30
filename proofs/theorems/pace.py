"""How fast one may send, so that no number comes back while an old one is still in flight.

A number that is sent is not below SND.UNA: neither that of a segment, nor what the other end
acknowledges. Time is counted in numbers, so that nothing is multiplied: a tick is the time in which
one is sent at most. With an MSL of n ticks, what arrives is n - 1 ticks old at most.
"""

from dataclasses import dataclass

from proofs.theorems.small import Scene, Small
from proofs.theorems.text import AROUND
from spec.seq import implies, not_
from spec.tcp.segment import Count, Ticks


@dataclass(slots=True, eq=False)
class Sender:
    """A sender, by places, and a number in flight: of a segment of its, or of an ACK for it."""

    una: Count = 0  # SND.UNA
    nxt: Count = 0  # SND.NXT
    at: Count = 0  # that number
    there: bool = False  # it was sent
    age: Ticks = 0  # ... so long ago
    since: Count = 0  # numbers that were sent for the first time since then
    late: bool = False  # it arrived, and was 2^32 behind


@dataclass(slots=True, eq=False)
class More:
    """How far to send, or to acknowledge."""

    to: Count = 0


@dataclass(slots=True, eq=False)
class Pace:
    """How long segments live, and how many numbers may wait to be acknowledged."""

    msl: Ticks = 0
    flight: Count = 0


def _tick(s: Scene, _: More) -> bool:
    s.me.age = s.me.age + 1
    return True


def _send_on(s: Scene, more: More) -> bool:
    """More is sent for the first time: since that number was sent, no more than one in a tick."""
    me = s.me
    if not ((more.to > me.nxt) & (more.to <= me.una + s.open.flight)):
        return False
    since = me.since + more.to - me.nxt
    if me.there and since > me.age:
        return False
    me.nxt, me.since = more.to, since
    return True


def _acknowledge(s: Scene, more: More) -> bool:
    if not ((more.to >= s.me.una) & (more.to <= s.me.nxt)):
        return False
    s.me.una = more.to
    return True


def _send(s: Scene, more: More) -> bool:
    """That number is sent, or sent again."""
    me = s.me
    if not ((more.to >= me.una) & (more.to <= me.nxt)):
        return False
    me.at, me.there, me.age, me.since = more.to, True, 0, 0
    return True


def _arrive(s: Scene, _: More) -> bool:
    me = s.me
    if not me.there or me.age >= s.open.msl:
        return False
    me.late = me.late | (me.nxt >= me.at + AROUND)
    return True


PACE = Small(
    Sender,
    More,
    Pace,
    {
        "time goes by": _tick,
        "send on": _send_on,
        "acknowledge": _acknowledge,
        "send": _send,
        "arrive": _arrive,
    },
)


def slow_enough(s: Scene) -> bool:
    """What may be sent while a segment lives, and what waits to be acknowledged, are 2^32 numbers
    or fewer."""
    slow: bool = s.open.msl + s.open.flight <= AROUND
    return slow


def little_waits(s: Scene) -> bool:
    """No more waits to be acknowledged than may."""
    little: bool = s.me.nxt <= s.me.una + s.open.flight
    return little


def no_faster(s: Scene) -> bool:
    """Since the number was sent, no more was sent than the ticks allow."""
    me = s.me
    kept: bool = (me.since <= me.age) & (me.nxt <= me.at + s.open.flight + me.since)
    return implies(me.there, kept)


def nothing_is_late(s: Scene) -> bool:
    """T9.pace: no number arrives that is 2^32 behind SND.NXT."""
    return not_(s.me.late)
