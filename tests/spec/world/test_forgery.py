"""An off-path sender: which segments miss what they have to hit, and what they do then."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from spec.rules import Rules, UnsentText
from spec.seq import Space
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.world.bounds import Bounds
from spec.world.forgery import FORGERIES, Forgery, forge, misses
from spec.world.happen import happen
from spec.world.records import clone
from tests.helpers.build import (
    BOUNDS,
    CLOSED,
    ESTABLISHED,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
    WATCHERS,
    WINDOW,
    endpoint,
    seg,
)

SEQ = Space(32)
OPENING = dataclasses.replace(BOUNDS, forged_opening=True, forged_calling=True)
RANGE = 100 - WINDOW, 100  # RFC 5961's of ESTABLISHED: SND.UNA - MAX.SND.WND to SND.NXT


def miss(state, text: str, bounds: Bounds = BOUNDS) -> bool:
    return misses(endpoint(state).tcb, seg(text), SEQ, bounds)


@pytest.mark.parametrize("state", SYNCHRONIZED)
@pytest.mark.parametrize("more", ["", ",ACK", ",FIN", ",SYN"])
def test_a_reset_misses_but_at_rcv_nxt(state, more: str) -> None:
    nxt = endpoint(state).tcb.rcv.nxt
    for at in (nxt - 1, nxt + 1, nxt + 5000):
        assert miss(state, f"<SEQ={at}><ACK=100><CTL=RST{more}>")
    assert not miss(state, f"<SEQ={nxt}><ACK=7><CTL=RST{more}>")


@pytest.mark.parametrize("state", SYNCHRONIZED)
@pytest.mark.parametrize("more", ["", ",ACK", ",FIN,ACK"])
def test_any_syn_misses(state, more: str) -> None:
    for at in (299, 300, 301, 5000):
        assert miss(state, f"<SEQ={at}><ACK=100><CTL=SYN{more}>")


@pytest.mark.parametrize("at", [299, 300, 5000])
def test_an_ack_misses_the_range_of_rfc_5961(at: int) -> None:
    least, most = RANGE
    for ack in (least - 1, most + 1, 2**31):
        assert miss(ESTABLISHED, f"<SEQ={at}><ACK={ack}><TEXT=1><CTL=FIN,ACK>")
    for ack in RANGE:
        assert not miss(ESTABLISHED, f"<SEQ={at}><ACK={ack}><CTL=ACK>")
    assert miss(ESTABLISHED, f"<SEQ={at}><TEXT=1><CTL=FIN>"), "it has no ACK"


def test_before_it_is_synchronized_an_end_knows_better() -> None:
    for ack, hits in ((99, False), (100, True), (101, False)):
        for state in (SYN_SENT, SYN_RECEIVED):
            assert miss(state, f"<SEQ=300><ACK={ack}><CTL=ACK>") != hits
    for ack, hits in ((99, False), (100, True)):
        assert miss(SYN_SENT, f"<SEQ=300><ACK={ack}><CTL=RST,ACK>") != hits
        assert miss(SYN_SENT, f"<SEQ=300><ACK={ack}><CTL=SYN,ACK>", OPENING) != hits
    assert miss(SYN_SENT, "<SEQ=300><CTL=RST>"), "it has no ACK"
    assert miss(SYN_RECEIVED, "<SEQ=301><CTL=RST>")
    assert not miss(SYN_RECEIVED, "<SEQ=300><CTL=RST>")


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED])
def test_a_syn_has_nothing_to_hit_while_opening(state) -> None:
    assert not miss(state, "<SEQ=300><CTL=SYN>")
    assert miss(state, "<SEQ=300><CTL=SYN>", OPENING)


def blind() -> Iterator[Segment]:
    """All kinds of segments, at the boundaries of what matters."""
    numbers = (298, 299, 300, 301, 300 + WINDOW, 7), (89, 90, 99, 100, 101, 102, 7)
    for at, ack, text, *bits in itertools.product(*numbers, (0, 1), *[(False, True)] * 4):
        rst, syn, fin, acks = bits
        yield Segment(seq=at, ack=ack, text=text, ctl=Control(rst=rst, syn=syn, fin=fin, ack=acks))


def outcome(state, what: Input | Forgery, segment: Segment, bounds: Bounds, **rules: Any):
    """Is it possible, and did it harm?"""
    end = endpoint(state, snd_wnd=WINDOW)
    done = happen(end, what, clone(segment), 7, Rules(**rules), bounds, WATCHERS)
    return done.possible, end.ghost.harmed


@pytest.mark.parametrize("state", [*SYNCHRONIZED, SYN_SENT, SYN_RECEIVED])
def test_what_misses_does_no_harm(state) -> None:
    """And much of what hits does."""
    harmful = 0
    for segment in blind():
        possible, harmed = outcome(state, Forgery.ANY, segment, BOUNDS)
        assert not harmed, segment
        assert possible == misses(endpoint(state).tcb, segment, SEQ, BOUNDS)
        if not possible:
            end = endpoint(state, snd_wnd=WINDOW)
            happen(end, Input.SEGMENT, clone(segment), 7, Rules(), BOUNDS, WATCHERS)
            before, tcb = endpoint(state).tcb, end.tcb
            harmful += (before.state, before.rcv.nxt) != (tcb.state, tcb.rcv.nxt)
    assert harmful > 20 or state == TIME_WAIT


@pytest.mark.parametrize(
    ("state", "rules"),
    [
        (SYN_SENT, {}),
        (SYN_RECEIVED, {}),
        (ESTABLISHED, {"reset_exact": False}),
        (ESTABLISHED, {"syn_challenge": False}),
        (ESTABLISHED, {"ack_floor": False}),
        (ESTABLISHED, {"unsent_text": UnsentText.TAKEN}),
    ],
)
def test_what_misses_does_harm_without_a_rule(state, rules: dict[str, Any]) -> None:
    """A SYN does while a connection is being opened, with the rules of the RFC."""
    done = [outcome(state, Forgery.ANY, segment, OPENING, **rules) for segment in blind()]
    assert any(harmed for _, harmed in done)


def test_in_syn_received_a_challenge_is_enough() -> None:
    for segment in blind():
        _, harmed = outcome(
            SYN_RECEIVED, Forgery.ANY, segment, OPENING, syn_received_challenge=True
        )
        assert not harmed, segment


@pytest.mark.parametrize("what", [*FORGERIES, Forgery.ANY])
@pytest.mark.parametrize("state", [CLOSED, LISTEN])
def test_without_numbers_there_is_nothing_to_miss(state, what: Forgery) -> None:
    segment = seg("<SEQ=301><CTL=SYN>")
    assert outcome(state, what, segment, OPENING) == (False, False)


@pytest.mark.parametrize("state", [*SYNCHRONIZED, SYN_SENT, SYN_RECEIVED])
def test_the_examples_miss(state) -> None:
    for what in FORGERIES:
        tcb = endpoint(state).tcb
        segment = forge(tcb, what, Tcp(Rules(), BOUNDS, 0))
        assert misses(tcb, segment, SEQ, OPENING), what


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_the_examples_of_text_miss_the_range_by_one(state) -> None:
    """At either end of it."""
    tcb = endpoint(state).tcb
    for what, nearer in ((Forgery.TEXT, 1), (Forgery.TEXT_AHEAD, -1)):
        segment = forge(tcb, what, Tcp(Rules(), BOUNDS, 0))
        assert segment.seq == tcb.rcv.nxt and segment.text and segment.ctl.ack
        segment.ack = SEQ.plus(segment.ack, nearer)
        assert not misses(tcb, segment, SEQ, BOUNDS)


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED, ESTABLISHED])
@pytest.mark.parametrize("what", FORGERIES)
def test_when_the_examples_are_injected(state, what: Forgery) -> None:
    unused = Segment(seq=0)
    early = state in (SYN_SENT, SYN_RECEIVED)
    assert outcome(state, what, unused, BOUNDS)[0] != early
    assert outcome(state, what, unused, OPENING)[0]
