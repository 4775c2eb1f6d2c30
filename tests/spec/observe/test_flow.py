"""The watcher of flow: it agrees with the rules at steps of every kind, and with nothing else: what
is sent or kept otherwise, by as little as may be, is a breach.

Segments have ten octets, and windows a hundred, as in ``PLANE``, where text is held octet by octet.
This end sends from 100 on, and expects 300.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from spec.observe.flow import Flow
from spec.observe.ghosts import Ghost
from spec.observe.sights import NOTHING
from spec.observe.watcher import Moment
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State
from spec.tcp.transfer import Place
from spec.world.endpoint import Endpoint
from tests.helpers.build import ISN, PLANE, happen, plane, seg

FINE = replace(PLANE, place=1, shrinks=True)
SCALED = replace(FINE, shift=2)
READS = replace(FINE, read=4)
EXPIRES, OVERRIDE, WAITED = (
    Input.RETRANSMISSION_TIMEOUT,
    Input.OVERRIDE_TIMEOUT,
    Input.ACK_TIMEOUT,
)
ACK = "<SEQ=300><ACK={}><WND=100><CTL=ACK>"
OTHER = "<SEQ=300><ACK=100><WND={}><CTL=ACK>"
TEXT = "<SEQ={}><ACK=100><WND=100><TEXT={}><CTL=ACK>"
FIN = "<SEQ={}><ACK=100><WND=100><CTL=FIN,ACK>"
BUSY: dict[str, Any] = {"flight": 80, "queued": 200, "cwnd": 80, "ssthresh": 200}
FAST = BUSY | {"cwnd": 70, "ssthresh": 40, "recovering": True, "recover": 180, "duplicates": 3}
AGAIN = BUSY | {"cwnd": 20, "nxt": 110, "timed_out": True}
OPENS: dict[str, Any] = {
    "state": State.SYN_RECEIVED,
    "snd_una": ISN,
    "cwnd": 0,
    "ssthresh": 0,
    "largest": 0,
    "recover": 0,
    "nxt": 0,
}
CLOSES: dict[str, Any] = {"closing": True, "state": State.FIN_WAIT_1}

STEPS: dict[str, tuple[Any, ...]] = {
    # What is sent
    "a SEND of a segment": ({"cwnd": 80}, Input.SEND),
    "a SEND of one, with others unsent": ({"cwnd": 80, "flight": 75, "queued": 0}, Input.SEND),
    "a SEND of what waits by Nagle": ({"flight": 5, "write": 4}, Input.SEND),
    "a SEND of what does not": ({"write": 4}, Input.SEND),
    "a SEND of a part, to less than half": ({"snd_wnd": 4}, Input.SEND),
    "a SEND of a part, to half": ({"snd_wnd": 9, "largest": 18}, Input.SEND),
    "a SEND of a part, to just less": ({"snd_wnd": 9, "largest": 19}, Input.SEND),
    "a SEND to a shut window": ({"snd_wnd": 0}, Input.SEND),
    "an URGENT one": ({"state": State.CLOSE_WAIT}, Input.SEND_URGENT),
    "an ACK of a segment": (BUSY, ACK.format(110)),
    "an ACK of two": (BUSY, ACK.format(120)),
    "an ACK of less than one": (BUSY, ACK.format(103)),
    "an ACK of all": (BUSY | {"queued": 0}, ACK.format(180)),
    "an ACK of all, and little to send": (BUSY | {"queued": 3}, ACK.format(180)),
    "an ACK, and little to send": (BUSY | {"queued": 3}, ACK.format(120)),
    "an ACK that opens a window": (BUSY, "<SEQ=300><ACK=180><WND=120><CTL=ACK>"),
    "an ACK that closes one": (BUSY, "<SEQ=300><ACK=110><WND=30><CTL=ACK>"),
    "a window of a later segment": (BUSY | {"snd_wl1": 299}, OTHER.format(90)),
    "a window of an earlier one": (BUSY | {"snd_wl1": 301}, OTHER.format(90)),
    "another of the same": (BUSY, OTHER.format(90)),
    "a window with an old ACK": (BUSY | {"snd_una": 110, "snd_wl2": 110}, OTHER.format(90)),
    "an ACK beyond what is sent again": (AGAIN, ACK.format(140)),
    "an ACK just beyond it": (AGAIN, ACK.format(111)),
    "an ACK of what was sent again": (AGAIN, ACK.format(110)),
    "a first duplicate": (BUSY, ACK.format(100)),
    "a second": (BUSY | {"duplicates": 1, "flight": 90}, ACK.format(100)),
    "a third": (BUSY | {"duplicates": 2}, ACK.format(100)),
    "a third, of little": (BUSY | {"duplicates": 2, "flight": 4, "queued": 0}, ACK.format(100)),
    "a third, of what is sent again": (AGAIN | {"duplicates": 2, "nxt": 100}, ACK.format(100)),
    "a third, of FIN": (
        CLOSES | {"flight": 0, "queued": 0, "snd_nxt": 101, "nxt": 101, "duplicates": 2},
        ACK.format(100),
    ),
    "a third, at the end of the stream": (
        CLOSES | BUSY | {"queued": 0, "snd_nxt": 181, "nxt": 181, "duplicates": 2},
        ACK.format(100),
    ),
    "a fourth": (BUSY | {"duplicates": 3, "recover": 150}, ACK.format(100)),
    "a duplicate in fast recovery": (FAST, ACK.format(100)),
    "a partial ACK": (FAST, ACK.format(120)),
    "a partial ACK up to the last": (FAST | {"queued": 0}, ACK.format(179)),
    "all that was lost": (FAST, ACK.format(180)),
    "a timeout": (BUSY, EXPIRES),
    "a timeout of little": ({"flight": 4, "cwnd": 80}, EXPIRES),
    "a timeout of FIN": (CLOSES | {"snd_nxt": 101, "nxt": 101}, EXPIRES),
    "a timeout of text before FIN": (
        CLOSES | {"flight": 4, "snd_nxt": 105, "nxt": 105},
        EXPIRES,
    ),
    "a timeout behind a shut window": (BUSY | {"snd_wnd": 0}, EXPIRES),
    "a probe": ({"queued": 20, "snd_wnd": 0}, EXPIRES),
    "a probe with the last octet": ({"queued": 1, "snd_wnd": 0}, EXPIRES),
    "what was held back": ({"queued": 20, "snd_wnd": 4}, OVERRIDE),
    "more of it": ({"queued": 24, "snd_wnd": 24, "cwnd": 22}, OVERRIDE),
    "a CLOSE": ({}, Input.CLOSE),
    "a CLOSE behind text": ({"queued": 20, "snd_wnd": 10}, Input.CLOSE),
    "a CLOSE with text": ({"flight": 90, "queued": 10}, Input.CLOSE),
    "a CLOSE in CLOSE-WAIT": ({"state": State.CLOSE_WAIT, "rcv_nxt": 301}, Input.CLOSE),
    "FIN after text": (
        CLOSES | BUSY | {"queued": 10, "cwnd": 90, "snd_nxt": 180},
        ACK.format(110),
    ),
    "FIN waits": (CLOSES | BUSY | {"queued": 50, "snd_nxt": 180}, ACK.format(110)),
    "an ACK of our FIN": (CLOSES | {"snd_nxt": 101, "nxt": 101}, ACK.format(101)),
    "an ACK of our SYN": (OPENS, ACK.format(100)),
    "an ACK of our SYN, and text": (OPENS | {"queued": 25}, ACK.format(100)),
    "an ACK of our SYN after a CLOSE": (
        OPENS | CLOSES | {"snd_nxt": 101},
        "<SEQ=300><ACK=100><WND=100><CTL=ACK>",
    ),
    "no ACK of our SYN": (OPENS | CLOSES | {"snd_nxt": 101}, ACK.format(99)),
    "a SYN,ACK": (
        OPENS | {"state": State.SYN_SENT, "rcv_nxt": 0, "irs": 0, "queued": 15},
        "<SEQ=299><ACK=100><WND=100><CTL=SYN,ACK>",
    ),
    # What is not processed
    "an ACK outside the window": (
        {"queued": 50, "cwnd": 10},
        "<SEQ=250><ACK=100><WND=100><CTL=ACK>",
    ),
    "an ACK of what was never sent": (BUSY, ACK.format(181)),
    "an ACK of what was known long ago": (BUSY | {"snd_una": 150, "iss": 0}, ACK.format(50)),
    "an older one": (BUSY | {"snd_una": 150, "iss": 0}, ACK.format(49)),
    "a SYN in the window": (BUSY, "<SEQ=310><CTL=SYN>"),
    "a reset beside RCV.NXT": (BUSY, "<SEQ=310><CTL=RST>"),
    "a reset outside the window": (BUSY, "<SEQ=250><CTL=RST>"),
    "text without ACK": (BUSY, "<SEQ=300><TEXT=5>"),
    # What is received
    "text in order": ({}, TEXT.format(300, 10)),
    "a second segment": ({"due": 10}, TEXT.format(300, 10)),
    "less than that": ({"due": 10}, TEXT.format(300, 9)),
    "text that was known in part": ({}, TEXT.format(295, 10)),
    "text that was known": ({}, TEXT.format(290, 10)),
    "text that is just known": ({}, TEXT.format(291, 10)),
    "text ahead": ({}, TEXT.format(305, 10)),
    "text at the window's end": ({}, TEXT.format(395, 10)),
    "text beyond it": ({}, TEXT.format(400, 10)),
    "text that fills a gap": ({"here": (10, 11, 12, 14)}, TEXT.format(300, 10)),
    "text that fills a part of it": ({"here": (12, 13)}, TEXT.format(300, 10)),
    "text that meets what is held": ({"here": (8, 9, 10, 11)}, TEXT.format(300, 10)),
    "text for which there is no room": (
        {"rcv_wnd": 6, "unread": 94},
        TEXT.format(300, 10),
    ),
    "a probe of our window": ({"rcv_wnd": 0, "unread": 100}, TEXT.format(300, 1)),
    "text in FIN-WAIT-2": (
        {"state": State.FIN_WAIT_2, "closing": True, "snd_nxt": 101, "nxt": 101},
        "<SEQ=300><ACK=101><WND=100><TEXT=10><CTL=ACK>",
    ),
    "text in CLOSE-WAIT": ({"state": State.CLOSE_WAIT}, TEXT.format(301, 10)),
    "a FIN": ({"due": 4}, FIN.format(300)),
    "a FIN with text": ({}, "<SEQ=300><ACK=100><WND=100><TEXT=4><CTL=FIN,ACK>"),
    "a FIN ahead": ({}, FIN.format(305)),
    "a FIN with text ahead": ({}, "<SEQ=305><ACK=100><WND=100><TEXT=4><CTL=FIN,ACK>"),
    "a FIN at a shut window": ({"rcv_wnd": 0, "unread": 100}, FIN.format(300)),
    "a FIN without room": (
        {"rcv_wnd": 4, "unread": 96},
        "<SEQ=300><ACK=100><WND=100><TEXT=4><CTL=FIN,ACK>",
    ),
    "an ACK just beyond a shut window": (
        {"rcv_wnd": 0, "unread": 100, "flight": 20},
        "<SEQ=302><ACK=110><WND=100><CTL=ACK>",
    ),
    "an ACK beyond it": (
        {"rcv_wnd": 0, "unread": 100, "flight": 20},
        "<SEQ=303><ACK=110><WND=100><CTL=ACK>",
    ),
    "text with the ACK of our SYN": (OPENS, TEXT.format(300, 10)),
    "text with another": (OPENS | CLOSES | {"snd_nxt": 101}, TEXT.format(300, 10)),
    "our FIN with an ACK": ({"due": 4}, Input.CLOSE),
    "an ACK that has waited": ({"due": 4}, WAITED),
    "a RECEIVE of a segment": ({"rcv_wnd": 90, "unread": 10, "rcv_push": True}, Input.RECEIVE),
    "a RECEIVE of less": ({"rcv_wnd": 91, "unread": 9, "due": 9}, Input.RECEIVE),
    "a RECEIVE behind a shut window": ({"rcv_wnd": 0, "unread": 100}, Input.RECEIVE),
    "a RECEIVE of what was wider": ({"rcv_wnd": 100, "unread": 10}, Input.RECEIVE),
    "a window that shrinks": ({"rcv_wnd": 14, "unread": 86, "here": (12, 13)}, Input.SHRINK),
    "a window that shuts": ({"rcv_wnd": 1, "unread": 99, "here": (0,)}, Input.SHRINK),
}
READ: dict[str, tuple[Any, ...]] = {
    "a RECEIVE of a part": ({"rcv_wnd": 95, "unread": 5, "rcv_push": True}, Input.RECEIVE),
    "a RECEIVE of the last part": ({"rcv_wnd": 96, "unread": 4, "rcv_push": True}, Input.RECEIVE),
    "one that is worth it": ({"rcv_wnd": 86, "unread": 8, "rcv_push": True}, Input.RECEIVE),
    "one that is just not": ({"rcv_wnd": 87, "unread": 8, "rcv_push": True}, Input.RECEIVE),
}
PLACES = [(FINE, name) for name in STEPS] + [(READS, name) for name in READ]


def step(bounds: Any, name: str, **rules: Any) -> tuple[Endpoint, Moment]:
    """A step of the specification, as a watcher is told of it."""
    variables, what = {**STEPS, **READ}[name]
    known = dict(variables)
    bounds = replace(bounds, write=known.pop("write", bounds.write))
    here = known.pop("here", ())
    known["places"] = tuple(Place(n in here) for n in range(20))  # of a hundred
    before = plane(**known)
    arriving = seg(what) if isinstance(what, str) else None
    event = what if arriving is None else Input.SEGMENT
    result = happen(before, event, arriving, bounds=bounds, **rules)
    assert result.possible
    tcp = Tcp(Rules(**rules), bounds, 0)
    tcp.sent = list(result.segments)
    return result.end, Moment(before.tcb, result.end.tcb, event, arriving, False, tcp, NOTHING)


def breached(moment: Moment) -> bool:
    ghost = Ghost()
    Flow().lives(ghost, moment)
    return ghost.stalled or ghost.withheld


@pytest.mark.parametrize(("bounds", "name"), PLACES, ids=lambda x: x if isinstance(x, str) else "")
def test_the_specification_flows(bounds, name):
    assert not breached(step(bounds, name)[1])


def others(end: Endpoint, moment: Moment) -> Iterator[tuple[str, Moment]]:
    """The same step done otherwise, by as little as may be."""
    (now,) = end.tcb.transfers
    judged = moment.before.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
    for by in (1, -1):
        fields = ["due", *(["unread"] if judged else [])]
        if end.tcb.snd.una != ISN and now.cwnd and end.tcb.state != State.FIN_WAIT_2:
            fields.append("largest")
        for field in fields:
            changed = replace(now, **{field: getattr(now, field) + by})
            yield field, replace(moment, after=replace(end.tcb, transfers=(changed,)))
        if judged and moment.what in (Input.SEGMENT, Input.RECEIVE):
            for field in ("nxt", "wnd")[moment.what == Input.RECEIVE :]:
                rcv = replace(end.tcb.rcv, **{field: getattr(end.tcb.rcv, field) + by})
                yield f"rcv.{field}", replace(moment, after=replace(end.tcb, rcv=rcv))
        snd = replace(end.tcb.snd, wnd=end.tcb.snd.wnd + by)
        yield "snd.wnd", replace(moment, after=replace(end.tcb, snd=snd))
    for n in (0, 1, 10, 19) if judged else ():
        flipped = list(now.places)
        flipped[n] = Place(not flipped[n].here)
        changed = replace(now, places=tuple(flipped))
        yield f"place {n}", replace(moment, after=replace(end.tcb, transfers=(changed,)))
    if moment.after.snd.una == ISN:
        return
    for sent in others_sent(moment.tcp.sent, judged):
        tcp = Tcp(moment.tcp.rules, moment.tcp.bounds, 0)
        tcp.sent = sent
        yield f"sent {sent}", replace(moment, tcp=tcp)


def others_sent(sent: list[Segment], judged: bool) -> Iterator[list[Segment]]:
    """What else might be sent: one less, one more, or one that is a little different."""
    for n, one in enumerate(sent):
        if one.ctl.rst:
            continue
        rest = [*sent[:n], *sent[n + 1 :]]
        numbers = one.length() != 0
        if numbers or judged:
            yield rest
        yield [*sent[:n], replace(one, wnd=one.wnd + 1), *sent[n + 1 :]]
        if numbers:
            for by in (1, -1):
                yield [*sent[:n], replace(one, seq=one.seq + by), *sent[n + 1 :]]
                yield [*sent[:n], replace(one, text=one.text + by), *sent[n + 1 :]]
            other = replace(one, ctl=replace(one.ctl, fin=not one.ctl.fin))
            yield [*sent[:n], other, *sent[n + 1 :]]
    if not any(one.ctl.rst for one in sent):
        after = sent[-1] if sent else Segment(seq=100, ack=300, wnd=100)
        seq = after.seq + after.length()
        yield [*sent, replace(after, seq=seq, text=10, ctl=Control(ack=True, psh=True))]
        yield [*sent, replace(after, seq=seq, text=0, ctl=Control(ack=True, fin=True))]


@pytest.mark.parametrize(("bounds", "name"), PLACES, ids=lambda x: x if isinstance(x, str) else "")
def test_whatever_is_done_otherwise_is_a_breach(bounds, name):
    end, moment = step(bounds, name)
    for what, other in others(end, moment):
        assert breached(other), what


@pytest.mark.parametrize("what", [OVERRIDE, WAITED, EXPIRES])
def test_a_timer_with_nothing_to_do_is_a_breach(what):
    end = plane(places=(Place(),), rcv_wnd=99, unread=1)
    tcp = Tcp(Rules(), FINE, 0)
    assert breached(Moment(end.tcb, end.tcb, what, None, False, tcp, NOTHING))


@pytest.mark.parametrize("wnd", [99, 100, 101])
@pytest.mark.parametrize("by", [0, 1, -1])
def test_of_two_windows_with_the_same_numbers_the_larger(wnd, by):
    """... where the rules have it so."""
    name = "another of the same"
    STEPS["..."] = (STEPS[name][0], OTHER.format(wnd))
    end, moment = step(FINE, "...", window_larger=True)
    del STEPS["..."]
    end.tcb.snd.wnd += by
    assert breached(moment) == (by != 0)


@pytest.mark.parametrize("queued", [0, 1])
def test_a_probe_has_an_octet_that_was_written(queued):
    before = plane(queued=queued, snd_wnd=0, places=())
    after = plane(flight=1, queued=queued - 1, snd_wnd=0, places=())
    tcp = Tcp(Rules(), FINE, 0)
    tcp.sent = [Segment(seq=100, ack=300, wnd=100, text=1, ctl=Control(ack=True, psh=True))]
    moment = Moment(before.tcb, after.tcb, EXPIRES, None, False, tcp, NOTHING)
    assert breached(moment) == (queued == 0)


# Selective acknowledgments: places are of an octet, which is a segment

REPORTS = replace(PLANE, mss=1, place=1, window=4, clamp=8, sack=True)


def reported(
    told: tuple[int, ...], what: Input | tuple[int, tuple[int, ...]], **variables: Any
) -> tuple[Endpoint, Moment]:
    """A step of a sender to whom these places were reported: a timer, or an ACK of all before a
    number, with what is held beyond it."""
    known = {"flight": 4, "snd_wnd": 4, "rcv_wnd": 4, "largest": 4, "cwnd": 8, "ssthresh": 8}
    known |= {"recover": ISN, "places": tuple(Place() for _ in range(4)), **variables}
    before = plane(sacked=tuple(Place(n in told) for n in range(4)), **known)
    arriving = None
    if not isinstance(what, Input):
        arriving = seg(f"<SEQ=300><ACK={what[0]}><WND=4><CTL=ACK>")
        arriving.sack = sum(1 << n for n in what[1])
        what = Input.SEGMENT
    result = happen(before, what, arriving, bounds=REPORTS)
    assert result.possible
    tcp = Tcp(Rules(), REPORTS, 0)
    tcp.sent = list(result.segments)
    return result.end, Moment(before.tcb, result.end.tcb, what, arriving, False, tcp, NOTHING)


REPORTED: dict[str, tuple[Any, ...]] = {
    "nothing": ((), (100, ())),
    "the second": ((), (100, (1,))),
    "two, of which one was told": ((1,), (100, (1, 3))),
    "all but the first": ((), (100, (1, 2, 3))),
    "what was told moves along": ((1, 3), (101, ())),
    "and more": ((3,), (102, (0,))),
    "of an older ACK": ((), (99, (1, 2)), {"snd_una": 100, "iss": 90}),
    "more than is in flight": ((), (100, (1, 2)), {"flight": 2}),
    "less than that": ((), (100, (1,)), {"flight": 3, "queued": 1}),
    "a third duplicate": ((1,), (100, (1, 2)), {"duplicates": 2}),
    "a timeout": ((1, 2), EXPIRES),
    "a timeout of one segment": ((0,), EXPIRES, {"flight": 1}),
    "a probe, which forgets nothing": ((1,), EXPIRES, {"flight": 0, "queued": 2, "snd_wnd": 0}),
    "again after a timeout": ((), (101, (0,)), {"nxt": 101, "cwnd": 1, "timed_out": True}),
    "and past two of them": (
        (),
        (101, (0, 1)),
        {"nxt": 101, "cwnd": 1, "timed_out": True},
    ),
    "a gap, and past what follows it": (
        (2,),
        (101, ()),
        {"nxt": 101, "cwnd": 2, "timed_out": True, "queued": 1},
    ),
}


@pytest.mark.parametrize("name", REPORTED)
def test_what_is_remembered_of_reports(name):
    told, what, *more = REPORTED[name]
    end, moment = reported(told, what, **(more[0] if more else {}))
    assert not breached(moment)
    (now,) = end.tcb.transfers
    for n in range(4):
        flipped = list(now.sacked)
        flipped[n] = Place(not flipped[n].here)
        changed = replace(now, sacked=tuple(flipped))
        other = replace(moment, after=replace(end.tcb, transfers=(changed,)))
        assert breached(other), n
    for sent in others_sent(moment.tcp.sent, True):
        tcp = Tcp(moment.tcp.rules, moment.tcp.bounds, 0)
        tcp.sent = sent
        assert breached(replace(moment, tcp=tcp)), sent


@pytest.mark.parametrize("held", [(), (1,), (1, 3)])
@pytest.mark.parametrize("unread", [1, 4])
@pytest.mark.parametrize("by", [0, 1, -1])
def test_each_ack_reports_what_is_held(held, unread, by):
    """The user reads, and the ACK that tells of the window tells of the rest."""
    places = tuple(Place(n in held) for n in range(4))
    _, moment = reported(
        (), Input.RECEIVE, places=places, flight=0, rcv_wnd=4 - unread, unread=unread
    )
    (one,) = moment.tcp.sent
    assert one.sack == sum(1 << n for n in held)
    tcp = Tcp(Rules(), REPORTS, 0)
    tcp.sent = [replace(one, sack=one.sack + by)]
    assert breached(replace(moment, tcp=tcp)) == (by != 0)


@pytest.mark.parametrize("due", [0, 4])
def test_a_delayed_ack_is_of_what_came(due):
    """Its timer does not run where nothing waits to be acknowledged."""
    before, after = plane(due=due), plane()
    tcp = Tcp(Rules(), FINE, 0)
    tcp.sent = [Segment(seq=100, ack=300, wnd=100, ctl=Control(ack=True))]
    moment = Moment(before.tcb, after.tcb, WAITED, None, False, tcp, NOTHING)
    assert breached(moment) == (due == 0)


def read(window: int, **variables: Any) -> tuple[Endpoint, Moment]:
    """A user reads all, where a segment is nearly as large as the buffer of so many octets."""
    bounds = replace(PLANE, mss=4, place=1, window=window, clamp=8)
    places = tuple(Place() for _ in range(window))
    known = {"snd_wnd": 4, "largest": 4, "cwnd": 8, "ssthresh": 8, "places": places, **variables}
    before = plane(**known)
    result = happen(before, Input.RECEIVE, bounds=bounds)
    tcp = Tcp(Rules(), bounds, 0)
    tcp.sent = list(result.segments)
    moment = Moment(before.tcb, result.end.tcb, Input.RECEIVE, None, False, tcp, NOTHING)
    return result.end, moment


@pytest.mark.parametrize(("window", "unread", "opens"), [(4, 2, 1), (5, 2, 0), (5, 3, 1)])
def test_a_window_opens_by_half_the_buffer(window, unread, opens):
    _, moment = read(window, rcv_wnd=window - unread, unread=unread)
    assert len(moment.tcp.sent) == opens
    assert not breached(moment)


@pytest.mark.parametrize("by", [0, 1])
def test_an_urgent_pointer_is_not_left_behind_by_one(by):
    end, moment = read(4, rcv_wnd=0, unread=4)
    end.tcb.rcv.up = end.tcb.rcv.nxt - by
    assert breached(moment) == (by != 0)
