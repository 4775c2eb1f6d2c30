"""What machines learned of Linux, FreeBSD and Windows do otherwise.

They are of 2015 and 2016. With RFC 5961 both FreeBSD and Windows have changed since.
"""

from checker.stacks.foreign.host import WINDOW
from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import (
    Applies,
    Departure,
    Outcome,
    abort_with_ack,
    nothing,
    reset,
    reset_with_ack,
)
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

_EVIDENCE = "DES-Lab/AALpy, DotModels/TCP"
_EARLY = (State.CLOSED, State.LISTEN, State.SYN_SENT)
_FIN_SENT = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK)


def _rcv(*states: State, **bits: bool) -> Applies:
    def applies(edge: Edge, _: bool) -> bool:
        seg = edge.segment
        there = seg is not None and edge.before.state in states
        return there and all(getattr(seg.ctl, bit) == on for bit, on in bits.items() if seg)

    return applies


def _bare_syn(edge: Edge, _: bool) -> bool:
    seg = edge.segment
    bare = seg is not None and seg.ctl.syn and not (seg.ctl.ack or seg.ctl.rst)
    return bare and edge.before.state not in _EARLY


def _record(edge: Edge, gone: bool) -> bool:
    seg = edge.segment
    return gone and edge.before.state == State.FIN_WAIT_2 and seg is not None and seg.ctl.syn


def _unread(edge: Edge, gone: bool) -> bool:
    return edge.what == Input.CLOSE and gone and edge.before.rcv.wnd != WINDOW


def _closes(edge: Edge, gone: bool) -> bool:
    return edge.what == Input.CLOSE and gone and edge.before.state == State.ESTABLISHED


def _late_text(edge: Edge, gone: bool) -> bool:
    seg = edge.segment
    return gone and edge.before.state in _FIN_SENT and seg is not None and seg.text > 0


def _after_fin(edge: Edge, _: bool) -> bool:
    seg = edge.segment
    more = seg is not None and not (seg.ctl.rst or seg.ctl.syn) and seg.length() > 0
    return more and edge.before.state == State.CLOSE_WAIT


def _acks_it(edge: Edge) -> tuple[Segment, ...]:
    seg = edge.segment
    assert seg is not None
    end = SEQ.plus(seg.seq, seg.length())
    return (Segment(seq=edge.before.snd.nxt, ack=end, ctl=Control(ack=True)),)


def _again(edge: Edge, _: bool) -> bool:
    seg, before = edge.segment, edge.before
    waits = before.state == State.SYN_RECEIVED and before.passive
    return waits and seg is not None and seg.ctl.syn and not seg.ctl.ack


def _answered(edge: Edge, _: bool) -> bool:
    nowhere = edge.before.state in (State.CLOSED, State.LISTEN)
    return nowhere and any(sent.ctl.rst for sent in edge.sent)


def _syn_ack(edge: Edge) -> tuple[Segment, ...]:
    seg = edge.segment
    assert seg is not None
    return (Segment(seq=0, ack=SEQ.plus(seg.seq, 1), ctl=Control(ack=True, syn=True)),)


_UNREAD = "close() with text that nobody has read resets (RFC 2525 2.17)"

OLD_LINUX = (
    Departure(
        1,
        "after close(), FIN-WAIT-2 is only a record, which answers a SYN with a reset",
        "3.10.7.4 fourth",
        (Outcome(_record, reset, State.CLOSED),),
        evidence=_EVIDENCE,
    ),
    Departure(
        2,
        "a SYN without ACK is dropped in silence",
        "3.10.7.4 first and fourth",
        (Outcome(_bare_syn, nothing),),
        evidence=_EVIDENCE,
        upstream="answered since Linux 3.18",
    ),
    Departure(
        3,
        _UNREAD,
        "3.6.1, SHLD-3: allowed",
        (Outcome(_unread, abort_with_ack, State.CLOSED),),
        evidence=_EVIDENCE,
    ),
)

OLD_FREEBSD = (
    Departure(
        5,
        "SYN-RECEIVED ignores a reset with an ACK",
        "3.10.7.4 second",
        (Outcome(_rcv(State.SYN_RECEIVED, rst=True, ack=True), nothing, State.SYN_RECEIVED),),
        evidence=_EVIDENCE,
    ),
    Departure(
        1,
        "CLOSE-WAIT acknowledges what comes after the FIN",
        "3.10.7.4 seventh, eighth",
        (Outcome(_after_fin, _acks_it, elsewhere=True),),
        evidence=_EVIDENCE,
    ),
    Departure(
        2,
        "SYN-RECEIVED drops a SYN in the window in silence",
        "3.10.7.4 fourth",
        (Outcome(_again, nothing, State.SYN_RECEIVED),),
        evidence=_EVIDENCE,
    ),
    Departure(
        3,
        "SYN-RECEIVED answers a SYN,ACK with a reset",
        "3.10.7.4 fourth",
        (Outcome(_rcv(State.SYN_RECEIVED, syn=True, ack=True), reset, elsewhere=True),),
        evidence=_EVIDENCE,
    ),
    Departure(
        4,
        "text after close() is answered with a reset (RFC 1122 4.2.2.13)",
        "3.6.1, SHLD-3: allowed",
        (Outcome(_late_text, reset, State.CLOSED),),
        evidence=_EVIDENCE,
    ),
)

OLD_WINDOWS = (
    Departure(
        8,
        "close() while a recv() waits resets",
        "3.10.4",
        (Outcome(_closes, abort_with_ack, State.CLOSED),),
        evidence=_EVIDENCE,
    ),
    Departure(
        4,
        "SYN-RECEIVED ignores a SYN,ACK in the window",
        "3.10.7.4 fourth",
        (Outcome(_rcv(State.SYN_RECEIVED, syn=True, ack=True), nothing, State.SYN_RECEIVED),),
        evidence=_EVIDENCE,
    ),
    Departure(
        5,
        "a SYN in the window of SYN-RECEIVED is answered with a reset (RFC 793)",
        "3.10.7.4 fourth",
        (Outcome(_again, reset, elsewhere=True),),
        evidence=_EVIDENCE,
    ),
    Departure(
        6,
        "TIME-WAIT ignores a FIN in the window in silence",
        "3.10.7.4 fifth",
        (Outcome(_rcv(State.TIME_WAIT, fin=True), nothing, State.TIME_WAIT),),
        evidence=_EVIDENCE,
    ),
    Departure(
        7,
        "a SYN at RCV.NXT reopens TIME-WAIT, or is dropped if nobody listens",
        "3.6.1, MAY-2: only a SYN above it",
        (
            Outcome(_rcv(State.TIME_WAIT, syn=True, ack=False), _syn_ack, State.SYN_RECEIVED),
            Outcome(_rcv(State.TIME_WAIT, syn=True, ack=False), nothing, State.CLOSED),
        ),
        evidence=_EVIDENCE,
    ),
    Departure(
        1,
        "CLOSED and LISTEN send no resets (a firewall's *stealth*)",
        "3.10.7.1, 3.10.7.2 second",
        (Outcome(_answered, nothing),),
        evidence=_EVIDENCE,
    ),
    Departure(
        2,
        _UNREAD,
        "3.6.1, SHLD-3: allowed",
        (Outcome(_unread, abort_with_ack, State.CLOSED),),
        evidence=_EVIDENCE,
    ),
    Departure(
        3,
        "text after close() is answered with a reset (RFC 1122 4.2.2.13), which has an ACK",
        "3.6.1, SHLD-3: allowed",
        (Outcome(_late_text, reset_with_ack, State.CLOSED),),
        evidence=_EVIDENCE,
    ),
)
