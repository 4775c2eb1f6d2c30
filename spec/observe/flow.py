"""The flow of text and acknowledgments: is all sent, held, offered and acknowledged that is due?

This is RFC 9293 section 3.8.6 a second time, with Nagle's rule (3.7.4), section 4.2 of RFC 5681 and
2.2 of RFC 7323, as a relation between a data plane before a step and after it, each condition with
its section. What is due is worked out from what was before and what came in, octet by octet; the
helpers of the rules are not asked. An endpoint that waits without need does no harm that a claim
about safety would notice, and where a timer mends it, none that a claim about liveness would; here
it is a breach. It knows of no switch: what departs from the RFC breaches it.

How cwnd moves is another watcher's (``spec.observe.course``). Text goes one way over one connection
here, and is held octet by octet.
"""

from spec.observe.course import next_to_send
from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose, half, implies, least, most, not_
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment, acceptable
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb
from spec.tcp.transfer import Transfer

Condition = tuple[str, bool]
"""A section, and whether a step keeps to what it asks."""

_RECEIVING = (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
_OPENING = (State.SYN_SENT, State.SYN_RECEIVED)
_SENDING = (State.ESTABLISHED, State.FIN_WAIT_1, State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK)
_WRITING = (State.ESTABLISHED, State.CLOSE_WAIT)


class Flow(Watcher):
    """Records that text or an acknowledgment was sent, or not sent, otherwise than is due."""

    name = "flow"

    def lives(self, ghost: Ghost, m: Moment) -> None:
        if m.after.state in SYNCHRONIZED:
            for was, now in zip(m.before.transfers, m.after.transfers, strict=True):
                ghost.stalled = ghost.stalled | _broken(_sends(was, now, m))
                ghost.withheld = ghost.withheld | _broken(_receives(was, now, m))


def _broken(conditions: tuple[Condition, ...]) -> bool:
    kept: bool = True
    for _, keeps in conditions:
        kept = kept & keeps
    return not_(kept)


def _processed(m: Moment) -> bool:
    """Does what arrives come as far as the sixth step of section 3.10.7.4?"""
    seq, before, seg = m.tcp.seq, m.before, m.seg
    if seg is None:
        return False
    if before.state == State.SYN_SENT:
        return seg.ctl.syn
    oldest = seq.minus(before.snd.una, m.tcp.bounds.window)
    known = seq.le_le(oldest, seg.ack, before.snd.nxt)
    plain = seg.ctl.ack & not_(seg.ctl.rst | seg.ctl.syn)
    return _inside(before, seg, m) & plain & known


def _inside(before: Tcb, seg: Segment, m: Moment) -> bool:
    """Is it in the window? A shut one lets in what a peer sends that has sent a probe, and FIN."""
    seq, rcv = m.tcp.seq, before.rcv
    beyond = choose(seg.ctl.rst, 0, 2)
    shut = (rcv.wnd == 0) & (seq.minus(seg.seq, rcv.nxt) <= beyond)
    return acceptable(seq, rcv.nxt, rcv.wnd, seg) | shut


# The sender: sections 3.7.4 and 3.8.6.2.1, RFC 5681 3.1, RFC 3042


def _sends(was: Transfer, now: Transfer, m: Moment) -> tuple[Condition, ...]:
    """Does it send what is due, and nothing else?"""
    seq, before, after = m.tcp.seq, m.before, m.after
    sent = [seg for seg in m.tcp.sent if seg.text != 0 or seg.ctl.fin]
    begins = after.snd.una != after.iss
    begun = was.cwnd != 0
    largest = choose(begun, most(was.largest, after.snd.wnd), after.snd.wnd)
    sending = after.state in _SENDING and begins
    found: tuple[Condition, ...] = (
        ("3.10.7.4 fifth", m.after.snd.wnd == _offered(m)),
        ("RFC 5681 3.1", (now.cwnd != 0) == begins),
        ("3.8.6.2.1", implies(sending, now.largest == largest)),
    )
    if not begun:
        initial = m.tcp.bounds.initial_window * m.tcp.bounds.mss
        found = (
            *found,
            ("RFC 5681 3.1", not_(begins) | (now.cwnd == initial)),
            ("RFC 5681 3.1", not_(begins) | (now.ssthresh == m.tcp.bounds.clamp)),
            ("RFC 6582 3.2", not_(begins) | (now.recover == after.iss)),
            ("3.3.1", not_(begins) | (now.nxt == after.snd.nxt)),
        )
    if not begins:
        return found
    if m.tcp.bounds.sack:
        found = (*found, ("RFC 2018 5, 8", _remembers(was, now, m)))
    elif begun:
        found = (*found, ("3.3.1", now.nxt == next_to_send(was, m)))
    if m.what == Input.RETRANSMISSION_TIMEOUT:
        return (*found, *_by_timer(sent, m))
    if m.what == Input.OVERRIDE_TIMEOUT:
        idle = before.snd.una == before.snd.nxt
        found = (*found, ("3.8.6.2.1 (4)", idle & (len(sent) > 0)))
    # What seems lost goes first.
    front = 0
    at = choose(begun, was.nxt, seq.plus(after.iss, 1))
    at = choose(seq.lt(at, after.snd.una), after.snd.una, at)
    if _seems_lost(was, now, m):
        front = 1
        resent = sent[:1] != [] and _is_front(sent[0], m)
        found = (*found, ("RFC 5681 3.2 (2); RFC 6582 3.2 (3)", resent))
        past = after.snd.una if not sent else seq.plus(after.snd.una, sent[0].length())
        at = choose(at == after.snd.una, past, at)
    return (*found, *_goes_on(sent[front:], at, now, m))


def _remembers(was: Transfer, now: Transfer, m: Moment) -> bool:
    """Does it know what was reported of what is in flight (RFC 2018)? After a timeout, nothing."""
    seq, una, seg = m.tcp.seq, m.after.snd.una, m.seg
    acked = seq.minus(una, m.before.snd.una)
    flight = seq.minus(m.before.snd.nxt, una)
    fresh = _processed(m) & (m.before.state in SYNCHRONIZED)
    gone = (m.what == Input.RETRANSMISSION_TIMEOUT) & (m.before.snd.una != m.before.snd.nxt)
    right: bool = True
    for n, place in enumerate(now.sacked):
        known: bool = False
        for before, old in enumerate(was.sacked):
            known = known | (old.here & (before == n + acked))
        if seg is not None:
            said: bool = False
            for bits in range(1 << len(now.sacked)):
                said = said | ((seg.sack == bits) & (bits >> n & 1 == 1))
            known = known | (said & fresh & (seg.ack == una) & (n < flight))
        right = right & (place.here == (known & not_(gone)))
    return right


def _past_reported(at: int, now: Transfer, m: Moment) -> int:
    """... what is to be sent next, since the peer holds it."""
    for n, place in enumerate(now.sacked):
        here = m.tcp.seq.minus(at, m.after.snd.una) == n
        at = choose(place.here & here, m.tcp.seq.plus(at, 1), at)
    return at


def _offered(m: Moment) -> int:
    """SND.WND: of a segment that acknowledges all that is known to have come, and is not older, by
    its numbers, than the one whose window is known; with ``window_larger`` one of equal numbers
    counts if it offers more. The first window is that of the ACK of our SYN."""
    seq, seg, snd = m.tcp.seq, m.seg, m.before.snd
    if seg is None:
        return snd.wnd
    later = seq.lt(snd.wl1, seg.seq) | ((snd.wl1 == seg.seq) & (snd.wl2 != seg.ack))
    again = (snd.wl1 == seg.seq) & (snd.wl2 == seg.ack)
    if m.tcp.rules.window_larger:
        again = again & (snd.wnd < seg.wnd)
    newer = m.before.state in _OPENING or choose(
        snd.una == m.before.iss, m.after.snd.una != snd.una, later | again
    )
    current = (seg.ack == m.after.snd.una) & newer
    return choose(_processed(m) & current, seg.wnd, snd.wnd)


def _by_timer(sent: list[Segment], m: Moment) -> tuple[Condition, ...]:
    """The retransmission timer, or that of a shut window (3.8.6.1)."""
    seq, snd = m.tcp.seq, m.before.snd
    idle = snd.una == snd.nxt
    queued = _left(m.before, snd.nxt, m) != 0
    if len(sent) != 1:
        return (("3.8.1, 3.8.6.1", False),)
    (seg,) = sent
    probe = (seg.seq == snd.nxt) & (seg.text == 1) & not_(seg.ctl.fin)
    return (
        ("3.8.6.1", implies(idle, (snd.wnd == 0) & queued & probe)),
        ("3.8.1", idle | _is_front(seg, m)),
        ("3.3.1", m.after.snd.nxt == choose(idle, seq.plus(snd.nxt, 1), snd.nxt)),
    )


def _is_front(seg: Segment, m: Moment) -> bool:
    """Is it the front of the retransmission queue: a segment of what was sent, or FIN?"""
    una, nxt = m.after.snd.una, m.before.snd.nxt
    left = _left(m.after, una, m)
    text = least(least(left, m.tcp.seq.minus(nxt, una)), m.tcp.bounds.mss)
    return (seg.seq == una) & (seg.text == text) & (seg.ctl.fin == (text == 0))


def _seems_lost(was: Transfer, now: Transfer, m: Moment) -> bool:
    """Has a duplicate ACK begun fast recovery, or an ACK shown that more was lost?"""
    partial = was.recovering and m.after.snd.una != m.before.snd.una
    return m.what == Input.SEGMENT and now.recovering and (not was.recovering or partial)


def _goes_on(sent: list[Segment], at: int, now: Transfer, m: Moment) -> tuple[Condition, ...]:
    """Is text sent from here on as far as it may be, and FIN after the last octet? Not by the timer
    of an ACK, nor by the user's RECEIVE."""
    seq, after = m.tcp.seq, m.after
    writes = m.what in (Input.SEND, Input.SEND_URGENT, Input.CLOSE) and m.before.state in _WRITING
    may = writes | (m.what == Input.OVERRIDE_TIMEOUT) | _processed(m)
    override = m.what == Input.OVERRIDE_TIMEOUT
    high = choose(seq.lt(m.before.snd.nxt, at), at, m.before.snd.nxt)
    right: bool = True
    ended: bool = False
    for seg in sent:
        at = _past_reported(at, now, m)
        text = choose(may, _due(at, high, override, now, m), 0)
        right = right & (seg.seq == choose(text != 0, at, high)) & (seg.text == text) & not_(ended)
        right = right & implies(text == 0, seg.ctl.fin)
        ended = seg.ctl.fin
        at = choose(text != 0, seq.plus(at, text), at)
        high = choose(seq.lt(high, at), at, high)
    at = _past_reported(at, now, m)
    more = choose(may & not_(ended), _due(at, high, override, now, m), 0)
    # FIN has the number after the last octet, and is sent as soon as that was.
    last = seq.plus(after.iss, after.written + 1)
    fin = after.closing & (high == last) & may
    return (
        ("3.8.6.2.1; 3.7.4; RFC 5681 3.1", right & (more == 0)),
        ("3.10.4", ended == fin),
        ("3.3.1", after.snd.nxt == choose(ended, seq.plus(high, 1), high)),
    )


def _due(at: int, high: int, override: bool, now: Transfer, m: Moment) -> int:
    """How much text is due from ``at`` on, where all up to ``high`` was sent."""
    seq, snd, mss = m.tcp.seq, m.after.snd, m.tcp.bounds.mss
    new = at == high
    # RFC 3042: a segment for each of two duplicate ACKs
    lent: int = 0
    for few in (1, 2):
        lent = choose(new & (now.duplicates == few), few * mss, lent)
    allowed = least(now.cwnd + lent, snd.wnd)
    flight = seq.minus(at, snd.una)
    room = choose(flight < allowed, seq.minus(allowed, flight), 0)
    queued = _left(m.after, at, m)
    text = least(least(room, queued), mss)
    for n, place in enumerate(now.sacked):  # up to what the peer holds
        until = choose(place.here & (flight <= n), seq.minus(n, flight), text)
        text = least(text, until)
    whole = (text == queued) | (text + text >= now.largest)
    prompt = (text == mss) | (whole & (snd.una == high)) | not_(new) | override
    return choose(prompt, text, 0)


def _left(tcb: Tcb, at: int, m: Moment) -> int:
    """Octets of the stream from ``at`` on; none, if that is beyond FIN."""
    left = m.tcp.seq.minus(m.tcp.seq.plus(tcb.iss, tcb.written + 1), at)
    return choose(left <= tcb.written, left, 0)


# The receiver: sections 3.4, 3.8.6.2.2 and 3.8.6.3, RFC 5681 4.2


def _receives(was: Transfer, now: Transfer, m: Moment) -> tuple[Condition, ...]:
    """Does it take, hold, offer and acknowledge what is due?"""
    offers = _offers(now, m)
    if m.what == Input.RECEIVE:
        return (*offers, *_reads(was, now, m))
    if m.what == Input.SHRINK:
        return (*offers, *_shrinks(was, now, m))
    if m.seg is not None and m.before.state in (State.SYN_RECEIVED, *_RECEIVING):
        return (*offers, *_hears(was, now, m.seg, m))
    if m.what == Input.RENEGE:
        return (*offers, ("RFC 2018 8", not_(_holds(now)) & (now.due == was.due)))
    acks = _acknowledges(m)
    waited = m.what != Input.ACK_TIMEOUT or (was.due != 0 and acks)
    synchronized = m.before.state in SYNCHRONIZED
    return (
        *offers,
        ("3.8.6.3", waited),
        ("3.8.6.3", now.due == choose(acks, 0, was.due)),
        ("3.4", implies(synchronized, (now.unread == was.unread) & _holds_the_same(was, now))),
    )


def _holds(transfer: Transfer) -> bool:
    held: bool = False
    for place in transfer.places:
        held = held | place.here
    return held


def _holds_the_same(was: Transfer, now: Transfer) -> bool:
    same: bool = True
    for old, new in zip(was.places, now.places, strict=True):
        same = same & (old.here == new.here)
    return same


def _acknowledges(m: Moment) -> bool:
    """Was anything sent that acknowledges all that was received?"""
    acks: bool = False
    for seg in m.tcp.sent:
        acks = acks | (seg.ctl.ack & (seg.ack == m.after.rcv.nxt))
    return acks


def _offers(now: Transfer, m: Moment) -> tuple[Condition, ...]:
    """Does each segment offer the window that there is, in units of 2^shift octets, and report what
    is held?"""
    right: bool = True
    for seg in m.tcp.sent:
        units = m.after.rcv.wnd
        for _ in range(m.tcp.bounds.shift):
            units = half(units, m.tcp.bounds.window)
        right = right & (seg.ctl.rst | seg.ctl.syn | (seg.wnd == units))
    reports: bool = True
    held: int = 0
    for n, place in enumerate(now.places):
        held = held + choose(place.here & m.tcp.bounds.sack, 1 << n, 0)
    for seg in m.tcp.sent:
        reports = reports & (seg.ctl.rst | (seg.sack == choose(seg.ctl.ack, held, 0)))
    return (("RFC 7323 2.2", right), ("RFC 2018 4", reports))


def _reads(was: Transfer, now: Transfer, m: Moment) -> tuple[Condition, ...]:
    """RECEIVE: is the window opened once that is worth it, and the peer told?"""
    seq, window, rcv = m.tcp.seq, m.tcp.bounds.window, m.before.rcv
    read = least(was.unread, m.tcp.bounds.read) if m.tcp.bounds.read else was.unread
    left = seq.minus(was.unread, read)
    # The window may be wider than what is free, if the buffer has lost an octet.
    free = seq.minus(window, left)
    more = choose(rcv.wnd < free, seq.minus(free, rcv.wnd), 0)
    opens = (more >= m.tcp.bounds.mss) | (more + more >= window)
    acks = _acknowledges(m)
    return (
        ("3.10.3", (now.unread == left) & _holds_the_same(was, now)),
        ("3.10.3", m.after.rcv.push == (rcv.push & (left != 0))),
        ("3.8.6.2.2", m.after.rcv.wnd == choose(opens, free, rcv.wnd)),
        ("3.8.5", implies(opens, not_(seq.lt(m.after.rcv.up, seq.minus(rcv.nxt, left))))),
        ("3.8.6.2.2", (acks == opens) & (now.due == choose(opens, 0, was.due))),
    )


def _shrinks(was: Transfer, now: Transfer, m: Moment) -> tuple[Condition, ...]:
    """The window has lost an octet: is what lay there forgotten, and the peer told?"""
    room = m.after.rcv.wnd
    kept: bool = True
    for n, (old, new) in enumerate(zip(was.places, now.places, strict=True)):
        kept = kept & (new.here == (old.here & (n < room)))
    return (
        ("3.8.6", (m.tcp.seq.plus(room, 1) == m.before.rcv.wnd) & kept),
        ("3.8.6", now.unread == was.unread + 1),
        ("3.8.6", _acknowledges(m) & (now.due == 0)),
    )


def _hears(was: Transfer, now: Transfer, seg: Segment, m: Moment) -> tuple[Condition, ...]:
    """A segment: is what is new of it taken, with what was held and follows, or held?"""
    seq, before, after = m.tcp.seq, m.before, m.after
    taken_in, room = _processed(m), before.rcv.wnd
    known = [place.here for place in was.places]
    gap: bool = False
    for here in known:
        gap = gap | here
    for n in range(len(known)):
        covered = seq.minus(seq.plus(before.rcv.nxt, n), seg.seq) < seg.text
        known[n] = known[n] | (taken_in & covered & (n < room))
    run: bool = True
    more: int = 0
    for here in known:
        run = run & here
        more = more + choose(run, 1, 0)
    ahead = seq.lt(before.rcv.nxt, seg.seq)
    whole = seq.plus(before.rcv.nxt, more) == seq.plus(seg.seq, seg.text)
    fin = taken_in & seg.ctl.fin & whole & not_(ahead) & (more < room)
    held: bool = True
    for n, place in enumerate(now.places):
        there: bool = False
        for first, here in enumerate(known):
            there = there | (here & (first == n + more))
        held = held & (place.here == (there & not_(fin)))
    # Text that is in order, new, and next to nothing that waits is acknowledged at leisure.
    fills = (seg.text != 0) & not_(ahead) & not_(gap) & (more != 0)
    numbers = taken_in & (seg.length() != 0)
    due = choose(numbers & fills, was.due + more, was.due)
    at_once = numbers & (not_(fills) | seg.ctl.fin | (due >= 2 * m.tcp.bounds.mss))
    # A reset is believed at RCV.NXT only; what is dropped has no ACK, and no bit to answer.
    inside, ctl = _inside(before, seg, m), seg.ctl
    reset = ctl.rst & (not_(inside) | (seg.seq == before.rcv.nxt))
    dropped = reset | (inside & not_(ctl.ack | ctl.syn | ctl.rst))
    refused = (before.state in SYNCHRONIZED) & not_(taken_in | dropped)
    acks = _acknowledges(m)
    bare: bool = False
    for sent in m.tcp.sent:
        bare = bare | (sent.length() == 0)
    return (
        ("3.4", after.rcv.nxt == seq.plus(before.rcv.nxt, more + fin)),
        ("3.8.6", after.rcv.wnd == seq.minus(room, more)),
        ("3.10.7.4 first, SHLD-31", held),
        ("3.10.7.4 seventh", now.unread == was.unread + more),
        ("3.8.6.3; RFC 5681 4.2", implies(at_once, acks)),
        ("3.5.2 group 3; RFC 5961", implies(refused, acks)),
        ("3.8.6.3", now.due == choose(acks, 0, due)),
        ("3.8.6.3, SHLD-18", implies(numbers & not_(at_once), not_(bare))),
    )
