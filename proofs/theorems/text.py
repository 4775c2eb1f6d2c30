"""Connections from CLOSED to CLOSED at 32 bits: handshake, text both ways, and close, one after
the other, any number of them.

The specification's own functions work on one TCB at each end. Users call OPEN, SEND, RECEIVE, CLOSE
and ABORT as they like, before ESTABLISHED, too; timeouts come, hosts crash, and segments in flight
are a set that forgets nothing. So whatever earlier connections have sent may arrive.

*Places* are natural numbers that do not wrap, one row of them for all that a host ever sends: an
ISS, octets, FIN, and the next ISS, which lies above all that was used before (RFC 9293 3.4.1). The
number of a place is the place modulo 2^32. No rule of the specification reads places. A TCB is
known by the place of its ISS, and of each is remembered, for ever, what it had come to. How far its
places go is a function of the TCB that no step changes: what it will be given to send, a proof need
not know, only that the next ISS is not below.

Where a SYN may reopen a connection, it may turn out to be an old duplicate, and the TCB in
TIME-WAIT is there again. So the TCB that an end has is then not the last one that it made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar

from proofs.theorems.small import Pair, Scene, Sides, Turn
from spec.seq import choose, implies, not_
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Count, Segment, Seq, acceptable
from spec.tcp.segment_arrives import segment_arrives
from spec.tcp.segment_arrives.others import sixth_to_eighth
from spec.tcp.sending import acknowledge
from spec.tcp.tcb import State, Tcb, delete
from spec.tcp.timeouts import (
    gives_up,
    retransmission_timeout,
    retransmits,
    time_wait_timeout,
    user_timeout,
)
from spec.tcp.user_calls import abort, close, open_active, open_passive, receive, send
from spec.world.records import key, paths

AROUND = 1 << 32
"""How many numbers there are."""
BUFFER = 1 << 31
"""How many octets may wait to be acknowledged, at most."""
WINDOW = 1 << 30
"""The greatest window (RFC 7323 2.3)."""
HALF = 1 << 31
"""As far as a number may be ahead: then it looks like one behind."""


@dataclass(slots=True, eq=False)
class Life:
    """What is remembered of a TCB, by the place of its ISS."""

    heard: Count = 0  # the peer's TCB whose SYN it took; 0: none
    wrote: Count = 0  # the place after the last octet that SEND was given
    closed: bool = False  # CLOSE was called
    taken: Count = 0  # the place after the last octet that was taken
    ended: bool = False  # FIN was taken

    @property
    def got(self) -> int:
        """The place of RCV.NXT."""
        return self.taken + self.ended


@dataclass(slots=True, eq=False)
class Left:
    """A TCB in TIME-WAIT that a SYN reopened; it may be there again."""

    iss: Count = 0
    heard: Count = 0
    wrote: Count = 0
    taken: Count = 0
    passive: bool = False
    simultaneous: bool = False


@dataclass(slots=True, eq=False)
class End:
    """One end: its TCB, or the last that it had, and what is known for ever.

    Of SND.UNA, SND.NXT and RCV.NXT there are the places only. The TCB that the specification works
    on has the numbers, and the end has strayed if one is not that of its place afterwards.
    ``timers`` are the fields that the TCB has, too; none, where there is no time.
    """

    timers: ClassVar[tuple[str, ...]] = ()

    state: State = State.CLOSED
    passive: bool = False  # the TCB came from LISTEN, or TIME-WAIT
    simultaneous: bool = False  # ... or went from SYN-SENT to SYN-RECEIVED
    stale: bool = False  # it was made by a SYN whose sender had given up
    reached: bool = False  # it reached ESTABLISHED
    iss: Count = 0  # the place of its ISS; 0: there was none yet
    made: Count = 0  # ... of the latest ISS, which is another where TIME-WAIT was returned to
    reopened: bool = False  # it came from TIME-WAIT, to which a reset returns
    left: Left = field(default_factory=Left)
    heard: Count = 0
    una: Count = 0  # the place of SND.UNA
    nxt: Count = 0
    wrote: Count = 0
    closed: bool = False
    taken: Count = 0
    ended: bool = False
    wnd: Count = 0  # SND.WND
    rcv_wnd: Count = 0  # RCV.WND
    buffer: Count = 0  # how many octets its receive buffer holds
    graceful: bool = False  # the TCB ended by its TIME-WAIT timer, or the ACK of its FIN
    strayed: bool = False
    crossed: bool = False  # it had reached ESTABLISHED, and an earlier TCB's segment changed it
    crossed_simultaneous: bool = False  # ... and was opened simultaneously
    cut: bool = False  # TIME-WAIT gave way to a SYN no later than the one that was heard
    garbled: bool = False  # something was taken that was not next in the stream of who was heard

    @property
    def got(self) -> int:
        """The place of RCV.NXT."""
        return self.taken + self.ended


@dataclass(slots=True, eq=False)
class Flying:
    """A segment in flight, by the places of its numbers. Resets are not in it: one with any numbers
    may arrive at any time."""

    src: Count = 0  # the TCB that sent it
    heard: Count = 0  # ... and whom it had heard
    at: Count = 0  # the place of SEG.SEQ
    acks: Count = 0  # ... of SEG.ACK
    wnd: Count = 0
    text: Count = 0  # none with a SYN
    syn: bool = False
    ack: bool = False
    fin: bool = False
    strayed: bool = False  # its numbers are not those of its places

    @property
    def length(self) -> int:
        """SEG.LEN."""
        return self.text + self.syn + self.fin


@dataclass(slots=True, eq=False)
class Choice:
    """What is left open at each step. No clause speaks of it, so that the next step has another."""

    behind: Count = AROUND - 1  # how far behind RCV.NXT or SND.NXT a number may be that arrives
    another: Count = AROUND - WINDOW - 3  # ... if it is not of the TCB that was heard
    ahead: Count = HALF - 1  # how far ahead of RCV.NXT
    recalled: Count = HALF - 1  # how far behind RCV.NXT of TIME-WAIT a SYN may be
    isn: Count = 1  # the place of the next ISS
    octets: Count = 1  # that SEND is given
    part: Count = 1  # how much is sent again
    skip: Count = 0  # ... and how far above SND.UNA
    room: Count = 1  # how much the buffer of a new TCB holds; how much of it RECEIVE makes free
    greatest: Count = 0  # MAX.SND.WND
    wl1: Seq = 0  # SND.WL1, SND.WL2 and RCV.UP
    wl2: Seq = 0
    up: Seq = 0
    seq: Seq = 0  # the numbers of a reset
    ack: Seq = 0
    has_ack: bool = False  # has it an ACK?


@dataclass(slots=True, eq=False)
class Seen:
    """What else decides: is this TCB of the peer in SYN-SENT?"""

    calling: Count = 0


# What happens

OPENING = (State.SYN_SENT, State.SYN_RECEIVED)
KEPT = (
    *("state", "passive", "iss", "irs", "snd.una", "snd.nxt", "snd.wnd", "snd.wl1", "snd.wl2"),
    *("rcv.nxt", "rcv.wnd", "rcv.up", "rcv.push", "written", "closing"),
    *("reopened", "left_snd", "left_rcv"),
)
"""What of a TCB is not as in a blank one."""
OUR_SYN = ("3.10.7.4/fifth/SYN-RECEIVED/our-syn", "3.10.7.3/SYN-SENT/fourth/our-syn")
"""Rules by which our SYN is acknowledged."""
REOPENS, RETURNS = "3.6.1/TIME-WAIT/reopen", "3.6.1/(2)/SYN-RECEIVED/reset"
"""Rules by which a SYN reopens a connection, and a reset returns to TIME-WAIT."""


def exists(end: End) -> bool:
    """Is there a TCB with an ISS?"""
    return (end.state != State.CLOSED) & (end.state != State.LISTEN)


def knows(end: End) -> bool:
    """... that knows both numbers?"""
    return exists(end) & (end.state != State.SYN_SENT)


def _number(s: Turn, place: int) -> Seq:
    """The number of a place."""
    return s.seq.plus(place, 0)


def _tcb(s: Turn) -> Tcb:
    """The TCB of an end.

    Octets are counted from the last one that was acknowledged: the specification counts them from
    ISS, and no further than the numbers go.
    """
    me: End = s.me
    tcb = Tcb(state=me.state)
    if me.state in (State.CLOSED, State.LISTEN):
        return tcb
    tcb.passive, tcb.closing = me.passive, me.closed
    tcb.snd.una, tcb.snd.nxt = _number(s, me.una), _number(s, me.nxt)
    if me.state in OPENING:
        tcb.iss, tcb.written = tcb.snd.una, me.wrote - me.una - 1
    else:
        tcb.iss, tcb.written = s.seq.minus(tcb.snd.una, 2), me.wrote + 1 - me.una
    tcb.snd.wnd, tcb.snd.wl1, tcb.snd.wl2 = me.wnd, s.open.wl1, s.open.wl2
    tcb.rcv.wnd, tcb.rcv.up = me.rcv_wnd, s.open.up
    if me.state != State.SYN_SENT:
        tcb.rcv.nxt, tcb.irs = _number(s, me.got), _number(s, me.heard)
    if me.state == State.SYN_RECEIVED:
        tcb.reopened = me.reopened
        tcb.left_snd = choose(me.reopened, _number(s, me.left.wrote + 1), 0)
        tcb.left_rcv = choose(me.reopened, _number(s, me.left.taken + 1), 0)
    for name in me.timers:
        setattr(tcb, name, getattr(me, name))
    return tcb


def _check_kept(tcb: Tcb, timers: Sequence[str]) -> None:
    """Nothing has become of a TCB that ``End`` does not keep."""
    for name, value, blank in zip(paths(tcb), key(tcb), key(Tcb()), strict=True):
        if name not in (*KEPT, *timers) and (type(value) is not type(blank) or value != blank):
            raise AssertionError(f"{name} of a TCB is not kept, and is not what it was")


def _keep(s: Turn, tcb: Tcb) -> None:
    """Write down what became of it, once the places are those of now."""
    me: End = s.me
    _check_kept(tcb, me.timers)
    for name in me.timers:
        setattr(me, name, getattr(tcb, name))
    me.state, me.wnd, me.rcv_wnd = tcb.state, tcb.snd.wnd, tcb.rcv.wnd
    me.closed = me.closed | tcb.closing
    me.reopened = tcb.reopened
    if tcb.state in (State.CLOSED, State.LISTEN):
        return
    right = (tcb.snd.una == _number(s, me.una)) & (tcb.snd.nxt == _number(s, me.nxt))
    if tcb.state in OPENING:
        right = right & (tcb.iss == _number(s, me.iss))
    if tcb.state != State.SYN_SENT:
        right = right & (tcb.rcv.nxt == _number(s, me.got))
    if tcb.state not in (State.SYN_SENT, State.TIME_WAIT):  # to which one returns without it
        right = right & (tcb.irs == _number(s, me.heard))
    left = (tcb.left_snd == _number(s, me.left.wrote + 1)) & (
        tcb.left_rcv == _number(s, me.left.taken + 1)
    )
    me.strayed = me.strayed | not_(right & implies(tcb.reopened, left))


def _sent(s: Turn, place: int) -> list[Flying]:
    """What was sent, from this place on; a SYN is at the ISS."""
    found = []
    me: End = s.me
    for seg in s.tcp.sent:
        if seg.ctl.rst:
            continue
        flying = Flying(me.iss, me.heard, wnd=seg.wnd, text=seg.text)
        flying.syn, flying.ack, flying.fin = seg.ctl.syn, seg.ctl.ack, seg.ctl.fin
        flying.at, flying.acks = place, me.got
        right = implies(seg.ctl.ack, seg.ack == _number(s, me.got))
        if seg.ctl.syn:
            right = right & (seg.text == 0)
            flying.at, flying.text = me.iss, 0
        else:
            place = place + flying.length
        flying.strayed = not_(right & (seg.seq == _number(s, flying.at)))
        found.append(flying)
    return found


def _sent_first(s: Turn) -> list[Flying]:
    """What was sent, if all of it is for the first time."""
    found = _sent(s, s.me.nxt)
    for flying in found:
        if not flying.syn:
            s.me.nxt = s.me.nxt + flying.length
    return found


def _after(s: Turn, tcb: Tcb, what: Callable[[Tcb, Tcp], object]) -> list[Flying] | None:
    """What is sent, for the first time, if this is done."""
    what(tcb, _using(s, s.me.buffer))
    if s.tcp.made and not _begun(s, s.open.room):
        return None
    sent = _sent_first(s)
    _keep(s, tcb)
    return sent


def _using(s: Turn, window: int) -> Tcp:
    """The context of a step, with a buffer of so many octets, and an ISS on offer."""
    tcp = s.using(window)
    tcp.isn = _number(s, s.open.isn)
    return tcp


def _begun(s: Turn, room: int) -> bool:
    """A TCB was made, with a buffer of so many octets; is it as it may be?"""
    me, iss = s.me, s.open.isn
    if room > WINDOW or not (iss > me.made) & (iss + 1 < s.my_end(iss)):
        return False
    me.iss = me.made = me.una = iss
    me.nxt = me.wrote = iss + 1
    me.heard = me.taken = 0
    me.passive = me.simultaneous = me.stale = me.reached = me.closed = me.ended = me.graceful = (
        False
    )
    me.buffer = room
    return True


def _leave_time_wait(me: End) -> None:
    """A SYN reopens the connection; write down what may be returned to."""
    for f in fields(Left):
        setattr(me.left, f.name, getattr(me, f.name))


def _return(me: End) -> None:
    """The SYN was an old duplicate: the TCB is again the one in TIME-WAIT."""
    for f in fields(Left):
        setattr(me, f.name, getattr(me.left, f.name))
    me.una = me.nxt = me.wrote + 1
    me.closed = me.ended = me.reached = True
    me.stale = False


def _open_actively(s: Turn, _: None) -> list[Flying] | None:
    if s.me.state not in (State.CLOSED, State.LISTEN):
        return None
    s.me.buffer = s.open.room
    return _after(s, _tcb(s), open_active)


def _open_passively(s: Turn, _: None) -> list[Flying] | None:
    if s.me.state != State.CLOSED:
        return None
    return _after(s, _tcb(s), open_passive)


def _send(s: Turn, _: None) -> list[Flying] | None:
    """SEND of any number of octets, as far as there are places below the next ISS."""
    me: End = s.me
    if me.state not in (*OPENING, State.ESTABLISHED, State.CLOSE_WAIT) or me.closed:
        return None
    wrote = me.wrote + s.open.octets
    if s.open.octets == 0 or not (wrote <= me.una + BUFFER) & (wrote < s.my_end(me.iss)):
        return None
    tcb = _tcb(s)
    tcb.written = tcb.written + s.open.octets - 1
    me.wrote = wrote
    return _after(s, tcb, lambda tcb, tcp: send(tcb, tcp, False))


def _receive(s: Turn, _: None) -> list[Flying] | None:
    """RECEIVE, of all that is at hand or of a part."""
    me: End = s.me
    if me.state in (State.CLOSED, State.LISTEN, *OPENING):
        return None
    if not (me.rcv_wnd < s.open.room) & (s.open.room <= me.buffer):
        return None
    return _after(s, _tcb(s), lambda tcb, _: receive(tcb, _using(s, s.open.room)))


def _close(s: Turn, _: None) -> list[Flying] | None:
    if s.me.state in (State.CLOSED, State.LISTEN):
        return _after(s, _tcb(s), close) if s.me.state == State.LISTEN else None
    return _after(s, _tcb(s), close) if not s.me.closed else None


def _abort(s: Turn, _: None) -> list[Flying] | None:
    return _after(s, _tcb(s), abort) if s.me.state != State.CLOSED else None


def _give_up(s: Turn, _: None) -> list[Flying] | None:
    if s.me.state == State.CLOSED or not gives_up(_tcb(s), s.tcp):
        return None
    return _after(s, _tcb(s), user_timeout)


def _crash(s: Turn, _: None) -> list[Flying] | None:
    """The host forgets all but where its next ISS is to be."""
    return _after(s, _tcb(s), lambda tcb, _: delete(tcb)) if s.me.state != State.CLOSED else None


def _leave(s: Turn, _: None) -> list[Flying] | None:
    if s.me.state != State.TIME_WAIT:
        return None
    s.me.graceful = True
    return _after(s, _tcb(s), time_wait_timeout)


def _retransmit(s: Turn, _: None) -> list[Flying] | None:
    """As much as one likes of what is to be acknowledged is sent again, in one segment, wherever it
    begins; or a shut window is probed."""
    me: End = s.me
    tcb, skip = _tcb(s), s.open.skip
    if me.state in (State.CLOSED, State.LISTEN) or not retransmits(tcb, s.tcp):
        return None
    if me.state in OPENING or me.una == me.nxt:
        return _after(s, tcb, retransmission_timeout)
    if not (s.open.part > 0) & (me.una + skip + s.open.part <= me.nxt):
        return None
    # As if all before it were acknowledged
    tcb.snd.una, tcb.iss = s.seq.plus(tcb.snd.una, skip), s.seq.plus(tcb.iss, skip)
    tcb.written = tcb.written - skip
    tcb.snd.nxt = s.seq.plus(tcb.snd.una, s.open.part)
    retransmission_timeout(tcb, _using(s, me.buffer))
    tcb.snd.una, tcb.snd.nxt = _number(s, me.una), _number(s, me.nxt)
    _keep(s, tcb)
    return _sent(s, me.una + skip)


def _reset(s: Turn, _: None) -> list[Flying] | None:
    """A reset arrives, with any numbers."""
    if s.me.state == State.CLOSED:
        return None
    seg = Segment(s.open.seq, s.open.ack)
    seg.ctl = Control(rst=True, ack=s.open.has_ack)
    tcb = _tcb(s)
    segment_arrives(tcb, seg, _using(s, s.me.buffer))
    if RETURNS in [rule.id for rule in s.tcp.cited]:
        _return(s.me)
    sent = _sent_first(s)
    _keep(s, tcb)
    return sent


def _arrives(s: Turn, flying: Flying) -> list[Flying] | None:
    """A segment arrives, if it is not too old."""
    me: End = s.me
    if me.state == State.CLOSED or not near(s, flying):
        return None
    seg = Segment(_number(s, flying.at), _number(s, flying.acks), flying.wnd)
    seg.ctl = Control(ack=flying.ack)
    if flying.syn:
        seg.ctl.syn = True
    else:
        seg.text, seg.ctl.fin = flying.text, flying.fin
    tcb, before, reached, had = _tcb(s), me.state, me.reached, (me.una, me.taken, me.ended)
    heard = me.heard
    waits = before in (State.LISTEN, State.SYN_SENT)
    tcp = _using(s, s.open.room if before == State.LISTEN else s.open.greatest)
    segment_arrives(tcb, seg, tcp)
    cited = [rule.id for rule in tcp.cited]
    if REOPENS in cited:
        me.cut = me.cut | (flying.src <= me.heard)
        _leave_time_wait(me)
        waits = True
    if tcp.made:
        if not _begun(s, tcp.bounds.window):
            return None
        me.passive, me.stale = True, s.seen.calling != flying.src
    if waits and tcb.state in (State.SYN_RECEIVED, State.ESTABLISHED):
        me.heard, me.taken = flying.src, flying.at + 1
        me.simultaneous = not_(me.passive) & (tcb.state == State.SYN_RECEIVED)
    _take(s, flying)
    if "connection closing" in tcp.signals:
        another = (flying.src != me.heard) | (flying.at + flying.text != me.taken)
        me.garbled, me.ended = me.garbled | another, True
    if before == State.LAST_ACK and tcb.state == State.CLOSED:
        me.graceful = True
    if "3.10.7.4/fifth/una" in cited:
        me.una = flying.acks
    if any(id in cited for id in OUR_SYN):
        me.una, me.reached = flying.acks, True
    moved = (had[0] != me.una) | (had[1] != me.taken) | (had[2] != me.ended)
    moved = moved | (tcb.state != before)
    there = before not in (State.LISTEN, State.SYN_SENT)
    crossed = there & reached & (flying.src < heard) & moved
    me.crossed = me.crossed | (crossed & not_(me.simultaneous))
    me.crossed_simultaneous = me.crossed_simultaneous | (crossed & me.simultaneous)
    sent = _sent_first(s)
    _keep(s, tcb)
    return sent


def _take(s: Turn, flying: Flying) -> None:
    """Write down what was taken of a segment."""
    me: End = s.me
    for _, skip, octets in s.tcp.taken:
        another = (flying.src != me.heard) | (flying.at + skip != me.taken)
        me.garbled = me.garbled | ((octets != 0) & another)
        me.taken = me.taken + octets


def _held(s: Turn, flying: Flying) -> list[Flying] | None:
    """Text that came out of order and was held is taken, and acknowledged: its ACK and window do
    not count again."""
    me: End = s.me
    if me.state not in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        return None
    if flying.syn | (flying.text == 0) or not near(s, flying):
        return None
    tcb, tcp, had = _tcb(s), _using(s, me.buffer), me.taken
    seg = Segment(_number(s, flying.at), text=flying.text, ctl=Control(ack=True))
    if not acceptable(tcp.seq, tcb.rcv.nxt, tcb.rcv.wnd, seg):
        return None
    if not sixth_to_eighth(tcb, seg, tcp):
        return None
    acknowledge(tcb, tcp)
    _take(s, flying)
    earlier = me.reached & (flying.src < me.heard) & (me.taken != had)
    me.crossed = me.crossed | (earlier & not_(me.simultaneous))
    me.crossed_simultaneous = me.crossed_simultaneous | (earlier & me.simultaneous)
    sent = _sent_first(s)
    _keep(s, tcb)
    return sent


def near(s: Turn, flying: Flying) -> bool:
    """Is no number of a segment too far from the one that it is compared with?"""
    me: End = s.me
    another = flying.src != me.heard
    behind = me.got <= flying.at + choose(another, s.open.another, s.open.behind)
    seq = behind & (flying.at <= me.got + s.open.ahead)
    acks: bool = me.nxt <= flying.acks + s.open.behind
    again = s.rules.time_wait_reopen & (me.state == State.TIME_WAIT) & flying.syn
    seq = seq & implies(again, me.got <= flying.at + s.open.recalled)
    return implies(knows(me), seq) & implies(exists(me) & flying.ack, acks)


def _look(peer: End) -> Seen:
    return Seen(choose(peer.state == State.SYN_SENT, peer.iss, 0))


TEXT = Pair(
    End,
    Flying,
    Choice,
    Seen,
    {
        "passive OPEN": _open_passively,
        "active OPEN": _open_actively,
        "SEND": _send,
        "RECEIVE": _receive,
        "CLOSE": _close,
        "ABORT": _abort,
        "USER TIMEOUT": _give_up,
        "crash": _crash,
        "TIME-WAIT TIMEOUT": _leave,
        "RETRANSMISSION TIMEOUT": _retransmit,
        "reset": _reset,
    },
    {"deliver": _arrives, "take what was held": _held},
    _look,
    memory=Life,
    life="iss",
)


# Assumptions


def nothing_comes_back(s: Scene) -> bool:
    """No number that arrives is 2^32 or more behind (or 2^32, less a window, if it is not of the
    TCB that was heard), or 2^31 ahead: it would look like one of now. No SYN is 2^31 behind that
    may reopen a connection."""
    near = (s.open.behind < AROUND) & (s.open.another + WINDOW + 2 < AROUND)
    all_: bool = near & (s.open.ahead < HALF) & (s.open.recalled < HALF)
    return all_


def rising(w: Sides, m: Count, n: Count) -> bool:
    """Of two ISSs one is not below what the TCB of the other uses: SYN, all its octets, and FIN."""
    first, second = w.my_end(m), w.my_end(n)
    made = (m < first) & (n < second)
    return implies(made, implies(m < n, first <= n) & implies(n < m, second <= m))


# Clauses


def remembered(w: Sides) -> bool:
    """Of the last TCB, what is remembered is what it is."""
    me: End = w.me
    life: Life = w.mine(me.iss)
    same = (life.heard == me.heard) & (life.wrote == me.wrote) & (life.closed == me.closed)
    same = same & (me.iss <= me.made)
    return same & (life.taken == me.taken) & (life.ended == me.ended)


def reopened_by_rule(w: Sides) -> bool:
    """A TCB comes of TIME-WAIT only where a SYN may reopen it, and waits in SYN-RECEIVED."""
    me: End = w.me
    may = w.rules.time_wait_reopen & (me.state == State.SYN_RECEIVED) & me.passive
    return implies(me.reopened, may)


def only_time_wait_returns(w: Sides) -> bool:
    """A TCB that is there is the last that was made, but for one in TIME-WAIT."""
    me: End = w.me
    last = implies(exists(me) & (me.state != State.TIME_WAIT), me.iss == me.made)
    return last & implies(me.made >= 1, me.iss >= 1)


def left_is_remembered(w: Sides) -> bool:
    """Of the TCB that was left, what is kept is what is remembered: it is closed at both ends."""
    me: End = w.me
    left, life = me.left, w.mine(me.left.iss)
    other: Life = w.its(left.heard)
    same = (life.heard == left.heard) & (life.wrote == left.wrote) & (life.taken == left.taken)
    same = same & life.closed & life.ended
    order = (left.iss >= 1) & (left.iss < me.iss) & (left.iss < left.wrote)
    order = order & (left.wrote < w.my_end(left.iss)) & (left.heard >= 1)
    order = order & (left.heard <= w.peer.made) & (left.heard < left.taken)
    order = order & (left.taken < w.its_end(left.heard))
    order = order & implies(left.heard == w.peer.iss, left.taken < w.peer.nxt)
    return implies(me.reopened, same & order & other.closed & (left.taken == other.wrote))


def _left_agreed(w: Sides, simultaneous: bool) -> bool:
    me: End = w.me
    other: Life = w.its(me.left.heard)
    whole = (other.heard == me.left.iss) & other.ended & (other.taken == me.left.wrote)
    return implies(me.reopened & (me.left.simultaneous == simultaneous), whole)


def left_agreed(w: Sides) -> bool:
    """The TCB that was left has a partner that heard it, and took all that it wrote."""
    return _left_agreed(w, False)


def left_agreed_simultaneous(w: Sides) -> bool:
    """... also if it was opened simultaneously."""
    return _left_agreed(w, True)


def opening(w: Sides) -> bool:
    """Before ESTABLISHED nothing is acknowledged or taken, and nothing sent but the SYN."""
    me: End = w.me
    calling, received = me.state == State.SYN_SENT, me.state == State.SYN_RECEIVED
    bare = (me.una == me.iss) & (me.nxt == me.iss + 1) & not_(me.reached)
    return (
        implies(calling | received, bare & ((me.heard == 0) == calling))
        & implies(calling, not_(me.closed | me.ended | me.passive | me.simultaneous))
        & implies(received, me.passive != me.simultaneous)
        & implies(exists(me), me.iss >= 1)
        & implies(knows(me) & not_(received), me.reached)
        & implies(me.reached, me.una > me.iss)
        & implies(me.graceful, not_(exists(me)))
    )


def in_order(w: Sides) -> bool:
    """What is acknowledged was sent, what was sent was written, and all lies between the ISS and
    the next."""
    me: End = w.me
    order = (me.iss < me.nxt) & (me.nxt <= me.wrote + me.closed) & (me.iss < me.wrote)
    return implies(me.iss >= 1, order & (me.una <= me.nxt) & (me.wrote < w.my_end(me.iss)))


def taken_was_sent(w: Sides) -> bool:
    """What was taken was written by the TCB that was heard; FIN follows all octets; and nothing is
    taken before ESTABLISHED."""
    me: End = w.me
    peer: End = w.peer
    other: Life = w.its(me.heard)
    order = (me.heard <= peer.made) & (me.heard < me.taken) & (me.taken <= other.wrote)
    order = order & (other.wrote < w.its_end(me.heard))
    order = order & implies(me.heard == peer.iss, me.got <= peer.nxt)
    last = other.closed & (me.taken == other.wrote)
    nothing = (me.taken == me.heard + 1) & not_(me.ended)
    return implies(me.reached, me.heard >= 1) & implies(
        me.heard != 0, order & implies(me.ended, last) & implies(not_(me.reached), nothing)
    )


def _was_written(life: Life, by: Life) -> bool:
    """Was what a TCB took written by this one, FIN after all octets?"""
    last = by.closed & (life.taken == by.wrote)
    return (life.taken <= by.wrote) & implies(life.ended, last)


def states_tell(w: Sides) -> bool:
    """A state tells whether FIN was taken, CLOSE called, and our FIN acknowledged."""
    me: End = w.me
    state = me.state
    ended = (state == State.CLOSE_WAIT) | (state == State.CLOSING) | (state == State.LAST_ACK)
    ended = ended | (state == State.TIME_WAIT)
    still = (state == State.ESTABLISHED) | (state == State.CLOSE_WAIT)
    still = still | (state == State.SYN_RECEIVED)
    acked = (state == State.FIN_WAIT_2) | (state == State.TIME_WAIT)
    unacked = (state == State.FIN_WAIT_1) | (state == State.CLOSING) | (state == State.LAST_ACK)
    return (
        implies(knows(me), ended == me.ended)
        & implies(state == State.ESTABLISHED, not_(me.closed))
        & implies(knows(me) & not_(still), me.closed)
        & implies(acked, me.una == me.wrote + 1)
        & implies(unacked, me.una <= me.wrote)
    )


def window_is_its_own(w: Sides) -> bool:
    """The receive window is never more than the buffer."""
    me: End = w.me
    return implies(exists(me), (me.rcv_wnd <= me.buffer) & (me.buffer <= WINDOW))


def in_flight(w: Sides) -> bool:
    """No more is to be acknowledged than a window, a probe and FIN; nor does more wait than is
    room for."""
    me: End = w.me
    fin = me.nxt > me.wrote
    little = (me.nxt <= me.una + WINDOW + 1 + fin) & (me.wnd <= WINDOW)
    return little & (me.wrote <= me.una + BUFFER)


def segments_are_sent(w: Sides, seg: Flying) -> bool:
    """A SYN is at the ISS of its TCB, and all else after it; what it has was written and sent."""
    me: End = w.me
    life: Life = w.mine(seg.src)
    made = (seg.src >= 1) & (seg.src <= me.made) & (seg.src < life.wrote)
    made = made & (life.wrote < w.my_end(seg.src)) & (life.heard <= w.peer.made)
    syn = (seg.at == seg.src) & (seg.text == 0) & not_(seg.fin)
    last = seg.at + seg.length
    here = (seg.src < seg.at) & (last <= life.wrote + life.closed) & seg.ack
    here = here & implies(seg.src == me.iss, last <= me.nxt) & (seg.text <= WINDOW + 1)
    here = here & implies(seg.text != 0, seg.at + seg.text <= life.wrote)
    here = here & implies(seg.fin, life.closed & (seg.at + seg.text == life.wrote))
    sent: bool = made & choose(seg.syn, syn, here)
    return sent


def acks_are_of_the_past(w: Sides, seg: Flying) -> bool:
    """What is acknowledged is of the TCB that was heard, and was taken; no window is too wide."""
    life: Life = w.mine(seg.src)
    peer: End = w.peer
    past = (seg.heard != 0) & (seg.heard == life.heard)
    past = past & (seg.heard < seg.acks) & (seg.acks <= life.got)
    past = past & (seg.acks <= w.its_end(seg.heard)) & _was_written(life, w.its(seg.heard))
    past = past & implies(seg.heard == peer.iss, seg.acks <= peer.nxt)
    return implies(seg.ack, past) & (seg.wnd <= WINDOW)


def _others_have_taken_nothing(w: Sides, seg: Flying, simultaneous: bool) -> bool:
    peer: End = w.peer
    waits = exists(peer) & (peer.state != State.TIME_WAIT) & peer.reached
    another = waits & (peer.simultaneous == simultaneous) & (seg.src != peer.heard)
    return implies(seg.ack & (seg.heard == peer.iss) & another, seg.acks == peer.iss + 1)


def others_have_taken_nothing(w: Sides, seg: Flying) -> bool:
    """A TCB that heard one which is established with another has acknowledged nothing but its
    SYN; until TIME-WAIT, where nothing is to be acknowledged."""
    return _others_have_taken_nothing(w, seg, False)


def others_have_taken_nothing_simultaneous(w: Sides, seg: Flying) -> bool:
    """... also of one that was opened simultaneously."""
    return _others_have_taken_nothing(w, seg, True)


def answers_its_caller(w: Sides) -> bool:
    """A listener's SYN is heard only by the TCB that called it; so were those that were left."""
    me: End = w.me
    peer: End = w.peer
    return (
        _answers(me, peer)
        & implies(me.reopened, _answers(me.left, peer))
        & implies(peer.reopened, _answers(me, peer.left))
        & implies(me.reopened & peer.reopened, _answers(me.left, peer.left))
    )


def _answers(mine: End | Left, its: End | Left) -> bool:
    heard = (mine.heard != 0) & (mine.heard == its.iss)
    return implies(heard & its.passive, mine.iss == its.heard)


def acknowledges_its_callee(w: Sides, seg: Flying) -> bool:
    """... and acknowledged by no other; a SYN without ACK is of a TCB that was opened actively."""
    me: End = w.me
    peer: End = w.peer
    return (
        _is_of_the_caller(seg, peer)
        & implies(peer.reopened, _is_of_the_caller(seg, peer.left))
        & _is_active(seg, me)
        & implies(me.reopened, _is_active(seg, me.left))
    )


def _is_of_the_caller(seg: Flying, its: End | Left) -> bool:
    acks = seg.ack & (seg.heard == its.iss) & its.passive
    return implies(acks, seg.src == its.heard)


def _is_active(seg: Flying, mine: End | Left) -> bool:
    bare = seg.syn & not_(seg.ack) & (seg.src == mine.iss)
    return implies(bare, not_(mine.passive))


def simultaneous_or_later(w: Sides) -> bool:
    """Who opened simultaneously was heard by the TCB that it heard, or that one was not the
    last."""
    me: End = w.me
    left = me.reopened & me.left.simultaneous
    agree, agreed = w.its(me.heard).heard == me.iss, w.its(me.left.heard).heard == me.left.iss
    return implies(me.reached & me.simultaneous, agree | (me.heard < w.peer.made)) & implies(
        left, agreed | (me.left.heard < w.peer.made)
    )


def _agreement(w: Sides, simultaneous: bool) -> bool:
    me: End = w.me
    agree = w.its(me.heard).heard == me.iss
    return implies(me.reached & (me.simultaneous == simultaneous), agree)


def agreement(w: Sides) -> bool:
    """T1: who reached ESTABLISHED by LISTEN, or straight from SYN-SENT, was heard by the TCB that
    it heard."""
    return _agreement(w, False)


def simultaneous_agreement(w: Sides) -> bool:
    """T1s: so was who went from SYN-SENT to SYN-RECEIVED first."""
    return _agreement(w, True)


def stale_is_unheard(w: Sides) -> bool:
    """Nobody hears the SYN,ACK that answers a stale SYN."""
    me: End = w.me
    calling = (w.peer.state == State.SYN_SENT) & (w.peer.iss == me.heard)
    heard = w.its(me.heard).heard == me.iss
    return implies(exists(me) & me.stale, me.passive & not_(calling | heard))


def stale_syn_stops(w: Sides) -> bool:
    """T2: a TCB made from a stale SYN does not reach ESTABLISHED."""
    return implies(exists(w.me) & w.me.stale, not_(w.me.reached))


def no_crossing(w: Sides) -> bool:
    """T5: no segment of an earlier TCB changed one that had reached ESTABLISHED."""
    return not_(w.me.crossed)


def no_simultaneous_crossing(w: Sides) -> bool:
    """T5s: nor one that was opened simultaneously."""
    return not_(w.me.crossed_simultaneous)


def later_syns_reopen(w: Sides) -> bool:
    """T6: TIME-WAIT gave way only to a SYN of a TCB after the one that it had heard."""
    return not_(w.me.cut)


def numbers_are_places(w: Sides) -> bool:
    """T9: ISS, IRS (until TIME-WAIT), SND.UNA, SND.NXT and RCV.NXT are the numbers of their places,
    however far they are."""
    return not_(w.me.strayed)


def segments_are_numbered(w: Sides, seg: Flying) -> bool:
    """T9: SEG.SEQ and SEG.ACK are, too."""
    return not_(seg.strayed)


def nothing_is_garbled(w: Sides) -> bool:
    """T9: every octet that was taken was the next one of the stream of the TCB that was heard; and
    so FIN."""
    return not_(w.me.garbled)


def _acknowledged_is_whole(w: Sides, simultaneous: bool) -> bool:
    me: End = w.me
    other: Life = w.its(me.heard)
    agreed = me.reached & (me.simultaneous == simultaneous)
    acknowledged = agreed & me.closed & (me.una == me.wrote + 1)
    return implies(acknowledged, other.ended & (other.taken == me.wrote))


def acknowledged_is_whole(w: Sides) -> bool:
    """T8: an end whose FIN is acknowledged has a peer that took all that was written."""
    return _acknowledged_is_whole(w, False)


def acknowledged_is_whole_simultaneous(w: Sides) -> bool:
    """T8s: also if it was opened simultaneously."""
    return _acknowledged_is_whole(w, True)


def _graceful_is_whole(w: Sides, simultaneous: bool) -> bool:
    me: End = w.me
    other: Life = w.its(me.heard)
    whole = me.ended & other.ended & (me.taken == other.wrote) & (other.taken == me.wrote)
    return implies(me.graceful & (me.simultaneous == simultaneous), whole)


def graceful_is_whole(w: Sides) -> bool:
    """T8: where a TCB ends by its TIME-WAIT timer, or by the ACK of its FIN in LAST-ACK, each end
    has taken all that the other wrote."""
    return _graceful_is_whole(w, False)


def graceful_is_whole_simultaneous(w: Sides) -> bool:
    """T8s: also if it was opened simultaneously."""
    return _graceful_is_whole(w, True)
