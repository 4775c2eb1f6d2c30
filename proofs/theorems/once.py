"""Connections of sockets that were never used before: one TCB at each end, without text.

What is in flight is then of the one TCB that its sender has made, or a reset. The clauses say which
numbers it bears, and which resets there are; ``proofs.theorems.response`` has what follows of them:
that opening, closing and talking come to an end.
"""

from proofs.theorems.invariants import View, exists, knows
from spec.seq import implies, not_
from spec.tcp.segment import Segment
from spec.tcp.tcb import State

_ONE = 1
"""The number of the only TCB of an end."""


def two_fit(w: View) -> bool:
    """A window is between 2 octets and 2^30."""
    return (w.bounds.window >= 2) & (w.bounds.window <= 1 << 30)


def only_one(w: View) -> bool:
    """An end makes one TCB, whose ISS is the first."""
    me = w.me
    made = (me.ghost.made == _ONE) & (me.tcb.iss == w.my_iss(_ONE))
    return (me.ghost.made <= _ONE) & implies(exists(me), made)


def remembered(w: View) -> bool:
    """It is remembered whether a TCB knew both numbers, was passive, and sent its FIN."""
    me, memory = w.me, w.mine(_ONE)
    sent = me.tcb.snd.nxt == w.seq.plus(me.tcb.iss, 2)
    same = memory.known & (memory.passive == me.tcb.passive) & (memory.fin == sent)
    return (
        implies(knows(me), same)
        & implies(me.tcb.state == State.SYN_SENT, not_(memory.known))
        & implies(memory.known, me.ghost.made == _ONE)
        & implies(memory.fin, memory.known)
    )


def hears_the_other(w: View) -> bool:
    """What an end heard is the one TCB of its peer."""
    me, peer = w.me, w.peer
    heard = (peer.ghost.made == _ONE) & (me.tcb.irs == w.its_iss(_ONE))
    return implies(knows(me), heard) & implies(w.mine(_ONE).known, peer.ghost.made == _ONE)


def window_is_the_buffer(w: View) -> bool:
    """Without text the window is the whole buffer."""
    return implies(exists(w.me), w.me.tcb.rcv.wnd == w.bounds.window)


def acknowledged_by_who_knows(w: View) -> bool:
    """Who acknowledged our SYN knows it; who acknowledged our FIN, or took it, has had it."""
    me = w.me
    una = w.seq.minus(me.tcb.snd.una, me.tcb.iss)
    got = w.seq.minus(me.tcb.rcv.nxt, me.tcb.irs)
    return implies(knows(me) & (una != 0), w.its(_ONE).known) & implies(
        knows(me) & (got == 2), w.its(_ONE).fin
    )


def fin_is_acknowledged(w: View) -> bool:
    """A FIN that is acknowledged was taken, if who took it is there still."""
    me, peer = w.me, w.peer
    whole = w.seq.minus(me.tcb.snd.una, me.tcb.iss) == 2
    got = w.seq.minus(peer.tcb.rcv.nxt, peer.tcb.irs) == 2
    return implies(knows(me) & whole & knows(peer), got)


def closing_was_answered(w: View) -> bool:
    """Who has taken a FIN was answered before."""
    me = w.me.tcb
    return implies(me.state == State.CLOSING, me.snd.una != me.iss)


def who_listens_again_was_reset(w: View) -> bool:
    """An end that listens again was called by a TCB that is gone, or has been answered."""
    again = (w.me.tcb.state == State.LISTEN) & (w.me.ghost.made == _ONE)
    calling = w.peer.tcb.state == State.SYN_SENT
    return implies(again, w.mine(_ONE).known & w.mine(_ONE).passive & not_(calling))


# Segments


def segments_are_bare(w: View, seg: Segment) -> bool:
    """No FIN comes with a SYN, and no text with anything; a TCB sends it, but for a reset."""
    return (
        not_(seg.ctl.syn & seg.ctl.fin)
        & (seg.text == 0)
        & not_(seg.ctl.rst & (seg.ctl.syn | seg.ctl.fin))
        & (seg.ctl.rst | (w.me.ghost.made == _ONE))
    )


def syn_says_iss(w: View, seg: Segment) -> bool:
    """A SYN bears the ISS; without an ACK it is of a TCB that was opened actively."""
    passive = w.mine(_ONE).known & w.mine(_ONE).passive
    return implies(seg.ctl.syn, (seg.seq == w.my_iss(_ONE)) & (seg.ctl.ack | not_(passive)))


def others_are_above(w: View, seg: Segment) -> bool:
    """Other segments lie one above the ISS, or two if FIN was sent; a FIN lies one above."""
    ahead = w.seq.minus(seg.seq, w.my_iss(_ONE))
    plain = not_(seg.ctl.syn) & not_(seg.ctl.rst)
    lies = (ahead == 1) | ((ahead == 2) & w.mine(_ONE).fin & not_(seg.ctl.fin))
    return implies(plain, seg.ctl.ack & lies) & implies(seg.ctl.fin, w.mine(_ONE).fin)


def acks_are_of_what_came(w: View, seg: Segment) -> bool:
    """An ACK is of the SYN, or of the FIN that was sent, and never above RCV.NXT."""
    me = w.me
    ahead = w.seq.minus(seg.ack, w.its_iss(_ONE))
    of = (ahead == 1) | ((ahead == 2) & w.its(_ONE).fin)
    got = w.seq.minus(me.tcb.rcv.nxt, me.tcb.irs)
    return implies(
        seg.ctl.ack & not_(seg.ctl.rst),
        w.mine(_ONE).known & of & implies(knows(me), ahead <= got),
    )


def resets_are_told(w: View, seg: Segment) -> bool:
    """A reset comes of an end whose TCB is gone; or it answers a SYN without ACK."""
    me = w.me
    bare = (
        seg.ctl.ack
        & (seg.seq == 0)
        & (seg.ack == w.seq.plus(w.its_iss(_ONE), 1))
        & (w.peer.ghost.made == _ONE)
        & not_(w.its(_ONE).known & w.its(_ONE).passive)
    )
    gone = not_(seg.ctl.ack) & (me.ghost.made == _ONE) & not_(exists(me))
    return implies(seg.ctl.rst, bare | gone)


# Where nobody aborts or gives up


def who_took_fin_stays(w: View, seg: Segment) -> bool:
    """Who has acknowledged a FIN is there until its own is taken, unless a reset from before the
    peer's TCB can be at RCV.NXT."""
    me, peer = w.me, w.peer
    whole = w.seq.minus(seg.ack, w.its_iss(_ONE)) == 2
    waits = knows(peer) & (w.seq.minus(peer.tcb.rcv.nxt, peer.tcb.irs) == 1)
    acks = seg.ctl.ack & not_(seg.ctl.rst) & whole
    return implies(acks & waits & (w.seq.plus(w.its_iss(_ONE), 2) != 0), knows(me))


def who_waits_has_a_peer(w: View) -> bool:
    """... and so FIN-WAIT-2 has a peer."""
    me = w.me.tcb
    waits = (me.state == State.FIN_WAIT_2) & (w.seq.plus(me.iss, 2) != 0)
    return implies(waits, knows(w.peer))
