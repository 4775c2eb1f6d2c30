"""Text and ACKs of a connection in full flow, which change numbers and no state.

Such a segment does to each candidate what ``explain`` finds: SND.NXT moves over the text, and
RCV.NXT to the ACK. So no candidate is explained anew.
"""

from collections.abc import Iterable
from typing import NamedTuple

from checker.capture.segments import ACK, Packet
from checker.conform.behaviour import WINDOW
from checker.conform.candidate import Candidate
from checker.conform.explain import TALKING, rebase
from checker.conform.inbound import Inbound
from checker.conform.layout import MASK
from checker.conform.monitor import EVENTFUL, Monitor
from spec.tcp.tcb import State

HALF = 1 << 31
_HEARING = (State.ESTABLISHED, State.FIN_WAIT_2)
"""States in which text is taken and no acknowledgment is waited for."""


class Lane(NamedTuple):
    """What is common to all candidates of an end, until there are others."""

    inbound: Inbound  # what they hear
    una: int
    talks: bool  # do they send text?
    acks: bool  # do they send ACKs?
    hears: bool  # do they take text?


class FlowingMonitor(Monitor):
    """The same candidates as ``Monitor``'s, moved where nothing but numbers changes."""

    _lane: Lane | None = None  # of the present candidates, if it was looked for

    def keep(self, found: Iterable[Candidate]) -> None:
        """Equal candidates are one, the cheapest; and there is a bound on how many there are."""
        super().keep(found)
        self._lane = None

    def sent(self, p: Packet) -> bool:
        """The end was seen to send ``p``: is there a candidate that explains it?"""
        calm = self.calm and not p.flags & EVENTFUL
        if calm and not self.challenged and not self.pending and self._flows(p):
            return True
        return super().sent(p)

    @property
    def lane(self) -> Lane | None:
        """What the candidates have in common; None if there is no such thing."""
        return self._lane or self._find_lane()

    def _flows(self, p: Packet) -> bool:
        """The usual case: new text, or an ACK, that leaves every candidate in its state."""
        lane = self._lane or self._find_lane()
        if lane is None or not p.flags & ACK:
            return False
        inbound, una, talks, acks, hears = lane
        seq, ack, text = p.seq, p.ack, p.text
        tcb = self.candidates[0].tcb
        heard = tcb.rcv.nxt
        if tcb.snd.nxt != seq:
            return False
        if text:
            edge = inbound.edge
            if not talks or (
                edge is not None
                and (((edge - seq - text) & MASK) >= HALF or ((edge - una) & MASK) >= HALF)
            ):
                return False
        elif not acks:
            return False
        if ack != heard and (
            not hears
            or ((ack - heard) & MASK) >= HALF
            or ((inbound.top - ack) & MASK) >= HALF
            or ack == inbound.lost  # it may be a FIN's
        ):
            return False
        if self.acked is None or ((self.acked - ack) & MASK) >= HALF:
            self.acked = ack
        nxt = (seq + text) & MASK
        for c in self.candidates:
            tcb = c.tcb
            tcb.rcv.nxt = tcb.rcv.up = ack
            if text:
                tcb.snd.nxt = nxt
                tcb.written += text
                if tcb.written > WINDOW:
                    rebase(tcb)
                    self._lane = None
        return True

    def _find_lane(self) -> Lane | None:
        """None if candidates differ in their numbers: they may become one."""
        tcbs = [c.tcb for c in self.candidates]
        numbers = {(tcb.irs, tcb.snd.una, tcb.snd.nxt, tcb.rcv.nxt) for tcb in tcbs}
        irs, una, _, _ = next(iter(numbers))
        if len(numbers) > 1 or self.current is None or self.current.isn != irs:
            return None
        states = [tcb.state for tcb in tcbs]
        talks, hears = (all(s in those for s in states) for those in (TALKING, _HEARING))
        acks = all(s in (*TALKING, *_HEARING) for s in states)
        self._lane = Lane(self.current, una, talks, acks, hears)
        return self._lane
