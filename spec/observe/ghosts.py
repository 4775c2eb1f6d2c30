"""Ghosts: what only an observer knows, so that claims can be stated.

A watcher (``spec.observe.watcher``) writes them after each step, from what was before, what
came in and what is now; no rule of the protocol can see them. They are kept with the
endpoint, so that an endpoint's step stays a function of its own state and one input. The one
thing an observer sees beyond that, the other end at this moment, comes in as a ``Sight``.

Every TCB has a number, ``id``, never reused: the socket's first is 1, and ``made`` counts them, as
it counts the initial sequence numbers that the socket has selected. The TCB that an end *has* is
the last that it *made*, unless a connection was reopened from TIME-WAIT and came to nothing: then
the TCB in TIME-WAIT is there again (section 3.6.1 (2)), with its number and with all that was
known of it, which ``left`` has kept. ``Origin.src`` is the number of the TCB that sent a segment.

A ghost that nobody watches keeps its first value. Three are shared by several watchers, who
name those they read:

* A TCB's ``partner`` is the TCB that acknowledged its ISS, not the one that sent the SYN: a
  duplicate SYN with the same ISN would raise false alarms.
* ``heard`` is the TCB whose SYN it took.
* ``simultaneous`` tells that SYN-RECEIVED was reached from SYN-SENT.

The others belong to one watcher each.
"""

from dataclasses import dataclass, field
from enum import Enum

from spec.seq import choose
from spec.tcp.segment import Count, Id, Octets, Seq, Ticks
from spec.tcp.tcb import State, Tcb


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
    reached: bool = False  # it reached ESTABLISHED
    written: Octets = 0
    delivered: Octets = 0


@dataclass(slots=True, eq=False)
class Left:
    """The ghosts of a TCB in TIME-WAIT, while one that a SYN reopened from it may return to it."""

    id: Id = 0
    simultaneous: bool = False
    stale: bool = False
    old_me: Id = 0
    old_peer: Id = 0
    partner: Id = 0
    heard: Id = 0
    delivered: Octets = 0
    reopened: bool = False


@dataclass(slots=True, eq=False)
class Reading:
    """How much of the stream of one TCB of the peer was delivered."""

    octets: Octets = 0


@dataclass(slots=True, eq=False)
class Breaches:
    """What a step ever did that it must not."""

    state: bool = False  # a change of state that is not in Figure 5
    answer: bool = False  # an answer left out, or one that nobody may give
    sent: bool = False  # a segment that says what is not so
    numbers: bool = False  # a sequence variable moved for no reason, or not where it must
    timers: bool = False  # a timer that does not run as it must
    told: bool = False  # a user not told what is due, or told what is not


@dataclass(slots=True, eq=False)
class Ghost:
    """The ghosts of one socket."""

    made: Id = 0  # how many TCBs the socket has made
    returned: Id = 0  # the TCB that is there again; 0: the last one made
    left: Left = field(default_factory=Left)
    past: tuple[Pair, ...] = ()
    simultaneous: bool = False  # SYN-RECEIVED was reached from SYN-SENT
    stale: bool = False  # made from a SYN whose sender had given up, or heard one in SYN-SENT
    over_me: Id = 0
    over_peer: Id = 0
    left_me: Id = 0  # the latest TCB whose TIME-WAIT ran out, and its partner
    left_peer: Id = 0
    old_me: Id = 0  # when this TCB was made: over_me, or the peer's word on it
    old_peer: Id = 0  # ... and of the peer's TCBs
    confused: bool = False  # the TCB accepted an old segment
    residue: bool = False  # TIME-WAIT was left with a segment of the connection in flight
    partner: Id = 0
    heard: Id = 0  # the TCB whose SYN it took
    delivered: Octets = 0
    garbled: bool = False  # an octet was delivered twice, out of order, or is another's
    last: Last = field(default_factory=Last)
    read: tuple[Reading, ...] = ()  # of each TCB of the peer
    again: bool = False  # an octet was delivered that had been delivered before
    harmed: bool = False  # a forged segment changed the connection
    shown: bool = False  # ... or what is left of a limit that others see
    crossed: bool = False  # a TCB that had reached ESTABLISHED accepted an earlier segment
    crossed_simultaneous: bool = False  # ... one that was opened simultaneously
    misled: bool = False  # ... or a reset that a segment of an earlier TCB of its own provoked
    untold: bool = False  # a connection ended, by a reset or in time, without a word to the user
    reopened: bool = False  # the TCB was made by a SYN that TIME-WAIT gave way to
    cut: bool = False  # TIME-WAIT gave way to a SYN that was not later than its own connection's
    silent: Ticks = 0  # ticks since the TCB last heard its peer
    unanswered: Count = 0  # keep-alives that it has sent since then, up to two
    given_up: bool = False  # a TCB was given up by keep-alive
    hasty: bool = False  # ... too early, or after a single probe
    swallowed: bool = False  # it took something of a segment that ended below RCV.NXT
    late: bool = False  # a TCB was there although it had to be given up
    burst: bool = False  # more text was sent than both windows allow
    silly: bool = False  # a silly segment was sent, though no timer told so
    strange: bool = False  # a phase was entered that no rule enters
    dipped: bool = False  # fast recovery ended in slow start
    leap: bool = False  # cwnd grew by more than was acknowledged
    idled: bool = False  # nothing was sent for RTO, and the peer was not heard since
    flood: bool = False  # ... and then more was in flight than the initial window
    flown: Octets = 0  # the most that has been in flight
    spurt: bool = False  # more than twice as much was in flight than ever before, and a segment
    amiss: bool = False  # a sender's variables moved otherwise than they must
    stalled: bool = False  # text was sent or held back otherwise than is due
    withheld: bool = False  # text was taken, held, offered or acknowledged otherwise than is due
    losing: bool = False  # not all is acknowledged that was in flight when loss was noticed ...
    lost_to: Seq = 0  # ... up to here
    twice: bool = False  # ssthresh fell twice for one flight
    resent: Octets = 0  # octets from SND.UNA on that were sent again
    ambiguous: bool = False  # a sample was taken of what was sent again
    conduct: Breaches = field(default_factory=Breaches)
    strayed: bool = False  # a step that the lifecycle does not have

    @property
    def id(self) -> Id:
        """The number of the TCB that is there, or was last."""
        return choose(self.returned != 0, self.returned, self.made)


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


def accepted(before: Tcb, after: Tcb) -> bool:
    """Did a step move RCV.NXT or SND.UNA, deliver an octet, or change state?"""
    return (
        (before.state != after.state)
        | (before.rcv.nxt != after.rcv.nxt)
        | (before.snd.una != after.snd.una)
    )
