"""The watcher of a sender's course: it agrees with the rules at steps of every kind, and with
nothing else: each variable, moved by as little as may be, is amiss.

Segments have ten octets (``PLANE``), and this end sends from 100 on.
"""

from dataclasses import replace
from typing import Any

import pytest

from spec.observe.course import Course, Variables
from spec.observe.ghosts import Ghost
from spec.observe.sights import NOTHING
from spec.observe.watcher import Moment
from spec.rules import SWITCHES, Congestion, Growth, Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.endpoint import Endpoint
from tests.helpers.build import PLANE, happen, plane, seg

EXPIRES = Input.RETRANSMISSION_TIMEOUT
ACK = "<SEQ=300><ACK={}><WND=100><CTL=ACK>"
FLIGHT: dict[str, Any] = {"flight": 80, "queued": 200}
SLOW = FLIGHT | {"cwnd": 80, "ssthresh": 200}
AVOID = FLIGHT | {"cwnd": 80, "ssthresh": 40}
FAST = FLIGHT | {"cwnd": 70, "ssthresh": 40, "recovering": True, "recover": 180, "duplicates": 3}
TIMED = {"timing": True, "timed": 110}
AGAIN = SLOW | {"cwnd": 20, "nxt": 110, "timed_out": True}

STEPS: dict[str, tuple[Any, ...]] = {
    "an ACK of a segment in slow start": (SLOW, ACK.format(110)),
    "an ACK of two": (SLOW, ACK.format(120)),
    "an ACK of less than one": (SLOW, ACK.format(103)),
    "cwnd at its most": (SLOW | {"cwnd": 995, "ssthresh": 1000}, ACK.format(110)),
    "an ACK in congestion avoidance": (AVOID, ACK.format(110)),
    "the last ACK of a round": (AVOID | {"acked": 75}, ACK.format(110)),
    "just not a round": (AVOID | {"acked": 69}, ACK.format(110)),
    "just a round": (AVOID | {"acked": 70}, ACK.format(110)),
    "cwnd equal to ssthresh": (AVOID | {"ssthresh": 80}, ACK.format(110)),
    "an ACK of what is timed": (SLOW | TIMED, ACK.format(120)),
    "an ACK up to what is timed": (SLOW | TIMED, ACK.format(110)),
    "after a timeout": (AGAIN, ACK.format(110)),
    "beyond what is sent again": (AGAIN, ACK.format(140)),
    "a first duplicate": (SLOW, ACK.format(100)),
    "a second": (SLOW | {"duplicates": 1}, ACK.format(100)),
    "a third": (SLOW | {"duplicates": 2}, ACK.format(100)),
    "a third, with more in flight than cwnd": (
        SLOW | {"duplicates": 2, "cwnd": 65},
        ACK.format(100),
    ),
    "a third, with much more": (SLOW | {"duplicates": 2, "cwnd": 20}, ACK.format(100)),
    "a third, of what was lost before": (
        SLOW | {"duplicates": 2, "recover": 100},
        ACK.format(100),
    ),
    "a third, just of what was not": (SLOW | {"duplicates": 2, "recover": 99}, ACK.format(100)),
    "a third, of what is timed": (
        SLOW | {"duplicates": 2, "timing": True, "timed": 100},
        ACK.format(100),
    ),
    "a third, with little in flight": (
        SLOW | {"duplicates": 2, "flight": 30, "queued": 0},
        ACK.format(100),
    ),
    "a fourth": (SLOW | {"duplicates": 3, "recover": 150}, ACK.format(100)),
    "a duplicate in fast recovery": (FAST, ACK.format(100)),
    "a partial ACK": (FAST, ACK.format(120)),
    "a partial ACK of less than a segment": (FAST | {"cwnd": 12}, ACK.format(105)),
    "a partial ACK up to the last number": (FAST, ACK.format(179)),
    "all that was lost": (FAST, ACK.format(180)),
    "all, with much in flight": (FAST | {"recover": 120}, ACK.format(120)),
    "all, with ssthresh above": (FAST | {"ssthresh": 200, "acked": 30}, ACK.format(180)),
    "a timeout": (SLOW | {"acked": 5, "duplicates": 2} | TIMED, EXPIRES),
    "a timeout with little in flight": (FLIGHT | {"flight": 30, "cwnd": 80}, EXPIRES),
    "a second timeout": (AGAIN | {"ssthresh": 70}, EXPIRES),
    "a timeout in fast recovery": (FAST, EXPIRES),
    "a timeout of what is timed": (SLOW | {"timing": True, "timed": 105}, EXPIRES),
    "a probe": (SLOW | {"flight": 0, "snd_wnd": 0}, EXPIRES),
    "a SEND": (SLOW | {"flight": 20, "queued": 0}, Input.SEND),
    "a SEND while another is timed": (SLOW | {"flight": 0, "queued": 0} | {"timed": 0}, Input.SEND),
    "another window": (SLOW | {"duplicates": 2}, "<SEQ=300><ACK=100><WND=90><CTL=ACK>"),
    "text with an old ACK": (
        SLOW | {"duplicates": 2},
        "<SEQ=300><ACK=100><WND=100><TEXT=5><CTL=ACK>",
    ),
    "an ACK outside the window": (SLOW | {"duplicates": 2}, "<SEQ=250><ACK=100><WND=100><CTL=ACK>"),
    "nothing in flight": (SLOW | {"flight": 0, "queued": 0}, ACK.format(100)),
}
RULES = (
    Rules(),
    Rules(congestion=Congestion.RENO),
    Rules(recover_check=False, limited_transmit=False),
    Rules(growth=Growth.SEGMENT, karn=False),
    Rules(congestion=Congestion.TAHOE),
)


def step(name: str, rules: Rules) -> tuple[Endpoint, Moment]:
    """A step of the specification, as a watcher is told of it."""
    variables, what = STEPS[name]
    before = plane(**variables)
    arriving = seg(what) if isinstance(what, str) else None
    departs = {switch: getattr(rules, switch) for switch in SWITCHES if switch != "isn"}
    event = what if arriving is None else Input.SEGMENT
    result = happen(before, event, arriving, bounds=PLANE, **departs)
    assert result.possible
    tcp = Tcp(rules, PLANE, 0)
    tcp.sent = list(result.segments)
    moment = Moment(before.tcb, result.end.tcb, event, arriving, False, tcp, NOTHING)
    return result.end, moment


def amiss(moment: Moment) -> bool:
    ghost = Ghost()
    Course().lives(ghost, moment)
    return ghost.amiss


@pytest.mark.parametrize("rules", RULES, ids=("newreno", "reno", "less", "otherwise", "tahoe"))
@pytest.mark.parametrize("name", STEPS)
def test_the_specification_keeps_its_course(name, rules):
    assert not amiss(step(name, rules)[1])


@pytest.mark.parametrize("field", [*Variables._fields, "nxt", "timing", "timed"])
@pytest.mark.parametrize("name", STEPS)
def test_whatever_moves_otherwise_is_amiss(name, field):
    end, moment = step(name, Rules())
    (now,) = end.tcb.transfers
    if field == "timed" and not now.timing:
        return  # nothing is timed: the number means nothing
    for by in (1, -1):
        value = getattr(now, field)
        other = not value if isinstance(value, bool) else value + by
        end.tcb.transfers = (replace(now, **{field: other}),)
        assert amiss(moment), (field, other)


@pytest.mark.parametrize(
    ("state", "rules", "cwnd"),
    [
        (State.SYN_RECEIVED, Rules(), 80),
        (State.ESTABLISHED, Rules(congestion=Congestion.NONE), 80),
        (State.ESTABLISHED, Rules(), 0),
    ],
)
def test_who_is_not_judged(state, rules, cwnd):
    """Who is not synchronized, has no congestion control, or had no ACK of its SYN."""
    end, moment = step("a SEND", Rules())
    moment.before.state = state
    moment.before.transfers[0].cwnd = cwnd
    end.tcb.transfers[0].acked += 1
    moment.tcp.rules = rules
    assert not amiss(moment)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("cwnd", [19, 20, 21, 80])
@pytest.mark.parametrize("initial", [1, 2])
def test_an_idle_time(kept, cwnd, initial):
    """It takes cwnd down to the initial window, or leaves it, as the rules have it."""
    tcp = Tcp(Rules(restart_window=not kept), replace(PLANE, idles=True, initial_window=initial), 0)
    before = plane(cwnd=80, ssthresh=40)
    after = plane(cwnd=cwnd, ssthresh=40)
    moment = Moment(before.tcb, after.tcb, Input.IDLE, None, False, tcp, NOTHING)
    assert amiss(moment) == (cwnd != (80 if kept else 10 * initial))
