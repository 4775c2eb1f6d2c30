"""SEGMENT ARRIVES (RFC 9293 section 3.10.7), a file for each of its subsections.

==========  ==========================================================================
closed      3.10.7.1: CLOSED
listen      3.10.7.2: LISTEN, four steps
syn_sent    3.10.7.3: SYN-SENT, five steps
others      3.10.7.4: all other states, eight steps
syn         what LISTEN, SYN-SENT and a reopened TIME-WAIT do alike with a SYN
==========  ==========================================================================

Steps have the RFC's titles ("First, check sequence number") and stand in its order; those
that the model does not need are kept as comments. ``???`` marks what the RFC leaves open, and
each place where order or condition is not the letter of the text, with the reason.
"""

from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.segment_arrives.closed import closed_state
from spec.tcp.segment_arrives.listen import listen_state
from spec.tcp.segment_arrives.others import other_states
from spec.tcp.segment_arrives.syn_sent import syn_sent_state
from spec.tcp.tcb import State, Tcb


def segment_arrives(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """3.10.7: dispatch on the state."""
    if tcb.state == State.CLOSED:
        return closed_state(tcb, seg, tcp)
    if tcb.state == State.LISTEN:
        return listen_state(tcb, seg, tcp)
    if tcb.state == State.SYN_SENT:
        return syn_sent_state(tcb, seg, tcp)
    return other_states(tcb, seg, tcp)
