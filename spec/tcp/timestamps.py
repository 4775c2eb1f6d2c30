"""Timestamps (RFC 7323): a clock's value in each segment, and what an end believes of others.

Sequence numbers cannot tell an old segment from a new one where they have been used before. With
the Timestamps option each segment carries TSval, the sender's clock; an end keeps the latest that
it has heard of the connection, TS.Recent, and refuses what is earlier: *PAWS*, Protection Against
Wrapped Sequences (section 5).

Three other rules read the clock. They decide when a pair of sockets may be used again that is in
TIME-WAIT: ``reopened_by`` (RFC 6191), ``may_reuse`` (Linux's ``tcp_tw_reuse``), and
``too_old_for_address``, which looks at all connections of one address at once (Linux's
``tcp_tw_recycle``, which is gone since 4.12).

TSval 0 stands for a segment without the option. TSecr is missing: it measures round trips, which
no rule of the lifecycle reads. A host's clock counts ``stamps`` values. It stops at the last, so
that none ever wraps; with ``stamps_wrap`` it begins again, and of two values the later is the one
that is less than half the circle ahead (section 5.2).
"""

from spec.rules import Row
from spec.seq import choose, not_
from spec.tcp.context import Tcp
from spec.tcp.parameters import Parameters
from spec.tcp.segment import Segment, Stamp, Ticks
from spec.tcp.tcb import State, Tcb


def advance(clock: Ticks, bounds: Parameters) -> Ticks:
    """The clock of a host a tick later."""
    last = clock + 1 >= bounds.stamps
    return choose(last, 0 if bounds.stamps_wrap else clock, clock + 1)


def later(one: Stamp, other: Stamp, bounds: Parameters) -> bool:
    """Is ``one`` later than ``other`` (section 5.2)?"""
    if not bounds.stamps_wrap:
        return one > other
    opposite, around = other + bounds.stamps // 2, one + bounds.stamps
    return choose(other < one, one < opposite, (other < around) & (around < opposite))


def offer(tcb: Tcb, tcp: Tcp) -> None:
    """A SYN offers the option (section 3.2)."""
    tcb.stamped = tcp.bounds.stamps != 0


def agree(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """A SYN was heard: the connection uses the option if both sides' SYNs carry it (section 3.2).

    TS.Recent is the SYN's TSval (section 4.3).
    """
    if tcp.bounds.stamps:
        offered = tcb.stamped if tcb.state == State.SYN_SENT else True
        tcb.stamped = (seg.tsval != 0) & offered
        believe(tcb, choose(tcb.stamped, seg.tsval, 0), tcp)


def stamp(used: bool, tcb: Tcb, tcp: Tcp) -> None:
    """All that the step sends carries TSval, if the connection uses the option (section 3.2); or
    if it ``used`` it, and is gone with the step: then this is a reset."""
    gone = tcb.state == State.CLOSED or tcb.state == State.LISTEN
    for sent in tcp.sent:
        sent.tsval = choose((used & gone) | tcb.stamped, tcp.clock + 1, 0)


def check(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does a segment pass, as far as timestamps go?

    Section 5.3 R1 (PAWS), which spares resets; section 3.2 of one that lacks the option.
    """
    spared = seg.ctl.rst & (not_(tcp.rules.paws_resets) | (seg.tsval == 0))
    return not_(tcb.stamped) | spared | ((seg.tsval != 0) & not_(too_old(tcb, seg, tcp)))


def too_old(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Is TSval earlier than a TS.Recent that is still valid (section 5.3, R1)?"""
    return tcp.rules.paws & earlier(tcb, seg, tcp)


def earlier(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """... whether or not it is refused.

    Section 5.5: after 24 days in which it did not move, TS.Recent is not valid. Else the peer's
    clock would get half a circle ahead of it, and all that is new would look old.
    """
    valid = (tcp.bounds.recent_life == 0) | (tcb.recent_for != 0)
    return valid & later(tcb.ts_recent, seg.tsval, tcp.bounds)


def believe(tcb: Tcb, recent: Stamp, tcp: Tcp) -> None:
    """TS.Recent is set, and valid for some time."""
    tcb.ts_recent = recent
    tcb.recent_for = choose(recent != 0, tcp.bounds.recent_life, 0)


def keep(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """TS.Recent follows what comes in order (section 4.3 (2)), but a reset, whose timestamp updates
    nothing (5.2). ??? RCV.NXT stands for Last.ACK.sent, which is less while an ACK is delayed."""
    newer = not_(earlier(tcb, seg, tcp)) & (seg.tsval != 0) & not_(seg.ctl.rst)
    kept = tcb.stamped & newer & tcp.seq.le(seg.seq, tcb.rcv.nxt)
    tcb.ts_recent = choose(kept, seg.tsval, tcb.ts_recent)
    tcb.recent_for = choose(kept, tcp.bounds.recent_life, tcb.recent_for)


def reopened_by(tcb: Tcb, seg: Segment, above: bool, tcp: Tcp) -> bool:
    """RFC 6191 section 2: does a SYN in TIME-WAIT open a new connection, whose SEG.SEQ is, or is
    not, ``above`` what was received? By whether the old and the new connection use timestamps.

    ??? RFC 6191 drops the others without a word. Section 3.10.7.4, fourth, of RFC 9293 cites it
    for those that it lets in, and has all others answered with an ACK.
    """
    if not (tcp.bounds.stamps and tcp.rules.reopen_by_stamp):
        return above
    new = seg.tsval != 0
    newer = later(seg.tsval, tcb.ts_recent, tcp.bounds)
    same = seg.tsval == tcb.ts_recent
    rows = (
        (Row.LATER, tcb.stamped & new & newer),
        (Row.SAME, tcb.stamped & new & same & above),
        (Row.OLD, tcb.stamped & not_(new) & above),
        (Row.NEW, not_(tcb.stamped) & new),
        (Row.NEITHER, not_(tcb.stamped) & not_(new) & above),
    )
    opened: bool = False
    for row, opens in rows:
        opened = opened | (opens & (tcp.rules.reopen_row_missing != row))
    return opened


def may_reuse(tcb: Tcb, clock: Ticks, tcp: Tcp) -> bool:
    """May an active OPEN take the pair of sockets from TIME-WAIT (Linux's ``tcp_tw_reuse``), when
    the host's clock says ``clock``?

    Only if the connection used timestamps, and the clock has ticked since TIME-WAIT began, so that
    the new connection's are later than all of the old one's.
    """
    if not (tcp.bounds.stamps and tcp.rules.reuse_later):
        return True
    return tcb.stamped & later(clock + 1, tcb.since, tcp.bounds)


def too_old_for_address(heard: Stamp, seg: Segment, tcp: Tcp) -> bool:
    """``tcp_tw_recycle``: is a SYN's TSval earlier than the latest from its address?"""
    return tcp.rules.time_wait_recycle & (heard != 0) & later(heard, seg.tsval, tcp.bounds)
