"""SEGMENT ARRIVES (RFC 9293 section 3.10.7), phase by phase in the RFC's order.

Phases that the model does not need are kept as comments, so that a reader who knows the
text finds his place. ``???`` marks what the RFC leaves open, with the reading taken here.
"""

from spec.rules import Restart
from spec.seq import choose, not_
from spec.tcp.segment import Control, Segment, acceptable
from spec.tcp.sending import (
    Tcp,
    acknowledge,
    enter_time_wait,
    reset,
    segmentize,
    send_syn_ack,
    start_span,
    start_time_wait,
)
from spec.tcp.tcb import State, Tcb, delete, release


def segment_arrives(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.10.7: dispatch on the state."""
    if tcb.state == State.CLOSED:
        return closed_state(tcb, seg, tcp)
    if tcb.state == State.LISTEN:
        return listen_state(tcb, seg, tcp)
    if tcb.state == State.SYN_SENT:
        return syn_sent_state(tcb, seg, tcp)
    return other_states(tcb, seg, tcp)


def closed_state(_tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.10.7.1, CLOSED: everything but a reset is answered with a reset."""
    if seg.ctl.rst and tcp.rules.reset_discarded:
        return tcp.rule("3.10.7.1/CLOSED/reset", "reset discarded")
    reset(seg, tcp)
    return tcp.rule("3.10.7.1/CLOSED/answer", "answered with a reset")


def listen_state(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.10.7.2, LISTEN: RST, then ACK, then SYN."""
    # First, check for a RST
    if seg.ctl.rst:
        return tcp.rule("3.10.7.2/LISTEN/first/reset", "reset ignored")
    # Second, check for an ACK
    if seg.ctl.ack:
        reset(seg, tcp)
        return tcp.rule("3.10.7.2/LISTEN/second/ack", "ACK answered with a reset")
    # Third, check for a SYN
    if seg.ctl.syn:
        # (security: not modelled)
        _answer_syn(tcb, seg, tcp)
        if not tcp.rules.three_way:
            # Ablation 9: the SYN alone establishes.
            _update_window(tcb, seg, tcp)
            tcb.state = State.ESTABLISHED
            if _process_held(tcb, tcp):
                acknowledge(tcb, tcp)
            return tcp.rule(
                "two-way handshake/syn", "SYN alone enters ESTABLISHED", State.ESTABLISHED
            )
        return tcp.rule(
            "3.10.7.2/LISTEN/third/syn", "send SYN,ACK, enter SYN-RECEIVED", State.SYN_RECEIVED
        )
    # Fourth, other data or control
    return tcp.rule("3.10.7.2/LISTEN/fourth/other", "dropped")


def _answer_syn(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """LISTEN's third step: select an ISS, send SYN,ACK, enter SYN-RECEIVED."""
    tcb.rcv.wnd = tcp.bounds.window
    _hear_syn(tcb, seg, tcp)
    tcb.iss = tcp.select_isn()
    tcb.passive = True
    send_syn_ack(tcb, tcp)
    tcb.snd.nxt = tcp.seq.plus(tcb.iss, 1)
    tcb.snd.una = tcb.iss
    tcb.state = State.SYN_RECEIVED
    start_span(tcb, tcp)


def syn_sent_state(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.10.7.3, SYN-SENT: ACK, then RST, then SYN.

    RFC 9293 repeats RFC 5961's reset check here; erratum 8167 deletes it, since RCV.NXT is
    not known yet: the ACK is what makes a reset believable.
    """
    seq = tcp.seq
    # First, check the ACK bit
    if (
        seg.ctl.ack
        and tcp.rules.syn_sent_ack_check
        and not seq.lt_le(tcb.iss, seg.ack, tcb.snd.nxt)
    ):
        if seg.ctl.rst:
            return tcp.rule("3.10.7.3/SYN-SENT/first/reset", "reset with a bad ACK dropped")
        reset(seg, tcp)
        return tcp.rule("3.10.7.3/SYN-SENT/first/bad-ack", "bad ACK answered with a reset")
    # Second, check the RST bit
    if seg.ctl.rst:
        if seg.ctl.ack:
            tcp.signal("error: connection reset")
            delete(tcb)
            return tcp.rule("3.10.7.3/SYN-SENT/second/reset", "reset, enter CLOSED", State.CLOSED)
        return tcp.rule("3.10.7.3/SYN-SENT/second/no-ack", "reset without ACK dropped")
    # Third, check the security: not modelled
    # Fourth, check the SYN bit
    if seg.ctl.syn:
        _hear_syn(tcb, seg, tcp)
        if seg.ctl.ack:
            # Without the check of the first step (ablation 10) any ACK counts as one of our SYN.
            tcb.snd.una = seg.ack if tcp.rules.syn_sent_ack_check else tcb.snd.nxt
        # RFC 9293 sets the send window only on the way to SYN-RECEIVED; RFC 1122 4.2.2.20 (c)
        # sets it on the way to ESTABLISHED too.
        _update_window(tcb, seg, tcp)
        if tcb.snd.una != tcb.iss:
            tcb.state = State.ESTABLISHED
            tcp.rule(
                "3.10.7.3/SYN-SENT/fourth/our-syn",
                "our SYN is acknowledged, enter ESTABLISHED",
                State.ESTABLISHED,
            )
            _process_held(tcb, tcp)
            # Queued data carries the acknowledgment of the peer's SYN, else an ACK does.
            if not segmentize(tcb, tcp):
                acknowledge(tcb, tcp)
            return None
        send_syn_ack(tcb, tcp)
        tcb.state = State.SYN_RECEIVED
        return tcp.rule(
            "3.10.7.3/SYN-SENT/fourth/simultaneous",
            "simultaneous open, enter SYN-RECEIVED",
            State.SYN_RECEIVED,
        )
    # Fifth, neither SYN nor RST
    return tcp.rule("3.10.7.3/SYN-SENT/fifth/other", "dropped")


def _hear_syn(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """RCV.NXT to SEG.SEQ+1, IRS to SEG.SEQ; other control or text waits for ESTABLISHED."""
    tcb.irs = seg.seq
    tcb.rcv.nxt = tcp.seq.plus(seg.seq, 1)
    tcb.rcv.up = tcb.rcv.nxt
    tcb.held_text = seg.text
    tcb.held_fin = seg.ctl.fin
    tcb.held_push = seg.ctl.psh
    tcb.held_urgent = seg.ctl.urg
    tcb.held_up = seg.up


def _update_window(tcb: Tcb, seg: Segment, tcp: Tcp, newer: bool = True) -> None:
    """SND.WND <- SEG.WND, SND.WL1 <- SEG.SEQ, SND.WL2 <- SEG.ACK, if the segment is newer."""
    if tcp.bounds.send_window:
        tcb.snd.wnd = choose(newer, seg.wnd, tcb.snd.wnd)
        tcb.snd.wl1 = choose(newer, seg.seq, tcb.snd.wl1)
        tcb.snd.wl2 = choose(newer, seg.ack, tcb.snd.wl2)


def other_states(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.10.7.4, all other states: eight checks in order."""
    # A SYN that may reopen the connection from TIME-WAIT (MAY-2) comes before the checks.
    if tcb.state == State.TIME_WAIT and tcp.rules.time_wait_reopen & _reopens(tcb, seg, tcp):
        return _reopen(tcb, seg, tcp)

    # First, check sequence number
    if tcp.rules.syn_received_seq_check or tcb.state != State.SYN_RECEIVED:
        # A shut window takes no text and no FIN, but valid ACKs, URGs and RSTs all the same.
        at_edge = (tcb.rcv.wnd == 0) & (seg.seq == tcb.rcv.nxt)
        probe = at_edge & (seg.length() != 0) & not_(seg.ctl.syn)
        if not (acceptable(tcp.seq, tcb.rcv.nxt, tcb.rcv.wnd, seg) | probe):
            if seg.ctl.rst and tcp.rules.reset_unanswered:
                return tcp.rule("3.10.7.4/first/reset", "reset outside the window dropped")
            acknowledge(tcb, tcp)
            if (
                tcb.state == State.TIME_WAIT
                and tcp.rules.time_wait_restart == Restart.FIN
                and seg.ctl.fin
            ):
                start_time_wait(tcb, tcp)
                return tcp.rule(
                    "3.10.7.4/first/fin-again", "FIN again, answered, 2 MSL timeout restarted"
                )
            return tcp.rule("3.10.7.4/first/answer", "not acceptable, answered with an ACK")

    # Second, check the RST bit
    if seg.ctl.rst:
        return _check_reset(tcb, seg, tcp)

    # Third, check security: not modelled

    # Fourth, check the SYN bit
    if seg.ctl.syn:
        return _check_syn(tcb, seg, tcp)

    # Fifth, check the ACK field
    if not seg.ctl.ack:
        return tcp.rule("3.10.7.4/fifth/no-ack", "no ACK, dropped")
    waited = tcb.state in (State.SYN_RECEIVED, State.FIN_WAIT_1)
    if not _check_ack(tcb, seg, tcp):
        return None

    # Sixth to eighth: URG, text and FIN; first what came with the SYN and waited until our own
    # is acknowledged, then this segment's.
    due = waited and tcb.snd.una != tcb.iss and _process_held(tcb, tcp)
    due = _urgent_text_and_fin(tcb, seg, tcp) or due

    # What waited for ESTABLISHED, for a window or for an acknowledgment may now be sent; the
    # acknowledgment that is due rides on it (seventh), and there is but one (MUST-59).
    if not segmentize(tcb, tcp) and due:
        acknowledge(tcb, tcp)
    return None


def _reopens(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """RFC 1122 4.2.2.13: a SYN above what was received before; RST and ACK rule it out."""
    bare = seg.ctl.syn & not_(seg.ctl.rst) & not_(seg.ctl.ack)
    later = tcp.seq.lt(tcb.rcv.nxt, seg.seq) | not_(tcp.rules.reopen_seq_check)
    # (1): the ISS is above every sequence number of the old incarnation
    return bare & later & tcp.seq.le(tcb.snd.nxt, tcp.isn)


def _reopen(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.6.1: as from LISTEN."""
    delete(tcb)
    _answer_syn(tcb, seg, tcp)
    tcb.reopened = True
    return tcp.rule(
        "3.6.1/TIME-WAIT/reopen",
        "SYN reopens the connection, enter SYN-RECEIVED",
        State.SYN_RECEIVED,
    )


def _check_reset(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Second step: RFC 5961 section 3, then by state."""
    if tcb.state == State.TIME_WAIT and tcp.rules.time_wait_ignores_reset:
        if not tcp.rules.reset_unanswered:
            # Ablation 28: whoever answers this ACK does so with a reset.
            acknowledge(tcb, tcp)
            return tcp.rule("against RFC 1337/F1/answer", "reset in TIME-WAIT answered with an ACK")
        return tcp.rule("RFC 1337/F1/ignore", "reset ignored in TIME-WAIT")
    # Text that a reset carries (SHLD-2) does not bring it into the window (section 3.5.3).
    right = tcp.seq.plus(tcb.rcv.nxt, tcb.rcv.wnd)
    if not (tcp.seq.le_lt(tcb.rcv.nxt, seg.seq, right) | (seg.seq == tcb.rcv.nxt)):
        return tcp.rule("3.10.7.4/second/outside", "reset outside the window dropped")
    if tcp.rules.reset_exact and seg.seq != tcb.rcv.nxt:
        acknowledge(tcb, tcp)
        return tcp.rule("3.10.7.4/second/challenge", "reset not at RCV.NXT, challenge ACK")
    if tcb.state == State.SYN_RECEIVED:
        if tcb.reopened:
            # 3.6.1 (2): the SYN was an old duplicate, return to TIME-WAIT.
            release(tcb)
            tcb.reopened = False
            enter_time_wait(tcb, tcp)
            return tcp.rule(
                "3.6.1/(2)/SYN-RECEIVED/reset", "reset, return to TIME-WAIT", State.TIME_WAIT
            )
        if tcb.passive:
            delete(tcb)
            tcb.state = State.LISTEN
            return tcp.rule(
                "3.10.7.4/second/SYN-RECEIVED/passive",
                "reset, passive, return to LISTEN",
                State.LISTEN,
            )
        tcp.signal("error: connection refused")
        delete(tcb)
        return tcp.rule(
            "3.10.7.4/second/SYN-RECEIVED/active", "reset, active, connection refused", State.CLOSED
        )
    if tcb.state in (State.CLOSING, State.LAST_ACK, State.TIME_WAIT):
        delete(tcb)
        return tcp.rule(
            "3.10.7.4/second/CLOSING, LAST-ACK, TIME-WAIT/reset",
            "reset, enter CLOSED",
            State.CLOSED,
        )
    tcp.signal("error: connection reset")
    delete(tcb)
    return tcp.rule("3.10.7.4/second/reset", "connection reset, enter CLOSED", State.CLOSED)


def _check_syn(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Fourth step: RFC 5961 section 4, or RFC 793's reset."""
    right = tcp.seq.plus(tcb.rcv.nxt, tcb.rcv.wnd)
    if not tcp.seq.le_lt(tcb.rcv.nxt, seg.seq, right):
        # The SYN itself is trimmed off; only text that came with it is in the window.
        acknowledge(tcb, tcp)
        return tcp.rule("3.10.7.4/fourth/outside", "SYN outside the window, answered with an ACK")
    if tcb.state == State.SYN_RECEIVED and tcb.passive and not tcb.reopened:
        delete(tcb)
        tcb.state = State.LISTEN
        return tcp.rule(
            "3.10.7.4/fourth/SYN-RECEIVED/passive", "SYN, passive, return to LISTEN", State.LISTEN
        )
    if tcp.rules.syn_challenge:
        acknowledge(tcb, tcp)
        return tcp.rule("3.10.7.4/fourth/challenge", "SYN, challenge ACK")
    reset(seg, tcp)
    tcp.signal("error: connection reset")
    delete(tcb)
    return tcp.rule("RFC 793/fourth/reset", "SYN in the window, reset, enter CLOSED", State.CLOSED)


def _check_ack(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Fifth step; is the segment to be processed further?

    ??? RFC 9293 puts RFC 5961's floor before the states, so that SYN-RECEIVED would answer an
    ACK below the floor with an ACK and one above it with a reset. SYN-RECEIVED's own test
    is stricter than the floor, so here the floor is for the synchronized states.
    """
    seq, snd = tcp.seq, tcb.snd
    if tcp.rules.syn_ack_exact & (snd.una == tcb.iss) & (seg.seq != tcb.rcv.nxt):
        acknowledge(tcb, tcp)
        tcp.rule(
            "repair/our-syn", "what acknowledges our SYN must be at RCV.NXT, answered with an ACK"
        )
        return False
    if tcb.state == State.SYN_RECEIVED:
        if tcp.rules.syn_received_ack_check and not seq.lt_le(snd.una, seg.ack, snd.nxt):
            reset(seg, tcp)
            tcp.rule("3.10.7.4/fifth/SYN-RECEIVED/bad-ack", "bad ACK answered with a reset")
            return False
        # Without the check (ablation 11) any ACK counts as one of our SYN.
        snd.una = seg.ack if tcp.rules.syn_received_ack_check else snd.nxt
        _update_window(tcb, seg, tcp)
        # A CLOSE that waited for ESTABLISHED is processed on the way (section 3.10.4).
        tcb.state = State.FIN_WAIT_1 if tcb.closing else State.ESTABLISHED
        start_span(tcb, tcp)
        tcp.rule(
            "3.10.7.4/fifth/SYN-RECEIVED/our-syn",
            "our SYN is acknowledged, enter ESTABLISHED",
            State.ESTABLISHED,
        )
        return True

    # ESTABLISHED, and what every later state does in addition to its own
    if tcp.rules.ack_floor:
        floor = seq.minus(snd.una, tcp.bounds.window)
        if not seq.le_le(floor, seg.ack, snd.nxt):
            acknowledge(tcb, tcp)
            tcp.rule("3.10.7.4/fifth/floor", "ACK out of range (RFC 5961 5), answered with an ACK")
            return False
    elif seq.lt(snd.nxt, seg.ack):
        acknowledge(tcb, tcp)
        tcp.rule("3.10.7.4/fifth/unsent", "ACK of something not yet sent, answered with an ACK")
        return False
    if seq.lt_le(snd.una, seg.ack, snd.nxt):
        snd.una = seg.ack
        start_span(tcb, tcp)
        tcp.rule("3.10.7.4/fifth/una", "SND.UNA <- SEG.ACK")
    newer = seq.lt(snd.wl1, seg.seq) | ((snd.wl1 == seg.seq) & seq.le(snd.wl2, seg.ack))
    _update_window(tcb, seg, tcp, seq.le_le(snd.una, seg.ack, snd.nxt) & newer)

    finished = tcb.fin_acknowledged(seq)
    if tcb.state == State.FIN_WAIT_1 and finished:
        tcb.state = State.FIN_WAIT_2
        tcp.rule(
            "3.10.7.4/fifth/FIN-WAIT-1/our-fin",
            "our FIN is acknowledged, enter FIN-WAIT-2",
            State.FIN_WAIT_2,
        )
        return True
    if tcb.state == State.CLOSING and finished:
        # If not, the segment is ignored from here on; but its ACK may let queued text out.
        enter_time_wait(tcb, tcp)
        tcp.rule(
            "3.10.7.4/fifth/CLOSING/our-fin",
            "our FIN is acknowledged, enter TIME-WAIT",
            State.TIME_WAIT,
        )
        return False
    if tcb.state == State.LAST_ACK and finished:
        delete(tcb)
        tcp.rule(
            "3.10.7.4/fifth/LAST-ACK/our-fin", "our FIN is acknowledged, enter CLOSED", State.CLOSED
        )
        return False
    if tcb.state == State.TIME_WAIT:
        # What may arrive is the peer's FIN again; but that is below the window and was
        # answered in the first step. A FIN in the window is nobody's.
        if seg.ctl.fin:
            acknowledge(tcb, tcp)
            start_time_wait(tcb, tcp)
            tcp.rule("3.10.7.4/fifth/TIME-WAIT/fin", "FIN acknowledged, 2 MSL timeout restarted")
        else:
            tcp.rule("3.10.7.4/fifth/TIME-WAIT/other", "ignored")
        return False
    tcp.rule("3.10.7.4/fifth/acceptable", "acceptable")
    return True


def _process_held(tcb: Tcb, tcp: Tcp) -> bool:
    """What came with the SYN, once our own is acknowledged; is an acknowledgment due?"""
    if (tcb.held_text + tcb.held_fin == 0) & not_(tcb.held_urgent):
        return False
    held = Segment(seq=tcp.seq.plus(tcb.irs, 1), text=tcb.held_text, up=tcb.held_up)
    held.ctl = Control(urg=tcb.held_urgent, psh=tcb.held_push, fin=tcb.held_fin)
    release(tcb)
    tcp.rule("3.10.7.2/third/held", "text or control that came with the SYN is processed now")
    return _urgent_text_and_fin(tcb, held, tcp)


def _urgent_text_and_fin(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Sixth, seventh and eighth steps; is an acknowledgment due?

    A segment beyond RCV.NXT is not held for later (SHLD-31): its sender retransmits it.
    ??? The eighth step advances RCV.NXT over any FIN; here only where none was received
    before, since nothing follows a FIN.
    """
    seq, rcv = tcp.seq, tcb.rcv
    # Sixth
    if tcb.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        newer = seg.ctl.urg & seq.lt(rcv.up, seg.up)
        rcv.up = choose(newer, seg.up, rcv.up)
        consumed = seq.minus(rcv.nxt, seq.minus(tcp.bounds.window, rcv.wnd))
        if newer & seq.lt(consumed, seg.up):
            tcp.signal("urgent data")
            tcp.rule("3.10.7.4/sixth/urgent", "RCV.UP advances, the user is told")
    if seg.length() == 0:
        return False
    if tcb.state not in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        tcp.rule("3.10.7.4/seventh, eighth/ignored", "text and FIN after a FIN ignored")
        return False
    if seq.lt(rcv.nxt, seg.seq):
        tcp.rule("3.10.7.4/seventh/out-of-order", "out of order, answered with an ACK")
        return True

    # Seventh: only the new part, and no more than the window takes.
    if seg.text != 0:
        seen = seq.minus(rcv.nxt, seg.seq)
        fresh = choose(seen < seg.text, seq.minus(seg.text, seen), 0)
        taken = choose(fresh < rcv.wnd, fresh, rcv.wnd)
        rcv.nxt = seq.plus(rcv.nxt, taken)
        rcv.wnd = seq.minus(rcv.wnd, taken)
        emptied = (fresh != 0) & (taken == fresh)
        rcv.push = rcv.push | (seg.ctl.psh & emptied)
        tcp.take(seg, seen, taken)
        tcp.rule("3.10.7.4/seventh/text", "text taken as far as it is new and fits")

    # Eighth
    if seg.ctl.fin & (rcv.nxt == seq.plus(seg.seq, seg.text)) & (rcv.wnd != 0):
        rcv.nxt = seq.plus(rcv.nxt, 1)
        rcv.push = rcv.push | (rcv.wnd != tcp.bounds.window)  # FIN implies PUSH
        tcp.signal("connection closing")
        if tcb.state == State.ESTABLISHED:
            tcb.state = State.CLOSE_WAIT
            tcp.rule("3.10.7.4/eighth/ESTABLISHED/fin", "FIN, enter CLOSE-WAIT", State.CLOSE_WAIT)
            if tcp.rules.fin_ack_delayed:
                return False
        elif tcb.state == State.FIN_WAIT_1:
            # Had our FIN been acknowledged, the fifth step had entered FIN-WAIT-2.
            tcb.state = State.CLOSING
            tcp.rule("3.10.7.4/eighth/FIN-WAIT-1/fin", "FIN, enter CLOSING", State.CLOSING)
        else:
            enter_time_wait(tcb, tcp)
            tcp.rule("3.10.7.4/eighth/FIN-WAIT-2/fin", "FIN, enter TIME-WAIT", State.TIME_WAIT)
    return True
