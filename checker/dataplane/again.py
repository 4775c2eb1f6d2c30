"""Why was something sent again? What can be inferred from what was seen before.

In this order:

- The same packet, by the identification in its IP header, is a copy, unless it comes later than a
  timeout may: a stack may use a number again (RFC 9293 3.8.1, MAY-4). Where the number is not
  known, what follows sooner than anything could have asked for it is a copy, too.
- Into a zero window: a probe.
- A SYN or FIN right after a segment of the peer answers that: one that came again, or crossed it.
  (Linux sends its SYN again 8 ms after an ACK that it has refused with a reset; BSD has its FIN in
  each ACK until it is acknowledged.) So does text that a SYN carried, when only the SYN was
  acknowledged: it needs no timeout (RFC 7413 4.2.2).
- Something asked for it: three duplicate ACKs (RFC 5681 3.2), or SACK says that what was sent later
  arrived. The answer must follow at once, but for the time to the sender and back again, and for
  what RACK waits (RFC 8985 6.2: up to a round trip).
- A recovery goes on, and this was not yet sent again in it.
- Nothing asked for it: a timeout, if it is the oldest in flight. If it is also the last that was
  sent, and SACK is in use, it may be a tail loss probe, which RFC 8985 allows after two round
  trips.

Everything else cannot be told.
"""

from typing import TYPE_CHECKING

from checker.capture.segments import FIN, SYN, Packet
from checker.dataplane.facts import Kind, Late, Resend
from spec.tcp.congestion import DUPLICATES

if TYPE_CHECKING:
    from checker.dataplane.sending import Chunk, Sending

SLACK = 0.9
"""What is seen of a time may be less than it was at its sender, by so much: segments of one sender
do not take equally long to the capture point."""
SOON = 0.01
"""Seconds that a host may take to answer at once."""
QUICKEST = 0.2
"""Seconds; no timeout that is known is shorter."""


def resent(of: "Sending", p: Packet, start: int, end: int, ident: int) -> None:
    """Octets that were seen before."""
    chunks = of.within(start, end)
    oldest = chunks[0] if chunks else None
    acked = end <= of.una
    if of.zero is None and chunks and all(one.probe for one in chunks):
        # What a probe carried goes where there is room for it now.
        of.took(start, end, p, ident)
        return
    if acked:
        oldest = next((one for one in of.done if one.start <= start < one.end), None)
    waited = p.time - oldest.last if oldest is not None else None
    made = Resend(
        p.number, p.time, start, end, Kind.UNKNOWN,
        before=oldest.packet if oldest is not None else 0,
        waited=waited,
        duplicates=tuple(of.duplicates[:8]),
        sacked=sum(one.end - one.start for one in of.chunks if one.sacked and one.start >= end),
        acked=acked,
        control=not p.text,
        since_ack=None if of.last_ack is None else p.time - of.last_ack,
    )  # fmt: skip
    made.alone = oldest is not None and start <= of.una and end >= of.nxt
    made.kind = _kind(of, p, made, oldest, ident)
    if made.kind is Kind.COPY:
        of.copies += 1
        of.tell(p.number, made.kind.value)
        return
    of.resent += end - start
    if acked:
        of.tell(p.number, "acknowledged already")
    if made.kind is Kind.PROBE:
        of._probe(p, p.text)
    else:
        of.tell(p.number, made.kind.value)
    if start <= of.una < end and made.kind is not Kind.PROBE:
        of.answered(made.kind)
    if made.kind in (Kind.FAST, Kind.SACK, Kind.TIMEOUT) and not acked:
        made.first = True
        of.recovers(made.kind, p, max(of.ended, of.last_heard or 0.0))
    of.took(start, end, p, ident)
    if acked and oldest is not None:
        oldest.seen(p, ident)
        oldest.sent += 1
    of.keep(of.resends, made)


def _kind(of: "Sending", p: Packet, made: Resend, oldest: "Chunk | None", ident: int) -> Kind:
    if oldest is not None and _copied(of, p, made, oldest, ident):
        return Kind.COPY
    if of.zero is not None and bool(p.text or p.flags & FIN):
        return Kind.PROBE
    if made.control:
        answers = of.came is not None and p.time - of.came <= of.flight.lag + SOON
        if answers:
            return Kind.ANSWER
        if p.flags & SYN and not made.acked:
            return Kind.TIMEOUT
    if oldest is not None and _refused(of, p, oldest):
        return Kind.ANSWER
    if oldest is None:
        return Kind.RECOVERY if of.episode is not None else Kind.UNKNOWN
    if made.acked:  # as seen from here
        if of.episode is not None:
            return Kind.RECOVERY
        return Kind.TIMEOUT if (made.waited or 0.0) >= QUICKEST * SLACK else Kind.UNKNOWN
    silence = p.time - of.last_heard if of.last_heard is not None else p.time - oldest.last
    trip = of.trip.smooth if of.trip.count else QUICKEST
    soon = silence <= of.flight.lag + max(1.25 * trip, SOON)
    asked = soon and bool(made.sacked or of.duplicates)
    first = made.start <= of.una
    if of.episode is not None and made.start < of.recover:
        again = oldest.last >= of.episode.began and oldest.sent > 1
        if not again or soon:
            return Kind.RECOVERY
        return Kind.TIMEOUT if first else Kind.UNKNOWN
    if asked and first and len(of.duplicates) >= DUPLICATES:
        return Kind.FAST
    if asked and made.sacked:
        return Kind.SACK
    if made.end >= of.nxt and of.sack and not p.flags & SYN:
        # The last of what was sent.
        enough = made.waited is not None and made.waited >= 2 * of.trip.least * SLACK
        if oldest.sent == 1 and enough and of.trip.count:
            return Kind.TAIL
    if first and made.waited is not None:
        return Kind.TIMEOUT if not asked or made.waited >= QUICKEST * SLACK else Kind.UNKNOWN
    return Kind.UNKNOWN


def _refused(of: "Sending", p: Packet, oldest: "Chunk") -> bool:
    """Was it sent in a SYN, of which the peer has just acknowledged nothing else?"""
    in_syn = oldest.sent == 1 and oldest.says[0] & SYN and not p.flags & SYN
    if not in_syn or of.una <= 0 or of.una > oldest.start or of.last_ack is None:
        return False
    return p.time - of.last_ack <= of.flight.lag + QUICKEST


def _copied(of: "Sending", p: Packet, made: Resend, oldest: "Chunk", ident: int) -> bool:
    same = oldest.start == made.start and oldest.end == made.end
    same = same and oldest.says == (p.flags, p.ack, p.wnd)
    if ident and oldest.ident:
        early = made.waited is not None and made.waited < QUICKEST
        return ident == oldest.ident and same and early and len(of.duplicates) < DUPLICATES
    soon = of.trip.least / 4 if of.trip.count else 0.0005
    quick = made.waited is not None and made.waited < soon
    return same and quick and not made.sacked and not of.duplicates


def late(of: "Sending", p: Packet, start: int, end: int, since: float, ident: int) -> None:
    """Octets below the newest, of which the capture had nothing: reordered, or sent again?"""
    waited = p.time - since
    after = next((one for one in of.chunks if one.start >= end and one.ident), None)
    reordered: bool | None = None
    if ident and after is not None and after.sent == 1:
        reordered = 0 < (after.ident - ident) & 0xFFFF < 1 << 15
    elif waited < of.flight.lag:
        reordered = True  # nothing could have asked for it yet
    elif waited >= QUICKEST * SLACK or len(of.duplicates) >= DUPLICATES:
        reordered = False
    of.keep(of.late, Late(p.number, start, end, waited, reordered))
    if reordered:
        of.tell(p.number, "out of order")
        return
    of.tell(p.number, "sent again, first not seen" if reordered is False else "late")
    if reordered is False and start <= of.una:
        asked = len(of.duplicates) >= DUPLICATES
        kind = Kind.FAST if asked else Kind.TIMEOUT if waited >= QUICKEST * SLACK else None
        of.answered(kind or Kind.UNKNOWN)
        if kind is not None and of.episode is None:
            of.recovers(kind, p, max(of.ended, of.last_heard or 0.0))


def twice(of: "Sending", low: int, high: int) -> None:
    """The receiver says that it got these octets twice."""
    for made in reversed(of.resends[-64:]):
        if made.start < high and low < made.end:
            made.needless = True
            return
