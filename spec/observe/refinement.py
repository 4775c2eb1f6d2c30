"""Refinement: is each step of a data plane a step of the lifecycle, or none?

The lifecycle (``spec.tcp`` without ``Transfer``) says what a TCP may do; a data plane chooses among
it. What it may choose from is the *liberal* lifecycle:

* an event does what it does in the lifecycle, but sends no text yet, unless it is the timer that
  probes a shut window;
* then text is sent, or not: any octets that begin in [SND.UNA, SND.NXT] and end by SND.NXT, or
  within the peer's window. FIN follows the last octet, as soon as that was sent. What is new moves
  SND.NXT, and nothing moves it back;
* what was received is acknowledged as often as one likes, before the event or after it;
* text that comes ahead of RCV.NXT, and would be taken if it were next, may be held, as if the
  network kept a copy of it until it is;
* RECEIVE opens the window by no more than all, and never moves its right edge to the left.

So each step is done a second time, by the same rules without a data plane, and compared: a step
that the liberal lifecycle does not have is remembered for ever. A host has one socket here, and no
listener; a shrinking window (SHLD-14) is no step of the lifecycle.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, cast

from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose, implies, least, not_
from spec.tcp.context import Tcp
from spec.tcp.host import Host, Socket, step
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb
from spec.tcp.transfer import Place, Transfer

HELD = "3.10.7.4/seventh/out-of-order"
"""The rule by which the lifecycle would take a segment, were it next."""


class Refinement(Watcher):
    """Records steps that the liberal lifecycle does not have."""

    name = "refinement"

    def stepped(self, ghost: Ghost, m: Moment) -> None:
        ghost.strayed = ghost.strayed | not_(refines(m))


def refines(m: Moment) -> bool:
    """Is this a step of the liberal lifecycle?"""
    if m.what == Input.SHRINK:
        return False
    tcb, tcp = _lifecycle(m)
    kept = _answered(m, tcp) & _told(m.tcp, tcp)
    kept = kept & _received(m, tcb, tcp)
    kept = kept & _holds(m, tcp)
    for sent in m.tcp.sent:
        kept = kept & (_among(sent, tcp.sent) | _sends(m, tcb, sent))
    return kept & _same(tcb, m.after)


def _lifecycle(m: Moment) -> tuple[Tcb, Tcp]:
    """What the lifecycle makes of the event, when it sends no text."""
    before = m.before
    tcb = replace(before, snd=replace(before.snd), rcv=replace(before.rcv), transfers=())
    bounds = replace(cast(Any, m.tcp.bounds), octets=0, packed=False)
    tcp = Tcp(m.tcp.rules, bounds, m.tcp.isn)
    tcp.clock = m.tcp.clock
    socket = Socket(tcb)
    step(Host((socket,)), socket, m.what, m.seg, tcp)
    return tcb, tcp


# What is sent


def _answered(m: Moment, tcp: Tcp) -> bool:
    """Whatever has SYN or RST is sent as in the lifecycle, and the same TCB was made."""
    kept: bool = (m.tcp.made == tcp.made) & (m.tcp.drew_isn == tcp.drew_isn)
    for seg in tcp.sent:
        kept = kept & implies(seg.ctl.syn | seg.ctl.rst, _among(seg, m.tcp.sent))
    return kept


def _told(mine: Tcp, its: Tcp) -> bool:
    """The user is told the same."""
    return mine.signals == its.signals


def _among(seg: Segment, sent: Sequence[Segment]) -> bool:
    """Is there such a segment among those that were sent?"""
    found: bool = False
    for one in sent:
        alike = (one.seq == seg.seq) & (one.ack == seg.ack) & (one.wnd == seg.wnd)
        alike = alike & (one.text == seg.text) & (one.up == seg.up) & (one.tsval == seg.tsval)
        for f in fields(seg.ctl):
            alike = alike & (getattr(one.ctl, f.name) == getattr(seg.ctl, f.name))
        found = found | alike
    return found


def _sends(m: Moment, tcb: Tcb, seg: Segment) -> bool:
    """May this be sent, be it text, FIN or an acknowledgment? It is: ``tcb`` follows."""
    seq, snd = m.tcp.seq, tcb.snd
    flight, ahead = seq.minus(snd.nxt, snd.una), seq.minus(seg.seq, snd.una)
    ends = ahead + seg.text
    written = seq.minus(seq.plus(tcb.iss, tcb.written + 1), snd.una)
    text = (ahead <= flight) & ((ends <= flight) | (ends <= snd.wnd))
    text = text & (ends <= written) & not_(tcb.fin_acknowledged(seq))
    last = seq.plus(seg.seq, seg.text) == seq.plus(tcb.iss, tcb.written + 1)
    fin = tcb.closing & (ahead <= flight) & last
    bare = not_(seg.ctl.fin) & (seg.text == 0)
    empty = (seg.seq == m.before.snd.nxt) | (seg.seq == m.after.snd.nxt)
    may = implies(seg.text != 0, text) & implies(seg.ctl.fin, fin) & implies(bare, empty)
    may = may & _acknowledges(m, seg) & not_(seg.ctl.syn | seg.ctl.rst)
    more = may & (ends + seg.ctl.fin > flight)
    snd.nxt = choose(more, seq.plus(seq.plus(seg.seq, seg.text), seg.ctl.fin), snd.nxt)
    left = more & seg.ctl.fin & (tcb.state == State.CLOSE_WAIT)
    tcb.state = choose(left, State.LAST_ACK, tcb.state)
    tcb.span = choose(more & (flight == 0), m.tcp.bounds.span, tcb.span)
    return may


def _acknowledges(m: Moment, seg: Segment) -> bool:
    """Does it acknowledge what was received, before the event or after it, with that window?"""
    found: bool = False
    for tcb in (m.before, m.after):
        told = (seg.ack == tcb.rcv.nxt) & (seg.wnd == tcb.rcv.wnd)
        found = found | (_synchronized(tcb) & told)
    return found & seg.ctl.ack


def _synchronized(tcb: Tcb) -> bool:
    found: bool = False
    for state in SYNCHRONIZED:
        found = found | (tcb.state == state)
    return found


# What is received


def _received(m: Moment, tcb: Tcb, tcp: Tcp) -> bool:
    """Is as much taken as in the lifecycle, and what was held and follows? Then ``tcb`` has it,
    and the window that the user's RECEIVE has opened."""
    seq, rcv, now = m.tcp.seq, tcb.rcv, m.after.rcv
    if m.what == Input.RECEIVE:
        was = m.before.rcv
        wide = (was.wnd <= now.wnd) & (now.wnd <= rcv.wnd)
        wide = wide & (seq.minus(now.up, was.up) <= seq.minus(rcv.up, was.up))
        wide = wide & ((now.push == rcv.push) | (now.push == was.push))
        rcv.wnd, rcv.up, rcv.push = now.wnd, now.up, now.push
        return wide
    more = seq.minus(now.nxt, rcv.nxt)
    taken = seq.minus(rcv.nxt, m.before.rcv.nxt)
    follows: int = 0
    for transfer in m.before.transfers:
        run: bool = m.seg is not None
        for place, start, end in _spans(transfer, m.tcp):
            run = run & ((end <= taken) | (place.here & (start >= taken)))
            follows = follows + choose(run & (start >= taken), end - start, 0)
    kept = more <= least(follows, rcv.wnd)
    rcv.nxt = choose(kept, now.nxt, rcv.nxt)
    rcv.wnd = choose(kept, seq.minus(rcv.wnd, more), rcv.wnd)
    return kept


def _holds(m: Moment, tcp: Tcp) -> bool:
    """Was what is held now held before, or does it come now, in the window, from a segment that the
    lifecycle would take at its turn?"""
    seq, seg = m.tcp.seq, m.seg
    moved = seq.minus(m.after.rcv.nxt, m.before.rcv.nxt)
    comes = seg is not None and any(rule.id == HELD for rule in tcp.cited)
    kept: bool = True
    for now, was in zip(m.after.transfers, m.before.transfers, strict=True):
        for place, start, _ in _spans(now, m.tcp):
            there: bool = False
            for before, first, end in _spans(was, m.tcp):
                came = before.here
                if comes and seg is not None:
                    ahead = seq.minus(seg.seq, m.before.rcv.nxt)
                    inside = (ahead <= first) & (end <= ahead + seg.text)
                    came = came | (inside & (end <= m.before.rcv.wnd))
                there = there | ((moved + start == first) & came)
            kept = kept & implies(place.here, there)
    return kept


def _spans(transfer: Transfer, tcp: Tcp) -> list[tuple[Place, int, int]]:
    """The places of the window: from where to where, counted from RCV.NXT."""
    size = tcp.bounds.place
    return [(place, n * size, n * size + size) for n, place in enumerate(transfer.places)]


# What becomes of the TCB


def _same(tcb: Tcb, after: Tcb) -> bool:
    """Are these the same but for the data plane?"""
    same: bool = True
    for its, mine in ((tcb, after), (tcb.snd, after.snd), (tcb.rcv, after.rcv)):
        for f in fields(cast(Any, its)):
            if f.name not in ("snd", "rcv", "transfers"):
                same = same & (getattr(its, f.name) == getattr(mine, f.name))
    return same
