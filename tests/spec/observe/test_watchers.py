"""What single watchers and predicates see: a fault in one makes claims hold that do not."""

import pytest

from proofs.claims.properties import three_way_agreement
from spec.observe.confusion import Confusion, old
from spec.observe.ghosts import Ghost, Pair, reached_established
from spec.observe.sights import Sight, residue_from_peer
from spec.observe.stale import Stale
from spec.observe.watcher import Moment
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Origin, Segment
from spec.tcp.sending import Tcp
from spec.tcp.tcb import State, Tcb
from spec.world.happen import happen
from spec.world.system import World
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
    ghost = Ghost(id=4, partner=1)
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


BEFORE = {State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED}
BY_CLOSE = {State.FIN_WAIT_1, State.CLOSING, State.TIME_WAIT}
"""These are reached without ESTABLISHED, too: then our SYN is not acknowledged."""


@pytest.mark.parametrize("state", State)
def test_reached_established(state: State) -> None:
    tcb = endpoint(state).tcb
    assert reached_established(tcb) == (state not in BEFORE)
    tcb.snd.una = tcb.iss
    assert reached_established(tcb) == (state not in BEFORE | BY_CLOSE)


@pytest.mark.parametrize(
    ("mine", "theirs", "agrees"), [(1, 1, True), (1, 0, False), (1, 2, False), (2, 1, False)]
)
def test_agreement_is_with_one_tcb_exactly(mine: int, theirs: int, agrees: bool) -> None:
    """So many TCBs of each end held the two numbers."""
    me, peer = endpoint(State.ESTABLISHED), endpoint(State.CLOSED)
    iss, irs = me.tcb.iss, me.tcb.irs
    me.ghost.past = (Pair(True, True, iss, irs),) * mine
    peer.ghost.past = (Pair(True, True, irs, iss),) * theirs
    assert three_way_agreement(World((me, peer), ((), ()))) == agrees
