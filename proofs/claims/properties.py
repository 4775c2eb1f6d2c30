"""The predicates that claims name: plain functions of one state of the system.

Each is true where all is well, or, for a witness, where the thing to be seen is seen.
"""

from collections.abc import Callable
from itertools import pairwise

from spec.observe.ghosts import End, Ghost, reached_established
from spec.seq import Space, implies, not_
from spec.tcp.listener import Listener, Queue, Request
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb
from spec.tcp.transfer import Transfer
from spec.world.endpoint import Endpoint
from spec.world.http import User
from spec.world.system import World

Property = Callable[[World], bool]
"""A predicate."""

# Opening


def _agrees(me: Endpoint, peer: Endpoint) -> bool:
    """Injective agreement (Lowe) of ``me``, which reached ESTABLISHED, with one TCB of the peer.

    Exactly one TCB of the peer ever held (my IRS, my ISS), and no other TCB of mine that
    reached ESTABLISHED held my pair.
    """
    tcb = me.tcb
    theirs = 0
    for pair in peer.ghost.past:
        theirs += pair.known & (pair.iss == tcb.irs) & (pair.irs == tcb.iss)
    mine = 0
    for pair in me.ghost.past:
        mine += pair.reached & (pair.iss == tcb.iss) & (pair.irs == tcb.irs)
    return (theirs == 1) & (mine == 1)


def _agreement(world: World, simultaneous: bool) -> bool:
    for me, peer in world.pairs():
        if reached_established(me.tcb) and me.ghost.simultaneous == simultaneous:
            if not _agrees(me, peer):
                return False
    return True


def three_way_agreement(world: World) -> bool:
    """T1: by LISTEN and SYN-RECEIVED, or straight from SYN-SENT."""
    return _agreement(world, False)


def simultaneous_agreement(world: World) -> bool:
    """T1s: from SYN-SENT by way of SYN-RECEIVED."""
    return _agreement(world, True)


def partner_established(world: World) -> bool:
    """T1.partner: if a passive end reached ESTABLISHED, so did a TCB of the peer that holds the
    same two numbers. Its peer learns so by the third segment."""
    for me, peer in world.pairs():
        tcb = me.tcb
        if tcb.passive and reached_established(tcb):
            partners = 0
            for pair in peer.ghost.past:
                partners += pair.reached & (pair.iss == tcb.irs) & (pair.irs == tcb.iss)
            if partners == 0:
                return False
    return True


def stale_syn_stops(world: World) -> bool:
    """T2, T2.any: a TCB made from a stale SYN, or that heard one, does not reach ESTABLISHED."""
    for end in world.ends():
        if end.ghost.stale and reached_established(end.tcb):
            return False
    return True


def stale_syn_not_synchronized(world: World) -> bool:
    """T2.sync: a TCB made from a stale SYN reaches none of the synchronized states (section 3.5).

    CLOSE leads from SYN-RECEIVED to FIN-WAIT-1, and on to CLOSING, before the SYN is acknowledged.
    """
    for end in world.ends():
        if end.ghost.stale and end.tcb.state in SYNCHRONIZED:
            return False
    return True


# Closing


def time_wait_drains(world: World) -> bool:
    """T3: no TIME-WAIT was left with a segment of its connection still in flight."""
    a, b = world.hosts
    return not (a.ghost.residue | b.ghost.residue)


def no_confusion(world: World) -> bool:
    """T4: no TCB accepted a segment of a connection that was over when it was made."""
    a, b = world.hosts
    return not (a.ghost.confused | b.ghost.confused)


# The three hazards of RFC 1337, section 2, each of which is a way to break T4. An end that accepted
# an old segment is marked ``confused``; where T4 holds there is none.


def no_old_octet(world: World) -> bool:
    """T4.octet, hazard H1: no TCB whose partner is the peer's present one delivered an octet of a
    connection that was over."""
    for end, other in world.pairs():
        me, peer = end.ghost, other.ghost
        if me.confused & me.garbled & (me.partner == peer.id):
            return False
    return True


def no_disagreement(world: World) -> bool:
    """T4.sync, hazard H2: no end expects, because of an old segment, another number than its peer
    sends next, while the peer has nothing outstanding that it would send again.

    If it expects more, each end's ACK is answered with an ACK, for ever.
    """
    for me, peer in world.pairs():
        if me.ghost.confused and _expects_another(me.tcb, peer.tcb):
            return False
    return True


def _expects_another(mine: Tcb, its: Tcb) -> bool:
    """Does an end expect another number than its peer sends next, which has nothing outstanding?"""
    if not (_exchanges(mine) and _exchanges(its)):
        return False
    return (its.snd.una == its.snd.nxt) & (mine.rcv.nxt != its.snd.nxt)


def _exchanges(tcb: Tcb) -> bool:
    return tcb.state in SYNCHRONIZED and tcb.state != State.TIME_WAIT


def no_dead_open(world: World) -> bool:
    """T4.open, hazard H3: no end of a new connection is open to a peer that an old segment misled
    and that is gone."""
    for me, peer in world.pairs():
        gone = me.tcb.state == State.CLOSED or me.tcb.state == State.LISTEN
        if me.ghost.confused and gone and _exchanges(peer.tcb):
            if (peer.ghost.old_me != 0) | (peer.ghost.old_peer != 0):
                return False
    return True


def never_strayed(world: World) -> bool:
    """CC3: no step of an end was any that the lifecycle does not have."""
    return not any(host.ghost.strayed for host in world.hosts)


def no_crossing(world: World) -> bool:
    """T5: no TCB that had reached ESTABLISHED, other than by simultaneous open, accepted a segment
    that an earlier TCB of the peer had sent."""
    a, b = world.hosts
    return not (a.ghost.crossed | b.ghost.crossed)


def no_simultaneous_crossing(world: World) -> bool:
    """T5s: the same of a TCB that was opened simultaneously."""
    a, b = world.hosts
    return not (a.ghost.crossed_simultaneous | b.ghost.crossed_simultaneous)


def not_misled(world: World) -> bool:
    """T5.reset: no such TCB accepted a reset that answers a segment of an earlier TCB."""
    a, b = world.hosts
    return not (a.ghost.misled | b.ghost.misled)


def reopened_by_a_later_syn(world: World) -> bool:
    """T6: no TIME-WAIT gave way to an old SYN, and then T5."""
    a, b = world.hosts
    return not (a.ghost.cut | b.ghost.cut) and no_crossing(world)


def peer_not_confused(world: World) -> bool:
    """T7: B accepted nothing that A had sent before its crash."""
    _, b = world.hosts
    return not b.ghost.confused


def restarted_not_confused(world: World) -> bool:
    """T7.self: A accepted no reset that its own segments from before its crash provoked."""
    a, _ = world.hosts
    return not a.ghost.confused


def _whole(one: Ghost, other: Ghost) -> bool:
    """If ``one`` ended by its timer and ``other`` by an ACK, did all octets arrive?"""
    if one.last.end == End.TIMER and other.last.end == End.ACKED:
        return (one.last.delivered == other.last.written) & (
            other.last.delivered == one.last.written
        )
    return True


def graceful_close_is_whole(world: World) -> bool:
    """T8: closed by ACK and by timer, with every octet delivered, both ways."""
    a, b = (end.ghost for end in world.hosts)
    return _whole(a, b) and _whole(b, a) and not (a.garbled | b.garbled)


def nothing_is_lost(world: World) -> bool:
    """T8.whole: once both TCBs are gone that reached ESTABLISHED, all that was written was taken.

    ``last`` is of the only TCB of each, and nobody aborts or gives up.
    """
    a, b = (end.ghost.last for end in world.hosts)
    if a.reached and b.reached:
        return (a.delivered == b.written) & (b.delivered == a.written)
    return True


def stamps_are_in_order(world: World) -> bool:
    """R10.clock: a TS.Recent is the clock of when it was set, a tick ago or in this one; of clocks
    of four values that tick together, where nothing lives longer than a tick."""
    good = True
    for end in world.hosts:
        tcb, clock = end.tcb, end.host.clock
        good = good & (clock < 4)
        now = implies(tcb.recent_for == 2, tcb.ts_recent == clock + 1)
        before = (tcb.ts_recent == clock) | ((clock == 0) & (tcb.ts_recent == 4))
        used = (tcb.state not in SYNCHRONIZED) or (tcb.stamped & (tcb.ts_recent != 0))
        good = good & now & implies(tcb.recent_for == 1, before) & used
        good = good & not_(end.ghost.conduct.sent)
    return good


def nothing_is_left_behind(world: World) -> bool:
    """R5: once the server's first TCB is gone, the client has taken all that was written on it."""
    client, server = (end.ghost for end in world.hosts)
    gone = (server.made == 1) & server.last.reached
    return implies(gone, client.read[0].octets == server.last.written)


def no_octet_garbled(world: World) -> bool:
    """T9: every octet delivered so far is the next one of the partner's stream."""
    a, b = world.hosts
    return not (a.ghost.garbled | b.ghost.garbled)


# Rest and off-path senders


def may_rest(world: World) -> bool:
    """D1: where nothing can happen any more, is that where the RFC leaves it?

    Either both TCBs are gone, or FIN-WAIT-2 waits for the FIN of a peer that is gone, which
    no rule of the RFC ends (section 3.10.7.4 has no timeout there).
    """
    states = [end.tcb.state for end in world.hosts]
    for state in states:
        if state not in (State.CLOSED, State.FIN_WAIT_2):
            return False
    return states[0] == State.CLOSED or states[1] == State.CLOSED


def blind_sender_harmless(world: World) -> bool:
    """T10: no forged segment that misses what it has to hit changed a connection."""
    a, b = world.hosts
    return not (a.ghost.harmed | b.ghost.harmed)


# A listener: of host B, whose client is A


def _listener(world: World) -> Listener:
    (listener,) = world.hosts[1].host.listeners
    return listener


def _request(world: World) -> Request:
    (request,) = world.hosts[1].host.sockets[0].requests
    return request


def queues_are_bounded(world: World) -> bool:
    """S1: no more requests than the backlog, and one more connection that waits for accept(), of a
    backlog of one."""
    listener = _listener(world)
    return (listener.requests <= 1) & (listener.ready <= 2)


def listener_is_in_order(world: World) -> bool:
    """S19: what a listener counts is what there is, and what it knows of the connection fits it; of
    a backlog of one, with one retry."""
    listener, request, tcb = _listener(world), _request(world), world.hosts[1].tcb
    asks, ready = request.queue == Queue.SYN, request.queue == Queue.ACCEPT
    nowhere = request.queue == Queue.NONE
    opening, gone = tcb.state == State.SYN_RECEIVED, tcb.state == State.CLOSED
    counted = (listener.requests == listener.strangers + asks) & (
        listener.ready == listener.neighbours + listener.unshown + ready
    )
    placed = (
        implies(asks, opening)
        & implies(opening, asks | ready | _has_text(tcb))
        & implies(gone, nowhere)
    )
    blank = implies(not_(asks), request.retries == 0) & implies(nowhere, not_(request.acked))
    mine = gone | tcb.passive
    room = gone | (tcb.rcv.wnd != 0) | _has_text(tcb)
    remembered = request.used | ((request.used_irs == 0) & (request.remembered == 0))
    clock = (listener.minute < 4) & (listener.overflowed <= 2)
    sane = (request.retries <= 1) & clock
    return counted & placed & blank & mine & room & remembered & sane


def _has_text(tcb: Tcb) -> bool:
    """Was text, or a FIN, received after the SYN?"""
    return Space(4).minus(tcb.rcv.nxt, tcb.irs) > 1


def deferred_until_text(world: World) -> bool:
    """S19.defer: ... and nobody is accepted before text has come."""
    tcb = world.hosts[1].tcb
    made = tcb.state in SYNCHRONIZED
    return listener_is_in_order(world) & (not made or _has_text(tcb))


def ready_with_text(world: World) -> bool:
    """S19.fast: ... and who is ready before the handshake is complete has brought text."""
    tcb = world.hosts[1].tcb
    early = (tcb.state == State.SYN_RECEIVED) & (_request(world).queue == Queue.ACCEPT)
    return listener_is_in_order(world) & implies(early, _has_text(tcb))


def cookies_are_remembered(world: World) -> bool:
    """S19.time: ... and a cookie that was taken is remembered for a time that ends; when it was
    taken, it was of that minute or of the one before."""
    request, when = _request(world), _minute_of(world.hosts[1].tcb)
    age = Space(4).minus(4 * _listener(world).minute, when)
    taken = (request.remembered == 2) & (world.hosts[1].tcb.state != State.CLOSED)
    good = listener_is_in_order(world) & implies(request.used, request.remembered != 0)
    return good & implies(taken, (age == 0) | (age == 4))


def _minute_of(tcb: Tcb) -> int:
    """What the minute adds to a cookie, of the secret 8."""
    seq = Space(4)
    return seq.minus(tcb.iss, seq.plus(8, 3 * tcb.irs))


def windows_are_told(world: World) -> bool:
    """S19.cookies: ... and a client that was answered has room to send to, until it has sent."""
    client, server = (end.tcb for end in world.hosts)
    shut = (client.state == State.ESTABLISHED) & (client.snd.wnd == 0)
    return listener_is_in_order(world) & implies(shut, _has_text(server))


def nothing_is_kept(world: World) -> bool:
    """S4: the SYN queue is empty, and the server is not in SYN-RECEIVED."""
    _, b = world.hosts
    return _listener(world).requests == 0 and b.tcb.state != State.SYN_RECEIVED


def server_agrees(world: World) -> bool:
    """S5: of each TCB of the server that reached ESTABLISHED, some TCB of the client ever held the
    same two numbers."""
    client, server = world.hosts
    for mine in server.ghost.past:
        theirs = 0
        for pair in client.ghost.past:
            theirs += pair.known & (pair.iss == mine.irs) & (pair.irs == mine.iss)
        if mine.reached & (theirs == 0):
            return False
    return True


def server_agrees_once(world: World) -> bool:
    """S5i: no two TCBs of the server that reached ESTABLISHED held the same two numbers."""
    _, server = world.hosts
    first, *others = server.ghost.past
    for pair in others:
        same = (pair.iss == first.iss) & (pair.irs == first.irs)
        if first.reached & pair.reached & same:
            return False
    return True


def cookies_rise(world: World) -> bool:
    """S5m: of two TCBs of the server, the one of the later IRS has the later ISS."""
    _, server = world.hosts
    seq, past = Space(4), server.ghost.past
    for one, other in pairwise(past):
        later = one.known & other.known & seq.lt(one.irs, other.irs)
        if later & not_(seq.lt(one.iss, other.iss)):
            return False
    return True


def no_octet_again(world: World) -> bool:
    """S5d, R1, R3, R9: no octet was delivered twice, by whichever TCBs of the pair of sockets."""
    a, b = world.hosts
    return not (a.ghost.again | b.ghost.again)


def client_not_alone(world: World) -> bool:
    """S7: no client is in ESTABLISHED while the server has no TCB of its connection."""
    a, b = world.hosts
    return not (a.tcb.state == State.ESTABLISHED and b.tcb.state == State.CLOSED)


def late_text_is_delivered(world: World) -> bool:
    """S6: no client in ESTABLISHED is alone, and what it sent was delivered, in order and once."""
    a, b = world.hosts
    delivered = b.ghost.delivered == a.tcb.written and not b.ghost.garbled
    return client_not_alone(world) and (a.tcb.state != State.ESTABLISHED or delivered)


def nobody_is_answered(world: World) -> bool:
    """S17: nothing of an address that may be anybody's waits to be accepted, and answered."""
    return _listener(world).unshown == 0


def client_in_syn_sent(world: World, me: int) -> bool:
    """S2, S3: the client's SYN waits to be answered, and the server listens."""
    return me == 0 and _listener(world).listening and in_syn_sent(world, me)


def client_waits_with_text(world: World, me: int) -> bool:
    """S3.text: the client has been established, and its octet is not acknowledged."""
    a, _ = world.hosts
    outstanding = a.tcb.snd.una != a.tcb.snd.nxt
    return me == 0 and a.tcb.state == State.ESTABLISHED and outstanding


def client_served(world: World, me: int) -> bool:
    """S3.text: the server has the connection, or the client was told that it has not."""
    return not client_waits_with_text(world, me) or world.peer(me).tcb.state in SYNCHRONIZED


# Keep-alive


def peer_is_gone(world: World) -> bool:
    """K2: no end was given up by keep-alive whose peer is still synchronized, of one TCB each."""
    for me, peer in world.pairs():
        if me.ghost.given_up and peer.tcb.state in SYNCHRONIZED:
            return False
    return True


def not_hasty(world: World) -> bool:
    """K2.time: no end was given up before it had heard nothing for long enough, nor after a single
    probe."""
    a, b = world.hosts
    return not (a.ghost.hasty | b.ghost.hasty)


def not_late(world: World) -> bool:
    """K1.time: no end was there, idle, although it had heard nothing for longer than that."""
    a, b = world.hosts
    return not (a.ghost.late | b.ghost.late)


def expects_what_was_sent(world: World) -> bool:
    """K3: an end all of whose numbers are acknowledged sends next what its peer expects. Of one TCB
    each."""
    for me, peer in world.pairs():
        if _expects_another(me.tcb, peer.tcb):
            return False
    return True


def nothing_below_is_taken(world: World) -> bool:
    """K3.below: no synchronized end moved RCV.NXT for a segment that ended below it."""
    a, b = world.hosts
    return not (a.ghost.swallowed | b.ghost.swallowed)


def nothing_is_shown(world: World) -> bool:
    """K6.channel: no forged segment changed what is left of a limit that other connections see."""
    a, b = world.hosts
    return not (a.ghost.shown | b.ghost.shown)


def left_to_time_wait(world: World, me: int) -> bool:
    """K4.wait: an end that is still open, whose peer has aborted and is in TIME-WAIT."""
    mine, peer = world.end(me).tcb, world.peer(me).tcb
    return mine.state == State.ESTABLISHED and peer.state == State.TIME_WAIT


def nat_remembers(world: World) -> bool:
    """K5: no NAT has forgotten the connection of two ends that are in ESTABLISHED."""
    for end in world.ends():
        (nat,) = end.nats
        if (nat.left == 0) & both_established(world):
            return False
    return True


# Timestamps, and pairs of sockets that are used again


def clock_at_its_last(world: World) -> bool:
    """WR10.clock: both ends are in ESTABLISHED, and their clocks at their last value."""
    a, b = world.hosts
    both = a.tcb.state == State.ESTABLISHED and b.tcb.state == State.ESTABLISHED
    return both and a.host.clock == 3


def recent_by_an_ack(world: World) -> bool:
    """WR10.ack: an ACK alone has moved TS.Recent, after the tick in which the SYN,ACK came."""
    client, server = (end.tcb for end in world.hosts)
    both = client.state == State.ESTABLISHED and server.state == State.ESTABLISHED
    return both and client.recent_for < 2 and server.recent_for == 2 and not _has_text(server)


def recent_anew(world: World) -> bool:
    """WR10.anew: TS.Recent moves to the clock's first value, of a connection that is older."""
    client, server = (end.tcb for end in world.hosts)
    both = client.state == State.ESTABLISHED and server.state == State.ESTABLISHED
    return both and client.recent_for == 0 and server.recent_for == 2 and server.ts_recent == 1


def bare_ack_of_a_cookie(world: World) -> bool:
    """WS5d.bare.ack: a connection came of a cookie, and text has still to come."""
    tcb = world.hosts[1].tcb
    return tcb.state == State.ESTABLISHED and not _has_text(tcb)


def recent_at_once(world: World) -> bool:
    """WR10.syn: the TSval of a SYN, the clock's first, is valid from the beginning."""
    tcb = world.hosts[1].tcb
    return (tcb.state == State.SYN_RECEIVED) & (tcb.ts_recent == 1) & (tcb.recent_for == 2)


def read_and_opened(world: World) -> bool:
    """WR5: the client has opened again, after it took the server's octet."""
    client = world.hosts[0].ghost
    return (client.made == 2) & (client.read[0].octets == 1)


def octet_of_second(world: World) -> bool:
    """An octet of the second TCB of a host has been delivered."""
    return any(
        n != 0 and one.octets != 0 for end in world.hosts for n, one in enumerate(end.ghost.read)
    )


def octets_of_both(world: World) -> bool:
    """An octet of each of two TCBs of a host has been delivered."""
    return any(all(one.octets != 0 for one in end.ghost.read) for end in world.hosts)


def server_not_crossed(world: World) -> bool:
    """R2: no TCB of the server that had reached ESTABLISHED accepted a segment of an earlier TCB of
    the client."""
    _, b = world.hosts
    return not b.ghost.crossed


# Liveness: of one host, ``me``


def everything(world: World) -> bool:
    """Any state: what an ``eventually`` claim says is not of one state alone."""
    return True


def anywhere(world: World, me: int) -> bool:
    """Any state."""
    return True


def nowhere(world: World, me: int) -> bool:
    """No state."""
    return False


def opening(world: World, me: int) -> bool:
    """L1: an open that has neither succeeded nor failed."""
    return world.end(me).tcb.state in (State.SYN_SENT, State.SYN_RECEIVED)


def in_syn_sent(world: World, me: int) -> bool:
    """L1.sent: of these, an active one that has heard no SYN."""
    return world.end(me).tcb.state == State.SYN_SENT


def closing(world: World, me: int) -> bool:
    """L2: CLOSE was called, and the TCB is still there."""
    return world.end(me).tcb.state in (
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSING,
        State.LAST_ACK,
        State.TIME_WAIT,
    )


def in_close_wait(world: World, me: int) -> bool:
    """L2.leak: the peer has closed, the application has not."""
    return world.end(me).tcb.state == State.CLOSE_WAIT


def in_last_ack(world: World, me: int) -> bool:
    """L2.unanswered: the last FIN waits for its acknowledgment."""
    return world.end(me).tcb.state == State.LAST_ACK


def in_fin_wait_2(world: World, me: int) -> bool:
    """L2.silent: our FIN is acknowledged, and the peer's is to come."""
    return world.end(me).tcb.state == State.FIN_WAIT_2


def in_time_wait(world: World, me: int) -> bool:
    """L2.timer: both FINs are acknowledged, and the timer runs."""
    return world.end(me).tcb.state == State.TIME_WAIT


def half_open(world: World, me: int) -> bool:
    """L3: synchronized, but the peer's host is up and has no such connection.

    TIME-WAIT is not half-open: both ends have closed.
    """
    mine, peer = world.end(me), world.peer(me)
    return (
        mine.tcb.state in SYNCHRONIZED
        and mine.tcb.state != State.TIME_WAIT
        and peer.up
        and peer.tcb.state in (State.CLOSED, State.LISTEN, State.SYN_SENT)
    )


def not_half_open(world: World, me: int) -> bool:
    """L3.literal: nothing is half-open any more."""
    return not half_open(world, me)


def half_open_and_sends(world: World, me: int) -> bool:
    """L3: and one of both has something to send: text or a FIN here, or a SYN there. What was
    acknowledged since is nothing to send."""
    snd = world.end(me).tcb.snd
    return half_open(world, me) and (
        snd.una != snd.nxt or world.peer(me).tcb.state == State.SYN_SENT
    )


def alone_in_established(world: World, me: int) -> bool:
    """S10.again: an end that is in ESTABLISHED, while its peer waits in SYN-RECEIVED."""
    peer = world.peer(me).tcb.state
    return world.end(me).tcb.state == State.ESTABLISHED and peer == State.SYN_RECEIVED


def has_undelivered_text(world: World, me: int) -> bool:
    """L5: an end that has been established, with text that its peer's user has not been given."""
    return reached_established(world.end(me).tcb) and not text_delivered(world, me)


def text_delivered(world: World, me: int) -> bool:
    """L5: all that was written was delivered. What a TCB that is gone wrote or delivered counts."""
    mine, peer = world.end(me), world.peer(me)
    gone = (State.CLOSED, State.LISTEN)
    written = mine.ghost.last.written if mine.tcb.state in gone else mine.tcb.written
    lives = peer.tcb.state not in gone
    return written == (peer.ghost.delivered if lives else peer.ghost.last.delivered)


def made_from_stale_syn(world: World, me: int) -> bool:
    """T2.gone: a TCB that was made from a stale SYN."""
    return world.end(me).ghost.stale


# Conduct: each step against what RFC 9293 says outside section 3.10 (spec/observe/conduct.py)


def states_follow(world: World) -> bool:
    """C1: every change of state was one of Figure 5."""
    a, b = world.hosts
    return not (a.ghost.conduct.state | b.ghost.conduct.state)


def answers_are_due(world: World) -> bool:
    """C2: every answer that was due was given, and no other."""
    a, b = world.hosts
    return not (a.ghost.conduct.answer | b.ghost.conduct.answer)


def segments_say_what_is(world: World) -> bool:
    """C3: every segment sent agreed with the variables of its TCB, or was a believable reset."""
    a, b = world.hosts
    return not (a.ghost.conduct.sent | b.ghost.conduct.sent)


def variables_move_with_reason(world: World) -> bool:
    """C4: sequence variables fitted the state, and moved as they may and as they must."""
    a, b = world.hosts
    return not (a.ghost.conduct.numbers | b.ghost.conduct.numbers)


def timers_run(world: World) -> bool:
    """C5: TIME-WAIT began with 2 MSL, R when a segment came to the front of the queue."""
    a, b = world.hosts
    return not (a.ghost.conduct.timers | b.ghost.conduct.timers)


def users_are_told(world: World) -> bool:
    """C6: users were told what section 3.10 has them told, and nothing else."""
    a, b = world.hosts
    return not (a.ghost.conduct.told | b.ghost.conduct.told)


def ends_are_told(world: World) -> bool:
    """C7: no connection ended without a word to its user, but by that user or by FINs."""
    a, b = world.hosts
    return not (a.ghost.untold | b.ghost.untold)


# HTTP


def _users(world: World) -> tuple[User, User]:
    """The applications of client and server."""
    (client,), (server,) = (end.users for end in world.hosts)
    return client, server


def _opened(end: Endpoint) -> int:
    """How many connections of an end reached ESTABLISHED."""
    count = 0
    for pair in end.ghost.past:
        count += pair.reached
    return count


def connection_each(world: World) -> bool:
    """H1: each connection of the client has a request of its own, but one that is new."""
    client, _ = _users(world)
    opened = _opened(world.hosts[0])
    return (client.asked <= opened) & (opened <= client.asked + 1)


def one_connection(world: World) -> bool:
    """H1.kept: no more than one connection ever reached ESTABLISHED, at either end."""
    a, b = world.hosts
    return (_opened(a) <= 1) & (_opened(b) <= 1)


def _pays(payer: Endpoint, other: Endpoint) -> bool:
    """Did each connection of one end end by its TIME-WAIT timer, and has the other none?"""
    mine = payer.ghost.last
    waited = not mine.reached or mine.end == End.TIMER
    return waited and other.tcb.state != State.TIME_WAIT


def server_pays(world: World) -> bool:
    """H2: each connection leaves a TIME-WAIT at the server, and none at the client."""
    a, b = world.hosts
    return _pays(b, a)


def client_pays(world: World) -> bool:
    """H2.kept: the other way round."""
    a, b = world.hosts
    return _pays(a, b)


def one_of_them_pays(world: World) -> bool:
    """H2.both: not both ends are in TIME-WAIT."""
    a, b = world.hosts
    return a.tcb.state != State.TIME_WAIT or b.tcb.state != State.TIME_WAIT


def no_request_too_late(world: World) -> bool:
    """H3: nothing is unread at a server that has closed."""
    _, b = world.hosts
    return not b.tcb.closing or b.tcb.rcv.wnd == 3


def unanswered_is_unread(world: World) -> bool:
    """H3.known: the server has not read the request whose connection ended for the client."""
    client, server = _users(world)
    return client.failed == 0 or server.asked == 0


def read_once(world: World) -> bool:
    """H3.retry: the server has not read more requests than the client has, which are two."""
    _, server = _users(world)
    return server.asked <= 2


def responses_are_read(world: World) -> bool:
    """H4: once the client's connection is gone, it has read all that the server wrote on it."""
    a, _ = world.hosts
    client, server = _users(world)
    gone = a.ghost.made == 1 and a.tcb.state == State.CLOSED
    return not gone or client.answered == server.answered


def what_came_is_read(world: World) -> bool:
    """H4.came: ... all that its TCP took."""
    client, _ = _users(world)
    return world.hosts[0].ghost.last.delivered <= client.answered


def read_as_often_as_sent(world: World) -> bool:
    """H5: the server has read no more requests than the client has sent."""
    client, server = _users(world)
    return server.asked <= client.asked


def client_not_in_close_wait(world: World) -> bool:
    """H6: the client is not in CLOSE-WAIT."""
    return world.hosts[0].tcb.state != State.CLOSE_WAIT


def no_client_in_syn_sent(world: World) -> bool:
    """H7: the client is not in SYN-SENT, if anybody listens."""
    return not client_in_syn_sent(world, 0)


# Witnesses


def keep_alive_gave_up(world: World) -> bool:
    """An end was given up by keep-alive."""
    a, b = world.hosts
    return a.ghost.given_up or b.ghost.given_up


def both_established(world: World) -> bool:
    """Both ends are in ESTABLISHED."""
    a, b = world.hosts
    return a.tcb.state == State.ESTABLISHED and b.tcb.state == State.ESTABLISHED


def both_established_simultaneously(world: World) -> bool:
    """Both ends are in ESTABLISHED by way of simultaneous open."""
    a, b = world.hosts
    return both_established(world) and a.ghost.simultaneous and b.ghost.simultaneous


def stale_syn_heard(world: World) -> bool:
    """A TCB was made from a stale SYN."""
    a, b = world.hosts
    return a.ghost.stale or b.ghost.stale


def stale_syn_heard_actively(world: World) -> bool:
    """An end that opened actively heard a stale SYN."""
    a, b = world.hosts
    return (a.ghost.stale and not a.tcb.passive) or (b.ghost.stale and not b.tcb.passive)


def time_wait_left(world: World) -> bool:
    """A connection is over, by TIME-WAIT."""
    a, b = world.hosts
    return a.ghost.over_me > 0 or b.ghost.over_me > 0


def reopened_over_old(world: World) -> bool:
    """Both ends are in ESTABLISHED again, on TCBs made after a connection was over."""
    a, _ = world.hosts
    return both_established(world) and (a.ghost.old_me > 0 or a.ghost.old_peer > 0)


def both_established_again(world: World) -> bool:
    """Both ends are in ESTABLISHED, on their second TCBs."""
    a, b = world.hosts
    return both_established(world) and a.ghost.id == 2 and b.ghost.id == 2


def both_established_again_simultaneously(world: World) -> bool:
    """The same, by way of simultaneous open."""
    return both_established_again(world) and both_established_simultaneously(world)


def reopened_from_time_wait(world: World) -> bool:
    """Both ends are in ESTABLISHED, one by way of TIME-WAIT."""
    a, b = world.hosts
    return both_established(world) and (a.ghost.reopened or b.ghost.reopened)


def restarted_and_reopened(world: World) -> bool:
    """After a crash of A, both ends are in ESTABLISHED."""
    a, _ = world.hosts
    return both_established(world) and a.crashes > 0


def octets_both_ways(world: World) -> bool:
    """A connection closed gracefully on which each end delivered an octet."""
    a, b = (end.ghost.last for end in world.hosts)
    return a.end == End.TIMER and b.end == End.ACKED and a.delivered == 1 and b.delivered == 1


def octet_with_syn(world: World) -> bool:
    """A connection closed gracefully on which B delivered an octet."""
    a, b = (end.ghost.last for end in world.hosts)
    return a.end == End.TIMER and b.end == End.ACKED and b.delivered == 1


def two_octets_one_way(world: World) -> bool:
    """A connection closed gracefully on which B delivered two octets."""
    a, b = (end.ghost.last for end in world.hosts)
    return a.end == End.TIMER and b.end == End.ACKED and b.delivered == 2


def octet_of_second_incarnation(world: World) -> bool:
    """B delivered an octet on its second TCB."""
    _, b = world.hosts
    return b.ghost.id == 2 and b.ghost.delivered == 1


def octet_over_old(world: World) -> bool:
    """B delivered an octet on a TCB that was made after a connection was over."""
    _, b = world.hosts
    ghost = b.ghost
    return ghost.delivered == 1 and (ghost.old_me > 0 or ghost.old_peer > 0)


def all_gone(world: World) -> bool:
    """Both ends have used their TCBs and are CLOSED."""
    a, b = world.hosts
    return (
        a.tcb.state == State.CLOSED
        and b.tcb.state == State.CLOSED
        and a.ghost.id > 0
        and b.ghost.id > 0
    )


def syn_queue_full(world: World) -> bool:
    """B's listener has as many requests as its backlog of one."""
    return _listener(world).requests == 1


def accept_queue_full(world: World) -> bool:
    """The accept queue of B's listener has one more connection than its backlog of one."""
    return _listener(world).ready == 2


def retried(world: World) -> bool:
    """WS19: the SYN,ACK of a request was sent again, as often as it is."""
    return _request(world).retries == 1


def ready_of_a_cookie(world: World) -> bool:
    """WS19.cookies: a connection that was never a request waits to be accepted."""
    return _request(world).queue == Queue.ACCEPT


def ready_early(world: World) -> bool:
    """WS19.fast: a connection waits to be accepted before its handshake is complete."""
    early = world.hosts[1].tcb.state == State.SYN_RECEIVED
    return early and _request(world).queue == Queue.ACCEPT


def cookies_are_over(world: World) -> bool:
    """WS19.over: the client had a cookie, and the server takes none any more."""
    a, _ = world.hosts
    return (a.tcb.state == State.ESTABLISHED) & (_listener(world).overflowed == 0)


def cookie_of_the_minute_before(world: World) -> bool:
    """WS19.before: in minute 0 a cookie of minute 3 was taken, this tick."""
    when = _minute_of(world.hosts[1].tcb)
    return (_request(world).remembered == 2) & (_listener(world).minute == 0) & (when == 12)


def cookie_of_nobody(world: World) -> bool:
    """WS5d.overflow.nobody: cookies were sent of late, and the client has asked for none."""
    return (world.hosts[0].ghost.made == 0) & (_listener(world).overflowed != 0)


def last_minute(world: World) -> bool:
    """WS19.minute: the clock of cookies is at its last value."""
    return _listener(world).minute == 3


def server_established_again(world: World) -> bool:
    """The server is in ESTABLISHED, on its second TCB."""
    _, b = world.hosts
    return b.tcb.state == State.ESTABLISHED and b.ghost.id == 2


def octet_on_second(world: World) -> bool:
    """The server has taken an octet on its second TCB."""
    _, b = world.hosts
    return b.ghost.id == 2 and b.tcb.rcv.wnd == 0


def client_reset(world: World) -> bool:
    """The client was in ESTABLISHED and is gone, where nobody closes; so is the server."""
    a, b = world.hosts
    gone = a.tcb.state == State.CLOSED and b.tcb.state == State.CLOSED
    return gone and a.ghost.last.reached


def octet_delivered(world: World) -> bool:
    """B has delivered an octet."""
    _, b = world.hosts
    return b.ghost.delivered == 1


def sent_again_and_held(world: World) -> bool:
    """A sends again what it has sent, and is in the midst of it; B holds text beyond RCV.NXT."""
    a, b = world.hosts
    (sender,), (receiver,) = a.tcb.transfers, b.tcb.transfers
    between = sender.nxt not in (a.tcb.snd.una, a.tcb.snd.nxt)
    return between and any(place.here for place in receiver.places)


def probes_shut_window(world: World) -> bool:
    """A has sent an octet into B's window, of which it knows that it is shut."""
    a, _ = world.hosts
    snd = a.tcb.snd
    return a.tcb.state == State.ESTABLISHED and snd.wnd == 0 and snd.nxt != snd.una


def fin_waits_and_held(world: World) -> bool:
    """A has sent its FIN, and B holds text of it beyond RCV.NXT."""
    a, b = world.hosts
    (receiver,) = b.tcb.transfers
    return a.tcb.state == State.FIN_WAIT_1 and any(place.here for place in receiver.places)


def recovered(world: World) -> bool:
    """A third segment had to be left aside, and the connection was made later, with its octet."""
    request = _request(world)
    return request.queue == Queue.ACCEPT and request.acked and octet_delivered(world)


def third_left_aside(world: World) -> bool:
    """A third segment was left aside, and the client is in ESTABLISHED."""
    a, _ = world.hosts
    return _request(world).acked and a.tcb.state == State.ESTABLISHED


def listener_is_closed(world: World) -> bool:
    """The listener is closed, while the client is in ESTABLISHED."""
    a, _ = world.hosts
    return not _listener(world).listening and a.tcb.state == State.ESTABLISHED


def cookie_forgotten(world: World) -> bool:
    """The server has had a TCB, and has forgotten the cookie that it came from."""
    _, b = world.hosts
    request = _request(world)
    return b.ghost.id > 0 and b.tcb.state == State.CLOSED and not request.used


def shut_window(world: World) -> bool:
    """The receive window of an established end is shut."""
    _, b = world.hosts
    return b.tcb.state == State.ESTABLISHED and b.tcb.rcv.wnd == 0


def simultaneous_close(world: World) -> bool:
    """Both ends are in CLOSING."""
    a, b = world.hosts
    return a.tcb.state == State.CLOSING and b.tcb.state == State.CLOSING


def last_fin_acknowledged(world: World) -> bool:
    """A is in TIME-WAIT, and B, which was in LAST-ACK or CLOSING, is gone or there too."""
    a, b = world.hosts
    return a.tcb.state == State.TIME_WAIT and (
        b.tcb.state == State.CLOSED or b.tcb.state == State.TIME_WAIT
    )


def two_octets_and_fin_taken(world: World) -> bool:
    """A has taken two octets and a FIN, and B knows it."""
    a, b = world.hosts
    return (
        b.tcb.state == State.FIN_WAIT_2 and b.tcb.written == 2 and a.tcb.state == State.CLOSE_WAIT
    )


def octet_and_fin_taken(world: World) -> bool:
    """B has taken an octet and a FIN, and A knows it."""
    a, b = world.hosts
    return (
        a.tcb.state == State.FIN_WAIT_2 and a.tcb.written == 1 and b.tcb.state == State.CLOSE_WAIT
    )


def a_probe_is_answered(world: World) -> bool:
    """An end has probed a shut window, and was answered."""
    return any(host.tcb.answered for host in world.hosts)


def time_wait_returned_to(world: World) -> bool:
    """B is in TIME-WAIT, and its TCB is none that a passive OPEN made: it was reopened since."""
    _, b = world.hosts
    return b.tcb.state == State.TIME_WAIT and not b.tcb.passive


def second_established(world: World) -> bool:
    """Both ends are in ESTABLISHED, on the second TCB of each."""
    a, b = world.hosts
    return both_established(world) and a.ghost.id == 2 and b.ghost.id == 2


def given_up(world: World) -> bool:
    """B's first TCB is gone, and A, which never crashed, still sends its first SYN.

    Without CLOSE and ABORT, only the user timeout ends a TCB so soon: a reset returns a passive
    one to LISTEN.
    """
    a, b = world.hosts
    return (
        a.tcb.state == State.SYN_SENT
        and a.ghost.id == 1
        and a.crashes == 0
        and b.tcb.state == State.CLOSED
        and b.ghost.id == 1
    )


# A data plane: A sends, B receives


def _transfers(world: World) -> list[Transfer]:
    return [transfer for end in world.hosts for transfer in end.tcb.transfers]


def _established(world: World) -> bool:
    a, b = world.hosts
    return a.tcb.state == State.ESTABLISHED and b.tcb.state == State.ESTABLISHED


def windows_agree(world: World) -> bool:
    """D3: A's SND.WND is what B offers, once both are established."""
    a, b = world.hosts
    return not _established(world) or a.tcb.snd.wnd == b.tcb.rcv.wnd


def _waits(tcb: Tcb) -> bool:
    """Is anything unacknowledged, or written and not sent?"""
    end = tcb.iss + 1 + tcb.written  # in these profiles numbers begin at 0, and do not wrap
    return tcb.snd.una != tcb.snd.nxt or not (tcb.snd.nxt == end or tcb.snd.nxt == end + 1)


def nothing_waits(world: World) -> bool:
    """D4, D5, D7: where nothing can happen any more, all that was written is acknowledged."""
    return not any(
        _waits(end.tcb) for end in world.hosts if end.tcb.state not in (State.CLOSED, State.LISTEN)
    )


def text_waits(world: World, me: int) -> bool:
    """D4.live: something is unacknowledged, or written and not sent."""
    tcb = world.end(me).tcb
    return tcb.state not in (State.CLOSED, State.LISTEN) and _waits(tcb)


def writes_to_nobody(world: World, me: int) -> bool:
    """D8.live: something is unacknowledged, or written and not sent, and the peer is gone."""
    return half_open(world, me) and _waits(world.end(me).tcb)


def cut_off(world: World) -> bool:
    """B's window is shut, and its peer is gone."""
    a, b = world.hosts
    return b.tcb.state == State.ESTABLISHED and b.tcb.rcv.wnd == 0 and a.tcb.state == State.CLOSED


def nobody_is_cut_off(world: World) -> bool:
    """D8: where only RECEIVE and ABORT can happen, no shut window is of a dead connection."""
    return not cut_off(world)


def text_is_inside(world: World) -> bool:
    """D11.inside: A has sent no further than an octet beyond what B has room for."""
    a, b = world.hosts
    return not _established(world) or a.tcb.snd.nxt <= b.tcb.rcv.nxt + b.tcb.rcv.wnd + 1


def not_offered(world: World) -> bool:
    """B has room, and A knows of none: all is acknowledged, and windows are scaled by 4."""
    a, b = world.hosts
    return (
        _established(world)
        and a.tcb.snd.una == b.tcb.rcv.nxt
        and a.tcb.snd.wnd == 0
        and (b.tcb.rcv.wnd != 0)
    )


def no_silly_segment(world: World) -> bool:
    """D6: nobody sent a silly segment."""
    return not any(end.ghost.silly for end in world.hosts)


def text_for_a_silly_window(world: World, me: int) -> bool:
    """D6.live: A has text, and the window that it knows of has no room for a segment, of two
    octets."""
    return me == 0 and text_waits(world, 0) and world.end(0).tcb.snd.wnd < 2


def no_burst(world: World) -> bool:
    """CC2: nobody sent more than both windows allow."""
    return not any(end.ghost.burst for end in world.hosts)


def windows_are_sane(world: World) -> bool:
    """CC1: cwnd is a segment at least, and ssthresh two; profile "transfer" has segments of one."""
    return not any(transfer.cwnd != 0 and transfer.ssthresh < 2 for transfer in _transfers(world))


def phases_are_known(world: World) -> bool:
    """CC4: every change of phase is one of RFC 5681's."""
    return not any(end.ghost.strange for end in world.hosts)


def recovery_ends_in_avoidance(world: World) -> bool:
    """CC4.reno: no ACK ended fast recovery in slow start."""
    return not any(end.ghost.dipped for end in world.hosts)


def senders_keep_their_course(world: World) -> bool:
    """C8: no sender's variables moved otherwise than they must."""
    return not any(end.ghost.amiss for end in world.hosts)


def text_flows(world: World) -> bool:
    """C9: no text was sent or held back otherwise than is due."""
    return not any(end.ghost.stalled for end in world.hosts)


def receivers_do_their_part(world: World) -> bool:
    """C10: nothing was taken, held, offered or acknowledged otherwise than is due."""
    return not any(end.ghost.withheld for end in world.hosts)


def no_flood(world: World) -> bool:
    """CC9: after an idle time no more than the initial window was in flight before an ACK."""
    return not any(end.ghost.flood for end in world.hosts)


def no_spurt(world: World) -> bool:
    """CC9.limited: nobody sent more than twice what had been in flight before, and a segment."""
    return not any(end.ghost.spurt for end in world.hosts)


def one_halving(world: World) -> bool:
    """CC5: ssthresh did not fall twice for one flight by duplicate ACKs."""
    return not any(end.ghost.twice for end in world.hosts)


def no_ambiguous_sample(world: World) -> bool:
    """CC6: no sample was taken of what was sent again."""
    return not any(end.ghost.ambiguous for end in world.hosts)


def no_leap(world: World) -> bool:
    """CC8: cwnd did not grow by more than was acknowledged."""
    return not any(end.ghost.leap for end in world.hosts)


def ran_ahead(world: World) -> bool:
    """B has acknowledged more than A has sent."""
    a, b = world.hosts
    return _established(world) and b.tcb.rcv.nxt == a.tcb.snd.nxt + 1


def growth_was_sent(world: World) -> bool:
    """CC8.ahead: cwnd grew by no more than was sent: neither at once nor, but in fast recovery, in
    all."""
    a, _ = world.hosts
    (sender,) = a.tcb.transfers
    sent = a.tcb.snd.nxt - (a.tcb.iss + 1)
    return no_leap(world) and (sender.recovering or sender.cwnd <= 1 + sent or sender.cwnd == 0)


def growth_has_come(world: World) -> bool:
    """CC8.come: but in fast recovery, A's cwnd is the initial window and what B has taken, at
    most."""
    a, b = world.hosts
    (sender,) = a.tcb.transfers
    return sender.recovering or sender.cwnd <= 1 + b.ghost.delivered


def text_is_somewhere(world: World) -> bool:
    """T8.ahead: what A has freed, B has taken."""
    a, b = world.hosts
    return not _established(world) or a.tcb.snd.una - (a.tcb.iss + 1) <= b.ghost.delivered


def losses_are_hidden(world: World) -> bool:
    """All that A wrote is acknowledged, B has not taken it all, and A has noticed no loss."""
    a, b = world.hosts
    (sender,) = a.tcb.transfers
    done = _established(world) and a.tcb.snd.una == a.tcb.iss + 4
    return done and b.ghost.delivered != 3 and sender.ssthresh == 4


def all_delivered(world: World) -> bool:
    """B has all that A may write."""
    a, b = world.hosts
    return b.ghost.delivered == 4 and a.tcb.snd.una == a.tcb.snd.nxt


def text_is_held(world: World) -> bool:
    """B holds text beyond RCV.NXT."""
    return any(place.here for transfer in _transfers(world) for place in transfer.places)


def closed_whole(world: World) -> bool:
    """A has sent an octet, both have closed, and A waits in TIME-WAIT."""
    a, b = world.hosts
    return a.tcb.state == State.TIME_WAIT and a.tcb.written != 0 and b.tcb.state == State.CLOSED


def all_read(world: World) -> bool:
    """A knows a window that is open, all is acknowledged, and the user of B has read all."""
    a, b = world.hosts
    return (
        _established(world)
        and a.tcb.written != 0
        and not _waits(a.tcb)
        and b.tcb.rcv.wnd == 2
        and a.tcb.snd.wnd == 2
    )


def probes(world: World) -> bool:
    """A has sent beyond a window that is shut."""
    a, _ = world.hosts
    return (
        a.tcb.state == State.ESTABLISHED and a.tcb.snd.wnd == 0 and a.tcb.snd.una != a.tcb.snd.nxt
    )


def shrunk_below(world: World) -> bool:
    """A has more in flight than the window that B offers now."""
    a, b = world.hosts
    return _established(world) and a.tcb.snd.nxt == b.tcb.rcv.nxt + 1 and b.tcb.rcv.wnd == 0


def reneged(world: World) -> bool:
    """A has been told of text that B does not hold, and does not have."""
    a, b = world.hosts
    (sender,), (receiver,) = a.tcb.transfers, b.tcb.transfers
    ahead = b.tcb.rcv.nxt - a.tcb.snd.una
    return _established(world) and any(
        told.here and n == ahead + m and not place.here
        for n, told in enumerate(sender.sacked)
        for m, place in enumerate(receiver.places)
    )


def around_it(world: World) -> bool:
    """A, which sends again one segment at a time, goes on beyond the second: B reported that."""
    a, _ = world.hosts
    (sender,) = a.tcb.transfers
    again = a.tcb.state == State.ESTABLISHED and sender.cwnd == 1 and sender.nxt < a.tcb.snd.nxt
    return again and sender.nxt == a.tcb.snd.una + 2


def partly_read(world: World) -> bool:
    """B's user has read an octet, and there is another to read."""
    _, b = world.hosts
    return b.tcb.state == State.ESTABLISHED and any(
        transfer.unread == 1 and b.tcb.rcv.nxt == b.tcb.irs + 3 for transfer in b.tcb.transfers
    )


def both_wait(world: World) -> bool:
    """A holds text back until what is in flight is acknowledged; B delays that ACK."""
    a, b = world.hosts
    return (
        _established(world)
        and a.tcb.snd.una != a.tcb.snd.nxt
        and a.tcb.snd.nxt == b.tcb.rcv.nxt
        and a.tcb.snd.nxt == a.tcb.iss + a.tcb.written
        and any(transfer.due != 0 for transfer in b.tcb.transfers)
    )


def text_is_held_back(world: World) -> bool:
    """A has text that its peer has some room for, and nothing is in flight."""
    a, _ = world.hosts
    return (
        a.tcb.state == State.ESTABLISHED
        and a.tcb.snd.una == a.tcb.snd.nxt
        and a.tcb.snd.wnd != 0
        and _waits(a.tcb)
    )


def buffer_is_full(world: World) -> bool:
    """B's window, of a segment and a half, is shut: half a segment was sent."""
    _, b = world.hosts
    return b.tcb.state == State.ESTABLISHED and b.tcb.rcv.wnd == 0


def second_has_text(world: World) -> bool:
    """A second TCB has text that its user has not read."""
    return any(
        end.ghost.id == 2 and transfer.unread != 0
        for end in world.hosts
        for transfer in end.tcb.transfers
    )


def restarted_by_duplicates(world: World) -> bool:
    """The third duplicate ACK has begun slow start, from a segment (Tahoe)."""
    return any(transfer.duplicates == 3 and transfer.cwnd == 1 for transfer in _transfers(world))


def urgent_delivered(world: World) -> bool:
    """B has an octet, and knows of urgent text."""
    _, b = world.hosts
    return b.ghost.delivered != 0 and b.tcb.state == State.ESTABLISHED and b.tcb.rcv.up != b.tcb.irs


def after_a_timeout(world: World) -> bool:
    """The retransmission timer of text has run out."""
    return any(transfer.timed_out and transfer.cwnd == 1 for transfer in _transfers(world))


def beyond_cwnd(world: World) -> bool:
    """More is in flight than cwnd."""
    return any(
        transfer.cwnd != 0 and end.tcb.snd.nxt > end.tcb.snd.una + transfer.cwnd
        for end in world.hosts
        for transfer in end.tcb.transfers
    )


def in_recovery(world: World) -> bool:
    """Fast recovery."""
    return any(transfer.recovering for transfer in _transfers(world))


def sends_after_idle(world: World) -> bool:
    """A sends after an idle time."""
    a, _ = world.hosts
    return a.ghost.idled and a.tcb.snd.nxt != a.tcb.snd.una


def used_little(world: World) -> bool:
    """Four octets are acknowledged, and cwnd is less than that, as no more than one was in flight
    at a time."""
    a, _ = world.hosts
    return a.ghost.flown == 1 and a.tcb.snd.una == a.tcb.iss + 5


def resent_acknowledged(world: World) -> bool:
    """Text was sent again, and all is acknowledged."""
    a, _ = world.hosts
    return any(
        a.tcb.written != 0 and not _waits(a.tcb) and transfer.ssthresh == 2
        for transfer in a.tcb.transfers
    )


def partly_grown(world: World) -> bool:
    """cwnd is above two segments of two, and no multiple of them."""
    return any(transfer.cwnd == 5 for transfer in _transfers(world))


# ... of HTTP


def two_read(world: World) -> bool:
    """WH3: the client has read two responses."""
    client, _ = _users(world)
    return client.answered == 2


def all_is_read(world: World) -> bool:
    """WH1: the same, and both TCBs are gone."""
    a, b = (end.tcb.state for end in world.hosts)
    return two_read(world) and a == State.CLOSED and b in (State.CLOSED, State.LISTEN)


def one_is_read(world: World) -> bool:
    """WH4, WH5: the client has read a response, and both TCBs are gone."""
    client, _ = _users(world)
    a, b = (end.tcb.state for end in world.hosts)
    return client.answered == 1 and a == State.CLOSED and b == State.CLOSED


def two_pending(world: World) -> bool:
    """WH1.together: two requests wait for their responses."""
    client, _ = _users(world)
    return client.asked == client.answered + client.failed + 2


def an_end_in_time_wait(world: World) -> bool:
    """WH2.both: an end is in TIME-WAIT."""
    a, b = world.hosts
    return a.tcb.state == State.TIME_WAIT or b.tcb.state == State.TIME_WAIT


def unanswered_and_unread(world: World) -> bool:
    """WH3.unread: the connection ended before the response, and the request was never read."""
    client, server = _users(world)
    return client.failed == 1 and server.asked == 0 and world.hosts[1].tcb.state == State.CLOSED


def answered_again(world: World) -> bool:
    """WH3.retry: both requests are answered, though the connection of one ended before."""
    client, _ = _users(world)
    return client.answered == 2 and client.failed != 0


def more_after_the_close(world: World) -> bool:
    """WH4.lingers: the server closed after its first response, and the client has asked again."""
    _, b = world.hosts
    client, server = _users(world)
    return b.tcb.state == State.FIN_WAIT_2 and client.asked == 2 and server.asked == 1


def server_in_fin_wait_2(world: World) -> bool:
    """WH6: the server has closed, and waits for the client to."""
    return world.hosts[1].tcb.state == State.FIN_WAIT_2


def full_and_in_syn_sent(world: World) -> bool:
    """WH7: the accept queue is full, and the client's SYN waits for an answer."""
    return accept_queue_full(world) and client_in_syn_sent(world, 0)
