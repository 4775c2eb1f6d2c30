"""Conduct: does each step keep to what RFC 9293 says outside section 3.10?

Section 3.10 tells, case by case, what to do. Other sections say what comes of it: Figure 5 which
states follow each other, 3.5.2 what is answered with a reset and what with an acknowledgment,
3.3.1 and 3.4 how the sequence variables move, 3.8 what is sent and when. These are restated here,
each as a condition on a step: what was before, what came in, what is now, what was sent. A step
that breaks one is remembered for ever; no rule reads it.

Nothing here calls a helper of the rules, so that an error in one of them is seen.
"""

from spec.observe.figure_5 import EVENTS, FIGURE_5
from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.seq import Space, choose, implies, not_
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.sending import Tcp
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb


class Conduct(Watcher):
    """Records steps that do what the RFC's overviews rule out."""

    name = "conduct"

    def stepped(self, ghost: Ghost, m: Moment) -> None:
        conduct = ghost.conduct
        before, after, what, seg, tcp = m.before, m.after, m.what, m.seg, m.tcp
        if what == Input.CRASH:
            # The host loses its memory (section 3.4.3).
            conduct.state = conduct.state | (after.state != State.CLOSED)
            conduct.numbers = conduct.numbers | not_(_sound(after, tcp))
            return
        conduct.state = conduct.state | not_(_follows(before, after, what, seg, tcp))
        conduct.answer = conduct.answer | not_(_answered(before, after, what, seg, tcp))
        conduct.sent = conduct.sent | not_(_said(before, after, what, seg, tcp))
        conduct.numbers = conduct.numbers | not_(
            _sound(after, tcp) & _moved(before, after, what, seg, tcp)
        )
        conduct.timers = conduct.timers | not_(_timed(before, after, what, seg, tcp))


def _among(state: State, states: tuple[State, ...]) -> bool:
    found = False
    for one in states:
        found = found | (state == one)
    return found


_BLANK = (State.CLOSED, State.LISTEN)
_RECEIVING = (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
_SENDING = (State.ESTABLISHED, State.CLOSE_WAIT)

# Figure 5: states

_CALLED = (
    *(
        (call, edge.before, edge.after)
        for call, event in EVENTS
        for edge in FIGURE_5
        if edge.event == event
    ),
    (Input.OPEN_ACTIVE, State.LISTEN, State.SYN_SENT),  # section 3.10.1
)
"""The state that a call or a timeout leads to; it stays as it is in states that are not here."""


def _drawn(event: str, reason: bool) -> tuple[tuple[State, State, bool], ...]:
    """The figure's edges with this event, which are right for this reason."""
    return tuple((edge.before, edge.after, reason) for edge in FIGURE_5 if edge.event == event)


def _follows(before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp) -> bool:
    """Does the state after follow the state before, in Figure 5 and its notes?"""
    if seg is None:
        if what in (Input.ABORT, Input.USER_TIMEOUT):
            return after.state == State.CLOSED
        right = True
        stays = True
        for call, source, target in _CALLED:
            if call != what:
                continue
            # A CLOSE that has text to wait for is queued in SYN-RECEIVED and in CLOSE-WAIT (section
            # 3.10.4), there until all of it is sent.
            unsent = tcp.seq.minus(after.snd.nxt, after.iss) <= after.written
            waits = choose(source == State.SYN_RECEIVED, before.written != 0, unsent) & (
                (source == State.SYN_RECEIVED) | (source == State.CLOSE_WAIT)
            )
            here = before.state == source
            right = right & implies(
                here, (after.state == target) | (waits & (after.state == source))
            )
            stays = stays & not_(here)
        return right & implies(stays, after.state == before.state)
    ctl = seg.ctl
    opens = ctl.syn & not_(ctl.rst)
    acks = ctl.ack & not_(ctl.rst)
    fin = (ctl.fin | before.held_fin) & not_(ctl.rst) & not_(ctl.syn)
    dies = ctl.rst
    edges = (
        *_drawn("rcv SYN", opens & not_(ctl.ack)),
        *_drawn("rcv SYN,ACK", opens & ctl.ack),
        *_drawn("rcv ACK of SYN", acks & not_(before.closing)),
        *_drawn("rcv FIN", fin & acks),
        *_drawn("rcv ACK of FIN", acks),
        *_drawn("rcv RST", dies & before.passive & not_(before.closing)),  # note 1
        # Two at once (note 2, for one)
        (State.SYN_SENT, State.CLOSE_WAIT, opens & ctl.ack & ctl.fin),
        (State.SYN_RECEIVED, State.CLOSE_WAIT, acks & fin & not_(before.closing)),
        (State.SYN_RECEIVED, State.FIN_WAIT_1, acks & before.closing),
        (State.SYN_RECEIVED, State.CLOSING, acks & fin & before.closing),
        (State.FIN_WAIT_1, State.TIME_WAIT, fin & acks),
        # A CLOSE that waited for the window (section 3.10.4)
        (State.CLOSE_WAIT, State.LAST_ACK, acks & before.closing),
        # Errors (note 3)
        (State.SYN_SENT, State.CLOSED, dies & ctl.ack),
        (State.SYN_RECEIVED, State.LISTEN, ctl.syn & before.passive & not_(before.closing)),
        # ... which closes if a CLOSE was queued (section 3.10.4)
        (State.SYN_RECEIVED, State.CLOSED, (dies | ctl.syn) & before.passive & before.closing),
        (State.SYN_RECEIVED, State.CLOSED, dies & not_(before.passive)),
        *((state, State.CLOSED, dies) for state in SYNCHRONIZED),
    )
    follows = after.state == before.state
    for source, target, reason in edges:
        follows = follows | ((before.state == source) & (after.state == target) & reason)
    # What resets a connection is exactly what is expected next (RFC 5961 section 3).
    exact = (seg.seq == before.rcv.nxt) | _among(before.state, (*_BLANK, State.SYN_SENT))
    left = ctl.rst & (after.state != before.state)
    # A SYN in the window of a passive SYN-RECEIVED returns it to LISTEN (section 3.10.7.4).
    again = (
        (before.state == State.SYN_RECEIVED)
        & before.passive
        & opens
        & (tcp.seq.minus(seg.seq, before.rcv.nxt) < before.rcv.wnd)
    )
    # What believably ends a connection ends it.
    ends = ctl.rst & (
        (_among(before.state, (State.SYN_RECEIVED, *SYNCHRONIZED)) & (seg.seq == before.rcv.nxt))
        | ((before.state == State.SYN_SENT) & ctl.ack & _acks_syn(before, seg, tcp.seq))
    )
    spared = (before.state == State.TIME_WAIT) & tcp.rules.time_wait_ignores_reset
    listens = (before.state == State.SYN_RECEIVED) & before.passive & not_(before.closing)
    ended = choose(listens, after.state == State.LISTEN, after.state == State.CLOSED)
    back = implies(
        again, choose(before.closing, after.state == State.CLOSED, after.state == State.LISTEN)
    )
    return follows & back & implies(left, exact) & implies(ends & not_(spared), ended)


def _acks_syn(tcb: Tcb, seg: Segment, seq: Space) -> bool:
    return seq.lt_le(tcb.iss, seg.ack, tcb.snd.nxt)


# Section 3.5.2 and 3.8: answers


def _length(seg: Segment) -> int:
    return seg.text + seg.ctl.syn + seg.ctl.fin


def _in_window(tcb: Tcb, seg: Segment, seq: Space) -> bool:
    """Does one of the sequence numbers of ``seg`` lie in the receive window? (Section 3.4)"""
    found = (_length(seg) == 0) & (
        (seq.minus(seg.seq, tcb.rcv.nxt) < tcb.rcv.wnd)
        | ((tcb.rcv.wnd == 0) & (seg.seq == tcb.rcv.nxt))
    )
    for i in range(3):
        inside = seq.minus(seq.plus(seg.seq, i), tcb.rcv.nxt) < tcb.rcv.wnd
        found = found | ((_length(seg) > i) & inside)
    return found


def _let_in(tcb: Tcb, seg: Segment, seq: Space) -> bool:
    """Are URG and ACK of ``seg`` looked at although the window is shut (section 3.4, MUST-66)?

    A peer that knows of the shut window sends no text but a probe (3.8.6.1), and a FIN. So what it
    sends begins at RCV.NXT or after one of these or both; its reset is believed at RCV.NXT only.
    """
    found = seg.seq == tcb.rcv.nxt
    for sent in (1, 2):
        found = found | ((seg.seq == seq.plus(tcb.rcv.nxt, sent)) & not_(seg.ctl.rst))
    return (tcb.rcv.wnd == 0) & found & not_(seg.ctl.syn)


def _in_range(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does the ACK say what an honest peer may say still (RFC 5961 section 5)?

    What is new to us, or what was known when its window was sent; with ``ack_floor_at_iss`` nothing
    that came before our SYN.
    """
    old = tcp.seq.minus(tcb.snd.una, seg.ack)
    known = old <= tcp.bounds.window
    if tcp.rules.ack_floor_at_iss:
        known = known & (old <= tcp.seq.minus(tcb.snd.una, tcb.iss))
    return known | tcp.seq.lt_le(tcb.snd.una, seg.ack, tcb.snd.nxt)


def _answered(before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp) -> bool:
    """Was there an answer where one is due, and none where none is?"""
    seq = tcp.seq
    resets = 0
    bare = 0
    acks = 0
    syns = 0
    for sent in tcp.sent:
        resets = resets + sent.ctl.rst
        bare = bare + (sent.ctl.ack & not_(sent.ctl.rst) & (_length(sent) == 0))
        acks = acks + (sent.ctl.ack & not_(sent.ctl.rst))
        syns = syns + sent.ctl.syn
    count = len(tcp.sent)
    if seg is None:
        return _called(before, what, count, resets, bare, syns, tcp)
    ctl = seg.ctl
    state = before.state
    live = not_(ctl.rst)
    bad_ack = ctl.ack & not_(seq.lt_le(before.snd.una, seg.ack, before.snd.nxt))
    inside = _in_window(before, seg, seq)
    let_in = _let_in(before, seg, seq)
    exists = _among(state, (State.SYN_RECEIVED, *SYNCHRONIZED))
    synchronized = _among(state, SYNCHRONIZED)
    good_ack = ctl.ack & _in_range(before, seg, tcp)
    # Where MAY-12 is read so, SYN-RECEIVED asks for the range first.
    ranged = _among(state, SYNCHRONIZED)
    if tcp.rules.syn_received_ack_range:
        ranged = exists
    plain = live & not_(ctl.syn) & inside
    reset_due = live & (
        (state == State.CLOSED)
        | ((state == State.LISTEN) & ctl.ack)
        | ((state == State.SYN_SENT) & bad_ack)
        | ((state == State.SYN_RECEIVED) & plain & bad_ack & (good_ack | not_(ranged)))
    )
    syn_ack_due = (
        live & ctl.syn & not_(ctl.ack) & ((state == State.LISTEN) | (state == State.SYN_SENT))
    )
    challenge = (
        (exists & live & not_(inside | let_in))
        | (exists & live & inside & ctl.syn & not_(_among(after.state, _BLANK)))
        | (exists & ctl.rst & inside & (seg.seq != before.rcv.nxt))
        | (ranged & plain & ctl.ack & not_(good_ack))
    )
    spared = ctl.rst & (state == State.TIME_WAIT) & tcp.rules.time_wait_ignores_reset
    taken = _among(state, _RECEIVING) & plain & good_ack & (_length(seg) != 0)
    again = (state == State.TIME_WAIT) & plain & good_ack & ctl.fin
    opened = (state == State.SYN_SENT) & live & ctl.syn & ctl.ack & not_(bad_ack)
    moved = (after.rcv.nxt != before.rcv.nxt) & exists & not_(_among(after.state, _BLANK))
    silent = (
        ((state == State.LISTEN) & not_(ctl.ack | ctl.syn))
        | (_among(state, (*_BLANK, State.SYN_SENT)) & ctl.rst)
        | ((state == State.SYN_SENT) & not_(ctl.ack | ctl.syn))
        | (exists & plain & not_(ctl.ack))
        | (exists & ctl.rst & not_(inside))
        | (exists & (after.state != before.state) & _among(after.state, _BLANK))
    )
    quiet = synchronized & plain & good_ack & (_length(seg) == 0) & not_(let_in)
    return (
        (bare <= 1)
        & ((resets == 1) & (count == 1) | not_(reset_due))
        & (reset_due | (resets == 0))
        & ((syns == 1) & (count == 1) | not_(syn_ack_due))
        & (syn_ack_due | (syns == 0))
        & implies(challenge & not_(spared), (bare == 1) & (count == 1))
        & implies(taken | again | opened | moved, acks >= 1)
        & implies(silent, count == 0)
        & implies(quiet | spared, bare == 0)
    )


def _called(
    before: Tcb, what: Input, count: int, resets: int, bare: int, syns: int, tcp: Tcp
) -> bool:
    """What a call or a timeout sends."""
    state = before.state
    if what == Input.ABORT:
        speaks = _among(
            state,
            (State.SYN_RECEIVED, *_RECEIVING, State.CLOSE_WAIT),
        )
        return (resets == count) & (speaks == (count == 1))
    if what == Input.RETRANSMISSION_TIMEOUT:
        return (count == 1) & (resets == 0) & (bare == 0)
    if what == Input.RECEIVE:
        opens = (before.rcv.wnd == 0) & (state != State.CLOSE_WAIT)
        return (bare == count) & (opens == (count == 1))
    if what == Input.OPEN_ACTIVE:
        return (count == 1) & (syns == 1)
    if what in (Input.SEND, Input.SEND_URGENT):
        return (resets == 0) & (bare == 0) & ((state == State.LISTEN) == (syns == 1))
    if what == Input.CLOSE:
        speaks = _among(state, _SENDING) | (state == State.SYN_RECEIVED)
        return (resets + bare + syns == 0) & (speaks | (count == 0))
    return count == 0


# Sections 3.1, 3.4 and 3.8: what is sent


def _said(before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp) -> bool:
    """Does each segment that was sent say what is so?"""
    right = True
    for sent in tcp.sent:
        right = right & choose(
            sent.ctl.rst,
            _reset(before, what, seg, sent, tcp.seq),
            _spoken(before, after, what, sent, tcp),
        )
    return right


def _reset(before: Tcb, what: Input, seg: Segment | None, sent: Segment, seq: Space) -> bool:
    """3.5.2: a reset that its receiver believes."""
    alone = not_(sent.ctl.syn | sent.ctl.fin) & (sent.text == 0)
    if seg is None:
        return alone & (what == Input.ABORT) & (sent.seq == before.snd.nxt)
    answers = seq.plus(seg.seq, _length(seg))
    return alone & choose(
        seg.ctl.ack,
        not_(sent.ctl.ack) & (sent.seq == seg.ack),
        sent.ctl.ack & (sent.seq == 0) & (sent.ack == answers),
    )


def _spoken(before: Tcb, after: Tcb, what: Input, sent: Segment, tcp: Tcp) -> bool:
    """Any segment but a reset, against the variables of its TCB."""
    seq, snd, rcv, ctl = tcp.seq, after.snd, after.rcv, sent.ctl
    length = _length(sent)
    end = seq.plus(sent.seq, length)
    first = ctl.syn & (sent.seq == after.iss)
    # Nothing beyond the window that the peer gave, but for FIN and for the probe of a shut one.
    fits = (seq.minus(end, snd.una) <= snd.wnd) | (sent.text == 0)
    probe = what == Input.RETRANSMISSION_TIMEOUT
    last = seq.plus(after.iss, after.written + 2)
    urgent = snd.urgent & (sent.text != 0) & seq.lt(sent.seq, snd.up)
    return (
        not_(_among(after.state, _BLANK))
        & (ctl.ack == (after.state != State.SYN_SENT))
        & (not_(ctl.ack) | (sent.ack == rcv.nxt))
        & (ctl.ack | (sent.ack == 0))
        & (sent.wnd == rcv.wnd)
        & (ctl.syn == ((sent.seq == after.iss) & (length != 0)))
        & implies(ctl.syn, first & not_(ctl.fin) & (sent.text == 0))
        & implies(ctl.fin, after.closing & (end == last) & (sent.text == 0))
        & implies(
            sent.text != 0,
            ctl.psh
            & seq.le_le(seq.plus(after.iss, 1), sent.seq, seq.plus(after.iss, after.written)),
        )
        & implies(length == 0, sent.seq == snd.nxt)
        & (ctl.urg == urgent)
        & (sent.up == choose(urgent, snd.up, 0))
        & implies(
            length != 0, seq.lt_le(sent.seq, end, snd.nxt) & seq.le_lt(snd.una, sent.seq, end)
        )
        & (probe | fits)
        & implies(probe, sent.seq == before.snd.una)
    )


# Sections 3.3.1 and 3.4: sequence variables


def _sound(tcb: Tcb, tcp: Tcp) -> bool:
    """Do the variables fit the state, and each other?"""
    seq, snd, rcv = tcp.seq, tcb.snd, tcb.rcv
    sent = seq.minus(snd.nxt, tcb.iss)
    acknowledged = seq.minus(snd.una, tcb.iss)
    blank = (
        (tcb.iss == 0)
        & (tcb.irs == 0)
        & (snd.una == 0)
        & (snd.nxt == 0)
        & (snd.wnd == 0)
        & (snd.wl1 == 0)
        & (snd.wl2 == 0)
        & (snd.up == 0)
        & (rcv.nxt == 0)
        & (rcv.wnd == 0)
        & (rcv.up == 0)
        & (tcb.written == 0)
        & (tcb.time_wait == 0)
        & (tcb.span == 0)
        & not_(tcb.closing | tcb.passive | tcb.reopened | tcb.held_fin | rcv.push | snd.urgent)
    )
    finished = tcb.written + 2
    ended = tcb.closing & (sent == finished)
    state = tcb.state
    opening = (state == State.SYN_SENT) | (state == State.SYN_RECEIVED)
    # FIN is sent and acknowledged ...
    done = ended & (acknowledged == finished)
    closers = (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
    return choose(
        _among(state, _BLANK),
        blank,
        (acknowledged <= sent)
        & (sent <= tcb.written + 1 + tcb.closing)
        & (sent >= 1)
        & (rcv.wnd <= tcp.bounds.window)
        & ((state != State.SYN_SENT) | (tcb.irs == 0) & (rcv.nxt == 0) & (sent == 1))
        & implies(opening, acknowledged == 0)
        & implies(_among(state, (State.ESTABLISHED, State.CLOSE_WAIT)), acknowledged >= 1)
        & implies((state == State.ESTABLISHED) | (state == State.SYN_SENT), not_(tcb.closing))
        & implies((state == State.CLOSE_WAIT) & tcb.closing, sent <= tcb.written + 1)
        & implies(_among(state, closers), tcb.closing & not_(done))
        & implies(_among(state, (State.FIN_WAIT_2, State.TIME_WAIT)), done)
        & implies(state != State.SYN_SENT, seq.minus(rcv.nxt, tcb.irs) >= 1)
        & implies(state != State.SYN_SENT, seq.le(seq.plus(tcb.irs, 1), rcv.up))
        & implies(
            _among(state, SYNCHRONIZED) & (acknowledged >= 1),
            (tcb.held_text == 0) & not_(tcb.held_fin | tcb.held_push | tcb.held_urgent),
        ),
    )


def _moved(before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp) -> bool:
    """Did the variables of a TCB that was and is move as they may, and as they must?"""
    seq = tcp.seq
    new = 0
    for sent in tcp.sent:
        fresh = seq.minus(sent.seq, before.snd.una) >= seq.minus(before.snd.nxt, before.snd.una)
        new = new + choose(fresh & not_(sent.ctl.rst), _length(sent), 0)
    lives = not_(_among(before.state, _BLANK)) & not_(_among(after.state, _BLANK))
    keeps = (
        (after.iss == before.iss)
        & (after.passive == before.passive)
        & ((before.state == State.SYN_SENT) | (after.irs == before.irs))
        & (seq.minus(after.snd.nxt, before.snd.nxt) == new)
    )
    if seg is None:
        users = (
            (after.snd.una == before.snd.una)
            & (after.snd.wnd == before.snd.wnd)
            & (after.snd.wl1 == before.snd.wl1)
            & (after.snd.wl2 == before.snd.wl2)
            & (after.rcv.nxt == before.rcv.nxt)
        )
        emptied = what == Input.RECEIVE
        wrote = what in (Input.SEND, Input.SEND_URGENT)
        closed = what == Input.CLOSE
        room = tcp.bounds.window if emptied else before.rcv.wnd
        urges = what == Input.SEND_URGENT
        up = seq.plus(after.iss, after.written + 1) if urges else before.snd.up
        behind = emptied & seq.lt(before.rcv.up, before.rcv.nxt)
        read = choose(behind, before.rcv.nxt, before.rcv.up)
        called = (
            (after.rcv.wnd == room)
            & (after.rcv.push == (before.rcv.push & (not emptied)))
            & (after.rcv.up == read)
            & (after.snd.up == up)
            & (after.snd.urgent == (before.snd.urgent | urges))
            & (after.written == before.written + wrote)
            & (after.closing == (before.closing | closed))
        )
        made = (after.written == choose(wrote, 1, 0)) & (after.rcv.wnd == tcp.bounds.window)
        queued = implies(
            (closed | wrote) & _among(before.state, _SENDING),
            # All is sent that the window lets through, and FIN after all text.
            _let_out(after, seq),
        )
        lived = keeps & users & called & queued
        return implies(lives, lived) & implies(
            _among(before.state, _BLANK) & not_(_among(after.state, _BLANK)), made
        )
    acked = seg.ctl.ack & seq.lt_le(before.snd.una, seg.ack, before.snd.nxt)
    processed = (
        _among(before.state, (State.SYN_RECEIVED, *SYNCHRONIZED))
        & not_(seg.ctl.rst | seg.ctl.syn)
        & (_in_window(before, seg, seq) | _let_in(before, seg, seq))
        & seg.ctl.ack
    )
    una = choose(
        acked & (processed | ((before.state == State.SYN_SENT) & seg.ctl.syn)),
        after.snd.una == seg.ack,
        after.snd.una == before.snd.una,
    )
    heard = implies(
        (before.state == State.SYN_SENT) & (after.state != State.SYN_SENT),
        (after.irs == seg.seq)
        & seq.le_le(seq.plus(seg.seq, 1), after.rcv.nxt, seq.plus(seg.seq, _length(seg))),
    )
    advance = seq.minus(after.rcv.nxt, before.rcv.nxt)
    text = seq.minus(before.rcv.wnd, after.rcv.wnd)
    offset = seq.minus(before.rcv.nxt, seg.seq)
    fin = seq.minus(advance, text)
    came = (seg.text != 0) | seg.ctl.fin
    taken = choose(
        before.state == State.SYN_SENT,
        after.rcv.wnd <= before.rcv.wnd,
        (advance >= text)
        & (fin <= 1)
        & implies(
            advance != 0,
            came
            & processed
            & (offset < _length(seg))
            & (advance + offset <= _length(seg))
            & (text + offset <= seg.text)
            & implies(fin == 1, seg.ctl.fin & (before.rcv.wnd != 0)),
        ),
    )
    state = before.state
    in_order = _among(state, _RECEIVING) & processed & came & (offset < _length(seg))
    in_range = _in_range(before, seg, tcp)
    must = implies(in_order & in_range & (before.rcv.wnd != 0), advance != 0)
    emptied = (text != 0) & (text + offset == seg.text)
    pushed = (seg.ctl.psh & emptied) | ((fin == 1) & (after.rcv.wnd != tcp.bounds.window))
    told = (state == State.SYN_SENT) | (after.rcv.push == (before.rcv.push | pushed))
    update = (after.snd.wnd == seg.wnd) & (after.snd.wl1 == seg.seq) & (after.snd.wl2 == seg.ack)
    same = (
        (after.snd.wnd == before.snd.wnd)
        & (after.snd.wl1 == before.snd.wl1)
        & (after.snd.wl2 == before.snd.wl2)
    )
    newer = seq.lt(before.snd.wl1, seg.seq) | (
        (before.snd.wl1 == seg.seq) & seq.le(before.snd.wl2, seg.ack)
    )
    opened = _among(state, (State.SYN_SENT, State.SYN_RECEIVED)) & (after.state != state)
    current = (
        processed
        & _among(state, SYNCHRONIZED)
        & seq.le_le(before.snd.una, seg.ack, before.snd.nxt)
        & newer
    )
    window = choose(opened | current, update, same) if tcp.bounds.send_window else same
    freed = implies(
        (processed & in_range | opened) & _among(after.state, SYNCHRONIZED), _let_out(after, seq)
    )
    urged = (
        processed
        & seg.ctl.urg
        & ((_among(state, _RECEIVING) & in_range) | ((state == State.SYN_RECEIVED) & acked))
        & seq.lt(before.rcv.up, seg.up)
    )
    pointer = choose(urged, seg.up, before.rcv.up)
    # Behind what the user has, it means nothing any more.
    has = seq.minus(after.rcv.nxt, seq.minus(tcp.bounds.window, after.rcv.wnd))
    pointer = choose((fin == 1) & seq.lt(pointer, has), has, pointer)
    up = after.rcv.up == pointer
    pointed = (state == State.SYN_SENT) | up
    done = before.snd.urgent & seq.le(before.snd.up, after.snd.una)
    idle = (
        (after.snd.up == choose(done, 0, before.snd.up))
        & (after.snd.urgent == (before.snd.urgent & not_(done)))
        & (after.written == before.written)
        & (after.closing == before.closing)
    )
    met = idle & pointed & told & una & heard & taken & must & window & freed
    listened = (
        (after.irs == seg.seq)
        & (after.rcv.nxt == seq.plus(seg.seq, 1))
        & (after.rcv.wnd == tcp.bounds.window)
        & after.passive
        & (after.rcv.up == after.rcv.nxt)
        & (after.held_text == seg.text)
    )
    return implies(lives, keeps & met) & implies(
        _among(before.state, _BLANK) & not_(_among(after.state, _BLANK)), listened
    )


def _let_out(tcb: Tcb, seq: Space) -> bool:
    """Is nothing held back that may be sent: text in the window, FIN after all text?"""
    sent = seq.minus(tcb.snd.nxt, tcb.iss)
    text = (sent <= tcb.written) & (seq.minus(tcb.snd.nxt, tcb.snd.una) < tcb.snd.wnd)
    fin = tcb.closing & (sent == tcb.written + 1)
    return not_(text | fin)


# Sections 3.6.1 and 3.8.3: timers


def _timed(before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp) -> bool:
    """Is TIME-WAIT 2 MSL long, R begun when a segment comes to the front of the queue, and does
    no timer expire that does not run?"""
    outstanding = before.snd.una != before.snd.nxt
    if what == Input.USER_TIMEOUT:
        # 3.10.8 has it in any state: for an OPEN, for text queued, for what is outstanding.
        queued = tcp.seq.minus(before.snd.nxt, before.iss) <= before.written
        runs = outstanding | queued | (before.state == State.LISTEN)
    elif what == Input.TIME_WAIT_TIMEOUT:
        runs = (before.state == State.TIME_WAIT) & (before.time_wait == 0)
    elif what == Input.RETRANSMISSION_TIMEOUT:
        # R not used up; or the persist timer, for text that a shut window keeps back.
        bounded = tcp.bounds.msl != 0 and tcp.rules.retransmission_bounded
        left = (before.span != 0) | (not bounded)
        waiting = _among(before.state, SYNCHRONIZED) & (
            tcp.seq.minus(before.snd.nxt, before.iss) <= before.written
        )
        runs = choose(outstanding, left, waiting)
    else:
        runs = True
    entered = (after.state == State.TIME_WAIT) & (before.state != State.TIME_WAIT)
    whole = tcp.bounds.msl + tcp.bounds.msl
    fronted = (before.snd.una != after.snd.una) | (
        (before.snd.una == before.snd.nxt) & (after.snd.una != after.snd.nxt)
    )
    waits = _among(after.state, (*_BLANK, State.TIME_WAIT))
    # With nothing in the queue, R says nothing.
    # A peer that answers probes of its shut window is waited for (MUST-37).
    answered = (before.snd.wnd == 0) & _among(before.state, SYNCHRONIZED)
    if seg is None:
        answered = False
    else:
        answered = answered & seg.ctl.ack & (seg.ack == before.snd.una)
    begun = choose(fronted, after.span == tcp.bounds.span, after.span == before.span)
    begun = begun | (answered & (after.span == tcp.bounds.span))
    span = choose(waits, after.span == 0, (after.snd.una == after.snd.nxt) | begun)
    opened = (after.state == State.SYN_SENT) & (before.state != State.SYN_SENT)
    timer = choose(
        after.state == State.TIME_WAIT,
        choose(
            entered,
            after.time_wait == whole,
            (after.time_wait == before.time_wait) | (after.time_wait == whole),
        ),
        after.time_wait == 0,
    )
    restarts = True
    if seg is not None:
        restarts = implies(
            (before.state == State.TIME_WAIT)
            & (after.state == State.TIME_WAIT)
            & _in_window(before, seg, tcp.seq)
            & not_(seg.ctl.rst | seg.ctl.syn)
            & seg.ctl.ack
            & seg.ctl.fin
            & _in_range(before, seg, tcp),
            after.time_wait == whole,
        )
    return restarts & runs & timer & (span | (opened & (after.span == tcp.bounds.span)))
