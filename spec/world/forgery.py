"""Forgery: an off-path sender, who sees nothing and sends segments that neither end sent.

It knows the addresses and ports and has to guess the numbers. ``misses`` says which segments are
blind to what matters, as RFC 5961 has it: any reset but one at RCV.NXT, any SYN, any ACK outside
the range of its section 5, and whatever has no ACK.

Theorems are about all of these, ``ANY``. An exploration injects five examples. They lie in the
receive window: a reset and a SYN miss RCV.NXT by one; text hits RCV.NXT, but its ACK misses the
range by one, below SND.UNA - MAX.SND.WND or above SND.NXT; or it has none, and the fifth step of
SEGMENT ARRIVES drops it.
"""

from enum import Enum

from spec.seq import Space, not_
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds


class Forgery(Enum):
    """What an off-path sender can make up."""

    RST = "forged RST"
    SYN = "forged SYN"
    TEXT = "forged text"
    BARE_TEXT = "forged text without ACK"
    TEXT_AHEAD = "forged text, ACK ahead"
    ANY = "forged segment"  # any that misses


FORGERIES = tuple(what for what in Forgery if what != Forgery.ANY)
"""The examples."""


def forge(tcb: Tcb, what: Forgery, tcp: Tcp) -> Segment:
    """The segment that arrives at the end of ``tcb``."""
    seq = tcp.seq
    if what == Forgery.RST:
        return Segment(seq=seq.plus(tcb.rcv.nxt, 1), ctl=Control(rst=True))
    if what == Forgery.SYN:
        return Segment(seq=seq.plus(tcb.rcv.nxt, 1), ctl=Control(syn=True))
    if what == Forgery.BARE_TEXT:
        return Segment(seq=tcb.rcv.nxt, wnd=tcp.bounds.window, text=1)
    below, above = seq.minus(tcb.snd.una, tcp.bounds.window + 1), seq.plus(tcb.snd.nxt, 1)
    return Segment(
        seq=tcb.rcv.nxt,
        ack=above if what == Forgery.TEXT_AHEAD else below,
        wnd=tcp.bounds.window,
        text=1,
        ctl=Control(ack=True),
    )


def misses(tcb: Tcb, seg: Segment, seq: Space, bounds: Bounds) -> bool:
    """Does a segment miss what it would have to hit, at an end whose TCB has numbers?

    Before it is synchronized, an end knows better than RFC 5961's range which ACKs are good. A SYN
    has nothing to hit there: ``forged_opening`` and ``forged_calling`` let it in.
    """
    snd, ctl = tcb.snd, seg.ctl
    syn: bool = True
    if tcb.state == State.SYN_SENT:
        good = ctl.ack & seq.lt_le(tcb.iss, seg.ack, snd.nxt)
        return not_(good) & (ctl.ack | ctl.rst | not_(ctl.syn) | bounds.forged_calling)
    if tcb.state == State.SYN_RECEIVED:
        good, syn = seq.lt_le(snd.una, seg.ack, snd.nxt), bounds.forged_opening
    else:
        good = seq.le_le(seq.minus(snd.una, bounds.window), seg.ack, snd.nxt)
    reset = ctl.rst & (seg.seq != tcb.rcv.nxt)
    return reset | (not_(ctl.rst) & ((ctl.syn & syn) | (not_(ctl.syn) & not_(ctl.ack & good))))
