"""Timeouts (RFC 9293 section 3.10.8), keep-alive (3.8.4) and the zero-window probe (3.8.6.1)."""

from spec.rules import FinAgain, KeepAlive
from spec.seq import not_
from spec.tcp import retransmission
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Segment
from spec.tcp.sending import (
    acknowledge,
    fill,
    send_fin,
    send_probe,
    send_syn,
    send_syn_ack,
    send_text,
    start_span,
    transmit,
)
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb, delete


def user_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """USER TIMEOUT: flush all queues, delete the TCB, enter CLOSED; nothing is sent."""
    if tcp.rules.fin_wait_2_timeout and tcb.state == State.FIN_WAIT_2:
        delete(tcb)
        return tcp.rule(
            "not in RFC 9293/fin-wait-2",
            "FIN-WAIT-2 given up, delete TCB, enter CLOSED",
            State.CLOSED,
        )
    tcp.signal("error: connection aborted due to user timeout")
    delete(tcb)
    return tcp.rule("3.10.8/USER TIMEOUT/delete", "delete TCB, enter CLOSED", State.CLOSED)


def gives_up(tcb: Tcb, tcp: Tcp) -> bool:
    """Is the user timer running? It times a passive OPEN, and all text and FIN that the user has
    submitted until they are acknowledged (sections 3.8.3, 3.9.1.1 and 3.10.8).

    With ``rules.fin_wait_2_timeout`` there is a timer in FIN-WAIT-2 too, which the RFC does not
    have: FIN-WAIT-2 is given up.
    """
    if tcp.rules.fin_wait_2_timeout and tcb.state == State.FIN_WAIT_2:
        return True
    if tcb.state in (State.CLOSED, State.TIME_WAIT):
        return False
    if tcb.state == State.LISTEN:
        return True
    return (tcb.snd.una != tcb.snd.nxt) | tcb.unsent_text(tcp.seq)


def retransmission_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """RETRANSMISSION TIMEOUT: send the segment at the front of the queue again.

    With nothing outstanding and a shut window it is the persist timer that expires: the
    next octet is sent as a probe (section 3.8.6.1, MUST-36); without it a lost window update
    would leave both ends waiting for ever. R begins with a probe, once the one before is answered.

    Once R is used up the connection is closed instead (section 3.8.3, MUST-20 (c), MUST-22), as by
    the user timeout.
    """
    seq, snd = tcp.seq, tcb.snd
    if r_is_used_up(tcb, tcp):
        tcp.signal("error: connection aborted due to user timeout")
        delete(tcb)
        return tcp.rule("3.8.3/R/close", "R is used up, delete TCB, enter CLOSED", State.CLOSED)
    if tcb.state == State.SYN_SENT:
        send_syn(tcb, tcp, seq.minus(snd.nxt, seq.plus(tcb.iss, 1)))
        return tcp.rule("3.10.8/RETRANSMISSION TIMEOUT/syn", "SYN")
    if snd.una == tcb.iss:
        send_syn_ack(tcb, tcp)
        return tcp.rule("3.10.8/RETRANSMISSION TIMEOUT/syn-ack", "SYN,ACK")
    if tcb.answered:
        tcb.answered = False
        start_span(tcb, tcp)
    for transfer in tcb.transfers:
        return retransmission.timeout(tcb, transfer, tcp)
    if snd.una == snd.nxt:
        return send_probe(tcb, tcp)
    if tcb.unacknowledged_text(seq):
        text, fin = fill(tcb, tcp, snd.una, seq.minus(snd.nxt, snd.una))
        send_text(tcb, tcp, snd.una, text, fin)
        return tcp.rule("3.10.8/RETRANSMISSION TIMEOUT/text", "text")
    send_fin(tcb, tcp, snd.una)
    if tcp.rules.fin_again == FinAgain.ANEW and tcb.state != State.FIN_WAIT_1:
        tcb.state = State.FIN_WAIT_1
        return tcp.rule("gVisor/FIN/anew", "FIN, enter FIN-WAIT-1 again", State.FIN_WAIT_1)
    return tcp.rule("3.10.8/RETRANSMISSION TIMEOUT/fin", "FIN")


def override_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """Section 3.8.6.2.1 (4): text was held back for long enough, and goes as far as it may."""
    for transfer in tcb.transfers:
        transmit(tcb, transfer, tcp, override=True)
    return tcp.rule("3.8.6.2.1/(4)/override", "text was held back for long enough")


def ack_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """Section 3.8.6.3 (MUST-40): an ACK was delayed for half a second."""
    acknowledge(tcb, tcp)
    return tcp.rule("3.8.6.3/timer", "the ACK has waited for long enough")


def ack_waits(tcb: Tcb, tcp: Tcp) -> bool:
    """Is an ACK delayed, and its timer running?"""
    waits: bool = False
    for transfer in tcb.transfers:
        waits = tcp.rules.ack_timer and transfer.due != 0
    return waits


def retransmits(tcb: Tcb, tcp: Tcp) -> bool:
    """Is the retransmission (or persist) timer running?"""
    if tcb.state in (State.CLOSED, State.LISTEN, State.TIME_WAIT):
        return False
    if not tcp.rules.syn_retransmitted and tcb.state == State.SYN_SENT:
        return False
    if not tcp.rules.syn_ack_retransmitted:
        if tcb.state != State.SYN_SENT and tcb.snd.una == tcb.iss:
            return False
    if forgets_fin(tcb, tcp):
        return False
    if tcb.transfers and tcb.state in SYNCHRONIZED and tcb.snd.una != tcb.iss:
        return retransmission.runs(tcb, tcp)
    if tcb.snd.una == tcb.snd.nxt:
        if tcb.state == State.SYN_RECEIVED:
            return False
        return tcb.unsent_text(tcp.seq)
    return True


def forgets_fin(tcb: Tcb, tcp: Tcp) -> bool:
    """Is it FIN that is to be sent again, and is it not (``rules.fin_again``)?"""
    if tcp.rules.fin_again == FinAgain.CLOSING:
        return tcb.state == State.CLOSING
    if tcp.rules.fin_again != FinAgain.NEVER:
        return False
    snd = tcb.snd
    sent = (snd.una != snd.nxt) & (snd.una != tcb.iss)
    return sent & not_(tcb.unacknowledged_text(tcp.seq))


def r_is_used_up(tcb: Tcb, tcp: Tcp) -> bool:
    """Has a segment been at the front of the retransmission queue for R (section 3.8.3, MUST-20)?

    Without time (MSL = 0) R has no end. Between a probe that was answered and the next one nothing
    waits for an answer (3.8.6.1, MUST-37).
    """
    if tcp.bounds.msl == 0 or not tcp.rules.retransmission_bounded:
        return False
    return (tcb.snd.una != tcb.snd.nxt) & (tcb.span == 0) & not_(tcb.answered)


def keep_alive_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """Section 3.8.4: a segment that its receiver has to answer, though it has its number already.

    One that is not answered means nothing (MUST-29). ??? The text does not say how many do. Here it
    is a bound; then the connection is aborted: its user is told, and the peer, should it be there.
    """
    if tcp.rules.keep_alive_gives_up and tcb.probes >= tcp.bounds.keep_alive_probes:
        tcp.signal("error: connection timed out")
        tcp.send(Segment(seq=tcb.snd.nxt, ctl=Control(rst=True)))
        delete(tcb)
        return tcp.rule(
            "3.8.4/keep-alive/give-up", "no probe answered, send RST, enter CLOSED", State.CLOSED
        )
    at = tcp.seq.minus(tcb.snd.nxt, 1 if tcp.rules.keep_alive_below else 0)
    garbage = 1 if tcp.rules.keep_alive == KeepAlive.OCTET else 0
    tcp.send(Segment(seq=at, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, text=garbage, ctl=Control(ack=True)))
    if tcp.rules.keep_alive_gives_up:
        tcb.probes = tcb.probes + 1
    tcb.keep_alive = tcp.bounds.keep_alive_interval
    return tcp.rule("3.8.4/keep-alive/probe", "the connection is idle, probe")


def keeps_alive(tcb: Tcb, tcp: Tcp) -> bool:
    """Has the keep-alive timer run out, with nothing outstanding or queued (MUST-26)?"""
    if tcp.rules.keep_alive == KeepAlive.OFF:
        return False
    # A computation: whether time may go on is one (``spec.world.enabled.overdue``).
    state, seq = tcb.state, tcp.seq
    open_ = (state == State.ESTABLISHED) | (state == State.CLOSE_WAIT)
    quiet = (tcb.snd.una == tcb.snd.nxt) & not_(tcb.unsent_text(seq) | tcb.unsent_fin(seq))
    return (open_ | (state == State.FIN_WAIT_2)) & quiet & (tcb.keep_alive == 0)


def limit_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """RFC 5961 7: the interval is over for which ACKs were counted."""
    tcb.throttled = False
    return tcp.rule("RFC 5961/7/interval", "another interval: such ACKs are sent again")


def limit_spent(tcb: Tcb, tcp: Tcp) -> None:
    """... and other connections of the host have sent all that it may send in this one."""
    tcb.throttled = True
    return tcp.rule("RFC 5961/7/others", "other connections have used up the limit")


def time_wait_is_over(tcb: Tcb) -> bool:
    """Has the TIME-WAIT timer run out?"""
    return (tcb.state == State.TIME_WAIT) & (tcb.time_wait == 0)


def time_wait_timeout(tcb: Tcb, tcp: Tcp) -> None:
    """TIME-WAIT TIMEOUT: delete the TCB, enter CLOSED."""
    delete(tcb)
    return tcp.rule("3.10.8/TIME-WAIT TIMEOUT/delete", "delete TCB, enter CLOSED", State.CLOSED)
