"""Predicates, of states made by hand: those whose parts no exploration tells from each other
(``tests/programs/predicates.py``)."""

from typing import Any

import pytest

from proofs.claims import properties as p
from spec.observe.ghosts import Breaches, End, Last, Pair
from spec.tcp.listener import Queue
from spec.tcp.tcb import State
from spec.world.endpoint import Endpoint
from spec.world.http import User
from spec.world.nat import Nat
from spec.world.system import World
from tests.helpers.build import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
    endpoint,
    listening,
    plane,
)

ISS, IRS = 99, 299
"""Of ``me``; the peer has them the other way round."""


def end(state: State, past: tuple[Pair, ...] = (), **known: Any) -> Endpoint:
    """An end in a state; ``known`` are its ghosts, or variables of its TCB."""
    ghosts = {name: value for name, value in known.items() if hasattr(endpoint(state).ghost, name)}
    made = endpoint(state, **{name: v for name, v in known.items() if name not in ghosts})
    made.ghost.past = past
    for name, value in ghosts.items():
        setattr(made.ghost, name, value)
    return made


def world(a: Endpoint, b: Endpoint) -> World:
    return World((a, b), ((), ()))


def pair(iss: int, irs: int, known: bool = True, reached: bool = True) -> Pair:
    return Pair(known, reached, iss, irs)


MINE, ITS = pair(ISS, IRS), pair(IRS, ISS)


@pytest.mark.parametrize(
    ("mine", "its", "agrees"),
    [
        ((MINE,), (ITS,), True),
        ((MINE,), (ITS, ITS), False),
        ((MINE, MINE), (ITS,), False),  # two of mine with one of the peer's
        ((MINE, pair(ISS, 1)), (ITS,), True),
        ((MINE, pair(1, IRS)), (ITS,), True),
        ((MINE, pair(1, 2)), (ITS,), True),
        ((MINE, pair(ISS, IRS, reached=False)), (ITS,), True),
        ((MINE,), (pair(IRS, 1),), False),
        ((MINE,), (pair(1, ISS),), False),
        ((MINE,), (pair(IRS, ISS, known=False),), False),
    ],
)
def test_agreement_is_of_one_with_one(mine, its, agrees):
    assert p.three_way_agreement(world(end(ESTABLISHED, mine), end(CLOSED, its))) == agrees


@pytest.mark.parametrize(
    ("its", "holds"),
    [
        ((ITS,), True),
        ((pair(1, 2), ITS), True),
        ((), False),
        ((pair(IRS, 1),), False),
        ((pair(1, ISS),), False),
        ((pair(1, 2),), False),
        ((pair(IRS, ISS, reached=False),), False),
        ((pair(IRS, 1, reached=False),), False),
    ],
)
def test_a_partner_holds_both_numbers_and_reached_established(its, holds):
    passive = end(ESTABLISHED, passive=True)
    assert p.partner_established(world(passive, end(CLOSED, its))) == holds
    assert p.partner_established(world(end(ESTABLISHED), end(CLOSED, its)))


@pytest.mark.parametrize(
    ("server", "client", "agrees"),
    [
        ((MINE,), (ITS,), True),
        ((MINE,), (pair(IRS, 1),), False),
        ((MINE,), (pair(1, ISS),), False),
        ((MINE,), (pair(IRS, ISS, known=False),), False),
        ((pair(ISS, IRS, reached=False),), (), True),
    ],
)
def test_a_server_agrees_with_a_client_that_held_both_numbers(server, client, agrees):
    assert p.server_agrees(world(end(CLOSED, client), end(ESTABLISHED, server))) == agrees


@pytest.mark.parametrize(
    ("server", "once"),
    [
        ((MINE, MINE), False),
        ((MINE, pair(ISS, 1)), True),
        ((MINE, pair(1, IRS)), True),
        ((pair(ISS, IRS, reached=False), MINE), True),
        ((MINE, pair(ISS, IRS, reached=False)), True),
    ],
)
def test_a_server_holds_two_numbers_once(server, once):
    assert p.server_agrees_once(world(end(CLOSED), end(ESTABLISHED, server))) == once


@pytest.mark.parametrize(("old_me", "old_peer"), [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2)])
@pytest.mark.parametrize("gone", [CLOSED, LISTEN])
def test_an_end_is_left_open_to_a_peer_that_an_old_segment_ended(old_me, old_peer, gone):
    ended, left = end(gone, confused=True), end(ESTABLISHED, old_me=old_me, old_peer=old_peer)
    assert p.no_dead_open(world(ended, left)) == (old_me == old_peer == 0)


def test_an_open_that_has_not_succeeded_is_in_one_of_two_states():
    for state in State:
        assert p.opening(world(end(state), end(CLOSED)), 0) == (state in (SYN_SENT, SYN_RECEIVED))


def test_a_connection_is_half_open_whose_peer_has_none():
    for state in State:
        lost = state in (CLOSED, LISTEN, SYN_SENT)
        assert p.half_open(world(end(ESTABLISHED), end(state)), 0) == lost


FLAGS = (
    (p.time_wait_drains, "residue"),
    (p.no_confusion, "confused"),
    (p.no_crossing, "crossed"),
    (p.no_simultaneous_crossing, "crossed_simultaneous"),
    (p.not_misled, "misled"),
    (p.reopened_by_a_later_syn, "cut"),
    (p.reopened_by_a_later_syn, "crossed"),
    (p.graceful_close_is_whole, "garbled"),
    (p.no_octet_garbled, "garbled"),
    (p.blind_sender_harmless, "harmed"),
    (p.no_octet_again, "again"),
    (p.not_hasty, "hasty"),
    (p.not_late, "late"),
    (p.nothing_below_is_taken, "swallowed"),
    (p.nothing_is_shown, "shown"),
    (p.ends_are_told, "untold"),
)
"""Predicates that fall once a ghost is true, of whichever end."""
CONDUCT = (
    (p.states_follow, "state"),
    (p.answers_are_due, "answer"),
    (p.segments_say_what_is, "sent"),
    (p.variables_move_with_reason, "numbers"),
    (p.timers_run, "timers"),
    (p.users_are_told, "told"),
)


@pytest.mark.parametrize(("predicate", "flag"), FLAGS)
def test_a_ghost_of_either_end_is_enough(predicate, flag):
    none, seen = end(CLOSED), end(CLOSED, **{flag: True})
    assert predicate(world(none, none))
    assert not predicate(world(seen, none))
    assert not predicate(world(none, seen))


@pytest.mark.parametrize(("predicate", "flag"), CONDUCT)
def test_a_breach_of_either_end_is_enough(predicate, flag):
    none, seen = end(CLOSED), end(CLOSED, conduct=Breaches(**{flag: True}))
    assert predicate(world(none, none))
    assert not predicate(world(seen, none))
    assert not predicate(world(none, seen))


def test_of_a_crash_one_end_is_asked():
    none, seen = end(CLOSED), end(CLOSED, confused=True)
    assert p.peer_not_confused(world(seen, none)) and not p.peer_not_confused(world(none, seen))
    assert p.restarted_not_confused(world(none, seen))
    assert not p.restarted_not_confused(world(seen, none))


def test_where_tcp_may_rest():
    rests = {(CLOSED, CLOSED), (CLOSED, FIN_WAIT_2), (FIN_WAIT_2, CLOSED)}
    for a in State:
        for b in State:
            assert p.may_rest(world(end(a), end(b))) == ((a, b) in rests)


def test_an_old_octet_is_one_of_another_than_the_present_partner():
    peer = end(ESTABLISHED, made=2)
    old = {"confused": True, "garbled": True, "partner": 2}
    assert not p.no_old_octet(world(end(ESTABLISHED, **old), peer))
    assert not p.no_old_octet(world(peer, end(ESTABLISHED, **old)))
    for other in ({"confused": False}, {"garbled": False}, {"partner": 1}):
        assert p.no_old_octet(world(end(ESTABLISHED, **(old | other)), peer))


def test_two_ends_disagree_that_exchange_segments_and_have_nothing_to_send_again():
    """The peer's SND.NXT is 300, and the end expects 300, or 301."""
    for mine in State:
        for its in State:
            me = end(mine, rcv_nxt=301, confused=True)
            peer = end(its, snd_una=300, snd_nxt=300)
            both = {mine, its} <= {*SYNCHRONIZED} - {TIME_WAIT}
            assert p.no_disagreement(world(me, peer)) == (not both)
            assert p.expects_what_was_sent(world(me, peer)) == (not both)
    me, peer = end(ESTABLISHED, rcv_nxt=301), end(ESTABLISHED, snd_una=300, snd_nxt=300)
    assert p.no_disagreement(world(me, peer))  # no old segment
    busy = end(ESTABLISHED, snd_una=299, snd_nxt=300, rcv_nxt=100)
    assert p.expects_what_was_sent(world(me, busy))
    agreed = end(ESTABLISHED, rcv_nxt=300)
    settled = end(ESTABLISHED, snd_una=300, snd_nxt=300, rcv_nxt=100)
    assert p.expects_what_was_sent(world(agreed, settled))


def last(how: End, written: int, delivered: int, reached: bool = True) -> Endpoint:
    return end(CLOSED, last=Last(how, reached, written, delivered))


@pytest.mark.parametrize("how", [(End.TIMER, End.ACKED), (End.ACKED, End.TIMER)])
def test_a_graceful_close_is_whole_both_ways(how):
    one, other = how
    assert p.graceful_close_is_whole(world(last(one, 1, 2), last(other, 2, 1)))
    assert not p.graceful_close_is_whole(world(last(one, 1, 2), last(other, 1, 1)))
    assert not p.graceful_close_is_whole(world(last(one, 1, 2), last(other, 2, 2)))
    assert not p.graceful_close_is_whole(world(last(one, 1, 2), last(other, 3, 1)))
    assert not p.graceful_close_is_whole(world(last(one, 1, 2), last(other, 2, 0)))
    assert p.graceful_close_is_whole(world(last(one, 1, 2), last(End.OTHER, 1, 1)))
    assert p.graceful_close_is_whole(world(last(End.OTHER, 1, 2), last(other, 1, 1)))


def test_what_both_wrote_is_taken_whole_if_both_were_established():
    def whole(a: Endpoint, b: Endpoint) -> bool:
        return p.nothing_is_lost(world(a, b))

    acked = End.ACKED
    assert whole(last(acked, 1, 2), last(acked, 2, 1))
    for written, taken in ((1, 1), (3, 1), (2, 0), (2, 2)):
        assert not whole(last(acked, 1, 2), last(acked, written, taken))
        assert whole(last(acked, 1, 2, False), last(acked, written, taken))
        assert whole(last(acked, 1, 2), last(acked, written, taken, False))


def test_a_connection_is_given_up_too_early_whose_peer_is_there():
    for state in State:
        gone = world(end(CLOSED, given_up=True), end(state))
        assert p.peer_is_gone(gone) == (state not in SYNCHRONIZED)
        assert p.peer_is_gone(world(end(CLOSED), end(state)))


def test_states_of_one_end_and_of_its_peer():
    for mine in State:
        for its in State:
            here = world(end(mine), end(its))
            assert p.client_not_alone(here) == ((mine, its) != (ESTABLISHED, CLOSED))
            assert p.left_to_time_wait(here, 0) == ((mine, its) == (ESTABLISHED, TIME_WAIT))
            assert p.both_established(here) == ((mine, its) == (ESTABLISHED, ESTABLISHED))
            assert p.simultaneous_close(here) == ((mine, its) == (CLOSING, CLOSING))
            over = mine == TIME_WAIT and its in (CLOSED, TIME_WAIT)
            assert p.last_fin_acknowledged(here) == over
        closing = (FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT)
        assert p.closing(here, 0) == (mine in closing)
        assert p.in_syn_sent(here, 0) == (mine == SYN_SENT)
        assert p.in_close_wait(here, 0) == (mine == CLOSE_WAIT)
        assert p.in_last_ack(here, 0) == (mine == LAST_ACK)
        assert p.in_fin_wait_2(here, 0) == (mine == FIN_WAIT_2)
        assert p.in_time_wait(here, 0) == (mine == TIME_WAIT)


def test_a_stale_syn_stops_before_the_third_handshake():
    for state in State:
        stale, well = end(state, stale=True, snd_una=100), end(state, snd_una=100)
        past = p.reached_established(stale.tcb)
        for here in (world(stale, end(CLOSED)), world(end(CLOSED), stale)):
            assert p.stale_syn_stops(here) == (not past)
            assert p.stale_syn_not_synchronized(here) == (state not in SYNCHRONIZED)
        assert p.stale_syn_stops(world(well, well)) and p.stale_syn_not_synchronized(
            world(well, well)
        )
        assert p.made_from_stale_syn(world(stale, well), 0)
        assert not p.made_from_stale_syn(world(stale, well), 1)


def test_agreement_is_asked_once_established_and_of_one_way_to_open():
    """A TCB whose numbers nobody else held."""
    for state in State:
        alone = world(end(state), end(CLOSED))
        past = p.reached_established(alone.hosts[0].tcb)
        assert p.three_way_agreement(alone) == (not past)
        assert p.simultaneous_agreement(alone)
        crossed = world(end(state, simultaneous=True), end(CLOSED))
        assert p.simultaneous_agreement(crossed) == (not past)
        assert p.three_way_agreement(crossed)
        passive = world(end(state, passive=True), end(CLOSED))
        assert p.partner_established(passive) == (not past)


def test_an_end_is_left_open_only_if_its_peer_was_misled_and_is_gone():
    left = end(ESTABLISHED, old_me=1)
    assert p.no_dead_open(world(end(CLOSED), left))
    for state in State:
        ended = world(end(state, confused=True), left)
        assert p.no_dead_open(ended) == (state not in (CLOSED, LISTEN))
        other = world(end(CLOSED, confused=True), end(state, old_me=1))
        assert p.no_dead_open(other) == (state not in {*SYNCHRONIZED} - {TIME_WAIT})


# A listener, which is B's


def served(client: Endpoint, state: State = CLOSED, made: int = 0, **listener: Any) -> World:
    """A client, and the state of a server whose listener is as ``listener`` says."""
    server = listening(state, **listener)
    server.ghost.made = made
    return world(client, server)


def test_how_full_queues_are():
    for requests in range(4):
        for ready in range(5):
            here = served(end(CLOSED), requests=requests, ready=ready)
            assert p.queues_are_bounded(here) == (requests <= 1 and ready <= 2)
            assert p.syn_queue_full(here) == (requests == 1)
            assert p.accept_queue_full(here) == (ready == 2)
            for state in State:
                here = served(end(CLOSED), state, requests=requests)
                assert p.nothing_is_kept(here) == (requests == 0 and state != SYN_RECEIVED)


def test_whose_connection_a_server_has():
    for state in State:
        assert p.client_in_syn_sent(served(end(state)), 0) == (state == SYN_SENT)
        assert not p.client_in_syn_sent(served(end(SYN_SENT), state), 1)
        shut = served(end(state))
        p._listener(shut).listening = False
        assert not p.client_in_syn_sent(shut, 0)
        assert p.listener_is_closed(shut) == (state == ESTABLISHED)
        assert not p.listener_is_closed(served(end(state)))
        sends, idle = end(state, snd_nxt=101, snd_una=100), end(state, snd_nxt=100, snd_una=100)
        assert p.client_waits_with_text(served(sends), 0) == (state == ESTABLISHED)
        assert not p.client_waits_with_text(world(idle, sends), 1)
        assert not p.client_waits_with_text(world(sends, idle), 1)
        assert not p.client_waits_with_text(served(idle), 0)
        assert p.client_served(served(sends), 0) == (state != ESTABLISHED)
        assert p.client_served(served(sends, ESTABLISHED), 0)
        for made in range(4):
            again = served(end(CLOSED), state, made)
            assert p.server_established_again(again) == (state == ESTABLISHED and made == 2)
            assert p.cookie_forgotten(again) == (state == CLOSED and made > 0)
            again.hosts[1].host.sockets[0].requests[0].used = True
            assert not p.cookie_forgotten(again)


def test_what_was_left_aside_is_recovered():
    for queue in Queue:
        for acked in (False, True):
            for delivered in range(3):
                here = served(end(CLOSED), ESTABLISHED, queue=queue)
                here.hosts[1].host.sockets[0].requests[0].acked = acked
                here.hosts[1].ghost.delivered = delivered
                whole = queue == Queue.ACCEPT and acked and delivered == 1
                assert p.recovered(here) == whole
                assert p.octet_delivered(here) == (delivered == 1)


def test_a_client_that_was_established_and_is_reset():
    for state in State:
        for server in State:
            for reached in (False, True):
                here = served(end(state, last=Last(reached=reached)), server)
                reset = state == CLOSED and server == CLOSED and reached
                assert p.client_reset(here) == reset


def test_a_nat_that_has_forgotten_two_established_ends():
    for state in State:
        for left in ((1, 1), (0, 1), (1, 0), (2, 2)):
            ends = [end(state), end(ESTABLISHED)]
            for one, ticks in zip(ends, left, strict=True):
                one.nats = (Nat(ticks),)
            forgot = 0 in left and state == ESTABLISHED
            assert p.nat_remembers(world(*ends)) == (not forgot)


# What is to happen in the end


def test_who_has_something_to_send_to_a_peer_that_has_no_connection():
    for mine in State:
        for its in State:
            for up in (True, False):
                for nxt in (99, 100, 101):
                    me = end(mine, snd_una=100, snd_nxt=nxt)
                    here = world(me, endpoint(its, up=up))
                    known = mine in {*SYNCHRONIZED} - {TIME_WAIT}
                    half = known and up and its in (CLOSED, LISTEN, SYN_SENT)
                    assert p.half_open(here, 0) == half
                    assert p.not_half_open(here, 0) == (not half)
                    sends = half and (nxt != 100 or its == SYN_SENT)
                    assert p.half_open_and_sends(here, 0) == sends


def test_text_is_delivered_by_whoever_was_there():
    for gone in (CLOSED, LISTEN):
        for written in range(3):
            for delivered in range(3):
                whole = written == delivered
                wrote = end(gone, last=Last(End.ACKED, True, written, 7))
                took = end(gone, last=Last(End.ACKED, True, 7, delivered))
                writes = end(ESTABLISHED, written=written)
                takes = end(ESTABLISHED)
                takes.ghost.delivered = delivered
                for mine in (wrote, writes):
                    for its in (took, takes):
                        here = world(mine, its)
                        assert p.text_delivered(here, 0) == whole
                        asked = mine is writes and not whole
                        assert p.has_undelivered_text(here, 0) == asked


# Witnesses


def test_a_ghost_of_either_end_is_seen():
    for predicate, ghost in (
        (p.keep_alive_gave_up, {"given_up": True}),
        (p.stale_syn_heard, {"stale": True}),
        (p.stale_syn_heard_actively, {"stale": True}),
        (p.time_wait_left, {"over_me": 1}),
    ):
        none, seen = end(ESTABLISHED), end(ESTABLISHED, **ghost)
        assert not predicate(world(none, none))
        assert predicate(world(seen, none)) and predicate(world(none, seen))
    passive = end(ESTABLISHED, stale=True, passive=True)
    for both in (world(passive, end(ESTABLISHED)), world(end(ESTABLISHED), passive)):
        assert not p.stale_syn_heard_actively(both)


@pytest.mark.parametrize(
    ("predicate", "mine", "its"),
    [
        (p.both_established_simultaneously, {"simultaneous": True}, {"simultaneous": True}),
        (p.both_established_again, {"made": 2}, {"made": 2}),
        (p.second_established, {"made": 2}, {"made": 2}),
        (p.reopened_over_old, {"old_me": 1}, {}),
        (p.reopened_over_old, {"old_peer": 1}, {}),
        (p.reopened_from_time_wait, {"reopened": True}, {}),
        (p.reopened_from_time_wait, {}, {"reopened": True}),
    ],
)
def test_both_are_established_and_more(predicate, mine, its):
    assert not predicate(world(end(ESTABLISHED), end(ESTABLISHED)))
    for a in State:
        for b in State:
            established = (a, b) == (ESTABLISHED, ESTABLISHED)
            assert predicate(world(end(a, **mine), end(b, **its))) == established
    for part in ((mine, {}), ({}, its)):
        if part != (mine, its):
            both = world(end(ESTABLISHED, **part[0]), end(ESTABLISHED, **part[1]))
            assert not predicate(both)


def test_again_is_the_second_time():
    three = end(ESTABLISHED, made=3)
    assert not p.both_established_again(world(three, three))
    assert not p.second_established(world(three, three))
    both = {"made": 2, "simultaneous": True}
    assert p.both_established_again_simultaneously(
        world(end(ESTABLISHED, **both), end(ESTABLISHED, **both))
    )
    for less in ({"made": 2}, {"simultaneous": True}):
        some = world(end(ESTABLISHED, **less), end(ESTABLISHED, **both))
        assert not p.both_established_again_simultaneously(some)


def test_a_host_that_crashed_is_established_again():
    for crashes in range(3):
        for state in State:
            a = endpoint(state, crashes=crashes)
            again = crashes > 0 and state == ESTABLISHED
            assert p.restarted_and_reopened(world(a, end(ESTABLISHED))) == again


def test_what_a_graceful_close_delivered():
    for how in ((End.TIMER, End.ACKED), (End.TIMER, End.OTHER), (End.OTHER, End.ACKED)):
        for a in range(4):
            for b in range(4):
                here = world(last(how[0], 0, a), last(how[1], 0, b))
                graceful = how == (End.TIMER, End.ACKED)
                assert p.octets_both_ways(here) == (graceful and a == b == 1)
                assert p.octet_with_syn(here) == (graceful and b == 1)
                assert p.two_octets_one_way(here) == (graceful and b == 2)


def test_octets_of_a_second_connection():
    for made in range(4):
        for delivered in range(3):
            for old in ({"old_me": 1}, {"old_peer": 1}, {}):
                b = end(ESTABLISHED, rcv_wnd=delivered, **old)
                b.ghost.made, b.ghost.delivered = made, delivered
                here = world(end(CLOSED), b)
                assert p.octet_of_second_incarnation(here) == (made == 2 and delivered == 1)
                assert p.octet_over_old(here) == (delivered == 1 and old != {})
                assert p.octet_on_second(here) == (made == 2 and delivered == 0)


def test_ends_that_are_gone_or_shut_or_given_up():
    for a in State:
        for b in State:
            for made in range(3):
                one, other = end(a), end(b, rcv_wnd=0)
                one.ghost.made = other.ghost.made = made
                here = world(one, other)
                assert p.all_gone(here) == (a == b == CLOSED and made > 0)
                assert p.shut_window(here) == (b == ESTABLISHED)
                assert p.given_up(here) == (a == SYN_SENT and b == CLOSED and made == 1)
    open_ = world(end(ESTABLISHED), end(ESTABLISHED, rcv_wnd=1))
    assert not p.shut_window(open_)
    for mine, its in ((0, 1), (1, 0), (1, 2), (2, 1)):
        gone = world(end(CLOSED, made=mine), end(CLOSED, made=its))
        assert p.all_gone(gone) == (mine > 0 and its > 0)
        assert not p.given_up(world(end(SYN_SENT, made=mine), end(CLOSED, made=its)))
    crashed = endpoint(SYN_SENT, crashes=1)
    assert not p.given_up(world(crashed, end(CLOSED, made=1)))


def test_octets_and_a_fin_are_taken():
    for a in State:
        for b in State:
            for written in range(4):
                here = world(end(a, written=written), end(b, written=written))
                one = (a, b, written) == (FIN_WAIT_2, CLOSE_WAIT, 1)
                two = (b, a, written) == (FIN_WAIT_2, CLOSE_WAIT, 2)
                assert p.octet_and_fin_taken(here) == one
                assert p.two_octets_and_fin_taken(here) == two


@pytest.mark.parametrize("answered", [True, False])
def test_a_probe_is_answered(answered: bool) -> None:
    here = world(end(ESTABLISHED), end(ESTABLISHED, answered=answered))
    assert p.a_probe_is_answered(here) == answered


def test_a_time_wait_is_returned_to():
    for state in State:
        for passive in (False, True):
            here = world(end(CLOSED), end(state, passive=passive))
            assert p.time_wait_returned_to(here) == (state == TIME_WAIT and not passive)


def test_cookies_rise_as_irss_do():
    for iss, irs, known in ((6, 6, True), (5, 6, False), (4, 6, False), (4, 5, True), (4, 4, True)):
        rise = p.cookies_rise(served_before(pair(5, 5), pair(iss, irs)))
        assert rise == known, (iss, irs)
    for one in (pair(5, 5, known=False), pair(5, 5)):
        for other in (pair(4, 6, known=False), pair(4, 6)):
            assert p.cookies_rise(served_before(one, other)) == (not (one.known and other.known))
    later = (pair(1, 1), pair(5, 5), pair(4, 6))
    assert not p.cookies_rise(served_before(*later))


def served_before(*past: Pair) -> World:
    return world(end(CLOSED), end(CLOSED, past))


def test_late_text_was_delivered_once():
    for a in (ESTABLISHED, FIN_WAIT_1):
        for b in (ESTABLISHED, CLOSED):
            for delivered in range(3):
                for garbled in (False, True):
                    server = end(b, garbled=garbled)
                    server.ghost.delivered = delivered
                    here = world(end(a, written=1), server)
                    whole = b == ESTABLISHED and delivered == 1 and not garbled
                    assert p.late_text_is_delivered(here) == (a != ESTABLISHED or whole)


def test_nobody_is_answered_whose_address_was_not_shown():
    for unshown in range(3):
        assert p.nobody_is_answered(served(end(CLOSED), unshown=unshown)) == (unshown == 0)


# HTTP


def applied(client: tuple[int, int, int], server: tuple[int, int, int], **ends: Endpoint) -> World:
    """Ends whose applications have counted so much: asked, answered, failed."""
    a, b = ends.get("a") or end(CLOSED), ends.get("b") or end(CLOSED)
    a.users, b.users = (User(*client),), (User(*server),)
    return world(a, b)


def test_each_connection_has_a_request_of_its_own():
    for opened in range(3):
        past = tuple(pair(n, n, reached=n < opened) for n in range(3))
        for asked in range(4):
            here = applied((asked, 0, 0), (0, 0, 0), a=end(CLOSED, past))
            assert p.connection_each(here) == (asked in (opened, opened - 1))


def test_one_connection_at_either_end():
    for mine in range(3):
        for its in range(3):
            ends = [
                end(CLOSED, tuple(pair(n, n, reached=n < opened) for n in range(2)))
                for opened in (mine, its)
            ]
            assert p.one_connection(world(*ends)) == (mine <= 1 and its <= 1)


def test_who_has_the_time_wait():
    for how in End:
        for reached in (False, True):
            for state in (CLOSED, TIME_WAIT, LAST_ACK):
                payer, other = end(CLOSED, last=Last(how, reached)), end(state)
                good = (how == End.TIMER or not reached) and state != TIME_WAIT
                assert p.client_pays(world(payer, other)) == good
                assert p.server_pays(world(other, payer)) == good


def test_not_both_ends_are_in_time_wait():
    for a in (CLOSED, TIME_WAIT):
        for b in (CLOSED, TIME_WAIT):
            here = world(end(a), end(b))
            assert p.one_of_them_pays(here) == (CLOSED in (a, b))
            assert p.an_end_in_time_wait(here) == (TIME_WAIT in (a, b))


def test_nothing_is_unread_at_a_server_that_has_closed():
    for closing in (False, True):
        for room in range(4):
            here = world(end(ESTABLISHED), end(FIN_WAIT_1, closing=closing, rcv_wnd=room))
            assert p.no_request_too_late(here) == (not closing or room == 3)


def test_what_was_not_answered_and_not_read():
    for failed in range(3):
        for read in range(4):
            here = applied((2, 0, failed), (read, 0, 0))
            assert p.unanswered_is_unread(here) == (failed == 0 or read == 0)
            assert p.unanswered_and_unread(here) == (failed == 1 and read == 0)
            assert p.read_once(here) == (read <= 2)
            assert p.read_as_often_as_sent(here) == (read <= 2)
    alive = applied((1, 0, 1), (0, 0, 0), b=end(ESTABLISHED))
    assert not p.unanswered_and_unread(alive)


def test_responses_are_read_once_the_connection_is_gone():
    for state in (CLOSED, ESTABLISHED):
        for made in range(2):
            for written in range(3):
                here = applied((1, 1, 0), (1, written, 0), a=end(state, made=made))
                gone = state == CLOSED and made == 1
                assert p.responses_are_read(here) == (not gone or written == 1)
    for delivered in range(3):
        last = Last(End.OTHER, True, 0, delivered)
        here = applied((1, 1, 0), (1, 1, 0), a=end(CLOSED, last=last))
        assert p.what_came_is_read(here) == (delivered <= 1)


def test_a_client_waits_in_vain():
    for state in State:
        assert p.client_not_in_close_wait(world(end(state), end(CLOSED))) == (state != CLOSE_WAIT)
        assert p.server_in_fin_wait_2(world(end(CLOSED), end(state))) == (state == FIN_WAIT_2)
        for ready in range(3):
            here = served(end(state), ready=ready)
            assert p.no_client_in_syn_sent(here) == (state != SYN_SENT)
            assert p.full_and_in_syn_sent(here) == (state == SYN_SENT and ready == 2)
    nobody = served(end(SYN_SENT), ready=2)
    nobody.hosts[1].host.listeners[0].listening = False
    assert p.no_client_in_syn_sent(nobody) and not p.full_and_in_syn_sent(nobody)


def test_what_was_read_and_what_is_pending():
    for answered in range(4):
        for failed in range(3):
            here = applied((3, answered, failed), (0, 0, 0))
            assert p.two_pending(here) == (answered + failed == 1)
            assert p.two_read(here) == (answered == 2)
            assert p.answered_again(here) == (answered == 2 and failed > 0)
    for answered in range(4):
        for a in (CLOSED, ESTABLISHED):
            for b in (CLOSED, LISTEN, ESTABLISHED):
                here = applied((2, answered, 0), (0, 0, 0), a=end(a), b=end(b))
                gone = a == CLOSED and b in (CLOSED, LISTEN)
                assert p.all_is_read(here) == (answered == 2 and gone)
                assert p.one_is_read(here) == (answered == 1 and a == b == CLOSED)


def test_a_client_has_sent_more_after_the_close():
    for state in State:
        for asked in range(3):
            for read in range(3):
                here = applied((asked, 0, 0), (read, 0, 0), b=end(state))
                more = state == FIN_WAIT_2 and asked == 2 and read == 1
                assert p.more_after_the_close(here) == more


@pytest.mark.parametrize(
    ("variables", "held"),
    [
        ({"queued": 5, "snd_wnd": 4}, True),
        ({"queued": 5, "snd_wnd": 1}, True),
        ({"queued": 5, "snd_wnd": 0}, False),
        ({"queued": 0, "snd_wnd": 4}, False),
        ({"queued": 5, "snd_wnd": 4, "flight": 1}, False),
        ({"queued": 5, "snd_wnd": 4, "state": CLOSE_WAIT}, False),
    ],
)
def test_text_is_held_back_from_some_room_with_nothing_in_flight(variables, held):
    assert p.text_is_held_back(world(plane(**variables), plane())) == held


@pytest.mark.parametrize(
    ("duplicates", "cwnd", "restarted"), [(3, 1, True), (2, 1, False), (3, 2, False)]
)
def test_three_duplicates_and_a_segment_are_a_restart(duplicates, cwnd, restarted):
    end = plane(duplicates=duplicates, cwnd=cwnd)
    assert p.restarted_by_duplicates(world(plane(), end)) == restarted
