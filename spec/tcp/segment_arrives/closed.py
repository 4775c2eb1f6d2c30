"""SEGMENT ARRIVES in CLOSED (RFC 9293 section 3.10.7.1): there is no TCB."""

from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.sending import reset
from spec.tcp.tcb import Tcb


def closed_state(_tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Everything but a reset is answered with a reset."""
    if seg.ctl.rst and tcp.rules.reset_discarded:
        return tcp.rule("3.10.7.1/CLOSED/reset", "reset discarded")
    reset(seg, tcp)
    return tcp.rule("3.10.7.1/CLOSED/answer", "answered with a reset")
