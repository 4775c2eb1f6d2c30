"""What ``observe`` has each watcher record of one step of which it is known what there is to see.

``tests/programs/observers.py`` changes observers in one place at a time; a change that nothing here
notices needs a reason there.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from spec.observe.agreement import Agreement
from spec.observe.confusion import Confusion, LateConfusion
from spec.observe.crossing import Crossing
from spec.observe.endings import Endings
from spec.observe.forgery import Forgery
from spec.observe.ghosts import End, Ghost, Last, Left, Pair, accepted
from spec.observe.sights import BLIND, MADE_OR_LEFT, Sight, look, looks
from spec.observe.stale import Stale, StaleAnywhere
from spec.observe.streams import Streams
from spec.observe.watcher import Moment, Watcher, fresh, observe
from spec.rules import AckLimit, Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Origin, Segment
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.records import key
from tests.helpers.build import BOUNDS, endpoint

CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED = (
    State.CLOSED,
    State.LISTEN,
    State.SYN_SENT,
    State.SYN_RECEIVED,
)
ESTABLISHED, LAST_ACK, TIME_WAIT = State.ESTABLISHED, State.LAST_ACK, State.TIME_WAIT
BY_THE_RFC = Rules()


def of(src: int = 0, about: int = 0, **ctl: bool) -> Segment:
    """A segment of a TCB of the peer; or one that answers a segment of this end's."""
    return Segment(seq=300, ctl=Control(**ctl), origin=Origin(src=src, about=about))


def see(
    watchers: Watcher | Sequence[Watcher],
    ghost: Ghost,
    before: Tcb | State,
    after: Tcb | State,
    seg: Segment | None = None,
    what: Input = Input.SEGMENT,
    sight: Sight = BLIND,
    *,
    made: bool = False,
    forged: bool = False,
    sent: Sequence[Segment] = (),
    signals: Sequence[str] = (),
    text: int = 0,
    rules: Rules = BY_THE_RFC,
) -> Ghost:
    """The ghosts after one step; ``text`` octets of ``seg`` were taken."""
    tcp = Tcp(rules, BOUNDS, 0)
    tcp.made = tcp.drew_isn = made
    tcp.sent, tcp.signals = [*sent], [*signals]
    if text and seg is not None:
        tcp.take(seg, 0, text)
    moment = Moment(tcb(before), tcb(after), what, seg, forged, tcp, sight)
    observe([watchers] if isinstance(watchers, Watcher) else watchers, ghost, moment)
    return ghost


def tcb(of: Tcb | State) -> Tcb:
    return endpoint(of).tcb if isinstance(of, State) else of


# Which TCB is there, and what is shared


def test_tcbs_are_numbered_as_they_are_made() -> None:
    ghost = Ghost()
    for number in (1, 2):
        see(Crossing(), ghost, CLOSED, SYN_SENT, made=True, what=Input.OPEN_ACTIVE)
        assert (ghost.id, ghost.made) == (number, number)
    see(Crossing(), ghost, LISTEN, SYN_RECEIVED, of(7, syn=True), made=True)
    assert (ghost.id, ghost.heard, ghost.partner) == (3, 7, 0)


@pytest.mark.parametrize(
    ("before", "after", "seg", "heard", "simultaneous"),
    [
        (SYN_SENT, SYN_RECEIVED, of(7, syn=True), 7, True),
        (SYN_SENT, ESTABLISHED, of(7, syn=True, ack=True), 7, False),
        (SYN_SENT, SYN_SENT, of(7, ack=True), 5, False),
        (SYN_RECEIVED, SYN_RECEIVED, of(7, syn=True), 5, False),
        (ESTABLISHED, ESTABLISHED, of(7, syn=True), 5, False),
    ],
)
def test_whose_syn_a_tcb_took(
    before: State, after: State, seg: Segment, heard: int, simultaneous: bool
) -> None:
    ghost = see(Crossing(), Ghost(made=2, heard=5), before, after, seg)
    assert (ghost.heard, ghost.simultaneous) == (heard, simultaneous)
    ghost = see(Stale(), Ghost(made=2, heard=5), before, after, seg)
    assert (ghost.heard, ghost.simultaneous) == (5, False)  # nobody reads it


@pytest.mark.parametrize(("una", "partner"), [(0, 4), (1, 7)])
def test_the_partner_is_who_acknowledged_the_iss(una: int, partner: int) -> None:
    before, after = (Tcb(state=SYN_RECEIVED, iss=0, snd=Send(una=n, nxt=1)) for n in (0, una))
    assert see(Crossing(), Ghost(made=2, partner=4), before, after, of(7)).partner == partner
    assert see(Crossing(), Ghost(made=2, partner=4), after, after, of(7)).partner == 4


@pytest.mark.parametrize("after", [CLOSED, LISTEN])
def test_what_was_known_of_a_tcb_goes_with_it(after: State) -> None:
    ghost = Ghost(made=3, returned=2, left=Left(id=1), partner=4, heard=5, simultaneous=True)
    see(Crossing(), ghost, TIME_WAIT, after, what=Input.TIME_WAIT_TIMEOUT)
    assert (ghost.id, ghost.partner, ghost.heard, ghost.simultaneous) == (3, 0, 0, False)
    assert key(ghost.left) == key(Left())


@pytest.mark.parametrize(
    ("before", "made", "src"),
    [(ESTABLISHED, False, 2), (CLOSED, False, 0), (LISTEN, False, 0), (LISTEN, True, 3)],
)
def test_a_segment_sent_tells_of_which_tcb_it_is(before: State, made: bool, src: int) -> None:
    sent = Segment(seq=100, ctl=Control(rst=True))
    after = SYN_RECEIVED if made else before
    see(Crossing(), Ghost(made=2), before, after, of(9), made=made, sent=[sent])
    assert (sent.origin.src, sent.origin.about) == (src, 9)
    see(Endings(), Ghost(made=2), before, after, of(9), made=made, sent=[other := of()])
    assert (other.origin.src, other.origin.about) == (0, 0)


@pytest.mark.parametrize(
    ("text", "syn", "first"), [(1, False, 4), (2, False, 4), (0, False, 0), (1, True, 0)]
)
def test_a_segment_sent_tells_where_in_the_stream_it_begins(
    text: int, syn: bool, first: int
) -> None:
    me = endpoint(ESTABLISHED).tcb
    sent = Segment(seq=me.iss + 5, text=text, ctl=Control(syn=syn))
    see(Streams(), Ghost(made=1), me, me, what=Input.SEND, sent=[sent])
    assert (sent.origin.first, sent.origin.src, sent.origin.about) == (first, 1, 0)
    see(Crossing(), Ghost(made=1), me, me, what=Input.SEND, sent=[other := of()])
    assert other.origin.first == 0


def test_who_sees_which_step() -> None:
    told: list[str] = []

    class Notes(Watcher):
        name = "notes"

        def stepped(self, ghost: Ghost, m: Moment) -> None:
            told.append("stepped")

        def begin(self, ghost: Ghost, incarnations: int) -> None:
            told.append(f"begin {incarnations}")

        def made(self, ghost: Ghost, m: Moment) -> None:
            told.append(f"made {ghost.id}")

        def forged(self, ghost: Ghost, m: Moment) -> None:
            told.append("forged")

        def arrived(self, ghost: Ghost, m: Moment, seg: Segment) -> None:
            told.append("arrived")

        def took(self, ghost: Ghost, m: Moment) -> None:
            told.append("took")

        def ended(self, ghost: Ghost, m: Moment) -> None:
            told.append("ended")

        def lives(self, ghost: Ghost, m: Moment) -> None:
            told.append("lives")

    def steps(*states: Any, **more: Any) -> list[str]:
        told.clear()
        see(Notes(), Ghost(), *states, **more)
        return told

    fresh([Notes()], 3)
    assert told == ["begin 3"]
    assert steps(CLOSED, CLOSED, of()) == ["stepped"]
    assert steps(LISTEN, LISTEN, of()) == ["stepped"]
    assert steps(LISTEN, SYN_RECEIVED, of(), made=True) == ["stepped", "made 1", "lives"]
    assert steps(ESTABLISHED, ESTABLISHED, of()) == ["stepped", "arrived", "took", "lives"]
    assert steps(ESTABLISHED, ESTABLISHED, of(), forged=True) == ["stepped", "forged", "lives"]
    assert steps(ESTABLISHED, ESTABLISHED, what=Input.SEND) == ["stepped", "lives"]
    assert steps(ESTABLISHED, CLOSED, of()) == ["stepped", "arrived", "took", "ended"]
    assert steps(SYN_RECEIVED, LISTEN, of()) == ["stepped", "arrived", "took", "ended"]


@pytest.mark.parametrize(
    ("state", "una", "rcv_nxt", "is_accepted"),
    [
        (ESTABLISHED, 1, 1, False),
        (State.CLOSE_WAIT, 1, 1, True),
        *((ESTABLISHED, una, 1, True) for una in (0, 2)),
        *((ESTABLISHED, 1, nxt, True) for nxt in (0, 2)),
    ],
)
def test_accepted(state: State, una: int, rcv_nxt: int, is_accepted: bool) -> None:
    before = Tcb(state=ESTABLISHED, snd=Send(una=1), rcv=Receive(nxt=1))
    after = Tcb(state=state, snd=Send(una=una), rcv=Receive(nxt=rcv_nxt))
    assert accepted(before, after) == is_accepted


# Agreement


def test_the_past_has_what_each_tcb_held() -> None:
    ghost = fresh([Agreement()], 3)
    see(Agreement(), ghost, CLOSED, SYN_SENT, made=True, what=Input.OPEN_ACTIVE)
    assert [key(pair) for pair in ghost.past] == [key(Pair())] * 3
    first = Tcb(state=SYN_RECEIVED, iss=10, irs=20, snd=Send(una=10))
    see(Agreement(), ghost, SYN_SENT, first, of(syn=True))
    assert [key(pair) for pair in ghost.past] == [(True, False, 10, 20), *[key(Pair())] * 2]
    see(Agreement(), ghost, first, Tcb(state=ESTABLISHED, iss=10, irs=20), of(ack=True))
    see(Agreement(), ghost, ESTABLISHED, CLOSED, what=Input.ABORT)
    second = Tcb(state=SYN_RECEIVED, iss=11, irs=21, snd=Send(una=11))
    see(Agreement(), ghost, LISTEN, second, of(syn=True), made=True)
    known = [(True, True, 10, 20), (True, False, 11, 21), key(Pair())]
    assert [key(pair) for pair in ghost.past] == known


# Crossing


@pytest.mark.parametrize(
    ("src", "moves", "is_crossed"),
    [(1, True, True), (2, True, False), (3, True, False), (0, True, False), (1, False, False)],
)
@pytest.mark.parametrize("simultaneous", [False, True])
def test_crossed(src: int, moves: bool, is_crossed: bool, simultaneous: bool) -> None:
    """The partner is the peer's second TCB."""
    ghost = Ghost(made=1, partner=2, simultaneous=simultaneous)
    see(Crossing(), ghost, ESTABLISHED, State.CLOSE_WAIT if moves else ESTABLISHED, of(src))
    assert (ghost.crossed, ghost.crossed_simultaneous) == (
        is_crossed and not simultaneous,
        is_crossed and simultaneous,
    )
    see(Crossing(), ghost, ESTABLISHED, ESTABLISHED, of(2))  # what happened is not undone
    assert ghost.crossed | ghost.crossed_simultaneous == is_crossed


@pytest.mark.parametrize(("about", "misled"), [(1, True), (2, False), (3, False), (0, False)])
def test_misled(about: int, misled: bool) -> None:
    """By a reset that answers a segment of the first TCB of this end, whose second is there."""
    ghost = see(Crossing(), Ghost(made=2), ESTABLISHED, CLOSED, of(0, about, rst=True))
    assert ghost.misled == misled


def test_only_who_reached_established_is_crossed() -> None:
    ghost = see(Crossing(), Ghost(made=2, partner=2), SYN_RECEIVED, ESTABLISHED, of(1, 1))
    assert (ghost.crossed, ghost.misled) == (False, False)


@pytest.mark.parametrize(("src", "cut"), [(4, True), (5, True), (6, False)])
def test_time_wait_is_cut_by_a_syn_that_is_not_later(src: int, cut: bool) -> None:
    ghost = see(Crossing(), Ghost(made=1, heard=5), TIME_WAIT, SYN_RECEIVED, of(src), made=True)
    assert (ghost.cut, ghost.reopened, ghost.heard) == (cut, True, src)
    see(Crossing(), ghost, ESTABLISHED, CLOSED, what=Input.ABORT)
    assert (ghost.cut, ghost.reopened) == (cut, False)
    see(Crossing(), ghost, LISTEN, SYN_RECEIVED, of(0), made=True)
    assert (ghost.cut, ghost.reopened) == (cut, False)


def test_an_open_in_time_wait_cuts_nothing() -> None:
    ghost = Ghost(made=1, heard=5)
    see(Crossing(), ghost, TIME_WAIT, SYN_SENT, what=Input.OPEN_ACTIVE, made=True)
    assert (ghost.cut, ghost.reopened, ghost.id) == (False, False, 2)


# Confusion


@pytest.mark.parametrize(
    ("mine", "its", "old"),
    [((1, 4), (3, 2), (2, 4)), ((2, 3), (4, 1), (2, 4)), ((0, 0), (0, 0), (0, 0))],
)
@pytest.mark.parametrize("watcher", [Confusion(), LateConfusion()])
def test_a_tcb_begins_with_what_either_end_knows_to_be_over(
    watcher: Confusion, mine: tuple[int, int], its: tuple[int, int], old: tuple[int, int]
) -> None:
    ghost = Ghost(over_me=mine[0], over_peer=mine[1])
    sight = Sight(over_me=its[0], over_peer=its[1])
    see(watcher, ghost, LISTEN, SYN_RECEIVED, of(9), sight=sight, made=True)
    assert (ghost.old_me, ghost.old_peer) == old
    see(watcher, ghost, ESTABLISHED, CLOSED, of(9))
    assert (ghost.old_me, ghost.old_peer) == (0, 0)


@pytest.mark.parametrize(("src", "moves"), [(1, True), (1, False), (2, True)])
def test_confused(src: int, moves: bool) -> None:
    ghost = Ghost(made=1, old_peer=1)
    see(Confusion(), ghost, ESTABLISHED, State.CLOSE_WAIT if moves else ESTABLISHED, of(src))
    assert ghost.confused == (src == 1 and moves)
    confused = ghost.confused
    see(Confusion(), ghost, ESTABLISHED, ESTABLISHED, of(2))
    assert ghost.confused == confused


@pytest.mark.parametrize(
    ("before", "what", "over", "residue"),
    [
        (TIME_WAIT, Input.TIME_WAIT_TIMEOUT, True, True),
        (TIME_WAIT, Input.SEGMENT, True, True),
        (ESTABLISHED, Input.ABORT, True, False),
        (SYN_RECEIVED, Input.ABORT, False, False),
        (ESTABLISHED, Input.SEGMENT, False, False),
        (LAST_ACK, Input.SEGMENT, False, False),
    ],
)
@pytest.mark.parametrize("watcher", [Confusion(), LateConfusion()])
def test_by_what_end_a_connection_is_over(
    watcher: Confusion, before: State, what: Input, over: bool, residue: bool
) -> None:
    sight = Sight(id=1, exists=False, residue=True)
    ghost = see(watcher, Ghost(made=4, partner=1), before, CLOSED, what=what, sight=sight)
    assert (ghost.over_me, ghost.over_peer) == ((4, 1) if over else (0, 0))
    assert ghost.residue == residue
    see(watcher, ghost, TIME_WAIT, CLOSED, sight=Sight(exists=True))
    assert ghost.residue == residue


def test_without_a_partner_a_connection_is_over_if_the_peer_has_no_tcb() -> None:
    for exists in (False, True):
        sight = Sight(id=2, exists=exists)
        ghost = see(Confusion(), Ghost(made=4), TIME_WAIT, CLOSED, sight=sight)
        assert ghost.over_me == (0 if exists else 4)


def test_a_host_that_wakes_has_nothing_in_flight_any_more() -> None:
    ghost = Ghost(made=3)
    Confusion().woke(ghost)
    assert ghost.over_me == 3


@pytest.mark.parametrize(
    ("peer", "exists", "its", "old"),
    [
        (5, True, (0, 0), (0, 0)),  # the peer is still at it
        (5, False, (0, 0), (3, 5)),
        (6, True, (0, 0), (3, 5)),
        (4, True, (0, 0), (3, 5)),
        (5, True, (7, 2), (2, 7)),  # of TCBs that the peer left in TIME-WAIT
        (5, False, (7, 2), (3, 7)),
        (5, False, (4, 4), (4, 5)),
    ],
)
def test_a_peer_that_went_after_time_wait_is_over_late(
    peer: int, exists: bool, its: tuple[int, int], old: tuple[int, int]
) -> None:
    """TIME-WAIT of the third TCB ran out while the peer's fifth, its partner, was there."""
    ghost, here = Ghost(made=3, partner=5), Sight(id=5, exists=True)
    see(LateConfusion(), ghost, TIME_WAIT, CLOSED, what=Input.TIME_WAIT_TIMEOUT, sight=here)
    assert (ghost.left_me, ghost.left_peer, ghost.over_me) == (3, 5, 0)
    sight = Sight(id=peer, exists=exists, left_me=its[0], left_peer=its[1])
    see(LateConfusion(), ghost, LISTEN, SYN_RECEIVED, of(9), sight=sight, made=True)
    assert (ghost.old_me, ghost.old_peer) == old


def test_only_a_timer_leaves_time_wait_to_be_over_late() -> None:
    sight = Sight(id=5, exists=True)
    ghost = see(LateConfusion(), Ghost(made=3, partner=5), TIME_WAIT, CLOSED, of(), sight=sight)
    assert (ghost.left_me, ghost.left_peer) == (0, 0)


def test_without_a_partner_nothing_of_the_peer_is_over_late() -> None:
    ghost = Ghost(made=1, left_me=1)
    see(LateConfusion(), ghost, LISTEN, SYN_RECEIVED, of(), sight=Sight(2, exists=True), made=True)
    assert (ghost.old_me, ghost.old_peer) == (0, 0)


# Stale SYNs


def test_a_tcb_that_is_not_made_of_a_syn_is_not_stale() -> None:
    ghost = see(Stale(), Ghost(stale=True), CLOSED, SYN_SENT, what=Input.OPEN_ACTIVE, made=True)
    assert not ghost.stale


def test_with_a_tcb_goes_that_it_was_stale() -> None:
    assert not see(Stale(), Ghost(made=1, stale=True), SYN_RECEIVED, LISTEN, of(rst=True)).stale


@pytest.mark.parametrize(
    ("before", "after", "sight", "stale"),
    [
        (SYN_SENT, SYN_RECEIVED, Sight(7, exists=True), False),
        (SYN_SENT, SYN_RECEIVED, Sight(7, exists=False), True),
        (SYN_SENT, SYN_RECEIVED, Sight(6, exists=True), True),
        (SYN_SENT, SYN_RECEIVED, Sight(8, exists=True), True),
        (SYN_SENT, ESTABLISHED, Sight(6, exists=True), False),
        (SYN_RECEIVED, SYN_RECEIVED, Sight(6, exists=True), False),
    ],
)
def test_an_active_open_hears_a_stale_syn(
    before: State, after: State, sight: Sight, stale: bool
) -> None:
    ghost = see(StaleAnywhere(), Ghost(made=1), before, after, of(7, syn=True), sight=sight)
    assert ghost.stale == stale


# Streams


@pytest.mark.parametrize(
    ("before", "what", "seg", "end"),
    [
        (TIME_WAIT, Input.TIME_WAIT_TIMEOUT, None, End.TIMER),
        (LAST_ACK, Input.SEGMENT, of(ack=True), End.ACKED),
        (LAST_ACK, Input.SEGMENT, of(rst=True), End.OTHER),
        (LAST_ACK, Input.ABORT, None, End.OTHER),
        (TIME_WAIT, Input.SEGMENT, of(ack=True), End.OTHER),
        (ESTABLISHED, Input.ABORT, None, End.OTHER),
    ],
)
def test_how_the_last_tcb_ended(before: State, what: Input, seg: Segment | None, end: End) -> None:
    me = endpoint(before).tcb
    me.written = 5
    ghost = see(Streams(), Ghost(made=1, delivered=3), me, CLOSED, seg, what)
    assert key(ghost.last) == key(Last(end, True, 5, 3))
    assert ghost.delivered == 0


def test_a_tcb_that_is_made_has_delivered_nothing() -> None:
    ghost = see(Streams(), Ghost(delivered=3), TIME_WAIT, SYN_RECEIVED, of(2), made=True)
    assert ghost.delivered == 0


@pytest.mark.parametrize(("src", "garbled"), [(0, False), (1, True), (2, False)])
def test_text_that_waited_with_a_syn_is_of_who_sent_it(src: int, garbled: bool) -> None:
    ghost = Ghost(made=1, partner=2, heard=2)
    ghost = see(Streams(), ghost, ESTABLISHED, ESTABLISHED, of(src), text=1)
    assert (ghost.garbled, ghost.delivered) == (garbled, 1)


# Endings, forgeries


@pytest.mark.parametrize(
    ("before", "after", "what", "seg", "signals", "untold"),
    [
        (ESTABLISHED, CLOSED, Input.SEGMENT, of(rst=True), (), True),
        (ESTABLISHED, CLOSED, Input.SEGMENT, of(rst=True), ("reset",), False),
        (SYN_RECEIVED, LISTEN, Input.SEGMENT, of(rst=True), (), False),
        (LAST_ACK, CLOSED, Input.SEGMENT, of(ack=True), (), False),
        (LAST_ACK, CLOSED, Input.SEGMENT, of(rst=True), (), True),
        (SYN_SENT, CLOSED, Input.USER_TIMEOUT, None, (), True),
        (SYN_SENT, CLOSED, Input.USER_TIMEOUT, None, ("timeout",), False),
        (SYN_SENT, CLOSED, Input.USER_TIMEOUT, None, ("timeout", "again"), False),
        (SYN_SENT, CLOSED, Input.CLOSE, None, (), False),
        (ESTABLISHED, CLOSED, Input.ABORT, None, (), False),
        (ESTABLISHED, CLOSED, Input.CRASH, None, (), False),
        (TIME_WAIT, CLOSED, Input.TIME_WAIT_TIMEOUT, None, (), False),
    ],
)
def test_who_ends_without_a_word(
    before: State,
    after: State,
    what: Input,
    seg: Segment | None,
    signals: tuple[str, ...],
    untold: bool,
) -> None:
    ghost = see(Endings(), Ghost(made=1), before, after, seg, what, signals=signals)
    assert ghost.untold == untold
    see(Endings(), ghost, TIME_WAIT, CLOSED, what=Input.TIME_WAIT_TIMEOUT)
    assert ghost.untold == untold


def test_a_forged_segment_that_is_accepted_does_harm() -> None:
    ghost = see(Forgery(), Ghost(made=1), ESTABLISHED, ESTABLISHED, of(), forged=True)
    assert not ghost.harmed
    see(Forgery(), ghost, ESTABLISHED, CLOSED, of(), forged=True)
    assert ghost.harmed
    see(Forgery(), ghost, ESTABLISHED, ESTABLISHED, of(), forged=True)
    assert ghost.harmed


@pytest.mark.parametrize(
    ("limit", "before", "after", "shown"),
    [
        (AckLimit.HOST, False, True, True),
        (AckLimit.HOST, True, False, True),
        (AckLimit.HOST, False, False, False),
        (AckLimit.HOST, True, True, False),
        (AckLimit.SOCKET, False, True, False),
    ],
)
def test_a_forged_segment_that_changes_a_shared_limit_shows_where_the_window_is(
    limit: AckLimit, before: bool, after: bool, shown: bool
) -> None:
    ends = [endpoint(ESTABLISHED, throttled=spent).tcb for spent in (before, after)]
    rules = Rules(ack_limit=limit)
    ghost = see(Forgery(), Ghost(made=1), *ends, of(), forged=True, rules=rules)
    assert ghost.shown == shown
    see(Forgery(), ghost, ESTABLISHED, ESTABLISHED, of(), forged=True, rules=rules)
    assert ghost.shown == shown


# Sights


def test_when_somebody_looks() -> None:
    for state in State:
        assert looks(tcb(state), Input.SEGMENT, MADE_OR_LEFT) == (state in MADE_OR_LEFT)
        assert looks(tcb(state), Input.ABORT, ())


@pytest.mark.parametrize(
    ("mine", "theirs", "residue"),
    [
        ((), (), False),
        ((of(1),), (), True),
        ((of(2),), (), True),
        ((of(0),), (), False),
        ((of(0, 1),), (), True),
        ((of(0, 2),), (), True),
        ((of(0, 3),), (), False),
        ((), (of(1),), True),
        ((), (of(2),), True),
        ((), (of(3),), False),
        ((), (of(0, 5),), True),
    ],
)
def test_residue(mine: Sequence[Segment], theirs: Sequence[Segment], residue: bool) -> None:
    """The partner is the peer's second TCB."""
    ghost, peer = Ghost(made=1, partner=2), endpoint(SYN_SENT)
    for there in (True, False):
        flying = [[(there, seg) for seg in some] for some in (mine, theirs)]
        seen = look(ghost, peer.tcb, peer.ghost, *flying)
        assert seen.residue == (residue and there)


@pytest.mark.parametrize("state", State)
def test_what_is_seen_of_the_peer(state: State) -> None:
    other = Ghost(made=3, over_me=4, over_peer=5, left_me=6, left_peer=7)
    seen = look(Ghost(), tcb(state), other, (), ())
    assert (seen.id, seen.syn_sent) == (3, state == SYN_SENT)
    assert seen.exists == (state not in (CLOSED, LISTEN))
    assert (seen.over_me, seen.over_peer, seen.left_me, seen.left_peer) == (4, 5, 6, 7)
