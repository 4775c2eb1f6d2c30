"""The transmission control block and the eleven states (RFC 9293 sections 3.3.1 and 3.3.2).

Variables have the RFC's names. Two of the RFC's queues are held as numbers, since one
connection's stream is contiguous in sequence space:

* SYN is at ISS, octet ``i`` at ISS+1+i, FIN at ISS+1+``written``; so the *retransmission
  queue* is what lies from SND.UNA up to SND.NXT, and what SEND and CLOSE have *queued* is
  what lies from SND.NXT up to the last octet written, and FIN if ``closing``.
* text or control that came with a SYN waits in ``held_...`` until our own SYN is
  acknowledged (section 3.10.7.2, third step).

``rcv.wnd`` is the room left in the receive buffer, which RECEIVE empties; with a data plane it is
how much of that room is offered.
"""

from dataclasses import dataclass, field
from enum import Enum

from spec.seq import Space
from spec.tcp.segment import Count, Octets, Ours, Stamp, Theirs, Ticks, Window
from spec.tcp.transfer import Place, Transfer


class State(Enum):
    """Section 3.3.2. CLOSED is fictional: there is no TCB."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"


SYNCHRONIZED = (
    State.ESTABLISHED,
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.CLOSE_WAIT,
    State.CLOSING,
    State.LAST_ACK,
    State.TIME_WAIT,
)
"""The synchronized states (section 3.5)."""


@dataclass(slots=True, eq=False)
class Send:
    """Send sequence variables (section 3.3.1)."""

    una: Ours = 0  # oldest unacknowledged
    nxt: Ours = 0  # next to be sent
    wnd: Window = 0  # send window, from UNA
    wl1: Theirs = 0  # SEG.SEQ of the last window update
    wl2: Ours = 0  # SEG.ACK of the last window update
    up: Ours = 0  # urgent pointer
    urgent: bool = False  # the user's SEND was URGENT


@dataclass(slots=True, eq=False)
class Receive:
    """Receive sequence variables (section 3.3.1)."""

    nxt: Theirs = 0  # next expected
    wnd: Window = 0  # receive window, from NXT
    up: Theirs = 0  # urgent pointer
    push: bool = False  # "push seen" (section 3.10.3)


@dataclass(slots=True, eq=False)
class Tcb:
    """One connection's variables; a blank one stands for CLOSED."""

    state: State = State.CLOSED
    passive: bool = False  # SYN-RECEIVED was reached from a passive OPEN (MUST-11)
    reopened: bool = False  # ... from TIME-WAIT (MAY-2), to which a reset returns
    left_snd: Ours = 0  # SND.NXT and RCV.NXT of the connection that was reopened, to return to
    left_rcv: Theirs = 0
    left_recent: Stamp = 0  # ... and its TS.Recent
    iss: Ours = 0
    irs: Theirs = 0
    snd: Send = field(default_factory=Send)
    rcv: Receive = field(default_factory=Receive)
    written: Octets = 0  # octets that SEND has been given
    closing: bool = False  # CLOSE has been called: FIN is queued or sent
    held_text: Octets = 0
    held_fin: bool = False
    held_push: bool = False
    held_urgent: bool = False
    held_up: Theirs = 0
    time_wait: Ticks = 0  # TIME-WAIT timer
    stamped: bool = False  # the connection uses timestamps (RFC 7323)
    ts_recent: Stamp = 0  # TS.Recent: the latest TSval heard
    recent_for: Ticks = 0  # ticks for which it is still valid, if that is not for ever
    since: Stamp = 0  # TSval when TIME-WAIT began
    span: Ticks = 0  # how long the front of the retransmission queue may still be resent
    answered: bool = False  # the last probe of a shut window was, and R has not begun again
    keep_alive: Ticks = 0  # keep-alive timer
    probes: Count = 0  # probes sent since the peer was heard
    throttled: bool = False  # the limit on ACKs that answer what is refused is reached
    transfers: tuple[Transfer, ...] = field(default=(), metadata={"inline": "transfer"})

    def passed(self, seq: Space, window: int) -> int:
        """The sequence number up to which the user has what was received, with a buffer of
        ``window`` octets."""
        for transfer in self.transfers:
            return seq.minus(self.rcv.nxt, transfer.unread)
        return seq.minus(self.rcv.nxt, seq.minus(window, self.rcv.wnd))

    def undelivered(self, window: int) -> bool:
        """Was text received that the user has not got yet?"""
        for transfer in self.transfers:
            return transfer.unread != 0
        return self.rcv.wnd != window

    def unsent_text(self, seq: Space) -> bool:
        """Are octets queued that were never sent?"""
        return (self.written != 0) & (seq.minus(self.snd.nxt, self.iss) <= self.written)

    def unacknowledged_text(self, seq: Space) -> bool:
        """Is the front of the retransmission queue an octet?"""
        return (self.written != 0) & (seq.minus(self.snd.una, self.iss) <= self.written)

    def unsent_fin(self, seq: Space) -> bool:
        """Is a FIN queued, and next to be sent?"""
        return self.closing & (self.snd.nxt == seq.plus(self.iss, self.written + 1))

    def fin_acknowledged(self, seq: Space) -> bool:
        """Has the peer acknowledged our FIN?"""
        return self.closing & (self.snd.una == seq.plus(self.iss, self.written + 2))


def delete(tcb: Tcb) -> None:
    """Delete the TCB: enter CLOSED and forget everything; blank again, whatever its fields are."""
    shape = tcb.transfers
    Tcb.__init__(tcb)
    tcb.transfers = tuple(blank(len(one.places), len(one.sacked)) for one in shape)


def blank(places: int, sacked: int = 0) -> Transfer:
    """The data plane of a connection that is not, with a receive window of so many places, of which
    a sender with SACK remembers so many."""
    return Transfer(
        places=tuple(Place() for _ in range(places)), sacked=tuple(Place() for _ in range(sacked))
    )


def return_to_time_wait(tcb: Tcb, seq: Space) -> None:
    """Section 3.6.1 (2): the SYN that reopened the connection was an old duplicate.

    The TCB is again that of the connection before, both of whose FINs are acknowledged; what its
    numbers began with is not known any more, and not needed.
    """
    snd_nxt, rcv_nxt, room = tcb.left_snd, tcb.left_rcv, tcb.rcv.wnd
    recent = tcb.left_recent
    delete(tcb)
    tcb.ts_recent = recent
    tcb.stamped = recent != 0
    tcb.iss = seq.minus(snd_nxt, 2)
    tcb.irs = seq.minus(rcv_nxt, 2)
    tcb.snd.una = tcb.snd.nxt = snd_nxt
    tcb.rcv.nxt = tcb.rcv.up = rcv_nxt
    tcb.rcv.wnd = room
    tcb.closing = True


def forget_time_wait(tcb: Tcb) -> None:
    """SYN-RECEIVED is left: there is no TIME-WAIT to return to any more."""
    tcb.reopened = False
    tcb.left_snd = 0
    tcb.left_rcv = 0
    tcb.left_recent = 0


def release(tcb: Tcb) -> None:
    """Forget what came with the SYN."""
    tcb.held_text = 0
    tcb.held_fin = False
    tcb.held_push = False
    tcb.held_urgent = False
    tcb.held_up = 0
