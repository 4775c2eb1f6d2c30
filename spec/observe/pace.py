"""Pace: what a data plane sends, and how its windows move (RFC 5681, RFC 9293 section 3.8.6).

``Pace`` judges single steps of a sender: nothing is kept from one to the next, so that it costs
few states. ``Losses`` remembers up to where the loss that was noticed last reaches, and ``Samples``
up to where text was sent again.
"""

from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.rules import Congestion
from spec.seq import choose, least, most, not_
from spec.tcp.congestion import DUPLICATES, Phase, phase
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.transfer import Transfer


class Pace(Watcher):
    """Records bursts, silly segments, phases that no rule enters, and leaps of cwnd."""

    name = "pace"

    def lives(self, ghost: Ghost, m: Moment) -> None:
        for was, now in zip(m.before.transfers, m.after.transfers, strict=True):
            for seg in m.tcp.sent:
                if new_text(seg, m):
                    ghost.burst = ghost.burst | is_burst(seg, now, m)
                    ghost.silly = ghost.silly | is_silly(seg, now, m)
            ghost.strange = ghost.strange | not_(is_edge(phase(was), phase(now), m))
            ends = phase(was) == Phase.RECOVERY and phase(now) == Phase.SLOW_START
            ghost.dipped = ghost.dipped | (ends & (m.what == Input.SEGMENT))
            ghost.leap = ghost.leap | is_leap(was, now, m)


class Bursts(Watcher):
    """Records bursts of a sender that was idle, or sent little of what cwnd allows."""

    name = "bursts"

    def lives(self, ghost: Ghost, m: Moment) -> None:
        mss = m.tcp.bounds.mss
        first = m.tcp.bounds.initial_window * mss
        begun: bool = False
        for now in m.after.transfers:
            begun = now.cwnd != 0
        flight = m.tcp.seq.minus(m.after.snd.nxt, m.after.snd.una)
        flight = choose(begun, flight, 0)
        # ??? An ACK that was late is heard, too: limited transmit lets text go.
        ghost.idled = (ghost.idled & (m.what != Input.SEGMENT)) | (m.what == Input.IDLE)
        ghost.flood = ghost.flood | (ghost.idled & (flight > first))
        twice = ghost.flown + ghost.flown + mss
        ghost.spurt = ghost.spurt | (flight > most(first, twice))
        ghost.flown = most(ghost.flown, flight)

    def ended(self, ghost: Ghost, m: Moment) -> None:
        ghost.idled = False
        ghost.flown = 0


class Losses(Watcher):
    """Records that ssthresh fell twice for what was in flight at once."""

    name = "losses"

    def lives(self, ghost: Ghost, m: Moment) -> None:
        for was, now in zip(m.before.transfers, m.after.transfers, strict=True):
            noticed = not_(was.recovering) & now.recovering
            again = noticed & ghost.losing & m.tcp.seq.le(m.after.snd.una, ghost.lost_to)
            ghost.twice = ghost.twice | again
            lost = noticed | (not_(was.timed_out) & now.timed_out)
            ghost.lost_to = choose(lost, m.before.snd.nxt, ghost.lost_to)
            ghost.losing = ghost.losing | lost
            over = ghost.losing & m.tcp.seq.lt(ghost.lost_to, m.after.snd.una)
            ghost.losing = ghost.losing & not_(over)
            ghost.lost_to = choose(ghost.losing, ghost.lost_to, 0)

    def ended(self, ghost: Ghost, m: Moment) -> None:
        ghost.losing = False
        ghost.lost_to = 0


class Samples(Watcher):
    """Records a sample of the round trip that may be of either of two segments."""

    name = "samples"

    def lives(self, ghost: Ghost, m: Moment) -> None:
        seq = m.tcp.seq
        for was in m.before.transfers:
            done = was.timing & seq.lt(was.timed, m.after.snd.una)
            doubtful = seq.minus(was.timed, m.before.snd.una) < ghost.resent
            ghost.ambiguous = ghost.ambiguous | (done & doubtful)
        # So many octets from SND.UNA on were sent again.
        passed = seq.minus(m.after.snd.una, m.before.snd.una)
        resent = seq.minus(most(ghost.resent, passed), passed)
        for seg in m.tcp.sent:
            again = (seg.text != 0) & seq.lt(seg.seq, m.before.snd.nxt) & m.existed
            reach = seq.minus(seq.plus(seg.seq, seg.text), m.after.snd.una)
            known = seq.minus(m.before.snd.nxt, m.after.snd.una)
            resent = choose(again, most(resent, least(reach, known)), resent)
        ghost.resent = resent

    def ended(self, ghost: Ghost, m: Moment) -> None:
        ghost.resent = 0


def new_text(seg: Segment, m: Moment) -> bool:
    """Is it text that is sent for the first time?"""
    return (seg.text != 0) & not_(m.tcp.seq.lt(seg.seq, m.before.snd.nxt))


def is_burst(seg: Segment, now: Transfer, m: Moment) -> bool:
    """Is more in flight with it than both windows allow? A probe of a shut window is not."""
    snd = m.after.snd
    flight = m.tcp.seq.minus(m.tcp.seq.plus(seg.seq, seg.text), snd.una)
    if m.what == Input.RETRANSMISSION_TIMEOUT and snd.wnd == 0:
        return seg.text != 1
    beyond = choose(m.tcp.rules.limited_transmit, (DUPLICATES - 1) * m.tcp.bounds.mss, 0)
    return flight > least(now.cwnd + beyond, snd.wnd)


def is_silly(seg: Segment, now: Transfer, m: Moment) -> bool:
    """Is it less than a segment, and than half the largest window, and not all that is queued? The
    timers of section 3.8.6 may send such text."""
    if m.what in (Input.OVERRIDE_TIMEOUT, Input.RETRANSMISSION_TIMEOUT):
        return False
    end = m.tcp.seq.plus(m.after.iss, m.after.written + 1)
    last = m.tcp.seq.plus(seg.seq, seg.text) == end
    return (seg.text < m.tcp.bounds.mss) & (seg.text + seg.text < now.largest) & not_(last)


def is_edge(was: Phase, now: Phase, m: Moment) -> bool:
    """May a sender go from one phase to the other, in such a step?

    An ACK ends slow start and fast recovery, the third duplicate begins fast recovery, and a
    timeout begins slow start.
    """
    if was == now or was == Phase.NONE:
        return now != Phase.RECOVERY or was == now
    if m.what == Input.IDLE:
        return was == Phase.AVOIDANCE and now == Phase.SLOW_START
    if m.what == Input.RETRANSMISSION_TIMEOUT:
        return now == Phase.SLOW_START
    if m.what != Input.SEGMENT:
        return False
    if was == Phase.RECOVERY:
        # RFC 6582 3.2 (3): little is in flight, and cwnd set to it.
        below = m.tcp.rules.congestion == Congestion.NEWRENO
        return now == Phase.AVOIDANCE or below & (now == Phase.SLOW_START)
    return now != Phase.SLOW_START


def is_leap(was: Transfer, now: Transfer, m: Moment) -> bool:
    """Did cwnd grow, in slow start, by more than was acknowledged of what was in flight?"""
    starts = phase(was) == Phase.SLOW_START and not_(now.recovering)
    flight = m.tcp.seq.minus(m.before.snd.nxt, m.before.snd.una)
    acked = least(m.tcp.seq.minus(m.after.snd.una, m.before.snd.una), flight)
    return starts & (now.cwnd > was.cwnd + acked)
