"""Linux: where it is known to do otherwise than RFC 9293, and how long its timers run.

Not every departure is a fault: the RFC allows some (a reset for text that nobody will read, section
3.6.1; packing text and FIN anew when retransmitting, 3.8.1). Each was first seen as a plan that
failed. A rate limit of challenge ACKs is not among them: it is turned off where plans run.
"""

from collections.abc import Callable

from checker.stacks.generate.machine import BOUNDS, SEQ, Edge
from checker.stacks.profile import Departure, Profile, Timers
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

_AFTER_FIN = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK)


def _ack(edge: Edge, octets: int = 0) -> Segment:
    before = edge.before
    return Segment(seq=before.snd.nxt, ack=SEQ.plus(before.rcv.nxt, octets), ctl=Control(ack=True))


def _abort(edge: Edge, _: bool) -> bool:
    return edge.what == Input.ABORT and bool(edge.sent)


def _abort_sends(edge: Edge) -> tuple[Segment, ...]:
    reset = _ack(edge)
    reset.ctl.rst = True
    return (reset,)


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


def _packs(edge: Edge, _: bool) -> bool:
    again = edge.what == Input.RETRANSMISSION_TIMEOUT
    return again and edge.before.closing and edge.sent[0].text > 0


def _packs_sends(edge: Edge) -> tuple[Segment, ...]:
    text = edge.sent[0]
    return (Segment(seq=text.seq, ack=text.ack, text=1, ctl=Control(ack=True, fin=True)),)


def _old_reset(edge: Edge, _: bool) -> bool:
    return edge.before.state in _AFTER_FIN and edge.transition.event == "rcv old RST"


def _simultaneous(edge: Edge) -> bool:
    return edge.before.state == State.SYN_RECEIVED and not edge.before.passive


def _crossed(edge: Edge, _: bool) -> bool:
    return _simultaneous(edge) and edge.transition.event == "rcv SYN,ACK again"


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
    return (_ack(edge, fresh),) if seg.length() else ()


def _syn_again(edge: Edge, _: bool) -> bool:
    return edge.transition.passive and edge.transition.event == "rcv SYN again"


def _syn_again_sends(edge: Edge) -> tuple[Segment, ...]:
    before = edge.before
    return (Segment(seq=before.iss, ack=before.rcv.nxt, ctl=Control(ack=True, syn=True)),)


def _syn_in_window(edge: Edge, _: bool) -> bool:
    events = ("rcv SYN in the window", "rcv SYN,ACK in the window")
    return edge.transition.passive and edge.transition.event in events


def _syn_in_window_sends(edge: Edge) -> tuple[Segment, ...]:
    seg = edge.segment
    assert seg is not None
    if seg.ctl.ack:
        return (Segment(seq=seg.ack, ctl=Control(rst=True)),)
    ack = SEQ.plus(seg.seq, seg.length())
    return (Segment(seq=0, ack=ack, ctl=Control(ack=True, rst=True)),)


def _ends_at_edge(edge: Edge, _: bool) -> bool:
    return _simultaneous(edge) and edge.transition.event == "rcv old text,ACK"


def _time_wait(*events: str) -> Callable[[Edge, bool], bool]:
    def applies(edge: Edge, _: bool) -> bool:
        return edge.before.state == State.TIME_WAIT and edge.transition.event in events

    return applies


def _nothing(_: Edge) -> tuple[Segment, ...]:
    return ()


_DEPARTURES = (
    Departure(
        "the reset of an ABORT carries an ACK", "3.10.5; allowed by 3.1", _abort, _abort_sends
    ),
    Departure(
        "text after close() is answered with a reset (RFC 1122 4.2.2.13)",
        "3.6.1, SHLD-3: allowed",
        _unread,
        _unread_sends,
        State.CLOSED,
    ),
    Departure(
        "after close(), FIN-WAIT-2 is only a record, which is asked less",
        "3.10.7.4 fifth",
        _orphaned,
        after=State.FIN_WAIT_2,
    ),
    Departure(
        "a retransmission packs text and FIN together", "3.8.1: allowed", _packs, _packs_sends
    ),
    Departure(
        "after a FIN, a reset one below RCV.NXT is taken",
        "3.10.7.4 first",
        _old_reset,
        after=State.CLOSED,
    ),
    Departure(
        "simultaneous open: the peer's SYN,ACK acknowledges our SYN",
        "3.10.7.4 first",
        _crossed,
        after=State.ESTABLISHED,
    ),
    Departure(
        "simultaneous open: SEG.ACK = SND.UNA is taken for an ACK of our SYN",
        "3.10.7.4 fifth",
        _acks_nothing(fin=False),
        _acks_nothing_sends,
        State.ESTABLISHED,
    ),
    Departure(
        "simultaneous open: SEG.ACK = SND.UNA is taken for an ACK of our SYN",
        "3.10.7.4 fifth",
        _acks_nothing(fin=True),
        _acks_nothing_sends,
        State.CLOSE_WAIT,
    ),
    Departure(
        "simultaneous open: a segment that ends at RCV.NXT is in the window",
        "3.10.7.4 first",
        _ends_at_edge,
        after=State.ESTABLISHED,
    ),
    Departure(
        "a SYN again is answered with the SYN,ACK again",
        "3.10.7.4 first",
        _syn_again,
        _syn_again_sends,
    ),
    Departure(
        "a SYN in the window of SYN-RECEIVED is answered with a reset (RFC 793)",
        "3.10.7.4 fourth",
        _syn_in_window,
        _syn_in_window_sends,
    ),
    Departure(
        "TIME-WAIT answers text and FIN with an ACK",
        "3.10.7.4 fifth, seventh",
        _time_wait("rcv text,ACK", "rcv text without ACK", "rcv FIN without ACK"),
        lambda edge: (_ack(edge),),
    ),
    Departure(
        "TIME-WAIT ignores an ACK or reset in the window in silence",
        "3.10.7.4 second, fifth",
        _time_wait("rcv ACK of what was not sent", "rcv ACK of long ago", "rcv RST beyond RCV.NXT"),
        _nothing,
    ),
)

LINUX = Profile(
    name="linux",
    seen="6.18, by the plans of `generate tun --run` and in the captures of tests/captures/linux",
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
    departures=_DEPARTURES,
)
