"""Ghosts: what only an observer knows, so that claims can be stated.

The system writes them after each step, from what was before, what came in and what is now;
no rule of the protocol reads them. They live in endpoint states and segments, so that an
endpoint's step stays a function of its own state and one input. The one thing an observer
sees beyond that, the other end at this moment, comes in as a ``Sight``.

* Every TCB has a number, ``id``, never reused: it counts the initial sequence numbers that
  the host has selected. ``Origin.src`` is the number of the TCB that sent a segment.
* ``past[n-1]`` is what TCB n held: its ISS and IRS, and whether it reached ESTABLISHED.
* A TCB's ``partner`` is the TCB that acknowledged its ISS, not the one that sent the SYN: a
  duplicate SYN with the same ISN would raise false alarms.
* A connection is *over* when one end's TCB leaves TIME-WAIT, or is deleted by ABORT, and the
  other end's is gone already: from then on its sequence numbers are free to be used
  again. What a host sent before a crash is over when the host ceases to be quiet.
  ``over_me`` and ``over_peer`` number the latest TCBs of either end that are over.
* A segment is *old* for a TCB if it is of a connection that was over when the TCB was made, or
  is a reset provoked by such a segment. It is *earlier* if the TCB that sent it came before the
  partner, over or not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from spec.observe.conduct import Conduct, watch
from spec.seq import choose, not_
from spec.tcp.segment import Id, Octets, Segment, Seq
from spec.tcp.sending import Tcp
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb
from spec.world.bounds import Bounds
from spec.world.inputs import Input


class End(Enum):
    """How a TCB came to its end."""

    NONE = "none yet"
    TIMER = "TIME-WAIT timer"
    ACKED = "ACK of its FIN in LAST-ACK"
    OTHER = "reset, abort, timeout or crash"


@dataclass(slots=True, eq=False)
class Pair:
    """What one TCB held."""

    known: bool = False  # it knew both numbers
    reached: bool = False  # it reached ESTABLISHED
    iss: Seq = 0
    irs: Seq = 0


@dataclass(slots=True, eq=False)
class Last:
    """The last TCB that ended."""

    end: End = End.NONE
    written: Octets = 0
    delivered: Octets = 0


@dataclass(slots=True, eq=False)
class Ghost:
    """The ghosts of one endpoint. What a profile does not watch keeps its first value."""

    id: Id = 0
    past: tuple[Pair, ...] = ()
    simultaneous: bool = False  # SYN-RECEIVED was reached from SYN-SENT
    stale: bool = False  # made from a SYN whose sender was no longer in SYN-SENT
    over_me: Id = 0
    over_peer: Id = 0
    old_me: Id = 0  # when this TCB was made: over_me, or the peer's word on it
    old_peer: Id = 0  # ... and of the peer's TCBs
    confused: bool = False  # the TCB accepted an old segment
    residue: bool = False  # TIME-WAIT was left with a segment of the connection in flight
    partner: Id = 0
    heard: Id = 0  # the TCB whose SYN it took
    delivered: Octets = 0
    garbled: bool = False  # an octet was delivered twice, out of order, or is another's
    last: Last = field(default_factory=Last)
    harmed: bool = False  # a forged segment changed the connection
    crossed: bool = False  # a TCB that had reached ESTABLISHED accepted an earlier segment
    crossed_simultaneous: bool = False  # ... one that was opened simultaneously
    misled: bool = False  # ... or a reset that a segment of an earlier TCB of its own provoked
    cut: bool = False  # TIME-WAIT gave way to a SYN that was not later than its own connection's
    conduct: Conduct = field(default_factory=Conduct)


@dataclass(slots=True, eq=False)
class Sight:
    """What the observer sees of the other end and of the network, at one moment."""

    id: Id = 0  # number of the peer's latest TCB
    syn_sent: bool = False  # the peer is in SYN-SENT
    exists: bool = False  # that TCB exists, and is not in LISTEN
    over_me: Id = 0  # the peer's ghosts of these names
    over_peer: Id = 0
    residue: bool = False  # a segment of this endpoint's connection is in flight


def reached_established(tcb: Tcb) -> bool:
    """Has this TCB been in ESTABLISHED?

    FIN-WAIT-1 and CLOSING can be reached from SYN-RECEIVED by CLOSE (section 3.10.4), TIME-WAIT by
    ABORT (3.5.2) or a reset (3.6.1): there the handshake is complete if the SYN is acknowledged.
    """
    state = tcb.state
    return (
        (state == State.ESTABLISHED)
        | (state == State.CLOSE_WAIT)
        | (state == State.FIN_WAIT_2)
        | (state == State.LAST_ACK)
        | (
            ((state == State.FIN_WAIT_1) | (state == State.CLOSING) | (state == State.TIME_WAIT))
            & (tcb.snd.una != tcb.iss)
        )
    )


def old(ghost: Ghost, seg: Segment) -> bool:
    """Is ``seg`` of a connection that was over when the TCB of this endpoint was made?"""
    origin = seg.origin
    return ((origin.src != 0) & (origin.src <= ghost.old_peer)) | (
        (origin.about != 0) & (origin.about <= ghost.old_me)
    )


def residue_from_me(ghost: Ghost, seg: Segment) -> bool:
    """Is ``seg``, sent by this host, of its connection or a reset provoked by one?"""
    origin = seg.origin
    return (origin.src != 0) | ((origin.about != 0) & (origin.about <= ghost.partner))


def residue_from_peer(ghost: Ghost, seg: Segment) -> bool:
    """Is ``seg``, sent by the peer, of this host's connection or a reset provoked by one?"""
    origin = seg.origin
    return ((origin.src != 0) & (origin.src <= ghost.partner)) | (origin.about != 0)


def look(
    ghost: Ghost,
    peer: Tcb,
    peer_ghost: Ghost,
    mine: Iterable[tuple[bool, Segment]],
    theirs: Iterable[tuple[bool, Segment]],
) -> Sight:
    """What the observer sees who looks from the endpoint of ``ghost`` to its ``peer``.

    ``mine`` and ``theirs`` are the segments in flight that either sent, each with whether it is
    there at all.
    """
    left = False
    for there, seg in mine:
        left = left | (there & residue_from_me(ghost, seg))
    for there, seg in theirs:
        left = left | (there & residue_from_peer(ghost, seg))
    return Sight(
        peer_ghost.id,
        peer.state == State.SYN_SENT,
        (peer.state != State.CLOSED) & (peer.state != State.LISTEN),
        peer_ghost.over_me,
        peer_ghost.over_peer,
        left,
    )


def accepted(before: Tcb, after: Tcb) -> bool:
    """Did a step move RCV.NXT or SND.UNA, deliver an octet, or change state?"""
    return (
        (before.state != after.state)
        | (before.rcv.nxt != after.rcv.nxt)
        | (before.snd.una != after.snd.una)
    )


def observe(
    before: Tcb,
    after: Tcb,
    ghost: Ghost,
    what: Input,
    seg: Segment | None,
    sight: Sight,
    tcp: Tcp,
) -> None:
    """Write the ghosts after ``what`` befell an endpoint; ``seg`` is what arrived, if anything."""
    bounds = tcp.bounds
    existed = before.state not in (State.CLOSED, State.LISTEN)
    if bounds.watch_conduct:
        watch(ghost.conduct, before, after, what, seg, tcp)
    if tcp.drew_isn:
        ghost.id = ghost.id + 1
        _made(before, ghost, seg, sight, bounds)
    elif (
        (bounds.watch_agreement or bounds.watch_crossing)
        and before.state == State.SYN_SENT
        and after.state == State.SYN_RECEIVED
    ):
        ghost.simultaneous = True
    if seg is not None and existed:
        _arrived(before, after, ghost, what, seg, tcp)
    if after.state in (State.CLOSED, State.LISTEN):
        if existed:
            _ended(before, ghost, what, seg, sight, bounds)
        return
    if bounds.watch_agreement and after.state != State.SYN_SENT:
        reached = reached_established(after)
        for i, pair in enumerate(ghost.past):
            mine = ghost.id == i + 1
            pair.known = pair.known | mine
            pair.reached = pair.reached | (mine & reached)
            pair.iss = choose(mine, after.iss, pair.iss)
            pair.irs = choose(mine, after.irs, pair.irs)


def quiet_is_over(ghost: Ghost, bounds: Bounds) -> None:
    """A restarted host may send again: what it sent before its crash must be over."""
    if bounds.watch_confusion:
        ghost.over_me = ghost.id


def _made(before: Tcb, ghost: Ghost, seg: Segment | None, sight: Sight, bounds: Bounds) -> None:
    """A TCB was made."""
    if seg is not None and bounds.watch_crossing and before.state == State.TIME_WAIT:
        ghost.cut = ghost.cut | (seg.origin.src <= ghost.heard)
    ghost.simultaneous = False
    ghost.partner = 0
    ghost.heard = 0
    ghost.delivered = 0
    ghost.stale = False
    if seg is not None:
        if bounds.watch_stale and before.state != State.CLOSED:
            ghost.stale = not_(sight.syn_sent) | (seg.origin.src != sight.id)
        if bounds.watch_streams or bounds.watch_crossing:
            ghost.heard = seg.origin.src
    if bounds.watch_confusion:
        ghost.old_me = _later(ghost.over_me, sight.over_peer)
        ghost.old_peer = _later(ghost.over_peer, sight.over_me)


def _later(a: int, b: int) -> int:
    return choose(a > b, a, b)


def _arrived(before: Tcb, after: Tcb, ghost: Ghost, what: Input, seg: Segment, tcp: Tcp) -> None:
    """A segment arrived for a TCB."""
    bounds = tcp.bounds
    changed = accepted(before, after)
    if what != Input.SEGMENT:
        if bounds.watch_forgery:
            ghost.harmed = ghost.harmed | changed
        return
    if bounds.watch_confusion:
        ghost.confused = ghost.confused | (changed & old(ghost, seg))
    if bounds.watch_crossing:
        origin = seg.origin
        moved = changed & reached_established(before)
        crossed = moved & (origin.src != 0) & (origin.src < ghost.partner)
        ghost.crossed = ghost.crossed | (crossed & not_(ghost.simultaneous))
        ghost.crossed_simultaneous = ghost.crossed_simultaneous | (crossed & ghost.simultaneous)
        ghost.misled = ghost.misled | (moved & (origin.about != 0) & (origin.about < ghost.id))
    if bounds.watch_streams or bounds.watch_confusion or bounds.watch_crossing:
        acked = (before.snd.una == before.iss) & (after.snd.una != after.iss)
        ghost.partner = choose(acked, seg.origin.src, ghost.partner)
    if bounds.watch_streams or bounds.watch_crossing:
        if before.state == State.SYN_SENT and seg.ctl.syn:
            ghost.heard = seg.origin.src
    if bounds.watch_streams:
        for text, skip, octets in tcp.taken:
            # Text that waited with a SYN bears no label; it is the SYN's sender's.
            src = choose(text.origin.src != 0, text.origin.src, ghost.heard)
            first = tcp.seq.plus(text.origin.first, skip)
            wrong = (octets != 0) & ((src != ghost.partner) | (first != ghost.delivered))
            ghost.garbled = ghost.garbled | wrong
            ghost.delivered = tcp.seq.plus(ghost.delivered, octets)


def _ended(
    before: Tcb, ghost: Ghost, what: Input, seg: Segment | None, sight: Sight, bounds: Bounds
) -> None:
    """A TCB was deleted."""
    if bounds.watch_streams:
        ghost.last = Last(End.OTHER, before.written, ghost.delivered)
        if what == Input.TIME_WAIT_TIMEOUT:
            ghost.last.end = End.TIMER
        elif before.state == State.LAST_ACK and seg is not None and not seg.ctl.rst:
            ghost.last.end = End.ACKED
    if bounds.watch_confusion and before.state == State.TIME_WAIT:
        ghost.residue = ghost.residue | sight.residue
    if bounds.watch_confusion and (
        before.state == State.TIME_WAIT or (what == Input.ABORT and before.state in SYNCHRONIZED)
    ):
        gone = (sight.id != ghost.partner) & (ghost.partner != 0) | not_(sight.exists)
        ghost.over_me = choose(gone, ghost.id, ghost.over_me)
        ghost.over_peer = choose(gone, ghost.partner, ghost.over_peer)
    ghost.simultaneous = False
    ghost.stale = False
    ghost.old_me = 0
    ghost.old_peer = 0
    ghost.partner = 0
    ghost.heard = 0
    ghost.delivered = 0
