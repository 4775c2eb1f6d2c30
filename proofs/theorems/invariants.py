"""Clauses: what is always true, so that the claims are theorems.

The explorer visits every state up to bounds. These clauses are *inductive*: they hold at the
start, and whatever step is taken from any state in which all of them hold, they hold after it. So
they hold for ever, whatever the number of segments in flight, of incarnations, and whatever 32-bit
sequence numbers. The claims are among them.

A clause is a plain function of a ``View``, and of one arbitrary segment ``seg`` that ``me`` sent
and that is in flight, or of one arbitrary number ``n`` of an incarnation of ``me``. Both hosts
run the same code: what is said of me and peer holds with the roles exchanged. Its docstring says
it in words; ``proofs/results/why.toml`` says which clause fails first without it, and at which
rule.
"""

from collections.abc import Callable
from dataclasses import dataclass

from spec.observe.ghosts import Ghost, Left, reached_established
from spec.rules import Rules
from spec.seq import Space, choose, implies, not_
from spec.tcp.host import awake
from spec.tcp.listener import Queue
from spec.tcp.segment import Id, Segment, Seq, Ticks
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint


@dataclass(slots=True, eq=False)
class Memory:
    """What a proof remembers of each TCB that a host has had, for ever."""

    known: bool = False  # it knew both numbers
    reached: bool = False  # it reached ESTABLISHED
    passive: bool = False  # it came from LISTEN
    fin: bool = False  # it sent its FIN
    heard: Id = 0  # the peer's TCB whose SYN it took
    irs: Seq = 0


def remember(memory: Memory, end: Endpoint, seq: Space) -> None:
    """Write down what an endpoint's TCB is after a step; ``memory`` is what was known of it."""
    tcb = end.tcb
    if tcb.state in (State.CLOSED, State.LISTEN, State.SYN_SENT):
        return
    memory.known = True
    memory.reached = memory.reached | reached_established(tcb)
    memory.passive = tcb.passive
    memory.fin = tcb.snd.nxt == seq.plus(tcb.iss, 2)
    memory.heard = end.ghost.heard
    memory.irs = tcb.irs


@dataclass(frozen=True, slots=True)
class View:
    """A state as seen from one end. ``mine`` and ``its`` give what is remembered of a TCB by its
    number, ``my_iss`` and ``its_iss`` the ISS of a TCB, also of one that is yet to come."""

    me: Endpoint
    peer: Endpoint
    mine: Callable[[Id], Memory]
    its: Callable[[Id], Memory]
    my_iss: Callable[[Id], Seq]
    its_iss: Callable[[Id], Seq]
    rules: Rules
    bounds: Bounds
    seq: Space


Function = Callable[..., bool]


def exists(end: Endpoint) -> bool:
    """Has the endpoint a TCB with an ISS?"""
    return (end.tcb.state != State.CLOSED) & (end.tcb.state != State.LISTEN)


def knows(end: Endpoint) -> bool:
    """Has it a TCB that knows both numbers?"""
    return exists(end) & (end.tcb.state != State.SYN_SENT)


# Assumptions

WRITE = 1 << 30
"""How many octets a SEND is given, at most."""


def written_at_once(w: View) -> bool:
    """A SEND is given between 1 octet and 2^30."""
    return (w.bounds.write >= 1) & (w.bounds.write <= WRITE)


def fresh(w: View, m: Id, n: Id) -> bool:
    """ISNs of one host are never used twice, nor that after one (its FIN's)."""
    a, b = w.my_iss(m), w.my_iss(n)
    return (w.seq.minus(a, b) > 1) & (w.seq.minus(b, a) > 1)


def far(w: View, m: Id, n: Id) -> bool:
    """ISNs of one host are further than a window and two from each other."""
    a, b = w.my_iss(m), w.my_iss(n)
    reach = (1 << 30) + 2
    return (w.seq.minus(a, b) > reach) & (w.seq.minus(b, a) > reach)


def monotone(w: View, m: Id, n: Id) -> bool:
    """Each ISN of a host is above those before, and what comes after it: nothing has wrapped."""
    a, b = w.my_iss(m), w.my_iss(n)
    up, down = w.seq.minus(b, a), w.seq.minus(a, b)
    most = (1 << 31) - 2
    return implies(m < n, (up > 1) & (up <= most)) & implies(n < m, (down > 1) & (down <= most))


def window_is_sane(w: View) -> bool:
    """A window is between 1 octet and 2^30 (RFC 7323 2.3)."""
    return (w.bounds.window >= 1) & (w.bounds.window <= 1 << 30)


# Structure


def numbered(w: View) -> bool:
    """A TCB's ISS is the one of its number."""
    me = w.me
    number = me.ghost.id
    made = (number >= 1) & (number <= me.ghost.made)
    return implies(exists(me), made & (me.tcb.iss == w.my_iss(number)))


def in_order(w: View) -> bool:
    """ISS, SND.UNA, SND.NXT, and IRS, RCV.NXT, as each state has them."""
    tcb = w.me.tcb
    una, nxt = w.seq.minus(tcb.snd.una, tcb.iss), w.seq.minus(tcb.snd.nxt, tcb.iss)
    got = w.seq.minus(tcb.rcv.nxt, tcb.irs)
    state = tcb.state
    if state in (State.CLOSED, State.LISTEN):
        return not_(tcb.closing) & not_(tcb.passive)
    if state == State.SYN_SENT:
        return (una == 0) & (nxt == 1) & not_(tcb.closing) & not_(tcb.passive)
    if state == State.SYN_RECEIVED:
        waits = not_(tcb.closing) | w.rules.close_waits
        return (una == 0) & (nxt == 1) & (got == 1) & waits
    if state == State.ESTABLISHED:
        return (una == 1) & (nxt == 1) & (got == 1) & not_(tcb.closing)
    if state == State.FIN_WAIT_1:
        return (una <= 1) & (nxt == 2) & (got == 1) & tcb.closing
    if state == State.FIN_WAIT_2:
        return (una == 2) & (nxt == 2) & (got == 1) & tcb.closing
    if state == State.CLOSE_WAIT:
        return (una == 1) & (nxt == 1) & (got == 2) & not_(tcb.closing)
    if state == State.CLOSING:
        return (una <= 1) & (nxt == 2) & (got == 2) & tcb.closing
    if state == State.LAST_ACK:
        return (una == 1) & (nxt == 2) & (got == 2) & tcb.closing
    # TIME-WAIT
    return (una == 2) & (nxt == 2) & (got == 2)


def little_is_written(w: View) -> bool:
    """No TCB is given all numbers to send: FIN is not where the ISS is."""
    return w.me.tcb.written <= w.bounds.octets + WRITE


def acknowledged_first(w: View) -> bool:
    """Our SYN is acknowledged after SYN-RECEIVED, and then there is a partner, whatever the numbers
    are by now."""
    me, state = w.me, w.me.tcb.state
    closed = (state == State.FIN_WAIT_1) | (state == State.CLOSING)
    bare = me.tcb.snd.una == me.tcb.iss
    opening = (state == State.SYN_SENT) | (state == State.SYN_RECEIVED)
    partner = (me.ghost.partner >= 1) | (closed & bare)
    return implies(exists(me), choose(opening, bare & (me.ghost.partner == 0), partner))


def reopened_by_rule(w: View) -> bool:
    """A TCB comes of TIME-WAIT only where a SYN may reopen it, and then passively; and once
    SYN-RECEIVED is left it does not go back."""
    tcb = w.me.tcb
    may = w.rules.time_wait_reopen & tcb.passive & (tcb.state == State.SYN_RECEIVED)
    return implies(tcb.reopened, may)


def window_is_its_own(w: View) -> bool:
    """The receive window is never more than the buffer."""
    return implies(exists(w.me), w.me.tcb.rcv.wnd <= w.bounds.window)


def remembered(w: View) -> bool:
    """Of the TCB that is there, what is remembered is what it is."""
    me, memory = w.me, w.mine(w.me.ghost.id)
    same = (
        memory.known
        & (memory.irs == me.tcb.irs)
        & (memory.passive == me.tcb.passive)
        & (memory.heard == me.ghost.heard)
    )
    return implies(knows(me), same) & implies(me.tcb.state == State.SYN_SENT, not_(memory.known))


def only_the_past(w: View, n: Id) -> bool:
    """Nothing is remembered of a TCB that was never made."""
    memory = w.mine(n)
    return implies(memory.known, (n >= 1) & (n <= w.me.ghost.made)) & implies(
        memory.reached, memory.known
    )


def heard_truly(w: View, n: Id) -> bool:
    """IRS is the ISS of the TCB whose SYN was taken."""
    memory = w.mine(n)
    heard = (memory.heard >= 1) & (memory.heard <= w.peer.ghost.made)
    return implies(memory.known, heard & (memory.irs == w.its_iss(memory.heard)))


# Segments


def has_a_sender(w: View, seg: Segment) -> bool:
    """All but resets come of a TCB that was made."""
    src = seg.origin.src
    return (src <= w.me.ghost.made) & (seg.ctl.rst | (src >= 1))


def syn_says_iss(w: View, seg: Segment) -> bool:
    """A SYN bears its TCB's ISS."""
    return implies(seg.ctl.syn & not_(seg.ctl.rst), seg.seq == w.my_iss(seg.origin.src))


def syn_is_bare(w: View, seg: Segment) -> bool:
    """No FIN comes with a SYN, and no text with anything."""
    return not_(seg.ctl.syn & seg.ctl.fin) & (seg.text == 0)


def nothing_waits(w: View) -> bool:
    """Nothing came with the SYN."""
    tcb = w.me.tcb
    return not_(tcb.held_fin) & (tcb.held_text == 0)


def numbers_are_its_own(w: View, seg: Segment) -> bool:
    """Other segments lie one or two above the ISS: after SYN, or after FIN."""
    ahead = w.seq.minus(seg.seq, w.my_iss(seg.origin.src))
    return implies(not_(seg.ctl.syn) & not_(seg.ctl.rst), seg.ctl.ack & (ahead >= 1) & (ahead <= 2))


def ack_says_irs(w: View, seg: Segment) -> bool:
    """An ACK is of the peer's SYN, or of its FIN, as its TCB heard them."""
    memory = w.mine(seg.origin.src)
    ahead = w.seq.minus(seg.ack, memory.irs)
    return implies(seg.ctl.ack & not_(seg.ctl.rst), memory.known & (ahead >= 1) & (ahead <= 2))


def bare_syn_is_active(w: View, seg: Segment) -> bool:
    """A SYN without ACK is of a TCB that was opened actively."""
    bare = seg.ctl.syn & not_(seg.ctl.ack) & not_(seg.ctl.rst)
    memory = w.mine(seg.origin.src)
    return implies(bare, not_(memory.known & memory.passive))


# Agreement


def end_is_remembered(w: View) -> bool:
    """Of the TCB that is there, it is remembered whether it sent its FIN."""
    me, memory = w.me, w.mine(w.me.ghost.id)
    sent = w.me.tcb.snd.nxt == w.seq.plus(me.tcb.iss, 2)
    return implies(knows(me), memory.fin == sent)


def fin_is_sent(w: View, seg: Segment) -> bool:
    """A FIN lies one above the ISS, and its TCB has sent it."""
    fin = seg.seq == w.seq.plus(w.my_iss(seg.origin.src), 1)
    return implies(seg.ctl.fin & not_(seg.ctl.rst), fin & w.mine(seg.origin.src).fin)


def established_first(w: View) -> bool:
    """Nobody closes before it was established."""
    return implies(
        knows(w.me) & (w.me.tcb.state != State.SYN_RECEIVED), reached_established(w.me.tcb)
    )


def established_is_mutual(w: View, n: Id) -> bool:
    """Who reached ESTABLISHED heard the one that heard it."""
    memory = w.mine(n)
    other = w.its(memory.heard)
    return implies(memory.known & memory.reached, other.known & (other.irs == w.my_iss(n)))


def partner_is_who_was_heard(w: View) -> bool:
    """The partner is the TCB whose SYN was taken."""
    me = w.me
    return implies(
        knows(me) & (me.tcb.snd.una != me.tcb.iss),
        (me.ghost.partner == me.ghost.heard) & w.mine(me.ghost.id).reached,
    )


def fin_was_heard(w: View) -> bool:
    """A FIN that was received was the partner's."""
    me = w.me
    received = me.tcb.rcv.nxt == w.seq.plus(me.tcb.irs, 2)
    return implies(knows(me) & received, w.its(me.ghost.heard).fin)


def answers_its_caller(w: View, n: Id) -> bool:
    """A listener's SYN is heard only by the TCB that called it."""
    memory = w.mine(n)
    caller = w.its(memory.heard)
    return implies(memory.known & caller.known & caller.passive, caller.irs == w.my_iss(n))


def agreed(w: View, mine: Ghost | Left, iss: Seq, irs: Seq, simultaneous: bool) -> bool:
    """A TCB of mine has a partner with ISS = its IRS and IRS = its ISS."""
    partner = w.its(mine.partner)
    agree = (
        (mine.partner >= 1)
        & (mine.partner <= w.peer.ghost.made)
        & partner.known
        & (partner.irs == iss)
        & (w.its_iss(mine.partner) == irs)
    )
    return implies(mine.simultaneous == simultaneous, agree)


def agreement(w: View) -> bool:
    """T1: by LISTEN, or straight from SYN-SENT."""
    tcb = w.me.tcb
    return implies(reached_established(tcb), agreed(w, w.me.ghost, tcb.iss, tcb.irs, False))


def simultaneous_agreement(w: View) -> bool:
    """T1s: from SYN-SENT by way of SYN-RECEIVED."""
    tcb = w.me.tcb
    return implies(reached_established(tcb), agreed(w, w.me.ghost, tcb.iss, tcb.irs, True))


def how_it_opened(w: View) -> bool:
    """A TCB in SYN-RECEIVED came from LISTEN or by simultaneous open, never both."""
    me = w.me
    opened = me.tcb.passive == not_(me.ghost.simultaneous)
    unacknowledged = knows(me) & (me.tcb.snd.una == me.tcb.iss)
    return implies(unacknowledged, opened) & implies(
        me.tcb.state == State.SYN_SENT, not_(me.ghost.simultaneous)
    )


def one_partner(w: View, n: Id) -> bool:
    """T1, injectively: no other TCB of mine that reached ESTABLISHED held my pair."""
    me, memory = w.me, w.mine(n)
    same = memory.reached & (w.my_iss(n) == me.tcb.iss) & (memory.irs == me.tcb.irs)
    return implies(reached_established(me.tcb) & (n >= 1) & same, n == me.ghost.id)


def no_second_partner(w: View, n: Id) -> bool:
    """T1, injectively: of my TCBs, only the peer's partner held the peer's pair."""
    peer, memory = w.peer, w.mine(n)
    same = memory.known & (w.my_iss(n) == peer.tcb.irs) & (memory.irs == peer.tcb.iss)
    return implies(
        reached_established(peer.tcb) & not_(peer.ghost.simultaneous) & same,
        n == peer.ghost.partner,
    )


# Return to TIME-WAIT


def only_time_wait_returns(w: View) -> bool:
    """A TCB that is there again is in TIME-WAIT; any other is the last that was made."""
    return implies(w.me.ghost.returned != 0, waits(w.me))


def left_numbers(w: View) -> tuple[Seq, Seq]:
    """ISS and IRS of the TCB that was left."""
    return w.seq.minus(w.me.tcb.left_snd, 2), w.seq.minus(w.me.tcb.left_rcv, 2)


def left_is_remembered(w: View) -> bool:
    """Of the TCB that was left, what is kept is what is remembered."""
    left = w.me.ghost.left
    memory, (iss, irs) = w.mine(left.id), left_numbers(w)
    same = memory.known & (memory.irs == irs) & (memory.heard == left.heard)
    made = (left.id >= 1) & (left.id < w.me.ghost.id) & (w.my_iss(left.id) == iss)
    return implies(w.me.tcb.reopened, made & same)


def left_agreed(w: View) -> bool:
    """The TCB that was left has its partner, as any that reached ESTABLISHED."""
    return implies(w.me.tcb.reopened, agreed(w, w.me.ghost.left, *left_numbers(w), False))


def left_agreed_simultaneously(w: View) -> bool:
    """... also if it was opened simultaneously."""
    return implies(w.me.tcb.reopened, agreed(w, w.me.ghost.left, *left_numbers(w), True))


# Stale SYNs


def stale_sender_is_gone(w: View) -> bool:
    """The TCB that sent a stale SYN is not in SYN-SENT."""
    me, peer = w.me, w.peer
    waits = (peer.tcb.state == State.SYN_SENT) & (peer.ghost.id == me.ghost.heard)
    return implies(me.ghost.stale & exists(me), not_(waits) & me.tcb.passive)


def stale_is_unheard(w: View, n: Id) -> bool:
    """Nobody hears the SYN,ACK that answers a stale SYN."""
    memory = w.mine(n)
    return implies(
        w.peer.ghost.stale & exists(w.peer), not_(memory.known & (memory.heard == w.peer.ghost.id))
    )


def stale_syn_stops(w: View) -> bool:
    """T2: a TCB made from a stale SYN does not reach ESTABLISHED."""
    return implies(w.me.ghost.stale & exists(w.me), not_(reached_established(w.me.tcb)))


def left_is_not_stale(w: View) -> bool:
    """The TCB that was left was not made from a stale SYN."""
    return implies(w.me.tcb.reopened, not_(w.me.ghost.left.stale))


# Earlier incarnations


def resets_are_told(w: View, seg: Segment) -> bool:
    """A reset lies where its TCB was, or where the segment that provoked it acknowledged. One that
    answers what has no ACK comes of no TCB."""
    origin = seg.origin
    ahead = w.seq.minus(seg.seq, w.my_iss(origin.src))
    provoked = w.its(origin.about)
    known = w.seq.minus(seg.seq, provoked.irs)
    aborts = (origin.src >= 1) & (ahead >= 1) & (ahead <= 2)
    answers = (
        provoked.known
        & (known >= 1)
        & (known <= 2)
        & implies(origin.src != 0, provoked.heard <= origin.src)
    )
    plain = seg.ctl.rst & not_(seg.ctl.ack)
    return (
        implies(seg.ctl.rst & seg.ctl.ack, origin.src == 0)
        & implies(plain & (origin.about == 0), aborts)
        & implies(plain & (origin.about != 0), answers)
    )


def no_crossing(w: View) -> bool:
    """T5: who reached ESTABLISHED accepted no segment of a TCB before its partner."""
    return not_(w.me.ghost.crossed)


def no_simultaneous_crossing(w: View) -> bool:
    """T5s: the same after a simultaneous open."""
    return not_(w.me.ghost.crossed_simultaneous)


def later_syns_reopen(w: View) -> bool:
    """T6: TIME-WAIT gave way only to a SYN of a TCB after the one it had heard."""
    return not_(w.me.ghost.cut)


# Off-path senders


def blind_sender_harmless(w: View) -> bool:
    """T10: no forged segment that misses what it has to hit changed a connection."""
    return not_(w.me.ghost.harmed)


# Time


def length(w: View) -> Ticks:
    """How long TIME-WAIT is."""
    return w.bounds.msl + w.bounds.msl - w.rules.time_wait_cut


def waits(end: Endpoint) -> bool:
    """Is it in TIME-WAIT?"""
    return end.tcb.state == State.TIME_WAIT


def two_msl(w: View) -> bool:
    """TIME-WAIT is at least 2 MSL."""
    return length(w) >= w.bounds.msl + w.bounds.msl


def msl_and_max(w: View) -> bool:
    """TIME-WAIT is at least MSL and the greater of MSL and R."""
    return two_msl(w) & (length(w) >= w.bounds.msl + w.bounds.span)


def timers_run_down(w: View) -> bool:
    """No timer has more left than it was started with."""
    tcb = w.me.tcb
    return (tcb.time_wait <= length(w)) & (tcb.span <= w.bounds.span)


def alive(w: View, seg: Segment) -> bool:
    """What is in flight may live for at most MSL, and for some time yet."""
    return (seg.ttl > 0) & (seg.ttl <= w.bounds.msl)


def mine_die_first(w: View, seg: Segment) -> bool:
    """TIME-WAIT ends at least TIME-WAIT less MSL after the last of what it sent is dead."""
    return implies(waits(w.me), seg.ttl + length(w) <= w.bounds.msl + w.me.tcb.time_wait)


def answers_die(w: View, seg: Segment) -> bool:
    """The resets that my segments provoke outlive them by at most MSL."""
    limit = w.bounds.msl + w.bounds.msl + w.peer.tcb.time_wait
    return implies(waits(w.peer) & (seg.origin.about != 0), seg.ttl + length(w) <= limit)


def the_gone_die(w: View, seg: Segment) -> bool:
    """What a partner that is gone has sent outlives what made it go by at most MSL."""
    me, peer = w.me, w.peer
    gone = not_(exists(me)) | (me.ghost.id != peer.ghost.partner)
    its = (seg.origin.src != 0) & (seg.origin.src <= peer.ghost.partner)
    limit = w.bounds.msl + w.bounds.msl + peer.tcb.time_wait
    return implies(waits(peer) & gone & its, seg.ttl + length(w) <= limit)


def origins_exist(w: View, seg: Segment) -> bool:
    """What a segment comes of is a TCB that was made; only resets come of none."""
    origin = seg.origin
    return (
        (origin.src <= w.me.ghost.made)
        & (origin.about <= w.peer.ghost.made)
        & (seg.ctl.rst | (origin.src >= 1))
    )


def partner_exists(w: View) -> bool:
    """A partner is a TCB that was made, and knows that it is one."""
    me, peer = w.me, w.peer
    acknowledged = knows(me) & (me.tcb.snd.una != me.tcb.iss)
    calling = (peer.tcb.state == State.SYN_SENT) & (peer.ghost.id == me.ghost.partner)
    return (
        (me.ghost.partner <= peer.ghost.made)
        & implies(acknowledged, me.ghost.partner >= 1)
        & implies(me.ghost.partner >= 1, not_(calling))
    )


def who_acknowledges_knows(w: View, seg: Segment) -> bool:
    """A TCB in SYN-SENT has acknowledged nothing."""
    me = w.me
    calling = (me.tcb.state == State.SYN_SENT) & (me.ghost.id == seg.origin.src)
    return implies(seg.ctl.ack & not_(seg.ctl.rst), not_(calling))


def over_is_over(w: View) -> bool:
    """What is over was, and the TCB that is there is not."""
    me, peer = w.me.ghost, w.peer.ghost
    return (
        (me.over_me <= me.id)
        & (peer.over_peer <= me.id)
        & implies(exists(w.me), (me.id > me.over_me) & (me.id > peer.over_peer))
        & implies(me.partner >= 1, me.partner > me.over_peer)
    )


def nothing_of_it_is_left(w: View, seg: Segment) -> bool:
    """No segment of a connection that is over is in flight, nor a reset that one provoked."""
    me, peer, origin = w.me.ghost, w.peer.ghost, seg.origin
    mine = (origin.src > me.over_me) & (origin.src > peer.over_peer)
    its = (origin.about > me.over_peer) & (origin.about > peer.over_me)
    return implies(origin.src != 0, mine) & implies(origin.about != 0, its)


def old_is_over(w: View) -> bool:
    """What was over when the TCB was made is over."""
    me, peer = w.me.ghost, w.peer.ghost
    return ((me.old_me <= me.over_me) | (me.old_me <= peer.over_peer)) & (
        (me.old_peer <= me.over_peer) | (me.old_peer <= peer.over_me)
    )


def no_confusion(w: View) -> bool:
    """T4: no TCB accepted a segment of a connection that was over when it was made."""
    return not_(w.me.ghost.confused)


def quiet_outlasts(w: View, seg: Segment) -> bool:
    """A host that restarted is quiet for as long as what it sent before its crash lives; also if
    it crashes again meanwhile."""
    quiet = w.me.host.quiet
    return implies(quiet != 0, seg.ttl <= quiet)


def what_crashed_is_over(w: View) -> bool:
    """The TCB that is there was made after the host had been quiet."""
    return (w.me.ghost.over_me <= w.me.ghost.id) & implies(
        exists(w.me), (w.me.ghost.id > w.me.ghost.over_me) & awake(w.me.host)
    )


def nothing_sent_before_is_left(w: View, seg: Segment) -> bool:
    """T7: once a host has ceased to be quiet, no segment of its TCBs from before its crash is in
    flight."""
    return implies(seg.origin.src != 0, seg.origin.src > w.me.ghost.over_me)


def retransmission_ends(w: View) -> bool:
    """The partner of who is in TIME-WAIT retransmits its FIN, and for R at most after TIME-WAIT
    last heard it."""
    me, peer = w.me, w.peer
    partner = waits(peer) & exists(me) & (me.ghost.id == peer.ghost.partner)
    partner = partner & (me.tcb.snd.una != me.tcb.snd.nxt) & (me.tcb.span > 0)
    return implies(partner, me.tcb.span + length(w) <= w.bounds.span + peer.tcb.time_wait)


def the_partner_dies(w: View, seg: Segment) -> bool:
    """What the partner sends, or an earlier TCB of its host, outlives that, or what it answers, by
    at most MSL."""
    its = (seg.origin.src != 0) & (seg.origin.src <= w.peer.ghost.partner)
    lived = seg.ttl + length(w)
    base = w.bounds.msl + w.peer.tcb.time_wait
    in_time = (lived <= base + w.bounds.msl) | (lived <= base + w.bounds.span)
    return implies(waits(w.peer) & its, in_time)


def time_wait_drains(w: View) -> bool:
    """T3: no TIME-WAIT was left with a segment of its connection in flight."""
    return not_(w.me.ghost.residue)


# A listener, and one of its connections: of the others it has the numbers


def queues_are_counted(w: View) -> bool:
    """What the listener counts is this connection, if it waits, and the others that wait."""
    (listener,), (request,) = w.me.host.listeners, w.me.host.sockets[0].requests
    asked, others = request.queue == Queue.SYN, listener.strangers
    waits, rest = request.queue == Queue.ACCEPT, listener.neighbours
    return (
        implies(asked, listener.requests == others + 1)
        & implies(not_(asked), listener.requests == others)
        & implies(waits, listener.ready == rest + 1)
        & implies(not_(waits), listener.ready == rest)
    )


def requests_are_in_syn_received(w: View) -> bool:
    """What waits in the SYN queue is in SYN-RECEIVED, passively, and nobody has used it."""
    (request,), tcb = w.me.host.sockets[0].requests, w.me.tcb
    untouched = tcb.passive & not_(tcb.closing) & (tcb.rcv.wnd == w.bounds.window)
    waits = request.queue == Queue.SYN
    return implies(waits, (tcb.state == State.SYN_RECEIVED) & untouched)


def closed_is_blank(w: View) -> bool:
    """Of a connection that is gone nothing is left, and it waits nowhere."""
    (request,), tcb = w.me.host.sockets[0].requests, w.me.tcb
    return implies(tcb.state == State.CLOSED, not_(tcb.closing) & (request.queue == Queue.NONE))


def ready_are_established(w: View) -> bool:
    """What waits to be accepted has been established, and the application has not closed it."""
    (request,), tcb = w.me.host.sockets[0].requests, w.me.tcb
    there = (tcb.state == State.ESTABLISHED) | (tcb.state == State.CLOSE_WAIT)
    return implies(request.queue == Queue.ACCEPT, there & not_(tcb.closing))


def only_the_syn(w: View) -> bool:
    """In SYN-SENT nothing is sent but the SYN."""
    tcb = w.me.tcb
    return implies(tcb.state == State.SYN_SENT, tcb.snd.nxt == w.seq.plus(tcb.iss, 1))


def queues_are_bounded(w: View) -> bool:
    """S1: no more requests than the backlog, and one more connection than that to be accepted."""
    (listener,) = w.me.host.listeners
    backlog = w.bounds.backlog
    return (listener.requests <= backlog) & (listener.ready <= backlog + 1)


def nothing_is_kept(w: View) -> bool:
    """S4: no request is there, of this client or of any other."""
    (listener,), (request,) = w.me.host.listeners, w.me.host.sockets[0].requests
    return (listener.requests == 0) & (request.queue != Queue.SYN)
