"""T3 with text: the connections of ``proofs.theorems.text``, and time.

What is sent lives for MSL. TIME-WAIT has a timer, and so has what waits to be acknowledged: R.
Resets are in flight, too, though their numbers are any; nobody aborts. That a peer whose probe of a
shut window was answered sends the next one within ``persist`` is assumed: RFC 9293 has no limit.

A segment is *of* a connection if one of its two TCBs sent it, or if it is a reset that such a
segment provoked.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import ClassVar

from proofs.theorems import text
from proofs.theorems.small import Move, Pair, Scene, Sides, Turn
from proofs.theorems.text import TEXT, Choice, End, Flying, Seen, exists
from spec.seq import choose, implies, not_
from spec.tcp.context import Tcp
from spec.tcp.segment import Count, Segment, Ticks, left
from spec.tcp.segment_arrives import segment_arrives
from spec.tcp.tcb import State, Tcb

ANSWERED = "3.8.6.1/zero-window probe/answered"
"""The rule by which a probe of a shut window is answered: R begins anew with the next one."""


@dataclass(slots=True, eq=False)
class Timed(End):
    """An end with its timers."""

    timers: ClassVar[tuple[str, ...]] = ("time_wait", "span", "answered")

    time_wait: Ticks = 0
    span: Ticks = 0
    answered: bool = False
    persist: Ticks = 0  # within which what answered is followed by another probe
    cut: bool = False  # TIME-WAIT ended before its time


@dataclass(slots=True, eq=False)
class Dated(Flying):
    """A segment that is alive, or a reset, of which there is nothing but what provoked it."""

    ttl: Ticks = 0
    rst: bool = False
    about: Count = 0  # the TCB whose segment it answers


@dataclass(slots=True, eq=False)
class Times(Choice):
    """... and what stays as it is: MSL, R, the length of TIME-WAIT, and that of a persist timer."""

    msl: Ticks = 1
    r: Ticks = 0
    length: Ticks = 2
    persist: Ticks = 0


def _in_time(s: Turn) -> None:
    """Rules have the times of now."""
    times: Times = s.open
    s.bounds = replace(s.bounds, msl=times.msl, span=times.r)
    s.rules = replace(s.rules, time_wait_cut=times.msl + times.msl - times.length)
    s.tcp = Tcp(s.rules, s.bounds, 0)


def _sent(s: Turn, flying: list[Flying], about: int) -> list[Flying]:
    """What was sent, resets among it, lives for MSL."""
    msl = s.open.msl
    found: list[Flying] = []
    for seg in flying:
        dated = Dated(ttl=msl)
        for f in fields(Flying):
            setattr(dated, f.name, getattr(seg, f.name))
        found.append(dated)
    resets = [Dated(ttl=msl, rst=True, about=about) for seg in s.tcp.sent if seg.ctl.rst]
    return [*found, *resets]


def _timed(move: Move, s: Turn, message: Dated | None) -> list[Flying] | None:
    """A move, or a delivery, in time."""
    _in_time(s)
    waits = s.me.state == State.TIME_WAIT
    flying = move(s, message)
    if flying is None:
        return None
    if ANSWERED in [rule.id for rule in s.tcp.cited]:
        s.me.persist = s.open.persist
    if message is not None and waits and s.me.state != State.TIME_WAIT:
        s.me.cut = True
    return _sent(s, flying, 0 if message is None else message.src)


def _leave(s: Turn, _: None) -> list[Flying] | None:
    if s.me.time_wait != 0:
        return None
    return TEXT.moves["TIME-WAIT TIMEOUT"](s, None)


def _retransmit(s: Turn, _: None) -> list[Flying] | None:
    if s.me.answered and s.me.persist == 0:
        return None
    return TEXT.moves["RETRANSMISSION TIMEOUT"](s, None)


def _arrives(s: Turn, seg: Dated) -> list[Flying] | None:
    """A segment arrives that is no reset."""
    if seg.rst:
        return None
    if s.me.state != State.CLOSED:
        return TEXT.deliveries["deliver"](s, seg)
    segment_arrives(Tcb(), _without_numbers(seg), s.using(0))
    return []


def _without_numbers(seg: Dated) -> Segment:
    found = Segment(0)
    found.ctl.ack = seg.ack
    return found


def _reset(s: Turn, seg: Dated) -> list[Flying] | None:
    """A reset arrives, with any numbers."""
    return TEXT.moves["reset"](s, None) if seg.rst else None


def _tick(end: Timed, elapsed: Ticks) -> None:
    end.time_wait = left(end.time_wait, elapsed)
    end.span = left(end.span, elapsed)
    end.persist = left(end.persist, elapsed)


def _moves() -> dict[str, Move]:
    kept = {n: m for n, m in TEXT.moves.items() if n not in ("ABORT", "reset")}
    own = {"TIME-WAIT TIMEOUT": _leave, "RETRANSMISSION TIMEOUT": _retransmit}
    return {name: partial(_timed, own.get(name, move)) for name, move in kept.items()}


DRAINING = Pair(
    Timed,
    Dated,
    Times,
    Seen,
    _moves(),
    {"deliver": partial(_timed, _arrives), "reset": partial(_timed, _reset)},
    TEXT.look,
    memory=TEXT.memory,
    life=TEXT.life,
    tick=_tick,
)


# Assumptions


def long_enough(s: Scene) -> bool:
    """TIME-WAIT is at least 2 MSL, R, and what a persist timer runs."""
    times: Times = s.open
    return (times.msl > 0) & (times.length >= times.msl + times.msl + times.r + times.persist)


# Clauses of text, of what is no reset


def segments_are_sent(w: Sides, seg: Dated) -> bool:
    """A SYN is at the ISS of its TCB, and all else after it; what it has was written and sent."""
    return seg.rst | text.segments_are_sent(w, seg)


def acks_are_of_the_past(w: Sides, seg: Dated) -> bool:
    """What is acknowledged is of the TCB that was heard, and was taken; no window is too wide."""
    return seg.rst | text.acks_are_of_the_past(w, seg)


def others_have_taken_nothing(w: Sides, seg: Dated) -> bool:
    """A TCB that heard one which is established with another has acknowledged nothing but its
    SYN; until TIME-WAIT, where nothing is to be acknowledged."""
    nothing = text.others_have_taken_nothing(w, seg)
    return seg.rst | (nothing & text.others_have_taken_nothing_simultaneous(w, seg))


def acknowledges_its_callee(w: Sides, seg: Dated) -> bool:
    """... and acknowledged by no other; a SYN without ACK is of a TCB that was opened actively."""
    return seg.rst | text.acknowledges_its_callee(w, seg)


# Clauses of time


def waits(end: Timed) -> bool:
    """Is it in TIME-WAIT?"""
    return end.state == State.TIME_WAIT


def _lasts(w: Sides, least: Callable[[Times], Ticks], seg: Dated, end: Timed) -> bool:
    """Is a segment dead at the latest so long after the timer of TIME-WAIT was started?"""
    times: Times = w.open
    dead: bool = seg.ttl + times.length <= least(times) + end.time_wait
    return dead


def timers_run_down(w: Sides) -> bool:
    """No timer has more left than it was started with."""
    me: Timed = w.me
    times: Times = w.open
    return (me.time_wait <= times.length) & (me.span <= times.r) & (me.persist <= times.persist)


def alive(w: Sides, seg: Dated) -> bool:
    """What is in flight may live for at most MSL, and for some time yet."""
    times: Times = w.open
    return (seg.ttl > 0) & (seg.ttl <= times.msl)


def mine_die_first(w: Sides, seg: Dated) -> bool:
    """What TIME-WAIT sent is dead MSL after its timer was started."""
    return implies(waits(w.me), _lasts(w, lambda t: t.msl, seg, w.me))


def answers_die(w: Sides, seg: Dated) -> bool:
    """The resets that my segments provoke outlive them by at most MSL."""
    return implies(waits(w.peer) & seg.rst, _lasts(w, lambda t: t.msl + t.msl, seg, w.peer))


def retransmission_ends(w: Sides) -> bool:
    """The partner of who is in TIME-WAIT sends again what is not acknowledged for R at most, after
    it last heard TIME-WAIT, and a persist timer."""
    me, peer, times = w.me, w.peer, w.open
    partner = waits(peer) & exists(me) & (me.iss == peer.heard) & (me.una != me.nxt)
    since = times.msl + times.persist + peer.time_wait
    again = (me.span == 0) | (me.span + times.length <= times.r + since)
    probes = (me.persist == 0) | (me.persist + times.length <= since)
    return implies(partner, choose(me.answered, probes, again))


def the_partner_dies(w: Sides, seg: Dated) -> bool:
    """What the partner sends outlives that by at most MSL."""
    its = waits(w.peer) & not_(seg.rst) & (seg.src <= w.peer.heard)
    return implies(its, _lasts(w, lambda t: t.msl + t.msl + t.r + t.persist, seg, w.peer))


def time_wait_drains(w: Sides, seg: Dated) -> bool:
    """T3: once the timer of TIME-WAIT has run out no segment of its connection is in flight."""
    over, its = waits(w.me) & (w.me.time_wait == 0), waits(w.peer) & (w.peer.time_wait == 0)
    return not_(over) & not_(its & (seg.rst | (seg.src <= w.peer.heard)))


def only_its_timer_ends_it(w: Sides) -> bool:
    """T3: no segment ends TIME-WAIT."""
    return not_(w.me.cut)
