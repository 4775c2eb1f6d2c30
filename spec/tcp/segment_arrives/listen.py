"""SEGMENT ARRIVES in LISTEN (RFC 9293 section 3.10.7.2): RST, then ACK, then SYN."""

from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.segment_arrives.others import process_held, update_window
from spec.tcp.segment_arrives.syn import answer_syn
from spec.tcp.sending import acknowledge, reset
from spec.tcp.tcb import State, Tcb


def listen_state(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Four steps; only a SYN alone opens a connection."""
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
        answer_syn(tcb, seg, tcp)
        if not tcp.rules.three_way:
            # Ablation 9: the SYN alone establishes.
            update_window(tcb, seg, tcp)
            tcb.state = State.ESTABLISHED
            if process_held(tcb, tcp):
                acknowledge(tcb, tcp)
            return tcp.rule(
                "two-way handshake/syn", "SYN alone enters ESTABLISHED", State.ESTABLISHED
            )
        return tcp.rule(
            "3.10.7.2/LISTEN/third/syn", "send SYN,ACK, enter SYN-RECEIVED", State.SYN_RECEIVED
        )
    # Fourth, other data or control
    return tcp.rule("3.10.7.2/LISTEN/fourth/other", "dropped")
