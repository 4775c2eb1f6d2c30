"""The data plane's variables of one connection: what decides when, and how much, is sent.

The lifecycle (``spec.tcp.tcb``) says what a TCP may send: octets of its stream inside the peer's
window, again as often as it likes. Which of that it does send, and when, is the data plane's
decision: segments and windows (RFC 9293 section 3.8.6), retransmission (3.8.1, RFC 6298) and
congestion control (3.8.2, RFC 5681). A TCB has these variables only where an exploration asks for
them (``Bounds.transfer``); without them it sends what it may at once.
"""

from dataclasses import dataclass
from typing import Annotated

from spec.tcp.segment import Count, Ours, Window

Amount = Annotated[int, "amount"]
"""A number of octets that are in flight, may be, or wait in a buffer."""


@dataclass(slots=True, eq=False)
class Place:
    """One place of a window, of an octet or of ``Parameters.place``: has all its text come, ahead
    of what is expected (SHLD-31)?"""

    here: bool = False


@dataclass(slots=True, eq=False)
class Transfer:
    """The variables of one connection, in octets where nothing else is said."""

    # The sender's
    nxt: Ours = 0  # next to be sent: SND.NXT, or after a timeout what is sent again
    largest: Window = 0  # Max(SND.WND), the largest window that the peer has offered
    cwnd: Amount = 0  # congestion window (RFC 5681 section 2); 0: nothing was acknowledged yet
    ssthresh: Amount = 0  # slow start threshold
    acked: Amount = 0  # acknowledged since cwnd grew last, in congestion avoidance
    duplicates: Count = 0  # duplicate ACKs in a row, up to the third
    recovering: bool = False  # fast recovery
    recover: Ours = 0  # SND.NXT when loss was last noticed (RFC 6582)
    timing: bool = False  # the segment at ``timed`` is, for a sample of the round trip (RFC 6298)
    timed: Ours = 0
    timed_out: bool = False  # the front of the queue was sent again by the timer, not by ACKs
    sacked: tuple[Place, ...] = ()  # places from SND.UNA on whose text the peer said that it holds
    # The receiver's
    unread: Amount = 0  # RCV.USER: taken, and not passed to the user yet
    due: Amount = 0  # taken, and not acknowledged yet
    places: tuple[Place, ...] = ()


def spans(places: tuple[Place, ...], size: int) -> list[tuple[Place, int, int]]:
    """Each place, and from where to where it is, counted from the window's left edge."""
    return [(place, n * size, (n + 1) * size) for n, place in enumerate(places)]


def holds(transfer: Transfer) -> bool:
    """Is there text beyond RCV.NXT?"""
    any_: bool = False
    for place in transfer.places:
        any_ = any_ | place.here
    return any_


def shift(places: tuple[Place, ...], by: int, size: int) -> None:
    """The left edge has moved on by so many octets: all places come nearer."""
    was = [place.here for place in places]
    for n, place in enumerate(places):
        here: bool = False
        for before, one in enumerate(was):
            if before >= n:
                here = here | ((by == (before - n) * size) & one)
        place.here = here
