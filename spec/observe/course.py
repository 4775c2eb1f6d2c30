"""The course of a sender: do its variables move as RFC 5681, RFC 6582 and RFC 6298 say?

This is those rules a second time, as a relation between a sender before a step and after it: what
cwnd, ssthresh and the counts beside them must be then, whoever wrote them. A sender that never
lets cwnd grow does no harm that another claim would notice; here it is amiss. It is written for
synchronized connections of a sender whose own window is open: behind a shut one it would have to
say which ACKs are taken.
"""

from typing import NamedTuple

from spec.observe.ghosts import Ghost
from spec.observe.pace import new_text
from spec.observe.watcher import Moment, Watcher
from spec.rules import Congestion, Growth
from spec.seq import choose, half, least, most, not_
from spec.tcp.congestion import DUPLICATES
from spec.tcp.inputs import Input
from spec.tcp.segment import acceptable
from spec.tcp.tcb import SYNCHRONIZED
from spec.tcp.transfer import Transfer


class Course(Watcher):
    """Records that a sender's variables moved otherwise than they must."""

    name = "course"

    def lives(self, ghost: Ghost, m: Moment) -> None:
        if m.before.state in SYNCHRONIZED and m.tcp.rules.congestion != Congestion.NONE:
            for was, now in zip(m.before.transfers, m.after.transfers, strict=True):
                if was.cwnd != 0:
                    wrong = not_(_same(due(was, m), _of(now))) | not_(is_timed(was, now, m))
                    ghost.amiss = ghost.amiss | wrong | (now.nxt != next_to_send(was, m))


class Variables(NamedTuple):
    """What the RFCs let move."""

    cwnd: int
    ssthresh: int
    acked: int
    duplicates: int
    recovering: bool
    recover: int
    timed_out: bool


def _of(transfer: Transfer) -> Variables:
    return Variables(
        transfer.cwnd,
        transfer.ssthresh,
        transfer.acked,
        transfer.duplicates,
        transfer.recovering,
        transfer.recover,
        transfer.timed_out,
    )


def _same(one: Variables, other: Variables) -> bool:
    same: bool = True
    for mine, its in zip(one, other, strict=True):
        same = same & (mine == its)
    return same


def due(was: Transfer, m: Moment) -> Variables:
    """What they must be after the step."""
    kept = _of(was)
    snd = m.before.snd
    if m.what == Input.RETRANSMISSION_TIMEOUT:
        return kept if snd.una == snd.nxt else _after_timeout(kept, m)
    if m.what == Input.IDLE and m.tcp.rules.restart_window:
        # RFC 5681 4.1
        first = m.tcp.bounds.initial_window * m.tcp.bounds.mss
        return kept._replace(cwnd=least(kept.cwnd, first))
    if m.what != Input.SEGMENT or m.seg is None:
        return kept
    if m.after.snd.una != snd.una:
        return _after_ack(kept, m)
    # RFC 5681 section 2: a duplicate ACK
    seg = m.seg
    again = (seg.ack == snd.una) & (snd.una != snd.nxt) & (seg.wnd == snd.wnd)
    bare = seg.ctl.ack & (seg.length() == 0) & not_(seg.ctl.rst)
    taken = acceptable(m.tcp.seq, m.before.rcv.nxt, m.before.rcv.wnd, seg)
    return _after_duplicate(kept, m) if again & bare & taken else kept


def _after_timeout(kept: Variables, m: Moment) -> Variables:
    """RFC 5681 3.1 (4); RFC 6582 3.2 (4). Half of what is in flight, once for a segment."""
    mss = m.tcp.bounds.mss
    flight = m.tcp.seq.minus(m.before.snd.nxt, m.before.snd.una)
    halved = most(half(flight, m.tcp.bounds.clamp), 2 * mss)
    ssthresh = choose(kept.timed_out, kept.ssthresh, halved)
    return Variables(mss, ssthresh, 0, 0, False, m.before.snd.nxt, True)


def _after_ack(kept: Variables, m: Moment) -> Variables:
    """RFC 5681 3.1 and 3.2 (6); RFC 6582 3.2 (3)."""
    seq, mss, clamp = m.tcp.seq, m.tcp.bounds.mss, m.tcp.bounds.clamp
    acked = seq.minus(m.after.snd.una, m.before.snd.una)
    kept = kept._replace(duplicates=0, timed_out=False)
    newreno = m.tcp.rules.congestion == Congestion.NEWRENO
    if kept.recovering and newreno and seq.lt(m.after.snd.una, kept.recover):
        less = choose(kept.cwnd > acked, seq.minus(kept.cwnd, acked), 0)
        more = choose(acked >= mss, mss, 0)
        return kept._replace(cwnd=least(most(less + more, mss), clamp))
    if kept.recovering:
        flight = seq.minus(m.before.snd.nxt, m.after.snd.una)
        cwnd = least(kept.ssthresh, most(flight, mss) + mss) if newreno else kept.ssthresh
        return kept._replace(cwnd=cwnd, acked=0, recovering=False)
    flight = seq.minus(m.before.snd.nxt, m.before.snd.una)
    if m.tcp.rules.cwnd_validated and flight + flight < kept.cwnd:
        return kept  # RFC 7661 4.3
    if kept.cwnd < kept.ssthresh:
        grown = mss if m.tcp.rules.growth == Growth.SEGMENT else least(acked, mss)
        return kept._replace(cwnd=least(kept.cwnd + grown, clamp))
    total = kept.acked + acked
    if total < kept.cwnd:
        return kept._replace(acked=total)
    over = least(seq.minus(total, kept.cwnd), clamp)
    return kept._replace(cwnd=least(kept.cwnd + mss, clamp), acked=over)


def _after_duplicate(kept: Variables, m: Moment) -> Variables:
    """RFC 5681 3.2 (1) to (4); RFC 6582 3.2 (2); RFC 3042."""
    seq, mss, clamp = m.tcp.seq, m.tcp.bounds.mss, m.tcp.bounds.clamp
    if kept.recovering:
        return kept._replace(cwnd=least(kept.cwnd + mss, clamp))
    if kept.duplicates == DUPLICATES:
        return kept
    count = kept.duplicates + 1
    checks = m.tcp.rules.recover_check and m.tcp.rules.congestion == Congestion.NEWRENO
    if count != DUPLICATES or (checks and not seq.lt(kept.recover, m.before.snd.una)):
        return kept._replace(duplicates=count)
    flight = seq.minus(m.before.snd.nxt, m.before.snd.una)
    beyond = choose(flight > kept.cwnd, seq.minus(flight, kept.cwnd), 0)
    limited = (DUPLICATES - 1) * mss if m.tcp.rules.limited_transmit else 0
    lost = seq.minus(flight, least(beyond, limited))
    ssthresh = most(half(lost, clamp), 2 * mss)
    if m.tcp.rules.congestion == Congestion.TAHOE:
        return Variables(mss, ssthresh, 0, count, False, m.before.snd.nxt, kept.timed_out)
    cwnd = least(ssthresh + DUPLICATES * mss, clamp)
    return kept._replace(
        cwnd=cwnd, ssthresh=ssthresh, duplicates=count, recovering=True, recover=m.before.snd.nxt
    )


def next_to_send(was: Transfer, m: Moment) -> int:
    """Where sending goes on: SND.UNA after a timeout, and in Tahoe after the third duplicate ACK;
    else where it was, or SND.UNA if that is beyond; then past all that was sent from there on."""
    seq, una = m.tcp.seq, m.after.snd.una
    at = choose(seq.lt(was.nxt, una), una, was.nxt)
    if m.what == Input.RETRANSMISSION_TIMEOUT:
        at = una
    if m.tcp.rules.congestion == Congestion.TAHOE:
        third = (due(was, m).duplicates == DUPLICATES) & (was.duplicates != DUPLICATES)
        at = choose(third, una, at)
    for seg in m.tcp.sent:
        numbers = seg.length()
        at = choose((numbers != 0) & (seg.seq == at), seq.plus(at, numbers), at)
    return at


def is_timed(was: Transfer, now: Transfer, m: Moment) -> bool:
    """Is the right segment timed (RFC 6298 section 3)? The one that was, unless it is acknowledged
    or, by Karn's rule, sent again; else the first that is new."""
    seq = m.tcp.seq
    timing = was.timing & not_(seq.lt(was.timed, m.after.snd.una))
    at = was.timed
    if m.what != Input.RETRANSMISSION_TIMEOUT or m.before.snd.una != m.before.snd.nxt:
        for seg in m.tcp.sent:
            new = new_text(seg, m)
            covers = not_(new) & (seq.minus(at, seg.seq) < seg.text)
            timing = timing & not_(covers & m.tcp.rules.karn)
            at = choose(new & not_(timing), seg.seq, at)
            timing = timing | new
    return (now.timing == timing) & (not_(timing) | (now.timed == at))
