"""Text and ACKs of a connection in full flow, which change numbers and no state.

Such a segment does to each candidate what ``explain`` finds: SND.NXT moves over the text, and
RCV.NXT to the ACK. So no candidate is explained anew.
"""

from checker.capture.segments import ACK, Packet
from checker.conform.behaviour import WINDOW
from checker.conform.explain import TALKING, rebase
from checker.conform.layout import MASK
from checker.conform.monitor import EVENTFUL, Monitor
from spec.tcp.tcb import State

HALF = 1 << 31
_HEARING = (State.ESTABLISHED, State.FIN_WAIT_2)
"""States in which text is taken and no acknowledgment is waited for."""


class FlowingMonitor(Monitor):
    """The same candidates as ``Monitor``'s, moved where nothing but numbers changes."""

    __slots__ = ()

    def sent(self, p: Packet) -> bool:
        """The end was seen to send ``p``: is there a candidate that explains it?"""
        calm = self.calm and not p.flags & EVENTFUL
        if calm and not self.challenged and not self.pending and self._flows(p):
            return True
        return super().sent(p)

    def _flows(self, p: Packet) -> bool:
        """The usual case: new text, or an ACK, that leaves every candidate in its state."""
        inbound = self.current
        if inbound is None or not p.flags & ACK:
            return False
        seq, ack, text = p.seq, p.ack, p.text
        heard = self.candidates[0].tcb.rcv.nxt
        for c in self.candidates:
            tcb = c.tcb
            state, rcv_nxt = tcb.state, tcb.rcv.nxt
            if tcb.irs != inbound.isn or tcb.snd.nxt != seq or rcv_nxt != heard:
                return False  # candidates that differ may become one
            talks = state in TALKING
            if text:
                edge = inbound.edge
                if not talks:
                    return False
                if edge is not None and (
                    ((edge - seq - text) & MASK) >= HALF or ((edge - tcb.snd.una) & MASK) >= HALF
                ):
                    return False
            elif not talks and state not in _HEARING:
                return False
            if ack != rcv_nxt and (
                state not in _HEARING
                or ((ack - rcv_nxt) & MASK) >= HALF
                or ((inbound.top - ack) & MASK) >= HALF
            ):
                return False
        nxt = (seq + text) & MASK
        if self.acked is None or ((self.acked - ack) & MASK) >= HALF:
            self.acked = ack
        for c in self.candidates:
            tcb = c.tcb
            tcb.rcv.nxt = tcb.rcv.up = ack
            if text:
                tcb.snd.nxt = nxt
                tcb.written += text
                if tcb.written > WINDOW:
                    rebase(tcb)
        return True
