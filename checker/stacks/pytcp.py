"""PyTCP: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack pytcp``, against PyPI's pmd-pytcp
0.3.8 in virtual time.
"""

from checker.stacks.generate.machine import Edge
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
    stays,
)
from spec.rules import EarlyClose, Restart
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State


def _closes_with_text(state: State) -> Outcome:
    def applies(edge: Edge, _: bool) -> bool:
        before = edge.before
        waiting = before.state == state and before.snd.una != before.snd.nxt
        return waiting and edge.what == Input.CLOSE

    return Outcome(applies, nothing, state)


def _timeout_sends(edge: Edge) -> tuple[Segment, ...]:
    before = edge.before
    return (Segment(seq=before.snd.una, ack=before.rcv.nxt, ctl=Control(ack=True, rst=True)),)


_CLOSING = "FIN-WAIT-1 CLOSING LAST-ACK"


def _fin(edge: Edge) -> tuple[Segment, ...]:
    before = edge.before
    return (Segment(seq=before.snd.nxt, ack=before.rcv.nxt, ctl=Control(ack=True, fin=True)),)


PYTCP = Profile(
    name="pytcp",
    seen="0.3.8, by the plans of `stack pytcp`",
    departures=(
        Departure(
            1,
            "SYN-SENT ignores a reset whose SEG.SEQ is not 0",
            "3.10.7.3 second",
            stays("SYN-SENT", "rcv RST,ACK of SYN"),
            where="SYN-SENT; RST,ACK with SEG.SEQ not 0",
            switch=Switched("syn_sent_any_reset", False),
        ),
        Departure(
            2,
            "SYN-RECEIVED ignores FIN,ACK, each time",
            "3.10.7.4 fifth, eighth",
            stays("SYN-RECEIVED", "rcv FIN,ACK of SYN", "rcv text,FIN,ACK of SYN", sent=nothing),
            where="SYN-RECEIVED; FIN,ACK",
            switch=Switched("syn_received_fin", False),
        ),
        Departure(
            3,
            "SYN-RECEIVED ignores a bad ACK in silence",
            "3.10.7.4 fifth",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv ACK of nothing new",
                        "rcv text,ACK of nothing new",
                        "rcv FIN,ACK of nothing new",
                        "rcv text,FIN,ACK of nothing new",
                        "rcv ACK of what was not sent",
                        "rcv ACK of long ago",
                    ),
                    nothing,
                ),
            ),
            where="SYN-RECEIVED; an ACK of what was not sent, or of nothing new",
            switch=Switched("bad_ack_reset", False),
        ),
        Departure(
            4,
            "SYN-RECEIVED does not answer an ACK outside the window",
            "3.10.7.4 first",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv old ACK",
                        "rcv old text,ACK",
                        "rcv ACK beyond the window",
                        "rcv text,ACK beyond the window",
                        "rcv FIN,ACK beyond the window",
                    ),
                    nothing,
                ),
            ),
            where="SYN-RECEIVED; an ACK with SEG.SEQ outside the window",
        ),
        Departure(
            5,
            "SYN-RECEIVED answers a SYN in the window with an ACK, and stays",
            "3.10.7.4 fourth; allowed by RFC 5961 4",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                        opened="passive",
                    ),
                    ack(),
                    State.SYN_RECEIVED,
                ),
            ),
            where="SYN-RECEIVED after a passive OPEN; SYN in the window",
            switch=Switched("syn_received_challenge", True),
        ),
        Departure(
            6,
            "after CLOSE in SYN-RECEIVED its SYN is never sent again, and a FIN at SEQ = ISS is",
            "3.10.4, 3.10.8",
            (Outcome(at("SYN-RECEIVED", "CLOSE", opened="active"), _fin, elsewhere=True),),
            where="SYN-RECEIVED; CLOSE: an ACK of the SYN then leads to FIN-WAIT-2",
            evidence="played with `--plain`, which goes on after it",
            switch=Switched("early_close", EarlyClose.INSTEAD, coarse=True),
        ),
        Departure(
            7,
            "what is beyond a gap is not answered: a FIN, and text after CLOSE",
            "3.10.7.4 seventh, eighth, SHLD-31",
            (
                Outcome(
                    at("ESTABLISHED FIN-WAIT-1 FIN-WAIT-2", "rcv FIN,ACK beyond a gap"), nothing
                ),
                Outcome(at("FIN-WAIT-1 FIN-WAIT-2", "rcv text,ACK beyond a gap"), nothing),
            ),
            where="ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2; FIN,ACK or text beyond a gap",
            switch=Switched("gap_answered", False),
            rest=(Outcome(at("ESTABLISHED", "rcv text,ACK beyond a gap"), ack()),),
        ),
        Departure(
            8,
            "TIME-WAIT ignores resets (RFC 1337)",
            "3.10.7.4 second",
            (
                *stays("TIME-WAIT", "rcv RST", "rcv RST,ACK", sent=nothing),
                Outcome(at("TIME-WAIT", "rcv RST beyond RCV.NXT"), nothing),
            ),
            where="TIME-WAIT; a reset in the window",
            switch=Switched("time_wait_ignores_reset", True),
        ),
        Departure(
            9,
            "TIME-WAIT answers nothing that has an ACK, but its FIN again",
            "3.10.7.4 first, fifth, eighth",
            (
                Outcome(
                    at(
                        "TIME-WAIT",
                        "rcv FIN,ACK",
                        "rcv text,FIN,ACK",
                        "rcv ACK of what was not sent",
                        "rcv ACK of long ago",
                        "rcv old ACK",
                        "rcv old text,ACK",
                        "rcv ACK beyond the window",
                        "rcv text,ACK beyond the window",
                        "rcv FIN,ACK beyond the window",
                    ),
                    nothing,
                ),
            ),
            where="TIME-WAIT; a segment that is not acceptable, or has a bad ACK",
        ),
        Departure(
            10,
            "TIME-WAIT accepts a new connection although nobody listens",
            "3.10.7.4 first, MAY-2",
            (
                Outcome(
                    at("TIME-WAIT", "rcv SYN beyond the window"),
                    after=State.SYN_RECEIVED,
                    anything=True,
                ),
            ),
            where="TIME-WAIT after an active OPEN; SYN above the window",
            switch=Switched("time_wait_reopen", True),
        ),
        Departure(
            11,
            "a bad ACK is not answered once either side has closed",
            "3.10.7.4 fifth",
            (
                Outcome(
                    at("FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK", "rcv ACK of long ago"),
                    nothing,
                ),
                Outcome(at("CLOSE-WAIT", "rcv ACK of what was not sent"), nothing),
            ),
            where="FIN-WAIT-1 and later, an ACK of long ago; CLOSE-WAIT, one of what was not sent",
            switch=Switched("bad_ack_answered", False),
            rest=(
                Outcome(
                    at(
                        "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSING LAST-ACK",
                        "rcv ACK of what was not sent",
                    ),
                    ack(),
                ),
                Outcome(at("ESTABLISHED", "rcv ACK of long ago"), ack()),
            ),
        ),
        Departure(
            12,
            "text after the peer's FIN is answered with an ACK, and its own ACK is not taken",
            "3.10.7.4 fifth, seventh",
            (
                Outcome(at("CLOSE-WAIT", "rcv text,ACK"), ack()),
                Outcome(at("CLOSE-WAIT", "rcv text,ACK of text"), ack(), elsewhere=True),
                Outcome(
                    at("CLOSE-WAIT", "rcv FIN,ACK of text", "rcv text,FIN,ACK of text"),
                    elsewhere=True,
                ),
            ),
            where="CLOSE-WAIT; text or FIN at RCV.NXT",
        ),
        Departure(
            13,
            "text after the peer's FIN is taken while both close",
            "3.10.7.4 seventh",
            (Outcome(at("CLOSING", "rcv text,ACK", "rcv text,ACK of *"), elsewhere=True),),
            where="CLOSING; text at RCV.NXT",
        ),
        Departure(
            14,
            "the ACK of its FIN is not taken if a second FIN comes with it",
            "3.10.7.4 fifth",
            (
                *stays("CLOSING", "rcv FIN,ACK of FIN", "rcv text,FIN,ACK of FIN"),
                *stays("LAST-ACK", "rcv FIN,ACK of FIN", "rcv text,FIN,ACK of FIN"),
            ),
            where="CLOSING, LAST-ACK; FIN,ACK that acknowledges the FIN",
        ),
        Departure(
            15,
            "without a connection, a FIN without ACK is not answered",
            "3.10.7.1",
            (Outcome(at("CLOSED", "rcv FIN"), nothing),),
            where="CLOSED; a FIN without ACK",
        ),
        Departure(
            16,
            "the reset of an ABORT carries an ACK",
            "3.10.5; allowed by 3.1",
            (Outcome(aborts, abort_with_ack),),
            where="any state; ABORT",
        ),
        Departure(
            17,
            "the user timeout sends a reset",
            "3.10.8",
            (
                Outcome(
                    at(f"SYN-RECEIVED ESTABLISHED CLOSE-WAIT {_CLOSING}", "USER TIMEOUT"),
                    _timeout_sends,
                ),
            ),
            where="SYN-RECEIVED and later; user timeout",
        ),
        Departure(
            18,
            "CLOSE waits until all text is acknowledged",
            "3.10.4",
            (_closes_with_text(State.ESTABLISHED), _closes_with_text(State.CLOSE_WAIT)),
            where="ESTABLISHED, CLOSE-WAIT; CLOSE with text that is not acknowledged",
            evidence="played with `--plain`; plans go round it",
        ),
    ),
    rules={
        "syn_sent_any_reset": False,
        "syn_received_fin": False,
        "syn_received_challenge": True,
        "bad_ack_reset": False,
        "bad_ack_answered": False,  # once either side has closed
        "early_close": EarlyClose.INSTEAD,
        "gap_answered": False,
        "time_wait_reopen": True,  # whether somebody listens or not
        "time_wait_ignores_reset": True,
        "time_wait_restart": Restart.FIN,
    },
)
