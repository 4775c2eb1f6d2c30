"""Watchers: each records, after each step of a socket, what one family of claims reads.

A watcher is told what happened, by the methods of ``Watcher``, and writes ghosts. It writes to
nothing else, so that which watchers there are changes what is known of a run, and not the run
(``tests/spec/observe/test_ghosts.py``).

Some need labels on the segments in flight (``Origin``): which TCB sent this one, which TCB's
segment provoked this reset, where in the stream its first octet lies. A label that no watcher
needs stays 0, so that segments that differ in nothing else are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from spec.observe.ghosts import Ghost, Left
from spec.observe.sights import MADE_OR_LEFT, NOTHING, Sight
from spec.seq import choose, not_
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment, Ticks
from spec.tcp.tcb import State, Tcb


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of one socket: what was and is, what came in, what was done, what else is seen.

    ``forged`` tells that what came in, a segment, was neither end's.
    """

    before: Tcb
    after: Tcb
    what: Input
    seg: Segment | None
    forged: bool
    tcp: Tcp
    sight: Sight

    @property
    def existed(self) -> bool:
        """Was there a TCB with an ISS before the step?"""
        return self.before.state not in (State.CLOSED, State.LISTEN)

    @property
    def fed(self) -> bool:
        """Did the segment that made a TCB go on to it: the ACK of a SYN cookie, or text?"""
        return self.tcp.made and (not self.tcp.drew_isn or self.tcp.taken != [])

    @property
    def exists(self) -> bool:
        """Is there one after it?"""
        return self.after.state not in (State.CLOSED, State.LISTEN)

    @property
    def reopened(self) -> bool:
        """Did TIME-WAIT give way to a SYN (section 3.6.1, MAY-2)?"""
        return self.before.state == State.TIME_WAIT and self.after.state == State.SYN_RECEIVED

    @property
    def returned(self) -> bool:
        """Did what was reopened give way to the TIME-WAIT before it (section 3.6.1 (2))?

        ABORT may enter TIME-WAIT from SYN-RECEIVED too (3.5.2), but not that one.
        """
        by_segment = self.seg is not None and self.before.state == State.SYN_RECEIVED
        return by_segment and self.after.state == State.TIME_WAIT


@dataclass(frozen=True)
class Watcher:
    """What a watcher needs, and when it is told; this one records nothing."""

    name: ClassVar[str]
    sees: ClassVar[int] = NOTHING  # how far
    looks: ClassVar[tuple[State, ...]] = MADE_OR_LEFT  # and in which states, if at all
    shares: ClassVar[tuple[str, ...]] = ()  # the shared ghosts that it reads
    labels: ClassVar[tuple[str, ...]] = ()  # the fields of ``Origin`` that it reads

    def begin(self, ghost: Ghost, incarnations: int) -> None:
        """Nothing has happened yet."""

    def stepped(self, ghost: Ghost, m: Moment) -> None:
        """Anything happened."""

    def made(self, ghost: Ghost, m: Moment) -> None:
        """A TCB was made; shared ghosts, but ``id``, are still those of the one before."""

    def forged(self, ghost: Ghost, m: Moment) -> None:
        """A forged segment arrived for a TCB."""

    def arrived(self, ghost: Ghost, m: Moment, seg: Segment) -> None:
        """A segment arrived for a TCB; shared ghosts are as they were before it."""

    def took(self, ghost: Ghost, m: Moment) -> None:
        """The same, and what it says of partners is known."""

    def ended(self, ghost: Ghost, m: Moment) -> None:
        """A TCB was deleted; shared ghosts are still its own."""

    def lives(self, ghost: Ghost, m: Moment) -> None:
        """There is a TCB after the step."""

    def ticked(self, ghost: Ghost, tcb: Tcb, tcp: Tcp, elapsed: Ticks) -> None:
        """Time goes by; ``tcb`` is as it was."""

    def woke(self, ghost: Ghost) -> None:
        """The host had lost its memory, and may send again."""


def fresh(watchers: Sequence[Watcher], incarnations: int) -> Ghost:
    """The ghosts of a socket that made no TCB yet and may make ``incarnations``."""
    ghost = Ghost()
    for watcher in watchers:
        watcher.begin(ghost, incarnations)
    return ghost


def observe(watchers: Sequence[Watcher], ghost: Ghost, m: Moment) -> None:
    """Write the ghosts of a socket after a step, and the labels of what it sent."""
    shared = [name for watcher in watchers for name in watcher.shares]
    existed = m.existed
    for watcher in watchers:
        watcher.stepped(ghost, m)
    if m.tcp.made:
        left = _left(ghost) if m.reopened else Left()
        ghost.made = ghost.made + 1
        ghost.returned = 0
        for watcher in watchers:
            watcher.made(ghost, m)
        _forget(ghost)
        ghost.left = left
        if m.seg is not None and "heard" in shared:
            ghost.heard = m.seg.origin.src
    elif (
        "simultaneous" in shared
        and m.before.state == State.SYN_SENT
        and m.after.state == State.SYN_RECEIVED
    ):
        ghost.simultaneous = True
    if m.seg is not None and (existed or m.fed):
        _arrived(watchers, shared, ghost, m, m.seg)
    _label([name for watcher in watchers for name in watcher.labels], ghost, m)
    if m.returned:
        _return(ghost)
    elif m.after.state != State.SYN_RECEIVED:
        ghost.left = Left()
    if m.exists:
        for watcher in watchers:
            watcher.lives(ghost, m)
    elif existed:
        for watcher in watchers:
            watcher.ended(ghost, m)
        _forget(ghost)
        ghost.returned = 0


def _left(ghost: Ghost) -> Left:
    """What is known of the TCB that is there."""
    return Left(*[getattr(ghost, f.name) for f in fields(Left)])


def _return(ghost: Ghost) -> None:
    """The TCB that was left is there again."""
    left, ghost.left = ghost.left, Left()
    ghost.returned = left.id
    for f in fields(Left):
        if f.name != "id":
            setattr(ghost, f.name, getattr(left, f.name))


def _forget(ghost: Ghost) -> None:
    """The shared ghosts of a TCB are not the next one's."""
    ghost.simultaneous = False
    ghost.partner = 0
    ghost.heard = 0


def _arrived(
    watchers: Sequence[Watcher], shared: Sequence[str], ghost: Ghost, m: Moment, seg: Segment
) -> None:
    """A segment arrived for a TCB."""
    if m.forged:
        for watcher in watchers:
            watcher.forged(ghost, m)
        return
    for watcher in watchers:
        watcher.arrived(ghost, m, seg)
    if "partner" in shared:
        acked = (m.before.snd.una == m.before.iss) & (m.after.snd.una != m.after.iss)
        if "first" in shared:
            acked = acked & (ghost.partner == 0)
        ghost.partner = choose(acked, seg.origin.src, ghost.partner)
    if "heard" in shared and m.before.state == State.SYN_SENT and seg.ctl.syn:
        ghost.heard = seg.origin.src
    for watcher in watchers:
        watcher.took(ghost, m)


def _label(labels: Sequence[str], ghost: Ghost, m: Moment) -> None:
    """Say of each segment sent where it comes from, as far as somebody reads that."""
    existed = m.existed or m.tcp.made
    for sent in m.tcp.sent:
        origin = sent.origin
        if "src" in labels:
            origin.src = ghost.id if existed else 0
        if "about" in labels and m.seg is not None:
            origin.about = choose(sent.ctl.rst, m.seg.origin.src, 0)
        if "first" in labels:
            text = (sent.text != 0) & not_(sent.ctl.syn)
            place = m.tcp.seq.minus(sent.seq, m.tcp.seq.plus(m.after.iss, 1))
            origin.first = choose(text, place, 0)
            origin.garbage = text & (m.what == Input.KEEP_ALIVE_TIMEOUT)
