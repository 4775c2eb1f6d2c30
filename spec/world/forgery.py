"""Forgery: an off-path sender, who sees nothing and sends segments that neither end sent.

It knows the addresses and ports and has to guess the numbers. The guesses are those that RFC
5961 is about: in the receive window, but blind to what matters. A reset and a SYN miss RCV.NXT;
text hits RCV.NXT, but its ACK lies below SND.UNA - MAX.SND.WND, as do most guesses in a space of
2^32. Text without an ACK needs no such guess; the fifth step of SEGMENT ARRIVES drops it.
"""

from enum import Enum

from spec.tcp.segment import Control, Segment
from spec.tcp.sending import Tcp
from spec.tcp.tcb import Tcb


class Forgery(Enum):
    """What an off-path sender can make up."""

    RST = "forged RST"
    SYN = "forged SYN"
    TEXT = "forged text"
    BARE_TEXT = "forged text without ACK"


FORGERIES = tuple(Forgery)
"""Each of them."""


def forge(tcb: Tcb, what: Forgery, tcp: Tcp) -> Segment:
    """The segment that arrives at the end of ``tcb``."""
    seq = tcp.seq
    if what == Forgery.RST:
        return Segment(seq=seq.plus(tcb.rcv.nxt, 1), ctl=Control(rst=True))
    if what == Forgery.SYN:
        return Segment(seq=seq.plus(tcb.rcv.nxt, 1), ctl=Control(syn=True))
    if what == Forgery.BARE_TEXT:
        return Segment(seq=tcb.rcv.nxt, wnd=tcp.bounds.window, text=1)
    return Segment(
        seq=tcb.rcv.nxt,
        ack=seq.minus(tcb.snd.una, tcp.bounds.window + 1),
        wnd=tcp.bounds.window,
        text=1,
        ctl=Control(ack=True),
    )
