"""The pictures in ``diagrams/``: state diagrams, drawn from what the explorer reached, and walks.

RFC 9293 draws the life of an endpoint as Figure 5, and says that the figure is only a summary,
without errors and without actions that change no state. Here the same picture is computed. An
*edge* is the change of one endpoint's state in one reachable step, whichever host's, told in the
figure's own words:

* The event is the user call or the timeout; of a segment, what in it counts: RST, SYN, a FIN
  that RCV.NXT moves past, the first acknowledgment of our SYN (in SYN-RECEIVED) or FIN.
* The action is what is sent: SYN, FIN, RST, and the ACK of a SYN or FIN that came in with this
  step. Text and its acknowledgments are not connected with state changes, and an ACK that
  text or FIN carries is not said twice. That the TCB is created or deleted is said where
  a user call or a timeout does it, as the figure says it.

So nothing is drawn by hand but the places of the states. ``spec.observe.figure_5`` is the figure
as data, ``EXTRA`` a reason for every other edge; both are compared with what was reached, and
neither may hold an edge that was not. What they do not know: an edge says that some run takes it,
not when; and the runs are those of ``RUNS``, all within small bounds.

The rules are the RFC's. Three of its choices that a switch of ``spec.rules`` makes the other way
add edges; these are marked with the switch. Ablations are not drawn.
"""

import functools
import html
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from checker.engines.explicit.engine import Check
from checker.engines.explicit.engine import Path as Run
from checker.engines.explicit.reference import explore
from checker.model.model import Model
from checker.model.options import choose_rules
from checker.render import VIEWS, dot
from checker.render.sequence import CHANGED, CLIENT, GREY, INK, SERVER, draw, require_dot
from checker.render.text import wrap
from checker.studies import phases
from checker.studies.simulate import tell
from checker.support import files
from checker.support.errors import UsageProblem
from proofs.claims.scenarios import SCENARIOS
from spec.observe.figure_5 import EVENTS, FIGURE_5, NOTED, NOTES, Edge
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.congestion import Phase
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint
from spec.world.profiles import PROFILES
from spec.world.system import Step, System, World
from spec.world.topology import TWO_HOSTS

CLOSED, LISTEN, SYN_SENT = State.CLOSED, State.LISTEN, State.SYN_SENT
SYN_RECEIVED, ESTABLISHED = State.SYN_RECEIVED, State.ESTABLISHED
FIN_WAIT_1, FIN_WAIT_2, CLOSING = State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING
CLOSE_WAIT, LAST_ACK, TIME_WAIT = State.CLOSE_WAIT, State.LAST_ACK, State.TIME_WAIT


class Extra(NamedTuple):
    """Why edges of one kind are there although Figure 5 does not show them."""

    sources: tuple[State, ...]
    event: str
    action: str
    after: State
    section: str
    why: str
    switch: str = ""

    def edges(self) -> Iterator[Edge]:
        """What it explains."""
        return (Edge(before, *self[1:4]) for before in self.sources)


_OPEN = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT)
_ENDING = (CLOSING, LAST_ACK, TIME_WAIT)

EXTRA = (
    Extra(
        (LISTEN,),
        "active OPEN",
        "snd SYN",
        SYN_SENT,
        "3.10.1",
        "An active OPEN, too, turns a LISTEN into SYN-SENT; the figure shows SEND.",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv SYN",
        "x",
        LISTEN,
        "3.10.7.4, fourth",
        "A SYN in the window, after a passive OPEN: return to LISTEN.",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv FIN + ACK of SYN",
        "snd ACK",
        CLOSE_WAIT,
        "3.10.7.4, fifth and eighth",
        "One segment completes the handshake and brings the FIN: ESTABLISHED is passed through.",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv ACK of SYN",
        "snd FIN",
        FIN_WAIT_1,
        "3.10.4",
        "A CLOSE that found text queued waited for ESTABLISHED, and is processed on entering it.",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv FIN + ACK of SYN",
        "snd FIN",
        CLOSING,
        "3.10.4; 3.10.7.4, eighth",
        "The same, and the segment brings the peer's FIN as well.",
    ),
    Extra(
        (FIN_WAIT_1,),
        "rcv FIN + ACK of FIN",
        "snd ACK",
        TIME_WAIT,
        "Figure 5, note 2; 3.10.7.4, eighth",
        "The peer's FIN comes with the ACK of ours: the close takes three segments.",
    ),
    Extra(
        (SYN_SENT,),
        "rcv RST",
        "x",
        CLOSED,
        "Figure 5, note 3; 3.10.7.3, second",
        "Connection refused.",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv RST",
        "x",
        CLOSED,
        "Figure 5, note 1; 3.10.7.4, second",
        "Connection refused, after an active OPEN.",
    ),
    Extra(
        (*_OPEN, *_ENDING),
        "rcv RST",
        "x",
        CLOSED,
        "Figure 5, note 3; 3.10.7.4, second",
        "The peer resets the connection.",
    ),
    Extra(
        (LISTEN, SYN_SENT, *_ENDING),
        "ABORT",
        "delete TCB",
        CLOSED,
        "3.10.5",
        "The user gives up, and the peer need not be told.",
    ),
    Extra(
        (SYN_RECEIVED, *_OPEN),
        "ABORT",
        "snd RST, delete TCB",
        CLOSED,
        "3.10.5",
        "The user gives up, and the peer is reset.",
    ),
    Extra(
        (SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK),
        "user timeout",
        "delete TCB",
        CLOSED,
        "3.10.8",
        "What waits for an acknowledgment has waited too long.",
    ),
    Extra(
        (LISTEN,),
        "user timeout",
        "delete TCB",
        CLOSED,
        "3.10.8",
        "The timeout is set with OPEN and ends any state; here, nobody has called.",
    ),
    Extra(
        (LISTEN, SYN_SENT, SYN_RECEIVED, *_OPEN, *_ENDING),
        "crash",
        "delete TCB",
        CLOSED,
        "3.5.1",
        "The host loses its memory.",
    ),
    Extra(
        (SYN_RECEIVED, *_OPEN),
        "ABORT",
        "snd RST",
        TIME_WAIT,
        "Figure 5, note 3; 3.5.2",
        "Who resets the peer waits in TIME-WAIT; section 3.10.5, the default, goes to CLOSED.",
        "abort_time_wait",
    ),
    Extra(
        (CLOSING, LAST_ACK),
        "ABORT",
        "x",
        TIME_WAIT,
        "3.5.2",
        "With that, an ABORT of a connection that is closing may not go round TIME-WAIT either.",
        "abort_time_wait",
    ),
    Extra(
        (ESTABLISHED,),
        "rcv FIN",
        "x",
        CLOSE_WAIT,
        "3.8.6.3; 3.10.7.4, eighth",
        "The ACK of the FIN waits, to ride on our own FIN.",
        "fin_ack_delayed",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv FIN + ACK of SYN",
        "x",
        CLOSE_WAIT,
        "3.8.6.3; 3.10.7.4, eighth",
        "The same, where the FIN completes the handshake.",
        "fin_ack_delayed",
    ),
    Extra(
        (TIME_WAIT,),
        "rcv SYN",
        "snd SYN,ACK",
        SYN_RECEIVED,
        "3.6.1, MAY-2",
        "A SYN above what was received reopens the connection.",
        "time_wait_reopen",
    ),
    Extra(
        (SYN_RECEIVED,),
        "rcv RST",
        "x",
        TIME_WAIT,
        "3.6.1 (2)",
        "That SYN was an old duplicate: return to TIME-WAIT.",
        "time_wait_reopen",
    ),
)
"""Every edge that is reachable but not in the figure."""


# The reachable edges

_REST = replace(PROFILES["rest"].bounds, capacity=1)

RUNS: tuple[tuple[str, Bounds], ...] = (
    # Both hosts open and close as they like.
    ("", replace(_REST, capacity=2, user_timeout=True)),
    # Text, queued and outstanding.
    (
        "",
        replace(
            _REST,
            a_passive=False,
            b_active=False,
            a_sends=False,
            abort=False,
            octets=1,
            send_window=True,
            user_timeout=True,
        ),
    ),
    # Segments of an earlier incarnation.
    ("", replace(_REST, a_passive=False, b_active=False, incarnations=2)),
    ("", replace(_REST, crashes=1)),
    ("abort_time_wait", _REST),
    ("fin_ack_delayed", _REST),
    # A SYN above RCV.NXT: SYN and FIN take two numbers, so that the next ISN is three on.
    (
        "time_wait_reopen",
        replace(_REST, a_passive=False, b_active=False, incarnations=2, stride=3),
    ),
)
"""What is explored: the switch that is on, or none, and the bounds."""


class Change(NamedTuple):
    """A step that changes the state of one end."""

    host: int
    edge: Edge
    step: Step
    before: World
    after: World


def changes(system: Any, seq: Space) -> Iterator[Change]:
    """Every reachable change of state, in the order of discovery."""
    graph = explore(system, {}).graph
    worlds = [data["state"] for _, data in graph.nodes(data=True)]
    told: dict[tuple[Endpoint, Endpoint, Step], Edge] = {}
    for before, after, steps in graph.edges(data="steps"):
        for host in range(len(TWO_HOSTS.names)):
            here, there = worlds[before].end(host), worlds[after].end(host)
            if here.tcb.state == there.tcb.state:
                continue
            for step in steps:
                key = (here, there, step)
                if key not in told:
                    told[key] = edge_of(here.tcb, there.tcb, step, seq)
                yield Change(host, told[key], step, worlds[before], worlds[after])


def edge_of(before: Tcb, after: Tcb, step: Step, seq: Space) -> Edge:
    """A change of state in the figure's words."""
    seg = step.segment
    if seg is None:
        event = _EVENTS.get(step.action, step.action)
        came = False
        action = ["create TCB"] * (before.state == CLOSED)
        action += ["delete TCB"] * (after.state == CLOSED)
    else:
        taken = _takes_fin(after, seg, seq)
        event = "rcv " + (_what_counts(before, seg, taken, seq) or "?")
        came = taken or (seg.ctl.syn and before.state in (LISTEN, SYN_SENT))
        action = []
    sent = dict.fromkeys(filter(None, (_said(each, came) for each in step.sent)))
    if len(sent) > 1:
        sent.pop("ACK", None)  # the FIN says it too
    action = [f"snd {name}" for name in sent] + action
    if before.state == CLOSED:
        action.reverse()
    return Edge(before.state, event, ", ".join(action) or "x", after.state)


_EVENTS = {
    **{what.value: event for what, event in EVENTS},
    Input.USER_TIMEOUT.value: "user timeout",
}


def _takes_fin(after: Tcb, seg: Segment, seq: Space) -> bool:
    """Is the FIN of ``seg`` received now? States after a FIN ignore it, and so does CLOSED."""
    return (
        seg.ctl.fin
        and after.state not in (CLOSED, LISTEN)
        and after.rcv.nxt == seq.plus(seg.seq, seg.length())
    )


def _what_counts(before: Tcb, seg: Segment, takes_fin: bool, seq: Space) -> str:
    if seg.ctl.rst:
        return "RST"
    names = []
    if seg.ctl.syn:
        names.append("SYN,ACK" if seg.ctl.ack else "SYN")
    if takes_fin:
        names.append("FIN")
    if seg.ctl.ack and seq.lt_le(before.snd.una, seg.ack, before.snd.nxt) and not seg.ctl.syn:
        if before.state == SYN_RECEIVED:
            names.append("ACK of SYN")
        elif before.closing and seg.ack == seq.plus(before.iss, before.written + 2):
            names.append("ACK of FIN")
    return " + ".join(names)


def _said(sent: Segment, came: bool) -> str:
    if sent.ctl.rst:
        return "RST"
    if sent.ctl.syn:
        return "SYN,ACK" if sent.ctl.ack else "SYN"
    if sent.ctl.fin:
        return "FIN"
    return "ACK" if came else ""


@functools.cache
def machine() -> dict[Edge, str]:
    """Every edge of ``RUNS``, and the switch without which it is not reachable, or none."""
    found: dict[Edge, str] = {}
    for switch, bounds in RUNS:
        model = Model(choose_rules({switch: True} if switch else {}), bounds)
        for change in changes(model.system, Space(bounds.width)):
            found.setdefault(change.edge, switch)
    return found


# Drawings

_FONT = 'fontname="Helvetica,Arial,sans-serif"'
_HEAD = (
    "digraph {name} {{",
    '  graph [charset="UTF-8" margin="0.1,0.1" {layout}',
    f'    {_FONT} fontsize=10 fontcolor="{GREY}" labelloc=t labeljust=l label="{{caption}}"]',
    f'  node [{_FONT} fontsize=11 shape=box style="rounded,filled" color="{INK}"',
    f'    fillcolor="{CHANGED}" margin="0.12,0.06" height=0.35]',
    f'  edge [{_FONT} fontsize=9 color="{INK}" fontcolor="{INK}" arrowsize=0.7]',
)


def _head(name: str, layout: str, *caption: str) -> list[str]:
    text = "".join(rf"{line}\l" for line in caption)
    return [line.format(name=name, layout=layout, caption=text) for line in _HEAD]


def _over(edge: Edge, colour: str = INK, *small: str) -> str:
    """A label as in the figure: the event over the action, and small print below."""
    return _stacked(colour, [edge.event], [edge.action, *small])


def _stacked(colour: str, above: Iterable[str], below: Iterable[str]) -> str:
    """Lines of text above a line, and below it."""
    rows = [*(_cell(text, colour) for text in above), "<HR/>"]
    rows += [_cell(text, colour) for text in below]
    return _table(rows, f'CELLPADDING="1" COLOR="{colour}"')


def _cell(text: str, colour: str) -> str:
    text = html.escape(text)
    return f'<TR><TD><FONT COLOR="{colour}" POINT-SIZE="9">{text}</FONT></TD></TR>'


def _table(rows: Iterable[str], look: str) -> str:
    body = "".join(rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" {look}>{body}</TABLE>'


def _padded(*tables: str) -> str:
    """The tables, one below the other, away from what is beside them."""
    whole = _table((f"<TR><TD>{table}</TD></TR>" for table in tables), 'CELLPADDING="4"')
    return f"<{whole}>"


_ROWS = (
    ("CLOSED",),
    ("LISTEN",),
    ("SYN_RECEIVED", "SYN_SENT"),
    ("ESTABLISHED",),
    ("FIN_WAIT_1", "CLOSE_WAIT"),
    ("FIN_WAIT_2", "CLOSING", "LAST_ACK"),
    ("TIME_WAIT", "CLOSED_AGAIN"),
)
"""The figure's places. It shows CLOSED twice: where connections begin, and where they end."""

_BOTTOM = (LAST_ACK, TIME_WAIT)
"""They end in the lower CLOSED."""


def _places(edge: Edge) -> tuple[str, str]:
    """The nodes that ``edge`` joins."""
    if edge.after == CLOSED and edge.before in _BOTTOM:
        return edge.before.name, "CLOSED_AGAIN"
    return edge.before.name, edge.after.name


def _skeleton(edges: Iterable[Edge]) -> Iterator[str]:
    """The states in their places, by edges that are not seen where none of ``edges`` will be."""
    for name in (name for row in _ROWS for name in row):
        state = State[name.removesuffix("_AGAIN")]
        look = ' style="rounded,filled,dashed" fillcolor=white' if state == CLOSED else ""
        yield f'  {name} [label="{state.value}" group={_COLUMN[name]}{look}]'
    for row in _ROWS:
        if row[1:]:
            yield f"  {{ rank=same {' -> '.join(row)} [style=invis minlen=2] }}"
    for above, below in sorted(_STRAIGHT - {_places(edge) for edge in edges}):
        yield f"  {above} -> {below} [style=invis weight=20]"


_COLUMN = {
    "CLOSED": "middle",
    "LISTEN": "middle",
    "SYN_RECEIVED": "left",
    "SYN_SENT": "right",
    "ESTABLISHED": "middle",
    "FIN_WAIT_1": "left",
    "CLOSE_WAIT": "right",
    "FIN_WAIT_2": "left",
    "CLOSING": "middle",
    "LAST_ACK": "right",
    "TIME_WAIT": "middle",
    "CLOSED_AGAIN": "right",
}
_STRAIGHT = {
    pair
    for column in _COLUMN.values()
    for pair in pairwise(name for row in _ROWS for name in row if _COLUMN[name] == column)
}
"""Pairs of places one above the other."""


_PORTS = {
    (CLOSED, SYN_SENT): " tailport=e",
    (SYN_SENT, CLOSED): " headport=ne",
}
"""Where the edges between CLOSED and SYN-SENT would cross."""


def _edge(edge: Edge, label: str, look: str = "") -> str:
    above, below = _places(edge)
    weight = " weight=20" if (above, below) in _STRAIGHT else ""
    port = _PORTS.get((edge.before, edge.after), "")
    return f"  {above} -> {below} [label={label}{weight}{port}{look}]"


def _endpoint() -> str:
    """Figure 5, as far as it is reachable, with the usual ways of a client and a server."""
    figure = [edge for edge in FIGURE_5 if edge in machine()]
    ways = _ways()
    lines = _head(
        "endpoint",
        "ranksep=0.7 nodesep=0.5",
        "RFC 9293, Figure 5, from the reachable transitions of an endpoint",
        "Above a line: what happens. Below: what is sent or done; x: nothing",
        "Blue: the client, which closes first. Brown: the server",
        *(line for n in sorted({*NOTED.values()}) for line in wrap(f"note {n}: {NOTES[n]}", 70)),
    )
    lines += _skeleton(figure)
    for edge in figure:
        small = (f"note {NOTED[edge]}",) if edge in NOTED else ()
        pen = next((pen for pen, way in zip(_PENS, ways, strict=True) if edge in way), INK)
        look = "" if pen == INK else f' color="{pen}" penwidth=1.8'
        lines.append(_edge(edge, _padded(_over(edge, pen, *small)), look))
    return "\n".join([*lines, "}", ""])


def _ways() -> tuple[set[Edge], set[Edge]]:
    """What client and server go through in a handshake of three and a close of four segments."""
    model = Model(Rules(), CLIENT_SERVER)
    seq = Space(CLIENT_SERVER.width)
    ways: tuple[set[Edge], set[Edge]] = (set(), set())
    for path in _runs(model.system):
        before = path.start
        for step, after in path.steps:
            for host, way in enumerate(ways):
                here, there = before.end(host).tcb, after.end(host).tcb
                if here.state != there.state:
                    way.add(edge_of(here, there, step, seq))
            before = after
    return ways


def _endpoint_all() -> str:
    """All that is reachable: Figure 5 in ink, what it leaves out in grey, with its section.

    The ways to CLOSED, of which nearly every state has several, and what needs a switch are
    listed, not drawn.
    """
    figure = [edge for edge in FIGURE_5 if edge in machine()]
    labels = {edge[::3]: [_over(edge)] for edge in figure}
    dashed: dict[tuple[Any, ...], list[str]] = {}
    listed: dict[Extra, list[State]] = {}
    for edge in sorted((edge for edge in machine() if edge not in FIGURE_5), key=_place):
        why = _why(edge)
        if edge.after == CLOSED or why.switch:
            listed.setdefault(why, []).append(edge.before)
        else:
            lines = labels if edge[::3] in labels else dashed
            lines.setdefault(edge[::3], []).append(_over(edge, GREY, *wrap(why.section, 18)))
    text = _head(
        "endpoint_all",
        "ranksep=0.75 nodesep=0.25",
        "Every reachable transition of an endpoint",
        "Above a line: what happens. Below: what is sent or done; x: nothing",
        "Not grey: RFC 9293, Figure 5. Grey, and in the table: what the figure omits",
    )
    pictures = [*_skeleton(figure)]
    grey = f' style=dashed color="{GREY}"'
    # In this order dot finds the best ways for the long ones.
    first = next(i for i, line in enumerate(pictures) if "weight" in line)
    text += pictures[:first]
    for (before, after), tables in dashed.items():
        text.append(_edge(Edge(before, "", "", after), _padded(*tables), grey))
    text += pictures[first:]
    for (before, after), tables in labels.items():
        text.append(_edge(Edge(before, "", "", after), _padded(*tables)))
    text += _listing(listed)
    return "\n".join([*text, "}", ""])


_KNOWN = {edge: extra for extra in EXTRA for edge in extra.edges()}


def _place(edge: Edge) -> int:
    """Where in ``EXTRA`` it stands, or at the end."""
    return [*_KNOWN, edge].index(edge)


def _why(edge: Edge) -> Extra:
    unexplained = Extra((edge.before,), *edge[1:], "?", "", machine()[edge])
    return _KNOWN.get(edge, unexplained)


def _listing(listed: dict[Extra, list[State]]) -> Iterator[str]:
    """A table of what is not drawn."""
    rows = [_row("event / action", "from", "to", "RFC 9293", "only with", tag="B"), "<HR/>"]
    for why, sources in listed.items():
        does = why.event + (f" / {why.action}" if why.action != "x" else "")
        names = ", ".join(state.value for state in sources)
        rows.append(_row(does, names, why.after.value, why.section, why.switch))
    yield f'  listed [shape=plain style="" fontsize=9 label=<{_table(rows, _TABLE)}>]'
    yield "  TIME_WAIT -> listed [style=invis]"


_TABLE = f'CELLPADDING="3" COLOR="{GREY}"'


def _row(*cells: str, tag: str = "") -> str:
    open_, close = (f"<{tag}>", f"</{tag}>") if tag else ("", "")
    texts = "".join(
        f'<TD ALIGN="LEFT" BALIGN="LEFT">{open_}{_broken(cell, 34)}{close}</TD>' for cell in cells
    )
    return f"<TR>{texts}</TR>"


def _broken(text: str, width: int) -> str:
    return "<BR/>".join(map(html.escape, wrap(text, width)))


# Both ends


class Graceful:
    """A part of a system: nothing is lost or sent twice, and nobody resets or gives up.

    A segment that would be answered with a reset waits, and so a SYN does until somebody listens.
    Every step is a step of ``system``.
    """

    def __init__(self, system: System, start: World | None = None) -> None:
        self.system = system
        self.start = start or system.initial()

    def initial(self) -> World:
        """Where the runs start."""
        return self.start

    def steps(self, world: World) -> Iterator[tuple[Step, World]]:
        """The graceful ones."""
        for step, after in self.system.steps(world):
            segments = (*step.sent, *filter(None, [step.segment]))
            again = step.action == Input.RETRANSMISSION_TIMEOUT.value
            if (
                not again
                and not any(seg.ctl.rst for seg in segments)
                and not _gives_up(world, after)
            ):
                yield step, after


def _gives_up(before: World, after: World) -> bool:
    """Does an end return to CLOSED before it has a connection?"""
    return any(
        after.end(host).tcb.state == CLOSED and before.end(host).tcb.state in (LISTEN, SYN_SENT)
        for host in range(len(TWO_HOSTS.names))
    )


_PAIR = replace(
    PROFILES["rest"].bounds,
    in_flight=4,
    abort=False,
    listen_open=False,
    lose=False,
    duplicate=False,
)
CLIENT_SERVER = replace(_PAIR, a_passive=False, b_active=False)
"""A opens actively, B passively; the four segments in flight are never too many."""
TWO_CLIENTS = replace(_PAIR, a_passive=False, b_passive=False, close=False)
"""Both open actively, and leave it at that."""

_PENS = (CLIENT, SERVER)
"""What A does, and what B does."""


class Both(NamedTuple):
    """The states of both ends; ``over`` once they have had a connection and none is left."""

    a: State
    b: State
    over: bool

    @property
    def node(self) -> str:
        """Its name in DOT."""
        return f"{self.a.name}__{self.b.name}" + "__OVER" * self.over


def both(world: World) -> Both:
    """The view of the joint diagrams."""
    a, b = world.hosts
    over = a.tcb.state == b.tcb.state == CLOSED and a.ghost.id != 0
    return Both(a.tcb.state, b.tcb.state, over)


Joint = dict[tuple[Both, Both], list[tuple[int, Edge]]]
"""Changes of the states of both ends, each with who makes it, and how."""


def joint(bounds: Bounds) -> Joint:
    """The quotient of the graceful runs by the states of both ends: who does what, and where."""
    found: Joint = {}
    for change in changes(Graceful(Model(Rules(), bounds).system), Space(bounds.width)):
        labels = found.setdefault((both(change.before), both(change.after)), [])
        if (change.host, change.edge) not in labels:
            labels.append((change.host, change.edge))
    return found


def _joint(name: str, edges: Joint, *caption: str) -> str:
    text = _head(name, "ranksep=0.35 nodesep=0.3", *caption)
    for view in dict.fromkeys(view for pair in edges for view in pair):
        cells = "".join(
            f'<TD WIDTH="96"><FONT COLOR="{pen}">{state.value}</FONT></TD>'
            for state, pen in zip(view[:2], _PENS, strict=True)
        )
        table = _table([f"<TR>{cells}</TR>"], 'CELLPADDING="2"')
        fill = CHANGED if view.a == view.b else "white"
        text.append(f'  {view.node} [label=<{table}> fillcolor="{fill}" margin=0]')
    for (before, after), labels in edges.items():
        for host, edge in labels:
            label = _padded(_over(edge, _PENS[host]))
            text.append(f'  {before.node} -> {after.node} [color="{_PENS[host]}" label={label}]')
    return "\n".join([*text, "}", ""])


_COLOURS = (
    "Left and blue: A. Right and brown: B.",
    "Filled: both in the same state. x: nothing sent",
)


def parts(edges: Joint) -> dict[str, Joint]:
    """The life of a connection in pictures that one can read: how it opens; and how it closes if
    the client's FIN arrives first, if the server's does, and if they cross. Each edge is in one."""

    def since(*first: tuple[State, State]) -> Joint:
        found = {view for pair in edges for view in pair if view[:2] in first and not view.over}
        for _ in edges:
            found |= {after for before, after in edges if before in found}
        return {pair: labels for pair, labels in edges.items() if pair[0] in found}

    def by_way_of(*path: tuple[State, State]) -> Joint:
        steps = [*pairwise(path)]
        to = {pair: of for pair, of in edges.items() if (pair[0][:2], pair[1][:2]) in steps}
        return to | since(path[-1])

    opened = (ESTABLISHED, ESTABLISHED)
    client, server = (FIN_WAIT_1, ESTABLISHED), (ESTABLISHED, FIN_WAIT_1)
    crossed = {
        pair: labels
        for first in (client, server)
        for pair, labels in by_way_of(first, (FIN_WAIT_1, FIN_WAIT_1)).items()
    }
    late = since(opened)
    return {
        "open": {pair: labels for pair, labels in edges.items() if pair not in late},
        "close-client": by_way_of(opened, client, (FIN_WAIT_1, CLOSE_WAIT)),
        "close-server": by_way_of(opened, server, (CLOSE_WAIT, FIN_WAIT_1)),
        "close-both": crossed,
    }


_PARTS = {
    "open": "A connection opens, of a client and a server that may close at once",
    "close-client": "A connection closes: the client's FIN arrives first",
    "close-server": "A connection closes: the server's FIN arrives first",
    "close-both": "A connection closes: the FINs of both cross",
}


def _connection() -> dict[str, str]:
    """Nothing is lost, and nobody resets or gives up."""
    return {
        f"connection-{name}": _joint(f"connection_{name.replace('-', '_')}", part, _PARTS[name],
                                     *_COLOURS)
        for name, part in parts(joint(CLIENT_SERVER)).items()
    }  # fmt: skip


def _simultaneous() -> str:
    return _joint("simultaneous", joint(TWO_CLIENTS), "Simultaneous open", *_COLOURS)


# Congestion control


def _phases() -> str:
    """The phases, and every reachable step between them, with the rule that fires."""
    text = _head(
        "phases",
        "ranksep=0.9 nodesep=0.6",
        "The phases of congestion control, from the reachable steps of a sender",
        "Above a line: what happens. Below: the rule that fires (RFC 5681, RFC 6582)",
    )
    text.append('  none [shape=point width=0.12 label=""]')
    for phase, when in _WHEN.items():
        label = f"<{_table([_bold(phase.value), _cell(when, INK)], _PHASE)}>"
        text.append(f"  {phase.name} [label={label} margin=0.06]")
    labels: dict[tuple[Phase, Phase], list[str]] = {}
    for before, event, rule, after in phases.machine():
        place = f"{rule.section} {rule.step}".rstrip()
        label = _stacked(INK, [event], [*wrap(rule.says, 30), place])
        labels.setdefault((before, after), []).append(label)
    for (before, after), tables in labels.items():
        start = "none" if before == Phase.NONE else before.name
        text.append(f"  {start} -> {after.name} [label={_padded(*tables)}]")
    return "\n".join([*text, "}", ""])


_WHEN = {
    Phase.SLOW_START: "cwnd < ssthresh",
    Phase.AVOIDANCE: "cwnd >= ssthresh",
    Phase.RECOVERY: "until all is acknowledged that was in flight",
}
"""When a sender is in each phase."""

_PHASE = 'CELLPADDING="1"'


def _bold(text: str) -> str:
    return f'<TR><TD><B><FONT POINT-SIZE="12">{html.escape(text)}</FONT></B></TD></TR>'


# The two handshakes


def run(system: System, start: World, *goals: tuple[State, State]) -> Run:
    """The shortest graceful run from ``start`` by way of ``goals``, states of A and B.

    At each of them nothing is in flight.
    """
    path = Run(start, [])
    for goal in goals:

        def reached(world: World, goal: tuple[State, State] = goal) -> bool:
            return both(world)[:2] == goal and not any(world.links)

        last = path.steps[-1][1] if path.steps else start
        found = explore(Graceful(system, last), {"goal": Check("sometimes", reached)}, graph=False)
        path.steps += found.decisive["goal"].steps
    return path


def _runs(system: System) -> tuple[Run, Run]:
    """The three segments that open a connection, and the four that close it."""
    opening = run(system, system.initial(), (CLOSED, LISTEN), (ESTABLISHED, ESTABLISHED))
    closing = run(
        system,
        opening.steps[-1][1],
        (FIN_WAIT_2, CLOSE_WAIT),
        (TIME_WAIT, CLOSED),
        (CLOSED, CLOSED),
    )
    return opening, closing


def _handshakes() -> tuple[str, str]:
    """Both, told step by step."""
    model = Model(Rules(), CLIENT_SERVER)
    opening, closing = _runs(model.system)
    return (
        dot(
            model.story(
                opening,
                "Three-way handshake",
                "Both ends are ESTABLISHED: each has acknowledged the other's SYN.",
                violated=False,
            )
        ),
        dot(
            model.story(
                closing,
                "Four-way close",
                "Both ends are CLOSED: each has acknowledged the other's FIN, and A, which closed "
                "first, has waited.",
                violated=False,
            )
        ),
    )


# The files


def diagrams() -> dict[str, str]:
    """Every diagram by name, in the DOT language."""
    handshake, close = _handshakes()
    return {
        "endpoint": _endpoint(),
        "endpoint-all": _endpoint_all(),
        **_connection(),
        "simultaneous": _simultaneous(),
        "phases": _phases(),
        "handshake": handshake,
        "close": close,
        **{f"http/{name}": dot(tell(SCENARIOS[name])) for name in TOLD},
    }


TOLD = ("keep-alive-race", "reset-destroys-response", "lingering-close")
"""Scenarios that the documentation links: too wide to be shown on a page."""


WALKS = (
    ("sliding-window", "windows"),
    ("slow-start", "windows"),
    ("slow-start", "plot"),
    ("fast-retransmit", "windows"),
    ("fast-retransmit", "plot"),
    ("congestion", "plot"),
    ("zero-window", "windows"),
    ("silly-window", "windows"),
    ("nagle", "windows"),
)
"""Scenarios of the data plane, and how the documentation shows them."""


def walks() -> dict[str, str]:
    """The pictures of walks by name, as SVG that needs no Graphviz."""
    return {f"{name}-{view}": VIEWS[view](tell(SCENARIOS[name])) for name, view in WALKS}


def write(directory: str | PathLike[str]) -> None:
    """Write each diagram to ``directory``, as ``.dot`` and ``.svg``, and the pictures of walks as
    ``.svg``: all of them or, if one cannot be drawn, none."""
    folder = Path(directory)
    require_dot(".svg")
    try:
        (folder / "http").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageProblem(f"cannot make {str(folder)!r}: {error.strerror}") from error
    sources = diagrams()
    drawn = {name: draw(source, "svg") for name, source in sources.items()}
    drawn |= {name: picture.encode() for name, picture in walks().items()}
    for name, source in sources.items():
        files.write(folder / f"{name}.dot", source.encode())
    for name, picture in drawn.items():
        files.write(folder / f"{name}.svg", picture)


def check(directory: str | PathLike[str]) -> list[str]:
    """The names of the diagrams whose DOT in ``directory`` is stale or missing, or SVG is missing.

    Two versions of Graphviz draw the same DOT to different SVGs: only the DOT is compared. What
    needs no Graphviz is compared as it is.
    """
    folder = Path(directory)
    stale = [name for name, source in diagrams().items() if not _is_fresh(folder, name, source)]
    return stale + [name for name, svg in walks().items() if not _is(folder / f"{name}.svg", svg)]


def _is_fresh(folder: Path, name: str, source: str) -> bool:
    try:
        drawn = (folder / f"{name}.svg").stat().st_size > 0
    except OSError:
        return False
    return drawn and _is(folder / f"{name}.dot", source)


def _is(path: Path, content: str) -> bool:
    try:
        return path.read_bytes() == content.encode()
    except OSError:
        return False
