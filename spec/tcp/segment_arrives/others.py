"""SEGMENT ARRIVES in all other states (RFC 9293 section 3.10.7.4): eight steps.

``other_states`` has the steps in order, and each step is a function of its title. In a step the
states stand in the RFC's order, under its headings where a state does nothing of its own.

One thing is not where the text has it. The first step supposes a segment trimmed to what is
new and fits the window, SYN and FIN included. Here a segment stays whole, and each step looks
at its own part of it: the second at SEG.SEQ, the fourth at the SYN, the seventh at the text, the
eighth at the FIN. ``??? (trimmed)`` marks these places.
"""

from spec.rules import ResetBelow, Restart, Silent, UnsentText
from spec.seq import choose, not_
from spec.tcp import congestion, receiving, sack, timestamps
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Segment, acceptable
from spec.tcp.segment_arrives.syn import answer_syn
from spec.tcp.sending import (
    acknowledge,
    challenge,
    enter_time_wait,
    keep_urgent_pointer,
    reset,
    segmentize,
    send_front,
    start_keep_alive,
    start_span,
    start_time_wait,
)
from spec.tcp.tcb import State, Tcb, delete, forget_time_wait, release, return_to_time_wait
from spec.tcp.user_calls import close


def other_states(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """The eight steps in order."""
    # What some stacks do before that
    if departs(tcb, seg, tcp):
        return None

    # First, check sequence number
    if not check_sequence_number(tcb, seg, tcp):
        return None

    # Second, check the RST bit
    if seg.ctl.rst:
        return check_rst_bit(tcb, seg, tcp)

    # Third, check security: not modelled

    # Fourth, check the SYN bit
    if seg.ctl.syn:
        return check_syn_bit(tcb, seg, tcp)

    # Fifth, check the ACK field
    if not seg.ctl.ack:
        if tcp.rules.ack_needed or tcb.state == State.SYN_RECEIVED:
            return tcp.rule("3.10.7.4/fifth/no-ack", "no ACK, dropped")
        tcp.rule("lwIP/no-ack", "no ACK, processed all the same")
    waited = tcb.state in (State.SYN_RECEIVED, State.FIN_WAIT_1)
    if seg.ctl.ack and not check_ack_field(tcb, seg, tcp):
        return None
    # ??? Section 3.8.4 does not say what counts as received. Here it is what comes as far as this.
    start_keep_alive(tcb, tcp)

    # Sixth, check the URG bit; seventh, process the segment text; eighth, check the FIN bit: first
    # of what came with the SYN and waited until our own is acknowledged, then of this segment
    due = waited and tcb.snd.una != tcb.iss and process_held(tcb, tcp)
    due = sixth_to_eighth(tcb, seg, tcp) or due

    # What waited for ESTABLISHED, for a window or for an acknowledgment may now be sent; the
    # acknowledgment that is due rides on it (seventh), and there is but one (MUST-59).
    if not segmentize(tcb, tcp) and due and not receiving.delays(tcb, tcp):
        acknowledge(tcb, tcp)
    return None


# What some stacks do before the first step; by default nothing


def departs(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does a stack that departs from the RFC leave its steps aside (``rules`` names the stacks)?"""
    if tcp.rules.syn_silent != Silent.NONE and seg.ctl.syn & not_(seg.ctl.rst | seg.ctl.ack):
        below = tcp.seq.lt(seg.seq, tcb.rcv.nxt)
        if tcb.state != State.SYN_RECEIVED and (tcp.rules.syn_silent == Silent.ALL or below):
            tcp.rule("not in RFC 9293/SYN/silent", "SYN dropped in silence")
            return True
    if tcp.rules.reset_below != ResetBelow.NONE and seg.ctl.rst:
        below = tcp.seq.lt(seg.seq, tcb.rcv.nxt)
        if tcp.rules.reset_below == ResetBelow.FIN:
            below = seg.seq == tcp.seq.minus(tcb.rcv.nxt, 1)
            below = below and tcb.state in (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK)
        if below:
            believe_reset(tcb, tcp)
            return True
    if tcp.rules.late_text_resets and tcb.state in (State.CLOSING, State.LAST_ACK, State.TIME_WAIT):
        fits = acceptable(tcp.seq, tcb.rcv.nxt, tcb.rcv.wnd, seg)
        if fits & (seg.text != 0) & not_(seg.ctl.rst | seg.ctl.syn):
            reset(seg, tcp)
            delete(tcb)
            tcp.rule(
                "not in RFC 9293/late text/reset",
                "text after a FIN, reset, enter CLOSED",
                State.CLOSED,
            )
            return True
    if not tcp.rules.syn_received_fin and tcb.state == State.SYN_RECEIVED and seg.ctl.fin:
        tcp.rule("PyTCP/SYN-RECEIVED/fin", "FIN dropped in silence")
        return True
    return False


# First


def check_sequence_number(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """First, check sequence number; is the segment processed further?

    ??? (trimmed) A segment beyond RCV.NXT is not held for later (SHLD-31): its sender
    retransmits it.
    """
    # ??? A SYN that reopens the connection from TIME-WAIT (fourth step) need not lie in the window:
    # it is to be above all that was received. The text says so only of SYNs with timestamps
    # (RFC 6191).
    if reopens(tcb, seg, tcp):
        return True
    if tcp.bounds.stamps and not timestamps.check(tcb, seg, tcp):
        if seg.tsval != 0:
            challenge(tcb, tcp)
            tcp.rule("RFC 7323/5.3/R1", "earlier than TS.Recent (PAWS), answered with an ACK")
            return False
        tcp.rule("RFC 7323/3.2/missing", "without a timestamp, dropped")
        return False
    if tcp.rules.syn_received_seq_check or tcb.state != State.SYN_RECEIVED:
        if not (
            (acceptable(tcp.seq, tcb.rcv.nxt, tcb.rcv.wnd, seg) & takes(tcb, tcp))
            | at_shut_window(tcb, seg, tcp)
            | (tcp.rules.covering_acceptable & covers_window(tcb, seg, tcp))
            | (tcp.rules.edge_acceptable & at_right_edge(tcb, seg, tcp))
        ):
            if seg.ctl.rst and tcp.rules.reset_unanswered:
                tcp.rule("3.10.7.4/first/reset", "reset outside the window dropped")
                return False
            if (
                not tcp.rules.time_wait_fin_answered
                and tcb.state == State.TIME_WAIT
                and seg.ctl.fin
            ):
                tcp.rule("Zephyr/TIME-WAIT/fin-again", "FIN again, dropped in silence")
                return False
            challenge(tcb, tcp)
            # ??? A FIN that the peer retransmits in TIME-WAIT ends here, so that by the letter the
            # fifth step never restarts the timer. With ``time_wait_restart`` it is done here.
            if (
                tcb.state == State.TIME_WAIT
                and tcp.rules.time_wait_restart == Restart.FIN
                and seg.ctl.fin
            ):
                start_time_wait(tcb, tcp)
                tcp.rule("3.10.7.4/first/fin-again", "FIN again, answered, 2 MSL timeout restarted")
                return False
            tcp.rule("3.10.7.4/first/answer", "not acceptable, answered with an ACK")
            return False
    if tcp.bounds.stamps:
        timestamps.keep(tcb, seg, tcp)
    return True


def at_shut_window(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Is the window shut, and may ``seg`` have a valid ACK, URG or RST all the same?

    ??? The text does not say where such a segment begins; of RST and URG it says "all incoming
    segments" (section 3.4, MUST-66). Here it begins at RCV.NXT, or where a probe and a FIN take a
    peer that knows of the shut window: up to two numbers beyond. A reset is valid at RCV.NXT only,
    and a SYN nowhere. Later steps take no text and no FIN.
    """
    beyond = tcp.seq.minus(seg.seq, tcb.rcv.nxt)
    reach = choose(seg.ctl.rst, 0, 2)
    return (tcb.rcv.wnd == 0) & not_(seg.ctl.syn) & (beyond <= reach) & takes(tcb, tcp)


def takes(tcb: Tcb, tcp: Tcp) -> bool:
    """Does a window, if it is shut, let anything in (``rules.shut_acceptable``)?"""
    return (tcb.rcv.wnd != 0) | tcp.rules.shut_acceptable


def covers_window(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Has the segment what is expected next, and room (``rules.covering_acceptable``)?"""
    return (tcb.rcv.wnd != 0) & (tcp.seq.minus(tcb.rcv.nxt, seg.seq) < seg.length())


def at_right_edge(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Is the segment empty, and just beyond the window (``rules.edge_acceptable``)?

    SND.NXT of a peer that has filled the window is at its right edge, and one number beyond if a
    FIN follows.
    """
    right = tcp.seq.plus(tcb.rcv.nxt, tcb.rcv.wnd)
    return (seg.length() == 0) & ((seg.seq == right) | (seg.seq == tcp.seq.plus(right, 1)))


# Second


def check_rst_bit(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Second, check the RST bit: RFC 5961 section 3, then by state."""
    if tcb.state == State.TIME_WAIT and tcp.rules.time_wait_ignores_reset:
        if not tcp.rules.reset_unanswered:
            # Ablation 28: whoever answers this ACK does so with a reset.
            acknowledge(tcb, tcp)
            return tcp.rule("against RFC 1337/F1/answer", "reset in TIME-WAIT answered with an ACK")
        return tcp.rule("RFC 1337/F1/ignore", "reset ignored in TIME-WAIT")
    # ??? (trimmed) Text that a reset carries (SHLD-2) does not bring it into the window (section
    # 3.5.3); of a shut window RCV.NXT counts as inside.
    right = tcp.seq.plus(tcb.rcv.nxt, tcb.rcv.wnd)
    if not (tcp.seq.le_lt(tcb.rcv.nxt, seg.seq, right) | (seg.seq == tcb.rcv.nxt)):
        return tcp.rule("3.10.7.4/second/outside", "reset outside the window dropped")
    exact = tcp.rules.syn_received_reset_exact or tcb.state != State.SYN_RECEIVED
    if tcp.rules.reset_exact and exact and seg.seq != tcb.rcv.nxt:
        challenge(tcb, tcp)
        return tcp.rule("3.10.7.4/second/challenge", "reset not at RCV.NXT, challenge ACK")
    if tcp.rules.reset_ignored and tcb.state != State.SYN_RECEIVED:
        return tcp.rule("Zephyr/reset/ignored", "reset at RCV.NXT ignored")
    return believe_reset(tcb, tcp)


def believe_reset(tcb: Tcb, tcp: Tcp) -> None:
    """... by state, of a reset that is at RCV.NXT."""
    if tcb.state == State.SYN_RECEIVED:
        if tcb.reopened and tcp.rules.reopen_returns:
            # 3.6.1 (2): the SYN was an old duplicate, return to TIME-WAIT.
            return_to_time_wait(tcb, tcp.seq)
            timestamps.believe(tcb, tcb.ts_recent, tcp)
            enter_time_wait(tcb, tcp)
            return tcp.rule(
                "3.6.1/(2)/SYN-RECEIVED/reset", "reset, return to TIME-WAIT", State.TIME_WAIT
            )
        if tcb.passive:
            closing = tcb.closing
            delete(tcb)
            tcb.state = State.LISTEN
            tcp.rule(
                "3.10.7.4/second/SYN-RECEIVED/passive",
                "reset, passive, return to LISTEN",
                State.LISTEN,
            )
            # ??? The text does not say what becomes of a CLOSE that is queued (section 3.10.4).
            # A CLOSE in LISTEN enters CLOSED: so does one that comes to LISTEN.
            return close(tcb, tcp) if closing else None
        tcp.signal("error: connection refused")
        delete(tcb)
        return tcp.rule(
            "3.10.7.4/second/SYN-RECEIVED/active",
            "reset, active, connection refused",
            State.CLOSED,
        )
    # ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT
    if tcb.state not in (State.CLOSING, State.LAST_ACK, State.TIME_WAIT):
        tcp.signal("error: connection reset")
        delete(tcb)
        return tcp.rule("3.10.7.4/second/reset", "connection reset, enter CLOSED", State.CLOSED)
    # CLOSING, LAST-ACK, TIME-WAIT
    # ??? Section 3.5.3 and MUST-12 have the user told of any reset; here the text says nothing.
    if tcp.rules.reset_told:
        tcp.signal("error: connection reset")
    delete(tcb)
    return tcp.rule(
        "3.10.7.4/second/CLOSING, LAST-ACK, TIME-WAIT/reset",
        "reset, enter CLOSED",
        State.CLOSED,
    )


# Fourth


def check_syn_bit(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Fourth, check the SYN bit: by state, then RFC 5961 section 4, or RFC 793's reset."""
    # TIME-WAIT: a new connection may begin
    if reopens(tcb, seg, tcp):
        snd_nxt, rcv_nxt, recent = tcb.snd.nxt, tcb.rcv.nxt, tcb.ts_recent
        if tcp.bounds.stamps and not above_all_received(tcb, seg, tcp):
            tcp.rule("RFC 6191/2/later", "not above what was received, but its timestamp is later")
        delete(tcb)
        answer_syn(tcb, seg, tcp)
        tcb.left_recent = recent
        tcb.reopened = True
        tcb.left_snd, tcb.left_rcv = snd_nxt, rcv_nxt
        return tcp.rule(
            "3.6.1/TIME-WAIT/reopen",
            "SYN reopens the connection, enter SYN-RECEIVED",
            State.SYN_RECEIVED,
        )
    # ??? (trimmed) The SYN itself is trimmed off; only text that came with it is in the window. The
    # text of the RFC would process that; here it is answered, as the first step does.
    right = tcp.seq.plus(tcb.rcv.nxt, tcb.rcv.wnd)
    if not tcp.seq.le_lt(tcb.rcv.nxt, seg.seq, right):
        challenge(tcb, tcp)
        return tcp.rule("3.10.7.4/fourth/outside", "SYN outside the window, answered with an ACK")
    # ??? A connection reopened from TIME-WAIT is passive too, but has TIME-WAIT to return to, not
    # LISTEN (section 3.6.1); a SYN is challenged there.
    may_return = tcb.state == State.SYN_RECEIVED and tcb.passive and not tcb.reopened
    if may_return and not tcp.rules.syn_received_challenge:
        closing = tcb.closing
        delete(tcb)
        tcb.state = State.LISTEN
        tcp.rule(
            "3.10.7.4/fourth/SYN-RECEIVED/passive", "SYN, passive, return to LISTEN", State.LISTEN
        )
        return close(tcb, tcp) if closing else None  # as in the second step
    if tcb.state == State.TIME_WAIT and not tcp.rules.time_wait_challenge:
        reset(seg, tcp)
        return tcp.rule("lwIP/TIME-WAIT/syn", "SYN in the window, answered with a reset")
    if tcp.rules.syn_challenge:
        challenge(tcb, tcp)
        return tcp.rule("3.10.7.4/fourth/challenge", "SYN, challenge ACK")
    reset(seg, tcp)
    tcp.signal("error: connection reset")
    delete(tcb)
    return tcp.rule("RFC 793/fourth/reset", "SYN in the window, reset, enter CLOSED", State.CLOSED)


def above_all_received(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Is a SYN in TIME-WAIT above all that was received?

    ??? RFC 6191 asks that it be above the last number seen, RCV.NXT-1, and so lets one at RCV.NXT
    in. Here, as in BSD and Linux, it is above RCV.NXT.
    """
    return tcp.seq.lt(tcb.rcv.nxt, seg.seq) | not_(tcp.rules.reopen_seq_check)


def reopens(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does a SYN reopen the connection from TIME-WAIT (3.6.1, MAY-2)?

    RFC 6191, and usage before it: a SYN above what was received before; RST and ACK rule it out.
    With timestamps a later TSval will do.
    """
    bare = seg.ctl.syn & not_(seg.ctl.rst) & not_(seg.ctl.ack)
    later = timestamps.reopened_by(tcb, seg, above_all_received(tcb, seg, tcp), tcp)
    # (1): the ISS is above every sequence number of the old incarnation
    above = tcp.seq.le(tcb.snd.nxt, tcp.isn)
    return tcb.state == State.TIME_WAIT and tcp.rules.time_wait_reopen & bare & later & above


# Fifth


def check_ack_field(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Fifth, check the ACK field, which is there; is the segment processed further?"""
    seq, snd = tcp.seq, tcb.snd
    # Not in the RFC, and off by default: the repair of simultaneous open (``syn_ack_exact``).
    if tcp.rules.syn_ack_exact & (snd.una == tcb.iss) & (seg.seq != tcb.rcv.nxt):
        challenge(tcb, tcp)
        tcp.rule(
            "repair/our-syn",
            "what acknowledges our SYN must be at RCV.NXT, answered with an ACK",
        )
        return False
    # ??? The text has RFC 5961's range (MAY-12) before the states: then SYN-RECEIVED too answers
    # what is outside of it with an ACK, and only other bad ACKs with a reset. RFC 5961 itself
    # speaks of established connections, and SYN-RECEIVED's own test is stricter: here the range is
    # for the synchronized states, unless ``syn_received_ack_range`` is on.
    passes = passes_over_unsent(tcb, tcp)
    if tcp.rules.ack_floor and (
        tcb.state != State.SYN_RECEIVED or tcp.rules.syn_received_ack_range
    ):
        floor = ack_floor(tcb, tcp)
        known = seq.le_le(floor, seg.ack, snd.nxt)
        if passes or not tcp.rules.unsent_ack_refused:
            known = seq.le(floor, seg.ack)
        if not known:
            if not tcp.rules.bad_ack_answered:
                tcp.rule("not in RFC 9293/fifth/silent", "ACK out of range, dropped in silence")
                return False
            challenge(tcb, tcp)
            tcp.rule("3.10.7.4/fifth/floor", "ACK out of range (RFC 5961 5), answered with an ACK")
            return False

    if tcb.state == State.SYN_RECEIVED:
        nothing = tcp.rules.ack_of_nothing & (seg.ack == snd.una)
        good = nothing | seq.lt_le(snd.una, seg.ack, snd.nxt)
        if tcp.rules.syn_received_ack_check and not good:
            if not tcp.rules.bad_ack_reset:
                tcp.rule("PyTCP/fifth/bad-ack", "bad ACK dropped in silence")
                return False
            # ??? The text does not say that processing stops here. It cannot go on: the state is
            # SYN-RECEIVED still.
            reset(seg, tcp)
            tcp.rule("3.10.7.4/fifth/SYN-RECEIVED/bad-ack", "bad ACK answered with a reset")
            return False
        # Without the check (ablation 11) any ACK counts as one of our SYN.
        checked = tcp.rules.syn_received_ack_check and not tcp.rules.ack_of_nothing
        snd.una = seg.ack if checked else snd.nxt
        update_window(tcb, seg, tcp)
        # A CLOSE that waited for ESTABLISHED is processed on the way (section 3.10.4): then the
        # state is FIN-WAIT-1 at once, although the rule that is cited enters ESTABLISHED.
        tcb.state = State.FIN_WAIT_1 if tcb.closing else State.ESTABLISHED
        congestion.begin(tcb, tcp)
        forget_time_wait(tcb)
        start_span(tcb, tcp)
        tcp.rule(
            "3.10.7.4/fifth/SYN-RECEIVED/our-syn",
            "our SYN is acknowledged, enter ESTABLISHED",
            State.ESTABLISHED,
        )
        return True

    # ESTABLISHED, and what every later state does in addition to its own. ??? The text has it so
    # for all but LAST-ACK and TIME-WAIT, where it expects but one segment; others arrive there too.
    if passes and seq.lt(snd.nxt, seg.ack):
        if tcp.rules.unsent_text == UnsentText.ANSWERED:
            challenge(tcb, tcp)
        tcp.rule("not in RFC 9293/fifth/unsent", "ACK of something not yet sent, passed over")
    refuses = tcp.rules.unsent_ack_refused and not tcp.rules.ack_floor and not passes
    if refuses and seq.lt(snd.nxt, seg.ack):
        challenge(tcb, tcp)
        tcp.rule("3.10.7.4/fifth/unsent", "ACK of something not yet sent, answered with an ACK")
        return False
    again: bool = False
    octets = 0
    # A CLOSE has left SYN-RECEIVED before our SYN was acknowledged (3.10.4).
    unheard: bool = snd.una == tcb.iss
    if not tcp.rules.unsent_ack_refused:
        snd.nxt = choose(seq.lt(snd.nxt, seg.ack), seg.ack, snd.nxt)
    if seq.lt_le(snd.una, seg.ack, snd.nxt):
        octets = seq.minus(seg.ack, snd.una)
        snd.una = seg.ack
        for transfer in tcb.transfers:
            if transfer.cwnd == 0:  # our SYN
                congestion.begin(tcb, tcp)
            else:
                again = congestion.acknowledged(tcb, transfer, octets, tcp)
        start_span(tcb, tcp)
        tcb.answered = False
        tcp.rule("3.10.7.4/fifth/una", "SND.UNA <- SEG.ACK")
        # Urgent text that is acknowledged is urgent no more. The text never says so; without it the
        # pointer is ahead again half the sequence space later.
        if snd.urgent & seq.le(snd.up, snd.una):
            snd.urgent = False
            snd.up = 0
    elif tcp.bounds.send_window:
        # MUST-37: a peer that answers probes of its shut window keeps the connection open. Our SYN
        # is no probe: no window was announced yet.
        probed = (snd.wnd == 0) & not_(unheard)
        if probed & (snd.una == seg.ack) & (snd.una != snd.nxt):
            start_span(tcb, tcp)
            tcb.answered = tcp.bounds.msl != 0 and tcp.rules.retransmission_bounded
            tcp.rule("3.8.6.1/zero-window probe/answered", "probe answered, R begins anew")
        for transfer in tcb.transfers:
            if congestion.is_duplicate(tcb, seg):
                again = congestion.duplicate(tcb, transfer, tcp)
    for transfer in tcb.transfers:
        sack.heard(tcb, transfer, seg, octets, tcp)
    # ??? SND.WL1 and SND.WL2 are set with the first window, which the ACK of our SYN brings here as
    # it does in SYN-RECEIVED; the text sets them nowhere, where a CLOSE has left that state before.
    newer = choose(unheard, snd.una != tcb.iss, is_newer(tcb, seg, tcp))
    update_window(tcb, seg, tcp, seq.le_le(snd.una, seg.ack, snd.nxt) & newer)
    for transfer in tcb.transfers:
        if again:
            send_front(tcb, transfer, tcp)

    finished = tcb.fin_acknowledged(seq) | not_(tcp.rules.fin_acknowledged)
    if tcb.state == State.FIN_WAIT_1 and finished:
        tcb.state = State.FIN_WAIT_2
        tcp.rule(
            "3.10.7.4/fifth/FIN-WAIT-1/our-fin",
            "our FIN is acknowledged, enter FIN-WAIT-2",
            State.FIN_WAIT_2,
        )
        return True
    # FIN-WAIT-2: the CLOSE is acknowledged to the user, which is not modelled
    # CLOSE-WAIT: as ESTABLISHED
    # ??? In CLOSING any other segment is ignored from here on; but its ACK may let queued text out,
    # and so it goes on, to steps that do nothing in CLOSING.
    if tcb.state == State.CLOSING and finished:
        enter_time_wait(tcb, tcp)
        tcp.rule(
            "3.10.7.4/fifth/CLOSING/our-fin",
            "our FIN is acknowledged, enter TIME-WAIT",
            State.TIME_WAIT,
        )
        return False
    if tcb.state == State.LAST_ACK and finished:
        if tcp.rules.passive_time_wait:
            enter_time_wait(tcb, tcp)
            tcp.rule(
                "not in RFC 9293/LAST-ACK/wait",
                "our FIN is acknowledged, enter TIME-WAIT all the same",
                State.TIME_WAIT,
            )
            return False
        delete(tcb)
        tcp.rule(
            "3.10.7.4/fifth/LAST-ACK/our-fin",
            "our FIN is acknowledged, enter CLOSED",
            State.CLOSED,
        )
        return False
    if tcb.state == State.TIME_WAIT:
        # ??? What may arrive is the peer's FIN again; but that is below the window and was
        # answered in the first step. A FIN in the window is nobody's. The text restarts the timer
        # here and in the eighth step; here it is done once, and for a FIN only.
        if seg.ctl.fin and tcp.rules.time_wait_fin_answered:
            acknowledge(tcb, tcp)
            start_time_wait(tcb, tcp)
            tcp.rule("3.10.7.4/fifth/TIME-WAIT/fin", "FIN acknowledged, 2 MSL timeout restarted")
        else:
            tcp.rule("3.10.7.4/fifth/TIME-WAIT/other", "ignored")
        return False
    tcp.rule("3.10.7.4/fifth/acceptable", "acceptable")
    return True


def passes_over_unsent(tcb: Tcb, tcp: Tcp) -> bool:
    """Is text taken, though its ACK is of something not yet sent (``rules.unsent_text``)?"""
    if tcp.rules.unsent_text == UnsentText.ANSWERED:
        return tcb.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
    return tcp.rules.unsent_text == UnsentText.TAKEN and tcb.state == State.ESTABLISHED


def ack_floor(tcb: Tcb, tcp: Tcp) -> int:
    """The least ACK that is taken (RFC 5961 section 5): SND.UNA - MAX.SND.WND."""
    reach = tcp.bounds.window  # MAX.SND.WND, hard-coded
    if tcp.rules.ack_floor_at_iss:
        acknowledged = tcp.seq.minus(tcb.snd.una, tcb.iss)
        reach = choose(acknowledged < reach, acknowledged, reach)
    return tcp.seq.minus(tcb.snd.una, reach)


def is_newer(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Is the window of ``seg`` not older than the one that was taken last?"""
    seq, snd = tcp.seq, tcb.snd
    acked = seq.le(snd.wl2, seg.ack)
    if tcp.rules.window_larger:
        acked = acked & ((snd.wl2 != seg.ack) | (snd.wnd < seg.wnd))
    newer = seq.lt(snd.wl1, seg.seq) | ((snd.wl1 == seg.seq) & acked)
    return newer | not_(tcp.rules.window_newer)


def update_window(tcb: Tcb, seg: Segment, tcp: Tcp, newer: bool = True) -> None:
    """SND.WND <- SEG.WND, SND.WL1 <- SEG.SEQ, SND.WL2 <- SEG.ACK, if the segment is newer."""
    if tcp.bounds.send_window:
        tcb.snd.wnd = choose(newer, seg.wnd, tcb.snd.wnd)
        tcb.snd.wl1 = choose(newer, seg.seq, tcb.snd.wl1)
        tcb.snd.wl2 = choose(newer, seg.ack, tcb.snd.wl2)


# Sixth to eighth


def process_held(tcb: Tcb, tcp: Tcp) -> bool:
    """What came with the SYN, once our own is acknowledged; is an acknowledgment due?"""
    if (tcb.held_text + tcb.held_fin == 0) & not_(tcb.held_urgent):
        return False
    held = Segment(seq=tcp.seq.plus(tcb.irs, 1), text=tcb.held_text, up=tcb.held_up)
    held.ctl = Control(urg=tcb.held_urgent, psh=tcb.held_push, fin=tcb.held_fin)
    release(tcb)
    tcp.rule("3.10.7.2/third/held", "text or control that came with the SYN is processed now")
    return sixth_to_eighth(tcb, held, tcp)


def sixth_to_eighth(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """The steps that take what a segment brings; is an acknowledgment due?"""
    # Sixth, check the URG bit
    check_urg_bit(tcb, seg, tcp)
    if seg.length() == 0:
        return False
    # Seventh, process the segment text. In CLOSE-WAIT, CLOSING, LAST-ACK and TIME-WAIT the peer has
    # sent its FIN: nothing of the seventh and eighth steps counts any more.
    if tcb.state not in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        tcp.rule("3.10.7.4/seventh, eighth/ignored", "text and FIN after a FIN ignored")
        return False
    # ??? (trimmed) In the text a segment beyond RCV.NXT goes no further than the first step.
    if tcp.seq.lt(tcb.rcv.nxt, seg.seq):
        receiving.hold(tcb, seg, tcp)
        tcp.rule("3.10.7.4/seventh/out-of-order", "out of order, answered with an ACK")
        if not tcp.rules.fin_in_order:
            return check_fin_bit(tcb, seg, tcp)
        return tcp.rules.gap_answered
    process_segment_text(tcb, seg, tcp)
    # Eighth, check the FIN bit
    return check_fin_bit(tcb, seg, tcp)


def check_urg_bit(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Sixth, check the URG bit: RCV.UP <- max(RCV.UP,SEG.UP), and the user is told."""
    seq, rcv = tcp.seq, tcb.rcv
    if tcb.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        newer = seg.ctl.urg & seq.lt(rcv.up, seg.up)
        rcv.up = choose(newer, seg.up, rcv.up)
        if newer & seq.lt(tcb.passed(seq, tcp.bounds.window), seg.up):
            tcp.signal("urgent data")
            tcp.rule("3.10.7.4/sixth/urgent", "RCV.UP advances, the user is told")
    # CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT: ignored


def process_segment_text(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Seventh, process the segment text: RCV.NXT advances over what is taken.

    ??? (trimmed) Only the new part is taken, and no more than the window takes.
    """
    seq, rcv = tcp.seq, tcb.rcv
    if seg.text != 0:
        seen = seq.minus(rcv.nxt, seg.seq)
        fresh = choose(seen < seg.text, seq.minus(seg.text, seen), 0)
        taken = choose(fresh < rcv.wnd, fresh, rcv.wnd)
        rcv.nxt = seq.plus(rcv.nxt, taken)
        rcv.wnd = seq.minus(rcv.wnd, taken)
        emptied = (fresh != 0) & (taken == fresh)
        rcv.push = rcv.push | (seg.ctl.psh & emptied)
        if tcb.transfers:
            receiving.taken(tcb, seg, seen, taken, tcp)
        else:
            tcp.take(seg, seen, taken)
        tcp.rule("3.10.7.4/seventh/text", "text taken as far as it is new and fits")


def check_fin_bit(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Eighth, check the FIN bit; is an acknowledgment due, of text or FIN?

    CLOSED, LISTEN and SYN-SENT process no FIN: segments that arrive there never come here.

    ??? (trimmed) A FIN counts once all text before it is taken, and only if the window has room
    for it; and no second one counts, since nothing follows a FIN.
    """
    seq, rcv = tcp.seq, tcb.rcv
    for transfer in tcb.transfers:
        # Taken or not: no timer runs for an ACK that takes nothing.
        receiving.prompt(transfer, seg.ctl.fin, tcp)
    next_one = rcv.nxt == seq.plus(seg.seq, seg.text)
    if not tcp.rules.fin_in_order:
        next_one = next_one | seq.lt(rcv.nxt, seg.seq)
    if seg.ctl.fin & next_one & (rcv.wnd != 0):
        rcv.nxt = seq.plus(rcv.nxt, 1)
        rcv.push = rcv.push | tcb.undelivered(tcp.bounds.window)  # FIN implies PUSH
        keep_urgent_pointer(tcb, tcp)
        tcp.signal("connection closing")
        # SYN-RECEIVED: the fifth step has left it
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
        # CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT: remain. Where TIME-WAIT restarts its timer, the
        # fifth step has done so.
    return True
