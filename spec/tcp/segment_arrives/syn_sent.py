"""SEGMENT ARRIVES in SYN-SENT (RFC 9293 section 3.10.7.3): ACK, then RST, then SYN."""

from spec.seq import not_
from spec.tcp import congestion
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment, left
from spec.tcp.segment_arrives.others import process_held, update_window
from spec.tcp.segment_arrives.syn import hear_syn
from spec.tcp.sending import (
    acknowledge,
    reset,
    segmentize,
    send_syn_ack,
    start_keep_alive,
    start_span,
)
from spec.tcp.tcb import State, Tcb, delete
from spec.tcp.timeouts import retransmission_timeout


def syn_sent_state(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Five steps; the ACK is what makes a segment believable, since IRS is not known yet."""
    seq = tcp.seq
    if tcp.rules.syn_sent_resends and seg.ctl.ack & not_(seg.ctl.rst | seg.ctl.syn):
        reset(seg, tcp)
        retransmission_timeout(tcb, tcp)
        tcb.span = left(tcb.span, 1)
        return tcp.rule("lwIP/SYN-SENT/ack", "ACK without SYN: reset, and our SYN is sent again")
    # First, check the ACK bit
    if (
        seg.ctl.ack
        and tcp.rules.syn_sent_ack_check
        and not seq.lt_le(tcb.iss, seg.ack, tcb.snd.nxt)
    ):
        if seg.ctl.rst:
            return tcp.rule("3.10.7.3/SYN-SENT/first/reset", "reset with a bad ACK dropped")
        if not tcp.rules.syn_sent_bad_ack_reset:
            return tcp.rule("smoltcp/SYN-SENT/bad-ack", "bad ACK dropped in silence")
        reset(seg, tcp)
        return tcp.rule("3.10.7.3/SYN-SENT/first/bad-ack", "bad ACK answered with a reset")
    # Second, check the RST bit
    # ??? RFC 9293 repeats RFC 5961's check of SEG.SEQ against RCV.NXT here. Erratum 8167 deletes
    # it, since RCV.NXT is not known yet.
    if seg.ctl.rst:
        if seg.ctl.ack and (tcp.rules.syn_sent_any_reset or seg.seq == 0):
            tcp.signal("error: connection reset")
            delete(tcb)
            return tcp.rule("3.10.7.3/SYN-SENT/second/reset", "reset, enter CLOSED", State.CLOSED)
        return tcp.rule("3.10.7.3/SYN-SENT/second/no-ack", "reset without ACK dropped")
    # Third, check the security: not modelled
    # Fourth, check the SYN bit
    if seg.ctl.syn and (tcp.rules.simultaneous_open or seg.ctl.ack):
        hear_syn(tcb, seg, tcp)
        if seg.ctl.ack:
            # Without the check of the first step (ablation 10) any ACK counts as one of our SYN.
            tcb.snd.una = seg.ack if tcp.rules.syn_sent_ack_check else tcb.snd.nxt
        # ??? RFC 9293 sets the send window only on the way to SYN-RECEIVED. RFC 1122 4.2.2.20 (c)
        # sets it on the way to ESTABLISHED too.
        update_window(tcb, seg, tcp)
        if tcb.snd.una != tcb.iss:
            tcb.state = State.ESTABLISHED
            congestion.begin(tcb, tcp)
            if tcp.rules.data_on_syn:
                start_span(tcb, tcp)  # text that our SYN carried is at the front now, if it is left
            start_keep_alive(tcb, tcp)
            tcp.rule(
                "3.10.7.3/SYN-SENT/fourth/our-syn",
                "our SYN is acknowledged, enter ESTABLISHED",
                State.ESTABLISHED,
            )
            # ??? The text sends the ACK first, and goes on at the sixth step of 3.10.7.4. There it
            # would send another: here one ACK says both, as MUST-59 asks, and data carries it.
            process_held(tcb, tcp)
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
