"""Conduct: a step that the RFC rules out is a breach, and one that it asks for is none. No rule of
the specification is asked: each step is made by hand."""

from dataclasses import fields
from typing import Any

import pytest

from spec.observe.conduct import Conduct
from spec.observe.ghosts import Ghost
from spec.observe.sights import BLIND
from spec.observe.watcher import Moment
from spec.tcp.inputs import Input
from spec.tcp.tcb import State, Tcb
from tests.helpers.build import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    LAST_ACK,
    LISTEN,
    MSL,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    context,
    endpoint,
    seg,
)

ACK, FIN = "<CTL=ACK>", "<CTL=FIN,ACK>"
SYN, SYN_ACK = "<CTL=SYN>", "<CTL=SYN,ACK>"
CLOSING_TOLD = "connection closing"


def tcb(state: State, **variables: Any) -> Tcb:
    return endpoint(state, **variables).tcb


def breaches(
    before: Tcb, what: Input | str, after: Tcb, sent: tuple[str, ...], told: tuple[str, ...]
) -> set[str]:
    """What a step breaks; of ``what`` a text is a segment that arrives."""
    tcp = context()
    for text in sent:
        tcp.send(seg(text))
    for text in told:
        tcp.signal(text)
    arrives = seg(what) if isinstance(what, str) else None
    ghost = Ghost()
    event = what if isinstance(what, Input) else Input.SEGMENT
    Conduct().stepped(ghost, Moment(before, after, event, arrives, False, tcp, BLIND))
    return {f.name for f in fields(ghost.conduct) if getattr(ghost.conduct, f.name)}


STEPS: dict[str, tuple[Tcb, Input | str, Tcb, tuple[str, ...], tuple[str, ...], set[str]]] = {
    "a SYN in the window takes a passive SYN-RECEIVED back to LISTEN": (
        tcb(SYN_RECEIVED), f"<SEQ=301>{SYN}", tcb(LISTEN), (), (), set()
    ),
    "one outside of it does not": (
        tcb(SYN_RECEIVED), f"<SEQ=299>{SYN}", tcb(LISTEN),
        (f"<SEQ=100><ACK=300>{ACK}",), (), {"state", "sent", "answer"},
    ),
    "it is answered": (
        tcb(SYN_RECEIVED), f"<SEQ=299>{SYN}", tcb(SYN_RECEIVED),
        (f"<SEQ=100><ACK=300>{ACK}",), (), set(),
    ),
    "nor does one outside end a connection whose CLOSE was queued": (
        tcb(SYN_RECEIVED, closing=True, written=1), f"<SEQ=310>{SYN}", tcb(CLOSED),
        (), (), {"state", "answer"},
    ),
    "a SYN,ACK of our SYN establishes": (
        tcb(SYN_SENT), f"<SEQ=299><ACK=100>{SYN_ACK}", tcb(ESTABLISHED, snd_wl1=299, snd_wl2=100),
        (f"<SEQ=100><ACK=300>{ACK}",), (), set(),
    ),
    "one of something else does not": (
        tcb(SYN_SENT), f"<SEQ=299><ACK=99>{SYN_ACK}", tcb(ESTABLISHED, snd_wl1=299, snd_wl2=99),
        (f"<SEQ=100><ACK=300>{ACK}",), (), {"state", "answer", "numbers"},
    ),
    "a reset of our SYN ends SYN-SENT": (
        tcb(SYN_SENT), "<SEQ=0><ACK=100><CTL=RST,ACK>", tcb(CLOSED),
        (), ("error: connection reset",), set(),
    ),
    "one with another ACK does not": (
        tcb(SYN_SENT), "<SEQ=0><ACK=99><CTL=RST,ACK>", tcb(CLOSED),
        (), ("error: connection reset",), {"state"},
    ),
    "an ACK of our SYN that lies outside the window does not establish": (
        tcb(SYN_RECEIVED), f"<SEQ=299><ACK=100>{ACK}",
        tcb(ESTABLISHED, passive=True, snd_wl1=299), (f"<SEQ=100><ACK=300>{ACK}",), (),
        {"state", "numbers"},
    ),
    "a FIN moves ESTABLISHED": (
        tcb(ESTABLISHED), f"<SEQ=300><ACK=100>{FIN}", tcb(CLOSE_WAIT, rcv_up=301),
        (f"<SEQ=100><ACK=301>{ACK}",), (CLOSING_TOLD,), set(),
    ),
    "one that is not taken does not": (
        tcb(ESTABLISHED), f"<SEQ=302><ACK=100>{FIN}", tcb(
            CLOSE_WAIT, rcv_nxt=300, snd_wl1=302
        ), (f"<SEQ=100><ACK=300>{ACK}",), (CLOSING_TOLD,), {"state"},
    ),
    "one that is taken moves it": (
        tcb(ESTABLISHED), f"<SEQ=300><ACK=100>{FIN}", tcb(ESTABLISHED, rcv_nxt=301, rcv_up=301),
        (f"<SEQ=100><ACK=301>{ACK}",), (), {"state"},
    ),
    "an ACK of our FIN ends LAST-ACK": (
        tcb(LAST_ACK), f"<SEQ=301><ACK=101>{ACK}", tcb(CLOSED), (), (), set()
    ),
    "one of what is before it does not": (
        tcb(LAST_ACK), f"<SEQ=301><ACK=100>{ACK}", tcb(CLOSED), (), (), {"state"}
    ),
    "nor does one outside the window": (
        tcb(LAST_ACK), f"<SEQ=300><ACK=101>{ACK}", tcb(CLOSED), (), (), {"state", "answer"}
    ),
    "an ACK of our FIN moves CLOSING": (
        tcb(CLOSING), f"<SEQ=301><ACK=101>{ACK}", tcb(TIME_WAIT, snd_wl1=301, snd_wl2=101), (), (),
        set(),
    ),
    "a CLOSE moves CLOSE-WAIT": (
        tcb(CLOSE_WAIT), Input.CLOSE, tcb(LAST_ACK), (f"<SEQ=100><ACK=301>{FIN}",), (), set()
    ),
    "one that waits for text does not": (
        tcb(CLOSE_WAIT, written=1, snd_wnd=0), Input.CLOSE,
        tcb(LAST_ACK, written=1, snd_wnd=0, snd_nxt=100), (), (), {"state", "numbers"},
    ),
    "it stays until then": (
        tcb(CLOSE_WAIT, written=1, snd_wnd=0), Input.CLOSE,
        tcb(CLOSE_WAIT, written=1, snd_wnd=0, closing=True), (), (), set(),
    ),
    "a CLOSE in SYN-RECEIVED sends FIN": (
        tcb(SYN_RECEIVED), Input.CLOSE, tcb(FIN_WAIT_1, passive=True, snd_una=99, snd_wnd=0,
        snd_wl1=0, snd_wl2=0), (f"<SEQ=100><ACK=300>{FIN}",), (), set(),
    ),
    "a CLOSE in SYN-RECEIVED does not leave its FIN for later": (
        tcb(SYN_RECEIVED), Input.CLOSE, tcb(FIN_WAIT_1, passive=True, snd_una=99, snd_wnd=0,
        snd_wl1=0, snd_wl2=0, snd_nxt=100), (), (), {"answer"},
    ),
    "nor does it wait, with nothing to wait for": (
        tcb(SYN_RECEIVED), Input.CLOSE, tcb(SYN_RECEIVED, closing=True), (), (),
        {"state", "answer"},
    ),
    "a FIN that comes again does not restart TIME-WAIT, since it lies below the window": (
        tcb(TIME_WAIT, time_wait=3), f"<SEQ=300><ACK=101>{FIN}", tcb(TIME_WAIT, time_wait=2 * MSL),
        (f"<SEQ=101><ACK=301>{ACK}",), (), {"timers"},
    ),
    "an ACK does not either": (
        tcb(TIME_WAIT, time_wait=3, snd_wl1=301, snd_wl2=101), f"<SEQ=301><ACK=101>{ACK}",
        tcb(TIME_WAIT, time_wait=2 * MSL, snd_wl1=301, snd_wl2=101),
        (), (), {"timers"},
    ),
    "a FIN in the window does": (
        tcb(TIME_WAIT, time_wait=3, snd_wl1=301, snd_wl2=101), f"<SEQ=301><ACK=101>{FIN}",
        tcb(TIME_WAIT, time_wait=2 * MSL, snd_wl1=301, snd_wl2=101),
        (f"<SEQ=101><ACK=301>{ACK}",), (), set(),
    ),
    "a passive end selects an ISS": (
        tcb(LISTEN), f"<SEQ=299>{SYN}", tcb(SYN_RECEIVED), (f"<SEQ=99><ACK=300>{SYN_ACK}",), (),
        set(),
    ),
    "a passive end has no other ISS": (
        tcb(LISTEN), f"<SEQ=299>{SYN}", tcb(SYN_RECEIVED, iss=98, snd_una=98, snd_nxt=99),
        (f"<SEQ=98><ACK=300>{SYN_ACK}",), (), {"numbers"},
    ),
    "so does an active one": (
        tcb(CLOSED), Input.OPEN_ACTIVE, tcb(SYN_SENT), (f"<SEQ=99>{SYN}",), (), set()
    ),
    "nor has an active one": (
        tcb(CLOSED), Input.OPEN_ACTIVE, tcb(SYN_SENT, iss=98, snd_una=98, snd_nxt=99),
        (f"<SEQ=98>{SYN}",), (), {"numbers"},
    ),
    "an urgent SEND in LISTEN has its pointer": (
        tcb(LISTEN), Input.SEND_URGENT, tcb(SYN_SENT, written=1, snd_urgent=True, snd_up=101),
        (f"<SEQ=99>{SYN}",), (), set(),
    ),
    "and no other": (
        tcb(LISTEN), Input.SEND_URGENT, tcb(SYN_SENT, written=1, snd_urgent=True, snd_up=100),
        (f"<SEQ=99>{SYN}",), (), {"numbers"},
    ),
    "text that comes with a SYN waits": (
        tcb(LISTEN), "<SEQ=299><TEXT=1><CTL=SYN,PSH>", tcb(SYN_RECEIVED, held_text=1,
        held_push=True), (f"<SEQ=99><ACK=300>{SYN_ACK}",), (), set(),
    ),
    "so does a FIN, which is not forgotten": (
        tcb(LISTEN), "<SEQ=299><CTL=SYN,FIN>", tcb(SYN_RECEIVED), (f"<SEQ=99><ACK=300>{SYN_ACK}",),
        (), {"numbers"},
    ),
    "what a SYN makes has no TIME-WAIT to return to": (
        tcb(LISTEN), f"<SEQ=299>{SYN}", tcb(SYN_RECEIVED, reopened=True),
        (f"<SEQ=99><ACK=300>{SYN_ACK}",), (), {"numbers"},
    ),
    "an active OPEN is not passive": (
        tcb(CLOSED), Input.OPEN_ACTIVE, tcb(SYN_SENT, passive=True), (f"<SEQ=99>{SYN}",), (),
        {"numbers"},
    ),
    "text waits for ESTABLISHED": (
        tcb(SYN_RECEIVED), Input.SEND, tcb(SYN_RECEIVED, written=1), (), (), set()
    ),
    "and is not sent before": (
        tcb(SYN_RECEIVED, snd_wnd=10), Input.SEND,
        tcb(SYN_RECEIVED, snd_wnd=10, written=1, snd_nxt=101),
        ("<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>",), (), {"numbers"},
    ),
    "one reset is enough": (
        tcb(ESTABLISHED), Input.ABORT, tcb(CLOSED), ("<SEQ=100><WND=0><CTL=RST>",), (), set()
    ),
    "and none is sent where none is due": (
        tcb(CLOSING), Input.ABORT, tcb(CLOSED), ("<SEQ=101><WND=0><CTL=RST>",) * 2, (), {"answer"}
    ),
    "a keep-alive has a number that its receiver has": (
        tcb(ESTABLISHED), Input.KEEP_ALIVE_TIMEOUT, tcb(ESTABLISHED, probes=1),
        (f"<SEQ=99><ACK=300>{ACK}",), (), set(),
    ),
    "and not the next": (
        tcb(ESTABLISHED), Input.KEEP_ALIVE_TIMEOUT, tcb(ESTABLISHED, probes=1),
        (f"<SEQ=100><ACK=300>{ACK}",), (), {"sent"},
    ),
    "nor an octet, if it is to have none": (
        tcb(ESTABLISHED), Input.KEEP_ALIVE_TIMEOUT, tcb(ESTABLISHED, probes=1),
        (f"<SEQ=99><ACK=300><TEXT=1>{ACK}",), (), {"sent"},
    ),
    "there is one at a time": (
        tcb(ESTABLISHED), Input.KEEP_ALIVE_TIMEOUT, tcb(ESTABLISHED, probes=1), (), (), {"answer"}
    ),
    "a connection is given up after the last, and the user told": (
        tcb(ESTABLISHED, probes=2), Input.KEEP_ALIVE_TIMEOUT, tcb(CLOSED),
        ("<SEQ=100><WND=0><CTL=RST>",), ("error: connection timed out",), set(),
    ),
    "and not before": (
        tcb(ESTABLISHED, probes=1), Input.KEEP_ALIVE_TIMEOUT, tcb(CLOSED),
        ("<SEQ=100><WND=0><CTL=RST>",), ("error: connection timed out",),
        {"state", "answer", "told"},
    ),
    "nor without a reset, or a word": (
        tcb(ESTABLISHED, probes=2), Input.KEEP_ALIVE_TIMEOUT, tcb(CLOSED),
        (f"<SEQ=99><ACK=300>{ACK}",), (), {"answer", "told"},
    ),
    "no timer runs in CLOSED": (
        tcb(CLOSED), Input.USER_TIMEOUT, tcb(CLOSED), (),
        ("error: connection aborted due to user timeout",), {"timers"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_what_a_step_breaks(step):
    *took, broken = STEPS[step]
    assert breaches(*took) == broken
