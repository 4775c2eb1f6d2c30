"""lwIP: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack lwip``, against Debian's
liblwip-dev 2.1.3 in virtual time.
"""

from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import (
    Departure,
    Outcome,
    Profile,
    Switched,
    abort_with_ack,
    aborts,
    ack,
    at,
    nothing,
    reset_with_ack,
    syn_ack,
)
from spec.rules import Restart, UnsentText
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State


def _reset_and_syn(edge: Edge) -> tuple[Segment, ...]:
    return (*reset_with_ack(edge), Segment(seq=edge.before.iss, ctl=Control(syn=True)))


def _aborts_silently(edge: Edge, _: bool) -> bool:
    states = (State.SYN_SENT, State.CLOSING, State.LAST_ACK)
    return edge.what == Input.ABORT and edge.before.state in states


def _abort_sends(edge: Edge) -> tuple[Segment, ...]:
    if edge.before.state != State.SYN_SENT:
        return abort_with_ack(edge)
    return (Segment(seq=edge.before.snd.nxt, ctl=Control(ack=True, rst=True)),)


def _answers_with_reset(edge: Edge, _: bool) -> bool:
    return edge.segment is not None and any(seg.ctl.rst and not seg.ctl.ack for seg in edge.sent)


def _answers_and_goes_on(edge: Edge) -> tuple[Segment, ...]:
    """The ACK of what is outside the window; queued text, on which the ACK of an ACK rides."""
    assert edge.segment is not None
    text = tuple(seg for seg in edge.sent if seg.text)
    return text if text and not edge.segment.length() else (*ack()(edge), *text)


def _unread(edge: Edge, gone: bool) -> bool:
    """Is it text at RCV.NXT that nobody is there to read any more?"""
    seg, before = edge.segment, edge.before
    closed = gone and before.state in (State.FIN_WAIT_1, State.FIN_WAIT_2)
    return closed and seg is not None and seg.text > 0 and seg.seq == before.rcv.nxt


def _unread_sends(edge: Edge) -> tuple[Segment, ...]:
    seg, before = edge.segment, edge.before
    assert seg is not None
    if edge.after.state == State.TIME_WAIT:
        return ()
    end = SEQ.plus(seg.seq, seg.length())
    return (Segment(seq=before.snd.nxt, ack=end, ctl=Control(ack=True, rst=True)),)


def _closes_early(edge: Edge, _: bool) -> bool:
    before = edge.before
    early = edge.what == Input.CLOSE and before.state == State.SYN_RECEIVED
    return early and before.written > 0


_SYNCHRONIZED = "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT"

LWIP = Profile(
    name="lwip",
    seen="2.1.3, by the plans of `stack lwip`",
    later="its master was read, commit 3d896ba0 of 2026-06-16",
    departures=(
        Departure(
            13,
            "text after tcp_close() is answered with a reset (RFC 1122 4.2.2.13)",
            "3.6.1, SHLD-3: allowed",
            (Outcome(_unread, _unread_sends, State.CLOSED),),
            where="FIN-WAIT-1, FIN-WAIT-2 after tcp_close(); text at RCV.NXT. In silence where a "
            "FIN with it ends the connection",
        ),
        Departure(
            1,
            "text or FIN without ACK is taken",
            "3.10.7.4 fifth",
            (
                Outcome(
                    at("ESTABLISHED FIN-WAIT-1 FIN-WAIT-2", "rcv text without ACK"),
                    ack(1),
                    elsewhere=True,
                ),
                Outcome(at("ESTABLISHED", "rcv FIN without ACK"), ack(1), State.CLOSE_WAIT),
                Outcome(at("FIN-WAIT-1", "rcv FIN without ACK"), ack(1), State.CLOSING),
                Outcome(at("FIN-WAIT-2", "rcv FIN without ACK"), ack(1), State.TIME_WAIT),
            ),
            where="ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2; text or FIN without ACK",
            switch=Switched("ack_needed", False),
        ),
        Departure(
            2,
            "SYN-SENT answers an ACK with a reset and its SYN, and counts that as a retransmission",
            "3.10.7.3",
            (
                Outcome(
                    at(
                        "SYN-SENT",
                        "rcv ACK of *",
                        "rcv FIN,ACK of *",
                        "rcv SYN,ACK of nothing new",
                        "rcv SYN,ACK of what was not sent",
                    ),
                    _reset_and_syn,
                    elsewhere=True,
                ),
            ),
            where="SYN-SENT; any ACK without SYN and RST: six or seven of them abort connect()",
            switch=Switched("syn_sent_resends", True),
        ),
        Departure(
            3,
            "SYN-RECEIVED takes an ACK of its SYN wherever SEG.SEQ is",
            "3.10.7.4 first",
            (
                Outcome(at("SYN-RECEIVED", "rcv SYN,ACK in the window"), ack(1), State.ESTABLISHED),
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv SYN,ACK again",
                        "rcv old ACK",
                        "rcv old text,ACK",
                        "rcv ACK beyond the window",
                        "rcv text,ACK beyond the window",
                        "rcv FIN,ACK beyond the window",
                    ),
                    _answers_and_goes_on,
                    State.ESTABLISHED,
                ),
            ),
            where="SYN-RECEIVED; a good ACK, SEG.SEQ far outside the window",
            upstream="the same, but that a SYN,ACK is not taken any more (commit adbc5b5f, 2.2.0)",
            switch=Switched("syn_received_seq_check", False),
        ),
        Departure(
            4,
            "no simultaneous open: SYN-SENT ignores a SYN",
            "3.10.7.3, 3.5, MUST-10",
            (Outcome(at("SYN-SENT", "rcv SYN"), nothing, State.SYN_SENT),),
            where="SYN-SENT; SYN",
            upstream="the same: a known limitation",
            switch=Switched("simultaneous_open", False),
        ),
        Departure(
            5,
            "TIME-WAIT answers a SYN in the window with a reset (RFC 793)",
            "3.10.7.4 fourth",
            (
                Outcome(
                    at("TIME-WAIT", "rcv SYN in the window", "rcv SYN,ACK in the window"),
                    reset_with_ack,
                ),
            ),
            where="TIME-WAIT; SYN in the window",
            switch=Switched("time_wait_challenge", False),
        ),
        Departure(
            6,
            "TIME-WAIT ignores resets (RFC 1337)",
            "3.10.7.4 second",
            (
                Outcome(at("TIME-WAIT", "rcv RST", "rcv RST,ACK"), nothing, State.TIME_WAIT),
                Outcome(at("TIME-WAIT", "rcv RST beyond RCV.NXT"), nothing),
            ),
            where="TIME-WAIT; a reset in the window",
            switch=Switched("time_wait_ignores_reset", True),
        ),
        Departure(
            7,
            "TIME-WAIT answers what has text or FIN with an ACK, and nothing else",
            "3.10.7.4 first, fifth, seventh",
            (
                Outcome(
                    at("TIME-WAIT", "rcv text,ACK", "rcv text without ACK", "rcv FIN without ACK"),
                    ack(),
                ),
                Outcome(
                    at(
                        "TIME-WAIT",
                        "rcv ACK of what was not sent",
                        "rcv ACK of long ago",
                        "rcv old ACK",
                        "rcv ACK beyond the window",
                    ),
                    nothing,
                ),
            ),
            where="TIME-WAIT; ACK, text, FIN",
        ),
        Departure(
            8,
            "an ACK of long ago is not answered",
            "3.10.7.4 fifth (RFC 5961 5.2)",
            (Outcome(at(_SYNCHRONIZED, "rcv ACK of long ago"), nothing),),
            where="any synchronized state; SEG.ACK far below SND.UNA",
            switch=Switched("ack_floor", False),
        ),
        Departure(
            9,
            "SYN-RECEIVED answers a SYN again with its SYN,ACK, and no other SYN",
            "3.10.7.4 first, fourth",
            (
                Outcome(at("SYN-RECEIVED", "rcv SYN again"), syn_ack),
                Outcome(at("SYN-RECEIVED", "rcv SYN beyond the window"), nothing),
                Outcome(at("SYN-RECEIVED", "rcv SYN in the window"), nothing, State.SYN_RECEIVED),
            ),
            where="SYN-RECEIVED; SYN",
        ),
        Departure(
            10,
            "the reset that answers an ACK carries an ACK",
            "3.10.7; allowed by 3.1",
            (Outcome(_answers_with_reset, reset_with_ack),),
            where="CLOSED, LISTEN, SYN-RECEIVED; an ACK that is answered with a reset",
        ),
        Departure(
            11,
            "the reset of an ABORT carries an ACK",
            "3.10.5; allowed by 3.1",
            (Outcome(aborts, abort_with_ack),),
            where="any state; ABORT",
        ),
        Departure(
            12,
            "an ABORT sends a reset where the RFC sends none",
            "3.10.5",
            (Outcome(_aborts_silently, _abort_sends),),
            where="SYN-SENT, CLOSING, LAST-ACK; ABORT",
        ),
        Departure(
            14,
            "a CLOSE in SYN-RECEIVED enters FIN-WAIT-1 at once, though text is queued",
            "3.10.4",
            (Outcome(_closes_early, after=State.FIN_WAIT_1),),
            where="SYN-RECEIVED; CLOSE after SEND",
        ),
    ),
    rules={
        "ack_needed": False,
        "syn_sent_resends": True,
        "syn_received_seq_check": False,
        "simultaneous_open": False,
        "time_wait_challenge": False,
        "time_wait_ignores_reset": True,
        "time_wait_restart": Restart.FIN,
        "ack_floor": False,  # an ACK of long ago is taken for an old one
        "unsent_text": UnsentText.ANSWERED,  # seen in captures; no plan has such a segment
    },
)
