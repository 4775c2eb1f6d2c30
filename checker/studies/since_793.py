"""``docs/reference/since-793.md``: which answers to a segment have changed since RFC 793, and why.

A *cell* is a state and a class of segments: its control bits, where it begins in the window, and
where its ACK lies. For each cell one segment is given to one TCB, by the rules as they are and by
those of before, which some switches restore. What no switch restores is told in words.
"""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spec.rules import SWITCHES, Rules
from spec.seq import Space
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Segment
from spec.tcp.segment_arrives import segment_arrives
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.bounds import Bounds
from spec.world.records import clone, key

PAGE = Path("docs/reference/since-793.md")

RESTORED = {
    "reset_exact": "Who guesses a number in the window does not end a connection.",
    "syn_challenge": "Nor does who guesses with a SYN. A peer that has crashed answers the "
    "challenge with a reset, at RCV.NXT.",
    "ack_floor": "Text of somebody who guesses is refused, unless the ACK is guessed, too.",
}
"""Switches that, off, restore RFC 793's answer, and what is gained by today's."""
ALLOWED = {
    "time_wait_reopen": "The same sockets may be used again at once.",
    "time_wait_ignores_reset": "An old segment, and the reset that answers it, do not cut "
    "TIME-WAIT short.",
}
"""Switches that, on, give an answer which an RFC since then allows."""

_BOUNDS = Bounds(width=8, window=8, octets=1)
_SEQ = Space(_BOUNDS.width)
_ISN = 150
_ISS, _IRS = 100, 200

_CONTROLS = {
    "SYN": Control(syn=True),
    "SYN,ACK": Control(syn=True, ack=True),
    "RST": Control(rst=True),
    "RST,ACK": Control(rst=True, ack=True),
    "ACK": Control(ack=True),
    "text": Control(ack=True, psh=True),
    "FIN,ACK": Control(ack=True, fin=True),
    "no bit": Control(),
}
_PLACES = {"before the window": -1, "at RCV.NXT": 0, "in the window": 3, "behind the window": 9}
"""Where a segment begins, from RCV.NXT."""
_ACKS = ("far below SND.UNA", "just below SND.UNA", "at SND.UNA", "at SND.NXT", "not yet sent")


def _tcbs() -> Iterator[tuple[str, Tcb]]:
    """One TCB in each state. What can be outstanding is: a SYN, an octet, or a FIN."""
    for state in State:
        if state == State.SYN_RECEIVED:
            yield "SYN-RECEIVED, passive", _tcb(state, True)
            yield "SYN-RECEIVED, active", _tcb(state)
        else:
            yield state.value, _tcb(state)


def _tcb(state: State, passive: bool = False) -> Tcb:
    if state in (State.CLOSED, State.LISTEN):
        return Tcb(state=state)
    opening = state in (State.SYN_SENT, State.SYN_RECEIVED)
    closing = state not in (State.ESTABLISHED, State.CLOSE_WAIT) and not opening
    done = state in (State.FIN_WAIT_2, State.TIME_WAIT)
    una = _ISS + (0 if opening else 2 + done if closing else 1)
    heard = state in (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
    expected = 0 if state == State.SYN_SENT else _IRS + 1 + heard
    return Tcb(
        state=state,
        passive=passive,
        iss=_ISS,
        irs=0 if state == State.SYN_SENT else _IRS,
        snd=Send(una=una, nxt=una if done else una + 1, wnd=_BOUNDS.window),
        rcv=Receive(nxt=expected, up=expected, wnd=_BOUNDS.window),
        written=0 if opening else 1,
        closing=closing,
    )


def _segments(tcb: Tcb) -> Iterator[tuple[tuple[str, str, str], Segment]]:
    """A segment of each class."""
    una, nxt = tcb.snd.una, tcb.snd.nxt
    values = (_SEQ.minus(una, 60), _SEQ.minus(una, 3), una, nxt, _SEQ.plus(nxt, 1))
    for (bits, control), (place, offset) in itertools.product(_CONTROLS.items(), _PLACES.items()):
        for ack, value in zip(_ACKS, values, strict=True) if control.ack else [("", 0)]:
            seq = (tcb.rcv.nxt + offset) % (1 << _BOUNDS.width)
            text = 1 if bits == "text" else 0
            yield (
                (bits, place, ack),
                Segment(seq, value, _BOUNDS.window, text=text, ctl=clone(control)),
            )


@dataclass(frozen=True, slots=True)
class Change:
    """A cell whose answer is another: what was done and what is, by which switches alone."""

    state: str
    bits: str
    place: str
    ack: str
    before: str
    now: str
    switches: tuple[str, ...]


def _answer(rules: Rules, tcb: Tcb, seg: Segment) -> tuple[Any, str]:
    """All that an answer does, and what the rules say of it."""
    tcb, tcp = clone(tcb), Tcp(rules, _BOUNDS, _ISN)
    segment_arrives(tcb, clone(seg), tcp)
    done = key(tcb), tuple(map(key, tcp.sent)), tuple(tcp.signals)
    return done, "; ".join(rule.says for rule in tcp.cited)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[int, list[Change]]:
    """How many cells there are, and those whose answer differs between two choices of switches."""
    old, new = Rules(**before), Rules(**now)
    cells, found = 0, []
    for state, tcb in _tcbs():
        for (bits, place, ack), seg in _segments(tcb):
            cells += 1
            was, said = _answer(old, tcb, seg)
            is_, says = _answer(new, tcb, seg)
            if was != is_:
                by = tuple(
                    name
                    for name, value in now.items()
                    if _answer(dataclasses.replace(old, **{name: value}), tcb, seg)[0] != was
                )
                found.append(Change(state, bits, place, ack, said, says, by))
    return cells, found


# The page

_WORDS = (
    (
        "SYN-RECEIVED, passive",
        "SYN in the window",
        "reset, enter CLOSED",
        "return to LISTEN",
        "RFC 1122 4.2.2.20 (e)",
        "Who listens goes on to listen.",
    ),
    (
        "SYN-RECEIVED",
        "ACK of SND.UNA",
        "enter ESTABLISHED",
        "reset",
        "erratum 3301",
        "It acknowledges nothing: an old ACK would establish.",
    ),
    (
        "ESTABLISHED and later",
        "ACK of SND.UNA, another window",
        "SND.WND stays",
        "SND.WND is updated",
        "RFC 1122 4.2.2.20 (g)",
        "Else nobody learns that a window has opened.",
    ),
    (
        "SYN-SENT, SYN-RECEIVED",
        "what enters ESTABLISHED",
        "nothing is said of SND.WND",
        "SND.WND, SND.WL1 and SND.WL2 are set",
        "RFC 1122 4.2.2.20 (c), (f)",
        "There is no window to send into else. RFC 9293 has (f) and lacks (c).",
    ),
    (
        "LISTEN",
        "SYN with another compartment",
        "reset at SEG.ACK, which it has not",
        "reset from zero",
        "RFC 1122 4.2.2.20 (b)",
        "Compartments are not modelled.",
    ),
    (
        "every state",
        "another precedence",
        "reset, or a higher precedence is taken over",
        "nothing",
        "RFC 2873",
        "Routers may change that field. It is not modelled.",
    ),
    (
        "synchronized states",
        "text behind RCV.NXT",
        "may be held",
        "should be held",
        "RFC 1122 4.2.2.20, SHLD-31",
        "Less is sent again. Here it is dropped and answered.",
    ),
    (
        "CLOSE-WAIT",
        "(CLOSE)",
        "enter CLOSING",
        "enter LAST-ACK",
        "RFC 1122 4.2.2.20 (a)",
        "A slip: Figure 6 of RFC 793 has LAST-ACK.",
    ),
)
"""State, segment, then and now, by what, and why: what no switch restores."""


def page() -> str:
    """The page."""
    cells, changed = changes(dict.fromkeys(RESTORED, False), dict.fromkeys(RESTORED, True))
    _, allowed = changes({}, dict.fromkeys(ALLOWED, True))
    words = [f"| {' | '.join(row)} |" for row in _WORDS]
    lines = [
        _INTRODUCTION.format(
            cells=f"{cells:,}",
            changed=len(changed),
            switches=", ".join(f"`{name}`" for name in RESTORED),
        ),
        *_table(changed, RESTORED, "RFC 793 and 1122", "RFC 9293"),
        "",
        "## What no switch restores",
        "",
        "| state | segment | RFC 793 | today | since | why |",
        "| --- | --- | --- | --- | --- | --- |",
        *words,
        "",
        "## What is allowed since then",
        "",
        "Here an RFC allows another answer than 3.10.7.4 gives; a switch gives it.",
        "",
        *_table(allowed, ALLOWED, "RFC 9293 3.10.7.4", "allowed"),
    ]
    return "\n".join(lines) + "\n"


_INTRODUCTION = """\
# What changed since RFC 793

How is a segment answered, by RFC 793 with the corrections of RFC 1122, and by RFC 9293?
`python -m checker requirements --write` makes this page by asking the specification both ways.

A cell is a state and a class of segments: control bits, where it begins in the receive window, and
where its ACK lies. There are {cells} cells, of one TCB in each state, whose window is open, and
which has a SYN, an octet or a FIN outstanding where the state allows it. One segment of each class
was answered by the rules as they are, and by those from before RFC 5961, which have
{switches} off. In {changed} cells the answers differ: in what
is sent, in what the user is told, or in the TCB. Each of them is below. In all others nothing has
changed but what [no switch restores](#what-no-switch-restores).

## Other answers
"""


def _table(found: list[Change], why: Mapping[str, str], before: str, now: str) -> Iterator[str]:
    """Changes, those of the same answers in one row."""
    yield f"| states | segments | {before} | {now} | since | why |"
    yield "| --- | --- | --- | --- | --- | --- |"
    classes: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for one in found:
        place = one.bits, one.place, one.ack, one.before, one.now, one.switches
        classes[place].append(one.state)
    rows: dict[tuple[Any, ...], dict[tuple[str, str], list[str]]] = defaultdict(dict)
    for (bits, place, ack, said, says, switches), states in classes.items():
        row = rows[tuple(states), said, says, switches]
        row.setdefault((bits, place), []).append(ack)
    for (states, said, says, switches), segments in rows.items():
        since = "; ".join(f"{SWITCHES[name].metadata['section']} (`{name}`)" for name in switches)
        reasons = " ".join(why[name] for name in switches)
        shown = "<br>".join(_class(*place, acks) for place, acks in segments.items())
        yield f"| {', '.join(states)} | {shown} | {said} | {says} | {since} | {reasons} |"


def _class(bits: str, place: str, acks: list[str]) -> str:
    """A class of segments; where any ACK is alike, none is named."""
    alike = acks == [""] or len(acks) == len(_ACKS)
    return f"{bits} {place}" + ("" if alike else f", ACK {' or '.join(acks)}")
