"""Liveness without bounds: what has begun comes to an end, by a measure that only falls.

A clause says what no step can do. Here it is said what fair steps bring about, in the way of Manna
and Pnueli's rules for response. What is left of an end, ``left``, is a natural number that no step
makes greater. So in every run it stays the same from some step on, at both ends. What could go on
for ever is then a run in which neither falls any more. A *stage* says why there is none:

* it goes on once it has begun, as long as nothing falls;
* a timer runs in it, or a user is to call, at one end (``by``, ``what``);
* what is sent then, ``heard[0]``, has the other end answer with ``heard[1]``, and so on; and what
  is heard last makes something fall.

What is assumed is what ``checker.model.liveness`` assumes in the bounded system: weak fairness (a
timer that never stops runs out), and a fair-lossy channel: a segment that is sent for ever arrives,
if not each time, then again and again. All else is the adversary's: loss, order, delay, copies, and
what users call. Nothing is assumed of how long anything takes.

``Silence`` needs no fairness: nobody acts, and each segment that arrives is answered by lighter
ones only, or makes something fall.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proofs.theorems.invariants import View, exists, knows
from spec.seq import not_
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment, acceptable
from spec.tcp.tcb import State
from spec.world.endpoint import Endpoint

Function = Callable[..., bool]
ME, PEER = "me", "peer"


@dataclass(frozen=True, slots=True)
class Stage:
    """While ``holds``, an end goes on to do ``what``; what is ``heard`` in turn, by the other end
    first, ends that. Without it, what is done does."""

    holds: Function
    by: str  # who: me or peer
    what: Input
    heard: tuple[Function, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """What ``leads`` says of an end does not last; in each such state one of the stages is under
    way."""

    leads: Function
    stages: tuple[Stage, ...]

    @property
    def claim(self) -> Function:
        """What bears the claim's name."""
        return self.leads


@dataclass(frozen=True, slots=True)
class Silence:
    """Where nobody acts there is an end to what is sent: ``weight`` is that of a segment."""

    weight: Callable[..., Any]

    @property
    def claim(self) -> Callable[..., Any]:
        """What bears the claim's name."""
        return self.weight


# What is left


def left(w: View) -> int:
    """How far a TCB that is made once is from its end."""
    tcb = w.me.tcb
    state = tcb.state
    if state in (State.CLOSED, State.LISTEN):
        return 0 if w.me.ghost.made == 1 else 8
    if state == State.SYN_SENT:
        return 7
    if state == State.SYN_RECEIVED:
        return 6
    if state == State.ESTABLISHED:
        return 5
    if state == State.FIN_WAIT_1:
        return 4 if tcb.snd.una == tcb.iss else 3
    if state == State.CLOSE_WAIT:
        return 3
    if state in (State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK):
        return 2
    return 1  # TIME-WAIT


# What is heard


def my_syn(w: View, seg: Segment) -> bool:
    """My SYN, without an ACK."""
    return seg.ctl.syn & not_(seg.ctl.ack) & not_(seg.ctl.rst) & (seg.seq == w.my_iss(1))


def my_syn_ack(w: View, seg: Segment) -> bool:
    """My SYN, with an ACK of the peer's."""
    its = seg.ack == w.seq.plus(w.its_iss(1), 1)
    return seg.ctl.syn & seg.ctl.ack & not_(seg.ctl.rst) & (seg.seq == w.my_iss(1)) & its


def its_syn_ack(w: View, seg: Segment) -> bool:
    """The peer's SYN, with an ACK of mine."""
    mine = seg.ack == w.seq.plus(w.my_iss(1), 1)
    return seg.ctl.syn & seg.ctl.ack & not_(seg.ctl.rst) & (seg.seq == w.its_iss(1)) & mine


def refusal(w: View, seg: Segment) -> bool:
    """A reset that answers my SYN."""
    mine = seg.ack == w.seq.plus(w.my_iss(1), 1)
    return seg.ctl.rst & seg.ctl.ack & (seg.seq == 0) & mine


def reset_at_next(w: View, seg: Segment) -> bool:
    """A reset at RCV.NXT."""
    return seg.ctl.rst & (seg.seq == w.me.tcb.rcv.nxt)


def ack_of_all(w: View, seg: Segment) -> bool:
    """An ACK of more than was acknowledged, in my window."""
    me = w.me.tcb
    ahead = w.seq.minus(seg.seq, me.rcv.nxt)
    plain = seg.ctl.ack & not_(seg.ctl.rst) & not_(seg.ctl.syn)
    return plain & (ahead <= 1) & w.seq.lt_le(me.snd.una, seg.ack, me.snd.nxt)


def my_ack(w: View, seg: Segment) -> bool:
    """My ACK of the peer's SYN."""
    its = seg.ack == w.seq.plus(w.its_iss(1), 1)
    plain = seg.ctl.ack & not_(seg.ctl.rst) & not_(seg.ctl.syn)
    return plain & its & (seg.seq == w.seq.plus(w.my_iss(1), 1))


def says_next(w: View, seg: Segment) -> bool:
    """Anything of mine with an ACK of all that I have received."""
    return seg.ctl.ack & not_(seg.ctl.rst) & (seg.ack == w.me.tcb.rcv.nxt)


def my_fin(w: View, seg: Segment) -> bool:
    """My FIN."""
    plain = seg.ctl.fin & seg.ctl.ack & not_(seg.ctl.rst) & not_(seg.ctl.syn)
    return plain & (seg.seq == w.seq.plus(w.my_iss(1), 1))


def its_fin(w: View, seg: Segment) -> bool:
    """The peer's FIN."""
    plain = seg.ctl.fin & seg.ctl.ack & not_(seg.ctl.rst) & not_(seg.ctl.syn)
    return plain & (seg.seq == w.seq.plus(w.its_iss(1), 1))


def my_first(w: View, seg: Segment) -> bool:
    """My SYN or my FIN, with an ACK."""
    return my_syn_ack(w, seg) | my_fin(w, seg)


# Opening


def _in(end: Endpoint, first: State, *states: State) -> bool:
    """Is an end in one of these states?"""
    found: bool = end.tcb.state == first
    for state in states:
        found = found | (end.tcb.state == state)
    return found


def open_ends(w: View) -> bool:
    """L1: every open ends, on sockets that were never used before."""
    return _in(w.me, State.SYN_SENT, State.SYN_RECEIVED)


def calls_nobody(w: View) -> bool:
    """Who is called has no TCB."""
    return _in(w.me, State.SYN_SENT) & not_(exists(w.peer))


def calls_caller(w: View) -> bool:
    """Both call."""
    return _in(w.me, State.SYN_SENT) & _in(w.peer, State.SYN_SENT)


def is_answered(w: View) -> bool:
    """Who is called has heard the SYN."""
    return _in(w.me, State.SYN_SENT) & knows(w.peer)


def answers_nobody(w: View) -> bool:
    """Who called is gone."""
    return _in(w.me, State.SYN_RECEIVED) & not_(exists(w.peer))


def answers_caller(w: View) -> bool:
    """Who called waits for the answer."""
    return _in(w.me, State.SYN_RECEIVED) & _in(w.peer, State.SYN_SENT)


def answers_who_knows(w: View) -> bool:
    """Who called has heard my SYN, and has not closed."""
    return _in(w.me, State.SYN_RECEIVED) & knows(w.peer) & not_(_has_closed(w))


def answers_who_closed(w: View) -> bool:
    """... and has closed since my SYN,ACK came. What it sends but for its FIN need not be in my
    window."""
    una = w.peer.tcb.snd.una != w.peer.tcb.iss
    return _in(w.me, State.SYN_RECEIVED) & knows(w.peer) & _has_closed(w) & una


def answers_who_closed_early(w: View) -> bool:
    """... and closed before that."""
    una = w.peer.tcb.snd.una == w.peer.tcb.iss
    return _in(w.me, State.SYN_RECEIVED) & knows(w.peer) & _has_closed(w) & una


def _has_closed(w: View) -> bool:
    """The peer has sent its FIN."""
    return w.peer.tcb.snd.nxt == w.seq.plus(w.peer.tcb.iss, 2)


_AGAIN = Input.RETRANSMISSION_TIMEOUT

OPENS = Response(
    open_ends,
    (
        Stage(calls_nobody, ME, _AGAIN, (my_syn, refusal)),
        Stage(calls_caller, ME, _AGAIN, (my_syn,)),
        Stage(is_answered, PEER, _AGAIN, (its_syn_ack,)),
        Stage(answers_nobody, ME, _AGAIN, (says_next, reset_at_next)),
        Stage(answers_caller, ME, _AGAIN, (my_syn_ack,)),
        Stage(answers_who_knows, ME, _AGAIN, (my_syn_ack, ack_of_all)),
        Stage(answers_who_closed, PEER, _AGAIN, (its_fin,)),
        Stage(answers_who_closed_early, PEER, _AGAIN, (its_syn_ack, my_ack)),
    ),
)

# Closing


def close_ends(w: View) -> bool:
    """L2: every close ends once both applications close, unless FIN has the number before 0."""
    closing = _in(
        w.me,
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSING,
        State.LAST_ACK,
        State.TIME_WAIT,
    )
    return closing & (w.seq.plus(w.me.tcb.iss, 2) != 0)


def _fin_waits(w: View) -> bool:
    """My FIN is not acknowledged."""
    return _in(w.me, State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)


def _has_fin(w: View) -> bool:
    """The peer has my FIN."""
    return knows(w.peer) & (w.peer.tcb.rcv.nxt == w.seq.plus(w.me.tcb.iss, 2))


def waits_for_timer(w: View) -> bool:
    """TIME-WAIT."""
    return _in(w.me, State.TIME_WAIT)


def closes_on_nobody(w: View) -> bool:
    """The peer is gone."""
    return _fin_waits(w) & not_(exists(w.peer))


def closes_on_caller(w: View) -> bool:
    """The peer waits for my SYN."""
    return _fin_waits(w) & _in(w.peer, State.SYN_SENT)


def fin_is_unheard(w: View) -> bool:
    """The peer has my SYN, and not my FIN."""
    una = w.me.tcb.snd.una != w.me.tcb.iss
    return _fin_waits(w) & una & knows(w.peer) & not_(_has_fin(w))


def fin_is_unanswered(w: View) -> bool:
    """The peer has my FIN, or not even my SYN is acknowledged."""
    una = w.me.tcb.snd.una == w.me.tcb.iss
    return _fin_waits(w) & knows(w.peer) & (una | _has_fin(w))


def waits_for_close(w: View) -> bool:
    """The peer has to close."""
    return _in(w.me, State.FIN_WAIT_2) & _in(w.peer, State.CLOSE_WAIT)


def waits_for_fin(w: View) -> bool:
    """The peer has closed."""
    return _in(w.me, State.FIN_WAIT_2) & _in(w.peer, State.CLOSING, State.LAST_ACK)


CLOSES = Response(
    close_ends,
    (
        Stage(waits_for_timer, ME, Input.TIME_WAIT_TIMEOUT),
        Stage(closes_on_nobody, ME, _AGAIN, (says_next, reset_at_next)),
        Stage(closes_on_caller, ME, _AGAIN, (my_syn_ack,)),
        Stage(fin_is_unheard, ME, _AGAIN, (my_fin,)),
        Stage(fin_is_unanswered, ME, _AGAIN, (my_first, ack_of_all)),
        Stage(waits_for_close, PEER, Input.CLOSE),
        Stage(waits_for_fin, PEER, _AGAIN, (its_fin,)),
    ),
)

# Silence


def falls_silent(w: View, seg: Segment) -> int:
    """L4: where nobody acts the network falls silent, on sockets that were never used before: what
    a segment weighs is how many answers may follow each other."""
    its = w.peer.tcb
    if seg.ctl.rst:
        above = w.seq.minus(seg.seq, its.rcv.nxt)
        return 3 if knows(w.peer) & (above != 0) & (above < its.rcv.wnd) else 0
    if seg.ctl.syn & not_(seg.ctl.ack):
        return 4
    if not_(knows(w.peer)):
        return 2
    return 1 if acceptable(w.seq, its.rcv.nxt, its.rcv.wnd, seg) else 3


SILENT = Silence(falls_silent)
