"""What a SYN does, wherever it opens a connection (RFC 9293 sections 3.10.7.2 and 3.10.7.3)."""

from spec.tcp import timestamps
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.sending import send_syn_ack, start_span
from spec.tcp.tcb import State, Tcb


def hear_syn(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """RCV.NXT to SEG.SEQ+1, IRS to SEG.SEQ; other control or text is queued.

    ??? 3.10.7.2 has what came with the SYN processed in SYN-RECEIVED, but the sixth and
    seventh steps do nothing in that state, and 3.10.7.3 has it wait for ESTABLISHED. Here it
    waits in both (``process_held``).
    """
    tcb.irs = seg.seq
    tcb.rcv.nxt = tcp.seq.plus(seg.seq, 1)
    tcb.rcv.up = tcb.rcv.nxt
    timestamps.agree(tcb, seg, tcp)
    tcb.held_text = seg.text
    tcb.held_fin = seg.ctl.fin
    tcb.held_push = seg.ctl.psh
    tcb.held_urgent = seg.ctl.urg
    tcb.held_up = seg.up


def answer_syn(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Third, check for a SYN (in LISTEN): select an ISS, send SYN,ACK, enter SYN-RECEIVED."""
    tcb.rcv.wnd = tcp.bounds.window
    hear_syn(tcb, seg, tcp)
    enter_syn_received(tcb, tcp)


def enter_syn_received(tcb: Tcb, tcp: Tcp) -> None:
    """... the part of it that follows once the SYN is heard."""
    tcb.iss = tcp.select_isn()
    tcb.passive = True
    send_syn_ack(tcb, tcp)
    tcb.snd.nxt = tcp.seq.plus(tcb.iss, 1)
    tcb.snd.una = tcb.iss
    tcb.state = State.SYN_RECEIVED
    start_span(tcb, tcp)
