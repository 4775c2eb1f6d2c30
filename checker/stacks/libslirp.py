"""libslirp: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack libslirp``, against Debian's
libslirp-dev 4.7.0 with a virtual clock; its user is a socket of the host.
"""

from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import (
    Departure,
    Outcome,
    Profile,
    Switched,
    abort_with_ack,
    ack,
    at,
    nothing,
    packs,
    reset,
    stays,
    syn_ack,
    text_and_fin,
)
from spec.rules import ResetBelow, Silent
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

_OPEN = "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT"
_SYNCHRONIZED = f"{_OPEN} CLOSING LAST-ACK TIME-WAIT"
_OVER = "CLOSING LAST-ACK TIME-WAIT"


def _reset_at_fin(edge: Edge) -> tuple[Segment, ...]:
    assert edge.segment is not None
    return (Segment(seq=0, ack=edge.segment.seq, ctl=Control(ack=True, rst=True)),)


def _two_resets(edge: Edge) -> tuple[Segment, ...]:
    return (*abort_with_ack(edge), *reset(edge))


def _acks(edge: Edge) -> bool:
    """Is what the specification sends an ACK and nothing else?"""
    if len(edge.sent) != 1 or edge.sent[0].text:
        return False
    ctl = edge.sent[0].ctl
    return ctl.ack and not (ctl.syn or ctl.fin or ctl.rst)


def _fin_is_out(edge: Edge, _: bool) -> bool:
    waits = (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
    return edge.before.state in waits and edge.after.state in waits and _acks(edge)


def _fin_again(edge: Edge) -> tuple[Segment, ...]:
    seq = SEQ.minus(edge.after.snd.nxt, 1)
    return (Segment(seq=seq, ack=edge.after.rcv.nxt, ctl=Control(ack=True, fin=True)),)


LIBSLIRP = Profile(
    name="libslirp",
    seen="4.7.0, by the plans of `stack libslirp`",
    later="4.9.3 and its master were read, commit 0dc4c988 of 2026-08-15",
    departures=(
        Departure(
            1,
            "a reset is taken in the window and below RCV.NXT, however far",
            "3.10.7.4 first",
            (
                Outcome(
                    at(_SYNCHRONIZED, "rcv old RST", "rcv RST beyond RCV.NXT"),
                    nothing,
                    State.CLOSED,
                ),
                Outcome(
                    at("SYN-RECEIVED", "rcv old RST", "rcv RST beyond RCV.NXT", opened="passive"),
                    nothing,
                    State.LISTEN,
                ),
                Outcome(
                    at("SYN-RECEIVED", "rcv old RST", "rcv RST beyond RCV.NXT", opened="active"),
                    nothing,
                    State.CLOSED,
                ),
            ),
            where="SYN-RECEIVED and later; a reset that is not exact: half of all are below",
            switch=Switched("reset_below", ResetBelow.ALL),
        ),
        Departure(
            2,
            "a SYN below RCV.NXT is ignored in silence",
            "3.10.7.4 first",
            (Outcome(at(f"SYN-RECEIVED {_SYNCHRONIZED}", "rcv SYN again"), nothing),),
            where="SYN-RECEIVED and later; SYN below RCV.NXT: a guest that starts again hangs",
            switch=Switched("syn_silent", Silent.BELOW),
        ),
        Departure(
            3,
            "SYN-RECEIVED takes SEG.ACK = ISS for an ACK of its SYN (RFC 793)",
            "3.10.7.4 fifth",
            (
                Outcome(at("SYN-RECEIVED", "rcv ACK of nothing new"), nothing, State.ESTABLISHED),
                Outcome(
                    at("SYN-RECEIVED", "rcv text,ACK of nothing new"), ack(1), State.ESTABLISHED
                ),
                Outcome(at("SYN-RECEIVED", "rcv FIN,ACK of nothing new"), ack(1), State.CLOSE_WAIT),
                Outcome(
                    at("SYN-RECEIVED", "rcv text,FIN,ACK of nothing new"), ack(2), State.CLOSE_WAIT
                ),
            ),
            where="SYN-RECEIVED; SEG.ACK = ISS (erratum 3301)",
            switch=Switched("ack_of_nothing", True, coarse=True),
        ),
        Departure(
            4,
            "TIME-WAIT, CLOSING and LAST-ACK answer text with a reset, and are over",
            "3.10.7.4 first, seventh",
            (
                Outcome(
                    at(
                        _OVER,
                        "rcv text,ACK",
                        "rcv text,ACK of *",
                        "rcv text,FIN,ACK",
                        "rcv text,FIN,ACK of *",
                        "rcv text,ACK beyond the window",
                        "rcv text without ACK",
                    ),
                    reset,
                    State.CLOSED,
                ),
            ),
            where="TIME-WAIT, CLOSING, LAST-ACK; text",
            switch=Switched("late_text_resets", True),
        ),
        Departure(
            5,
            "a SYN in the window resets the connection, with two resets (RFC 793)",
            "3.10.7.4 fourth",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                        opened="passive",
                    ),
                    _two_resets,
                ),
                Outcome(
                    at(
                        f"SYN-RECEIVED {_SYNCHRONIZED}",
                        "rcv SYN in the window",
                        "rcv SYN,ACK in the window",
                    ),
                    _two_resets,
                    State.CLOSED,
                ),
            ),
            where="SYN-RECEIVED and later; SYN in the window",
            switch=Switched("syn_challenge", False),
        ),
        Departure(
            6,
            "SYN-RECEIVED takes a good ACK below the window",
            "3.10.7.4 first",
            (
                Outcome(
                    at("SYN-RECEIVED", "rcv SYN,ACK again", "rcv old ACK", "rcv old text,ACK"),
                    after=State.ESTABLISHED,
                ),
            ),
            where="SYN-RECEIVED; a segment below the window that acknowledges its SYN",
        ),
        Departure(
            7,
            "what SYN-RECEIVED sends as an ACK is its SYN,ACK again",
            "3.10.7.4 first",
            (
                Outcome(
                    at(
                        "SYN-RECEIVED",
                        "rcv ACK beyond the window",
                        "rcv text,ACK beyond the window",
                        "rcv FIN,ACK beyond the window",
                        "rcv SYN beyond the window",
                    ),
                    syn_ack,
                ),
            ),
            where="SYN-RECEIVED; a segment beyond the window",
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
            "what is sent as an ACK while its FIN is not acknowledged is the FIN again",
            "3.10.7.4; allowed by 3.8.1",
            (Outcome(_fin_is_out, _fin_again),),
            where="FIN-WAIT-1, CLOSING, LAST-ACK; anything that is answered with an ACK",
        ),
        Departure(
            10,
            "without a connection, a reset is answered with a reset",
            "3.10.7.1, 3.10.7.2",
            (Outcome(at("CLOSED LISTEN", "rcv RST", "rcv RST,ACK"), reset),),
            where="CLOSED, LISTEN; a reset",
            switch=Switched("reset_discarded", False),
        ),
        Departure(
            11,
            "without a connection, a FIN without ACK is answered with a reset that leaves it out",
            "3.10.7.1, 3.10.7.2",
            (Outcome(at("CLOSED LISTEN", "rcv FIN"), _reset_at_fin),),
            where="CLOSED, LISTEN; a FIN without ACK",
        ),
        Departure(
            12,
            "SYN-SENT answers a reset with a bad ACK with a reset",
            "3.10.7.3 first",
            (
                Outcome(
                    at(
                        "SYN-SENT",
                        "rcv RST,ACK of nothing new",
                        "rcv RST,ACK of what was not sent",
                    ),
                    reset,
                ),
            ),
            where="SYN-SENT; RST,ACK that does not acknowledge the SYN",
        ),
        Departure(
            13,
            "text and a second FIN after the peer's FIN are taken",
            "3.10.7.4 seventh, eighth",
            (
                Outcome(
                    at(
                        "CLOSE-WAIT",
                        "rcv FIN,ACK",
                        "rcv FIN,ACK of text",
                        "rcv text,ACK",
                        "rcv text,ACK of text",
                    ),
                    ack(1),
                    elsewhere=True,
                ),
                Outcome(
                    at("CLOSE-WAIT", "rcv text,FIN,ACK", "rcv text,FIN,ACK of text"),
                    ack(2),
                    elsewhere=True,
                ),
            ),
            where="CLOSE-WAIT; text or FIN at RCV.NXT",
        ),
        Departure(
            19,
            "after a second FIN, its own FIN is never sent again",
            "3.10.7.4 eighth, 3.10.8",
            (
                Outcome(
                    at("CLOSING LAST-ACK", "rcv FIN,ACK", "rcv FIN,ACK of text"), elsewhere=True
                ),
            ),
            where="CLOSING, LAST-ACK; a second FIN at RCV.NXT: the connection hangs",
        ),
        Departure(
            14,
            "TIME-WAIT does not answer a second FIN",
            "3.10.7.4 eighth",
            (Outcome(at("TIME-WAIT", "rcv FIN,ACK"), nothing),),
            where="TIME-WAIT; a FIN at RCV.NXT",
        ),
        Departure(
            15,
            "TIME-WAIT is over with a SYN above the window, whether anybody listens or not",
            "3.10.7.4 first, MAY-2",
            (Outcome(at("TIME-WAIT", "rcv SYN beyond the window"), reset, State.CLOSED),),
            where="TIME-WAIT; SYN above the window",
        ),
        Departure(
            16,
            "the reset of an ABORT carries an ACK",
            "3.10.5; allowed by 3.1",
            (Outcome(at("ESTABLISHED CLOSE-WAIT", "ABORT"), abort_with_ack),),
            where="ESTABLISHED, CLOSE-WAIT; ABORT",
        ),
        Departure(
            17,
            "an ABORT of the host's socket ends nothing before ESTABLISHED or after CLOSE",
            "3.10.5",
            stays(
                "SYN-SENT SYN-RECEIVED FIN-WAIT-1 FIN-WAIT-2 CLOSING LAST-ACK",
                "ABORT",
                sent=nothing,
            ),
            where="SYN-SENT, SYN-RECEIVED, FIN-WAIT-1, FIN-WAIT-2, CLOSING, LAST-ACK; ABORT",
            upstream="the same; since 4.9.1 a timer of two minutes runs then, after CLOSE",
        ),
        Departure(
            18,
            "a retransmission packs text and FIN together",
            "3.8.1: allowed",
            (Outcome(packs, text_and_fin),),
            where="FIN-WAIT-1, CLOSING, LAST-ACK; retransmission timeout",
        ),
    ),
    rules={
        "reset_below": ResetBelow.ALL,
        "reset_exact": False,
        "syn_silent": Silent.BELOW,
        "syn_challenge": False,
        "ack_of_nothing": True,
        "reset_discarded": False,  # and in LISTEN, too
        "late_text_resets": True,
        "ack_floor": False,
    },
)
