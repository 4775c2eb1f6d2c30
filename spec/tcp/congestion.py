"""Congestion control (RFC 9293 section 3.8.2, MUST-19): RFC 5681, RFC 6582 and RFC 3042.

Four algorithms, three phases:

* *slow start*, while cwnd < ssthresh: cwnd grows by what is acknowledged;
* *congestion avoidance*, from there on: cwnd grows by a segment once as much as cwnd is
  acknowledged, about once in a round trip (RFC 5681 3.1 recommends this way of counting);
* *fast recovery*, which the third duplicate ACK begins by *fast retransmit*: what seems lost is
  sent again at once, cwnd becomes half of what was in flight, and each further duplicate ACK lets
  another segment out, since one has left the network.

A retransmission timeout begins slow start anew from one segment, out of any phase.

All is in octets. ??? cwnd is not let grow beyond ``clamp``: a window that the peer never offers
would show in nothing but the number.
"""

from enum import Enum

from spec.rules import Congestion, Growth
from spec.seq import choose, half, least, most, times
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.tcb import Tcb
from spec.tcp.transfer import Transfer


class Phase(Enum):
    """What a sender is doing about congestion."""

    NONE = "no connection"
    SLOW_START = "slow start"
    AVOIDANCE = "congestion avoidance"
    RECOVERY = "fast recovery"


def phase(transfer: Transfer) -> Phase:
    """The phase, which the variables tell. RFC 5681 3.1: where cwnd and ssthresh are equal, a
    sender may do either; here it avoids congestion."""
    if transfer.cwnd == 0:
        return Phase.NONE
    if transfer.recovering:
        return Phase.RECOVERY
    return Phase.SLOW_START if transfer.cwnd < transfer.ssthresh else Phase.AVOIDANCE


def begin(tcb: Tcb, tcp: Tcp) -> None:
    """Our SYN is acknowledged: the initial window, and ssthresh as high as it goes (3.1).

    ??? It should be one segment if our SYN or SYN,ACK was lost. That is not remembered here.
    """
    for transfer in tcb.transfers:
        transfer.nxt = tcb.snd.nxt
        transfer.recover = tcb.iss
        transfer.largest = tcb.snd.wnd
        transfer.cwnd = tcp.bounds.initial_window * tcp.bounds.mss
        transfer.ssthresh = tcp.bounds.clamp


def limit(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> int:
    """How much may be in flight, if the peer's window allows it.

    Limited transmit: one segment more for each of the first two duplicate ACKs, of text that was
    never sent before (RFC 3042 2).
    """
    if tcp.rules.congestion == Congestion.NONE:
        return tcp.bounds.clamp
    extra = 0
    new = transfer.nxt == tcb.snd.nxt
    if tcp.rules.limited_transmit:
        for n in range(1, DUPLICATES):
            few = (transfer.duplicates >= n) & (transfer.duplicates < DUPLICATES)
            extra = extra + choose(few & new, tcp.bounds.mss, 0)
    return transfer.cwnd + extra


DUPLICATES = 3
"""Duplicate ACKs that mean loss (RFC 5681 section 3.2)."""


def acknowledged(tcb: Tcb, transfer: Transfer, octets: int, tcp: Tcp) -> bool:
    """An ACK of so many numbers that were in flight; is the front of the queue to be sent again?"""
    transfer.duplicates = 0
    transfer.timed_out = False
    if tcp.seq.lt(transfer.nxt, tcb.snd.una):
        transfer.nxt = tcb.snd.una
    if transfer.timing & tcp.seq.lt(transfer.timed, tcb.snd.una):
        transfer.timing = False
        transfer.timed = 0
        tcp.rule("RFC 6298/3/sample", "what was timed is acknowledged: a sample of the round trip")
    if tcp.rules.congestion == Congestion.NONE:
        return False
    mss = tcp.bounds.mss
    flight = tcp.seq.minus(tcb.snd.nxt, tcb.snd.una)
    before = flight + octets
    if transfer.recovering:
        if tcp.rules.congestion == Congestion.NEWRENO and tcp.seq.lt(tcb.snd.una, transfer.recover):
            # What follows is lost too. cwnd keeps so much in flight as ssthresh allows at the end.
            # ??? The text lets ACKs of less than a segment use cwnd up; here a segment is left.
            left = choose(transfer.cwnd > octets, tcp.seq.minus(transfer.cwnd, octets), 0)
            transfer.cwnd = _within(most(left + choose(octets >= mss, mss, 0), mss), tcp)
            tcp.rule("RFC 6582/3.2/partial", "partial ACK: what follows is lost too, sent again")
            return True
        if tcp.rules.congestion == Congestion.NEWRENO:
            transfer.cwnd = least(transfer.ssthresh, most(flight, mss) + mss)
        else:
            transfer.cwnd = transfer.ssthresh
        transfer.recovering = False
        transfer.acked = 0
        tcp.rule("RFC 5681/3.2/(6)/recovered", "all that was lost is acknowledged, cwnd deflates")
        return False
    if tcp.rules.cwnd_validated and before + before < transfer.cwnd:
        tcp.rule("RFC 7661/4.3/not-validated", "little of cwnd was used, it does not grow")
        return False
    if transfer.cwnd < transfer.ssthresh:
        more = mss if tcp.rules.growth == Growth.SEGMENT else least(octets, mss)
        transfer.cwnd = _within(transfer.cwnd + more, tcp)
        tcp.rule("RFC 5681/3.1/(2)/slow-start", "slow start: cwnd grows by what is acknowledged")
        return False
    acked = transfer.acked + octets
    if acked >= transfer.cwnd:
        transfer.acked = least(tcp.seq.minus(acked, transfer.cwnd), tcp.bounds.clamp)
        transfer.cwnd = _within(transfer.cwnd + mss, tcp)
        tcp.rule("RFC 5681/3.1/avoidance", "congestion avoidance: cwnd grows by a segment")
    else:
        transfer.acked = acked
    return False


def is_duplicate(tcb: Tcb, seg: Segment) -> bool:
    """Is ``seg``, whose ACK is not new, a duplicate ACK (RFC 5681 section 2)?

    ??? By the letter so are answers of zero-window probes: an octet is outstanding.
    """
    same = (seg.ack == tcb.snd.una) & (seg.wnd == tcb.snd.wnd)
    outstanding = (tcb.snd.una != tcb.snd.nxt) & (tcb.snd.una != tcb.iss)  # our SYN is no data
    return same & outstanding & (seg.length() == 0)


def duplicate(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> bool:
    """A duplicate ACK; is the front of the queue to be sent again?"""
    if tcp.rules.congestion == Congestion.NONE:
        return False
    if transfer.recovering:
        transfer.cwnd = _within(transfer.cwnd + tcp.bounds.mss, tcp)
        tcp.rule("RFC 5681/3.2/(4)/inflate", "a segment has left the network, cwnd inflates")
        return False
    if transfer.duplicates == DUPLICATES:
        return False
    transfer.duplicates = transfer.duplicates + 1
    if transfer.duplicates != DUPLICATES:
        return False
    if tcp.rules.congestion == Congestion.NEWRENO and tcp.rules.recover_check:
        # ??? Nothing moves recover on where nothing is lost: half the sequence space later it is
        # ahead again, and no loss is noticed by duplicates until SND.UNA has come to it.
        if not tcp.seq.lt(transfer.recover, tcb.snd.una):
            tcp.rule("RFC 6582/3.2/(2)/known", "of what was lost before: no fast retransmit")
            return False
    flight = tcp.seq.minus(tcb.snd.nxt, tcb.snd.una)
    beyond = choose(flight > transfer.cwnd, tcp.seq.minus(flight, transfer.cwnd), 0)
    extra = times(DUPLICATES - 1, tcp.bounds.mss) if tcp.rules.limited_transmit else 0
    _lost(tcb, transfer, tcp, least(beyond, extra))
    if tcp.rules.congestion == Congestion.TAHOE:
        _restart(tcb, transfer, tcp)
    else:
        transfer.recovering = True
        transfer.cwnd = _within(transfer.ssthresh + times(DUPLICATES, tcp.bounds.mss), tcp)
    tcp.rule("RFC 5681/3.2/(2)/fast-retransmit", "third duplicate ACK: fast retransmit")
    return True


def timeout(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """The retransmission timer has run out: slow start from one segment (3.1, equation 4)."""
    transfer.nxt = tcb.snd.una
    transfer.duplicates = 0
    if tcp.rules.congestion == Congestion.NONE:
        return None
    if not transfer.timed_out:
        _lost(tcb, transfer, tcp)
    transfer.timed_out = True
    transfer.recover = tcb.snd.nxt  # however often it has run out (RFC 6582 3.2 (4))
    _restart(tcb, transfer, tcp)
    return tcp.rule("RFC 5681/3.1/(4)/timeout", "timeout: slow start from one segment")


def is_idle(tcb: Tcb, tcp: Tcp) -> bool:
    """Is nothing in flight, with a cwnd beyond the initial window?"""
    large: bool = False
    for transfer in tcb.transfers:
        large = transfer.cwnd > tcp.bounds.initial_window * tcp.bounds.mss
    return large & (tcb.snd.una == tcb.snd.nxt) & (tcp.rules.congestion != Congestion.NONE)


def idle(transfer: Transfer, tcp: Tcp) -> None:
    """Nothing was sent for RTO: no ACKs are under way that would pace what is sent next. cwnd is
    the restart window, which is the initial window at most (4.1)."""
    if not tcp.rules.restart_window:
        return tcp.rule("against RFC 5681/4.1/idle", "nothing was sent for RTO, and cwnd stays")
    transfer.cwnd = least(transfer.cwnd, tcp.bounds.initial_window * tcp.bounds.mss)
    return tcp.rule("RFC 5681/4.1/idle", "nothing was sent for RTO: the restart window")


def _lost(tcb: Tcb, transfer: Transfer, tcp: Tcp, extra: int = 0) -> None:
    """Loss is noticed: ssthresh <- max(FlightSize / 2, 2*SMSS). What limited transmit sent is no
    part of FlightSize (3.2 (2))."""
    flight = tcp.seq.minus(tcp.seq.minus(tcb.snd.nxt, tcb.snd.una), extra)
    floor = times(2, tcp.bounds.mss) if tcp.rules.cwnd_floor else 0
    transfer.ssthresh = most(half(flight, tcp.bounds.clamp), floor)
    transfer.recover = tcb.snd.nxt


def _restart(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """The loss window: one segment."""
    transfer.nxt = tcb.snd.una
    transfer.cwnd = tcp.bounds.mss
    transfer.recovering = False
    transfer.acked = 0


def _within(cwnd: int, tcp: Tcp) -> int:
    return least(cwnd, tcp.bounds.clamp)
