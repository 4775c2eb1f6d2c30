"""smoltcp: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack smoltcp``, against smoltcp 0.12.0
in PyPI's mitmproxy-rs 0.11.5. It is opened passively only, and nothing tells its state. Later
versions were read, not run.
"""

from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import (
    Departure,
    Outcome,
    Profile,
    Switched,
    ack,
    at,
    nothing,
    packs,
    stays,
    text_and_fin,
)
from spec.rules import FinAgain, Silent
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

_SYNCHRONIZED = "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT"


def _closing_again(edge: Edge, _: bool) -> bool:
    return edge.what == Input.RETRANSMISSION_TIMEOUT and edge.before.state == State.CLOSING


def _stops_timer(edge: Edge, _: bool) -> bool:
    after, names = edge.after, ("rcv ACK", "rcv ACK of text")
    waits = after.state in (State.CLOSE_WAIT, State.LAST_ACK) and after.snd.una != after.snd.nxt
    return edge.before.state == after.state and edge.transition.event in names and waits


def _acks_less(edge: Edge, _: bool) -> bool:
    seg, before = edge.segment, edge.before
    if seg is None or edge.transition.event not in ("rcv ACK of long ago", "rcv SYN,ACK again"):
        return False
    synchronized = before.state not in (State.CLOSED, State.LISTEN, State.SYN_SENT)
    return synchronized and before.snd.una != before.iss and SEQ.lt(seg.ack, before.snd.una)


def _reset_at_0(_: Edge) -> tuple[Segment, ...]:
    return (Segment(seq=0, ctl=Control(rst=True)),)


SMOLTCP = Profile(
    name="smoltcp",
    seen="0.12.0, by the plans of `stack smoltcp`",
    later="its main was read, commit 5393f885 of 2026-08-07",
    departures=(
        Departure(
            1,
            "what was lost is never sent again while both close",
            "3.10.8",
            (Outcome(_closing_again, nothing),),
            where="CLOSING; retransmission timeout",
            upstream="mended in 0.13.0 (commit b38faa58)",
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
            upstream="the same, of a SYN without ACK",
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
            upstream="mended after 0.13.1 (commit 566128f8, June 2026)",
            switch=Switched("reset_unanswered", False),
        ),
        Departure(
            4,
            "a reset in the window closes the connection",
            "3.10.7.4 second (RFC 5961 3.2)",
            (
                Outcome(at(_SYNCHRONIZED, "rcv RST beyond RCV.NXT"), nothing, State.CLOSED),
                Outcome(at("SYN-RECEIVED", "rcv RST beyond RCV.NXT"), nothing, State.LISTEN),
            ),
            where="SYN-RECEIVED and later; a reset in the window, not at RCV.NXT",
            evidence="played; an ACK after it is answered with a reset",
            switch=Switched("reset_exact", False),
        ),
        Departure(
            5,
            "what acknowledges less than SND.UNA is not answered",
            "3.10.7.4 first, fifth (RFC 5961 5.2)",
            (Outcome(_acks_less, nothing),),
            where="any synchronized state; SEG.ACK below SND.UNA: an ACK of long ago, the peer's "
            "SYN,ACK again",
            switch=Switched("bad_ack_answered", False),
            rest=(Outcome(at(_SYNCHRONIZED, "rcv ACK of what was not sent"), ack()),),
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
            "without a socket, a FIN without ACK is answered with a reset that leaves it out",
            "3.10.7.1, 3.10.7.2",
            (Outcome(at("LISTEN", "rcv FIN"), _reset_at_0),),
            where="LISTEN; a FIN without ACK (mitmproxy-rs makes a socket when a SYN comes)",
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
            rest=(
                Outcome(
                    at("ESTABLISHED FIN-WAIT-1 FIN-WAIT-2", "rcv text,ACK beyond a gap"), ack()
                ),
            ),
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
            "an ACK that leaves something unacknowledged stops the retransmission timer for good",
            "3.8.1, 3.10.8",
            (Outcome(_stops_timer, elsewhere=True),),
            where="CLOSE-WAIT, LAST-ACK; an ACK below SND.NXT: text and FIN are not sent again",
            evidence="played: nothing is sent again in the seconds of four timeouts; its source",
            upstream="mended in 0.13.0 (commit b38faa58)",
        ),
        Departure(
            12,
            "a second FIN is dropped, and its ACK with it",
            "3.10.7.4 fifth, eighth",
            stays(
                "CLOSE-WAIT CLOSING LAST-ACK",
                "rcv FIN,ACK of *",
                "rcv text,FIN,ACK of *",
                sent=nothing,
            ),
            where="CLOSE-WAIT, CLOSING, LAST-ACK; a FIN at RCV.NXT that acknowledges more",
            evidence="played: SND.UNA is where it was; its source",
        ),
    ),
    rules={
        "fin_again": FinAgain.CLOSING,
        "syn_silent": Silent.ALL,
        "reset_unanswered": False,
        "reset_exact": False,
        "bad_ack_answered": False,
        "gap_answered": False,
    },
)
