"""Retransmission of a connection with a data plane: what the timer sends, and how long it runs.

RFC 6298 computes the timer from round trips. One segment at a time is timed; its *sample* is how
long the ACK took. Karn's rule (section 3): none is taken of a segment that was sent again, since
nobody can tell which of the two was acknowledged (``spec.tcp.sending`` keeps it).

``Estimate`` is the arithmetic of section 2, on any numbers: seconds of a capture, fractions of a
proof. Explorations have no use for it: there the timer may run out whenever it runs, so that what
holds there holds for every length of it.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from spec.rules import Persist
from spec.seq import choose, least, most, times
from spec.tcp import congestion, sack
from spec.tcp.context import Tcp
from spec.tcp.sending import send_front, send_probe
from spec.tcp.tcb import Tcb
from spec.tcp.transfer import Transfer


def timeout(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """RETRANSMISSION TIMEOUT, or the persist timer: a probe of a shut window is an octet (3.8.6.1);
    else slow start begins, with the front of the queue (RFC 6298 5.4, RFC 5681 3.1).

    ??? So it does when the octet of a probe, which the shut window had no room for, is sent again:
    by the letter it was outstanding, though nothing was lost.
    """
    snd = tcb.snd
    fresh = (snd.una == snd.nxt) | (tcp.rules.persist == Persist.NEW)
    if (snd.wnd == 0) & fresh & tcb.unsent_text(tcp.seq):
        send_probe(tcb, tcp)
        transfer.nxt = snd.nxt
        return None
    congestion.timeout(tcb, transfer, tcp)
    sack.timeout(transfer, tcp)
    send_front(tcb, transfer, tcp)
    if not tcp.rules.nxt_kept:
        snd.nxt = transfer.nxt
    return tcp.rule("3.10.8/RETRANSMISSION TIMEOUT/front", "the front of the queue")


def runs(tcb: Tcb, tcp: Tcp) -> bool:
    """Is the retransmission or the persist timer running, of a connection that is synchronized?"""
    shut, queued = tcb.snd.wnd == 0, tcb.unsent_text(tcp.seq)
    if tcb.snd.una == tcb.snd.nxt:
        return tcp.rules.persist != Persist.OFF and shut & queued
    if tcp.rules.persist == Persist.NEW and shut:
        return queued
    for transfer in tcb.transfers:
        if sack.frees(tcp):
            left = tcp.seq.minus(tcb.snd.nxt, tcb.snd.una)
            return tcp.rules.text_retransmitted & (sack.freed(tcb, transfer, tcp) < left)
    return tcp.rules.text_retransmitted


Number = Fraction | float
"""Of seconds."""
LEAST = Fraction(1)
"""The least RTO, in seconds (RFC 6298 2.4, a SHOULD)."""
GREATEST = Fraction(60)
"""The least that an upper bound of RTO may be (2.5)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """SRTT, RTTVAR and RTO, in seconds. ``granularity`` is the clock's (section 2)."""

    srtt: Number
    rttvar: Number
    granularity: Number = Fraction(0)
    least: Number = LEAST
    doublings: int = 0  # times that the timer ran out since the last sample (5.5)

    @property
    def rto(self) -> Number:
        """How long the timer runs (2.3, 2.4, 5.5; at most ``GREATEST``, 2.5)."""
        first: Number = base(self.srtt, self.rttvar, self.granularity, self.least)
        longer: Number = first * 2**self.doublings
        return min(longer, max(GREATEST, first))


def base(srtt: Any, rttvar: Any, granularity: Any, lower: Any) -> Any:
    """How long the timer runs after a sample (2.3, 2.4)."""
    return most(lower, srtt + most(granularity, times(4, rttvar)))


def doubled(rto: Any, after_sample: Any, upper: Any = GREATEST) -> Any:
    """... and after it has run out (5.5), with an upper bound that is no less (2.5)."""
    return least(rto + rto, most(upper, after_sample))


def follow(old_srtt: Any, old_rttvar: Any, sample: Any, srtt: Any, rttvar: Any) -> bool:
    """Are these SRTT and RTTVAR what (2.3) makes of the old and a sample? Without division."""
    apart = choose(old_srtt < sample, sample - old_srtt, old_srtt - sample)
    average = times(8, srtt) == times(7, old_srtt) + sample
    follows: bool = average & (times(4, rttvar) == times(3, old_rttvar) + apart)
    return follows


def first(sample: Number, least: Number = LEAST) -> Estimate:
    """After the first sample (2.2)."""
    return Estimate(sample, sample / 2, least=least)


def later(was: Estimate, sample: Number) -> Estimate:
    """After another one (2.3): RTTVAR before SRTT, of which it needs the old; alpha is 1/8, beta
    1/4."""
    apart: Number = max(was.srtt - sample, sample - was.srtt)
    rttvar = was.rttvar * 3 / 4 + apart / 4
    return Estimate(was.srtt * 7 / 8 + sample / 8, rttvar, was.granularity, was.least)


def expired(was: Estimate) -> Estimate:
    """After the timer ran out (5.5): RTO doubles."""
    return Estimate(was.srtt, was.rttvar, was.granularity, was.least, was.doublings + 1)
