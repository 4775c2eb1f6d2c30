"""CC3: what a data plane sends and takes, the lifecycle may send and take; at 32 bits.

The lifecycle may send octets that begin in [SND.UNA, SND.NXT] and end by SND.NXT, or within the
peer's window; one octet into a shut window, with nothing in flight; and FIN after the last octet
(``spec.observe.refinement`` says it in full, of whole steps, at small bounds). Here the functions
that decide what is sent work on numbers of 32 bits, and on any values of what they read: windows,
cwnd, ssthresh, MSS, counts and flags. Only what the clauses say of these is known. One segment is
sent at a time, as ``transmit`` does it; that its octets are the right ones follows, since a number
is that of one octet (T9.text).

The receiver has a window of four octets, and of its stream one octet is looked at, which is any.
"""

from dataclasses import dataclass, field, replace
from typing import Any, cast

from proofs.theorems.small import Scene, Small
from spec.seq import choose, implies, not_
from spec.tcp import congestion, receiving, retransmission
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Count, Segment
from spec.tcp.segment_arrives.others import sixth_to_eighth
from spec.tcp.sending import send_front, send_last, send_next
from spec.tcp.tcb import State, Tcb
from spec.tcp.transfer import Place, Transfer

AROUND = 1 << 32
"""How many numbers there are."""
BUFFER = (1 << 31) - 2
"""How many octets may wait to be acknowledged, at most: with FIN less than half the numbers."""


# What is sent


@dataclass(slots=True, eq=False)
class Sender:
    """A sender: how far the numbers of its connection lie above SND.UNA."""

    nxt: Count = 0  # SND.NXT
    again: Count = 0  # what is sent next, if that was sent before: ``Transfer.nxt``
    left: Count = 0  # octets that were written, and not acknowledged
    closed: bool = False  # CLOSE was called
    over: bool = False  # FIN is acknowledged
    recovering: bool = False
    recover: Count = 0
    strayed: bool = False  # something was sent that the lifecycle may not send


@dataclass(slots=True, eq=False)
class Given:
    """Whatever else the functions read, anew at each step."""

    una: Count = 0
    wnd: Count = 0  # SND.WND
    octets: Count = 0  # that SEND is given, or that an ACK acknowledges
    largest: Count = 0
    cwnd: Count = 0
    ssthresh: Count = 0
    acked: Count = 0
    duplicates: Count = 0
    timing: bool = False
    timed: Count = 0
    timed_out: bool = False
    override: bool = False


@dataclass(slots=True, eq=False)
class Choices:
    """What a sender is set up with."""

    mss: Count = 1
    nagle: bool = True
    sender_sws: bool = True
    limited_transmit: bool = True
    recover_check: bool = True
    cwnd_floor: bool = True


def _sane(me: Sender) -> bool:
    """Has each number 32 bits?"""
    return (me.nxt < AROUND) & (me.again < AROUND) & (me.recover < AROUND)


def _context(s: Scene) -> Tcp:
    o: Choices = s.open
    rules = replace(
        s.tcp.rules,
        nagle=o.nagle,
        sender_sws=o.sender_sws,
        limited_transmit=o.limited_transmit,
        recover_check=o.recover_check,
        cwnd_floor=o.cwnd_floor,
    )
    return Tcp(rules, replace(cast(Any, s.tcp.bounds), mss=o.mss), 0)


def _tcb(s: Scene, g: Given) -> tuple[Tcb, Transfer]:
    """The TCB of a sender, of which nothing is known but what is kept."""
    me: Sender = s.me
    seq = s.tcp.seq
    tcb = Tcb(state=State.FIN_WAIT_1, closing=me.closed)
    tcb.snd.una, tcb.snd.nxt, tcb.snd.wnd = seq.plus(g.una, 0), seq.plus(g.una, me.nxt), g.wnd
    # Two numbers lie below SND.UNA, SYN and an octet, and three if FIN does.
    tcb.iss, tcb.written = seq.minus(g.una, choose(me.over, 3, 2)), me.left + 1
    transfer = Transfer(
        nxt=seq.plus(g.una, me.again),
        largest=g.largest,
        cwnd=g.cwnd,
        ssthresh=g.ssthresh,
        acked=g.acked,
        duplicates=g.duplicates,
        recovering=me.recovering,
        recover=seq.plus(g.una, me.recover),
        timing=g.timing,
        timed=g.timed,
        timed_out=g.timed_out,
    )
    tcb.transfers = (transfer,)
    return tcb, transfer


def _keep(s: Scene, tcb: Tcb, transfer: Transfer, tcp: Tcp) -> bool:
    """Write down what became of it, and judge what was sent."""
    me: Sender = s.me
    seq, snd = s.tcp.seq, tcb.snd
    for seg in tcp.sent:
        me.strayed = me.strayed | not_(_may_be_sent(me, seq.minus(seg.seq, snd.una), seg, snd.wnd))
    sent = seq.minus(snd.nxt, snd.una)
    me.strayed = me.strayed | (sent < me.nxt)
    me.nxt, me.again = sent, seq.minus(transfer.nxt, snd.una)
    me.recovering, me.recover = transfer.recovering, seq.minus(transfer.recover, snd.una)
    s.tcp.cited.extend(tcp.cited)
    return True


def _may_be_sent(me: Sender, ahead: int, seg: Segment, wnd: int) -> bool:
    """May the lifecycle send this, so far above SND.UNA?"""
    ends = ahead + seg.text
    probe = (wnd == 0) & (me.nxt == 0) & (seg.text == 1)
    text = (ends <= me.left) & ((ends <= me.nxt) | (ends <= wnd) | probe)
    fin = me.closed & (ends == me.left)
    may = (ahead <= me.nxt) & implies(seg.text != 0, text) & implies(seg.ctl.fin, fin)
    return may & ((seg.text != 0) | seg.ctl.fin) & seg.ctl.ack & not_(seg.ctl.syn | seg.ctl.rst)


def _send(s: Scene, g: Given) -> bool:
    me: Sender = s.me
    if me.closed or me.left + g.octets > BUFFER:
        return False
    me.left = me.left + g.octets
    return True


def _close(s: Scene, _: Given) -> bool:
    s.me.closed = True
    return True


def _transmit(s: Scene, g: Given) -> bool:
    if not _sane(s.me):  # the clauses rule it out; said here, a proof without one fails sooner
        return False
    tcp, (tcb, transfer) = _context(s), _tcb(s, g)
    send_next(tcb, transfer, tcp, g.override)
    return _keep(s, tcb, transfer, tcp)


def _fin(s: Scene, g: Given) -> bool:
    tcp, (tcb, transfer) = _context(s), _tcb(s, g)
    if not tcb.unsent_fin(tcp.seq):
        return False
    send_last(tcb, tcp)
    return _keep(s, tcb, transfer, tcp)


def _timeout(s: Scene, g: Given) -> bool:
    tcp, (tcb, transfer) = _context(s), _tcb(s, g)
    if not retransmission.runs(tcb, tcp):
        return False
    retransmission.timeout(tcb, transfer, tcp)
    return _keep(s, tcb, transfer, tcp)


def _acknowledged(s: Scene, g: Given) -> bool:
    """An ACK of something that is in flight."""
    me: Sender = s.me
    if g.octets == 0 or g.octets > me.nxt:
        return False
    tcp, (tcb, transfer) = _context(s), _tcb(s, g)
    tcb.snd.una = tcp.seq.plus(tcb.snd.una, g.octets)
    me.over = g.octets > me.left
    me.left = choose(me.over, 0, me.left - g.octets)
    me.nxt = me.nxt - g.octets
    again = congestion.acknowledged(tcb, transfer, g.octets, tcp)
    if again:
        send_front(tcb, transfer, tcp)
    return _keep(s, tcb, transfer, tcp)


def _duplicate(s: Scene, g: Given) -> bool:
    tcp, (tcb, transfer) = _context(s), _tcb(s, g)
    if tcb.snd.una == tcb.snd.nxt:
        return False
    if congestion.duplicate(tcb, transfer, tcp):
        send_front(tcb, transfer, tcp)
    return _keep(s, tcb, transfer, tcp)


SENDER = Small(
    Sender,
    Given,
    Choices,
    {
        "SEND": _send,
        "CLOSE": _close,
        "transmit": _transmit,
        "FIN": _fin,
        "RETRANSMISSION TIMEOUT": _timeout,
        "ACK": _acknowledged,
        "duplicate ACK": _duplicate,
    },
)


def segments_have_text(s: Scene) -> bool:
    """A segment may have an octet, or more."""
    some: bool = s.open.mss != 0
    return some


def sent_was_written(s: Scene) -> bool:
    """SND.NXT is no further than the last octet that was written, and FIN; and all of it is less
    than half the numbers."""
    me: Sender = s.me
    return (me.nxt <= me.left + (me.closed & not_(me.over))) & (me.left <= BUFFER)


def over_is_over(s: Scene) -> bool:
    """Once FIN is acknowledged nothing is left."""
    me: Sender = s.me
    return implies(me.over, me.closed & (me.left == 0))


def again_was_sent(s: Scene) -> bool:
    """What is sent next was sent before, or is next."""
    again: bool = s.me.again <= s.me.nxt
    return again


def recovery_has_an_end(s: Scene) -> bool:
    """In fast recovery something is in flight, and ``recover`` is no further than SND.NXT."""
    me: Sender = s.me
    return implies(me.recovering, (me.recover != 0) & (me.recover <= me.nxt))


def never_strays(s: Scene) -> bool:
    """CC3: all that is sent was written, and is in [SND.UNA, SND.NXT) or in the peer's window, or
    probes a shut one; and SND.NXT never goes back."""
    return not_(s.me.strayed)


# What is taken


PLACES = 4
"""Octets of the window of the receiver that is looked at."""


@dataclass(slots=True, eq=False)
class Receiver:
    """A receiver, and one octet of what is sent to it."""

    delivered: Count = 0  # octets that were taken
    wnd: Count = PLACES  # RCV.WND
    places: tuple[Place, ...] = field(default_factory=lambda: tuple(Place() for _ in range(PLACES)))
    ended: bool = False  # FIN was taken
    came: bool = False  # a segment that has the octet has arrived
    moved: bool = False  # the right edge of the window moved where it must not


@dataclass(slots=True, eq=False)
class Octet:
    """The octet that is looked at, by its place in the stream."""

    place: Count = 0


@dataclass(slots=True, eq=False)
class Arrival:
    """What arrives, and whatever else is read, anew at each step."""

    nxt: Count = 0  # RCV.NXT
    seq: Count = 0
    text: Count = 0
    fin: bool = False
    mss: Count = 1
    unread: Count = 0
    due: Count = 0


def _receiver(s: Scene, a: Arrival) -> tuple[Tcb, Transfer, Tcp]:
    me: Receiver = s.me
    tcb = Tcb(state=State.ESTABLISHED)
    tcb.rcv.nxt, tcb.rcv.wnd = s.tcp.seq.plus(a.nxt, 0), me.wnd
    tcb.rcv.up = tcb.rcv.nxt
    transfer = Transfer(unread=a.unread, due=a.due, places=me.places)
    tcb.transfers = (transfer,)
    return tcb, transfer, Tcp(s.tcp.rules, replace(cast(Any, s.tcp.bounds), mss=a.mss), 0)


def _arrives(s: Scene, a: Arrival) -> bool:
    """A segment comes as far as the seventh step."""
    me: Receiver = s.me
    if me.ended or a.text > BUFFER:
        return False
    tcb, _, tcp = _receiver(s, a)
    seq = tcp.seq
    ahead, behind = seq.minus(a.seq, a.nxt), seq.minus(a.nxt, a.seq)
    # The place of its first octet, and how far that is below place 0
    later = seq.lt(a.nxt, a.seq)
    begins = choose(later, me.delivered + ahead, me.delivered)
    below = choose(later, 0, behind)
    has = (begins <= s.open.place + below) & (s.open.place + below < begins + a.text)
    me.came = me.came | has
    seg = Segment(seq=seq.plus(a.seq, 0), text=a.text, ctl=Control(ack=True, fin=a.fin))
    edge = me.delivered + me.wnd
    sixth_to_eighth(tcb, seg, tcp)
    fin = tcb.state != State.ESTABLISHED
    me.ended = fin
    me.delivered = me.delivered + seq.minus(tcb.rcv.nxt, a.nxt) - choose(fin, 1, 0)
    me.wnd = tcb.rcv.wnd
    me.moved = me.moved | (me.delivered + me.wnd != edge)
    s.tcp.cited.extend(tcp.cited)
    return True


def _receive(s: Scene, a: Arrival) -> bool:
    """RECEIVE; or the window shrinks, if that is asked for."""
    me: Receiver = s.me
    tcb, transfer, tcp = _receiver(s, a)
    if a.unread == 0:
        return False
    if cast(Any, s.tcp.bounds).shrinks:
        receiving.shrink(tcb, transfer, tcp)
    else:
        receiving.receive(tcb, transfer, tcp)
    me.moved = me.moved | (tcb.rcv.wnd < me.wnd)
    me.wnd = tcb.rcv.wnd
    s.tcp.cited.extend(tcp.cited)
    return True


RECEIVER = Small(Receiver, Arrival, Octet, {"segment": _arrives, "RECEIVE": _receive})


def held_has_come(s: Scene) -> bool:
    """What is held has come."""
    me: Receiver = s.me
    kept: bool = True
    for n, place in enumerate(me.places):
        kept = kept & implies(place.here & (s.open.place == me.delivered + n), me.came)
    return kept


def window_is_the_buffer(s: Scene) -> bool:
    """The window is no wider than its places, and nothing is held beyond it."""
    me: Receiver = s.me
    kept: bool = me.wnd <= PLACES
    for n, place in enumerate(me.places):
        kept = kept & implies(place.here, n < me.wnd)
    return kept


def taken_has_come(s: Scene) -> bool:
    """CC3.take: RCV.NXT moves over what came only, now or before."""
    return implies(s.open.place < s.me.delivered, s.me.came)


def edge_stays(s: Scene) -> bool:
    """CC3.take: the right edge of the window stays when text is taken, and RECEIVE moves it to the
    right only."""
    return not_(s.me.moved)
