"""Selective acknowledgment (RFC 2018): what a receiver reports, and what a sender makes of it.

An ACK tells all that its sender holds beyond RCV.NXT. ??? The option has room for three or four
blocks of it; here are no windows with more. It is advice: until it is acknowledged a receiver may
forget it, *renege* (section 8). So a sender keeps what was reported (``Transfer.sacked``), but does
not send it again; after a timeout it counts as not reported, and SND.UNA's text is sent again
whether it was reported or not (sections 5 and 5.1). How much is in flight is not computed from it
(RFC 6675).
"""

from spec.rules import Sacked
from spec.seq import choose, least, not_
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.tcb import Tcb
from spec.tcp.transfer import Transfer, holds, shift, spans


def report(tcb: Tcb, tcp: Tcp) -> None:
    """What is sent with an ACK tells what is held beyond it (section 4)."""
    for transfer in tcb.transfers:
        if tcp.bounds.sack:
            held: int = 0
            for n, place in enumerate(transfer.places):
                held = held + choose(place.here, 1 << n, 0)
            for seg in tcp.sent:
                seg.sack = choose(seg.ctl.ack & not_(seg.ctl.rst), held, 0)


def heard(tcb: Tcb, transfer: Transfer, seg: Segment, octets: int, tcp: Tcp) -> None:
    """An ACK has come, of so many octets that were in flight.

    What it reports is remembered as long as it is in flight. ??? Of an older ACK it is not.
    """
    shift(transfer.sacked, octets, tcp.bounds.place)
    flight = tcp.seq.minus(tcb.snd.nxt, tcb.snd.una)
    for n, (place, _, end) in enumerate(spans(transfer.sacked, tcp.bounds.place)):
        said: bool = False
        for held in range(1 << len(transfer.sacked)):
            if held & (1 << n):
                said = said | (seg.sack == held)
        now = said & (seg.ack == tcb.snd.una) & (end <= flight)
        place.here = place.here | now


def timeout(transfer: Transfer, tcp: Tcp) -> None:
    """The receiver may have reneged (section 8)."""
    if tcp.rules.sacked == Sacked.KEPT:
        for place in transfer.sacked:
            place.here = False


def reported(tcb: Tcb, transfer: Transfer, at: int, tcp: Tcp) -> int:
    """How many octets from ``at`` on were reported, without a gap."""
    ahead = tcp.seq.minus(at, tcb.snd.una)
    run: int = 0
    for place, start, end in spans(transfer.sacked, tcp.bounds.place):
        run = choose(place.here & (ahead + run == start), run + (end - start), run)
    return run


def unreported(tcb: Tcb, transfer: Transfer, at: int, text: int, tcp: Tcp) -> int:
    """How many of ``text`` octets from ``at`` on come before the next that was reported."""
    ahead = tcp.seq.minus(at, tcb.snd.una)
    for place, start, _ in reversed(spans(transfer.sacked, tcp.bounds.place)):
        before = choose(start >= ahead, tcp.seq.minus(start, ahead), text)
        text = choose(place.here, least(text, before), text)
    return text


def freed(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> int:
    """How many octets from SND.UNA on can no longer be sent: none, by section 8."""
    return reported(tcb, transfer, tcb.snd.una, tcp) if frees(tcp) else 0


def frees(tcp: Tcp) -> bool:
    """Is what was reported freed?"""
    return tcp.bounds.sack and tcp.rules.sacked == Sacked.FREED


def may_renege(tcb: Tcb) -> bool:
    """Is anything held beyond RCV.NXT?"""
    held: bool = False
    for transfer in tcb.transfers:
        held = holds(transfer)
    return held


def renege(tcb: Tcb, tcp: Tcp) -> None:
    """The receiver needs the room, and forgets what it holds beyond RCV.NXT (section 8)."""
    for transfer in tcb.transfers:
        for place in transfer.places:
            place.here = False
    return tcp.rule("RFC 2018/8/renege", "text beyond RCV.NXT is forgotten")
