"""One end of a connection, followed through the states that explain what it was seen to send.

``Monitor.sent`` replaces each candidate by all that explain a segment (``explain``); when none
does, the segment is a deviation. ``Monitor.on_its_way`` takes note of what the peer sent to the
end. What may change the end's state (SYN, RST, FIN, the ACK of its SYN or FIN) is delivered when it
is seen *and* left undelivered: it may have been lost, or be late. All else waits until a segment of
the end tells that it has arrived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checker.capture.segments import ACK, CONTROL, FIN, PSH, RST, SYN, Packet
from checker.conform.arrived import Arrived, Due, alive, asks
from checker.conform.behaviour import WINDOW
from checker.conform.candidate import EVENT, Candidate, described
from checker.conform.explain import (
    CANDIDATES,
    CLOSING,
    KEPT,
    SLACK,
    TALKING,
    WAITING,
    Came,
    Explainer,
    Met,
    Refusal,
    Seen,
    segment,
    unlawful,
)
from checker.conform.habits import named
from checker.conform.inbound import SEQ, Dropped, Inbound
from checker.conform.layout import MASK, NO_CONNECTION, PEER_UNKNOWN
from checker.conform.patience import SEARCH
from checker.conform.reopening import REOPENS_ANY, reopened
from checker.conform.steps import Stepper, switch
from spec.tcp.inputs import Input
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb

EVENTFUL = CONTROL & ~(PSH | ACK)
"""What is more than text and ACKs."""
MARKS = 32
"""Of SYN, FIN and RST that an end sent, the last."""
HEARD = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
"""States that a FIN of the peer leads to."""
OLDER = "of a connection that is older than the capture"
NEAR = 3
"""Numbers as near as this to the right one are a wrong answer, and no chance."""
FEW = 4
"""Candidates that are followed on after a segment that none of them explains."""
CLOCK = 2e-6
"""Seconds by which a time stamp of a capture may be wrong."""
COPY = 1e-3
"""Seconds within which a segment may be captured twice, as on two interfaces of one host."""
BEHIND = 1 << 16
"""Octets that an end may have sent before it was seen, and send again."""

Departed = Mapping[str, Stepper]
"""By what one has to say to ``--rules``: the specification with one rule turned."""


@dataclass(slots=True)
class Gap:
    """Numbers that an end acknowledged and that the capture does not have of its peer.

    Either the capture lost them, or nobody sent them. What the peer sends later tells. Without
    holes, it is a segment of the peer that the capture lacks: one that opens the window, or that
    acknowledges the SYN.
    """

    packet: int  # that acknowledges them, lies beyond the window, or has text
    holes: list[tuple[int, int]]  # from where, up to where
    best: Refusal  # what is against that packet, if nobody sent them
    before: list[str]
    p: Packet
    edge: int | None = None  # the window that the capture has, if it is beyond that
    sent: bool = False  # the peer's SEQ lies beyond
    denied: bool = False  # an ACK alone of the peer has a SEQ below: its SND.NXT
    filled: bool = False  # the capture has some of them, later

    @property
    def missing(self) -> int:
        """How many."""
        return sum(SEQ.minus(stop, start) for start, stop in self.holes)


class Monitor(Explainer):
    """One end, and the candidates for its state."""

    def __init__(
        self,
        stepper: Stepper,
        departed: Departed,
        strict: bool,
        seen: Seen,
    ) -> None:
        super().__init__(stepper, strict, seen)
        self.usual = stepper
        self.arrived = Arrived() if strict and stepper.behaviour.assumed.arrived else None
        self.pending = False  # is there anything to watch for in ``arrived``?
        self.breach: Due | None = None  # what did not follow in time
        self.departed = departed
        self.candidates: list[Candidate] = [Candidate(Tcb())]
        self.before: list[Candidate] = []  # those that refused the last segment
        self.offered: list[str] = []  # switches that would explain what they refused
        self.taken: tuple[int, int] | None = None  # what came only in segments that are dropped
        self.older = True  # may it have a TCB that is older than the capture?
        self.gaps: list[Gap] = []  # of which it is not known whether they were sent
        self.unopened: Gap | None = None  # of the last, what the peer has not spoken of since
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
        if self.gaps:
            self._look_for_gaps(p)
        if self.unopened is not None and edge is not None:
            self._look_at_window(self.unopened, p, edge)
        if p.text and self.seen.lost:
            self._found_again(p)
        if flags & (SYN | RST) == SYN:
            partners = [self._syn(p)]
        elif len(self.partners) > 1:
            partners = [one for one in self.partners if _may_be_of(one, p)] or self.partners[:1]
        else:
            partners = self.partners
        for inbound in () if flags & RST else partners:
            if by := self._drops(p, inbound):
                self._keep_apart(p, inbound, by)
                continue
            if flags & ACK:
                if p.ack != inbound.ack:
                    inbound.acknowledges(p.seq, p.ack)
                    self.seen.came.append(p)
                    if 0 < (p.ack - self.candidates[0].tcb.snd.nxt) & MASK < 1 << 31:
                        self._sent_unseen(p, inbound)
                if edge is not None and edge != inbound.edge:
                    inbound.opens(edge)
            if p.text:
                inbound.text((p.seq + 1) & MASK if flags & SYN else p.seq, p.text)
                if inbound.full:
                    self._cap()
            if flags & FIN:
                inbound.fin = SEQ.plus(p.seq, p.text + (flags >> 1 & 1))
            if inbound.dropped:
                inbound.forget()
            if inbound.lost is not None:
                self._was_it_a_fin(inbound, p)
        if self.calm and not flags & EVENTFUL:
            return
        self.number, self.time = p.number, p.time
        self.seen.came.append(p)
        if self.arrived is not None and not flags & EVENTFUL and self._is_certain(p):
            self._arrives(p, self.arrived)
            return
        if flags & (SYN | RST):
            opening = (*NO_CONNECTION, State.SYN_SENT, State.SYN_RECEIVED)
            self.challenged = any(c.tcb.state not in opening for c in self.candidates)
            if self.arrived is not None and asks(p, self.candidates):
                self._arrives(p, self.arrived)
                if flags & RST or self.challenged:
                    return
            came = Came(p.seq, p.ack if flags & ACK else 0, flags & CONTROL, p.text)
            if flags & RST:
                self.measured |= self.stepper.zero
                self.resets = _with(self.resets, came)
            else:
                self.syns = _with(self.syns, came)
        resets = bool(flags & RST)
        self.met = Met()
        # It has likely arrived.
        self.keep([d for c in self.candidates for d in self.settle(c, None, resets, EVENT)])

    def _drops(self, p: Packet, inbound: Inbound) -> str:
        """The switch by which the end drops ``p``, and nothing that it has counts; "" if it may
        not. What an end has sent is known only where the capture was taken.
        """
        if p.flags & SYN:
            return ""
        found, ack = "", inbound.ack
        if not p.flags & ACK:
            found = "ack_needed"
        elif self.strict:
            old = ack is not None and SEQ.lt(p.ack, ack)
            self.measured |= old
            widest = self.seen.widest or WINDOW
            live = [c.tcb for c in self.candidates if c.tcb.state not in PEER_UNKNOWN]
            if not _may_be_of(inbound, p):
                found = "syn_received_seq_check"
            elif live and all(SEQ.lt(tcb.snd.nxt, p.ack) for tcb in live):
                found = "unsent_text"
            elif ack is not None and old and SEQ.lt(p.ack, SEQ.minus(ack, widest)):
                found = "ack_floor"
        return "" if found in self.stepper.takes else found

    def _keep_apart(self, p: Packet, inbound: Inbound, by: str) -> None:
        """Keep what ``p`` has, in case that the end takes it all the same."""
        fin = bool(p.flags & FIN)
        ack = p.ack if p.flags & ACK else None
        if by == "syn_received_seq_check":
            # The ACK is what counts, wherever the rest lies.
            if ack != inbound.ack:
                inbound.drop(Dropped(by, inbound.end(), ack, 0, False))
        elif p.text or fin:
            inbound.drop(Dropped(by, p.seq, None, p.text, fin))
        self.seen.came.append(p)

    def _is_certain(self, p: Packet) -> bool:
        """Is ``p`` an ACK after which every state is known: it ends LAST-ACK, or is answered with a
        reset before a connection is established?
        """
        states = {c.tcb.state for c in self.candidates}
        if states == {State.LAST_ACK}:
            return all(
                (p.seq, p.ack) == (c.tcb.rcv.nxt, c.tcb.snd.nxt) and not p.text
                for c in self.candidates
            )
        if states not in ({State.SYN_SENT}, {State.SYN_RECEIVED}):
            return False
        steps = [step for c in self.candidates for step in self.steps(c, Input.SEGMENT, segment(p))]
        return all(step.sent and step.sent[0].ctl.rst for step in steps)

    def _arrives(self, p: Packet, arrived: Arrived) -> None:
        """``p`` has arrived for certain."""
        found: list[Candidate] = []
        dues: list[Due | None] = []
        ended = ""
        for c in self.candidates:
            if c.tcb.state in NO_CONNECTION:
                found.append(c)
                dues.append(None)
                continue
            for step in self.steps(c, Input.SEGMENT, segment(p)):
                rule = str(step.outcome.rule or "")
                found.append(c if step.sends_syn else step.to)  # SYN,ACK: when it is seen
                dues.append(Due(p, step.sent[0], rule, self.candidates) if step.sent else None)
                ended = ended or (rule if step.to.tcb.state in NO_CONNECTION else "")
        arrived.before, arrived.last = self.candidates, p
        arrived.ended = f"{ended} (packet {p.number}, which arrived)" if ended else ""
        asked = [one for one in dues if one is not None]
        limited = self.stepper.behaviour.assumed.rate_limits
        answer = asked[0].answer.ctl if asked else None
        every = answer is not None and len(asked) == len(dues)
        if answer is not None and every and (not limited or answer.rst or answer.syn):
            arrived.due = arrived.due or asked[0]
        self.keep(found)
        self.pending = arrived.pending()

    def _before_it_arrived(self, p: Packet, arrived: Arrived) -> list[Candidate]:
        """``p`` was sent before what has just arrived was taken in."""
        last = arrived.last
        assert last is not None
        arrived.before = list(self.explain(arrived.before, p))
        return self._after(arrived.before, last)

    def _after(self, before: list[Candidate], p: Packet) -> list[Candidate]:
        """What ``before`` became by ``p``, which has arrived."""
        return [step.to for c in before for step in self.steps(c, Input.SEGMENT, segment(p))]

    def _sent_unseen(self, p: Packet, inbound: Inbound) -> None:
        """``p`` acknowledges what this end was not seen to send: it has likely sent it."""
        self.number, self.time = p.number, p.time
        found = []
        for c in self.candidates:
            ways = list(self._missed(c, p.ack)) if c.tcb.irs == inbound.isn else [c]
            found += [c if len(ways) == 1 else c.costlier(2 * EVENT), *ways[1:]]
        self.keep(found)

    def _look_for_gaps(self, p: Packet) -> None:
        """Does ``p`` tell that what the capture does not have was sent, or was not?"""
        for gap in self.gaps:
            if not gap.holes and gap.edge is None and p.flags & CONTROL == ACK and not p.text:
                # The ACK of the SYN comes only now.
                gap.denied = gap.denied or p.ack == gap.p.seq
            if p.flags & (SYN | RST) or not gap.holes:
                continue
            (start, _), (_, stop) = gap.holes[0], gap.holes[-1]
            if SEQ.le(stop, p.seq):
                gap.sent = True
            elif SEQ.le(start, p.seq):
                if p.length():
                    gap.filled = True
                else:
                    gap.denied = True
        known = [gap for gap in self.gaps if gap.sent and not gap.denied and not gap.filled]
        if known:
            for gap in known:
                self._lost(gap.holes)
            self.gaps = [gap for gap in self.gaps if gap not in known]

    def _look_at_window(self, gap: Gap, p: Packet, edge: int) -> None:
        """Does ``p``, which came after the segment that is missing, leave the window as open?"""
        if p.flags & (SYN | RST) or SEQ.lt(p.ack, gap.p.seq) or self.current is None:
            return
        self.unopened = None
        self.current.edge = gap.edge
        self.current.opens(edge)
        gap.denied = SEQ.lt(edge, SEQ.plus(gap.p.seq, gap.p.text))
        if not gap.denied and any(one.edge is not None for one in self.gaps if one is not gap):
            self.gaps.remove(gap)  # it is told of the first

    def _lost(self, holes: list[tuple[int, int]]) -> None:
        """The capture lost some numbers."""
        self.seen.lacks += sum(SEQ.minus(stop, start) for start, stop in holes)
        self.seen.lost.extend(holes)

    def _found_again(self, p: Packet) -> None:
        """Is what the capture lost in ``p``, which was sent again or stands in the wrong place?"""
        end = SEQ.plus(p.seq, p.text)
        for start, stop in list(self.seen.lost):
            if SEQ.le(p.seq, start) and SEQ.le(stop, end):
                self.seen.lost.remove((start, stop))
                self.seen.lacks -= SEQ.minus(stop, start)

    def _was_it_a_fin(self, inbound: Inbound, p: Packet) -> None:
        """The last number before ``lost``: does ``p`` tell whether it was a FIN's?"""
        lost = inbound.lost
        assert lost is not None
        if inbound.fin is not None and SEQ.plus(inbound.fin, 1) == lost:
            inbound.top, inbound.total, inbound.lost = inbound.fin, inbound.total - 1, None
            heard = [c for c in self.candidates if c.tcb.rcv.nxt != lost or c.tcb.state in HEARD]
            self.candidates = heard or self.candidates
        elif SEQ.lt(lost, inbound.furthest()):
            inbound.lost = None

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
        self.offered = []
        self.stepper.watch()
        for c in self.candidates:
            self.stepper.age(c, p.time)
        mark = Came(p.seq, p.ack, p.flags & CONTROL, p.text)
        explained = self._explained(p)
        late = False
        prior = self.arrived.before if self.arrived is not None else []
        if self.arrived is not None and self.pending:
            late = self.arrived.goes_by(p)
            if not explained:
                explained = self._before_it_arrived(p, self.arrived)
            self.pending = self.arrived.pending()
        if not self.strict and mark in self.marks:
            explained += [c.costlier(EVENT + 1) for c in self.candidates]  # rarer than a loss
        if not explained:
            self.before = self.candidates
            explained = (
                self._at_once(p, mark)
                or self._not_captured(p)
                or self._not_opened(p)
                or self._not_established(p)
                or self._older(p)
                or self._by_stamp(p)
                or self._departures(p, prior)
            )
        if not explained:
            self._lose_track(p)
            return False
        if p.flags & SYN:
            self.older = False
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
        if late and self.arrived is not None and alive(explained, p.number):
            self.breach, self.arrived.due = self.arrived.due, None
            self.pending = self.arrived.pending()
        return True

    def follows(self, p: Packet) -> bool:
        """``sent``, of an end whose first segment alone may have any state behind it."""
        explained = self.sent(p)
        self.older = False
        return explained

    def _explained(self, p: Packet) -> list[Candidate]:
        return list(self.explain(self.candidates, p))

    def _at_once(self, p: Packet, mark: Came) -> list[Candidate]:
        """What explains a reset, at its own end, that has just been captured: it was twice."""
        if not p.flags & RST or mark not in self.marks[-1:]:
            return []
        self.measured = True  # by the clock
        if p.time - self.seen.before > COPY:
            return []
        self.note = "late or duplicate"
        return [c.costlier() for c in self.candidates]

    def _not_captured(self, p: Packet) -> list[Candidate]:
        """What explains ``p`` if the capture lost what it acknowledges."""
        if not p.flags & ACK or p.flags & SYN:
            return []
        gaps = []
        for irs in {c.tcb.irs for c in self.candidates if c.tcb.state not in PEER_UNKNOWN}:
            inbound = self.inbound.get(irs)
            if inbound is None:
                continue
            if inbound.dropped and inbound.believing().covers(p.ack):
                return []  # it was sent, in segments that are dropped
            fin, stop = inbound.fin, p.ack
            if fin is not None and stop == SEQ.plus(fin, 1):
                stop = fin
            room = SEQ.plus(inbound.top, WINDOW) if self.edge is None else SEQ.plus(self.edge, 1)
            ends = fin is not None and SEQ.lt(fin, stop)
            if not ends and SEQ.lt(inbound.top, stop) and SEQ.le(stop, room):
                gaps.append((inbound, stop))
        if len(gaps) != 1:
            return []
        ((inbound, stop),) = gaps
        proved, best = SEQ.le(stop, inbound.furthest()), self.best()
        opening = [c.tcb for c in self.candidates if c.tcb.state == State.SYN_RECEIVED]
        if opening and inbound.ack is None:
            # The third segment of the handshake is missing, too: what follows the SYN has an ACK.
            inbound.acknowledges(SEQ.plus(inbound.isn, 1), opening[0].snd.nxt)
        holes = inbound.fill(stop)
        missing = sum(SEQ.minus(high, low) for low, high in holes)
        inbound.lost = stop if inbound.top == stop and inbound.fin is None else None
        found = self._explained(p)
        likely = missing == 1 and not proved
        for c in found:
            if inbound.lost is not None and (c.tcb.state in HEARD) != likely:
                c.cost += EVENT
        if proved:
            self._lost(holes)
        elif len(self.gaps) < KEPT:
            self.gaps.append(Gap(p.number, holes, best, self.states(), p))
        else:
            self._cap()
        self.measured = True
        self.note = f"acknowledges what the capture lacks ({missing} octets)"
        return found

    def _not_opened(self, p: Packet) -> list[Candidate]:
        """What explains text beyond the window if the capture lacks one segment of the peer.

        That can have acknowledged all that was sent, and opened a window as wide as any before.
        Of a peer that was not seen to acknowledge text it is not presumed, nor of two in a row.
        """
        inbound, tcb = self.current, self.candidates[0].tcb
        if self.strict or not p.text or inbound is None or inbound.edge is None:
            return []
        if self.unopened is not None:
            self.unopened.denied = True
            return []
        room = SEQ.plus(tcb.snd.nxt, self.seen.widest)
        acknowledged = inbound.ack is not None and SEQ.lt(SEQ.plus(tcb.iss, 1), inbound.ack)
        known = tcb.irs == inbound.isn and tcb.state in TALKING and SEQ.lt(inbound.edge, room)
        if not (known and acknowledged):
            return []
        gap = Gap(p.number, [], self.best(), self.states(), p, edge=inbound.edge)
        inbound.edge = room
        found = self._explained(p)
        if not found:
            inbound.edge = gap.edge
            return []
        self.unopened = gap
        self.gaps.append(gap)
        self.measured = True
        self.note = "beyond the window that the capture has"
        return found

    def _not_established(self, p: Packet) -> list[Candidate]:
        """What explains text in SYN-RECEIVED if the capture lacks the ACK of the SYN.

        That went by after the SYN,ACK did, and the text came when it had arrived: so the text is
        later than the SYN,ACK by more than that was later than the SYN.
        """
        inbound, tcb = self.current, self.candidates[0].tcb
        syn = next((q for q in reversed(self.seen.came) if q.flags & SYN), None)
        if self.strict or not p.text or inbound is None or inbound.ack is not None or syn is None:
            return []
        answered = self.seen.before
        opening = tcb.state == State.SYN_RECEIVED and tcb.irs == inbound.isn == syn.seq
        if not opening or p.seq != tcb.snd.nxt or p.time - answered <= answered - syn.time + CLOCK:
            return []
        gap = Gap(p.number, [], self.best(), self.states(), p)
        since = inbound.since
        inbound.acknowledges(SEQ.plus(inbound.isn, 1), tcb.snd.nxt)
        found = self._explained(p)
        if not found:
            inbound.ack, inbound.since = None, since
            return []
        self.gaps.append(gap)
        self.measured = True
        self.note = "text, and the capture has no ACK of the SYN"
        return found

    def _by_stamp(self, p: Packet) -> list[Candidate]:
        """What explains a SYN,ACK from TIME-WAIT if the SYN's timestamp opens it (RFC 6191)."""
        waits = [c for c in self.candidates if c.tcb.state is State.TIME_WAIT]
        syn, fin, usual = self.last_came(SYN), self.last_came(FIN), self.stepper
        answers = p.flags & (SYN | ACK) == SYN | ACK and REOPENS_ANY in self.departed
        if not answers or syn is None or fin is None:
            return []
        why = [(reopened(c.tcb, syn, fin, p, usual), c) for c in waits]
        self.stepper = self.departed[REOPENS_ANY]
        found = list(self.explain([c for how, c in why if how], p))
        self.stepper = usual
        if found:
            self.note = max(how for how, _ in why)
        return found

    def last_came(self, flag: int) -> Packet | None:
        """The last SYN or FIN that was on its way to this end."""
        return next((q for q in reversed(self.seen.came) if q.flags & flag), None)

    def states(self) -> list[str]:
        """What the end may have been when it sent what was refused."""
        return [described(c.tcb) for c in self.before]

    def habits(self, p: Packet) -> list[str]:
        """Those of known stacks that send ``p``, which was refused."""
        return named(self.before, p, self.seen.came)

    def best(self) -> Refusal:
        """Of all that is against the last segment, what is nearest to it."""
        ended = self.arrived.ended if self.arrived is not None else ""
        if ended and all(c.tcb.state in NO_CONNECTION for c in self.before[:1]):
            return Refusal(-1, ended, "none")
        return min(self.refusals, default=Refusal(9, "no rule sends it", ""), key=lambda r: r.far)

    def _older(self, p: Packet) -> list[Candidate]:
        """What an end that may have a TCB from before the capture is, if it sends ``p``.

        What answers a SYN in the capture, with the right number or one that is nearly right, is of
        no older TCB: that would be chance.
        """
        if not self.older or unlawful(p.flags):
            return []
        self.measured = True
        if p.flags & ACK and any(
            (p.ack - syn.seq + NEAR) & MASK <= syn.text + 2 * NEAR for syn in self.syns
        ):
            return []
        self.note = OLDER
        return self._standing(p)

    def _lose_track(self, p: Packet) -> None:
        """No candidate sends ``p``: it was somebody else's, or the end is in a state unknown."""
        self.older = True
        kept = self.candidates[:FEW]
        if not unlawful(p.flags):
            story = kept[0].story
            kept = [*kept, *(replace(c, story=story) for c in self._standing(p))]
        self.keep(kept)

    def take_up(self, p: Packet) -> None:
        """It is what sends ``p``, whatever it was taken for."""
        self.keep(self._standing(p))

    def _standing(self, p: Packet) -> list[Candidate]:
        """The states that an end of which nothing is known may be in, having sent ``p``."""
        if p.flags & RST:
            return [Candidate(Tcb())]
        if p.flags & SYN and not p.flags & ACK:
            return list(self._opened(Candidate(Tcb()), p))
        if p.flags & SYN:
            return [self.stand(State.SYN_RECEIVED, SEQ.plus(p.seq, 1), p.ack)]
        return self.stands(SEQ.plus(p.seq, p.length()), p.ack, bool(p.flags & FIN), p.text)

    def stands(self, nxt: int, heard: int, fin: bool, text: int) -> list[Candidate]:
        """... with SND.NXT and RCV.NXT as told; ``fin``, ``text``: did it just send them?"""
        inbound = self._inbound_of(heard)
        last = None if inbound is None else inbound.fin is not None and inbound.end() == heard
        states: tuple[State, ...] = CLOSING if fin else TALKING if text else SYNCHRONIZED
        assumed = self.stepper.behaviour.assumed.state
        if assumed is not None and assumed in states:
            states, last = (assumed,), None
        found = [
            self.stand(state, nxt, heard)
            for state in states
            if last is None or (state in HEARD) == last
        ]
        for c in found[1:]:
            c.cost += EVENT
        return found

    def _inbound_of(self, heard: int) -> Inbound | None:
        """The TCB of the peer whose text ends at ``heard``, or did."""
        likely = (*self.partners, *self.inbound.values())
        return next((i for i in likely if SEQ.lt(i.isn, heard) and i.covers(heard)), None)

    def stand(self, state: State, nxt: int, heard: int) -> Candidate:
        """A TCB in ``state``; where its numbers began is not known."""
        inbound = self._inbound_of(heard)
        if inbound is None:
            inbound = self.inbound[SEQ.minus(heard, 1)] = Inbound(SEQ.minus(heard, 1))
        closing = state not in (*TALKING, State.SYN_RECEIVED)
        behind = 0 if state == State.SYN_RECEIVED else BEHIND
        tcb = Tcb(state=state, irs=inbound.isn, written=behind, closing=closing)
        tcb.iss = SEQ.minus(nxt, 1 + behind + closing)
        tcb.passive = state == State.SYN_RECEIVED
        tcb.snd.nxt = nxt
        tcb.snd.una = tcb.iss if state == State.SYN_RECEIVED else SEQ.plus(tcb.iss, 1)
        if state in (State.FIN_WAIT_2, State.TIME_WAIT):
            tcb.snd.una = nxt
        tcb.rcv.nxt = tcb.rcv.up = heard
        tcb.rcv.wnd = WINDOW
        return Candidate(tcb, clock=self.time)

    def _departures(self, p: Packet, prior: list[Candidate]) -> list[Candidate]:
        """What only a departure from the rules explains: the first that does.

        All that do are offered. ``prior``: what the end was before a segment arrived for certain,
        which a departure may answer otherwise.
        """
        patience = self.seen.patience
        if self.seen.accused or patience.lost():
            return []  # it is told of the first
        self.seen.accused = True
        patience.left -= SEARCH
        usual, refusals, inbound = self.stepper, list(self.refusals), self.inbound
        last = self.arrived.last if self.arrived is not None else None
        if last is not None and self.seen.before > last.time:
            last = None  # it has sent something since
        if last is not None:
            self._after(prior, last)  # takes note of what it depends on
        matter = {*usual.matter(self.departed)}
        dropped = {each.switch for one in inbound.values() for each in one.dropped}
        found: list[Candidate] = []
        goes_on = usual
        for name, stepper in self.departed.items():
            turned = switch(name)
            if name in matter or turned in dropped:
                self.stepper = stepper
                self.inbound = {isn: one.believing(turned) for isn, one in inbound.items()}
                ways = self._explained(p)
                if not ways and last is not None:
                    ways = list(self.explain(self._after(prior, last), p))
                found += self._offer(name, ways)
                goes_on = stepper if found and goes_on is usual else goes_on
        self.stepper, self.inbound = usual, inbound
        if goes_on is not usual:
            turned = switch(self.offered[0])
            for one in inbound.values():
                if any(each.switch == turned for each in one.dropped):
                    self.taken = one.end(), p.ack
                    one.believe(turned)
        if waits := [c for c in self.candidates if c.tcb.time_wait]:
            cut = max(c.tcb.time_wait for c in waits) + usual.behaviour.base.time_wait_cut
            early = [c.costlier(0) for c in waits]
            for c in early:
                c.tcb.time_wait = 0
            found += self._offer(f"time_wait_cut={cut}", list(self.explain(early, p)))
        self.stepper, self.refusals = goes_on, refusals
        return found

    def _offer(self, name: str, explained: list[Candidate]) -> list[Candidate]:
        """``name`` explains the segment; the first that does is followed on."""
        if not explained:
            return []
        self.offered.append(name)
        for c in explained:
            c.used |= {name}
        return explained if len(self.offered) == 1 else []

    def spares(self, due: Due, p: Packet | None) -> list[str]:
        """The departures by which nothing is due, and ``p``, if it is given, is explained."""
        usual, refusals, found = self.stepper, list(self.refusals), []
        usual.watch()
        self._after(due.before, due.to)
        for name in usual.matter(self.departed):
            self.stepper = self.departed[name]
            steps = [
                step
                for c in due.before
                for step in self.steps(c, Input.SEGMENT, segment(due.to))
                if not step.sent
            ]
            if steps and (p is None or any(True for _ in self.explain([s.to for s in steps], p))):
                found.append(name)
        self.stepper, self.refusals = usual, refusals
        return found

    def keep(self, found: Iterable[Candidate]) -> None:
        """Equal candidates are one, the cheapest; and there is a bound on how many there are."""
        best: dict[tuple[object, ...], Candidate] = {}
        for c in found:
            mark = c.key()
            if mark not in best or c.cost < best[mark].cost:
                best[mark] = c
        kept = sorted(best.values(), key=lambda c: c.cost)
        if kept[-1].cost > kept[0].cost + SLACK:
            kept = [c for c in kept if c.cost <= kept[0].cost + SLACK]
        if len(kept) > CANDIDATES:
            self._cap()
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


def _with(known: tuple[Came, ...], came: Came) -> tuple[Came, ...]:
    """The last few that differ."""
    return (*(one for one in known if one != came), came)[-KEPT:]


def _may_be_of(inbound: Inbound, p: Packet) -> bool:
    """Does ``p`` lie behind the SYN, within a window of what was seen?"""
    near = SEQ.minus(SEQ.plus(p.seq, WINDOW), inbound.top) < 2 * WINDOW
    return near and SEQ.lt(inbound.isn, p.seq)
