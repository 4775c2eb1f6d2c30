"""What single watchers and predicates see: a fault in one makes claims hold that do not."""

import pytest

from spec.observe.confusion import Confusion, old
from spec.observe.crossing import Crossing
from spec.observe.ghosts import Ghost, Left, reached_established
from spec.observe.sights import Sight, residue_from_peer
from spec.observe.stale import Stale
from spec.observe.watcher import Moment
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Origin, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.happen import Effects, happen
from spec.world.records import key
from tests.helpers.build import BOUNDS, endpoint


def moment(before: State, after: State, sight: Sight, seg: Segment | None = None) -> Moment:
    tcp = Tcp(Rules(), BOUNDS, 0)
    what = Input.TIME_WAIT_TIMEOUT if seg is None else Input.SEGMENT
    return Moment(Tcb(state=before), Tcb(state=after), what, seg, False, tcp, sight)


@pytest.mark.parametrize(
    ("src", "about", "is_old"),
    [(0, 0, False), (1, 0, True), (2, 0, True), (3, 0, False), (0, 1, True), (0, 2, False)],
)
def test_old(src: int, about: int, is_old: bool) -> None:
    """The peer's first two TCBs were over when this TCB was made, and the first of this end."""
    seg = Segment(seq=0, origin=Origin(src=src, about=about))
    assert old(Ghost(old_peer=2, old_me=1), seg) == is_old


def test_a_reset_says_whose_segment_provoked_it() -> None:
    end = endpoint(State.CLOSED)
    seg = Segment(seq=7, ctl=Control(syn=True), origin=Origin(src=3))
    effects = happen(end, Input.SEGMENT, seg, 0, Rules(), BOUNDS, [Confusion()])
    assert [(sent.origin.src, sent.origin.about) for sent in effects.sent] == [(0, 3)]


@pytest.mark.parametrize(
    ("src", "about", "left"), [(0, 0, False), (1, 0, True), (2, 0, False), (0, 1, True)]
)
def test_residue_of_the_peer(src: int, about: int, left: bool) -> None:
    seg = Segment(seq=0, origin=Origin(src=src, about=about))
    assert residue_from_peer(Ghost(partner=1), seg) == left


@pytest.mark.parametrize(
    ("peer", "exists", "over"), [(1, True, False), (1, False, True), (2, True, True)]
)
def test_a_connection_is_over_when_both_tcbs_are_gone(peer: int, exists: bool, over: bool) -> None:
    """Its end leaves TIME-WAIT; the partner was the peer's first TCB."""
    ghost = Ghost(made=4, partner=1)
    sight = Sight(peer, False, exists, 0, 0, False)
    Confusion().ended(ghost, moment(State.TIME_WAIT, State.CLOSED, sight))
    assert (ghost.over_me, ghost.over_peer) == ((4, 1) if over else (0, 0))


@pytest.mark.parametrize(
    ("sender", "syn_sent", "stale"), [(2, True, False), (2, False, True), (1, True, True)]
)
def test_a_syn_is_stale_if_its_sender_is_past_syn_sent(
    sender: int, syn_sent: bool, stale: bool
) -> None:
    """The peer is at its second TCB."""
    ghost = Ghost()
    seg = Segment(seq=0, ctl=Control(syn=True), origin=Origin(src=sender))
    sight = Sight(2, syn_sent, True, 0, 0, False)
    Stale().made(ghost, moment(State.LISTEN, State.SYN_RECEIVED, sight, seg))
    assert ghost.stale == stale


def test_a_tcb_that_is_returned_to_has_its_number_and_what_was_known_of_it() -> None:
    """Section 3.6.1 (2); the TCB that came to nothing was made all the same."""
    rules, watchers = Rules(time_wait_reopen=True), [Crossing(), Stale()]
    end = endpoint(State.TIME_WAIT)
    end.ghost.made, end.ghost.partner, end.ghost.heard, end.ghost.simultaneous = 4, 7, 6, True

    def arrives(seq: int, isn: int, **ctl: bool) -> Effects:
        sight = Sight(id=9, exists=True)
        seg = Segment(seq=seq, ctl=Control(**ctl), origin=Origin(src=9))
        return happen(end, Input.SEGMENT, seg, isn, rules, BOUNDS, watchers, sight)

    for made in (5, 6):
        arrives(320, 500, syn=True)
        ghost = end.ghost
        assert (end.tcb.state, ghost.id, ghost.heard) == (State.SYN_RECEIVED, made, 9)
        assert (ghost.partner, ghost.simultaneous, ghost.stale) == (0, False, True)
        arrives(321, 0, rst=True)
        assert (end.tcb.state, ghost.id, ghost.made) == (State.TIME_WAIT, 4, made)
        known = (ghost.partner, ghost.heard, ghost.simultaneous, ghost.stale)
        assert known == (7, 6, True, False)
        answer = arrives(299, 0, fin=True, ack=True)
        assert [sent.origin.src for sent in answer.sent] == [4]
    happen(end, Input.ABORT, None, 0, rules, BOUNDS, watchers)
    assert (end.tcb.state, end.ghost.id) == (State.CLOSED, 6)


def test_an_abort_enters_the_time_wait_of_its_own_connection() -> None:
    """Section 3.5.2: it does not return to the one before."""
    rules = Rules(time_wait_reopen=True, abort_time_wait=True)
    end = endpoint(State.TIME_WAIT)
    end.ghost.made = 4
    syn = Segment(seq=320, ctl=Control(syn=True), origin=Origin(src=9))
    happen(end, Input.SEGMENT, syn, 500, rules, BOUNDS, [Crossing()])
    happen(end, Input.ABORT, None, 0, rules, BOUNDS, [Crossing()])
    assert (end.tcb.state, end.ghost.id) == (State.TIME_WAIT, 5)


def test_a_reopened_connection_that_is_established_leaves_nothing_behind() -> None:
    rules = Rules(time_wait_reopen=True)
    end = endpoint(State.TIME_WAIT)
    end.ghost.made, end.ghost.partner = 4, 7
    syn = Segment(seq=320, ctl=Control(syn=True), origin=Origin(src=9))
    happen(end, Input.SEGMENT, syn, 500, rules, BOUNDS, [Crossing()])
    ack = Segment(seq=321, ack=501, ctl=Control(ack=True), origin=Origin(src=9))
    happen(end, Input.SEGMENT, ack, 0, rules, BOUNDS, [Crossing()])
    assert (end.tcb.state, end.ghost.partner) == (State.ESTABLISHED, 9)
    assert key(end.ghost.left) == key(Left())


BEFORE = {State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED}
BY_CLOSE = {State.FIN_WAIT_1, State.CLOSING, State.TIME_WAIT}
"""These are reached without ESTABLISHED, too: then our SYN is not acknowledged."""


@pytest.mark.parametrize("state", State)
def test_reached_established(state: State) -> None:
    tcb = endpoint(state).tcb
    assert reached_established(tcb) == (state not in BEFORE)
    tcb.snd.una = tcb.iss
    assert reached_established(tcb) == (state not in BEFORE | BY_CLOSE)
