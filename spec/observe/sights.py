"""Sights: what an observer sees of the other end and of the network, at one moment.

Two families of claims speak of more than one end: was the sender of this SYN still waiting for
an answer (``stale``), and was the connection over at the other end too, with nothing of it in
flight (``confusion``)? Their watchers look round where a TCB is made, or where TIME-WAIT or an
ABORT ends one; ``StaleAnywhere`` also where a SYN meets SYN-SENT. Nobody looks at any other moment.

A segment is *residue* of a connection if one of its two TCBs sent it, or if it is a reset that
such a segment provoked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from spec.observe.ghosts import Ghost
from spec.tcp.inputs import Input
from spec.tcp.segment import Id, Segment
from spec.tcp.tcb import State, Tcb

NOTHING, PEER, NETWORK = range(3)
"""How far a watcher has to see: nothing but its own end; the other end; what is in flight too."""

MADE_OR_LEFT = (State.CLOSED, State.LISTEN, State.TIME_WAIT)
"""States in which a TCB may be made or TIME-WAIT left."""


@dataclass(slots=True, eq=False)
class Sight:
    """What the observer of one end sees of the rest."""

    id: Id = 0  # number of the peer's latest TCB
    syn_sent: bool = False  # the peer is in SYN-SENT
    exists: bool = False  # that TCB exists, and is not in LISTEN
    over_me: Id = 0  # the peer's ghosts of these names
    over_peer: Id = 0
    left_me: Id = 0
    left_peer: Id = 0
    residue: bool = False  # a segment of this end's connection is in flight


BLIND = Sight()
"""What the observer sees who does not look."""


def looks(tcb: Tcb, what: Enum, states: Iterable[State]) -> bool:
    """Does it matter what is seen when ``what`` happens to this TCB, to those who look in
    ``states``?"""
    return tcb.state in states or what == Input.ABORT


def look(
    ghost: Ghost,
    peer: Tcb,
    peer_ghost: Ghost,
    mine: Iterable[tuple[bool, Segment]],
    theirs: Iterable[tuple[bool, Segment]],
) -> Sight:
    """What the observer sees who looks from the end of ``ghost`` to its ``peer``.

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
        peer_ghost.left_me,
        peer_ghost.left_peer,
        left,
    )


def residue_from_me(ghost: Ghost, seg: Segment) -> bool:
    """Is ``seg``, sent by this end, of its connection or a reset provoked by one?"""
    origin = seg.origin
    return (origin.src != 0) | ((origin.about != 0) & (origin.about <= ghost.partner))


def residue_from_peer(ghost: Ghost, seg: Segment) -> bool:
    """Is ``seg``, sent by the peer, of this end's connection or a reset provoked by one?"""
    origin = seg.origin
    return ((origin.src != 0) & (origin.src <= ghost.partner)) | (origin.about != 0)
