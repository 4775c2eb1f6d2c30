"""What the watchers of pace record: each flag is raised by a step that is wrong, and by no other.

Steps are made up where the specification takes none: the TCBs before and after, and what was sent.
Segments have ten octets (``PLANE``), and this end sends from 100 on.
"""

from typing import Any

import pytest

from spec.observe.ghosts import Ghost
from spec.observe.pace import (
    Bursts,
    Losses,
    Pace,
    Samples,
    is_burst,
    is_edge,
    is_leap,
    is_silly,
    new_text,
)
from spec.observe.sights import NOTHING
from spec.observe.watcher import Moment
from spec.rules import Congestion, Rules
from spec.tcp.congestion import Phase
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State, Tcb
from spec.tcp.transfer import Transfer
from tests.helpers.build import PLANE, plane

SEGMENT, EXPIRES = Input.SEGMENT, Input.RETRANSMISSION_TIMEOUT
SLOW, AVOID, FAST, NONE = Phase.SLOW_START, Phase.AVOIDANCE, Phase.RECOVERY, Phase.NONE


def tcb(**variables: Any) -> Tcb:
    return plane(**{"flight": 30, "queued": 100} | variables).tcb


def moment(
    before: Tcb,
    after: Tcb,
    *sent: tuple[int, int],
    what: Input = SEGMENT,
    rules: Rules | None = None,
) -> Moment:
    """A step that sent text: from where, and how many octets."""
    tcp = Tcp(rules or Rules(), PLANE, 0)
    for at, octets in sent:
        tcp.send(Segment(seq=at, text=octets))
    return Moment(before, after, what, None, False, tcp, NOTHING)


def paced(*step, **more) -> Ghost:
    ghost = Ghost()
    Pace().lives(ghost, moment(*step, **more))
    return ghost


def flags(ghost: Ghost) -> set[str]:
    names = ("burst", "silly", "strange", "dipped", "leap", "twice", "ambiguous")
    return {name for name in names if getattr(ghost, name)}


# Bursts


@pytest.mark.parametrize(
    ("at", "octets", "new"),
    [(130, 1, True), (120, 10, False), (130, 0, False), (129, 1, False), (140, 5, True)],
)
def test_new_text(at, octets, new):
    end = tcb()
    assert new_text(Segment(seq=at, text=octets), moment(end, end)) == new


@pytest.mark.parametrize(
    ("octets", "cwnd", "wnd", "limited", "burst"),
    [
        (10, 20, 100, True, False),  # 40 are in flight: two segments beyond cwnd
        (10, 19, 100, True, True),
        (10, 40, 100, False, False),
        (10, 39, 100, False, True),
        (10, 100, 40, True, False),
        (10, 100, 39, True, True),  # the window has no such room
        (11, 20, 100, True, True),
    ],
)
def test_burst(octets, cwnd, wnd, limited, burst):
    after = tcb(flight=30 + octets, cwnd=cwnd, snd_wnd=wnd)
    m = moment(tcb(), after, rules=Rules(limited_transmit=limited))
    assert is_burst(Segment(seq=130, text=octets), after.transfers[0], m) == burst


@pytest.mark.parametrize(
    ("what", "wnd", "octets", "burst"),
    [(EXPIRES, 0, 1, False), (EXPIRES, 0, 2, True), (SEGMENT, 0, 1, True), (EXPIRES, 20, 1, True)],
)
def test_a_probe_is_no_burst(what, wnd, octets, burst):
    after = tcb(snd_wnd=wnd, cwnd=10)
    m = moment(tcb(), after, what=what)
    assert is_burst(Segment(seq=130, text=octets), after.transfers[0], m) == burst


def test_a_burst_is_recorded():
    before, after = tcb(cwnd=20), tcb(flight=50, cwnd=20)
    assert flags(paced(before, after, (130, 10), (140, 10))) == {"burst"}
    assert flags(paced(before, after, (140, 10), (130, 10))) == {"burst"}
    assert flags(paced(before, after, (130, 10))) == set()
    again = tcb(cwnd=10)
    assert flags(paced(again, again, (100, 10), (110, 10), (120, 10))) == set()


# Silly segments


@pytest.mark.parametrize(
    ("at", "octets", "largest", "what", "silly"),
    [
        (130, 10, 100, SEGMENT, False),
        (130, 9, 100, SEGMENT, True),
        (130, 9, 18, SEGMENT, False),
        (130, 9, 19, SEGMENT, True),
        (226, 4, 100, SEGMENT, False),  # the last that there is
        (225, 4, 100, SEGMENT, True),
        (130, 9, 100, Input.OVERRIDE_TIMEOUT, False),
        (130, 9, 100, EXPIRES, False),
        (130, 9, 100, Input.SEND, True),
    ],
)
def test_silly(at, octets, largest, what, silly):
    after = tcb(largest=largest)
    m = moment(tcb(), after, what=what)
    assert is_silly(Segment(seq=at, text=octets), after.transfers[0], m) == silly


def test_a_silly_segment_is_recorded():
    end = tcb()
    assert flags(paced(end, end, (130, 9))) == {"silly"}
    assert flags(paced(end, end, (120, 9))) == set()  # sent again
    assert flags(paced(end, end, (130, 9), (139, 10))) == {"silly"}


# Phases


EDGES = {
    (SLOW, AVOID): {SEGMENT},
    (SLOW, FAST): {SEGMENT},
    (AVOID, FAST): {SEGMENT},
    (AVOID, SLOW): {EXPIRES},
    (FAST, SLOW): {EXPIRES, SEGMENT},  # NewReno's full ACK with little in flight
    (FAST, AVOID): {SEGMENT},
    (NONE, SLOW): {SEGMENT, EXPIRES, Input.SEND},
    (NONE, AVOID): {SEGMENT, EXPIRES, Input.SEND},
}


@pytest.mark.parametrize("was", Phase)
@pytest.mark.parametrize("now", Phase)
@pytest.mark.parametrize("what", [SEGMENT, EXPIRES, Input.SEND])
def test_edges(was, now, what):
    if now == NONE and was != NONE:
        return  # a connection that ends has no moment of its life
    m = moment(tcb(), tcb(), what=what)
    assert is_edge(was, now, m) == (was == now or what in EDGES.get((was, now), ()))


@pytest.mark.parametrize("kind", Congestion)
def test_recovery_ends_in_slow_start_in_newreno_only(kind):
    m = moment(tcb(), tcb(), rules=Rules(congestion=kind))
    assert is_edge(FAST, SLOW, m) == (kind == Congestion.NEWRENO)


def test_a_strange_phase_is_recorded():
    slow, avoid = tcb(cwnd=10, ssthresh=30), tcb(cwnd=40, ssthresh=30)
    fast = tcb(cwnd=10, ssthresh=30, recovering=True)
    assert flags(paced(avoid, slow)) == {"strange"}
    assert flags(paced(fast, slow)) == {"dipped"}
    assert flags(paced(fast, slow, what=EXPIRES)) == set()
    assert flags(paced(fast, avoid)) == set()
    assert flags(paced(slow, fast)) == set()


# Leaps


@pytest.mark.parametrize(
    ("was", "cwnd", "una", "recovering", "leap"),
    [
        ({"cwnd": 20, "ssthresh": 50}, 30, 110, False, False),
        ({"cwnd": 20, "ssthresh": 50}, 31, 110, False, True),
        ({"cwnd": 20, "ssthresh": 50}, 30, 109, False, True),
        ({"cwnd": 20, "ssthresh": 50}, 60, 110, True, False),  # a fast retransmit
        ({"cwnd": 50, "ssthresh": 50}, 61, 101, False, False),  # congestion avoidance
        ({"cwnd": 20, "ssthresh": 50, "recovering": True}, 50, 110, False, False),
    ],
)
def test_leap(was, cwnd, una, recovering, leap):
    before = tcb(**was)
    after = tcb(cwnd=cwnd, ssthresh=50, snd_una=una, recovering=recovering)
    m = moment(before, after)
    assert is_leap(before.transfers[0], after.transfers[0], m) == leap
    assert ("leap" in flags(paced(before, after))) == leap


@pytest.mark.parametrize(("cwnd", "leap"), [(22, False), (23, True)])
def test_leap_by_what_was_not_sent(cwnd, leap):
    """Two octets are in flight, and five acknowledged."""
    before = tcb(cwnd=20, ssthresh=50, snd_nxt=102)
    m = moment(before, tcb(cwnd=cwnd, ssthresh=50, snd_una=105, snd_nxt=105))
    assert is_leap(before.transfers[0], m.after.transfers[0], m) == leap


# One halving for one flight


def lost(*steps: tuple[Tcb, Tcb]) -> Ghost:
    ghost = Ghost()
    for before, after in steps:
        Losses().lives(ghost, moment(before, after))
    return ghost


def fast(una: int = 100, flight: int = 30, recovering: bool = True, **more: Any) -> Tcb:
    return tcb(snd_una=una, flight=flight, recovering=recovering, **more)


def test_loss_is_remembered_until_all_is_acknowledged():
    ghost = lost((fast(recovering=False), fast()))
    assert (ghost.losing, ghost.lost_to, ghost.twice) == (True, 130, False)
    Losses().lives(ghost, moment(fast(), fast(una=130, flight=40)))
    assert (ghost.losing, ghost.lost_to) == (True, 130)
    Losses().lives(ghost, moment(fast(una=130, flight=40), fast(una=131, flight=40)))
    assert (ghost.losing, ghost.lost_to) == (False, 0)


@pytest.mark.parametrize(("una", "twice"), [(100, True), (130, True), (131, False)])
def test_a_second_halving(una, twice):
    again = fast(una=una, flight=50, recovering=False), fast(una=una, flight=50)
    ghost = lost((fast(recovering=False), fast()), again)
    assert ghost.twice == twice
    assert ghost.losing
    assert ghost.lost_to == 150


def test_recovery_that_goes_on_is_no_second_halving():
    assert flags(lost((fast(recovering=False), fast()), (fast(), fast(una=110)))) == set()
    assert flags(lost((fast(), fast(recovering=False)))) == set()


def test_a_timeout_is_a_loss_too():
    ghost = lost((tcb(), tcb(timed_out=True)))
    assert (ghost.losing, ghost.lost_to, ghost.twice) == (True, 130, False)
    assert not lost((tcb(timed_out=True), tcb(timed_out=True))).losing
    assert lost((tcb(), tcb(timed_out=True)), (fast(recovering=False), fast())).twice


def test_a_loss_ends_with_its_connection():
    ghost = Ghost(losing=True, lost_to=130)
    Losses().ended(ghost, moment(tcb(), Tcb(state=State.CLOSED)))
    assert (ghost.losing, ghost.lost_to) == (False, 0)


# Samples


def sampled(resent: int, before: Tcb, after: Tcb, *sent: tuple[int, int]) -> Ghost:
    ghost = Ghost(resent=resent)
    Samples().lives(ghost, moment(before, after, *sent))
    return ghost


@pytest.mark.parametrize(
    ("resent", "timing", "timed", "una", "ambiguous"),
    [
        (10, True, 100, 110, True),
        (10, True, 109, 110, True),
        (10, True, 110, 120, False),  # what is timed was sent once
        (0, True, 100, 110, False),
        (10, False, 100, 110, False),
        (10, True, 100, 100, False),  # not acknowledged yet
        (20, True, 110, 120, True),
        (1, True, 100, 101, True),
    ],
)
def test_ambiguous_sample(resent, timing, timed, una, ambiguous):
    ghost = sampled(resent, tcb(timing=timing, timed=timed), tcb(snd_una=una))
    assert ghost.ambiguous == ambiguous
    assert ghost.resent == max(0, resent - (una - 100))


@pytest.mark.parametrize(
    ("una", "sent", "resent"),
    [
        (100, [(100, 10)], 10),
        (100, [(110, 10)], 20),
        (100, [(100, 10), (110, 10)], 20),
        (100, [(110, 10), (100, 10)], 20),
        (100, [(130, 10)], 0),  # new text
        (100, [(120, 20)], 30),  # the half of it
        (100, [(120, 0)], 0),  # an ACK
        (100, [(129, 1)], 30),
        (110, [(110, 5)], 5),
    ],
)
def test_what_was_sent_again(una, sent, resent):
    assert sampled(0, tcb(), tcb(snd_una=una, flight=60), *sent).resent == resent


def test_what_was_sent_again_adds_up():
    assert sampled(20, tcb(), tcb(), (100, 10)).resent == 20
    assert sampled(20, tcb(), tcb(snd_una=110), (110, 5)).resent == 10


def test_what_a_new_connection_sends_is_new():
    before = Tcb(state=State.CLOSED, transfers=(Transfer(),))
    before.snd.nxt = 200
    assert sampled(0, before, tcb(), (100, 10)).resent == 0


def test_nothing_was_sent_again_after_the_end():
    ghost = Ghost(resent=7)
    Samples().ended(ghost, moment(tcb(), Tcb(state=State.CLOSED)))
    assert ghost.resent == 0


# After an idle time, and more than ever before


def burst(flight: int, what: Input = Input.SEND, cwnd: int = 100, **ghost: Any) -> Ghost:
    seen = Ghost(**ghost)
    end = tcb(flight=flight, cwnd=cwnd)
    Bursts().lives(seen, moment(tcb(flight=0), end, what=what))
    return seen


@pytest.mark.parametrize(
    ("flight", "what", "idled", "flood"),
    [
        (10, Input.SEND, True, False),  # the initial window
        (11, Input.SEND, True, True),
        (11, Input.SEND, False, False),
        (20, SEGMENT, True, False),  # the peer is heard
        (0, Input.IDLE, False, False),
    ],
)
def test_a_flood_after_an_idle_time(flight, what, idled, flood):
    ghost = burst(flight, what, idled=idled, flown=100)
    assert (ghost.flood, ghost.spurt) == (flood, False)
    assert ghost.idled == ((idled and what != SEGMENT) or what == Input.IDLE)


@pytest.mark.parametrize(
    ("flight", "flown", "spurt"), [(10, 0, False), (11, 0, True), (50, 20, False), (51, 20, True)]
)
def test_a_spurt(flight, flown, spurt):
    """More than twice what was in flight before, and a segment."""
    ghost = burst(flight, flown=flown)
    assert (ghost.spurt, ghost.flown) == (spurt, max(flight, flown))


def test_no_flight_before_a_data_plane_begins():
    ghost = burst(30, cwnd=0)
    assert (ghost.flown, ghost.spurt) == (0, False)


def test_bursts_are_of_one_tcb():
    ghost = Ghost(idled=True, flown=9, flood=True)
    Bursts().ended(ghost, moment(tcb(), tcb()))
    assert (ghost.idled, ghost.flown, ghost.flood) == (False, 0, True)
