"""gVisor's netstack: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack gvisor``, against Debian's
golang-gvisor-gvisor-dev of 2022-12-19, with a manual clock.
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
    reset_with_ack,
    stays,
)
from spec.rules import EarlyClose, FinAgain, UnsentText
from spec.tcp.inputs import Input
from spec.tcp.tcb import State

_LASTING = "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK"


def _fin_again(edge: Edge, _: bool) -> bool:
    again = edge.what == Input.RETRANSMISSION_TIMEOUT
    closing = edge.before.state in (State.CLOSING, State.LAST_ACK)
    return again and closing and any(seg.ctl.fin for seg in edge.sent)


GVISOR = Profile(
    name="gvisor",
    seen="2022-12-19, by the plans of `stack gvisor`",
    later="its master was read, commit 3c5eee17 of 2026-08-21",
    departures=(
        Departure(
            1,
            "a retransmission of the FIN begins closing anew: the state is FIN-WAIT-1 again",
            "3.10.8",
            (Outcome(_fin_again, after=State.FIN_WAIT_1),),
            where="LAST-ACK, CLOSING; retransmission timeout",
            upstream="gone: FIN and state change together",
            switch=Switched("fin_again", FinAgain.ANEW),
        ),
        Departure(
            2,
            "ABORT after a simultaneous open: a nil pointer, panic",
            "3.10.5",
            (Outcome(at("SYN-RECEIVED", "ABORT", opened="active"), dies=True),),
            where="SYN-RECEIVED after an active OPEN; ABORT",
            upstream="mended: an endpoint without a sender is aborted, too",
        ),
        Departure(
            3,
            "a reset in the window closes the connection",
            "3.10.7.4 first",
            (
                Outcome(at(_LASTING, "rcv RST beyond RCV.NXT"), nothing, State.CLOSED),
                Outcome(
                    at("SYN-RECEIVED", "rcv RST beyond RCV.NXT", opened="passive"),
                    nothing,
                    State.LISTEN,
                ),
                Outcome(
                    at("SYN-RECEIVED", "rcv RST beyond RCV.NXT", opened="active"),
                    nothing,
                    State.CLOSED,
                ),
            ),
            where="any state but TIME-WAIT; a reset in the window, not at RCV.NXT",
            upstream="challenged (pull request 13165, May 2026), but in SYN-RECEIVED",
            switch=Switched("reset_exact", False),
        ),
        Departure(
            4,
            "CLOSE in SYN-RECEIVED ends the connection in silence",
            "3.10.4",
            (Outcome(at("SYN-RECEIVED", "CLOSE", opened="active"), nothing, State.CLOSED),),
            where="SYN-RECEIVED after an active OPEN; CLOSE",
            switch=Switched("early_close", EarlyClose.SILENT),
        ),
        Departure(
            5,
            "an ACK of long ago is not answered",
            "3.10.7.4 fifth (RFC 5961 5.2)",
            (Outcome(at(_LASTING, "rcv ACK of long ago"), nothing),),
            where="any synchronized state; SEG.ACK far below SND.UNA",
            switch=Switched("ack_floor", False),
        ),
        Departure(
            6,
            "the reset of an ABORT carries an ACK",
            "3.10.5; allowed by 3.1",
            (Outcome(aborts, abort_with_ack),),
            where="any state; ABORT",
        ),
        Departure(
            7,
            "ABORT in CLOSING and LAST-ACK ends nothing",
            "3.10.5",
            (
                Outcome(at("CLOSING", "ABORT"), after=State.CLOSING),
                Outcome(at("LAST-ACK", "ABORT"), after=State.LAST_ACK),
            ),
            where="CLOSING, LAST-ACK; ABORT",
        ),
        Departure(
            8,
            "a second FIN after the first is taken",
            "3.10.7.4 eighth",
            (
                Outcome(
                    at("CLOSE-WAIT CLOSING LAST-ACK", "rcv FIN,ACK", "rcv FIN,ACK of text"),
                    ack(1),
                    elsewhere=True,
                ),
                Outcome(
                    at("CLOSING", "rcv FIN,ACK of FIN", "rcv FIN,ACK of text and FIN"),
                    ack(1),
                    State.CLOSING,
                ),
                Outcome(
                    at("LAST-ACK", "rcv FIN,ACK of FIN", "rcv FIN,ACK of text and FIN"),
                    ack(1),
                    State.LAST_ACK,
                ),
            ),
            where="CLOSE-WAIT, CLOSING, LAST-ACK; a FIN at RCV.NXT",
        ),
        Departure(
            9,
            "text after the peer's FIN resets the connection while it closes",
            "3.10.7.4 seventh",
            (
                Outcome(
                    at(
                        "CLOSING LAST-ACK",
                        "rcv text,ACK",
                        "rcv text,ACK of *",
                        "rcv text,FIN,ACK",
                        "rcv text,FIN,ACK of *",
                    ),
                    abort_with_ack,
                    State.CLOSED,
                ),
            ),
            where="CLOSING, LAST-ACK; text at RCV.NXT",
            switch=Switched("late_text_resets", True),
            rest=(
                *stays("CLOSING LAST-ACK TIME-WAIT", "rcv text without ACK", sent=nothing),
                *stays("TIME-WAIT", "rcv text,FIN,ACK", sent=ack()),
            ),
        ),
        Departure(
            10,
            "text after the peer's FIN is dropped, and its ACK with it",
            "3.10.7.4 fifth, seventh",
            (
                Outcome(
                    at("CLOSE-WAIT", "rcv text,ACK of text", "rcv text,FIN,ACK of text"),
                    elsewhere=True,
                ),
            ),
            where="CLOSE-WAIT; text at RCV.NXT with a good ACK",
        ),
        Departure(
            11,
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
            12,
            "TIME-WAIT ignores SYNs, a second FIN and bad ACKs, and answers text with an ACK",
            "3.10.7.4 first, fourth, fifth, seventh",
            (
                Outcome(
                    at(
                        "TIME-WAIT",
                        "rcv FIN,ACK",
                        "rcv ACK of what was not sent",
                        "rcv ACK of long ago",
                        "rcv SYN again",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                        "rcv SYN beyond the window",
                    ),
                    nothing,
                ),
                Outcome(at("TIME-WAIT", "rcv text,ACK"), ack(), State.TIME_WAIT),
            ),
            where="TIME-WAIT",
        ),
        Departure(
            13,
            "a SYN in the window of SYN-RECEIVED is answered with a reset (RFC 793)",
            "3.10.7.4 fourth",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                        opened="passive",
                    ),
                    reset_with_ack,
                ),
            ),
            where="SYN-RECEIVED after a passive OPEN; SYN in the window",
        ),
        Departure(
            14,
            "simultaneous open: another SYN is answered with a reset, and connecting begins anew",
            "3.10.7.4 first, fourth",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                        opened="active",
                    ),
                    reset_with_ack,
                    elsewhere=True,
                ),
            ),
            where="SYN-RECEIVED after an active OPEN; SYN in the window",
        ),
        Departure(
            15,
            "the user timeout does not run before ESTABLISHED",
            "3.10.8",
            (
                Outcome(at("SYN-SENT", "USER TIMEOUT"), after=State.SYN_SENT),
                Outcome(
                    at("SYN-RECEIVED", "USER TIMEOUT", opened="active"), after=State.SYN_RECEIVED
                ),
            ),
            where="SYN-SENT, SYN-RECEIVED; user timeout",
        ),
        Departure(
            16,
            "ESTABLISHED does not answer an ACK of what was not sent",
            "3.10.7.4 fifth",
            (Outcome(at("ESTABLISHED", "rcv ACK of what was not sent"), nothing),),
            where="ESTABLISHED; ACK of what was not sent: what comes with it is taken",
            evidence="played; that text is taken, a capture shows, and no plan",
            switch=Switched("unsent_text", UnsentText.TAKEN),
        ),
    ),
    rules={
        "fin_again": FinAgain.ANEW,
        "reset_exact": False,
        "early_close": EarlyClose.SILENT,
        "ack_floor": False,  # an ACK of long ago is taken for an old one
        "unsent_text": UnsentText.TAKEN,
        "late_text_resets": True,  # but for TIME-WAIT
        "time_wait_ignores_reset": True,
    },
)
