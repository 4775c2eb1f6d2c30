"""What gVisor and Linux do alike at the edges of the window, as packetimpact expects it."""

from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import Departure, Outcome, abort_with_ack, aborts, ack, nothing
from spec.tcp.tcb import State

_EVIDENCE = "gVisor's packetimpact"
_CLOSED = (State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED)


def _at_right_edge(edge: Edge, _: bool) -> bool:
    seg, before = edge.segment, edge.before
    if seg is None or before.state in _CLOSED or seg.ctl.syn or seg.ctl.rst:
        return False
    late = before.state in (State.CLOSE_WAIT, State.CLOSING)
    right = SEQ.plus(before.rcv.nxt, before.rcv.wnd)
    return seg.seq == right and (late or seg.length() == 0)


def _no_ack(edge: Edge, _: bool) -> bool:
    seg = edge.segment
    plain = seg is not None and not (seg.ctl.ack or seg.ctl.syn or seg.ctl.rst)
    return plain and edge.before.state not in _CLOSED


def _unsent(edge: Edge, _: bool) -> bool:
    seg, before = edge.segment, edge.before
    there = seg is not None and seg.ctl.ack and before.state == State.ESTABLISHED
    return there and seg is not None and SEQ.lt(before.snd.nxt, seg.ack)


def _late_text(edge: Edge, _: bool) -> bool:
    seg, before = edge.segment, edge.before
    return before.state == State.TIME_WAIT and seg is not None and seg.text > 0


PACKETIMPACT_EDGES = (
    Departure(
        1,
        "what begins at the right edge of the window is in it, if no more than that is looked at",
        "3.10.7.4 first",
        (Outcome(_at_right_edge, nothing),),
        where="an ACK there; in CLOSE-WAIT and CLOSING text and FIN too",
        evidence=_EVIDENCE,
    ),
    Departure(
        2,
        "what has no ACK is dropped in silence, wherever it is",
        "3.10.7.4 first before fifth",
        (Outcome(_no_ack, nothing),),
        where="ESTABLISHED; FIN without ACK, outside the window",
        evidence=_EVIDENCE,
    ),
    Departure(
        3,
        "an ACK of what was never sent is dropped in silence",
        "3.10.7.4 fifth",
        (Outcome(_unsent, nothing),),
        where="ESTABLISHED; SEG.ACK > SND.NXT",
        evidence=_EVIDENCE,
        upstream="Linux 6.18 answers it",
    ),
    Departure(
        4,
        "TIME-WAIT acknowledges text",
        "3.10.7.4 seventh",
        (Outcome(_late_text, ack(), State.TIME_WAIT),),
        where="TIME-WAIT; text in the window",
        evidence=_EVIDENCE,
    ),
    Departure(
        5,
        "the reset of an ABORT carries an ACK",
        "3.10.5; allowed by 3.1",
        (Outcome(aborts, abort_with_ack),),
        where="ABORT",
        evidence=_EVIDENCE,
    ),
)
