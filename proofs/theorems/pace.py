"""How fast one may send, so that no number comes back while an old one is still in flight.

A number that is sent is not below SND.UNA: neither that of a segment, nor what the other end
acknowledges. Time is counted in numbers, so that nothing is multiplied: a tick is the time in which
one is sent at most. With an MSL of n ticks, what arrives is n - 1 ticks old at most.

``PACED`` is the system of ``proofs.theorems.text``, where that decides what arrives. There a number
that comes back is assumed away; here a segment bears how far both ends had come when it was sent,
and it arrives if they have not come much further. That nothing comes back then is a claim, and so
is all that text claims.
"""

from dataclasses import dataclass, fields, replace
from functools import partial

from proofs.theorems import text
from proofs.theorems.small import Move, Pair, Scene, Sides, Small, Turn
from proofs.theorems.text import (
    AROUND,
    TEXT,
    WINDOW,
    Choice,
    End,
    Flying,
    Seen,
    exists,
    knows,
)
from spec.seq import choose, implies, not_
from spec.tcp.segment import Count, Ticks
from spec.tcp.tcb import State


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


# The same of connections with text

WAITING = WINDOW + 2
"""How many numbers may wait to be acknowledged: a window, a probe and FIN."""


@dataclass(slots=True, eq=False)
class Paced(End):
    """An end to which something came that was too old, or not."""

    late: bool = False


@dataclass(slots=True, eq=False)
class Marked(Flying):
    """A segment that bears how far both ends had come when it was sent."""

    mine: Count = 0  # the place of its sender's SND.NXT
    its: Count = 0  # ... and of the other end's


@dataclass(slots=True, eq=False)
class Numbers(Choice):
    """... and how many numbers an end uses at most while a segment is in flight."""

    numbers: Count = AROUND - 1 - WAITING
    fewer: Count = AROUND - WINDOW - 3 - WAITING  # ... if it is not of the TCB that was heard


@dataclass(slots=True, eq=False)
class SeenNext(Seen):
    """... and how far has the peer come?"""

    nxt: Count = 0


def _marked(move: Move, s: Turn, message: Marked | None) -> list[Flying] | None:
    """A move, or a delivery; what is sent is marked."""
    flying = move(s, message)
    if flying is None:
        return None
    found: list[Flying] = []
    for seg in flying:
        marked = Marked(mine=s.me.nxt, its=s.seen.nxt)
        for f in fields(Flying):
            setattr(marked, f.name, getattr(seg, f.name))
        found.append(marked)
    return found


def _comes(move: Move, s: Turn, seg: Marked) -> list[Flying] | None:
    """A segment arrives while neither end has used too many numbers since it was sent.

    What it acknowledges is near by assumption, if it is not of the TCB that was heard and has heard
    this one, or if that one was opened simultaneously. How far ahead it is, is assumed.
    """
    me: Paced = s.me
    numbers = choose(seg.src != me.heard, s.open.fewer, s.open.numbers)
    slow = (s.seen.nxt <= seg.mine + numbers) & (me.nxt <= seg.its + numbers)
    own = me.reached & not_(me.simultaneous) & (seg.src == me.heard) & (seg.heard == me.iss)
    near = own | (me.nxt <= seg.acks + s.open.behind)
    ahead = implies(knows(me), seg.at <= me.got + s.open.ahead)
    if me.state == State.CLOSED or not slow & ahead & implies(exists(me) & seg.ack, near):
        return None
    return _unless_late(move, s, seg)


def _unless_late(move: Move, s: Turn, seg: Flying) -> list[Flying] | None:
    """What is too old does nothing but show."""
    if not text.near(s, seg):
        s.me.late = True
        return []
    return move(s, seg)


def _turn_comes(move: Move, s: Turn, seg: Marked) -> list[Flying] | None:
    """Text that was held is taken at its turn, however long it was held; nothing looks at its ACK
    again. What was taken meanwhile is no longer held."""
    me: Paced = s.me
    if not (me.got <= seg.at + seg.text) & (seg.at <= me.got + s.open.ahead):
        return None
    return _unless_late(move, s, replace(seg, ack=False))


def _look(peer: Paced) -> SeenNext:
    return SeenNext(TEXT.look(peer).calling, peer.nxt)


_ARRIVE = {"deliver": _comes, "take what was held": _turn_comes}

PACED = Pair(
    Paced,
    Marked,
    Numbers,
    SeenNext,
    {name: partial(_marked, move) for name, move in TEXT.moves.items()},
    {
        name: partial(_marked, partial(_ARRIVE[name], move))
        for name, move in TEXT.deliveries.items()
    },
    _look,
    memory=TEXT.memory,
    life=TEXT.life,
)


def few_numbers(s: Scene) -> bool:
    """While a segment is in flight, an end uses so few numbers that with all that may wait to be
    acknowledged they are fewer than 2^32; or 2^32, less a window, for one that is not of the TCB
    that was heard."""
    open_: Numbers = s.open
    few: bool = open_.numbers + WAITING <= open_.behind
    return few & (open_.fewer + WAITING <= open_.another)


def nothing_reopens(w: Sides) -> bool:
    """The TCB that an end has, or had last, is the last that was made."""
    me: Paced = w.me
    return not_(me.reopened) & (me.iss == me.made)


def taken_is_behind(w: Sides) -> bool:
    """What was taken is not beyond what the peer has come to."""
    me: Paced = w.me
    return implies(me.heard != 0, me.got <= w.peer.nxt)


def acknowledged_was_taken(w: Sides) -> bool:
    """Of two TCBs that have heard each other one has taken what the other knows to be acknowledged;
    and nothing is before ESTABLISHED."""
    me: Paced = w.me
    peer: Paced = w.peer
    both = (me.heard == peer.iss) & (peer.heard == me.iss)
    taken = implies(both & me.reached & not_(me.simultaneous), me.una <= peer.got)
    return taken & implies(not_(me.reached), me.una == me.iss)


def marks_are_near(w: Sides, seg: Marked) -> bool:
    """When a segment was sent, its sender was not far beyond it; nor was who was heard beyond what
    it acknowledges."""
    peer: Paced = w.peer
    heard = (peer.heard == seg.src) | (peer.heard == 0)
    own = seg.ack & (seg.heard == peer.iss) & heard & not_(peer.simultaneous)
    return (seg.mine <= seg.at + WAITING) & implies(own, seg.its <= seg.acks + WAITING)


def nothing_came_back(w: Sides) -> bool:
    """T9.pace.text: nothing arrives that is 2^32 or more behind."""
    return not_(w.me.late)
