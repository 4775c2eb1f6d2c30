"""One end of a connection, followed through the states that explain what it was seen to send.

``Monitor.sent`` replaces each candidate by all that explain a segment (``explain``); when none
does, the segment is a deviation. ``Monitor.on_its_way`` takes note of what the peer sent to the
end. What may change the end's state (SYN, RST, FIN, the ACK of its SYN or FIN) is delivered when it
is seen *and* left undelivered: it may have been lost, or be late. All else waits until a segment of
the end tells that it has arrived.
"""

from collections import deque
from collections.abc import Iterable

from checker.capture.segments import ACK, CONTROL, FIN, PSH, RST, SYN, Packet
from checker.conform.behaviour import WINDOW
from checker.conform.candidate import Candidate, described
from checker.conform.explain import CANDIDATES, KEPT, WAITING, Came, Explainer, segment
from checker.conform.inbound import SEQ, Inbound
from checker.conform.layout import MASK, NO_CONNECTION, PEER_UNKNOWN
from checker.conform.steps import Stepper
from spec.tcp.tcb import State, Tcb

EVENTFUL = CONTROL & ~(PSH | ACK)
"""What is more than text and ACKs."""
MARKS = 32
"""Of SYN, FIN and RST that an end sent, the last."""


class Monitor(Explainer):
    """One end, and the candidates for its state."""

    def __init__(
        self,
        stepper: Stepper,
        departed: tuple[tuple[str, Stepper], ...],
        strict: bool,
        recent: deque[Packet] | None = None,
    ) -> None:
        super().__init__(stepper, strict, recent)
        self.departed = departed
        self.candidates: list[Candidate] = [Candidate(Tcb())]
        self.before: list[str] = []  # the candidates that refused
        self.newest: Inbound | None = None  # of the peer's last SYN, which may be forged
        self.current: Inbound | None = None  # of the TCB that the end talks to, if that is known
        self.partners: list[Inbound] = []  # of all TCBs that it may be talking to
        self.marks: tuple[Came, ...] = ()  # SYN, FIN, RST it sent
        self.calm = False
        self.challenged = False  # a SYN or reset was seen that asks for a challenge ACK

    # What the peer sent

    def on_its_way(self, p: Packet, edge: int | None) -> None:
        """``p`` was seen on its way to this end; ``edge``: how far it lets us send."""
        flags = p.flags
        if flags & (SYN | RST) == SYN:
            partners = [self._syn(p)]
        elif len(self.partners) > 1:
            partners = [one for one in self.partners if _may_be_of(one, p)] or self.partners[:1]
        else:
            partners = self.partners
        for inbound in () if flags & RST else partners:
            if flags & ACK:
                if p.ack != inbound.ack:
                    inbound.acknowledges(p.seq, p.ack)
                    self.recent.append(p)
                if edge is not None and edge != inbound.edge:
                    inbound.opens(edge)
            if p.text:
                inbound.text((p.seq + 1) & MASK if flags & SYN else p.seq, p.text)
            if flags & FIN:
                inbound.fin = SEQ.plus(p.seq, p.text + (flags >> 1 & 1))
        if self.calm and not flags & EVENTFUL:
            return
        self.number, self.time = p.number, p.time
        self.recent.append(p)
        if flags & RST:
            self.resets = (*self.resets, segment(p))[-KEPT:]
        elif flags & SYN:
            self.syns = (
                *self.syns,
                Came(p.seq, p.ack if flags & ACK else 0, flags & CONTROL, p.text),
            )[-KEPT:]
        if flags & (SYN | RST):
            opening = (*NO_CONNECTION, State.SYN_SENT, State.SYN_RECEIVED)
            self.challenged = any(c.tcb.state not in opening for c in self.candidates)
        resets = bool(flags & RST)
        self.keep([d for c in self.candidates for d in self.settle(c, None, resets)])

    def _syn(self, p: Packet) -> Inbound:
        """The peer's SYN: a new TCB of it, if its ISN is new."""
        if p.seq not in self.inbound:
            if len(self.inbound) >= 4:
                idle = (isn for isn, one in self.inbound.items() if one not in self.partners)
                del self.inbound[next(idle, next(iter(self.inbound)))]
            self.inbound[p.seq] = Inbound(p.seq)
        self.newest = self.inbound[p.seq]
        self._find_partners()
        return self.newest

    def _find_partners(self) -> None:
        """Whose segments the candidates can take.

        A SYN makes no new TCB of a peer that the end is connected with: it may be forged, or old.
        So what its own peer sends still counts; and what the newest SYN's sender sends, since its
        answer may be unseen.
        """
        known = {None if c.tcb.state in PEER_UNKNOWN else c.tcb.irs for c in self.candidates}
        own = [one for isn, one in self.inbound.items() if isn in known]
        self.current = own[0] if own and len(known) == 1 else self.newest
        self.partners = own
        if self.newest is not None and self.newest not in own:
            self.partners = [self.newest, *own]

    # What it sent

    def sent(self, p: Packet) -> bool:
        """The end was seen to send ``p``: is there a candidate that explains it?"""
        self.number, self.time, self.note = p.number, p.time, ""
        self.refusals.clear()
        for c in self.candidates:
            self.stepper.age(c, p.time)
        mark = Came(p.seq, p.ack, p.flags & CONTROL, p.text)
        explained = [d for c in self.candidates for d in self.explain(c, p)]
        if not self.strict and mark in self.marks:
            explained += [c.costlier() for c in self.candidates]
        if not explained:
            self.before = [described(c.tcb) for c in self.candidates]
            explained = self._departures(p)
        if not explained:
            return False
        if p.flags & (SYN | FIN | RST) and mark not in self.marks:
            self.marks = (*self.marks, mark)[-MARKS:]
            if p.flags & SYN:
                self.acked = None
        later = self.acked is None or SEQ.lt(self.acked, p.ack)
        if later and p.flags & ACK and not p.flags & RST:
            self.acked = p.ack
        if self.challenged:
            self.challenged = False
            if not self.note and p.flags & CONTROL == ACK and not p.text:
                self.note = "challenge ACK"
        self.keep(explained)
        return True

    def _departures(self, p: Packet) -> list[Candidate]:
        """What only a departure from the rules explains."""
        usual, refusals = self.stepper, list(self.refusals)
        found: list[Candidate] = []
        for name, stepper in self.departed:
            self.stepper = stepper
            for c in self.candidates:
                for d in self.explain(c, p):
                    d.used |= {name}
                    found.append(d)
        self.stepper = usual
        self.refusals = refusals
        return found

    def keep(self, found: Iterable[Candidate]) -> None:
        """Equal candidates are one, the cheapest; and there is a bound on how many there are."""
        best: dict[tuple[object, ...], Candidate] = {}
        for c in found:
            mark = c.key()
            if mark not in best or c.cost < best[mark].cost:
                best[mark] = c
        kept = sorted(best.values(), key=lambda c: c.cost)
        if len(kept) > CANDIDATES:
            self.capped = True
            kept = kept[:CANDIDATES]
        low = kept[0].cost
        for c in kept:
            c.cost -= low
        self.candidates = kept
        self._find_partners()
        self.calm = self._is_calm()

    def _is_calm(self) -> bool:
        """Will text and ACKs leave every candidate in its state?"""
        inbound = self.current
        if inbound is None:
            return False
        for c in self.candidates:
            state = c.tcb.state
            if state in WAITING or state in NO_CONNECTION:
                return False
            if inbound.fin is not None and not SEQ.lt(inbound.fin, c.tcb.rcv.nxt):
                return False
        return True


def _may_be_of(inbound: Inbound, p: Packet) -> bool:
    """Does ``p`` lie behind the SYN, within a window of what was seen?"""
    near = SEQ.minus(SEQ.plus(p.seq, WINDOW), inbound.top) < 2 * WINDOW
    return near and SEQ.lt(inbound.isn, p.seq)
