"""S5: who is ESTABLISHED by a cookie agrees with a TCB of the client.

Nothing is kept of a SYN, so that agreement rests on two numbers: an ACK makes a connection if what
it acknowledges is the cookie of the SYN before it. A keyed hash cannot be modelled by what it
computes. So one number ``irs`` is looked at, which is any, and the secret is any too: then the
cookie of ``irs`` is any number, as it would be of a function of which nothing is known. What nobody
can promise is assumed: that no segment of another TCB has both numbers by chance (``unguessed``).
"""

from dataclasses import dataclass

from proofs.theorems.small import Scene, Small
from spec.seq import implies, not_
from spec.tcp.listener import Listener, Request, cookie, segment_arrives
from spec.tcp.segment import Control, Segment, Seq
from spec.tcp.segment_arrives import segment_arrives as rfc_segment_arrives
from spec.tcp.tcb import State, Tcb


@dataclass(slots=True, eq=False)
class Agreed:
    """What has become of one number of a SYN, and of its cookie."""

    sent: bool = False  # the listener sent that cookie
    heard: bool = False  # a TCB of the client with that ISS took it, and acknowledges it
    made: bool = False  # the server made a TCB with these two numbers
    alone: bool = False  # ... when no TCB of the client had taken the cookie


@dataclass(slots=True, eq=False)
class One:
    """The number that is looked at, and whether others may guess."""

    irs: Seq = 0
    guessed: bool = False


@dataclass(slots=True, eq=False)
class Sender:
    """A TCB of the client, and how much of either stream lies behind it."""

    iss: Seq = 0
    irs: Seq = 0
    sent: Seq = 0
    got: Seq = 0


def _is_the_one(s: Scene, sender: Sender) -> bool:
    one: bool = (sender.iss == s.open.irs) & (sender.irs == cookie(s.open.irs, 0, s.tcp))
    return one


def _syn(s: Scene, sender: Sender) -> bool:
    listener, seg = Listener(listening=True), Segment(seq=sender.iss, ctl=Control(syn=True))
    segment_arrives(listener, Request(), Tcb(), seg, s.tcp)
    sent = [answer for answer in s.tcp.sent if answer.ctl.syn]
    mine = [(sender.iss == s.open.irs) & (one.seq == cookie(s.open.irs, 0, s.tcp)) for one in sent]
    for one in mine:
        s.me.sent = s.me.sent | one
    return True


def _syn_ack(s: Scene, sender: Sender) -> bool:
    """A TCB in SYN-SENT takes a SYN,ACK, if that was sent."""
    seq, one = s.tcp.seq, _is_the_one(s, sender)
    if one and not_(s.me.sent):
        return False
    tcb = Tcb(state=State.SYN_SENT, iss=sender.iss)
    tcb.snd.una, tcb.snd.nxt = sender.iss, seq.plus(sender.iss, 1)
    control = Control(syn=True, ack=True)
    rfc_segment_arrives(tcb, Segment(seq=sender.irs, ack=tcb.snd.nxt, ctl=control), s.tcp)
    s.me.heard = s.me.heard | (one & (tcb.state == State.ESTABLISHED))
    return True


def _ack(s: Scene, sender: Sender) -> bool:
    """A segment with ACK arrives, of a TCB that took some SYN,ACK: with the next numbers of these,
    or with later ones."""
    seq, one = s.tcp.seq, _is_the_one(s, sender)
    if one and not_(s.me.heard):
        return False
    seg = Segment(
        seq=seq.plus(seq.plus(sender.iss, 1), sender.sent),
        ack=seq.plus(seq.plus(sender.irs, 1), sender.got),
        ctl=Control(ack=True),
    )
    looks = (seg.seq == seq.plus(s.open.irs, 1)) & (
        seg.ack == seq.plus(cookie(s.open.irs, 0, s.tcp), 1)
    )
    if looks and not_(one) and not_(s.open.guessed):
        return False
    tcb = Tcb()
    segment_arrives(Listener(listening=True, overflowed=1), Request(), tcb, seg, s.tcp)
    if tcb.state == State.ESTABLISHED:
        mine = tcb.irs == s.open.irs
        s.me.made = s.me.made | mine
        s.me.alone = s.me.alone | (mine & not_(s.me.heard))
    return True


AGREEMENT = Small(Agreed, Sender, One, {"SYN": _syn, "SYN,ACK": _syn_ack, "ACK": _ack})


def unguessed(s: Scene) -> bool:
    """No segment of a TCB has the two numbers of a SYN and of its cookie, but of the TCB that sent
    the SYN and took the cookie."""
    return not_(s.open.guessed)


def heard_is_sent(s: Scene) -> bool:
    """What the client took was sent."""
    return implies(s.me.heard, s.me.sent)


def server_agrees(s: Scene) -> bool:
    """S5: where the server made a TCB, one of the client has its IRS as ISS, and took its ISS,
    which was sent."""
    return not_(s.me.alone) & implies(s.me.made, s.me.heard & s.me.sent)
