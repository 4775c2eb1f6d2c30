"""smoltcp: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack smoltcp``, against smoltcp 0.12.0
in PyPI's mitmproxy-rs 0.11.5. It is opened passively only, and nothing tells its state.
"""

from checker.stacks.generate.machine import Edge
from checker.stacks.profile import (
    Departure,
    Outcome,
    Profile,
    Switched,
    ack,
    at,
    nothing,
    packs,
    text_and_fin,
)
from spec.rules import FinAgain, Silent
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

_SYNCHRONIZED = "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT"


def _closing_again(edge: Edge, _: bool) -> bool:
    return edge.what == Input.RETRANSMISSION_TIMEOUT and edge.before.state == State.CLOSING


def _reset_at_0(_: Edge) -> tuple[Segment, ...]:
    return (Segment(seq=0, ctl=Control(rst=True)),)


SMOLTCP = Profile(
    name="smoltcp",
    seen="0.12.0, by the plans of `stack smoltcp`",
    departures=(
        Departure(
            1,
            "what was lost is never sent again while both close",
            "3.10.8",
            (Outcome(_closing_again, nothing),),
            where="CLOSING; retransmission timeout",
            upstream="mended after 0.12.0",
            switch=Switched("fin_again", FinAgain.CLOSING),
        ),
        Departure(
            2,
            "a SYN is ignored in silence: a half-open connection is not found",
            "3.10.7.4 first, fourth",
            (
                Outcome(
                    at(
                        _SYNCHRONIZED,
                        "rcv SYN again",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                        "rcv SYN beyond the window",
                    ),
                    nothing,
                ),
                Outcome(at("SYN-RECEIVED", "rcv SYN again", "rcv SYN beyond the window"), nothing),
            ),
            where="any synchronized state; SYN",
            upstream="changed",
            switch=Switched("syn_silent", Silent.ALL),
        ),
        Departure(
            3,
            "a reset outside the window is answered with an ACK",
            "3.10.7.4 first",
            (
                Outcome(
                    at(f"SYN-RECEIVED {_SYNCHRONIZED}", "rcv old RST", "rcv RST beyond the window"),
                    ack(),
                ),
            ),
            where="any synchronized state; a reset outside the window",
            upstream="changed",
            switch=Switched("reset_unanswered", False),
        ),
        Departure(
            4,
            "a reset in the window that is not exact is not answered",
            "3.10.7.4 first",
            (
                Outcome(
                    at(f"SYN-RECEIVED {_SYNCHRONIZED}", "rcv RST beyond RCV.NXT"),
                    nothing,
                    elsewhere=True,
                ),
            ),
            where="SYN-RECEIVED and later; a reset in the window, not at RCV.NXT",
        ),
        Departure(
            5,
            "an ACK of long ago is not answered",
            "3.10.7.4 fifth (RFC 5961 5.2)",
            (Outcome(at(_SYNCHRONIZED, "rcv ACK of long ago"), nothing),),
            where="any synchronized state; SEG.ACK far below SND.UNA",
            switch=Switched("bad_ack_answered", False),
        ),
        Departure(
            6,
            "TIME-WAIT does not answer a second FIN",
            "3.10.7.4 eighth",
            (
                Outcome(at("TIME-WAIT", "rcv FIN,ACK"), nothing),
                Outcome(at("TIME-WAIT", "rcv text,FIN,ACK"), nothing, elsewhere=True),
            ),
            where="TIME-WAIT; a FIN at RCV.NXT",
        ),
        Departure(
            7,
            "LISTEN answers a FIN without ACK with a reset",
            "3.10.7.2",
            (Outcome(at("LISTEN", "rcv FIN"), _reset_at_0),),
            where="LISTEN; a FIN without ACK",
        ),
        Departure(
            8,
            "a FIN beyond a gap is not answered",
            "3.10.7.4 eighth, SHLD-31",
            (
                Outcome(
                    at("ESTABLISHED FIN-WAIT-1 FIN-WAIT-2", "rcv FIN,ACK beyond a gap"), nothing
                ),
            ),
            where="ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2; FIN,ACK beyond a gap",
            switch=Switched("gap_answered", False),
        ),
        Departure(
            9,
            "a retransmission packs text and FIN together",
            "3.8.1: allowed",
            (Outcome(packs, text_and_fin),),
            where="FIN-WAIT-1, LAST-ACK; retransmission timeout",
        ),
        Departure(
            10,
            "text after the peer's FIN is taken",
            "3.10.7.4 seventh",
            (
                Outcome(
                    at("CLOSE-WAIT CLOSING LAST-ACK", "rcv text,ACK", "rcv text,ACK of text"),
                    ack(1),
                    elsewhere=True,
                ),
                Outcome(at("CLOSING", "rcv text,ACK of *"), ack(1), elsewhere=True),
            ),
            where="CLOSE-WAIT, CLOSING, LAST-ACK; text at RCV.NXT",
        ),
        Departure(
            11,
            "a SYN,ACK again is not answered while closing",
            "3.10.7.4 first",
            (Outcome(at("FIN-WAIT-2 CLOSING LAST-ACK", "rcv SYN,ACK again"), nothing),),
            where="FIN-WAIT-2, CLOSING, LAST-ACK; the peer's SYN,ACK again",
        ),
    ),
    rules={
        "fin_again": FinAgain.CLOSING,
        "syn_silent": Silent.ALL,
        "reset_unanswered": False,
        "bad_ack_answered": False,
        "gap_answered": False,
    },
)
