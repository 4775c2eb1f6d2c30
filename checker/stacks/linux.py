"""Linux: where it is known to do otherwise than RFC 9293, and how long its timers run.

Not every departure is a fault: the RFC allows some (a reset for text that nobody will read, section
3.6.1; packing text and FIN anew when retransmitting, 3.8.1). Each was first seen as a plan that
failed. A rate limit of challenge ACKs is not among them: it is turned off where plans run.
"""

from collections.abc import Callable

from checker.stacks.generate.machine import BOUNDS, SEQ, Edge
from checker.stacks.profile import (
    Departure,
    Outcome,
    Profile,
    Switched,
    Timers,
    abort_with_ack,
    aborts,
    ack,
    at,
    nothing,
    packs,
    reset,
    syn_ack,
    text_and_fin,
)
from spec.rules import ResetBelow, Restart
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State


def _unread(edge: Edge, gone: bool) -> bool:
    seg, nxt = edge.segment, edge.before.rcv.nxt
    waiting = edge.before.state in (State.FIN_WAIT_1, State.FIN_WAIT_2)
    if not gone or not waiting or seg is None or not seg.ctl.ack:
        return False
    inside = SEQ.minus(seg.seq, nxt) < BOUNDS.window and not seg.ctl.syn
    return inside and seg.length() > 0 and SEQ.lt(nxt, SEQ.plus(seg.seq, seg.text))


def _unread_sends(edge: Edge) -> tuple[Segment, ...]:
    assert edge.segment is not None
    return (Segment(seq=edge.segment.ack, ctl=Control(rst=True)),)


def _orphaned(edge: Edge, gone: bool) -> bool:
    return gone and edge.after.state == State.FIN_WAIT_2


def _simultaneous(edge: Edge) -> bool:
    return edge.before.state == State.SYN_RECEIVED and not edge.before.passive


def _acks_nothing(fin: bool) -> Callable[[Edge, bool], bool]:
    def applies(edge: Edge, _: bool) -> bool:
        seg, before = edge.segment, edge.before
        if not _simultaneous(edge) or seg is None or seg.ctl.syn or seg.ctl.rst:
            return False
        inside = SEQ.minus(before.rcv.nxt, seg.seq) <= seg.text and not seg.ctl.syn
        return seg.ctl.ack and seg.ack == before.iss and inside and seg.ctl.fin == fin

    return applies


def _acks_nothing_sends(edge: Edge) -> tuple[Segment, ...]:
    seg = edge.segment
    assert seg is not None
    fresh = SEQ.minus(SEQ.plus(seg.seq, seg.length()), edge.before.rcv.nxt)
    return ack(fresh)(edge) if seg.length() else ()


DEPARTURES = (
    Departure(
        1,
        "the reset of an ABORT carries an ACK",
        "3.10.5; allowed by 3.1",
        (Outcome(aborts, abort_with_ack),),
        where="any state; ABORT",
    ),
    Departure(
        2,
        "text after close() is answered with a reset (RFC 1122 4.2.2.13)",
        "3.6.1, SHLD-3: allowed",
        (Outcome(_unread, _unread_sends, State.CLOSED),),
        where="FIN-WAIT-1, FIN-WAIT-2 after close(); text in the window",
    ),
    Departure(
        3,
        "after close(), FIN-WAIT-2 is only a record, which is asked less",
        "3.10.7.4 fifth",
        (Outcome(_orphaned, after=State.FIN_WAIT_2),),
        where="FIN-WAIT-2 after close(); whatever stays there, or leads there",
    ),
    Departure(
        4,
        "a retransmission packs text and FIN together",
        "3.8.1: allowed",
        (Outcome(packs, text_and_fin),),
        where="FIN-WAIT-1, CLOSING, LAST-ACK; retransmission timeout",
    ),
    Departure(
        5,
        "after a FIN, a reset one below RCV.NXT is taken",
        "3.10.7.4 first",
        (Outcome(at("CLOSE-WAIT CLOSING LAST-ACK", "rcv old RST"), after=State.CLOSED),),
        where="CLOSE-WAIT, CLOSING, LAST-ACK; a reset at RCV.NXT-1",
        switch=Switched("reset_below", ResetBelow.FIN),
    ),
    Departure(
        6,
        "simultaneous open: the peer's SYN,ACK acknowledges our SYN",
        "3.10.7.4 first",
        (
            Outcome(
                at("SYN-RECEIVED", "rcv SYN,ACK again", opened="active"), after=State.ESTABLISHED
            ),
        ),
        where="SYN-RECEIVED after an active OPEN; SYN,ACK",
    ),
    Departure(
        7,
        "simultaneous open: SEG.ACK = SND.UNA is taken for an ACK of our SYN",
        "3.10.7.4 fifth",
        (
            Outcome(_acks_nothing(fin=False), _acks_nothing_sends, State.ESTABLISHED),
            Outcome(_acks_nothing(fin=True), _acks_nothing_sends, State.CLOSE_WAIT),
        ),
        where="SYN-RECEIVED after an active OPEN; SEG.ACK = ISS",
    ),
    Departure(
        8,
        "simultaneous open: a segment that ends at RCV.NXT is in the window",
        "3.10.7.4 first",
        (
            Outcome(
                at("SYN-RECEIVED", "rcv old text,ACK", opened="active"), after=State.ESTABLISHED
            ),
        ),
        where="SYN-RECEIVED after an active OPEN; old text with a good ACK",
    ),
    Departure(
        9,
        "a SYN again is answered with the SYN,ACK again",
        "3.10.7.4 first",
        (Outcome(at("SYN-RECEIVED", "rcv SYN again", opened="passive"), syn_ack),),
        where="SYN-RECEIVED after a passive OPEN; SYN again",
    ),
    Departure(
        10,
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
                reset,
            ),
        ),
        where="SYN-RECEIVED after a passive OPEN; SYN in the window",
    ),
    Departure(
        11,
        "TIME-WAIT answers text and FIN with an ACK",
        "3.10.7.4 fifth, seventh",
        (
            Outcome(
                at("TIME-WAIT", "rcv text,ACK", "rcv text without ACK", "rcv FIN without ACK"),
                ack(),
            ),
        ),
        where="TIME-WAIT; text, or FIN without ACK",
    ),
    Departure(
        12,
        "TIME-WAIT ignores an ACK or reset in the window in silence",
        "3.10.7.4 second, fifth",
        (
            Outcome(
                at(
                    "TIME-WAIT",
                    "rcv ACK of what was not sent",
                    "rcv ACK of long ago",
                    "rcv RST beyond RCV.NXT",
                ),
                nothing,
            ),
        ),
        where="TIME-WAIT; a bad ACK, or a reset in the window, not at RCV.NXT",
    ),
)

LINUX = Profile(
    name="linux",
    seen="6.18, by the plans of `stack linux` and in the captures of tests/captures/linux",
    switches={
        "time_wait_reopen": True,  # MAY-2
        "time_wait_reuse": True,
        "fin_wait_2_timeout": True,
    },
    timers=Timers(
        time_wait=60_000,  # TCP_TIMEWAIT_LEN
        fin_wait_2=60_000,  # net.ipv4.tcp_fin_timeout
        retransmission=924_600,  # net.ipv4.tcp_retries2 = 15, from the least timeout on
        least=200,  # TCP_RTO_MIN
        linear=4,  # net.ipv4.tcp_syn_linear_timeouts
    ),
    departures=DEPARTURES,
    rules={
        "reset_below": ResetBelow.FIN,
        "ack_floor_at_iss": True,
        "time_wait_restart": Restart.EMISSION,
    },
)
