"""User calls (RFC 9293 sections 3.10.1 to 3.10.6).

Each function is one section; states stand in the RFC's order, but those that answer alike, with
"connection closing", are what is left at the end. A call that the RFC answers with an error
returns it by ``tcp.signal`` and changes nothing. ``???`` marks what is not the letter of the text.
"""

from spec.rules import EarlyClose
from spec.tcp import receiving, timestamps
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Segment
from spec.tcp.sending import (
    acknowledge,
    enter_time_wait,
    keep_urgent_pointer,
    segmentize,
    send_fin,
    send_syn,
    start_span,
)
from spec.tcp.tcb import State, Tcb, delete, forget_time_wait


def open_passive(tcb: Tcb, tcp: Tcp) -> None:
    """3.10.1, passive OPEN of a fully specified or unspecified remote socket.

    ??? Of LISTEN the text speaks only of an active OPEN; a second passive one is an error here.
    """
    if tcb.state == State.CLOSED:
        tcb.state = State.LISTEN
        return tcp.rule("3.10.1/CLOSED/passive", "passive OPEN, enter LISTEN", State.LISTEN)
    tcp.signal("error: connection already exists")
    return tcp.rule("3.10.1/exists", "connection already exists")


def open_active(tcb: Tcb, tcp: Tcp, plain: bool = False) -> None:
    """3.10.1, active OPEN; ``plain`` without timestamps, where others use them."""
    if tcb.state == State.CLOSED:
        _begin(tcb, tcp, plain)
        send_syn(tcb, tcp, 0)
        return tcp.rule(
            "3.10.1/CLOSED/active", "active OPEN, send SYN, enter SYN-SENT", State.SYN_SENT
        )
    if tcb.state == State.LISTEN:
        _begin(tcb, tcp, plain)
        send_syn(tcb, tcp, 0)
        return tcp.rule(
            "3.10.1/LISTEN/active",
            "passive changed to active, send SYN, enter SYN-SENT",
            State.SYN_SENT,
        )
    if reuses(tcb, tcp):
        above = tcp.seq.le(tcb.snd.nxt, tcp.isn) | (not tcp.rules.reuse_above)
        if above & timestamps.may_reuse(tcb, tcp.clock, tcp):
            delete(tcb)
            _begin(tcb, tcp, plain)
            send_syn(tcb, tcp, 0)
            return tcp.rule(
                "not in RFC 9293/reuse",
                "active OPEN in TIME-WAIT, send SYN, enter SYN-SENT",
                State.SYN_SENT,
            )
    tcp.signal("error: connection already exists")
    return tcp.rule("3.10.1/exists", "connection already exists")


def reuses(tcb: Tcb, tcp: Tcp) -> bool:
    """May an active OPEN take the pair of sockets from the state that it is in?"""
    if tcp.rules.reuse_fin_wait_2 and tcb.state == State.FIN_WAIT_2:
        return True
    return tcp.rules.time_wait_reuse and tcb.state == State.TIME_WAIT


def _begin(tcb: Tcb, tcp: Tcp, plain: bool = False) -> None:
    """Select an ISS; SND.UNA to ISS, SND.NXT to ISS+1; enter SYN-SENT."""
    if not plain:
        timestamps.offer(tcb, tcp)
    tcb.iss = tcp.select_isn()
    tcb.snd.una = tcb.iss
    tcb.snd.nxt = tcp.seq.plus(tcb.iss, 1)
    tcb.rcv.wnd = tcp.bounds.window
    tcb.state = State.SYN_SENT
    start_span(tcb, tcp)


def send(tcb: Tcb, tcp: Tcp, urgent: bool) -> None:
    """3.10.2, SEND of an octet, or of ``write``, PUSHed, perhaps URGENT."""
    if tcb.state == State.CLOSED:
        tcp.signal("error: connection does not exist")
        return tcp.rule("3.10.2/CLOSED/none", "connection does not exist")
    if tcb.state == State.LISTEN:
        _begin(tcb, tcp)
        _queue(tcb, tcp, urgent)
        if tcp.rules.data_on_syn:
            tcb.snd.nxt = tcp.seq.plus(tcb.snd.nxt, 1)
            send_syn(tcb, tcp, 1)
            return tcp.rule(
                "3.10.2/LISTEN/data-on-syn", "send SYN with data, enter SYN-SENT", State.SYN_SENT
            )
        send_syn(tcb, tcp, 0)
        return tcp.rule(
            "3.10.2/LISTEN/queue", "send SYN, queue data, enter SYN-SENT", State.SYN_SENT
        )
    if tcb.state in (State.SYN_SENT, State.SYN_RECEIVED):
        # ??? The text does not speak of a SEND after a CLOSE that is queued; it comes too late.
        if tcb.closing:
            tcp.signal("error: connection closing")
            return tcp.rule("3.10.2/closing", "connection closing")
        _queue(tcb, tcp, urgent)
        return tcp.rule("3.10.2/SYN-SENT, SYN-RECEIVED/queue", "queue data")
    if tcb.state in (State.ESTABLISHED, State.CLOSE_WAIT):
        # ??? ... nor of one after a CLOSE that waits in CLOSE-WAIT
        if tcb.closing:
            tcp.signal("error: connection closing")
            return tcp.rule("3.10.2/closing", "connection closing")
        _queue(tcb, tcp, urgent)
        segmentize(tcb, tcp)
        return tcp.rule("3.10.2/ESTABLISHED, CLOSE-WAIT/send", "segmentize and send")
    tcp.signal("error: connection closing")
    return tcp.rule("3.10.2/closing", "connection closing")


def _queue(tcb: Tcb, tcp: Tcp, urgent: bool) -> None:
    if urgent:
        tcb.snd.urgent = True
        # The sequence number after the urgent octets (section 3.8.5, MUST-62)
        tcb.snd.up = tcp.seq.plus(tcb.iss, tcb.written + tcp.bounds.write + 1)
    tcb.written = tcb.written + tcp.bounds.write


def receive(tcb: Tcb, tcp: Tcp) -> None:
    """3.10.3, RECEIVE of all that is at hand.

    A RECEIVE that finds nothing is queued; the model does not record queued RECEIVEs, since
    no rule of the lifecycle reads them.
    """
    if tcb.state == State.CLOSED:
        tcp.signal("error: connection does not exist")
        return tcp.rule("3.10.3/CLOSED/none", "connection does not exist")
    if tcb.state in (State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED):
        return tcp.rule("3.10.3/LISTEN, SYN-SENT, SYN-RECEIVED/queue", "queue")
    if tcb.state in (
        State.ESTABLISHED,
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSE_WAIT,
    ):
        if not tcb.undelivered(tcp.bounds.window):
            if tcb.state == State.CLOSE_WAIT:
                tcp.signal("error: connection closing")
                return tcp.rule("3.10.3/CLOSE-WAIT/closing", "no text, connection closing")
            return tcp.rule("3.10.3/queue", "nothing at hand, queue")
        for transfer in tcb.transfers:
            return receiving.receive(tcb, transfer, tcp)
        shut = tcb.rcv.wnd == 0
        tcb.rcv.wnd = tcp.bounds.window
        tcb.rcv.push = False
        receiving.tell_of_urgent_data(tcb, tcp)
        keep_urgent_pointer(tcb, tcp)
        if shut and tcb.state != State.CLOSE_WAIT:
            acknowledge(tcb, tcp)
            return tcp.rule("3.10.3/reopen", "text to the user, window reopened")
        return tcp.rule("3.10.3/text", "text to the user")
    tcp.signal("error: connection closing")
    return tcp.rule("3.10.3/closing", "connection closing")


def close(tcb: Tcb, tcp: Tcp) -> None:
    """3.10.4, CLOSE: "I have no more data to send"."""
    if tcb.state == State.CLOSED:
        tcp.signal("error: connection does not exist")
        return tcp.rule("3.10.4/CLOSED/none", "connection does not exist")
    if tcb.state == State.LISTEN:
        delete(tcb)
        return tcp.rule("3.10.4/LISTEN/delete", "delete TCB, enter CLOSED", State.CLOSED)
    if tcb.state == State.SYN_SENT:
        _fail_sends(tcb, tcp, "error: closing")
        delete(tcb)
        return tcp.rule("3.10.4/SYN-SENT/delete", "delete TCB", State.CLOSED)
    if tcb.state == State.SYN_RECEIVED:
        # ??? ... nor of a second CLOSE while one is queued
        if tcb.closing:
            tcp.signal("error: connection closing")
            return tcp.rule("3.10.4/closing", "connection closing")
        if tcp.rules.early_close == EarlyClose.SILENT:
            delete(tcb)
            return tcp.rule(
                "gVisor/SYN-RECEIVED/close", "delete TCB in silence, enter CLOSED", State.CLOSED
            )
        tcb.closing = True
        if tcb.written != 0 or tcp.rules.close_waits:
            return tcp.rule("3.10.4/SYN-RECEIVED/queue", "queue the CLOSE until ESTABLISHED")
        if tcp.rules.early_close == EarlyClose.INSTEAD:
            # FIN at our SYN's number: as if our SYN had had the one before.
            tcb.iss = tcp.seq.minus(tcb.iss, 1)
            tcb.snd.nxt = tcb.snd.una
        send_fin(tcb, tcp, tcb.snd.nxt)
        tcb.snd.nxt = tcp.seq.plus(tcb.snd.nxt, 1)
        tcb.state = State.FIN_WAIT_1
        forget_time_wait(tcb)
        return tcp.rule("3.10.4/SYN-RECEIVED/fin", "send FIN, enter FIN-WAIT-1", State.FIN_WAIT_1)
    if tcb.state == State.ESTABLISHED:
        tcb.closing = True
        segmentize(tcb, tcp)
        tcb.state = State.FIN_WAIT_1
        return tcp.rule("3.10.4/ESTABLISHED/fin", "send FIN, enter FIN-WAIT-1", State.FIN_WAIT_1)
    # FIN-WAIT-1, FIN-WAIT-2: "connection closing", below
    if tcb.state == State.CLOSE_WAIT and not tcb.closing:
        tcb.closing = True
        segmentize(tcb, tcp)
        if tcb.state == State.CLOSE_WAIT:
            tcp.rule("3.10.4/CLOSE-WAIT/queue", "queue the CLOSE until all text is sent")
        return None
    tcp.signal("error: connection closing")
    return tcp.rule("3.10.4/closing", "connection closing")


def abort(tcb: Tcb, tcp: Tcp) -> None:
    """3.10.5, ABORT.

    ??? Section 3.5.2 asks the side that issues a reset to enter TIME-WAIT, section 3.10.5
    deletes the TCB: ``rules.abort_time_wait`` chooses. Where 3.5.2 is followed, a connection
    that is already closing leaves by way of TIME-WAIT too; else ABORT would be the way
    round it.
    """
    if tcb.state == State.CLOSED:
        tcp.signal("error: connection does not exist")
        return tcp.rule("3.10.5/CLOSED/none", "connection does not exist")
    if tcb.state == State.LISTEN:
        delete(tcb)
        return tcp.rule("3.10.5/LISTEN/delete", "delete TCB, enter CLOSED", State.CLOSED)
    if tcb.state == State.SYN_SENT:
        _fail_sends(tcb, tcp, "error: connection reset")
        delete(tcb)
        return tcp.rule("3.10.5/SYN-SENT/delete", "delete TCB, enter CLOSED", State.CLOSED)
    if tcb.state in (
        State.SYN_RECEIVED,
        State.ESTABLISHED,
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSE_WAIT,
    ):
        _fail_sends(tcb, tcp, "error: connection reset")
        tcp.send(Segment(seq=tcb.snd.nxt, ctl=Control(rst=True)))
        if tcp.rules.abort_time_wait:
            forget_time_wait(tcb)
            enter_time_wait(tcb, tcp)
            return tcp.rule("3.5.2/reset", "send RST, enter TIME-WAIT", State.TIME_WAIT)
        delete(tcb)
        return tcp.rule("3.10.5/reset", "send RST, delete TCB, enter CLOSED", State.CLOSED)
    if tcp.rules.abort_time_wait:
        if tcb.state == State.TIME_WAIT:
            return tcp.rule("3.5.2/TIME-WAIT/remain", "ok, remain")
        enter_time_wait(tcb, tcp)
        return tcp.rule("3.5.2/CLOSING, LAST-ACK/wait", "ok, enter TIME-WAIT", State.TIME_WAIT)
    delete(tcb)
    return tcp.rule(
        "3.10.5/CLOSING, LAST-ACK, TIME-WAIT/delete", "ok, delete TCB, enter CLOSED", State.CLOSED
    )


def _fail_sends(tcb: Tcb, tcp: Tcp, error: str) -> None:
    """Return an error to SENDs. They wait until all their text is acknowledged (section 3.10.7.4,
    fifth); RECEIVEs that wait are not recorded."""
    if tcb.unacknowledged_text(tcp.seq):
        tcp.signal(error)


def status(tcb: Tcb) -> str:
    """3.10.6, STATUS: the state, as text; it changes nothing and is no step of the system."""
    if tcb.state == State.CLOSED:
        return "error: connection does not exist"
    return f"state = {tcb.state.value}"
