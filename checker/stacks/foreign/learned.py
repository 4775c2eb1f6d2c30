"""Machines that others have learned of real stacks, walked through beside the specification.

A learned machine says, for each of its states and each input, what was sent. Its inputs are calls
and segments with *valid* numbers: SEG.SEQ is what the stack expects next, and SEG.ACK acknowledges
all that it has sent, as far as the learner knows. Its outputs have numbers by their sense: ``NEXT``
is what follows, ``CURRENT`` is what was last, ``FRESH`` is new. Here both are turned into numbers,
so that each transition becomes a fact like any other: its drive is a shortest way to the pair of
states, one of the machine and one of a host of ours.

The walk goes through all pairs that are reached without a disagreement, or by a known departure
after which both are in the same state. The rest is counted as *beyond*.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from checker.stacks.foreign.answers import foretold, same
from checker.stacks.foreign.host import IRS, ISS, SEQ, Done, Host, Setup, answer, named
from checker.stacks.profile import Departure
from spec.rules import Rules
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State

_ARC = re.compile(
    r"(?P<at>\w+)\s*->\s*(?P<to>\w+)\s*\[label=\"(?P<input>[^/\"]+)/(?P<output>[^\"]+)\""
)
_START = re.compile(r"__start0\s*->\s*(?P<at>\w+)")
_PACKET = re.compile(r"(?P<bits>[A-Z+]+)\((?P<seq>\w+),(?P<ack>\w+),(?P<text>\d+)\)")
SILENCE = "TIMEOUT"


class Arc(NamedTuple):
    """A transition of a learned machine."""

    input: str
    output: str
    to: str


@dataclass(slots=True)
class Learned:
    """A learned machine."""

    start: str
    arcs: dict[str, list[Arc]]


def parse(text: str) -> Learned:
    """A machine in DOT."""
    arcs: dict[str, list[Arc]] = {}
    for match in _ARC.finditer(text):
        arc = Arc(match["input"].strip(), match["output"].strip(), match["to"])
        arcs.setdefault(match["at"], []).append(arc)
    start = _START.search(text)
    return Learned(start["at"] if start else next(iter(arcs)), arcs)


@dataclass(slots=True)
class Peer:
    """What the learner knows: the next number of its own, and of the stack's; the calls made."""

    seq: int = IRS  # its next
    ack: int = 0  # the stack's next; 0: nothing came yet
    listening: bool = False
    accepting: bool = False  # accept() waits
    accepted: bool = False
    client: bool = False
    shut: bool = False  # the socket that could listen or connect is closed


@dataclass(slots=True)
class Place:
    """A pair of states, and the way to it."""

    at: str
    host: Host
    peer: Peer
    drive: tuple[str, ...] = ()

    def key(self) -> tuple[object, ...]:
        """What makes it the same pair, but for how many octets were sent."""
        tcb, peer = self.host.tcb, self.peer
        return (
            self.at,
            tcb.state,
            tcb.passive,
            tcb.closing,
            tcb.snd.una == tcb.iss,
            SEQ.minus(tcb.snd.nxt, tcb.snd.una) > 0,
            self.host.gone,
            self.host.readable() > 0,
            SEQ.minus(peer.seq, tcb.rcv.nxt) if tcb.irs else peer.seq == IRS,
            SEQ.minus(peer.ack, tcb.snd.nxt) if peer.ack else None,
            peer.listening,
            peer.accepting,
            peer.accepted,
            peer.shut,
        )


class Cell(NamedTuple):
    """A transition of the pair: what the stack does in it, and whether ours does so."""

    at: str
    input: str
    drive: tuple[str, ...]
    state: State
    event: str
    wants: tuple[str, ...]


@dataclass(slots=True)
class Product:
    """What is found on a walk through a machine and a host."""

    cells: list[Cell] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    beyond: int = 0  # states of the machine that were not reached
    skipped: int = 0  # inputs that are no event of a host


def walk(machine: Learned, rules: Rules, departures: tuple[Departure, ...]) -> Product:
    """Walk through a learned machine beside a host under ``rules``."""
    found = Product()
    first = Place(machine.start, Host(rules, Setup()), Peer())
    todo = deque([first])
    seen = {first.key()}
    while todo:
        place = todo.popleft()
        found.reached.add(place.at)
        for arc in machine.arcs[place.at]:
            for after in _step(place, arc, departures, found):
                if after.key() not in seen:
                    seen.add(after.key())
                    todo.append(after)
    found.beyond = len(machine.arcs) - len(found.reached)
    return found


def _step(
    place: Place, arc: Arc, departures: tuple[Departure, ...], found: Product
) -> Iterator[Place]:
    """One transition of both; where they are then, if they agree on that."""
    peer = replace(place.peer)
    event = _event(place, arc.input, peer)
    if event is None:
        found.skipped += 1
        orphan = arc.input == "CLOSE" and place.peer.listening and not peer.accepted
        if orphan and place.host.tcb.state != State.CLOSED:
            return  # a listener is closed before accept()
        if arc.output == SILENCE:
            _accepts(place.host, peer)
            yield Place(arc.to, place.host, peer, place.drive)
        return
    host = place.host.copy()
    done = host.do(event)
    if not done.possible:
        found.skipped += 1
        return
    wants, fresh = _wants(arc.output, event, peer)
    said = [answer(seg, Setup()) for seg in done.sent]
    cell = Cell(place.at, arc.input, place.drive, done.before.state, event, wants)
    found.cells.append(cell)
    known = foretold(departures, host, done, event, wants, ())
    after = known[1].after if known is not None else None
    if known is not None and after not in (None, done.after.state):
        forgotten = "RST" in event.split(" seq=", maxsplit=1)[0]
        if after == done.before.state and not known[2] and not forgotten:  # it is ignored
            peer = _heard(peer, arc, event, done, fresh)
            yield Place(arc.to, place.host.copy(), peer, place.drive)
        return
    if not same(wants, said) and (known is None or known[1].elsewhere):
        return
    ignored = host.tcb.state not in (State.CLOSED, State.LISTEN)
    if "RST" in event.split(" seq=", maxsplit=1)[0] and ignored:
        return  # and the learner has forgotten its numbers
    drive = (*place.drive, event)
    peer = _heard(peer, arc, event, done, fresh)
    if host.tcb.state == State.CLOSED and peer.listening:
        return  # what becomes of a second connection, and of accept(), is the harness's
    _accepts(host, peer)
    yield Place(arc.to, host, peer, drive)


def _accepts(host: Host, peer: Peer) -> None:
    """An accept() that waits returns."""
    early = (State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED)
    if peer.accepting and host.tcb.state not in early:
        peer.accepting, peer.accepted = False, True


def _event(place: Place, said: str, peer: Peer) -> str | None:
    """The event that an input is; None if it is none of a host."""
    host = place.host
    if match := _PACKET.match(said):
        ctl = _bits(match["bits"])
        text = named(ctl, int(match["text"])) + f" seq={_from(peer.seq, 'IRS', IRS)}"
        return text + (f" ack={_from(peer.ack, 'ISS', ISS)}" if ctl.ack else "")
    mine = peer.client or peer.accepted
    fresh = host.tcb.state == State.CLOSED and not (peer.listening or peer.client or peer.shut)
    if said == "CONNECT" and fresh:
        peer.client = True
        return "OPEN active"
    if said == "LISTEN" and fresh:
        peer.listening = True
        return "OPEN passive"
    if said == "ACCEPT" and peer.listening:
        peer.accepting = not peer.accepted
        return None
    if said == "CLOSE" and not peer.client:
        if peer.listening and host.tcb.state == State.LISTEN:
            peer.listening, peer.accepting, peer.shut = False, False, True
            return "CLOSE"
        peer.listening, peer.shut = False, True
        return None
    if said == "CLOSECONNECTION" and not peer.accepted:
        peer.accepting = False  # accept() does not wait any longer
        return None
    closing = said == ("CLOSE" if peer.client else "CLOSECONNECTION")
    if closing and mine and not host.gone:
        return "CLOSE"
    if said == "RCV" and mine and host.readable() and not host.gone:
        return "RECEIVE"
    if said == "SEND" and mine and not host.gone:
        return "SEND 1"
    return None


def _from(number: int, name: str, base: int) -> str:
    if number == 0:
        return "0"
    away = SEQ.minus(number, base)
    return f"{name}+{away}" if away else name


def _bits(text: str) -> Control:
    bits = text.split("+")
    return Control(
        ack="ACK" in bits,
        psh="PSH" in bits,
        rst="RST" in bits,
        syn="SYN" in bits,
        fin="FIN" in bits,
    )


def _sent(event: str) -> int:
    """How many numbers an event's segment takes."""
    text = re.match(r"text (\d+)", event)
    return (int(text[1]) if text else 0) + ("SYN" in event) + ("FIN" in event)


def _wants(output: str, event: str, peer: Peer) -> tuple[tuple[str, ...], bool]:
    """What is expected, in numbers; and whether its SEQ is a new one."""
    match = _PACKET.match(output)
    if output == SILENCE or match is None:
        return (), False
    ctl = _bits(match["bits"])
    came = " seq=" in event
    seqs = {"NEXT": peer.ack, "CURRENT": SEQ.minus(peer.ack, 1), "ZERO": 0}
    acks = {"NEXT": SEQ.plus(peer.seq, _sent(event) if came else 0), "CURRENT": peer.seq}
    want = named(ctl, int(match["text"]))
    if match["seq"] in seqs:
        want += f" seq={_from(seqs[match['seq']], 'ISS', ISS)}"
    if ctl.ack and match["ack"] in acks:
        want += f" ack={_from(acks[match['ack']], 'IRS', IRS)}"
    return (want,), match["seq"] == "FRESH"


def _forgets(peer: Peer) -> Peer:
    """After a reset, of either side, the learner's numbers are fresh again."""
    return replace(peer, seq=IRS, ack=0)


def _heard(peer: Peer, arc: Arc, event: str, done: Done, fresh: bool) -> Peer:
    """What the learner knows after it."""
    match = _PACKET.match(arc.output)
    if "RST" in event.split(" seq=", maxsplit=1)[0]:
        return _forgets(peer)
    if arc.output == SILENCE or match is None:
        return peer
    ctl = _bits(match["bits"])
    seg = Segment(seq=0, text=int(match["text"]), ctl=ctl)
    if ctl.rst:
        return _forgets(peer)
    peer = replace(peer)
    if fresh:
        new = [sent.seq for sent in done.sent]
        peer.ack = SEQ.plus(new[0] if new else ISS, seg.length())
    elif match["seq"] == "NEXT":
        peer.ack = SEQ.plus(peer.ack, seg.length())
    if ctl.ack and match["ack"] == "NEXT" and " seq=" in event:
        peer.seq = SEQ.plus(peer.seq, _sent(event))
    return peer
