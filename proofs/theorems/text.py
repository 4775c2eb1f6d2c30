"""Two ends that exchange text at 32 bits: octets are whole, in order, once, and nobody else's.

The system begins where both ends know both ISNs, and have agreed on them (T1). From there on the
specification's own functions work on two TCBs: SEND, RECEIVE, CLOSE, ABORT, timeouts, and whatever
segment arrives. Segments in flight are a set that forgets nothing, and in it are those of earlier
connections, too.

*Places* are natural numbers, and do not wrap: the first octet after SYN has place 0, and the number
of a place is ISS + 1 + place, modulo 2^32. What an earlier connection used lies below the ISS (RFC
9293 3.4.1), so that its places are negative. No rule of the specification reads places. All that
time must do is to let no segment arrive of which a number is 2^32 places behind SND.NXT, or more:
``proofs.theorems.pace`` says how fast one may send.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proofs.theorems.small import Pair, Scene, Sides, Turn
from spec.seq import choose, implies, not_
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Count, Segment, Seq
from spec.tcp.segment_arrives import segment_arrives
from spec.tcp.sending import acknowledge
from spec.tcp.tcb import State, Tcb
from spec.tcp.timeouts import (
    gives_up,
    retransmission_timeout,
    retransmits,
    time_wait_timeout,
    user_timeout,
)
from spec.tcp.user_calls import abort, close, receive, send
from spec.world.records import key, paths

AROUND = 1 << 32
"""How many numbers there are."""
BUFFER = 1 << 31
"""How many octets may wait to be acknowledged, at most."""
WINDOW = 1 << 30
"""The greatest window (RFC 7323 2.3)."""


@dataclass(slots=True, eq=False)
class End:
    """One end: its TCB, if it has one, and what is known of it for ever.

    Of SND.UNA, SND.NXT and RCV.NXT there are the places only. The TCB that the specification works
    on has the numbers, and the end has strayed if one is not that of its place afterwards.
    """

    state: State = State.CLOSED
    wnd: Count = 0  # SND.WND
    rcv_wnd: Count = 0  # RCV.WND
    begun: bool = False  # there is, or was, a TCB
    buffer: Count = 0  # how many octets its receive buffer holds
    written: Count = 0  # octets that SEND was given
    closed: bool = False  # CLOSE was called
    una: Count = 0  # the places of SND.UNA and SND.NXT
    nxt: Count = 0
    delivered: Count = 0  # octets that were taken
    ended: bool = False  # FIN was taken
    strayed: bool = False
    garbled: bool = False  # something was taken that was not next in the peer's stream
    graceful: bool = False  # the TCB ended by its TIME-WAIT timer, or the ACK of its FIN

    @property
    def got(self) -> int:
        """The place of RCV.NXT."""
        return self.delivered + self.ended

    @property
    def exists(self) -> bool:
        """Is there a TCB?"""
        return self.state != State.CLOSED


@dataclass(slots=True, eq=False)
class Flying:
    """A segment in flight, by the places of its numbers; of a reset the numbers are any."""

    at: Count = 0  # the place of SEG.SEQ; if it is ``below``, how far below place 0
    acks: Count = 0  # ... of SEG.ACK
    wnd: Count = 0
    text: Count = 0
    rst: bool = False
    syn: bool = False
    fin: bool = False
    earlier: bool = False  # it is of an earlier connection, or of the handshake: below place 0
    strayed: bool = False  # its numbers are not those of its places

    @property
    def length(self) -> int:
        """SEG.LEN."""
        return self.text + self.syn + self.fin


@dataclass(slots=True, eq=False)
class Choice:
    """What is left open at each step. No clause speaks of it, so that the next step has another."""

    behind: Count = AROUND - 1  # how far behind SND.NXT a number may be that arrives
    octets: Count = 1  # that SEND is given
    part: Count = 1  # how much is sent again
    room: Count = 1  # how much of the buffer RECEIVE makes free
    wnd: Count = 0  # the peer's window, as the handshake told it
    greatest: Count = 0  # MAX.SND.WND
    wl1: Seq = 0  # SND.WL1, SND.WL2 and RCV.UP
    wl2: Seq = 0
    up: Seq = 0
    seq: Seq = 0  # the numbers of a reset
    ack: Seq = 0
    has_ack: bool = False  # has it an ACK, or has a SYN?
    earlier: Flying = field(default_factory=Flying)


@dataclass(slots=True, eq=False)
class Seen:
    """What else decides whether something may happen."""

    nxt: Count = 0  # the place of the peer's SND.NXT


# What happens


ELSEWHERE = (State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED)
"""States before both ends know both ISNs."""
KEPT = (
    *("state", "iss", "irs", "snd.una", "snd.nxt", "snd.wnd", "snd.wl1", "snd.wl2"),
    *("rcv.nxt", "rcv.wnd", "rcv.up", "rcv.push", "written", "closing"),
)
"""What of a TCB is not as in a blank one."""


def _number(s: Turn, iss: Seq, place: int) -> Seq:
    """The number of a place in the stream that begins after an ISS."""
    return s.seq.plus(iss, 1 + place)


def _tcb(s: Turn) -> Tcb:
    """The TCB of an end.

    Octets are counted from the last one that was acknowledged: the specification counts them from
    ISS, and no further than the numbers go.
    """
    me: End = s.me
    tcb = Tcb(state=me.state, irs=s.its_iss, closing=me.closed)
    tcb.snd.una, tcb.snd.nxt = _number(s, s.my_iss, me.una), _number(s, s.my_iss, me.nxt)
    tcb.iss, tcb.written = s.seq.minus(tcb.snd.una, 2), me.written + 1 - me.una
    tcb.snd.wnd, tcb.snd.wl1, tcb.snd.wl2 = me.wnd, s.open.wl1, s.open.wl2
    tcb.rcv.nxt, tcb.rcv.wnd = _number(s, s.its_iss, me.got), me.rcv_wnd
    tcb.rcv.up = s.open.up
    return tcb


def check_kept(tcb: Tcb, kept: Sequence[str]) -> None:
    """Nothing has become of a TCB but what is ``kept`` of it."""
    for name, value, blank in zip(paths(tcb), key(tcb), key(Tcb()), strict=True):
        if name not in kept and (type(value) is not type(blank) or value != blank):
            raise AssertionError(f"{name} of a TCB is not kept, and is not what it was")


def _keep(s: Turn, tcb: Tcb) -> None:
    """Write down what became of it, once the places are those of now."""
    check_kept(tcb, KEPT)
    me: End = s.me
    me.state, me.wnd, me.rcv_wnd = tcb.state, tcb.snd.wnd, tcb.rcv.wnd
    me.closed = me.closed | tcb.closing
    right = tcb.snd.una == _number(s, s.my_iss, me.una)
    right = right & (tcb.snd.nxt == _number(s, s.my_iss, me.nxt))
    right = right & (tcb.rcv.nxt == _number(s, s.its_iss, me.got))
    me.strayed = me.strayed | (me.exists & not_(right))


def _sent(s: Turn, place: int) -> list[Flying]:
    """What was sent, from this place on."""
    found = []
    for seg in s.tcp.sent:
        if seg.ctl.rst:
            found.append(Flying(rst=True))
            continue
        right = seg.ctl.ack & (seg.seq == _number(s, s.my_iss, place))
        right = right & (seg.ack == _number(s, s.its_iss, s.me.got))
        found.append(Flying(place, s.me.got, seg.wnd, seg.text, False, seg.ctl.syn, seg.ctl.fin))
        found[-1].strayed = not_(right)
        place = place + found[-1].length
    return found


def _sent_first(s: Turn) -> list[Flying]:
    """What was sent, if all of it is for the first time."""
    found = _sent(s, s.me.nxt)
    for flying in found:
        s.me.nxt = s.me.nxt + flying.length
    return found


def _begin(s: Turn, _: None) -> list[Flying] | None:
    """Both ISNs are known, and agreed on; and a window of the peer."""
    me: End = s.me
    if me.begun or s.open.room > WINDOW or s.open.wnd > WINDOW:
        return None
    me.begun, me.buffer = True, s.open.room
    me.state, me.wnd, me.rcv_wnd = State.ESTABLISHED, s.open.wnd, me.buffer
    return _after(s, _tcb(s), acknowledge)


def _after(s: Turn, tcb: Tcb, what: Callable[[Tcb, Tcp], object]) -> list[Flying]:
    """What is sent, for the first time, if this is done."""
    what(tcb, s.using(s.me.buffer))
    sent = _sent_first(s)
    _keep(s, tcb)
    return sent


def _send(s: Turn, _: None) -> list[Flying] | None:
    """SEND of any number of octets."""
    me: End = s.me
    if me.state not in (State.ESTABLISHED, State.CLOSE_WAIT) or me.closed:
        return None
    if s.open.octets == 0 or me.written + s.open.octets > me.una + BUFFER:
        return None
    tcb = _tcb(s)
    tcb.written = tcb.written + s.open.octets - 1
    me.written = me.written + s.open.octets
    return _after(s, tcb, lambda tcb, tcp: send(tcb, tcp, False))


def _receive(s: Turn, _: None) -> list[Flying] | None:
    """RECEIVE, of all that is at hand or of a part."""
    me: End = s.me
    if not me.exists or not (me.rcv_wnd < s.open.room) & (s.open.room <= me.buffer):
        return None
    return _after(s, _tcb(s), lambda tcb, _: receive(tcb, s.using(s.open.room)))


def _close(s: Turn, _: None) -> list[Flying] | None:
    me: End = s.me
    if me.state not in (State.ESTABLISHED, State.CLOSE_WAIT) or me.closed:
        return None
    return _after(s, _tcb(s), close)


def _abort(s: Turn, _: None) -> list[Flying] | None:
    return _after(s, _tcb(s), abort) if s.me.exists else None


def _give_up(s: Turn, _: None) -> list[Flying] | None:
    if not s.me.exists or not gives_up(_tcb(s), s.tcp):
        return None
    return _after(s, _tcb(s), user_timeout)


def _leave(s: Turn, _: None) -> list[Flying] | None:
    if s.me.state != State.TIME_WAIT:
        return None
    s.me.graceful = True
    return _after(s, _tcb(s), time_wait_timeout)


def _retransmit(s: Turn, _: None) -> list[Flying] | None:
    """As much as one likes of what is to be acknowledged is sent again, in one segment; or a shut
    window is probed."""
    me: End = s.me
    tcb = _tcb(s)
    if not me.exists or not retransmits(tcb, s.tcp):
        return None
    if me.una == me.nxt:
        return _after(s, tcb, retransmission_timeout)
    if not (s.open.part > 0) & (me.una + s.open.part <= me.nxt):
        return None
    tcb.snd.nxt = s.seq.plus(tcb.snd.una, s.open.part)
    retransmission_timeout(tcb, s.using(me.buffer))
    tcb.snd.nxt = _number(s, s.my_iss, me.nxt)
    _keep(s, tcb)
    return _sent(s, me.una)


def _replay(s: Turn, _: None) -> list[Flying] | None:
    """Anything of an earlier connection, or of the handshake of this one: a SYN has the ISS, and
    ends below place 0."""
    flying: Flying = s.open.earlier
    if not flying.earlier or flying.rst or flying.strayed or not _below(flying):
        return None
    return [flying]


def _below(flying: Flying) -> bool:
    """Does it lie below place 0, and what it acknowledges?"""
    below: bool = (flying.at >= 1) & (flying.length <= flying.at)
    return below & (flying.syn | (flying.acks >= 1))


def _arrives(s: Turn, flying: Flying) -> list[Flying] | None:
    """A segment arrives, if it is not too old."""
    me: End = s.me
    if not me.begun or me.state in ELSEWHERE or not _alive(s, flying):
        return None
    at = choose(flying.earlier, 0 - flying.at, flying.at)
    acks = choose(flying.earlier, 0 - flying.acks, flying.acks)
    seg = Segment(_number(s, s.its_iss, at), _number(s, s.my_iss, acks), flying.wnd)
    if flying.rst:
        seg = Segment(s.open.seq, s.open.ack)
    seg.text = flying.text
    seg.ctl = Control(rst=flying.rst, syn=flying.syn, fin=flying.fin)
    seg.ctl.ack = s.open.has_ack | not_(flying.rst | flying.syn)
    tcb, tcp = _tcb(s), s.using(s.open.greatest)
    segment_arrives(tcb, seg, tcp)
    for _, skip, octets in tcp.taken:
        another = flying.earlier | (flying.at + skip != me.delivered)
        me.garbled = me.garbled | ((octets != 0) & another)
        me.delivered = me.delivered + octets
    if "connection closing" in tcp.signals:
        another = flying.earlier | (flying.at + flying.text != me.delivered)
        me.garbled, me.ended = me.garbled | another, True
    if me.state == State.LAST_ACK and tcb.state == State.CLOSED and not flying.rst:
        me.graceful = True
    if any(rule.id == "3.10.7.4/fifth/una" for rule in tcp.cited):
        me.una = acks
    sent = _sent_first(s)
    _keep(s, tcb)
    return sent


def _alive(s: Turn, flying: Flying) -> bool:
    """Is no number of a segment too far behind?"""
    seen: Seen = s.seen
    behind = choose(flying.earlier, seen.nxt + flying.at, seen.nxt - flying.at)
    me: End = s.me
    acked = choose(flying.earlier, me.nxt + flying.acks, me.nxt - flying.acks)
    most: int = s.open.behind
    return flying.rst | ((behind <= most) & (flying.syn | (acked <= most)))


def _look(peer: End) -> Seen:
    return Seen(peer.nxt)


TEXT = Pair(
    End,
    Flying,
    Choice,
    Seen,
    {
        "begin": _begin,
        "SEND": _send,
        "RECEIVE": _receive,
        "CLOSE": _close,
        "ABORT": _abort,
        "USER TIMEOUT": _give_up,
        "TIME-WAIT TIMEOUT": _leave,
        "RETRANSMISSION TIMEOUT": _retransmit,
        "earlier segment": _replay,
    },
    {"deliver": _arrives},
    _look,
)


# Clauses


def nothing_comes_back(s: Scene) -> bool:
    """No number that arrives is 2^32 or more behind SND.NXT: it would look like one of now."""
    near: bool = s.open.behind < AROUND
    return near


def synchronized(w: Sides) -> bool:
    """The TCB is in a synchronized state: it knows both numbers."""
    me: End = w.me
    state = me.state
    before = (state == State.LISTEN) | (state == State.SYN_SENT) | (state == State.SYN_RECEIVED)
    return not_(before) & implies(me.exists, me.begun)


def nothing_before_it_begins(w: Sides) -> bool:
    """Before an end has begun it has written, sent and taken nothing."""
    me: End = w.me
    nothing = (me.written == 0) & (me.nxt == 0) & not_(me.closed) & not_(me.ended)
    return implies(not_(me.begun), nothing & (me.delivered == 0))


def in_order(w: Sides) -> bool:
    """What is acknowledged was received, what was received was sent, and what was sent was
    written."""
    me: End = w.me
    peer: End = w.peer
    sent = (me.una <= peer.got) & (peer.got <= me.nxt)
    return sent & (me.nxt <= me.written + me.closed)


def fin_is_last(w: Sides) -> bool:
    """FIN follows all octets, and nothing follows it."""
    me: End = w.me
    peer: End = w.peer
    last = me.closed & (peer.delivered == me.written)
    return implies(peer.ended, last) & (peer.delivered <= me.written)


def states_tell(w: Sides) -> bool:
    """A state tells whether FIN was taken, CLOSE called, and our FIN acknowledged."""
    me: End = w.me
    state = me.state
    ended = (state == State.CLOSE_WAIT) | (state == State.CLOSING) | (state == State.LAST_ACK)
    ended = ended | (state == State.TIME_WAIT)
    still = (state == State.ESTABLISHED) | (state == State.CLOSE_WAIT)
    acked = (state == State.FIN_WAIT_2) | (state == State.TIME_WAIT)
    return (
        implies(me.exists, ended == me.ended)
        & implies(state == State.ESTABLISHED, not_(me.closed))
        & implies(me.exists & not_(still), me.closed)
        & implies(acked, me.una == me.written + 1)
    )


def window_is_its_own(w: Sides) -> bool:
    """The receive window is never more than the buffer."""
    me: End = w.me
    return (me.rcv_wnd <= me.buffer) & (me.buffer <= WINDOW)


def in_flight(w: Sides) -> bool:
    """No more is to be acknowledged than a window, a probe and FIN; nor does more wait than is
    room for."""
    me: End = w.me
    fin = me.nxt > me.written
    little = (me.nxt <= me.una + WINDOW + 1 + fin) & (me.wnd <= WINDOW)
    return little & (me.written <= me.una + BUFFER)


def segments_are_sent(w: Sides, seg: Flying) -> bool:
    """What a segment has was written and sent; what is of an earlier connection lies below."""
    here = (seg.at + seg.length <= w.me.nxt) & not_(seg.syn)
    here = here & implies(seg.text != 0, seg.at + seg.text <= w.me.written)
    here = here & implies(seg.fin, w.me.closed & (seg.at + seg.text == w.me.written))
    sent: bool = seg.rst | choose(seg.earlier, _below(seg), here)
    return sent


def acks_are_of_the_past(w: Sides, seg: Flying) -> bool:
    """What is acknowledged was received, and no window is too wide."""
    here = (seg.acks <= w.me.got) & (seg.wnd <= WINDOW)
    past: bool = seg.rst | seg.earlier | here
    return past


def numbers_are_places(w: Sides) -> bool:
    """T9: SND.UNA, SND.NXT and RCV.NXT are the numbers of their places, however far they are."""
    return not_(w.me.strayed)


def segments_are_numbered(w: Sides, seg: Flying) -> bool:
    """T9: SEG.SEQ and SEG.ACK are, too."""
    return seg.rst | not_(seg.strayed)


def nothing_is_garbled(w: Sides) -> bool:
    """T9: every octet that was taken was the next one of the peer's stream; and so FIN."""
    return not_(w.me.garbled)


def acknowledged_is_whole(w: Sides) -> bool:
    """T8: an end whose FIN is acknowledged has a peer that took all that was written."""
    me: End = w.me
    peer: End = w.peer
    acknowledged = me.closed & (me.una == me.written + 1)
    return implies(acknowledged, peer.ended & (peer.delivered == me.written))


def graceful_is_whole(w: Sides) -> bool:
    """T8: where a TCB ends by its TIME-WAIT timer, or by the ACK of its FIN in LAST-ACK, each end
    has taken all that the other wrote."""
    me: End = w.me
    peer: End = w.peer
    whole = me.ended & peer.ended
    whole = whole & (me.delivered == peer.written) & (peer.delivered == me.written)
    return implies(me.graceful, whole)
