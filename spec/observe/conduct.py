"""Conduct: does each step keep to what RFC 9293 says outside section 3.10?

Section 3.10 tells, case by case, what to do. Other sections say what comes of it: Figure 5 which
states follow each other, 3.5.2 what is answered with a reset and what with an acknowledgment,
3.3.1 and 3.4 how the sequence variables move, 3.8 what is sent and when. These are restated here,
each as a condition on a step: what was before, what came in, what is now, what was sent, what the
user was told. Each condition stands with the section that asks for it; where no other section does,
that is 3.10's own. A step that breaks one is remembered for ever; no rule reads it.

Nothing here calls a helper of the rules, so that an error in one of them is seen.
"""

from spec.observe.figure_5 import EVENTS, FIGURE_5
from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.rules import KeepAlive
from spec.seq import Space, choose, implies, not_
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb

Condition = tuple[str, bool]
"""A section, and whether a step keeps to what it asks."""


class Conduct(Watcher):
    """Records steps that do what the RFC's overviews rule out."""

    name = "conduct"

    def stepped(self, ghost: Ghost, m: Moment) -> None:
        conduct = ghost.conduct
        before, after, what, seg, tcp = m.before, m.after, m.what, m.seg, m.tcp
        if what == Input.CRASH:
            # The host loses its memory (section 3.4.3).
            conduct.state = conduct.state | (after.state != State.CLOSED)
            conduct.numbers = conduct.numbers | _broken(_sound(after, tcp))
            return
        if seg is None:
            follows, moves = _led(before, after, what, tcp), _called(before, after, what, tcp)
            answers = _spoke(before, what, tcp)
        else:
            follows, moves = _follows(before, after, seg, tcp), _moved(before, after, seg, tcp)
            answers = _answered(before, after, seg, tcp)
        conduct.state = conduct.state | _broken(follows)
        conduct.answer = conduct.answer | _broken(answers)
        conduct.sent = conduct.sent | _broken(_said(before, after, what, seg, tcp))
        conduct.numbers = conduct.numbers | _broken(_sound(after, tcp)) | _broken(moves)
        conduct.timers = conduct.timers | _broken(_timed(before, after, what, seg, tcp))
        conduct.told = conduct.told | _broken(_told(before, after, what, seg, tcp))


def _broken(conditions: tuple[Condition, ...]) -> bool:
    kept = True
    for _, keeps in conditions:
        kept = kept & keeps
    return not_(kept)


def _among(state: State, states: tuple[State, ...]) -> bool:
    found = False
    for one in states:
        found = found | (state == one)
    return found


_BLANK = (State.CLOSED, State.LISTEN)
_RECEIVING = (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
_SENDING = (State.ESTABLISHED, State.CLOSE_WAIT)
_FINISHED = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
"""The states in which the peer's FIN was received (section 3.3.2)."""
_EXISTING = (State.SYN_RECEIVED, *SYNCHRONIZED)
_ABORTING = (State.SYN_RECEIVED, *_RECEIVING, State.CLOSE_WAIT)
"""The states in which ABORT sends a reset (section 3.10.5)."""


# What a segment is to a TCB: sections 3.4 and 3.10.7.4


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


def _acks_new(tcb: Tcb, seg: Segment, seq: Space) -> bool:
    """Does ``seg`` acknowledge something that was sent, and not acknowledged yet? (Section 3.4)"""
    return seg.ctl.ack & seq.lt_le(tcb.snd.una, seg.ack, tcb.snd.nxt)


def _ack_in_range(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does the ACK say what an honest peer may say still (RFC 5961 section 5)?

    What is new to us, or what was known when its window was sent; with ``ack_floor_at_iss`` nothing
    that came before our SYN.
    """
    old = tcp.seq.minus(tcb.snd.una, seg.ack)
    known = old <= tcp.bounds.window
    if tcp.rules.ack_floor_at_iss:
        known = known & (old <= tcp.seq.minus(tcb.snd.una, tcb.iss))
    return seg.ctl.ack & known | _acks_new(tcb, seg, tcp.seq)


def _gave_up(before: Tcb, tcp: Tcp) -> bool:
    """Is it time to close the connection, rather than to retransmit (section 3.8.3, MUST-20)?"""
    bounded = tcp.bounds.msl != 0 and tcp.rules.retransmission_bounded
    running = bounded & (before.snd.una != before.snd.nxt) & not_(before.answered)
    return running & (before.span == 0)


def _unheard(before: Tcb, what: Input, tcp: Tcp) -> bool:
    """Is it time to close the connection, since no keep-alive was answered (section 3.8.4)?"""
    enough = before.probes >= tcp.bounds.keep_alive_probes
    return enough & (what == Input.KEEP_ALIVE_TIMEOUT) & tcp.rules.keep_alive_gives_up


def _reopened(before: Tcb, after: Tcb) -> bool:
    """Did TIME-WAIT give way to a new connection (section 3.6.1, MAY-2)?"""
    return (before.state == State.TIME_WAIT) & (after.state == State.SYN_RECEIVED)


def _returned(before: Tcb, after: Tcb) -> bool:
    """Did a connection that was reopened give way to the TIME-WAIT before it (3.6.1 (2))?"""
    return (before.state == State.SYN_RECEIVED) & (after.state == State.TIME_WAIT)


# C1. Sections 3.3.2, 3.5 and 3.6: states

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


def _led(before: Tcb, after: Tcb, what: Input, tcp: Tcp) -> tuple[Condition, ...]:
    """Does a call or a timeout lead where Figure 5 has it?"""
    if what in (Input.ABORT, Input.USER_TIMEOUT):
        return (("3.8.3 (c), 3.9.1.6", after.state == State.CLOSED),)
    if what == Input.RETRANSMISSION_TIMEOUT:
        gone = after.state == State.CLOSED
        state = choose(_gave_up(before, tcp), gone, after.state == before.state)
        return (("3.8.3, MUST-20 (c), MUST-22", state),)
    if what == Input.KEEP_ALIVE_TIMEOUT:
        gone = after.state == State.CLOSED
        state = choose(_unheard(before, what, tcp), gone, after.state == before.state)
        return (("3.8.4", state),)
    leads = True
    stays = True
    for call, source, target in _CALLED:
        if call != what:
            continue
        # A CLOSE that has text to wait for is queued in SYN-RECEIVED and in CLOSE-WAIT (section
        # 3.10.4), there until all of it is sent.
        unsent = tcp.seq.minus(after.snd.nxt, after.iss) <= after.written
        waits = (call == Input.CLOSE) & choose(
            source == State.SYN_RECEIVED,
            before.written != 0,
            (source == State.CLOSE_WAIT) & unsent,
        )
        here = before.state == source
        leads = leads & implies(here, after.state == choose(waits, source, target))
        stays = stays & not_(here)
    return (
        ("3.3.2 Figure 5; 3.10.4", leads),
        ("3.3.2 Figure 5; 3.10", implies(stays, after.state == before.state)),
    )


def _drawn(event: str, reason: bool) -> tuple[tuple[State, State, bool], ...]:
    """The figure's edges with this event, which are right for this reason."""
    return tuple((edge.before, edge.after, reason) for edge in FIGURE_5 if edge.event == event)


def _follows(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """Does the state after a segment follow the state before, in Figure 5 and its notes?"""
    ctl, seq = seg.ctl, tcp.seq
    opens = ctl.syn & not_(ctl.rst)
    new = _acks_new(before, seg, seq)
    acks = _processed(before, seg, tcp)
    fin = ctl.fin | before.held_fin
    dies = ctl.rst
    listens = before.passive & not_(before.closing | before.reopened)
    # A SYN in the window takes a passive OPEN back to where it was.
    again = (
        (before.state == State.SYN_RECEIVED)
        & before.passive
        & not_(before.reopened)
        & opens
        & (seq.minus(seg.seq, before.rcv.nxt) < before.rcv.wnd)
    )
    if tcp.rules.syn_received_challenge:
        again = False
    edges = (
        *_drawn("rcv SYN", opens & not_(ctl.ack)),
        *_drawn("rcv SYN,ACK", opens & new),
        *_drawn("rcv ACK of SYN", acks & new & not_(before.closing)),
        *_drawn("rcv FIN", acks & fin),
        *_drawn("rcv ACK of FIN", acks & new & (seg.ack == before.snd.nxt)),
        *_drawn("rcv RST", dies & listens),  # note 1
        # Two at once (note 2, for one)
        (State.SYN_SENT, State.CLOSE_WAIT, opens & new & ctl.fin),
        (State.SYN_RECEIVED, State.CLOSE_WAIT, acks & new & fin & not_(before.closing)),
        (State.SYN_RECEIVED, State.FIN_WAIT_1, acks & new & before.closing),
        (State.SYN_RECEIVED, State.CLOSING, acks & new & fin & before.closing),
        (State.FIN_WAIT_1, State.TIME_WAIT, acks & new & fin),
        # A CLOSE that waited for the window (section 3.10.4)
        (State.CLOSE_WAIT, State.LAST_ACK, acks & before.closing),
        # Errors (note 3)
        (State.SYN_SENT, State.CLOSED, dies & new),
        (State.SYN_RECEIVED, State.LISTEN, again & listens),
        # ... which closes if a CLOSE was queued (section 3.10.4)
        (State.SYN_RECEIVED, State.CLOSED, (dies & before.passive | again) & before.closing),
        (State.SYN_RECEIVED, State.CLOSED, dies & not_(before.passive)),
        *((state, State.CLOSED, dies) for state in SYNCHRONIZED),
        # TIME-WAIT left and returned to (section 3.6.1, MAY-2)
        (State.TIME_WAIT, State.SYN_RECEIVED, opens & not_(ctl.ack) & tcp.rules.time_wait_reopen),
        (State.SYN_RECEIVED, State.TIME_WAIT, dies & before.reopened),
    )
    drawn = after.state == before.state
    for source, target, reason in edges:
        drawn = drawn | ((before.state == source) & (after.state == target) & reason)
    exact = (seg.seq == before.rcv.nxt) | _among(before.state, (*_BLANK, State.SYN_SENT))
    left = ctl.rst & (after.state != before.state)
    believed = ctl.rst & (
        (_among(before.state, _EXISTING) & (seg.seq == before.rcv.nxt))
        | ((before.state == State.SYN_SENT) & new)
    )
    spared = (before.state == State.TIME_WAIT) & tcp.rules.time_wait_ignores_reset
    opening = before.state == State.SYN_RECEIVED
    home = choose(
        opening & before.reopened,
        after.state == State.TIME_WAIT,
        after.state == choose(opening & listens, State.LISTEN, State.CLOSED),
    )
    back = choose(before.closing, after.state == State.CLOSED, after.state == State.LISTEN)
    later = seq.lt(before.rcv.nxt, seg.seq) & seq.le(before.snd.nxt, after.iss)
    finished = _among(before.state, _FINISHED) | _took_fin(before, after, seq)
    lives = not_(_among(before.state, _BLANK) | _among(after.state, _BLANK))
    lives = lives & not_(_reopened(before, after) | _returned(before, after))
    return (
        ("3.3.2 Figure 5 and notes", drawn),
        ("3.3.2; 3.10.7.4 eighth", implies(lives, _among(after.state, _FINISHED) == finished)),
        ("RFC 5961 3", implies(left, exact)),
        ("3.10.7.4 fourth", implies(again, back)),
        ("3.5.3; 3.6.1 (2)", implies(believed & not_(spared), home)),
        ("3.6.1 (1); RFC 1122 4.2.2.13", implies(_reopened(before, after), later)),
    )


def _took_fin(before: Tcb, after: Tcb, seq: Space) -> bool:
    """Did RCV.NXT move over a FIN? Of what it moves over, only text takes room of the window."""
    start = choose(before.state == State.SYN_SENT, seq.plus(after.irs, 1), before.rcv.nxt)
    moved = seq.minus(after.rcv.nxt, start) != seq.minus(before.rcv.wnd, after.rcv.wnd)
    return (after.state != State.SYN_SENT) & moved


# C2. Sections 3.5.2 and 3.8: answers


def _answered(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """Does a segment have the answer that is due, and no other?"""
    seq = tcp.seq
    count, resets, bare, acks, syns = _counted(tcp)
    ctl, state = seg.ctl, before.state
    live = not_(ctl.rst)
    bad_ack = ctl.ack & not_(_acks_new(before, seg, seq))
    inside = _in_window(before, seg, seq)
    let_in = _let_in(before, seg, seq)
    exists = _among(state, _EXISTING)
    synchronized = _among(state, SYNCHRONIZED)
    good_ack = _ack_in_range(before, seg, tcp)
    reopened = _reopened(before, after)
    plain = live & not_(ctl.syn) & inside
    # Where MAY-12 is read so, SYN-RECEIVED asks for the range first.
    ranged = synchronized | (exists & tcp.rules.syn_received_ack_range)
    unknown = live & (state == State.CLOSED)
    unsent = live & (
        ((state == State.LISTEN) & ctl.ack)
        | ((state == State.SYN_SENT) & bad_ack)
        | ((state == State.SYN_RECEIVED) & plain & bad_ack & (good_ack | not_(ranged)))
    )
    opening = live & ctl.syn & not_(ctl.ack)
    syn_ack_due = opening & ((state == State.LISTEN) | (state == State.SYN_SENT)) | reopened
    outside = exists & live & not_(inside | let_in) & not_(reopened)
    bad_range = ranged & plain & ctl.ack & not_(good_ack)
    inexact = exists & ctl.rst & inside & (seg.seq != before.rcv.nxt)
    stays = not_(_among(after.state, _BLANK)) & not_(reopened)
    syn_inside = exists & live & inside & ctl.syn & stays
    spared = ctl.rst & (state == State.TIME_WAIT) & tcp.rules.time_wait_ignores_reset
    empty_ack = (bare == 1) & (count == 1)
    taken = _among(state, _RECEIVING) & plain & good_ack & (_length(seg) != 0)
    again = (state == State.TIME_WAIT) & plain & good_ack & ctl.fin
    opened = (state == State.SYN_SENT) & live & ctl.syn & ctl.ack & not_(bad_ack)
    lives = exists & not_(_among(after.state, _BLANK)) & not_(_returned(before, after))
    moved = (after.rcv.nxt != before.rcv.nxt) & lives
    stray = ((state == State.LISTEN) | (state == State.SYN_SENT)) & not_(ctl.ack | ctl.syn)
    left = ctl.rst & (not_(exists) | not_(inside) | (after.state != state))
    ended = exists & (after.state != state) & _among(after.state, _BLANK)
    quiet = synchronized & plain & good_ack & (_length(seg) == 0) & not_(let_in | moved)
    return (
        ("3.10.7.4 first, MUST-58", bare <= 1),
        ("3.5.2 group 1", implies(unknown, (resets == 1) & (count == 1))),
        ("3.5.2 group 2", implies(unsent, (resets == 1) & (count == 1))),
        ("3.5.2", unknown | unsent | (resets == 0)),
        ("3.5 Figures 6, 7; 3.6.1", implies(syn_ack_due, (syns == 1) & (count == 1))),
        ("3.5", syn_ack_due | (syns == 0)),
        ("3.5.2 group 3", implies(outside, empty_ack)),
        ("3.5.2 group 3; RFC 5961 5", implies(bad_range, empty_ack)),
        ("RFC 5961 3", implies(inexact & not_(spared), empty_ack)),
        ("RFC 5961 4", implies(syn_inside, empty_ack)),
        ("3.8.6.3; 3.10.7.4 seventh, eighth", implies(taken | moved, acks >= 1)),
        ("3.6.1; 3.10.7.4 fifth", implies(again, acks >= 1)),
        ("3.5 Figure 6", implies(opened, acks >= 1)),
        ("3.10.7.2 fourth, 3.10.7.3 fifth", implies(stray & live, count == 0)),
        ("3.5.3; 3.10.7.4 first", implies(left | spared, count == 0)),
        ("3.10.7.4 fifth: no ACK", implies(exists & plain & not_(ctl.ack), count == 0)),
        ("3.10.7.4 fourth, fifth", implies(ended, count == 0)),
        ("3.4: an ACK is not acknowledged", implies(quiet, bare == 0)),
    )


def _counted(tcp: Tcp) -> tuple[int, int, int, int, int]:
    """How many segments were sent: all, resets, empty ACKs, all with an ACK, SYNs."""
    resets = 0
    bare = 0
    acks = 0
    syns = 0
    for sent in tcp.sent:
        resets = resets + sent.ctl.rst
        bare = bare + (sent.ctl.ack & not_(sent.ctl.rst) & (_length(sent) == 0))
        acks = acks + (sent.ctl.ack & not_(sent.ctl.rst))
        syns = syns + sent.ctl.syn
    return len(tcp.sent), resets, bare, acks, syns


def _spoke(before: Tcb, what: Input, tcp: Tcp) -> tuple[Condition, ...]:
    """Does a call or a timeout send what is due, and nothing else?"""
    count, resets, bare, _, syns = _counted(tcp)
    state = before.state
    if what == Input.ABORT:
        speaks = _among(state, _ABORTING)
        return (
            ("3.9.1.6", resets == count),
            ("3.9.1.6; 3.10.5", count == choose(speaks, 1, 0)),
        )
    if what == Input.RETRANSMISSION_TIMEOUT:
        one = count == choose(_gave_up(before, tcp), 0, 1)
        return (("3.8.1, 3.8.6.1", one & (resets == 0) & (bare == 0)),)
    if what == Input.KEEP_ALIVE_TIMEOUT:
        ends = _unheard(before, what, tcp)
        return (("3.8.4", (count == 1) & (resets == choose(ends, 1, 0)) & (syns == 0)),)
    if what == Input.RECEIVE:
        opens = (before.rcv.wnd == 0) & (state != State.CLOSE_WAIT)
        return (("3.8.6", (bare == count) & (count == choose(opens, 1, 0))),)
    if what == Input.OPEN_ACTIVE:
        return (("3.5 Figure 6", (count == 1) & (syns == 1)),)
    if what in (Input.SEND, Input.SEND_URGENT):
        return (
            ("3.5.2", (resets == 0) & (bare == 0)),
            ("3.3.2 Figure 5", syns == choose(state == State.LISTEN, 1, 0)),
        )
    if what == Input.CLOSE:
        speaks = _among(state, (State.SYN_RECEIVED, *_SENDING))
        at_once = not_(before.closing) & (before.written == 0)
        return (
            ("3.3.2 Figure 5", (resets + bare + syns == 0) & (speaks | (count == 0))),
            (
                "3.10.4, SYN-RECEIVED",
                implies(state == State.SYN_RECEIVED, count == choose(at_once, 1, 0)),
            ),
        )
    return (("3.8.3, 3.10.8", count == 0),)


# C3. Sections 3.1, 3.4, 3.5.2 and 3.8: what is sent


def _said(
    before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp
) -> tuple[Condition, ...]:
    """Does each segment that was sent say what is so?"""
    found: tuple[Condition, ...] = ()
    for sent in tcp.sent:
        for section, keeps in _reset(before, what, seg, sent, tcp.seq):
            found = (*found, (section, implies(sent.ctl.rst, keeps)))
        probes = what == Input.KEEP_ALIVE_TIMEOUT
        spoken = _probed(before, sent, tcp) if probes else _spoken(before, after, what, sent, tcp)
        for section, keeps in spoken:
            found = (*found, (section, sent.ctl.rst | keeps))
    return found


def _reset(
    before: Tcb, what: Input, seg: Segment | None, sent: Segment, seq: Space
) -> tuple[Condition, ...]:
    """A reset, which its receiver is to believe."""
    alone = ("3.5.2", not_(sent.ctl.syn | sent.ctl.fin) & (sent.text == 0))
    if seg is None:
        ends = what in (Input.ABORT, Input.KEEP_ALIVE_TIMEOUT)
        return (alone, ("3.10.5; 3.8.4", ends & (sent.seq == before.snd.nxt)))
    answers = seq.plus(seg.seq, _length(seg))
    return (
        alone,
        ("3.5.2", implies(seg.ctl.ack, not_(sent.ctl.ack) & (sent.seq == seg.ack))),
        ("3.5.2", seg.ctl.ack | (sent.ctl.ack & (sent.seq == 0) & (sent.ack == answers))),
    )


def _spoken(before: Tcb, after: Tcb, what: Input, sent: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """Any segment but a reset, against the variables of its TCB."""
    seq, snd, rcv, ctl = tcp.seq, after.snd, after.rcv, sent.ctl
    length = _length(sent)
    end = seq.plus(sent.seq, length)
    text = sent.text != 0
    # The places in the stream that its text takes; SYN is before the first.
    octet = seq.minus(seq.plus(sent.seq, ctl.syn), seq.plus(after.iss, 1))
    # Nothing beyond the window that the peer gave, but for FIN and for the probe of a shut one.
    probe = what == Input.RETRANSMISSION_TIMEOUT
    fits = seq.minus(end, snd.una) <= seq.plus(snd.wnd, ctl.fin)
    last = seq.plus(after.iss, after.written + 2)
    urgent = snd.urgent & text & seq.lt(seq.plus(sent.seq, ctl.syn), snd.up)
    return (
        ("3.3.2", not_(_among(after.state, _BLANK))),
        ("3.1 ACK: always, once established", ctl.ack == (after.state != State.SYN_SENT)),
        ("3.1 Acknowledgment Number", sent.ack == choose(ctl.ack, rcv.nxt, 0)),
        ("3.1 Window", sent.wnd == rcv.wnd),
        ("3.1 Sequence Number; 3.4", ctl.syn == ((sent.seq == after.iss) & (length != 0))),
        ("3.4", implies(length == 0, sent.seq == snd.nxt)),
        (
            "3.3.1 Figure 3",
            (length == 0) | seq.lt_le(sent.seq, end, snd.nxt) & seq.le_lt(snd.una, sent.seq, end),
        ),
        ("3.4: FIN is after the last octet", implies(ctl.fin, after.closing & (end == last))),
        ("3.5", implies(ctl.syn, not_(ctl.fin) & (not_(text) | tcp.rules.data_on_syn))),
        ("3.4", not_(text) | (octet + sent.text <= after.written)),
        ("3.9.1.2, MUST-61", implies(text, ctl.psh)),
        ("3.8.5", ctl.urg == urgent),
        ("3.1 Urgent Pointer; 3.8.5, MUST-62", sent.up == choose(urgent, snd.up, 0)),
        ("3.8.6", probe | ctl.syn | not_(text) | fits),
        ("3.8.1; 3.8.6.1", implies(probe, sent.seq == before.snd.una)),
    )


def _probed(before: Tcb, sent: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """A keep-alive: its number is that of what its receiver has, the last."""
    ctl = sent.ctl
    octets = 1 if tcp.rules.keep_alive == KeepAlive.OCTET else 0
    return (
        ("3.8.4", tcp.seq.plus(sent.seq, 1) == before.snd.nxt),
        ("3.8.4, MAY-6", sent.text == octets),
        ("3.1 ACK", ctl.ack & not_(ctl.syn | ctl.fin | ctl.urg)),
        ("3.1 Acknowledgment Number", sent.ack == before.rcv.nxt),
        ("3.1 Window", sent.wnd == before.rcv.wnd),
    )


# C4. Sections 3.3.1, 3.4 and 3.8: sequence variables


def _sound(tcb: Tcb, tcp: Tcp) -> tuple[Condition, ...]:
    """Do the variables fit the state, and each other?"""
    seq, snd, rcv, state = tcp.seq, tcb.snd, tcb.rcv, tcb.state
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
        & not_(tcb.closing | tcb.passive | rcv.push | snd.urgent)
        & _holds_nothing(tcb)
    )
    no_return = (tcb.left_snd == 0) & (tcb.left_rcv == 0) & not_(tcb.reopened)
    none = _among(state, _BLANK)
    finished = tcb.written + 2
    # FIN is sent and acknowledged ...
    done = tcb.closing & (sent == finished) & (acknowledged == finished)
    opening = (state == State.SYN_SENT) | (state == State.SYN_RECEIVED)
    closers = (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
    deaf = (tcb.irs == 0) & (rcv.nxt == 0)
    first = (sent == 1) | tcp.rules.data_on_syn
    established = _among(state, _SENDING)
    unasked = (state == State.ESTABLISHED) | (state == State.SYN_SENT)
    waits = (state == State.CLOSE_WAIT) & tcb.closing
    heard = not_(none) & (state != State.SYN_SENT)
    through = _among(state, SYNCHRONIZED) & (acknowledged >= 1)
    return (
        ("3.3.2: CLOSED and LISTEN have no TCB of a peer", implies(none, blank)),
        ("3.6.1 (2): no way back", implies(state != State.SYN_RECEIVED, no_return)),
        ("3.3.1 Figure 3; 3.4", none | (acknowledged <= sent)),
        ("3.4: SYN, text, FIN", none | (sent >= 1) & (sent <= tcb.written + 1 + tcb.closing)),
        ("3.8.6", none | (rcv.wnd <= tcp.bounds.window)),
        ("3.5: no SYN was heard", implies(state == State.SYN_SENT, deaf)),
        ("3.5: our SYN is not acknowledged", implies(opening, acknowledged == 0)),
        ("3.10.2, 3.10.4: text and FIN wait", implies(opening, first)),
        ("3.5: our SYN is acknowledged", implies(established, acknowledged >= 1)),
        ("3.6: no CLOSE yet", implies(unasked, not_(tcb.closing))),
        ("3.10.4: the CLOSE waits for text", implies(waits, sent <= tcb.written + 1)),
        ("3.6: our FIN is on its way", implies(_among(state, closers), tcb.closing & not_(done))),
        ("3.3.2: our FIN was sent", implies(state == State.LAST_ACK, sent == finished)),
        (
            "3.6: our FIN is acknowledged",
            implies(_among(state, (State.FIN_WAIT_2, State.TIME_WAIT)), done),
        ),
        ("3.4: their SYN is received", implies(heard, seq.minus(rcv.nxt, tcb.irs) >= 1)),
        ("3.8.5", implies(heard, seq.le(seq.plus(tcb.irs, 1), rcv.up))),
        ("3.10.7.2 third: what came with the SYN", implies(through, _holds_nothing(tcb))),
    )


def _holds(tcb: Tcb, seg: Segment) -> bool:
    """Is what came with a SYN queued?"""
    return (
        (tcb.held_text == seg.text)
        & (tcb.held_fin == seg.ctl.fin)
        & (tcb.held_push == seg.ctl.psh)
        & (tcb.held_urgent == seg.ctl.urg)
        & (tcb.held_up == seg.up)
    )


def _holds_nothing(tcb: Tcb) -> bool:
    return (tcb.held_text == 0) & not_(tcb.held_fin | tcb.held_push | tcb.held_urgent)


def _kept(before: Tcb, after: Tcb, tcp: Tcp) -> tuple[Condition, ...]:
    """What a TCB keeps as long as it lives."""
    seq = tcp.seq
    new = 0
    for sent in tcp.sent:
        fresh = seq.le(before.snd.nxt, sent.seq)
        new = new + choose(fresh & not_(sent.ctl.rst), _length(sent), 0)
    heard = before.state != State.SYN_SENT
    return (
        ("3.3.1 ISS, IRS", (after.iss == before.iss) & implies(heard, after.irs == before.irs)),
        ("3.5, MUST-11", after.passive == before.passive),
        ("3.3.1 SND.NXT", seq.minus(after.snd.nxt, before.snd.nxt) == new),
    )


def _when(lives: bool, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple((section, implies(lives, keeps)) for section, keeps in conditions)


def _called(before: Tcb, after: Tcb, what: Input, tcp: Tcp) -> tuple[Condition, ...]:
    """Does a call or a timeout move the variables as it may, and as it must?"""
    seq = tcp.seq
    lives = not_(_among(before.state, _BLANK)) & not_(_among(after.state, _BLANK))
    made = _among(before.state, _BLANK) & not_(_among(after.state, _BLANK))
    emptied = what == Input.RECEIVE
    wrote = what in (Input.SEND, Input.SEND_URGENT)
    closed = what == Input.CLOSE
    urges = what == Input.SEND_URGENT
    up = seq.plus(after.iss, after.written + 1) if urges else before.snd.up
    behind = emptied & seq.lt(before.rcv.up, before.rcv.nxt)
    unsent = (closed | wrote) & _among(before.state, _SENDING)
    return (
        *_when(lives, _kept(before, after, tcp)),
        *_when(
            lives,
            (
                ("3.3.1 SND.UNA, RCV.NXT: the peer's", _same_numbers(before, after)),
                ("3.8.6: SND.WND is the peer's", _same_window(before, after)),
                (
                    "3.8.6: RECEIVE makes room",
                    after.rcv.wnd == (tcp.bounds.window if emptied else before.rcv.wnd),
                ),
                ("3.9.1.3: push seen", after.rcv.push == (before.rcv.push & (not emptied))),
                (
                    "3.8.5 RCV.UP",
                    after.rcv.up == choose(behind, before.rcv.nxt, before.rcv.up),
                ),
                (
                    "3.8.5, MUST-62",
                    (after.snd.up == up) & (after.snd.urgent == (before.snd.urgent | urges)),
                ),
                (
                    "3.9.1.2, 3.9.1.4: what was submitted",
                    (after.written == before.written + wrote)
                    & (after.closing == (before.closing | closed)),
                ),
                ("3.8.6; 3.10.4: nothing is held back", implies(unsent, _let_out(after, seq))),
            ),
        ),
        (
            "3.9.1.1",
            implies(
                made,
                (after.written == choose(wrote, 1, 0)) & (after.rcv.wnd == tcp.bounds.window),
            ),
        ),
        ("3.5, MUST-11", implies(made, not_(after.passive))),
        ("3.4.1: the ISS is what was selected", implies(made, after.iss == tcp.isn)),
        (
            "3.8.5, MUST-62",
            implies(made, (after.snd.up == up) & (after.snd.urgent == urges)),
        ),
    )


def _same_numbers(before: Tcb, after: Tcb) -> bool:
    return (after.snd.una == before.snd.una) & (after.rcv.nxt == before.rcv.nxt)


def _same_window(before: Tcb, after: Tcb) -> bool:
    return (
        (after.snd.wnd == before.snd.wnd)
        & (after.snd.wl1 == before.snd.wl1)
        & (after.snd.wl2 == before.snd.wl2)
    )


def _moved(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """Does a segment move the variables as it may, and as it must?"""
    seq, state = tcp.seq, before.state
    existed = not_(_among(state, _BLANK))
    exists = not_(_among(after.state, _BLANK))
    reopened, returned = _reopened(before, after), _returned(before, after)
    lives = existed & exists & not_(reopened | returned)
    made = (not_(existed) | reopened) & exists
    return (
        *_when(lives, _kept(before, after, tcp)),
        *_when(lives & (state == State.SYN_SENT), _heard(before, after, seg, tcp)),
        *_when(lives, _acknowledged(before, after, seg, tcp)),
        *_when(lives & (state != State.SYN_SENT), _received(before, after, seg, tcp)),
        (
            "3.4; 3.10.7.2 third: a SYN is heard",
            implies(
                made,
                (after.iss == tcp.isn)
                & (after.irs == seg.seq)
                & (after.rcv.nxt == seq.plus(seg.seq, 1))
                & (after.rcv.wnd == tcp.bounds.window)
                & (after.rcv.up == after.rcv.nxt)
                & (after.written == 0)
                & _holds(after, seg),
            ),
        ),
        ("3.5, MUST-11", implies(made, after.passive)),
        (
            "3.6.1 (2): TIME-WAIT is kept to return to",
            (not_(made) | (after.reopened == reopened))
            & implies(
                reopened,
                (after.left_snd == before.snd.nxt) & (after.left_rcv == before.rcv.nxt),
            )
            & implies(
                returned,
                (after.snd.nxt == before.left_snd)
                & (after.rcv.nxt == before.left_rcv)
                & (after.rcv.wnd == before.rcv.wnd)
                & _holds_nothing(after),
            ),
        ),
    )


def _heard(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """SYN-SENT hears a SYN; text with it is taken once our own is acknowledged (section 3.5)."""
    seq = tcp.seq
    heard = after.state != State.SYN_SENT
    waits = after.state == State.SYN_RECEIVED
    text = choose(waits, 0, choose(seg.text < before.rcv.wnd, seg.text, before.rcv.wnd))
    fin = not_(waits) & seg.ctl.fin & (text == seg.text) & (text != before.rcv.wnd)
    return (
        ("3.3.1 IRS", implies(heard, after.irs == seg.seq)),
        (
            "3.4; 3.10.7.3 fourth",
            implies(heard, after.rcv.nxt == seq.plus(seg.seq, 1 + text + fin)),
        ),
        ("3.8.6", after.rcv.wnd == seq.minus(before.rcv.wnd, choose(heard, text, 0))),
        (
            "3.10.7.3 fourth: what comes with the SYN",
            implies(waits, _holds(after, seg)),
        ),
    )


def _acknowledged(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """What the ACK and the window of a segment move."""
    seq, state = tcp.seq, before.state
    processed = _processed(before, seg, tcp)
    opens = (state == State.SYN_SENT) & seg.ctl.syn & not_(seg.ctl.rst)
    acked = _acks_new(before, seg, seq) & (processed | opens)
    newer = seq.lt(before.snd.wl1, seg.seq) | (
        (before.snd.wl1 == seg.seq) & seq.le(before.snd.wl2, seg.ack)
    )
    newer = choose(before.snd.una == before.iss, acked, newer)  # the first window
    opened = _among(state, (State.SYN_SENT, State.SYN_RECEIVED)) & (after.state != state)
    current = (
        processed
        & _among(state, SYNCHRONIZED)
        & seq.le_le(before.snd.una, seg.ack, before.snd.nxt)
        & newer
        & tcp.bounds.send_window
    )
    update = (after.snd.wnd == seg.wnd) & (after.snd.wl1 == seg.seq) & (after.snd.wl2 == seg.ack)
    updated = (opened & tcp.bounds.send_window) | current
    reached = (processed & _ack_in_range(before, seg, tcp) | opened) & _among(
        after.state, SYNCHRONIZED
    )
    done = before.snd.urgent & seq.le(before.snd.up, after.snd.una)
    return (
        (
            "3.3.1 SND.UNA; 3.4",
            after.snd.una == choose(acked, seg.ack, before.snd.una),
        ),
        (
            "3.8.6, SND.WL1, SND.WL2",
            choose(updated, update, _same_window(before, after)),
        ),
        ("3.8.6: nothing is held back", implies(reached, _let_out(after, seq))),
        (
            "3.8.5 SND.UP",
            (after.snd.up == choose(done, 0, before.snd.up))
            & (after.snd.urgent == (before.snd.urgent & not_(done))),
        ),
        (
            "3.9.1.2, 3.9.1.4: what was submitted",
            (after.written == before.written) & (after.closing == before.closing),
        ),
    )


def _processed(before: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Is a segment acceptable, with an ACK, and neither a reset nor a SYN?"""
    return (
        _among(before.state, _EXISTING)
        & not_(seg.ctl.rst | seg.ctl.syn)
        & (_in_window(before, seg, tcp.seq) | _let_in(before, seg, tcp.seq))
        & seg.ctl.ack
    )


def _received(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> tuple[Condition, ...]:
    """What the text, the FIN and the urgent pointer of a segment move; before them, those that
    came with the SYN, once ours is acknowledged."""
    seq, state = tcp.seq, before.state
    processed = _processed(before, seg, tcp)
    in_range = _ack_in_range(before, seg, tcp)
    acked = _acks_new(before, seg, seq)
    released = processed & acked & (before.snd.una == before.iss)
    held = choose(released, before.held_text, 0)
    receives = (_among(state, _RECEIVING) & in_range) | ((state == State.SYN_RECEIVED) & acked)
    start = seq.plus(before.rcv.nxt, held)
    room = seq.minus(before.rcv.wnd, held)
    seen = seq.minus(start, seg.seq)
    came = (seg.text != 0) | seg.ctl.fin
    in_order = processed & receives & came & (seen < _length(seg))
    text = seq.minus(room, after.rcv.wnd)
    fin = seq.minus(seq.minus(after.rcv.nxt, start), text)
    new = choose(in_order & (seen < seg.text), seq.minus(seg.text, seen), 0)
    fits = choose(new < room, new, room)
    ends = in_order & seg.ctl.fin & (new == fits) & (room != fits)
    pushed = (seg.ctl.psh & (fits != 0) & (new == fits)) | (held != 0) & before.held_push
    whole = (fin == 1) & (after.rcv.wnd != tcp.bounds.window)
    pointer = choose(
        released & before.held_urgent & seq.lt(before.rcv.up, before.held_up),
        before.held_up,
        before.rcv.up,
    )
    urged = processed & receives & seg.ctl.urg & seq.lt(pointer, seg.up)
    pointer = choose(urged, seg.up, pointer)
    # Behind what the user has, it means nothing any more.
    has = seq.minus(after.rcv.nxt, seq.minus(tcp.bounds.window, after.rcv.wnd))
    pointer = choose((fin == 1) & seq.lt(pointer, has), has, pointer)
    return (
        ("3.4; 3.10.7.4 seventh: text that is new and fits", text == fits),
        (
            "3.4; 3.10.7.4 eighth: FIN after all text",
            fin == choose(ends | (released & before.held_fin), 1, 0),
        ),
        ("3.9.1.3: push seen", after.rcv.push == (before.rcv.push | pushed | whole)),
        ("3.8.5 RCV.UP", after.rcv.up == pointer),
    )


def _let_out(tcb: Tcb, seq: Space) -> bool:
    """Is nothing held back that may be sent: text in the window, FIN after all text?"""
    sent = seq.minus(tcb.snd.nxt, tcb.iss)
    text = (sent <= tcb.written) & (seq.minus(tcb.snd.nxt, tcb.snd.una) < tcb.snd.wnd)
    fin = tcb.closing & (sent == tcb.written + 1)
    return not_(text | fin)


# C5. Sections 3.6.1 and 3.8.3: timers


def _timed(
    before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp
) -> tuple[Condition, ...]:
    """Is TIME-WAIT 2 MSL long, R begun when a segment comes to the front of the queue, and does
    no timer expire that does not run?"""
    seq = tcp.seq
    outstanding = before.snd.una != before.snd.nxt
    queued = seq.minus(before.snd.nxt, before.iss) <= before.written
    runs: Condition = ("3.10.8", True)
    if what == Input.USER_TIMEOUT:
        # In any state: for an OPEN, for text queued, for what is outstanding.
        there = before.state != State.CLOSED
        listens = before.state == State.LISTEN
        runs = ("3.8.3, 3.9.1.1; 3.10.8", there & (outstanding | queued | listens))
    elif what == Input.TIME_WAIT_TIMEOUT:
        runs = ("3.6.1", (before.state == State.TIME_WAIT) & (before.time_wait == 0))
    elif what == Input.RETRANSMISSION_TIMEOUT:
        # For what is outstanding; or the persist timer, for text that a shut window keeps back.
        waiting = _among(before.state, SYNCHRONIZED) & queued
        runs = ("3.8.1; 3.8.6.1", outstanding | waiting)
    whole = tcp.bounds.msl + tcp.bounds.msl
    closing = after.state == State.TIME_WAIT
    stays = closing & (before.state == State.TIME_WAIT)
    fronted = (before.snd.una != after.snd.una) | (
        not_(outstanding) & (after.snd.una != after.snd.nxt)
    )
    waits = _among(after.state, (*_BLANK, State.TIME_WAIT))
    opened = (after.state == State.SYN_SENT) & (before.state != State.SYN_SENT)
    empty = after.snd.una == after.snd.nxt  # with nothing in the queue, R says nothing
    answered = False
    restarts = False
    # R is the time that a probe waits: after an answer it begins with the next one.
    probes = (what == Input.RETRANSMISSION_TIMEOUT) & before.answered
    if seg is not None:
        # A peer that answers probes of its shut window is waited for.
        answered = (
            _processed(before, seg, tcp)
            & _among(before.state, SYNCHRONIZED)
            & (before.snd.wnd == 0)
            & (seg.ack == before.snd.una)
            & outstanding
            & tcp.bounds.send_window
        )
        restarts = (
            stays & _processed(before, seg, tcp) & seg.ctl.fin & _ack_in_range(before, seg, tcp)
        )
    begins = fronted | opened | answered | probes
    timed = tcp.bounds.msl != 0 and tcp.rules.retransmission_bounded
    waits_for = choose(answered & timed, True, before.answered & not_(probes | fronted | waits))
    begun = choose(begins, after.span == tcp.bounds.span, after.span == before.span)
    return (
        runs,
        ("3.6.1, MUST-13", implies(closing & not_(stays), after.time_wait == whole)),
        (
            "3.6.1; 3.10.7.4 fifth, eighth",
            implies(stays, after.time_wait == choose(restarts, whole, before.time_wait)),
        ),
        ("3.6.1: only in TIME-WAIT", closing | (after.time_wait == 0)),
        ("3.8.3, MUST-20; 3.8.6.1, MUST-37", waits | empty | begun),
        ("3.8.6.1, MUST-37: an answer is good until the next probe", after.answered == waits_for),
        ("3.10.7.4 eighth: other timers are off", implies(waits, after.span == 0)),
    )


# C6. Sections 3.8.3, 3.8.5, 3.9.1 and 3.10: what the user is told

_RESET = "error: connection reset"
_REFUSED = "error: connection refused"
_TIMEOUT = "error: connection aborted due to user timeout"
_UNHEARD = "error: connection timed out"
_CLOSED = "error: closing"
_CLOSING = "connection closing"
_URGENT = "urgent data"


def _told(
    before: Tcb, after: Tcb, what: Input, seg: Segment | None, tcp: Tcp
) -> tuple[Condition, ...]:
    """Is the user told what section 3.10 says, and nothing else?

    RECEIVEs that wait are not modelled; SENDs wait until all their text is acknowledged.
    """
    state, seq = before.state, tcp.seq
    pending = seq.minus(before.snd.una, before.iss) <= before.written
    reset = False
    refused = False
    fin = False
    urgent = False
    if seg is None:
        pending = pending & (before.written != 0)
        reset = (what == Input.ABORT) & _among(state, (State.SYN_SENT, *_ABORTING)) & pending
        urgent = (what == Input.RECEIVE) & seq.lt(before.rcv.nxt, before.rcv.up)
    else:
        ended = (after.state == State.CLOSED) & (state != State.CLOSED)
        silent = (State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
        open_ = _among(state, (State.SYN_SENT, *_ABORTING)) & (state != State.SYN_RECEIVED)
        tells = open_ | (_among(state, silent) & tcp.rules.reset_told)
        reset = ended & (seg.ctl.rst | seg.ctl.syn) & tells
        refused = ended & seg.ctl.rst & (state == State.SYN_RECEIVED) & not_(before.passive)
        fin = (
            ((after.state == State.CLOSE_WAIT) & (state != State.CLOSE_WAIT))
            | ((after.state == State.CLOSING) & (state != State.CLOSING))
            | ((after.state == State.TIME_WAIT) & _among(state, _RECEIVING))
        )
        urgent = _urgent(before, after, seg, tcp)
    closed = (what == Input.CLOSE) & (state == State.SYN_SENT) & (before.written != 0)
    timeout = what == Input.USER_TIMEOUT
    if what == Input.RETRANSMISSION_TIMEOUT:
        timeout = _gave_up(before, tcp)
    unheard = _unheard(before, what, tcp)
    due = 0
    for one in (reset, refused, fin, urgent, closed, timeout, unheard):
        due = due + one
    return (
        ("3.5.3; 3.9.1.6; 3.10.5, 3.10.7.4 second", (_RESET in tcp.signals) == reset),
        ("3.10.7.4 second, SYN-RECEIVED", (_REFUSED in tcp.signals) == refused),
        ("3.10.4, SYN-SENT", (_CLOSED in tcp.signals) == closed),
        ("3.8.3 (d); 3.10.8", (_TIMEOUT in tcp.signals) == timeout),
        ("3.8.4", (_UNHEARD in tcp.signals) == unheard),
        ("3.6; 3.10.7.4 eighth", (_CLOSING in tcp.signals) == fin),
        ("3.8.5, MUST-32, MUST-33", (_URGENT in tcp.signals) == urgent),
        ("3.9.1.8: nothing else", due == len(tcp.signals)),
    )


def _urgent(before: Tcb, after: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does a segment say of urgent data that is ahead of what the user has, and is news?"""
    seq = tcp.seq
    acked = _acks_new(before, seg, seq)
    receives = (_among(before.state, _RECEIVING) & _ack_in_range(before, seg, tcp)) | (
        (before.state == State.SYN_RECEIVED) & acked
    )
    has = seq.minus(before.rcv.nxt, seq.minus(tcp.bounds.window, before.rcv.wnd))
    return (
        _processed(before, seg, tcp)
        & receives
        & seg.ctl.urg
        & seq.lt(before.rcv.up, seg.up)
        & seq.lt(has, seg.up)
    )
