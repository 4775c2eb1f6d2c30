"""What Linux does otherwise with text and windows, as scripts of its developers expect it.

The plans of one endpoint send an octet each way, and never meet these.
"""

from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import Applies, Departure, Outcome, abort_with_ack, ack, nothing
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State


def _acked(edge: Edge) -> int:
    return SEQ.minus(edge.after.snd.una, edge.before.snd.una)


def _left(edge: Edge) -> int:
    """Octets that are queued and were not sent before."""
    before = edge.before
    return before.written - SEQ.minus(before.snd.nxt, SEQ.plus(before.iss, 1))


def _text(edge: Edge, octets: int) -> tuple[Segment, ...]:
    before = edge.before
    if octets <= 0:
        return ()
    ctl = Control(ack=True, psh=True)
    return (Segment(seq=before.snd.nxt, ack=edge.after.rcv.nxt, text=octets, ctl=ctl),)


def _slow_start(edge: Edge, _: bool) -> bool:
    return edge.what == Input.SEGMENT and bool(edge.before.transfers) and _acked(edge) > 0


def _counts_all(edge: Edge) -> tuple[Segment, ...]:
    wnd = edge.after.snd.wnd
    return _text(edge, min(2 * _acked(edge), _left(edge), wnd))


def _probe(edge: Edge) -> tuple[Segment, ...]:
    (transfer,) = edge.after.transfers
    sent = sum(seg.text for seg in edge.sent)
    mss = max((seg.text for seg in edge.sent), default=0)
    assert transfer is not None
    return _text(edge, min(sent + mss, _left(edge)))


def _unread(edge: Edge, gone: bool) -> bool:
    return edge.what == Input.CLOSE and gone and any(t.unread for t in edge.before.transfers)


def _fin_outstanding(edge: Edge, _: bool) -> bool:
    after = edge.after
    return after.state == State.FIN_WAIT_1 and after.closing and not edge.sent


def _fin(edge: Edge) -> tuple[Segment, ...]:
    after = edge.after
    seq, ctl = SEQ.minus(after.snd.nxt, 1), Control(ack=True, fin=True)
    return (Segment(seq=seq, ack=after.rcv.nxt, ctl=ctl),)


def _unsent_ack(edge: Edge, _: bool) -> bool:
    seg = edge.segment
    return (
        seg is not None
        and edge.before.state == State.ESTABLISHED
        and seg.ctl.ack
        and not seg.ctl.rst
        and SEQ.lt(edge.before.snd.nxt, seg.ack)
    )


def _too_big(waiting: bool) -> Applies:
    def applies(edge: Edge, _: bool) -> bool:
        seg, before = edge.segment, edge.before
        if seg is None or before.state != State.ESTABLISHED or seg.text == 0:
            return False
        beyond = SEQ.minus(seg.seq, before.rcv.nxt) + seg.text > before.rcv.wnd
        return beyond and any((t.unread > 0) == waiting for t in before.transfers)

    return applies


def _acks_whole(edge: Edge) -> tuple[Segment, ...]:
    seg = edge.segment
    assert seg is not None
    end = SEQ.plus(seg.seq, seg.text)
    return (Segment(seq=edge.before.snd.nxt, ack=end, ctl=Control(ack=True)),)


def _fin_at_shut(edge: Edge, _: bool) -> bool:
    seg, before = edge.segment, edge.before
    shut = before.state == State.ESTABLISHED and before.rcv.wnd == 0
    return shut and seg is not None and seg.ctl.fin and seg.seq == before.rcv.nxt


LINUX_DATA = (
    Departure(
        1,
        "slow start counts all octets that an ACK acknowledges, and not a segment at most",
        "RFC 5681 3.1 (2): a segment at most; RFC 3465 allows two",
        (Outcome(_slow_start, _counts_all, elsewhere=True),),
        where="slow start; an ACK of several segments",
        evidence="google/packetdrill, slow_start",
    ),
    Departure(
        2,
        "a tail loss probe sends the last segment again, or new text beyond cwnd",
        "RFC 8985 7",
        (
            Outcome(_fin_outstanding, _fin),
            Outcome(_slow_start, _probe, elsewhere=True),
        ),
        where="text or FIN outstanding; two round trips without an ACK",
        evidence="google/packetdrill, shutdown",
    ),
    Departure(
        3,
        "RECEIVE tells of a window that has opened only if it has doubled",
        "3.8.6.2.2: allowed",
        (Outcome(lambda edge, _: edge.what == Input.RECEIVE, nothing),),
        where="RECEIVE of a segment, of a window of more than two",
        evidence="google/packetdrill, shutdown and ioctl",
    ),
    Departure(
        4,
        "close() with text that nobody has read resets (RFC 2525 2.17)",
        "3.6.1, SHLD-3: allowed",
        (Outcome(_unread, abort_with_ack, State.CLOSED),),
        where="CLOSE; text unread",
        evidence="google/packetdrill, ts_recent",
    ),
    Departure(
        5,
        "an ACK of what was never sent is dropped in silence",
        "3.10.7.4 fifth",
        (Outcome(_unsent_ack, nothing),),
        where="ESTABLISHED; SEG.ACK > SND.NXT",
        evidence="google/packetdrill, ts_recent",
        upstream="Linux 6.18 answers it",
    ),
    Departure(
        6,
        "text beyond the window is taken whole if nothing waits to be read",
        "3.10.7.4 first, seventh",
        (
            Outcome(_too_big(waiting=False), _acks_whole, elsewhere=True),
            Outcome(_too_big(waiting=False), nothing, elsewhere=True),  # the ACK is delayed
        ),
        where="ESTABLISHED; text from RCV.NXT to beyond the window",
        evidence="Linux's selftests, tcp_rcv_toobig, tcp_rcv_neg_window",
    ),
    Departure(
        7,
        "text that reaches beyond the window is dropped, and not trimmed",
        "3.10.7.4 first, seventh",
        (Outcome(_too_big(waiting=True), ack(), elsewhere=True),),
        where="ESTABLISHED; text from RCV.NXT to beyond the window, or from beyond a gap",
        evidence="Linux's selftests, tcp_rcv_big_endseq",
    ),
    Departure(
        8,
        "a FIN at RCV.NXT is taken although the window is shut",
        "3.10.7.4 first",
        (Outcome(_fin_at_shut, ack(1), State.CLOSE_WAIT),),
        where="ESTABLISHED, no window; FIN",
        evidence="Linux's selftests, tcp_rcv_zero_wnd_fin",
    ),
)
